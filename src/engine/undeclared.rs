//! What the lines of a source hold besides its declared columns: where they are kept as they are, in a receipt or a
//! quarantine, what can only be secret by its name counts as if it were declared. Must not import targets.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use pipewright_core::data::{Classification, DataType, Labels, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::open_file;
use pipewright_core::ir::{Op, Plan, Read};
use pipewright_core::policy::{InForce, Sensitivities, Site, keys_in, plain};
use serde_json::Value as Json;

use crate::RunReport;
use crate::read::schema_as;

/// Finds what is secret in the lines of a source.
pub struct SecretKeys {
    declared: BTreeSet<String>,
    sensitivities: std::sync::Arc<Sensitivities>,
    /// A column that the files name, and so of all lines.
    of_all: Option<String>,
}

impl SecretKeys {
    /// What the source declares is what it says it is.
    pub fn of(schema: &Schema) -> SecretKeys {
        let mut declared = BTreeSet::new();
        names_of_schema(schema, &mut declared);
        SecretKeys { declared, sensitivities: Sensitivities::shipped(), of_all: None }
    }

    /// The same, with the columns that the files themselves name: those of a header, or of a pattern.
    pub fn of_source(read: &Read, files: &[PathBuf]) -> SecretKeys {
        let mut keys = SecretKeys::of(&read.schema);
        let mut names = BTreeSet::new();
        for file in files {
            names_of_schema(&schema_as(file, &read.format).unwrap_or_default(), &mut names);
        }
        let is_secret = |name: &String| keys.sensitivities.of_column(name) == Some(Classification::Secret);
        keys.of_all = names.into_iter().find(|name| !keys.declared.contains(name) && is_secret(name));
        keys
    }

    fn classify(&self, name: &str) -> Option<Classification> {
        if self.declared.contains(name) { None } else { self.sensitivities.of_name(name) }
    }

    /// The text of a unit as it may be written down: what names something secret is not kept.
    pub fn kept_text(&self, raw: String) -> String {
        match self.first_in(&raw) {
            Some(key) => format!("(not kept: it holds `{key}`, which is secret by its name)"),
            None => raw,
        }
    }

    /// The first key of a line whose value is secret by its name.
    pub fn first_in(&self, line: &str) -> Option<String> {
        let is_secret = |key: &&str| self.classify(key) == Some(Classification::Secret);
        let told = |key: &str| self.sensitivities.told(key).to_owned();
        self.of_all.clone().or_else(|| keys_in(&plain(line)).find(is_secret).map(told))
    }
}

/// Refuses what the pinned files of a source hold besides its columns and may not lie in a receipt.
pub fn check_files(read: &Read, title: &str, folder: &Path, policy: &InForce) -> Result<(), Diagnostic> {
    let (mut names, mut folders, mut files) = (BTreeSet::new(), vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let (inner, found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        folders.extend(inner);
        files.extend(found);
    }
    for file in files {
        if let Ok(schema) = schema_as(&file, &read.format) {
            names_of_schema(&schema, &mut names);
        }
        names_of_json(&file, &mut names);
        names_of_lines(&file, &mut names);
    }
    check_names(names, &read.schema, title, policy)
}

/// The same for keys that only a run over all lines has met.
pub fn check_run(plan: &Plan, report: &RunReport) -> Result<(), Diagnostic> {
    for (_, node) in plan.iter() {
        let Op::Read(read) = &node.op else { continue };
        let sources = report.sources.iter().filter(|source| source.step == node.origin.step);
        let names = sources.flat_map(|source| source.tally.unknown_keys.keys().cloned()).collect();
        check_names(names, &read.schema, &node.origin.title, &plan.policy)?;
    }
    Ok(())
}

fn check_names(names: BTreeSet<String>, schema: &Schema, title: &str, policy: &InForce) -> Result<(), Diagnostic> {
    let keys = SecretKeys::of(schema);
    let from = Labels::merged(schema.fields.iter().map(|field| &field.labels)).of_rows();
    for name in &names {
        let Some(classification) = keys.classify(name) else { continue };
        let labels = Labels { classification: Some(classification), ..from.clone() };
        if let Some(violation) = policy.violations(&labels, &Site::default()).into_iter().next() {
            let what =
                format!("`{}`, which the lines of “{title}” hold besides its columns,", keys.sensitivities.told(name));
            return Err(violation.diagnostic(&what, false, ""));
        }
    }
    Ok(())
}

fn names_of_schema(schema: &Schema, names: &mut BTreeSet<String>) {
    for field in &schema.fields {
        names.insert(field.name.clone());
        names_of_type(&field.data_type, names);
    }
}

fn names_of_type(data_type: &DataType, names: &mut BTreeSet<String>) {
    match data_type {
        DataType::List(items) => names_of_type(items, names),
        DataType::Record(fields) => {
            for (name, data_type) in fields {
                names.insert(name.clone());
                names_of_type(data_type, names);
            }
        }
        _ => {}
    }
}

/// The keys of a JSON document, or of lines that are JSON.
fn names_of_json(file: &Path, names: &mut BTreeSet<String>) {
    let Ok(opened) = open_file(file) else { return };
    let mut reader = BufReader::new(opened);
    let (mut line, mut is_tried) = (Vec::new(), false);
    while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        match serde_json::from_slice::<Json>(&line) {
            Ok(value) => names_of_value(&value, names),
            // A document goes on over lines; what is no JSON at all has no keys of it.
            Err(error) if error.is_eof() && !is_tried => {
                is_tried = true;
                if let Ok(Ok(document)) = open_file(file).map(BufReader::new).map(serde_json::from_reader::<_, Json>) {
                    return names_of_value(&document, names);
                }
            }
            Err(_) => {}
        }
        line.clear();
    }
}

/// The keys of lines that are of no form, or of one that is not looked at.
fn names_of_lines(file: &Path, names: &mut BTreeSet<String>) {
    let Ok(opened) = open_file(file) else { return };
    let mut reader = BufReader::new(opened);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        let text = String::from_utf8_lossy(&line);
        for key in keys_in(&plain(&text)) {
            if !names.contains(key) {
                names.insert(key.to_owned());
            }
        }
        line.clear();
    }
}

fn names_of_value(value: &Json, names: &mut BTreeSet<String>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| names_of_value(item, names)),
        Json::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                names_of_value(value, names);
            }
        }
        _ => {}
    }
}
