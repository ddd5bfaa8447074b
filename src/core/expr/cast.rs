//! What `try_cast` and `cast` make of a value. Must not import any room but `data`.

use super::durations::parse_span;
use crate::data::instants::{MICROS_PER_DAY, micros_of, parse_date, parse_timestamp};
use crate::data::{DataType, Value, format_date, format_duration, format_timestamp, settled};

/// Whether any value of type `from` can become `to`.
pub(super) fn can_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    match (from, to) {
        (Unknown, _) | (_, Unknown) | (_, String) | (String, _) => true,
        (List(a), List(b)) => can_cast(a, b),
        (Record(a), Record(b)) => b
            .iter()
            .all(|(name, to)| a.iter().find(|(other, _)| other == name).is_none_or(|(_, from)| can_cast(from, to))),
        (Int | Float | Boolean, Int | Float) | (Int, Boolean) | (Timestamp | Date, Timestamp | Date) => true,
        (a, b) => a == b,
    }
}

/// The value as `to`; null where it is none. Fractions of numbers are dropped on the way to an Int.
pub fn cast(value: &Value, to: &DataType) -> Value {
    convert(value, to).unwrap_or(Value::Null)
}

fn convert(value: &Value, to: &DataType) -> Option<Value> {
    Some(match (value, to) {
        (Value::Null, _) => Value::Null,
        (value, DataType::Unknown) => value.clone(),
        (value, DataType::String) => Value::String(to_text(value)?),
        (Value::String(text), _) => from_text(text, to)?,
        (Value::Boolean(value), DataType::Boolean) => Value::Boolean(*value),
        (Value::Boolean(value), DataType::Int) => Value::Int(i64::from(*value)),
        (Value::Boolean(value), DataType::Float) => Value::Float(f64::from(u8::from(*value))),
        (Value::Int(int), DataType::Int) => Value::Int(*int),
        (Value::Int(int), DataType::Float) => Value::Float(*int as f64),
        (Value::Int(int), DataType::Boolean) => Value::Boolean(*int != 0),
        (Value::Float(float), DataType::Float) => Value::Float(*float),
        (Value::Float(float), DataType::Int) => Value::Int(float_to_int(*float)?),
        (Value::Timestamp(micros), DataType::Timestamp) => Value::Timestamp(*micros),
        (Value::Timestamp(micros), DataType::Date) => {
            Value::Date(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?)
        }
        (Value::Date(days), DataType::Date) => Value::Date(*days),
        (Value::Date(days), DataType::Timestamp) => Value::Timestamp(micros_of(*days)?),
        (Value::Duration(micros), DataType::Duration) => Value::Duration(*micros),
        (Value::List(items), DataType::List(item)) => {
            Value::List(items.iter().map(|value| cast(value, item)).collect())
        }
        (Value::Record(fields), DataType::Record(wanted)) => Value::Record(
            wanted
                .iter()
                .map(|(name, to)| {
                    let found = fields.iter().find(|(other, _)| other == name);
                    (name.clone(), found.map_or(Value::Null, |(_, value)| cast(value, to)))
                })
                .collect(),
        ),
        _ => return None,
    })
}

/// Whether the value, or one inside of it, becomes null on the way.
pub(super) fn loses(value: &Value, to: &DataType) -> bool {
    match (value, to) {
        (Value::Null, _) => false,
        (Value::List(items), DataType::List(item)) => items.iter().any(|value| loses(value, item)),
        (Value::Record(fields), DataType::Record(wanted)) => wanted.iter().any(|(name, to)| {
            fields.iter().find(|(other, _)| other == name).is_some_and(|(_, value)| loses(value, to))
        }),
        (value, to) => cast(value, to).is_null(),
    }
}

/// Towards zero; `None` out of an Int's range.
pub(super) fn float_to_int(float: f64) -> Option<i64> {
    let whole = float.trunc();
    // 2^63 is the first float that no Int holds; -2^63 is one.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole).then_some(whole as i64)
}

/// Text of a value: numbers shortest, times in ISO 8601, lists and records as JSON; `None` for null.
pub(super) fn to_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Boolean(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::String(value) => value.clone(),
        Value::Timestamp(value) => format_timestamp(*value),
        Value::Date(value) => format_date(*value),
        Value::Duration(value) => format_duration(*value),
        Value::List(_) | Value::Record(_) => value.to_json().to_string(),
    })
}

fn from_text(text: &str, to: &DataType) -> Option<Value> {
    let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace());
    Some(match to {
        DataType::Boolean => Value::Boolean(match trimmed.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => true,
            "false" | "f" | "no" | "n" | "off" | "0" => false,
            _ => return None,
        }),
        DataType::Int => Value::Int(trimmed.parse().ok()?),
        DataType::Float => Value::Float(parse_float(trimmed)?),
        DataType::Timestamp => Value::Timestamp(parse_timestamp(trimmed)?),
        DataType::Date => Value::Date(parse_date(trimmed)?),
        DataType::Duration => Value::Duration(parse_span(trimmed).ok()?),
        DataType::String | DataType::Unknown => Value::String(text.to_owned()),
        DataType::List(_) | DataType::Record(_) => Value::from_json(&serde_json::from_str(trimmed).ok()?, to)?,
    })
}

/// Decimal digits with point and exponent; not `inf` or `nan`.
fn parse_float(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|_| plain).and_then(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_casts() {
        let text = |text: &str, to: DataType| cast(&Value::text(text), &to);
        assert_eq!(text(" 42 ", DataType::Int), Value::Int(42));
        assert_eq!(text("4.2", DataType::Int), Value::Null);
        assert_eq!(text("9223372036854775808", DataType::Int), Value::Null);
        assert_eq!(text("1e3", DataType::Float), Value::Float(1000.0));
        for not_finite in ["nan", "inf", "1e999", "0x10", ""] {
            assert_eq!(text(not_finite, DataType::Float), Value::Null, "{not_finite}");
        }
        assert_eq!(cast(&Value::Float(-2.9), &DataType::Int), Value::Int(-2));
        assert_eq!(cast(&Value::Float(9.3e18), &DataType::Int), Value::Null);
        assert_eq!(cast(&Value::Float(-9_223_372_036_854_775_808.0), &DataType::Int), Value::Int(i64::MIN));
        assert_eq!(cast(&Value::Timestamp(-1), &DataType::Date), Value::Date(-1));
        assert_eq!(to_text(&Value::Float(1.0)), Some("1.0".into()));
        assert_eq!(
            text("[1, 2]", DataType::List(Box::new(DataType::Int))),
            Value::List(vec![Value::Int(1), Value::Int(2)])
        );
    }
}
