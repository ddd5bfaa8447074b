//! The canvas by keyboard: move the selection, follow wires, fit, palette,
//! delete, open. Keys are taken only while the canvas has the focus.

use egui::{EventFilter, Key, Modifiers, Pos2, Vec2, vec2};

use super::interaction::{Gesture, Hand, choose};
use super::scene::{GRID, Geometry, Scene};
use super::{Canvas, CanvasEvent, Selection};

/// Take the keys of a frame.
pub fn take_keys(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    let has_come = take_focus(hand);
    // Not `Response::has_focus`: that is false where the window has no focus, as in a driven window without a manager.
    let has_keyboard = hand.ui.memory(|memory| memory.has_focus(hand.response.id));
    if !has_keyboard || hand.ui.ctx().any_popup_open() {
        return;
    }
    // Back to what was before goes by Shift, as everywhere.
    let goes_back = hand.ui.input(|input| input.modifiers.shift);
    let filter = EventFilter { tab: !goes_back, horizontal_arrows: true, vertical_arrows: true, escape: true };
    let id = hand.response.id;
    hand.ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let pressed = |modifiers: Modifiers, key: Key| hand.ui.input_mut(|input| input.consume_key(modifiers, key));

    pressed(Modifiers::SHIFT, Key::Tab);
    if pressed(Modifiers::NONE, Key::Tab) || pressed(Modifiers::SHIFT, Key::A) {
        let widget = hand.response.rect;
        let pointer = hand.pointer().filter(|pointer| widget.contains(*pointer));
        let screen = pointer.unwrap_or(widget.center());
        let at = canvas.canvas_point(screen);
        hand.events.push(CanvasEvent::PaletteAt { at, screen });
    }
    let is_deleting = pressed(Modifiers::NONE, Key::Delete) || pressed(Modifiers::NONE, Key::Backspace);
    if is_deleting && !canvas.selection.is_empty() {
        let selection = canvas.selection.clone();
        hand.events.push(CanvasEvent::Delete(selection));
    }
    if pressed(Modifiers::SHIFT, Key::Home) {
        canvas.fit_selection();
    } else if pressed(Modifiers::NONE, Key::Home) {
        canvas.fit_all();
    }
    if pressed(Modifiers::COMMAND, Key::A) {
        let steps = hand.scene.steps.iter().map(|s| s.id.clone()).collect();
        let wires = hand.scene.wires.iter().map(|w| w.id.clone()).collect();
        choose(canvas, hand, Selection { steps, wires });
    }
    // The key that left a text field has done its work.
    if !has_come && hand.ui.input(|input| input.key_pressed(Key::Escape)) {
        escape(canvas, hand);
    }
    if pressed(Modifiers::NONE, Key::Enter)
        && let Some(id) = canvas.focus.clone()
    {
        hand.events.push(CanvasEvent::Open(id));
    }
    take_arrows(canvas, hand);
}

/// What nothing else wants, the canvas has. Says whether it came to it just now.
fn take_focus(hand: &Hand<'_, '_>) -> bool {
    let ctx = hand.ui.ctx();
    let unclaimed =
        ctx.memory(|memory| memory.focused().is_none() && memory.allows_interaction(hand.response.layer_id));
    let takes = unclaimed && hand.ui.is_enabled() && !ctx.any_popup_open();
    if takes {
        hand.response.request_focus();
    }
    takes
}

fn escape(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    match std::mem::take(&mut canvas.gesture) {
        Gesture::None => choose(canvas, hand, Selection::default()),
        // What was dragged goes back to its place.
        _ => canvas.cache.revision = None,
    }
}

fn take_arrows(canvas: &mut Canvas, hand: &mut Hand<'_, '_>) {
    const FAST: f32 = 6.0;
    let arrows = [
        (Key::ArrowLeft, vec2(-1.0, 0.0)),
        (Key::ArrowRight, vec2(1.0, 0.0)),
        (Key::ArrowUp, vec2(0.0, -1.0)),
        (Key::ArrowDown, vec2(0.0, 1.0)),
    ];
    for (key, direction) in arrows {
        let times = |modifiers: Modifiers| hand.ui.input_mut(|input| input.count_and_consume_key(modifiers, key));
        if times(Modifiers::ALT | Modifiers::SHIFT) > 0 {
            follow_wire(canvas, hand, direction, true);
            continue;
        }
        if times(Modifiers::ALT) > 0 {
            follow_wire(canvas, hand, direction, false);
            continue;
        }
        let fast = times(Modifiers::SHIFT) as f32 * FAST;
        let steps = fast + times(Modifiers::NONE) as f32;
        if steps == 0.0 {
            continue;
        }
        if canvas.selection.steps.is_empty() {
            follow_wire(canvas, hand, direction, false);
            continue;
        }
        let offset = direction * GRID * steps;
        let index = &canvas.cache.geometry.index;
        let moved: Vec<(String, Pos2)> = canvas
            .selection
            .steps
            .iter()
            .filter_map(|id| {
                let step = hand.scene.steps.get(*index.get(id)?)?;
                Some((id.clone(), step.position + offset))
            })
            .collect();
        hand.events.push(CanvasEvent::Moved(moved));
    }
}

/// Select the step that lies one wire further, or beside; `adds`: to what is selected.
fn follow_wire(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, direction: Vec2, adds: bool) {
    let geometry = &canvas.cache.geometry;
    let start = canvas.focus.as_ref().and_then(|id| geometry.index.get(id).copied());
    let middle = canvas.canvas_point(hand.response.rect.center());
    let next = match start {
        None => nearest(geometry, middle, |_| true),
        Some(start) => next_step(hand.scene, geometry, start, direction),
    };
    let Some(step) = next.and_then(|index| hand.scene.steps.get(index)) else {
        return;
    };
    let id = step.id.clone();
    canvas.focus = Some(id.clone());
    canvas.reveal(&id);
    let mut steps = if adds { canvas.selection.steps.clone() } else { Default::default() };
    steps.insert(id.clone());
    choose(canvas, hand, Selection { steps, ..Selection::default() });
    // Of several, the one that was come to is gone on from.
    canvas.focus = Some(id);
}

fn next_step(scene: &Scene, geometry: &Geometry, start: usize, direction: Vec2) -> Option<usize> {
    let height = |step: &usize| geometry.steps.get(*step).map_or(0.0, |r| r.center().y);
    let mut along: Vec<usize> = if direction.x > 0.0 {
        let out = scene.wires.iter().filter(|wire| wire.from.0 == start);
        out.map(|wire| wire.to.0).collect()
    } else if direction.x < 0.0 {
        let into = scene.wires.iter().filter(|wire| wire.to.0 == start);
        into.map(|wire| wire.from.0).collect()
    } else {
        // Up and down: the next step in that direction, nearest first.
        let from = geometry.steps.get(start)?.center();
        return nearest(geometry, from, |at| {
            let way = (at - from) * direction;
            way.y > 1.0 && (at.x - from.x).abs() <= 2.0 * way.y
        });
    };
    along.sort_by(|a, b| height(a).total_cmp(&height(b)));
    along.first().copied()
}

fn nearest(geometry: &Geometry, point: Pos2, fits: impl Fn(Pos2) -> bool) -> Option<usize> {
    geometry
        .steps
        .iter()
        .enumerate()
        .filter(|(_, rect)| fits(rect.center()))
        .min_by(|(_, a), (_, b)| {
            let distance = |rect: &egui::Rect| rect.center().distance_sq(point);
            distance(a).total_cmp(&distance(b))
        })
        .map(|(index, _)| index)
}
