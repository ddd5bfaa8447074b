//! Hand-written readers of the time stamps that logs carry beside ISO 8601 (`data` reads that), without allocation:
//! microseconds since 1970-01-01 UTC. Imports data. A stamp without a zone is read as UTC; digits beyond the microsecond
//! are cut off; what lies outside of the years 1 to 9999 is no time.

use crate::data::instants::{
    MICROS_PER_DAY, MICROS_PER_SECOND, clock_prefix, days, digit, digits2, digits4, fraction_prefix, in_range,
    zone_prefix, zoned_clock_prefix,
};
use crate::data::zones::from_local;

/// Unit of a time stamp that is a plain number since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Epoch {
    const SHORT: [(Epoch, &'static str); 4] =
        [(Epoch::Seconds, "s"), (Epoch::Millis, "ms"), (Epoch::Micros, "us"), (Epoch::Nanos, "ns")];

    /// The unit of `s`, `ms`, `us` or `ns`.
    pub fn named(text: &str) -> Option<Epoch> {
        Self::SHORT.iter().find(|(_, short)| *short == text).map(|(unit, _)| *unit)
    }

    /// As `named` reads it.
    pub fn short(self) -> &'static str {
        Self::SHORT[self as usize].1
    }
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
    let (micros, used, has_zone) = zoned_clock_prefix(&bytes[12..])?;
    let micros = i64::from(days) * MICROS_PER_DAY + micros;
    in_range(if has_zone { micros } else { from_local(micros)? }).filter(|_| 12 + used == bytes.len())
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
    let mut has_year = false;
    if let (Some(written), Some(b' ')) = (digits4(&bytes[at..]), bytes.get(at + 4)) {
        year = i64::from(written);
        has_year = true;
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
    let instant = |days: i32, zone: Option<i32>| {
        let local = i64::from(days) * MICROS_PER_DAY + micros;
        in_range(match zone {
            Some(zone) => local - i64::from(zone) * MICROS_PER_SECOND,
            None => from_local(local)?,
        })
    };
    if let Some((zone, year, used)) = late_zone_and_year(&bytes[at..]).filter(|_| !has_year) {
        let days = year.map_or(Some(days), |year| self::days(year, month, day))?;
        return Some((instant(days, zone)?, at + used));
    }
    match rfc3164_zone(&bytes[at..], has_year) {
        Some((zone, used)) => Some((instant(days, Some(zone))?, at + used)),
        None => Some((instant(days, None)?, at)),
    }
}

/// A zone and a year behind a syslog time, or one of both, where a host and a program's name with its colon follow: alone
/// they might be the host and the beginning of a message.
fn late_zone_and_year(bytes: &[u8]) -> Option<(Option<i32>, Option<i64>, usize)> {
    let [b' ', b'A'..=b'Z' | b'1' | b'2', ..] = bytes else { return None };
    let word = |at: usize| bytes.get(at..)?.strip_prefix(b" ").map(|rest| rest.split(|byte| *byte == b' ').next());
    let (mut at, mut zone, mut year) = (0, None, None);
    let first = word(at)??;
    if let Some((seconds, _)) = zone_prefix(first).filter(|(_, used)| *used == first.len()) {
        zone = Some(seconds);
        at += 1 + first.len();
    }
    let next = word(at)??;
    if let Some(written) = digits4(next).filter(|year| next.len() == 4 && (1970..2100).contains(year)) {
        year = Some(i64::from(written));
        at += 5;
    }
    let host = word(at)??;
    let app = word(at + 1 + host.len())??;
    let begins = |word: &[u8]| word.first().is_some_and(u8::is_ascii_alphanumeric);
    let is_head = begins(host) && begins(app) && !host.ends_with(b":") && app.ends_with(b":");
    (is_head && at > 0).then_some((zone, year, at))
}

/// A zone behind a syslog time: directly, or after a blank where the stamp is a full one or a colon ends it, since a
/// host may be called like a zone.
fn rfc3164_zone(bytes: &[u8], has_year: bool) -> Option<(i32, usize)> {
    match bytes.first()? {
        b'Z' | b'+' | b'-' => zone_prefix(bytes),
        b' ' if bytes.get(1).is_some_and(u8::is_ascii_uppercase) => {
            let (seconds, used) = zone_prefix(&bytes[1..])?;
            let is_zone = match bytes.get(1 + used) {
                Some(b':') => true,
                next => has_year && matches!(next, None | Some(b' ')),
            };
            is_zone.then_some((seconds, used + 1))
        }
        _ => None,
    }
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
    micros.checked_add(if negative { -part } else { part }).and_then(in_range)
}

/// Whether such a number has digits beyond the microsecond, which `epoch` cuts off.
pub fn is_finer_epoch(text: &str, unit: Epoch) -> bool {
    let held = match unit {
        Epoch::Seconds => 6,
        Epoch::Millis => 3,
        Epoch::Micros | Epoch::Nanos => 0,
    };
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().skip(held).any(|digit| digit != b'0')
}

/// A whole number since 1970 in `unit`. `None` where it does not fit.
pub fn from_epoch(number: i64, unit: Epoch) -> Option<i64> {
    let micros = match unit {
        Epoch::Seconds => number.checked_mul(MICROS_PER_SECOND),
        Epoch::Millis => number.checked_mul(1000),
        Epoch::Micros => Some(number),
        Epoch::Nanos => Some(number.div_euclid(1000)),
    };
    micros.and_then(in_range)
}

/// The unit in which a number is a time between 2000 and 2100; `None` where it is in none.
pub fn epoch_unit(number: i64) -> Option<Epoch> {
    const FROM: i64 = 946_684_800;
    const TO: i64 = 4_102_444_800;
    [
        (Epoch::Seconds, 1),
        (Epoch::Millis, 1000),
        (Epoch::Micros, MICROS_PER_SECOND),
        (Epoch::Nanos, 1000 * MICROS_PER_SECOND),
    ]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn a_prefix_ends_where_the_stamp_ends() {
        let (time, used) = rfc3164_prefix(b"Oct  9 22:33:20 hlfedora sshd[1]: x", 2006).unwrap();
        assert_eq!((time, used), (micros("2006-10-09T22:33:20Z"), 15));
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
