//! The designer's icons: small drawings on a 16 by 16 grid, painted as vectors
//! in the colour passed in. No icon font, no images. Imports egui only.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2};

use super::theme::Group;

/// One part of a drawing, in grid units (0 to 16).
enum Part {
    /// An open line.
    Line(&'static [(f32, f32)]),
    /// A closed outline.
    Loop(&'static [(f32, f32)]),
    /// A filled convex polygon.
    Fill(&'static [(f32, f32)]),
    /// A circle's outline: centre and radius.
    Ring(f32, f32, f32),
    /// A filled circle: centre and radius.
    Dot(f32, f32, f32),
}

use Part::{Dot, Fill, Line, Loop, Ring};

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident => [$($part:expr),* $(,)?];)*) => {
        /// Every icon of the designer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Icon {
            $($(#[$doc])* $name,)*
        }

        impl Icon {
            /// Every icon, in the order of their definition.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            fn parts(self) -> &'static [Part] {
                match self {
                    $(Self::$name => &[$($part),*],)*
                }
            }
        }
    };
}

icons! {
    /// Lines of text: a source, Extract.
    Lines => [Line(&[(3.0, 4.5), (13.0, 4.5)]), Line(&[(3.0, 8.0), (13.0, 8.0)]), Line(&[(3.0, 11.5), (10.0, 11.5)])];
    /// Columns: Shape.
    Columns => [Loop(&[(2.5, 3.0), (13.5, 3.0), (13.5, 13.0), (2.5, 13.0)]), Line(&[(6.2, 3.0), (6.2, 13.0)]), Line(&[(9.8, 3.0), (9.8, 13.0)])];
    /// A funnel: Filter, Clean.
    Funnel => [Loop(&[(2.5, 3.5), (13.5, 3.5), (9.4, 8.4), (9.4, 12.2), (6.6, 13.4), (6.6, 8.4)])];
    /// A sparkle: Clean.
    Sparkle => [Fill(&[(7.0, 2.0), (8.3, 7.2), (7.0, 12.4), (5.7, 7.2)]), Fill(&[(1.8, 7.2), (7.0, 5.9), (12.2, 7.2), (7.0, 8.5)]), Line(&[(12.4, 10.6), (12.4, 14.2)]), Line(&[(10.6, 12.4), (14.2, 12.4)])];
    /// A bow tie: joins, Enrich.
    Join => [Loop(&[(2.5, 3.5), (8.0, 8.0), (2.5, 12.5)]), Loop(&[(13.5, 3.5), (13.5, 12.5), (8.0, 8.0)])];
    /// Sigma: aggregates, Analyse.
    Sigma => [Line(&[(12.0, 5.2), (12.0, 3.2), (4.0, 3.2), (8.6, 8.0), (4.0, 12.8), (12.0, 12.8), (12.0, 10.8)])];
    /// A shield: Check.
    Shield => [Loop(&[(8.0, 2.2), (13.0, 4.0), (12.6, 8.6), (10.8, 11.8), (8.0, 13.8), (5.2, 11.8), (3.4, 8.6), (3.0, 4.0)]), Line(&[(5.7, 7.9), (7.4, 9.6), (10.4, 6.2)])];
    /// An arrow into a tray: Load.
    Tray => [Line(&[(8.0, 2.5), (8.0, 9.5)]), Line(&[(5.2, 6.9), (8.0, 9.7), (10.8, 6.9)]), Line(&[(2.8, 10.0), (2.8, 13.2), (13.2, 13.2), (13.2, 10.0)])];
    /// A speech bubble: comments.
    Comment => [Loop(&[(2.5, 3.0), (13.5, 3.0), (13.5, 10.6), (8.2, 10.6), (5.2, 13.4), (5.2, 10.6), (2.5, 10.6)])];
    /// A star: an answer.
    Star => [Loop(&[(8.0, 2.3), (9.6, 6.3), (13.9, 6.6), (10.6, 9.3), (11.6, 13.5), (8.0, 11.2), (4.4, 13.5), (5.4, 9.3), (2.1, 6.6), (6.4, 6.3)])];
    /// A question mark: planned, unknown, a question.
    Question => [Line(&[(5.4, 5.6), (5.8, 4.1), (7.2, 3.1), (8.9, 3.1), (10.2, 4.1), (10.6, 5.6), (10.0, 7.0), (8.4, 8.1), (8.0, 9.0), (8.0, 10.0)]), Dot(8.0, 12.9, 1.0)];
    /// Arrows up and down: Sort.
    Sort => [Line(&[(5.2, 13.0), (5.2, 3.4)]), Line(&[(2.8, 5.8), (5.2, 3.2), (7.6, 5.8)]), Line(&[(10.8, 3.0), (10.8, 12.6)]), Line(&[(8.4, 10.2), (10.8, 12.8), (13.2, 10.2)])];
    /// Paths that meet: Union.
    Merge => [Line(&[(3.0, 4.0), (6.0, 4.0), (9.0, 8.0), (13.4, 8.0)]), Line(&[(3.0, 12.0), (6.0, 12.0), (9.0, 8.0)]), Line(&[(11.2, 5.8), (13.4, 8.0), (11.2, 10.2)])];
    /// Paths that part: Split.
    Split => [Line(&[(2.6, 8.0), (6.0, 8.0), (9.0, 4.0), (13.2, 4.0)]), Line(&[(6.0, 8.0), (9.0, 12.0), (13.2, 12.0)])];
    /// A function: computed columns.
    Function => [Line(&[(11.8, 3.4), (10.2, 2.8), (8.8, 3.6), (8.2, 5.4), (7.0, 11.0), (6.2, 12.8), (4.4, 13.2)]), Line(&[(5.4, 7.0), (10.6, 7.0)])];
    /// A clock: windows, sessions, time.
    Clock => [Ring(8.0, 8.0, 5.6), Line(&[(8.0, 4.9), (8.0, 8.0), (10.4, 9.6)])];
    /// A table.
    Table => [Loop(&[(2.5, 3.0), (13.5, 3.0), (13.5, 13.0), (2.5, 13.0)]), Line(&[(2.5, 6.4), (13.5, 6.4)]), Line(&[(2.5, 9.7), (13.5, 9.7)]), Line(&[(6.4, 6.4), (6.4, 13.0)])];
    /// A bar chart.
    Chart => [Line(&[(2.6, 2.8), (2.6, 13.2), (13.4, 13.2)]), Line(&[(5.6, 12.8), (5.6, 8.2)]), Line(&[(8.6, 12.8), (8.6, 4.6)]), Line(&[(11.6, 12.8), (11.6, 6.8)])];
    /// A database.
    Database => [Line(&[(3.0, 4.4), (4.4, 3.2), (8.0, 2.7), (11.6, 3.2), (13.0, 4.4), (11.6, 5.6), (8.0, 6.1), (4.4, 5.6), (3.0, 4.4), (3.0, 11.6), (4.4, 12.8), (8.0, 13.3), (11.6, 12.8), (13.0, 11.6), (13.0, 4.4)]), Line(&[(3.0, 8.0), (4.4, 9.2), (8.0, 9.7), (11.6, 9.2), (13.0, 8.0)])];
    /// A magnifier: search, look up.
    Search => [Ring(7.0, 7.0, 4.2), Line(&[(10.2, 10.2), (13.6, 13.6)])];
    /// An arrow back: undo.
    Undo => [Line(&[(5.6, 3.4), (2.6, 6.4), (5.6, 9.4)]), Line(&[(2.8, 6.4), (9.6, 6.4), (12.2, 7.5), (13.2, 9.8), (12.2, 12.0), (9.8, 12.9), (6.4, 12.9)])];
    /// An arrow forward: redo.
    Redo => [Line(&[(10.4, 3.4), (13.4, 6.4), (10.4, 9.4)]), Line(&[(13.2, 6.4), (6.4, 6.4), (3.8, 7.5), (2.8, 9.8), (3.8, 12.0), (6.2, 12.9), (9.6, 12.9)])];
    /// A triangle: run.
    Play => [Fill(&[(4.6, 2.8), (13.0, 8.0), (4.6, 13.2)])];
    /// A square: stop.
    Stop => [Fill(&[(4.0, 4.0), (12.0, 4.0), (12.0, 12.0), (4.0, 12.0)])];
    /// A plus: add.
    Plus => [Line(&[(8.0, 3.0), (8.0, 13.0)]), Line(&[(3.0, 8.0), (13.0, 8.0)])];
    /// A minus: remove, zoom out.
    Minus => [Line(&[(3.0, 8.0), (13.0, 8.0)])];
    /// A cross: close, error.
    Cross => [Line(&[(4.0, 4.0), (12.0, 12.0)]), Line(&[(12.0, 4.0), (4.0, 12.0)])];
    /// A tick: done, valid.
    Tick => [Line(&[(3.2, 8.4), (6.6, 11.8), (12.8, 4.6)])];
    /// A triangle with a mark: warning.
    Warning => [Loop(&[(8.0, 2.6), (14.0, 13.2), (2.0, 13.2)]), Line(&[(8.0, 6.6), (8.0, 9.4)]), Dot(8.0, 11.3, 0.8)];
    /// An i in a ring: information.
    Info => [Ring(8.0, 8.0, 5.8), Line(&[(8.0, 7.4), (8.0, 11.0)]), Dot(8.0, 5.2, 0.8)];
    /// Points down: open.
    Down => [Line(&[(4.0, 6.2), (8.0, 10.2), (12.0, 6.2)])];
    /// Points right: closed, submenu.
    Right => [Line(&[(6.2, 4.0), (10.2, 8.0), (6.2, 12.0)])];
    /// Points up.
    Up => [Line(&[(4.0, 9.8), (8.0, 5.8), (12.0, 9.8)])];
    /// Points left: back.
    Left => [Line(&[(9.8, 4.0), (5.8, 8.0), (9.8, 12.0)])];
    /// Corners: fit all.
    Fit => [Line(&[(2.8, 6.0), (2.8, 2.8), (6.0, 2.8)]), Line(&[(10.0, 2.8), (13.2, 2.8), (13.2, 6.0)]), Line(&[(13.2, 10.0), (13.2, 13.2), (10.0, 13.2)]), Line(&[(6.0, 13.2), (2.8, 13.2), (2.8, 10.0)])];
    /// Boxes in order: automatic layout.
    Layout => [Loop(&[(2.4, 3.0), (6.4, 3.0), (6.4, 6.4), (2.4, 6.4)]), Loop(&[(2.4, 9.6), (6.4, 9.6), (6.4, 13.0), (2.4, 13.0)]), Loop(&[(9.6, 6.3), (13.6, 6.3), (13.6, 9.7), (9.6, 9.7)])];
    /// A pin: pinned rows.
    Pin => [Line(&[(8.0, 9.4), (8.0, 14.0)]), Loop(&[(5.4, 2.6), (10.6, 2.6), (10.0, 6.4), (11.8, 9.4), (4.2, 9.4), (6.0, 6.4)])];
    /// Two sheets: copy.
    Copy => [Loop(&[(5.4, 5.4), (13.2, 5.4), (13.2, 13.4), (5.4, 13.4)]), Line(&[(10.4, 2.6), (2.8, 2.6), (2.8, 10.4)])];
    /// A bin: delete.
    Bin => [Line(&[(2.8, 4.4), (13.2, 4.4)]), Line(&[(6.0, 4.2), (6.0, 2.6), (10.0, 2.6), (10.0, 4.2)]), Line(&[(4.2, 4.6), (4.8, 13.4), (11.2, 13.4), (11.8, 4.6)])];
    /// An arrow out of a box: export.
    Export => [Line(&[(8.0, 9.6), (8.0, 2.6)]), Line(&[(5.2, 5.4), (8.0, 2.6), (10.8, 5.4)]), Line(&[(2.8, 9.0), (2.8, 13.2), (13.2, 13.2), (13.2, 9.0)])];
    /// A folder: open.
    Folder => [Loop(&[(2.2, 3.6), (6.4, 3.6), (7.8, 5.2), (13.8, 5.2), (13.8, 12.8), (2.2, 12.8)])];
    /// A sheet: file, new.
    File => [Loop(&[(3.6, 2.4), (9.4, 2.4), (12.4, 5.4), (12.4, 13.6), (3.6, 13.6)]), Line(&[(9.2, 2.6), (9.2, 5.6), (12.2, 5.6)])];
    /// A disk: save.
    Save => [Loop(&[(2.8, 2.8), (11.0, 2.8), (13.2, 5.0), (13.2, 13.2), (2.8, 13.2)]), Line(&[(5.2, 3.0), (5.2, 6.0), (9.8, 6.0), (9.8, 3.0)]), Line(&[(5.0, 13.0), (5.0, 9.2), (11.0, 9.2), (11.0, 13.0)])];
    /// Rays: light mode.
    Sun => [Ring(8.0, 8.0, 2.8), Line(&[(8.0, 1.8), (8.0, 3.0)]), Line(&[(8.0, 13.0), (8.0, 14.2)]), Line(&[(1.8, 8.0), (3.0, 8.0)]), Line(&[(13.0, 8.0), (14.2, 8.0)]), Line(&[(3.6, 3.6), (4.5, 4.5)]), Line(&[(11.5, 11.5), (12.4, 12.4)]), Line(&[(3.6, 12.4), (4.5, 11.5)]), Line(&[(11.5, 4.5), (12.4, 3.6)])];
    /// A crescent: dark mode.
    Moon => [Loop(&[(6.4, 2.6), (5.6, 5.4), (6.6, 8.2), (9.0, 10.0), (12.0, 10.2), (13.4, 9.6), (12.4, 11.8), (10.2, 13.4), (7.4, 13.6), (4.6, 12.4), (2.8, 10.0), (2.6, 7.0), (3.8, 4.4)])];
    /// Three dots: more.
    More => [Dot(3.6, 8.0, 1.2), Dot(8.0, 8.0, 1.2), Dot(12.4, 8.0, 1.2)];
    /// A line with handles: settings.
    Settings => [Line(&[(2.4, 5.0), (7.6, 5.0)]), Ring(9.6, 5.0, 1.9), Line(&[(11.6, 5.0), (13.6, 5.0)]), Line(&[(2.4, 11.0), (4.4, 11.0)]), Ring(6.4, 11.0, 1.9), Line(&[(8.4, 11.0), (13.6, 11.0)])];
    /// Two people: team, owner.
    People => [Ring(6.0, 5.4, 2.4), Line(&[(1.8, 13.2), (2.6, 10.6), (4.4, 9.6), (7.6, 9.6), (9.4, 10.6), (10.2, 13.2)]), Line(&[(10.4, 3.2), (11.9, 4.2), (12.1, 6.1), (10.9, 7.6)]), Line(&[(11.8, 9.8), (13.4, 11.0), (14.0, 13.2)])];
    /// A bubble: note, comment.
    Note => [Loop(&[(2.4, 3.0), (13.6, 3.0), (13.6, 10.8), (7.4, 10.8), (4.6, 13.6), (4.6, 10.8), (2.4, 10.8)])];
    /// Chain of two: wire.
    Wire => [Ring(3.6, 11.6, 1.7), Ring(12.4, 4.4, 1.7), Line(&[(5.2, 11.4), (8.0, 10.4), (8.2, 5.8), (10.8, 4.6)])];
}

impl Icon {
    /// The icon of a palette group.
    pub const fn of_group(group: Group) -> Self {
        match group {
            Group::Extract => Self::Lines,
            Group::Shape => Self::Columns,
            Group::Clean => Self::Funnel,
            Group::Enrich => Self::Join,
            Group::Analyse => Self::Sigma,
            Group::Check => Self::Shield,
            Group::Load => Self::Tray,
            Group::Answer => Self::Star,
        }
    }

    /// The drawing as shapes that fill `rect` (square; a rest is left around it).
    pub fn shapes(self, rect: Rect, colour: Color32) -> Vec<Shape> {
        let side = rect.width().min(rect.height());
        let scale = side / 16.0;
        let origin = rect.center() - Vec2::splat(side / 2.0);
        let stroke = Stroke::new((1.5 * scale).max(1.0), colour);
        let at = |(x, y): (f32, f32)| -> Pos2 { origin + Vec2::new(x, y) * scale };
        let all = |points: &[(f32, f32)]| points.iter().copied().map(at).collect::<Vec<_>>();
        self.parts()
            .iter()
            .map(|part| match *part {
                Line(points) => Shape::line(all(points), stroke),
                Loop(points) => Shape::closed_line(all(points), stroke),
                Fill(points) => Shape::convex_polygon(all(points), colour, Stroke::NONE),
                Ring(x, y, radius) => Shape::circle_stroke(at((x, y)), radius * scale, stroke),
                Dot(x, y, radius) => Shape::circle_filled(at((x, y)), radius * scale, colour),
            })
            .collect()
    }

    /// Paint the icon into `rect`.
    pub fn paint(self, painter: &Painter, rect: Rect, colour: Color32) {
        painter.extend(self.shapes(rect, colour));
    }
}

/// A square icon of `size` points in a row of widgets; `colour` or the text's.
pub fn icon_ui(ui: &mut egui::Ui, icon: Icon, size: f32, colour: Option<Color32>) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), egui::Sense::hover());
    icon.paint(ui.painter(), rect, colour.unwrap_or_else(|| ui.visuals().text_color()));
    response
}

/// A square, frameless button that shows an icon. `name` is its tooltip and its
/// name for screen readers and tests.
pub fn icon_button(ui: &mut egui::Ui, icon: Icon, name: &str) -> egui::Response {
    let side = ui.spacing().interact_size.y;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), name));
    if ui.is_rect_visible(rect) {
        let visuals = *ui.style().interact(&response);
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, visuals.corner_radius, visuals.weak_bg_fill);
        }
        if response.has_focus() {
            let focus = ui.visuals().selection.stroke;
            let radius = visuals.corner_radius;
            ui.painter().rect_stroke(rect, radius, focus, egui::StrokeKind::Inside);
        }
        let colour = if response.hovered() && ui.is_enabled() {
            ui.visuals().text_color()
        } else {
            ui.visuals().weak_text_color()
        };
        icon.paint(ui.painter(), rect.shrink((side - 16.0) / 2.0), colour);
    }
    response.on_hover_text(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_stays_inside_its_square() {
        let square = Rect::from_min_size(Pos2::ZERO, Vec2::splat(16.0));
        for icon in Icon::ALL {
            let shapes = icon.shapes(square, Color32::PLACEHOLDER);
            assert!(!shapes.is_empty(), "{icon:?}");
            for shape in shapes {
                let bounds = shape.visual_bounding_rect();
                assert!(square.expand(0.01).contains_rect(bounds), "{icon:?}: {bounds:?}");
            }
        }
    }
}
