//! `pipewright import`: sources of what files declare.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pipewright_app::evidence::evidence_of;
use pipewright_app::resolve::default_parameters;
use pipewright_core::diagnostic::{Diagnostic, io_cause, near_file};
use pipewright_core::files;
use pipewright_core::import::{ImportKind, Imported, import_edits, read_declarations};
use pipewright_core::model::Source;
use pipewright_core::planner::drift;
use pipewright_core::project::{Project, save_file};
use serde_json::{Value as Json, json};

use super::args::{DeclarationKind, Form, ImportArgs};
use super::catalogue::{design_of, path_in_project};
use super::output::{counted, print_json, print_text, tell};
use super::project::folder_of;
use super::{Failure, Outcome, VerbResult};

impl From<DeclarationKind> for ImportKind {
    fn from(kind: DeclarationKind) -> Self {
        match kind {
            DeclarationKind::Ddl => ImportKind::Ddl,
            DeclarationKind::JsonSchema => ImportKind::JsonSchema,
            DeclarationKind::OpenApi => ImportKind::OpenApi,
            DeclarationKind::Avro => ImportKind::Avro,
            DeclarationKind::Dbt => ImportKind::Dbt,
            DeclarationKind::Odcs => ImportKind::Odcs,
        }
    }
}

/// A larger file declares nothing: it is data.
const LARGEST: u64 = 64 << 20;

/// The declarations of a file, whose faults name it.
pub fn declarations_of(path: &Path, kind: Option<DeclarationKind>) -> Result<Imported, Failure> {
    let shown = path.display().to_string();
    if fs::metadata(path).is_ok_and(|about| about.len() > LARGEST) {
        let message = format!("the file has more than {} MB: it is no declaration", LARGEST >> 20);
        let help = "give a file of table definitions, a schema, or a data contract; a data file is a source by itself";
        return Err(Diagnostic::error("PW0713", message).file(&shown).help(help).into());
    }
    let bytes = files::read_file(path).map_err(|error| {
        let help = near_file(path).unwrap_or_else(|| "give a file of declarations; check its rights".to_owned());
        let message = format!("the file cannot be read: {}", io_cause(&error));
        Failure {
            diagnostics: vec![Diagnostic::error("PW0713", message).file(&shown).help(help)],
            outcome: Outcome::Usage,
        }
    })?;
    let mut imported = read_declarations(&String::from_utf8_lossy(&bytes), kind.map(ImportKind::from))
        .map_err(|fault| fault.file(&shown))?;
    imported.warnings = imported.warnings.into_iter().map(|warning| warning.file(&shown)).collect();
    Ok(imported)
}

pub fn import(args: &ImportArgs) -> VerbResult {
    let mut design = design_of(&args.project)?;
    let mut told: Vec<Json> = Vec::new();
    let mut text = String::new();
    let mut touched: BTreeSet<String> = BTreeSet::new();
    for path in &args.files {
        let imported = declarations_of(path, args.kind)?;
        let file = path_in_project(&args.project, path)?;
        let before: BTreeSet<String> = design.sources.keys().cloned().collect();
        let (edits, gone) = import_edits(&design, &file, &imported);
        design.apply(&edits)?;
        tell(&imported.warnings);
        tell(&gone);
        let count = counted(imported.sources.len() as u64, "source");
        line!(text, "{}: {}, {count}", path.display(), imported.kind.title());
        let mut sources = Vec::new();
        for source in design.sources.values() {
            let is_from = |name: &str| imported.sources.iter().any(|declared| declared.name == name);
            let Some(one) = source.declaration.as_ref().filter(|one| one.file == file && is_from(&one.name)) else {
                continue;
            };
            let is_new = !before.contains(&source.id);
            let state = if is_new { "new" } else { "known" };
            let columns = counted(one.schema.len() as u64, "column");
            line!(text, "  {}  {} ({state}, {columns})", source.id, one.name);
            sources.push(json!({"source": source.id, "name": one.name, "new": is_new, "columns": one.schema.len()}));
            touched.insert(source.id.clone());
        }
        told.push(json!({
            "file": file, "kind": imported.kind.name(), "sources": sources, "warnings": imported.warnings, "gone": gone,
        }));
    }
    save_file(&args.project, &design)?;
    let differences = drift_of(&design, &touched, folder_of(&args.project));
    match args.format {
        Form::Json => print_json(&json!({"files": told, "drift": differences}))?,
        Form::Text => {
            text.extend(differences.iter().map(|difference| format!("{difference}\n")));
            print_text(&text)?;
        }
    }
    Ok(Outcome::Done)
}

/// Where data is at hand: how it differs from what is declared.
fn drift_of(design: &Project, sources: &BTreeSet<String>, base: &Path) -> Vec<Diagnostic> {
    let is_wanted = |id: &String, source: &Source| sources.contains(id) && source.planned.is_none();
    let part = design.variation(|part| part.sources.retain(|id, source| is_wanted(id, source)));
    let (evidence, unread) = evidence_of(&part, base, &default_parameters(design, base));
    tell(&unread);
    let found = evidence.iter().filter(|found| found.rows > 0);
    found.filter_map(|found| Some(drift(part.sources.get(&found.source)?, found))).flatten().collect()
}
