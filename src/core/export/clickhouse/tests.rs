//! What the script says, without the engine.

use super::*;
use crate::data::{DataType, Schema, Value};
use crate::ir::{FileKind, Origin, Rows};
use crate::plan::plan;
use crate::steps::PlanBuilder;

/// A table with one row, written to a file.
fn written(column: &str, title: &str, data_type: DataType, value: Value) -> Plan {
    let origin = Origin { step: "s".into(), title: title.into() };
    let mut builder = PlanBuilder::default();
    let rows = Rows { schema: Schema::of([(column, data_type)]), rows: vec![vec![value]] };
    let input = builder.push(Op::Rows(rows), vec![], &origin).unwrap();
    builder.push(handover::written("x.jsonl", FileKind::Jsonl), vec![input], &origin).unwrap();
    Plan { nodes: builder.nodes, ..Plan::default() }
}

#[test]
fn names_and_texts_stay_inside_of_their_quotes() {
    let hostile = "x`'\\`'; DROP TABLE t; --\n";
    let text = script(&written(hostile, hostile, DataType::String, Value::text(hostile))).unwrap();
    let quoted = [r"`x\`'\\\`'; DROP TABLE t; --\n`", r"'x`\'\\`\'; DROP TABLE t; --\n'"];
    let rest = quoted.iter().fold(text.clone(), |text, quoted| text.replace(quoted, ""));
    // What is left of it is the comment, of one line.
    let left: Vec<&str> = rest.lines().filter(|line| line.contains("DROP TABLE")).collect();
    assert!(left.len() == 2 && left.iter().all(|line| line.starts_with("-- ")), "{text}");
}

#[test]
fn what_clickhouse_cannot_hold_is_refused_by_name() {
    let refused = |column: &str, data_type: DataType| {
        script(&written(column, "t", data_type, Value::Null)).unwrap_err().remove(0).message
    };
    assert_eq!(refused("a\0b", DataType::Int), "ClickHouse does not carry a column whose name holds a NUL");
    let lists = DataType::List(Box::new(DataType::List(Box::new(DataType::Int))));
    assert!(refused("a", lists).contains("lists or records inside of others"));
    let spans = DataType::List(Box::new(DataType::Duration));
    assert!(refused("a", spans).contains("Durations inside of a list"));
}

#[test]
fn the_worked_example_is_carried_whole() {
    let text = include_str!("../../../../projects/shop/shop.pipewright.json");
    let project = crate::project::load(text).unwrap().0;
    let bundle = ClickHouse.export(&plan(&project), &DesignInfo { name: "shop".into(), ..DesignInfo::default() });
    assert!(bundle.diagnostics.is_empty(), "{:?}", bundle.diagnostics);
    for file in ["pipeline.sql", "stage.json", "results.json", "job.json", "report.py", "run.sh", "run.py", "README.md"]
    {
        assert!(bundle.files.contains_key(file), "{file}");
    }
    assert!(ClickHouse.support(&plan(&project)).values().all(|(support, _)| *support != Support::Unsupported));
}
