//! Laid out text, kept between frames. Laying out is the dearest part of a
//! frame, so a galley is kept as long as its text, size and width hold, and
//! while the zoom changes the old one is drawn scaled.

use std::collections::HashMap;
use std::sync::Arc;

use egui::emath::TSTransform;
use egui::epaint::TextShape;
use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, Context, FontId, Galley, Painter, Pos2};

use super::scene::Scene;
use crate::gui::theme;

/// How many galleys may be laid out anew in a frame once the zoom rests.
const BUDGET: usize = 120;
/// How many missing galleys may be laid out in any frame.
const BUDGET_MISSING: usize = 600;

/// The texts of a step or wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The title; a wire's label.
    Title,
    /// What it does.
    Line,
    /// Footer, left.
    Left,
    /// Footer, right.
    Right,
    /// An answer's number.
    Number,
    /// What the number counts.
    Counted,
}

const SLOTS: usize = 6;

/// The texts of one step.
type Entry = [Option<Arc<Galley>>; SLOTS];

/// Galleys by step (or wire) and slot.
#[derive(Default)]
pub struct TextCache {
    entries: Vec<Option<Box<Entry>>>,
    /// Laid out in every frame: when egui forgot it, the glyph atlas was reset
    /// or the scale changed, and all galleys are void.
    witness: Option<Arc<Galley>>,
    budget: usize,
    budget_missing: usize,
    /// Some text was drawn scaled: another frame will sharpen it.
    pub blurred: bool,
}

/// A text to draw.
pub struct Text<'a> {
    /// The characters.
    pub text: &'a str,
    /// Font and size, in screen points.
    pub font: FontId,
    /// Room, in screen points; longer text ends in an ellipsis.
    pub width: f32,
    /// Lines, at most.
    pub rows: usize,
}

impl TextCache {
    /// Keep the galleys of steps that are still there, by their ids.
    pub fn follow(&mut self, old_index: &HashMap<String, usize>, scene: &Scene) {
        let mut old = std::mem::take(&mut self.entries);
        self.entries = scene.steps.iter().map(|step| old.get_mut(*old_index.get(&step.id)?)?.take()).collect();
    }

    /// Make room for so many entries.
    pub fn resize(&mut self, count: usize) {
        self.entries.resize_with(count, || None);
    }

    /// Call at the start of each frame; `resting` is false while the zoom changes.
    pub fn begin(&mut self, ctx: &Context, resting: bool) {
        let witness =
            ctx.fonts_mut(|fonts| fonts.layout_no_wrap("·".to_owned(), theme::caption(), Color32::PLACEHOLDER));
        let void = self.witness.as_ref().is_none_or(|kept| !Arc::ptr_eq(kept, &witness));
        if void {
            self.entries.iter_mut().for_each(|entry| *entry = None);
        }
        self.witness = Some(witness);
        self.budget = if resting { BUDGET } else { 0 };
        self.budget_missing = BUDGET_MISSING;
        self.blurred = false;
    }

    /// The galley of a text, and the scale to draw it at (1 unless it is of
    /// another zoom). `None` when there is nothing to draw.
    pub fn galley(&mut self, ctx: &Context, entry: usize, slot: Slot, wanted: &Text<'_>) -> Option<(Arc<Galley>, f32)> {
        if wanted.text.is_empty() || wanted.width < 8.0 {
            return None;
        }
        let size = rounded_size(ctx, wanted.font.size);
        let width = wanted.width.round();
        let kept = self.entries.get_mut(entry)?.get_or_insert_with(Default::default).get_mut(slot as usize)?;
        if let Some(galley) = kept
            && galley.job.text == wanted.text
        {
            let kept_size = font_of(galley).map_or(size, |font| font.size);
            let wrap = &galley.job.wrap;
            let holds = kept_size == size && wrap.max_width == width && wrap.max_rows == wanted.rows;
            if holds {
                return Some((Arc::clone(galley), 1.0));
            }
            if self.budget == 0 {
                self.blurred = true;
                return Some((Arc::clone(galley), size / kept_size));
            }
            self.budget -= 1;
        } else if self.budget_missing == 0 {
            self.blurred = true;
            return None;
        } else {
            self.budget_missing -= 1;
        }
        let font = theme::scaled(&wanted.font, size);
        let job = job(wanted.text, font, width, wanted.rows);
        let galley = ctx.fonts_mut(|fonts| fonts.layout_job(job));
        *kept = Some(Arc::clone(&galley));
        Some((galley, 1.0))
    }
}

fn font_of(galley: &Galley) -> Option<&FontId> {
    Some(&galley.job.sections.first()?.format.font_id)
}

/// Whole half pixels: few sizes reach the glyph atlas.
fn rounded_size(ctx: &Context, size: f32) -> f32 {
    let step = 0.5 / ctx.pixels_per_point().max(0.1);
    ((size / step).round() * step).max(1.0)
}

fn job(text: &str, font: FontId, width: f32, rows: usize) -> LayoutJob {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, Color32::PLACEHOLDER);
    job.wrap = TextWrapping { max_rows: rows, break_anywhere: rows == 1, ..TextWrapping::wrap_at_width(width) };
    job
}

/// Draw a galley with its left end at `pos`, centred on `pos.y`. Returns its
/// width on the screen.
pub fn draw_left(painter: &Painter, pos: Pos2, text: &(Arc<Galley>, f32), colour: Color32) -> f32 {
    let size = text.0.size() * text.1;
    draw(painter, Pos2::new(pos.x, pos.y - size.y / 2.0), text, colour);
    size.x
}

/// Draw a galley with its right end at `pos`, centred on `pos.y`.
pub fn draw_right(painter: &Painter, pos: Pos2, text: &(Arc<Galley>, f32), colour: Color32) -> f32 {
    let size = text.0.size() * text.1;
    let corner = Pos2::new(pos.x - size.x, pos.y - size.y / 2.0);
    draw(painter, corner, text, colour);
    size.x
}

/// Draw a galley with its top left corner at `pos`.
pub fn draw(painter: &Painter, pos: Pos2, text: &(Arc<Galley>, f32), colour: Color32) {
    let (galley, scale) = text;
    let mut shape = TextShape::new(Pos2::ZERO, Arc::clone(galley), colour);
    if (scale - 1.0).abs() < 0.001 {
        shape.pos = pos;
    } else {
        shape.transform(TSTransform::new(pos.to_vec2(), *scale));
    }
    painter.add(shape);
}
