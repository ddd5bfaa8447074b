//! Fields that hold one plain value: text, numbers, yes and no, choices, types, paths, questions.

use egui::{Margin, Response, RichText, TextEdit, Ui};
use pipewright_core::data::DataType;
use serde_json::{Value as Json, json};

use super::FieldUi;
use crate::gui::command::{Action, Browse};
use crate::gui::icons::{Icon, icon_button};
use crate::gui::marked::doc_on_hover;
use crate::gui::theme;
use crate::gui::widgets::{Choice, picker};

/// How a text field looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextLook<'a> {
    pub placeholder: &'a str,
    pub lines: usize,
    pub is_code: bool,
    /// Room left free at its right.
    pub reserve: f32,
    pub is_wrong: bool,
    /// What is typed shows as dots, also to screen readers.
    pub is_secret: bool,
}

/// A text field in the designer's look. `name`: for screen readers.
pub fn text_edit(ui: &mut Ui, name: &str, text: &mut String, look: TextLook<'_>) -> Response {
    let palette = theme::palette(ui.ctx());
    let font = if look.is_code { theme::code() } else { theme::body() };
    let hint = RichText::new(look.placeholder).font(font.clone()).italics().color(palette.soft);
    let edit =
        if look.lines > 1 { TextEdit::multiline(text).desired_rows(look.lines) } else { TextEdit::singleline(text) };
    let width = (ui.available_width() - look.reserve).max(24.0);
    let mut edit = edit.hint_text(hint).font(font).desired_width(width).margin(Margin::symmetric(8, 5));
    if look.is_secret {
        edit = edit.password(true);
    }
    if look.is_wrong {
        edit = edit.text_color(palette.bad);
    }
    ui.add(edit).accessible_name(name)
}

impl FieldUi<'_, '_> {
    /// Notes that typing in the field ended, and takes the keyboard where it shall.
    pub(super) fn follow_focus(&mut self, response: &Response) {
        if response.lost_focus() {
            self.memory.typing = None;
        }
        if self.wants_focus {
            response.request_focus();
        }
    }

    pub(super) fn text_ui(&mut self, ui: &mut Ui, placeholder: &str, has_lines: bool, is_code: bool) {
        let state = self.scope.state;
        // People are kept by the id of their team, and called by its title.
        let is_team = matches!(self.field.name, "owner" | "asker");
        let stored = self.scope.text(self.field.name);
        let mut text = if is_team { state.team_title(stored) } else { stored }.to_owned();
        let lines = if has_lines { 3 } else { 1 };
        let look = TextLook { placeholder, lines, is_code, ..TextLook::default() };
        let response = text_edit(ui, self.field.label, &mut text, look);
        self.follow_focus(&response);
        if response.changed() {
            let mut teams = state.project.teams.values().filter(|team| is_team && !team.title.is_empty());
            let team = teams.find(|team| team.title.to_lowercase() == text.to_lowercase());
            self.store_text(team.map_or(text, |team| team.id.clone()));
        }
    }

    /// Stores a text; an empty one is no setting.
    pub(super) fn store_text(&mut self, text: String) {
        let value = if text.is_empty() { Json::Null } else { Json::from(text) };
        self.scope.typed(self.memory, self.out, self.field.name, value);
    }

    /// A text field whose text must be read as something else; what cannot be read stays as a draft with a message.
    fn parsed_ui(&mut self, ui: &mut Ui, read: impl Fn(&str) -> Result<Json, String>) {
        let name = self.field.name;
        let key = self.scope.key(name);
        let stored = match self.scope.values.get(name) {
            None | Some(Json::Null) => String::new(),
            Some(Json::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let mut text = self.memory.drafts.get(&key).cloned().unwrap_or(stored);
        let wrong = (!text.trim().is_empty()).then(|| read(text.trim()).err()).flatten();
        let look = TextLook { is_code: true, is_wrong: wrong.is_some(), ..TextLook::default() };
        let response = text_edit(ui, self.field.label, &mut text, look);
        self.follow_focus(&response);
        if response.changed() {
            let value = match text.trim() {
                "" => Ok(Json::Null),
                trimmed => read(trimmed),
            };
            // The draft keeps what the number does not (`1.`, a leading zero) until the field is left.
            self.memory.drafts.insert(key.clone(), text);
            if let Ok(value) = value {
                self.scope.typed(self.memory, self.out, name, value);
            }
        }
        if response.lost_focus() && wrong.is_none() {
            self.memory.drafts.remove(&key);
        }
        if let Some(wrong) = wrong {
            let bad = theme::palette(ui.ctx()).bad;
            ui.label(RichText::new(wrong).color(bad));
        }
    }

    pub(super) fn integer_ui(&mut self, ui: &mut Ui, min: i64, max: i64) {
        self.parsed_ui(ui, |text| match text.replace(['_', ','], "").parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(json!(number)),
            Ok(_) if max == i64::MAX => Err(format!("a whole number from {min} on is wanted")),
            Ok(_) => Err(format!("a whole number from {min} to {max} is wanted")),
            Err(_) => Err(format!("`{text}` is no whole number")),
        });
    }

    pub(super) fn number_ui(&mut self, ui: &mut Ui, min: f64, max: f64) {
        self.parsed_ui(ui, |text| match text.parse::<f64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(json!(number)),
            Ok(_) => Err(format!("a number from {min} to {max} is wanted")),
            Err(_) => Err(format!("`{text}` is no number")),
        });
    }

    pub(super) fn boolean_ui(&mut self, ui: &mut Ui) {
        let mut is_on = self.scope.values.get(self.field.name).and_then(Json::as_bool).unwrap_or(false);
        let response = doc_on_hover(ui.checkbox(&mut is_on, self.field.label), self.field.doc);
        self.follow_focus(&response);
        if response.changed() {
            self.scope.set(self.out, self.field.name, json!(is_on));
        }
    }

    pub(super) fn choice_ui(&mut self, ui: &mut Ui, choices: &[(&str, &str)]) {
        let stored = self.scope.text(self.field.name);
        let shown = choices.iter().find(|(value, _)| *value == stored).map(|(_, label)| *label);
        let entries: Vec<Choice> = choices
            .iter()
            .map(|(value, label)| Choice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                detail: String::new(),
            })
            .collect();
        let is_wrong = shown.is_none() && !stored.is_empty();
        // What is not set means the first choice, where the step needs none.
        let unset = choices.first().filter(|_| stored.is_empty() && !self.field.required).map(|(_, label)| *label);
        let shown = shown.or(unset);
        if let Some(value) = picker(ui, self.field.label, shown.unwrap_or(stored), is_wrong, || entries) {
            self.scope.set(self.out, self.field.name, Json::from(value));
        }
    }

    pub(super) fn data_type_ui(&mut self, ui: &mut Ui) {
        let stored = self.scope.text(self.field.name);
        let is_wrong = !stored.is_empty() && stored.parse::<DataType>().is_err();
        if let Some(value) = picker(ui, self.field.label, stored, is_wrong, data_types) {
            self.scope.set(self.out, self.field.name, Json::from(value));
        }
    }

    pub(super) fn question_ui(&mut self, ui: &mut Ui) {
        let stored = self.scope.text(self.field.name);
        let questions = &self.scope.state.project.questions;
        let shown = questions.get(stored).map_or(stored, |question| question.title.as_str());
        let choice = |question: &pipewright_core::model::Question| Choice {
            value: question.id.clone(),
            label: question.title.clone(),
            detail: self.scope.state.team_title(&question.asker).to_owned(),
        };
        let mut choices: Vec<Choice> = questions.values().map(choice).collect();
        choices.push(Choice { value: String::new(), label: "no question".into(), detail: String::new() });
        let is_wrong = !stored.is_empty() && !questions.contains_key(stored);
        if let Some(value) = picker(ui, self.field.label, shown, is_wrong, || choices) {
            let value = if value.is_empty() { Json::Null } else { Json::from(value) };
            self.scope.set(self.out, self.field.name, value);
        }
    }

    pub(super) fn path_ui(&mut self, ui: &mut Ui) {
        let mut text = self.scope.text(self.field.name).to_owned();
        ui.horizontal(|ui| {
            let look = TextLook {
                placeholder: "output.csv",
                is_code: true,
                reserve: theme::CONTROL_HEIGHT + theme::SPACE_2,
                ..TextLook::default()
            };
            let response = text_edit(ui, self.field.label, &mut text, look);
            self.follow_focus(&response);
            if response.changed() {
                self.store_text(text);
            }
            if icon_button(ui, Icon::Folder, "Choose a file").clicked() {
                let field = self.scope.edit_path(self.field.name);
                self.out.push(Action::Browse(Browse::Field { id: self.scope.item.to_owned(), field, folder: false }));
            }
        });
    }
}

/// The types that a column may be given.
pub fn data_types() -> Vec<Choice> {
    let about = |name: &str| match name {
        "Boolean" => "true or false",
        "Int" => "whole numbers",
        "Float" => "numbers",
        "String" => "text",
        "Timestamp" => "points in time, UTC",
        "Date" => "days",
        "Duration" => "spans of time",
        _ => "",
    };
    let choice = |name: &&str| Choice { value: (*name).into(), label: String::new(), detail: about(name).into() };
    DataType::NAMES.iter().map(choice).collect()
}
