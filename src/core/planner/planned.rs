//! Sources that do not exist yet: made from gaps, so that the design goes on, and replaced by real ones, with what
//! differs listed. Imports project and below; of this room everything up to gaps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::catalogue::Catalogue;
use super::coverage::gaps::Gap;
use super::evidence::{ColumnEvidence, SourceEvidence, columns_of};
use super::vocabulary::Concept;
use super::vocabulary::values::ValueEvidence;
use crate::data::{Classification, DataType, Field, Labels, Schema, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::formats::keys::MORE;
use crate::model::{Id, PlannedSource, Source, Synthetic};
use crate::policy::{Sensitivities, names_secret};
use crate::project::{Edit, Place, Project};

/// A planned source: the one that lacks the fields, as it will be once it records them, with made-up rows that look
/// like the sample. A source that is planned already, or for which a planned one stands, gets the fields instead.
/// Accepting it lets the question be proposed again. All gaps must be of one source; empty where nothing can be made.
pub fn plan_gaps(project: &Project, catalogue: &Catalogue, gaps: &[Gap]) -> Vec<Edit> {
    let Some(number) = gaps.first().and_then(|gap| catalogue.source_number(&gap.source)) else { return Vec::new() };
    let evidence = &catalogue.sources[number];
    let stands_for = |source: &&Source| source.planned.as_ref().is_some_and(|one| one.stands_for == evidence.source);
    let own = project.sources.get(&evidence.source).filter(|source| source.planned.is_some());
    let known = own.or_else(|| project.sources.values().find(stands_for));
    let mut source = match known {
        Some(source) => source.clone(),
        None => stand_in(project, catalogue, number),
    };
    let (Some(schema), Some(planned)) = (&mut source.schema, &mut source.planned) else { return Vec::new() };
    for gap in gaps {
        let Some(concept) = catalogue.vocabulary.concept(&gap.meaning) else { continue };
        if source.meanings.values().any(|meaning| *meaning == concept.id) {
            continue;
        }
        let name = schema.free_name(concept.column_name());
        schema.fields.push(Field::new(&name, concept.data_type.clone()));
        source.meanings.insert(name.clone(), concept.id.clone());
        if let Some(values) = synthetic_for(concept) {
            planned.values.insert(name, values);
        }
    }
    if !planned.stands_for.is_empty() {
        let before = project.sources.get(&planned.stands_for);
        let is_new = |name: &&str| !before.and_then(|source| source.schema.as_ref()).is_some_and(|old| old.has(name));
        let names = schema.names().filter(is_new).collect::<Vec<_>>().join(" and ");
        let title = before.map_or(evidence.title.as_str(), |source| source.title.as_str());
        source.title = format!("{title} with {names}");
        source.doc = format!("{title} as it will be once it records {names}.");
    }
    match known {
        None => vec![Edit::Insert { into: "sources".into(), item: json!(source), place: Place::Last }],
        Some(before) => changed_fields(before, &source),
    }
}

/// A copy of a source, to which planned fields are added.
fn stand_in(project: &Project, catalogue: &Catalogue, number: usize) -> Source {
    let evidence = &catalogue.sources[number];
    let schema = match project.sources.get(&evidence.source).and_then(|source| source.schema.clone()) {
        Some(schema) => schema,
        None => Schema::new(
            evidence.columns.iter().map(|column| Field::new(&column.name, column.data_type.clone())).collect(),
        ),
    };
    let mut meanings: BTreeMap<String, String> = evidence.confirmed.clone();
    for column in &catalogue.meanings[number].columns {
        if let Some(meaning) = column.accepted() {
            meanings.insert(column.column.clone(), meaning.concept.clone());
        }
    }
    let mut planned = PlannedSource { stands_for: evidence.source.clone(), ..PlannedSource::default() };
    let sensitivities = Sensitivities::of(&project.vocabulary);
    for column in &evidence.columns {
        let Some(field) = schema.get(&column.name) else { continue };
        let named = sensitivities.classify(&column.name, &column.data_type, None, &meanings);
        let of_labels = field.labels.classification.max(column.classification);
        let is_open = named.max(of_labels).is_none_or(|found| found <= Classification::Internal)
            && evidence.access.is_empty()
            && evidence.residency.is_empty()
            && field.labels.access.is_none()
            && field.labels.residency.is_empty();
        let concept = meanings.get(&column.name).and_then(|concept| catalogue.vocabulary.concept(concept));
        let looks = if is_open { synthetic_of(column, evidence.rows) } else { None };
        let mut looks = looks.or_else(|| concept.and_then(synthetic_for)).unwrap_or_default();
        looks.nulls = Some(evidence.null_share(column)).filter(|share| *share > 0.0);
        if looks != Synthetic::default() {
            planned.values.insert(column.name.clone(), looks);
        }
    }
    Source {
        id: project.new_id("src"),
        title: evidence.title.clone(),
        schema: Some(schema),
        meanings,
        planned: Some(planned),
        owner: evidence.owner.clone(),
        stack: evidence.stack.clone(),
        access: evidence.access.clone(),
        residency: evidence.residency.clone(),
        ..Source::default()
    }
}

/// Edits that turn an item of the project into another state of it.
pub(crate) fn changed_fields(before: &Source, after: &Source) -> Vec<Edit> {
    let (old, new) = (json!(before), json!(after));
    let fields = |json: &Json| json.as_object().map(|map| map.keys().cloned().collect::<BTreeSet<_>>());
    let names = fields(&old).into_iter().chain(fields(&new)).flatten().collect::<BTreeSet<_>>();
    let changed = names.into_iter().filter(|name| old.get(name) != new.get(name));
    changed
        .map(|name| Edit::Set {
            id: before.id.clone(),
            old: Some(old.get(&name).cloned().unwrap_or_default()),
            new: new.get(&name).cloned().unwrap_or_default(),
            field: name,
        })
        .collect()
}

/// Made-up values that look like the sampled ones of `rows`: words that stand again and again, and ranges. A project is
/// sent round, so what stands once, as a message does, is not written into it.
fn synthetic_of(column: &ColumnEvidence, rows: u64) -> Option<Synthetic> {
    const FEW: u64 = 50;
    let is_text = column.values().next().is_some_and(|value| matches!(value, Value::String(_)));
    let are_words =
        column.distinct > 0 && column.distinct <= FEW && column.distinct * 2 <= rows - column.nulls.min(rows);
    if is_text && are_words {
        // Words that name a secret have it beside them.
        if column.values().any(tells_secret) {
            return None;
        }
        let words: BTreeSet<String> = column.values().map(|value| value.to_json().to_string()).collect();
        let vocabulary = words.iter().filter_map(|word| serde_json::from_str(word).ok()).collect();
        return Some(Synthetic { vocabulary, ..Synthetic::default() });
    }
    let is_range = matches!(column.min, Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::Date(_));
    (is_range && !column.max.is_null()).then(|| {
        let (min, max) = (Some(column.min.to_json()), Some(column.max.to_json()));
        Synthetic { min, max, ..Synthetic::default() }
    })
}

fn tells_secret(value: &Value) -> bool {
    matches!(value, Value::String(text) if names_secret(text))
}

/// Made-up values that look as those of a concept do.
fn synthetic_for(concept: &Concept) -> Option<Synthetic> {
    match concept.values.as_ref()? {
        ValueEvidence::OneOf(words) => {
            Some(Synthetic { vocabulary: words.iter().map(|word| json!(word)).collect(), ..Synthetic::default() })
        }
        // Evidence is wide; made-up values stay where most real ones are.
        ValueEvidence::Range([low, high]) => {
            let most = high.min(low + 1000.0);
            let (low, most) = match concept.data_type {
                DataType::Int => (json!(*low as i64), json!(most as i64)),
                _ => (json!(low), json!(most)),
            };
            Some(Synthetic { min: Some(low), max: Some(most), ..Synthetic::default() })
        }
        ValueEvidence::Regex(_) | ValueEvidence::Check(_) => None,
    }
}

/// The real source in the place of the planned one, as one batch, and what differs from the declaration. The source
/// takes path, format and columns of `real`; its readers read files from now on, and keep ids, wires and titles. Where
/// the planned source stands for another, that one takes them, and the planned one goes. `found` is what a sample of
/// the real one shows.
pub fn replace_planned(
    project: &Project,
    planned: &str,
    real: &Source,
    found: &SourceEvidence,
) -> Result<(Vec<Edit>, Vec<Diagnostic>), Diagnostic> {
    let (source, plan) = planned_source(project, planned)?;
    let (mut real, mut found) = (real.clone(), found.clone());
    let kept_names = keep_names(source, &mut real, &mut found);
    let before = project.sources.get(&plan.stands_for).unwrap_or(source);
    let mut schema = before.renewed(&source.renewed(&real.schema.clone().unwrap_or_default()));
    let mut after = Source { path: real.path.clone(), format: real.format.clone(), planned: None, ..before.clone() };
    if before.id != source.id {
        take_over(&mut after, &mut schema, source);
    }
    let columns = columns_of(&schema);
    for (column, meaning) in &source.meanings {
        let is_new = !before.schema.as_ref().is_some_and(|schema| schema.has(column));
        if is_new {
            after.meanings.insert(column.clone(), meaning.clone());
        }
    }
    after.meanings.retain(|name, _| columns.iter().any(|column| column.name == *name));
    after.schema = Some(schema);

    let mut edits = changed_fields(before, &after);
    let set = |id: &Id, field: &str, new: Json| Edit::Set { id: id.clone(), field: field.into(), old: None, new };
    let is_moved = before.id != source.id;
    for step in project.steps.values() {
        if step.settings.get("source").and_then(Json::as_str) != Some(planned) {
            continue;
        }
        if step.kind == "planned_source" {
            edits.push(set(&step.id, "kind", json!("file")));
        }
        if is_moved {
            edits.push(set(&step.id, "settings.source", json!(before.id)));
        }
    }
    if is_moved {
        let asked = project.requests.values().filter(|request| request.source == planned);
        edits.extend(asked.map(|request| set(&request.id, "source", json!(before.id))));
        edits.push(Edit::Remove { id: source.id.clone() });
    }
    let declared = Source { id: before.id.clone(), title: before.title.clone(), ..source.clone() };
    let mut differences = drift(&declared, &found);
    differences.extend(kept_names.into_iter().map(|one| at_source(one, before)));
    if let (Some(was), Some(is)) = (&before.format, &real.format)
        && was.name != is.name
    {
        let message = format!("the file is read as `{}`; until now it was `{}`", is.name, was.name);
        let help = "choose another format in the source if it was recognised wrongly";
        let told = Diagnostic::warning("PW0812", message).help(help).field("format");
        differences.push(at_source(told, before));
    }
    Ok((edits, differences))
}

/// What was said of a planned source holds for the one that takes its place: who may see it, where it must stay, who
/// cares for it. Where both say it, both hold: what a source cannot say twice stands at its fields.
fn take_over(after: &mut Source, schema: &mut Schema, planned: &Source) {
    let mut labels = Labels::default();
    if after.residency.is_empty() {
        after.residency.clone_from(&planned.residency);
    } else if !planned.residency.is_empty() && planned.residency != after.residency {
        labels.residency.push(planned.residency.clone());
    }
    if after.access.is_empty() {
        after.access.clone_from(&planned.access);
    } else if !planned.access.is_empty() && planned.access != after.access {
        labels.access = Some(planned.access.clone());
    }
    for field in &mut schema.fields {
        field.labels = field.labels.raised(&labels);
    }
    if after.owner.is_empty() {
        after.owner.clone_from(&planned.owner);
    }
    if after.stack.is_empty() {
        after.stack.clone_from(&planned.stack);
    }
    after.retention = after.retention.or(planned.retention);
    after.declaration = after.declaration.take().or_else(|| planned.declaration.clone());
    for (key, value) in &planned.extra {
        after.extra.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

/// Columns that an access log does not name are called by their place (`field_9`). Those that moved, since others came
/// before them, keep the names that the design knows.
fn keep_names(declared: &Source, real: &mut Source, found: &mut SourceEvidence) -> Vec<Diagnostic> {
    const NAMES: &str = "log_format";
    let (Some(format), Some(schema), Some(known)) = (&mut real.format, &mut real.schema, &declared.schema) else {
        return Vec::new();
    };
    let Some(layout) = format.options.get_mut(NAMES) else { return Vec::new() };
    let is_nameless = |name: &str| name.strip_prefix("field_").is_some_and(|place| place.parse::<u32>().is_ok());
    let nameless = |of: &Schema, other: &Schema| -> Vec<Field> {
        let fields = of.fields.iter().filter(|field| is_nameless(&field.name) && !other.has(&field.name));
        fields.cloned().collect()
    };
    let (gone, come) = (nameless(known, schema), nameless(schema, known));
    let is_same = gone.len() == come.len() && gone.iter().zip(&come).all(|(a, b)| b.data_type.fits(&a.data_type));
    if !is_same {
        return Vec::new();
    }
    let mut told = Vec::new();
    for (was, is) in gone.iter().map(|field| &field.name).zip(come.iter().map(|field| &field.name)) {
        // The whole name: `$field_1` is no part of `$field_10`.
        let Ok(place) = regex::Regex::new(&format!(r"\${is}\b")) else { continue };
        if !place.is_match(layout) {
            continue;
        }
        *layout = place.replace_all(layout, regex::NoExpand(&format!("${was}"))).into_owned();
        schema.fields.iter_mut().filter(|field| field.name == *is).for_each(|field| field.name.clone_from(was));
        for column in found.columns.iter_mut().filter(|column| column.name == *is) {
            (column.name, column.expression) = (was.clone(), crate::expr::print_name(was));
        }
        told.push(
            Diagnostic::hint("PW0818", format!("`{is}` has no name of its own, and is read as `{was}`, as until now"))
                .help("give it a name in the format's `log_format`")
                .field(format!("schema.{was}")),
        );
    }
    told
}

/// The planned sources that a name means: the one of that id, else those of that title, else those that stand for a
/// source called so.
pub fn find_planned<'a>(project: &'a Project, name: &str) -> Vec<&'a Source> {
    let planned = || project.sources.values().filter(|source| source.planned.is_some());
    let stands_for = |source: &&Source| {
        let other = source.planned.as_ref().and_then(|planned| project.sources.get(&planned.stands_for));
        other.is_some_and(|other| other.id == name || other.title == name)
    };
    let by_id: Vec<&Source> = planned().filter(|source| source.id == name).collect();
    let by_title: Vec<&Source> = planned().filter(|source| source.title == name).collect();
    let found = [by_id, by_title, planned().filter(stands_for).collect()];
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

fn planned_source<'a>(project: &'a Project, id: &str) -> Result<(&'a Source, &'a PlannedSource), Diagnostic> {
    let Some(source) = project.sources.get(id) else {
        let near = did_you_mean(id, project.sources.keys().map(String::as_str));
        return Err(Diagnostic::error("PW0813", format!("there is no source `{id}`{near}"))
            .help("give the id of a planned source"));
    };
    let Some(planned) = &source.planned else {
        let message = format!("the source “{}” is not planned: it exists already", source.title);
        return Err(Diagnostic::error("PW0813", message)
            .help("change its path to read another file, or give the id of a planned source"));
    };
    Ok((source, planned))
}

/// What differs between a declaration and what is really there: when a planned source is replaced by a real one, and
/// ever after where a file declares the source.
pub fn drift(declared: &Source, found: &SourceEvidence) -> Vec<Diagnostic> {
    let declaration = declared.declaration.as_ref();
    let Some(schema) = declared_schema(declared) else { return Vec::new() };
    let columns = columns_of(schema);
    let mut differences: Vec<Diagnostic> =
        columns.iter().filter_map(|column| column_drift(declared, column, found)).collect();
    for name in declaration.iter().flat_map(|declaration| &declaration.required) {
        let missing = found.column(name).filter(|column| column.nulls > 0 && !found.is_empty(column));
        if let Some(column) = missing {
            let message = format!(
                "`{name}` is declared to have a value in every row; {} of {} have none",
                column.nulls, found.rows
            );
            differences.push(
                Diagnostic::error("PW0814", message)
                    .help(format!("ask {} why, or change the declaration", owner_of(declared)))
                    .field(format!("schema.{name}")),
            );
        }
    }
    for name in declaration.iter().flat_map(|one| &one.keys).filter_map(|key| key.first().filter(|_| key.len() == 1)) {
        let repeated =
            found.column(name).filter(|column| column.distinct > 0 && column.distinct + column.nulls < found.rows);
        if let Some(column) = repeated {
            let message = format!(
                "`{name}` is declared to stand once; it has {} different values in {} rows",
                column.distinct, found.rows
            );
            differences.push(
                Diagnostic::error("PW0815", message)
                    .help("a join on it would multiply rows: change the declaration, or remove duplicates first")
                    .field(format!("schema.{name}")),
            );
        }
    }
    for column in found.columns.iter().filter(|one| !columns.iter().any(|known| known.name == one.name)) {
        differences.push(
            Diagnostic::hint("PW0811", format!("`{}` is there, and was not declared", column.name))
                .help("nothing needs to be done")
                .field(format!("schema.{}", column.name)),
        );
    }
    differences.into_iter().map(|diagnostic| at_source(diagnostic, declared)).collect()
}

/// The columns that are declared of a source.
pub fn declared_schema(source: &Source) -> Option<&Schema> {
    match source.planned {
        Some(_) => source.schema.as_ref(),
        None => source.declaration.as_ref().map(|declaration| &declaration.schema).or(source.schema.as_ref()),
    }
}

/// A source is named by its id: it is no step.
pub(crate) fn at_source(mut diagnostic: Diagnostic, source: &Source) -> Diagnostic {
    diagnostic.location.id = Some(source.id.clone());
    diagnostic
}

/// How one declared column differs from what is there.
fn column_drift(declared: &Source, column: &ColumnEvidence, found: &SourceEvidence) -> Option<Diagnostic> {
    let (name, owner) = (&column.name, owner_of(declared));
    let told = match found.column(name) {
        None => {
            let near = did_you_mean(name, found.columns.iter().map(|one| one.name.as_str()));
            Diagnostic::error("PW0808", format!("the declared column `{name}` is not there{near}"))
                .help(format!("ask {owner} for it, or change the declaration"))
        }
        Some(real) if !real.data_type.fits(&column.data_type) => {
            let message = format!("`{name}` is {}, declared as {}", real.data_type, column.data_type);
            Diagnostic::error("PW0809", message).help("change the declaration, or convert it with a Change types step")
        }
        Some(real) if found.is_empty(real) && !is_rest(&found.format, name) => {
            Diagnostic::warning("PW0810", format!("`{name}` is there, but has no value in any row"))
                .help(format!("ask {owner} whether it will be filled"))
        }
        Some(_) => return None,
    };
    Some(told.field(format!("schema.{name}")))
}

/// Whether a column takes what fits no other one: that it is empty is as it should be.
fn is_rest(format: &str, name: &str) -> bool {
    name == MORE || name == "request" && ["nginx_access", "apache_access"].contains(&format)
}

fn owner_of(source: &Source) -> &str {
    if source.owner.is_empty() { "the source's owner" } else { &source.owner }
}

#[cfg(test)]
mod tests;
