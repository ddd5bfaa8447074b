//! Reads one text as a column's type: what CSV, logfmt, patterns and other text formats share.
//! Imports data.

use super::columns::Fit;
use super::stamp;
use super::{Change, Columns, json_changes, numbers};
use crate::data::instants::{has_clock, is_finer, parse_date, parse_timestamp};
use crate::data::{DataType, Field, Value, parse_duration};

/// How a column's cells are read, chosen once per column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Text,
    Int,
    Float,
    Boolean,
    Timestamp,
    Date,
    /// Durations, lists and records, in their JSON form.
    Json,
}

impl Cell {
    pub fn of(data_type: &DataType) -> Cell {
        match data_type {
            DataType::String | DataType::Unknown => Cell::Text,
            DataType::Int => Cell::Int,
            DataType::Float => Cell::Float,
            DataType::Boolean => Cell::Boolean,
            DataType::Timestamp => Cell::Timestamp,
            DataType::Date => Cell::Date,
            DataType::Duration | DataType::List(_) | DataType::Record(_) => Cell::Json,
        }
    }

    /// The same for what may be an identifier: a number that is written with zeros in front loses them.
    #[inline]
    pub fn read_written(self, text: &str, column: usize, field: &Field, out: &mut dyn Columns) -> Fit {
        let fit = self.read(text, column, field, out);
        match (fit, self) {
            (Fit::Kept, Cell::Int | Cell::Float) if has_zeros(text) => Fit::Inside(Change::Zeros.into()),
            (fit, _) => fit,
        }
    }

    /// Reads `text` into the column. Blanks around other types than text are ignored. What cannot be read as the
    /// type leaves the slot unset, which is null; the row stays.
    #[inline]
    pub fn read(self, text: &str, column: usize, field: &Field, out: &mut dyn Columns) -> Fit {
        let set = match self {
            Cell::Text => {
                out.text(column, text);
                return Fit::Kept;
            }
            Cell::Int => numbers::int(trimmed(text).as_bytes()).map(|value| out.int(column, value)),
            Cell::Float => numbers::float(trimmed(text)).map(|value| out.float(column, value)),
            Cell::Boolean => boolean(trimmed(text)).map(|value| out.boolean(column, value)),
            Cell::Timestamp => {
                let time = parse_timestamp(text).or_else(|| stamp::whole(text));
                time.map(|value| out.timestamp(column, value))
            }
            Cell::Date => parse_date(text).map(|value| out.date(column, value)),
            Cell::Json => json(trimmed(text), &field.data_type).map(|value| out.value(column, value)),
        }
        .is_some();
        match set {
            false => Fit::Unfit,
            true if self == Cell::Float && numbers::is_not_held(trimmed(text)) => Fit::Rounded,
            true if self == Cell::Timestamp && is_finer(text) => Fit::Cut,
            true if self == Cell::Date && has_clock(text) => Fit::Clock,
            true if self == Cell::Json => inside(trimmed(text), &field.data_type),
            true => Fit::Kept,
        }
    }
}

/// What became of a duration, or of values inside of a list or record.
#[cold]
fn inside(text: &str, data_type: &DataType) -> Fit {
    // A duration stands with or without quotes.
    let changes = match data_type {
        DataType::Duration if parse_duration(text).is_some_and(|(_, is_finer)| is_finer) => return Fit::Cut,
        DataType::Duration if !text.starts_with('"') => return Fit::Kept,
        _ => json_changes(text, data_type),
    };
    if changes.is_empty() { Fit::Kept } else { Fit::Inside(changes) }
}

/// Whether a number is written with zeros in front: `007`, `-00.5`.
#[inline]
fn has_zeros(text: &str) -> bool {
    let digits = trimmed(text).as_bytes();
    matches!(digits, [b'0', b'0'..=b'9', ..] | [b'+' | b'-', b'0', b'0'..=b'9', ..])
}

#[inline]
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim_matches(' '),
    }
}

/// `true` or `false`, also as `True`, `TRUE`.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

#[cold]
fn json(text: &str, data_type: &DataType) -> Option<Value> {
    let json = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(_) => serde_json::Value::String(text.to_owned()),
    };
    Value::from_json(&json, data_type).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Schema;
    use crate::formats::{RowCollector, Unit};

    #[test]
    fn texts_are_read_as_the_column_says_and_else_null() {
        let list = DataType::List(Box::new(DataType::Int));
        for (data_type, text, expected) in [
            (DataType::Int, " 41 ", Value::Int(41)),
            (DataType::Int, "4x", Value::Null),
            (DataType::Int, "99999999999999999999", Value::Null),
            (DataType::Float, "1.5", Value::Float(1.5)),
            (DataType::Float, "nan", Value::Null),
            (DataType::Boolean, "TRUE", Value::Boolean(true)),
            (DataType::Boolean, "1", Value::Null),
            (DataType::Timestamp, "1970-01-02", Value::Timestamp(86_400_000_000)),
            (DataType::Timestamp, "2 Jan 1970 00:00:01", Value::Timestamp(86_401_000_000)),
            (DataType::Date, "1970-01-02", Value::Date(1)),
            (DataType::Duration, "PT1S", Value::Duration(1_000_000)),
            (DataType::String, " x ", Value::text(" x ")),
            (list, "[1,2]", Value::List(vec![Value::Int(1), Value::Int(2)])),
        ] {
            let schema = Schema::of([("a", data_type.clone())]);
            let mut out = RowCollector::new(&schema);
            Cell::of(&data_type).read(text, 0, &schema.fields[0], &mut out);
            out.end_row(Unit::default());
            assert_eq!(out.rows[0].1[0], expected, "{data_type} {text}");
        }
    }
}
