//! A run: what it does, how far it is, and its report with a row per step.

use egui::{Align, Grid, Layout, ProgressBar, RichText, Ui};

use crate::gui::backend::RunReport;
use crate::gui::command::{Action, Actions, Command};
use crate::gui::forms::diagnostic_ui;
use crate::gui::state::{StateRef, counted, grouped};
use crate::gui::theme;
use crate::gui::widgets::{caption, empty_state, link, primary_button, scrolled, soft, strong};

/// The panel.
pub fn run_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    egui::Frame::new().inner_margin(egui::Margin::same(theme::SPACE_3 as i8)).show(ui, |ui| {
        scrolled(ui, |ui| {
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
    for remark in report.remarks() {
        caption(ui, remark.location.step.clone().unwrap_or_default());
        diagnostic_ui(ui, &remark);
        ui.add_space(theme::SPACE_2);
    }
    if !report.answers.is_empty() {
        caption(ui, "ANSWERS");
        for answer in &report.answers {
            ui.horizontal_wrapped(|ui| {
                ui.label(theme::semibold(&answer.title));
                ui.label(&answer.told.sentence);
            });
        }
        ui.add_space(theme::SPACE_3);
    }
    if !report.sinks.is_empty() {
        caption(ui, "WRITTEN");
        for sink in &report.sinks {
            ui.horizontal(|ui| {
                ui.label(RichText::new(&sink.path).font(theme::code()));
                caption(ui, format!("{} · {}", counted(sink.rows, "row"), bytes(sink.bytes)));
            });
        }
        ui.add_space(theme::SPACE_3);
    }
    caption(ui, "READ");
    let headings = ["Source", "Format", "Lines", "Accepted", "Unread", "Joined, blank, headers"];
    let rows = report.sources.iter().map(|source| {
        let tally = &source.tally;
        let others = tally.joined + tally.blank + tally.meta;
        (&source.title, &source.format, vec![tally.read, tally.accepted, tally.quarantined, others])
    });
    counts_ui(ui, "sources", &headings, rows);
    ui.add_space(theme::SPACE_3);
    caption(ui, "STEPS");
    let headings = ["Step", "Kind", "Rows in", "Rows out", "Left out", "Rejected"];
    let steps = steps_of(state, report);
    counts_ui(ui, "steps", &headings, steps.iter().map(|(title, kind, counts)| (title, kind, counts.to_vec())));
}

/// Title and kind of a step, with its rows: in, out, left out, rejected.
type StepLine = (String, String, [u64; 4]);

/// A line for each step, under the name that it has for people, however many operations it is made of.
fn steps_of(state: StateRef<'_>, report: &RunReport) -> Vec<StepLine> {
    let mut found: Vec<(&str, StepLine)> = Vec::new();
    for step in &report.steps {
        let known = found.iter_mut().find(|(id, _)| *id == step.step);
        match known {
            // Rows go in at its first operation, and out at its last.
            Some((_, (_, _, counts))) => {
                counts[1] = step.rows_out;
                counts[2] += step.dropped;
                counts[3] += step.quarantined;
            }
            None => {
                let kind = state.project.steps.get(&step.step).map_or("", |step| step.kind.as_str());
                let kind = pipewright_core::steps::kind(kind).map_or(kind, |kind| kind.title()).to_owned();
                let counts = [step.rows_in.iter().sum(), step.rows_out, step.dropped, step.quarantined];
                found.push((&step.step, (step.title.clone(), kind, counts)));
            }
        }
    }
    found.into_iter().map(|(_, line)| line).collect()
}

/// A small table: two words and counts, set right.
fn counts_ui<'a>(
    ui: &mut Ui,
    name: &str,
    headings: &[&str],
    rows: impl Iterator<Item = (&'a String, &'a String, Vec<u64>)>,
) {
    const WIDTH: f32 = 140.0;
    let right = |ui: &mut Ui, text: RichText| {
        let size = egui::vec2(WIDTH, ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            // A grid cell is else as narrow as its column was in the last frame.
            ui.set_min_width(WIDTH);
            ui.add(egui::Label::new(text).extend());
        });
    };
    let soft = theme::palette(ui.ctx()).soft;
    ui.spacing_mut().interact_size.y = 20.0;
    Grid::new(name).num_columns(headings.len()).spacing([theme::SPACE_3, 2.0]).show(ui, |ui| {
        for (index, heading) in headings.iter().enumerate() {
            let text = RichText::new(*heading).font(theme::caption()).color(soft);
            if index < 2 {
                ui.label(text);
            } else {
                right(ui, text);
            }
        }
        ui.end_row();
        for (title, kind, counts) in rows {
            ui.label(title);
            ui.label(RichText::new(kind).font(theme::caption()).color(soft));
            for count in counts {
                right(ui, RichText::new(grouped(count)).font(theme::code()));
            }
            ui.end_row();
        }
    });
}
