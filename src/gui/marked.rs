//! Text with names in it: what stands between backticks is shown in the type for code, without the backticks. Imports the
//! theme.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Response, Role, Ui, WidgetInfo};

use super::theme;

/// Shows it, wrapped; numbers and their units stay on one line.
pub fn marked_ui(ui: &mut Ui, text: &str, font: &FontId, colour: Color32) -> Response {
    let job = marked(&unbroken(text), font, colour, theme::palette(ui.ctx()).text);
    let told = job.text.replace(UNBROKEN, " ");
    let response = ui.add(egui::Label::new(job).wrap());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), &told));
    response
}

/// A space at which no line ends.
const UNBROKEN: char = '\u{a0}';

/// Numbers with their units: `93 %` is not read when its sign stands on the next line.
fn unbroken(text: &str) -> String {
    const UNITS: [&str; 10] = ["%", "k", "M", "G", "T", "µs", "ms", "s", "min", "h"];
    let mut told = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let is_unit = || {
            let rest = text[at..].trim_start_matches(' ');
            UNITS.contains(&rest.split(|c: char| !c.is_alphanumeric() && c != '%').next().unwrap_or_default())
        };
        let is_kept = c == ' ' && told.ends_with(|c: char| c.is_ascii_digit()) && is_unit();
        told.push(if is_kept { UNBROKEN } else { c });
    }
    told
}

/// What is said of something that is shown, softer than it.
pub fn doc_ui(ui: &mut Ui, text: &str, font: &FontId) -> Response {
    let soft = theme::palette(ui.ctx()).soft;
    marked_ui(ui, text, font, soft)
}

/// The same where the pointer rests on it.
pub fn doc_on_hover(response: Response, text: &str) -> Response {
    response.on_hover_ui(|ui| {
        ui.set_max_width(ui.spacing().tooltip_width);
        let colour = ui.visuals().text_color();
        marked_ui(ui, text, &theme::body(), colour);
    })
}

/// A text that is drawn in one type: without its backticks, where each is closed.
pub fn unmarked(text: &str) -> String {
    if text.matches('`').count().is_multiple_of(2) { text.replace('`', "") } else { text.to_owned() }
}

/// The text with its two types.
fn marked(text: &str, font: &FontId, colour: Color32, code: Color32) -> LayoutJob {
    let parts: Vec<&str> = text.split('`').collect();
    let mut job = LayoutJob::default();
    // A backtick that is never closed is one.
    if parts.len().is_multiple_of(2) {
        job.append(text, 0.0, TextFormat::simple(font.clone(), colour));
        return job;
    }
    let size = font.size * theme::CODE / theme::BODY;
    for (number, part) in parts.into_iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let mut format = match number % 2 {
            0 => TextFormat::simple(font.clone(), colour),
            _ => TextFormat::simple(theme::scaled(&theme::code(), size), code),
        };
        format.valign = egui::Align::Center;
        job.append(part, 0.0, format);
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_another_type_and_backticks_are_not_shown() {
        let told = |text: &str| marked(text, &theme::body(), Color32::WHITE, Color32::WHITE);
        let job = told("of 262 rows have no `sid`: not in `users`");
        assert_eq!(job.text, "of 262 rows have no sid: not in users");
        assert_eq!(job.sections.len(), 4);
        assert_eq!(told("a ` alone").text, "a ` alone");
        assert_eq!(unmarked("unknown column `page`"), "unknown column page");
        assert_eq!(unmarked("a ` alone"), "a ` alone");
    }

    #[test]
    fn a_number_keeps_its_unit_beside_it() {
        assert_eq!(unbroken("busy in 442 of 476 samples (93 %)"), "busy in 442 of 476 samples (93\u{a0}%)");
        assert_eq!(unbroken("12.4 k of 3 kinds, 54.5 s"), "12.4\u{a0}k of 3 kinds, 54.5\u{a0}s");
    }
}
