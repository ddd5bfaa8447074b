//! What other people's files declare of data: tables in SQL, JSON Schema, OpenAPI, Avro, dbt, data contracts → sources
//! whose data is not at hand yet. Imports project and below; of the planner how names are
//! compared and sources changed.

mod avro;
mod dbt;
mod ddl;
mod demands;
mod document;
mod json_schema;
mod odcs;
mod openapi;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

pub use self::demands::Demand;
use self::document::{read_document, text_at};
use crate::data::{Classification, DataType, Field, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::ir::Planned;
use crate::model::{Declaration, Id, PlannedSource, Source, Synthetic, new_id};
use crate::planner::normal_name;
use crate::planner::planned::at_source;
use crate::policy::Sensitivities;
use crate::project::{Edit, Place, Project};
use types::classification_of;

/// What kind of file declares sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    Ddl,
    JsonSchema,
    OpenApi,
    Avro,
    Dbt,
    Odcs,
}

impl ImportKind {
    pub const ALL: [ImportKind; 6] = [
        ImportKind::Ddl,
        ImportKind::JsonSchema,
        ImportKind::OpenApi,
        ImportKind::Avro,
        ImportKind::Dbt,
        ImportKind::Odcs,
    ];

    /// As the command line and the project file have it.
    pub fn name(self) -> &'static str {
        match self {
            ImportKind::Ddl => "ddl",
            ImportKind::JsonSchema => "json-schema",
            ImportKind::OpenApi => "openapi",
            ImportKind::Avro => "avro",
            ImportKind::Dbt => "dbt",
            ImportKind::Odcs => "odcs",
        }
    }

    /// As people say it.
    pub fn title(self) -> &'static str {
        match self {
            ImportKind::Ddl => "SQL table definitions",
            ImportKind::JsonSchema => "JSON Schema",
            ImportKind::OpenApi => "OpenAPI description",
            ImportKind::Avro => "Avro schema",
            ImportKind::Dbt => "dbt sources",
            ImportKind::Odcs => "data contract",
        }
    }
}

/// A source as a file declares it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Declared {
    /// What the file calls it: `public.orders`, `GET /orders`.
    pub name: String,
    /// What people call it.
    pub title: String,
    pub doc: String,
    pub owner: String,
    pub fields: Vec<DeclaredField>,
    /// Columns that together have other values in each row.
    pub keys: Vec<Vec<String>>,
    /// What is demanded of each row, beside what is of single fields.
    pub demands: Vec<Demand>,
}

impl Declared {
    /// All that is demanded, each with the column that it is about.
    pub fn all_demands(&self) -> impl Iterator<Item = (Option<&str>, &Demand)> {
        let of_fields = self.fields.iter().flat_map(|field| {
            let name = field.name.as_str();
            field.demands.iter().map(move |one| (Some(name), one))
        });
        of_fields.chain(self.demands.iter().map(|one| (None, one)))
    }
}

/// A field as a file declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredField {
    pub name: String,
    pub data_type: DataType,
    /// It has a value in every row.
    pub required: bool,
    pub doc: String,
    pub classification: Option<Classification>,
    /// Words of the file that ought to say how closed it is, and that are not understood.
    pub unknown_classes: Vec<String>,
    /// A concept, where the file names one.
    pub meaning: String,
    /// What its values look like.
    pub values: Synthetic,
    /// What is demanded of its values.
    pub demands: Vec<Demand>,
}

impl DeclaredField {
    pub(super) fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            required: false,
            doc: String::new(),
            classification: None,
            unknown_classes: Vec::new(),
            meaning: String::new(),
            values: Synthetic::default(),
            demands: Vec::new(),
        }
    }

    /// Takes what the file says of how closed the field is; the closest word counts.
    pub(super) fn classify<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        for word in words.into_iter().filter(|word| !word.trim().is_empty()) {
            match classification_of(word) {
                Some(class) => self.classification = self.classification.max(Some(class)),
                None => self.unknown_classes.push(word.trim().to_owned()),
            }
        }
    }
}

/// What a file declares.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub kind: ImportKind,
    pub sources: Vec<Declared>,
    /// What could not be read, or was left out.
    pub warnings: Vec<Diagnostic>,
}

/// What a file declares, by its content; `None`: it is no declaration, so it may be data.
pub fn recognise_declarations(text: &str) -> Option<ImportKind> {
    let text = text.trim_start_matches('\u{feff}');
    if looks_like_sql(text) {
        return Some(ImportKind::Ddl);
    }
    read_document(text).ok().and_then(|document| kind_of(&document).ok())
}

/// Reads a file's declarations, as `kind` or as its content says.
pub fn read_declarations(text: &str, kind: Option<ImportKind>) -> Result<Imported, Diagnostic> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(Diagnostic::error("PW0820", "the file is empty").help("give a file that declares something"));
    }
    let (kind, document) = match kind {
        Some(ImportKind::Ddl) => (ImportKind::Ddl, Json::Null),
        Some(kind) => (kind, read_document(text)?),
        None if looks_like_sql(text) => (ImportKind::Ddl, Json::Null),
        None => {
            let document = read_document(text)?;
            (kind_of(&document)?, document)
        }
    };
    let (mut sources, mut warnings) = match kind {
        ImportKind::Ddl => ddl::read(text)?,
        ImportKind::JsonSchema => json_schema::read(text, &document)?,
        ImportKind::OpenApi => openapi::read(text, &document)?,
        ImportKind::Avro => avro::read(text, &document)?,
        ImportKind::Dbt => dbt::read(text, &document)?,
        ImportKind::Odcs => odcs::read(text, &document)?,
    };
    for source in &mut sources {
        tidy(source, &mut warnings);
    }
    let mut names = BTreeSet::new();
    sources.retain(|source| {
        if source.fields.is_empty() {
            return false;
        }
        let is_kept = names.insert(source.name.clone());
        if !is_kept {
            let message = format!("`{}` is declared twice", source.name);
            warnings.push(Diagnostic::warning("PW0823", message).help("the first is taken; mend it in the file"));
        }
        is_kept
    });
    if sources.is_empty() {
        let fault = warnings.into_iter().next().map(|mut warning| {
            warning.severity = crate::diagnostic::Severity::Error;
            warning
        });
        return Err(fault.unwrap_or_else(|| {
            Diagnostic::error("PW0821", format!("no source with fields is declared in this {}", kind.title()))
                .help("see whether it is the right file; `--as` says what it is meant to be")
        }));
    }
    Ok(Imported { kind, sources, warnings })
}

/// A statement that makes a table, at the begin of a line.
fn looks_like_sql(text: &str) -> bool {
    !text.trim_start().starts_with(['{', '['])
        && text.lines().any(|line| {
            let words: Vec<String> = line.split_whitespace().take(8).map(str::to_lowercase).collect();
            words.first().is_some_and(|word| word == "create") && words.iter().any(|word| word == "table")
        })
}

/// What a document is, by the keys that only its kind has.
fn kind_of(document: &Json) -> Result<ImportKind, Diagnostic> {
    let has = |key: &str| document.get(key).is_some();
    let first = document.as_array().and_then(|items| items.first()).unwrap_or(document);
    let found = match () {
        () if has("openapi") || has("swagger") => Some(ImportKind::OpenApi),
        () if text_at(document, "kind") == "DataContract" => Some(ImportKind::Odcs),
        () if text_at(first, "type") == "record" && first.get("fields").is_some() => Some(ImportKind::Avro),
        () if document["sources"].is_array() || document["models"].is_array() => Some(ImportKind::Dbt),
        () if ["$schema", "properties", "$defs", "definitions"].iter().any(|key| has(key)) => {
            Some(ImportKind::JsonSchema)
        }
        () => None,
    };
    found.ok_or_else(|| {
        let names = ImportKind::ALL.map(ImportKind::name).join(", ");
        Diagnostic::error("PW0822", "what this file declares is not recognised")
            .help(format!("say what it is with `--as`: {names}; data files are sources by themselves"))
    })
}

/// Each field once, with a name.
fn tidy(source: &mut Declared, warnings: &mut Vec<Diagnostic>) {
    let mut names = BTreeSet::new();
    source.fields.retain(|field| {
        let is_kept = !field.name.is_empty() && names.insert(field.name.clone());
        if !is_kept {
            let message = match field.name.as_str() {
                "" => format!("a field of `{}` has no name", source.name),
                name => format!("`{name}` stands twice in `{}`", source.name),
            };
            warnings.push(Diagnostic::warning("PW0823", message).help("it is left out; mend it in the file"));
        }
        is_kept
    });
    for field in &mut source.fields {
        let is_secret = field.classification == Some(Classification::Secret)
            || Sensitivities::shipped().of_name(&field.name) == Some(Classification::Secret);
        if is_secret {
            // Examples may be real ones.
            field.values = Synthetic::default();
        }
        for word in &field.unknown_classes {
            let message =
                format!("`{}` of `{}` is classified as “{word}”, which is not understood", field.name, source.name);
            let help = "nothing is taken from it: write public, internal, personal or secret, or label the field here";
            warnings.push(Diagnostic::warning("PW0832", message).help(help));
        }
    }
    source.keys.retain(|key| !key.is_empty() && key.iter().all(|column| names.contains(column)));
    source.keys.sort();
    source.keys.dedup();
    if source.title.is_empty() {
        source.title = source.name.clone();
    }
}

impl Declared {
    fn schema(&self) -> Schema {
        let field = |declared: &DeclaredField| {
            let mut field = Field::new(&declared.name, declared.data_type.clone());
            field.labels.classification = declared.classification;
            field
        };
        Schema::new(self.fields.iter().map(field).collect())
    }

    fn declaration(&self, kind: ImportKind, file: &str) -> Declaration {
        let with_doc = self.fields.iter().filter(|field| !field.doc.is_empty());
        let required = self.fields.iter().filter(|field| field.required);
        Declaration {
            kind: kind.name().to_owned(),
            file: file.to_owned(),
            name: self.name.clone(),
            doc: self.doc.clone(),
            schema: self.schema(),
            keys: self.keys.clone(),
            required: required.map(|field| field.name.clone()).collect(),
            docs: with_doc.map(|field| (field.name.clone(), field.doc.clone())).collect(),
            values: self.values(),
            extra: Map::new(),
        }
    }

    /// A source whose data is not at hand.
    pub fn to_source(&self, id: Id, kind: ImportKind, file: &str) -> Source {
        let planned = PlannedSource { status: Planned::DECLARED.into(), ..PlannedSource::default() };
        let mut source = Source { id, title: self.title.clone(), planned: Some(planned), ..Source::default() };
        self.put_on(&mut source, kind, file);
        source
    }

    /// Whether a source or file of that title or path goes by the declared name.
    pub fn is_named(&self, title: &str, path: &str) -> bool {
        let last = |name: &str| normal_name(name.rsplit(['.', '/']).next().unwrap_or(name));
        let names = [normal_name(&self.title), last(&self.name)];
        let file = path.rsplit('/').next().unwrap_or_default();
        let stem = normal_name(file.split('.').next().unwrap_or(file));
        names.iter().any(|name| !name.is_empty() && (*name == normal_name(title) || *name == stem))
    }

    /// By field, what its values look like.
    fn values(&self) -> BTreeMap<String, Synthetic> {
        let mut all = BTreeMap::new();
        for field in &self.fields {
            let is_key = self.keys.iter().any(|key| key[..] == [field.name.clone()]);
            // A key that may only be one of a few words would soon run out of them.
            let unique = is_key && field.values.vocabulary.is_empty();
            let values = Synthetic { unique, ..field.values.clone() };
            if values != Synthetic::default() {
                all.insert(field.name.clone(), values);
            }
        }
        all
    }

    /// Puts the declaration on a source. Where no data is at hand, what it says of columns holds, but for what somebody
    /// changed by hand since the file declared it last, and columns that were planned beside them.
    fn put_on(&self, source: &mut Source, kind: ImportKind, file: &str) {
        let mut declaration = self.declaration(kind, file);
        if let Some(earlier) = &source.declaration {
            declaration.extra.clone_from(&earlier.extra);
            if *earlier == declaration {
                return;
            }
        }
        if source.owner.is_empty() {
            source.owner.clone_from(&self.owner);
        }
        if source.doc.is_empty() || source.declaration.as_ref().is_some_and(|earlier| earlier.doc == source.doc) {
            source.doc.clone_from(&self.doc);
        }
        let known = source.schema.take().unwrap_or_default();
        let mut schema = known.clone();
        if let Some(planned) = &mut source.planned {
            let earlier = source.declaration.as_ref();
            schema = merged_columns(earlier.map(|one| &one.schema), &known, &declaration.schema);
            merge_values(earlier.map(|one| &one.values), &mut planned.values, &declaration.values);
            planned.values.retain(|name, _| schema.has(name));
            source.meanings.retain(|name, _| schema.has(name.split('.').next().unwrap_or(name)));
        }
        for field in self.fields.iter().filter(|field| !field.meaning.is_empty() && schema.has(&field.name)) {
            source.meanings.entry(field.name.clone()).or_insert_with(|| field.meaning.clone());
        }
        source.declaration = Some(declaration);
        source.schema = Some(schema).filter(|schema| !schema.is_empty());
    }
}

/// The columns of a source that is known by its declaration only: as declared now, with what somebody made otherwise
/// since it was declared before.
fn merged_columns(earlier: Option<&Schema>, known: &Schema, declared: &Schema) -> Schema {
    let earlier_of = |name: &str| earlier.and_then(|earlier| earlier.get(name));
    let mut schema = Schema { fields: Vec::new(), ..known.clone() };
    for field in &declared.fields {
        let before = earlier.and_then(|earlier| earlier.alike(&field.name));
        let Some(known) = known.alike(&field.name) else {
            // Whoever took a column away does not want it back for a change of another.
            if before != Some(field) {
                schema.fields.push(field.clone());
            }
            continue;
        };
        let mut merged = Field { name: field.name.clone(), ..known.clone() };
        if before.is_none_or(|before| before.data_type != field.data_type) {
            merged.data_type = field.data_type.clone();
        }
        let (is, was) = (field.labels.classification, before.and_then(|before| before.labels.classification));
        let is_edited = merged.labels.classification != was;
        merged.labels.classification = match is_edited {
            true => merged.labels.classification.max(is),
            false => is.or(was),
        };
        schema.fields.push(merged);
    }
    let is_declared = |field: &Field| earlier_of(&field.name).is_some() || declared.alike(&field.name).is_some();
    let added = known.fields.iter().filter(|field| !is_declared(field));
    schema.fields.extend(added.cloned());
    schema
}

/// What made-up values look like: as declared now, but for those that somebody described otherwise. Nobody declares how
/// many are null.
fn merge_values(
    earlier: Option<&BTreeMap<String, Synthetic>>,
    known: &mut BTreeMap<String, Synthetic>,
    declared: &BTreeMap<String, Synthetic>,
) {
    let plain = |values: &Synthetic| Synthetic { nulls: None, ..values.clone() };
    for (name, values) in declared {
        let slot = known.entry(name.clone()).or_default();
        let was = earlier.and_then(|earlier| earlier.get(name));
        if was.is_none_or(|was| plain(slot) == *was) {
            *slot = Synthetic { nulls: slot.nulls, extra: std::mem::take(&mut slot.extra), ..values.clone() };
        }
    }
}

/// What an import does to the project: new sources, and those that the same file declared before, or whose files are
/// at hand, with their declaration. `file` is relative to the project. Also what the file does not declare any more.
pub fn import_edits(project: &Project, file: &str, imported: &Imported) -> (Vec<Edit>, Vec<Diagnostic>) {
    let (mut edits, mut told) = (Vec::new(), Vec::new());
    let mut taken: BTreeSet<Id> = BTreeSet::new();
    let is_from = |source: &&Source| {
        source.declaration.as_ref().is_some_and(|one| one.file == file && one.kind == imported.kind.name())
    };
    for declared in &imported.sources {
        let same = |source: &&Source| {
            is_from(source) && source.declaration.as_ref().is_some_and(|one| one.name == declared.name)
        };
        let at_hand = |source: &&Source| {
            source.declaration.is_none() && source.planned.is_none() && declared.is_named(&source.title, &source.path)
        };
        let known = project.sources.values().find(same).or_else(|| project.sources.values().find(at_hand));
        if let Some(before) = known.filter(|source| taken.insert(source.id.clone())) {
            let mut after = before.clone();
            declared.put_on(&mut after, imported.kind, file);
            told.extend(lost_labels(before, &after));
            told.extend(opened(before, &after));
            edits.extend(crate::planner::planned::changed_fields(before, &after));
            continue;
        }
        let id = free_id(project, &declared.title, &taken);
        taken.insert(id.clone());
        let source = declared.to_source(id, imported.kind, file);
        edits.push(Edit::Insert { into: "sources".into(), item: json!(source), place: Place::Last });
    }
    for source in project.sources.values().filter(is_from) {
        let name = source.declaration.as_ref().map_or("", |declaration| &declaration.name);
        if !imported.sources.iter().any(|declared| declared.name == name) {
            let near = did_you_mean(name, imported.sources.iter().map(|declared| declared.name.as_str()));
            let message = format!("`{name}` is not declared in the file any more{near}");
            let help = "the source is kept as it was; remove it if it is gone";
            told.push(at_source(Diagnostic::warning("PW0824", message).help(help), source));
        }
    }
    (edits, told)
}

/// Columns that go with what somebody said of them: it is not there any more when they come back.
fn lost_labels(before: &Source, after: &Source) -> Option<Diagnostic> {
    let stays = |name: &str| after.schema.as_ref().is_some_and(|schema| schema.alike(name).is_some());
    let declared = before.declaration.as_ref().map(|declaration| &declaration.schema);
    let is_said = |field: &&Field| {
        let plain = declared.and_then(|declared| declared.get(&field.name));
        plain.is_none_or(|plain| plain.labels != field.labels || plain.extra != field.extra)
    };
    let fields = before.schema.iter().flat_map(|schema| &schema.fields);
    let gone: Vec<String> =
        fields.filter(is_said).filter(|field| !stays(&field.name)).map(|field| format!("`{}`", field.name)).collect();
    (!gone.is_empty()).then(|| {
        let message = format!("{} went, with the labels that were given here", gone.join(", "));
        let help = "where a column comes back it has to be labelled again; undo the import to keep them";
        at_source(Diagnostic::warning("PW0831", message).help(help), after)
    })
}

/// Columns that are less closed than before, since the file says so now.
fn opened(before: &Source, after: &Source) -> Option<Diagnostic> {
    let class = |field: &Field| field.labels.classification;
    let fields = before.schema.iter().flat_map(|schema| &schema.fields);
    let found = fields.filter_map(|was| {
        let is = after.schema.as_ref()?.alike(&was.name)?;
        (class(is) < class(was)).then(|| {
            let name = |class: Option<Classification>| class.map_or("nothing", Classification::name);
            format!("`{}` was {} and is {}", was.name, name(class(was)), name(class(is)))
        })
    });
    let found: Vec<String> = found.collect();
    (!found.is_empty()).then(|| {
        let message = format!("the file opens columns: {}", found.join(", "));
        let help = "label them here where that is not meant; undo the import to keep what was";
        at_source(Diagnostic::warning("PW0833", message).help(help), after)
    })
}

/// `src-orders`, or a random one where that is taken.
fn free_id(project: &Project, title: &str, taken: &BTreeSet<Id>) -> Id {
    let is_taken = |id: &str| project.has_id(id) || taken.contains(id);
    let slug: String = normal_name(title).replace('_', "-").chars().take(40).collect();
    let id = format!("src-{slug}");
    if slug.is_empty() || is_taken(&id) { new_id("src", is_taken) } else { id }
}

/// What every reader gives: sources, and what was left out.
type Read = Result<(Vec<Declared>, Vec<Diagnostic>), Diagnostic>;

/// A part of a document that is no object, or is missing, is as an empty one.
fn object_at<'a>(json: &'a Json, key: &str) -> impl Iterator<Item = (&'a String, &'a Json)> {
    json.get(key).and_then(Json::as_object).into_iter().flat_map(Map::iter)
}

fn list_at<'a>(json: &'a Json, key: &str) -> impl Iterator<Item = &'a Json> {
    json.get(key).and_then(Json::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests;
