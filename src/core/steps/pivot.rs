//! Pivot: values of a column become columns.

use serde::Deserialize;

use super::calls::is_call;
use super::groups::Groups;
use super::items::{NamedExpression, item_field};
use super::kind::about;
use super::settings::{defaults, names_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::Value;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, ExprKind, Place, parse, print};
use crate::ir::Column;

pub(super) struct Pivot;
pub(super) static KIND: Pivot = Pivot;

#[derive(Deserialize)]
struct PivotSettings {
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    column: String,
    #[serde(default)]
    values: Vec<Item>,
    /// Name of the column for the rows of all other values; none where empty.
    #[serde(default)]
    other: String,
    #[serde(default = "count")]
    measure: String,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    id: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    name: String,
}

fn count() -> String {
    "count(*)".to_owned()
}

impl StepKind for Pivot {
    about!(
        "pivot",
        "Pivot",
        Shape,
        ["cross table", "crosstab", "long to wide", "rows to columns", "matrix"],
        "Turns values of a column into columns: a row for each key, and a column for each of the listed values with the \
         measure over the rows that have it, null among them where it is listed. The values are listed, so that the columns \
         are known before any run; one more column has the rows of all other values."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("value", "Value", FieldKind::Literal, "The value, such as 'web', 200 or null.").required(),
            FormField::new(
                "name",
                "Name",
                FieldKind::Text { placeholder: "same as the value" },
                "Name of the new column.",
            ),
        ];
        const FORM: &[FormField] = &[
            FormField::new("keys", "Rows", FieldKind::Columns { input: "in" }, "Each of these keys is one row."),
            FormField::new(
                "column",
                "Column",
                FieldKind::Column { input: "in", types: &[] },
                "Choose the column whose values become columns.",
            )
            .required(),
            FormField::new("values", "Values", FieldKind::Items(ITEMS), "The values that become columns."),
            FormField::new(
                "other",
                "Others",
                FieldKind::Text { placeholder: "other" },
                "Name of the column for rows of any other value, so that none is missing; no such column where empty.",
            ),
            FormField::new(
                "measure",
                "Measure",
                FieldKind::Expression { input: "in", place: Place::Aggregate, result: None },
                "What stands in each cell, such as count(*) or sum(bytes).",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"measure": "count(*)", "other": "other"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} by {}", text_of(settings, "column"), names_of(settings, "keys")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<PivotSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let found =
            (lowering.columns("keys", &settings.keys, input), lowering.column("column", &settings.column, input));
        let (Some(()), Some(_)) = found else { return };
        if settings.values.is_empty() {
            lowering.pass_through(input, "no value becomes a column yet", "add the values that are wanted", "values");
            return;
        }
        // Told where it was written, not once for each value.
        if lowering.expression("measure", &settings.measure, input, Place::Aggregate, None).is_none() {
            return;
        }
        let Ok(measure) = parse(&settings.measure) else { return };
        let (mut measures, mut others) = (Vec::new(), Vec::new());
        for (index, item) in settings.values.iter().enumerate() {
            let field = item_field("values", &item.id, index, "value");
            let Some(value) = lowering.literal(&field, &item.value) else { return };
            let column = Expr::column(&settings.column);
            others.push(Expr::is_distinct(column.clone(), value.clone()));
            // A null is a value as others are.
            let matching = match &value.kind {
                ExprKind::Literal(Value::Null) => Expr::is_null(column, false),
                _ => Expr::binary(BinaryOp::Equal, column, value.clone()),
            };
            if lowering.made_expression(&field, &matching, input).is_none() {
                return;
            }
            let name = if item.name.trim().is_empty() { shown(&value) } else { item.name.trim().to_owned() };
            let expression = print(&only_where(measure.clone(), &matching));
            measures.push(NamedExpression { id: item.id.clone(), name, expression });
        }
        match settings.other.trim() {
            "" => lowering.report(
                Diagnostic::hint("PW0379", "rows of values that are not listed are in no column")
                    .help("name a column for them in “Others”, or keep only the listed values before")
                    .field("other"),
            ),
            other => measures.push(NamedExpression {
                id: String::new(),
                name: other.to_owned(),
                expression: print(&only_where(measure, &Expr::all(others))),
            }),
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = measures.iter().find(|measure| !seen.insert(&measure.name)) {
            lowering.report(
                Diagnostic::error("PW0320", format!("two columns would be named `{}`", twice.name))
                    .help("give one of them another name")
                    .field("values"),
            );
            return;
        }
        let keys = settings.keys.iter().map(|key| Column::same(key)).collect();
        if let Some(node) = lowering.push_aggregate(keys, &measures, &Groups::default(), input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "page String, plan String, bytes Int",
                "[\"/\", \"free\", 10]\n[\"/\", \"plus\", 30]\n[\"/\", \"free\", 5]\n[\"/a\", \"plus\", 1]",
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "views of each page by plan",
                r#"{"keys": ["page"], "column": "plan",
                    "values": [{"id": "v1", "value": "'free'"}, {"id": "v2", "value": "'plus'"}]}"#,
                INPUT,
                &[("out", Table::new("page String, free Int, plus Int", "[\"/\", 2, 1]\n[\"/a\", 0, 1]"))],
            ),
            Example::new(
                "null is a value, and no row is left out",
                r#"{"keys": ["page"], "column": "plan", "other": "other",
                    "values": [{"id": "v1", "value": "'free'"}, {"id": "v2", "value": "null", "name": "none"}]}"#,
                &[(
                    "in",
                    Table::new(
                        "page String, plan String",
                        "[\"/\", \"free\"]\n[\"/\", null]\n[\"/\", \"plus\"]\n[\"/\", \"new\"]\n[\"/a\", null]",
                    ),
                )],
                &[(
                    "out",
                    Table::new("page String, free Int, none Int, other Int", "[\"/\", 1, 1, 2]\n[\"/a\", 0, 1, 0]"),
                )],
            ),
            Example::new(
                "mean bytes, named",
                r#"{"keys": ["page"], "column": "plan", "measure": "sum(bytes) / count(*)",
                    "values": [{"id": "v1", "value": "'free'", "name": "free_bytes"}]}"#,
                INPUT,
                &[("out", Table::new("page String, free_bytes Float", "[\"/\", 7.5]\n[\"/a\", null]"))],
            ),
        ];
        EXAMPLES
    }
}

/// The measure over those rows alone: every aggregate in it gets the condition.
fn only_where(measure: Expr, matching: &Expr) -> Expr {
    measure.rewrite(&mut |mut expr| {
        let is_aggregate = is_call(&expr, false);
        if let (true, ExprKind::Call(call)) = (is_aggregate, &mut expr.kind) {
            let filter = call.filter.take().map(|filter| *filter);
            call.filter = Some(Box::new(Expr::all(filter.into_iter().chain([matching.clone()]))));
        }
        expr
    })
}

/// A value as a column's name.
fn shown(value: &Expr) -> String {
    match &value.kind {
        ExprKind::Literal(Value::String(text)) => text.clone(),
        _ => print(value),
    }
}
