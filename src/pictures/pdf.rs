//! A drawing as PDF, a page as large as it is: shapes stay shapes and text stays text, in the fonts of the program, which
//! are in the file. Imports the fonts and the writer of the format.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, LineCapStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use pipewright_core::export::drawing::{Anchor, Drawing, Ink, Look, Move, Shape};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use super::fonts::{INTER, INTER_SEMIBOLD};

/// How far the points of a curve stand out that rounds a corner, of its radius.
const ROUND: f32 = 0.5523;
/// Widths of glyphs are told in so many parts of the size.
const UNITS: f32 = 1000.0;
const IDENTITY: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A font, and which of its glyphs are used, each with its letter.
struct Face<'a> {
    name: &'static str,
    /// In resources.
    label: &'static str,
    bytes: &'static [u8],
    font: FontRef<'a>,
    used: BTreeMap<u16, char>,
}

pub fn pdf(drawing: &Drawing, look: Look) -> Vec<u8> {
    let faces = [("Inter-Regular", "F0", INTER), ("Inter-SemiBold", "F1", INTER_SEMIBOLD)];
    let mut faces: Vec<Face<'_>> = faces
        .into_iter()
        .filter_map(|(name, label, bytes)| {
            Some(Face { name, label, bytes, font: FontRef::new(bytes).ok()?, used: BTreeMap::new() })
        })
        .collect();
    let mut writer = Writer { content: Content::new(), height: drawing.size[1], look };
    for shape in &drawing.shapes {
        writer.draw(shape, &mut faces);
    }
    let mut next = Ref::new(1);
    let (catalogue, pages, page, content, about) = (next.bump(), next.bump(), next.bump(), next.bump(), next.bump());
    let mut pdf = Pdf::new();
    pdf.catalog(catalogue).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    pdf.document_info(about).title(TextStr(&drawing.title)).subject(TextStr(&drawing.description));
    let fonts: Vec<(&str, Ref)> =
        faces.iter().map(|face| (face.label, write_font(&mut pdf, face, &mut next))).collect();
    let mut described = pdf.page(page);
    described.parent(pages).contents(content);
    described.media_box(Rect::new(0.0, 0.0, drawing.size[0], drawing.size[1]));
    let mut resources = described.resources();
    let mut listed = resources.fonts();
    for (label, font) in &fonts {
        listed.pair(Name(label.as_bytes()), *font);
    }
    listed.finish();
    resources.finish();
    described.finish();
    let text = compressed(writer.content.finish().as_slice());
    pdf.stream(content, &text).filter(Filter::FlateDecode);
    pdf.finish()
}

/// Nothing that is written to memory fails.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Puts a font into the file: its glyphs by number, and which letters they are.
fn write_font(pdf: &mut Pdf, face: &Face<'_>, next: &mut Ref) -> Ref {
    let (font, glyphs, about, letters, file) = (next.bump(), next.bump(), next.bump(), next.bump(), next.bump());
    let name = Name(face.name.as_bytes());
    pdf.type0_font(font)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(glyphs)
        .to_unicode(letters);
    let size = Size::new(UNITS);
    let widths = face.font.glyph_metrics(size, LocationRef::default());
    let mut described = pdf.cid_font(glyphs);
    described.subtype(CidFontType::Type0).base_font(name).system_info(IDENTITY).font_descriptor(about);
    let mut listed = described.widths();
    for glyph in face.used.keys() {
        listed.consecutive(*glyph, [widths.advance_width((*glyph).into()).unwrap_or_default()]);
    }
    listed.finish();
    described.finish();
    let metrics = face.font.metrics(size, LocationRef::default());
    let bounds = metrics.bounds.unwrap_or_default();
    pdf.font_descriptor(about)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max))
        .italic_angle(0.0)
        .ascent(metrics.ascent)
        .descent(metrics.descent)
        .cap_height(metrics.cap_height.unwrap_or(metrics.ascent))
        .stem_v(95.0)
        .font_file3(file);
    let mut map = UnicodeCmap::new(Name(b"Letters"), IDENTITY);
    face.used.iter().for_each(|(glyph, letter)| map.pair(*glyph, *letter));
    pdf.cmap(letters, map.finish().as_slice());
    let bytes = compressed(face.bytes);
    pdf.stream(file, &bytes).filter(Filter::FlateDecode).pair(Name(b"Subtype"), Name(b"OpenType"));
    font
}

/// Writes shapes as the page's content; there y grows upwards.
struct Writer {
    content: Content,
    height: f32,
    look: Look,
}

impl Writer {
    fn up(&self, [x, y]: [f32; 2]) -> (f32, f32) {
        (x, self.height - y)
    }

    fn fill(&mut self, ink: Ink) {
        let [red, green, blue] = ink.rgb(self.look).map(|part| f32::from(part) / 255.0);
        self.content.set_fill_rgb(red, green, blue);
    }

    fn stroke(&mut self, ink: Ink) {
        let [red, green, blue] = ink.rgb(self.look).map(|part| f32::from(part) / 255.0);
        self.content.set_stroke_rgb(red, green, blue);
    }

    fn draw(&mut self, shape: &Shape, faces: &mut [Face<'_>]) {
        match shape {
            Shape::Rect { at, size, radius, fill, border } => {
                self.fill(*fill);
                self.rounded(*at, *size, *radius);
                match border {
                    Some(ink) => {
                        self.stroke(*ink);
                        self.content.set_line_width(1.0).set_dash_pattern([], 0.0);
                        self.content.fill_nonzero_and_stroke();
                    }
                    None => drop(self.content.fill_nonzero()),
                }
            }
            Shape::Dot { at: [x, y], radius, ink } => {
                self.fill(*ink);
                self.rounded([x - radius, y - radius], [2.0 * radius, 2.0 * radius], *radius);
                self.content.fill_nonzero();
            }
            Shape::Path { moves, width, ink, dash } => {
                self.stroke(*ink);
                let cap = if dash.is_some() { LineCapStyle::ButtCap } else { LineCapStyle::RoundCap };
                self.content.set_line_width(*width).set_line_cap(cap);
                self.content.set_dash_pattern(dash.iter().flatten().copied(), 0.0);
                for one in moves {
                    match one {
                        Move::To(to) => {
                            let (x, y) = self.up(*to);
                            self.content.move_to(x, y);
                        }
                        Move::Line(to) => {
                            let (x, y) = self.up(*to);
                            self.content.line_to(x, y);
                        }
                        Move::Curve(first, second, to) => {
                            let ((a, b), (c, d), (x, y)) = (self.up(*first), self.up(*second), self.up(*to));
                            self.content.cubic_to(a, b, c, d, x, y);
                        }
                    }
                }
                self.content.stroke();
            }
            Shape::Text { at, size, is_bold, ink, anchor, text } => {
                let Some(face) = faces.get_mut(usize::from(*is_bold)) else { return };
                self.text(face, text, *at, *size, *anchor, *ink);
            }
        }
    }

    /// A rectangle with round corners.
    fn rounded(&mut self, at: [f32; 2], [width, height]: [f32; 2], radius: f32) {
        let (left, top) = self.up(at);
        let (right, bottom) = (left + width, top - height);
        let radius = radius.min(width / 2.0).min(height / 2.0);
        if radius <= 0.0 {
            self.content.rect(left, bottom, width, height);
            return;
        }
        let bend = radius * (1.0 - ROUND);
        let content = &mut self.content;
        content.move_to(left + radius, top).line_to(right - radius, top);
        content.cubic_to(right - bend, top, right, top - bend, right, top - radius);
        content.line_to(right, bottom + radius);
        content.cubic_to(right, bottom + bend, right - bend, bottom, right - radius, bottom);
        content.line_to(left + radius, bottom);
        content.cubic_to(left + bend, bottom, left, bottom + bend, left, bottom + radius);
        content.line_to(left, top - radius);
        content.cubic_to(left, top - bend, left + bend, top, left + radius, top).close_path();
    }

    fn text(&mut self, face: &mut Face<'_>, text: &str, at: [f32; 2], size: f32, anchor: Anchor, ink: Ink) {
        let letters = face.font.charmap();
        let metrics = face.font.glyph_metrics(Size::new(size), LocationRef::default());
        let (mut shown, mut wide) = (Vec::with_capacity(text.len() * 2), 0.0);
        for c in text.chars() {
            let glyph = letters.map(c).unwrap_or_default();
            // The glyphs of these fonts have numbers of two bytes.
            let number = u16::try_from(glyph.to_u32()).unwrap_or_default();
            face.used.entry(number).or_insert(c);
            shown.extend(number.to_be_bytes());
            wide += metrics.advance_width(glyph).unwrap_or_default();
        }
        let (x, y) = self.up(at);
        let start = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - wide / 2.0,
            Anchor::End => x - wide,
        };
        self.fill(ink);
        self.content.begin_text().set_font(Name(face.label.as_bytes()), size);
        self.content.next_line(start, y).show(Str(&shown)).end_text();
    }
}
