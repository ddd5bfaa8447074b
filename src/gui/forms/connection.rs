//! Connections: the picker of a step or a source, the form of a connection, and what a source asks of it.

use std::collections::BTreeMap;

use egui::{RichText, Ui};
use pipewright_core::ir::{ConnectionKind, Known, Pages, presets};
use pipewright_core::model::{Connection, Source};
use pipewright_core::steps::{FieldKind, FormField};
use serde_json::{Map, Value as Json, json};

use super::{FieldUi, FormMemory, FormScope, TextLook, diagnostics_ui, form_ui, label_ui, text_edit};
use crate::gui::actions::edits;
use crate::gui::actions::places::sample_key;
use crate::gui::command::{Action, Actions};
use crate::gui::state::StateRef;
use crate::gui::theme;
use crate::gui::widgets::{Choice, caption, link, picker, primary_button};

const OF_SOURCE: &[FormField] = &[FormField::new(
    "connection",
    "Connection",
    FieldKind::Connection { kinds: &ConnectionKind::ALL },
    "Where the rows are. A run goes there; plans and previews work with the sample.",
)];

const OF_CONNECTION: &[FormField] = &[
    FormField::new("title", "Name", FieldKind::Text { placeholder: "orders API" }, "What people call it."),
    FormField::new("kind", "Kind", FieldKind::Choice(&ConnectionKind::CHOICES), "What answers there."),
];

const RESIDENCY: &[FormField] = &[FormField::new(
    "residency",
    "Place",
    FieldKind::Text { placeholder: "eu" },
    "The place where its data lies: what is read there must stay there, and what must stay elsewhere is not loaded.",
)];

const REQUEST: &[FormField] = &[
    FormField::new("path", "Path", FieldKind::Text { placeholder: "/orders" }, "Goes behind the connection's address."),
    FormField::new(
        "method",
        "Method",
        FieldKind::Choice(&[("get", "GET"), ("post", "POST")]),
        "How it is asked: GET unless the API wants a body.",
    ),
    FormField::new(
        "body",
        "Body",
        FieldKind::Lines { placeholder: "{\"size\": 1000}" },
        "What a POST sends; `${parameter}` may stand inside.",
    ),
];

const QUERY: &[FormField] = &[
    FormField::new(
        "table",
        "Table",
        FieldKind::Text { placeholder: "public.orders" },
        "Read whole; with its schema or without.",
    ),
    FormField::new(
        "query",
        "Query",
        FieldKind::Lines { placeholder: "select … where day = ${day}" },
        "A SELECT instead of a table; `${parameter}` stands for its value, without quotes.",
    ),
    FormField::new(
        "newer",
        "Newer by",
        FieldKind::Text { placeholder: "order_id" },
        "A column that only grows, such as a number that the database counts up: `run --incremental` takes the rows \
         whose value is larger than any before. Rows without a value there are never taken.",
    ),
];

const OBJECTS: &[FormField] = &[FormField::new(
    "path",
    "Objects",
    FieldKind::Text { placeholder: "logs/<day>/*.log.gz" },
    "A key, a pattern of keys, or all below one that ends in `/`; `<name>` stands for any text and becomes a column.",
)];

const PAGES: &[(&str, &str)] = &[
    ("", "one page"),
    ("link", "a link to the next page"),
    ("cursor", "a mark of the next page"),
    ("offset", "the number of records so far"),
    ("number", "the number of the page"),
];

impl FieldUi<'_, '_> {
    pub(super) fn connection_ui(&mut self, ui: &mut Ui, kinds: &[ConnectionKind]) {
        let stored = self.scope.text(self.field.name);
        let connections = &self.scope.state.project.connections;
        let is_meant = |connection: &&Connection| kinds.contains(&connection.kind);
        let choice = |connection: &Connection| Choice {
            value: connection.id.clone(),
            label: connection.shown().to_owned(),
            detail: connection.kind.title().to_owned(),
        };
        let choices: Vec<Choice> = connections.values().filter(is_meant).map(choice).collect();
        let shown = connections.get(stored).map_or(stored, Connection::shown);
        let is_wrong = !stored.is_empty() && !connections.contains_key(stored);
        if let Some(id) = picker(ui, self.field.label, shown, is_wrong, || choices) {
            self.scope.set(self.out, self.field.name, Json::from(id));
        }
        if link(ui, "+ New connection").clicked() {
            let kind = kinds.first().copied().unwrap_or_default();
            let connection = edits::new_connection(&self.scope.state.project, kind);
            let field = self.scope.edit_path(self.field.name);
            let choose = edits::set(self.scope.item, &field, Json::from(connection.id.as_str()));
            self.out.edit("add a connection", vec![edits::insert("connections", &connection), choose]);
        }
        if let Some(connection) = connections.get(stored) {
            let (name, kind) = (connection.shown(), connection.kind.title());
            let heading = if name == kind { name.to_owned() } else { format!("{name} ({kind})") };
            egui::CollapsingHeader::new(heading)
                .id_salt(&connection.id)
                .default_open(connection.address.is_empty())
                .show(ui, |ui| connection_form_ui(ui, self.scope.state, connection, self.memory, self.out));
        }
    }
}

/// Fields of a kind of connection, as a form has them.
fn fields_of(all: &[Known]) -> Vec<FormField> {
    let field = |known: &Known| {
        FormField::new(known.name, known.label, FieldKind::Text { placeholder: known.placeholder }, known.doc)
    };
    all.iter().map(field).collect()
}

/// The fields of a connection.
fn connection_form_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    connection: &Connection,
    memory: &mut FormMemory,
    out: &mut Actions,
) {
    let (id, kind) = (connection.id.as_str(), connection.kind);
    let json = serde_json::to_value(connection).unwrap_or(Json::Null);
    let empty = Map::new();
    let values = json.as_object().unwrap_or(&empty);
    let scope = FormScope { state, owner: id, item: id, prefix: "", path: String::new(), values };
    form_ui(ui, &scope, OF_CONNECTION, memory, out);
    let address = FormField::new(
        "address",
        "Address",
        FieldKind::Text { placeholder: kind.address_example() },
        "Where it is, without user and password.",
    );
    form_ui(ui, &scope, &[address], memory, out);
    let settings = values.get("settings").and_then(Json::as_object).unwrap_or(&empty);
    let of_settings =
        FormScope { state, owner: id, item: id, prefix: "settings.", path: "settings.".into(), values: settings };
    form_ui(ui, &of_settings, &fields_of(kind.settings()), memory, out);
    if !kind.secrets().is_empty() {
        let names: Vec<String> =
            kind.secrets().iter().map(|known| known.name).map(|name| name.replace("r.", "r.NAME")).collect();
        let doc = format!("One a line: a name ({}), and where it is; never the secret itself.", names.join(", "));
        let pairs = Pairs { field: "secrets", label: "Secrets", doc: &doc, example: "token = env:API_TOKEN" };
        pairs.ui(ui, &scope, &connection.secrets, memory, out);
    }
    form_ui(ui, &scope, RESIDENCY, memory, out);
    if link(ui, "Test").on_hover_text("Opens the connection and says what answers.").clicked() {
        out.push(Action::TestConnection(connection.id.clone()));
    }
    ui.add_space(theme::SPACE_2);
}

/// Names with values, one a line.
struct Pairs<'a> {
    field: &'static str,
    label: &'static str,
    doc: &'a str,
    example: &'static str,
}

impl Pairs<'_> {
    fn ui(
        &self,
        ui: &mut Ui,
        scope: &FormScope<'_>,
        stored: &BTreeMap<String, String>,
        memory: &mut FormMemory,
        out: &mut Actions,
    ) {
        label_ui(ui, self.label, self.doc);
        let key = scope.key(self.field);
        let lines = || stored.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join("\n");
        let mut text = memory.drafts.get(&key).cloned().unwrap_or_else(lines);
        let look = TextLook { placeholder: self.example, lines: 2, is_code: true, ..TextLook::default() };
        let response = text_edit(ui, self.label, &mut text, look);
        let (pairs, wrong) = self.read(&text);
        if response.changed() {
            memory.drafts.insert(key.clone(), text);
            let value = if pairs.is_empty() { Json::Null } else { json!(pairs) };
            scope.typed(memory, out, self.field, value);
        }
        if response.lost_focus() {
            memory.typing = None;
            if wrong.is_none() {
                memory.drafts.remove(&key);
            }
        }
        if let Some(wrong) = wrong {
            let bad = theme::palette(ui.ctx()).bad;
            ui.label(RichText::new(wrong).color(bad));
        }
        for name in stored.keys() {
            diagnostics_ui(ui, scope.state, scope.diagnostics(&format!("{}.{name}", self.field)), out);
        }
        ui.add_space(theme::SPACE_2);
    }

    /// What can be stored, and why not all of it. What is no reference may be a secret: it gets into no file.
    fn read(&self, text: &str) -> (BTreeMap<String, String>, Option<&'static str>) {
        let (mut pairs, mut wrong) = (BTreeMap::new(), None);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once('=') {
                None => wrong = Some("write NAME = VALUE, one a line"),
                Some((_, value)) if self.field == "secrets" && !is_reference(value.trim()) => {
                    wrong = Some("write env:NAME or file:PATH: a secret itself is not kept");
                }
                Some((name, value)) => drop(pairs.insert(name.trim().to_owned(), value.trim().to_owned())),
            }
        }
        (pairs, wrong)
    }
}

fn is_reference(text: &str) -> bool {
    ["env:", "file:"].iter().any(|start| text.strip_prefix(start).is_some_and(|rest| !rest.is_empty()))
}

/// Where a source's rows are that are in no file, and what is asked there.
pub(super) fn place_ui(
    ui: &mut Ui,
    scope: &FormScope<'_>,
    source: &Source,
    memory: &mut FormMemory,
    out: &mut Actions,
) {
    form_ui(ui, scope, OF_SOURCE, memory, out);
    let Some(connection) = scope.state.project.connections.get(&source.connection) else { return };
    let empty = Map::new();
    let inquiry = scope.values.get("inquiry").and_then(Json::as_object).unwrap_or(&empty);
    let of_inquiry = FormScope {
        state: scope.state,
        owner: scope.owner,
        item: scope.item,
        prefix: "inquiry.",
        path: "inquiry.".into(),
        values: inquiry,
    };
    match connection.kind {
        ConnectionKind::Http => request_ui(ui, &of_inquiry, source, memory, out),
        ConnectionKind::Postgresql | ConnectionKind::Sqlite => form_ui(ui, &of_inquiry, QUERY, memory, out),
        ConnectionKind::S3 | ConnectionKind::Gcs | ConnectionKind::Azure => {
            form_ui(ui, &of_inquiry, OBJECTS, memory, out);
        }
    }
    sample_ui(ui, scope, source, out);
}

fn request_ui(ui: &mut Ui, scope: &FormScope<'_>, source: &Source, memory: &mut FormMemory, out: &mut Actions) {
    if scope.values.is_empty() {
        label_ui(ui, "Start from", "A request that many ask.");
        let all = presets();
        let choice = |preset: &pipewright_core::ir::Preset| Choice {
            value: preset.title.to_owned(),
            label: preset.title.to_owned(),
            detail: preset.inquiry.path.clone(),
        };
        let chosen = picker(ui, "Start from", "", false, || all.iter().map(choice).collect());
        if let Some(preset) = chosen.and_then(|title| all.iter().find(|preset| preset.title == title)) {
            let fields = [("inquiry", json!(preset.inquiry)), ("format", json!(preset.format))];
            let edits = fields.into_iter().map(|(field, new)| edits::set(&source.id, field, new)).collect();
            out.edit("start from a request", edits);
        }
        ui.add_space(theme::SPACE_2);
    }
    form_ui(ui, scope, REQUEST, memory, out);
    let inquiry = source.inquiry.clone().unwrap_or_default();
    for (field, label, doc, example, stored) in [
        ("parameters", "Parameters", "Of the address, one a line.", "from = ${from}", &inquiry.parameters),
        ("headers", "Headers", "One a line; secrets belong to the connection.", "Accept = text/csv", &inquiry.headers),
    ] {
        Pairs { field, label, doc, example }.ui(ui, scope, stored, memory, out);
    }
    pages_ui(ui, scope, inquiry.pages.as_ref(), memory, out);
}

/// How the next page is found.
fn pages_ui(ui: &mut Ui, scope: &FormScope<'_>, pages: Option<&Pages>, memory: &mut FormMemory, out: &mut Actions) {
    const PATH: FormField = FormField::new(
        "path",
        "Where it stands",
        FieldKind::Text { placeholder: "meta.next" },
        "The path in the answer; of a link, empty where a `Link` header has it.",
    );
    const PARAMETER: FormField = FormField::new(
        "parameter",
        "Parameter",
        FieldKind::Text { placeholder: "page" },
        "The parameter of the next request, or the field of its body.",
    );
    const SIZE: FormField = FormField::new(
        "size",
        "Records a page",
        FieldKind::Integer { min: 0, max: 1_000_000 },
        "A page with fewer is the last one; empty: the first page without any.",
    );
    const FIRST: FormField = FormField::new(
        "first",
        "First page",
        FieldKind::Integer { min: 0, max: 1_000_000 },
        "The number of the first page.",
    );
    let (by, fields) = match pages {
        None => ("", vec![]),
        Some(Pages::Link { .. }) => ("link", vec![PATH]),
        Some(Pages::Cursor { .. }) => ("cursor", vec![PATH, PARAMETER]),
        Some(Pages::Offset { .. }) => ("offset", vec![PARAMETER, SIZE]),
        Some(Pages::Number { .. }) => ("number", vec![PARAMETER, FIRST, SIZE]),
    };
    label_ui(ui, "Next page", "How the API gives its answer piece by piece.");
    let shown = PAGES.iter().find(|(value, _)| *value == by).map_or("", |(_, label)| label);
    let choice = |(value, label): &(&str, &str)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        detail: String::new(),
    };
    if let Some(chosen) = picker(ui, "Next page", shown, false, || PAGES.iter().map(choice).collect()) {
        let whole = match chosen.as_str() {
            "" => Json::Null,
            "link" => json!({"by": "link"}),
            "cursor" => json!({"by": "cursor", "path": "", "parameter": ""}),
            "number" => json!({"by": "number", "parameter": "page", "first": 1}),
            _ => json!({"by": "offset", "parameter": "offset"}),
        };
        scope.set(out, "pages", whole);
    }
    ui.add_space(theme::SPACE_2);
    let json = pages.map(|pages| json!(pages)).unwrap_or_default();
    let Some(values) = json.as_object() else { return };
    let of_pages = FormScope {
        state: scope.state,
        owner: scope.owner,
        item: scope.item,
        prefix: "inquiry.pages.",
        path: "inquiry.pages.".into(),
        values,
    };
    form_ui(ui, &of_pages, &fields, memory, out);
}

/// The sample that plans and previews work with.
fn sample_ui(ui: &mut Ui, scope: &FormScope<'_>, source: &Source, out: &mut Actions) {
    if scope.state.sniffing.contains(&sample_key(&source.id)) {
        caption(ui, "taking a sample…");
    } else if primary_button(ui, "Take a sample").clicked() {
        out.push(Action::TakeSample(source.id.clone()));
    }
    match source.path.is_empty() {
        true => caption(ui, "no sample yet: plans and previews need one"),
        false => caption(ui, format!("sample: {}", source.path)),
    };
    ui.add_space(theme::SPACE_2);
}
