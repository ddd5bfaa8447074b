//! How a step is drawn: a card with icon, title, line and footer; smaller zooms
//! show less of it (see `paint::Detail`).

use egui::epaint::{CornerRadius, RectShape};
use egui::{Color32, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

use super::Canvas;
use super::interaction::Gesture;
use super::mesh::Batch;
use super::paint::{Brush, Detail};
use super::scene::{Group, HEADER, Icon, LINE, PortAt, Side, Sparkline, StepState, StepView};
use super::text::{self, Slot, Text};
use super::view::NAMED;
use crate::gui::theme;

/// Inner margin of a step, in canvas points.
const MARGIN: f32 = 10.0;
/// Side of the icon's tile, in canvas points.
const TILE: f32 = 18.0;
/// How much of a dimmed step is seen: its numbers can still be read.
const DIMMED: f32 = 0.5;
/// Distance of the state's mark from the right margin, where there is no
/// footer. Screen points.
const MARK: f32 = 4.0;
/// Radius of a port, in canvas points.
pub const PORT_RADIUS: f32 = 5.0;

/// Add all visible steps to a batch, as plain blocks.
pub fn add_dots(canvas: &Canvas, brush: &Brush<'_>, batch: &mut Batch) {
    let palette = brush.palette;
    for index in canvas.cache.geometry.steps_in(brush.seen) {
        let Some((step, rect)) = step_and_rect(canvas, brush, index) else {
            continue;
        };
        let colour = if matches!(step.state, StepState::Error(_)) {
            palette.bad
        } else {
            theme::mix(palette.canvas, palette.hue(step.group), 0.7)
        };
        if is_selected(canvas, index) {
            batch.rect(rect.expand(1.5), palette.accent);
        }
        batch.rect(rect, colour);
    }
}

/// One step.
pub fn step_ui(canvas: &mut Canvas, brush: &Brush<'_>, index: usize) {
    let Some((step, rect)) = step_and_rect(canvas, brush, index) else {
        return;
    };
    let selected = is_selected(canvas, index);
    let mut painter = brush.painter.clone();
    if step.dimmed {
        painter.set_opacity(DIMMED);
    }
    let brush = &Brush { painter: &painter, ..*brush };
    if brush.detail == Detail::Block {
        block_ui(brush, step, rect, selected);
        if brush.zoom >= NAMED {
            name_ui(canvas, brush, index, rect);
        }
        comments_ui(brush, rect.right_top(), step.comments);
        return;
    }
    ground_ui(brush, step, rect, selected);
    tile_ui(brush, step, rect);
    title_ui(canvas, brush, index, rect);
    if step.is_card() {
        card_ui(canvas, brush, index, rect);
    } else if brush.detail >= Detail::Line {
        line_ui(canvas, brush, index, rect);
    }
    if brush.detail == Detail::Full {
        footer_ui(canvas, brush, index, rect);
    } else {
        let x = rect.right() - MARGIN * brush.zoom - MARK;
        mark_ui(brush, &step.state, pos2(x, header_centre(brush, step, rect)));
    }
    ports_ui(canvas, brush, index);
    comments_ui(brush, rect.right_top(), step.comments);
}

/// The mark of comments, at a corner of a step or on a wire.
pub fn comments_ui(brush: &Brush<'_>, at: Pos2, count: usize) {
    if count == 0 {
        return;
    }
    let radius = (9.0 * brush.zoom).clamp(6.0, 12.0);
    let centre = at - vec2(radius * 0.6, 0.0);
    let palette = brush.palette;
    // A bubble: round, with a tip below at its left.
    let tip = vec![
        centre + vec2(-radius * 0.85, radius * 0.2),
        centre + vec2(-radius * 0.8, radius * 1.25),
        centre + vec2(-radius * 0.05, radius * 0.9),
    ];
    brush.painter.add(Shape::convex_polygon(tip, palette.warning, Stroke::NONE));
    brush.painter.circle_filled(centre, radius, palette.warning);
    let text = if count > 9 { "9+".to_owned() } else { count.to_string() };
    let font = theme::scaled(&theme::caption(), radius * 1.3);
    brush.painter.text(centre, egui::Align2::CENTER_CENTER, text, font, palette.on_colour);
}

fn step_and_rect<'a>(canvas: &Canvas, brush: &Brush<'a>, index: usize) -> Option<(&'a StepView, Rect)> {
    let rect = *canvas.cache.geometry.steps.get(index)?;
    let step = brush.scene.steps.get(index)?;
    Some((step, canvas.view.rect_to_screen(brush.widget, rect)))
}

fn is_selected(canvas: &Canvas, index: usize) -> bool {
    canvas.cache.selected_steps.get(index).copied().unwrap_or(false)
}

fn radius(brush: &Brush<'_>) -> CornerRadius {
    CornerRadius::same((f32::from(theme::RADIUS_STEP) * brush.zoom).round() as u8)
}

/// A coloured block with its icon.
fn block_ui(brush: &Brush<'_>, step: &StepView, rect: Rect, selected: bool) {
    let palette = brush.palette;
    let hue = palette.hue(step.group);
    let broken = matches!(step.state, StepState::Error(_));
    let border = match (selected, broken) {
        (true, _) => Stroke::new(2.0, palette.accent),
        (false, true) => Stroke::new(1.5, palette.bad),
        (false, false) => Stroke::new(1.0, theme::mix(palette.canvas, hue, 0.55)),
    };
    let ground = theme::mix(palette.raised, hue, if palette.dark { 0.28 } else { 0.2 });
    if selected {
        let ring = Stroke::new(3.0, palette.ring());
        brush.painter.rect_stroke(rect, radius(brush), ring, StrokeKind::Outside);
    }
    brush.painter.rect(rect, radius(brush), ground, border, StrokeKind::Inside);
    let side = 50.0 * brush.zoom;
    if brush.zoom < NAMED {
        let square = Rect::from_center_size(rect.center(), Vec2::splat(side));
        step.icon.paint(brush.painter, square, hue);
    }
    if broken {
        let side = (side * 0.6).max(6.0);
        let corner = rect.right_top() + vec2(-side * 0.7, side * 0.7);
        let square = Rect::from_center_size(corner, Vec2::splat(side));
        Icon::Cross.paint(brush.painter, square, palette.bad);
    }
}

/// A step's name over the whole of its block, as large as can be read.
fn name_ui(canvas: &mut Canvas, brush: &Brush<'_>, index: usize, rect: Rect) {
    const SIZE: f32 = 10.0;
    const EDGE: f32 = 4.0;
    let Some(step) = brush.scene.steps.get(index) else {
        return;
    };
    let font = theme::scaled(&theme::strong(), SIZE);
    let text = Text { text: &step.title, font, width: rect.width() - 2.0 * EDGE, rows: 2 };
    let ctx = brush.painter.ctx();
    if let Some(galley) = canvas.cache.texts.galley(ctx, index, Slot::Title, &text) {
        text::draw_left(brush.painter, pos2(rect.left() + EDGE, rect.center().y), &galley, brush.palette.text);
    }
}

/// Shadow, ground, border, selection ring.
fn ground_ui(brush: &Brush<'_>, step: &StepView, rect: Rect, selected: bool) {
    let (palette, painter) = (brush.palette, brush.painter);
    let radius = radius(brush);
    let is_hollow = step.is_ghost || step.is_bypassed || step.state == StepState::Planned;
    if step.is_group {
        stack_ui(brush, rect);
    }
    if selected {
        let ring = Stroke::new(3.0, palette.ring());
        painter.rect_stroke(rect.expand(0.5), radius, ring, StrokeKind::Outside);
    }
    if is_hollow {
        painter.rect_filled(rect, radius, palette.raised.gamma_multiply(0.35));
    } else {
        let shadow = RectShape::filled(rect.translate(vec2(0.0, 1.0)), radius, palette.shadow)
            .with_blur_width(4.0 * brush.zoom.max(0.5));
        painter.add(shadow);
        painter.rect_filled(rect, radius, palette.raised);
    }
    let colour = match &step.state {
        _ if selected => palette.accent,
        StepState::Error(_) => theme::mix(palette.hairline, palette.bad, 0.6),
        _ if step.is_ghost => theme::mix(palette.hairline, palette.accent, 0.7),
        _ if is_hollow => palette.strong_hairline(),
        _ => palette.hairline,
    };
    if is_hollow && !selected {
        dashed_border(brush, rect, colour);
    } else {
        let width = if selected { 1.5 } else { 1.0 };
        let border = Stroke::new(width, colour);
        painter.rect_stroke(rect, radius, border, StrokeKind::Inside);
    }
}

/// The edges of more cards behind a group.
fn stack_ui(brush: &Brush<'_>, rect: Rect) {
    let palette = brush.palette;
    let border = Stroke::new(1.0, palette.hairline);
    for behind in [2.0, 1.0] {
        let inset = 5.0 * behind * brush.zoom;
        let lower = 4.0 * behind * brush.zoom;
        let edge = Rect::from_min_max(
            pos2(rect.left() + inset, rect.center().y),
            pos2(rect.right() - inset, rect.bottom() + lower),
        );
        let ground = theme::mix(palette.raised, palette.canvas, 0.35 * behind);
        let radius = radius(brush);
        brush.painter.rect(edge, radius, ground, border, StrokeKind::Inside);
    }
}

fn dashed_border(brush: &Brush<'_>, rect: Rect, colour: Color32) {
    const CORNER_PIECES: u16 = 6;
    let r = f32::from(theme::RADIUS_STEP) * brush.zoom;
    let rect = rect.shrink(0.5);
    let mut outline = Vec::new();
    for (centre, from) in [
        (rect.left_top() + vec2(r, r), 180.0_f32),
        (rect.right_top() + vec2(-r, r), 270.0),
        (rect.right_bottom() + vec2(-r, -r), 0.0),
        (rect.left_bottom() + vec2(r, -r), 90.0),
    ] {
        for piece in 0..=CORNER_PIECES {
            let share = f32::from(piece) / f32::from(CORNER_PIECES);
            let angle = (from + 90.0 * share).to_radians();
            outline.push(centre + r * Vec2::angled(angle));
        }
    }
    outline.extend(outline.first().copied());
    let mut batch = Batch::new(brush.painter);
    batch.dashed(&outline, 1.0, colour, 4.0, 3.0);
    batch.paint(brush.painter);
}

/// Without a footer, the header moves towards the middle of the card. In
/// canvas points.
fn header_shift(brush: &Brush<'_>, step: &StepView) -> f32 {
    if step.is_card() {
        return 0.0;
    }
    let height = step.size().y;
    match brush.detail {
        Detail::Full => 0.0,
        Detail::Line => (height - HEADER - LINE) / 2.0 - 1.0,
        Detail::Title | Detail::Block | Detail::Dot => height / 2.0 - HEADER / 2.0 - 2.0,
    }
}

/// The middle line of the header, on the screen.
fn header_centre(brush: &Brush<'_>, step: &StepView, rect: Rect) -> f32 {
    rect.top() + ((17.0 + header_shift(brush, step)) * brush.zoom).max(9.0)
}

fn tile_side(brush: &Brush<'_>) -> f32 {
    // A little larger than life at small zooms: the icon must be told apart.
    (TILE * brush.zoom).max(12.0)
}

fn tile_ui(brush: &Brush<'_>, step: &StepView, rect: Rect) {
    let palette = brush.palette;
    let side = tile_side(brush);
    let centre = pos2(rect.left() + MARGIN * brush.zoom + side / 2.0, header_centre(brush, step, rect));
    let tile = Rect::from_center_size(centre, Vec2::splat(side));
    let hue = palette.hue(step.group);
    let corner = CornerRadius::same((side * 0.28).round() as u8);
    let fade = match step {
        StepView { is_bypassed: true, .. } => 0.35,
        StepView { state: StepState::Planned, .. } => 0.75,
        _ => 1.0,
    };
    brush.painter.rect_filled(tile, corner, hue.gamma_multiply(fade));
    step.icon.paint(brush.painter, tile.shrink(side * 0.12), palette.on_colour);
}

/// Where text starts, on the screen.
fn text_left(brush: &Brush<'_>, rect: Rect) -> f32 {
    rect.left() + MARGIN * brush.zoom + tile_side(brush) + 8.0 * brush.zoom
}

fn title_ui(canvas: &mut Canvas, brush: &Brush<'_>, index: usize, rect: Rect) {
    let Some(step) = brush.scene.steps.get(index) else {
        return;
    };
    let left = text_left(brush, rect);
    let mark = if brush.detail == Detail::Full { 0.0 } else { MARK + 6.0 };
    let text = Text {
        text: &step.title,
        font: theme::scaled(&theme::strong(), (theme::BODY * brush.zoom).max(9.5)),
        width: rect.right() - MARGIN * brush.zoom - mark - left,
        // The room of the line that is not shown.
        rows: if brush.detail == Detail::Title && !step.is_card() { 2 } else { 1 },
    };
    let ctx = brush.painter.ctx();
    if let Some(galley) = canvas.cache.texts.galley(ctx, index, Slot::Title, &text) {
        let colour = if step.is_bypassed || step.state == StepState::Planned {
            theme::mix(brush.palette.text, brush.palette.soft, 0.6)
        } else {
            brush.palette.text
        };
        let pos = pos2(left, header_centre(brush, step, rect));
        text::draw_left(brush.painter, pos, &galley, colour);
    }
}

fn line_ui(canvas: &mut Canvas, brush: &Brush<'_>, index: usize, rect: Rect) {
    let Some(step) = brush.scene.steps.get(index) else {
        return;
    };
    let (line, colour, font) = match &step.state {
        StepState::Error(message) => (message, brush.palette.bad, theme::body()),
        StepState::Unfilled(missing) => (missing, brush.palette.soft, theme::body()),
        _ if step.line_is_code => (&step.line, brush.palette.soft, theme::code()),
        _ => (&step.line, brush.palette.soft, theme::body()),
    };
    let left = text_left(brush, rect);
    let text = Text {
        text: line,
        font: theme::scaled(&font, (font.size * brush.zoom).max(8.5)),
        width: rect.right() - MARGIN * brush.zoom - left,
        rows: 1,
    };
    let ctx = brush.painter.ctx();
    if let Some(galley) = canvas.cache.texts.galley(ctx, index, Slot::Line, &text) {
        let below = 17.0 + header_shift(brush, step) + 20.5;
        let pos = pos2(left, rect.top() + below * brush.zoom);
        text::draw_left(brush.painter, pos, &galley, colour);
    }
}

/// An answer: its number, what it counts, its small chart.
fn card_ui(canvas: &mut Canvas, brush: &Brush<'_>, index: usize, rect: Rect) {
    let Some(step) = brush.scene.steps.get(index) else {
        return;
    };
    let Some((number, counted)) = &step.headline else {
        return;
    };
    let (zoom, palette, ctx) = (brush.zoom, brush.palette, brush.painter.ctx());
    let is_old = matches!(step.state, StepState::Stale | StepState::Error(_) | StepState::Unfilled(_));
    let left = rect.left() + 12.0 * zoom;
    let room = rect.width() - 24.0 * zoom;
    let text = Text { text: number, font: theme::scaled(&theme::number(), theme::NUMBER * zoom), width: room, rows: 1 };
    let mut used = 0.0;
    // Small cards: clear of the title, which does not shrink as far.
    let middle = rect.top() + ((HEADER + 16.0) * zoom).max(23.0);
    if let Some(galley) = canvas.cache.texts.galley(ctx, index, Slot::Number, &text) {
        let colour = if is_old { palette.soft } else { palette.text };
        used = text::draw_left(brush.painter, pos2(left, middle), &galley, colour);
    }
    let text = Text {
        text: if brush.detail >= Detail::Line { counted } else { "" },
        font: theme::scaled(&theme::body(), (theme::CODE * zoom).max(8.5)),
        width: room - used - 8.0 * zoom,
        rows: 1,
    };
    if let Some(galley) = canvas.cache.texts.galley(ctx, index, Slot::Counted, &text) {
        // On the number's baseline.
        let pos = pos2(left + used + 8.0 * zoom, middle + 4.5 * zoom);
        text::draw_left(brush.painter, pos, &galley, palette.soft);
    }
    if step.sparkline != Sparkline::None {
        let height = 40.0 * zoom;
        let top = rect.top() + (HEADER + 38.0) * zoom;
        // Beside the number where there is no room below it.
        let below = middle + theme::NUMBER * zoom / 2.0 + 2.0;
        let left = if top < below { left + used + 8.0 * zoom } else { left };
        let chart = Rect::from_min_max(pos2(left, top), pos2(rect.right() - 12.0 * zoom, top + height));
        // As on the card; an old one steps back.
        let hues = match is_old {
            true => [palette.soft, palette.faint, palette.hairline],
            false => [Group::Answer, Group::Shape, Group::Extract].map(|group| palette.hue(group)),
        };
        sparkline_ui(brush, &step.sparkline, hues, chart);
    }
}

/// Both stand on zero, unless there are numbers below it.
fn sparkline_ui(brush: &Brush<'_>, drawn: &Sparkline, hues: [Color32; 3], chart: Rect) {
    match drawn {
        Sparkline::None => {}
        Sparkline::Bars(bars) => small_bars_ui(brush, bars, hues[0], chart),
        Sparkline::Lines(lines) => small_lines_ui(brush, lines, hues, chart),
    }
}

fn small_bars_ui(brush: &Brush<'_>, bars: &[f32], colour: Color32, chart: Rect) {
    let high = bars.iter().copied().fold(0.0, f32::max);
    if high <= 0.0 {
        return;
    }
    let place = chart.width() / bars.len().max(6) as f32;
    for (index, value) in bars.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        let left = chart.left() + place * index as f32;
        let height = (chart.height() * value / high).max(1.0);
        let bar = Rect::from_min_max(pos2(left, chart.bottom() - height), pos2(left + place * 0.72, chart.bottom()));
        brush.painter.rect_filled(bar, 1.5 * brush.zoom, colour);
    }
}

fn small_lines_ui(brush: &Brush<'_>, lines: &[Vec<Vec<[f32; 2]>>], hues: [Color32; 3], chart: Rect) {
    let points = || lines.iter().flatten().flatten();
    let (mut low, mut high) = (0.0_f32, f32::MIN);
    let (mut first, mut last) = (f32::MAX, f32::MIN);
    for [x, y] in points() {
        (low, high) = (low.min(*y), high.max(*y));
        (first, last) = (first.min(*x), last.max(*x));
    }
    if first > last {
        return;
    }
    let (width, height) = ((last - first).max(f32::EPSILON), (high - low).max(f32::EPSILON));
    let place = |[x, y]: &[f32; 2]| {
        pos2(chart.left() + chart.width() * (x - first) / width, chart.bottom() - chart.height() * (y - low) / height)
    };
    let stroke = (1.75 * brush.zoom).max(1.0);
    for (line, colour) in lines.iter().zip(hues) {
        for piece in line {
            let points: Vec<Pos2> = piece.iter().map(place).collect();
            match points[..] {
                [] => {}
                [one] => {
                    brush.painter.circle_filled(one, stroke, colour);
                }
                _ => {
                    if lines.len() == 1 {
                        soft_ground(brush, &points, chart, colour);
                    }
                    brush.painter.line(points, Stroke::new(stroke, colour));
                }
            }
        }
    }
}

/// A soft ground under a line.
fn soft_ground(brush: &Brush<'_>, points: &[Pos2], chart: Rect, colour: Color32) {
    let mut ground = egui::Mesh::default();
    for (index, point) in points.iter().enumerate() {
        let height = (chart.bottom() - point.y) / chart.height().max(1.0);
        ground.colored_vertex(*point, colour.gamma_multiply(0.06 + 0.16 * height));
        ground.colored_vertex(pos2(point.x, chart.bottom()), Color32::TRANSPARENT);
        if index > 0 {
            let next = 2 * index as u32;
            ground.add_triangle(next - 2, next - 1, next);
            ground.add_triangle(next, next - 1, next + 1);
        }
    }
    brush.painter.add(Shape::mesh(ground));
}

fn footer_ui(canvas: &mut Canvas, brush: &Brush<'_>, index: usize, rect: Rect) {
    let Some(step) = brush.scene.steps.get(index) else {
        return;
    };
    let (zoom, palette, ctx) = (brush.zoom, brush.palette, brush.painter.ctx());
    let top = rect.bottom() - step.footer_height() * zoom;
    let line = Stroke::new(1.0, palette.hairline);
    let (left, right) = (rect.left() + 1.0, rect.right() - 1.0);
    brush.painter.hline(left..=right, top, line);

    let middle = (top + rect.bottom()) / 2.0;
    let mut left = rect.left() + MARGIN * zoom;
    let mut right = rect.right() - MARGIN * zoom;
    let font = || theme::scaled(&theme::caption(), theme::CAPTION * zoom);
    let is_wide = step.is_card();
    if !is_wide {
        mark_ui(brush, &step.state, pos2(left + 3.5 * zoom, middle));
        left += 13.0 * zoom;
    }
    let text = Text { text: &step.footer_right, font: font(), width: (right - left) * 0.62, rows: 1 };
    if let Some(galley) = canvas.cache.texts.galley(ctx, index, Slot::Right, &text) {
        let colour = if step.footer_warns { palette.ink(palette.warning) } else { palette.soft };
        right -= text::draw_right(brush.painter, pos2(right, middle), &galley, colour);
        right -= 8.0 * zoom;
    }
    let (words, colour) = match &step.state {
        StepState::Error(_) if step.footer_left.is_empty() => ("needs a change", palette.bad),
        StepState::Error(_) => (step.footer_left.as_str(), palette.bad),
        state if step.footer_left.is_empty() => (state.word(), palette.soft),
        _ => (step.footer_left.as_str(), palette.soft),
    };
    let text = Text { text: words, font: font(), width: right - left, rows: if is_wide { 2 } else { 1 } };
    if let Some(galley) = canvas.cache.texts.galley(ctx, index, Slot::Left, &text) {
        text::draw_left(brush.painter, pos2(left, middle), &galley, colour);
    }
}

/// The state: a dot, a ring while it is not the whole truth, a cross for errors.
fn mark_ui(brush: &Brush<'_>, state: &StepState, centre: Pos2) {
    let palette = brush.palette;
    let radius = (3.5 * brush.zoom).max(2.5);
    let filled = |colour| {
        brush.painter.circle_filled(centre, radius, colour);
    };
    let ring = |colour| {
        let stroke = Stroke::new(1.5 * brush.zoom.max(0.7), colour);
        brush.painter.circle_stroke(centre, radius - 0.75, stroke);
    };
    match state {
        StepState::Exact => filled(palette.good),
        StepState::Sample => ring(palette.good),
        StepState::Computing => filled(palette.accent),
        StepState::Stale => filled(palette.faint),
        StepState::MadeUp | StepState::Planned => filled(palette.warning),
        StepState::Idle => ring(palette.faint),
        StepState::Unfilled(_) => ring(palette.accent),
        StepState::Error(_) => {
            let square = Rect::from_center_size(centre, Vec2::splat(radius * 3.2));
            Icon::Cross.paint(brush.painter, square, palette.bad);
        }
    }
}

fn ports_ui(canvas: &Canvas, brush: &Brush<'_>, index: usize) {
    let Some(step) = brush.scene.steps.get(index) else {
        return;
    };
    let palette = brush.palette;
    let hue = palette.hue(step.group);
    let radius = (PORT_RADIUS * brush.zoom).max(3.0);
    for side in [Side::Input, Side::Output] {
        for port in 0..step.ports(side).len() {
            let at = PortAt { step: index, side, port };
            let Some(centre) = canvas.cache.geometry.port(brush.scene, at) else {
                continue;
            };
            let centre = canvas.view.to_screen(brush.widget, centre);
            let (fill, edge, grown) = match canvas.gesture.verdict(at) {
                Some(true) => (palette.accent, palette.accent, 1.25),
                Some(false) => (palette.canvas, palette.hairline, 1.0),
                None if canvas.is_hovered_port(brush.scene, at) => (hue, hue, 1.2),
                None => (palette.canvas, hue, 1.0),
            };
            let stroke = Stroke::new((2.0 * brush.zoom).max(1.25), edge);
            if grown > 1.0 {
                brush.painter.circle_filled(centre, radius * grown + 4.0, edge.gamma_multiply(0.22));
            }
            brush.painter.circle(centre, radius * grown - stroke.width / 2.0, fill, stroke);
        }
    }
}

impl Canvas {
    fn is_hovered_port(&self, scene: &super::Scene, at: PortAt) -> bool {
        match (&self.hover, &self.gesture) {
            (Some(super::Target::Port(port)), Gesture::None) => scene.port_ref(at).as_ref() == Some(port),
            _ => false,
        }
    }
}
