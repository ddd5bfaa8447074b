//! JSON and YAML texts as one tree, and what readers need of them. Imports diagnostics only.

use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, json_fault};

/// Reads JSON where the text begins as such, else YAML; of several YAML documents the first that holds something.
pub fn read_document(text: &str) -> Result<Json, Diagnostic> {
    if text.trim_start().starts_with(['{', '[']) {
        let json = serde_json::from_str::<Json>(text);
        return json.map_err(|error| {
            json_fault("PW0825", "this is no JSON", text, &error).help("mend the text there, or give another file")
        });
    }
    let documents = serde_saphyr::from_multiple::<Json>(text).map_err(|error| {
        let fault = Diagnostic::error("PW0825", "this is neither YAML nor JSON, nor SQL that makes a table")
            .help("see whether indentation and quotes are right there, or give another file");
        match error.location().map(|place| place.line()).filter(|line| *line > 0) {
            Some(line) => fault.line(line),
            None => fault,
        }
    })?;
    let found = documents.into_iter().find(|document| document.is_object() || document.is_array());
    found.ok_or_else(|| {
        Diagnostic::error("PW0825", "the file holds a plain text, and declares nothing")
            .help("give a file of table definitions, a schema, or a data contract; a data file is a source by itself")
    })
}

/// The text of a key; empty where there is none.
pub fn text_at<'a>(json: &'a Json, key: &str) -> &'a str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

pub fn is_true(json: &Json, key: &str) -> bool {
    json.get(key).and_then(Json::as_bool).unwrap_or_default()
}

/// A warning at the first line that holds a text.
pub fn warning_at(text: &str, holds: &str, message: String, help: &str) -> Diagnostic {
    let warning = Diagnostic::warning("PW0826", message).help(help);
    match text.lines().position(|line| !holds.is_empty() && line.contains(holds)) {
        Some(line) => warning.line(line as u64 + 1),
        None => warning,
    }
}

/// What is told where a file's types refer to each other so often that they are not all written out.
pub fn too_many(most: usize) -> Diagnostic {
    let message = format!("the file declares more than {most} types, those that it refers to counted each time");
    Diagnostic::warning("PW0826", message)
        .help("types from there on are taken as of any kind; give a file of the tables that are needed")
}
