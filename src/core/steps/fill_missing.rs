//! Fill missing: values for nulls.

use serde::Deserialize;

use super::items::item_field;
use super::kind::about;
use super::settings::items_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Place, print};
use crate::ir::{Column, NodeId};

pub(super) struct FillMissing;
pub(super) static KIND: FillMissing = FillMissing;

#[derive(Deserialize, Default)]
#[serde(default)]
struct FillSettings {
    columns: Vec<Item>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    id: String,
    column: String,
    with: With,
    value: String,
    from: String,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum With {
    #[default]
    Value,
    Column,
}

impl StepKind for FillMissing {
    about!(
        "fill_missing",
        "Fill missing",
        Clean,
        ["null", "default", "coalesce", "empty", "impute"],
        "Puts a value where there is none: a fixed one, or that of another column."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new(
                "column",
                "Column",
                FieldKind::Column { input: "in", types: &[] },
                "Choose the column with gaps.",
            )
            .required(),
            FormField::new(
                "with",
                "Fill with",
                FieldKind::Choice(&[("value", "a value"), ("column", "another column")]),
                "Where the values come from.",
            ),
            FormField::new("value", "Value", FieldKind::Literal, "The value to fill in, such as 0 or 'none'."),
            FormField::new(
                "from",
                "Other column",
                FieldKind::Column { input: "in", types: &[] },
                "The column to take values from.",
            ),
        ];
        const FORM: &[FormField] =
            &[FormField::new("columns", "Columns", FieldKind::Items(ITEMS), "The columns to fill.")];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (items_of(settings, "columns", &["column"]), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<FillSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() {
            lowering.pass_through(input, "no column is filled yet", "add a column and its value", "columns");
            return;
        }
        if lowering.report_repeated_names("columns", settings.columns.iter().map(|item| item.column.as_str())).is_none()
        {
            return;
        }
        let filled: Vec<_> =
            settings.columns.iter().enumerate().map(|(index, item)| lower_item(item, index, lowering, input)).collect();
        let Some(filled) = filled.into_iter().collect::<Option<Vec<Column>>>() else { return };
        let columns = lowering.put_columns(input, filled);
        if let Some(node) = lowering.push_projecting(columns, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a name for visitors without one, zero for missing bytes",
                r#"{"columns": [{"id": "f1", "column": "user", "value": "'anonymous'"},
                    {"id": "f2", "column": "bytes", "value": "0"}]}"#,
                &[("in", Table::new("user String, bytes Int", "[\"ann\", 12]\n[null, null]"))],
                &[("out", Table::new("user String, bytes Int", "[\"ann\", 12]\n[\"anonymous\", 0]"))],
            ),
            Example::new(
                "from another column",
                r#"{"columns": [{"id": "f1", "column": "name", "with": "column", "from": "id"}]}"#,
                &[("in", Table::new("id String, name String", "[\"u1\", null]\n[\"u2\", \"Bo\"]"))],
                &[("out", Table::new("id String, name String", "[\"u1\", \"u1\"]\n[\"u2\", \"Bo\"]"))],
            ),
        ];
        EXAMPLES
    }
}

fn lower_item(item: &Item, index: usize, lowering: &mut Lowering, input: NodeId) -> Option<Column> {
    let found = lowering.column(&item_field("columns", &item.id, index, "column"), &item.column, input)?;
    let (field, value) = match item.with {
        With::Value => {
            let field = item_field("columns", &item.id, index, "value");
            let value = lowering.literal(&field, &item.value)?;
            (field, value)
        }
        With::Column => {
            let field = item_field("columns", &item.id, index, "from");
            lowering.column(&field, &item.from, input)?;
            (field, Expr::column(&item.from))
        }
    };
    let (_, given) = lowering.expression(&field, &print(&value), input, Place::Row, None)?;
    if !given.fits(&found) {
        let example = if found == DataType::String { "; a text is written 'none'" } else { "" };
        lowering.report(
            Diagnostic::error("PW0335", format!("`{}` is {found}, but the value to fill in is {given}", item.column))
                .help(format!("give a value that is {found}{example}"))
                .field(field),
        );
        return None;
    }
    Some(Column::new(&item.column, Expr::call("coalesce", vec![Expr::column(&item.column), value])))
}
