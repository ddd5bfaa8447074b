//! Fast readers of decimal numbers, without allocation. Imports nothing.

/// A whole number: digits with an optional sign. `None` where it is none or does not fit 64 bits.
pub fn int(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    // 18 digits always fit.
    let (safe, rest) = digits.split_at(digits.len().min(18));
    let mut number: i64 = 0;
    for byte in safe {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    number = if negative { -number } else { number };
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        let digit = i64::from(digit);
        number = number.checked_mul(10)?.checked_add(if negative { -digit } else { digit })?;
    }
    Some(number)
}

/// A decimal number with optional sign, point and exponent. `None` where it is none, and for what is not finite.
pub fn float(text: &str) -> Option<f64> {
    exact(text.as_bytes()).or_else(|| {
        // The standard reader also takes `inf`, `nan` and `infinity`.
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
        if plain { text.parse::<f64>().ok().filter(|number| number.is_finite()) } else { None }
    })
}

/// How numbers are written: `1234.50`, or `1.234,50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberStyle {
    /// Between whole and fraction.
    pub decimal: char,
    /// Between groups of three digits; a blank stands for those that do not break too, an apostrophe for both.
    pub thousands: Option<char>,
}

impl NumberStyle {
    /// What every reader of numbers takes.
    pub const PLAIN: NumberStyle = NumberStyle { decimal: '.', thousands: None };

    /// Whether a character stands between groups of digits.
    #[inline]
    pub fn groups(self, c: char) -> bool {
        match self.thousands {
            Some(' ') => matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
            Some('\'') => matches!(c, '\'' | '’'),
            thousands => thousands == Some(c),
        }
    }

    /// A number of this style as `1234.50`; `None` where it is none.
    pub fn plain<'a>(self, text: &str, scratch: &'a mut String) -> Option<&'a str> {
        scratch.clear();
        let text = text.trim_matches(' ');
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match digits.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        scratch.push_str(sign);
        match whole.contains(|c| self.groups(c)) {
            true => {
                let is_numeral = whole.starts_with('0');
                for (place, group) in whole.split(|c| self.groups(c)).enumerate() {
                    let fits = if place == 0 { group.len() <= 3 && !is_numeral } else { group.len() == 3 };
                    if !fits || !is_digits(group) {
                        return None;
                    }
                    scratch.push_str(group);
                }
            }
            false if is_digits(whole) => scratch.push_str(whole),
            false => return None,
        }
        if let Some(fraction) = fraction {
            if !is_digits(fraction) {
                return None;
            }
            scratch.push('.');
            scratch.push_str(fraction);
        }
        Some(scratch)
    }
}

/// Whether a number that is written as a whole one is none that a float holds: identifiers that differ would become one.
#[inline]
pub fn is_rounded(text: &str) -> bool {
    // 15 digits always fit.
    text.len() > 15 && !is_held(text)
}

/// Whether a text that is a number is written so that it may not be the number that a float holds of it: a whole one of
/// many digits, or one with an exponent.
#[inline]
fn may_be_rounded(text: &str) -> bool {
    text.len() > 15 || text.bytes().any(|byte| byte | 0x20 == b'e')
}

/// Whether a float holds another number than the text: a neighbour, or zero.
#[inline]
pub fn is_not_held(text: &str) -> bool {
    may_be_rounded(text) && (is_rounded(text) || vanishes(text))
}

/// Whether a number is too near to zero for a float, which is zero then.
#[cold]
fn vanishes(text: &str) -> bool {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    digits.bytes().any(|byte| matches!(byte, b'1'..=b'9')) && text.parse::<f64>() == Ok(0.0)
}

#[cold]
fn is_held(text: &str) -> bool {
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return true;
    }
    text.parse::<i128>().is_ok_and(|number| number as f64 as i128 == number)
}

/// Numbers of up to 15 digits without exponent: digits and power of ten are exact, so that one division rounds right.
fn exact(bytes: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut number: u64 = 0;
    let mut count = 0;
    let mut after_point = None;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            number = number * 10 + u64::from(digit);
            count += 1;
        } else if *byte == b'.' && after_point.is_none() {
            after_point = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let scaled = number as f64 / POWERS[count - after_point.unwrap_or(count)];
    Some(if negative { -scaled } else { scaled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_other_countries_write_them() {
        let german = NumberStyle { decimal: ',', thousands: Some('.') };
        let mut scratch = String::new();
        for (text, plain) in [
            ("1.234,50", Some("1234.50")),
            ("-12", Some("-12")),
            ("1.234.567", Some("1234567")),
            (" 7,5 ", Some("7.5")),
            ("1.5", None),
            ("01.11.2025", None),
            ("1,", None),
            (",5", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(german.plain(text, &mut scratch), plain, "{text}");
        }
        let english = NumberStyle { decimal: '.', thousands: Some(',') };
        assert_eq!(english.plain("1,234.5", &mut scratch), Some("1234.5"));
    }

    #[test]
    fn whole_numbers_to_the_edges() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-12", Some(-12)),
            ("+7", Some(7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("", None),
            ("-", None),
            ("1.0", None),
            ("1 ", None),
        ] {
            assert_eq!(int(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn whole_numbers_that_a_float_does_not_hold_are_known() {
        for (text, rounded) in [
            ("9007199254740992", false),
            ("9007199254740993", true),
            ("-9007199254740993", true),
            ("9007199254740994", false),
            ("18446744073709551616", false),
            ("18446744073709551615", true),
            ("1000000000000000000000", false),
            ("9007199254740993.5", false),
            ("1e300", false),
            ("123456789012345", false),
        ] {
            assert_eq!(is_rounded(text), rounded, "{text}");
        }
    }

    #[test]
    fn decimals_agree_with_the_standard_reader() {
        for text in [
            "0.1",
            "-1.5",
            "123456.789",
            "1e3",
            "-0",
            ".5",
            "5.",
            "0.30000000000000004",
            "1.7976931348623157e308",
            "999999999999999.9",
        ] {
            assert_eq!(float(text).map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits), "{text}");
        }
        for text in ["", ".", "-", "nan", "inf", "1e999", "1.2.3", "0x10", "e"] {
            assert_eq!(float(text), None, "{text}");
        }
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..10_000 {
            let text = format!("{}.{}", random.i64(-9_999_999..9_999_999), random.u32(0..999_999));
            assert_eq!(float(&text), text.parse().ok(), "{text}");
        }
    }
}
