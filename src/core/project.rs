//! The project: what a team designs, and the only door through which it changes (`Project::apply`).
//! Imports everything up to `steps`; must not import plan or export.

mod changes;
mod comments;
mod disk;
mod edit;
mod file;
mod history;
mod invariants;
mod journal;
mod on_disk;
mod organisation;
#[cfg(test)]
mod saving_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::model::{Connection, Id, Note, Parameter, Question, Request, Source, StepPlace, Team};
use crate::policy::Policy;

pub use changes::{ItemChange, ProjectChange, changes};
pub use comments::{Comment, Thread};
pub use disk::{SaveFault, save_file, save_over};
pub use edit::{Edit, Place};
pub use file::{
    EXTENSION, FILE_VERSION, ProjectFile, canonical_json, help_with_path, json_schema_of_edits, json_schema_of_project,
    load, read_file, to_text,
};
pub use history::History;
pub use invariants::check_invariants;
pub use journal::{Fit, Journal, LeftBehind};
pub use on_disk::OnDisk;
pub use organisation::{read_pinned, read_policy};

/// A step on the canvas.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    pub id: Id,
    /// Name of a step kind; one that this version does not know is kept as it is.
    pub kind: String,
    #[serde(default)]
    pub title: String,
    /// Left upper corner on the canvas, in points.
    #[serde(default)]
    pub x: i32,
    #[serde(default)]
    pub y: i32,
    #[serde(default)]
    pub settings: Map<String, Json>,
    /// A remark for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Left out for now: what arrives at the first input leaves as it is; a load writes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bypassed: bool,
    /// Id of the place in which it is done; empty: that of its lane or connection, or wherever the least goes over.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: Id,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl Step {
    /// In settings an empty list is as no list.
    fn drop_empty_lists(&mut self) {
        self.settings.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
    }
}

/// Rows flow from an output port to an input port.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Wire {
    pub id: Id,
    pub from: Id,
    #[serde(default = "default_output")]
    pub output: String,
    pub to: Id,
    #[serde(default = "default_input")]
    pub input: String,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

fn default_output() -> String {
    "out".into()
}

fn default_input() -> String {
    "in".into()
}

/// A titled frame around steps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Frame {
    pub id: Id,
    #[serde(default)]
    pub title: String,
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    /// Id of the place in which the steps in it are done, where they do not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: Id,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// Steps that belong together, shown as one card while it is closed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StepGroup {
    pub id: Id,
    #[serde(default)]
    pub title: String,
    /// Ids; those of steps that are gone say nothing.
    #[serde(default)]
    pub steps: Vec<Id>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// Pinned rows of one step: run by `pipewright test`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StepTest {
    pub id: Id,
    pub step: Id,
    #[serde(default)]
    pub title: String,
    /// Rows by input port.
    #[serde(default)]
    pub inputs: BTreeMap<String, PinnedRows>,
    /// Rows by output port.
    pub expected: BTreeMap<String, PinnedRows>,
    /// Values of parameters, by name, that the rows were pinned with: a threshold that is turned later fails nothing.
    /// Those that are not named have their defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Json>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// A small table in the project file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PinnedRows {
    pub schema: crate::data::Schema,
    pub rows: Vec<Vec<Json>>,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// A policy of the organisation, as read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrganisationPolicy {
    /// Digest of the file's bytes.
    pub sha256: String,
    pub policy: Policy,
}

/// What a project holds, for all to read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Design {
    pub name: String,
    pub teams: BTreeMap<Id, Team>,
    pub connections: BTreeMap<Id, Connection>,
    pub places: BTreeMap<Id, StepPlace>,
    pub sources: BTreeMap<Id, Source>,
    pub questions: BTreeMap<Id, Question>,
    pub requests: BTreeMap<Id, Request>,
    pub steps: BTreeMap<Id, Step>,
    pub wires: BTreeMap<Id, Wire>,
    pub frames: BTreeMap<Id, Frame>,
    pub groups: BTreeMap<Id, StepGroup>,
    pub notes: BTreeMap<Id, Note>,
    pub comments: BTreeMap<Id, Comment>,
    pub parameters: BTreeMap<Id, Parameter>,
    pub tests: BTreeMap<Id, StepTest>,
    /// Export settings by target.
    pub targets: Map<String, Json>,
    /// The project's own `concepts` and `rules`, in the form of those that ship with the program.
    pub vocabulary: Map<String, Json>,
    /// The project's own rules on where data may go, and the pin of its organisation's file under `organisation`.
    pub policy: Map<String, Json>,
    /// Policies of the organisation: the pinned file as it was read, and those that a run is given. Not saved.
    pub organisation: Vec<OrganisationPolicy>,
    /// What the values of samples show of columns whose meaning nobody has said, by source and column: concepts that
    /// are personal or secret. Not saved.
    pub seen: BTreeMap<Id, BTreeMap<String, String>>,
    /// What its file held when it was read. Not saved.
    pub on_disk: OnDisk,
    /// Keys of the file that this version does not know.
    pub extra: Map<String, Json>,
}

/// A project: a design that is read freely, as if its fields were the project's own, and changed only through `apply`,
/// which the compiler holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Project {
    design: Design,
    revision: u64,
}

impl Deref for Project {
    type Target = Design;

    fn deref(&self) -> &Design {
        &self.design
    }
}

/// Tests put together what no edit would.
#[cfg(test)]
impl std::ops::DerefMut for Project {
    fn deref_mut(&mut self) -> &mut Design {
        &mut self.design
    }
}

impl Project {
    pub fn new(name: impl Into<String>) -> Self {
        Self { design: Design { name: name.into(), ..Design::default() }, revision: 0 }
    }

    /// A copy with another design, to be planned or looked at: no edit leads to it, so it never takes the project's
    /// place and is never saved.
    pub fn variation(&self, change: impl FnOnce(&mut Design)) -> Project {
        let mut copy = self.clone();
        change(&mut copy.design);
        copy
    }

    /// Puts the project under policies of the organisation, instead of those that it was under. They are not of its
    /// file, so this is no edit.
    pub fn set_organisation(&mut self, policies: Vec<OrganisationPolicy>) {
        self.design.organisation = policies;
    }

    /// Notes what the values of samples show (`Design::seen`). It is not of its file, so this is no edit; gives whether it
    /// is news.
    pub fn set_seen(&mut self, seen: BTreeMap<Id, BTreeMap<String, String>>) -> bool {
        let is_news = self.design.seen != seen;
        self.design.seen = seen;
        is_news
    }

    /// Grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A new id that nothing in the project has.
    pub fn new_id(&self, prefix: &str) -> Id {
        crate::model::new_id(prefix, |id| self.has_id(id))
    }

    /// The step with that id or, if just one has it, that title.
    pub fn find_step(&self, name: &str) -> Option<&Step> {
        self.steps.get(name).or_else(|| {
            let mut with_title = self.steps.values().filter(|step| step.title == name);
            with_title.next().filter(|_| with_title.next().is_none())
        })
    }

    pub fn wires_into<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a Wire> {
        self.wires.values().filter(move |wire| wire.to == step)
    }

    pub fn wires_from<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a Wire> {
        self.wires.values().filter(move |wire| wire.from == step)
    }
}
