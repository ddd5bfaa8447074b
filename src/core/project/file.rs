//! The project file: canonical text made to be read in a diff; load, migrate, write.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::edit::COLLECTIONS;
use super::{
    Comment, Design, Edit, Frame, OnDisk, PinnedRows, Project, Step, StepGroup, StepTest, Wire, check_invariants,
};
use crate::data::{Field, Labels, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean, io_cause, json_fault, near_file, read_object, refuse_repeated_keys};
use crate::files::read_text;
use crate::formats::FormatSpec;
use crate::ir::{Inquiry, Synthetic};
use crate::model::{
    Connection, Declaration, Id, Note, Parameter, PlannedSource, Question, Request, Source, StepPlace, Team,
};
use crate::policy::Policy;

/// Version of the file that this program writes.
pub const FILE_VERSION: u64 = 1;
/// What project files' names end in.
pub const EXTENSION: &str = ".pipewright.json";

/// Keys in the order in which a reader wants them; others follow by name.
const KEY_ORDER: [&str; 22] = [
    "pipewright",
    "id",
    "kind",
    "name",
    "title",
    "text",
    "type",
    "from",
    "output",
    "to",
    "input",
    "path",
    "format",
    "x",
    "y",
    "column",
    "left",
    "right",
    "expression",
    "predicate",
    "settings",
    "schema",
];
/// An item is written on one line where it is no longer than this.
const LINE_LENGTH: usize = 110;

/// Reads a project's text. The diagnostics are warnings (what is kept but not known) and broken invariants; an
/// unreadable text is an error.
pub fn load(text: &str) -> Result<(Project, Vec<Diagnostic>), Diagnostic> {
    if let Some(line) = conflict_line(text) {
        return Err(Diagnostic::error("PW0541", "the file holds a merge that is not settled")
            .line(line)
            .help("keep one side of each conflict, or both, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`"));
    }
    let json: Json = serde_json::from_str(text).map_err(|error| match text.contains("\"pipewright\"") {
        true => json_fault("PW0530", "this is no JSON", text, &error)
            .help("mend the text there, or restore `.NAME.before` beside it"),
        false if text.trim().is_empty() => Diagnostic::error("PW0530", "the file is empty")
            .help("restore `.NAME.before` beside it; `pipewright new DIR` makes a project"),
        false => Diagnostic::error("PW0533", "this is no Pipewright project")
            .help("give a `.pipewright.json` project; `pipewright sniff FILE` tells what a data file is"),
    })?;
    refuse_repeated_keys("PW0542", text)?;
    let Json::Object(mut map) = json else {
        return Err(Diagnostic::error(
            "PW0531",
            "this is no Pipewright project: a JSON list or value, where an object is wanted",
        )
        .help("give a `.pipewright.json` project; `pipewright sniff FILE` tells what a data file is"));
    };
    check_version(&mut map)?;
    let name = match map.remove("name") {
        Some(Json::String(name)) => name,
        None => String::new(),
        Some(other) => {
            return Err(Diagnostic::error("PW0534", format!("`name` must be a text, not {other}"))
                .help("write it in double quotes"));
        }
    };
    let targets = read_object_at(&mut map, "targets", "write {\"duckdb\": {…}}, or leave it out")?;
    let vocabulary = read_object_at(&mut map, "vocabulary", "write {\"concepts\": […]}, or leave it out")?;
    let policy = read_object_at(&mut map, "policy", "write {\"smallest_group\": 10}, or leave it out")?;
    let mut design = Design {
        name,
        teams: read_items(&mut map, "teams", text)?,
        connections: read_items(&mut map, "connections", text)?,
        places: read_items(&mut map, "places", text)?,
        sources: read_items(&mut map, "sources", text)?,
        questions: read_items(&mut map, "questions", text)?,
        requests: read_items(&mut map, "requests", text)?,
        steps: read_items(&mut map, "steps", text)?,
        wires: read_items(&mut map, "wires", text)?,
        frames: read_items(&mut map, "frames", text)?,
        groups: read_items(&mut map, "groups", text)?,
        notes: read_items(&mut map, "notes", text)?,
        comments: read_items(&mut map, "comments", text)?,
        parameters: read_items(&mut map, "parameters", text)?,
        tests: read_items(&mut map, "tests", text)?,
        targets,
        vocabulary,
        policy,
        organisation: Vec::new(),
        seen: BTreeMap::new(),
        on_disk: OnDisk::default(),
        extra: map,
    };
    design.steps.values_mut().for_each(Step::drop_empty_lists);
    let project = Project { design, revision: 0 };
    check_ids(&project)?;
    let mut diagnostics = check_keys(&project);
    // Of two wires at one input the plan tells, with the step's title.
    diagnostics.extend(check_invariants(&project).into_iter().filter(|found| found.code != "PW0521"));
    Ok((project, diagnostics))
}

/// Whether the file is a project of a version that this program reads.
fn check_version(map: &mut Map<String, Json>) -> Result<(), Diagnostic> {
    match map.remove("pipewright").as_ref().map(Json::as_u64) {
        Some(Some(FILE_VERSION)) => Ok(()),
        Some(Some(version)) if version > FILE_VERSION => Err(Diagnostic::error(
            "PW0532",
            format!("the file is of version {version}; this program reads up to {FILE_VERSION}"),
        )
        .help("open it with a newer Pipewright")),
        Some(_) => Err(Diagnostic::error("PW0533", "the key `pipewright` must hold the version of the file")
            .help(format!("write `\"pipewright\": {FILE_VERSION}`"))),
        None if map.contains_key("pipeline") => {
            Err(Diagnostic::error("PW0533", "this is an exported pipeline, not a project")
                .help("give the project that it was exported from; `pipewright run` runs both"))
        }
        None => Err(Diagnostic::error(
            "PW0533",
            "this is no Pipewright project: the key `pipewright` with the file version is missing",
        )
        .help("give a `.pipewright.json` project; `pipewright sniff FILE` tells what a data file is")),
    }
}

fn read_object_at(map: &mut Map<String, Json>, key: &str, help: &str) -> Result<Map<String, Json>, Diagnostic> {
    match map.remove(key) {
        Some(Json::Object(object)) => Ok(object),
        None => Ok(Map::new()),
        Some(_) => Err(Diagnostic::error("PW0534", format!("`{key}` must be an object")).help(help)),
    }
}

/// Warnings of keys that this version does not know.
fn check_keys(project: &Project) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for key in project.extra.keys() {
        let near = did_you_mean(key, COLLECTIONS.into_iter().chain(["name", "targets", "vocabulary", "policy"]));
        found.push(
            Diagnostic::warning("PW0535", format!("unknown key `{key}`{near}"))
                .help("it is kept as it is, and has no effect"),
        );
    }
    let mut unknown = Unknown { project, found };
    for team in project.teams.values() {
        unknown.look::<Team>(&team.id, "", &team.extra);
    }
    for connection in project.connections.values() {
        unknown.look::<Connection>(&connection.id, "", &connection.extra);
    }
    for place in project.places.values() {
        unknown.look::<StepPlace>(&place.id, "", &place.extra);
    }
    for step in project.steps.values() {
        unknown.look::<Step>(&step.id, "", &step.extra);
    }
    for source in project.sources.values() {
        unknown.look_in_source(source);
    }
    for wire in project.wires.values() {
        unknown.look::<Wire>(&wire.id, "", &wire.extra);
    }
    for frame in project.frames.values() {
        unknown.look::<Frame>(&frame.id, "", &frame.extra);
    }
    for group in project.groups.values() {
        unknown.look::<StepGroup>(&group.id, "", &group.extra);
    }
    for note in project.notes.values() {
        unknown.look::<Note>(&note.id, "", &note.extra);
    }
    for comment in project.comments.values() {
        unknown.look::<Comment>(&comment.id, "", &comment.extra);
    }
    for question in project.questions.values() {
        unknown.look::<Question>(&question.id, "", &question.extra);
    }
    for request in project.requests.values() {
        unknown.look::<Request>(&request.id, "", &request.extra);
    }
    for parameter in project.parameters.values() {
        unknown.look::<Parameter>(&parameter.id, "", &parameter.extra);
    }
    for test in project.tests.values() {
        unknown.look::<StepTest>(&test.id, "", &test.extra);
        for (part, ports) in [("inputs", &test.inputs), ("expected", &test.expected)] {
            for (port, rows) in ports {
                unknown.look::<PinnedRows>(&test.id, &format!("{part}.{port}"), &rows.extra);
                unknown.look_in_schema(&test.id, &format!("{part}.{port}.schema"), &rows.schema);
            }
        }
    }
    unknown.found
}

/// Keys that this version does not know, as warnings.
struct Unknown<'a> {
    project: &'a Project,
    found: Vec<Diagnostic>,
}

impl Unknown<'_> {
    /// At `place`, a path in the item; empty: in the item itself.
    fn look<T: JsonSchema>(&mut self, id: &str, place: &str, extra: &Map<String, Json>) {
        if extra.is_empty() {
            return;
        }
        let known = keys_of::<T>();
        let step = self.project.steps.get(id);
        let form = step.and_then(|step| crate::steps::kind(&step.kind)).map_or(&[][..], |kind| kind.form());
        for key in extra.keys() {
            let near = did_you_mean(key, known.iter().map(String::as_str));
            let help = match form.iter().any(|field| field.name == key) {
                true => format!("a setting of the step stands in its `settings`: set `settings.{key}`"),
                false => "it is kept as it is, and has no effect".to_owned(),
            };
            let at = if place.is_empty() { String::new() } else { format!(" at `{place}`") };
            let mut warning = Diagnostic::warning("PW0535", format!("unknown key `{key}`{at}{near}")).help(help);
            warning.location.id = Some(id.to_owned());
            warning.location.step = step.map(|step| step.title.clone());
            self.found.push(warning);
        }
    }

    fn look_in_source(&mut self, source: &Source) {
        let id = &source.id;
        self.look::<Source>(id, "", &source.extra);
        if let Some(inquiry) = &source.inquiry {
            self.look::<Inquiry>(id, "inquiry", &inquiry.extra);
        }
        if let Some(format) = &source.format {
            self.look::<FormatSpec>(id, "format", &format.extra);
        }
        if let Some(schema) = &source.schema {
            self.look_in_schema(id, "schema", schema);
        }
        if let Some(planned) = &source.planned {
            self.look::<PlannedSource>(id, "planned", &planned.extra);
            for (column, values) in &planned.values {
                self.look::<Synthetic>(id, &format!("planned.values.{column}"), &values.extra);
            }
        }
        if let Some(declaration) = &source.declaration {
            self.look::<Declaration>(id, "declaration", &declaration.extra);
            self.look_in_schema(id, "declaration.schema", &declaration.schema);
        }
    }

    fn look_in_schema(&mut self, id: &str, place: &str, schema: &Schema) {
        self.look::<Schema>(id, place, &schema.extra);
        for field in &schema.fields {
            let place = format!("{place}.{}", field.name);
            self.look::<Field>(id, &place, &field.extra);
            self.look::<Labels>(id, &format!("{place}.labels"), &field.labels.extra);
        }
    }
}

/// The keys that an object of that kind has.
fn keys_of<T: JsonSchema>() -> Vec<String> {
    let schema = serde_json::to_value(schemars::schema_for!(T)).unwrap_or_default();
    schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// The line (from 1) of the first conflict that a merge left.
fn conflict_line(text: &str) -> Option<u64> {
    let at = text.lines().position(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))?;
    Some(at as u64 + 1)
}

/// Items by id; an id that stands twice is an error, since one of the two would be lost.
fn read_items<T: DeserializeOwned + Serialize>(
    map: &mut Map<String, Json>,
    collection: &str,
    text: &str,
) -> Result<BTreeMap<Id, T>, Diagnostic> {
    let items = match map.remove(collection) {
        None => return Ok(BTreeMap::new()),
        Some(Json::Array(items)) => items,
        Some(_) => {
            return Err(Diagnostic::error("PW0534", format!("`{collection}` must be a list"))
                .help("write it as [ … ] of items, each with its `id`"));
        }
    };
    let mut found = BTreeMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let id = match item.get("id").and_then(Json::as_str) {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => {
                return Err(Diagnostic::error("PW0536", format!("item {} of `{collection}` has no `id`", index + 1))
                    .help("give it an `id`: a text that nothing else in the file has"));
            }
        };
        let read = read_object::<T>(&item).map_err(|(key, cause)| {
            let key = key.unwrap_or_default();
            let place = if key.is_empty() { String::new() } else { format!("`{key}` of ") };
            let fault = Diagnostic::error("PW0537", format!("{place}`{id}` in `{collection}` cannot be read: {cause}"))
                .help(help_with(&key));
            if let Some(line) = line_of(text, &id, 0) { fault.line(line) } else { fault }
        })?;
        if found.insert(id.clone(), read).is_some() {
            let fault = Diagnostic::error("PW0538", format!("the id `{id}` stands twice in `{collection}`"))
                .help("give one of the two another id, or remove it");
            return Err(if let Some(line) = line_of(text, &id, 1) { fault.line(line) } else { fault });
        }
    }
    Ok(found)
}

/// How a key that is written wrongly is to be written.
fn help_with(key: &str) -> &'static str {
    match key {
        "schema" => r#"write {"fields": [{"name": "status", "type": "Int"}]}"#,
        "format" => r#"write {"name": "csv", "options": {"separator": ";"}}"#,
        "settings" => r#"write an object, such as {"predicate": "status >= 500"}"#,
        "x" | "y" | "width" | "height" => "write a whole number",
        _ => "mend the item in the file, or restore `.NAME.before` beside it; `pipewright schema project` describes it",
    }
}

/// The line (from 1) of an item with that id, after `skip` others.
fn line_of(text: &str, id: &str, skip: usize) -> Option<u64> {
    let id = Json::from(id).to_string();
    let holds = |line: &str| {
        let after = line.find("\"id\"").map(|at| line[at + 4..].trim_start());
        after.and_then(|after| after.strip_prefix(':')).is_some_and(|value| value.trim_start().starts_with(&id))
    };
    text.lines().enumerate().filter(|(_, line)| holds(line)).nth(skip).map(|(index, _)| index as u64 + 1)
}

fn check_ids(project: &Project) -> Result<(), Diagnostic> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let lists: [(&str, Vec<&Id>); 14] = [
        ("teams", project.teams.keys().collect()),
        ("connections", project.connections.keys().collect()),
        ("places", project.places.keys().collect()),
        ("sources", project.sources.keys().collect()),
        ("questions", project.questions.keys().collect()),
        ("requests", project.requests.keys().collect()),
        ("steps", project.steps.keys().collect()),
        ("wires", project.wires.keys().collect()),
        ("frames", project.frames.keys().collect()),
        ("groups", project.groups.keys().collect()),
        ("notes", project.notes.keys().collect()),
        ("comments", project.comments.keys().collect()),
        ("parameters", project.parameters.keys().collect()),
        ("tests", project.tests.keys().collect()),
    ];
    for (collection, ids) in &lists {
        for id in ids {
            if let Some(other) = seen.insert(id, collection) {
                return Err(Diagnostic::error(
                    "PW0538",
                    format!("the id `{id}` stands in `{other}` and in `{collection}`"),
                )
                .help("give one of the two another id"));
            }
        }
    }
    Ok(())
}

/// The shape of a project file, for its JSON Schema (`pipewright schema project`).
#[derive(JsonSchema)]
pub struct ProjectFile {
    /// Version of the file: 1.
    pub pipewright: u64,
    pub name: String,
    #[serde(default)]
    pub teams: Vec<Team>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    #[serde(default)]
    pub connections: Vec<Connection>,
    #[serde(default)]
    pub places: Vec<StepPlace>,
    #[serde(default)]
    pub sources: Vec<Source>,
    #[serde(default)]
    pub questions: Vec<Question>,
    #[serde(default)]
    pub requests: Vec<Request>,
    #[serde(default)]
    pub steps: Vec<Step>,
    #[serde(default)]
    pub wires: Vec<Wire>,
    #[serde(default)]
    pub frames: Vec<Frame>,
    #[serde(default)]
    pub groups: Vec<StepGroup>,
    #[serde(default)]
    pub notes: Vec<Note>,
    #[serde(default)]
    pub comments: Vec<Comment>,
    #[serde(default)]
    pub tests: Vec<StepTest>,
    #[serde(default)]
    pub targets: Map<String, Json>,
    #[serde(default)]
    pub vocabulary: Map<String, Json>,
    #[serde(default)]
    pub policy: OwnPolicy,
}

/// A project's own rules on where data may go. They only make those of its organisation stricter.
#[derive(JsonSchema, Default)]
#[schemars(default)]
pub struct OwnPolicy {
    #[serde(flatten)]
    pub rules: Policy,
    /// The policy file of the organisation.
    pub organisation: Option<PinnedPolicy>,
}

/// A policy file, pinned so that nobody changes it unseen.
#[derive(JsonSchema)]
pub struct PinnedPolicy {
    /// Relative to the project, with `/`.
    pub path: String,
    /// SHA-256 of the file, as 64 hexadecimal digits.
    pub sha256: String,
}

/// The JSON Schemas of what this room reads and writes.
pub fn json_schema_of_project() -> Json {
    serde_json::to_value(schemars::schema_for!(ProjectFile)).unwrap_or_default()
}

pub fn json_schema_of_edits() -> Json {
    serde_json::to_value(schemars::schema_for!(Vec<Edit>)).unwrap_or_default()
}

/// The canonical text of a project.
pub fn to_text(project: &Project) -> String {
    fn items<T: Serialize>(map: &mut Vec<(String, Json)>, name: &str, items: &BTreeMap<Id, T>) {
        if !items.is_empty() {
            let list = items.values().map(|item| serde_json::to_value(item).unwrap_or(Json::Null)).collect();
            map.push((name.to_owned(), Json::Array(list)));
        }
    }
    let mut map = vec![
        ("pipewright".to_owned(), Json::from(FILE_VERSION)),
        ("name".to_owned(), Json::from(project.name.as_str())),
    ];
    items(&mut map, "teams", &project.teams);
    items(&mut map, "connections", &project.connections);
    items(&mut map, "places", &project.places);
    items(&mut map, "parameters", &project.parameters);
    items(&mut map, "sources", &project.sources);
    items(&mut map, "questions", &project.questions);
    items(&mut map, "requests", &project.requests);
    items(&mut map, "steps", &project.steps);
    items(&mut map, "wires", &project.wires);
    items(&mut map, "frames", &project.frames);
    items(&mut map, "groups", &project.groups);
    items(&mut map, "notes", &project.notes);
    items(&mut map, "comments", &project.comments);
    items(&mut map, "tests", &project.tests);
    if !project.targets.is_empty() {
        map.push(("targets".to_owned(), Json::Object(project.targets.clone())));
    }
    if !project.vocabulary.is_empty() {
        map.push(("vocabulary".to_owned(), Json::Object(project.vocabulary.clone())));
    }
    if !project.policy.is_empty() {
        map.push(("policy".to_owned(), Json::Object(project.policy.clone())));
    }
    map.extend(project.extra.iter().map(|(key, value)| (key.clone(), value.clone())));
    let mut text = String::from("{\n");
    for (index, (key, value)) in map.iter().enumerate() {
        text.push_str("  ");
        text.push_str(&Json::from(key.as_str()).to_string());
        text.push_str(": ");
        match value {
            // A collection always has an item a line, so that adding the second one leaves the first alone.
            Json::Array(items) if !items.is_empty() => write_list(items, 1, &mut text),
            other => write_json(other, 1, 0, &mut text),
        }
        text.push_str(if index + 1 < map.len() { ",\n" } else { "\n" });
    }
    text.push_str("}\n");
    text
}

/// Canonical JSON text: fixed key order, two spaces, what is short on one line, a newline at the end.
pub fn canonical_json(json: &Json) -> String {
    let mut text = String::new();
    write_json(json, 0, 0, &mut text);
    text.push('\n');
    text
}

fn sorted_keys(map: &Map<String, Json>) -> Vec<&String> {
    let rank = |key: &str| KEY_ORDER.iter().position(|known| *known == key).unwrap_or(KEY_ORDER.len());
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_by(|a, b| (rank(a), a).cmp(&(rank(b), b)));
    keys
}

fn write_list(items: &[Json], depth: usize, text: &mut String) {
    text.push_str("[\n");
    for (index, item) in items.iter().enumerate() {
        indent(depth + 1, text);
        write_json(item, depth + 1, 0, text);
        text.push_str(if index + 1 < items.len() { ",\n" } else { "\n" });
    }
    indent(depth, text);
    text.push(']');
}

/// `before`: characters of the key that stands on the same line.
fn write_json(json: &Json, depth: usize, before: usize, text: &mut String) {
    let is_container =
        matches!(json, Json::Array(items) if !items.is_empty()) || matches!(json, Json::Object(map) if !map.is_empty());
    if !is_container {
        text.push_str(&json.to_string());
        return;
    }
    let start = text.len();
    write_inline(json, text);
    if depth * 2 + before + text[start..].chars().count() <= LINE_LENGTH {
        return;
    }
    text.truncate(start);
    match json {
        Json::Array(items) => write_list(items, depth, text),
        Json::Object(map) => {
            text.push_str("{\n");
            for (index, key) in sorted_keys(map).into_iter().enumerate() {
                indent(depth + 1, text);
                let key_text = Json::from(key.as_str()).to_string();
                text.push_str(&key_text);
                text.push_str(": ");
                write_json(&map[key], depth + 1, key_text.chars().count() + 2, text);
                text.push_str(if index + 1 < map.len() { ",\n" } else { "\n" });
            }
            indent(depth, text);
            text.push('}');
        }
        _ => {}
    }
}

fn write_inline(json: &Json, text: &mut String) {
    match json {
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                write_inline(item, text);
            }
            text.push(']');
        }
        Json::Object(map) if map.is_empty() => text.push_str("{}"),
        Json::Object(map) => {
            text.push_str("{ ");
            for (index, key) in sorted_keys(map).into_iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                text.push_str(&Json::from(key.as_str()).to_string());
                text.push_str(": ");
                write_inline(&map[key], text);
            }
            text.push_str(" }");
        }
        other => text.push_str(&other.to_string()),
    }
}

fn indent(depth: usize, text: &mut String) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// Reads a project from a file.
pub fn read_file(path: &Path) -> Result<(Project, Vec<Diagnostic>), Diagnostic> {
    let shown = path.display().to_string();
    let text = read_text(path).map_err(|error| {
        Diagnostic::error("PW0539", format!("the project cannot be read: {}", io_cause(&error)))
            .file(&shown)
            .help(help_with_path(path))
    })?;
    let (mut project, mut diagnostics) = load(&text).map_err(|diagnostic| diagnostic.file(shown))?;
    project.design.on_disk = OnDisk::of(text.as_bytes());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    diagnostics.extend(project.read_organisation(folder));
    Ok((project, diagnostics))
}

/// What to give instead of a path that is no project: a file beside it, or in it.
pub fn help_with_path(path: &Path) -> String {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let projects = names.filter(|name| name.ends_with(EXTENSION) && !name.starts_with('.'));
    if let Some(name) = projects.min() {
        return format!("name the project in it: `{}`", path.join(name).display());
    }
    if let Some(near) = near_file(path) {
        return near;
    }
    "give a `.pipewright.json` project or an exported `pipeline.json`".to_owned()
}
