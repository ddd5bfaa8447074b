//! What the pointer does on the canvas: pan, zoom, select, drag, connect, cut.
//! Changes the canvas' own state and reports events; never the scene.

use std::collections::BTreeMap;

use egui::{CursorIcon, Key, PointerButton, Pos2, Rect, Response, Ui, Vec2, vec2};

use super::paint::Detail;
use super::scene::{Geometry, NOTE_SIZE, PortAt, PortRef, Scene, Side};
use super::{Canvas, CanvasEvent, ConnectRule, Selection, Target, connecting, dragging, keyboard, minimap};

/// How near to a wire counts as on it, in screen points.
const WIRE_REACH: f32 = 6.0;
/// How near to a port counts as on it, in screen points.
const PORT_REACH: f32 = 11.0;
/// Within this distance of the edge a gesture scrolls the canvas.
const EDGE: f32 = 28.0;

/// What the pointer is in the middle of.
#[derive(Default)]
pub enum Gesture {
    /// Nothing.
    #[default]
    None,
    /// Moving the view.
    Pan,
    /// Moving the view by the minimap.
    Minimap,
    /// Drawing a selection box.
    Box(BoxSelect),
    /// Drawing a line that cuts wires.
    Cut(Cut),
    /// Moving steps, a frame or a note.
    Drag(Drag),
    /// Drawing a wire.
    Connect(Connect),
}

/// A selection box; canvas points.
pub struct BoxSelect {
    pub from: Pos2,
    pub to: Pos2,
    /// What was selected before, and stays.
    pub kept: Selection,
}

/// A cutting line; canvas points.
pub struct Cut {
    pub from: Pos2,
    pub to: Pos2,
}

/// Steps, a frame or a note on the move.
pub struct Drag {
    /// The step (or note, frame) under the pointer decides about snapping.
    pub lead: Rect,
    /// The steps, by index and by id.
    pub steps: Vec<(usize, String)>,
    /// Is the step (by index) among them?
    pub moves: Vec<bool>,
    /// A frame or note, by index.
    pub frame: Option<usize>,
    pub note: Option<usize>,
    /// Where the pointer took hold.
    pub from: Pos2,
    /// How far it went, snapped.
    pub offset: Vec2,
    /// Alignment guides: a vertical and a horizontal one.
    pub guides: [Option<[Pos2; 2]>; 2],
    /// The wire that a free step would be put on.
    pub onto: Option<usize>,
}

/// A wire being drawn.
pub struct Connect {
    /// The port it hangs on, by index and by names.
    pub from: PortAt,
    pub from_ref: PortRef,
    /// The wire that was pulled off its input, by index and id.
    pub detached: Option<usize>,
    pub detached_id: String,
    /// The pointer.
    pub pointer: Pos2,
    /// The port under it.
    pub target: Option<PortAt>,
    /// What the rule said, per port asked.
    pub verdicts: BTreeMap<PortAt, Result<(), String>>,
    /// Started by a click: it follows the pointer until the next click.
    pub sticky: bool,
}

impl Gesture {
    /// While a wire is drawn: would this port take it? `None`: not asked.
    pub fn verdict(&self, at: PortAt) -> Option<bool> {
        match self {
            Self::Connect(connect) => connect.verdicts.get(&at).map(Result::is_ok),
            _ => None,
        }
    }

    /// The wire that a drop would hit.
    pub fn drop_wire(&self) -> Option<usize> {
        match self {
            Self::Drag(drag) => drag.onto,
            _ => None,
        }
    }

    /// How far a frame is being dragged.
    pub fn frame_offset(&self, index: usize) -> Vec2 {
        match self {
            Self::Drag(drag) if drag.frame == Some(index) => drag.offset,
            _ => Vec2::ZERO,
        }
    }

    /// How far a note is being dragged.
    pub fn note_offset(&self, index: usize) -> Vec2 {
        match self {
            Self::Drag(drag) if drag.note == Some(index) => drag.offset,
            _ => Vec2::ZERO,
        }
    }

    /// The scene changed: find the steps again by id, or give up.
    pub fn follow(&mut self, scene: &Scene, geometry: &Geometry) {
        let holds = match self {
            Self::Drag(drag) => {
                drag.steps = std::mem::take(&mut drag.steps)
                    .into_iter()
                    .filter_map(|(_, id)| Some((*geometry.index.get(&id)?, id)))
                    .collect();
                drag.moves = vec![false; scene.steps.len()];
                for (index, _) in &drag.steps {
                    if let Some(flag) = drag.moves.get_mut(*index) {
                        *flag = true;
                    }
                }
                drag.onto = None;
                !drag.steps.is_empty() || drag.frame.is_some() || drag.note.is_some()
            }
            Self::Connect(connect) => {
                connect.verdicts.clear();
                connect.target = None;
                connect.detached = scene.wires.iter().position(|wire| wire.id == connect.detached_id);
                match geometry.index.get(&connect.from_ref.step) {
                    Some(index) => {
                        connect.from.step = *index;
                        geometry.port(scene, connect.from).is_some()
                    }
                    None => false,
                }
            }
            _ => true,
        };
        if !holds {
            *self = Self::None;
        }
    }
}

/// What input functions share.
pub struct Hand<'a, 'b> {
    pub ui: &'a Ui,
    pub response: &'a Response,
    pub scene: &'a Scene,
    pub rule: ConnectRule<'b>,
    pub events: &'a mut Vec<CanvasEvent>,
}

impl Hand<'_, '_> {
    /// The pointer on the screen, if it is anywhere.
    pub fn pointer(&self) -> Option<Pos2> {
        self.ui.input(|input| input.pointer.latest_pos())
    }

    fn adds(&self) -> bool {
        self.ui.input(|i| i.modifiers.shift || i.modifiers.command)
    }
}

/// Take all input of a frame.
pub fn take_input(
    canvas: &mut Canvas,
    ui: &Ui,
    response: &Response,
    scene: &Scene,
    rule: ConnectRule<'_>,
    events: &mut Vec<CanvasEvent>,
) {
    let mut hand = Hand { ui, response, scene, rule, events };
    scroll_and_zoom(canvas, &hand);
    hover(canvas, &mut hand);
    start(canvas, &mut hand);
    proceed(canvas, &mut hand);
    finish(canvas, &mut hand);
    clicks(canvas, &mut hand);
    keyboard::take_keys(canvas, &mut hand);
    cursor(canvas, &hand);
}

fn scroll_and_zoom(canvas: &mut Canvas, hand: &Hand<'_, '_>) {
    let Some(pointer) = hand.pointer() else {
        return;
    };
    if !hand.response.contains_pointer() {
        return;
    }
    let (zoom, scroll) = hand.ui.input(|input| (input.zoom_delta(), input.translation_delta()));
    if zoom != 1.0 {
        canvas.view.zoom_at(hand.response.rect, pointer, zoom);
    } else if scroll != Vec2::ZERO {
        canvas.view.pan_by(scroll);
    }
}

/// What lies at a screen point.
pub fn target_at(canvas: &Canvas, scene: &Scene, screen: Pos2) -> Target {
    let point = canvas.canvas_point(screen);
    let zoom = canvas.view.zoom;
    let geometry = &canvas.cache.geometry;
    if let Some(port) = port_at(canvas, scene, screen).and_then(|at| scene.port_ref(at)) {
        return Target::Port(port);
    }
    if let Some(note) =
        scene.notes.iter().rev().find(|note| Rect::from_min_size(note.position, NOTE_SIZE).contains(point))
    {
        return Target::Note(note.id.clone());
    }
    if let Some(step) = geometry.step_at(point).and_then(|i| scene.steps.get(i)) {
        return Target::Step(step.id.clone());
    }
    let wire = geometry.wire_at(point, WIRE_REACH / zoom);
    if let Some(wire) = wire.and_then(|index| scene.wires.get(index)) {
        return Target::Wire(wire.id.clone());
    }
    let frame = scene.frames.iter().rev().find(|frame| {
        let mut title = frame.rect;
        title.max.y = title.min.y + 32.0;
        title.contains(point)
    });
    match frame {
        Some(frame) => Target::Frame(frame.id.clone()),
        None => Target::Canvas,
    }
}

/// The port at a screen point, where ports are shown.
pub fn port_at(canvas: &Canvas, scene: &Scene, screen: Pos2) -> Option<PortAt> {
    if !Detail::at(canvas.view.zoom).is_readable() {
        return None;
    }
    let reach = PORT_REACH / canvas.view.zoom.max(0.7);
    canvas.cache.geometry.port_at(scene, canvas.canvas_point(screen), reach)
}

fn hover(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    let over = hand.response.hovered() && matches!(canvas.gesture, Gesture::None);
    let found = match hand.pointer() {
        Some(pointer) if over && !on_minimap(canvas, hand, pointer) => Some(target_at(canvas, hand.scene, pointer)),
        _ => None,
    };
    if found != canvas.hover {
        canvas.hover.clone_from(&found);
        hand.events.push(CanvasEvent::Hover(found));
    }
}

fn on_minimap(canvas: &Canvas, hand: &Hand<'_, '_>, screen: Pos2) -> bool {
    minimap::place(canvas, hand.response.rect).is_some_and(|map| map.contains(screen))
}

/// A drag begins: decide what it is.
fn start(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    if !hand.response.drag_started() {
        return;
    }
    hand.response.request_focus();
    let Some(origin) = hand.ui.input(|input| input.pointer.press_origin()) else {
        return;
    };
    let by = |button| hand.response.drag_started_by(button);
    let (space, alt) = hand.ui.input(|input| (input.key_down(Key::Space), input.modifiers.alt));
    if by(PointerButton::Middle) || by(PointerButton::Secondary) || space {
        canvas.gesture = Gesture::Pan;
        return;
    }
    if !by(PointerButton::Primary) {
        return;
    }
    if on_minimap(canvas, hand, origin) {
        canvas.gesture = Gesture::Minimap;
        return;
    }
    let from = canvas.canvas_point(origin);
    match target_at(canvas, hand.scene, origin) {
        Target::Port(_) => {
            if let Some(at) = port_at(canvas, hand.scene, origin) {
                connecting::begin(canvas, hand, at, from, false);
            }
        }
        Target::Step(id) => {
            if !canvas.selection.steps.contains(&id) {
                choose_step(canvas, hand, id.clone());
            }
            dragging::begin_steps(canvas, hand.scene, &id, from);
        }
        Target::Frame(id) => dragging::begin_frame(canvas, hand.scene, &id, from),
        Target::Note(id) => dragging::begin_note(canvas, hand.scene, &id, from),
        Target::Wire(_) | Target::Canvas if alt => {
            canvas.gesture = Gesture::Cut(Cut { from, to: from });
        }
        Target::Wire(_) | Target::Canvas => {
            let kept = if hand.adds() { canvas.selection.clone() } else { Selection::default() };
            canvas.gesture = Gesture::Box(BoxSelect { from, to: from, kept });
        }
    }
}

/// A gesture goes on.
fn proceed(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    let Some(pointer) = hand.pointer() else {
        return;
    };
    let widget = hand.response.rect;
    if matches!(canvas.gesture, Gesture::Box(_) | Gesture::Drag(_) | Gesture::Connect(_) | Gesture::Cut(_)) {
        scroll_at_edge(canvas, hand, pointer);
    }
    let at = canvas.canvas_point(pointer);
    match &mut canvas.gesture {
        Gesture::None => {}
        Gesture::Pan => {
            let delta = hand.ui.input(|input| input.pointer.delta());
            canvas.view.pan_by(delta);
        }
        Gesture::Minimap => {
            if let Some(point) =
                minimap::place(canvas, widget).and_then(|map| minimap::canvas_point(canvas, map, pointer))
            {
                canvas.view.centre_on(widget, point);
            }
        }
        Gesture::Cut(cut) => cut.to = at,
        Gesture::Box(select) => {
            select.to = at;
            let area = Rect::from_two_pos(select.from, at);
            let mut selection = select.kept.clone();
            let inside = canvas.cache.geometry.steps_in(area);
            selection.steps.extend(inside.filter_map(|index| hand.scene.steps.get(index)).map(|step| step.id.clone()));
            choose(canvas, hand, selection);
        }
        Gesture::Drag(_) => dragging::proceed(canvas, hand, at),
        Gesture::Connect(_) => connecting::proceed(canvas, hand, at),
    }
}

fn scroll_at_edge(canvas: &mut Canvas, hand: &Hand<'_, '_>, pointer: Pos2) {
    let widget = hand.response.rect;
    if widget.size().min_elem() < 4.0 * EDGE || !widget.expand(EDGE).contains(pointer) {
        return;
    }
    let push = |at: f32, low: f32, high: f32| {
        if at < low + EDGE {
            (low + EDGE - at).min(2.0 * EDGE)
        } else if at > high - EDGE {
            (high - EDGE - at).max(-2.0 * EDGE)
        } else {
            0.0
        }
    };
    let speed =
        vec2(push(pointer.x, widget.left(), widget.right()), push(pointer.y, widget.top(), widget.bottom())) * 12.0;
    if speed != Vec2::ZERO {
        let seconds = hand.ui.input(|input| input.stable_dt.min(0.05));
        canvas.view.pan_by(speed * seconds);
        hand.ui.ctx().request_repaint();
    }
}

/// A gesture ends.
fn finish(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    let released = hand.response.drag_stopped();
    match &canvas.gesture {
        Gesture::Connect(connect) if connect.sticky => return,
        _ if !released => return,
        _ => {}
    }
    match std::mem::take(&mut canvas.gesture) {
        Gesture::None | Gesture::Pan | Gesture::Minimap | Gesture::Box(_) => {}
        Gesture::Cut(cut) => {
            let crossed = hand.scene.wires.iter().zip(&canvas.cache.geometry.wires);
            for (wire, line) in crossed {
                if line.is_some_and(|line| line.crosses(cut.from, cut.to)) {
                    hand.events.push(CanvasEvent::Disconnect { wire: wire.id.clone() });
                }
            }
        }
        Gesture::Drag(drag) => dragging::finish(canvas, hand, &drag),
        Gesture::Connect(connect) => connecting::finish(canvas, hand, connect),
    }
}

fn clicks(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    let response = hand.response;
    let Some(screen) = response.interact_pointer_pos().or_else(|| hand.pointer()) else {
        return;
    };
    let at = canvas.canvas_point(screen);
    if response.double_clicked() {
        response.request_focus();
        canvas.gesture = Gesture::None;
        match target_at(canvas, hand.scene, screen) {
            Target::Step(id) => hand.events.push(CanvasEvent::Open(id)),
            Target::Canvas if !on_minimap(canvas, hand, screen) => {
                hand.events.push(CanvasEvent::PaletteAt { at, screen });
            }
            _ => {}
        }
    } else if response.clicked_by(PointerButton::Primary) {
        // Not `clicked()`: with the focus, Space and Enter would count as clicks.
        response.request_focus();
        click(canvas, hand, screen);
    }
    if response.secondary_clicked() {
        response.request_focus();
        let target = target_at(canvas, hand.scene, screen);
        match &target {
            Target::Step(id) if !canvas.selection.steps.contains(id) => {
                choose_step(canvas, hand, id.clone());
            }
            Target::Wire(id) if !canvas.selection.wires.contains(id) => {
                choose_wire(canvas, hand, id.clone());
            }
            _ => {}
        }
        hand.events.push(CanvasEvent::Context { target, at, screen });
    }
}

fn click(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, screen: Pos2) {
    if matches!(canvas.gesture, Gesture::Connect(_)) {
        connecting::proceed(canvas, hand, canvas.canvas_point(screen));
        if let Gesture::Connect(connect) = std::mem::take(&mut canvas.gesture) {
            connecting::finish(canvas, hand, connect);
        }
        return;
    }
    if let Some(map) = minimap::place(canvas, hand.response.rect)
        && map.contains(screen)
    {
        if let Some(point) = minimap::canvas_point(canvas, map, screen) {
            canvas.view.centre_on(hand.response.rect, point);
        }
        return;
    }
    match target_at(canvas, hand.scene, screen) {
        Target::Port(_) => {
            if let Some(port) = port_at(canvas, hand.scene, screen) {
                let at = canvas.canvas_point(screen);
                connecting::begin(canvas, hand, port, at, true);
            }
        }
        Target::Step(id) => choose_step(canvas, hand, id),
        Target::Wire(id) => choose_wire(canvas, hand, id),
        Target::Frame(_) | Target::Note(_) | Target::Canvas => {
            if !hand.adds() {
                choose(canvas, hand, Selection::default());
            }
        }
    }
}

/// Select a step: alone, or (with Shift or Ctrl) in or out of the selection.
pub fn choose_step(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, id: String) {
    let mut selection = Selection::default();
    if hand.adds() {
        selection = canvas.selection.clone();
        if !selection.steps.remove(&id) {
            selection.steps.insert(id.clone());
        }
    } else {
        selection.steps.insert(id.clone());
    }
    canvas.focus = Some(id);
    choose(canvas, hand, selection);
}

/// Select a wire, likewise.
pub fn choose_wire(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, id: String) {
    let mut selection = Selection::default();
    if hand.adds() {
        selection = canvas.selection.clone();
        if !selection.wires.remove(&id) {
            selection.wires.insert(id);
        }
    } else {
        selection.wires.insert(id);
    }
    choose(canvas, hand, selection);
}

/// Make this the selection, and report it if it is another.
pub fn choose(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, selection: Selection) {
    if canvas.selection == selection {
        return;
    }
    canvas.selection = selection.clone();
    canvas.cache.is_flagged = false;
    match hand.events.last_mut() {
        Some(CanvasEvent::Select(last)) => *last = selection,
        _ => hand.events.push(CanvasEvent::Select(selection)),
    }
}

fn cursor(canvas: &Canvas, hand: &Hand<'_, '_>) {
    let icon = match (&canvas.gesture, &canvas.hover) {
        (Gesture::Pan, _) => CursorIcon::Grabbing,
        (Gesture::Drag(_), _) => CursorIcon::Grabbing,
        (Gesture::Connect(connect), _) => match connect.target.map(|at| canvas.gesture.verdict(at)) {
            Some(Some(false)) => CursorIcon::NotAllowed,
            _ => CursorIcon::Crosshair,
        },
        (Gesture::Cut(_), _) => CursorIcon::Crosshair,
        (Gesture::Box(_) | Gesture::Minimap, _) => return,
        (Gesture::None, Some(Target::Port(_))) => CursorIcon::Crosshair,
        (Gesture::None, Some(Target::Wire(_))) => CursorIcon::PointingHand,
        (Gesture::None, Some(Target::Frame(_) | Target::Note(_))) => CursorIcon::Grab,
        (Gesture::None, Some(_)) if hand.ui.input(|i| i.key_down(Key::Space)) => CursorIcon::Grab,
        (Gesture::None, _) => return,
    };
    if hand.response.contains_pointer() || canvas.is_busy() {
        hand.ui.ctx().set_cursor_icon(icon);
    }
}

impl Side {
    /// The output first: what a rule and a `Connect` expect.
    pub fn ordered(one: PortRef, other: PortRef) -> (PortRef, PortRef) {
        match one.side {
            Self::Output => (one, other),
            Self::Input => (other, one),
        }
    }
}
