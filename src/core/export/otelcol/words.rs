//! OTTL, the Collector's language: nothing is `nil`, whole numbers wrap around, patterns are RE2's.

use crate::export::agent::conditions::{Cond, Words};
use crate::expr::RegexPattern;
use crate::quote::ottl_text;

pub struct Ottl;

impl Words for Ottl {
    fn title(&self) -> &'static str {
        "OpenTelemetry Collector"
    }

    fn column(&self, number: usize) -> String {
        format!("attributes[\"row\"][\"c{number}\"]")
    }

    fn variable(&self, name: &str) -> String {
        format!("attributes[\"{name}\"]")
    }

    fn is_there(&self, place: &str) -> String {
        format!("({place} != nil)")
    }

    fn number(&self, place: &str) -> String {
        place.to_owned()
    }

    fn int(&self, int: i64) -> String {
        int.to_string()
    }

    fn text(&self, text: &str) -> Result<String, String> {
        Ok(ottl_text(text))
    }

    fn set(&self, place: &str, value: &str, when: &Cond) -> String {
        match when {
            Cond::Always => format!("set({place}, {value})"),
            Cond::Never => format!("set({place}, {value}) where false"),
            Cond::When(text) => format!("set({place}, {value}) where {text}"),
        }
    }

    fn less(&self, a: &str, b: &str) -> String {
        format!("({a} < {b})")
    }

    /// Its division is that of whole numbers.
    fn modulo(&self, a: &str, b: &str) -> String {
        format!("({a} - (({a} / {b}) * {b}))")
    }

    fn joined(&self, parts: &[String]) -> String {
        format!("Concat([{}], \"\")", parts.join(", "))
    }

    fn int_as_text(&self, int: &str) -> String {
        format!("String({int})")
    }

    fn contains(&self, _: &str, _: &str) -> Result<String, String> {
        Err("`contains`".to_owned())
    }

    fn starts_with(&self, text: &str, part: &str) -> String {
        format!("HasPrefix({text}, {part})")
    }

    fn ends_with(&self, text: &str, part: &str) -> Result<String, String> {
        Ok(format!("HasSuffix({text}, {part})"))
    }

    fn matches(&self, text: &str, pattern: &RegexPattern) -> Result<String, String> {
        Ok(format!("IsMatch({text}, {})", ottl_text(&pattern.re2_text()?)))
    }

    fn extract(&self, _: &str, _: &RegexPattern, _: u32) -> Result<String, String> {
        Err("parts of texts by patterns".to_owned())
    }
}
