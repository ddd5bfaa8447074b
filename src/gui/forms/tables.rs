//! Fields that are small tables: a schema, rows typed in by hand, the project's parameters.

use egui::{Align, Grid, Layout, RichText, ScrollArea, Ui};
use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::formats::{self, FormatSpec, Sample};
use pipewright_core::ir::environment_reference;
use pipewright_core::model::Parameter;
use serde_json::{Value as Json, json};

use super::{FieldUi, FormMemory, TextLook, data_types, shown, text_edit};
use crate::gui::actions::edits;
use crate::gui::command::Actions;
use crate::gui::icons::{Icon, icon_button};
use crate::gui::state::StateRef;
use crate::gui::theme;
use crate::gui::widgets::{caption, group_box, link, picker};

/// Finds columns when they are asked for.
type FindColumns<'a> = Box<dyn Fn() -> Option<Schema> + 'a>;

/// How many rows the grid shows; more are counted.
const SHOWN_ROWS: usize = 200;
/// Rows whose texts are looked at for columns.
const LOOKED_AT: usize = 500;

/// The columns of a stored schema: a list, or an object with `fields`.
pub fn read_schema(json: Option<&Json>) -> Vec<Json> {
    let list = json.and_then(|json| json.as_array().or_else(|| json.get("fields")?.as_array()));
    list.cloned().unwrap_or_default()
}

/// Names and types, one column a row. Gives the changed list.
pub fn schema_editor_ui(ui: &mut Ui, columns: &[Json]) -> Option<Vec<Json>> {
    let mut next: Option<Vec<Json>> = None;
    for (index, column) in columns.iter().enumerate() {
        ui.push_id(index, |ui| {
            let row = egui::vec2(ui.available_width(), theme::CONTROL_HEIGHT);
            ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = theme::SPACE_1;
                if icon_button(ui, Icon::Cross, &format!("Remove column {}", index + 1)).clicked() {
                    let mut list = columns.to_vec();
                    list.remove(index);
                    next = Some(list);
                }
                let stored = column.get("type").and_then(Json::as_str).unwrap_or_default();
                let picked = ui
                    .allocate_ui(egui::vec2(108.0, theme::CONTROL_HEIGHT), |ui| {
                        picker(ui, &format!("Type of column {}", index + 1), stored, false, data_types)
                    })
                    .inner;
                let mut name = column.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
                let look = TextLook { placeholder: "name", is_code: true, ..TextLook::default() };
                let changed = text_edit(ui, &format!("Name of column {}", index + 1), &mut name, look).changed();
                if changed || picked.is_some() {
                    let mut list = columns.to_vec();
                    if let Some(slot) = list.get_mut(index) {
                        slot["name"] = Json::from(name);
                        if let Some(picked) = picked {
                            slot["type"] = Json::from(picked);
                        }
                    }
                    next = Some(list);
                }
            });
        });
    }
    if link(ui, "+ Add column").clicked() {
        let mut list = columns.to_vec();
        list.push(json!({"name": format!("column_{}", columns.len() + 1), "type": "String"}));
        next = Some(list);
    }
    next
}

impl FieldUi<'_, '_> {
    pub(super) fn schema_ui(&mut self, ui: &mut Ui) {
        let stored = self.scope.values.get(self.field.name);
        let columns = read_schema(stored);
        let mut next = group_box(ui, |ui| schema_editor_ui(ui, &columns));
        if let Some((text, found)) = self.offered_columns()
            && link(ui, text).clicked()
            && let Some(found) = found()
        {
            // What else is said of a column that is there already stays.
            let renewed = |field: &Field| {
                let known = columns.iter().find(|column| column["name"] == field.name.as_str());
                let mut column = known.cloned().unwrap_or_else(|| json!({"name": field.name}));
                column["type"] = json!(field.data_type);
                column
            };
            next = Some(found.fields.iter().map(renewed).collect());
        }
        if let Some(next) = next {
            let value = match stored {
                Some(Json::Object(map)) => {
                    let mut map = map.clone();
                    map.insert("fields".into(), Json::Array(next));
                    Json::Object(map)
                }
                _ => Json::Array(next),
            };
            self.scope.typed(self.memory, self.out, self.field.name, value);
        }
    }

    /// Columns that need not be typed: those that a format finds in the texts that arrive, or those that arrive.
    fn offered_columns(&self) -> Option<(&'static str, FindColumns<'_>)> {
        let arriving = self.scope.schema("in")?;
        let spec =
            self.scope.values.get("format").and_then(|json| serde_json::from_value::<FormatSpec>(json.clone()).ok());
        let Some(spec) = spec else {
            return Some(("Take the columns that arrive", Box::new(|| Some(arriving.clone()))));
        };
        let rows = self.scope.rows("in")?;
        let column = rows.schema().index(self.scope.text("column"))?;
        let find = move || {
            let texts = (0..rows.rows().min(LOOKED_AT)).filter_map(|row| match rows.value(row, column) {
                Value::String(text) => Some(text.replace(['\n', '\r'], " ")),
                _ => None,
            });
            let sample = Sample::whole("", &texts.collect::<Vec<_>>().join("\n"));
            let parser = formats::prepare(formats::format(&spec.name)?, &spec, None, &sample).ok()?;
            Some(parser.schema().clone())
        };
        Some(("Find the columns in the texts", Box::new(find)))
    }

    pub(super) fn rows_ui(&mut self, ui: &mut Ui, schema: &str) {
        let columns: Vec<(String, DataType)> = read_schema(self.scope.values.get(schema))
            .iter()
            .filter_map(|column| {
                let name = column.get("name")?.as_str()?.to_owned();
                Some((name, column.get("type")?.as_str()?.parse().ok()?))
            })
            .collect();
        let stored = self.scope.values.get(self.field.name).and_then(Json::as_array);
        let rows: Vec<Vec<Json>> =
            stored.into_iter().flatten().map(|row| row.as_array().cloned().unwrap_or_default()).collect();
        if columns.is_empty() {
            caption(ui, "add columns first");
            return;
        }
        let mut next: Option<Vec<Vec<Json>>> = None;
        ScrollArea::horizontal().show(ui, |ui| {
            Grid::new("rows").num_columns(columns.len() + 1).spacing([theme::SPACE_1, theme::SPACE_1]).show(ui, |ui| {
                for (name, data_type) in &columns {
                    ui.label(RichText::new(name).font(theme::code())).on_hover_text(data_type.to_string());
                }
                ui.end_row();
                for (index, row) in rows.iter().enumerate().take(SHOWN_ROWS) {
                    for (column, (name, data_type)) in columns.iter().enumerate() {
                        let cell = row.get(column).unwrap_or(&Json::Null);
                        if let Some(value) = self.cell_ui(ui, (index, name), cell, data_type) {
                            let list = next.get_or_insert_with(|| rows.clone());
                            if let Some(row) = list.get_mut(index) {
                                row.resize(columns.len().max(row.len()), Json::Null);
                                row[column] = value;
                            }
                        }
                    }
                    if icon_button(ui, Icon::Cross, &format!("Remove row {}", index + 1)).clicked() {
                        let list = next.get_or_insert_with(|| rows.clone());
                        list.remove(index);
                    }
                    ui.end_row();
                }
            });
        });
        if rows.len() > SHOWN_ROWS {
            caption(ui, format!("{} more rows", rows.len() - SHOWN_ROWS));
        }
        if link(ui, "+ Add row").clicked() {
            next.get_or_insert_with(|| rows.clone()).push(vec![Json::Null; columns.len()]);
        }
        if let Some(next) = next {
            self.scope.typed(self.memory, self.out, self.field.name, json!(next));
        }
    }

    /// One cell: gives the new value where its text can be read as the column's type; else the text stays, in red.
    fn cell_ui(&mut self, ui: &mut Ui, at: (usize, &str), cell: &Json, data_type: &DataType) -> Option<Json> {
        let key = format!("{}[{}].{}", self.scope.key(self.field.name), at.0, at.1);
        let stored = match cell {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut text = self.memory.drafts.get(&key).cloned().unwrap_or(stored);
        let is_wrong = read_cell(&text, data_type).is_none();
        let look = TextLook { placeholder: "null", is_code: true, is_wrong, ..TextLook::default() };
        let name = format!("{} of row {}", at.1, at.0 + 1);
        let response =
            ui.allocate_ui(egui::vec2(104.0, theme::CONTROL_HEIGHT), |ui| text_edit(ui, &name, &mut text, look)).inner;
        let response = if is_wrong { response.on_hover_text(format!("this is no {data_type}")) } else { response };
        if response.lost_focus() {
            self.memory.typing = None;
            if !is_wrong {
                self.memory.drafts.remove(&key);
            }
        }
        if !response.changed() {
            return None;
        }
        let value = read_cell(&text, data_type);
        self.memory.drafts.insert(key, text);
        value
    }
}

/// A typed text as a value of a type; empty is null.
fn read_cell(text: &str, data_type: &DataType) -> Option<Json> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Some(Json::Null);
    }
    let json = match data_type {
        DataType::String => Json::from(text),
        DataType::Timestamp | DataType::Date | DataType::Duration => Json::from(trimmed),
        DataType::Boolean
        | DataType::Int
        | DataType::Float
        | DataType::List(_)
        | DataType::Record(_)
        | DataType::Unknown => serde_json::from_str(trimmed).ok()?,
    };
    Value::from_json(&json, data_type).map(|value| value.to_json())
}

/// The project's parameters: name, type, default.
pub fn parameters_ui(ui: &mut Ui, state: StateRef<'_>, memory: &mut FormMemory, out: &mut Actions) {
    for parameter in state.project.parameters.values() {
        ui.push_id(&parameter.id, |ui| {
            group_box(ui, |ui| parameter_ui(ui, parameter, memory, out));
        });
        ui.add_space(theme::SPACE_1);
    }
    if link(ui, "+ Add parameter").clicked() {
        let id = state.project.new_id("par");
        let is_taken =
            |name: &str| state.project.parameters.values().any(|other| other.name.eq_ignore_ascii_case(name));
        let name = (1..).map(|number| format!("parameter_{number}")).find(|name| !is_taken(name)).unwrap_or_default();
        let parameter = Parameter {
            id,
            name,
            data_type: DataType::String,
            default: Some(Json::from("")),
            doc: String::new(),
            extra: serde_json::Map::new(),
        };
        out.edit("add parameter", vec![edits::insert("parameters", &parameter)]);
    }
}

fn parameter_ui(ui: &mut Ui, parameter: &Parameter, memory: &mut FormMemory, out: &mut Actions) {
    let row = egui::vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    let typed = |out: &mut Actions, memory: &mut FormMemory, field: &str, value: Json| {
        let key = format!("{}/{field}", parameter.id);
        let joins = memory.typing.as_ref() == Some(&key);
        memory.typing = Some(key);
        out.typed("change parameter", edits::set(&parameter.id, field, value), joins);
    };
    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        if icon_button(ui, Icon::Cross, &format!("Remove parameter {}", parameter.name)).clicked() {
            out.edit("remove parameter", vec![edits::remove(&parameter.id)]);
        }
        let mut name = parameter.name.clone();
        let look = TextLook { placeholder: "name", is_code: true, ..TextLook::default() };
        let response = text_edit(ui, "Name of parameter", &mut name, look);
        if response.changed() {
            typed(out, memory, "name", Json::from(name));
        }
    });
    let key = format!("{}/draft", parameter.id);
    // A reference to a variable is kept as it is, whatever the type of its value.
    let read = |text: &str| match environment_reference(&Json::from(text)) {
        Some(_) => Some(Json::from(text.trim())),
        None => read_cell(text, &parameter.data_type),
    };
    let stored = parameter.default.as_ref().map(|json| match Value::from_json(json, &parameter.data_type) {
        _ if environment_reference(json).is_some() => json.as_str().unwrap_or_default().to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(value) => match json {
            Json::String(text) => text.clone(),
            _ => shown(&value),
        },
    });
    let mut text = memory.drafts.get(&key).cloned().or(stored).unwrap_or_default();
    let is_wrong = read(&text).is_none();
    let look =
        TextLook { placeholder: "default: none, a run must give it", is_code: true, is_wrong, ..TextLook::default() };
    // The name has a line of its own: it is what expressions say.
    let response = ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        let shown = parameter.data_type.to_string();
        let width = egui::vec2(108.0, theme::CONTROL_HEIGHT);
        let picked = ui.allocate_ui(width, |ui| picker(ui, "Type of parameter", &shown, false, data_types)).inner;
        if let Some(picked) = picked {
            let typed_edit = edits::set(&parameter.id, "type", Json::from(picked));
            out.edit("change parameter", vec![typed_edit, edits::set(&parameter.id, "default", Json::Null)]);
        }
        text_edit(ui, "Default of parameter", &mut text, look)
    });
    let response = response.inner;
    if response.changed() {
        if let Some(value) = read(&text) {
            typed(out, memory, "default", value);
        }
        memory.drafts.insert(key.clone(), text);
    }
    if response.lost_focus() {
        memory.typing = None;
        if !is_wrong {
            memory.drafts.remove(&key);
        }
    }
}
