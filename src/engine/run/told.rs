//! What a run tells of answers besides their rows: each in a sentence. The rows are read back from what was written, since
//! they are there in the order in which the answer is read. What the sentence says is not for the engine to know.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipewright_core::data::{Schema, TableRows, Value};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::expr::{eval, print};
use pipewright_core::files::{Publication, inside, read_file};
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{
    Connection, FileKind, LeftOut, Node, NodeId, Op, Origin, Plan, Read, Watch, answer_file_stem,
};
use serde::{Deserialize, Serialize};

use crate::cancel::Cancel;
use crate::places::{self, Visit};
use crate::read::read_stream;
use crate::table::ResultTable;
use crate::write::{Place, Target};

/// Rows of an answer that its sentence is made of, at most.
const MOST_ROWS: usize = 100_000;

/// Makes the sentence of an answer's rows, and of what they leave out.
pub type Headliner = Arc<dyn Fn(&dyn TableRows, &[LeftOut]) -> ToldAnswer + Send + Sync>;

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
    /// What it is watched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<WatchReport>,
}

/// What became of the condition that an answer is watched for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchReport {
    pub condition: String,
    pub is_met: bool,
    /// Rows of which it is true.
    pub rows: usize,
}

impl WatchReport {
    /// Looks at the rows of an answer.
    fn of(watch: &Watch, table: &FirstRows) -> WatchReport {
        let is_true = |row: usize| {
            let value = |name: &str| table.schema.index(name).map_or(Value::Null, |column| table.value(row, column));
            eval(&watch.condition, &value) == Value::Boolean(true)
        };
        let rows = (0..table.rows.len()).filter(|row| is_true(*row)).count();
        WatchReport { condition: print(&watch.condition), is_met: rows > 0, rows }
    }
}

/// The answers among what was written; `left_out`: of each of that, what its rows leave out. One whose rows cannot be read back, as those of folders, is left out.
pub(super) fn answers(
    plan: &Plan,
    targets: &BTreeMap<NodeId, Target>,
    rows: &BTreeMap<NodeId, u64>,
    left_out: &[&[LeftOut]],
    headliners: &Headliners,
    cancel: &Cancel,
) -> Result<Vec<AnswerReport>, Diagnostic> {
    let mut found: BTreeMap<String, AnswerReport> = BTreeMap::new();
    for ((id, target), left_out) in targets.iter().zip(left_out) {
        let Some(node) = answer_before(plan, *id, headliners) else { continue };
        let (answer, watch) = (&node.origin, watch_of(node));
        let aside = match (&target.place, watch) {
            (Place::File { aside, earlier: None, .. }, _) | (Place::Elsewhere { aside, .. }, Some(_)) => Some(aside),
            // What an earlier run wrote is there, too.
            (Place::File { aside, earlier: Some(earlier), .. }, _) => {
                Some(if aside.exists() { aside } else { earlier })
            }
            (Place::Elsewhere { .. } | Place::StandardOutput, _) => None,
        };
        let aside = aside.filter(|_| target.partition.is_empty());
        let Some(aside) = aside.filter(|_| !found.contains_key(&answer.step)) else {
            if watch.is_some() && !found.contains_key(&answer.step) {
                return Err(unwatched(answer));
            }
            continue;
        };
        let total = rows.get(id).copied().unwrap_or_default();
        let rows = match read_rows(aside, target.kind, &target.schema, MOST_ROWS, cancel) {
            Ok(rows) if watch.is_none() || rows.len() < MOST_ROWS => rows,
            Ok(_) | Err(_) if watch.is_some() => return Err(unwatched(answer)),
            Ok(_) | Err(_) => continue,
        };
        let table = FirstRows { rows, total: usize::try_from(total).unwrap_or(usize::MAX), schema: &target.schema };
        let told = headliners.0.get(&answer.step).map(|headliner| headliner(&table, left_out)).unwrap_or_default();
        let watch = watch.map(|watch| WatchReport::of(watch, &table));
        let report = AnswerReport { step: answer.step.clone(), title: answer.title.clone(), told, watch };
        found.insert(answer.step.clone(), report);
    }
    Ok(found.into_values().collect())
}

/// The answer whose rows a sink writes: itself, or what stands right before it.
fn answer_before<'a>(plan: &'a Plan, sink: NodeId, headliners: &Headliners) -> Option<&'a Node> {
    let mut at = sink;
    loop {
        let node = plan.node(at);
        if watch_of(node).is_some() || headliners.0.contains_key(&node.origin.step) {
            return Some(node);
        }
        match (&node.op, &node.inputs[..]) {
            (Op::Write(_), [before]) => at = *before,
            _ => return None,
        }
    }
}

fn watch_of(node: &Node) -> Option<&Watch> {
    if let Op::Write(write) = &node.op { write.watch.as_deref() } else { None }
}

/// A watched answer whose rows are nowhere that they can be looked at.
fn unwatched(answer: &Origin) -> Diagnostic {
    Diagnostic::error("PW0992", "the condition of this answer cannot be looked at where its rows go")
        .help(format!(
            "let a file that is no folder, or a table, be written of it, with less than {MOST_ROWS} rows; or take out \
             what it is watched for"
        ))
        .step(&*answer.step, &*answer.title)
}

/// What became of conditions, for the history of each answer.
#[derive(Debug, Default)]
pub(super) struct History(Vec<HistoryLine>);

#[derive(Debug)]
struct HistoryLine {
    origin: (String, String),
    place: PathBuf,
    aside: PathBuf,
    text: String,
}

impl History {
    /// A place beside the outputs for each; what cannot be added to is found before rows go anywhere.
    pub fn of(
        publisher: &mut Publication,
        out: &Path,
        started: &str,
        answers: &[AnswerReport],
    ) -> Result<Self, Diagnostic> {
        let mut lines = Vec::new();
        for answer in answers.iter().filter(|answer| answer.watch.is_some()) {
            let place = inside(out, &format!("{}.history.jsonl", answer_file_stem(&answer.step)))?;
            let mut line = serde_json::json!({ "at": started });
            let told = serde_json::to_value(answer).unwrap_or_default();
            if let (Some(line), serde_json::Value::Object(told)) = (line.as_object_mut(), told) {
                line.extend(told);
            }
            let (origin, text) = ((answer.step.clone(), answer.title.clone()), format!("{line}\n"));
            lines.push(HistoryLine { origin, aside: publisher.output(&place)?, place, text });
        }
        let history = Self(lines);
        history.write()?;
        Ok(history)
    }

    /// Adds to what is there now: from here on no other run adds anything there.
    pub fn claim(&self, publisher: &mut Publication) -> Result<(), Diagnostic> {
        self.0.iter().filter_map(|line| line.place.parent()).try_for_each(|folder| publisher.take_turn(folder))?;
        self.write()
    }

    fn write(&self) -> Result<(), Diagnostic> {
        self.0.iter().try_for_each(HistoryLine::write)
    }
}

impl HistoryLine {
    fn write(&self) -> Result<(), Diagnostic> {
        let failed = |error: std::io::Error| {
            self.told(format!("the history of an answer cannot be kept: {}", io_cause(&error)))
                .help("see whether the file may be read and written")
        };
        let mut text = if self.place.exists() { read_file(&self.place).map_err(failed)? } else { Vec::new() };
        if !is_history(&text) {
            return Err(self
                .told("what has the place of an answer's history is none".to_owned())
                .help("move the file away, or let the run write to another folder"));
        }
        // A copy may have lost the end of its last line.
        if text.last().is_some_and(|last| *last != b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(self.text.as_bytes());
        std::fs::write(&self.aside, text).map_err(failed)
    }

    fn told(&self, message: String) -> Diagnostic {
        Diagnostic::error("PW0992", message)
            .file(self.place.display().to_string())
            .step(&*self.origin.0, &*self.origin.1)
    }
}

/// Whether a text is a history, which may have just begun.
fn is_history(text: &[u8]) -> bool {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let entry = serde_json::from_slice::<serde_json::Value>(first).ok();
    text.trim_ascii().is_empty() || entry.is_some_and(|entry| entry["at"].is_string() && entry["step"].is_string())
}

/// The addresses that are told of conditions, by Answer step.
pub(super) fn tells(plan: &Plan) -> BTreeMap<String, Connection> {
    let told = plan.iter().filter_map(|(_, node)| Some((node.origin.step.clone(), watch_of(node)?.tells.clone()?)));
    told.collect()
}

/// Tells them of those that are met: in a sentence, without rows. Gives what went wrong; the outputs are in place.
pub(super) fn tell_of(
    tells: &BTreeMap<String, Connection>,
    answers: &[AnswerReport],
    (design, started): (&str, &str),
    visit: Visit,
) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for answer in answers {
        let (Some(watch), Some(connection)) = (&answer.watch, tells.get(&answer.step)) else { continue };
        if !watch.is_met {
            continue;
        }
        let body = serde_json::json!({
            "design": design, "at": started, "answer": answer.title, "sentence": answer.told.sentence,
            "condition": watch.condition, "rows": watch.rows,
        });
        let posted = places::post(connection, "", &body, visit);
        faults.extend(posted.err().map(|fault| fault.step(&*answer.step, &*answer.title)));
    }
    faults
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
