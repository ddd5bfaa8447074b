//! `--incremental`: what was read for each output is noted beside it, and put in place together with it, so that the next
//! run goes on exactly there. Only for flows that work row by row: what they made of earlier rows stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::expr::{Expr, print};
use pipewright_core::files::{CHECKPOINT, Publication, read_file, slashes};
use pipewright_core::ir::{
    Closed, ConnectionKind, Destination, FileKind, JoinKind, LoadMode, Node, NodeId, Op, Plan, Read, TablePlace, Write,
    buckets_of_time, prune, rows_of_sinks,
};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::RunOptions;
use crate::places::{self, Visit};
use crate::read::{FileState, Resume, STANDARD_INPUT};

/// The file beside the outputs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Record {
    /// Version: 1.
    pipewright_checkpoint: u64,
    /// By path of the output.
    outputs: BTreeMap<String, OutputState>,
}

/// What was read for an output.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct OutputState {
    /// Hash of all that makes its rows.
    design: String,
    /// Of a file: its bytes, and the time of its last change in nanoseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<(u64, u128)>,
    /// By source.
    sources: BTreeMap<String, SourceState>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SourceState {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileState>,
    /// Of a table: the largest value of the column by which new rows are known, as the database writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// Of a store: the objects that were read, by key, each with its ETag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<String, String>,
}

/// An output that goes on.
struct Output {
    node: NodeId,
    /// Its name in the record.
    key: String,
    title: String,
    design: String,
    /// Its sources, each by its name in the record.
    sources: BTreeMap<String, NodeId>,
    to: To,
    /// It gets more rows; else all of it is written anew.
    goes_on: bool,
    /// What was noted before, where it still holds.
    state: Option<OutputState>,
}

enum To {
    /// The file's place, once it is known.
    File(PathBuf),
    /// With what the database has noted.
    Table(Box<TablePlace>, Option<String>),
}

/// A run that goes on where earlier ones ended.
pub(super) struct Incremental {
    outputs: Vec<Output>,
    /// The file beside the outputs, as it was when the run began.
    record: Option<Vec<u8>>,
    folder: PathBuf,
    /// Where reading went on, by source.
    pub resumed: BTreeMap<NodeId, Arc<Resume>>,
    /// The newest row, by source.
    pub newest: BTreeMap<NodeId, Option<String>>,
    /// The objects that were read, by source.
    pub objects: BTreeMap<NodeId, BTreeMap<String, String>>,
    /// Sources with no object that is new.
    pub unchanged: BTreeSet<NodeId>,
    pub told: Vec<Diagnostic>,
}

fn at(node: &Node, fault: Diagnostic) -> Diagnostic {
    fault.step(&*node.origin.step, &*node.origin.title)
}

/// Hash of what makes the rows of a sink, or of another node, by its id: wherever it writes to.
fn designs(plan: &Plan, sinks: &[NodeId]) -> Vec<String> {
    let hash = |sink: &NodeId| {
        let alone = prune(plan, &[*sink]);
        let nodes = alone.nodes.iter().map(|node| match &node.op {
            Op::Write(write) => (serde_json::to_string(&write.order), &node.inputs, &node.schema),
            op => (serde_json::to_string(op), &node.inputs, &node.schema),
        });
        let texts: Vec<String> =
            nodes.map(|(op, inputs, schema)| format!("{} {inputs:?} {schema:?}", op.unwrap_or_default())).collect();
        format!("{:032x}", xxh3_128(texts.join("\n").as_bytes()))
    };
    sinks.iter().map(hash).collect()
}

/// What makes the rows of outputs, and of buckets that are open.
pub(super) struct Designs {
    /// Of each sink of the plan, in its order.
    sinks: Vec<String>,
    /// Of each node that makes buckets.
    buckets: Vec<String>,
}

impl Designs {
    /// `bound`: the pruned plan with the values of parameters, which may say how long buckets are. That and how late rows
    /// may be decides which buckets are open.
    pub fn of((plan, sinks): (&Plan, &[NodeId]), pruned: &Plan, bound: &Plan, lateness: i64) -> Designs {
        let (nodes, buckets): (Vec<NodeId>, Vec<&Expr>) = buckets_of_time(bound).into_iter().unzip();
        let buckets = designs(pruned, &nodes).into_iter().zip(buckets);
        let buckets = buckets.map(|(design, bucket)| format!("{design} {} {lateness}", print(bucket))).collect();
        Designs { sinks: designs(plan, sinks), buckets }
    }
}

/// Nodes whose rows each become rows of the outputs by themselves, or rows of a bucket that is made once; the others are
/// looked up, and read whole each time. Lists the steps that need more.
fn row_wise(closed: &Closed, faults: &mut Vec<Diagnostic>) -> BTreeSet<NodeId> {
    let plan = &closed.plan;
    let found = rows_of_sinks(plan);
    for (id, node) in plan.iter().filter(|(id, _)| found.contains(id)) {
        let whole = |what: &str| {
            let message = format!("`--incremental` reads only what is new, and {what}");
            at(node, Diagnostic::error("PW0978", message)).help(
                "run this flow without `--incremental`; or let a flow of its own write the rows before this step, and \
                 another one read these; or group them by a bucket of a time that comes in",
            )
        };
        match &node.op {
            Op::Read(_) | Op::Parse(_) | Op::Filter { .. } | Op::Project(_) | Op::Check(_) => {}
            Op::Explode(_) | Op::Unpivot(_) | Op::Union => {}
            Op::Write(write) if write.order.is_empty() => {}
            Op::Join(join) if !matches!(join.kind, JoinKind::Right | JoinKind::Full) => {}
            Op::AsofJoin(_) => {}
            Op::Aggregate(_) if closed.buckets.contains(&id) => {}
            Op::Rows(_) => faults.push(whole("the rows of this step are the same each time")),
            Op::Join(_) => faults.push(whole("this join keeps rows of its second input that found no partner")),
            Op::Write(_) => faults.push(whole("this step puts all its rows in order")),
            Op::Aggregate(_) | Op::Window(_) | Op::Sort(_) | Op::Limit(_) | Op::Distinct(_) => {
                let needs = node.inputs.first().map(|input| node.op.needs(0, &plan.node(*input).schema).text());
                let needs = needs.filter(|needs| *needs != "any rows").unwrap_or("all rows");
                faults.push(whole(&format!("this step needs {needs}")));
            }
        }
    }
    for (_, node) in plan.iter().filter(|(id, node)| found.contains(id) && node.inputs.len() > 1) {
        // The newest time of rows is that of the same.
        let looked_up = node.inputs.get(1).filter(|_| !matches!(node.op, Op::Union) && !closed.is_own(node));
        // What is new is not all that is made of it.
        if looked_up.is_some_and(|input| above(plan, *input).iter().any(|id| found.contains(id))) {
            let message = "`--incremental` reads only what is new, and this step looks up rows of the same source";
            faults.push(at(node, Diagnostic::error("PW0978", message).help("run this flow without `--incremental`")));
        }
    }
    found
}

/// What of an output cannot take more rows.
fn check_output(node: &Node, write: &Write) -> Option<Diagnostic> {
    let (what, help) = match &write.destination {
        Destination::File { kind: FileKind::Parquet, .. } => {
            ("a Parquet file takes no more rows", "let the step write CSV or JSON lines, or load a table")
        }
        Destination::File { partition, .. } if !partition.is_empty() => {
            ("folders of partitions are written as a whole", "let the step write one file, or load a table")
        }
        Destination::Table(table) if table.mode == LoadMode::Replace => {
            ("the load replaces the rows of its table", "let it load by `append` or `upsert`")
        }
        Destination::Objects(_) => ("objects are written as a whole", "let the step write a file, or load a table"),
        Destination::Endpoint(_) => (
            "what is sent may come twice where a run breaks off",
            "let the step write a file, and another flow send it",
        ),
        Destination::StandardOutput { .. } => {
            ("what standard output has taken cannot be known", "let the step write a file")
        }
        Destination::File { .. } | Destination::Table(_) | Destination::Answer { .. } => return None,
    };
    let message = format!("`--incremental` adds rows to outputs, and {what}");
    Some(at(node, Diagnostic::error("PW0979", message).help(help)))
}

/// What of a source cannot be read on.
fn check_source(node: &Node, read: &Read) -> Option<Diagnostic> {
    let Some(location) = &read.location else {
        let message = "`--incremental` cannot tell what of standard input is new";
        let told =
            Diagnostic::error("PW0987", message).help("let the source read a file, or run without `--incremental`");
        return (read.path.trim() == STANDARD_INPUT).then(|| at(node, told));
    };
    let help = match location.connection.kind {
        ConnectionKind::Http => {
            "run this flow without `--incremental`; a parameter may say from when on rows are asked for"
        }
        ConnectionKind::Postgresql | ConnectionKind::Sqlite if location.inquiry.newer.trim().is_empty() => {
            "name the column that only grows in the source's “Newer by”, such as a number that the database counts up"
        }
        _ => return None,
    };
    let message = format!("`--incremental` cannot tell which rows of {} are new", location.shown());
    Some(at(node, Diagnostic::error("PW0987", message).help(help)))
}

impl Incremental {
    pub fn new(closed: &Closed, designs: Designs, options: &RunOptions) -> Result<Incremental, Vec<Diagnostic>> {
        let (mut faults, plan) = (Vec::new(), &closed.plan);
        let mut found = row_wise(closed, &mut faults);
        // What was kept is read whole each time.
        found.retain(|id| !closed.kept.contains(id));
        let names = source_names(plan, &found);
        let mut outputs = Vec::new();
        let (mut of_sinks, mut of_buckets) = (designs.sinks.into_iter(), designs.buckets.into_iter());
        for node in plan.sinks() {
            let is_open = closed.open.contains(&node);
            let design = if is_open { of_buckets.next() } else { of_sinks.next() };
            let Some((Op::Write(write), design)) = Some(&plan.node(node).op).zip(design) else { continue };
            faults.extend(check_output(plan.node(node), write).filter(|_| !is_open));
            let origin = &plan.node(node).origin;
            let (key, to) = match &write.destination {
                Destination::File { path, .. } => (path.clone(), To::File(PathBuf::from(path))),
                Destination::Table(place) => {
                    (format!("{} {} {}", place.table, options.design, origin.step), To::Table(place.clone(), None))
                }
                Destination::Objects(_)
                | Destination::Endpoint(_)
                | Destination::StandardOutput { .. }
                | Destination::Answer { .. } => continue,
            };
            let own = above(plan, node);
            let sources = names.iter().filter(|(_, id)| own.contains(id)).map(|(name, id)| (name.clone(), *id));
            let (title, sources) = (origin.title.clone(), sources.collect());
            outputs.push(Output { node, key, title, design, sources, to, goes_on: !is_open, state: None });
        }
        for id in names.values() {
            if let Op::Read(read) = &plan.node(*id).op {
                faults.extend(check_source(plan.node(*id), read));
            }
        }
        faults.extend(check_together(&outputs, closed));
        match faults.is_empty() {
            true => Ok(Incremental {
                outputs,
                record: None,
                folder: options.out.clone(),
                resumed: BTreeMap::new(),
                newest: BTreeMap::new(),
                objects: BTreeMap::new(),
                unchanged: BTreeSet::new(),
                told: Vec::new(),
            }),
            false => Err(faults),
        }
    }

    /// Takes in what earlier runs have noted, where it holds.
    pub fn open(&mut self, visit: Visit, opens_places: bool) -> Result<(), Diagnostic> {
        let path = self.folder.join(CHECKPOINT);
        self.record = path
            .exists()
            .then(|| read_file(&path))
            .transpose()
            .map_err(|error| unreadable(&path, &io_cause(&error)))?;
        let mut record = match &self.record {
            Some(bytes) => Record::of(bytes).ok_or_else(|| unreadable(&path, "it is none that Pipewright wrote"))?,
            None => Record::default(),
        };
        for output in &mut self.outputs {
            let (state, is_there) = match &mut output.to {
                To::File(path) => (record.outputs.remove(&output.key), self.folder.join(path).exists()),
                To::Table(..) if !opens_places => (None, false),
                To::Table(place, noted) => {
                    let found = places::noted(place, &output.key, visit)?;
                    noted.clone_from(&found.state);
                    let state = found.state.map(|text| {
                        serde_json::from_str(&text).map_err(|_| unreadable(Path::new(&place.shown()), "it is damaged"))
                    });
                    (state.transpose()?, found.is_there)
                }
            };
            match (&state, is_there) {
                (Some(_), false) => self.told.push(
                    Diagnostic::hint("PW0984", format!("the output of “{}” is not there any more", output.title))
                        .help("its sources are read from their beginning, for a new one"),
                ),
                (Some(state), true) => output.check(state, &self.folder)?,
                (None, true) if matches!(output.to, To::File(_)) => {
                    return Err(output.taken("no incremental run wrote it"));
                }
                (None, _) => {}
            }
            output.state = state.filter(|_| is_there);
        }
        self.check_equally_far()
    }

    /// Outputs that share a source are made of the same rows of it.
    fn check_equally_far(&self) -> Result<(), Diagnostic> {
        for (index, output) in self.outputs.iter().enumerate() {
            for other in &self.outputs[..index] {
                let shared = output.sources.keys().filter(|name| other.sources.contains_key(*name));
                let of = |output: &Output, name: &str| output.state.as_ref()?.sources.get(name).cloned();
                if shared.into_iter().any(|name| of(output, name) != of(other, name)) {
                    let message = format!(
                        "of the same source more was read for one of “{}” and “{}” than for the other",
                        other.title, output.title
                    );
                    return Err(Diagnostic::error("PW0981", message).help(
                        "run each by itself with `--flow STEP`, now and from now on; or move both outputs away, and all \
                         is read anew",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether rows of a source go into outputs one by one, and what was read of it before.
    pub fn source(&self, id: NodeId) -> Option<SourceState> {
        let mut own = self.outputs.iter().filter_map(|output| {
            let (name, _) = output.sources.iter().find(|(_, source)| **source == id)?;
            Some(output.state.as_ref().and_then(|state| state.sources.get(name).cloned()).unwrap_or_default())
        });
        own.next()
    }

    /// The file that an output goes on with.
    pub fn earlier(&self, node: NodeId) -> Option<PathBuf> {
        let is_one = |output: &&Output| output.node == node && output.goes_on && output.state.is_some();
        let output = self.outputs.iter().find(is_one)?;
        match &output.to {
            To::File(path) => Some(self.folder.join(path)),
            To::Table(..) => None,
        }
    }

    /// What was read, when all of it was.
    fn states(&self, output: &Output) -> BTreeMap<String, SourceState> {
        let state = |(name, id): (&String, &NodeId)| {
            let files = self.resumed.get(id).map(|resume| resume.states()).unwrap_or_default();
            let newest = self.newest.get(id).cloned().flatten();
            (name.clone(), SourceState { files, newest, objects: self.objects.get(id).cloned().unwrap_or_default() })
        };
        output.sources.iter().map(state).collect()
    }

    /// What is left of files for the next run.
    pub fn left(&self) -> Vec<Diagnostic> {
        self.resumed.values().flat_map(|resume| resume.left()).collect()
    }

    /// Writes the record that is put in place together with the files; those that got no rows stay as they are.
    pub fn complete(
        &mut self,
        publisher: &mut Publication,
        places: &BTreeMap<NodeId, (PathBuf, u64)>,
    ) -> Result<(), Diagnostic> {
        let path = self.folder.join(CHECKPOINT);
        let mut record = self.record.as_deref().and_then(Record::of).unwrap_or_default();
        record.pipewright_checkpoint = 1;
        for output in self.outputs.iter().filter(|output| matches!(output.to, To::File(_))) {
            let Some((aside, rows)) = places.get(&output.node) else { continue };
            let file = match &output.state {
                Some(state) if *rows == 0 => {
                    publisher.leave_out(aside);
                    state.file
                }
                _ => state_of(aside),
            };
            let state = OutputState { design: output.design.clone(), file, sources: self.states(output) };
            record.outputs.insert(output.key.clone(), state);
        }
        if record.outputs.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&record).unwrap_or_default() + "\n";
        if self.record.as_deref() != Some(text.as_bytes()) {
            let aside = publisher.checkpoint(&self.folder)?;
            fs::write(&aside, text).map_err(|error| not_noted(&path, &io_cause(&error)))?;
        }
        Ok(())
    }

    /// Notes in databases what was read for their tables.
    pub fn note(&self, loaded: &mut [places::Loading]) -> Result<(), Diagnostic> {
        for output in &self.outputs {
            if let To::Table(place, noted) = &output.to {
                let state = OutputState { design: output.design.clone(), file: None, sources: self.states(output) };
                let state = serde_json::to_string(&state).unwrap_or_default();
                places::note(loaded, place, &output.key, noted.as_deref(), &state)?;
            }
        }
        Ok(())
    }

    /// From now on nobody else puts anything in place; nobody has since this run began.
    pub fn claim(&self, publisher: &mut Publication) -> Result<(), Diagnostic> {
        publisher.take_turn(&self.folder)?;
        let now = read_file(&self.folder.join(CHECKPOINT)).ok();
        let is_same = |output: &Output| match &output.to {
            To::File(path) => state_of(&self.folder.join(path)) == output.state.as_ref().and_then(|state| state.file),
            To::Table(..) => true,
        };
        match now == self.record && self.outputs.iter().all(is_same) {
            true => Ok(()),
            false => Err(places::another_went_on()),
        }
    }
}

impl Output {
    /// Whether what was noted is of this design, and of what is there.
    fn check(&self, state: &OutputState, folder: &Path) -> Result<(), Diagnostic> {
        if let To::File(path) = &self.to
            && state_of(&folder.join(path)) != state.file
        {
            return Err(self.taken("it was changed since the last incremental run"));
        }
        if state.design == self.design {
            return Ok(());
        }
        let message = format!("the rows of “{}” were made by another design than now", self.title);
        let away = match &self.to {
            To::File(path) => format!("move `{}` away", slashes(path)),
            To::Table(place, _) => format!("rename or drop {}", place.shown()),
        };
        Err(Diagnostic::error("PW0983", message).help(format!(
            "{away}: then its sources are read from their beginning; or run the design as it was before"
        )))
    }

    fn taken(&self, why: &str) -> Diagnostic {
        Diagnostic::error("PW0982", format!("`{}` is there, and {why}", self.key))
            .help("move it away: then its sources are read from their beginning, for a new one")
            .field("path")
    }
}

impl Record {
    fn of(bytes: &[u8]) -> Option<Record> {
        let record: Record = serde_json::from_slice(bytes).ok()?;
        (record.pipewright_checkpoint == 1).then_some(record)
    }
}

/// A node and all that its rows come from.
fn above(plan: &Plan, node: NodeId) -> BTreeSet<NodeId> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![node]);
    while let Some(next) = waiting.pop() {
        if found.insert(next) {
            waiting.extend(&plan.node(next).inputs);
        }
    }
    found
}

/// Names for the sources in records: that of the step, with a number where it reads several.
fn source_names(plan: &Plan, row_wise: &BTreeSet<NodeId>) -> BTreeMap<String, NodeId> {
    let mut names = BTreeMap::new();
    for (id, node) in plan.iter().filter(|(id, node)| matches!(node.op, Op::Read(_)) && row_wise.contains(id)) {
        let mut numbers = (1..).map(|number| match number {
            1 => node.origin.step.clone(),
            _ => format!("{}-{number}", node.origin.step),
        });
        if let Some(name) = numbers.find(|name| !names.contains_key(name)) {
            names.insert(name, id);
        }
    }
    names
}

/// Files, and the tables of each connection, are put in place one after the other: an end in between would leave some of
/// them ahead.
fn check_together(outputs: &[Output], closed: &Closed) -> Option<Diagnostic> {
    let place = |output: &Output| match &output.to {
        To::File(_) => None,
        To::Table(place, _) => Some(place.connection.clone()),
    };
    let first = outputs.first()?;
    let other = outputs.iter().find(|output| place(output) != place(first))?;
    if let Some(table) = outputs.iter().find(|output| !closed.open.is_empty() && place(output).is_some()) {
        let message = format!(
            "with `--incremental` “{}” cannot load a table: the rows of buckets that are open are kept in a file, and the \
             two are not put in place at one moment",
            table.title
        );
        return Some(Diagnostic::error("PW0980", message).help("let it write a file, and another flow load that"));
    }
    let message = format!(
        "with `--incremental` “{}” and “{}” cannot be written by one run: they are not put in place at one moment",
        first.title, other.title
    );
    Some(Diagnostic::error("PW0980", message).help("run each by itself with `--flow STEP`"))
}

/// Bytes of a file, and the time of its last change.
pub(super) type FileStamp = (u64, u128);

pub(super) fn state_of(path: &Path) -> Option<FileStamp> {
    let about = path.metadata().ok()?;
    let changed = about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Some((about.len(), changed.as_nanos()))
}

fn unreadable(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error("PW0986", format!("the record of what was read before cannot be used: {why}"))
        .help("restore it, or move it and the outputs away: then all is read anew")
        .file(path.display().to_string())
}

fn not_noted(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error("PW0986", format!("what was read cannot be noted: {why}"))
        .help("see whether the folder may be written to and has space; nothing was put in place")
        .file(path.display().to_string())
}
