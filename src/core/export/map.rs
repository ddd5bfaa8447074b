//! The map: the steps and wires of a design as a picture, where they stand on the canvas, and what is said of them
//! below it. Imports the project and the step kinds; computes nothing.

use super::drawing::{Anchor, Drawing, Ink, Move, Shape, shortened, wrapped};
use crate::project::{Comment, Project, Step, Thread};
use crate::quote::one_line;
use crate::steps::{Group, kind};

/// Of a step, in points: as on the canvas.
const WIDTH: f32 = 216.0;
const HEIGHT: f32 = 64.0;
const PORT: f32 = 22.0;
const MARGIN: f32 = 32.0;

/// The hue of a step: its group's.
fn hue(step: &Step) -> Ink {
    Ink::Hue(match kind(&step.kind).map(|kind| kind.group()) {
        Some(Group::Extract) => 2,
        Some(Group::Shape) => 1,
        Some(Group::Clean) => 3,
        Some(Group::Enrich) => 4,
        Some(Group::Analyse) => 5,
        Some(Group::Check) => 6,
        Some(Group::Load) | None => 0,
    })
}

/// The design as a picture.
pub fn map(project: &Project) -> Drawing {
    let steps = || project.steps.values().map(|step| (step.x as f32, step.y as f32, WIDTH, HEIGHT));
    let frames = project.frames.values();
    let frames = frames.map(|frame| (frame.x as f32, frame.y as f32, frame.width as f32, frame.height as f32));
    let notes = project.notes.values().map(|note| (note.x as f32, note.y as f32, WIDTH, 60.0));
    let places: Vec<_> = steps().chain(frames).chain(notes).collect();
    let left = places.iter().map(|place| place.0).fold(f32::MAX, f32::min);
    let top = places.iter().map(|place| place.1).fold(f32::MAX, f32::min);
    let right = places.iter().map(|place| place.0 + place.2).fold(f32::MIN, f32::max);
    let bottom = places.iter().map(|place| place.1 + place.3).fold(f32::MIN, f32::max);
    let (left, top, right, bottom) =
        if places.is_empty() { (0.0, 0.0, WIDTH, 0.0) } else { (left, top, right, bottom) };
    // The title stands above.
    let above = MARGIN + 40.0;
    let width = (right - left + 2.0 * MARGIN).ceil();
    let said = comments(project, width - 2.0 * MARGIN);
    let below = if said.is_empty() { 0.0 } else { BELOW + LINE * said.len() as f32 };
    let size = [width, (bottom - top + MARGIN + above + below).ceil()];
    let mut drawing = Drawing { size, title: one_line(&project.name), ..Drawing::default() };
    let wires = project.wires.values().filter_map(|wire| {
        let (from, to) = (project.steps.get(&wire.from)?, project.steps.get(&wire.to)?);
        Some(format!("{} → {}", from.title, to.title))
    });
    drawing.description = wires.collect::<Vec<_>>().join("; ");
    drawing.rect([0.0, 0.0], size, 0.0, Ink::Ground);
    let name = shortened(&one_line(&project.name), 20.0, size[0] - 2.0 * MARGIN);
    drawing.bold([MARGIN, MARGIN + 14.0], 20.0, Ink::Text, name);
    let place = |x: i32, y: i32| [x as f32 - left + MARGIN, y as f32 - top + above];
    for frame in project.frames.values() {
        let (at, size) = (place(frame.x, frame.y), [frame.width as f32, frame.height as f32]);
        drawing.shapes.push(Shape::Rect { at, size, radius: 9.0, fill: Ink::Ground, border: Some(Ink::Hairline) });
        let title = shortened(&one_line(&frame.title), 13.0, size[0] - 24.0);
        drawing.bold([at[0] + 12.0, at[1] + 18.0], 13.0, Ink::Soft, title);
    }
    for wire in project.wires.values() {
        let (Some(from), Some(to)) = (project.steps.get(&wire.from), project.steps.get(&wire.to)) else { continue };
        let start = port(place(from.x, from.y), from, &wire.output, true);
        let end = port(place(to.x, to.y), to, &wire.input, false);
        let bend = ((end[0] - start[0]).abs() / 2.0).clamp(24.0, 120.0);
        let curve = Move::Curve([start[0] + bend, start[1]], [end[0] - bend, end[1]], end);
        let moves = vec![Move::To(start), curve];
        drawing.shapes.push(Shape::Path { moves, width: 2.0, ink: Ink::Soft, dash: None });
    }
    for step in project.steps.values() {
        step_shapes(&mut drawing, project, step, place(step.x, step.y));
    }
    marks(&mut drawing, project, &place);
    comment_shapes(&mut drawing, &said, size[1] - below - MARGIN / 2.0);
    for note in project.notes.values() {
        let [x, mut y] = place(note.x, note.y);
        for line in wrapped(&note.text, 12.0, WIDTH).into_iter().take(4) {
            y += 16.0;
            drawing.text([x, y], 12.0, Ink::Soft, Anchor::Start, line);
        }
    }
    drawing
}

/// Above the list of comments, and between its lines.
const BELOW: f32 = 40.0;
const LINE: f32 = 18.0;

/// A line of the list: its own ones, with the number of its mark; answers stand below theirs.
struct Said {
    number: Option<usize>,
    text: String,
}

/// The comments that are not settled, in the order of their time.
fn open_threads(project: &Project) -> Vec<Thread<'_>> {
    let mut threads = project.threads(None);
    threads.retain(|thread| !thread.comment.resolved && project.said_of(thread.comment).is_some());
    threads
}

fn comments(project: &Project, width: f32) -> Vec<Said> {
    let mut found = Vec::new();
    for (number, thread) in open_threads(project).iter().enumerate() {
        let about = project.said_of(thread.comment).unwrap_or_default();
        let by = |comment: &Comment| match comment.author.as_str() {
            "" => String::new(),
            author => format!("{author}: "),
        };
        let own = format!("{} · {}{}", about, by(thread.comment), thread.comment.text);
        let answers = thread.answers.iter().map(|answer| format!("→ {}{}", by(answer), answer.text));
        for (place, text) in std::iter::once(own).chain(answers).enumerate() {
            for (line, text) in wrapped(&one_line(&text), 12.0, width - 28.0).into_iter().enumerate() {
                found.push(Said { number: (place == 0 && line == 0).then_some(number + 1), text });
            }
        }
    }
    found
}

/// A numbered dot at each step and wire of which something is said.
fn marks(drawing: &mut Drawing, project: &Project, place: &dyn Fn(i32, i32) -> [f32; 2]) {
    let mut at_place = std::collections::BTreeMap::<&str, f32>::new();
    for (number, thread) in open_threads(project).iter().enumerate() {
        let about = thread.comment.about.as_str();
        let of_step = project.steps.get(about).map(|step| {
            let [x, y] = place(step.x, step.y);
            [x + WIDTH - 10.0, y]
        });
        let of_wire = || {
            let wire = project.wires.get(about)?;
            let (from, to) = (project.steps.get(&wire.from)?, project.steps.get(&wire.to)?);
            let start = port(place(from.x, from.y), from, &wire.output, true);
            let end = port(place(to.x, to.y), to, &wire.input, false);
            Some([(start[0] + end[0]) / 2.0, (start[1] + end[1]) / 2.0])
        };
        let Some([x, y]) = of_step.or_else(of_wire) else { continue };
        // Several of one thing stand side by side.
        let beside = at_place.entry(about).or_default();
        mark(drawing, [x - *beside, y], number + 1);
        *beside += 22.0;
    }
}

fn mark(drawing: &mut Drawing, [x, y]: [f32; 2], number: usize) {
    drawing.shapes.push(Shape::Dot { at: [x, y], radius: 9.0, ink: Ink::Accent });
    drawing.text([x, y + 4.0], 11.0, Ink::Panel, Anchor::Middle, number.to_string());
}

fn comment_shapes(drawing: &mut Drawing, said: &[Said], top: f32) {
    if said.is_empty() {
        return;
    }
    drawing.bold([MARGIN, top + 14.0], 13.0, Ink::Text, "Comments");
    let mut y = top + BELOW;
    for line in said {
        if let Some(number) = line.number {
            mark(drawing, [MARGIN + 9.0, y - 4.0], number);
        }
        drawing.text([MARGIN + 28.0, y], 12.0, Ink::Text, Anchor::Start, line.text.clone());
        y += LINE;
    }
}

/// Where a wire ends at a step.
fn port([x, y]: [f32; 2], step: &Step, name: &str, is_output: bool) -> [f32; 2] {
    let ports = kind(&step.kind).map(|kind| kind.ports(&step.settings)).unwrap_or_default();
    let list = if is_output { &ports.outputs } else { &ports.inputs };
    let number = list.iter().position(|port| port.name == name).unwrap_or(0);
    let room = HEIGHT / list.len().max(1) as f32;
    let down = if list.len() > 1 { room * (number as f32 + 0.5) } else { PORT };
    [if is_output { x + WIDTH } else { x }, y + down]
}

fn step_shapes(drawing: &mut Drawing, project: &Project, step: &Step, at: [f32; 2]) {
    let [x, y] = at;
    let size = [WIDTH, HEIGHT];
    drawing.shapes.push(Shape::Rect { at, size, radius: 9.0, fill: Ink::Panel, border: Some(Ink::Hairline) });
    drawing.rect([x + 1.0, y + 9.0], [4.0, HEIGHT - 18.0], 2.0, hue(step));
    let (title, group, line) = match kind(&step.kind) {
        Some(kind) => {
            let group = kind.group().title();
            let name = if group == kind.title() { String::new() } else { format!(" · {}", kind.title()) };
            (step.title.as_str(), format!("{group}{name}"), kind.summary(&step.settings).0)
        }
        None => (step.title.as_str(), step.kind.clone(), String::new()),
    };
    // Ids are for machines.
    let source = step.settings.get("source").and_then(|id| project.sources.get(id.as_str()?));
    let line = match source {
        Some(source) => match source.location(&project.connections) {
            Some(location) => location.shown(),
            None if source.path.is_empty() => source.title.clone(),
            None => source.path.clone(),
        },
        None => line,
    };
    let line = one_line(&line);
    drawing.bold([x + 14.0, y + 20.0], 13.0, Ink::Text, shortened(&one_line(title), 13.0, WIDTH - 24.0));
    drawing.text([x + 14.0, y + 37.0], 11.0, Ink::Soft, Anchor::Start, shortened(&line, 11.0, WIDTH - 24.0));
    drawing.text([x + 14.0, y + 54.0], 11.0, hue(step), Anchor::Start, shortened(&group, 11.0, WIDTH - 24.0));
}

#[cfg(test)]
mod tests {
    use super::super::drawing::Look;
    use super::*;
    use crate::project::{Edit, Place};
    use serde_json::json;

    #[test]
    fn every_step_and_wire_is_on_the_map() {
        let mut project = Project::new("a <map>");
        let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
        let step = |id: &str, kind: &str, title: &str, x: i32| {
            insert("steps", json!({"id": id, "kind": kind, "title": title, "x": x, "y": -300, "settings": {}}))
        };
        let wire = json!({"id": "w", "from": "f", "output": "out", "to": "a", "input": "in"});
        let edits =
            [step("f", "filter", "Only & bad", -500), step("a", "answer", "Users", -200), insert("wires", wire)];
        project.apply(&edits).unwrap();
        let drawing = map(&project);
        let svg = drawing.svg(Look::Light, "map");
        for text in ["Only &amp; bad", ">Users<", "a &lt;map&gt;", "Only &amp; bad → Users", "Clean · Filter"] {
            assert!(svg.contains(text), "{text}\n{svg}");
        }
        let curves = drawing.shapes.iter().filter(|shape| matches!(shape, Shape::Path { .. }));
        assert_eq!(curves.count(), 1);
        for shape in &drawing.shapes {
            if let Shape::Text { at: [x, y], .. } = shape {
                assert!((0.0..drawing.size[0]).contains(x) && (0.0..drawing.size[1]).contains(y));
            }
        }
        assert!(map(&Project::new("empty")).size[0] > 0.0);

        // What is said of a step, a wire and a question; what is settled is not.
        let comment = |id: &str, about: &str, text: &str, answers: &str, resolved: bool| {
            let item = json!({"id": id, "about": about, "text": text, "answers": answers, "author": "Ana",
                "time": format!("2026-03-0{}T00:00:00Z", &id[1..]), "resolved": resolved});
            insert("comments", item)
        };
        let said = [
            comment("c1", "f", "why only these?", "", false),
            comment("c2", "f", "agreed so", "c1", false),
            comment("c3", "w", "too many rows", "", false),
            comment("c4", "a", "done", "", true),
        ];
        let before = drawing.size;
        project.apply(&said).unwrap();
        let drawing = map(&project);
        let svg = drawing.svg(Look::Light, "map");
        for text in ["step “Only &amp; bad” · Ana: why only these?", "→ Ana: agreed so", "Ana: too many rows", ">2<"]
        {
            assert!(svg.contains(text), "{text}\n{svg}");
        }
        assert!(!svg.contains("done") && drawing.size[0] == before[0] && drawing.size[1] > before[1]);
        for shape in &drawing.shapes {
            if let Shape::Text { at: [_, y], .. } = shape {
                assert!((0.0..drawing.size[1]).contains(y));
            }
        }
    }
}
