//! What lies behind and above the steps: lanes, frames, notes, and the marks of
//! a gesture (guides, selection box, loose wire, why a port refuses).

use egui::{Align2, FontId, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::interaction::{Connect, Gesture};
use super::paint::{Brush, Detail};
use super::scene::{NOTE_SIZE, Side};
use super::{Canvas, wires};
use crate::gui::icons::Icon;
use crate::gui::theme;

/// Lanes: dashed borders, headed by their groups at the top of the widget.
pub fn lanes_ui(canvas: &Canvas, brush: &Brush<'_>) {
    let (palette, widget) = (brush.palette, brush.widget);
    let border = Stroke::new(1.0, palette.hairline);
    let to_x = |x: f32| canvas.view.to_screen(widget, pos2(x, 0.0)).x;
    let last = canvas.cache.lanes.len().saturating_sub(1);
    for (index, lane) in canvas.cache.lanes.iter().enumerate() {
        let (left, right) = (to_x(lane.left), to_x(lane.right));
        if right < widget.left() || left > widget.right() {
            continue;
        }
        if index < last && right - left > 24.0 {
            let line = [pos2(right, widget.top()), pos2(right, widget.bottom())];
            brush.painter.extend(Shape::dashed_line(&line, border, 3.0, 4.0));
        }
    }
}

/// The titles of the lanes, in a band above everything.
pub fn lane_titles_ui(canvas: &Canvas, brush: &Brush<'_>) {
    const BAND: f32 = 32.0;
    let (palette, widget) = (brush.palette, brush.widget);
    if canvas.cache.lanes.is_empty() {
        return;
    }
    let band = Rect::from_min_size(widget.min, vec2(widget.width(), BAND.min(widget.height())));
    brush.painter.rect_filled(band, 0.0, palette.canvas);
    let to_x = |x: f32| canvas.view.to_screen(widget, pos2(x, 0.0)).x;
    for lane in &canvas.cache.lanes {
        let (left, right) = (to_x(lane.left), to_x(lane.right));
        if right < widget.left() || left > widget.right() {
            continue;
        }
        // The title stays in sight while its lane does.
        let start = left.max(widget.left()) + 10.0;
        let galley = brush.painter.layout_no_wrap(lane.title.clone(), theme::caption(), palette.soft);
        if start + galley.size().x + 8.0 <= right {
            let pos = pos2(start, widget.top() + 10.0);
            brush.painter.galley(pos, galley, palette.soft);
        }
    }
}

/// Frames with their titles.
pub fn frames_ui(canvas: &Canvas, brush: &Brush<'_>) {
    let palette = brush.palette;
    for (index, frame) in brush.scene.frames.iter().enumerate() {
        let moved = canvas.gesture.frame_offset(index);
        let rect = frame.rect.translate(moved);
        if !brush.seen.intersects(rect) {
            continue;
        }
        let rect = canvas.view.rect_to_screen(brush.widget, rect);
        let ground = theme::mix(palette.canvas, palette.text, 0.03);
        brush.painter.rect(rect, theme::RADIUS_STEP, ground, Stroke::new(1.0, palette.hairline), StrokeKind::Inside);
        if brush.detail >= Detail::Block {
            brush.painter.with_clip_rect(rect.intersect(brush.widget)).text(
                rect.min + vec2(12.0, 10.0) * brush.zoom.max(0.6),
                Align2::LEFT_TOP,
                &frame.title,
                scaled(theme::strong(), brush.zoom),
                palette.soft,
            );
        }
    }
}

fn scaled(font: FontId, zoom: f32) -> FontId {
    let size = (font.size * zoom).max(9.0);
    theme::scaled(&font, size)
}

/// Notes and comments.
pub fn notes_ui(canvas: &Canvas, brush: &Brush<'_>) {
    let palette = brush.palette;
    for (index, note) in brush.scene.notes.iter().enumerate() {
        let at = note.position + canvas.gesture.note_offset(index);
        let rect = Rect::from_min_size(at, NOTE_SIZE);
        if !brush.seen.intersects(rect) {
            continue;
        }
        let rect = canvas.view.rect_to_screen(brush.widget, rect);
        let ground = theme::mix(palette.panel, palette.warning, 0.12);
        let border = Stroke::new(1.0, theme::mix(palette.hairline, palette.warning, 0.3));
        brush.painter.rect(rect, theme::RADIUS_FIELD, ground, border, StrokeKind::Inside);
        if !brush.detail.is_readable() {
            continue;
        }
        let inner = rect.shrink(8.0 * brush.zoom);
        let painter = brush.painter.with_clip_rect(inner.intersect(brush.widget));
        let font = scaled(theme::body(), brush.zoom);
        let galley = painter.layout(note.text.clone(), font, palette.text, inner.width());
        painter.galley(inner.min, galley, palette.text);
        if !note.author.is_empty() {
            let font = scaled(theme::caption(), brush.zoom);
            let corner = inner.right_bottom();
            painter.text(corner, Align2::RIGHT_BOTTOM, &note.author, font, palette.soft);
        }
    }
}

/// The marks of what the user is doing.
pub fn gesture_ui(canvas: &Canvas, brush: &Brush<'_>) {
    let palette = brush.palette;
    let to_screen = |point: Pos2| canvas.view.to_screen(brush.widget, point);
    match &canvas.gesture {
        Gesture::None | Gesture::Pan | Gesture::Minimap => {}
        Gesture::Box(select) => {
            let area = Rect::from_two_pos(to_screen(select.from), to_screen(select.to));
            brush.painter.rect(
                area,
                2.0,
                palette.accent.gamma_multiply(0.10),
                Stroke::new(1.0, palette.accent),
                StrokeKind::Inside,
            );
        }
        Gesture::Cut(cut) => {
            let stroke = Stroke::new(1.5, palette.bad);
            let line = [to_screen(cut.from), to_screen(cut.to)];
            brush.painter.extend(Shape::dashed_line(&line, stroke, 5.0, 4.0));
        }
        Gesture::Drag(drag) => {
            let stroke = Stroke::new(1.0, palette.accent.gamma_multiply(0.8));
            for [from, to] in drag.guides.iter().flatten() {
                brush.painter.line_segment([to_screen(*from), to_screen(*to)], stroke);
            }
        }
        Gesture::Connect(connect) => connect_ui(canvas, brush, connect),
    }
}

fn connect_ui(canvas: &Canvas, brush: &Brush<'_>, connect: &Connect) {
    let palette = brush.palette;
    let Some(from) = canvas.cache.geometry.port(brush.scene, connect.from) else {
        return;
    };
    let from = canvas.view.to_screen(brush.widget, from);
    let (to, refusal) = match connect.target {
        Some(target) => {
            let refusal = connect.verdicts.get(&target).and_then(|v| v.as_ref().err());
            let end = canvas.cache.geometry.port(brush.scene, target);
            (end.unwrap_or(connect.pointer), refusal)
        }
        None => (connect.pointer, None),
    };
    let to = canvas.view.to_screen(brush.widget, to);
    let colour = if refusal.is_some() { palette.bad } else { palette.accent };
    wires::loose_wire(brush, from, to, connect.from.side == Side::Output, colour);
    brush.painter.circle_filled(to, 3.5, colour);
    if let Some(reason) = refusal {
        reason_ui(brush, to + vec2(14.0, 14.0), reason);
    }
}

/// Why a port refuses, beside the pointer: a cross and the reason.
fn reason_ui(brush: &Brush<'_>, at: Pos2, reason: &str) {
    const WIDTH: f32 = 260.0;
    let palette = brush.palette;
    let galley = brush.painter.layout(reason.to_owned(), theme::body(), palette.text, WIDTH);
    let size = galley.size() + vec2(40.0, 12.0);
    let room = brush.widget.shrink(4.0);
    let corner = at.min(room.max - size).max(room.min);
    let rect = Rect::from_min_size(corner, size);
    let border = Stroke::new(1.0, theme::mix(palette.hairline, palette.bad, 0.7));
    brush.painter.rect(rect, theme::RADIUS_FIELD, palette.raised, border, StrokeKind::Inside);
    let mark = Rect::from_min_size(rect.min + vec2(8.0, 7.0), vec2(16.0, 16.0));
    Icon::Cross.paint(brush.painter, mark, palette.bad);
    brush.painter.galley(rect.min + vec2(30.0, 6.0), galley, palette.text);
}
