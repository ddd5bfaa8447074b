//! What people say of steps, wires and questions: comments with their answers. Imports the project's own parts only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Project;
use crate::model::Id;

/// What somebody says of a step, a wire or a question.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    pub id: Id,
    /// Id of the step, wire or question.
    pub about: Id,
    /// Id of the comment that this one answers; empty: it answers none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answers: Id,
    pub text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// When it was written, in UTC: `2026-03-03T14:00:00Z`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
    /// Whether what it says is settled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resolved: bool,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// A comment with its answers, the first first.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread<'a> {
    pub comment: &'a Comment,
    pub answers: Vec<&'a Comment>,
}

impl Project {
    /// What a comment is about, in words; `None`: nothing that is in the project.
    pub fn said_of(&self, comment: &Comment) -> Option<String> {
        if !comment.answers.is_empty() && !self.comments.contains_key(&comment.answers) {
            return None;
        }
        let title = |id: &Id| self.steps.get(id).map_or_else(|| id.clone(), |step| step.title.clone());
        let step = self.steps.get(&comment.about).map(|step| format!("step “{}”", step.title));
        let wire = || {
            let wire = self.wires.get(&comment.about)?;
            Some(format!("wire from “{}” to “{}”", title(&wire.from), title(&wire.to)))
        };
        let question = || self.questions.get(&comment.about).map(|question| format!("question “{}”", question.title));
        step.or_else(wire).or_else(question)
    }

    /// The threads about one thing, or about all; in the order of their time.
    pub fn threads(&self, about: Option<&str>) -> Vec<Thread<'_>> {
        let is_wanted = |comment: &&Comment| comment.answers.is_empty() && about.is_none_or(|id| id == comment.about);
        let mut threads: Vec<Thread<'_>> = self
            .comments
            .values()
            .filter(is_wanted)
            .map(|comment| {
                let mut answers: Vec<&Comment> =
                    self.comments.values().filter(|answer| answer.answers == comment.id).collect();
                answers.sort_by_key(|answer| (&answer.time, &answer.id));
                Thread { comment, answers }
            })
            .collect();
        threads.sort_by_key(|thread| (&thread.comment.time, &thread.comment.id));
        threads
    }

    /// How many threads about a thing are not settled.
    pub fn open_threads(&self, about: &str) -> usize {
        let is_open = |comment: &&Comment| comment.about == about && comment.answers.is_empty() && !comment.resolved;
        self.comments.values().filter(is_open).count()
    }
}
