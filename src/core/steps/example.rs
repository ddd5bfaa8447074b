//! Examples of step kinds: settings, input rows, expected rows. They run as tests on every engine.

use super::Settings;
use crate::data::{DataType, Field, Schema, Value};

/// Rows as text. `schema`: `status Int, path String`; `rows`: a JSON array a line, one value a column.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub schema: &'static str,
    pub rows: &'static str,
}

impl Table {
    pub const fn new(schema: &'static str, rows: &'static str) -> Self {
        Self { schema, rows }
    }

    /// Reads the texts; the error names the line at fault.
    pub fn read(&self) -> Result<(Schema, Vec<Vec<Value>>), String> {
        let mut fields = Vec::new();
        for column in split_columns(self.schema) {
            let (name, data_type) =
                column.trim().split_once(' ').ok_or_else(|| format!("`{column}`: a name and a type are wanted"))?;
            fields.push(Field::new(name.trim_matches('"'), data_type.parse::<DataType>()?));
        }
        let mut rows = Vec::new();
        for line in self.rows.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cells: Vec<serde_json::Value> =
                serde_json::from_str(line).map_err(|error| format!("`{line}`: {error}"))?;
            if cells.len() != fields.len() {
                return Err(format!("`{line}`: {} values for {} columns", cells.len(), fields.len()));
            }
            let row = cells.iter().zip(&fields).map(|(json, field)| {
                Value::from_json(json, &field.data_type)
                    .ok_or_else(|| format!("`{line}`: `{json}` is no {}", field.data_type))
            });
            rows.push(row.collect::<Result<_, _>>()?);
        }
        Ok((Schema::new(fields), rows))
    }
}

/// Splits at the commas outside `<>` and `{}`.
fn split_columns(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '<' | '{' => depth += 1,
            '>' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// One example of a step kind.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What it shows, in a few words.
    pub title: &'static str,
    /// JSON object.
    pub settings: &'static str,
    /// By input port; a port that takes many wires may come several times.
    pub inputs: &'static [(&'static str, Table)],
    /// By output port.
    pub outputs: &'static [(&'static str, Table)],
    /// Whether the rows' order is part of the result.
    pub ordered: bool,
    /// JSON array of `model::Source`s that the settings refer to; empty: none.
    pub sources: &'static str,
}

impl Example {
    /// An example whose rows come in any order and that needs no source.
    pub const fn new(
        title: &'static str,
        settings: &'static str,
        inputs: &'static [(&'static str, Table)],
        outputs: &'static [(&'static str, Table)],
    ) -> Self {
        Self { title, settings, inputs, outputs, ordered: false, sources: "" }
    }

    pub const fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    pub const fn sources(mut self, sources: &'static str) -> Self {
        self.sources = sources;
        self
    }

    pub fn settings(&self) -> Settings {
        serde_json::from_str(self.settings).unwrap_or_default()
    }
}
