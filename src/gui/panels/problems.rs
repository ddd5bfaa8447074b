//! Everything that is wrong with the design, errors first. A click shows the step and the field.

use egui::{Sense, Ui, UiBuilder, WidgetInfo};
use pipewright_core::diagnostic::Diagnostic;

use crate::gui::command::{Action, Actions, Chosen};
use crate::gui::forms::{mend_link_ui, tone};
use crate::gui::icons::icon_ui;
use crate::gui::marked::marked_ui;
use crate::gui::state::StateRef;
use crate::gui::state::view::View;
use crate::gui::theme;
use crate::gui::widgets::{caption, empty_state, focus_ring, hairline, scrolled, shown_name};

/// Characters of a message or a help line: names in it may be of any length.
const TOLD: usize = 600;

/// The panel.
pub fn problems_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let is_wanted = std::mem::take(&mut view.problem_is_wanted);
    if state.problems.is_empty() {
        empty_state(ui, "No problems", "Everything that is wrong with the design is listed here");
        return;
    }
    scrolled(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (index, problem) in state.problems.iter().enumerate() {
            ui.push_id(index, |ui| {
                if problem_row(ui, state, problem, is_wanted && index == 0, out) {
                    show(state, problem, out);
                }
            });
            hairline(ui);
        }
    });
}

/// One problem. Says whether it was clicked. `wants_focus`: it takes the keyboard.
fn problem_row(ui: &mut Ui, state: StateRef<'_>, problem: &Diagnostic, wants_focus: bool, out: &mut Actions) -> bool {
    let about = about(state, problem);
    let palette = theme::palette(ui.ctx());
    let (icon, colour) = tone(palette, problem);
    let response = ui
        .scope_builder(UiBuilder::new().sense(Sense::click()), |ui| {
            // The whole line is the button.
            ui.set_min_width(ui.available_width());
            ui.add_space(6.0);
            ui.spacing_mut().interact_size.y = 16.0;
            ui.horizontal_top(|ui| {
                ui.add_space(theme::SPACE_3);
                icon_ui(ui, icon, 16.0, Some(colour));
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.horizontal_wrapped(|ui| {
                        ui.spacing_mut().item_spacing.x = theme::SPACE_2;
                        if let Some(about) = &about {
                            ui.label(theme::semibold(shown_name(about, 60)));
                        }
                        if let Some(file) = &problem.location.file {
                            let line = problem.location.line.map(|line| format!(", line {line}"));
                            caption(ui, format!("{}{}", shown_name(file, 200), line.unwrap_or_default()));
                        }
                        marked_ui(ui, &shown_name(&problem.message, TOLD), &theme::body(), palette.text);
                    });
                    if let Some(help) = &problem.help {
                        marked_ui(ui, &shown_name(help, TOLD), &theme::body(), palette.soft);
                    }
                    mend_link_ui(ui, state, problem, out);
                });
            });
            ui.add_space(6.0);
        })
        .response;
    let name = match &about {
        Some(about) => format!("{about}: {}", problem.message),
        None => problem.message.clone(),
    };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
    if wants_focus {
        response.request_focus();
    }
    focus_ring(ui, &response, response.rect);
    if response.hovered() {
        let ground = palette.accent.gamma_multiply(0.08);
        ui.painter().rect_filled(response.rect, 0.0, ground);
    }
    // Codes are for whoever asks somebody else about it.
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(&problem.code).clicked()
}

/// The step, source or question that a problem is about.
fn about(state: StateRef<'_>, problem: &Diagnostic) -> Option<String> {
    if let Some(step) = &problem.location.step {
        return Some(step.clone());
    }
    let id = problem.location.id.as_ref()?;
    let source = state.project.sources.get(id).map(|source| &source.title);
    source.or(state.project.questions.get(id).map(|question| &question.title)).cloned()
}

/// Brings the place of a problem into view.
fn show(state: StateRef<'_>, problem: &Diagnostic, out: &mut Actions) {
    let Some(id) = &problem.location.id else { return };
    if state.project.steps.contains_key(id) {
        let field = problem.location.field.clone().unwrap_or_default();
        out.push(Action::FocusField { step: id.clone(), field });
    } else if state.project.sources.contains_key(id) {
        out.push(Action::Choose(Chosen::Source(id.clone())));
    } else if state.project.questions.contains_key(id) {
        out.push(Action::Choose(Chosen::Question(id.clone())));
    }
}
