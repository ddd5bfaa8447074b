//! Comments are written, and what they are about is shown.

use std::time::{SystemTime, UNIX_EPOCH};

use egui::Context;
use pipewright_core::data::format_timestamp;
use pipewright_core::project::Comment;

use super::edits;
use crate::gui::app::App;
use crate::gui::canvas::Selection;
use crate::gui::command::Chosen;
use crate::gui::panels::questions::way_to;

impl App {
    /// Says something of a thing, or answers another comment.
    pub(super) fn comment(&mut self, ctx: &Context, about: String, answers: String, text: String) {
        const MICROSECONDS: i64 = 1_000_000;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let comment = Comment {
            id: self.state.project.new_id("com"),
            about,
            text,
            author: self.state.settings.author.trim().to_owned(),
            time: format_timestamp(now * MICROSECONDS),
            answers,
            ..Comment::default()
        };
        let label = if comment.answers.is_empty() { "comment" } else { "answer a comment" };
        self.edit(ctx, label, &[edits::insert("comments", &comment)], false);
    }

    /// The field for a comment on what is selected takes the keyboard.
    pub(super) fn ask_for_comment(&mut self, ctx: &Context) {
        let is_one_wire = self.state.selection.steps.is_empty() && self.state.selection.wires.len() == 1;
        let is_question = matches!(self.state.chosen, Chosen::Question(_)) && self.state.selection.steps.is_empty();
        let step = self.state.selected_step().is_some_and(|step| !self.state.is_ghost(&step.id));
        if step || is_one_wire || is_question {
            self.view.fold.sides = false;
            self.view.comments.wants_focus = true;
        } else {
            self.notice(ctx, "select one step, one wire or a question to comment on it", false);
        }
    }

    /// Shows a step, a wire or a question in the inspector.
    pub(super) fn show_thing(&mut self, ctx: &Context, id: &str) {
        let project = &self.state.project;
        if project.steps.contains_key(id) {
            self.select(Selection { steps: [id.to_owned()].into(), ..Selection::default() }, true);
        } else if let Some(wire) = project.wires.get(id) {
            self.view.reveal = Some(wire.to.clone());
            self.select(Selection { wires: [id.to_owned()].into(), ..Selection::default() }, false);
        } else if project.questions.contains_key(id) {
            let action = way_to(&self.state, id);
            self.handle(ctx, action);
        }
    }
}
