//! The first lines of a file as they stand, whatever its format: to be looked at and marked.

use std::path::Path;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::Read;
use pipewright_engine::{Budget, Cancel, Sampling, read_sample};

/// The first lines of the first file that a path leads to, each in its place; blank ones are empty. In the encoding of
/// `format`, where it names one.
pub fn first_lines(path: &str, format: &FormatSpec, base: &Path, most: u64) -> Result<Vec<String>, Diagnostic> {
    let encoding = format.option("encoding").unwrap_or_default();
    let mut read = Read {
        path: path.to_owned(),
        format: FormatSpec::new("lines").with("encoding", encoding),
        schema: Schema::of([("line", DataType::String)]),
        columns: None,
        position: true,
        planned: None,
        location: None,
    };
    // What is found begins with the folder, which is put before it once more where it is relative.
    let base = &std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    if let Some(first) = pipewright_engine::expand(path, base)?.first() {
        read.path = pipewright_core::files::slashes(first);
    }
    let found = read_sample(&read, base, &Sampling::Head { rows: most }, &Budget::GLANCE, &Cancel::new())?;
    let mut lines = Vec::new();
    for row in 0..found.table.rows() {
        let values = found.table.row(row);
        let (Some(Value::String(text)), Some(Value::Int(number))) = (values.first(), values.get(2)) else { continue };
        // Blank lines are no rows.
        lines.resize(usize::try_from(number - 1).unwrap_or_default(), String::new());
        lines.push(text.clone());
    }
    Ok(lines)
}
