//! A question as a sentence with blanks: *how many* [visitors] *per* [hour] *where* [errors or slower than 3 s] *by*
//! [version]. The sentence and its contract say the same thing, and each can be had from the other.
//! Imports data and diagnostic; of this room vocabulary and questions.

mod everyday;
mod exact;
mod limits;
mod phrases;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{Asked, Chart, ChartKind, Condition, Contract, Dial, Part, TimeGrain, number_text, upper_first};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::planner::vocabulary::{Vocabulary, normal_name};
use exact::{concept_of, words_of};

/// What is counted or measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "concept")]
pub enum Measure {
    Rows,
    /// How many different ones.
    Different(String),
    Total(String),
    Average(String),
    Largest(String),
    Smallest(String),
    /// What half of them stay under.
    Median(String),
    /// What 19 of 20 stay under.
    Percentile95(String),
    /// Which part of all rows the conditions hold for.
    Share,
}

/// Which rows count.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Only {
    Errors,
    SlowerThan { seconds: f64 },
    Above { concept: String, limit: f64 },
    Below { concept: String, limit: f64 },
    Is { concept: String, value: String },
    IsNot { concept: String, value: String },
}

/// The sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sentence {
    pub measure: Measure,
    /// `minute`, `hour`, `day`, `week`, `month`; none: over all time.
    pub per: Option<String>,
    pub only: Vec<Only>,
    /// All of them must hold; else one is enough.
    pub all: bool,
    /// Ids of concepts.
    pub by: Vec<String>,
    /// Only so many, the highest first.
    pub top: Option<u64>,
}

/// Words that join the parts of a sentence.
const JOINING: [&str; 9] = ["and", "or", ",", "by", "where", "is", "above", "below", "top"];

/// Spans of time that a sentence may name.
pub const SPANS: [&str; 5] = ["minute", "hour", "day", "week", "month"];

impl Default for Sentence {
    fn default() -> Self {
        Self { measure: Measure::Rows, per: None, only: Vec::new(), all: true, by: Vec::new(), top: None }
    }
}

impl Only {
    /// What it asks about.
    fn concept(&self) -> &str {
        match self {
            Only::Errors => "event.is_error",
            Only::SlowerThan { .. } => "event.duration",
            Only::Above { concept, .. } | Only::Below { concept, .. } => concept,
            Only::Is { concept, .. } | Only::IsNot { concept, .. } => concept,
        }
    }
}

impl Measure {
    pub fn concept(&self) -> Option<&str> {
        match self {
            Measure::Rows | Measure::Share => None,
            Measure::Different(concept)
            | Measure::Total(concept)
            | Measure::Average(concept)
            | Measure::Largest(concept)
            | Measure::Smallest(concept)
            | Measure::Median(concept)
            | Measure::Percentile95(concept) => Some(concept),
        }
    }
}

impl Sentence {
    /// The sentence in words; `parse` reads it again.
    pub fn text(&self, vocabulary: &Vocabulary) -> String {
        // A title that the sentence would be torn at, or that another concept has, too, gives way to the id.
        let title = |id: &str| {
            let title = vocabulary.title(id).to_lowercase();
            let is_torn = words_of(&title).iter().any(|word| JOINING.iter().any(|joining| word.is(joining)));
            let is_it =
                |known: &str| concept_of(&words_of(known), vocabulary, &|_| true).is_ok_and(|found| found == id);
            if is_torn || !is_it(&title) { id.to_owned() } else { title }
        };
        let mut text = match &self.measure {
            Measure::Rows => "how many rows".to_owned(),
            Measure::Different(concept) => format!("how many different {}", plural(&title(concept))),
            Measure::Total(concept) => format!("total {}", title(concept)),
            Measure::Average(concept) => format!("average {}", title(concept)),
            Measure::Largest(concept) => format!("largest {}", title(concept)),
            Measure::Smallest(concept) => format!("smallest {}", title(concept)),
            Measure::Median(concept) => format!("median {}", title(concept)),
            Measure::Percentile95(concept) => format!("95th percentile of {}", title(concept)),
            Measure::Share => "share of rows".to_owned(),
        };
        if let Some(span) = &self.per {
            text.push_str(&format!(" per {span}"));
        }
        let only = self.only.iter().map(|one| match one {
            Only::Errors => "errors".to_owned(),
            Only::SlowerThan { seconds } => format!("slower than {} s", number_text(*seconds)),
            Only::Above { concept, limit } => format!("{} above {}", title(concept), number_text(*limit)),
            Only::Below { concept, limit } => format!("{} below {}", title(concept), number_text(*limit)),
            Only::Is { concept, value } => format!("{} is {}", title(concept), quoted(value)),
            Only::IsNot { concept, value } => format!("{} is not {}", title(concept), quoted(value)),
        });
        let only: Vec<String> = only.collect();
        if !only.is_empty() {
            text.push_str(&format!(" where {}", only.join(if self.all { " and " } else { " or " })));
        }
        if !self.by.is_empty() {
            let by: Vec<String> = self.by.iter().map(|concept| title(concept)).collect();
            text.push_str(&format!(" by {}", by.join(", ")));
        }
        if let Some(top) = self.top {
            text.push_str(&format!(" top {top}"));
        }
        text
    }

    /// Reads a sentence: `how many users per hour where errors or slower than 3 s by release`, or one in everyday
    /// words: `top 5 pages by visitors`, `how long do requests take`.
    ///
    /// # Errors
    /// `PW0818` names the words that are not understood, with the nearest that are.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Sentence, Diagnostic> {
        let words = words_of(text);
        exact::read(&words, vocabulary).or_else(|fault| everyday::read(&words, vocabulary, fault))
    }

    /// What the answer shows.
    pub fn contract(&self, vocabulary: &Vocabulary) -> Contract {
        let mut dials: Vec<Dial> = Vec::new();
        let (only, mut conditions) = self.conditions(vocabulary, &mut dials);
        let (name, expression) = match (&self.measure, &only) {
            (Measure::Share, Some(only)) => ("share".to_owned(), format!("share_if({only})")),
            _ => self.measured(vocabulary),
        };
        let mut measures = vec![part(&name, &expression)];
        match (&self.measure, only) {
            // What the share is a part of.
            (Measure::Share, Some(only)) => {
                measures.push(part(&self.part_in_words(vocabulary), &format!("count_if({only})")));
                measures.push(part("rows", "count(*)"));
            }
            (_, Some(only)) => conditions.insert(0, plain(only)),
            (_, None) => {}
        }
        // How many an average is made of.
        if let Measure::Average(id) | Measure::Median(id) | Measure::Percentile95(id) = &self.measure {
            measures.push(part("rows", &format!("count({{{id}}})")));
        }
        let by = self.by.iter().map(|id| part(column_of(vocabulary, id), &format!("{{{id}}}"))).collect::<Vec<_>>();
        measures.retain(|measure| measure.name == name || by.iter().all(|part| part.name != measure.name));
        let time = self.per.as_ref().map(|span| TimeGrain {
            expression: "{timestamp}".into(),
            span: format!("1 {span}"),
            name: span.clone(),
        });
        let first = by.first().map(|part| part.name.clone());
        let chart = match (&time, &first) {
            (Some(time), _) => Some((ChartKind::Line, time.name.clone(), first.clone())),
            (None, Some(first)) => Some((ChartKind::Bar, first.clone(), None)),
            (None, None) => None,
        };
        Contract {
            definition: format!("{}.", upper_first(&self.text(vocabulary))),
            conditions,
            order: match &time {
                Some(time) => vec![time.name.clone()],
                None => vec![format!("{name} desc")],
            },
            top: self.top,
            chart: chart.map(|(kind, x, by)| Chart { kind, x, y: vec![name.clone()], by }),
            measures,
            dimensions: by,
            time,
            dials,
            ..Contract::default()
        }
    }

    /// What those rows are of which a share is told.
    fn part_in_words(&self, vocabulary: &Vocabulary) -> String {
        match &self.only[..] {
            [Only::Errors] => "errors".to_owned(),
            [Only::SlowerThan { .. }] => "slow".to_owned(),
            [Only::Is { concept, value }] if value == "yes" => match concept.ends_with("failed") {
                true => "failed".to_owned(),
                false => normal_name(&plural(vocabulary.title(concept))),
            },
            _ => "such".to_owned(),
        }
    }

    /// Name and expression of the measure; that of a share is made of its conditions.
    fn measured(&self, vocabulary: &Vocabulary) -> (String, String) {
        let column = |id: &str| column_of(vocabulary, id);
        match &self.measure {
            Measure::Rows | Measure::Share => ("rows".to_owned(), "count(*)".to_owned()),
            Measure::Different(id) => (normal_name(&plural(vocabulary.title(id))), format!("count_distinct({{{id}}})")),
            Measure::Total(id) => (format!("total_{}", column(id)), format!("sum({{{id}}})")),
            Measure::Average(id) => (format!("average_{}", column(id)), format!("avg({{{id}}})")),
            Measure::Largest(id) => (format!("largest_{}", column(id)), format!("max({{{id}}})")),
            Measure::Smallest(id) => (format!("smallest_{}", column(id)), format!("min({{{id}}})")),
            Measure::Median(id) => (format!("median_{}", column(id)), format!("median({{{id}}})")),
            Measure::Percentile95(id) => (format!("p95_{}", column(id)), format!("quantile({{{id}}}, 0.95)")),
        }
    }

    /// What the sentence itself asks of a row, and what holds besides.
    fn conditions(&self, vocabulary: &Vocabulary, dials: &mut Vec<Dial>) -> (Option<String>, Vec<Condition>) {
        let column = |id: &str| column_of(vocabulary, id);
        let only: Vec<String> = self
            .only
            .iter()
            .map(|one| match one {
                Only::Errors => "{event.is_error}".to_owned(),
                Only::SlowerThan { seconds } => {
                    let dial = limit(dials, "slow_after", "Slow above".into(), *seconds, "s");
                    format!("{{event.duration}} > {dial}")
                }
                Only::Above { concept, limit: most } => {
                    let title = format!("{} above", vocabulary.title(concept));
                    format!("{{{concept}}} > {}", limit(dials, &format!("{}_above", column(concept)), title, *most, ""))
                }
                Only::Below { concept, limit: least } => {
                    let title = format!("{} below", vocabulary.title(concept));
                    format!(
                        "{{{concept}}} < {}",
                        limit(dials, &format!("{}_below", column(concept)), title, *least, "")
                    )
                }
                Only::Is { concept, value } => equality(vocabulary, concept, value, true),
                Only::IsNot { concept, value } => equality(vocabulary, concept, value, false),
            })
            .collect();
        let mut besides = self.money();
        let says =
            |concept: &str| only.iter().any(|one| one.contains(concept)) || self.by.iter().any(|id| id == concept);
        // Groups in which nobody is known would show a nought.
        if let Measure::Different(id) = &self.measure {
            besides.push(plain(format!("{{{id}}} is not null")));
            // As in the ready-made questions about users and pages.
            let is_of_people = ["visitor.id", "session.id"].contains(&&**id);
            if id == "visitor.id" && !["user_agent.is_bot", "user_agent.program"].iter().any(|one| says(one)) {
                besides.push(left_out("not coalesce({user_agent.is_bot}, false)", "programs that say what they are"));
                besides.push(left_out("not coalesce({client.is_scanner}, false)", "clients that look for holes"));
            }
            if is_of_people && ["url.page", "url.template", "url.section"].iter().any(|one| says(one)) {
                if !says("url.is_static") {
                    besides.push(left_out("not {url.is_static}", "static files"));
                }
                if !["event.is_error", "event.is_success", "http.response.status_code"].iter().any(|one| says(one)) {
                    besides.push(left_out("{event.is_success}", "failures"));
                }
            }
        }
        // Who is not known is nobody, and takes no place among those who are.
        for id in self.by.iter().filter(|id| ["visitor.id", "user.id", "session.id"].contains(&&***id)) {
            besides.push(plain(format!("{{{id}}} is not null")));
        }
        // What failed is a part of what was tried; rows that do not say it are neither.
        if self.measure == Measure::Share {
            let mut told = self.only.iter().map(Only::concept).collect::<Vec<_>>();
            told.dedup();
            besides.extend(told.into_iter().map(|id| plain(format!("{{{id}}} is not null"))));
            for (failed, tried) in
                [("transaction.is_failed", "transaction.is_attempt"), ("auth.is_failed", "auth.is_attempt")]
            {
                if only.iter().any(|one| one.contains(failed)) {
                    besides.push(plain(format!("{{{tried}}}")));
                }
            }
        }
        let only = (!only.is_empty()).then(|| only.join(if self.all { " and " } else { " or " }));
        (only, besides)
    }

    /// Money counts once, where it came in: an order, its payment and one that failed may each have a row.
    fn money(&self) -> Vec<Condition> {
        let is_money = self.measure.concept() == Some("transaction.amount");
        if !is_money
            || self.only.iter().any(|one| tells_what_happened(one.concept()))
            || self.by.iter().any(|id| tells_what_happened(id))
        {
            return Vec::new();
        }
        vec![
            left_out("{transaction.is_attempt}", "amounts that are not yet paid"),
            left_out("not coalesce({transaction.is_failed}, false)", "payments that failed"),
        ]
    }

    /// The question that a sentence asks. Its id is made from the words.
    ///
    /// # Errors
    /// As `parse`.
    pub fn ask(text: &str, vocabulary: &Vocabulary) -> Result<Asked, Diagnostic> {
        const LONGEST: usize = 48;
        let contract = Sentence::parse(text, vocabulary)?.contract(vocabulary);
        let id = normal_name(text).replace('_', "-");
        let title = upper_first(text.trim().trim_end_matches('?').trim_end());
        Ok(Asked {
            id: id.chars().take(LONGEST).collect::<String>().trim_end_matches('-').to_owned(),
            title: format!("{title}?"),
            asker: String::new(),
            doc: String::new(),
            dials: contract.default_dials(),
            contract,
            is_own: false,
        })
    }

    /// The sentence that a contract was made from, also by an earlier version; `None`: it says more than a sentence can.
    pub fn of(contract: &Contract, vocabulary: &Vocabulary) -> Option<Sentence> {
        let sentence = Sentence::parse(&contract.definition, vocabulary).ok()?;
        let now = sentence.contract(vocabulary);
        // Versions differ in what they add to what is asked for: who does not count, and how many rows it is of.
        let is_of_now = |one: &Condition| now.conditions.contains(one);
        let is_measured = |part: &Part| now.measures.iter().any(|known| known.expression == part.expression);
        let is_said = contract.measures.first() == now.measures.first()
            && contract.measures.iter().all(is_measured)
            && contract.conditions.iter().all(is_of_now)
            && now.conditions.iter().all(|one| one.optional || contract.conditions.contains(one));
        let without = |of: &Contract| Contract { conditions: Vec::new(), measures: Vec::new(), ..of.clone() };
        (is_said && without(contract) == without(&now)).then_some(sentence)
    }
}

fn column_of<'a>(vocabulary: &'a Vocabulary, id: &str) -> &'a str {
    vocabulary.concept(id).map_or("value", |one| one.column_name())
}

/// Whether rows of one order differ in it.
fn tells_what_happened(concept: &str) -> bool {
    concept.starts_with("transaction.is") || ["transaction.status", "event.name", "event.is_error"].contains(&concept)
}

/// What does not count where something tells it.
fn left_out(expression: &str, words: &str) -> Condition {
    Condition { expression: expression.into(), optional: true, leaves_out: words.into() }
}

fn plain(expression: String) -> Condition {
    Condition { expression, optional: false, leaves_out: String::new() }
}

/// The place of a threshold in an expression. Limits of the same name that differ are thresholds of their own.
fn limit(dials: &mut Vec<Dial>, stem: &str, title: String, default: f64, unit: &str) -> String {
    let mut wanted = Dial { name: stem.to_owned(), title, default, unit: unit.into(), min: None, max: None };
    let mut number = 2;
    while dials.iter().any(|known| known.name == wanted.name && *known != wanted) {
        wanted.name = format!("{stem}_{number}");
        number += 1;
    }
    let text = format!("{{dial:{}}}", wanted.name);
    if !dials.contains(&wanted) {
        dials.push(wanted);
    }
    text
}

fn part(name: &str, expression: &str) -> Part {
    Part { name: name.to_owned(), expression: expression.to_owned(), unit: String::new(), optional: false }
}

/// A concept that has a value, as its type wants it written.
fn equality(vocabulary: &Vocabulary, concept: &str, value: &str, is: bool) -> String {
    let data_type = vocabulary.concept(concept).map_or(DataType::String, |one| one.data_type.clone());
    let sign = if is { "=" } else { "<>" };
    match data_type {
        DataType::Boolean => {
            let is_yes = matches!(value, "true" | "yes") == is;
            if is_yes { format!("{{{concept}}}") } else { format!("not {{{concept}}}") }
        }
        DataType::Int | DataType::Float if value.parse::<f64>().is_ok_and(f64::is_finite) => {
            format!("{{{concept}}} {sign} {value}")
        }
        _ => format!("{{{concept}}} {sign} '{}'", value.replace('\'', "''")),
    }
}

/// A value as it stands in a sentence: bare where it cannot be taken for anything else.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && value.chars().all(|c| c.is_alphanumeric() || "_-./:%".contains(c))
        && !["and", "or", "by", "where", "per", "not"].contains(&value.to_lowercase().as_str())
        && !value.ends_with('.');
    if is_plain { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

/// More than one of it: `addresses`, `countries`, `users`.
pub(super) fn plural(word: &str) -> String {
    let vowel = |c: char| "aeiou".contains(c);
    match word {
        word if word.ends_with('s') || word.ends_with('x') || word.ends_with("ch") => format!("{word}es"),
        word if word.ends_with('y') && !word.chars().rev().nth(1).is_some_and(vowel) => {
            format!("{}ies", &word[..word.len() - 1])
        }
        word => format!("{word}s"),
    }
}
