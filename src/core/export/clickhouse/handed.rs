//! What goes between Pipewright's own runner and ClickHouse, as Parquet whose columns bear numbers. ClickHouse neither
//! reads nor writes a list or a record that is null there: beside each stands a flag.

use super::CLICKHOUSE;
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::export::handover::{
    add_parameters, by_number_with_flags, check_spans, numbered, parameters_schema, push, staged_file,
};
use crate::export::staging;
use crate::expr::Expr;
use crate::formats::FormatSpec;
use crate::ir::{Column, FileKind, NodeId, Op, Origin, Plan, Project, Read};

/// Whether a flag stands beside a column.
fn is_flagged(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::Record(_))
}

/// Columns that cannot come through: what is null inside of others has no flag.
fn check_held(schema: &Schema) -> Result<(), Diagnostic> {
    check_spans(schema, &|what| CLICKHOUSE.refuse(&what))?;
    let is_nested = |data_type: &DataType| match data_type {
        DataType::List(item) => is_flagged(item),
        DataType::Record(fields) => fields.iter().any(|(_, item)| is_flagged(item)),
        _ => false,
    };
    match schema.fields.iter().find(|field| is_nested(&field.data_type)) {
        Some(field) => Err(CLICKHOUSE.refuse(&format_args!(
            "lists or records inside of others in a source, a load or rejected rows: `{}`",
            field.name
        ))),
        None => Ok(()),
    }
}

/// A pipeline of the sources and the parameters.
pub(super) fn stage(plan: &Plan) -> Plan {
    let mut made = numbered(&staging::stage(plan, FileKind::Parquet, &staged_file), is_flagged);
    add_parameters(&mut made, plan, FileKind::Parquet);
    made
}

/// The SELECT of columns of a staged file by their names.
fn from_file(file: &str, schema: &Schema) -> String {
    let column = |(index, field): (usize, &Field)| {
        let held = match &field.data_type {
            DataType::List(_) => format!("if(n{index}, NULL, tuple(c{index}))"),
            DataType::Record(_) => format!("if(n{index}, NULL, c{index})"),
            _ => format!("c{index}"),
        };
        format!("{} AS {}", CLICKHOUSE.made(&held, &field.data_type), CLICKHOUSE.identifier(&field.name))
    };
    let columns: Vec<String> = schema.fields.iter().enumerate().map(column).collect();
    format!("SELECT {}\nFROM file('stage/{file}', 'Parquet')", columns.join(",\n  "))
}

/// The SELECT of a source's rows.
pub(super) fn staged_rows(id: NodeId, schema: &Schema) -> Result<String, Diagnostic> {
    check_held(schema)?;
    Ok(from_file(&staged_file(id), schema))
}

/// The statement that makes the row of parameters, where the script names any.
pub(super) fn parameters(plan: &Plan) -> String {
    let schema = parameters_schema(plan);
    match schema.is_empty() {
        true => String::new(),
        false => super::made("pw_parameters", true, &from_file("parameters.parquet", &schema)),
    }
}

/// The statement that writes rows for Pipewright's runner.
pub(super) fn rows_out(name: &str, from: &str, schema: &Schema) -> Result<String, Diagnostic> {
    check_held(schema)?;
    let mut columns = Vec::new();
    for (index, field) in schema.fields.iter().enumerate() {
        let column = CLICKHOUSE.identifier(&field.name);
        columns.push(match &field.data_type {
            DataType::List(_) => format!("tupleElement({column}, 1) AS c{index}"),
            DataType::Record(_) => format!("assumeNotNull({column}) AS c{index}"),
            _ => format!("{column} AS c{index}"),
        });
    }
    for (index, field) in schema.fields.iter().enumerate().filter(|(_, field)| is_flagged(&field.data_type)) {
        columns.push(format!("CAST(isNull({}) AS Bool) AS n{index}", CLICKHOUSE.identifier(&field.name)));
    }
    Ok(format!(
        "INSERT INTO FUNCTION file('rows/{name}/rows.parquet', 'Parquet') SELECT {} FROM {from};\n",
        columns.join(", ")
    ))
}

/// The statement that writes numbers for the report.
pub(super) fn counts(name: &str, select: &str) -> String {
    format!("INSERT INTO FUNCTION file('counts/{name}.json', 'JSONCompactEachRow')\n{select};\n")
}

/// Reads rows that ClickHouse has written and gives their columns the names back.
pub(super) fn rows(made: &mut Plan, view: &str, schema: &Schema, origin: &Origin) -> NodeId {
    let mut held = by_number_with_flags(schema, is_flagged);
    for field in &mut held.fields {
        match field.data_type {
            DataType::Duration => field.data_type = DataType::Int,
            DataType::Unknown => field.data_type = DataType::String,
            _ => {}
        }
    }
    let read = Read {
        path: format!("rows/{view}/*.parquet"),
        format: FormatSpec::new("parquet"),
        schema: held,
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    let read_schema = read.schema.clone();
    let id = push(made, Op::Read(read), vec![], read_schema, origin);
    let column = |(index, field): (usize, &Field)| {
        let value = Expr::column(format!("c{index}"));
        let expr = match &field.data_type {
            DataType::Duration => Expr::call("to_duration", vec![value, Expr::literal(Value::text("microseconds"))]),
            data_type if is_flagged(data_type) => {
                Expr::call("if", vec![Expr::column(format!("n{index}")), Expr::literal(Value::Null), value])
            }
            _ => value,
        };
        Column::new(field.name.clone(), expr)
    };
    let project = Project::new(schema.fields.iter().enumerate().map(column).collect());
    push(made, Op::Project(project), vec![id], schema.clone(), origin)
}
