//! A frame at the wall between engine and the rest: cheap to clone, typed by Pipewright's schema, no Polars in its
//! public face. Must not import other parts of the engine.

mod arrange;
mod arrow;
mod cells;
mod types;
mod write;

pub use arrange::{Arrangement, Pair, TextForm};
pub use arrow::ArrowStream;
use pipewright_core::data::{Field, Schema, TableRows, Value};
use polars::prelude::{ChunkedArray, Column, DataFrame, IdxCa, IdxSize, IntoColumn, PolarsResult, Series, UInt64Type};

use crate::frames::weight;

pub(crate) use cells::{Cells, column_values, put_text, series_of, value_of};
pub(crate) use types::{RESERVED_ROW, polars_schema, polars_type, schema_of};

/// Rows of a step, as the designer, the command line and tests see them.
#[derive(Clone, Debug)]
pub struct ResultTable {
    frame: DataFrame,
    schema: Schema,
    /// Hidden ids of the rows, where the step keeps them: unique within a preview's step.
    row_ids: Option<ChunkedArray<UInt64Type>>,
}

impl ResultTable {
    /// Columns with their types, in order.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// One cell; null outside the table.
    pub fn value(&self, row: usize, column: usize) -> Value {
        let (Some(series), Some(field)) = (self.frame.select_at_idx(column), self.schema.fields.get(column)) else {
            return Value::Null;
        };
        series.get(row).map_or(Value::Null, |value| value_of(&value, &field.data_type))
    }

    /// One row's values, in the schema's order.
    pub fn row(&self, row: usize) -> Vec<Value> {
        (0..self.schema.len()).map(|column| self.value(row, column)).collect()
    }

    /// The hidden id of a row, where its step keeps ids.
    pub fn row_id(&self, row: usize) -> Option<u64> {
        self.row_ids.as_ref().filter(|ids| row < ids.len())?.get(row)
    }

    /// A table from values; what does not fit its field's type becomes null.
    pub fn from_rows(schema: &Schema, rows: &[Vec<Value>]) -> ResultTable {
        let columns = schema.fields.iter().enumerate().map(|(index, field)| {
            let values: Vec<&Value> = rows.iter().map(|row| row.get(index).unwrap_or(&Value::Null)).collect();
            series_of(&field.name, &field.data_type, &values).into_column()
        });
        let columns: Vec<Column> = columns.collect();
        let frame = DataFrame::new(rows.len(), columns).unwrap_or_else(|_| DataFrame::empty());
        ResultTable { frame, schema: schema.clone(), row_ids: None }
    }

    /// As many rows and columns as are wanted, made of those that there are: for measuring. Columns share their values, so
    /// that a million rows of 500 columns fit into memory.
    pub fn repeated(&self, rows: usize, columns: usize) -> ResultTable {
        let width = self.schema.len().max(1);
        let indices: Vec<IdxSize> = (0..rows).map(|row| (row % self.rows().max(1)) as IdxSize).collect();
        let indices = IdxCa::from_vec("".into(), indices);
        let long: Vec<Column> = self.frame.columns().iter().filter_map(|column| column.take(&indices).ok()).collect();
        let mut schema = Schema::default();
        let mut wide: Vec<Column> = Vec::with_capacity(columns);
        for number in 0..columns {
            let (Some(column), Some(field)) = (long.get(number % width), self.schema.fields.get(number % width)) else {
                break;
            };
            let name = format!("{} {number}", field.name);
            wide.push(column.clone().with_name(name.as_str().into()));
            schema.fields.push(Field { name, ..field.clone() });
        }
        let frame = DataFrame::new(rows, wide).unwrap_or_else(|_| DataFrame::empty());
        ResultTable { frame, schema, row_ids: None }
    }

    /// No rows.
    pub fn empty(schema: &Schema) -> ResultTable {
        ResultTable::from_rows(schema, &[])
    }

    /// `count` rows from `start` on; fewer where the table ends. Copies nothing.
    pub fn slice(&self, start: usize, count: usize) -> ResultTable {
        ResultTable {
            frame: self.frame.slice(start as i64, count),
            schema: self.schema.clone(),
            row_ids: self.row_ids.as_ref().map(|ids| ids.slice(start as i64, count)),
        }
    }

    /// All rows one table after the other; `None` without tables. They must have the same columns.
    pub fn concatenate(tables: &[ResultTable]) -> Option<ResultTable> {
        let (first, rest) = tables.split_first()?;
        let mut frame = first.frame.clone();
        for table in rest {
            frame.vstack_mut(&table.frame).ok()?;
        }
        Some(ResultTable { frame, schema: first.schema.clone(), row_ids: None })
    }

    /// About how many bytes of memory the rows take.
    pub fn size(&self) -> usize {
        weight(&self.frame) + self.row_ids.as_ref().map_or(0, |ids| ids.len() * 8)
    }
}

impl ResultTable {
    /// Takes a frame as the schema's columns: others are dropped (`__row` is kept aside), missing ones are null,
    /// other types are cast.
    pub(crate) fn from_frame(frame: &DataFrame, schema: &Schema) -> PolarsResult<ResultTable> {
        let height = frame.height();
        let mut columns = Vec::with_capacity(schema.len());
        for field in &schema.fields {
            let wanted = polars_type(&field.data_type);
            columns.push(match frame.column(&field.name) {
                Ok(column) if *column.dtype() == wanted => column.clone(),
                Ok(column) => column.cast(&wanted)?,
                Err(_) => Series::full_null(field.name.as_str().into(), height, &wanted).into_column(),
            });
        }
        let row_ids = match frame.column(RESERVED_ROW) {
            Ok(ids) => Some(ids.as_materialized_series().u64()?.clone()),
            Err(_) => None,
        };
        Ok(ResultTable { frame: DataFrame::new(height, columns)?, schema: schema.clone(), row_ids })
    }

    /// The texts of a column, without its nulls; `None` where it holds something else.
    pub fn texts(&self, column: usize) -> Option<impl Iterator<Item = &str>> {
        let texts = self.frame.columns()[column].as_materialized_series().str().ok()?;
        Some(texts.iter().flatten())
    }

    /// The schema's columns, without hidden ids.
    pub(crate) fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// The columns and, where rows have ids, `__row`.
    pub(crate) fn frame_with_ids(&self) -> DataFrame {
        let mut frame = self.frame.clone();
        if let Some(ids) = &self.row_ids {
            let ids = ids.clone().with_name(RESERVED_ROW.into());
            // A schema never names the reserved column, so the name is free.
            let _ = frame.with_column(Series::from(ids).into_column());
        }
        frame
    }

    /// The same rows with fresh ids from 0.
    pub(crate) fn with_fresh_ids(mut self) -> ResultTable {
        let ids: Vec<u64> = (0..self.rows() as u64).collect();
        self.row_ids = Some(ChunkedArray::from_vec(RESERVED_ROW.into(), ids));
        self
    }

    #[cfg(test)]
    pub(crate) fn lazy(&self) -> polars::prelude::LazyFrame {
        use polars::prelude::IntoLazy;
        self.frame.clone().lazy()
    }
}

impl TableRows for ResultTable {
    fn schema(&self) -> &Schema {
        ResultTable::schema(self)
    }

    fn rows(&self) -> usize {
        ResultTable::rows(self)
    }

    fn value(&self, row: usize, column: usize) -> Value {
        ResultTable::value(self, row, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::DataType;

    pub(super) fn all_types() -> ResultTable {
        let record = DataType::Record(vec![("a".into(), DataType::Int), ("t".into(), DataType::Timestamp)]);
        let schema = Schema::of([
            ("flag", DataType::Boolean),
            ("count", DataType::Int),
            ("share", DataType::Float),
            ("text", DataType::String),
            ("time", DataType::Timestamp),
            ("day", DataType::Date),
            ("took", DataType::Duration),
            ("times", DataType::List(Box::new(DataType::Timestamp))),
            ("record", record.clone()),
            ("records", DataType::List(Box::new(record))),
        ]);
        let inner = Value::Record(vec![("a".into(), Value::Int(1)), ("t".into(), Value::Timestamp(5))]);
        let row = vec![
            Value::Boolean(true),
            Value::Int(i64::MAX),
            Value::Float(0.5),
            Value::text("a, \"b\"\nc"),
            Value::Timestamp(1_772_460_131_000_000),
            Value::Date(20_000),
            Value::Duration(1_500_000),
            Value::List(vec![Value::Timestamp(1), Value::Null]),
            inner.clone(),
            Value::List(vec![inner, Value::Null]),
        ];
        ResultTable::from_rows(&schema, &[row, vec![Value::Null; 10]])
    }

    #[test]
    fn values_of_every_type_come_back() {
        let table = all_types();
        assert_eq!(table.rows(), 2);
        assert_eq!(table.value(0, 1), Value::Int(i64::MAX));
        assert_eq!(table.value(0, 4), Value::Timestamp(1_772_460_131_000_000));
        assert_eq!(table.value(0, 7), Value::List(vec![Value::Timestamp(1), Value::Null]));
        let inner = Value::Record(vec![("a".into(), Value::Int(1)), ("t".into(), Value::Timestamp(5))]);
        assert_eq!(table.value(0, 8), inner);
        assert_eq!(table.value(0, 9), Value::List(vec![inner, Value::Null]));
        for column in 0..10 {
            assert_eq!(table.value(1, column), Value::Null, "column {column}");
        }
        assert_eq!(table.value(7, 0), Value::Null);
        assert_eq!(table.slice(1, 5).rows(), 1);
        assert_eq!(schema_of(table.frame()), *table.schema());
    }

    #[test]
    fn misfits_become_null_and_integers_stand_for_floats() {
        let schema = Schema::of([("n", DataType::Float), ("s", DataType::Int)]);
        let table = ResultTable::from_rows(&schema, &[vec![Value::Int(2), Value::text("x")]]);
        assert_eq!(table.row(0), vec![Value::Float(2.0), Value::Null]);
    }
}
