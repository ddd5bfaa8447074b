//! Which rows of a table are looked at, and in which order; and tables as text for other programs. Changes no table.

use std::collections::{BTreeMap, HashMap, HashSet};

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{Expr, Place, Scope, SortKey, check, parse};
use pipewright_core::quote::markdown_text;
use polars::prelude::{IntoLazy, col};

use super::cells::text_of;
use super::{RESERVED_ROW, ResultTable};
use crate::internal;

/// What rows of a table are wanted, and in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arrangement {
    /// Rows that fulfil it, where it is a condition on the table's columns; else rows of which a value contains it.
    pub filter: String,
    /// A column, and whether its highest values come first.
    pub sort: Option<(String, bool)>,
}

impl Arrangement {
    /// Whether all rows are wanted as they are.
    pub fn is_plain(&self) -> bool {
        self.filter.trim().is_empty() && self.sort.is_none()
    }

    /// The filter as a condition on rows with these columns; `None` where it is looked for as text.
    pub fn condition(&self, schema: &Schema) -> Option<Expr> {
        let expr = parse(&self.filter).ok()?;
        let scope = Scope { schema, parameters: &BTreeMap::new(), place: Place::Row };
        let is_condition = check(&expr, &scope).is_ok_and(|found| found == DataType::Boolean);
        // A single word that is no column of the table is a word.
        let names_columns = !expr.columns().is_empty() && expr.columns().iter().all(|name| schema.has(name));
        (is_condition && names_columns).then_some(expr)
    }
}

/// A row of a step beside the row that it was before: one of them may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub output: Option<u32>,
    pub input: Option<u32>,
}

/// Rows as text for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextForm {
    Csv,
    JsonLines,
    Markdown,
}

impl ResultTable {
    /// The numbers of the rows that are wanted, in the wanted order. Rows that are alike stay in the table's order.
    pub fn arranged(&self, arrangement: &Arrangement) -> Result<Vec<u32>, Diagnostic> {
        let schema = &self.schema;
        let mut frame = self.frame.clone().lazy().with_row_index(RESERVED_ROW, None);
        let text = arrangement.filter.trim().to_lowercase();
        let condition = arrangement.condition(schema);
        if let Some(condition) = &condition {
            frame = frame.filter(crate::exprs::boolean(condition, schema)?);
        }
        if let Some((column, descending)) = &arrangement.sort {
            let key = SortKey { expr: Expr::column(column), descending: *descending };
            let by = crate::exprs::lower(&key.expr, schema)?.expr;
            let options = crate::ops::nulls_last(vec![*descending]).with_maintain_order(true);
            frame = frame.sort_by_exprs([by], options);
        }
        let found =
            frame.select([col(RESERVED_ROW)]).collect().map_err(|error| internal("the order of rows", &error))?;
        let numbers = found.columns().first().and_then(|column| column.as_materialized_series().idx().ok().cloned());
        let mut rows: Vec<u32> = numbers.map(|numbers| numbers.into_no_null_iter().collect()).unwrap_or_default();
        if condition.is_none() && !text.is_empty() {
            rows.retain(|row| self.contains(*row as usize, &text));
        }
        Ok(rows)
    }

    /// The rows beside those that they were before, by their hidden ids; rows that are gone stand where they stood.
    pub fn paired(&self, input: &ResultTable) -> Vec<Pair> {
        let ids = |table: &ResultTable| {
            (0..table.rows() as u32).filter_map(|row| Some((table.row_id(row as usize)?, row))).collect::<Vec<_>>()
        };
        let (before, after) = (ids(input), ids(self));
        let places: HashMap<u64, u32> = before.iter().copied().collect();
        let kept: HashSet<u64> = after.iter().map(|(id, _)| *id).collect();
        let gone = |from: u32, to: u32| {
            let rows = before.get(from as usize..to as usize).unwrap_or_default().iter();
            rows.filter(|(id, _)| !kept.contains(id)).map(|(_, row)| Pair { output: None, input: Some(*row) })
        };
        let mut pairs = Vec::with_capacity(before.len());
        let mut next = 0;
        for (id, row) in &after {
            let place = places.get(id).copied();
            if let Some(place) = place.filter(|place| *place >= next) {
                pairs.extend(gone(next, place));
                next = place + 1;
            }
            pairs.push(Pair { output: Some(*row), input: place });
        }
        pairs.extend(gone(next, before.len() as u32));
        pairs
    }

    /// Whether its rows have hidden ids.
    pub fn has_ids(&self) -> bool {
        self.row_ids.is_some()
    }

    /// Whether a value of the row contains a text, in either case.
    fn contains(&self, row: usize, lower_case: &str) -> bool {
        self.row(row).iter().any(|value| !value.is_null() && text_of(value).to_lowercase().contains(lower_case))
    }

    /// Some of the rows and columns, in their order, as text for other programs.
    pub fn text_of_rows(&self, rows: &[u32], columns: &[usize], form: TextForm) -> String {
        let fields: Vec<_> = columns.iter().filter_map(|column| self.schema.fields.get(*column)).cloned().collect();
        let values = |row: &u32| columns.iter().map(|column| self.value(*row as usize, *column)).collect::<Vec<_>>();
        if form == TextForm::Markdown {
            let mut lines = vec![
                markdown_row(fields.iter().map(|field| markdown_text(&field.name))),
                markdown_row(fields.iter().map(|field| alignment(&field.data_type).to_owned())),
            ];
            let cell = |value: &Value| if value.is_null() { String::new() } else { markdown_text(&text_of(value)) };
            lines.extend(rows.iter().map(|row| markdown_row(values(row).iter().map(cell))));
            return lines.join("\n") + "\n";
        }
        let chosen: Vec<Vec<Value>> = rows.iter().map(values).collect();
        let table = ResultTable::from_rows(&Schema { fields, ..self.schema.clone() }, &chosen);
        let mut out = Vec::new();
        // Writing into memory does not fail.
        let _ = match form {
            TextForm::JsonLines => table.write_jsonl(&mut out),
            TextForm::Csv | TextForm::Markdown => table.write_csv(&mut out, true),
        };
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn markdown_row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn alignment(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int | DataType::Float | DataType::Duration => "---:",
        _ => "---",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::Field;
    use polars::prelude::ChunkedArray;

    fn table() -> ResultTable {
        let fields = [("path", DataType::String), ("status", DataType::Int), ("share", DataType::Float)];
        let schema = Schema {
            fields: fields.map(|(name, data_type)| Field::new(name, data_type)).to_vec(),
            ..Schema::default()
        };
        let row = |path: &str, status: Option<i64>, share: f64| {
            vec![Value::String(path.into()), status.map_or(Value::Null, Value::Int), Value::Float(share)]
        };
        let rows = [
            row("/a|b", Some(200), 0.5),
            row("/Cart", Some(500), 0.25),
            row("/x", None, 1.0),
            row("/cart/2", Some(404), 0.1),
        ];
        ResultTable::from_rows(&schema, &rows)
    }

    fn arranged(filter: &str, sort: Option<(&str, bool)>) -> Vec<u32> {
        let sort = sort.map(|(column, descending)| (column.to_owned(), descending));
        table().arranged(&Arrangement { filter: filter.into(), sort }).unwrap()
    }

    #[test]
    fn rows_are_filtered_by_condition_or_by_text() {
        assert_eq!(arranged("status >= 400", None), [1, 3]);
        assert_eq!(arranged("cart", None), [1, 3]);
        assert_eq!(arranged("status", None), Vec::<u32>::new());
        assert_eq!(arranged("status is null", None), [2]);
        // No condition on these columns: looked for as it stands.
        assert_eq!(arranged("stats >= 400", None), Vec::<u32>::new());
        assert_eq!(arranged("0.25", None), [1]);
        assert_eq!(arranged("  ", None), [0, 1, 2, 3]);
    }

    #[test]
    fn rows_are_sorted_with_nulls_last() {
        assert_eq!(arranged("", Some(("status", false))), [0, 3, 1, 2]);
        assert_eq!(arranged("", Some(("status", true))), [1, 3, 0, 2]);
        assert_eq!(arranged("cart", Some(("share", false))), [3, 1]);
    }

    #[test]
    fn rows_stand_beside_what_they_were_before() {
        let with_ids = |ids: &[u64]| {
            let mut table = table().slice(0, ids.len());
            table.row_ids = Some(ChunkedArray::from_vec(RESERVED_ROW.into(), ids.to_vec()));
            table
        };
        let pairs = |output: &[u64]| {
            let pairs = with_ids(output).paired(&with_ids(&[7, 8, 9, 10]));
            pairs.iter().map(|pair| (pair.output, pair.input)).collect::<Vec<_>>()
        };
        let kept = [(None, Some(0)), (Some(0), Some(1)), (None, Some(2)), (Some(1), Some(3))];
        assert_eq!(pairs(&[8, 10]), kept);
        assert_eq!(pairs(&[]), [(None, Some(0)), (None, Some(1)), (None, Some(2)), (None, Some(3))]);
        // In another order: nothing is told twice, and nothing is lost.
        let turned = pairs(&[10, 9, 7]);
        assert_eq!(turned, [(None, Some(1)), (Some(0), Some(3)), (Some(1), Some(2)), (Some(2), Some(0))]);
    }

    #[test]
    fn rows_are_text_for_other_programs() {
        let table = table();
        let markdown = table.text_of_rows(&[2, 0], &[0, 1], TextForm::Markdown);
        assert_eq!(markdown, "| path | status |\n| --- | ---: |\n| /x |  |\n| /a\\|b | 200 |\n");
        assert_eq!(table.text_of_rows(&[1], &[2, 0], TextForm::Csv), "share,path\n0.25,/Cart\n");
        assert_eq!(table.text_of_rows(&[2], &[0, 1], TextForm::JsonLines), "{\"path\":\"/x\",\"status\":null}\n");
    }
}
