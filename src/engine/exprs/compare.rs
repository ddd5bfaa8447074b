//! Comparisons, `between`, `in` and `like`, with three-valued logic.

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{BinaryOp, Expr};
use polars::prelude::{self as pl, lit};

use super::{Typed, lower_node, rowwise};
use crate::table::series_of;

/// Both sides at a type in which Polars compares them as the reference does.
pub(super) fn comparable(left: Typed, right: Typed) -> Option<(Typed, Typed)> {
    let data_type = left.data_type.common(&right.data_type)?;
    let known = |side: &Typed| !side.data_type.is_unknown() || side.constant == Some(Value::Null);
    let simple = !matches!(data_type, DataType::List(_) | DataType::Record(_));
    if !simple || !known(&left) || !known(&right) {
        return None;
    }
    Some((left.widened(&data_type), right.widened(&data_type)))
}

pub(super) fn comparison(op: BinaryOp, left: Typed, right: Typed) -> pl::Expr {
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
    let Some((left, right)) = comparable(lower_node(left, schema)?, lower_node(right, schema)?) else {
        return rowwise::lower(whole, schema);
    };
    let result = if negated { left.expr.eq_missing(right.expr) } else { left.expr.neq_missing(right.expr) };
    Ok(Typed::new(result, DataType::Boolean))
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
    let low = comparable(inner.clone(), lower_node(low, schema)?);
    let high = comparable(inner, lower_node(high, schema)?);
    let (Some((above, low)), Some((below, high))) = (low, high) else {
        return rowwise::lower(whole, schema);
    };
    let inside = above.expr.gt_eq(low.expr).and(below.expr.lt_eq(high.expr));
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
                let Some((left, right)) = comparable(inner.clone(), item) else {
                    return rowwise::lower(whole, schema);
                };
                let equal = left.expr.eq(right.expr);
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
