//! Data requests: made from what is missing, closed by what the data shows. Imports project and below; of this room
//! everything up to gaps.

mod export;

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::catalogue::Catalogue;
use super::coverage::FieldAway;
use super::coverage::gaps::Gap;
use crate::data::Schema;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{Id, Request, RequestStatus, new_id};
use crate::project::{Edit, Place, Project};

pub use export::{answer_contracts, contract_of, contract_texts, issue_text, issue_texts, requests_csv};

/// What somebody could record, whichever way that was found.
struct Wish<'a> {
    source: &'a str,
    meaning: &'a str,
    owner: &'a str,
    unlocks: &'a [Id],
    reason: String,
}

/// A request for each gap of a question; one that is open already gets what else it unlocks. `question` is its title.
pub fn request_gaps<'a>(project: &Project, catalogue: &Catalogue, gaps: &'a [Gap], question: &str) -> Vec<Edit> {
    let wish = |gap: &'a Gap| {
        let Gap { meaning, source, nearest, owner, unlocks, .. } = gap;
        Wish { source, meaning, owner, unlocks, reason: format!("“{question}” needs it. Nearest: {nearest}.") }
    };
    wishes(project, catalogue, gaps.iter().map(wish))
}

/// A request for a field that would unlock questions.
pub fn request_field(project: &Project, catalogue: &Catalogue, away: &FieldAway) -> Vec<Edit> {
    let count = away.unlocks.len();
    let reason = format!("With it, {count} more question{} can be answered.", if count == 1 { "" } else { "s" });
    let FieldAway { source, concept, unlocks, owner, .. } = away;
    wishes(project, catalogue, [Wish { source, meaning: concept, owner, unlocks, reason }].into_iter())
}

fn wishes<'a>(project: &Project, catalogue: &Catalogue, wishes: impl Iterator<Item = Wish<'a>>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut taken: BTreeSet<Id> = BTreeSet::new();
    for wish in wishes {
        let Some(concept) = catalogue.vocabulary.concept(wish.meaning) else { continue };
        // The one that exists is asked, not the one that stands for it in the meantime.
        let planned = project.sources.get(wish.source).and_then(|source| source.planned.as_ref());
        let source = planned.map(|planned| planned.stands_for.as_str()).filter(|id| project.sources.contains_key(*id));
        let source = source.unwrap_or(wish.source);
        let same = |request: &&Request| {
            request.status.is_open() && request.source == source && request.meaning == wish.meaning
        };
        if let Some(known) = project.requests.values().find(same) {
            let all: BTreeSet<&Id> = known.unlocks.iter().chain(wish.unlocks).collect();
            if all.len() > known.unlocks.len() {
                let (id, field) = (known.id.clone(), "unlocks".to_owned());
                edits.push(Edit::Set { id, field, old: Some(json!(known.unlocks)), new: json!(all) });
            }
            continue;
        }
        let known = project.sources.get(source);
        let own = Schema::default();
        let schema = known.and_then(|source| source.schema.as_ref()).unwrap_or(&own);
        let id = new_id("req", |id| project.has_id(id) || taken.contains(id));
        taken.insert(id.clone());
        let request = Request {
            id,
            title: match known {
                Some(source) => format!("{} in “{}”", concept.title, source.title),
                None => concept.title.clone(),
            },
            source: source.to_owned(),
            meaning: concept.id.clone(),
            field: schema.free_name(concept.column_name()),
            data_type: concept.data_type.clone(),
            unit: concept.unit.clone(),
            owner: wish.owner.to_owned(),
            due: String::new(),
            status: RequestStatus::Asked,
            reason: wish.reason,
            unlocks: wish.unlocks.to_vec(),
            note: String::new(),
            extra: Default::default(),
        };
        edits.push(Edit::Insert { into: "requests".into(), item: json!(request), place: Place::Last });
    }
    edits
}

/// Which open requests the sources meet by now, as edits that say so. What is only planned meets nothing.
pub fn requests_met(project: &Project, catalogue: &Catalogue) -> Vec<Edit> {
    let met = project.requests.values().filter(|request| request.status.is_open() && is_met(catalogue, request));
    met.map(|request| Edit::Set {
        id: request.id.clone(),
        field: "status".into(),
        old: Some(json!(request.status)),
        new: json!(RequestStatus::Delivered),
    })
    .collect()
}

/// Whether a source shows, in rows, what is asked for: the meaning in most rows, or the named field with some value.
fn is_met(catalogue: &Catalogue, request: &Request) -> bool {
    let meaning = catalogue.vocabulary.number(&request.meaning);
    catalogue.sources.iter().enumerate().any(|(number, source)| {
        let is_asked = request.source.is_empty() || request.source == source.source;
        let by_meaning = || meaning.is_some_and(|meaning| catalogue.solid[number].has(meaning));
        let by_name = || {
            let column = source.column(&request.field);
            column.is_some_and(|column| column.data_type.fits(&request.data_type) && !source.is_empty(column))
        };
        is_asked && !source.planned && source.rows > 0 && (by_meaning() || by_name())
    })
}

/// Requests that name what the project or the vocabulary does not have, and dates that are none.
pub fn check_requests(project: &Project, vocabulary: &super::Vocabulary) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for request in project.requests.values() {
        let mut warn = |field: &str, message: String, help: &str| {
            let mut warning = Diagnostic::warning("PW0816", message).help(help).field(field);
            warning.location.id = Some(request.id.clone());
            found.push(warning);
        };
        if !request.source.is_empty() && !project.sources.contains_key(&request.source) {
            let near = did_you_mean(&request.source, project.sources.keys().map(String::as_str));
            let message = format!("the request asks of the source `{}`, which is not there{near}", request.source);
            warn("source", message, "choose a source, or leave it empty: then any source may deliver it");
        }
        if !request.meaning.is_empty() && vocabulary.concept(&request.meaning).is_none() {
            let near = did_you_mean(&request.meaning, vocabulary.concepts().iter().map(|concept| concept.id.as_str()));
            let message = format!("the request asks for the unknown meaning `{}`{near}", request.meaning);
            warn("meaning", message, "`pipewright concepts` lists the meanings");
        }
        let is_day = Json::from(request.due.as_str());
        let day = crate::data::Value::from_json(&is_day, &crate::data::DataType::Date);
        if !request.due.is_empty() && day.is_none_or(|day| day.is_null()) {
            let message = format!("`{}` is no day", request.due);
            warn("due", message, "write it as 2026-04-30");
        }
    }
    found
}

#[cfg(test)]
mod tests;
