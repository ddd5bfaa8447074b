//! Compute columns: new columns from expressions.

use std::collections::HashSet;

use serde::Deserialize;

use super::items::{NamedExpression, item_field};
use super::kind::about;
use super::settings::items_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::expr::Place;
use crate::ir::{Column, NodeId, Project, RaisedColumn};

pub(super) struct Compute;
pub(super) static KIND: Compute = Compute;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ComputeSettings {
    columns: Vec<ComputedColumn>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ComputedColumn {
    #[serde(flatten)]
    made: NamedExpression,
    /// Empty: what it is made from says it.
    classification: String,
}

impl StepKind for Compute {
    about!(
        "compute",
        "Compute columns",
        Shape,
        ["derive", "expression", "formula", "add column", "calculate"],
        "Adds columns computed row by row. A later one may use an earlier one; one with the name of an existing column \
         replaces it in its place. A `cast` that does not fit rejects its row with the reason; `try_cast` gives null."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("name", "Name", FieldKind::Text { placeholder: "is_slow" }, "Name of the column.")
                .required(),
            FormField::new(
                "expression",
                "Expression",
                FieldKind::Expression { input: "in", place: Place::Row, result: None },
                "Write what the column holds, such as duration > 3.",
            )
            .required(),
            FormField::new(
                "classification",
                "Class",
                FieldKind::Choice(&[
                    ("", "as what it is made from"),
                    ("internal", "internal at least"),
                    ("personal", "personal at least"),
                    ("secret", "secret"),
                ]),
                "Who may see it, where it is closer than what it is made from: an address that stands in a message.",
            )
            .for_policy(),
        ];
        const FORM: &[FormField] =
            &[FormField::new("columns", "Columns", FieldKind::Items(ITEMS), "The columns to compute, in order.")];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (items_of(settings, "columns", &["name"]), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<ComputeSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() {
            lowering.pass_through(input, "no column is computed yet", "add a column with an expression", "columns");
            return;
        }
        if let Some(node) = lower_columns(&settings.columns, lowering, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a later column uses an earlier one",
                r#"{"columns": [{"id": "c1", "name": "seconds", "expression": "milliseconds / 1000"},
                    {"id": "c2", "name": "is_slow", "expression": "seconds > 3"}]}"#,
                &[("in", Table::new("milliseconds Int", "[250]\n[4000]\n[null]"))],
                &[(
                    "out",
                    Table::new(
                        "milliseconds Int, seconds Float, is_slow Boolean",
                        "[250, 0.25, false]\n[4000, 4.0, true]\n[null, null, null]",
                    ),
                )],
            ),
            Example::new(
                "the same name replaces the column in its place",
                r#"{"columns": [{"id": "c1", "name": "method", "expression": "lower(method)"}]}"#,
                &[("in", Table::new("method String, path String", "[\"GET\", \"/\"]\n[\"Post\", \"/cart\"]"))],
                &[("out", Table::new("method String, path String", "[\"get\", \"/\"]\n[\"post\", \"/cart\"]"))],
            ),
            Example::new(
                "what is taken out of a message is personal, though the message is not",
                r#"{"columns": [{"id": "c1", "name": "client", "expression": "regexp_extract(message, 'from (\\S+)', 1)",
                    "classification": "personal"}]}"#,
                &[("in", Table::new("message String", "[\"refused from 198.18.0.1\"]\n[\"started\"]"))],
                &[(
                    "out",
                    Table::new(
                        "message String, client String",
                        "[\"refused from 198.18.0.1\", \"198.18.0.1\"]\n[\"started\", null]",
                    ),
                )],
            ),
            Example::new(
                "a cast rejects what does not fit",
                r#"{"columns": [{"id": "c1", "name": "amount",
                    "expression": "case when amount = 'free' then 0 else cast(amount as int) end"}]}"#,
                &[("in", Table::new("amount String", "[\"12\"]\n[\"n/a\"]\n[null]\n[\"free\"]"))],
                &[("out", Table::new("amount Int", "[12]\n[null]\n[0]"))],
            ),
        ];
        EXAMPLES
    }
}

/// One projection for as many columns as do not use one another.
fn lower_columns(items: &[ComputedColumn], lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let mut node = input;
    let mut batch = Batch::default();
    for (index, ComputedColumn { made: item, classification }) in items.iter().enumerate() {
        let field = item_field("columns", &item.id, index, "expression");
        let name = lowering.new_name(&item_field("columns", &item.id, index, "name"), &item.name)?;
        let made: HashSet<&str> = batch.columns.iter().map(|column| column.name.as_str()).collect();
        let uses_batch = match crate::expr::parse(&item.expression) {
            Ok(parsed) => made.contains(name.as_str()) || parsed.columns().iter().any(|column| made.contains(column)),
            Err(_) => false,
        };
        if uses_batch {
            node = push_batch(std::mem::take(&mut batch), lowering, node)?;
        }
        let (expr, _) = lowering.expression(&field, &item.expression, node, Place::Row, None)?;
        if let Ok(classification) = serde_json::from_value(classification.as_str().into()) {
            batch.raised.push(RaisedColumn { column: name.clone(), classification });
        }
        batch.columns.push(Column { name, expr });
    }
    push_batch(batch, lowering, node)
}

#[derive(Default)]
struct Batch {
    columns: Vec<Column>,
    raised: Vec<RaisedColumn>,
}

fn push_batch(batch: Batch, lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let columns = lowering.put_columns(input, batch.columns);
    let losses = lowering.written_cast_losses(&columns, input);
    lowering.push_project(Project { raised: batch.raised, losses, ..Project::new(columns) }, input)
}
