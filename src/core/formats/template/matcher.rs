//! Walks a line along a template: where each capture lies, and what its time is. Fills no column.

use super::compile::{Compiled, FieldItem, Item, Kind};
use super::is_escaped;
use super::span::{size, span};
use crate::formats::dates::Years;
use crate::formats::stamp::Stamp;

/// A captured piece of a line.
#[derive(Debug, Clone, Copy)]
pub struct Capture {
    /// The variant, and the number of the capture in it, counted as `field` walks.
    pub variant: usize,
    pub number: usize,
    pub start: usize,
    pub end: usize,
    /// Of a time.
    pub micros: i64,
}

impl Capture {
    /// What the capture is.
    pub fn field<'a>(&self, compiled: &'a Compiled) -> Option<&'a FieldItem> {
        nth_field(compiled.variants.get(self.variant)?, &mut self.number.clone())
    }
}

fn nth_field<'a>(items: &'a [Item], left: &mut usize) -> Option<&'a FieldItem> {
    for item in items {
        match item {
            Item::Field(field) if *left == 0 => return Some(field),
            Item::Field(_) => *left -= 1,
            Item::Optional(inner) => {
                if let Some(found) = nth_field(inner, left) {
                    return Some(found);
                }
            }
            Item::Literal(_) | Item::Blank | Item::LineEnd => {}
        }
    }
    None
}

impl Compiled {
    /// The text of a read line that holds pairs.
    pub fn pairs_of<'a>(&self, line: &'a str, captures: &[Capture]) -> Option<&'a str> {
        let is_pairs = |capture: &&Capture| matches!(capture.field(self).map(|field| &field.kind), Some(Kind::Pairs));
        captures.iter().find(is_pairs).and_then(|capture| line.get(capture.start..capture.end))
    }

    /// The text of a read line that may end with fields.
    pub fn text_of<'a>(&self, line: &'a str, captures: &[Capture]) -> Option<&'a str> {
        let column = self.text?;
        let is_text = |capture: &&Capture| capture.field(self).is_some_and(|field| field.columns[0] == column);
        captures.iter().rev().find(is_text).and_then(|capture| line.get(capture.start..capture.end))
    }

    /// Walks a line, without knowing the file's year: the variant that fits.
    pub fn read(&self, line: &str, captures: &mut Vec<Capture>) -> Option<usize> {
        self.read_in(line, Years::of(0), captures)
    }

    /// Walks a line: the first variant that fits, with its captures.
    #[inline]
    pub fn read_in(&self, line: &str, years: Years, captures: &mut Vec<Capture>) -> Option<usize> {
        let mut seen = Seen::default();
        (0..self.variants.len()).find(|variant| {
            captures.clear();
            let mut walk = Walk { line, years, variant: *variant, captures, number: 0, seen: &mut seen };
            let end = walk.items(&self.variants[*variant], 0);
            end.is_some_and(|end| line.as_bytes()[end..].iter().all(|byte| is_blank(*byte)))
        })
    }
}

struct Walk<'a, 'c> {
    line: &'a str,
    years: Years,
    variant: usize,
    captures: &'c mut Vec<Capture>,
    number: usize,
    seen: &'c mut Seen,
}

/// What was read last of a line, and where: most variants of a table begin with the same time and level.
#[derive(Default)]
struct Seen {
    iso: Option<(usize, Option<(i64, usize)>)>,
    level: Option<(usize, Option<usize>)>,
}

#[inline]
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

impl Walk<'_, '_> {
    /// Where the items end that begin at `at`.
    fn items(&mut self, items: &[Item], mut at: usize) -> Option<usize> {
        for item in items {
            match item {
                Item::Literal(text) => {
                    if !self.line.as_bytes()[at..].starts_with(text.as_bytes()) {
                        return None;
                    }
                    at += text.len();
                }
                Item::Blank => {
                    let blanks = self.line.as_bytes()[at..].iter().take_while(|byte| is_blank(**byte)).count();
                    // A line may end before the blank after which nothing is.
                    if blanks == 0 && at < self.line.len() {
                        return None;
                    }
                    at += blanks;
                }
                Item::LineEnd => {
                    at += match self.line.as_bytes()[at..] {
                        [b'\r', b'\n', ..] => 2,
                        [b'\r' | b'\n', ..] => 1,
                        _ => return None,
                    };
                }
                Item::Field(field) => at = self.field(field, at)?,
                Item::Optional(inner) => {
                    let (kept, number) = (self.captures.len(), self.number);
                    match self.items(inner, at) {
                        Some(end) => at = end,
                        None => {
                            self.captures.truncate(kept);
                            self.number = number + count(inner);
                        }
                    }
                }
            }
        }
        Some(at)
    }

    /// Captures a field at `at`: where it ends in the line.
    fn field(&mut self, field: &FieldItem, at: usize) -> Option<usize> {
        let rest = self.line.get(at..)?;
        let bytes = rest.as_bytes();
        let mut micros = 0;
        // What is captured, and where the line goes on.
        let (start, length, used) = match &field.kind {
            Kind::Word => plain(stop_or_blank(bytes, &field.stops)?),
            Kind::Text => plain(first_stop(bytes, &field.stops)?),
            Kind::UntilLast => plain(field.stops.iter().filter_map(|stop| rest.rfind(&**stop)).max()?),
            Kind::Name => plain(at_least_one(bytes.iter().take_while(|byte| is_name(**byte)).count())?),
            Kind::Class => {
                let length = bytes.iter().take_while(|byte| is_name(**byte)).count();
                let inside = bytes[..length].get(1..length.saturating_sub(1)).unwrap_or_default();
                plain(inside.contains(&b'.').then_some(length)?)
            }
            Kind::Module => plain(module_length(bytes)?),
            Kind::Source => plain(source_length(bytes)?),
            Kind::Session => plain(bytes.strip_prefix(b"spid").and_then(session_length)? + 4),
            Kind::Hex(dashes) => plain(hex_length(bytes, *dashes)?),
            Kind::Clock => plain(clock_length(bytes)?),
            Kind::Ticks => {
                let length = float_length(bytes)?;
                let digits = bytes[..length].iter().rev().position(|byte| *byte == b'.');
                plain(digits.filter(|digits| *digits >= 6).map(|_| length)?)
            }
            Kind::Ending(end) => {
                let length = bytes.iter().take_while(|byte| is_name(**byte)).count();
                plain(bytes[..length].ends_with(end.as_bytes()).then_some(length)?)
            }
            Kind::Piped => plain(memchr::memchr_iter(b'|', bytes).find(|at| !is_escaped(bytes, *at))?),
            Kind::Rest | Kind::Pairs => plain(bytes.len()),
            Kind::Int => plain(int_length(bytes)?),
            Kind::Float => plain(power_length(bytes)?),
            Kind::Seconds(_) => plain(float_length(bytes)?),
            Kind::Span => plain(span(rest)?.1),
            Kind::Quoted | Kind::Request => {
                let length = quoted_length(bytes, &field.stops)?;
                (1, length, length + 2)
            }
            Kind::Cell => match cell_length(bytes, &field.stops) {
                Some(length) => (1, length, length + 2),
                None => plain(first_stop(bytes, &field.stops)?),
            },
            Kind::Addr(_) | Kind::Dotted => plain(stop_or_blank(bytes, &field.stops)?),
            Kind::Size => plain(size(rest)?.1),
            Kind::Level => plain(match self.seen.level {
                Some((place, length)) if place == at => length?,
                _ => {
                    let length = level_length(bytes);
                    self.seen.level = Some((at, length));
                    length?
                }
            }),
            Kind::Numbered => plain(numbered_length(bytes)?),
            Kind::One(characters) => {
                plain(bytes.first().filter(|byte| characters.as_bytes().contains(byte)).map(|_| 1)?)
            }
            Kind::Words(words) => {
                let word = words.iter().find(|word| bytes.starts_with(word.as_bytes()))?;
                plain(word.len())
            }
            Kind::Time(_)
                if bytes.first() == Some(&b'-')
                    && field.stops.iter().any(|stop| bytes[1..].starts_with(stop.as_bytes())) =>
            {
                plain(1)
            }
            Kind::Time(stamp) => {
                let (time, used) = match (stamp, self.seen.iso) {
                    (Stamp::Iso, Some((place, read))) if place == at => read?,
                    _ => {
                        let read = stamp.prefix(rest, self.years);
                        if *stamp == Stamp::Iso {
                            self.seen.iso = Some((at, read));
                        }
                        read?
                    }
                };
                micros = time;
                plain(used)
            }
        };
        let start = at + start;
        self.captures.push(Capture { variant: self.variant, number: self.number, start, end: start + length, micros });
        self.number += 1;
        Some(at + used)
    }
}

/// A capture that is itself all that is used.
fn plain(length: usize) -> (usize, usize, usize) {
    (0, length, length)
}

fn at_least_one(length: usize) -> Option<usize> {
    (length > 0).then_some(length)
}

fn count(items: &[Item]) -> usize {
    let of = |item: &Item| match item {
        Item::Field(_) => 1,
        Item::Optional(inner) => count(inner),
        Item::Literal(_) | Item::Blank | Item::LineEnd => 0,
    };
    items.iter().map(of).sum()
}

/// The first place of a stop; the end where there is none to be.
fn first_stop(bytes: &[u8], stops: &[Box<str>]) -> Option<usize> {
    if stops.is_empty() {
        return Some(bytes.len());
    }
    stops.iter().filter_map(|stop| place_of(bytes, stop)).min()
}

/// The first place of a stop.
fn place_of(bytes: &[u8], stop: &str) -> Option<usize> {
    text_in(bytes, stop.as_bytes()).or_else(|| {
        // A line may end before the blank after which nothing is.
        let end = stop.strip_suffix(' ').filter(|end| !end.is_empty())?;
        bytes.ends_with(end.as_bytes()).then(|| bytes.len() - end.len())
    })
}

/// The first place of a short text: no searcher is made for each line.
#[inline]
fn text_in(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let Some((first, rest)) = text.split_first() else { return Some(0) };
    memchr::memchr_iter(*first, bytes).find(|at| bytes[at + 1..].starts_with(rest))
}

/// The end of a word that is not empty: a blank, or a stop before it.
#[inline]
fn stop_or_blank(bytes: &[u8], stops: &[Box<str>]) -> Option<usize> {
    let blank = memchr::memchr2(b' ', b'\t', bytes).unwrap_or(bytes.len());
    let word = &bytes[..blank];
    let is_plain = stops.iter().all(|stop| stop.starts_with(' '));
    let length = match is_plain {
        true => blank,
        false => {
            let inside = stops.iter().filter(|stop| !stop.starts_with(' '));
            // A stop may begin in the word and hold blanks itself.
            inside.filter_map(|stop| place_of(bytes, stop)).filter(|at| *at < blank).min().unwrap_or(word.len())
        }
    };
    at_least_one(length)
}

#[inline]
fn int_length(bytes: &[u8]) -> Option<usize> {
    let sign = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let digits = bytes[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    match digits {
        // `-` for none.
        0 => (bytes.first() == Some(&b'-')).then_some(1),
        _ => Some(sign + digits),
    }
}

#[inline]
fn float_length(bytes: &[u8]) -> Option<usize> {
    let length = int_length(bytes)?;
    match bytes.get(length) {
        Some(b'.') => Some(length + 1 + bytes[length + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count()),
        _ => Some(length),
    }
}

/// The length of a number that may have a power of ten: `1.2e3`.
fn power_length(bytes: &[u8]) -> Option<usize> {
    let length = float_length(bytes)?;
    match bytes[length..] {
        [b'e' | b'E', b'0'..=b'9', ..] => Some(length + 1 + int_length(&bytes[length + 1..])?),
        [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => Some(length + 1 + int_length(&bytes[length + 1..])?),
        _ => Some(length),
    }
}

/// The length of a text in quotes without them: up to a quote that is not escaped, before what may follow.
#[inline]
fn quoted_length(bytes: &[u8], stops: &[Box<str>]) -> Option<usize> {
    let inner = bytes.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', inner.get(at..)?)?;
        if inner[at] == b'\\' {
            at += 2;
            continue;
        }
        let after = &inner[at + 1..];
        let ends = |stop: &str| match stop.as_bytes() {
            [b' ', ..] => matches!(after.first(), Some(b' ' | b'\t')),
            stop => after.starts_with(stop),
        };
        if after.is_empty() || stops.is_empty() || stops.iter().any(|stop| ends(stop)) {
            return Some(at);
        }
        at += 1;
    }
}

/// The length of a text in quotes without them, in which two quotes are one.
fn cell_length(bytes: &[u8], stops: &[Box<str>]) -> Option<usize> {
    let inner = bytes.strip_prefix(b"\"")?;
    let mut at = memchr::memchr(b'"', inner)?;
    while inner[at + 1..].starts_with(b"\"") {
        at += 2 + memchr::memchr(b'"', &inner[at + 2..])?;
    }
    let after = &inner[at + 1..];
    (after.is_empty() || stops.iter().any(|stop| after.starts_with(stop.as_bytes()))).then_some(at)
}

#[inline]
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.$-/@#<>*+~".contains(&byte) || byte >= 0x80
}

/// Names with `::` between.
fn module_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at +=
            at_least_one(bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count())?;
        match bytes[at..].starts_with(b"::") {
            true => at += 2,
            false => return bytes[..at].contains(&b':').then_some(at),
        }
    }
}

/// A file with an ending of letters, which no address has.
fn source_length(bytes: &[u8]) -> Option<usize> {
    let length = bytes.iter().take_while(|byte| is_name(**byte)).count();
    let ending = bytes[..length].iter().rev().position(|byte| *byte == b'.')?;
    let letters = &bytes[length - ending..length];
    ((1..=6).contains(&ending) && ending + 1 < length && letters.iter().all(u8::is_ascii_lowercase)).then_some(length)
}

/// The number of a session, with the `s` of those that are the system's own.
fn session_length(bytes: &[u8]) -> Option<usize> {
    let digits = at_least_one(bytes.iter().take_while(|byte| byte.is_ascii_digit()).count())?;
    Some(digits + usize::from(bytes.get(digits) == Some(&b's')))
}

fn hex_length(bytes: &[u8], dashes: bool) -> Option<usize> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit() || dashes && **byte == b'-').count();
    bytes.first().is_some_and(u8::is_ascii_hexdigit).then_some(length)
}

/// `11/30/2026 10:00:00 AM`, `3/4/2026, 9:05`.
fn numbered_length(bytes: &[u8]) -> Option<usize> {
    let digits = |at: usize, most: usize| {
        let rest = bytes.get(at..)?;
        at_least_one(rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()).map(|count| at + count)
    };
    let byte = |at: usize, known: &[u8]| bytes.get(at).filter(|byte| known.contains(byte)).map(|_| at + 1);
    let month = byte(digits(0, 2)?, b"/")?;
    let year = byte(digits(month, 2)?, b"/")?;
    let mut at = digits(year, 4).filter(|end| *end == year + 4)?;
    at = byte(at, b",").unwrap_or(at);
    at = byte(at, b" ")?;
    at = byte(at, b" ").unwrap_or(at);
    at = digits(byte(digits(at, 2)?, b":")?, 2)?;
    if let Some(second) = byte(at, b":").and_then(|at| digits(at, 2)) {
        at = byte(second, b".,").and_then(|at| digits(at, 9)).unwrap_or(second);
    }
    let half = bytes[at..].strip_prefix(b" ").unwrap_or(&bytes[at..]);
    let is_half = matches!(half, [b'A' | b'a' | b'P' | b'p', b'M' | b'm', ..]);
    Some(if is_half { bytes.len() - half.len() + 2 } else { at })
}

/// `08:12:03`, with a fraction or without.
fn clock_length(bytes: &[u8]) -> Option<usize> {
    let is_clock = bytes.len() >= 8
        && bytes[..8]
            .iter()
            .enumerate()
            .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    if !is_clock {
        return None;
    }
    match bytes.get(8) {
        Some(b'.' | b',') => Some(9 + bytes[9..].iter().take_while(|byte| byte.is_ascii_digit()).count()),
        _ => Some(8),
    }
}

/// Words for levels, as loggers write them.
const LEVELS: [&str; 42] = [
    "trace",
    "debug",
    "info",
    "information",
    "notice",
    "warn",
    "warning",
    "error",
    "err",
    "crit",
    "critical",
    "fatal",
    "severe",
    "alert",
    "emerg",
    "emergency",
    "panic",
    "fine",
    "finer",
    "finest",
    "config",
    "verbose",
    "verb",
    "inf",
    "wrn",
    "dbg",
    "eror",
    "ftl",
    "trc",
    "dpanic",
    "audit",
    "erro",
    "fata",
    "debu",
    "trac",
    "pani",
    "warnung",
    "fehler",
    "hinweis",
    "erreur",
    "advertencia",
    "errore",
];

/// The length of a level's word at the start.
pub fn level_length(bytes: &[u8]) -> Option<usize> {
    let length = bytes.iter().take(12).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let is_level = LEVELS.iter().any(|level| level.as_bytes().eq_ignore_ascii_case(&bytes[..length]));
    // `trace8`, `DEBUG1`.
    let digit = usize::from(bytes.get(length).is_some_and(u8::is_ascii_digit));
    is_level.then_some(length + digit)
}
