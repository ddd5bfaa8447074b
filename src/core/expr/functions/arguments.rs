//! What functions take: kinds of arguments, and how reference meanings get at their values.
//! Must not import any room but `data`.

use super::TypeResult;
use crate::data::{DataType, Value};

/// What an argument may be. A column of unknown type fits all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgType {
    Any,
    Boolean,
    Int,
    /// Int or Float.
    Number,
    String,
    /// Timestamp; a Date is its midnight, a text literal is read as one.
    Timestamp,
    Duration,
    /// Int, Float or Duration.
    Quantity,
    List,
    /// Has an order: not a list or record.
    Ordered,
    /// The same type as all other arguments of this kind (Int and Float mix, Date and Timestamp too).
    Same,
}

impl ArgType {
    pub fn accepts(self, data_type: &DataType) -> bool {
        match data_type {
            DataType::Unknown => true,
            DataType::Boolean => matches!(self, ArgType::Any | ArgType::Boolean | ArgType::Ordered | ArgType::Same),
            DataType::Int => matches!(
                self,
                ArgType::Any | ArgType::Int | ArgType::Number | ArgType::Quantity | ArgType::Ordered | ArgType::Same
            ),
            DataType::Float => {
                matches!(self, ArgType::Any | ArgType::Number | ArgType::Quantity | ArgType::Ordered | ArgType::Same)
            }
            DataType::String => matches!(self, ArgType::Any | ArgType::String | ArgType::Ordered | ArgType::Same),
            DataType::Timestamp | DataType::Date => {
                matches!(self, ArgType::Any | ArgType::Timestamp | ArgType::Ordered | ArgType::Same)
            }
            DataType::Duration => {
                matches!(self, ArgType::Any | ArgType::Duration | ArgType::Quantity | ArgType::Ordered | ArgType::Same)
            }
            DataType::List(_) => matches!(self, ArgType::Any | ArgType::List | ArgType::Same),
            DataType::Record(_) => matches!(self, ArgType::Any | ArgType::Same),
        }
    }

    /// For messages: `a String`.
    pub fn describe(self) -> &'static str {
        match self {
            ArgType::Any | ArgType::Same => "any value",
            ArgType::Boolean => "a condition (Boolean)",
            ArgType::Int => "a whole number (Int)",
            ArgType::Number => "a number",
            ArgType::String => "a text (String)",
            ArgType::Timestamp => "a time (Timestamp)",
            ArgType::Duration => "a span of time (Duration)",
            ArgType::Quantity => "a number or a span of time",
            ArgType::List => "a list",
            ArgType::Ordered => "a single value",
        }
    }

    /// The type that stands for this kind where a cast is suggested.
    pub fn data_type(self) -> Option<DataType> {
        match self {
            ArgType::Boolean => Some(DataType::Boolean),
            ArgType::Int => Some(DataType::Int),
            ArgType::Number | ArgType::Quantity => Some(DataType::Float),
            ArgType::String => Some(DataType::String),
            ArgType::Timestamp => Some(DataType::Timestamp),
            ArgType::Duration => Some(DataType::Duration),
            ArgType::Any | ArgType::List | ArgType::Ordered | ArgType::Same => None,
        }
    }
}

// Result types that do not depend on the arguments.

pub(super) fn boolean(_: &[DataType]) -> TypeResult {
    Ok(DataType::Boolean)
}

pub(super) fn int(_: &[DataType]) -> TypeResult {
    Ok(DataType::Int)
}

pub(super) fn float(_: &[DataType]) -> TypeResult {
    Ok(DataType::Float)
}

pub(super) fn string(_: &[DataType]) -> TypeResult {
    Ok(DataType::String)
}

pub(super) fn timestamp(_: &[DataType]) -> TypeResult {
    Ok(DataType::Timestamp)
}

pub(super) fn duration(_: &[DataType]) -> TypeResult {
    Ok(DataType::Duration)
}

pub(super) fn strings(_: &[DataType]) -> TypeResult {
    Ok(DataType::List(Box::new(DataType::String)))
}

// Result types that do.

/// That of the first argument.
pub(super) fn first(args: &[DataType]) -> TypeResult {
    Ok(args.first().cloned().unwrap_or(DataType::Unknown))
}

/// What holds all arguments.
pub(super) fn common(args: &[DataType]) -> TypeResult {
    let mut sum = DataType::Unknown;
    for arg in args {
        sum = sum.common(arg).ok_or_else(|| format!("{sum} and {arg} do not go together"))?;
    }
    Ok(sum)
}

/// A list of the first argument's type.
pub(super) fn list_of_first(args: &[DataType]) -> TypeResult {
    Ok(DataType::List(Box::new(first(args)?)))
}

/// The type of the items of the first argument.
pub(super) fn item(args: &[DataType]) -> TypeResult {
    match args.first() {
        Some(DataType::List(item)) => Ok((**item).clone()),
        _ => Ok(DataType::Unknown),
    }
}

// Values.

/// Null where the meaning does not say otherwise.
pub(super) fn value_or_null(compute: impl FnOnce() -> Option<Value>) -> Value {
    compute().unwrap_or(Value::Null)
}

pub(super) fn text_at(args: &[Value], index: usize) -> Option<&str> {
    match args.get(index)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

pub(super) fn int_at(args: &[Value], index: usize) -> Option<i64> {
    match args.get(index)? {
        Value::Int(int) => Some(*int),
        _ => None,
    }
}

/// An Int or a Float.
pub(super) fn number_at(args: &[Value], index: usize) -> Option<f64> {
    args.get(index).and_then(number)
}

pub(in super::super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

/// Microseconds; a Date is its midnight.
pub(super) fn timestamp_at(args: &[Value], index: usize) -> Option<i64> {
    match args.get(index)? {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => crate::data::instants::micros_of(*days),
        _ => None,
    }
}

pub(super) fn duration_at(args: &[Value], index: usize) -> Option<i64> {
    match args.get(index)? {
        Value::Duration(micros) => Some(*micros),
        _ => None,
    }
}

pub(super) fn list_at(args: &[Value], index: usize) -> Option<&[Value]> {
    match args.get(index)? {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// What stands at `index`, or `default` where the argument was left out.
pub(super) fn int_or(args: &[Value], index: usize, default: i64) -> Option<i64> {
    if index < args.len() { int_at(args, index) } else { Some(default) }
}

pub(super) fn some_text(text: impl Into<String>) -> Option<Value> {
    Some(Value::String(text.into()))
}

/// From a position (from 1, or negative from the end) to an index.
pub(super) fn index_of(position: i64, length: usize) -> Option<usize> {
    let index = match position {
        0 => return None,
        1.. => position - 1,
        _ => (length as i64).checked_add(position)?,
    };
    usize::try_from(index).ok().filter(|index| *index < length)
}
