//! The data that was asked for: requests as cards beside the sources, and the form of one. Reads the state and asks for
//! actions.

use egui::{Color32, RichText, Ui};
use pipewright_core::model::{Request, RequestStatus};
use pipewright_core::planner::{Vocabulary, issue_text};

use crate::gui::command::{Action, Actions, Chosen};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme::{self, Palette};
use crate::gui::widgets::{badge, caption, card, link};

/// All requests, those that are waited for first.
pub fn requests_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    if state.project.requests.is_empty() {
        return;
    }
    ui.add_space(theme::SPACE_2);
    ui.label(theme::semibold("Data that was asked for"));
    let mut requests: Vec<&Request> = state.project.requests.values().collect();
    requests.sort_by_key(|request| (!request.status.is_open(), request.status, request.title.clone()));
    for request in requests {
        request_card(ui, state, request, out);
    }
    if link(ui, "Copy all as issues").clicked() {
        let vocabulary = vocabulary(state);
        let texts = state.project.requests.values().map(|request| issue_text(&state.project, &vocabulary, request));
        out.push(Action::CopyText(texts.collect::<Vec<_>>().join("\n")));
    }
}

fn request_card(ui: &mut Ui, state: StateRef<'_>, request: &Request, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let is_shown = state.chosen == Chosen::Request(request.id.clone());
    let response = card(ui, is_shown, &request.title, |ui| {
        ui.spacing_mut().item_spacing.y = theme::SPACE_1;
        ui.label(theme::semibold(&request.title));
        ui.horizontal_wrapped(|ui| {
            badge(ui, request.status.title(), colour(palette, request.status));
            let owner = if request.owner.is_empty() { "nobody owns it yet" } else { &request.owner };
            let due = if request.due.is_empty() { String::new() } else { format!(" · due {}", request.due) };
            ui.label(RichText::new(format!("{owner}{due}")).color(palette.soft));
        });
        if !request.unlocks.is_empty() {
            caption(ui, format!("unlocks {}", counted(request.unlocks.len() as u64, "question")));
        }
    });
    if response.clicked() {
        out.push(Action::Choose(Chosen::Request(request.id.clone())));
    }
}

fn colour(palette: &Palette, status: RequestStatus) -> Color32 {
    match status {
        RequestStatus::Asked => palette.bad,
        RequestStatus::Agreed | RequestStatus::InWork => palette.warning,
        RequestStatus::Delivered => palette.good,
        RequestStatus::Declined => palette.soft,
    }
}

fn vocabulary(state: StateRef<'_>) -> std::sync::Arc<Vocabulary> {
    match &state.planning.latest {
        Some(latest) => latest.catalogue.vocabulary.clone(),
        None => Vocabulary::shipped(),
    }
}

/// Below the form of a request: what it unlocks, and its text for an issue.
pub fn about_ui(ui: &mut Ui, state: StateRef<'_>, request: &Request, out: &mut Actions) {
    if !request.unlocks.is_empty() {
        crate::gui::forms::label_ui(ui, "With it, these can be answered", "");
        for id in &request.unlocks {
            let asked = state.planning.latest.as_ref().and_then(|latest| latest.question(id));
            if link(ui, asked.map_or(id, |asked| &asked.title)).clicked() {
                let is_own = state.project.questions.contains_key(id);
                let chosen = if is_own { Chosen::Question(id.clone()) } else { Chosen::Ready(id.clone()) };
                out.push(Action::Choose(chosen));
            }
        }
        ui.add_space(theme::SPACE_2);
    }
    if ui.button("Copy as an issue").on_hover_text("Markdown, for the tracker of the team that owns the data").clicked()
    {
        out.push(Action::CopyText(issue_text(&state.project, &vocabulary(state), request)));
    }
    ui.add_space(theme::SPACE_2);
}
