//! The row nearest in time. Right rows of the same keys and time are one candidate: the last by all columns.

use pipewright_core::data::{DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{AsofDirection, AsofJoin};
use polars::prelude::{
    self as pl, AsOfOptions, AsofStrategy, IdxSize, JoinCoalesce, JoinType, LazyFrame, MaintainOrderJoin, Scalar,
    SortMultipleOptions, UnionArgs, UniqueKeepStrategy, by_name, lit,
};

use super::{Context, column, failed, lacking, tie_breakers};
use crate::exprs;
use crate::table::polars_type;

const TIME: &str = "#time";
const ROW: &str = "#row";

pub(super) fn asof_join(
    left: LazyFrame,
    right: LazyFrame,
    join: &AsofJoin,
    context: &Context,
) -> Result<LazyFrame, Diagnostic> {
    let (Some(left_schema), Some(right_schema)) = (context.inputs.first(), context.inputs.get(1)) else {
        return Err(lacking("a right input"));
    };
    let keys: Vec<String> = (0..join.by.len()).map(|index| format!("#by{index}")).collect();
    let mut left_added = vec![column(&join.left_time).cast(polars_type(&DataType::Timestamp)).alias(TIME)];
    let mut right_added = vec![column(&join.right_time).cast(polars_type(&DataType::Timestamp)).alias(TIME)];
    for (hidden, (left_key, right_key)) in keys.iter().zip(&join.by) {
        let (left_type, right_type) = (type_of(left_schema, left_key), type_of(right_schema, right_key));
        let common = left_type.common(&right_type).unwrap_or(DataType::Unknown);
        left_added.push(column(left_key).cast(polars_type(&common)).alias(hidden.as_str()));
        right_added.push(column(right_key).cast(polars_type(&common)).alias(hidden.as_str()));
    }
    let usable = || {
        let present = [TIME].into_iter().chain(keys.iter().map(String::as_str)).map(|name| column(name).is_not_null());
        present.reduce(pl::Expr::and).unwrap_or(lit(true))
    };
    let candidates = candidates(right.with_columns(right_added).filter(usable()), &keys, right_schema);
    let left = left.with_columns(left_added);
    let sorted_left = left.clone().filter(usable()).sort([TIME], SortMultipleOptions::default());
    let near = |lefts: LazyFrame, strategy: AsofStrategy, row: &str, time: &str| {
        let columns: Vec<pl::Expr> = [column(TIME), column(ROW).alias(row), column(TIME).alias(time)]
            .into_iter()
            .chain(keys.iter().map(|key| column(key)))
            .collect();
        lefts
            .join_builder()
            .with(candidates.clone().select(columns))
            .how(JoinType::AsOf(Box::new(options(strategy, join.tolerance, &keys))))
            .left_on([column(TIME)])
            .right_on([column(TIME)])
            .coalesce(JoinCoalesce::CoalesceColumns)
            .suffix("#right")
            .finish()
    };
    let matched = match join.direction {
        AsofDirection::Backward => near(sorted_left, AsofStrategy::Backward, ROW, "#before"),
        AsofDirection::Forward => near(sorted_left, AsofStrategy::Forward, ROW, "#after"),
        AsofDirection::Nearest => {
            let before = near(sorted_left, AsofStrategy::Backward, "#row before", "#before");
            let both = near(before, AsofStrategy::Forward, "#row after", "#after");
            // The earlier on a tie.
            let micros = |name: &str| column(name).cast(pl::DataType::Int64);
            let earlier = (micros(TIME) - micros("#before")).lt_eq(micros("#after") - micros(TIME));
            let takes_before = column("#after").is_null().or(earlier.fill_null(lit(false)));
            let chosen = pl::when(takes_before).then(column("#row before")).otherwise(column("#row after"));
            both.with_columns([chosen.alias(ROW)])
        }
    };
    let output: Vec<pl::Expr> = context.output.names().map(column).collect();
    let mut right_columns: Vec<pl::Expr> =
        join.right.iter().map(|(from, to)| column(from).alias(to.as_str())).collect();
    right_columns.push(column(ROW));
    let found = matched
        .join_builder()
        .with(candidates.select(right_columns))
        .how(JoinType::Left)
        .left_on([column(ROW)])
        .right_on([column(ROW)])
        .coalesce(JoinCoalesce::CoalesceColumns)
        .maintain_order(MaintainOrderJoin::Left)
        .suffix("#right")
        .finish()
        .select(output.clone());
    // Left rows without a time or a key match nothing and stay.
    let nulls = join.right.iter().map(|(from, to)| {
        exprs::constant(&pipewright_core::data::Value::Null, &type_of(right_schema, from)).expr.alias(to.as_str())
    });
    let unmatched = left.filter(usable().not()).with_columns(nulls.collect::<Vec<_>>()).select(output);
    pl::concat([found, unmatched], UnionArgs::default()).map_err(|error| failed(&error))
}

fn type_of(schema: &Schema, name: &str) -> DataType {
    schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone())
}

/// Right rows, one per keys and time, numbered, sorted by time.
fn candidates(right: LazyFrame, keys: &[String], schema: &Schema) -> LazyFrame {
    let mut by = vec![column(TIME)];
    by.extend(tie_breakers(schema));
    let options = super::nulls_last(vec![false; by.len()]);
    let mut subset: Vec<&str> = keys.iter().map(String::as_str).collect();
    subset.push(TIME);
    right
        .sort_by_exprs(by, options)
        .unique_stable(Some(by_name(subset, true, false)), UniqueKeepStrategy::Last)
        .with_row_index(ROW, None::<IdxSize>)
}

fn options(strategy: AsofStrategy, tolerance: Option<i64>, keys: &[String]) -> AsOfOptions {
    let names = || (!keys.is_empty()).then(|| keys.iter().map(|key| key.as_str().into()).collect());
    AsOfOptions {
        strategy,
        tolerance: tolerance.map(|span| {
            Scalar::new(polars_type(&DataType::Duration), pl::AnyValue::Duration(span, pl::TimeUnit::Microseconds))
        }),
        tolerance_str: None,
        left_by: names(),
        right_by: names(),
        allow_eq: true,
        check_sortedness: false,
    }
}
