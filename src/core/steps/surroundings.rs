//! Surroundings: the rows of another input around each event.

use serde::Deserialize;

use super::expression_text::{interval, name};
use super::items::KeyPair;
use super::join::{KEY_PAIRS, pairs, right_columns, two_inputs};
use super::kind::about;
use super::nearest_in_time::time_column;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::data::DataType;
use crate::expr::Expr;
use crate::ir::{self, Column, JoinKind, NodeId, Op, Project};

pub(super) struct Surroundings;
pub(super) static KIND: Surroundings = Surroundings;

#[derive(Deserialize)]
struct SurroundingSettings {
    #[serde(default)]
    time: String,
    #[serde(default)]
    rows_time: String,
    #[serde(default)]
    by: Vec<KeyPair>,
    #[serde(default = "five_minutes")]
    before: String,
    #[serde(default = "five_minutes")]
    after: String,
    #[serde(default)]
    columns: Vec<String>,
}

fn five_minutes() -> String {
    "5 minutes".to_owned()
}

impl StepKind for Surroundings {
    about!(
        "surroundings",
        "Surroundings",
        Analyse,
        ["context", "around", "before and after", "root cause", "nearby", "grep -C"],
        "Gives, for each event on the left, the rows of the right that come shortly before and after it, among those \
         with equal keys, such as the same trace; each with the event's time and how far it is from it. A row near two \
         events comes twice. Without keys every row is compared with every event."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "time",
                "Event's time",
                FieldKind::Column { input: "left", types: &[DataType::Timestamp] },
                "Choose the time of the events.",
            )
            .required(),
            FormField::new(
                "rows_time",
                "Row's time",
                FieldKind::Column { input: "right", types: &[DataType::Timestamp] },
                "Choose the time of the rows around them.",
            )
            .required(),
            FormField::new(
                "by",
                "Where",
                FieldKind::Items(KEY_PAIRS),
                "What must be equal on both sides, such as the trace.",
            ),
            FormField::new("before", "Before", FieldKind::Span, "How long before an event rows still count."),
            FormField::new("after", "After", FieldKind::Span, "How long after an event rows still count."),
            FormField::new(
                "columns",
                "Of the event",
                FieldKind::Columns { input: "left" },
                "The columns of the event that come along, besides its time.",
            ),
        ];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        let mut ports = two_inputs();
        ports.inputs[0].label = "events".to_owned();
        ports.inputs[1].label = "rows around".to_owned();
        ports
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"before": "5 minutes", "after": "5 minutes"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} before, {} after", text_of(settings, "before"), text_of(settings, "after")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<SurroundingSettings>() else { return };
        let (events, rows) = (lowering.input("left"), lowering.input("right"));
        let (Some(events), Some(rows)) = (events, rows) else { return };
        let times = (
            time_column("time", &settings.time, lowering, events),
            time_column("rows_time", &settings.rows_time, lowering, rows),
            lowering.columns("columns", &settings.columns, events),
        );
        let (Some(()), Some(()), Some(())) = times else { return };
        if let Some(node) = push_surroundings(&settings, lowering, events, rows) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUTS: &[(&str, Table)] = &[
            (
                "left",
                Table::new(
                    "time Timestamp, trace String, reason String",
                    "[\"2026-03-02T10:00:00Z\", \"t1\", \"declined\"]\n[\"2026-03-02T11:00:00Z\", \"t2\", \"timeout\"]",
                ),
            ),
            (
                "right",
                Table::new(
                    "ts Timestamp, trace String, line String",
                    r#"["2026-03-02T09:58:00Z", "t1", "connecting"]
                    ["2026-03-02T10:00:30Z", "t1", "card refused"]
                    ["2026-03-02T10:00:30Z", "t9", "other"]
                    ["2026-03-02T10:20:00Z", "t1", "much later"]
                    ["2026-03-02T10:59:59Z", "t2", "waiting"]"#,
                ),
            ),
        ];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "what the same trace logged around each failure",
                r#"{"time": "time", "rows_time": "ts", "by": [{"id": "k1", "left": "trace", "right": "trace"}],
                    "before": "5 minutes", "after": "1 minute", "columns": ["reason"]}"#,
                INPUTS,
                &[(
                    "out",
                    Table::new(
                        "ts Timestamp, trace String, line String, event_time Timestamp, reason String, from_event Duration",
                        r#"["2026-03-02T09:58:00Z", "t1", "connecting", "2026-03-02T10:00:00Z", "declined", "-PT2M"]
                        ["2026-03-02T10:00:30Z", "t1", "card refused", "2026-03-02T10:00:00Z", "declined", "PT30S"]
                        ["2026-03-02T10:59:59Z", "t2", "waiting", "2026-03-02T11:00:00Z", "timeout", "-PT1S"]"#,
                    ),
                )],
            ),
            Example::new(
                "everything within a minute of an event",
                r#"{"time": "time", "rows_time": "ts", "before": "1 minute", "after": "1 minute"}"#,
                INPUTS,
                &[(
                    "out",
                    Table::new(
                        "ts Timestamp, trace String, line String, event_time Timestamp, from_event Duration",
                        r#"["2026-03-02T10:00:30Z", "t1", "card refused", "2026-03-02T10:00:00Z", "PT30S"]
                        ["2026-03-02T10:00:30Z", "t9", "other", "2026-03-02T10:00:00Z", "PT30S"]
                        ["2026-03-02T10:59:59Z", "t2", "waiting", "2026-03-02T11:00:00Z", "-PT1S"]"#,
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// The rows joined with the events, those kept that are near; the rows' columns come first.
fn push_surroundings(
    settings: &SurroundingSettings,
    lowering: &mut Lowering,
    events: NodeId,
    rows: NodeId,
) -> Option<NodeId> {
    let before = interval(lowering.span("before", &settings.before)?);
    let after = interval(lowering.span("after", &settings.after)?);
    let mirrored = pairs(&settings.by, lowering, events, rows)?;
    let on: Vec<(Expr, Expr)> = mirrored.into_iter().map(|(event, row)| (row, event)).collect();
    let kind = if on.is_empty() { JoinKind::Cross } else { JoinKind::Inner };
    let (row_schema, event_schema) = (lowering.schema(rows).clone(), lowering.schema(events).clone());
    let event_time = row_schema.free_name("event_time");
    let mut right = vec![(settings.time.clone(), event_time.clone())];
    // The time a second time is made of the first, so that what is compared with that tells of both.
    let mut again = None;
    if !settings.columns.is_empty() {
        let more = right_columns(&settings.columns, &[], "_event", &row_schema, &event_schema);
        right.extend(more.into_iter().filter(|(_, name)| *name != event_time));
        again = right[1..].iter().find(|(from, _)| *from == settings.time).map(|(_, name)| name.clone());
    }
    let mut node = lowering.push_from("by", Op::Join(ir::Join { kind, on, right }), vec![rows, events])?;
    let (row_time, event) = (name(&settings.rows_time), name(&event_time));
    let text = format!("{row_time} - {event} >= - {before} and {row_time} - {event} <= {after}");
    node = lowering.keep_rows("before", &text, node)?;
    let distance = lowering.schema(node).free_name("from_event");
    let (expr, _) =
        lowering.expression("time", &format!("{row_time} - {event}"), node, crate::expr::Place::Row, None)?;
    let copy = again.map(|name| Column::new(name, Expr::column(event_time)));
    let columns = lowering.put_columns(node, [Column::new(distance, expr)].into_iter().chain(copy).collect());
    lowering.push_from("time", Op::Project(Project::new(columns)), vec![node])
}
