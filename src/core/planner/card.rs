//! What the card of an answer tells besides its number: its definition in words, and what is not in it. The one place
//! for the designer, the command line and what is written to files. Imports the plan, questions and the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value as Json;

use super::questions::told::{moment, span_word};
use super::{AnswerShape, Asked, Catalogue};
use crate::data::figures::{number_text, with_unit};
use crate::data::{TableRows, Value};
use crate::ir::{LeftOut, LeftOutKind, NodeId, Op, Plan};
use crate::project::{Project, Step};

/// One line of what is not in a number: how many, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotInIt {
    pub count: u64,
    pub text: String,
}

/// Columns whose meaning is a guess: by title of their source, each with that meaning.
pub type Unconfirmed = BTreeMap<String, Vec<(String, String)>>;

/// The lines: what was lost on the way, what was not asked about, then guesses that nobody has confirmed.
pub fn not_in_it(list: &[LeftOut], unconfirmed: &Unconfirmed) -> Vec<NotInIt> {
    let (filtered, lost): (Vec<_>, Vec<_>) = list.iter().partition(|one| one.kind == LeftOutKind::Filtered);
    let counted = lost.into_iter().chain(filtered).map(|one| NotInIt { count: one.count, text: one.text.clone() });
    let guessed = unconfirmed.iter().map(|(source, columns)| {
        let what = if columns.len() == 1 { "meaning" } else { "meanings" };
        let named = columns.iter().map(|(column, meaning)| format!("`{column}` as {meaning}"));
        let named = named.collect::<Vec<_>>().join(", ");
        NotInIt { count: columns.len() as u64, text: format!("{what} in {source} that nobody has confirmed: {named}") }
    });
    counted.chain(guessed).collect()
}

/// The steps that a step is made by, from the sources on.
pub fn steps_before<'a>(project: &'a Project, step: &'a str) -> Vec<&'a Step> {
    let mut before: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for wire in project.wires.values() {
        before.entry(&wire.to).or_default().push(&wire.from);
    }
    let (mut open, mut seen) = (vec![step], BTreeSet::new());
    while let Some(id) = open.pop() {
        for from in before.get(id).into_iter().flatten() {
            if seen.insert(*from) {
                open.push(from);
            }
        }
    }
    let mut found: Vec<&Step> = seen.iter().filter_map(|id| project.steps.get(*id)).collect();
    found.sort_by_key(|step| (step.x, step.y));
    found
}

/// Columns that these steps use and whose meaning is a guess.
pub fn unconfirmed(catalogue: &Catalogue, steps: &[&Step]) -> Unconfirmed {
    let mut found = Unconfirmed::new();
    let used: String = steps.iter().map(|step| Json::from(step.settings.clone()).to_string()).collect();
    let words: BTreeSet<&str> = used.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).collect();
    for step in steps {
        let Some(source) = step.settings.get("source").and_then(Json::as_str) else { continue };
        let Some(number) = catalogue.source_number(source) else { continue };
        let columns = &catalogue.meanings[number].columns;
        let guesses = columns.iter().filter_map(|column| {
            let meaning = column.accepted().filter(|meaning| meaning.score < 100)?;
            let is_used = words.contains(column.column.as_str());
            is_used.then(|| (column.column.clone(), catalogue.vocabulary.title(&meaning.concept).to_owned()))
        });
        let guesses: Vec<_> = guesses.collect();
        if !guesses.is_empty() {
            found.insert(catalogue.sources[number].title.clone(), guesses);
        }
    }
    found
}

/// What an Answer step says, in the words of its design or else of its question, with the values of the parameters.
pub fn definition_of(step: &Step, asked: Option<&Asked>, values: &BTreeMap<String, Value>) -> String {
    let own = step.settings.get("definition").and_then(Json::as_str).unwrap_or_default();
    let text = if own.is_empty() { asked.map(Asked::definition).unwrap_or_default() } else { own.to_owned() };
    with_values(&text, values)
}

fn seconds(micros: i64) -> String {
    with_unit(micros as f64 / 1e6, "s")
}

/// What belongs into the sentence of an answer whose data are shorter than one of the hours or days that it tells:
/// `in data of 76 s`.
pub fn short_of_time(
    project: &Project,
    plan: &Plan,
    node: NodeId,
    catalogue: &Catalogue,
    shape: &AnswerShape,
) -> Option<String> {
    let (first, last) = times_of(project, plan, node, catalogue)?;
    let length = last.saturating_sub(first);
    (length < shape.grain?).then(|| format!("in data of {}", seconds(length)))
}

/// What the time of the data has to do with an answer, in words: that it is less than one of the hours or days that are
/// told, or that what is first in it was so from the beginning. `None`: nothing, or the time is not known.
pub fn told_of_time(
    project: &Project,
    plan: &Plan,
    node: NodeId,
    catalogue: &Catalogue,
    shape: &AnswerShape,
    rows: &dyn TableRows,
) -> Option<String> {
    let (first, last) = times_of(project, plan, node, catalogue)?;
    let length = last.saturating_sub(first);
    let mut told = Vec::new();
    if let Some(grain) = shape.grain.filter(|grain| length < *grain) {
        let span = span_word(grain).unwrap_or("month");
        let one = if span.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "one " };
        told.push(format!(
            "The data are of {} only, from {} to {}: less than {one}{span}.",
            seconds(length),
            moment(first, None),
            moment(last, None)
        ));
    }
    /// Nobody sees what a minute is after the beginning as the beginning of a failure.
    const AT_ONCE: i64 = 60_000_000;
    let after = shape.first_time(rows).map(|at| at.saturating_sub(first));
    if let Some(after) = after.filter(|after| (0..=AT_ONCE).contains(after)) {
        let begin = moment(first, None);
        let so = if after == 0 { "with it".to_owned() } else { format!("{} before it", seconds(after)) };
        told.push(format!("The data begin {so}, {begin}: it may have been so earlier."));
    }
    (!told.is_empty()).then(|| told.join(" "))
}

/// The first and the last time in the source whose rows an answer counts, where all of it was looked at.
fn times_of(project: &Project, plan: &Plan, node: NodeId, catalogue: &Catalogue) -> Option<(i64, i64)> {
    let mut at = node;
    while !matches!(plan.node(at).op, Op::Read(_)) {
        at = *plan.node(at).inputs.first()?;
    }
    let reader = project.steps.get(&plan.node(at).origin.step)?;
    let number = catalogue.source_number(reader.settings.get("source")?.as_str()?)?;
    let source = &catalogue.sources[number];
    if source.planned || source.bytes_read < source.bytes {
        return None;
    }
    let is_time = |concept: &str| matches!(concept, "timestamp" | "deployment.time");
    let columns = source.columns.iter().zip(&catalogue.meanings[number].columns);
    let times = columns.filter_map(|(column, meaning)| match (&column.min, &column.max, meaning.accepted()) {
        (Value::Timestamp(first), Value::Timestamp(last), Some(meaning)) if is_time(&meaning.concept) => {
            Some((meaning.concept != "timestamp", *first, *last))
        }
        _ => None,
    });
    times.min().map(|(_, first, last)| (first, last))
}

/// A text with the values of parameters in their places. Secrets are not among the values.
pub fn with_values(text: &str, values: &BTreeMap<String, Value>) -> String {
    values.iter().fold(text.to_owned(), |told, (name, value)| {
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Float(number) => number_text(*number),
            Value::Int(number) => number.to_string(),
            other => other.to_json().to_string(),
        };
        told.replace(&format!("${{{name}}}"), &shown)
    })
}

/// The question that an Answer step answers.
pub fn asked_by(project: &Project, step: &Step) -> Option<Asked> {
    let id = step.settings.get("question")?.as_str()?;
    Asked::own(project.questions.get(id)?)?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_values_of_parameters() {
        let values = BTreeMap::from([
            ("slow_after".to_owned(), Value::Float(3.0)),
            ("share".to_owned(), Value::Float(0.1 + 0.2)),
            ("data".to_owned(), Value::String("samples".to_owned())),
        ]);
        let text = "longer than ${slow_after} s in ${data}, above ${share}, ${unknown}";
        assert_eq!(with_values(text, &values), "longer than 3 s in samples, above 0.3, ${unknown}");
    }

    #[test]
    fn what_was_lost_stands_before_what_was_not_asked_about() {
        let one = |kind, text: &str| LeftOut { step: "s".into(), title: "S".into(), kind, count: 1, text: text.into() };
        let list = [one(LeftOutKind::Filtered, "filtered"), one(LeftOutKind::Empty, "empty")];
        let guesses = Unconfirmed::from([("log".to_owned(), vec![("time".to_owned(), "Time".to_owned())])]);
        let told: Vec<String> = not_in_it(&list, &guesses).into_iter().map(|one| one.text).collect();
        assert_eq!(told[..2], ["empty", "filtered"]);
        assert!(told[2].starts_with("meaning in log"));
    }
}
