//! Pieces of Python: types, values, names. Nothing of the design stands in it but as a text of Python.

use std::fmt::Display;

use chrono::{Datelike, Timelike};

use crate::data::instants::to_calendar;
use crate::data::{DataType, Value, format_date};
use crate::diagnostic::Diagnostic;
use crate::quote::python_text;

/// Python, or why there is none.
pub type Python = Result<String, Diagnostic>;

/// The fault of what is not carried.
pub fn refuse(what: impl Display) -> Diagnostic {
    Diagnostic::error("PW0640", format!("Polars does not carry {what}"))
        .help("export to the target `pipeline`, or do this part in another way")
}

/// A type of Polars.
pub fn dtype(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "pl.Boolean".to_owned(),
        DataType::Int => "pl.Int64".to_owned(),
        DataType::Float => "pl.Float64".to_owned(),
        DataType::String | DataType::Unknown => "pl.String".to_owned(),
        DataType::Timestamp => "pl.Datetime(\"us\")".to_owned(),
        DataType::Date => "pl.Date".to_owned(),
        DataType::Duration => "pl.Duration(\"us\")".to_owned(),
        DataType::List(item) => format!("pl.List({})", dtype(item)),
        DataType::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, item)| format!("{}: {}", python_text(name), dtype(item))).collect();
            format!("pl.Struct({{{}}})", fields.join(", "))
        }
    }
}

/// A value of Python.
pub fn plain(value: &Value) -> Python {
    Ok(match value {
        Value::Null => "None".to_owned(),
        Value::Boolean(value) => if *value { "True" } else { "False" }.to_owned(),
        Value::Int(int) => int.to_string(),
        Value::Float(float) => format!("{float:?}"),
        Value::String(text) => python_text(text),
        Value::Timestamp(micros) => {
            let time = to_calendar(*micros).ok_or_else(|| refuse("a time out of the years 1 to 9999"))?;
            let mut parts = vec![time.year().unsigned_abs(), time.month(), time.day(), time.hour(), time.minute()];
            parts.extend([time.second(), micros.rem_euclid(1_000_000) as u32]);
            // Zeros at the end are understood, but for the day's hour and minute.
            while parts.len() > 3 && parts.last() == Some(&0) {
                parts.pop();
            }
            let parts: Vec<String> = parts.iter().map(u32::to_string).collect();
            format!("datetime.datetime({})", parts.join(", "))
        }
        Value::Date(days) => {
            let text = format_date(*days);
            let parts: Vec<&str> = text.split('-').map(|part| part.trim_start_matches('0')).collect();
            match parts.len() {
                3 => format!("datetime.date({})", parts.join(", ")),
                _ => return Err(refuse("a day out of the years 1 to 9999")),
            }
        }
        Value::Duration(micros) => format!("datetime.timedelta(microseconds={micros})"),
        Value::List(items) => {
            let items = items.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
            format!("[{}]", items.join(", "))
        }
        Value::Record(fields) => {
            let field = |(name, value): &(String, Value)| Ok(format!("{}: {}", python_text(name), plain(value)?));
            let fields = fields.iter().map(field).collect::<Result<Vec<_>, Diagnostic>>()?;
            format!("{{{}}}", fields.join(", "))
        }
    })
}

/// A literal of a type.
pub fn literal(value: &Value, data_type: &DataType) -> Python {
    Ok(match value {
        Value::Null => format!("pl.lit(None, {})", dtype(data_type)),
        Value::Int(int) if *data_type == DataType::Float => format!("pl.lit({:?})", *int as f64),
        Value::Int(int) => format!("pl.lit({int}, pl.Int64)"),
        Value::List(_) | Value::Record(_) => {
            format!("pl.lit(pl.Series([{}], dtype={})).first()", plain(value)?, dtype(data_type))
        }
        value => format!("pl.lit({})", plain(value)?),
    })
}

/// An expression that is a whole argument needs no parentheses.
pub fn bare(python: &str) -> &str {
    let Some(inner) = python.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return python };
    let (mut depth, mut is_text, mut is_escaped) = (0_i32, false, false);
    for byte in inner.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'(' if !is_text => depth += 1,
            b')' if !is_text => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return python;
        }
    }
    inner
}

/// The name of a column as `pl.col` takes it: between `^` and `$` it would be a pattern, and `*` all columns.
pub fn column_text(name: &str) -> String {
    match is_pattern(name) {
        true => python_text(&format!("^{}$", regex::escape(name))),
        false => python_text(name),
    }
}

fn is_pattern(name: &str) -> bool {
    name == "*" || name.starts_with('^') && name.ends_with('$')
}

/// A field of a record. One whose name would be a pattern is named anew before: Polars panics at patterns of fields.
pub fn member(record: &DataType, name: &str) -> String {
    match record {
        DataType::Record(fields) if is_pattern(name) => {
            let place = fields.iter().position(|(field, _)| field == name).unwrap_or_default();
            let names: Vec<String> = (0..fields.len()).map(|place| format!("\"f{place}\"")).collect();
            format!(".struct.rename_fields([{}]).struct.field(\"f{place}\")", names.join(", "))
        }
        _ => format!(".struct.field({})", python_text(name)),
    }
}
