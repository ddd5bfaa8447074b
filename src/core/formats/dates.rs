//! Time stamps that need to know more than their text: a strftime format, or the file's time where they have no year.
//! Must not import single formats.

use crate::data::instants::in_range;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use super::time;

/// How a date without a year gets one: it is the latest that is not after the file's last change.
#[derive(Debug, Clone, Copy)]
pub struct Years {
    /// Of the file's last change; 0: unknown.
    year: i32,
    /// No line is later than this, in microseconds.
    latest: i64,
}

impl Years {
    /// `file_time` as in `Chunk`: microseconds since 1970, 0 for unknown. Then the year is 1970.
    pub fn of(file_time: i64) -> Self {
        if file_time == 0 {
            return Self { year: 0, latest: i64::MAX };
        }
        let year = DateTime::from_timestamp_micros(file_time).map_or(0, |time| time.year());
        // A day of slack: the date is local, the file's time is not.
        Self { year, latest: file_time.saturating_add(86_400_000_000) }
    }

    /// The syslog time at the start of `bytes`, and the bytes used.
    pub fn rfc3164_prefix(self, bytes: &[u8]) -> Option<(i64, usize)> {
        let (micros, used) = time::rfc3164_prefix(bytes, self.year)?;
        if micros > self.latest {
            return time::rfc3164_prefix(bytes, self.year - 1);
        }
        Some((micros, used))
    }

    /// The latest time that is not after the file's last change, of those that `of` gives for a year.
    pub fn latest_of(self, of: impl Fn(i64) -> Option<i64>) -> Option<i64> {
        let year = i64::from(if self.year == 0 { 1970 } else { self.year });
        match of(year) {
            Some(micros) if micros <= self.latest => Some(micros),
            _ => of(year - 1),
        }
    }

    /// The time in `text`, written as the strftime `format` says; without a zone: UTC.
    pub fn formatted(self, text: &str, format: &str) -> Option<i64> {
        if ["%Y", "%y", "%C", "%G", "%D", "%F", "%c", "%x", "%s", "%v", "%+"].iter().any(|year| format.contains(year)) {
            return with_year(text, format);
        }
        let format = format!("%Y {format}");
        let of = |year: i32| with_year(&format!("{year} {text}"), &format);
        let year = if self.year == 0 { 1970 } else { self.year };
        match of(year) {
            Some(micros) if micros <= self.latest => Some(micros),
            _ => of(year - 1),
        }
    }
}

fn with_year(text: &str, format: &str) -> Option<i64> {
    if let Ok(with_zone) = DateTime::parse_from_str(text, format) {
        return in_range(with_zone.timestamp_micros());
    }
    let plain = NaiveDateTime::parse_from_str(text, format)
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, format).ok()?.and_hms_opt(0, 0, 0))?;
    in_range(plain.and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::instants::parse_timestamp;

    #[test]
    fn formats_with_and_without_year() {
        let years = Years::of(parse_timestamp("2024-03-01T12:00:00Z").unwrap());
        for (text, format, expected) in [
            ("01.02.2003 04:05:06", "%d.%m.%Y %H:%M:%S", "2003-02-01T04:05:06Z"),
            ("01.02.2003", "%d.%m.%Y", "2003-02-01T00:00:00Z"),
            ("2003-02-01 04:05:06 +0200", "%F %T %z", "2003-02-01T02:05:06Z"),
            ("0229 04:05:06.5", "%m%d %H:%M:%S%.f", "2024-02-29T04:05:06.5Z"),
            ("Dec 31 23:00:00", "%b %d %H:%M:%S", "2023-12-31T23:00:00Z"),
            ("1700000000", "%s", "2023-11-14T22:13:20Z"),
        ] {
            assert_eq!(years.formatted(text, format), parse_timestamp(expected), "{text}");
        }
        assert_eq!(years.formatted("x", "%d.%m.%Y"), None);
        assert_eq!(years.formatted("", "%H"), None);
        assert_eq!(Years::of(0).formatted("Dec 31 23:00:00", "%b %d %T"), parse_timestamp("1970-12-31T23:00:00Z"));
    }
}
