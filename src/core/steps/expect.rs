//! Expect: rules that rows must meet.

use serde::Deserialize;

use super::items::item_field;
use super::kind::about;
use super::settings::items_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::expr::{Place, print};
use crate::ir::{Check, NodeId, OnFail, Op};

pub(super) struct Expect;
pub(super) static KIND: Expect = Expect;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ExpectSettings {
    rules: Vec<Rule>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Rule {
    id: String,
    predicate: String,
    reason: String,
    on_fail: Fail,
    flag: String,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Fail {
    #[default]
    Reject,
    Flag,
    Stop,
}

impl StepKind for Expect {
    about!(
        "expect",
        "Expect",
        Check,
        ["validate", "quality", "assert", "quarantine", "rule", "test"],
        "Rules that every row must meet. A row that fails one goes to quarantine with the reason, is flagged in a \
         column, or stops the run. A rule that gives null counts as failed."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new(
                "predicate",
                "Rule",
                FieldKind::Expression { input: "in", place: Place::Row, result: Some(DataType::Boolean) },
                "Write what must be true of every row, such as bytes >= 0.",
            )
            .required(),
            FormField::new(
                "reason",
                "Reason",
                FieldKind::Text { placeholder: "bytes are negative" },
                "Shown with the rows that fail.",
            ),
            FormField::new(
                "on_fail",
                "A row that fails",
                FieldKind::Choice(&[
                    ("reject", "goes to quarantine"),
                    ("flag", "is flagged"),
                    ("stop", "stops the run"),
                ]),
                "What becomes of a row that fails.",
            ),
            FormField::new(
                "flag",
                "Flag column",
                FieldKind::Text { placeholder: "failed" },
                "Name of the Boolean column that flags it.",
            ),
        ];
        const FORM: &[FormField] =
            &[FormField::new("rules", "Rules", FieldKind::Items(ITEMS), "What every row must meet.")];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (items_of(settings, "rules", &["predicate"]), true)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<ExpectSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.rules.is_empty() {
            lowering.pass_through(
                input,
                "nothing is expected yet",
                "add a rule, such as `status is not null`",
                "rules",
            );
            return;
        }
        let mut node = input;
        for (index, rule) in settings.rules.iter().enumerate() {
            match lower_rule(rule, index, lowering, node) {
                Some(next) => node = next,
                None => return,
            }
        }
        lowering.output("out", node);
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[("in", Table::new("id Int, bytes Int", "[1, 10]\n[2, -1]\n[3, null]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "rows with impossible sizes go to quarantine",
                r#"{"rules": [{"id": "r1", "predicate": "bytes >= 0", "reason": "bytes are negative or missing"}]}"#,
                INPUT,
                &[("out", Table::new("id Int, bytes Int", "[1, 10]"))],
            ),
            Example::new(
                "rows are flagged and stay",
                r#"{"rules": [{"id": "r1", "predicate": "bytes >= 0 or bytes is null", "on_fail": "flag", "flag": "is_odd"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new("id Int, bytes Int, is_odd Boolean", "[1, 10, false]\n[2, -1, true]\n[3, null, false]"),
                )],
            ),
        ];
        EXAMPLES
    }
}

fn lower_rule(rule: &Rule, index: usize, lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let field = item_field("rules", &rule.id, index, "predicate");
    let wanted = DataType::Boolean;
    let (predicate, _) = lowering.expression(&field, &rule.predicate, input, Place::Row, Some(&wanted))?;
    let mut node = input;
    let predicate = lowering.without_strict_casts(predicate, &mut node)?;
    let reason = match rule.reason.trim() {
        "" => format!("`{}` is not true", print(&predicate)),
        reason => reason.to_owned(),
    };
    let on_fail = match rule.on_fail {
        Fail::Reject => OnFail::Reject,
        Fail::Stop => OnFail::Stop,
        Fail::Flag => {
            let name = if rule.flag.trim().is_empty() { "failed" } else { rule.flag.trim() };
            OnFail::Flag(lowering.schema(node).free_name(name))
        }
    };
    lowering.push_from(&field, Op::Check(Check { predicate, reason, on_fail }), vec![node])
}
