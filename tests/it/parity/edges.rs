//! Numbers at their edges: every aggregate in groups and in windows, logarithms of powers, texts of the largest Floats, and
//! calls with more arguments than some engines take.

use std::collections::BTreeMap;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::expr::{self, Function, FunctionKind, Place, Scope, functions};
use pipewright_core::ir::{Aggregate, Column, Op, Origin, Plan, Project, Rows, Window};
use pipewright_core::steps::PlanBuilder;

use super::{Answers, Case, coerced, compare, native_rows, parsed};

/// What `op` makes of rows: as the native engine says, which is compared with the table of expected results elsewhere.
fn case(name: String, rows: Rows, op: Op) -> Case {
    let (mut builder, origin) = (PlanBuilder::default(), Origin::default());
    let input = builder.push(Op::Rows(rows), vec![], &origin).unwrap();
    let node = builder.push(op, vec![input], &origin).unwrap();
    let schema = builder.nodes[node.0 as usize].schema.clone();
    let plan = Plan { nodes: builder.nodes, ..Plan::default() };
    let mut case = Case { name, plan, node, schema, expected: Vec::new(), ordered: false };
    case.expected = native_rows(&case);
    case
}

fn computed(call: &str, rows: Rows) -> Case {
    let made = Column::new("made", coerced(call, &rows.schema, Place::Row));
    let op = Op::Project(Project::new(vec![Column::same("x"), made]));
    case(call.to_owned(), rows, op)
}

/// Groups of numbers that are large and close together, large and far apart, and few.
fn groups(data_type: &DataType) -> Rows {
    let ints: [(&str, &[i64]); 6] = [
        ("times", &[1_700_000_000_000_000_000, 1_700_000_000_000_000_001, 1_700_000_000_000_000_002]),
        ("halves", &[4_611_686_018_427_387_904, 4_611_686_018_427_387_903]),
        ("no floats", &[9_007_199_254_740_993, 9_007_199_254_740_995, -4_294_967_296]),
        ("ends", &[i64::MAX, i64::MIN, 0]),
        ("small", &[-3, 1, 1, 2]),
        ("one", &[5]),
    ];
    let floats: [(&str, &[f64]); 5] = [
        ("no squares", &[1e308, 1.1e308]),
        ("squares", &[1e150, 3e150, -2e150]),
        ("apart", &[1_700_000_000.25, 17_000.5, -1e6]),
        ("small", &[-3.5, 1e-300, 0.0, 2.25]),
        ("one", &[5.5]),
    ];
    let of_ints = ints.iter().map(|(group, items)| (*group, items.iter().map(|item| Value::Int(*item)).collect()));
    let of_floats =
        floats.iter().map(|(group, items)| (*group, items.iter().map(|item| Value::Float(*item)).collect()));
    let all: Vec<(&str, Vec<Value>)> = match data_type {
        DataType::Int => of_ints.collect(),
        _ => of_floats.collect(),
    };
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (group, values) in all {
        for value in values.into_iter().chain([Value::Null]) {
            rows.push(vec![Value::text(group), Value::Int(rows.len() as i64), value]);
        }
    }
    let schema = Schema::of([("g", DataType::String), ("k", DataType::Int), ("v", data_type.clone())]);
    Rows { schema, rows }
}

/// A call of an aggregate, and whether it depends on the order of rows.
fn call(function: &Function) -> (String, bool) {
    let name = function.name;
    match name {
        "count_if" | "share_if" | "every" | "some" => (format!("{name}(v > 1)"), false),
        "quantile" => ("quantile(v, 0.25)".into(), false),
        "first" | "last" | "collect" => (format!("{name}(v"), true),
        "string_agg" => ("string_agg(try_cast(v as String), '; '".into(), true),
        _ => (format!("{name}(v)"), false),
    }
}

/// Not every aggregate runs along an order.
fn is_allowed(text: &str, schema: &Schema) -> bool {
    let parameters = BTreeMap::new();
    expr::check(&parsed(text), &Scope { schema, parameters: &parameters, place: Place::Window }).is_ok()
}

/// Every aggregate of Ints and of Floats, of groups and over windows.
fn aggregates() -> Vec<Case> {
    const WINDOWS: [&str; 3] = [
        "partition by g",
        "partition by g order by k",
        "partition by g order by k rows between 1 preceding and current row",
    ];
    let mut cases = Vec::new();
    for function in functions().iter().filter(|function| function.kind == FunctionKind::Aggregate) {
        let (start, is_ordered) = call(function);
        for data_type in [DataType::Int, DataType::Float] {
            let rows = groups(&data_type);
            let of_group = if is_ordered { format!("{start} order by k)") } else { start.clone() };
            let measures = vec![Column::new("made", coerced(&of_group, &rows.schema, Place::Aggregate))];
            let name = format!("{}: {of_group} of {data_type}", function.name);
            let keys = vec![Column::same("g")];
            cases.push(case(name, rows.clone(), Op::Aggregate(Aggregate { keys, measures })));
            for window in WINDOWS.iter().filter(|window| !is_ordered || window.contains("order by")) {
                let of_window = format!("{start}{} over ({window})", if is_ordered { ")" } else { "" });
                if !is_allowed(&of_window, &rows.schema) {
                    continue;
                }
                let columns = vec![Column::new("made", coerced(&of_window, &rows.schema, Place::Window))];
                let name = format!("{}: {of_window} of {data_type}", function.name);
                cases.push(case(name, rows.clone(), Op::Window(Window { columns })));
            }
        }
    }
    assert!(cases.iter().filter(|case| case.name.contains(" over (")).count() > 60, "{}", cases.len());
    cases
}

fn numbers() -> Vec<Case> {
    let floats = |items: Vec<f64>| Rows {
        schema: Schema::of([("x", DataType::Float)]),
        rows: items.into_iter().map(|item| vec![Value::Float(item)]).collect(),
    };
    let powers = (-30..=30).map(|power| format!("1e{power}").parse().unwrap());
    let powers = floats(powers.chain((-60..=62).map(|power| 2f64.powi(power))).collect());
    let ends = [
        f64::MAX,
        f64::MIN,
        1.797_693_134_862_315e308,
        1.797_693_134_862e308,
        1e-300,
        1e-4,
        9.99e-5,
        -1.5e-5,
        1e-5,
        9e-6,
    ];
    let ends = floats(ends.to_vec());
    let logarithms = ["floor(log10(x))", "ceil(log10(x))", "floor(log2(x))", "ceil(log2(x))"];
    let texts = ["try_cast(x as String)", "concat(x, '|')"];
    let mut cases: Vec<Case> = logarithms.iter().map(|call| computed(call, powers.clone())).collect();
    cases.extend(texts.iter().map(|call| computed(call, ends.clone())));
    cases
}

/// Windows over near values, in rows that have none.
fn without_keys() -> Vec<Case> {
    let row = |key: Option<i64>, value: i64| {
        let at = |scale: i64| key.map(|key| key * scale);
        let keys =
            [at(86_400_000_000).map(Value::Timestamp), at(1).map(|day| Value::Date(day as i32)), at(1).map(Value::Int)];
        keys.into_iter().map(|key| key.unwrap_or(Value::Null)).chain([Value::Int(value)]).collect::<Vec<_>>()
    };
    let rows = vec![row(Some(1), 1), row(Some(2), 10), row(None, 100), row(None, 1000)];
    let schema =
        Schema::of([("t", DataType::Timestamp), ("d", DataType::Date), ("i", DataType::Int), ("v", DataType::Int)]);
    let mut cases = Vec::new();
    for order in ["t", "t desc", "d", "d desc", "i", "i desc"] {
        let near = if !order.starts_with('i') { "interval '30 minutes'" } else { "5" };
        let frames = [
            format!("{near} preceding and current row"),
            format!("current row and {near} following"),
            "unbounded preceding and current row".to_owned(),
            format!("{near} preceding and unbounded following"),
        ];
        for frame in frames {
            let call = format!("sum(v) over (order by {order} range between {frame})");
            let columns = vec![Column::new("made", coerced(&call, &schema, Place::Window))];
            let rows = Rows { schema: schema.clone(), rows: rows.clone() };
            cases.push(case(call, rows, Op::Window(Window { columns })));
        }
    }
    cases
}

/// What a step such as a sample makes of all columns of a wide table.
fn wide() -> Vec<Case> {
    let names: Vec<String> = (0..130).map(|number| format!("c{number}")).collect();
    let all = std::iter::once("x").chain(names.iter().map(String::as_str));
    let schema = Schema::of(all.map(|name| (name, DataType::Int)));
    let rows = (0..3).map(|row| (0..131).map(|cell| Value::Int(row * 131 + cell)).collect()).collect();
    let rows = Rows { schema, rows };
    let texts = format!("concat({})", names.join(", '|', "));
    let columns = names.join(", ");
    let calls = [format!("hash({texts})"), texts, format!("coalesce({columns})"), format!("greatest({columns})")];
    calls.iter().map(|call| computed(call, rows.clone())).collect()
}

/// Values of a type: at its edges, or equal to one of another type, or near it.
fn values(data_type: &DataType) -> Vec<Value> {
    const DAY: i64 = 86_400_000_000;
    let list = |items: &[Value]| Value::List(items.to_vec());
    let mut values = match data_type {
        DataType::Boolean => vec![Value::Boolean(true), Value::Boolean(false)],
        DataType::Int => [0, 1, 9_007_199_254_740_993].map(Value::Int).to_vec(),
        DataType::Float => [0.5, 1.0, 9_007_199_254_740_992.0].map(Value::Float).to_vec(),
        DataType::String => ["", "a", "B"].map(Value::text).to_vec(),
        DataType::Timestamp => [0, 1, 20_514 * DAY].map(Value::Timestamp).to_vec(),
        DataType::Date => [0, 20_514, -719_162].map(Value::Date).to_vec(),
        DataType::Duration => [0, -1, DAY].map(Value::Duration).to_vec(),
        DataType::List(item) => {
            let items = values(item);
            vec![list(&items), list(&items[1..2]), list(&[]), list(&[Value::Null])]
        }
        DataType::Record(_) | DataType::Unknown => vec![],
    };
    values.push(Value::Null);
    values
}

/// Two columns of every pair of types in everything that takes two of one type, or of two that have one in common.
/// `is_short`: only those of types that differ.
fn mixed(is_short: bool) -> Vec<Case> {
    const CALLS: [&str; 20] = [
        "list_of(a, b)",
        "list_contains(list_of(a), b)",
        "list_contains(list_of(a, b), a)",
        "list_contains(a, b)",
        "list_sort(list_of(a, b))",
        "list_distinct(list_of(a, b))",
        "list_join(list_of(a, b), ';')",
        "list_get(list_of(a, b), 1)",
        "list_length(list_of(a, b))",
        "coalesce(a, b)",
        "nullif(a, b)",
        "if(a is null, a, b)",
        "case when b is null then a else b end",
        "greatest(a, b)",
        "least(a, b)",
        "clamp(a, b, b)",
        "a = b",
        "a < b",
        "a is distinct from b",
        "a in (b)",
    ];
    use DataType::*;
    let single = [Boolean, Int, Float, String, Timestamp, Date, Duration];
    let types: Vec<DataType> =
        single.iter().cloned().chain(single.iter().map(|item| List(Box::new(item.clone())))).collect();
    let mut cases = Vec::new();
    let pairs = types.iter().flat_map(|a| types.iter().map(move |b| (a, b)));
    for (a, b) in pairs.filter(|(a, b)| !is_short || a != b) {
        let schema = Schema::of([("x", Int), ("a", a.clone()), ("b", b.clone())]);
        let pairs: Vec<(Value, Value)> =
            values(a).into_iter().flat_map(|a| values(b).into_iter().map(move |b| (a.clone(), b))).collect();
        let numbered = pairs.into_iter().enumerate();
        let rows: Vec<Vec<Value>> = numbered.map(|(x, (a, b))| vec![Value::Int(x as i64), a, b]).collect();
        for call in CALLS {
            let parameters = BTreeMap::new();
            let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Row };
            if expr::check(&parsed(call), &scope).is_err() {
                continue;
            }
            let mut case = computed(call, Rows { schema: schema.clone(), rows: rows.clone() });
            case.name = format!("mixed: {call} of {a} and {b}");
            cases.push(case);
        }
    }
    assert!(cases.len() > if is_short { 80 } else { 250 }, "{}", cases.len());
    cases
}

/// JSON whose numbers may be written in several ways, and that lies in itself as deep as it may, and deeper.
fn json() -> Vec<Case> {
    let numbers = [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e10",
        "1.0",
        "1.50",
        "1e2",
        "1E+2",
        "-1e-2",
        "0.0001",
        "0.00001",
        "2.5e-5",
        "-1e-5",
        "1e-6",
        "1e-7",
        "5e-324",
        "1e15",
        "1e16",
        "12345678901234567.0",
        "1e20",
        "1e21",
        "1e22",
        "1.7976931348623157e308",
        "1e400",
        "9007199254740993",
        "9007199254740993.0",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "123456789012345678901234567890",
        "-123456789012345678901234567890",
        "01",
        "1.",
        "+1",
    ];
    let words = [
        "null",
        "true",
        "[]",
        "{}",
        "\"1e20\"",
        "\"-\"",
        "\"\\u001f\\b\\u000b\\u00e9\\/\"",
        "\"a\\\\u000B\"",
        "\"null\"",
    ];
    let deep = |depth: usize| ["[".repeat(depth), "1".to_owned(), "]".repeat(depth)].concat();
    let mixed = |depth: usize| ["{\"a\":[".repeat(depth / 2), "1".to_owned(), "]}".repeat(depth / 2)].concat();
    let wide = format!("[{}]", vec!["[0]"; 300].join(","));
    let single = numbers.iter().chain(&words).map(|text| text.to_string());
    let nested = numbers
        .iter()
        .chain(&words)
        .flat_map(|text| [format!("[{text}, {{\"a\": {text}}}]"), format!("{{\"a\": {text}}}")]);
    let texts = single.chain(nested).chain([deep(127), deep(128), deep(2000), mixed(126), mixed(128), wide]);
    let rows = Rows {
        schema: Schema::of([("x", DataType::String)]),
        rows: texts.map(|text| vec![Value::String(text)]).chain([vec![Value::Null]]).collect(),
    };
    let calls = [
        "json_get(x, '$')",
        "json_get(x, '$.a')",
        "json_get(x, '$[0]')",
        "json_list(x, '$')",
        "json_keys(x)",
        "json_length(x, '$')",
        "json_valid(x)",
    ];
    calls.iter().map(|call| computed(call, rows.clone())).collect()
}

/// The same of JSON, where an engine carries it.
pub(super) fn compare_json(engine: &str, rows_of: impl Fn(&[Case]) -> Answers) {
    let cases = json();
    let answers = rows_of(&cases);
    compare(engine, &cases, answers, &[]);
}

/// Compares all of them; `allowed`: what the engine does not carry.
pub(super) fn compare_edges(engine: &str, rows_of: impl Fn(&[Case]) -> Answers, allowed: &[(&str, &str)]) {
    let cases = [aggregates(), numbers(), wide(), without_keys()].into_iter().flatten().collect::<Vec<_>>();
    let answers = rows_of(&cases);
    compare(engine, &cases, answers, allowed);
}

/// The same of every pair of types: what is refused is refused when a bundle is made.
pub(super) fn compare_mixed(engine: &str, rows_of: impl Fn(&[Case]) -> Answers) {
    // Spark takes most of a second for each.
    let cases = mixed(engine == "Spark");
    let answers = rows_of(&cases);
    let carried = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(carried * 10 > cases.len() * 7, "only {carried} of {} are carried", cases.len());
    compare(engine, &cases, answers, &[("mixed", "types that the engine does not compare so")]);
}
