//! What differs? Which values of which columns go with a selection of rows, and which do not: the flow that counts
//! them, and the judgement of its rows. Says "goes with", never "caused by".
//! Imports the findings' flows and plan.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::ProbeRows;
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::{Expr, parse, print, print_name};
use crate::ir::{NodeId, Plan};
use crate::model::Id;
use crate::planner::draft::{Draft, NewStep};
use crate::project::{Edit, Project};

/// A value that is more frequent among the selected rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub column: String,
    /// A value as text, a range of numbers (`2 to 5`), or null: it is missing.
    pub value: Value,
    /// Selected rows that have it, and their share of the selected.
    pub inside: u64,
    pub inside_share: f64,
    /// The same of the other rows.
    pub outside: u64,
    pub outside_share: f64,
    /// How many times as frequent inside as outside; null where no other row has it.
    pub ratio: Option<f64>,
    /// How surely the two go together: twice the log-likelihood ratio (G). 10.8 happens by chance once in a thousand.
    pub strength: f64,
}

impl Difference {
    /// Whether the value is a range of numbers: `2 to 5`.
    pub fn is_range(&self) -> bool {
        is_range_text(&self.value)
    }

    /// The condition that rows with the value fulfil, where the column has this type.
    pub fn condition(&self, data_type: &DataType) -> String {
        let column = print_name(&self.column);
        let number = match data_type {
            DataType::Int | DataType::Float => column.clone(),
            DataType::Duration => format!("seconds({column})"),
            _ => String::new(),
        };
        match &self.value {
            Value::Null => format!("{column} is null"),
            Value::String(range) if self.is_range() && !number.is_empty() => {
                if let Some(end) = range.strip_prefix("below ") {
                    format!("{number} < {end}")
                } else if let Some(start) = range.strip_suffix(" and more") {
                    format!("{number} >= {start}")
                } else {
                    let (start, end) = range.split_once(" to ").unwrap_or((range, range));
                    format!("{number} >= {start} and {number} < {end}")
                }
            }
            value => {
                let text = print(&Expr::literal(value.clone()));
                match (data_type, value) {
                    // Values of a comparison are texts, whatever the column's type is.
                    (DataType::String | DataType::Unknown, _) => format!("{column} = {text}"),
                    (_, Value::String(_)) => format!("try_cast({column} as string) = {text}"),
                    _ => format!("{column} = {text}"),
                }
            }
        }
    }

    /// `goes with `release` = 4.2: 94 % of the failures, 11 % of the rest`, with a word for the selected rows.
    pub fn sentence(&self, selected: &str) -> String {
        let value = match &self.value {
            Value::Null => "missing".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_json().to_string(),
        };
        let (inside, outside) = (100.0 * self.inside_share, 100.0 * self.outside_share);
        format!("goes with `{}` = {value}: {inside:.0} % of {selected}, {outside:.0} % of the rest", self.column)
    }
}

/// Rows that are compared with the others of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// Those that fulfil a condition over the step's columns.
    Where(String),
    /// Those that fulfil a condition, compared with those others that fulfil another; some columns tell no news.
    Among { condition: String, among: String, left_out: Vec<String> },
    /// Those from a time (microseconds since 1970, UTC) up to but not including another.
    Span { time: String, from: i64, to: i64 },
}

impl Selection {
    /// As an expression over the step's columns.
    pub fn condition(&self) -> String {
        match self {
            Selection::Where(condition) | Selection::Among { condition, .. } => condition.clone(),
            Selection::Span { time, from, to } => {
                let (time, moment) = (print_name(time), |micros| print(&Expr::literal(Value::Timestamp(micros))));
                format!("{time} >= {} and {time} < {}", moment(*from), moment(*to))
            }
        }
    }
}

/// The flow that counts what differs, and the steps whose rows `judge_differences` takes.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Make a step of it.
    pub accept: Vec<Edit>,
    /// That step, and another that counts all rows.
    pub edits: Vec<Edit>,
    pub watch: Id,
    pub totals: Id,
    /// Columns that are not compared since the selection is made from them.
    pub left_out: Vec<String>,
}

/// Fewer rows inside than these are no group.
const SUPPORT: u64 = 5;

/// A comparison after a step of a project; `plan` is the project's. Columns that define the selection are left out, and
/// all that are made from the same columns of sources.
pub fn compare(project: &Project, plan: &Plan, step: &str, selection: &Selection) -> Result<Comparison, Diagnostic> {
    let outputs = plan.steps.get(step).and_then(|step| step.outputs.iter().next());
    let Some((port, node)) = outputs else {
        let own = |fault: &&Diagnostic| fault.is_error() && fault.location.id.as_deref() == Some(step);
        if let Some(fault) = plan.diagnostics.iter().find(own) {
            return Err(fault.clone());
        }
        let near = did_you_mean(step, project.steps.keys().map(String::as_str));
        return Err(Diagnostic::error("PW0709", format!("there is no step `{step}` with rows{near}"))
            .help("name a step of the project by its id"));
    };
    let condition = selection.condition();
    let mut left_out = defining_columns(plan, *node, &parse(&condition)?);
    if let Selection::Among { left_out: more, .. } = selection {
        left_out.extend(more.iter().filter(|column| !left_out.contains(column)).cloned().collect::<Vec<_>>());
    }
    let schema = &plan.node(*node).schema;
    let columns: Vec<&str> = schema
        .fields
        .iter()
        .filter(|field| {
            !matches!(field.data_type, DataType::Timestamp | DataType::List(_) | DataType::Record(_))
                && !left_out.contains(&field.name)
        })
        .map(|field| field.name.as_str())
        .collect();
    if columns.is_empty() {
        return Err(Diagnostic::error("PW0375", "no column is left to compare")
            .help("the selection is made from all columns that could be compared")
            .step(step, ""));
    }
    let settings = json!({"condition": condition, "columns": columns, "support": SUPPORT});
    let mut flow = Draft::named(project, &format!("differs-{step}"));
    let new = |kind: &'static str, title: &str, settings: Json, reason: &str| NewStep {
        kind,
        title: title.to_owned(),
        settings,
        reason: reason.to_owned(),
    };
    let note = "What goes with the rows inside; not what causes them.";
    let (mut from, mut port) = (Id::from(step), port.as_str());
    if let Selection::Among { among, .. } = selection
        && !among.is_empty()
    {
        let settings = json!({"predicate": among});
        from = flow.after(&[(&from, port, "in")], new("filter", "Compared rows", settings, ""));
        port = "out";
    }
    let watch = flow.after(&[(&from, port, "in")], new("what_differs", "What differs", settings, note));
    let accept = flow.edits.clone();
    let measure = |id: &str, name: &str, expression: String| json!({"id": id, "name": name, "expression": expression});
    let measures =
        json!(
            [measure("m1", "inside", format!("count_if({condition})")), measure("m2", "all", "count(*)".to_owned()),]
        );
    let settings = json!({"keys": [], "measures": measures});
    let totals = flow.after(&[(&from, port, "in")], new("aggregate", "All rows", settings, ""));
    Ok(Comparison { accept, edits: flow.edits, watch, totals, left_out })
}

/// The columns that a condition names, and those that share a source column with one of them.
fn defining_columns(plan: &Plan, node: NodeId, condition: &Expr) -> Vec<String> {
    let named = condition.columns();
    let sources: BTreeSet<(NodeId, String)> =
        named.iter().flat_map(|column| plan.column_sources(node, column)).collect();
    let names = plan.node(node).schema.names();
    let defines = |column: &&str| {
        named.contains(column) || plan.column_sources(node, column).iter().any(|source| sources.contains(source))
    };
    names.filter(defines).map(str::to_owned).collect()
}

/// Below this strength nothing is said: chance does as much in one of 10,000 values.
const SURE: f64 = 15.1;
/// Values that so few of the selected rows have tell those rows apart, not the group.
const COMMON: f64 = 0.05;
/// A number with more values than this measures something: a single value of it says nothing.
const MEASURED: usize = 30;
/// Columns with more values than this share of the rows tell rows apart, not groups.
const MANY: f64 = 0.5;

/// How often a value occurs on both sides.
struct Count {
    column: String,
    value: Value,
    inside: u64,
    outside: u64,
    /// Rows on each side.
    all: (u64, u64),
}

/// The rows of a comparison's two steps → what differs, most surely first.
pub fn judge_differences(rows: &ProbeRows, totals: &ProbeRows) -> Vec<Difference> {
    let inside = totals.number(0, "inside") as u64;
    let all = (inside, (totals.number(0, "all") as u64).saturating_sub(inside));
    let counts = (0..rows.rows.len()).filter_map(|row| {
        let Value::String(column) = rows.value(row, "column") else { return None };
        let number = |name: &str| rows.number(row, name) as u64;
        let value = rows.value(row, "value").clone();
        Some(Count { column: column.clone(), value, inside: number("inside"), outside: number("outside"), all })
    });
    // The columns that make the selection are not among them, so a value that is always and only there is the news.
    let mut found = told(counts.collect());
    // Of a number that is measured, single values say little: its ranges do.
    let ranged: BTreeSet<String> = ranged_columns(rows);
    found.retain(|one| one.is_range() || one.inside_share >= 0.2 || !ranged.contains(&one.column));
    // A range says no more than the value that most of it is.
    let exact: Vec<(String, u64)> =
        found.iter().filter(|one| !one.is_range()).map(|one| (one.column.clone(), one.inside)).collect();
    found.retain(|one| {
        !one.is_range()
            || !exact.iter().any(|(column, inside)| *column == one.column && *inside as f64 >= 0.9 * one.inside as f64)
    });
    found
}

/// The columns of which some row is a range.
fn ranged_columns(rows: &ProbeRows) -> BTreeSet<String> {
    let named = (0..rows.rows.len()).filter(|row| is_range_text(rows.value(*row, "value")));
    named
        .filter_map(|row| if let Value::String(name) = rows.value(row, "column") { Some(name.clone()) } else { None })
        .collect()
}

fn is_range_text(value: &Value) -> bool {
    matches!(value, Value::String(text) if text.contains(" to ") || text.starts_with("below ") || text.ends_with(" and more"))
}

/// As `judge_differences`, on rows of which it is known whether each is selected. Values that are the selection in other
/// words (nearly all inside, nearly none outside) are left out.
pub fn differences(schema: &Schema, rows: &[Vec<Value>], inside: &[bool], left_out: &[&str]) -> Vec<Difference> {
    let selected = inside.iter().filter(|is_inside| **is_inside).count() as u64;
    let others = rows.len() as u64 - selected;
    let mut found = Vec::new();
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
        found.extend(counts.into_values().map(|(value, inside, outside)| Count {
            column: field.name.clone(),
            value: value.clone(),
            inside,
            outside,
            all: (selected, others),
        }));
    }
    let mut found = told(found);
    found.retain(|one| one.inside_share <= 0.98 || one.outside_share >= 0.02);
    found
}

/// Ranks values by how surely they go with the selection.
fn told(counts: Vec<Count>) -> Vec<Difference> {
    let mut found = Vec::new();
    for count in counts {
        let (selected, others) = count.all;
        if selected == 0 || others == 0 {
            continue;
        }
        let (inside_share, outside_share) =
            (count.inside as f64 / selected as f64, count.outside as f64 / others as f64);
        if inside_share <= outside_share || inside_share < COMMON {
            continue;
        }
        let strength = strength(count.inside, selected, count.outside, others);
        if strength >= SURE {
            found.push(Difference {
                column: count.column,
                value: count.value,
                inside: count.inside,
                inside_share,
                outside: count.outside,
                outside_share,
                ratio: (outside_share > 0.0).then(|| inside_share / outside_share),
                strength,
            });
        }
    }
    found.sort_by(|one, other| {
        let by_column = || one.column.cmp(&other.column);
        other.strength.total_cmp(&one.strength).then_with(by_column)
    });
    found
}

/// G of the table of four counts.
fn strength(with: u64, selected: u64, without: u64, others: u64) -> f64 {
    let total = (selected + others) as f64;
    let having = (with + without) as f64;
    let cells = [
        (with, selected, having),
        (selected - with.min(selected), selected, total - having),
        (without, others, having),
        (others - without.min(others), others, total - having),
    ];
    let part = |(count, row, column): (u64, u64, f64)| {
        let expected = row as f64 * column / total;
        if count == 0 || expected <= 0.0 { 0.0 } else { count as f64 * (count as f64 / expected).ln() }
    };
    2.0 * cells.into_iter().map(part).sum::<f64>()
}

#[cfg(test)]
mod tests;
