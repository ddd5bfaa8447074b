//! Points in time as text in ISO 8601, and the range of time that Pipewright holds (years 1 to 9999).
//! Must not import any room.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(super) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// 0001-01-01T00:00:00Z.
pub(super) const FIRST_MICRO: i64 = -62_135_596_800 * MICROS_PER_SECOND;
/// 9999-12-31T23:59:59.999999Z.
pub(super) const LAST_MICRO: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

/// The timestamp, if it lies in the range that is held.
pub(super) fn in_range(micros: i64) -> Option<i64> {
    (FIRST_MICRO..=LAST_MICRO).contains(&micros).then_some(micros)
}

pub(super) fn date_in_range(days: i64) -> Option<i32> {
    in_range(days.checked_mul(MICROS_PER_DAY)?).and_then(|_| i32::try_from(days).ok())
}

/// Midnight of a day.
pub(super) fn micros_of(days: i32) -> Option<i64> {
    i64::from(days).checked_mul(MICROS_PER_DAY).and_then(in_range)
}

pub(super) fn to_calendar(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(in_range(micros)?).map(|time| time.naive_utc())
}

pub(super) fn from_calendar(time: NaiveDateTime) -> Option<i64> {
    in_range(time.and_utc().timestamp_micros())
}

pub(super) fn days_of(date: NaiveDate) -> Option<i32> {
    date_in_range(i64::from(date.num_days_from_ce()) - 719_163)
}

/// Microseconds of `2026-03-02T14:02:11.25Z`, `2026-03-02 14:02:11+01:00`, `2026-03-02 14:02`, `2026-03-02`.
/// Without an offset it is UTC; digits after the sixth of a second are dropped.
pub(super) fn parse_timestamp(text: &str) -> Option<i64> {
    let mut rest = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let date = take_date(&mut rest)?;
    if rest.is_empty() {
        return from_calendar(date.and_hms_opt(0, 0, 0)?);
    }
    rest = rest.strip_prefix(['T', 't', ' '])?;
    let hour = take_digits(&mut rest, 2)?;
    rest = rest.strip_prefix(':')?;
    let minute = take_digits(&mut rest, 2)?;
    let (mut second, mut micro) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        rest = after;
        second = take_digits(&mut rest, 2)?;
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            (micro, rest) = take_fraction(after)?;
        }
    }
    let offset = take_offset(rest)?;
    let local = from_calendar(date.and_hms_micro_opt(hour, minute, second, micro)?)?;
    in_range(local - i64::from(offset) * MICROS_PER_SECOND)
}

/// Days of `2026-03-02`, or of the day of a timestamp's text.
pub(super) fn parse_date(text: &str) -> Option<i32> {
    let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let mut rest = trimmed;
    let date = take_date(&mut rest)?;
    if rest.is_empty() {
        return days_of(date);
    }
    i32::try_from(parse_timestamp(trimmed)?.div_euclid(MICROS_PER_DAY)).ok()
}

fn take_date(rest: &mut &str) -> Option<NaiveDate> {
    let year = take_digits(rest, 4)?;
    *rest = rest.strip_prefix('-')?;
    let month = take_digits(rest, 2)?;
    *rest = rest.strip_prefix('-')?;
    let day = take_digits(rest, 2)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok().filter(|year| *year > 0)?, month, day)
}

/// Exactly `count` digits.
pub(super) fn take_digits(rest: &mut &str, count: usize) -> Option<u32> {
    let digits = rest.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    *rest = &rest[count..];
    digits.parse().ok()
}

/// Microseconds of the digits of a fraction, and what follows them.
pub(super) fn take_fraction(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    let micros = text.bytes().take(end).chain(std::iter::repeat(b'0')).take(6);
    Some((micros.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), &text[end..]))
}

/// Seconds east of UTC of `Z`, `+01:00`, `+0100`, `+01`, or nothing.
pub(super) fn take_offset(text: &str) -> Option<i32> {
    let text = text.trim_start_matches(' ');
    if matches!(text, "" | "Z" | "z" | "UTC") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = text.strip_prefix(['+', '-'])?;
    let hours = take_digits(&mut rest, 2)?;
    rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if rest.is_empty() { 0 } else { take_digits(&mut rest, 2)? };
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_are_read() {
        let second = 1_772_460_131 * MICROS_PER_SECOND;
        for (text, micros) in [
            ("2026-03-02T14:02:11Z", second),
            (" 2026-03-02 14:02:11 ", second),
            ("2026-03-02 15:02:11+01:00", second),
            ("2026-03-02T12:02:11.2-0200", second + 200_000),
            ("2026-03-02 14:02:11,1234567", second + 123_456),
            ("2026-03-02 14:02", second - 11 * MICROS_PER_SECOND),
            ("0001-01-01", FIRST_MICRO),
            ("9999-12-31T23:59:59.999999Z", LAST_MICRO),
        ] {
            assert_eq!(parse_timestamp(text), Some(micros), "{text}");
        }
        for text in ["", "2026-02-30", "2026-03-02T", "2026-03-02T25:00", "0000-01-01", "2026-03-02T14:02:11.Z", "ü"] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        assert_eq!(parse_date("1969-12-31"), Some(-1));
        assert_eq!(parse_date("1970-01-01T23:00:00-02:00"), Some(1));
    }
}
