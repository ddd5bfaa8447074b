//! What one preview may take. What meets it is cut and says so; nothing is ever computed for longer, or kept, for rows
//! that somebody only looks at. Must not import plans.

use std::time::{Duration, Instant};

use crate::sampling::Sampling;
use crate::size_text;

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
                let bytes = (polars::polars_utils::sys::total_memory() / 8).max(Budget::GLANCE.bytes);
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
