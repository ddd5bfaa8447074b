//! Functions that Polars computes with exactly the reference meaning. All others go row by row (`exprs::rowwise`).

use pipewright_core::data::{DataType, Value};
use pipewright_core::expr::function;
use polars::prelude::{self as pl, BooleanChunked, Column, IntoColumn, NewChunkedArray, StringChunkedBuilder};

use crate::allowance::Allowance;
use crate::exprs::{Typed, kernels};

/// The native form of a scalar call over lowered arguments; `None`: there is none for these types.
pub(crate) fn native(name: &str, args: &[Typed]) -> Option<Typed> {
    match name {
        "coalesce" => coalesce(args),
        "if" => choice(args),
        _ => text(name, args),
    }
}

fn choice(args: &[Typed]) -> Option<Typed> {
    let [condition, value, other] = args else { return None };
    let data_type = value.data_type.common(&other.data_type)?;
    if condition.data_type != DataType::Boolean || data_type.is_unknown() {
        return None;
    }
    let (value, other) = (value.clone().widened(&data_type), other.clone().widened(&data_type));
    let chosen = pl::when(condition.expr.clone()).then(value.expr).otherwise(other.expr);
    Some(kernels::weighed(Typed::new(chosen, data_type)))
}

fn coalesce(args: &[Typed]) -> Option<Typed> {
    let data_type = args.iter().try_fold(DataType::Unknown, |sum, arg| sum.common(&arg.data_type))?;
    if data_type.is_unknown() {
        return None;
    }
    let args: Vec<pl::Expr> = args.iter().map(|arg| arg.clone().widened(&data_type).expr).collect();
    Some(kernels::weighed(Typed::new(pl::coalesce(&args), data_type)))
}

fn text(name: &str, args: &[Typed]) -> Option<Typed> {
    if args.iter().any(|arg| arg.data_type != DataType::String) {
        return None;
    }
    let arg = |index: usize| args.get(index).map(|arg| arg.expr.clone());
    let (expr, data_type) = match (name, args.len()) {
        ("starts_with", 2) => (arg(0)?.str().starts_with(arg(1)?), DataType::Boolean),
        ("ends_with", 2) => (arg(0)?.str().ends_with(arg(1)?), DataType::Boolean),
        ("contains", 2) if args[1].constant.is_some() => (arg(0)?.str().contains_literal(arg(1)?), DataType::Boolean),
        ("contains", 2) => (contains(arg(0)?, arg(1)?), DataType::Boolean),
        ("lower", 1) => (capitals("lower", arg(0)?, str::to_ascii_lowercase)?, DataType::String),
        ("upper", 1) => (capitals("upper", arg(0)?, str::to_ascii_uppercase)?, DataType::String),
        ("length", 1) => (arg(0)?.str().len_chars().cast(pl::DataType::Int64), DataType::Int),
        _ => return None,
    };
    Some(Typed::new(expr, data_type))
}

/// Whether a text has another in it that differs from row to row: a pattern made of each would take much longer.
fn contains(text: pl::Expr, part: pl::Expr) -> pl::Expr {
    let allowance = Allowance::current();
    kernels::elementwise("contains", vec![text, part], &DataType::Boolean, move |columns: &mut [Column]| {
        let columns = kernels::aligned(columns);
        let (texts, parts) = (columns[0].str()?, columns[1].str()?);
        let mut clock = allowance.clock();
        let mut found = Vec::with_capacity(texts.len());
        for (text, part) in texts.iter().zip(parts.iter()) {
            clock.pass(text.map_or(0, str::len))?;
            found.push(text.zip(part).map(|(text, part)| text.contains(part)));
        }
        Ok(BooleanChunked::from_iter_options(columns[0].name().clone(), found.into_iter()).into_column())
    })
}

/// Most texts are ASCII; the others take the reference's way, which maps one character to one.
fn capitals(name: &'static str, text: pl::Expr, ascii: fn(&str) -> String) -> Option<pl::Expr> {
    let reference = function(name)?.eval?;
    let allowance = Allowance::current();
    let change = move |text: &str| {
        if text.is_ascii() {
            return Some(ascii(text));
        }
        match reference(&[Value::text(text)]) {
            Value::String(changed) => Some(changed),
            _ => None,
        }
    };
    Some(kernels::elementwise(name, vec![text], &DataType::String, move |columns: &mut [Column]| {
        let texts = columns[0].str()?;
        let mut gauge = allowance.gauge();
        let mut changed = StringChunkedBuilder::new(columns[0].name().clone(), texts.len());
        for text in texts.iter() {
            gauge.add(text.map_or(0, str::len))?;
            changed.append_option(text.and_then(change));
        }
        gauge.finish()?;
        Ok(changed.finish().into_column())
    }))
}
