//! JSON objects into columns: the hot path of JSON lines and JSON documents. Imports data.
//!
//! A value that cannot be read as its column's type is null, and the row stays: strings are not read as numbers nor
//! numbers as times; a whole number may be written `3.0`; in a String column everything that is no string is kept as
//! its JSON text. Of a key given twice the last value holds, null too. A key without a column goes to `_more`, where the
//! schema has it, and is counted where not.

use super::json::{Fault, Kind, Quoted, Scanner, time_of, unescape};
use super::keys::{KeyCursor, KeyIndex, More, Withheld};
use super::{Change, Columns, Tally, Unfit, Unit, numbers};
use crate::data::instants::{has_clock, is_finer, parse_date};
use crate::data::{Classification, DataType, Field, Labels, Schema, Value};

/// How a column's values are read, chosen once per column.
#[derive(Clone, Copy)]
enum Reader {
    Text,
    Int,
    Float,
    Boolean,
    Timestamp,
    Date,
    Nested,
}

impl Reader {
    fn of(data_type: &DataType) -> Reader {
        match data_type {
            DataType::String | DataType::Unknown => Reader::Text,
            DataType::Int => Reader::Int,
            DataType::Float => Reader::Float,
            DataType::Boolean => Reader::Boolean,
            DataType::Timestamp => Reader::Timestamp,
            DataType::Date => Reader::Date,
            DataType::Duration | DataType::List(_) | DataType::Record(_) => Reader::Nested,
        }
    }
}

/// Whether a value of the type may be, or hold, JSON text.
fn holds_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::String | DataType::Unknown => true,
        DataType::List(item) => holds_text(item),
        DataType::Record(fields) => fields.iter().any(|(_, data_type)| holds_text(data_type)),
        _ => false,
    }
}

/// As `Withheld::open_json`, for the texts inside of a value.
fn leave_secrets_out(value: &mut Value, withheld: &mut Withheld, than: &Labels) {
    match value {
        Value::String(text) => {
            if let Some(open) = withheld.open_json(text, than) {
                *text = open;
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| leave_secrets_out(item, withheld, than)),
        Value::Record(fields) => fields.iter_mut().for_each(|(_, value)| leave_secrets_out(value, withheld, than)),
        _ => {}
    }
}

/// The text of an array of bytes, as `journalctl -o json` has it (man7.org, journalctl), and how many of them are no UTF-8
/// and were replaced.
#[cold]
fn text_of_bytes(json: &str) -> Option<(String, usize)> {
    let bytes: Vec<u8> = serde_json::from_str(json).ok()?;
    let replaced = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    Some((String::from_utf8_lossy(&bytes).into_owned(), replaced))
}

/// The columns that objects are read into: made once per parser.
pub struct ObjectShape {
    pub schema: Schema,
    index: KeyIndex,
    readers: Vec<Reader>,
    /// By column: whether JSON text in it is as open as its name says. A column that is secret as a whole goes nowhere
    /// as it is.
    is_open: Vec<bool>,
    /// The objects are entries of systemd's journal, whose texts are arrays of bytes where they are no plain text.
    is_journal: bool,
}

impl ObjectShape {
    pub fn new(schema: Schema) -> Self {
        let index = KeyIndex::new(&schema);
        let readers = schema.fields.iter().map(|field| Reader::of(&field.data_type)).collect();
        let is_secret = |field: &Field| field.labels.classification == Some(Classification::Secret);
        let is_open = schema.fields.iter().map(|field| !is_secret(field) && holds_text(&field.data_type)).collect();
        let is_journal = schema.has("__REALTIME_TIMESTAMP") || schema.has("__CURSOR");
        Self { schema, index, readers, is_open, is_journal }
    }
}

/// Reads objects of one chunk, row by row.
pub struct ObjectReader<'a> {
    shape: &'a ObjectShape,
    keys: KeyCursor<'a>,
    wanted: Vec<bool>,
    /// By column, the row that set it last.
    set_in: Vec<u64>,
    row: u64,
    unfit: Unfit,
    more: More,
    /// Bytes in arrays of them that are no UTF-8.
    replaced: u64,
    scratch: String,
}

impl<'a> ObjectReader<'a> {
    pub fn new(shape: &'a ObjectShape, out: &dyn Columns) -> Self {
        let columns = shape.schema.len();
        Self {
            shape,
            keys: KeyCursor::new(&shape.index),
            wanted: (0..columns).map(|column| out.wants(column)).collect(),
            set_in: vec![0; columns],
            row: 0,
            unfit: Unfit::new(&shape.schema),
            more: More::of(&shape.schema, out),
            replaced: 0,
            scratch: String::new(),
        }
    }

    /// Sets the columns of the object that is next; `end_row` or `abandon_row` follows.
    pub fn read(&mut self, scanner: &mut Scanner<'a>, out: &mut dyn Columns) -> Result<(), Fault> {
        self.row += 1;
        self.keys.begin_row();
        let mut more = scanner.enter(b'}')?;
        while more {
            let key = scanner.key()?;
            let column = if key.escaped { self.keys.find_copied(&key.to_text()) } else { self.keys.find(key.raw) };
            match column {
                Some(column) if self.wanted[column] => {
                    if self.set_in[column] == self.row {
                        self.unfit.note_change(column, Change::Repeated);
                    }
                    let set = match self.more.is(column) {
                        true => {
                            let json = scanner.raw()?;
                            self.more.keep_own(json.to_owned());
                            self.read_value(&mut Scanner::new(json), column, out)?
                        }
                        false => self.read_value(scanner, column, out)?,
                    };
                    if set {
                        self.set_in[column] = self.row;
                    } else if self.set_in[column] == self.row {
                        out.value(column, Value::Null);
                    }
                }
                None if self.more.is_taken() => {
                    let value = scanner.raw()?;
                    self.more.add(key.raw, value);
                }
                _ => {
                    scanner.skip()?;
                }
            }
            more = scanner.next(b'}')?;
        }
        Ok(())
    }

    /// Reads the value that is next into its column; false where it is null there.
    #[inline]
    fn read_value(&mut self, scanner: &mut Scanner<'a>, column: usize, out: &mut dyn Columns) -> Result<bool, Fault> {
        let kind = scanner.kind()?;
        let set = match (self.shape.readers[column], kind) {
            (Reader::Text, Kind::Text) => {
                let quoted = scanner.quoted()?;
                if quoted.escaped {
                    self.scratch.clear();
                    if !quoted.push_text(&mut self.scratch) {
                        self.unfit.note_change(column, Change::Halved);
                    }
                    out.text(column, &self.scratch);
                } else {
                    out.text(column, quoted.raw);
                }
                true
            }
            (_, Kind::Null) => {
                scanner.null()?;
                return Ok(false);
            }
            (Reader::Text, Kind::List) if self.shape.is_journal => {
                let json = scanner.raw()?;
                match text_of_bytes(json) {
                    Some((text, replaced)) => {
                        self.replaced += replaced as u64;
                        out.text(column, &text);
                    }
                    None => out.text(column, json),
                }
                true
            }
            (Reader::Text, _) => {
                let (json, labels) = (scanner.raw()?, &self.shape.schema.fields[column].labels);
                match self.shape.is_open[column].then(|| self.more.withheld.open_json(json, labels)).flatten() {
                    Some(open) => out.text(column, &open),
                    None => out.text(column, json),
                }
                true
            }
            (Reader::Int, Kind::Number) => scanner.int()?.map(|value| out.int(column, value)).is_some(),
            (Reader::Float, Kind::Number) => {
                let text = scanner.number()?.0;
                if numbers::is_not_held(text) {
                    self.unfit.note_rounded(column);
                }
                numbers::float(text).map(|value| out.float(column, value)).is_some()
            }
            (Reader::Boolean, Kind::Boolean) => {
                out.boolean(column, scanner.boolean()?);
                true
            }
            (Reader::Timestamp, Kind::Text) => {
                let quoted = scanner.quoted()?;
                let text = self.plain(quoted);
                let is_cut = is_finer(text);
                let set = time_of(text).map(|value| out.timestamp(column, value)).is_some();
                if set && is_cut {
                    self.unfit.note_change(column, Change::Cut);
                }
                set
            }
            (Reader::Date, Kind::Text) => {
                let quoted = scanner.quoted()?;
                let text = self.plain(quoted);
                let is_cut = has_clock(text);
                let set = parse_date(text).map(|value| out.date(column, value)).is_some();
                if set && is_cut {
                    self.unfit.note_change(column, Change::Clock);
                }
                set
            }
            (Reader::Nested, _) => {
                scanner.take_changes();
                let mut value = scanner.value(&self.shape.schema.fields[column].data_type)?;
                if self.shape.is_open[column] {
                    leave_secrets_out(&mut value, &mut self.more.withheld, &self.shape.schema.fields[column].labels);
                }
                if !value.is_null() {
                    out.value(column, value);
                    self.unfit.note_all(column, scanner.take_changes());
                    return Ok(true);
                }
                false
            }
            _ => scanner.skip().map(|_| false)?,
        };
        if !set {
            self.unfit.note(column);
        }
        Ok(set)
    }

    /// A string's text: a slice of the chunk where it has no escapes.
    #[inline]
    fn plain<'b>(&'b mut self, quoted: Quoted<'b>) -> &'b str {
        if !quoted.escaped {
            return quoted.raw;
        }
        self.scratch.clear();
        unescape(quoted.raw, &mut self.scratch);
        &self.scratch
    }

    pub fn end_row(&mut self, unit: Unit, out: &mut dyn Columns) {
        self.unfit.end_row();
        self.more.end_row(out);
        out.end_row(unit);
    }

    pub fn abandon_row(&mut self, out: &mut dyn Columns) {
        self.unfit.abandon_row();
        self.more.abandon_row();
        out.abandon_row();
    }

    /// Adds to the tally the keys that the schema does not have, and the values that did not fit.
    pub fn finish(self, tally: &mut Tally) {
        if !self.more.is_taken() {
            self.keys.finish(tally);
        }
        tally.replaced += self.replaced;
        self.more.finish(tally);
        self.unfit.finish(&self.shape.schema, tally);
    }
}
