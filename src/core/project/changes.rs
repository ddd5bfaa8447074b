//! What two states of a project differ in: items added, removed and changed, by id.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::edit::COLLECTIONS;
use super::{Project, to_text};
use crate::model::Id;

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemChange {
    Added,
    Removed,
    /// The names of the fields that differ.
    Changed(Vec<String>),
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectChange {
    /// `steps`, `sources`, …; `project` for what is none of them.
    pub collection: String,
    pub id: Id,
    pub title: String,
    pub change: ItemChange,
}

/// What makes `after` of `before`.
pub fn changes(before: &Project, after: &Project) -> Vec<ProjectChange> {
    let object = |project: &Project| match serde_json::from_str(&to_text(project)) {
        Ok(Json::Object(map)) => map,
        _ => Map::new(),
    };
    let (before, after) = (object(before), object(after));
    let mut found = Vec::new();
    for collection in COLLECTIONS {
        let (old, new) = (items(&before, collection), items(&after, collection));
        for (id, item) in &new {
            let change = match old.get(id) {
                None => ItemChange::Added,
                Some(other) if other == item => continue,
                Some(other) => ItemChange::Changed(fields(other, item)),
            };
            found.push(change_of(collection, id, item, change));
        }
        let gone = old.iter().filter(|(id, _)| !new.contains_key(*id));
        found.extend(gone.map(|(id, item)| change_of(collection, id, item, ItemChange::Removed)));
    }
    let own = |map: &Map<String, Json>| {
        let rest = map.iter().filter(|(key, _)| !COLLECTIONS.contains(&key.as_str()));
        Json::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    let fields = fields(&own(&before), &own(&after));
    if !fields.is_empty() {
        found.push(change_of("project", "project", &own(&after), ItemChange::Changed(fields)));
    }
    found
}

fn items<'a>(map: &'a Map<String, Json>, collection: &str) -> BTreeMap<&'a str, &'a Json> {
    let list = map.get(collection).and_then(Json::as_array);
    list.into_iter().flatten().filter_map(|item| Some((item["id"].as_str()?, item))).collect()
}

fn fields(before: &Json, after: &Json) -> Vec<String> {
    let keys = [before, after].into_iter().filter_map(Json::as_object).flat_map(Map::keys);
    let mut differing: Vec<String> = keys.filter(|key| before.get(key) != after.get(key)).cloned().collect();
    differing.sort();
    differing.dedup();
    differing
}

fn change_of(collection: &str, id: &str, item: &Json, change: ItemChange) -> ProjectChange {
    let text = |key: &str| item[key].as_str().filter(|text| !text.is_empty());
    let title = text("title").or(text("name")).or(text("text")).unwrap_or(id).to_owned();
    ProjectChange { collection: collection.to_owned(), id: id.to_owned(), title, change }
}
