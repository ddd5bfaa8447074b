//! Row fate in a preview, all the way back: the lines of the sources that stand behind rows of a step. Reads the sample
//! again, with positions, and then those lines. Must not import run or export.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::{Classification, DataType, Value};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::expr::{Expr, Place, Scope, bind, check, coerce, eval, parse};
use pipewright_core::files::open_file;
use pipewright_core::formats::{Framing, Parser};
use pipewright_core::ir::{Node, NodeId, Op, Plan, Read, output_schema};
use serde::Serialize;

use crate::cancel::Cancel;
use crate::preview::{NodeResult, preview_all};
use crate::read::{expand, job_of};
use crate::sampling::Sampling;
use crate::table::ResultTable;
use crate::trace::{cell, rows_behind};
use crate::undeclared::SecretKeys;

/// Rows of a step that are traced at most; so many lines are listed of each source, too.
const ROWS: usize = 100;
/// Bytes of a line, or of an event of several, that are shown.
const TEXT_LIMIT: usize = 64 << 10;
/// Lines of an event that are tried, to find its end.
const EVENT_LINES: usize = 200;
/// Bytes of a compressed file that are passed to come to a line.
const PASSED_LIMIT: u64 = 1 << 30;

/// Which rows of a step are traced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The first ones.
    First,
    /// By place, from 0.
    Row(usize),
    /// Those of the sample that fulfil a condition.
    Where(String),
}

/// A line of a source, or an event of several lines, that stands behind a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// Title of the step that reads it.
    pub source: String,
    /// Id of that step, and the row that it makes of the line, from 0.
    #[serde(skip)]
    pub step: String,
    #[serde(skip)]
    pub row: usize,
    /// As quarantine shows it.
    pub file: String,
    /// From 1; `None`: not known, as in a sample from the middle of a large file.
    pub line: Option<u64>,
    /// Bytes from the start of the (decompressed) file.
    pub offset: u64,
    /// `None`: it is not shown; `why` tells the reason.
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What stands behind rows of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Behind {
    pub lines: Vec<SourceLine>,
    /// Rows that were traced.
    pub rows: u64,
    /// Rows that were asked for, of which these are the first.
    pub of: u64,
    /// More rows of steps before stand behind them than were followed.
    pub is_cut: bool,
    /// The rows are those of the whole input, not of a sample.
    pub whole: bool,
    /// Rows that come from no line, in words.
    pub notes: Vec<String>,
}

/// The lines of sources behind rows of a node, as a preview with this sampling knows them.
///
/// # Errors
/// What went wrong on the way to the rows; a condition that is none.
pub fn lines_behind(
    plan: &Plan,
    node: NodeId,
    which: &Which,
    sampling: &Sampling,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<Behind, Diagnostic> {
    let watch = before(plan, node);
    let (found, faults) = preview_all(plan, &watch, sampling, base, parameters, cancel);
    let Some(last) = found.get(&node) else {
        let fault = faults.into_iter().next();
        return Err(fault.unwrap_or_else(|| Diagnostic::error("PW0709", "the step gives no rows")));
    };
    let mut behind = Behind { whole: last.whole, ..Behind::default() };
    let rows = match which {
        Which::Row(row) => (*row < last.table.rows()).then_some(*row).into_iter().collect(),
        Which::First => (0..last.table.rows()).collect(),
        Which::Where(condition) => {
            let condition = bind(&checked(plan, plan.node(node), condition)?, parameters);
            let fulfils = |row: &usize| eval(&condition, &|name| cell(&last.table, *row, name)) == Value::Boolean(true);
            (0..last.table.rows()).filter(fulfils).collect::<Vec<usize>>()
        }
    };
    behind.of = rows.len() as u64;
    let rows: Vec<usize> = rows.into_iter().take(ROWS).collect();
    behind.rows = rows.len() as u64;
    let mut wanted: BTreeMap<NodeId, BTreeSet<usize>> = BTreeMap::from([(node, rows.into_iter().collect())]);
    // Each node stands after its inputs, so that those that come later are done first.
    while let Some((id, rows)) = wanted.pop_last() {
        if cancel.is_cancelled() {
            break;
        }
        let rows: Vec<usize> = rows.into_iter().collect();
        let (now, Some(result)) = (plan.node(id), found.get(&id)) else { continue };
        if let Op::Read(read) = &now.op
            && read.planned.is_none()
        {
            let source = Source { plan, id, read, result, sampling, base, parameters, cancel };
            behind.lines.extend(source.lines(&rows)?);
            continue;
        }
        if now.inputs.is_empty() {
            let what = if matches!(now.op, Op::Rows(_)) { "written in the design" } else { "made up" };
            behind.notes.push(format!("{} of “{}”: {what}", counted(rows.len()), now.origin.title));
            continue;
        }
        let tables = now.inputs.iter().map(|input| found.get(input).map(|input| input.table.clone()));
        let Some(tables) = tables.collect::<Option<Vec<Arc<ResultTable>>>>() else { continue };
        let inputs = rows_behind(now, &tables, &result.table, &rows, parameters);
        for (input, rows) in now.inputs.iter().zip(inputs) {
            let known = wanted.entry(*input).or_default();
            known.extend(rows);
            while known.len() > ROWS {
                known.pop_last();
                behind.is_cut = true;
            }
        }
    }
    Ok(behind)
}

fn counted(rows: usize) -> String {
    if rows == 1 { "a row".to_owned() } else { format!("{rows} rows") }
}

/// A node and all that stand before it.
fn before(plan: &Plan, node: NodeId) -> Vec<NodeId> {
    let mut found = BTreeSet::new();
    let mut open = vec![node];
    while let Some(id) = open.pop() {
        if (id.0 as usize) < plan.nodes.len() && found.insert(id) {
            open.extend(&plan.node(id).inputs);
        }
    }
    found.into_iter().collect()
}

/// A condition on the rows of a node.
fn checked(plan: &Plan, node: &Node, condition: &str) -> Result<Expr, Diagnostic> {
    let parsed = parse(condition)?;
    let parameters = plan.parameter_types();
    let scope = Scope { schema: &node.schema, parameters: &parameters, place: Place::Row };
    match check(&parsed, &scope).map_err(|mut faults| faults.swap_remove(0))? {
        DataType::Boolean => Ok(coerce(&parsed, &scope)),
        other => {
            Err(Diagnostic::error("PW0395", format!("`{condition}` is {other}, but a condition is true or false"))
                .help("compare it with something, as in `status >= 500`"))
        }
    }
}

/// A source whose lines are wanted.
struct Source<'a> {
    plan: &'a Plan,
    id: NodeId,
    read: &'a Read,
    result: &'a NodeResult,
    sampling: &'a Sampling,
    base: &'a Path,
    parameters: &'a BTreeMap<String, Value>,
    cancel: &'a Cancel,
}

/// Where a row's line lies.
struct Origin {
    row: usize,
    file: String,
    line: i64,
    offset: u64,
}

impl Source<'_> {
    fn lines(&self, rows: &[usize]) -> Result<Vec<SourceLine>, Diagnostic> {
        let node = self.plan.node(self.id);
        let places = self.places(node, rows)?;
        let path = pipewright_core::ir::interpolate(&self.read.path, self.parameters)?;
        let read = Read { path, ..self.read.clone() };
        let files = expand(&read.path, self.base)?;
        let secret = self.secret_column();
        let keys = SecretKeys::of_source(&read, &files);
        let job = job_of(&read, self.base, self.cancel)?;
        let mut by_file: BTreeMap<&str, Vec<&Origin>> = BTreeMap::new();
        for place in &places {
            by_file.entry(&place.file).or_default().push(place);
        }
        let mut lines = Vec::new();
        for index in 0..job.files.len() {
            let (file, opened) = job.prepare(index)?;
            let Some(mut places) = by_file.remove(file.name.as_str()) else { continue };
            places.sort_by_key(|place| place.offset);
            places.dedup_by_key(|place| place.offset);
            let plain = opened.is_plain().then_some(file.path.as_path());
            let mut window = Window { plain, start: opened.offset, bytes: Vec::new(), reader: opened.reader };
            for place in places {
                let text = match &secret {
                    _ if file.parser.framing() == Framing::Native => Err("the file is not made of lines".to_owned()),
                    Some(column) => Err(format!("the source holds `{column}`, which is secret")),
                    None => window.at(place.offset).map_err(|error| io_cause(&error)).and_then(|bytes| {
                        let text = event_of(bytes, &*file.parser);
                        match keys.first_in(&text) {
                            Some(key) => Err(format!("it may hold `{key}`, which is secret by its name")),
                            None => Ok(text),
                        }
                    }),
                };
                let why = text.as_ref().err().cloned();
                lines.push(SourceLine {
                    source: node.origin.title.clone(),
                    step: node.origin.step.clone(),
                    row: place.row,
                    file: place.file.clone(),
                    line: u64::try_from(place.line).ok().filter(|line| *line > 0),
                    offset: place.offset,
                    text: text.ok(),
                    why,
                });
            }
        }
        Ok(lines)
    }

    /// The first column that whoever declared the source calls secret.
    fn secret_column(&self) -> Option<String> {
        let is_secret =
            |field: &&pipewright_core::data::Field| field.labels.classification == Some(Classification::Secret);
        self.read.schema.fields.iter().find(is_secret).map(|field| field.name.clone())
    }

    /// Reads the same sample again, with positions.
    fn places(&self, node: &Node, rows: &[usize]) -> Result<Vec<Origin>, Diagnostic> {
        let op = Op::Read(Read { position: true, columns: Some(Vec::new()), ..self.read.clone() });
        let schema = output_schema(&op, &[], &self.plan.parameter_types())?;
        let mut plan = self.plan.clone();
        plan.nodes.truncate(self.id.0 as usize + 1);
        plan.nodes[self.id.0 as usize] = Arc::new(Node { op, schema, ..node.clone() });
        let (mut found, faults) =
            preview_all(&plan, &[self.id], self.sampling, self.base, self.parameters, self.cancel);
        let Some(again) = found.remove(&self.id) else {
            let fault = faults.into_iter().next();
            return Err(fault.unwrap_or_else(|| Diagnostic::error("PW0709", "the source gives no rows")));
        };
        if again.rows != self.result.rows {
            let told = Diagnostic::error("PW0396", "the files were changed while their lines were looked for");
            return Err(told.help("ask again").step(&*node.origin.step, &*node.origin.title));
        }
        let place = |row: &usize| {
            let number = |name: &str| match cell(&again.table, *row, name) {
                Value::Int(number) => number,
                _ => 0,
            };
            let Value::String(file) = cell(&again.table, *row, "_file") else { return None };
            Some(Origin {
                row: *row,
                file: file.to_string(),
                line: number("_line"),
                offset: number("_offset").unsigned_abs(),
            })
        };
        Ok(rows.iter().filter_map(place).collect())
    }
}

/// A piece of a file that moves forward.
struct Window<'a> {
    /// The file, where offsets in it are those of its text.
    plain: Option<&'a Path>,
    /// Where `bytes` begin.
    start: u64,
    bytes: Vec<u8>,
    /// What follows `bytes`.
    reader: Box<dyn io::Read + Send>,
}

impl Window<'_> {
    /// What begins at an offset; offsets only grow.
    fn at(&mut self, offset: u64) -> io::Result<&[u8]> {
        if let Some(path) = self.plain {
            let mut file = open_file(path)?;
            file.seek(SeekFrom::Start(offset))?;
            self.bytes.clear();
            file.take(TEXT_LIMIT as u64).read_to_end(&mut self.bytes)?;
            return Ok(&self.bytes);
        }
        let known = self.bytes.len() as u64;
        let passed = offset.saturating_sub(self.start);
        if passed > known + PASSED_LIMIT {
            return Err(io::Error::other("it lies too far inside of a compressed file"));
        }
        self.bytes.drain(..passed.min(known) as usize);
        io::copy(&mut self.reader.by_ref().take(passed.saturating_sub(known)), &mut io::sink())?;
        self.start = offset;
        let wanted = TEXT_LIMIT.saturating_sub(self.bytes.len());
        self.reader.by_ref().take(wanted as u64).read_to_end(&mut self.bytes)?;
        Ok(&self.bytes)
    }
}

/// Where the JSON value ends that bytes begin with; `None` where they begin with none.
fn json_end(bytes: &[u8]) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// The event that bytes begin with: by the format's own borders where it has any, else the line.
fn event_of(bytes: &[u8], parser: &dyn Parser) -> String {
    let line = || memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
    let end = match parser.framing() {
        Framing::Cut => {
            let ends = memchr::memchr_iter(b'\n', bytes).take(EVENT_LINES).map(|end| parser.cut(&bytes[..=end]));
            ends.into_iter().find(|end| *end > 0).unwrap_or(bytes.len())
        }
        // Records of a JSON document.
        Framing::Whole | Framing::Native => json_end(bytes).unwrap_or_else(line),
    };
    String::from_utf8_lossy(&bytes[..end]).trim_end_matches(['\r', '\n']).to_owned()
}
