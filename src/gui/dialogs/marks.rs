//! Columns by example: pieces of a few lines are marked, and the pattern that is learned from them is shown on all lines.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, Galley, RichText, ScrollArea, TextBuffer, TextEdit, Ui};
use pipewright_core::formats::Learned;

use super::{buttons_ui, is_entered, title_ui};
use crate::gui::command::{Action, Actions};
use crate::gui::forms::{TextLook, diagnostic_ui, text_edit};
use crate::gui::icons::{Icon, icon_button};
use crate::gui::state::grouped;
use crate::gui::state::marking::Marking;
use crate::gui::theme::{self, Palette};
use crate::gui::widgets::{caption, primary_button, soft};

/// Points.
pub const WIDTH: f32 = 900.0;
const LINES_HEIGHT: f32 = 220.0;
const LEARNED_HEIGHT: f32 = 150.0;
/// Lines that do not fit and are listed.
const UNFIT: usize = 4;

pub fn marks_ui(ui: &mut Ui, marking: &mut Marking, is_new: bool, out: &mut Actions) -> bool {
    let mut is_done = false;
    title_ui(ui, &format!("Columns of “{}” by example", marking.title), &mut is_done);
    soft(
        ui,
        "Select a piece of a line, name it, and mark it. One line is often enough; the colours show what is taken of the others.",
    );
    ui.add_space(theme::SPACE_2);
    lines_ui(ui, marking);
    ui.add_space(theme::SPACE_2);
    let is_marked = mark_ui(ui, marking, is_new);
    ui.add_space(theme::SPACE_2);
    if names_ui(ui, marking) || is_marked {
        out.push(Action::LearnMarks);
    }
    ui.add_space(theme::SPACE_2);
    // As high whatever was learned: the lines stay where they are.
    let area = ScrollArea::vertical().id_salt("learned").auto_shrink([false, false]);
    area.max_height(LEARNED_HEIGHT).min_scrolled_height(LEARNED_HEIGHT).show(ui, |ui| learned_ui(ui, marking));
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        let is_learned = matches!(marking.learned, Some(Ok(_)));
        if ui.add_enabled_ui(is_learned, |ui| primary_button(ui, "Read it so").clicked()).inner {
            out.push(Action::AcceptMarks);
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

/// The hue of a column.
pub fn hue(palette: &Palette, column: usize) -> Color32 {
    let hues =
        [palette.shape, palette.analyse, palette.extract, palette.enrich, palette.load, palette.clean, palette.check];
    hues[column % hues.len()]
}

fn lines_ui(ui: &mut Ui, marking: &mut Marking) {
    let palette = theme::palette(ui.ctx());
    let text = marking.lines.join("\n");
    let mut layouter = |ui: &Ui, _: &dyn TextBuffer, _: f32| coloured(ui, marking, palette);
    let area =
        ScrollArea::both().auto_shrink([false, false]).max_height(LINES_HEIGHT).min_scrolled_height(LINES_HEIGHT);
    let shown = area.show(ui, |ui| {
        let mut text = text.as_str();
        let edit = TextEdit::multiline(&mut text).font(theme::code()).desired_width(f32::INFINITY);
        edit.layouter(&mut layouter).show(ui)
    });
    let range = shown.inner.cursor_range.map(|range| range.as_sorted_char_range());
    shown.inner.response.response.accessible_name("Lines");
    // The selection stays while the name is typed.
    if let Some(piece) = range.and_then(|range| marking.piece(range.start.0, range.end.0)) {
        marking.selection = Some(piece);
    }
}

/// All lines, with the pieces on grounds of their columns' hues.
fn coloured(ui: &Ui, marking: &Marking, palette: &Palette) -> Arc<Galley> {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let plain = TextFormat::simple(theme::code(), palette.text);
    for (number, line) in marking.lines.iter().enumerate() {
        let mut from = 0;
        for (start, end, column) in marking.pieces(number) {
            if start < from {
                continue;
            }
            job.append(&line[from..start], 0.0, plain.clone());
            let background = hue(palette, column).gamma_multiply(0.3);
            job.append(&line[start..end], 0.0, TextFormat { background, ..plain.clone() });
            from = end;
        }
        job.append(&line[from..], 0.0, plain.clone());
        if number + 1 < marking.lines.len() {
            job.append("\n", 0.0, plain.clone());
        }
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// The name of the selected piece; `true`: it was marked.
fn mark_ui(ui: &mut Ui, marking: &mut Marking, is_new: bool) -> bool {
    let selected = marking.selection.and_then(|(line, start, end)| marking.lines.get(line)?.get(start..end));
    let shown = match selected {
        Some(piece) => format!("“{}”", piece.chars().take(60).collect::<String>()),
        None => "nothing is selected".to_owned(),
    };
    let is_selected = selected.is_some();
    ui.horizontal(|ui| {
        let look = TextLook {
            placeholder: "name, such as level",
            reserve: ui.available_width() - 260.0,
            ..TextLook::default()
        };
        let field = text_edit(ui, "Name of the column", &mut marking.name, look);
        if is_new {
            field.request_focus();
        }
        let is_entered = is_entered(ui, &field);
        let is_ready = is_selected && !marking.name.trim().is_empty();
        let clicked = ui.add_enabled(is_ready, egui::Button::new("Mark")).clicked();
        soft(ui, shown);
        is_ready && (clicked || is_entered) && marking.mark()
    })
    .inner
}

/// The columns that are marked; `true`: one was taken away.
fn names_ui(ui: &mut Ui, marking: &mut Marking) -> bool {
    let palette = theme::palette(ui.ctx());
    let names: Vec<String> = marking.names().into_iter().map(str::to_owned).collect();
    let mut gone = None;
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        for (column, name) in names.iter().enumerate() {
            ui.label(RichText::new(format!(" {name} ")).background_color(hue(palette, column).gamma_multiply(0.3)));
            if icon_button(ui, Icon::Cross, &format!("Take {name} away")).clicked() {
                gone = Some(name.clone());
            }
        }
    });
    if let Some(name) = &gone {
        marking.marks.retain(|mark| mark.name != *name);
    }
    gone.is_some()
}

fn learned_ui(ui: &mut Ui, marking: &Marking) {
    match &marking.learned {
        None if marking.marks.is_empty() => {
            caption(ui, format!("the first {} lines of the file", grouped(marking.lines.len() as u64)));
        }
        None => {
            caption(ui, "looking for a pattern…");
        }
        Some(Err(fault)) => diagnostic_ui(ui, fault),
        Some(Ok(learned)) => fit_ui(ui, marking, learned),
    }
}

fn fit_ui(ui: &mut Ui, marking: &Marking, learned: &Learned) {
    let palette = theme::palette(ui.ctx());
    let taken = learned.fit + learned.joined;
    let share = 100.0 * taken as f64 / learned.lines.max(1) as f64;
    let joined = match learned.joined {
        0 => String::new(),
        joined => format!(", {} belong to the one before", grouped(joined as u64)),
    };
    let (fit, lines) = (grouped(learned.fit as u64), grouped(learned.lines as u64));
    let told = format!("{fit} of {lines} lines fit{joined} ({share:.1} %)");
    let colour = if taken == learned.lines { palette.ink(palette.good) } else { palette.ink(palette.warning) };
    ui.label(RichText::new(told).color(colour));
    let columns: Vec<String> =
        learned.schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
    soft(ui, columns.join(" · "));
    let pattern = learned.format.option("pattern").unwrap_or_default();
    ui.add(egui::Label::new(RichText::new(pattern).font(theme::code()).color(palette.soft)).wrap());
    for number in learned.unfit.iter().take(UNFIT) {
        let raw: String = marking.lines.get(*number).map(|line| line.chars().take(110).collect()).unwrap_or_default();
        caption(ui, format!("does not fit, line {}: {raw}", number + 1));
    }
}
