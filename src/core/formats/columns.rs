//! The door through which parsers hand over what they read, and the counts of what they met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::changes::{Change, ChangeSet, Changes, by_column};
use crate::data::{Schema, Value};

/// What became of a text that was read as a column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Kept,
    /// A whole number beyond 2^53, of which a float holds only a neighbour.
    Rounded,
    /// A time finer than a microsecond.
    Cut,
    /// A time of which only the day is held.
    Clock,
    /// A list or record, of whose values something became.
    Inside(ChangeSet),
    /// It is none of the type: null.
    Unfit,
}

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
    fn boolean(&mut self, column: usize, value: bool) {
        self.value(column, Value::Boolean(value));
    }
    fn int(&mut self, column: usize, value: i64) {
        self.value(column, Value::Int(value));
    }
    /// NaN and infinity become null.
    fn float(&mut self, column: usize, value: f64) {
        self.value(column, Value::float(value));
    }
    /// Text; where it lies inside the chunk it may be kept as a view, so hand over slices of the chunk where possible.
    /// Bytes that are no UTF-8 must have been replaced before (see `Chunk`).
    fn text(&mut self, column: usize, value: &str) {
        self.value(column, Value::text(value));
    }
    /// Microseconds since 1970-01-01 UTC.
    fn timestamp(&mut self, column: usize, micros: i64) {
        self.value(column, Value::Timestamp(micros));
    }
    /// Days since 1970-01-01.
    fn date(&mut self, column: usize, days: i32) {
        self.value(column, Value::Date(days));
    }
    /// Microseconds.
    fn duration(&mut self, column: usize, micros: i64) {
        self.value(column, Value::Duration(micros));
    }
    /// Lists, records and anything else, of the field's type. Who does not care for types takes all values here.
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
    /// Times of accepted rows that have no year of their own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub guessed_years: u64,
    /// Of `meta`: records of a table that are like its header, behind it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated_headers: u64,
    /// Keys that the schema does not have, with how often they were met.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown_keys: BTreeMap<String, u64>,
    /// Columns that a table without them in its header lacks, with its rows: null there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<String, u64>,
    /// Reading ended where nobody needed more: what comes after is not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// Values of accepted rows that are not as they were.
    #[serde(flatten)]
    pub changes: Changes,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

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
        self.guessed_years += other.guessed_years;
        self.repeated_headers += other.repeated_headers;
        self.stopped |= other.stopped;
        for (key, count) in &other.unknown_keys {
            *self.unknown_keys.entry(key.clone()).or_default() += count;
        }
        for (column, count) in &other.missing {
            *self.missing.entry(column.clone()).or_default() += count;
        }
        self.changes.add(&other.changes);
    }

    /// What became of values without their row being turned away, in words; `None` where every value is as it was.
    pub fn changed_values(&self) -> Option<String> {
        let mut parts: Vec<String> = self.changes.told().into_iter().collect();
        if self.replaced > 0 {
            parts.push(format!("{} bytes that are no UTF-8 were replaced", self.replaced));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// What was read that no column takes, in words; `None` where there is none.
    pub fn left_out(&self) -> Option<String> {
        let told = || {
            format!("values of names that the source does not declare were left out: {}", by_column(&self.unknown_keys))
        };
        (!self.unknown_keys.is_empty()).then(told)
    }

    /// Times whose year is a guess, in words; `None` where there is none.
    pub fn guessed(&self) -> Option<String> {
        let told =
            || format!("{} times have no year: the latest before the file's last change is taken", self.guessed_years);
        (self.guessed_years > 0).then(told)
    }

    /// Columns that files lack, in words; `None` where each file has all.
    pub fn lacking(&self) -> Option<String> {
        let told = || format!("columns that a file lacks are null in its rows: {}", by_column(&self.missing));
        (!self.missing.is_empty()).then(told)
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

/// Gathers `Tally::changes` while a chunk is read.
pub struct Unfit {
    /// By change, then by column.
    counts: [Vec<u64>; Change::ALL.len()],
    /// Of the row that is being read: columns, and what became of a value.
    row: Vec<(usize, Change)>,
}

impl Unfit {
    pub fn new(schema: &Schema) -> Self {
        Self { counts: std::array::from_fn(|_| vec![0; schema.len()]), row: Vec::new() }
    }

    /// Something became of a value of the row.
    #[cold]
    pub fn note_change(&mut self, column: usize, change: Change) {
        self.row.push((column, change));
    }

    /// A value of the row could not be read.
    #[cold]
    pub fn note(&mut self, column: usize) {
        self.note_change(column, Change::Unfit);
    }

    /// A value of the row was rounded.
    #[cold]
    pub fn note_rounded(&mut self, column: usize) {
        self.note_change(column, Change::Rounded);
    }

    /// What became of values inside of one of the row, each kind once.
    #[inline]
    pub fn note_all(&mut self, column: usize, changes: ChangeSet) {
        if !changes.is_empty() {
            changes.iter().for_each(|change| self.note_change(column, change));
        }
    }

    /// What became of a value of the row.
    #[inline]
    pub fn note_fit(&mut self, column: usize, fit: Fit) {
        match fit {
            Fit::Kept => {}
            Fit::Rounded => self.note_rounded(column),
            Fit::Cut => self.note_change(column, Change::Cut),
            Fit::Clock => self.note_change(column, Change::Clock),
            Fit::Inside(changes) => self.note_all(column, changes),
            Fit::Unfit => self.note(column),
        }
    }

    #[inline]
    pub fn end_row(&mut self) {
        for (column, change) in self.row.drain(..) {
            self.counts[change as usize][column] += 1;
        }
    }

    #[inline]
    pub fn abandon_row(&mut self) {
        self.row.clear();
    }

    pub fn finish(self, schema: &Schema, tally: &mut Tally) {
        for (change, counts) in Change::ALL.into_iter().zip(self.counts) {
            for (name, count) in schema.names().zip(counts) {
                tally.changes.note(change, name, count);
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
