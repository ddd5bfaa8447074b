//! The only door to a project: batches of edits, checked, applied whole or not at all, each with its inverse.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Project, Wire};
use crate::diagnostic::{Diagnostic, did_you_mean, read_object};
use crate::ir::check_connection;
use crate::model::{Connection, Id};

/// One change. Ids name anything that can be edited: items of the collections, and items of the ordered lists in
/// steps' settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Puts an item (an object with an `id` that is new) into a collection (`steps`, `wires`, `sources`, …) or into an
    /// ordered list of a step's settings (`<step id>.columns`).
    Insert {
        into: String,
        item: Json,
        #[serde(default, skip_serializing_if = "Place::is_last")]
        place: Place,
    },
    /// Takes an item away; a step's wires and tests go with it, and what was said of it.
    Remove { id: Id },
    /// Sets a field, by path: `title`, `settings.predicate`, `planned.status`; of a list item: `expression`; of the
    /// project (id `project`): `name`, `targets.…`, `vocabulary.…`, `policy.…`. Null removes it. With `old`, the edit is refused where the field
    /// holds something else by now.
    Set {
        id: Id,
        field: String,
        #[serde(default, deserialize_with = "some_json", skip_serializing_if = "Option::is_none")]
        old: Option<Json>,
        new: Json,
    },
    /// Moves an item of an ordered list.
    Move { id: Id, place: Place },
}

/// `"old": null` is a value, not an absence.
fn some_json<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// A place in an ordered list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    First,
    #[default]
    Last,
    After(Id),
}

impl Place {
    fn is_last(&self) -> bool {
        *self == Place::Last
    }
}

/// The collections by the names that edits and files use.
pub(super) const COLLECTIONS: [&str; 14] = [
    "teams",
    "connections",
    "places",
    "sources",
    "questions",
    "requests",
    "steps",
    "wires",
    "frames",
    "groups",
    "notes",
    "comments",
    "parameters",
    "tests",
];

/// What an edit may set of the project itself.
const PROJECT_FIELDS: [&str; 4] = ["name", "targets", "vocabulary", "policy"];

/// Runs `$body` with `$items` bound to the collection of that name.
macro_rules! with_collection {
    ($project:expr, $name:expr, $items:ident => $body:expr, else $otherwise:expr) => {
        match $name {
            "teams" => {
                let $items = &mut $project.design.teams;
                $body
            }
            "connections" => {
                let $items = &mut $project.design.connections;
                $body
            }
            "places" => {
                let $items = &mut $project.design.places;
                $body
            }
            "sources" => {
                let $items = &mut $project.design.sources;
                $body
            }
            "questions" => {
                let $items = &mut $project.design.questions;
                $body
            }
            "requests" => {
                let $items = &mut $project.design.requests;
                $body
            }
            "steps" => {
                let $items = &mut $project.design.steps;
                $body
            }
            "wires" => {
                let $items = &mut $project.design.wires;
                $body
            }
            "frames" => {
                let $items = &mut $project.design.frames;
                $body
            }
            "groups" => {
                let $items = &mut $project.design.groups;
                $body
            }
            "notes" => {
                let $items = &mut $project.design.notes;
                $body
            }
            "comments" => {
                let $items = &mut $project.design.comments;
                $body
            }
            "parameters" => {
                let $items = &mut $project.design.parameters;
                $body
            }
            "tests" => {
                let $items = &mut $project.design.tests;
                $body
            }
            _ => $otherwise,
        }
    };
}

impl Project {
    /// Applies all edits and gives those that undo them (to be applied in the order given), or changes nothing and
    /// says why.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<Vec<Edit>, Diagnostic> {
        let mut inverse = Vec::new();
        for (index, edit) in edits.iter().enumerate() {
            match self.apply_one(edit) {
                Ok(mut undo) => {
                    // The last change is undone first.
                    undo.append(&mut inverse);
                    inverse = undo;
                }
                Err(diagnostic) => {
                    for undo in &inverse {
                        // What was just done can be undone; if it could not, the rest still is.
                        let _ = self.apply_one(undo);
                    }
                    let place = if edits.len() > 1 {
                        format!("edit {} of {}: ", index + 1, edits.len())
                    } else {
                        String::new()
                    };
                    return Err(Diagnostic { message: format!("{place}{}", diagnostic.message), ..diagnostic });
                }
            }
        }
        if !edits.is_empty() {
            self.revision += 1;
        }
        Ok(inverse)
    }

    fn apply_one(&mut self, edit: &Edit) -> Result<Vec<Edit>, Diagnostic> {
        match edit {
            Edit::Insert { into, item, place } => self.insert(into, item, place),
            Edit::Remove { id } => self.remove(id),
            Edit::Set { id, field, old, new } => self.set(id, field, old.as_ref(), new),
            Edit::Move { id, place } => self.move_item(id, place),
        }
    }

    fn insert(&mut self, into: &str, item: &Json, place: &Place) -> Result<Vec<Edit>, Diagnostic> {
        check_depth(into, depth_of(item))?;
        let Some(id) = item.get("id").and_then(Json::as_str).filter(|id| !id.is_empty()).map(str::to_owned) else {
            return Err(Diagnostic::error("PW0501", format!("the item for `{into}` has no `id`"))
                .help("give it a short text that nothing else in the project has, such as `flt-7k2m`"));
        };
        if id.contains('.') || id == "project" {
            return Err(
                Diagnostic::error("PW0502", format!("`{id}` cannot be an id")).help("use letters, digits and `-`")
            );
        }
        let mut ids = vec![id.clone()];
        nested_ids(item, &mut ids);
        for (index, id) in ids.iter().enumerate() {
            if self.has_id(id) || ids[..index].contains(id) {
                return Err(Diagnostic::error("PW0503", format!("the id `{id}` is taken"))
                    .help("choose another; ids are never reused"));
            }
        }
        if into == "wires" {
            self.check_wire(&read_item::<Wire>(into, item)?)?;
        }
        if into == "connections" {
            refuse_secrets(&read_item(into, item)?)?;
        }
        match into.split_once('.') {
            None => with_collection!(self, into, items => {
                items.insert(id.clone(), read_item(into, item)?);
                self.drop_empty_lists(&id);
            }, else {
                return Err(Diagnostic::error("PW0504", format!("there is no collection `{into}`{}", did_you_mean(into, COLLECTIONS)))
                    .help(format!("the collections are {}", COLLECTIONS.join(", "))));
            }),
            Some((owner, list)) => {
                let items = self.list_mut(owner, list)?;
                let at = index_of(items, place);
                if let Ok(at) = at {
                    items.insert(at, item.clone());
                }
                self.drop_empty_lists(owner);
                at?;
            }
        }
        Ok(vec![Edit::Remove { id }])
    }

    fn remove(&mut self, id: &str) -> Result<Vec<Edit>, Diagnostic> {
        if let Some(collection) = self.collection_of(id) {
            let mut inverse = Vec::new();
            for dependent in self.dependents(id) {
                // Answers have gone with the comment that they answer.
                if self.collection_of(&dependent).is_some() {
                    inverse.extend(self.remove(&dependent)?);
                }
            }
            let item = with_collection!(self, collection, items => items.remove(id).and_then(|item| serde_json::to_value(item).ok()), else None);
            let item = item.ok_or_else(|| self.unknown_id(id))?;
            inverse.insert(0, Edit::Insert { into: collection.to_owned(), item, place: Place::Last });
            return Ok(inverse);
        }
        let (owner, list) = self.list_of(id).ok_or_else(|| self.unknown_id(id))?;
        let items = self.list_mut(&owner, &list)?;
        let at = position(items, id).ok_or_else(|| Diagnostic::error("PW0505", format!("there is no item `{id}`")))?;
        let place = place_of(items, at);
        let item = items.remove(at);
        self.drop_empty_lists(&owner);
        Ok(vec![Edit::Insert { into: format!("{owner}.{list}"), item, place }])
    }

    /// What goes with an item: wires and tests of a step, and what was said of anything.
    fn dependents(&self, id: &str) -> Vec<Id> {
        let wires = self.wires.values().filter(|wire| wire.from == id || wire.to == id).map(|wire| &wire.id);
        let tests = self.tests.values().filter(|test| test.step == id).map(|test| &test.id);
        let comments = self.comments.values().filter(|comment| comment.about == id || comment.answers == id);
        wires.chain(tests).chain(comments.map(|comment| &comment.id)).cloned().collect()
    }

    fn set(&mut self, id: &str, field: &str, old: Option<&Json>, new: &Json) -> Result<Vec<Edit>, Diagnostic> {
        if field == "id" || field.is_empty() {
            return Err(Diagnostic::error("PW0506", format!("the id of `{id}` cannot be changed"))
                .help("remove the item and insert another; name a field such as `title` or `settings.predicate`"));
        }
        check_depth(field, field.split('.').count() + depth_of(new))?;
        let mut item = self.item_json(id)?;
        let before = replace_field(&mut item, field, new.clone())?;
        if let Some(old) = old
            && *old != before
        {
            return Err(Diagnostic::error("PW0507", format!("`{field}` of `{id}` was changed meanwhile"))
                .help(format!("it now holds {before}; this edit expected {old}")));
        }
        self.check_nested(id, &item)?;
        self.put_item(id, item)?;
        Ok(vec![Edit::Set { id: id.to_owned(), field: field.to_owned(), old: Some(new.clone()), new: before }])
    }

    fn move_item(&mut self, id: &str, place: &Place) -> Result<Vec<Edit>, Diagnostic> {
        let Some((owner, list)) = self.list_of(id) else {
            return Err(if self.has_id(id) {
                Diagnostic::error("PW0508", format!("`{id}` is in no ordered list, so it cannot be moved"))
                    .help("set `x` and `y` of a step instead")
            } else {
                self.unknown_id(id)
            });
        };
        let items = self.list_mut(&owner, &list)?;
        let at = position(items, id).ok_or_else(|| Diagnostic::error("PW0505", format!("there is no item `{id}`")))?;
        let before = place_of(items, at);
        let item = items.remove(at);
        match index_of(items, place) {
            Ok(to) => items.insert(to, item),
            Err(diagnostic) => {
                items.insert(at, item);
                return Err(diagnostic);
            }
        }
        Ok(vec![Edit::Move { id: id.to_owned(), place: before }])
    }

    fn check_wire(&self, wire: &Wire) -> Result<(), Diagnostic> {
        for (end, id) in [("from", &wire.from), ("to", &wire.to)] {
            if !self.steps.contains_key(id) {
                return Err(Diagnostic::error(
                    "PW0509",
                    format!(
                        "the wire's `{end}` names no step: `{id}`{}",
                        did_you_mean(id, self.steps.keys().map(String::as_str))
                    ),
                )
                .help("insert the step before the wire"));
            }
        }
        let title = |id: &Id| self.steps.get(id).map_or(id.as_str(), |step| step.title.as_str()).to_owned();
        let takes_many = self.steps.get(&wire.to).and_then(|step| {
            let kind = crate::steps::kind(&step.kind)?;
            kind.ports(&step.settings).inputs.into_iter().find(|port| port.name == wire.input)
        });
        let is_taken = self.wires_into(&wire.to).any(|other| other.input == wire.input);
        if is_taken && !takes_many.is_some_and(|port| port.many) {
            return Err(Diagnostic::error(
                "PW0510",
                format!("the input `{}` of “{}” has a wire already", wire.input, title(&wire.to)),
            )
            .help("remove that wire first, or put a Concatenate step before it"));
        }
        if self.reaches(&wire.to, &wire.from) {
            return Err(Diagnostic::error(
                "PW0511",
                format!("a wire from “{}” to “{}” would close a circle", title(&wire.from), title(&wire.to)),
            )
            .help("rows flow one way; wire the later step to a new one"));
        }
        Ok(())
    }

    /// Whether rows of `from` flow into `to`.
    pub fn reaches(&self, from: &str, to: &str) -> bool {
        let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for wire in self.wires.values() {
            next.entry(&wire.from).or_default().push(&wire.to);
        }
        let (mut open, mut seen) = (vec![from], std::collections::BTreeSet::new());
        while let Some(step) = open.pop() {
            if step == to {
                return true;
            }
            if seen.insert(step) {
                open.extend(next.get(step).into_iter().flatten());
            }
        }
        false
    }

    pub(super) fn collection_of(&self, id: &str) -> Option<&'static str> {
        let found = [
            self.teams.contains_key(id),
            self.connections.contains_key(id),
            self.places.contains_key(id),
            self.sources.contains_key(id),
            self.questions.contains_key(id),
            self.requests.contains_key(id),
            self.steps.contains_key(id),
            self.wires.contains_key(id),
            self.frames.contains_key(id),
            self.groups.contains_key(id),
            self.notes.contains_key(id),
            self.comments.contains_key(id),
            self.parameters.contains_key(id),
            self.tests.contains_key(id),
        ];
        found.iter().position(|found| *found).map(|index| COLLECTIONS[index])
    }

    /// The step and list that hold an item.
    fn list_of(&self, id: &str) -> Option<(Id, String)> {
        self.steps.values().find_map(|step| {
            step.settings
                .iter()
                .find_map(|(list, value)| position(value.as_array()?, id).map(|_| (step.id.clone(), list.clone())))
        })
    }

    pub fn has_id(&self, id: &str) -> bool {
        self.collection_of(id).is_some() || self.list_of(id).is_some()
    }

    fn list_mut(&mut self, owner: &str, list: &str) -> Result<&mut Vec<Json>, Diagnostic> {
        let known = did_you_mean(owner, self.steps.keys().map(String::as_str));
        let step = self.design.steps.get_mut(owner).ok_or_else(|| {
            Diagnostic::error("PW0505", format!("there is no step `{owner}`{known}"))
                .help("write `into` as the id of a step and its list, such as `flt-7k2m.columns`, or as a collection")
        })?;
        let kind = crate::steps::kind(&step.kind);
        if !step.settings.contains_key(list)
            && kind.is_some_and(|kind| !kind.form().iter().any(|field| field.name == list))
        {
            let names =
                kind.map(|kind| kind.form().iter().map(|field| field.name).collect::<Vec<_>>()).unwrap_or_default();
            let known = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(Diagnostic::error(
                "PW0512",
                format!("“{}” has no list `{list}`{}", step.title, did_you_mean(list, names)),
            )
            .help(format!("its settings are {known}")));
        }
        let value = step.settings.entry(list.to_owned()).or_insert_with(|| Json::Array(Vec::new()));
        match value {
            Json::Array(items) => Ok(items),
            _ => Err(Diagnostic::error("PW0512", format!("`{list}` of “{}” is no list", step.title)).help(format!(
                "set it: {{\"edit\": \"set\", \"id\": \"{owner}\", \"field\": \"settings.{list}\", …}}"
            ))),
        }
    }

    /// In settings an empty list is no list: one canonical form, whichever edits led there.
    fn drop_empty_lists(&mut self, step: &str) {
        if let Some(step) = self.design.steps.get_mut(step) {
            step.drop_empty_lists();
        }
    }

    fn item_json(&mut self, id: &str) -> Result<Json, Diagnostic> {
        if id == "project" {
            let mut own = Map::new();
            own.insert("name".into(), Json::String(self.name.clone()));
            own.insert("targets".into(), Json::Object(self.targets.clone()));
            own.insert("vocabulary".into(), Json::Object(self.vocabulary.clone()));
            own.insert("policy".into(), Json::Object(self.policy.clone()));
            return Ok(Json::Object(own));
        }
        if let Some(collection) = self.collection_of(id) {
            let item = with_collection!(self, collection, items => items.get(id).and_then(|item| serde_json::to_value(item).ok()), else None);
            return item.ok_or_else(|| self.unknown_id(id));
        }
        let (owner, list) = self.list_of(id).ok_or_else(|| self.unknown_id(id))?;
        let items = self.list_mut(&owner, &list)?;
        let found = position(items, id).map(|at| items[at].clone());
        found.ok_or_else(|| self.unknown_id(id))
    }

    fn put_item(&mut self, id: &str, item: Json) -> Result<(), Diagnostic> {
        if id == "project" {
            let mut keys = item.as_object().into_iter().flat_map(Map::keys);
            if let Some(key) = keys.find(|key| !PROJECT_FIELDS.contains(&key.as_str())) {
                let near = did_you_mean(key, PROJECT_FIELDS);
                return Err(Diagnostic::error("PW0516", format!("the project has no field `{key}`{near}")).help(
                    "its fields are `name`, `targets`, `vocabulary` and `policy`; what it holds is inserted into collections",
                ));
            }
            let Some(name) = item["name"].as_str().filter(|name| !name.is_empty()) else {
                return Err(Diagnostic::error("PW0513", "the project's name must be a text that is not empty")
                    .help("write {\"edit\": \"set\", \"id\": \"project\", \"field\": \"name\", \"new\": \"shop\"}"));
            };
            let map_of = |field: &str| match &item[field] {
                Json::Null => Ok(Map::new()),
                Json::Object(map) => Ok(map.clone()),
                _ => {
                    let example = match field {
                        "targets" => "targets.duckdb",
                        "vocabulary" => "vocabulary.concepts",
                        _ => "policy.smallest_group",
                    };
                    Err(Diagnostic::error("PW0513", format!("`{field}` must be an object"))
                        .help(format!("set one of its fields, such as `{example}`")))
                }
            };
            let (targets, vocabulary, policy) = (map_of("targets")?, map_of("vocabulary")?, map_of("policy")?);
            self.design.name = name.to_owned();
            self.design.targets = targets;
            self.design.vocabulary = vocabulary;
            self.design.policy = policy;
            return Ok(());
        }
        if let Some(collection) = self.collection_of(id) {
            if collection == "wires" {
                let wire: Wire = read_item(collection, &item)?;
                let before = self.design.wires.remove(id);
                let checked = self.check_wire(&wire);
                if let (Err(diagnostic), Some(before)) = (checked, before) {
                    self.design.wires.insert(id.to_owned(), before);
                    return Err(diagnostic);
                }
            }
            if collection == "connections" {
                refuse_secrets(&read_item(collection, &item)?)?;
            }
            with_collection!(self, collection, items => { items.insert(id.to_owned(), read_item(collection, &item)?); }, else {});
            self.drop_empty_lists(id);
            return Ok(());
        }
        let (owner, list) = self.list_of(id).ok_or_else(|| self.unknown_id(id))?;
        let items = self.list_mut(&owner, &list)?;
        if let Some(at) = position(items, id) {
            items[at] = item;
        }
        Ok(())
    }

    /// Ids inside a changed item must be new or its own.
    fn check_nested(&self, id: &str, item: &Json) -> Result<(), Diagnostic> {
        let mut ids = Vec::new();
        nested_ids(item, &mut ids);
        let mut seen = std::collections::BTreeSet::new();
        for nested in &ids {
            let owner = self.list_of(nested).map(|(owner, _)| owner);
            let is_foreign = owner.is_some_and(|owner| owner != id) || self.collection_of(nested).is_some();
            if is_foreign || !seen.insert(nested) {
                return Err(Diagnostic::error("PW0503", format!("the id `{nested}` is taken"))
                    .help("choose another; ids are never reused"));
            }
        }
        Ok(())
    }

    fn unknown_id(&self, id: &str) -> Diagnostic {
        let ids = self.steps.keys().chain(self.wires.keys()).chain(self.sources.keys()).map(String::as_str);
        Diagnostic::error("PW0505", format!("nothing in the project has the id `{id}`{}", did_you_mean(id, ids)))
            .help("edits name things by id, not by title; the project file shows the ids")
    }
}

/// What is written where a reference is wanted gets into no project, and so into no journal and no file.
fn refuse_secrets(connection: &Connection) -> Result<(), Diagnostic> {
    const WRITTEN: [&str; 3] = ["PW0652", "PW0654", "PW0656"];
    let mut faults = check_connection(connection).into_iter();
    faults.find(|fault| WRITTEN.contains(&fault.code.as_str())).map_or(Ok(()), Err)
}

fn read_item<T: DeserializeOwned>(collection: &str, item: &Json) -> Result<T, Diagnostic> {
    read_object(item).map_err(|(key, cause)| {
        let place = key.map(|key| format!("`{key}`: ")).unwrap_or_default();
        Diagnostic::error("PW0514", format!("this is no item of `{collection}`: {place}{cause}"))
            .help("`pipewright schema project` describes what an item holds")
    })
}

/// Ids of list items inside an item's settings.
fn nested_ids(item: &Json, ids: &mut Vec<Id>) {
    let lists =
        item.get("settings").and_then(Json::as_object).into_iter().flat_map(Map::values).filter_map(Json::as_array);
    ids.extend(lists.flatten().filter_map(|item| item.get("id")?.as_str()).map(str::to_owned));
}

fn position(items: &[Json], id: &str) -> Option<usize> {
    items.iter().position(|item| item.get("id").and_then(Json::as_str) == Some(id))
}

fn place_of(items: &[Json], at: usize) -> Place {
    match at.checked_sub(1).and_then(|before| items[before].get("id")?.as_str()) {
        Some(before) => Place::After(before.to_owned()),
        None if at + 1 == items.len() => Place::Last,
        None => Place::First,
    }
}

fn index_of(items: &[Json], place: &Place) -> Result<usize, Diagnostic> {
    match place {
        Place::First => Ok(0),
        Place::Last => Ok(items.len()),
        Place::After(id) => position(items, id).map(|at| at + 1).ok_or_else(|| {
            let ids = items.iter().filter_map(|item| item.get("id")?.as_str());
            let near = did_you_mean(id, ids.clone());
            let all = ids.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
            Diagnostic::error("PW0505", format!("the list has no item `{id}` to come after{near}")).help(
                if all.is_empty() {
                    "it is empty: leave `place` out".to_owned()
                } else {
                    format!("its items are {all}")
                },
            )
        }),
    }
}

/// Puts `new` at a path of names and gives what was there (null: nothing). Objects that a removal leaves empty go too.
fn replace_field(item: &mut Json, path: &str, new: Json) -> Result<Json, Diagnostic> {
    let Json::Object(map) = item else {
        return Err(Diagnostic::error("PW0515", format!("`{path}` cannot be set: what it is a part of is no object"))
            .help("set the whole field; items of a list are set by their own id"));
    };
    match path.split_once('.') {
        None if new.is_null() => Ok(map.remove(path).unwrap_or(Json::Null)),
        None => Ok(map.insert(path.to_owned(), new).unwrap_or(Json::Null)),
        Some((head, tail)) => {
            let part = map.entry(head.to_owned()).or_insert_with(|| Json::Object(Map::new()));
            let before = replace_field(part, tail, new)?;
            if part.as_object().is_some_and(Map::is_empty) {
                map.remove(head);
            }
            Ok(before)
        }
    }
}
/// What is nested deeper than this could be written, and not be read again.
const DEEPEST: usize = 100;

fn check_depth(place: &str, depth: usize) -> Result<(), Diagnostic> {
    match depth > DEEPEST {
        true => Err(Diagnostic::error(
            "PW0517",
            format!(
                "what is set at `{}` is nested deeper than {DEEPEST} levels",
                crate::quote::visible_start(place, 60)
            ),
        )
        .help("make it flatter: a file that is nested so deeply cannot be read again")),
        false => Ok(()),
    }
}

fn depth_of(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Json::Object(map) => 1 + map.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}
