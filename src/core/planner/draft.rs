//! A flow while it is proposed: steps and wires as edits, with ids of their own, laid out from left to right.
//! Imports project and below; of this room nothing.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::{Id, new_id};
use crate::project::{Edit, Place, Project, Step, Wire};

/// Distance between the left corners of steps that follow one another, and of those below one another.
const STEP_WIDTH: i32 = 288;
const STEP_HEIGHT: i32 = 124;
const LEFT: i32 = 40;

/// Steps and wires that do not exist yet.
pub(super) struct Draft<'a> {
    project: &'a Project,
    pub edits: Vec<Edit>,
    pub steps: Vec<Id>,
    pub wires: Vec<Id>,
    taken: BTreeSet<Id>,
    top: i32,
    /// How many steps stand side by side so far, and below one another at the left.
    across: i32,
    below: i32,
}

/// What a new step is, before it has a place.
pub(super) struct NewStep<'a> {
    pub kind: &'a str,
    pub title: String,
    pub settings: Json,
    pub reason: String,
}

impl<'a> Draft<'a> {
    pub fn new(project: &'a Project) -> Self {
        let lowest = project.steps.values().map(|step| step.y).max();
        Self {
            project,
            edits: Vec::new(),
            steps: Vec::new(),
            wires: Vec::new(),
            taken: BTreeSet::new(),
            top: lowest.map_or(80, |lowest| lowest + 2 * STEP_HEIGHT),
            across: 0,
            below: 0,
        }
    }

    /// An id that neither the project nor the draft has.
    pub fn id(&mut self, prefix: &str) -> Id {
        let id = new_id(prefix, |id| self.project.has_id(id) || self.taken.contains(id));
        self.taken.insert(id.clone());
        id
    }

    /// A step at the end of the row; the first input port gets a wire from `from`.
    pub fn next(&mut self, from: &str, step: NewStep) -> Id {
        self.across += 1;
        let (x, y) = (LEFT + self.across * STEP_WIDTH, self.top);
        let input = if matches!(step.kind, "join" | "nearest_in_time") { "left" } else { "in" };
        let id = self.place(step, x, y);
        self.wire(from, &id, input);
        id
    }

    /// A step below the row, to the left of what comes next: sources that are joined.
    pub fn beside(&mut self, step: NewStep) -> Id {
        self.below += 1;
        let (x, y) = (LEFT + self.across * STEP_WIDTH, self.top + self.below * STEP_HEIGHT);
        self.place(step, x, y)
    }

    /// The first step of the row.
    pub fn first(&mut self, step: NewStep) -> Id {
        let (x, y) = (LEFT, self.top);
        self.place(step, x, y)
    }

    fn place(&mut self, step: NewStep, x: i32, y: i32) -> Id {
        let prefix: String = step.kind.chars().filter(char::is_ascii_alphabetic).take(3).collect();
        let id = self.id(&prefix);
        let settings = step.settings.as_object().cloned().unwrap_or_default();
        let step = Step {
            id: id.clone(),
            kind: step.kind.to_owned(),
            title: step.title,
            x,
            y,
            settings,
            note: step.reason,
            ..Step::default()
        };
        self.insert("steps", json!(step));
        self.steps.push(id.clone());
        id
    }

    pub fn wire(&mut self, from: &str, to: &str, input: &str) {
        let id = self.id("w");
        let wire = Wire {
            id: id.clone(),
            from: from.to_owned(),
            output: "out".into(),
            to: to.to_owned(),
            input: input.to_owned(),
            ..Wire::default()
        };
        self.insert("wires", json!(wire));
        self.wires.push(id);
    }

    pub fn insert(&mut self, into: &str, item: Json) {
        self.edits.push(Edit::Insert { into: into.to_owned(), item, place: Place::Last });
    }

    /// A step of the project that reads the source already.
    pub fn reader_of(&self, source: &str) -> Option<Id> {
        let reads = |step: &&Step| {
            matches!(step.kind.as_str(), "file" | "planned_source")
                && step.settings.get("source").and_then(Json::as_str) == Some(source)
        };
        self.project.steps.values().find(reads).map(|step| step.id.clone())
    }
}
