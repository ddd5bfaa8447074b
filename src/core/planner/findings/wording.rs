//! How findings are worded: their titles' times and counts, and what all findings of a probe share. Imports the view of
//! a source.

use super::source_view::{OUTCOME, SourceView};
use super::{Finding, Judged, Probe};
use crate::data::{Value, format_timestamp};

/// What a finding is made of: the source that is looked at, and the probe that found it.
pub(super) struct Found<'a> {
    pub known: &'a SourceView<'a>,
    pub probe: &'a Probe,
}

impl Found<'_> {
    /// A finding whose flow is the probe's own.
    pub fn finding(&self, number: usize, title: String) -> Finding {
        Finding {
            id: format!("{}:{}:{number}", self.probe.kind.name(), self.probe.source),
            kind: self.probe.kind,
            title,
            source: self.probe.source.clone(),
            from: None,
            to: None,
            evidence: Vec::new(),
            affected: Vec::new(),
            selection: None,
            among: String::new(),
            outcome: OUTCOME.iter().filter_map(|concept| Some(self.known.carrier(concept)?.0.name.clone())).collect(),
            accept: self.probe.edits.clone(),
        }
    }

    pub fn source_title(&self) -> &str {
        &self.known.evidence.title
    }

    pub fn all(&self, findings: Vec<Finding>) -> Judged {
        Judged { findings, further: Vec::new() }
    }
}

pub(super) fn clock(micros: i64) -> String {
    format_timestamp(micros)
}

/// `2026-03-03 14:20`, for sentences.
pub(super) fn minute(micros: i64) -> String {
    clock(micros).chars().take(16).collect::<String>().replace('T', " ")
}

/// `14:41`, or with its day where that is another.
pub(super) fn until(from: i64, to: i64) -> String {
    let (from, to) = (minute(from), minute(to));
    if from[..10] == to[..10] { to[11..].to_owned() } else { to }
}

/// A value in a sentence: text without its quotes.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_json().to_string(),
    }
}

/// `1 request`, `12 requests`.
pub(super) fn counted(count: f64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1.0 { "" } else { "s" })
}
