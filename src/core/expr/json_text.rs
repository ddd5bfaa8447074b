//! JSON as it stands in a text: fields in their order, each as often as it is there, whole numbers with all their
//! digits. Must not import any room.

use std::fmt::{self, Display, Formatter};

use super::json_paths::PathStep;

/// Lists and objects in each other, at most.
const DEPTH: usize = 127;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JsonText {
    Null,
    Boolean(bool),
    /// As it is printed.
    Number(String),
    Text(String),
    List(Vec<JsonText>),
    Object(Vec<(String, JsonText)>),
}

impl JsonText {
    /// `None`: the text is no JSON, or has a number that no Float holds.
    pub fn read(text: &str) -> Option<JsonText> {
        let mut reader = Reader { rest: text };
        let json = reader.value(DEPTH)?;
        reader.skip_blanks();
        reader.rest.is_empty().then_some(json)
    }

    /// The part at a path; of fields with one name the first.
    pub fn follow(self, path: &[PathStep]) -> Option<JsonText> {
        path.iter().try_fold(self, |json, step| match (json, step) {
            (JsonText::Object(fields), PathStep::Key(key)) => {
                fields.into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            (JsonText::List(items), PathStep::Index(index)) => items.into_iter().nth(*index),
            _ => None,
        })
    }
}

/// Without blanks between its parts.
impl Display for JsonText {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            JsonText::Null => out.write_str("null"),
            JsonText::Boolean(value) => write!(out, "{value}"),
            JsonText::Number(number) => out.write_str(number),
            JsonText::Text(text) => out.write_str(&quoted(text)),
            JsonText::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    write!(out, "{}{item}", if number == 0 { "[" } else { "," })?;
                }
                out.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            JsonText::Object(fields) => {
                for (number, (name, value)) in fields.iter().enumerate() {
                    write!(out, "{}{}:{value}", if number == 0 { "{" } else { "," }, quoted(name))?;
                }
                out.write_str(if fields.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Takes a sign, with the blanks before it.
    fn takes(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        self.rest.strip_prefix(sign).map(|rest| self.rest = rest).is_some()
    }

    fn value(&mut self, depth: usize) -> Option<JsonText> {
        self.skip_blanks();
        let inner = || depth.checked_sub(1);
        match self.rest.as_bytes().first()? {
            b'{' => self.object(inner()?),
            b'[' => self.list(inner()?),
            b'"' => self.text().map(JsonText::Text),
            b'-' | b'0'..=b'9' => self.number(),
            _ if self.takes("null") => Some(JsonText::Null),
            _ if self.takes("true") => Some(JsonText::Boolean(true)),
            _ if self.takes("false") => Some(JsonText::Boolean(false)),
            _ => None,
        }
    }

    fn object(&mut self, depth: usize) -> Option<JsonText> {
        let mut fields = Vec::new();
        self.takes("{").then_some(())?;
        if self.takes("}") {
            return Some(JsonText::Object(fields));
        }
        loop {
            self.skip_blanks();
            let name = self.text()?;
            self.takes(":").then_some(())?;
            fields.push((name, self.value(depth)?));
            if self.takes("}") {
                return Some(JsonText::Object(fields));
            }
            self.takes(",").then_some(())?;
        }
    }

    fn list(&mut self, depth: usize) -> Option<JsonText> {
        let mut items = Vec::new();
        self.takes("[").then_some(())?;
        if self.takes("]") {
            return Some(JsonText::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.takes("]") {
                return Some(JsonText::List(items));
            }
            self.takes(",").then_some(())?;
        }
    }

    fn text(&mut self) -> Option<String> {
        let inner = self.rest.strip_prefix('"')?;
        let mut is_escaped = false;
        let end = inner.bytes().position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        })?;
        let (quoted, rest) = self.rest.split_at(end + 2);
        self.rest = rest;
        serde_json::from_str(quoted).ok()
    }

    fn number(&mut self) -> Option<JsonText> {
        let is_of_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let end = self.rest.bytes().position(|byte| !is_of_number(byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        // Also that it is written as JSON writes numbers.
        let number: serde_json::Number = serde_json::from_str(token).ok()?;
        let is_whole = !token.contains(['.', 'e', 'E']);
        Some(JsonText::Number(match is_whole {
            true if number.is_f64() && number.as_f64() == Some(0.0) => "0".to_owned(),
            true if number.is_f64() => token.to_owned(),
            // Zero has no sign.
            false if number.as_f64() == Some(0.0) => "0.0".to_owned(),
            _ => number.to_string(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_what_it_is() {
        for (text, printed) in [
            (r#" { "b" : 1 , "a" : [ true , null ] } "#, r#"{"b":1,"a":[true,null]}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
            ("[123456789012345678901234567890,-0,1.50,1e2,-0.5]", "[123456789012345678901234567890,0,1.5,100.0,-0.5]"),
            ("[-0.0,0e5,1e16,1e15,2.5e-5,1e-6]", "[0.0,0.0,1e+16,1000000000000000.0,0.000025,1e-6]"),
            (r#""a\"\\\u0041é""#, r#""a\"\\Aé""#),
            ("[]", "[]"),
            ("{}", "{}"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            let json = JsonText::read(text).unwrap();
            assert_eq!(json.to_string(), printed, "{text}");
            assert_eq!(JsonText::read(&json.to_string()), Some(json));
        }
    }

    #[test]
    fn what_serde_refuses_is_refused() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let odd = [
            "",
            " ",
            "[1,]",
            r#"{"a":1,}"#,
            "{,}",
            "[,1]",
            "nan",
            "[inf]",
            "[1e400]",
            "01",
            "1.",
            ".5",
            "+1",
            "- 1",
            "--1",
            "\"a",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"\\ud800\"",
            "nul",
            "nulll",
            "truefalse",
            "1 2",
            "[1 2]",
            r#"{"a" 1}"#,
            "{a:1}",
            "'a'",
            "[",
            "]",
            "{",
            "1e5",
            "-0",
            "0.0",
            "\u{a0}1",
            "[null,true,\"\"]",
            r#"{"":{}}"#,
        ];
        let deep = [deep(127), deep(128), deep(129), deep(100_000)];
        for text in odd.into_iter().chain(deep.iter().map(String::as_str)) {
            let known = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(JsonText::read(text).is_some(), known, "{}", &text[..text.len().min(40)]);
        }
    }
}
