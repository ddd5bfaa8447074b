//! The chunk-wise part of a plan: one chunk's rows pushed from their source through every operation that works row by
//! row, up to the places where rows are gathered or written. Runs in the reader's workers.

use std::collections::BTreeMap;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{NodeId, Op, Plan};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};

use super::gather::Reducer;
use super::graph::Graph;
use super::quarantine::{Rejected, rejected_rows};
use crate::frames::compacted;
use crate::ops::{self, Context};
use crate::write::{Piece, Target};

/// What runs share between threads.
pub(super) struct Flow<'a> {
    pub plan: &'a Plan,
    pub graph: &'a Graph,
    pub reducers: &'a BTreeMap<NodeId, Reducer>,
    pub targets: &'a BTreeMap<NodeId, Target>,
    /// Whole right sides of chunk-wise joins, by the join's node.
    pub rights: &'a BTreeMap<NodeId, DataFrame>,
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
    /// Rows for those who need them whole.
    pub tables: Vec<(NodeId, DataFrame)>,
    /// Folded rows, one frame per part of the reducer.
    pub reduced: Vec<(NodeId, Vec<DataFrame>)>,
    pub written: Vec<(NodeId, Piece)>,
    pub rejected: Vec<Rejected>,
}

impl Flow<'_> {
    /// Pushes a chunk of a source's rows as far as they go.
    pub fn push(&self, read: NodeId, rows: DataFrame) -> Result<Yield, Diagnostic> {
        let mut frames: BTreeMap<NodeId, DataFrame> = BTreeMap::new();
        let mut done = Yield::default();
        let reached = &self.graph.reached[&read];
        let mut rows = Some(rows);
        for id in reached {
            let node = self.plan.node(*id);
            let frame = if *id == read {
                let rows = rows.take().unwrap_or_default();
                done.counts.push((*id, Count { ins: [0; 2], out: rows.height() as u64 }));
                rows
            } else {
                self.step(*id, &frames, &mut done)
                    .map_err(|fault| fault.step(&*node.origin.step, &*node.origin.title))?
            };
            self.hand_over(*id, &frame, &mut done)?;
            // A union takes only the sides that this source feeds; others come with their own source.
            frames.insert(*id, frame);
        }
        Ok(done)
    }

    fn step(
        &self,
        id: NodeId,
        frames: &BTreeMap<NodeId, DataFrame>,
        done: &mut Yield,
    ) -> Result<DataFrame, Diagnostic> {
        let node = self.plan.node(id);
        let mut inputs: Vec<LazyFrame> = Vec::new();
        let mut schemas: Vec<&Schema> = Vec::new();
        let mut count = Count::default();
        for (index, input) in node.inputs.iter().enumerate() {
            let frame = match frames.get(input) {
                Some(frame) => frame,
                None => match self.rights.get(&id) {
                    Some(right) if index == 1 => right,
                    _ => continue,
                },
            };
            count.ins[index.min(1)] += frame.height() as u64;
            inputs.push(frame.clone().lazy());
            schemas.push(&self.plan.node(*input).schema);
        }
        // The right side of a join is counted once, not per chunk.
        if matches!(node.op, Op::Join(_) | Op::AsofJoin(_)) {
            count.ins[1] = 0;
        }
        let name = format!("{} {}", node.origin.step, id.0);
        let context = Context { name: &name, inputs: schemas, output: &node.schema, ids: false };
        let input = if self.wants_rejected { inputs.first().cloned() } else { None };
        let frame = match &node.op {
            Op::Write(_) => inputs.pop().map(LazyFrame::collect).unwrap_or_else(|| Ok(DataFrame::empty())),
            op => ops::lower_op(op, inputs, &context)?.collect(),
        };
        let frame = frame.map_err(|error| ops::failed(&error))?;
        count.out = frame.height() as u64;
        if count.out < count.ins[0] {
            done.rejected.extend(rejected_rows(node, input, &context)?);
        }
        done.counts.push((id, count));
        Ok(frame)
    }

    /// Gives a node's rows to those who gather or write them.
    fn hand_over(&self, id: NodeId, frame: &DataFrame, done: &mut Yield) -> Result<(), Diagnostic> {
        let fail = |error| ops::failed(&error);
        if self.graph.tables.contains(&id) && frame.height() > 0 {
            done.tables.push((id, compacted(frame.clone()).map_err(fail)?));
        }
        for (consumer, reducer) in self.reducers {
            if self.plan.node(*consumer).inputs.first() == Some(&id) {
                let count = Count { ins: [frame.height() as u64, 0], out: 0 };
                done.counts.push((*consumer, count));
                done.reduced.push((*consumer, reducer.fold(frame)?));
            }
        }
        if let Some(target) = self.targets.get(&id)
            && self.graph.is_streamed(id)
        {
            done.written.push((id, target.encode(frame)?));
        }
        Ok(())
    }
}
