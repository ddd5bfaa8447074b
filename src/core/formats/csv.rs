//! CSV and its kin (TSV, semicolons, pipes): RFC 4180 with what files make of it. Imports data.
//!
//! An empty field is null; an empty one in quotes is empty text; where there is one column only, an empty line is null. A field that cannot be read as its column's type
//! is null and the row stays. A record with another number of fields than the header is kept aside: which column a
//! missing field belongs to cannot be known.

mod parser;
mod settings;

#[cfg(test)]
mod tests;

use super::cell::Cell;
use super::csv_records::Dialect;
use super::csv_sniff::{Header, MAX_COLUMNS, Sniffed, Table, is_of_times, is_prose, line_end, skipped, sniff};
use super::{Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, scan};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;
use parser::CsvParser;
use settings::{OPTIONS, Settings, options_of, separator_words};

/// The format `csv`.
pub struct Csv;

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
        // Lines that end with the separator, or begin with it: statements, comments, indented ones.
        if !is_named && sniffed.columns > 1 && table.has_one_full_column() {
            return None;
        }
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
