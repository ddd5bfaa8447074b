//! Operations that need an order: sort, limit, distinct. Ties are broken by all columns, nulls come last.

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::SortKey;
use pipewright_core::ir::{Distinct, Keep, Limit};
use polars::prelude::{IdxSize, LazyFrame, UniqueKeepStrategy, by_name};

use super::{Context, total_order};

pub(super) fn sort(frame: LazyFrame, keys: &[SortKey], schema: &Schema) -> Result<LazyFrame, Diagnostic> {
    let (by, options) = total_order(keys, schema)?;
    if by.is_empty() { Ok(frame) } else { Ok(frame.sort_by_exprs(by, options)) }
}

pub(super) fn limit(frame: LazyFrame, limit: &Limit, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let frame = if limit.keys.is_empty() { frame } else { sort(frame, &limit.keys, context.input()?)? };
    let count = IdxSize::try_from(limit.count).unwrap_or(IdxSize::MAX);
    let offset = i64::try_from(limit.offset).unwrap_or(i64::MAX);
    Ok(frame.slice(offset, count))
}

pub(super) fn distinct(frame: LazyFrame, distinct: &Distinct, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let schema = context.input()?;
    let keys: Vec<&str> = match distinct.keys.is_empty() {
        true => schema.names().collect(),
        false => distinct.keys.iter().map(String::as_str).collect(),
    };
    let keep = match distinct.keep {
        Keep::First => UniqueKeepStrategy::First,
        Keep::Last => UniqueKeepStrategy::Last,
    };
    // Rows that are the same in all columns need no order to choose between them.
    let whole = distinct.keys.is_empty() || schema.names().all(|name| keys.contains(&name));
    let frame = if whole && distinct.order.is_empty() { frame } else { sort(frame, &distinct.order, schema)? };
    Ok(frame.unique_stable(Some(by_name(keys, true, false)), keep))
}
