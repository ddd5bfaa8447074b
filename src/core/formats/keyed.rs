//! Rows of records that name their own fields, each a text: the columns, and how a record fills them.
//! Must not import single formats.

use std::collections::HashMap;

use super::cell::Cell;
use super::infer::TextGuess;
use super::keys::{KeyCursor, KeyIndex, MAX_REPEATS, More, repeated, with_more};
use super::{Change, Columns, Sample, Tally, Unfit};
use crate::data::{Field, Schema};

/// The names of a sample's records in the order in which they appear, with what their values are. A name that comes again
/// in a record is `name_2` and so on.
#[derive(Default)]
pub struct SampledNames {
    found: Vec<(String, TextGuess)>,
    places: HashMap<String, usize>,
    /// How often names were met in the record.
    met: HashMap<String, usize>,
}

impl SampledNames {
    pub fn begin_row(&mut self) {
        self.met.clear();
    }

    /// The guess at the values of a name that is met; `None`: it was too often in the record.
    pub fn guess_of(&mut self, name: &str) -> Option<&mut TextGuess> {
        let times = match self.met.get_mut(name) {
            Some(times) => {
                *times += 1;
                *times
            }
            None => {
                self.met.insert(name.to_owned(), 1);
                1
            }
        };
        if times > MAX_REPEATS {
            return None;
        }
        let name = repeated(name, times);
        let place = match self.places.get(&name) {
            Some(place) => *place,
            None => {
                self.found.push((name.clone(), TextGuess::default()));
                self.places.insert(name, self.found.len() - 1);
                self.found.len() - 1
            }
        };
        Some(&mut self.found[place].1)
    }

    /// A name is met with its value, of which an empty one tells nothing.
    pub fn add(&mut self, name: &str, value: &str) {
        if let Some(guess) = self.guess_of(name).filter(|_| !value.is_empty()) {
            guess.add(value);
        }
    }

    /// The first ones as columns, with their types.
    pub fn fields(self, most: usize) -> impl Iterator<Item = Field> {
        self.found.into_iter().take(most).map(|(name, guess)| guess.field(&name))
    }
}

/// The columns, with what finds and reads them.
pub struct KeyedColumns {
    pub schema: Schema,
    pub index: KeyIndex,
    pub cells: Vec<Cell>,
}

impl KeyedColumns {
    pub fn new(schema: Schema) -> Self {
        let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
        Self { index: KeyIndex::new(&schema), cells, schema }
    }

    /// The declared ones; without them those that `sampled` finds in the sample, and the one for keys that it does not show.
    pub fn of(declared: Option<&Schema>, sample: &Sample, sampled: impl FnOnce(&Sample) -> Schema) -> Self {
        Self::new(declared.cloned().unwrap_or_else(|| with_more(sampled(sample), sample.whole)))
    }
}

/// The rows of a chunk as they come to be. A name that comes again in a record goes to `name_2` and so on; where there is
/// no such column, to the one for further keys, and else the last value holds.
pub struct KeyedRows<'a> {
    columns: &'a KeyedColumns,
    keys: KeyCursor<'a>,
    wanted: Vec<bool>,
    /// By column, the row that set it last.
    set_in: Vec<u64>,
    row: u64,
    unfit: Unfit,
    more: More,
}

impl<'a> KeyedRows<'a> {
    pub fn new(columns: &'a KeyedColumns, keys: KeyCursor<'a>, out: &dyn Columns) -> Self {
        let schema = &columns.schema;
        Self {
            columns,
            keys,
            wanted: (0..schema.len()).map(|column| out.wants(column)).collect(),
            set_in: vec![0; schema.len()],
            row: 0,
            unfit: Unfit::new(schema),
            more: More::of(schema, out),
        }
    }

    pub fn begin_row(&mut self) {
        self.row += 1;
        self.keys.begin_row();
    }

    /// Reads a field of the record into its column; an empty one is null.
    pub fn field(&mut self, name: &str, value: &str, out: &mut dyn Columns) {
        if let Some(column) = self.column(name, value) {
            self.read(value, column, out);
        }
    }

    /// Reads a value into a column that `column` gave.
    pub fn read(&mut self, value: &str, column: usize, out: &mut dyn Columns) {
        let KeyedColumns { schema, cells, .. } = self.columns;
        let fit = cells[column].read_written(value, column, &schema.fields[column], out);
        self.unfit.note_fit(column, fit);
    }

    /// The column of a field of the record that is to be filled: it has one, which is asked for, and a value.
    pub fn column(&mut self, name: &str, value: &str) -> Option<usize> {
        let is_free = |column: usize| self.set_in[column] != self.row;
        let column = match self.keys.find_copied(name) {
            Some(column) if is_free(column) => Some(column),
            Some(column) => match self.columns.index.next_of(name, is_free) {
                None if !self.more.is_taken() => {
                    self.unfit.note_change(column, Change::Repeated);
                    Some(column)
                }
                next => next,
            },
            None => None,
        };
        let Some(column) = column else {
            if self.more.is_taken() {
                self.more.add_text(name, value);
            }
            return None;
        };
        self.set_in[column] = self.row;
        if !self.wanted[column] || value.is_empty() {
            return None;
        }
        if self.more.is(column) {
            self.more.keep_own(serde_json::Value::from(value).to_string());
        }
        Some(column)
    }

    /// Something became of a value of the row.
    pub fn note_change(&mut self, column: usize, change: Change) {
        self.unfit.note_change(column, change);
    }

    /// Fills what the row has besides; it is complete then.
    pub fn end_row(&mut self, out: &mut dyn Columns) {
        self.unfit.end_row();
        self.more.end_row(out);
    }

    /// Adds to the tally what had no column, and what became of values.
    pub fn finish(self, tally: &mut Tally) {
        if !self.more.is_taken() {
            self.keys.finish(tally);
        }
        self.more.finish(tally);
        self.unfit.finish(&self.columns.schema, tally);
    }
}
