//! What differs? The rows of a step that fulfil a condition beside all others: which columns and values go with them.
//! Reads the state and asks for actions.

use egui::{Frame, Margin, RichText, Ui};
use pipewright_core::data::instants::MICROS_PER_DAY;
use pipewright_core::data::{DataType, Field, Value};
use pipewright_core::expr::{Expr, parse, phrase, print, print_name};
use pipewright_core::plan::plan;
use pipewright_core::planner::{Difference, Plotted, Selection, compare};

use super::flow_view::main_port;
use super::lines::back_ui;
use crate::gui::backend::ResultTable;
use crate::gui::command::{Action, Actions};
use crate::gui::forms::{TextLook, text_edit};
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, grouped};
use crate::gui::theme;
use crate::gui::widgets::chart::Picked;
use crate::gui::widgets::{caption, empty_state, link, scrolled, soft};

/// What was asked last, and the answer.
#[derive(Debug)]
pub struct Differs {
    pub step: String,
    pub condition: String,
    /// Number of the look under way.
    pub looking: Option<u64>,
    pub outcome: Option<Result<Vec<Difference>, pipewright_core::diagnostic::Diagnostic>>,
}

/// The condition that a value fulfils.
pub fn condition_of(column: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("{} is null", print_name(column)),
        value => format!("{} = {}", print_name(column), print(&Expr::literal(value.clone()))),
    }
}

/// The value, of the column along which a chart of a table is drawn, that something picked of it stands for.
pub fn picked_value(picked: &Picked, chart: &Plotted, table: &ResultTable, column: &str) -> Option<Value> {
    let column = table.schema().index(column)?;
    match picked {
        Picked::Bar(bar) => Some(table.value(*chart.rows.get(*bar)?, column)),
        Picked::Field { across, .. } => Some(table.value(chart.heat.as_ref()?.across.get(*across)?.row, column)),
        Picked::Time(at) => time_value(*at, &table.schema().fields[column].data_type),
    }
}

/// The rows behind something picked of a chart that is drawn of them, as a condition.
pub fn picked_condition(picked: &Picked, chart: &Plotted, table: &ResultTable, column: &str) -> Option<String> {
    let first = picked_value(picked, chart, table, column)?;
    if let (Picked::Field { down, .. }, Some(heat)) = (picked, &chart.heat) {
        let second = table.value(heat.down.get(*down)?.row, table.schema().index(&heat.by)?);
        return Some(format!("{} and {}", condition_of(column, &first), condition_of(&heat.by, &second)));
    }
    Some(match picked_until(picked, chart, table, column) {
        Some(until) => condition_between(column, &first, &until),
        None => condition_of(column, &first),
    })
}

/// Where the span ends that something picked of a chart stands for; `None`: it stands for one value.
pub fn picked_until(picked: &Picked, chart: &Plotted, table: &ResultTable, column: &str) -> Option<Value> {
    let (Picked::Time(at), Some(span)) = (picked, chart.span) else { return None };
    time_value(at.checked_add(span)?, &table.schema().get(column)?.data_type)
}

/// The rows from a value of a column on, up to another one.
pub fn condition_between(column: &str, first: &Value, until: &Value) -> String {
    let name = print_name(column);
    let [first, until] = [first, until].map(|value| print(&Expr::literal(value.clone())));
    format!("{name} >= {first} and {name} < {until}")
}

fn time_value(micros: i64, data_type: &DataType) -> Option<Value> {
    match data_type {
        DataType::Timestamp => Some(Value::Timestamp(micros)),
        DataType::Date => i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok().map(Value::Date),
        _ => None,
    }
}

/// A condition as people say it; one that is not whole yet stands as it is written.
pub fn in_words(condition: &str) -> String {
    parse(condition).map_or_else(|_| condition.to_owned(), |condition| phrase(&condition, &|_| false))
}

/// A condition that a row of a step fulfils, as an example of what can be asked of it.
fn example_condition(state: StateRef<'_>, step: &str, port: &str) -> String {
    let Some(table) = state.results.rows(step, port).map(|found| &found.table).filter(|table| table.rows() > 0) else {
        return "status >= 500".to_owned();
    };
    let is_short = |field: &&Field| matches!(field.data_type, DataType::String | DataType::Int | DataType::Boolean);
    let named = table.schema().fields.iter().find(is_short).or(table.schema().fields.first());
    named.map_or(String::new(), |field| {
        let column = table.schema().index(&field.name).unwrap_or_default();
        condition_of(&field.name, &table.value(0, column))
    })
}

/// The tab: of the selected step.
pub fn differs_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some(step) = state.selected_step().filter(|step| !state.is_ghost(&step.id)) else {
        empty_state(ui, "No step is selected", "Select a step, and say which of its rows are compared with the others");
        return;
    };
    let shown = state.differs.as_ref().filter(|differs| differs.step == step.id);
    let came_from = view.came_from.clone();
    let typed = view.differs.get_or_insert_with(|| (step.id.clone(), String::new()));
    if typed.0 != step.id {
        *typed = (step.id.clone(), shown.map_or(String::new(), |differs| differs.condition.clone()));
    }
    ui.add_space(theme::SPACE_2);
    ui.horizontal(|ui| {
        ui.add_space(theme::SPACE_3);
        soft(ui, format!("Rows of “{}” where", state.step_title(&step.id)));
        let field = ui.scope(|ui| {
            // Room for what stands behind it: the button, and the way back.
            let reserved = if came_from.is_some() { 480.0 } else { 300.0 };
            ui.set_max_width((ui.available_width() - reserved).clamp(120.0, 520.0));
            let example = example_condition(state, &step.id, &main_port(state, step));
            let look = TextLook { placeholder: &example, is_code: true, ..TextLook::default() };
            text_edit(ui, "What differs where", &mut typed.1, look)
        });
        let field = field.inner;
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let is_given = !typed.1.trim().is_empty();
        let clicked = ui.add_enabled(is_given, egui::Button::new("What goes with them?")).clicked();
        if is_given && (is_entered || clicked) {
            out.push(Action::Differs { step: step.id.clone(), condition: typed.1.trim().to_owned() });
        }
        back_ui(ui, state, came_from.as_ref(), out);
    });
    ui.add_space(theme::SPACE_2);
    scrolled(ui, |ui| {
        Frame::new().inner_margin(Margin::symmetric(theme::SPACE_3 as i8, 0)).show(ui, |ui| match shown {
            Some(differs) => outcome_ui(ui, state, differs, out),
            None => empty_state(
                ui,
                "What do some rows have in common?",
                "Columns and values that stand with them more often than with the others, over the whole input",
            ),
        });
    });
}

fn outcome_ui(ui: &mut Ui, state: StateRef<'_>, differs: &Differs, out: &mut Actions) {
    const WIDTH: f32 = 290.0;
    let palette = theme::palette(ui.ctx());
    if differs.looking.is_some() {
        ui.horizontal(|ui| {
            ui.spinner();
            soft(ui, "Reading the whole input…");
        });
        return;
    }
    match &differs.outcome {
        None => {}
        Some(Err(fault)) => {
            ui.label(RichText::new(&fault.message).color(palette.bad));
            if let Some(help) = &fault.help {
                soft(ui, help);
            }
        }
        Some(Ok(found)) if found.is_empty() => {
            soft(ui, "Nothing goes with these rows more than with the others.");
        }
        Some(Ok(found)) => {
            let across = ((ui.available_width() / WIDTH) as usize).max(1);
            ui.columns(across, |columns| {
                for (place, difference) in found.iter().take(24).enumerate() {
                    let column = &mut columns[place % across];
                    difference_ui(column, difference);
                    if link(column, "Raw lines").on_hover_text("The lines of the sources behind these rows").clicked() {
                        let data_type = type_of(state, &differs.step, &difference.column);
                        let value = difference.condition(&data_type);
                        let condition = format!("({}) and {value}", differs.condition);
                        out.push(Action::LinesWhere { step: differs.step.clone(), condition });
                    }
                    column.add_space(theme::SPACE_2);
                }
            });
            ui.horizontal(|ui| {
                let selection = Selection::Where(differs.condition.clone());
                if link(ui, "Make a step of it").clicked()
                    && let Ok(comparison) = compare(&state.project, &plan(&state.project), &differs.step, &selection)
                {
                    out.edit("what differs", comparison.accept);
                }
                caption(ui, "“Goes with” is not “caused by”: it tells what stands together.");
            });
        }
    }
}

/// The type of a column of a step's rows.
fn type_of(state: StateRef<'_>, step: &str, column: &str) -> DataType {
    let node = state.design().steps.get(step).and_then(|step| state.plan.output(&step.id, &main_port(state, step)));
    let field = node.and_then(|node| state.plan.node(node).schema.get(column));
    field.map_or(DataType::Unknown, |field| field.data_type.clone())
}

/// The value, and its share inside and outside as two bars.
pub fn difference_ui(ui: &mut Ui, difference: &Difference) {
    let palette = theme::palette(ui.ctx());
    let value = match &difference.value {
        Value::Null => "is missing".to_owned(),
        value if difference.is_range() => crate::gui::forms::shown(value),
        value => format!("= {}", crate::gui::forms::shown(value)),
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        ui.label(RichText::new(&difference.column).font(theme::code()));
        ui.label(RichText::new(value).font(theme::code()));
    });
    let shares = [
        ("inside", difference.inside_share, difference.inside, palette.accent),
        ("outside", difference.outside_share, difference.outside, palette.soft),
    ];
    for (word, share, rows, colour) in shares {
        ui.horizontal(|ui| {
            ui.allocate_ui(egui::vec2(50.0, 14.0), |ui| {
                ui.set_min_width(50.0);
                caption(ui, word);
            });
            let (rect, _) = ui.allocate_exact_size(egui::vec2(110.0, 8.0), egui::Sense::hover());
            ui.painter().rect_filled(rect, 3.0, palette.hairline);
            let mut part = rect;
            part.set_width(rect.width() * share.clamp(0.0, 1.0) as f32);
            ui.painter().rect_filled(part, 3.0, colour);
            caption(ui, format!("{:.0} % · {}", share * 100.0, grouped(rows)));
        });
    }
    ui.add_space(theme::SPACE_1);
}
