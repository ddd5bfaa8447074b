//! What is wrong with something the user made: one type for panel, command line and exporters.
//! Collected, not thrown. Imports nothing of this crate but quoting.

mod causes;
mod repeated;

use std::fmt;

pub use causes::{io_cause, json_cause, json_fault, near_file, read_object};
pub use repeated::refuse_repeated_keys;
use serde::{Deserialize, Serialize};

use crate::quote::visible;

/// How grave a diagnostic is. An error stops run and export; a warning does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Hint,
}

/// Byte offsets into an expression's text, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Where it is. Every part is optional; what is known is filled in on the way up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Id of the step, source or other item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Title of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Id of the wire into the step, where it happens there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<String>,
    /// Setting of the step, as a path: `predicate`, `columns.c1.expression`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Place in the text of `field`, or of the expression at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// 1-based.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// The codes of what says that something is still to be filled in: the wire of an input, a setting of a step, the address
/// of a connection.
pub const NO_WIRE: &str = "PW0302";
pub const UNFILLED: &str = "PW0308";
pub const NO_ADDRESS: &str = "PW0650";

/// One thing that is wrong, in words that help to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Diagnostic {
    /// `PW0312`; stable between versions.
    pub code: String,
    pub severity: Severity,
    /// One sentence, lower key, column names in backticks.
    pub message: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(rename = "where")]
    pub location: Location,
}

impl Diagnostic {
    fn new(severity: Severity, code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), severity, message: message.into(), help: None, location: Location::default() }
    }

    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub fn hint(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Hint, code, message)
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn at(mut self, span: Span) -> Self {
        self.location.span = Some(span);
        self
    }

    pub fn step(mut self, id: impl Into<String>, title: impl Into<String>) -> Self {
        self.location.id = Some(id.into());
        self.location.step = Some(title.into());
        self
    }

    /// Sets the field unless a more exact one is there.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        if self.location.field.is_none() {
            self.location.field = Some(field.into());
        }
        self
    }

    pub fn file(mut self, file: impl Into<String>) -> Self {
        self.location.file = Some(file.into());
        self
    }

    pub fn line(mut self, line: u64) -> Self {
        self.location.line = Some(line);
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether nothing is wrong but that something is still to be filled in.
    pub fn is_unfilled(&self) -> bool {
        [NO_WIRE, UNFILLED, NO_ADDRESS].contains(&self.code.as_str())
    }
}

/// The text form: `error[PW0312] Bad requests, predicate, at 1-7: message` and a help line. Names and values in it end no
/// line and steer no terminal.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        };
        write!(f, "{severity}[{}] ", visible(&self.code))?;
        let mut places = Vec::new();
        match (&self.location.step, &self.location.id) {
            (Some(step), _) => places.push(format!("step “{step}”")),
            (None, Some(id)) => places.push(format!("`{id}`")),
            (None, None) => {}
        }
        if let Some(field) = &self.location.field {
            places.push(field.clone());
        }
        if let Some(span) = self.location.span {
            places.push(format!("at {}-{}", span.start + 1, span.end.max(span.start + 1)));
        }
        if !places.is_empty() {
            write!(f, "{}: ", visible(&places.join(", ")))?;
        }
        f.write_str(&visible(&self.message))?;
        if let Some(file) = &self.location.file {
            write!(f, " ({}", visible(file))?;
            if let Some(line) = self.location.line {
                write!(f, ", line {line}")?;
            }
            f.write_str(")")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {}", visible(help))?;
        }
        Ok(())
    }
}

/// The name nearest to `wanted`, if one is near enough to be meant.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wanted.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(lower.chars().count()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

/// `; did you mean `status`?`, or nothing.
pub fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wanted, names).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("stauts", ["status", "path"]), Some("status"));
        assert_eq!(nearest("colour", ["status", "path"]), None);
    }
}
