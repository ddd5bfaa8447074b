//! What stands out in the sources, with the flow that shows it. Reads the state and asks for actions.

use egui::{Frame, Margin, RichText, Ui};
use pipewright_core::planner::findings::{Finding, Kind};

use super::differs::difference_ui;
use crate::gui::command::{Action, Actions};
use crate::gui::state::StateRef;
use crate::gui::theme;
use crate::gui::widgets::{badge, card, empty_state, link, primary_button, scrolled, soft};

/// The panel.
pub fn findings_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    scrolled(ui, |ui| {
        Frame::new().inner_margin(Margin::same(10)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = theme::SPACE_2;
            if state.findings.looking.is_some() {
                ui.horizontal(|ui| {
                    ui.spinner();
                    soft(ui, "Reading the whole of every source…");
                });
                return;
            }
            match &state.findings.outcome {
                None => {
                    empty_state(
                        ui,
                        "What stands out?",
                        "Bursts of errors, slow requests, failed transactions and more",
                    );
                    ui.vertical_centered(|ui| {
                        if primary_button(ui, "Look for findings").clicked() {
                            out.push(Action::LookForFindings);
                        }
                    });
                }
                Some(Err(fault)) => {
                    ui.label(RichText::new(&fault.message).color(palette.ink(palette.bad)));
                    if let Some(help) = &fault.help {
                        soft(ui, help);
                    }
                }
                Some(Ok((findings, warnings))) => {
                    for finding in findings {
                        finding_card(ui, state, finding, out);
                    }
                    if findings.is_empty() {
                        empty_state(ui, "Nothing stands out", "The sources are as one would expect");
                    }
                    for warning in warnings {
                        ui.label(RichText::new(&warning.message).color(palette.ink(palette.warning)));
                    }
                }
            }
            if state.findings.outcome.is_some() && link(ui, "Look again").clicked() {
                out.push(Action::LookForFindings);
            }
        });
    });
}

fn finding_card(ui: &mut Ui, state: StateRef<'_>, finding: &Finding, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let is_accepted = state.findings.accepted.contains(&finding.id);
    let (mut wants_flow, mut wants_differences) = (false, false);
    card(ui, false, &finding.title, |ui| {
        ui.spacing_mut().item_spacing.y = theme::SPACE_1;
        let colour = match finding.kind {
            Kind::ErrorBurst | Kind::ErrorsInCommon | Kind::FailedTransactions | Kind::FailedSignIns => palette.bad,
            Kind::SlowRequests | Kind::GapInTime | Kind::Duplicates | Kind::PersonalData => palette.warning,
            Kind::NewPattern | Kind::Bots | Kind::Probing => palette.soft,
        };
        badge(ui, &finding.kind.name().replace('-', " "), colour);
        ui.label(theme::semibold(&finding.title));
        for line in &finding.evidence {
            ui.label(RichText::new(line).color(palette.soft));
        }
        match state.findings.differs.get(&finding.id) {
            Some(None) => drop(ui.spinner()),
            Some(Some(Err(fault))) => drop(ui.label(RichText::new(&fault.message).color(palette.ink(palette.bad)))),
            Some(Some(Ok(found))) if found.is_empty() => drop(soft(ui, "Nothing goes with these rows in particular.")),
            Some(Some(Ok(found))) => found.iter().take(6).for_each(|difference| difference_ui(ui, difference)),
            None if finding.selection.is_some() => wants_differences = link(ui, "What goes with it?").clicked(),
            None => {}
        }
        if is_accepted {
            ui.label(RichText::new("its flow is on the canvas").color(palette.ink(palette.good)));
        } else {
            wants_flow = link(ui, "+ Show the flow").clicked();
        }
    });
    if wants_differences {
        out.push(Action::DiffersOfFinding(Box::new(finding.clone())));
    }
    if wants_flow {
        out.push(Action::AcceptFinding(Box::new(finding.clone())));
    }
}
