//! The bar at the top: name, project and whether it is saved, undo and redo, search, problems, export, run, theme.

use egui::{Align, Layout, RichText, Ui, vec2};

use super::canvas_panel::menu_item;
use crate::gui::command::{Action, Actions, Command};
use crate::gui::icons::{Icon, icon_button};
use crate::gui::state::StateRef;
use crate::gui::theme;
use crate::gui::widgets::{primary_button, shown_name, soft, strong};

/// The bar.
pub fn top_bar_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    ui.horizontal_centered(|ui| {
        menu_ui(ui, state, out);
        if state.is_open {
            ui.add_space(theme::SPACE_3);
            project_ui(ui, state);
            ui.add_space(theme::SPACE_2);
            history_ui(ui, state, out);
            ui.add_space(theme::SPACE_2);
            search_ui(ui, out);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if state.is_open {
                run_ui(ui, state, out);
                if ui.button("Present").on_hover_text(Command::Present.doc()).clicked() {
                    out.command(Command::Present);
                }
                if ui.button("Export…").on_hover_text(Command::Export.doc()).clicked() {
                    out.command(Command::Export);
                }
            }
            let is_dark = ui.visuals().dark_mode;
            let (icon, name) = if is_dark { (Icon::Sun, "Light look") } else { (Icon::Moon, "Dark look") };
            if icon_button(ui, icon, name).clicked() {
                out.command(Command::Theme);
            }
            if state.is_open {
                problems_ui(ui, state, out);
            }
        });
    });
}

fn menu_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    let title = RichText::new("Pipewright").font(theme::strong());
    ui.menu_button(title, |ui| {
        for command in [Command::New, Command::Open, Command::Example] {
            menu_item(ui, command, true, out);
        }
        ui.menu_button("Open recent", |ui| {
            for path in &state.settings.recent {
                if ui.button(path.display().to_string()).clicked() {
                    out.push(Action::OpenPaths { paths: vec![path.clone()], at: None });
                    ui.close();
                }
            }
            if state.settings.recent.is_empty() {
                soft(ui, "nothing yet");
            }
        });
        for command in [Command::Save, Command::SaveAs] {
            menu_item(ui, command, state.is_open, out);
        }
        ui.separator();
        for command in [
            Command::Run,
            Command::Present,
            Command::ExportAnswers,
            Command::ExportMap,
            Command::Export,
            Command::Check,
        ] {
            menu_item(ui, command, state.is_open, out);
        }
        ui.separator();
        for command in [Command::AddStep, Command::Note, Command::Question, Command::Layout, Command::Fit] {
            menu_item(ui, command, state.is_open, out);
        }
        ui.separator();
        for command in [Command::LargerText, Command::SmallerText, Command::Theme, Command::Keys] {
            menu_item(ui, command, true, out);
        }
        ui.separator();
        menu_item(ui, Command::Quit, true, out);
    })
    .response
    .on_hover_text("Menu");
}

fn project_ui(ui: &mut Ui, state: StateRef<'_>) {
    ui.spacing_mut().item_spacing.x = theme::SPACE_1;
    let path = state.path.as_ref().map_or("not saved yet".to_owned(), |path| path.display().to_string());
    strong(ui, shown_name(&state.project.name, 40)).on_hover_text(path);
    let word = if state.saving {
        "saving…"
    } else if state.path.is_none() {
        "not saved yet"
    } else if state.is_dirty() {
        "unsaved changes"
    } else {
        "saved"
    };
    soft(ui, format!("· {word}"));
    ui.spacing_mut().item_spacing.x = theme::SPACE_2;
}

fn history_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    ui.spacing_mut().item_spacing.x = 0.0;
    for (command, icon, label) in [
        (Command::Undo, Icon::Undo, state.history.undo_label()),
        (Command::Redo, Icon::Redo, state.history.redo_label()),
    ] {
        ui.add_enabled_ui(label.is_some(), |ui| {
            let response = icon_button(ui, icon, command.text());
            let response = match label {
                Some(label) => response.on_hover_text(format!("{label}  ({})", command.keys(ui.ctx()))),
                None => response,
            };
            if response.clicked() {
                out.command(command);
            }
        });
    }
    ui.spacing_mut().item_spacing.x = theme::SPACE_2;
}

/// Looks like a search field; opens the search window.
fn search_ui(ui: &mut Ui, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let width = (ui.available_width() - 490.0).clamp(120.0, 360.0);
    let text = RichText::new("Search steps, columns, commands").color(palette.soft);
    let keys = RichText::new(Command::Search.keys(ui.ctx())).color(palette.soft);
    let button = egui::Button::new(text).truncate().fill(palette.canvas).right_text(keys);
    let response =
        ui.add_sized(vec2(width, theme::CONTROL_HEIGHT), button.min_size(vec2(width, theme::CONTROL_HEIGHT)));
    if response.accessible_name("Search steps, columns, commands").clicked() {
        out.command(Command::Search);
    }
}

fn run_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    if state.run.active.is_some() {
        if ui.button("Stop").on_hover_text("Cancels the run; nothing half-written stays.").clicked() {
            out.push(Action::CancelRun);
        }
    } else if primary_button(ui, "Run F5").on_hover_text(Command::Run.doc()).clicked() {
        out.command(Command::Run);
    }
}

fn problems_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let count = state.problems.len();
    let has_errors = state.problems.iter().any(|problem| problem.is_error() && !problem.is_unfilled());
    let text = match count {
        0 => "No problems".to_owned(),
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    let colour = if has_errors { palette.bad } else { palette.soft };
    let button = egui::Button::new(RichText::new(text).color(colour)).frame(false);
    if ui.add(button).on_hover_text(Command::Check.doc()).clicked() {
        out.command(Command::Check);
    }
}
