//! Time stamps that need to know more than their text: a strftime format, or the file's time where they have no year.
//! Must not import single formats.

use crate::data::instants::{MICROS_PER_DAY, in_range};
use crate::data::zones::from_local;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use super::{Chunk, time};

/// How a date without a year gets one: it is the latest that is not after the file's last change.
#[derive(Debug, Clone, Copy)]
pub struct Years {
    /// Of the file's last change; 0: unknown.
    year: i32,
    /// No line is later than this, in microseconds.
    latest: i64,
    /// Where a 29 February stands in the file, and its time: what stands before it is no later.
    leap_day: Option<(u64, i64)>,
}

impl Years {
    /// `file_time` as in `Chunk`: microseconds since 1970, 0 for unknown. Then the year is 1970.
    pub fn of(file_time: i64) -> Self {
        if file_time == 0 {
            return Self { year: 0, latest: i64::MAX, leap_day: None };
        }
        let year = DateTime::from_timestamp_micros(file_time).map_or(0, |time| time.year());
        // A day of slack: the date is local, the file's time is not.
        Self { year, latest: file_time.saturating_add(86_400_000_000), leap_day: None }
    }

    /// The years of a file's dates: those that `year` says, or as the chunk's file lets guess. A 29 February among the
    /// file's first lines is one of a leap year, and the dates around it are of the same time.
    pub fn in_file(chunk: &Chunk, year: Option<i32>) -> Self {
        if let Some(year) = year {
            return Self { year, latest: i64::MAX, leap_day: None };
        }
        let mut years = Self::of(chunk.file_time);
        if let (1.., Some(place)) = (years.year, leap_day_at(chunk.head)) {
            let leap_day = |year: i32| NaiveDate::from_ymd_opt(year, 2, 29)?.and_hms_opt(0, 0, 0);
            let of = |year: i32| leap_day(year).map(|day| day.and_utc().timestamp_micros());
            let latest = (years.year - 8..=years.year).rev().filter_map(of).find(|day| *day <= years.latest);
            // A file spans no more than a year behind it, since otherwise no year could be told at all.
            years.latest = latest.map_or(years.latest, |day| years.latest.min(day + 365 * MICROS_PER_DAY));
            years.leap_day = latest.map(|day| (place as u64, day));
        }
        years
    }

    /// The same for a line that begins there in the file.
    pub fn at(self, offset: u64) -> Self {
        match self.leap_day {
            Some((place, day)) if offset < place => Self { latest: self.latest.min(day + MICROS_PER_DAY), ..self },
            _ => self,
        }
    }

    /// The syslog time at the start of `bytes`, and the bytes used.
    pub fn rfc3164_prefix(self, bytes: &[u8]) -> Option<(i64, usize)> {
        let (micros, used) = time::rfc3164_prefix(bytes, self.year)?;
        // A file may be limited to a time before the year of its last change.
        if micros > self.latest {
            return (1..=8).find_map(|ago| {
                time::rfc3164_prefix(bytes, self.year - ago).filter(|(micros, _)| *micros <= self.latest)
            });
        }
        Some((micros, used))
    }

    /// The latest time that is not after the file's last change, of those that `of` gives for a year. A weekday that
    /// is written tells more than the file's time does: `is_told` says of a year whether it has the weekday.
    pub fn latest_of(self, is_told: impl Fn(i64) -> bool, of: impl Fn(i64) -> Option<i64>) -> Option<i64> {
        let year = i64::from(if self.year == 0 { 1970 } else { self.year });
        let within = |year: i64| of(year).filter(|micros| *micros <= self.latest);
        // After 28 years every date has had every weekday.
        let told = || (year - 28..=year).rev().filter(|year| is_told(*year)).find_map(within);
        let told = if self.year == 0 { None } else { told() };
        told.or_else(|| (year - 8..=year).rev().find_map(within))
    }

    /// The time in `text`, written as the strftime `format` says; without a zone: UTC.
    pub fn formatted(self, text: &str, format: &str) -> Option<i64> {
        if names_year(format) {
            return with_year(text, format);
        }
        let format = format!("%Y {format}");
        let of = |year: i32| with_year(&format!("{year} {text}"), &format);
        let year = if self.year == 0 { 1970 } else { self.year };
        match of(year) {
            Some(micros) if micros <= self.latest => Some(micros),
            _ => (1..=8).find_map(|ago| of(year - ago).filter(|micros| *micros <= self.latest)),
        }
    }
}

/// Whether a strftime format has a year, or a time that needs none.
pub fn names_year(format: &str) -> bool {
    ["%Y", "%y", "%C", "%G", "%D", "%F", "%c", "%x", "%s", "%v", "%+"].iter().any(|year| format.contains(year))
}

/// Where a line has a 29 February without a year at its start.
fn leap_day_at(head: &str) -> Option<usize> {
    let is_one = |at: usize| {
        let before = head[..at].bytes().next_back();
        matches!(before, None | Some(b'\n' | b'>' | b'[')) && !head.get(at + 7..at + 11).is_some_and(is_year)
    };
    memchr::memmem::find_iter(head.as_bytes(), b"Feb 29 ").find(|at| is_one(*at))
}

fn is_year(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn with_year(text: &str, format: &str) -> Option<i64> {
    if let Ok(with_zone) = DateTime::parse_from_str(text, format) {
        return in_range(with_zone.timestamp_micros());
    }
    // A weekday that is not the date's says nothing that the date does not.
    if let (Some(format), Some((_, text))) = (format.strip_prefix("%a "), text.split_once(' ')) {
        return with_year(text, format);
    }
    let plain = NaiveDateTime::parse_from_str(text, format)
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, format).ok()?.and_hms_opt(0, 0, 0))?;
    in_range(from_local(plain.and_utc().timestamp_micros())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::instants::parse_timestamp;

    #[test]
    fn a_leap_day_tells_the_year_of_the_dates_around_it() {
        let file_time = parse_timestamp("2026-03-01T12:00:00Z").unwrap();
        let head = "Feb 28 23:00:00 a\nFeb 29 00:00:01 b\nMar  1 00:00:00 c\n";
        let chunk = Chunk { file_time, ..Chunk::whole(head) };
        let years = Years::in_file(&chunk, None);
        let found: Vec<_> = head.lines().map(|line| years.rfc3164_prefix(line.as_bytes()).unwrap().0).collect();
        let wanted = ["2024-02-28T23:00:00Z", "2024-02-29T00:00:01Z", "2024-03-01T00:00:00Z"];
        assert_eq!(found, wanted.map(|text| parse_timestamp(text).unwrap()));
        let given = Years::in_file(&chunk, Some(2016)).rfc3164_prefix(b"Feb 29 00:00:01").unwrap().0;
        assert_eq!(Some(given), parse_timestamp("2016-02-29T00:00:01Z"));
        let plain = Years::in_file(&Chunk { head: "Feb 28 23:00:00 a\n", ..chunk }, None);
        assert_eq!(
            plain.rfc3164_prefix(b"Feb 28 23:00:00").map(|(time, _)| time),
            parse_timestamp("2026-02-28T23:00:00Z")
        );
    }

    #[test]
    fn a_weekday_tells_the_year() {
        let years = Years::of(parse_timestamp("2026-03-01T12:00:00Z").unwrap());
        let of = |year: i64| NaiveDate::from_ymd_opt(year as i32, 8, 5)?.and_hms_opt(1, 0, 0);
        let micros = |year: i64| of(year).map(|time| time.and_utc().timestamp_micros());
        let on = |weekday: &'static str| {
            move |year: i64| of(year).is_some_and(|day| day.format("%a").to_string() == weekday)
        };
        assert_eq!(years.latest_of(on("Mon"), micros), parse_timestamp("2024-08-05T01:00:00Z"));
        assert_eq!(years.latest_of(|_| true, micros), parse_timestamp("2025-08-05T01:00:00Z"));
        assert_eq!(years.latest_of(|_| false, micros), parse_timestamp("2025-08-05T01:00:00Z"));
        assert_eq!(Years::of(0).latest_of(on("Mon"), micros), parse_timestamp("1970-08-05T01:00:00Z"));
    }

    #[test]
    fn formats_with_and_without_year() {
        let years = Years::of(parse_timestamp("2024-03-01T12:00:00Z").unwrap());
        for (text, format, expected) in [
            ("01.02.2003 04:05:06", "%d.%m.%Y %H:%M:%S", "2003-02-01T04:05:06Z"),
            ("01.02.2003", "%d.%m.%Y", "2003-02-01T00:00:00Z"),
            ("2003-02-01 04:05:06 +0200", "%F %T %z", "2003-02-01T02:05:06Z"),
            ("0229 04:05:06.5", "%m%d %H:%M:%S%.f", "2024-02-29T04:05:06.5Z"),
            ("Dec 31 23:00:00", "%b %d %H:%M:%S", "2023-12-31T23:00:00Z"),
            ("Sat Mar 15 16:04:06 2010", "%a %b %d %H:%M:%S %Y", "2010-03-15T16:04:06Z"),
            ("1700000000", "%s", "2023-11-14T22:13:20Z"),
        ] {
            assert_eq!(years.formatted(text, format), parse_timestamp(expected), "{text}");
        }
        assert_eq!(years.formatted("x", "%d.%m.%Y"), None);
        assert_eq!(years.formatted("", "%H"), None);
        assert_eq!(Years::of(0).formatted("Dec 31 23:00:00", "%b %d %T"), parse_timestamp("1970-12-31T23:00:00Z"));
    }
}
