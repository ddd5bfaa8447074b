//! What a question lacks: the meaning, what comes nearest, who is asked, what it unlocks; and how a gap becomes a
//! planned field, so that the design goes on. Imports project and below; of this room everything up to coverage.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::catalogue::Catalogue;
use super::coverage::unlocked_ids;
use super::derive::{derive, forbidden, wanted_of};
use super::evidence::{ColumnEvidence, SourceEvidence};
use super::meanings::ACCEPTED;
use super::questions::Asked;
use super::values::ValueEvidence;
use super::vocabulary::{Concept, ConceptNo};
use crate::data::{Field, Schema, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{Id, PlannedSource, Source, Synthetic};
use crate::project::{Edit, Place, Project};

/// Something that no source gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Id of the concept.
    pub meaning: String,
    pub title: String,
    /// The source that lacks it and could best record it.
    pub source: Id,
    /// What comes nearest to it.
    pub nearest: String,
    /// Who is asked for it: the owner of that source.
    pub owner: String,
    /// Other concepts of which each would do as well.
    pub instead: Vec<String>,
    /// Ids of the questions that the source answers once it records this.
    pub unlocks: Vec<Id>,
}

/// What a question lacks, on the source that lacks least; empty where it can be answered. `questions` are those
/// whose unlocking is told.
pub fn gaps(catalogue: &Catalogue, asked: &Asked, questions: &[Asked]) -> Vec<Gap> {
    if !derive(catalogue, asked, 1).is_empty() {
        return Vec::new();
    }
    let Some(wanted) = wanted_of(catalogue, asked) else { return Vec::new() };
    let missing_on = |source: usize| -> Vec<ConceptNo> {
        let is_missing = |concept: ConceptNo, local: bool| match local {
            true => !catalogue.closed[source].has(concept),
            false => !catalogue.reach[source].has(concept),
        };
        wanted.iter().filter(|one| is_missing(one.concept, one.local)).map(|one| one.concept).collect()
    };
    let seen = (0..catalogue.sources.len()).filter(|source| forbidden(catalogue, *source, asked).is_none());
    // The one that lacks least; of those one that another source could nearly complete, or that records most itself.
    let best = seen.map(|source| (missing_on(source), source)).min_by_key(|(missing, source)| {
        let own = wanted.iter().filter(|one| catalogue.direct[*source].has(one.concept)).count();
        let is_near = missing.iter().any(|concept| refused_join(catalogue, *source, *concept).is_some());
        (missing.len(), !is_near, std::cmp::Reverse(own), *source)
    });
    let Some((missing, source)) = best else { return Vec::new() };
    missing.into_iter().map(|concept| gap(catalogue, questions, source, concept)).collect()
}

fn gap(catalogue: &Catalogue, questions: &[Asked], source: usize, concept: ConceptNo) -> Gap {
    let about = &catalogue.vocabulary.concepts()[concept];
    Gap {
        meaning: about.id.clone(),
        title: about.title.clone(),
        source: catalogue.sources[source].source.clone(),
        nearest: nearest(catalogue, source, concept),
        owner: catalogue.sources[source].owner.clone(),
        instead: instead(catalogue, source, concept),
        unlocks: unlocked_ids(catalogue, questions, source, concept).into_iter().map(str::to_owned).collect(),
    }
}

/// What comes nearest to a missing concept: a column that might be it, or a source that has it out of reach.
fn nearest(catalogue: &Catalogue, source: usize, concept: ConceptNo) -> String {
    let about = &catalogue.vocabulary.concepts()[concept];
    for (number, one) in catalogue.meanings.iter().enumerate() {
        for column in &one.columns {
            if let Some(meaning) =
                column.candidates.iter().find(|meaning| meaning.concept == about.id && meaning.score < ACCEPTED)
            {
                return format!(
                    "`{}` of {} might be it (score {}): {}",
                    column.column,
                    catalogue.sources[number].title,
                    meaning.score,
                    meaning.reasons.join(", ")
                );
            }
        }
    }
    if let Some((title, reason)) = refused_join(catalogue, source, concept) {
        return format!("{title} has it, but {reason}");
    }
    let has = |other: &usize| *other != source && catalogue.closed[*other].has(concept);
    if let Some(other) = (0..catalogue.sources.len()).find(has) {
        let (title, own) = (&catalogue.sources[other].title, &catalogue.sources[source].title);
        return format!("{title} has it, but it shares no key with {own}");
    }
    "no source records it".into()
}

/// The title of a source that has a concept and shares a key with another, and why the two are not joined.
fn refused_join(catalogue: &Catalogue, source: usize, concept: ConceptNo) -> Option<(&str, &str)> {
    let refused = catalogue.refused.iter().find(|one| {
        let key = catalogue.vocabulary.number(&one.concept);
        one.source != source
            && catalogue.closed[one.source].has(concept)
            && key.is_some_and(|key| catalogue.reach[source].has(key))
    })?;
    Some((catalogue.sources[refused.source].title.as_str(), refused.reason.as_str()))
}

/// Concepts of which each would give the missing one, cheapest first.
fn instead(catalogue: &Catalogue, source: usize, concept: ConceptNo) -> Vec<String> {
    let rules = catalogue.rules_for[concept].iter().filter(|rule| catalogue.rules_on[source].has(**rule));
    let mut found: Vec<(u32, ConceptNo)> = Vec::new();
    for rule in rules {
        let inputs = &catalogue.vocabulary.numbered_rules()[*rule].inputs;
        let lacking: Vec<ConceptNo> =
            inputs.iter().copied().filter(|input| !catalogue.closed[source].has(*input)).collect();
        if let [one] = lacking[..] {
            found.push((catalogue.vocabulary.rules()[*rule].cost, one));
        }
    }
    found.sort_unstable();
    let mut ids: Vec<String> = Vec::new();
    for (_, concept) in found {
        let id = &catalogue.vocabulary.concepts()[concept].id;
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids.truncate(4);
    ids
}

/// A planned source: the one that lacks the fields, as it will be once it records them, with made-up rows that look
/// like the sample. Accepting it lets the question be proposed again. All gaps must be of one source.
pub fn plan_gaps(project: &Project, catalogue: &Catalogue, gaps: &[Gap]) -> Option<Edit> {
    let number = catalogue.source_number(&gaps.first()?.source)?;
    let evidence = &catalogue.sources[number];
    let known = project.sources.get(&evidence.source);
    let mut schema = match known.and_then(|source| source.schema.clone()) {
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
    let mut planned = PlannedSource::default();
    for column in &evidence.columns {
        if let Some(values) = synthetic_of(column) {
            planned.values.insert(column.name.clone(), values);
        }
    }
    let mut names = Vec::new();
    for gap in gaps {
        let concept = catalogue.vocabulary.concept(&gap.meaning)?;
        let name = schema.free_name(concept.column_name());
        schema.fields.push(Field::new(&name, concept.data_type.clone()));
        meanings.insert(name.clone(), concept.id.clone());
        if let Some(values) = synthetic_for(concept) {
            planned.values.insert(name.clone(), values);
        }
        names.push(name);
    }
    let source = Source {
        id: project.new_id("src"),
        title: format!("{} with {}", evidence.title, names.join(" and ")),
        schema: Some(schema),
        meanings,
        planned: Some(planned),
        owner: evidence.owner.clone(),
        stack: evidence.stack.clone(),
        access: evidence.access.clone(),
        doc: format!("{} as it will be once it records {}.", evidence.title, names.join(" and ")),
        ..Source::default()
    };
    Some(Edit::Insert { into: "sources".into(), item: json!(source), place: Place::Last })
}

/// Made-up values that look like the sampled ones.
fn synthetic_of(column: &ColumnEvidence) -> Option<Synthetic> {
    const FEW: usize = 50;
    let values: Vec<&Value> = column.values().take(FEW).collect();
    if matches!(values.first(), Some(Value::String(_))) {
        return Some(Synthetic {
            vocabulary: values.into_iter().map(Value::to_json).collect(),
            ..Synthetic::default()
        });
    }
    let is_range = matches!(column.min, Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::Date(_));
    (is_range && !column.max.is_null()).then(|| Synthetic {
        min: Some(column.min.to_json()),
        max: Some(column.max.to_json()),
        ..Synthetic::default()
    })
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
                crate::data::DataType::Int => (json!(*low as i64), json!(most as i64)),
                _ => (json!(low), json!(most)),
            };
            Some(Synthetic { min: Some(low), max: Some(most), ..Synthetic::default() })
        }
        ValueEvidence::Regex(_) | ValueEvidence::Check(_) => None,
    }
}

/// What differs between a declaration and what is really there, when a planned source is replaced by a real one.
pub fn drift(declared: &Source, found: &SourceEvidence) -> Vec<Diagnostic> {
    let Some(schema) = &declared.schema else { return Vec::new() };
    let declared_columns = super::evidence::columns_of(schema);
    let mut differences = Vec::new();
    let mut tell = |diagnostic: Diagnostic| differences.push(diagnostic.step(&declared.id, &declared.title));
    for column in &declared_columns {
        match found.column(&column.name) {
            None => {
                let near = did_you_mean(&column.name, found.columns.iter().map(|one| one.name.as_str()));
                tell(
                    Diagnostic::error("PW0808", format!("the declared column `{}` is not there{near}", column.name))
                        .help(format!("ask {} for it, or change the declaration", owner_of(declared)))
                        .field(format!("schema.{}", column.name)),
                );
            }
            Some(real) if !real.data_type.fits(&column.data_type) => tell(
                Diagnostic::error(
                    "PW0809",
                    format!("`{}` is {}, declared as {}", column.name, real.data_type, column.data_type),
                )
                .help("change the declaration, or convert it with a Change types step")
                .field(format!("schema.{}", column.name)),
            ),
            Some(real) if found.is_empty(real) => tell(
                Diagnostic::warning("PW0810", format!("`{}` is there, but has no value in any row", column.name))
                    .help(format!("ask {} whether it will be filled", owner_of(declared)))
                    .field(format!("schema.{}", column.name)),
            ),
            Some(_) => {}
        }
    }
    for column in found.columns.iter().filter(|one| !declared_columns.iter().any(|known| known.name == one.name)) {
        tell(
            Diagnostic::hint("PW0811", format!("`{}` is there, and was not declared", column.name))
                .help("nothing needs to be done")
                .field(format!("schema.{}", column.name)),
        );
    }
    differences
}

fn owner_of(source: &Source) -> &str {
    if source.owner.is_empty() { "the source's owner" } else { &source.owner }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;
    use crate::planner::testing::{shop_evidence, shop_sources};
    use crate::planner::{Vocabulary, propose, ready_question, ready_questions};

    /// The shop without some columns.
    fn without(columns: &[(&str, &str)]) -> (Project, Catalogue) {
        let mut project = shop_sources();
        let mut evidence = shop_evidence(&project);
        for (source, column) in columns {
            let one = evidence.iter_mut().find(|one| one.source == *source).unwrap();
            one.columns.retain(|known| known.name != *column);
            project.sources.get_mut(*source).unwrap().schema.as_mut().unwrap().fields.retain(|f| f.name != *column);
        }
        (project, Catalogue::new(Vocabulary::shipped(), evidence))
    }

    #[test]
    fn a_missing_field_is_named_with_what_would_do() {
        let (project, catalogue) = without(&[("src-access", "duration"), ("src-app", "duration_ms")]);
        let questions: Vec<Asked> = ready_questions().iter().map(Asked::ready).collect();
        let asked = Asked::ready(ready_question("users-bad-experience").unwrap());
        let found = gaps(&catalogue, &asked, &questions);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].meaning.as_str(), found[0].source.as_str()), ("event.duration", "src-access"));
        assert_eq!(found[0].owner, "team-platform");
        assert!(found[0].instead.iter().any(|one| one == "event.duration_ms"), "{:?}", found[0].instead);
        assert_eq!(found[0].unlocks, ["users-bad-experience", "pages-slowest", "latency"]);
        assert_eq!(found[0].nearest, "no source records it");

        // The planned field lets the design go on.
        let mut project = project;
        let edit = plan_gaps(&project, &catalogue, &found).unwrap();
        project.apply(&[edit]).unwrap();
        let planned = project.sources.values().find(|source| source.planned.is_some()).unwrap();
        assert_eq!(planned.title, "Access log with duration");
        let mut evidence = catalogue.sources.clone();
        evidence.push(SourceEvidence::declared(planned));
        let catalogue = Catalogue::new(Vocabulary::shipped(), evidence);
        let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
        let planned = planned.clone();
        project.apply(&proposal.edits).unwrap();
        let plan = plan(&project);
        assert!(!plan.has_errors(), "{:?}", plan.diagnostics);
        assert!(project.steps.values().any(|step| step.kind == "planned_source"));

        // The real source comes.
        let real = shop_evidence(&shop_sources()).remove(0);
        let messages: Vec<String> = drift(&planned, &real).into_iter().map(|one| one.message).collect();
        assert_eq!(messages, ["`user` is there, but has no value in any row"]);
        let mut other = real;
        other.columns.retain(|column| column.name != "bytes");
        other.columns[0].name = "times".into();
        let messages: Vec<String> = drift(&planned, &other).into_iter().map(|one| one.message).collect();
        assert_eq!(messages[0], "the declared column `time` is not there; did you mean `times`?");
        assert_eq!(messages.len(), 4, "{messages:?}");
    }

    #[test]
    fn what_is_out_of_reach_is_told_with_the_reason() {
        let (_, mut catalogue) = without(&[]);
        let users = catalogue.source_number("src-users").unwrap();
        catalogue.sources[users].columns[0].distinct = 699;
        let catalogue = Catalogue::new(Vocabulary::shipped(), catalogue.sources);
        let asked = Asked::ready(ready_question("users-by-country").unwrap());
        let found = gaps(&catalogue, &asked, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].nearest,
            "Users has it, but `user_id` does not stand once in Users (699 values in 700 rows): a join would multiply rows"
        );
        assert_eq!(gaps(&catalogue, &Asked::ready(ready_question("latency").unwrap()), &[]), []);
    }
}
