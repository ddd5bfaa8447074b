//! Sentences and charts of answers, made from small tables.

use super::*;
use crate::data::{DataType, Schema};
use crate::expr::{SortKey, parse};
use crate::ir::{Aggregate, Column, Destination, Node, NodeId, Op, Origin, Plan, Write};
use crate::planner::testing::Table;
use crate::planner::{Asked, Vocabulary, ready_question};
use crate::planner::{Mark, RowsChart};

/// A flow that ends in groups by `keys` with `measures`, read in an order.
fn plan(schema: &Schema, keys: &[(&str, &str)], measures: &[(&str, &str)], order: &[(&str, bool)]) -> Plan {
    let columns = |columns: &[(&str, &str)]| -> Vec<Column> {
        columns.iter().map(|(name, text)| Column::new(*name, parse(text).unwrap())).collect()
    };
    let order: Vec<SortKey> = order
        .iter()
        .map(|(name, descending)| SortKey { expr: parse(name).unwrap(), descending: *descending })
        .collect();
    let aggregate = Op::Aggregate(Aggregate { keys: columns(keys), measures: columns(measures) });
    let rows = Op::Rows(crate::ir::Rows { schema: schema.clone(), rows: Vec::new() });
    let first = if keys.is_empty() { Op::Union } else { aggregate };
    let answer = Op::Write(Write::new(Destination::Answer { question: None }, order));
    let mut plan = Plan::default();
    for (index, op) in [rows, first, answer].into_iter().enumerate() {
        let inputs = (index > 0).then(|| NodeId(index as u32 - 1)).into_iter().collect();
        plan.nodes.push(Node { op, inputs, schema: schema.clone(), origin: Origin::default(), hash: 0 }.into());
    }
    plan
}

fn shape(plan: &Plan, asked: Option<&Asked>) -> AnswerShape {
    AnswerShape::of(asked, plan, NodeId(2), &Vocabulary::shipped(), "Failed transactions")
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn time(text: &str) -> Value {
    Value::Timestamp(crate::data::instants::parse_timestamp(text).unwrap())
}

fn time_at(text: &str) -> i64 {
    crate::data::instants::parse_timestamp(text).unwrap()
}

#[test]
fn the_hour_with_the_most_is_told_and_hours_without_rows_are_zero() {
    let schema = Schema::of([("hour", DataType::Timestamp), ("users", DataType::Int), ("requests", DataType::Int)]);
    let keys = [("hour", "time_bucket(interval '1 hour', time)")];
    let measures = [("users", "count_distinct(sid)"), ("requests", "count(*)")];
    let shape = shape(&plan(&schema, &keys, &measures, &[("hour", false)]), None);
    let row = |hour: &str, users: i64| vec![time(hour), Value::Int(users), Value::Int(900)];
    let rows = Table(
        schema,
        vec![row("2026-03-03T10:00:00Z", 2), row("2026-03-03T14:00:00Z", 21), row("2026-03-03T15:00:00Z", 21)],
    );
    let headline = shape.headline(&rows, None);
    assert_eq!(headline.sentence, "at most 21 users in an hour: 3 March 2026, 14:00–15:00 UTC (1 other as high)");
    assert_eq!((headline.number.as_str(), headline.what.as_str()), ("21", "users at most in an hour"));
    let plotted = shape.plotted(&rows, None).unwrap();
    assert_eq!((plotted.title.as_str(), plotted.y_title.as_str()), ("users per hour", "users"));
    // Hours are few: bars, with those that have no rows.
    let heights: Vec<f64> = plotted.bars.iter().map(|bar| bar.1).collect();
    assert_eq!(heights, [2.0, 0.0, 0.0, 0.0, 21.0, 21.0]);
    assert_eq!(plotted.bars[4].0, "3 March 2026, 14:00–15:00");
    // The data begin before the first row that counts, and go on after the last one.
    let mut of_longer = shape.clone();
    of_longer.range = Some((time_at("2026-03-03T07:12:00Z"), time_at("2026-03-03T17:59:00Z")));
    let plotted = of_longer.plotted(&rows, None).unwrap();
    assert!(
        plotted.bars.len() == 11 && plotted.bars[0] == ("3 March 2026, 07:00–08:00".to_owned(), 0.0),
        "{plotted:?}"
    );
}

#[test]
fn times_of_one_day_are_told_apart_by_their_clock() {
    let schema = Schema::of([("minute", DataType::Timestamp), ("rows", DataType::Int)]);
    let row = |minute: &str, rows: i64| vec![time(minute), Value::Int(rows)];
    let names = |plan: &Plan, second: &str| -> Vec<String> {
        let rows = Table(schema.clone(), vec![row("2019-01-26T16:15:00Z", 58), row(second, 96)]);
        let plotted = shape(plan, None).plotted(&rows, None).unwrap();
        plotted.bars.into_iter().map(|bar| bar.0).collect()
    };
    let mut plan = plan(&schema, &[("minute", "minute")], &[("rows", "count(*)")], &[("minute", false)]);
    assert_eq!(names(&plan, "2019-01-26T16:16:00Z"), ["16:15", "16:16"]);
    assert_eq!(names(&plan, "2019-01-27T16:15:00Z"), ["26 Jan 16:15", "27 Jan 16:15"]);
    assert_eq!(names(&plan, "2019-01-26T16:15:40Z"), ["16:15:00", "16:15:40"]);
    assert_eq!(names(&plan, "2020-01-26T16:15:00Z"), ["26 Jan 2019 16:15", "26 Jan 2020 16:15"]);

    // A key that a step before has made is of spans as long as that step says.
    let column = Column::new("minute", parse("date_trunc('minute', time)").unwrap());
    let made = Op::Project(crate::ir::Project::new(vec![column]));
    let mut node = (*plan.nodes[1]).clone();
    (node.op, node.inputs) = (made, vec![NodeId(0)]);
    plan.nodes.insert(1, node.into());
    for at in [2, 3] {
        let node: &mut Node = std::sync::Arc::make_mut(&mut plan.nodes[at]);
        node.inputs = vec![NodeId(at as u32 - 1)];
    }
    let rows = Table(schema.clone(), vec![row("2019-01-26T16:15:00Z", 58), row("2019-01-26T16:17:00Z", 96)]);
    let shape = AnswerShape::of(None, &plan, NodeId(3), &Vocabulary::shipped(), "Failed transactions");
    let bars = shape.plotted(&rows, None).unwrap().bars;
    assert_eq!(bars.iter().map(|bar| bar.1).collect::<Vec<_>>(), [58.0, 0.0, 96.0]);
    assert_eq!(bars[2].0, "26 January 2019, 16:17–16:18");
    let own = RowsChart { x: "minute".into(), y: Some("rows".into()), ..RowsChart::default() };
    assert_eq!(RowsChart::of_answer(&shape), Some(own));
}

#[test]
fn where_nothing_is_measured_the_line_has_a_gap() {
    let schema = Schema::of([("hour", DataType::Timestamp), ("p95", DataType::Float)]);
    let keys = [("hour", "date_trunc('hour', time)")];
    let asked = Asked::ready(ready_question("latency").unwrap());
    let shape = shape(&plan(&schema, &keys, &[("p95", "quantile(d, 0.95)")], &[("hour", false)]), Some(&asked));
    let rows = ["10", "11", "14"].map(|hour| vec![time(&format!("2026-03-03T{hour}:00:00Z")), Value::Float(54.46)]);
    let rows = Table(schema, rows.to_vec());
    assert_eq!(
        shape.headline(&rows, None).sentence,
        "at most p95 54.5 s in an hour: 3 March 2026, 10:00–11:00 UTC (2 others as high)"
    );
    let plotted = shape.plotted(&rows, None).unwrap();
    assert_eq!(plotted.lines[0].pieces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(plotted.y_title, "time that 19 of 20 stay under (s)");
}

#[test]
fn the_measure_of_the_question_is_told_and_drawn_not_the_first_number() {
    let schema = Schema::of([
        ("service", DataType::String),
        ("replicas", DataType::Int),
        ("samples", DataType::Int),
        ("busy_samples", DataType::Int),
        ("share", DataType::Float),
    ]);
    let keys = [("service", "service"), ("replicas", "replicas")];
    let count = [("samples", "count(*)"), ("busy_samples", "count_if(value > 0.8)")];
    let measures = [count[0], count[1], ("share", "share_if(value > 0.8)")];
    let row = |service: &str, replicas: i64, samples: i64, busy: i64| {
        let share = Value::float(busy as f64 / samples as f64);
        vec![text(service), Value::Int(replicas), Value::Int(samples), Value::Int(busy), share]
    };
    // Three samples of ten are a greater share than the most samples.
    let rows = [row("recommendations", 2, 477, 442), row("checkout", 9, 4800, 500), row("batch", 1, 30, 29)];
    let rows = Table(schema.clone(), rows.to_vec());
    let asked = Asked::ready(ready_question("services-to-expand").unwrap());
    let by_count = plan(&schema, &keys, &count, &[("busy_samples", true), ("service", false)]);
    let by_share = plan(&schema, &keys, &measures, &[("share", true), ("service", false)]);
    let of_share = ("batch: busy in 29 of 30 samples (97 %)", "share of samples that are busy by service");
    for (plan, asked, (sentence, title)) in [
        (&by_count, None, ("checkout: busy in 500 of 4,800 samples (10 %)", "busy samples by service")),
        (&by_share, None, of_share),
        (&by_share, Some(&asked), of_share),
    ] {
        let shape = shape(plan, asked);
        assert_eq!(shape.headline(&rows, None).sentence, sentence);
        let plotted = shape.plotted(&rows, None).unwrap();
        assert_eq!(plotted.title, title);
        let most = plotted.bars.iter().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap();
        assert_eq!(sentence.split(':').next(), Some(most.0.as_str()));
    }
}

#[test]
fn rows_are_counted_only_where_rows_are_asked() {
    let schema = Schema::of([
        ("time", DataType::Timestamp),
        ("transaction", DataType::String),
        ("version", DataType::String),
        ("amount", DataType::Float),
    ]);
    let row = |at: &str, version: Value| vec![time(at), text(at), version, Value::Float(0.1)];
    let mut rows = Table(
        schema.clone(),
        vec![
            row("2026-03-02T09:00:00Z", text("4.1.0")),
            row("2026-03-02T14:02:11Z", text("4.2.0")),
            row("2026-03-02T14:05:00Z", text("4.2.0")),
            row("2026-03-02T15:00:00Z", Value::Null),
        ],
    );
    let plan = plan(&schema, &[], &[], &[("time", false), ("transaction", false)]);
    let asked = Asked::ready(ready_question("transactions-failed").unwrap());
    let headline = shape(&plan, Some(&asked)).headline(&rows, None);
    assert_eq!(headline.sentence, "4 failed transactions: 2 with version 4.2.0, since 2 March 2026 14:02:11 UTC");
    let drawn = shape(&plan, Some(&asked)).plotted(&rows, None).unwrap();
    let bars = [("4.2.0".to_owned(), 2.0), ("(none)".to_owned(), 1.0), ("4.1.0".to_owned(), 1.0)];
    assert_eq!((drawn.title.as_str(), drawn.bars), ("failed transactions by version", bars.to_vec()));
    assert_eq!(shape(&plan, None).headline(&rows, None).sentence, "4 failed transactions");
    // One was tried again.
    rows.1[2][1] = rows.1[1][1].clone();
    let headline = shape(&plan, Some(&asked)).headline(&rows, None);
    assert!(headline.sentence.starts_with("3 failed transactions in 4 rows: 2 with version"), "{}", headline.sentence);
    assert_eq!(headline.number, "3");
}

#[test]
fn shares_say_of_what_and_the_first_in_time_is_told_where_that_is_asked() {
    let schema = Schema::of([
        ("month", DataType::Timestamp),
        ("service", DataType::String),
        ("rows", DataType::Int),
        ("errors", DataType::Int),
        ("share", DataType::Float),
    ]);
    let keys = [("month", "date_trunc('month', time)"), ("service", "service")];
    let measures = [("rows", "count(*)"), ("errors", "count_if(bad)"), ("share", "share_if(bad)")];
    let shape_of = |order: &[(&str, bool)]| shape(&plan(&schema, &keys, &measures, order), None);
    let row =
        |month: &str, share: f64| vec![time(month), text("web"), Value::Int(10), Value::Int(1), Value::Float(share)];
    let rows = Table(schema.clone(), vec![row("2026-02-01T00:00:00Z", 0.1), row("2026-03-01T00:00:00Z", 0.25)]);
    let shape_by_share = shape_of(&[("share", true)]);
    let headline = shape_by_share.headline(&rows, None);
    assert_eq!(headline.sentence, "10 % of 20 rows are errors");
    // One of one is no share to speak of, where others are of many.
    let mut with_few = rows.1.clone();
    with_few[0][2] = Value::Int(400);
    with_few[0][3] = Value::Int(40);
    let headline = shape_by_share.headline(&Table(schema.clone(), with_few.clone()), None);
    // Where the rest says nothing, the whole is all there is to tell.
    assert_eq!(headline.sentence, "10 % of 410 rows are errors");
    let mut with_more = with_few.clone();
    with_more.push(vec![time("2026-04-01T00:00:00Z"), text("web"), Value::Int(100), Value::Int(30), Value::Float(0.3)]);
    let with_more = Table(schema.clone(), with_more);
    let told =
        "13.9 % of 510 rows are errors; the most among those of at least 20 rows is 30 % of 100: web, April 2026";
    assert_eq!(shape_by_share.headline(&with_more, None).sentence, told);
    let drawn = shape_by_share.plotted(&with_more, None).unwrap();
    assert_eq!(drawn.left, "1 of 3 are of fewer than 20 and not drawn");
    let headline = shape_by_share.headline(&Table(schema.clone(), vec![row("2026-03-01T00:00:00Z", 0.1)]), None);
    assert_eq!(headline.sentence, "too few rows to tell a share: 1 of 10 are errors (web, March 2026)");
    assert_eq!(shape_by_share.plotted(&rows, None).unwrap().y_title, "share of rows that are errors (%)");
    let schema =
        Schema::of([("part", DataType::String), ("first_error", DataType::Timestamp), ("errors", DataType::Int)]);
    let measures = [("first_error", "min(time)"), ("errors", "count(*)")];
    let plan = plan(&schema, &[("part", "service")], &measures, &[("first_error", false)]);
    let row = |part: &str, at: &str, errors: i64| vec![text(part), time(at), Value::Int(errors)];
    let rows = vec![row("cart", "2026-03-02T09:00:00Z", 2), row("web", "2026-03-02T10:00:00Z", 90)];
    let (of, rows) = (shape(&plan, None), Table(schema, rows));
    assert_eq!(of.headline(&rows, None).sentence, "cart: first error 2 March 2026 09:00 UTC");
    assert_eq!(of.headline(&rows, None).number, "cart", "what broke first is a part, not a time");
    let plotted = of.plotted(&rows, None).unwrap();
    assert_eq!(plotted.title, "first error by part, after that of the first");
    assert_eq!((plotted.bars, plotted.unit.as_str()), (vec![("cart".into(), 0.0), ("web".into(), 3600.0)], "s"));
}

#[test]
fn what_further_keys_divide_adds_up_or_is_named_with_them() {
    let schema = Schema::of([("error", DataType::String), ("part", DataType::String), ("errors", DataType::Int)]);
    let keys = [("error", "error"), ("part", "part")];
    let row = |error: &str, part: &str, errors: i64| vec![text(error), text(part), Value::Int(errors)];
    let rows = vec![row("500", "cart", 40), row("502", "cart", 38), row("502", "web", 44), row("503", "web", 40)];
    let rows = Table(schema.clone(), rows);
    let added = shape(&plan(&schema, &keys, &[("errors", "count(*)")], &[("errors", true)]), None);
    assert_eq!(added.headline(&rows, None).sentence, "502: 82 errors; 51 % of 162 in all");
    let bars = added.plotted(&rows, None).unwrap().bars;
    assert_eq!(
        bars.iter().map(|(name, height)| (&**name, *height)).collect::<Vec<_>>(),
        [("502", 82.0), ("500", 40.0), ("503", 40.0)]
    );
    // Of what is cut off nobody knows how much belongs to it: what is left is told row by row.
    let mut cut = added.clone();
    cut.groups.first = Some(4);
    assert_eq!(cut.headline(&rows, None).sentence, "502 · web: 44 errors");
    assert_eq!(cut.plotted(&rows, None).unwrap().bars[0], ("502 · web".to_owned(), 44.0));
    cut.groups.first = Some(5);
    assert_eq!(cut.headline(&rows, None).sentence, "502: 82 errors; 51 % of 162 in all");
    // Nor whether something that is cut off is as high as all that is left.
    let alike = Table(schema.clone(), ["cart", "pay", "web"].map(|part| row("500", part, 1)).to_vec());
    cut.groups.first = Some(3);
    assert_eq!(cut.headline(&alike, None).sentence, "500 · cart: 1 error (2 or more others as high)");
    cut.groups.first = Some(4);
    assert_eq!(cut.headline(&alike, None).sentence, "500: 3 errors");
    cut.groups = super::super::answer::GroupsLeft { first: Some(4), is_filtered: true };
    assert_eq!(cut.headline(&rows, None).sentence, "4 or more errors; most of all 502 · web: 44 errors");
    let distinct = shape(&plan(&schema, &keys, &[("errors", "count_distinct(id)")], &[("errors", true)]), None);
    assert_eq!(distinct.headline(&rows, None).sentence, "502 · web: 44 errors");
    assert_eq!(distinct.plotted(&rows, None).unwrap().bars[0].0, "502 · web");
}

#[test]
fn the_chart_shows_the_largest_and_all_hours_of_a_day() {
    let bars = |key: &dyn Fn(i64) -> Value, data_type: DataType| {
        let schema = Schema::of([("key", data_type), ("requests", DataType::Int)]);
        let plan = plan(&schema, &[("key", "key")], &[("requests", "count(*)")], &[("key", false)]);
        let rows = Table(schema, (0..24).map(|n| vec![key(n), Value::Int(n * n)]).collect());
        let mut of = shape(&plan, None);
        of.chart = Some(crate::planner::Chart {
            kind: crate::planner::ChartKind::Bar,
            x: "key".to_owned(),
            y: vec!["requests".to_owned()],
            by: None,
        });
        of.about = About::Measure(MeasureShape {
            column: "requests".to_owned(),
            unit: Unit::Count,
            whole: None,
            share_of: None,
            is_lowest: false,
            is_total: false,
            is_rise: false,
            is_of_groups: false,
            counted: None,
            most_of: None,
            adds_up: true,
        });
        of.plotted(&rows, None).unwrap()
    };
    let hours = bars(&Value::Int, DataType::Int);
    assert_eq!((hours.bars.len(), hours.left.as_str()), (24, ""));
    let names = bars(&|n| text(&format!("{n:02}")), DataType::String);
    assert_eq!((names.bars.len(), names.left.as_str()), (12, "the largest 12 of 24"));
    assert_eq!(names.bars[0], ("23".to_owned(), 529.0));
}

#[test]
fn months_without_rows_are_zero_and_what_was_left_out_is_a_gap() {
    let schema = Schema::of([("month", DataType::Timestamp), ("releases", DataType::Int)]);
    let rows = ["2026-01-01", "2026-02-01", "2026-04-01"];
    let rows = rows.map(|month| vec![time(&format!("{month}T00:00:00Z")), Value::Int(1)]).to_vec();
    let rows = Table(schema.clone(), rows);
    let mut plan =
        plan(&schema, &[("month", "date_trunc('month', time)")], &[("releases", "count(*)")], &[("month", false)]);
    let plotted = shape(&plan, None).plotted(&rows, None).unwrap();
    let bar = |month: &str, releases: f64| (month.to_owned(), releases);
    let months = [bar("January 2026", 1.0), bar("February 2026", 1.0), bar("March 2026", 0.0), bar("April 2026", 1.0)];
    assert_eq!((plotted.title.as_str(), plotted.bars), ("releases per month", months.to_vec()));
    // Groups that are not there may have been left out.
    let filter = Op::Filter { predicate: parse("releases > 0").unwrap() };
    let origin = Origin { title: "Large enough".to_owned(), ..Origin::default() };
    let answer = std::mem::replace(
        &mut plan.nodes[2],
        Node { op: filter, inputs: vec![NodeId(1)], schema: schema.clone(), origin, hash: 0 }.into(),
    );
    plan.nodes.push(Node { inputs: vec![NodeId(2)], ..(*answer).clone() }.into());
    let of = AnswerShape::of(None, &plan, NodeId(3), &Vocabulary::shipped(), "Releases");
    let plotted = of.plotted(&rows, None).unwrap();
    assert_eq!(plotted.bars.len(), 3, "whether March was empty nobody knows");
    assert_eq!(of.headline(&Table(schema, vec![]), None).sentence, "no month is left");
}

#[test]
fn shares_and_single_numbers() {
    let schema = Schema::of([("service", DataType::String), ("share", DataType::Float)]);
    let by = plan(&schema, &[("service", "service")], &[("share", "share_if(failed)")], &[("share", true)]);
    let rows = Table(
        schema,
        vec![vec![text("checkout"), Value::Float(0.393_449_999_999_999_97)], vec![Value::Null, Value::Float(0.1)]],
    );
    assert_eq!(shape(&by, None).headline(&rows, None).sentence, "checkout: share 39.3 %");
    assert_eq!(shape(&by, None).told_key(&rows), Some(("service".to_owned(), text("checkout"))));
    let behind = crate::planner::rows_behind_key(&by, NodeId(2), "service", (&text("it's"), None));
    assert_eq!(behind.unwrap().1, "service = 'it''s'");
    let behind = crate::planner::rows_behind_key(&by, NodeId(2), "service", (&Value::Null, None));
    assert_eq!(behind.unwrap().1, "service is null");
    assert_eq!(shape(&by, None).plotted(&rows, None).unwrap().bars[1].0, "(none)");
    let none = Table(rows.0.clone(), vec![]);
    assert_eq!(shape(&by, None).headline(&none, None).sentence, "no service");
    assert_eq!(shape(&by, None).plotted(&none, None), None);
}

fn goal_rows(days: &[f64]) -> (Plan, Table) {
    let schema = Schema::of([
        ("day", DataType::Timestamp),
        ("requests", DataType::Int),
        ("available", DataType::Float),
        ("goal", DataType::Float),
        ("goal_met", DataType::Boolean),
    ]);
    let keys = [("day", "date_trunc('day', time)")];
    let measures = [("requests", "count(*)"), ("available", "share_if(ok)"), ("goal", "max(99.5)")];
    let rows = days.iter().enumerate().map(|(day, share)| {
        let at = time(&format!("2026-03-{:02}T00:00:00Z", day + 2));
        vec![at, Value::Int(900), Value::Float(*share), Value::Float(99.5), Value::Boolean(*share >= 99.5)]
    });
    (plan(&schema, &keys, &measures, &[("day", false)]), Table(schema.clone(), rows.collect()))
}

#[test]
fn whether_a_promise_is_kept_is_said_and_the_goal_is_drawn() {
    let asked = Asked::ready(ready_question("availability").unwrap());
    let told = |days: &[f64]| {
        let (plan, rows) = goal_rows(days);
        shape(&plan, Some(&asked)).headline(&rows, None)
    };
    let missed = told(&[99.9, 96.51, 99.8]);
    assert_eq!((missed.number.as_str(), missed.what.as_str()), ("no", "2 of 3 days meet 99.5 %"));
    assert_eq!(missed.sentence, "no: 2 of 3 days meet 99.5 %; the lowest is 96.5 %: 3 March 2026");
    assert!(told(&[99.9, 100.0]).sentence.starts_with("yes: all 2 days meet 99.5 %; the lowest is 99.9 %"));
    assert_eq!(told(&[99.499]).sentence, "no: the goal is 99.5 %; it is 99.499 %: 2 March 2026");
    let (plan, rows) = goal_rows(&[99.9, 96.51, 99.8]);
    let plotted = shape(&plan, Some(&asked)).plotted(&rows, None).unwrap();
    assert_eq!(plotted.lines[1].name, "goal 99.5 %");
    assert!(plotted.lines[1].pieces[0].iter().all(|point| point[1] == 99.5));
    assert!((94.0..96.5).contains(&plotted.from), "{}", plotted.from);
}

#[test]
fn a_version_is_told_with_the_one_before_it() {
    let schema = Schema::of([
        ("service", DataType::String),
        ("version", DataType::String),
        ("rows", DataType::Int),
        ("errors", DataType::Int),
        ("share", DataType::Float),
        ("first_seen", DataType::Timestamp),
    ]);
    let keys = [("service", "service"), ("version", "version")];
    let measures =
        [("rows", "count(*)"), ("errors", "count_if(bad)"), ("share", "share_if(bad)"), ("first_seen", "min(time)")];
    let plan = plan(&schema, &keys, &measures, &[("service", false), ("first_seen", false)]);
    let row = |service: &str, version: &str, rows: i64, errors: i64| {
        let share = errors as f64 / rows as f64;
        let (rows, errors) = (Value::Int(rows), Value::Int(errors));
        vec![text(service), text(version), rows, errors, Value::Float(share), time("2026-03-03T00:00:00Z")]
    };
    let asked = Asked::ready(ready_question("release-errors").unwrap());
    let shape = shape(&plan, Some(&asked));
    let mut rows = vec![
        // Of few, and of another service.
        row("gateway", "1.0", 17, 17),
        row("orders", "2.7.1", 1000, 62),
        row("orders", "2.8.0", 300, 57),
        row("search", "4.0", 500, 200),
    ];
    let told = shape.headline(&Table(schema.clone(), rows.clone()), None);
    assert_eq!(told.sentence, "yes: with orders 2.8.0 19 % of 300 rows are errors; 6.2 % of 1,000 with 2.7.1 before");
    let bars = shape.plotted(&Table(schema.clone(), rows.clone()), None).unwrap().bars;
    let names: Vec<&str> = bars.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["orders · 2.7.1", "orders · 2.8.0", "search · 4.0"], "versions stay together");
    rows[2] = row("orders", "2.8.0", 31, 3);
    let told = shape.headline(&Table(schema.clone(), rows.clone()), None);
    assert_eq!(told.sentence, "no: no version is clearly above the one before it, of 1 change");
    rows[2] = row("orders", "2.8.0", 300, 3);
    let told = shape.headline(&Table(schema.clone(), rows.clone()), None);
    assert_eq!(told.sentence, "no: no version is above the one before it, of 1 change");
    rows.remove(2);
    let told = shape.headline(&Table(schema, rows), None);
    assert!(
        told.sentence.starts_with("search · 4.0: 40 % of 500 rows are errors"),
        "nothing to compare: {}",
        told.sentence
    );
}

#[test]
fn where_all_are_alike_none_is_the_most() {
    let schema = Schema::of([("referrer", DataType::String), ("requests", DataType::Int)]);
    let of =
        shape(&plan(&schema, &[("referrer", "referrer")], &[("requests", "count(*)")], &[("requests", true)]), None);
    let row = |page: &str, requests: i64| vec![text(page), Value::Int(requests)];
    let alike = Table(schema.clone(), vec![row("/a", 1), row("/b", 1), row("/c", 1)]);
    let told = of.headline(&alike, None);
    assert_eq!(
        (told.sentence.as_str(), told.number.as_str()),
        ("3 requests in all, 1 for each of 3 referrers, such as “/a”", "3")
    );
    let one_more = Table(schema, vec![row("/a", 2), row("/b", 1), row("/c", 1)]);
    assert_eq!(of.headline(&one_more, None).sentence, "“/a”: 2 requests; 50 % of 4 in all");
}

#[test]
fn where_no_group_has_any_none_is_the_most() {
    let schema = Schema::of([("page", DataType::String), ("visitors", DataType::Int), ("views", DataType::Int)]);
    let measures = [("visitors", "count_distinct(sid)"), ("views", "count(*)")];
    let of = shape(&plan(&schema, &[("page", "page")], &measures, &[("visitors", true)]), None);
    let row = |page: &str| vec![text(page), Value::Int(0), Value::Int(9)];
    let told = of.headline(&Table(schema, vec![row("/"), row("/a"), row("/b")]), None);
    assert_eq!((told.sentence.as_str(), told.number.as_str()), ("0 visitors for all 3 pages", "0"));
}

#[test]
fn quantiles_of_few_are_not_told_as_the_most() {
    let schema = Schema::of([("hour", DataType::Timestamp), ("requests", DataType::Int), ("p95", DataType::Float)]);
    let keys = [("hour", "date_trunc('hour', time)")];
    let measures = [("requests", "count(d)"), ("p95", "quantile(d, 0.95)")];
    let asked = Asked::ready(ready_question("latency").unwrap());
    let shape = shape(&plan(&schema, &keys, &measures, &[("hour", false)]), Some(&asked));
    let row = |hour: &str, requests: i64, p95: f64| vec![time(hour), Value::Int(requests), Value::Float(p95)];
    let rows = vec![row("2026-03-03T10:00:00Z", 2, 60.0), row("2026-03-03T11:00:00Z", 78, 5.0)];
    let rows_schema = || schema.clone();
    assert_eq!(
        shape.headline(&Table(schema.clone(), rows), None).sentence,
        "19 of 20 requests take at most 5 s in the slowest hour of at least 20 requests: 3 March 2026, 11:00–12:00 UTC, of 78 requests"
    );
    let few = Table(rows_schema(), vec![row("2026-03-03T10:00:00Z", 2, 60.0), row("2026-03-03T11:00:00Z", 7, 5.0)]);
    let told = shape.headline(&few, None);
    assert_eq!(
        told.sentence,
        "too few requests to tell the time that 19 of 20 stay under: none of 2 hours has 20 of them; the most is 60 s, of 2 requests"
    );
    assert_eq!(
        (told.number.as_str(), told.what.as_str()),
        ("too few", "requests to tell the time that 19 of 20 stay under")
    );
}

#[test]
fn where_nothing_is_left_zero_or_the_words_of_the_question_are_told() {
    let schema = Schema::of([("hour", DataType::Timestamp), ("users", DataType::Int)]);
    let by_hour = plan(&schema, &[("hour", "date_trunc('hour', time)")], &[("users", "count_distinct(id)")], &[]);
    let none = Table(schema, vec![]);
    let asked = Asked::ready(ready_question("users-bad-experience").unwrap());
    let told = shape(&by_hour, Some(&asked)).headline(&none, None);
    assert_eq!((told.number.as_str(), told.sentence.as_str()), ("0", "0 users"));
    let schema = Schema::of([("client", DataType::String), ("refused_requests", DataType::Int)]);
    let by_client = plan(&schema, &[("client", "ip")], &[("refused_requests", "count_if(bad)")], &[]);
    let asked = Asked::ready(ready_question("scanners").unwrap());
    let told = shape(&by_client, Some(&asked)).headline(&Table(schema, vec![]), None);
    assert_eq!(told.sentence, "no address asks as scanners do");
    for question in crate::planner::ready_questions() {
        assert!(question.contract.having.is_empty() || !question.contract.none.is_empty(), "{}", question.id);
    }
}

#[test]
fn money_has_cents_and_says_that_its_currency_is_not_known() {
    let schema = Schema::of([("day", DataType::Timestamp), ("reason", DataType::String), ("amount", DataType::Float)]);
    let keys = [("day", "date_trunc('day', time)"), ("reason", "reason")];
    let plan = plan(&schema, &keys, &[("amount", "sum(amount)")], &[("day", false)]);
    let row = |day: &str, reason: &str, amount: f64| vec![time(day), text(reason), Value::Float(amount)];
    let rows = vec![
        row("2026-03-02T00:00:00Z", "limit", 957.64),
        row("2026-03-04T00:00:00Z", "limit", 1_000.0),
        row("2026-03-04T00:00:00Z", "timeout", 1_071.86),
    ];
    let asked = Asked::ready(ready_question("revenue-lost").unwrap());
    let (shape, rows) = (shape(&plan, Some(&asked)), Table(schema, rows));
    assert_eq!(
        shape.headline(&rows, None).sentence,
        "3,029.50 in all (currency not recorded); the most in a day is 2,071.86: 4 March 2026",
        "the day that is drawn, not one reason of it"
    );
    let drawn = shape.plotted(&rows, None).unwrap();
    assert_eq!(drawn.told, Some(Mark::Bar(2)));
    let heights: Vec<f64> = drawn.bars.iter().map(|bar| (bar.1 * 100.0).round()).collect();
    assert_eq!(heights, [95_764.0, 0.0, 207_186.0], "a day without a failure lost nothing");
}

#[test]
fn a_whole_is_told_beside_its_peak_only_where_all_of_it_is_there() {
    let schema = Schema::of([("hour", DataType::Timestamp), ("requests", DataType::Int)]);
    let keys = [("hour", "date_trunc('hour', time)")];
    let mut by_hour = plan(&schema, &keys, &[("requests", "count(*)")], &[("hour", false)]);
    let rows = ["10", "11"].map(|hour| vec![time(&format!("2026-03-03T{hour}:00:00Z")), Value::Int(7)]).to_vec();
    let rows = Table(schema.clone(), rows);
    let told = shape(&by_hour, None).headline(&rows, None).sentence;
    assert_eq!(told, "14 requests in all; the most in an hour is 7: 3 March 2026, 10:00–11:00 UTC (1 other as high)");
    let first = Op::Limit(crate::ir::Limit { keys: Vec::new(), count: 2, offset: 0 });
    let node = Node { op: first, inputs: vec![NodeId(1)], schema, origin: Origin::default(), hash: 0 };
    let answer = std::mem::replace(&mut by_hour.nodes[2], node.into());
    by_hour.nodes.push(Node { inputs: vec![NodeId(2)], ..(*answer).clone() }.into());
    let of = AnswerShape::of(None, &by_hour, NodeId(3), &Vocabulary::shipped(), "Load");
    assert!(!of.headline(&rows, None).sentence.contains("in all"), "there may be more");
}

#[test]
fn where_the_most_is_nothing_no_day_is_its_peak() {
    let schema = Schema::of([
        ("day", DataType::Timestamp),
        ("users", DataType::Int),
        ("affected", DataType::Int),
        ("share", DataType::Float),
    ]);
    let measures = [
        ("users", "count_distinct(id)"),
        ("affected", "count_distinct(case when bad then id end)"),
        ("share", "count_distinct(case when bad then id end) / count_distinct(id)"),
    ];
    let by_day = plan(&schema, &[("day", "date_trunc('day', time)")], &measures, &[("day", false)]);
    let asked = Asked::ready(ready_question("users-affected-share").unwrap());
    let shape = shape(&by_day, Some(&asked));
    let row = |day: &str, affected: i64| {
        vec![time(day), Value::Int(200), Value::Int(affected), Value::Float(affected as f64 / 200.0)]
    };
    let mut rows = vec![row("2026-03-02T00:00:00Z", 0), row("2026-03-03T00:00:00Z", 0)];
    let told = shape.headline(&Table(schema.clone(), rows.clone()), None);
    assert_eq!(told.sentence, "0 % of users were affected on all days");
    rows[1] = row("2026-03-03T00:00:00Z", 7);
    let told = shape.headline(&Table(schema, rows), None);
    assert_eq!(told.sentence, "at most 3.5 % of 200 users were affected in a day: 3 March 2026");
}

#[test]
fn a_list_that_a_condition_left_says_how_long_it_is() {
    let schema = Schema::of([("time", DataType::Timestamp), ("errors", DataType::Int)]);
    let keys = [("time", "time_bucket(interval '5 minutes', time)")];
    let mut spans = plan(&schema, &keys, &[("errors", "count(*)")], &[("time", false)]);
    let filter = Op::Filter { predicate: parse("errors >= 10").unwrap() };
    let node = Node { op: filter, inputs: vec![NodeId(1)], schema: schema.clone(), origin: Origin::default(), hash: 0 };
    let answer = std::mem::replace(&mut spans.nodes[2], node.into());
    spans.nodes.push(Node { inputs: vec![NodeId(2)], ..(*answer).clone() }.into());
    let asked = Asked::ready(ready_question("error-bursts").unwrap());
    let of = AnswerShape::of(Some(&asked), &spans, NodeId(3), &Vocabulary::shipped(), "Bursts");
    let row = |at: &str, errors: i64| vec![time(at), Value::Int(errors)];
    let rows = Table(schema, vec![row("2026-03-03T14:20:00Z", 22), row("2026-03-03T14:35:00Z", 68)]);
    assert_eq!(
        of.headline(&rows, None).sentence,
        "2 spans of 5 minutes; most of all 3 March 2026, 14:35–14:40 UTC: 68 errors"
    );
}

mod parts;
mod wholes;
