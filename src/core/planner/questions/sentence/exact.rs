//! The sentence as it is written out: *how many* … *per* … *where* … *by* … *top* …, word for word. Imports diagnostic;
//! of this room vocabulary and the sentence.

use super::{Measure, Only, SPANS, Sentence, plural};
use crate::data::DataType;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::planner::vocabulary::{Concept, Vocabulary, normal_name};

/// The sentence that is written out.
pub(super) fn read(words: &[Word], vocabulary: &Vocabulary) -> Result<Sentence, Diagnostic> {
    let top = match words {
        [.., before, number] if before.is("top") => number.text.parse().ok().filter(|number| *number > 0),
        _ => None,
    };
    let words = &words[..words.len() - if top.is_some() { 2 } else { 0 }];
    let is_word = |at: usize, word: &str| words.get(at).is_some_and(|one| one.is(word));
    let is_span = |at: usize| words.get(at).is_some_and(|one| SPANS.contains(&one.singular().as_str()));
    let per = (0..words.len()).rev().find(|at| is_word(*at, "per") && is_span(at + 1));
    let place = |word: &str| (0..words.len()).find(|at| is_word(*at, word));
    let (wheres, bys) = (place("where"), (0..words.len()).rev().find(|at| is_word(*at, "by")));
    let end_of =
        |from: usize| [per, wheres, bys].into_iter().flatten().filter(|at| *at > from).min().unwrap_or(words.len());
    let head_end = [per, wheres, bys].into_iter().flatten().min().unwrap_or(words.len());
    let mut sentence = Sentence { measure: measure_of(&words[..head_end], vocabulary)?, top, ..Sentence::default() };
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
    sentence.checked()
}

impl Sentence {
    /// A share without its part, and the first of each hour, are no questions.
    pub(super) fn checked(self) -> Result<Sentence, Diagnostic> {
        if self.measure == Measure::Share && self.only.is_empty() {
            return Err(unclear("", None).help("say of what it is the share: share of rows where errors"));
        }
        let Some(top) = self.top else { return Ok(self) };
        if self.per.is_some() || self.by.is_empty() {
            let part = format!("top {top}");
            let help = "leave it out, or say of what: how many rows by service top 5, without a span of time";
            return Err(unclear(&part, None).help(help));
        }
        Ok(self)
    }
}

/// A word of a sentence; what stands in quotes is one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub text: String,
    pub is_quoted: bool,
}

impl Word {
    pub fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(word)
    }

    /// One of it: `hour`, `country`, `address`.
    pub fn singular(&self) -> String {
        let lower = self.text.to_lowercase();
        let stem = |end: &str| lower.strip_suffix(end).filter(|stem| stem.len() > 1);
        if let Some(stem) = stem("ies") {
            return format!("{stem}y");
        }
        if let Some(stem) =
            ["sses", "xes", "ches", "shes"].iter().find_map(|end| stem(end).map(|_| &lower[..lower.len() - 2]))
        {
            return stem.to_owned();
        }
        if lower.ends_with("ss") {
            return lower;
        }
        stem("s").map_or(lower.clone(), str::to_owned)
    }
}

pub(super) fn words_of(text: &str) -> Vec<Word> {
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

pub(super) fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

pub(super) fn unclear(words: &str, near: Option<String>) -> Diagnostic {
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

/// What may be measured, by the words before it.
type Measured = fn(String) -> Measure;
const MEASURED: [(&str, Measured); 6] = [
    ("total", Measure::Total),
    ("average", Measure::Average),
    ("largest", Measure::Largest),
    ("smallest", Measure::Smallest),
    ("median", Measure::Median),
    ("95th percentile of", Measure::Percentile95),
];

fn measure_of(words: &[Word], vocabulary: &Vocabulary) -> Result<Measure, Diagnostic> {
    if let Some(rest) = after(words, "how many different") {
        return Ok(Measure::Different(concept_of(rest, vocabulary, &|_| true)?));
    }
    if let Some(rest) = after(words, "how many") {
        let is_one_of = |names: &[&str]| matches!(rest, [one] if names.iter().any(|name| one.is(name)));
        if is_one_of(&["rows", "requests", "events", "lines", "entries"]) {
            return Ok(Measure::Rows);
        }
        let key = concept_of(rest, vocabulary, &|concept| concept.key);
        // So many bytes are a sum, not so many different sizes: everyday words.
        let is_counted = |concept: &Concept| !is_number(concept) && concept.data_type != DataType::Boolean;
        return Ok(Measure::Different(key.or_else(|_| concept_of(rest, vocabulary, &is_counted))?));
    }
    if after(words, "share of rows").is_some_and(<[Word]>::is_empty) {
        return Ok(Measure::Share);
    }
    for (start, measure) in MEASURED {
        if let Some(rest) = after(words, start) {
            return Ok(measure(concept_of(rest, vocabulary, &is_number)?));
        }
    }
    Err(unclear(&joined(words), None))
}

pub(super) fn is_number(concept: &Concept) -> bool {
    matches!(concept.data_type, DataType::Int | DataType::Float)
}

/// All concepts of that id, title or other name.
pub(super) fn concepts_of<'a>(words: &[Word], vocabulary: &'a Vocabulary) -> Vec<&'a Concept> {
    let text = joined(words).to_lowercase();
    let is_it = |name: &str| name == text || plural(name) == text;
    // People who use something are known by whatever tells visitors apart.
    let people = ["user", "users", "people", "person"].contains(&text.as_str());
    let people = vocabulary.concept("visitor.id").filter(|_| people);
    let by_title = vocabulary.concepts().iter().filter(|one| one.id == text || is_it(&one.title.to_lowercase()));
    let singular = words.split_last().map(|(last, before)| {
        let before: Vec<&str> = before.iter().map(|word| word.text.as_str()).chain([""]).collect();
        before.join(" ") + &last.singular()
    });
    let names = [Some(text.clone()), singular].into_iter().flatten();
    let by_name = names.flat_map(|name| vocabulary.named(&normal_name(&name)));
    let by_name = by_name.map(|number| &vocabulary.concepts()[*number]);
    people.into_iter().chain(by_title).chain(by_name).collect()
}

/// The concept of that id, title or other name; of several, the first that fits.
pub(super) fn concept_of(
    words: &[Word],
    vocabulary: &Vocabulary,
    fits: &dyn Fn(&Concept) -> bool,
) -> Result<String, Diagnostic> {
    if let Some(concept) = concepts_of(words, vocabulary).into_iter().find(|concept| fits(concept)) {
        return Ok(concept.id.clone());
    }
    let text = joined(words).to_lowercase();
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
