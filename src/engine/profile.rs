//! What a table's columns hold: nulls, distinct values, range, the most frequent values, a histogram; in one pass over rows
//! that come piece by piece, in bounded memory. Knows no plan.

use pipewright_core::data::distinct::Distinct;
use pipewright_core::data::{DataType, Schema, Value};
use polars::prelude::{self as pl, Column, DataFrame, IntoLazy, PolarsResult, Series, SortMultipleOptions};

use crate::ops::column;
use crate::table::{ResultTable, value_of};

/// Bins of a histogram.
pub const BINS: usize = 24;
/// Most frequent values that are kept.
pub const TOP: usize = 10;
/// Different values of a column up to which each is counted.
pub const EXACT: usize = 100_000;
/// Numbers of a column from which a histogram is made at most.
const NUMBERS: usize = 200_000;

/// One column's values at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    pub nulls: u64,
    /// Different values, null not counted. 0 for lists and records.
    pub distinct: u64,
    /// There were too many to keep: `distinct` is an estimate, and the counts of `top` are the least that there are.
    pub is_estimated: bool,
    /// Null where there is no value, or the type has no order.
    pub min: Value,
    pub max: Value,
    /// The most frequent values with their counts, most frequent first, ties by value. Empty for lists and records.
    pub top: Vec<(Value, u64)>,
    /// Counts in bins of equal width from `min` to `max`; for numbers and times, else empty. Of many numbers as a random
    /// part of them is spread.
    pub histogram: Vec<u64>,
}

/// A profile per column, in the schema's order.
pub fn profile(table: &ResultTable) -> Vec<ColumnProfile> {
    let mut profiler = Profiler::new(table.schema());
    profiler.add(table);
    profiler.finish()
}

/// Profiles of columns whose rows come piece by piece.
pub struct Profiler {
    columns: Vec<Gathered>,
}

impl Profiler {
    pub fn new(schema: &Schema) -> Self {
        Self { columns: schema.fields.iter().map(|field| Gathered::new(field.data_type.clone())).collect() }
    }

    /// Adds rows of the schema.
    pub fn add(&mut self, table: &ResultTable) {
        for (gathered, cells) in self.columns.iter_mut().zip(table.frame().columns()) {
            gathered.nulls += cells.null_count() as u64;
            if !matches!(gathered.data_type, DataType::List(_) | DataType::Record(_)) {
                // A column that cannot be counted has no values to show, as one of lists.
                let _ = gathered.add(cells);
            }
        }
    }

    pub fn finish(self) -> Vec<ColumnProfile> {
        self.columns.into_iter().map(Gathered::finish).collect()
    }
}

const CELL: &str = "cell";
const COUNT: &str = "count";

/// What is known of a column so far.
struct Gathered {
    data_type: DataType,
    nulls: u64,
    /// Rows that have one.
    filled: u64,
    /// Values, each once, and how often they were met.
    counts: Option<DataFrame>,
    /// All values, once they are too many to be kept.
    sketch: Option<Distinct>,
    min: Value,
    max: Value,
    /// Numbers, or a random part of them, and how many there were.
    numbers: Vec<f64>,
    numbered: u64,
    random: fastrand::Rng,
}

impl Gathered {
    fn new(data_type: DataType) -> Self {
        Self {
            data_type,
            nulls: 0,
            filled: 0,
            counts: None,
            sketch: None,
            min: Value::Null,
            max: Value::Null,
            numbers: Vec::new(),
            numbered: 0,
            random: fastrand::Rng::with_seed(1),
        }
    }

    fn add(&mut self, cells: &Column) -> PolarsResult<()> {
        let values = cells.as_materialized_series().clone().with_name(CELL.into()).drop_nulls();
        if values.is_empty() {
            return Ok(());
        }
        self.filled += values.len() as u64;
        let times = pl::len().cast(pl::DataType::UInt64).alias(COUNT);
        let mut counts = values.clone().into_frame().lazy().group_by([column(CELL)]).agg([times]).collect()?;
        self.widen(counts.column(CELL)?)?;
        if self.sketch.is_some() {
            self.sketch_all(counts.column(CELL)?)?;
        }
        if let Some(known) = self.counts.take() {
            let both = known.vstack(&counts)?.lazy();
            counts = both.group_by([column(CELL)]).agg([column(COUNT).sum()]).collect()?;
        }
        if counts.height() > EXACT {
            counts = self.thin(counts)?;
        }
        self.counts = Some(counts);
        if !matches!(self.data_type, DataType::Boolean | DataType::String | DataType::Unknown) {
            self.add_numbers(&values)?;
        }
        Ok(())
    }

    fn widen(&mut self, cells: &Column) -> PolarsResult<()> {
        let frame = cells.as_materialized_series().clone().into_frame().lazy();
        let range = frame.select([column(CELL).min().alias("min"), column(CELL).max().alias("max")]).collect()?;
        let (min, max) = (range.column("min")?.get(0)?, range.column("max")?.get(0)?);
        let (min, max) = (value_of(&min, &self.data_type), value_of(&max, &self.data_type));
        if self.min.is_null() || min.compare(&self.min).is_some_and(|order| order.is_lt()) {
            self.min = min;
        }
        if self.max.is_null() || max.compare(&self.max).is_some_and(|order| order.is_gt()) {
            self.max = max;
        }
        Ok(())
    }

    fn sketch_all(&mut self, cells: &Column) -> PolarsResult<()> {
        let sketch = self.sketch.get_or_insert_default();
        for row in 0..cells.len() {
            match value_of(&cells.get(row)?, &self.data_type) {
                Value::String(text) => sketch.add(text.as_bytes()),
                value => sketch.add(value.to_json().to_string().as_bytes()),
            }
        }
        Ok(())
    }

    /// Too many different values to keep: those that were met least are forgotten, and the sketch knows of all.
    fn thin(&mut self, counts: DataFrame) -> PolarsResult<DataFrame> {
        if self.sketch.is_none() {
            self.sketch_all(counts.column(CELL)?)?;
        }
        Ok(most_frequent(counts)?.head(Some(EXACT / 2)))
    }

    fn add_numbers(&mut self, values: &Series) -> PolarsResult<()> {
        let numbers = values.to_physical_repr().cast(&pl::DataType::Float64)?;
        for number in numbers.f64()?.iter().flatten() {
            self.numbered += 1;
            if self.numbers.len() < NUMBERS {
                self.numbers.push(number);
            } else {
                let place = self.random.u64(0..self.numbered) as usize;
                if let Some(kept) = self.numbers.get_mut(place) {
                    *kept = number;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> ColumnProfile {
        let known = self.counts.as_ref().map_or(0, |counts| counts.height() as u64);
        ColumnProfile {
            nulls: self.nulls,
            // No estimate is more than there can be, or less than were met.
            distinct: self
                .sketch
                .as_ref()
                .map_or(known, |sketch| sketch.count().min(self.filled).max(EXACT as u64 + 1)),
            is_estimated: self.sketch.is_some(),
            top: self.counts.and_then(|counts| top_of(counts, &self.data_type).ok()).unwrap_or_default(),
            min: self.min,
            max: self.max,
            histogram: histogram(&self.numbers, self.numbered),
        }
    }
}

/// Values with their counts, the most frequent first, ties by value.
fn most_frequent(counts: DataFrame) -> PolarsResult<DataFrame> {
    let order = SortMultipleOptions::default().with_order_descending_multi([true, false]).with_nulls_last(true);
    counts.lazy().sort([COUNT, CELL], order).collect()
}

fn top_of(counts: DataFrame, data_type: &DataType) -> PolarsResult<Vec<(Value, u64)>> {
    let counts = most_frequent(counts)?;
    let (cell, count) = (counts.column(CELL)?, counts.column(COUNT)?);
    let row = |row: usize| Ok((value_of(&cell.get(row)?, data_type), count.get(row)?.extract::<u64>().unwrap_or(0)));
    (0..counts.height().min(TOP)).map(row).collect()
}

fn histogram(numbers: &[f64], all: u64) -> Vec<u64> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for number in numbers {
        low = low.min(*number);
        high = high.max(*number);
    }
    let width = (high - low) / BINS as f64;
    if !(width.is_finite() && width > 0.0) {
        return vec![all];
    }
    let mut bins = vec![0_u64; BINS];
    for number in numbers {
        bins[(((number - low) / width) as usize).min(BINS - 1)] += 1;
    }
    let scaled = |bin: u64| (u128::from(bin) * u128::from(all) / numbers.len() as u128) as u64;
    bins.into_iter().map(scaled).collect()
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
    #[test]
    fn rows_in_pieces_give_what_the_whole_gives() {
        let rows: Vec<serde_json::Value> = (0..300).map(|n| json!([n % 7, format!("v{}", n % 90)])).collect();
        let of = |rows: &[serde_json::Value]| table("n:Int s:String", json!(rows));
        let whole = profile(&of(&rows));
        let mut profiler = Profiler::new(of(&rows).schema());
        rows.chunks(70).for_each(|piece| profiler.add(&of(piece)));
        assert_eq!(profiler.finish(), whole);
        assert_eq!((whole[1].distinct, whole[1].is_estimated, whole[0].top[0].1), (90, false, 43));
    }

    #[test]
    fn too_many_values_to_keep_are_estimated() {
        let schema = Schema::of([("id", DataType::Int)]);
        let mut profiler = Profiler::new(&schema);
        for piece in 0..4_i64 {
            let ids = (0..60_000).map(|id| vec![Value::Int(piece * 60_000 + id)]);
            let often = (0..500).map(|_| vec![Value::Int(7)]);
            profiler.add(&ResultTable::from_rows(&schema, &ids.chain(often).collect::<Vec<_>>()));
        }
        let found = profiler.finish().remove(0);
        assert!(found.is_estimated && found.distinct.abs_diff(240_000) < 6_000, "{}", found.distinct);
        assert_eq!((&found.top[0], &found.max), (&(Value::Int(7), 2001), &Value::Int(239_999)));
        assert!(found.histogram.iter().sum::<u64>().abs_diff(242_000) < 50, "{:?}", found.histogram);
    }

    #[test]
    fn an_estimate_is_no_more_than_the_rows_that_have_a_value() {
        let schema = Schema::of([("id", DataType::Int)]);
        let mut profiler = Profiler::new(&schema);
        let mut sketch = Distinct::default();
        let ids = (1000..=450_997).step_by(3);
        ids.clone().for_each(|id| sketch.add(id.to_string().as_bytes()));
        assert!(sketch.count() > 150_000, "the sketch alone has more: {}", sketch.count());
        let rows: Vec<_> = ids.map(|id| vec![Value::Int(id)]).chain((0..9).map(|_| vec![Value::Null])).collect();
        profiler.add(&ResultTable::from_rows(&schema, &rows));
        let found = profiler.finish().remove(0);
        assert_eq!((found.distinct, found.nulls, found.is_estimated), (150_000, 9, true));
    }
}
