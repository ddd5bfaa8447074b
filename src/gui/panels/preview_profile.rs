//! What is known of a column, in the header of the rows: a small picture of its values, and more where the pointer rests.

use egui::{Rect, Ui, pos2, vec2};
use pipewright_core::data::figures::cell_number;
use pipewright_core::data::{Classification, DataType, Field, Value};
use pipewright_core::policy::names_secret;

use super::preview::fitted;
use crate::gui::backend::ColumnProfile;
use crate::gui::forms::shown;
use crate::gui::state::{grouped, percent};
use crate::gui::theme::{self, Palette};
use crate::gui::widgets::caption;

/// The small picture of a column: a histogram, else the most frequent values; and its nulls.
pub fn profile_ui(
    ui: &Ui,
    palette: &Palette,
    rect: Rect,
    data_type: &DataType,
    profile: &ColumnProfile,
    kept_back: Option<Classification>,
    rows: u64,
) {
    let painter = ui.painter_at(rect);
    if rows < 2 {
        return;
    }
    if profile.nulls > 0 && profile.nulls == rows {
        painter.text(
            rect.left_top(),
            egui::Align2::LEFT_TOP,
            "all null",
            theme::caption(),
            palette.ink(palette.warning),
        );
        return;
    }
    let nulls = (profile.nulls > 0).then(|| format!("{} null", percent(profile.nulls, rows)));
    let highest = profile.histogram.iter().copied().max().unwrap_or_default();
    let has_bars = kept_back.is_none()
        && highest > 0
        && profile.histogram.len() > 1
        && !matches!(data_type, DataType::String | DataType::Boolean);
    let mut room = rect;
    if let Some(nulls) = nulls {
        let galley = ui.painter().layout_no_wrap(nulls, theme::caption(), palette.ink(palette.warning));
        let width = galley.size().x + 6.0;
        painter.galley(pos2(rect.left(), rect.top() + 2.0), galley, palette.ink(palette.warning));
        room.min.x = (room.min.x + width).min(room.max.x);
    }
    // Bars of less than two points show nothing.
    if has_bars && room.width() < 2.0 * profile.histogram.len() as f32 {
        return;
    }
    if has_bars {
        let colour = palette.accent.gamma_multiply(0.7);
        let width = (room.width() / profile.histogram.len() as f32).min(14.0);
        for (index, count) in profile.histogram.iter().enumerate().filter(|(_, count)| **count > 0) {
            let height = (*count as f32 / highest as f32 * room.height()).max(1.0);
            let left = room.left() + index as f32 * width;
            let bar = Rect::from_min_max(
                pos2(left, room.bottom() - height),
                pos2(left + (width - 1.0).max(0.5), room.bottom()),
            );
            painter.rect_filled(bar, 0.0, colour);
        }
        return;
    }
    let told = told(profile, kept_back).take(2);
    let top = told.filter(|(_, count)| *count * 50 > rows);
    let parts: Vec<String> =
        top.map(|(value, count)| format!("{} {}", shortened(value), percent(*count, rows))).collect();
    let text = if parts.is_empty() { format!("{} distinct", grouped(profile.distinct)) } else { parts.join(" · ") };
    let galley = fitted(ui, text, theme::caption(), palette.soft, room.width());
    painter.galley(room.left_top() + vec2(0.0, 2.0), galley, palette.soft);
}

/// The most frequent values that are told.
fn told(profile: &ColumnProfile, kept_back: Option<Classification>) -> impl Iterator<Item = &(Value, u64)> {
    let is_secret = |value: &Value| matches!(value, Value::String(text) if names_secret(text));
    profile.top.iter().filter(move |(value, _)| kept_back.is_none() && !is_secret(value))
}

fn shortened(value: &Value) -> String {
    let text = if let Value::Float(number) = value { cell_number(*number) } else { shown(value) };
    if text.chars().count() > 16 { format!("{}…", text.chars().take(15).collect::<String>()) } else { text }
}

/// What is known of a column, on hover of its header.
pub fn column_hover_ui(
    ui: &mut Ui,
    field: &Field,
    profile: Option<&ColumnProfile>,
    kept_back: Option<Classification>,
    rows: u64,
) {
    ui.label(theme::semibold(format!("{}  {}", field.name, field.data_type)));
    let Some(profile) = profile else { return };
    let mut line = |text: String| {
        caption(ui, text);
    };
    line(format!(
        "{} distinct, {} null ({})",
        grouped(profile.distinct),
        grouped(profile.nulls),
        percent(profile.nulls, rows)
    ));
    if let Some(class) = kept_back {
        line(format!("{}: values are not shown here", class.name()));
        return;
    }
    if !profile.min.is_null() {
        line(format!("from {} to {}", shortened(&profile.min), shortened(&profile.max)));
    }
    for (value, count) in told(profile, kept_back).take(8) {
        line(format!("{}  {} ({})", shortened(value), grouped(*count), percent(*count, rows)));
    }
}
