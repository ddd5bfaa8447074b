//! Casts. Those that Polars makes with the same meaning are native, the others go row by row.

use pipewright_core::data::{DataType, Schema, settled};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::Expr;

use polars::prelude::arity::unary_elementwise;
use polars::prelude::{self as pl, Column, Float64Chunked, Int64Chunked, IntoColumn, lit};

use super::{Typed, kernels, lower_node, rowwise};
use crate::table::polars_type;

pub(super) fn cast(whole: &Expr, inner: &Expr, to: &DataType, schema: &Schema) -> Result<Typed, Diagnostic> {
    let inner = lower_node(inner, schema)?;
    if inner.data_type == *to {
        return Ok(inner);
    }
    match (&inner.data_type, to) {
        (DataType::Int, DataType::Float | DataType::String)
        | (DataType::Boolean, DataType::Int | DataType::Float)
        | (DataType::Float, DataType::Int)
        | (DataType::Date, DataType::Timestamp) => Ok(Typed::new(inner.expr.cast(polars_type(to)), to.clone())),
        (DataType::Int, DataType::Boolean) => Ok(Typed::new(inner.expr.neq(lit(0i64)), to.clone())),
        (DataType::String, DataType::Int) => {
            Ok(Typed::new(parsed(inner.expr, to, |text| text.parse().ok()), to.clone()))
        }
        (DataType::String, DataType::Float) => Ok(Typed::new(parsed_floats(inner.expr), to.clone())),
        _ => rowwise::lower(whole, schema),
    }
}

/// Whole numbers from text, spaces around them left out.
fn parsed(text: pl::Expr, to: &DataType, parse: fn(&str) -> Option<i64>) -> pl::Expr {
    kernels::elementwise("parse integers", vec![text], to, move |columns: &mut [Column]| {
        let result: Int64Chunked =
            unary_elementwise(columns[0].str()?, |text: Option<&str>| parse(text?.trim_matches(is_space)));
        Ok(result.with_name(columns[0].name().clone()).into_column())
    })
}

/// Finite decimal numbers from text; not `inf` or `nan`.
fn parsed_floats(text: pl::Expr) -> pl::Expr {
    let parse = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E');
        text.parse::<f64>().ok().filter(|_| text.bytes().all(plain)).and_then(settled)
    };
    kernels::elementwise("parse floats", vec![text], &DataType::Float, move |columns: &mut [Column]| {
        let result: Float64Chunked =
            unary_elementwise(columns[0].str()?, |text: Option<&str>| parse(text?.trim_matches(is_space)));
        Ok(result.with_name(columns[0].name().clone()).into_column())
    })
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
}
