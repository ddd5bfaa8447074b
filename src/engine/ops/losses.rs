//! Counts what values lose on their way to another type, though they are there still. Numbers and times are looked at
//! as they lie in memory; a text is read again only where its letters say that it may lose something.

use pipewright_core::data::DataType;
use pipewright_core::formats::{Change, ChangeSet, Changes};
use pipewright_core::ir::{has_fraction, is_finer_text, is_in_the_day, is_rounded, losses, text_losses};
use polars::prelude::{BooleanChunked, PolarsResult, Series};

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
