//! The chunk-wise part of a plan: one chunk's rows pushed from where they begin through every operation that works row by
//! row, up to the places where rows are gathered or written. Runs in the workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{NodeId, Op, Plan};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};

use super::blocking::{Build, Work};
use super::graph::Graph;
use super::quarantine::{Rejected, rejected_rows};
use crate::frames::joined;
use crate::ops::{self, Context};
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
}

/// Rows in, per input, and out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub ins: [u64; 2],
    pub out: u64,
}

/// What a chunk came to.
#[derive(Default)]
pub(super) struct Yield {
    pub counts: Vec<(NodeId, Count)>,
    /// For those who gather rows: the number of their input, and what they keep.
    pub gathered: Vec<(NodeId, usize, Vec<DataFrame>)>,
    pub written: Vec<(NodeId, Piece)>,
    pub rejected: Vec<Rejected>,
}

impl Flow<'_> {
    /// Pushes a chunk of a root's rows as far as they go.
    pub fn push(&self, root: NodeId, rows: DataFrame, done: &mut Yield) -> Result<(), Diagnostic> {
        let mut frames: BTreeMap<NodeId, DataFrame> = BTreeMap::new();
        let mut rows = Some(rows);
        for id in &self.graph.reached[&root] {
            let node = self.plan.node(*id);
            let frame = if *id == root {
                let rows = rows.take().unwrap_or_default();
                done.counts.push((*id, Count { ins: [0; 2], out: rows.height() as u64 }));
                rows
            } else {
                self.step(*id, &frames, done).map_err(|fault| fault.step(&*node.origin.step, &*node.origin.title))?
            };
            self.hand_over(*id, &frame, done)?;
            // A union takes only the sides that this root feeds; others come with their own.
            frames.insert(*id, frame);
        }
        Ok(())
    }

    fn step(
        &self,
        id: NodeId,
        frames: &BTreeMap<NodeId, DataFrame>,
        done: &mut Yield,
    ) -> Result<DataFrame, Diagnostic> {
        let node = self.plan.node(id);
        let fail = |error| ops::failed(&error);
        // Those of its inputs that this root feeds.
        let mut found: Vec<(&Schema, &DataFrame)> = Vec::new();
        let mut count = Count::default();
        for (index, input) in node.inputs.iter().enumerate() {
            if let Some(frame) = frames.get(input) {
                count.ins[index.min(1)] += frame.height() as u64;
                found.push((&self.plan.node(*input).schema, frame));
            }
        }
        let frame = if let (Some(build), Some((_, rows))) = (self.builds.get(&id), found.first()) {
            let mut pieces = Vec::new();
            build.probe(rows, &mut |piece| {
                pieces.push(piece);
                Ok(())
            })?;
            joined(pieces).map_err(fail)?
        } else if let (Op::Write(_), Some((_, rows))) = (&node.op, found.first()) {
            (*rows).clone()
        } else {
            let inputs: Vec<LazyFrame> = found.iter().map(|(_, frame)| (*frame).clone().lazy()).collect();
            let schemas = found.iter().map(|(schema, _)| *schema).collect();
            let name = format!("{} {}", node.origin.step, id.0);
            let context = Context { name: &name, inputs: schemas, output: &node.schema, ids: false };
            let input = if self.wants_rejected { inputs.first().cloned() } else { None };
            let frame = ops::lower_op(&node.op, inputs, &context)?.collect().map_err(fail)?;
            if (frame.height() as u64) < count.ins[0] {
                done.rejected.extend(rejected_rows(node, input, &context)?);
            }
            frame
        };
        count.out = frame.height() as u64;
        done.counts.push((id, count));
        Ok(frame)
    }

    /// Gives a node's rows to those who gather or write them.
    fn hand_over(&self, id: NodeId, frame: &DataFrame, done: &mut Yield) -> Result<(), Diagnostic> {
        for (taker, side) in self.graph.takers.get(&id).into_iter().flatten() {
            let mut count = Count::default();
            count.ins[(*side).min(1)] = frame.height() as u64;
            done.counts.push((*taker, count));
            if let Some(work) = self.works.get(taker) {
                done.gathered.push((*taker, *side, work.fold(frame)?));
            }
        }
        if let Some(target) = self.targets.get(&id) {
            done.written.push((id, target.encode(frame)?));
        }
        Ok(())
    }
}
