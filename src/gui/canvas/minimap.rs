//! The minimap at the bottom right: all steps, and the part that is seen.

use egui::{Pos2, Rect, Stroke, StrokeKind, Vec2, vec2};

use super::Canvas;
use super::mesh::Batch;
use super::paint::Brush;
use crate::gui::theme;

const SIZE: Vec2 = vec2(132.0, 88.0);
const MARGIN: f32 = 12.0;
const INSET: f32 = 8.0;

/// Where the minimap is; `None` when the widget is too small or nothing is there.
pub fn place(canvas: &Canvas, widget: Rect) -> Option<Rect> {
    let roomy = widget.width() >= 480.0 && widget.height() >= 300.0;
    (roomy && canvas.cache.geometry.steps.len() > 1).then(|| {
        let corner = widget.max - Vec2::splat(MARGIN);
        Rect::from_min_max(corner - SIZE, corner)
    })
}

/// Scale and offset from canvas to minimap.
fn fit(canvas: &Canvas, map: Rect) -> Option<(f32, Vec2)> {
    let bounds = canvas.cache.geometry.bounds?;
    let room = map.shrink(INSET);
    let scale = (room.size() / bounds.size().max(Vec2::splat(1.0))).min_elem().min(0.12);
    let offset = room.center().to_vec2() - bounds.center().to_vec2() * scale;
    Some((scale, offset))
}

/// The canvas point under a point of the minimap.
pub fn canvas_point(canvas: &Canvas, map: Rect, screen: Pos2) -> Option<Pos2> {
    let (scale, offset) = fit(canvas, map)?;
    Some(((screen.to_vec2() - offset) / scale).to_pos2())
}

/// Paint it.
pub fn minimap_ui(canvas: &Canvas, brush: &Brush<'_>) {
    let Some(map) = place(canvas, brush.widget) else {
        return;
    };
    let Some((scale, offset)) = fit(canvas, map) else {
        return;
    };
    let palette = brush.palette;
    let to_map = |rect: Rect| {
        Rect::from_min_max(
            (rect.min.to_vec2() * scale + offset).to_pos2(),
            (rect.max.to_vec2() * scale + offset).to_pos2(),
        )
    };
    brush.painter.rect(map, theme::RADIUS_FIELD, palette.panel, Stroke::new(1.0, palette.hairline), StrokeKind::Inside);
    let painter = brush.painter.with_clip_rect(map.shrink(1.0));
    let mut batch = Batch::new(&painter);
    let calm = theme::mix(palette.panel, palette.faint, 0.75);
    for (index, rect) in canvas.cache.geometry.steps.iter().enumerate() {
        let mut rect = to_map(*rect);
        rect.max = rect.max.max(rect.min + vec2(1.5, 1.0));
        let selected = canvas.cache.selected_steps.get(index) == Some(&true);
        let colour = if selected { palette.accent } else { calm };
        batch.cut_rect(rect, 1.0, colour);
    }
    batch.paint(&painter);
    let seen = to_map(canvas.view.visible(brush.widget)).intersect(map.shrink(3.0));
    if seen.is_positive() {
        painter.rect(
            seen,
            2.0,
            palette.accent.gamma_multiply(0.06),
            Stroke::new(1.0, palette.accent),
            StrokeKind::Inside,
        );
    }
}
