//! How a table is written: separator, quotes, header, lines before it, numbers; judged from a sample. Imports data.

use std::collections::{BTreeMap, BTreeSet};

use super::csv_frame::{are_units, is_sum};
use super::csv_records::{Dialect, Span};
use super::infer::TextGuess;
use super::numbers::NumberStyle;
use crate::data::instants::timestamp_prefix;
use crate::data::{DataType, Field, Schema};

/// Bytes beyond which a text names no column.
const MAX_NAME: usize = 64;

/// Separators that are tried, the likelier first.
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Whether the first record names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    Auto,
    Yes,
    No,
}

/// How lines end: a sample with returns alone is of an old Mac, or of a spreadsheet that writes as one did.
pub fn line_end(text: &str) -> u8 {
    match memchr::memchr2(b'\n', b'\r', text.as_bytes()) {
        Some(first) if text.as_bytes()[first] == b'\r' && !text.contains('\n') => b'\r',
        _ => b'\n',
    }
}

/// Whether what looks like a separator is punctuation: a blank follows nearly each.
pub fn is_prose(text: &str, separator: u8) -> bool {
    let bytes = text.as_bytes();
    let (mut all, mut spaced) = (0, 0);
    for at in memchr::memchr_iter(separator, bytes) {
        all += 1;
        spaced += usize::from(bytes.get(at + 1) == Some(&b' '));
    }
    spaced * 5 > all * 4
}

/// Whether what looks like a separator is the comma of a time such as `17:41:44,747`: a log is no table.
pub fn is_of_times(text: &str, separator: u8) -> bool {
    let (mut lines, mut fractions) = (0, 0);
    for line in text.lines().take(200) {
        lines += 1;
        fractions += usize::from(has_fraction(line.as_bytes()));
    }
    separator == b',' && fractions * 3 > lines
}

/// Whether a clock is followed by a fraction behind a comma that ends no field: `10:00:00,123 INFO`.
fn has_fraction(line: &[u8]) -> bool {
    let digits = |from: usize| line[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_fraction = |at: usize| {
        let clock = at.checked_sub(6).map(|from| &line[from..at]);
        let is_clock = clock
            .is_some_and(|clock| matches!(clock, [b':', _, _, b':', ..] if clock[4..].iter().all(u8::is_ascii_digit)));
        let count = digits(at + 1);
        is_clock && matches!(count, 3 | 6) && !matches!(line.get(at + 1 + count), None | Some(b',' | b'\r' | b'"'))
    };
    memchr::memchr_iter(b',', line).any(is_fraction)
}

/// How a file is written, as its sample shows.
pub struct Sniffed {
    pub dialect: Dialect,
    /// Lines before the table.
    pub skip: usize,
    pub columns: usize,
    pub fitting: usize,
    pub records: usize,
}

/// Columns that a table may have.
pub const MAX_COLUMNS: usize = 100_000;

/// Lines before a table, at most.
const MAX_SKIP: usize = 20;

/// Finds the separator that splits the most records into the same number of fields, two at least; lines of comment at
/// the top, quotes that are escaped, and lines before the table.
pub fn sniff(text: &str, quote: Option<u8>) -> Option<Sniffed> {
    // A line of separators alone is no table; each of its fields would be looked at.
    let first = text.split(['\n', '\r']).find(|line| !line.is_empty()).unwrap_or_default().as_bytes();
    if SEPARATORS.iter().any(|separator| memchr::memchr_iter(*separator, first).nth(MAX_COLUMNS).is_some()) {
        return None;
    }
    let base = Dialect { comment: comment_of(text), ..Dialect::new(b',', quote, line_end(text)) };
    let found = sniff_quotes(text, quote, base)?;
    match found.has_rows_like_comments(text) {
        true => sniff_quotes(text, quote, Dialect { comment: None, ..base }),
        false => Some(found),
    }
}

fn sniff_quotes(text: &str, quote: Option<u8>, base: Dialect) -> Option<Sniffed> {
    let plain = sniff_separators(text, base);
    if !text.contains("\\\"") || quote != Some(b'"') {
        return plain;
    }
    let escaped = sniff_separators(text, Dialect { escape: Some(b'\\'), ..base });
    let fitting = |found: &Option<Sniffed>| found.as_ref().map_or(0, |found| found.fitting);
    if fitting(&escaped) > fitting(&plain) { escaped } else { plain }
}

fn sniff_separators(text: &str, base: Dialect) -> Option<Sniffed> {
    let mut best: Option<Sniffed> = None;
    for separator in SEPARATORS {
        let dialect = Dialect { separator, ..base };
        let mut counts = BTreeMap::<usize, usize>::new();
        // Of the first records, where they begin and how many fields they have.
        let mut first = Vec::new();
        let mut records = 0;
        each_record(dialect, text, |at, record| {
            records += 1;
            if let Some(fields) = record {
                *counts.entry(fields.len()).or_default() += 1;
            }
            if records <= MAX_SKIP {
                first.push((at, record.map_or(0, <[String]>::len)));
            }
            records < 2000
        });
        let Some((columns, fitting)) = counts.into_iter().max_by_key(|(columns, count)| (*count, *columns)) else {
            continue;
        };
        let better = best.as_ref().is_none_or(|best| (fitting, columns) > (best.fitting, best.columns));
        if columns >= 2 && better {
            let mut found = Sniffed { dialect, skip: 0, columns, fitting, records };
            found.set_skip(text, &first);
            best = Some(found);
        }
    }
    best
}

impl Sniffed {
    /// Whether lines that would be comments have all fields of the table, behind its first record: `#4711,open`.
    fn has_rows_like_comments(&self, text: &str) -> bool {
        let Some(mark) = self.dialect.comment else { return false };
        let plain = Dialect { comment: None, ..self.dialect };
        let (mut has_begun, mut is_found) = (false, false);
        each_record(plain, text, |at, record| {
            let is_comment = text.as_bytes().get(at) == Some(&mark);
            // `# text` is meant as one.
            let is_value = text.as_bytes().get(at + 1).is_some_and(|byte| !byte.is_ascii_whitespace());
            is_found = has_begun && is_comment && is_value && record.is_some_and(|fields| fields.len() == self.columns);
            has_begun |= !is_comment;
            !is_found
        });
        is_found
    }

    /// Lines that have fewer fields than the table are none of it, where a header follows them.
    fn set_skip(&mut self, text: &str, first: &[(usize, usize)]) {
        let Some(place) = first.iter().position(|(_, fields)| *fields == self.columns) else { return };
        let is_before = |(_, fields): &(usize, usize)| *fields < self.columns;
        if place == 0 || place >= self.fitting || !first[..place].iter().all(is_before) {
            return;
        }
        let start = first[place].0;
        let (before, table) = (Table::read(self.dialect, &text[..start]), Table::read(self.dialect, &text[start..]));
        // A table itself, which got a column later.
        if place > 1 && before.first.len() > 1 && before.first.iter().all(|name| table.first.contains(name)) {
            return;
        }
        if table.has_header(Header::Auto) {
            self.skip = memchr::memchr_iter(self.dialect.end, &text.as_bytes()[..start]).count();
            self.records -= place;
        }
    }
}

/// `#`, where the first lines begin with it and most do not. A line of it that names the columns is the header.
fn comment_of(text: &str) -> Option<u8> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let is_comment = |line: &&str| line.starts_with('#');
    let comments = lines.by_ref().take_while(is_comment).count();
    (comments > 0 && lines.filter(|line| !is_comment(line)).count() + 1 > comments).then_some(b'#')
}

/// The text behind its first `skip` lines.
pub fn skipped(text: &str, skip: usize, end: u8) -> &str {
    match skip.checked_sub(1).and_then(|last| memchr::memchr_iter(end, text.as_bytes()).nth(last)) {
        Some(at) => &text[at + 1..],
        None if skip == 0 => text,
        None => "",
    }
}

/// Calls `visit` with the place and the fields of each record that is not blank (`None`: malformed) while it returns
/// true.
fn each_record(dialect: Dialect, text: &str, mut visit: impl FnMut(usize, Option<&[String]>) -> bool) {
    let mut at = 0;
    let mut fields = Vec::new();
    loop {
        fields.clear();
        let Some(record) = dialect.record(text.as_bytes(), at, true, |_, span| fields.push(plain(text, span, dialect)))
        else {
            return;
        };
        let start = std::mem::replace(&mut at, record.next);
        let is_none = record.is_comment || is_blank(&text[start..record.end]);
        if !is_none && !visit(start, record.fault.is_none().then_some(&fields[..])) {
            return;
        }
    }
}

/// A field's text, doubled quotes made single.
pub fn plain(text: &str, span: Span, dialect: Dialect) -> String {
    let field = &text[span.start..span.end];
    if !span.doubled {
        return field.to_owned();
    }
    let mut plain = String::with_capacity(field.len());
    dialect.write_plain(field, &mut plain);
    plain
}

/// Nothing but blanks and NUL bytes; tabs may be separators.
#[inline]
pub fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ' || byte == 0)
}

/// Sampled records, from which header and types are judged.
pub struct Table {
    dialect: Dialect,
    first: Vec<String>,
    /// Records after the first that have as many fields, and are not the same again.
    rest: Vec<Vec<String>>,
    /// The first record comes again.
    is_repeated: bool,
    /// Columns with numbers in quotes whose text says more than the number.
    written: Vec<bool>,
    /// Some numbers have no quotes, so that those that have some are texts.
    has_bare_numbers: bool,
    /// The record below the first one tells units.
    pub has_units: bool,
}

impl Table {
    pub fn read(dialect: Dialect, text: &str) -> Self {
        let mut table = Self {
            dialect,
            first: Vec::new(),
            rest: Vec::new(),
            is_repeated: false,
            written: Vec::new(),
            has_bare_numbers: false,
            has_units: false,
        };
        table.add(text);
        table.widen_header(text);
        table.leave_frame();
        table
    }

    /// Where all rows have one field more than the first record, the last column has no name: Windows' Event Viewer writes
    /// such headers. Where the rows are numbered, the numbers may be what has none.
    fn widen_header(&mut self, text: &str) {
        if self.first.len() < 2 || !self.rest.is_empty() {
            return;
        }
        self.first.push(String::new());
        self.add(text);
        let is_numbered = self.rest.iter().zip(1..).all(|(record, number)| record[0].trim() == number.to_string());
        if self.rest.len() < 2 || is_numbered || !self.has_header(Header::Auto) {
            self.first.pop();
            self.rest.clear();
        }
    }

    /// Leaves out what is no row: units below the header, a sum below the rows.
    fn leave_frame(&mut self) {
        const FEWEST: usize = 3;
        if self.rest.len() < FEWEST {
            return;
        }
        let is_number = |rows: &[Vec<String>], column: usize| {
            let texts = || rows.iter().map(|record| record[column].trim()).filter(|text| !text.is_empty());
            let is_number =
                |text: &str| text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic);
            texts().next().is_some() && texts().all(is_number)
        };
        self.has_units =
            are_units(self.rest[0].iter().map(String::as_str), |column| is_number(&self.rest[1..], column));
        if self.has_units {
            self.rest.remove(0);
        }
        let last = self.rest.len() - 1;
        if is_sum(&self.rest[last][0]) && is_number(&self.rest[..last], 0) {
            self.rest.pop();
        }
    }

    /// Records that have the same number of fields.
    pub fn len(&self) -> usize {
        self.rest.len() + usize::from(!self.first.is_empty())
    }

    pub fn add(&mut self, text: &str) {
        each_record(self.dialect, text, |_, record| {
            match record {
                Some(fields) if self.first.is_empty() => self.first = fields.to_vec(),
                Some(fields) if fields == self.first => self.is_repeated = true,
                Some(fields) if fields.len() == self.first.len() => self.rest.push(fields.to_vec()),
                _ => {}
            }
            true
        });
        self.note_quotes(text);
    }

    fn note_quotes(&mut self, text: &str) {
        if self.dialect.quote.is_none_or(|quote| memchr::memchr(quote, text.as_bytes()).is_none()) {
            return self.written.resize(self.first.len(), false);
        }
        let (mut at, mut written) = (0, std::mem::take(&mut self.written));
        written.resize(self.first.len(), false);
        let mut note = |column: usize, span: Span| {
            let text = text[span.start..span.end].trim();
            let Some(number) = super::numbers::float(text) else { return };
            self.has_bare_numbers |= !span.quoted;
            if span.quoted && text.contains(['.', 'e', 'E']) && number.to_string() != text {
                written.get_mut(column).into_iter().for_each(|written| *written = true);
            }
        };
        while let Some(record) = self.dialect.record(text.as_bytes(), at, true, &mut note) {
            at = record.next;
        }
        self.written = written;
    }

    /// Whether the first record names columns: names are texts, most of them once, and none is met again below itself,
    /// unless what stands below other names is no text.
    pub fn has_header(&self, header: Header) -> bool {
        match header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => {
                let names: Vec<(usize, &str)> = self
                    .first
                    .iter()
                    .map(|name| name.trim())
                    .enumerate()
                    .filter(|(_, name)| !name.is_empty())
                    .collect();
                let distinct: BTreeSet<&str> = names.iter().map(|(_, name)| *name).collect();
                let is_name = |name: &str| {
                    let mut guess = TextGuess::default();
                    guess.add(name);
                    guess.data_type() == DataType::String
                        && name.chars().any(char::is_alphabetic)
                        && name.len() <= MAX_NAME
                        && has_closed_brackets(name)
                };
                let is_once =
                    |(column, name): &(usize, &str)| self.rest.iter().all(|record| record[*column].trim() != *name);
                // Records that are all the same are rows.
                let is_alone = self.is_repeated && self.rest.is_empty();
                distinct.len() * 2 > names.len()
                    && !is_alone
                    && !self.is_row(&names)
                    && names.iter().all(|(_, name)| is_name(name))
                    && (names.iter().all(is_once) || names.iter().any(|(column, name)| self.is_typed(*column, name)))
            }
        }
    }

    /// Whether the first record is one of the rows, by what no name looks like and all below it does: an address with
    /// `@`, a code with letters behind digits, a size, a path.
    fn is_row(&self, names: &[(usize, &str)]) -> bool {
        let is_value = |(column, name): &(usize, &str)| {
            let kind = value_kind(name);
            let mut below =
                self.rest.iter().map(|record| record[*column].trim()).filter(|text| !text.is_empty()).peekable();
            kind.is_some() && below.peek().is_some() && below.all(|text| value_kind(text) == kind)
        };
        let is_no_name = |name: &str| {
            let behind_digit = |pair: &[u8]| pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic();
            name.contains('@') || name.as_bytes().windows(2).any(behind_digit)
        };
        !names.iter().any(|(column, name)| self.is_typed(*column, name))
            && (names.iter().any(|(column, name)| is_no_name(name) && self.likeness(*column, name) == Some(1.0))
                || names.iter().any(is_value))
    }

    /// Whether all values of the rows stand in one of the columns.
    pub fn has_one_full_column(&self) -> bool {
        let is_full = |column: &usize| self.rest.iter().any(|record| !record[*column].trim().is_empty());
        (0..self.first.len()).filter(is_full).count() == 1
    }

    /// Whether nothing tells a header from the rows: all are texts, and the names look as what stands below them does.
    pub fn is_guess(&self) -> bool {
        let mut names = self.first.iter().map(|name| name.trim()).enumerate();
        let looks_like_a_value = |(column, name): (usize, &str)| {
            !self.is_typed(column, name) && self.likeness(column, name).is_some_and(|share| share > 0.5)
        };
        self.has_header(Header::Auto) && names.all(looks_like_a_value)
    }

    /// The share of the values below a name that are written as it is, letter for letter and digit for digit; `None`:
    /// there are none.
    fn likeness(&self, column: usize, name: &str) -> Option<f64> {
        let shape = shape(name);
        let values: Vec<&str> =
            self.rest.iter().map(|record| record[column].trim()).filter(|text| !text.is_empty()).collect();
        let like = values.iter().filter(|value| self::shape(value) == shape).count();
        (!values.is_empty()).then(|| like as f64 / values.len() as f64)
    }

    /// Whether all that stands below a name is numbers, times or the like, and the name is none that stands for a
    /// missing one.
    fn is_typed(&self, column: usize, name: &str) -> bool {
        const MISSING: [&str; 6] = ["n/a", "na", "nan", "nil", "none", "null"];
        let mut guess = TextGuess::default();
        let values = self.rest.iter().map(|record| record[column].trim()).filter(|text| !text.is_empty());
        let count = values.inspect(|text| guess.add(text)).count();
        count > 0 && guess.data_type() != DataType::String && !MISSING.contains(&name.to_lowercase().as_str())
    }

    /// How numbers are written, where a column is made of such: with a comma before the fraction, where it separates no
    /// fields; with points, blanks or apostrophes between groups of digits.
    pub fn number_style(&self) -> NumberStyle {
        let mut scratch = String::new();
        let mut found = NumberStyle::PLAIN;
        for column in 0..self.first.len() {
            let texts = || self.rest.iter().map(|record| record[column].trim()).filter(|text| !text.is_empty());
            let (decimal, groups): (char, &[char]) = match texts().any(|text| text.contains(',')) {
                true if self.dialect.separator == b',' => continue,
                true => (',', &['.', ' ', '\'']),
                false => ('.', &[' ', '\'']),
            };
            let styles = groups.iter().map(|mark| NumberStyle { decimal, thousands: Some(*mark) });
            let fits = styles.into_iter().find(|style| texts().all(|text| style.plain(text, &mut scratch).is_some()));
            let Some(style) = fits else { continue };
            if texts().any(|text| text.contains(|c| style.groups(c))) {
                found.thousands = style.thousands;
            }
            if decimal == ',' {
                found.decimal = ',';
            }
        }
        found
    }

    pub fn schema(&self, header: Header, style: NumberStyle) -> Schema {
        let named = self.has_header(header);
        let mut scratch = String::new();
        let mut guesses = vec![TextGuess::default(); self.first.len()];
        for record in self.rest.iter().chain((!named).then_some(&self.first)) {
            for (guess, text) in guesses.iter_mut().zip(record).filter(|(_, text)| !text.trim().is_empty()) {
                guess.add(number_text(text, style, &mut scratch));
            }
        }
        let names = if named { unique_names(&self.first) } else { numbered_names(self.first.len()) };
        let fields = names.iter().zip(guesses).zip(&self.written);
        let field = |((name, guess), written): ((&String, TextGuess), &bool)| match *written && self.has_bare_numbers {
            true => Field::new(name, DataType::String),
            false => guess.field(name),
        };
        Schema::new(fields.map(field).collect())
    }
}

/// Whether no bracket of a text is open: the text is no piece of a longer one, such as a call.
fn has_closed_brackets(text: &str) -> bool {
    let count = |bracket: char| text.chars().filter(|c| *c == bracket).count();
    [('(', ')'), ('[', ']'), ('{', '}')].iter().all(|(open, close)| count(*open) == count(*close))
}

/// What a text is that names no column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    /// `12K`, `1.2 GiB`, `0B`.
    Size,
    /// `/var/log`, `./a b`, `C:\\x`.
    Path,
    /// A day and a clock, with or without more.
    Time,
    /// `192.0.2.7:80`, `3.0.13-1~deb12u1`, `v1.2`.
    Version,
}

fn value_kind(text: &str) -> Option<ValueKind> {
    let bytes = text.as_bytes();
    let digits = text.trim_start_matches('v');
    let number = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, behind) = digits.split_at(number);
    let has_number = number.starts_with(|c: char| c.is_ascii_digit());
    match bytes {
        [b'/', b'!'..=b'~', ..] | [b'.', b'/', ..] | [b'.', b'.', b'/', ..] | [b'A'..=b'Z', b':', b'\\', ..] => {
            Some(ValueKind::Path)
        }
        _ if timestamp_prefix(bytes).is_some() => Some(ValueKind::Time),
        _ if has_number && is_size_unit(behind.trim_start()) => Some(ValueKind::Size),
        _ if has_number && number.contains('.') && !text.contains(char::is_whitespace) => Some(ValueKind::Version),
        _ => None,
    }
}

fn is_size_unit(unit: &str) -> bool {
    let rest = unit.strip_prefix(['k', 'K', 'M', 'G', 'T', 'P']).unwrap_or(unit);
    !unit.is_empty() && ["", "B", "iB", "i", "b"].contains(&rest)
}

/// How a text is written: small and capital letters, digits, whatever their number, and other characters.
fn shape(text: &str) -> String {
    let mut kinds: Vec<char> = text
        .chars()
        .map(|c| match c {
            _ if c.is_uppercase() => 'A',
            _ if c.is_alphabetic() => 'a',
            _ if c.is_numeric() => '0',
            other => other,
        })
        .collect();
    kinds.dedup();
    kinds.into_iter().collect()
}

/// A text as types are guessed from it: a number in the spelling that is read, where the style has another.
fn number_text<'a>(text: &'a str, style: NumberStyle, scratch: &'a mut String) -> &'a str {
    if style == NumberStyle::PLAIN {
        return text;
    }
    // What would be read as another number than is written stays text.
    match style.plain(text, scratch) {
        Some(plain) => plain,
        None if super::numbers::float(text.trim()).is_some() => "text",
        None => text,
    }
}

/// Column names from a header: trimmed, `column_3` where empty, `name_2` where met again.
pub fn unique_names(header: &[String]) -> Vec<String> {
    let mut names = Vec::with_capacity(header.len());
    let (mut taken, mut numbers) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for (index, name) in header.iter().enumerate() {
        let name = name.trim().trim_start_matches('\u{feff}');
        let name = if name.is_empty() { format!("column_{}", index + 1) } else { name.to_owned() };
        let mut free = name.clone();
        while !taken.insert(free.clone()) {
            // Goes on where the last one of that name stopped: a header may repeat one name ten thousand times.
            let number = numbers.entry(name.clone()).and_modify(|number| *number += 1).or_insert(2);
            free = format!("{name}_{number}");
        }
        names.push(free);
    }
    names
}

fn numbered_names(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("column_{number}")).collect()
}
