//! Fields that name columns: one, several, and order keys.

use egui::{Align, Layout, RichText, Role, ScrollArea, Ui, WidgetInfo};
use pipewright_core::data::{DataType, Field, Schema};
use pipewright_core::expr::{self, ExprKind, print_name};
use serde_json::{Value as Json, json};

use super::{FieldUi, TextLook, shown, text_edit};
use crate::gui::backend::ResultTable;
use crate::gui::theme;
use crate::gui::widgets::{
    Check, Choice, ItemAction, caption, checks_link, group_box, item_buttons, link, picker, search_field,
};

/// Stands for the expression that is written by hand, among choices; no column is called so.
pub const BY_HAND: &str = "\u{0}";

/// The choice of an expression that is written by hand.
pub fn by_hand() -> Choice {
    Choice { value: BY_HAND.to_owned(), label: "an expression…".to_owned(), detail: "written by hand".to_owned() }
}

/// Columns of a schema as entries of a picker, with type and first value.
pub fn column_choices(schema: Option<&Schema>, rows: Option<&ResultTable>, types: &[DataType]) -> Vec<Choice> {
    let Some(schema) = schema else { return Vec::new() };
    let fits = |found: &DataType| types.is_empty() || types.iter().any(|wanted| found.fits(wanted));
    let choice = |field: &Field| {
        let example = rows.and_then(|rows| {
            let column = rows.schema().index(&field.name)?;
            (0..rows.rows().min(8)).map(|row| rows.value(row, column)).find(|value| !value.is_null())
        });
        let detail = match example {
            Some(value) => {
                let text: String = shown(&value).chars().take(24).collect();
                format!("{} · {text}", field.data_type)
            }
            None => field.data_type.to_string(),
        };
        Choice { value: field.name.clone(), label: String::new(), detail }
    };
    let mut fitting: Vec<Choice> = schema.fields.iter().filter(|field| fits(&field.data_type)).map(choice).collect();
    if fitting.is_empty() {
        fitting = schema.fields.iter().map(choice).collect();
    }
    fitting
}

impl FieldUi<'_, '_> {
    pub(super) fn column_ui(&mut self, ui: &mut Ui, input: &str, types: &[DataType]) {
        let stored = self.scope.text(self.field.name);
        let schema = self.scope.schema(input);
        if schema.is_none() {
            // Nothing is wired yet: the name can still be typed.
            self.text_ui(ui, "column", false, true);
            return;
        }
        let choices = || column_choices(schema, self.scope.rows(input), types);
        let is_wrong = !stored.is_empty() && self.has_error();
        if let Some(value) = picker(ui, self.field.label, stored, is_wrong, choices) {
            self.scope.set(self.out, self.field.name, Json::from(value));
        }
    }

    pub(super) fn columns_ui(&mut self, ui: &mut Ui, input: &str) {
        let stored = self.scope.values.get(self.field.name).and_then(Json::as_array);
        let chosen: Vec<String> = stored.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
        let empty = Schema::default();
        let schema = self.scope.schema(input).unwrap_or(&empty);
        let mut next = chosen.clone();
        group_box(ui, |ui| {
            let filter_id = ui.scope_id().with("filter");
            let mut filter: String = ui.data_mut(|data| data.get_temp(filter_id)).unwrap_or_default();
            if schema.len() > 10 {
                search_field(ui, &mut filter, "filter columns", f32::INFINITY);
                ui.data_mut(|data| data.insert_temp(filter_id, filter.clone()));
            }
            column_checks_ui(ui, schema, &chosen, &filter.to_lowercase(), &mut next);
            ui.horizontal(|ui| {
                if link(ui, "All").clicked() {
                    next = schema.names().map(str::to_owned).collect();
                }
                if link(ui, "None").clicked() {
                    next.clear();
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    caption(ui, format!("{} of {}", chosen.len(), schema.len()));
                });
            });
        });
        if next != chosen {
            // In the schema's order, so that the same choice is the same text.
            next.sort_by_key(|name| schema.index(name).unwrap_or(usize::MAX));
            self.scope.set(self.out, self.field.name, json!(next));
        }
    }

    pub(super) fn order_ui(&mut self, ui: &mut Ui, input: &str) {
        let stored = self.scope.values.get(self.field.name).and_then(Json::as_array);
        let keys: Vec<String> = stored.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
        let (schema, rows) = (self.scope.schema(input), self.scope.rows(input));
        let mut next = keys.clone();
        for (index, key) in keys.iter().enumerate() {
            ui.push_id(index, |ui| {
                let row = egui::vec2(ui.available_width(), theme::CONTROL_HEIGHT);
                ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = theme::SPACE_1;
                    match item_buttons(ui, index, keys.len()) {
                        Some(ItemAction::Remove) => {
                            next.remove(index);
                        }
                        Some(ItemAction::Up) => next.swap(index - 1, index),
                        Some(ItemAction::Down) => next.swap(index, index + 1),
                        None => order_key_ui(ui, index, key, (schema, rows), &mut next),
                    }
                });
            });
        }
        let checks = || {
            let is_key = |name: &str| keys.iter().any(|key| column_of_key(key).is_some_and(|column| column == name));
            let check =
                |choice: Choice| Check { is_on: is_key(&choice.value), name: choice.value, detail: choice.detail };
            column_choices(schema, rows, &[]).into_iter().map(check).collect()
        };
        let name = format!("Columns of {}", self.field.label);
        match checks_link(ui, "+ Add key", &name, checks) {
            Some((column, true)) if !column.is_empty() => next.push(print_name(&column)),
            Some((_, true)) => {
                let is_new = |name: &&str| !keys.iter().any(|key| column_of_key(key).as_deref() == Some(*name));
                next.extend(schema.into_iter().flat_map(Schema::names).filter(is_new).map(print_name));
            }
            Some((column, false)) => {
                next.retain(|key| column_of_key(key).is_none_or(|name| name != column && !column.is_empty()));
            }
            None => {}
        }
        if next != keys {
            self.scope.set(self.out, self.field.name, json!(next));
        }
    }
}

/// A check box per column; chosen names that are no columns come first, in red.
fn column_checks_ui(ui: &mut Ui, schema: &Schema, chosen: &[String], filter: &str, next: &mut Vec<String>) {
    let palette = theme::palette(ui.ctx());
    ScrollArea::vertical().max_height(190.0).auto_shrink([false, true]).show(ui, |ui| {
        for name in chosen.iter().filter(|name| !schema.has(name)) {
            let mut is_on = true;
            let label = RichText::new(name).font(theme::code()).color(palette.bad);
            if ui.checkbox(&mut is_on, label).on_hover_text("no such column here").changed() {
                next.retain(|other| other != name);
            }
        }
        for field in schema.fields.iter().filter(|field| field.name.to_lowercase().contains(filter)) {
            let mut is_on = chosen.contains(&field.name);
            ui.horizontal(|ui| {
                let label = RichText::new(&field.name).font(theme::code());
                if ui.checkbox(&mut is_on, label).changed() {
                    next.retain(|other| *other != field.name);
                    if is_on {
                        next.push(field.name.clone());
                    }
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.add_space(theme::SPACE_3);
                    caption(ui, field.data_type.to_string());
                });
            });
        }
        if schema.is_empty() && chosen.is_empty() {
            caption(ui, "no columns yet: wire the input");
        }
    });
}

/// Column and direction of an order key; a key that cannot be read is shown as text.
fn order_key_ui(
    ui: &mut Ui,
    index: usize,
    key: &str,
    (schema, rows): (Option<&Schema>, Option<&ResultTable>),
    next: &mut [String],
) {
    let parsed = expr::parse_order(key).ok().filter(|keys| keys.len() == 1).map(|mut keys| keys.remove(0));
    let hand = ui.scope_id().with("by hand");
    let Some(parsed) = parsed.filter(|_| !ui.data(|data| data.get_temp::<bool>(hand)).unwrap_or(false)) else {
        hand_key_ui(ui, index, key, hand, next);
        return;
    };
    let about = if parsed.descending { "largest first" } else { "smallest first" };
    let flip = direction_ui(ui, parsed.descending).on_hover_text(about);
    let direction = |text: String, descending: bool| if descending { format!("{text} desc") } else { text };
    if flip.clicked()
        && let Some(slot) = next.get_mut(index)
    {
        *slot = direction(expr::print(&parsed.expr), !parsed.descending);
    }
    let name = match &parsed.expr.kind {
        ExprKind::Column(name) => name.clone(),
        _ => expr::print(&parsed.expr),
    };
    let is_column = matches!(&parsed.expr.kind, ExprKind::Column(_));
    let is_wrong = is_column && schema.is_some_and(|schema| !schema.open && !schema.has(&name));
    let choices = || {
        let mut choices = column_choices(schema, rows, &[]);
        choices.push(by_hand());
        choices
    };
    match picker(ui, &format!("Order key {}", index + 1), &name, is_wrong, choices) {
        Some(column) if column == BY_HAND => drop(ui.data_mut(|data| data.insert_temp(hand, true))),
        Some(column) => {
            if let Some(slot) = next.get_mut(index) {
                *slot = direction(print_name(&column), parsed.descending);
            }
        }
        None => {}
    }
}

/// Which way an order goes: with its word where the column's name keeps enough room beside it.
pub(super) fn direction_ui(ui: &mut Ui, descending: bool) -> egui::Response {
    const NAME: f32 = 110.0;
    const WITH_WORD: f32 = 60.0;
    let (word, arrow) = if descending { ("down ↓", "↓") } else { ("up ↑", "↑") };
    let has_room = ui.available_width() >= WITH_WORD + NAME;
    let (text, width) = if has_room { (word, WITH_WORD) } else { (arrow, theme::CONTROL_HEIGHT) };
    let response = ui.add_sized([width, theme::CONTROL_HEIGHT], egui::Button::new(text));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
    response
}

/// A key as text: an expression, or what cannot be read.
fn hand_key_ui(ui: &mut Ui, index: usize, key: &str, hand: egui::Id, next: &mut [String]) {
    let is_wrong = expr::parse_order(key).is_err();
    let mut text = key.to_owned();
    let look = TextLook { placeholder: "lower(page) desc", is_code: true, is_wrong, ..TextLook::default() };
    let response = text_edit(ui, &format!("Order key {}", index + 1), &mut text, look);
    if response.changed()
        && let Some(slot) = next.get_mut(index)
    {
        *slot = text;
    }
    if response.lost_focus() {
        ui.data_mut(|data| data.remove_temp::<bool>(hand));
    }
}

/// The column that an order key names.
fn column_of_key(key: &str) -> Option<String> {
    match expr::parse_order(key).ok()?.into_iter().next()?.expr.kind {
        ExprKind::Column(name) => Some(name),
        _ => None,
    }
}
