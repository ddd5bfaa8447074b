//! The lines of sources that stand behind rows of a step: of the row that is chosen in the preview, of those that fulfil
//! a condition, or of the first ones. Reads the state and asks for actions.

use egui::{Label, RichText, Sense, Ui};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::model::Id;
use pipewright_engine::{Behind, SourceLine, Which};

use super::differs::in_words;
use super::preview::shown_port;
use super::ways::{WayOf, way_ui};
use crate::gui::command::{Action, Actions};
use crate::gui::forms::diagnostic_ui;
use crate::gui::icons::{Icon, icon_button};
use crate::gui::marked::marked_ui;
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, counted, grouped};
use crate::gui::theme;
use crate::gui::widgets::{caption, empty_state, focus_ring, link, scrolled, shown_name, soft};

/// Characters of a line that are laid out.
const SHOWN: usize = 2000;

/// Rows whose lines are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct LinesOf {
    pub step: Id,
    pub port: String,
    pub which: Which,
    /// Of the node that gives the rows: another design has others.
    pub hash: u64,
}

/// What was asked last, and the answer.
#[derive(Debug)]
pub struct Lines {
    pub of: LinesOf,
    /// Number of the look under way.
    pub looking: Option<u64>,
    pub outcome: Option<Result<Behind, Diagnostic>>,
}

/// The tab: of the selected step.
pub fn lines_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some((step, port)) = shown_port(state, &view.preview) else {
        empty_state(ui, "No step is selected", "Select a step to see which lines of the sources stand behind its rows");
        return;
    };
    let Some(hash) = state.results.get(&step, &port).filter(|outcome| outcome.result.is_ok()).map(|rows| rows.hash)
    else {
        empty_state(ui, "No rows yet", "The lines behind them appear as soon as there are rows");
        return;
    };
    let condition = view.lines_where.as_ref().filter(|(of, _)| *of == step).map(|(_, condition)| condition.clone());
    let which = match (condition, view.preview.row) {
        (Some(condition), _) => Which::Where(condition),
        (None, Some(row)) => Which::Row(row as usize),
        (None, None) => Which::First,
    };
    let of = LinesOf { step, port, which, hash };
    let Some(lines) = state.lines.as_ref().filter(|lines| lines.of == of) else {
        out.push(Action::Lines(of));
        return;
    };
    ui.add_space(theme::SPACE_2);
    ui.horizontal(|ui| {
        ui.add_space(theme::SPACE_3);
        title_ui(ui, state, lines, view, out);
    });
    match &lines.outcome {
        None => {
            ui.horizontal(|ui| {
                ui.add_space(theme::SPACE_3);
                ui.spinner();
                soft(ui, "Following the rows back to their lines…");
            });
        }
        Some(Err(fault)) => {
            ui.horizontal(|ui| {
                ui.add_space(theme::SPACE_3);
                ui.vertical(|ui| diagnostic_ui(ui, fault));
            });
        }
        Some(Ok(behind)) if behind.lines.is_empty() => {
            let none = if behind.rows == 0 { "No row of the sample is one of these" } else { "No line stands behind" };
            empty_state(ui, none, &behind.notes.join("; "));
        }
        Some(Ok(behind)) => behind_ui(ui, state, behind, out),
    }
}

/// Whose lines they are, how many, and what can be done with them.
fn title_ui(ui: &mut Ui, state: StateRef<'_>, lines: &Lines, view: &mut View, out: &mut Actions) {
    let title = state.step_title(&lines.of.step);
    match &lines.of.which {
        Which::Row(row) => {
            soft(ui, format!("Lines behind row {} of “{title}”", grouped(*row as u64 + 1)));
            let of = WayOf { step: lines.of.step.clone(), port: Some(lines.of.port.clone()), row: *row };
            way_ui(ui, state, of, &format!("row {}", grouped(*row as u64 + 1)), out);
        }
        Which::First => {
            soft(ui, format!("Lines behind the first rows of “{title}”"));
        }
        Which::Where(condition) => {
            let told = format!("Lines behind the rows of “{title}” where {}", in_words(condition));
            marked_ui(ui, &told, &theme::body(), theme::palette(ui.ctx()).soft);
            if link(ui, "All rows").clicked() {
                view.lines_where = None;
            }
            back_ui(ui, state, view.came_from.as_ref(), out);
        }
    }
    let Some(Ok(behind)) = lines.outcome.as_ref().filter(|outcome| outcome.as_ref().is_ok_and(|b| !b.lines.is_empty()))
    else {
        return;
    };
    let rows = match behind.rows < behind.of {
        true => format!("{} of {}", grouped(behind.rows), counted(behind.of, "row")),
        false => counted(behind.rows, "row"),
    };
    let mut told = format!("{} behind {rows}", counted(behind.lines.len() as u64, "line"));
    if !behind.whole {
        told.push_str(" of the sample");
    }
    if behind.is_cut {
        told.push_str("; there are more");
    }
    caption(ui, told);
    if icon_button(ui, Icon::Copy, "Copy the lines").clicked() {
        let texts: Vec<&str> = behind.lines.iter().filter_map(|line| line.text.as_deref()).collect();
        out.push(Action::CopyText(texts.join("\n")));
    }
}

/// The way back to the answer from which somebody came to these rows.
pub fn back_ui(ui: &mut Ui, state: StateRef<'_>, came_from: Option<&Id>, out: &mut Actions) {
    let answer = came_from.filter(|id| state.project.steps.contains_key(*id));
    let Some(answer) = answer.filter(|id| !state.selection.steps.contains(*id)) else { return };
    let title = shown_name(state.step_title(answer), 60);
    if link(ui, &format!("Back to “{title}”")).clicked() {
        out.push(Action::Select { steps: vec![answer.clone()], reveal: true });
    }
}

fn behind_ui(ui: &mut Ui, state: StateRef<'_>, behind: &Behind, out: &mut Actions) {
    scrolled(ui, |ui| {
        for note in &behind.notes {
            ui.horizontal(|ui| {
                ui.add_space(theme::SPACE_3);
                soft(ui, note);
            });
        }
        for line in &behind.lines {
            line_ui(ui, state, line, out);
        }
        ui.add_space(theme::SPACE_2);
    });
}

/// Where a line stands and goes, and the line; chosen, it is copied.
fn line_ui(ui: &mut Ui, state: StateRef<'_>, line: &SourceLine, out: &mut Actions) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.horizontal(|ui| {
        ui.add_space(theme::SPACE_3);
        let name = line.file.rsplit(['/', '\\']).next().unwrap_or_default();
        let place = match line.line {
            Some(number) => format!("{name}, line {}", grouped(number)),
            None => format!("{name}, at byte {}", grouped(line.offset)),
        };
        caption(ui, format!("{place} · {}", line.source)).on_hover_text(&line.file);
        let of = WayOf { step: line.step.clone(), port: None, row: line.row };
        let name = line.line.map_or_else(|| "the line".to_owned(), |number| format!("line {}", grouped(number)));
        ui.push_id((&line.step, line.row), |ui| ui.vertical(|ui| way_ui(ui, state, of, &name, out)));
    });
    ui.horizontal(|ui| {
        ui.add_space(theme::SPACE_3);
        let Some(text) = &line.text else {
            soft(ui, format!("not shown: {}", line.why.as_deref().unwrap_or_default()));
            return;
        };
        let shown: String = text.chars().take(SHOWN).collect();
        let label = Label::new(RichText::new(shown).font(theme::code())).wrap().sense(Sense::click());
        let response = ui.add(label).on_hover_text("Click, or press Enter, to copy it");
        focus_ring(ui, &response, response.rect.expand(2.0));
        if response.clicked() {
            out.push(Action::CopyText(text.clone()));
        }
    });
    ui.add_space(theme::SPACE_2);
}
