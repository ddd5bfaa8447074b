//! Comparisons, `between`, `in` and `like`, with three-valued logic.

use std::cmp::Ordering;

use pipewright_core::data::{DataType, Schema, Value, compare_numbers, exact_float};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{BinaryOp, Expr};
use polars::prelude::arity::{binary_elementwise, unary_elementwise};
use polars::prelude::{self as pl, BooleanChunked, Column, Float64Chunked, IntoColumn, lit};

use super::{Typed, kernels, lower_node, rowwise};
use crate::table::series_of;

/// A comparison of two sides, as the reference compares them; `None`: only row by row.
pub(super) fn compared(op: BinaryOp, left: Typed, right: Typed) -> Option<pl::Expr> {
    match (&left.data_type, &right.data_type) {
        (DataType::Int, DataType::Float) => Some(numbers(op, left, right)),
        (DataType::Float, DataType::Int) => Some(numbers(mirrored(op), right, left)),
        _ => comparable(left, right).map(|(left, right)| comparison(op, left, right)),
    }
}

/// The operator with its sides changed.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        same => same,
    }
}

/// Ints beside Floats: Polars would round the Ints to Floats first, and so make different numbers equal.
fn numbers(op: BinaryOp, ints: Typed, floats: Typed) -> pl::Expr {
    let holds: fn(Ordering) -> bool = match op {
        BinaryOp::NotEqual => Ordering::is_ne,
        BinaryOp::Less => Ordering::is_lt,
        BinaryOp::LessOrEqual => Ordering::is_le,
        BinaryOp::Greater => Ordering::is_gt,
        BinaryOp::GreaterOrEqual => Ordering::is_ge,
        _ => Ordering::is_eq,
    };
    let run = move |columns: &mut [Column]| {
        let columns = kernels::aligned(columns);
        let (ints, floats) = (columns[0].i64()?, columns[1].f64()?);
        let result: BooleanChunked = binary_elementwise(ints, floats, |int: Option<i64>, float: Option<f64>| {
            compare_numbers(int?, float?).map(holds)
        });
        Ok(result.with_name(columns[0].name().clone()).into_column())
    };
    kernels::elementwise("numbers compared", vec![ints.expr, floats.expr], &DataType::Boolean, run)
}

/// Keys of two sides that are to be equal, in one type. An Int that is no Float equals none, and so has no key there.
pub(crate) fn key_pair(left: Typed, right: Typed) -> Option<(pl::Expr, pl::Expr)> {
    let data_type = left.data_type.common(&right.data_type)?;
    let key = |side: Typed, other: &DataType| match (&side.data_type, other) {
        (DataType::Int, DataType::Float) => {
            kernels::elementwise("key of an Int", vec![side.expr], &DataType::Float, |columns: &mut [Column]| {
                let keys: Float64Chunked =
                    unary_elementwise(columns[0].i64()?, |int: Option<i64>| int.and_then(exact_float));
                Ok(keys.with_name(columns[0].name().clone()).into_column())
            })
        }
        _ => side.widened(&data_type).expr,
    };
    let types = (left.data_type.clone(), right.data_type.clone());
    Some((key(left, &types.1), key(right, &types.0)))
}

/// Both sides at a type in which Polars compares them as the reference does; Ints beside Floats are compared otherwise.
fn comparable(left: Typed, right: Typed) -> Option<(Typed, Typed)> {
    let data_type = left.data_type.common(&right.data_type)?;
    let known = |side: &Typed| !side.data_type.is_unknown() || side.constant == Some(Value::Null);
    let simple = !matches!(data_type, DataType::List(_) | DataType::Record(_));
    if !simple || !known(&left) || !known(&right) {
        return None;
    }
    Some((left.widened(&data_type), right.widened(&data_type)))
}

fn comparison(op: BinaryOp, left: Typed, right: Typed) -> pl::Expr {
    let (left, right) = (left.expr, right.expr);
    match op {
        BinaryOp::NotEqual => left.neq(right),
        BinaryOp::Less => left.lt(right),
        BinaryOp::LessOrEqual => left.lt_eq(right),
        BinaryOp::Greater => left.gt(right),
        BinaryOp::GreaterOrEqual => left.gt_eq(right),
        _ => left.eq(right),
    }
}

pub(super) fn is_distinct(
    whole: &Expr,
    left: &Expr,
    right: &Expr,
    negated: bool,
    schema: &Schema,
) -> Result<Typed, Diagnostic> {
    let (left, right) = (lower_node(left, schema)?, lower_node(right, schema)?);
    if let Some(unequal) = mixed_distinct(&left, &right) {
        return Ok(Typed::new(if negated { unequal.not() } else { unequal }, DataType::Boolean));
    }
    let Some((left, right)) = comparable(left, right) else {
        return rowwise::lower(whole, schema);
    };
    let result = if negated { left.expr.eq_missing(right.expr) } else { left.expr.neq_missing(right.expr) };
    Ok(Typed::new(result, DataType::Boolean))
}

/// Of an Int and a Float: unequal, or one of them is null; `None`: the sides are of other types.
fn mixed_distinct(left: &Typed, right: &Typed) -> Option<pl::Expr> {
    let is_mixed = matches!(
        (&left.data_type, &right.data_type),
        (DataType::Int, DataType::Float) | (DataType::Float, DataType::Int)
    );
    let unequal = is_mixed.then(|| compared(BinaryOp::NotEqual, left.clone(), right.clone()))??;
    // The comparison is null where a side is.
    let one_null = left.expr.clone().is_null().neq(right.expr.clone().is_null());
    Some(pl::coalesce(&[unequal, one_null]))
}

pub(super) fn between(
    whole: &Expr,
    inner: &Expr,
    low: &Expr,
    high: &Expr,
    negated: bool,
    schema: &Schema,
) -> Result<Typed, Diagnostic> {
    let inner = lower_node(inner, schema)?;
    let above = compared(BinaryOp::GreaterOrEqual, inner.clone(), lower_node(low, schema)?);
    let below = compared(BinaryOp::LessOrEqual, inner, lower_node(high, schema)?);
    let (Some(above), Some(below)) = (above, below) else {
        return rowwise::lower(whole, schema);
    };
    let inside = above.and(below);
    Ok(Typed::new(if negated { inside.not() } else { inside }, DataType::Boolean))
}

/// Lists of constants at least this long are looked up as a set.
const SET_SIZE: usize = 3;

pub(super) fn in_list(
    whole: &Expr,
    inner: &Expr,
    list: &[Expr],
    negated: bool,
    schema: &Schema,
) -> Result<Typed, Diagnostic> {
    let inner = lower_node(inner, schema)?;
    let mut items = Vec::with_capacity(list.len());
    for item in list {
        items.push(lower_node(item, schema)?);
    }
    let found = match constant_set(&inner, &items) {
        Some(found) => found,
        None => {
            let mut any: Option<pl::Expr> = None;
            for item in items {
                let Some(equal) = compared(BinaryOp::Equal, inner.clone(), item) else {
                    return rowwise::lower(whole, schema);
                };
                any = Some(match any {
                    Some(sum) => sum.or(equal),
                    None => equal,
                });
            }
            any.unwrap_or(lit(false))
        }
    };
    Ok(Typed::new(if negated { found.not() } else { found }, DataType::Boolean))
}

/// A set lookup, where all items are constants of the value's own type.
fn constant_set(inner: &Typed, items: &[Typed]) -> Option<pl::Expr> {
    if items.len() < SET_SIZE || !matches!(inner.data_type, DataType::Int | DataType::String) {
        return None;
    }
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        match &item.constant {
            Some(value) if item.data_type == inner.data_type && !value.is_null() => values.push(value),
            _ => return None,
        }
    }
    let set = series_of("items", &inner.data_type, &values);
    Some(inner.expr.clone().is_in(lit(set).implode(true), false))
}

pub(super) fn like(
    whole: &Expr,
    inner: &Expr,
    pattern: &Expr,
    negated: bool,
    insensitive: bool,
    schema: &Schema,
) -> Result<Typed, Diagnostic> {
    let inner = lower_node(inner, schema)?;
    let pattern = lower_node(pattern, schema)?;
    if let (DataType::String, Some(Value::String(pattern)), false) = (&inner.data_type, &pattern.constant, insensitive)
    {
        let matched = literal_like(inner.expr, pattern);
        return Ok(Typed::new(if negated { matched.not() } else { matched }, DataType::Boolean));
    }
    rowwise::lower(whole, schema)
}

/// `%`: any characters; `_`: one; no escapes. Simple shapes look at the start, the end or anywhere.
fn literal_like(text: pl::Expr, pattern: &str) -> pl::Expr {
    let open_start = pattern.starts_with('%');
    let open_end = pattern.len() > 1 && pattern.ends_with('%');
    let inner = &pattern[usize::from(open_start)..pattern.len() - usize::from(open_end)];
    if inner.contains(['%', '_']) {
        let mut regex = String::from("(?s)^");
        for c in pattern.chars() {
            match c {
                '%' => regex.push_str(".*"),
                '_' => regex.push('.'),
                c if c.is_ascii_punctuation() => regex.extend(['\\', c]),
                c => regex.push(c),
            }
        }
        regex.push('$');
        return text.str().contains(lit(regex), false);
    }
    let part = lit(inner.to_owned());
    match (open_start, open_end) {
        (false, false) => text.eq(part),
        (true, false) => text.str().ends_with(part),
        (false, true) => text.str().starts_with(part),
        (true, true) => text.str().contains_literal(part),
    }
}
