//! Aggregate: one row for each group, with measures.

use serde::Deserialize;

use super::groups::{Groups, REASON, SMALLEST_GROUP};
use super::items::{KEY_ITEMS, MEASURE_ITEMS, NamedExpression};
use super::kind::about;
use super::settings::{defaults, items_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;

pub(super) struct Aggregate;
pub(super) static KIND: Aggregate = Aggregate;

#[derive(Deserialize, Default)]
#[serde(default)]
struct AggregateSettings {
    keys: Vec<NamedExpression>,
    measures: Vec<NamedExpression>,
    #[serde(flatten)]
    groups: Groups,
}

impl StepKind for Aggregate {
    about!(
        "aggregate",
        "Aggregate",
        Analyse,
        ["group by", "sum", "count", "average", "summarise", "total", "median"],
        "Makes one row of each group of rows with the same keys, with measures such as count(*), sum(bytes) or \
         count_distinct(user). Null is a key like any other. Without keys, all rows are one group. With a smallest \
         group and a reason, counts, sums and means of personal columns are internal; keys stay what they are."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "keys",
                "For each",
                FieldKind::Items(KEY_ITEMS),
                "What makes a group; one row for all where empty.",
            ),
            FormField::new("measures", "Measure", FieldKind::Items(MEASURE_ITEMS), "What is measured in each group."),
            SMALLEST_GROUP,
            REASON,
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"keys": [], "measures": [{"id": "m1", "name": "rows", "expression": "count(*)"}]}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let keys = items_of(settings, "keys", &["name", "expression"]);
        let measures = items_of(settings, "measures", &["name"]);
        (if keys.is_empty() { measures } else { format!("{measures} by {keys}") }, false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<AggregateSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.keys.is_empty() && settings.measures.is_empty() {
            lowering.report(
                Diagnostic::error("PW0344", "there is neither a key nor a measure")
                    .help("add a measure, such as `count(*)`")
                    .field("measures"),
            );
            return;
        }
        let Some(keys) = lowering.group_keys("keys", &settings.keys, input) else { return };
        if let Some(node) = lowering.push_aggregate(keys, &settings.measures, &settings.groups, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "page String, status Int, bytes Int",
                "[\"/\", 200, 10]\n[\"/\", 500, 30]\n[\"/a\", 200, null]\n[null, 200, 4]",
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "requests, bytes and failures for each page",
                r#"{"keys": [{"id": "k1", "expression": "page"}],
                    "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"},
                        {"id": "m2", "name": "bytes", "expression": "sum(bytes)"},
                        {"id": "m3", "name": "failures", "expression": "count_if(status >= 500)"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "page String, requests Int, bytes Int, failures Int",
                        "[\"/\", 2, 40, 1]\n[\"/a\", 1, null, 0]\n[null, 1, 4, 0]",
                    ),
                )],
            ),
            Example::new(
                "only groups of two rows or more",
                r#"{"keys": [{"id": "k1", "expression": "status"}], "smallest_group": 2,
                    "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"},
                        {"id": "m2", "name": "mean_bytes", "expression": "avg(bytes)"}]}"#,
                INPUT,
                &[("out", Table::new("status Int, requests Int, mean_bytes Float", "[200, 3, 7.0]"))],
            ),
            Example::new(
                "a measure made of two, over all rows",
                r#"{"measures": [{"id": "m1", "name": "mean_bytes", "expression": "sum(bytes) / count(*)"}]}"#,
                INPUT,
                &[("out", Table::new("mean_bytes Float", "[11.0]"))],
            ),
        ];
        EXAMPLES
    }
}
