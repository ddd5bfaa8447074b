//! The cases on Polars: one Python process for all.

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::export::python;
use pipewright_core::expr::{Place, functions};
use pipewright_core::ir::{Column, Op, Origin, Plan, Project, Rows};
use pipewright_core::steps::PlanBuilder;

use super::{
    Answers, Case, NOT_IN_DUCKDB, answers_of_python, coerced, compare, compare_random_cases, function_cases,
    native_rows, nested_ties, rows_that_stand_twice, step_cases,
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
fn edges_in_polars() {
    let Some(python) = python_with_polars() else { return };
    super::edges::compare_edges("Polars", |cases| rows(&python, cases), &[]);
}

#[test]
fn json_in_polars() {
    let Some(python) = python_with_polars() else { return };
    super::edges::compare_json("Polars", |cases| rows(&python, cases));
}

#[test]
fn pairs_of_types_in_polars() {
    let Some(python) = python_with_polars() else { return };
    super::edges::compare_mixed("Polars", |cases| rows(&python, cases));
}

#[test]
fn steps_in_polars() {
    let Some(python) = python_with_polars() else { return };
    // Sources are staged by the runner: their formats have tests of their own.
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    let read = "the text is read by a format of Pipewright's own";
    compare("Polars", &cases, rows(&python, &cases), &[&[("parse_text", read)][..], &super::LOADS].concat());
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

/// Rows beside what an expression makes of each, which the native engine says.
fn computed(call: &str, rows: &Rows) -> Case {
    let mut builder = PlanBuilder::default();
    let input = builder.push(Op::Rows(rows.clone()), vec![], &Origin::default()).unwrap();
    let columns = vec![Column::same("x"), Column::new("made", coerced(call, &rows.schema, Place::Row))];
    let node = builder.push(Op::Project(Project::new(columns)), vec![input], &Origin::default()).unwrap();
    let schema = builder.nodes[node.0 as usize].schema.clone();
    let plan = Plan { nodes: builder.nodes, ..Plan::default() };
    let mut case = Case { name: call.to_owned(), plan, node, schema, expected: Vec::new(), ordered: false };
    case.expected = native_rows(&case);
    case
}

/// What functions that DuckDB does not carry make of odd texts.
const ODD_TEXTS: [&str; 44] = [
    "",
    " ",
    "-",
    " - ",
    "a",
    "@",
    "a@b",
    "@b",
    "jane.doe@example.com",
    "a@b@c",
    "é@x.de",
    "10.0.0.1",
    " 10.1.2.3 ",
    "010.0.0.1",
    "10.0.0",
    "10.0.0.256",
    "192.168.1.7",
    "172.31.255.255",
    "172.32.0.0",
    "169.254.1.1",
    "127.0.0.1",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "2001:db8:0:0:1:0:0:1",
    "::ffff:10.0.0.7",
    "::10.0.0.7",
    "2001:DB8::A",
    "1::2::3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
    "Mozilla/5.0 (Linux; Android 14; SM-T580) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "cubot X18 Android",
    "Googlebot/2.1",
    "curl/8.5.0",
    "ShopApp/5.2 (iOS 18.6)",
    "/users/42/posts/9f1b2c3d4e5f?x=1#y",
    "https://h.example:80/0123456789abcdefghij_-Zz/deadbeef/dead-beef-1//x",
    "login a@b.org from 10.0.0.7 card 4111 1111 1111 1111",
    "2026-03-29 02:30",
    "2026-10-25 02:30",
    "1890-01-01 00:00",
    "2400-07-01 12:00",
    "9999-12-31 23:59",
];

#[test]
fn odd_texts_in_polars() {
    let Some(python) = python_with_polars() else { return };
    let calls = [
        "ip_is_valid(x)",
        "ip_version(x)",
        "ip_is_private(x)",
        "ip_subnet(x, 24)",
        "ip_subnet(x, 0)",
        "ip_subnet(x, 64)",
        "ip_in(x, '10.0.0.0/8')",
        "ip_in(x, 'fe80::/10')",
        "mask_ip(x)",
        "mask_email(x)",
        "redact(x)",
        "path_template(x)",
        "ua_browser(x)",
        "ua_os(x)",
        "ua_device(x)",
        "ua_is_bot(x)",
        "url_param(x, 'x')",
        "to_timestamp(x, '%Y-%m-%d %H:%M', 'Europe/Berlin')",
        "from_timezone(to_timestamp(x, '%Y-%m-%d %H:%M'), 'America/New_York')",
        "at_timezone(to_timestamp(x, '%Y-%m-%d %H:%M'), 'Australia/Lord_Howe')",
    ];
    let rows = ODD_TEXTS.iter().map(|text| vec![Value::text(*text)]).chain([vec![Value::Null]]).collect();
    let rows = Rows { schema: Schema::of([("x", DataType::String)]), rows };
    let cases: Vec<Case> = calls.iter().map(|call| computed(call, &rows)).collect();
    compare("Polars", &cases, self::rows(&python, &cases), &[]);
}

/// To the last digit: as texts, too, quotients are those of the native engine.
#[test]
fn quotients_in_polars() {
    let Some(python) = python_with_polars() else { return };
    let rows = (0..500).map(|n: i64| vec![Value::Int(951_782_399_999_999 - n * 7_777_777_777)]).collect();
    let rows = Rows { schema: Schema::of([("x", DataType::Int)]), rows };
    let texts = ["x / 1000000", "x / 3", "x / 7.3", "epoch(from_epoch(x, 'microseconds'))", "bin(x, 0.1)"];
    let calls = texts.map(|text| format!("try_cast({text} as String)"));
    let cases: Vec<Case> = calls.iter().map(|call| computed(call, &rows)).collect();
    compare("Polars", &cases, self::rows(&python, &cases), &[]);
}
