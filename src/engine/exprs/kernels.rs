//! Elementwise kernels: arithmetic that gives null where the result is out of range, not finite, or divided by zero.

use pipewright_core::data::instants::in_range;
use pipewright_core::data::{DataType, settled};
use pipewright_core::expr::{BinaryOp, MOST_JOINED};
use polars::prelude::arity::{binary_elementwise, unary_elementwise};
use polars::prelude::{
    self as pl, Column, Field, Float64Chunked, Int64Chunked, IntoColumn, PolarsResult, Series, StringChunkedBuilder,
};

use super::Typed;
use crate::allowance::Allowance;
use crate::frames::column_weight;
use crate::table::polars_type;

/// An opaque function of its inputs, row by row. `aligned` gives the inputs one length.
pub(crate) fn elementwise(
    name: &str,
    inputs: Vec<pl::Expr>,
    output: &DataType,
    run: impl Fn(&mut [Column]) -> PolarsResult<Column> + Send + Sync + 'static,
) -> pl::Expr {
    let output = polars_type(output);
    let field = move |_: &pl::Schema, fields: &[Field]| {
        let name = fields.first().map(|field| field.name().clone()).unwrap_or_default();
        Ok(Field::new(name, output.clone()))
    };
    let mut function = pl::map_multiple(run, inputs, field);
    if let pl::Expr::AnonymousFunction { fmt_str, .. } = &mut function {
        **fmt_str = name.into();
    }
    function
}

/// The inputs at one length: those of one row are repeated.
pub(crate) fn aligned(columns: &mut [Column]) -> Vec<Column> {
    let height = match columns.iter().any(Column::is_empty) {
        true => 0,
        false => columns.iter().map(Column::len).max().unwrap_or(0),
    };
    columns
        .iter_mut()
        .map(std::mem::take)
        .map(|column| if column.len() == height { column } else { column.new_from_index(0, height) })
        .collect()
}

/// The operator over numbers, times and spans; `None` where it has no kernel for the types.
pub(super) fn arithmetic(op: BinaryOp, left: Typed, right: Typed) -> Option<Typed> {
    use DataType::{Duration, Float, Int, Timestamp};
    match (op, &left.data_type, &right.data_type) {
        (BinaryOp::Divide, Int | Float, Int | Float) => Some(floats(left, right, divide)),
        (BinaryOp::Add, Int, Int) => Some(integers(left, right, Int, i64::checked_add)),
        (BinaryOp::Subtract, Int, Int) => Some(integers(left, right, Int, i64::checked_sub)),
        (BinaryOp::Multiply, Int, Int) => Some(integers(left, right, Int, i64::checked_mul)),
        (BinaryOp::IntegerDivide, Int, Int) => Some(integers(left, right, Int, i64::checked_div)),
        (BinaryOp::Modulo, Int, Int) => Some(integers(left, right, Int, modulo)),
        (BinaryOp::Add, Int | Float, Int | Float) => Some(floats(left, right, |a, b| Some(a + b))),
        (BinaryOp::Subtract, Int | Float, Int | Float) => Some(floats(left, right, |a, b| Some(a - b))),
        (BinaryOp::Multiply, Int | Float, Int | Float) => Some(floats(left, right, |a, b| Some(a * b))),
        (BinaryOp::Modulo, Int | Float, Int | Float) => {
            Some(floats(left, right, |a, b| if b == 0.0 { None } else { Some(a % b) }))
        }
        (BinaryOp::Add, Timestamp, Duration) | (BinaryOp::Add, Duration, Timestamp) => {
            Some(integers(left, right, Timestamp, |a, b| a.checked_add(b).and_then(in_range)))
        }
        (BinaryOp::Subtract, Timestamp, Duration) => {
            Some(integers(left, right, Timestamp, |a, b| a.checked_sub(b).and_then(in_range)))
        }
        (BinaryOp::Subtract, Timestamp, Timestamp) => Some(integers(left, right, Duration, i64::checked_sub)),
        (BinaryOp::Add, Duration, Duration) => Some(integers(left, right, Duration, i64::checked_add)),
        (BinaryOp::Subtract, Duration, Duration) => Some(integers(left, right, Duration, i64::checked_sub)),
        (BinaryOp::Modulo, Duration, Duration) => Some(integers(left, right, Duration, modulo)),
        (BinaryOp::Multiply, Duration, Int) | (BinaryOp::Multiply, Int, Duration) => {
            Some(integers(left, right, Duration, i64::checked_mul))
        }
        (BinaryOp::Divide, Duration, Duration) => Some(floats(micros(left), micros(right), divide)),
        _ => None,
    }
}

/// A span's microseconds as a number.
fn micros(span: Typed) -> Typed {
    Typed::new(span.expr.cast(pl::DataType::Int64).cast(pl::DataType::Float64), DataType::Float)
}

/// The negative; null where it is out of range.
pub(super) fn negate(inner: &Typed) -> Option<Typed> {
    let data_type = inner.data_type.clone();
    match data_type {
        DataType::Float => Some(Typed::new(finite(-inner.expr.clone()), data_type)),
        DataType::Int | DataType::Duration => {
            let output = polars_type(&data_type);
            let run = move |columns: &mut [Column]| {
                let input = physical(&columns[0])?;
                let negated: Int64Chunked = unary_elementwise(&input, |cell: Option<i64>| cell?.checked_neg());
                Ok(Series::from(negated).cast(&output)?.into_column())
            };
            Some(Typed::new(elementwise("negate", vec![inner.expr.clone()], &data_type, run), data_type))
        }
        _ => None,
    }
}

fn divide(a: f64, b: f64) -> Option<f64> {
    if b == 0.0 { None } else { Some(a / b) }
}

fn modulo(a: i64, b: i64) -> Option<i64> {
    // The one overflow, MIN % -1, is 0 in mathematics.
    if b == 0 { None } else { Some(a.wrapping_rem(b)) }
}

fn integers(left: Typed, right: Typed, output: DataType, op: fn(i64, i64) -> Option<i64>) -> Typed {
    let wanted = polars_type(&output);
    let run = move |columns: &mut [Column]| {
        let columns = aligned(columns);
        let (left, right) = (physical(&columns[0])?, physical(&columns[1])?);
        let result: Int64Chunked = binary_elementwise(&left, &right, |a: Option<i64>, b: Option<i64>| op(a?, b?));
        Ok(Series::from(result.with_name(columns[0].name().clone())).cast(&wanted)?.into_column())
    };
    Typed::new(elementwise("integer arithmetic", vec![left.expr, right.expr], &output, run), output)
}

fn floats(left: Typed, right: Typed, op: fn(f64, f64) -> Option<f64>) -> Typed {
    let (left, right) = (left.widened(&DataType::Float), right.widened(&DataType::Float));
    let run = move |columns: &mut [Column]| {
        let columns = aligned(columns);
        let (left, right) = (columns[0].f64()?, columns[1].f64()?);
        let result: Float64Chunked =
            binary_elementwise(left, right, |a: Option<f64>, b: Option<f64>| op(a?, b?).and_then(settled));
        Ok(result.with_name(columns[0].name().clone()).into_column())
    };
    Typed::new(elementwise("float arithmetic", vec![left.expr, right.expr], &DataType::Float, run), DataType::Float)
}

/// Texts one after the other; null where one is null.
pub(super) fn joined(left: Typed, right: Typed) -> Typed {
    let allowance = Allowance::current();
    let run = move |columns: &mut [Column]| {
        let columns = aligned(columns);
        let (left, right) = (columns[0].str()?, columns[1].str()?);
        let mut gauge = allowance.gauge();
        let mut made = StringChunkedBuilder::new(columns[0].name().clone(), left.len());
        let mut text = String::new();
        for pair in left.iter().zip(right.iter()) {
            let (Some(left), Some(right)) = pair else {
                made.append_null();
                continue;
            };
            if left.len() + right.len() > MOST_JOINED {
                return Err(Allowance::too_long());
            }
            text.clear();
            text.push_str(left);
            text.push_str(right);
            gauge.add(text.len())?;
            made.append_value(&text);
        }
        gauge.finish()?;
        Ok(made.finish().into_column())
    };
    Typed::new(elementwise("joined texts", vec![left.expr, right.expr], &DataType::String, run), DataType::String)
}

/// The same values; texts, lists and records that are chosen from others are counted, since they are copies.
pub(crate) fn weighed(chosen: Typed) -> Typed {
    if !matches!(chosen.data_type, DataType::String | DataType::List(_) | DataType::Record(_)) {
        return chosen;
    }
    let allowance = Allowance::current();
    let run = move |columns: &mut [Column]| {
        allowance.check()?;
        allowance.take(column_weight(&columns[0]))?;
        Ok(std::mem::take(&mut columns[0]))
    };
    Typed::new(elementwise("chosen", vec![chosen.expr], &chosen.data_type, run), chosen.data_type)
}

/// Integers, or the microseconds of times and spans.
fn physical(column: &Column) -> PolarsResult<Int64Chunked> {
    Ok(column.to_physical_repr().i64()?.clone())
}

/// Null in place of NaN and infinity.
pub(crate) fn finite(expr: pl::Expr) -> pl::Expr {
    elementwise("finite", vec![expr], &DataType::Float, |columns: &mut [Column]| {
        let cells = columns[0].f64()?;
        let result: Float64Chunked = unary_elementwise(cells, |cell: Option<f64>| cell.and_then(settled));
        Ok(result.with_name(columns[0].name().clone()).into_column())
    })
}
