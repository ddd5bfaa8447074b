//! Type rules of operators, shared by the checker and by `coerce`. Must not import any room but `data`.

use super::durations::parse_span;
use super::{BinaryOp, Expr, ExprKind};
use crate::data::instants::{is_plain_date, parse_date, parse_timestamp};
use crate::data::{DataType, Value};

/// The result type of an operator on values; `None` where it does not take them. `Unknown` fits all.
pub(super) fn binary(op: BinaryOp, left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    match op {
        BinaryOp::And | BinaryOp::Or => {
            (matches!(left, Boolean | Unknown) && matches!(right, Boolean | Unknown)).then_some(Boolean)
        }
        op if op.is_comparison() => comparable(left, right).then_some(Boolean),
        BinaryOp::Concat => joined(left, right).then_some(String),
        BinaryOp::IntegerDivide => (matches!(left, Int | Unknown) && matches!(right, Int | Unknown)).then_some(Int),
        _ => arithmetic(op, left, right),
    }
}

/// At least one text, and nothing that has no plain text.
fn joined(left: &DataType, right: &DataType) -> bool {
    let plain = |side: &DataType| !matches!(side, DataType::List(_) | DataType::Record(_));
    let text = |side: &DataType| matches!(side, DataType::String | DataType::Unknown);
    plain(left) && plain(right) && (text(left) || text(right))
}

fn arithmetic(op: BinaryOp, left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    let number = |side: &DataType| matches!(side, Int | Float);
    match (left, right) {
        (Unknown, other) | (other, Unknown) => match other {
            Boolean | String | List(_) | Record(_) => None,
            Float if op == BinaryOp::Divide && left.is_unknown() => Some(Unknown),
            _ => Some(Unknown),
        },
        (Int, Int) => Some(if op == BinaryOp::Divide { Float } else { Int }),
        (a, b) if number(a) && number(b) => Some(Float),
        (Timestamp | Date, Timestamp | Date) if op == BinaryOp::Subtract => Some(Duration),
        (Timestamp | Date, Duration) if matches!(op, BinaryOp::Add | BinaryOp::Subtract) => Some(Timestamp),
        (Duration, Timestamp | Date) if op == BinaryOp::Add => Some(Timestamp),
        (Duration, Duration) => match op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Modulo => Some(Duration),
            BinaryOp::Divide => Some(Float),
            _ => None,
        },
        (Duration, b) if number(b) && matches!(op, BinaryOp::Multiply | BinaryOp::Divide) => Some(Duration),
        (a, Duration) if number(a) && op == BinaryOp::Multiply => Some(Duration),
        _ => None,
    }
}

/// Whether values of both types have an order among each other.
pub(super) fn comparable(left: &DataType, right: &DataType) -> bool {
    use DataType::*;
    match (left, right) {
        (List(_) | Record(_), _) | (_, List(_) | Record(_)) => false,
        (a, b) => a.common(b).is_some(),
    }
}

/// A text literal as what stands on the other side: a time or a span.
pub(super) fn literal_as(expr: &Expr, wanted: &DataType) -> Option<Value> {
    let ExprKind::Literal(Value::String(text)) = &expr.kind else { return None };
    match wanted {
        DataType::Timestamp => parse_timestamp(text).map(Value::Timestamp),
        DataType::Date if is_plain_date(text) => parse_date(text).map(Value::Date),
        DataType::Date => parse_timestamp(text).map(Value::Timestamp),
        DataType::Duration => parse_span(text).ok().map(Value::Duration),
        _ => None,
    }
}

/// The types of both sides of a comparison, text literals read as what stands on the other side.
pub(super) fn compared(left: &Expr, left_type: DataType, right: &Expr, right_type: DataType) -> (DataType, DataType) {
    let left_read = literal_as(left, &right_type).map(|value| value.data_type());
    let right_read = literal_as(right, &left_type).map(|value| value.data_type());
    (left_read.unwrap_or(left_type), right_read.unwrap_or(right_type))
}
