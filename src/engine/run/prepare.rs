//! Before a run: which sinks, which parameters, where outputs go; everything that is wrong is listed at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, did_you_mean};
use pipewright_core::expr::{Expr, ExprKind};
use pipewright_core::files::{
    OPEN_ROWS, PrivateFolder, Publication, allow_place, check_file_name, inside, is_foreign, is_hidden, is_result,
    is_same_place, make_folder, real, slashes, there_is_one,
};
use pipewright_core::ir::{
    Applied, Closed, ConnectionKind, Destination, FileKind, Interval, Location, Node, NodeId, Op, Plan, Planned, Read,
    SOURCE_FOLDER, WhenExists, Write, closed_buckets, interpolate, prune, resolve_parameters,
};

use super::incremental::{Designs, Incremental};
use super::kept;
use super::posts::{Load, Post};
use super::quarantine::QuarantineFile;
use super::undisturbed::Undisturbed;
use super::{RunOptions, RunProgress};
use crate::ops;
use crate::places::{self, Amount, Visit};
use crate::read::{Origin, ReadJob, expand, job_of, job_of_none, name_file};
use crate::write::{Place, Target};

/// The time at which the run began, as expressions may ask for it.
const STARTED_AT: &str = "run.started_at";

/// A plan that is ready to run: pruned, parameters in place.
pub(super) struct Prepared {
    pub plan: Plan,
    pub jobs: BTreeMap<NodeId, ReadJob>,
    pub targets: BTreeMap<NodeId, Target>,
    pub publisher: Publication,
    pub quarantine: Option<QuarantineFile>,
    /// What is sent over HTTP.
    pub posts: BTreeMap<NodeId, Post>,
    /// Where the report is written until it is published.
    pub report: Option<PathBuf>,
    pub parameters: BTreeMap<String, Value>,
    /// What was taken from places, and what goes to tables; gone at the end.
    pub aside: Option<PrivateFolder>,
    /// What is worth knowing of what was taken.
    pub told: Vec<Diagnostic>,
    /// Where a run goes on that reads only what is new.
    pub incremental: Option<Incremental>,
    /// Outputs of which an interval is replaced, as they were before.
    pub undisturbed: Undisturbed,
    /// What an interval makes of the plan; its own plan is that of the run.
    applied: Applied,
    /// What buckets of time make of the plan of a run that goes on.
    pub closed: Closed,
}

pub(super) fn prepare(
    plan: &Plan,
    options: &RunOptions,
    progress: &dyn RunProgress,
    started: i64,
) -> Result<Prepared, Vec<Diagnostic>> {
    let mut faults: Vec<Diagnostic> = plan.diagnostics.iter().filter(|fault| fault.is_error()).cloned().collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let sinks = chosen_sinks(plan, options.only.as_deref()).map_err(|fault| vec![fault])?;
    let pruned = prune(plan, &sinks);
    let mut bound = pruned.clone();
    for (_, node) in bound.iter() {
        if let Op::Read(read) = &node.op
            && let Some(planned) = &read.planned
        {
            let why = match planned.status.as_str() {
                Planned::DECLARED => "has no data at hand, only its declaration".to_owned(),
                status => format!("does not exist yet ({status})"),
            };
            let fault =
                Diagnostic::error("PW0960", format!("the source `{}` {why}, so this cannot be run", planned.source));
            let owner = if planned.owner.is_empty() { "its owner" } else { &planned.owner };
            faults.push(at(
                node,
                fault.help(format!("ask {owner} when it will be there, or run another flow alone with --flow")),
            ));
        }
    }
    let parameters = match parameters_of(&bound, options, started) {
        Ok(parameters) => parameters,
        Err(more) => {
            faults.extend(more);
            return Err(faults);
        }
    };
    for node in &mut bound.nodes {
        let node = Arc::make_mut(node);
        node.op = ops::bound(&node.op, &parameters);
        if let Err(fault) = fill_paths(&mut node.op, &parameters) {
            faults.push(at(node, fault));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let designs = options.incremental.then(|| Designs::of((plan, &sinks), &pruned, &bound, options.lateness));
    let options = &RunOptions {
        inputs: [&options.inputs[..], &files_of_databases(&bound, &parameters, &options.base)].concat(),
        ..options.clone()
    };
    let mut prepared = Prepared {
        jobs: BTreeMap::new(),
        targets: BTreeMap::new(),
        publisher: Publication::default(),
        quarantine: None,
        posts: BTreeMap::new(),
        report: None,
        parameters,
        aside: None,
        told: Vec::new(),
        incremental: None,
        undisturbed: Undisturbed::default(),
        applied: Applied::default(),
        closed: Closed::default(),
        plan: bound,
    };
    if !options.dry_run {
        // What an earlier run could not finish may be what this one reads.
        prepared.publisher.recover(&options.out).map_err(|fault| vec![fault])?;
    }
    if let Some(interval) = &options.interval {
        prepared.keep_to(interval, options)?;
    }
    if let Some(designs) = designs {
        prepared.close_buckets(options)?;
        let mut incremental = Incremental::new(&prepared.closed, designs, options)?;
        let opens_places = options.opens_places && !options.dry_run;
        incremental.open(prepared.visit(options), opens_places).map_err(|fault| vec![fault])?;
        prepared.told.append(&mut incremental.told);
        prepared.incremental = Some(incremental);
    }
    // What goes to tables is looked at first: nobody waits for an answer that could not be loaded.
    prepared.open_targets(true, options, &mut faults);
    if faults.is_empty() && options.opens_places && !options.dry_run {
        prepared.take_from_places(options, progress, &mut faults);
    }
    prepared.open_sources(options, &mut faults);
    prepared.open_targets(false, options, &mut faults);
    faults.extend(prepared.open_rest(options).err());
    if faults.is_empty() { Ok(prepared) } else { Err(faults) }
}

fn at(node: &Node, fault: Diagnostic) -> Diagnostic {
    fault.step(&*node.origin.step, &*node.origin.title)
}

/// The sinks that write something, or those of the step or answer that is named.
fn chosen_sinks(plan: &Plan, only: Option<&str>) -> Result<Vec<NodeId>, Diagnostic> {
    let is_answer =
        |id: &NodeId| matches!(&plan.node(*id).op, Op::Write(Write { destination: Destination::Answer { .. }, .. }));
    let all = plan.sinks();
    let Some(only) = only else {
        let (answers, sinks): (Vec<NodeId>, Vec<NodeId>) = all.into_iter().partition(is_answer);
        if !sinks.is_empty() {
            return Ok(sinks);
        }
        let fault = Diagnostic::error("PW0961", "nothing is written: the design has no step that loads rows");
        return Err(fault.help(match answers.is_empty() {
            true => "add a step such as “Load to file” at the end of a flow",
            false => "an Answer shows its rows and writes none: add a step such as “Load to file” behind it",
        }));
    };
    let fits = |id: &NodeId| {
        let origin = &plan.node(*id).origin;
        origin.step == only || origin.title == only
    };
    let sinks: Vec<NodeId> = all.iter().copied().filter(fits).collect();
    if sinks.is_empty() {
        let titles: BTreeSet<&str> = all.iter().map(|id| plan.node(*id).origin.title.as_str()).collect();
        let hint = did_you_mean(only, titles.iter().copied());
        return Err(Diagnostic::error("PW0962", format!("no step `{only}` writes rows{hint}"))
            .help(format!("steps that do: {}", titles.into_iter().collect::<Vec<_>>().join(", "))));
    }
    Ok(sinks)
}

fn parameters_of(plan: &Plan, options: &RunOptions, started: i64) -> Result<BTreeMap<String, Value>, Vec<Diagnostic>> {
    let known = plan.parameters.iter().map(|parameter| parameter.name.as_str());
    let unknown: Vec<Diagnostic> = options
        .parameters
        .keys()
        .filter(|name| *name != STARTED_AT && !plan.parameters.iter().any(|parameter| parameter.name == **name))
        .map(|name| {
            Diagnostic::error("PW0963", format!("there is no parameter `{name}`{}", did_you_mean(name, known.clone())))
                .help(match plan.parameters.is_empty() {
                    true => "this design has no parameters".to_owned(),
                    false => format!("the parameters are {}", known.clone().collect::<Vec<_>>().join(", ")),
                })
        })
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let mut parameters = resolve_parameters(&plan.parameters, &options.parameters, &|_| None)?;
    let given = options.parameters.get(STARTED_AT).cloned();
    parameters.insert(STARTED_AT.to_owned(), given.unwrap_or(Value::Timestamp(started)));
    let missing: BTreeSet<String> = plan.nodes.iter().flat_map(|node| named_in(&node.op)).collect();
    let missing = missing.into_iter().filter(|name| !parameters.contains_key(name));
    let faults: Vec<Diagnostic> = missing
        .map(|name| {
            Diagnostic::error("PW0964", format!("the parameter `{name}` is used but not declared"))
                .help("add it to the project's parameters, with its type")
        })
        .collect();
    if faults.is_empty() { Ok(parameters) } else { Err(faults) }
}

/// Parameters that an operation's expressions name.
fn named_in(op: &Op) -> Vec<String> {
    fn walk(expr: &Expr, found: &mut Vec<String>) {
        if let ExprKind::Parameter(name) = &expr.kind {
            found.push(name.clone());
        }
        expr.children().into_iter().for_each(|child| walk(child, found));
    }
    let mut found = Vec::new();
    for expr in op.expressions() {
        walk(expr, &mut found);
    }
    found
}

fn fill_paths(op: &mut Op, parameters: &BTreeMap<String, Value>) -> Result<(), Diagnostic> {
    if let Some(path) = op.path_mut() {
        *path = interpolate(path, parameters)?;
    }
    Ok(())
}

impl Prepared {
    /// Rows that go where a connection leads.
    pub fn loads(&self) -> Vec<Load> {
        let loads = self.targets.iter().filter_map(|(id, target)| match &target.place {
            Place::Elsewhere { aside, destination } => Some(Load {
                id: *id,
                destination: destination.clone(),
                schema: target.schema.clone(),
                rows: aside.clone(),
                replaced: self.applied.replaced.get(id).cloned(),
                origin: self.plan.node(*id).origin.clone(),
            }),
            Place::File { .. } | Place::StandardOutput => None,
        });
        loads.collect()
    }

    /// What connections may use.
    fn visit<'a>(&'a self, options: &'a RunOptions) -> Visit<'a> {
        let (parameters, variables) = (&self.parameters, &options.variables);
        Visit { base: &options.base, parameters, variables, cancel: &options.cancel }
    }

    /// Only rows of an interval are replaced: those of files that stay are read from what a run wrote there.
    fn keep_to(&mut self, interval: &Interval, options: &RunOptions) -> Result<(), Vec<Diagnostic>> {
        let faults = interval.check(&self.plan);
        if !faults.is_empty() {
            return Err(faults);
        }
        let outputs = self.plan.iter().filter_map(|(_, node)| match &node.op {
            Op::Write(Write { destination: Destination::File { path, .. }, .. }) => place_of(path, options).ok(),
            _ => None,
        });
        self.undisturbed = Undisturbed::of(outputs);
        let place = |path: &str| place_of(path, options).ok().filter(|place| place.exists());
        for (_, node) in self.plan.iter() {
            if let Op::Write(Write { destination: Destination::File { path, .. }, .. }) = &node.op
                && place(path).is_some_and(|place| !is_result(&place))
            {
                let message = format!("`{path}` is there, and no run wrote it, or it was changed since");
                let fault = Diagnostic::error("PW0982", message).help("move it away, or give the output another path");
                return Err(vec![at(node, fault)]);
            }
        }
        let earlier = |path: &str| place(path).map(|place| own_place(place, options));
        self.applied = interval.applied(&self.plan, &earlier).map_err(|fault| vec![fault])?;
        self.plan = std::mem::take(&mut self.applied.plan);
        let nodes = self.applied.kept.iter().map(|id| self.plan.node(*id));
        let changed: Vec<Diagnostic> =
            nodes.filter_map(|node| kept::check(node).err().map(|fault| at(node, fault))).collect();
        if changed.is_empty() { Ok(()) } else { Err(changed) }
    }

    /// Buckets of time are made when they are closed; the rows of the others are read from what a run kept there.
    fn close_buckets(&mut self, options: &RunOptions) -> Result<(), Vec<Diagnostic>> {
        let place = |name: &str| place_of(name, options).ok().filter(|place| place.exists());
        let earlier = |name: &str| place(name).map(|place| own_place(place, options));
        self.closed = closed_buckets(&self.plan, options.lateness, &earlier).map_err(|fault| vec![fault])?;
        self.plan = self.closed.plan.clone();
        Ok(())
    }

    /// A file of the run's own, which nobody else may look into.
    fn aside(&mut self, name: &str) -> Result<PathBuf, Diagnostic> {
        if self.aside.is_none() {
            self.aside = Some(PrivateFolder::new()?);
        }
        let folder = self.aside.as_ref().map(|folder| folder.path().join(name)).unwrap_or_default();
        Ok(folder)
    }

    /// Puts what is asked of places into files, which are read in the place of their samples.
    fn take_from_places(&mut self, options: &RunOptions, progress: &dyn RunProgress, faults: &mut Vec<Diagnostic>) {
        for index in 0..self.plan.nodes.len() {
            let node = self.plan.nodes[index].clone();
            let Op::Read(read) = &node.op else { continue };
            let Some(location) = &read.location else { continue };
            progress.step(&format!("taking {}", location.shown()));
            match self.take(read, location, index, options) {
                Ok((path, told)) => {
                    self.told.extend(told.into_iter().map(|told| at(&node, told)));
                    if let Op::Read(read) = &mut Arc::make_mut(&mut self.plan.nodes[index]).op {
                        read.path = path;
                    }
                }
                Err(fault) => faults.push(at(&node, fault)),
            }
        }
    }

    fn take(
        &mut self,
        read: &Read,
        location: &Location,
        index: usize,
        options: &RunOptions,
    ) -> Result<(String, Vec<Diagnostic>), Diagnostic> {
        let folder = self.aside(&format!("source-{index}"))?;
        make_folder(&folder).map_err(|error| crate::read::unreadable(&folder, &error))?;
        let id = NodeId(index as u32);
        let before = self.incremental.as_ref().and_then(|incremental| incremental.source(id));
        let amount = match &before {
            None => Amount::All,
            Some(before) if location.connection.kind.is_store() => Amount::Unseen(&before.objects),
            Some(before) => Amount::Newer(before.newest.as_deref()),
        };
        let taken = places::take(location, Some(&read.format), amount, &folder, self.visit(options))?;
        if let (Some(incremental), true) = (&mut self.incremental, before.is_some()) {
            incremental.newest.insert(id, taken.newest.clone());
            incremental.unchanged.extend(taken.files.is_empty().then_some(id));
            incremental.objects.insert(id, taken.seen);
        }
        if let Some(found) = &taken.schema {
            places::check_columns(read, location, found)?;
        }
        for (number, file) in taken.files.iter().enumerate() {
            let page = if taken.files.len() > 1 { format!(", page {}", number + 1) } else { String::new() };
            let name = file.name.clone().unwrap_or_else(|| format!("{}{page}", location.shown()));
            name_file(&file.path, Origin { name, version: file.version.clone() });
        }
        allow_place(&options.base, &folder);
        Ok((slashes(&folder.join(taken.pattern)), taken.told))
    }

    fn open_sources(&mut self, options: &RunOptions, faults: &mut Vec<Diagnostic>) {
        // A bundle names files as its design does: from the folder of its sources on.
        let folder = match self.parameters.get(SOURCE_FOLDER) {
            Some(Value::String(folder)) => Some(options.base.join(folder)),
            _ => None,
        };
        for (id, node) in self.plan.iter() {
            let Op::Read(read) = &node.op else { continue };
            // A run goes there; a bundle has no sample that could be looked at. What could not be taken is told already.
            let is_elsewhere = read.location.is_some() && (options.dry_run || !faults.is_empty());
            if is_elsewhere && expand(&read.path, &options.base).map_or(true, |files| files.is_empty()) {
                continue;
            }
            if self.incremental.as_ref().is_some_and(|incremental| incremental.unchanged.contains(&id)) {
                self.jobs.insert(id, job_of_none(read, &options.base, &options.cancel));
                continue;
            }
            let job = job_of(read, &options.base, &options.cancel).and_then(|mut job| {
                if let Some(size) = options.chunk_size {
                    job.chunk_size = size;
                }
                if let Some(folder) =
                    folder.as_ref().filter(|folder| job.files.iter().all(|file| file.starts_with(folder)))
                {
                    job.base.clone_from(folder);
                }
                job.prepare(0)?;
                if let Some(incremental) = self.incremental.as_mut().filter(|_| read.location.is_none())
                    && let Some(before) = incremental.source(id)
                {
                    let resume = job.go_on(&before.files)?;
                    self.told.extend(resume.told.iter().map(|told| at(node, told.clone())));
                    incremental.resumed.insert(id, resume);
                }
                Ok(job)
            });
            match job {
                Ok(job) => {
                    self.jobs.insert(id, job);
                }
                Err(fault) => faults.push(at(node, fault)),
            }
        }
    }

    /// What is wrong with the places for quarantine and report is found out before anything is read.
    fn open_rest(&mut self, options: &RunOptions) -> Result<(), Diagnostic> {
        let quarantine = options.quarantine.as_deref().map(quarantine_target);
        let put: Vec<&PathBuf> = quarantine.iter().chain(&options.report).collect();
        let all: Vec<&PathBuf> = put.iter().copied().chain(&options.not_over).collect();
        for (at, path) in all.iter().enumerate() {
            let is_same = |other: &&PathBuf| real(other).is_some_and(|other| Some(other) == real(path));
            if all[..at].iter().any(is_same) || self.targets.values().any(|target| target.holds(path)) {
                let message = format!("`{}` is written by a step or by the run itself, too", path.display());
                return Err(Diagnostic::error("PW0966", message)
                    .help("give quarantine, report, measures, events and each output a path of its own"));
            }
            if at < put.len() && path.is_dir() {
                return Err(Diagnostic::error("PW0968", format!("`{}` is a folder", path.display()))
                    .help("give the path of a file in it"));
            }
            check_sources(&format!("`{}`", path.display()), path, self.jobs.values(), &options.inputs)?;
        }
        if let Some(target) = quarantine.filter(|_| !options.dry_run) {
            // The name of the file in a folder is not the user's word.
            let is_named = options.quarantine.as_ref() == Some(&target);
            if !is_named {
                stays_inside(&target)?;
            }
            let aside = if is_named { self.publisher.file(&target)? } else { self.publisher.output(&target)? };
            let goes_on = self.incremental.is_some();
            self.quarantine = Some(QuarantineFile::new(aside, target, is_named, goes_on));
        }
        // Among the outputs a report is one of them: scripts put it there.
        let out = options.out.canonicalize().ok();
        let is_beside = |report: &Path| {
            let folder = report.parent().and_then(|folder| folder.canonicalize().ok());
            folder.is_some() && folder == out
        };
        self.report = match &options.report {
            Some(report) if is_beside(report) => {
                stays_inside(report)?;
                if in_current_folder(options) && is_foreign(report) {
                    return Err(foreign_to_guests(&report.display().to_string()));
                }
                Some(self.publisher.output(report)?)
            }
            Some(report) => Some(self.publisher.report(report)?),
            None => None,
        };
        Ok(())
    }

    /// What is there takes the rows; what does not fit is told before anything is read.
    fn elsewhere(
        &mut self,
        id: NodeId,
        destination: &Destination,
        schema: &Schema,
        options: &RunOptions,
    ) -> Result<Place, Diagnostic> {
        let aside = self.aside(&format!("rows-{}", id.0))?;
        if !options.dry_run {
            if !options.opens_places {
                let shown = destination.shown_place().unwrap_or_default();
                return Err(Diagnostic::error("PW0687", format!("{shown} is not loaded here"))
                    .help("`pipewright run` loads it"));
            }
            let replaced = self.applied.replaced.get(&id);
            places::check_load(destination, schema, replaced, self.visit(options))?;
        }
        if let (Destination::Endpoint(place), false) = (destination, options.dry_run) {
            let (node, parameters) = (self.plan.node(id), &self.parameters);
            self.posts.insert(id, Post::new(place, node, &options.out, &mut self.publisher, parameters)?);
        }
        Ok(Place::Elsewhere { aside, destination: destination.clone() })
    }

    /// Opens what connections lead to, or all other targets.
    fn open_targets(&mut self, elsewhere: bool, options: &RunOptions, faults: &mut Vec<Diagnostic>) {
        let mut taken: BTreeMap<PathBuf, String> = BTreeMap::new();
        let nodes: Vec<(NodeId, Arc<Node>)> = self.plan.iter().map(|(id, node)| (id, node.clone())).collect();
        for (id, node) in nodes {
            let Op::Write(write) = &node.op else { continue };
            if write.destination.connection().is_some() != elsewhere {
                continue;
            }
            let mut target = Target {
                place: Place::StandardOutput,
                kind: FileKind::Jsonl,
                partition: Vec::new(),
                schema: node.schema.clone(),
            };
            match &write.destination {
                Destination::Answer { .. } => continue,
                Destination::StandardOutput { kind } => {
                    target.kind = *kind;
                    let place = Path::new(STANDARD_OUTPUT);
                    let checked = check_sources("standard output", place, self.jobs.values(), &options.inputs);
                    faults.extend(checked.err().map(|fault| at(&node, fault)));
                }
                Destination::Table(_) | Destination::Objects(_) | Destination::Endpoint(_) => {
                    if let Destination::Objects(place) = &write.destination {
                        (target.kind, target.partition) = (place.kind, place.partition.clone());
                    }
                    match self.elsewhere(id, &write.destination, &node.schema, options) {
                        Ok(place) => target.place = place,
                        Err(fault) => {
                            faults.push(at(&node, fault));
                            continue;
                        }
                    }
                }
                Destination::File { path, kind, partition, when_exists } => {
                    let is_folder = !partition.is_empty();
                    let (publisher, jobs) = (&mut self.publisher, &self.jobs);
                    let kept = [&self.applied.kept[..], &self.closed.kept].concat();
                    let earlier = self.incremental.as_ref().and_then(|incremental| incremental.earlier(id));
                    let place = place_of(path, options).and_then(|place| {
                        check_partition(partition, options)?;
                        let others = jobs.iter().filter(|(id, _)| !kept.contains(id)).map(|(_, job)| job);
                        check_sources(&format!("`{path}`"), &place, others, &options.inputs)?;
                        check_place(path, &place, *when_exists, &mut taken, &node.origin.title, options)?;
                        let aside = match (options.dry_run, is_folder) {
                            (true, _) => place.clone(),
                            (false, true) => publisher.folder(&place)?,
                            (false, false) if *when_exists == WhenExists::Fail => publisher.new_output(&place)?,
                            (false, false) => publisher.output(&place)?,
                        };
                        Ok(Place::File { aside, target: place, earlier })
                    });
                    (target.kind, target.partition) = (*kind, partition.clone());
                    match place {
                        Ok(place) => target.place = place,
                        Err(fault) => {
                            faults.push(at(&node, fault));
                            continue;
                        }
                    }
                }
            }
            self.targets.insert(id, target);
        }
    }
}

/// A file whose folder alone the user named: a link there does not lead out of it.
fn stays_inside(file: &Path) -> Result<(), Diagnostic> {
    match (file.parent(), file.file_name().and_then(|name| name.to_str())) {
        (Some(folder), Some(name)) => inside(folder, name).map(drop),
        _ => Ok(()),
    }
}

/// A place of rows that an earlier run wrote, which this one reads: wherever the user has the outputs.
fn own_place(place: PathBuf, options: &RunOptions) -> String {
    let place = std::path::absolute(&place).unwrap_or(place);
    allow_place(&options.base, &place);
    slashes(&place)
}

impl Target {
    /// Whether a path is its file, or lies in its folder.
    fn holds(&self, path: &Path) -> bool {
        let Place::File { target, .. } = &self.place else { return false };
        real(path).zip(real(target)).is_some_and(|(path, target)| path.starts_with(target))
    }
}

fn quarantine_target(path: &Path) -> PathBuf {
    let is_file = path.extension().is_some_and(|end| end == "jsonl" || end == "ndjson" || end == "json");
    if is_file && !path.is_dir() { path.to_owned() } else { path.join("quarantine.jsonl") }
}

/// Where a sink's path leads, which is inside of the folder for outputs unless the user says otherwise.
fn place_of(path: &str, options: &RunOptions) -> Result<PathBuf, Diagnostic> {
    check_file_name(path)?;
    let place = if options.allow_outside { options.out.join(path) } else { inside(&options.out, path)? };
    // Rows that wait for the next run are the program's own.
    let is_own = path.starts_with(OPEN_ROWS) && !path.contains('/');
    if options.is_guest && !is_own && is_hidden(&options.out, &place) {
        return Err(kept_from_guests(format!("`{path}` is a hidden place, where programs look for their settings")));
    }
    Ok(place)
}

/// Folders of partitions are named after their columns.
fn check_partition(partition: &[String], options: &RunOptions) -> Result<(), Diagnostic> {
    match partition.iter().find(|column| options.is_guest && column.starts_with('.')) {
        Some(column) => Err(kept_from_guests(format!("folders named `{column}=…` are hidden places"))),
        None => Ok(()),
    }
}

/// Whether a project that is not trusted writes to where its user works.
fn in_current_folder(options: &RunOptions) -> bool {
    options.is_guest && is_same_place(&options.out, Path::new("."))
}

fn foreign_to_guests(path: &str) -> Diagnostic {
    kept_from_guests(format!("`{path}` stands in the current folder, and no run wrote it"))
}

/// What a project that is not trusted does not write.
fn kept_from_guests(what: String) -> Diagnostic {
    Diagnostic::error("PW0752", format!("{what}; a project that is not trusted writes nothing there"))
        .help("give another --out DIR or path; --trust, where it is known from whom the project is")
        .field("path")
}

fn check_place(
    path: &str,
    place: &Path,
    when_exists: WhenExists,
    taken: &mut BTreeMap<PathBuf, String>,
    title: &str,
    options: &RunOptions,
) -> Result<(), Diagnostic> {
    if in_current_folder(options) && is_foreign(place) {
        return Err(foreign_to_guests(path));
    }
    // A folder of partitions is one output, with all that is in it.
    let is_same = |other: &PathBuf| place.starts_with(other) || other.starts_with(place);
    let other = taken.iter().find_map(|(other, title)| is_same(other).then(|| title.clone()));
    taken.insert(place.to_path_buf(), title.to_owned());
    if let Some(other) = other {
        return Err(Diagnostic::error("PW0966", format!("`{path}` is written by the step `{other}` too"))
            .help("give each its own path")
            .field("path"));
    }
    if when_exists == WhenExists::Fail && place.exists() {
        return Err(there_is_one(path));
    }
    Ok(())
}

/// The files of databases that a run reads or loads, with what their program keeps beside them while it works.
fn files_of_databases(
    plan: &Plan,
    parameters: &BTreeMap<String, pipewright_core::data::Value>,
    base: &Path,
) -> Vec<PathBuf> {
    const BESIDE: [&str; 4] = ["", "-journal", "-wal", "-shm"];
    let connections = plan.nodes.iter().filter_map(|node| match &node.op {
        Op::Read(read) => read.location.as_ref().map(|location| &location.connection),
        Op::Write(write) => write.destination.connection(),
        _ => None,
    });
    let files = connections.filter(|connection| connection.kind == ConnectionKind::Sqlite);
    let places = files.filter_map(|connection| interpolate(&connection.address, parameters).ok());
    let named = |address: String| BESIDE.map(|ending| base.join(format!("{}{ending}", address.trim())));
    places.flat_map(named).collect()
}

/// The name that leads to what standard output was opened to: it may be a file, which a shell appends to.
const STANDARD_OUTPUT: &str = "/dev/stdout";

/// An output is never one of the files that the run reads, nor a folder that holds one.
fn check_sources<'a>(
    name: &str,
    place: &Path,
    sources: impl Iterator<Item = &'a ReadJob>,
    inputs: &'a [PathBuf],
) -> Result<(), Diagnostic> {
    // What a database's program makes beside it may not be there yet.
    let by_name = |place: &Path| {
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some((folder.canonicalize().ok()?, place.file_name()?.to_owned()))
    };
    let own = by_name(place);
    if own.is_some() && inputs.iter().any(|input| by_name(input) == own) {
        return Err(one_of_the_sources(name));
    }
    let Ok(place) = place.canonicalize() else { return Ok(()) };
    let files: Vec<&PathBuf> = sources.flat_map(|job| &job.files).chain(inputs).collect();
    // Also where a disk is mounted twice, or a file has two names; many files share their folders.
    let parts: BTreeSet<&Path> = files.iter().flat_map(|file| file.ancestors()).collect();
    let is_same = |part: &&Path| !part.as_os_str().is_empty() && is_same_place(part, &place);
    let is_below = |file: &&PathBuf| file.canonicalize().is_ok_and(|file| file.starts_with(&place));
    match parts.iter().any(is_same) || files.iter().any(is_below) {
        true => Err(one_of_the_sources(name)),
        false => Ok(()),
    }
}

fn one_of_the_sources(name: &str) -> Diagnostic {
    Diagnostic::error("PW0969", format!("{name} is one of the files that this run reads, or loads rows into"))
        .help("write the rows to another place: what is there stays as it is")
        .field("path")
}
