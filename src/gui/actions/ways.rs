//! Where rows go, and rows that are shown.

use egui::Context;
use pipewright_core::ir::Op;

use crate::gui::app::App;
use crate::gui::canvas::Selection;
use crate::gui::command::BottomTab;
use crate::gui::panels::ways::{WayOf, Ways};

impl App {
    /// Follows a row through the flow.
    pub(super) fn follow_row(&mut self, ctx: &Context, of: WayOf) {
        let plan = self.state.plan.clone();
        let node = match &of.port {
            Some(port) => plan.output(&of.step, port),
            None => {
                let nodes = plan.steps.get(&of.step).map(|step| step.nodes.as_slice()).unwrap_or_default();
                nodes.iter().copied().find(|node| matches!(plan.node(*node).op, Op::Read(_)))
            }
        };
        let Some(node) = node else {
            self.notice(ctx, "the step gives no rows any more", false);
            return;
        };
        let (base, parameters) = (self.state.base(), self.state.parameters());
        let look = self.backend.ways(plan, node, of.row, base, parameters);
        self.state.ways = Some(Ways { of, revision: self.state.project.revision(), look, outcome: None });
    }

    /// Shows a row of a step in the preview.
    pub(super) fn show_row(&mut self, step: String, row: usize) {
        self.select(Selection { steps: [step].into(), ..Selection::default() }, true);
        self.show_tab(BottomTab::Preview);
        self.view.preview.is_chart = false;
        self.view.preview.is_raw = false;
        self.view.preview.choose(Some(row as u64));
    }
}
