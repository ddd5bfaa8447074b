//! The cases on ClickHouse: one Python process for all.

use pipewright_core::data::{DataType, Field};
use pipewright_core::export::clickhouse;
use pipewright_core::expr::functions;
use pipewright_core::ir::Op;

use super::{
    Answers, Case, NOT_IN_DUCKDB, answers_of_python, compare, compare_random_cases, function_cases, nested_ties,
    rows_that_stand_twice, step_cases,
};
use crate::support::python_with_clickhouse;

/// What ClickHouse does not carry beside that which DuckDB does not, each with its reason.
const NOT_IN_CLICKHOUSE: &[(&str, &str)] = &[
    ("json_get", "ClickHouse reads what is no JSON"),
    ("json_keys", "ClickHouse reads what is no JSON"),
    ("json_length", "ClickHouse reads what is no JSON"),
    ("json_list", "ClickHouse reads what is no JSON"),
    ("json_valid", "ClickHouse reads what is no JSON"),
    ("url_decode", "ClickHouse leaves what is no UTF-8"),
    ("split", "its separator is a constant"),
    ("split_part", "its separator is a constant"),
    ("list_join", "its separator is a constant"),
    ("pad_start", "what it fills with is a constant"),
    ("pad_end", "what it fills with is a constant"),
];

fn rows(python: &str, cases: &[Case]) -> Answers {
    answers_of_python(python, "clickhouse_rows.py", cases, |case| {
        let (setup, query) = clickhouse::rows_script(&case.plan, case.node)?;
        let columns: Vec<String> = case.schema.fields.iter().map(shown).collect();
        let query = query.replacen('*', &columns.join(", "), 1);
        Ok(serde_json::json!({ "setup": setup, "query": query }))
    })
}

/// A column as the tests read it.
fn shown(field: &Field) -> String {
    let name = format!("`{}`", field.name.replace('\\', "\\\\").replace('`', "\\`"));
    match field.data_type {
        DataType::Timestamp => format!("toUnixTimestamp64Micro({name})"),
        DataType::Date => format!("toInt32({name})"),
        _ => name,
    }
}

#[test]
fn functions_in_clickhouse() {
    let Some(python) = python_with_clickhouse() else { return };
    let cases: Vec<Case> = functions().iter().flat_map(function_cases).collect();
    compare("ClickHouse", &cases, rows(&python, &cases), &[NOT_IN_DUCKDB, NOT_IN_CLICKHOUSE].concat());
}

#[test]
fn edges_in_clickhouse() {
    let Some(python) = python_with_clickhouse() else { return };
    super::edges::compare_edges("ClickHouse", |cases| rows(&python, cases), &[]);
}

#[test]
fn pairs_of_types_in_clickhouse() {
    let Some(python) = python_with_clickhouse() else { return };
    super::edges::compare_mixed("ClickHouse", |cases| rows(&python, cases));
}

#[test]
fn steps_in_clickhouse() {
    let Some(python) = python_with_clickhouse() else { return };
    // Sources are staged by the runner: their formats have tests of their own.
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    let read = "the text is read by a format of Pipewright's own";
    compare("ClickHouse", &cases, rows(&python, &cases), &[&[("parse_text", read)][..], &super::LOADS].concat());
}

#[test]
fn ties_and_rows_that_stand_twice_in_clickhouse() {
    let Some(python) = python_with_clickhouse() else { return };
    let mut cases = nested_ties();
    cases.push(rows_that_stand_twice());
    compare("ClickHouse", &cases, rows(&python, &cases), &[]);
}

#[test]
fn random_cases_in_clickhouse() {
    let Some(python) = python_with_clickhouse() else { return };
    compare_random_cases("ClickHouse", |cases| rows(&python, cases));
}
