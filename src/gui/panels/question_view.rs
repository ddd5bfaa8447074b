//! A question in the inspector: what its answer shows, its thresholds, which sources answer it, what is missing, and
//! the way to a flow. Reads the state and asks for actions.

use egui::{RichText, Ui};
use pipewright_core::planner::{Asked, CoverageState, Dial, Dials, Gap, forbidden_sources, ready_question};
use serde_json::Value as Json;

use super::questions::reach_ui;
use crate::gui::actions::edits;
use crate::gui::command::{Action, Actions};
use crate::gui::forms::label_ui;
use crate::gui::icons::{Icon, icon_ui};
use crate::gui::marked::doc_ui;
use crate::gui::state::StateRef;
use crate::gui::state::view::View;
use crate::gui::suggestion::about_ui;
use crate::gui::suggestion::planning::Planning;
use crate::gui::theme;
use crate::gui::widgets::dial::dial;
use crate::gui::widgets::{badge, caption, hairline, link, primary_button, soft};

/// A ready-made question that the project has not asked yet.
pub fn ready_ui(ui: &mut Ui, state: StateRef<'_>, id: &str, view: &mut View, out: &mut Actions) {
    let Some(ready) = ready_question(id) else { return };
    ui.add(egui::Label::new(RichText::new(&ready.title).font(theme::title())).wrap());
    soft(ui, format!("asked by the {}", ready.asker.trim_start_matches("the ")));
    ui.add_space(theme::SPACE_2);
    doc_ui(ui, &ready.doc, &theme::body());
    let asked = Asked::ready(ready);
    answer_ui(ui, state, &asked, view, out);
}

/// What the answer to a question shows, and the way to it.
pub fn answer_ui(ui: &mut Ui, state: StateRef<'_>, asked: &Asked, view: &mut View, out: &mut Actions) {
    ui.add_space(theme::SPACE_2);
    reach_ui(ui, state, &asked.id);
    ui.add_space(theme::SPACE_3);
    label_ui(ui, "What the answer shows", "");
    let mut turned = asked.dials.clone();
    if !asked.is_own {
        turned.extend(view.questions.dials.get(&asked.id).cloned().unwrap_or_default());
    }
    let shown = Asked { dials: turned.clone(), ..asked.clone() };
    soft(ui, shown.definition());
    ui.add_space(theme::SPACE_1);
    let names: Vec<String> = asked.contract.result_names().map(|name| format!("`{name}`")).collect();
    doc_ui(ui, &names.join(", "), &theme::body());
    for dial in &asked.contract.dials {
        if let Some(value) = dial_ui(ui, dial, turned.get(&dial.name).copied().unwrap_or(dial.default), false) {
            if asked.is_own {
                let field = format!("dials.{}", dial.name);
                out.typed("turn a threshold", edits::set(&asked.id, &field, Json::from(value)), true);
            } else {
                view.questions.dials.entry(asked.id.clone()).or_default().insert(dial.name.clone(), value);
            }
            turned.insert(dial.name.clone(), value);
            // The suggestion that is shown follows.
            if !asked.is_own && state.suggestion().is_some_and(|suggestion| suggestion.asked.id == asked.id) {
                out.push(Action::Suggest { question: asked.id.clone(), dials: turned.clone() });
            }
        }
    }
    ui.add_space(theme::SPACE_3);
    let suggestion = state.suggestion().filter(|suggestion| suggestion.asked.id == asked.id);
    if state.planning.asking.as_ref().is_some_and(|asking| asking.question == asked.id) {
        ui.spinner();
    } else if primary_button(ui, "Suggest a flow").clicked() {
        let dials: Dials = if asked.is_own { Dials::new() } else { turned };
        out.push(Action::Suggest { question: asked.id.clone(), dials });
    }
    if let Some(suggestion) = suggestion {
        ui.add_space(theme::SPACE_3);
        if suggestion.proposals.is_empty() {
            forbidden_ui(ui, state, &suggestion.asked);
            gaps_ui(ui, state, &suggestion.gaps, out);
        } else {
            about_ui(ui, state, suggestion, out);
        }
    }
    if let Some(latest) = &state.planning.latest {
        ui.add_space(theme::SPACE_3);
        hairline(ui);
        sources_ui(ui, state, latest, &asked.id, out);
    }
}

/// A threshold; gives its new value. `wants_focus`: it takes the keyboard.
pub fn dial_ui(ui: &mut Ui, threshold: &Dial, value: f64, wants_focus: bool) -> Option<f64> {
    let mut turned = value;
    let range = threshold.min.unwrap_or(f64::MIN)..=threshold.max.unwrap_or(f64::MAX);
    let field = dial(ui, &threshold.title, &threshold.unit, &mut turned, range);
    if wants_focus {
        field.request_focus();
        field.scroll_to_me(None);
    }
    (field.changed() && turned != value).then_some(turned)
}

/// Which sources answer a question.
fn sources_ui(ui: &mut Ui, state: StateRef<'_>, latest: &Planning, question: &str, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let Some(row) = latest.coverage.questions.iter().position(|known| known == question) else { return };
    let mut told = false;
    for (number, source) in latest.coverage.sources.iter().enumerate() {
        let cell = latest.coverage.state(row, number);
        if cell == CoverageState::Missing {
            continue;
        }
        if !told {
            label_ui(ui, "Sources that can answer it", "");
            told = true;
        }
        let Some(source) = state.project.sources.get(source) else { continue };
        ui.horizontal(|ui| {
            let colour = super::coverage::colour(palette, cell);
            badge(ui, cell.title(), colour);
            if link(ui, &source.title).clicked() {
                out.push(Action::ShowCell { question: question.to_owned(), source: source.id.clone() });
            }
        });
    }
    let away: Vec<_> = latest.away.iter().filter(|away| away.unlocks.iter().any(|id| id == question)).collect();
    if !told && !away.is_empty() {
        label_ui(ui, "One field away", "");
        for away in away {
            let title = latest.catalogue.vocabulary.title(&away.concept);
            let source = state.project.sources.get(&away.source).map_or("", |source| source.title.as_str());
            soft(ui, format!("{source} would answer it if it recorded “{title}”"));
        }
    }
}

/// Sources that would answer but for a rule, and what would be allowed.
fn forbidden_ui(ui: &mut Ui, state: StateRef<'_>, asked: &Asked) {
    let Some(latest) = &state.planning.latest else { return };
    let palette = theme::palette(ui.ctx());
    for forbidden in forbidden_sources(&latest.catalogue, asked) {
        let source = state.project.sources.get(&forbidden.source).map_or("", |source| source.title.as_str());
        ui.horizontal(|ui| {
            icon_ui(ui, Icon::Shield, 16.0, Some(palette.bad));
            ui.label(theme::semibold(format!("{source} would answer it, but for a rule")));
        });
        soft(ui, forbidden.rule);
        ui.add_space(theme::SPACE_1);
    }
}

/// What is missing, who could record it, what that unlocks.
pub fn gaps_ui(ui: &mut Ui, state: StateRef<'_>, gaps: &[Gap], out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    ui.horizontal(|ui| {
        icon_ui(ui, Icon::Question, 16.0, Some(palette.bad));
        ui.label(theme::semibold("What is missing"));
    });
    if gaps.is_empty() {
        let help = match state.project.sources.is_empty() {
            true => "There is no source yet: drop a log, a table or a metrics file.",
            false => "No source may be used for this question: see who may see what under Sources.",
        };
        soft(ui, help);
        return;
    }
    for gap in gaps {
        let source = state.project.sources.get(&gap.source).map_or("", |source| source.title.as_str());
        ui.label(theme::semibold(&gap.title));
        let owner = if gap.owner.is_empty() { "nobody owns it yet" } else { &gap.owner };
        soft(ui, format!("cheapest: {source} records it ({owner})"));
        soft(ui, &gap.nearest);
        if !gap.instead.is_empty() {
            let latest = state.planning.latest.as_ref();
            let title = |id: &String| latest.map_or(id.clone(), |it| it.catalogue.vocabulary.title(id).to_owned());
            let instead: Vec<String> = gap.instead.iter().map(title).collect();
            soft(ui, format!("would do as well: {}", instead.join(", ")));
        }
        if !gap.unlocks.is_empty() {
            caption(ui, format!("unlocks {}", crate::gui::state::counted(gap.unlocks.len() as u64, "question")))
                .on_hover_text(gap.unlocks.join("\n"));
        }
        ui.add_space(theme::SPACE_1);
    }
    let help =
        "Adds a planned source with made-up rows, so that the design goes on; the wish has an owner and a status";
    if ui.button("Plan this data").on_hover_text(help).clicked() {
        out.push(Action::PlanGaps);
    }
}
