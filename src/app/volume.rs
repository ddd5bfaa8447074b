//! Volumes of a project: the sources' rates and what of a sample leaves each step.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::NodeId;
use pipewright_core::plan::plan;
use pipewright_core::planner::{Catalogue, SampledRows, Volume, rates, volumes};
use pipewright_core::project::Project;
use pipewright_engine::{Cancel, ResultTable, SAMPLE_ROWS, Sampling, preview_all};

/// So many rows tell how long a row is.
const MEASURED: usize = 500;

/// Rows and bytes per day of all sources, wires and sinks, and what was wrong on the way. `price`: of a gigabyte that is
/// kept.
pub fn volumes_of(
    project: &Project,
    catalogue: &Catalogue,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    price: Option<f64>,
) -> (Vec<Volume>, Vec<Diagnostic>) {
    volumes_until(project, catalogue, base, parameters, price, &Cancel::new())
}

/// The same for somebody who may not want to wait for it: cancelled, it tells of what it has looked at.
pub fn volumes_until(
    project: &Project,
    catalogue: &Catalogue,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    price: Option<f64>,
    cancel: &Cancel,
) -> (Vec<Volume>, Vec<Diagnostic>) {
    let rates = rates(project, catalogue);
    let mut diagnostics = Vec::new();
    for source in catalogue.sources.iter().filter(|source| !source.planned && !rates.contains_key(&source.source)) {
        let message = "its volume is not known: no column says when its rows happened, or all say the same";
        let help = "confirm which column is the time, or name one in the format";
        diagnostics.push(Diagnostic::warning("PW0917", message).help(help).step(&source.source, &source.title));
    }
    let plan = plan(project);
    let outputs: Vec<NodeId> = plan.steps.values().flat_map(|step| step.outputs.values().copied()).collect();
    let sampling = Sampling::Spread { rows: SAMPLE_ROWS };
    let (found, faults) = preview_all(&plan, &outputs, &sampling, base, parameters, cancel);
    diagnostics.extend(faults);
    let sampled = found
        .into_iter()
        .map(|(node, result)| (node, SampledRows { rows: result.rows, row_bytes: row_bytes(&result.table) }))
        .collect();
    (volumes(project, &plan, &rates, &sampled, price), diagnostics)
}

/// Bytes of a row as text, on average: its values with one separator each.
fn row_bytes(table: &ResultTable) -> f64 {
    column_bytes(table).iter().map(|(_, bytes)| bytes).sum()
}

/// Bytes of a value of each column as text, on average, each with a separator.
pub(crate) fn column_bytes(table: &ResultTable) -> Vec<(String, f64)> {
    let step = (table.rows() / MEASURED).max(1);
    let rows: Vec<Vec<Value>> = (0..table.rows()).step_by(step).take(MEASURED).map(|row| table.row(row)).collect();
    let length = |value: &Value| match value {
        Value::Null => 1,
        Value::String(text) => text.len() + 1,
        other => other.to_json().to_string().len() + 1,
    };
    let of_column = |(at, name): (usize, &str)| {
        let bytes: usize = rows.iter().filter_map(|row| row.get(at)).map(length).sum();
        (name.to_owned(), bytes as f64 / rows.len().max(1) as f64)
    };
    table.schema().names().enumerate().map(of_column).collect()
}
