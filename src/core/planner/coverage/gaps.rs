//! What a question lacks: the meaning, what comes nearest, who is asked, what it unlocks. Imports model and below; of
//! this room everything up to coverage.

use serde::Serialize;

use super::unlocked_ids;
use crate::model::Id;
use crate::planner::catalogue::Catalogue;
use crate::planner::derive::policy::forbidden;
use crate::planner::derive::{derive, wanted_of};
use crate::planner::meanings::ACCEPTED;
use crate::planner::questions::Asked;
use crate::planner::vocabulary::ConceptNo;

/// Something that no source gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Id of the concept.
    pub meaning: String,
    pub title: String,
    /// The source that lacks it and could best record it.
    pub source: Id,
    /// What comes nearest to it.
    pub nearest: String,
    /// Who is asked for it: the owner of that source.
    pub owner: String,
    /// Other concepts of which each would do as well.
    pub instead: Vec<String>,
    /// Ids of the questions that the source answers once it records this.
    pub unlocks: Vec<Id>,
}

/// What a question lacks, on the source that lacks least; empty where it can be answered. `questions` are those
/// whose unlocking is told.
pub fn gaps(catalogue: &Catalogue, asked: &Asked, questions: &[Asked]) -> Vec<Gap> {
    if !derive(catalogue, asked, 1).is_empty() {
        return Vec::new();
    }
    let Some(wanted) = wanted_of(catalogue, asked) else { return Vec::new() };
    let missing_on = |source: usize| -> Vec<ConceptNo> {
        let is_missing = |concept: ConceptNo, local: bool| match local {
            true => !catalogue.closed[source].has(concept),
            false => !catalogue.reach[source].has(concept),
        };
        wanted.iter().filter(|one| is_missing(one.concept, one.local)).map(|one| one.concept).collect()
    };
    let seen = (0..catalogue.sources.len()).filter(|source| forbidden(catalogue, *source, asked).is_none());
    // The one that lacks least; of those one that another source could nearly complete, or that records most itself.
    let best = seen.map(|source| (missing_on(source), source)).min_by_key(|(missing, source)| {
        let own = wanted.iter().filter(|one| catalogue.direct[*source].has(one.concept)).count();
        let is_near = missing.iter().any(|concept| refused_join(catalogue, *source, *concept).is_some());
        (missing.len(), !is_near, std::cmp::Reverse(own), *source)
    });
    let Some((missing, source)) = best else { return Vec::new() };
    missing.into_iter().map(|concept| gap(catalogue, questions, source, concept)).collect()
}

fn gap(catalogue: &Catalogue, questions: &[Asked], source: usize, concept: ConceptNo) -> Gap {
    let about = &catalogue.vocabulary.concepts()[concept];
    Gap {
        meaning: about.id.clone(),
        title: about.title.clone(),
        source: catalogue.sources[source].source.clone(),
        nearest: nearest(catalogue, source, concept),
        owner: catalogue.sources[source].owner.clone(),
        instead: instead(catalogue, source, concept),
        unlocks: unlocked_ids(catalogue, questions, source, concept).into_iter().map(str::to_owned).collect(),
    }
}

/// What comes nearest to a missing concept: a column that might be it, or a source that has it out of reach.
fn nearest(catalogue: &Catalogue, source: usize, concept: ConceptNo) -> String {
    let about = &catalogue.vocabulary.concepts()[concept];
    for (number, one) in catalogue.meanings.iter().enumerate() {
        for column in &one.columns {
            if let Some(meaning) =
                column.candidates.iter().find(|meaning| meaning.concept == about.id && meaning.score < ACCEPTED)
            {
                return format!(
                    "`{}` of {} might be it (score {}): {}",
                    column.column,
                    catalogue.sources[number].title,
                    meaning.score,
                    meaning.reasons.join(", ")
                );
            }
        }
    }
    if let Some((title, reason)) = refused_join(catalogue, source, concept) {
        return format!("{title} has it, but {reason}");
    }
    let has = |other: &usize| *other != source && catalogue.closed[*other].has(concept);
    if let Some(other) = (0..catalogue.sources.len()).find(has) {
        let (title, own) = (&catalogue.sources[other].title, &catalogue.sources[source].title);
        return format!("{title} has it, but it shares no key with {own}");
    }
    "no source records it".into()
}

/// The title of a source that has a concept and shares a key with another, and why the two are not joined.
fn refused_join(catalogue: &Catalogue, source: usize, concept: ConceptNo) -> Option<(&str, &str)> {
    let refused = catalogue.refused.iter().find(|one| {
        let key = catalogue.vocabulary.number(&one.concept);
        one.source != source
            && catalogue.closed[one.source].has(concept)
            && key.is_some_and(|key| catalogue.reach[source].has(key))
    })?;
    Some((catalogue.sources[refused.source].title.as_str(), refused.reason.as_str()))
}

/// Concepts of which each would give the missing one, cheapest first.
fn instead(catalogue: &Catalogue, source: usize, concept: ConceptNo) -> Vec<String> {
    let rules = catalogue.rules_for[concept].iter().filter(|rule| catalogue.rules_on[source].has(**rule));
    let mut found: Vec<(u32, ConceptNo)> = Vec::new();
    for rule in rules {
        let inputs = &catalogue.vocabulary.numbered_rules()[*rule].inputs;
        let lacking: Vec<ConceptNo> =
            inputs.iter().copied().filter(|input| !catalogue.closed[source].has(*input)).collect();
        if let [one] = lacking[..] {
            found.push((catalogue.vocabulary.rules()[*rule].cost, one));
        }
    }
    found.sort_unstable();
    let mut ids: Vec<String> = Vec::new();
    for (_, concept) in found {
        let id = &catalogue.vocabulary.concepts()[concept].id;
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids.truncate(4);
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::ready_question;
    use crate::planner::testing::shop_without;

    #[test]
    fn what_is_out_of_reach_is_told_with_the_reason() {
        let (_, mut catalogue) = shop_without(&[]);
        let users = catalogue.source_number("src-users").unwrap();
        catalogue.sources[users].columns[0].distinct = 699;
        let catalogue = Catalogue::new(crate::planner::Vocabulary::shipped(), catalogue.sources);
        let asked = Asked::ready(ready_question("users-by-country").unwrap());
        let found = gaps(&catalogue, &asked, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].nearest,
            "Users has it, but `user_id` does not stand once in Users (699 values in 700 rows): a join would multiply rows"
        );
        assert_eq!(gaps(&catalogue, &Asked::ready(ready_question("latency").unwrap()), &[]), []);
    }
}
