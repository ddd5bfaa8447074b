//! Edits that add a row of steps to a project. Imports project only.

use serde_json::{Value as Json, json};

use crate::model::Id;
use crate::project::{Edit, Place, Project};

/// A flow under construction, left to right, below what is there.
pub(in crate::planner) struct Flow<'a> {
    project: &'a Project,
    prefix: String,
    y: i32,
    count: usize,
    pub edits: Vec<Edit>,
}

impl<'a> Flow<'a> {
    /// `prefix` begins the ids; ids that the project has already get a number.
    pub fn new(project: &'a Project, prefix: &str) -> Self {
        let taken = |prefix: &str| {
            let begins = format!("{prefix}-");
            project.steps.keys().chain(project.wires.keys()).any(|id| id.starts_with(&begins))
        };
        let mut free = prefix.to_owned();
        let mut number = 2;
        while taken(&free) {
            free = format!("{prefix}-{number}");
            number += 1;
        }
        let y = project.steps.values().map(|step| step.y + 150).max().unwrap_or(80);
        Self { project, prefix: free, y, count: 0, edits: Vec::new() }
    }

    fn insert(&mut self, into: &str, item: Json) {
        self.edits.push(Edit::Insert { into: into.to_owned(), item, place: Place::Last });
    }

    /// A step after those before; wired from `from`, in that order of input ports.
    pub fn step(&mut self, kind: &str, title: &str, settings: Json, note: &str, from: &[(&Id, &str)]) -> Id {
        let from: Vec<(&Id, &str, &str)> = from.iter().map(|(from, input)| (*from, "out", *input)).collect();
        self.step_from(kind, title, settings, note, &from)
    }

    /// As `step`, from given output ports: (step, output port, input port).
    pub fn step_from(
        &mut self,
        kind: &str,
        title: &str,
        mut settings: Json,
        note: &str,
        from: &[(&Id, &str, &str)],
    ) -> Id {
        self.count += 1;
        let id = format!("{}-{}", self.prefix, self.count);
        with_own_ids(&mut settings, &id);
        let x = 40 + 296 * (self.count as i32 - 1);
        let mut item = json!({"id": id, "kind": kind, "title": title, "x": x, "y": self.y, "settings": settings});
        if !note.is_empty() {
            item["note"] = json!(note);
        }
        self.insert("steps", item);
        for (number, (from, output, input)) in from.iter().enumerate() {
            let wire = format!("{}-w{}-{}", self.prefix, self.count, number + 1);
            self.insert("wires", json!({"id": wire, "from": from, "output": output, "to": id, "input": input}));
        }
        id
    }

    /// A step that reads a source; the one that is there already is not touched.
    pub fn read(&mut self, source: &str) -> Id {
        let title = self.project.sources.get(source).map_or(source, |source| source.title.as_str()).to_owned();
        self.step("file", &title, json!({"source": source}), "", &[])
    }

    /// A step with one input.
    pub fn then(&mut self, from: &Id, kind: &str, title: &str, settings: Json, note: &str) -> Id {
        self.step(kind, title, settings, note, &[(from, "in")])
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
