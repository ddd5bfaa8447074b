//! The minimap at the bottom right: all steps, and the part that is seen.

use egui::{Pos2, Rect, Stroke, StrokeKind, Vec2, vec2};

use super::Canvas;
use super::mesh::Batch;
use super::paint::Brush;
use crate::gui::theme;

const SIZE: Vec2 = vec2(132.0, 88.0);
const MARGIN: f32 = 12.0;
const INSET: f32 = 8.0;
/// Below this scale, steps share points of the map.
const CROWDED: f32 = 0.02;

/// Where the minimap is; `None` when the widget is too small or nothing is there.
pub fn place(canvas: &Canvas, widget: Rect) -> Option<Rect> {
    let roomy = widget.width() >= 480.0 && widget.height() >= 300.0;
    let corner = widget.max - Vec2::splat(MARGIN);
    let map = Rect::from_min_max(corner - SIZE, corner);
    (roomy && canvas.cache.geometry.steps.len() > 1 && !is_in_the_way(canvas, widget, map)).then_some(map)
}

/// Where everything is seen, a map that lies on a step only hides it.
fn is_in_the_way(canvas: &Canvas, widget: Rect, map: Rect) -> bool {
    let screen = |area: Rect| canvas.view.rect_to_screen(widget, area);
    let is_whole = canvas.cache.geometry.bounds.is_some_and(|bounds| widget.contains_rect(screen(bounds)));
    is_whole && canvas.cache.geometry.steps.iter().any(|step| screen(*step).intersects(map.expand(4.0)))
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
    // Where steps are smaller than a point, one block a point is enough.
    let (across, down) = (SIZE.x as usize, SIZE.y as usize);
    let mut taken = vec![false; if scale < CROWDED { across * down } else { 0 }];
    for selected_now in [false, true] {
        let colour = if selected_now { palette.accent } else { calm };
        for (index, rect) in canvas.cache.geometry.steps.iter().enumerate() {
            if canvas.cache.selected_steps.get(index) != Some(&selected_now) {
                continue;
            }
            let mut rect = to_map(*rect);
            let cell = (rect.min - map.min).max(Vec2::ZERO);
            let cell = cell.y as usize * across + cell.x as usize;
            match taken.get_mut(cell) {
                Some(taken) if *taken => continue,
                Some(taken) => *taken = true,
                None => {}
            }
            rect.max = rect.max.max(rect.min + vec2(1.5, 1.0));
            batch.cut_rect(rect, if taken.is_empty() { 1.0 } else { 0.0 }, colour);
        }
        taken.fill(false);
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
