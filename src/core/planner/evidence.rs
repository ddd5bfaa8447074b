//! What is known of a source: columns with the profile of a sample, owner, stack, access. Filled by whoever reads
//! data; this room only looks at it. Imports data and model only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use regex::Regex;
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
    /// Size of its files, and how much of it was looked at; 0: not known.
    pub bytes: u64,
    pub bytes_read: u64,
    pub columns: Vec<ColumnEvidence>,
    /// Some rows whole, to tell which values go together.
    #[serde(skip)]
    pub sample: Arc<SampleRows>,
    pub owner: String,
    pub stack: String,
    /// Teams that may see it; empty: all.
    pub access: Vec<String>,
    /// Where its data must stay; empty: anywhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub residency: String,
    /// It does not exist yet.
    pub planned: bool,
    /// Its lines name the time of day, and no zone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub zoneless: bool,
    /// Column → concept as somebody confirmed it; an empty concept: it means nothing.
    pub confirmed: BTreeMap<String, String>,
    /// Columns that are declared to have another value in each row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// Rows of a source, spread over it; values of secrets are null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleRows {
    pub schema: Schema,
    pub rows: Vec<Vec<Value>>,
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
    /// Of a text column: what `sketch` makes of all its values; empty: not made. Tells which columns share values.
    pub sketch: Vec<u64>,
    pub classification: Option<Classification>,
    /// Of a text column that holds nothing but dates of which day and month can be exchanged: one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchangeable: Option<String>,
    /// Share of rows without a value, 0 to 1, as a plan has it; a sample knows better.
    pub planned_nulls: f64,
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
            sketch: Vec::new(),
            classification: None,
            exchangeable: None,
            planned_nulls: 0.0,
        }
    }

    /// The known values, each once as far as the profile says.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.top.iter().map(|(value, _)| value).chain(&self.samples).filter(|value| !value.is_null())
    }
}

/// How many hashes a sketch has at most.
const SKETCH: usize = 256;

/// The smallest hashes of the texts, in order: a sample of the distinct values that is the same wherever they stand,
/// so that two columns can be compared without their values.
pub fn sketch<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<u64> {
    let mut smallest = BTreeSet::new();
    for text in texts {
        let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
        let is_full = smallest.len() == SKETCH;
        if is_full && smallest.last().is_some_and(|largest| hash >= *largest) {
            continue;
        }
        if smallest.insert(hash) && is_full {
            smallest.pop_last();
        }
    }
    smallest.into_iter().collect()
}

/// The shares of the first column's distinct values that the second has too, and the other way round, estimated from
/// sketches; `None`: there is too little to tell.
pub(super) fn shared(first: &[u64], second: &[u64]) -> Option<(f64, f64)> {
    const ENOUGH: usize = 12;
    // Below the smaller of two full sketches' ends, both know all of their values.
    let end = |sketch: &[u64]| if sketch.len() == SKETCH { sketch.last().copied().unwrap_or(0) } else { u64::MAX };
    let end = end(first).min(end(second));
    let below = |sketch: &[u64]| sketch.partition_point(|hash| *hash <= end);
    let (first, second) = (&first[..below(first)], &second[..below(second)]);
    if first.len() < ENOUGH || second.len() < ENOUGH {
        return None;
    }
    let both = first.iter().filter(|hash| second.binary_search(hash).is_ok()).count() as f64;
    Some((both / first.len() as f64, both / second.len() as f64))
}

/// Whether the first time of day in each of some lines stands without a zone: whoever reads it takes one for granted.
pub fn names_no_zone(lines: &[String]) -> bool {
    static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let zone = r"(?P<zone>\s?(?:Z|[+-]\d{2}:?\d{2}|UTC|GMT|[A-Z]{1,4}T)\b)?";
        Regex::new(&format!(r"\b\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d+)?{zone}")).ok()
    });
    let Some(clock) = CLOCK.as_ref() else { return false };
    let mut clocks = lines.iter().filter_map(|line| clock.captures(line)).peekable();
    clocks.peek().is_some() && clocks.all(|found| found.name("zone").is_none())
}

impl SourceEvidence {
    /// What the project itself says of a source: its schema (fields of records too) and who owns it.
    pub fn declared(source: &Source) -> Self {
        let mut columns = source.schema.as_ref().map(columns_of).unwrap_or_default();
        for column in &mut columns {
            let planned = source.planned.as_ref().and_then(|planned| planned.values.get(&column.name)?.nulls);
            column.planned_nulls = planned.unwrap_or_default();
        }
        Self {
            source: source.id.clone(),
            title: if source.title.is_empty() { source.id.clone() } else { source.title.clone() },
            format: source.format.as_ref().map(|format| format.name.clone()).unwrap_or_default(),
            rows: 0,
            bytes: 0,
            bytes_read: 0,
            columns,
            sample: Arc::default(),
            owner: source.owner.clone(),
            stack: source.stack.clone(),
            access: source.access.clone(),
            residency: source.residency.clone(),
            planned: source.planned.is_some(),
            zoneless: false,
            confirmed: source.meanings.clone(),
            keys: declared_keys(source),
        }
    }

    pub fn column(&self, name: &str) -> Option<&ColumnEvidence> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Share of rows without a value, 0 to 1; where no row was looked at, as planned.
    pub fn null_share(&self, column: &ColumnEvidence) -> f64 {
        if self.rows == 0 { column.planned_nulls } else { (column.nulls as f64 / self.rows as f64).min(1.0) }
    }

    /// Whether the sample, or the plan, holds no value at all in the column.
    pub fn is_empty(&self, column: &ColumnEvidence) -> bool {
        self.null_share(column) >= 1.0
    }

    /// Whether every looked-at row has another value: a join on it multiplies no row. Where no row is at hand, the
    /// declaration is believed.
    pub fn identifies_rows(&self, column: &ColumnEvidence) -> bool {
        match self.rows {
            0 => self.keys.contains(&column.name),
            rows => column.nulls == 0 && column.distinct == rows,
        }
    }
}

/// Columns that are keys by themselves, as the declaration or the made-up values have it.
fn declared_keys(source: &Source) -> Vec<String> {
    let declared = source.declaration.iter().flat_map(|declaration| &declaration.keys);
    let single = declared.filter_map(|key| match &key[..] {
        [column] => Some(column.clone()),
        _ => None,
    });
    let made_up = source.planned.iter().flat_map(|planned| &planned.values);
    let unique = made_up.filter(|(_, values)| values.unique).map(|(column, _)| column.clone());
    let keys: BTreeSet<String> = single.chain(unique).collect();
    keys.into_iter().collect()
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
    fn sketches_tell_how_many_values_are_shared() {
        let values = |from: u32, to: u32| (from..to).map(|n| format!("id-{n}")).collect::<Vec<_>>();
        let of = |values: &[String]| sketch(values.iter().map(String::as_str));
        let (all, part, other) = (of(&values(0, 3000)), of(&values(2000, 3000)), of(&values(5000, 9000)));
        assert_eq!((all.len(), of(&values(0, 20)).len()), (SKETCH, 20));
        let (of_all, of_part) = shared(&all, &part).unwrap();
        assert!((of_all - 0.33).abs() < 0.1 && (of_part - 1.0).abs() < 1e-9, "{of_all} {of_part}");
        assert_eq!(shared(&all, &other), Some((0.0, 0.0)));
        assert_eq!(shared(&all, &of(&values(0, 5))), None);
    }

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
