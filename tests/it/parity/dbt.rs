//! Parity with dbt: dbt starts slowly, so that all examples of steps are one design, a load each, which one bundle builds.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use pipewright_core::data::{Field, Value};
use pipewright_core::export::{DesignInfo, target};
use pipewright_core::ir::{Destination, FileKind, NodeId, Op, Origin, Plan, PlanStep, WhenExists, Write};
use pipewright_core::steps::PlanBuilder;

use super::{Answers, Case, compare, function_cases, nested_ties, step_cases};
use crate::support::{lead, path, postgresql, python_with_dbt, texts};

const PARSE: [(&str, &str); 1] = [("parse_text", "the text is read by a format of Pipewright's own")];

/// The rows of a case, loaded by a design that has all cases as steps.
fn load_of(case: &Case, number: usize, offset: u32) -> Vec<Arc<pipewright_core::ir::Node>> {
    let origin = Origin { step: format!("case{number}"), title: format!("Case {number}") };
    let mut builder = PlanBuilder { nodes: case.plan.nodes.clone(), ..PlanBuilder::default() };
    builder.nodes.truncate(case.node.0 as usize + 1);
    let destination = Destination::File {
        path: format!("{number}.jsonl"),
        kind: FileKind::Jsonl,
        partition: vec![],
        when_exists: WhenExists::Replace,
    };
    let loaded = Origin { step: format!("load{number}"), title: format!("Load {number}") };
    builder.push(Op::Write(Write::new(destination, vec![])), vec![case.node], &loaded).unwrap();
    for node in &mut builder.nodes {
        let node = Arc::make_mut(node);
        if node.origin != loaded {
            node.origin = origin.clone();
        }
        node.inputs.iter_mut().for_each(|input| *input = NodeId(input.0 + offset));
    }
    builder.nodes
}

fn design_of<'a>(cases: impl Iterator<Item = (usize, &'a Case)>) -> Plan {
    let mut plan = Plan::default();
    for (number, case) in cases {
        let offset = plan.nodes.len() as u32;
        plan.nodes.extend(load_of(case, number, offset));
        let ids = offset..plan.nodes.len() as u32;
        for id in ids.map(NodeId) {
            let origin = plan.node(id).origin.clone();
            let step = plan.steps.entry(origin.step).or_insert_with(PlanStep::default);
            (step.title, step.kind) = (origin.title, "filter".to_owned());
            step.nodes.push(id);
        }
    }
    plan
}

/// Gives the rows of each case, or why there are none.
fn dbt_rows(python: &str, name: &str, cases: &[Case]) -> Answers {
    let target = target(name).unwrap();
    let info = DesignInfo { name: "parity".into(), ..DesignInfo::default() };
    let one = |(number, case)| target.export(&design_of(std::iter::once((number, case))), &info);
    let refused: BTreeMap<usize, String> = cases
        .iter()
        .enumerate()
        .filter_map(|(number, case)| Some((number, one((number, case)).diagnostics.first()?.message.clone())))
        .collect();
    let carried = cases.iter().enumerate().filter(|(number, _)| !refused.contains_key(number));
    let bundle = target.export(&design_of(carried), &info);
    let folder = tempfile::tempdir().unwrap();
    for (file, content) in &bundle.files {
        let place = folder.path().join("bundle").join(file);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, &content.text).unwrap();
    }
    let out = folder.path().join("out");
    let mut run = Command::new("sh");
    run.arg(folder.path().join("bundle/run.sh")).arg(path(&out)).env("PYTHON", python);
    run.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PIPEWRIGHT_DROP", "yes");
    run.env("DBT_SCHEMA", format!("parity_{}", std::process::id()));
    let (code, said, talk) = texts(lead(&mut run).output().unwrap());
    assert!(code == 0 || code == 3, "{name}: {said}{talk}");
    let rows = |(number, case): (usize, &Case)| match refused.get(&number) {
        Some(message) => Err(message.clone()),
        None => {
            let text = fs::read_to_string(out.join(format!("{number}.jsonl"))).unwrap();
            let row = |line: &str| {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let cell = |field: &Field| Value::from_json(&row[&field.name], &field.data_type).unwrap();
                case.schema.fields.iter().map(cell).collect::<Vec<Value>>()
            };
            Ok(text.lines().map(row).collect())
        }
    };
    cases.iter().enumerate().map(rows).collect()
}

fn compare_steps(name: &str, engine: &str, refused: &[(&str, &str)]) {
    let Some(python) = python_with_dbt() else { return };
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let mut cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    cases.extend(nested_ties());
    if std::env::var_os("PIPEWRIGHT_LONG").is_some() {
        cases.extend(pipewright_core::expr::functions().iter().flat_map(function_cases));
    }
    // Rows of a model have no order; that of a load is tested with the loads.
    cases.iter_mut().for_each(|case| case.ordered = false);
    compare(engine, &cases, dbt_rows(&python, name, &cases), refused);
}

#[test]
fn steps_in_dbt_on_duckdb() {
    compare_steps("dbt", "DuckDB", &[&PARSE[..], &super::LOADS, super::NOT_IN_DUCKDB].concat());
}

#[test]
fn steps_in_dbt_on_postgresql() {
    if postgresql().is_none() {
        return;
    }
    let allowed = super::postgresql::allowed();
    compare_steps(
        "dbt-postgres",
        "PostgreSQL",
        &[&PARSE[..], &[("log_patterns", "`message_template`")], &super::LOADS, &allowed[..]].concat(),
    );
}
