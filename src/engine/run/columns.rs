//! Columns that a run wants of its sources, and that their files do not have. Knows no Polars.

use pipewright_core::ir::Op;

use crate::read::{ReadJob, schema_as};

/// Columns that a run wants of a table, and that its first file does not have. Formats whose rows name their own fields
/// may bring them later.
pub(super) fn missing_columns(op: &Op, job: &ReadJob) -> Vec<String> {
    let (Op::Read(read), Some(file)) = (op, job.files.first()) else { return Vec::new() };
    if !["csv", "parquet"].contains(&read.format.name.as_str()) {
        return Vec::new();
    }
    let found = schema_as(file, &read.format).unwrap_or_default();
    // A table without header has no names to compare.
    if found.names().all(|name| name.starts_with("column_")) {
        return Vec::new();
    }
    let wanted =
        read.schema.names().filter(|name| read.columns.as_ref().is_none_or(|used| used.iter().any(|u| u == name)));
    let is_there = |name: &str| found.has(name) || job.pieces.names().iter().any(|piece| piece == name);
    wanted.filter(|name| !is_there(name)).map(str::to_owned).collect()
}
