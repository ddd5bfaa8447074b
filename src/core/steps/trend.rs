//! Trend: how a measure changes over time, stated as a projection.

use serde::Deserialize;

use super::expression_text::name;
use super::groups::Groups;
use super::items::NamedExpression;
use super::kind::about;
use super::nearest_in_time::{TIME, time_column};
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Port, Ports, Settings, StepKind, Table};
use crate::data::{DataType, Value};
use crate::expr::{Expr, Place, parse};
use crate::ir::{self, Aggregate, Column, JoinKind, Limit, NodeId, Op, Project};

pub(super) struct Trend;
pub(super) static KIND: Trend = Trend;

/// So many of the latest buckets count: pairs of them are compared.
const BUCKETS: u64 = 1_000;
const DAY: i64 = 86_400_000_000;

#[derive(Deserialize)]
struct TrendSettings {
    #[serde(default)]
    time: String,
    #[serde(default = "count")]
    measure: String,
    #[serde(default = "one_day")]
    bucket: String,
    #[serde(default)]
    limit: Option<f64>,
}

fn count() -> String {
    "count(*)".to_owned()
}

fn one_day() -> String {
    "1 day".to_owned()
}

impl StepKind for Trend {
    about!(
        "trend",
        "Trend",
        Analyse,
        ["forecast", "projection", "slope", "growth", "capacity", "seasonality", "weekday", "limit"],
        "Measures rows in spans of time and tells how the measure changes: the median of the slopes between all pairs of \
         spans (Theil-Sen, which strays little with outliers) with its 95 % interval, the level at the end, and in how \
         many days a limit is met if it goes on so: a projection, not a promise. From two weeks on only spans that are \
         whole weeks apart are compared, and the second output gives the usual value of each weekday (1 is Monday). The \
         first and the last span, which are rarely whole, do not count; spans without rows are not there."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            TIME,
            FormField::new(
                "measure",
                "Measure",
                FieldKind::Expression { input: "in", place: Place::Aggregate, result: None },
                "What is measured in each span, such as count(*) or max(disk_share).",
            ),
            FormField::new("bucket", "Span", FieldKind::Span, "How long a span is, such as 1 day or 1 hour."),
            FormField::new(
                "limit",
                "Limit",
                FieldKind::Number { min: -1e15, max: 1e15 },
                "The value that must not be met; none where empty.",
            ),
        ];
        FORM
    }

    fn ports(&self, settings: &Settings) -> Ports {
        let _ = settings;
        let outputs = vec![Port::new("out", "trend"), Port::new("weekdays", "weekdays")];
        Ports { inputs: vec![Port::new("in", "rows")], outputs }
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"measure": "count(*)", "bucket": "1 day"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "measure").to_owned(), true)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<TrendSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if time_column("time", &settings.time, lowering, input).is_none() {
            return;
        }
        let Some(bucket) = lowering.span("bucket", &settings.bucket) else { return };
        let Some(buckets) = push_buckets(&settings, bucket, lowering, input) else { return };
        if let Some(node) = push_trend(&settings, bucket, lowering, buckets) {
            lowering.output("out", node);
        }
        if let Some(node) = push_weekdays(lowering, buckets) {
            lowering.output("weekdays", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a disk that fills",
                r#"{"time": "time", "measure": "max(used)", "bucket": "1 day", "limit": 100}"#,
                &[(
                    "in",
                    Table::new(
                        "time Timestamp, used Int",
                        r#"["2026-03-01T12:00:00Z", 1]
                        ["2026-03-02T12:00:00Z", 60]
                        ["2026-03-03T12:00:00Z", 64]
                        ["2026-03-04T12:00:00Z", 90]
                        ["2026-03-05T12:00:00Z", 72]
                        ["2026-03-06T12:00:00Z", 76]
                        ["2026-03-07T01:00:00Z", 3]
                        [null, 3]"#,
                    ),
                )],
                &[
                    (
                        "out",
                        Table::new(
                            "spans Int, begins Timestamp, ends Timestamp, level Float, slope_per_day Float, slope_low Float, \
                         slope_high Float, days_to_limit Float, days_at_earliest Float, days_at_latest Float",
                            r#"[5, "2026-03-02T00:00:00Z", "2026-03-06T00:00:00Z", 76.0, 4.0, -18.0, 26.0, 6.0, 0.9230769230769231, null]"#,
                        ),
                    ),
                    ("weekdays", Table::new("weekday Int, usual Float, spans Int", "")),
                ],
            ),
            Example::new(
                "the usual orders of each weekday, from two weeks on",
                r#"{"time": "day", "measure": "sum(orders)", "bucket": "1 day"}"#,
                &[(
                    "in",
                    Table::new(
                        "day Timestamp, orders Int",
                        r#"["2026-03-01T00:00:00Z", 9]
                        ["2026-03-02T00:00:00Z", 100]
                        ["2026-03-03T00:00:00Z", 200]
                        ["2026-03-09T00:00:00Z", 107]
                        ["2026-03-10T00:00:00Z", 207]
                        ["2026-03-16T00:00:00Z", 114]
                        ["2026-03-17T00:00:00Z", 214]
                        ["2026-03-18T00:00:00Z", 9]"#,
                    ),
                )],
                &[
                    (
                        "out",
                        Table::new(
                            "spans Int, begins Timestamp, ends Timestamp, level Float, slope_per_day Float, \
                             slope_low Float, slope_high Float, days_to_limit Float, days_at_earliest Float, \
                             days_at_latest Float",
                            r#"[6, "2026-03-02T00:00:00Z", "2026-03-17T00:00:00Z", 164.5, 1.0, 1.0, 1.0, null, null, null]"#,
                        ),
                    ),
                    ("weekdays", Table::new("weekday Int, usual Float, spans Int", "[1, 107.0, 3]\n[2, 207.0, 3]")),
                ],
            ),
        ];
        EXAMPLES
    }
}

/// The measure of each span that counts: columns `_at` (its start), `_second` (the same as a number) and `_value`.
fn push_buckets(settings: &TrendSettings, bucket: i64, lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let mut node = lowering.keep_rows("time", &format!("{} is not null", name(&settings.time)), input)?;
    let start = Expr::call("time_bucket", vec![Expr::literal(Value::Duration(bucket)), Expr::column(&settings.time)]);
    let (_, data_type) = lowering.expression("measure", &settings.measure, node, Place::Aggregate, None)?;
    if !matches!(data_type, DataType::Int | DataType::Float | DataType::Unknown) {
        lowering.report(
            crate::diagnostic::Diagnostic::error(
                "PW0376",
                format!("the measure gives {data_type}, which has no slope"),
            )
            .help("measure a number, such as count(*), sum(bytes) or seconds(max(duration))")
            .field("measure"),
        );
        return None;
    }
    let measure = NamedExpression { id: String::new(), name: "_measure".into(), expression: settings.measure.clone() };
    node = lowering.push_aggregate(vec![Column::new("_at", start)], &[measure], &Groups::default(), node)?;
    node = lowering.add_window("bucket", "_first", "min(_at) over ()", node)?;
    node = lowering.add_window("bucket", "_last", "max(_at) over ()", node)?;
    node = lowering.keep_rows("bucket", "_at > _first and _at < _last and _measure is not null", node)?;
    node = lowering.add_column("measure", "_value", "try_cast(_measure as float)", node)?;
    node = lowering.add_column("bucket", "_second", "try_cast(epoch(_at) as int)", node)?;
    let columns = ["_at", "_second", "_value"].map(Column::same).to_vec();
    node = lowering.push_from("bucket", Op::Project(Project::new(columns)), vec![node])?;
    let keys = lowering.order("bucket", &["_at desc".to_owned()], node)?;
    lowering.push_from("bucket", Op::Limit(Limit { keys, count: BUCKETS, offset: 0 }), vec![node])
}

/// All pairs of rows, the right one's columns under the given names.
fn push_pairs(right_names: &[(&str, &str)], lowering: &mut Lowering, left: NodeId, right: NodeId) -> Option<NodeId> {
    let right_names = right_names.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    let join = ir::Join { kind: JoinKind::Cross, on: Vec::new(), right: right_names };
    lowering.push_from("bucket", Op::Join(join), vec![left, right])
}

fn aggregate(measures: &[(&str, &str)], lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let measures =
        measures.iter().map(|(name, text)| Some(Column::new(*name, parse(text).ok()?))).collect::<Option<_>>()?;
    lowering.push_from("measure", Op::Aggregate(Aggregate { keys: Vec::new(), measures }), vec![input])
}

fn push_trend(settings: &TrendSettings, bucket: i64, lowering: &mut Lowering, buckets: NodeId) -> Option<NodeId> {
    let measures = [
        ("spans", "count(*)"),
        ("begins", "min(_at)"),
        ("ends", "max(_at)"),
        ("_begin", "min(_second)"),
        ("_end", "max(_second)"),
    ];
    let mut whole = aggregate(&measures, lowering, buckets)?;
    // Spans are compared that are whole weeks apart, or whole days, or any: what repeats then does not disturb.
    let span = (bucket / 1_000_000).max(1);
    let repeats = |period: i64, least: i64| {
        let fits = period % bucket == 0 && period > bucket;
        fits.then(|| format!("when _end - _begin >= {} then {}", least / 1_000_000, period / 1_000_000))
    };
    let branches: Vec<String> = [repeats(7 * DAY, 14 * DAY), repeats(DAY, 3 * DAY)].into_iter().flatten().collect();
    let season = match branches.is_empty() {
        true => span.to_string(),
        false => format!("case {} else {span} end", branches.join(" ")),
    };
    whole = lowering.add_column("bucket", "_season", &season, whole)?;
    let mut pairs = push_pairs(&[("_second", "_later"), ("_value", "_later_value")], lowering, buckets, buckets)?;
    pairs = lowering.keep_rows("bucket", "_later > _second", pairs)?;
    pairs = push_pairs(&[("spans", "_spans"), ("_season", "_season")], lowering, pairs, whole)?;
    pairs = lowering.keep_rows("bucket", "(_later - _second) % _season = 0", pairs)?;
    let slope = "(_later_value - _value) / ((_later - _second) / 86400)";
    pairs = lowering.add_column("measure", "_slope", slope, pairs)?;
    // The interval: slopes so far from the middle in rank as Kendall's statistic strays by chance (95 %).
    pairs = lowering.add_window("measure", "_rank", "row_number() over (order by _slope)", pairs)?;
    pairs = lowering.add_window("measure", "_pairs", "count(*) over ()", pairs)?;
    pairs = lowering.add_column("measure", "_groups", &format!("_season / {span}"), pairs)?;
    pairs = lowering.add_column("measure", "_each", "_spans / _groups", pairs)?;
    let spread = "1.96 * sqrt(_groups * _each * (_each - 1) * (2 * _each + 5) / 18)";
    pairs = lowering.add_column("measure", "_spread", spread, pairs)?;
    pairs = lowering.add_column("measure", "_low", "floor((_pairs - _spread) / 2)", pairs)?;
    pairs = lowering.add_column("measure", "_high", "ceil((_pairs + _spread) / 2) + 1", pairs)?;
    let slopes = [
        ("slope_per_day", "median(_slope)"),
        ("slope_low", "coalesce(max(case when _rank <= _low then _slope end), min(_slope))"),
        ("slope_high", "coalesce(min(case when _rank >= _high then _slope end), max(_slope))"),
    ];
    let slopes = aggregate(&slopes, lowering, pairs)?;
    let right = [("spans", "spans"), ("begins", "begins"), ("ends", "ends"), ("_end", "_end")];
    let mut whole = push_pairs(&right, lowering, slopes, whole)?;
    // The level at the end: each value carried there along the slope.
    let right = [("slope_per_day", "_slope"), ("_end", "_end")];
    let mut levels = push_pairs(&right, lowering, buckets, whole)?;
    levels = lowering.add_column(
        "measure",
        "_level",
        "_value + coalesce(_slope, 0) * ((_end - _second) / 86400)",
        levels,
    )?;
    let level = aggregate(&[("level", "median(_level)")], lowering, levels)?;
    whole = push_pairs(&[("level", "level")], lowering, whole, level)?;
    let limit = match settings.limit {
        Some(limit) => crate::expr::print(&Expr::literal(Value::Float(limit))),
        None => "null".to_owned(),
    };
    whole = lowering.add_column("limit", "_left", &format!("try_cast({limit} as float) - level"), whole)?;
    let days = |slope: &str| format!("case when _left / {slope} >= 0 then _left / {slope} end");
    for (column, text) in [
        ("days_to_limit", days("slope_per_day")),
        (
            "days_at_earliest",
            format!("case when _left >= 0 then {} else {} end", days("slope_high"), days("slope_low")),
        ),
        ("days_at_latest", format!("case when _left >= 0 then {} else {} end", days("slope_low"), days("slope_high"))),
    ] {
        whole = lowering.add_column("limit", column, &text, whole)?;
    }
    let columns = [
        "spans",
        "begins",
        "ends",
        "level",
        "slope_per_day",
        "slope_low",
        "slope_high",
        "days_to_limit",
        "days_at_earliest",
        "days_at_latest",
    ];
    lowering.push_from("measure", Op::Project(Project::new(columns.map(Column::same).to_vec())), vec![whole])
}

/// The median of each weekday; nothing before two weeks are there.
fn push_weekdays(lowering: &mut Lowering, buckets: NodeId) -> Option<NodeId> {
    let mut node = lowering.add_window("bucket", "_from", "min(_second) over ()", buckets)?;
    node = lowering.add_window("bucket", "_until", "max(_second) over ()", node)?;
    node = lowering.keep_rows("bucket", &format!("_until - _from >= {}", 14 * DAY / 1_000_000), node)?;
    node = lowering.add_column("bucket", "weekday", "extract(dow from _at)", node)?;
    let measure = |name: &str, text: &str| Some(Column::new(name, parse(text).ok()?));
    let usual = Aggregate {
        keys: vec![Column::same("weekday")],
        measures: vec![measure("usual", "median(_value)")?, measure("spans", "count(*)")?],
    };
    let node = lowering.push_from("measure", Op::Aggregate(usual), vec![node])?;
    let keys = lowering.order("bucket", &["weekday".to_owned()], node)?;
    lowering.push_from("bucket", Op::Sort(ir::Sort { keys }), vec![node])
}
