//! Aggregates over frames of sorted rows. Sums and extremes go through a tree of partial results, so that no frame is
//! summed twice and nothing is lost by taking away; everything else is computed frame by frame by the reference.

use pipewright_core::data::{DataType, Value, settled};
use pipewright_core::expr::{Call, function};
use polars::prelude::{
    BooleanChunked, Float64Chunked, IdxCa, IdxSize, Int64Chunked, NewChunkedArray, PolarsResult, Series, SortOptions,
};

use crate::allowance::Allowance;
use crate::table::{column_values, polars_type, series_of};

type Bounds = [(usize, usize)];

/// The aggregate of each row's frame. `keeps`: rows that the call's filter lets in.
pub(super) fn fold(
    call: &Call,
    bounds: &Bounds,
    arguments: &[(Series, DataType)],
    keeps: Option<&[bool]>,
    output: &DataType,
    allowance: &Allowance,
) -> PolarsResult<Series> {
    let height = bounds.len();
    let kept = |row: usize| keeps.is_none_or(|keeps| keeps[row]);
    let Some((values, data_type)) = arguments.first() else {
        return Ok(counts(bounds, (0..height).map(kept)));
    };
    let present: Vec<bool> = (0..height).map(|row| kept(row) && !is_null(values, row)).collect();
    let is_true = |row: usize| present[row] && values.bool().is_ok_and(|flags| flags.get(row) == Some(true));
    match call.function.as_str() {
        "count" => Ok(counts(bounds, present.iter().copied())),
        "count_if" => Ok(counts(bounds, (0..height).map(is_true))),
        "share_if" => {
            let found = running((0..height).map(is_true));
            let all = running((0..height).map(kept));
            let share = |&(from, to): &(usize, usize)| match between(&all, from, to) {
                0 => None,
                rows => Some(between(&found, from, to) as f64 / rows as f64),
            };
            Ok(floats(bounds.iter().map(share)))
        }
        "sum" | "avg" if matches!(data_type, DataType::Int | DataType::Duration) => {
            whole_sums(call.function == "sum", bounds, values, &present, data_type)
        }
        "sum" | "avg" if *data_type == DataType::Float => float_sums(call.function == "sum", bounds, values, &present),
        "stddev" | "variance" if data_type.is_numeric() => spreads(call.function == "stddev", bounds, values, &present),
        "min" | "max" => extremes(call.function == "min", bounds, values, &present, output),
        "first" | "last" => edges(call.function == "first", bounds, values, (0..height).map(kept).collect()),
        _ => by_reference(call, bounds, arguments, keeps, output, allowance),
    }
}

/// Rows whose sum, mean or spread is null, though their frame has the values for one.
pub(super) fn beyond(
    call: &Call,
    bounds: &Bounds,
    values: &Series,
    keeps: Option<&[bool]>,
    made: &Series,
) -> BooleanChunked {
    let least = match call.function.as_str() {
        "sum" | "avg" => 1,
        "stddev" | "variance" => 2,
        _ => i64::MAX,
    };
    let is_value = values.is_not_null();
    let present = is_value.iter().enumerate();
    let present = present.map(|(row, is)| is == Some(true) && keeps.is_none_or(|keeps| keeps[row]));
    let counts = running(present);
    let is_null = made.is_null();
    let found = bounds
        .iter()
        .zip(is_null.iter())
        .map(|(&(from, to), is_null)| is_null == Some(true) && between(&counts, from, to) >= least);
    BooleanChunked::from_iter_values("beyond".into(), found)
}

fn is_null(values: &Series, row: usize) -> bool {
    values.get(row).map_or(true, |cell| cell.is_null())
}

/// Counts up to each place.
fn running(flags: impl Iterator<Item = bool>) -> Vec<i64> {
    let mut sum = 0;
    let mut sums = vec![0];
    sums.extend(flags.map(|flag| {
        sum += i64::from(flag);
        sum
    }));
    sums
}

fn between(sums: &[i64], from: usize, to: usize) -> i64 {
    if from < to { sums[to] - sums[from] } else { 0 }
}

fn counts(bounds: &Bounds, flags: impl Iterator<Item = bool>) -> Series {
    let sums = running(flags);
    let counts: Vec<i64> = bounds.iter().map(|&(from, to)| between(&sums, from, to)).collect();
    Series::from(Int64Chunked::from_vec("window".into(), counts))
}

fn floats(values: impl Iterator<Item = Option<f64>>) -> Series {
    let finite = values.map(|value| value.and_then(settled));
    Series::from(Float64Chunked::from_iter_options("window".into(), finite))
}

fn whole_sums(
    sum: bool,
    bounds: &Bounds,
    values: &Series,
    present: &[bool],
    data_type: &DataType,
) -> PolarsResult<Series> {
    let physical = values.to_physical_repr();
    let cells = physical.i64()?;
    let mut total = 0_i128;
    let mut totals = vec![0_i128];
    for (row, present) in present.iter().enumerate() {
        total += if *present { i128::from(cells.get(row).unwrap_or(0)) } else { 0 };
        totals.push(total);
    }
    let rows = running(present.iter().copied());
    let frame = |&(from, to): &(usize, usize)| {
        let count = between(&rows, from, to);
        (count > 0).then(|| (totals[to] - totals[from], count))
    };
    if sum || *data_type == DataType::Duration {
        let results = bounds.iter().map(|bound| {
            let (total, count) = frame(bound)?;
            i64::try_from(if sum { total } else { total / i128::from(count) }).ok()
        });
        return Series::from(Int64Chunked::from_iter_options("window".into(), results)).cast(&polars_type(data_type));
    }
    Ok(floats(bounds.iter().map(|bound| frame(bound).map(|(total, count)| total as f64 / count as f64))))
}

fn numbers(values: &Series) -> PolarsResult<Float64Chunked> {
    Ok(values.cast(&polars::prelude::DataType::Float64)?.f64()?.clone())
}

fn float_sums(sum: bool, bounds: &Bounds, values: &Series, present: &[bool]) -> PolarsResult<Series> {
    let cells = numbers(values)?;
    let leaves = (0..present.len()).map(|row| if present[row] { cells.get(row).unwrap_or(0.0) } else { 0.0 });
    let tree = Tree::new(leaves.collect(), 0.0, |a, b| a + b);
    let rows = running(present.iter().copied());
    Ok(floats(bounds.iter().map(|&(from, to)| {
        let count = between(&rows, from, to);
        let total = (count > 0).then(|| tree.query(from, to))?;
        Some(if sum { total } else { total / count as f64 })
    })))
}

/// How many values, their mean (its whole part, what comes after it), the sum of squared distances from it.
type Moments = (f64, (i128, f64), f64);

/// Of both: whole numbers are not rounded before their distance is known, which a Float holds where it does not hold them.
fn joined(a: &Moments, b: &Moments) -> Moments {
    let count = a.0 + b.0;
    match () {
        _ if a.0 == 0.0 => *b,
        _ if b.0 == 0.0 => *a,
        _ => {
            let distance = (b.1.0 - a.1.0) as f64 + (b.1.1 - a.1.1);
            let (mut whole, mut rest) = (a.1.0, a.1.1 + distance * b.0 / count);
            // Of Ints alone, whose means lie in their range.
            if (a.1.0 != 0 || b.1.0 != 0) && rest.abs() >= 1.0 {
                whole += rest.trunc() as i128;
                rest = rest.fract();
            }
            (count, (whole, rest), a.2 + b.2 + distance * distance * a.0 * b.0 / count)
        }
    }
}

fn spreads(root: bool, bounds: &Bounds, values: &Series, present: &[bool]) -> PolarsResult<Series> {
    let means: Vec<Option<(i128, f64)>> = match values.i64() {
        Ok(whole) => whole.iter().map(|value| Some((i128::from(value?), 0.0))).collect(),
        Err(_) => numbers(values)?.iter().map(|value| Some((0, value?))).collect(),
    };
    let leaf = |row: usize| match means[row] {
        Some(mean) if present[row] => (1.0, mean, 0.0),
        _ => (0.0, (0, 0.0), 0.0),
    };
    let tree = Tree::new((0..present.len()).map(leaf).collect(), (0.0, (0, 0.0), 0.0), joined);
    Ok(floats(bounds.iter().map(|&(from, to)| {
        let (count, _, squares) = tree.query(from, to);
        let variance = (count > 1.5).then(|| squares / (count - 1.0))?;
        Some(if root { variance.sqrt() } else { variance })
    })))
}

/// Least or greatest, by the places in which sorting puts the values: the same for every type.
fn extremes(
    least: bool,
    bounds: &Bounds,
    values: &Series,
    present: &[bool],
    output: &DataType,
) -> PolarsResult<Series> {
    let order = values.arg_sort(SortOptions::default().with_nulls_last(true));
    let mut ranks = vec![IdxSize::MAX; present.len()];
    let mut rows = Vec::with_capacity(present.len());
    for (rank, row) in order.into_no_null_iter().enumerate() {
        ranks[row as usize] = rank as IdxSize;
        rows.push(row);
    }
    let none = if least { IdxSize::MAX } else { 0 };
    // Greatest: shifted by one, so that 0 says there is none.
    let leaf = |row: usize| match present[row] {
        true if least => ranks[row],
        true => ranks[row] + 1,
        false => none,
    };
    let leaves = (0..present.len()).map(leaf).collect();
    let tree = match least {
        true => Tree::new(leaves, none, (|a, b| *a.min(b)) as fn(&IdxSize, &IdxSize) -> IdxSize),
        false => Tree::new(leaves, none, (|a, b| *a.max(b)) as fn(&IdxSize, &IdxSize) -> IdxSize),
    };
    let places = bounds.iter().map(|&(from, to)| {
        let found = tree.query(from, to);
        let rank = if least { found } else { found.wrapping_sub(1) };
        rows.get(rank as usize).copied().filter(|_| found != none)
    });
    values.take(&IdxCa::from_iter_options("places".into(), places))?.cast(&polars_type(output))
}

/// The first or last row that the filter lets in, null included.
fn edges(first: bool, bounds: &Bounds, values: &Series, kept: Vec<bool>) -> PolarsResult<Series> {
    // For each place, the nearest kept row at or after it (first), or before it (last).
    let mut near = vec![None; kept.len() + 1];
    if first {
        for row in (0..kept.len()).rev() {
            near[row] = if kept[row] { Some(row) } else { near[row + 1] };
        }
    } else {
        for row in 0..kept.len() {
            near[row + 1] = if kept[row] { Some(row) } else { near[row] };
        }
    }
    let places = bounds.iter().map(|&(from, to)| {
        let found = if from < to { near[if first { from } else { to }] } else { None };
        found.filter(|row| (from..to).contains(row)).map(|row| row as IdxSize)
    });
    values.take(&IdxCa::from_iter_options("places".into(), places))
}

/// Any aggregate, by its reference meaning; the same frame twice in a row is computed once.
fn by_reference(
    call: &Call,
    bounds: &Bounds,
    arguments: &[(Series, DataType)],
    keeps: Option<&[bool]>,
    output: &DataType,
    allowance: &Allowance,
) -> PolarsResult<Series> {
    let cells: Vec<Vec<Value>> = arguments.iter().map(|(series, data_type)| column_values(series, data_type)).collect();
    let Some(aggregate) = function(&call.function).and_then(|function| function.aggregate) else {
        return Ok(Series::full_null("window".into(), bounds.len(), &polars_type(output)));
    };
    let mut last: Option<((usize, usize), Value)> = None;
    let mut gauge = allowance.gauge();
    let mut results = Vec::with_capacity(bounds.len());
    for &(from, to) in bounds {
        if let Some((bound, value)) = &last
            && *bound == (from, to)
        {
            gauge.add_value(value)?;
            results.push(value.clone());
            continue;
        }
        allowance.check()?;
        let rows = (from..to.max(from)).filter(|row| keeps.is_none_or(|keeps| keeps[*row]));
        let mut rows: Vec<Vec<Value>> =
            rows.map(|row| cells.iter().map(|column| column[row].clone()).collect()).collect();
        if call.distinct {
            let mut seen: Vec<Vec<Value>> = Vec::new();
            rows.retain(|row| {
                let new = !seen.contains(row);
                if new {
                    seen.push(row.clone());
                }
                new
            });
        }
        let value = aggregate(&rows);
        gauge.add_value(&value)?;
        last = Some(((from, to), value.clone()));
        results.push(value);
    }
    gauge.finish()?;
    let references: Vec<&Value> = results.iter().collect();
    Ok(series_of("window", output, &references))
}

/// Partial results over a list, joined from left to right.
struct Tree<T, F> {
    nodes: Vec<T>,
    size: usize,
    none: T,
    join: F,
}

impl<T: Clone, F: Fn(&T, &T) -> T> Tree<T, F> {
    fn new(leaves: Vec<T>, none: T, join: F) -> Self {
        let size = leaves.len().next_power_of_two();
        let mut nodes = vec![none.clone(); 2 * size];
        for (index, leaf) in leaves.into_iter().enumerate() {
            nodes[size + index] = leaf;
        }
        for index in (1..size).rev() {
            nodes[index] = join(&nodes[2 * index], &nodes[2 * index + 1]);
        }
        Self { nodes, size, none, join }
    }

    fn query(&self, from: usize, to: usize) -> T {
        let (mut left, mut right) = (self.none.clone(), self.none.clone());
        if from >= to {
            return left;
        }
        let (mut low, mut high) = (from + self.size, to + self.size);
        while low < high {
            if low % 2 == 1 {
                left = (self.join)(&left, &self.nodes[low]);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                right = (self.join)(&self.nodes[high], &right);
            }
            low /= 2;
            high /= 2;
        }
        (self.join)(&left, &right)
    }
}
