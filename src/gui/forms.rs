//! Forms made from form fields as data: every kind of field as a widget that emits edits. What is typed is kept as it
//! is; what is wrong with it stands under the field. Reads the state; changes nothing.

mod basic;
mod captures;
mod chart;
mod columns;
mod completion;
mod connection;
mod expression;
mod format;
mod highlight;
mod items;
mod keys;
mod matches;
mod measure;
pub mod source;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Color32, RichText, Ui};
use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::expr::Place;
use pipewright_core::model::{Id, Source};
use pipewright_core::plan::mend;
use pipewright_core::steps::{FieldKind, FormField, Settings};
use serde_json::Value as Json;

use super::actions::edits;
use super::backend::ResultTable;
use super::command::Actions;
use super::icons::{Icon, icon_ui};
use super::marked::{doc_on_hover, marked_ui};
use super::state::StateRef;
use super::theme;
use super::widgets;

pub use basic::{TextLook, data_types, text_edit};
pub use chart::AS_ASKED;
pub use tables::parameters_ui;

/// What forms remember between frames.
#[derive(Debug, Default)]
pub struct FormMemory {
    /// Text that cannot be stored as it is (a number that is none), by item and field.
    drafts: BTreeMap<String, String>,
    /// Fields that are written by hand, though they could be picked.
    by_hand: BTreeSet<String>,
    /// The field in which typing goes on: further changes join the one before.
    typing: Option<String>,
    /// A field that shall get the keyboard: item id and path as diagnostics name it.
    pub focus: Option<(Id, String)>,
}

impl FormMemory {
    /// Forgets what was being typed (another project, another step).
    pub fn clear(&mut self) {
        self.drafts.clear();
        self.by_hand.clear();
        self.typing = None;
    }
}

/// Where the values of a form live, and what they may refer to.
pub struct FormScope<'a> {
    pub state: StateRef<'a>,
    /// The step (or source, or question) that diagnostics name.
    pub owner: &'a str,
    /// The thing that edits change: the owner, or an item of one of its lists.
    pub item: &'a str,
    /// What stands before a field's name in edits: `settings.` for steps.
    pub prefix: &'a str,
    /// What stands before a field's name in diagnostics: `columns.c1.` for an item.
    pub path: String,
    /// Settings that hold the form's values.
    pub values: &'a Settings,
}

impl<'a> FormScope<'a> {
    fn key(&self, field: &str) -> String {
        format!("{}/{}{field}", self.item, self.path)
    }

    fn text(&self, field: &str) -> &'a str {
        self.values.get(field).and_then(Json::as_str).unwrap_or_default()
    }

    /// Columns of an input of the step.
    fn schema(&self, input: &str) -> Option<&'a Schema> {
        self.state.input_schema(self.owner, input)
    }

    /// As `rows`, to be kept.
    fn table(&self, input: &str) -> Option<Arc<ResultTable>> {
        let wire = self.state.project.wires_into(self.owner).find(|wire| wire.input == input)?;
        Some(self.state.results.rows(&wire.from, &wire.output)?.table.clone())
    }

    /// Rows that flow into an input of the step.
    fn rows(&self, input: &str) -> Option<&'a ResultTable> {
        let wire = self.state.project.wires_into(self.owner).find(|wire| wire.input == input)?;
        Some(&*self.state.results.rows(&wire.from, &wire.output)?.table)
    }

    fn diagnostics(&self, field: &str) -> impl Iterator<Item = &'a Diagnostic> + use<'a> {
        let path = format!("{}{field}", self.path);
        self.state
            .problems_of(self.owner)
            .filter(move |problem| problem.location.field.as_deref().is_some_and(|found| covers(found, &path)))
    }

    /// A change of a field that is picked, not typed.
    fn set(&self, out: &mut Actions, field: &str, value: Json) {
        out.edit(format!("set {}", self.label_of(field)), vec![edits::set(self.item, &self.edit_path(field), value)]);
    }

    /// A change by typing: what follows in the same field becomes one change with it.
    fn typed(&self, memory: &mut FormMemory, out: &mut Actions, field: &str, value: Json) {
        let key = self.key(field);
        let joins = memory.typing.as_ref() == Some(&key);
        memory.typing = Some(key);
        out.typed(
            format!("change {}", self.label_of(field)),
            edits::set(self.item, &self.edit_path(field), value),
            joins,
        );
    }

    /// The words beside a field, for the list of what can be undone.
    fn label_of(&self, field: &str) -> String {
        let kind = self.state.project.steps.get(self.owner).and_then(|step| pipewright_core::steps::kind(&step.kind));
        let found = kind.and_then(|kind| kind.form().iter().find(|found| found.name == field && self.path.is_empty()));
        found.map_or_else(|| plain(field), |found| format!("“{}”", found.label))
    }

    fn edit_path(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }
}

/// A diagnostic at `found` belongs under the field `path`: the same, or a numbered part of it.
fn covers(found: &str, path: &str) -> bool {
    found == path
        || found
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

fn plain(field: &str) -> String {
    field.replace(['_', '.'], " ")
}

/// All fields of a form, one below the other. Those that only a policy asks for are folded away until there is one, or
/// a source says where its data may go, or one of them is filled in or wrong.
pub fn form_ui(ui: &mut Ui, scope: &FormScope<'_>, fields: &[FormField], memory: &mut FormMemory, out: &mut Actions) {
    let mut field_below = |ui: &mut Ui, field: &FormField| {
        ui.push_id((scope.item, field.name), |ui| field_ui(ui, scope, field, memory, out));
        ui.add_space(theme::SPACE_2);
    };
    let is_bound = |source: &Source| !(source.residency.is_empty() && source.access.is_empty());
    let has_policy = !scope.state.project.policy.is_empty() || scope.state.project.sources.values().any(is_bound);
    let is_told =
        |field: &&FormField| !scope.text(field.name).is_empty() || scope.diagnostics(field.name).next().is_some();
    let fold = !has_policy && !fields.iter().filter(|field| field.for_policy).any(|field| is_told(&field));
    fields.iter().filter(|field| !(fold && field.for_policy)).for_each(|field| field_below(ui, field));
    if fold && fields.iter().any(|field| field.for_policy) {
        let title = RichText::new("For a policy").color(theme::palette(ui.ctx()).soft);
        egui::CollapsingHeader::new(title).id_salt((scope.item, "for a policy")).show(ui, |ui| {
            fields.iter().filter(|field| field.for_policy).for_each(|field| field_below(ui, field));
        });
        ui.add_space(theme::SPACE_2);
    }
}

fn field_ui(ui: &mut Ui, scope: &FormScope<'_>, field: &FormField, memory: &mut FormMemory, out: &mut Actions) {
    let path = format!("{}{}", scope.path, field.name);
    let is_wanted = memory.focus.as_ref().is_some_and(|(owner, wanted)| owner == scope.owner && covers(wanted, &path));
    let top = ui.next_widget_position();
    if !matches!(field.kind, FieldKind::Boolean) {
        label_ui(ui, field.label, field.doc);
    }
    if is_wanted {
        // A field of several parts has the keyboard in its first; others ask for it themselves.
        widgets::focus_next(ui);
        ui.scroll_to_rect(egui::Rect::from_min_size(top, egui::vec2(1.0, 80.0)), None);
        memory.focus = None;
    }
    FieldUi { scope, field, memory, out, wants_focus: is_wanted }.show(ui);
    if is_wanted {
        ui.data_mut(|data| data.remove_temp::<bool>(widgets::next_picker()));
    }
    if !matches!(field.kind, FieldKind::Expression { .. } | FieldKind::Key { .. }) {
        diagnostics_ui(ui, scope.state, scope.diagnostics(field.name), out);
    }
}

/// The label above a field; its sentence shows on hover.
pub fn label_ui(ui: &mut Ui, label: &str, doc: &str) {
    let soft = theme::palette(ui.ctx()).soft;
    let response = ui.label(RichText::new(label).color(soft));
    if !doc.is_empty() {
        doc_on_hover(response, doc);
    }
}

/// What is wrong, under the field, with what mends it.
pub fn diagnostics_ui<'d>(
    ui: &mut Ui,
    state: StateRef<'_>,
    diagnostics: impl Iterator<Item = &'d Diagnostic>,
    out: &mut Actions,
) {
    for diagnostic in diagnostics {
        diagnostic_ui(ui, diagnostic);
        mend_ui(ui, state, diagnostic, out);
    }
}

/// The name that a message suggests, at a click in its place; below the words of the message.
pub fn mend_ui(ui: &mut Ui, state: StateRef<'_>, diagnostic: &Diagnostic, out: &mut Actions) {
    if mend(&state.project, diagnostic).is_some() {
        ui.horizontal(|ui| {
            ui.add_space(16.0 + theme::SPACE_1);
            mend_link_ui(ui, state, diagnostic, out);
        });
    }
}

/// As [`mend_ui`], where the words stand already.
pub fn mend_link_ui(ui: &mut Ui, state: StateRef<'_>, diagnostic: &Diagnostic, out: &mut Actions) {
    let Some(found) = mend(&state.project, diagnostic) else { return };
    if widgets::link(ui, &format!("Use “{}”", widgets::shown_name(&found.name, 60))).clicked() {
        out.edit("use the suggested name", vec![found.edit]);
    }
}

/// How grave it is: what is not filled in yet is not wrong.
pub fn tone(palette: &theme::Palette, diagnostic: &Diagnostic) -> (Icon, Color32) {
    match diagnostic.severity {
        Severity::Error if diagnostic.is_unfilled() => (Icon::Info, palette.soft),
        Severity::Error => (Icon::Cross, palette.bad),
        Severity::Warning => (Icon::Warning, palette.warning),
        Severity::Hint => (Icon::Info, palette.soft),
    }
}

/// One message with its help.
pub fn diagnostic_ui(ui: &mut Ui, diagnostic: &Diagnostic) {
    let palette = theme::palette(ui.ctx());
    let (icon, colour) = tone(palette, diagnostic);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        icon_ui(ui, icon, 16.0, Some(colour));
        ui.vertical(|ui| {
            marked_ui(ui, &diagnostic.message, &theme::body(), palette.ink(colour));
            if let Some(help) = &diagnostic.help {
                marked_ui(ui, help, &theme::body(), palette.soft);
            }
        });
    });
}

/// As [`diagnostic_ui`], with the step that it is about.
pub fn located_ui(ui: &mut Ui, diagnostic: &Diagnostic) {
    if let Some(step) = &diagnostic.location.step {
        widgets::strong(ui, step);
    }
    diagnostic_ui(ui, diagnostic);
}

/// One field being drawn.
struct FieldUi<'f, 'a> {
    scope: &'f FormScope<'a>,
    field: &'f FormField,
    memory: &'f mut FormMemory,
    out: &'f mut Actions,
    wants_focus: bool,
}

impl FieldUi<'_, '_> {
    fn show(&mut self, ui: &mut Ui) {
        if self.wants_focus {
            widgets::focus_next_picker(ui);
        }
        match &self.field.kind {
            FieldKind::Text { placeholder } => self.text_ui(ui, placeholder, false, false),
            FieldKind::Lines { placeholder } => self.text_ui(ui, placeholder, true, false),
            FieldKind::Integer { min, max } => self.integer_ui(ui, *min, *max),
            FieldKind::Number { min, max } => self.number_ui(ui, *min, *max),
            FieldKind::Boolean => self.boolean_ui(ui),
            FieldKind::Choice(choices) => self.choice_ui(ui, choices),
            FieldKind::Expression { input, place: Place::Row, .. } => self.expression_ui(ui, input, Place::Row),
            FieldKind::Expression { input, place, .. } => self.measure_ui(ui, input, *place),
            FieldKind::Key { input } => self.key_ui(ui, input),
            FieldKind::Column { input, types } => self.column_ui(ui, input, types),
            FieldKind::Columns { input } => self.columns_ui(ui, input),
            FieldKind::Order { input } => self.order_ui(ui, input),
            FieldKind::Chart { .. } => self.chart_ui(ui),
            FieldKind::Span => self.text_ui(ui, "15 minutes", false, true),
            FieldKind::DataType => self.data_type_ui(ui),
            FieldKind::Source => self.source_ui(ui),
            FieldKind::Connection { kinds } => self.connection_ui(ui, kinds),
            FieldKind::Question => self.question_ui(ui),
            FieldKind::Format => self.format_ui(ui),
            FieldKind::Path => self.path_ui(ui),
            FieldKind::Schema => self.schema_ui(ui),
            FieldKind::Rows { schema } => self.rows_ui(ui, schema),
            FieldKind::Literal => self.text_ui(ui, "0, 'none', true", false, true),
            FieldKind::Items(fields) => self.items_ui(ui, fields),
        }
    }

    fn has_error(&self) -> bool {
        self.scope.diagnostics(self.field.name).any(Diagnostic::is_error)
    }
}

/// A value as forms and tables show it: text bare, times without the letters of ISO 8601.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::String(text) => text.clone(),
        Value::Timestamp(micros) => {
            let text = pipewright_core::data::format_timestamp(*micros);
            text.trim_end_matches('Z').replacen('T', " ", 1)
        }
        Value::Duration(micros) => pipewright_core::data::format_duration(*micros),
        other => match other.to_json() {
            Json::String(text) => text,
            json => json.to_string(),
        },
    }
}
