//! Previews: the rows of every step over a sample, computed Op by Op on a worker thread. Frames are kept by a hash of
//! everything that decides their rows, so an edit recomputes only what lies after it. The latest request wins.
//! Not a run: nothing is fused, nothing is written, rows carry hidden ids.

mod alone;
mod cache;
mod derive;
mod session;
mod synthetic;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{Changes, Tally, repeated_headers};
use pipewright_core::ir::{Fate, LeftOut, Matches, NodeId, Plan, left_out};
use serde::Serialize;

use crate::budget::Budget;
use crate::cancel::Cancel;
use crate::columns::Quarantined;
use crate::ops::Alone;
use crate::profile::{ColumnProfile, profile};
use crate::run::{Count, StepReport, step_report};
use crate::run::{changed_in_source, changed_in_step, lacking_in_source, left_out_of_source, unmatched_in_step};
use crate::sample::SampleStatement;
use crate::sampling::Sampling;
use crate::table::ResultTable;
use session::Session;

/// Rows that previews sample by default.
pub const SAMPLE_ROWS: u64 = 100_000;
/// Bytes of frames that a worker keeps.
const CACHE_BYTES: usize = 1 << 30;
/// Bytes of frames that are kept where nobody asks again.
const NOTHING: usize = 0;

/// What to preview.
#[derive(Debug, Clone)]
pub struct PreviewRequest {
    /// Chosen by the caller; comes back with every reply.
    pub id: u64,
    pub plan: Arc<Plan>,
    /// Nodes whose rows are wanted, most wanted first. Everything before them is computed, and replied, too.
    pub watch: Vec<NodeId>,
    pub sampling: Sampling,
    pub budget: Budget,
    /// Folder that paths are relative to.
    pub base: PathBuf,
    pub parameters: BTreeMap<String, Value>,
}

/// The rows of one node, and what became of those that went in.
#[derive(Debug, Clone)]
pub struct NodeResult {
    pub rows: u64,
    /// Rows of each input, in order.
    pub rows_in: Vec<u64>,
    pub table: Arc<ResultTable>,
    /// For sources: how the sample was taken.
    pub statement: Option<SampleStatement>,
    /// For sources: what became of the units read.
    pub tally: Option<Tally>,
    /// For sources: the first units that did not fit the format.
    pub quarantined: Arc<Vec<Quarantined>>,
    /// For checks and parses that reject: the input rows that were rejected, with the reason.
    pub rejected: Option<(Arc<ResultTable>, String)>,
    /// Known from an earlier request.
    pub from_cache: bool,
    /// The rows come, in part, from sources that do not exist yet.
    pub made_up: bool,
    /// Made from every row of every source: numbers are exact.
    pub whole: bool,
    /// What the budget ended, here or before, in words.
    pub cut: Option<String>,
    /// Texts that became null here because they would have been longer than a million characters.
    pub lost: u64,
    /// What became of values here otherwise.
    pub changes: Changes,
    /// Of an aggregate: rows without a value, for each of `Aggregate::looked_at`.
    pub nulls: Vec<u64>,
    /// Of a join: how the rows of its sides found partners; `None` where the budget cut it.
    pub matches: Option<Matches>,
    /// Of such a join: keys of both sides that have no partner.
    pub alone: Alone,
    /// Time that computing took; of the earlier request where it comes from the cache.
    pub milliseconds: f64,
}

impl NodeResult {
    /// Rows that nothing else is known of.
    pub fn of_table(table: Arc<ResultTable>) -> NodeResult {
        NodeResult {
            rows: table.rows() as u64,
            rows_in: Vec::new(),
            table,
            statement: None,
            tally: None,
            quarantined: Arc::default(),
            rejected: None,
            from_cache: false,
            made_up: false,
            whole: true,
            cut: None,
            lost: 0,
            changes: Changes::default(),
            nulls: Vec::new(),
            matches: None,
            alone: Alone::default(),
            milliseconds: 0.0,
        }
    }

    /// What was counted here, for the list of what an answer leaves out.
    pub fn fate(&self) -> Fate {
        Fate {
            rows_in: self.rows_in.iter().sum(),
            rows_out: self.rows,
            unread: self.tally.as_ref().map_or(self.quarantined.len() as u64, |tally| tally.quarantined),
            stopped: false,
            changes: self.changes.clone(),
            lacking: self.tally.as_ref().map(|tally| tally.missing.clone()).unwrap_or_default(),
            matches: self.matches.clone(),
            nulls: self.nulls.clone(),
        }
    }

    /// What became of values here, in words; `None` where each is as it was.
    pub fn told_changes(&self) -> Option<String> {
        match &self.tally {
            Some(tally) => tally.changed_values(),
            None => self.changes.told(),
        }
    }

    /// What whoever looks at the rows has to know of them: what was turned away here, and what became of values.
    pub fn remarks(&self) -> Vec<Diagnostic> {
        let mut remarks = Vec::new();
        if let Some(tally) = self.tally.as_ref().filter(|tally| tally.quarantined > 0) {
            let message = format!("{} of {} units could not be read: in quarantine", tally.quarantined, tally.read);
            let help = match self.quarantined.first() {
                Some(unit) => format!("the first is line {}: {}", unit.line, unit.reason),
                None => "run the flow with --quarantine DIR to see them with their reasons".to_owned(),
            };
            remarks.push(Diagnostic::warning("PW0836", message).help(help));
        }
        if let Some((rows, reason)) = self.rejected.as_ref().filter(|(rows, _)| rows.rows() > 0) {
            let rows = if rows.rows() == 1 { "a row is".to_owned() } else { format!("{} rows are", rows.rows()) };
            let message = format!("{rows} rejected: in quarantine");
            remarks.push(Diagnostic::warning("PW0837", message).help(format!("the reason is: {reason}")));
        }
        match &self.tally {
            Some(tally) => {
                remarks.extend(lacking_in_source(tally, &[]));
                remarks.extend(changed_in_source(tally));
                remarks.extend(left_out_of_source(tally));
                remarks.extend(repeated_headers(tally));
            }
            None => remarks.extend(changed_in_step(&self.changes)),
        }
        remarks.extend(self.matches.iter().flat_map(|matches| unmatched_in_step(matches, &self.alone)));
        remarks
    }

    /// That not all rows are there which the sample would have given.
    pub fn told_cut(&self) -> Option<Diagnostic> {
        let cut = self.cut.as_ref()?;
        Some(Diagnostic::warning("PW0394", cut.clone()).help("look at fewer rows or columns, or run the flow for all"))
    }
}

/// One node's answer to a request.
#[derive(Debug, Clone)]
pub struct PreviewReply {
    /// The request's.
    pub id: u64,
    pub node: NodeId,
    /// The plan's hash of the node.
    pub hash: u64,
    pub result: Result<NodeResult, Diagnostic>,
    /// The last reply to the request.
    pub done: bool,
}

/// Computes previews and profiles on its own threads.
pub struct PreviewWorker {
    shared: Arc<Shared>,
}

struct Shared {
    wake: Box<dyn Fn() + Send + Sync>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Option<PreviewRequest>,
    /// Stops the request under way.
    running: Option<Cancel>,
    replies: Vec<PreviewReply>,
    profiles_wanted: Vec<(u64, Arc<ResultTable>)>,
    profiles: Vec<(u64, Vec<ColumnProfile>)>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `take` gives something; `None` when the worker is closed.
    fn next<T>(&self, take: impl Fn(&mut State) -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(taken) = take(&mut state) {
                return Some(taken);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl PreviewWorker {
    /// Starts the threads. `wake` is called, from a thread, whenever there is something to poll.
    pub fn spawn(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared { wake: Box::new(wake), state: Mutex::default(), changed: Condvar::new() });
        let for_previews = shared.clone();
        let for_profiles = shared.clone();
        // Without a thread nothing is ever replied; the designer shows that it waits.
        let _ = thread::Builder::new().name("preview".into()).spawn(move || work(&for_previews));
        let _ = thread::Builder::new().name("profile".into()).spawn(move || work_on_profiles(&for_profiles));
        Self { shared }
    }

    /// Takes the place of every earlier request.
    pub fn request(&self, request: PreviewRequest) {
        let mut state = self.shared.lock();
        if let Some(running) = &state.running {
            running.cancel();
        }
        state.replies.retain(|reply| reply.id == request.id);
        state.waiting = Some(request);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// What has been computed since the last poll, in order.
    pub fn poll(&self) -> Vec<PreviewReply> {
        std::mem::take(&mut self.shared.lock().replies)
    }

    /// Asks for the columns' profiles of a table; `id` comes back with them.
    pub fn profile(&self, id: u64, table: Arc<ResultTable>) {
        self.shared.lock().profiles_wanted.push((id, table));
        self.shared.changed.notify_all();
    }

    /// Profiles that are ready, each in the order of its table's columns.
    pub fn poll_profiles(&self) -> Vec<(u64, Vec<ColumnProfile>)> {
        std::mem::take(&mut self.shared.lock().profiles)
    }

    /// Ends what is under way; nothing is computed any more.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        state.closed = true;
        if let Some(running) = &state.running {
            running.cancel();
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Drop for PreviewWorker {
    fn drop(&mut self) {
        self.stop();
    }
}

fn work(shared: &Shared) {
    let mut session = Session::new(CACHE_BYTES);
    let next = || {
        shared.next(|state| {
            let request = state.waiting.take()?;
            let cancel = Cancel::new();
            state.running = Some(cancel.clone());
            Some((request, cancel))
        })
    };
    while let Some((request, cancel)) = next() {
        let mut reply = |reply: PreviewReply| {
            let mut state = shared.lock();
            // A newer request may have come while this node was computed.
            if !cancel.is_cancelled() {
                state.replies.push(reply);
            }
            drop(state);
            (shared.wake)();
        };
        let answered = session::guarded(|| {
            session.answer(&request, &cancel, &mut reply);
            Ok(())
        });
        if let Err(fault) = answered {
            // What was half done is forgotten; whoever waits for rows hears why there are none.
            session = Session::new(CACHE_BYTES);
            for node in &request.watch {
                let (id, hash, result) = (
                    request.id,
                    request.plan.nodes.get(node.0 as usize).map_or(0, |node| node.hash),
                    Err(fault.clone()),
                );
                reply(PreviewReply { id, node: *node, hash, result, done: Some(node) == request.watch.last() });
            }
        }
        shared.lock().running = None;
    }
}

fn work_on_profiles(shared: &Shared) {
    let next = || shared.next(|state| (!state.profiles_wanted.is_empty()).then(|| state.profiles_wanted.remove(0)));
    while let Some((id, table)) = next() {
        let found = session::guarded(|| Ok(profile(&table))).unwrap_or_default();
        shared.lock().profiles.push((id, found));
        (shared.wake)();
    }
}

/// The rows of several nodes, computed here and now; and what went wrong, once each.
pub fn preview_all(
    plan: &Plan,
    watch: &[NodeId],
    sampling: &Sampling,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> (BTreeMap<NodeId, NodeResult>, Vec<Diagnostic>) {
    let request = PreviewRequest {
        id: 0,
        plan: Arc::new(plan.clone()),
        watch: watch.to_vec(),
        sampling: *sampling,
        budget: Budget::of(sampling),
        base: base.to_path_buf(),
        parameters: parameters.clone(),
    };
    let (mut found, mut faults) = (BTreeMap::new(), Vec::<Diagnostic>::new());
    Session::new(NOTHING).answer(&request, cancel, &mut |reply| match reply.result {
        Ok(result) if watch.contains(&reply.node) => {
            faults.extend(result.told_cut().filter(|told| !faults.contains(told)));
            found.insert(reply.node, result);
        }
        Ok(_) => {}
        Err(fault) if faults.contains(&fault) => {}
        Err(fault) => faults.push(fault),
    });
    (found, faults)
}

/// One node's rows, computed here and now.
pub fn preview_now(
    plan: &Plan,
    watch: NodeId,
    sampling: &Sampling,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
) -> Result<NodeResult, Diagnostic> {
    preview_told(plan, watch, sampling, base, parameters).map(|told| told.result)
}

/// A node's rows with what is to be known of them.
#[derive(Debug, Clone)]
pub struct ToldPreview {
    pub result: NodeResult,
    /// What was turned away, and became of values, on the way to the rows.
    pub remarks: Vec<Diagnostic>,
    pub report: PreviewReport,
}

/// What `preview --report` writes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewReport {
    pub rows: u64,
    /// Made of every row of every source.
    pub whole: bool,
    /// In part of sources that do not exist yet.
    pub made_up: bool,
    /// Each operation on the way, as in the report of a run.
    pub steps: Vec<StepReport>,
    /// What the rows leave out, from the sources on.
    pub left_out: Vec<LeftOut>,
}

/// One node's rows, computed here and now, with what became of others on the way to them.
pub fn preview_told(
    plan: &Plan,
    watch: NodeId,
    sampling: &Sampling,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
) -> Result<ToldPreview, Diagnostic> {
    let request = PreviewRequest {
        id: 0,
        plan: Arc::new(plan.clone()),
        watch: vec![watch],
        sampling: *sampling,
        budget: Budget::of(sampling),
        base: base.to_path_buf(),
        parameters: parameters.clone(),
    };
    let (mut first_fault, mut found, mut remarks) = (None, BTreeMap::new(), Vec::new());
    Session::new(NOTHING).answer(&request, &Cancel::new(), &mut |reply| match reply.result {
        Ok(result) => {
            let origin = &plan.node(reply.node).origin;
            remarks.extend(result.remarks().into_iter().map(|told| told.step(&*origin.step, &*origin.title)));
            found.insert(reply.node, result);
        }
        Err(fault) => first_fault = first_fault.take().or(Some(fault)),
    });
    let fate = |id: NodeId| found.get(&id).map(NodeResult::fate);
    match (found.get(&watch), first_fault) {
        (Some(result), _) => {
            let report = PreviewReport {
                rows: result.rows,
                whole: result.whole,
                made_up: result.made_up,
                steps: found.iter().map(|(id, result)| previewed_step(plan, *id, result)).collect(),
                left_out: left_out(plan, watch, parameters, &fate),
            };
            Ok(ToldPreview { result: result.clone(), remarks, report })
        }
        (None, Some(fault)) => Err(fault),
        (None, None) => Err(Diagnostic::error("PW0709", "the step is not part of the plan")),
    }
}

/// Row accounting of one operation of a preview.
fn previewed_step(plan: &Plan, id: NodeId, result: &NodeResult) -> StepReport {
    let mut count = Count { out: result.rows, lost: result.lost, changes: result.changes.clone(), ..Count::default() };
    result.rows_in.iter().enumerate().for_each(|(input, rows)| count.ins[input.min(1)] += rows);
    step_report(plan, id, &count, result.matches.clone())
}

#[cfg(test)]
mod budget_tests;
#[cfg(test)]
mod examples;
#[cfg(test)]
pub(crate) mod tests;
