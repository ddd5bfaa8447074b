//! CSV and its kin (TSV, semicolons, pipes): RFC 4180 with what files make of it. Imports data.
//!
//! An empty field is null; an empty one in quotes is empty text; where there is one column only, an empty line is null. A field that cannot be read as its column's type
//! is null and the row stays. A record with another number of fields than the header is kept aside: which column a
//! missing field belongs to cannot be known.

use std::collections::BTreeMap;

use super::cell::Cell;
use super::columns::Fit;
use super::csv_frame::{are_units, is_sum};
use super::csv_records::{Dialect, Span};
use super::csv_sniff::{
    Header, MAX_COLUMNS, Sniffed, Table, is_blank, is_of_times, is_prose, line_end, plain, skipped, sniff, unique_names,
};
use super::numbers::NumberStyle;
use super::{
    Chunk, Columns, Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, Unit, scan,
};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;

/// The format `csv`.
pub struct Csv;

const OPTIONS: [OptionSpec; 10] = [
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
    OptionSpec {
        name: "skip",
        kind: OptionKind::Text,
        default: "auto",
        doc: "how many lines stand before the table; `auto`, here and below: found from the sample where the separator \
              is, and else none",
    },
    OptionSpec {
        name: "decimal",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character between whole and fraction of a number: `,` or `.`",
    },
    OptionSpec {
        name: "thousands",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character between groups of three digits: `.`, `,`, `'` or `space` (also one that does not break); `none`: \
              numbers have none",
    },
    OptionSpec {
        name: "escape",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character before a quote inside of quotes, such as `\\`; `none`: such quotes are doubled",
    },
    OptionSpec {
        name: "sheet",
        kind: OptionKind::Text,
        default: "",
        doc: "the name of a workbook's sheet; the first one with cells where none is given",
    },
    OptionSpec {
        name: "table",
        kind: OptionKind::Text,
        default: "",
        doc: "the name of a SQLite file's table; the first one with rows where none is given",
    },
    OptionSpec {
        name: "comment",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character with which lines begin that are no records, such as `#`; `none`: all are",
    },
];

/// How a table is read: what the options say, and the sample where they say nothing.
struct Settings {
    dialect: Dialect,
    header: Header,
    /// Lines before the table.
    skip: usize,
    style: NumberStyle,
}

impl Settings {
    fn read(spec: &FormatSpec, text: &str) -> Result<Self, Diagnostic> {
        let written = |name: &str| spec.option(name).filter(|text| !matches!(*text, "auto" | ""));
        let character = |name: &str| match written(name) {
            None | Some("none") => Ok(None),
            Some(text) => one_character(text, name).map(Some),
        };
        let quote = match spec.option("quote").unwrap_or("\"") {
            "none" | "" => None,
            text => Some(one_character(text, "quote")?),
        };
        let sniffed = if written("separator").is_none() { sniff(text, quote) } else { None };
        let mut dialect = Dialect::new(b',', quote, line_end(text));
        let (mut skip, mut style) = (0, NumberStyle::PLAIN);
        if let Some(sniffed) = &sniffed {
            (dialect, skip) = (sniffed.dialect, sniffed.skip);
            style = Table::read(dialect, skipped(text, skip, dialect.end)).number_style();
        }
        if let Some(separator) = character("separator")? {
            dialect.separator = separator;
        }
        if written("escape").is_some() {
            dialect.escape = character("escape")?;
        }
        if written("comment").is_some() {
            dialect.comment = character("comment")?;
        }
        if let Some(lines) = written("skip") {
            skip = lines.parse().map_err(|_| {
                Diagnostic::error("PW1100", format!("`{lines}` is no number of lines to skip"))
                    .help("give the number of lines before the table, such as 3")
                    .field("skip")
            })?;
        }
        if let Some(decimal) = character("decimal")? {
            style.decimal = char::from(decimal);
        }
        if written("thousands").is_some() {
            style.thousands = character("thousands")?.map(char::from);
        }
        if style.thousands == Some(style.decimal) {
            let message = format!("the character `{}` cannot stand for decimals and thousands both", style.decimal);
            return Err(Diagnostic::error("PW1101", message)
                .help("give another character for one of them, or `none` for `thousands`")
                .field("thousands"));
        }
        let header = match spec.option("header").unwrap_or("auto") {
            "yes" => Header::Yes,
            "no" => Header::No,
            _ => Header::Auto,
        };
        Ok(Self { dialect, header, skip, style })
    }
}

/// Lines that were taken for the header once more, as files that were put together have them; `None`: none were.
pub fn repeated_headers(tally: &Tally) -> Option<Diagnostic> {
    let message = match tally.repeated_headers {
        0 => return None,
        1 => "a line that is like the header was left out as one".to_owned(),
        count => format!("{count} lines that are like the header were left out as such"),
    };
    let help = "where one of them is a row, set the option `header` of the format to `no` and `skip` to 1";
    Some(Diagnostic::hint("PW1133", message).help(help))
}

/// What is to be told of a table whose header is a guess: a row may be lost to it.
pub fn header_guess(spec: &FormatSpec, sample: &Sample) -> Option<Diagnostic> {
    let text = scan::text(&sample.head);
    if spec.name != "csv" || spec.option("header") != Some("yes") {
        return None;
    }
    let Settings { dialect, skip, .. } = Settings::read(spec, text).ok()?;
    let told = "the first record is taken for the names of the columns, and looks as the rows below it do";
    let help = "set the option `header` to `no` where it is a row, and to `yes` where it names the columns";
    let is_guess = Table::read(dialect, skipped(text, skip, dialect.end)).is_guess();
    is_guess.then(|| Diagnostic::hint("PW1131", told).help(help).field("header"))
}

/// The options with which a sniffed table is read again; those that are as usual are left out.
fn options_of(sniffed: &Sniffed, style: NumberStyle, has_header: bool) -> FormatSpec {
    let mut spec = FormatSpec::new("csv")
        .with("separator", &separator_text(sniffed.dialect.separator))
        .with("header", if has_header { "yes" } else { "no" });
    if sniffed.skip > 0 {
        spec = spec.with("skip", &sniffed.skip.to_string());
    }
    if style.decimal != '.' {
        spec = spec.with("decimal", &style.decimal.to_string());
    }
    for (option, character) in [
        ("thousands", style.thousands),
        ("escape", sniffed.dialect.escape.map(char::from)),
        ("comment", sniffed.dialect.comment.map(char::from)),
    ] {
        if let Some(character) = character {
            spec = spec.with(option, &character.to_string());
        }
    }
    spec
}

/// Whether a name says that the file is a table.
fn is_named_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if [".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"].iter().any(|ending| name.ends_with(ending)) {
        return true;
    }
    let plain = ["", ".gz", ".zst", ".bz2", ".xz", ".zip"]
        .iter()
        .find_map(|packed| name.strip_suffix(packed).filter(|name| name.ends_with(".csv") || name.ends_with(".tsv")));
    plain.is_some()
}

/// A table of one column: its name says that it is one, and the first line names the column.
fn one_column(sample: &Sample, text: &str) -> Option<Sniffed> {
    let dialect = Dialect::new(b',', Some(b'"'), line_end(text));
    if !is_named_table(&sample.name) || memchr::memchr2(b',', b'\t', text.as_bytes()).is_some() {
        return None;
    }
    let table = Table::read(dialect, text);
    let records = table.len();
    (records > 1 && table.has_header(Header::Auto)).then_some(Sniffed {
        dialect,
        skip: 0,
        columns: 1,
        fitting: records,
        records,
    })
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
         separators and line ends. The first record may name the columns, and one below it tell their units; types come from a \
         sample. Empty fields are null. Records with too many or too few fields are kept aside, and one that begins with \
         `Total` or `Sum` where the others have a number."
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
        let sniffed = sniff(text, Some(b'"')).or_else(|| one_column(sample, text))?;
        let Sniffed { dialect: Dialect { separator, end, .. }, skip, fitting, records, .. } = sniffed;
        let table = Table::read(sniffed.dialect, skipped(text, skip, end));
        let header = table.has_header(Header::Auto);
        let is_named = is_named_table(&sample.name);
        if is_of_times(text, separator) {
            return None;
        }
        // Without names the counts alone speak for it, and text has commas as well. Names do not make a table of lines
        // of which most do not fit.
        if !header && (fitting * 5 < records * 4 || is_prose(text, separator)) {
            return None;
        }
        // A sentence or two, of which the first would name columns.
        if records < 3 && !is_named && is_prose(text, separator) {
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
        if is_named {
            weight = weight.max(70) + 10;
        }
        let style = table.number_style();
        let what = match sniffed.columns {
            1 => "have one field".to_owned(),
            columns => format!("have {columns} fields, separated by {}", separator_words(separator)),
        };
        let mut found =
            scan::recognition(options_of(&sniffed, style, header), fitting, records, weight, "record", &what)?;
        if skip > 0 {
            found.reasons.push(format!("{skip} lines stand before the table"));
        }
        if table.has_units && header {
            found.reasons.push("the record below the header tells units".to_owned());
        }
        if style.decimal == ',' {
            found.reasons.push("numbers have a comma before their fraction".to_owned());
        }
        if sniffed.dialect.escape.is_some() {
            found.reasons.push("quotes inside of quotes have a backslash before them".to_owned());
        }
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
        let Settings { dialect, header, skip, style } = Settings::read(spec, text)?;
        if header != Header::No {
            check_first_line(dialect, sample)?;
        }
        let schema = schema.cloned().unwrap_or_else(|| {
            let mut table = Table::read(dialect, skipped(text, skip, dialect.end));
            for further in &sample.further {
                table.add(scan::text(further));
            }
            table.schema(header, style)
        });
        let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
        let Sample { mark, is_table, .. } = *sample;
        Ok(Box::new(CsvParser { dialect, header, skip, mark, is_table, style, schema, cells }))
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

struct CsvParser {
    dialect: Dialect,
    header: Header,
    /// Lines before the table.
    skip: usize,
    /// Bytes of the file before its text.
    mark: u64,
    /// It is no text that was written: it has one header.
    is_table: bool,
    style: NumberStyle,
    schema: Schema,
    cells: Vec<Cell>,
}

/// Stands for the columns of a header that has no column of the schema.
const OTHER_HEADER: &str = "(columns of another header)";

/// How one file's records lie to the schema.
struct Layout {
    /// By place in the record, the column; `None`: the schema does not have it.
    columns: Vec<Option<usize>>,
    /// Names of the places that the schema does not have.
    unknown: Vec<String>,
    /// The header record as written, to know it again; empty: none.
    header: String,
    /// Where it begins in the file: what stands before it may be a chunk of its own.
    header_at: u64,
    /// Where the record below the header begins and ends that tells units; equal: there is none.
    units: (u64, u64),
    /// Whether a record whose first field is that of a sum is no row: its column has no texts.
    may_sum: bool,
    /// Whether a record like the header is one again. Of one column of texts it is a value.
    repeats: bool,
}

impl CsvParser {
    /// The first line of a record whose quoted field holds lines that are records themselves: two stray quotes, such as
    /// those of inches. A text of several lines hardly ever has the table's number of separators in each.
    fn before_swallowed<'a>(&self, raw: &'a str, columns: usize) -> Option<&'a str> {
        const SEPARATORS: usize = 8;
        let end = self.dialect.end;
        let first = memchr::memchr(end, raw.as_bytes())?;
        let inner = &raw.as_bytes()[first + 1..memchr::memrchr(end, raw.as_bytes())?.max(first + 1)];
        let mut count = 0;
        let is_record = |line: &[u8]| memchr::memchr_iter(self.dialect.separator, line).count() + 1 == columns;
        let are_records = inner.strip_suffix(&[end]).unwrap_or(inner).split(|byte| *byte == end).all(|line| {
            count += 1;
            is_record(line)
        });
        (columns > 1 && count > 1 && are_records && count * (columns - 1) >= SEPARATORS).then(|| &raw[..first])
    }

    /// Judges the file by its first record.
    fn layout(&self, chunk: &Chunk) -> Layout {
        let head = if chunk.head.is_empty() { chunk.text } else { chunk.head };
        let length = head.len();
        let head = head.strip_prefix('\u{feff}').unwrap_or(head);
        let head = skipped(head, self.skip, self.dialect.end);
        let mut at = 0;
        let mut first = Vec::new();
        let mut raw = "";
        while let Some(record) = self.dialect.record(head.as_bytes(), at, true, |_, span| {
            first.push(plain(head, span, self.dialect));
        }) {
            raw = &head[at..record.end];
            if !is_blank(raw) && record.fault.is_none() && !record.is_comment {
                break;
            }
            first.clear();
            raw = "";
            at = record.next;
        }
        let names = unique_names(&first);
        let places: BTreeMap<&str, usize> =
            self.schema.names().enumerate().map(|(place, name)| (name, place)).collect();
        // A header whose names differ in capitals alone is one, too: its columns are told to be unknown.
        let has_names = || {
            names.iter().any(|name| {
                places.contains_key(name.as_str())
                    || places.keys().any(|known| known.to_lowercase() == name.to_lowercase())
            })
        };
        let header = match self.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => has_names(),
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
            let may_sum = self.may_sum(&columns);
            let (unknown, header, header_at, units, repeats) = (Vec::new(), String::new(), 0, (0, 0), false);
            return Layout { columns, unknown, header, header_at, units, may_sum, repeats };
        }
        let columns: Vec<Option<usize>> = names.iter().map(|name| places.get(name.as_str()).copied()).collect();
        // Where none is known the first record may be no header: its values are not told as names.
        let is_other = !columns.is_empty() && columns.iter().all(Option::is_none) && !places.is_empty() && !has_names();
        let shown = |name: String| if is_other { OTHER_HEADER.to_owned() } else { name };
        let unknown =
            names.into_iter().zip(&columns).filter(|(_, column)| column.is_none()).map(|(name, _)| shown(name));
        let is_text = |column: &Option<usize>| {
            column.is_none_or(|column| self.schema.fields[column].data_type == DataType::String)
        };
        // A table of a workbook or a database has one header: what equals it further down are values.
        let repeats = !self.is_table && (columns.len() > 1 || !columns.iter().all(is_text));
        let header_at = self.mark + (length - head.len() + at) as u64;
        let units = self.units(&head[at..], &columns);
        let units = (header_at + units.0 as u64, header_at + units.1 as u64);
        let may_sum = self.may_sum(&columns);
        Layout { unknown: unknown.collect(), columns, header: raw.to_owned(), header_at, units, may_sum, repeats }
    }

    fn is_number(&self, column: Option<usize>) -> bool {
        column.is_some_and(|column| matches!(self.cells[column], Cell::Int | Cell::Float))
    }

    fn may_sum(&self, columns: &[Option<usize>]) -> bool {
        let is_typed = |column: usize| !matches!(self.cells[column], Cell::Text | Cell::Json);
        !self.is_table && columns.first().copied().flatten().is_some_and(is_typed)
    }

    /// Where the record below a header begins and ends, where it tells units.
    fn units(&self, text: &str, columns: &[Option<usize>]) -> (usize, usize) {
        let Some(header) = self.dialect.record(text.as_bytes(), 0, true, |_, _| {}) else { return (0, 0) };
        let mut fields = Vec::new();
        let below = self.dialect.record(text.as_bytes(), header.next, true, |_, span| {
            fields.push(plain(text, span, self.dialect));
        });
        let is_number = |place: usize| self.is_number(columns[place]);
        match below.filter(|record| !record.is_comment && fields.len() == columns.len() && record.fault.is_none()) {
            Some(record) if are_units(fields.iter().map(String::as_str), is_number) => (header.next, record.end),
            _ => (0, 0),
        }
    }
}

/// Why the line with an opening quote is no row.
const STRAY: &str = "a quote opens a field that would hold whole records: it costs its own line";

/// Why a record that sums up others is no row.
const SUM: &str = "the record sums up the others: its first field is a word for that";

/// The place that `column_3` names.
fn column_number(name: &str) -> Option<usize> {
    name.strip_prefix("column_")?.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < MAX_COLUMNS)
}

impl Parser for CsvParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A line may lie inside of quotes that open anywhere before it.
    fn is_divisible(&self) -> bool {
        self.dialect.quote.is_none() && self.dialect.end == b'\n'
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
        // The header stands in this chunk, or behind it.
        let mut is_due = chunk.offset <= layout.header_at;
        let mut at = self.skip_lines(text, &mut unit, &mut tally);
        let mut sums_up = false;
        while let Some(record) = self.dialect.record(bytes, at, true, |place, span| {
            if place == 0 && layout.may_sum {
                sums_up = is_sum(&text[span.start..span.end]);
            }
            if let Some(Some(column)) = targets.get(place) {
                unfit.note_fit(*column, self.read_field(text, span, *column, &mut scratch, out));
            }
        }) {
            let raw = &text[at..record.end];
            tally.read += 1;
            if let Some(first) = self.before_swallowed(raw, layout.columns.len()) {
                unfit.abandon_row();
                out.abandon_row();
                out.quarantine(unit, STRAY, first.as_bytes());
                tally.quarantined += 1;
                unit = Unit { line: unit.line + 1, offset: unit.offset + first.len() as u64 + 1 };
                at += first.len() + 1;
                continue;
            }
            // Of a table of one column an empty line is its null: other records have a separator at least.
            let has_header = !layout.header.is_empty();
            let is_null_row = layout.columns.len() == 1 && has_begun && has_header;
            let is_header = has_header && raw == layout.header && (layout.repeats || is_due);
            tally.repeated_headers += u64::from(is_header && !is_due);
            (has_begun, is_due) = (has_begun || is_header, is_due && !is_header);
            let is_units = unit.offset == layout.units.0 && layout.units.1 > layout.units.0;
            if record.fields == layout.columns.len()
                && record.fault.is_none()
                && !record.is_comment
                && !is_header
                && !is_units
                && !sums_up
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
                } else if record.is_comment || is_header || is_units {
                    tally.meta += 1;
                } else {
                    let reason = match record.fault {
                        Some(fault) => fault.to_owned(),
                        None if sums_up && record.fields == layout.columns.len() => SUM.to_owned(),
                        None => ragged(record.fields, layout.columns.len()),
                    };
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
    let are = if expected == 1 { "is" } else { "are" };
    format!("{found} {fields} where {expected} {are} expected")
}

impl CsvParser {
    /// Passes the lines before the table; gives where it begins in the chunk.
    fn skip_lines(&self, text: &str, unit: &mut Unit, tally: &mut Tally) -> usize {
        let mut at = 0;
        while unit.line <= self.skip as u64 && at < text.len() {
            let end = memchr::memchr(self.dialect.end, &text.as_bytes()[at..]).map_or(text.len(), |end| at + end + 1);
            tally.read += 1;
            match scan::is_blank(&text[at..end]) {
                true => tally.blank += 1,
                false => tally.meta += 1,
            }
            unit.line += 1;
            unit.offset += (end - at) as u64;
            at = end;
        }
        at
    }

    /// Reads a field into its column.
    #[inline]
    fn read_field(&self, text: &str, span: Span, column: usize, scratch: &mut String, out: &mut dyn Columns) -> Fit {
        let mut field = &text[span.start..span.end];
        if field.is_empty() && !span.quoted {
            return Fit::Kept;
        }
        if self.style != NumberStyle::PLAIN && matches!(self.cells[column], Cell::Int | Cell::Float) {
            let Some(plain) = self.style.plain(field, scratch) else {
                return if is_blank(field) { Fit::Kept } else { Fit::Unfit };
            };
            field = plain;
        } else if span.doubled {
            scratch.clear();
            self.dialect.write_plain(field, scratch);
            field = scratch;
        }
        match self.cells[column].read_written(field, column, &self.schema.fields[column], out) {
            Fit::Unfit if is_blank(field) => Fit::Kept,
            fit => fit,
        }
    }
}

#[cfg(test)]
mod tests;
