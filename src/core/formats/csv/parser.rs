//! Reads the records of a table as rows.

use std::collections::BTreeMap;

use super::{Header, MAX_COLUMNS};
use crate::data::{DataType, Schema};
use crate::formats::cell::Cell;
use crate::formats::columns::Fit;
use crate::formats::csv_frame::{are_units, is_sum};
use crate::formats::csv_records::{Dialect, Span};
use crate::formats::csv_sniff::{is_blank, plain, skipped, unique_names};
use crate::formats::numbers::NumberStyle;
use crate::formats::{Chunk, Columns, Parser, Tally, Unfit, Unit, scan};

pub struct CsvParser {
    pub dialect: Dialect,
    pub header: Header,
    /// Lines before the table.
    pub skip: usize,
    /// Bytes of the file before its text.
    pub mark: u64,
    /// It is no text that was written: it has one header.
    pub is_table: bool,
    pub style: NumberStyle,
    pub schema: Schema,
    pub cells: Vec<Cell>,
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
        let (mut raw, mut behind) = ("", 0);
        while let Some(record) = self.dialect.record(head.as_bytes(), at, true, |_, span| {
            first.push(plain(head, span, self.dialect));
        }) {
            (raw, behind) = (&head[at..record.end], record.next);
            if !is_blank(raw) && record.fault.is_none() && !record.is_comment {
                break;
            }
            first.clear();
            raw = "";
            at = record.next;
        }
        // The last column has no name in the header.
        let wide = first.len() + 1;
        let is_wide =
            || self.dialect.record(head.as_bytes(), behind, true, |_, _| {}).is_some_and(|row| row.fields == wide);
        if self.header != Header::No && self.schema.has(&format!("column_{wide}")) && is_wide() {
            first.push(String::new());
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
        // The last column may have no name, and none to be empty.
        let further = format!("column_{}", names.len() + 1);
        let mut fields = 0;
        self.dialect.record(head.as_bytes(), behind, true, |_, _| fields += 1);
        let is_wider = names.len() > 1 && fields == names.len() + 1 && places.contains_key(further.as_str());
        let names: Vec<String> = names.iter().cloned().chain(is_wider.then_some(further)).collect();
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
            (at, sums_up) = (record.next, false);
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
