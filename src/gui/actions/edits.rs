//! Batches of edits that gestures stand for: placing a step with its wire, copying steps, a new source. Pure: reads a
//! project, gives edits. Imports egui's points only.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Pos2, pos2};
use pipewright_core::ir::ConnectionKind;
use pipewright_core::model::{Connection, Id, Question, Source};
use pipewright_core::project::{Edit, Place, Project, Step, Wire};
use pipewright_core::steps::{Settings, StepKind, kind};
use serde_json::{Value as Json, json};

use crate::gui::canvas::{PortRef, Selection, Side};

/// Distance between a step and the one placed after it. Canvas points.
const GAP: f32 = 72.0;
const STEP_WIDTH: f32 = crate::gui::canvas::scene::STEP_WIDTH;
pub const STEP_HEIGHT: f32 = 96.0;

/// New ids: none that the project has, none given out before.
pub struct NewIds<'a> {
    project: &'a Project,
    given: BTreeSet<Id>,
}

impl<'a> NewIds<'a> {
    pub fn new(project: &'a Project) -> Self {
        Self { project, given: BTreeSet::new() }
    }

    pub fn next(&mut self, prefix: &str) -> Id {
        let id = pipewright_core::model::new_id(prefix, |id| self.project.has_id(id) || self.given.contains(id));
        self.given.insert(id.clone());
        id
    }
}

pub fn set(id: &str, field: &str, new: Json) -> Edit {
    Edit::Set { id: id.to_owned(), field: field.to_owned(), old: None, new }
}

pub fn insert(into: &str, item: impl serde::Serialize) -> Edit {
    let item = serde_json::to_value(item).unwrap_or(Json::Null);
    Edit::Insert { into: into.to_owned(), item, place: Place::Last }
}

pub fn remove(id: &str) -> Edit {
    Edit::Remove { id: id.to_owned() }
}

/// Steps moved to canvas places.
pub fn moved(steps: &[(Id, Pos2)], project: &Project) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (id, at) in steps {
        let Some(step) = project.steps.get(id) else { continue };
        let (x, y) = (at.x.round() as i32, at.y.round() as i32);
        if step.x != x {
            edits.push(set(id, "x", json!(x)));
        }
        if step.y != y {
            edits.push(set(id, "y", json!(y)));
        }
    }
    edits
}

/// The first three letters of a kind's name: what its ids begin with.
fn prefix(kind: &str) -> String {
    kind.chars().filter(char::is_ascii_alphabetic).take(3).collect::<String>().to_ascii_lowercase()
}

/// `wanted`, or `wanted 2`, … where a step has that title.
pub fn free_title(project: &Project, wanted: &str) -> String {
    let is_taken = |title: &str| project.steps.values().any(|step| step.title == title);
    let mut title = wanted.to_owned();
    let mut number = 2;
    while is_taken(&title) {
        title = format!("{wanted} {number}");
        number += 1;
    }
    title
}

/// Settings with new ids for the items of their lists. Says which id became which.
fn with_new_ids(settings: &Settings, ids: &mut NewIds, renamed: &mut BTreeMap<Id, Id>) -> Settings {
    let mut settings = settings.clone();
    for item in settings.values_mut().filter_map(Json::as_array_mut).flatten() {
        let Some(map) = item.as_object_mut() else { continue };
        let Some(old) = map.get("id").and_then(Json::as_str).map(str::to_owned) else { continue };
        let stem = old.split('-').next().unwrap_or("item").to_owned();
        let new = ids.next(&stem);
        renamed.insert(old, new.clone());
        map.insert("id".into(), Json::from(new));
    }
    settings
}

/// Where a step goes that nobody gave a place: right of the selection, else right of everything, and never on another.
pub fn free_place(project: &Project, after: &Selection) -> Pos2 {
    let places = |chosen: &dyn Fn(&Step) -> bool| {
        let steps: Vec<&Step> = project.steps.values().filter(|step| chosen(step)).collect();
        let right = steps.iter().map(|step| step.x).max()?;
        let top = steps.iter().map(|step| step.y).min()?;
        Some(pos2(right as f32 + STEP_WIDTH + GAP, top as f32))
    };
    let selected = places(&|step| after.steps.contains(&step.id));
    let start = selected.or_else(|| places(&|_| true)).unwrap_or(pos2(80.0, 80.0));
    first_free(project, start)
}

/// The first place at or below `at` where no step lies.
pub fn first_free(project: &Project, mut at: Pos2) -> Pos2 {
    while is_covered(project, at) {
        at.y += STEP_HEIGHT + 24.0;
    }
    at
}

/// Whether a step that is put there would lie on another.
pub fn is_covered(project: &Project, at: Pos2) -> bool {
    project
        .steps
        .values()
        .any(|step| (step.x as f32 - at.x).abs() < STEP_WIDTH + 8.0 && (step.y as f32 - at.y).abs() < STEP_HEIGHT)
}

/// What placing a step comes to.
pub struct Placed {
    pub edits: Vec<Edit>,
    pub step: Id,
}

/// A new step of a kind at a place; wired to the port it was drawn from, or else to the selection.
pub fn place(
    project: &Project,
    kind: &dyn StepKind,
    at: Option<Pos2>,
    from: Option<&PortRef>,
    selection: &Selection,
) -> Placed {
    let mut ids = NewIds::new(project);
    let id = ids.next(&prefix(kind.name()));
    let settings = with_new_ids(&kind.defaults(), &mut ids, &mut BTreeMap::new());
    let ports = kind.ports(&settings);
    let place = match at {
        Some(at) => first_free(project, at),
        None => free_place(project, selection),
    };
    let step = Step {
        id: id.clone(),
        kind: kind.name().to_owned(),
        title: free_title(project, kind.title()),
        x: place.x.round() as i32,
        y: place.y.round() as i32,
        settings,
        ..Step::default()
    };
    let mut edits = vec![insert("steps", &step)];
    let mut wire = |from: &str, output: &str, to: &str, input: &str| {
        edits.push(insert("wires", new_wire(&mut ids, from, output, to, input)));
    };
    match from {
        Some(from) if from.side == Side::Output => {
            if let Some(input) = ports.inputs.first() {
                wire(&from.step, &from.port, &id, &input.name);
            }
        }
        Some(from) => {
            if let Some(output) = ports.outputs.first() {
                wire(&id, &output.name, &from.step, &from.port);
            }
        }
        None => {
            let mut before: Vec<&Step> = selection.steps.iter().filter_map(|id| project.steps.get(id)).collect();
            before.sort_by_key(|step| (step.y, step.x));
            let mut inputs = ports.inputs.iter();
            let mut input = inputs.next();
            for other in before {
                let outputs = step_ports(other).outputs;
                let (Some(port), Some(output)) = (input, outputs.first()) else { continue };
                wire(&other.id, &output.name, &id, &port.name);
                if !port.many {
                    input = inputs.next();
                }
            }
        }
    }
    Placed { edits, step: id }
}

pub fn new_wire(ids: &mut NewIds, from: &str, output: &str, to: &str, input: &str) -> Wire {
    Wire {
        id: ids.next("w"),
        from: from.to_owned(),
        output: output.to_owned(),
        to: to.to_owned(),
        input: input.to_owned(),
        ..Wire::default()
    }
}

/// A wire from an output to an input. What feeds an input that takes one wire gives way.
pub fn connect(project: &Project, from: &PortRef, to: &PortRef) -> Vec<Edit> {
    let mut edits = Vec::new();
    let takes_many = project
        .steps
        .get(&to.step)
        .is_some_and(|step| step_ports(step).inputs.iter().any(|port| port.name == to.port && port.many));
    if !takes_many {
        let before = project.wires_into(&to.step).filter(|wire| wire.input == to.port);
        edits.extend(before.map(|wire| remove(&wire.id)));
    }
    let mut ids = NewIds::new(project);
    edits.push(insert("wires", new_wire(&mut ids, &from.step, &from.port, &to.step, &to.port)));
    edits
}

/// A wire from an output to the leftmost input among `steps` that has none.
pub fn feed_first(project: &Project, from: &PortRef, steps: &[Id]) -> Vec<Edit> {
    let mut open: Vec<(&Step, String)> = steps
        .iter()
        .filter_map(|id| project.steps.get(id))
        .filter_map(|step| {
            let is_free =
                |port: &pipewright_core::steps::Port| !project.wires_into(&step.id).any(|wire| wire.input == port.name);
            let port = step_ports(step).inputs.into_iter().find(is_free)?;
            Some((step, port.name))
        })
        .collect();
    open.sort_by_key(|(step, _)| (step.x, step.y));
    let Some((step, port)) = open.into_iter().next() else { return Vec::new() };
    connect(project, from, &PortRef { step: step.id.clone(), side: Side::Input, port })
}

/// The ports of a step; a kind that is not known has one of each.
pub fn step_ports(step: &Step) -> pipewright_core::steps::Ports {
    match kind(&step.kind) {
        Some(kind) => kind.ports(&step.settings),
        None => pipewright_core::steps::Ports::one_to_one(),
    }
}

/// How diagnostics name an input of a step.
pub fn input_field(port: &pipewright_core::steps::Port) -> String {
    format!("input.{}", port.name)
}

/// The first input of a step, as diagnostics name it, that could have a wire and has none.
pub fn unwired_input(project: &Project, step: &str) -> Option<String> {
    let ports = step_ports(project.steps.get(step).filter(|_| project.steps.len() > 1)?).inputs;
    let is_wired = |name: &str| project.wires_into(step).any(|wire| wire.input == name);
    ports.iter().find(|port| !is_wired(&port.name)).map(input_field)
}

/// Removes what is selected. Wires of removed steps go with them; what fed a removed step feeds what it fed.
pub fn delete(project: &Project, selection: &Selection) -> Vec<Edit> {
    let wires = selection.wires.iter().filter(|id| {
        project
            .wires
            .get(*id)
            .is_some_and(|wire| !selection.steps.contains(&wire.from) && !selection.steps.contains(&wire.to))
    });
    let steps = selection.steps.iter().filter(|id| project.steps.contains_key(*id));
    wires.chain(steps).map(|id| remove(id)).chain(rejoined(project, selection)).collect()
}

/// The wires that close the gaps which removed steps leave, where it is plain what flowed through them: rows came in by
/// one wire and left by one output.
fn rejoined(project: &Project, selection: &Selection) -> Vec<Edit> {
    let mut ids = NewIds::new(project);
    let mut made: BTreeSet<[&str; 4]> = BTreeSet::new();
    let ends = project.wires.values().filter(|wire| {
        selection.steps.contains(&wire.from)
            && !selection.steps.contains(&wire.to)
            && !selection.wires.contains(&wire.id)
    });
    for end in ends {
        let Some(start) = start_of(project, selection, end) else { continue };
        made.insert([&start.from, &start.output, &end.to, &end.input]);
    }
    let edits = made.into_iter().map(|[from, output, to, input]| new_wire(&mut ids, from, output, to, input));
    edits.map(|wire| insert("wires", wire)).collect()
}

/// The wire by which the rows came into the removed steps that `end` leaves.
fn start_of<'a>(project: &'a Project, selection: &Selection, end: &'a Wire) -> Option<&'a Wire> {
    let mut at = end;
    // A circle has no start.
    for _ in 0..=selection.steps.len() {
        if !selection.steps.contains(&at.from) {
            return Some(at).filter(|start| !project.reaches(&end.to, &start.from));
        }
        let mut into = project.wires_into(&at.from);
        let before = into.next().filter(|wire| !selection.wires.contains(&wire.id))?;
        let has_one_output = project.wires_from(&at.from).all(|wire| wire.output == at.output);
        if into.next().is_some() || !has_one_output {
            return None;
        }
        at = before;
    }
    None
}

/// Leaves the selected steps out, or takes all of them in again where all are left out.
pub fn bypass(project: &Project, selection: &Selection) -> Vec<Edit> {
    let steps: Vec<&Step> = selection.steps.iter().filter_map(|id| project.steps.get(id)).collect();
    let is_back = steps.iter().all(|step| step.bypassed);
    let value = if is_back { Json::Null } else { Json::Bool(true) };
    let turned = steps.into_iter().filter(|step| step.bypassed == is_back);
    turned.map(|step| set(&step.id, "bypassed", value.clone())).collect()
}

/// A source and a step that reads it.
pub fn add_source(project: &Project, mut source: Source, at: Pos2) -> Placed {
    let mut ids = NewIds::new(project);
    source.id = ids.next("src");
    let mut placed = source_step(project, &source, at, &mut ids);
    placed.edits.insert(0, insert("sources", &source));
    placed
}

/// A step that reads a source which the project has.
pub fn place_source(project: &Project, source: &Source, selection: &Selection) -> Placed {
    source_step(
        project,
        source,
        free_place(project, &Selection { wires: BTreeSet::new(), ..selection.clone() }),
        &mut NewIds::new(project),
    )
}

fn source_step(project: &Project, source: &Source, at: Pos2, ids: &mut NewIds) -> Placed {
    let name = if source.planned.is_some() { "planned_source" } else { "file" };
    let mut settings = kind(name).map(|kind| kind.defaults()).unwrap_or_default();
    settings.insert("source".into(), Json::from(source.id.as_str()));
    let at = first_free(project, at);
    let step = Step {
        id: ids.next(&prefix(name)),
        kind: name.to_owned(),
        title: free_title(project, &source.title),
        x: at.x.round() as i32,
        y: at.y.round() as i32,
        settings,
        ..Step::default()
    };
    Placed { edits: vec![insert("steps", &step)], step: step.id }
}

/// A connection with nothing in it yet.
pub fn new_connection(project: &Project, kind: ConnectionKind) -> Connection {
    Connection { id: project.new_id("con"), title: kind.title().to_owned(), kind, ..Connection::default() }
}

/// A source that a connection leads to: the one that is there, or a new one.
pub fn add_place(project: &Project) -> (Vec<Edit>, Id) {
    let mut edits = Vec::new();
    let connection = match project.connections.keys().next() {
        Some(known) if project.connections.len() == 1 => known.clone(),
        _ => {
            let connection = new_connection(project, ConnectionKind::Http);
            edits.push(insert("connections", &connection));
            connection.id
        }
    };
    let source =
        Source { id: project.new_id("src"), title: "data of a connection".into(), connection, ..Source::default() };
    edits.push(insert("sources", &source));
    (edits, source.id)
}

/// A new question.
pub fn add_question(project: &Project) -> (Vec<Edit>, Id) {
    let question =
        Question { id: project.new_id("q"), title: crate::gui::state::UNTITLED_QUESTION.into(), ..Question::default() };
    (vec![insert("questions", &question)], question.id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn chain(kinds: &[&str]) -> Project {
        let mut project = Project::new("p");
        let steps = kinds.iter().enumerate();
        let mut edits: Vec<Edit> =
            steps.map(|(at, kind)| insert("steps", json!({"id": format!("s{at}"), "kind": kind}))).collect();
        for at in 1..kinds.len() {
            let (from, to) = (format!("s{}", at - 1), format!("s{at}"));
            edits.push(insert("wires", json!({"id": format!("w{at}"), "from": from, "to": to})));
        }
        project.apply(&edits).unwrap();
        project
    }

    fn selection(steps: &[&str]) -> Selection {
        Selection { steps: steps.iter().map(|step| (*step).to_owned()).collect(), wires: BTreeSet::new() }
    }

    fn wires(project: &Project) -> Vec<(&str, &str)> {
        let mut wires: Vec<_> = project.wires.values().map(|wire| (wire.from.as_str(), wire.to.as_str())).collect();
        wires.sort_unstable();
        wires
    }

    #[test]
    fn deleting_steps_in_the_middle_joins_their_ends() {
        let mut project = chain(&["table", "filter", "sort", "limit", "standard_output"]);
        let before = project.clone();
        project.apply(&delete(&project, &selection(&["s1", "s2"]))).unwrap();
        assert_eq!(wires(&project), [("s0", "s3"), ("s3", "s4")]);
        project.apply(&delete(&project, &selection(&["s4"]))).unwrap();
        assert_eq!(wires(&project), [("s0", "s3")]);
        // Of two that come together nothing says which goes on.
        let mut joined = before;
        let other = insert("steps", json!({"id": "t", "kind": "table"}));
        let wire = insert("wires", json!({"id": "w9", "from": "t", "to": "s2", "input": "right"}));
        let left = json!({"id": "w2", "from": "s1", "to": "s2", "input": "left"});
        let kind = set("s2", "kind", json!("join"));
        joined.apply(&[other, remove("w2"), kind, insert("wires", left), wire]).unwrap();
        joined.apply(&delete(&joined, &selection(&["s2"]))).unwrap();
        assert_eq!(wires(&joined), [("s0", "s1"), ("s3", "s4")]);
    }

    #[test]
    fn a_second_bypass_takes_the_steps_in_again() {
        let mut project = chain(&["table", "filter", "sort"]);
        let chosen = selection(&["s1", "s2"]);
        project.apply(&bypass(&project, &selection(&["s1"]))).unwrap();
        project.apply(&bypass(&project, &chosen)).unwrap();
        assert!(project.steps["s1"].bypassed && project.steps["s2"].bypassed);
        project.apply(&bypass(&project, &chosen)).unwrap();
        assert!(!project.steps["s1"].bypassed && !project.steps["s2"].bypassed);
    }
}
