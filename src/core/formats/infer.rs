//! Guesses column types from sampled texts. Imports data.

use super::stamp;
use super::{cell, numbers};
use crate::data::instants::{is_plain_date, parse_timestamp};
use crate::data::{DataType, Field};

/// What the texts of one column have in common so far. Empty texts are not to be added: they are null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextGuess {
    any: bool,
    int: bool,
    float: bool,
    boolean: bool,
    timestamp: bool,
    date: bool,
    /// The fewest digits behind a point.
    fewest: u8,
    /// The most where the last of them is a zero.
    most_with_zero: u8,
    /// Some are digits, `e` and digits: `1e5` is a number, and the beginning of a hash.
    like_hash: bool,
    /// Some are what no hash and no whole number is: with a point or a sign.
    decimal: bool,
}

impl Default for TextGuess {
    fn default() -> Self {
        let (fewest, most_with_zero) = (u8::MAX, 0);
        Self {
            any: false,
            int: true,
            float: true,
            boolean: true,
            timestamp: true,
            date: true,
            fewest,
            most_with_zero,
            like_hash: false,
            decimal: false,
        }
    }
}

impl TextGuess {
    pub fn add(&mut self, text: &str) {
        let text = text.trim_matches(' ');
        self.any = true;
        if self.int || self.float {
            let kept = is_plain_number(text);
            self.int = self.int && kept && numbers::int(text.as_bytes()).is_some();
            self.float = self.float && kept && is_float(text);
            self.note_digits(text);
            let is_decimal = text.contains(['.', '+', '-']);
            self.decimal |= is_decimal;
            self.like_hash |= !is_decimal && text.contains(['e', 'E']);
        }
        self.boolean = self.boolean && cell::boolean(text).is_some();
        self.date = self.date && is_plain_date(text);
        self.timestamp = self.timestamp && (parse_timestamp(text).is_some() || stamp::whole(text).is_some());
    }

    /// Versions such as `1.1` and `1.10` are two, and one number: where some have more digits than others, a zero at the
    /// end says more than the number.
    fn note_digits(&mut self, text: &str) {
        let digits = text.split_once('.').map(|(_, digits)| digits);
        let Some(digits) = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit())) else { return };
        let count = u8::try_from(digits.len()).unwrap_or(u8::MAX);
        self.fewest = self.fewest.min(count);
        if digits.ends_with('0') {
            self.most_with_zero = self.most_with_zero.max(count);
        }
    }

    /// The narrowest type that takes all; String where nothing was added.
    pub fn data_type(self) -> DataType {
        match self {
            Self { any: false, .. } => DataType::String,
            Self { int: true, .. } => DataType::Int,
            Self { float: true, fewest, most_with_zero, like_hash, decimal, .. } => {
                match most_with_zero <= fewest && (decimal || !like_hash) {
                    true => DataType::Float,
                    false => DataType::String,
                }
            }
            Self { boolean: true, .. } => DataType::Boolean,
            Self { date: true, .. } => DataType::Date,
            Self { timestamp: true, .. } => DataType::Timestamp,
            _ => DataType::String,
        }
    }

    /// The column of that name: a version that is written as a decimal is none, `1.10` comes after `1.9`.
    pub fn field(self, name: &str) -> Field {
        match self.data_type() {
            DataType::Float if is_version(name) => Field::new(name, DataType::String),
            data_type => Field::new(name, data_type),
        }
    }
}

/// Whether a name says that its values are versions: `ver`, `Version`, `app_version`, `serverVersion`.
fn is_version(name: &str) -> bool {
    let Some(at) = name.to_ascii_lowercase().rfind("ver") else { return false };
    let (before, word) = name.split_at(at);
    let is_hump = word.starts_with('V') && !before.ends_with(char::is_uppercase);
    let begins = is_hump || !before.ends_with(|c: char| c.is_alphanumeric());
    begins && ["ver", "version"].contains(&word.to_ascii_lowercase().as_str())
}

/// Numbers whose text says no more than the number: `007` and `+49` are identifiers.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [b'0', next, ..] => !next.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit() || *first == b'.',
        [] => false,
    }
}

/// A decimal; a whole number only where a float holds it exactly, since rounding would change an identifier.
fn is_float(text: &str) -> bool {
    let whole = !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    match whole {
        true => numbers::int(text.as_bytes()).is_some() && !numbers::is_rounded(text),
        false => numbers::float(text).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(texts: &[&str]) -> DataType {
        let mut guess = TextGuess::default();
        texts.iter().for_each(|text| guess.add(text));
        guess.data_type()
    }

    #[test]
    fn the_narrowest_type_is_taken() {
        assert_eq!(guess(&[]), DataType::String);
        assert_eq!(guess(&["1", "-2", " 3"]), DataType::Int);
        assert_eq!(guess(&["1", "2.5", "1e3"]), DataType::Float);
        assert_eq!(guess(&["true", "False"]), DataType::Boolean);
        assert_eq!(guess(&["2024-01-01", "2024-02-29"]), DataType::Date);
        assert_eq!(guess(&["2024-01-01", "2024-02-29T10:00:00Z"]), DataType::Timestamp);
        assert_eq!(guess(&["Tue, 17 Feb 2026 10:00:01 +0100", "17 Feb 2026 10:00:01,5"]), DataType::Timestamp);
        assert_eq!(guess(&["1", "x"]), DataType::String);
        assert_eq!(guess(&["1", "true"]), DataType::String);
    }

    #[test]
    fn identifiers_made_of_digits_stay_text() {
        assert_eq!(guess(&["007", "123"]), DataType::String);
        assert_eq!(guess(&["+4912345"]), DataType::String);
        assert_eq!(guess(&["100018002000001906146520"]), DataType::String);
        assert_eq!(guess(&["0", "0.5"]), DataType::Float);
        assert_eq!(guess(&["9007199254740993", "1"]), DataType::Int);
        assert_eq!(guess(&["9007199254740993", "0.5"]), DataType::String);
        assert_eq!(guess(&["9007199254740992", "0.5"]), DataType::Float);
        assert_eq!(guess(&["00.5"]), DataType::String);
        assert_eq!(guess(&["1.1", "1.2", "1.10"]), DataType::String);
        assert_eq!(guess(&["1.10", "2", "3.55", "0.00"]), DataType::Float);
        assert_eq!(guess(&["1.0", "2.5", "3.25", "1e-7"]), DataType::Float);
        assert_eq!(guess(&["1e5", "2e7", "123"]), DataType::String);
        assert_eq!(guess(&["1E5"]), DataType::String);
        assert_eq!(guess(&["-1", "1e5"]), DataType::Float);
        assert_eq!(guess(&["1e+5", "1e5"]), DataType::Float);
    }

    #[test]
    fn versions_are_no_decimals() {
        let typed = |name: &str, text: &str| {
            let mut guess = TextGuess::default();
            guess.add(text);
            guess.field(name).data_type
        };
        for name in ["ver", "Version", "VERSION", "app_version", "app.ver", "serverVersion"] {
            assert_eq!(typed(name, "1.10"), DataType::String, "{name}");
            assert_eq!(typed(name, "3"), DataType::Int, "{name}");
        }
        for name in ["driver", "DRIVER", "river", "conversion", "version_share", "verbose"] {
            assert_eq!(typed(name, "1.10"), DataType::Float, "{name}");
        }
    }
}
