//! The rows of a step as a chart: guessed from their columns, changed by what is picked. Reads the state and asks for
//! actions.

use std::sync::Arc;

use egui::Ui;
use pipewright_core::planner::{RowsChart, is_number};

use super::differs::{in_words, picked_condition};
use crate::gui::backend::ResultTable;
use crate::gui::command::{Action, Actions};
use crate::gui::marked::marked_ui;
use crate::gui::state::arranged::{Charted, Look};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::chart::{chart_ui, picked_of};
use crate::gui::widgets::{Choice, caption, empty_state, link, picker, scrolled};

/// Draws the chart of a table, and what it can be changed to. Says whether rows of it are to be shown instead.
pub fn chart_tab_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    step: &str,
    table: &Arc<ResultTable>,
    look: &mut Look,
    out: &mut Actions,
) -> bool {
    let charted = state.charted.as_ref().filter(|charted| Arc::ptr_eq(&charted.table, table));
    let wanted = look.chart.clone();
    let is_busy = state.charted.as_ref().is_some_and(|charted| charted.drawn.is_none());
    if !is_busy && !charted.is_some_and(|charted| charted.wanted == wanted) {
        out.push(Action::Chart { table: table.clone(), wanted });
    }
    let Some((chart, plotted)) = charted.and_then(|charted| charted.drawn.as_ref()) else {
        empty_state(ui, "Drawing…", "The chart appears as soon as it is worked out");
        return false;
    };
    let mut shows_rows = false;
    scrolled(ui, |ui| {
        ui.add_space(theme::SPACE_2);
        ui.horizontal(|ui| {
            ui.add_space(theme::SPACE_3);
            ui.vertical(|ui| {
                ui.set_max_width((ui.available_width() - theme::SPACE_3).min(1400.0));
                if let Some(changed) = pickers_ui(ui, table, chart) {
                    look.chart = Some(changed);
                }
                ui.add_space(theme::SPACE_2);
                match plotted {
                    Some(plotted) => {
                        // The pickers and the title stand above it.
                        let height = (ui.clip_rect().height() - 150.0).clamp(120.0, 420.0);
                        let name = format!("Chart of {}", state.step_title(step));
                        // Above the chart: below it a low panel would not show them.
                        let picked = picked_of(ui, &name, plotted);
                        let behind = picked.and_then(|picked| picked_condition(&picked, plotted, table, &chart.x));
                        if let Some(condition) = behind {
                            shows_rows = picked_ui(ui, state, step, condition, look, out);
                        }
                        chart_ui(ui, &name, plotted, height);
                        caption(ui, format!("drawn of {}", counted(table.rows() as u64, "row")));
                    }
                    None => empty_state(ui, "Nothing to draw", "Pick another column"),
                }
            });
        });
    });
    shows_rows
}

/// What can be done with the rows behind what was picked. Says whether they are to be shown.
fn picked_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    step: &str,
    condition: String,
    look: &mut Look,
    out: &mut Actions,
) -> bool {
    let mut shows_rows = false;
    ui.horizontal_wrapped(|ui| {
        let told = format!("Rows where {}", in_words(&condition));
        marked_ui(ui, &told, &theme::body(), theme::palette(ui.ctx()).text);
        if link(ui, "Show them").clicked() {
            look.arrangement.filter.clone_from(&condition);
            shows_rows = true;
        }
        if !state.is_ghost(step) {
            let step = step.to_owned();
            if link(ui, "What differs there?").clicked() {
                out.push(Action::Differs { step: step.clone(), condition: condition.clone() });
            }
            if link(ui, "Raw lines").clicked() {
                out.push(Action::LinesWhere { step, condition });
            }
        }
    });
    shows_rows
}

/// What is drawn: along which column, what of it, for each of what. Gives the chart that was picked.
fn pickers_ui(ui: &mut Ui, table: &ResultTable, chart: &RowsChart) -> Option<RowsChart> {
    const WIDTH: f32 = 180.0;
    let schema = table.schema();
    let columns = |wants_number: bool| -> Vec<Choice> {
        let fields = schema.fields.iter().filter(|field| !wants_number || is_number(&field.data_type));
        fields
            .map(|field| Choice {
                value: field.name.clone(),
                label: String::new(),
                detail: field.data_type.to_string(),
            })
            .collect()
    };
    let none = |label: &str| Choice { value: String::new(), label: label.to_owned(), detail: String::new() };
    let mut changed = None;
    ui.horizontal_wrapped(|ui| {
        let pick = |ui: &mut Ui, label: &str, shown: &str, choices: Vec<Choice>| {
            caption(ui, label);
            ui.scope(|ui| {
                ui.set_max_width(WIDTH);
                picker(ui, &format!("Chart {label}"), shown, false, || choices)
            })
            .inner
        };
        if let Some(x) = pick(ui, "along", &chart.x, columns(false)) {
            changed = Some(RowsChart { x, ..chart.clone() });
        }
        let numbers = [none("rows")].into_iter().chain(columns(true)).collect();
        if let Some(y) = pick(ui, "of", chart.y.as_deref().unwrap_or("rows"), numbers) {
            changed = Some(RowsChart { y: Some(y).filter(|y| !y.is_empty()), ..chart.clone() });
        }
        let each = [none("nothing")].into_iter().chain(columns(false)).collect();
        if let Some(by) = pick(ui, "for each", chart.by.as_deref().unwrap_or("nothing"), each) {
            changed = Some(RowsChart { by: Some(by).filter(|by| !by.is_empty()), ..chart.clone() });
        }
    });
    changed
}

impl Charted {
    /// What is drawn of a table: what is wanted, else a guess.
    pub fn of(table: &ResultTable, wanted: Option<&RowsChart>) -> crate::gui::state::arranged::Drawn {
        let chart = wanted.cloned().or_else(|| RowsChart::guess(table)).unwrap_or_default();
        let plotted = chart.plotted(table);
        (chart, plotted)
    }
}
