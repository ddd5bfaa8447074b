//! Ordered lists of items, each with fields of its own: add, remove, move up and down.

use egui::{Align, Layout, RichText, Ui};
use pipewright_core::data::Schema;
use pipewright_core::expr::print_name;
use pipewright_core::project::{Edit, Place};
use pipewright_core::steps::{FieldKind, FormField};
use serde_json::{Map, Value as Json, json};

use super::columns::column_choices;
use super::keys::lone_column;
use super::{FieldUi, FormScope, form_ui};
use crate::gui::actions::edits::NewIds;
use crate::gui::theme;
use crate::gui::widgets::{Check, Choice, ItemAction, checks_link, group_box, item_buttons, link};

impl FieldUi<'_, '_> {
    pub(super) fn items_ui(&mut self, ui: &mut Ui, fields: &[FormField]) {
        let list = self.field.name;
        let stored = self.scope.values.get(list).and_then(Json::as_array);
        let items: Vec<&Map<String, Json>> = stored.into_iter().flatten().filter_map(Json::as_object).collect();
        let ids: Vec<&str> =
            items.iter().map(|item| item.get("id").and_then(Json::as_str).unwrap_or_default()).collect();
        if let (true, Some(id), Some(first)) = (self.wants_focus, ids.first(), fields.first()) {
            let path = format!("{}{list}.{id}.{}", self.scope.path, first.name);
            self.memory.focus = Some((self.scope.owner.to_owned(), path));
        }
        for (index, item) in items.iter().enumerate() {
            let Some(id) = ids.get(index).filter(|id| !id.is_empty()) else { continue };
            ui.push_id(id, |ui| {
                group_box(ui, |ui| {
                    let row = egui::vec2(ui.available_width(), theme::CONTROL_HEIGHT);
                    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
                        ui.spacing_mut().item_spacing.x = 0.0;
                        if let Some(action) = item_buttons(ui, index, items.len()) {
                            self.item_action(action, index, &ids);
                        }
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            let soft = theme::palette(ui.ctx()).soft;
                            ui.label(RichText::new(format!("{}", index + 1)).font(theme::caption()).color(soft));
                        });
                    });
                    let scope = FormScope {
                        state: self.scope.state,
                        owner: self.scope.owner,
                        item: id,
                        prefix: "",
                        path: format!("{}{list}.{id}.", self.scope.path),
                        values: item,
                    };
                    form_ui(ui, &scope, fields, self.memory, self.out);
                });
            });
            ui.add_space(theme::SPACE_1);
        }
        ui.horizontal(|ui| {
            if link(ui, "+ Add").accessible_name(format!("Add to {}", self.field.label)).clicked() {
                let item = self.new_item(fields, &mut NewIds::new(&self.scope.state.project));
                if let (Some(id), Some(first)) = (item.get("id").and_then(Json::as_str), fields.first()) {
                    let path = format!("{}{list}.{id}.{}", self.scope.path, first.name);
                    self.memory.focus = Some((self.scope.owner.to_owned(), path));
                }
                self.insert(vec![item]);
            }
            let input = match fields.first().map(|field| &field.kind) {
                Some(FieldKind::Column { input, .. }) => Some(*input),
                // Of pairs the other side is picked, too.
                Some(FieldKind::Key { input }) if !is_paired(fields) => Some(*input),
                _ => None,
            };
            if let Some((input, schema)) = input.and_then(|input| Some((input, self.scope.schema(input)?)))
                && !schema.is_empty()
            {
                self.columns_popup_ui(ui, fields, input, schema);
            }
        });
        if is_paired(fields) {
            ui.add_space(theme::SPACE_1);
            self.matches_ui(ui);
        }
    }

    fn item_action(&mut self, action: ItemAction, index: usize, ids: &[&str]) {
        let Some(id) = ids.get(index) else { return };
        let edit = match action {
            ItemAction::Remove => Edit::Remove { id: (*id).to_owned() },
            ItemAction::Up => {
                let place = match index.checked_sub(2).and_then(|before| ids.get(before)) {
                    Some(before) => Place::After((*before).to_owned()),
                    None => Place::First,
                };
                Edit::Move { id: (*id).to_owned(), place }
            }
            ItemAction::Down => {
                let Some(next) = ids.get(index + 1) else { return };
                Edit::Move { id: (*id).to_owned(), place: Place::After((*next).to_owned()) }
            }
        };
        let what = match action {
            ItemAction::Remove => "remove item",
            ItemAction::Up | ItemAction::Down => "move item",
        };
        self.out.edit(format!("{what} of {}", super::plain(self.field.name)), vec![edit]);
    }

    /// A new item: its choices have their first value, all else is empty.
    fn new_item(&self, fields: &[FormField], ids: &mut NewIds<'_>) -> Map<String, Json> {
        let stem: String = self.field.name.chars().take(1).collect();
        let mut item = Map::new();
        item.insert("id".into(), Json::from(ids.next(&stem)));
        for field in fields {
            match &field.kind {
                FieldKind::Choice(choices) => {
                    if let Some((first, _)) = choices.first() {
                        item.insert(field.name.into(), Json::from(*first));
                    }
                }
                FieldKind::Boolean => {
                    item.insert(field.name.into(), json!(false));
                }
                FieldKind::Text { .. }
                | FieldKind::Lines { .. }
                | FieldKind::Expression { .. }
                | FieldKind::Key { .. }
                | FieldKind::Column { .. }
                    if field.required =>
                {
                    item.insert(field.name.into(), json!(""));
                }
                _ => {}
            }
        }
        item
    }

    /// A list of the columns, to add an item for each or take it away.
    fn columns_popup_ui(&mut self, ui: &mut Ui, fields: &[FormField], input: &str, schema: &Schema) {
        let Some(first) = fields.first() else { return };
        let stored = self.scope.values.get(self.field.name).and_then(Json::as_array);
        let named: Vec<(String, String)> = stored
            .into_iter()
            .flatten()
            .filter_map(|item| Some((item.get("id")?.as_str()?.to_owned(), item.get(first.name)?.as_str()?.to_owned())))
            .filter_map(|(id, text)| Some((id, self.named_column(first, &text)?)))
            .collect();
        let checks = || {
            let choices = column_choices(Some(schema), self.scope.rows(input), &[]);
            let is_on = |name: &String| named.iter().any(|(_, column)| column == name);
            let check =
                |choice: Choice| Check { is_on: is_on(&choice.value), name: choice.value, detail: choice.detail };
            choices.into_iter().map(check).collect()
        };
        match checks_link(ui, "+ Columns…", &format!("Columns of {}", self.field.label), checks) {
            Some((column, true)) if column.is_empty() => self.add_columns(fields, schema),
            Some((column, true)) => {
                let mut item = self.new_item(fields, &mut NewIds::new(&self.scope.state.project));
                item.insert(first.name.into(), Json::from(written(first, &column)));
                self.insert(vec![item]);
            }
            Some((column, false)) => {
                let gone = named.iter().filter(|(_, name)| *name == column || column.is_empty());
                let batch = gone.map(|(id, _)| Edit::Remove { id: id.clone() }).collect();
                self.out.edit(format!("remove from {}", super::plain(self.field.name)), batch);
            }
            None => {}
        }
    }

    /// The column that an item's first field names.
    fn named_column(&self, first: &FormField, text: &str) -> Option<String> {
        match first.kind {
            FieldKind::Key { .. } => lone_column(text),
            _ => Some(text.to_owned()),
        }
    }

    /// An item for each column that no item names yet.
    fn add_columns(&mut self, fields: &[FormField], schema: &Schema) {
        let Some(first) = fields.first() else { return };
        let stored = self.scope.values.get(self.field.name).and_then(Json::as_array);
        let named: Vec<&str> = stored.into_iter().flatten().filter_map(|item| item.get(first.name)?.as_str()).collect();
        let written = |name: &str| written(first, name);
        let mut ids = NewIds::new(&self.scope.state.project);
        let missing = schema.names().map(written).filter(|name| !named.contains(&name.as_str()));
        let items = missing.map(|name| {
            let mut item = self.new_item(fields, &mut ids);
            item.insert(first.name.into(), Json::from(name));
            item
        });
        let items = items.collect();
        self.insert(items);
    }

    fn insert(&mut self, items: Vec<Map<String, Json>>) {
        let into = format!("{}.{}", self.scope.item, self.field.name);
        let edit = |item| Edit::Insert { into: into.clone(), item: Json::Object(item), place: Place::Last };
        let batch: Vec<Edit> = items.into_iter().map(edit).collect();
        if !batch.is_empty() {
            self.out.edit(format!("add to {}", super::plain(self.field.name)), batch);
        }
    }
}

/// Whether the items are pairs of keys of two inputs.
fn is_paired(fields: &[FormField]) -> bool {
    fields.len() == 2 && fields[0].name == "left" && fields[1].name == "right"
}

/// A column as an item's first field holds it.
fn written(first: &FormField, column: &str) -> String {
    match first.kind {
        FieldKind::Key { .. } => print_name(column),
        _ => column.to_owned(),
    }
}
