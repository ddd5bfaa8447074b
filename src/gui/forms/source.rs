//! Sources: the picker of a step, and the form of a source (path, format, columns, owner; for planned ones what is
//! awaited).

use egui::{RichText, Ui};
use pipewright_core::model::Source;
use pipewright_core::project::Edit;
use pipewright_core::steps::{FieldKind, FormField};
use serde_json::{Map, Value as Json};

use super::connection::place_ui;
use super::format::format_ui;
use super::tables::{read_schema, schema_editor_ui};
use super::{FieldUi, FormMemory, FormScope, TextLook, diagnostics_ui, form_ui, label_ui, text_edit};
use crate::gui::actions::edits;
use crate::gui::command::{Action, Actions, Browse};
use crate::gui::icons::{Icon, icon_button};
use crate::gui::panels::meanings::meanings_ui;
use crate::gui::state::StateRef;
use crate::gui::theme;
use crate::gui::widgets::{Choice, caption, link, picker};

const ABOUT: &[FormField] = &[
    FormField::new("owner", "Owner", FieldKind::Text { placeholder: "team or name" }, "Who answers for this data."),
    FormField::new(
        "stack",
        "Where it lives",
        FieldKind::Text { placeholder: "nginx, warehouse, …" },
        "The system that holds it.",
    ),
    FormField::new(
        "residency",
        "Must stay in",
        FieldKind::Text { placeholder: "eu" },
        "The place that its data must not leave; empty: it may go anywhere.",
    ),
    FormField::new(
        "retention",
        "Kept for, in days",
        FieldKind::Integer { min: 1, max: 36_500 },
        "How long its data is kept: the volume tells what that comes to.",
    ),
    FormField::new(
        "doc",
        "About",
        FieldKind::Lines { placeholder: "what a row means, what is odd about it" },
        "A remark for people.",
    ),
];

const PLANNED: &[FormField] = &[
    FormField::new(
        "status",
        "Status",
        FieldKind::Choice(&[("asked", "asked"), ("agreed", "agreed"), ("in work", "in work")]),
        "How far the wish for this data has come.",
    ),
    FormField::new("due", "Due", FieldKind::Text { placeholder: "2026-04-01" }, "When it is expected."),
    FormField::new(
        "rows",
        "Made-up rows",
        FieldKind::Integer { min: 1, max: 1_000_000 },
        "How many rows previews make up.",
    ),
    FormField::new("seed", "Seed", FieldKind::Integer { min: 0, max: i64::MAX }, "The same seed gives the same rows."),
];

impl FieldUi<'_, '_> {
    pub(super) fn source_ui(&mut self, ui: &mut Ui) {
        let stored = self.scope.text(self.field.name);
        let sources = &self.scope.state.project.sources;
        let choices: Vec<Choice> = sources
            .values()
            .map(|source| Choice {
                value: source.id.clone(),
                label: source.title.clone(),
                detail: if source.planned.is_some() { "data we need".into() } else { source.path.clone() },
            })
            .collect();
        let shown = sources.get(stored).map_or(stored, |source| source.title.as_str());
        let is_wrong = !stored.is_empty() && !sources.contains_key(stored);
        if let Some(id) = picker(ui, self.field.label, shown, is_wrong, || choices) {
            self.scope.set(self.out, self.field.name, Json::from(id));
        }
        if sources.is_empty() {
            caption(ui, "no sources yet: drop a file on the canvas, or press Ctrl+O");
        }
        if stored.is_empty() && link(ui, "+ From an API or a database").clicked() {
            let (mut edits, source) = edits::add_place(&self.scope.state.project);
            edits.push(edits::set(self.scope.item, &self.scope.edit_path(self.field.name), Json::from(source)));
            self.out.edit("add a source", edits);
        }
        let planned_wanted =
            self.scope.state.project.steps.get(self.scope.owner).is_some_and(|step| step.kind == "planned_source");
        if sources.get(stored).is_none() && planned_wanted && link(ui, "+ Declare a planned source").clicked() {
            self.declare_planned();
        }
        if let Some(source) = sources.get(stored) {
            ui.add_space(theme::SPACE_2);
            ui.push_id(&source.id, |ui| source_form_ui(ui, self.scope.state, source, self.memory, self.out));
        }
    }

    /// A planned source with nothing in it yet, chosen at once.
    fn declare_planned(&mut self) {
        let id = self.scope.state.project.new_id("src");
        let source = Source {
            id: id.clone(),
            title: "data we need".into(),
            schema: Some(pipewright_core::data::Schema::default()),
            planned: Some(pipewright_core::model::PlannedSource::default()),
            ..Source::default()
        };
        let choose = edits::set(self.scope.item, &self.scope.edit_path(self.field.name), Json::from(id));
        self.out.edit("declare a planned source", vec![edits::insert("sources", &source), choose]);
    }
}

/// The fields of a source.
pub fn source_form_ui(ui: &mut Ui, state: StateRef<'_>, source: &Source, memory: &mut FormMemory, out: &mut Actions) {
    let json = serde_json::to_value(source).unwrap_or(Json::Null);
    let empty = Map::new();
    let values = json.as_object().unwrap_or(&empty);
    let scope = FormScope { state, owner: &source.id, item: &source.id, prefix: "", path: String::new(), values };
    title_ui(ui, &scope, memory, out);
    if source.planned.is_none() {
        if source.connection.is_empty() {
            path_ui(ui, &scope, source, memory, out);
        } else {
            place_ui(ui, &scope, source, memory, out);
        }
        label_ui(ui, "Format", "How the file's bytes become rows.");
        // Before the options, of which there may be many.
        if link(ui, "Columns by example…")
            .on_hover_text("Mark pieces of a few lines: a pattern is learned from them.")
            .clicked()
        {
            out.push(Action::MarkLines(source.id.clone()));
        }
        let mut own = Actions::default();
        format_ui(ui, &scope, "format", memory, &mut own);
        for action in own.take() {
            // A format that was picked, not an option being typed: its columns are read at once.
            let is_picked = matches!(&action, Action::Edit { joins: false, edits, .. }
                if edits.iter().any(|edit| matches!(edit, Edit::Set { field, .. } if field.starts_with("format"))));
            out.push(action);
            if is_picked {
                out.push(Action::SniffSource { source: source.id.clone(), keeps_format: true });
            }
        }
        diagnostics_ui(ui, scope.state, scope.diagnostics("format"), out);
        ui.add_space(theme::SPACE_2);
    } else {
        let planned = values.get("planned").and_then(Json::as_object).unwrap_or(&empty);
        let scope = FormScope {
            state,
            owner: &source.id,
            item: &source.id,
            prefix: "planned.",
            path: "planned.".into(),
            values: planned,
        };
        form_ui(ui, &scope, PLANNED, memory, out);
    }
    columns_ui(ui, &scope, source, out);
    meanings_ui(ui, state, source, out);
    form_ui(ui, &scope, ABOUT, memory, out);
    access_ui(ui, state, source, out);
}

/// The teams that may see a source.
fn access_ui(ui: &mut Ui, state: StateRef<'_>, source: &Source, out: &mut Actions) {
    label_ui(ui, "Who may see it", "Teams; without any, everybody.");
    let title = |id: &String| state.team_title(id).to_owned();
    for (place, team) in source.access.iter().enumerate() {
        ui.horizontal(|ui| {
            ui.label(title(team));
            if icon_button(ui, Icon::Cross, &format!("Remove {}", title(team))).clicked() {
                let rest: Vec<&String> =
                    source.access.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, one)| one).collect();
                let rest = if rest.is_empty() { Json::Null } else { serde_json::json!(rest) };
                out.edit("who may see it", vec![edits::set(&source.id, "access", rest)]);
            }
        });
    }
    let id = ui.scope_id().with(("new team", &source.id));
    let mut name: String = ui.data_mut(|data| data.get_temp(id)).unwrap_or_default();
    let look = TextLook { placeholder: "add a team", ..TextLook::default() };
    let field = text_edit(ui, "Team that may see it", &mut name, look);
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    let named = name.trim().to_owned();
    if is_entered && !named.is_empty() {
        let known = state.project.teams.values().find(|team| team.title == named).map_or(named, |team| team.id.clone());
        let mut all = source.access.clone();
        if !all.contains(&known) {
            all.push(known);
        }
        out.edit("who may see it", vec![edits::set(&source.id, "access", serde_json::json!(all))]);
        name.clear();
    }
    ui.data_mut(|data| data.insert_temp(id, name));
    ui.add_space(theme::SPACE_2);
}

fn title_ui(ui: &mut Ui, scope: &FormScope<'_>, memory: &mut FormMemory, out: &mut Actions) {
    label_ui(ui, "Name", "What people call this source.");
    let mut title = scope.text("title").to_owned();
    let response = text_edit(ui, "Source name", &mut title, TextLook::default());
    if memory.focus.take_if(|(owner, field)| owner == scope.owner && field == "title").is_some() {
        response.request_focus();
    }
    if response.lost_focus() {
        memory.typing = None;
    }
    if response.changed() {
        scope.typed(memory, out, "title", Json::from(title));
    }
    ui.add_space(theme::SPACE_2);
}

fn path_ui(ui: &mut Ui, scope: &FormScope<'_>, source: &Source, memory: &mut FormMemory, out: &mut Actions) {
    label_ui(
        ui,
        "Path",
        "A file or a glob, relative to the project file; `${parameter}` may stand inside, and `<name>` for what `*` stands for, \
                             as a column.",
    );
    let mut path = source.path.clone();
    ui.horizontal(|ui| {
        let reserve = 2.0 * theme::CONTROL_HEIGHT + 2.0 * theme::SPACE_2;
        let look = TextLook { placeholder: "logs/*.log.gz", is_code: true, reserve, ..TextLook::default() };
        let response = text_edit(ui, "Path", &mut path, look);
        if response.lost_focus() {
            memory.typing = None;
        }
        if response.changed() {
            scope.typed(memory, out, "path", Json::from(path));
        }
        if icon_button(ui, Icon::Folder, "Choose a file").clicked() {
            out.push(Action::Browse(Browse::Field { id: source.id.clone(), field: "path".into(), folder: false }));
        }
        if icon_button(ui, Icon::Search, "Recognise format and columns again").clicked() {
            out.push(Action::SniffSource { source: source.id.clone(), keeps_format: false });
        }
    });
    diagnostics_ui(ui, scope.state, scope.diagnostics("path"), out);
    ui.add_space(theme::SPACE_2);
}

fn columns_ui(ui: &mut Ui, scope: &FormScope<'_>, source: &Source, out: &mut Actions) {
    let schema = scope.values.get("schema");
    let columns = read_schema(schema);
    let title = format!("Columns ({})", columns.len());
    let open_at_first = source.planned.is_some();
    egui::CollapsingHeader::new(RichText::new(title).color(theme::palette(ui.ctx()).soft))
        .id_salt("columns")
        .default_open(open_at_first)
        .show(ui, |ui| {
            if source.planned.is_none()
                && source.format.is_some()
                && link(ui, "Read them from the file again").clicked()
            {
                out.push(Action::SniffSource { source: source.id.clone(), keeps_format: true });
            }
            if let Some(next) = schema_editor_ui(ui, &columns) {
                let mut whole = schema.cloned().unwrap_or_else(|| serde_json::json!({}));
                whole["fields"] = Json::Array(next);
                scope.set(out, "schema", whole);
            }
        });
    diagnostics_ui(ui, scope.state, scope.diagnostics("schema"), out);
    ui.add_space(theme::SPACE_2);
}
