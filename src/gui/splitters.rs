//! The borders between the panels and the canvas: caught from both sides, by the pointer and by the keyboard, with a cue.
//! Imports egui and the theme; of the project nothing.

use std::ops::RangeInclusive;

use egui::{CursorIcon, Id, Key, Modifiers, Rangef, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};

use super::settings::Settings;
use super::theme;

/// How far from the line it can be caught, on both sides. Points.
const REACH: f32 = 4.0;
/// What an arrow moves. Points.
const STEP: f32 = 16.0;

/// Width that the tabs of the left panel take. Points.
const LEFT: f32 = 248.0;
/// Width in which every form has room. Points.
const RIGHT: f32 = 256.0;

/// A panel with a border that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
    Bottom,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Side::Left => "Width of the left panel",
            Side::Right => "Width of the inspector",
            Side::Bottom => "Height of the panel below",
        }
    }

    /// Between these: the canvas keeps half of the window each way, in small windows too.
    fn range(self, room: Vec2) -> RangeInclusive<f32> {
        match self {
            Side::Left => LEFT..=(room.x * 0.24).max(LEFT),
            Side::Right => RIGHT..=(room.x * 0.26).max(RIGHT),
            Side::Bottom => 80.0..=(room.y * 0.45).max(80.0),
        }
    }

    /// The size where nobody has moved the border.
    fn usual(self, room: Vec2) -> f32 {
        match self {
            Side::Left => (room.x * 0.187).min(340.0),
            Side::Right => (room.x * 0.2).min(400.0),
            Side::Bottom => (room.y * 0.38).min(420.0),
        }
    }

    /// Where the size is remembered; none: as usual.
    pub fn kept(self, settings: &mut Settings) -> &mut Option<f32> {
        match self {
            Side::Left => &mut settings.left,
            Side::Right => &mut settings.right,
            Side::Bottom => &mut settings.bottom,
        }
    }

    /// How large the panel is in a window of this room: as it was dragged, as far as the window allows.
    pub fn size(self, settings: &Settings, room: Vec2) -> f32 {
        let kept = match self {
            Side::Left => settings.left,
            Side::Right => settings.right,
            Side::Bottom => settings.bottom,
        };
        let range = self.range(room);
        kept.unwrap_or_else(|| self.usual(room)).clamp(*range.start(), *range.end()).round()
    }

    /// The line, and which way the panel grows.
    fn line(self, panel: Rect) -> (Rect, Vec2) {
        match self {
            Side::Left => (panel.with_min_x(panel.right()), vec2(1.0, 0.0)),
            Side::Right => (panel.with_max_x(panel.left()), vec2(-1.0, 0.0)),
            Side::Bottom => (panel.with_max_y(panel.top()), vec2(0.0, -1.0)),
        }
    }
}

/// The border of a panel as it was drawn, after all that lies beside it: what is drawn last is caught first. Gives the
/// size that is kept from now on; `Some(None)`: as usual again.
pub fn splitter_ui(ui: &mut Ui, side: Side, panel: Rect, room: Vec2) -> Option<Option<f32>> {
    let (line, grows) = side.line(panel);
    let is_upright = grows.y == 0.0;
    let reach = if is_upright { vec2(REACH, 0.0) } else { vec2(0.0, REACH) };
    let response = ui.interact(line.expand2(reach), Id::unique(side.name()), Sense::click_and_drag());
    let size = if is_upright { panel.width() } else { panel.height() };
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Splitter, true, side.name());
        info.value = Some(f64::from(size));
        info
    });
    let is_caught = response.hovered() || response.dragged();
    if is_caught {
        let cursor = if is_upright { CursorIcon::ResizeHorizontal } else { CursorIcon::ResizeVertical };
        ui.ctx().set_cursor_icon(cursor);
    }
    if is_caught || response.has_focus() {
        let stroke = Stroke::new(2.0, theme::palette(ui.ctx()).accent);
        match is_upright {
            true => ui.painter().vline(line.center().x, line.y_range(), stroke),
            false => ui.painter().hline(Rangef::new(line.left(), line.right()), line.center().y, stroke),
        };
    }
    let begun = response.id.with("begun");
    if response.drag_started() {
        ui.data_mut(|data| data.insert_temp(begun, size));
    }
    let mut wanted = None;
    if response.dragged() {
        let way = ui.input(|input| Some(input.pointer.interact_pos()? - input.pointer.press_origin()?));
        let from: f32 = ui.data(|data| data.get_temp(begun)).unwrap_or(size);
        wanted = way.map(|way| from + way.dot(grows));
    }
    if response.has_focus() {
        // The arrows move the line, not the focus.
        let lock = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, lock));
        let ways = [
            (Key::ArrowRight, vec2(1.0, 0.0)),
            (Key::ArrowLeft, vec2(-1.0, 0.0)),
            (Key::ArrowDown, vec2(0.0, 1.0)),
            (Key::ArrowUp, vec2(0.0, -1.0)),
        ];
        for (key, way) in ways {
            let pressed = ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as f32;
            let moved = way.dot(grows) * pressed * STEP;
            if moved != 0.0 {
                wanted = Some(wanted.unwrap_or(size) + moved);
            }
        }
    }
    if response.double_clicked() {
        return Some(None);
    }
    let response = response.on_hover_text("Drag, or move with the arrows; a double click puts it back");
    let range = side.range(room);
    let wanted = wanted.map(|wanted| wanted.clamp(*range.start(), *range.end()).round());
    let wanted = wanted.filter(|wanted| *wanted != size)?;
    response.ctx.request_repaint();
    Some(Some(wanted))
}
