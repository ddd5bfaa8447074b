//! How much flows: rows and bytes per day of every source, wire and destination, what steps save, what is kept and what
//! that costs. Reads the state and asks for actions.

use egui::{Align, Layout, RichText, Ui};
use egui_extras::{Column, TableBuilder};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::split::Cut;
use pipewright_core::planner::{Volume, VolumeOf};

use crate::gui::command::{Action, Actions, Chosen};
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, short_count};
use crate::gui::theme;
use crate::gui::widgets::{caption, empty_state, link, primary_button};

/// What was estimated last.
#[derive(Debug, Default)]
pub struct VolumeState {
    /// Number of the look under way.
    pub looking: Option<u64>,
    pub outcome: Option<(Vec<Volume>, Vec<Diagnostic>)>,
    /// Where the steps are done by it, where the design has places.
    pub cut: Option<Box<Cut>>,
    /// Revision of the project that it was estimated for.
    pub revision: u64,
}

/// `1.2 GB`, in powers of ten.
pub fn bytes_text(bytes: f64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes.max(0.0);
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(value < 10.0 && unit > 0);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// The tab.
pub fn volume_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let price = Some(view.price).filter(|price| *price > 0.0);
    if state.volume.looking.is_some() {
        ui.add_space(theme::SPACE_3);
        ui.horizontal(|ui| {
            ui.add_space(theme::SPACE_3);
            ui.spinner();
            caption(ui, "estimating from the samples…");
        });
        return;
    }
    let Some((volumes, problems)) = &state.volume.outcome else {
        empty_state(ui, "How much flows here?", "Rows and bytes a day on every wire, from the rate of the samples");
        ui.vertical_centered(|ui| {
            if primary_button(ui, "Estimate the volume").clicked() {
                out.push(Action::EstimateVolume { price });
            }
        });
        return;
    };
    let palette = theme::palette(ui.ctx());
    ui.horizontal(|ui| {
        ui.add_space(theme::SPACE_3);
        if state.volume.revision != state.project.revision() {
            caption(ui, "of an earlier design");
        }
        if link(ui, "Estimate again").clicked() {
            out.push(Action::EstimateVolume { price });
        }
        let label = caption(ui, "a kept gigabyte costs");
        ui.add(egui::DragValue::new(&mut view.price).range(0.0..=1000.0).speed(0.01).max_decimals(4))
            .labelled_by(label.id);
        if let Some(problem) = problems.first() {
            let more = if problems.len() > 1 { format!(" (and {} more)", problems.len() - 1) } else { String::new() };
            let title = problem.location.step.as_deref().unwrap_or_default();
            let told = format!("{title}: {}{more}", problem.message);
            ui.label(RichText::new(told).font(theme::caption()).color(palette.ink(palette.warning)));
        }
    });
    let heads = ["what", "", "rows a day", "bytes a day", "saves a day", "kept for", "kept", "cost"];
    TableBuilder::new(ui)
        .id_salt("volume")
        .striped(true)
        .cell_layout(Layout::right_to_left(Align::Center))
        .column(Column::exact(92.0))
        .column(Column::remainder().at_least(160.0).clip(true))
        .columns(Column::exact(96.0), 6)
        .column(Column::exact(theme::SPACE_3))
        .header(24.0, |mut row| {
            for (place, head) in heads.iter().enumerate() {
                row.col(|ui| {
                    let layout = if place < 2 { Layout::left_to_right(Align::Center) } else { *ui.layout() };
                    ui.with_layout(layout, |ui| {
                        if place == 0 {
                            ui.add_space(theme::SPACE_3);
                        }
                        caption(ui, *head);
                    });
                });
            }
        })
        .body(|body| {
            body.rows(24.0, volumes.len(), |mut row| {
                let volume = &volumes[row.index()];
                let (word, colour) = match volume.of {
                    VolumeOf::Source => ("source", palette.hue(theme::Group::Extract)),
                    VolumeOf::Wire => ("step", palette.soft),
                    VolumeOf::Sink => ("destination", palette.hue(theme::Group::Load)),
                };
                row.col(|ui| {
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add_space(theme::SPACE_3);
                        ui.label(RichText::new(word).font(theme::caption()).color(colour));
                    });
                });
                row.col(|ui| {
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let port = if volume.port.is_empty() || volume.port == "out" { "" } else { &volume.port };
                        let sign = if port.is_empty() { "" } else { " · " };
                        if link(ui, &format!("{}{sign}{port}", volume.title)).clicked() {
                            out.push(match volume.of {
                                VolumeOf::Source => Action::Choose(Chosen::Source(volume.id.clone())),
                                VolumeOf::Wire | VolumeOf::Sink => {
                                    Action::Select { steps: vec![volume.id.clone()], reveal: true }
                                }
                            });
                        }
                    });
                });
                let texts = [
                    short_count(volume.rows_per_day.max(0.0).round() as u64),
                    bytes_text(volume.bytes_per_day),
                    volume.saves_bytes_per_day.map_or(String::new(), bytes_text),
                    volume.retention_days.map_or(String::new(), |days| crate::gui::state::counted(days, "day")),
                    volume.kept_bytes.map_or(String::new(), bytes_text),
                    volume.cost.map_or(String::new(), |cost| format!("{cost:.2}")),
                ];
                for text in texts {
                    row.col(|ui| {
                        ui.label(RichText::new(text).font(theme::code()));
                    });
                }
            });
        });
}

#[cfg(test)]
mod tests {
    use super::bytes_text;

    #[test]
    fn bytes_have_units_of_ten() {
        assert_eq!(bytes_text(0.0), "0 B");
        assert_eq!(bytes_text(999.0), "999 B");
        assert_eq!(bytes_text(1234.0), "1.2 kB");
        assert_eq!(bytes_text(45_600_000.0), "46 MB");
        assert_eq!(bytes_text(999_999.0), "1.0 MB");
    }
}
