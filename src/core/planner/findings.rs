//! Detectors: what stands out in the sources, each found by a flow that is run on the whole input and is offered with
//! the finding. This room makes the flows and judges their rows; others run them.
//! Imports the planner's evidence and meanings, and project.

pub(super) mod chosen;
mod detectors;
pub(super) mod differences;
mod judge;
mod security;
mod source_view;
#[cfg(test)]
mod tests;
mod wording;

use serde::Serialize;

use super::evidence::SourceEvidence;
use super::meanings::SourceMeanings;
use super::vocabulary::Vocabulary;
use crate::data::{Schema, Value};
use crate::model::Id;
use crate::project::{Edit, Project};

use differences::differences;
use source_view::SourceView;

/// Something that stands out, with what it rests on and the flow that shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// `error-burst:src-app:1`; the same as long as the data are.
    pub id: String,
    pub kind: Kind,
    /// A sentence.
    pub title: String,
    /// Id of the source.
    pub source: Id,
    /// ISO 8601; null where it has no time.
    pub from: Option<String>,
    pub to: Option<String>,
    /// Sentences with numbers.
    pub evidence: Vec<String>,
    /// Who or what is affected: a count by what is counted.
    pub affected: Vec<(String, u64)>,
    /// Which rows of the source it is about, as a condition over its columns; `None`: it is not about single rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// The rows that those are compared with, where it is not all others; and columns that tell how rows ended, which is
    /// no news of those that failed.
    #[serde(skip)]
    pub among: String,
    #[serde(skip)]
    pub outcome: Vec<String>,
    /// The flow, as edits for the project that was looked at.
    pub accept: Vec<Edit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    ErrorBurst,
    ErrorsInCommon,
    SlowRequests,
    FailedTransactions,
    FailedSignIns,
    Probing,
    NewPattern,
    GapInTime,
    Duplicates,
    Bots,
    PersonalData,
}

impl Kind {
    pub const ALL: [Kind; 11] = [
        Kind::ErrorBurst,
        Kind::ErrorsInCommon,
        Kind::SlowRequests,
        Kind::FailedTransactions,
        Kind::FailedSignIns,
        Kind::Probing,
        Kind::NewPattern,
        Kind::GapInTime,
        Kind::Duplicates,
        Kind::Bots,
        Kind::PersonalData,
    ];

    /// As findings and the command line name it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::ErrorBurst => "error-burst",
            Kind::ErrorsInCommon => "errors-in-common",
            Kind::SlowRequests => "slow-requests",
            Kind::FailedTransactions => "failed-transactions",
            Kind::FailedSignIns => "failed-sign-ins",
            Kind::Probing => "probing",
            Kind::NewPattern => "new-pattern",
            Kind::GapInTime => "gap-in-time",
            Kind::Duplicates => "duplicates",
            Kind::Bots => "bots",
            Kind::PersonalData => "personal-data",
        }
    }
}

/// A flow to run on the whole input: its edits, applied to the project, and the step whose rows are wanted.
#[derive(Debug, Clone)]
pub struct Probe {
    pub kind: Kind,
    pub source: Id,
    pub edits: Vec<Edit>,
    pub watch: Id,
    task: Task,
}

/// What a probe's rows are for.
#[derive(Debug, Clone)]
enum Task {
    /// Errors per bucket, to find out what is usual.
    Baseline {
        condition: String,
        what: String,
        span: Span,
    },
    Bursts {
        condition: String,
        what: String,
        at_least: i64,
        usual: f64,
        span: Span,
    },
    Slow {
        threshold: f64,
        by: String,
        /// The group of a row, and whether it is slow.
        group: String,
        is_slow: String,
    },
    /// Rows of failures and of their counterparts; `_inside` says which.
    /// Errors that come in no burst: whether they have something in common.
    Common {
        condition: String,
        what: String,
        errors: u64,
    },
    Failures {
        condition: String,
        /// Those that went well too.
        attempts: String,
        value: String,
        time: String,
        accept: Vec<Edit>,
    },
    SignIns {
        condition: String,
    },
    Probing {
        client: String,
    },
    Patterns {
        what: String,
    },
    Gaps,
    Duplicates {
        accept: Vec<Edit>,
        rows: u64,
    },
    Bots {
        agent: String,
        condition: String,
    },
    Personal {
        columns: Vec<detectors::PersonalColumn>,
    },
}

/// A span of time in which rows are counted.
#[derive(Debug, Clone, Copy)]
struct Span {
    text: &'static str,
    micros: i64,
}

/// Rows that a probe gave.
#[derive(Debug, Clone, Default)]
pub struct ProbeRows {
    pub schema: Schema,
    pub rows: Vec<Vec<Value>>,
}

impl ProbeRows {
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.schema.index(name)
    }

    pub(super) fn value(&self, row: usize, name: &str) -> &Value {
        self.column(name).and_then(|column| self.rows.get(row)?.get(column)).unwrap_or(&Value::Null)
    }

    pub(super) fn number(&self, row: usize, name: &str) -> f64 {
        match self.value(row, name) {
            Value::Int(number) => *number as f64,
            Value::Float(number) => *number,
            _ => 0.0,
        }
    }

    fn time(&self, row: usize, name: &str) -> Option<i64> {
        if let Value::Timestamp(micros) = self.value(row, name) { Some(*micros) } else { None }
    }
}

/// What became of a probe's rows.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    pub findings: Vec<Finding>,
    /// Flows that the rows call for.
    pub further: Vec<Probe>,
}

/// The first flows to run, for every source that exists and can be looked at.
pub fn probes(project: &Project, sources: &[SourceEvidence], meanings: &[SourceMeanings]) -> Vec<Probe> {
    let (vocabulary, _) = Vocabulary::of(project);
    let both = sources.iter().zip(meanings);
    let known: Vec<SourceView> =
        both.map(|(evidence, meanings)| SourceView { vocabulary: &vocabulary, evidence, meanings }).collect();
    known
        .iter()
        .filter(|one| !one.evidence.planned)
        .flat_map(|one| detectors::probes_of(project, one, &known))
        .collect()
}

/// Findings in a probe's rows, or what to look at next.
pub fn judge(
    project: &Project,
    sources: &[SourceEvidence],
    meanings: &[SourceMeanings],
    probe: &Probe,
    rows: &ProbeRows,
) -> Judged {
    let Some(at) = sources.iter().position(|source| source.source == probe.source) else { return Judged::default() };
    let (vocabulary, _) = Vocabulary::of(project);
    let known = SourceView { vocabulary: &vocabulary, evidence: &sources[at], meanings: &meanings[at] };
    judge::judge(project, &known, probe, rows)
}

/// The most telling first: by kind, then as they were found.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by_key(|finding| finding.kind);
    findings.dedup_by(|one, other| one.id == other.id);
}
