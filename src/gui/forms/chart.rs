//! The chart that a step keeps: what it is of, and the way back to the one that the question has.

use egui::Ui;
use pipewright_core::planner::RowsChart;
use serde_json::Value as Json;

use super::FieldUi;
use crate::gui::marked::doc_ui;
use crate::gui::theme;
use crate::gui::widgets::link;

/// What takes a chart that was picked away again.
pub const AS_ASKED: &str = "As the question has it";

impl FieldUi<'_, '_> {
    pub(super) fn chart_ui(&mut self, ui: &mut Ui) {
        let kept = self.scope.state.project.steps.get(self.scope.owner).and_then(RowsChart::kept_by);
        let told = match &kept {
            Some(kept) => kept.in_words(),
            None => "of what the question is about; another is picked in the preview, as a chart".to_owned(),
        };
        doc_ui(ui, &told, &theme::body());
        if kept.is_some() && link(ui, AS_ASKED).clicked() {
            self.scope.set(self.out, self.field.name, Json::Null);
        }
    }
}
