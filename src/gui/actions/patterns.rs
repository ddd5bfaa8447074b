//! The patterns of a column's texts: asked for, shown when they come, and counted by a step.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::Context;
use pipewright_core::data::patterns::Mined;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::model::Id;
use pipewright_core::steps;
use serde_json::json;

use super::edits;
use crate::gui::app::App;
use crate::gui::backend::{MinedColumns, ResultTable};
use crate::gui::canvas::{PortRef, Selection, Side};
use crate::gui::state::patterns::ShownPatterns;
use crate::gui::state::view::Dialog;

/// Patterns that a step counts, the most frequent ones: each row is held against one after the other.
const COUNTED: usize = 100;

impl App {
    /// Opens the dialog on a column of a step's rows, and has its patterns mined.
    pub(super) fn show_patterns(&mut self, table: Arc<ResultTable>, step: Id, port: String, column: String) {
        let columns = MinedColumns::of(table.schema(), &column);
        let look = self.backend.patterns(table, columns.clone());
        let shown = ShownPatterns { step, port, columns, look, outcome: None };
        self.view.show_dialog(Dialog::Patterns(Box::new(shown)));
    }

    pub(super) fn take_patterns(&mut self, look: u64, mined: Result<Box<Mined>, Diagnostic>) {
        if let Some(Dialog::Patterns(shown)) = &mut self.view.dialog
            && shown.look == look
        {
            shown.outcome = Some(mined);
        }
    }

    /// Puts a step behind the one of the dialog that counts the patterns that were found.
    pub(super) fn keep_patterns(&mut self, ctx: &Context) {
        let Some(Dialog::Patterns(shown)) = self.view.dialog.take() else { return };
        let (Some(Ok(mined)), Some(kind)) = (shown.outcome, steps::kind("log_patterns")) else { return };
        let patterns: Vec<&str> = mined.patterns.iter().take(COUNTED).map(|pattern| pattern.text.as_str()).collect();
        let from = PortRef { step: shown.step.clone(), side: Side::Output, port: shown.port };
        let selection = Selection { steps: [shown.step].into(), wires: BTreeSet::new() };
        let placed = edits::place(&self.state.project, kind, None, Some(&from), &selection);
        let mut batch = placed.edits;
        let time = shown.columns.time.unwrap_or_default();
        for (field, value) in [("column", shown.columns.message), ("time", time), ("patterns", patterns.join("\n"))] {
            batch.push(edits::set(&placed.step, &format!("settings.{field}"), json!(value)));
        }
        if self.edit(ctx, "patterns as a step", &batch, false) {
            self.select(Selection { steps: [placed.step].into(), wires: BTreeSet::new() }, true);
        }
    }
}
