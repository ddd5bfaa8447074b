//! A random monkey at the designer: it clicks, drags, scrolls, types and presses keys by a seed, through the input that
//! a window gives. After every event the project holds what holds of every project; undone to the start it is the file
//! byte for byte. Seconds by default; `PIPEWRIGHT_LONG=1`: ten minutes. `PIPEWRIGHT_SEED` is the first seed.

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::{App, Settings};
use pipewright_core::project::{check_invariants, load, to_text};

use crate::gui::wait;
use crate::gui_canvas::example;

const SIZE: [f32; 2] = [1280.0, 800.0];
/// What is typed: parts of expressions, names that are hostile, numbers.
const WORDS: [&str; 14] = [
    "status",
    ">= 500",
    "sum(",
    "path",
    "'",
    "\"",
    "名前",
    "🦀",
    "-1",
    "1e9",
    "${slow_after}",
    "count(*)",
    "\u{202e}x",
    ")",
];
/// Keys that lead out of the project or start long work are left alone: save, open, new, quit, run, export.
const KEYS: [Key; 28] = [
    Key::Tab,
    Key::Enter,
    Key::Escape,
    Key::Delete,
    Key::Backspace,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::ArrowUp,
    Key::ArrowDown,
    Key::Home,
    Key::End,
    Key::PageDown,
    Key::Space,
    Key::A,
    Key::B,
    Key::C,
    Key::D,
    Key::F,
    Key::G,
    Key::L,
    Key::Z,
    Key::Y,
    Key::F6,
    Key::F7,
    Key::F9,
    Key::Menu,
    Key::Plus,
    Key::Minus,
];

/// xorshift: the same seed gives the same monkey.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() >> 11) as usize % most.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Anywhere but on the menu and the buttons at the top, which lead out of the project.
    fn place(&mut self) -> Pos2 {
        pos2(self.below(SIZE[0] as usize) as f32, 42.0 + self.below(SIZE[1] as usize - 42) as f32)
    }

    fn modifiers(&mut self) -> Modifiers {
        match self.below(8) {
            0 => Modifiers::COMMAND,
            1 => Modifiers::SHIFT,
            2 => Modifiers::ALT,
            3 => Modifiers::COMMAND | Modifiers::SHIFT,
            _ => Modifiers::NONE,
        }
    }
}

/// What one turn of the monkey sends.
fn events(random: &mut Random) -> Vec<Vec<Event>> {
    let button = |pos: Pos2, button: PointerButton, pressed: bool, modifiers: Modifiers| Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers,
    };
    match random.below(10) {
        0..=3 => {
            let at = random.place();
            let with = random.of(&[PointerButton::Primary, PointerButton::Primary, PointerButton::Secondary]);
            let held = random.modifiers();
            let click =
                vec![vec![Event::PointerMoved(at), button(at, with, true, held)], vec![button(at, with, false, held)]];
            if random.below(4) == 0 { [click.clone(), click].concat() } else { click }
        }
        4 | 5 => {
            let (from, to, held) = (random.place(), random.place(), random.modifiers());
            let middle = from + (to - from) / 2.0;
            vec![
                vec![Event::PointerMoved(from), button(from, PointerButton::Primary, true, held)],
                vec![Event::PointerMoved(middle)],
                vec![Event::PointerMoved(to)],
                vec![button(to, PointerButton::Primary, false, held)],
            ]
        }
        6 => {
            let delta = vec2(random.below(400) as f32 - 200.0, random.below(400) as f32 - 200.0);
            let unit = MouseWheelUnit::Point;
            let source = egui::MouseWheelSource::Trackpad;
            let modifiers = random.modifiers();
            vec![vec![
                Event::PointerMoved(random.place()),
                Event::MouseWheel { unit, delta, phase: TouchPhase::Move, source, modifiers },
            ]]
        }
        7 => vec![vec![Event::Text(random.of(&WORDS).to_owned())]],
        8 if random.below(4) == 0 => vec![vec![if random.below(2) == 0 { Event::Copy } else { Event::Cut }]],
        _ => {
            let (key, modifiers) = (random.of(&KEYS), random.modifiers());
            let press = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
            vec![vec![press(true), press(false)]]
        }
    }
}

/// What holds after every event.
fn check(harness: &Harness<'_, App>, told: &str) {
    let project = harness.state().project();
    let broken: Vec<_> = check_invariants(project).into_iter().filter(|found| found.is_error()).collect();
    assert!(broken.is_empty(), "{told}: {broken:?}");
    let text = to_text(project);
    let again = load(&text).unwrap_or_else(|fault| panic!("{told}: {fault}\n{text}"));
    assert_eq!(to_text(&again.0), text, "{told}");
}

/// Something that leads out of the project is open: it is left by its own key.
fn leaves(harness: &mut Harness<'_, App>) {
    let doors = ["Open", "Save as", "Run", "Export", "Unsaved changes", "Keyboard"];
    let is_open = doors.iter().any(|door| {
        harness.query_all_by_label(door).any(|node| node.accesskit_node().role() == egui::accesskit::Role::Label)
            || harness.query_all_by_value(door).next().is_some()
    });
    if is_open {
        harness.key_press(Key::Escape);
        harness.step();
        harness.step();
    }
}

/// Undo until nothing is left to undo.
fn undo_all(harness: &mut Harness<'_, App>) {
    for _ in 0..6 {
        harness.key_press(Key::Escape);
        harness.run_ok();
    }
    for _ in 0..20_000 {
        let undo = harness.get_by_label("Undo");
        if undo.accesskit_node().is_disabled() {
            return;
        }
        undo.click_accesskit();
        harness.step();
        harness.step();
    }
    panic!("there is no end to what can be undone");
}

/// One monkey. Gives how many turns it had.
fn run(home: &Path, seed: u64, until: Instant, most: usize) -> usize {
    let file = example(home);
    let before = std::fs::read_to_string(&file).unwrap();
    let config = home.to_owned();
    // What it types, no font of the program's has.
    let mut harness = Harness::builder()
        .with_size(SIZE)
        .with_max_steps(60)
        .allow_missing_glyphs()
        .build_eframe(move |context| App::new(&context.egui_ctx, Some(config), Settings::default(), vec![file]));
    wait(&mut harness, "the example", |app| app.rows("views", "out").is_some());
    assert_eq!(to_text(harness.state().project()), before, "the file is canonical");
    let mut random = Random::new(seed);
    let mut turns = 0;
    while turns < most && Instant::now() < until {
        turns += 1;
        for frame in events(&mut random) {
            let told = format!("seed {seed}, turn {turns}: {frame:?}");
            frame.into_iter().for_each(|event| harness.event(event));
            harness.step();
            check(&harness, &told);
        }
        leaves(&mut harness);
    }
    undo_all(&mut harness);
    assert_eq!(to_text(harness.state().project()), before, "seed {seed}, {turns} turns: undone to the start");
    turns
}

#[test]
fn a_monkey_breaks_nothing_and_all_is_undone() {
    let is_long = std::env::var_os("PIPEWRIGHT_LONG").is_some();
    let first = std::env::var("PIPEWRIGHT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let (time, seeds) = if is_long { (Duration::from_secs(600), 1000) } else { (Duration::from_secs(25), 2) };
    let until = Instant::now() + time;
    for seed in first..first + seeds {
        if Instant::now() >= until {
            break;
        }
        let home = tempfile::tempdir().unwrap();
        let turns = run(home.path(), seed, until, if is_long { 600 } else { 120 });
        println!("seed {seed}: {turns} turns");
    }
}
