//! What breaks ties of an order: every column, in a form that can be compared. Lists go by their items, a list before
//! those that it begins; records by their fields, in order; inside of both, too, null comes last.

use pipewright_core::data::{DataType, Schema, Value};
use polars::prelude::{self as pl, BinaryChunked, Column, IntoColumn, NewChunkedArray};

use super::column;
use crate::table::column_values;

/// Marks in the bytes of a value. The end of a list comes before a further item, null after everything.
const END: u8 = 0;
const FURTHER: u8 = 1;
const VALUE: u8 = 1;
const NULL: u8 = 0xFF;

/// All columns, in a form that can be compared, under their names.
pub(super) fn tie_breakers(schema: &Schema) -> Vec<pl::Expr> {
    schema.fields.iter().map(|field| comparable(&field.name, &field.data_type)).collect()
}

/// The column; of a nested one bytes that compare as its values do.
fn comparable(name: &str, data_type: &DataType) -> pl::Expr {
    if !matches!(data_type, DataType::List(_) | DataType::Record(_)) {
        return column(name);
    }
    let data_type = data_type.clone();
    let run = move |cells: Column| {
        let values = column_values(cells.as_materialized_series(), &data_type);
        let bytes = values.iter().map(|value| (!value.is_null()).then(|| bytes_of(value)));
        Ok(BinaryChunked::from_iter_options(cells.name().clone(), bytes).into_column())
    };
    column(name).map(run, |_, field| Ok(pl::Field::new(field.name().clone(), pl::DataType::Binary)))
}

fn bytes_of(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(value, &mut bytes);
    bytes
}

fn push(value: &Value, bytes: &mut Vec<u8>) {
    if value.is_null() {
        bytes.push(NULL);
        return;
    }
    bytes.push(VALUE);
    let integer = |number: i64, bytes: &mut Vec<u8>| bytes.extend(((number as u64) ^ (1 << 63)).to_be_bytes());
    match value {
        Value::Null => {}
        Value::Boolean(is_true) => bytes.push(u8::from(*is_true)),
        Value::Int(number) | Value::Timestamp(number) | Value::Duration(number) => integer(*number, bytes),
        Value::Date(days) => integer(i64::from(*days), bytes),
        Value::Float(number) => {
            // Zero has no sign; the bits of negative numbers fall.
            let bits = (number + 0.0).to_bits();
            let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
            bytes.extend(ordered.to_be_bytes());
        }
        Value::String(text) => {
            for byte in text.bytes() {
                bytes.push(byte);
                if byte == END {
                    bytes.push(FURTHER);
                }
            }
            bytes.extend([END, END]);
        }
        Value::List(items) => {
            for item in items {
                bytes.push(FURTHER);
                push(item, bytes);
            }
            bytes.push(END);
        }
        Value::Record(fields) => fields.iter().for_each(|(_, value)| push(value, bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_compare_as_values_do() {
        let (int, text) = (Value::Int, |text: &str| Value::text(text));
        let list = |items: &[Value]| Value::List(items.to_vec());
        let record = |a: Value, b: Value| Value::Record(vec![("a".into(), a), ("b".into(), b)]);
        let ordered: [Vec<Value>; 5] = [
            vec![
                list(&[]),
                list(&[int(i64::MIN)]),
                list(&[int(-1)]),
                list(&[int(1)]),
                list(&[int(1), int(2)]),
                list(&[int(1), Value::Null]),
                list(&[int(2)]),
                list(&[Value::Null]),
                list(&[Value::Null, int(1)]),
            ],
            vec![list(&[text("")]), list(&[text("\0")]), list(&[text("\0a")]), list(&[text("a")]), list(&[text("é")])],
            vec![
                list(&[Value::Float(f64::MIN)]),
                list(&[Value::Float(-0.5)]),
                list(&[Value::Float(0.0)]),
                list(&[Value::Float(1e-300)]),
                list(&[Value::Float(f64::MAX)]),
            ],
            vec![
                record(int(0), text("z")),
                record(int(1), text("x")),
                record(int(1), text("xy")),
                record(int(1), Value::Null),
                record(Value::Null, text("y")),
                record(Value::Null, Value::Null),
            ],
            vec![list(&[list(&[])]), list(&[list(&[]), list(&[])]), list(&[list(&[int(1)])]), list(&[Value::Null])],
        ];
        for values in ordered {
            for pair in values.windows(2) {
                assert!(bytes_of(&pair[0]) < bytes_of(&pair[1]), "{pair:?}");
            }
        }
        assert_eq!(bytes_of(&list(&[Value::Float(-0.0)])), bytes_of(&list(&[Value::Float(0.0)])));
    }
}
