//! RainerScript, rsyslog's language: what it compares as numbers is made one before, and texts are bytes to it.

use crate::export::agent::conditions::{Cond, Words};
use crate::expr::RegexPattern;
use crate::quote::rainer_text;

pub struct Rainer;

/// A condition as `if` takes it.
pub fn condition(when: &Cond) -> String {
    match when {
        Cond::Always => "(1 == 1)".to_owned(),
        Cond::Never => "(1 == 0)".to_owned(),
        Cond::When(text) => format!("({text})"),
    }
}

impl Words for Rainer {
    fn title(&self) -> &'static str {
        "rsyslog"
    }

    fn column(&self, number: usize) -> String {
        format!("$!c{number}")
    }

    fn variable(&self, name: &str) -> String {
        format!("$.{name}")
    }

    fn is_there(&self, place: &str) -> String {
        format!("exists({place})")
    }

    fn number(&self, place: &str) -> String {
        format!("cnum({place})")
    }

    fn int(&self, int: i64) -> String {
        if int < 0 { format!("({int})") } else { int.to_string() }
    }

    fn text(&self, text: &str) -> Result<String, String> {
        match text.contains('\0') {
            true => Err("a text with a NUL".to_owned()),
            false => Ok(rainer_text(text)),
        }
    }

    fn set(&self, place: &str, value: &str, when: &Cond) -> String {
        match when {
            Cond::Always => format!("set {place} = {value};"),
            when => format!("if {} then {{ set {place} = {value}; }}", condition(when)),
        }
    }

    /// Its own `<` looks at the last 32 bits of the difference alone: the sign is looked at here, that of a difference where
    /// it is in range.
    fn less(&self, a: &str, b: &str) -> String {
        let is_negative = |of: &str| format!("(cstr({of}) startswith \"-\")");
        let (first, difference) = (is_negative(a), is_negative(&format!("{a} - {b}")));
        match b.trim_matches(['(', ')']).parse::<i64>() {
            Ok(0) => first,
            Ok(1..) => format!("({first} or {difference})"),
            Ok(_) => format!("({first} and {difference})"),
            Err(_) => {
                let second = is_negative(b);
                format!("(({first} and not {second}) or ({difference} and ({first} or not {second})))")
            }
        }
    }

    fn modulo(&self, a: &str, b: &str) -> String {
        format!("({a} % {b})")
    }

    fn joined(&self, parts: &[String]) -> String {
        parts.join(" & ")
    }

    fn int_as_text(&self, int: &str) -> String {
        format!("cstr({int})")
    }

    fn contains(&self, text: &str, part: &str) -> Result<String, String> {
        Ok(format!("({text} contains {part})"))
    }

    fn starts_with(&self, text: &str, part: &str) -> String {
        format!("({text} startswith {part})")
    }

    fn ends_with(&self, _: &str, _: &str) -> Result<String, String> {
        Err("`ends_with`".to_owned())
    }

    fn matches(&self, text: &str, pattern: &RegexPattern) -> Result<String, String> {
        Ok(format!("(re_match({text}, {}) == 1)", rainer_text(&pattern.ere_text(0)?.0)))
    }

    fn extract(&self, text: &str, pattern: &RegexPattern, group: u32) -> Result<String, String> {
        if !pattern.is_settled() {
            return Err("a pattern that fits one text in several ways".to_owned());
        }
        let (printed, group) = pattern.ere_text(group)?;
        Ok(format!("re_extract({text}, {}, 0, {group}, \"\")", rainer_text(&printed)))
    }
}
