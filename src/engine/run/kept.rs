//! Rows outside of a run's interval, which stay in its files: as they are, or nothing is put in place. A design that has
//! changed since they were written would take columns from them, or make other values of theirs.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::open_file;
use pipewright_core::ir::{Node, Op, Read};
use serde_json::{Map, Value as Json};

use crate::read::{schema_as, unreadable};

/// Looks whether the rows that a node reads from an earlier output come through the design's columns as they are. Columns
/// that are new are null in them.
pub(super) fn check(node: &Node) -> Result<(), Diagnostic> {
    let Op::Read(read) = &node.op else { return Ok(()) };
    let changed = match read.format.name.as_str() {
        "parquet" => changed_column(&schema_as(Path::new(&read.path), &read.format)?, &node.schema),
        _ => changed_value(read, &node.schema)?,
    };
    match changed {
        None => Ok(()),
        Some(what) => {
            let title = &node.origin.title;
            let message = format!("the rows of “{title}” that stay were made by another design than now: {what}");
            Err(Diagnostic::error("PW0983", message)
                .help("run it without an interval, which makes all rows anew; or with the design as it was before"))
        }
    }
}

fn gone(name: &str) -> String {
    format!("they have `{name}`, which is in the design no more")
}

/// What a file that knows its types has otherwise.
fn changed_column(found: &Schema, wanted: &Schema) -> Option<String> {
    found.fields.iter().find_map(|field| match wanted.get(&field.name) {
        None => Some(gone(&field.name)),
        Some(now) if now.data_type != field.data_type => {
            Some(format!("their `{}` is {}, and {} in the design", field.name, field.data_type, now.data_type))
        }
        Some(_) => None,
    })
}

/// What the first line has otherwise whose values the design's types do not spell as they stand there.
fn changed_value(read: &Read, wanted: &Schema) -> Result<Option<String>, Diagnostic> {
    let path = Path::new(&read.path);
    let failed = |error: std::io::Error| unreadable(path, &error);
    for line in BufReader::new(open_file(path).map_err(failed)?).lines() {
        let row: Map<String, Json> = serde_json::from_str(&line.map_err(failed)?).unwrap_or_default();
        for (name, json) in &row {
            let Some(field) = wanted.get(name) else { return Ok(Some(gone(name))) };
            let is_same = || Value::from_json(json, &field.data_type).is_some_and(|value| value.to_json() == *json);
            if !json.is_null() && !is_same() {
                return Ok(Some(format!("their `{name}` holds other values than {}", field.data_type)));
            }
        }
    }
    Ok(None)
}
