//! Operations that need an order: sort, limit, distinct. Ties are broken by all columns, nulls come last.

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::SortKey;
use pipewright_core::ir::{Distinct, Keep, Limit};
use polars::prelude::{AllowedOptimizations, DataFrame, IdxCa, IdxSize, LazyFrame, OptFlags, PolarsResult};

use super::{Context, computed, lasting, total_order};
use crate::distinct::distinct_rows;
use crate::sorting::sorted_by;

pub(super) fn sort(frame: LazyFrame, keys: &[SortKey], context: &Context) -> Result<LazyFrame, Diagnostic> {
    let (by, options) = total_order(keys, context.input()?)?;
    if by.is_empty() {
        return Ok(frame);
    }
    let run = move |rows: DataFrame| {
        let named: Vec<_> = by.iter().enumerate().map(|(index, by)| by.clone().alias(format!("#by{index}"))).collect();
        sorted_by(&rows, &computed(&rows, &named)?, &options.descending)
    };
    Ok(opaque(frame, run, &format!("sort {}", context.name)))
}

/// The first row of every key, or the last one; the keys are columns.
pub(super) fn unique(frame: LazyFrame, keys: Vec<String>, keep: Keep, name: &str) -> LazyFrame {
    let run = move |rows: DataFrame| {
        let columns = keys.iter().map(|key| rows.column(key).cloned()).collect::<PolarsResult<Vec<_>>>()?;
        let found = distinct_rows(&columns, rows.height(), keep == Keep::Last)?;
        match found.len() == rows.height() {
            true => Ok(rows),
            false => rows.take(&IdxCa::from_vec("found".into(), found)),
        }
    };
    opaque(frame, run, &format!("unique {name}"))
}

/// What needs all rows and keeps their columns.
fn opaque(
    frame: LazyFrame,
    run: impl Fn(DataFrame) -> PolarsResult<DataFrame> + Send + Sync + 'static,
    name: &str,
) -> LazyFrame {
    let allowed: AllowedOptimizations = OptFlags::empty();
    frame.map(run, allowed, None, Some(lasting(name)))
}

pub(super) fn limit(frame: LazyFrame, limit: &Limit, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let frame = match limit.keys.is_empty() {
        true => frame,
        false => {
            let (by, options) = total_order(&limit.keys, context.input()?)?;
            if by.is_empty() { frame } else { frame.sort_by_exprs(by, options) }
        }
    };
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
    // Rows that are the same in all columns need no order to choose between them.
    let whole = distinct.keys.is_empty() || schema.names().all(|name| keys.contains(&name));
    let frame = if whole && distinct.order.is_empty() { frame } else { sort(frame, &distinct.order, context)? };
    let keys = keys.into_iter().map(str::to_owned).collect();
    Ok(unique(frame, keys, distinct.keep, context.name))
}
