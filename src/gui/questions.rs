//! The questions of the project as cards, with how far each is answered.

use egui::{Color32, Frame, Margin, RichText, ScrollArea, Ui};
use pipewright_core::model::{Question, QuestionStatus};
use pipewright_core::project::Step;

use super::command::{Action, Actions, Chosen, Command};
use super::state::StateRef;
use super::theme::{self, Palette};
use super::widgets::{badge, card, empty_state, link};

/// The panel.
pub fn questions_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin::same(10)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = theme::SPACE_2;
            for question in state.project.questions.values() {
                question_card(ui, state, question, out);
            }
            if state.project.questions.is_empty() {
                empty_state(ui, "No questions yet", "What does somebody want to know?");
            }
            if link(ui, "+ Ask a question").clicked() {
                out.command(Command::Question);
            }
        });
    });
}

/// The Answer steps that are tied to a question.
pub fn answers<'a>(state: StateRef<'a>, question: &'a str) -> impl Iterator<Item = &'a Step> {
    state
        .project
        .steps
        .values()
        .filter(move |step| step.settings.get("question").and_then(|id| id.as_str()) == Some(question))
}

fn question_card(ui: &mut Ui, state: StateRef<'_>, question: &Question, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let answers: Vec<&Step> = answers(state, &question.id).collect();
    let is_shown = state.chosen == Chosen::Question(question.id.clone())
        || answers.iter().any(|step| state.selection.steps.contains(&step.id));
    let asker = state.project.teams.get(&question.asker).map_or(question.asker.as_str(), |team| team.title.as_str());
    let response = card(ui, is_shown, &question.title, |ui| {
        ui.spacing_mut().item_spacing.y = theme::SPACE_1;
        ui.label(theme::semibold(&question.title));
        if !asker.is_empty() {
            ui.label(RichText::new(format!("asked by {asker}")).color(palette.soft));
        }
        ui.horizontal_wrapped(|ui| {
            let (word, colour) = status(palette, question.status);
            badge(ui, word, colour);
            if answers.is_empty() {
                ui.label(RichText::new("no answer in the flow yet").color(palette.soft));
            }
        });
    });
    if response.clicked() {
        out.push(Action::Choose(Chosen::Question(question.id.clone())));
    }
    if response.double_clicked() && !answers.is_empty() {
        let steps = answers.iter().map(|step| step.id.clone()).collect();
        out.push(Action::Select { steps, reveal: true });
    }
}

/// The word and colour of a status.
pub fn status(palette: &Palette, status: QuestionStatus) -> (&'static str, Color32) {
    match status {
        QuestionStatus::Asked => ("asked", palette.soft),
        QuestionStatus::Agreed => ("agreed", palette.warning),
        QuestionStatus::DataAvailable => ("data available", palette.good),
        QuestionStatus::Running => ("running", palette.accent),
    }
}
