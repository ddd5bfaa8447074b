//! Replace values: a list of what becomes what.

use serde::Deserialize;

use super::items::item_field;
use super::kind::about;
use super::settings::text_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::{DataType, Value};
use crate::expr::{BinaryOp, Expr, ExprKind, Place, print};
use crate::ir::{Column, NodeId};

pub(super) struct ReplaceValues;
pub(super) static KIND: ReplaceValues = ReplaceValues;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ReplaceSettings {
    column: String,
    values: Vec<Item>,
    otherwise: Otherwise,
    other: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    id: String,
    from: String,
    to: String,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Otherwise {
    #[default]
    Keep,
    Null,
    Value,
}

impl StepKind for ReplaceValues {
    about!(
        "replace_values",
        "Replace values",
        Clean,
        ["map", "recode", "substitute", "rename values", "lookup"],
        "Replaces values of a column by others from a list; all other values are kept, become null, or become one value."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("from", "Value", FieldKind::Literal, "Write the value to replace, such as 'prod' or null.")
                .required(),
            FormField::new("to", "Becomes", FieldKind::Literal, "Write the value in its place.").required(),
        ];
        const FORM: &[FormField] = &[
            FormField::new("column", "Column", FieldKind::Column { input: "in", types: &[] }, "Choose a column.")
                .required(),
            FormField::new("values", "Values", FieldKind::Items(ITEMS), "What becomes what."),
            FormField::new(
                "otherwise",
                "Other values",
                FieldKind::Choice(&[("keep", "stay"), ("null", "become null"), ("value", "become this value")]),
                "What becomes of values that are not listed.",
            ),
            FormField::new("other", "This value", FieldKind::Literal, "The value for all that is not listed."),
            FormField::new(
                "name",
                "Into column",
                FieldKind::Text { placeholder: "the same column" },
                "Name of the column that takes the result.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        super::settings::defaults(serde_json::json!({"otherwise": "keep"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "column").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<ReplaceSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if lowering.column("column", &settings.column, input).is_none() {
            return;
        }
        if settings.values.is_empty() && settings.otherwise == Otherwise::Keep {
            lowering.pass_through(input, "no value is replaced yet", "add a value and what it becomes", "values");
            return;
        }
        let Some(expr) = replacement(&settings, lowering, input) else { return };
        let name = if settings.name.trim().is_empty() { &settings.column } else { settings.name.trim() };
        lowering.warn_of_replaced("name", std::iter::once(name), &settings.column, input);
        let columns = lowering.put_columns(input, vec![Column::new(name, expr)]);
        if let Some(node) = lowering.push_projecting(columns, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("level String", "[\"ERR\"]\n[\"warn\"]\n[\"debug\"]\n[null]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "one spelling for each level",
                r#"{"column": "level", "values": [{"id": "v1", "from": "'ERR'", "to": "'error'"},
                    {"id": "v2", "from": "null", "to": "'unknown'"}]}"#,
                INPUT,
                &[("out", Table::new("level String", "[\"error\"]\n[\"warn\"]\n[\"debug\"]\n[\"unknown\"]"))],
            ),
            Example::new(
                "numbers for names, the rest is null",
                r#"{"column": "level", "otherwise": "null", "name": "rank",
                    "values": [{"id": "v1", "from": "'ERR'", "to": "1"}, {"id": "v2", "from": "'warn'", "to": "2"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "level String, rank Int",
                        "[\"ERR\", 1]\n[\"warn\", 2]\n[\"debug\", null]\n[null, null]",
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// A searched `case` over the listed values.
fn replacement(settings: &ReplaceSettings, lowering: &mut Lowering, input: NodeId) -> Option<Expr> {
    let column = || Expr::column(&settings.column);
    let mut branches = Vec::new();
    for (index, item) in settings.values.iter().enumerate() {
        let from_field = item_field("values", &item.id, index, "from");
        let to_field = item_field("values", &item.id, index, "to");
        let from = lowering.literal(&from_field, &item.from)?;
        let to = lowering.literal(&to_field, &item.to)?;
        let when = if matches!(from.kind, ExprKind::Literal(Value::Null)) {
            Expr::is_null(column(), false)
        } else {
            Expr::binary(BinaryOp::Equal, column(), from)
        };
        lowering.expression(&from_field, &print(&when), input, Place::Row, Some(&DataType::Boolean))?;
        branches.push((when, to));
    }
    let otherwise = match settings.otherwise {
        Otherwise::Keep => Some(column()),
        Otherwise::Null => None,
        Otherwise::Value => Some(lowering.literal("other", &settings.other)?),
    };
    if branches.is_empty() {
        return Some(otherwise.unwrap_or_else(|| Expr::literal(Value::Null)));
    }
    let case = Expr::made(ExprKind::Case { operand: None, branches, otherwise: otherwise.map(Box::new) });
    lowering.expression("values", &print(&case), input, Place::Row, None)?;
    Some(case)
}
