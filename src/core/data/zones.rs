//! The zone of times that are written without one: that of the source which is being read, UTC where it has none. Known to
//! the thread that reads, since the readers of times lie far below what knows the source. Must not import other rooms.

use std::cell::Cell;

use chrono::{DateTime, MappedLocalTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::instants::{MICROS_PER_SECOND, zone_prefix};

/// A zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// With summer times.
    Named(Tz),
}

impl Zone {
    /// `Europe/Berlin`, `+02:00`, `UTC`.
    pub fn named(text: &str) -> Option<Self> {
        let text = text.trim();
        let offset = text.starts_with(['+', '-', 'Z', 'U']);
        match zone_prefix(text.as_bytes()).filter(|(_, used)| offset && *used == text.len()) {
            Some((seconds, _)) => Some(Zone::Fixed(seconds)),
            None => text.parse().ok().map(Zone::Named),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::format_timestamp;
    use crate::data::instants::parse_timestamp;

    #[test]
    fn times_without_a_zone_are_of_the_one_that_is_given() {
        let read = |zone: &str, text: &str| {
            let _local = times_are_of(Zone::named(zone));
            parse_timestamp(text).map(format_timestamp).unwrap()
        };
        assert_eq!(read("Europe/Berlin", "2024-03-01 10:00:00"), "2024-03-01T09:00:00Z");
        assert_eq!(read("Europe/Berlin", "2024-07-01 10:00:00"), "2024-07-01T08:00:00Z");
        assert_eq!(read("Europe/Berlin", "2024-07-01 10:00:00Z"), "2024-07-01T10:00:00Z");
        assert_eq!(read("Europe/Berlin", "2024-07-01 10:00:00 -0700"), "2024-07-01T17:00:00Z");
        // Twice there, and not there at all.
        assert_eq!(read("Europe/Berlin", "2024-10-27 02:30:00"), "2024-10-27T00:30:00Z");
        assert_eq!(read("Europe/Berlin", "2024-03-31 02:30:00"), "2024-03-31T01:30:00Z");
        assert_eq!(read("+05:30", "2024-03-01 10:00:00"), "2024-03-01T04:30:00Z");
        assert_eq!(read("", "2024-03-01 10:00:00"), "2024-03-01T10:00:00Z");
        assert_eq!(parse_timestamp("2024-03-01 10:00:00").map(format_timestamp).unwrap(), "2024-03-01T10:00:00Z");
        assert_eq!(Zone::named("Europe/Berln"), None);
        assert_eq!(Zone::named("+25:00"), None);
        assert_eq!(Zone::named("UTC"), Some(Zone::Fixed(0)));
    }
}
