//! Groups of a smallest size: smaller ones are left out, which makes measures of personal columns internal. Imports
//! nothing above `ir`.

use std::collections::HashSet;

use serde::Deserialize;

use super::calls::SplitCalls;
use super::expression_text::int;
use super::{FieldKind, FormField, Lowering};
use crate::expr::{BinaryOp, Call, Expr, ExprKind};
use crate::ir::{Aggregate, Column, LoweredBy, LoweredColumn, NodeId, Op, Project};

/// Which groups a step keeps.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Groups {
    pub smallest_group: Option<u64>,
    pub reason: String,
}

/// Form of the smallest group.
pub(super) const SMALLEST_GROUP: FormField = FormField::new(
    "smallest_group",
    "Smallest group",
    FieldKind::Integer { min: 1, max: i64::MAX },
    "Leaves out groups of fewer rows, and those with a sum or mean of fewer values; all groups stay where empty.",
);

/// Form of the reason.
pub(super) const REASON: FormField = FormField::new(
    "reason",
    "Reason",
    FieldKind::Text { placeholder: "means of many visits say nothing of one visitor" },
    "Why measures of personal columns count as internal, once small groups are left out; without a reason they stay \
     personal.",
);

impl Lowering<'_> {
    /// Groups rows and keeps the groups that are large enough.
    pub(super) fn push_large_groups(
        &mut self,
        keys: Vec<Column>,
        split: SplitCalls,
        smallest: u64,
        reason: &str,
        input: NodeId,
    ) -> Option<NodeId> {
        let mut names: HashSet<String> =
            keys.iter().chain(&split.calls).chain(&split.results).map(|one| one.name.clone()).collect();
        let mut hidden = |name: &str| {
            let mut free = name.to_owned();
            while !names.insert(free.clone()) {
                free.push('_');
            }
            free
        };
        // What is counted, and under which name: rows, and the values of each sum or mean.
        let mut counts: Vec<Column> = vec![Column::new(hidden("_rows"), Expr::call("count", Vec::new()))];
        for column in split.calls.iter().filter_map(|call| summed(&call.expr)) {
            let count = Expr::call("count", vec![column.clone()]);
            if counts.iter().all(|known| known.expr != count) {
                counts.push(Column::new(hidden("_values"), count));
            }
        }
        let rows = i64::try_from(smallest).unwrap_or(i64::MAX);
        let is_enough = |count: &Column| Expr::binary(BinaryOp::GreaterOrEqual, Expr::column(&count.name), int(rows));
        let predicate = counts.iter().map(is_enough).reduce(|all, one| Expr::binary(BinaryOp::And, all, one))?;
        let lowered = match reason {
            "" => Vec::new(),
            reason => lowered_measures(&split, smallest, reason),
        };
        let columns: Vec<Column> = keys.iter().map(|key| Column::same(&key.name)).chain(split.results).collect();
        let measures = split.calls.into_iter().chain(counts).collect();
        let node = self.push_from("measures", Op::Aggregate(Aggregate { keys, measures }), vec![input])?;
        let node = self.push_from("smallest_group", Op::Filter { predicate }, vec![node])?;
        let losses = self.written_cast_losses(&columns, node);
        self.push_from("measures", Op::Project(Project { lowered, losses, ..Project::new(columns) }), vec![node])
    }
}

/// The measures that tell nothing of a single row once groups are large enough: counts, sums and means of columns, and
/// what is worked out from these alone.
fn lowered_measures(split: &SplitCalls, smallest: u64, reason: &str) -> Vec<LoweredColumn> {
    let is_safe = |name: &str| split.calls.iter().any(|call| call.name == name && is_whole(&call.expr));
    let safe = split.results.iter().filter(|result| result.expr.columns().into_iter().all(is_safe));
    let lowered = safe.map(|result| LoweredColumn {
        column: result.name.clone(),
        by: LoweredBy::SmallestGroup(smallest),
        reason: reason.to_owned(),
    });
    lowered.collect()
}

/// A measure of a column over whole groups. One over some of the rows (a filter, a condition) may be of a single one,
/// and so may a least, greatest, first, median or collected value.
fn is_whole(expr: &Expr) -> bool {
    let ExprKind::Call(call) = &expr.kind else { return false };
    let is_plain = |arg: &Expr| matches!(arg.kind, ExprKind::Column(_));
    match call.function.as_str() {
        "count" | "count_distinct" => call.filter.is_none() && call.args.iter().all(is_plain),
        _ => summed(expr).is_some(),
    }
}

/// The column that a sum or mean over whole groups is made of.
fn summed(expr: &Expr) -> Option<&Expr> {
    let ExprKind::Call(Call { function, args, distinct: false, filter: None, .. }) = &expr.kind else { return None };
    let is_sum = matches!(function.as_str(), "sum" | "avg" | "stddev" | "variance");
    args.first().filter(|arg| is_sum && matches!(arg.kind, ExprKind::Column(_)))
}
