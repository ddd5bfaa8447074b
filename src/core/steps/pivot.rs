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
         measure over the rows that have it. The values are listed, so that the columns are known before any run."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("value", "Value", FieldKind::Literal, "The value, such as 'web' or 200.").required(),
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
                "measure",
                "Measure",
                FieldKind::Expression { input: "in", place: Place::Aggregate, result: None },
                "What stands in each cell, such as count(*) or sum(bytes).",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"measure": "count(*)"}))
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
        let mut measures = Vec::new();
        for (index, item) in settings.values.iter().enumerate() {
            let field = item_field("values", &item.id, index, "value");
            let Some(value) = lowering.literal(&field, &item.value) else { return };
            let matching = Expr::binary(BinaryOp::Equal, Expr::column(&settings.column), value.clone());
            if lowering.made_expression(&field, &matching, input).is_none() {
                return;
            }
            let name = if item.name.trim().is_empty() { shown(&value) } else { item.name.trim().to_owned() };
            let expression = print(&only_where(measure.clone(), &matching));
            measures.push(NamedExpression { id: item.id.clone(), name, expression });
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
