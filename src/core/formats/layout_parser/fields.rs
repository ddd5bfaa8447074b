//! Conversions of one captured text: escapes, cached time stamps. No column and no line is known here.

use crate::formats::layout::Escapes;
use crate::formats::time;

/// The instant of a `10/Oct/2000:13:55:36 -0700`, in microseconds. Lines come in time's order, so the date and hour
/// with the offset are computed once and looked up as long as they stay the same.
#[derive(Default)]
pub struct ClfCache {
    /// `10/Oct/2000:13:`
    hour: [u8; 15],
    /// ` -0700`
    zone: [u8; 6],
    micros: i64,
}

/// Length of the stamp's usual form.
pub const CLF_LENGTH: usize = 26;

/// Compares as two numbers that overlap: a call of `memcmp` costs more than all else here.
#[inline]
fn is_same_hour(one: &[u8; 15], other: &[u8; 15]) -> bool {
    let head = |text: &[u8; 15]| text.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
    let tail = |text: &[u8; 15]| text.last_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
    head(one) == head(other) && tail(one) == tail(other)
}

impl ClfCache {
    #[inline]
    pub fn read(&mut self, text: &[u8; CLF_LENGTH]) -> Option<i64> {
        let [hour @ .., m1, m2, colon, s1, s2, z0, z1, z2, z3, z4, z5] = text;
        let zone = [*z0, *z1, *z2, *z3, *z4, *z5];
        if !is_same_hour(hour, &self.hour) || zone != self.zone {
            let mut whole = *text;
            whole[15..20].copy_from_slice(b"00:00");
            self.micros = time::clf(std::str::from_utf8(&whole).ok()?)?;
            self.hour = *hour;
            self.zone = zone;
        }
        let digits = [*m1, *m2, *s1, *s2].map(|byte| byte.wrapping_sub(b'0'));
        if digits.iter().any(|digit| *digit > 9) || *colon != b':' || digits[0] > 5 {
            return None;
        }
        let [m1, m2, s1, s2] = digits.map(i64::from);
        let second = s1 * 10 + s2;
        // 60: a leap second.
        if second > 60 {
            return None;
        }
        Some(self.micros + ((m1 * 10 + m2) * 60 + second) * 1_000_000)
    }
}

/// Resolves escapes into `out`. `false` where what they stand for is no UTF-8 text: then the text is best kept as it
/// was written.
pub fn unescape(text: &str, escapes: Escapes, out: &mut Vec<u8>) -> bool {
    out.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        out.extend_from_slice(&bytes[at..at + found]);
        at += found + 1;
        let escaped = bytes.get(at).copied();
        at += 1;
        match escaped {
            Some(b'x') if let Some(byte) = hex(bytes.get(at..at + 2)) => {
                out.push(byte as u8);
                at += 2;
            }
            Some(b'u') if escapes == Escapes::Json && hex(bytes.get(at..at + 4)).is_some() => {
                at += unescape_utf16(&bytes[at..], out);
            }
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'v') => out.push(11),
            Some(byte @ (b'"' | b'\\' | b'/' | b'\'')) => out.push(byte),
            Some(byte) => out.extend([b'\\', byte]),
            None => {
                out.push(b'\\');
                at -= 1;
            }
        }
    }
    out.extend_from_slice(&bytes[at..]);
    std::str::from_utf8(out).is_ok()
}

/// Four digits after `\u`, with the second half of a surrogate pair; gives the bytes used.
fn unescape_utf16(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let first = hex(bytes.get(..4)).unwrap_or(0xfffd);
    let second = match bytes.get(4..6) {
        Some(b"\\u") => hex(bytes.get(6..10)),
        _ => None,
    };
    let mut buffer = [0; 4];
    if let (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) = (first, second) {
        let code = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
        out.extend_from_slice(char::from_u32(code).unwrap_or('\u{fffd}').encode_utf8(&mut buffer).as_bytes());
        return 10;
    }
    out.extend_from_slice(char::from_u32(first).unwrap_or('\u{fffd}').encode_utf8(&mut buffer).as_bytes());
    4
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |number, byte| Some(number * 16 + char::from(*byte).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, escapes: Escapes) -> Option<String> {
        let mut out = Vec::new();
        unescape(text, escapes, &mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn escapes_of_both_servers() {
        let backslash = |text| plain(text, Escapes::Backslash);
        assert_eq!(backslash(r#"a \"b\" \x22c\x22 \\ \t"#).as_deref(), Some("a \"b\" \"c\" \\ \t"));
        assert_eq!(backslash(r"\xd0\xb6 é").as_deref(), Some("ж é"));
        assert_eq!(backslash(r"\xDF\x10"), None);
        assert_eq!(backslash(r"\d \xZZ \u0041 end\").as_deref(), Some(r"\d \xZZ \u0041 end\"));
        assert_eq!(backslash("\\é").as_deref(), Some("\\é"));
        assert_eq!(plain(r"\u0041\ud83d\ude00 \ud83d", Escapes::Json).as_deref(), Some("A😀 \u{fffd}"));
    }

    #[test]
    fn the_cached_stamp_equals_the_plain_reader() {
        let mut cache = ClfCache::default();
        for text in [
            "10/Oct/2000:13:55:36 -0700",
            "10/Oct/2000:13:55:37 -0700",
            "10/Oct/2000:13:55:37 +0330",
            "10/Oct/2000:14:00:00 +0330",
            "31/Feb/2000:14:00:00 +0330",
            "10/Oct/2000:14:60:00 +0330",
            "10/Oct/2000:14:59:61 +0330",
            "10/Oct/2000:14:59:60 +0330",
            "10/Oct/2000:14.59:60 +0330",
            "10/Oct/2000:14:59:6x +0330",
            "10/Oct/2000:14:59:60 +03x0",
        ] {
            assert_eq!(cache.read(text.as_bytes().try_into().unwrap()), time::clf(text), "{text}");
        }
    }
}
