//! Planned source: rows of a source that does not exist yet, made up from what it declares.

use serde::Deserialize;

use super::kind::about;
use super::settings::text_of;
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;

pub(super) struct PlannedSource;
pub(super) static KIND: PlannedSource = PlannedSource;

#[derive(Deserialize, Default)]
#[serde(default)]
struct PlannedSettings {
    source: String,
}

impl StepKind for PlannedSource {
    about!(
        "planned_source",
        "Planned source",
        Extract,
        ["synthetic", "missing", "request", "gap", "future"],
        "Stands for data that nobody records yet: a declared schema with an owner and a status. It gives made-up rows \
         that honour the declared types and values, so that the flow can be seen before the data exists. Runs and \
         exports refuse it, naming who is asked for it."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] =
            &[FormField::new("source", "Source", FieldKind::Source, "Choose the planned source.").required()];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        Ports::source()
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "source").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<PlannedSettings>() else { return };
        let Some(source) = lowering.source("source", &settings.source) else { return };
        if source.planned.is_none() {
            lowering.report(
                Diagnostic::hint(
                    "PW0326",
                    format!("the source “{}” exists already, so its files are read", source.title),
                )
                .help("a File step says so more plainly")
                .field("source"),
            );
        }
        if let Some(node) = lowering.push_planned(&source) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const SOURCES: &str = r#"[{"id": "src-refunds", "title": "Refunds", "owner": "Payments",
            "schema": {"fields": [{"name": "reason", "type": "String"}, {"name": "amount", "type": "Int"}]},
            "planned": {"status": "asked", "seed": 1, "rows": 2, "values": {
                "reason": {"vocabulary": ["damaged"]}, "amount": {"min": 5, "max": 5}}}},
            {"id": "src-surveys", "title": "Surveys", "owner": "Support",
            "schema": {"fields": [{"name": "score", "type": "Int"}]},
            "planned": {"status": "agreed", "seed": 1, "rows": 1, "values": {"score": {"vocabulary": [4]}}}}]"#;
        const EXAMPLES: &[Example] = &[
            Example::new(
                "made-up refunds, all of one reason and amount",
                r#"{"source": "src-refunds"}"#,
                &[],
                &[("out", Table::new("reason String, amount Int", "[\"damaged\", 5]\n[\"damaged\", 5]"))],
            )
            .sources(SOURCES),
            Example::new(
                "one made-up answer of a survey",
                r#"{"source": "src-surveys"}"#,
                &[],
                &[("out", Table::new("score Int", "[4]"))],
            )
            .sources(SOURCES),
        ];
        EXAMPLES
    }
}
