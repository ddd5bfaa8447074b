//! The runner: one execution for all sinks of a plan. Sources are read once, chunk by chunk; what works row by row is
//! done per chunk; what needs more gathers its rows in an exchange, and its own rows flow on in chunks when all are
//! there. Nothing is held whole that outgrows its share of the memory. Outputs appear when everything is done. Must not
//! import previews.

mod blocking;
mod columns;
mod division;
mod flow;
mod gather;
mod graph;
mod incremental;
mod kept;
mod memory;
mod partial;
mod posts;
mod prepare;
mod quarantine;
mod report;
mod told;
mod undisturbed;
mod unfolded;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use pipewright_core::data::{Schema, Value, format_timestamp};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::{PrivateFolder, Publication, is_result, without_links};
use pipewright_core::formats::Tally;
use pipewright_core::ir::{
    Destination, Interval, LeftOut, MAX_QUARANTINED, Node, NodeId, Op, Plan, Read, WhenExists, left_out,
};

use blocking::{Build, Gather, Task, Work};
use columns::missing_columns;
pub(crate) use flow::Count;
use flow::{Flow, Out, Yield};
use graph::Graph;
use incremental::Incremental;
use prepare::{Prepared, prepare};
use quarantine::{QuarantineFile, Rejected};
pub use report::{BlockingStep, FileReport, RunReport, SinkReport, SourceReport, StepReport};
pub(crate) use report::{
    changed_in_source, changed_in_step, lacking_in_source, left_out_of_source, peak_memory, step_report,
    unmatched_in_step,
};
use told::History;
pub use told::{AnswerReport, FirstRows, Headliner, Headliners, ToldAnswer, WatchReport, read_rows};

use crate::allowance::Allowance;
use crate::cancel::Cancel;
use crate::exchange::SpillFolder;
use crate::parallel::{Crew, Send};
use crate::places::{self, Visit};
use crate::read::{Parsed, ReadJob, given_name, is_wild, origin_of};
use crate::undeclared::SecretKeys;
use crate::write::{Place, Sink, Target};

/// How a plan is run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Relative sources start here.
    pub base: PathBuf,
    /// Relative outputs go here.
    pub out: PathBuf,
    /// Values of parameters; those not given take their defaults.
    pub parameters: BTreeMap<String, Value>,
    /// Variables that the user gave in a file, by name: connections find their secrets there.
    pub variables: BTreeMap<String, String>,
    /// A folder, or a file that ends in `.jsonl`, for what is turned away; `None`: only counted.
    pub quarantine: Option<PathBuf>,
    /// Read only what is new since the last such run, and add to the outputs.
    pub incremental: bool,
    /// Microseconds for which rows of buckets of time may come late, in runs that read only what is new.
    pub lateness: i64,
    /// Name of the design, by which databases note what was read for its tables.
    pub design: String,
    /// Replace only the rows of these times in the outputs.
    pub interval: Option<Interval>,
    /// Check everything, open every source, write nothing.
    pub dry_run: bool,
    /// Id or title of one sink: only that flow runs.
    pub only: Option<String>,
    /// Share of the units (0 to 1), of each source and of all, that may be turned away before the report says
    /// `over_threshold`; `None`: `MAX_QUARANTINED`.
    pub max_quarantined: Option<f64>,
    /// Files that the run is made of besides its sources: no output replaces them.
    pub inputs: Vec<PathBuf>,
    /// Whether outputs may lie outside of `out`.
    pub allow_outside: bool,
    /// Whether the design is a stranger's: then no output goes to a hidden place (`.git/config`), and in the current
    /// folder none replaces what no run wrote.
    pub is_guest: bool,
    /// Whether connections are opened, which only those ask for who run a design: else rows of places are those of their
    /// samples, and no table is loaded.
    pub opens_places: bool,
    /// A file for the report, put in place together with the outputs.
    pub report: Option<PathBuf>,
    /// Bytes of a chunk; `None`: what suits best.
    pub chunk_size: Option<usize>,
    /// Places that others will write to afterwards: no source may be there.
    pub not_over: Vec<PathBuf>,
    /// Make sentences of answers, for the report.
    pub headliners: Headliners,
    /// Bytes of memory that the run keeps to; `None`: half of the machine's.
    pub memory: Option<u64>,
    pub cancel: Cancel,
}

/// Is told how a run gets on.
pub trait RunProgress: Sync {
    /// What can stand in the way was looked for, and nothing was found: from here on it reads and writes.
    fn ready(&self) {}
    /// A new stage, in a few words.
    fn step(&self, message: &str);
    /// Bytes of the sources that have been read, of all.
    fn bytes(&self, done: u64, total: u64);
}

/// For runs that nobody watches.
pub struct Silent;

impl RunProgress for Silent {
    fn step(&self, _: &str) {}
    fn bytes(&self, _: u64, _: u64) {}
}

/// Runs a plan's sinks. Either all outputs are published, or none.
pub fn run(plan: &Plan, options: &RunOptions, progress: &dyn RunProgress) -> Result<RunReport, Vec<Diagnostic>> {
    let begun = Instant::now();
    let started = chrono::Utc::now().timestamp_micros();
    // Links may be turned meanwhile.
    let fixed = |file: &PathBuf| match (file.parent(), file.file_name()) {
        (Some(folder), Some(name)) if !folder.as_os_str().is_empty() => without_links(folder).join(name),
        _ => file.clone(),
    };
    let options = &RunOptions {
        out: without_links(&options.out),
        report: options.report.as_ref().map(fixed),
        quarantine: options.quarantine.as_ref().map(fixed),
        ..options.clone()
    };
    let mut prepared = prepare(plan, options, progress, started)?;
    progress.ready();
    let mut report = RunReport {
        started_at: format_timestamp(started),
        dry_run: options.dry_run,
        told: std::mem::take(&mut prepared.told),
        sources: source_reports(&prepared, options),
        memory_budget_bytes: options.memory.unwrap_or_else(memory::default_budget),
        blocking: report::blocking_steps(&prepared.plan),
        sinks: prepared.targets.iter().map(|(id, target)| sink_report(prepared.plan.node(*id), target)).collect(),
        ..RunReport::default()
    };
    let place = prepared.report.take();
    let tells = told::tells(&prepared.plan);
    let undisturbed = std::mem::take(&mut prepared.undisturbed);
    let (loads, parameters, aside) =
        (prepared.loads(), std::mem::take(&mut prepared.parameters), prepared.aside.take());
    let visit =
        Visit { base: &options.base, parameters: &parameters, variables: &options.variables, cancel: &options.cancel };
    let publisher = crate::guard::guarded(|| {
        let posts = std::mem::take(&mut prepared.posts);
        let Executed { mut publisher, incremental, mut quarantine, history } = match options.dry_run {
            true => Executed { publisher: prepared.publisher, ..Executed::default() },
            false => execute(prepared, options, progress, &mut report)?,
        };
        let mut loaded = Vec::new();
        // A dry run opens nothing.
        for load in loads.iter().filter(|load| !options.dry_run && !posts.contains_key(&load.id)) {
            progress.step(&format!("loading {}", load.destination.shown_place().unwrap_or_default()));
            let told = places::load(&mut loaded, &load.destination, &load.schema, load.rows(), visit);
            report.told.extend(told.map_err(|fault| load.at_step(fault))?.into_iter().map(|hint| load.at_step(hint)));
        }
        if let Some(incremental) = incremental {
            incremental.note(&mut loaded)?;
            incremental.claim(&mut publisher)?;
        }
        if !options.dry_run {
            undisturbed.claim(&mut publisher)?;
        }
        loaded.iter_mut().try_for_each(places::Loading::settle)?;
        let sent = loads.iter().filter_map(|load| Some((load, posts.get(&load.id)?)));
        posts::send_all(sent, (&mut publisher, quarantine.as_mut()), &mut report, visit, progress)?;
        if !options.dry_run {
            progress.step("publishing");
            close_quarantine(quarantine, &mut publisher, &mut report, options)?;
            history.claim(&mut publisher)?;
        }
        report::tell_open_rows(&mut report);
        report.seconds = begun.elapsed().as_secs_f64();
        report.peak_memory_bytes = peak_memory();
        Ok((publisher, loaded))
    });
    let published = publisher.and_then(|(publisher, loaded)| {
        let targets = (place.as_deref(), options.report.as_deref());
        publish(publisher, &options.out, targets, &mut report, aside, loaded)
    });
    published.map_err(|fault| vec![fault])?;
    if options.opens_places {
        report.untold = told::tell_of(&tells, &report.answers, (&options.design, &report.started_at), visit);
    }
    Ok(report)
}

/// Puts outputs and report in place, and ends what is loaded elsewhere, without a signal in between. Files that were
/// there without being a run's are told. `place`: where the report is written to come to its `target`.
fn publish(
    mut publisher: Publication,
    out: &Path,
    (place, target): (Option<&Path>, Option<&Path>),
    report: &mut RunReport,
    aside: Option<PrivateFolder>,
    loaded: Vec<places::Loading>,
) -> Result<(), Diagnostic> {
    let loads = loaded.iter().flat_map(places::Loading::ended_once).collect();
    report.told.extend(publisher.loads(out, loads));
    if let Some(place) = place {
        let text = serde_json::to_string_pretty(report).map_err(std::io::Error::from).map(|text| text + "\n");
        text.and_then(|text| std::fs::write(place, text)).map_err(|error| {
            Diagnostic::error("PW0972", format!("the report cannot be written: {}", io_cause(&error)))
                .help("choose another place for it; no output was put in place")
        })?;
    }
    let mut is_in_place = false;
    let ended = publisher.publish_then(aside, || {
        is_in_place = true;
        places::end_loads(loaded)
    });
    if let (Err(fault), true, Some(target)) = (&ended, is_in_place, target) {
        correct(report, fault, target);
    }
    report.kept = ended?.into_iter().map(|(_, kept)| kept.display().to_string()).collect();
    Ok(())
}

/// The report that is in place says that tables are loaded, which at least one is not: it says so instead, as far as the
/// disk lets it.
fn correct(report: &mut RunReport, fault: &Diagnostic, target: &Path) {
    report.told.insert(0, fault.clone());
    let mut publication = Publication::default();
    let Ok(text) = serde_json::to_string_pretty(report) else { return };
    let written = publication.report(target).map(|place| std::fs::write(place, text + "\n"));
    if matches!(written, Ok(Ok(()))) {
        let _ = publication.publish();
    }
}

fn source_reports(prepared: &Prepared, options: &RunOptions) -> Vec<SourceReport> {
    let out = options.out.as_path();
    let reports = prepared.jobs.iter().map(|(id, job)| {
        let node = prepared.plan.node(*id);
        let skipped: Vec<u64> = job.skipped().collect();
        let files = job.read_files().map(|(index, path, start)| {
            let texts = job.pieces.of_file(&pipewright_core::files::slashes(path));
            let told = job.pieces.names().iter().cloned().zip(texts);
            let metadata = std::fs::metadata(path).ok();
            let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
            let modified = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            FileReport {
                path: given_name(path).unwrap_or_else(|| path.display().to_string()),
                bytes: metadata.map_or(0, |metadata| metadata.len()),
                modified: modified.map(|age| format_timestamp(age.as_micros() as i64)),
                version: origin_of(path).and_then(|origin| origin.version),
                told: told.filter_map(|(name, text)| Some((name, text?))).collect(),
                skipped: skipped.get(index).copied().unwrap_or_default(),
                read_before: start.read,
            }
        });
        SourceReport {
            step: node.origin.step.clone(),
            title: node.origin.title.clone(),
            format: job.format.name.clone(),
            files: files.collect(),
            unchanged_files: job.resume.as_ref().map(|resume| resume.unchanged),
            tally: Tally::default(),
            missing_columns: missing_columns(&node.op, job),
            closed: job
                .closed
                .iter()
                .cloned()
                .chain(earlier_results(&node.op, job, out))
                .chain(sample_alone(&node.op, options))
                .collect(),
        }
    });
    reports.collect()
}

/// What leads elsewhere than to files is not opened here: the rows are those of its sample.
fn sample_alone(op: &Op, options: &RunOptions) -> Option<Diagnostic> {
    let Op::Read(Read { location: Some(location), .. }) = op else { return None };
    let message = format!("only the sample of {} is read here", location.shown());
    let told = Diagnostic::hint("PW0688", message).help("a run goes there; `pipewright sample` takes another sample");
    (!options.opens_places).then_some(told)
}

/// A pattern or a folder that takes in what an earlier run has left in the folder for results, such as under a name that
/// a load had before.
fn earlier_results(op: &Op, job: &ReadJob, out: &Path) -> Option<Diagnostic> {
    let Op::Read(read) = op else { return None };
    let (path, out) = (read.path.trim(), out.canonicalize().ok()?);
    if !(is_wild(path) || job.base.join(path).is_dir()) {
        return None;
    }
    let is_earlier =
        |file: &&PathBuf| is_result(file) && file.canonicalize().is_ok_and(|file| file.parent() == Some(&out));
    let found: Vec<&PathBuf> = job.files.iter().filter(is_earlier).collect();
    let first = found.first()?;
    let more = if found.len() > 1 { format!(" and {} more", found.len() - 1) } else { String::new() };
    let message = format!("`{path}` takes in what an earlier run wrote here: `{}`{more}", shown_name(first));
    let help = "name the sources more closely, or let the results go to another folder: rows may count twice";
    Some(Diagnostic::warning("PW0499", message).help(help))
}

fn shown_name(file: &Path) -> String {
    file.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned())
}

/// Where a sink writes; nothing is written yet.
fn sink_report(node: &Node, target: &Target) -> SinkReport {
    let path = match &target.place {
        Place::File { target, .. } => target.display().to_string(),
        Place::Elsewhere { destination, .. } => destination.shown_place().unwrap_or_default(),
        Place::StandardOutput => "standard output".to_owned(),
    };
    let only_new = match &node.op {
        Op::Write(write) => matches!(write.destination, Destination::File { when_exists: WhenExists::Fail, .. }),
        _ => false,
    };
    SinkReport {
        step: node.origin.step.clone(),
        title: node.origin.title.clone(),
        path,
        only_new,
        schema: node.schema.clone(),
        ..SinkReport::default()
    }
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    graph: Arc<Graph>,
    works: &'a BTreeMap<NodeId, Work>,
    targets: &'a BTreeMap<NodeId, Target>,
    counts: BTreeMap<NodeId, Count>,
    gathers: BTreeMap<NodeId, Gather>,
    /// What was put on disk for each that gathers.
    spilled: BTreeMap<NodeId, Vec<Arc<AtomicU64>>>,
    builds: BTreeMap<NodeId, Arc<Build>>,
    /// Joins whose held side outgrew its share: they gather both sides.
    held: BTreeSet<NodeId>,
    /// Roots that were run.
    done: BTreeSet<NodeId>,
    /// Those that need no more rows.
    satisfied: BTreeSet<NodeId>,
    sinks: BTreeMap<NodeId, Sink>,
    /// Rows of those that are complete.
    written: BTreeMap<NodeId, u64>,
    quarantine: Option<QuarantineFile>,
    tallies: BTreeMap<NodeId, Tally>,
    /// Bytes of each source that what was read of it took.
    taken: BTreeMap<NodeId, u64>,
    cancel: Cancel,
    /// What an operation may make at once of the rows that it is given.
    allowance: Allowance,
    /// Bytes of memory that the run keeps to.
    budget: u64,
    /// Bytes of the parts in which much that comes of a chunk is handed on.
    part: usize,
}

/// What a run has written aside.
#[derive(Default)]
struct Executed {
    publisher: Publication,
    incremental: Option<Incremental>,
    quarantine: Option<QuarantineFile>,
    history: History,
}

fn execute(
    prepared: Prepared,
    options: &RunOptions,
    progress: &dyn RunProgress,
    report: &mut RunReport,
) -> Result<Executed, Diagnostic> {
    let Prepared { plan, mut jobs, targets, mut publisher, quarantine, mut incremental, .. } = prepared;
    let graph = Graph::new(&plan, &BTreeSet::new());
    let mut works = BTreeMap::new();
    let each_time = memory::each_time(report.memory_budget_bytes);
    // Keys of joins, orders and partitions are computed outside of what is counted chunk by chunk.
    let _entered = Allowance::again_and_again(&options.cancel, each_time).enter();
    for (id, node) in plan.iter() {
        let is_join = matches!(node.op, Op::Join(_) | Op::AsofJoin(_));
        if is_join || !(graph.is_streamed(id) || matches!(node.op, Op::Read(_))) {
            works.insert(id, Work::new(&plan, node, &name_of(node, id)).map_err(|fault| located(fault, &plan, id))?);
        }
    }
    let gathers = works.values().map(Work::gathers).sum();
    let limits = memory::limits(report.memory_budget_bytes, gathers);
    let folder = Arc::new(SpillFolder::new(publisher.scratch(&options.out)?));
    let gathers = works.iter().map(|(id, work)| Ok((*id, work.gather(limits, &folder)?)));
    let gathers = gathers.collect::<Result<BTreeMap<NodeId, Gather>, Diagnostic>>()?;
    let mut run = Run {
        plan: &plan,
        graph: Arc::new(graph),
        works: &works,
        targets: &targets,
        counts: BTreeMap::new(),
        spilled: gathers.iter().map(|(id, gather)| (*id, gather.spilled())).collect(),
        gathers,
        builds: BTreeMap::new(),
        held: BTreeSet::new(),
        done: BTreeSet::new(),
        satisfied: BTreeSet::new(),
        sinks: BTreeMap::new(),
        written: BTreeMap::new(),
        quarantine,
        tallies: BTreeMap::new(),
        taken: BTreeMap::new(),
        cancel: options.cancel.clone(),
        allowance: Allowance::new(&options.cancel, None, memory::at_once(report.memory_budget_bytes)),
        budget: report.memory_budget_bytes,
        part: memory::part(report.memory_budget_bytes),
    };
    for (id, target) in &targets {
        run.sinks.insert(*id, Sink::open(target)?);
    }
    let done = Arc::new(AtomicU64::new(0));
    let files = jobs.values().flat_map(|job| job.read_files());
    let total = files.filter_map(|(_, path, _)| path.metadata().ok()).map(|about| about.len()).sum();
    while let Some(root) = run.next()? {
        let title = &plan.node(root).origin.title;
        let result = match jobs.get_mut(&root) {
            Some(job) => {
                job.progress = done.clone();
                job.quarantine_limit = if run.quarantine.is_some() { usize::MAX } else { 0 };
                progress.step(&format!("reading {title}"));
                run.read(root, job, &|| progress.bytes(done.load(Ordering::Relaxed).min(total), total))
            }
            None => {
                progress.step(&format!("finishing {title}"));
                run.finish(root)
            }
        };
        result.map_err(|fault| located(fault, &plan, root))?;
        run.done.insert(root);
    }
    run.complete(report)?;
    let rows = std::mem::take(&mut run.written);
    let lost: Vec<&[LeftOut]> = report.sinks.iter().map(|sink| sink.left_out.as_slice()).collect();
    report.answers = told::answers(&plan, &targets, &rows, &lost, &options.headliners, &options.cancel)?;
    let history = History::of(&mut publisher, &options.out, &report.started_at, &report.answers)?;
    if let Some(incremental) = &mut incremental {
        report.told.extend(incremental.left());
        incremental.complete(&mut publisher, &written_to(&targets, &rows))?;
    }
    Ok(Executed { publisher, incremental, quarantine: run.quarantine.take(), history })
}

/// When all that is turned away is known.
fn close_quarantine(
    file: Option<QuarantineFile>,
    publisher: &mut Publication,
    report: &mut RunReport,
    options: &RunOptions,
) -> Result<(), Diagnostic> {
    if let Some(mut file) = file {
        match file.finish()? {
            true => report.quarantine_file = Some(file.target.display().to_string()),
            false => publisher.leave_out(&file.temporary),
        }
    }
    let refused: u64 = report.sinks.iter().map(|sink| sink.refused).sum();
    let sent: u64 = report.sinks.iter().filter(|sink| sink.refused > 0).map(|sink| sink.rows).sum();
    // Of the rows that were to be sent.
    report.quarantined_share = report.quarantined_share.max(refused as f64 / sent.max(1) as f64).min(1.0);
    let limit = options.max_quarantined.unwrap_or(MAX_QUARANTINED);
    report.max_quarantined = limit;
    report.over_threshold = report.quarantined_share > limit
        || report.sources.iter().any(|source| source.tally.quarantined_share() > limit);
    Ok(())
}

/// Where rows were written, and how many.
fn written_to(targets: &BTreeMap<NodeId, Target>, rows: &BTreeMap<NodeId, u64>) -> BTreeMap<NodeId, (PathBuf, u64)> {
    let files = targets.iter().filter_map(|(id, target)| match &target.place {
        Place::File { aside, .. } => Some((*id, (aside.clone(), rows.get(id).copied().unwrap_or_default()))),
        Place::Elsewhere { .. } | Place::StandardOutput => None,
    });
    files.collect()
}

/// Unique in a plan.
fn name_of(node: &Node, id: NodeId) -> String {
    format!("{} {}", node.origin.step, id.0)
}

fn located(fault: Diagnostic, plan: &Plan, id: NodeId) -> Diagnostic {
    if fault.location.step.is_some() {
        return fault;
    }
    let origin = &plan.node(id).origin;
    fault.step(&*origin.step, &*origin.title)
}

impl Run<'_> {
    /// The root that is run next, with the sides prepared that joins of its rows hold. A join whose side does not fit
    /// into memory blocks from now on: it gathers both.
    fn next(&mut self) -> Result<Option<NodeId>, Diagnostic> {
        // What nobody will ask any more goes.
        let (graph, done) = (self.graph.clone(), self.done.clone());
        let is_needed =
            |join: &NodeId| graph.reached.iter().any(|(root, nodes)| !done.contains(root) && nodes.contains(join));
        self.builds.retain(|join, _| is_needed(join));
        loop {
            let Some(root) = self.graph.next(&self.done) else { return Ok(None) };
            let graph = self.graph.clone();
            let mut joins =
                graph.reached[&root].iter().filter(|node| **node != root && self.gathers.contains_key(*node));
            if let Some(large) = joins.find(|join| self.gathers[*join].is_spilled()) {
                self.held.insert(*large);
                self.graph = Arc::new(Graph::new(self.plan, &self.held));
                continue;
            }
            for join in graph.reached[&root].iter().filter(|node| **node != root) {
                if let Some(gather) = self.gathers.remove(join) {
                    let build = gather.build(&self.works[join]).map_err(|fault| located(fault, self.plan, *join))?;
                    self.builds.insert(*join, Arc::new(build));
                }
            }
            return Ok(Some(root));
        }
    }

    /// Reads one source through everything that works chunk by chunk.
    fn read(&mut self, id: NodeId, job: &crate::read::ReadJob, on_chunk: &dyn Fn()) -> Result<(), Diagnostic> {
        let (plan, works, targets) = (self.plan, self.works, self.targets);
        let (graph, builds, wants_rejected) = (self.graph.clone(), self.builds.clone(), self.quarantine.is_some());
        let (allowance, most) = (self.allowance.clone(), self.part);
        let flow = Flow { plan, graph: &graph, works, targets, builds: &builds, wants_rejected, allowance: &allowance };
        let title = &self.plan.node(id).origin.title;
        let secrets = match &plan.node(id).op {
            Op::Read(read) if wants_rejected => SecretKeys::of_source(read, &job.files),
            _ => SecretKeys::of(&Schema::default()),
        };
        let (mut tally, mut taken, before) = (Tally::default(), 0, job.progress.load(Ordering::Relaxed));
        let work = |mut parsed: Parsed, send: Send<(Option<Parsed>, Yield)>| {
            let rows = std::mem::take(&mut parsed.frame);
            let mut send = |part: Yield| send((None, part));
            let mut out = Out::new(most, &mut send);
            flow.push(id, rows, &mut out)?;
            Ok((Some(parsed), out.done))
        };
        job.for_each_in_parts(&work, &mut |(parsed, pushed): (Option<Parsed>, Yield)| {
            // Parts of a chunk come before it is told what the chunk was.
            if let Some(parsed) = parsed {
                tally.add(&parsed.tally);
                taken += parsed.taken;
                if let Some(file) = &mut self.quarantine {
                    for unit in parsed.quarantined {
                        file.write(&Rejected::unit(title, unit, &secrets))?;
                    }
                }
            }
            self.take(pushed)?;
            on_chunk();
            tally.stopped = self.is_enough(id);
            Ok(if tally.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        tally.stopped &= job.has_more(taken, before);
        self.taken.insert(id, taken);
        self.tallies.insert(id, tally);
        Ok(())
    }

    /// Computes a blocking node's rows, piece by piece, and pushes them on.
    fn finish(&mut self, id: NodeId) -> Result<(), Diagnostic> {
        let (plan, works, targets) = (self.plan, self.works, self.targets);
        let (graph, builds, wants_rejected) = (self.graph.clone(), self.builds.clone(), self.quarantine.is_some());
        let (allowance, most) = (self.allowance.clone(), self.part);
        let flow = Flow { plan, graph: &graph, works, targets, builds: &builds, wants_rejected, allowance: &allowance };
        let budget = self.budget;
        let (Some(work), Some(gather)) = (works.get(&id), self.gathers.remove(&id)) else { return Ok(()) };
        let compute = |task: Task, send: Send<Yield>| {
            let mut out = Out::new(most, send);
            // All rows of a partition are needed at once: what they make is bounded only where it is out of all measure.
            let whole = allowance.up_to(memory::out_of_measure(budget));
            {
                let _entered = whole.enter();
                work.compute(task, &mut |rows| flow.push(id, rows, &mut out))
                    .map_err(|fault| located(fault, plan, id))?;
            }
            out.done.counts.push((id, Count::lost_in(plan.node(id), &whole)));
            Ok(out.done)
        };
        let workers = memory::workers();
        let cancel = self.cancel.clone();
        let crew = Crew { name: "exchange", workers, alive: workers + 1, cancel: &cancel };
        let own = Allowance::again_and_again(&cancel, memory::out_of_measure(budget));
        let make = |send: Send<Task>| {
            let _entered = own.enter();
            work.make(gather, send)
        };
        crew.run(make, &compute, &mut |pushed| {
            self.take(pushed)?;
            Ok(if self.is_enough(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        self.counts.entry(id).or_default().add(&Count::lost_in(plan.node(id), &own));
        Ok(())
    }

    /// Whether nobody needs more rows of a root: all that it feeds is the first rows, and they are there.
    fn is_enough(&self, id: NodeId) -> bool {
        if self.satisfied.is_empty() {
            return false;
        }
        let reached = &self.graph.reached[&id];
        let mut takers = reached.iter().flat_map(|node| self.graph.takers.get(node).into_iter().flatten());
        reached.iter().all(|node| !self.targets.contains_key(node))
            && takers.all(|(taker, _)| self.satisfied.contains(taker))
    }

    /// Takes in what a chunk came to; called in the chunks' order.
    fn take(&mut self, pushed: Yield) -> Result<(), Diagnostic> {
        for (id, count) in pushed.counts {
            self.counts.entry(id).or_default().add(&count);
        }
        for (id, side, rows) in pushed.gathered {
            let (Some(work), Some(gather)) = (self.works.get(&id), self.gathers.get_mut(&id)) else { continue };
            if gather.add(work, side, rows).map_err(|fault| located(fault, self.plan, id))? {
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

    /// Completes the outputs and the report.
    fn complete(&mut self, report: &mut RunReport) -> Result<(), Diagnostic> {
        report.sinks.clear();
        for (id, sink) in std::mem::take(&mut self.sinks) {
            let (rows, bytes) = sink.finish()?;
            self.written.insert(id, rows);
            report.rows_written += rows;
            let sink = sink_report(self.plan.node(id), &self.targets[&id]);
            report.sinks.push(SinkReport { rows, bytes, ..sink });
        }
        for (source, (id, tally)) in report.sources.iter_mut().zip(&self.tallies) {
            source.tally = tally.clone();
            report.rows_read += tally.rows;
            report.quarantined += tally.quarantined;
            let is_part = tally.stopped || source.unchanged_files.is_some();
            report.bytes_read += match self.taken.get(id).filter(|_| is_part) {
                Some(taken) => *taken,
                None => source.files.iter().map(|file| file.bytes).sum(),
            };
        }
        let spilled = self.spilled.iter().map(|(id, parts)| (*id, blocking::spilled_bytes(parts))).collect();
        self.builds.clear();
        let matches = self.works.iter().filter_map(|(id, work)| Some((*id, work.matches(self.plan, *id)?))).collect();
        self.counts.iter_mut().for_each(|(id, count)| count.changes = self.plan.told_changes(*id, &count.changes));
        report.steps = report::step_reports(self.plan, &self.counts, &spilled, &matches);
        let fate = |id| report::fate(id, &self.counts, &self.tallies, &matches);
        for (sink, id) in report.sinks.iter_mut().zip(self.targets.keys()) {
            sink.left_out = left_out(self.plan, *id, &BTreeMap::new(), &fate);
        }
        report.spilled_bytes = spilled.values().sum();
        report.quarantined += report.steps.iter().map(|step| step.quarantined).sum::<u64>();
        let units: u64 = self.tallies.values().map(|tally| tally.read).sum();
        let turned_away = report::turned_away(self.plan, &self.counts, &self.tallies);
        report.quarantined_share = (turned_away as f64 / units.max(1) as f64).min(1.0);
        Ok(())
    }
}

#[cfg(test)]
mod budget_tests;
#[cfg(test)]
mod tests;
