//! A format with its options.

use egui::Ui;
use pipewright_core::formats::{self, FormatSpec, OptionKind, OptionSpec};
use serde_json::Value as Json;

use super::captures::captures_ui;
use super::{FieldUi, FormMemory, FormScope, TextLook, label_ui, text_edit};
use crate::gui::command::Actions;
use crate::gui::marked::{doc_on_hover, doc_ui};
use crate::gui::theme;
use crate::gui::widgets::{Choice, picker};

impl FieldUi<'_, '_> {
    pub(super) fn format_ui(&mut self, ui: &mut Ui) {
        format_ui(ui, self.scope, self.field.name, self.memory, self.out);
    }
}

/// Format and options in the field `field` of the scope's item.
pub fn format_ui(ui: &mut Ui, scope: &FormScope<'_>, field: &str, memory: &mut FormMemory, out: &mut Actions) {
    let spec: FormatSpec =
        scope.values.get(field).and_then(|json| serde_json::from_value(json.clone()).ok()).unwrap_or_default();
    let known = formats::format(&spec.name);
    let shown = known.map_or(spec.name.as_str(), |format| format.title());
    let choices: Vec<Choice> = formats::formats()
        .iter()
        .map(|format| Choice {
            value: format.name().to_owned(),
            label: format.title().to_owned(),
            detail: String::new(),
        })
        .collect();
    let is_wrong = !spec.name.is_empty() && known.is_none();
    if let Some(name) = picker(ui, "Format", shown, is_wrong, || choices) {
        let json = serde_json::to_value(FormatSpec::new(&name)).unwrap_or(Json::Null);
        scope.set(out, field, json);
    }
    let Some(format) = known else { return };
    doc_ui(ui, format.doc(), &theme::caption());
    for option in &format.every_option() {
        ui.add_space(theme::SPACE_1);
        ui.push_id(option.name, |ui| option_ui(ui, scope, field, &spec, option, memory, out));
    }
}

fn option_ui(
    ui: &mut Ui,
    scope: &FormScope<'_>,
    field: &str,
    spec: &FormatSpec,
    option: &OptionSpec,
    memory: &mut FormMemory,
    out: &mut Actions,
) {
    let label = {
        let words = option.name.replace('_', " ");
        let mut letters = words.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    let stored = spec.option(option.name);
    let path = format!("{field}.options.{}", option.name);
    let as_json = |text: &str| if text.is_empty() || text == option.default { Json::Null } else { Json::from(text) };
    match option.kind {
        OptionKind::Boolean => {
            let mut is_on = stored.unwrap_or(option.default) == "true";
            if doc_on_hover(ui.checkbox(&mut is_on, &label), option.doc).changed() {
                scope.set(out, &path, as_json(if is_on { "true" } else { "false" }));
            }
        }
        OptionKind::Choice(values) => {
            label_ui(ui, &label, option.doc);
            let choice = |value: &&str| Choice { value: (*value).into(), label: String::new(), detail: String::new() };
            let choices: Vec<Choice> = values.iter().map(choice).collect();
            if let Some(value) = picker(ui, &label, stored.unwrap_or(option.default), false, || choices) {
                scope.set(out, &path, as_json(&value));
            }
        }
        OptionKind::Text => {
            label_ui(ui, &label, option.doc);
            let mut text = stored.unwrap_or_default().to_owned();
            let look = TextLook { placeholder: option.default, is_code: true, ..TextLook::default() };
            let response = text_edit(ui, &label, &mut text, look);
            if response.lost_focus() {
                memory.typing = None;
            }
            if response.changed() {
                scope.typed(memory, out, &path, as_json(&text));
            }
            if spec.name == "pattern" && option.name == "pattern" {
                captures_ui(ui, scope, &text);
            }
        }
    }
}
