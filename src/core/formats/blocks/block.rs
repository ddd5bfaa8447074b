//! Cuts a text into blocks of lines, and a block into keys with values.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::MAX_BLOCKS;
use crate::formats::scan::{Lines, is_blank, lines};
use crate::formats::{Chunk, Unit};

/// How records are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// What each record's first line begins with; `None`: something stands between records.
    pub begin: Option<String>,
    /// Rules stand between records, and blank lines inside of them.
    pub has_rules: bool,
    pub separator: u8,
}

impl Default for Style {
    fn default() -> Self {
        Self { begin: None, has_rules: false, separator: b':' }
    }
}

/// A style with what it makes of a sample.
pub struct Found {
    pub style: Style,
    pub blocks: usize,
    /// Lines, and those that are keys with values, or go on with one.
    pub lines: usize,
    pub fitting: usize,
}

/// What a text is cut into.
#[derive(Debug)]
pub enum Piece<'a> {
    Blank,
    /// A rule, or a comment.
    Frame,
    Block(Block<'a>),
}

/// The lines of a record.
#[derive(Debug)]
pub struct Block<'a> {
    pub unit: Unit,
    pub lines: Vec<&'a str>,
    /// How many of them are blank: those at the end are none of it.
    pub blank: usize,
    /// Comments between them.
    pub comments: usize,
}

/// A record: keys with their values, and what belongs to none.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    pub pairs: Vec<(&'a str, Cow<'a, str>)>,
    pub text: String,
}

/// `----`, `====`, `*** 1. row ***`, `-[ RECORD 1 ]----`, and how many rows there are.
pub fn is_rule(line: &str) -> bool {
    let line = line.trim();
    let marks = line.bytes().filter(|byte| matches!(byte, b'-' | b'=' | b'*' | b'_' | b'#')).count();
    let is_numbered = line.contains(". row") || line.contains("[ RECORD");
    let is_count = || line.contains(" in set (") && line.ends_with("sec)");
    is_count()
        || marks >= 3 && (marks == line.len() || is_numbered && (marks * 2 > line.len() || line.starts_with("-[")))
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#')
}

/// Bytes of blanks before a line's text.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The key of a line, its value, and where in the line the value begins.
pub fn pair(line: &str, separator: u8) -> Option<(&str, &str, usize)> {
    let at = memchr::memchr(separator, line.as_bytes())?;
    let key = line[..at].trim();
    let after = &line[at + 1..];
    let is_apart = match separator {
        // In LDIF a colon behind it says that the value is in base64, a `<` that it stands elsewhere (RFC 2849).
        b':' => {
            after.is_empty()
                || after.starts_with([' ', '\t', '\r'])
                || after.starts_with(": ")
                || after.starts_with("< ")
        }
        _ => true,
    };
    let value = after.trim();
    let from = if value.is_empty() { line.len() } else { value.as_ptr() as usize - line.as_ptr() as usize };
    (is_apart && is_key(key, separator)).then_some((key, value, from))
}

/// Whether a text may be a key: a few words that begin with a letter.
fn is_key(text: &str, separator: u8) -> bool {
    let most = if separator == b'=' { 1 } else { 5 };
    let is_plain = |c: char| c.is_alphanumeric() || " _-./()[]#;@%".contains(c);
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.len() <= 60
        && text.split(' ').count() <= most
        && text.chars().all(is_plain)
}

impl Style {
    /// The style that a text shows.
    pub fn find(text: &str) -> Option<Found> {
        /// Lines from which the style is told.
        const LINES: usize = 5000;
        let all: Vec<&str> = lines(&Chunk::whole(text)).map(|(_, line)| line).take(LINES).collect();
        let first = *all.iter().find(|line| !is_blank(line) && !is_comment(line))?;
        // Journald's export has a format of its own, and a document is none.
        if first.starts_with(['{', '[', '<']) || first.starts_with("__CURSOR=") {
            return None;
        }
        let rules = all.iter().filter(|line| is_rule(line)).count();
        let separator = [b':', b'=', b'|'].into_iter().max_by_key(|separator| {
            let count = all.iter().take(200).filter(|line| pair(line, *separator).is_some()).count();
            // Of equal ones the first.
            (count, u8::MAX - *separator)
        })?;
        let plain = Style { begin: None, has_rules: false, separator };
        let mut styles = Vec::new();
        if let Some(begin) = begin_of(first, separator) {
            styles.push(Style { begin: Some(begin), ..plain.clone() });
        }
        if rules >= 2 || rules == 1 && !is_rule(first) {
            styles.push(Style { has_rules: true, ..plain.clone() });
        }
        if let Some(found) = styles.into_iter().find_map(|style| style.judge(text)) {
            return Some(found);
        }
        // The first key, where it comes again without anything between: then blank lines stand inside of values.
        let keyed = pair(first, separator).filter(|_| indent(first) == 0).and_then(|(key, ..)| {
            let begin = first[..key.len() + indent(&first[key.len()..]) + 1].to_owned();
            Style { begin: Some(begin), ..plain.clone() }.judge(text)
        });
        let found = plain.judge(text);
        match (&found, &keyed) {
            (Some(blank), Some(begun)) if blank.blocks >= begun.blocks => found,
            _ => keyed.or(found),
        }
    }

    /// What the style makes of a text; `None`: its blocks have too little in common.
    fn judge(self, text: &str) -> Option<Found> {
        let (mut count, mut full, mut all, mut fitting, mut pairs) = (0, 0, 0, 0, 0);
        let mut keys = BTreeMap::<&str, usize>::new();
        for piece in blocks(&self, &Chunk::whole(text)) {
            let Piece::Block(block) = piece else { continue };
            let (of_block, own) = block.fitting(&self);
            count += 1;
            full += usize::from(own.len() >= 2);
            pairs += own.len();
            all += block.lines.len() - block.blank;
            fitting += of_block;
            own.into_iter().for_each(|key| *keys.entry(key).or_default() += 1);
            if count >= MAX_BLOCKS {
                break;
            }
        }
        let common = keys.values().filter(|times| **times * 10 >= count * 7).count();
        let is_one = count >= 2 && full * 10 >= count * 8 && common >= 2 && pairs >= count * 2;
        (is_one && fitting * 10 >= all * 7).then_some(Found { style: self, blocks: count, lines: all, fitting })
    }

    /// What a record's first line begins with, where it is no key with a value.
    fn begin_of(&self, line: &str, number: usize) -> Option<&str> {
        let begin = self.begin.as_deref().filter(|begin| number == 0 && line.starts_with(begin))?;
        pair(begin, self.separator).is_none().then_some(begin)
    }

    /// Whether a record begins with a line.
    pub fn begins(&self, line: &str) -> bool {
        self.begin.as_ref().is_some_and(|begin| line.starts_with(begin.as_str()))
    }
}

/// What a line begins with that begins each record, though it is no key with a value: `commit 3f2a…`, `Event[0]:`.
fn begin_of(line: &str, separator: u8) -> Option<String> {
    let is_hex = |word: &str| word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(rest) = line.strip_prefix("commit ") {
        return rest.split(' ').next().is_some_and(is_hex).then(|| "commit ".to_owned());
    }
    let (name, rest) = line.split_once('[')?;
    let number = rest.trim_end().strip_suffix("]:").or_else(|| rest.trim_end().strip_suffix(']'))?;
    let is_numbered = number.parse::<u64>().is_ok() && separator == b':' && !name.is_empty();
    (is_numbered && name.chars().all(char::is_alphanumeric)).then(|| format!("{name}["))
}

/// Cuts a chunk into blocks, and what is between them.
pub fn blocks<'a, 's>(style: &'s Style, chunk: &Chunk<'a>) -> Cutter<'a, 's> {
    Cutter { style, lines: lines(chunk), next: None, waiting: 0 }
}

pub struct Cutter<'a, 's> {
    style: &'s Style,
    lines: Lines<'a>,
    /// A line that was taken already.
    next: Option<(Unit, &'a str)>,
    /// Blank lines behind a block that are still to be handed over.
    waiting: usize,
}

impl<'a> Cutter<'a, '_> {
    fn line(&mut self) -> Option<(Unit, &'a str)> {
        self.next.take().or_else(|| self.lines.next())
    }

    fn is_rule(&self, line: &str) -> bool {
        self.style.begin.is_none() && is_rule(line)
    }

    /// Whether a line begins another block than the one before it.
    fn is_next(&self, line: &str, has_blank: bool) -> bool {
        match &self.style.begin {
            Some(_) => self.style.begins(line),
            None if self.style.has_rules => false,
            None => has_blank && (indent(line) == 0 || pair(line, self.style.separator).is_some()),
        }
    }
}

impl<'a> Iterator for Cutter<'a, '_> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.waiting > 0 {
            self.waiting -= 1;
            return Some(Piece::Blank);
        }
        let (unit, first) = self.line()?;
        if is_blank(first) {
            return Some(Piece::Blank);
        }
        if self.is_rule(first) || is_comment(first) {
            return Some(Piece::Frame);
        }
        let mut block = Block { unit, lines: vec![first], blank: 0, comments: 0 };
        let mut blanks = 0;
        while let Some((unit, line)) = self.line() {
            if is_blank(line) {
                blanks += 1;
                continue;
            }
            if self.is_rule(line) || self.is_next(line, blanks > 0) {
                self.next = Some((unit, line));
                break;
            }
            if is_comment(line) && self.style.begin.is_none() {
                if blanks > 0 {
                    self.next = Some((unit, line));
                    break;
                }
                block.comments += 1;
                continue;
            }
            block.lines.extend(std::iter::repeat_n("", blanks));
            block.blank += std::mem::take(&mut blanks);
            block.lines.push(line);
        }
        self.waiting = blanks;
        Some(Piece::Block(block))
    }
}

/// A line's place in its record.
enum Part<'a> {
    Pair(&'a str, &'a str),
    /// It goes on with the value before it.
    More(&'a str),
    /// It belongs to no key.
    Text(&'a str),
}

impl<'a> Block<'a> {
    /// Calls `visit` with each line that is not blank, and how many blank ones stand before it.
    fn each(&self, style: &Style, mut visit: impl FnMut(Part<'a>, usize)) {
        // Of the keys: blanks before the first, where its separator stands, and whether those of all stand there.
        let mut place: Option<(usize, usize, bool)> = None;
        // Of the value that is open: where it began, and whether it has other lines or none of its own.
        let mut open: Option<(usize, bool)> = None;
        let mut blanks = 0;
        for (number, line) in self.lines.iter().enumerate() {
            if line.is_empty() {
                blanks += 1;
                continue;
            }
            let before = std::mem::take(&mut blanks);
            if let Some(begin) = style.begin_of(line, number) {
                let (key, value) = line.split_at(begin.len());
                let key = key.trim_end_matches(|c: char| !c.is_alphanumeric());
                visit(Part::Pair(key, value.trim().trim_end_matches(':').trim_end_matches(']')), 0);
                continue;
            }
            let found = pair(line, style.separator).map(|(key, value, from)| {
                let colon = line.find(char::from(style.separator)).unwrap_or_default();
                (key, value, from, (indent(line), colon, line[..colon].ends_with("  ")))
            });
            let found = found.filter(|(_, _, _, (spaces, colon, _))| {
                place.is_none_or(|(first, first_colon, is_lined_up)| match *colon == first_colon {
                    // Names stand at the right in `\G`.
                    true => *spaces == first || style.has_rules,
                    // Words with a colon in a text below a key are none.
                    false => *spaces == first && !is_lined_up,
                })
            });
            if let Some((key, value, from, own)) = found {
                place = Some(place.unwrap_or(own));
                open = Some((from, value.is_empty()));
                visit(Part::Pair(key, value), before);
                continue;
            }
            let goes_on = |(from, is_long): (usize, bool)| before == 0 || is_long || indent(line) >= from;
            match open.filter(|open| goes_on(*open)) {
                Some((from, _)) => {
                    open = Some((from, true));
                    visit(Part::More(line), before);
                }
                None => {
                    open = None;
                    visit(Part::Text(line), before);
                }
            }
        }
    }

    /// How many lines have a key, or go on with a value, and the keys.
    fn fitting(&self, style: &Style) -> (usize, BTreeSet<&'a str>) {
        let (mut fitting, mut keys) = (0, BTreeSet::new());
        self.each(style, |part, _| match part {
            Part::Pair(key, _) => {
                fitting += 1;
                keys.insert(key);
            }
            // Text that is not set in may be anything.
            Part::More(line) => fitting += usize::from(indent(line) > 0 || style.begin.is_some()),
            Part::Text(line) => fitting += usize::from(indent(line) > 0),
        });
        (fitting, keys)
    }

    pub fn record(&self, style: &Style) -> Record<'a> {
        let mut record = Record::default();
        let is_ldif = self.lines[0].starts_with("dn:") && style.separator == b':';
        self.each(style, |part, blanks| match part {
            // Between the changes of an entry.
            Part::More("-") | Part::Text("-") if is_ldif => {}
            Part::Pair(key, value) => record.pairs.push((key, tidy(value))),
            // A value in LDIF is folded wherever it is too long (RFC 2849).
            Part::More(line) if is_ldif => match (line.strip_prefix(' '), record.pairs.last_mut()) {
                (Some(rest), Some((_, value))) => value.to_mut().push_str(rest),
                _ => add_line(&mut record.text, line, blanks),
            },
            Part::More(line) => {
                let Some((_, value)) = record.pairs.last_mut() else { return };
                let value = value.to_mut();
                let line = match style.separator {
                    // `psql` ends a line of a value with `+`, and begins the next one behind its `|`.
                    b'|' if value.ends_with('+') => {
                        value.truncate(value[..value.len() - 1].trim_end().len());
                        line.trim_start().strip_prefix('|').unwrap_or(line)
                    }
                    _ => line,
                };
                add_line(value, line, blanks);
            }
            Part::Text(line) => add_line(&mut record.text, line, blanks),
        });
        if is_ldif {
            record.pairs.iter_mut().for_each(|(_, value)| decode(value));
        }
        record
    }
}

/// Takes the base64 off a value of LDIF that is text; what is none keeps it, without its mark.
fn decode(value: &mut Cow<str>) {
    use base64::Engine;
    let Some(coded) = value.strip_prefix(':') else { return };
    let coded = coded.trim();
    let bytes = base64::engine::general_purpose::STANDARD.decode(coded).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.filter(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')));
    *value = Cow::Owned(text.unwrap_or_else(|| coded.to_owned()));
}

/// A line below others; a point alone is an empty one (`deb822`).
fn add_line(text: &mut String, line: &str, blanks: usize) {
    if !text.is_empty() {
        text.push('\n');
        text.extend(std::iter::repeat_n('\n', blanks));
    }
    let line = line.trim();
    text.push_str(if line == "." { "" } else { line });
}

/// A time with one blank between its day and its clock, where two are written.
fn tidy(value: &str) -> Cow<'_, str> {
    match value.split_once("  ") {
        Some((day, clock)) if crate::data::instants::is_plain_date(day) && clock.contains(':') => {
            Cow::Owned(format!("{day} {}", clock.trim_start()))
        }
        _ => Cow::Borrowed(value),
    }
}
