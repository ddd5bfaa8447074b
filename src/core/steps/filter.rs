//! Filter: keeps the rows for which a condition is true.

use serde::Deserialize;

use super::kind::about;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::expr::Place;

pub(super) struct Filter;
pub(super) static KIND: Filter = Filter;

#[derive(Deserialize)]
struct FilterSettings {
    #[serde(default)]
    predicate: String,
}

impl StepKind for Filter {
    about!(
        "filter",
        "Filter",
        Clean,
        ["where", "keep", "drop", "condition"],
        "Keeps the rows for which the condition is true. Rows for which it is false, or null because a value is \
         missing, are dropped and counted."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[FormField::new(
            "predicate",
            "Keep rows where",
            FieldKind::Expression { input: "in", place: Place::Row, result: Some(DataType::Boolean) },
            "A condition over the columns, such as status >= 500.",
        )
        .required()];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (settings.get("predicate").and_then(|text| text.as_str()).unwrap_or_default().to_owned(), true)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<FilterSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let wanted = DataType::Boolean;
        let Some((predicate, _)) =
            lowering.expression("predicate", &settings.predicate, input, Place::Row, Some(&wanted))
        else {
            return;
        };
        if let Some(node) = lowering.push_filtering(predicate, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example {
                title: "failed or slow requests",
                settings: r#"{"predicate": "status >= 500 or duration > 3"}"#,
                inputs: &[(
                    "in",
                    Table {
                        schema: "status Int, duration Float",
                        rows: "[200, 0.1]\n[502, 0.2]\n[200, 3.5]\n[null, 4.0]",
                    },
                )],
                outputs: &[(
                    "out",
                    Table { schema: "status Int, duration Float", rows: "[502, 0.2]\n[200, 3.5]\n[null, 4.0]" },
                )],
                ordered: false,
                sources: "",
            },
            Example {
                title: "a null is not true",
                settings: r#"{"predicate": "status <> 200"}"#,
                inputs: &[("in", Table { schema: "status Int", rows: "[200]\n[null]\n[404]" })],
                outputs: &[("out", Table { schema: "status Int", rows: "[404]" })],
                ordered: false,
                sources: "",
            },
        ];
        EXAMPLES
    }
}
