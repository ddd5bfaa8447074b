//! The chunk-wise part of a plan: one chunk's rows pushed from where they begin through every operation that works row by
//! row, up to the places where rows are gathered or written. Runs in the workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Changes;
use pipewright_core::ir::{Node, NodeId, Op, Plan};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};

use super::blocking::{Build, Work};
use super::graph::Graph;
use super::quarantine::{Rejected, rejected_rows};
use crate::allowance::{Allowance, TOO_MUCH};
use crate::frames::{joined, weight};
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
    pub gathered: Vec<(NodeId, usize, Vec<DataFrame>)>,
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
}

impl Out<'_> {
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

    /// Pushes rows of a node on. Where a step makes many of few, they go on in pieces, one after the other.
    fn follow(&self, root: NodeId, from: NodeId, rows: DataFrame, out: &mut Out) -> Result<(), Diagnostic> {
        self.hand_over(from, &rows, &mut out.done)?;
        out.hand_on();
        let mut frames: BTreeMap<NodeId, DataFrame> = BTreeMap::from([(from, rows)]);
        for id in self.graph.reached[&root].iter().skip_while(|id| **id != from).skip(1) {
            let node = self.plan.node(*id);
            // A union takes only the sides that come this way; others come with their own.
            if !out.is_wanted || node.inputs.iter().all(|input| !frames.contains_key(input)) {
                continue;
            }
            let located = |fault: Diagnostic| fault.step(&*node.origin.step, &*node.origin.title);
            let mut pieces = self.step(*id, &frames, &mut out.done).map_err(located)?;
            if pieces.len() > 1 {
                pieces.into_iter().try_for_each(|piece| self.follow(root, *id, piece, out))?;
            } else if let Some(frame) = pieces.pop() {
                self.hand_over(*id, &frame, &mut out.done)?;
                frames.insert(*id, frame);
            }
            out.hand_on();
        }
        Ok(())
    }

    /// A node's rows, in one piece where they are not many.
    fn step(
        &self,
        id: NodeId,
        frames: &BTreeMap<NodeId, DataFrame>,
        done: &mut Yield,
    ) -> Result<Vec<DataFrame>, Diagnostic> {
        let node = self.plan.node(id);
        let fail = |error| ops::failed(&error);
        // Those of its inputs that come this way.
        let mut found: Vec<(&Schema, &DataFrame)> = Vec::new();
        let mut count = Count::default();
        for (index, input) in node.inputs.iter().enumerate() {
            if let Some(frame) = frames.get(input) {
                count.ins[index.min(1)] += frame.height() as u64;
                found.push((&self.plan.node(*input).schema, frame));
            }
        }
        let mut pieces = Vec::new();
        if let (Some(build), Some((_, rows))) = (self.builds.get(&id), found.first()) {
            build.probe(rows, &mut |piece| {
                pieces.push(piece);
                Ok(())
            })?;
            // Few rows go on together.
            if pieces.iter().map(DataFrame::height).sum::<usize>() <= TOGETHER {
                pieces = vec![joined(pieces).map_err(fail)?];
            }
        } else if let (Op::Write(_), Some((_, rows))) = (&node.op, found.first()) {
            pieces.push((*rows).clone());
        } else {
            let schemas = found.iter().map(|(schema, _)| *schema).collect();
            let name = format!("{} {}", node.origin.step, id.0);
            let context = Context { name: &name, inputs: schemas, output: &node.schema, ids: false };
            let inputs: Vec<DataFrame> = found.iter().map(|(_, frame)| (*frame).clone()).collect();
            self.divided(node, inputs, &context, &mut count, done, &mut pieces)?;
        }
        count.out = pieces.iter().map(|piece| piece.height() as u64).sum();
        done.counts.push((id, count));
        Ok(pieces)
    }

    /// The rows of a row-wise operation; of half of its input and of the other half, where they make too much at once.
    fn divided(
        &self,
        node: &Node,
        inputs: Vec<DataFrame>,
        context: &Context,
        count: &mut Count,
        done: &mut Yield,
        pieces: &mut Vec<DataFrame>,
    ) -> Result<(), Diagnostic> {
        let allowance = self.allowance.fresh();
        let height = inputs.iter().map(DataFrame::height).sum::<usize>();
        let made = {
            let _entered = allowance.enter();
            self.of_rows(node, &inputs, context)
        };
        match (made, &inputs[..]) {
            (Err(fault), [rows]) if fault.code == TOO_MUCH && height > 1 => {
                let halves = [rows.head(Some(height / 2)), rows.slice(height as i64 / 2, height)];
                halves.into_iter().try_for_each(|half| self.divided(node, vec![half], context, count, done, pieces))
            }
            (made, _) => {
                let (frame, rejected) = made?;
                count.lost += allowance.lost();
                count.changes.add(&allowance.changes());
                done.rejected.extend(rejected);
                pieces.push(frame);
                Ok(())
            }
        }
    }

    fn of_rows(
        &self,
        node: &Node,
        inputs: &[DataFrame],
        context: &Context,
    ) -> Result<(DataFrame, Vec<Rejected>), Diagnostic> {
        let fail = |error| ops::failed(&error);
        let lazy: Vec<LazyFrame> = inputs.iter().map(|frame| frame.clone().lazy()).collect();
        if let [rows] = inputs {
            Allowance::current().room_for(ops::grown(&node.op, rows, context.output)).map_err(fail)?;
        }
        let input = if self.wants_rejected { lazy.first().cloned() } else { None };
        let frame = ops::lower_op(&node.op, lazy, context)?.collect().map_err(fail)?;
        let is_less = frame.height() < inputs.first().map_or(0, DataFrame::height);
        let rejected = if is_less { rejected_rows(node, input, context)? } else { Vec::new() };
        Ok((frame, rejected))
    }

    /// Gives a node's rows to those who gather or write them.
    fn hand_over(&self, id: NodeId, frame: &DataFrame, done: &mut Yield) -> Result<(), Diagnostic> {
        for (taker, side) in self.graph.takers.get(&id).into_iter().flatten() {
            let mut count = Count::default();
            count.ins[(*side).min(1)] = frame.height() as u64;
            if let Op::Aggregate(aggregate) = &self.plan.node(*taker).op {
                count.nulls = ops::nulls(aggregate, frame, &self.plan.node(id).schema)?;
            }
            done.counts.push((*taker, count));
            if let Some(work) = self.works.get(taker) {
                let lost = self.fold(work, (*taker, *side), frame.clone(), done)?;
                done.counts.push((*taker, Count { lost, ..Count::default() }));
            }
        }
        if let Some(target) = self.targets.get(&id) {
            let piece = target.encode(frame)?;
            done.bytes += piece.bytes();
            done.written.push((id, piece));
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
                done.bytes += folded.iter().map(weight).sum::<usize>();
                done.gathered.push((taker.0, taker.1, folded));
                Ok(allowance.lost())
            }
        }
    }
}
