//! Export: which target, which folder, what it does not carry, and what was written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use egui::{RichText, Ui};
use pipewright_core::export::{Support, check_exportable, target, targets};

use super::{buttons_ui, meaning_ui, path_field_ui, title_ui};
use crate::gui::command::{Action, Actions, Browse};
use crate::gui::forms::{label_ui, located_ui};
use crate::gui::icons::{Icon, icon_ui};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::{follow_focus, grown_list, primary_button, soft};

/// The dialog. Says whether it is to be closed.
pub fn export_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    chosen: &mut String,
    folder: &mut String,
    is_new: bool,
    out: &mut Actions,
) -> bool {
    let mut is_done = false;
    title_ui(ui, "Export", &mut is_done);
    label_ui(ui, "Target", "What the exported pipeline runs on.");
    // In a low window the targets are scrolled, and what is told of them, not what is to be filled in. How much is told
    // is known from the frame before.
    const FILLED_IN: f32 = 270.0;
    let room = (ui.ctx().content_rect().height() - FILLED_IN).max(160.0);
    let told_id = ui.scope_id().with("told");
    let told = ui.data(|data| data.get_temp(told_id)).unwrap_or(0.0_f32).min(room * 0.45);
    grown_list(room - told).id_salt("targets").show(ui, |ui| {
        for target in targets() {
            let is_chosen = target.name() == chosen;
            if ui.radio(is_chosen, target.title()).clicked() {
                let is_as_proposed = *folder == proposed_folder(state, chosen);
                *chosen = target.name().to_owned();
                if is_as_proposed {
                    *folder = proposed_folder(state, chosen);
                }
            }
            meaning_ui(ui, target.doc());
        }
        follow_focus(ui);
    });
    ui.add_space(theme::SPACE_2);
    label_ui(ui, "Folder", "The files are written into it.");
    let entered = path_field_ui(ui, "Export folder", folder, Browse::ExportFolder, is_new, out);
    ui.add_space(theme::SPACE_2);
    let problems = check_exportable(&state.plan);
    let list = grown_list(room * 0.45).id_salt("told").show(ui, |ui| {
        for problem in &problems {
            located_ui(ui, problem);
        }
        outcome_ui(ui, state);
        not_carried_ui(ui, state, chosen);
    });
    ui.data_mut(|data| data.insert_temp(told_id, list.content_size.y));
    ui.add_space(theme::SPACE_2);
    buttons_ui(ui, |ui| {
        let is_ready =
            !state.export.busy && !folder.trim().is_empty() && !problems.iter().any(|found| found.is_error());
        let clicked = ui.add_enabled_ui(is_ready, |ui| primary_button(ui, "Export").clicked()).inner;
        if is_ready && (clicked || entered) {
            out.push(Action::StartExport { target: chosen.clone(), folder: PathBuf::from(folder.trim()) });
        }
        if ui.button("Close").clicked() {
            is_done = true;
        }
        if state.export.busy {
            soft(ui, "writing…");
        }
    });
    is_done
}

/// A folder of each target's own, beside the project.
pub fn proposed_folder(state: StateRef<'_>, target: &str) -> String {
    state.base().join("export").join(target).display().to_string()
}

/// Steps that the target does not carry, or carries in another way.
fn not_carried_ui(ui: &mut Ui, state: StateRef<'_>, chosen: &str) {
    let Some(target) = target(chosen) else { return };
    let palette = theme::palette(ui.ctx());
    // One line for each reason: a flow's sources are often carried in the same way.
    let mut steps_by_reason: BTreeMap<(bool, String), Vec<String>> = BTreeMap::new();
    for (step, (support, reason)) in target.support(&state.plan) {
        let is_carried = match support {
            Support::Native => continue,
            Support::Rewritten | Support::Behind => true,
            Support::Unsupported => false,
        };
        steps_by_reason.entry((is_carried, reason)).or_default().push(state.step_title(&step).to_owned());
    }
    for ((is_carried, reason), steps) in steps_by_reason {
        let (icon, colour) = if is_carried { (Icon::Info, palette.soft) } else { (Icon::Warning, palette.warning) };
        ui.horizontal_top(|ui| {
            icon_ui(ui, icon, 16.0, Some(colour));
            ui.add(egui::Label::new(RichText::new(format!("{reason}: {}", steps.join(", "))).color(colour)).wrap());
        });
    }
}

fn outcome_ui(ui: &mut Ui, state: StateRef<'_>) {
    let palette = theme::palette(ui.ctx());
    match &state.export.outcome {
        None => {}
        Some((folder, Ok((names, warnings)))) => {
            ui.horizontal(|ui| {
                icon_ui(ui, Icon::Tick, 16.0, Some(palette.good));
                let told = format!("{} in {}", counted(names.len() as u64, "file"), folder.display());
                ui.label(RichText::new(told).color(palette.ink(palette.good)));
            });
            for name in names {
                ui.label(RichText::new(name).font(theme::code()).color(palette.soft));
            }
            for warning in warnings {
                located_ui(ui, warning);
            }
        }
        Some((_, Err(problems))) => {
            for problem in problems {
                located_ui(ui, problem);
            }
        }
    }
}
