//! Nearest in time: for each row the row of another input that is nearest in time.

use serde::Deserialize;

use super::items::{KeyPair, item_field};
use super::join::{right_columns, two_inputs};
use super::kind::about;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::ir::{AsofDirection, AsofJoin, NodeId, Op};

/// The setting of steps whose rows have one time.
pub(super) const TIME: FormField = FormField::new(
    "time",
    "Time",
    FieldKind::Column { input: "in", types: &[DataType::Timestamp] },
    "Choose the column that says when.",
)
.required();

pub(super) struct NearestInTime;
pub(super) static KIND: NearestInTime = NearestInTime;

#[derive(Deserialize)]
struct NearestSettings {
    #[serde(default)]
    left_time: String,
    #[serde(default)]
    right_time: String,
    #[serde(default)]
    by: Vec<KeyPair>,
    #[serde(default = "backward")]
    direction: AsofDirection,
    #[serde(default)]
    within: String,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default = "right_suffix")]
    suffix: String,
}

fn backward() -> AsofDirection {
    AsofDirection::Backward
}

fn right_suffix() -> String {
    "_right".to_owned()
}

impl StepKind for NearestInTime {
    about!(
        "nearest_in_time",
        "Nearest in time",
        Enrich,
        ["asof", "as of", "latest before", "release", "join by time"],
        "Adds to each row of the left the row of the right that is nearest in time, among those with equal keys: the \
         last at or before, the first at or after, or the nearer of both (the earlier where both are as near). Of several at the same time it is the last in the \
         order of all columns. Left rows without one stay, with nulls."
    );

    fn form(&self) -> &'static [FormField] {
        const TIME: &[DataType] = &[DataType::Timestamp];
        const BY: &[FormField] = &[
            FormField::new(
                "left",
                "Left",
                FieldKind::Column { input: "left", types: &[] },
                "Column of the left input.",
            )
            .required(),
            FormField::new(
                "right",
                "Right",
                FieldKind::Column { input: "right", types: &[] },
                "What it must equal in the right input.",
            )
            .required(),
        ];
        const FORM: &[FormField] = &[
            FormField::new(
                "left_time",
                "Left time",
                FieldKind::Column { input: "left", types: TIME },
                "Choose the time of the left rows.",
            )
            .required(),
            FormField::new(
                "right_time",
                "Right time",
                FieldKind::Column { input: "right", types: TIME },
                "Choose the time of the right rows.",
            )
            .required(),
            FormField::new("by", "Where", FieldKind::Items(BY), "What must be equal on both sides."),
            FormField::new(
                "direction",
                "Take",
                FieldKind::Choice(&[
                    ("backward", "the last at or before"),
                    ("forward", "the first at or after"),
                    ("nearest", "the nearer of both"),
                ]),
                "Which right row is taken.",
            ),
            FormField::new(
                "within",
                "Within",
                FieldKind::Span,
                "How far it may be, such as 5 minutes; any distance where empty.",
            ),
            FormField::new(
                "columns",
                "Right columns",
                FieldKind::Columns { input: "right" },
                "The columns that come along; all where empty.",
            ),
            FormField::new(
                "suffix",
                "Suffix",
                FieldKind::Text { placeholder: "_right" },
                "Ends the name of a right column whose name the left has too.",
            ),
        ];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        two_inputs()
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"direction": "backward"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} → {}", text_of(settings, "left_time"), text_of(settings, "right_time")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<NearestSettings>() else { return };
        let (left, right) = (lowering.input("left"), lowering.input("right"));
        let (Some(left), Some(right)) = (left, right) else { return };
        let left_time = time_column("left_time", &settings.left_time, lowering, left);
        let right_time = time_column("right_time", &settings.right_time, lowering, right);
        let (Some(()), Some(())) = (left_time, right_time) else { return };
        let mut by = Vec::new();
        for (index, item) in settings.by.iter().enumerate() {
            let found = lowering.column(&item_field("by", &item.id, index, "left"), &item.left, left);
            let other = lowering.column(&item_field("by", &item.id, index, "right"), &item.right, right);
            if found.is_none() || other.is_none() {
                return;
            }
            by.push((item.left.clone(), item.right.clone()));
        }
        let tolerance = match settings.within.trim() {
            "" => None,
            text => match lowering.span("within", text) {
                Some(micros) => Some(micros),
                None => return,
            },
        };
        if lowering.columns("columns", &settings.columns, right).is_none() {
            return;
        }
        let same_keys: Vec<String> =
            by.iter().filter(|(left, right)| left == right).map(|(left, _)| left.clone()).collect();
        let (left_schema, right_schema) = (lowering.schema(left), lowering.schema(right));
        let columns = right_columns(&settings.columns, &same_keys, &settings.suffix, left_schema, right_schema);
        let op = Op::AsofJoin(AsofJoin {
            left_time: settings.left_time,
            right_time: settings.right_time,
            by,
            direction: settings.direction,
            tolerance,
            right: columns,
        });
        if let Some(node) = lowering.push_from("by", op, vec![left, right]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUTS: &[(&str, Table)] = &[
            (
                "left",
                Table::new(
                    "time Timestamp, service String",
                    r#"["2026-03-02T10:00:00Z", "web"]
                    ["2026-03-02T12:00:00Z", "web"]
                    ["2026-03-02T12:00:00Z", "db"]"#,
                ),
            ),
            (
                "right",
                Table::new(
                    "released Timestamp, service String, version String",
                    r#"["2026-03-02T09:00:00Z", "web", "1.0"]
                    ["2026-03-02T12:00:00Z", "web", "1.1"]
                    ["2026-03-02T12:10:00Z", "db", "7.0"]"#,
                ),
            ),
        ];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the version that was out when it happened",
                r#"{"left_time": "time", "right_time": "released", "direction": "backward", "columns": ["version"],
                    "by": [{"id": "k1", "left": "service", "right": "service"}]}"#,
                INPUTS,
                &[(
                    "out",
                    Table::new(
                        "time Timestamp, service String, version String",
                        r#"["2026-03-02T10:00:00Z", "web", "1.0"]
                        ["2026-03-02T12:00:00Z", "web", "1.1"]
                        ["2026-03-02T12:00:00Z", "db", null]"#,
                    ),
                )],
            ),
            Example::new(
                "the nearest within a quarter of an hour",
                r#"{"left_time": "time", "right_time": "released", "direction": "nearest", "within": "15 minutes",
                    "by": [{"id": "k1", "left": "service", "right": "service"}]}"#,
                INPUTS,
                &[(
                    "out",
                    Table::new(
                        "time Timestamp, service String, released Timestamp, version String",
                        r#"["2026-03-02T10:00:00Z", "web", null, null]
                        ["2026-03-02T12:00:00Z", "web", "2026-03-02T12:00:00Z", "1.1"]
                        ["2026-03-02T12:00:00Z", "db", "2026-03-02T12:10:00Z", "7.0"]"#,
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// A column that says when; another type is reported.
pub(super) fn time_column(field: &str, name: &str, lowering: &mut Lowering, node: NodeId) -> Option<()> {
    let found = lowering.column(field, name, node)?;
    if found.fits(&DataType::Timestamp) {
        return Some(());
    }
    let times = lowering.schema(node).fields.iter().filter(|field| field.data_type == DataType::Timestamp);
    let names: Vec<String> = times.map(|field| format!("`{}`", field.name)).collect();
    let help = if names.is_empty() {
        "make it a Timestamp with a Change types step".to_owned()
    } else {
        format!("the columns that say when are {}", names.join(", "))
    };
    lowering.report(
        Diagnostic::error("PW0341", format!("`{name}` is {found}, but a Timestamp is wanted")).help(help).field(field),
    );
    None
}
