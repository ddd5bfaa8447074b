//! What differs between the rows inside a selection and the others, over the whole input. Must not import previews.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::plan::plan;
use pipewright_core::planner::findings::Finding;
use pipewright_core::planner::{Difference, Selection, compare, judge_differences};
use pipewright_core::project::{Edit, Place, Project};
use pipewright_engine::Cancel;

use crate::step_rows::rows_of_steps;

/// What goes with a selection of a step's rows, most surely first. Columns that define the selection are left out.
pub fn differences(
    project: &Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    step: &str,
    selection: &Selection,
    cancel: &Cancel,
) -> Result<Vec<Difference>, Diagnostic> {
    let comparison = compare(project, &plan(project), step, selection)?;
    let mut tried = project.clone();
    tried.apply(&comparison.edits)?;
    let steps = [comparison.watch.as_str(), comparison.totals.as_str()];
    let rows = rows_of_steps(&tried, &steps, base, parameters, cancel)?;
    Ok(match rows.as_slice() {
        [rows, totals] => judge_differences(rows, totals),
        _ => Vec::new(),
    })
}

/// What goes with the rows that a finding is about; empty where it is not about single rows.
pub fn differences_of_finding(
    project: &Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    finding: &Finding,
    cancel: &Cancel,
) -> Result<Vec<Difference>, Diagnostic> {
    let Some(condition) = &finding.selection else { return Ok(Vec::new()) };
    let mut tried = project.clone();
    let step = tried.new_id("src");
    let item = serde_json::json!({"id": step, "kind": "file", "title": "Rows", "settings": {"source": finding.source}});
    tried.apply(&[Edit::Insert { into: "steps".to_owned(), item, place: Place::Last }])?;
    let (among, left_out) = (finding.among.clone(), finding.outcome.clone());
    let selection = Selection::Among { condition: condition.clone(), among, left_out };
    differences(&tried, base, parameters, &step, &selection, cancel)
}
