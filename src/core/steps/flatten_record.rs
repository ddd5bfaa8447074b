//! Flatten record: the fields of a record become columns.

use serde::Deserialize;

use super::kind::about;
use super::settings::text_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind};
use crate::ir::Column;

pub(super) struct FlattenRecord;
pub(super) static KIND: FlattenRecord = FlattenRecord;

#[derive(Deserialize, Default)]
#[serde(default)]
struct FlattenSettings {
    column: String,
    prefix: String,
    nested: bool,
    keep_input: bool,
}

impl StepKind for FlattenRecord {
    about!(
        "flatten_record",
        "Flatten record",
        Shape,
        ["struct", "object", "nested", "json", "unnest", "fields"],
        "Replaces a record by one column for each of its fields, in its place; with a prefix where names would clash, \
         and through all levels where asked."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "column",
                "Column",
                FieldKind::Column { input: "in", types: &[] },
                "Choose a column that holds records.",
            )
            .required(),
            FormField::new(
                "prefix",
                "Prefix",
                FieldKind::Text { placeholder: "owner_" },
                "Stands before the names of the new columns.",
            ),
            FormField::new(
                "nested",
                "All levels",
                FieldKind::Boolean,
                "Whether records inside the record are flattened too.",
            ),
            FormField::new("keep_input", "Keep the record", FieldKind::Boolean, "Whether the record itself stays too."),
        ];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "column").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<FlattenSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let Some(found) = lowering.column("column", &settings.column, input) else { return };
        let DataType::Record(fields) = &found else {
            let help = match &found {
                DataType::List(_) => "explode the list first, with an Explode list step",
                DataType::String => "a text that holds JSON is read by a Parse text step",
                _ => "choose a column that holds records",
            };
            let message = format!("`{}` is {found}, not a record", settings.column);
            lowering.report(Diagnostic::error("PW0333", message).help(help).field("column"));
            return;
        };
        let mut new = Vec::new();
        add_fields(&Expr::column(&settings.column), &settings.prefix, fields, settings.nested, &mut new);
        let mut columns = Vec::new();
        for column in lowering.all_columns(input) {
            let is_record = column.name == settings.column;
            if !is_record || settings.keep_input {
                columns.push(column);
            }
            if is_record {
                columns.append(&mut new);
            }
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(name) = columns.iter().map(|column| &column.name).find(|name| !seen.insert(name.as_str())) {
            let message = format!("there would be two columns `{name}`");
            lowering.report(
                Diagnostic::error("PW0334", message)
                    .help(format!("set a prefix, such as `{}_`", settings.column))
                    .field("prefix"),
            );
            return;
        }
        if let Some(node) = lowering.push_projecting(columns, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the owner's fields",
                r#"{"column": "owner", "prefix": "owner_"}"#,
                &[(
                    "in",
                    Table::new(
                        r#"name String, owner Record{"team": String, "on_call": Boolean}, replicas Int"#,
                        r#"["api", {"team": "core", "on_call": true}, 3]
                        ["web", {"team": null, "on_call": false}, 2]"#,
                    ),
                )],
                &[(
                    "out",
                    Table::new(
                        "name String, owner_team String, owner_on_call Boolean, replicas Int",
                        "[\"api\", \"core\", true, 3]\n[\"web\", null, false, 2]",
                    ),
                )],
            ),
            Example::new(
                "all levels, joined by underscores",
                r#"{"column": "http", "nested": true}"#,
                &[(
                    "in",
                    Table::new(
                        r#"http Record{"status": Int, "request": Record{"method": String}}"#,
                        r#"[{"status": 200, "request": {"method": "GET"}}]"#,
                    ),
                )],
                &[("out", Table::new("status Int, request_method String", "[200, \"GET\"]"))],
            ),
        ];
        EXAMPLES
    }
}

fn add_fields(record: &Expr, prefix: &str, fields: &[(String, DataType)], nested: bool, columns: &mut Vec<Column>) {
    for (name, data_type) in fields {
        let member = Expr::made(ExprKind::Member { record: Box::new(record.clone()), name: name.clone() });
        match data_type {
            DataType::Record(inner) if nested => {
                add_fields(&member, &format!("{prefix}{name}_"), inner, nested, columns);
            }
            _ => columns.push(Column::new(format!("{prefix}{name}"), member)),
        }
    }
}
