//! Questions in everyday words: read from left to right, phrase by phrase, in whatever order they stand; put together
//! to the sentence that says the same. Imports diagnostic; of this room vocabulary and the sentence.

use super::exact::{Word, concept_of, concepts_of, is_number, joined, unclear};
use super::limits::{Unit, limited, negated};
use super::phrases::{
    AMOUNT, BOT, Condition, FAILED_PAYMENT, FAILED_SIGN_IN, Kind, PAYMENT, PHRASES, SIGN_IN, Said, TIMES,
};
use super::{Measure, Only, SPANS, Sentence};
use crate::data::DataType;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::planner::vocabulary::{Concept, Vocabulary};

/// What the next name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Free,
    Counted,
    Measured,
    Group,
    By,
    Condition,
}

/// What was understood so far.
struct Reader<'a> {
    words: &'a [Word],
    vocabulary: &'a Vocabulary,
    role: Role,
    /// A value may follow the next name: `in region eu`.
    takes_value: bool,
    is_not: bool,
    kind: Option<Kind>,
    is_share: bool,
    is_how_much: bool,
    is_most: bool,
    /// The first of the groups are asked for.
    is_top: bool,
    /// What is counted, where it is not rows.
    counted: Option<String>,
    counts_rows: bool,
    measured: Option<String>,
    /// Of the words that name what is counted; all of them hold.
    base: Vec<Only>,
    only: Vec<Only>,
    has_or: bool,
    has_and: bool,
    by: Vec<String>,
    per: Option<String>,
    top: Option<u64>,
    /// Where money is said to be lost.
    lost: Option<usize>,
    /// Places of words that say nothing known.
    unknown: Vec<usize>,
}

/// The sentence that everyday words stand for; `fault`: why it is none as it is written.
pub(super) fn read(words: &[Word], vocabulary: &Vocabulary, fault: Diagnostic) -> Result<Sentence, Diagnostic> {
    /// Nobody asks with more words.
    const MOST: usize = 60;
    if words.len() > MOST {
        return Err(fault);
    }
    let mut reader = Reader::new(words, vocabulary);
    let mut at = 0;
    while at < words.len() {
        at += reader.step(at).max(1);
    }
    reader.settle_lost();
    if let Some(fault) = reader.no_sentence() {
        return Err(fault);
    }
    let mut unknown = std::mem::take(&mut reader.unknown);
    unknown.sort_unstable();
    unknown.dedup();
    let is_open = reader.is_not || matches!(reader.role, Role::By | Role::Condition | Role::Measured);
    let sentence = reader.sentence();
    if unknown.is_empty() {
        return match sentence {
            Some(sentence) if !is_open => sentence.checked(),
            Some(_) | None => Err(fault),
        };
    }
    Err(not_understood(words, &unknown, sentence.as_ref(), vocabulary))
}

/// Names the words, with what was understood beside them.
fn not_understood(
    words: &[Word],
    unknown: &[usize],
    sentence: Option<&Sentence>,
    vocabulary: &Vocabulary,
) -> Diagnostic {
    let runs = unknown.chunk_by(|one, next| one + 1 == *next);
    let mut parts = runs.map(|run| joined(&words[run[0]..run[0] + run.len()]));
    let first = parts.next().unwrap_or_default();
    let is_time = |at: &usize| TIMES.iter().any(|time| words[*at].is(time));
    let is_of_time = unknown.iter().any(is_time);
    let near = if is_of_time { String::new() } else { nearest_name(&first.to_lowercase(), vocabulary) };
    let others: String = parts.map(|part| format!(", “{part}”")).collect();
    let fault = match others.as_str() {
        "" => unclear(&first, Some(near)),
        others => {
            let message = format!("“{first}”{others} are not understood in the question{near}");
            Diagnostic { message, ..unclear(&first, None) }
        }
    };
    let nearest = sentence.map(|sentence| format!("the nearest that is: {}", sentence.text(vocabulary)));
    let time = is_of_time.then(|| {
        "an answer is about all of the data: “per day” shows each day, and a Filter step keeps some of them".to_owned()
    });
    match [nearest, time].into_iter().flatten().collect::<Vec<_>>() {
        told if told.is_empty() => fault,
        told => fault.help(told.join("; ")),
    }
}

/// The meaning, or else the phrase, that words are nearest to.
fn nearest_name(text: &str, vocabulary: &Vocabulary) -> String {
    let titles: Vec<String> = vocabulary.concepts().iter().map(|one| one.title.to_lowercase()).collect();
    if titles.iter().any(|title| title == text)
        || PHRASES.iter().any(|(said, _)| said.split('|').any(|one| one == text))
    {
        return ": it is known, but says nothing in this place".to_owned();
    }
    let near = did_you_mean(text, titles.iter().map(String::as_str));
    if !near.is_empty() {
        return near;
    }
    let says = PHRASES.iter().filter(|(_, said)| *said != Said::Filler);
    let phrases = says.flat_map(|(phrases, _)| phrases.split('|'));
    did_you_mean(text, phrases.filter(|phrase| phrase.len() > 4 && *phrase != text))
}

impl<'a> Reader<'a> {
    fn new(words: &'a [Word], vocabulary: &'a Vocabulary) -> Self {
        Self {
            words,
            vocabulary,
            role: Role::Free,
            takes_value: false,
            is_not: false,
            kind: None,
            is_share: false,
            is_how_much: false,
            is_most: false,
            is_top: false,
            counted: None,
            counts_rows: false,
            measured: None,
            base: Vec::new(),
            only: Vec::new(),
            has_or: false,
            has_and: false,
            by: Vec::new(),
            per: None,
            top: None,
            lost: None,
            unknown: Vec::new(),
        }
    }

    /// Whether nothing but filling words was read.
    fn is_start(&self) -> bool {
        self.role == Role::Free
            && self.kind.is_none()
            && self.counted.is_none()
            && !(self.is_share || self.is_how_much || self.counts_rows)
            && self.base.is_empty()
            && self.by.is_empty()
    }

    /// Reads what stands at a place; gives how many words it is.
    fn step(&mut self, at: usize) -> usize {
        let phrase = phrase_at(&self.words[at..]);
        let names = self.name_at(at);
        let phrase_words = phrase.map_or(0, |(_, count)| count);
        if let Some(count) = self.number_at(at) {
            return count;
        }
        // A name of several words is no phrase of fewer; where groups or a value are named, words of the same length
        // are a name.
        if let Some((concept, count)) = names {
            let is_name = count > phrase_words || count == phrase_words && self.prefers_name(phrase, at + count);
            if is_name {
                let taken = self.name(concept, at, count);
                self.takes_value = false;
                return taken;
            }
        }
        match phrase {
            Some((said, count)) => {
                let taken = count + self.phrase(said, at + count);
                self.takes_value &= matches!(said, Said::Of | Said::Where | Said::Not | Said::Is | Said::Filler);
                taken
            }
            None => {
                self.unknown.push(at);
                1
            }
        }
    }

    /// Whether words that are a phrase, too, are a name here.
    fn prefers_name(&self, phrase: Option<(Said, usize)>, after: usize) -> bool {
        match phrase {
            // `where errors` is no `error is …`.
            Some((Said::Only(_), _)) if self.role == Role::Condition => {
                self.words.get(after).is_some_and(|word| ["is", "are", "="].iter().any(|one| word.is(one)))
            }
            Some((Said::Rows | Said::Only(_) | Said::Preset(..) | Said::Measure(_), _)) => {
                !matches!(self.role, Role::Free | Role::Counted) && !self.is_ranking()
            }
            _ => false,
        }
    }

    /// Groups are named and not yet by what: *top 5 pages by …*.
    fn is_ranking(&self) -> bool {
        let has_measure = self.kind.is_some() || self.counted.is_some() || self.counts_rows || self.is_share;
        self.role == Role::By && self.is_top && !self.by.is_empty() && !has_measure && self.base.is_empty()
    }

    /// The longest name of a meaning that begins at a place.
    fn name_at(&self, at: usize) -> Option<(&'a Concept, usize)> {
        let most = (self.words.len() - at).min(5);
        let wants_number = self.role == Role::Measured;
        (1..=most).rev().find_map(|count| {
            let words = &self.words[at..at + count];
            if words.iter().any(|word| word.is_quoted || word.text == ",") {
                return None;
            }
            let found = concepts_of(words, self.vocabulary);
            let fits = found.iter().find(|one| if wants_number { is_number(one) } else { one.key });
            let concept = fits.or(found.first().filter(|_| !wants_number))?;
            Some((*concept, count))
        })
    }

    /// `5 most …`, `404 errors`, `GET requests`: numbers and methods before what they say something of.
    fn number_at(&mut self, at: usize) -> Option<usize> {
        let word = &self.words[at];
        let next = |after: usize| self.words.get(at + after).and_then(|_| phrase_at(&self.words[at + after..]));
        let digits = word.text.strip_suffix(['s', 'S']).unwrap_or(&word.text);
        let number: u64 = digits.parse().ok().filter(|_| !word.is_quoted)?;
        if (100..600).contains(&number) && self.role != Role::Condition {
            let count = match next(1) {
                Some((Said::Only(Condition::Errors) | Said::Rows, count)) => 1 + count,
                _ if digits.len() < word.text.len() => 1,
                _ => return None,
            };
            self.condition(vec![Only::Is { concept: "http.response.status_code".into(), value: number.to_string() }]);
            return Some(count);
        }
        let is_superlative = matches!(
            next(1),
            Some((Said::Most | Said::MostFrequent | Said::MostVisited | Said::Preset(..) | Said::Measure(_), _))
        );
        if is_superlative && number > 0 {
            self.top = Some(number);
            (self.is_top, self.role) = (true, Role::Group);
            return Some(1);
        }
        None
    }

    /// Does what a phrase says; gives how many more words it took.
    fn phrase(&mut self, said: Said, after: usize) -> usize {
        match said {
            Said::Filler => {}
            Said::Of => self.takes_value = true,
            Said::Count => self.role = Role::Counted,
            Said::HowMuch => (self.is_how_much, self.role) = (true, Role::Measured),
            Said::Share => (self.is_share, self.role) = (true, Role::Counted),
            Said::Measure(kind) => self.measure(kind),
            Said::Preset(kind, concept) => self.preset(kind, concept),
            Said::Which if self.is_start() => self.role = Role::Group,
            Said::Who if self.is_start() => self.group("visitor.id".to_owned()),
            Said::Which | Said::Who => self.role = Role::Condition,
            Said::By => self.role = Role::By,
            Said::Each => return self.each(after),
            Said::Per(span) => self.per = Some(span.to_owned()),
            Said::Busiest(span) => (self.per, self.counts_rows) = (Some(span.to_owned()), true),
            Said::GroupBy(concept) => self.group(concept.to_owned()),
            Said::BusiestBy(concept) => {
                self.counts_rows = true;
                self.group(concept.to_owned());
            }
            Said::Where => (self.role, self.takes_value) = (Role::Condition, true),
            Said::Not => (self.is_not, self.takes_value) = (true, true),
            Said::And if self.role == Role::Free && !self.only.is_empty() => {
                (self.has_and, self.role) = (true, Role::Condition);
            }
            Said::And => {}
            Said::Or => {
                (self.has_or, self.role) = (true, Role::Condition);
                if self.only.is_empty() {
                    self.only = std::mem::take(&mut self.base);
                }
            }
            Said::Is => self.takes_value = true,
            Said::Above | Said::AtLeast | Said::Below => return self.limit_of_time(said, after),
            Said::Top => return self.top(after),
            Said::Most => self.is_most = true,
            Said::MostFrequent => {
                self.counts_rows = true;
                self.role = if self.by.is_empty() { Role::Group } else { Role::Free };
            }
            Said::MostVisited => {
                self.counted = Some("visitor.id".into());
                self.role = if self.by.is_empty() { Role::Group } else { Role::Free };
            }
            Said::Rows => self.rows(),
            Said::Visitors => self.people("visitor.id"),
            // Programs visit, and keep no session.
            Said::Sessions if self.base.contains(&Condition::Yes(BOT).only()[0]) => self.rows(),
            Said::Sessions => self.people("session.id"),
            Said::Lost => self.lost = Some(after - 1),
            Said::Only(condition) => {
                self.is_share |= self.words[..after].last().is_some_and(|word| word.is("rate"));
                self.condition(condition.only());
            }
        }
        0
    }

    fn measure(&mut self, kind: Kind) {
        if self.kind.is_none() {
            self.kind = Some(kind);
            self.role = Role::Measured;
        }
    }

    /// A measure of its own, unless the sentence has one.
    fn preset(&mut self, kind: Kind, concept: &str) {
        if self.measured.is_none() && self.counted.is_none() {
            self.kind = self.kind.or(Some(kind));
            self.measured = Some(concept.to_owned());
        }
        self.role = if self.by.is_empty() && self.top.is_some() { Role::Group } else { Role::Free };
    }

    /// `each day` is a span of time, `each service` a group.
    fn each(&mut self, after: usize) -> usize {
        let span = self.words.get(after).map(Word::singular).filter(|word| SPANS.contains(&word.as_str()));
        match span {
            Some(span) => {
                self.per = Some(span);
                1
            }
            None => {
                self.role = Role::By;
                0
            }
        }
    }

    fn top(&mut self, after: usize) -> usize {
        self.top = self.words.get(after).and_then(|word| word.text.parse().ok()).filter(|number| *number > 0);
        // The first one of all is another question.
        if self.top.is_none() && !self.words[..after].last().is_some_and(|word| word.is("top")) {
            self.unknown.push(after - 1);
            return 0;
        }
        (self.is_top, self.role) = (true, Role::Group);
        usize::from(self.top.is_some())
    }

    fn rows(&mut self) {
        self.counts_rows |= self.counted.is_none();
        self.role = Role::Free;
    }

    /// Those who are counted, or who make the groups.
    fn people(&mut self, concept: &str) {
        match self.role {
            _ if self.is_ranking() => self.counted = Some(concept.into()),
            Role::Group | Role::By => return self.group(concept.into()),
            _ if self.counted.is_none() && self.kind.is_none() => {
                self.counted = Some(concept.into());
                self.counts_rows = false;
            }
            _ => {}
        }
        self.role = Role::Free;
    }

    fn group(&mut self, concept: String) {
        if !self.by.contains(&concept) {
            self.by.push(concept);
        }
        // Another group may follow after “and”.
        self.role = Role::Free;
    }

    /// A condition, turned round where a word before it says so.
    fn condition(&mut self, mut conditions: Vec<Only>) {
        if std::mem::take(&mut self.is_not) {
            conditions = conditions.into_iter().map(negated).collect();
        }
        let is_base = matches!(self.role, Role::Free | Role::Counted | Role::Group | Role::By) && self.only.is_empty();
        let list = if is_base && !self.is_share { &mut self.base } else { &mut self.only };
        list.extend(conditions);
        self.role = Role::Free;
    }

    /// A name of a meaning: by what stands around it a condition, a group, or what is measured.
    fn name(&mut self, concept: &'a Concept, at: usize, count: usize) -> usize {
        let after = at + count;
        if let Some((only, more)) = self.condition_of(concept, after) {
            self.condition(vec![only]);
            return count + more;
        }
        let id = concept.id.clone();
        let is_flag = concept.data_type == DataType::Boolean;
        match self.role {
            _ if self.is_ranking() => self.rank(concept),
            Role::Group | Role::By => {
                let words = &self.words[at..after];
                let span =
                    words.first().map(Word::singular).filter(|word| count == 1 && SPANS.contains(&word.as_str()));
                match span {
                    Some(span) => self.per = Some(span),
                    None => return self.next_group(id, after, count),
                }
            }
            Role::Condition if is_flag => self.condition(vec![Only::Is { concept: id, value: "yes".into() }]),
            Role::Counted if is_flag => {
                self.condition(vec![Only::Is { concept: id, value: "yes".into() }]);
            }
            // So many bytes are a sum, so many status codes are not.
            Role::Counted if self.counted.is_none() => match is_number(concept) && !concept.unit.is_empty() {
                true => (self.kind, self.measured) = (Some(Kind::Total), Some(id)),
                false => self.counted = Some(id),
            },
            // What is measured is named already: the rest are groups.
            _ if self.kind.is_some() && self.measured.is_some() && self.by.is_empty() && !is_number(concept) => {
                return self.next_group(id, after, count);
            }
            _ if is_number(concept) && self.counted.is_none() && !self.counts_rows && self.measured.is_none() => {
                self.measured = Some(id);
            }
            _ if is_flag => self.condition(vec![Only::Is { concept: id, value: "yes".into() }]),
            _ if self.counted.is_none() && self.kind.is_none() && !self.counts_rows => self.counted = Some(id),
            _ => self.unknown.extend(at..after),
        }
        self.role = Role::Free;
        count
    }

    /// A group; what follows after “and” or a comma is one, too.
    fn next_group(&mut self, id: String, after: usize, count: usize) -> usize {
        let role = self.role;
        self.group(id);
        let goes_on = self.words.get(after).is_some_and(|word| word.is("and") || word.is(","));
        let is_name = goes_on && self.words.len() > after + 1 && self.name_at(after + 1).is_some();
        if is_name && role == Role::By {
            self.role = Role::By;
            return count + 1;
        }
        count
    }

    /// By what the groups are ranked.
    fn rank(&mut self, concept: &Concept) {
        if is_number(concept) {
            self.measured = Some(concept.id.clone());
        } else {
            self.counted = Some(concept.id.clone());
        }
    }

    /// The condition that a name begins: `status above 499`, `method is GET`, `region eu`.
    fn condition_of(&self, concept: &Concept, mut after: usize) -> Option<(Only, usize)> {
        let start = after;
        let id = || concept.id.clone();
        let is_word =
            |at: usize, words: &[&str]| self.words.get(at).is_some_and(|word| words.iter().any(|one| word.is(one)));
        let mut has_is = false;
        while is_word(after, &["is", "are", "was", "were", "=", "==", "equals", "of"]) {
            has_is |= !is_word(after, &["of"]);
            after += 1;
        }
        if let Some((said @ (Said::Above | Said::AtLeast | Said::Below), count)) = phrase_at(self.words.get(after..)?)
            && is_number(concept)
            && let Some((number, unit, taken)) = self.amount(after + count)
        {
            let limit = match unit {
                Unit::Seconds(seconds) if concept.unit == "s" => number * seconds,
                Unit::Percent if concept.unit == "1" => number / 100.0,
                Unit::Plain | Unit::Percent | Unit::Seconds(_) => number,
            };
            return Some((limited(said, concept, limit)?, after + count + taken - start));
        }
        let mut is_not = is_word(after, &["!=", "<>", "isn't"]);
        after += usize::from(is_not);
        if has_is && is_word(after, &["not"]) {
            is_not = true;
            after += 1;
        }
        let value = self.words.get(after)?;
        let is_certain = has_is && self.role == Role::Condition || is_not;
        let is_other = || phrase_at(&self.words[after..]).is_none() && self.name_at(after).is_none();
        let may_be = has_is || self.role == Role::Condition || self.takes_value;
        let is_value = value.is_quoted || is_certain || may_be && is_other();
        if !is_value || value.text == "," {
            return None;
        }
        let value = value.text.clone();
        let only = match is_not {
            true => Only::IsNot { concept: id(), value },
            false => Only::Is { concept: id(), value },
        };
        Some((only, after + 1 - start))
    }

    /// `more than 3 s` says by its unit that time is meant.
    fn limit_of_time(&mut self, said: Said, after: usize) -> usize {
        let Some((number, unit, taken)) = self.amount(after) else {
            self.unknown.push(after - 1);
            return 0;
        };
        let is_speed = self.words[..after]
            .iter()
            .rev()
            .take(2)
            .any(|word| ["slower", "longer", "faster"].iter().any(|one| word.is(one)));
        let seconds = match unit {
            Unit::Seconds(seconds) => number * seconds,
            Unit::Plain if is_speed => number,
            Unit::Plain | Unit::Percent => {
                self.unknown.extend(after - 1..after + taken);
                return taken;
            }
        };
        let faster = || Only::Below { concept: "event.duration".into(), limit: seconds };
        let only = if said == Said::Below { faster() } else { Only::SlowerThan { seconds } };
        self.role = Role::Condition;
        self.condition(vec![only]);
        taken
    }

    /// A number with its unit, and how many words that is.
    fn amount(&self, at: usize) -> Option<(f64, Unit, usize)> {
        let text = self.words.get(at).filter(|word| !word.is_quoted)?.text.to_lowercase();
        let digits = text.trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
        let number: f64 = digits.parse().ok().filter(|number: &f64| number.is_finite())?;
        let glued = &text[digits.len()..];
        if !glued.is_empty() {
            return Some((number, Unit::of(glued)?, 1));
        }
        let unit = self.words.get(at + 1).and_then(|word| Unit::of(&word.text.to_lowercase()));
        Some(unit.map_or((number, Unit::Plain, 1), |unit| (number, unit, 2)))
    }

    /// What was read, put together; `None`: words are missing.
    fn sentence(mut self) -> Option<Sentence> {
        let is = |concept: &str| Only::Is { concept: concept.into(), value: "yes".into() };
        let no = |concept: &str| Only::Is { concept: concept.into(), value: "no".into() };
        // Payments and sign-ins fail, and go well, in their own way.
        for (tried, failed) in [(PAYMENT, FAILED_PAYMENT), ("auth.is_attempt", FAILED_SIGN_IN)] {
            let fails = self.base.contains(&Only::Errors) || self.only.contains(&Only::Errors);
            let list = self.base.iter().chain(&self.only);
            if fails && list.clone().any(|one| *one == is(tried)) {
                self.base.retain(|one| *one != Only::Errors && *one != is(tried));
                self.only.retain(|one| *one != Only::Errors && *one != is(tried));
                self.only.push(is(failed));
            }
            let (well, not) = (no("event.is_error"), no(failed));
            let all = || self.base.iter().chain(&self.only);
            if all().any(|one| *one == well) && all().any(|one| *one == is(tried)) {
                self.base
                    .iter_mut()
                    .chain(&mut self.only)
                    .filter(|one| **one == well)
                    .for_each(|one| *one = not.clone());
            }
        }
        let measure = self.measured()?;
        if self.has_or && (self.has_and || !self.base.is_empty()) {
            return None;
        }
        let mut only = self.base;
        only.extend(self.only);
        only.dedup();
        Some(Sentence {
            measure,
            per: self.per,
            all: !(self.has_or && only.len() > 1),
            only,
            by: self.by,
            top: self.top,
        })
    }

    /// Money is lost by payments that fail; nothing else is known to be lost.
    fn settle_lost(&mut self) {
        let Some(at) = self.lost else { return };
        if self.measured.as_deref() != Some(AMOUNT) {
            return self.unknown.push(at);
        }
        let failed = Only::Is { concept: FAILED_PAYMENT.into(), value: "yes".into() };
        if !self.base.contains(&failed) && !self.only.contains(&failed) {
            self.base.push(failed);
        }
    }

    /// Why words that are understood, each for itself, are no sentence together.
    fn no_sentence(&self) -> Option<Diagnostic> {
        let untried = |one: &Only| matches!(one, Only::Is { concept, value } if value == "no" && [PAYMENT, SIGN_IN].contains(&&**concept));
        if self.counted.is_some() && self.base.iter().chain(&self.only).any(untried) {
            return Some(unclear(&joined(self.words), None).help(
                "a sentence counts rows by what they hold; what has none of the others is found by a Join that keeps \
                 what has no partner",
            ));
        }
        let is_person = |id: &String| ["visitor.id", "user.id", "session.id"].contains(&&**id);
        if self.kind == Some(Kind::Average) && self.measured.as_deref() == Some(AMOUNT) && self.by.iter().any(is_person)
        {
            return Some(unclear(&joined(self.words), None).help(
                "an average is one of rows, of which people have several; the nearest that is: total amount by visitor",
            ));
        }
        None
    }

    fn measured(&self) -> Option<Measure> {
        if self.is_share {
            return (!self.base.is_empty() || !self.only.is_empty()).then_some(Measure::Share);
        }
        let is_known = !self.base.is_empty() || self.counts_rows;
        let is_payment = |one: &Only| matches!(one, Only::Is { concept, .. } if concept.starts_with("transaction."));
        // The amount of payments is money.
        if self.is_how_much && self.measured.is_none() && self.base.iter().chain(&self.only).any(is_payment) {
            return Some(self.kind.unwrap_or(Kind::Total).of(AMOUNT.to_owned()));
        }
        match (self.kind, &self.measured) {
            (Some(kind), Some(concept)) => return Some(kind.of(concept.clone())),
            // The total of requests is their number.
            (Some(Kind::Total), None) => {}
            (Some(_), None) => return None,
            (None, Some(concept)) => {
                let number = concept_of(&super::exact::words_of(concept), self.vocabulary, &is_number).ok()?;
                return Some(self.usual(&number).of(number));
            }
            (None, None) => {}
        }
        match &self.counted {
            Some(concept) => Some(Measure::Different(concept.clone())),
            None => (is_known || !self.only.is_empty() || !self.by.is_empty()).then_some(Measure::Rows),
        }
    }

    /// How a number is told where nobody says so: what adds up is added, what is measured again and again is not.
    fn usual(&self, id: &str) -> Kind {
        let unit = self.vocabulary.concept(id).map_or("", |one| one.unit.as_str());
        let is_level = id.starts_with("system.") || id.contains(".limit");
        let adds_up = unit == "{currency}" || unit == "By" && !is_level;
        match adds_up || ["order.quantity", "event.count"].contains(&id) {
            true => Kind::Total,
            false if self.is_most && is_level => Kind::Largest,
            false => Kind::Average,
        }
    }
}

/// The longest phrase that words begin with.
fn phrase_at(words: &[Word]) -> Option<(Said, usize)> {
    let mut found: Option<(Said, usize)> = None;
    for (phrases, said) in PHRASES {
        for phrase in phrases.split('|') {
            let count = phrase.split(' ').count();
            let is_longer = found.is_none_or(|(_, longest)| count > longest);
            if is_longer && count <= words.len() && begins(words, phrase) {
                found = Some((*said, count));
            }
        }
    }
    found
}

fn begins(words: &[Word], phrase: &str) -> bool {
    phrase.split(' ').zip(words).all(|(wanted, word)| word.is(wanted) || !word.is_quoted && word.singular() == wanted)
}
