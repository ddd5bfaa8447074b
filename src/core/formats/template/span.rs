//! Lengths of time with their units, as Go's `Duration` is written. Must not import the parser.

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

#[cfg(test)]
mod tests {
    use super::*;

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
