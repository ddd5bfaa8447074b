//! The table walked: every row is documented, its examples parse, check and give what they say.
//! Must not import any room but `data`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Place, Row, Scope, check, coerce, eval, eval_measure, eval_window, parse};
use super::*;
use crate::data::{Field, Schema};

/// The columns of an example's rows, with their types as far as they show.
fn read_rows(text: &str) -> (Schema, Vec<BTreeMap<String, Value>>) {
    let rows: Vec<BTreeMap<String, Value>> = text
        .lines()
        .map(|line| match Value::from_json(&serde_json::from_str(line).unwrap(), &DataType::Unknown) {
            Some(Value::Record(fields)) => fields.into_iter().collect(),
            _ => panic!("{line}"),
        })
        .collect();
    let mut types: BTreeMap<String, DataType> = BTreeMap::new();
    for (name, value) in rows.iter().flatten() {
        let sum = types.entry(name.clone()).or_insert(DataType::Unknown);
        *sum = sum.common(&value.data_type()).unwrap();
    }
    (Schema::new(types.into_iter().map(|(name, data_type)| Field::new(name, data_type)).collect()), rows)
}

fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        _ => a == b,
    }
}

#[test]
fn every_example_gives_what_it_says() {
    let parameters = BTreeMap::new();
    for function in functions() {
        assert!(!function.examples.is_empty(), "{} has no example", function.name);
        for example in function.examples {
            let (schema, rows) = read_rows(example.rows);
            let place = match function.kind {
                FunctionKind::Scalar => Place::Row,
                FunctionKind::Aggregate => Place::Aggregate,
                FunctionKind::Window => Place::Window,
            };
            let scope = Scope { schema: &schema, parameters: &parameters, place };
            let expr = parse(example.call).unwrap_or_else(|error| panic!("{}: {error}", example.call));
            let result_type = check(&expr, &scope).unwrap_or_else(|errors| panic!("{}: {}", example.call, errors[0]));
            let expr = coerce(&expr, &scope);
            let lookup: Vec<_> =
                rows.iter().map(|row| move |name: &str| row.get(name).cloned().unwrap_or(Value::Null)).collect();
            let refs: Vec<Row> = lookup.iter().map(|row| row as Row).collect();
            let found = match function.kind {
                FunctionKind::Scalar => eval(&expr, &|_| Value::Null),
                FunctionKind::Aggregate => eval_measure(&expr, &refs),
                FunctionKind::Window => eval_window(&expr, &refs).pop().unwrap(),
            };
            let expected = eval(&parse(example.result).unwrap(), &|_| Value::Null);
            assert!(close(&found, &expected), "{}: {found:?}, not {expected:?}", example.call);
            assert!(found.data_type().fits(&result_type), "{}: {found:?} is no {result_type}", example.call);
            assert!(example.call.contains(function.name) || example.call.contains("distinct"), "{}", example.call);
        }
    }
}

#[test]
fn every_row_is_well_formed() {
    let mut names = BTreeSet::new();
    for function in functions() {
        let name = function.name;
        assert!(names.insert(name), "{name} is there twice");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
        assert!(function.doc.ends_with('.') && !function.doc.contains('\n'), "{name}: {}", function.doc);
        assert!(function.signature.starts_with(name) && function.signature.contains(" → "), "{name}");
        assert!(function.max_args.is_none_or(|max| function.min_args <= max), "{name}");
        assert_eq!(function.eval.is_some(), function.kind == FunctionKind::Scalar, "{name}");
        assert_eq!(function.aggregate.is_some(), function.kind == FunctionKind::Aggregate, "{name}");
        assert!(function.literal_args.iter().all(|index| *index < function.args.len()), "{name}");
        assert_eq!(canonical_name(name), name, "{name} is an alias too");
    }
    for (alias, name) in ALIASES {
        assert!(function(name).is_some(), "{alias} means {name}, which is not there");
    }
}

#[test]
fn no_scalar_panics_on_any_value() {
    let values = [
        Value::Null,
        Value::Boolean(true),
        Value::Int(0),
        Value::Int(-1),
        Value::Int(3),
        Value::Int(i64::MIN),
        Value::Int(i64::MAX),
        Value::Float(-0.0),
        Value::Float(f64::MAX),
        Value::Float(0.5),
        Value::text(""),
        Value::text("größe 😀"),
        Value::text("https://a.example:80/x?y=%zz#f"),
        Value::text("%Y-%m-%d"),
        Value::text("hour"),
        Value::text("10.0.0.0/8"),
        Value::text("[1, {\"a\": 2}]"),
        Value::text("$.a[0]"),
        Value::Timestamp(i64::MAX),
        Value::Timestamp(-1),
        Value::Date(i32::MIN),
        Value::Duration(i64::MIN),
        Value::Duration(0),
        Value::List(vec![Value::Int(1), Value::Null, Value::text("a")]),
        Value::Record(vec![("a".into(), Value::Int(1))]),
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for function in functions() {
        for _ in 0..400 {
            let most = function.max_args.unwrap_or(4);
            let args: Vec<Value> =
                (0..random.usize(0..=most)).map(|_| values[random.usize(0..values.len())].clone()).collect();
            if let Some(eval) = function.eval {
                eval(&args);
            }
            if let Some(aggregate) = function.aggregate {
                aggregate(&[args.clone(), args]);
            }
        }
    }
}

#[test]
fn constants_of_any_text_are_answered_without_a_panic() {
    let pieces = [
        "%Y", "%", "%z", "%s", "%f", "%B", "%p", "-", "+", ":", "2026", "03", "1", "12:", "Z", "é", "日", " ", "T",
        ".", ",", "March", "pm", "\\", "(", ")", "[", "]", "\\d", "*", "{2}", "(?", "<a>", "$", "$1", "$.", "a", "'",
        "\"", "d", "h", "P", "s", "/", "#", "?", "://", "@", "%zz", "::", "10.0.0.1", "kB",
    ];
    for seed in 0..600 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut text = || (0..random.usize(0..9)).map(|_| pieces[random.usize(0..pieces.len())]).collect::<String>();
        let (value, constant) = (text(), text());
        let args = [Value::text(&value), Value::text(&constant), Value::text("")];
        for function in
            functions().iter().filter(|function| matches!(function.group, "time" | "json" | "urls" | "units"))
        {
            if let Some(check) = function.check_literals {
                let _ = check(&[Some(&args[0]), Some(&args[1])]);
            }
            if let Some(eval) = function.eval {
                eval(&args[..function.max_args.unwrap_or(2).min(2)]);
            }
        }
        if seed < 100 {
            let _ = super::super::regex_pattern(&constant);
            let _ = super::super::regex_replacement(&constant);
        }
    }
}
