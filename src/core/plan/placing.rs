//! The place in which a step is done: its own, else that of its lane, of its connection, or the one whose stack its
//! source is of. Imports project; no export.

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{Id, StepPlace};
use crate::project::{Design, Frame, Project, Step};
use crate::steps::FieldKind;

/// What says where a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacedBy {
    Step,
    Lane,
    Connection,
    Stack,
}

impl PlacedBy {
    /// As people say it.
    pub fn title(self) -> &'static str {
        match self {
            PlacedBy::Step => "said by the step",
            PlacedBy::Lane => "said by its lane",
            PlacedBy::Connection => "said by its connection",
            PlacedBy::Stack => "its source is of that stack",
        }
    }
}

/// Where a step is done, and what says so; `None`: nothing does, and wherever the least goes over will do. A place that is
/// not there says nothing.
pub fn place_of<'a>(design: &'a Design, step: &Step) -> Option<(&'a StepPlace, PlacedBy)> {
    let named = |id: &Id, by: PlacedBy| Some((design.places.get(id)?, by));
    let of_lane = || lane_of(design, step).and_then(|lane| named(&lane.place, PlacedBy::Lane));
    let looked_up = || -> Option<(&'a StepPlace, PlacedBy)> {
        let form = crate::steps::kind(&step.kind)?.form();
        let setting = |name: &str| step.settings.get(name).and_then(serde_json::Value::as_str);
        let field = form.iter().find(|field| matches!(field.kind, FieldKind::Source | FieldKind::Connection { .. }))?;
        let id = setting(field.name)?;
        let source = design.sources.get(id);
        let connection = design.connections.get(source.map_or(id, |source| &source.connection));
        let of_connection = connection.and_then(|connection| named(&connection.place, PlacedBy::Connection));
        of_connection.or_else(|| {
            let stack = source.map(|source| normal(&source.stack)).filter(|stack| !stack.is_empty())?;
            let place = design.places.values().find(|place| normal(&place.stack) == stack)?;
            Some((place, PlacedBy::Stack))
        })
    };
    named(&step.place, PlacedBy::Step).or_else(of_lane).or_else(looked_up)
}

/// Capitals and blanks around make no other stack.
fn normal(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The smallest lane with a place that a step stands in.
fn lane_of<'a>(design: &'a Design, step: &Step) -> Option<&'a Frame> {
    let holds = |frame: &&Frame| {
        (frame.x..frame.x.saturating_add(frame.width)).contains(&step.x)
            && (frame.y..frame.y.saturating_add(frame.height)).contains(&step.y)
    };
    let lanes = design.frames.values().filter(|frame| design.places.contains_key(&frame.place)).filter(holds);
    lanes.min_by_key(|frame| i64::from(frame.width) * i64::from(frame.height))
}

/// Places that are named and not there.
pub(super) fn check_places(project: &Project) -> Vec<Diagnostic> {
    let steps = project.steps.values().map(|step| (&step.id, &step.title, &step.place));
    let lanes = project.frames.values().map(|frame| (&frame.id, &frame.title, &frame.place));
    let connections = project.connections.values();
    let connections = connections.map(|connection| (&connection.id, &connection.title, &connection.place));
    let is_missing = |(_, _, place): &(&Id, &String, &Id)| !place.is_empty() && !project.places.contains_key(*place);
    let told = |(id, title, place): (&Id, &String, &Id)| {
        let near = did_you_mean(place, project.places.keys().map(String::as_str));
        Diagnostic::warning("PW1201", format!("there is no place `{place}`{near}"))
            .help("name a place of the project, or none: then it is done wherever the least goes over")
            .step(id, title)
            .field("place")
    };
    steps.chain(lanes).chain(connections).filter(is_missing).map(told).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::plan;
    use crate::project::Edit;

    fn insert(into: &str, item: serde_json::Value) -> Edit {
        Edit::Insert { into: into.into(), item, place: Default::default() }
    }

    /// A file read in a lane, with places for what could say where.
    fn placed() -> Project {
        let mut project = Project::new("p");
        let edits = [
            insert("places", json!({"id": "one", "title": "One", "target": "spark"})),
            insert("places", json!({"id": "two", "title": "Two", "target": "polars"})),
            insert("places", json!({"id": "three", "title": "Three", "target": "pipeline"})),
            insert("places", json!({"id": "four", "title": "Four", "target": "duckdb", "stack": "Store"})),
            insert(
                "connections",
                json!({"id": "con", "title": "C", "kind": "postgresql", "address": "h/db", "place": "three"}),
            ),
            insert(
                "sources",
                json!({"id": "src", "title": "S", "connection": "con", "stack": "store ", "path": "s.csv"}),
            ),
            insert("frames", json!({"id": "lane", "x": 0, "y": 0, "width": 100, "height": 100, "place": "two"})),
            insert("frames", json!({"id": "wide", "x": -9, "y": -9, "width": 400, "height": 400, "place": "one"})),
            insert(
                "steps",
                json!({"id": "file", "kind": "file", "x": 10, "y": 10, "place": "one", "settings": {"source": "src"}}),
            ),
        ];
        project.apply(&edits).unwrap();
        project
    }

    #[test]
    fn a_step_says_where_it_is_done_then_its_lane_its_connection_and_its_stack() {
        let mut project = placed();
        let said =
            |project: &Project| place_of(project, &project.steps["file"]).map(|(place, by)| (place.id.clone(), by));
        let set = |id: &str, field: &str, new: serde_json::Value| Edit::Set {
            id: id.into(),
            field: field.into(),
            old: None,
            new,
        };
        let found = |id: &str, by| Some((id.to_owned(), by));
        assert_eq!(said(&project), found("one", PlacedBy::Step));
        let undo = project.apply(&[set("file", "place", json!(null))]).unwrap();
        assert_eq!(said(&project), found("two", PlacedBy::Lane), "the smaller of two lanes");
        project.apply(&[set("file", "x", json!(1000))]).unwrap();
        assert_eq!(said(&project), found("three", PlacedBy::Connection));
        project.apply(&[set("con", "place", json!(null))]).unwrap();
        assert_eq!(said(&project), found("four", PlacedBy::Stack));
        project.apply(&[set("src", "stack", json!(""))]).unwrap();
        assert_eq!(said(&project), None);
        project.apply(&undo).unwrap();
        assert_eq!(said(&project), found("one", PlacedBy::Step));
    }

    #[test]
    fn a_place_that_is_not_there_is_told_where_it_is_named() {
        let mut project = placed();
        project.apply(&[Edit::Remove { id: "two".into() }]).unwrap();
        let told = plan(&project).diagnostics.into_iter().find(|told| told.code == "PW1201").unwrap();
        assert_eq!(told.location.id.as_deref(), Some("lane"));
        assert!(!told.is_error() && told.message.contains("`two`"), "{told}");
        assert_eq!(said_by_wide(&project), Some("one".to_owned()), "a lane whose place is gone says nothing");
    }

    fn said_by_wide(project: &Project) -> Option<String> {
        let step = Step { place: String::new(), ..project.steps["file"].clone() };
        place_of(project, &step).map(|(place, _)| place.id.clone())
    }

    #[test]
    fn places_are_kept_in_the_file_and_no_run_knows_them() {
        let project = placed();
        let text = crate::project::to_text(&project);
        let (read, told) = crate::project::load(&text).unwrap();
        assert!(told.is_empty(), "{told:?}");
        assert_eq!(read.places, project.places);
        assert_eq!(crate::project::to_text(&read), text);
        let location = read.sources["src"].location(&read.connections).unwrap();
        assert_eq!(location.connection.place, "");
    }
}
