//! Select: chooses, renames, orders or drops columns.

use serde::Deserialize;

use super::items::item_field;
use super::kind::about;
use super::settings::{defaults, items_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::expr::Expr;
use crate::ir::{Column, NodeId, Op, Project};

pub(super) struct Select;
pub(super) static KIND: Select = Select;

#[derive(Deserialize)]
struct SelectSettings {
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    columns: Vec<Item>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Keep,
    Drop,
    Rename,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    id: String,
    column: String,
    name: String,
}

impl Item {
    fn output(&self) -> &str {
        if self.name.trim().is_empty() { &self.column } else { self.name.trim() }
    }
}

impl StepKind for Select {
    about!(
        "select",
        "Select columns",
        Shape,
        ["rename", "reorder", "drop", "remove", "columns", "project"],
        "Chooses columns, in the order listed and under new names where given; or drops the listed ones; or renames \
         them in their place and keeps all others."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("column", "Column", FieldKind::Column { input: "in", types: &[] }, "Choose a column.")
                .required(),
            FormField::new("name", "New name", FieldKind::Text { placeholder: "unchanged" }, "Its name from here on."),
        ];
        const FORM: &[FormField] = &[
            FormField::new(
                "mode",
                "What to do",
                FieldKind::Choice(&[
                    ("keep", "Keep only these, in this order"),
                    ("drop", "Drop these"),
                    ("rename", "Rename these, keep the others"),
                ]),
                "What becomes of the listed columns.",
            ),
            FormField::new("columns", "Columns", FieldKind::Items(ITEMS), "The columns that are meant."),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"mode": "keep", "columns": []}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let columns = items_of(settings, "columns", &["column"]);
        match text_of(settings, "mode") {
            "drop" => (format!("without {columns}"), false),
            "rename" => (items_of(settings, "columns", &["name", "column"]), false),
            _ => (columns, false),
        }
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<SelectSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() {
            lowering.pass_through(input, "all columns pass, since none is listed", "list columns", "columns");
            return;
        }
        let found: Vec<_> = settings
            .columns
            .iter()
            .enumerate()
            .map(|(index, item)| {
                lowering.column(&item_field("columns", &item.id, index, "column"), &item.column, input)
            })
            .collect();
        if found.iter().any(Option::is_none) {
            return;
        }
        let Some(columns) = chosen(&settings, lowering, input) else { return };
        if let Some(node) = lowering.push_from("columns", Op::Project(Project::new(columns)), vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("status Int, path String, bytes Int", "[200, \"/\", 512]\n[404, \"/x\", null]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "two columns in another order, one renamed",
                r#"{"columns": [{"id": "c1", "column": "path", "name": "page"}, {"id": "c2", "column": "status"}]}"#,
                INPUT,
                &[("out", Table::new("page String, status Int", "[\"/\", 200]\n[\"/x\", 404]"))],
            ),
            Example::new(
                "all but one",
                r#"{"mode": "drop", "columns": [{"id": "c1", "column": "bytes"}]}"#,
                INPUT,
                &[("out", Table::new("status Int, path String", "[200, \"/\"]\n[404, \"/x\"]"))],
            ),
            Example::new(
                "a new name, everything else unchanged",
                r#"{"mode": "rename", "columns": [{"id": "c1", "column": "path", "name": "page"}]}"#,
                INPUT,
                &[("out", Table::new("status Int, page String, bytes Int", "[200, \"/\", 512]\n[404, \"/x\", null]"))],
            ),
        ];
        EXAMPLES
    }
}

/// The output columns; two under one name are reported.
fn chosen(settings: &SelectSettings, lowering: &mut Lowering, input: NodeId) -> Option<Vec<Column>> {
    let listed = |name: &str| settings.columns.iter().find(|item| item.column == name);
    let schema = lowering.schema(input);
    let columns: Vec<Column> = match settings.mode {
        Mode::Keep => {
            settings.columns.iter().map(|item| Column::new(item.output(), Expr::column(&item.column))).collect()
        }
        Mode::Drop => schema.names().filter(|name| listed(name).is_none()).map(Column::same).collect(),
        Mode::Rename => schema
            .names()
            .map(|name| Column::new(listed(name).map_or(name, Item::output), Expr::column(name)))
            .collect(),
    };
    if columns.is_empty() {
        lowering.report(
            Diagnostic::error("PW0329", "every column is dropped")
                .help("leave at least one out of the list")
                .field("columns"),
        );
        return None;
    }
    lowering.report_repeated_names("columns", columns.iter().map(|column| column.name.as_str()))?;
    Some(columns)
}
