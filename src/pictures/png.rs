//! A drawing as PNG, two pixels a point. Imports the rasteriser, the fonts and the writer of the format.

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::drawing::{Anchor, Drawing, Ink, Look, Move, Shape};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider};
use vello_cpu::color::{AlphaColor, Srgb};
use vello_cpu::kurbo::{Affine, BezPath, Cap, Circle, Point, RoundedRect, Shape as _, Stroke};
use vello_cpu::{Pixmap, RenderContext, Resources};

use super::fonts::{INTER, INTER_SEMIBOLD};

/// Pixels a point.
const SCALE: f64 = 2.0;
/// As many as can be drawn in some seconds, and in some hundred megabytes.
const MOST_PIXELS: u64 = 64 << 20;
/// How exactly curves are followed, in points.
const EXACT: f64 = 0.05;

pub fn png(drawing: &Drawing, look: Look) -> Result<Vec<u8>, Diagnostic> {
    let side = |points: f32| {
        let pixels = (f64::from(points) * SCALE).ceil().max(1.0);
        if pixels <= f64::from(u16::MAX) { Ok(pixels as u16) } else { Err(too_large()) }
    };
    let (width, height) = (side(drawing.size[0])?, side(drawing.size[1])?);
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(too_large());
    }
    let mut canvas = Canvas { context: RenderContext::new(width, height), look };
    canvas.context.set_transform(Affine::scale(SCALE));
    for shape in &drawing.shapes {
        canvas.draw(shape);
    }
    let mut target = Pixmap::new(width, height);
    canvas.context.flush();
    canvas.context.render(&mut target, &mut Resources::new());
    encoded(target, width, height).map_err(|error| {
        Diagnostic::error("PW1091", format!("the picture cannot be made: {error}"))
            .help("write it as SVG, which has no pixels")
    })
}

fn too_large() -> Diagnostic {
    Diagnostic::error("PW1091", "the picture has more pixels than a PNG of this program can have")
        .help("write it as SVG or PDF, which have no pixels")
}

fn encoded(target: Pixmap, width: u16, height: u16) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::from(width), u32::from(height));
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels = target.take_unpremultiplied().into_iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a]);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.collect::<Vec<u8>>())?;
    writer.finish()?;
    Ok(bytes)
}

struct Canvas {
    context: RenderContext,
    look: Look,
}

fn point([x, y]: [f32; 2]) -> Point {
    Point::new(f64::from(x), f64::from(y))
}

impl Canvas {
    fn paint(&mut self, ink: Ink) {
        let [red, green, blue] = ink.rgb(self.look);
        self.context.set_paint(AlphaColor::<Srgb>::from_rgb8(red, green, blue));
    }

    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect { at, size, radius, fill, border } => {
                let from = point(*at);
                let to = Point::new(from.x + f64::from(size[0]), from.y + f64::from(size[1]));
                let path = RoundedRect::from_rect((from, to).into(), f64::from(*radius)).to_path(EXACT);
                self.paint(*fill);
                self.context.fill_path(&path);
                if let Some(ink) = border {
                    self.paint(*ink);
                    self.context.set_stroke(Stroke::new(1.0));
                    self.context.stroke_path(&path);
                }
            }
            Shape::Dot { at, radius, ink } => {
                self.paint(*ink);
                self.context.fill_path(&Circle::new(point(*at), f64::from(*radius)).to_path(EXACT));
            }
            Shape::Path { moves, width, ink, dash } => {
                let mut path = BezPath::new();
                for one in moves {
                    match one {
                        Move::To(to) => path.move_to(point(*to)),
                        Move::Line(to) => path.line_to(point(*to)),
                        Move::Curve(first, second, to) => path.curve_to(point(*first), point(*second), point(*to)),
                    }
                }
                let mut stroke = Stroke::new(f64::from(*width)).with_caps(Cap::Round);
                if let Some(dash) = dash {
                    stroke = stroke.with_caps(Cap::Butt).with_dashes(0.0, dash.map(f64::from));
                }
                self.paint(*ink);
                self.context.set_stroke(stroke);
                self.context.stroke_path(&path);
            }
            Shape::Text { at, size, is_bold, ink, anchor, text } => {
                let Ok(font) = FontRef::new(if *is_bold { INTER_SEMIBOLD } else { INTER }) else { return };
                self.paint(*ink);
                let path = outline(&font, text, *size, *anchor, *at);
                self.context.fill_path(&path);
            }
        }
    }
}

/// A line of text as an outline.
fn outline(font: &FontRef<'_>, text: &str, size: f32, anchor: Anchor, [x, y]: [f32; 2]) -> BezPath {
    let (letters, size) = (font.charmap(), Size::new(size));
    let (metrics, outlines) = (font.glyph_metrics(size, LocationRef::default()), font.outline_glyphs());
    let glyphs: Vec<_> = text.chars().map(|c| letters.map(c).unwrap_or_default()).collect();
    let wide = glyphs.iter().map(|glyph| metrics.advance_width(*glyph).unwrap_or_default()).sum::<f32>();
    let start = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - wide / 2.0,
        Anchor::End => x - wide,
    };
    let mut pen = Pen { path: BezPath::new(), origin: [start, y] };
    for glyph in glyphs {
        if let Some(outline) = outlines.get(glyph) {
            // A glyph without an outline leaves its room empty.
            let _ = outline.draw(DrawSettings::unhinted(size, LocationRef::default()), &mut pen);
        }
        pen.origin[0] += metrics.advance_width(glyph).unwrap_or_default();
    }
    pen.path
}

/// Takes the outline of a glyph in; there y grows upwards.
struct Pen {
    path: BezPath,
    origin: [f32; 2],
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> Point {
        point([self.origin[0] + x, self.origin[1] - y])
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.at(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.at(x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.path.quad_to(self.at(cx, cy), self.at(x, y));
    }

    fn curve_to(&mut self, cx: f32, cy: f32, dx: f32, dy: f32, x: f32, y: f32) {
        self.path.curve_to(self.at(cx, cy), self.at(dx, dy), self.at(x, y));
    }

    fn close(&mut self) {
        self.path.close_path();
    }
}
