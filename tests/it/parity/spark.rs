//! Parity with Spark: the same cases as with DuckDB, in one long-living process, since Spark takes seconds to start.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use pipewright_core::data::Value;
use pipewright_core::export::spark;
use pipewright_core::expr::functions;
use pipewright_core::ir::Op;

use super::{
    Case, compare, difference, from_engine, function_cases, nested_ties, random_case, step_cases, try_native_rows,
};
use crate::support::{python_with_spark, root};

/// What Spark does not carry beside that which DuckDB does not, each with its reason.
const NOT_IN_SPARK: &[(&str, &str)] = &[
    ("json_get", "Spark reads what is no JSON, and spells numbers anew"),
    ("json_keys", "Spark reads what is no JSON"),
    ("json_length", "Spark reads what is no JSON"),
    ("json_list", "Spark reads what is no JSON, and spells numbers anew"),
    ("json_valid", "Spark reads what is no JSON"),
    ("url_decode", "Spark ends at what is no UTF-8"),
];

/// Gives the rows of each case, or why there are none.
fn spark_rows(python: &str, cases: &[Case]) -> Vec<Result<Vec<Vec<Value>>, String>> {
    let mut child = Command::new(python)
        .arg(root().join("tests/it/spark_rows.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut found = Vec::new();
    for case in cases {
        let (functions, query) = match spark::rows_script(&case.plan, case.node) {
            Ok(script) => script,
            Err(diagnostic) => {
                found.push(Err(diagnostic.message));
                continue;
            }
        };
        let columns: Vec<&str> = case.schema.names().collect();
        let task = serde_json::json!({ "functions": functions, "query": query, "columns": columns });
        writeln!(input, "{task}").unwrap();
        let answer: serde_json::Value =
            serde_json::from_str(&answers.next().expect("an answer a task").unwrap()).unwrap();
        if let Some(error) = answer["error"].as_str() {
            found.push(Err(format!("{error}\n{query}")));
            continue;
        }
        let row = |row: &serde_json::Value| {
            let cells = row.as_array().unwrap().iter().zip(&case.schema.fields);
            cells.map(|(json, field)| from_engine(json, &field.data_type)).collect()
        };
        found.push(Ok(answer["rows"].as_array().unwrap().iter().map(row).collect()));
    }
    drop(input);
    child.wait().unwrap();
    found
}

#[test]
fn functions_in_spark() {
    let Some(python) = python_with_spark() else { return };
    let cases: Vec<Case> = functions().iter().flat_map(function_cases).collect();
    compare("Spark", &cases, spark_rows(&python, &cases), &[super::NOT_IN_DUCKDB, NOT_IN_SPARK].concat());
}

#[test]
fn edges_in_spark() {
    let Some(python) = python_with_spark() else { return };
    super::edges::compare_edges("Spark", |cases| spark_rows(&python, cases), &[]);
}

#[test]
fn pairs_of_types_in_spark() {
    let Some(python) = python_with_spark() else { return };
    super::edges::compare_mixed("Spark", |cases| spark_rows(&python, cases));
}

#[test]
fn steps_in_spark() {
    let Some(python) = python_with_spark() else { return };
    // Sources are read by Pipewright: their formats have tests of their own.
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let mut cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    cases.extend(nested_ties());
    compare(
        "Spark",
        &cases,
        spark_rows(&python, &cases),
        &[&[("parse_text", "the text is read by a format of Pipewright's own")][..], &super::LOADS].concat(),
    );
}

/// Random cases that are compared; `PIPEWRIGHT_LONG=1`: as many as ten minutes allow. `PIPEWRIGHT_SEED` is the first.
#[test]
fn random_cases_in_spark() {
    let Some(python) = python_with_spark() else { return };
    let is_long = std::env::var_os("PIPEWRIGHT_LONG").is_some();
    let first = std::env::var("PIPEWRIGHT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let wanted = if is_long { 1000 } else { 60 };
    let (mut refused, mut faults) = (BTreeMap::<String, usize>::new(), Vec::new());
    let (mut cases, mut texts) = (Vec::new(), Vec::new());
    for seed in first..first + wanted {
        let (mut case, text) = random_case(seed);
        match try_native_rows(&case) {
            Ok(rows) => case.expected = rows,
            Err(fault) => {
                faults.push(format!("{} {text}: {fault}", case.name));
                continue;
            }
        }
        cases.push(case);
        texts.push(text);
    }
    let started = std::time::Instant::now();
    for ((case, answer), text) in cases.iter().zip(spark_rows(&python, &cases)).zip(texts) {
        match answer {
            Err(error) if error.starts_with("Spark does not carry") => *refused.entry(error).or_default() += 1,
            Err(error) => faults.push(format!("{} {text}: {error}", case.name)),
            Ok(rows) => {
                faults.extend(difference("Spark", case, rows).map(|found| format!("{} {text}: {found}", case.name)))
            }
        }
    }
    let (compared, not_carried) = (cases.len(), refused.values().sum::<usize>());
    eprintln!("{compared} random cases in {:?}; not carried: {refused:?}", started.elapsed());
    assert!((compared - not_carried) * 2 > compared, "{not_carried} of {compared} are not carried: {refused:?}");
    assert!(faults.is_empty(), "{} of {compared} differ:\n{}", faults.len(), faults.join("\n"));
}
