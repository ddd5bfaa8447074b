//! Remove duplicates: one row for each key.

use serde::Deserialize;

use super::kind::about;
use super::settings::{defaults, names_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::ir::{Distinct, Keep, Op};

pub(super) struct RemoveDuplicates;
pub(super) static KIND: RemoveDuplicates = RemoveDuplicates;

#[derive(Deserialize)]
struct DuplicateSettings {
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    order: Vec<String>,
    #[serde(default = "first")]
    keep: Keep,
}

fn first() -> Keep {
    Keep::First
}

impl StepKind for RemoveDuplicates {
    about!(
        "remove_duplicates",
        "Remove duplicates",
        Clean,
        ["distinct", "unique", "dedupe", "latest"],
        "Keeps one row for each key: the first or the last in an order. Without keys, rows that are equal in all \
         columns become one."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "keys",
                "Same rows have the same",
                FieldKind::Columns { input: "in" },
                "The columns that make a row a duplicate; all where empty.",
            ),
            FormField::new(
                "order",
                "In order of",
                FieldKind::Order { input: "in" },
                "Which row is first; ties go by all columns.",
            ),
            FormField::new(
                "keep",
                "Keep",
                FieldKind::Choice(&[("first", "the first"), ("last", "the last")]),
                "Which of the rows stays.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"keep": "first"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let keys = names_of(settings, "keys");
        (if keys.is_empty() { "all columns".to_owned() } else { keys }, false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<DuplicateSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if lowering.columns("keys", &settings.keys, input).is_none() {
            return;
        }
        let Some(order) = lowering.order("order", &settings.order, input) else { return };
        let op = Op::Distinct(Distinct { keys: settings.keys, order, keep: settings.keep });
        if let Some(node) = lowering.push_from("keys", op, vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("id Int, version Int", "[1, 1]\n[1, 3]\n[1, 2]\n[2, 1]\n[2, 1]\n[null, 7]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the latest version of each id",
                r#"{"keys": ["id"], "order": ["version"], "keep": "last"}"#,
                INPUT,
                &[("out", Table::new("id Int, version Int", "[1, 3]\n[2, 1]\n[null, 7]"))],
            ),
            Example::new(
                "equal rows become one",
                r#"{}"#,
                INPUT,
                &[("out", Table::new("id Int, version Int", "[1, 1]\n[1, 3]\n[1, 2]\n[2, 1]\n[null, 7]"))],
            ),
        ];
        EXAMPLES
    }
}
