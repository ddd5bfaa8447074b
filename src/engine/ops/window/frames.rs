//! Which sorted rows belong to a row's frame.

use std::ops::{Add, Neg, Sub};

use pipewright_core::data::Value;
use pipewright_core::expr::{FrameBound, FrameUnit, WindowFrame};
use polars::prelude::{Column, IdxSize, PolarsResult};

/// Values of the order key, ascending (negated where the order is descending); nulls stand last.
pub(super) enum Keys {
    Whole(Vec<Option<i128>>),
    Float(Vec<Option<f64>>),
}

/// The keys of an order by numbers or times; `None` for other types.
pub(super) fn keys(cells: &Column, descending: bool) -> PolarsResult<Option<Keys>> {
    let cells = cells.as_materialized_series();
    Ok(if cells.dtype().is_integer() {
        let whole = cells.cast(&polars::prelude::DataType::Int64)?;
        let sign = |key: i64| if descending { -i128::from(key) } else { i128::from(key) };
        Some(Keys::Whole(whole.i64()?.iter().map(|key| key.map(sign)).collect()))
    } else if cells.dtype().is_float() {
        let sign = |key: f64| if descending { -key } else { key };
        Some(Keys::Float(cells.f64()?.iter().map(|key| key.map(sign)).collect()))
    } else {
        None
    })
}

/// Sorted rows: where each row's partition and group of peers begin and end (exclusive).
pub(super) struct Sorted {
    partitions: Vec<(usize, usize)>,
    peers: Vec<(usize, usize)>,
    keys: Option<Keys>,
}

impl Sorted {
    /// From marks at the rows where a partition, or a group of equal order keys, begins.
    pub(super) fn new(partitions: Vec<bool>, mut peers: Vec<bool>, keys: Option<Keys>) -> Sorted {
        for (peer, partition) in peers.iter_mut().zip(&partitions) {
            *peer |= partition;
        }
        Sorted { partitions: spans(&partitions), peers: spans(&peers), keys }
    }

    pub(super) fn row_numbers(&self) -> Vec<i64> {
        self.partitions.iter().enumerate().map(|(row, (start, _))| (row - start + 1) as i64).collect()
    }

    pub(super) fn ranks(&self) -> Vec<i64> {
        self.peers.iter().zip(&self.partitions).map(|(peers, partition)| (peers.0 - partition.0 + 1) as i64).collect()
    }

    pub(super) fn dense_ranks(&self) -> Vec<i64> {
        let mut rank = 0;
        let rows = self.peers.iter().zip(&self.partitions).enumerate();
        rows.map(|(row, (peers, partition))| {
            if row == partition.0 {
                rank = 0;
            }
            if row == peers.0 {
                rank += 1;
            }
            rank
        })
        .collect()
    }

    /// The place some rows away in the same partition.
    pub(super) fn neighbours(&self, distance: i64) -> Vec<Option<IdxSize>> {
        let place = |(row, (start, end)): (usize, &(usize, usize))| {
            let place = (row as i64).checked_add(distance)?;
            (place >= *start as i64 && place < *end as i64).then_some(place as IdxSize)
        };
        self.partitions.iter().enumerate().map(place).collect()
    }

    /// Each row's frame, as places from (inclusive) to (exclusive); empty where from ≥ to.
    pub(super) fn bounds(&self, frame: Option<&WindowFrame>, ordered: bool) -> Vec<(usize, usize)> {
        match frame {
            None if !ordered => self.partitions.clone(),
            None => self.partitions.iter().zip(&self.peers).map(|(partition, peers)| (partition.0, peers.1)).collect(),
            Some(frame) => match frame.unit {
                FrameUnit::Rows => self.row_bounds(frame),
                FrameUnit::Range => match &self.keys {
                    Some(Keys::Whole(keys)) => self.range_bounds(frame, keys, |value| match value {
                        Value::Int(span) | Value::Duration(span) => i128::from(*span),
                        Value::Float(span) => *span as i128,
                        _ => 0,
                    }),
                    Some(Keys::Float(keys)) => self.range_bounds(frame, keys, |value| match value {
                        Value::Int(span) => *span as f64,
                        Value::Float(span) => *span,
                        _ => 0.0,
                    }),
                    None => self.range_bounds(frame, &vec![None::<i128>; self.peers.len()], |_| 0),
                },
            },
        }
    }

    fn row_bounds(&self, frame: &WindowFrame) -> Vec<(usize, usize)> {
        let rows = |value: &Value| match value {
            Value::Int(rows) => usize::try_from(*rows).unwrap_or(0),
            _ => 0,
        };
        let bound = |(row, &(start, end)): (usize, &(usize, usize))| {
            let from = match &frame.start {
                FrameBound::Unbounded => start,
                FrameBound::Current => row,
                FrameBound::Preceding(value) => row.saturating_sub(rows(value)).max(start),
                FrameBound::Following(value) => row.saturating_add(rows(value)).min(end),
            };
            let to = match &frame.end {
                FrameBound::Unbounded => end,
                FrameBound::Current => row + 1,
                FrameBound::Preceding(value) => (row + 1).saturating_sub(rows(value)).max(start),
                FrameBound::Following(value) => (row + 1).saturating_add(rows(value)).min(end),
            };
            (from, to)
        };
        self.partitions.iter().enumerate().map(bound).collect()
    }

    fn range_bounds<T>(&self, frame: &WindowFrame, keys: &[Option<T>], span: fn(&Value) -> T) -> Vec<(usize, usize)>
    where
        T: Copy + PartialOrd + Add<Output = T> + Sub<Output = T> + Neg<Output = T>,
    {
        let bound = |(row, &(start, end)): (usize, &(usize, usize))| {
            let peers = self.peers[row];
            let first_null = start + keys[start..end].partition_point(Option::is_some);
            let below =
                |limit: T| start + keys[start..first_null].partition_point(|key| key.is_some_and(|key| key < limit));
            let through =
                |limit: T| start + keys[start..first_null].partition_point(|key| key.is_some_and(|key| key <= limit));
            let from = match (&frame.start, keys[row]) {
                (FrameBound::Unbounded, _) => start,
                (FrameBound::Current, _) | (_, None) => peers.0,
                (FrameBound::Preceding(value), Some(key)) => below(key - span(value)),
                (FrameBound::Following(value), Some(key)) => below(key + span(value)),
            };
            let to = match (&frame.end, keys[row]) {
                (FrameBound::Unbounded, _) => end,
                (FrameBound::Current, _) | (_, None) => peers.1,
                (FrameBound::Preceding(value), Some(key)) => through(key - span(value)),
                (FrameBound::Following(value), Some(key)) => through(key + span(value)),
            };
            (from, to)
        };
        self.partitions.iter().enumerate().map(bound).collect()
    }
}

/// For each row, begin and end (exclusive) of the span that it lies in.
fn spans(begins: &[bool]) -> Vec<(usize, usize)> {
    let mut found = vec![(0, begins.len()); begins.len()];
    let mut start = 0;
    for row in 0..begins.len() {
        if begins[row] {
            start = row;
        }
        found[row].0 = start;
    }
    let mut end = begins.len();
    for row in (0..begins.len()).rev() {
        found[row].1 = end;
        if begins[row] {
            end = row;
        }
    }
    found
}
