//! Cells as values and values as columns.

use std::io;

use pipewright_core::data::{DataType, Value, settled};
use polars::prelude::{
    AnyValue, BooleanChunked, Float64Chunked, Int32Chunked, Int64Chunked, NewChunkedArray, PlSmallStr, Series,
    StringChunked, TimeUnit,
};

use super::types::polars_type;

/// A column opened for fast reading cell by cell.
pub(crate) enum Cells<'a> {
    Boolean(&'a BooleanChunked),
    Int(&'a Int64Chunked),
    Float(&'a Float64Chunked),
    Text(&'a StringChunked),
    Timestamp(&'a Int64Chunked),
    Date(&'a Int32Chunked),
    Duration(&'a Int64Chunked),
    /// Nested, or not in the physical form that its type asks for.
    Other(&'a Series, DataType),
}

impl<'a> Cells<'a> {
    pub(crate) fn new(series: &'a Series, data_type: &DataType) -> Cells<'a> {
        let opened = match data_type {
            DataType::Boolean => series.bool().map(Cells::Boolean),
            DataType::Int => series.i64().map(Cells::Int),
            DataType::Float => series.f64().map(Cells::Float),
            DataType::String | DataType::Unknown => series.str().map(Cells::Text),
            DataType::Timestamp if *series.dtype() == polars_type(data_type) => {
                series.datetime().map(|times| Cells::Timestamp(times.physical()))
            }
            DataType::Date => series.date().map(|dates| Cells::Date(dates.physical())),
            DataType::Duration if *series.dtype() == polars_type(data_type) => {
                series.duration().map(|spans| Cells::Duration(spans.physical()))
            }
            _ => return Cells::Other(series, data_type.clone()),
        };
        opened.unwrap_or_else(|_| Cells::Other(series, data_type.clone()))
    }

    /// The cell's value; null outside the column.
    pub(crate) fn value(&self, row: usize) -> Value {
        match self {
            Cells::Boolean(cells) => cells.get(row).map_or(Value::Null, Value::Boolean),
            Cells::Int(cells) => cells.get(row).map_or(Value::Null, Value::Int),
            Cells::Float(cells) => cells.get(row).map_or(Value::Null, Value::float),
            Cells::Text(cells) => cells.get(row).map_or(Value::Null, Value::text),
            Cells::Timestamp(cells) => cells.get(row).map_or(Value::Null, Value::Timestamp),
            Cells::Date(cells) => cells.get(row).map_or(Value::Null, Value::Date),
            Cells::Duration(cells) => cells.get(row).map_or(Value::Null, Value::Duration),
            Cells::Other(series, data_type) => series.get(row).map_or(Value::Null, |value| value_of(&value, data_type)),
        }
    }
}

impl Cells<'_> {
    /// Puts the cell's value into `slot`; a text takes the place of the text there.
    pub(crate) fn put(&self, row: usize, slot: &mut Value) {
        match self {
            Cells::Text(cells) => put_text(cells.get(row), slot),
            _ => *slot = self.value(row),
        }
    }

    /// The cell as JSON, without making its value where that can be spared.
    pub(crate) fn write_json(&self, row: usize, out: &mut dyn io::Write) -> io::Result<()> {
        match self {
            Cells::Text(cells) => match cells.get(row) {
                Some(text) => Ok(serde_json::to_writer(out, text)?),
                None => out.write_all(b"null"),
            },
            Cells::Int(cells) => match cells.get(row) {
                Some(number) => write!(out, "{number}"),
                None => out.write_all(b"null"),
            },
            other => Ok(serde_json::to_writer(out, &other.value(row))?),
        }
    }
}

/// A text, or null, in the place of another without a new allocation.
pub(crate) fn put_text(text: Option<&str>, slot: &mut Value) {
    match (text, slot) {
        (Some(text), Value::String(old)) => {
            old.clear();
            old.push_str(text);
        }
        (Some(text), slot) => *slot = Value::text(text),
        (None, slot) => *slot = Value::Null,
    }
}

/// All cells of a column.
pub(crate) fn column_values(series: &Series, data_type: &DataType) -> Vec<Value> {
    let series = series.rechunk();
    let cells = Cells::new(&series, data_type);
    (0..series.len()).map(|row| cells.value(row)).collect()
}

/// A cell as a value. `data_type` tells what a nested cell holds; the physical form decides for the others.
pub(crate) fn value_of(cell: &AnyValue, data_type: &DataType) -> Value {
    match cell {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(value) => Value::Boolean(*value),
        AnyValue::String(text) => Value::text(*text),
        AnyValue::StringOwned(text) => Value::text(text.as_str()),
        AnyValue::Float32(number) => Value::float(f64::from(*number)),
        AnyValue::Float64(number) => Value::float(*number),
        AnyValue::Date(days) => Value::Date(*days),
        AnyValue::Datetime(time, unit, _) => Value::Timestamp(to_micros(*time, *unit)),
        AnyValue::DatetimeOwned(time, unit, _) => Value::Timestamp(to_micros(*time, *unit)),
        AnyValue::Duration(span, unit) => Value::Duration(to_micros(*span, *unit)),
        AnyValue::List(items) | AnyValue::Array(items, _) => {
            let item_type = match data_type {
                DataType::List(item) => item,
                _ => &DataType::Unknown,
            };
            Value::List(items.iter().map(|item| value_of(&item, item_type)).collect())
        }
        AnyValue::Struct(..) | AnyValue::StructOwned(_) => record_of(cell, data_type),
        AnyValue::Binary(bytes) => Value::text(String::from_utf8_lossy(bytes)),
        AnyValue::BinaryOwned(bytes) => Value::text(String::from_utf8_lossy(bytes)),
        other => match other.extract::<i64>() {
            Some(number) => Value::Int(number),
            None => Value::Null,
        },
    }
}

fn record_of(cell: &AnyValue, data_type: &DataType) -> Value {
    let fields = match data_type {
        DataType::Record(fields) => fields.as_slice(),
        _ => &[],
    };
    let type_of = |name: &str| fields.iter().find(|field| field.0 == name).map_or(&DataType::Unknown, |field| &field.1);
    match cell {
        AnyValue::StructOwned(owned) => {
            let pairs = owned.1.iter().zip(&owned.0);
            Value::Record(
                pairs
                    .map(|(field, value)| (field.name().to_string(), value_of(value, type_of(field.name()))))
                    .collect(),
            )
        }
        AnyValue::Struct(_, _, polars_fields) => {
            let values = cell._iter_struct_av();
            let pairs = polars_fields.iter().zip(values);
            Value::Record(
                pairs
                    .map(|(field, value)| (field.name().to_string(), value_of(&value, type_of(field.name()))))
                    .collect(),
            )
        }
        _ => Value::Null,
    }
}

fn to_micros(time: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => time.div_euclid(1000),
        TimeUnit::Microseconds => time,
        TimeUnit::Milliseconds => time.saturating_mul(1000),
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A column of a type from values; what does not fit becomes null. `Unknown` holds text: other values as JSON.
pub(crate) fn series_of(name: &str, data_type: &DataType, values: &[&Value]) -> Series {
    let name: PlSmallStr = name.into();
    let micros = |value: &&Value| match value {
        Value::Timestamp(time) => Some(*time),
        Value::Date(days) if *data_type == DataType::Timestamp => Some(i64::from(*days) * MICROS_PER_DAY),
        Value::Duration(span) if *data_type == DataType::Duration => Some(*span),
        _ => None,
    };
    let wanted = polars_type(data_type);
    match data_type {
        DataType::Boolean => {
            let cells = values.iter().map(|value| if let Value::Boolean(flag) = value { Some(*flag) } else { None });
            Series::from(BooleanChunked::from_iter_options(name.clone(), cells))
        }
        DataType::Int => {
            let cells = values.iter().map(|value| if let Value::Int(number) = value { Some(*number) } else { None });
            Series::from(Int64Chunked::from_iter_options(name.clone(), cells))
        }
        DataType::Float => {
            let cells = values.iter().map(|value| match value {
                Value::Float(number) => settled(*number),
                Value::Int(number) => Some(*number as f64),
                _ => None,
            });
            Series::from(Float64Chunked::from_iter_options(name.clone(), cells))
        }
        DataType::String => {
            let cells = values.iter().map(|value| if let Value::String(text) = value { Some(text) } else { None });
            Series::from(StringChunked::from_iter_options(name.clone(), cells))
        }
        DataType::Unknown => {
            let cells = values.iter().map(|value| match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(text_of(other)),
            });
            Series::from(StringChunked::from_iter_options(name.clone(), cells))
        }
        DataType::Timestamp => {
            let cells = Int64Chunked::from_iter_options(name.clone(), values.iter().map(micros));
            Series::from(cells.into_datetime(TimeUnit::Microseconds, None))
        }
        DataType::Duration => {
            let cells = Int64Chunked::from_iter_options(
                name.clone(),
                values.iter().map(|value| if let Value::Duration(span) = value { Some(*span) } else { None }),
            );
            Series::from(cells.into_duration(TimeUnit::Microseconds))
        }
        DataType::Date => {
            let cells = values.iter().map(|value| if let Value::Date(days) = value { Some(*days) } else { None });
            Series::from(Int32Chunked::from_iter_options(name.clone(), cells).into_date())
        }
        DataType::List(_) | DataType::Record(_) => {
            let cells: Vec<AnyValue> = values.iter().map(|value| any_value_of(value, data_type)).collect();
            Series::from_any_values_and_dtype(name.clone(), &cells, &wanted, false)
                .unwrap_or_else(|_| Series::full_null(name.clone(), values.len(), &wanted))
        }
    }
}

/// A value as text: texts as they are, times in ISO 8601, nested values as JSON.
pub(crate) fn text_of(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

fn any_value_of(value: &Value, data_type: &DataType) -> AnyValue<'static> {
    match (value, data_type) {
        (Value::List(items), DataType::List(item)) => {
            let items: Vec<&Value> = items.iter().collect();
            AnyValue::List(series_of("", item, &items))
        }
        (Value::Record(pairs), DataType::Record(fields)) => {
            let cell = |name: &str, field: &DataType| {
                let found = pairs.iter().find(|pair| pair.0 == name);
                found.map_or(AnyValue::Null, |(_, value)| any_value_of(value, field))
            };
            let cells = fields.iter().map(|(name, field)| cell(name, field)).collect();
            let fields = fields
                .iter()
                .map(|(name, field)| polars::prelude::Field::new(name.as_str().into(), polars_type(field)))
                .collect();
            AnyValue::StructOwned(Box::new((cells, fields)))
        }
        (Value::List(_) | Value::Record(_), DataType::Unknown) => AnyValue::StringOwned(text_of(value).into()),
        (Value::Null | Value::List(_) | Value::Record(_), _) => AnyValue::Null,
        (scalar, scalar_type) => {
            series_of("", scalar_type, &[scalar]).get(0).map_or(AnyValue::Null, |cell| cell.into_static())
        }
    }
}
