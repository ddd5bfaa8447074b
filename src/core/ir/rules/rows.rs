//! Schema rules of sources, sinks and row-wise operations.

use super::combine::{compared, computed_of};
use super::{Rule, column, columns_help, labels_of, labels_of_rows, put};
use crate::data::{Classification, DataType, Field, Labels, Schema};
use crate::diagnostic::Diagnostic;
use crate::expr::{ExprKind, Place};
use crate::ir::{Check, Destination, LoweredBy, LoweredColumn, OnFail, Parse, Project, Read, Rows, Write, path_pieces};

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
        let labels = labels_of_rows(&read.schema);
        // The name of a file says what the pieces of its path say.
        let pieces = path_pieces(&read.path);
        let told = pieces.iter().filter_map(|name| read.schema.get(name)).map(|field| &field.labels);
        let named = Labels { meaning: None, ..Labels::merged(told.chain([&labels])) };
        for (name, data_type) in POSITION {
            let labels = if data_type == DataType::String { &named } else { &labels };
            put(&mut schema, Field { labels: labels.clone(), ..Field::new(name, data_type) });
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
    let compared = computed_of(project.columns.iter().map(|column| &column.expr), input);
    let mut schema = Schema::default();
    for column in &project.columns {
        let mut field = rule.computed(&compared, column, Place::Row)?;
        if column.expr.columns().is_empty() {
            field.labels = input.rows.clone();
        }
        schema.fields.push(field);
    }
    for lowered in &project.lowered {
        lower(rule, &mut schema, project, lowered);
    }
    for raised in &project.raised {
        if let Some(at) = schema.index(&raised.column) {
            let own = &mut schema.fields[at].labels.classification;
            *own = (*own).max(Some(raised.classification));
        }
    }
    // What no sample has shown yet passes where all that is known passes.
    let passes = |name: &str| {
        let mut columns = project.columns.iter();
        columns.any(|column| column.name == name || matches!(&column.expr.kind, ExprKind::Column(from) if from == name))
    };
    schema.open = input.open && input.names().all(passes);
    Ok(schema)
}

/// Makes a personal column internal where its expression is what the reason is given for. That smaller groups were
/// taken out is seen in the whole plan only (`plan::check_policy`).
fn lower(rule: &Rule, schema: &mut Schema, project: &Project, lowered: &LoweredColumn) {
    let Some(column) = project.columns.iter().find(|column| column.name == lowered.column) else { return };
    let is_meant = match (lowered.by, &column.expr.kind) {
        (LoweredBy::KeyedHash, ExprKind::Call(call)) => {
            call.function == "hmac" && call.args.get(1).is_some_and(|key| matches!(key.kind, ExprKind::Parameter(_)))
        }
        // Of what is no text the length tells the value: `true`, a number.
        (LoweredBy::Mask, ExprKind::Call(call)) if call.function == "mask" && call.args.len() == 1 => {
            let arg = &call.args[0];
            let is_cast = matches!(arg.kind, ExprKind::Cast { .. });
            !is_cast && rule.expression(0, arg, Place::Row).is_ok_and(|found| found == DataType::String)
        }
        (LoweredBy::KeyedHash | LoweredBy::Mask, _) => false,
        (LoweredBy::SmallestGroup(_), _) => true,
    };
    let field = schema.index(&lowered.column).map(|at| &mut schema.fields[at]);
    let Some(field) = field.filter(|field| is_meant && field.labels.classification == Some(Classification::Personal))
    else {
        return;
    };
    field.labels.classification = Some(Classification::Internal);
    if let LoweredBy::SmallestGroup(rows) = lowered.by {
        field.labels.smallest_group = Some(field.labels.smallest_group.map_or(rows, |known| known.min(rows)));
    }
}

pub(super) fn check(rule: &Rule, check: &Check) -> Result<Schema, Diagnostic> {
    rule.predicate(&check.predicate)?;
    let input = rule.input(0)?;
    let mut schema = compared(&check.predicate, input);
    let OnFail::Flag(name) = &check.on_fail else { return Ok(schema) };
    let labels = labels_of(&check.predicate, &schema);
    schema.fields.push(Field { labels: Labels { meaning: None, ..labels }, ..Field::new(name, DataType::Boolean) });
    Ok(schema)
}

pub(super) fn write(rule: &Rule, write: &Write) -> Result<Schema, Diagnostic> {
    let input = rule.input(0)?;
    rule.order(&write.order)?;
    if let Some(watch) = &write.watch {
        rule.predicate(&watch.condition)?;
    }
    if let Destination::Table(place) = &write.destination {
        for name in &place.keys {
            column(input, name)?;
        }
    }
    if let Destination::Endpoint(place) = &write.destination {
        let alone = [&place.key, &place.time, &place.message].into_iter().filter(|name| !name.is_empty());
        for name in alone.chain(&place.labels) {
            column(input, name)?;
        }
    }
    let partition = write.destination.partition();
    if !partition.is_empty() {
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
