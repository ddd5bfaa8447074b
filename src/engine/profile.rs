//! What a table's columns hold: nulls, distinct values, range, the most frequent values, a histogram.
//! Knows no plan.

use pipewright_core::data::{DataType, Value};
use polars::prelude::{self as pl, Column, IntoLazy, PolarsResult, Series, SortMultipleOptions};

use crate::ops::column;
use crate::table::{ResultTable, value_of};

/// Bins of a histogram.
pub const BINS: usize = 24;
/// Most frequent values that are kept.
pub const TOP: usize = 10;

/// One column's values at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    pub nulls: u64,
    /// Different values, null not counted. 0 for lists and records.
    pub distinct: u64,
    /// Null where there is no value, or the type has no order.
    pub min: Value,
    pub max: Value,
    /// The most frequent values with their counts, most frequent first, ties by value. Empty for lists and records.
    pub top: Vec<(Value, u64)>,
    /// Counts in bins of equal width from `min` to `max`; for numbers and times, else empty.
    pub histogram: Vec<u64>,
}

/// A profile per column, in the schema's order.
pub fn profile(table: &ResultTable) -> Vec<ColumnProfile> {
    let fields = table.schema().fields.iter().zip(table.frame().columns());
    fields
        .map(|(field, column)| {
            let empty = ColumnProfile {
                nulls: column.null_count() as u64,
                distinct: 0,
                min: Value::Null,
                max: Value::Null,
                top: Vec::new(),
                histogram: Vec::new(),
            };
            match &field.data_type {
                DataType::List(_) | DataType::Record(_) => empty,
                data_type => column_profile(column, data_type, empty.clone()).unwrap_or(empty),
            }
        })
        .collect()
}

fn column_profile(cells: &Column, data_type: &DataType, mut found: ColumnProfile) -> PolarsResult<ColumnProfile> {
    const CELL: &str = "cell";
    const COUNT: &str = "count";
    let series = cells.as_materialized_series().clone().with_name(CELL.into());
    let values = series.drop_nulls();
    if values.is_empty() {
        return Ok(found);
    }
    let counts = values
        .clone()
        .into_frame()
        .lazy()
        .group_by([column(CELL)])
        .agg([pl::len().alias(COUNT)])
        .sort(
            [COUNT, CELL],
            SortMultipleOptions::default().with_order_descending_multi([true, false]).with_nulls_last(true),
        )
        .collect()?;
    found.distinct = counts.height() as u64;
    let (cell, count) = (counts.column(CELL)?, counts.column(COUNT)?);
    for row in 0..counts.height().min(TOP) {
        let times = count.get(row)?.extract::<u64>().unwrap_or(0);
        found.top.push((value_of(&cell.get(row)?, data_type), times));
    }
    let frame = cell.as_materialized_series().clone().into_frame().lazy();
    let range = frame.select([column(CELL).min().alias("min"), column(CELL).max().alias("max")]).collect()?;
    found.min = value_of(&range.column("min")?.get(0)?, data_type);
    found.max = value_of(&range.column("max")?.get(0)?, data_type);
    if !matches!(data_type, DataType::Boolean | DataType::String | DataType::Unknown) {
        found.histogram = histogram(&values)?;
    }
    Ok(found)
}

fn histogram(values: &Series) -> PolarsResult<Vec<u64>> {
    let numbers = values.to_physical_repr().cast(&pl::DataType::Float64)?;
    let numbers = numbers.f64()?;
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for number in numbers.iter().flatten() {
        low = low.min(number);
        high = high.max(number);
    }
    let width = (high - low) / BINS as f64;
    if !(width.is_finite() && width > 0.0) {
        return Ok(vec![numbers.len() as u64]);
    }
    let mut bins = vec![0; BINS];
    for number in numbers.iter().flatten() {
        bins[(((number - low) / width) as usize).min(BINS - 1)] += 1;
    }
    Ok(bins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::table;
    use serde_json::json;

    #[test]
    fn columns_at_a_glance() {
        let table = table(
            "n:Int s:String l:List<Int> e:Float t:Timestamp",
            json!([
                [1, "b", [1], null, "2026-01-01T00:00:00Z"],
                [5, "a", null, null, "2026-01-02T00:00:00Z"],
                [null, "a", [2], null, null],
                [25, "b", [], null, "2026-01-03T00:00:00Z"]
            ]),
        );
        let found = profile(&table);
        assert_eq!((found[0].nulls, found[0].distinct), (1, 3));
        assert_eq!((&found[0].min, &found[0].max), (&Value::Int(1), &Value::Int(25)));
        assert_eq!((found[0].histogram.len(), found[0].histogram.iter().sum::<u64>()), (BINS, 3));
        assert_eq!((found[0].histogram[0], found[0].histogram[4], found[0].histogram[BINS - 1]), (1, 1, 1));
        assert_eq!(found[1].top, [(Value::text("a"), 2), (Value::text("b"), 2)]);
        assert!(found[1].histogram.is_empty());
        assert_eq!((found[2].nulls, found[2].distinct), (1, 0));
        assert_eq!((found[3].nulls, &found[3].min), (4, &Value::Null));
        assert_eq!(found[4].histogram.iter().sum::<u64>(), 3);
    }
}
