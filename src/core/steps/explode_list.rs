//! Explode list: a row for each item of a list.

use serde::Deserialize;

use super::kind::about;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::expr::{parse, print_name};
use crate::ir::{Explode, Op};

pub(super) struct ExplodeList;
pub(super) static KIND: ExplodeList = ExplodeList;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ExplodeSettings {
    column: String,
    keep_empty: bool,
    position: String,
}

impl StepKind for ExplodeList {
    about!(
        "explode_list",
        "Explode list",
        Shape,
        ["unnest", "flatten", "array", "items", "rows"],
        "Gives a row for each item of a list; the other columns are repeated. Rows whose list is empty or null are \
         kept with a null item, or dropped."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "column",
                "Column",
                FieldKind::Column { input: "in", types: &[] },
                "Choose a column that holds lists.",
            )
            .required(),
            FormField::new("keep_empty", "Keep empty lists", FieldKind::Boolean, "Whether rows without items stay."),
            FormField::new(
                "position",
                "Position column",
                FieldKind::Text { placeholder: "position" },
                "Name of a column that counts the items from 1; none where empty.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"keep_empty": true}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "column").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<ExplodeSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let Some(found) = lowering.column("column", &settings.column, input) else { return };
        let mut node = input;
        if !settings.keep_empty && matches!(found, DataType::List(_)) {
            // Rows that go are told as those of a filter are.
            let has_items = parse(&format!("list_length({}) > 0", print_name(&settings.column)));
            let Some(kept) = has_items.ok().and_then(|has_items| lowering.push_filtering(has_items, input)) else {
                return;
            };
            node = kept;
        }
        let position = Some(settings.position.trim().to_owned()).filter(|name| !name.is_empty());
        let op = Op::Explode(Explode { column: settings.column, keep_empty: settings.keep_empty, position });
        if let Some(node) = lowering.push_from("column", op, vec![node]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new("host String, tags List<String>", "[\"a\", [\"x\", \"y\"]]\n[\"b\", []]\n[\"c\", null]"),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a row for each tag, numbered; hosts without tags stay",
                r#"{"column": "tags", "keep_empty": true, "position": "number"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "host String, tags String, number Int",
                        "[\"a\", \"x\", 1]\n[\"a\", \"y\", 2]\n[\"b\", null, null]\n[\"c\", null, null]",
                    ),
                )],
            ),
            Example::new(
                "only what has tags",
                r#"{"column": "tags", "keep_empty": false}"#,
                INPUT,
                &[("out", Table::new("host String, tags String", "[\"a\", \"x\"]\n[\"a\", \"y\"]"))],
            ),
        ];
        EXAMPLES
    }
}
