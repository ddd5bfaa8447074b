//! Finding the column of a key, for formats whose rows carry their keys (JSON, logfmt, labels).
//! Imports data and policy.

use std::collections::HashMap;

use super::json::{Fault, Kind, Scanner};
use super::{Columns, Tally};
use crate::data::{Classification, DataType, Field, Labels, Schema};
use crate::policy::{Sensitivities, keys_in, normal_name, plain};

/// Distinct unknown keys that one chunk counts by name; the others share one entry.
const UNKNOWN_NAMES: usize = 1000;
/// Where the unknown keys beyond `UNKNOWN_NAMES` are counted.
pub const OTHER_KEYS: &str = "(other keys)";
/// Where words are counted that stand among pairs and have no value: such a word may be the rest of a value, and that of
/// a secret one is nobody's to tell.
const WORDS: &str = "(words without a value)";
/// The column that takes what a schema from a part of the file has no column for: JSON text, `{"key":value}`.
pub const MORE: &str = "_more";
/// How often a key of one row may be repeated with a column for each value: `key`, `key_2` and so on.
pub const MAX_REPEATS: usize = 16;
/// Keys of a row whose places are remembered.
const REMEMBERED: usize = 512;

/// Gives a schema the column for keys that the sample did not show, where there is more than the sample.
pub fn with_more(mut schema: Schema, is_whole: bool) -> Schema {
    if !is_whole && !schema.is_empty() && !schema.has(MORE) {
        schema.fields.push(Field::new(MORE, DataType::String));
    }
    schema
}

/// The column of a key's further value in the same row; `times` counts from 1.
pub fn repeated(key: &str, times: usize) -> String {
    if times == 1 { key.to_owned() } else { format!("{key}_{times}") }
}

/// Adds values of a key that the schema does not have to the tally.
pub fn count_unknown(tally: &mut Tally, key: &str, count: u64) {
    if count == 0 {
        return;
    }
    let is_told = tally.unknown_keys.len() < UNKNOWN_NAMES || tally.unknown_keys.contains_key(key);
    *tally.unknown_keys.entry(if is_told { key } else { OTHER_KEYS }.to_owned()).or_default() += count;
}

/// Whether a key that has no value but padding (`=`) is none: the end of something in base64, such as a credential.
pub fn is_padded(key: &str, value: &str) -> bool {
    /// Letters of the shortest one.
    const SHORTEST: usize = 16;
    let length = key.len() + 1 + value.len();
    let of = |is: fn(&u8) -> bool| key.bytes().filter(is).count();
    value.len() < 2
        && value.bytes().all(|byte| byte == b'=')
        && length >= SHORTEST
        && length.is_multiple_of(4)
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
        && of(u8::is_ascii_lowercase) > 0
        && of(u8::is_ascii_uppercase) > 0
        && (of(u8::is_ascii_digit) > 0 || of(u8::is_ascii_uppercase) * 4 >= length)
}

/// Whether a key may be told: another is a piece of text, which may be anything.
fn is_name(key: &str) -> bool {
    // Of auditd: `old auid`.
    let key = key.strip_prefix("old ").or_else(|| key.strip_prefix("new ")).unwrap_or(key);
    key.chars().all(|c| c.is_alphanumeric() || "_-./@:".contains(c))
}

/// Tells words behind one that names a secret, `token: …` or `Authorization: Basic …`: they are its value.
#[derive(Default)]
pub struct SecretWords {
    known: Withheld,
    is_behind: bool,
}

impl SecretWords {
    pub fn begin_row(&mut self) {
        self.is_behind = false;
    }

    /// Whether a key is none but such a word; `value` is `None` where no `=` stands behind it.
    #[inline]
    pub fn takes(&mut self, key: &str, value: Option<&str>) -> bool {
        if value.is_some_and(|value| value.bytes().any(|byte| byte != b'=')) {
            self.is_behind = false;
            return false;
        }
        self.takes_word(key, value)
    }

    #[cold]
    fn takes_word(&mut self, key: &str, value: Option<&str>) -> bool {
        /// What stands before the credential itself.
        const SCHEMES: [&str; 3] = ["Basic", "Bearer", "Digest"];
        if self.is_behind || value.is_some_and(|value| is_padded(key, value)) {
            return true;
        }
        let is_scheme = SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(key));
        self.is_behind = is_scheme || self.known.is_secret(key.trim_end_matches(':'));
        false
    }
}

/// What is left out of a text that keeps keys which nobody declared: what is secret by its name would else go where the
/// text goes. Counted by key.
#[derive(Default)]
pub struct Withheld {
    known: HashMap<String, bool>,
    /// The labels of the column for further keys.
    own: Labels,
    /// The fields that somebody labelled.
    labelled: Schema,
    /// By key, the labels of the field of which it is another writing.
    written: HashMap<String, Option<Labels>>,
    counts: HashMap<String, u64>,
}

impl Withheld {
    /// Whether a key with its value, which is JSON text, is left out: by its own name, or by a name inside the value.
    pub fn takes(&mut self, key: &str, json: &str) -> bool {
        let (is_nested, own) = (json.starts_with(['{', '[']), self.own.clone());
        let is_secret = self.is_left_out(key, &own)
            || is_nested && keys_in(&plain(json)).any(|inner| self.is_left_out(inner, &own));
        if is_secret {
            self.count(key);
        }
        is_secret
    }

    fn count(&mut self, key: &str) {
        let key = if self.counts.len() < UNKNOWN_NAMES || self.counts.contains_key(key) { key } else { OTHER_KEYS };
        *self.counts.entry(key.to_owned()).or_default() += 1;
    }

    /// JSON text that a column takes as it stands, but for what is secret by its key, and the keys of fields
    /// that are labelled closer `than` the column; `None`: nothing is.
    pub fn open_json(&mut self, json: &str, than: &Labels) -> Option<String> {
        if !json.starts_with(['{', '[']) || !self.has_secret_key(json, than) {
            return None;
        }
        let mut open = String::with_capacity(json.len());
        self.push_open(&mut Scanner::new(json), than, &mut open).ok()?;
        Some(open)
    }

    fn is_left_out(&mut self, key: &str, than: &Labels) -> bool {
        self.is_secret(key) || self.is_closer(key, than)
    }

    fn has_secret_key(&mut self, json: &str, than: &Labels) -> bool {
        let bytes = json.as_bytes();
        memchr::memchr_iter(b':', bytes).any(|colon| {
            let before = bytes[..colon].trim_ascii_end();
            let Some(rest) = before.strip_suffix(b"\"") else { return false };
            let start = memchr::memrchr(b'"', rest).map_or(0, |quote| quote + 1);
            let key = json.get(start..rest.len()).unwrap_or_default();
            let key = if key.contains('\\') { plain(key) } else { key.into() };
            self.is_left_out(&key, than)
        })
    }

    fn push_open(&mut self, scanner: &mut Scanner, than: &Labels, open: &mut String) -> Result<(), Fault> {
        let close = match scanner.kind()? {
            Kind::Record => '}',
            Kind::List => ']',
            _ => {
                open.push_str(scanner.raw()?);
                return Ok(());
            }
        };
        open.push(if close == '}' { '{' } else { '[' });
        let begin = open.len();
        let mut more = scanner.enter(close as u8)?;
        while more {
            let key = if close == '}' { Some(scanner.key()?) } else { None };
            let name = key.map(|key| key.to_text());
            if let Some(name) = name.filter(|name| self.is_left_out(name, than)) {
                scanner.skip()?;
                self.count(&name);
            } else {
                if open.len() > begin {
                    open.push(',');
                }
                if let Some(key) = key {
                    open.push('"');
                    open.push_str(key.raw);
                    open.push_str("\":");
                }
                self.push_open(scanner, than, open)?;
            }
            more = scanner.next(close as u8)?;
        }
        open.push(close);
        Ok(())
    }

    /// Whether a key is the name of a field that is labelled closer, in any spelling, or of a further value of it.
    fn is_closer(&mut self, key: &str, than: &Labels) -> bool {
        if self.labelled.is_empty() {
            return false;
        }
        if !self.written.contains_key(key) {
            let (name, normal) = (without_blanks(key), normal_name(key));
            let field = self.labelled.alike(&name).or_else(|| self.labelled.first_of(&name));
            let field = field.or_else(|| self.labelled.fields.iter().find(|field| normal_name(&field.name) == normal));
            let labels = field.map(|field| field.labels.clone());
            if self.written.len() >= UNKNOWN_NAMES {
                return labels.is_some_and(|labels| labels.are_closer_than(than));
            }
            self.written.insert(key.to_owned(), labels);
        }
        self.written[key].as_ref().is_some_and(|labels| labels.are_closer_than(than))
    }

    fn is_secret(&mut self, key: &str) -> bool {
        if let Some(known) = self.known.get(key) {
            return *known;
        }
        let found = Sensitivities::shipped().of_name(key) == Some(Classification::Secret);
        if self.known.len() < UNKNOWN_NAMES {
            self.known.insert(key.to_owned(), found);
        }
        found
    }

    /// Adds what was left out to the tally, as keys without a column.
    pub fn finish(self, tally: &mut Tally) {
        for (key, count) in self.counts {
            *tally.unknown_keys.entry(key).or_default() += count;
        }
    }
}

fn without_blanks(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

/// Further keys of a row with their values, as JSON text.
#[derive(Default)]
pub struct More {
    column: Option<usize>,
    text: String,
    /// What the row itself has under the column's name, as JSON text.
    own: Option<String>,
    pub withheld: Withheld,
}

impl More {
    pub fn of(schema: &Schema, out: &dyn Columns) -> Self {
        let is_text = |column: &usize| schema.fields[*column].data_type == DataType::String;
        let column = schema.index(MORE).filter(is_text).filter(|column| out.wants(*column));
        let mut more = Self { column, ..Self::default() };
        more.withheld.own = column.map(|column| schema.fields[column].labels.clone()).unwrap_or_default();
        let labelled = schema.fields.iter().filter(|field| field.labels != Labels::default());
        let renamed = labelled.map(|field| Field { name: without_blanks(&field.name), ..field.clone() });
        more.withheld.labelled = Schema::new(renamed.collect());
        more
    }

    /// Whether there is a column that takes them.
    pub fn is_taken(&self) -> bool {
        self.column.is_some()
    }

    /// A key as it is written between quotes, and a value that is JSON text.
    pub fn add(&mut self, raw_key: &str, json: &str) {
        if self.withheld.takes(&plain(raw_key), json) {
            return;
        }
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.push('"');
        self.text.push_str(raw_key);
        self.text.push_str("\":");
        self.text.push_str(json);
    }

    /// A key and a value that are texts.
    pub fn add_text(&mut self, key: &str, value: &str) {
        let key = serde_json::Value::from(key).to_string();
        let raw = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or_default();
        self.add(raw, &serde_json::Value::from(value).to_string());
    }

    /// Whether a column is that of further keys.
    #[inline]
    pub fn is(&self, column: usize) -> bool {
        self.column == Some(column)
    }

    /// The row has a value of its own for the column: it stands in the text under the column's name, where one is made.
    pub fn keep_own(&mut self, json: String) {
        self.own = Some(json);
    }

    /// Fills the column, before the row ends.
    pub fn end_row(&mut self, out: &mut dyn Columns) {
        let own = self.own.take();
        let Some(column) = self.column.filter(|_| !self.text.is_empty()) else { return };
        if let Some(json) = own {
            self.add(MORE, &json);
        }
        self.text.push('}');
        out.text(column, &self.text);
        self.text.clear();
    }

    pub fn abandon_row(&mut self) {
        self.text.clear();
        self.own = None;
    }

    /// A word that is no key is left out.
    pub fn leave_word(&mut self) {
        self.withheld.count(WORDS);
    }

    /// Adds to the tally what was left out.
    pub fn finish(self, tally: &mut Tally) {
        self.withheld.finish(tally);
    }
}

/// Names to column numbers: open addressing over a cheap hash, built once per parser.
pub struct KeyIndex {
    names: Vec<String>,
    slots: Vec<u32>,
    /// Of keys that have no column, those of their further values: of `key_2`, `key_3` and so on.
    further: HashMap<String, [Option<usize>; MAX_REPEATS]>,
}

const FREE: u32 = u32::MAX;

impl KeyIndex {
    pub fn new(schema: &Schema) -> Self {
        Self::of(schema.names())
    }

    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<String> = names.map(str::to_owned).collect();
        let size = (names.len() * 2 + 1).next_power_of_two();
        let mut slots = vec![FREE; size];
        for (column, name) in names.iter().enumerate() {
            let mut slot = hash(name.as_bytes()) & (size - 1);
            while slots[slot] != FREE {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = column as u32;
        }
        let mut index = Self { names, slots, further: HashMap::new() };
        for name in &index.names {
            let Some((first, _)) = name.rsplit_once('_').filter(|(first, _)| index.get(first).is_none()) else {
                continue;
            };
            let columns = std::array::from_fn(|at| if at == 0 { None } else { index.get(&repeated(first, at + 1)) });
            if columns.iter().any(Option::is_some) {
                index.further.insert(first.to_owned(), columns);
            }
        }
        index
    }

    #[inline]
    pub fn get(&self, key: &str) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash(key.as_bytes()) & mask;
        loop {
            let column = *self.slots.get(slot)?;
            // Half of the slots at least are free, so that the search ends.
            if column == FREE {
                return None;
            }
            if self.names[column as usize] == key {
                return Some(column as usize);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The column of a further value of a key: the first of `key_2` and so on that is free; none where there is none.
    #[cold]
    pub fn next_of(&self, key: &str, is_free: impl Fn(usize) -> bool) -> Option<usize> {
        let mut numbered = (2..=MAX_REPEATS).map_while(|times| self.get(&repeated(key, times)));
        numbered.find(|column| is_free(*column))
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

fn hash(bytes: &[u8]) -> usize {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let mut hash = bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = word.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        hash = (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
    let rest = words.remainder().iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    hash = (hash.rotate_left(5) ^ rest).wrapping_mul(FACTOR);
    (hash >> 32) as usize
}

/// Finds columns row by row, expecting each row to have its keys in the order of the row before, and counts the
/// keys that the schema does not have.
pub struct KeyCursor<'a> {
    index: &'a KeyIndex,
    /// The keys of the rows before by place, each with its column, or its place in `unknown` beyond the columns.
    order: Vec<(&'a str, usize)>,
    at: usize,
    unknown: Vec<Unknown<'a>>,
    unknown_places: HashMap<String, usize>,
    row: u64,
    /// Keys come from text: those that are no names are not told.
    names_only: bool,
    /// A key's further values have columns of their own.
    is_numbered: bool,
}

/// A key that has no column.
struct Unknown<'a> {
    key: String,
    count: u64,
    /// The columns of its further values, and how many it has in which row.
    further: Option<&'a [Option<usize>; MAX_REPEATS]>,
    row: u64,
    times: usize,
}

impl<'a> KeyCursor<'a> {
    pub fn new(index: &'a KeyIndex) -> Self {
        let (order, unknown, unknown_places) = (Vec::new(), Vec::new(), HashMap::new());
        Self { index, order, at: 0, unknown, unknown_places, row: 0, names_only: false, is_numbered: false }
    }

    /// For keys whose further values have columns of their own, also where the first has none.
    pub fn numbered(index: &'a KeyIndex) -> Self {
        Self { is_numbered: true, ..Self::new(index) }
    }

    /// For keys that stand in a text, where anything may stand.
    pub fn of_text(index: &'a KeyIndex) -> Self {
        Self { names_only: true, ..Self::numbered(index) }
    }

    #[inline]
    pub fn begin_row(&mut self) {
        self.at = 0;
        self.row += 1;
    }

    /// Whether there are keys without a column whose further values have one.
    pub fn has_further(&self) -> bool {
        self.is_numbered && !self.index.further.is_empty()
    }

    /// The row has a value of a key that is none of its pairs: the first of these is a further one.
    pub fn note_first(&mut self, key: &str) {
        if self.index.get(key).is_none() && self.index.further.contains_key(key) {
            let place = self.look_up(key) - self.index.len();
            if let Some(unknown) = self.unknown.get_mut(place) {
                (unknown.row, unknown.times) = (self.row, 1);
            }
        }
    }

    /// As what a key is looked up: one without a value only where it has a column.
    #[inline]
    pub fn told<'k>(&self, key: &'k str, has_value: bool) -> &'k str {
        if has_value || self.index.get(key).is_some() { key } else { WORDS }
    }

    /// The column of a key; `None`, and counted, where there is none.
    #[inline]
    pub fn find(&mut self, key: &'a str) -> Option<usize> {
        let found = match self.order.get(self.at) {
            Some((expected, found)) if *expected == key => *found,
            _ => self.find_unexpected(key),
        };
        self.at += 1;
        self.column(found)
    }

    /// Like `find`, for a key that does not lie in the chunk.
    #[cold]
    pub fn find_copied(&mut self, key: &str) -> Option<usize> {
        self.at += 1;
        let found = self.look_up(key);
        self.column(found)
    }

    #[inline]
    fn column(&mut self, found: usize) -> Option<usize> {
        if found < self.index.len() {
            return Some(found);
        }
        let unknown = self.unknown.get_mut(found - self.index.len())?;
        let further = unknown.further.and_then(|further| {
            if unknown.row != self.row {
                (unknown.row, unknown.times) = (self.row, 0);
            }
            unknown.times += 1;
            further.get(unknown.times - 1).copied().flatten()
        });
        unknown.count += u64::from(further.is_none());
        further
    }

    fn find_unexpected(&mut self, key: &'a str) -> usize {
        let found = self.look_up(key);
        if let Some(place) = self.order.get_mut(self.at) {
            *place = (key, found);
        } else if self.at == self.order.len() && self.at < REMEMBERED {
            self.order.push((key, found));
        }
        found
    }

    fn look_up(&mut self, key: &str) -> usize {
        if let Some(column) = self.index.get(key) {
            return column;
        }
        let is_told = key == WORDS || !self.names_only || is_name(key);
        let has_place = self.unknown.len() < UNKNOWN_NAMES || self.unknown_places.contains_key(key);
        let key = if is_told && has_place { key } else { OTHER_KEYS };
        let place = match self.unknown_places.get(key) {
            Some(place) => *place,
            None => {
                let further = if self.is_numbered { self.index.further.get(key) } else { None };
                self.unknown.push(Unknown { key: key.to_owned(), count: 0, further, row: 0, times: 0 });
                self.unknown_places.insert(key.to_owned(), self.unknown.len() - 1);
                self.unknown.len() - 1
            }
        };
        self.index.len() + place
    }

    /// Adds the unknown keys to the tally.
    pub fn finish(self, tally: &mut Tally) {
        for Unknown { key, count, .. } in self.unknown {
            if count > 0 {
                *tally.unknown_keys.entry(key).or_default() += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        let names: Vec<String> = (0..1000).map(|number| format!("key_{number}")).collect();
        let index = KeyIndex::of(names.iter().map(String::as_str));
        for (column, name) in names.iter().enumerate() {
            assert_eq!(index.get(name), Some(column));
        }
        assert_eq!(index.get("key_1000"), None);
        assert_eq!(KeyIndex::of(std::iter::empty()).get("a"), None);
    }

    #[test]
    fn unknown_keys_are_counted_also_when_the_order_changes() {
        let index = KeyIndex::of(["a", "b"].into_iter());
        let mut keys = KeyCursor::new(&index);
        for row in [&["a", "x", "b"][..], &["a", "x", "b"], &["b", "y"], &["x"]] {
            keys.begin_row();
            for key in row {
                assert_eq!(keys.find(key), ["a", "b"].iter().position(|name| name == key));
            }
        }
        let mut tally = Tally::default();
        keys.finish(&mut tally);
        assert_eq!(tally.unknown_keys.into_iter().collect::<Vec<_>>(), [("x".to_owned(), 3), ("y".to_owned(), 1)]);
    }

    #[test]
    fn words_without_a_value_are_counted_without_their_name() {
        let index = KeyIndex::of(["debug"].into_iter());
        let mut keys = KeyCursor::new(&index);
        assert_eq!(["debug", "Bearer", "x"].map(|word| keys.find(keys.told(word, false))), [Some(0), None, None]);
        assert_eq!(keys.find(keys.told("x", true)), None);
        let mut tally = Tally::default();
        keys.finish(&mut tally);
        assert_eq!(tally.unknown_keys.into_iter().collect::<Vec<_>>(), [(WORDS.to_owned(), 2), ("x".to_owned(), 1)]);
    }

    #[test]
    fn names_of_unknown_keys_are_bounded() {
        let index = KeyIndex::of(std::iter::empty());
        let names: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
        let mut keys = KeyCursor::new(&index);
        for name in &names {
            keys.find(name);
        }
        let mut tally = Tally::default();
        keys.finish(&mut tally);
        assert_eq!(tally.unknown_keys.len(), UNKNOWN_NAMES + 1);
        assert_eq!(tally.unknown_keys.values().sum::<u64>(), 3000);
    }
}
