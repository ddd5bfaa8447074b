//! The places in which steps are done: made and changed in the project's form, picked in that of a step or a lane. Reads
//! the state and asks for actions.

use egui::Ui;
use pipewright_core::export::{target, targets};
use pipewright_core::model::StepPlace;
use pipewright_core::steps::{FieldKind, FormField};
use serde_json::{Map, Value as Json};

use super::inspector::with_text;
use crate::gui::actions::edits;
use crate::gui::command::Actions;
use crate::gui::forms::{FormScope, form_ui, label_ui};
use crate::gui::state::StateRef;
use crate::gui::state::view::View;
use crate::gui::widgets::{Choice, link, picker, shown_name};

/// What is typed of a place.
const FIELDS: &[FormField] = &[
    FormField::new("title", "Title", FieldKind::Text { placeholder: "Warehouse" }, "What people call it."),
    FormField::new(
        "stack",
        "Stack",
        FieldKind::Text { placeholder: "warehouse" },
        "Sources of this stack are read here, where their steps do not say otherwise.",
    ),
    FormField::new("residency", "Lies in", FieldKind::Text { placeholder: "eu" }, "What must stay there may come."),
];

/// Classes that may leave a place at most, and what they are called.
const LETS_OUT: [(&str, &str); 4] =
    [("", "what the policy lets"), ("public", "public"), ("internal", "internal"), ("personal", "personal")];

fn choice(value: &str, label: &str, detail: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), detail: detail.to_owned() }
}

/// The places of the project.
pub fn places_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    label_ui(ui, "Places", "Where steps are done, each on an engine; `export --split` writes a bundle for each.");
    for place in state.project.places.values() {
        egui::CollapsingHeader::new(shown_name(&place.title, 60))
            .id_salt(&place.id)
            .show(ui, |ui| place_form_ui(ui, state, place, view, out));
    }
    if link(ui, "+ Add a place").clicked() {
        let (id, title) = (state.project.new_id("plc"), "Place".to_owned());
        let place = StepPlace { id, title, target: "pipeline".into(), ..StepPlace::default() };
        out.edit("add a place", vec![edits::insert("places", &place)]);
    }
}

fn place_form_ui(ui: &mut Ui, state: StateRef<'_>, place: &StepPlace, view: &mut View, out: &mut Actions) {
    let id = place.id.as_str();
    let json = serde_json::to_value(place).unwrap_or(Json::Null);
    let empty = Map::new();
    let values = json.as_object().unwrap_or(&empty);
    let scope = FormScope { state, owner: id, item: id, prefix: "", path: String::new(), values };
    let mut own = Actions::default();
    form_ui(ui, &scope, FIELDS, &mut view.forms, &mut own);
    for action in own.take() {
        out.push(with_text(action));
    }
    label_ui(ui, "Engine", "What the bundle of its steps is for.");
    let known = target(&place.target);
    let shown = known.map_or(place.target.as_str(), |target| target.title());
    let engines = || targets().iter().map(|target| choice(target.name(), target.title(), "")).collect();
    if let Some(name) = picker(ui, "Engine", shown, known.is_none(), engines) {
        out.edit("set the engine of a place", vec![edits::set(id, "target", Json::from(name))]);
    }
    label_ui(ui, "Lets out", "The closest class that may leave it for another place.");
    let stored = place.lets_out.map_or("", |class| class.name());
    let shown = LETS_OUT.iter().find(|(name, _)| *name == stored).map_or(stored, |(_, label)| *label);
    let classes = || LETS_OUT.iter().map(|(name, label)| choice(name, label, "")).collect();
    if let Some(class) = picker(ui, "Lets out", shown, false, classes) {
        out.edit("set what a place lets out", vec![edits::set(id, "lets_out", text_or_null(class))]);
    }
    if link(ui, "Remove this place").clicked() {
        out.edit("remove place", vec![edits::remove(id)]);
    }
}

/// Nothing picked is nothing said.
fn text_or_null(text: String) -> Json {
    if text.is_empty() { Json::Null } else { Json::from(text) }
}

/// The place in which a step, or what stands in a lane, is done: where the design has places. `open`: what holds where
/// none is said.
pub fn place_picker_ui(ui: &mut Ui, state: StateRef<'_>, (id, place): (&str, &str), open: &str, out: &mut Actions) {
    let places = &state.project.places;
    if places.is_empty() && place.is_empty() {
        return;
    }
    label_ui(ui, "Place", "");
    let known = places.get(place);
    let shown = known.map_or(if place.is_empty() { open } else { place }, |place| &place.title);
    let entries = || {
        let engine = |place: &StepPlace| target(&place.target).map_or("", |target| target.title());
        let all = places.values().map(|place| choice(&place.id, &place.title, engine(place)));
        std::iter::once(choice("", open, "")).chain(all).collect()
    };
    if let Some(picked) = picker(ui, "Place", shown, known.is_none() && !place.is_empty(), entries) {
        out.edit("set the place", vec![edits::set(id, "place", text_or_null(picked))]);
    }
}
