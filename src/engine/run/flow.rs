//! The chunk-wise part of a plan: one chunk's rows pushed from where they begin through every operation that works row by
//! row, up to the places where rows are gathered or written. Runs in the workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::deep;
use pipewright_core::formats::Changes;
use pipewright_core::ir::{Node, NodeId, Op, Plan};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};

use super::blocking::{Build, Kept, Work};
use super::graph::Graph;
use super::memory;
use super::quarantine::{Rejected, rejected_rows};
use crate::allowance::{Allowance, TOO_MUCH};
use crate::cancel::Cancel;
use crate::frames::{in_few_chunks, joined, weight};
use crate::ops::{self, Context};
use crate::parallel::Send;
use crate::write::{Piece, Target};

/// What runs share between threads.
pub(super) struct Flow<'a> {
    pub plan: &'a Plan,
    pub graph: &'a Graph,
    /// What those do that gather rows.
    pub works: &'a BTreeMap<NodeId, Work>,
    pub targets: &'a BTreeMap<NodeId, Target>,
    /// The sides that chunk-wise joins hold, by the join's node.
    pub builds: &'a BTreeMap<NodeId, Arc<Build>>,
    /// Whether rejected rows are wanted, or only counted.
    pub wants_rejected: bool,
    /// What an operation may make at once of the rows that it is given.
    pub allowance: &'a Allowance,
}

/// Rows of a join's pieces that go on as one.
const TOGETHER: usize = 1 << 18;

/// A frame in parts of about so many bytes, at least one.
fn slices(frame: &DataFrame, bytes: usize) -> Vec<DataFrame> {
    let parts = (weight(frame) / bytes.max(1) + 1).min(frame.height());
    if parts < 2 {
        return vec![frame.clone()];
    }
    let step = frame.height().div_ceil(parts);
    (0..frame.height()).step_by(step).map(|start| frame.slice(start as i64, step)).collect()
}

/// Rows in, per input, and out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub ins: [u64; 2],
    pub out: u64,
    /// Texts that became null because they would have been too long.
    pub lost: u64,
    /// What became of values otherwise.
    pub changes: Changes,
    /// Rows without a value, for each of what an aggregate looks at.
    pub nulls: Vec<u64>,
}

impl Count {
    /// What was lost where a node's rows were made of folds or of all rows at once. Folds have names of their own: what is
    /// null in them is told where they come together.
    pub fn lost_in(node: &Node, allowance: &Allowance) -> Count {
        let changes = allowance.changes().of_columns(|column| node.schema.has(column));
        Count { lost: allowance.lost(), changes, ..Count::default() }
    }

    pub fn add(&mut self, other: &Count) {
        self.ins[0] += other.ins[0];
        self.ins[1] += other.ins[1];
        self.out += other.out;
        self.lost += other.lost;
        self.changes.add(&other.changes);
        if self.nulls.len() < other.nulls.len() {
            self.nulls.resize(other.nulls.len(), 0);
        }
        self.nulls.iter_mut().zip(&other.nulls).for_each(|(sum, count)| *sum += count);
    }
}

/// What a chunk came to.
#[derive(Default)]
pub(super) struct Yield {
    pub counts: Vec<(NodeId, Count)>,
    /// For those who gather rows: the number of their input, and what they keep.
    pub gathered: Vec<(NodeId, usize, Kept)>,
    pub written: Vec<(NodeId, Piece)>,
    pub rejected: Vec<Rejected>,
    /// Bytes of all that, about.
    bytes: usize,
}

/// Takes what a chunk came to, and hands on a part of it as soon as that is much.
pub(super) struct Out<'a> {
    pub done: Yield,
    /// Bytes of a part.
    pub most: usize,
    pub send: Send<'a, Yield>,
    /// False: nobody wants the rest any more.
    pub is_wanted: bool,
    /// Steps above that wait with rows of theirs until a piece of them has gone on as far as it goes.
    waiting: u32,
}

impl<'a> Out<'a> {
    pub fn new(most: usize, send: Send<'a, Yield>) -> Out<'a> {
        Out { done: Yield::default(), most, send, is_wanted: true, waiting: 0 }
    }

    /// Bytes that an operation may make at once, of so many where none waits: together they stay within a few times that.
    fn at_once(&self, most: usize) -> usize {
        /// Where pieces become ever smaller.
        const LEAST: usize = 64;
        most.checked_shr(self.waiting).unwrap_or(0).max(most / LEAST)
    }

    fn hand_on(&mut self) {
        if self.done.bytes > self.most && self.is_wanted {
            self.is_wanted = (self.send)(std::mem::take(&mut self.done));
        }
    }
}

impl Flow<'_> {
    /// Pushes a chunk of a root's rows as far as they go.
    pub fn push(&self, root: NodeId, rows: DataFrame, out: &mut Out) -> Result<(), Diagnostic> {
        out.done.counts.push((root, Count { out: rows.height() as u64, ..Count::default() }));
        self.follow(root, root, rows, out)
    }

    /// Pushes rows of a node on. Where a step makes many of few, they go on in pieces, as each is made.
    fn follow(&self, root: NodeId, from: NodeId, rows: DataFrame, out: &mut Out) -> Result<(), Diagnostic> {
        self.hand_over(from, &rows, out)?;
        out.hand_on();
        let mut frames: BTreeMap<NodeId, DataFrame> = BTreeMap::from([(from, rows)]);
        for id in self.graph.reached[&root].iter().skip_while(|id| **id != from).skip(1) {
            let node = self.plan.node(*id);
            // A union takes only the sides that come this way; others come with their own.
            if !out.is_wanted || node.inputs.iter().all(|input| !frames.contains_key(input)) {
                continue;
            }
            let located = |fault: Diagnostic| match fault.location.step {
                // Of a step that pieces went on to.
                Some(_) => fault,
                None => fault.step(&*node.origin.step, &*node.origin.title),
            };
            let made = self.step((root, *id), &frames, out).map_err(located)?;
            // What nobody takes any more goes before more is made.
            frames.retain(|node, _| self.graph.last_taker(*node).is_some_and(|last| last > *id));
            if let Some(frame) = made {
                self.hand_over(*id, &frame, out)?;
                frames.insert(*id, frame);
            }
            out.hand_on();
        }
        Ok(())
    }

    /// Pushes a piece of a node's rows on, while the others wait.
    fn follow_piece(&self, root: NodeId, from: NodeId, piece: DataFrame, out: &mut Out) -> Result<(), Diagnostic> {
        out.waiting += 1;
        // As many may wait as there are steps.
        let done = deep(|| self.follow(root, from, piece, out));
        out.waiting -= 1;
        done
    }

    /// A node's rows; `None` where they are many and went on in pieces.
    fn step(
        &self,
        (root, id): (NodeId, NodeId),
        frames: &BTreeMap<NodeId, DataFrame>,
        out: &mut Out,
    ) -> Result<Option<DataFrame>, Diagnostic> {
        let node = self.plan.node(id);
        // Those of its inputs that come this way.
        let mut found: Vec<(&Schema, &DataFrame)> = Vec::new();
        let mut count = Count::default();
        for (index, input) in node.inputs.iter().enumerate() {
            if let Some(frame) = frames.get(input) {
                count.ins[index.min(1)] += frame.height() as u64;
                found.push((&self.plan.node(*input).schema, frame));
            }
        }
        let only = if let (Some(build), Some((_, rows))) = (self.builds.get(&id), found.first()) {
            self.paired((root, id), build, rows, &mut count, out)?
        } else if let (Op::Write(_), Some((_, rows))) = (&node.op, found.first()) {
            Some((*rows).clone())
        } else {
            let schemas = found.iter().map(|(schema, _)| *schema).collect();
            let name = format!("{} {}", node.origin.step, id.0);
            let context = Context { name: &name, inputs: schemas, output: &node.schema, ids: false };
            let inputs: Vec<DataFrame> = found.iter().map(|(_, frame)| (*frame).clone()).collect();
            self.divided((root, id), inputs, &context, &mut count, out)?
        };
        count.out += only.as_ref().map_or(0, |frame| frame.height() as u64);
        out.done.counts.push((id, count));
        Ok(only)
    }

    /// The pairs of a join. Few go on together.
    fn paired(
        &self,
        (root, id): (NodeId, NodeId),
        build: &Build,
        rows: &DataFrame,
        count: &mut Count,
        out: &mut Out,
    ) -> Result<Option<DataFrame>, Diagnostic> {
        let fail = |error| ops::failed(&error);
        let (mut pieces, mut height, mut bytes) = (Vec::new(), 0, 0);
        let mut is_many = false;
        let done = build.probe(rows, &mut |piece| {
            self.allowance.check().map_err(fail)?;
            height += piece.height();
            bytes += weight(&piece);
            pieces.push(piece);
            if height <= TOGETHER && bytes <= out.at_once(self.allowance.at_once) {
                return Ok(());
            }
            is_many = true;
            (height, bytes) = (0, 0);
            for piece in std::mem::take(&mut pieces) {
                count.out += piece.height() as u64;
                self.follow_piece(root, id, piece, out)?;
            }
            // What nobody wants is not looked for any more.
            if out.is_wanted { Ok(()) } else { Cancel::stopped().check() }
        });
        match done {
            Err(_) if !out.is_wanted => return Ok(None),
            done => done?,
        }
        let rest = joined(pieces).map_err(fail)?;
        if !is_many {
            return Ok(Some(rest));
        }
        if rest.height() > 0 {
            count.out += rest.height() as u64;
            self.follow_piece(root, id, rest, out)?;
        }
        Ok(None)
    }

    /// The rows of a row-wise operation; of half of its input and of the other half, where they make too much at once.
    fn divided(
        &self,
        (root, id): (NodeId, NodeId),
        inputs: Vec<DataFrame>,
        context: &Context,
        count: &mut Count,
        out: &mut Out,
    ) -> Result<Option<DataFrame>, Diagnostic> {
        let node = self.plan.node(id);
        let mut waiting = vec![inputs];
        let mut is_many = false;
        let at_once = out.at_once(self.allowance.at_once);
        while let Some(inputs) = waiting.pop() {
            let height = inputs.iter().map(DataFrame::height).sum::<usize>();
            let allowance = match height {
                0 | 1 => self.allowance.up_to(memory::of_one_row(self.allowance.at_once)),
                _ => self.allowance.up_to(at_once),
            };
            allowance.check().map_err(|error| ops::failed(&error))?;
            let made = {
                let _entered = allowance.enter();
                self.of_rows(node, &inputs, context)
            };
            let (frame, rejected) = match (made, &inputs[..]) {
                (Err(fault), [rows]) if fault.code == TOO_MUCH && height > 1 => {
                    let halves = [rows.slice(height as i64 / 2, height), rows.head(Some(height / 2))];
                    waiting.extend(halves.map(|half| vec![half]));
                    continue;
                }
                (made, _) => made?,
            };
            count.lost += allowance.lost();
            count.changes.add(&allowance.changes());
            out.done.rejected.extend(rejected);
            let mut pieces = slices(&frame, at_once);
            if waiting.is_empty() && !is_many && pieces.len() == 1 {
                return Ok(pieces.pop());
            }
            drop(frame);
            is_many = true;
            for piece in pieces {
                count.out += piece.height() as u64;
                self.follow_piece(root, id, piece, out)?;
            }
            if !out.is_wanted {
                break;
            }
        }
        Ok(None)
    }

    fn of_rows(
        &self,
        node: &Node,
        inputs: &[DataFrame],
        context: &Context,
    ) -> Result<(DataFrame, Vec<Rejected>), Diagnostic> {
        let fail = |error| ops::failed(&error);
        let lazy: Vec<LazyFrame> = inputs.iter().map(|frame| frame.clone().lazy()).collect();
        if let ([rows], true) = (inputs, inputs.iter().any(|rows| rows.height() > 1) || ops::is_foreseen(&node.op)) {
            Allowance::current().room_for(ops::grown(&node.op, rows, context)).map_err(fail)?;
        }
        let input = if self.wants_rejected { lazy.first().cloned() } else { None };
        let frame = in_few_chunks(ops::lower_op(&node.op, lazy, context)?.collect().map_err(fail)?);
        let is_less = frame.height() < inputs.first().map_or(0, DataFrame::height);
        let rejected = if is_less { rejected_rows(node, input, context)? } else { Vec::new() };
        Ok((frame, rejected))
    }

    /// Gives a node's rows to those who gather or write them.
    fn hand_over(&self, id: NodeId, frame: &DataFrame, out: &mut Out) -> Result<(), Diagnostic> {
        for (taker, side) in self.graph.takers.get(&id).into_iter().flatten() {
            let mut count = Count::default();
            count.ins[(*side).min(1)] = frame.height() as u64;
            if let Op::Aggregate(aggregate) = &self.plan.node(*taker).op {
                count.nulls = ops::nulls(aggregate, frame, &self.plan.node(id).schema)?;
            }
            out.done.counts.push((*taker, count));
            if let Some(work) = self.works.get(taker) {
                let lost = self.fold(work, (*taker, *side), frame.clone(), &mut out.done)?;
                out.done.counts.push((*taker, Count { lost, ..Count::default() }));
            }
        }
        if let Some(target) = self.targets.get(&id) {
            for rows in slices(frame, out.most) {
                let piece = target.encode(&rows)?;
                out.done.bytes += piece.bytes();
                out.done.written.push((id, piece));
                out.hand_on();
            }
        }
        Ok(())
    }

    /// What is gathered of rows; gives the number of texts that were lost.
    fn fold(&self, work: &Work, taker: (NodeId, usize), rows: DataFrame, done: &mut Yield) -> Result<u64, Diagnostic> {
        let allowance = self.allowance.fresh();
        let folded = {
            let _entered = allowance.enter();
            work.fold(&rows)
        };
        let height = rows.height();
        match folded {
            Err(fault) if fault.code == TOO_MUCH && height > 1 => {
                let first = self.fold(work, taker, rows.head(Some(height / 2)), done)?;
                Ok(first + self.fold(work, taker, rows.slice(height as i64 / 2, height), done)?)
            }
            folded => {
                let folded = folded?;
                done.bytes += folded.bytes();
                done.gathered.push((taker.0, taker.1, folded));
                Ok(allowance.lost())
            }
        }
    }
}
