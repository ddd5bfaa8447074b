//! What is known of a source: columns with the profile of a sample, owner, stack, access. Filled by whoever reads
//! data; this room only looks at it. Imports data and model only.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::data::{Classification, DataType, Schema, Value};
use crate::expr::print_name;
use crate::model::{Id, Source};

/// A source with what a sample of it showed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceEvidence {
    pub source: Id,
    pub title: String,
    /// Name of the format; empty: unknown.
    pub format: String,
    /// Rows that were looked at; 0: nothing but the declaration is known.
    pub rows: u64,
    pub columns: Vec<ColumnEvidence>,
    pub owner: String,
    pub stack: String,
    /// Teams that may see it; empty: all.
    pub access: Vec<String>,
    /// It does not exist yet.
    pub planned: bool,
    /// Column → concept as somebody confirmed it; an empty concept: it means nothing.
    pub confirmed: BTreeMap<String, String>,
}

/// A column, or a field inside a record, with its profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnEvidence {
    /// `status`; a field inside a record: `owner.team`.
    pub name: String,
    /// How the expression language reaches it.
    pub expression: String,
    pub data_type: DataType,
    pub nulls: u64,
    /// Different values, null not counted; 0: not counted.
    pub distinct: u64,
    /// Null where there is none.
    pub min: Value,
    pub max: Value,
    /// The most frequent values with their counts.
    pub top: Vec<(Value, u64)>,
    /// Further values.
    pub samples: Vec<Value>,
    pub classification: Option<Classification>,
}

impl ColumnEvidence {
    /// A column of which only the declaration is known.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        let name = name.into();
        Self {
            expression: print_name(&name),
            name,
            data_type,
            nulls: 0,
            distinct: 0,
            min: Value::Null,
            max: Value::Null,
            top: Vec::new(),
            samples: Vec::new(),
            classification: None,
        }
    }

    /// The known values, each once as far as the profile says.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.top.iter().map(|(value, _)| value).chain(&self.samples).filter(|value| !value.is_null())
    }
}

impl SourceEvidence {
    /// What the project itself says of a source: its schema (fields of records too) and who owns it.
    pub fn declared(source: &Source) -> Self {
        Self {
            source: source.id.clone(),
            title: if source.title.is_empty() { source.id.clone() } else { source.title.clone() },
            format: source.format.as_ref().map(|format| format.name.clone()).unwrap_or_default(),
            rows: 0,
            columns: source.schema.as_ref().map(columns_of).unwrap_or_default(),
            owner: source.owner.clone(),
            stack: source.stack.clone(),
            access: source.access.clone(),
            planned: source.planned.is_some(),
            confirmed: source.meanings.clone(),
        }
    }

    pub fn column(&self, name: &str) -> Option<&ColumnEvidence> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Share of rows without a value, 0 to 1; 0 where no row was looked at.
    pub fn null_share(&self, column: &ColumnEvidence) -> f64 {
        if self.rows == 0 { 0.0 } else { (column.nulls as f64 / self.rows as f64).min(1.0) }
    }

    /// Whether the sample holds no value at all in the column.
    pub fn is_empty(&self, column: &ColumnEvidence) -> bool {
        self.rows > 0 && column.nulls >= self.rows
    }

    /// Whether every looked-at row has another value: a join on it multiplies no row.
    pub fn identifies_rows(&self, column: &ColumnEvidence) -> bool {
        self.rows > 0 && column.nulls == 0 && column.distinct == self.rows
    }
}

/// The columns of a schema, with the fields inside records as columns of their own (`owner.team`).
pub fn columns_of(schema: &Schema) -> Vec<ColumnEvidence> {
    fn add(name: String, expression: String, data_type: &DataType, found: &mut Vec<ColumnEvidence>) {
        match data_type {
            DataType::Record(fields) => {
                for (field, data_type) in fields {
                    let expression = format!("{expression}.{}", print_name(field));
                    add(format!("{name}.{field}"), expression, data_type, found);
                }
            }
            _ => found.push(ColumnEvidence { expression, ..ColumnEvidence::new(name, data_type.clone()) }),
        }
    }
    let mut found = Vec::new();
    for field in &schema.fields {
        let first = found.len();
        add(field.name.clone(), print_name(&field.name), &field.data_type, &mut found);
        for column in &mut found[first..] {
            column.classification = field.labels.classification;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_records_are_columns() {
        let owner = DataType::Record(vec![("the team".into(), DataType::String), ("since".into(), DataType::Date)]);
        let found = columns_of(&Schema::of([("name", DataType::String), ("owner", owner)]));
        let shown: Vec<(&str, &str)> =
            found.iter().map(|column| (column.name.as_str(), column.expression.as_str())).collect();
        assert_eq!(shown, [("name", "name"), ("owner.the team", "owner.\"the team\""), ("owner.since", "owner.since")]);
        for column in &found {
            assert!(crate::expr::parse(&column.expression).is_ok());
        }
    }
}
