//! A threshold that is turned: by dragging, by the arrows and by typing. Imports egui; no project.

use egui::{DragValue, Key, Modifiers, Response, RichText, Ui};

use crate::gui::theme;

/// Half of its first digit's worth: 0.5 at 3, 0.05 at 0.8, 50 at 399.
fn step_of(value: f64) -> f64 {
    let size = value.abs();
    if size < f64::MIN_POSITIVE || !size.is_finite() { 0.5 } else { 10_f64.powf(size.log10().floor()) / 2.0 }
}

/// So many steps up or down, on the grid of the steps.
fn turned_by(value: f64, steps: f64) -> f64 {
    let step = step_of(value);
    // One digit more than the step has: what is added up is rounded to what is meant.
    let digits = 10_f64.powf((1.0 - step.log10().floor()).clamp(0.0, 15.0));
    (((value / step + steps).round() * step) * digits).round() / digits
}

/// Without zeros at its end, and as it can be typed again.
fn plain(number: f64) -> String {
    const PLACES: f64 = 1e6;
    let rounded = (number * PLACES).round() / PLACES;
    if rounded.is_finite() { rounded.to_string() } else { number.to_string() }
}

/// The number with its title before it; the answer of the number's field. Page Up and Down are ten steps.
pub fn dial(ui: &mut Ui, title: &str, unit: &str, value: &mut f64, range: std::ops::RangeInclusive<f64>) -> Response {
    const FAR: f64 = 10.0;
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new(title).color(theme::palette(ui.ctx()).soft));
        let suffix = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let id = ui.next_auto_id();
        let keys = [(Key::ArrowUp, 1.0), (Key::ArrowDown, -1.0), (Key::PageUp, FAR), (Key::PageDown, -FAR)];
        let mut pressed = 0.0;
        if ui.is_enabled() && ui.memory(|memory| memory.has_focus(id)) {
            for (key, steps) in keys {
                pressed += steps * ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as f64;
            }
        }
        let mut shown = *value;
        if pressed != 0.0 {
            shown = turned_by(*value, pressed).max(*range.start()).min(*range.end());
        }
        let speed = step_of(*value) / 10.0;
        let field = DragValue::new(&mut shown).range(range).clamp_existing_to_range(false).speed(speed);
        let field = field.suffix(suffix).custom_formatter(|number, _| plain(number));
        let mut field = ui.add(field).labelled_by(label.id);
        // Enter takes the number and stays.
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            field.request_focus();
        }
        if shown != *value {
            *value = shown;
            field.mark_changed();
        }
        field.on_hover_text("Drag, turn with the arrows, or type")
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_half_of_the_first_digit() {
        for (value, up, down, far) in [
            (3.0, 3.5, 2.5, 8.0),
            (0.8, 0.85, 0.75, 1.3),
            (0.0, 0.5, -0.5, 5.0),
            (399.0, 450.0, 350.0, 900.0),
            (0.004, 0.0045, 0.0035, 0.009),
        ] {
            assert_eq!((turned_by(value, 1.0), turned_by(value, -1.0)), (up, down), "{value}");
            assert_eq!(turned_by(value, 10.0), far, "{value}");
        }
        assert_eq!([plain(3.0), plain(0.1 + 0.2), plain(1500.0)], ["3", "0.3", "1500"]);
    }
}
