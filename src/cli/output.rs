//! Writing to standard output: JSON, text, rows.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::path::Path;

use pipewright_core::data::Value;
use pipewright_core::data::figures::{cell_number, grouped};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{LeftOut, LeftOutKind};
use pipewright_core::quote::{visible, visible_json, visible_lines, visible_start};
use pipewright_engine::{ResultTable, STANDARD_INPUT, given_name};
use serde::Serialize;

/// Says one line to people, on standard error. Nobody may be listening, and the disk of a log may be full: that is no
/// reason to fail.
pub fn say(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(&text.to_string()));
}

/// Tells what is wrong, on standard error.
pub fn tell<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) {
    for diagnostic in diagnostics {
        let mut diagnostic = diagnostic.clone();
        if let Some(file) = &mut diagnostic.location.file
            && let Some(given) = given_name(Path::new(file))
        {
            *file = if given == STANDARD_INPUT { "standard input".to_owned() } else { given };
        }
        let _ = writeln!(io::stderr().lock(), "{diagnostic}");
    }
}

/// What rows leave out; what is told of steps and sources by itself is not repeated.
pub fn say_left_out(list: &[LeftOut]) {
    let is_new = |one: &&LeftOut| match one.kind {
        LeftOutKind::Filtered | LeftOutKind::Duplicates | LeftOutKind::Limited => true,
        LeftOutKind::Empty | LeftOutKind::Multiplied => true,
        LeftOutKind::Unread | LeftOutKind::Rejected | LeftOutKind::Missing | LeftOutKind::Unfit => false,
        LeftOutKind::Changed | LeftOutKind::Unmatched | LeftOutKind::Unused | LeftOutKind::Finer => false,
    };
    for one in list.iter().filter(is_new) {
        say(format_args!("  not in it: {} {}", grouped(one.count), one.text));
    }
}

/// One line of JSON, on standard error.
pub fn tell_json(value: &serde_json::Value) {
    let _ = writeln!(io::stderr().lock(), "{}", visible_json(&value.to_string()));
}

/// Adds a line for people: names in it end no line and steer no terminal. [`line!`] calls it.
pub fn push_line(text: &mut String, line: Arguments<'_>) {
    text.push_str(&visible(&line.to_string()));
    text.push('\n');
}

/// `1 row`, `2 rows`.
pub fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// One JSON document, indented, with a newline.
pub fn print_json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    print_text(&(visible_json(&text) + "\n"))
}

/// Lines for people, and documents that are text.
pub fn print_text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(visible_lines(text).as_bytes())?;
    out.flush()
}

/// A table for eyes: columns aligned, numbers right, long texts cut at 40 characters.
pub fn write_aligned(table: &ResultTable, out: &mut dyn Write) -> io::Result<()> {
    const WIDEST: usize = 40;
    let schema = table.schema();
    let mut cells: Vec<Vec<(String, bool)>> =
        vec![schema.names().map(|name| (visible(name).into_owned(), false)).collect()];
    for row in 0..table.rows() {
        cells.push((0..schema.len()).map(|column| cell(&table.value(row, column), WIDEST)).collect());
    }
    let width = |column: usize| cells.iter().map(|row| row[column].0.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..schema.len()).map(width).collect();
    for row in &cells {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|((text, right), width)| if *right { format!("{text:>width$}") } else { format!("{text:<width$}") })
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

/// Text of a cell, and whether it is a number.
fn cell(value: &Value, widest: usize) -> (String, bool) {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => cell_number(*number),
        other => match other.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        },
    };
    (visible_start(&text, widest), matches!(value, Value::Int(_) | Value::Float(_)))
}
