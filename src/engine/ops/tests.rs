//! Every operation over small tables, with nulls, ties and empty inputs.

use std::collections::BTreeMap;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::expr::{parse, parse_order};
use pipewright_core::ir::{
    Aggregate, AsofDirection, AsofJoin, Check, Column, Distinct, Explode, Join, JoinKind, Keep, Limit, OnFail, Op,
    Project, Sort, Unpivot, Window,
};
use serde_json::{Value as Json, json};

use super::*;
use crate::ResultTable;
use crate::table::RESERVED_ROW;

/// A table from `name:Type` columns and rows as JSON arrays.
pub(crate) fn table(columns: &str, rows: Json) -> ResultTable {
    let schema = schema(columns);
    let rows: Vec<Vec<Value>> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let cells = row.as_array().unwrap().iter().zip(&schema.fields);
            cells.map(|(cell, field)| Value::from_json(cell, &field.data_type).unwrap()).collect()
        })
        .collect();
    ResultTable::from_rows(&schema, &rows)
}

pub(crate) fn schema(columns: &str) -> Schema {
    let fields = columns.split_whitespace().map(|column| column.split_once(':').unwrap());
    let fields: Vec<(&str, DataType)> = fields.map(|(name, data_type)| (name, data_type.parse().unwrap())).collect();
    Schema::of(fields)
}

/// Runs one operation; the result's schema is `output`.
fn run(op: &Op, inputs: &[&ResultTable], output: &str) -> Json {
    let output = schema(output);
    let op = bound(op, &BTreeMap::new());
    let context = Context {
        name: "test",
        inputs: inputs.iter().map(|table| table.schema()).collect(),
        output: &output,
        ids: false,
    };
    let frames = inputs.iter().map(|table| table.lazy()).collect();
    let frame = lower_op(&op, frames, &context).unwrap().collect().unwrap();
    let names: Vec<&str> = frame.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(names, output.names().collect::<Vec<_>>());
    assert_eq!(crate::table::schema_of(&frame), output, "types");
    rows(&ResultTable::from_frame(&frame, &output).unwrap())
}

fn rows(table: &ResultTable) -> Json {
    (0..table.rows()).map(|row| Json::Array(table.row(row).iter().map(Value::to_json).collect())).collect()
}

/// Rows in any order.
fn sorted(rows: Json) -> Vec<String> {
    let mut rows: Vec<String> = rows.as_array().unwrap().iter().map(Json::to_string).collect();
    rows.sort();
    rows
}

fn same_rows(found: Json, wanted: Json) {
    assert_eq!(sorted(found), sorted(wanted));
}

fn columns(list: &[(&str, &str)]) -> Vec<Column> {
    list.iter().map(|(name, text)| Column::new(*name, parse(text).unwrap())).collect()
}

#[test]
fn filters_keep_true_rows_and_checks_reject_the_others() {
    let input = table("n:Int", json!([[1], [null], [5]]));
    let predicate = parse("n > 2").unwrap();
    assert_eq!(run(&Op::Filter { predicate: predicate.clone() }, &[&input], "n:Int"), json!([[5]]));
    let check = |on_fail| Op::Check(Check { predicate: predicate.clone(), reason: "small".into(), on_fail });
    let flagged = run(&check(OnFail::Flag("bad".into())), &[&input], "n:Int bad:Boolean");
    assert_eq!(flagged, json!([[1, true], [null, true], [5, false]]));
    assert_eq!(run(&check(OnFail::Reject), &[&input], "n:Int"), json!([[5]]));
    let output = schema("n:Int");
    let context = Context { name: "c", inputs: vec![&output], output: &output, ids: false };
    let (frame, reason) = rejected(&check(OnFail::Reject), input.lazy(), &context).unwrap().unwrap();
    assert_eq!((frame.collect().unwrap().height(), reason.as_str()), (2, "small"));
    let stopped = lower_op(&check(OnFail::Stop), vec![input.lazy()], &context).unwrap().collect().unwrap_err();
    assert!(failed(&stopped).message.contains("failed: small"), "{}", failed(&stopped));
}

#[test]
fn projections_compute_and_repeat_constants() {
    let input = table("n:Int s:String", json!([[1, "a"], [2, null]]));
    let project = Op::Project(Project::new(columns(&[("m", "n * 2"), ("s", "s || '!'"), ("one", "1")])));
    assert_eq!(run(&project, &[&input], "m:Int s:String one:Int"), json!([[2, "a!", 1], [4, null, 1]]));
    let constants = Op::Project(Project::new(columns(&[("one", "1")])));
    assert_eq!(run(&constants, &[&input], "one:Int"), json!([[1], [1]]));
}

#[test]
fn aggregates_skip_nulls_guard_overflow_and_honour_filters() {
    let input = table(
        "k:String n:Int f:Float ok:Boolean",
        json!([
            ["a", 1, 1.5, true],
            ["a", null, null, null],
            ["b", i64::MAX, 2.0, false],
            ["b", 1, 4.0, true],
            [null, 3, 0.5, false]
        ]),
    );
    let aggregate = Op::Aggregate(Aggregate {
        keys: columns(&[("k", "k")]),
        measures: columns(&[
            ("rows", "count(*)"),
            ("there", "count(n)"),
            ("sum", "sum(n)"),
            ("mean", "avg(f)"),
            ("big", "count(*) filter (where f > 1)"),
            ("share", "share_if(ok)"),
            ("least", "min(f)"),
            ("none", "sum(n) filter (where f > 100)"),
        ]),
    });
    let output = "k:String rows:Int there:Int sum:Int mean:Float big:Int share:Float least:Float none:Int";
    same_rows(
        run(&aggregate, &[&input], output),
        json!([
            ["a", 2, 1, 1, 1.5, 1, 0.5, 1.5, null],
            ["b", 2, 2, null, 3.0, 2, 0.5, 2.0, null],
            [null, 1, 1, 3, 0.5, 0, 0.0, 0.5, null]
        ]),
    );
}

#[test]
fn aggregates_of_no_rows_give_one_row_without_keys() {
    let input = table("n:Int d:Duration s:String", json!([]));
    let measures = columns(&[
        ("rows", "count(*)"),
        ("sum", "sum(n)"),
        ("took", "avg(d)"),
        ("kinds", "count_distinct(s)"),
        ("list", "collect(s order by n)"),
        ("first", "first(s order by n)"),
        ("share", "share_if(n > 1)"),
    ]);
    let aggregate = Op::Aggregate(Aggregate { keys: vec![], measures: measures.clone() });
    let output = "rows:Int sum:Int took:Duration kinds:Int list:List<String> first:String share:Float";
    assert_eq!(run(&aggregate, &[&input], output), json!([[0, null, null, 0, [], null, null]]));
    let input = table("n:Int d:Duration s:String", json!([[2, "PT1S", "b"], [1, "PT2S", "a"], [3, null, "b"]]));
    let found = run(&aggregate, &[&input], output);
    assert_eq!(found, json!([[3, 6, "PT1.5S", 2, ["a", "b", "b"], "a", 2.0 / 3.0]]));
}

#[test]
fn ordered_aggregates_break_ties_by_all_columns() {
    let input =
        table("k:Int t:Int v:String", json!([[1, 5, "c"], [1, 5, "a"], [1, 5, "b"], [2, 1, null], [2, 2, "x"]]));
    let aggregate = Op::Aggregate(Aggregate {
        keys: columns(&[("k", "k")]),
        measures: columns(&[
            ("first", "first(v order by t)"),
            ("last", "last(v order by t)"),
            ("kept", "first(v order by t) filter (where v <> 'a')"),
            ("all", "collect(v order by t desc)"),
            ("text", "string_agg(v, '+' order by t)"),
            ("middle", "median(t)"),
            ("different", "collect(distinct t order by t)"),
        ]),
    });
    let output =
        "k:Int first:String last:String kept:String all:List<String> text:String middle:Float different:List<Int>";
    same_rows(
        run(&aggregate, &[&input], output),
        json!([[1, "a", "c", "b", ["a", "b", "c"], "a+b+c", 5.0, [5]], [2, null, "x", "x", ["x"], "x", 1.5, [1, 2]]]),
    );
}

#[test]
fn windows_number_shift_and_sum() {
    let input = table(
        "k:String t:Int v:Int",
        json!([["a", 3, 30], ["b", 1, 1], ["a", 1, 10], ["a", 2, null], ["b", 1, 2], ["a", 3, 40]]),
    );
    let window = Op::Window(Window {
        columns: columns(&[
            ("row", "row_number() over (partition by k order by t)"),
            ("rank", "rank() over (partition by k order by t)"),
            ("dense", "dense_rank() over (partition by k order by t)"),
            ("before", "lag(v) over (partition by k order by t)"),
            ("after", "lead(v, 1, -1) over (partition by k order by t)"),
            ("running", "sum(v) over (partition by k order by t)"),
            ("total", "sum(v) over (partition by k)"),
            ("near", "count(*) over (partition by k order by t rows between 1 preceding and 1 following)"),
            ("best", "max(v) over (partition by k order by t)"),
            ("range", "count(*) over (partition by k order by t range between 1 preceding and current row)"),
        ]),
    });
    let output = "k:String t:Int v:Int row:Int rank:Int dense:Int before:Int after:Int running:Int total:Int near:Int best:Int range:Int";
    assert_eq!(
        run(&window, &[&input], output),
        json!([
            ["a", 3, 30, 3, 3, 3, null, 40, 80, 80, 3, 40, 3],
            ["b", 1, 1, 1, 1, 1, null, 2, 3, 3, 2, 2, 2],
            ["a", 1, 10, 1, 1, 1, null, null, 10, 80, 2, 10, 1],
            ["a", 2, null, 2, 2, 2, 10, 30, 10, 80, 3, 10, 2],
            ["b", 1, 2, 2, 1, 1, 1, -1, 3, 3, 2, 2, 2],
            ["a", 3, 40, 4, 3, 3, 30, -1, 80, 80, 2, 40, 3]
        ])
    );
}

#[test]
fn lists_and_records_divide_windows_and_become_rows() {
    let input = table(
        "l:List<String> r:Record{\"n\":Int} v:Int",
        json!([[["a", null], {"n": 1}, 3], [[], {"n": 1}, 5], [["a", null], {"n": 2}, 7], [null, null, 9], [null, {"n": 1}, 11]]),
    );
    let window = Op::Window(Window {
        columns: columns(&[
            ("by_list", "sum(v) over (partition by l)"),
            ("by_both", "row_number() over (partition by l, r order by v)"),
            ("by_record", "rank() over (partition by r order by v, 1)"),
        ]),
    });
    let found =
        run(&window, &[&input], "l:List<String> r:Record{\"n\":Int} v:Int by_list:Int by_both:Int by_record:Int");
    let results: Vec<Json> = found.as_array().unwrap().iter().map(|row| json!([row[3], row[4], row[5]])).collect();
    assert_eq!(json!(results), json!([[10, 1, 1], [5, 1, 2], [10, 1, 1], [20, 1, 1], [20, 1, 3]]));
    let wide = table("k:Int a:List<Int> b:List<Int>", json!([[1, [1, 2], []], [2, null, [3]]]));
    let unpivot = Op::Unpivot(Unpivot {
        keep: vec!["k".into()],
        columns: vec!["a".into(), "b".into()],
        name: "name".into(),
        value: "value".into(),
        data_type: DataType::List(Box::new(DataType::Int)),
    });
    same_rows(
        run(&unpivot, &[&wide], "k:Int name:String value:List<Int>"),
        json!([[1, "a", [1, 2]], [1, "b", []], [2, "a", null], [2, "b", [3]]]),
    );
}

#[test]
fn windows_over_spans_of_time_and_of_nothing() {
    let times = json!([
        ["2026-01-01T00:00:00Z", 1.0],
        ["2026-01-01T00:00:30Z", 2.0],
        ["2026-01-01T00:01:00Z", 4.0],
        [null, 8.0],
        ["2026-01-01T00:05:00Z", 16.0]
    ]);
    let input = table("t:Timestamp v:Float", times);
    let frame = "over (order by t range between interval '1 minute' preceding and current row)";
    let down = "over (order by t desc range between interval '1 minute' preceding and current row)";
    let window = Op::Window(Window {
        columns: columns(&[
            ("sum", &format!("sum(v) {frame}")),
            ("mean", &format!("avg(v) {frame}")),
            ("spread", &format!("stddev(v) {frame}")),
            ("least", &format!("min(v) {frame}")),
            ("ahead", &format!("sum(v) {down}")),
            ("first", "first(v) over (order by t rows between 1 following and 2 following)"),
        ]),
    });
    let output = "t:Timestamp v:Float sum:Float mean:Float spread:Float least:Float ahead:Float first:Float";
    let found = run(&window, &[&input], output);
    let column = |index: usize| found.as_array().unwrap().iter().map(|row| row[index].clone()).collect::<Json>();
    assert_eq!(column(2), json!([1.0, 3.0, 7.0, 8.0, 16.0]));
    assert_eq!(column(3), json!([1.0, 1.5, 7.0 / 3.0, 8.0, 16.0]));
    assert_eq!(column(4)[0], json!(null));
    assert!((column(4)[1].as_f64().unwrap() - 0.5_f64.sqrt()).abs() < 1e-12);
    assert_eq!(column(5), json!([1.0, 1.0, 1.0, 8.0, 16.0]));
    assert_eq!(column(6), json!([7.0, 6.0, 4.0, 8.0, 16.0]));
    assert_eq!(column(7), json!([2.0, 4.0, 16.0, null, 8.0]));
    let empty = table("t:Timestamp v:Float", json!([]));
    assert_eq!(run(&window, &[&empty], output), json!([]));
}

#[test]
fn joins_of_every_kind() {
    let left = table("a:Int x:String", json!([[1, "l1"], [2, "l2"], [null, "l0"], [2, "l3"]]));
    let right = table("b:Int x:String", json!([[2, "r2"], [3, "r3"], [null, "r0"]]));
    let join = |kind, right: &[(&str, &str)]| {
        let on = match kind {
            JoinKind::Cross => vec![],
            _ => vec![(parse("a").unwrap(), parse("b").unwrap())],
        };
        let right = right.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        Op::Join(Join { kind, on, right })
    };
    let all = [("b", "b"), ("x", "x_2")];
    let wide = "a:Int x:String b:Int x_2:String";
    let both = [&left, &right];
    let inner = json!([[2, "l2", 2, "r2"], [2, "l3", 2, "r2"]]);
    same_rows(run(&join(JoinKind::Inner, &all), &both, wide), inner.clone());
    let mut left_rows = inner.as_array().unwrap().clone();
    left_rows.extend([json!([1, "l1", null, null]), json!([null, "l0", null, null])]);
    same_rows(run(&join(JoinKind::Left, &all), &both, wide), Json::Array(left_rows.clone()));
    let mut right_rows = inner.as_array().unwrap().clone();
    right_rows.extend([json!([null, null, 3, "r3"]), json!([null, null, null, "r0"])]);
    same_rows(run(&join(JoinKind::Right, &all), &both, wide), Json::Array(right_rows.clone()));
    left_rows.extend(right_rows.into_iter().skip(2));
    same_rows(run(&join(JoinKind::Full, &all), &both, wide), Json::Array(left_rows));
    same_rows(run(&join(JoinKind::Semi, &[]), &both, "a:Int x:String"), json!([[2, "l2"], [2, "l3"]]));
    same_rows(run(&join(JoinKind::Anti, &[]), &both, "a:Int x:String"), json!([[1, "l1"], [null, "l0"]]));
    let cross = run(&join(JoinKind::Cross, &[("x", "x_2")]), &both, "a:Int x:String x_2:String");
    assert_eq!(cross.as_array().unwrap().len(), 12);
    let cross = run(&join(JoinKind::Cross, &[]), &both, "a:Int x:String");
    assert_eq!(cross.as_array().unwrap().len(), 12);
    same_rows(
        run(&join(JoinKind::Left, &[]), &both, "a:Int x:String"),
        json!([[1, "l1"], [2, "l2"], [2, "l3"], [null, "l0"]]),
    );
}

#[test]
fn keys_of_two_types_join_as_their_common_type() {
    // The third would round to the second Float of the right side, and is another number.
    let left = table("a:Int", json!([[1], [2], [9_007_199_254_740_993_i64], [null]]));
    let right = table("b:Float c:String", json!([[2.0, "two"], [9_007_199_254_740_992.0, "big"]]));
    let on = vec![(parse("a").unwrap(), parse("b").unwrap())];
    let join = Op::Join(Join { kind: JoinKind::Left, on, right: vec![("c".into(), "c".into())] });
    let wanted = json!([[1, null], [2, "two"], [9_007_199_254_740_993_i64, null], [null, null]]);
    same_rows(run(&join, &[&left, &right], "a:Int c:String"), wanted);
}

#[test]
fn nearest_in_time_each_way() {
    let at = |second: i64| format!("2026-01-01T00:00:{second:02}Z");
    let left =
        table("t:Timestamp k:String", json!([[at(10), "a"], [at(20), "a"], [at(5), "b"], [null, "a"], [at(7), null]]));
    let right = table(
        "u:Timestamp k:String v:Int",
        json!([[at(8), "a", 2], [at(8), "a", 1], [at(12), "a", 3], [at(30), "a", 4], [null, "a", 5], [at(9), "b", 6]]),
    );
    let join = |direction, tolerance| {
        Op::AsofJoin(AsofJoin {
            left_time: "t".into(),
            right_time: "u".into(),
            by: vec![("k".into(), "k".into())],
            direction,
            tolerance,
            right: vec![("v".into(), "v".into())],
        })
    };
    let found = |op: &Op| {
        let rows = run(op, &[&left, &right], "t:Timestamp k:String v:Int");
        let rows = rows.as_array().unwrap().clone();
        let find = |t: Json, k: Json| rows.iter().find(|row| row[0] == t && row[1] == k).unwrap()[2].clone();
        json!([
            find(json!(at(10)), json!("a")),
            find(json!(at(20)), json!("a")),
            find(json!(at(5)), json!("b")),
            find(json!(null), json!("a")),
            find(json!(at(7)), json!(null))
        ])
    };
    assert_eq!(found(&join(AsofDirection::Backward, None)), json!([2, 3, null, null, null]));
    assert_eq!(found(&join(AsofDirection::Forward, None)), json!([3, 4, 6, null, null]));
    assert_eq!(found(&join(AsofDirection::Nearest, None)), json!([2, 3, 6, null, null]));
    assert_eq!(found(&join(AsofDirection::Backward, Some(3_000_000))), json!([2, null, null, null, null]));
    assert_eq!(found(&join(AsofDirection::Nearest, Some(3_000_000))), json!([2, null, null, null, null]));
}

#[test]
fn sorts_put_nulls_last_and_limits_follow_the_order() {
    let input = table("n:Int s:String", json!([[2, "b"], [null, "z"], [2, "a"], [9, "B"]]));
    let order = |text: &str| parse_order(text).unwrap();
    let sort = Op::Sort(Sort { keys: order("n desc") });
    assert_eq!(run(&sort, &[&input], "n:Int s:String"), json!([[9, "B"], [2, "a"], [2, "b"], [null, "z"]]));
    let limit = Op::Limit(Limit { keys: order("n"), count: 2, offset: 1 });
    assert_eq!(run(&limit, &[&input], "n:Int s:String"), json!([[2, "b"], [9, "B"]]));
    // What is the same for all rows orders none.
    for constant in ["1", "'x'", "null, 2", "true desc"] {
        let limit = Op::Limit(Limit { keys: order(constant), count: 2, offset: 0 });
        assert_eq!(run(&limit, &[&input], "n:Int s:String"), json!([[2, "a"], [2, "b"]]), "{constant}");
        let distinct = Op::Distinct(Distinct { keys: vec!["n".into()], order: order(constant), keep: Keep::First });
        same_rows(run(&distinct, &[&input], "n:Int s:String"), json!([[2, "a"], [9, "B"], [null, "z"]]));
    }
    let text = Op::Sort(Sort { keys: order("s") });
    let sorted = run(&text, &[&input], "n:Int s:String");
    assert_eq!(sorted[0][1], json!("B"), "by code points");
    let sample = Op::Limit(Limit { keys: vec![], count: 3, offset: 0 });
    assert_eq!(run(&sample, &[&input], "n:Int s:String").as_array().unwrap().len(), 3);
}

#[test]
fn distinct_keeps_the_first_or_last_in_the_order() {
    let input = table("k:Int t:Int", json!([[1, 3], [1, 1], [null, 2], [null, 5], [1, 3]]));
    let distinct = |keys: &[&str], keep| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Op::Distinct(Distinct { keys, order: parse_order("t").unwrap(), keep })
    };
    same_rows(run(&distinct(&["k"], Keep::First), &[&input], "k:Int t:Int"), json!([[1, 1], [null, 2]]));
    same_rows(run(&distinct(&["k"], Keep::Last), &[&input], "k:Int t:Int"), json!([[1, 3], [null, 5]]));
    same_rows(
        run(&distinct(&[], Keep::First), &[&input], "k:Int t:Int"),
        json!([[1, 1], [1, 3], [null, 2], [null, 5]]),
    );
}

#[test]
fn reshaping() {
    let input = table("k:Int l:List<String>", json!([[1, ["a", null]], [2, []], [3, null]]));
    let explode = |keep_empty, position: Option<&str>| {
        Op::Explode(Explode { column: "l".into(), keep_empty, position: position.map(str::to_owned) })
    };
    assert_eq!(run(&explode(false, None), &[&input], "k:Int l:String"), json!([[1, "a"], [1, null]]));
    assert_eq!(
        run(&explode(true, Some("at")), &[&input], "k:Int l:String at:Int"),
        json!([[1, "a", 1], [1, null, 2], [2, null, null], [3, null, null]])
    );
    let wide = table("k:Int a:Int b:Float", json!([[1, 2, 0.5], [2, null, 1.5]]));
    let unpivot = Op::Unpivot(Unpivot {
        keep: vec!["k".into()],
        columns: vec!["a".into(), "b".into()],
        name: "name".into(),
        value: "value".into(),
        data_type: DataType::Float,
    });
    same_rows(
        run(&unpivot, &[&wide], "k:Int name:String value:Float"),
        json!([[1, "a", 2.0], [1, "b", 0.5], [2, "a", null], [2, "b", 1.5]]),
    );
    let other = table("b:Int c:String", json!([[7, "x"]]));
    same_rows(
        run(&Op::Union, &[&wide, &other], "k:Int a:Int b:Float c:String"),
        json!([[1, 2, 0.5, null], [2, null, 1.5, null], [null, null, 7.0, "x"]]),
    );
}

#[test]
fn names_that_look_like_patterns_are_names() {
    let input = table("^a.*$:Int *:Int", json!([[1, 2]]));
    let project =
        Op::Project(Project::new(vec![Column::same("*"), Column::new("sum", parse("\"^a.*$\" + \"*\"").unwrap())]));
    assert_eq!(run(&project, &[&input], "*:Int sum:Int"), json!([[2, 3]]));
}

#[test]
fn ids_travel_with_rows() {
    let input = table("n:Int", json!([[3], [1], [2]])).with_fresh_ids();
    let output = schema("n:Int");
    let context = Context { name: "i", inputs: vec![input.schema()], output: &output, ids: true };
    let with_ids = || polars::prelude::IntoLazy::lazy(input.frame_with_ids());
    for (op, wanted) in [
        (Op::Sort(Sort { keys: parse_order("n").unwrap() }), vec![1, 2, 0]),
        (Op::Filter { predicate: parse("n > 1").unwrap() }, vec![0, 2]),
        (Op::Project(Project::new(columns(&[("n", "n + 1")]))), vec![0, 1, 2]),
        (Op::Distinct(Distinct { keys: vec![], order: vec![], keep: Keep::First }), vec![0, 1, 2]),
    ] {
        let frame = lower_op(&op, vec![with_ids()], &context).unwrap().collect().unwrap();
        assert!(frame.column(RESERVED_ROW).is_ok());
        let table = ResultTable::from_frame(&frame, &output).unwrap();
        let ids: Vec<u64> = (0..table.rows()).filter_map(|row| table.row_id(row)).collect();
        assert_eq!(ids, wanted, "{}", op.name());
    }
}

#[test]
fn texts_are_parsed_by_their_format() {
    use pipewright_core::formats::FormatSpec;
    use pipewright_core::ir::Parse;
    let parse = |on_fail, keep_input| {
        Op::Parse(Parse {
            column: "line".into(),
            format: FormatSpec::new("json_lines"),
            schema: schema("a:Int b:String"),
            keep_input,
            on_fail,
            started: 0,
        })
    };
    let input =
        table("n:Int line:String", json!([[1, "{\"a\":1,\"b\":\"x\"}"], [2, "nonsense"], [3, "{\"a\":3}"], [4, null]]));
    let wanted = json!([[1, 1, "x"], [3, 3, null], [4, null, null]]);
    assert_eq!(run(&parse(OnFail::Reject, false), &[&input], "n:Int a:Int b:String"), wanted);
    let flagged = run(&parse(OnFail::Flag(String::new()), true), &[&input], "n:Int line:String a:Int b:String");
    assert_eq!(flagged[1], json!([2, "nonsense", null, null]));
    assert_eq!(flagged.as_array().unwrap().len(), 4);
    let output = schema("n:Int a:Int b:String");
    let context = Context { name: "p", inputs: vec![input.schema()], output: &output, ids: false };
    let (lost, reason) = rejected(&parse(OnFail::Reject, false), input.lazy(), &context).unwrap().unwrap();
    assert_eq!((lost.collect().unwrap().height(), reason.contains("`line`")), (1, true));
    assert!(lower_op(&parse(OnFail::Stop, false), vec![input.lazy()], &context).unwrap().collect().is_err());
    // Without nulls all texts go through the parser as one chunk.
    let many: Vec<Json> = (0..50).map(|n| json!([n, format!("{{\"a\":{n}}}")])).collect();
    let found = run(&parse(OnFail::Reject, false), &[&table("n:Int line:String", json!(many))], "n:Int a:Int b:String");
    assert_eq!(found.as_array().unwrap().len(), 50);
    assert!(found.as_array().unwrap().iter().all(|row| row[0] == row[1]));
}

#[test]
fn parsed_dates_without_a_year_are_the_latest_before_the_run() {
    use pipewright_core::data::instants::parse_timestamp;
    use pipewright_core::formats::FormatSpec;
    use pipewright_core::ir::{Parse, RUN_STARTED_AT};
    let output = schema("time:Timestamp");
    let parse = Op::Parse(Parse {
        column: "line".into(),
        format: FormatSpec::new("syslog_3164"),
        schema: output.clone(),
        keep_input: false,
        on_fail: OnFail::Reject,
        started: 0,
    });
    let started = Value::Timestamp(parse_timestamp("2024-03-01T12:00:00Z").unwrap());
    let parameters = BTreeMap::from([(RUN_STARTED_AT.to_owned(), started)]);
    let lines = json!([["Dec 31 10:00:00 web1 sshd[12]: x"], ["Mar  1 10:00:00 web1 sshd[12]: y"], [null]]);
    // A null has the texts parsed one by one.
    for (count, wanted) in [
        (2, json!([["2023-12-31T10:00:00Z"], ["2024-03-01T10:00:00Z"]])),
        (3, json!([["2023-12-31T10:00:00Z"], ["2024-03-01T10:00:00Z"], [null]])),
    ] {
        let lines: Vec<Json> = lines.as_array().unwrap().iter().take(count).cloned().collect();
        let input = table("line:String", json!(lines));
        let context = Context { name: "p", inputs: vec![input.schema()], output: &output, ids: false };
        let frame = lower_op(&bound(&parse, &parameters), vec![input.lazy()], &context).unwrap().collect().unwrap();
        assert_eq!(rows(&ResultTable::from_frame(&frame, &output).unwrap()), wanted);
    }
    let Op::Parse(parse) = bound(&parse, &BTreeMap::new()) else { panic!("another operation") };
    assert!(parse.started > 0, "a preview begins now");
}
