//! Times in ISO 8601 but for what programs add: `10:00:01:331`, `10:00:01 PM`, `(CET)`, `[Asia/Kolkata]`, `UTC+1`. Each is
//! spelled as the one reader of times has it, and read by that. Must not import single formats.

use super::zone::{named_offset, place};
use crate::data::instants::{MICROS_PER_SECOND, digits2, in_range, timestamp_prefix, zone_prefix};
use crate::data::zones::times_are_of;

/// The time at the start of `bytes`, and the bytes used.
#[inline]
pub fn iso_prefix(bytes: &[u8]) -> Option<(i64, usize)> {
    let found = timestamp_prefix(bytes)?;
    match bytes[found.1..] {
        [b':' | b'[' | b'A' | b'P' | b'+' | b'-', ..] | [b' ', b'A' | b'P' | b'(', ..] => further(found, bytes),
        _ => Some(found),
    }
}

/// The same where something follows that may belong to the time.
#[cold]
fn further((micros, used): (i64, usize), bytes: &[u8]) -> Option<(i64, usize)> {
    let (read, rest) = bytes.split_at(used);
    let is_end =
        |at: usize| !rest.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':'));
    let has_zone = !read.last()?.is_ascii_digit() || read[used - 6..].iter().any(|byte| b"+-".contains(byte));
    let bare = rest.strip_prefix(b" ").unwrap_or(rest);
    let blank = rest.len() - bare.len();
    match *bare {
        [b':', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] if blank == 0 && read[used - 3] == b':' && is_end(4) => {
            let mut text = bytes.to_vec();
            text[used] = b'.';
            iso_prefix(&text)
        }
        [half @ (b'A' | b'P'), b'M', ..] if !has_zone && is_end(blank + 2) => {
            let hour = read.iter().position(|byte| matches!(byte, b'T' | b't' | b' '))? + 1;
            let clock = hour_of_day(digits2(&read[hour..])?, half == b'P')?;
            let text = [&read[..hour], format!("{clock:02}").as_bytes(), &read[hour + 2..], &bare[2..]].concat();
            iso_prefix(&text).map(|(micros, length)| (micros, length + blank + 2))
        }
        [b'(', ref name @ ..] if blank == 1 => {
            let Some((seconds, length)) = zone_prefix(name).filter(|(_, length)| name.get(*length) == Some(&b')'))
            else {
                return Some((micros, used));
            };
            let time = if has_zone { Some(micros) } else { shifted(bytes, seconds) };
            time.map(|time| (time, used + length + 3))
        }
        [b'[', ref name @ ..] if blank == 0 => {
            // `[Europe/Berlin]`; any other word in brackets is the level or the thread.
            let Some((zone, length)) = place(name).filter(|(_, length)| name.get(*length) == Some(&b']')) else {
                return Some((micros, used));
            };
            let time =
                if has_zone { Some(micros) } else { local(bytes).and_then(|time| in_range(zone.instant(time)?)) };
            time.map(|time| (time, used + length + 2))
        }
        [b'+' | b'-', ..] if blank == 0 && (read.ends_with(b"UTC") || read.ends_with(b"GMT")) => {
            let Some((seconds, length)) = named_offset(rest) else { return Some((micros, used)) };
            in_range(micros - i64::from(seconds) * MICROS_PER_SECOND).map(|time| (time, used + length))
        }
        _ => Some((micros, used)),
    }
}

/// What the clock shows, as if it were UTC.
fn local(bytes: &[u8]) -> Option<i64> {
    let _local = times_are_of(None);
    timestamp_prefix(bytes).map(|(micros, _)| micros)
}

fn shifted(bytes: &[u8], seconds: i32) -> Option<i64> {
    in_range(local(bytes)? - i64::from(seconds) * MICROS_PER_SECOND)
}

/// The hour of a clock with halves of the day; some have it beside a clock of 24 hours. `None` where both do not agree.
fn hour_of_day(hour: u32, is_afternoon: bool) -> Option<u32> {
    match (hour, is_afternoon) {
        (12, false) => Some(0),
        (1..=11, true) => Some(hour + 12),
        (0..=11, false) | (12..=23, true) => Some(hour),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::instants::parse_timestamp;

    #[test]
    fn all_of_a_time_is_read() {
        for (text, expected, rest) in [
            ("10:00:01;INFO", "10:00:01Z", ";INFO"),
            ("10:00:01:331 - a", "10:00:01.331Z", " - a"),
            ("10:00:01:331 CET a", "09:00:01.331Z", " a"),
            ("10:00:01:3314", "10:00:01Z", ":3314"),
            ("10:00:01:192.0.2.7", "10:00:01Z", ":192.0.2.7"),
            ("10:00:01 PM INFO a", "22:00:01Z", " INFO a"),
            ("10:00:01.5PM +0100 a", "21:00:01.5Z", " a"),
            ("12:00:01 AM, a", "00:00:01Z", ", a"),
            ("13:00:01 PM a", "13:00:01Z", " a"),
            ("10:00:01 PMX a", "10:00:01Z", " PMX a"),
            ("10:00:01CET a", "09:00:01Z", " a"),
            ("10:00:01 (CET) a", "09:00:01Z", " a"),
            ("10:00:01 +0100 (CET) a", "09:00:01Z", " a"),
            ("10:00:01 (main) a", "10:00:01Z", " (main) a"),
            ("10:00:01 GMT+1 a", "09:00:01Z", " a"),
            ("10:00:01 UTC+01:00;a", "09:00:01Z", ";a"),
            ("10:00:01+05:30[Asia/Kolkata] a", "04:30:01Z", " a"),
            ("10:00:01Z[Europe/Berlin] a", "10:00:01Z", " a"),
            ("10:00:01[Europe/Berlin] a", "09:00:01Z", " a"),
            ("10:00:01+01:00[main] a", "09:00:01Z", "[main] a"),
            ("10:00:01 - a", "10:00:01Z", " - a"),
        ] {
            let text = format!("2026-02-17T{text}");
            let (time, used) = iso_prefix(text.as_bytes()).unwrap();
            assert_eq!(time, parse_timestamp(&format!("2026-02-17T{expected}")).unwrap(), "{text}");
            assert_eq!(&text[used..], rest, "{text}");
        }
        assert_eq!(iso_prefix(b"2026-02-17 13:00:01 AM a"), None);
    }
}
