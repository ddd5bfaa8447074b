//! Moving steps, frames and notes: snapping to the grid and to neighbours,
//! guides, and dropping a free step on a wire.

use egui::{Pos2, Rect, Vec2, pos2};

use super::interaction::{Drag, Gesture, Hand};
use super::scene::{GRID, Geometry, NOTE_SIZE, Scene};
use super::{Canvas, CanvasEvent};

/// How near an edge must come to another to snap, in screen points.
const SNAP: f32 = 6.0;
/// How near the middle of a free step must come to a wire, in screen points.
const DROP: f32 = 22.0;

/// Start to drag the selected steps by the step `id`.
pub fn begin_steps(canvas: &mut Canvas, scene: &Scene, id: &str, from: Pos2) {
    let index = &canvas.cache.geometry.index;
    let steps: Vec<(usize, String)> =
        canvas.selection.steps.iter().filter_map(|id| Some((*index.get(id)?, id.clone()))).collect();
    let Some(lead) = index.get(id).and_then(|i| scene.steps.get(*i)) else {
        return;
    };
    canvas.gesture = Gesture::Drag(drag(scene, lead.rect(), steps, from));
}

/// Start to drag a frame, with the steps that lie wholly inside.
pub fn begin_frame(canvas: &mut Canvas, scene: &Scene, id: &str, from: Pos2) {
    let Some(index) = scene.frames.iter().position(|frame| frame.id == id) else {
        return;
    };
    let Some(rect) = scene.frames.get(index).map(|frame| frame.rect) else {
        return;
    };
    let steps = scene
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| rect.contains_rect(step.rect()))
        .map(|(index, step)| (index, step.id.clone()))
        .collect();
    let mut drag = drag(scene, rect, steps, from);
    drag.frame = Some(index);
    canvas.gesture = Gesture::Drag(drag);
}

/// Start to drag a note.
pub fn begin_note(canvas: &mut Canvas, scene: &Scene, id: &str, from: Pos2) {
    let Some(index) = scene.notes.iter().position(|note| note.id == id) else {
        return;
    };
    let Some(note) = scene.notes.get(index) else {
        return;
    };
    let rect = Rect::from_min_size(note.position, NOTE_SIZE);
    let mut drag = drag(scene, rect, Vec::new(), from);
    drag.note = Some(index);
    canvas.gesture = Gesture::Drag(drag);
}

fn drag(scene: &Scene, lead: Rect, steps: Vec<(usize, String)>, from: Pos2) -> Drag {
    let mut moves = vec![false; scene.steps.len()];
    for (index, _) in &steps {
        if let Some(flag) = moves.get_mut(*index) {
            *flag = true;
        }
    }
    Drag { lead, steps, moves, frame: None, note: None, from, offset: Vec2::ZERO, guides: [None, None], onto: None }
}

/// The pointer moved to `at`.
pub fn proceed(canvas: &mut Canvas, hand: &Hand<'_, '_>, at: Pos2) {
    let seen = canvas.view.visible(hand.response.rect);
    let free = hand.ui.input(|input| input.modifiers.alt);
    let (snap, drop) = (SNAP / canvas.view.zoom, DROP / canvas.view.zoom.max(0.5));
    let Gesture::Drag(drag) = &mut canvas.gesture else {
        return;
    };
    let raw = at - drag.from;
    let geometry = &mut canvas.cache.geometry;
    if free {
        (drag.offset, drag.guides) = (raw, [None, None]);
    } else {
        let others: Vec<Rect> = geometry
            .steps
            .iter()
            .zip(&drag.moves)
            .filter(|(rect, moves)| !**moves && seen.intersects(**rect))
            .map(|(rect, _)| *rect)
            .collect();
        (drag.offset, drag.guides) = snapped(drag.lead, raw, &others, snap);
    }
    geometry.shift(hand.scene, |index| drag.moves.get(index).is_some_and(|moves| *moves).then_some(drag.offset));
    drag.onto = wire_under(drag, geometry, hand.scene, drop);
}

/// The offset after snapping, and the guides that show why.
pub fn snapped(lead: Rect, raw: Vec2, others: &[Rect], reach: f32) -> (Vec2, [Option<[Pos2; 2]>; 2]) {
    let moved = lead.translate(raw);
    let near = |own: [f32; 3], edges: fn(&Rect) -> [f32; 3]| -> Option<(f32, Rect)> {
        let mut best: Option<(f32, Rect)> = None;
        for other in others {
            // Left to left, middle to middle, right to right.
            for (own, theirs) in own.iter().zip(edges(other)) {
                let step = theirs - own;
                if step.abs() <= reach && best.is_none_or(|(found, _)| step.abs() < found.abs()) {
                    best = Some((step, *other));
                }
            }
        }
        best
    };
    let to_grid = |at: f32| (at / GRID).round() * GRID - at;
    let across: fn(&Rect) -> [f32; 3] = |r| [r.left(), r.center().x, r.right()];
    let down: fn(&Rect) -> [f32; 3] = |r| [r.top(), r.center().y, r.bottom()];
    let by_x = near(across(&moved), across);
    let by_y = near(down(&moved), down);
    let offset = raw
        + Vec2::new(
            by_x.map_or_else(|| to_grid(moved.left()), |(step, _)| step),
            by_y.map_or_else(|| to_grid(moved.top()), |(step, _)| step),
        );
    let placed = lead.translate(offset);
    let same = |a: f32, b: f32| (a - b).abs() < 0.01;
    let vertical = by_x.and_then(|(_, other)| {
        let x = across(&placed).into_iter().zip(across(&other)).find(|(own, theirs)| same(*own, *theirs))?.0;
        let span = placed.union(other);
        Some([pos2(x, span.top() - 8.0), pos2(x, span.bottom() + 8.0)])
    });
    let horizontal = by_y.and_then(|(_, other)| {
        let y = down(&placed).into_iter().zip(down(&other)).find(|(own, theirs)| same(*own, *theirs))?.0;
        let span = placed.union(other);
        Some([pos2(span.left() - 8.0, y), pos2(span.right() + 8.0, y)])
    });
    (offset, [vertical, horizontal])
}

/// The wire that a single, unwired step with both sides hovers over.
fn wire_under(drag: &Drag, geometry: &Geometry, scene: &Scene, reach: f32) -> Option<usize> {
    let [(index, _)] = drag.steps.as_slice() else {
        return None;
    };
    let step = scene.steps.get(*index)?;
    let is_wired = |wire: &super::WireView| wire.from.0 == *index || wire.to.0 == *index;
    if step.inputs.is_empty() || step.outputs.is_empty() || scene.wires.iter().any(is_wired) {
        return None;
    }
    let centre = geometry.steps.get(*index)?.center();
    geometry.wire_at(centre, reach)
}

/// The steps were let go.
pub fn finish(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, drag: &Drag) {
    // The next frame shows what the app made of it.
    canvas.cache.revision = None;
    if drag.offset == Vec2::ZERO {
        return;
    }
    let scene = hand.scene;
    let moved: Vec<(String, Pos2)> = drag
        .steps
        .iter()
        .filter_map(|(index, id)| {
            let step = scene.steps.get(*index)?;
            Some((id.clone(), step.position + drag.offset))
        })
        .collect();
    if let Some(frame) = drag.frame.and_then(|index| scene.frames.get(index)) {
        let to = frame.rect.min + drag.offset;
        hand.events.push(CanvasEvent::FrameMoved(frame.id.clone(), to));
    }
    if let Some(note) = drag.note.and_then(|index| scene.notes.get(index)) {
        let to = note.position + drag.offset;
        hand.events.push(CanvasEvent::NoteMoved(note.id.clone(), to));
    }
    let inserted = drag.onto.and_then(|wire| scene.wires.get(wire));
    match (inserted, moved.as_slice()) {
        (Some(wire), [(step, at)]) => {
            let (step, wire, at) = (step.clone(), wire.id.clone(), *at);
            hand.events.push(CanvasEvent::InsertOnWire { step, wire, at });
        }
        (_, []) => {}
        _ => hand.events.push(CanvasEvent::Moved(moved)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    #[test]
    fn a_step_snaps_to_a_near_edge_and_shows_a_guide() {
        let lead = Rect::from_min_size(pos2(0.0, 0.0), vec2(216.0, 80.0));
        let other = Rect::from_min_size(pos2(300.0, 202.0), vec2(216.0, 80.0));
        let (offset, guides) = snapped(lead, vec2(297.0, 61.0), &[other], 6.0);
        assert_eq!(offset, vec2(300.0, 60.0));
        assert!(guides[0].is_some() && guides[1].is_none());
    }

    #[test]
    fn far_from_everything_only_the_grid_holds() {
        let lead = Rect::from_min_size(pos2(2.0, 0.0), vec2(216.0, 80.0));
        let (offset, guides) = snapped(lead, vec2(31.0, 5.0), &[], 6.0);
        assert_eq!(lead.min + offset, pos2(32.0, 4.0));
        assert_eq!(guides, [None, None]);
    }
}
