//! Joins by equal keys. Keys are computed as hidden columns of one type on both sides; null matches nothing.

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Join, JoinKind};
use polars::prelude::{self as pl, JoinCoalesce, JoinType, LazyFrame, MaintainOrderJoin};

use super::{Context, column, lacking};
use crate::exprs;

pub(super) fn join(left: LazyFrame, right: LazyFrame, join: &Join, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let (Some(left_schema), Some(right_schema)) = (context.inputs.first(), context.inputs.get(1)) else {
        return Err(lacking("a right input"));
    };
    let mut left_keys = Vec::new();
    let mut right_keys = Vec::new();
    for (index, (left_key, right_key)) in join.on.iter().enumerate() {
        let left_key = exprs::lower(left_key, left_schema)?;
        let right_key = exprs::lower(right_key, right_schema)?;
        let Some(data_type) = left_key.data_type.common(&right_key.data_type) else {
            return Err(Diagnostic::error("PW0402", "the join's keys have types that never compare"));
        };
        left_keys.push(left_key.widened(&data_type).expr.alias(format!("#left{index}")));
        right_keys.push(right_key.widened(&data_type).expr.alias(format!("#right{index}")));
    }
    let on = |side: &str| (0..join.on.len()).map(|index| column(&format!("#{side}{index}"))).collect::<Vec<_>>();
    let mut right_columns = right_keys;
    right_columns.extend(join.right.iter().map(|(from, to)| column(from).alias(to.as_str())));
    let mut output: Vec<pl::Expr> = context.output.names().map(column).collect();
    let keeps_left = matches!(join.kind, JoinKind::Semi | JoinKind::Anti);
    if keeps_left {
        output.extend(context.ids());
    }
    let left = left.with_columns(left_keys);
    let build =
        |first: LazyFrame, second: LazyFrame, how: JoinType, first_on: Vec<pl::Expr>, second_on: Vec<pl::Expr>| {
            first
                .join_builder()
                .with(second)
                .how(how)
                .left_on(first_on)
                .right_on(second_on)
                .coalesce(JoinCoalesce::KeepColumns)
                .join_nulls(false)
                .maintain_order(MaintainOrderJoin::Left)
                .suffix("#right")
                .finish()
        };
    let joined = match join.kind {
        JoinKind::Cross => {
            // A frame without columns would have no rows: a constant goes along.
            right_columns.push(column("#one"));
            let right = right.with_columns([pl::lit(true).alias("#one")]).select(right_columns);
            return Ok(left.cross_join(right, Some("#right".into())).select(output));
        }
        JoinKind::Inner => build(left, right.select(right_columns), JoinType::Inner, on("left"), on("right")),
        JoinKind::Left => build(left, right.select(right_columns), JoinType::Left, on("left"), on("right")),
        JoinKind::Right => {
            // The right rows lead; the result has the left columns first all the same.
            let left = left.select(left_schema.names().map(column).chain(on("left")).collect::<Vec<_>>());
            build(right.select(right_columns), left, JoinType::Left, on("right"), on("left"))
        }
        JoinKind::Full => build(left, right.select(right_columns), JoinType::Full, on("left"), on("right")),
        JoinKind::Semi => build(left, right.select(right_columns), JoinType::Semi, on("left"), on("right")),
        JoinKind::Anti => build(left, right.select(right_columns), JoinType::Anti, on("left"), on("right")),
    };
    Ok(joined.select(output))
}
