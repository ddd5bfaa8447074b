//! What DuckDB writes: files of loads, rows that checks reject.

use serde_json::Value as Json;

use super::DUCKDB;
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use crate::export::handover::check_spans;
use crate::export::sql::Selects;
use crate::export::sql::dialect::{Sql, cast};
use crate::ir::{Check, Destination, FileKind, NodeId, OnFail, Op, Plan, Write};
use crate::quote::{partition_text, sql_identifier, sql_text};

/// The table that holds what is counted of a join's matches.
pub fn matches_table(id: NodeId) -> String {
    format!("matches_{}", id.0)
}

/// The statement that counts how rows of a join's sides find partners; `None`: the node joins nothing.
pub fn counted_matches(selects: &Selects, id: NodeId) -> Result<Option<String>, Diagnostic> {
    let counted = selects.counted_matches(id)?;
    Ok(counted.map(|sql| format!("CREATE TEMP TABLE {} AS\n{sql};\n", matches_table(id))))
}

/// Where the rows of a load to a file are put first: a name of our own, in which nothing of the design stands.
/// `run.py` moves them to the load's path.
pub fn copied_file(id: NodeId, kind: FileKind, partition: &[String]) -> String {
    let ending = if partition.is_empty() { ending(kind) } else { "" };
    format!("rows/load_{}{ending}", id.0)
}

/// The end of the name of a file of a kind.
pub fn ending(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Csv => ".csv",
        FileKind::Jsonl => ".jsonl",
        FileKind::Parquet => ".parquet",
    }
}

/// What COPY is told to write.
pub fn copy_format(kind: FileKind) -> &'static str {
    match kind {
        // Lines as they are made here: DuckDB spells numbers otherwise, and quotes other texts.
        FileKind::Csv => "FORMAT csv, HEADER, QUOTE '', ESCAPE ''",
        FileKind::Jsonl => "FORMAT csv, HEADER false, QUOTE '', ESCAPE ''",
        FileKind::Parquet => "FORMAT parquet, COMPRESSION zstd",
    }
}

/// The table that holds the rows of a load into partitions.
pub fn load_table(id: NodeId) -> String {
    format!("load_{}", id.0)
}

/// The column of that table with the folder of each row: a name that no column of the rows has.
pub fn folder_column(schema: &Schema) -> String {
    let mut name = "#folder".to_owned();
    while schema.names().any(|known| known.eq_ignore_ascii_case(&name)) {
        name.push('#');
    }
    name
}

/// The file of the rows that a check rejects; `None`: the node rejects none.
pub fn rejected_file(plan: &Plan, id: NodeId) -> Option<String> {
    let is_rejecting = matches!(&plan.node(id).op, Op::Check(Check { on_fail: OnFail::Reject, .. }));
    is_rejecting.then(|| format!("rows/rejected_{}.jsonl", id.0))
}

/// The statement that writes a sink's rows, or those that a check rejects; `None`: the node does neither.
pub fn copy(plan: &Plan, selects: &Selects, id: NodeId) -> Result<Option<String>, Diagnostic> {
    let node = plan.node(id);
    if let (Some(file), Op::Check(check)) = (rejected_file(plan, id), &node.op) {
        return rejected(plan, selects, id, check, &file).map(Some);
    }
    let Op::Write(Write { destination, order, .. }) = &node.op else { return Ok(None) };
    let (target, kind, partition) = match destination {
        Destination::File { kind, partition, .. } => (copied_file(id, *kind, partition), *kind, partition.as_slice()),
        Destination::StandardOutput { .. } => return shown_rows(selects, id, &node.schema).map(Some),
        // The view before has refused it.
        Destination::Table(_) | Destination::Objects(_) | Destination::Endpoint(_) | Destination::Answer { .. } => {
            return Ok(None);
        }
    };
    if kind == FileKind::Parquet
        && let Some(span) = node.schema.fields.iter().find(|field| holds_span(&field.data_type))
    {
        return Err(Diagnostic::error(
            "PW0838",
            format!("DuckDB writes no Duration into Parquet, and `{}` is one or holds one", span.name),
        )
        .help(
            "export to the target `pipeline`, write another format, or make it a number before, as in `seconds(took)`",
        ));
    }
    let printer = selects.printer(id);
    let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", printer.total_order(order)?) };
    let inner: Vec<&Field> = node.schema.fields.iter().filter(|field| !partition.contains(&field.name)).collect();
    let mut columns = match kind {
        FileKind::Csv => vec![csv_line(&inner)],
        FileKind::Jsonl => vec![json_line(&inner)],
        FileKind::Parquet => inner.iter().map(|field| sql_identifier(&field.name)).collect(),
    };
    if partition.is_empty() {
        return Ok(Some(format!(
            "COPY (SELECT {} FROM {}{order})\n  TO {} ({});\n",
            columns.join(", "),
            selects.view(id),
            sql_text(&target),
            copy_format(kind)
        )));
    }
    let mut folder = Vec::new();
    for name in partition {
        let from = node.schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone());
        let text = cast(DUCKDB, &sql_identifier(name), &from, &DataType::String)?;
        folder.push(format!("{} || pw_folder({text})", sql_text(&format!("{}=", partition_text(name)))));
    }
    columns.push(format!("{} AS {}", folder.join(" || '/' || "), sql_identifier(&folder_column(&node.schema))));
    // run.py writes a file a folder.
    Ok(Some(format!(
        "CREATE TEMP TABLE {} AS SELECT {} FROM {}{order};\n",
        load_table(id),
        columns.join(", "),
        selects.view(id)
    )))
}

/// The statement that writes rows for standard output, as `results.json` reads them. Only the runner writes to what this
/// process was given as its output: a path such as `/dev/stdout` would open the file behind it anew, and empty it.
fn shown_rows(selects: &Selects, id: NodeId, schema: &Schema) -> Sql {
    check_spans(schema, &|what| DUCKDB.refuse(&what))?;
    let column = |(index, field): (usize, &Field)| {
        format!("{} AS c{index}", shown_value(&sql_identifier(&field.name), &field.data_type))
    };
    let columns: Vec<String> = schema.fields.iter().enumerate().map(column).collect();
    Ok(format!(
        "COPY (SELECT {} FROM {})\n  TO {} (FORMAT json);\n",
        columns.join(", "),
        selects.view(id),
        sql_text(&format!("rows/load_{}.jsonl", id.0))
    ))
}

/// Whether a type is a span of time, or holds one.
fn holds_span(data_type: &DataType) -> bool {
    match data_type {
        DataType::Duration => true,
        DataType::List(item) => holds_span(item),
        DataType::Record(fields) => fields.iter().any(|(_, item)| holds_span(item)),
        _ => false,
    }
}

/// A line of CSV as a run writes it, under the line of the names.
fn csv_line(fields: &[&Field]) -> String {
    let names: Vec<String> = fields.iter().map(|field| csv_text(&field.name)).collect();
    let cells: Vec<String> = fields.iter().map(|field| format!("coalesce({}, '')", csv_cell(field))).collect();
    let line = if cells.is_empty() { "''".to_owned() } else { cells.join(" || ',' || ") };
    format!("{line} AS {}", sql_identifier(&names.join(",")))
}

fn csv_cell(field: &Field) -> String {
    let value = shown_value(&sql_identifier(&field.name), &field.data_type);
    match &field.data_type {
        DataType::String | DataType::Unknown => format!("pw_csv_text({value})"),
        DataType::List(_) | DataType::Record(_) => format!("pw_csv_text(pw_json_print(to_json({value})))"),
        DataType::Float => format!("pw_number_text({value})"),
        DataType::Timestamp | DataType::Duration => value,
        DataType::Boolean | DataType::Int | DataType::Date => format!("CAST({value} AS VARCHAR)"),
    }
}

/// A text in a line of CSV: quoted where it would not be read back as it is.
fn csv_text(text: &str) -> String {
    let is_odd = text.contains([',', '"', '\n', '\r']) || text.trim() != text || text.is_empty();
    if is_odd { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A line of JSON as a run writes it.
fn json_line(fields: &[&Field]) -> String {
    let mut parts = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let before = if index == 0 { '{' } else { ',' };
        parts.push(sql_text(&format!("{before}{}:", Json::from(field.name.as_str()))));
        parts.push(format!("coalesce({}, 'null')", json_value(field)));
    }
    parts.push(sql_text(if fields.is_empty() { "{}" } else { "}" }));
    format!("{} AS line", parts.join(" || "))
}

fn json_value(field: &Field) -> String {
    let value = shown_value(&sql_identifier(&field.name), &field.data_type);
    match &field.data_type {
        DataType::String | DataType::Unknown => format!("pw_json_name(CAST(to_json({value}) AS VARCHAR))"),
        DataType::List(_) | DataType::Record(_) => format!("pw_json_print(to_json({value}))"),
        DataType::Float => format!("pw_number_text({value})"),
        DataType::Timestamp | DataType::Duration | DataType::Date => format!("'\"' || {value} || '\"'"),
        DataType::Boolean | DataType::Int => format!("CAST({value} AS VARCHAR)"),
    }
}

/// The rejected rows as the native engine writes them: where they come from, why, and the row as JSON.
fn rejected(plan: &Plan, selects: &Selects, id: NodeId, check: &Check, file: &str) -> Sql {
    let node = plan.node(id);
    let Some(input) = node.inputs.first() else { return Err(DUCKDB.refuse(&"a check without input")) };
    let schema = &plan.node(*input).schema;
    let predicate = selects.printer(*input).print(&check.predicate)?;
    let known = |name: &str| if schema.has(name) { sql_identifier(name) } else { "NULL".to_owned() };
    let fields: Vec<String> = schema
        .fields
        .iter()
        .map(|field| {
            format!("{}: {}", sql_text(&field.name), shown_value(&sql_identifier(&field.name), &field.data_type))
        })
        .collect();
    Ok(format!(
        "COPY (SELECT {} AS step, {} AS file, {} AS line, {} AS \"offset\", {} AS reason,\n  pw_json_print(to_json({{{}}})) AS raw FROM {} WHERE ({predicate}) IS NOT TRUE)\n  TO {} (FORMAT json);\n",
        sql_text(&node.origin.title),
        known("_file"),
        known("_line"),
        known("_offset"),
        sql_text(&check.reason),
        fields.join(", "),
        selects.view(*input),
        sql_text(file)
    ))
}

/// A value as text files show it: times in ISO 8601 with `Z`, spans in ISO 8601.
pub(in crate::export) fn shown_value(sql: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp => format!("pw_timestamp_text({sql})"),
        DataType::Duration => format!("pw_duration_text({sql})"),
        DataType::List(item) if nested_needs_text(item) => {
            format!("list_transform({sql}, lambda x: {})", shown_value("x", item))
        }
        DataType::Record(fields) if nested_needs_text(data_type) => {
            let fields: std::collections::BTreeMap<&String, &DataType> =
                fields.iter().map(|(name, item)| (name, item)).collect();
            let parts: Vec<String> = fields
                .into_iter()
                .map(|(name, item)| {
                    format!(
                        "{}: {}",
                        sql_text(name),
                        shown_value(&format!("struct_extract({sql}, {})", sql_text(name)), item)
                    )
                })
                .collect();
            format!("CASE WHEN {sql} IS NOT NULL THEN {{{}}} END", parts.join(", "))
        }
        _ => sql.to_owned(),
    }
}

fn nested_needs_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp | DataType::Duration => true,
        DataType::List(item) => nested_needs_text(item),
        // Objects are written with their keys in order.
        DataType::Record(fields) => {
            !fields.is_sorted_by(|(a, _), (b, _)| a <= b) || fields.iter().any(|(_, item)| nested_needs_text(item))
        }
        _ => false,
    }
}
