//! A suggestion as it is shown: the bar above the canvas, and what the inspector tells of a step that is not part of
//! the design yet. Reads the state and asks for actions.

pub(super) mod actions;
pub(super) mod planning;

use egui::{Align, Frame, Label, Layout, Margin, Panel, RichText, Ui};
use pipewright_core::project::Step;

use super::command::{Action, Actions, Chosen, Command};
use super::icons::{Icon, icon_ui};
use super::panels::answer_card::answer_card_ui;
use super::state::{StateRef, counted};
use super::theme;
use super::widgets::{caption, hairline, link, primary_button, soft};
use planning::Suggestion;

/// Above the canvas, while a suggestion is on it.
pub fn bar_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    if let Some(asking) = state.planning.asking.as_ref().filter(|asking| !asking.is_renewed) {
        let title = state.planning.latest.as_ref().and_then(|latest| latest.question(&asking.question));
        bar(ui, |ui| {
            ui.spinner();
            let title = title.map_or("", |asked| asked.title.as_str());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if command_button(ui, Command::DismissSuggestion, "Cancel").clicked() {
                    out.command(Command::DismissSuggestion);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let text = RichText::new(format!("Looking for a way to answer: {title}")).color(palette.soft);
                    ui.add(Label::new(text).truncate());
                });
            });
        });
        return;
    }
    let Some(suggestion) = state.suggestion() else { return };
    let Some(proposal) = suggestion.shown() else { return };
    let has_chosen = state.selection.steps.iter().any(|step| suggestion.is_ghost(step) && *step != proposal.answer);
    bar(ui, |ui| {
        icon_ui(ui, Icon::Sparkle, 16.0, Some(palette.accent));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if command_button(ui, Command::DismissSuggestion, "Dismiss").clicked() {
                out.command(Command::DismissSuggestion);
            }
            if suggestion.proposals.len() > 1 && command_button(ui, Command::NextSuggestion, "Next").clicked() {
                out.command(Command::NextSuggestion);
            }
            if has_chosen && command_button(ui, Command::AcceptPart, "Accept up to here").clicked() {
                out.command(Command::AcceptPart);
            }
            let keys = Command::AcceptSuggestion.keys(ui.ctx());
            if primary_button(ui, "Accept all").on_hover_text(keys).clicked() {
                out.command(Command::AcceptSuggestion);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let number = match suggestion.proposals.len() {
                    1 => "Suggestion".to_owned(),
                    count => format!("Suggestion {} of {count}", suggestion.at + 1),
                };
                ui.label(theme::semibold(number));
                ui.add(Label::new(RichText::new(&suggestion.asked.title).color(palette.soft)).truncate());
            });
        });
    });
}

fn command_button(ui: &mut Ui, command: Command, text: &str) -> egui::Response {
    let keys = command.keys(ui.ctx());
    ui.button(text).on_hover_text(format!("{} ({keys})", command.doc()))
}

fn bar(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let palette = theme::palette(ui.ctx());
    let frame = Frame::new().fill(palette.selected_ground()).inner_margin(Margin::symmetric(theme::SPACE_3 as i8, 4));
    Panel::top("suggestion").frame(frame).exact_size(40.0).show(ui, |ui| ui.horizontal_centered(contents));
}

/// A suggested step in the inspector: why it is there, and on what the suggestion rests.
pub fn ghost_ui(ui: &mut Ui, state: StateRef<'_>, suggestion: &Suggestion, step: &Step, out: &mut Actions) {
    let Some(proposal) = suggestion.shown() else { return };
    if step.id == proposal.answer {
        answer_card_ui(ui, state, step, &mut None, out);
    }
    ui.label(theme::semibold("Why it is here"));
    soft(ui, suggestion.reason(&step.id).unwrap_or_default());
    ui.add_space(theme::SPACE_3);
    ui.horizontal_wrapped(|ui| {
        if primary_button(ui, "Accept all").clicked() {
            out.command(Command::AcceptSuggestion);
        }
        if step.id != proposal.answer && ui.button("Accept up to here").clicked() {
            out.command(Command::AcceptPart);
        }
        if suggestion.proposals.len() > 1 && ui.button("Next suggestion").clicked() {
            out.command(Command::NextSuggestion);
        }
    });
    ui.add_space(theme::SPACE_3);
    hairline(ui);
    ui.add_space(theme::SPACE_2);
    about_ui(ui, state, suggestion, out);
}

/// On what the shown proposal rests: meanings with their evidence, joins, what is lost.
pub fn about_ui(ui: &mut Ui, state: StateRef<'_>, suggestion: &Suggestion, out: &mut Actions) {
    let Some(proposal) = suggestion.shown() else { return };
    let palette = theme::palette(ui.ctx());
    ui.label(theme::semibold("This suggestion rests on"));
    for used in &proposal.meanings {
        let source = state.project.sources.get(&used.source).map_or("", |source| source.title.as_str());
        let title = state
            .planning
            .latest
            .as_ref()
            .map_or(used.concept.as_str(), |latest| latest.catalogue.vocabulary.title(&used.concept));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme::SPACE_1;
            let column =
                link(ui, &used.column).on_hover_text("Shows what the fields of this source mean, to be corrected");
            if column.clicked() {
                out.push(Action::Choose(Chosen::Source(used.source.clone())));
            }
            ui.label(RichText::new(format!("of {source} is")).color(palette.soft));
            ui.label(title);
            let (word, colour) = match used.score {
                100 => ("confirmed".to_owned(), palette.good),
                score => (format!("guessed, {score} of 100"), palette.warning),
            };
            ui.label(RichText::new(word).color(colour)).on_hover_text(used.reasons.join("\n"));
        });
    }
    for join in &proposal.joins {
        soft(ui, join);
    }
    for loss in &proposal.losses {
        ui.label(RichText::new(loss).color(palette.ink(palette.warning)));
    }
    for part in &proposal.left_out_in_words {
        caption(ui, part.clone());
    }
    let sources = counted(proposal.sources.len() as u64, "source");
    let proof = if proposal.is_proved { "no cheaper way exists" } else { "a cheaper way may exist" };
    caption(
        ui,
        format!("{} · {sources} · cost {}, {proof}", counted(proposal.steps.len() as u64, "new step"), proposal.cost),
    );
}
