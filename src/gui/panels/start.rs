//! What is shown while no project is open: recent ones, the worked example, a place to drop a file.

use egui::{Align, CentralPanel, Frame, Layout, RichText, Ui};

use crate::gui::command::{Action, Actions, Command};
use crate::gui::icons::Icon;
use crate::gui::state::StateRef;
use crate::gui::theme;
use crate::gui::widgets::{caption, card, list_row, primary_button, scrolled, soft};

/// What the place for files says.
const DROP: &str = "Drop a log here";

/// The screen.
pub fn start_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    CentralPanel::default().frame(Frame::new().fill(palette.canvas)).show(ui, |ui| {
        let room = ui.available_size();
        let width = 520.0_f32.min(room.x - 2.0 * theme::SPACE_4).max(120.0);
        scrolled(ui, |ui| {
            // A little above the middle, where the eye rests; how high it all is, is known from the frame before.
            let height_id = ui.scope_id().with("height");
            let height: f32 = ui.data(|data| data.get_temp(height_id)).unwrap_or(room.y * 0.6);
            ui.with_layout(Layout::top_down(Align::Center), |ui| {
                ui.add_space(((room.y - height) * 0.4).max(theme::SPACE_4));
                let column = ui.allocate_ui_with_layout(egui::vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(width);
                    ui.label(RichText::new("Pipewright").font(theme::number()));
                    ui.add_space(theme::SPACE_1);
                    soft(ui, "From the data that is there to the questions that are asked, on one canvas.");
                    ui.add_space(theme::SPACE_6);
                    ways_ui(ui, out);
                    ui.add_space(theme::SPACE_6);
                    recent_ui(ui, state, out);
                });
                let drawn = column.response.rect.height();
                if drawn != height {
                    ui.data_mut(|data| data.insert_temp(height_id, drawn));
                    ui.ctx().request_repaint();
                }
            });
        });
    });
}

fn ways_ui(ui: &mut Ui, out: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        if primary_button(ui, "Open the worked example").clicked() {
            out.command(Command::Example);
        }
        if ui.button("New project").clicked() {
            out.command(Command::New);
        }
        if ui.button("Open…").clicked() {
            out.command(Command::Open);
        }
        if ui.button("Ask a question").clicked() {
            out.command(Command::Question);
        }
    });
    ui.add_space(theme::SPACE_3);
    let palette = theme::palette(ui.ctx());
    // Dropped on, or clicked.
    let area = card(ui, false, DROP, |ui| {
        ui.add_space(theme::SPACE_3);
        ui.vertical_centered(|ui| {
            crate::gui::icons::icon_ui(ui, Icon::Tray, 24.0, Some(palette.soft));
            ui.label(theme::semibold(DROP));
            soft(ui, "Logs, metrics, tables, API answers: the format is recognised, compressed or not.");
            soft(ui, "Or click to type a file, a folder, or a pattern such as logs/*.gz.");
        });
        ui.add_space(theme::SPACE_3);
    });
    if area.clicked() {
        out.command(Command::Open);
    }
}

fn recent_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    if state.settings.recent.is_empty() {
        return;
    }
    caption(ui, "RECENT");
    for path in &state.settings.recent {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.strip_suffix(pipewright_core::project::EXTENSION).unwrap_or(&name).to_owned();
        let folder = path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
        if list_row(ui, &name, &folder, false, |_| {}).clicked() {
            out.push(Action::OpenPaths { paths: vec![path.clone()], at: None });
        }
    }
}
