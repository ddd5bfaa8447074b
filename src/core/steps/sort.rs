//! Sort: an order for the rows.

use serde::Deserialize;

use super::kind::about;
use super::settings::names_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::ir::{self, Op};

pub(super) struct Sort;
pub(super) static KIND: Sort = Sort;

#[derive(Deserialize, Default)]
#[serde(default)]
struct SortSettings {
    keys: Vec<String>,
}

impl StepKind for Sort {
    about!(
        "sort",
        "Sort",
        Clean,
        ["order", "arrange", "descending", "ascending"],
        "Puts the rows in order. Nulls come last, both ways; text goes by code points; rows that are equal in the keys \
         go by all their columns."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[FormField::new(
            "keys",
            "In order of",
            FieldKind::Order { input: "in" },
            "Order keys, such as time desc.",
        )];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (names_of(settings, "keys"), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<SortSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.keys.is_empty() {
            lowering.pass_through(input, "no order is given yet", "add a key, such as `time desc`", "keys");
            return;
        }
        let Some(keys) = lowering.order("keys", &settings.keys, input) else { return };
        if let Some(node) = lowering.push_from("keys", Op::Sort(ir::Sort { keys }), vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("page String, views Int", "[\"/b\", 2]\n[\"/a\", null]\n[\"/c\", 2]\n[\"/d\", 9]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "most views first, nulls last",
                r#"{"keys": ["views desc", "page"]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new("page String, views Int", "[\"/d\", 9]\n[\"/b\", 2]\n[\"/c\", 2]\n[\"/a\", null]"),
                )],
            )
            .ordered(),
            Example::new(
                "nulls are last upwards too",
                r#"{"keys": ["views"]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new("page String, views Int", "[\"/b\", 2]\n[\"/c\", 2]\n[\"/d\", 9]\n[\"/a\", null]"),
                )],
            )
            .ordered(),
        ];
        EXAMPLES
    }
}
