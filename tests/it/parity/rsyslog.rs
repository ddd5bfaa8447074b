//! The cases on a real rsyslogd: all that it carries in one configuration, each case a source and a handover.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::export::rsyslog::configuration_of;
use pipewright_core::expr::{cast_value, functions};
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{Node, NodeId, Op, Plan, Read, prune};
use serde_json::{Map, Value as Json, json};

use super::{Answers, Case, compare, difference, function_cases, random_case, step_cases, try_native_rows};
use crate::support::rsyslogd;

const DAY: i64 = 86_400_000_000;

/// Rows as the agent is fed with them.
fn fed(schema: &Schema, rows: &[Vec<Value>]) -> String {
    let line = |row: &Vec<Value>| {
        let cell = |value: &Value| match value {
            Value::Boolean(value) => json!(i64::from(*value)),
            Value::Timestamp(micros) => json!(micros),
            Value::Date(days) => json!(i64::from(*days) * DAY),
            Value::Float(_) => cast_value(value, &DataType::String).to_json(),
            other => other.to_json(),
        };
        let cells = row.iter().enumerate().map(|(index, value)| (format!("c{index}"), cell(value)));
        format!("{}\n", Json::Object(cells.take(schema.fields.len()).collect::<Map<_, _>>()))
    };
    rows.iter().map(line).collect()
}

/// What it hands over, as values.
fn handed(text: &str, schema: &Schema) -> Vec<Vec<Value>> {
    let row = |line: &str| {
        let json: Json = serde_json::from_str(line).unwrap_or_else(|fault| panic!("{fault}: {line}"));
        let cell = |(index, field): (usize, &Field)| {
            let json = json.get(format!("c{index}")).unwrap_or(&Json::Null);
            match (json, &field.data_type) {
                (Json::Null, _) => Value::Null,
                (json, DataType::Boolean) => Value::Boolean(json == &json!(1)),
                (json, DataType::Timestamp) => json.as_i64().map_or(Value::Null, Value::Timestamp),
                (json, DataType::Date) => {
                    json.as_i64().map_or(Value::Null, |micros| Value::Date((micros / DAY) as i32))
                }
                (json, DataType::Float) => cast_value(&Value::text(json.as_str().unwrap()), &DataType::Float),
                (json, data_type) => Value::from_json(json, data_type).unwrap_or_else(|| Value::text(json.to_string())),
            }
        };
        schema.fields.iter().enumerate().map(cell).collect()
    };
    text.lines().map(row).collect()
}

/// A source, and its rows.
type Fed = (NodeId, Vec<Vec<Value>>);

/// The plan of a case with a source for its rows.
fn read(case: &Case) -> (Plan, Vec<Fed>) {
    let mut plan = prune(&case.plan, &[case.node]);
    let mut sources = Vec::new();
    for (index, node) in plan.nodes.iter_mut().enumerate() {
        let Op::Rows(rows) = &node.op else { continue };
        sources.push((NodeId(index as u32), rows.rows.clone()));
        let (format, schema) = (FormatSpec::new("json_lines"), rows.schema.clone());
        Arc::make_mut(node).op = Op::Read(Read { path: "x".into(), format, schema, ..Read::default() });
    }
    (plan, sources)
}

/// What one rsyslogd makes of all cases.
fn rows(program: &Path, cases: &[Case]) -> Answers {
    let folder = tempfile::tempdir().unwrap();
    for name in ["feed", "handover", "ended"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let (mut whole, mut wanted, mut places) = (Plan::default(), Vec::new(), Vec::new());
    let mut sources = BTreeMap::new();
    for case in cases {
        let (plan, fed_with) = read(case);
        let last = NodeId(plan.nodes.len() as u32 - 1);
        if let Err(refused) = configuration_of(&plan, &[last]) {
            places.push(Err(refused.message));
            continue;
        }
        let first = whole.nodes.len() as u32;
        for node in &plan.nodes {
            let inputs = node.inputs.iter().map(|input| NodeId(input.0 + first)).collect();
            whole.nodes.push(Arc::new(Node { inputs, ..Node::clone(node) }));
        }
        for (id, rows) in fed_with {
            let id = NodeId(id.0 + first);
            sources.insert(id, fed(&whole.node(id).schema, &rows));
        }
        wanted.push(NodeId(last.0 + first));
        places.push(Ok((NodeId(last.0 + first), case.schema.clone())));
    }
    for (id, text) in &sources {
        std::fs::write(folder.path().join(format!("feed/n{}.jsonl", id.0)), format!("{text}{{\"end\":1}}\n")).unwrap();
    }
    std::fs::write(folder.path().join("rsyslog.conf"), configuration_of(&whole, &wanted).unwrap()).unwrap();
    run(program, folder.path(), sources.len());
    let dropped = std::fs::read_to_string(folder.path().join("handover/dropped.jsonl")).unwrap_or_default();
    assert!(dropped.is_empty(), "{dropped}");
    let one = |(place, case): (Result<(NodeId, Schema), String>, &Case)| {
        let (id, _) = place?;
        let text = std::fs::read_to_string(folder.path().join(format!("handover/n{}.jsonl", id.0))).unwrap_or_default();
        let node = &whole.node(id).schema;
        let all = handed(&text, node);
        let columns: Vec<usize> =
            case.schema.names().map(|name| node.names().position(|known| known == name).unwrap()).collect();
        Ok(all.iter().map(|row| columns.iter().map(|column| row[*column].clone()).collect()).collect())
    };
    places.into_iter().zip(cases).map(one).collect()
}

/// Runs it until it has come to the end of each source.
fn run(program: &Path, folder: &Path, sources: usize) {
    let command = || {
        let mut command = Command::new(program);
        command.args(["-C", "-f", "rsyslog.conf"]).current_dir(folder);
        command
    };
    let checked = command().arg("-N1").output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let errors = std::fs::File::create(folder.join("said")).unwrap();
    let mut agent = command().args(["-n", "-i", "pid"]).stderr(Stdio::from(errors)).spawn().unwrap();
    while std::fs::read_dir(folder.join("ended")).unwrap().count() < sources {
        let has_ended = agent.try_wait().unwrap().is_some();
        assert!(!has_ended, "{}", std::fs::read_to_string(folder.join("said")).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Command::new("kill").arg(agent.id().to_string()).status().unwrap();
    agent.wait().unwrap();
}

/// Cases that the agent carries must agree; what it does not is refused by name.
fn compare_carried(cases: &[Case], answers: Answers, at_least: usize) {
    let names: Vec<&str> = cases.iter().map(|case| case.name.split(':').next().unwrap_or_default()).collect();
    let allowed: Vec<(&str, &str)> = names.iter().map(|name| (*name, "stays behind")).collect();
    let carried = answers.iter().filter(|answer| answer.is_ok()).count();
    compare("rsyslog", cases, answers, &allowed);
    assert!(carried >= at_least, "only {carried} of {} are carried", cases.len());
}

#[test]
fn functions_in_rsyslog() {
    let Some(program) = rsyslogd() else { return };
    let cases: Vec<Case> = functions().iter().flat_map(function_cases).collect();
    compare_carried(&cases, rows(&program, &cases), 20);
}

#[test]
fn steps_in_rsyslog() {
    let Some(program) = rsyslogd() else { return };
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    compare_carried(&cases, rows(&program, &cases), 5);
}

/// Random cases: of many the agent carries little; what it carries agrees.
#[test]
fn random_cases_in_rsyslog() {
    let Some(program) = rsyslogd() else { return };
    let wanted = if std::env::var_os("PIPEWRIGHT_LONG").is_some() { 3000 } else { 300 };
    let (mut cases, mut texts, mut seed) = (Vec::new(), Vec::new(), 0);
    while cases.len() < wanted && seed < 200_000 {
        let (mut case, text) = random_case(seed);
        seed += 1;
        let (plan, _) = read(&case);
        let last = NodeId(plan.nodes.len() as u32 - 1);
        if configuration_of(&plan, &[last]).is_err() {
            continue;
        }
        case.expected = try_native_rows(&case).unwrap_or_else(|fault| panic!("{} {text}: {fault}", case.name));
        cases.push(case);
        texts.push(text);
    }
    assert!(cases.len() >= wanted, "only {} of {seed} are carried", cases.len());
    let mut faults = Vec::new();
    for ((case, answer), text) in cases.iter().zip(rows(&program, &cases)).zip(&texts) {
        match answer {
            Err(error) => faults.push(format!("{} {text}: {error}", case.name)),
            Ok(found) => {
                faults.extend(difference("rsyslog", case, found).map(|found| format!("{} {text}: {found}", case.name)))
            }
        }
    }
    assert!(faults.is_empty(), "{} of {} differ:\n{}", faults.len(), cases.len(), faults.join("\n"));
}
