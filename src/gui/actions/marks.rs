//! Columns by example: the lines of a source, what is learned from marks in them, and the pattern that a source takes.

use egui::Context;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Learned;
use pipewright_core::ir::interpolate;
use serde_json::json;

use super::edits;
use crate::gui::app::App;
use crate::gui::backend::Taken;
use crate::gui::state::marking::Marking;
use crate::gui::state::view::Dialog;

impl App {
    /// Asks for the lines of a source.
    pub(in crate::gui) fn ask_for_lines(&mut self, ctx: &Context, id: &str) {
        let Some(source) = self.state.project.sources.get(id) else { return };
        match interpolate(&source.path, &self.state.shown_parameters()) {
            Ok(path) => {
                let format = source.format.clone().unwrap_or_default();
                self.backend.first_lines(id.to_owned(), path, format, self.state.base());
            }
            Err(diagnostic) => self.notice(ctx, diagnostic.message, true),
        }
    }

    /// The lines of a source came: they can be marked.
    pub(super) fn take_lines(&mut self, ctx: &Context, id: &str, lines: Result<Vec<String>, Diagnostic>) {
        let Some(source) = self.state.project.sources.get(id) else { return };
        match lines {
            Ok(lines) => {
                let marking = Marking::new(id.to_owned(), source.title.clone(), lines);
                self.view.show_dialog(Dialog::Marks(Box::new(marking)));
            }
            Err(fault) => self.notice_fault(ctx, "", fault),
        }
    }

    /// Has a pattern learned from the marks as they are now.
    pub(in crate::gui) fn learn_marks(&mut self) {
        let Some(Dialog::Marks(marking)) = &mut self.view.dialog else { return };
        marking.asked += 1;
        marking.learned = None;
        marking.taken.clear();
        if !marking.marks.is_empty() {
            self.backend.learn(marking.asked, marking.lines.clone(), marking.marks.clone());
        }
    }

    pub(super) fn take_learned(&mut self, asked: u64, learned: Result<Box<(Learned, Taken)>, Diagnostic>) {
        let Some(Dialog::Marks(marking)) = &mut self.view.dialog else { return };
        // Marks that were changed meanwhile are learned anew.
        if marking.asked == asked {
            marking.learned = Some(learned.map(|learned| {
                let (learned, taken) = *learned;
                marking.taken = taken;
                Box::new(learned)
            }));
        }
    }

    /// The source is read by the pattern.
    pub(in crate::gui) fn accept_marks(&mut self, ctx: &Context) {
        let Some(Dialog::Marks(marking)) = self.view.dialog.take() else { return };
        let Some(Ok(learned)) = marking.learned else { return };
        let edits = [
            edits::set(&marking.source, "format", json!(learned.format)),
            edits::set(&marking.source, "schema", json!(learned.schema)),
        ];
        self.edit(ctx, "columns by example", &edits, false);
    }
}
