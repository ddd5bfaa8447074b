//! CSV and its kin (TSV, semicolons, pipes): RFC 4180 with what files make of it. Imports data.
//!
//! An empty field is null; an empty one in quotes is empty text; where there is one column only, an empty line is null. A field that cannot be read as its column's type
//! is null and the row stays. A record with another number of fields than the header is kept aside: which column a
//! missing field belongs to cannot be known.

use std::collections::{BTreeMap, BTreeSet};

use super::cell::{Cell, Fit};
use super::csv_records::{Dialect, Span};
use super::infer::TextGuess;
use super::{
    Chunk, Columns, Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, Unit, scan,
};
use crate::data::instants::timestamp_prefix;
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;

/// The format `csv`.
pub struct Csv;

/// Bytes beyond which a text names no column.
const MAX_NAME: usize = 64;

/// Columns of the widest table.
const MAX_COLUMNS: usize = 100_000;

/// Separators that are tried, the likelier first.
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

const OPTIONS: [OptionSpec; 3] = [
    OptionSpec {
        name: "separator",
        kind: OptionKind::Text,
        default: "auto",
        doc: "one character between the fields, or `tab`; `auto`: found from the sample",
    },
    OptionSpec {
        name: "quote",
        kind: OptionKind::Text,
        default: "\"",
        doc: "the character around fields that hold separators or line ends; `none`: quotes mean nothing",
    },
    OptionSpec {
        name: "header",
        kind: OptionKind::Choice(&["auto", "yes", "no"]),
        default: "auto",
        doc: "whether the first record names the columns",
    },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    Auto,
    Yes,
    No,
}

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn title(&self) -> &'static str {
        "CSV"
    }

    fn doc(&self) -> &'static str {
        "Fields with a separator between them: comma, tab, semicolon, pipe or another character. Quoted fields may hold \
         separators and line ends. The first record may name the columns; types come from a sample. Empty fields are \
         null, records with too many or too few fields are kept aside."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["id,name,price\n1,apple,0.5\n2,pear,0.75\n3,plum,0.25"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let text = scan::text(&sample.head);
        if text.trim_start().starts_with(['{', '[', '<']) {
            return None;
        }
        let sniffed = sniff(text, Some(b'"'))?;
        let Sniffed { dialect: Dialect { separator, .. }, fitting, records, .. } = sniffed;
        let table = Table::read(sniffed.dialect, text);
        let header = table.has_header(Header::Auto);
        // Without names the counts alone speak for it, and text has commas as well.
        if !header && (fitting * 5 < records * 4 || is_prose(text, separator)) {
            return None;
        }
        let mut weight = match (header, sniffed.columns) {
            (true, 3..) => 85,
            (true, _) => 70,
            (false, 4..) => 60,
            (false, _) => 45,
        };
        if records < 3 {
            weight -= 20;
        }
        let name = sample.name.to_ascii_lowercase();
        if [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst"].iter().any(|end| name.ends_with(end)) {
            weight = weight.max(70) + 10;
        }
        let spec = FormatSpec::new("csv")
            .with("separator", &separator_text(separator))
            .with("header", if header { "yes" } else { "no" });
        let what = format!("have {} fields, separated by {}", sniffed.columns, separator_words(separator));
        let mut found = scan::recognition(spec, fitting, records, weight, "record", &what)?;
        found.reasons.push(match header {
            true => "the first record names the columns".to_owned(),
            false => "the first record looks like the others: there is no header".to_owned(),
        });
        Some(found)
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let text = scan::text(&sample.head);
        let quote = match spec.option("quote").unwrap_or("\"") {
            "none" | "" => None,
            written => Some(one_character(written, "quote")?),
        };
        let separator = match spec.option("separator").unwrap_or("auto") {
            "auto" | "" => sniff(text, quote).map_or(b',', |sniffed| sniffed.dialect.separator),
            written => one_character(written, "separator")?,
        };
        let header = match spec.option("header").unwrap_or("auto") {
            "yes" => Header::Yes,
            "no" => Header::No,
            _ => Header::Auto,
        };
        let dialect = Dialect { separator, quote, end: line_end(text) };
        if header != Header::No {
            check_first_line(dialect, sample)?;
        }
        let schema = schema.cloned().unwrap_or_else(|| {
            let mut table = Table::read(dialect, text);
            for further in &sample.further {
                table.add(scan::text(further));
            }
            table.schema(header)
        });
        let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
        Ok(Box::new(CsvParser { dialect, header, schema, cells }))
    }
}

/// The first record is to be had whole, and no wider than a table can be: columns that nobody can tell would be null in
/// every row, or every row turned away.
fn check_first_line(dialect: Dialect, sample: &Sample) -> Result<(), Diagnostic> {
    let size = sample.head.len();
    if !sample.whole && size > 0 && memchr::memchr(dialect.end, &sample.head).is_none() {
        let message =
            format!("the first line does not end within its first {} KiB, so it cannot name columns", size >> 10);
        return Err(Diagnostic::error("PW0490", message)
            .help("see whether this is a table at all, and its lines end as lines do; a table without names is read with the option `header` set to `no`"));
    }
    let separators = memchr::memchr_iter(dialect.separator, &sample.head).take(MAX_COLUMNS).count();
    if separators < MAX_COLUMNS {
        return Ok(());
    }
    let first = dialect.record(&sample.head, 0, true, |_, _| {}).map_or(0, |record| record.fields);
    match first > MAX_COLUMNS {
        false => Ok(()),
        true => Err(Diagnostic::error(
            "PW0491",
            format!("the first record has {first} fields, more than the {MAX_COLUMNS} columns that a table may have"),
        )
        .help("see whether the separator is right; what is named by data belongs into rows: one row for each value")),
    }
}

/// How lines end: a sample with returns alone is of an old Mac, or of a spreadsheet that writes as one did.
fn line_end(text: &str) -> u8 {
    match memchr::memchr2(b'\n', b'\r', text.as_bytes()) {
        Some(first) if text.as_bytes()[first] == b'\r' && !text.contains('\n') => b'\r',
        _ => b'\n',
    }
}

fn one_character(written: &str, option: &str) -> Result<u8, Diagnostic> {
    match written {
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        "space" => Ok(b' '),
        _ => match written.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
            _ => Err(Diagnostic::error("PW0852", format!("the {option} `{written}` is not one character"))
                .help("give one ASCII character, or `tab`")
                .field(option)),
        },
    }
}

fn separator_text(separator: u8) -> String {
    if separator == b'\t' { "tab".to_owned() } else { char::from(separator).to_string() }
}

fn separator_words(separator: u8) -> &'static str {
    match separator {
        b'\t' => "tabs",
        b';' => "semicolons",
        b'|' => "pipes",
        _ => "commas",
    }
}

/// Whether what looks like a separator is punctuation: a blank follows nearly each, or it is the comma of a time
/// such as `17:41:44,747`.
fn is_prose(text: &str, separator: u8) -> bool {
    let bytes = text.as_bytes();
    let (mut all, mut spaced) = (0, 0);
    for at in memchr::memchr_iter(separator, bytes) {
        all += 1;
        spaced += usize::from(bytes.get(at + 1) == Some(&b' '));
    }
    let (mut lines, mut fractions) = (0, 0);
    for line in text.lines().take(200) {
        lines += 1;
        let stamp = timestamp_prefix(line.as_bytes()).and_then(|(_, used)| line.get(..used));
        fractions += usize::from(stamp.is_some_and(|stamp| stamp.contains(',')));
    }
    spaced * 5 > all * 4 || fractions * 3 > lines
}

/// A separator that splits most records alike.
struct Sniffed {
    dialect: Dialect,
    columns: usize,
    fitting: usize,
    records: usize,
}

/// Finds the separator that splits the most records into the same number of fields, two at least.
fn sniff(text: &str, quote: Option<u8>) -> Option<Sniffed> {
    let mut best: Option<Sniffed> = None;
    for separator in SEPARATORS {
        let dialect = Dialect { separator, quote, end: line_end(text) };
        let mut counts = BTreeMap::<usize, usize>::new();
        let mut records = 0;
        each_record(dialect, text, |record| {
            records += 1;
            if let Some(fields) = record {
                *counts.entry(fields.len()).or_default() += 1;
            }
            records < 2000
        });
        let Some((columns, fitting)) = counts.into_iter().max_by_key(|(columns, count)| (*count, *columns)) else {
            continue;
        };
        let better = best.as_ref().is_none_or(|best| (fitting, columns) > (best.fitting, best.columns));
        if columns >= 2 && better {
            best = Some(Sniffed { dialect, columns, fitting, records });
        }
    }
    best
}

/// Calls `visit` with the fields of each record that is not blank (`None`: malformed) while it returns true.
fn each_record(dialect: Dialect, text: &str, mut visit: impl FnMut(Option<&[String]>) -> bool) {
    let mut at = 0;
    let mut fields = Vec::new();
    loop {
        fields.clear();
        let Some(record) =
            dialect.record(text.as_bytes(), at, true, |_, span| fields.push(plain(text, span, dialect.quote)))
        else {
            return;
        };
        let blank = is_blank(&text[at..record.end]);
        at = record.next;
        if !blank && !visit(record.fault.is_none().then_some(&fields[..])) {
            return;
        }
    }
}

/// A field's text, doubled quotes made single.
fn plain(text: &str, span: Span, quote: Option<u8>) -> String {
    let field = &text[span.start..span.end];
    match quote.filter(|_| span.doubled) {
        Some(quote) => {
            let quote = char::from(quote).to_string();
            field.replace(&quote.repeat(2), &quote)
        }
        None => field.to_owned(),
    }
}

/// Nothing but blanks and NUL bytes; tabs may be separators.
#[inline]
fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ' || byte == 0)
}

/// Sampled records, from which header and types are judged.
struct Table {
    dialect: Dialect,
    first: Vec<String>,
    /// Records after the first that have as many fields.
    rest: Vec<Vec<String>>,
}

impl Table {
    fn read(dialect: Dialect, text: &str) -> Self {
        let mut table = Self { dialect, first: Vec::new(), rest: Vec::new() };
        table.add(text);
        table
    }

    fn add(&mut self, text: &str) {
        each_record(self.dialect, text, |record| {
            match record {
                Some(fields) if self.first.is_empty() => self.first = fields.to_vec(),
                Some(fields) if fields.len() == self.first.len() && fields != self.first => {
                    self.rest.push(fields.to_vec());
                }
                _ => {}
            }
            true
        });
    }

    /// Whether the first record names columns: names are texts, most of them once, and none is met again below itself.
    fn has_header(&self, header: Header) -> bool {
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
                distinct.len() * 2 > names.len()
                    && names.iter().all(|(column, name)| {
                        let mut guess = TextGuess::default();
                        guess.add(name);
                        guess.data_type() == DataType::String
                            && name.chars().any(char::is_alphabetic)
                            && name.len() <= MAX_NAME
                            && self.rest.iter().all(|record| record[*column].trim() != *name)
                    })
            }
        }
    }

    fn schema(&self, header: Header) -> Schema {
        let named = self.has_header(header);
        let mut guesses = vec![TextGuess::default(); self.first.len()];
        for record in self.rest.iter().chain((!named).then_some(&self.first)) {
            for (guess, text) in guesses.iter_mut().zip(record).filter(|(_, text)| !text.trim().is_empty()) {
                guess.add(text);
            }
        }
        let names = if named { unique_names(&self.first) } else { numbered_names(self.first.len()) };
        Schema::new(names.into_iter().zip(guesses).map(|(name, guess)| Field::new(name, guess.data_type())).collect())
    }
}

/// Column names from a header: trimmed, `column_3` where empty, `name_2` where met again.
fn unique_names(header: &[String]) -> Vec<String> {
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

struct CsvParser {
    dialect: Dialect,
    header: Header,
    schema: Schema,
    cells: Vec<Cell>,
}

/// How one file's records lie to the schema.
struct Layout {
    /// By place in the record, the column; `None`: the schema does not have it.
    columns: Vec<Option<usize>>,
    /// Names of the places that the schema does not have.
    unknown: Vec<String>,
    /// The header record as written, to know it again; empty: none.
    header: String,
}

impl CsvParser {
    /// Judges the file by its first record.
    fn layout(&self, chunk: &Chunk) -> Layout {
        let head = if chunk.head.is_empty() { chunk.text } else { chunk.head };
        let head = head.strip_prefix('\u{feff}').unwrap_or(head);
        let mut at = 0;
        let mut first = Vec::new();
        let mut raw = "";
        while let Some(record) = self.dialect.record(head.as_bytes(), at, true, |_, span| {
            first.push(plain(head, span, self.dialect.quote));
        }) {
            raw = &head[at..record.end];
            if !is_blank(raw) && record.fault.is_none() {
                break;
            }
            first.clear();
            raw = "";
            at = record.next;
        }
        let names = unique_names(&first);
        let places: BTreeMap<&str, usize> =
            self.schema.names().enumerate().map(|(place, name)| (name, place)).collect();
        let header = match self.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => names.iter().any(|name| places.contains_key(name.as_str())),
        };
        if !header {
            let by_number: Option<Vec<usize>> = self.schema.names().map(column_number).collect();
            let places = by_number.unwrap_or_else(|| (0..self.schema.len()).collect());
            let width = places.iter().map(|place| place + 1).max().unwrap_or(0).max(self.schema.len());
            // A schema that leaves columns out does not tell how many there are: the first record does.
            let width = if self.schema.len() < width || self.schema.is_empty() { first.len() } else { width };
            let mut columns = vec![None; width];
            for (column, place) in places.iter().enumerate().rev().filter(|(_, place)| **place < width) {
                columns[*place] = Some(column);
            }
            return Layout { columns, unknown: Vec::new(), header: String::new() };
        }
        let columns: Vec<Option<usize>> = names.iter().map(|name| places.get(name.as_str()).copied()).collect();
        let unknown = names.into_iter().zip(&columns).filter(|(_, column)| column.is_none()).map(|(name, _)| name);
        Layout { unknown: unknown.collect(), columns, header: raw.to_owned() }
    }
}

/// The place that `column_3` names.
fn column_number(name: &str) -> Option<usize> {
    name.strip_prefix("column_")?.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < 100_000)
}

impl Parser for CsvParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        self.dialect.cut(bytes)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let layout = self.layout(chunk);
        let targets: Vec<Option<usize>> =
            layout.columns.iter().map(|column| column.filter(|column| out.wants(*column))).collect();
        let (text, bom) = scan::without_bom(chunk);
        let bytes = text.as_bytes();
        let mut unit = Unit { line: chunk.first_line, offset: chunk.offset + bom as u64 };
        let mut unfit = Unfit::new(&self.schema);
        let mut scratch = String::new();
        // Lines before the header are no rows.
        let mut has_begun = layout.header.is_empty() || !chunk.head.is_empty();
        let mut at = 0;
        while let Some(record) = self.dialect.record(bytes, at, true, |place, span| {
            if let Some(Some(column)) = targets.get(place) {
                unfit.note_fit(*column, self.read_field(text, span, *column, &mut scratch, out));
            }
        }) {
            let raw = &text[at..record.end];
            tally.read += 1;
            // Of a table of one column an empty line is its null: other records have a separator at least.
            let is_null_row = layout.columns.len() == 1 && has_begun;
            has_begun |= raw == layout.header;
            if record.fields == layout.columns.len()
                && record.fault.is_none()
                && raw != layout.header
                && (!raw.is_empty() || is_null_row)
            {
                unfit.end_row();
                out.end_row(unit);
                tally.accepted += 1;
                tally.rows += 1;
            } else {
                unfit.abandon_row();
                out.abandon_row();
                if is_blank(raw) {
                    tally.blank += 1;
                } else if raw == layout.header {
                    tally.meta += 1;
                } else {
                    let reason =
                        record.fault.map_or_else(|| ragged(record.fields, layout.columns.len()), str::to_owned);
                    out.quarantine(unit, &reason, raw.as_bytes());
                    tally.quarantined += 1;
                }
            }
            let multi_line = record.next - at > raw.len() + 2 || raw.contains('\n');
            unit.line += if multi_line { raw.matches('\n').count() as u64 + 1 } else { 1 };
            unit.offset += (record.next - at) as u64;
            at = record.next;
        }
        unfit.finish(&self.schema, &mut tally);
        if tally.rows > 0 {
            tally.unknown_keys.extend(layout.unknown.into_iter().map(|name| (name, tally.rows)));
            // A table may have a hundred thousand columns: each is looked at once.
            let mut is_there = vec![false; self.schema.len()];
            layout.columns.iter().flatten().for_each(|column| is_there[*column] = true);
            let lacks = |column: &usize| !is_there[*column] && out.wants(*column);
            let missing = (0..self.schema.len()).filter(lacks).map(|column| self.schema.fields[column].name.clone());
            tally.missing.extend(missing.map(|name| (name, tally.rows)));
        }
        tally
    }
}

fn ragged(found: usize, expected: usize) -> String {
    let fields = if found == 1 { "field" } else { "fields" };
    format!("{found} {fields} where {expected} are expected")
}

impl CsvParser {
    /// Reads a field into its column.
    #[inline]
    fn read_field(&self, text: &str, span: Span, column: usize, scratch: &mut String, out: &mut dyn Columns) -> Fit {
        let mut field = &text[span.start..span.end];
        if field.is_empty() && !span.quoted {
            return Fit::Kept;
        }
        if span.doubled {
            scratch.clear();
            // Of each pair the first is kept.
            let quote = self.dialect.quote.map_or('"', char::from);
            let mut second = false;
            scratch.extend(field.chars().filter(|c| {
                second = *c == quote && !second;
                *c != quote || second
            }));
            field = scratch;
        }
        match self.cells[column].read(field, column, &self.schema.fields[column], out) {
            Fit::Unfit if is_blank(field) => Fit::Kept,
            fit => fit,
        }
    }
}

#[cfg(test)]
mod tests;
