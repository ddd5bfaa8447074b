//! Measures the canvas without a window: a whole egui frame, tessellation
//! included. Run by `pipewright bench canvas`, and by a test on a small scene.

use std::time::Instant;

use egui::{
    Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, RawInput, Rect, TouchPhase, Vec2,
    pos2, vec2,
};

use super::scene::{Group, PortView, Scene, StepState, StepView, WireView};
use super::{Canvas, PortRef, Selection};
use crate::gui::theme;

/// Milliseconds a frame of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameTimes {
    /// What was done.
    pub name: String,
    /// CPU time of the mean frame; without other processes' share.
    pub mean_cpu_ms: f64,
    /// The middle of all frames.
    pub median_ms: f64,
    /// 19 of 20 frames took no longer.
    pub p95_ms: f64,
}

/// A made-up flow: `steps` in rows of 100 columns, wired to the next columns.
pub fn made_up_scene(steps: usize, wires: usize) -> Scene {
    let mut random = fastrand::Rng::with_seed(11);
    let states = [
        StepState::Exact,
        StepState::Sample,
        StepState::Computing,
        StepState::Stale,
        StepState::Error("unknown column `memory`".to_owned()),
    ];
    let columns = ((steps as f32).sqrt() * 0.8).ceil().max(1.0) as usize;
    let mut scene = Scene { revision: 1, ..Scene::default() };
    for n in 0..steps {
        let at = pos2((n % columns) as f32 * 288.0, (n / columns) as f32 * 120.0);
        let group = Group::ALL[(n % columns) % Group::ALL.len()];
        let mut step = StepView::new(format!("step{n}"), format!("Requests by path {n}"), group, at);
        step.line = format!("status >= {} or request_time > {}", n % 600, n % 7);
        step.line_is_code = n % 2 == 0;
        step.state = states[n % states.len()].clone();
        step.footer_left = format!("{} rows kept", n * 37);
        step.footer_right = format!("{} dropped", n * 11);
        step.inputs.push(PortView::new("right", "right"));
        scene.steps.push(step);
    }
    for n in 0..wires {
        let from = n % steps.max(1);
        let to = from + 1 + random.usize(..3) * columns;
        if to < steps && !to.is_multiple_of(columns) {
            let mut wire = WireView::new(format!("wire{n}"), from, to);
            wire.to.1 = n / steps % 2;
            wire.label = format!("{} k", n % 900);
            scene.wires.push(wire);
        }
    }
    scene
}

/// The frame times of a scene of this size for panning, zooming and dragging,
/// zoomed in and with everything in view. Only scenarios whose name contains
/// `filter` are run (`""`: all).
pub fn bench_frames(steps: usize, wires: usize, filter: &str) -> Vec<FrameTimes> {
    const FRAMES: usize = 60;
    measure(steps, wires, filter, FRAMES)
}

fn measure(steps: usize, wires: usize, filter: &str, frames: usize) -> Vec<FrameTimes> {
    let scene = made_up_scene(steps, wires);
    let mut results = Vec::new();
    for (place, zoom) in
        [("all in view", None), ("zoom 0.3", Some(0.3)), ("zoom 0.5", Some(0.5)), ("zoom 1", Some(1.0))]
    {
        for action in [Action::Still, Action::Pan, Action::Zoom, Action::Drag] {
            for voice in ["", ", screen reader"] {
                let name = format!("{place}, {}{voice}", action.name());
                if name.contains(filter) {
                    let mut bench = Bench::new(&scene, zoom, !voice.is_empty());
                    results.push(bench.run(name, action, frames));
                }
            }
        }
    }
    results
}

/// Time that this thread was computing, in milliseconds, where the system tells
/// (Linux): what other processes do to a busy machine does not count. Coarse,
/// so only sums over many frames mean something.
fn computing_ms() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e6)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Still,
    Pan,
    Zoom,
    Drag,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Still => "still",
            Self::Pan => "pan",
            Self::Zoom => "zoom",
            Self::Drag => "drag",
        }
    }
}

struct Bench<'a> {
    ctx: Context,
    canvas: Canvas,
    scene: &'a Scene,
    time: f64,
}

const SCREEN: Vec2 = vec2(1600.0, 1000.0);

impl<'a> Bench<'a> {
    fn new(scene: &'a Scene, zoom: Option<f32>, accessible: bool) -> Self {
        let ctx = Context::default();
        theme::apply(&ctx, egui::ThemePreference::Dark);
        if accessible {
            ctx.enable_accesskit();
        }
        let mut bench = Self { ctx, canvas: Canvas::default(), scene, time: 0.0 };
        bench.frame(Vec::new());
        if let (Some(zoom), Some(bounds)) = (zoom, scene.bounds()) {
            bench.canvas.view.zoom = zoom;
            let screen = Rect::from_min_size(Pos2::ZERO, SCREEN);
            bench.canvas.view.centre_on(screen, bounds.center());
        }
        for _ in 0..40 {
            bench.frame(Vec::new());
        }
        bench
    }

    /// One frame, tessellation included; milliseconds.
    fn frame(&mut self, events: Vec<Event>) -> f64 {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SCREEN)),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let rule = |_: &PortRef, _: &PortRef| Ok(());
        let start = Instant::now();
        let output = self.ctx.run_ui(input, |ui| {
            self.canvas.ui(ui, self.scene, &rule);
        });
        let scale = output.pixels_per_point;
        let mut output = output;
        let shapes = std::mem::take(&mut output.shapes);
        let meshes = self.ctx.tessellate(shapes, scale);
        let passed = start.elapsed().as_secs_f64() * 1000.0;
        drop(meshes);
        output.drop_without_applying_deltas();
        passed
    }

    fn run(&mut self, name: String, action: Action, frames: usize) -> FrameTimes {
        let middle = (SCREEN / 2.0).to_pos2();
        self.frame(vec![Event::PointerMoved(middle)]);
        if action == Action::Drag {
            self.grab();
        }
        let before = computing_ms();
        let mut times: Vec<f64> = (0..frames).map(|n| self.frame(Self::events(action, n))).collect();
        let passed: f64 = match (before, computing_ms()) {
            (Some(before), Some(after)) => after - before,
            _ => times.iter().sum(),
        };
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        FrameTimes { name, mean_cpu_ms: passed / frames.max(1) as f64, median_ms: at(0.5), p95_ms: at(0.95) }
    }

    fn events(action: Action, frame: usize) -> Vec<Event> {
        let wheel = |delta: Vec2, modifiers: Modifiers| Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta,
            phase: TouchPhase::Move,
            source: MouseWheelSource::Trackpad,
            modifiers,
        };
        let way = if (frame / 15).is_multiple_of(2) { 1.0 } else { -1.0 };
        match action {
            Action::Still => Vec::new(),
            Action::Pan => vec![wheel(vec2(way * 17.0, way * 9.0), Modifiers::NONE)],
            Action::Zoom => vec![Event::Zoom(1.0 + way * 0.01)],
            Action::Drag => {
                let at = SCREEN / 2.0 + vec2(frame as f32 * 3.0, frame as f32 * 2.0);
                vec![Event::PointerMoved(at.to_pos2())]
            }
        }
    }

    /// Select a third of all steps, and take hold of the one nearest the middle.
    fn grab(&mut self) {
        let middle = (SCREEN / 2.0).to_pos2();
        let at = self.canvas.canvas_point(middle);
        let nearest = self.scene.steps.iter().min_by(|a, b| {
            let distance = |step: &StepView| step.rect().center().distance_sq(at);
            distance(a).total_cmp(&distance(b))
        });
        let Some(lead) = nearest else {
            return;
        };
        let mut selection = Selection::default();
        let every_third = self.scene.steps.iter().step_by(3);
        selection.steps.extend(every_third.map(|step| step.id.clone()));
        selection.steps.insert(lead.id.clone());
        self.canvas.select(selection);
        let hold = self.canvas.screen_point(lead.rect().center());
        self.frame(vec![Event::PointerMoved(hold)]);
        self.frame(vec![Event::PointerButton {
            pos: hold,
            button: PointerButton::Primary,
            pressed: true,
            modifiers: Modifiers::NONE,
        }]);
        self.frame(vec![Event::PointerMoved(hold + vec2(20.0, 0.0))]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_measured() {
        let results = measure(30, 45, "", 2);
        assert_eq!(results.len(), 32);
        assert!(results.iter().all(|r| r.p95_ms > 0.0 && r.p95_ms >= r.median_ms));
    }

    #[test]
    fn an_idle_canvas_asks_for_no_frame() {
        let scene = made_up_scene(60, 90);
        let mut bench = Bench::new(&scene, Some(1.0), true);
        bench.frame(Vec::new());
        assert!(!bench.ctx.has_requested_repaint());
    }
}
