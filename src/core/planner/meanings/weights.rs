//! What speaks for and against the candidates of a column besides its name: values, repeats, other columns of the row.
//! Imports what meanings import.

use std::collections::HashMap;

use super::{Candidate, Draft};
use crate::data::{Classification, Value};
use crate::planner::evidence::{ColumnEvidence, SourceEvidence};
use crate::planner::vocabulary::values::{NamedCheck, ValueEvidence, text_of};
use crate::planner::vocabulary::{ConceptNo, Vocabulary, normal_name};

/// What the values say for and against each candidate.
pub(super) fn weigh_values(vocabulary: &Vocabulary, column: &ColumnEvidence, draft: &mut Draft) {
    for candidate in &mut draft.candidates {
        let concept = &vocabulary.concepts()[candidate.concept];
        let Some(evidence) = &concept.values else { continue };
        let (mut fitting, mut all) = (0_u64, 0_u64);
        for value in column.values() {
            all += 1;
            fitting += u64::from(evidence.fits(value));
        }
        if all == 0 {
            continue;
        }
        let what = evidence.describe();
        if fitting * 10 >= all * 9 {
            candidate.score += match evidence {
                // Nearly every number lies in a range from nothing on: what a part of a name suggests needs more.
                ValueEvidence::Range([low, high]) if candidate.is_loose && *low <= 0.0 && *high > 65535.0 => 0,
                // And nearly every word may be somebody's name.
                ValueEvidence::Check(NamedCheck::PersonName) if candidate.is_loose => 0,
                ValueEvidence::Range(_) => 8,
                _ => 15,
            };
            candidate.reasons.push(format!("its values are {what}"));
            // A form of its own tells as much as a name.
            candidate.is_loose &= !matches!(evidence, ValueEvidence::Regex(_));
        } else if fitting * 2 < all || is_doubtful(candidate, evidence) {
            // Where no value at all fits, the best of names is not enough.
            candidate.score -= if fitting == 0 { 45 } else { 35 };
            candidate.reasons.push(format!("but {} of {all} sampled values are not {what}", all - fitting));
        }
    }
    accounts_of_clouds(vocabulary, column, draft);
    connections_of_zeek(column, draft);
    whole_numbers_count_milliseconds(vocabulary, column, draft);
}

/// Where a name that many things have is all that speaks for people, a few values that are nobody's speak against them.
fn is_doubtful(candidate: &Candidate, evidence: &ValueEvidence) -> bool {
    candidate.is_loose && matches!(evidence, ValueEvidence::Check(NamedCheck::PersonName))
}

/// Whether all values are words such as `Ann` or `Ann-Marie O'Neil`.
pub(super) fn are_proper_names(column: &ColumnEvidence) -> bool {
    let is_proper = |word: &str| word.starts_with(char::is_uppercase) && word.chars().skip(1).any(char::is_lowercase);
    let is_name = |value: &Value| {
        let is_person = ValueEvidence::Check(NamedCheck::PersonName).fits(value);
        is_person && text_of(value).is_some_and(|text| text.split_whitespace().all(is_proper))
    };
    column.values().next().is_some() && column.values().all(is_name)
}

/// Zeek calls the id of a connection `uid`: a `C`, and letters and digits.
fn connections_of_zeek(column: &ColumnEvidence, draft: &mut Draft) {
    let is_connection = |value: &Value| {
        text_of(value).is_some_and(|text| {
            let has = |is: fn(char) -> bool| text.chars().any(is);
            (14..=20).contains(&text.len())
                && text.starts_with('C')
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && has(|c| c.is_ascii_digit())
                && has(|c| c.is_ascii_lowercase())
        })
    };
    let is_named = normal_name(&column.name).split('_').next_back() == Some("uid");
    if !is_named || column.values().next().is_none() || !column.values().all(is_connection) {
        return;
    }
    for candidate in &mut draft.candidates {
        candidate.score -= 45;
        candidate.reasons.push("but these are ids of connections".into());
    }
}

/// An account of twelve digits is one of AWS, whoever signs in there.
fn accounts_of_clouds(vocabulary: &Vocabulary, column: &ColumnEvidence, draft: &mut Draft) {
    let is_account = |value: &Value| {
        text_of(value).is_some_and(|text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_named = normal_name(&column.name).split('_').any(|word| word.starts_with("account"));
    if !is_named || column.values().next().is_none() || !column.values().all(is_account) {
        return;
    }
    for candidate in draft.candidates.iter_mut().filter(|one| vocabulary.concepts()[one.concept].id == "user.id") {
        candidate.score -= 45;
        candidate.reasons.push("but twelve digits are the number of an account of a cloud".into());
    }
}

/// An id of the row does not repeat: a number of the kind of message does.
pub(super) fn weigh_repeats(
    vocabulary: &Vocabulary,
    source: &SourceEvidence,
    column: &ColumnEvidence,
    draft: &mut Draft,
) {
    const ENOUGH: u64 = 20;
    let there = source.rows.saturating_sub(column.nulls);
    if there < ENOUGH || column.distinct == 0 {
        return;
    }
    if column.distinct * 2 > there {
        // And people come again: what another row never has, and is called as many things are, is the row's own id.
        let loose = draft.candidates.iter_mut().filter(|one| one.is_loose && column.distinct == there);
        for candidate in loose.filter(|one| vocabulary.concepts()[one.concept].id == "user.id") {
            candidate.score -= 20;
            candidate.reasons.push("but each row has another".into());
        }
        return;
    }
    for candidate in draft.candidates.iter_mut().filter(|one| vocabulary.concepts()[one.concept].unique) {
        candidate.score -= 45;
        candidate.reasons.push(format!("but its values repeat: {} in {there} rows", column.distinct));
    }
}

/// One column of a row carries a meaning: where a part of a name suggests what another column surely is, it gives way.
/// People are an exception: a second address or user in the row is personal too.
pub(super) fn give_way(vocabulary: &Vocabulary, source: &SourceEvidence, drafts: &mut [Draft]) {
    const SURER: i32 = 20;
    let mut surest: HashMap<ConceptNo, (i32, usize)> = HashMap::new();
    for (place, draft) in drafts.iter().enumerate() {
        let best = match draft.confirmed {
            Some(confirmed) => confirmed.map(|concept| (concept, 100)),
            None => draft.best().map(|best| (best.concept, best.score)),
        };
        if let Some((concept, score)) = best {
            let known = surest.entry(concept).or_insert((score, place));
            if score > known.0 {
                *known = (score, place);
            }
        }
    }
    for (place, draft) in drafts.iter_mut().enumerate() {
        for candidate in draft.candidates.iter_mut().filter(|candidate| candidate.is_loose) {
            let concept = &vocabulary.concepts()[candidate.concept];
            let is_personal = matches!(concept.sensitivity, Classification::Personal | Classification::Secret);
            let Some((score, other)) = surest.get(&candidate.concept).filter(|surest| surest.1 != place) else {
                continue;
            };
            if !is_personal && score - candidate.score >= SURER {
                candidate.score -= 30;
                candidate.reasons.push(format!("but `{}` is it more surely", source.columns[*other].name));
            }
        }
    }
}

/// Nobody writes seconds as whole numbers up to the thousands: an Int `latency` of 250 is milliseconds, and the
/// `event.duration` of the Elastic Common Schema is nanoseconds.
fn whole_numbers_count_milliseconds(vocabulary: &Vocabulary, column: &ColumnEvidence, draft: &mut Draft) {
    let Value::Int(most) = column.max else { return };
    let (id, unit) = match normal_name(&column.name) == "event_duration" {
        true if most >= 1000 => ("event.duration_ns", "nanoseconds, as the Elastic Common Schema has it"),
        false if most >= 100 => ("event.duration_ms", "milliseconds"),
        _ => return,
    };
    if let (Some(seconds), Some(number)) = (vocabulary.number("event.duration"), vocabulary.number(id)) {
        for candidate in draft.candidates.iter_mut().filter(|candidate| candidate.concept == seconds) {
            candidate.concept = number;
            candidate.score -= 10;
            candidate.reasons.push(format!("whole numbers of this size count {unit}"));
        }
    }
}
