//! Points in time: the range that Pipewright holds (years 1 to 9999), and the one reader of texts in ISO 8601 for
//! formats, casts, literals, parameters and tables. Works without allocation. Must not import other rooms.
//!
//! A text is a time where it is, with blanks around: a day `2026-03-02`, `2026/03/02` or `20260302`; `T` or a blank; a
//! clock `14:02`, `14:02:11` or `140211`, with a fraction after point or comma; a zone `Z`, `+01:00`, `+0100`, `+01`, a
//! known name (`UTC`, `CEST`), or none (UTC). A day with separators alone is its midnight. Digits beyond the
//! microsecond are cut off; a leap second (`:60`) counts as the next second.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};

use super::day_order::{self, DayOrder};
use super::zones::from_local;

pub const MICROS_PER_SECOND: i64 = 1_000_000;
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// 0001-01-01T00:00:00Z.
pub const FIRST_MICRO: i64 = -62_135_596_800 * MICROS_PER_SECOND;
/// 9999-12-31T23:59:59.999999Z.
pub const LAST_MICRO: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

/// The timestamp, if it lies in the range that is held.
pub fn in_range(micros: i64) -> Option<i64> {
    (FIRST_MICRO..=LAST_MICRO).contains(&micros).then_some(micros)
}

/// The day, if it lies in the range that is held.
pub fn date_in_range(days: i64) -> Option<i32> {
    in_range(days.checked_mul(MICROS_PER_DAY)?).and_then(|_| i32::try_from(days).ok())
}

/// Midnight of a day.
pub fn micros_of(days: i32) -> Option<i64> {
    i64::from(days).checked_mul(MICROS_PER_DAY).and_then(in_range)
}

pub fn to_calendar(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(in_range(micros)?).map(|time| time.naive_utc())
}

/// `3 Mar` and `14:00`, for people; empty where there is no such day.
pub fn day_and_clock(micros: i64) -> (String, String) {
    let Some(time) = to_calendar(micros) else { return (String::new(), String::new()) };
    let month = MONTHS.get(time.month0() as usize).and_then(|month| month.get(..3)).unwrap_or_default();
    (format!("{} {month}", time.day()), format!("{:02}:{:02}", time.hour(), time.minute()))
}

/// Their names.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub fn from_calendar(time: NaiveDateTime) -> Option<i64> {
    in_range(time.and_utc().timestamp_micros())
}

pub fn days_of(date: NaiveDate) -> Option<i32> {
    date_in_range(i64::from(date.num_days_from_ce()) - 719_163)
}

/// Days since 1970-01-01 of a day of the Gregorian calendar; `None` where there is no such day, or its year is not held.
pub fn days(year: i64, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *LENGTHS.get((month as usize).wrapping_sub(1))?;
    let leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if !(1..=9999).contains(&year) || day == 0 || day > length + u32::from(leap) {
        return None;
    }
    // The year begins in March, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

/// Microseconds since 1970-01-01 UTC of a text.
#[inline]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let bytes = text.as_bytes().trim_ascii();
    match timestamp_prefix(bytes) {
        Some((micros, used)) => (used == bytes.len()).then_some(micros),
        None => plain_date(bytes).and_then(micros_of).and_then(from_local),
    }
}

/// Whether a text that is a time has digits beyond the microsecond, which are cut off.
#[inline]
pub fn is_finer(text: &str) -> bool {
    // `20260302T140211.1234567`
    text.len() >= 23 && has_finer_digits(text)
}

/// The same of a time that is written in any form, which has its fraction last.
pub fn ends_finer(text: &str) -> bool {
    text.rfind(['.', ',']).is_some_and(|point| has_finer_digits(&text[point..]))
}

fn has_finer_digits(text: &str) -> bool {
    let Some(point) = text.find(['.', ',']) else { return false };
    let digits = text.as_bytes()[point + 1..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.skip(6).any(|digit| *digit != b'0')
}

/// Days since 1970-01-01 of a day, or of the day (UTC) of a time.
#[inline]
pub fn parse_date(text: &str) -> Option<i32> {
    plain_date(text.as_bytes().trim_ascii())
        .or_else(|| i32::try_from(parse_timestamp(text)?.div_euclid(MICROS_PER_DAY)).ok())
}

/// Whether a text that `parse_date` reads has a clock besides, of which the day holds nothing; midnight says no more.
#[inline]
pub fn has_clock(text: &str) -> bool {
    // `20260302T1402`
    text.len() > 10 && (is_finer(text) || parse_timestamp(text).is_some_and(|micros| micros % MICROS_PER_DAY != 0))
}

/// Whether a text is a day without a time.
pub fn is_plain_date(text: &str) -> bool {
    plain_date(text.as_bytes().trim_ascii()).is_some()
}

/// Digits alone are a number, not a day.
fn plain_date(bytes: &[u8]) -> Option<i32> {
    match date_prefix(bytes) {
        Some((days, 10)) if bytes.len() == 10 => Some(days),
        Some(_) => None,
        None => day_prefix(bytes).filter(|(_, used)| *used == bytes.len()).map(|(days, _)| days),
    }
}

/// A day and a clock at the start of `bytes`: the time, and the bytes used.
pub fn timestamp_prefix(bytes: &[u8]) -> Option<(i64, usize)> {
    let Some((days, date)) = date_prefix(bytes) else { return time_prefix(bytes) };
    if !matches!(bytes.get(date)?, b'T' | b't' | b' ') {
        return None;
    }
    let (micros, used, has_zone) = zoned_clock_prefix(&bytes[date + 1..])?;
    let micros = i64::from(days) * MICROS_PER_DAY + micros;
    Some((in_range(if has_zone { micros } else { from_local(micros)? })?, date + 1 + used))
}

/// A clock with its zone: microseconds to add to the day, the bytes used, and whether a zone was among them.
pub fn zoned_clock_prefix(bytes: &[u8]) -> Option<(i64, usize, bool)> {
    let (micros, used) = clock_prefix(bytes)?;
    let (zone, zone_used) = spaced_zone_prefix(&bytes[used..]).unwrap_or((0, 0));
    Some((micros - i64::from(zone) * MICROS_PER_SECOND, used + zone_used, zone_used > 0))
}

/// `2026-03-02`, `2026/03/02` or `20260302` at the start: days, and the bytes used.
fn date_prefix(bytes: &[u8]) -> Option<(i32, usize)> {
    let year = i64::from(digits4(bytes)?);
    match *bytes.get(4)? {
        separator @ (b'-' | b'/') => {
            if *bytes.get(7)? != separator {
                return None;
            }
            Some((days(year, digits2(&bytes[5..])?, digits2(bytes.get(8..)?)?)?, 10))
        }
        _ => Some((days(year, digits2(&bytes[4..])?, digits2(bytes.get(6..)?)?)?, 8)),
    }
}

/// `13:55:36`, `13:55`, `135536`, with a fraction: microseconds of the day, and the bytes used.
/// A leap second (`:60`) counts as the next second.
pub fn clock_prefix(bytes: &[u8]) -> Option<(i64, usize)> {
    let hour = digits2(bytes)?;
    let colon = bytes.get(2) == Some(&b':');
    let minute = digits2(bytes.get(if colon { 3 } else { 2 }..)?)?;
    let mut used = if colon { 5 } else { 4 };
    let mut second = 0;
    if !colon {
        second = digits2(bytes.get(4..)?)?;
        used = 6;
    } else if bytes.get(5) == Some(&b':') {
        second = digits2(bytes.get(6..)?)?;
        used = 8;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut micros = i64::from(hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND;
    if let (Some(b'.' | b','), Some(b'0'..=b'9')) = (bytes.get(used), bytes.get(used + 1)) {
        let (fraction, digits) = fraction_prefix(&bytes[used + 1..]);
        micros += fraction;
        used += 1 + digits;
    }
    Some((micros, used))
}

/// Digits after the point, as microseconds, and how many there are.
pub fn fraction_prefix(bytes: &[u8]) -> (i64, usize) {
    let mut micros = 0;
    let mut unit = 100_000;
    let mut count = 0;
    for digit in bytes.iter().map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit < 10) {
        micros += i64::from(digit) * unit;
        unit /= 10;
        count += 1;
    }
    (micros, count)
}

/// `Z`, `+02:00`, `-0700`, `+02` or a known name at the start: seconds east of UTC, and the bytes used.
pub fn zone_prefix(bytes: &[u8]) -> Option<(i32, usize)> {
    let sign = match *bytes.first()? {
        b'+' => 1,
        b'-' => -1,
        b'Z' | b'z' if !bytes.get(1).is_some_and(u8::is_ascii_alphanumeric) => return Some((0, 1)),
        _ => return named_zone_prefix(bytes),
    };
    let hours = digits2(&bytes[1..])?;
    let colon = usize::from(bytes.get(3) == Some(&b':'));
    let (minutes, used) = match bytes.get(3 + colon..).and_then(digits2) {
        Some(minutes) => (minutes, 5 + colon),
        None => (0, 3),
    };
    (hours <= 18 && minutes < 60).then_some((sign * (hours * 3600 + minutes * 60) as i32, used))
}

/// A zone directly at the start, or after one blank; after a blank an offset needs its minutes, so that a number
/// that follows is not taken for one.
fn spaced_zone_prefix(bytes: &[u8]) -> Option<(i32, usize)> {
    if bytes.first() != Some(&b' ') {
        return zone_prefix(bytes);
    }
    let (seconds, used) = zone_prefix(&bytes[1..])?;
    let offset = matches!(bytes[1], b'+' | b'-');
    (!offset || used > 3).then_some((seconds, used + 1))
}

/// The abbreviations that mean one zone nearly everywhere.
fn named_zone_prefix(bytes: &[u8]) -> Option<(i32, usize)> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let hours = match &bytes[..length] {
        b"UTC" | b"GMT" | b"WET" | b"UT" => 0,
        b"WEST" | b"CET" | b"MEZ" => 1,
        b"CEST" | b"MESZ" | b"EET" | b"SAST" => 2,
        b"EEST" | b"MSK" => 3,
        b"SGT" | b"HKT" => 8,
        b"JST" | b"KST" => 9,
        b"AEST" => 10,
        b"AEDT" => 11,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some((hours * 3600, length))
}

pub fn digit(byte: u8) -> Option<u32> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(u32::from(digit))
}

pub fn digits2(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [a, b, ..] => Some(digit(*a)? * 10 + digit(*b)?),
        _ => None,
    }
}

pub fn digits4(bytes: &[u8]) -> Option<u32> {
    Some(digits2(bytes)? * 100 + digits2(bytes.get(2..)?)?)
}

/// The first two numbers of a date that is numbers alone, its separator, its year, and the bytes used.
fn numbers(bytes: &[u8]) -> Option<(u32, u32, u8, i64, usize)> {
    let short = |at: usize| {
        let digits = bytes.get(at..)?.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        let number = bytes[at..at + digits].iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
        matches!(digits, 1 | 2).then_some((number, at + digits))
    };
    let (first, at) = short(0)?;
    let separator = *bytes.get(at).filter(|byte| matches!(byte, b'/' | b'.' | b'-'))?;
    let (second, at) = short(at + 1)?;
    let year = bytes.get(at + 1..at + 5).filter(|year| year.iter().all(u8::is_ascii_digit))?;
    if bytes[at] != separator || bytes.get(at + 5).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((first, second, separator, year.iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0')), at + 5))
}

/// A day at the start of `bytes`, where the thread knows how it is written: days since 1970, and the bytes used.
#[cold]
fn day_prefix(bytes: &[u8]) -> Option<(i32, usize)> {
    day_written(bytes, day_order::known()?)
}

fn day_written(bytes: &[u8], order: DayOrder) -> Option<(i32, usize)> {
    let (first, second, _, year, used) = numbers(bytes)?;
    let (day, month) = if order == DayOrder::DayFirst { (first, second) } else { (second, first) };
    Some((days(year, month, day)?, used))
}

/// The same with a clock behind it, as people and spreadsheets write one: `9:05`, `09:05:01.5`, `1:05 PM`, `13:05 +0200`.
#[cold]
fn time_prefix(bytes: &[u8]) -> Option<(i64, usize)> {
    time_written(bytes, day_order::known()?)
}

fn time_written(bytes: &[u8], order: DayOrder) -> Option<(i64, usize)> {
    let (day, mut at) = day_written(bytes, order)?;
    at += usize::from(bytes.get(at) == Some(&b','));
    let blank = bytes.get(at).filter(|byte| matches!(byte, b'T' | b' '))?;
    at += 1 + usize::from(*blank == b' ' && bytes.get(at + 1) == Some(&b' '));
    let clock = bytes.get(at..)?;
    let (mut micros, used) = match clock.get(1) {
        Some(b':') => {
            let mut padded = vec![b'0'];
            padded.extend(clock.iter().take(24));
            clock_prefix(&padded).map(|(micros, used)| (micros, used - 1))?
        }
        _ => clock_prefix(clock)?,
    };
    at += used;
    let half = bytes[at..].strip_prefix(b" ").unwrap_or(&bytes[at..]);
    let is_afternoon = match half.get(..2).map(<[u8]>::to_ascii_lowercase).as_deref() {
        Some(b"am") => Some(false),
        Some(b"pm") => Some(true),
        _ => None,
    };
    if let Some(is_afternoon) = is_afternoon {
        const HOUR: i64 = 3600 * MICROS_PER_SECOND;
        let hour = micros / HOUR;
        if !(1..=12).contains(&hour) {
            return None;
        }
        micros += (hour % 12 + if is_afternoon { 12 } else { 0 } - hour) * HOUR;
        at = bytes.len() - half.len() + 2;
    }
    let local = i64::from(day) * MICROS_PER_DAY + micros;
    let zone = spaced_zone_prefix(&bytes[at..]);
    let (instant, used) = match zone {
        Some((seconds, used)) if used > 0 => (local - i64::from(seconds) * MICROS_PER_SECOND, used),
        _ => (from_local(local)?, 0),
    };
    Some((in_range(instant)?, at + used))
}

/// The orders in which a text is a date of numbers alone, with a clock or without: day first, month first. Points stand
/// between the numbers where the day is first.
pub fn orders_of(text: &str) -> (bool, bool) {
    let bytes = text.as_bytes().trim_ascii();
    let is_whole = |order: DayOrder| match day_written(bytes, order) {
        Some((_, used)) if used == bytes.len() => true,
        Some(_) => time_written(bytes, order).is_some_and(|(_, used)| used == bytes.len()),
        None => false,
    };
    let has_points = numbers(bytes).is_some_and(|(_, _, separator, ..)| separator == b'.');
    (is_whole(DayOrder::DayFirst), !has_points && is_whole(DayOrder::MonthFirst))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::format_timestamp;

    fn micros(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn iso_variants_mean_the_same_instant() {
        let expected = micros("2024-04-16T15:10:44.104Z");
        for text in [
            "2024-04-16T15:10:44.104Z",
            "2024-04-16 15:10:44.104",
            "2024-04-16 15:10:44,104",
            "2024/04/16 15:10:44.104000999",
            "2024-04-16T17:10:44.104+02:00",
            "2024-04-16T17:10:44.104+0200",
            "2024-04-16t17:10:44.104+02",
            "2024-04-16 17:10:44.104 +0200",
            "2024-04-16 17:10:44.104 CEST",
            "2024-04-16 15:10:44.104 UTC",
            "20240416T151044.104Z",
            "2024-04-16T08:40:44.104-06:30",
        ] {
            assert_eq!(parse_timestamp(text), Some(expected), "{text}");
        }
        assert_eq!(parse_timestamp("2024-04-16T15:10Z"), Some(micros("2024-04-16T15:10:00Z")));
        assert_eq!(parse_timestamp("2016-12-31T23:59:60Z"), Some(micros("2017-01-01T00:00:00Z")));
        assert_eq!(parse_timestamp("1969-12-31T23:59:59.5Z"), Some(-500_000));
    }

    #[test]
    fn fractions_beyond_the_microsecond_are_seen() {
        for (text, wanted) in [
            ("0703 01:02:03.1234567", true),
            ("01.02.2003 04:05:06.1234567", true),
            ("Mon Dec 26 16:15:55.1037861 2016", true),
            ("1709287200.1234567", true),
            ("0703 01:02:03.1234560", false),
            ("01.02.2003 04:05:06", false),
            ("10/Oct/2000:13:55:36 -0700", false),
        ] {
            assert_eq!(ends_finer(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2024",
            "2024-04-16T",
            "2024-04-16T25:00:00Z",
            "2024-02-30T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-04-16T15:10:44Zx",
            "2024-04-16T15:10:44+99:00",
            "2024-04/16T15:10:44Z",
            "2024-04-16T15:61:00",
            "١٢٣٤-04-16T15:10",
            "0000-01-01",
            "0000-12-31T23:59:59-01:00",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:60Z",
            "10000-01-01",
            "2024-04-16T15:10:61",
            "20240416",
            "2024-04-16T15:10:44.Z",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        assert_eq!(parse_date("2024-02-29"), Some(19_782));
        assert_eq!(parse_date("2023-02-29"), None);
        assert_eq!(parse_date("20240229"), None);
    }

    #[test]
    fn every_day_of_four_centuries_agrees_with_the_calendar() {
        let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let mut date = chrono::NaiveDate::from_ymd_opt(1800, 1, 1).unwrap();
        while date < chrono::NaiveDate::from_ymd_opt(2200, 1, 1).unwrap() {
            use chrono::Datelike;
            let expected = (date - epoch).num_days() as i32;
            assert_eq!(days(date.year().into(), date.month(), date.day()), Some(expected));
            date = date.succ_opt().unwrap();
        }
    }

    #[test]
    fn blanks_edges_and_days() {
        assert_eq!(parse_timestamp("\t2026/03/02 10:00 \n"), Some(micros("2026-03-02T10:00:00Z")));
        assert_eq!(parse_timestamp("0001-01-01"), Some(FIRST_MICRO));
        assert_eq!(parse_timestamp("9999-12-31T23:59:59.999999Z"), Some(LAST_MICRO));
        assert_eq!(parse_timestamp(" 2024/02/29 "), Some(micros("2024-02-29T00:00:00Z")));
        assert_eq!(parse_date("1969-12-31"), Some(-1));
        assert_eq!(parse_date(" 1970/01/02 "), Some(1));
        assert_eq!(parse_date("1970-01-01T23:00:00-02:00"), Some(1));
        assert!(is_plain_date("2024/02/29") && !is_plain_date("2024-02-29T00:00"));
        let (time, used) = timestamp_prefix(b"2024-04-16 15:10:44,104 -12 items").unwrap();
        assert_eq!((time, used), (micros("2024-04-16T15:10:44.104Z"), 23));
    }

    fn read_as(order: Option<DayOrder>, text: &str) -> Option<String> {
        let _order = day_order::dates_are(order);
        parse_timestamp(text).map(format_timestamp)
    }

    #[test]
    fn numbers_are_days_and_months_as_is_told() {
        use DayOrder::{DayFirst, MonthFirst};
        for (order, text, expected) in [
            (DayFirst, "03/04/2026", "2026-04-03T00:00:00Z"),
            (MonthFirst, "03/04/2026", "2026-03-04T00:00:00Z"),
            (DayFirst, "3.4.2026 9:05", "2026-04-03T09:05:00Z"),
            (DayFirst, "31-12-2025 23:59:59.5", "2025-12-31T23:59:59.500Z"),
            (MonthFirst, "3/4/2026, 1:05:07 PM", "2026-03-04T13:05:07Z"),
            (MonthFirst, "3/4/2026 12:05 am", "2026-03-04T00:05:00Z"),
            (DayFirst, "03/04/2026 10:00:00 +0200", "2026-04-03T08:00:00Z"),
            (DayFirst, "2026-04-03 10:00:00", "2026-04-03T10:00:00Z"),
        ] {
            assert_eq!(read_as(Some(order), text).as_deref(), Some(expected), "{text}");
        }
        for text in ["31/13/2025", "1/2/25", "1/2-2025", "1/2/20255", "3/4/2026 13:00 PM", "3/4/2026x", "//2026"] {
            assert_eq!(read_as(Some(DayFirst), text), None, "{text}");
        }
        assert_eq!(read_as(None, "13/04/2026"), None);
        let _order = day_order::dates_are(Some(DayFirst));
        assert_eq!(parse_date("01/02/1970"), Some(31));
    }

    #[test]
    fn what_a_date_may_be_is_told() {
        for (text, orders) in [
            ("03/04/2026", (true, true)),
            ("13/04/2026 10:00", (true, false)),
            ("04/13/2026", (false, true)),
            ("03.04.2026", (true, false)),
            ("13/13/2026", (false, false)),
            ("2026-04-03", (false, false)),
            ("3/4/2026 at noon", (false, false)),
        ] {
            assert_eq!(orders_of(text), orders, "{text}");
        }
    }
}
