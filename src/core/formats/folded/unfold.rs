//! Walking through a JSON document that may be cut off, and writing flat objects of what is found. Imports data.

use std::borrow::Cow;

use super::super::json::{Kind, Scanner};
use super::super::numbers;
use super::super::time::{Epoch, epoch};
use crate::data::Value;

/// Bytes of flat objects that are handed over together.
const BATCH: usize = 256 << 10;

/// Rows that are unfolded of one document, handed over in batches.
pub struct Flat<'s> {
    document: &'s str,
    /// The document may end anywhere: what is not whole is no row.
    is_cut: bool,
    text: String,
    /// Where each row's record stands in the document, and where its object ends in `text`.
    rows: Vec<(usize, usize)>,
    sink: &'s mut dyn FnMut(&Batch),
}

/// Flat objects, one after the other.
pub struct Batch<'t> {
    text: &'t str,
    rows: &'t [(usize, usize)],
}

impl<'t> Batch<'t> {
    /// Each object with the place of its record in the document.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &'t str)> {
        let mut start = 0;
        self.rows.iter().map(move |(at, end)| (*at, &self.text[std::mem::replace(&mut start, *end)..*end]))
    }
}

impl<'s> Flat<'s> {
    pub fn new(document: &'s str, is_cut: bool, sink: &'s mut dyn FnMut(&Batch)) -> Self {
        Self { document, is_cut, text: String::new(), rows: Vec::new(), sink }
    }

    /// Begins the row of a record of the document; `None` where the record is not whole.
    pub fn row(&mut self, record: &str) -> Option<Row<'_, 's>> {
        if self.is_cut && Scanner::new(record).skip().is_err() {
            return None;
        }
        let at = (record.as_ptr() as usize).saturating_sub(self.document.as_ptr() as usize);
        self.text.push('{');
        Some(Row { keys: Vec::new(), at, flat: self })
    }

    /// Hands over what is left.
    pub fn flush(&mut self) {
        if !self.rows.is_empty() {
            (self.sink)(&Batch { text: &self.text, rows: &self.rows });
        }
        self.text.clear();
        self.rows.clear();
    }
}

/// One flat object that is being written.
pub struct Row<'f, 's> {
    flat: &'f mut Flat<'s>,
    at: usize,
    /// Where the names of the format's own fields stand.
    keys: Vec<(usize, usize)>,
}

impl Row<'_, '_> {
    /// Adds a field of the format's own; both as they stand in JSON.
    pub fn put(&mut self, key: &str, json: &str) {
        let start = self.flat.text.len() + 1;
        self.keys.push((start, start + key.len()));
        self.push(key, json);
    }

    fn push(&mut self, key: &str, json: &str) {
        let text = &mut self.flat.text;
        text.push('"');
        text.push_str(key);
        text.push_str("\":");
        text.push_str(json);
        text.push(',');
    }

    /// Adds a field where the record has it with a value.
    pub fn put_some(&mut self, key: &str, json: Option<&str>) {
        if let Some(json) = json.filter(|json| !matches!(*json, "null" | "\"\"" | "[]" | "{}")) {
            self.put(key, json);
        }
    }

    /// Adds a text.
    pub fn put_text(&mut self, key: &str, text: &str) {
        self.put(key, &quoted(text));
    }

    /// Adds a field that somebody named: behind a prefix, where the format has that name. There may be thousands.
    pub fn put_label(&mut self, key: &str, json: &str, prefix: &str) {
        let is_taken = self.keys.iter().any(|(start, end)| &self.flat.text[*start..*end] == key);
        match is_taken {
            true => self.push(&format!("{prefix}{key}"), json),
            false => self.push(key, json),
        }
    }

    /// Adds a time that is given in nanoseconds since 1970, unless it is 0; with `exact` what a time does not hold of it
    /// stands in a field of its own.
    pub fn put_nanos(&mut self, key: &str, json: Option<&str>, exact: Option<&str>) {
        let Some(json) = json else { return };
        let Some(digits) = number(json).filter(|digits| *digits != "0") else {
            if number(json).is_none() {
                self.put(key, json);
            }
            return;
        };
        match epoch(digits, Epoch::Nanos) {
            Some(micros) => self.put(key, &time(micros)),
            None => self.put(key, json),
        }
        if let Some(exact) = exact.filter(|_| !digits.ends_with("000")) {
            self.put(exact, digits);
        }
    }

    /// Ends the object, with fields that many rows share: `"a":1,"b":2,`.
    pub fn end(self, shared: &str) {
        let flat = self.flat;
        flat.text.push_str(shared);
        if flat.text.ends_with(',') {
            flat.text.pop();
        }
        flat.text.push('}');
        let start = flat.rows.last().map_or(0, |(_, end)| *end);
        // What many rows share may be cut off, too.
        if flat.is_cut && Scanner::new(&flat.text[start..]).skip().is_err() {
            flat.text.truncate(start);
            return;
        }
        flat.rows.push((self.at, flat.text.len()));
        if flat.text.len() >= BATCH {
            flat.flush();
        }
    }
}

/// A text as JSON has it.
pub fn quoted(text: &str) -> String {
    Value::text(text).to_json().to_string()
}

/// A time, in microseconds since 1970, as JSON has it.
pub fn time(micros: i64) -> String {
    Value::Timestamp(micros).to_json().to_string()
}

/// The fields of an object, as they stand there; the value of the last one may be cut off.
pub fn fields(json: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut scanner = Scanner::new(json);
    if scanner.peek() != b'{' || !scanner.enter(b'}').unwrap_or(false) {
        return found;
    }
    while let Ok(key) = scanner.key() {
        scanner.peek();
        let rest = scanner.rest();
        match scanner.raw() {
            Ok(value) => found.push((key.raw, value)),
            Err(_) => {
                found.push((key.raw, rest));
                break;
            }
        }
        if !scanner.next(b'}').unwrap_or(false) {
            break;
        }
    }
    found
}

/// The items of an array; the last one may be cut off.
pub fn items(json: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut scanner = Scanner::new(json);
    if scanner.peek() != b'[' || !scanner.enter(b']').unwrap_or(false) {
        return found;
    }
    loop {
        scanner.peek();
        let rest = scanner.rest();
        match scanner.raw() {
            Ok(item) => found.push(item),
            Err(_) => {
                found.extend(Some(rest).filter(|rest| !rest.is_empty()));
                break;
            }
        }
        if !scanner.next(b']').unwrap_or(false) {
            break;
        }
    }
    found
}

/// Does something with each piece; whether it says so of any.
pub fn each<'a>(pieces: impl IntoIterator<Item = &'a str>, mut does: impl FnMut(&'a str) -> bool) -> bool {
    let mut is_any = false;
    for piece in pieces {
        is_any |= does(piece);
    }
    is_any
}

/// Whether a key is the name, written `likeThis` or `like_this`.
pub fn is_called(key: &str, name: &str) -> bool {
    let mut letters = key.bytes().filter(|byte| *byte != b'_');
    name.bytes().all(|wanted| letters.next().is_some_and(|letter| letter.eq_ignore_ascii_case(&wanted)))
        && letters.next().is_none()
}

/// The value of the field of a name.
pub fn get<'a>(fields: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| is_called(key, name)).map(|(_, value)| *value)
}

/// What kind of value stands in a text of JSON.
pub fn kind(json: &str) -> Option<Kind> {
    Scanner::new(json).kind().ok()
}

/// The text of a JSON string.
pub fn text(json: &str) -> Option<Cow<'_, str>> {
    let mut scanner = Scanner::new(json);
    if scanner.peek() != b'"' {
        return None;
    }
    let quoted = scanner.quoted().ok()?;
    Some(if quoted.escaped { Cow::Owned(quoted.to_text()) } else { Cow::Borrowed(quoted.raw) })
}

/// A finite number, which may be written as a text.
pub fn number(json: &str) -> Option<&str> {
    let digits = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json);
    let mut scanner = Scanner::new(digits);
    let is_number = matches!(scanner.peek(), b'-' | b'0'..=b'9') && scanner.number().is_ok() && scanner.is_at_end();
    (is_number && numbers::float(digits).is_some_and(f64::is_finite)).then_some(digits)
}

/// A value with a number in the place of a text that is one.
pub fn unquoted(json: &str) -> &str {
    number(json).unwrap_or(json)
}
