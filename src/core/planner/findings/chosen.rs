//! Rows that somebody picked by hand, as a condition: what tells them apart from the others that are at hand. Runs over
//! those rows; imports expressions only.

use std::collections::BTreeSet;

use crate::data::{DataType, TableRows, Value};
use crate::expr::{BinaryOp, Expr, ExprKind, print};

/// Cells that are looked at for what the chosen rows have alone.
const LOOKED_AT: usize = 100_000;
/// Rows that a condition tells of, at most.
pub const MOST_CHOSEN: usize = 200;

/// The shortest condition that the chosen rows fulfil and, of the others, as few as can be: of one column where one is
/// enough. `None`: no row is chosen, or more than a condition can name.
pub fn condition_of_rows(rows: &dyn TableRows, chosen: &BTreeSet<u64>) -> Option<String> {
    let chosen: Vec<usize> = chosen.iter().map(|row| *row as usize).filter(|row| *row < rows.rows()).collect();
    if chosen.is_empty() || chosen.len() > MOST_CHOSEN {
        return None;
    }
    let looked = rows.rows().min(LOOKED_AT / rows.schema().len().max(1));
    let fields = rows.schema().fields.iter().enumerate();
    let mut left: Vec<usize> = fields.filter(|(_, field)| is_told(&field.data_type)).map(|(index, _)| index).collect();
    let keys = |columns: &[usize], row: usize| -> Vec<String> {
        columns.iter().map(|column| rows.value(row, *column).to_json().to_string()).collect()
    };
    let mut columns: Vec<usize> = Vec::new();
    // Of the others those that fulfil what is told so far.
    let mut among: Vec<usize> = (0..looked).filter(|row| chosen.binary_search(row).is_err()).collect();
    while !left.is_empty() && (columns.is_empty() || !among.is_empty()) {
        let judged = left.iter().map(|column| {
            let with: Vec<usize> = columns.iter().copied().chain([*column]).collect();
            let names: BTreeSet<Vec<String>> = chosen.iter().map(|row| keys(&with, *row)).collect();
            let still = among.iter().filter(|row| names.contains(&keys(&with, **row))).copied().collect::<Vec<_>>();
            (still, names.len(), *column)
        });
        let (still, _, column) = judged.min_by_key(|(still, names, column)| (still.len(), *names, *column))?;
        if !columns.is_empty() && still.len() == among.len() {
            break;
        }
        columns.push(column);
        left.retain(|other| *other != column);
        among = still;
    }
    let mut named = BTreeSet::new();
    let told: Vec<Vec<Value>> = chosen
        .iter()
        .filter(|row| named.insert(keys(&columns, **row)))
        .map(|row| columns.iter().map(|column| rows.value(*row, *column)).collect())
        .collect();
    let names: Vec<&str> = columns.iter().map(|column| rows.schema().fields[*column].name.as_str()).collect();
    condition(&names, told).map(|condition| print(&condition))
}

/// Whether a value of the type can be compared with one that is written down.
fn is_told(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::List(_) | DataType::Record(_) | DataType::Float | DataType::Unknown)
}

/// One of these values in these columns.
fn condition(names: &[&str], mut told: Vec<Vec<Value>>) -> Option<Expr> {
    if let [name] = names {
        let has_null = told.iter().any(|values| values[0].is_null());
        told.retain(|values| !values[0].is_null());
        let list: Vec<Expr> = told.iter().map(|values| Expr::literal(values[0].clone())).collect();
        let is_one = match list.len() {
            0 => None,
            1 => Some(is(name, &told[0][0])),
            _ => Some(Expr::made(ExprKind::InList { expr: Box::new(Expr::column(*name)), list, negated: false })),
        };
        let is_none = has_null.then(|| is(name, &Value::Null));
        return is_one.into_iter().chain(is_none).reduce(|one, other| Expr::binary(BinaryOp::Or, one, other));
    }
    let row = |values: Vec<Value>| {
        let parts = names.iter().zip(&values).map(|(name, value)| is(name, value));
        parts.reduce(|one, other| Expr::binary(BinaryOp::And, one, other))
    };
    told.into_iter().filter_map(row).reduce(|one, other| Expr::binary(BinaryOp::Or, one, other))
}

fn is(name: &str, value: &Value) -> Expr {
    match value {
        Value::Null => Expr::made(ExprKind::IsNull { expr: Box::new(Expr::column(name)), negated: false }),
        value => Expr::binary(BinaryOp::Equal, Expr::column(name), Expr::literal(value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Schema;
    use crate::planner::testing::Table;

    fn told(rows: &[(i64, i64, Option<&str>)], chosen: &[u64]) -> Option<String> {
        let schema = Schema::of([("id", DataType::Int), ("status", DataType::Int), ("path", DataType::String)]);
        let path = |path: Option<&str>| path.map_or(Value::Null, |path| Value::String(path.to_owned()));
        let rows = rows.iter().map(|(id, status, name)| vec![Value::Int(*id), Value::Int(*status), path(*name)]);
        condition_of_rows(&Table(schema, rows.collect()), &chosen.iter().copied().collect())
    }

    #[test]
    fn chosen_rows_are_told_by_what_they_alone_have() {
        let rows =
            [(1, 200, Some("/a")), (2, 500, Some("/b")), (3, 200, Some("/b")), (4, 500, Some("/a")), (5, 200, None)];
        assert_eq!(told(&rows, &[1, 3]).as_deref(), Some("status = 500"), "all that have it: one value says so");
        assert_eq!(told(&rows, &[0, 2]).as_deref(), Some("id in (1, 3)"), "else what only they have");
        assert_eq!(told(&rows, &[3, 4]).as_deref(), Some("id in (4, 5)"));
        assert_eq!(told(&rows, &[4]).as_deref(), Some("id = 5"));
        assert_eq!(told(&rows, &[]), None);
        // Without a column of their own, by several.
        let rows = rows.map(|(_, status, path)| (7, status, path));
        assert_eq!(told(&rows, &[4]).as_deref(), Some("path is null"));
        assert_eq!(
            told(&rows, &[0, 1]).as_deref(),
            Some("path = '/a' and status = 200 or path = '/b' and status = 500")
        );
    }
}
