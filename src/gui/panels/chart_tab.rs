//! The rows of a step as a chart: guessed from their columns, changed by what is picked. Reads the state and asks for
//! actions.

use std::sync::Arc;

use egui::Ui;
use pipewright_core::planner::{RowsChart, is_number};

use crate::gui::backend::ResultTable;
use crate::gui::command::{Action, Actions};
use crate::gui::state::arranged::{Charted, Look};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::chart::chart_ui;
use crate::gui::widgets::{Choice, caption, empty_state, picker, scrolled};

/// Draws the chart of a table, and what it can be changed to.
pub fn chart_tab_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    name: &str,
    table: &Arc<ResultTable>,
    look: &mut Look,
    out: &mut Actions,
) {
    let charted = state.charted.as_ref().filter(|charted| Arc::ptr_eq(&charted.table, table));
    let wanted = look.chart.clone();
    let is_busy = state.charted.as_ref().is_some_and(|charted| charted.drawn.is_none());
    if !is_busy && !charted.is_some_and(|charted| charted.wanted == wanted) {
        out.push(Action::Chart { table: table.clone(), wanted });
    }
    let Some((chart, plotted)) = charted.and_then(|charted| charted.drawn.as_ref()) else {
        empty_state(ui, "Drawing…", "The chart appears as soon as it is worked out");
        return;
    };
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
                        chart_ui(ui, &format!("Chart of {name}"), plotted, height);
                        caption(ui, format!("drawn of {}", counted(table.rows() as u64, "row")));
                    }
                    None => empty_state(ui, "Nothing to draw", "Pick another column"),
                }
            });
        });
    });
}

/// What is drawn: along which column, what of it, a line for each of what. Gives the chart that was picked.
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
        if let Some(by) = pick(ui, "a line for each", chart.by.as_deref().unwrap_or("nothing"), each) {
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
