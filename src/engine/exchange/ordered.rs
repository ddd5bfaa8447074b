//! Ranges of an order: runs of sorted rows on disk, and the rows of a range taken from all of them. The first key of
//! every block is kept: together they are a sample of all keys, from which the ranges' bounds are chosen.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use pipewright_core::diagnostic::Diagnostic;
use polars::chunked_array::ops::row_encode::_get_rows_encoded_arr;
use polars::prelude::{self as pl, DataFrame, IdxCa, IdxSize, IntoLazy, PolarsResult};
use polars_arrow::array::BinaryArray;

use super::block::{Picked, Source};
use super::spill::{SpillFile, SpillFolder};
use super::{Limits, note};
use crate::frames::{joined, weight};
use crate::ops;
use crate::sorting::sorted_by;

/// Bytes of a block, about: small enough that few rows are read for nothing at the ends of a range.
const BLOCK: usize = 64 << 10;

/// A total order of rows: nulls last.
#[derive(Clone)]
pub(crate) struct Order {
    pub by: Vec<pl::Expr>,
    pub descending: Vec<bool>,
}

impl Order {
    pub fn sorted(&self, rows: DataFrame) -> PolarsResult<DataFrame> {
        let names = self.by.iter().enumerate().map(|(index, by)| by.clone().alias(format!("#by{index}")));
        let columns = ops::computed(&rows, &names.collect::<Vec<_>>())?;
        sorted_by(&rows, &columns, &self.descending)
    }

    /// Bytes that compare as the rows do.
    fn keys(&self, rows: &DataFrame) -> PolarsResult<BinaryArray<i64>> {
        let names = self.by.iter().enumerate().map(|(index, by)| by.clone().alias(format!("#by{index}")));
        let keys = rows.clone().lazy().select(names.collect::<Vec<_>>()).collect()?;
        _get_rows_encoded_arr(keys.columns(), &self.descending, &vec![true; self.by.len()], false)
    }
}

/// Sorted rows in a file, with the key of each block's first row.
struct Run {
    file: SpillFile,
    firsts: Vec<Vec<u8>>,
}

/// All rows, in sorted runs.
pub(crate) struct Runs {
    order: Order,
    limits: Limits,
    folder: Arc<SpillFolder>,
    spilled: Arc<AtomicU64>,
    runs: Vec<Run>,
}

/// Rows from (inclusive) one key to (exclusive) another; `None`: no bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    from: Option<Vec<u8>>,
    to: Option<Vec<u8>>,
    /// Whether all rows are alike, so that they need no order.
    is_one: bool,
}

impl Runs {
    pub fn new(order: Order, limits: Limits, folder: Arc<SpillFolder>, spilled: Arc<AtomicU64>) -> Runs {
        Runs { order, limits, folder, spilled, runs: Vec::new() }
    }

    /// Rows in any order, as a run.
    pub fn add(&mut self, rows: DataFrame) -> Result<(), Diagnostic> {
        let fail = |error| ops::failed(&error);
        let size = weight(&rows).max(1);
        let sorted = self.order.sorted(rows).map_err(fail)?;
        let height = sorted.height();
        let step = (height * BLOCK / size).min(height * self.limits.batch / size / 4).clamp(1, height.max(1));
        let mut run = Run { file: self.folder.create()?, firsts: Vec::new() };
        let firsts: Vec<IdxSize> = (0..height as IdxSize).step_by(step).collect();
        let firsts = sorted.take(&IdxCa::from_vec("firsts".into(), firsts)).map_err(fail)?;
        let firsts = self.order.keys(&firsts).map_err(fail)?;
        run.firsts.extend(firsts.values_iter().map(<[u8]>::to_vec));
        let source = Source::new(sorted).map_err(fail)?;
        let blocks = (0..height).step_by(step).map(|start| Picked::Range(start, step.min(height - start)));
        run.file.append(&source, blocks)?;
        note(&self.spilled, run.file.size());
        self.runs.push(run);
        Ok(())
    }

    /// Ranges in order, each about as large as a partition may be.
    pub fn ranges(&self) -> Vec<Range> {
        let blocks = self.runs.iter().flat_map(|run| run.firsts.iter().zip(&run.file.blocks));
        let mut firsts: Vec<(&[u8], usize)> = blocks.map(|(first, block)| (first.as_slice(), block.bytes)).collect();
        firsts.sort_unstable();
        let mut ranges = Vec::new();
        let (mut from, mut size): (Option<Vec<u8>>, usize) = (None, 0);
        let mut close = |from: &mut Option<Vec<u8>>, to: Option<Vec<u8>>, is_one: bool| {
            ranges.push(Range { from: std::mem::replace(from, to.clone()), to, is_one });
        };
        for same in firsts.chunk_by(|a, b| a.0 == b.0) {
            let (key, bytes) = (same[0].0, same.iter().map(|(_, bytes)| bytes).sum::<usize>());
            if size > 0 && size + bytes > self.limits.partition {
                close(&mut from, Some(key.to_vec()), false);
                size = 0;
            }
            size += bytes;
            if same.len() > 1 && bytes > self.limits.partition {
                // Whole blocks of rows that are alike. The next key in the order of bytes is one zero longer.
                if from.as_deref() != Some(key) {
                    close(&mut from, Some(key.to_vec()), false);
                }
                close(&mut from, Some([key, &[0]].concat()), true);
                size = 0;
            }
        }
        close(&mut from, None, false);
        ranges
    }

    /// The rows of a range in order, in one piece, or in several where all are alike.
    pub fn read(
        &self,
        range: &Range,
        give: &mut dyn FnMut(DataFrame) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let mut found = Vec::new();
        for run in &self.runs {
            let start = match &range.from {
                // The block before may hold rows of the range too, at its end.
                Some(from) => run.firsts.partition_point(|first| first < from).saturating_sub(1),
                None => 0,
            };
            let end = match &range.to {
                Some(to) => run.firsts.partition_point(|first| first < to),
                None => run.firsts.len(),
            };
            if range.is_one {
                // There may be any number of them.
                for index in start..end.max(start) {
                    for rows in run.file.read(index..index + 1)? {
                        let rows = self.within(run, index, rows, range)?;
                        if rows.height() > 0 {
                            give(rows)?;
                        }
                    }
                }
                continue;
            }
            for (index, rows) in (start..).zip(run.file.read(start..end.max(start))?) {
                let rows = self.within(run, index, rows, range)?;
                if rows.height() > 0 {
                    found.push(rows);
                }
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let fail = |error| ops::failed(&error);
        give(self.order.sorted(joined(found).map_err(fail)?).map_err(fail)?)
    }

    /// A block's rows that lie in the range.
    fn within(&self, run: &Run, index: usize, rows: DataFrame, range: &Range) -> Result<DataFrame, Diagnostic> {
        let begins_before = range.from.as_ref().is_some_and(|from| run.firsts[index] < *from);
        let next = run.firsts.get(index + 1);
        // Rows that are alike may stand on both sides of a block's end.
        let ends_after = range.to.as_ref().is_some_and(|to| next.is_none_or(|next| next >= to));
        if !begins_before && !ends_after {
            return Ok(rows);
        }
        let keys = self.order.keys(&rows).map_err(|error| ops::failed(&error))?;
        let place = |bound: &[u8]| {
            let (mut low, mut high) = (0, rows.height());
            while low < high {
                let middle = (low + high) / 2;
                if keys.value(middle) < bound { low = middle + 1 } else { high = middle }
            }
            low
        };
        let from = range.from.as_deref().map_or(0, place);
        let to = range.to.as_deref().map_or(rows.height(), place);
        Ok(rows.slice(from as i64, to.saturating_sub(from)))
    }
}
