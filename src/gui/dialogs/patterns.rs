//! The patterns of a column's texts: each with its rows and an example; the rows of one are kept with one click.

use egui::{RichText, ScrollArea, Ui};
use pipewright_core::data::format_timestamp;
use pipewright_core::data::patterns::{Mined, Pattern, regex_of};
use pipewright_core::expr::{fits, print};

use super::title_ui;
use crate::gui::backend::Arrangement;
use crate::gui::command::{Action, Actions};
use crate::gui::forms::diagnostic_ui;
use crate::gui::state::patterns::ShownPatterns;
use crate::gui::state::{counted, grouped, percent};
use crate::gui::theme;
use crate::gui::widgets::{caption, empty_state, link, shown_name, soft};

/// Points.
pub const WIDTH: f32 = 900.0;
const HEIGHT: f32 = 420.0;
/// Patterns that are listed.
const MOST: usize = 300;
const COUNTED: &str =
    "Adds “Log patterns” with the most frequent of them behind the step; what fits none counts as `other`";
/// Characters of a pattern, and of its example.
const CHARACTERS: usize = 120;

pub fn patterns_ui(ui: &mut Ui, shown: &ShownPatterns, out: &mut Actions) -> bool {
    let mut is_done = false;
    title_ui(ui, &format!("Patterns of {}", shown.columns.message), &mut is_done);
    let mined = match &shown.outcome {
        None => {
            ui.horizontal(|ui| {
                ui.spinner();
                soft(ui, "Comparing the texts…");
            });
            return is_done;
        }
        Some(Err(fault)) => {
            diagnostic_ui(ui, fault);
            return is_done;
        }
        Some(Ok(mined)) => mined,
    };
    let patterns = counted(mined.patterns.len() as u64, "pattern");
    soft(ui, format!("{patterns} in {} of the preview. A click keeps the rows of one.", counted(mined.rows, "row")));
    ui.add_space(theme::SPACE_2);
    let list = ScrollArea::vertical().id_salt("patterns").auto_shrink([false, false]);
    let chosen = list.max_height(HEIGHT).min_scrolled_height(HEIGHT).show(ui, |ui| list_ui(ui, mined)).inner;
    ui.add_space(theme::SPACE_2);
    if !mined.patterns.is_empty() && link(ui, "Count them in a step").on_hover_text(COUNTED).clicked() {
        out.push(Action::KeepPatterns);
    }
    if let Some(pattern) = chosen {
        let filter = print(&fits(&shown.columns.message, &regex_of(&pattern.text)));
        let arrangement = Arrangement { filter, sort: None };
        out.push(Action::KeepLook { step: shown.step.clone(), port: shown.port.clone(), arrangement });
        is_done = true;
    }
    is_done
}

/// Gives the pattern that was clicked.
fn list_ui<'a>(ui: &mut Ui, mined: &'a Mined) -> Option<&'a Pattern> {
    if mined.patterns.is_empty() {
        empty_state(ui, "No texts", "The column is null or blank in all of these rows");
        return None;
    }
    let mut chosen = None;
    // Numbers stand below each other, and the patterns behind them.
    let most = mined.patterns.iter().map(|pattern| grouped(pattern.rows).len()).max().unwrap_or_default();
    let soft = theme::palette(ui.ctx()).soft;
    for pattern in mined.patterns.iter().take(MOST) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::SPACE_3;
            let rows = format!("{:>most$}", grouped(pattern.rows));
            ui.label(RichText::new(rows).font(theme::code()));
            let share = format!("{:>6}", percent(pattern.rows, mined.rows));
            ui.label(RichText::new(share).font(theme::code()).color(soft));
            let seen = pattern
                .first
                .zip(pattern.last)
                .map(|(first, last)| format!("\nfrom {} to {}", format_timestamp(first), format_timestamp(last)));
            let hover = format!("{}{}", shown_name(&pattern.example, 500), seen.unwrap_or_default());
            if link(ui, &shown_name(&pattern.text, CHARACTERS)).on_hover_text(hover).clicked() {
                chosen = Some(pattern);
            }
        });
    }
    let rest = mined.patterns.len().saturating_sub(MOST);
    if rest > 0 {
        caption(ui, format!("and {}", counted(rest as u64, "more pattern")));
    }
    chosen
}
