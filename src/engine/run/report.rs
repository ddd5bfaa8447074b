//! The run report: what was read, what became of every row, what was written.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::OPEN_ROWS;
use pipewright_core::formats::{Changes, Tally, repeated_headers};
use pipewright_core::ir::{Check, Fate, LeftOut, Matches, NodeId, OnFail, Op, Parse, Plan, SideMatches};
use serde::{Deserialize, Serialize};

use super::flow::Count;
use super::told::AnswerReport;
use crate::ops::{Alone, named_keys};

/// What a run did. JSON in the file that `--report` names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// ISO 8601, UTC.
    pub started_at: String,
    pub seconds: f64,
    /// Of the whole process, so far; 0 where the system does not tell.
    pub peak_memory_bytes: u64,
    /// What the run kept to; what blocks put aside on disk what outgrew its share of it.
    #[serde(default)]
    pub memory_budget_bytes: u64,
    /// Bytes that were put aside on disk, again and again where rows had to be divided again.
    #[serde(default)]
    pub spilled_bytes: u64,
    /// Steps that give no row before they have seen all of an input.
    #[serde(default)]
    pub blocking: Vec<BlockingStep>,
    /// Nothing was read or written: only checked.
    pub dry_run: bool,
    /// Of a dry run: the values that parameters take, but for secrets; spans in microseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, serde_json::Value>,
    pub sources: Vec<SourceReport>,
    /// What connections told while rows were taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Diagnostic>,
    pub steps: Vec<StepReport>,
    pub sinks: Vec<SinkReport>,
    /// Answers that were written, each in a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerReport>,
    /// Addresses that were to be told of a condition, and could not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Diagnostic>,
    pub bytes_read: u64,
    pub rows_read: u64,
    pub rows_written: u64,
    /// Units and rows that were turned away.
    pub quarantined: u64,
    /// Of the units that were read, 0 to 1.
    pub quarantined_share: f64,
    /// The share that the run allows, of each source and of all.
    #[serde(default)]
    pub max_quarantined: f64,
    /// More was turned away than the run allows (exit code 3).
    pub over_threshold: bool,
    /// Where the rows that were turned away lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_file: Option<String>,
    /// Files that stood where outputs are now, and that no run had written, or that cannot be removed: they were kept
    /// under these names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

/// A source with its files and what became of their units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    pub step: String,
    pub title: String,
    pub format: String,
    pub files: Vec<FileReport>,
    /// Files of which nothing is new; `None`: all are read whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged_files: Option<usize>,
    pub tally: Tally,
    /// Columns of the design that the first file does not have: null in every row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_columns: Vec<String>,
    /// Folders that the source's path leads through and that could not be looked into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<Diagnostic>,
}

/// A file's identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    pub path: String,
    pub bytes: u64,
    /// ISO 8601, UTC.
    pub modified: Option<String>,
    /// What its place tells it apart from others by, where that is more than its name: an object's ETag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Columns that its path gives.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, String>,
    /// Bytes at its beginning that are not read: the piece of the log before it holds them as well.
    #[serde(default, skip_serializing_if = "is_none")]
    pub skipped: u64,
    /// Bytes of its text that earlier runs have read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub read_before: u64,
}

/// Row accounting of one operation. Its equation: rows in = rows out + dropped + quarantined, for those that keep or
/// drop rows; operations that make new rows (aggregates, joins, explodes) only state both numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    pub step: String,
    pub title: String,
    pub op: String,
    /// Per input.
    pub rows_in: Vec<u64>,
    pub rows_out: u64,
    /// Left out on purpose: filtered, duplicates, beyond a limit.
    pub dropped: u64,
    /// Turned away.
    pub quarantined: u64,
    /// Bytes put aside on disk, where the rows that it gathers outgrew their share of the memory.
    #[serde(default)]
    pub spilled_bytes: u64,
    /// Texts that became null because they would have been longer than a million characters.
    #[serde(default, skip_serializing_if = "is_none")]
    pub lost_texts: u64,
    /// Values of rows that went on which are not as they were.
    #[serde(flatten)]
    pub changes: Changes,
    /// Of a join: how the rows of its sides found partners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Matches>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A step that blocks, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockingStep {
    pub step: String,
    pub title: String,
    pub op: String,
    /// What it waits for.
    pub needs: String,
}

/// What a sink wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SinkReport {
    pub step: String,
    pub title: String,
    /// A file, a folder, or `standard output`.
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub schema: Schema,
    /// It was only to be made where there was none.
    #[serde(skip)]
    pub only_new: bool,
    /// Of rows that are sent over HTTP: those that arrived, also of earlier runs.
    #[serde(default, skip_serializing_if = "is_none")]
    pub delivered: u64,
    /// Those that the server refused for good.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refused: u64,
    /// Of these: those that it did not name, which are in no quarantine.
    #[serde(default, skip_serializing_if = "is_none")]
    pub lost: u64,
    /// Those that are kept, and sent by the next run.
    #[serde(default, skip_serializing_if = "is_none")]
    pub undelivered: u64,
    /// What the rows leave out, from the sources on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

impl RunReport {
    /// What whoever reads the results has to know of them: columns that a file does not have, values that became null,
    /// sources of which too little could be read. The same in every summary.
    pub fn remarks(&self) -> Vec<Diagnostic> {
        let mut remarks = self.told.clone();
        remarks.extend(self.sources.iter().flat_map(SourceReport::remarks));
        remarks.extend(self.steps.iter().flat_map(StepReport::remarks));
        if !self.over_threshold {
            return remarks;
        }
        let help = match &self.quarantine_file {
            Some(file) => format!("see why in {file}"),
            None => "--quarantine DIR keeps them with their reasons".to_owned(),
        };
        let over = format!("in quarantine, more than the share {} that --max-quarantined allows", self.max_quarantined);
        let sources = self.sources.iter().filter(|source| source.tally.quarantined_share() > self.max_quarantined);
        let before = remarks.len();
        remarks.extend(sources.map(|source| {
            let Tally { accepted, quarantined, .. } = source.tally;
            let message = format!("{quarantined} of {} units {over}", accepted + quarantined);
            Diagnostic::warning("PW0723", message).help(&help).step(&source.step, &source.title)
        }));
        if remarks.len() == before {
            let message = format!("{} units of all sources and steps {over}", self.quarantined);
            remarks.push(Diagnostic::warning("PW0723", message).help(help));
        }
        remarks
    }
}

impl StepReport {
    fn remarks(&self) -> Vec<Diagnostic> {
        let texts = if self.lost_texts == 1 { "a text".to_owned() } else { format!("{} texts", self.lost_texts) };
        let help =
            "let `repeat`, `replace`, `regexp_replace`, `pad_start`, `pad_end` and `list_join` make shorter texts";
        let told = || Diagnostic::warning("PW0393", format!("{texts} would be longer than a million characters: null"));
        let mut remarks: Vec<Diagnostic> = (self.lost_texts > 0).then(|| told().help(help)).into_iter().collect();
        remarks.extend(changed_in_step(&self.changes));
        remarks.extend(self.matches.iter().flat_map(|matches| unmatched_in_step(matches, &Alone::default())));
        let pairs = self.matches.iter().find_map(|matches| matches.told_pairs(self.rows_out));
        let help = "use Lookup where each row is to find one, or remove duplicates of the keys before";
        remarks.extend(pairs.map(|told| Diagnostic::hint("PW1083", told).help(help)));
        remarks.into_iter().map(|remark| remark.step(&self.step, &self.title)).collect()
    }
}

/// What became of values in a step, as a warning; `None` where each is as it was.
pub(crate) fn changed_in_step(changes: &Changes) -> Option<Diagnostic> {
    let help = match changes.beyond.is_empty() {
        true => {
            "let the step send such rows to quarantine, or give the column another type; what is cut away can be kept in a column of its own"
        }
        false => {
            "cast to Float what is too large for an Int; where there is to be no result, say so with `nullif` or `case`, or give another with `coalesce`"
        }
    };
    Some(Diagnostic::warning("PW0731", changes.told()?).help(help))
}

/// Rows of a join's sides that found no partner, as hints. `alone`: the keys of some of them, by side, where they are
/// known.
pub(crate) fn unmatched_in_step(matches: &Matches, alone: &Alone) -> Vec<Diagnostic> {
    let (left, right) = (&matches.left, &matches.right);
    let sides = [(left, right, &alone[0]), (right, left, &alone[1])].into_iter();
    let hint = |(side, other, keys): (&SideMatches, &SideMatches, &Vec<(String, u64)>)| {
        let which = match keys.is_empty() {
            true => "see in the preview of the join which keys these are".to_owned(),
            false => format!("the most frequent keys are {}", named_keys(keys)),
        };
        let help = format!("{which}; where they are meant to match, clean the keys before");
        Some(Diagnostic::hint("PW1080", side.told(&other.of)?).help(help))
    };
    sides.filter_map(hint).collect()
}

/// What became of values of a source, as a warning; `None` where each is as it was.
pub(crate) fn changed_in_source(tally: &Tally) -> Option<Diagnostic> {
    let help = match tally.changes.repeated.is_empty() {
        true => "give the column another type in the source, or String, which keeps every value as it stands",
        false => {
            "let what writes the source give each name once a row; a column of type String keeps a value as it stands"
        }
    };
    Some(Diagnostic::warning("PW0731", tally.changed_values()?).help(help))
}

/// Columns that some files of a source lack, as a warning; `known` are told otherwise.
pub(crate) fn lacking_in_source(tally: &Tally, known: &[String]) -> Option<Diagnostic> {
    let missing = tally.missing.iter().filter(|(name, _)| !known.contains(name));
    let tally = Tally { missing: missing.map(|(name, rows)| (name.clone(), *rows)).collect(), ..Tally::default() };
    let help = "give the source files that have it, or look at the source again in the designer";
    Some(Diagnostic::warning("PW0725", tally.lacking()?).help(help))
}

/// What a source has that its columns do not, as a hint; `None` where there is none.
pub(crate) fn left_out_of_source(tally: &Tally) -> Option<Diagnostic> {
    let help = "look at the source again in the designer to take them in, or leave them";
    Some(Diagnostic::hint("PW0835", tally.left_out()?).help(help))
}

/// Times of a source whose year is a guess, as a hint; `None` where there is none.
fn guessed_in_source(tally: &Tally) -> Option<Diagnostic> {
    let help = "see whether the years are right; the option `year` of the format sets another";
    Some(Diagnostic::hint("PW1104", tally.guessed()?).help(help))
}

impl SourceReport {
    fn remarks(&self) -> Vec<Diagnostic> {
        let mut remarks = self.closed.clone();
        if !self.missing_columns.is_empty() {
            let names: Vec<String> = self.missing_columns.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("the file has no column {}: null in every row", names.join(", "));
            let help = "give the right file, or look at the source again in the designer: its columns have changed";
            let file = self.files.first().map_or("", |file| file.path.as_str());
            remarks.push(Diagnostic::warning("PW0725", message).help(help).file(file));
        }
        remarks.extend(lacking_in_source(&self.tally, &self.missing_columns));
        remarks.extend(changed_in_source(&self.tally));
        remarks.extend(left_out_of_source(&self.tally));
        remarks.extend(guessed_in_source(&self.tally));
        remarks.extend(repeated_headers(&self.tally));
        remarks.into_iter().map(|remark| remark.step(&self.step, &self.title)).collect()
    }
}

/// Steps that block, in the plan's order.
pub(super) fn blocking_steps(plan: &Plan) -> Vec<BlockingStep> {
    let steps = plan.blocking().into_iter().map(|(node, needs)| BlockingStep {
        step: node.origin.step.clone(),
        title: node.origin.title.clone(),
        op: node.op.name().to_owned(),
        needs: needs.text().to_owned(),
    });
    steps.collect()
}

/// What is kept of buckets of time that are open is no output: it is told, and read again by the next run.
pub(super) fn tell_open_rows(report: &mut RunReport) {
    let is_open = |path: &str| {
        let name = Path::new(path).file_name();
        name.is_some_and(|name| name.to_string_lossy().starts_with(OPEN_ROWS))
    };
    let is_kept =
        |source: &SourceReport| !source.files.is_empty() && source.files.iter().all(|file| is_open(&file.path));
    let (kept, sources): (Vec<SourceReport>, _) = std::mem::take(&mut report.sources).into_iter().partition(is_kept);
    report.sources = sources;
    for source in kept {
        report.rows_read -= source.tally.rows;
        let bytes = source.files.iter().map(|file| file.bytes).sum();
        report.bytes_read = report.bytes_read.saturating_sub(bytes);
    }
    let (open, outputs): (Vec<SinkReport>, _) =
        std::mem::take(&mut report.sinks).into_iter().partition(|sink| is_open(&sink.path));
    report.sinks = outputs;
    for sink in open {
        report.rows_written -= sink.rows;
        let message = format!("rows of buckets of time that are open: {}", sink.rows);
        let hint = Diagnostic::hint("PW1170", message).step(sink.step, sink.title);
        let help = "a run makes them when a row has come behind the bucket's end, and behind what rows may be late";
        report.told.extend((sink.rows > 0).then(|| hint.help(help)));
    }
}

/// Row accounting of all operations, in the plan's order.
pub(super) fn step_reports(
    plan: &Plan,
    counts: &BTreeMap<NodeId, Count>,
    spilled: &BTreeMap<NodeId, u64>,
    matches: &BTreeMap<NodeId, Matches>,
) -> Vec<StepReport> {
    let reports = plan.iter().filter_map(|(id, _)| {
        let report = step_report(plan, id, counts.get(&id)?, matches.get(&id).cloned());
        Some(StepReport { spilled_bytes: spilled.get(&id).copied().unwrap_or(0), ..report })
    });
    reports.collect()
}

/// Row accounting of one operation.
pub(crate) fn step_report(plan: &Plan, id: NodeId, count: &Count, matches: Option<Matches>) -> StepReport {
    let node = plan.node(id);
    let (dropped, quarantined) = left_out(&node.op, count);
    StepReport {
        step: node.origin.step.clone(),
        title: node.origin.title.clone(),
        op: node.op.name().to_owned(),
        rows_in: count.ins.iter().copied().take(node.inputs.len()).collect(),
        rows_out: count.out,
        dropped,
        quarantined,
        spilled_bytes: 0,
        lost_texts: count.lost,
        changes: count.changes.clone(),
        matches,
    }
}

/// What was counted at a node, for the list of what is left out.
pub(super) fn fate(
    id: NodeId,
    counts: &BTreeMap<NodeId, Count>,
    tallies: &BTreeMap<NodeId, Tally>,
    matches: &BTreeMap<NodeId, Matches>,
) -> Option<Fate> {
    let count = counts.get(&id)?;
    let tally = tallies.get(&id);
    Some(Fate {
        rows_in: count.ins.iter().sum(),
        rows_out: count.out,
        unread: tally.map_or(0, |tally| tally.quarantined),
        stopped: tally.is_some_and(|tally| tally.stopped),
        changes: tally.map_or_else(|| count.changes.clone(), |tally| tally.changes.clone()),
        lacking: tally.map(|tally| tally.missing.clone()).unwrap_or_default(),
        matches: matches.get(&id).cloned(),
        nulls: count.nulls.clone(),
    })
}

/// Rows of an operation that were left out on purpose, and that were turned away.
fn left_out(op: &Op, count: &Count) -> (u64, u64) {
    let lost = count.ins.iter().sum::<u64>().saturating_sub(count.out);
    match op {
        Op::Filter { .. } | Op::Limit(_) | Op::Distinct(_) => (lost, 0),
        Op::Check(Check { on_fail, .. }) | Op::Parse(Parse { on_fail, .. }) => match on_fail {
            OnFail::Reject => (0, lost),
            OnFail::Flag(_) | OnFail::Stop => (0, 0),
        },
        Op::Read(_)
        | Op::Rows(_)
        | Op::Project(_)
        | Op::Aggregate(_)
        | Op::Window(_)
        | Op::Join(_)
        | Op::AsofJoin(_)
        | Op::Union
        | Op::Sort(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => (0, 0),
    }
}

/// Units and rows that were turned away, for the share of them: of each source those of the way through the flow that
/// turns away the most. A line that several branches turn away is one line.
pub(super) fn turned_away(plan: &Plan, counts: &BTreeMap<NodeId, Count>, tallies: &BTreeMap<NodeId, Tally>) -> u64 {
    // By node: the root of its leading input, and what is turned away from there to here.
    let mut ways: BTreeMap<NodeId, (NodeId, u64)> = BTreeMap::new();
    let mut most: BTreeMap<NodeId, u64> = BTreeMap::new();
    for (id, node) in plan.iter() {
        let (root, before) = node.inputs.first().and_then(|input| ways.get(input).copied()).unwrap_or((id, 0));
        let own = tallies.get(&id).map_or(0, |tally| tally.quarantined);
        let rows = counts.get(&id).map_or(0, |count| left_out(&node.op, count).1);
        ways.insert(id, (root, before + own + rows));
        let all = most.entry(root).or_default();
        *all = (*all).max(before + own + rows);
    }
    most.values().sum()
}

/// Peak memory of this process in bytes; 0 where it cannot be had.
pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.map_or(0, |kilobytes| kilobytes * 1024)
}
