//! How wires are drawn: calm curves in one mesh, with labels where they fit.

use egui::{Color32, CornerRadius, Pos2, Rect, Stroke, Vec2, vec2};

use super::interaction::Gesture;
use super::mesh::Batch;
use super::paint::{Brush, Detail};
use super::scene::{WireLine, WireView};
use super::text::{self, Slot, Text};
use super::{Canvas, Target, step};
use crate::gui::theme;

/// Width of a wire, in canvas points.
const WIDTH: f32 = 2.0;
/// More wires than this are drawn plainly at the smallest zooms.
const CROWD: usize = 4000;
/// Labels are read from this zoom on.
const LABEL_ZOOM: f32 = 0.6;

/// The mark of what goes over is seen from this zoom on.
const CROSSING_ZOOM: f32 = 0.3;

/// How much a wire stands out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Calm,
    Hovered,
    Selected,
}

/// All visible wires into one batch, and their labels above it.
pub fn wires_ui(canvas: &mut Canvas, brush: &Brush<'_>) {
    let mut kept = std::mem::take(&mut canvas.cache.mesh);
    let mut batch = Batch::reusing(brush.painter, &mut kept);
    let mut points = Vec::new();
    let seen = |line: &&(usize, WireLine)| brush.seen.intersects(line.1.bounds);
    let lines = || {
        let lines = canvas.cache.geometry.wires.iter().enumerate();
        lines.filter_map(|(index, line)| Some((index, (*line)?)))
    };
    let mut loud = false;
    for (index, line) in lines().filter(|line| seen(&line)) {
        match weight(canvas, brush, index) {
            weight @ Weight::Calm => {
                draw(canvas, brush, &mut batch, &mut points, index, &line, weight);
            }
            _ => loud = true,
        }
    }
    // What stands out lies above what does not.
    for (index, line) in lines().filter(|line| loud && seen(&line)) {
        let weight = weight(canvas, brush, index);
        if weight != Weight::Calm {
            draw(canvas, brush, &mut batch, &mut points, index, &line, weight);
        }
    }
    if brush.detail == Detail::Dot {
        // One mesh for everything: egui copies each mesh, growing its own.
        step::add_dots(canvas, brush, &mut batch);
    }
    let labelled: Vec<(usize, WireLine)> =
        if brush.zoom >= LABEL_ZOOM { lines().filter(|line| seen(&line)).collect() } else { Vec::new() };
    batch.paint_and_keep(brush.painter, &mut kept);
    canvas.cache.mesh = kept;
    for (index, line) in labelled {
        label_ui(canvas, brush, index, &line);
    }
    for index in 0..brush.scene.wires.len() {
        let (wire, line) = (&brush.scene.wires[index], canvas.cache.geometry.wires.get(index));
        if let Some(Some(line)) = line.filter(|_| !wire.crossing.is_empty() && brush.zoom >= CROSSING_ZOOM) {
            crossing_ui(brush, canvas.view.to_screen(brush.widget, line.at(0.25)), wire.dimmed);
        }
        if let Some(Some(line)) = line.filter(|_| wire.comments > 0) {
            super::step::comments_ui(brush, canvas.view.to_screen(brush.widget, line.at(0.5)), wire.comments);
        }
    }
}

fn weight(canvas: &Canvas, brush: &Brush<'_>, index: usize) -> Weight {
    let flag = |flags: &[bool], index: usize| flags.get(index).copied().unwrap_or(false);
    let Some(wire) = brush.scene.wires.get(index) else {
        return Weight::Calm;
    };
    let steps = &canvas.cache.selected_steps;
    if flag(&canvas.cache.selected_wires, index)
        || flag(steps, wire.from.0)
        || flag(steps, wire.to.0)
        || canvas.gesture.drop_wire() == Some(index)
    {
        Weight::Selected
    } else if is_hovered(canvas, wire) {
        Weight::Hovered
    } else {
        Weight::Calm
    }
}

fn is_hovered(canvas: &Canvas, wire: &WireView) -> bool {
    matches!(&canvas.hover, Some(Target::Wire(id)) if *id == wire.id)
}

fn draw(
    canvas: &Canvas,
    brush: &Brush<'_>,
    batch: &mut Batch,
    points: &mut Vec<Pos2>,
    index: usize,
    line: &WireLine,
    weight: Weight,
) {
    let Some(wire) = brush.scene.wires.get(index) else {
        return;
    };
    if matches!(&canvas.gesture, Gesture::Connect(connect) if connect.detached == Some(index)) {
        return;
    }
    let palette = brush.palette;
    let far = brush.detail <= Detail::Block;
    let colour = match weight {
        _ if wire.dimmed => palette.wire().gamma_multiply(0.45),
        _ if !wire.fault.is_empty() => palette.bad,
        Weight::Selected => palette.accent,
        _ if !wire.crossing.is_empty() => palette.load,
        Weight::Hovered => palette.soft,
        Weight::Calm if far => palette.wire().gamma_multiply(0.6),
        Weight::Calm => palette.wire(),
    };
    let width = match weight {
        _ if brush.detail == Detail::Dot => 1.0,
        Weight::Selected if flagged(canvas, index) => (WIDTH * 1.5 * brush.zoom).max(2.0),
        Weight::Selected | Weight::Hovered => (WIDTH * brush.zoom).max(1.5),
        Weight::Calm => (WIDTH * brush.zoom).max(0.75),
    };
    curve(canvas, brush, line, points);
    if wire.dashed && !far {
        batch.dashed(points, width, colour, 5.0, 4.0);
    } else if brush.detail == Detail::Dot && brush.scene.wires.len() > CROWD {
        batch.plain_line(points, width, colour);
    } else {
        batch.line(points, width, colour);
    }
}

fn flagged(canvas: &Canvas, index: usize) -> bool {
    canvas.cache.selected_wires.get(index).copied().unwrap_or(false) || canvas.gesture.drop_wire() == Some(index)
}

/// The curve on the screen: as many pieces as its length deserves.
fn curve(canvas: &Canvas, brush: &Brush<'_>, line: &WireLine, points: &mut Vec<Pos2>) {
    let length = (line.bounds.width() + line.bounds.height()) * brush.zoom;
    let flat = (line.from.y - line.to.y).abs() < 0.5 && line.from.x <= line.to.x;
    let pieces = match brush.detail {
        _ if flat => 1,
        Detail::Dot => ((length / 14.0) as u16).clamp(1, 8),
        Detail::Block => ((length / 8.0) as u16).clamp(4, 24),
        _ => ((length / 5.0) as u16).clamp(10, 48),
    };
    points.clear();
    points.extend((0..=pieces).map(|piece| {
        let point = line.at(f32::from(piece) / f32::from(pieces));
        canvas.view.to_screen(brush.widget, point)
    }));
}

/// Rows and share, on the wire where its gap has room; a selected or hovered
/// wire always shows it.
fn label_ui(canvas: &mut Canvas, brush: &Brush<'_>, index: usize, line: &WireLine) {
    let Some(wire) = brush.scene.wires.get(index).filter(|wire| !wire.dimmed) else {
        return;
    };
    let is_level_there = line.level * 2.0 > line.to.x - line.from.x;
    let level = is_level_there || (line.to.y - line.from.y).abs() < 20.0;
    let gap = (line.to.x - line.from.x) * brush.zoom;
    let loud = flagged(canvas, index) || is_hovered(canvas, wire);
    let rows_only = wire.label.split(" · ").next().unwrap_or_default();
    let mut fitting = None;
    for (slot, text) in [(Slot::Title, wire.label.as_str()), (Slot::Line, rows_only)] {
        let text = Text {
            text,
            font: theme::scaled(&theme::caption(), (theme::CAPTION * brush.zoom).max(8.5)),
            width: 160.0 * brush.zoom,
            rows: 1,
        };
        let Some(galley) = canvas.cache.labels.galley(brush.painter.ctx(), index, slot, &text) else {
            return;
        };
        let size = galley.0.size() * galley.1 + vec2(8.0, 2.0);
        if size.x <= gap || loud {
            fitting = Some((galley, size));
            break;
        }
    }
    let Some((galley, size)) = fitting else {
        return;
    };
    let mut centre = canvas.view.to_screen(brush.widget, line.at(0.5));
    if level {
        // Above a level wire, which stays whole.
        centre.y -= size.y / 2.0 + 3.0;
    } else {
        pill(brush, centre, size, brush.palette.canvas);
    }
    let left = centre - vec2(size.x / 2.0 - 4.0, 0.0);
    let colour = if wire.fault.is_empty() { brush.palette.soft } else { brush.palette.bad };
    text::draw_left(brush.painter, left, &galley, colour);
}

/// The mark of rows that go over to another place: an arrow through a bar, as colour alone tells not everybody.
fn crossing_ui(brush: &Brush<'_>, centre: Pos2, is_dimmed: bool) {
    let palette = brush.palette;
    let radius = (9.0 * brush.zoom).clamp(5.0, 12.0);
    let fill = if is_dimmed { palette.load.gamma_multiply(0.3) } else { palette.load };
    brush.painter.circle_filled(centre, radius, fill);
    let stroke = Stroke::new((radius * 0.18).max(1.0), palette.on_colour);
    let line =
        |from: Vec2, to: Vec2| brush.painter.line_segment([centre + from * radius, centre + to * radius], stroke);
    line(vec2(0.0, -0.6), vec2(0.0, 0.6));
    line(vec2(-0.6, 0.0), vec2(0.6, 0.0));
    line(vec2(0.25, -0.35), vec2(0.6, 0.0));
    line(vec2(0.25, 0.35), vec2(0.6, 0.0));
}

fn pill(brush: &Brush<'_>, centre: Pos2, size: Vec2, colour: Color32) {
    let corner = CornerRadius::same((size.y / 2.0) as u8);
    let rect = Rect::from_center_size(centre, size);
    brush.painter.rect_filled(rect, corner, colour);
}

/// A wire being drawn, between two screen points; `forward` when `from` is an output.
pub fn loose_wire(brush: &Brush<'_>, from: Pos2, to: Pos2, forward: bool, colour: Color32) {
    let line = if forward { WireLine::new(from, to) } else { WireLine::new(to, from) };
    let points: Vec<Pos2> = (0..=32_u16).map(|n| line.at(f32::from(n) / 32.0)).collect();
    let mut batch = Batch::new(brush.painter);
    batch.line(&points, (WIDTH * brush.zoom).max(1.5), colour);
    batch.paint(brush.painter);
}
