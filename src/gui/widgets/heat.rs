//! A heat map: a field for each pair of values, the stronger the more there is, with its number where that has room.
//! Imports the theme; no project, no tables.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use pipewright_core::data::marks::bar_number;
use pipewright_core::planner::Heat;

use super::{caption, focus_ring};
use crate::gui::theme;

const ROW: f32 = 22.0;
/// From this share of the highest on, the number is written in the colour that coloured grounds have.
const STRONG: f32 = 0.55;

/// Draws it; `across`: the title of what stands beside each other. Fields stand for their places
/// across and down; gives the one that was clicked on.
pub fn heat_ui(ui: &mut Ui, name: &str, heat: &Heat, across: &str, picked: Option<[usize; 2]>) -> Option<[usize; 2]> {
    const NARROW: f32 = 28.0;
    const WIDE: f32 = 96.0;
    let palette = theme::palette(ui.ctx());
    let width = ui.available_width();
    let names = (width * 0.28).min(200.0);
    let wide = ((width - names) / heat.across.len().max(1) as f32).clamp(NARROW, WIDE);
    caption(ui, format!("{} below each other, {across} beside each other", heat.by));
    let size = vec2(names + wide * heat.across.len() as f32, ROW * (heat.down.len() + 1) as f32);
    let (whole, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let line = |ui: &Ui, place: Rect, text: &str| {
        let mut job = LayoutJob::simple_singleline(text.to_owned(), theme::caption(), palette.soft);
        job.wrap = TextWrapping::truncate_at_width(place.width() - theme::SPACE_1);
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(place.left_center() - vec2(0.0, galley.size().y / 2.0), galley, palette.soft);
    };
    for (column, side) in heat.across.iter().enumerate() {
        let place = Rect::from_min_size(whole.min + vec2(names + column as f32 * wide + 2.0, 0.0), vec2(wide, ROW));
        line(ui, place, &side.name);
    }
    let highest = heat.highest().max(f64::MIN_POSITIVE);
    let mut clicked = None;
    for (row, side) in heat.down.iter().enumerate() {
        let top = whole.min + vec2(0.0, (row + 1) as f32 * ROW);
        line(ui, Rect::from_min_size(top, vec2(names, ROW)), &side.name);
        for (column, other) in heat.across.iter().enumerate() {
            let Some(number) = heat.cells[row][column] else { continue };
            let place = Rect::from_min_size(top + vec2(names + column as f32 * wide, 0.0), vec2(wide, ROW)).shrink(1.0);
            let share = (number.max(0.0) / highest) as f32;
            let text = bar_number(number, "");
            // What is there at all is seen to be.
            ui.painter().rect_filled(place, 3.0, theme::mix(palette.raised, palette.accent, 0.08 + 0.92 * share));
            let ink: Color32 = if share > STRONG { palette.on_colour } else { palette.text };
            let galley = ui.painter().layout_no_wrap(text.clone(), theme::caption(), ink);
            if galley.size().x + 2.0 <= place.width() {
                let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), place).min;
                ui.painter().galley(at, galley, ink);
            }
            let is_picked = picked == Some([column, row]);
            let response = ui.interact(place, response.id.with((row, column)), Sense::click());
            let told = format!("{}, {}: {text}", other.name, side.name);
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_picked, &told));
            if is_picked {
                ui.painter().rect_stroke(place, 3.0, ui.visuals().selection.stroke, egui::StrokeKind::Outside);
            }
            focus_ring(ui, &response, place);
            if response.on_hover_text(told).clicked() {
                clicked = Some([column, row]);
            }
        }
    }
    clicked
}
