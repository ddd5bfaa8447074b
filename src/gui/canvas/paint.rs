//! The order in which the canvas is painted, and how much detail a zoom shows.

use egui::{Align2, Painter, Rect, Response, Ui};

use super::scene::Scene;
use super::view::READABLE;
use super::{Canvas, minimap, overlay, step, wires};
use crate::gui::theme::{self, Palette};

/// How much of a step is shown. Small zooms drop the footer first, then the
/// line, then the text; a coloured block remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// A plain coloured block.
    Dot,
    /// A coloured block with its icon.
    Block,
    /// Icon, title, state.
    Title,
    /// Icon, title, line, state.
    Line,
    /// Everything.
    Full,
}

impl Detail {
    /// The detail at a zoom.
    pub fn at(zoom: f32) -> Self {
        match zoom {
            z if z >= 0.75 => Self::Full,
            z if z >= 0.55 => Self::Line,
            z if z >= READABLE => Self::Title,
            z if z >= 0.2 => Self::Block,
            _ => Self::Dot,
        }
    }

    /// Are there words and ports to point at?
    pub fn is_readable(self) -> bool {
        self >= Self::Title
    }
}

/// What painting functions share.
#[derive(Clone, Copy)]
pub struct Brush<'a> {
    pub painter: &'a Painter,
    pub palette: &'static Palette,
    pub scene: &'a Scene,
    /// The widget.
    pub widget: Rect,
    /// What is seen, in canvas points, with a little around it.
    pub seen: Rect,
    pub zoom: f32,
    pub detail: Detail,
}

/// Paint the whole canvas.
pub fn paint(canvas: &mut Canvas, ui: &Ui, response: &Response, scene: &Scene) {
    let widget = response.rect;
    let painter = ui.painter_at(widget);
    let zoom = canvas.view.zoom;
    let brush = Brush {
        painter: &painter,
        palette: theme::palette(ui.ctx()),
        scene,
        widget,
        seen: canvas.view.visible(widget).expand(24.0),
        zoom,
        detail: Detail::at(zoom),
    };
    let resting = zoom == canvas.cache.zoom;
    canvas.cache.zoom = zoom;
    canvas.cache.texts.begin(ui.ctx(), resting);
    canvas.cache.labels.begin(ui.ctx(), resting);

    painter.rect_filled(widget, 0.0, brush.palette.canvas);
    overlay::lanes_ui(canvas, &brush);
    overlay::frames_ui(canvas, &brush);
    wires::wires_ui(canvas, &brush);
    if brush.detail > Detail::Dot {
        let visible: Vec<usize> = canvas.cache.geometry.steps_in(brush.seen).collect();
        for index in visible {
            step::step_ui(canvas, &brush, index);
        }
    }
    overlay::notes_ui(canvas, &brush);
    overlay::lane_titles_ui(canvas, &brush);
    overlay::gesture_ui(canvas, &brush);
    minimap::minimap_ui(canvas, &brush);
    if scene.steps.is_empty() && !scene.empty_hint.is_empty() {
        painter.text(widget.center(), Align2::CENTER_CENTER, &scene.empty_hint, theme::body(), brush.palette.soft);
    }
    if canvas.cache.texts.blurred || canvas.cache.labels.blurred || !resting {
        ui.ctx().request_repaint();
    }
}
