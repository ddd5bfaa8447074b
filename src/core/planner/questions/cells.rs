//! The rows of an answer as sentence and chart tell them apart: rows by further keys than these count as one where their
//! numbers add up. Imports the answer's shape.

use std::collections::BTreeMap;

use super::answer::{AnswerShape, MeasureShape};
use super::told::{MOST_ROWS, number};
use crate::data::{TableRows, Value};

/// What is told of as one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// The first of its rows.
    pub row: usize,
    pub height: f64,
    /// Of a share, a quantile or a mean: of how many.
    pub of: Option<f64>,
    /// All that it is about has a name.
    pub is_named: bool,
    /// Of a part of a whole that is counted, too: that whole.
    pub whole: Option<f64>,
}

/// A share or a quantile of few is by chance what it is.
pub(super) const FEW: f64 = 20.0;

impl Cell {
    /// A share of few says nothing, and a group of those without a name is nobody: they are told only where there is
    /// nothing else.
    pub fn is_sound(&self) -> bool {
        self.is_named && self.is_of_enough()
    }

    pub fn is_of_enough(&self) -> bool {
        self.of.is_none_or(|of| of >= FEW)
    }
}

/// Whether so many are equal to the most that none of them is the peak.
pub(super) fn is_common(equal: usize, all: usize) -> bool {
    equal > 1 && equal * 2 >= all
}

/// The cells in the order of their first rows. Rows without a number are none.
pub(super) fn cells(shape: &AnswerShape, rows: &dyn TableRows, measure: &MeasureShape) -> Vec<Cell> {
    let schema = rows.schema();
    let Some(column) = schema.index(&measure.column) else { return Vec::new() };
    let shares = measure.share_of.as_ref().and_then(|(part, whole)| Some((schema.index(part)?, schema.index(whole)?)));
    let counted = measure.counted.as_ref().and_then(|name| schema.index(name));
    let wholes = measure.whole.as_ref().and_then(|name| schema.index(name));
    let keys = shape.chart.iter().flat_map(|chart| chart.by.iter().chain([&chart.x]));
    let keys: Vec<usize> = keys.filter_map(|name| schema.index(name)).collect();
    let mut found: Vec<Cell> = Vec::new();
    let mut parts: Vec<f64> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..rows.rows().min(MOST_ROWS) {
        let Some(height) = number(&rows.value(row, column)) else { continue };
        let values: Vec<Value> = keys.iter().map(|key| rows.value(row, *key)).collect();
        let of = shares.map(|(_, whole)| whole).or(counted).and_then(|column| number(&rows.value(row, column)));
        let whole = wholes.and_then(|column| number(&rows.value(row, column)));
        let part = shares.and_then(|(part, _)| number(&rows.value(row, part))).unwrap_or_default();
        let is_named = values.iter().all(|value| *value != Value::Null);
        let key = format!("{values:?}");
        match known.get(&key).filter(|_| shape.sums(measure, rows) && !keys.is_empty()).map(|at| (*at, &mut found[*at]))
        {
            None => {
                known.insert(key, found.len());
                found.push(Cell { row, height, of, is_named, whole });
                parts.push(part);
            }
            Some((at, cell)) => {
                cell.whole = cell.whole.zip(whole).map(|(before, more)| before + more);
                match (cell.of, of) {
                    (Some(before), Some(of)) if before + of > 0.0 => {
                        parts[at] += part;
                        (cell.of, cell.height) = (Some(before + of), parts[at] / (before + of));
                    }
                    _ => cell.height += height,
                }
            }
        }
    }
    found
}

/// The share of all: part and whole of every row together; `None`: they do not add up, or there are none.
pub(super) fn share_of_all(shape: &AnswerShape, rows: &dyn TableRows, measure: &MeasureShape) -> Option<(f64, f64)> {
    let (part, whole) = measure.share_of.as_ref().filter(|_| shape.sums(measure, rows))?;
    let sum = |name: &String| -> Option<f64> {
        let column = rows.schema().index(name)?;
        Some((0..rows.rows().min(MOST_ROWS)).filter_map(|row| number(&rows.value(row, column))).sum())
    };
    let (part, whole) = (sum(part)?, sum(whole)?);
    (whole > 0.0).then_some((part / whole, whole))
}
