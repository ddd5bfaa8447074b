//! The zone of times that are written without one: that of the source which is being read, UTC where it has none. Known to
//! the thread that reads, since the readers of times lie far below what knows the source. Must not import other rooms.

use std::cell::Cell;

use chrono::{DateTime, MappedLocalTime, Offset, TimeZone};
use chrono_tz::Tz;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// A zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// With summer times.
    Named(Tz),
}

impl Zone {
    /// Seconds east of UTC at a clock's time, in microseconds as if it were UTC. An hour that comes twice is the first
    /// one; of one that is left out the clock is taken that was not put forward yet.
    fn offset(self, local: i64) -> i32 {
        let zone = match self {
            Zone::Fixed(seconds) => return seconds,
            Zone::Named(zone) => zone,
        };
        let before = |hours: i64| local - hours * 3600 * MICROS_PER_SECOND;
        let at = |micros: i64| {
            let time = DateTime::from_timestamp_micros(micros)?.naive_utc();
            match zone.offset_from_local_datetime(&time) {
                MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => Some(offset),
                MappedLocalTime::None => None,
            }
        };
        at(local).or_else(|| at(before(3))).map_or(0, |offset| offset.fix().local_minus_utc())
    }
}

thread_local! {
    static LOCAL: Cell<Option<Zone>> = const { Cell::new(None) };
}

/// Holds a zone for the thread until it is dropped.
pub struct Local(Option<Zone>);

/// Times without a zone are of this one from now on.
#[must_use]
pub fn times_are_of(zone: Option<Zone>) -> Local {
    Local(LOCAL.replace(zone))
}

impl Drop for Local {
    fn drop(&mut self) {
        LOCAL.set(self.0);
    }
}

/// The time of a clock whose zone is not written: microseconds as if it were UTC, to microseconds since 1970.
#[inline]
pub fn from_local(micros: i64) -> i64 {
    match LOCAL.get() {
        None => micros,
        Some(zone) => micros.saturating_sub(i64::from(zone.offset(micros)) * MICROS_PER_SECOND),
    }
}
