//! The door through which parsers hand over what they read, and the counts of what they met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cell::Fit;
use crate::data::{Schema, Value};

/// Where a unit (a line, or a record where the format has no lines) lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unit {
    /// 1-based line of its first byte, counted from the chunk's `first_line`.
    pub line: u64,
    /// Byte offset of its first byte in the (decompressed) file.
    pub offset: u64,
}

/// Columns under construction, one slot per schema field, by the field's index in `Parser::schema`.
/// Setting a slot twice in a row keeps the last value; slots not set when the row ends are null.
/// Slots that nobody wants are ignored (ask `wants` before costly work).
pub trait Columns {
    fn wants(&self, column: usize) -> bool;
    fn boolean(&mut self, column: usize, value: bool);
    fn int(&mut self, column: usize, value: i64);
    /// NaN and infinity become null.
    fn float(&mut self, column: usize, value: f64);
    /// Text; where it lies inside the chunk it may be kept as a view, so hand over slices of the chunk where possible.
    /// Bytes that are no UTF-8 must have been replaced before (see `Chunk`).
    fn text(&mut self, column: usize, value: &str);
    /// Microseconds since 1970-01-01 UTC.
    fn timestamp(&mut self, column: usize, micros: i64);
    /// Days since 1970-01-01.
    fn date(&mut self, column: usize, days: i32);
    /// Microseconds.
    fn duration(&mut self, column: usize, micros: i64);
    /// Lists, records and anything else, of the field's type.
    fn value(&mut self, column: usize, value: Value);
    /// The row is complete.
    fn end_row(&mut self, unit: Unit);
    /// Drops what was set since the last `end_row`.
    fn abandon_row(&mut self);
    /// A unit that does not fit the format: kept raw, with the reason in a few words.
    fn quarantine(&mut self, unit: Unit, reason: &str, raw: &[u8]);
}

/// Counts of units and rows. `read = accepted + quarantined + joined + blank + meta`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    pub read: u64,
    pub accepted: u64,
    pub quarantined: u64,
    /// Lines folded into another's event.
    pub joined: u64,
    pub blank: u64,
    /// Headers and directives.
    pub meta: u64,
    pub rows: u64,
    /// Bytes that were no UTF-8 and were replaced; counted by the reader.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub replaced: u64,
    /// Keys that the schema does not have, with how often they were met.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown_keys: BTreeMap<String, u64>,
    /// Values of accepted rows that could not be read as their column's type and are null therefore, by column;
    /// of wanted columns only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unfit: BTreeMap<String, u64>,
    /// Whole numbers of accepted rows that a Float column holds only as a neighbour, by column; of wanted columns only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rounded: BTreeMap<String, u64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Columns that are named in a message.
const NAMED: usize = 8;

impl Tally {
    pub fn add(&mut self, other: &Tally) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.quarantined += other.quarantined;
        self.joined += other.joined;
        self.blank += other.blank;
        self.meta += other.meta;
        self.rows += other.rows;
        self.replaced += other.replaced;
        for (key, count) in &other.unknown_keys {
            *self.unknown_keys.entry(key.clone()).or_default() += count;
        }
        for (column, count) in &other.unfit {
            *self.unfit.entry(column.clone()).or_default() += count;
        }
        for (column, count) in &other.rounded {
            *self.rounded.entry(column.clone()).or_default() += count;
        }
    }

    /// What became of values without their row being turned away, in words; `None` where every value is as it was.
    pub fn changed_values(&self) -> Option<String> {
        let mut parts = Vec::new();
        if !self.unfit.is_empty() {
            parts.push(format!(
                "values that do not fit the type of their column became null: {}",
                by_column(&self.unfit)
            ));
        }
        if !self.rounded.is_empty() {
            parts.push(format!(
                "whole numbers beyond what a Float holds were rounded, so that different ones may be the same now: {}",
                by_column(&self.rounded)
            ));
        }
        if self.replaced > 0 {
            parts.push(format!("{} bytes that are no UTF-8 were replaced", self.replaced));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Of the units that could have become rows, those that were turned away: 0 to 1.
    pub fn quarantined_share(&self) -> f64 {
        self.quarantined as f64 / (self.accepted + self.quarantined).max(1) as f64
    }

    /// Whether the equation holds.
    pub fn is_balanced(&self) -> bool {
        self.read == self.accepted + self.quarantined + self.joined + self.blank + self.meta
    }
}

/// `3 of `a`, 1 of `b``.
fn by_column(counts: &BTreeMap<String, u64>) -> String {
    let columns: Vec<String> =
        counts.iter().map(|(column, count)| format!("{count} of `{column}`")).take(NAMED).collect();
    let more = counts.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and of {more} more columns") } else { String::new() };
    format!("{}{more}", columns.join(", "))
}

/// Gathers `Tally::unfit` and `Tally::rounded` while a chunk is read.
pub struct Unfit {
    counts: Vec<u64>,
    rounded: Vec<u64>,
    /// Columns of the row that is being read; whether the value is null.
    row: Vec<(usize, bool)>,
}

impl Unfit {
    pub fn new(schema: &Schema) -> Self {
        Self { counts: vec![0; schema.len()], rounded: vec![0; schema.len()], row: Vec::new() }
    }

    /// A value of the row could not be read.
    #[cold]
    pub fn note(&mut self, column: usize) {
        self.row.push((column, true));
    }

    /// A value of the row was rounded.
    #[cold]
    pub fn note_rounded(&mut self, column: usize) {
        self.row.push((column, false));
    }

    /// What became of a value of the row.
    #[inline]
    pub fn note_fit(&mut self, column: usize, fit: Fit) {
        match fit {
            Fit::Kept => {}
            Fit::Rounded => self.note_rounded(column),
            Fit::Unfit => self.note(column),
        }
    }

    #[inline]
    pub fn end_row(&mut self) {
        if !self.row.is_empty() {
            for (column, is_null) in self.row.drain(..) {
                let counts = if is_null { &mut self.counts } else { &mut self.rounded };
                counts[column] += 1;
            }
        }
    }

    #[inline]
    pub fn abandon_row(&mut self) {
        self.row.clear();
    }

    pub fn finish(self, schema: &Schema, tally: &mut Tally) {
        for (counts, into) in [(self.counts, &mut tally.unfit), (self.rounded, &mut tally.rounded)] {
            for (name, count) in schema.names().zip(counts).filter(|(_, count)| *count > 0) {
                *into.entry(name.to_owned()).or_default() += count;
            }
        }
    }
}

/// `Columns` that keeps rows as values: for tests, recognisers and small inputs.
pub struct RowCollector {
    width: usize,
    current: Vec<Value>,
    pub rows: Vec<(Unit, Vec<Value>)>,
    pub quarantined: Vec<(Unit, String, Vec<u8>)>,
}

impl RowCollector {
    pub fn new(schema: &Schema) -> Self {
        let width = schema.len();
        Self { width, current: vec![Value::Null; width], rows: Vec::new(), quarantined: Vec::new() }
    }
}

impl Columns for RowCollector {
    fn wants(&self, _: usize) -> bool {
        true
    }
    fn boolean(&mut self, column: usize, value: bool) {
        self.current[column] = Value::Boolean(value);
    }
    fn int(&mut self, column: usize, value: i64) {
        self.current[column] = Value::Int(value);
    }
    fn float(&mut self, column: usize, value: f64) {
        self.current[column] = Value::float(value);
    }
    fn text(&mut self, column: usize, value: &str) {
        self.current[column] = Value::text(value);
    }
    fn timestamp(&mut self, column: usize, micros: i64) {
        self.current[column] = Value::Timestamp(micros);
    }
    fn date(&mut self, column: usize, days: i32) {
        self.current[column] = Value::Date(days);
    }
    fn duration(&mut self, column: usize, micros: i64) {
        self.current[column] = Value::Duration(micros);
    }
    fn value(&mut self, column: usize, value: Value) {
        self.current[column] = value;
    }
    fn end_row(&mut self, unit: Unit) {
        let row = std::mem::replace(&mut self.current, vec![Value::Null; self.width]);
        self.rows.push((unit, row));
    }
    fn abandon_row(&mut self) {
        self.current.fill(Value::Null);
    }
    fn quarantine(&mut self, unit: Unit, reason: &str, raw: &[u8]) {
        self.quarantined.push((unit, reason.to_owned(), raw.to_vec()));
    }
}
