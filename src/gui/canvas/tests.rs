//! The canvas used by a hand: pointer and keys in, events out. Without a window.

use egui::{Context, Event, Key, Modifiers, PointerButton, Pos2, RawInput, Rect, Vec2, pos2, vec2};

use super::*;

struct Desk {
    ctx: Context,
    canvas: Canvas,
    scene: Scene,
    size: Vec2,
    time: f64,
    refuses: &'static str,
}

impl Desk {
    /// Three steps in a row; the first two wired.
    fn new() -> Self {
        let mut scene = Scene { revision: 1, ..Scene::default() };
        for (n, id) in ["a", "b", "c"].into_iter().enumerate() {
            let at = pos2(n as f32 * 288.0, 0.0);
            let title = id.to_uppercase();
            scene.steps.push(StepView::new(id, title, Group::Shape, at));
        }
        scene.wires.push(WireView::new("w", 0, 1));
        let mut desk = Self {
            ctx: Context::default(),
            canvas: Canvas::default(),
            scene,
            size: vec2(1200.0, 700.0),
            time: 0.0,
            refuses: "",
        };
        crate::gui::theme::apply(&desk.ctx, egui::ThemePreference::Dark);
        desk.ctx.enable_accesskit();
        desk.frame(vec![]);
        desk
    }

    fn frame(&mut self, events: Vec<Event>) -> Vec<CanvasEvent> {
        self.time += 0.1;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let refuses = self.refuses;
        let rule = |_: &PortRef, to: &PortRef| match to.step == refuses {
            true => Err("no".to_owned()),
            false => Ok(()),
        };
        let mut found = Vec::new();
        let output = self.ctx.run_ui(input, |ui| {
            found.extend(self.canvas.ui(ui, &self.scene, &rule).events);
        });
        output.drop_without_applying_deltas();
        found.retain(|event| !matches!(event, CanvasEvent::Hover(_)));
        found
    }

    fn at(&self, step: usize, side: Side) -> Pos2 {
        let at = PortAt { step, side, port: 0 };
        let port = self.canvas.cache.geometry.port(&self.scene, at);
        self.canvas.screen_point(port.unwrap())
    }

    fn middle(&self, step: usize) -> Pos2 {
        self.canvas.screen_point(self.scene.steps[step].rect().center())
    }

    fn button(&mut self, pos: Pos2, pressed: bool, modifiers: Modifiers) -> Vec<CanvasEvent> {
        let button = PointerButton::Primary;
        self.frame(vec![
            Event::ModifiersChanged(modifiers),
            Event::PointerMoved(pos),
            Event::PointerButton { pos, button, pressed, modifiers },
        ])
    }

    fn click(&mut self, pos: Pos2, modifiers: Modifiers) -> Vec<CanvasEvent> {
        self.time += 1.0;
        self.frame(vec![Event::PointerMoved(pos)]);
        let mut found = self.button(pos, true, modifiers);
        found.extend(self.button(pos, false, modifiers));
        found
    }

    fn drag(&mut self, path: &[Pos2], modifiers: Modifiers) -> Vec<CanvasEvent> {
        self.time += 1.0;
        self.frame(vec![Event::PointerMoved(path[0])]);
        let mut found = self.button(path[0], true, modifiers);
        for pos in path {
            found.extend(self.frame(vec![Event::PointerMoved(*pos)]));
        }
        found.extend(self.button(path[path.len() - 1], false, modifiers));
        found
    }

    fn key(&mut self, key: Key, modifiers: Modifiers) -> Vec<CanvasEvent> {
        self.frame(vec![Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }])
    }

    fn selected(&self) -> Vec<&str> {
        self.canvas.selection.steps.iter().map(String::as_str).collect()
    }
}

#[test]
fn a_click_selects_and_shift_adds() {
    let mut desk = Desk::new();
    let found = desk.click(desk.middle(0), Modifiers::NONE);
    assert!(matches!(found.as_slice(), [CanvasEvent::Select(_)]), "{found:?}");
    desk.click(desk.middle(2), Modifiers::SHIFT);
    assert_eq!(desk.selected(), ["a", "c"]);
    desk.click(desk.middle(1), Modifiers::NONE);
    assert_eq!(desk.selected(), ["b"]);
    desk.click(pos2(600.0, 650.0), Modifiers::NONE);
    assert!(desk.selected().is_empty());
}

#[test]
fn a_box_selects_what_it_touches() {
    let mut desk = Desk::new();
    let from = desk.middle(0) - vec2(180.0, 120.0);
    let to = desk.middle(1);
    desk.drag(&[from, from + vec2(30.0, 30.0), to], Modifiers::NONE);
    assert_eq!(desk.selected(), ["a", "b"]);
}

#[test]
fn a_drag_is_reported_once_at_its_end_and_snaps() {
    let mut desk = Desk::new();
    let from = desk.middle(2);
    let found = desk.drag(&[from, from + vec2(9.0, 90.0), from + vec2(33.0, 161.0)], Modifiers::NONE);
    let moved: Vec<_> = found.iter().filter(|event| matches!(event, CanvasEvent::Moved(_))).collect();
    let expected = CanvasEvent::Moved(vec![("c".to_owned(), pos2(608.0, 160.0))]);
    assert_eq!(moved, [&expected]);
}

#[test]
fn a_drag_survives_a_new_scene() {
    let mut desk = Desk::new();
    let from = desk.middle(1);
    desk.frame(vec![Event::PointerMoved(from)]);
    desk.button(from, true, Modifiers::NONE);
    desk.frame(vec![Event::PointerMoved(from + vec2(40.0, 200.0))]);
    desk.scene.revision += 1;
    desk.scene.steps.rotate_left(1);
    desk.scene.wires.clear();
    let found = desk.button(from + vec2(40.0, 200.0), false, Modifiers::NONE);
    let expected = CanvasEvent::Moved(vec![("b".to_owned(), pos2(328.0, 200.0))]);
    assert_eq!(found, [expected]);
}

#[test]
fn a_wire_from_port_to_port_connects_unless_the_rule_refuses() {
    let mut desk = Desk::new();
    let (from, to) = (desk.at(1, Side::Output), desk.at(2, Side::Input));
    let path = [from, from + vec2(20.0, 5.0), to];
    let found = desk.drag(&path, Modifiers::NONE);
    let [CanvasEvent::Connect { from, to }] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((from.step.as_str(), to.step.as_str()), ("b", "c"));
    desk.refuses = "c";
    assert!(desk.drag(&path, Modifiers::NONE).is_empty());
}

#[test]
fn a_wire_dropped_in_the_open_asks_for_the_palette() {
    let mut desk = Desk::new();
    let from = desk.at(1, Side::Output);
    let to = from + vec2(30.0, 200.0);
    let found = desk.drag(&[from, from + vec2(10.0, 30.0), to], Modifiers::NONE);
    let [CanvasEvent::WireDropped { from, screen, .. }] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(from.step, "b");
    assert!(screen.distance(to) < 0.5);
}

#[test]
fn a_wire_is_pulled_off_its_input_or_moved() {
    let mut desk = Desk::new();
    let from = desk.at(1, Side::Input);
    let open = from + vec2(-30.0, 200.0);
    let found = desk.drag(&[from, from + vec2(-10.0, 30.0), open], Modifiers::NONE);
    let wire = "w".to_owned();
    assert_eq!(found, [CanvasEvent::Disconnect { wire }]);
    let other = desk.at(2, Side::Input);
    let found = desk.drag(&[from, from + vec2(10.0, 40.0), other], Modifiers::NONE);
    let [CanvasEvent::Reconnect { wire, to, .. }] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((wire.as_str(), to.step.as_str()), ("w", "c"));
}

#[test]
fn a_free_step_dropped_on_a_wire_goes_between() {
    let mut desk = Desk::new();
    let line = desk.canvas.cache.geometry.wires[0].unwrap();
    let on = desk.canvas.screen_point(line.at(0.5));
    let from = desk.middle(2);
    let found = desk.drag(&[from, from + vec2(0.0, 40.0), on], Modifiers::ALT);
    let changes: Vec<&CanvasEvent> = found.iter().filter(|event| !matches!(event, CanvasEvent::Select(_))).collect();
    let [CanvasEvent::InsertOnWire { step, wire, .. }] = changes.as_slice() else {
        panic!("one change: {found:?}");
    };
    assert_eq!((step.as_str(), wire.as_str()), ("c", "w"));
}

#[test]
fn an_alt_drag_over_a_wire_cuts_it() {
    let mut desk = Desk::new();
    let line = desk.canvas.cache.geometry.wires[0].unwrap();
    let on = desk.canvas.screen_point(line.at(0.5));
    let (above, below) = (on - vec2(0.0, 120.0), on + vec2(0.0, 120.0));
    let found = desk.drag(&[above, on, below], Modifiers::ALT);
    let wire = "w".to_owned();
    assert_eq!(found, [CanvasEvent::Disconnect { wire }]);
}

#[test]
fn the_keyboard_does_the_same() {
    let mut desk = Desk::new();
    desk.click(desk.middle(0), Modifiers::NONE);
    let found = desk.key(Key::ArrowDown, Modifiers::NONE);
    let expected = CanvasEvent::Moved(vec![("a".to_owned(), pos2(0.0, 4.0))]);
    assert_eq!(found, [expected]);
    desk.key(Key::ArrowRight, Modifiers::ALT);
    assert_eq!(desk.selected(), ["b"]);
    let found = desk.key(Key::Enter, Modifiers::NONE);
    assert_eq!(found, [CanvasEvent::Open("b".to_owned())]);
    let found = desk.key(Key::Tab, Modifiers::NONE);
    assert!(matches!(found.as_slice(), [CanvasEvent::PaletteAt { .. }]));
    // Backwards is another way.
    assert_eq!(desk.key(Key::Tab, Modifiers::SHIFT), []);
    desk.click(desk.middle(1), Modifiers::NONE);
    let found = desk.key(Key::Delete, Modifiers::NONE);
    let [CanvasEvent::Delete(selection)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert!(selection.steps.contains("b"));
    desk.key(Key::A, Modifiers::COMMAND);
    assert_eq!(desk.selected(), ["a", "b", "c"]);
    desk.key(Key::Escape, Modifiers::NONE);
    assert!(desk.selected().is_empty());
}

#[test]
fn a_double_click_opens_a_step_or_the_palette() {
    let mut desk = Desk::new();
    for (pos, opens) in [(desk.middle(1), true), (pos2(600.0, 650.0), false)] {
        desk.click(pos, Modifiers::NONE);
        desk.button(pos, true, Modifiers::NONE);
        let found = desk.button(pos, false, Modifiers::NONE);
        let matches = found.iter().any(|event| match event {
            CanvasEvent::Open(id) => opens && id == "b",
            CanvasEvent::PaletteAt { .. } => !opens,
            _ => false,
        });
        assert!(matches, "{found:?}");
    }
}

#[test]
fn what_is_gone_is_no_longer_selected() {
    let mut desk = Desk::new();
    desk.click(desk.middle(2), Modifiers::NONE);
    desk.scene.revision += 1;
    desk.scene.steps.pop();
    desk.frame(vec![]);
    assert!(desk.canvas.selection().is_empty());
}

#[test]
fn no_size_does_no_harm() {
    for size in [Vec2::ZERO, vec2(1.0, 1.0), vec2(3.0, 900.0), vec2(40.0, 2.0)] {
        let mut desk = Desk::new();
        desk.size = size;
        for _ in 0..3 {
            desk.frame(vec![Event::PointerMoved(pos2(0.5, 0.5))]);
        }
        desk.drag(&[pos2(0.2, 0.2), pos2(0.9, 0.9)], Modifiers::NONE);
        desk.key(Key::Home, Modifiers::NONE);
    }
}
