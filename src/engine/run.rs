//! The runner: one execution for all sinks of a plan. Sources are read once, chunk by chunk; what works row by row is
//! done per chunk; what needs more is folded (aggregates, top rows, distinct rows) or gathered, and finished at the
//! end. Outputs appear when everything is done. Must not import previews.

mod flow;
mod gather;
mod graph;
mod partial;
mod prepare;
mod quarantine;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use pipewright_core::data::{Schema, Value, format_timestamp};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::Publication;
use pipewright_core::formats::Tally;
use pipewright_core::ir::{Node, NodeId, Op, Plan, Sort};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};

use flow::{Count, Flow, Yield};
use gather::{Gathered, Reducer, Table};
use graph::Graph;
use prepare::{Prepared, prepare};
use quarantine::{QuarantineFile, Rejected};
pub(crate) use report::peak_memory;
pub use report::{FileReport, RunReport, SinkReport, SourceReport, StepReport};

use crate::ops::{self, Context};
use crate::read::{Cancel, Parsed, schema_as};
use crate::table::ResultTable;
use crate::write::{Piece, Place, Sink, Target};

/// How a plan is run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Relative sources start here.
    pub base: PathBuf,
    /// Relative outputs go here.
    pub out: PathBuf,
    /// Values of parameters; those not given take their defaults.
    pub parameters: BTreeMap<String, Value>,
    /// A folder, or a file that ends in `.jsonl`, for what is turned away; `None`: only counted.
    pub quarantine: Option<PathBuf>,
    /// Check everything, open every source, write nothing.
    pub dry_run: bool,
    /// Id or title of one sink: only that flow runs.
    pub only: Option<String>,
    /// Share of units (0 to 1) that may be turned away before the report says `over_threshold`.
    pub max_quarantined: Option<f64>,
    /// Files that the run is made of besides its sources: no output replaces them.
    pub inputs: Vec<PathBuf>,
    /// Whether outputs may lie outside of `out`.
    pub allow_outside: bool,
    /// Whether the design is a stranger's: then no output goes to a hidden place (`.git/config`), and in the current
    /// folder none replaces what no run wrote.
    pub is_guest: bool,
    /// A file for the report, put in place together with the outputs.
    pub report: Option<PathBuf>,
    /// Bytes of a chunk; `None`: what suits best.
    pub chunk_size: Option<usize>,
    pub cancel: Cancel,
}

/// Is told how a run gets on.
pub trait RunProgress: Sync {
    /// A new stage, in a few words.
    fn step(&self, message: &str);
    /// Bytes of the sources that have been read, of all.
    fn bytes(&self, done: u64, total: u64);
}

/// For runs that nobody watches.
pub(crate) struct Silent;

impl RunProgress for Silent {
    fn step(&self, _: &str) {}
    fn bytes(&self, _: u64, _: u64) {}
}

/// Runs a plan's sinks. Either all outputs are published, or none.
pub fn run(plan: &Plan, options: &RunOptions, progress: &dyn RunProgress) -> Result<RunReport, Vec<Diagnostic>> {
    let begun = Instant::now();
    let started = chrono::Utc::now().timestamp_micros();
    let mut prepared = prepare(plan, options, started)?;
    let mut report = RunReport {
        started_at: format_timestamp(started),
        dry_run: options.dry_run,
        sources: source_reports(&prepared),
        sinks: prepared.targets.iter().map(|(id, target)| sink_report(prepared.plan.node(*id), target)).collect(),
        ..RunReport::default()
    };
    let place = prepared.report.take();
    let publisher = crate::read::guarded(|| {
        let publisher = match options.dry_run {
            true => prepared.publisher,
            false => execute(prepared, options, progress, &mut report)?,
        };
        report.seconds = begun.elapsed().as_secs_f64();
        report.peak_memory_bytes = peak_memory();
        Ok(publisher)
    });
    let published = publisher.and_then(|publisher| publish(publisher, place.as_deref(), &mut report));
    published.map(|()| report).map_err(|fault| vec![fault])
}

/// Puts outputs and report in place. Files that were there without being a run's are told.
fn publish(publisher: Publication, place: Option<&Path>, report: &mut RunReport) -> Result<(), Diagnostic> {
    if let Some(place) = place {
        let text = serde_json::to_string_pretty(report).map_err(std::io::Error::from).map(|text| text + "\n");
        text.and_then(|text| std::fs::write(place, text)).map_err(|error| {
            Diagnostic::error("PW0972", format!("the report cannot be written: {}", io_cause(&error)))
                .help("choose another place for it; no output was put in place")
        })?;
    }
    report.kept = publisher.publish()?.into_iter().map(|(_, kept)| kept.display().to_string()).collect();
    Ok(())
}

fn source_reports(prepared: &Prepared) -> Vec<SourceReport> {
    let reports = prepared.jobs.iter().map(|(id, job)| {
        let node = prepared.plan.node(*id);
        let files = job.files.iter().map(|path| {
            let metadata = std::fs::metadata(path).ok();
            let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
            let modified = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            FileReport {
                path: path.display().to_string(),
                bytes: metadata.map_or(0, |metadata| metadata.len()),
                modified: modified.map(|age| format_timestamp(age.as_micros() as i64)),
            }
        });
        SourceReport {
            step: node.origin.step.clone(),
            title: node.origin.title.clone(),
            format: job.format.name.clone(),
            files: files.collect(),
            tally: Tally::default(),
            missing_columns: missing_columns(&node.op, &job.files),
        }
    });
    reports.collect()
}

/// Columns that a run wants of a table, and that its first file does not have. Formats whose rows name their own fields
/// may bring them later.
fn missing_columns(op: &Op, files: &[PathBuf]) -> Vec<String> {
    let (Op::Read(read), Some(file)) = (op, files.first()) else { return Vec::new() };
    if !["csv", "parquet"].contains(&read.format.name.as_str()) {
        return Vec::new();
    }
    let found = schema_as(file, &read.format).unwrap_or_default();
    // A table without header has no names to compare.
    if found.names().all(|name| name.starts_with("column_")) {
        return Vec::new();
    }
    let wanted =
        read.schema.names().filter(|name| read.columns.as_ref().is_none_or(|used| used.iter().any(|u| u == name)));
    wanted.filter(|name| !found.has(name)).map(str::to_owned).collect()
}

/// Where a sink writes; nothing is written yet.
fn sink_report(node: &Node, target: &Target) -> SinkReport {
    let path = match &target.place {
        Place::File { target, .. } => target.display().to_string(),
        Place::StandardOutput => "standard output".to_owned(),
    };
    SinkReport {
        step: node.origin.step.clone(),
        title: node.origin.title.clone(),
        path,
        schema: node.schema.clone(),
        ..SinkReport::default()
    }
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    graph: &'a Graph,
    reducers: &'a BTreeMap<NodeId, Reducer>,
    targets: &'a BTreeMap<NodeId, Target>,
    counts: BTreeMap<NodeId, Count>,
    gathered: BTreeMap<NodeId, Gathered>,
    /// Those that need no more rows.
    satisfied: BTreeSet<NodeId>,
    tables: BTreeMap<NodeId, Table>,
    /// Rows of nodes that are done.
    frames: BTreeMap<NodeId, DataFrame>,
    sinks: BTreeMap<NodeId, Sink>,
    quarantine: Option<QuarantineFile>,
    tallies: BTreeMap<NodeId, Tally>,
    cancel: Cancel,
}

fn execute(
    prepared: Prepared,
    options: &RunOptions,
    progress: &dyn RunProgress,
    report: &mut RunReport,
) -> Result<Publication, Diagnostic> {
    let Prepared { plan, mut jobs, targets, mut publisher, quarantine, report: _ } = prepared;
    let graph = Graph::new(&plan);
    let mut reducers = BTreeMap::new();
    for id in &graph.reduced {
        let node = plan.node(*id);
        let input: &Schema = &plan.node(node.inputs[0]).schema;
        reducers.insert(*id, Reducer::new(node, input)?);
    }
    let scratch = publisher.scratch(&options.out)?;
    let table = |id: &NodeId| (*id, Table::new(&plan.node(*id).schema, &scratch, format!("rows-{}", id.0)));
    let mut run = Run {
        plan: &plan,
        graph: &graph,
        reducers: &reducers,
        targets: &targets,
        counts: BTreeMap::new(),
        gathered: reducers.keys().map(|id| (*id, Gathered::default())).collect(),
        satisfied: BTreeSet::new(),
        tables: graph.tables.iter().map(table).collect(),
        frames: BTreeMap::new(),
        sinks: BTreeMap::new(),
        quarantine,
        tallies: BTreeMap::new(),
        cancel: options.cancel.clone(),
    };
    for (id, target) in &targets {
        run.sinks.insert(*id, Sink::open(target)?);
    }
    let done = Arc::new(AtomicU64::new(0));
    let total = jobs.values().flat_map(|job| &job.files).filter_map(|path| path.metadata().ok()).map(|m| m.len()).sum();
    for id in &graph.reads {
        let Some(job) = jobs.get_mut(id) else { continue };
        job.progress = done.clone();
        job.quarantine_limit = if run.quarantine.is_some() { usize::MAX } else { 0 };
        progress.step(&format!("reading {}", plan.node(*id).origin.title));
        run.read(*id, job, &|| progress.bytes(done.load(Ordering::Relaxed).min(total), total))
            .map_err(|fault| located(fault, &plan, *id))?;
    }
    progress.step("finishing");
    for (id, node) in plan.iter() {
        if matches!(node.op, Op::Write(_)) && !graph.is_streamed(id) {
            run.write_whole(id).map_err(|fault| located(fault, &plan, id))?;
        }
    }
    run.complete(report)?;
    progress.step("publishing");
    report.quarantine_file = run
        .quarantine
        .as_mut()
        .map_or(Ok(None), |file| file.finish().map(|is_there| is_there.then(|| file.target.display().to_string())))?;
    let limit = options.max_quarantined.unwrap_or(1.0);
    report.over_threshold = report.quarantined_share > limit;
    Ok(publisher)
}

fn located(fault: Diagnostic, plan: &Plan, id: NodeId) -> Diagnostic {
    if fault.location.step.is_some() {
        return fault;
    }
    let origin = &plan.node(id).origin;
    fault.step(&*origin.step, &*origin.title)
}

impl Run<'_> {
    /// Reads one source through everything that works chunk by chunk.
    fn read(&mut self, id: NodeId, job: &crate::read::ReadJob, on_chunk: &dyn Fn()) -> Result<(), Diagnostic> {
        let rights = self.rights_for(id)?;
        let flow = Flow {
            plan: self.plan,
            graph: self.graph,
            reducers: self.reducers,
            targets: self.targets,
            rights: &rights,
            wants_rejected: self.quarantine.is_some(),
        };
        let title = &self.plan.node(id).origin.title;
        let mut tally = Tally::default();
        let work = |mut parsed: Parsed| {
            let rows = std::mem::take(&mut parsed.frame);
            Ok((parsed, flow.push(id, rows)?))
        };
        job.for_each(&work, &mut |(parsed, pushed): (Parsed, Yield)| {
            tally.add(&parsed.tally);
            if let Some(file) = &mut self.quarantine {
                for unit in parsed.quarantined {
                    file.write(&Rejected::unit(title, unit))?;
                }
            }
            self.take(pushed)?;
            on_chunk();
            Ok(if self.is_enough(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        self.tallies.insert(id, tally);
        Ok(())
    }

    /// Whether nobody needs more rows of a source: all that it feeds is the first rows, and they are there.
    fn is_enough(&self, id: NodeId) -> bool {
        let reached = &self.graph.reached[&id];
        let is_fed = |consumer: &NodeId| self.plan.node(*consumer).inputs.iter().any(|input| reached.contains(input));
        !self.satisfied.is_empty()
            && reached.iter().all(|node| !self.graph.tables.contains(node) && !self.targets.contains_key(node))
            && self.graph.reduced.iter().filter(|consumer| is_fed(consumer)).all(|node| self.satisfied.contains(node))
    }

    /// The whole right sides that a source's rows are joined to.
    fn rights_for(&mut self, id: NodeId) -> Result<BTreeMap<NodeId, DataFrame>, Diagnostic> {
        let mut rights = BTreeMap::new();
        for node in &self.graph.reached[&id] {
            if let (Op::Join(_) | Op::AsofJoin(_), [_, right]) =
                (&self.plan.node(*node).op, &self.plan.node(*node).inputs[..])
            {
                let frame = self.frame(*right)?;
                self.counts.entry(*node).or_default().ins[1] = frame.height() as u64;
                rights.insert(*node, frame);
            }
        }
        Ok(rights)
    }

    /// Takes in what a chunk came to; called in the chunks' order.
    fn take(&mut self, pushed: Yield) -> Result<(), Diagnostic> {
        for (id, count) in pushed.counts {
            let sum = self.counts.entry(id).or_default();
            sum.ins[0] += count.ins[0];
            sum.ins[1] += count.ins[1];
            sum.out += count.out;
        }
        for (id, frame) in pushed.tables {
            if let Some(table) = self.tables.get_mut(&id) {
                table.add(frame)?;
            }
        }
        for (id, folds) in pushed.reduced {
            if let Some(gathered) = self.gathered.get_mut(&id)
                && gathered.add(&self.reducers[&id], folds)?
            {
                self.satisfied.insert(id);
            }
        }
        for (id, piece) in pushed.written {
            if let Some(sink) = self.sinks.get_mut(&id) {
                sink.write(piece).map_err(|fault| located(fault, self.plan, id))?;
            }
        }
        if let Some(file) = &mut self.quarantine {
            pushed.rejected.iter().try_for_each(|rejected| file.write(rejected))?;
        }
        Ok(())
    }

    /// A node's rows, whole. Chunk-wise nodes must have been read.
    fn frame(&mut self, id: NodeId) -> Result<DataFrame, Diagnostic> {
        if let Some(frame) = self.frames.get(&id) {
            return Ok(frame.clone());
        }
        self.cancel.check()?;
        let frame = self.compute(id).map_err(|fault| located(fault, self.plan, id))?;
        self.frames.insert(id, frame.clone());
        Ok(frame)
    }

    fn compute(&mut self, id: NodeId) -> Result<DataFrame, Diagnostic> {
        let node = self.plan.node(id);
        let fail = |error| ops::failed(&error);
        if self.graph.is_streamed(id) {
            let Some(table) = self.tables.remove(&id) else {
                return Ok(DataFrame::empty_with_schema(&crate::table::polars_schema(&node.schema)));
            };
            return table.finish()?.0.collect().map_err(fail);
        }
        if let (Some(reducer), Some(gathered)) = (self.reducers.get(&id), self.gathered.remove(&id)) {
            let frame = gathered.finish(reducer)?;
            self.counts.entry(id).or_default().out = frame.height() as u64;
            return Ok(frame);
        }
        if let Op::Rows(rows) = &node.op {
            let frame = ResultTable::from_rows(&rows.schema, &rows.rows).frame().clone();
            self.counts.entry(id).or_default().out = frame.height() as u64;
            return Ok(frame);
        }
        let mut inputs: Vec<LazyFrame> = Vec::new();
        let mut count = Count::default();
        let mut is_large = false;
        for (index, input) in node.inputs.clone().into_iter().enumerate() {
            // Rows in a file that only this node needs are streamed from it.
            let takers = self.plan.nodes.iter().filter(|node| node.inputs.contains(&input)).count();
            let is_spilled = self.tables.get(&input).is_some_and(Table::is_spilled);
            if is_spilled && takers == 1 {
                if let Some(table) = self.tables.remove(&input) {
                    count.ins[index.min(1)] += self.counts.get(&input).map_or(0, |count| count.out);
                    inputs.push(table.finish()?.0);
                    is_large = true;
                }
                continue;
            }
            let frame = self.frame(input)?;
            count.ins[index.min(1)] += frame.height() as u64;
            inputs.push(frame.lazy());
        }
        let schemas: Vec<&Schema> = node.inputs.iter().map(|input| &self.plan.node(*input).schema).collect();
        let name = format!("{} {}", node.origin.step, id.0);
        let context = Context { name: &name, inputs: schemas, output: &node.schema, ids: false };
        if let Some(file) = &mut self.quarantine {
            for rejected in quarantine::rejected_rows(node, inputs.first().cloned(), &context)? {
                file.write(&rejected)?;
            }
        }
        let lowered = ops::lower_op(&node.op, inputs, &context)?;
        // The in-memory engine adds floats in the same order each time; the streaming one is for what is too large.
        let lowered = if is_large { lowered.with_streaming(true) } else { lowered };
        let frame = lowered.collect().map_err(fail)?;
        count.out = frame.height() as u64;
        self.counts.insert(id, count);
        Ok(frame)
    }

    /// Writes a sink that needs its rows whole: in its order or, where rows have none, in that of all columns.
    fn write_whole(&mut self, id: NodeId) -> Result<(), Diagnostic> {
        let node = self.plan.node(id);
        let Op::Write(write) = &node.op else { return Ok(()) };
        let input = node.inputs[0];
        let rows = self.frame(input)?;
        let keys = write.order.clone();
        let rows = if keys.is_empty() && has_order(self.plan, input) {
            rows
        } else {
            let schema = &self.plan.node(input).schema;
            let context = Context { name: "sink", inputs: vec![schema], output: schema, ids: false };
            let sorted = ops::lower_op(&Op::Sort(Sort { keys }), vec![rows.lazy()], &context)?;
            sorted.collect().map_err(|error| ops::failed(&error))?
        };
        let height = rows.height() as u64;
        self.counts.insert(id, Count { ins: [height, 0], out: height });
        if let Some(sink) = self.sinks.get_mut(&id) {
            sink.write(Piece::Rows(rows.clone()))?;
        }
        self.frames.insert(id, rows);
        Ok(())
    }

    /// Completes the outputs and the report.
    fn complete(&mut self, report: &mut RunReport) -> Result<(), Diagnostic> {
        report.sinks.clear();
        for (id, sink) in std::mem::take(&mut self.sinks) {
            let (rows, bytes) = sink.finish()?;
            report.rows_written += rows;
            let sink = sink_report(self.plan.node(id), &self.targets[&id]);
            report.sinks.push(SinkReport { rows, bytes, ..sink });
        }
        for (source, tally) in report.sources.iter_mut().zip(self.tallies.values()) {
            source.tally = tally.clone();
            report.rows_read += tally.rows;
            report.quarantined += tally.quarantined;
            report.bytes_read += source.files.iter().map(|file| file.bytes).sum::<u64>();
        }
        report.steps = report::step_reports(self.plan, &self.counts);
        report.quarantined += report.steps.iter().map(|step| step.quarantined).sum::<u64>();
        let units: u64 = self.tallies.values().map(|tally| tally.read).sum();
        report.quarantined_share = report.quarantined as f64 / units.max(1) as f64;
        Ok(())
    }
}

/// Whether a node's rows come in an order that a reader of the design expects: that of a sort, or of a file.
fn has_order(plan: &Plan, id: NodeId) -> bool {
    let node = plan.node(id);
    let input = |index: usize| node.inputs.get(index).is_some_and(|input| has_order(plan, *input));
    match &node.op {
        Op::Read(_) | Op::Rows(_) | Op::Sort(_) => true,
        Op::Limit(limit) => !limit.keys.is_empty() || input(0),
        Op::Filter { .. }
        | Op::Project(_)
        | Op::Check(_)
        | Op::Parse(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => input(0),
        Op::Aggregate(_) | Op::Window(_) | Op::Join(_) | Op::AsofJoin(_) | Op::Union | Op::Distinct(_) => false,
    }
}

#[cfg(test)]
mod tests;
