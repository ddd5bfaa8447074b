//! Time buckets: measures for each span of time.

use serde::Deserialize;

use super::groups::{Groups, REASON, SMALLEST_GROUP};
use super::items::{KEY_ITEMS, MEASURE_ITEMS, NamedExpression, text};
use super::kind::about;
use super::nearest_in_time::{TIME, time_column};
use super::settings::{defaults, items_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::{DataType, Value};
use crate::expr::{Expr, Place, print};
use crate::ir::Column;

pub(super) struct TimeBuckets;
pub(super) static KIND: TimeBuckets = TimeBuckets;

#[derive(Deserialize)]
struct BucketSettings {
    #[serde(default)]
    time: String,
    #[serde(default = "one_hour")]
    span: String,
    #[serde(default = "bucket")]
    name: String,
    #[serde(default)]
    keys: Vec<NamedExpression>,
    #[serde(default)]
    measures: Vec<NamedExpression>,
    #[serde(flatten)]
    groups: Groups,
}

fn one_hour() -> String {
    "1 hour".to_owned()
}

fn bucket() -> String {
    "bucket".to_owned()
}

impl StepKind for TimeBuckets {
    about!(
        "time_buckets",
        "Time buckets",
        Analyse,
        ["per hour", "per day", "histogram", "time series", "resample", "minute"],
        "Groups rows into spans of time, such as one hour, and measures each: requests per hour, users per day. Spans \
         are fixed and counted in UTC; `month`, `quarter` and `year` follow the calendar. A span without rows gives none."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            TIME,
            FormField::new(
                "span",
                "Span",
                FieldKind::Span,
                "How long a bucket is, such as 15 minutes, 1 hour or month.",
            ),
            FormField::new(
                "name",
                "Name",
                FieldKind::Text { placeholder: "hour" },
                "Name of the column with the bucket's start.",
            ),
            FormField::new("keys", "And for each", FieldKind::Items(KEY_ITEMS), "Further keys besides the time."),
            FormField::new("measures", "Measure", FieldKind::Items(MEASURE_ITEMS), "What is measured in each bucket."),
            SMALLEST_GROUP,
            REASON,
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({
            "span": "1 hour", "name": "hour",
            "measures": [{"id": "m1", "name": "rows", "expression": "count(*)"}],
        }))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} per {}", items_of(settings, "measures", &["name"]), text_of(settings, "span")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<BucketSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if time_column("time", &settings.time, lowering, input).is_none() {
            return;
        }
        let time = Expr::column(&settings.time);
        let unit = settings.span.trim().trim_start_matches("1 ").trim_end_matches('s').to_lowercase();
        let bucket = if matches!(unit.as_str(), "month" | "quarter" | "year") {
            Expr::call("date_trunc", vec![text(unit), time])
        } else {
            let Some(span) = lowering.span("span", &settings.span) else { return };
            Expr::call("time_bucket", vec![Expr::literal(Value::Duration(span)), time])
        };
        if lowering.expression("span", &print(&bucket), input, Place::Row, Some(&DataType::Timestamp)).is_none() {
            return;
        }
        let Some(name) = lowering.new_name("name", &settings.name) else { return };
        let Some(further) = lowering.group_keys("keys", &settings.keys, input) else { return };
        let keys = std::iter::once(Column::new(name, bucket)).chain(further).collect();
        if let Some(node) = lowering.push_aggregate(keys, &settings.measures, &settings.groups, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "time Timestamp, host String, duration Float",
                r#"["2026-03-02T10:05:00Z", "a", 0.5]
                ["2026-03-02T10:20:00Z", "b", 1.5]
                ["2026-03-02T11:59:59Z", "a", 2.0]
                [null, "a", 9.0]"#,
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "requests and the slowest per hour",
                r#"{"time": "time", "span": "1 hour", "name": "hour",
                    "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"},
                        {"id": "m2", "name": "slowest", "expression": "max(duration)"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "hour Timestamp, requests Int, slowest Float",
                        r#"["2026-03-02T10:00:00Z", 2, 1.5]
                        ["2026-03-02T11:00:00Z", 1, 2.0]
                        [null, 1, 9.0]"#,
                    ),
                )],
            ),
            Example::new(
                "per quarter of an hour and host",
                r#"{"time": "time", "span": "15 minutes", "name": "start",
                    "keys": [{"id": "k1", "expression": "host"}],
                    "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "start Timestamp, host String, requests Int",
                        r#"["2026-03-02T10:00:00Z", "a", 1]
                        ["2026-03-02T10:15:00Z", "b", 1]
                        ["2026-03-02T11:45:00Z", "a", 1]
                        [null, "a", 1]"#,
                    ),
                )],
            ),
            Example::new(
                "per calendar month",
                r#"{"time": "time", "span": "month", "name": "month",
                    "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"}]}"#,
                &[("in", Table::new("time Timestamp", "[\"2026-02-28T23:59:59Z\"]\n[\"2026-03-02T11:59:59Z\"]"))],
                &[(
                    "out",
                    Table::new(
                        "month Timestamp, requests Int",
                        "[\"2026-02-01T00:00:00Z\", 1]\n[\"2026-03-01T00:00:00Z\", 1]",
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}
