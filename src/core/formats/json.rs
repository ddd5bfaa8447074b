//! A tokeniser of JSON text that makes no tree and allocates nothing: JSON lines and JSON documents stand on it.
//! Imports data.
//!
//! Strict as RFC 8259, but for what logs contain all the same: control characters inside strings are taken as they
//! are, and half of a surrogate pair becomes U+FFFD.

use crate::data::instants::{has_clock, is_finer, parse_date, parse_timestamp};
use crate::data::{DataType, Value, parse_duration};

use super::stamp;
use super::{Change, ChangeSet, numbers};

/// How deep arrays and objects may lie inside each other.
pub const MAX_DEPTH: u32 = 128;

/// Where and why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Byte offset in the scanned text.
    pub at: usize,
    pub reason: &'static str,
}

/// The reasons of faults that more text might mend.
const TEXT_ENDS: &str = "the text ends inside a value";
const STRING_OPEN: &str = "a string does not end";
/// Bytes of the longest piece that is looked at as one: an escape in a string.
const LONGEST_PIECE: usize = 8;

impl Fault {
    /// Whether the fault may be none where the text goes on behind its `length`.
    pub fn may_be_mended(&self, length: usize) -> bool {
        matches!(self.reason, TEXT_ENDS | STRING_OPEN) || self.at + LONGEST_PIECE >= length
    }
}

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Record,
}

/// A string's text between its quotes, as written.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a> {
    pub raw: &'a str,
    /// Whether `raw` has escapes to be resolved.
    pub escaped: bool,
}

impl Quoted<'_> {
    /// The text that is meant.
    pub fn to_text(self) -> String {
        let mut text = String::new();
        self.push_text(&mut text);
        text
    }

    /// Appends the text that is meant; false where a part of it is none (`unescape`).
    pub fn push_text(self, out: &mut String) -> bool {
        if self.escaped {
            return unescape(self.raw, out);
        }
        out.push_str(self.raw);
        true
    }
}

/// A place in a JSON text. All methods that read move behind what they read.
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    /// What became of values that `value` read.
    changes: ChangeSet,
}

type Scanned<T> = Result<T, Fault>;

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0, changes: ChangeSet::default() }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    /// The text that was not read yet.
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Whether the array that is next begins with an object.
    pub fn holds_record(&self) -> bool {
        let mut ahead =
            Scanner { text: self.text, bytes: self.bytes, at: self.at, depth: 0, changes: ChangeSet::default() };
        while ahead.peek() == b'[' {
            ahead.at += 1;
        }
        ahead.peek() == b'{'
    }

    /// What became of values that `value` read since this was asked last.
    pub fn take_changes(&mut self) -> ChangeSet {
        std::mem::take(&mut self.changes)
    }

    #[cold]
    pub fn fault(&self, reason: &'static str) -> Fault {
        let reason = if self.at >= self.bytes.len() { TEXT_ENDS } else { reason };
        Fault { at: self.at.min(self.bytes.len()), reason }
    }

    /// The next byte that is not white space, not read yet; 0 at the end. What begins a text in a sequence (RFC 7464) is
    /// none.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t' | 0x1e) => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Moves behind `byte` where it is next.
    pub fn pass(&mut self, byte: u8) {
        self.at += usize::from(self.peek() == byte);
    }

    /// Whether nothing but white space follows.
    pub fn is_at_end(&mut self) -> bool {
        self.peek() == 0 && self.at >= self.bytes.len()
    }

    /// What value begins here.
    #[inline]
    pub fn kind(&mut self) -> Scanned<Kind> {
        match self.peek() {
            b'"' => Ok(Kind::Text),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            b'{' => Ok(Kind::Record),
            b'[' => Ok(Kind::List),
            b't' | b'f' => Ok(Kind::Boolean),
            b'n' => Ok(Kind::Null),
            _ => Err(self.fault("a value is missing")),
        }
    }

    /// Goes into an array or object whose bracket is next; false where it is empty (and left again).
    #[inline]
    pub fn enter(&mut self, close: u8) -> Scanned<bool> {
        self.peek();
        if self.depth >= MAX_DEPTH {
            return Err(Fault { at: self.at, reason: "arrays and objects lie too deep inside each other" });
        }
        self.at += 1;
        if self.peek() == close {
            self.at += 1;
            return Ok(false);
        }
        self.depth += 1;
        Ok(true)
    }

    /// After an item: true where another follows, false where the bracket closes (and is left).
    #[inline]
    pub fn next(&mut self, close: u8) -> Scanned<bool> {
        match self.peek() {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ if close == b'}' => Err(self.fault("a comma or `}` is missing")),
            _ => Err(self.fault("a comma or `]` is missing")),
        }
    }

    /// A key and its colon.
    #[inline]
    pub fn key(&mut self) -> Scanned<Quoted<'a>> {
        if self.peek() != b'"' {
            return Err(self.fault("a quoted key is missing"));
        }
        let key = self.quoted()?;
        // Nearly always the colon follows at once.
        if self.bytes.get(self.at) != Some(&b':') && self.peek() != b':' {
            return Err(self.fault("a colon is missing after a key"));
        }
        self.at += 1;
        Ok(key)
    }

    /// A string, whose opening quote is next.
    #[inline]
    pub fn quoted(&mut self) -> Scanned<Quoted<'a>> {
        let start = self.at + 1;
        let end = quote_or_escape(self.bytes, start);
        match self.bytes.get(end) {
            Some(b'"') => {
                self.at = end + 1;
                Ok(Quoted { raw: &self.text[start..end], escaped: false })
            }
            _ => self.quoted_with_escapes(start, end),
        }
    }

    fn quoted_with_escapes(&mut self, start: usize, first: usize) -> Scanned<Quoted<'a>> {
        let mut at = first;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Quoted { raw: &self.text[start..at], escaped: true });
                }
                Some(_) => {
                    let used = match self.bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') if hex4(self.bytes.get(at + 2..)).is_some() => 6,
                        Some(_) => return Err(Fault { at, reason: "an escape in a string is none of JSON's" }),
                        None => return Err(Fault { at, reason: STRING_OPEN }),
                    };
                    at = quote_or_escape(self.bytes, at + used);
                }
                None => return Err(Fault { at: start - 1, reason: STRING_OPEN }),
            }
        }
    }

    /// A number as written, and whether it is a whole one.
    #[inline]
    pub fn number(&mut self) -> Scanned<(&'a str, bool)> {
        let start = self.at;
        let mut at = start + usize::from(self.bytes.get(start) == Some(&b'-'));
        let digits = |mut at: usize| {
            while self.bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let first = at;
        at = digits(at);
        if at == first || (at > first + 1 && self.bytes[first] == b'0') {
            return Err(self.fault("a number is malformed"));
        }
        let mut whole = true;
        if self.bytes.get(at) == Some(&b'.') {
            whole = false;
            let end = digits(at + 1);
            if end == at + 1 {
                return Err(self.fault("a number is malformed"));
            }
            at = end;
        }
        if let Some(b'e' | b'E') = self.bytes.get(at) {
            whole = false;
            at += 1 + usize::from(matches!(self.bytes.get(at + 1), Some(b'+' | b'-')));
            let end = digits(at);
            if end == at {
                return Err(self.fault("a number is malformed"));
            }
            at = end;
        }
        self.at = at;
        Ok((&self.text[start..at], whole))
    }

    /// `true` or `false`.
    #[inline]
    pub fn boolean(&mut self) -> Scanned<bool> {
        if self.bytes[self.at..].starts_with(b"true") {
            self.at += 4;
            return Ok(true);
        }
        self.word(b"false").map(|()| false)
    }

    /// `null`.
    #[inline]
    pub fn null(&mut self) -> Scanned<()> {
        self.word(b"null")
    }

    fn word(&mut self, word: &[u8]) -> Scanned<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.fault("a value is missing"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads over one value of any kind, checking that it is one.
    pub fn skip(&mut self) -> Scanned<Kind> {
        let outer = self.depth;
        // One bit for each bracket that is open: 1 for an object.
        let mut open: u128 = 0;
        let mut first = None;
        loop {
            let kind = self.kind()?;
            first = first.or(Some(kind));
            let entered = match kind {
                Kind::Text => self.quoted().map(|_| false),
                Kind::Number => self.number().map(|_| false),
                Kind::Boolean => self.boolean().map(|_| false),
                Kind::Null => self.null().map(|()| false),
                Kind::List => self.enter(b']'),
                Kind::Record => self.enter(b'}'),
            }?;
            if entered {
                open = open << 1 | u128::from(kind == Kind::Record);
            } else {
                loop {
                    if self.depth == outer {
                        return Ok(first.unwrap_or(kind));
                    }
                    if self.next(if open & 1 == 1 { b'}' } else { b']' })? {
                        break;
                    }
                    open >>= 1;
                }
            }
            if open & 1 == 1 && self.depth > outer {
                self.key()?;
            }
        }
    }

    /// Reads over one value; gives its text as written.
    pub fn raw(&mut self) -> Scanned<&'a str> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    /// Reads a value as `data_type`; what cannot be read as it is null.
    pub fn value(&mut self, data_type: &DataType) -> Scanned<Value> {
        let kind = self.kind()?;
        let value = match (kind, data_type) {
            (Kind::Record, DataType::Record(fields)) => self.record(fields)?,
            (Kind::List, DataType::List(item)) => {
                let mut items = Vec::new();
                let mut more = self.enter(b']')?;
                while more {
                    items.push(self.value(item)?);
                    more = self.next(b']')?;
                }
                Value::List(items)
            }
            (Kind::Boolean, DataType::Boolean) => Value::Boolean(self.boolean()?),
            (Kind::Number, DataType::Int) => self.int()?.map_or(Value::Null, Value::Int),
            (Kind::Number, DataType::Float) => {
                let text = self.number()?.0;
                self.changes.insert_if(numbers::is_rounded(text), Change::Rounded);
                numbers::float(text).map_or(Value::Null, Value::float)
            }
            (Kind::Text, DataType::String | DataType::Unknown) => {
                let mut text = String::new();
                let is_whole = self.quoted()?.push_text(&mut text);
                self.changes.insert_if(!is_whole, Change::Halved);
                Value::String(text)
            }
            (Kind::Text, _) => text_value(&self.quoted()?.to_text(), data_type, &mut self.changes),
            (Kind::Null, _) => self.null().map(|()| Value::Null)?,
            (_, DataType::String | DataType::Unknown) => Value::text(self.raw()?),
            _ => self.skip().map(|_| Value::Null)?,
        };
        self.changes.insert_if(value.is_null() && kind != Kind::Null, Change::Unfit);
        Ok(value)
    }

    fn record(&mut self, fields: &[(String, DataType)]) -> Scanned<Value> {
        let mut record: Vec<(String, Value)> = fields.iter().map(|(name, _)| (name.clone(), Value::Null)).collect();
        let mut more = self.enter(b'}')?;
        let mut expected = 0;
        let mut given = vec![false; fields.len()];
        while more {
            let key = self.key()?;
            let found = if key.escaped {
                let key = key.to_text();
                fields.iter().position(|(name, _)| *name == key)
            } else if fields.get(expected).is_some_and(|(name, _)| name == key.raw) {
                Some(expected)
            } else {
                fields.iter().position(|(name, _)| name == key.raw)
            };
            match found {
                Some(place) => {
                    // Of a key given twice the last value holds.
                    self.changes.insert_if(std::mem::replace(&mut given[place], true), Change::Repeated);
                    record[place].1 = self.value(&fields[place].1)?;
                    expected = place + 1;
                }
                // A key that the sample did not show: its value has no place.
                None => {
                    let is_null = self.skip()? == Kind::Null;
                    self.changes.insert_if(!is_null, Change::Undeclared);
                }
            }
            more = self.next(b'}')?;
        }
        Ok(Value::Record(record))
    }

    /// A number as a whole one; `None` where it is none or does not fit 64 bits. `3.0` is 3.
    #[inline]
    pub fn int(&mut self) -> Scanned<Option<i64>> {
        let (text, whole) = self.number()?;
        if whole {
            return Ok(numbers::int(text.as_bytes()));
        }
        // Beyond 2^53 a float does not hold every whole number.
        let number = numbers::float(text).filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
        Ok(number.map(|number| number as i64))
    }
}

/// The time that a string is.
#[inline]
pub fn time_of(text: &str) -> Option<i64> {
    parse_timestamp(text).or_else(|| stamp::whole(text))
}

/// A string as a type other than String.
fn text_value(text: &str, data_type: &DataType, changes: &mut ChangeSet) -> Value {
    let (value, change) = match data_type {
        DataType::Timestamp => (time_of(text).map(Value::Timestamp), is_finer(text).then_some(Change::Cut)),
        DataType::Date => (parse_date(text).map(Value::Date), has_clock(text).then_some(Change::Clock)),
        DataType::Duration => {
            let read = parse_duration(text);
            (read.map(|(micros, _)| Value::Duration(micros)), read.and_then(|(_, finer)| finer.then_some(Change::Cut)))
        }
        _ => (None, None),
    };
    let Some(value) = value else { return Value::Null };
    change.into_iter().for_each(|change| changes.insert(change));
    value
}

/// What becomes of the values inside of a JSON text that is read as a type, but for what is null then.
#[cold]
pub fn json_changes(text: &str, data_type: &DataType) -> ChangeSet {
    let mut scanner = Scanner::new(text);
    // A list or record that is no JSON is null, which is counted where it is read.
    let _ = scanner.value(data_type);
    scanner.take_changes().without(Change::Unfit)
}

/// The place of the next quote or backslash from `at`; the length of `bytes` where there is none.
#[inline]
fn quote_or_escape(bytes: &[u8], at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = at;
    // Most strings are short: a few words of eight bytes are looked through before the call pays.
    for _ in 0..4 {
        let Some(word) = bytes.get(at..at + 8).and_then(|word| word.try_into().ok()) else { break };
        let word = u64::from_le_bytes(word);
        let quote = word ^ (ONES * b'"' as u64);
        let escape = word ^ (ONES * b'\\' as u64);
        let found = (quote.wrapping_sub(ONES) & !quote | escape.wrapping_sub(ONES) & !escape) & HIGHS;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    memchr::memchr2(b'"', b'\\', rest).map_or(bytes.len(), |found| at + found)
}

fn hex4(bytes: Option<&[u8]>) -> Option<u32> {
    bytes?.get(..4)?.iter().try_fold(0, |sum, byte| Some(sum << 4 | (*byte as char).to_digit(16)?))
}

/// Resolves the escapes of a checked string; appends to `out`. False where half of a surrogate pair is among them.
pub fn unescape(raw: &str, out: &mut String) -> bool {
    let mut is_whole = true;
    let bytes = raw.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        out.push_str(&raw[at..at + found]);
        at += found;
        let plain = match bytes.get(at + 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'u') => {
                let (decoded, used) = unescape_unicode(bytes, at);
                is_whole &= decoded != char::REPLACEMENT_CHARACTER || is_replacement(bytes, at);
                out.push(decoded);
                at += used;
                continue;
            }
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            // No escape of JSON's; logfmt has such.
            _ => {
                out.push('\\');
                at += 1;
                continue;
            }
        };
        out.push(plain);
        at += 2;
    }
    out.push_str(&raw[at..]);
    is_whole
}

/// Whether U+FFFD itself is written at `at`.
fn is_replacement(bytes: &[u8], at: usize) -> bool {
    hex4(bytes.get(at + 2..)) == Some(char::REPLACEMENT_CHARACTER as u32)
}

/// `\u` at `at`, or a pair of them: the character, and the bytes used.
fn unescape_unicode(bytes: &[u8], at: usize) -> (char, usize) {
    const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;
    let Some(unit) = hex4(bytes.get(at + 2..)) else { return (REPLACEMENT, 2) };
    if !(0xd800..0xdc00).contains(&unit) {
        return (char::from_u32(unit).unwrap_or(REPLACEMENT), 6);
    }
    let low = match bytes.get(at + 6..at + 8) {
        Some(b"\\u") => hex4(bytes.get(at + 8..)).filter(|low| (0xdc00..0xe000).contains(low)),
        _ => None,
    };
    match low {
        Some(low) => {
            let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(code).unwrap_or(REPLACEMENT), 12)
        }
        None => (REPLACEMENT, 6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        let mut scanner = Scanner::new(text);
        scanner.skip().is_ok() && scanner.is_at_end()
    }

    /// What serde_json accepts is accepted; what is accepted beyond it has control characters or half pairs.
    fn compare(text: &str) {
        let lenient = text.chars().any(|c| c < ' ') || text.contains("\\u") || text.contains("e");
        let expected = serde_json::from_str::<serde_json::Value>(text).is_ok();
        let found = accepts(text);
        assert!(found == expected || (found && lenient), "{text:?}: {found}, {:?}", Scanner::new(text).skip());
    }

    #[test]
    fn agrees_with_serde_on_mutated_documents() {
        let seeds = [
            r#"{"a":1,"b":[true,false,null,-1.5e+3,"x\n\u00e9\"y"],"c":{"d":{},"e":[]},"":"ä"}"#,
            r#" [ {"a" : 0 } , [ ] , "tab\t" , 12.25 ] "#,
            r#""text""#,
        ];
        let letters = b"{}[]\",:0123456789.-+eE\\untrfals x";
        let mut random = fastrand::Rng::with_seed(11);
        for seed in seeds {
            compare(seed);
            for _ in 0..4000 {
                let mut bytes = seed.as_bytes().to_vec();
                for _ in 0..random.usize(1..4) {
                    let at = random.usize(0..bytes.len());
                    match random.u8(0..3) {
                        0 => bytes[at] = letters[random.usize(0..letters.len())],
                        1 => drop(bytes.remove(at)),
                        _ => bytes.insert(at, letters[random.usize(0..letters.len())]),
                    }
                }
                if let Ok(text) = std::str::from_utf8(&bytes) {
                    compare(text);
                }
            }
        }
    }

    #[test]
    fn strings_of_every_length_and_escapes() {
        for length in 0..70 {
            let text = format!("\"{}\"", "a".repeat(length));
            assert_eq!(Scanner::new(&text).quoted().unwrap().raw.len(), length);
            let text = format!("\"{}\\\"b\"", "a".repeat(length));
            assert_eq!(Scanner::new(&text).quoted().unwrap().to_text(), format!("{}\"b", "a".repeat(length)));
        }
        let text = r#""\ud83d\ude00 \ud83d \u00E4\/""#;
        assert_eq!(Scanner::new(text).quoted().unwrap().to_text(), "😀 \u{fffd} ä/");
        assert!(Scanner::new(r#""\x""#).quoted().is_err());
        assert!(Scanner::new(r#""\u12"#).quoted().is_err());
    }

    #[test]
    fn depth_is_bounded() {
        assert!(accepts(&format!("{}{}", "[".repeat(128), "]".repeat(128))));
        assert!(!accepts(&"[".repeat(100_000)));
        assert!(!accepts(&"{\"a\":".repeat(100_000)));
    }

    #[test]
    fn values_are_read_as_typed() {
        let data_type: DataType = r#"Record{"a": Int, "b": List<Timestamp>, "c": String}"#.parse().unwrap();
        let text = r#"{"c":{"x": [1, 2]},"b":["1970-01-01T00:00:01Z",5],"a":1,"a":2.0,"z":0}"#;
        let expected = r#"{"a":2,"b":["1970-01-01T00:00:01Z",null],"c":"{\"x\": [1, 2]}"}"#;
        assert_eq!(Scanner::new(text).value(&data_type).unwrap().to_json().to_string(), expected);
    }
}
