//! Times with a year whose parts stand in other orders than ISO 8601 has them: `date`'s own form, RFC 2822, days first.
//! Only those that cannot be taken for others. Must not import single formats.

use std::sync::LazyLock;

use super::spelling::iso_prefix;
use super::{Part, Stamp, WEEKDAYS, read_parts, zone};
use crate::data::instants::MICROS_PER_SECOND;
use crate::formats::dates::Years;
use crate::formats::time::month;

/// The forms that begin alike.
type Forms = LazyLock<Vec<Vec<Part>>>;

macro_rules! forms {
    ($name:ident, $($form:literal),+ $(,)?) => {
        static $name: Forms = LazyLock::new(|| parts(&[$($form),+]));
    };
}

fn parts(forms: &[&str]) -> Vec<Vec<Part>> {
    let parts = forms.iter().filter_map(|form| match Stamp::format(form) {
        Some(Stamp::Format(parts)) => Some(parts),
        _ => None,
    });
    parts.collect()
}

// `17.02.2026`, and with a year of two digits.
forms!(DOTS, "%d.%m.%Y %H:%M:%S%f%Z", "%d.%m.%Y, %H:%M:%S%f%Z", "%d.%m.%y %H:%M:%S%f%Z");
// `17-Feb-2026`, `17/Feb/2026`, `17 Feb 2026`.
forms!(DASHED, "%d-%b-%Y %H:%M:%S%f%Z", "%d-%b-%y %H:%M:%S%f%Z");
forms!(SLASHED, "%d/%b/%Y %H:%M:%S%f%Z", "%d/%b/%Y:%H:%M:%S%f%Z");
forms!(SPACED, "%d %b %Y %H:%M:%S%f%Z", "%d %b %Y, %H:%M:%S%f%Z", "%d %B %Y %H:%M:%S%f%Z");
// The year first.
forms!(
    YEAR,
    "%Y.%m.%d %H:%M:%S%f%Z",
    "%Y-%m-%d_%H:%M:%S%f%Z",
    "%Y-%m-%d-%H:%M:%S%f%Z",
    "%Y-%m-%d %H:%M:%S%f%Z",
    "%Y/%m/%d %H:%M:%S%f%Z",
    "%Y/%m/%d-%H:%M:%S%f%Z",
    "%Y-%b-%d %H:%M:%S%f%Z",
    "%Y-%j %H:%M:%S%f%Z",
    "%Y-%jT%H:%M:%S%f%Z",
    "%Y %b %d %H:%M:%S%f%Z",
    "%Y年%m月%d日 %H:%M:%S%f",
);
// Digits alone.
forms!(DIGITS, "%y%m%d %H:%M:%S%f", "%Y%m%d %H:%M:%S%f", "%Y%m%d-%H:%M:%S%f", "%Y%m%d %H%M%S%f", "%Y%m%d-%H%M%S%f");
// `date`, C's `asctime` and `ctime`, RFC 2822, Java's and JavaScript's `Date`.
forms!(
    WEEKDAY,
    "%a, %d %b %Y %H:%M:%S%f%Z",
    "%a %b %d %H:%M:%S%f %Y%Z",
    "%a %b %d %H:%M:%S%f %Z %Y",
    "%a %b %d %I:%M:%S %p %Z %Y",
    "%a %b %d %I:%M:%S %p %Y",
    "%a %d %b %Y %I:%M:%S %p %Z",
    "%a %d %b %Y %H:%M:%S%f%Z",
    "%a %d %b %H:%M:%S %Z %Y",
    "%a %b %d %Y %H:%M:%S%f%Z",
);
forms!(
    MONTH,
    "%b %d, %Y %I:%M:%S%f %p%Z",
    "%b %d, %Y, %I:%M:%S%f %p%Z",
    "%b %d, %Y %H:%M:%S%f%Z",
    "%b %d %Y %I:%M:%S%f %p%Z",
    "%b %d %Y %H:%M:%S%f%Z",
);

/// The forms that a text may have, as its beginning tells.
fn forms_of(bytes: &[u8]) -> Option<&'static Forms> {
    let first = bytes.first()?;
    if first.is_ascii_alphabetic() {
        let name = bytes.get(..3)?;
        return match WEEKDAYS.iter().any(|day| day.eq_ignore_ascii_case(name)) {
            true => Some(&WEEKDAY),
            false => month(name).filter(|_| bytes.get(3) == Some(&b' ')).map(|_| &MONTH),
        };
    }
    let digits = bytes.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    let (mark, next) = (*bytes.get(digits)?, *bytes.get(digits + 1)?);
    match (digits, mark) {
        (1 | 2, b'.') if next.is_ascii_digit() => Some(&DOTS),
        (1 | 2, b'-') if next.is_ascii_alphabetic() => Some(&DASHED),
        (1 | 2, b'/') if next.is_ascii_alphabetic() => Some(&SLASHED),
        (1 | 2, b' ') if next.is_ascii_alphabetic() => Some(&SPACED),
        (4, b'.' | b'-' | b'/' | b' ' | 0xe5) => Some(&YEAR),
        (6 | 8, b' ' | b'-') if next.is_ascii_digit() => Some(&DIGITS),
        _ => None,
    }
}

/// The time at the start of `bytes`, and the bytes used.
#[cold]
pub fn prefix(bytes: &[u8], years: Years) -> Option<(i64, usize)> {
    let is_end = |used: usize| !bytes.get(used).is_some_and(u8::is_ascii_alphanumeric);
    let mut forms = forms_of(bytes)?.iter().filter_map(|parts| read_parts(parts, bytes, years));
    let (micros, used) = forms.find(|(_, used)| is_end(*used))?;
    // `GMT+0100`, as JavaScript writes it.
    let is_named = bytes[..used].ends_with(b"GMT") || bytes[..used].ends_with(b"UTC");
    match zone::named_offset(&bytes[used..]).filter(|_| is_named) {
        Some((seconds, length)) => Some((micros - i64::from(seconds) * MICROS_PER_SECOND, used + length)),
        None => Some((micros, used)),
    }
}

/// A text that is a time and nothing else: ISO 8601 with what programs add, or another order that has a year.
#[cold]
pub fn whole(text: &str) -> Option<i64> {
    let bytes = text.trim_matches(' ').as_bytes();
    // No time is longer, and most other texts end here.
    if !(12..=80).contains(&bytes.len()) {
        return None;
    }
    let (micros, used) = iso_prefix(bytes).or_else(|| prefix(bytes, Years::of(0)))?;
    let rest = &bytes[used..];
    // Go's `String` of a time has the zone's name too, and the monotonic clock.
    let rest = match memchr::memmem::find(rest, b" m=") {
        Some(at) if rest[at + 3..].iter().all(|byte| byte.is_ascii_digit() || b"+-.".contains(byte)) => &rest[..at],
        _ => rest,
    };
    let has_offset = || bytes[..used].iter().rev().take(6).any(|byte| b"+-".contains(byte));
    let is_name =
        || matches!(rest, [b' ', name @ ..] if name.iter().all(|byte| byte.is_ascii_uppercase()) && name.len() <= 5);
    (rest.is_empty() || has_offset() && is_name()).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::instants::parse_timestamp;

    #[test]
    fn every_form_is_read_to_its_end() {
        let all = [&DOTS, &DASHED, &SLASHED, &SPACED, &YEAR, &DIGITS, &WEEKDAY, &MONTH];
        assert_eq!(all.map(|forms| forms.len()), [3, 2, 2, 3, 11, 5, 9, 5], "each can be compiled");
        for (text, expected) in [
            ("Tue, 17 Feb 2026 10:00:01 +0100 INFO", "09:00:01Z"),
            ("Tue Feb 17 10:00:01 CET 2026 INFO", "09:00:01Z"),
            ("Tue Feb 17 10:00:01 AM CET 2026 INFO", "09:00:01Z"),
            ("Tue Feb 17 10:00:01 2026 INFO", "10:00:01Z"),
            ("Tue Feb 17 10:00:01.331 2026 INFO", "10:00:01.331Z"),
            ("Tue Feb 17 2026 10:00:01 GMT+0100 INFO", "09:00:01Z"),
            ("Feb 17 2026 10:00:01.331 INFO", "10:00:01.331Z"),
            ("Feb 17, 2026 10:00:01 PM INFO", "22:00:01Z"),
            ("17-Feb-2026 10:00:01 INFO", "10:00:01Z"),
            ("17.02.26 10:00:01 INFO", "10:00:01Z"),
            ("17.2.2026 10:00:01,331 INFO", "10:00:01.331Z"),
            ("17 Feb 2026 10:00:01,331 INFO", "10:00:01.331Z"),
            ("17 February 2026 10:00:01 INFO", "10:00:01Z"),
            ("17/Feb/2026 10:00:01] INFO", "10:00:01Z"),
            ("17/Feb/2026:10:00:01 +0100] INFO", "09:00:01Z"),
            ("260217 10:00:01 INFO", "10:00:01Z"),
            ("20260217 100001.331 INFO", "10:00:01.331Z"),
            ("20260217 10:00:01,db1", "10:00:01Z"),
            ("2026-02-17_10:00:01 INFO", "10:00:01Z"),
            ("2026-02-17-10:00:01 INFO", "10:00:01Z"),
            ("2026-2-17 9:00:01 INFO", "09:00:01Z"),
            ("2026/2/17 10:00:01 INFO", "10:00:01Z"),
            ("2026-048 10:00:01 INFO", "10:00:01Z"),
            ("2026 Feb 17 10:00:01:331 INFO", "10:00:01.331Z"),
            ("2026年02月17日 10:00:01 INFO", "10:00:01Z"),
        ] {
            let (time, used) = Stamp::Iso.prefix(text, Years::of(0)).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(Some(time), parse_timestamp(&format!("2026-02-17T{expected}")), "{text}");
            assert!(["INFO", "] INFO", ",db1"].contains(&text[used..].trim_start()), "{text}: {}", &text[used..]);
        }
        for text in [
            "17-02-2026 10:00:01",
            "Feb 17 10:00:01 web1 sshd",
            "12 users 2026 10:00:01",
            "Tue nothing",
            "991399 10:00:01",
            "1.2.3 is out",
            "2026-400 10:00:01",
            "17 Feb 2026 10:00:01x",
        ] {
            assert_eq!(Stamp::Iso.prefix(text, Years::of(0)), None, "{text}");
        }
    }

    #[test]
    fn a_whole_text_is_a_time() {
        for (text, expected) in [
            ("Tue, 17 Feb 2026 10:00:01 +0100", "2026-02-17T09:00:01Z"),
            ("2026-02-17 10:00:01.1 +0530 IST m=+0.0012", "2026-02-17T04:30:01.1Z"),
            ("2026-02-17 10:00:01 +0100 CET", "2026-02-17T09:00:01Z"),
            ("2026-02-17T10:00:01+05:30[Asia/Kolkata]", "2026-02-17T04:30:01Z"),
            (" 17 Feb 2026 10:00:01,331", "2026-02-17T10:00:01.331Z"),
        ] {
            assert_eq!(whole(text), parse_timestamp(expected), "{text}");
        }
        for text in
            ["17 Feb 2026 10:00:01 is late", "2026-02-17 10:00:01 IST x", "a text of some length", "17 Feb 2026"]
        {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
