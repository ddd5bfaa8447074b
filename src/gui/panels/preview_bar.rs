//! Beside the tabs above the rows of a step: what is looked for in them, what is copied, which output, and how far the
//! rows are to be trusted.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Label, Layout, RichText, Ui};
use pipewright_core::data::Schema;
use pipewright_core::planner::{MOST_CHOSEN, condition_of_rows};
use pipewright_engine::{Arrangement, TextForm};

use super::flow_view::keeps_rows;
use super::preview::shown_port;
use super::statusbar::statement;
use crate::gui::actions::edits;
use crate::gui::backend::{NodeResult, ResultTable};
use crate::gui::command::{Action, Actions};
use crate::gui::state::arranged::{Compared, Look};
use crate::gui::state::results::Freshness;
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, counted, grouped};
use crate::gui::theme;
use crate::gui::widgets::{badge, caption, link, search_field, shown_name};

/// Room for the field that filters.
const FIELD: f32 = 210.0;

/// At the right of the tabs.
pub fn header_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some((step, port)) = shown_port(state, &view.preview) else { return };
    let palette = theme::palette(ui.ctx());
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add_space(theme::SPACE_3);
        let rows = state.results.rows(&step, &port);
        if let Some(rows) = rows {
            let (colour, text) = match state.results.freshness(&state.plan, &step, &port) {
                Freshness::Fresh => statement(palette, rows),
                Freshness::Computing => (palette.accent, "computing…".to_owned()),
                Freshness::Stale => (palette.soft, "stale".to_owned()),
            };
            // The word; the line below the window tells the rest.
            let word = text.split(':').next().unwrap_or_default();
            badge(ui, word, colour).on_hover_text(&text);
            exact_ui(ui, state, (&step, &port), rows, out);
            let look = view.preview.look(&step, &port);
            let compared = state.compared.as_ref().filter(|compared| {
                look.compares && !view.preview.is_chart && Arc::ptr_eq(&compared.table, &rows.table)
            });
            // The line below the window has them, too.
            let has_room = ui.available_width() > 460.0 || compared.is_some();
            let counts = compared.and_then(compared_text).unwrap_or_else(|| shown_counts(state, rows, look));
            let room = (ui.available_width() - 130.0).max(60.0);
            if has_room {
                ui.scope(|ui| {
                    ui.set_max_width(room);
                    let soft = palette.soft;
                    ui.add(Label::new(RichText::new(counts).font(theme::caption()).color(soft)).truncate());
                });
            }
        }
        let ports = state.design().steps.get(&step).map(edits::step_ports).unwrap_or_default().outputs;
        if ports.len() > 1 {
            for other in ports.iter().rev() {
                if ui.selectable_label(other.name == port, &other.label).clicked() {
                    view.preview.port = Some(other.name.clone());
                }
            }
        }
        if let Some(rows) = rows.filter(|rows| rows.table.rows() > 0 && !view.fold.is_low) {
            tools_ui(ui, state, (&step, &port), rows, view, out);
        }
    });
}

/// Beside rows of a sample: how many there are on the whole input, or how far the scan is that counts them.
fn exact_ui(ui: &mut Ui, state: StateRef<'_>, (step, port): (&str, &str), rows: &NodeResult, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    if rows.whole || rows.made_up {
        return;
    }
    let exact = &state.exact;
    if let Some(count) = exact.rows(&state.plan, step, port) {
        let told = format!("exact {}", counted(count, "row"));
        badge(ui, &told, palette.good).on_hover_text("Counted on the whole input; the rows shown are of a sample");
        return;
    }
    match exact.percent() {
        Some(percent) => {
            if link(ui, "Stop").accessible_name("Stop counting the whole input").clicked() {
                out.push(Action::StopScan);
            }
            caption(ui, format!("counting all: {percent} %"));
        }
        None if exact.is_stopped || exact.fault.is_some() => {
            let help = exact.fault.as_ref().map_or("Reads the whole input and counts the rows", |fault| &fault.message);
            if link(ui, "Count all").on_hover_text(help).clicked() {
                out.push(Action::Scan);
            }
        }
        None => {}
    }
}

/// Rows and columns; those that are looked at, of all.
fn shown_counts(state: StateRef<'_>, rows: &NodeResult, look: &Look) -> String {
    let columns = counted(rows.table.schema().len() as u64, "column");
    let arranged = state.arranged.as_ref().filter(|_| !look.arrangement.is_plain());
    match arranged.and_then(|arranged| arranged.order_of(&rows.table)) {
        Some(Ok(order)) if order.len() < rows.table.rows() => {
            format!("{} of {} · {columns}", grouped(order.len() as u64), counted(rows.table.rows() as u64, "row"))
        }
        _ => format!("{} · {columns}", counted(rows.rows, "row")),
    }
}

fn tools_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    (step, port): (&str, &str),
    rows: &NodeResult,
    view: &mut View,
    out: &mut Actions,
) {
    let schema = rows.table.schema();
    let (text, help) = if view.preview.is_chart {
        ("Table", "Shows the rows themselves")
    } else {
        ("Chart", "Draws the rows: over time, by name, or by size")
    };
    if ui.button(text).on_hover_text(help).clicked() {
        view.preview.is_chart = !view.preview.is_chart;
        view.preview.is_raw = false;
    }
    if view.preview.is_chart {
        return;
    }
    let help = "The lines of the sources that these rows were made from, as they stand in the files";
    if toggle(ui, view.preview.is_raw, "Raw").on_hover_text(help).clicked() {
        view.preview.is_raw = !view.preview.is_raw;
    }
    if view.preview.is_raw {
        return;
    }
    let look = view.preview.look_mut(step, port);
    if input_of(state, step, &rows.table).is_some() {
        let help = "Beside the rows before this step: what is new, changed or dropped";
        if toggle(ui, look.compares, "Compare").on_hover_text(help).clicked() {
            look.compares = !look.compares;
        }
        if look.compares {
            return;
        }
    }
    let chosen = view.preview.chosen();
    chosen_ui(ui, state, step, &rows.table, &chosen, out);
    let look = view.preview.look_mut(step, port);
    if ui.available_width() > 70.0 {
        copy_ui(ui, state, &rows.table, look, &chosen, out);
    }
    if !look.hidden.is_empty() {
        let text = format!("Show {} hidden", look.hidden.len());
        if link(ui, &text).on_hover_text("Shows every column of this table again").clicked() {
            look.hidden.clear();
        }
    }
    let is_kept = !state.is_ghost(step)
        && (look.arrangement.condition(schema).is_some()
            || look.arrangement.filter.trim().is_empty() && look.arrangement.sort.is_some());
    if is_kept && link(ui, "Keep as a step").on_hover_text("Adds it to the design, behind this step").clicked() {
        out.push(Action::KeepLook {
            step: step.to_owned(),
            port: port.to_owned(),
            arrangement: std::mem::take(&mut look.arrangement),
        });
    }
    let room = ui.available_width();
    if room > 120.0 {
        let hint = "A condition, or text that the rows contain: status >= 500, /cart";
        search_field(ui, &mut look.arrangement.filter, "Filter rows", FIELD.min(room - 24.0)).on_hover_text(hint);
    }
}

/// What can be done with several rows that are chosen.
fn chosen_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    step: &str,
    table: &ResultTable,
    chosen: &BTreeSet<u64>,
    out: &mut Actions,
) {
    let count = chosen.len();
    if count < 2 || state.is_ghost(step) {
        return;
    }
    if count > MOST_CHOSEN {
        caption(ui, format!("{} chosen: at most {MOST_CHOSEN} are compared", counted(count as u64, "row")));
        return;
    }
    let rows = counted(count as u64, "row");
    let help = "What these rows have more often than the others, over the whole input";
    let differs = link(ui, &format!("What differs in {rows}?")).on_hover_text(help).clicked();
    let lines = link(ui, "Their lines").on_hover_text("The lines of the sources behind these rows").clicked();
    let Some(condition) = (differs || lines).then(|| condition_of_rows(table, chosen)).flatten() else { return };
    let step = step.to_owned();
    out.push(if lines { Action::LinesWhere { step, condition } } else { Action::Differs { step, condition } });
}

/// A button that stays pressed; beside others it looks like one.
fn toggle(ui: &mut Ui, is_on: bool, text: &str) -> egui::Response {
    ui.add(egui::Button::selectable(is_on, text).frame_when_inactive(true))
}

/// Puts what is looked at on the clipboard; of several rows that are chosen those.
fn copy_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    table: &Arc<ResultTable>,
    look: &Look,
    chosen: &BTreeSet<u64>,
    out: &mut Actions,
) {
    let are_chosen = chosen.len() > 1;
    let rows = if are_chosen { counted(chosen.len() as u64, "chosen row") } else { "Rows".to_owned() };
    ui.menu_button("Copy", |ui| {
        for (text, form) in
            [("CSV", TextForm::Csv), ("JSON lines", TextForm::JsonLines), ("a Markdown table", TextForm::Markdown)]
        {
            if ui.button(format!("{rows} as {text}")).clicked() {
                let arranged = state.arranged.as_ref().filter(|_| !look.arrangement.is_plain());
                let mut order = arranged.and_then(|arranged| arranged.order_of(table)?.as_ref().ok()).cloned();
                if are_chosen {
                    let shown = order.map_or_else(|| (0..table.rows() as u32).collect(), |order| order.to_vec());
                    order = Some(Arc::new(shown.into_iter().filter(|row| chosen.contains(&u64::from(*row))).collect()));
                }
                let fields = table.schema().fields.iter().enumerate();
                let columns = fields.filter(|(_, field)| !look.hidden.contains(&field.name)).map(|(index, _)| index);
                out.push(Action::CopyRows { table: table.clone(), order, columns: columns.collect(), form });
                ui.close();
            }
        }
    });
}

/// The rows before a step, where its own can be put beside them: each is one of those, perhaps changed.
pub fn input_of(state: StateRef<'_>, step: &str, table: &ResultTable) -> Option<Arc<ResultTable>> {
    let known = state.design().steps.get(step)?;
    let first = edits::step_ports(known).inputs.into_iter().next()?;
    let mut wires = state.design().wires_into(step).filter(|wire| wire.input == first.name);
    let (wire, more) = (wires.next()?, wires.next());
    let input = &state.results.rows(&wire.from, &wire.output)?.table;
    let is_of_rows = more.is_none() && keeps_rows(state, step) && table.has_ids() && input.has_ids();
    is_of_rows.then(|| input.clone())
}

/// What became of the rows before a step, in short.
fn compared_text(compared: &Compared) -> Option<String> {
    compared.pairs.as_ref()?;
    let (before, after) = (compared.input.schema(), compared.table.schema());
    let names = |one: &Schema, other: &Schema| {
        one.names().filter(|name| !other.has(name)).map(|name| shown_name(name, 30)).collect::<Vec<_>>()
    };
    let (new, without) = (names(after, before), names(before, after));
    let dropped = if compared.dropped > 0 { counted(compared.dropped, "row") } else { "no row".to_owned() };
    let mut parts = vec![format!("{dropped} dropped")];
    if !new.is_empty() {
        parts.push(format!("new: {}", new.join(", ")));
    }
    if !without.is_empty() {
        parts.push(format!("without {}", without.join(", ")));
    }
    Some(parts.join(" · "))
}

/// Asks for the rows that are looked at, where they are not known yet. Gives their numbers in order, as far as known.
pub fn ask(
    state: StateRef<'_>,
    table: &Arc<ResultTable>,
    arrangement: &Arrangement,
    out: &mut Actions,
) -> Option<Arc<Vec<u32>>> {
    if arrangement.is_plain() {
        return None;
    }
    let arranged = state.arranged.as_ref();
    let is_busy = arranged.is_some_and(|arranged| arranged.rows.is_none());
    if !is_busy && !arranged.is_some_and(|arranged| arranged.is_of(table, arrangement)) {
        out.push(Action::Arrange { table: table.clone(), arrangement: arrangement.clone() });
    }
    arranged.and_then(|arranged| arranged.order_of(table)?.as_ref().ok()).cloned()
}
