//! What is said in a meeting: the whole before its worst part, charts that do not contradict it, names that can be read.

use super::*;

/// Shares by the hour: of each `(hour, part, whole)`.
fn shares(rows: &[(&str, i64, i64)]) -> (AnswerShape, Table) {
    let schema = Schema::of([
        ("hour", DataType::Timestamp),
        ("transactions", DataType::Int),
        ("failed", DataType::Int),
        ("share", DataType::Float),
    ]);
    let measures = [("transactions", "count(*)"), ("failed", "count_if(bad)"), ("share", "share_if(bad)")];
    let plan = plan(&schema, &[("hour", "time_bucket(interval '1 hour', time)")], &measures, &[("hour", false)]);
    let asked = Asked::ready(ready_question("transaction-failure-rate").unwrap());
    let row = |(hour, part, whole): &(&str, i64, i64)| {
        vec![time(hour), Value::Int(*whole), Value::Int(*part), Value::Float(*part as f64 / *whole as f64)]
    };
    (shape(&plan, Some(&asked)), Table(schema, rows.iter().map(row).collect()))
}

#[test]
fn a_chart_never_contradicts_its_sentence_hours_of_few_are_put_together() {
    let hours: Vec<(String, i64, i64)> = (0..48)
        .map(|n| (format!("2026-03-{:02}T{:02}:00:00Z", 2 + n / 24, n % 24), i64::from(n % 4 == 0), 9))
        .collect();
    let hours: Vec<(&str, i64, i64)> = hours.iter().map(|(hour, part, whole)| (hour.as_str(), *part, *whole)).collect();
    let (shape, rows) = shares(&hours);
    assert_eq!(shape.headline(&rows, None).sentence, "2.8 % of 432 transactions failed");
    let drawn = shape.plotted(&rows, None).unwrap();
    assert_eq!(drawn.title, "share of transactions that failed per 3 hours");
    assert_eq!(drawn.lines[0].pieces[0].len(), 16);
    assert_eq!(drawn.left, "most hours have fewer than 20: each point is of 3 hours");
    assert_eq!(drawn.span, Some(3 * 3_600_000_000), "who picks a point means all of its hours");
    // The sentence tells the worst of what is drawn, though one hour alone has enough, too.
    let mut uneven = hours.clone();
    (uneven[5], uneven[30], uneven[31]) = ((hours[5].0, 5, 20), (hours[30].0, 5, 9), (hours[31].0, 4, 9));
    let (shape, rows) = shares(&uneven);
    assert_eq!(
        shape.headline(&rows, None).sentence,
        "5.9 % of 443 transactions failed; the most in 3 hours is 37 % of 27: 3 March 2026, 06:00–09:00 UTC"
    );
    let drawn = shape.plotted(&rows, None).unwrap();
    let Some(Mark::Point { line: 0, point: [_, height] }) = drawn.told else { panic!("{:?}", drawn.told) };
    let highest = drawn.lines[0].pieces.iter().flatten().map(|[_, height]| *height).fold(0.0, f64::max);
    assert_eq!((height, highest), (10.0 / 27.0, 10.0 / 27.0));
    // Where most are of enough they stand for themselves.
    let many: Vec<(&str, i64, i64)> = hours.iter().map(|(hour, part, _)| (*hour, *part, 90)).collect();
    let (shape, rows) = shares(&many);
    assert_eq!(shape.plotted(&rows, None).unwrap().title, "share of transactions that failed per hour");
}

#[test]
fn parts_of_few_are_drawn_all_together_beside_the_worst_of_them() {
    let schema = Schema::of([
        ("hour", DataType::Timestamp),
        ("component", DataType::String),
        ("requests", DataType::Int),
        ("errors", DataType::Int),
        ("share", DataType::Float),
    ]);
    let measures = [("requests", "count(*)"), ("errors", "count_if(bad)"), ("share", "share_if(bad)")];
    let keys = [("hour", "time_bucket(interval '1 hour', time)"), ("component", "page")];
    let plan = plan(&schema, &keys, &measures, &[("hour", false)]);
    let asked = Asked::ready(ready_question("error-rate").unwrap());
    let shape = shape(&plan, Some(&asked));
    let row = |hour: u32, page: &str, errors: i64, requests: i64| {
        let share = Value::Float(errors as f64 / requests as f64);
        vec![time(&format!("2026-03-03T{hour:02}:00:00Z")), text(page), Value::Int(requests), Value::Int(errors), share]
    };
    let pages = |hour: u32| (0..9).map(move |page| row(hour, &format!("/p{page}"), 0, 5));
    let mut rows: Vec<Vec<Value>> = (8..20).flat_map(pages).collect();
    rows.push(row(14, "/", 39, 51));
    let rows = Table(schema, rows);
    assert_eq!(
        shape.headline(&rows, None).sentence,
        "6.6 % of 591 requests are errors; the most among hours of at least 20 requests is 76.5 % of 51: “/”, 3 March \
         2026, 14:00–15:00 UTC"
    );
    let drawn = shape.plotted(&rows, None).unwrap();
    assert_eq!(drawn.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["all requests", "/"]);
    assert_eq!((drawn.lines[0].pieces[0].len(), drawn.left.as_str()), (12, "“/” where it has at least 20"));
}

#[test]
fn what_takes_long_is_drawn_of_all_requests_beside_the_slowest_part() {
    let schema = Schema::of([
        ("hour", DataType::Timestamp),
        ("component", DataType::String),
        ("requests", DataType::Int),
        ("p95", DataType::Float),
    ]);
    let keys = [("hour", "time_bucket(interval '1 hour', time)"), ("component", "page")];
    let plan = plan(&schema, &keys, &[("requests", "count(d)"), ("p95", "quantile(d, 0.95)")], &[("hour", false)]);
    let shape = shape(&plan, Some(&Asked::ready(ready_question("latency").unwrap())));
    let row = |hour: &str, page: &str, requests: i64, p95: f64| {
        vec![time(hour), text(page), Value::Int(requests), Value::Float(p95)]
    };
    let (nine, ten) = ("2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z");
    let rows = vec![row(nine, "/", 30, 0.2), row(nine, "/b", 5, 9.0), row(ten, "/", 30, 0.3), row(ten, "/b", 25, 0.9)];
    let rows = Table(schema, rows);
    let schema = Schema::of([
        ("hour", DataType::Timestamp),
        ("requests", DataType::Int),
        ("p95", DataType::Float),
        ("_whole", DataType::Int),
    ]);
    let of = |hour: Value, requests: i64, p95: f64, kind: i64| {
        vec![hour, Value::Int(requests), Value::Float(p95), Value::Int(kind)]
    };
    let times =
        |nine_p95: f64| vec![of(time(ten), 55, 0.6, 2), of(Value::Null, 90, 0.5, 1), of(time(nine), 35, nine_p95, 2)];
    let whole = Table(schema.clone(), times(0.4));
    assert_eq!(
        shape.headline(&rows, Some(&whole)).sentence,
        "19 of 20 requests take at most 0.5 s; the slowest hour of at least 20 requests: 0.9 s for “/b”, 3 March 2026, \
         10:00–11:00 UTC, of 25"
    );
    let drawn = shape.plotted(&rows, Some(&whole)).unwrap();
    assert_eq!(drawn.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["all requests", "/b"]);
    assert_eq!(drawn.lines[0].pieces[0].iter().map(|[_, y]| *y).collect::<Vec<_>>(), [0.4, 0.6]);
    assert!(matches!(drawn.told, Some(Mark::Point { line: 1, point: [_, 0.9] })), "{:?}", drawn.told);
    // Where all together took longer than any part of enough, that is the slowest that is drawn.
    let whole = Table(schema, times(1.5));
    assert!(shape.headline(&rows, Some(&whole)).sentence.contains("the slowest hour: 1.5 s, 3 March 2026, 09:00"));
    let drawn = shape.plotted(&rows, Some(&whole)).unwrap();
    assert!(matches!(drawn.told, Some(Mark::Point { line: 0, point: [_, 1.5] })), "{:?}", drawn.told);
}

#[test]
fn the_whole_is_told_before_its_worst_part_where_parts_do_not_add_up() {
    let schema = Schema::of([("day", DataType::Timestamp), ("users", DataType::Int)]);
    let keys = [("day", "date_trunc('day', time)")];
    let mut plan = plan(&schema, &keys, &[("users", "count_distinct(sid)")], &[("day", false)]);
    plan.nodes[0] = {
        let mut rows = (*plan.nodes[0]).clone();
        let fields = Schema::of([("time", DataType::Timestamp), ("sid", DataType::String)]);
        (rows.op, rows.schema) = (Op::Rows(crate::ir::Rows { schema: fields.clone(), rows: Vec::new() }), fields);
        rows.into()
    };
    let shape = shape(&plan, None);
    let rows =
        Table(schema, vec![vec![time("2026-03-02"), Value::Int(200)], vec![time("2026-03-03"), Value::Int(251)]]);
    let node = shape.add_whole(&mut plan, NodeId(2)).unwrap();
    let Op::Aggregate(whole) = &plan.node(node).op else { panic!("{:?}", plan.node(node).op) };
    assert!(whole.measures.iter().any(|column| column.name == "users"), "{whole:?}");
    let whole = Table(Schema::of([("users", DataType::Int)]), vec![vec![Value::Int(390)]]);
    let told = shape.headline(&rows, Some(&whole));
    assert_eq!(told.sentence, "390 users in all; the most in a day is 251: 3 March 2026");
    assert_eq!((told.number.as_str(), told.what.as_str()), ("390", "users"));
    // What adds up needs no second count.
    let counted = plan_of_requests();
    assert_eq!(super::shape(&counted, None).add_whole(&mut counted.clone(), NodeId(2)), None);
}

fn plan_of_requests() -> Plan {
    let schema = Schema::of([("page", DataType::String), ("requests", DataType::Int)]);
    plan(&schema, &[("page", "page")], &[("requests", "count(*)")], &[("requests", true)])
}

#[test]
fn quantiles_are_explained_and_pages_quoted() {
    let schema = Schema::of([("page_kind", DataType::String), ("requests", DataType::Int), ("p95", DataType::Float)]);
    let measures = [("requests", "count(d)"), ("p95", "quantile(d, 0.95)")];
    let plan = plan(&schema, &[("page_kind", "page")], &measures, &[("p95", true)]);
    let asked = Asked::ready(ready_question("pages-slowest").unwrap());
    let mut of = shape(&plan, Some(&asked));
    of.groups.is_filtered = true;
    let row = |page: &str, p95: f64| vec![text(page), Value::Int(751), Value::Float(p95)];
    let rows = Table(schema, vec![row("/search", 4.23), row("/", 0.2)]);
    assert_eq!(
        of.headline(&rows, None).sentence,
        "“/search”: 19 of 20 requests take at most 4.23 s, of 751 requests; the slowest of 2 page kinds"
    );
}

#[test]
fn who_is_affected_is_how_many_and_a_hidden_name_is_not_told() {
    let schema = Schema::of([("user", DataType::String), ("failures", DataType::Int)]);
    let plan = plan(&schema, &[("user", "user")], &[("failures", "count(*)")], &[("failures", true)]);
    let asked = Asked::ready(ready_question("customers-affected").unwrap());
    let of = shape(&plan, Some(&asked));
    let row = |user: &str, failures: i64| vec![text(user), Value::Int(failures)];
    let hidden = Table(schema.clone(), vec![row("user no. 1", 3), row("user no. 2", 1)]);
    let told = of.headline(&hidden, None);
    assert_eq!(told.sentence, "2 users, 4 failures in all; at most 3 failures of one user");
    assert_eq!((told.number.as_str(), told.what.as_str()), ("2", "users"));
    let named = Table(schema, vec![row("ann", 3), row("bob", 1)]);
    assert_eq!(of.headline(&named, None).sentence, "2 users, 4 failures in all; most of all ann: 3 failures");
}

#[test]
fn releases_are_told_in_all_and_drawn_by_the_month() {
    let schema =
        Schema::of([("month", DataType::Timestamp), ("service", DataType::String), ("releases", DataType::Int)]);
    let keys = [("month", "date_trunc('month', time)"), ("service", "service")];
    let plan = plan(&schema, &keys, &[("releases", "count_distinct(version)")], &[("month", false)]);
    let asked = Asked::ready(ready_question("releases-per-month").unwrap());
    let of = shape(&plan, Some(&asked));
    let row = |month: &str, service: &str, releases: i64| vec![time(month), text(service), Value::Int(releases)];
    let rows = vec![row("2025-12-01", "cart", 2), row("2026-03-01", "cart", 2), row("2026-03-01", "payments", 3)];
    let rows = Table(schema, rows);
    assert_eq!(of.headline(&rows, None).sentence, "7 releases in all; the most in a month is 5: March 2026");
    let drawn = of.plotted(&rows, None).unwrap();
    let bars: Vec<(&str, f64)> = drawn.bars.iter().map(|(name, height)| (name.as_str(), *height)).collect();
    assert_eq!(bars, [("December 2025", 2.0), ("January 2026", 0.0), ("February 2026", 0.0), ("March 2026", 5.0)]);
    assert_eq!(drawn.told, Some(Mark::Bar(3)), "what is told is a bar that is drawn");
}

#[test]
fn hours_of_the_day_are_told_from_and_to() {
    let schema = Schema::of([("hour_of_day", DataType::Int), ("requests_a_day", DataType::Float)]);
    let keys = [("hour_of_day", "extract(hour from time)")];
    let plan = plan(&schema, &keys, &[("requests_a_day", "count(*) / 2")], &[("hour_of_day", false)]);
    let asked = Asked::ready(ready_question("peak-hours").unwrap());
    let of = shape(&plan, Some(&asked));
    let row = |hour: i64, requests: f64| vec![Value::Int(hour), Value::Float(requests)];
    let rows = Table(schema, vec![row(9, 129.0), row(19, 253.5), row(20, 253.5)]);
    assert_eq!(
        of.headline(&rows, None).sentence,
        "19:00–20:00 UTC: 254 requests in that hour on an average day (20:00–21:00 UTC as high)"
    );
    assert_eq!(of.plotted(&rows, None).unwrap().bars[1].0, "19:00");
}
