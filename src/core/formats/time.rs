//! Hand-written readers of the time stamps that logs carry, without allocation: microseconds since 1970-01-01 UTC.
//! Imports nothing. A stamp without a zone is read as UTC; digits beyond the microsecond are cut off.

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;

/// Unit of a time stamp that is a plain number since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

/// Days since 1970-01-01 of a day of the Gregorian calendar; `None` where there is no such day.
pub fn days(year: i64, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *LENGTHS.get((month as usize).wrapping_sub(1))?;
    let leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if day == 0 || day > length + u32::from(leap) {
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

/// ISO 8601 and RFC 3339, with what logs make of them: `T` or a blank between date and time, `-`, `/` or nothing
/// inside the date, seconds left out, fraction after point or comma, zone `Z`, `+hh:mm`, `+hhmm`, `+hh`, a known
/// name (`UTC`, `CEST`), or none.
pub fn iso(text: &str) -> Option<i64> {
    let (micros, used) = iso_prefix(text.as_bytes())?;
    (used == text.len()).then_some(micros)
}

/// Like `iso`, at the start of `bytes`; also gives the bytes used.
pub fn iso_prefix(bytes: &[u8]) -> Option<(i64, usize)> {
    let (days, date) = date_prefix(bytes)?;
    if !matches!(bytes.get(date)?, b'T' | b't' | b' ') {
        return None;
    }
    let (micros, used) = clock_prefix(&bytes[date + 1..])?;
    let used = date + 1 + used;
    let (zone, zone_used) = spaced_zone_prefix(&bytes[used..]).unwrap_or((0, 0));
    Some((i64::from(days) * DAY + micros - i64::from(zone) * SECOND, used + zone_used))
}

/// `2026-03-02` or `2026/03/02`: days since 1970-01-01.
pub fn iso_date(text: &str) -> Option<i32> {
    match date_prefix(text.as_bytes())? {
        (days, 10) if text.len() == 10 => Some(days),
        _ => None,
    }
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
fn clock_prefix(bytes: &[u8]) -> Option<(i64, usize)> {
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
    let mut micros = i64::from(hour * 3600 + minute * 60 + second) * SECOND;
    if let (Some(b'.' | b','), Some(b'0'..=b'9')) = (bytes.get(used), bytes.get(used + 1)) {
        let (fraction, digits) = fraction_prefix(&bytes[used + 1..]);
        micros += fraction;
        used += 1 + digits;
    }
    Some((micros, used))
}

/// Digits after the point, as microseconds, and how many there are.
fn fraction_prefix(bytes: &[u8]) -> (i64, usize) {
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

/// The time of common and combined access logs: `10/Oct/2000:13:55:36 -0700`, the zone optional.
pub fn clf(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let day = digits2(bytes)?;
    let month = month(bytes.get(3..6)?)?;
    if bytes[2] != b'/' || *bytes.get(6)? != b'/' || *bytes.get(11)? != b':' {
        return None;
    }
    let days = days(i64::from(digits4(&bytes[7..])?), month, day)?;
    let (micros, used) = clock_prefix(&bytes[12..])?;
    let used = 12 + used;
    let (zone, zone_used) = spaced_zone_prefix(&bytes[used..]).unwrap_or((0, 0));
    (used + zone_used == bytes.len()).then(|| i64::from(days) * DAY + micros - i64::from(zone) * SECOND)
}

/// The time of RFC 3164 syslog: `Oct  9 22:33:20`, `Oct 9 22:33:20.123`, `Oct 09 2000 22:33:20`.
/// `year` is taken where the stamp has none; 0 reads as 1970.
pub fn rfc3164(text: &str, year: i32) -> Option<i64> {
    let (micros, used) = rfc3164_prefix(text.as_bytes(), year)?;
    (used == text.len()).then_some(micros)
}

/// Like `rfc3164`, at the start of `bytes`; also gives the bytes used.
pub fn rfc3164_prefix(bytes: &[u8], year: i32) -> Option<(i64, usize)> {
    let month = month(bytes.get(..3)?)?;
    if bytes.get(3) != Some(&b' ') {
        return None;
    }
    let mut at = 4 + usize::from(bytes.get(4) == Some(&b' '));
    let mut day = digit(*bytes.get(at)?)?;
    at += 1;
    if let Some(next) = bytes.get(at).copied().and_then(digit) {
        day = day * 10 + next;
        at += 1;
    }
    if bytes.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    let mut year = if year == 0 { 1970 } else { i64::from(year) };
    if let (Some(written), Some(b' ')) = (digits4(&bytes[at..]), bytes.get(at + 4)) {
        year = i64::from(written);
        at += 5;
    }
    if bytes.get(at + 2) != Some(&b':') {
        return None;
    }
    // 29 February of a year that has none: the file is of another year, the nearest earlier leap year is meant.
    let days =
        days(year, month, day).or_else(|| if (month, day) == (2, 29) { days(year / 4 * 4, 2, 29) } else { None })?;
    let (micros, used) = clock_prefix(&bytes[at..])?;
    at += used;
    Some((i64::from(days) * DAY + micros, at))
}

/// A number since 1970 in `unit`, with or without a fraction: `1700000000.123`. `None` where it does not fit.
pub fn epoch(text: &str, unit: Epoch) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let negative = whole.starts_with('-');
    let micros = from_epoch(super::numbers::int(whole.as_bytes())?, unit)?;
    let (fraction_micros, digits) = fraction_prefix(fraction.as_bytes());
    if digits != fraction.len() {
        return None;
    }
    let part = match unit {
        Epoch::Seconds => fraction_micros,
        Epoch::Millis => fraction_micros / 1000,
        Epoch::Micros | Epoch::Nanos => 0,
    };
    micros.checked_add(if negative { -part } else { part })
}

/// A whole number since 1970 in `unit`. `None` where it does not fit.
pub fn from_epoch(number: i64, unit: Epoch) -> Option<i64> {
    match unit {
        Epoch::Seconds => number.checked_mul(SECOND),
        Epoch::Millis => number.checked_mul(1000),
        Epoch::Micros => Some(number),
        Epoch::Nanos => Some(number.div_euclid(1000)),
    }
}

/// The unit in which a number is a time between 2000 and 2100; `None` where it is in none.
pub fn epoch_unit(number: i64) -> Option<Epoch> {
    const FROM: i64 = 946_684_800;
    const TO: i64 = 4_102_444_800;
    [(Epoch::Seconds, 1), (Epoch::Millis, 1000), (Epoch::Micros, SECOND), (Epoch::Nanos, 1000 * SECOND)]
        .into_iter()
        .find(|(_, scale)| (FROM..TO).contains(&(number / scale)))
        .map(|(unit, _)| unit)
}

/// 1 to 12, from the first three letters of an English month, in any case.
pub fn month(bytes: &[u8]) -> Option<u32> {
    let [a, b, c] = bytes.get(..3)? else { return None };
    let number = match [a | 0x20, b | 0x20, c | 0x20] {
        [b'j', b'a', b'n'] => 1,
        [b'f', b'e', b'b'] => 2,
        [b'm', b'a', b'r'] => 3,
        [b'a', b'p', b'r'] => 4,
        [b'm', b'a', b'y'] => 5,
        [b'j', b'u', b'n'] => 6,
        [b'j', b'u', b'l'] => 7,
        [b'a', b'u', b'g'] => 8,
        [b's', b'e', b'p'] => 9,
        [b'o', b'c', b't'] => 10,
        [b'n', b'o', b'v'] => 11,
        [b'd', b'e', b'c'] => 12,
        _ => return None,
    };
    Some(number)
}

fn digit(byte: u8) -> Option<u32> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(u32::from(digit))
}

fn digits2(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [a, b, ..] => Some(digit(*a)? * 10 + digit(*b)?),
        _ => None,
    }
}

fn digits4(bytes: &[u8]) -> Option<u32> {
    Some(digits2(bytes)? * 100 + digits2(bytes.get(2..)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(iso(text), Some(expected), "{text}");
        }
        assert_eq!(iso("2024-04-16T15:10Z"), Some(micros("2024-04-16T15:10:00Z")));
        assert_eq!(iso("2016-12-31T23:59:60Z"), Some(micros("2017-01-01T00:00:00Z")));
        assert_eq!(iso("1969-12-31T23:59:59.5Z"), Some(-500_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2024",
            "2024-04-16",
            "2024-04-16T",
            "2024-04-16T25:00:00Z",
            "2024-02-30T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-04-16T15:10:44Zx",
            "2024-04-16T15:10:44+99:00",
            "2024-04/16T15:10:44Z",
            "2024-04-16T15:61:00",
            "١٢٣٤-04-16T15:10",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
        assert_eq!(iso_date("2024-02-29"), Some(19_782));
        assert_eq!(iso_date("2023-02-29"), None);
        assert_eq!(iso_date("20240229"), None);
    }

    #[test]
    fn a_prefix_ends_where_the_stamp_ends() {
        let (time, used) = iso_prefix(b"2024-04-16 15:10:44,104 -12 items").unwrap();
        assert_eq!((time, used), (micros("2024-04-16T15:10:44.104Z"), 23));
        let (time, used) = rfc3164_prefix(b"Oct  9 22:33:20 hlfedora sshd[1]: x", 2006).unwrap();
        assert_eq!((time, used), (micros("2006-10-09T22:33:20Z"), 15));
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
    fn access_log_and_syslog_stamps() {
        assert_eq!(clf("10/Oct/2000:13:55:36 -0700"), Some(micros("2000-10-10T13:55:36-07:00")));
        assert_eq!(clf("10/Oct/2000:13:55:36"), Some(micros("2000-10-10T13:55:36Z")));
        assert_eq!(clf("10/Foo/2000:13:55:36 -0700"), None);
        assert_eq!(clf("10/Oct/2000:13:55"), Some(micros("2000-10-10T13:55:00Z")));
        assert_eq!(rfc3164("Oct  9 22:33:20", 2020), Some(micros("2020-10-09T22:33:20Z")));
        assert_eq!(rfc3164("Oct 9 22:33:20.25", 2020), Some(micros("2020-10-09T22:33:20.250Z")));
        assert_eq!(rfc3164("Oct 09 2000 22:33:20", 2020), Some(micros("2000-10-09T22:33:20Z")));
        assert_eq!(rfc3164("Feb 29 00:00:00", 2023), Some(micros("2020-02-29T00:00:00Z")));
        assert_eq!(rfc3164("Feb 30 00:00:00", 2023), None);
    }

    #[test]
    fn numbers_since_1970() {
        assert_eq!(epoch("1700000000.123456789", Epoch::Seconds), Some(1_700_000_000_123_456));
        assert_eq!(epoch("1700000000123", Epoch::Millis), Some(1_700_000_000_123_000));
        assert_eq!(epoch("-0.5", Epoch::Seconds), Some(-500_000));
        assert_eq!(epoch("99999999999999999999", Epoch::Seconds), None);
        assert_eq!(epoch("1e9", Epoch::Seconds), None);
        assert_eq!(epoch_unit(1_700_000_000_000), Some(Epoch::Millis));
        assert_eq!(epoch_unit(42), None);
    }
}
