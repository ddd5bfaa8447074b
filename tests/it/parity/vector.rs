//! The cases on VRL, Vector's language: its own compiler and interpreter run the programs of each step, one event a line.

use std::collections::BTreeMap;
use std::process::Command;

use pipewright_core::data::Value;
use pipewright_core::export::vector::{Stage, stages_of};
use pipewright_core::expr::functions;
use pipewright_core::ir::{NodeId, Op};
use serde_json::{Map, Value as Json};

use super::{
    Answers, Case, compare, difference, from_engine, function_cases, random_case, step_cases, try_native_rows,
};
use crate::support::vrl;

/// What a program gives for each event.
fn results(vrl: &str, program: &str, events: &[Json]) -> Result<Vec<Json>, String> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let folder = tempfile::tempdir().unwrap();
    let (code, input) = (folder.path().join("program.vrl"), folder.path().join("events.jsonl"));
    std::fs::write(&code, program).unwrap();
    std::fs::write(&input, events.iter().map(|event| format!("{event}\n")).collect::<String>()).unwrap();
    let ran = Command::new(vrl).arg("--program").arg(&code).arg("--input").arg(&input).output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned());
    let lines: Result<Vec<Json>, _> = out.lines().map(serde_json::from_str).collect();
    match lines {
        Ok(lines) if lines.len() == events.len() => Ok(lines),
        _ => Err(format!("VRL says of\n{program}\n{out}{err}")),
    }
}

fn remapped(vrl: &str, program: &str, events: &[Json]) -> Result<Vec<Json>, String> {
    let texts = results(vrl, &format!("{program}encode_json(.)\n"), events)?;
    Ok(texts.iter().map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap()).collect())
}

fn rows_of_case(vrl: &str, case: &Case) -> Result<Vec<Vec<Value>>, String> {
    let plan = pipewright_core::ir::prune(&case.plan, &[case.node]);
    let stages = stages_of(&case.plan, case.node).map_err(|refused| refused.message)?;
    let mut events: BTreeMap<NodeId, Vec<Json>> = BTreeMap::new();
    for (id, stage) in &stages {
        let node = plan.node(*id);
        let given: Vec<Json> = node.inputs.iter().flat_map(|input| events[input].clone()).collect();
        let made = match (stage, &node.op) {
            (Stage::Feed, Op::Rows(rows)) => {
                let event = |row: &Vec<Value>| {
                    let cells = rows.schema.names().zip(row).map(|(name, value)| (name.to_owned(), value.to_json()));
                    Json::Object(cells.collect::<Map<_, _>>())
                };
                rows.rows.iter().map(event).collect()
            }
            (Stage::Feed, _) => unreachable!("sources are not among the cases"),
            (Stage::Remap(program), _) => remapped(vrl, program, &given)?,
            (Stage::Filter(program), _) => {
                let kept = results(vrl, program, &given)?;
                given
                    .into_iter()
                    .zip(kept)
                    .filter(|(_, kept)| *kept == Json::Bool(true))
                    .map(|(event, _)| event)
                    .collect()
            }
        };
        events.insert(*id, made);
    }
    let (last, _) = stages.last().unwrap();
    let row = |event: &Json| {
        let cell = |field: &pipewright_core::data::Field| {
            let json = event.get(&field.name).unwrap_or(&Json::Null);
            match json {
                // A whole number is one of a column of Floats.
                Json::Number(number) if field.data_type == pipewright_core::data::DataType::Float => {
                    number.as_f64().map_or(Value::Null, Value::Float)
                }
                json => match Value::from_json(json, &field.data_type) {
                    Some(value) => value,
                    None => from_engine(json, &field.data_type),
                },
            }
        };
        case.schema.fields.iter().map(cell).collect()
    };
    Ok(events[last].iter().map(row).collect())
}

fn rows(vrl: &str, cases: &[Case]) -> Answers {
    cases.iter().map(|case| rows_of_case(vrl, case)).collect()
}

/// Cases that the agent carries must agree; what it does not is refused by name.
fn compare_carried(cases: &[Case], answers: Answers, at_least: usize) {
    let names: Vec<&str> = cases.iter().map(|case| case.name.split(':').next().unwrap_or_default()).collect();
    let allowed: Vec<(&str, &str)> = names.iter().map(|name| (*name, "stays behind")).collect();
    let carried = answers.iter().filter(|answer| answer.is_ok()).count();
    compare("Vector", cases, answers, &allowed);
    assert!(carried >= at_least, "only {carried} of {} are carried", cases.len());
}

#[test]
fn functions_in_vrl() {
    let Some(vrl) = vrl() else { return };
    let cases: Vec<Case> = functions().iter().flat_map(function_cases).collect();
    compare_carried(&cases, rows(&vrl, &cases), 45);
}

#[test]
fn steps_in_vrl() {
    let Some(vrl) = vrl() else { return };
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    compare_carried(&cases, rows(&vrl, &cases), 10);
}

/// Random cases: of many the agent carries little; what it carries agrees.
#[test]
fn random_cases_in_vrl() {
    let Some(vrl) = vrl() else { return };
    let wanted = if std::env::var_os("PIPEWRIGHT_LONG").is_some() { 5000 } else { 300 };
    let (mut carried, mut faults, mut seed) = (0, Vec::new(), 0);
    while carried < wanted && faults.len() < 20 && seed < 200_000 {
        let (mut case, text) = random_case(seed);
        seed += 1;
        if stages_of(&case.plan, case.node).is_err() {
            continue;
        }
        case.expected = try_native_rows(&case).unwrap_or_else(|fault| panic!("{} {text}: {fault}", case.name));
        carried += 1;
        match rows_of_case(&vrl, &case) {
            Err(error) => faults.push(format!("{} {text}: {error}", case.name)),
            Ok(rows) => {
                let found = difference("Vector", &case, rows);
                faults.extend(found.map(|found| format!("{} {text}: {found}", case.name)));
            }
        }
    }
    eprintln!("{carried} random cases of {seed}");
    assert!(faults.is_empty(), "{} of {carried} differ:\n{}", faults.len(), faults.join("\n"));
    assert!(carried >= wanted, "only {carried} of {seed} are carried");
}
