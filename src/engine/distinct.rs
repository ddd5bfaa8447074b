//! Rows that are different in their keys, each found once: hashes column by column, and rows of equal hashes compared
//! where they lie, without keys made of them. Must not import plans.

use polars::prelude::{Column, DataType, IdxSize, PolarsResult};
use polars_arrow::array::{BooleanArray, PrimitiveArray, StaticArray, Utf8ViewArray};

use crate::keys::{RowKeys, row_hashes};

/// No row.
const NONE: IdxSize = IdxSize::MAX;

/// The first row of every key, or the last one, in the rows' order.
pub(crate) fn distinct_rows(columns: &[Column], height: usize, last: bool) -> PolarsResult<Vec<IdxSize>> {
    let hashes = row_hashes(columns, height, 0)?;
    let cells = columns.iter().map(Cells::new).collect::<PolarsResult<Vec<Cells>>>()?;
    let size = (height.max(1) * 2).next_power_of_two();
    let (mask, shift) = (size - 1, u64::BITS - size.trailing_zeros().max(1));
    let mut table = vec![NONE; size];
    let mut found: Vec<IdxSize> = Vec::new();
    let mut visit = |row: usize| {
        let mut place = (hashes[row] >> shift) as usize & mask;
        loop {
            let other = table[place];
            if other == NONE {
                table[place] = row as IdxSize;
                found.push(row as IdxSize);
                return;
            }
            let other = other as usize;
            if hashes[other] == hashes[row] && cells.iter().all(|cells| cells.are_equal(other, row)) {
                return;
            }
            place = (place + 1) & mask;
        }
    };
    if last {
        (0..height).rev().for_each(&mut visit);
        found.reverse();
    } else {
        (0..height).for_each(&mut visit);
    }
    Ok(found)
}

/// A column opened for comparing its cells.
enum Cells {
    Int(PrimitiveArray<i64>),
    Short(PrimitiveArray<i32>),
    Float(PrimitiveArray<f64>),
    Flag(BooleanArray),
    Text(Utf8ViewArray),
    Other(RowKeys),
}

impl Cells {
    fn new(column: &Column) -> PolarsResult<Cells> {
        let series = column.as_materialized_series().to_physical_repr().rechunk();
        let opened = match series.dtype() {
            DataType::Int64 => series.i64()?.downcast_iter().next().cloned().map(Cells::Int),
            DataType::Int32 => series.i32()?.downcast_iter().next().cloned().map(Cells::Short),
            DataType::Float64 => series.f64()?.downcast_iter().next().cloned().map(Cells::Float),
            DataType::Boolean => series.bool()?.downcast_iter().next().cloned().map(Cells::Flag),
            DataType::String => series.str()?.downcast_iter().next().cloned().map(Cells::Text),
            _ => None,
        };
        match opened {
            Some(cells) => Ok(cells),
            None => RowKeys::of(std::slice::from_ref(column)).map(Cells::Other),
        }
    }

    /// Null is equal to null, -0 to 0, and what is no number to what is none.
    fn are_equal(&self, a: usize, b: usize) -> bool {
        match self {
            Cells::Int(array) => alike(array, a, b, |a, b| a == b),
            Cells::Short(array) => alike(array, a, b, |a, b| a == b),
            Cells::Float(array) => alike(array, a, b, |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan())),
            Cells::Flag(array) => alike(array, a, b, |a, b| a == b),
            Cells::Text(array) => alike(array, a, b, |a, b| a == b),
            Cells::Other(keys) => keys.get(a) == keys.get(b),
        }
    }
}

fn alike<'a, A: StaticArray>(
    array: &'a A,
    a: usize,
    b: usize,
    is_equal: impl Fn(A::ValueT<'a>, A::ValueT<'a>) -> bool,
) -> bool {
    match (array.get(a), array.get(b)) {
        (Some(a), Some(b)) => is_equal(a, b),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{NamedFrom, Series, df};

    #[test]
    fn every_key_is_found_once_and_the_first_or_last_row_of_it() {
        let rows = df!(
            "x" => [Some(0.0f64), Some(-0.0), None, Some(f64::NAN), None, Some(f64::NAN), Some(1.5)],
            "t" => [Some("a"), Some("a"), Some("a"), None, Some("a"), None, Some("a")],
        )
        .unwrap();
        assert_eq!(distinct_rows(rows.columns(), 7, false).unwrap(), [0, 2, 3, 6]);
        assert_eq!(distinct_rows(rows.columns(), 7, true).unwrap(), [1, 4, 5, 6]);
        assert_eq!(distinct_rows(&rows.columns()[1..], 7, false).unwrap(), [0, 3]);
        let lists = Series::new(
            "l".into(),
            [Series::new("".into(), [1i64, 2]), Series::new("".into(), [1i64]), Series::new("".into(), [1i64, 2])],
        );
        assert_eq!(distinct_rows(&[lists.into()], 3, false).unwrap(), [0, 1]);
        assert_eq!(distinct_rows(&[], 3, false).unwrap(), [0]);
        assert_eq!(distinct_rows(rows.slice(0, 0).columns(), 0, false).unwrap(), [0; 0]);
    }

    #[test]
    fn many_rows_are_told_apart_as_a_set_would() {
        let mut random = fastrand::Rng::with_seed(7);
        let a: Vec<Option<i64>> = (0..20_000).map(|_| (random.u8(..) > 9).then(|| random.i64(-40..40))).collect();
        let b: Vec<bool> = (0..20_000).map(|_| random.bool()).collect();
        let c: Vec<Option<String>> = (0..20_000)
            .map(|_| (random.u8(..) > 9).then(|| format!("a text that is long enough {}", random.u8(..40))))
            .collect();
        let rows = df!("a" => &a, "b" => &b, "c" => &c).unwrap();
        let mut seen = std::collections::HashSet::new();
        let wanted: Vec<IdxSize> = (0..20_000)
            .filter(|row| seen.insert((a[*row], b[*row], c[*row].clone())))
            .map(|row| row as IdxSize)
            .collect();
        assert_eq!(distinct_rows(rows.columns(), 20_000, false).unwrap(), wanted);
    }
}
