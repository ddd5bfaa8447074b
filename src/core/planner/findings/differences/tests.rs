//! What is said of rows inside and outside of a selection.

use super::*;
use crate::plan::plan;
use crate::planner::testing::shop_sources;
use crate::project::Place;

fn table(columns: &[(&str, DataType)], rows: Vec<Vec<Value>>) -> ProbeRows {
    ProbeRows { schema: Schema::of(columns.iter().map(|(name, data_type)| (*name, data_type.clone()))), rows }
}

#[test]
fn what_goes_with_a_selection_comes_first_and_the_selection_itself_not_at_all() {
    let columns = [
        ("release", DataType::String),
        ("region", DataType::String),
        ("level", DataType::String),
        ("id", DataType::Int),
    ];
    let mut rows = Vec::new();
    for n in 0..400_i64 {
        let failed = n % 4 == 0;
        let release = if failed && n % 20 != 0 || n % 10 == 1 { "4.2" } else { "4.1" };
        let region = if n % 3 == 0 { "eu" } else { "us" };
        let level = if failed { "error" } else { "info" };
        rows.push(vec![Value::text(release), Value::text(region), Value::text(level), Value::Int(n)]);
    }
    let rows = table(&columns, rows);
    let inside: Vec<bool> = (0..400).map(|n| n % 4 == 0).collect();
    let found = differences(&rows.schema, &rows.rows, &inside, &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].column.as_str(), &found[0].value), ("release", &Value::text("4.2")));
    assert!(found[0].inside_share > 0.75 && found[0].outside_share < 0.2);
    assert!(differences(&rows.schema, &rows.rows, &inside, &["release"]).is_empty());
    assert!(differences(&rows.schema, &rows.rows, &[false; 400], &[]).is_empty());
}

#[test]
fn counts_are_judged_as_rows_are() {
    let types = [
        ("column", DataType::String),
        ("value", DataType::String),
        ("inside", DataType::Int),
        ("outside", DataType::Int),
    ];
    let count = |column: &str, value: &str, inside: i64, outside: i64| {
        vec![Value::text(column), Value::text(value), Value::Int(inside), Value::Int(outside)]
    };
    let rows = vec![
        count("status", "500", 100, 0),
        count("status", "500 to 1000", 100, 0),
        count("region", "eu", 40, 290),
        count("release", "4.2", 80, 40),
        count("seconds", "5 to 10", 60, 3),
        count("trace", "f00", 4, 0),
        count("bytes", "35284", 14, 0),
        count("bytes", "20000 to 50000", 15, 40),
    ];
    let totals =
        table(&[("inside", DataType::Int), ("all", DataType::Int)], vec![vec![Value::Int(100), Value::Int(400)]]);
    let found = judge_differences(&table(&types, rows), &totals);
    let shown: Vec<(&str, f64)> = found.iter().map(|one| (one.column.as_str(), one.inside_share)).collect();
    assert_eq!(shown, [("status", 1.0), ("seconds", 0.6), ("release", 0.8)], "{found:#?}");
    assert_eq!(found[2].sentence("the failures"), "goes with `release` = 4.2: 80 % of the failures, 13 % of the rest");
    assert_eq!((found[0].ratio, found[2].ratio.map(f64::round)), (None, Some(6.0)));
}

#[test]
fn columns_that_make_the_selection_are_left_out_by_lineage() {
    let mut project = shop_sources();
    let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
    let columns = json!([{"id": "c1", "name": "is_slow", "expression": "duration > 3"}]);
    let edits = [
        insert("steps", json!({"id": "a", "kind": "file", "title": "a", "settings": {"source": "src-access"}})),
        insert("steps", json!({"id": "b", "kind": "compute", "title": "b", "settings": {"columns": columns}})),
        insert("wires", json!({"id": "w", "from": "a", "output": "out", "to": "b", "input": "in"})),
    ];
    project.apply(&edits).unwrap();
    let plan_of = plan(&project);
    let found = compare(&project, &plan_of, "b", &Selection::Where("is_slow".into())).unwrap();
    assert_eq!(found.left_out, ["duration", "is_slow"]);
    let mut tried = project.clone();
    tried.apply(&found.edits).unwrap();
    let faults: Vec<_> = plan(&tried).diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    assert!(faults.is_empty(), "{faults:?}");
    let span = Selection::Span { time: "time".into(), from: 0, to: 60_000_000 };
    assert!(span.condition().starts_with("time >= timestamp '1970-01-01"), "{}", span.condition());
    assert!(compare(&project, &plan_of, "b", &span).unwrap().left_out.contains(&"time".to_owned()));
    let fault = compare(&project, &plan_of, "bb", &span).unwrap_err();
    assert!(fault.message.contains("did you mean `b`?"), "{fault}");
}

#[test]
fn a_difference_is_a_condition_of_its_columns_type() {
    let of = |value: Value| Difference {
        column: "a b".to_owned(),
        value,
        inside: 1,
        inside_share: 1.0,
        outside: 0,
        outside_share: 0.0,
        ratio: None,
        strength: 20.0,
    };
    for (value, data_type, condition) in [
        (Value::text("it's"), DataType::String, "\"a b\" = 'it''s'"),
        (Value::text("1 to 2"), DataType::String, "\"a b\" = '1 to 2'"),
        (Value::text("0.5 to 1"), DataType::Float, "\"a b\" >= 0.5 and \"a b\" < 1"),
        (Value::text("below 0"), DataType::Int, "\"a b\" < 0"),
        (Value::text("10 and more"), DataType::Duration, "seconds(\"a b\") >= 10"),
        (Value::text("500"), DataType::Int, "try_cast(\"a b\" as string) = '500'"),
        (Value::Null, DataType::Int, "\"a b\" is null"),
    ] {
        let found = of(value).condition(&data_type);
        assert_eq!(found, condition);
        parse(&found).unwrap();
    }
}
