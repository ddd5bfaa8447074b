//! The cases on Polars: one Python process for all.

use pipewright_core::export::python;
use pipewright_core::expr::functions;
use pipewright_core::ir::Op;

use super::{
    Answers, Case, NOT_IN_DUCKDB, answers_of_python, compare, compare_random_cases, function_cases, nested_ties,
    rows_that_stand_twice, step_cases,
};
use crate::support::python_with_polars;

/// What Polars does not carry beside that which DuckDB does not, each with its reason.
const NOT_IN_POLARS: &[(&str, &str)] = &[("regexp_extract_all", "Polars gives whole matches only")];

fn rows(python: &str, cases: &[Case]) -> Answers {
    answers_of_python(python, "polars_rows.py", cases, |case| {
        let (script, variable) = python::rows_script(&case.plan, case.node)?;
        let columns: Vec<&str> = case.schema.names().collect();
        Ok(serde_json::json!({ "script": script, "variable": variable, "columns": columns }))
    })
}

#[test]
fn functions_in_polars() {
    let Some(python) = python_with_polars() else { return };
    let cases: Vec<Case> = functions().iter().flat_map(function_cases).collect();
    compare("Polars", &cases, rows(&python, &cases), &[NOT_IN_DUCKDB, NOT_IN_POLARS].concat());
}

#[test]
fn steps_in_polars() {
    let Some(python) = python_with_polars() else { return };
    // Sources are staged by the runner: their formats have tests of their own.
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    let read = "the text is read by a format of Pipewright's own";
    compare("Polars", &cases, rows(&python, &cases), &[("parse_text", read)]);
}

#[test]
fn ties_and_rows_that_stand_twice_in_polars() {
    let Some(python) = python_with_polars() else { return };
    let mut cases = nested_ties();
    cases.push(rows_that_stand_twice());
    compare("Polars", &cases, rows(&python, &cases), &[]);
}

#[test]
fn random_cases_in_polars() {
    let Some(python) = python_with_polars() else { return };
    compare_random_cases("Polars", |cases| rows(&python, cases));
}
