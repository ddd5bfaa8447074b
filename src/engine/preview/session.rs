//! Computes the nodes of a request, in order, with a cache of what earlier requests computed.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use pipewright_core::data::Schema;
use pipewright_core::data::figures::grouped;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Changes;
use pipewright_core::ir::{Matches, Node, NodeId, Op, Plan, Read, interpolate, node_hash};
use xxhash_rust::xxh3::Xxh3;

use super::alone::open_alone;
use super::cache::Cache;
use super::derive::{Limits, derive};
use super::synthetic::made_up_rows;
use super::{NodeResult, PreviewReply, PreviewRequest};
use crate::allowance::too_late;
use crate::budget::{Budget, Met};
use crate::cancel::Cancel;
use crate::ops::{self, Alone, Context};
use crate::read::{expand, read_schema};
use crate::sample::{SampleStatement, read_sample};
use crate::table::ResultTable;

pub(super) struct Session {
    cache: Cache,
}

/// What is known of a node within one request.
enum Known {
    Rows {
        key: u64,
        result: NodeResult,
    },
    /// It, or something before it, failed.
    Failed,
}

impl Session {
    /// Keeps at most `limit` bytes of rows between requests.
    pub(super) fn new(limit: usize) -> Session {
        Session { cache: Cache::new(limit) }
    }

    /// Computes the watched nodes and all before them; replies as each is done. Ends early when cancelled.
    pub(super) fn answer(&mut self, request: &PreviewRequest, cancel: &Cancel, reply: &mut dyn FnMut(PreviewReply)) {
        let order = order(&request.plan, &request.watch);
        let mut known: BTreeMap<NodeId, Known> = BTreeMap::new();
        let mut takers = takers(&request.plan, &order);
        let last = order.last().copied();
        let limits = Limits { budget: request.budget, until: request.budget.until(), cancel: cancel.clone() };
        for id in order {
            if cancel.is_cancelled() {
                return;
            }
            let node = request.plan.node(id);
            let outcome = self.node(request, id, &known, &limits);
            if cancel.is_cancelled() {
                return;
            }
            let (state, result) = match outcome {
                Ok((key, mut result)) => {
                    result.changes = request.plan.told_changes(id, &result.changes);
                    (Known::Rows { key, result: result.clone() }, Ok(result))
                }
                Err(fault) => (Known::Failed, Err(fault.step(&node.origin.step, &node.origin.title))),
            };
            known.insert(id, state);
            // What nobody takes any more goes.
            for input in node.inputs.iter().chain([&id]) {
                let left = takers.entry(*input).or_default();
                *left = left.saturating_sub(usize::from(*input != id));
                if *left == 0 {
                    known.remove(input);
                }
            }
            reply(PreviewReply { id: request.id, node: id, hash: node.hash, result, done: Some(id) == last });
        }
    }

    fn node(
        &mut self,
        request: &PreviewRequest,
        id: NodeId,
        known: &BTreeMap<NodeId, Known>,
        limits: &Limits,
    ) -> Result<(u64, NodeResult), Diagnostic> {
        let node = request.plan.node(id);
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for input in &node.inputs {
            match known.get(input) {
                Some(Known::Rows { key, result }) => inputs.push((*key, result, request.plan.node(*input))),
                Some(Known::Failed) | None => {
                    let title = &request.plan.node(*input).origin.title;
                    return Err(Diagnostic::hint("PW0710", format!("waits for the step “{title}”")));
                }
            }
        }
        let key = key(request, node, inputs.iter().map(|(key, _, _)| *key))?;
        if let Some(result) = self.cache.get(key) {
            return Ok((key, NodeResult { from_cache: true, ..result.clone() }));
        }
        if limits.is_late() {
            return Err(too_late());
        }
        let started = Instant::now();
        let inputs: Vec<(&NodeResult, &Schema)> =
            inputs.into_iter().map(|(_, result, node)| (result, &node.schema)).collect();
        let name = format!("{} {}", node.origin.step, id.0);
        let (mut result, met) = guarded(|| compute(request, id, &inputs, &name, limits))?;
        result.milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        let is_read = matches!(&node.op, Op::Read(read) if read.planned.is_none());
        if is_read && self::key(request, node, std::iter::empty()).ok() != Some(key) {
            // Rows of before and of after: no state of the file.
            result.whole = false;
            if let Some(statement) = &mut result.statement {
                statement.whole = false;
                statement.method.push_str("; the file was changed while it was read");
            }
            return Ok((key, result));
        }
        // Another time there may be more of it.
        if met != Some(Met::Time) {
            self.cache.put(key, result.clone());
        }
        Ok((key, result))
    }
}

/// The watched nodes and everything before them: each after its inputs, the most wanted first.
fn order(plan: &Plan, watch: &[NodeId]) -> Vec<NodeId> {
    let mut order = Vec::new();
    let mut seen = vec![false; plan.nodes.len()];
    for wanted in watch {
        // Depth first without recursion: plans may be thousands of nodes deep.
        let mut stack = vec![(*wanted, false)];
        while let Some((id, ready)) = stack.pop() {
            let index = id.0 as usize;
            if index >= plan.nodes.len() {
                continue;
            }
            if ready {
                order.push(id);
            } else if !std::mem::replace(&mut seen[index], true) {
                stack.push((id, true));
                stack.extend(plan.node(id).inputs.iter().rev().map(|input| (*input, false)));
            }
        }
    }
    order
}

/// How often the rows of each node are taken.
fn takers(plan: &Plan, order: &[NodeId]) -> BTreeMap<NodeId, usize> {
    let mut takers = BTreeMap::new();
    for input in order.iter().flat_map(|id| &plan.node(*id).inputs) {
        *takers.entry(*input).or_default() += 1;
    }
    takers
}

/// Changes with everything that decides a node's rows in a preview.
fn key(request: &PreviewRequest, node: &Node, inputs: impl Iterator<Item = u64>) -> Result<u64, Diagnostic> {
    let mut hasher = Xxh3::new();
    hasher.write_u64(node_hash(&node.op, inputs));
    for field in &node.schema.fields {
        hasher.write(field.name.as_bytes());
        hasher.write(field.data_type.to_string().as_bytes());
    }
    hasher.write(format!("{:?}", request.budget).as_bytes());
    for (name, value) in &request.parameters {
        hasher.write(name.as_bytes());
        hasher.write(value.to_json().to_string().as_bytes());
    }
    if let Op::Read(read) = &node.op {
        hasher.write(format!("{:?}", request.sampling).as_bytes());
        if read.planned.is_none() {
            hash_files(&read.path, request, &mut hasher)?;
        }
    }
    Ok(hasher.finish())
}

/// Files that change are read again.
fn hash_files(path: &str, request: &PreviewRequest, hasher: &mut Xxh3) -> Result<(), Diagnostic> {
    let path = interpolate(path, &request.parameters)?;
    for file in expand(&path, &request.base)? {
        hasher.write(file.to_string_lossy().as_bytes());
        if let Ok(facts) = std::fs::metadata(&file) {
            hasher.write_u64(facts.len());
            let changed = facts.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            hasher.write_u64(changed.map_or(0, |since| since.as_nanos() as u64));
        }
    }
    Ok(())
}

/// A node's rows, and which part of the budget ended them.
type Computed = (NodeResult, Option<Met>);

fn compute(
    request: &PreviewRequest,
    id: NodeId,
    inputs: &[(&NodeResult, &Schema)],
    name: &str,
    limits: &Limits,
) -> Result<Computed, Diagnostic> {
    let node = request.plan.node(id);
    match &node.op {
        Op::Read(read) => read_node(read, node, request, limits),
        Op::Rows(rows) => {
            let table = ResultTable::from_rows(&node.schema, &rows.rows);
            Ok((source(table), None))
        }
        Op::Parse(_)
        | Op::Filter { .. }
        | Op::Project(_)
        | Op::Check(_)
        | Op::Aggregate(_)
        | Op::Window(_)
        | Op::Join(_)
        | Op::AsofJoin(_)
        | Op::Union
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => derived(request, id, inputs, name, limits),
    }
}

fn source(table: ResultTable) -> NodeResult {
    NodeResult {
        rows: table.rows() as u64,
        rows_in: Vec::new(),
        table: Arc::new(table.with_fresh_ids()),
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
        matches: None,
        alone: Alone::default(),
        nulls: Vec::new(),
        milliseconds: 0.0,
    }
}

fn read_node(read: &Read, node: &Node, request: &PreviewRequest, limits: &Limits) -> Result<Computed, Diagnostic> {
    if let Some(planned) = &read.planned {
        let schema = read_schema(read);
        let table = made_up_rows(&schema, planned);
        let statement = SampleStatement {
            method: format!("{} rows made up from the declared schema (seed {})", planned.rows, planned.seed),
            rows: planned.rows,
            bytes_read: 0,
            bytes_total: 0,
            whole: false,
        };
        return Ok((NodeResult { made_up: true, whole: false, statement: Some(statement), ..source(table) }, None));
    }
    let read = Read { path: interpolate(&read.path, &request.parameters)?, ..read.clone() };
    let time = limits.until.map(|until| until.saturating_duration_since(Instant::now()));
    let budget = Budget { time, ..limits.budget };
    let found = read_sample(&read, &request.base, &request.sampling, &budget, &limits.cancel)?;
    let cut = found.met.map(|met| {
        let (title, rows) = (&node.origin.title, grouped(found.statement.rows));
        format!("“{title}” is read up to {rows} rows: the preview's budget of {} is met", limits.budget.words(met))
    });
    let result = NodeResult {
        whole: found.statement.whole,
        changes: found.tally.changes.clone(),
        tally: Some(found.tally),
        quarantined: Arc::new(found.quarantined),
        statement: Some(found.statement),
        cut,
        ..source(found.table)
    };
    Ok((result, found.met))
}

fn derived(
    request: &PreviewRequest,
    id: NodeId,
    inputs: &[(&NodeResult, &Schema)],
    name: &str,
    limits: &Limits,
) -> Result<Computed, Diagnostic> {
    let node = request.plan.node(id);
    let op = ops::bound(&node.op, &request.parameters);
    let ids = ops::keeps_rows(&op) && inputs.first().is_some_and(|(result, _)| result.table.row_id(0).is_some());
    let schemas: Vec<&Schema> = inputs.iter().map(|(_, schema)| *schema).collect();
    let context = Context { name, inputs: schemas, output: &node.schema, ids };
    let frame = |(index, (result, _)): (usize, &(&NodeResult, &Schema))| match ids && index == 0 {
        true => result.table.frame_with_ids(),
        false => result.table.frame().clone(),
    };
    let made = derive(&op, inputs.iter().enumerate().map(frame).collect(), &context, limits)?;
    let table = ResultTable::from_frame(&made.rows, &node.schema).map_err(|error| ops::failed(&error))?;
    let table = if ids || table.rows() == 0 { table } else { table.with_fresh_ids() };
    let rejected = match (made.rejected, context.inputs.first()) {
        (Some((rows, reason)), Some(schema)) => {
            let rows = ResultTable::from_frame(&rows, schema).map_err(|error| ops::failed(&error))?;
            Some((Arc::new(rows), reason))
        }
        _ => None,
    };
    let mut rows_in: Vec<u64> = inputs.iter().map(|(result, _)| result.rows).collect();
    let met = made.cut.as_ref().map(|cut| cut.met);
    let own = made.cut.map(|cut| {
        let (title, after, of) = (&node.origin.title, grouped(cut.after as u64), grouped(cut.of as u64));
        if let ([first, ..], false) = (rows_in.as_mut_slice(), matches!(op, Op::Union)) {
            *first = cut.after as u64;
        }
        let words = limits.budget.words(cut.met);
        format!("“{title}” is made of {after} of {of} rows: the preview's budget of {words} is met")
    });
    let before = inputs.iter().find_map(|(result, _)| result.cut.clone());
    let result = NodeResult {
        rows: table.rows() as u64,
        rows_in,
        table: Arc::new(table),
        statement: None,
        tally: None,
        quarantined: Arc::default(),
        rejected,
        from_cache: false,
        made_up: inputs.iter().any(|(result, _)| result.made_up),
        whole: own.is_none() && inputs.iter().all(|(result, _)| result.whole),
        cut: own.or(before),
        lost: made.lost,
        changes: made.changes,
        nulls: made.nulls,
        alone: open_alone(made.alone, &op, &context.inputs),
        matches: made.matches.and_then(|counts| Some(Matches::of(&request.plan, id)?.counted(counts))),
        milliseconds: 0.0,
    };
    Ok((result, met))
}

/// A fault inside a computation becomes a diagnostic: the designer lives on.
pub(super) fn guarded<T>(compute: impl FnOnce() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    match catch_unwind(AssertUnwindSafe(compute)) {
        Ok(result) => result,
        Err(_) => Err(Diagnostic::error("PW0708", "the step cannot be computed: the engine met a fault of its own")
            .help("please report this with the step's settings")),
    }
}
