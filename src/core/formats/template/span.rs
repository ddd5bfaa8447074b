//! Lengths of time with their units, as Go's `Duration` is written, and sizes with theirs. Must not import the parser.

/// Units and their seconds; longer ones before those that they begin with.
const UNITS: [(&str, f64); 7] =
    [("ms", 1e-3), ("µs", 1e-6), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];

/// The length of time at the start of a text in seconds, and the bytes used.
pub fn span(text: &str) -> Option<(f64, usize)> {
    let (mut seconds, mut rest) = (0.0, text);
    loop {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, behind) = rest.split_at(digits);
        let Some((unit, size)) = UNITS.iter().find(|(unit, _)| behind.starts_with(unit)).filter(|_| digits > 0) else {
            break;
        };
        seconds += number.parse::<f64>().ok()? * size;
        rest = &behind[unit.len()..];
    }
    let used = text.len() - rest.len();
    let ends = rest.chars().next().is_none_or(|next| !next.is_alphanumeric());
    (used > 0 && ends).then_some((seconds, used))
}

/// The size at the start of a text in bytes, and the bytes used: `24M`, `4608.1K`, `0B`, `512`.
pub fn size(text: &str) -> Option<(i64, usize)> {
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let number = text[..digits].parse::<f64>().ok()?;
    let unit = match text.as_bytes().get(digits) {
        Some(b'K') => 1 << 10,
        Some(b'M') => 1 << 20,
        Some(b'G') => 1 << 30,
        Some(b'T') => 1_i64 << 40,
        Some(b'B') => 1,
        _ => return (!text[..digits].contains('.')).then_some((number as i64, digits)),
    };
    Some(((number * unit as f64).round() as i64, digits + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes() {
        for (text, expected) in [
            ("24M->4M", Some((24 << 20, 3))),
            ("1.5K(", Some((1536, 4))),
            ("0.0B", Some((0, 4))),
            ("512 ", Some((512, 3))),
            ("1.5 ", None),
            ("x", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
    }

    #[test]
    fn lengths_have_their_units() {
        for (text, expected) in [
            ("1.5ms |", Some((1.5e-3, 5))),
            ("340µs", Some((340.0 * 1e-6, 6))),
            ("1m2.5s x", Some((62.5, 6))),
            ("1h0m1s", Some((3601.0, 6))),
            ("0s", Some((0.0, 2))),
            ("12 ms", None),
            ("2min", None),
            ("1.2.3s", None),
            ("", None),
        ] {
            assert_eq!(span(text), expected, "{text}");
        }
    }
}
