//! The columns that several files have together. A file without a value in a column has no say in its type. Must not
//! import runs or previews.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright_core::data::{DataType, Field, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::Read;

use crate::budget::Budget;
use crate::cancel::Cancel;
use crate::profile::profile;
use crate::read::schema_as;
use crate::sample::read_sample;
use crate::sampling::Sampling;

/// Rows of a file that are looked at for values.
const ROWS: u64 = 1_000;
/// Files that are looked at where the first one does not show what its columns are.
const FEW: usize = 8;

/// The columns of the first file, then those that only later ones have.
pub fn schema_of_files(files: &[PathBuf], format: &FormatSpec) -> Result<Schema, Diagnostic> {
    let mut all: Vec<Schema> = Vec::with_capacity(files.len());
    for path in files {
        let found = schema_as(path, format)?;
        all.push(all.first().map_or(found.clone(), |first| by_place(&found, first)));
    }
    let mut columns: Vec<(&Field, Vec<(usize, &DataType)>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, schema) in all.iter().enumerate() {
        for field in &schema.fields {
            let place = *places.entry(&field.name).or_insert(columns.len());
            if place == columns.len() {
                columns.push((field, Vec::new()));
            }
            columns[place].1.push((number, &field.data_type));
        }
    }
    let mut empty: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut has_values = |number: usize, name: &str| {
        !empty.entry(number).or_insert_with(|| without_values(&files[number], format, &all[number])).contains(name)
    };
    let mut schema = Schema::default();
    for (field, mut votes) in columns {
        if votes.iter().any(|(_, data_type)| *data_type != votes[0].1) {
            votes.retain(|(number, data_type)| **data_type != DataType::String || has_values(*number, &field.name));
        }
        let common = votes
            .iter()
            .map(|(_, data_type)| (*data_type).clone())
            .reduce(|one, other| one.common(&other).unwrap_or(DataType::String));
        schema.fields.push(Field { data_type: common.unwrap_or(DataType::String), ..field.clone() });
    }
    Ok(schema)
}

/// The columns of the first of some files; where it has no values in them the next ones show what they are.
pub fn schema_of_first(files: &[PathBuf], format: &FormatSpec) -> Result<Schema, Diagnostic> {
    let Some(first) = files.first() else { return Ok(Schema::default()) };
    let mut schema = schema_as(first, format)?;
    let is_text = |field: &Field| field.data_type == DataType::String;
    if files.len() == 1 || !schema.fields.iter().any(is_text) {
        return Ok(schema);
    }
    let empty = without_values(first, format, &schema);
    if empty.is_empty() {
        return Ok(schema);
    }
    let few = schema_of_files(&files[..files.len().min(FEW)], format)?;
    for field in schema.fields.iter_mut().filter(|field| empty.contains(&field.name)) {
        if let Some(shown) = few.get(&field.name) {
            field.data_type = shown.data_type.clone();
        }
    }
    Ok(schema)
}

/// Texts of a file that no row of its sample has.
fn without_values(path: &Path, format: &FormatSpec, schema: &Schema) -> BTreeSet<String> {
    // A file that may be looked at lies beside itself.
    let (Some(base), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return BTreeSet::new();
    };
    let read = Read {
        path: name.replace('$', "$$"),
        format: format.clone(),
        schema: schema.clone(),
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    let head = Sampling::Head { rows: ROWS };
    let Ok(found) = read_sample(&read, base, &head, &Budget::of(&head), &Cancel::new()) else {
        return BTreeSet::new();
    };
    let rows = found.table.rows() as u64;
    let profiles = profile(&found.table);
    let fields = found.table.schema().fields.iter().zip(profiles);
    let empty = fields.filter(|(field, known)| field.data_type == DataType::String && known.nulls == rows);
    empty.map(|(field, _)| field.name.clone()).collect()
}

/// A file without a header has the names of the first one, in order.
fn by_place(found: &Schema, first: &Schema) -> Schema {
    let is_numbered =
        |schema: &Schema| schema.names().enumerate().all(|(place, name)| name == format!("column_{}", place + 1));
    if found.len() != first.len() || !is_numbered(found) || is_numbered(first) {
        return found.clone();
    }
    let named = found.fields.iter().zip(&first.fields);
    Schema::new(named.map(|(field, first)| Field { name: first.name.clone(), ..field.clone() }).collect())
}
