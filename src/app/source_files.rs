//! The files of sources: those that are there; one that takes the place of a planned source, with its columns and what
//! a sample of it shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pipewright_core::data::Value;
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::files::allow_place;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::interpolate;
use pipewright_core::model::Source;
use pipewright_core::planner::SourceEvidence;
use pipewright_core::project::{Edit, Project};
use pipewright_engine::{expand, internal};
use serde_json::json;

use crate::evidence::evidence_of;
use crate::resolve::resolve_sources;

/// The files that a project is made of: those of all sources, as far as their paths can be filled in and lead to any,
/// and the policy that it pins.
pub fn files_read_by(project: &Project, base: &Path, parameters: &BTreeMap<String, Value>) -> Vec<PathBuf> {
    let filled = project.sources.values().filter_map(|source| interpolate(&source.path, parameters).ok());
    let files = filled.filter_map(|path| expand(&path, base).ok()).flatten();
    files.chain(project.organisation_path().map(|path| base.join(path))).collect()
}

/// A file as a source, with its format (recognised where none is given) and columns, and what a sample of it shows.
/// `path` is relative to `base`, as sources' paths are.
pub fn real_source(
    path: &str,
    format: Option<&FormatSpec>,
    base: &Path,
) -> Result<(Source, SourceEvidence), Diagnostic> {
    // The user names it.
    allow_place(base, Path::new(path));
    let source = Source {
        id: "src-file".into(),
        title: path.rsplit('/').next().unwrap_or(path).to_owned(),
        path: path.to_owned(),
        format: format.cloned(),
        ..Source::default()
    };
    let mut alone = Project::new("file");
    alone.apply(&[Edit::Insert { into: "sources".into(), item: json!(source), place: Default::default() }])?;
    let (edits, faults) = resolve_sources(&alone, base);
    let at_file = |fault: Diagnostic| {
        let mut fault = Diagnostic { severity: Severity::Error, ..fault };
        (fault.location.id, fault.location.step) = (None, None);
        fault
    };
    if let Some(fault) = faults.into_iter().next() {
        return Err(at_file(fault));
    }
    alone.apply(&edits)?;
    let (evidence, faults) = evidence_of(&alone, base, &BTreeMap::new());
    if let Some(fault) = faults.into_iter().find(|fault| fault.severity != Severity::Hint) {
        return Err(at_file(fault));
    }
    let found = alone.sources.get("src-file").cloned().zip(evidence.into_iter().next());
    found.ok_or_else(|| internal("a source of a file", &path))
}
