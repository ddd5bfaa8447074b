//! What a sentence is about in part: months that are not over, versions of several services, numbers that are names.

use super::*;

/// Releases by month of data from one time to another.
fn releases(range: (&str, &str), rows: &[(&str, i64)]) -> (AnswerShape, Table) {
    let schema = Schema::of([("month", DataType::Timestamp), ("releases", DataType::Int)]);
    let keys = [("month", "date_trunc('month', time)")];
    let plan = plan(&schema, &keys, &[("releases", "count(*)")], &[("month", false)]);
    let range = Some((time_at(range.0), time_at(range.1)));
    let shape = AnswerShape { range, ..shape(&plan, None) };
    (shape, Table(schema, rows.iter().map(|(month, count)| vec![time(month), Value::Int(*count)]).collect()))
}

#[test]
fn a_month_that_is_not_over_says_so() {
    let months = [("2026-01-01T00:00:00Z", 3), ("2026-02-01T00:00:00Z", 4), ("2026-03-01T00:00:00Z", 6)];
    let (shape, rows) = releases(("2026-01-01T09:00:00Z", "2026-03-04T17:05:00Z"), &months);
    let told = shape.headline(&rows, None).sentence;
    assert_eq!(told, "13 releases in all; the most in a month is 6: March 2026 (until 4 March)");
    let bars: Vec<String> = shape.plotted(&rows, None).unwrap().bars.into_iter().map(|(name, _)| name).collect();
    assert_eq!(bars, ["January 2026", "February 2026", "March 2026 (until 4 March)"]);
    assert_eq!(shape.ends_are_whole(&rows), [true, false]);
    // What ends a day before the month does is whole; so is what has few rows, and none in the last days by chance.
    let (whole, rows) = releases(("2026-01-14T09:00:00Z", "2026-03-30T12:00:00Z"), &months);
    assert_eq!(whole.ends_are_whole(&rows), [false, true]);
    let told = whole.plotted(&rows, None).unwrap().bars[0].0.clone();
    assert_eq!(told, "January 2026 (from 14 January)");
    let sparse = AnswerShape { pace: 15 * 86_400_000_000, ..whole };
    assert_eq!(sparse.ends_are_whole(&rows), [true, true]);
}

#[test]
fn a_day_of_which_data_are_missing_says_from_when_to_when_they_are() {
    let schema = Schema::of([("day", DataType::Timestamp), ("requests", DataType::Int)]);
    let keys = [("day", "date_trunc('day', time)")];
    let plan = plan(&schema, &keys, &[("requests", "count(*)")], &[("day", false)]);
    let range = Some((time_at("2026-03-02T14:20:31Z"), time_at("2026-03-03T23:40:00Z")));
    let shape = AnswerShape { range, ..shape(&plan, None) };
    let row = |day: &str, count: i64| vec![time(day), Value::Int(count)];
    let rows = Table(schema, vec![row("2026-03-02T00:00:00Z", 900), row("2026-03-03T00:00:00Z", 700)]);
    let told = shape.headline(&rows, None).sentence;
    assert_eq!(told, "1,600 requests in all; the most in a day is 900: 2 March 2026 (from 14:20)");
}

#[test]
fn versions_of_two_services_that_are_called_the_same_are_two() {
    let schema = Schema::of([
        ("time", DataType::Timestamp),
        ("transaction", DataType::String),
        ("service", DataType::String),
        ("version", DataType::String),
    ]);
    let row = |minute: usize, service: &str, version: &str| {
        vec![time(&format!("2026-03-02T09:{minute:02}:00Z")), text(&minute.to_string()), text(service), text(version)]
    };
    let plan = plan(&schema, &[], &[], &[("time", false), ("transaction", false)]);
    let asked = Asked::ready(ready_question("transactions-failed").unwrap());
    let shape = shape(&plan, Some(&asked));
    // Three of 2.8.0, of which the payments' are but one.
    let all = [("payments", "2.8.0"), ("orders", "2.8.0"), ("orders", "2.8.0"), ("payments", "2.7.0")];
    let all = all.iter().enumerate().map(|(minute, (service, version))| row(minute, service, version)).collect();
    let rows = Table(schema.clone(), all);
    let told = shape.headline(&rows, None).sentence;
    assert_eq!(told, "4 failed transactions: 2 with version 2.8.0 of orders, since 2 March 2026 09:01 UTC");
    let drawn = shape.plotted(&rows, None).unwrap();
    assert_eq!((drawn.bars[0].clone(), drawn.x_title.as_str()), (("orders · 2.8.0".into(), 2.0), "service · version"));
    // Where there is but one service, its name says nothing.
    let rows =
        Table(schema, vec![row(0, "payments", "2.8.0"), row(1, "payments", "2.8.0"), row(2, "payments", "2.7.0")]);
    let told = shape.headline(&rows, None).sentence;
    assert_eq!(told, "3 failed transactions: 2 with version 2.8.0, since 2 March 2026 09:00 UTC");
    assert_eq!(shape.plotted(&rows, None).unwrap().bars[0].0, "2.8.0");
}

#[test]
fn users_that_are_numbered_are_no_measure() {
    let schema = Schema::of([("user_id", DataType::Int), ("status", DataType::Int), ("requests", DataType::Int)]);
    let keys = [("user_id", "user_id"), ("status", "status")];
    let by_user = plan(&schema, &keys, &[("requests", "count(*)")], &[("user_id", true), ("status", false)]);
    let row = |user: i64, status: i64, requests: i64| [user, status, requests].map(Value::Int).to_vec();
    let rows = Table(schema, vec![row(907, 200, 3), row(41, 500, 9)]);
    let told = shape(&by_user, None).headline(&rows, None).sentence;
    assert_eq!(told, "user id 41: 9 requests; 75 % of 12 in all");
    // Rows that nobody counted have none either.
    let schema = Schema::of([("user_id", DataType::Int), ("plan", DataType::String)]);
    let rows = Table(schema.clone(), vec![vec![Value::Int(907), text("free")], vec![Value::Int(41), text("pro")]]);
    let told = shape(&plan(&schema, &[], &[], &[("user_id", true)]), None).headline(&rows, None).sentence;
    assert_eq!(told, "2 failed transactions");
}

#[test]
fn spans_of_time_have_the_unit_that_suits_the_axis() {
    let schema = Schema::of([("hour", DataType::Timestamp), ("p95", DataType::Float)]);
    let keys = [("hour", "date_trunc('hour', time)")];
    let plan = plan(&schema, &keys, &[("p95", "quantile(d, 0.95)")], &[("hour", false)]);
    let shape = shape(&plan, Some(&Asked::ready(ready_question("latency").unwrap())));
    let drawn = |heights: [f64; 3]| {
        let row =
            |(hour, height): (usize, f64)| vec![time(&format!("2026-03-03T1{hour}:00:00Z")), Value::Float(height)];
        let rows = Table(schema.clone(), heights.into_iter().enumerate().map(row).collect());
        let drawn = shape.plotted(&rows, None).unwrap();
        let Some(Mark::Point { point: [_, told], .. }) = drawn.told else { panic!("{:?}", drawn.told) };
        (drawn.y_title.clone(), told, drawn.lines[0].pieces[0][0][1])
    };
    let titled = |unit: &str| format!("time that 19 of 20 stay under ({unit})");
    assert_eq!(drawn([0.02, 0.05, 0.01]), (titled("ms"), 50.0, 20.0));
    assert_eq!(drawn([0.02, 2.5, 0.01]), (titled("s"), 2.5, 0.02));
    assert_eq!(drawn([30.0, 600.0, 90.0]), (titled("min"), 10.0, 0.5));
}
