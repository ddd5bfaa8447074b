//! How much memory a run may take, and how it is shared between what gathers rows.

use crate::budget::usable_memory;
use crate::exchange::Limits;

/// The most that reading, writing and the program itself take aside (measured).
const OWN: u64 = 200 << 20;
/// The most bytes of rows that are written to disk at once.
const BATCH: usize = 64 << 20;
/// Partitions that are worked on at the same time, at most.
const WORKERS: usize = 4;

/// Threads that work on partitions.
pub(super) fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(WORKERS)
}

/// Half of the memory of the machine, or of what its system allows this process.
pub(super) fn default_budget() -> u64 {
    usable_memory() / 2
}

/// What an operation may make at once of rows that may come in smaller pieces.
pub(super) fn at_once(budget: u64) -> usize {
    usize::try_from(budget / 16).unwrap_or(usize::MAX).clamp(16 << 20, 512 << 20)
}

/// The same of a single row.
pub(super) fn of_one_row(at_once: usize) -> usize {
    at_once.saturating_mul(4).max(96 << 20)
}

/// The same where all rows are needed at once.
pub(super) fn out_of_measure(budget: u64) -> usize {
    usize::try_from(budget).unwrap_or(usize::MAX).max(256 << 20)
}

/// What a calculation may make of rows of which nobody knows how many come together.
pub(super) fn each_time(budget: u64) -> usize {
    usize::try_from(budget / 4).unwrap_or(usize::MAX).max(256 << 20)
}

/// What comes of a chunk is handed on in parts of so many bytes.
pub(super) fn part(budget: u64) -> usize {
    usize::try_from(budget / 32).unwrap_or(usize::MAX).clamp(4 << 20, 64 << 20)
}

/// What each of so many gathers may keep.
pub(super) fn limits(budget: u64, gathers: usize) -> Limits {
    let free = usize::try_from(budget - OWN.min(budget / 4 * 3)).unwrap_or(usize::MAX);
    // Working on rows takes about four times their size; the others keep their shares meanwhile.
    let share = free / (4 + gathers);
    Limits::new(share, BATCH, share / workers(), free / 3, budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_what_is_worked_on_stay_within_the_budget() {
        for budget in [64 << 20, 256 << 20, 1 << 30, 16 << 30] {
            for gathers in [1, 2, 5] {
                let limits = limits(budget, gathers);
                let working = limits.partition * workers() * 4;
                assert!(((working + limits.share * gathers) as u64) < budget, "{budget}: {limits:?}");
                assert!(limits.share > 1 << 20 && limits.batch <= limits.share);
            }
        }
    }
}
