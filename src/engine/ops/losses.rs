//! Counts what values lose on their way to another type, though they are there still. Numbers and times are looked at
//! as they lie in memory; a text is read again only where its letters say that it may lose something.

use pipewright_core::data::{DataType, Field, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::Expr;
use pipewright_core::formats::{Change, ChangeSet, Changes};
use pipewright_core::ir::{has_fraction, is_finer_text, is_in_the_day, is_rounded, losses, text_losses};
use polars::prelude::{self as pl, BooleanChunked, Column, DataFrame, PolarsResult, Series};

use super::{column, computed};
use crate::allowance::Allowance;
use crate::exprs::{self, kernels};
use crate::table::column_values;

/// Counts what values of a type lose as values of another.
pub(super) fn of_cast(
    given: &Series,
    from: &DataType,
    to: &DataType,
    column: &str,
    changes: &mut Changes,
) -> PolarsResult<()> {
    match (from, to) {
        (DataType::Int, DataType::Float) => {
            let rounded = given.i64()?.iter().flatten().filter(|int| is_rounded(*int)).count();
            changes.note(Change::Rounded, column, rounded as u64);
        }
        (DataType::Float, DataType::Int) => {
            let cut = given.f64()?.iter().flatten().filter(|float| has_fraction(*float)).count();
            changes.note(Change::Fraction, column, cut as u64);
        }
        (DataType::Timestamp, DataType::Date) => {
            let physical = given.to_physical_repr();
            let cut = physical.i64()?.iter().flatten().filter(|micros| is_in_the_day(*micros)).count();
            changes.note(Change::Clock, column, cut as u64);
        }
        (DataType::String, to) => {
            let texts = given.str()?.iter().flatten();
            note_all(texts.map(|text| text_losses(text, to)), column, changes);
        }
        (from, to) => {
            let values = column_values(given, from);
            note_all(values.iter().map(|value| losses(value, to)), column, changes);
        }
    }
    Ok(())
}

fn note_all(found: impl Iterator<Item = ChangeSet>, column: &str, changes: &mut Changes) {
    for set in found.filter(|set| !set.is_empty()) {
        set.iter().for_each(|change| changes.note(change, column, 1));
    }
}

/// Texts that became times, and are finer than those.
pub(super) fn finer(texts: &Series, made: &BooleanChunked) -> PolarsResult<u64> {
    let texts = texts.str()?.iter().zip(made.iter());
    let is_finer = |(text, made): &(Option<&str>, Option<bool>)| *made == Some(true) && text.is_some_and(is_finer_text);
    Ok(texts.filter(is_finer).count() as u64)
}

/// The same values; where they are null it is looked up whether that is because there is no such result, and counted.
/// What is computed for that is computed of those rows alone.
pub(super) fn told_beyond(
    values: pl::Expr,
    field: &Field,
    given: &Expr,
    input: &Schema,
) -> Result<pl::Expr, Diagnostic> {
    let why = {
        // What is computed a second time is not lost a second time.
        let _entered = Allowance::current().fresh().enter();
        exprs::boolean(given, input)?
    };
    let names: Vec<String> = given.columns().into_iter().map(str::to_owned).collect();
    let inputs = [values].into_iter().chain(names.iter().map(|name| column(name))).collect();
    let (allowance, name) = (Allowance::current(), field.name.clone());
    let run = move |columns: &mut [Column]| {
        if columns[0].null_count() > 0 {
            let mut columns = kernels::aligned(&mut columns.to_vec());
            let is_null = columns.remove(0).is_null();
            let named = columns.into_iter().zip(&names).map(|(column, name)| column.with_name(name.as_str().into()));
            let rows = DataFrame::new_infer_height(named.collect())?.filter(&is_null)?;
            if let [found] = &computed(&rows, std::slice::from_ref(&why))?[..] {
                note_beyond(&allowance, &name, found.bool()?);
            }
        }
        Ok(std::mem::take(&mut columns[0]))
    };
    let told = kernels::elementwise("told results", inputs, &field.data_type, run);
    Ok(told.alias(field.name.as_str()))
}

/// The same results; those that are null although `has_result` are counted.
pub(super) fn told_of_groups(results: pl::Expr, has_result: pl::Expr, field: &Field) -> pl::Expr {
    let (allowance, name) = (Allowance::current(), field.name.clone());
    let run = move |columns: &mut [Column]| {
        if columns[0].null_count() > 0 {
            let both = kernels::aligned(&mut columns.to_vec());
            note_beyond(&allowance, &name, &(&both[0].is_null() & both[1].bool()?));
        }
        Ok(std::mem::take(&mut columns[0]))
    };
    kernels::elementwise("told groups", vec![results, has_result], &field.data_type, run)
}

/// Results that are none of their type.
pub(super) fn note_beyond(allowance: &Allowance, column: &str, is_beyond: &BooleanChunked) {
    let mut changes = Changes::default();
    changes.note(Change::Beyond, column, is_beyond.sum().unwrap_or(0).into());
    allowance.change(&changes);
}
