//! What differs? Which values of which columns go with a selection of rows, and which do not. Says "goes with", never
//! "caused by". Imports data only.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::data::{DataType, Schema, Value};

/// A value that is more frequent among the selected rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub column: String,
    pub value: Value,
    /// Selected rows that have it, and their share of the selected.
    pub inside: u64,
    pub inside_share: f64,
    /// The same of the other rows.
    pub outside: u64,
    pub outside_share: f64,
    /// How surely the two go together: twice the log-likelihood ratio (G). 10.8 happens by chance once in a thousand.
    pub strength: f64,
}

/// Below this strength nothing is said: chance does as much in one of 10,000 values.
const SURE: f64 = 15.1;
/// A number with more values than this measures something: a single value of it says nothing.
const MEASURED: usize = 30;
/// Columns with more values than this share of the rows tell rows apart, not groups.
const MANY: f64 = 0.5;

/// Ranks column values by how surely they go with the selection. Columns without which the selection could not be told
/// (`left_out`), and values that are the selection in other words (nearly all inside, nearly none outside), are left
/// out.
pub fn differences(schema: &Schema, rows: &[Vec<Value>], inside: &[bool], left_out: &[&str]) -> Vec<Difference> {
    let selected = inside.iter().filter(|is_inside| **is_inside).count() as u64;
    let others = rows.len() as u64 - selected;
    let mut found = Vec::new();
    if selected == 0 || others == 0 {
        return found;
    }
    for (index, field) in schema.fields.iter().enumerate() {
        let is_nested = matches!(field.data_type, DataType::List(_) | DataType::Record(_));
        if left_out.contains(&field.name.as_str()) || is_nested {
            continue;
        }
        let mut counts: BTreeMap<String, (&Value, u64, u64)> = BTreeMap::new();
        for (row, is_inside) in rows.iter().zip(inside) {
            let count = counts.entry(row[index].to_json().to_string()).or_insert((&row[index], 0, 0));
            if *is_inside { count.1 += 1 } else { count.2 += 1 }
        }
        let is_measured = matches!(field.data_type, DataType::Int | DataType::Float | DataType::Duration);
        if counts.len() as f64 > MANY * rows.len() as f64 || is_measured && counts.len() > MEASURED {
            continue;
        }
        // A column that is empty outside (or inside) says no more than the selection does.
        let is_there =
            |side: fn(&(&Value, u64, u64)) -> u64| counts.values().any(|count| !count.0.is_null() && side(count) > 0);
        if !is_there(|count| count.1) || !is_there(|count| count.2) {
            continue;
        }
        for (value, with, without) in counts.into_values() {
            let (inside_share, outside_share) = (with as f64 / selected as f64, without as f64 / others as f64);
            let is_selection = inside_share > 0.98 && outside_share < 0.02;
            if inside_share <= outside_share || is_selection {
                continue;
            }
            let strength = strength(with, selected, without, others);
            if strength >= SURE {
                let (column, value) = (field.name.clone(), value.clone());
                found.push(Difference {
                    column,
                    value,
                    inside: with,
                    inside_share,
                    outside: without,
                    outside_share,
                    strength,
                });
            }
        }
    }
    found.sort_by(|one, other| other.strength.total_cmp(&one.strength).then_with(|| one.column.cmp(&other.column)));
    found
}

/// G of the table of four counts.
fn strength(with: u64, selected: u64, without: u64, others: u64) -> f64 {
    let total = (selected + others) as f64;
    let having = (with + without) as f64;
    let cells = [
        (with, selected, having),
        (selected - with, selected, total - having),
        (without, others, having),
        (others - without, others, total - having),
    ];
    let part = |(count, row, column): (u64, u64, f64)| {
        let expected = row as f64 * column / total;
        if count == 0 || expected <= 0.0 { 0.0 } else { count as f64 * (count as f64 / expected).ln() }
    };
    2.0 * cells.into_iter().map(part).sum::<f64>()
}
