//! A question as a sentence with blanks: *how many* [visitors] *per* [hour] *where* [errors or slower than 3 s] *by*
//! [version]. The sentence and its contract say the same thing, and each can be had from the other.
//! Imports data and diagnostic; of this room vocabulary and questions.

use serde::Serialize;

use super::{Asked, Chart, ChartKind, Condition, Contract, Dial, Part, TimeGrain, number_text};
use crate::data::DataType;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::planner::vocabulary::{Concept, Vocabulary, normal_name};

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
    /// What 19 of 20 stay under.
    Percentile95(String),
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
}

/// Words that join the parts of a sentence.
const JOINING: [&str; 8] = ["and", "or", ",", "by", "where", "is", "above", "below"];

/// Spans of time that a sentence may name.
pub const SPANS: [&str; 5] = ["minute", "hour", "day", "week", "month"];

impl Default for Sentence {
    fn default() -> Self {
        Self { measure: Measure::Rows, per: None, only: Vec::new(), all: true, by: Vec::new() }
    }
}

impl Measure {
    pub fn concept(&self) -> Option<&str> {
        match self {
            Measure::Rows => None,
            Measure::Different(concept)
            | Measure::Total(concept)
            | Measure::Average(concept)
            | Measure::Largest(concept)
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
            Measure::Percentile95(concept) => format!("95th percentile of {}", title(concept)),
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
        text
    }

    /// Reads a sentence: `how many users per hour where errors or slower than 3 s by release`.
    ///
    /// # Errors
    /// `PW0818` names the words that are not understood, with the nearest that are.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Sentence, Diagnostic> {
        let words = words_of(text);
        let is_word = |at: usize, word: &str| words.get(at).is_some_and(|one| one.is(word));
        let is_span = |at: usize| words.get(at).is_some_and(|one| SPANS.contains(&one.singular().as_str()));
        let per = (0..words.len()).rev().find(|at| is_word(*at, "per") && is_span(at + 1));
        let place = |word: &str| (0..words.len()).find(|at| is_word(*at, word));
        let (wheres, bys) = (place("where"), (0..words.len()).rev().find(|at| is_word(*at, "by")));
        let end_of =
            |from: usize| [per, wheres, bys].into_iter().flatten().filter(|at| *at > from).min().unwrap_or(words.len());
        let head_end = [per, wheres, bys].into_iter().flatten().min().unwrap_or(words.len());
        let mut sentence = Sentence { measure: measure_of(&words[..head_end], vocabulary)?, ..Sentence::default() };
        if let Some(at) = per {
            sentence.per = Some(words[at + 1].singular());
            if end_of(at) > at + 2 {
                return Err(unclear(&joined(&words[at + 2..end_of(at)]), None));
            }
        }
        if let Some(at) = wheres {
            (sentence.only, sentence.all) = only_of(&words[at + 1..end_of(at)], vocabulary)?;
        }
        if let Some(at) = bys {
            for part in words[at + 1..end_of(at)].split(|word| word.is(",") || word.is("and")) {
                sentence.by.push(concept_of(part, vocabulary, &|_| true)?);
            }
        }
        Ok(sentence)
    }

    /// What the answer shows.
    pub fn contract(&self, vocabulary: &Vocabulary) -> Contract {
        let mut dials: Vec<Dial> = Vec::new();
        let column = |id: &str| vocabulary.concept(id).map_or("value".to_owned(), |one| one.column_name().to_owned());
        let (name, expression) = match &self.measure {
            Measure::Rows => ("rows".to_owned(), "count(*)".to_owned()),
            Measure::Different(id) => (normal_name(&plural(vocabulary.title(id))), format!("count_distinct({{{id}}})")),
            Measure::Total(id) => (format!("total_{}", column(id)), format!("sum({{{id}}})")),
            Measure::Average(id) => (format!("average_{}", column(id)), format!("avg({{{id}}})")),
            Measure::Largest(id) => (format!("largest_{}", column(id)), format!("max({{{id}}})")),
            Measure::Percentile95(id) => (format!("p95_{}", column(id)), format!("quantile({{{id}}}, 0.95)")),
        };
        let mut limit = |stem: String, title: String, default: f64, unit: &str| {
            let dial =
                |name: String| Dial { name, title: title.clone(), default, unit: unit.into(), min: None, max: None };
            let mut wanted = dial(stem.clone());
            let mut number = 2;
            // Limits of the same name that differ are thresholds of their own.
            while dials.iter().any(|known| known.name == wanted.name && *known != wanted) {
                wanted = dial(format!("{stem}_{number}"));
                number += 1;
            }
            let text = format!("{{dial:{}}}", wanted.name);
            if !dials.contains(&wanted) {
                dials.push(wanted);
            }
            text
        };
        let only: Vec<String> = self
            .only
            .iter()
            .map(|one| match one {
                Only::Errors => "{event.is_error}".to_owned(),
                Only::SlowerThan { seconds } => {
                    let dial = limit("slow_after".into(), "Slow above".into(), *seconds, "s");
                    format!("{{event.duration}} > {dial}")
                }
                Only::Above { concept, limit: most } => {
                    let title = format!("{} above", vocabulary.title(concept));
                    format!("{{{concept}}} > {}", limit(format!("{}_above", column(concept)), title, *most, ""))
                }
                Only::Below { concept, limit: least } => {
                    let title = format!("{} below", vocabulary.title(concept));
                    format!("{{{concept}}} < {}", limit(format!("{}_below", column(concept)), title, *least, ""))
                }
                Only::Is { concept, value } => equality(vocabulary, concept, value, true),
                Only::IsNot { concept, value } => equality(vocabulary, concept, value, false),
            })
            .collect();
        let mut conditions = Vec::new();
        if !only.is_empty() {
            conditions.push(only.join(if self.all { " and " } else { " or " }));
        }
        // Groups in which nobody is known would show a nought.
        if let Measure::Different(id) = &self.measure {
            conditions.push(format!("{{{id}}} is not null"));
        }
        let by = self.by.iter().map(|id| part(&column(id), &format!("{{{id}}}"))).collect::<Vec<_>>();
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
            definition: self.text(vocabulary),
            conditions: conditions
                .into_iter()
                .map(|expression| Condition { expression, optional: false, leaves_out: String::new() })
                .collect(),
            order: match &time {
                Some(time) => vec![time.name.clone()],
                None => vec![format!("{name} desc")],
            },
            chart: chart.map(|(kind, x, by)| Chart { kind, x, y: vec![name.clone()], by }),
            measures: vec![part(&name, &expression)],
            dimensions: by,
            time,
            dials,
            ..Contract::default()
        }
    }

    /// The question that a sentence asks. Its id is made from the words.
    ///
    /// # Errors
    /// As `parse`.
    pub fn ask(text: &str, vocabulary: &Vocabulary) -> Result<Asked, Diagnostic> {
        const LONGEST: usize = 48;
        let contract = Sentence::parse(text, vocabulary)?.contract(vocabulary);
        let id = normal_name(text).replace('_', "-");
        let text = text.trim().trim_end_matches('?');
        let mut letters = text.chars();
        let title = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
        Ok(Asked {
            id: id.chars().take(LONGEST).collect::<String>().trim_end_matches('-').to_owned(),
            title: format!("{}?", title.unwrap_or_default()),
            asker: String::new(),
            doc: String::new(),
            dials: contract.default_dials(),
            contract,
            is_own: false,
        })
    }

    /// The sentence that a contract was made from; `None`: it says more than a sentence can.
    pub fn of(contract: &Contract, vocabulary: &Vocabulary) -> Option<Sentence> {
        let sentence = Sentence::parse(&contract.definition, vocabulary).ok()?;
        (sentence.contract(vocabulary) == *contract).then_some(sentence)
    }
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

/// A word of a sentence; what stands in quotes is one.
#[derive(Debug, Clone, PartialEq)]
struct Word {
    text: String,
    is_quoted: bool,
}

impl Word {
    fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(word)
    }

    fn singular(&self) -> String {
        let lower = self.text.to_lowercase();
        lower.strip_suffix('s').map_or(lower.clone(), str::to_owned)
    }
}

fn words_of(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut chars = text.trim().trim_end_matches(['?', '.']).chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '\'' => {
                let mut text = String::new();
                while let Some(c) = chars.next() {
                    match c {
                        '\'' if chars.peek() == Some(&'\'') => text.extend(chars.next()),
                        '\'' => break,
                        c => text.push(c),
                    }
                }
                words.push(Word { text, is_quoted: true });
            }
            ',' => words.push(Word { text: ",".into(), is_quoted: false }),
            c => {
                let mut text = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && *c != ',') {
                    text.push(c);
                }
                words.push(Word { text, is_quoted: false });
            }
        }
    }
    words
}

/// A value as it stands in a sentence: bare where it cannot be taken for anything else.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && value.chars().all(|c| c.is_alphanumeric() || "_-./:%".contains(c))
        && !["and", "or", "by", "where", "per", "not"].contains(&value.to_lowercase().as_str())
        && !value.ends_with('.');
    if is_plain { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
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

fn unclear(words: &str, near: Option<String>) -> Diagnostic {
    let near = near.unwrap_or_default();
    let message = match words {
        "" => "words are missing in the question".to_owned(),
        words => format!("“{words}” is not understood in the question{near}"),
    };
    Diagnostic::error("PW0818", message).help(
        "write it as: how many users per hour where errors or slower than 3 s by version; \
         `pipewright concepts` lists the meanings",
    )
}

/// What follows if the words begin so.
fn after<'a>(words: &'a [Word], start: &str) -> Option<&'a [Word]> {
    let mut rest = words;
    for wanted in start.split(' ') {
        let (first, others) = rest.split_first()?;
        rest = others;
        if !first.is(wanted) {
            return None;
        }
    }
    Some(rest)
}

fn measure_of(words: &[Word], vocabulary: &Vocabulary) -> Result<Measure, Diagnostic> {
    let is_any = |concept: &Concept| !concept.id.is_empty();
    let is_number = |concept: &Concept| matches!(concept.data_type, DataType::Int | DataType::Float);
    if let Some(rest) = after(words, "how many different") {
        return Ok(Measure::Different(concept_of(rest, vocabulary, &is_any)?));
    }
    if let Some(rest) = after(words, "how many") {
        let is_one_of = |names: &[&str]| matches!(rest, [one] if names.iter().any(|name| one.is(name)));
        if is_one_of(&["rows", "requests", "events", "lines", "entries"]) {
            return Ok(Measure::Rows);
        }
        // People who use something are known by whatever tells visitors apart.
        if is_one_of(&["users", "people", "visitors"]) {
            return Ok(Measure::Different("visitor.id".into()));
        }
        let key = concept_of(rest, vocabulary, &|concept| concept.key);
        return Ok(Measure::Different(key.or_else(|_| concept_of(rest, vocabulary, &is_any))?));
    }
    let number = |start: &str| after(words, start).map(|rest| concept_of(rest, vocabulary, &is_number));
    if let Some(concept) = number("total") {
        return Ok(Measure::Total(concept?));
    }
    if let Some(concept) = number("average") {
        return Ok(Measure::Average(concept?));
    }
    if let Some(concept) = number("largest") {
        return Ok(Measure::Largest(concept?));
    }
    if let Some(concept) = number("95th percentile of") {
        return Ok(Measure::Percentile95(concept?));
    }
    Err(unclear(&joined(words), None))
}

/// The concept of that id, title or other name; of several, the first that fits.
fn concept_of(words: &[Word], vocabulary: &Vocabulary, fits: &dyn Fn(&Concept) -> bool) -> Result<String, Diagnostic> {
    let text = joined(words).to_lowercase();
    let is_it = |name: &str| name == text || plural(name) == text;
    let by_title = vocabulary.concepts().iter().filter(|one| one.id == text || is_it(&one.title.to_lowercase()));
    let normal = normal_name(&text);
    let singular = normal.strip_suffix('s').unwrap_or(&normal);
    let by_name = [normal.as_str(), singular].into_iter().flat_map(|name| vocabulary.named(name));
    let by_name = by_name.map(|number| &vocabulary.concepts()[*number]);
    if let Some(concept) = by_title.chain(by_name).find(|concept| fits(concept)) {
        return Ok(concept.id.clone());
    }
    let titles: Vec<String> =
        vocabulary.concepts().iter().filter(|one| fits(one)).map(|one| one.title.to_lowercase()).collect();
    Err(unclear(&joined(words), Some(did_you_mean(&text, titles.iter().map(String::as_str)))))
}

/// The conditions, and whether all must hold.
fn only_of(words: &[Word], vocabulary: &Vocabulary) -> Result<(Vec<Only>, bool), Diagnostic> {
    let is_or = words.iter().any(|word| word.is("or"));
    if is_or && words.iter().any(|word| word.is("and")) {
        return Err(unclear(&joined(words), None).help("use either “and” or “or” between the conditions, not both"));
    }
    let mut only = Vec::new();
    for part in words.split(|word| word.is("or") || word.is("and")) {
        only.push(one_of(part, vocabulary)?);
    }
    Ok((only, !is_or))
}

fn one_of(words: &[Word], vocabulary: &Vocabulary) -> Result<Only, Diagnostic> {
    let whole = joined(words);
    if matches!(words, [one] if ["errors", "failed", "failures", "error"].iter().any(|word| one.is(word))) {
        return Ok(Only::Errors);
    }
    let number = |words: &[Word]| -> Option<f64> {
        let text = joined(words);
        let text = text.trim_end_matches("seconds").trim_end_matches('s').trim_end_matches('%').trim();
        text.parse().ok().filter(|number: &f64| number.is_finite())
    };
    if let Some(rest) = after(words, "slower than") {
        return match number(rest) {
            Some(seconds) => Ok(Only::SlowerThan { seconds }),
            None => Err(unclear(&whole, None)),
        };
    }
    let is_number = |concept: &Concept| matches!(concept.data_type, DataType::Int | DataType::Float);
    for (place, word) in words.iter().enumerate().skip(1) {
        let (before, after) = (&words[..place], &words[place + 1..]);
        if word.is("above") || word.is("below") {
            let limit = number(after).ok_or_else(|| unclear(&whole, None))?;
            let concept = concept_of(before, vocabulary, &is_number)?;
            return Ok(match word.is("above") {
                true => Only::Above { concept, limit },
                false => Only::Below { concept, limit },
            });
        }
        if word.is("is") {
            let is_not = after.first().is_some_and(|word| word.is("not"));
            let rest = &after[usize::from(is_not)..];
            let value = joined(rest);
            let concept = concept_of(before, vocabulary, &|_| true)?;
            return match rest.is_empty() {
                true => Err(unclear(&whole, None)),
                false if is_not => Ok(Only::IsNot { concept, value }),
                false => Ok(Only::Is { concept, value }),
            };
        }
    }
    Err(unclear(&whole, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_and_its_contract_say_the_same() {
        let vocabulary = Vocabulary::shipped();
        let sentences = [
            "how many users per hour where errors or slower than 3 s by release",
            "how many rows",
            "How many requests by path?",
            "average duration per day by service",
            "95th percentile of duration where request method is GET and status is not 404 by kind of page",
            "total amount per week where payment method is 'gift card, old'",
            "largest cpu use by instance, host",
            "how many different client addresses where status above 399 and bot is no",
            "average cpu use in per cent per hour",
            "how many rows where response status above 399 or response status above 499",
            "how many rows where request method is '' by messaging.destination",
        ];
        for text in sentences {
            let sentence = Sentence::parse(text, &vocabulary).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            let words = sentence.text(&vocabulary);
            assert_eq!(Sentence::parse(&words, &vocabulary).unwrap(), sentence, "{words}");
            let contract = sentence.contract(&vocabulary);
            assert_eq!(contract.check(&vocabulary), [], "{text}");
            assert_eq!(Sentence::of(&contract, &vocabulary), Some(sentence), "{text}");
        }
        let both = Sentence::parse(sentences[9], &vocabulary).unwrap().contract(&vocabulary);
        assert_eq!(both.dials.iter().map(|dial| dial.default).collect::<Vec<_>>(), [399.0, 499.0]);
        // Every concept can be named.
        for concept in vocabulary.concepts() {
            let sentence = Sentence { by: vec![concept.id.clone()], ..Sentence::default() };
            let text = sentence.text(&vocabulary);
            assert_eq!(Sentence::parse(&text, &vocabulary).as_ref(), Ok(&sentence), "{text}");
        }
        let first = Sentence::parse(sentences[0], &vocabulary).unwrap();
        assert_eq!(
            first.text(&vocabulary),
            "how many different visitors per hour where errors or slower than 3 s by version"
        );
        let contract = first.contract(&vocabulary);
        assert_eq!(contract.conditions[0].expression, "{event.is_error} or {event.duration} > {dial:slow_after}");
        assert_eq!(contract.measures[0].expression, "count_distinct({visitor.id})");
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let vocabulary = Vocabulary::shipped();
        for (text, wanted) in [
            ("how many serices per hour", "“serices” is not understood in the question; did you mean `service`?"),
            ("why is it slow", "“why is it slow” is not understood in the question"),
            ("how many rows where foo bar", "“foo bar” is not understood in the question"),
            (
                "how many rows where errors and slower than 3 s or bot is yes",
                "“errors and slower than 3 s or bot is yes” is not understood in the question",
            ),
            ("average message", "“message” is not understood in the question"),
            ("", "words are missing in the question"),
            ("how many", "words are missing in the question"),
            ("'how many rows'", "“how many rows” is not understood"),
            ("how many rows where 'slower than 3'", "“slower than 3” is not understood"),
            ("how many different", "words are missing"),
            ("how many rows where is", "“is” is not understood"),
            ("how many rows by", "words are missing"),
            ("how many rows where", "words are missing"),
            ("how many rows per hour nonsense by path", "“nonsense” is not understood in the question"),
        ] {
            let fault = Sentence::parse(text, &vocabulary).unwrap_err();
            assert!(fault.message.starts_with(wanted), "{text}: {}", fault.message);
        }
    }
}
