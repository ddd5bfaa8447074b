//! Rows of an answer as everybody may see them. Must not import the command line or the designer.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_core::data::figures::grouped;
use pipewright_core::data::{Classification, Schema, TableRows, Value};

use crate::open_rows::{Hidden, OpenRows};

/// Rows of an answer that are looked at: as many as its sentence and chart take in.
pub const MOST_ROWS: usize = 100_000;

/// Rows of an answer. Values that nobody may see, and texts that hold something secret, are numbered in the order of
/// their first row; in other texts something stands for what is personal.
pub struct Masked<'a> {
    rows: &'a dyn TableRows,
    /// By column that is hidden, what stands for the value of each row.
    numbers: BTreeMap<usize, Vec<usize>>,
    /// By column that is not, and row, what stands for a value that is not shown as it is.
    others: BTreeMap<usize, BTreeMap<usize, Value>>,
}

impl<'a> Masked<'a> {
    /// `hidden`: names of columns that nobody may see.
    pub fn new(rows: &'a dyn TableRows, hidden: &BTreeSet<String>) -> Self {
        let columns = hidden.iter().filter_map(|name| rows.schema().index(name));
        let numbers = columns.map(|column| (column, first_rows(rows, column)));
        Self { rows, numbers: numbers.collect(), others: others(rows, hidden) }
    }

    /// By column that is not hidden, how many of its values are not shown as they are.
    pub fn kept_back(&self) -> impl Iterator<Item = (&str, u64)> {
        let fields = &self.rows.schema().fields;
        self.others.iter().map(|(column, rows)| (fields[*column].name.as_str(), rows.len() as u64))
    }
}

/// Of each row the first one with the same value.
fn first_rows(rows: &dyn TableRows, column: usize) -> Vec<usize> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let first = |row: usize| *known.entry(format!("{:?}", rows.value(row, column))).or_insert(row);
    (0..rows.rows().min(MOST_ROWS)).map(first).collect()
}

fn others(rows: &dyn TableRows, hidden: &BTreeSet<String>) -> BTreeMap<usize, BTreeMap<usize, Value>> {
    let schema = rows.schema();
    let class = |field: &pipewright_core::data::Field| match hidden.contains(&field.name) {
        true => field.labels.classified().max(Classification::Personal),
        false => Classification::Internal,
    };
    let classes: Vec<Classification> = schema.fields.iter().map(class).collect();
    let mut open_rows = OpenRows::numbered();
    let mut first: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut found: BTreeMap<usize, BTreeMap<usize, Value>> = BTreeMap::new();
    for number in 0..rows.rows().min(MOST_ROWS) {
        let row: Vec<Value> = (0..schema.fields.len()).map(|column| rows.value(number, column)).collect();
        let beside = Hidden::of(&row, schema, &classes);
        for (column, value) in
            row.into_iter().enumerate().filter(|(column, _)| classes[*column] == Classification::Internal)
        {
            let name = &schema.fields[column].name;
            let shown = match beside.holds(name) {
                true => Value::Null,
                false if is_one_address(&value) => continue,
                false => open_rows.open(value.clone(), &beside),
            };
            if shown == value {
                continue;
            }
            let shown = match shown {
                Value::Null => numbered(name, *first.entry((column, format!("{value:?}"))).or_insert(number)),
                shown => shown,
            };
            found.entry(column).or_default().insert(number, shown);
        }
    }
    found
}

/// Whether a text is the address of a host, and nothing else: whether those of a column are people's, its name tells.
fn is_one_address(value: &Value) -> bool {
    matches!(value, Value::String(text) if text.parse::<std::net::IpAddr>().is_ok())
}

fn numbered(column: &str, row: usize) -> Value {
    Value::String(format!("{} no. {}", column.replace('_', " "), grouped(row as u64 + 1)))
}

impl TableRows for Masked<'_> {
    fn schema(&self) -> &Schema {
        self.rows.schema()
    }

    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn value(&self, row: usize, column: usize) -> Value {
        if let Some(other) = self.others.get(&column).and_then(|rows| rows.get(&row)) {
            return other.clone();
        }
        let value = self.rows.value(row, column);
        // What was not looked at is not shown either.
        let is_looked_at = row < MOST_ROWS || !matches!(value, Value::String(_) | Value::List(_) | Value::Record(_));
        match self.numbers.get(&column) {
            _ if value == Value::Null => value,
            Some(numbers) => numbered(&self.schema().fields[column].name, numbers.get(row).copied().unwrap_or(row)),
            None if is_looked_at => value,
            None => numbered(&self.schema().fields[column].name, row),
        }
    }
}

#[cfg(test)]
mod tests {
    use pipewright_core::data::{DataType, Field};
    use pipewright_engine::FirstRows;

    use super::*;

    /// The texts of the last column of rows that hold `user`, hidden, `key`, `value` and `msg`.
    fn shown(rows: &[[&str; 4]], column: usize) -> Vec<String> {
        let names = ["user", "key", "value", "msg"];
        let schema = Schema::new(names.map(|name| Field::new(name, DataType::String)).to_vec());
        let rows: Vec<Vec<Value>> =
            rows.iter().map(|row| row.map(|text| Value::String(text.to_owned())).to_vec()).collect();
        let first = FirstRows { total: rows.len(), rows, schema: &schema };
        let masked = Masked::new(&first, &BTreeSet::from(["user".to_owned()]));
        let text = |row| if let Value::String(text) = masked.value(row, column) { text } else { String::new() };
        (0..masked.rows()).map(text).collect()
    }

    #[test]
    fn what_is_hidden_stands_in_no_text_beside_it() {
        let rows = [
            ["anna", "k", "v", "anna logged in from 10.1.2.3"],
            ["bert", "k", "v", "mail to bo@ex.org"],
            ["bert", "k", "v", "login password=hunter22"],
            ["bert", "k", "v", "login password=hunter23"],
            ["bert", "k", "v", "login password=hunter22"],
            ["bert", "k", "v", "nothing"],
            ["bert", "k", "v", "10.0.0.7"],
        ];
        let texts = shown(&rows, 3);
        assert_eq!(texts[..2], ["<person 1> logged in from <ip 2>", "mail to <email 3>"]);
        assert_eq!(texts[2..5], ["msg no. 3", "msg no. 4", "msg no. 3"]);
        assert_eq!(texts[5..], ["nothing", "10.0.0.7"]);
    }

    #[test]
    fn a_value_whose_name_stands_beside_it_is_not_shown() {
        let rows = [["a", "retries", "3", ""], ["a", "DB_PASSWORD", "hunter22", ""]];
        assert_eq!(shown(&rows, 2), ["3", "value no. 2"]);
    }
}
