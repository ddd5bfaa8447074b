//! A flow that is not in the project yet: steps and wires as edits, with ids of their own, laid out from left to right
//! below what is there. Imports project and below; of this room nothing.

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
    /// Begins the ids, where they are to be the same each time; empty: they are random.
    prefix: String,
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
            prefix: String::new(),
            taken: BTreeSet::new(),
            top: lowest.map_or(80, |lowest| lowest.saturating_add(2 * STEP_HEIGHT)),
            across: 0,
            below: 0,
        }
    }

    /// One whose ids begin with `prefix` and are the same each time; where the project has such, the prefix gets a number.
    pub fn named(project: &'a Project, prefix: &str) -> Self {
        let is_taken = |prefix: &str| {
            let begins = format!("{prefix}-");
            project.steps.keys().chain(project.wires.keys()).any(|id| id.starts_with(&begins))
        };
        let mut free = prefix.to_owned();
        let mut number = 2;
        while is_taken(&free) {
            free = format!("{prefix}-{number}");
            number += 1;
        }
        Self { prefix: free, ..Self::new(project) }
    }

    /// An id that neither the project nor the draft has.
    pub fn id(&mut self, prefix: &str) -> Id {
        let id = new_id(prefix, |id| self.project.has_id(id) || self.taken.contains(id));
        self.taken.insert(id.clone());
        id
    }

    /// A step at the end of the row; the first input port gets a wire from `from`.
    pub fn next(&mut self, from: &str, step: NewStep) -> Id {
        let input = if matches!(step.kind, "join" | "lookup" | "nearest_in_time") { "left" } else { "in" };
        self.after(&[(from, "out", input)], step)
    }

    /// A step at the end of the row, with its wires: step, output port, input port.
    pub fn after(&mut self, from: &[(&str, &str, &str)], step: NewStep) -> Id {
        if !(self.steps.is_empty() && from.is_empty()) {
            self.across += 1;
        }
        let (x, y) = (LEFT + self.across * STEP_WIDTH, self.top);
        let id = self.place(step, x, y);
        for (from, output, input) in from {
            self.wire(from, output, &id, input);
        }
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
        self.after(&[], step)
    }

    /// A step that reads a source; one that is there already is not touched.
    pub fn read(&mut self, source: &str) -> Id {
        self.first(self.reading(source, json!({"source": source})))
    }

    /// A step of its own that reads a source, at the left.
    pub fn read_beside(&mut self, source: &str, position: bool) -> Id {
        let step = self.reading(source, json!({"source": source, "position": position}));
        if self.steps.is_empty() { self.first(step) } else { self.beside(step) }
    }

    fn reading(&self, source: &str, settings: Json) -> NewStep<'static> {
        let title = self.project.sources.get(source).map_or(source, |source| source.title.as_str()).to_owned();
        NewStep { kind: "file", title, settings, reason: String::new() }
    }

    /// A step with one input.
    pub fn then(&mut self, from: &Id, kind: &str, title: &str, settings: Json, reason: &str) -> Id {
        self.step(kind, title, settings, reason, &[(from, "in")])
    }

    /// A step wired from the outputs of others, to these input ports.
    pub fn step(&mut self, kind: &str, title: &str, settings: Json, reason: &str, from: &[(&Id, &str)]) -> Id {
        let from: Vec<(&str, &str, &str)> = from.iter().map(|(from, input)| (from.as_str(), "out", *input)).collect();
        self.after(&from, NewStep { kind, title: title.to_owned(), settings, reason: reason.to_owned() })
    }

    fn place(&mut self, step: NewStep, x: i32, y: i32) -> Id {
        let mut settings = step.settings;
        let id = if self.prefix.is_empty() {
            let prefix: String = step.kind.chars().filter(char::is_ascii_alphabetic).take(3).collect();
            self.id(&prefix)
        } else {
            let id = format!("{}-{}", self.prefix, self.steps.len() + 1);
            with_own_ids(&mut settings, &id);
            id
        };
        let step = Step {
            id: id.clone(),
            kind: step.kind.to_owned(),
            title: step.title,
            x,
            y,
            settings: settings.as_object().cloned().unwrap_or_default(),
            note: step.reason,
            ..Step::default()
        };
        self.insert("steps", json!(step));
        self.steps.push(id.clone());
        id
    }

    pub fn wire(&mut self, from: &str, output: &str, to: &str, input: &str) {
        let id = match self.prefix.as_str() {
            "" => self.id("w"),
            prefix => format!("{prefix}-w{}", self.wires.len() + 1),
        };
        let wire = Wire {
            id: id.clone(),
            from: from.to_owned(),
            output: output.to_owned(),
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

/// Items of lists get ids that nothing else in the project has.
fn with_own_ids(settings: &mut Json, step: &str) {
    let lists = settings.as_object_mut().into_iter().flat_map(|settings| settings.values_mut());
    for item in lists.filter_map(Json::as_array_mut).flatten() {
        if let Some(Json::String(id)) = item.get_mut("id") {
            *id = format!("{step}-{id}");
        }
    }
}
