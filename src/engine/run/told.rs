//! What a run tells of answers besides their rows: each in a sentence. The rows are read back from what was written, since
//! they are there in the order in which the answer is read. What the sentence says is not for the engine to know.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::{Schema, TableRows, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{FileKind, NodeId, Plan, Read};
use serde::{Deserialize, Serialize};

use crate::cancel::Cancel;
use crate::read::read_stream;
use crate::table::ResultTable;
use crate::write::{Place, Target};

/// Rows of an answer that its sentence is made of, at most.
const MOST_ROWS: usize = 100_000;

/// Makes the sentence of an answer's rows.
pub type Headliner = Arc<dyn Fn(&dyn TableRows) -> ToldAnswer + Send + Sync>;

/// Those of a design, by Answer step.
#[derive(Clone, Default)]
pub struct Headliners(pub BTreeMap<String, Headliner>);

impl std::fmt::Debug for Headliners {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// An answer in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldAnswer {
    /// With its unit: `54.5 s`.
    pub number: String,
    /// What it counts or measures.
    pub what: String,
    /// The whole in words.
    pub sentence: String,
}

/// An answer of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerReport {
    pub step: String,
    pub title: String,
    #[serde(flatten)]
    pub told: ToldAnswer,
}

/// The answers among what was written. One whose rows cannot be read back, as those of folders, is left out.
pub(super) fn answers(
    plan: &Plan,
    targets: &BTreeMap<NodeId, Target>,
    rows: &BTreeMap<NodeId, u64>,
    headliners: &Headliners,
    cancel: &Cancel,
) -> Vec<AnswerReport> {
    let mut found: BTreeMap<String, AnswerReport> = BTreeMap::new();
    for (id, target) in targets {
        let Some((answer, headliner)) = answer_before(plan, *id, headliners) else { continue };
        let Place::File { aside, .. } = &target.place else { continue };
        if !target.partition.is_empty() || found.contains_key(&answer.step) {
            continue;
        }
        let total = rows.get(id).copied().unwrap_or_default();
        let Ok(rows) = read_rows(aside, target.kind, &target.schema, MOST_ROWS, cancel) else { continue };
        let table = FirstRows { rows, total: usize::try_from(total).unwrap_or(usize::MAX), schema: &target.schema };
        let report = AnswerReport { step: answer.step.clone(), title: answer.title.clone(), told: headliner(&table) };
        found.insert(answer.step.clone(), report);
    }
    found.into_values().collect()
}

/// The answer whose rows a sink writes: itself, or what stands right before it.
fn answer_before<'a>(
    plan: &'a Plan,
    sink: NodeId,
    headliners: &'a Headliners,
) -> Option<(&'a pipewright_core::ir::Origin, &'a Headliner)> {
    let mut at = sink;
    loop {
        let node = plan.node(at);
        if let Some(headliner) = headliners.0.get(&node.origin.step) {
            return Some((&node.origin, headliner));
        }
        match (&node.op, &node.inputs[..]) {
            (pipewright_core::ir::Op::Write(_), [before]) => at = *before,
            _ => return None,
        }
    }
}

/// The first rows of a file that a run wrote.
pub fn read_rows(
    path: &Path,
    kind: FileKind,
    schema: &Schema,
    most: usize,
    cancel: &Cancel,
) -> Result<Vec<Vec<Value>>, Diagnostic> {
    let format = match kind {
        FileKind::Csv => "csv",
        FileKind::Jsonl => "json_lines",
        FileKind::Parquet => "parquet",
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let read = Read {
        path: name.unwrap_or_default().to_owned(),
        format: FormatSpec::new(format),
        schema: schema.clone(),
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    let mut rows: Vec<Vec<Value>> = Vec::new();
    let mut take = |table: ResultTable| {
        let room = most - rows.len();
        rows.extend((0..table.rows().min(room)).map(|row| table.row(row)));
        if rows.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    read_stream(&read, path.parent().unwrap_or(Path::new("")), &mut take, &mut |_| (), cancel)?;
    Ok(rows)
}

/// The first rows of an answer, and how many there are.
pub struct FirstRows<'a> {
    pub rows: Vec<Vec<Value>>,
    pub total: usize,
    pub schema: &'a Schema,
}

impl TableRows for FirstRows<'_> {
    fn schema(&self) -> &Schema {
        self.schema
    }

    fn rows(&self) -> usize {
        self.total
    }

    fn value(&self, row: usize, column: usize) -> Value {
        self.rows.get(row).and_then(|row| row.get(column)).cloned().unwrap_or(Value::Null)
    }
}
