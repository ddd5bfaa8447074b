//! Many simple shapes in one mesh: far cheaper than as many egui shapes. Lines
//! are feathered by hand over one pixel, like egui's own.

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{Color32, Painter, Pos2, Rect, Shape, Vec2, pos2};

/// Let the GNU allocator keep memory of up to 32 MB a piece when it is freed.
///
/// It hands larger pieces than its threshold back to the system at once, and
/// frames then spend three quarters of their time getting the same megabytes
/// again. The threshold follows the largest piece that was freed, so one piece
/// of the largest size that counts is allocated, not touched, and freed
/// (mallopt(3), M_MMAP_THRESHOLD).
pub fn keep_freed_memory() {
    const LARGEST: usize = 32 * 1024 * 1024 - 64 * 1024;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGEST)));
}

/// The memory of a large batch between frames: fresh memory of that size costs
/// more than filling it.
#[derive(Default)]
pub struct Kept(Option<Arc<Mesh>>);

/// A mesh in the making.
pub struct Batch {
    mesh: Mesh,
    /// One physical pixel, in points.
    pixel: f32,
}

impl Batch {
    /// An empty batch.
    pub fn new(painter: &Painter) -> Self {
        Self { mesh: Mesh::default(), pixel: 1.0 / painter.pixels_per_point().max(0.1) }
    }

    /// An empty batch in the memory of an earlier one, if egui let go of it.
    pub fn reusing(painter: &Painter, kept: &mut Kept) -> Self {
        let mut batch = Self::new(painter);
        if let Some(mut mesh) = kept.0.take().and_then(Arc::into_inner) {
            mesh.indices.clear();
            mesh.vertices.clear();
            batch.mesh = mesh;
        }
        batch
    }

    /// A filled rectangle, without feathering.
    pub fn rect(&mut self, rect: Rect, colour: Color32) {
        self.mesh.add_colored_rect(rect, colour);
    }

    /// A rectangle whose corners are cut by `cut` points.
    pub fn cut_rect(&mut self, rect: Rect, cut: f32, colour: Color32) {
        let cut = cut.min(rect.width() / 2.0).min(rect.height() / 2.0);
        if cut < self.pixel {
            self.rect(rect, colour);
            return;
        }
        let first = self.next();
        let (l, t, r, b) = (rect.left(), rect.top(), rect.right(), rect.bottom());
        for (x, y) in [
            (l + cut, t),
            (r - cut, t),
            (r, t + cut),
            (r, b - cut),
            (r - cut, b),
            (l + cut, b),
            (l, b - cut),
            (l, t + cut),
        ] {
            self.mesh.colored_vertex(pos2(x, y), colour);
        }
        for corner in 1..7 {
            self.mesh.add_triangle(first, first + corner, first + corner + 1);
        }
    }

    /// A line through some points, `width` points wide.
    pub fn line(&mut self, points: &[Pos2], width: f32, colour: Color32) {
        let [start, .., _] = points else {
            return;
        };
        let half = width / 2.0;
        if width <= self.pixel {
            // A hairline: full colour in the middle, nothing one pixel off,
            // paler the thinner it is.
            let share = (width / self.pixel).clamp(0.25, 1.0);
            self.strip(points, *start, &[self.pixel, 0.0, -self.pixel], |lane| {
                if lane == 1 { colour.gamma_multiply(share) } else { Color32::TRANSPARENT }
            });
        } else {
            let (inner, outer) = (half - self.pixel / 2.0, half + self.pixel / 2.0);
            self.strip(points, *start, &[outer, inner, -inner, -outer], |lane| {
                if lane == 1 || lane == 2 { colour } else { Color32::TRANSPARENT }
            });
        }
    }

    /// A line without feathering: half the work, for thousands of them.
    pub fn plain_line(&mut self, points: &[Pos2], width: f32, colour: Color32) {
        if let [start, .., _] = points {
            self.strip(points, *start, &[width / 2.0, -width / 2.0], |_| colour);
        }
    }

    /// A dashed line.
    pub fn dashed(&mut self, points: &[Pos2], width: f32, colour: Color32, dash: f32, gap: f32) {
        let mut piece: Vec<Pos2> = Vec::new();
        let (mut drawing, mut left) = (true, dash);
        let Some(first) = points.first() else {
            return;
        };
        piece.push(*first);
        for pair in points.windows(2) {
            let [mut start, end] = [pair[0], pair[1]];
            let mut rest = start.distance(end);
            while rest > left {
                let cut = start + (end - start) * (left / rest);
                rest -= left;
                if drawing {
                    piece.push(cut);
                    self.line(&piece, width, colour);
                }
                drawing = !drawing;
                piece.clear();
                piece.push(cut);
                start = cut;
                left = if drawing { dash } else { gap };
            }
            left -= rest;
            piece.push(end);
        }
        if drawing {
            self.line(&piece, width, colour);
        }
    }

    /// A strip along `points`, with a lane of vertices at each offset.
    fn strip(&mut self, points: &[Pos2], start: Pos2, offsets: &[f32], colour: impl Fn(usize) -> Color32) {
        let lanes = offsets.len() as u32;
        let mut before = start;
        self.mesh.reserve_vertices(points.len() * offsets.len());
        self.mesh.reserve_triangles(points.len() * 2 * offsets.len());
        for (index, point) in points.iter().enumerate() {
            let after = points.get(index + 1).copied().unwrap_or(*point);
            let normal = normal(before, after);
            let first = self.next();
            for (lane, offset) in offsets.iter().enumerate() {
                self.mesh.colored_vertex(*point + normal * *offset, colour(lane));
            }
            if index > 0 {
                for lane in 0..lanes - 1 {
                    let (a, b) = (first - lanes + lane, first + lane);
                    self.mesh.add_triangle(a, a + 1, b);
                    self.mesh.add_triangle(b, a + 1, b + 1);
                }
            }
            before = *point;
        }
    }

    fn next(&self) -> u32 {
        self.mesh.vertices.len() as u32
    }

    /// Paint what was gathered, and keep its memory for the next frame.
    pub fn paint_and_keep(self, painter: &Painter, kept: &mut Kept) {
        if !self.mesh.is_empty() {
            let mesh = Arc::new(self.mesh);
            kept.0 = Some(Arc::clone(&mesh));
            painter.add(Shape::Mesh(mesh));
        }
    }

    /// Paint what was gathered.
    pub fn paint(self, painter: &Painter) {
        if !self.mesh.is_empty() {
            painter.add(Shape::mesh(self.mesh));
        }
    }
}

fn normal(before: Pos2, after: Pos2) -> Vec2 {
    // Plain square root: coordinates are small, and this runs for every point.
    let along = after - before;
    let length = along.length_sq().sqrt();
    if length > 0.0 { along.rot90() / length } else { Vec2::ZERO }
}
