//! Keys to commands, and the list of keys. A focused text field owns the clipboard and undo keys; the canvas takes its
//! own keys before these.

use egui::{Context, Event, Key, Modifiers, Ui};

use super::command::{Action, Actions, Command};
use super::state::StateRef;
use super::state::view::View;
use super::theme;
use super::widgets;

/// Keys of the canvas, which are no commands.
const CANVAS_KEYS: [(&str, &str); 13] = [
    ("Arrows", "move the selected steps"),
    ("Alt + arrows", "go along wires to the next step"),
    ("Shift + Alt + arrows", "go there and select it, too"),
    ("Enter", "open the step's form"),
    ("Double click", "add a step there"),
    ("Space + drag, middle drag", "move the view"),
    ("Wheel", "move; with Ctrl zoom"),
    ("Shift + click", "add to the selection"),
    ("Drag on nothing", "select with a box"),
    ("Drag from a port", "draw a wire; drop on nothing to add a step"),
    ("Ctrl + Space", "completions in an expression"),
    ("Shift + Enter", "a new line in an expression"),
    ("Menu, Shift + F10", "what can be done with what has the keyboard"),
];

/// Keys of the rows in the preview.
const ROW_KEYS: [(&str, &str); 3] = [
    ("Click, Space", "choose a row: its lines and its way are told"),
    ("Shift + click, Shift + Space", "choose all rows up to this one"),
    ("Ctrl + click, Ctrl + Space", "choose one row more"),
];

/// Width of the keys before what they do.
const KEYS_WIDTH: f32 = 124.0;

/// Turns pressed keys into commands.
pub fn take_keys(ctx: &Context, state: StateRef<'_>, view: &View, out: &mut Actions) {
    let is_writing = ctx.text_edit_focused();
    let is_covered = view.present.is_some() || view.dialog.is_some() || view.palette.is_some() || view.search.is_some();
    if is_covered || !state.left.is_empty() {
        return;
    }
    let is_elsewhere = is_writing || egui::Popup::is_any_open(ctx);
    let is_taken = |command: &Command| !(command.is_of_canvas() || is_elsewhere && command.yields_to_text());
    let mut shortcuts: Vec<_> = Command::ALL
        .iter()
        .filter(|command| is_taken(command))
        .flat_map(|command| command.shortcuts().iter().map(move |keys| (keys, *command)))
        .collect();
    // A shortcut also fits with more keys held: Ctrl+Shift+S comes before Ctrl+S.
    shortcuts.sort_by_key(|(keys, _)| std::cmp::Reverse(u8::from(keys.modifiers.shift) + u8::from(keys.modifiers.alt)));
    for (keys, command) in shortcuts {
        if ctx.input_mut(|input| input.consume_shortcut(keys)) {
            out.command(command);
        }
    }
    if !is_elsewhere {
        clipboard_keys(ctx, view, out);
        if ctx.input_mut(|input| input.events.iter().any(|event| matches!(event, Event::Text(text) if text == "?"))) {
            out.command(Command::Keys);
        }
    }
}

fn clipboard_keys(ctx: &Context, view: &View, out: &mut Actions) {
    let events: Vec<Event> = ctx.input(|input| input.events.clone());
    for event in events {
        match event {
            Event::Copy => out.command(Command::Copy),
            Event::Cut => out.command(Command::Cut),
            Event::Paste(text) => {
                let at = ctx.pointer_hover_pos().map(|pointer| view.canvas.canvas_point(pointer));
                out.push(Action::PasteText { text, at });
            }
            _ => {}
        }
    }
    for (key, command) in [(Key::Plus, Command::ZoomIn), (Key::Minus, Command::ZoomOut)] {
        if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            out.command(command);
        }
    }
}

/// How wide the list of keys is.
pub fn width(ctx: &Context) -> f32 {
    680.0_f32.min(ctx.content_rect().width() - 80.0).max(1.0)
}

/// The list of all keys.
pub fn keys_ui(ui: &mut Ui) {
    const HEIGHT: f32 = 560.0;
    let room = (ui.ctx().content_rect().height() - 160.0).clamp(80.0, HEIGHT);
    widgets::grown_list(room).show(ui, |ui| {
        ui.set_width(width(ui.ctx()));
        ui.spacing_mut().interact_size.y = 18.0;
        ui.columns(2, |columns| {
            if let [left, right] = columns {
                for command in Command::ALL {
                    let keys = command.keys(left.ctx());
                    if !keys.is_empty() {
                        key_row(left, command.text(), &keys);
                    }
                }
                widgets::strong(right, "On the canvas");
                for (keys, text) in CANVAS_KEYS {
                    key_row(right, text, keys);
                }
                right.add_space(theme::SPACE_2);
                widgets::strong(right, "In the rows");
                for (keys, text) in ROW_KEYS {
                    key_row(right, text, keys);
                }
            }
        });
    });
}

fn key_row(ui: &mut Ui, text: &str, keys: &str) {
    let palette = theme::palette(ui.ctx());
    ui.horizontal_top(|ui| {
        let size = egui::vec2(KEYS_WIDTH.min(ui.available_width() / 2.0), ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_width(size.x);
            ui.add(egui::Label::new(egui::RichText::new(keys).font(theme::code()).color(palette.accent)).wrap());
        });
        ui.vertical(|ui| widgets::soft(ui, text));
    });
}
