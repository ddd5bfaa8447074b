//! What the canvas shows: a view model that the app fills from the project when
//! its revision changes. Plain data, no project types; imports the theme's
//! groups, icons and egui's geometry only.

use std::collections::HashMap;

use egui::{Pos2, Rect, Vec2, pos2, vec2};

pub use crate::gui::icons::Icon;
pub use crate::gui::theme::Group;

/// Width of a step, in canvas points.
pub const STEP_WIDTH: f32 = 216.0;
/// Width of an answer card, in canvas points.
pub const ANSWER_WIDTH: f32 = 232.0;
/// Height of the title row, and the distance of the first port from the top.
pub const HEADER: f32 = 30.0;
/// Height of the line that says what a step does.
pub const LINE: f32 = 24.0;
/// Height of the footer.
pub const FOOTER: f32 = 26.0;
/// Distance between the ports of one side.
pub const PORT_PITCH: f32 = 20.0;
/// The grid that positions snap to.
pub const GRID: f32 = 4.0;

/// Everything on the canvas. Keep it between frames; change `revision` whenever
/// anything in it changes.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Raised with every change: what the canvas caches hangs on it.
    pub revision: u64,
    /// The steps, drawn in this order.
    pub steps: Vec<StepView>,
    /// The wires.
    pub wires: Vec<WireView>,
    /// Titled frames behind the steps.
    pub frames: Vec<FrameView>,
    /// Notes and comments.
    pub notes: Vec<NoteView>,
    /// What to do next, shown while there are no steps.
    pub empty_hint: String,
}

/// One step as it appears.
#[derive(Clone, Debug)]
pub struct StepView {
    /// The id that events carry.
    pub id: String,
    /// Its name, given by the user.
    pub title: String,
    /// The name of its kind, for screen readers: "Filter".
    pub kind: String,
    /// Its palette group: hue, and icon where none is given.
    pub group: Group,
    /// Its icon.
    pub icon: Icon,
    /// What it does, in one line: a condition, keys, a format.
    pub line: String,
    /// The line is code (set in the data font).
    pub line_is_code: bool,
    /// Its top left corner, in canvas points.
    pub position: Pos2,
    /// Input ports, from the top.
    pub inputs: Vec<PortView>,
    /// Output ports, from the top.
    pub outputs: Vec<PortView>,
    /// How far its result is to be trusted.
    pub state: StepState,
    /// Footer, left: counts. Empty: the state's own word.
    pub footer_left: String,
    /// Footer, right.
    pub footer_right: String,
    /// The footer's right part needs a look (unread lines).
    pub footer_warns: bool,
    /// An answer's number and what it counts.
    pub headline: Option<(String, String)>,
    /// An answer's small chart.
    pub sparkline: Sparkline,
    /// Shown on hover: the columns. Empty for none.
    pub hover: String,
    /// Steps back, while something else is lit (the lineage of a column).
    pub dimmed: bool,
    /// A suggestion, not yet part of the flow.
    pub is_ghost: bool,
    /// Left out: its rows pass as they come.
    pub is_bypassed: bool,
    /// Stands for a group of steps.
    pub is_group: bool,
    /// Comments on it that are not settled.
    pub comments: usize,
}

/// A chart without words: bars for names, lines for times.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Sparkline {
    #[default]
    None,
    Bars(Vec<f32>),
    /// Of each line the pieces that belong together.
    Lines(Vec<Vec<Vec<[f32; 2]>>>),
}

impl StepView {
    /// A step with one input and one output, and nothing to say yet.
    pub fn new(id: impl Into<String>, title: impl Into<String>, group: Group, position: Pos2) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            kind: group.title().to_owned(),
            group,
            icon: Icon::of_group(group),
            line: String::new(),
            line_is_code: false,
            position,
            inputs: vec![PortView::new("in", "input")],
            outputs: vec![PortView::new("out", "output")],
            state: StepState::Idle,
            footer_left: String::new(),
            footer_right: String::new(),
            footer_warns: false,
            headline: None,
            sparkline: Sparkline::None,
            hover: String::new(),
            dimmed: false,
            is_ghost: false,
            is_bypassed: false,
            is_group: false,
            comments: 0,
        }
    }

    /// Does it show a number (an answer card)?
    pub fn is_card(&self) -> bool {
        self.headline.is_some()
    }

    /// Its size, in canvas points. Known without laying out text.
    pub fn size(&self) -> Vec2 {
        let ports = self.inputs.len().max(self.outputs.len());
        let for_ports = HEADER + ports.saturating_sub(1) as f32 * PORT_PITCH + 16.0;
        if self.is_card() {
            let chart = if self.sparkline == Sparkline::None { 4.0 } else { 52.0 };
            let height = HEADER + 34.0 + chart + self.footer_height();
            vec2(ANSWER_WIDTH, height.max(for_ports))
        } else {
            vec2(STEP_WIDTH, (HEADER + LINE + FOOTER).max(for_ports))
        }
    }

    /// Height of the footer: a card's may take two lines.
    pub fn footer_height(&self) -> f32 {
        const FITS_ONE_LINE: usize = 38;
        if self.is_card() && self.footer_left.chars().count() > FITS_ONE_LINE { FOOTER + 14.0 } else { FOOTER }
    }

    /// Its rectangle, in canvas points.
    pub fn rect(&self) -> Rect {
        Rect::from_min_size(self.position, self.size())
    }

    /// The ports of a side.
    pub fn ports(&self, side: Side) -> &[PortView] {
        match side {
            Side::Input => &self.inputs,
            Side::Output => &self.outputs,
        }
    }
}

/// A port of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortView {
    /// The name that events carry.
    pub name: String,
    /// The word for it on screen.
    pub label: String,
}

impl PortView {
    /// A port.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into() }
    }
}

/// A side of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Left.
    Input,
    /// Right.
    Output,
}

impl Side {
    /// The other side.
    pub const fn other(self) -> Self {
        match self {
            Self::Input => Self::Output,
            Self::Output => Self::Input,
        }
    }
}

/// How far a step's result is to be trusted. Shown as a dot and a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StepState {
    /// Computed on the whole input.
    Exact,
    /// Computed on a sample.
    Sample,
    /// Being computed.
    Computing,
    /// The flow changed since it was computed.
    Stale,
    /// Computed on rows that were made up for a planned source.
    MadeUp,
    /// Data that is needed and does not exist yet.
    Planned,
    /// Broken: the message.
    Error(String),
    /// It waits for a setting that it cannot do without: which.
    Unfilled(String),
    /// Nothing computed yet.
    #[default]
    Idle,
}

impl StepState {
    /// Whether it has no rows by the design as it is.
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Error(_) | Self::Unfilled(_))
    }

    /// The word on screen; an error's is its message.
    pub fn word(&self) -> &str {
        match self {
            Self::Exact => "exact",
            Self::Sample => "sample",
            Self::Computing => "computing…",
            Self::Stale => "stale",
            Self::MadeUp => "made-up rows",
            Self::Planned => "data we need",
            Self::Error(message) => message,
            Self::Unfilled(_) => "to be filled in",
            Self::Idle => "no preview yet",
        }
    }
}

/// A wire, by the indices of its steps and ports in the scene.
#[derive(Clone, Debug)]
pub struct WireView {
    /// The id that events carry.
    pub id: String,
    /// The step it leaves, and which of its outputs.
    pub from: (usize, usize),
    /// The step it enters, and which of its inputs.
    pub to: (usize, usize),
    /// Rows, and the share kept.
    pub label: String,
    /// It carries made-up or planned data: drawn dashed.
    pub dashed: bool,
    /// Steps back, while something else is lit.
    pub dimmed: bool,
    /// What is wrong with what flows here; empty: nothing.
    pub fault: String,
    /// What goes over on it from one place to another; empty: it stays in one.
    pub crossing: String,
    /// Comments on it that are not settled.
    pub comments: usize,
}

impl WireView {
    /// A wire between the first ports of two steps.
    pub fn new(id: impl Into<String>, from: usize, to: usize) -> Self {
        Self {
            id: id.into(),
            from: (from, 0),
            to: (to, 0),
            label: String::new(),
            dashed: false,
            dimmed: false,
            fault: String::new(),
            crossing: String::new(),
            comments: 0,
        }
    }
}

/// A titled frame behind steps.
#[derive(Clone, Debug)]
pub struct FrameView {
    /// The id that events carry.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it lies, in canvas points.
    pub rect: Rect,
}

/// A note, or a comment with its author.
#[derive(Clone, Debug)]
pub struct NoteView {
    /// The id that events carry.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Who wrote it; empty for a plain note.
    pub author: String,
    /// Its top left corner, in canvas points.
    pub position: Pos2,
}

/// A port, by names: what events and the connection rule carry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRef {
    /// The step's id.
    pub step: String,
    /// Which side.
    pub side: Side,
    /// The port's name.
    pub port: String,
}

/// A port, by indices into the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortAt {
    /// Index of the step.
    pub step: usize,
    /// Which side.
    pub side: Side,
    /// Index of the port on its side.
    pub port: usize,
}

impl Scene {
    /// The names of a port.
    pub fn port_ref(&self, at: PortAt) -> Option<PortRef> {
        let step = self.steps.get(at.step)?;
        let port = step.ports(at.side).get(at.port)?;
        Some(PortRef { step: step.id.clone(), side: at.side, port: port.name.clone() })
    }

    /// The smallest rectangle around all steps, frames and notes; `None` when empty.
    pub fn bounds(&self) -> Option<Rect> {
        let steps = self.steps.iter().map(StepView::rect);
        let frames = self.frames.iter().map(|frame| frame.rect);
        let notes = self.notes.iter().map(|note| Rect::from_min_size(note.position, NOTE_SIZE));
        steps.chain(frames).chain(notes).reduce(Rect::union)
    }
}

/// The size of a note, in canvas points.
pub const NOTE_SIZE: Vec2 = vec2(STEP_WIDTH, 72.0);

/// Rectangles, wire ends and neighbours of a scene, kept until it changes.
///
/// Culling and hit tests scan these flat lists: 25,000 comparisons take some
/// tens of microseconds and need no upkeep while steps are dragged.
#[derive(Clone, Debug, Default)]
pub struct Geometry {
    /// Per step.
    pub steps: Vec<Rect>,
    /// Per wire; `None` where it names a step or port that is not there.
    pub wires: Vec<Option<WireLine>>,
    /// Index by step id.
    pub index: HashMap<String, usize>,
    /// Around everything.
    pub bounds: Option<Rect>,
}

/// Where a wire runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WireLine {
    /// Its output port.
    pub from: Pos2,
    /// Its input port.
    pub to: Pos2,
    /// How far it runs level out of its output, before it curves.
    pub level: f32,
    /// Around its whole curve.
    pub bounds: Rect,
}

impl WireLine {
    /// The curve between two ports.
    pub fn new(from: Pos2, to: Pos2) -> Self {
        let bend = Self::bend(from, to);
        let bounds =
            Rect::from_two_pos(from, to).union(Rect::from_two_pos(from + vec2(bend, 0.0), to - vec2(bend, 0.0)));
        Self { from, to, level: 0.0, bounds }
    }

    /// The curve to a step's further input: it stays on the row of its own source as long as it can, below (or above)
    /// the steps that lead to the first input.
    pub fn beside(from: Pos2, to: Pos2) -> Self {
        const CURVE: f32 = 120.0;
        Self { level: (to.x - from.x - CURVE).max(0.0), ..Self::new(from, to) }
    }

    /// How far the curve runs straight out of its ports. Canvas points.
    fn bend(from: Pos2, to: Pos2) -> f32 {
        let (dx, dy) = (to.x - from.x, (to.y - from.y).abs());
        if dx >= 0.0 {
            (dx * 0.5).max((dy * 0.5).min(48.0)).min(160.0)
        } else {
            // A wire that runs back swings out further, to stay readable.
            (dx.abs() * 0.5).clamp(48.0, 200.0)
        }
    }

    /// The point at `t` (0 to 1) of the level part and the cubic curve after it.
    pub fn at(&self, t: f32) -> Pos2 {
        let share = if self.level > 0.0 { self.level / (self.to.x - self.from.x) } else { 0.0 };
        if t < share {
            return self.from + vec2(self.level * t / share, 0.0);
        }
        let t = (t - share) / (1.0 - share);
        let from = self.from + vec2(self.level, 0.0);
        let bend = Self::bend(from, self.to);
        let (a, b) = (from, from + vec2(bend, 0.0));
        let (c, d) = (self.to - vec2(bend, 0.0), self.to);
        let u = 1.0 - t;
        let (wa, wb, wc, wd) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
        pos2(wa * a.x + wb * b.x + wc * c.x + wd * d.x, wa * a.y + wb * b.y + wc * c.y + wd * d.y)
    }

    /// The distance of a point from the curve, in canvas points.
    pub fn distance(&self, point: Pos2) -> f32 {
        const PIECES: u16 = 24;
        let mut nearest = f32::INFINITY;
        let mut start = self.from;
        for piece in 1..=PIECES {
            let end = self.at(f32::from(piece) / f32::from(PIECES));
            nearest = nearest.min(distance_to_segment(point, start, end));
            start = end;
        }
        nearest
    }

    /// Does the straight line from `one` to `other` cross the curve?
    pub fn crosses(&self, one: Pos2, other: Pos2) -> bool {
        const PIECES: u16 = 24;
        let mut start = self.from;
        (1..=PIECES).any(|piece| {
            let end = self.at(f32::from(piece) / f32::from(PIECES));
            let crossed = segments_cross(start, end, one, other);
            start = end;
            crossed
        })
    }
}

fn distance_to_segment(point: Pos2, start: Pos2, end: Pos2) -> f32 {
    let along = end - start;
    let length = along.length_sq();
    if length <= f32::EPSILON {
        return point.distance(start);
    }
    let t = ((point - start).dot(along) / length).clamp(0.0, 1.0);
    point.distance(start + along * t)
}

fn segments_cross(a: Pos2, b: Pos2, c: Pos2, d: Pos2) -> bool {
    let side = |p: Pos2, q: Pos2, r: Pos2| (q - p).x * (r - p).y - (q - p).y * (r - p).x;
    side(a, b, c) * side(a, b, d) <= 0.0 && side(c, d, a) * side(c, d, b) <= 0.0
}

impl Geometry {
    /// The geometry of a scene; `moved` gives how far a step is being dragged.
    pub fn of(scene: &Scene, moved: impl Fn(usize) -> Vec2) -> Self {
        let steps: Vec<Rect> =
            scene.steps.iter().enumerate().map(|(index, step)| step.rect().translate(moved(index))).collect();
        let mut geometry = Self {
            index: scene.steps.iter().enumerate().map(|(index, step)| (step.id.clone(), index)).collect(),
            bounds: scene.bounds(),
            steps,
            wires: Vec::new(),
        };
        geometry.wires = scene.wires.iter().map(|wire| geometry.wire_line(scene, wire)).collect();
        geometry
    }

    /// Follow a drag: new places for the steps that move, and for their wires.
    pub fn shift(&mut self, scene: &Scene, moved: impl Fn(usize) -> Option<Vec2>) {
        for (index, step) in scene.steps.iter().enumerate() {
            if let (Some(offset), Some(rect)) = (moved(index), self.steps.get_mut(index)) {
                *rect = step.rect().translate(offset);
            }
        }
        for (index, wire) in scene.wires.iter().enumerate() {
            if moved(wire.from.0).is_some() || moved(wire.to.0).is_some() {
                let line = self.wire_line(scene, wire);
                if let Some(slot) = self.wires.get_mut(index) {
                    *slot = line;
                }
            }
        }
    }

    fn wire_line(&self, scene: &Scene, wire: &WireView) -> Option<WireLine> {
        let end = |(step, port): (usize, usize), side: Side| self.port(scene, PortAt { step, side, port });
        let from = end(wire.from, Side::Output)?;
        let to = end(wire.to, Side::Input)?;
        Some(if wire.to.1 == 0 { WireLine::new(from, to) } else { WireLine::beside(from, to) })
    }

    /// The centre of a port, in canvas points.
    pub fn port(&self, scene: &Scene, at: PortAt) -> Option<Pos2> {
        let rect = self.steps.get(at.step)?;
        let step = scene.steps.get(at.step)?;
        step.ports(at.side).get(at.port)?;
        let x = match at.side {
            Side::Input => rect.left(),
            Side::Output => rect.right(),
        };
        Some(pos2(x, rect.top() + HEADER + at.port as f32 * PORT_PITCH))
    }

    /// The topmost step at a point.
    pub fn step_at(&self, point: Pos2) -> Option<usize> {
        self.steps.iter().rposition(|rect| rect.contains(point))
    }

    /// The nearest port within `reach` of a point.
    pub fn port_at(&self, scene: &Scene, point: Pos2, reach: f32) -> Option<PortAt> {
        let mut nearest: Option<(f32, PortAt)> = None;
        for (step, rect) in self.steps.iter().enumerate() {
            if !rect.expand(reach).contains(point) {
                continue;
            }
            for side in [Side::Input, Side::Output] {
                for port in 0..scene.steps.get(step).map_or(0, |s| s.ports(side).len()) {
                    let at = PortAt { step, side, port };
                    let Some(centre) = self.port(scene, at) else {
                        continue;
                    };
                    let distance = centre.distance(point);
                    if distance <= reach && nearest.is_none_or(|(best, _)| distance <= best) {
                        nearest = Some((distance, at));
                    }
                }
            }
        }
        nearest.map(|(_, at)| at)
    }

    /// The nearest wire within `reach` of a point.
    pub fn wire_at(&self, point: Pos2, reach: f32) -> Option<usize> {
        self.wires
            .iter()
            .enumerate()
            .filter_map(|(index, line)| Some((index, (*line)?)))
            .filter(|(_, line)| line.bounds.expand(reach).contains(point))
            .map(|(index, line)| (index, line.distance(point)))
            .filter(|(_, distance)| *distance <= reach)
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(index, _)| index)
    }

    /// The steps inside or touched by a rectangle.
    pub fn steps_in(&self, area: Rect) -> impl Iterator<Item = usize> + '_ {
        self.steps.iter().enumerate().filter(move |(_, rect)| area.intersects(**rect)).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Scene {
        let mut scene = Scene::default();
        scene.steps.push(StepView::new("a", "A", Group::Extract, pos2(0.0, 0.0)));
        scene.steps.push(StepView::new("b", "B", Group::Clean, pos2(300.0, 100.0)));
        scene.wires.push(WireView::new("w", 0, 1));
        scene
    }

    #[test]
    fn a_point_finds_its_step_port_and_wire() {
        let scene = pair();
        let geometry = Geometry::of(&scene, |_| Vec2::ZERO);
        assert_eq!(geometry.step_at(pos2(310.0, 110.0)), Some(1));
        assert_eq!(geometry.step_at(pos2(250.0, 50.0)), None);
        let port = geometry.port_at(&scene, pos2(219.0, 32.0), 8.0).unwrap();
        assert_eq!((port.step, port.side), (0, Side::Output));
        assert_eq!(geometry.port_at(&scene, pos2(240.0, 32.0), 8.0), None);
        let line = geometry.wires[0].unwrap();
        assert_eq!(geometry.wire_at(line.at(0.4), 3.0), Some(0));
        assert_eq!(geometry.wire_at(line.at(0.4) + vec2(0.0, 60.0), 3.0), None);
        assert!(line.crosses(pos2(258.0, 0.0), pos2(258.0, 200.0)));
        assert!(!line.crosses(pos2(258.0, 300.0), pos2(258.0, 400.0)));
    }

    #[test]
    fn a_wire_that_names_a_missing_step_is_no_line() {
        let mut scene = pair();
        scene.wires.push(WireView::new("lost", 0, 9));
        let geometry = Geometry::of(&scene, |_| Vec2::ZERO);
        assert_eq!(geometry.wires[1], None);
        assert_eq!(geometry.wire_at(pos2(1.0, 1.0), 5.0), None);
    }

    #[test]
    fn a_drag_takes_the_wires_along() {
        let scene = pair();
        let mut geometry = Geometry::of(&scene, |_| Vec2::ZERO);
        let before = geometry.wires[0].unwrap();
        geometry.shift(&scene, |step| (step == 1).then_some(vec2(40.0, 8.0)));
        let after = geometry.wires[0].unwrap();
        assert_eq!(after.from, before.from);
        assert_eq!(after.to, before.to + vec2(40.0, 8.0));
    }

    #[test]
    fn a_step_grows_with_its_ports() {
        let mut step = StepView::new("a", "A", Group::Enrich, Pos2::ZERO);
        assert_eq!(step.size(), vec2(216.0, 80.0));
        step.inputs = (0..6).map(|n| PortView::new(n.to_string(), "in")).collect();
        assert_eq!(step.size().y, 146.0);
    }
}
