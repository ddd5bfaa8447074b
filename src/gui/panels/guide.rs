//! On an empty canvas: how to begin, from a question or from the data that is there. Reads the state and asks for
//! actions.

use egui::{Align, Frame, Layout, Rect, Ui, UiBuilder, vec2};
use pipewright_core::planner::Dials;

use crate::gui::command::{Action, Actions, Command, LeftTab};
use crate::gui::icons::{Icon, icon_ui};
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, counted};
use crate::gui::suggestion::planning::Reach;
use crate::gui::theme;
use crate::gui::widgets::{caption, link, list_row, primary_button, soft};

/// Width of a card, and the least at which two stand side by side.
const WIDTH: f32 = 340.0;
const LEAST: f32 = 240.0;
/// Questions of a service team, offered first where the sources answer them.
const FIRST: [&str; 5] =
    ["users-bad-experience", "pages-most-used", "what-broke-first", "services-to-expand", "transactions-failed"];

/// Draws it into the middle of the canvas.
pub fn guide_ui(ui: &mut Ui, canvas: Rect, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let half = ((canvas.width() - 3.0 * theme::SPACE_6) / 2.0).min(WIDTH);
    let is_narrow = half < LEAST;
    let card = if is_narrow { (canvas.width() - 2.0 * theme::SPACE_4).min(WIDTH) } else { half };
    if card < 160.0 {
        return;
    }
    let width = if is_narrow { card } else { 2.0 * card + theme::SPACE_6 };
    let inner = card - 2.0 * theme::SPACE_4 - 2.0;
    // Both are as high as the longer one: with sources there is a list of questions.
    let least = if state.project.sources.is_empty() { 160.0 } else { 240.0 };
    let height = if is_narrow { 2.0 * (least + 40.0) } else { least + 80.0 };
    let height = (canvas.height() - 2.0 * theme::SPACE_3).min(height);
    let room = Rect::from_center_size(canvas.center(), vec2(width, height));
    ui.scope_builder(UiBuilder::new().max_rect(room), |ui| {
        egui::ScrollArea::vertical().id_salt("guide").show(ui, |ui| {
            let layout = if is_narrow { Layout::top_down(Align::Min) } else { Layout::left_to_right(Align::Min) };
            ui.with_layout(layout, |ui| {
                ui.spacing_mut().item_spacing = vec2(theme::SPACE_6, theme::SPACE_4);
                let data = |ui: &mut Ui, view: &mut View, out: &mut Actions| data_ui(ui, state, view, out);
                let size = vec2(inner, least);
                way_ui(ui, size, Icon::Tray, "Start from the data", |ui| data(ui, view, out));
                way_ui(ui, size, Icon::Question, "Start from a question", |ui| question_ui(ui, state, view, out));
            });
        });
    });
}

fn way_ui(ui: &mut Ui, size: egui::Vec2, icon: Icon, title: &str, contents: impl FnOnce(&mut Ui)) {
    let palette = theme::palette(ui.ctx());
    Frame::new()
        .fill(palette.panel)
        .stroke(egui::Stroke::new(1.0, palette.hairline))
        .corner_radius(egui::CornerRadius::same(theme::RADIUS_STEP))
        .inner_margin(egui::Margin::same(theme::SPACE_4 as i8))
        .show(ui, |ui| {
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.set_width(size.x);
                ui.set_min_height(size.y);
                ui.spacing_mut().item_spacing = vec2(theme::SPACE_2, theme::SPACE_2);
                ui.horizontal(|ui| {
                    icon_ui(ui, icon, 20.0, Some(palette.accent));
                    ui.label(egui::RichText::new(title).font(theme::title()));
                });
                contents(ui);
            });
        });
}

fn data_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let sources = state.project.sources.len();
    if sources == 0 {
        soft(
            ui,
            "Drop logs, tables, metrics or API answers here. Formats are recognised, compressed or not; each \
                  field's meaning is named, and what stands out is shown.",
        );
        if primary_button(ui, "Open files…").clicked() {
            out.command(Command::Open);
        }
        if link(ui, "Or look at the worked example").clicked() {
            out.command(Command::Example);
        }
        return;
    }
    soft(ui, format!("{} known.", counted(sources as u64, "source")));
    if primary_button(ui, "Look for findings").clicked() {
        out.command(Command::LookForFindings);
    }
    soft(ui, "Bursts of errors, slow requests, failed transactions, gaps and more, counted on the whole input.");
    if link(ui, "Place a source on the canvas").clicked() {
        view.left = LeftTab::Sources;
    }
    if link(ui, "What do the sources answer? (F8)").clicked() {
        out.command(Command::Coverage);
    }
    caption(ui, "Tab adds a step by hand");
}

fn question_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let latest = state.planning.latest.as_ref().filter(|_| !state.project.sources.is_empty());
    let Some(latest) = latest else {
        soft(
            ui,
            "Say what somebody wants to know. Without data yet, what is missing is named, can be planned with an \
                  owner, and the design goes on with made-up rows.",
        );
        if primary_button(ui, "Choose a question").clicked() {
            view.left = LeftTab::Questions;
        }
        if link(ui, "Ask in your own words").clicked() {
            out.command(Command::Question);
        }
        return;
    };
    let reach = |id: &str| latest.reach(id);
    let count = latest.questions.iter().filter(|asked| reach(&asked.id) == Some(Reach::Answerable)).count();
    soft(ui, format!("{} of {} can be answered now:", count, counted(latest.questions.len() as u64, "question")));
    let offered = FIRST.iter().copied().chain(latest.questions.iter().map(|asked| asked.id.as_str()));
    let mut shown: Vec<&str> = Vec::new();
    for id in offered.filter(|id| reach(id) == Some(Reach::Answerable)) {
        if shown.len() < 5 && !shown.contains(&id) {
            shown.push(id);
        }
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    for id in shown {
        let Some(asked) = latest.question(id) else { continue };
        let palette = theme::palette(ui.ctx());
        let row =
            list_row(ui, &asked.title, "", false, |ui| drop(icon_ui(ui, Icon::Sparkle, 14.0, Some(palette.accent))));
        if row.on_hover_text("Suggests a flow that answers it").clicked() {
            out.push(Action::Suggest { question: id.to_owned(), dials: Dials::new() });
        }
    }
    ui.spacing_mut().item_spacing.y = theme::SPACE_2;
    if link(ui, "All questions").clicked() {
        view.left = LeftTab::Questions;
    }
}
