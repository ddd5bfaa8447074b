//! A source as detectors see it: which field or rule gives a meaning, and the steps that make it a plain column.
//! Imports the planner's evidence, meanings and vocabulary.

use serde_json::json;

use super::{Kind, Probe, Task};
use crate::data::Value;
use crate::expr::print_name;
use crate::model::Id;
use crate::planner::draft::Draft;
use crate::planner::evidence::{ColumnEvidence, SourceEvidence};
use crate::planner::meanings::SourceMeanings;
use crate::planner::vocabulary::templates::{Placeholder, fill, plain_column};
use crate::planner::vocabulary::values::text_of;
use crate::planner::vocabulary::{Rule, Vocabulary};
use crate::project::Project;

/// What tells users apart, the surest first, with the word for many of them.
const WHO: [(&str, &str); 5] = [
    ("user.id", "users"),
    ("session.id", "sessions"),
    ("visitor.id", "visitors"),
    ("user.name", "users"),
    ("client.address", "clients"),
];

/// Concepts that tell how something ended.
pub(super) const OUTCOME: [&str; 10] = [
    "http.response.status_code",
    "http.response.body.size",
    "transaction.status",
    "event.name",
    "event.outcome",
    "error.type",
    "error.message",
    "error.reason",
    "log.severity",
    "log.message",
];

/// A source with what its fields mean.
#[derive(Clone, Copy)]
pub(super) struct SourceView<'a> {
    pub vocabulary: &'a Vocabulary,
    pub evidence: &'a SourceEvidence,
    pub meanings: &'a SourceMeanings,
}

impl SourceView<'_> {
    /// The column that carries a concept best: its name, and its values in the concept's type as an expression.
    pub fn carrier(&self, concept: &str) -> Option<(&ColumnEvidence, &str)> {
        let columns = self.meanings.columns.iter().filter_map(|column| {
            let meaning = column.accepted().filter(|meaning| meaning.concept == concept)?;
            Some((meaning.score, column.column.as_str(), meaning.expression.as_str()))
        });
        let (_, name, expression) = columns.max_by_key(|(score, ..)| *score)?;
        Some((self.evidence.column(name)?, expression))
    }

    /// As `carrier`, only the expression.
    pub fn expression(&self, concept: &str) -> Option<String> {
        self.carrier(concept).map(|(_, expression)| expression.to_owned())
    }

    /// A concept from a column, or by the cheapest rule over columns whose cost is no more than `most`.
    pub fn derived(&self, concept: &str, most: u32) -> Option<String> {
        self.expression(concept).or_else(|| self.by_rule(concept, most).map(|(expression, _)| expression))
    }

    /// What the cheapest rule over columns gives, with that rule.
    pub fn by_rule(&self, concept: &str, most: u32) -> Option<(String, &Rule)> {
        let rules = self.vocabulary.rules().iter().filter(|rule| rule.target == concept && rule.cost <= most);
        let filled = rules.filter_map(|rule| {
            let has_inputs = rule.inputs.iter().all(|input| self.carrier(input).is_some());
            if !has_inputs || !rule.requires.iter().all(|(input, pattern)| self.shows(input, pattern)) {
                return None;
            }
            let value_of = &mut |placeholder: &Placeholder| match placeholder {
                Placeholder::Concept(input) => self.expression(input),
                Placeholder::Dial(_) => None,
            };
            Some((fill(&rule.expression, value_of).ok()?, rule))
        });
        filled.min_by_key(|(_, rule)| rule.cost)
    }

    fn shows(&self, concept: &str, pattern: &crate::planner::vocabulary::values::Pattern) -> bool {
        let column = self.carrier(concept).map(|(column, _)| column);
        column.is_some_and(|column| {
            column.values().any(|value| text_of(value).is_some_and(|text| pattern.matches(&text)))
        })
    }

    /// Steps that read the source and give plain columns for the concepts: those that stand inside records, or are of
    /// another type, are computed. `None`: a concept is missing. Gives the last step and the columns in order.
    pub fn start(&self, flow: &mut Draft, concepts: &[&str]) -> Option<(Id, Vec<String>)> {
        let wanted: Vec<(String, Option<String>)> = concepts
            .iter()
            .map(|concept| {
                let (_, expression) = self.carrier(concept)?;
                Some(match plain_column(expression) {
                    Some(name) => (name, None),
                    None => (self.free_name(concept), Some(expression.to_owned())),
                })
            })
            .collect::<Option<_>>()?;
        let read = flow.read(&self.evidence.source);
        let computed: Vec<_> = wanted
            .iter()
            .enumerate()
            .filter_map(|(number, (name, expression))| {
                let expression = expression.as_ref()?;
                Some(json!({"id": format!("c{}", number + 1), "name": name, "expression": expression}))
            })
            .collect();
        let last = match computed.is_empty() {
            true => read,
            false => flow.then(&read, "compute", "Plain columns", json!({"columns": computed}), ""),
        };
        Some((last, wanted.into_iter().map(|(name, _)| name).collect()))
    }

    /// A name for a computed column that no column of the source has.
    fn free_name(&self, concept: &str) -> String {
        let wanted = self.vocabulary.concept(concept).map_or(concept, |concept| concept.column_name());
        let is_taken = |name: &str| {
            self.evidence.columns.iter().any(|column| column.name.split('.').next().is_some_and(|first| first == name))
        };
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
    }

    /// Microseconds from the first to the last sampled time; `None`: it has no time, or only one that is converted.
    pub fn length(&self) -> Option<i64> {
        let (column, _) = self.carrier("timestamp")?;
        match (&column.min, &column.max) {
            (Value::Timestamp(first), Value::Timestamp(last)) => Some(last - first),
            _ => None,
        }
    }

    /// What tells users apart: (expression, word for many of them).
    pub fn who(&self) -> Option<(String, &'static str)> {
        WHO.iter().find_map(|(concept, word)| {
            let (column, expression) = self.carrier(concept)?;
            // A name that most rows lack counts nobody.
            let is_there = self.evidence.null_share(column) < 0.5;
            match self.expression("client.address") {
                // Who has no session has an address.
                Some(client) if is_there && *concept == "session.id" => {
                    Some((format!("coalesce({expression}, {client})"), "visitors"))
                }
                _ => is_there.then(|| (expression.to_owned(), *word)),
            }
        })
    }

    /// The names of the columns that no record holds, printed as expressions.
    pub fn plain_columns(&self) -> impl Iterator<Item = String> {
        let plain = self.evidence.columns.iter().filter(|column| column.expression == print_name(&column.name));
        plain.map(|column| column.name.clone())
    }
}

/// A flow for a kind of finding on a source.
pub(super) fn flow_for<'a>(project: &'a Project, kind: Kind, known: &SourceView) -> Draft<'a> {
    Draft::named(project, &format!("{}-{}", kind.name(), known.evidence.source))
}

pub(super) fn probe(kind: Kind, known: &SourceView, flow: Draft, watch: Id, task: Task) -> Probe {
    Probe { kind, source: known.evidence.source.clone(), edits: flow.edits, watch, task }
}
