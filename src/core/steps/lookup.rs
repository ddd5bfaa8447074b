//! Lookup: columns of another input, one row at most for each row.

use serde::Deserialize;

use super::items::{KeyPair, item_field};
use super::join::{JoinSettings, pairs, push_join, two_inputs};
use super::kind::about;
use super::settings::{defaults, items_of, names_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::ir::{Distinct, Keep, Op};

pub(super) struct Lookup;
pub(super) static KIND: Lookup = Lookup;

#[derive(Deserialize)]
struct LookupSettings {
    #[serde(default)]
    on: Vec<KeyPair>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    suffix: String,
}

impl StepKind for Lookup {
    about!(
        "lookup",
        "Lookup",
        Enrich,
        ["vlookup", "enrich", "reference data", "dimension", "dictionary"],
        "Adds columns of the right input to each row whose key is found there. Rows are never multiplied and never \
         lost: of several right rows with a key the first of all their columns counts; where there is none the new \
         columns are null."
    );

    fn form(&self) -> &'static [FormField] {
        const PAIR: &[FormField] = &[
            FormField::new("left", "Key", FieldKind::Key { input: "left" }, "Column or expression that is looked up.")
                .required(),
            FormField::new(
                "right",
                "Found in",
                FieldKind::Column { input: "right", types: &[] },
                "The column of the right input that it must equal.",
            )
            .required(),
        ];
        const FORM: &[FormField] = &[
            FormField::new("on", "Look up", FieldKind::Items(PAIR), "What is looked up, and where."),
            FormField::new(
                "columns",
                "Add",
                FieldKind::Columns { input: "right" },
                "The columns of the right that are added; all where empty.",
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
        defaults(serde_json::json!({"on": []}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} by {}", names_of(settings, "columns"), items_of(settings, "on", &["left"])), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<LookupSettings>() else { return };
        let (left, right) = (lowering.input("left"), lowering.input("right"));
        let (Some(left), Some(right)) = (left, right) else { return };
        if settings.on.is_empty() {
            lowering.report(
                Diagnostic::error("PW0339", "nothing says what is looked up")
                    .help("add a key and the column it is found in")
                    .field("on"),
            );
            return;
        }
        for (index, item) in settings.on.iter().enumerate() {
            if lowering.column(&item_field("on", &item.id, index, "right"), &item.right, right).is_none() {
                return;
            }
        }
        let quoted =
            settings.on.iter().map(|pair| KeyPair { right: super::expression_text::name(&pair.right), ..pair.clone() });
        let quoted: Vec<KeyPair> = quoted.collect();
        let Some(on) = pairs(&quoted, lowering, left, right) else { return };
        if lowering.columns("columns", &settings.columns, right).is_none() {
            return;
        }
        let keys = settings.on.iter().map(|pair| pair.right.clone()).collect();
        let first = Op::Distinct(Distinct { keys, order: Vec::new(), keep: Keep::First });
        let Some(right) = lowering.push_from("on", first, vec![right]) else { return };
        let join = JoinSettings::left(settings.columns, settings.suffix);
        if let Some(node) = push_join(&join, on, lowering, left, right) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUTS: &[(&str, Table)] = &[
            ("left", Table::new("user String, amount Int", "[\"ann\", 5]\n[\"bo\", 7]\n[null, 9]")),
            (
                "right",
                Table::new(
                    "id String, plan String, country String",
                    "[\"ann\", \"team\", \"DE\"]\n[\"ann\", \"free\", \"DE\"]\n[\"cy\", \"free\", \"FR\"]",
                ),
            ),
        ];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the plan of each user; a key that is there twice counts once",
                r#"{"on": [{"id": "k1", "left": "user", "right": "id"}], "columns": ["plan"]}"#,
                INPUTS,
                &[(
                    "out",
                    Table::new(
                        "user String, amount Int, plan String",
                        "[\"ann\", 5, \"free\"]\n[\"bo\", 7, null]\n[null, 9, null]",
                    ),
                )],
            ),
            Example::new(
                "a key that is computed",
                r#"{"on": [{"id": "k1", "left": "concat('c', substring(user, 2, 1))", "right": "id"}],
                    "columns": ["country"]}"#,
                &[
                    ("left", Table::new("user String", "[\"xy\"]\n[\"xz\"]")),
                    ("right", Table::new("id String, country String", "[\"cy\", \"FR\"]")),
                ],
                &[("out", Table::new("user String, country String", "[\"xy\", \"FR\"]\n[\"xz\", null]"))],
            ),
        ];
        EXAMPLES
    }
}
