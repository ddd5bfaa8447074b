//! What somebody makes of the rows that are looked at: text on the clipboard, steps of the design.

use std::collections::BTreeSet;

use egui::Context;
use pipewright_core::expr::print_name;
use pipewright_core::project::Edit;
use pipewright_engine::{Arrangement, TextForm};
use serde_json::json;

use super::edits;
use crate::gui::app::App;
use crate::gui::backend::ResultTable;
use crate::gui::canvas::{PortRef, Selection, Side};
use crate::gui::state::{counted, grouped};

/// Rows that go onto the clipboard at most.
const ROWS: usize = 10_000;

impl App {
    /// Puts rows on the clipboard, as text for other programs.
    pub(super) fn copy_rows(
        &mut self,
        ctx: &Context,
        table: &ResultTable,
        order: Option<&[u32]>,
        columns: &[usize],
        form: TextForm,
    ) {
        let all = order.map_or(table.rows(), <[u32]>::len);
        let rows: Vec<u32> = match order {
            Some(order) => order.iter().take(ROWS).copied().collect(),
            None => (0..all.min(ROWS) as u32).collect(),
        };
        ctx.copy_text(table.text_of_rows(&rows, columns, form));
        let count = counted(rows.len() as u64, "row");
        let told = if rows.len() < all {
            format!("copied the first {count} of {}; a run writes them all", grouped(all as u64))
        } else {
            format!("copied {count}")
        };
        self.notice(ctx, told, false);
    }

    /// Adds the condition and the order in which rows are looked at as steps behind an output.
    pub(super) fn keep_look(&mut self, ctx: &Context, step: &str, port: &str, arrangement: &Arrangement) {
        let mut from = PortRef { step: step.to_owned(), side: Side::Output, port: port.to_owned() };
        let mut selection = Selection { steps: [step.to_owned()].into(), wires: BTreeSet::new() };
        let mut batch: Vec<Edit> = Vec::new();
        let mut tried = self.state.project.clone();
        let filter = (!arrangement.filter.trim().is_empty()).then(|| {
            let predicate = json!(arrangement.filter.trim());
            ("filter", "settings.predicate", predicate)
        });
        let sort = arrangement.sort.as_ref().map(|(column, descending)| {
            let key = format!("{}{}", print_name(column), if *descending { " desc" } else { "" });
            ("sort", "settings.keys", json!([key]))
        });
        for (kind, field, value) in [filter, sort].into_iter().flatten() {
            let Some(kind) = pipewright_core::steps::kind(kind) else { continue };
            let placed = edits::place(&tried, kind, None, Some(&from), &selection);
            let mut edits = placed.edits;
            edits.push(edits::set(&placed.step, field, value));
            if let Err(fault) = tried.apply(&edits) {
                self.notice_fault(ctx, "", fault);
                return;
            }
            batch.extend(edits);
            from = PortRef { step: placed.step.clone(), side: Side::Output, port: "out".into() };
            selection = Selection { steps: [placed.step].into(), wires: BTreeSet::new() };
        }
        if self.edit(ctx, "keep as a step", &batch, false) {
            self.select(selection, true);
        }
    }
}
