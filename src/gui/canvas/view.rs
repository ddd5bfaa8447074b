//! Which part of the canvas is seen: pan and zoom, and their limits. Pure
//! arithmetic on egui's geometry.

use egui::{Pos2, Rect, Vec2};

/// The smallest zoom.
pub const ZOOM_MIN: f32 = 0.05;
/// The largest zoom.
pub const ZOOM_MAX: f32 = 2.0;
/// The smallest zoom at which a title stands beside its icon.
pub const READABLE: f32 = 0.4;
/// The zoom from which on a block has the name of its step, and nothing else.
pub const NAMED: f32 = 0.3;
/// What the names of lanes take of the upper edge, in screen points.
const HEAD: f32 = 24.0;
/// Space around what is shown whole, in screen points.
const FIT_MARGIN: f32 = 36.0;
/// Seconds that a jump (fit, follow) takes.
const GLIDE: f32 = 0.16;

/// Pan and zoom. `pan` is where the canvas' origin lies, in points from the top
/// left corner of the widget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Offset of the origin, in screen points.
    pub pan: Vec2,
    /// Screen points for a canvas point.
    pub zoom: f32,
    glide: Option<Glide>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Glide {
    from: (Vec2, f32),
    to: (Vec2, f32),
    passed: f32,
}

impl Default for View {
    fn default() -> Self {
        Self { pan: Vec2::splat(24.0), zoom: 1.0, glide: None }
    }
}

impl View {
    /// From canvas to screen; `widget` is the widget's rectangle.
    pub fn to_screen(&self, widget: Rect, point: Pos2) -> Pos2 {
        widget.min + self.pan + point.to_vec2() * self.zoom
    }

    /// A rectangle from canvas to screen.
    pub fn rect_to_screen(&self, widget: Rect, rect: Rect) -> Rect {
        Rect::from_min_max(self.to_screen(widget, rect.min), self.to_screen(widget, rect.max))
    }

    /// From screen to canvas.
    pub fn to_canvas(&self, widget: Rect, point: Pos2) -> Pos2 {
        ((point - widget.min - self.pan) / self.zoom).to_pos2()
    }

    /// The part of the canvas that the widget shows.
    pub fn visible(&self, widget: Rect) -> Rect {
        Rect::from_min_max(self.to_canvas(widget, widget.min), self.to_canvas(widget, widget.max))
    }

    /// Move what is seen by screen points.
    pub fn pan_by(&mut self, delta: Vec2) {
        if delta.is_finite() {
            self.glide = None;
            self.pan += delta;
        }
    }

    /// Zoom by a factor; what lies under `pointer` stays there.
    pub fn zoom_at(&mut self, widget: Rect, pointer: Pos2, factor: f32) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        self.glide = None;
        let held = self.to_canvas(widget, pointer);
        self.zoom = (self.zoom * factor).clamp(ZOOM_MIN, ZOOM_MAX);
        self.pan = pointer - widget.min - held.to_vec2() * self.zoom;
    }

    /// Show `area` whole, with a margin, never larger than life.
    pub fn fit(&mut self, widget: Rect, area: Rect) {
        if let Some((pan, zoom)) = Self::fitted(widget, area) {
            *self = Self { pan, zoom, glide: None };
        }
    }

    /// The first view of `area`: whole, or from its beginning where the whole would be too small to read.
    pub fn open(&mut self, widget: Rect, area: Rect) {
        self.fit(widget, area);
        if self.zoom < NAMED && widget.is_positive() && area.is_finite() {
            self.zoom = NAMED;
            let middle = (widget.size() - area.size() * self.zoom) / 2.0;
            let start = middle.max(Vec2::splat(FIT_MARGIN));
            self.pan = start - area.min.to_vec2() * self.zoom;
        }
    }

    /// As [`View::fit`], gliding there.
    pub fn glide_to(&mut self, widget: Rect, area: Rect) {
        if let Some(to) = Self::fitted(widget, area) {
            self.start(to);
        }
    }

    /// Glide just so far that `area` is seen, and not below `cover`. Nothing moves when it is.
    pub fn reveal(&mut self, widget: Rect, area: Rect, cover: Option<Rect>) {
        const MARGIN: f32 = 24.0;
        let shown = self.rect_to_screen(widget, area);
        let mut inner = widget.shrink(MARGIN.min(widget.size().min_elem().max(0.0) / 4.0));
        // The names of the lanes lie over the upper edge.
        inner.min.y += HEAD.min(inner.height().max(0.0) / 4.0);
        let shift = |low: f32, high: f32, from: f32, to: f32| {
            if low < from {
                from - low
            } else if high > to {
                (to - high).max(from - low)
            } else {
                0.0
            }
        };
        let mut delta = Vec2::new(
            shift(shown.left(), shown.right(), inner.left(), inner.right()),
            shift(shown.top(), shown.bottom(), inner.top(), inner.bottom()),
        );
        if let Some(cover) = cover.map(|cover| cover.expand(MARGIN / 2.0))
            && cover.intersects(shown.translate(delta))
        {
            delta.y += cover.top() - shown.translate(delta).bottom();
        }
        if delta != Vec2::ZERO && delta.is_finite() {
            self.start((self.pan + delta, self.zoom));
        }
    }

    /// Keeps some of `area` in view, so that no pan loses it.
    pub fn hold(&mut self, widget: Rect, area: Rect) {
        /// Of the area, at least. Screen points.
        const KEPT: f32 = 96.0;
        if self.glide.is_some() || !widget.is_positive() || !area.is_finite() {
            return;
        }
        let shown = self.rect_to_screen(widget, area);
        let kept = Vec2::new(
            KEPT.min(shown.width()).min(widget.width() / 2.0),
            KEPT.min(shown.height()).min(widget.height() / 2.0),
        );
        let back = |low: f32, high: f32, from: f32, to: f32, kept: f32| {
            if high < from + kept {
                from + kept - high
            } else if low > to - kept {
                to - kept - low
            } else {
                0.0
            }
        };
        self.pan += Vec2::new(
            back(shown.left(), shown.right(), widget.left(), widget.right(), kept.x),
            back(shown.top(), shown.bottom(), widget.top(), widget.bottom(), kept.y),
        );
    }

    /// Put a canvas point into the middle, at this zoom.
    pub fn centre_on(&mut self, widget: Rect, point: Pos2) {
        self.glide = None;
        self.pan = widget.size() / 2.0 - point.to_vec2() * self.zoom;
    }

    /// Advance a glide by `seconds`; true while it lasts.
    pub fn advance(&mut self, seconds: f32) -> bool {
        let Some(mut glide) = self.glide else {
            return false;
        };
        glide.passed += seconds.clamp(0.0, GLIDE);
        let t = (glide.passed / GLIDE).clamp(0.0, 1.0);
        let eased = 1.0 - (1.0 - t).powi(3);
        let (from, to) = (glide.from, glide.to);
        // Zoom in equal ratios, and pan so that the motion stays straight.
        self.zoom = from.1 * (to.1 / from.1).powf(eased);
        let share = if (to.1 - from.1).abs() > f32::EPSILON { (self.zoom - from.1) / (to.1 - from.1) } else { eased };
        self.pan = from.0 + (to.0 - from.0) * share;
        self.glide = (t < 1.0).then_some(glide);
        if self.glide.is_none() {
            (self.pan, self.zoom) = to;
        }
        self.glide.is_some()
    }

    fn start(&mut self, to: (Vec2, f32)) {
        self.glide = Some(Glide { from: (self.pan, self.zoom), to, passed: 0.0 });
    }

    fn fitted(widget: Rect, area: Rect) -> Option<(Vec2, f32)> {
        let room = (widget.size() - Vec2::splat(2.0 * FIT_MARGIN)).max(Vec2::splat(1.0));
        let size = area.size().max(Vec2::splat(1.0));
        if !(widget.is_positive() && area.is_finite()) {
            return None;
        }
        let zoom = (room / size).min_elem().clamp(ZOOM_MIN, 1.0);
        let pan = widget.size() / 2.0 - area.center().to_vec2() * zoom;
        Some((pan, zoom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    fn widget() -> Rect {
        Rect::from_min_size(pos2(100.0, 40.0), vec2(800.0, 600.0))
    }

    #[test]
    fn no_pan_loses_what_there_is() {
        let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(600.0, 300.0));
        for delta in [vec2(1e5, 0.0), vec2(-1e5, 0.0), vec2(0.0, 1e5), vec2(-1e5, -1e5)] {
            let mut view = View::default();
            view.pan_by(delta);
            view.hold(widget(), area);
            let seen = view.rect_to_screen(widget(), area).intersect(widget());
            assert!(seen.width() >= 95.0 && seen.height() >= 95.0, "{delta:?}: {seen:?}");
        }
        let mut view = View::default();
        view.hold(widget(), area);
        assert_eq!(view, View::default(), "what is seen stays");
    }

    #[test]
    fn there_and_back_is_the_same_point() {
        let view = View { pan: vec2(-37.0, 12.0), zoom: 0.63, glide: None };
        let point = pos2(412.0, -93.0);
        let back = view.to_canvas(widget(), view.to_screen(widget(), point));
        assert!(back.distance(point) < 0.001);
    }

    #[test]
    fn zoom_holds_what_is_under_the_pointer_and_keeps_its_limits() {
        let mut view = View::default();
        let pointer = pos2(333.0, 222.0);
        let held = view.to_canvas(widget(), pointer);
        for factor in [1.3, 0.2, 0.01, 50.0, f32::NAN, -1.0, 0.0] {
            view.zoom_at(widget(), pointer, factor);
            assert!((ZOOM_MIN..=ZOOM_MAX).contains(&view.zoom));
            assert!(view.to_canvas(widget(), pointer).distance(held) < 0.01);
        }
    }

    #[test]
    fn fit_shows_everything() {
        let mut view = View::default();
        let area = Rect::from_min_size(pos2(-500.0, 300.0), vec2(3000.0, 900.0));
        view.fit(widget(), area);
        assert!(widget().contains_rect(view.rect_to_screen(widget(), area)));
        view.fit(widget(), Rect::from_min_size(Pos2::ZERO, vec2(10.0, 10.0)));
        assert_eq!(view.zoom, 1.0);
    }

    #[test]
    fn the_first_view_can_be_read() {
        let mut view = View::default();
        let area = Rect::from_min_size(pos2(40.0, 80.0), vec2(9000.0, 700.0));
        view.open(widget(), area);
        assert_eq!(view.zoom, NAMED);
        let shown = view.rect_to_screen(widget(), area);
        assert!(widget().contains(shown.left_top()) && widget().contains(shown.left_bottom()));
    }

    #[test]
    fn what_is_revealed_does_not_lie_below_the_names_of_the_lanes() {
        let mut view = View::default();
        view.reveal(widget(), Rect::from_min_size(pos2(100.0, -400.0), vec2(216.0, 80.0)), None);
        while view.advance(0.1) {}
        let shown = view.rect_to_screen(widget(), Rect::from_min_size(pos2(100.0, -400.0), vec2(216.0, 80.0)));
        assert!(shown.top() >= widget().top() + HEAD, "{shown:?}");
    }

    #[test]
    fn what_is_revealed_does_not_lie_below_the_map() {
        let mut view = View::default();
        let map = Rect::from_min_max(widget().max - vec2(144.0, 100.0), widget().max);
        let area = Rect::from_min_size(pos2(1500.0, 900.0), vec2(216.0, 80.0));
        view.reveal(widget(), area, Some(map));
        while view.advance(0.1) {}
        let shown = view.rect_to_screen(widget(), area);
        assert!(widget().contains_rect(shown) && !shown.intersects(map));
    }

    #[test]
    fn a_glide_ends_exactly_at_its_target() {
        let mut view = View::default();
        let mut target = view;
        let area = Rect::from_min_size(pos2(900.0, 0.0), vec2(4000.0, 100.0));
        target.fit(widget(), area);
        view.glide_to(widget(), area);
        let mut steps = 0;
        while view.advance(0.016) {
            steps += 1;
            assert!(steps < 100);
        }
        assert_eq!(view, target);
    }

    #[test]
    fn a_widget_without_size_changes_nothing() {
        let mut view = View::default();
        view.fit(Rect::ZERO, Rect::from_min_size(Pos2::ZERO, vec2(9.0, 9.0)));
        assert_eq!(view, View::default());
        view.reveal(Rect::ZERO, Rect::ZERO, None);
        view.advance(1.0);
        assert!(view.pan.is_finite());
    }
}
