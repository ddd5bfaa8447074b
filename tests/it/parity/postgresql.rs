//! The cases on PostgreSQL: one `psql` for all, a transaction a case.

use std::io::Write as _;
use std::process::Stdio;

use pipewright_core::data::{DataType, Field};
use pipewright_core::export::postgresql;
use pipewright_core::expr::functions;
use pipewright_core::ir::Op;

use super::{Answers, Case, NOT_IN_DUCKDB, compare, compare_random_cases, from_engine, function_cases, step_cases};
use crate::support::{self, PostgreSql};

/// What stands in the output before each case.
const MARK: &str = "== case ";

/// Functions that PostgreSQL does not carry beside those that DuckDB does not either.
const NOT_IN_POSTGRESQL: &[(&str, &str)] = &[
    ("message_template", "its patterns leave several ways"),
    ("regexp_extract", "patterns that leave several ways"),
    ("regexp_extract_all", "patterns that leave several ways"),
    ("regexp_replace", "patterns that leave several ways"),
];

fn rows(server: &PostgreSql, cases: &[Case]) -> Answers {
    let scripts: Vec<_> = cases.iter().map(|case| postgresql::rows_script(&case.plan, case.node)).collect();
    let mut text = String::from(
        "SET client_min_messages = warning;\nSELECT 'parity_' || pg_backend_pid() AS parity \\gset\nCREATE SCHEMA :\"parity\";\n\
         SET search_path TO :\"parity\";\nSET TimeZone = 'UTC';\nSET DateStyle = 'ISO, YMD';\n",
    );
    let (mut has_prelude, mut found) = (false, Vec::new());
    for (number, (case, script)) in cases.iter().zip(&scripts).enumerate() {
        let Ok((prelude, setup, table)) = script else { continue };
        if !std::mem::replace(&mut has_prelude, true) {
            text.push_str(&format!("BEGIN;\n{prelude}COMMIT;\n"));
        }
        let columns: Vec<String> = case.schema.fields.iter().map(shown).collect();
        let query = format!("SELECT json_build_array({}) FROM {table};\n", columns.join(", "));
        let mark = format!("{MARK}{number}");
        text.push_str(&format!("\\echo {mark}\n\\warn {mark}\nBEGIN;\n{setup}{query}ROLLBACK;\n"));
    }
    let mut child = server.psql().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let (lines, errors) = (by_case(&output.stdout), by_case(&output.stderr));
    for (number, (case, script)) in cases.iter().zip(scripts).enumerate() {
        let of = |found: &[(usize, Vec<String>)]| {
            found.iter().find(|(known, _)| *known == number).map(|(_, lines)| lines.clone()).unwrap_or_default()
        };
        found.push(match (script, of(&errors).first()) {
            (Err(fault), _) => Err(fault.message),
            (Ok(_), Some(error)) => Err(error.clone()),
            (Ok(_), None) => Ok(of(&lines).iter().map(|line| row(case, line)).collect()),
        });
    }
    found
}

fn row(case: &Case, line: &str) -> Vec<pipewright_core::data::Value> {
    let json: Vec<serde_json::Value> = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    json.iter().zip(&case.schema.fields).map(|(json, field)| from_engine(json, &field.data_type)).collect()
}

/// A column as the tests read it.
fn shown(field: &Field) -> String {
    let name = format!("\"{}\"", field.name.replace('"', "\"\""));
    match field.data_type {
        DataType::Timestamp => format!("pw_micros({name})"),
        DataType::Date => format!("{name} - DATE '1970-01-01'"),
        _ => name,
    }
}

/// The lines behind each mark.
fn by_case(output: &[u8]) -> Vec<(usize, Vec<String>)> {
    let mut found: Vec<(usize, Vec<String>)> = Vec::new();
    for line in std::str::from_utf8(output).unwrap().lines() {
        match (line.strip_prefix(MARK), found.last_mut()) {
            (Some(number), _) => found.push((number.parse().unwrap(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line.to_owned()),
            (None, None) => panic!("{line}"),
        }
    }
    found
}

pub(super) fn allowed() -> Vec<(&'static str, &'static str)> {
    NOT_IN_DUCKDB.iter().chain(NOT_IN_POSTGRESQL).copied().collect()
}

#[test]
fn functions_in_postgresql() {
    let Some(server) = support::postgresql() else { return };
    let cases: Vec<Case> = functions().iter().flat_map(function_cases).collect();
    compare("PostgreSQL", &cases, rows(server, &cases), &allowed());
}

#[test]
fn edges_in_postgresql() {
    let Some(server) = support::postgresql() else { return };
    let frames = [("last", "a frame that ends with all rows of equal keys")];
    super::edges::compare_edges("PostgreSQL", |cases| rows(server, cases), &frames);
}

#[test]
fn json_in_postgresql() {
    let Some(server) = support::postgresql() else { return };
    super::edges::compare_json("PostgreSQL", |cases| rows(server, cases));
}

#[test]
fn pairs_of_types_in_postgresql() {
    let Some(server) = support::postgresql() else { return };
    super::edges::compare_mixed("PostgreSQL", |cases| rows(server, cases));
}

#[test]
fn steps_in_postgresql() {
    let Some(server) = support::postgresql() else { return };
    // Sources are staged by the runner: their formats have tests of their own.
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    let read = "the text is read by a format of Pipewright's own";
    compare(
        "PostgreSQL",
        &cases,
        rows(server, &cases),
        &[&[("parse_text", read), ("log_patterns", "`message_template`")][..], &super::LOADS].concat(),
    );
}

#[test]
fn ties_and_rows_that_stand_twice_in_postgresql() {
    let Some(server) = support::postgresql() else { return };
    let mut cases = super::nested_ties();
    cases.push(super::rows_that_stand_twice());
    compare("PostgreSQL", &cases, rows(server, &cases), &[]);
}

#[test]
fn random_cases_in_postgresql() {
    let Some(server) = support::postgresql() else { return };
    compare_random_cases("PostgreSQL", |cases| rows(server, cases));
}
