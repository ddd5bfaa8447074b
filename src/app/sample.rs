//! A sample of what a connection leads to, taken when the user asks for it: files beside the project, from which it is
//! planned and previewed. Must not run flows.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::{Diagnostic, did_you_mean, io_cause};
use pipewright_core::files::{FolderUpdate, PrivateFolder, inside, make_folder, slashes};
use pipewright_core::ir::{Connection, check_inquiry, with_path_pieces};
use pipewright_core::model::Source;
use pipewright_core::project::{Edit, Project};
use pipewright_core::quote::partition_text;
use pipewright_engine::{Cancel, TakenFile, Visit, schema_as, sniff};
use serde_json::json;

use crate::resolve::without_secrets;

/// The folder beside the project in which samples lie.
const SAMPLES: &str = "samples";

/// A sample that lies beside the project.
#[derive(Debug, Default)]
pub struct SampleTaken {
    /// Path, format and columns of the source.
    pub edits: Vec<Edit>,
    /// Where it lies, relative to the project.
    pub path: String,
    /// What is worth knowing of it.
    pub told: Vec<Diagnostic>,
}

/// The source with that id or, if just one has it, that title; it has a connection.
pub fn source_of_place<'a>(project: &'a Project, name: &str) -> Result<&'a Source, Diagnostic> {
    let titled = || {
        let mut found = project.sources.values().filter(|source| source.title == name);
        found.next().filter(|_| found.next().is_none())
    };
    let Some(source) = project.sources.get(name).or_else(titled) else {
        let names = project.sources.values().flat_map(|source| [source.id.as_str(), source.title.as_str()]);
        let message = format!("there is no source `{name}`{}", did_you_mean(name, names));
        let known: Vec<String> = project
            .sources
            .values()
            .filter(|source| !source.connection.is_empty())
            .map(|source| format!("`{}`", source.id))
            .collect();
        let help = match known.is_empty() {
            true => "no source of the project has a connection; files need no sample".to_owned(),
            false => format!("those with a connection are {}", known.join(", ")),
        };
        return Err(Diagnostic::error("PW0690", message).help(help));
    };
    if source.connection.is_empty() {
        let message = format!("the source “{}” is read from files, and needs no sample", source.title);
        return Err(Diagnostic::error("PW0691", message).help("`pipewright preview` shows rows of it"));
    }
    Ok(source)
}

/// Takes a sample of a source and puts it beside the project; whole, or what was there stays.
pub fn take_sample(
    project: &Project,
    base: &Path,
    source: &str,
    rows: u64,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<SampleTaken, Diagnostic> {
    let source = source_of_place(project, source)?;
    let named = |fault: Diagnostic| {
        let mut fault =
            Diagnostic { message: format!("the source “{}”: {}", source.title, fault.message), ..fault };
        fault.location.id = Some(source.id.clone());
        fault
    };
    let Some(location) = source.location(&project.connections) else {
        let message = format!("there is no connection `{}`", source.connection);
        return Err(named(Diagnostic::error("PW0649", message).help("choose a connection of the project")));
    };
    if let Some(fault) = check_inquiry(location.connection.kind, &location.inquiry).into_iter().next() {
        return Err(named(fault));
    }
    let parameters = without_secrets(project, parameters);
    let aside = PrivateFolder::new()?;
    let none = BTreeMap::new();
    let visit = Visit { base, parameters: &parameters, variables: &none, cancel };
    let taken =
        pipewright_engine::take_sample(&location, source.format.as_ref(), rows, aside.path(), visit).map_err(named)?;
    let Some(first) = taken.files.first().map(|file| &file.path) else {
        return Err(named(Diagnostic::error("PW0692", "it gave nothing").help("ask for something that has rows")));
    };
    let (format, schema) = match (&source.format, taken.schema) {
        (_, Some(schema)) => (taken.format.unwrap_or_default(), schema),
        (Some(format), None) => (format.clone(), schema_as(first, format).map_err(named)?),
        (None, None) => {
            let found = sniff(first).map_err(named)?;
            (found.format, found.schema)
        }
    };
    let schema = with_path_pieces(schema, &taken.pattern);
    // An id may come from anybody, and is one name of a folder, whatever it holds.
    let folder = partition_text(&source.id);
    put_beside(base, &folder, aside.path(), &taken.files)?;
    let path = format!("{SAMPLES}/{folder}/{}", taken.pattern);
    let set = |field: &str, new| Edit::Set { id: source.id.clone(), field: field.to_owned(), old: None, new };
    let edits =
        vec![set("path", json!(path)), set("format", json!(format)), set("schema", json!(source.renewed(&schema)))];
    Ok(SampleTaken { edits, path, told: taken.told })
}

/// Puts files into the source's folder of samples, instead of those of an earlier sample. One that was changed since is
/// the user's, and stays. They lie there as they lie in `from`.
fn put_beside(base: &Path, name: &str, from: &Path, files: &[TakenFile]) -> Result<(), Diagnostic> {
    let folder = inside(base, &format!("{SAMPLES}/{name}"))?;
    let failed = |error: std::io::Error| {
        Diagnostic::error("PW0693", format!("the sample cannot be put beside the project: {}", io_cause(&error)))
            .help("see whether the project's folder may be written to and has space")
            .file(slashes(&folder))
    };
    for made in [&base.join(SAMPLES), &folder] {
        make_folder(made).map_err(failed)?;
    }
    let mut update = FolderUpdate::new(&folder, "sample");
    for TakenFile { path, .. } in files {
        let name = path.strip_prefix(from).unwrap_or(path);
        let mut above = folder.clone();
        for part in name.parent().unwrap_or(Path::new("")) {
            above.push(part);
            make_folder(&above).map_err(failed)?;
        }
        let aside = update.file(&slashes(name))?;
        std::fs::copy(path, aside).map_err(failed)?;
    }
    update.publish(false).map(drop)
}

/// Opens a connection and closes it again; gives what answered, in a few words.
pub fn test_connection(
    project: &Project,
    connection: &Connection,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<String, Diagnostic> {
    let (parameters, none) = (without_secrets(project, parameters), BTreeMap::new());
    let visit = Visit { base, parameters: &parameters, variables: &none, cancel };
    pipewright_engine::test_connection(connection, visit)
}
