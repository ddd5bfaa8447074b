//! A run: what it does, how far it is, and its report with a row per step.

use egui::{Align, Grid, Layout, ProgressBar, RichText, ScrollArea, Ui};

use super::backend::RunReport;
use super::command::{Action, Actions, Command};
use super::forms::diagnostic_ui;
use super::state::{StateRef, grouped};
use super::theme;
use super::widgets::{caption, empty_state, link, primary_button, soft, strong};

/// The panel.
pub fn run_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    egui::Frame::new().inner_margin(egui::Margin::same(theme::SPACE_3 as i8)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            if state.run.active.is_some() {
                progress_ui(ui, state, out);
                return;
            }
            match &state.run.outcome {
                None => {
                    empty_state(ui, "Nothing has run yet", "A run reads the whole input and writes the outputs");
                    ui.vertical_centered(|ui| {
                        if primary_button(ui, "Run F5").clicked() {
                            out.command(Command::Run);
                        }
                    });
                }
                Some(Ok(report)) => report_ui(ui, state, report),
                Some(Err(problems)) => {
                    strong(ui, "The run stopped");
                    ui.add_space(theme::SPACE_2);
                    for problem in problems {
                        let title = problem.location.step.clone().unwrap_or_default();
                        if let Some(id) = problem.location.id.clone().filter(|_| !title.is_empty())
                            && link(ui, &title).clicked()
                        {
                            let field = problem.location.field.clone().unwrap_or_default();
                            out.push(Action::FocusField { step: id, field });
                        }
                        diagnostic_ui(ui, problem);
                        ui.add_space(theme::SPACE_2);
                    }
                }
            }
        });
    });
}

fn progress_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    let (done, total) = state.run.bytes;
    ui.horizontal(|ui| {
        strong(ui, "Running");
        soft(ui, format!("to {}", state.run.out.display()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Stop").clicked() {
                out.push(Action::CancelRun);
            }
        });
    });
    ui.add_space(theme::SPACE_2);
    let share = if total > 0 { done as f32 / total as f32 } else { 0.0 };
    let text = if total > 0 { format!("{} of {}", bytes(done), bytes(total)) } else { "starting".to_owned() };
    ui.add(ProgressBar::new(share).text(RichText::new(text).font(theme::caption())).desired_height(16.0));
    ui.add_space(theme::SPACE_2);
    for line in state.run.log.iter().rev().take(50) {
        caption(ui, line);
    }
}

/// `4.2 MB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..=9_999 => format!("{} B", grouped(count)),
        10_000..=9_999_999 => format!("{:.1} kB", count as f64 / 1e3),
        10_000_000..=9_999_999_999 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

fn report_ui(ui: &mut Ui, state: StateRef<'_>, report: &RunReport) {
    ui.horizontal_wrapped(|ui| {
        strong(ui, "The run is done");
        soft(ui, format!("in {:.1} s · output in {}", report.seconds, state.run.out.display()));
    });
    ui.add_space(theme::SPACE_3);
    if !report.sinks.is_empty() {
        caption(ui, "WRITTEN");
        for sink in &report.sinks {
            ui.horizontal(|ui| {
                ui.label(RichText::new(&sink.path).font(theme::code()));
                caption(ui, format!("{} rows · {}", grouped(sink.rows), bytes(sink.bytes)));
            });
        }
        ui.add_space(theme::SPACE_3);
    }
    caption(ui, "STEPS");
    Grid::new("run report").num_columns(6).striped(true).spacing([theme::SPACE_6, theme::SPACE_1]).show(ui, |ui| {
        for heading in ["Step", "Operation", "Rows in", "Rows out", "Dropped", "Unread or rejected"] {
            caption(ui, heading);
        }
        ui.end_row();
        for step in &report.steps {
            ui.label(&step.title);
            caption(ui, &step.op);
            for number in [step.rows_in.iter().sum(), step.rows_out, step.dropped, step.quarantined] {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(RichText::new(grouped(number)).font(theme::code()));
                });
            }
            ui.end_row();
        }
    });
}
