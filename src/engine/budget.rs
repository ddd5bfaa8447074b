//! What one preview may take. What meets it is cut and says so; nothing is ever computed for longer, or kept, for rows
//! that somebody only looks at. Must not import plans.

use std::time::{Duration, Instant};

use crate::sampling::Sampling;
use crate::size_text;

/// Bytes that this process may have: the memory of the machine, or what its system or who started it allows.
pub(crate) fn usable_memory() -> u64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    polars::polars_utils::sys::total_memory().min(address_space(&limits).unwrap_or(u64::MAX))
}

/// The limit of addresses (`ulimit -v`) in the system's list of limits; `None`: there is none.
fn address_space(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Rows and bytes of each step, and the time of all steps together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub rows: u64,
    /// Of a step's rows in memory.
    pub bytes: u64,
    /// `None`: as long as it takes.
    pub time: Option<Duration>,
}

/// Which part of a budget was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    Rows,
    Bytes,
    Time,
}

impl Budget {
    /// For rows that somebody looks at: ten times the rows of a sample.
    pub const GLANCE: Budget = Budget { rows: 1_000_000, bytes: 256_000_000, time: Some(Duration::from_secs(30)) };

    /// What a sample of that kind may take. Whoever asks for all rows waits for them, within an eighth of the memory:
    /// rows that are made of others are there beside them, and a part of them twice.
    pub fn of(sampling: &Sampling) -> Budget {
        match sampling {
            Sampling::Whole => {
                let bytes = (usable_memory() / 8).max(Budget::GLANCE.bytes);
                Budget { rows: u64::MAX, bytes, time: None }
            }
            Sampling::Head { .. } | Sampling::Spread { .. } | Sampling::Random { .. } => Budget::GLANCE,
        }
    }

    /// When what begins now must end.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.time.map(|time| Instant::now() + time)
    }

    /// In words: `256 MB`.
    pub(crate) fn words(&self, met: Met) -> String {
        match met {
            Met::Rows => format!("{} rows", pipewright_core::data::figures::grouped(self.rows)),
            Met::Bytes => size_text(self.bytes),
            Met::Time => format!("{} s", self.time.unwrap_or_default().as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_addresses_is_one_of_memory() {
        let limits =
            |soft: &str| format!("Limit  Soft Limit  Hard Limit  Units\nMax address space  {soft}  unlimited  bytes\n");
        assert_eq!(address_space(&limits("4294967296")), Some(4 << 30));
        assert_eq!(address_space(&limits("unlimited")), None);
        assert!((1 << 20..=polars::polars_utils::sys::total_memory()).contains(&usable_memory()));
    }
}
