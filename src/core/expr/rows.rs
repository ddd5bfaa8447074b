//! The reference meaning of aggregates and window calculations: over rows in memory.
//! Must not import any room but `data`.

use std::cmp::Ordering;

use super::functions::{FunctionKind, compare_nulls_last, function};
use super::{Call, Expr, ExprKind, FrameBound, FrameUnit, Over, SortKey, eval};
use crate::data::Value;

/// A row: the value of a column by its name.
pub type Row<'a> = &'a dyn Fn(&str) -> Value;

/// The value of a measure over the rows of one group.
pub fn eval_measure(expr: &Expr, rows: &[Row]) -> Value {
    let summed = replace_calls(expr.clone(), &mut |call| match is_aggregate(call) && call.over.is_none() {
        true => Some(aggregate(call, rows)),
        false => None,
    });
    eval(&summed, &|_| Value::Null)
}

/// The value of a window calculation for each of the rows, in their order.
pub fn eval_window(expr: &Expr, rows: &[Row]) -> Vec<Value> {
    let mut columns: Vec<(Call, Vec<Value>)> = Vec::new();
    collect_windows(expr, &mut columns, rows);
    let value_of = |index: usize, row: &Row| {
        let filled = replace_calls(expr.clone(), &mut |call| {
            let found = columns.iter().find(|(window, _)| window == call);
            found.and_then(|(_, values)| values.get(index).cloned())
        });
        eval(&filled, row)
    };
    rows.iter().enumerate().map(|(index, row)| value_of(index, row)).collect()
}

fn is_aggregate(call: &Call) -> bool {
    function(&call.function).is_some_and(|function| function.kind == FunctionKind::Aggregate)
}

/// Puts values in the place of calls, outermost first, so that arguments stay as they are.
fn replace_calls(mut expr: Expr, value_of: &mut dyn FnMut(&Call) -> Option<Value>) -> Expr {
    if let ExprKind::Call(call) = &expr.kind
        && let Some(value) = value_of(call)
    {
        expr.kind = ExprKind::Literal(value);
        return expr;
    }
    for child in expr.children_mut() {
        let taken = std::mem::replace(child, Expr::literal(Value::Null));
        *child = replace_calls(taken, value_of);
    }
    expr
}

fn collect_windows(expr: &Expr, columns: &mut Vec<(Call, Vec<Value>)>, rows: &[Row]) {
    if let ExprKind::Call(call) = &expr.kind
        && let Some(over) = &call.over
    {
        columns.push((call.clone(), window(call, over, rows)));
        return;
    }
    for child in expr.children() {
        collect_windows(child, columns, rows);
    }
}

/// An aggregate with its clauses: filter, then order, then distinct.
fn aggregate(call: &Call, rows: &[Row]) -> Value {
    let Some(compute) = function(&call.function).and_then(|function| function.aggregate) else { return Value::Null };
    let mut kept: Vec<&Row> = rows
        .iter()
        .filter(|row| call.filter.as_ref().is_none_or(|filter| eval(filter, row) == Value::Boolean(true)))
        .collect();
    kept.sort_by(|a, b| compare_by(&call.order, a, b));
    let mut arguments: Vec<Vec<Value>> =
        kept.iter().map(|row| call.args.iter().map(|arg| eval(arg, row)).collect()).collect();
    if call.distinct {
        let mut seen: Vec<Vec<Value>> = Vec::new();
        arguments.retain(|row| {
            let fresh = !seen.contains(row);
            if fresh {
                seen.push(row.clone());
            }
            fresh
        });
    }
    compute(&arguments)
}

/// The order of rows by keys: nulls last, both ways.
fn compare_by(keys: &[SortKey], a: &Row, b: &Row) -> Ordering {
    for key in keys {
        let (left, right) = (eval(&key.expr, a), eval(&key.expr, b));
        let order = match (key.descending, left.is_null() || right.is_null()) {
            (true, false) => compare_nulls_last(&right, &left),
            _ => compare_nulls_last(&left, &right),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn window(call: &Call, over: &Over, rows: &[Row]) -> Vec<Value> {
    let mut values = vec![Value::Null; rows.len()];
    for mut partition in partitions(over, rows) {
        partition.sort_by(|a, b| compare_by(&over.order, &rows[*a], &rows[*b]));
        let sorted: Vec<Row> = partition.iter().map(|index| rows[*index]).collect();
        for (place, index) in partition.iter().enumerate() {
            values[*index] = match is_aggregate(call) {
                true => {
                    let (start, end) = frame(over, &sorted, place);
                    let plain = Call { over: None, order: Vec::new(), ..call.clone() };
                    aggregate(&plain, sorted.get(start..end).unwrap_or_default())
                }
                false => positional(call, over, &sorted, place),
            };
        }
    }
    values
}

/// Indexes of the rows of each partition; null is a key of its own.
fn partitions(over: &Over, rows: &[Row]) -> Vec<Vec<usize>> {
    let mut found: Vec<(Vec<Value>, Vec<usize>)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let key: Vec<Value> = over.partition.iter().map(|key| eval(key, row)).collect();
        match found.iter_mut().find(|(other, _)| *other == key) {
            Some((_, members)) => members.push(index),
            None => found.push((key, vec![index])),
        }
    }
    found.into_iter().map(|(_, members)| members).collect()
}

/// `row_number`, `rank`, `dense_rank`, `lag`, `lead`.
fn positional(call: &Call, over: &Over, rows: &[Row], place: usize) -> Value {
    let before = || (1..=place).filter(|other| compare_by(&over.order, &rows[other - 1], &rows[*other]).is_ne());
    match call.function.as_str() {
        "row_number" => Value::Int(place as i64 + 1),
        "rank" => Value::Int(before().next_back().map_or(1, |first| first as i64 + 1)),
        "dense_rank" => Value::Int(before().count() as i64 + 1),
        "lag" | "lead" => {
            let constant = |index: usize| call.args.get(index).map(|arg| eval(arg, &rows[place]));
            let distance = match constant(1) {
                Some(Value::Int(rows)) => usize::try_from(rows).ok(),
                Some(_) => None,
                None => Some(1),
            };
            let Some(distance) = distance else { return Value::Null };
            let other = match call.function.as_str() {
                "lag" => place.checked_sub(distance),
                _ => place.checked_add(distance),
            };
            match (other.and_then(|other| rows.get(other)), call.args.first()) {
                (Some(row), Some(arg)) => eval(arg, row),
                _ => constant(2).unwrap_or(Value::Null),
            }
        }
        _ => Value::Null,
    }
}

/// The rows that a frame holds, end exclusive. Without a frame: all rows, or with an order all up to the
/// current row and its equals.
fn frame(over: &Over, rows: &[Row], place: usize) -> (usize, usize) {
    let Some(frame) = &over.frame else {
        let end = if over.order.is_empty() { rows.len() } else { last_equal(over, rows, place) + 1 };
        return (0, end);
    };
    match frame.unit {
        FrameUnit::Rows => {
            let offset = |bound: &FrameBound| match bound {
                FrameBound::Preceding(Value::Int(count)) => (place as i64).saturating_sub(*count),
                FrameBound::Following(Value::Int(count)) => (place as i64).saturating_add(*count),
                _ => place as i64,
            };
            let start = if frame.start == FrameBound::Unbounded { 0 } else { offset(&frame.start).max(0) as usize };
            let end = match frame.end {
                FrameBound::Unbounded => rows.len(),
                _ => (offset(&frame.end).saturating_add(1)).clamp(0, rows.len() as i64) as usize,
            };
            (start.min(end), end)
        }
        FrameUnit::Range => {
            let inside = |other: usize| {
                reaches(over, &frame.start, rows, place, other, true)
                    && reaches(over, &frame.end, rows, place, other, false)
            };
            let start = (0..rows.len()).find(|other| inside(*other)).unwrap_or(place);
            let end = (0..rows.len()).rfind(|other| inside(*other)).map_or(start, |last| last + 1);
            (start, end)
        }
    }
}

fn last_equal(over: &Over, rows: &[Row], place: usize) -> usize {
    (place..rows.len())
        .take_while(|other| compare_by(&over.order, &rows[place], &rows[*other]).is_eq())
        .last()
        .unwrap_or(place)
}

/// Whether `other` lies on the inner side of a bound of the frame around `place`.
fn reaches(over: &Over, bound: &FrameBound, rows: &[Row], place: usize, other: usize, start: bool) -> bool {
    let distance = match bound {
        FrameBound::Unbounded => return true,
        FrameBound::Current => None,
        FrameBound::Preceding(value) => Some((value, -1)),
        FrameBound::Following(value) => Some((value, 1)),
    };
    let along = |order: Ordering| if start { order.is_ge() } else { order.is_le() };
    let (Some((distance, sign)), [key]) = (distance, over.order.as_slice()) else {
        return along(compare_by(&over.order, &rows[other], &rows[place]));
    };
    let (here, there) = (eval(&key.expr, &rows[place]), eval(&key.expr, &rows[other]));
    // Rows whose key is null are neighbours of each other only.
    if here.is_null() || there.is_null() {
        return here.is_null() && there.is_null();
    }
    let sign = if key.descending { -sign } else { sign };
    let op = if sign < 0 { super::BinaryOp::Subtract } else { super::BinaryOp::Add };
    let edge = eval(&Expr::binary(op, Expr::literal(here), Expr::literal(distance.clone())), &|_| Value::Null);
    match (there.compare(&edge), key.descending) {
        (Some(order), false) => along(order),
        (Some(order), true) => along(order.reverse()),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    /// Rows of (key, at, value); prints each row's result.
    fn windowed(text: &str, data: &[(&str, i64, Option<i64>)]) -> Vec<Value> {
        let lookup: Vec<_> = data
            .iter()
            .map(|(key, at, value)| {
                move |name: &str| match name {
                    "key" => Value::text(*key),
                    "at" => Value::Timestamp(at * 1_000_000),
                    "value" => value.map_or(Value::Null, Value::Int),
                    _ => Value::Null,
                }
            })
            .collect();
        let rows: Vec<Row> = lookup.iter().map(|row| row as Row).collect();
        eval_window(&parse(text).unwrap(), &rows)
    }

    #[test]
    fn frames_hold_the_rows_that_they_name() {
        let data = [("a", 0, Some(1)), ("a", 60, Some(2)), ("b", 61, Some(10)), ("a", 100, Some(4)), ("a", 300, None)];
        let ints = |values: &[i64]| values.iter().map(|value| Value::Int(*value)).collect::<Vec<_>>();
        let sum = |window: &str| windowed(&format!("sum(value) over ({window})"), &data);
        assert_eq!(sum(""), ints(&[17, 17, 17, 17, 17]));
        assert_eq!(sum("partition by key"), ints(&[7, 7, 10, 7, 7]));
        assert_eq!(sum("partition by key order by at"), ints(&[1, 3, 10, 7, 7]));
        assert_eq!(sum("order by at rows between 1 preceding and current row"), ints(&[1, 3, 12, 14, 4]));
        assert_eq!(sum("order by at rows between unbounded preceding and 1 following"), ints(&[3, 13, 17, 17, 17]));
        let minute = sum("partition by key order by at range between interval '60 seconds' preceding and current row");
        assert_eq!(minute, [ints(&[1, 3, 10, 6]), vec![Value::Null]].concat());
        let ahead = sum("order by at desc range between interval '60 seconds' preceding and current row");
        assert_eq!(ahead, [ints(&[3, 16, 14, 4]), vec![Value::Null]].concat());
        assert_eq!(windowed("count(*) filter (where value > 1) over (order by at)", &data), ints(&[0, 1, 2, 3, 3]));
        assert_eq!(
            windowed("value - lag(value) over (partition by key order by at)", &data),
            [Value::Null, Value::Int(1), Value::Null, Value::Int(2), Value::Null]
        );
    }
}
