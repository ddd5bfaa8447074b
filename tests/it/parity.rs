//! Parity: every function example and every step example gives the same rows on the native engine, on every engine that
//! designs are exported to, and in the table of expected results.

mod clickhouse;
mod dbt;
mod edges;
mod polars;
mod postgresql;
mod random;
mod rsyslog;
mod spark;
mod vector;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::duckdb;
use pipewright_core::expr::{self, Expr, Function, FunctionKind, Place, Scope, functions};
use pipewright_core::ir::{self, Aggregate, Column, NodeId, Op, Origin, Plan, Project, Rows, Window};
use pipewright_core::steps::{PlanBuilder, kinds, lower_example};
use pipewright_engine::{Sampling, preview_now};

use crate::support::{assert_same_rows, python_with_duckdb, root, same};

/// Something to compute: a plan, the node that gives the rows, the rows that are right.
struct Case {
    name: String,
    plan: Plan,
    node: NodeId,
    /// Columns of the result that are compared.
    schema: Schema,
    expected: Vec<Vec<Value>>,
    ordered: bool,
}

/// Functions that DuckDB does not carry, each with its reason; everything else must agree.
const NOT_IN_DUCKDB: &[(&str, &str)] = &[
    ("from_timezone", "DuckDB moves times that no clock showed"),
    ("to_timestamp", "its form with a zone"),
    ("to_json", "texts of times differ"),
    ("path_template", "native only"),
    ("url_param", "native only"),
    ("ip_in", "DuckDB has no addresses without an extension"),
    ("ip_is_private", "DuckDB has no addresses without an extension"),
    ("ip_is_valid", "DuckDB has no addresses without an extension"),
    ("ip_subnet", "DuckDB has no addresses without an extension"),
    ("ip_version", "DuckDB has no addresses without an extension"),
    ("mask_ip", "DuckDB has no addresses without an extension"),
    ("ua_browser", "native only"),
    ("ua_device", "native only"),
    ("ua_is_bot", "native only"),
    ("ua_os", "native only"),
    ("format_bytes", "native only"),
    ("format_duration", "native only"),
    ("parse_bytes", "native only"),
    ("parse_duration", "native only"),
    ("hmac", "DuckDB has no keyed hash"),
    ("mask_email", "native only"),
    ("redact", "native only"),
];

/// What is left out of random cases, with the reason; the examples of these functions are compared all the same.
const LEFT_OUT: &[(&str, &str)] = &[
    ("json_get", "numbers in JSON keep their own spelling in each engine"),
    ("json_list", "numbers in JSON keep their own spelling in each engine"),
    ("json_valid", "JSON readers differ at the edges of the grammar"),
    ("json_keys", "JSON readers differ at the edges of the grammar"),
    ("json_length", "JSON readers differ at the edges of the grammar"),
    ("stddev", "sums of squares beyond the range of floats"),
    ("variance", "sums of squares beyond the range of floats"),
    ("message_template", "its patterns are applied one after the other"),
];

fn parsed(text: &str) -> Expr {
    expr::parse(text).unwrap_or_else(|diagnostic| panic!("`{text}`: {diagnostic}"))
}

fn value_of(text: &str) -> Value {
    let schema = Schema::default();
    let parameters = BTreeMap::new();
    let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Row };
    expr::eval(&expr::coerce(&parsed(text), &scope), &|_| Value::Null)
}

/// JSON lines as rows; columns in order of the first line, typed by the values.
fn rows_of(text: &str) -> Rows {
    let mut fields: Vec<Field> = Vec::new();
    let lines: Vec<serde_json::Map<String, serde_json::Value>> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        for (name, json) in line {
            let found = Value::from_json(json, &DataType::Unknown).unwrap().data_type();
            match fields.iter_mut().find(|field| field.name == *name) {
                Some(field) => field.data_type = field.data_type.common(&found).unwrap(),
                None => fields.push(Field::new(name.clone(), found)),
            }
        }
    }
    if fields.is_empty() {
        fields.push(Field::new("x", DataType::Int));
    }
    let rows = lines.iter().map(|line| {
        let cell = |field: &Field| {
            Value::from_json(line.get(&field.name).unwrap_or(&serde_json::Value::Null), &field.data_type).unwrap()
        };
        fields.iter().map(cell).collect()
    });
    let rows = rows.collect();
    Rows { schema: Schema::new(fields), rows }
}

fn coerced(text: &str, schema: &Schema, place: Place) -> Expr {
    coerced_expr(parsed(text), schema, place)
}

fn coerced_expr(expr: Expr, schema: &Schema, place: Place) -> Expr {
    let parameters = BTreeMap::new();
    let scope = Scope { schema, parameters: &parameters, place };
    expr::check(&expr, &scope).unwrap_or_else(|diagnostics| panic!("`{}`: {diagnostics:?}", expr::print(&expr)));
    expr::coerce(&expr, &scope)
}

/// Puts the constant arguments of the function's call into columns of the one row, except those that must be constant.
fn spread(expr: &mut Expr, function: &Function, rows: &mut Rows) {
    let expr::ExprKind::Call(call) = &mut expr.kind else {
        return expr.children_mut().into_iter().for_each(|child| spread(child, function, rows));
    };
    let is_own = call.function == function.name;
    for (index, arg) in call.args.iter_mut().enumerate() {
        if !is_own {
            spread(arg, function, rows);
            continue;
        }
        let parameters = BTreeMap::new();
        let scope = Scope { schema: &rows.schema, parameters: &parameters, place: Place::Row };
        let data_type = expr::type_of(arg, &scope);
        let is_constant = arg.columns().is_empty() && !data_type.is_unknown() && !has_unknown(&data_type);
        if is_constant && !function.literal_args.contains(&index) && !function.secret_args.contains(&index) {
            let value = expr::eval(&expr::coerce(arg, &scope), &|_| Value::Null);
            let name = format!("a{index}");
            rows.schema.fields.push(Field::new(name.clone(), data_type));
            rows.rows[0].push(value);
            *arg = Expr::column(name);
        }
    }
}

fn has_unknown(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) => has_unknown(item),
        DataType::Record(fields) => fields.iter().any(|(_, item)| has_unknown(item)),
        other => other.is_unknown(),
    }
}

fn function_cases(function: &'static Function) -> Vec<Case> {
    let mut cases = Vec::new();
    for example in function.examples {
        let origin = Origin { step: "s".into(), title: function.name.into() };
        let mut builder = PlanBuilder::default();
        let mut rows = rows_of(example.rows);
        if function.kind == FunctionKind::Scalar {
            rows = Rows { schema: Schema::of([("x", DataType::Int)]), rows: vec![vec![Value::Int(1)]] };
        }
        // Constants of a scalar's example become columns, so that engines compute instead of core's folding.
        let mut call = parsed(example.call);
        if function.kind == FunctionKind::Scalar {
            spread(&mut call, function, &mut rows);
        }
        let schema = rows.schema.clone();
        let input = builder.push(Op::Rows(rows.clone()), vec![], &origin).unwrap();
        let has_over = example.call.contains(" over (");
        let op = match function.kind {
            FunctionKind::Scalar => {
                Op::Project(Project::new(vec![Column::new("result", coerced_expr(call, &schema, Place::Row))]))
            }
            _ if has_over => Op::Window(Window {
                columns: vec![Column::new("result", coerced(example.call, &schema, Place::Window))],
            }),
            _ => Op::Aggregate(Aggregate {
                keys: vec![],
                measures: vec![Column::new("result", coerced(example.call, &schema, Place::Aggregate))],
            }),
        };
        let mut node = builder.push(op, vec![input], &origin).unwrap();
        let result = builder.nodes[node.0 as usize].schema.get("result").unwrap().clone();
        let mut expected = value_of(example.result);
        if let (Value::Int(int), DataType::Float) = (&expected, &result.data_type) {
            expected = Value::Float(*int as f64);
        }
        if has_over {
            // The example tells the last row's result: rows are told apart by all their columns.
            let last = rows.rows.last().unwrap();
            let is_last = rows.schema.fields.iter().zip(last).map(|(field, value)| {
                Expr::made(expr::ExprKind::IsDistinct {
                    left: Box::new(Expr::column(field.name.clone())),
                    right: Box::new(Expr::literal(value.clone())),
                    negated: true,
                })
            });
            node = builder.push(Op::Filter { predicate: Expr::all(is_last) }, vec![node], &origin).unwrap();
            let only = Op::Project(Project::new(vec![Column::same("result")]));
            node = builder.push(only, vec![node], &origin).unwrap();
        }
        cases.push(Case {
            name: format!("{}: {}", function.name, example.call),
            plan: Plan { nodes: builder.nodes, ..Plan::default() },
            node,
            schema: Schema::new(vec![result]),
            expected: vec![vec![expected]],
            ordered: false,
        });
    }
    cases
}

fn step_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in kinds() {
        for example in kind.examples() {
            let name = format!("{}: {}", kind.name(), example.title);
            let plan = lower_example(*kind, example).unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics:?}"));
            let step = plan.steps.keys().next_back().unwrap().clone();
            for (port, table) in example.outputs {
                let (schema, expected) = table.read().unwrap_or_else(|error| panic!("{name}: {error}"));
                let node = plan
                    .steps
                    .values()
                    .find_map(|step| step.outputs.get(*port).filter(|_| step.kind == kind.name()))
                    .copied();
                let node =
                    node.or_else(|| plan.output(&step, port)).unwrap_or_else(|| panic!("{name}: no output `{port}`"));
                cases.push(Case {
                    name: format!("{name}, {port}"),
                    plan: plan.clone(),
                    node,
                    schema,
                    expected,
                    ordered: example.ordered,
                });
            }
        }
    }
    cases
}

/// Values of the result's columns, by name.
fn native_rows(case: &Case) -> Vec<Vec<Value>> {
    try_native_rows(case).unwrap_or_else(|diagnostic| panic!("{}: {diagnostic}", case.name))
}

fn try_native_rows(case: &Case) -> Result<Vec<Vec<Value>>, Diagnostic> {
    let result = preview_now(&case.plan, case.node, &Sampling::Whole, &root(), &BTreeMap::new())?;
    let columns: Vec<usize> = case.schema.names().map(|name| result.table.schema().index(name).unwrap()).collect();
    let rows = (0..result.table.rows())
        .map(|row| columns.iter().map(|column| result.table.value(row, *column)).collect())
        .collect();
    Ok(rows)
}

/// What the Python side gives for a value of a type.
fn from_engine(json: &serde_json::Value, data_type: &DataType) -> Value {
    match (json, data_type) {
        (serde_json::Value::Null, _) => Value::Null,
        (serde_json::Value::String(_), DataType::Timestamp | DataType::Date) => {
            Value::from_json(json, data_type).unwrap_or_else(|| Value::text(json.to_string()))
        }
        (json, DataType::Timestamp) => json.as_i64().map_or_else(|| Value::text(json.to_string()), Value::Timestamp),
        (json, DataType::Duration) => json.as_i64().map_or_else(|| Value::text(json.to_string()), Value::Duration),
        (json, DataType::Date) => {
            json.as_i64().map_or_else(|| Value::text(json.to_string()), |days| Value::Date(days as i32))
        }
        (serde_json::Value::Array(items), DataType::List(item)) => {
            Value::List(items.iter().map(|json| from_engine(json, item)).collect())
        }
        (serde_json::Value::Object(map), DataType::Record(fields)) => {
            Value::Record(fields.iter().map(|(name, item)| (name.clone(), from_engine(&map[name], item))).collect())
        }
        (json, data_type) => {
            Value::from_json(json, data_type).unwrap_or_else(|| Value::text(format!("not a {data_type}: {json}")))
        }
    }
}

fn duckdb_rows(python: &str, cases: &[Case]) -> Answers {
    answers_of_python(python, "duckdb_rows.py", cases, |case| {
        let (setup, _) = duckdb::rows_script(&case.plan, case.node)?;
        let columns: Vec<String> =
            case.schema.names().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
        let query = format!("SELECT {} FROM n{}", columns.join(", "), case.node.0);
        Ok(serde_json::json!({ "setup": setup, "query": query }))
    })
}

/// Runs all cases in one Python process, which is given a line of JSON a case and gives one back.
fn answers_of_python(
    python: &str,
    script: &str,
    cases: &[Case],
    task: impl Fn(&Case) -> Result<serde_json::Value, Diagnostic>,
) -> Answers {
    let tasks: Vec<Result<serde_json::Value, Diagnostic>> = cases.iter().map(task).collect();
    let text: String = tasks.iter().flatten().map(|task| format!("{task}\n")).collect();
    let mut child = Command::new(python)
        .arg(root().join("tests/it").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let mut answers = std::str::from_utf8(&output.stdout).unwrap().lines();
    let answer = |(task, case): (Result<serde_json::Value, Diagnostic>, &Case)| {
        task.map_err(|refused| refused.message)?;
        let answer: serde_json::Value = serde_json::from_str(answers.next().expect("an answer a script")).unwrap();
        if let Some(error) = answer["error"].as_str() {
            return Err(error.to_owned());
        }
        let row = |row: &serde_json::Value| {
            let cells = row.as_array().unwrap().iter().zip(&case.schema.fields);
            cells.map(|(json, field)| from_engine(json, &field.data_type)).collect()
        };
        Ok(answer["rows"].as_array().unwrap().iter().map(row).collect())
    };
    tasks.into_iter().zip(cases).map(answer).collect()
}

#[test]
fn functions_on_the_native_engine() {
    let mut faults = Vec::new();
    for case in functions().iter().flat_map(function_cases) {
        let judged = std::panic::catch_unwind(|| {
            assert_same_rows(&case.name, native_rows(&case), case.expected.clone(), case.ordered)
        });
        faults.extend(judged.is_err().then(|| case.name.clone()));
    }
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn steps_on_the_native_engine() {
    let mut faults = Vec::new();
    for case in step_cases() {
        let judged = std::panic::catch_unwind(|| {
            assert_same_rows(&case.name, native_rows(&case), case.expected.clone(), case.ordered)
        });
        faults.extend(judged.is_err().then(|| case.name.clone()));
    }
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
}

fn compare_with_duckdb(python: &str, cases: &[Case], allowed: &[(&str, &str)]) {
    compare("DuckDB", cases, duckdb_rows(python, cases), allowed);
}

/// Rows of an engine, or what it says instead, a case.
type Answers = Vec<Result<Vec<Vec<Value>>, String>>;

fn compare(engine: &str, cases: &[Case], answers: Answers, allowed: &[(&str, &str)]) {
    let mut faults = Vec::new();
    let mut refused = Vec::new();
    for (case, answer) in cases.iter().zip(answers) {
        let name = case.name.split(':').next().unwrap_or_default();
        match answer {
            Ok(rows) => {
                let judged = std::panic::catch_unwind(|| {
                    assert_same_rows(&case.name, rows, case.expected.clone(), case.ordered)
                });
                faults.extend(judged.is_err().then(|| case.name.clone()));
            }
            Err(error)
                if allowed.iter().any(|(known, _)| *known == name)
                    && error.starts_with(&format!("{engine} does not carry")) =>
            {
                refused.push(format!("{}: {error}", case.name))
            }
            Err(error) => faults.push(format!("{}: {error}", case.name)),
        }
    }
    eprintln!("{} cases, {} not carried by {engine}: {}", cases.len(), refused.len(), refused.join("; "));
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
}

/// Pipewright itself loads where connections lead.
const LOADS: [(&str, &str); 3] =
    [("load_table", "the load into"), ("load_objects", "the load into"), ("send_http", "the load into")];

#[test]
fn functions_in_duckdb() {
    let Some(python) = python_with_duckdb() else { return };
    let cases: Vec<Case> = functions().iter().flat_map(function_cases).collect();
    compare_with_duckdb(&python, &cases, NOT_IN_DUCKDB);
}

#[test]
fn steps_in_duckdb() {
    let Some(python) = python_with_duckdb() else { return };
    // Sources are staged by the runner: their formats have tests of their own.
    let has_read = |case: &Case| case.plan.nodes.iter().any(|node| matches!(node.op, Op::Read(_)));
    let cases: Vec<Case> = step_cases().into_iter().filter(|case| !has_read(case)).collect();
    compare_with_duckdb(
        &python,
        &cases,
        &[&[("parse_text", "the text is read by a format of Pipewright's own")][..], &LOADS].concat(),
    );
}

#[test]
fn edges_in_duckdb() {
    let Some(python) = python_with_duckdb() else { return };
    edges::compare_edges("DuckDB", |cases| duckdb_rows(&python, cases), &[]);
}

#[test]
fn json_in_duckdb() {
    let Some(python) = python_with_duckdb() else { return };
    edges::compare_json("DuckDB", |cases| duckdb_rows(&python, cases));
}

#[test]
fn pairs_of_types_in_duckdb() {
    let Some(python) = python_with_duckdb() else { return };
    edges::compare_mixed("DuckDB", |cases| duckdb_rows(&python, cases));
}

/// Rows that are equal but for a list or a record: which of them is taken, and in which order they come.
fn nested_ties() -> Vec<Case> {
    let list =
        |items: &[Option<i64>]| Value::List(items.iter().map(|item| item.map_or(Value::Null, Value::Int)).collect());
    let record = |a: Option<i64>, b: &str| {
        let a = a.map_or(Value::Null, Value::Int);
        Value::Record(vec![("a".to_owned(), a), ("b".to_owned(), Value::text(b))])
    };
    let lists = vec![
        list(&[Some(2)]),
        list(&[Some(1), None]),
        Value::Null,
        list(&[]),
        list(&[Some(1), Some(5)]),
        list(&[Some(1)]),
        list(&[None]),
    ];
    let records = vec![record(Some(2), ""), record(None, "x"), Value::Null, record(Some(1), "z"), record(Some(1), "a")];
    let ops = |input: &Schema| {
        let keys = vec![expr::SortKey { expr: Expr::column("k"), descending: false }];
        let distinct = |keep| ir::Distinct { keys: vec!["k".into()], order: vec![], keep };
        let call = |text: &str, place| vec![Column::new("n", coerced(text, input, place))];
        vec![
            Op::Sort(ir::Sort { keys: keys.clone() }),
            Op::Limit(ir::Limit { keys: keys.clone(), count: 2, offset: 0 }),
            Op::Distinct(distinct(ir::Keep::First)),
            Op::Distinct(distinct(ir::Keep::Last)),
            Op::Window(Window { columns: call("row_number() over (partition by k order by k)", Place::Window) }),
            Op::Aggregate(Aggregate { keys: vec![], measures: call("last(v order by k)", Place::Aggregate) }),
        ]
    };
    let mut cases = Vec::new();
    for mut values in [lists, records] {
        let data_type = values[0].data_type();
        let schema = Schema::of([("k", DataType::Int), ("v", data_type)]);
        for turn in 0..values.len() {
            values.rotate_left(1);
            let rows = values.iter().map(|value| vec![Value::Int(1), value.clone()]).collect();
            for op in ops(&schema) {
                let (name, mut builder) =
                    (format!("{} {turn}: {}", op.name(), schema.fields[1].data_type), PlanBuilder::default());
                let origin = Origin::default();
                let rows = Op::Rows(Rows { schema: schema.clone(), rows: Vec::clone(&rows) });
                let input = builder.push(rows, vec![], &origin).unwrap();
                let ordered = matches!(op, Op::Sort(_));
                let node = builder.push(op, vec![input], &origin).unwrap();
                let schema = builder.nodes[node.0 as usize].schema.clone();
                let plan = Plan { nodes: builder.nodes, ..Plan::default() };
                let mut case = Case { name, plan, node, schema, expected: Vec::new(), ordered };
                case.expected = native_rows(&case);
                cases.push(case);
            }
        }
    }
    cases
}

#[test]
fn ties_of_lists_and_records_are_broken_alike() {
    let cases = nested_ties();
    // Whatever order the rows came in.
    for case in &cases {
        let is_alike = |other: &&Case| {
            other.plan.node(other.node).op == case.plan.node(case.node).op && other.schema == case.schema
        };
        let first = cases.iter().find(is_alike).unwrap();
        assert_same_rows(&case.name, case.expected.clone(), first.expected.clone(), case.ordered);
    }
    let Some(python) = python_with_duckdb() else { return };
    compare_with_duckdb(&python, &cases, &[]);
}

fn rows_that_stand_twice() -> Case {
    let schema = Schema::of([("a", DataType::Int), ("b", DataType::Int), ("v", DataType::Int)]);
    let rows =
        (0..200).map(|n: i64| vec![Value::Int(n * 7 % 3), Value::Int(n * n % 3), Value::Int(n / 5 % 2)]).collect();
    let column = |name: &str, text: &str| Column::new(name, coerced(text, &schema, Place::Window));
    let columns = vec![
        column("first", "row_number() over (order by a)"),
        column("second", "row_number() over (partition by v order by b desc)"),
        column("third", "lag(a) over (partition by b order by v)"),
    ];
    let (origin, mut builder) = (Origin::default(), PlanBuilder::default());
    let input = builder.push(Op::Rows(Rows { schema: schema.clone(), rows }), vec![], &origin).unwrap();
    let node = builder.push(Op::Window(Window { columns }), vec![input], &origin).unwrap();
    let schema = builder.nodes[node.0 as usize].schema.clone();
    let plan = Plan { nodes: builder.nodes, ..Plan::default() };
    let mut case = Case { name: "windows".into(), plan, node, schema, expected: Vec::new(), ordered: false };
    case.expected = native_rows(&case);
    case
}

#[test]
fn calculations_over_rows_that_stand_twice_agree() {
    let Some(python) = python_with_duckdb() else { return };
    compare_with_duckdb(&python, &[rows_that_stand_twice()], &[]);
}

/// Random cases that are compared; `PIPEWRIGHT_LONG=1`: as many as ten minutes allow. `PIPEWRIGHT_SEED` is the first.
#[test]
fn random_cases_in_duckdb() {
    let Some(python) = python_with_duckdb() else { return };
    compare_random_cases("DuckDB", |cases| duckdb_rows(&python, cases));
}

fn compare_random_cases(engine: &str, rows_of: impl Fn(&[Case]) -> Answers) {
    let is_long = std::env::var_os("PIPEWRIGHT_LONG").is_some();
    let mut seed = std::env::var("PIPEWRIGHT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let started = std::time::Instant::now();
    let (mut compared, mut refused, mut faults) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    while if is_long { started.elapsed().as_secs() < 600 } else { compared < 2000 } {
        let (mut cases, mut more) = (Vec::new(), Vec::new());
        for seed in seed..seed + 500 {
            let (mut case, text) = random_case(seed);
            match try_native_rows(&case) {
                Ok(rows) => case.expected = rows,
                Err(fault) => {
                    faults.push(format!("{} {text}: {fault}", case.name));
                    continue;
                }
            }
            cases.push(case);
            more.push(text);
        }
        seed += 500;
        compared += cases.len();
        for ((case, answer), text) in cases.iter().zip(rows_of(&cases)).zip(more) {
            match answer {
                Err(error) if error.starts_with(&format!("{engine} does not carry")) => {
                    *refused.entry(error).or_default() += 1
                }
                Err(error) => faults.push(format!("{} {text}: {error}", case.name)),
                Ok(rows) => {
                    let found = difference(engine, case, rows);
                    faults.extend(found.map(|found| format!("{} {text}: {found}", case.name)));
                }
            }
        }
        if faults.len() > 40 {
            break;
        }
    }
    eprintln!("{compared} random cases in {:?}; not carried: {refused:?}", started.elapsed());
    let carried = compared - refused.values().sum::<usize>();
    assert!(carried * 2 > compared, "only {carried} of {compared} are carried: {refused:?}");
    assert!(faults.is_empty(), "{} of {compared} differ:\n{}", faults.len(), faults.join("\n"));
}

/// The case of a seed, and what it computes.
fn random_case(seed: u64) -> (Case, String) {
    let random::Case { plan, node, is_ordered, text } = random::case(seed);
    let schema = plan.node(node).schema.clone();
    (Case { name: format!("seed {seed}"), plan, node, schema, expected: Vec::new(), ordered: is_ordered }, text)
}

/// How rows differ from what is expected: the first of each side that the other does not have.
fn difference(engine: &str, case: &Case, found: Vec<Vec<Value>>) -> Option<String> {
    let alike = |a: &[Value], b: &[Value]| a.iter().zip(b).all(|(a, b)| same(a, b));
    if case.ordered {
        let is_same = found.len() == case.expected.len() && found.iter().zip(&case.expected).all(|(a, b)| alike(a, b));
        return (!is_same).then(|| format!("in order: {engine} {found:?}, native {:?}", case.expected));
    }
    let mut left = case.expected.clone();
    let mut more = None;
    for row in &found {
        match left.iter().position(|other| alike(row, other)) {
            Some(place) => drop(left.swap_remove(place)),
            None => more = more.or(Some(row)),
        }
    }
    (more.is_some() || !left.is_empty()).then(|| format!("{engine} {more:?}, native {:?}", left.first()))
}
