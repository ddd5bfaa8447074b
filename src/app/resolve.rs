//! Sources whose format or schema nobody has looked up yet: sniffed, as edits for the project. Opens only files that
//! the project names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pipewright_core::data::Value;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::{is_trusted, may_read, variable};
use pipewright_core::generate::TRUTH;
use pipewright_core::ir::{self, interpolate, resolve_parameters, with_path_pieces};
use pipewright_core::model::Source;
use pipewright_core::project::{EXTENSION, Edit, Project};
use pipewright_engine::{expand, partitioned, schema_of_first, settle, sniff};
use serde_json::json;

/// Edits that fill in what is missing, and warnings for sources that cannot be read now. Parameters take their
/// defaults.
pub fn resolve_sources(project: &Project, base: &Path) -> (Vec<Edit>, Vec<Diagnostic>) {
    let (mut edits, mut diagnostics) = (Vec::new(), Vec::new());
    let parameters = path_parameters(project, base);
    for source in project.sources.values().filter(|source| source.planned.is_none() && !source.path.is_empty()) {
        if source.format.is_some() && source.schema.is_some() {
            continue;
        }
        let look = || -> Result<Vec<Edit>, Diagnostic> {
            let set = |field: &str, new| Edit::Set { id: source.id.clone(), field: field.to_owned(), old: None, new };
            let mut path = interpolate(&source.path, &parameters)?;
            // What a partitioned load wrote has columns in the names of its folders.
            let pieces = partitioned(&path, base).filter(|_| path == source.path && source.schema.is_none());
            let edits = pieces.iter().map(|path| set("path", json!(path))).collect::<Vec<_>>();
            path = pieces.unwrap_or(path);
            let files = expand(&path, base)?;
            let Some(file) = files.first() else { return Ok(Vec::new()) };
            let found = match &source.format {
                Some(given) => {
                    let mut spec = given.clone();
                    settle(file, &mut spec, None)?;
                    let schema = with_path_pieces(schema_of_first(&files, &spec)?, &path);
                    let mut found = vec![set("schema", json!(schema))];
                    if spec != *given {
                        found.push(set("format", json!(spec)));
                    }
                    found
                }
                None => {
                    let sniff = sniff(file)?;
                    let found = match files.len() {
                        1 => sniff.schema,
                        _ => schema_of_first(&files, &sniff.format)?,
                    };
                    let schema = source.schema.clone().unwrap_or_else(|| with_path_pieces(found, &path));
                    vec![set("format", json!(sniff.format)), set("schema", json!(schema))]
                }
            };
            Ok([edits, found].concat())
        };
        match look() {
            Ok(found) => edits.extend(found),
            Err(diagnostic) => {
                let message = format!("the source “{}”: {}", source.title, diagnostic.message);
                let mut fault = Diagnostic { message, ..diagnostic };
                fault.location.id = Some(source.id.clone());
                diagnostics.push(fault);
            }
        }
    }
    (edits, diagnostics)
}

/// The files of a folder that may hold sample data, in order: no hidden ones, no projects, not what a generator says of
/// its own data.
pub fn sample_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && !name.starts_with('.') && !name.ends_with(EXTENSION) && name != TRUTH {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Hints of sources whose files are not there now, with the parameters' defaults. What is looked up anyway
/// (`resolve_sources`) is left out.
pub fn missing_files(project: &Project, base: &Path) -> Vec<Diagnostic> {
    let parameters = path_parameters(project, base);
    let is_known = |source: &&Source| source.format.is_some() && source.schema.is_some();
    let read = project.sources.values().filter(|source| source.planned.is_none() && !source.path.is_empty());
    let faults = read.filter(is_known).filter_map(|source| {
        // A path that cannot be filled in yet is told by the plan or by the run.
        let path = interpolate(&source.path, &parameters).ok()?;
        let fault = expand(&path, base).err()?;
        let message = format!("the source “{}” cannot be read now: {}", source.title, fault.message);
        let mut hint = Diagnostic::hint("PW0907", message).help(fault.help.unwrap_or_default()).field("path");
        hint.location.id = Some(source.id.clone());
        Some(hint)
    });
    faults.collect()
}

/// Warnings of sources whose values leave open how they are read, as far as an option would settle it.
pub fn doubts(project: &Project, base: &Path) -> Vec<Diagnostic> {
    let parameters = path_parameters(project, base);
    project.sources.values().filter_map(|source| doubt_of(source, base, &parameters)).collect()
}

/// The same of one source. One that cannot be read is told elsewhere.
fn doubt_of(source: &Source, base: &Path, parameters: &BTreeMap<String, Value>) -> Option<Diagnostic> {
    let (Some(format), Some(schema)) = (&source.format, &source.schema) else { return None };
    if source.planned.is_some() || source.path.is_empty() {
        return None;
    }
    let path = interpolate(&source.path, parameters).ok()?;
    let first = expand(&path, base).ok()?.into_iter().next()?;
    let mut doubt = settle(&first, &mut format.clone(), Some(schema)).ok()?.doubt?;
    doubt.location.field = doubt.location.field.map(|option| format!("format.options.{option}"));
    Some(doubt.step(&source.id, &source.title))
}

/// What a project wants to read, and may not until it is trusted: paths outside of its folder, variables as `$NAME`,
/// addresses of connections.
pub fn out_of_reach(project: &Project, base: &Path) -> Vec<String> {
    if is_trusted(base) {
        return Vec::new();
    }
    let parameters = path_parameters(project, base);
    let paths = project.sources.values().filter(|source| source.planned.is_none() && !source.path.is_empty());
    let paths = paths.filter_map(|source| interpolate(&source.path, &parameters).ok());
    let mut wanted: Vec<String> = paths.filter(|path| !may_read(base, &base.join(path))).collect();
    let references = project.parameters.values().filter_map(|parameter| parameter.default.as_ref());
    wanted.extend(references.filter_map(ir::environment_reference).map(|name| format!("${name}")));
    for connection in project.connections.values() {
        wanted.push(connection.address.clone());
        let variables = connection.secrets.values().filter_map(|reference| reference.strip_prefix("env:"));
        wanted.extend(variables.map(|name| format!("${name}")));
    }
    wanted.sort();
    wanted.dedup();
    wanted
}

/// The parameters' defaults that may stand in paths: no secrets.
fn path_parameters(project: &Project, base: &Path) -> BTreeMap<String, Value> {
    without_secrets(project, &default_parameters(project, base))
}

/// Values that may stand in paths and be shown.
pub(crate) fn without_secrets(project: &Project, parameters: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let is_secret = |name: &String| {
        let mut named = project.parameters.values().filter(|parameter| parameter.name == *name);
        named.any(|parameter| ir::is_secret_default(parameter.default.as_ref()))
    };
    parameters.iter().filter(|(name, _)| !is_secret(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A variable of the environment that a parameter's default stands for (`env:NAME`), where the project at `base` may read
/// it; nothing for other names.
pub fn referred_variable(base: &Path, name: &str) -> Option<String> {
    variable(base, name.strip_prefix("env:")?)
}

/// The parameters' defaults; those without one, or whose variable is not set, are left out.
pub fn default_parameters(project: &Project, base: &Path) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for parameter in project.parameters.values().filter(|parameter| parameter.default.is_some()) {
        let alone = ir::Parameter {
            name: parameter.name.clone(),
            data_type: parameter.data_type.clone(),
            default: parameter.default.clone(),
            doc: String::new(),
        };
        values.extend(
            resolve_parameters(&[alone], &BTreeMap::new(), &|name| referred_variable(base, name)).unwrap_or_default(),
        );
    }
    values
}
