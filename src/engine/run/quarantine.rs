//! Rows that are turned away: units that do not fit their format, rows that a check or a parse rejects. Written as JSON
//! lines with what is known of their origin.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::is_foreign;
use pipewright_core::ir::{Node, OnFail};
use polars::prelude::LazyFrame;
use serde::Serialize;

use crate::columns::Quarantined;
use crate::ops::{self, Context, rejected};
use crate::table::ResultTable;
use crate::undeclared::SecretKeys;

/// One line of the quarantine file.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rejected {
    /// Title of the step.
    step: String,
    file: Option<String>,
    line: Option<u64>,
    /// Bytes from the start of the (decompressed) file.
    offset: Option<u64>,
    reason: String,
    /// The unit's text, or the row as JSON.
    raw: String,
}

impl Rejected {
    /// A row as JSON that something else than this run has turned away.
    pub fn row(step: &str, row: &str, reason: &str) -> Rejected {
        let (step, reason, raw) = (step.to_owned(), reason.to_owned(), row.to_owned());
        Rejected { step, file: None, line: None, offset: None, reason, raw }
    }

    /// What a line names that is secret is not kept: neither is the line.
    pub fn unit(step: &str, unit: Quarantined, secrets: &SecretKeys) -> Rejected {
        Rejected {
            step: step.to_owned(),
            file: Some(unit.file),
            line: Some(unit.line),
            offset: Some(unit.offset),
            reason: unit.reason,
            raw: secrets.kept_text(unit.raw),
        }
    }
}

/// The rows that a node turns away, where it does so.
pub(super) fn rejected_rows(
    node: &Node,
    input: Option<LazyFrame>,
    context: &Context,
) -> Result<Vec<Rejected>, Diagnostic> {
    let is_rejecting = node.op.on_fail() == Some(&OnFail::Reject);
    let (true, Some(input)) = (is_rejecting, input) else { return Ok(Vec::new()) };
    let Some((rows, reason)) = rejected(&node.op, input, context)? else { return Ok(Vec::new()) };
    let frame = rows.collect().map_err(|error| ops::failed(&error))?;
    let Some(schema) = context.inputs.first() else { return Ok(Vec::new()) };
    let table = ResultTable::from_frame(&frame, schema).map_err(|error| ops::failed(&error))?;
    Ok((0..table.rows()).map(|row| of_row(&node.origin.title, &table, schema, row, &reason)).collect())
}

fn of_row(step: &str, table: &ResultTable, schema: &Schema, row: usize, reason: &str) -> Rejected {
    let cell = |name: &str| schema.index(name).map(|column| table.value(row, column));
    let number = |name: &str| match cell(name) {
        Some(Value::Int(number)) => u64::try_from(number).ok(),
        _ => None,
    };
    let fields = schema.names().zip(table.row(row)).map(|(name, value)| (name.to_owned(), value)).collect();
    Rejected {
        step: step.to_owned(),
        file: match cell("_file") {
            Some(Value::String(file)) => Some(file),
            _ => None,
        },
        line: number("_line"),
        offset: number("_offset"),
        reason: reason.to_owned(),
        raw: Value::Record(fields).to_json().to_string(),
    }
}

/// The quarantine file, made at the first row.
pub(super) struct QuarantineFile {
    /// Where it is written until the run is published.
    pub temporary: PathBuf,
    pub target: PathBuf,
    /// Whether the user named the file, and not just its folder.
    is_named: bool,
    /// Whether the lines of earlier runs stay.
    goes_on: bool,
    out: Option<BufWriter<File>>,
    pub rows: u64,
}

impl QuarantineFile {
    pub fn new(temporary: PathBuf, target: PathBuf, is_named: bool, goes_on: bool) -> Self {
        Self { temporary, target, is_named, goes_on, out: None, rows: 0 }
    }

    pub fn write(&mut self, rejected: &Rejected) -> Result<(), Diagnostic> {
        let fail = |error: std::io::Error, path: &Path| {
            Diagnostic::error("PW0952", format!("the quarantine file cannot be written: {}", io_cause(&error)))
                .file(path.display().to_string())
        };
        let out = match &mut self.out {
            Some(out) => out,
            None => {
                let is_there = self.target.exists() && (self.is_named || !is_foreign(&self.target));
                let file = match self.goes_on && is_there {
                    true => fs::copy(&self.target, &self.temporary)
                        .and_then(|_| File::options().append(true).open(&self.temporary)),
                    false => File::create(&self.temporary),
                };
                let file = file.map_err(|error| fail(error, &self.target))?;
                self.out.insert(BufWriter::with_capacity(1 << 18, file))
            }
        };
        self.rows += 1;
        serde_json::to_writer(&mut *out, rejected)
            .map_err(std::io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            .map_err(|error| fail(error, &self.target))
    }

    /// Flushes; true where there is a file.
    pub fn finish(&mut self) -> Result<bool, Diagnostic> {
        match self.out.take() {
            None if self.goes_on => Ok(false),
            // The lines of an earlier run belong to its rows: they go with them.
            None if self.target.exists() && (self.is_named || !is_foreign(&self.target)) => {
                File::create(&self.temporary).map(|_| true).map_err(|error| {
                    Diagnostic::error("PW0952", format!("the quarantine file cannot be written: {}", io_cause(&error)))
                        .file(self.target.display().to_string())
                })
            }
            None => Ok(false),
            Some(mut out) => {
                out.flush().map_err(|error| {
                    Diagnostic::error("PW0952", format!("the quarantine file cannot be written: {}", io_cause(&error)))
                        .file(self.target.display().to_string())
                })?;
                Ok(true)
            }
        }
    }
}
