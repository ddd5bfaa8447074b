//! What somebody makes of the rows that are looked at: text on the clipboard, steps of the design.

use std::collections::BTreeSet;

use egui::Context;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::duckdb::step_script;
use pipewright_core::expr::print_name;
use pipewright_core::project::Edit;
use pipewright_core::quote::shell_word;
use pipewright_engine::{Arrangement, TextForm};
use serde_json::json;

use super::edits;
use crate::gui::app::App;
use crate::gui::backend::ResultTable;
use crate::gui::canvas::{PortRef, Selection, Side};
use crate::gui::command::Command;
use crate::gui::panels::flow_view::main_port;
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

    /// Puts the selected step on the clipboard, as something that shows its rows elsewhere.
    pub(super) fn copy_step(&mut self, ctx: &Context, form: Command) {
        let state = &self.state;
        let Some(step) = state.selected_step().filter(|step| !state.is_ghost(&step.id)) else {
            self.notice(ctx, "select one step to copy it", false);
            return;
        };
        let plan = state.plan_of_project();
        let Some(node) = plan.output(&step.id, &main_port(state, step)) else {
            self.notice(ctx, "the step gives no rows yet", true);
            return;
        };
        let copied = match (form, &state.path) {
            (Command::CopyCommandLine, Some(path)) => {
                let name = if plan.steps.values().filter(|other| other.title == step.title).count() == 1 {
                    &step.title
                } else {
                    &step.id
                };
                let words = ["pipewright", "preview", &path.display().to_string(), "--step", name].map(shell_word);
                Ok(words.join(" "))
            }
            (Command::CopyCommandLine, None) => {
                let fault = Diagnostic::error("PW0726", "a command line needs the project's file");
                Err(vec![fault.help("save the project first (Ctrl+S)")])
            }
            _ => step_script(&plan, node),
        };
        match copied {
            Ok(text) => {
                ctx.copy_text(text);
                self.notice(ctx, "copied", false);
            }
            Err(faults) => faults.into_iter().take(1).for_each(|fault| self.notice_fault(ctx, "", fault)),
        }
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
