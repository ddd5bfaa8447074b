//! The panel at the right: the form of the selected step, or of a source, a question, the project.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Align, Layout, RichText, Ui};
use pipewright_core::model::{Id, Question, Request};
use pipewright_core::planner::Asked;
use pipewright_core::project::{Edit, Step, StepGroup, Wire};
use pipewright_core::steps::{self, FieldKind, FormField};
use serde_json::{Map, Value as Json};

use super::comments::{all_ui, comments_ui};
use super::flow_view::{group_of, icon_of};
use super::groups::{group_ui, selected_group};
use super::pins::pins_ui;
use super::step_places::{place_picker_ui, places_ui};
use super::{answer_card, question_view, questions, requests, sentence};
use crate::gui::actions::edits;
use crate::gui::canvas::{Icon, PortRef, Side};
use crate::gui::command::{Action, Actions, BottomTab, Chosen, Command};
use crate::gui::forms::source::source_form_ui;
use crate::gui::forms::{FormScope, TextLook, diagnostic_ui, form_ui, label_ui, mend_ui, parameters_ui, text_edit};
use crate::gui::icons::{icon_button, icon_ui};
use crate::gui::marked::doc_ui;
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, counted, placed};
use crate::gui::suggestion;
use crate::gui::theme;
use crate::gui::widgets::{
    Choice, caption, focus_next, focus_next_picker, group_icon, hairline, link, picker, scrolled_anew, soft,
};

/// The panel.
pub fn inspector_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    ui.take_available_space();
    let shown = state.selected_step();
    let item = match shown {
        Some(step) => step.id.clone(),
        None => format!("{:?} {:?}", state.chosen, state.selection.wires.first()),
    };
    let is_new = view.shown_item != item;
    if is_new {
        view.shown_item = item;
        let focus = view.forms.focus.take();
        view.forms.clear();
        view.forms.focus = focus;
    }
    scrolled_anew(ui, is_new, |ui| {
        ui.set_max_width(ui.available_width() - theme::SPACE_3);
        if view.takes_panel(2) {
            focus_first(ui, state, shown, view);
        }
        match (shown, state.selection.steps.len()) {
            (Some(step), _) => step_ui(ui, state, step, view, out),
            (None, 0) if state.selection.wires.len() == 1 => wire_ui(ui, state, view, out),
            (None, 0) => match &state.chosen {
                Chosen::Project => project_ui(ui, state, view, out),
                Chosen::Source(id) => {
                    if let Some(source) = state.project.sources.get(id) {
                        heading_ui(ui, &source.title, "Source", None);
                        source_form_ui(ui, state, source, &mut view.forms, out);
                        if link(ui, "Remove this source").clicked() {
                            out.edit("remove source", vec![edits::remove(id)]);
                        }
                    }
                }
                Chosen::Note(id) => {
                    const FIELDS: &[FormField] = &[
                        FormField::new(
                            "text",
                            "Text",
                            FieldKind::Lines { placeholder: "a remark" },
                            "Shown on the canvas.",
                        ),
                        FormField::new("author", "Author", FieldKind::Text { placeholder: "name" }, "Who says it."),
                    ];
                    let json = state.project.notes.get(id).and_then(|note| serde_json::to_value(note).ok());
                    item_ui(ui, state, ("Note", id), json, FIELDS, view, out);
                }
                Chosen::Frame(id) => {
                    const FIELDS: &[FormField] = &[FormField::new(
                        "title",
                        "Title",
                        FieldKind::Text { placeholder: "Frame" },
                        "Shown above the frame.",
                    )];
                    let json = state.project.frames.get(id).and_then(|frame| serde_json::to_value(frame).ok());
                    item_ui(ui, state, ("Frame", id), json, FIELDS, view, out);
                    if let Some(frame) = state.project.frames.get(id) {
                        place_picker_ui(ui, state, (id, &frame.place), "none for all of its steps", out);
                    }
                }
                Chosen::Group(id) => {
                    if let Some(group) = state.project.groups.get(id) {
                        group_form_ui(ui, state, group, view, out);
                    }
                }
                Chosen::Question(id) => {
                    if let Some(question) = state.project.questions.get(id) {
                        question_ui(ui, state, question, view, out);
                    }
                }
                Chosen::Request(id) => {
                    if let Some(request) = state.project.requests.get(id) {
                        request_ui(ui, state, request, view, out);
                    }
                }
                Chosen::Ready(id) => question_view::ready_ui(ui, state, id, view, out),
            },
            (None, count) => match selected_group(&state.project, &state.selection) {
                Some(group) => group_form_ui(ui, state, group, view, out),
                None => many_ui(ui, count, out),
            },
        }
        ui.add_space(theme::SPACE_6);
    });
}

/// A wire: its ends, its rows, what is said of it.
fn wire_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some(wire) = state.selection.wires.iter().next().and_then(|id| state.design().wires.get(id)) else { return };
    let (from, to) = (state.step_title(&wire.from), state.step_title(&wire.to));
    heading_ui(ui, &format!("{from} → {to}"), "Wire", None);
    for (label, step) in [("From", &wire.from), ("To", &wire.to)] {
        label_ui(ui, label, "");
        if link(ui, state.step_title(step)).clicked() {
            out.push(Action::Select { steps: vec![step.clone()], reveal: true });
        }
    }
    ui.add_space(theme::SPACE_2);
    if let Some(rows) = state.results.rows(&wire.from, &wire.output) {
        soft(ui, format!("{} flow here", counted(rows.rows, "row")));
    }
    for line in placed::crossing_text(state, wire).iter().flat_map(|text| text.lines()) {
        soft(ui, line.to_owned());
    }
    ui.add_space(theme::SPACE_3);
    if state.project.wires.contains_key(&wire.id) {
        comments_ui(ui, state, &wire.id, &mut view.comments, out);
        if link(ui, "Remove this wire").clicked() {
            out.edit("disconnect", vec![edits::remove(&wire.id)]);
        }
    }
}

/// A group: its title, what can be done with it, its steps.
fn group_form_ui(ui: &mut Ui, state: StateRef<'_>, group: &StepGroup, view: &mut View, out: &mut Actions) {
    const FIELDS: &[FormField] = &[FormField::new(
        "title",
        "Title",
        FieldKind::Text { placeholder: "what these steps do" },
        "Shown on the group's card.",
    )];
    let json = serde_json::to_value(group).ok();
    item_ui(ui, state, ("Group", &group.id), json, FIELDS, view, out);
    ui.add_space(theme::SPACE_2);
    group_ui(ui, state, group, out);
}

/// F6: the first field of what is shown takes the keyboard; where there is none, the first of all that can.
fn focus_first(ui: &Ui, state: StateRef<'_>, shown: Option<&Step>, view: &mut View) {
    let first = match (shown, &state.chosen) {
        (Some(step), _) if state.is_ghost(&step.id) => None,
        (Some(step), _) if step.kind == "answer" => Some((step.id.clone(), answer_card::CARD.to_owned())),
        (Some(step), _) => {
            let form = steps::kind(&step.kind).map(|kind| kind.form()).unwrap_or_default();
            let field = form.first().map_or("step.title", |field| field.name);
            Some((step.id.clone(), field.to_owned()))
        }
        (None, Chosen::Question(id)) => Some((id.clone(), "title".to_owned())),
        (None, Chosen::Request(id)) => Some((id.clone(), "owner".to_owned())),
        (None, Chosen::Note(id)) => Some((id.clone(), "text".to_owned())),
        (None, Chosen::Frame(id) | Chosen::Group(id)) => Some((id.clone(), "title".to_owned())),
        (None, Chosen::Project | Chosen::Source(_) | Chosen::Ready(_)) => None,
    };
    match first {
        Some(first) => view.forms.focus = Some(first),
        None => focus_next(ui),
    }
}

/// The title is whole where there is room for it: the kind goes below it where both do not stand on one line.
fn heading_ui(ui: &mut Ui, title: &str, kind: &str, icon: Option<(theme::Group, Icon)>) {
    const ICON: f32 = 20.0;
    let colour = theme::palette(ui.ctx()).text;
    let wide = |text: &str, font| ui.painter().layout_no_wrap(text.to_owned(), font, colour).size().x;
    let gap = ui.spacing().item_spacing.x;
    let asked = wide(title, theme::title()) + wide(kind, theme::body()) + 2.0 * gap;
    let fits = asked + if icon.is_some() { ICON + gap } else { 0.0 } <= ui.available_width();
    ui.horizontal(|ui| {
        if let Some((group, icon)) = icon {
            group_icon(ui, group, icon, ICON);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !kind.is_empty() && fits {
                soft(ui, kind);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(title).font(theme::title())).truncate());
            });
        });
    });
    if !kind.is_empty() && !fits {
        soft(ui, kind);
    }
    ui.add_space(theme::SPACE_2);
}

fn step_ui(ui: &mut Ui, state: StateRef<'_>, step: &Step, view: &mut View, out: &mut Actions) {
    let Some(kind) = steps::kind(&step.kind) else {
        heading_ui(ui, &step.title, "Unknown", None);
        let told = format!("This version does not know the step kind `{}`. It is kept as it is.", step.kind);
        doc_ui(ui, &told, &theme::body());
        return;
    };
    let icon = Some((group_of(kind), icon_of(kind)));
    let title = state.step_title(&step.id);
    let word = if title == kind.title() { "" } else { kind.title() };
    heading_ui(ui, title, word, icon);
    if let Some(suggestion) = state.suggestion().filter(|suggestion| suggestion.is_ghost(&step.id)) {
        suggestion::ghost_ui(ui, state, suggestion, step, out);
        return;
    }
    if step.kind == "answer" {
        answer_card::answer_card_ui(ui, state, step, &mut view.forms.focus, out);
    } else {
        doc_ui(ui, kind.doc(), &theme::body());
    }
    ui.add_space(theme::SPACE_3);
    ui.push_id(&step.id, |ui| {
        let has_no_field = |field: &str| {
            !kind.form().iter().any(|known| {
                field == known.name || field.strip_prefix(known.name).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        for problem in state.problems_of(&step.id) {
            if problem.location.field.as_deref().is_none_or(has_no_field) {
                diagnostic_ui(ui, problem);
                mend_ui(ui, state, problem, out);
                ui.add_space(theme::SPACE_2);
            }
        }
        let scope = FormScope {
            state,
            owner: &step.id,
            item: &step.id,
            prefix: "settings.",
            path: String::new(),
            values: &step.settings,
        };
        inputs_ui(ui, state, step, &mut view.forms.focus, out);
        form_ui(ui, &scope, kind.form(), &mut view.forms, out);
        if link(ui, "What differs?").on_hover_text("What do some of its rows have in common?").clicked() {
            out.push(Action::ShowTab(BottomTab::Differs));
        }
        hairline(ui);
        ui.add_space(theme::SPACE_2);
        pins_ui(ui, state, step, out);
        comments_ui(ui, state, &step.id, &mut view.comments, out);
        about_step_ui(ui, state, step, view, out);
    });
}

/// What feeds each input: the way to wire without a pointer. A lone input that has its wire says nothing.
fn inputs_ui(ui: &mut Ui, state: StateRef<'_>, step: &Step, focus: &mut Option<(Id, String)>, out: &mut Actions) {
    let inputs = edits::step_ports(step).inputs;
    let is_wired = |port: &steps::Port| state.project.wires_into(&step.id).any(|wire| wire.input == port.name);
    if inputs.len() < 2 && inputs.iter().all(|port| is_wired(port) && !port.many) {
        return;
    }
    for port in &inputs {
        ui.push_id(&port.name, |ui| {
            label_ui(ui, &format!("Input: {}", port.label), "The step whose rows come in here.");
            for wire in state.project.wires_into(&step.id).filter(|wire| wire.input == port.name) {
                ui.push_id(&wire.id, |ui| input_ui(ui, state, step, port, Some(wire), out));
            }
            if port.many || !is_wired(port) {
                let is_this =
                    |(owner, field): &mut (Id, String)| *owner == step.id && *field == edits::input_field(port);
                if focus.take_if(is_this).is_some() {
                    focus_next_picker(ui);
                }
                input_ui(ui, state, step, port, None, out);
            }
        });
        ui.add_space(theme::SPACE_2);
    }
}

/// A picker of the outputs that may feed an input.
fn input_ui(ui: &mut Ui, state: StateRef<'_>, step: &Step, port: &steps::Port, wire: Option<&Wire>, out: &mut Actions) {
    let project = &state.project;
    let choices = || {
        let mut choices = Vec::new();
        let after = steps_after(state, &step.id);
        for other in project.steps.values().filter(|other| !after.contains(other.id.as_str())) {
            let outputs = edits::step_ports(other).outputs;
            for output in &outputs {
                choices.push(Choice {
                    value: format!("{}/{}", other.id, output.name),
                    label: state.step_title(&other.id).to_owned(),
                    detail: if outputs.len() > 1 { output.label.clone() } else { String::new() },
                });
            }
        }
        if wire.is_some() {
            choices.push(Choice { value: String::new(), label: "no wire".into(), detail: String::new() });
        }
        choices
    };
    let shown = wire.map(|wire| state.step_title(&wire.from)).unwrap_or_default();
    let Some(picked) = picker(ui, &format!("Input {}", port.label), shown, false, choices) else { return };
    let mut batch: Vec<Edit> = wire.map(|wire| edits::remove(&wire.id)).into_iter().collect();
    if let Some((from, output)) = picked.split_once('/') {
        let from = PortRef { step: from.into(), side: Side::Output, port: output.into() };
        let to = PortRef { step: step.id.clone(), side: Side::Input, port: port.name.clone() };
        batch
            .extend(edits::connect(project, &from, &to).into_iter().filter(|edit| matches!(edit, Edit::Insert { .. })));
    }
    out.edit("wire", batch);
}

/// A step and every step that its rows flow into: none of them may feed it.
fn steps_after<'a>(state: StateRef<'a>, step: &'a str) -> BTreeSet<&'a str> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for wire in state.project.wires.values() {
        next.entry(&wire.from).or_default().push(&wire.to);
    }
    let (mut open, mut found) = (vec![step], BTreeSet::new());
    while let Some(step) = open.pop() {
        if found.insert(step) {
            open.extend(next.get(step).into_iter().flatten());
        }
    }
    found
}

/// Title and note, which every step has.
fn about_step_ui(ui: &mut Ui, state: StateRef<'_>, step: &Step, view: &mut View, out: &mut Actions) {
    let mut values = Map::new();
    values.insert("title".into(), Json::from(step.title.as_str()));
    values.insert("note".into(), Json::from(step.note.as_str()));
    const FIELDS: &[FormField] = &[
        FormField::new(
            "title",
            "Title",
            FieldKind::Text { placeholder: "what people call this step" },
            "The step's name on the canvas.",
        ),
        FormField::new("note", "Note", FieldKind::Lines { placeholder: "why it is so" }, "A remark for people."),
    ];
    let scope = FormScope { state, owner: &step.id, item: &step.id, prefix: "", path: "step.".into(), values: &values };
    // An absent title or note is an empty text, so both are stored as texts.
    let mut own = Actions::default();
    form_ui(ui, &scope, FIELDS, &mut view.forms, &mut own);
    for action in own.take() {
        out.push(with_text(action));
    }
    place_picker_ui(ui, state, (&step.id, &step.place), "where the least goes over, unless its lane or data says", out);
    if let Some(text) = placed::place_text(state, step) {
        caption(ui, text);
    }
}

/// A note or a frame: a few texts, and the way to remove it.
fn item_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    (kind, id): (&str, &str),
    json: Option<Json>,
    fields: &[FormField],
    view: &mut View,
    out: &mut Actions,
) {
    let Some(values) = json.as_ref().and_then(Json::as_object) else { return };
    heading_ui(ui, kind, "", None);
    let scope = FormScope { state, owner: id, item: id, prefix: "", path: String::new(), values };
    let mut own = Actions::default();
    form_ui(ui, &scope, fields, &mut view.forms, &mut own);
    for action in own.take() {
        out.push(with_text(action));
    }
    if link(ui, &format!("Remove this {}", kind.to_lowercase())).clicked() {
        out.edit(format!("remove {}", kind.to_lowercase()), vec![edits::remove(id)]);
    }
}

/// Null means "no setting"; titles, notes and names are texts always.
pub(super) fn with_text(action: Action) -> Action {
    match action {
        Action::Edit { label, mut edits, joins } => {
            for edit in &mut edits {
                if let Edit::Set { new, .. } = edit
                    && new.is_null()
                {
                    *new = Json::from("");
                }
            }
            Action::Edit { label, edits, joins }
        }
        other => other,
    }
}

fn question_ui(ui: &mut Ui, state: StateRef<'_>, question: &Question, view: &mut View, out: &mut Actions) {
    const FIELDS: &[FormField] = &[
        FormField::new(
            "title",
            "Question",
            FieldKind::Lines { placeholder: "how many users had a bad experience today?" },
            "In the asker's words.",
        ),
        FormField::new("asker", "Asked by", FieldKind::Text { placeholder: "team or name" }, "Who wants to know."),
        FormField::new(
            "status",
            "Status",
            FieldKind::Choice(&[
                ("asked", "asked"),
                ("agreed", "agreed"),
                ("data_available", "data available"),
                ("running", "running"),
            ]),
            "How far it has come.",
        ),
        FormField::new(
            "doc",
            "About",
            FieldKind::Lines { placeholder: "what counts, what does not" },
            "The definition in words.",
        ),
    ];
    heading_ui(ui, "Question", "", None);
    let json = serde_json::to_value(question).unwrap_or(Json::Null);
    let empty = Map::new();
    let scope = FormScope {
        state,
        owner: &question.id,
        item: &question.id,
        prefix: "",
        path: String::new(),
        values: json.as_object().unwrap_or(&empty),
    };
    let mut own = Actions::default();
    form_ui(ui, &scope, FIELDS, &mut view.forms, &mut own);
    for action in own.take() {
        out.push(with_text(action));
    }
    sentence::sentence_ui(ui, state, question, view, out);
    if let Some(Ok(asked)) = Asked::own(question) {
        question_view::answer_ui(ui, state, &asked, view, out);
        ui.add_space(theme::SPACE_3);
    }
    let answers: Vec<&Step> = questions::answers(state, &question.id).collect();
    label_ui(ui, "Answered by", "");
    for step in &answers {
        if link(ui, state.step_title(&step.id)).clicked() {
            out.push(Action::Select { steps: vec![step.id.clone()], reveal: true });
        }
    }
    if answers.is_empty() {
        caption(ui, "no Answer step is tied to it: add one at the end of a flow");
    }
    ui.add_space(theme::SPACE_3);
    comments_ui(ui, state, &question.id, &mut view.comments, out);
    if link(ui, "Remove this question").clicked() {
        out.edit("remove question", vec![edits::remove(&question.id)]);
    }
}

fn request_ui(ui: &mut Ui, state: StateRef<'_>, request: &Request, view: &mut View, out: &mut Actions) {
    const FIELDS: &[FormField] = &[
        FormField::new("title", "Wanted", FieldKind::Text { placeholder: "what is wanted" }, "What is asked for."),
        FormField::new("owner", "Asked of", FieldKind::Text { placeholder: "team or name" }, "Who could record it."),
        FormField::new("due", "Due", FieldKind::Text { placeholder: "2026-04-30" }, "When it is needed."),
        FormField::new(
            "status",
            "Status",
            FieldKind::Choice(&[
                ("asked", "asked"),
                ("agreed", "agreed"),
                ("in_work", "in work"),
                ("delivered", "delivered"),
                ("declined", "declined"),
            ]),
            "How far it has come; it is delivered by itself once the data shows it.",
        ),
        FormField::new("field", "Field", FieldKind::Text { placeholder: "duration" }, "The field that would carry it."),
        FormField::new("reason", "Why", FieldKind::Lines { placeholder: "what it is needed for" }, "Why it is wanted."),
        FormField::new("note", "Note", FieldKind::Lines { placeholder: "what was agreed" }, "A remark for people."),
    ];
    let json = serde_json::to_value(request).ok();
    item_ui(ui, state, ("Data request", &request.id), json, FIELDS, view, out);
    ui.add_space(theme::SPACE_3);
    requests::about_ui(ui, state, request, out);
}

fn project_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    heading_ui(ui, &state.project.name, "Project", None);
    label_ui(ui, "Name", "");
    let mut name = state.project.name.clone();
    let response = text_edit(ui, "Project name", &mut name, TextLook::default());
    if response.changed() && !name.trim().is_empty() {
        out.typed("rename the project", edits::set("project", "name", Json::from(name)), true);
    }
    ui.add_space(theme::SPACE_3);
    label_ui(ui, "Parameters", "Values that a run may set, written `${name}` in paths and expressions.");
    parameters_ui(ui, state, &mut view.forms, out);
    ui.add_space(theme::SPACE_3);
    places_ui(ui, state, view, out);
    ui.add_space(theme::SPACE_3);
    policy_ui(ui, state, out);
    all_ui(ui, state, out);
    let project = &state.project;
    let counts =
        [(project.steps.len(), "step"), (project.sources.len(), "source"), (project.questions.len(), "question")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, word)| counted(count as u64, word)).collect();
    if !counts.is_empty() {
        caption(ui, counts.join(" · "));
        ui.add_space(theme::SPACE_3);
    }
    ui.horizontal_top(|ui| {
        let palette = theme::palette(ui.ctx());
        icon_ui(ui, Icon::Info, 16.0, Some(palette.soft));
        let hint = "Select a step to change it. Tab adds one; drop a file to add a source.";
        ui.add(egui::Label::new(RichText::new(hint).color(palette.soft)).wrap());
    });
}

/// The policy of the organisation that the design keeps to.
fn policy_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    label_ui(ui, "Policy of the organisation", "Where data may go; pinned by its digest, and never loosened here.");
    let pin = state.project.policy.get("organisation");
    let text = |key: &str| pin.and_then(|pin| pin.get(key)).and_then(Json::as_str).unwrap_or_default().to_owned();
    if pin.is_some() {
        ui.horizontal(|ui| {
            ui.label(RichText::new(text("path")).font(theme::code()));
            if icon_button(ui, Icon::Cross, "Remove the pinned policy").clicked() {
                out.edit("remove the policy", vec![edits::set("project", "policy.organisation", Json::Null)]);
            }
        });
        let digest: String = text("sha256").chars().take(16).collect();
        caption(ui, format!("SHA-256 {digest}…"));
    } else {
        let id = ui.scope_id().with("policy path");
        let mut path: String = ui.data_mut(|data| data.get_temp(id)).unwrap_or_default();
        let look = TextLook { placeholder: "policy.json", is_code: true, ..TextLook::default() };
        let field = text_edit(ui, "Path of a policy to pin", &mut path, look);
        if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) && !path.trim().is_empty() {
            out.push(Action::PinPolicy(path.trim().into()));
        }
        ui.data_mut(|data| data.insert_temp(id, path));
    }
    ui.add_space(theme::SPACE_3);
}

fn many_ui(ui: &mut Ui, count: usize, out: &mut Actions) {
    heading_ui(ui, &format!("{count} steps"), "Selection", None);
    ui.horizontal(|ui| {
        for (command, icon) in [
            (Command::Copy, Icon::Copy),
            (Command::Layout, Icon::Layout),
            (Command::Frame, Icon::Fit),
            (Command::Group, Icon::Columns),
            (Command::Delete, Icon::Bin),
        ] {
            if icon_button(ui, icon, command.text()).clicked() {
                out.command(command);
            }
        }
    });
}
