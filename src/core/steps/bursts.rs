//! Bursts: spells in which many matching rows come within a short time.

use serde::Deserialize;

use super::expression_text::{interval, name, over};
use super::groups::Groups;
use super::items::NamedExpression;
use super::kind::about;
use super::nearest_in_time::{TIME, time_column};
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::Place;
use crate::ir::{Column, NodeId, Op, Project};

pub(super) struct Bursts;
pub(super) static KIND: Bursts = Bursts;

#[derive(Deserialize)]
struct BurstSettings {
    #[serde(default)]
    time: String,
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    condition: String,
    #[serde(default = "ten")]
    at_least: i64,
    #[serde(default = "one_minute")]
    within: String,
    #[serde(default)]
    measures: Vec<NamedExpression>,
}

fn ten() -> i64 {
    10
}

fn one_minute() -> String {
    "1 minute".to_owned()
}

impl StepKind for Bursts {
    about!(
        "bursts",
        "Bursts",
        Analyse,
        ["spike", "outage", "storm", "many errors", "flood", "anomaly"],
        "Finds spells in which at least so many matching rows come within a span of time, such as ten errors within a \
         minute. Each burst is one row: when it begins and ends, how many rows it has, and what else is measured."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            TIME,
            FormField::new(
                "condition",
                "Of rows where",
                FieldKind::Expression { input: "in", place: Place::Row, result: Some(DataType::Boolean) },
                "Which rows count, such as status >= 500; all where empty.",
            ),
            FormField::new(
                "at_least",
                "At least",
                FieldKind::Integer { min: 2, max: 1_000_000_000 },
                "How many rows make a burst.",
            ),
            FormField::new("within", "Within", FieldKind::Span, "The span of time in which they come."),
            FormField::new(
                "by",
                "For each",
                FieldKind::Columns { input: "in" },
                "Bursts are looked for in each group of rows; in all rows together where empty.",
            ),
            FormField::new(
                "measures",
                "Measure",
                FieldKind::Items(super::items::MEASURE_ITEMS),
                "What else is measured in each burst, such as count_distinct(user).",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"at_least": 10, "within": "1 minute"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let count = settings.get("at_least").and_then(serde_json::Value::as_i64).unwrap_or_else(ten);
        (format!("{count} within {}", text_of(settings, "within")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<BurstSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if time_column("time", &settings.time, lowering, input).is_none()
            || lowering.columns("by", &settings.by, input).is_none()
        {
            return;
        }
        let Some(span) = lowering.span("within", &settings.within) else { return };
        if settings.at_least < 2 {
            lowering.report(
                Diagnostic::error("PW0370", "a burst has at least two rows")
                    .help("say how many rows make a burst, such as 10")
                    .field("at_least"),
            );
            return;
        }
        if let Some(node) = push_bursts(&settings, span, lowering, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "time Timestamp, user String, status Int",
                r#"["2026-03-02T10:00:00Z", "ann", 500]
                ["2026-03-02T10:00:20Z", "bo", 503]
                ["2026-03-02T10:00:30Z", "bo", 200]
                ["2026-03-02T10:00:40Z", "cy", 500]
                ["2026-03-02T10:01:15Z", "ann", 502]
                ["2026-03-02T10:05:00Z", "ann", 500]
                [null, "di", 500]"#,
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "three errors within a minute, and whom they hit",
                r#"{"time": "time", "condition": "status >= 500", "at_least": 3, "within": "1 minute",
                    "measures": [{"id": "m1", "name": "users", "expression": "count_distinct(user)"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "begins Timestamp, ends Timestamp, rows Int, users Int",
                        r#"["2026-03-02T10:00:00Z", "2026-03-02T10:01:15Z", 4, 3]"#,
                    ),
                )],
            ),
            Example::new(
                "two rows of a user within half a minute",
                r#"{"time": "time", "by": ["user"], "at_least": 2, "within": "30 seconds"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "user String, begins Timestamp, ends Timestamp, rows Int",
                        r#"["bo", "2026-03-02T10:00:20Z", "2026-03-02T10:00:30Z", 2]"#,
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

fn push_bursts(settings: &BurstSettings, span: i64, lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let (time, by, within) = (name(&settings.time), &settings.by, interval(span));
    let mut node = input;
    if !settings.condition.trim().is_empty() {
        let boolean = Some(&DataType::Boolean);
        let (predicate, _) = lowering.expression("condition", &settings.condition, node, Place::Row, boolean)?;
        node = lowering.push_filtering(predicate, node)?;
    }
    node = lowering.keep_rows("time", &format!("{time} is not null"), node)?;
    let free = |lowering: &Lowering, node, wanted: &str| lowering.schema(node).free_name(wanted);
    // A row at which enough have come ends a window; a row is part of a burst where such a window reaches back to it.
    let count = free(lowering, node, "_count");
    let frame = format!("{time} range between {within} preceding and current row");
    node = lowering.add_window("within", &count, &format!("count(*) {}", over(by, &frame)), node)?;
    let full = free(lowering, node, "_full");
    let text = format!("case when {count} >= {} then {time} end", settings.at_least);
    node = lowering.add_column("at_least", &full, &text, node)?;
    let next = free(lowering, node, "_next");
    node = lowering.add_window("within", &next, &format!("min({full}) {}", over(by, &format!("{time} desc"))), node)?;
    node = lowering.keep_rows("within", &format!("{next} - {time} <= {within}"), node)?;
    let number = free(lowering, node, "_burst");
    node = lowering.number_runs(&settings.time, by, span, &number, node)?;
    let keys = by.iter().chain([&number]).map(|key| Column::same(key)).collect();
    let measure = |name: &str, expression: String| NamedExpression { id: String::new(), name: name.into(), expression };
    let mut measures = vec![
        measure("begins", format!("min({time})")),
        measure("ends", format!("max({time})")),
        measure("rows", "count(*)".to_owned()),
    ];
    let own = measures.len();
    measures.extend(settings.measures.iter().cloned());
    node = lowering.push_aggregate(keys, &measures, &Groups::default(), node)?;
    let names = by.iter().cloned().chain(measures[..own].iter().map(|measure| measure.name.clone()));
    let names = names.chain(settings.measures.iter().map(|measure| measure.name.trim().to_owned()));
    let columns = names.map(|name| Column::same(&name)).collect();
    lowering.push_from("by", Op::Project(Project::new(columns)), vec![node])
}
