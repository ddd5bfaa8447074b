//! Table: rows typed in by hand or pasted.

use serde::Deserialize;
use serde_json::Value as Json;

use super::kind::about;
use super::settings::defaults;
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table as Rows};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::ir::{self, Op};

pub(super) struct Table;
pub(super) static KIND: Table = Table;

#[derive(Deserialize, Default)]
#[serde(default)]
struct TableSettings {
    columns: Vec<Field>,
    rows: Vec<Vec<Json>>,
}

impl StepKind for Table {
    about!(
        "table",
        "Table",
        Extract,
        ["inline", "paste", "constants", "lookup", "values"],
        "A small table that is part of the design: typed in by hand or pasted. Good for look-ups, thresholds and tests."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new("columns", "Columns", FieldKind::Schema, "The columns with their types.").required(),
            FormField::new("rows", "Rows", FieldKind::Rows { schema: "columns" }, "One value a column; empty is null."),
        ];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        Ports::source()
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({
            "columns": [{"name": "name", "type": "String"}, {"name": "value", "type": "Int"}],
            "rows": [["one", 1], ["two", 2]],
        }))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let count = |key: &str| settings.get(key).and_then(Json::as_array).map_or(0, Vec::len);
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        (format!("{}, {}", plural(count("rows"), "row"), plural(count("columns"), "column")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<TableSettings>() else { return };
        let wide = settings.columns.len();
        let mut rows = Vec::new();
        let mut is_broken = false;
        for (index, cells) in settings.rows.iter().enumerate() {
            if cells.len() != wide {
                let message = format!("row {} has {} values, but there are {wide} columns", index + 1, cells.len());
                let help = "give each row one value a column; null where there is none";
                lowering.report(Diagnostic::error("PW0327", message).help(help).field("rows"));
                is_broken = true;
                continue;
            }
            let mut row = Vec::new();
            for (cell, field) in cells.iter().zip(&settings.columns) {
                let value = cell_value(cell, &field.data_type);
                if value.is_none() {
                    let shown = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
                    let message = format!("row {}: `{shown}` in `{}` is no {}", index + 1, field.name, field.data_type);
                    let help = "change the value, or the column's type";
                    lowering.report(Diagnostic::error("PW0328", message).help(help).field("rows"));
                    is_broken = true;
                }
                row.push(value.unwrap_or(Value::Null));
            }
            rows.push(row);
        }
        if is_broken {
            return;
        }
        let op = Op::Rows(ir::Rows { schema: Schema::new(settings.columns), rows });
        if let Some(node) = lowering.push_from("columns", op, Vec::new()) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "names and numbers",
                r#"{"columns": [{"name": "plan", "type": "String"}, {"name": "limit", "type": "Int"}],
                    "rows": [["free", 10], ["team", 100], ["open", null]]}"#,
                &[],
                &[("out", Rows::new("plan String, limit Int", "[\"free\", 10]\n[\"team\", 100]\n[\"open\", null]"))],
            ),
            Example::new(
                "pasted text is read by the columns' types",
                r#"{"columns": [{"name": "day", "type": "Date"}, {"name": "share", "type": "Float"},
                    {"name": "open", "type": "Boolean"}], "rows": [["2026-03-02", "0.5", "true"], ["", "", ""]]}"#,
                &[],
                &[(
                    "out",
                    Rows::new("day Date, share Float, open Boolean", "[\"2026-03-02\", 0.5, true]\n[null, null, null]"),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// A cell as typed in: JSON of the type, or the text of one. Empty text is null, except in text columns.
fn cell_value(cell: &Json, data_type: &DataType) -> Option<Value> {
    if let Some(value) = Value::from_json(cell, data_type) {
        return Some(value);
    }
    let text = cell.as_str()?.trim();
    if text.is_empty() {
        return Some(Value::Null);
    }
    match data_type {
        DataType::Boolean => text.to_ascii_lowercase().parse().ok().map(Value::Boolean),
        DataType::Int => text.parse().ok().map(Value::Int),
        DataType::Float => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::Float),
        DataType::List(_) | DataType::Record(_) => {
            serde_json::from_str(text).ok().and_then(|json| Value::from_json(&json, data_type))
        }
        DataType::String | DataType::Timestamp | DataType::Date | DataType::Duration | DataType::Unknown => None,
    }
}
