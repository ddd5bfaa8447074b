//! Schema rules of sources, sinks and row-wise operations.

use super::{Rule, column, columns_help, put};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use crate::expr::{ExprKind, Place};
use crate::ir::{Check, Destination, OnFail, Parse, Project, Read, Rows, Write};

/// Columns that `Read.position` adds.
pub(crate) const POSITION: [(&str, DataType); 3] =
    [("_file", DataType::String), ("_line", DataType::Int), ("_offset", DataType::Int)];

pub(super) fn read(read: &Read) -> Schema {
    let mut schema = read.schema.clone();
    if let Some(columns) = &read.columns {
        schema.fields.retain(|field| columns.contains(&field.name));
        schema.open = false;
    }
    if read.position {
        for (name, data_type) in POSITION {
            put(&mut schema, Field::new(name, data_type));
        }
    }
    schema
}

pub(super) fn rows(rows: &Rows) -> Result<Schema, Diagnostic> {
    let wide = rows.schema.len();
    match rows.rows.iter().position(|row| row.len() != wide) {
        Some(index) => Err(Diagnostic::error(
            "PW0411",
            format!("row {} has {} values for {wide} columns", index + 1, rows.rows[index].len()),
        )
        .help("give each row one value a column; null where there is none")),
        None => Ok(rows.schema.clone()),
    }
}

pub(super) fn parse(rule: &Rule, parse: &Parse) -> Result<Schema, Diagnostic> {
    let input = rule.input(0)?;
    let text = column(input, &parse.column)?.into_owned();
    if !text.data_type.fits(&DataType::String) {
        return Err(Diagnostic::error(
            "PW0405",
            format!("`{}` is {}, but only text can be parsed", parse.column, text.data_type),
        )
        .help("choose a String column"));
    }
    let mut schema = input.clone();
    if !parse.keep_input && !parse.schema.has(&parse.column) {
        schema.fields.retain(|field| field.name != parse.column);
    }
    for field in &parse.schema.fields {
        let meaning = field.labels.meaning.clone();
        let mut labels = field.labels.merge(&text.labels);
        labels.meaning = meaning;
        put(&mut schema, Field { labels, ..field.clone() });
    }
    schema.open |= parse.schema.open;
    Ok(schema)
}

pub(super) fn project(rule: &Rule, project: &Project) -> Result<Schema, Diagnostic> {
    let input = rule.input(0)?;
    if project.columns.is_empty() && !input.open {
        return Err(Diagnostic::error("PW0407", "no column would be left").help("keep at least one column"));
    }
    let mut schema = Schema::default();
    for column in &project.columns {
        schema.fields.push(rule.computed(0, column, Place::Row)?);
    }
    // What no sample has shown yet passes where all that is known passes.
    let passes = |name: &str| {
        let mut columns = project.columns.iter();
        columns.any(|column| column.name == name || matches!(&column.expr.kind, ExprKind::Column(from) if from == name))
    };
    schema.open = input.open && input.names().all(passes);
    Ok(schema)
}

pub(super) fn check(rule: &Rule, check: &Check) -> Result<Schema, Diagnostic> {
    rule.predicate(&check.predicate)?;
    let mut schema = rule.input(0)?.clone();
    if let OnFail::Flag(name) = &check.on_fail {
        schema.fields.push(Field::new(name, DataType::Boolean));
    }
    Ok(schema)
}

pub(super) fn write(rule: &Rule, write: &Write) -> Result<Schema, Diagnostic> {
    let input = rule.input(0)?;
    rule.order(&write.order)?;
    if let Destination::File { partition, .. } = &write.destination {
        for name in partition {
            column(input, name)?;
        }
        if !input.is_empty() && input.names().all(|name| partition.iter().any(|key| key == name)) {
            return Err(Diagnostic::error("PW0412", "every column would become a folder, none would be in the files")
                .help(columns_help(input)));
        }
    }
    Ok(input.clone())
}
