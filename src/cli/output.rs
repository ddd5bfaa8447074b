//! Writing to standard output: JSON, text, rows.

use std::io::{self, Write};

use pipewright_core::data::Value;
use pipewright_engine::ResultTable;
use serde::Serialize;

/// Says something to people, on standard error. Nobody may be listening, and the disk of a log may be full: that is no
/// reason to fail.
pub fn say(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// `1 row`, `2 rows`.
pub fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// One JSON document, indented, with a newline.
pub fn print_json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    print_text(&(text + "\n"))
}

pub fn print_text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A table for eyes: columns aligned, numbers right, long texts cut at 40 characters.
pub fn write_aligned(table: &ResultTable, out: &mut dyn Write) -> io::Result<()> {
    const WIDEST: usize = 40;
    let schema = table.schema();
    let mut cells: Vec<Vec<(String, bool)>> = vec![schema.names().map(|name| (name.to_owned(), false)).collect()];
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
        other => match other.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        },
    };
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let short =
        if clean.chars().count() > widest { clean.chars().take(widest - 1).chain(['…']).collect() } else { clean };
    (short, matches!(value, Value::Int(_) | Value::Float(_)))
}
