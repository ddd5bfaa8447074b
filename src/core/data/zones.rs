//! The zone of times that are written without one: that of the source which is being read, UTC where it has none. Known to
//! the thread that reads, since the readers of times lie far below what knows the source. Must not import other rooms.

use std::cell::Cell;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone};
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
    /// The instant at which a clock of the zone shows a time, both in microseconds, the clock's as if it were UTC. An hour
    /// that comes twice is the first one; one that is left out no clock has shown.
    pub fn instant(self, local: i64) -> Option<i64> {
        let zone = match self {
            Zone::Fixed(seconds) => return local.checked_sub(i64::from(seconds) * MICROS_PER_SECOND),
            Zone::Named(zone) => zone,
        };
        let moved = beyond_tables(zone, local)?;
        let time = zone.from_local_datetime(&calendar(local - moved)?).earliest()?;
        Some(time.timestamp_micros() + moved)
    }

    /// What a clock of the zone shows at an instant, in the same measure.
    pub fn clock(self, instant: i64) -> Option<i64> {
        let seconds = match self {
            Zone::Fixed(seconds) => seconds,
            Zone::Named(zone) => {
                let known = calendar(instant - beyond_tables(zone, instant)?)?;
                zone.offset_from_utc_datetime(&known).fix().local_minus_utc()
            }
        };
        instant.checked_add(i64::from(seconds) * MICROS_PER_SECOND)
    }
}

fn calendar(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc())
}

/// The last year of the tables of time zones, which know no rules for the years after it.
const LAST_TABLED: i32 = 2099;

/// How far a time lies after the same day of a year that the tables hold, in microseconds; 0 where they hold its own.
/// The rules go on as they are, by month and day of the week: a year is like one that begins on the same day of the week
/// and is as long. A zone that changes its clocks no more in the last of them does not do so later.
fn beyond_tables(zone: Tz, micros: i64) -> Option<i64> {
    let time = calendar(micros)?;
    if time.year() <= LAST_TABLED {
        return Some(0);
    }
    let start = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1);
    let first = start(time.year())?;
    let is_like = |year: &i32| {
        start(*year).is_some_and(|other| other.weekday() == first.weekday() && other.leap_year() == first.leap_year())
    };
    let offset = |day: NaiveDate| zone.offset_from_utc_date(&day).fix().local_minus_utc();
    let months = (LAST_TABLED - 5..=LAST_TABLED).flat_map(|year| (1..=12).map(move |month| (year, month)));
    let mut offsets = months.filter_map(|(year, month)| NaiveDate::from_ymd_opt(year, month, 15)).map(offset);
    let is_steady = offsets.next().is_none_or(|first| offsets.all(|other| other == first));
    // Twenty-eight years hold each kind of year.
    let like = match is_steady {
        true => (LAST_TABLED - 5..=LAST_TABLED)
            .rev()
            .find(|year| start(*year).is_some_and(|other| other.leap_year() == first.leap_year()))?,
        false => (LAST_TABLED - 27..=LAST_TABLED).rev().find(is_like)?,
    };
    (first - start(like)?).num_microseconds()
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

/// The time of a clock whose zone is not written: microseconds as if it were UTC, to microseconds since 1970; `None`: the
/// clock left it out.
#[inline]
pub fn from_local(micros: i64) -> Option<i64> {
    match LOCAL.get() {
        None => Some(micros),
        Some(zone) => zone.instant(micros),
    }
}
