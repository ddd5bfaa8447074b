//! The reference meaning of row-wise expressions: one row, one value. Engines that carry a function
//! natively are tested against this; the native engine falls back to it for the rest.
//! Must not import any room but `data`.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::cast::{cast, float_to_int, to_text};
use super::functions::{FunctionKind, MOST_JOINED, function};
use super::rules::literal_as;
use super::{BinaryOp, Expr, ExprKind, deep};
use crate::data::instants::{in_range, micros_of};
use crate::data::{Value, settled};

/// The value of a row-wise expression (no aggregates, no windows, parameters bound).
/// Total: what cannot be computed is null; a strict cast counts as `try_cast`.
pub fn eval(expr: &Expr, column: &dyn Fn(&str) -> Value) -> Value {
    deep(|| level(expr, column))
}

fn level(expr: &Expr, column: &dyn Fn(&str) -> Value) -> Value {
    let part = |expr: &Expr| eval(expr, column);
    match &expr.kind {
        ExprKind::Literal(value) => value.clone(),
        ExprKind::Column(name) => column(name),
        ExprKind::Parameter(_) => Value::Null,
        ExprKind::Member { record, name } => match part(record) {
            Value::Record(fields) => {
                fields.into_iter().find(|(field, _)| field == name).map_or(Value::Null, |(_, value)| value)
            }
            _ => Value::Null,
        },
        ExprKind::Not(inner) => from_truth(truth(&part(inner)).map(|value| !value)),
        ExprKind::Negate(inner) => negate(&part(inner)),
        ExprKind::Binary { op: BinaryOp::And, left, right } => {
            from_truth(and(truth(&part(left)), || truth(&part(right))))
        }
        ExprKind::Binary { op: BinaryOp::Or, left, right } => {
            let neither = and(truth(&part(left)).map(|value| !value), || truth(&part(right)).map(|value| !value));
            from_truth(neither.map(|value| !value))
        }
        ExprKind::Binary { op, left, right } if op.is_comparison() => {
            let order = compare_read((left, part(left)), (right, part(right)));
            from_truth(order.map(|order| holds(*op, order)))
        }
        ExprKind::Binary { op, left, right } => binary(*op, (left, part(left)), (right, part(right))),
        ExprKind::IsNull { expr, negated } => Value::Boolean(part(expr).is_null() != *negated),
        ExprKind::IsBoolean { expr, value, negated } => {
            Value::Boolean((part(expr) == Value::Boolean(*value)) != *negated)
        }
        ExprKind::IsDistinct { left, right, negated } => {
            let (left_value, right_value) = (part(left), part(right));
            let distinct = match (left_value.is_null(), right_value.is_null()) {
                (true, true) => false,
                (false, false) => compare_read((left, left_value), (right, right_value)) != Some(Ordering::Equal),
                _ => true,
            };
            Value::Boolean(distinct != *negated)
        }
        ExprKind::Between { expr, low, high, negated } => {
            let value = part(expr);
            let above = compare_read((expr, value.clone()), (low, part(low))).map(Ordering::is_ge);
            let within = and(above, || compare_read((expr, value), (high, part(high))).map(Ordering::is_le));
            from_truth(within.map(|within| within != *negated))
        }
        ExprKind::InList { expr, list, negated } => in_list(expr, &part(expr), list, *negated, column),
        ExprKind::Like { expr, pattern, negated, insensitive } => match (part(expr), part(pattern)) {
            (Value::String(text), Value::String(pattern)) => {
                Value::Boolean(like(&text, &pattern, *insensitive) != *negated)
            }
            _ => Value::Null,
        },
        ExprKind::Case { operand, branches, otherwise } => {
            case(operand.as_deref(), branches, otherwise.as_deref(), column)
        }
        ExprKind::Cast { expr, to, .. } => cast(&part(expr), to),
        ExprKind::Call(call) => {
            let args: Vec<Value> = call.args.iter().map(part).collect();
            function(&call.function).and_then(|function| function.eval).map_or(Value::Null, |eval| eval(&args))
        }
    }
}

/// Puts the parameters' values in place of their names. Names that have none stay.
pub fn bind(expr: &Expr, parameters: &BTreeMap<String, Value>) -> Expr {
    expr.clone().rewrite(&mut |expr| match &expr.kind {
        ExprKind::Parameter(name) => match parameters.get(name) {
            Some(value) => Expr { kind: ExprKind::Literal(value.clone()), span: expr.span },
            None => expr,
        },
        _ => expr,
    })
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(value) => Some(*value),
        _ => None,
    }
}

fn from_truth(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Boolean)
}

/// Three-valued: false wins over null.
fn and(left: Option<bool>, right: impl FnOnce() -> Option<bool>) -> Option<bool> {
    match left {
        Some(false) => Some(false),
        Some(true) => right(),
        None => right().filter(|right| !right),
    }
}

fn holds(op: BinaryOp, order: Ordering) -> bool {
    match op {
        BinaryOp::Equal => order.is_eq(),
        BinaryOp::NotEqual => order.is_ne(),
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessOrEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        BinaryOp::GreaterOrEqual => order.is_ge(),
        _ => false,
    }
}

/// Compares two values; a text literal beside a time or span is read as one.
fn compare_read(left: (&Expr, Value), right: (&Expr, Value)) -> Option<Ordering> {
    if let Some(order) = left.1.compare(&right.1) {
        return Some(order);
    }
    match literal_as(left.0, &right.1.data_type()) {
        Some(read) => read.compare(&right.1),
        None => left.1.compare(&literal_as(right.0, &left.1.data_type())?),
    }
}

fn in_list(expr: &Expr, value: &Value, list: &[Expr], negated: bool, column: &dyn Fn(&str) -> Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let mut has_null = false;
    for item in list {
        let item_value = eval(item, column);
        has_null |= item_value.is_null();
        if compare_read((expr, value.clone()), (item, item_value)) == Some(Ordering::Equal) {
            return Value::Boolean(!negated);
        }
    }
    if has_null { Value::Null } else { Value::Boolean(negated) }
}

fn case(
    operand: Option<&Expr>,
    branches: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
    column: &dyn Fn(&str) -> Value,
) -> Value {
    let operand = operand.map(|operand| (operand, eval(operand, column)));
    for (when, then) in branches {
        let when_value = eval(when, column);
        let chosen = match &operand {
            Some((operand, value)) => {
                compare_read((operand, value.clone()), (when, when_value)) == Some(Ordering::Equal)
            }
            None => when_value == Value::Boolean(true),
        };
        if chosen {
            return eval(then, column);
        }
    }
    otherwise.map_or(Value::Null, |otherwise| eval(otherwise, column))
}

/// `%`: any characters; `_`: one. There is no escape character.
pub(super) fn like(text: &str, pattern: &str, insensitive: bool) -> bool {
    let fold = |text: &str| -> Vec<char> {
        match insensitive {
            true => text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect(),
            false => text.chars().collect(),
        }
    };
    let (text, pattern) = (fold(text), fold(pattern));
    let (mut at, mut wanted) = (0, 0);
    // Where the last `%` stands, and how far it has reached.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match (pattern.get(wanted), star) {
            (Some('%'), _) => {
                star = Some((wanted, at));
                wanted += 1;
            }
            (Some(c), _) if *c == '_' || *c == text[at] => {
                at += 1;
                wanted += 1;
            }
            (_, Some((place, reached))) => {
                star = Some((place, reached + 1));
                at = reached + 1;
                wanted = place + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[wanted..].iter().all(|c| *c == '%')
}

fn negate(value: &Value) -> Value {
    let negated = match value {
        Value::Int(int) => int.checked_neg().map(Value::Int),
        Value::Float(float) => settled(-float).map(Value::Float),
        Value::Duration(micros) => micros.checked_neg().map(Value::Duration),
        _ => None,
    };
    negated.unwrap_or(Value::Null)
}

/// Arithmetic and `||`.
fn binary(op: BinaryOp, left: (&Expr, Value), right: (&Expr, Value)) -> Value {
    let (mut left_value, mut right_value) = (left.1, right.1);
    if left_value.is_null() || right_value.is_null() {
        return Value::Null;
    }
    if op == BinaryOp::Concat {
        return match (to_text(&left_value), to_text(&right_value)) {
            (Some(left), Some(right)) if left.len() + right.len() <= MOST_JOINED => Value::String(left + &right),
            _ => Value::Null,
        };
    }
    if op == BinaryOp::Subtract {
        if let Some(read) = literal_as(left.0, &right_value.data_type()) {
            left_value = read;
        } else if let Some(read) = literal_as(right.0, &left_value.data_type()) {
            right_value = read;
        }
    }
    arithmetic(op, &left_value, &right_value).unwrap_or(Value::Null)
}

/// `None` where the result is out of range, not a number, or not defined.
fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
    use Value::*;
    match (left, right) {
        (Date(days), other) => arithmetic(op, &Timestamp(micros_of(*days)?), other),
        (other, Date(days)) => arithmetic(op, other, &Timestamp(micros_of(*days)?)),
        (Int(a), Int(b)) if op != BinaryOp::Divide => ints(op, *a, *b).map(Int),
        (Int(_) | Float(_), Int(_) | Float(_)) => {
            floats(op, super::functions::number(left)?, super::functions::number(right)?).map(Float)
        }
        (Timestamp(a), Timestamp(b)) if op == BinaryOp::Subtract => a.checked_sub(*b).map(Duration),
        (Timestamp(time), Duration(span)) => match op {
            BinaryOp::Add => time.checked_add(*span).and_then(in_range).map(Timestamp),
            BinaryOp::Subtract => time.checked_sub(*span).and_then(in_range).map(Timestamp),
            _ => None,
        },
        (Duration(span), Timestamp(time)) if op == BinaryOp::Add => {
            time.checked_add(*span).and_then(in_range).map(Timestamp)
        }
        (Duration(a), Duration(b)) => match op {
            BinaryOp::Divide => floats(op, *a as f64, *b as f64).map(Float),
            _ => ints(op, *a, *b).map(Duration),
        },
        (Duration(span), Int(factor)) if op == BinaryOp::Multiply => span.checked_mul(*factor).map(Duration),
        (Int(factor), Duration(span)) if op == BinaryOp::Multiply => span.checked_mul(*factor).map(Duration),
        (Duration(span), number) if matches!(op, BinaryOp::Multiply | BinaryOp::Divide) => {
            scaled(op, *span, super::functions::number(number)?)
        }
        (number, Duration(span)) if op == BinaryOp::Multiply => scaled(op, *span, super::functions::number(number)?),
        _ => None,
    }
}

/// A span times or by a number, rounded to the microsecond, halves away from zero.
fn scaled(op: BinaryOp, span: i64, factor: f64) -> Option<Value> {
    floats(op, span as f64, factor).and_then(|micros| float_to_int(micros.round())).map(Value::Duration)
}

fn ints(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::IntegerDivide => a.checked_div(b),
        // The least Int modulo -1 is 0, though its quotient is out of range.
        BinaryOp::Modulo => (b != 0).then(|| a.wrapping_rem(b)),
        _ => None,
    }
}

fn floats(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Modulo => a % b,
        _ => return None,
    };
    settled(result)
}

/// Whether the value is the same in every row and every run.
pub fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Column(_) | ExprKind::Parameter(_) => false,
        ExprKind::Call(call) => {
            let is_scalar = function(&call.function).is_some_and(|known| known.kind == FunctionKind::Scalar);
            is_scalar && expr.children().into_iter().all(is_constant)
        }
        _ => expr.children().into_iter().all(is_constant),
    }
}

#[cfg(test)]
mod tests;
