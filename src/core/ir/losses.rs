//! What a conversion to another type takes from a value that goes on: the one place that knows it, for the steps that
//! tell it and for the engine that counts it. Null is no part of it. Imports data, expr and formats.

use crate::data::instants::{MICROS_PER_DAY, has_clock, is_finer, parse_date, parse_timestamp};
use crate::data::{DataType, Value, exact_float, exact_int};
use crate::expr::{cast_value, is_finer_span};
use crate::formats::{Change, ChangeSet, json_changes, numbers};

/// Whether values of a type may lose something on their way to another, and still be there.
pub fn may_lose(from: &DataType, to: &DataType) -> bool {
    use DataType::{Boolean, Date, Duration, Float, Int, List, Record, String, Timestamp, Unknown};
    match (from, to) {
        (Int, Float) | (Float, Int) | (Timestamp, Date) => true,
        (String, Float | Timestamp | Date | Duration | List(_) | Record(_)) => true,
        (List(from), List(to)) => may_lose(from, to),
        (Record(from), Record(to)) => from.iter().any(|(name, from)| {
            let wanted = to.iter().find(|(other, _)| other == name);
            wanted.is_none_or(|(_, to)| may_lose(from, to))
        }),
        (Boolean | Int | Float | String | Timestamp | Date | Duration | List(_) | Record(_) | Unknown, _) => false,
    }
}

/// What a value loses on its way to a type, or what one inside of it does.
pub fn losses(value: &Value, to: &DataType) -> ChangeSet {
    let mut found = ChangeSet::default();
    collect(value, to, &mut found);
    found
}

fn collect(value: &Value, to: &DataType, found: &mut ChangeSet) {
    match (value, to) {
        (Value::Int(int), DataType::Float) => found.insert_if(is_rounded(*int), Change::Rounded),
        (Value::Float(float), DataType::Int) => found.insert_if(has_fraction(*float), Change::Fraction),
        (Value::Timestamp(micros), DataType::Date) => found.insert_if(is_in_the_day(*micros), Change::Clock),
        (Value::String(text), to) => {
            text_losses(text, to).iter().for_each(|change| found.insert(change));
        }
        (Value::List(items), DataType::List(item)) => items.iter().for_each(|value| collect(value, item, found)),
        (Value::Record(fields), DataType::Record(wanted)) => {
            for (name, value) in fields {
                match wanted.iter().find(|(other, _)| other == name) {
                    Some((_, to)) => collect(value, to, found),
                    None => found.insert_if(!value.is_null(), Change::Undeclared),
                }
            }
        }
        _ => {}
    }
}

/// Whether a Float holds only a neighbour of an Int.
#[inline]
pub fn is_rounded(int: i64) -> bool {
    int.unsigned_abs() > 1 << 53 && exact_float(int).is_none()
}

/// Whether an Int holds a number but for its fraction.
#[inline]
pub fn has_fraction(float: f64) -> bool {
    float.fract() != 0.0 && exact_int(float.trunc()).is_some()
}

/// Whether a time is not the beginning of its day.
#[inline]
pub fn is_in_the_day(micros: i64) -> bool {
    micros % MICROS_PER_DAY != 0
}

/// What a text loses on its way to a type; nothing, where it becomes null. Looks twice only at what may lose something.
pub fn text_losses(text: &str, to: &DataType) -> ChangeSet {
    let mut found = ChangeSet::default();
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    match to {
        DataType::Float if numbers::is_not_held(text) => {
            found.insert_if(!cast_value(&Value::text(text), to).is_null(), Change::Rounded);
        }
        DataType::Timestamp => {
            found.insert_if(is_finer(text) && parse_timestamp(text).is_some(), Change::Cut);
        }
        DataType::Date => found.insert_if(has_clock(text) && parse_date(text).is_some(), Change::Clock),
        DataType::Duration => found.insert_if(is_finer_span(text), Change::Cut),
        DataType::List(_) | DataType::Record(_) if !cast_value(&Value::text(text), to).is_null() => {
            return json_changes(text, to);
        }
        _ => {}
    }
    found
}

/// Whether a text that was read as a time by a format has digits beyond the microsecond: those of its last point.
pub fn is_finer_text(text: &str) -> bool {
    // Seconds may stand before a point inside of the day too: `02.03.2026 14:02:11.1234567`.
    text.len() > 7 && text.match_indices(['.', ',']).any(|(at, _)| is_finer_fraction(&text.as_bytes()[at + 1..]))
}

fn is_finer_fraction(bytes: &[u8]) -> bool {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).skip(6).any(|digit| *digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(value: Value, to: &str) -> Vec<Change> {
        losses(&value, &to.parse().unwrap()).iter().collect()
    }

    #[test]
    fn what_a_conversion_takes_from_a_value_is_known() {
        let text = |text: &str| Value::text(text);
        for (value, to, expected) in [
            (Value::Int(9_007_199_254_740_993), "Float", vec![Change::Rounded]),
            (Value::Int(i64::MAX), "Float", vec![Change::Rounded]),
            (Value::Int(i64::MIN), "Float", vec![]),
            (Value::Float(1.5), "Int", vec![Change::Fraction]),
            (Value::Float(-0.7), "Int", vec![Change::Fraction]),
            (Value::Float(2.0), "Int", vec![]),
            (Value::Float(1e300), "Int", vec![]),
            (Value::Timestamp(1), "Date", vec![Change::Clock]),
            (Value::Timestamp(86_400_000_000), "Date", vec![]),
            (text("9007199254740993"), "Float", vec![Change::Rounded]),
            (text(" 9007199254740992 "), "Float", vec![]),
            (text("1e-400"), "Float", vec![Change::Rounded]),
            (text("0e-400"), "Float", vec![]),
            (text("no number, though it is long"), "Float", vec![]),
            (text("2026-01-01T10:00:00.1234567Z"), "Timestamp", vec![Change::Cut]),
            (text("2026-01-01T10:00:00.1234560Z"), "Timestamp", vec![]),
            (text("2026-01-01 is not.1234567"), "Timestamp", vec![]),
            (text("2026-01-01T10:00:00Z"), "Date", vec![Change::Clock]),
            (text("2026-01-01T00:00:00Z"), "Date", vec![]),
            (text("2026-01-01"), "Date", vec![]),
            (text("PT0.0000001S"), "Duration", vec![Change::Cut]),
            (text("0.5 us"), "Duration", vec![Change::Cut]),
            (text("0.5 ms"), "Duration", vec![]),
            (text("[9007199254740993]"), "List<Float>", vec![Change::Rounded]),
            (text(r#"{"a":1,"a":2,"b":3}"#), r#"Record{"a": Int}"#, vec![Change::Repeated, Change::Undeclared]),
            (Value::List(vec![Value::Float(0.5), Value::Null]), "List<Int>", vec![Change::Fraction]),
            (Value::Record(vec![("b".into(), Value::Int(1))]), r#"Record{"a": Int}"#, vec![Change::Undeclared]),
        ] {
            assert_eq!(lost(value.clone(), to), expected, "{value:?} as {to}");
        }
        assert!(is_finer_text("02.03.2026 14:02:11.1234567") && !is_finer_text("02.03.2026 14:02:11.123456"));
    }
}
