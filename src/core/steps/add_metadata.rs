//! Add metadata: where rows came from, when the run began, constants.

use serde::Deserialize;

use super::items::item_field;
use super::kind::about;
use super::settings::{defaults, items_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind};
use crate::ir::{Column, NodeId, RUN_STARTED_AT};

pub(super) struct AddMetadata;
pub(super) static KIND: AddMetadata = AddMetadata;

#[derive(Deserialize, Default)]
#[serde(default)]
struct MetadataSettings {
    file: String,
    line: String,
    run_started: String,
    constants: Vec<Item>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    id: String,
    name: String,
    value: String,
}

impl StepKind for AddMetadata {
    about!(
        "add_metadata",
        "Add metadata",
        Enrich,
        ["file name", "line number", "constant", "run time", "origin", "literal"],
        "Adds columns that say where a row came from (file and line), when the run began, or a constant such as the \
         name of a system."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("name", "Name", FieldKind::Text { placeholder: "system" }, "Name of the new column.")
                .required(),
            FormField::new("value", "Value", FieldKind::Literal, "Write the value, such as 'shop'.").required(),
        ];
        const FORM: &[FormField] = &[
            FormField::new(
                "file",
                "File column",
                FieldKind::Text { placeholder: "file" },
                "Name of a column with the file that the row was read from.",
            ),
            FormField::new(
                "line",
                "Line column",
                FieldKind::Text { placeholder: "line" },
                "Name of a column with its line number there.",
            ),
            FormField::new(
                "run_started",
                "Run column",
                FieldKind::Text { placeholder: "loaded_at" },
                "Name of a column with the time when the run began.",
            ),
            FormField::new("constants", "Constants", FieldKind::Items(ITEMS), "Columns with one value in all rows."),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"run_started": "loaded_at"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let names = ["file", "line", "run_started"].map(|key| text_of(settings, key).to_owned());
        let constants = items_of(settings, "constants", &["name"]);
        let names = names.into_iter().chain([constants]).filter(|name| !name.is_empty());
        (names.collect::<Vec<_>>().join(", "), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<MetadataSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let Some(new) = new_columns(&settings, lowering, input) else { return };
        if new.is_empty() {
            lowering.pass_through(input, "nothing is added yet", "name a column to add", "constants");
            return;
        }
        if lowering.report_repeated_names("file", new.iter().map(|column| column.name.as_str())).is_none() {
            return;
        }
        let names: Vec<String> = new.iter().map(|column| column.name.clone()).collect();
        lowering.warn_of_replaced("constants", names.iter().map(String::as_str), "", input);
        let columns = lowering.put_columns(input, new);
        if let Some(node) = lowering.push_projecting(columns, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the system's name in every row",
                r#"{"constants": [{"id": "m1", "name": "system", "value": "'shop'"}, {"id": "m2", "name": "tier", "value": "1"}]}"#,
                &[("in", Table::new("status Int", "[200]\n[500]"))],
                &[("out", Table::new("status Int, system String, tier Int", "[200, \"shop\", 1]\n[500, \"shop\", 1]"))],
            ),
            Example::new(
                "file and line of rows that were read with their position",
                r#"{"file": "file", "line": "line"}"#,
                &[(
                    "in",
                    Table::new(
                        "status Int, _file String, _line Int, _offset Int",
                        "[200, \"access.log\", 1, 0]\n[500, \"access.log\", 3, 154]",
                    ),
                )],
                &[(
                    "out",
                    Table::new(
                        "status Int, _file String, _line Int, _offset Int, file String, line Int",
                        "[200, \"access.log\", 1, 0, \"access.log\", 1]\n[500, \"access.log\", 3, 154, \"access.log\", 3]",
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

fn new_columns(settings: &MetadataSettings, lowering: &mut Lowering, input: NodeId) -> Option<Vec<Column>> {
    let mut new = Vec::new();
    for (field, name, column) in [("file", &settings.file, "_file"), ("line", &settings.line, "_line")] {
        if name.trim().is_empty() {
            continue;
        }
        if !lowering.schema(input).has(column) {
            lowering.report(
                Diagnostic::error("PW0343", format!("the rows do not carry their {field}: there is no `{column}`"))
                    .help("tick “Position columns” in the File step, and keep the column up to here")
                    .field(field),
            );
            return None;
        }
        new.push(Column::new(name.trim(), Expr::column(column)));
    }
    if !settings.run_started.trim().is_empty() {
        let started = Expr::made(ExprKind::Parameter(RUN_STARTED_AT.to_owned()));
        new.push(Column::new(settings.run_started.trim(), started));
    }
    for (index, item) in settings.constants.iter().enumerate() {
        let name = lowering.new_name(&item_field("constants", &item.id, index, "name"), &item.name)?;
        let value = lowering.literal(&item_field("constants", &item.id, index, "value"), &item.value)?;
        new.push(Column::new(name, value));
    }
    Some(new)
}
