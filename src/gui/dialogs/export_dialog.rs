//! Export: which target, which folder, what it does not carry, and what was written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use egui::{Align, Layout, RichText, Ui};
use pipewright_core::export::{Support, check_exportable, target, targets};

use super::{meaning_ui, path_field_ui, title_ui};
use crate::gui::command::{Action, Actions, Browse};
use crate::gui::forms::{label_ui, located_ui};
use crate::gui::icons::{Icon, icon_ui};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::{grown_list, primary_button, soft};

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
    // In a low window the targets are scrolled, not what is to be filled in.
    let room = (ui.ctx().content_rect().height() - 320.0).max(160.0);
    grown_list(room).id_salt("targets").show(ui, |ui| {
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
    });
    ui.add_space(theme::SPACE_2);
    label_ui(ui, "Folder", "The files are written into it.");
    path_field_ui(ui, "Export folder", folder, Browse::ExportFolder, is_new, out);
    ui.add_space(theme::SPACE_2);
    let problems = check_exportable(&state.plan);
    grown_list(220.0).show(ui, |ui| {
        for problem in &problems {
            located_ui(ui, problem);
        }
        outcome_ui(ui, state);
        not_carried_ui(ui, state, chosen);
    });
    ui.add_space(theme::SPACE_2);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let is_ready =
            !state.export.busy && !folder.trim().is_empty() && !problems.iter().any(|found| found.is_error());
        if ui.add_enabled_ui(is_ready, |ui| primary_button(ui, "Export").clicked()).inner {
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
