//! What a blocking node makes of its rows: shrunk per chunk where that can be (partial aggregates, top rows, distinct
//! rows), gathered in an exchange, and finished when all are there. Aggregates, distinct and top rows are finished here.

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Limit, Node, Op};
use polars::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

use super::partial::{Decomposed, Stage, decompose};
use super::unfolded::Unfolded;
use crate::allowance::Allowance;
use crate::frames::{compacted, joined};
use crate::ops::{self, Context};
use crate::table::polars_schema;

/// Shrinks chunks to what the whole needs of them.
pub(super) enum Reducer {
    Aggregate(Box<Decomposed>, Option<Unfolded>),
    /// Rows that stay: those of a limit or a distinct, which may be taken again and again.
    Rows {
        again: Stage,
        last: Stage,
        /// Nearly all rows stay: they are not looked at chunk by chunk any more.
        is_vain: AtomicBool,
    },
    /// The first rows, in reading order.
    First {
        count: usize,
        offset: usize,
        output: Schema,
    },
}

impl Reducer {
    /// The reducer of a node; `None` where chunks cannot be shrunk.
    pub fn new(node: &Node, input: &Schema) -> Option<Reducer> {
        let stage = |op: Op| Stage { op, input: input.clone(), output: node.schema.clone() };
        match &node.op {
            Op::Aggregate(aggregate) => {
                let unfolded = Unfolded::new(aggregate, input);
                Some(Reducer::Aggregate(Box::new(decompose(aggregate, input).ok()?), unfolded))
            }
            Op::Distinct(_) => Some(Reducer::rows(stage(node.op.clone()), stage(node.op.clone()))),
            Op::Limit(limit) if limit.keys.is_empty() => {
                let (count, offset) = (limit.count as usize, limit.offset as usize);
                Some(Reducer::First { count, offset, output: node.schema.clone() })
            }
            Op::Limit(limit) => {
                let count = limit.count.saturating_add(limit.offset);
                let most = Limit { count, offset: 0, keys: limit.keys.clone() };
                Some(Reducer::rows(stage(Op::Limit(most)), stage(node.op.clone())))
            }
            Op::Read(_)
            | Op::Rows(_)
            | Op::Parse(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Check(_)
            | Op::Window(_)
            | Op::Join(_)
            | Op::AsofJoin(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Explode(_)
            | Op::Unpivot(_)
            | Op::Write(_) => None,
        }
    }

    fn rows(again: Stage, last: Stage) -> Reducer {
        Reducer::Rows { again, last, is_vain: AtomicBool::new(false) }
    }

    /// What is kept of a chunk: one frame per part; of an aggregate its folds, then the pairs of each distinct count.
    pub fn fold(&self, rows: &DataFrame) -> Result<Vec<DataFrame>, Diagnostic> {
        match self {
            Reducer::Aggregate(parts, _) => {
                room_for(&parts.fold, rows)?;
                self.folded(rows)
            }
            Reducer::Rows { is_vain, .. } if is_vain.load(Ordering::Relaxed) => Ok(vec![kept(rows.clone())?]),
            Reducer::Rows { again, .. } => {
                room_for(again, rows)?;
                Ok(vec![kept(run(again, rows.clone())?)?])
            }
            Reducer::First { count, offset, .. } => Ok(vec![kept(rows.head(Some(count.saturating_add(*offset))))?]),
        }
    }

    /// The same of rows that an aggregate has gathered, however many they are.
    pub fn folded(&self, rows: &DataFrame) -> Result<Vec<DataFrame>, Diagnostic> {
        let Reducer::Aggregate(parts, _) = self else { return self.fold(rows) };
        let mut folds = vec![kept(run(&parts.fold, rows.clone())?)?];
        for distinct in &parts.distinct {
            folds.push(kept(run(&distinct.pairs, rows.clone())?)?);
        }
        Ok(folds)
    }

    /// Fewer rows that come to the same. Sides: the folds, then the counts of each distinct count.
    pub fn merge(&self, side: usize, frames: Vec<DataFrame>) -> Result<DataFrame, Diagnostic> {
        let stage = match self {
            Reducer::Aggregate(parts, _) if side == 0 => &parts.merge,
            Reducer::Aggregate(parts, _) => &parts.distinct[side - 1].sum,
            Reducer::Rows { again, is_vain, .. } => {
                let before: usize = frames.iter().map(DataFrame::height).sum();
                let rows = run(again, some_rows(frames, &again.input)?)?;
                let is_distinct = matches!(again.op, Op::Distinct(_));
                is_vain.store(is_distinct && rows.height() > before / 4 * 3, Ordering::Relaxed);
                return Ok(rows);
            }
            Reducer::First { output, .. } => return some_rows(frames, output),
        };
        run(stage, some_rows(frames, &stage.input)?)
    }

    /// The aggregate's rows, of all rows of some keys.
    pub fn finish_unfolded(&self, rows: Vec<DataFrame>) -> Result<DataFrame, Diagnostic> {
        let Reducer::Aggregate(parts, _) = self else { return self.finish(vec![rows]) };
        let rows = some_rows(rows, &parts.fold.input)?;
        let counts = parts.distinct.iter().map(|distinct| run(&distinct.count, run(&distinct.pairs, rows.clone())?));
        let counts = counts.collect::<Result<Vec<_>, _>>()?;
        finished(parts, run(&parts.fold, rows)?, counts)
    }

    /// The node's rows, of all of its folds or of those of some keys.
    pub fn finish(&self, mut sides: Vec<Vec<DataFrame>>) -> Result<DataFrame, Diagnostic> {
        let first = if sides.is_empty() { Vec::new() } else { sides.remove(0) };
        match self {
            Reducer::Aggregate(parts, _) => {
                // Without chunks the fold of no rows still says so: zero where counts are asked for.
                let first = match first.is_empty() {
                    true => vec![run(&parts.fold, some_rows(first, &parts.fold.input)?)?],
                    false => first,
                };
                let folds = self.merge(0, first)?;
                let counts = sides.into_iter().enumerate().map(|(index, counts)| self.merge(index + 1, counts));
                finished(parts, folds, counts.collect::<Result<Vec<_>, _>>()?)
            }
            Reducer::Rows { last, .. } => run(last, some_rows(first, &last.input)?),
            Reducer::First { count, offset, output } => Ok(some_rows(first, output)?.slice(*offset as i64, *count)),
        }
    }
}

/// Rows that wait for others, without what only their chunk needs.
fn kept(rows: DataFrame) -> Result<DataFrame, Diagnostic> {
    compacted(rows).map_err(|error| ops::failed(&error))
}

/// The aggregate's columns, of the folds of all rows and the distinct counts.
fn finished(parts: &Decomposed, mut folds: DataFrame, counts: Vec<DataFrame>) -> Result<DataFrame, Diagnostic> {
    for counts in counts {
        folds = beside(folds, counts, &parts.keys).map_err(|error| ops::failed(&error))?;
    }
    run(&parts.finish, folds)
}

/// An error where it makes more at once of rows that may be fewer than may be made at once.
fn room_for(stage: &Stage, rows: &DataFrame) -> Result<(), Diagnostic> {
    if rows.height() < 2 {
        return Ok(());
    }
    let context = Context { name: "stage", inputs: vec![&stage.input], output: &stage.output, ids: false };
    let room = Allowance::current().room_for(ops::grown(&stage.op, rows, &context));
    room.map_err(|error| ops::failed(&error))
}

/// One operation over a frame.
pub(super) fn run(stage: &Stage, rows: DataFrame) -> Result<DataFrame, Diagnostic> {
    let context = Context { name: "stage", inputs: vec![&stage.input], output: &stage.output, ids: false };
    let room = Allowance::current().room_for(ops::grown_texts(&stage.op, &rows, &context));
    room.map_err(|error| ops::failed(&error))?;
    ops::lower_op(&stage.op, vec![rows.lazy()], &context)?.collect().map_err(|error| ops::failed(&error))
}

pub(super) fn some_rows(frames: Vec<DataFrame>, schema: &Schema) -> Result<DataFrame, Diagnostic> {
    if frames.is_empty() {
        return Ok(DataFrame::empty_with_schema(&polars_schema(schema)));
    }
    joined(frames).map_err(|error| ops::failed(&error))
}

/// Two folds of the same groups side by side; null keys are keys like others.
fn beside(left: DataFrame, right: DataFrame, keys: &[String]) -> PolarsResult<DataFrame> {
    if keys.is_empty() {
        let added: Vec<Column> = right.columns().to_vec();
        let mut left = left;
        for column in added {
            left.with_column(column)?;
        }
        return Ok(left);
    }
    let on: Vec<Expr> = keys.iter().map(|key| ops::column(key)).collect();
    let mut arguments = JoinArgs::new(JoinType::Left);
    arguments.nulls_equal = true;
    arguments.maintain_order = MaintainOrderJoin::Left;
    left.lazy().join(right.lazy(), on.clone(), on, arguments).collect()
}
