//! Standard output: writes rows where the run's caller reads them.

use serde::Deserialize;

use super::destinations::{AUDIENCE, PLACE, STACK, SiteSettings};
use super::kind::about;
use super::load_file::{FILE_KINDS, sink};
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::ir::{Destination, FileKind, Op, Write};

pub(super) struct StandardOutput;
pub(super) static KIND: StandardOutput = StandardOutput;

#[derive(Deserialize)]
struct OutputSettings {
    #[serde(default = "jsonl")]
    kind: FileKind,
    #[serde(default)]
    order: Vec<String>,
    #[serde(flatten)]
    site: SiteSettings,
}

fn jsonl() -> FileKind {
    FileKind::Jsonl
}

impl StepKind for StandardOutput {
    about!(
        "standard_output",
        "Standard output",
        Load,
        ["stdout", "print", "pipe", "console", "terminal"],
        "Writes the rows to the standard output of the run, so that another program can read them."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new("kind", "Kind", FieldKind::Choice(FILE_KINDS), "How the rows are written."),
            FormField::new("order", "In order of", FieldKind::Order { input: "in" }, "The order of rows."),
            STACK,
            PLACE,
            AUDIENCE,
        ];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        sink()
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"kind": "jsonl"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let kind = text_of(settings, "kind");
        let label = FILE_KINDS.iter().find(|(value, _)| *value == kind).map_or("JSON lines", |(_, label)| label);
        (label.to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<OutputSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let Some(order) = lowering.order("order", &settings.order, input) else { return };
        let site = lowering.site(&settings.site, "");
        let destination = Destination::StandardOutput { kind: settings.kind };
        if let Some(node) =
            lowering.push_from("order", Op::Write(Write { destination, order, site, watch: None }), vec![input])
        {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const TABLE: Table = Table::new("page String, views Int", "[\"/\", 9]\n[\"/a\", 7]");
        const EXAMPLES: &[Example] = &[
            Example::new("JSON lines", r#"{"kind": "jsonl"}"#, &[("in", TABLE)], &[("out", TABLE)]),
            Example::new(
                "CSV, in order of pages",
                r#"{"kind": "csv", "order": ["page"]}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
        ];
        EXAMPLES
    }
}
