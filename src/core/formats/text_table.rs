//! Tables as programs print them for people: columns that are aligned below a header (`ps`, `df`, `kubectl get`), or
//! that have borders between them (`psql`, `mysql`, Markdown).
//! Must not import other formats but the names of a table's header.

mod aligned;
mod bordered;
mod parser;

#[cfg(test)]
mod tests;

use super::csv_sniff::unique_names;
use super::declared::with_types;
use super::infer::TextGuess;
use super::scan::{is_blank, lines, sample_lines, sample_texts, score, text};
use super::{Chunk, Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use aligned::Aligned;
use bordered::Bordered;
use parser::TableParser;

/// The format `text_table`.
pub struct TextTable;

const OPTIONS: [OptionSpec; 2] = [
    OptionSpec {
        name: "style",
        kind: OptionKind::Choice(&["auto", "aligned", "bordered"]),
        default: "auto",
        doc: "how the columns are told apart: by their places below the header (`aligned`), or by the lines between them \
              (`bordered`); `auto`: found from the sample",
    },
    OptionSpec {
        name: "header",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the beginning of the line that names the columns, such as `Proto RefCnt`, where a file holds several tables; \
              `auto`: the one with the most rows",
    },
];

/// Lines of a sample among which the header is looked for.
const MAX_BEFORE: usize = 60;
/// Rows from which a table's columns are judged.
const MAX_ROWS: usize = 400;

/// What a row's line is made of.
#[derive(Debug, Clone)]
enum Shape {
    Aligned(Aligned),
    Bordered(Bordered),
}

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// The header, perhaps with its columns elsewhere.
    Header,
    /// A line that separates, or tells how many rows there are.
    Frame,
    /// The texts of its cells are handed over.
    Row,
    /// The first value of a row that goes on in the next line.
    Begun,
    /// Why it is none of the table.
    Other(&'static str),
}

/// The cells of a row's line.
#[derive(Debug, Default)]
struct Cells<'a> {
    /// Trimmed; an empty one is null.
    texts: Vec<&'a str>,
    /// By cell, whether its value goes on in the next line; empty where none does.
    open: Vec<bool>,
}

impl Shape {
    fn names(&self) -> &[String] {
        match self {
            Shape::Aligned(aligned) => &aligned.names,
            Shape::Bordered(bordered) => &bordered.names,
        }
    }

    /// Tells what a line is, and gives a row's cells.
    fn read<'a>(&self, line: &'a str, cells: &mut Cells<'a>) -> Line {
        match self {
            Shape::Aligned(aligned) => aligned.read(line, &mut cells.texts),
            Shape::Bordered(bordered) => bordered.read(line, cells),
        }
    }

    /// Whether a line that is no row names the columns of another table.
    fn is_other_header(&self, line: &str) -> bool {
        matches!(self, Shape::Aligned(_)) && aligned::names_columns(line)
    }

    /// Whether a row goes on in the line behind this one.
    fn goes_on(&self, line: &str) -> bool {
        match self {
            Shape::Aligned(aligned) => aligned.is_begun(line),
            Shape::Bordered(bordered) => bordered.goes_on(line),
        }
    }

    /// The table of a sample, as the options say and the sample shows.
    fn of(spec: &FormatSpec, sample: &Sample) -> Option<Shape> {
        let style = spec.option("style").unwrap_or("auto");
        let header = spec.option("header").filter(|header| !matches!(*header, "" | "auto"));
        let is_header = |line: &str| header.is_none_or(|header| begins_with_words(line, header));
        let chunk = Chunk::whole(text(&sample.head));
        let found: Vec<&str> = lines(&chunk).map(|(_, line)| line).collect();
        let bordered = || Bordered::find(&found, is_header).map(Shape::Bordered);
        let aligned = || Aligned::find(&found, is_header).map(Shape::Aligned);
        match style {
            "bordered" => bordered(),
            "aligned" => aligned(),
            _ => bordered().or_else(aligned),
        }
    }
}

/// Whether a line begins with some words, however many blanks are between them.
fn begins_with_words(line: &str, words: &str) -> bool {
    let mut line = line.split([' ', '\t', '|']).filter(|word| !word.is_empty());
    words.split_whitespace().all(|word| line.next() == Some(word))
}

/// Whether a cell says that there is nothing.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "-" | "<none>" | "NULL")
}

/// The number of a share, without its sign: `45%`.
fn share(text: &str) -> Option<&str> {
    text.strip_suffix('%').filter(|number| super::numbers::float(number).is_some())
}

/// A column's name where it means the same as in other formats, else as it is written.
fn column_name(name: &str) -> &str {
    match name {
        "PID" => "pid",
        "USER" => "user",
        name => name,
    }
}

impl Format for TextTable {
    fn name(&self) -> &'static str {
        "text_table"
    }

    fn title(&self) -> &'static str {
        "Table of text"
    }

    fn doc(&self) -> &'static str {
        "Tables as programs print them for people. Aligned ones have a line of names, and below each name its values: `ps`, \
         `top -b`, `df`, `free`, `vmstat`, `iostat`, `sar`, `ss`, `netstat`, `lsof`, `kubectl get`, `docker ps`, PowerShell's \
         Format-Table; the last column takes the rest of the line, blanks inside a value are kept, and an empty place is null. \
         Bordered ones have `|` between the columns: `psql`, `mysql`, Markdown. `PID` and `USER` are `pid` and `user`, the time \
         of day before a header of `sar` is `clock`; other names stay as they are written. `-`, `<none>` and `NULL` are null; \
         shares such as `45%` are numbers where all of a column are, sizes such as `1.2G` are text. The header, when it comes \
         again, rules and counts of rows are no rows; a value of several lines, which `psql` marks by `+`, is one, and so is a row \
         whose first value is too wide for its column and stands in a line of its own; other lines are kept aside."
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "USER         PID %CPU %MEM COMMAND\nroot           1  0.0  0.1 /sbin/init splash\nwww-data     812  1.5  2.0 nginx: worker process",
            "NAME    READY   STATUS             RESTARTS     AGE\nweb-0   1/1     Running            0            3d\ndb-0    0/1     CrashLoopBackOff   4 (2m ago)   5h",
            "+----+------+\n| id | name |\n+----+------+\n|  1 | bob  |\n|  2 | eve  |\n+----+------+",
        ]
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let spec = FormatSpec::new(self.name());
        let shape = Shape::of(&spec, sample)?;
        let (mut rows, mut lines, mut frames) = (0, 0, 0);
        // Of the lines that follow a header without a blank one between.
        let (mut below, mut is_below) = (0, false);
        let mut cells = Cells::default();
        for text in sample_texts(sample) {
            for (_, line) in super::scan::lines(&Chunk::whole(text)).take(2000) {
                if is_blank(line) {
                    is_below = false;
                    continue;
                }
                match shape.read(line, &mut cells) {
                    Line::Header => is_below = true,
                    Line::Frame => frames += 1,
                    Line::Begun => {}
                    Line::Row => {
                        (rows, lines) = (rows + 1, lines + 1);
                        below += 1;
                    }
                    Line::Other(_) => {
                        lines += 1;
                        // Another table begins.
                        is_below &= !shape.is_other_header(line);
                        below += usize::from(is_below);
                    }
                }
            }
            is_below = true;
        }
        if rows * 3 < lines {
            return None;
        }
        let (weight, mut reasons) = match &shape {
            Shape::Aligned(aligned) => {
                let names = aligned.names.len();
                (
                    aligned.weight(rows),
                    vec![format!("{rows} of {below} lines have their words below the {names} names of a header")],
                )
            }
            Shape::Bordered(bordered) => {
                let reason =
                    format!("{rows} of {below} lines have the {} cells of a header with borders", bordered.names.len());
                (if frames > 0 { 94 } else { 60 }, vec![reason])
            }
        };
        if lines > below {
            reasons.push(format!("{} lines stand before the header or between tables", lines - below));
        }
        Some(Recognition { format: spec, score: score(rows, below, weight)?, reasons })
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        // A design is looked at without its files; an empty file has no header, and no rows.
        let declared = || schema.filter(|_| sample.head.is_empty()).map(|schema| Bordered::named(schema.names()));
        let shape = Shape::of(spec, sample).or_else(|| declared().map(Shape::Bordered)).ok_or_else(no_header)?;
        let names: Vec<String> = shape.names().iter().map(|name| column_name(name).to_owned()).collect();
        let names = unique_names(&names);
        let (own, shares) = sampled_columns(&shape, &names, sample);
        with_types(schema, &own, |schema| Ok(Box::new(TableParser::new(shape, names, shares, schema))))
    }
}

fn no_header() -> Diagnostic {
    Diagnostic::error("PW1160", "the file's beginning shows no header of a table")
        .help("set the option `header` to the words with which the line of names begins, or read the file as another format")
        .field("header")
}

/// The columns with their types, and which are shares.
fn sampled_columns(shape: &Shape, names: &[String], sample: &Sample) -> (Schema, Vec<bool>) {
    let mut guesses = vec![TextGuess::default(); names.len()];
    let mut counts = vec![(0, 0); names.len()];
    let mut cells = Cells::default();
    for line in sample_lines(sample) {
        if shape.read(line, &mut cells) != Line::Row {
            continue;
        }
        let are_open = cells.open.iter().copied().chain(std::iter::repeat(false));
        for (((cell, is_open), guess), (all, shares)) in
            cells.texts.iter().zip(are_open).zip(&mut guesses).zip(&mut counts)
        {
            if is_null(cell) && !is_open {
                continue;
            }
            *all += 1;
            *shares += usize::from(share(cell).is_some() && !is_open);
            // What has several lines is a text, whatever they hold.
            guess.add(if is_open { "several\nlines" } else { share(cell).unwrap_or(cell) });
        }
    }
    let are_shares: Vec<bool> = counts.iter().map(|(all, shares)| *all > 0 && all == shares).collect();
    let field =
        |((guess, (all, shares)), name): ((TextGuess, &(usize, usize)), &String)| match *shares > 0 && shares < all {
            true => Field::new(name, DataType::String),
            false => guess.field(name),
        };
    let fields = guesses.into_iter().zip(&counts).zip(names).map(field).collect();
    (Schema::new(fields), are_shares)
}
