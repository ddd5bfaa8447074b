//! Counts how many rows of a join's sides find a partner, over all chunks, partitions and threads of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pipewright_core::data::figures::grouped;
use polars::prelude::{self as pl, DataFrame, PolarsResult};

use super::computed;
use crate::keys::lacking;

/// By side: rows with a partner, without, and with a null key.
#[derive(Default)]
pub(crate) struct MatchTally([[AtomicU64; 3]; 2]);

impl MatchTally {
    pub fn add(&self, side: usize, counts: [u64; 3]) {
        for (sum, count) in self.0[side].iter().zip(counts) {
            sum.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// When nobody looks rows up any more.
    pub fn total(&self) -> [[u64; 3]; 2] {
        std::array::from_fn(|side| std::array::from_fn(|count| self.0[side][count].load(Ordering::Relaxed)))
    }
}

/// By side, left first: keys without a partner, the most frequent first, each with its rows. Parts of a key are joined
/// by ` · `.
pub type Alone = [Vec<(String, u64)>; 2];

/// Keys with their rows, as a line: `u17 (12), u9 (8)`.
pub fn named_keys(keys: &[(String, u64)]) -> String {
    keys.iter().map(|(key, rows)| format!("{key} ({})", grouped(*rows))).collect::<Vec<_>>().join(", ")
}

/// What was found by those who look rows up, each flag for rows of its own.
pub(crate) struct Flags(Vec<AtomicBool>);

impl Flags {
    pub fn new(count: usize) -> Flags {
        Flags((0..count).map(|_| AtomicBool::new(false)).collect())
    }

    pub fn set(&self, place: usize) {
        // Most are set already: what is only read is not taken from other threads.
        if let Some(flag) = self.0.get(place).filter(|flag| !flag.load(Ordering::Relaxed)) {
            flag.store(true, Ordering::Relaxed);
        }
    }

    /// Places that are set.
    pub fn found(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter(|(_, flag)| flag.load(Ordering::Relaxed)).map(|(place, _)| place)
    }
}

/// Rows of which one of the expressions is null.
pub(crate) fn rows_lacking(rows: &DataFrame, exprs: &[pl::Expr]) -> PolarsResult<u64> {
    Ok(lacking(&computed(rows, exprs)?))
}
