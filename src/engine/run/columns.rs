//! Columns that a run wants, and those that files have: of its sources, and of outputs of which it replaces an interval and
//! the other rows stay. Knows no Polars.

use std::collections::BTreeSet;
use std::path::Path;

use pipewright_core::data::Field;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Node, Op};

use super::report::SourceReport;
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

/// An error where rows that stay have other columns than those that are put beside them: values of theirs would go.
pub(super) fn check_columns(node: &Node) -> Result<(), Diagnostic> {
    let Op::Read(read) = &node.op else { return Ok(()) };
    let file = Path::new(&read.path);
    // Of no rows nothing is lost.
    if file.metadata().is_ok_and(|about| about.len() == 0) {
        return Ok(());
    }
    let (found, wanted) = (schema_as(file, &read.format)?, &node.schema);
    let named = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let gone: Vec<&str> = found.names().filter(|name| !wanted.has(name)).collect();
    let new: Vec<&str> = wanted.names().filter(|name| !found.has(name)).collect();
    // What a text holds is known of its values alone, when they are read.
    let is_told = read.format.name == "parquet";
    let other = wanted.fields.iter().filter(|field| is_told && !field.data_type.is_unknown()).find_map(|field| {
        let before = &found.get(&field.name)?.data_type;
        (before.common(&field.data_type).as_ref() != Some(&field.data_type)).then_some((field, before))
    });
    let what = match (&gone[..], &new[..]) {
        ([], []) => match other {
            Some((Field { name, data_type, .. }, before)) => {
                format!("have {before} in `{name}`, which is {data_type} in the design")
            }
            None => return Ok(()),
        },
        (_, []) => format!("have {}, which the design has no more", named(gone)),
        ([], _) => format!("have no {}", named(new)),
        _ => format!("have {} and no {}", named(gone), named(new)),
    };
    Err(other_columns(&what).step(&*node.origin.step, &*node.origin.title))
}

/// An error where a value of a row that stays would not be the same any more. `kept`: steps whose outputs have such rows.
pub(super) fn check_values(kept: &BTreeSet<String>, sources: &[SourceReport]) -> Result<(), Diagnostic> {
    for source in sources.iter().filter(|source| kept.contains(&source.step)) {
        let tally = &source.tally;
        let what = tally.changes.told().or_else(|| tally.left_out());
        let what = what.or_else(|| (tally.quarantined > 0).then(|| "cannot be read any more".to_owned()));
        if let Some(what) = what {
            return Err(other_columns(&format!("do not fit: {what}")).step(&*source.step, &*source.title));
        }
    }
    Ok(())
}

fn other_columns(what: &str) -> Diagnostic {
    Diagnostic::error("PW0959", format!("rows outside of the interval, which are to stay, {what}")).help(
        "run the design once without an interval, or give the output another path: the columns are others than before",
    )
}
