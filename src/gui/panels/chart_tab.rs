//! The rows of a step as a chart: guessed from their columns, changed by what is picked. Reads the state and asks for
//! actions.

use std::sync::Arc;

use egui::Ui;
use pipewright_core::planner::{RowsChart, RowsChartKind, is_number};

use super::differs::{in_words, picked_condition};
use super::flow_view::main_port;
use crate::gui::actions::edits;
use crate::gui::backend::ResultTable;
use crate::gui::command::{Action, Actions};
use crate::gui::forms::AS_ASKED;
use crate::gui::marked::marked_ui;
use crate::gui::state::arranged::{Charted, Drawn, Look};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::chart::{chart_ui, picked_of};
use crate::gui::widgets::{Choice, caption, empty_state, in_width, link, picker, scrolled};

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
    // An answer keeps its chart.
    let answer = state.project.steps.get(step).filter(|step| step.kind == "answer");
    let kept = answer.and_then(RowsChart::kept_by);
    let of_answer = || {
        let told = answer.and_then(|answer| state.results.get(step, &main_port(state, answer))?.told.as_ref());
        RowsChart::of_answer(&told?.shape)
    };
    let wanted = kept.clone().or_else(|| look.chart.clone()).or_else(of_answer);
    let is_busy = state.charted.as_ref().is_some_and(|charted| charted.drawn.is_none());
    if !is_busy && !charted.is_some_and(|charted| charted.wanted == wanted) {
        out.push(Action::Chart { table: table.clone(), wanted });
    }
    let Some(drawn) = charted.and_then(|charted| charted.drawn.as_ref()) else {
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
                match (pickers_ui(ui, table, drawn), answer) {
                    (Some(changed), Some(_)) => keep(step, serde_json::to_value(changed).unwrap_or_default(), out),
                    (Some(changed), None) => look.chart = Some(changed),
                    (None, _) => {}
                }
                if kept.is_some() {
                    ui.horizontal(|ui| {
                        caption(ui, "kept with the answer, and shown with it");
                        if link(ui, AS_ASKED).clicked() {
                            keep(step, serde_json::Value::Null, out);
                        }
                    });
                }
                ui.add_space(theme::SPACE_2);
                match &drawn.plotted {
                    Some(plotted) => {
                        // The pickers and the title stand above it.
                        let height = (ui.clip_rect().height() - 150.0).clamp(120.0, 420.0);
                        let name = format!("Chart of {}", state.step_title(step));
                        // Above the chart: below it a low panel would not show them.
                        let picked = picked_of(ui, &name, plotted);
                        let behind =
                            picked.and_then(|picked| picked_condition(&picked, plotted, table, &drawn.chart.x));
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

fn keep(step: &str, chart: serde_json::Value, out: &mut Actions) {
    out.edit("keep the chart", vec![edits::set(step, "settings.chart", chart)]);
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

/// What is drawn: how, along which column, what of it, for each of what. Gives the chart that was picked.
fn pickers_ui(ui: &mut Ui, table: &ResultTable, drawn: &Drawn) -> Option<RowsChart> {
    const WIDTH: f32 = 180.0;
    let chart = &drawn.chart;
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
            in_width(ui, WIDTH, |ui| picker(ui, &format!("Chart {label}"), shown, false, || choices))
        };
        let name = |kind: Option<RowsChartKind>| kind.map_or("", RowsChartKind::name);
        let ways = drawn.ways.iter().map(|way| Choice { value: name(way.kind).to_owned(), ..none("") });
        if let Some(picked) = pick(ui, "as", name(drawn.kind), ways.collect()) {
            changed = drawn.ways.iter().find(|way| name(way.kind) == picked).cloned();
        }
        if let Some(x) = pick(ui, "along", &chart.x, columns(false)) {
            changed = Some(RowsChart { kind: None, x, ..chart.clone() });
        }
        let numbers = [none("rows")].into_iter().chain(columns(true)).collect();
        if let Some(y) = pick(ui, "of", chart.y.as_deref().unwrap_or("rows"), numbers) {
            // A histogram counts rows.
            let kind = chart.kind.filter(|kind| *kind != RowsChartKind::Histogram);
            changed = Some(RowsChart { kind, y: Some(y).filter(|y| !y.is_empty()), ..chart.clone() });
        }
        let each = [none("nothing")].into_iter().chain(columns(false)).collect();
        if let Some(by) = pick(ui, "for each", chart.by.as_deref().unwrap_or("nothing"), each) {
            changed = Some(RowsChart { kind: None, by: Some(by).filter(|by| !by.is_empty()), ..chart.clone() });
        }
    });
    changed
}

impl Charted {
    /// What is drawn of a table: what is wanted, else a guess.
    pub fn of(table: &ResultTable, wanted: Option<&RowsChart>) -> Drawn {
        let chart = wanted.cloned().or_else(|| RowsChart::guess(table)).unwrap_or_default();
        let ways = chart.kinds(table).into_iter().map(|kind| chart.clone().drawn(kind, table)).collect();
        let (kind, plotted) = (Some(chart.drawn_as(table)), chart.plotted(table));
        Drawn { chart, kind, ways, plotted }
    }
}
