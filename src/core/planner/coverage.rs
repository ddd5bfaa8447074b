//! Bottom-up: questions × sources, each cell with its evidence; fields that no question uses; questions that are one
//! field away. Of this room everything up to propose.

pub(super) mod gaps;
pub(super) mod tried;

use std::collections::BTreeMap;

use serde::Serialize;

use super::catalogue::bits::BitSet;
use super::catalogue::{Catalogue, JoinWay};
use super::derive::policy::{forbidden, forbidden_join, is_governed, site, too_close};
use super::derive::{Derivation, Origin, derive, derive_on, join_reason, wanted_of};
use super::evidence::{ColumnEvidence, SourceEvidence};
use super::propose::{UsedMeaning, used_meanings};
use super::questions::Asked;
use super::vocabulary::ConceptNo;
use crate::data::{Classification, DataType, Value};
use crate::model::Id;

/// Whether a source answers a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// Its fields are what is asked for.
    Covered,
    /// By rules, or with other sources beside it.
    Derivable,
    /// Too many values are missing, or what is measured would come through a join.
    Partial,
    Missing,
    /// The asker may not see it.
    Forbidden,
}

/// The matrix, a row for each question.
#[derive(Debug, Clone)]
pub struct Coverage {
    pub questions: Vec<Id>,
    pub sources: Vec<Id>,
    states: Vec<CoverageState>,
}

impl Coverage {
    pub fn state(&self, question: usize, source: usize) -> CoverageState {
        self.states[question * self.sources.len() + source]
    }

    /// The states of a question, by source.
    pub fn row(&self, question: usize) -> &[CoverageState] {
        let width = self.sources.len();
        self.states.get(question * width..(question + 1) * width).unwrap_or_default()
    }

    /// How many sources answer a question.
    pub fn sources_for(&self, question: usize) -> usize {
        self.row(question).iter().filter(|state| state.answers()).count()
    }

    /// How many questions a source answers.
    pub fn questions_of(&self, source: usize) -> usize {
        (0..self.questions.len()).filter(|question| self.state(*question, source).answers()).count()
    }
}

impl CoverageState {
    pub fn answers(self) -> bool {
        matches!(self, CoverageState::Covered | CoverageState::Derivable)
    }

    /// As people say it.
    pub fn title(self) -> &'static str {
        match self {
            CoverageState::Covered => "covered",
            CoverageState::Derivable => "can be worked out",
            CoverageState::Partial => "in part",
            CoverageState::Missing => "missing",
            CoverageState::Forbidden => "forbidden",
        }
    }
}

/// What a question needs, as sets.
struct Needed {
    local: BitSet,
    all: BitSet,
    is_known: bool,
    /// A policy, access or residency may stand in the way.
    is_governed: bool,
}

fn needed(catalogue: &Catalogue, asked: &Asked) -> Needed {
    let wanted = wanted_of(catalogue, asked);
    let is_known = wanted.is_some();
    let wanted = wanted.unwrap_or_default();
    let local = wanted.iter().filter(|one| one.local).map(|one| one.concept).collect();
    let all = wanted.iter().map(|one| one.concept).collect();
    Needed { local, all, is_known, is_governed: is_governed(catalogue) }
}

/// The whole matrix. Texts are made for single cells only, by `cell_evidence`.
pub fn coverage(catalogue: &Catalogue, questions: &[Asked]) -> Coverage {
    let mut states = Vec::with_capacity(questions.len() * catalogue.sources.len());
    for asked in questions {
        let needed = needed(catalogue, asked);
        states.extend((0..catalogue.sources.len()).map(|source| state_of(catalogue, asked, &needed, source)));
    }
    Coverage {
        questions: questions.iter().map(|asked| asked.id.clone()).collect(),
        sources: catalogue.sources.iter().map(|source| source.source.clone()).collect(),
        states,
    }
}

fn state_of(catalogue: &Catalogue, asked: &Asked, needed: &Needed, source: usize) -> CoverageState {
    if !needed.is_known || !needed.all.is_in(&catalogue.reach[source]) {
        return CoverageState::Missing;
    }
    if needed.is_governed && rule_in_the_way(catalogue, asked, needed, source).is_some() {
        return CoverageState::Forbidden;
    }
    let is_whole = needed.local.is_in(&catalogue.solid[source]) && needed.all.is_in(&catalogue.solid_reach[source]);
    let state = match () {
        () if !is_whole => CoverageState::Partial,
        () if needed.all.is_in(&catalogue.direct[source]) => CoverageState::Covered,
        () => CoverageState::Derivable,
    };
    tried::after_trial(catalogue, asked, source, state)
}

/// The rule that forbids an answer from a source, with what would be allowed; `None`: nothing stands in the way.
fn rule_in_the_way(catalogue: &Catalogue, asked: &Asked, needed: &Needed, source: usize) -> Option<String> {
    if let Some(rule) = forbidden(catalogue, source, asked) {
        return Some(rule);
    }
    let lacking = needed.all.iter().filter(|concept| !catalogue.closed[source].has(*concept));
    let mut joins = lacking.flat_map(|concept| catalogue.joins_for[concept].iter().map(|join| &catalogue.joins[*join]));
    let joined = joins.find_map(|join| forbidden_join(catalogue, asked, source, join.source));
    let highest = catalogue.policy.highest(&site(catalogue, asked, source));
    if joined.is_none() && highest >= Classification::Personal {
        return None;
    }
    match derive_on(catalogue, asked, source) {
        None => joined,
        Some(derivation) => {
            let close = too_close(catalogue, asked, &derivation).into_iter().next();
            close.map(|close| close.text(catalogue, source))
        }
    }
}

/// Why a cell is as it is, and the fields on which that rests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellEvidence {
    pub state: CoverageState,
    pub text: String,
    pub meanings: Vec<UsedMeaning>,
}

/// The proof of one cell.
pub fn cell_evidence(catalogue: &Catalogue, asked: &Asked, source: usize) -> CellEvidence {
    let needed = needed(catalogue, asked);
    let state = state_of(catalogue, asked, &needed, source);
    let title = |concept: ConceptNo| format!("“{}”", catalogue.vocabulary.concepts()[concept].title);
    let derivation = match state {
        CoverageState::Missing | CoverageState::Forbidden => None,
        CoverageState::Covered | CoverageState::Derivable | CoverageState::Partial => {
            derive_on(catalogue, asked, source)
        }
    };
    let text = match state {
        CoverageState::Forbidden => rule_in_the_way(catalogue, asked, &needed, source).unwrap_or_default(),
        CoverageState::Missing => {
            let missing = needed.all.iter().filter(|concept| !catalogue.reach[source].has(*concept));
            format!("nothing gives {}", missing.map(title).collect::<Vec<_>>().join(", "))
        }
        CoverageState::Covered | CoverageState::Derivable | CoverageState::Partial => {
            let mut parts = Vec::new();
            if state == CoverageState::Partial {
                parts.extend(tried::failure(catalogue, asked, source).map(|why| format!("run on the sample, {why}")));
                let far = needed.local.iter().filter(|concept| !catalogue.closed[source].has(*concept));
                let far: Vec<String> = far.map(title).collect();
                if !far.is_empty() {
                    parts.push(format!("wrong grain: {} would come through a join", far.join(", ")));
                }
                parts.extend(derivation.iter().flat_map(|one| missing_values(catalogue, one)));
            }
            parts.extend(derivation.iter().map(|one| chain(catalogue, one)));
            parts.join("; ")
        }
    };
    CellEvidence { state, text, meanings: derivation.map(|one| used_meanings(catalogue, &one)).unwrap_or_default() }
}

/// A source that a rule keeps from answering a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forbidden {
    pub source: Id,
    /// The rule, and what would be allowed.
    pub rule: String,
}

/// The sources that could answer a question but for a rule.
pub fn forbidden_sources(catalogue: &Catalogue, asked: &Asked) -> Vec<Forbidden> {
    let needed = needed(catalogue, asked);
    let of = |number: usize| {
        let is_forbidden = state_of(catalogue, asked, &needed, number) == CoverageState::Forbidden;
        let rule = rule_in_the_way(catalogue, asked, &needed, number).filter(|_| is_forbidden)?;
        Some(Forbidden { source: catalogue.sources[number].source.clone(), rule })
    };
    (0..catalogue.sources.len()).filter_map(of).collect()
}

/// `user_id` is empty in 52 % of the rows.
fn missing_values(catalogue: &Catalogue, derivation: &Derivation) -> Vec<String> {
    let mut found = Vec::new();
    for origin in derivation.concepts.values() {
        if let Origin::Field(field) = origin
            && catalogue.is_partial(derivation.base, *field)
        {
            let source = &catalogue.sources[derivation.base];
            let column = &source.columns[catalogue.fields[derivation.base][*field].column];
            found.push(format!("`{}` is empty in {:.0} % of the rows", column.name, 100.0 * source.null_share(column)));
        }
    }
    found
}

/// Through which fields, rules and joins an answer comes.
fn chain(catalogue: &Catalogue, derivation: &Derivation) -> String {
    let concepts = catalogue.vocabulary.concepts();
    let mut parts = Vec::new();
    for (concept, origin) in &derivation.concepts {
        let title = &concepts[*concept].title;
        match origin {
            Origin::Field(field) => {
                let column = catalogue.fields[derivation.base][*field].column;
                parts.push(format!("{title} is `{}`", catalogue.sources[derivation.base].columns[column].name));
            }
            Origin::Rule(rule) => {
                let rule = &catalogue.vocabulary.rules()[*rule];
                let inputs: Vec<&str> = rule.inputs.iter().map(|id| catalogue.vocabulary.title(id)).collect();
                parts.push(format!("{title} from {}", inputs.join(" and ")));
            }
            Origin::Joined(join, field) => {
                let join = &catalogue.joins[*join];
                let (source, column) = (&catalogue.sources[join.source], catalogue.fields[join.source][*field].column);
                parts.push(format!("{title} is `{}` of {}", source.columns[column].name, source.title));
            }
        }
    }
    parts.extend(derivation.joins.iter().map(|join| join_reason(catalogue, *join)));
    parts.join(", ")
}

/// A field that no question uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnusedField {
    pub source: Id,
    pub column: String,
    /// What it means, where that is known.
    pub concept: Option<String>,
    /// Its share of its source's text, 0 to 1, estimated from the sampled values.
    pub share: f64,
}

/// Fields that none of the questions' three best derivations uses, those with the largest share first.
pub fn unused_fields(catalogue: &Catalogue, questions: &[Asked]) -> Vec<UnusedField> {
    let mut used: Vec<BitSet> = vec![BitSet::default(); catalogue.sources.len()];
    for derivation in questions.iter().flat_map(|asked| derive(catalogue, asked, 3)) {
        for origin in derivation.concepts.values() {
            match origin {
                Origin::Field(field) => {
                    used[derivation.base].insert(catalogue.fields[derivation.base][*field].column);
                }
                Origin::Joined(join, field) => {
                    let source = catalogue.joins[*join].source;
                    used[source].insert(catalogue.fields[source][*field].column);
                }
                Origin::Rule(_) => {}
            }
        }
        for join in derivation.joins.iter().map(|join| &catalogue.joins[*join]) {
            let (first, second) = match join.way {
                JoinWay::Lookup { key } => (key, None),
                JoinWay::Nearest { time, key } => (time, key),
            };
            for field in [Some(first), second].into_iter().flatten() {
                used[join.source].insert(catalogue.fields[join.source][field].column);
            }
        }
    }
    let mut found = Vec::new();
    for (number, source) in catalogue.sources.iter().enumerate() {
        let sizes: Vec<f64> = source.columns.iter().map(|column| size_of(source, column)).collect();
        let whole: f64 = sizes.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        for (place, column) in source.columns.iter().enumerate().filter(|(place, _)| !used[number].has(*place)) {
            let meaning = catalogue.meanings[number].columns.get(place).and_then(|one| one.accepted());
            found.push(UnusedField {
                source: source.source.clone(),
                column: column.name.clone(),
                concept: meaning.map(|meaning| meaning.concept.clone()),
                share: sizes[place] / whole,
            });
        }
    }
    found.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| (&a.source, &a.column).cmp(&(&b.source, &b.column))));
    found
}

/// Characters that a column takes in a row on average.
fn size_of(source: &SourceEvidence, column: &ColumnEvidence) -> f64 {
    let (mut total, mut count) = (0.0, 0.0);
    for value in column.values() {
        total += match value {
            Value::String(text) => text.chars().count() as f64,
            Value::Int(number) => number.to_string().len() as f64,
            _ => return usual_size(&column.data_type),
        };
        count += 1.0;
    }
    let each = if count > 0.0 { total / count } else { usual_size(&column.data_type) };
    each * (1.0 - source.null_share(column))
}

fn usual_size(data_type: &DataType) -> f64 {
    match data_type {
        DataType::Boolean => 5.0,
        DataType::Int => 5.0,
        DataType::Float | DataType::Duration => 7.0,
        DataType::Date => 10.0,
        DataType::Timestamp => 24.0,
        DataType::String | DataType::Unknown => 12.0,
        DataType::List(_) | DataType::Record(_) => 40.0,
    }
}

/// A field that a source would need to record, and what that unlocks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldAway {
    pub source: Id,
    pub concept: String,
    /// Other concepts of which each would do as well.
    pub instead: Vec<String>,
    /// Ids of the questions that no source answers now, and this one would.
    pub unlocks: Vec<Id>,
    pub owner: String,
}

/// Questions that no source answers and that one more field would unlock; what unlocks most comes first.
pub fn one_field_away(catalogue: &Catalogue, questions: &[Asked]) -> Vec<FieldAway> {
    let open: Vec<(&Asked, Needed)> = questions
        .iter()
        .map(|asked| (asked, needed(catalogue, asked)))
        .filter(|(asked, needed)| {
            let answers = |source: usize| {
                let state = state_of(catalogue, asked, needed, source);
                !matches!(state, CoverageState::Missing | CoverageState::Forbidden)
                    && needed.local.is_in(&catalogue.closed[source])
            };
            needed.is_known && !(0..catalogue.sources.len()).any(answers)
        })
        .collect();
    let mut found = Vec::new();
    for source in 0..catalogue.sources.len() {
        // By what is unlocked: the concepts that do it.
        let mut ways: BTreeMap<Vec<&str>, Vec<ConceptNo>> = BTreeMap::new();
        for concept in candidates(catalogue, &open, source).iter() {
            let unlocked = unlocked_by(catalogue, &open, source, concept);
            if !unlocked.is_empty() {
                ways.entry(unlocked).or_default().push(concept);
            }
        }
        for (unlocked, concepts) in ways {
            let is_asked = |concept: &ConceptNo| open.iter().any(|(_, needed)| needed.all.has(*concept));
            let first = concepts.iter().copied().find(is_asked).unwrap_or(concepts[0]);
            let id = |concept: ConceptNo| catalogue.vocabulary.concepts()[concept].id.clone();
            found.push(FieldAway {
                source: catalogue.sources[source].source.clone(),
                concept: id(first),
                instead: concepts.iter().copied().filter(|one| *one != first).take(4).map(id).collect(),
                unlocks: unlocked.into_iter().map(str::to_owned).collect(),
                owner: catalogue.sources[source].owner.clone(),
            });
        }
    }
    found.sort_by(|a, b| {
        b.unlocks.len().cmp(&a.unlocks.len()).then_with(|| (&a.source, &a.concept).cmp(&(&b.source, &b.concept)))
    });
    found
}

/// The concepts that a source lacks and that something open could be made of.
fn candidates(catalogue: &Catalogue, open: &[(&Asked, Needed)], source: usize) -> BitSet {
    let mut found = BitSet::default();
    let mut pending: Vec<ConceptNo> = Vec::new();
    for (_, needed) in open {
        // What is far from anything asked is not worth a question.
        let lacking = needed.all.iter().filter(|concept| !catalogue.reach[source].has(*concept));
        let lacking: Vec<ConceptNo> = lacking.collect();
        let has_some = needed.all.overlaps(&catalogue.closed[source]) || lacking.len() == 1;
        if has_some {
            pending.extend(lacking);
        }
    }
    while let Some(concept) = pending.pop() {
        if catalogue.closed[source].has(concept) || !found.insert(concept) {
            continue;
        }
        for rule in &catalogue.rules_for[concept] {
            if catalogue.rules_on[source].has(*rule) {
                pending.extend(catalogue.vocabulary.numbered_rules()[*rule].inputs.iter());
            }
        }
        for join in &catalogue.joins_for[concept] {
            pending.extend(catalogue.joins[*join].needs.iter());
        }
    }
    found
}

/// The open questions that a source answers once it records a concept.
pub(super) fn unlocked_ids<'q>(
    catalogue: &Catalogue,
    questions: &'q [Asked],
    source: usize,
    concept: ConceptNo,
) -> Vec<&'q str> {
    let all: Vec<(&Asked, Needed)> = questions.iter().map(|asked| (asked, needed(catalogue, asked))).collect();
    let open: Vec<(&Asked, Needed)> = all
        .into_iter()
        .filter(|(_, needed)| {
            !(needed.local.is_in(&catalogue.closed[source]) && needed.all.is_in(&catalogue.reach[source]))
        })
        .collect();
    unlocked_by(catalogue, &open, source, concept)
}

fn unlocked_by<'q>(
    catalogue: &Catalogue,
    open: &[(&'q Asked, Needed)],
    source: usize,
    concept: ConceptNo,
) -> Vec<&'q str> {
    let mut more = catalogue.direct[source].clone();
    more.insert(concept);
    let closed = catalogue.close(more, source);
    let reach = catalogue.reach_from(closed.clone(), source);
    let is_met = |needed: &Needed| needed.is_known && needed.local.is_in(&closed) && needed.all.is_in(&reach);
    open.iter().filter(|(_, needed)| is_met(needed)).map(|(asked, _)| asked.id.as_str()).collect()
}

#[cfg(test)]
mod tests;
