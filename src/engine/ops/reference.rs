//! Aggregates and windows against the reference: every function's examples, and random rows with nulls and ties.

use std::collections::BTreeMap;

use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::expr::{Expr, FunctionKind, Row, eval_measure, eval_window, functions, parse};
use pipewright_core::ir::{Aggregate, Column, Op, Window, output_schema};

use super::*;
use crate::ResultTable;

/// Runs one operation; rows as values.
fn run(op: &Op, input: &ResultTable) -> Vec<Vec<Value>> {
    let output = output_schema(op, &[input.schema()], &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"));
    let context = Context { name: "test", inputs: vec![input.schema()], output: &output, ids: false };
    let frame = lower_op(op, vec![input.lazy()], &context).unwrap().collect().unwrap_or_else(|error| panic!("{error}"));
    let table = ResultTable::from_frame(&frame, &output).unwrap();
    (0..table.rows()).map(|row| table.row(row)).collect()
}

fn measure(expr: &Expr, input: &ResultTable) -> Value {
    let aggregate = Aggregate { keys: vec![], measures: vec![Column::new("result", expr.clone())] };
    run(&Op::Aggregate(aggregate), input).remove(0).remove(0)
}

fn window(expr: &Expr, input: &ResultTable) -> Vec<Value> {
    let op = Op::Window(Window { columns: vec![Column::new("result", expr.clone())] });
    run(&op, input).into_iter().filter_map(|mut row| row.pop()).collect()
}

fn with_rows<T>(table: &ResultTable, use_rows: impl FnOnce(&[Row]) -> T) -> T {
    let lookups: Vec<_> = (0..table.rows())
        .map(|row| move |name: &str| table.schema().index(name).map_or(Value::Null, |column| table.value(row, column)))
        .collect();
    let rows: Vec<Row> = lookups.iter().map(|lookup| lookup as Row).collect();
    use_rows(&rows)
}

fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Float(a), Value::Float(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-300),
        (Value::Float(a), Value::Int(b)) => *a == *b as f64,
        (a, b) => a == b,
    }
}

/// A table from JSON lines; a column's type is that of its first value.
fn table_of(lines: &str) -> ResultTable {
    let rows: Vec<serde_json::Map<String, serde_json::Value>> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut schema = Schema::default();
    for (name, json) in rows.iter().flatten() {
        let data_type = Value::from_json(json, &DataType::Unknown).unwrap().data_type();
        match schema.index(name) {
            Some(index) if schema.fields[index].data_type.is_unknown() => schema.fields[index].data_type = data_type,
            Some(_) => {}
            None => schema.fields.push(Field::new(name, data_type)),
        }
    }
    let row = |row: &serde_json::Map<String, serde_json::Value>| {
        let cells = schema.fields.iter().map(|field| Value::from_json(&row[&field.name], &field.data_type).unwrap());
        cells.collect()
    };
    let rows: Vec<Vec<Value>> = rows.iter().map(row).collect();
    ResultTable::from_rows(&schema, &rows)
}

#[test]
fn examples_of_aggregates_and_windows_hold() {
    let mut tried = 0;
    for function in functions() {
        for example in function.examples.iter().filter(|example| !example.rows.is_empty()) {
            let table = table_of(example.rows);
            let expr = parse(example.call).unwrap();
            let wanted = pipewright_core::expr::eval(&parse_result(example.result), &|_| Value::Null);
            let found = match function.kind {
                FunctionKind::Aggregate => measure(&expr, &table),
                FunctionKind::Window => window(&expr, &table).pop().unwrap(),
                FunctionKind::Scalar => continue,
            };
            let found_list = match (&found, &wanted) {
                (Value::List(_), Value::Null) => {
                    Value::text(found.to_json().to_string().replace('"', "'").replace(',', ", "))
                }
                _ => found.clone(),
            };
            let wanted = if wanted.is_null() && found_list != found { Value::text(example.result) } else { wanted };
            assert!(same(&found_list, &wanted), "{}: {found:?}, wanted {}", example.call, example.result);
            tried += 1;
        }
    }
    assert!(tried > 30, "only {tried}");
}

/// Lists have no literal form: they read as null here and are compared as text.
fn parse_result(text: &str) -> Expr {
    parse(text).unwrap_or_else(|_| Expr::literal(Value::Null))
}

fn random_rows(random: &mut fastrand::Rng, count: usize) -> ResultTable {
    let schema = Schema::of([
        ("k", DataType::String),
        ("t", DataType::Timestamp),
        ("n", DataType::Int),
        ("x", DataType::Float),
        ("b", DataType::Boolean),
        ("p", DataType::Duration),
        // Breaks ties in the reference, which keeps the rows' order.
        ("row", DataType::Int),
    ]);
    let rows: Vec<Vec<Value>> = (0..count)
        .map(|row| {
            let mut some = |value: Value| if random.u8(0..6) == 0 { Value::Null } else { value };
            let mut dice = fastrand::Rng::with_seed(row as u64);
            vec![
                some(Value::text(["a", "b", "c"][dice.usize(0..3)])),
                some(Value::Timestamp(1_700_000_000_000_000 + dice.i64(0..8) * 60_000_000)),
                some(Value::Int(dice.i64(-5..6))),
                some(Value::Float(f64::from(dice.i32(-20..20)) / 4.0)),
                some(Value::Boolean(dice.bool())),
                some(Value::Duration(dice.i64(0..5_000_000))),
                Value::Int(row as i64),
            ]
        })
        .collect();
    ResultTable::from_rows(&schema, &rows)
}

#[test]
fn measures_mean_what_the_reference_says() {
    let mut random = fastrand::Rng::with_seed(3);
    let calls = [
        "count(*)",
        "count(n)",
        "count_if(b)",
        "count_distinct(x)",
        "share_if(b)",
        "sum(n)",
        "sum(x)",
        "sum(p)",
        "avg(n)",
        "avg(x)",
        "avg(p)",
        "min(t)",
        "max(k)",
        "median(x)",
        "median(n)",
        "quantile(x, 0.9)",
        "quantile(p, 0.25)",
        "stddev(x)",
        "variance(n)",
        "first(x order by t, row)",
        "last(n order by t desc, row)",
        "every(b)",
        "some(b)",
        "collect(k order by t, row)",
        "string_agg(k, '-' order by n, row)",
        "sum(n) / count(*)",
        "collect(distinct n order by n)",
        "coalesce(max(x), 0) * 100 - avg(n)",
        "min(p) + max(p)",
    ];
    for count in [0, 1, 2, 40] {
        let table = random_rows(&mut random, count);
        for call in calls {
            for filter in ["", " filter (where n > 0)", " filter (where n > 100)"] {
                if !filter.is_empty() && !call.ends_with(')') || call.contains("/ count") && !filter.is_empty() {
                    continue;
                }
                let expr = parse(&format!("{call}{filter}")).unwrap();
                let (found, wanted) = (measure(&expr, &table), with_rows(&table, |rows| eval_measure(&expr, rows)));
                assert!(same(&found, &wanted), "{call}{filter} of {count} rows: {found:?}, wanted {wanted:?}");
            }
        }
    }
}

#[test]
fn windows_mean_what_the_reference_says() {
    let mut random = fastrand::Rng::with_seed(5);
    let calls = [
        "count(*)",
        "count(n)",
        "count_if(b)",
        "share_if(b)",
        "sum(n)",
        "sum(x)",
        "avg(n)",
        "avg(p)",
        "min(x)",
        "max(k)",
        "stddev(x)",
        "first(n)",
        "last(k)",
        "median(x)",
        "count_distinct(k)",
        "every(b)",
    ];
    let frames = [
        "",
        "rows between 2 preceding and current row",
        "rows between 1 following and 3 following",
        "rows between unbounded preceding and 1 preceding",
        "rows between current row and unbounded following",
    ];
    let table = random_rows(&mut random, 40);
    let agree = |text: &str, table: &ResultTable| {
        let expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let (found, wanted) = (window(&expr, table), with_rows(table, |rows| eval_window(&expr, rows)));
        assert_eq!(found.len(), wanted.len());
        for (row, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            assert!(same(found, wanted), "{text}\nrow {row} {:?}\n{found:?}, wanted {wanted:?}", table.row(row));
        }
    };
    for call in calls {
        if !call.starts_with("first") && !call.starts_with("last") {
            agree(&format!("{call} over (partition by k)"), &table);
        }
        // The others never run along an order.
        if ["median", "count_distinct", "every"].iter().any(|whole| call.starts_with(whole)) {
            continue;
        }
        for frame in frames {
            agree(&format!("{call} over (partition by k order by t, row {frame})"), &table);
            agree(&format!("{call} filter (where b) over (order by n desc, row {frame})"), &table);
        }
    }
    for call in ["row_number()", "rank()", "dense_rank()", "lag(n)", "lead(k, 2, '-')", "lag(x, 0)"] {
        agree(&format!("{call} over (partition by k order by t, row)"), &table);
    }
    for call in ["rank()", "dense_rank()", "sum(n)", "count(*)", "max(x)"] {
        agree(&format!("{call} over (partition by k order by t desc)"), &table);
    }
    agree("n - lag(n) over (order by row) + sum(n) over (partition by k)", &table);
    let rows: Vec<Vec<Value>> = (0..40).map(|row| table.row(row)).filter(|row| !row[1].is_null()).collect();
    let timed = ResultTable::from_rows(table.schema(), &rows);
    for call in ["count(*)", "sum(x)", "avg(n)", "min(x)", "stddev(n)"] {
        for frame in [
            "interval '2 minutes' preceding and current row",
            "interval '1 minute' preceding and interval '1 minute' following",
            "unbounded preceding and interval '1 minute' preceding",
        ] {
            for order in ["t", "t desc"] {
                agree(&format!("{call} over (partition by k order by {order} range between {frame})"), &timed);
            }
        }
    }
}
