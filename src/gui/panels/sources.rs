//! The sources of the project as cards: what is there, and what is still to come.

use egui::{Frame, Margin, RichText, Ui};
use pipewright_core::ir::Planned;
use pipewright_core::model::Source;

use super::requests;
use crate::gui::command::{Action, Actions, Chosen, Command};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::{badge, caption, card, empty_state, link, scrolled, shown_name};

/// The panel.
pub fn sources_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    scrolled(ui, |ui| {
        Frame::new().inner_margin(Margin::same(10)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = theme::SPACE_2;
            for source in state.project.sources.values() {
                source_card(ui, state, source, out);
            }
            if state.project.sources.is_empty() {
                empty_state(ui, "No sources yet", "Drop a log, a table or a metrics file here");
            }
            if link(ui, "+ Open a file").clicked() {
                out.command(Command::Open);
            }
            if link(ui, "+ From an API or a database").clicked() {
                out.command(Command::AddPlace);
            }
            requests::requests_ui(ui, state, out);
        });
    });
}

fn source_card(ui: &mut Ui, state: StateRef<'_>, source: &Source, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let reads = |step: &&pipewright_core::project::Step| {
        step.settings.get("source").and_then(|id| id.as_str()) == Some(source.id.as_str())
    };
    let readers: Vec<String> = state.project.steps.values().filter(reads).map(|step| step.id.clone()).collect();
    let is_shown = state.chosen == Chosen::Source(source.id.clone())
        || readers.iter().any(|step| state.selection.steps.contains(step));
    let format = source.format.as_ref().map_or("not recognised yet".to_owned(), |format| {
        pipewright_core::formats::format(&format.name).map_or(format.name.clone(), |known| known.title().to_owned())
    });
    let columns = source.schema.as_ref().map_or(0, pipewright_core::data::Schema::len);
    let (mut wants_place, mut is_here) = (false, false);
    let response = card(ui, is_shown, &source.title, |ui| {
        ui.spacing_mut().item_spacing.y = theme::SPACE_1;
        ui.label(theme::semibold(shown_name(&source.title, 200)));
        match &source.planned {
            Some(planned) => {
                ui.horizontal_wrapped(|ui| {
                    let owner = if source.owner.is_empty() { "nobody owns it yet" } else { &source.owner };
                    if planned.status == Planned::DECLARED {
                        badge(ui, "declared, no data yet", palette.warning);
                        ui.label(RichText::new(owner).color(palette.soft));
                    } else {
                        badge(ui, "data we need", palette.bad);
                        ui.label(RichText::new(format!("{} · {owner}", planned.status)).color(palette.soft));
                    }
                });
            }
            None => {
                ui.label(
                    RichText::new(format!("{format} · {}", counted(columns as u64, "column"))).color(palette.soft),
                );
                let place = source.location(&state.project.connections).map(|location| location.shown());
                let place = place.as_deref().unwrap_or(&source.path);
                ui.add(egui::Label::new(RichText::new(place).font(theme::code()).color(palette.soft)).truncate());
            }
        }
        let answers = state.planning.latest.as_ref().and_then(|latest| latest.answers.get(&source.id).copied());
        if let Some(answers) = answers {
            let told = match answers {
                0 => "answers no question by itself".to_owned(),
                answers => format!("answers {}", counted(answers as u64, "question")),
            };
            caption(ui, told);
        }
        if source.planned.is_some() {
            is_here = link(ui, "The data is here…").clicked();
        }
        if readers.is_empty() {
            wants_place = link(ui, "+ Add to the flow").clicked();
        }
    });
    if is_here {
        out.push(Action::AskForReal(source.id.clone()));
    } else if wants_place {
        out.push(Action::PlaceSource(source.id.clone()));
    } else if response.clicked() {
        match readers.first() {
            Some(step) => out.push(Action::Select { steps: vec![step.clone()], reveal: true }),
            None => out.push(Action::Choose(Chosen::Source(source.id.clone()))),
        }
    }
}
