//! Zones behind a time that the one reader of times does not know: hours behind a blank (`-03`), `UTC-03:00`, names
//! that are ambiguous or unknown. Must not import single formats.

use super::UNKNOWN;
use crate::data::instants::{MICROS_PER_SECOND, digit, digits2, in_range, zone_prefix};
use crate::data::zones::{Zone, times_are_of};

/// Names that are not read, since they mean several zones or few know them. Any other word may be a host.
const NOT_READ: [&[u8]; 36] = [
    b"ACDT", b"ACST", b"ADT", b"AKDT", b"AKST", b"AMT", b"ART", b"AST", b"AWST", b"BRST", b"BRT", b"BST", b"CAT",
    b"CLST", b"CLT", b"COT", b"EAT", b"GST", b"HST", b"ICT", b"IDT", b"IRST", b"IST", b"NDT", b"NPT", b"NST", b"NZDT",
    b"NZST", b"PET", b"PHT", b"PKT", b"SST", b"TRT", b"WAT", b"WIB", b"WITA",
];

/// A time that `read` reads at the start, with the zone behind it: the time, `UNKNOWN` where that zone is not known, and
/// the bytes used. `is_name` says whether a word is a zone's name, by what follows it.
pub fn zoned(
    read: impl Fn() -> Option<(i64, usize)>,
    bytes: &[u8],
    is_name: fn(&[u8], &[u8]) -> bool,
) -> Option<(i64, usize)> {
    // As it is written, since a zone may stand behind it that the reader does not know.
    let plain = {
        let _local = times_are_of(None);
        read()?
    };
    let found = with_zone(plain, bytes, is_name);
    if found == plain { read() } else { Some(found) }
}

/// A place at the start that names a zone (`Europe/Berlin`), and the bytes used.
pub fn place(bytes: &[u8]) -> Option<(Zone, usize)> {
    let used = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte)).count();
    let name = std::str::from_utf8(&bytes[..used]).ok().filter(|name| name.contains('/'))?;
    Some((Zone::Named(name.parse().ok()?), used))
}

fn with_zone((micros, used): (i64, usize), bytes: &[u8], is_name: fn(&[u8], &[u8]) -> bool) -> (i64, usize) {
    let (read, rest) = bytes.split_at(used);
    let has_name = read.last().is_some_and(u8::is_ascii_alphabetic);
    let tail = used.saturating_sub(6);
    if let Some(sign) = read[tail..].iter().position(|byte| b"+-".contains(byte)) {
        return without_address((micros, used), bytes, tail + sign);
    }
    if has_name && !begins_offset(rest) {
        return (micros, used);
    }
    let behind = rest.strip_prefix(b" ").unwrap_or(rest);
    let blank = rest.len() - behind.len();
    let behind_name = behind.strip_prefix(b"UTC").or_else(|| behind.strip_prefix(b"GMT")).unwrap_or(behind);
    let name = behind.len() - behind_name.len();
    if begins_offset(behind_name) {
        // `UTC-03:00` is the zone that is three hours behind; of other names no such rule is known.
        let is_plain = !has_name || read.ends_with(b"UTC") || read.ends_with(b"GMT");
        let (shifted, length) = match offset(behind_name).filter(|_| is_plain) {
            Some((seconds, length)) => (in_range(micros - i64::from(seconds) * MICROS_PER_SECOND), length),
            None => (None, word_length(behind_name)),
        };
        return (shifted.unwrap_or(UNKNOWN), used + blank + name + length);
    }
    let (word, after) = behind.split_at(word_length(behind));
    if blank == 0 || word.is_empty() {
        return (micros, used);
    }
    if is_name(word, after) || is_place(word) && ends(after) {
        return (UNKNOWN, used + blank + word.len());
    }
    // A name that is known, where the reader leaves it since a host may be called so.
    match zone_prefix(word).filter(|(_, length)| *length == word.len() && ends(after)) {
        Some((seconds, _)) => (in_range(micros - i64::from(seconds) * MICROS_PER_SECOND).unwrap_or(UNKNOWN), used),
        None => (micros, used),
    }
}

/// In ` +08:192.0.2.7` the minutes are the beginning of an address.
fn without_address((micros, used): (i64, usize), bytes: &[u8], sign: usize) -> (i64, usize) {
    let zone = &bytes[sign..];
    match (zone_prefix(zone), offset(zone)) {
        (Some((read, _)), Some((seconds, length))) if bytes.get(used).is_some_and(u8::is_ascii_digit) => {
            (micros + i64::from(read - seconds) * MICROS_PER_SECOND, sign + length)
        }
        _ => (micros, used),
    }
}

/// Where a zone always stands: any word in capitals that is no level (`LOG:  text`).
pub fn is_first_word(word: &[u8], after: &[u8]) -> bool {
    (2..=5).contains(&word.len())
        && word.iter().all(u8::is_ascii_uppercase)
        && (ends(after) && !after.starts_with(b":") || matches!(after, [b':', next, ..] if *next != b' '))
}

/// Where a host may stand as well: a word that is known as a zone's name.
pub fn is_told(word: &[u8], after: &[u8]) -> bool {
    ends(after) && NOT_READ.contains(&word)
}

/// `Europe/Berlin`.
fn is_place(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_uppercase) && word.contains(&b'/')
}

fn begins_offset(bytes: &[u8]) -> bool {
    matches!(bytes, [b'+' | b'-', b'0'..=b'9', ..])
}

/// `-03`, `+1`, `+0530`, `-03:00` at the start: seconds east of UTC, and the bytes used.
fn offset(bytes: &[u8]) -> Option<(i32, usize)> {
    if let Some((seconds, used)) = zone_prefix(bytes).filter(|(_, used)| ends(&bytes[*used..])) {
        return Some((seconds, used));
    }
    let digits = &bytes[1..];
    let (hours, used) = match (digits2(digits), digit(*digits.first()?)) {
        (Some(hours), _) => (hours, 3),
        (None, Some(hours)) => (hours, 2),
        (None, None) => return None,
    };
    let seconds = hours as i32 * if bytes[0] == b'-' { -3600 } else { 3600 };
    (hours <= 18 && ends(&bytes[used..])).then_some((seconds, used))
}

/// The hours and minutes behind `UTC` and `GMT`, as `offset` has them, with any end.
pub fn named_offset(bytes: &[u8]) -> Option<(i32, usize)> {
    begins_offset(bytes).then_some(())?;
    let length = bytes.iter().skip(1).take_while(|byte| byte.is_ascii_digit() || **byte == b':').count() + 1;
    offset(&bytes[..length])
}

/// The length of what may be a zone's name or number.
fn word_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte)).count()
}

fn ends(after: &[u8]) -> bool {
    matches!(after.first(), None | Some(b' ' | b'\t' | b':' | b'[' | b']' | b','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::instants::{parse_timestamp, timestamp_prefix};

    #[test]
    fn zones_are_read_or_make_the_time_unknown() {
        for (behind, expected, used) in [
            (" [25]", Some("01:02:03Z"), ""),
            (" LOG:  x", Some("01:02:03Z"), ""),
            (" CEST [25]", Some("01:02:03+02:00"), " CEST"),
            (" -03 [25]", Some("01:02:03-03:00"), " -03"),
            (" +08:192.0.2.7(1)", Some("01:02:03+08:00"), " +08"),
            ("+0530 x", Some("01:02:03+05:30"), "+0530"),
            (" +05:30 x", Some("01:02:03+05:30"), " +05:30"),
            ("+5 x", Some("01:02:03+05:00"), "+5"),
            (" GMT+1 [25]", Some("01:02:03+01:00"), " GMT+1"),
            (" UTC-03:00 x", Some("01:02:03-03:00"), " UTC-03:00"),
            (" CET-1CEST x", None, " CET-1CEST"),
            (" +24 x", None, " +24"),
            (" IST [25]", None, " IST"),
            (" XYZT:192.0.2.7(1)", None, " XYZT"),
            (" Europe/Berlin [25]", None, " Europe/Berlin"),
        ] {
            let text = format!("2024-07-03 01:02:03{behind}");
            let found = zoned(|| timestamp_prefix(text.as_bytes()), text.as_bytes(), is_first_word);
            let time = expected.map_or(UNKNOWN, |clock| parse_timestamp(&format!("2024-07-03T{clock}")).unwrap());
            assert_eq!(found, Some((time, 19 + used.len())), "{text}");
        }
        assert!(is_told(b"IST", b" fw1 : %ASA") && !is_told(b"FWA", b" : %ASA") && !is_told(b"IST", b"-fw1"));
    }
}
