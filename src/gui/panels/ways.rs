//! Where a row goes from its step on: the answers and loads that it comes to, and the steps that leave it out, with why.
//! Reads the state and asks for actions.

use egui::Ui;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::model::Id;
use pipewright_engine::Arrival;

use crate::gui::command::{Action, Actions};
use crate::gui::forms::diagnostic_ui;
use crate::gui::state::{StateRef, grouped};
use crate::gui::theme;
use crate::gui::widgets::{caption, link, soft};

/// Rows of a step that are named.
const NAMED: usize = 5;

/// A row that is followed forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayOf {
    pub step: Id,
    /// The output; `None`: what the step reads of its source.
    pub port: Option<String>,
    pub row: usize,
}

/// What was asked last, and the answer.
#[derive(Debug)]
pub struct Ways {
    pub of: WayOf,
    /// Revision of the project that it was asked of.
    pub revision: u64,
    /// Number of the look.
    pub look: u64,
    /// `None`: being followed.
    pub outcome: Option<Result<Vec<Arrival>, Diagnostic>>,
}

/// A link that asks where a row goes, and what is known of it.
pub fn way_ui(ui: &mut Ui, state: StateRef<'_>, of: WayOf, name: &str, out: &mut Actions) {
    let revision = state.project.revision();
    let Some(ways) = state.ways.as_ref().filter(|ways| ways.of == of && ways.revision == revision) else {
        let asks = link(ui, "Where it goes").accessible_name(format!("Where {name} goes"));
        if asks.on_hover_text("Follows it through the flow: where it ends, or is left out, and why").clicked() {
            ui.data_mut(|data| data.insert_temp(asked(), true));
            out.push(Action::Ways(of));
        }
        return;
    };
    match &ways.outcome {
        None => {
            ui.horizontal(|ui| {
                ui.spinner();
                soft(ui, "Following it through the flow…");
            });
        }
        Some(Err(fault)) => diagnostic_ui(ui, fault),
        Some(Ok(arrivals)) => {
            // What was asked for by key is gone on with by key.
            let mut takes_keyboard = ui.data_mut(|data| data.remove_temp::<bool>(asked())).unwrap_or(false);
            for arrival in arrivals {
                arrival_ui(ui, arrival, std::mem::take(&mut takes_keyboard), out);
            }
            if arrivals.is_empty() {
                caption(ui, "it goes nowhere: nothing reads this step");
            }
        }
    }
}

/// Where it is kept that somebody asked just now.
fn asked() -> egui::Id {
    egui::Id::unique("asked where a row goes")
}

fn arrival_ui(ui: &mut Ui, arrival: &Arrival, takes_keyboard: bool, out: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        if arrival.rows.is_empty() {
            soft(ui, "left out at");
            let step = link(ui, &arrival.title);
            if takes_keyboard {
                step.request_focus();
            }
            if step.clicked() {
                out.push(Action::Select { steps: vec![arrival.step.clone()], reveal: true });
            }
            soft(ui, arrival.reason.as_deref().unwrap_or("no row of it is made of this one"));
            return;
        }
        soft(ui, "goes into");
        for (place, row) in arrival.rows.iter().take(NAMED).enumerate() {
            let text = match place {
                0 => format!("row {} of “{}”", grouped(*row as u64 + 1), arrival.title),
                _ => format!("row {}", grouped(*row as u64 + 1)),
            };
            let shows = link(ui, &text);
            if takes_keyboard && place == 0 {
                shows.request_focus();
            }
            if shows.clicked() {
                out.push(Action::ShowRow { step: arrival.step.clone(), row: *row });
            }
        }
        if arrival.rows.len() > NAMED {
            soft(ui, format!("and {} more", grouped((arrival.rows.len() - NAMED) as u64)));
        }
    });
}
