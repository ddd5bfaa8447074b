//! The canvas: an own widget on egui's painter. It knows no project: the app
//! fills a [`Scene`] when the project changes, draws the canvas each frame, and
//! turns the [`CanvasEvent`]s into edits. Imports egui and the theme only.
//!
//! ```text
//! // Kept by the app:
//! let mut canvas = Canvas::default();
//! let mut scene = Scene::default();     // refilled, with a new `revision`, on change
//!
//! // Each frame, in the central panel (without margins):
//! let rule = |from: &PortRef, to: &PortRef| -> Result<(), String> { Ok(()) };
//! let CanvasResponse { response, events } = canvas.ui(ui, &scene, &rule);
//! for event in events {
//!     match event {
//!         CanvasEvent::Moved(steps) => { /* one batch of edits */ }
//!         CanvasEvent::Connect { from, to } => { /* from an output to an input */ }
//!         _ => {}
//!     }
//! }
//! ```
//!
//! * The canvas owns the selection (`canvas.selection()`, `canvas.select(…)`) and
//!   the view (`canvas.view`); both survive a new scene, by id.
//! * Nothing is changed by the canvas itself: a drag is shown while it lasts and
//!   reported once at its end.
//! * The rule is asked only while a wire is being drawn, once per port and drag.
//! * `response.context_menu(…)` works: [`CanvasEvent::Context`] tells what was hit.
//! * For things dragged in from elsewhere: [`Canvas::canvas_point`] and
//!   [`Canvas::wire_at`] translate a pointer position.
//! * Keys are taken only while the canvas has the focus, which it takes when
//!   nothing else has it. What it does not use stays in the input for the app.

mod access;
pub mod bench;
mod connecting;
mod dragging;
mod interaction;
mod keyboard;
pub mod lanes;
pub mod layout;
mod mesh;
mod minimap;
mod overlay;
mod paint;
pub mod scene;
mod step;
#[cfg(test)]
mod tests;
mod text;
pub mod view;
mod wires;

use std::collections::BTreeSet;

use egui::{Pos2, Rect, Response, Sense, Ui, Vec2};

use self::interaction::Gesture;
use self::text::TextCache;

pub use self::scene::{
    FrameView, Geometry, Group, Icon, NoteView, PortAt, PortRef, PortView, Scene, Side, Sparkline, StepState, StepView,
    WireView,
};
pub use self::view::View;

/// May an output (first) feed an input (second)? If not, why.
pub type ConnectRule<'a> = &'a dyn Fn(&PortRef, &PortRef) -> Result<(), String>;

/// What is selected, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Steps.
    pub steps: BTreeSet<String>,
    /// Wires.
    pub wires: BTreeSet<String>,
}

impl Selection {
    /// Nothing selected?
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.wires.is_empty()
    }
}

/// What lies under the pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A step, by id.
    Step(String),
    /// A port.
    Port(PortRef),
    /// A wire, by id.
    Wire(String),
    /// A frame's title, by id.
    Frame(String),
    /// A note, by id.
    Note(String),
    /// The empty canvas.
    Canvas,
}

/// What the user did. Positions `at` are canvas points, `screen` are screen points.
#[derive(Clone, Debug, PartialEq)]
pub enum CanvasEvent {
    /// The selection is now this.
    Select(Selection),
    /// Steps were moved to new places: at the end of a drag, or by an arrow key.
    Moved(Vec<(String, Pos2)>),
    /// A frame was moved (its steps come as `Moved`).
    FrameMoved(String, Pos2),
    /// A note was moved.
    NoteMoved(String, Pos2),
    /// A new wire, from an output to an input. The rule allowed it.
    Connect {
        /// The output.
        from: PortRef,
        /// The input.
        to: PortRef,
    },
    /// A wire was pulled off its input, or cut.
    Disconnect {
        /// The wire's id.
        wire: String,
    },
    /// A wire was pulled off its input and put on another.
    Reconnect {
        /// The wire's id.
        wire: String,
        /// Its output, unchanged.
        from: PortRef,
        /// Its new input.
        to: PortRef,
    },
    /// A free step was dropped on a wire. Stands for its `Moved`, too.
    InsertOnWire {
        /// The step's id.
        step: String,
        /// The wire's id.
        wire: String,
        /// Where its top left corner was dropped, in canvas points.
        at: Pos2,
    },
    /// A wire was dropped on the empty canvas: offer what fits its port.
    WireDropped {
        /// The port it was drawn from.
        from: PortRef,
        /// Where.
        at: Pos2,
        /// Where, on the screen.
        screen: Pos2,
    },
    /// The palette was asked for.
    PaletteAt {
        /// Where.
        at: Pos2,
        /// Where, on the screen.
        screen: Pos2,
    },
    /// The secondary button was clicked.
    Context {
        /// On what.
        target: Target,
        /// Where.
        at: Pos2,
        /// Where, on the screen.
        screen: Pos2,
    },
    /// The selection shall be deleted.
    Delete(Selection),
    /// A step was opened: double click, or Enter.
    Open(String),
    /// The pointer came over something else; `None` when it left.
    Hover(Option<Target>),
}

/// What a frame of the canvas gives back.
pub struct CanvasResponse {
    /// egui's response for the whole canvas.
    pub response: Response,
    /// What the user did, in order.
    pub events: Vec<CanvasEvent>,
}

/// The state of the canvas between frames.
pub struct Canvas {
    /// Which part is seen.
    pub view: View,
    selection: Selection,
    /// The step that arrow keys start from.
    focus: Option<String>,
    gesture: Gesture,
    hover: Option<Target>,
    cache: Cache,
    /// The view that showed the whole first, and the size of the window then.
    opened: Option<(View, Vec2)>,
    /// Where the widget was in the last frame.
    widget: Rect,
}

impl Default for Canvas {
    fn default() -> Self {
        mesh::keep_freed_memory();
        Self {
            view: View::default(),
            selection: Selection::default(),
            focus: None,
            gesture: Gesture::None,
            hover: None,
            cache: Cache::default(),
            opened: None,
            widget: Rect::ZERO,
        }
    }
}

/// What is derived from the scene and kept until it changes.
#[derive(Default)]
struct Cache {
    revision: Option<u64>,
    geometry: Geometry,
    lanes: Vec<lanes::Lane>,
    /// Per step and per wire: selected?
    selected_steps: Vec<bool>,
    selected_wires: Vec<bool>,
    texts: TextCache,
    /// Galleys of wire labels.
    labels: TextCache,
    /// Are the flags of the present selection?
    is_flagged: bool,
    /// Memory of the large mesh.
    mesh: mesh::Kept,
    /// The zoom of the last frame: text waits for the zoom to rest.
    zoom: f32,
}

impl Canvas {
    /// Draw the canvas into all the room that `ui` has, and take input.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, rule: ConnectRule<'_>) -> CanvasResponse {
        let size = ui.available_size_before_wrap().max(Vec2::ZERO);
        let (widget, response) = ui.allocate_exact_size(size, Sense::hover());
        // The borders of the panels around it are caught from this side, too.
        let inside = widget.shrink(ui.style().interaction.resize_grab_radius_side);
        let mut response = ui.interact(inside, response.id.with("inside"), Sense::click_and_drag());
        response.rect = widget;
        let mut events = Vec::new();
        self.widget = widget;
        if !widget.is_positive() || !widget.is_finite() {
            return CanvasResponse { response, events };
        }
        self.follow(scene);
        let window = ui.ctx().content_rect().size();
        // A window of another size shows the whole anew, until somebody looks elsewhere.
        let is_untouched = self.opened.is_none_or(|(view, size)| size != window && view == self.view);
        if is_untouched && let Some(bounds) = self.cache.geometry.bounds {
            self.view.open(widget, bounds);
            self.opened = Some((self.view, window));
        }
        if self.view.advance(ui.input(|input| input.stable_dt)) {
            ui.ctx().request_repaint();
        }
        interaction::take_input(self, ui, &response, scene, rule, &mut events);
        if let Some(bounds) = self.cache.geometry.bounds {
            self.view.hold(widget, bounds);
        }
        self.flag_selection(scene);
        if ui.is_rect_visible(widget) {
            paint::paint(self, ui, &response, scene);
        }
        access::describe(self, ui, &response, scene, rule, &mut events);
        let response = match self.hover_text(scene) {
            Some(text) => response.on_hover_text_at_pointer(egui::RichText::new(text).font(crate::gui::theme::code())),
            None => response,
        };
        CanvasResponse { response, events }
    }

    /// What is selected.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Select these and nothing else. No event is sent.
    pub fn select(&mut self, selection: Selection) {
        self.focus = selection.steps.iter().next_back().cloned();
        self.selection = selection;
        self.cache.is_flagged = false;
    }

    /// Show everything.
    pub fn fit_all(&mut self) {
        if let Some(bounds) = self.cache.geometry.bounds {
            self.view.glide_to(self.widget, bounds);
        }
    }

    /// Show the selection, or everything when nothing is selected.
    pub fn fit_selection(&mut self) {
        match self.selected_bounds() {
            Some(bounds) => self.view.glide_to(self.widget, bounds),
            None => self.fit_all(),
        }
    }

    /// Show these steps together.
    pub fn fit_steps(&mut self, steps: &[String]) {
        let rects = steps.iter().filter_map(|step| self.step_rect(step));
        if let Some(bounds) = rects.reduce(Rect::union) {
            self.view.glide_to(self.widget, bounds);
        }
    }

    /// Where it was in the last frame.
    pub fn widget(&self) -> Rect {
        self.widget
    }

    /// Make a step visible, moving no more than needed.
    pub fn reveal(&mut self, step: &str) {
        if let Some(rect) = self.step_rect(step) {
            self.view.reveal(self.widget, rect, minimap::place(self, self.widget));
        }
    }

    /// Zoom by a factor around the middle.
    pub fn zoom_by(&mut self, factor: f32) {
        let middle = self.widget.center();
        self.view.zoom_at(self.widget, middle, factor);
    }

    /// The canvas point at a screen point: where a thing dropped there belongs.
    pub fn canvas_point(&self, screen: Pos2) -> Pos2 {
        self.view.to_canvas(self.widget, screen)
    }

    /// The screen point of a canvas point.
    pub fn screen_point(&self, at: Pos2) -> Pos2 {
        self.view.to_screen(self.widget, at)
    }

    /// The wire at a screen point, by index into the scene's wires.
    pub fn wire_at(&self, screen: Pos2) -> Option<usize> {
        let point = self.canvas_point(screen);
        self.cache.geometry.wire_at(point, 12.0 / self.view.zoom)
    }

    /// Where a step is on the canvas, as of the last frame.
    pub fn step_rect(&self, step: &str) -> Option<Rect> {
        let index = self.cache.geometry.index.get(step)?;
        self.cache.geometry.steps.get(*index).copied()
    }

    /// A wire is being drawn, or steps dragged?
    pub fn is_busy(&self) -> bool {
        !matches!(self.gesture, Gesture::None)
    }

    /// What to say about the thing under the pointer.
    fn hover_text<'a>(&self, scene: &'a Scene) -> Option<&'a str> {
        let step = |id: &String| scene.steps.get(*self.cache.geometry.index.get(id)?);
        let text = match self.hover.as_ref().filter(|_| !self.is_busy())? {
            Target::Step(id) => step(id)?.hover.as_str(),
            Target::Port(port) => {
                let ports = step(&port.step)?.ports(port.side);
                ports.iter().find(|view| view.name == port.port)?.label.as_str()
            }
            Target::Wire(id) => {
                let wire = scene.wires.iter().find(|wire| wire.id == *id)?;
                if wire.fault.is_empty() { wire.crossing.as_str() } else { wire.fault.as_str() }
            }
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    fn selected_bounds(&self) -> Option<Rect> {
        self.selection.steps.iter().filter_map(|id| self.step_rect(id)).reduce(Rect::union)
    }

    /// Rebuild what hangs on the scene, when it changed.
    fn follow(&mut self, scene: &Scene) {
        if self.cache.revision == Some(scene.revision) {
            return;
        }
        let old = std::mem::take(&mut self.cache.geometry);
        self.cache.geometry = Geometry::of(scene, |_| Vec2::ZERO);
        self.cache.texts.follow(&old.index, scene);
        self.cache.labels.resize(scene.wires.len());
        self.cache.lanes = lanes::lanes(&scene.steps);
        self.cache.revision = Some(scene.revision);
        let index = &self.cache.geometry.index;
        self.selection.steps.retain(|id| index.contains_key(id));
        if !self.selection.wires.is_empty() {
            let wires: BTreeSet<&str> = scene.wires.iter().map(|w| w.id.as_str()).collect();
            self.selection.wires.retain(|id| wires.contains(id.as_str()));
        }
        if self.focus.as_ref().is_some_and(|id| !index.contains_key(id)) {
            self.focus = None;
        }
        self.gesture.follow(scene, &self.cache.geometry);
        self.cache.is_flagged = false;
    }

    /// Flags per step and wire, so that painting looks up no ids.
    fn flag_selection(&mut self, scene: &Scene) {
        if std::mem::replace(&mut self.cache.is_flagged, true) {
            return;
        }
        let flags = &mut self.cache.selected_steps;
        flags.clear();
        flags.resize(scene.steps.len(), false);
        for id in &self.selection.steps {
            if let Some(flag) = self.cache.geometry.index.get(id).and_then(|index| flags.get_mut(*index)) {
                *flag = true;
            }
        }
        let flags = &mut self.cache.selected_wires;
        flags.clear();
        if self.selection.wires.is_empty() {
            flags.resize(scene.wires.len(), false);
        } else {
            flags.extend(scene.wires.iter().map(|wire| self.selection.wires.contains(&wire.id)));
        }
    }
}
