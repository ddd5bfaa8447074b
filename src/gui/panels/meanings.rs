//! What the fields of a source mean, beside each column, with the evidence; confirmed and corrected in place. Reads the
//! state and asks for actions.

use egui::containers::menu::MenuButton;
use egui::{Align, Layout, RichText, Ui};
use pipewright_core::data::Classification;
use pipewright_core::model::Source;
use pipewright_core::planner::{ColumnMeaning, confirm_meaning};
use pipewright_core::policy::Sensitivities;

use crate::gui::actions::edits;
use crate::gui::command::Actions;
use crate::gui::forms::label_ui;
use crate::gui::icons::{Icon, icon_button};
use crate::gui::state::StateRef;
use crate::gui::suggestion::planning::Planning;
use crate::gui::theme;
use crate::gui::widgets::{Choice, picker, soft};

/// The value of the picker that stands for no meaning.
const NOTHING: &str = "";

/// All columns of a source.
pub fn meanings_ui(ui: &mut Ui, state: StateRef<'_>, source: &Source, out: &mut Actions) {
    label_ui(ui, "What the fields mean", "The common language between a question and a field; correct what is wrong.");
    let Some(latest) = &state.planning.latest else {
        soft(ui, if state.planning.is_looking() { "Looking at the values…" } else { "Not looked at yet" });
        return;
    };
    let Some(number) = latest.catalogue.source_number(&source.id) else {
        soft(ui, "Not looked at yet");
        return;
    };
    let sensitivities = Sensitivities::of(&state.project.vocabulary);
    for column in &latest.catalogue.meanings[number].columns {
        ui.push_id(&column.column, |ui| column_ui(ui, &sensitivities, latest, source, number, column, out));
    }
    ui.add_space(theme::SPACE_2);
}

fn column_ui(
    ui: &mut Ui,
    sensitivities: &Sensitivities,
    latest: &Planning,
    source: &Source,
    number: usize,
    column: &ColumnMeaning,
    out: &mut Actions,
) {
    let palette = theme::palette(ui.ctx());
    let vocabulary = &latest.catalogue.vocabulary;
    let best = column.accepted();
    let is_confirmed = source.meanings.contains_key(&column.column);
    ui.horizontal(|ui| {
        let name = ui.add(egui::Label::new(RichText::new(&column.column).font(theme::code())).truncate());
        if let Some(evidence) = latest.catalogue.sources[number].column(&column.column) {
            let values: Vec<String> = evidence.values().take(6).map(crate::gui::forms::shown).collect();
            name.on_hover_text(format!("{}\n{}", evidence.data_type, values.join("\n")));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (word, colour) = match (is_confirmed, best) {
                (true, _) => ("confirmed".to_owned(), palette.good),
                (false, Some(best)) => (format!("guessed, {} of 100", best.score), palette.warning),
                (false, None) => ("not known".to_owned(), palette.soft),
            };
            if let Some(best) = best.filter(|_| !is_confirmed)
                && icon_button(ui, Icon::Tick, &format!("Confirm the meaning of {}", column.column)).clicked()
            {
                out.edit("confirm a meaning", vec![confirm_meaning(source, &column.column, Some(&best.concept))]);
            }
            let told = ui.label(RichText::new(word).font(theme::caption()).color(colour));
            if let Some(best) = best {
                told.on_hover_text(best.reasons.join("\n"));
            }
        });
    });
    let shown = match best {
        Some(best) => vocabulary.title(&best.concept),
        None if is_confirmed => "nothing",
        None => "",
    };
    let choices = || {
        let offered = column.candidates.iter().map(|one| (one.concept.as_str(), format!("{} of 100", one.score)));
        let rest =
            vocabulary.concepts().iter().filter(|concept| column.candidates.iter().all(|c| c.concept != concept.id));
        let rest = rest.map(|concept| (concept.id.as_str(), String::new()));
        let all = offered.chain(rest).map(|(id, score)| Choice {
            value: id.to_owned(),
            label: vocabulary.title(id).to_owned(),
            detail: if score.is_empty() { id.to_owned() } else { format!("{score} · {id}") },
        });
        let none = Choice { value: NOTHING.into(), label: "nothing".into(), detail: "no meaning".into() };
        all.chain([none]).collect()
    };
    if let Some(picked) = picker(ui, &format!("Meaning of {}", column.column), shown, false, choices) {
        let concept = Some(picked.as_str()).filter(|picked| *picked != NOTHING);
        out.edit("correct a meaning", vec![confirm_meaning(source, &column.column, concept)]);
    }
    classification_ui(ui, sensitivities, latest, source, column, out);
    ui.add_space(theme::SPACE_2);
}

/// How freely a field's values may travel: as declared, or as its meaning says.
fn classification_ui(
    ui: &mut Ui,
    sensitivities: &Sensitivities,
    latest: &Planning,
    source: &Source,
    column: &ColumnMeaning,
    out: &mut Actions,
) {
    let palette = theme::palette(ui.ctx());
    let Some(schema) = &source.schema else { return };
    let Some(field) = schema.get(&column.column) else { return };
    let declared = field.labels.classification;
    let label = field.labels.meaning.as_deref();
    let kept = declared.or_else(|| sensitivities.classify(&field.name, &field.data_type, label, &source.meanings));
    let meant = column.accepted().and_then(|best| latest.catalogue.vocabulary.concept(&best.concept));
    let meant = meant.map(|concept| concept.sensitivity).filter(|class| *class >= Classification::Personal);
    let class = kept.or(meant);
    let colour = match class {
        Some(Classification::Secret) => palette.bad,
        Some(Classification::Personal) => palette.warning,
        Some(Classification::Public | Classification::Internal) | None => palette.soft,
    };
    let told = match (declared, kept, meant) {
        (Some(class), _, _) => name_of(class).to_owned(),
        (None, Some(class), _) => format!("{}, by its meaning", name_of(class)),
        (None, None, Some(class)) => format!("{} once its meaning is confirmed", name_of(class)),
        (None, None, None) => "not classified".to_owned(),
    };
    ui.horizontal(|ui| {
        let text = RichText::new(told).font(theme::caption()).color(colour);
        let button = MenuButton::from_button(egui::Button::new(text).frame(false));
        let (response, _) = button.ui(ui, |ui| {
            let all =
                [Classification::Public, Classification::Internal, Classification::Personal, Classification::Secret];
            for wanted in all.into_iter().map(Some).chain([None]) {
                let label = wanted.map_or("as its meaning says", name_of);
                if ui.selectable_label(declared == wanted, label).clicked() {
                    let mut schema = schema.clone();
                    for field in schema.fields.iter_mut().filter(|field| field.name == column.column) {
                        field.labels.classification = wanted;
                    }
                    let json = serde_json::to_value(&schema).unwrap_or_default();
                    out.edit("classify a field", vec![edits::set(&source.id, "schema", json)]);
                    ui.close();
                }
            }
        });
        response.on_hover_text("How freely its values may travel; it follows what is made of them");
    });
}

/// The word for a class.
pub fn name_of(class: Classification) -> &'static str {
    match class {
        Classification::Public => "public",
        Classification::Internal => "internal",
        Classification::Personal => "personal",
        Classification::Secret => "secret",
    }
}
