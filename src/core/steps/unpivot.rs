//! Unpivot: columns become rows of name and value.

use serde::Deserialize;

use super::expression_text::name;
use super::kind::about;
use super::settings::{defaults, names_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::Expr;
use crate::ir::{self, Column, Op, may_lose};

pub(super) struct Unpivot;
pub(super) static KIND: Unpivot = Unpivot;

#[derive(Deserialize)]
struct UnpivotSettings {
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default = "name_column")]
    name: String,
    #[serde(default = "value_column")]
    value: String,
    #[serde(default)]
    skip_empty: bool,
}

fn name_column() -> String {
    "name".to_owned()
}

fn value_column() -> String {
    "value".to_owned()
}

impl StepKind for Unpivot {
    about!(
        "unpivot",
        "Unpivot",
        Shape,
        ["melt", "wide to long", "columns to rows", "transpose"],
        "Turns columns into rows: each row becomes one for each of the chosen columns, with the column's name and its \
         value. The other columns are repeated."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "columns",
                "Columns",
                FieldKind::Columns { input: "in" },
                "Choose the columns that become rows.",
            )
            .required(),
            FormField::new("name", "Name column", FieldKind::Text { placeholder: "name" }, "Holds the column's name."),
            FormField::new("value", "Value column", FieldKind::Text { placeholder: "value" }, "Holds its value."),
            FormField::new("skip_empty", "Skip empty", FieldKind::Boolean, "Whether nulls give no row."),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"name": "name", "value": "value"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (names_of(settings, "columns"), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<UnpivotSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() || lowering.columns("columns", &settings.columns, input).is_none() {
            return;
        }
        let names = (lowering.new_name("name", &settings.name), lowering.new_name("value", &settings.value));
        let (Some(name_column), Some(value_column)) = names else { return };
        let schema = lowering.schema(input).clone();
        let mut data_type: Option<DataType> = None;
        for column in &settings.columns {
            let Some(field) = schema.get(column) else { return };
            let Some(common) =
                data_type.as_ref().map_or(Some(field.data_type.clone()), |one| one.common(&field.data_type))
            else {
                let first = &settings.columns[0];
                lowering.report(
                    Diagnostic::error("PW0371", format!("`{column}` and `{first}` have no type in common"))
                        .help("make them one type with a Change types step before")
                        .field("columns"),
                );
                return;
            };
            data_type = Some(common);
        }
        let data_type = data_type.unwrap_or(DataType::String);
        // Columns of a narrower type are converted before, where that takes something from values: it is told.
        let narrow = |name: &&String| schema.get(name).is_some_and(|field| may_lose(&field.data_type, &data_type));
        let wider: Vec<Column> = settings
            .columns
            .iter()
            .filter(narrow)
            .map(|name| Column::new(name, Expr::try_cast(Expr::column(name), data_type.clone())))
            .collect();
        let mut input = input;
        if !wider.is_empty() {
            let columns = lowering.put_columns(input, wider);
            let Some(node) = lowering.push_projecting(columns, input) else { return };
            input = node;
        }
        let op = Op::Unpivot(ir::Unpivot {
            keep: schema
                .names()
                .filter(|name| !settings.columns.iter().any(|own| own == name))
                .map(str::to_owned)
                .collect(),
            columns: settings.columns,
            name: name_column,
            value: value_column.clone(),
            data_type,
        });
        let mut node = lowering.push_from("columns", op, vec![input]);
        if settings.skip_empty {
            let text = format!("{} is not null", name(&value_column));
            node = node.and_then(|node| lowering.keep_rows("skip_empty", &text, node));
        }
        if let Some(node) = node {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("host String, cpu Float, memory Int", "[\"a\", 0.5, 70]\n[\"b\", null, 20]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a row for each measurement",
                r#"{"columns": ["cpu", "memory"], "name": "metric", "value": "reading"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "host String, metric String, reading Float",
                        r#"["a", "cpu", 0.5]
                        ["a", "memory", 70.0]
                        ["b", "cpu", null]
                        ["b", "memory", 20.0]"#,
                    ),
                )],
            ),
            Example::new(
                "only what was measured",
                r#"{"columns": ["cpu"], "skip_empty": true}"#,
                INPUT,
                &[(
                    "out",
                    Table::new("host String, memory Int, name String, value Float", "[\"a\", 70, \"cpu\", 0.5]"),
                )],
            ),
        ];
        EXAMPLES
    }
}
