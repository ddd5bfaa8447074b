//! Limit: the first rows.

use serde::Deserialize;

use super::kind::about;
use super::settings::{defaults, names_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::ir::{self, Op};

pub(super) struct Limit;
pub(super) static KIND: Limit = Limit;

#[derive(Deserialize)]
struct LimitSettings {
    #[serde(default = "hundred")]
    count: u64,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    order: Vec<String>,
}

fn hundred() -> u64 {
    100
}

impl StepKind for Limit {
    about!(
        "limit",
        "Limit",
        Clean,
        ["head", "first", "take", "offset", "skip"],
        "Keeps the first rows of an order, after leaving out as many as asked. Without an order, any rows may be kept: \
         a sample, and not the same one everywhere."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new("count", "Rows", FieldKind::Integer { min: 0, max: i64::MAX }, "How many rows to keep."),
            FormField::new(
                "offset",
                "Leave out",
                FieldKind::Integer { min: 0, max: i64::MAX },
                "How many rows to leave out before.",
            ),
            FormField::new(
                "order",
                "In order of",
                FieldKind::Order { input: "in" },
                "Which rows are first, such as time desc.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"count": 100}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let count = settings.get("count").and_then(serde_json::Value::as_u64).unwrap_or_else(hundred);
        let order = names_of(settings, "order");
        (if order.is_empty() { format!("{count} rows") } else { format!("{count} rows by {order}") }, false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<LimitSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.order.is_empty() {
            lowering.report(
                Diagnostic::hint("PW0338", "without an order any rows may be kept")
                    .help("add an order, such as `time`, to keep the same rows everywhere")
                    .field("order"),
            );
        }
        let Some(keys) = lowering.order("order", &settings.order, input) else { return };
        let op = Op::Limit(ir::Limit { keys, count: settings.count, offset: settings.offset });
        if let Some(node) = lowering.push_from("order", op, vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("page String, views Int", "[\"/b\", 2]\n[\"/a\", 7]\n[\"/c\", 4]\n[\"/d\", 9]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the two pages with most views",
                r#"{"count": 2, "order": ["views desc"]}"#,
                INPUT,
                &[("out", Table::new("page String, views Int", "[\"/d\", 9]\n[\"/a\", 7]"))],
            ),
            Example::new(
                "the next two",
                r#"{"count": 2, "offset": 2, "order": ["views desc"]}"#,
                INPUT,
                &[("out", Table::new("page String, views Int", "[\"/c\", 4]\n[\"/b\", 2]"))],
            ),
        ];
        EXAMPLES
    }
}
