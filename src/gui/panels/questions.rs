//! The questions of the project as cards, with how far each is answered; and those that ship ready to be asked, with
//! what the sources give for them.

use std::collections::BTreeMap;

use egui::{Color32, Frame, Margin, RichText, Ui};
use pipewright_core::model::{Question, QuestionStatus};
use pipewright_core::planner::{Dials, ReadyQuestion, ready_questions};
use pipewright_core::project::Step;

use crate::gui::command::{Action, Actions, Chosen, Command};
use crate::gui::state::StateRef;
use crate::gui::state::view::View;
use crate::gui::suggestion::planning::Reach;
use crate::gui::theme::{self, Palette};
use crate::gui::widgets::{
    Sign, badge, caption, card, empty_state, link, list_row, scrolled, search_field, shown_name, sign_ui, soft,
};

/// What is typed into the panel.
#[derive(Debug, Default)]
pub struct QuestionsView {
    pub filter: String,
    /// Thresholds of ready-made questions as they were turned, by question.
    pub dials: BTreeMap<String, Dials>,
    /// The sentence that is being typed, and of which question.
    pub typed: Option<(String, String)>,
}

/// The panel.
pub fn questions_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    scrolled(ui, |ui| {
        Frame::new().inner_margin(Margin::same(10)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = theme::SPACE_2;
            for question in state.project.questions.values() {
                question_card(ui, state, question, out);
            }
            if link(ui, "+ Ask a question of your own").clicked() {
                out.command(Command::Question);
            }
            ready_ui(ui, state, &mut view.questions, out);
        });
    });
}

/// The questions that ship, by group, those that can be answered first.
fn ready_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut QuestionsView, out: &mut Actions) {
    ui.add_space(theme::SPACE_2);
    ui.horizontal(|ui| {
        ui.label(theme::semibold("Ready to be asked"));
        if state.planning.is_looking() {
            ui.spinner();
        }
    });
    if state.project.sources.is_empty() {
        soft(ui, "Drop log files or a folder: each question then shows whether they answer it.");
    }
    search_field(ui, &mut view.filter, "Filter the questions", f32::INFINITY);
    let wanted = view.filter.to_lowercase();
    let fits = |question: &&ReadyQuestion| {
        let text = format!("{} {} {} {}", question.title, question.group, question.asker, question.doc).to_lowercase();
        !state.project.questions.contains_key(&question.id) && wanted.split_whitespace().all(|word| text.contains(word))
    };
    let found: Vec<&ReadyQuestion> = ready_questions().iter().filter(fits).collect();
    if found.is_empty() {
        empty_state(ui, "No such question", "Ask it in your own words, or clear the filter");
    }
    let mut groups: Vec<&str> = Vec::new();
    for question in &found {
        if !groups.contains(&question.group.as_str()) {
            groups.push(&question.group);
        }
    }
    for group in groups {
        ui.add_space(theme::SPACE_1);
        caption(ui, group.to_uppercase());
        let mut of_group: Vec<&&ReadyQuestion> = found.iter().filter(|question| question.group == group).collect();
        of_group.sort_by_key(|question| reach(state, &question.id));
        ui.spacing_mut().item_spacing.y = 0.0;
        for question in of_group {
            ready_row(ui, state, question, out);
        }
        ui.spacing_mut().item_spacing.y = theme::SPACE_2;
    }
}

fn reach(state: StateRef<'_>, id: &str) -> Option<Reach> {
    if state.project.sources.is_empty() {
        return None;
    }
    state.planning.latest.as_ref()?.reach(id)
}

fn reach_colour(palette: &Palette, reach: Reach) -> Color32 {
    match reach {
        Reach::Answerable => palette.good,
        Reach::Planned | Reach::Partly | Reach::OneFieldAway => palette.warning,
        Reach::Missing => palette.soft,
        Reach::Forbidden => palette.bad,
    }
}

fn reach_mark(ui: &Ui, palette: &Palette, at: egui::Pos2, reach: Reach) {
    let sign = match reach {
        Reach::Answerable | Reach::Planned => Sign::Full,
        Reach::Partly => Sign::Halved,
        Reach::OneFieldAway => Sign::Ring,
        Reach::Missing => Sign::Dash,
        Reach::Forbidden => Sign::Cross,
    };
    sign_ui(ui, at, 4.0, sign, reach_colour(palette, reach));
}

/// How far a question can be answered, as a badge.
pub fn reach_ui(ui: &mut Ui, state: StateRef<'_>, id: &str) {
    let palette = theme::palette(ui.ctx());
    let Some(reach) = reach(state, id) else { return };
    badge(ui, reach.title(), reach_colour(palette, reach));
}

fn ready_row(ui: &mut Ui, state: StateRef<'_>, question: &ReadyQuestion, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let is_shown = state.chosen == Chosen::Ready(question.id.clone())
        || state.suggestion().is_some_and(|suggestion| suggestion.asked.id == question.id);
    let reach = reach(state, &question.id);
    let response = list_row(ui, &question.title, "", is_shown, |ui| {
        let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(14.0), egui::Sense::hover());
        if let Some(reach) = reach {
            reach_mark(ui, palette, rect.center(), reach);
        }
    });
    let told = reach.map_or(String::new(), |reach| format!("{}. ", reach.title()));
    let response = response.on_hover_text(format!("{told}{}", question.doc));
    if response.double_clicked() {
        out.push(Action::Suggest { question: question.id.clone(), dials: Dials::new() });
    } else if response.clicked() {
        out.push(Action::Choose(Chosen::Ready(question.id.clone())));
    }
}

/// The Answer steps that are tied to a question.
pub fn answers<'a>(state: StateRef<'a>, question: &'a str) -> impl Iterator<Item = &'a Step> {
    state
        .project
        .steps
        .values()
        .filter(move |step| step.settings.get("question").and_then(|id| id.as_str()) == Some(question))
}

/// Shows the answer to a question, whose card leads back to the question; without one the question.
pub fn way_to(state: StateRef<'_>, question: &str) -> Action {
    match answers(state, question).next() {
        Some(answer) => Action::Select { steps: vec![answer.id.clone()], reveal: true },
        None => Action::Choose(Chosen::Question(question.to_owned())),
    }
}

fn question_card(ui: &mut Ui, state: StateRef<'_>, question: &Question, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let answers: Vec<&Step> = answers(state, &question.id).collect();
    let is_shown = state.chosen == Chosen::Question(question.id.clone())
        || answers.iter().any(|step| state.selection.steps.contains(&step.id));
    let asker = state.team_title(&question.asker);
    let mut wants_flow = false;
    let response = card(ui, is_shown, &question.title, |ui| {
        ui.spacing_mut().item_spacing.y = theme::SPACE_1;
        ui.label(theme::semibold(shown_name(&question.title, 200)));
        if !asker.is_empty() {
            ui.label(RichText::new(format!("asked by {}", shown_name(asker, 60))).color(palette.soft));
        }
        ui.horizontal_wrapped(|ui| {
            let (word, colour) = status(palette, question.status);
            badge(ui, word, colour);
            if answers.is_empty() {
                reach_ui(ui, state, &question.id);
            }
        });
        if answers.is_empty() {
            match reach(state, &question.id) {
                Some(_) => wants_flow = link(ui, "Suggest a flow").clicked(),
                None => drop(soft(ui, "no answer in the flow yet")),
            }
        }
    });
    if wants_flow {
        out.push(Action::Suggest { question: question.id.clone(), dials: Dials::new() });
    } else if response.clicked() {
        out.push(way_to(state, &question.id));
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
