//! A picture of core's on the window: the same shapes that files get. Imports the picture, egui and the theme.

use egui::epaint::{CubicBezierShape, PathStroke};
use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};
use pipewright_core::export::drawing::{Anchor, Drawing, Ink, Look, Move, Shape};

use super::theme;

/// Shows it, so many points of the window for one of its own.
pub fn drawing_ui(ui: &mut Ui, drawing: &Drawing, scale: f32) {
    let size = vec2(drawing.size[0], drawing.size[1]) * scale;
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let name = format!("{}. {}", drawing.title, drawing.description);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let look = if ui.visuals().dark_mode { Look::Dark } else { Look::Light };
    let colour = |ink: Ink| theme::of_picture(ink.rgb(look));
    let at = |[x, y]: [f32; 2]| rect.min + vec2(x, y) * scale;
    let painter = ui.painter_at(rect.expand(2.0));
    for shape in &drawing.shapes {
        match shape {
            Shape::Rect { at: place, size, radius, fill, border } => {
                let rect = Rect::from_min_size(at(*place), vec2(size[0], size[1]) * scale);
                let radius = CornerRadius::same((radius * scale).round() as u8);
                painter.rect_filled(rect, radius, colour(*fill));
                if let Some(ink) = border {
                    painter.rect_stroke(rect, radius, Stroke::new(1.0, colour(*ink)), StrokeKind::Inside);
                }
            }
            Shape::Dot { at: place, radius, ink } => {
                painter.circle_filled(at(*place), radius * scale, colour(*ink));
            }
            Shape::Path { moves, width, ink, dash } => {
                let stroke = Stroke::new(width * scale.sqrt(), colour(*ink));
                let points = points(moves, at);
                match dash {
                    Some([long, gap]) => {
                        painter.extend(egui::Shape::dashed_line(&points, stroke, long * scale, gap * scale));
                    }
                    None => drop(painter.line(points, PathStroke::from(stroke))),
                }
            }
            Shape::Text { at: place, size, is_bold, ink, anchor, text } => {
                let font = if *is_bold { theme::strong() } else { theme::body() };
                let font = theme::scaled(&font, size * scale);
                let galley = painter.layout_no_wrap(text.clone(), font, colour(*ink));
                let align = match anchor {
                    Anchor::Start => Align2::LEFT_TOP,
                    Anchor::Middle => Align2::CENTER_TOP,
                    Anchor::End => Align2::RIGHT_TOP,
                };
                let ascent = galley.rows.first().and_then(|row| row.glyphs.first()).map_or(0.0, |glyph| glyph.pos.y);
                let top = at(*place) - vec2(0.0, ascent);
                let place = align.anchor_size(top, galley.size()).min;
                painter.galley(place, galley, colour(*ink));
            }
        }
    }
}

/// The corners of a line; curves in short pieces.
fn points(moves: &[Move], at: impl Fn([f32; 2]) -> Pos2) -> Vec<Pos2> {
    let mut points: Vec<Pos2> = Vec::with_capacity(moves.len());
    for one in moves {
        match one {
            Move::To(to) | Move::Line(to) => points.push(at(*to)),
            Move::Curve(first, second, to) => {
                let from = points.last().copied().unwrap_or(at(*first));
                let ends = [from, at(*first), at(*second), at(*to)];
                let curve = CubicBezierShape::from_points_stroke(ends, false, Color32::TRANSPARENT, Stroke::NONE);
                points.extend(curve.flatten(Some(0.2)).into_iter().skip(1));
            }
        }
    }
    points
}
