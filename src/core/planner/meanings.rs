//! Which concept a field carries, with a score and the reasons; a correction in the project wins.
//! Imports model and project (for the edit that keeps a correction).

mod conversions;
mod weights;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;
use serde_json::Value as Json;

use super::evidence::{ColumnEvidence, SourceEvidence};
use super::vocabulary::values::{NamedCheck, ValueEvidence};
use super::vocabulary::{ConceptNo, Vocabulary, normal_name};
use crate::data::{DataType, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{Id, Source};
use crate::project::{Edit, Project};
use conversions::convert;
use weights::{are_proper_names, give_way, weigh_repeats, weigh_values};

/// From this score on a meaning is taken without being asked.
pub const ACCEPTED: u8 = 50;
/// How many candidates are kept for a column.
const KEPT: usize = 4;

/// One opinion of what a column means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Meaning {
    pub concept: String,
    /// 0 to 100; 100: confirmed by somebody.
    pub score: u8,
    pub reasons: Vec<String>,
    /// The column's values in the concept's type.
    pub expression: String,
    /// What the conversion costs, as a rule costs.
    pub cost: u32,
}

/// A column with the candidates for its meaning, best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnMeaning {
    pub column: String,
    pub candidates: Vec<Meaning>,
}

impl ColumnMeaning {
    /// The meaning that the planner goes by.
    pub fn accepted(&self) -> Option<&Meaning> {
        self.candidates.first().filter(|best| best.score >= ACCEPTED)
    }
}

/// A source's columns with their meanings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceMeanings {
    pub source: Id,
    pub columns: Vec<ColumnMeaning>,
}

/// The edit by which the project remembers what a column means; `None`: nothing.
pub fn confirm_meaning(source: &Source, column: &str, concept: Option<&str>) -> Edit {
    let concept = concept.unwrap_or_default();
    if !column.contains('.') {
        let field = format!("meanings.{column}");
        let old = source.meanings.get(column).map_or(Json::Null, |known| Json::from(known.as_str()));
        return Edit::Set { id: source.id.clone(), field, old: Some(old), new: Json::from(concept) };
    }
    // A path cannot name it, so all are set at once.
    let json = |meanings: &BTreeMap<String, String>| {
        if meanings.is_empty() { Json::Null } else { serde_json::to_value(meanings).unwrap_or_default() }
    };
    let mut meanings = source.meanings.clone();
    meanings.insert(column.to_owned(), concept.to_owned());
    Edit::Set {
        id: source.id.clone(),
        field: "meanings".into(),
        old: Some(json(&source.meanings)),
        new: json(&meanings),
    }
}

/// Confirmed meanings that name an unknown concept, or a column that the source has not.
pub fn check_meanings(project: &Project, vocabulary: &Vocabulary) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for source in project.sources.values() {
        let known = source.schema.as_ref().map(super::evidence::columns_of);
        for (column, concept) in &source.meanings {
            if !concept.is_empty() && vocabulary.concept(concept).is_none() {
                let near = did_you_mean(concept, vocabulary.concepts().iter().map(|concept| concept.id.as_str()));
                found.push(
                    Diagnostic::warning("PW0804", format!("`{column}` has an unknown meaning `{concept}`{near}"))
                        .help("`pipewright concepts` lists the meanings; a project may add its own")
                        .step(&source.id, &source.title)
                        .field(format!("meanings.{column}")),
                );
            }
            if let Some(columns) = known.as_ref().filter(|columns| !columns.iter().any(|one| one.name == *column)) {
                let near = did_you_mean(column, columns.iter().map(|one| one.name.as_str()));
                found.push(
                    Diagnostic::warning("PW0805", format!("a meaning is set for a missing column `{column}`{near}"))
                        .help("set it for the column's new name, or remove it")
                        .step(&source.id, &source.title)
                        .field(format!("meanings.{column}")),
                );
            }
        }
    }
    found
}

/// The meanings of all columns of all sources, which are looked at together: values that two sources share are
/// evidence too.
pub fn meanings(vocabulary: &Vocabulary, sources: &[SourceEvidence]) -> Vec<SourceMeanings> {
    let mut drafts: Vec<Vec<Draft>> = sources.iter().map(|source| drafts_of(vocabulary, source)).collect();
    for (source, drafts) in sources.iter().zip(&mut drafts) {
        add_neighbours(vocabulary, source, drafts);
    }
    add_shared_values(vocabulary, sources, &mut drafts);
    for (source, drafts) in sources.iter().zip(&mut drafts) {
        give_way(vocabulary, source, drafts);
    }
    let finished = sources.iter().zip(drafts).map(|(source, drafts)| SourceMeanings {
        source: source.source.clone(),
        columns: source
            .columns
            .iter()
            .zip(drafts)
            .map(|(column, draft)| ColumnMeaning {
                column: column.name.clone(),
                candidates: finish(vocabulary, source, column, draft),
            })
            .collect(),
    });
    finished.collect()
}

/// Candidates for one column, while they are gathered.
#[derive(Debug, Clone, Default)]
struct Draft {
    /// Somebody has decided: `Some(None)` that it means nothing.
    confirmed: Option<Option<ConceptNo>>,
    candidates: Vec<Candidate>,
}

#[derive(Debug, Clone)]
struct Candidate {
    concept: ConceptNo,
    score: i32,
    reasons: Vec<String>,
    /// The format says so: what else there is changes nothing.
    is_certain: bool,
    /// Only a part of the name says so, or a name that many things have.
    is_loose: bool,
}

impl Draft {
    fn best(&self) -> Option<&Candidate> {
        self.candidates.iter().max_by_key(|candidate| (candidate.score, std::cmp::Reverse(candidate.concept)))
    }

    /// Adds a candidate, or keeps the better of two opinions of the same concept.
    fn add(&mut self, concept: ConceptNo, score: i32, reason: String) {
        match self.candidates.iter_mut().find(|known| known.concept == concept) {
            Some(known) if known.score >= score => {}
            Some(known) => (known.score, known.reasons) = (score, vec![reason]),
            None => {
                let reasons = vec![reason];
                self.candidates.push(Candidate { concept, score, reasons, is_certain: false, is_loose: false });
            }
        }
    }

    /// As `add`, where the name says little.
    fn add_loose(&mut self, concept: ConceptNo, score: i32, reason: String) {
        let is_new = self.candidates.iter().all(|known| known.concept != concept);
        self.add(concept, score, reason);
        if let Some(candidate) = self.candidates.last_mut().filter(|_| is_new) {
            candidate.is_loose = true;
        }
    }
}

fn drafts_of(vocabulary: &Vocabulary, source: &SourceEvidence) -> Vec<Draft> {
    let of_format = vocabulary.of_format(&source.format);
    let columns = source.columns.iter().map(|column| {
        let mut draft = Draft::default();
        if let Some(concept) = source.confirmed.get(&column.name) {
            draft.confirmed = match (concept.as_str(), vocabulary.number(concept)) {
                ("", _) => Some(None),
                (_, Some(number)) => Some(Some(number)),
                (_, None) => None,
            };
        }
        let of_format = of_format.and_then(|columns| columns.get(&column.name));
        if of_format.is_some_and(String::is_empty) && draft.confirmed.is_none() {
            // The format knows that it means nothing outside itself.
            draft.confirmed = Some(None);
        }
        let known = of_format.and_then(|concept| vocabulary.number(concept));
        if let Some(concept) = known.filter(|concept| convert(column, &vocabulary.concepts()[*concept]).is_some()) {
            let reasons = vec![format!("the format {} has it so", source.format)];
            draft.candidates.push(Candidate { concept, score: 97, reasons, is_certain: true, is_loose: false });
            return draft;
        }
        add_named(vocabulary, column, &mut draft);
        weigh_values(vocabulary, column, &mut draft);
        // What its name promises and its values do not hold leaves the word to the values.
        add_valued(vocabulary, column, &mut draft);
        weigh_repeats(vocabulary, source, column, &mut draft);
        draft
    });
    columns.collect()
}

/// Candidates by the column's name: whole, or what it ends or begins with.
fn add_named(vocabulary: &Vocabulary, column: &ColumnEvidence, draft: &mut Draft) {
    let fitting = |numbers: &[ConceptNo]| -> Vec<ConceptNo> {
        let fits = |number: &ConceptNo| convert(column, &vocabulary.concepts()[*number]).is_some();
        numbers.iter().copied().filter(fits).collect()
    };
    let normal = normal_name(&column.name);
    let whole = fitting(vocabulary.named(&normal));
    for &concept in &whole {
        let is_id = normal_name(&vocabulary.concepts()[concept].id) == normal;
        let score = match (is_id, whole.len()) {
            (true, _) => 85,
            (false, 1) => 75,
            // Many things are called so: values or neighbours must tell which it is.
            _ => 45,
        };
        let reason = format!("it is named `{}`", column.name);
        if score < i32::from(ACCEPTED) {
            draft.add_loose(concept, score, reason)
        } else {
            draft.add(concept, score, reason)
        }
    }
    if !whole.is_empty() {
        return;
    }
    let words: Vec<&str> = normal.split('_').collect();
    let borders = borders(&column.name);
    for skipped in 1..words.len() {
        let (end, start) = (words[skipped..].join("_"), words[..words.len() - skipped].join("_"));
        let long = words.len() - skipped > 1;
        // `pull_request.id` ends with no request's id, and `free_memory` is none that is used.
        let is_cut = borders.iter().any(|border| *border > skipped) && !borders.contains(&skipped);
        let is_other = OTHER_QUANTITIES.contains(&words[skipped - 1]);
        let mut is_found = false;
        if long || !SAYS_NOTHING.contains(&end.as_str()) {
            let found = fitting(vocabulary.named(&end));
            let score = if long { 62 } else { 48 } - if found.len() > 1 { 12 } else { 0 };
            let is_meant = |concept: &ConceptNo| {
                let is_text = vocabulary.concepts()[*concept].data_type == DataType::String;
                !is_cut && (is_text || !is_other)
            };
            for concept in found.into_iter().filter(is_meant) {
                is_found = true;
                draft.add_loose(concept, score, format!("its name ends as `{end}`"));
            }
        }
        // What a name begins with tells little, unless it is a time in some unit or zone.
        for concept in fitting(vocabulary.named(&start)) {
            let is_time = vocabulary.concepts()[concept].data_type == DataType::Timestamp;
            if long || is_time {
                is_found = true;
                draft.add_loose(concept, if is_time { 58 } else { 46 }, format!("its name begins as `{start}`"));
            }
        }
        if is_found {
            return;
        }
    }
}

/// The numbers of the words with which the pieces of a path begin, but the first: `pull_request.id` has 2.
fn borders(name: &str) -> Vec<usize> {
    let pieces: Vec<usize> = name.split('.').map(|piece| normal_name(piece).split('_').count()).collect();
    let mut sum = 0;
    let mut borders = Vec::new();
    for piece in pieces {
        sum += piece;
        borders.push(sum);
    }
    // Behind the last one none begins.
    borders.pop();
    borders
}

/// Words before a quantity that make another one of it.
const OTHER_QUANTITIES: [&str; 12] = [
    "available",
    "free",
    "limit",
    "max",
    "maximum",
    "min",
    "minimum",
    "physical",
    "previous",
    "real",
    "reserved",
    "total",
];

/// Words in the names of addresses that are not those of who asked.
const OTHER_ENDS: [&str; 18] = [
    "answer",
    "bind",
    "dest",
    "destination",
    "dst",
    "dstip",
    "gateway",
    "laddr",
    "listen",
    "local",
    "nas",
    "nat",
    "natdst",
    "natsrc",
    "rdata",
    "resp",
    "server",
    "victim",
];

/// Last words of a name that may stand for anything: `cluster.name`, `shard.id`.
const SAYS_NOTHING: [&str; 36] = [
    "action",
    "category",
    "class",
    "code",
    "content",
    "count",
    "customer",
    "date",
    "description",
    "group",
    "hits",
    "id",
    "kind",
    "line",
    "module",
    "n",
    "name",
    "note",
    "number",
    "t",
    "q",
    "resource",
    "rule",
    "s",
    "size",
    "state",
    "sum",
    "tag",
    "task_id",
    "text",
    "total",
    "type",
    "unit",
    "uuid",
    "value",
    "version",
];

/// Candidates by values alone, where they leave little doubt.
fn add_valued(vocabulary: &Vocabulary, column: &ColumnEvidence, draft: &mut Draft) {
    if column.data_type != DataType::String || draft.best().is_some_and(|best| best.score >= i32::from(ACCEPTED)) {
        return;
    }
    const TELLING: [(&str, NamedCheck); 6] = [
        ("client.address", NamedCheck::IpAddress),
        ("user.email", NamedCheck::Email),
        ("payment.card.number", NamedCheck::CardNumber),
        ("user.phone", NamedCheck::PhoneNumber),
        ("client.geo.location", NamedCheck::Coordinates),
        ("url.full", NamedCheck::Url),
    ];
    let mut values = column.values().peekable();
    if values.peek().is_none() {
        return;
    }
    let normal = normal_name(&column.name);
    let is_other_end = normal.split('_').any(|word| OTHER_ENDS.contains(&word));
    let mut tell = |concept: &str| {
        if let Some(number) = vocabulary.number(concept) {
            draft.add(number, 67, "its name says nothing, but all its values are alike".into());
        }
    };
    for (concept, check) in TELLING {
        let evidence = ValueEvidence::Check(check);
        if column.values().all(|value| evidence.fits(value)) {
            tell(if check == NamedCheck::IpAddress && is_other_end { "server.address" } else { concept });
        }
    }
    for concept in ["http.request.method", "log.severity"] {
        let evidence = vocabulary.concept(concept).and_then(|concept| concept.values.as_ref());
        if evidence.is_some_and(|evidence| column.values().all(|value| evidence.fits(value))) && column.distinct > 1 {
            tell(concept);
        }
    }
}

/// What stands beside a column speaks for a candidate.
fn add_neighbours(vocabulary: &Vocabulary, source: &SourceEvidence, drafts: &mut [Draft]) {
    let beside: Vec<Option<ConceptNo>> = drafts
        .iter()
        .map(|draft| draft.confirmed.flatten().or_else(|| draft.best().map(|candidate| candidate.concept)))
        .collect();
    for (place, draft) in drafts.iter_mut().enumerate() {
        for candidate in draft.candidates.iter_mut().filter(|candidate| !candidate.is_certain) {
            let wanted = &vocabulary.concepts()[candidate.concept].neighbours;
            let found: Vec<String> = beside
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place)
                .filter_map(|(other, concept)| {
                    let concept = &vocabulary.concepts()[(*concept)?].id;
                    wanted.contains(concept).then(|| format!("`{}`", source.columns[other].name))
                })
                .take(3)
                .collect();
            if !found.is_empty() {
                candidate.score += 5 * found.len() as i32;
                candidate.reasons.push(format!("it stands beside {}", found.join(" and ")));
                // What many things have, beside what people alone have.
                let is_of_people = vocabulary.concepts()[candidate.concept].id == "user.full_name";
                if is_of_people && candidate.is_loose && are_proper_names(&source.columns[place]) {
                    candidate.score += 15;
                    candidate.reasons.push("its values are written as names are".into());
                }
            }
        }
    }
}

/// A column whose values are those of a well-known column of another source means the same.
fn add_shared_values(vocabulary: &Vocabulary, sources: &[SourceEvidence], drafts: &mut [Vec<Draft>]) {
    const SURE: i32 = 75;
    const SETTLED: i32 = 90;
    let mut owners: HashMap<&str, Vec<(usize, usize, ConceptNo)>> = HashMap::new();
    for (number, source) in sources.iter().enumerate() {
        for (place, column) in source.columns.iter().enumerate() {
            let draft = &drafts[number][place];
            let sure = draft
                .confirmed
                .flatten()
                .or_else(|| draft.best().filter(|best| best.score >= SURE).map(|candidate| candidate.concept));
            if let Some(concept) = sure.filter(|concept| vocabulary.concepts()[*concept].key) {
                for text in texts(column).collect::<BTreeSet<_>>() {
                    owners.entry(text).or_default().push((number, place, concept));
                }
            }
        }
    }
    let mut found = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        for (place, column) in source.columns.iter().enumerate() {
            let draft = &drafts[number][place];
            let is_open = draft.confirmed.is_none() && draft.best().is_none_or(|best| best.score < SETTLED);
            let own: HashSet<&str> = texts(column).collect();
            if !is_open || own.len() < 3 {
                continue;
            }
            let mut hits: BTreeMap<(usize, usize, ConceptNo), usize> = BTreeMap::new();
            for text in &own {
                for owner in owners.get(text).into_iter().flatten().filter(|owner| owner.0 != number) {
                    *hits.entry(*owner).or_default() += 1;
                }
            }
            let most = hits.into_iter().max_by_key(|(owner, hits)| (*hits, std::cmp::Reverse(*owner)));
            if let Some(((other, at, concept), hits)) = most.filter(|(_, hits)| hits * 10 >= own.len() * 6) {
                let reason = format!(
                    "{hits} of its {} sampled values are in `{}` of {} too",
                    own.len(),
                    sources[other].columns[at].name,
                    sources[other].title
                );
                found.push((number, place, concept, reason));
            }
        }
    }
    found.extend(shared_sketches(sources, drafts, SURE, |concept| vocabulary.concepts()[concept].key));
    for (number, place, concept, reason) in found {
        let draft = &mut drafts[number][place];
        match draft.candidates.iter_mut().find(|candidate| candidate.concept == concept) {
            Some(known) => {
                known.score += 25;
                known.reasons.push(reason);
            }
            None => draft.add(concept, 58, reason),
        }
    }
}

/// Columns of which nothing is known but that many of their values are those of a well-known key elsewhere: number of
/// the source, place of the column, concept, reason.
fn shared_sketches(
    sources: &[SourceEvidence],
    drafts: &[Vec<Draft>],
    sure: i32,
    is_key: impl Fn(ConceptNo) -> bool,
) -> Vec<(usize, usize, ConceptNo, String)> {
    /// So many hashes of each column are looked up to find those that are worth a comparison.
    const PROBES: usize = 32;
    let all = || {
        let columns = sources.iter().enumerate();
        columns.flat_map(|(number, source)| source.columns.iter().enumerate().map(move |(at, one)| (number, at, one)))
    };
    let mut owners: HashMap<u64, Vec<(usize, usize, ConceptNo)>> = HashMap::new();
    for (number, place, column) in all() {
        let draft = &drafts[number][place];
        let best = draft.best().filter(|best| best.score >= sure).map(|best| best.concept);
        if let Some(concept) = draft.confirmed.flatten().or(best).filter(|concept| is_key(*concept)) {
            for hash in &column.sketch {
                owners.entry(*hash).or_default().push((number, place, concept));
            }
        }
    }
    let mut found = Vec::new();
    for (number, place, column) in all() {
        let draft = &drafts[number][place];
        let is_open = draft.confirmed.is_none() && draft.best().is_none_or(|best| best.score < i32::from(ACCEPTED));
        if !is_open {
            continue;
        }
        let probes = column.sketch.iter().take(PROBES);
        let mut near: Vec<(usize, usize, ConceptNo)> =
            probes.filter_map(|hash| owners.get(hash)).flatten().copied().collect();
        near.sort_unstable();
        near.dedup();
        let compared = near.into_iter().filter(|owner| owner.0 != number).filter_map(|(other, at, concept)| {
            let (own, others) = super::evidence::shared(&column.sketch, &sources[other].columns[at].sketch)?;
            // Most of the smaller one; by chance ids share nothing.
            (own.max(others) >= 0.5 && own.min(others) >= 0.05).then_some((own, other, at, concept))
        });
        let best = compared.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (b.1, b.2).cmp(&(a.1, a.2))));
        if let Some((own, other, at, concept)) = best {
            let reason = format!(
                "about {:.0} % of its values are in `{}` of {} too",
                100.0 * own,
                sources[other].columns[at].name,
                sources[other].title
            );
            found.push((number, place, concept, reason));
        }
    }
    found
}

fn texts(column: &ColumnEvidence) -> impl Iterator<Item = &str> {
    column.values().filter_map(|value| match value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    })
}

/// Scores put in order, with conversions; what somebody confirmed comes first.
fn finish(vocabulary: &Vocabulary, source: &SourceEvidence, column: &ColumnEvidence, draft: Draft) -> Vec<Meaning> {
    let mut found = Vec::new();
    if let Some(confirmed) = draft.confirmed {
        let known = confirmed.map(|number| &vocabulary.concepts()[number]);
        if let Some((concept, conversion)) = known.and_then(|concept| Some((concept, convert(column, concept)?))) {
            found.push(Meaning {
                concept: concept.id.clone(),
                score: 100,
                reasons: vec!["confirmed".into()],
                expression: conversion.expression,
                cost: conversion.cost,
            });
        }
        return found;
    }
    let mut candidates = draft.candidates;
    for candidate in &mut candidates {
        if source.is_empty(column) {
            candidate.score = candidate.score.min(20);
            candidate.reasons.push("every sampled value is missing".into());
        }
    }
    candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.score), candidate.concept));
    for mut candidate in candidates.into_iter().take(KEPT) {
        let concept = &vocabulary.concepts()[candidate.concept];
        let Some(conversion) = convert(column, concept) else { continue };
        if !conversion.note.is_empty() {
            candidate.score -= 5;
            candidate.reasons.push(conversion.note);
        }
        found.push(Meaning {
            concept: concept.id.clone(),
            score: candidate.score.clamp(0, 99) as u8,
            reasons: candidate.reasons,
            expression: conversion.expression,
            cost: conversion.cost,
        });
    }
    found.sort_by_key(|meaning| std::cmp::Reverse(meaning.score));
    found
}

#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;
