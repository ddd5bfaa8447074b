//! Row trace: for every operation, the rule by which the input rows of an output row are found. As data, so that
//! the engine answers "what became of this row" and "where does this row come from" over frames with row ids.
//! Imports expr; no step kind.

use super::{AsofJoin, Join, JoinKind, Keep, Op};
use crate::data::Value;
use crate::expr::{Expr, ExprKind, FrameBound, Over, SortKey, WindowFrame};

/// How the input rows of an output row are found.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// The row begins here.
    Source,
    /// Each output row is one input row; the condition, where there is one, says which others are dropped.
    SameRow { kept_where: Option<Expr> },
    /// The input rows whose key expressions equal the output row's key columns (null equals null).
    GroupKeys { keys: Vec<(String, Expr)> },
    /// The input row itself; besides, for the columns that it adds, the rows of their frames.
    WindowFrames { frames: Vec<Frame> },
    /// One row of each side whose keys are equal. `left_stays`, `right_stays`: rows without a partner stay.
    JoinKeys { keys: Vec<(Expr, Expr)>, left_stays: bool, right_stays: bool },
    /// The left row; kept where partners exist (`wanted`) or do not.
    PartnerExists { keys: Vec<(Expr, Expr)>, wanted: bool },
    /// The left row, and the right row nearest in time among those with equal keys.
    Nearest(AsofJoin),
    /// One row of one of the inputs.
    OneInput,
    /// One of the input rows with the same keys: the first or last in the order. Empty keys: all columns.
    OneOfKeys { keys: Vec<String>, order: Vec<SortKey>, keep: Keep },
    /// An input row among the first in the order; the others are not read.
    FirstRows { order: Vec<SortKey>, offset: u64, count: u64 },
    /// The row that holds the list, and which item of it (`position` from 1 where that column exists).
    ItemOf { column: String, position: Option<String> },
    /// The row that holds the value in the column which `name` names.
    ValueOf { name: String },
}

/// The rows that one window column of a row is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub column: String,
    pub partition: Vec<Expr>,
    pub order: Vec<SortKey>,
    /// `None`: the whole partition.
    pub frame: Option<WindowFrame>,
}

/// The trace rule of an operation.
pub fn trace(op: &Op) -> Trace {
    match op {
        Op::Read(_) | Op::Rows(_) => Trace::Source,
        Op::Parse(_) | Op::Project(_) | Op::Sort(_) | Op::Write(_) => Trace::SameRow { kept_where: None },
        Op::Filter { predicate } => Trace::SameRow { kept_where: Some(predicate.clone()) },
        Op::Check(check) => match &check.on_fail {
            super::OnFail::Flag(_) => Trace::SameRow { kept_where: None },
            super::OnFail::Reject | super::OnFail::Stop => Trace::SameRow { kept_where: Some(check.predicate.clone()) },
        },
        Op::Aggregate(aggregate) => {
            Trace::GroupKeys { keys: aggregate.keys.iter().map(|key| (key.name.clone(), key.expr.clone())).collect() }
        }
        Op::Window(window) => Trace::WindowFrames {
            frames: window.columns.iter().map(|column| frame(&column.name, &column.expr)).collect(),
        },
        Op::Join(join) => join_trace(join),
        Op::AsofJoin(join) => Trace::Nearest(join.clone()),
        Op::Union => Trace::OneInput,
        Op::Limit(limit) => Trace::FirstRows { order: limit.keys.clone(), offset: limit.offset, count: limit.count },
        Op::Distinct(distinct) => {
            Trace::OneOfKeys { keys: distinct.keys.clone(), order: distinct.order.clone(), keep: distinct.keep }
        }
        Op::Explode(explode) => Trace::ItemOf { column: explode.column.clone(), position: explode.position.clone() },
        Op::Unpivot(unpivot) => Trace::ValueOf { name: unpivot.name.clone() },
    }
}

fn join_trace(join: &Join) -> Trace {
    let keys = join.on.clone();
    match join.kind {
        JoinKind::Inner | JoinKind::Cross => Trace::JoinKeys { keys, left_stays: false, right_stays: false },
        JoinKind::Left => Trace::JoinKeys { keys, left_stays: true, right_stays: false },
        JoinKind::Right => Trace::JoinKeys { keys, left_stays: false, right_stays: true },
        JoinKind::Full => Trace::JoinKeys { keys, left_stays: true, right_stays: true },
        JoinKind::Semi => Trace::PartnerExists { keys, wanted: true },
        JoinKind::Anti => Trace::PartnerExists { keys, wanted: false },
    }
}

/// The rows that a window call looks at: those of its frame, or one neighbour for `lag` and `lead`.
fn frame(column: &str, expr: &Expr) -> Frame {
    let ExprKind::Call(call) = &expr.kind else {
        return Frame { column: column.to_owned(), partition: Vec::new(), order: Vec::new(), frame: None };
    };
    let over = call.over.as_deref().cloned().unwrap_or_default();
    let Over { partition, order, frame } = over;
    let steps = match call.args.get(1).map(|arg| &arg.kind) {
        Some(ExprKind::Literal(value @ Value::Int(_))) => value.clone(),
        _ => Value::Int(1),
    };
    let rows =
        |bound: FrameBound| Some(WindowFrame { unit: crate::expr::FrameUnit::Rows, start: bound.clone(), end: bound });
    let running = || {
        Some(WindowFrame {
            unit: crate::expr::FrameUnit::Range,
            start: FrameBound::Unbounded,
            end: FrameBound::Current,
        })
    };
    let frame = match call.function.as_str() {
        "lag" => rows(FrameBound::Preceding(steps)),
        "lead" => rows(FrameBound::Following(steps)),
        _ if frame.is_none() && !order.is_empty() => running(),
        _ => frame,
    };
    Frame { column: column.to_owned(), partition, order, frame }
}
