//! Rows that are pinned to a step: what it should make of them, and whether it does. Reads the state and asks for
//! actions.

use egui::Ui;
use pipewright_core::project::{Step, StepTest};
use pipewright_core::steps;

use crate::gui::actions::edits;
use crate::gui::command::{Actions, Command};
use crate::gui::forms::label_ui;
use crate::gui::icons::{Icon, icon_ui};
use crate::gui::marked::marked_ui;
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::{link, shown_name, soft};

/// Differences of a test that are shown.
const SHOWN: usize = 3;

/// In the form of a step: its tests, and the way to a new one.
pub fn pins_ui(ui: &mut Ui, state: StateRef<'_>, step: &Step, out: &mut Actions) {
    let takes_rows = steps::kind(&step.kind).is_some_and(|kind| !kind.ports(&step.settings).inputs.is_empty());
    if !takes_rows {
        return;
    }
    label_ui(
        ui,
        "Pinned rows",
        "Rows that go in, and what must come out: tested while you draw, and by `pipewright test`.",
    );
    for test in state.project.tests.values().filter(|test| test.step == step.id) {
        ui.push_id(&test.id, |ui| test_ui(ui, state, test, out));
    }
    if link(ui, "+ Pin rows of the preview").clicked() {
        out.command(Command::Pin);
    }
    ui.add_space(theme::SPACE_2);
}

fn test_ui(ui: &mut Ui, state: StateRef<'_>, test: &StepTest, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let result = state.pins.results.iter().find(|result| result.id == test.id);
    let is_broken = state.problems_of(&test.step).any(|problem| problem.is_error());
    let title = if test.title.is_empty() { &test.id } else { &test.title };
    let rows: usize = test.inputs.values().map(|pinned| pinned.rows.len()).sum();
    let (icon, colour, word) = match result {
        _ if is_broken => (Icon::Clock, palette.soft, "waits for the step"),
        None => (Icon::Clock, palette.soft, "being tested"),
        Some(result) if result.differences.is_empty() => (Icon::Tick, palette.good, "passes"),
        Some(_) => (Icon::Cross, palette.bad, "fails"),
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        icon_ui(ui, icon, 16.0, Some(colour));
        let text = format!("{word}: {}, {}", counted(rows as u64, "row"), shown_name(title, 60));
        ui.add(egui::Label::new(text).wrap());
    });
    let differences = result.filter(|_| !is_broken).map(|result| result.differences.as_slice()).unwrap_or_default();
    for difference in differences.iter().take(SHOWN) {
        marked_ui(ui, &shown_name(difference, 300), &theme::caption(), palette.ink(palette.bad));
    }
    if differences.len() > SHOWN {
        soft(ui, format!("and {} more", differences.len() - SHOWN));
    }
    ui.horizontal(|ui| {
        if !differences.is_empty()
            && link(ui, "Expect this instead")
                .on_hover_text("What the step gives now is expected from now on")
                .clicked()
        {
            out.push(crate::gui::command::Action::Repin(test.id.clone()));
        }
        if link(ui, "Remove").clicked() {
            out.edit("remove pinned rows", vec![edits::remove(&test.id)]);
        }
    });
}
