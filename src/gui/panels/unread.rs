//! Lines that could not be read and rows that were rejected, with where they stand and why: of the selected step, or
//! of all.

use egui::{RichText, ScrollArea, Ui};

use crate::gui::command::{Action, Actions};
use crate::gui::icons::{Icon, icon_button};
use crate::gui::marked::marked_ui;
use crate::gui::state::{StateRef, grouped};
use crate::gui::theme;
use crate::gui::widgets::{caption, empty_state};

/// One line or row that was turned away.
struct Unread<'a> {
    step: &'a str,
    file: &'a str,
    line: Option<u64>,
    reason: &'a str,
    raw: String,
}

/// Steps whose unread lines are shown: the selected one where it has any, else all.
fn shown_steps(state: StateRef<'_>) -> Vec<&str> {
    let selected = state.selected_step().map(|step| step.id.as_str());
    match selected.filter(|step| count_of(state, step) > 0) {
        Some(step) => vec![step],
        None => state.design().steps.keys().map(String::as_str).collect(),
    }
}

/// How many units of a step could not be read, and rows of it were rejected: on the whole input as soon as it was looked
/// at, of the sample until then.
pub fn count_of(state: StateRef<'_>, step: &str) -> u64 {
    let whole = state.exact.lost(&state.plan, step).map_or(0, |(turned_away, _)| turned_away);
    whole.max(sampled_of(state, step))
}

fn sampled_of(state: StateRef<'_>, step: &str) -> u64 {
    state
        .results
        .nodes(step)
        .map(|node| {
            let units = node.tally.as_ref().map_or(node.quarantined.len() as u64, |tally| tally.quarantined);
            units + node.rejected.as_ref().map_or(0, |(rows, _)| rows.rows() as u64)
        })
        .sum()
}

/// How many values are not as they were behind a step: null, rounded, or cut.
pub fn changed_values_of(state: StateRef<'_>, step: &str) -> u64 {
    state.results.nodes(step).map(|node| node.changes.count()).sum()
}

/// What became of the values of the steps that are shown, in words.
fn changed_values(state: StateRef<'_>) -> Vec<String> {
    let selected = state.selected_step().map(|step| step.id.as_str());
    let whole = |step: &str| state.exact.lost(&state.plan, step).filter(|(_, changed)| !changed.is_empty());
    let is_changed = |step: &&str| changed_values_of(state, step) > 0 || whole(step).is_some();
    let steps = match selected.filter(is_changed) {
        Some(step) => vec![step],
        None => state.design().steps.keys().map(String::as_str).collect(),
    };
    let of_step = |step: &str| -> Vec<String> {
        if let Some((_, told)) = whole(step) {
            return vec![format!("{}, on the whole input: {told}", state.step_title(step))];
        }
        let told = state.results.nodes(step).filter_map(|node| node.told_changes());
        told.map(|told| format!("{}: {told}", state.step_title(step))).collect()
    };
    steps.into_iter().flat_map(of_step).collect()
}

/// How many lines and rows there are.
pub fn count(state: StateRef<'_>) -> u64 {
    shown_steps(state).into_iter().map(|step| count_of(state, step)).sum()
}

fn lines<'a>(state: StateRef<'a>, step: &'a str, most: usize) -> Vec<Unread<'a>> {
    let mut found = Vec::new();
    for node in state.results.nodes(step) {
        found.extend(node.quarantined.iter().map(|unit| Unread {
            step,
            file: &unit.file,
            line: Some(unit.line),
            reason: &unit.reason,
            raw: unit.raw.clone(),
        }));
        if let Some((rows, reason)) = &node.rejected {
            let row = |row: usize| {
                let fields = rows.schema().fields.iter().enumerate();
                let json = fields.map(|(column, field)| (field.name.clone(), rows.value(row, column).to_json()));
                serde_json::Value::Object(json.collect()).to_string()
            };
            let shown = rows.rows().min(most.saturating_sub(found.len()));
            found.extend((0..shown).map(|index| Unread { step, file: "", line: None, reason, raw: row(index) }));
        }
    }
    found.truncate(most);
    found
}

/// The panel.
pub fn unread_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    const MOST: usize = 500;
    const ROW: f32 = 40.0;
    let mut found = Vec::new();
    for step in shown_steps(state) {
        found.extend(lines(state, step, MOST.saturating_sub(found.len())));
    }
    let changed = changed_values(state);
    for told in &changed {
        ui.horizontal_wrapped(|ui| {
            ui.add_space(theme::SPACE_3);
            let palette = theme::palette(ui.ctx());
            marked_ui(ui, told, &theme::body(), palette.ink(palette.warning));
        });
    }
    let total = count(state);
    if found.is_empty() && total > 0 {
        let told = format!("On the whole input {} unread or rejected; the sample has none of them", grouped(total));
        empty_state(ui, &told, "A run that keeps its quarantine keeps them with their reasons");
        return;
    }
    if found.is_empty() && !changed.is_empty() {
        return;
    }
    if found.is_empty() {
        // What could not be opened has no lines that could be told of.
        if let Some(fault) = state.problems.iter().find(|problem| problem.is_error()) {
            let title = "No line is unread as far as the design works";
            empty_state(ui, title, &format!("It does not everywhere: {}", fault.message));
        } else if state.results.computing {
            empty_state(ui, "Still reading", "Lines that a format cannot read are listed here, with the reason");
        } else {
            empty_state(ui, "Every line was read", "Lines that a format cannot read are listed here, with the reason");
        }
        return;
    }
    let palette = theme::palette(ui.ctx());
    ui.horizontal(|ui| {
        ui.add_space(theme::SPACE_3);
        let shown = found.len() as u64;
        let first = if shown < total { format!("; the first {} are shown", grouped(shown)) } else { String::new() };
        caption(ui, format!("{} unread or rejected{first}", grouped(total)));
        if icon_button(ui, Icon::Copy, "Copy the raw lines").clicked() {
            let text: Vec<&str> = found.iter().map(|line| line.raw.trim_end()).collect();
            out.push(Action::CopyText(text.join("\n")));
        }
    });
    ScrollArea::both().auto_shrink([false, false]).show_rows(ui, ROW, found.len(), |ui, rows| {
        for line in &found[rows] {
            ui.allocate_ui(egui::vec2(ui.available_width(), ROW), |ui| {
                ui.set_min_height(ROW);
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.spacing_mut().interact_size.y = 16.0;
                ui.horizontal(|ui| {
                    ui.add_space(theme::SPACE_3);
                    let name = line.file.rsplit(['/', '\\']).next().unwrap_or_default();
                    let place = match line.line {
                        Some(number) => format!("{name}, line {}", grouped(number)),
                        None => state.step_title(line.step).to_owned(),
                    };
                    caption(ui, place).on_hover_text(line.file);
                    marked_ui(ui, line.reason, &theme::body(), palette.ink(palette.warning));
                });
                ui.horizontal(|ui| {
                    ui.add_space(theme::SPACE_3);
                    let raw: String = line.raw.trim_end().chars().take(600).collect();
                    let text = RichText::new(raw).font(theme::code());
                    ui.add(egui::Label::new(text).selectable(true).wrap_mode(egui::TextWrapMode::Extend));
                });
            });
        }
    });
}
