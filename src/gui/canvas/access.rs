//! Names for screen readers and for tests: every step whose name is seen, its
//! ports, and wires while they are few. What is off-screen costs nothing.

use egui::{Id, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, accesskit};

use super::interaction::{Gesture, Hand, choose_step, choose_wire};
use super::scene::{PortAt, Scene, Side, StepView};
use super::view::NAMED;
use super::{Canvas, CanvasEvent, ConnectRule, connecting};

/// More visible wires than this are not named one by one.
const WIRES: usize = 80;
/// More visible steps than this are not named one by one.
const STEPS: usize = 600;
/// Ports are named from this zoom on.
const PORT_ZOOM: f32 = 0.55;

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Describe what is seen, and do what a screen reader asks for.
pub fn describe(
    canvas: &mut Canvas,
    ui: &Ui,
    response: &Response,
    scene: &Scene,
    rule: ConnectRule<'_>,
    events: &mut Vec<CanvasEvent>,
) {
    let ctx = ui.ctx();
    let name = format!("canvas, {}, {}", counted(scene.steps.len(), "step"), counted(scene.wires.len(), "wire"));
    response.widget_info(|| WidgetInfo::labeled(Role::Group, ui.is_enabled(), &name));
    let active = canvas.focus.clone().filter(|_| response.has_focus());
    let active = active.map(|id| step_id(response, &id).accesskit_id());
    let is_listening = ctx.accesskit_node_builder(response.id, |node| {
        if let Some(active) = active {
            node.set_active_descendant(active);
        }
    });
    if is_listening.is_none() || canvas.view.zoom < NAMED {
        return;
    }
    let mut hand = Hand { ui, response, scene, rule, events };
    let seen = canvas.view.visible(response.rect);
    let steps: Vec<usize> = canvas.cache.geometry.steps_in(seen).take(STEPS).collect();
    for index in &steps {
        describe_step(canvas, &mut hand, *index);
    }
    if canvas.view.zoom >= PORT_ZOOM {
        for index in &steps {
            describe_ports(canvas, &mut hand, *index);
        }
    }
    describe_wires(canvas, &mut hand, seen);
}

fn step_id(response: &Response, id: &str) -> Id {
    response.id.with(("step", id))
}

/// A named place without a widget of its own: pointers go through to the canvas.
/// Returns whether a screen reader clicked it.
fn place(hand: &Hand<'_, '_>, id: Id, rect: Rect, selected: bool, name: &str) -> bool {
    let rect = rect.intersect(hand.response.rect);
    if !rect.is_positive() {
        return false;
    }
    let response = hand.ui.interact(rect, id, Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, name));
    hand.ui.ctx().accesskit_node_builder(id, |node| {
        node.add_action(accesskit::Action::Click);
    });
    if response.has_focus() {
        // Focus stays with the canvas, which names its active descendant.
        hand.response.request_focus();
    }
    hand.ui.input(|input| input.has_accesskit_action_request(id, accesskit::Action::Click))
}

/// Title, kind, state: what a step is called; and what needs a look.
pub fn step_name(step: &StepView) -> String {
    let suggested = if step.is_ghost { "suggested, " } else { "" };
    let warns = if step.footer_warns { format!(", {}", step.footer_right) } else { String::new() };
    let told = step.headline.as_ref().map_or(String::new(), |(number, what)| format!(", {number} {what}"));
    let said = said_of(step.comments);
    format!("{}, {}, {suggested}{}{told}{warns}{said}", step.title, step.kind, step.state.word())
}

/// How many comments there are on something.
fn said_of(comments: usize) -> String {
    match comments {
        0 => String::new(),
        1 => ", 1 comment".to_owned(),
        more => format!(", {more} comments"),
    }
}

fn describe_step(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, index: usize) {
    let (Some(step), Some(rect)) = (hand.scene.steps.get(index), canvas.cache.geometry.steps.get(index)) else {
        return;
    };
    let rect = canvas.view.rect_to_screen(hand.response.rect, *rect);
    let selected = canvas.selection.steps.contains(&step.id);
    let id = step_id(hand.response, &step.id);
    if place(hand, id, rect, selected, &step_name(step)) {
        choose_step(canvas, hand, step.id.clone());
    }
}

fn describe_ports(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, index: usize) {
    let Some(step) = hand.scene.steps.get(index) else {
        return;
    };
    for side in [Side::Input, Side::Output] {
        for (port, view) in step.ports(side).iter().enumerate() {
            let at = PortAt { step: index, side, port };
            let Some(centre) = canvas.cache.geometry.port(hand.scene, at) else {
                continue;
            };
            let centre = canvas.screen_point(centre);
            let rect = Rect::from_center_size(centre, Vec2::splat(16.0));
            let word = match side {
                Side::Input => "input",
                Side::Output => "output",
            };
            let name = if view.label == word {
                format!("{} {word}", step.title)
            } else {
                format!("{} {word} {}", step.title, view.label)
            };
            let id = hand.response.id.with(("port", &step.id, word, &view.name));
            if place(hand, id, rect, false, &name) {
                click_port(canvas, hand, at);
            }
        }
    }
}

/// A screen reader's click on a port starts a wire, a second one ends it.
fn click_port(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, at: PortAt) {
    let Some(centre) = canvas.cache.geometry.port(hand.scene, at) else {
        return;
    };
    if !matches!(canvas.gesture, Gesture::Connect(_)) {
        connecting::begin(canvas, hand, at, centre, true);
        return;
    }
    connecting::proceed(canvas, hand, centre);
    if let Gesture::Connect(connect) = std::mem::take(&mut canvas.gesture) {
        connecting::finish(canvas, hand, connect);
    }
}

fn describe_wires(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, seen: Rect) {
    let lines: Vec<(usize, egui::Pos2)> = canvas
        .cache
        .geometry
        .wires
        .iter()
        .enumerate()
        .filter_map(|(index, line)| Some((index, (*line)?)))
        .filter(|(_, line)| seen.intersects(line.bounds))
        .map(|(index, line)| (index, line.at(0.5)))
        .take(WIRES + 1)
        .collect();
    if lines.len() > WIRES {
        return;
    }
    for (index, middle) in lines {
        let Some(wire) = hand.scene.wires.get(index) else {
            continue;
        };
        let title = |step: usize| hand.scene.steps.get(step).map_or("", |s| s.title.as_str());
        let mut name = format!("wire from {} to {}", title(wire.from.0), title(wire.to.0));
        if !wire.label.is_empty() {
            name = format!("{name}, {}", wire.label);
        }
        if !wire.crossing.is_empty() {
            name = format!("{name}, {}", wire.crossing.replace('\n', ", "));
        }
        name.push_str(&said_of(wire.comments));
        let rect = Rect::from_center_size(canvas.screen_point(middle), Vec2::splat(12.0));
        let selected = canvas.selection.wires.contains(&wire.id);
        let id = hand.response.id.with(("wire", &wire.id));
        if place(hand, id, rect, selected, &name) {
            choose_wire(canvas, hand, wire.id.clone());
        }
    }
}
