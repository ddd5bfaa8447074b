//! A step between the two ends of a wire, and the room that it needs there: what lies to the right moves along. Pure:
//! reads a project, gives edits.

use egui::{Pos2, pos2};
use pipewright_core::project::{Edit, Project};
use pipewright_core::steps::StepKind;
use serde_json::json;

use super::edits::{NewIds, Placed, insert, moved, new_wire, place, remove, set, step_ports};
use crate::gui::canvas::Selection;
use crate::gui::canvas::scene::{ANSWER_WIDTH, STEP_WIDTH};

/// Between a step and what comes after it, at least. Canvas points.
const GAP: f32 = 48.0;

/// Puts a step between the two ends of a wire, near `at`; what lies to the right moves where there is no room.
pub fn insert_on_wire(project: &Project, step: &str, wire: &str, at: Pos2) -> Vec<Edit> {
    let (Some(step), Some(wire)) = (project.steps.get(step), project.wires.get(wire)) else { return Vec::new() };
    let ports = step_ports(step);
    let (Some(input), Some(output)) = (ports.inputs.first(), ports.outputs.first()) else { return Vec::new() };
    let mut ids = NewIds::new(project);
    let mut edits = vec![
        remove(&wire.id),
        insert("wires", new_wire(&mut ids, &wire.from, &wire.output, &step.id, &input.name)),
        insert("wires", new_wire(&mut ids, &step.id, &output.name, &wire.to, &wire.input)),
    ];
    let ends = (project.steps.get(&wire.from), project.steps.get(&wire.to));
    let (Some(from), Some(to)) = ends else { return edits };
    let mut at = at;
    // A wire that runs backwards has no room to make.
    if to.x as f32 >= from.x as f32 + STEP_WIDTH {
        at.x = at.x.max(from.x as f32 + STEP_WIDTH + GAP);
        let needed = at.x + STEP_WIDTH + GAP - to.x as f32;
        if needed > 0.0 {
            edits.extend(shifted(project, to.x, needed.round() as i32, &step.id));
        }
    }
    edits.extend(moved(&[(step.id.clone(), at)], project));
    edits
}

/// A new step of a kind on a wire.
pub fn place_on_wire(project: &Project, kind: &dyn StepKind, wire: &str) -> Placed {
    let at = middle_of(project, wire);
    let mut placed = place(project, kind, at, None, &Selection::default());
    let mut tried = project.clone();
    if let (Some(at), Ok(_)) = (at, tried.apply(&placed.edits)) {
        placed.edits.extend(insert_on_wire(&tried, &placed.step, wire, at));
    }
    placed
}

/// Where a step goes that is put on a wire: after what the wire comes from, between the heights of both ends.
pub fn middle_of(project: &Project, wire: &str) -> Option<Pos2> {
    let wire = project.wires.get(wire)?;
    let (from, to) = (project.steps.get(&wire.from)?, project.steps.get(&wire.to)?);
    let from_width = if from.kind == "answer" { ANSWER_WIDTH } else { STEP_WIDTH };
    let free = (to.x as f32 - from.x as f32 - from_width - STEP_WIDTH) / 2.0;
    Some(pos2(from.x as f32 + from_width + free.max(GAP), (from.y + to.y) as f32 / 2.0))
}

/// Everything from `line` on moves right by `by`, but for one step; frames that the line cuts grow.
fn shifted(project: &Project, line: i32, by: i32, but: &str) -> Vec<Edit> {
    let steps = project.steps.values().filter(|step| step.x >= line && step.id != but);
    let notes = project.notes.values().filter(|note| note.x >= line);
    let frames = project.frames.values().filter(|frame| frame.x + frame.width > line);
    let steps = steps.map(|step| set(&step.id, "x", json!(step.x + by)));
    let notes = notes.map(|note| set(&note.id, "x", json!(note.x + by)));
    let frames = frames.map(|frame| match frame.x >= line {
        true => set(&frame.id, "x", json!(frame.x + by)),
        false => set(&frame.id, "width", json!(frame.width + by)),
    });
    steps.chain(notes).chain(frames).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> Project {
        let mut project = Project::new("p");
        let step =
            |id: &str, x: i32, y: i32| insert("steps", json!({"id": id, "kind": "limit", "title": id, "x": x, "y": y}));
        let wire = |id: &str, from: &str, to: &str| insert("wires", json!({"id": id, "from": from, "to": to}));
        let frame = |id: &str, x: i32| insert("frames", json!({"id": id, "x": x, "y": 0, "width": 400, "height": 90}));
        let edits = [
            step("a", 0, 0),
            step("b", 288, 0),
            step("c", 576, 0),
            step("far", 300, 400),
            step("new", 20, 800),
            wire("ab", "a", "b"),
            wire("bc", "b", "c"),
            frame("cut", 0),
            frame("right", 500),
            frame("left", -900),
        ];
        project.apply(&edits).unwrap();
        project
    }

    #[test]
    fn what_lies_to_the_right_makes_room_and_comes_back() {
        let mut project = project();
        let before = project.clone();
        let edits = insert_on_wire(&project, "new", "ab", pos2(200.0, 4.0));
        let undo = project.apply(&edits).unwrap();
        let x = |id: &str| project.steps[id].x;
        assert_eq!((x("a"), x("new"), x("b"), x("c")), (0, 264, 528, 816));
        assert_eq!((x("far"), project.steps["new"].y), (540, 4), "all of the right keeps its places to each other");
        assert_eq!(
            (project.frames["cut"].width, project.frames["right"].x, project.frames["left"].x),
            (640, 740, -900)
        );
        let ways: Vec<(&str, &str)> =
            project.wires.values().map(|wire| (wire.from.as_str(), wire.to.as_str())).collect();
        assert!(ways.contains(&("a", "new")) && ways.contains(&("new", "b")) && !ways.contains(&("a", "b")));
        project.apply(&undo).unwrap();
        assert_eq!(project.steps, before.steps);
        assert_eq!(project.frames, before.frames);
    }

    #[test]
    fn where_there_is_room_nothing_moves() {
        let mut project = project();
        project.apply(&[set("b", "x", json!(800)), set("c", "x", json!(1100))]).unwrap();
        let at = middle_of(&project, "ab").unwrap();
        assert_eq!(at, pos2(400.0, 0.0));
        project.apply(&insert_on_wire(&project, "new", "ab", at)).unwrap();
        assert_eq!((project.steps["new"].x, project.steps["b"].x, project.steps["far"].x), (400, 800, 300));
    }
}
