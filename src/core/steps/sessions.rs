//! Sessions: rows of a user that follow each other closely are numbered as one visit.

use serde::Deserialize;

use super::kind::about;
use super::nearest_in_time::{TIME, time_column};
use super::settings::{defaults, names_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;

pub(super) struct Sessions;
pub(super) static KIND: Sessions = Sessions;

#[derive(Deserialize)]
struct SessionSettings {
    #[serde(default)]
    time: String,
    #[serde(default)]
    by: Vec<String>,
    #[serde(default = "half_an_hour")]
    gap: String,
    #[serde(default = "session")]
    name: String,
}

fn half_an_hour() -> String {
    "30 minutes".to_owned()
}

fn session() -> String {
    "session".to_owned()
}

impl StepKind for Sessions {
    about!(
        "sessions",
        "Sessions",
        Analyse,
        ["visit", "gap", "inactivity", "user journey", "idle"],
        "Numbers the visits of each user: a row that comes more than the gap after the one before begins a new session. \
         Numbers start at 1 for each user; a row without a time has none."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            TIME,
            FormField::new(
                "by",
                "For each",
                FieldKind::Columns { input: "in" },
                "Whose sessions they are, such as the user; all rows are one user's where empty.",
            ),
            FormField::new("gap", "Gap", FieldKind::Span, "How long nothing happens before a new session begins."),
            FormField::new("name", "Name", FieldKind::Text { placeholder: "session" }, "Name of the new column."),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"gap": "30 minutes", "name": "session"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} gap, by {}", text_of(settings, "gap"), names_of(settings, "by")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<SessionSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if time_column("time", &settings.time, lowering, input).is_none()
            || lowering.columns("by", &settings.by, input).is_none()
        {
            return;
        }
        let Some(gap) = lowering.span("gap", &settings.gap) else { return };
        let Some(name) = lowering.new_name("name", &settings.name) else { return };
        if lowering.schema(input).has(&name) {
            lowering.report(
                Diagnostic::error("PW0345", format!("there is a column `{name}` already"))
                    .help("choose another name")
                    .field("name"),
            );
            return;
        }
        if let Some(node) = lowering.number_runs(&settings.time, &settings.by, gap, &name, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "user String, time Timestamp",
                r#"["ann", "2026-03-02T10:00:00Z"]
                ["ann", "2026-03-02T10:29:00Z"]
                ["ann", "2026-03-02T11:00:00Z"]
                ["bo", "2026-03-02T10:10:00Z"]
                ["bo", null]"#,
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a gap of half an hour",
                r#"{"time": "time", "by": ["user"], "gap": "30 minutes", "name": "visit"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "user String, time Timestamp, visit Int",
                        r#"["ann", "2026-03-02T10:00:00Z", 1]
                        ["ann", "2026-03-02T10:29:00Z", 1]
                        ["ann", "2026-03-02T11:00:00Z", 2]
                        ["bo", "2026-03-02T10:10:00Z", 1]
                        ["bo", null, null]"#,
                    ),
                )],
            ),
            Example::new(
                "quiet spells of a whole log",
                r#"{"time": "time", "gap": "15 minutes", "name": "busy_spell"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "user String, time Timestamp, busy_spell Int",
                        r#"["ann", "2026-03-02T10:00:00Z", 1]
                        ["bo", "2026-03-02T10:10:00Z", 1]
                        ["ann", "2026-03-02T10:29:00Z", 2]
                        ["ann", "2026-03-02T11:00:00Z", 3]
                        ["bo", null, null]"#,
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}
