//! The rows of the selected step as a table: only what is seen is drawn, so that a million rows and hundreds of columns
//! scroll. Each header has name, type and a small profile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, FontId, Galley, Modifiers, Rect, Response, RichText, Sense, Stroke, Ui, pos2, vec2};
use egui_table::{CellInfo, Column, HeaderCellInfo, HeaderRow, Table, TableDelegate};
use pipewright_app::Viewer;
use pipewright_core::data::figures::cell_number;
use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::model::Id;

use super::chart_tab::chart_tab_ui;
use super::differs::condition_of;
use super::flow_view::main_port;
use super::lines::lines_ui;
use super::preview_bar;
use super::preview_profile::{column_hover_ui, profile_ui};
use crate::gui::backend::{ColumnProfile, NodeResult, Pair, ResultTable};
use crate::gui::command::{Action, Actions};
use crate::gui::forms::{diagnostic_ui, located_ui, mend_ui, shown};
use crate::gui::icons::Icon;
use crate::gui::state::results::Freshness;
use crate::gui::state::view::{PreviewView, View};
use crate::gui::state::{FollowedColumn, StateRef, grouped};
use crate::gui::theme::{self, Palette};
use crate::gui::widgets::menu::menu_of;
use crate::gui::widgets::{empty_state, focus_ring, link, shown_name};

const ROW_HEIGHT: f32 = 25.0;
const HEADER_HEIGHT: f32 = 50.0;
/// A column is not wider than this at first.
const WIDEST: f32 = 320.0;
/// Characters of a cell that are laid out; more are never seen.
const CELL_CHARACTERS: usize = 300;

/// Step and output port whose rows are shown.
pub fn shown_port(state: StateRef<'_>, view: &PreviewView) -> Option<(Id, String)> {
    let step = state.selected_step()?;
    let port = view.port.clone().unwrap_or_else(|| main_port(state, step));
    Some((step.id.clone(), port))
}

/// The panel.
pub fn preview_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some((step, port)) = shown_port(state, &view.preview) else {
        let help = if state.project.steps.is_empty() {
            "Drop a file on the canvas, or press Tab to add a step"
        } else {
            "Select one step to see the rows that leave it"
        };
        empty_state(ui, "No step is selected", help);
        return;
    };
    let outcome = state.results.get(&step, &port);
    match outcome.map(|outcome| &outcome.result) {
        Some(Ok(_)) if view.preview.is_raw => lines_ui(ui, state, view, out),
        Some(Ok(rows)) if view.preview.is_chart => {
            let look = view.preview.look_mut(&step, &port);
            if chart_tab_ui(ui, state, &step, &rows.table, look, out) {
                view.preview.is_chart = false;
            }
        }
        Some(Ok(rows)) => {
            let profile = outcome.and_then(|outcome| state.results.profile(outcome.hash));
            table_ui(ui, state, (&step, &port), rows, profile, view, out);
        }
        Some(Err(problem)) => {
            ui.add_space(theme::SPACE_3);
            ui.horizontal(|ui| {
                ui.add_space(theme::SPACE_3);
                ui.vertical(|ui| located_ui(ui, problem));
            });
        }
        None => without_rows_ui(ui, state, &step, out),
    }
}

/// Why there are no rows, and what to do.
fn without_rows_ui(ui: &mut Ui, state: StateRef<'_>, step: &str, out: &mut Actions) {
    if let Some(problem) = state.problems_of(step).find(|problem| problem.is_error()) {
        ui.add_space(theme::SPACE_3);
        ui.horizontal(|ui| {
            ui.add_space(theme::SPACE_3);
            ui.vertical(|ui| {
                diagnostic_ui(ui, problem);
                mend_ui(ui, state, problem, out);
                if let Some(field) = &problem.location.field
                    && link(ui, "Go to the field").clicked()
                {
                    out.push(Action::FocusField { step: step.to_owned(), field: field.clone() });
                }
            });
        });
    } else if state.results.computing {
        empty_state(ui, "Computing…", "The rows appear as soon as they are there");
    } else {
        empty_state(ui, "No rows yet", "A step before this one is broken, or an input has no wire");
    }
}

/// The rows of a step as a table.
pub fn table_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    (step, port): (&str, &str),
    rows: &NodeResult,
    profile: Option<&Arc<Vec<ColumnProfile>>>,
    view: &mut View,
    out: &mut Actions,
) {
    let table = &*rows.table;
    let schema = table.schema();
    if schema.is_empty() {
        empty_state(ui, "No columns", "This step gives rows without columns");
        return;
    }
    let palette = theme::palette(ui.ctx());
    let look = view.preview.look(step, port).clone();
    let compared = if look.compares { compared(state, step, &rows.table, out) } else { None };
    let order = if look.compares { None } else { preview_bar::ask(state, &rows.table, &look.arrangement, out) };
    let count = match (&compared, &order) {
        (Some((_, pairs)), _) => pairs.len(),
        (None, Some(order)) => order.len(),
        (None, None) => table.rows(),
    };
    let fields = schema.fields.iter().enumerate().filter(|(_, field)| !look.hidden.contains(&field.name));
    let visible: Vec<usize> = fields.map(|(index, _)| index).collect();
    let numbers = number_width(table.rows()).max(if compared.is_some() { 76.0 } else { 0.0 });
    let mut columns = vec![Column::new(numbers).resizable(false)];
    let shown = visible.iter().filter_map(|index| schema.fields.get(*index));
    // By name: what a design of before made narrow is not the width of another column in its place.
    columns.extend(shown.map(|field| {
        let id = egui::Id::unique((&field.name, field.data_type.to_string()));
        Column::new(width_of(&field.data_type)).range(48.0..=900.0).id(id)
    }));
    let mut delegate = Rows {
        palette,
        table,
        schema,
        profile: profile.map(|profile| profile.as_slice()),
        viewer: if state.plan.policy.has_rules() { Viewer::others() } else { Viewer::Owner },
        meanings: meanings_of(state, step),
        order: order.as_ref().map(|order| order.as_slice()),
        compared: compared.as_ref().map(|(input, pairs)| (&**input, pairs.as_slice())),
        visible,
        sort: look.arrangement.sort.as_ref(),
        column: state.column.as_ref().filter(|column| column.step == step).map(|column| column.column.as_str()),
        chosen: &view.preview,
        done: Vec::new(),
        is_fresh: state.results.freshness(&state.plan, step, port) == Freshness::Fresh,
    };
    let salt = (step, view.preview.port.as_deref().unwrap_or_default());
    let response = Table::new()
        .id_salt(salt)
        .num_rows(count as u64)
        .columns(columns)
        .num_sticky_cols(1)
        .auto_size_mode(egui_table::AutoSizeMode::Never)
        .headers([HeaderRow::new(HEADER_HEIGHT)])
        .show(ui, &mut delegate);
    let name = format!("Rows of {}", state.step_title(step));
    describe_table(ui, &response, &name, count, schema.len());
    for done in std::mem::take(&mut delegate.done) {
        take(done, state, (step, port), view, out);
    }
    if count == 0 {
        let centre = ui.max_rect().center();
        let text = if table.rows() == 0 { "no rows" } else { "none of the rows shown here fits the filter" };
        ui.painter().text(centre, egui::Align2::CENTER_CENTER, text, theme::body(), palette.soft);
    }
}

/// The rows before a step with how they pair with its own, as far as known; asks for them.
fn compared(
    state: StateRef<'_>,
    step: &str,
    table: &Arc<ResultTable>,
    out: &mut Actions,
) -> Option<(Arc<ResultTable>, Arc<Vec<Pair>>)> {
    let input = preview_bar::input_of(state, step, table)?;
    match state.compared.as_ref().filter(|compared| compared.is_of(table, &input)) {
        Some(compared) => Some((input, compared.pairs.clone()?)),
        None => {
            if state.compared.as_ref().is_none_or(|compared| compared.pairs.is_some()) {
                out.push(Action::CompareRows { table: table.clone(), input });
            }
            None
        }
    }
}

/// What was done in the table.
fn take(done: Done, state: StateRef<'_>, (step, port): (&str, &str), view: &mut View, out: &mut Actions) {
    let look = view.preview.look_mut(step, port);
    match done {
        Done::Row(row) => {
            let is_let_go = view.preview.row == Some(row) && view.preview.with.is_empty();
            view.preview.choose(Some(row).filter(|_| !is_let_go));
            view.lines_where = None;
        }
        Done::RowToo(row) => {
            let mut chosen = view.preview.chosen();
            let is_new = chosen.insert(row) || !chosen.remove(&row);
            let last = if is_new { Some(row) } else { chosen.last().copied() };
            view.preview.choose(last);
            view.preview.with = chosen.into_iter().filter(|row| Some(*row) != last).collect();
            view.lines_where = None;
        }
        Done::Rows(rows, last) => {
            view.preview.choose(Some(last));
            view.preview.with = rows;
            view.preview.with.remove(&last);
            view.lines_where = None;
        }
        Done::Copy(text) => out.push(Action::CopyText(text)),
        Done::Differs(condition) => out.push(Action::Differs { step: step.to_owned(), condition }),
        Done::Filter(condition) => look.arrangement.filter = condition,
        Done::Sort(sort) => look.arrangement.sort = sort,
        Done::Patterns(column) => {
            if let Some(Ok(rows)) = state.results.get(step, port).map(|outcome| &outcome.result) {
                let (table, step, port) = (rows.table.clone(), step.to_owned(), port.to_owned());
                out.push(Action::Patterns { table, step, port, column });
            }
        }
        Done::Hide(column) => drop(look.hidden.insert(column)),
        Done::Follow(column) => {
            let followed = FollowedColumn { step: step.to_owned(), port: port.to_owned(), column };
            let is_off = state.column.as_ref() == Some(&followed);
            out.push(Action::FollowColumn(if is_off { None } else { Some(followed) }));
        }
    }
}

/// What the columns of a step that reads a source mean.
fn meanings_of(state: StateRef<'_>, step: &str) -> BTreeMap<String, String> {
    let source = state.design().steps.get(step).and_then(|step| step.settings.get("source")?.as_str());
    let Some((latest, source)) = state.planning.latest.as_ref().zip(source) else { return BTreeMap::new() };
    let Some(number) = latest.catalogue.source_number(source) else { return BTreeMap::new() };
    let columns = latest.catalogue.meanings[number].columns.iter();
    let known = columns.filter_map(|column| {
        let meaning = column.accepted()?;
        Some((column.column.clone(), latest.catalogue.vocabulary.title(&meaning.concept).to_owned()))
    });
    known.collect()
}

/// Tells a screen reader what the table is, with its counts.
fn describe_table(ui: &Ui, response: &Response, name: &str, rows: usize, columns: usize) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Table, true, name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_row_count(rows);
        node.set_column_count(columns);
    });
}

fn number_width(rows: usize) -> f32 {
    24.0 + 8.0 * rows.max(1).to_string().len().max(2) as f32
}

/// The least width of a column: its small profile must be readable.
fn width_of(data_type: &DataType) -> f32 {
    match data_type {
        DataType::Boolean | DataType::Int | DataType::Float | DataType::Date | DataType::Duration => 110.0,
        DataType::Timestamp | DataType::String | DataType::Unknown => 140.0,
        DataType::List(_) | DataType::Record(_) => 200.0,
    }
}

fn is_right_aligned(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int | DataType::Float | DataType::Duration)
}

/// What the table draws.
struct Rows<'a> {
    palette: &'static Palette,
    table: &'a ResultTable,
    schema: &'a Schema,
    profile: Option<&'a [ColumnProfile]>,
    /// Who sees the profile: rows are looked at as they are.
    viewer: Viewer,
    /// By column: what it means.
    meanings: BTreeMap<String, String>,
    /// Numbers of the rows that are shown, in their order; `None`: all as they are.
    order: Option<&'a [u32]>,
    /// The rows before the step, and how they pair with its own.
    compared: Option<(&'a ResultTable, &'a [Pair])>,
    /// Indices of the columns that are shown.
    visible: Vec<usize>,
    sort: Option<&'a (String, bool)>,
    /// The column whose way is lit.
    column: Option<&'a str>,
    chosen: &'a PreviewView,
    done: Vec<Done>,
    is_fresh: bool,
}

/// What somebody did in the table.
enum Done {
    /// Chose a row alone, or let go of it.
    Row(u64),
    /// Chose a row with those that are chosen, or let go of it.
    RowToo(u64),
    /// Chose what stands between two rows, with them; the second is the last.
    Rows(BTreeSet<u64>, u64),
    Copy(String),
    /// Asks what goes with the rows that fulfil a condition.
    Differs(String),
    /// Looks at the rows that fulfil a condition.
    Filter(String),
    Sort(Option<(String, bool)>),
    Hide(String),
    /// Asks for the patterns of a column's texts.
    Patterns(String),
    /// Lights the way of a column.
    Follow(String),
}

/// What became of a cell on the way through its step.
enum Change {
    Same,
    /// It was this.
    Was(Value),
    /// Its row is gone.
    Gone,
}

impl Rows<'_> {
    /// A cell in a place, and what became of it.
    fn cell_at(&self, place: u64, column: usize) -> (Value, Change) {
        let Some((input, pairs)) = self.compared else {
            return (self.table.value(self.row_at(place) as usize, column), Change::Same);
        };
        let Some(pair) = pairs.get(place as usize) else { return (Value::Null, Change::Same) };
        let name = self.schema.fields.get(column).map_or("", |field| field.name.as_str());
        let before = pair.input.and_then(|row| Some(input.value(row as usize, input.schema().index(name)?)));
        match (pair.output, before) {
            (None, before) => (before.unwrap_or(Value::Null), Change::Gone),
            (Some(row), before) => {
                let value = self.table.value(row as usize, column);
                let change = before.filter(|before| *before != value).map_or(Change::Same, Change::Was);
                (value, change)
            }
        }
    }

    /// Whether a column is not among those before the step.
    fn is_new(&self, name: &str) -> bool {
        self.compared.is_some_and(|(input, _)| !input.schema().has(name))
    }

    /// The row of the table that is shown in a place.
    fn row_at(&self, place: u64) -> u64 {
        if let Some((_, pairs)) = self.compared {
            let pair = pairs.get(place as usize);
            return pair.and_then(|pair| pair.output.or(pair.input)).map_or(place, u64::from);
        }
        self.order.and_then(|order| order.get(place as usize)).map_or(place, |row| u64::from(*row))
    }

    /// What a click, or Space, on a row does: with Shift held it chooses all from the row that was chosen last, with
    /// Ctrl one more.
    fn choice(&self, place: u64, held: Modifiers) -> Done {
        let row = self.row_at(place);
        let from =
            self.chosen.row.filter(|_| held.shift && self.compared.is_none()).and_then(|from| match self.order {
                None => Some(from),
                Some(order) => order.iter().position(|row| u64::from(*row) == from).map(|place| place as u64),
            });
        match from {
            Some(from) => {
                let places = from.min(place)..=from.max(place);
                Done::Rows(places.map(|place| self.row_at(place)).collect(), row)
            }
            None if held.command && self.compared.is_none() => Done::RowToo(row),
            None => Done::Row(row),
        }
    }

    /// The column that is shown in a place behind the numbers.
    fn column_at(&self, place: usize) -> Option<usize> {
        self.visible.get(place.checked_sub(1)?).copied()
    }

    /// What can be done with a column.
    fn column_menu_ui(&mut self, ui: &mut Ui, field: &Field) {
        let name = &field.name;
        let mut entry = |ui: &mut Ui, text: &str, done: Done| {
            if ui.button(text).clicked() {
                self.done.push(done);
                ui.close();
            }
        };
        if is_sortable(&field.data_type) {
            entry(ui, "Sort upwards", Done::Sort(Some((name.clone(), false))));
            entry(ui, "Sort downwards", Done::Sort(Some((name.clone(), true))));
            entry(ui, "As the step gives them", Done::Sort(None));
            ui.separator();
        }
        entry(ui, "Show where it comes from and goes", Done::Follow(name.clone()));
        if field.data_type == DataType::String {
            entry(ui, "Patterns of its texts…", Done::Patterns(name.clone()));
        }
        entry(ui, "Hide this column", Done::Hide(name.clone()));
        entry(ui, "Copy column name", Done::Copy(name.clone()));
    }

    /// The order by a column: upwards, downwards, none.
    fn sort_ui(&mut self, ui: &mut Ui, rect: Rect, field: &Field) {
        const SIDE: f32 = 16.0;
        let current = self.sort.filter(|(column, _)| *column == field.name).map(|(_, descending)| *descending);
        let place = Rect::from_center_size(pos2(rect.right() - 12.0, rect.top() + 14.0), vec2(SIDE, SIDE));
        let response = ui.interact(place, ui.scope_id().with(("sort", &field.name)), Sense::click());
        let (next, told) = match current {
            None => (Some(false), "sort"),
            Some(false) => (Some(true), "sorted upwards"),
            Some(true) => (None, "sorted downwards"),
        };
        let name = format!("{told} by {}", field.name);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        let icon = match current {
            None => Icon::Sort,
            Some(false) => Icon::Up,
            Some(true) => Icon::Down,
        };
        let is_near = ui.rect_contains_pointer(rect) || response.has_focus();
        if current.is_some() || is_near {
            let colour = if current.is_some() { self.palette.accent } else { self.palette.soft };
            ui.painter().rect_filled(place, 3.0, self.palette.panel);
            icon.paint(ui.painter(), place.shrink(1.0), colour);
            focus_ring(ui, &response, place);
        }
        if response.on_hover_text(name).clicked() {
            self.done.push(Done::Sort(next.map(|descending| (field.name.clone(), descending))));
        }
    }
}

impl Rows<'_> {
    /// What can be done with a cell.
    fn cell_menu_ui(&mut self, ui: &mut Ui, row: u64, field: &Field, value: &Value) {
        let (table, schema) = (self.table, self.schema);
        let whole = || {
            let fields = schema.fields.iter().enumerate();
            let cells = fields.map(|(column, field)| (field.name.clone(), table.value(row as usize, column).to_json()));
            serde_json::Value::Object(cells.collect()).to_string()
        };
        let mut entry = |ui: &mut Ui, text: &str, done: &dyn Fn() -> Done| {
            if ui.button(text).clicked() {
                self.done.push(done());
                ui.close();
            }
        };
        entry(ui, "Copy cell", &|| Done::Copy(shown(value)));
        entry(ui, "Copy row as JSON", &|| Done::Copy(whole()));
        ui.separator();
        entry(ui, "Only rows with this value", &|| Done::Filter(condition_of(&field.name, value)));
        entry(ui, "What goes with this value?", &|| Done::Differs(condition_of(&field.name, value)));
    }
}

fn is_sortable(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::List(_) | DataType::Record(_))
}

impl TableDelegate for Rows<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &HeaderCellInfo) {
        let palette = self.palette;
        let rect = ui.max_rect();
        let line = Stroke::new(1.0, palette.hairline);
        let field = self.column_at(cell.col_range.start).and_then(|index| self.schema.fields.get(index));
        let is_followed = field.is_some_and(|field| self.column == Some(field.name.as_str()));
        let ground = if is_followed { palette.selected_ground() } else { palette.panel };
        ui.painter().rect_filled(rect, 0.0, ground);
        ui.painter().hline(rect.x_range(), rect.bottom(), line);
        ui.painter().vline(rect.right(), rect.y_range(), line);
        let (Some(index), Some(field)) = (self.column_at(cell.col_range.start), field) else {
            let place = rect.right_top() + vec2(-10.0, 8.0);
            ui.painter().text(place, egui::Align2::RIGHT_TOP, "#", theme::code(), palette.soft);
            ui.set_min_width(number_width(self.table.rows()));
            return;
        };
        let inner = rect.shrink2(vec2(9.0, 6.0));
        let name = ui.painter().layout_no_wrap(shown_name(&field.name, CELL_CHARACTERS), theme::code(), palette.text);
        let data_type = ui.painter().layout_no_wrap(field.data_type.to_string(), theme::code(), palette.soft);
        if ui.is_sizing_pass() {
            let wanted = name.size().x + data_type.size().x + 8.0 + 20.0;
            ui.set_min_width(wanted.max(width_of(&field.data_type)));
            return;
        }
        let painter = ui.painter_at(inner);
        let type_x = inner.left() + name.size().x + 8.0;
        painter.galley(inner.left_top(), name, palette.text);
        painter.galley(pos2(type_x, inner.top()), data_type.clone(), palette.soft);
        if let Some(meaning) = self.meanings.get(&field.name) {
            let at = pos2(type_x + data_type.size().x + 8.0, inner.top());
            let galley = ui.painter().layout_no_wrap(meaning.clone(), theme::caption(), palette.accent);
            // Half a word tells nothing; the form of the source shows it whole.
            if at.x + galley.size().x <= inner.right() {
                painter.galley(at + vec2(0.0, 2.0), galley, palette.accent);
            }
        }
        let below = Rect::from_min_max(pos2(inner.left(), inner.top() + 20.0), inner.max);
        let profile = self.profile.and_then(|profile| profile.get(index));
        let kept_back = self.viewer.keeps_back(field.labels.classified());
        if let Some(profile) = profile {
            profile_ui(ui, palette, below, &field.data_type, profile, kept_back, self.table.rows() as u64);
        }
        let response = ui.interact(rect, ui.scope_id().with(("column", index)), Sense::click());
        let about = format!("{} {}", field.name, field.data_type);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ColumnHeader, true, &about));
        if response.clicked() {
            self.done.push(Done::Follow(field.name.clone()));
        }
        focus_ring(ui, &response, rect.shrink(1.0));
        menu_of(&response, rect, |ui| self.column_menu_ui(ui, field));
        if is_sortable(&field.data_type) {
            self.sort_ui(ui, rect, field);
        }
        response.on_hover_ui(|ui| column_hover_ui(ui, field, profile, kept_back, self.table.rows() as u64));
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        let rect = ui.max_rect();
        if self.compared.is_none() && self.chosen.is_chosen(self.row_at(row)) {
            ui.painter().rect_filled(rect, 0.0, self.palette.selected_ground());
        }
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, self.palette.hairline));
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &CellInfo) {
        let palette = self.palette;
        let rect = ui.max_rect();
        ui.painter().vline(rect.right(), rect.y_range(), Stroke::new(1.0, palette.hairline));
        let inner = rect.shrink2(vec2(9.0, 0.0));
        let row = self.row_at(cell.row_nr);
        let Some(index) = self.column_at(cell.col_nr) else {
            let is_gone = self
                .compared
                .is_some_and(|(_, pairs)| pairs.get(cell.row_nr as usize).is_some_and(|pair| pair.output.is_none()));
            let number = if is_gone { "dropped".to_owned() } else { grouped(row + 1) };
            let colour = if is_gone { palette.ink(palette.bad) } else { palette.soft };
            let galley = fitted(ui, number, theme::code(), colour, inner.width());
            paint_in(ui, inner, galley, true);
            return;
        };
        let Some(field) = self.schema.fields.get(index) else { return };
        let (value, change) = self.cell_at(cell.row_nr, index);
        let ground = match &change {
            Change::Gone => Some(palette.bad),
            Change::Was(_) => Some(palette.warning),
            Change::Same if self.is_new(&field.name) => Some(palette.good),
            Change::Same => None,
        };
        if let Some(ground) = ground {
            ui.painter().rect_filled(rect.shrink(0.5), 0.0, ground.gamma_multiply(0.13));
        }
        let text = match &value {
            Value::Float(number) => cell_number(*number),
            value => shown_name(&shown(value), CELL_CHARACTERS),
        };
        let colour = if value.is_null() || !self.is_fresh || matches!(change, Change::Gone) {
            palette.soft
        } else {
            palette.text
        };
        let told = match &change {
            Change::Same => String::new(),
            Change::Was(before) => format!(", was {}", shown_name(&shown(before), CELL_CHARACTERS)),
            Change::Gone => ", dropped".to_owned(),
        };
        let name = format!("{} of row {}: {text}{told}", field.name, row + 1);
        if ui.is_sizing_pass() {
            let wanted = code(ui, text, colour).size().x + 20.0;
            ui.set_min_width(wanted.min(WIDEST));
            return;
        }
        let galley = fitted(ui, text, theme::code(), colour, inner.width());
        let is_right = is_right_aligned(&field.data_type) && !galley.elided;
        // What is shown in short is told in full on hover.
        let is_cut = galley.elided || matches!(value, Value::Float(_)) && galley.text() != shown(&value);
        paint_in(ui, inner, galley, is_right);
        let response = ui.interact(rect, ui.scope_id().with((cell.row_nr, index)), Sense::click());
        let is_chosen = self.chosen.is_chosen(row);
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Cell, true, is_chosen, &name));
        if response.clicked() && !matches!(change, Change::Gone) {
            let held = ui.input(|input| input.modifiers);
            self.done.push(self.choice(cell.row_nr, held));
        }
        if let Change::Was(before) = &change {
            response.clone().on_hover_text(format!("was {}", shown_name(&shown(before), 1000)));
        }
        if response.double_clicked() {
            self.done.push(Done::Copy(shown(&value)));
        }
        if is_cut && response.hovered() {
            response.clone().on_hover_text(RichText::new(shown_name(&shown(&value), 1000)).font(theme::code()));
        }
        focus_ring(ui, &response, rect.shrink(1.0));
        menu_of(&response, rect, |ui| self.cell_menu_ui(ui, row, field, &value));
    }

    fn default_row_height(&self) -> f32 {
        ROW_HEIGHT
    }
}

fn code(ui: &Ui, text: String, colour: Color32) -> Arc<Galley> {
    ui.painter().layout_no_wrap(text, theme::code(), colour)
}

/// One line, cut with `…` where it is wider than `width`.
pub fn fitted(ui: &Ui, text: String, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text, font, colour);
    job.wrap = TextWrapping::truncate_at_width(width.max(1.0));
    ui.painter().layout_job(job)
}

/// Paints text into a cell, cut at its border.
fn paint_in(ui: &Ui, inner: Rect, galley: Arc<Galley>, is_right: bool) {
    let y = inner.center().y - galley.size().y / 2.0;
    let x = if is_right { inner.right() - galley.size().x } else { inner.left() };
    let painter = ui.painter_at(inner.expand2(vec2(1.0, 0.0)));
    painter.galley(pos2(x, y), galley, Color32::PLACEHOLDER);
}
