//! Pinned rows: made from what the preview shows, tested whenever the design changes.

use egui::Context;
use pipewright_app::input_nodes;
use pipewright_app::pinned::TestResult;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::project::{Edit, Project, StepTest};

use super::edits;
use crate::gui::app::App;
use crate::gui::backend::PinTask;
use crate::gui::panels::flow_view::main_port;
use crate::gui::state::PinsState;

impl PinsState {
    /// How many of a step's tests fail.
    pub fn failing(&self, project: &Project, step: &str) -> u64 {
        let fails = |test: &&StepTest| {
            let mut results = self.results.iter();
            results.any(|result| result.id == test.id && !result.differences.is_empty())
        };
        project.tests.values().filter(|test| test.step == step).filter(fails).count() as u64
    }
}

impl App {
    /// Pins rows of the selected step.
    pub(super) fn pin_rows(&mut self, ctx: &Context) {
        let state = &self.state;
        let Some(step) = state.selected_step().filter(|step| !state.is_ghost(&step.id)) else {
            self.notice(ctx, "select the step that the rows shall be pinned to", false);
            return;
        };
        let plan = state.plan_of_project();
        let mut inputs = std::collections::BTreeMap::new();
        for wire in state.project.wires_into(&step.id) {
            if let Some(rows) = state.results.rows(&wire.from, &wire.output) {
                inputs.entry(wire.input.clone()).or_insert(rows.table.clone());
            }
        }
        if inputs.len() < input_nodes(&state.project, &plan, &step.id).len() {
            self.notice(ctx, "wait until the rows before this step are there", false);
            return;
        }
        let port = main_port(state, step);
        let output = plan.output(&step.id, &port).zip(state.results.rows(&step.id, &port));
        let output = output.map(|(node, rows)| (node, rows.table.clone()));
        let (project, base, step) = (state.project.clone(), state.base(), step.id.clone());
        self.state.pins.pinning = true;
        self.backend.pin(PinTask { project, base, plan, step, inputs, output });
    }

    /// Keeps rows that were pinned, in the place of those before.
    pub(super) fn take_pinned(&mut self, ctx: &Context, result: Result<Box<StepTest>, Vec<Diagnostic>>) {
        self.state.pins.pinning = false;
        match result {
            Ok(test) if self.state.project.steps.contains_key(&test.step) => {
                let item = edits::insert("tests", &*test);
                let before = self.state.project.tests.contains_key(&test.id).then(|| edits::remove(&test.id));
                let batch: Vec<Edit> = before.into_iter().chain([item]).collect();
                if self.edit(ctx, "pin rows", &batch, false) {
                    self.notice(ctx, "pinned: what the step makes of these rows is tested from now on", false);
                }
            }
            Ok(_) => {}
            Err(faults) => {
                let fault = faults.into_iter().next();
                fault.into_iter().for_each(|fault| self.notice_fault(ctx, "", fault));
            }
        }
    }

    /// Tests the pinned rows anew where the design changed.
    pub(in crate::gui) fn test_pins(&mut self) {
        let revision = self.state.project.revision();
        let pins = &mut self.state.pins;
        if self.state.project.tests.is_empty() {
            pins.results.clear();
            return;
        }
        if pins.looking.is_none() && pins.revision != Some(revision) {
            let base = self.state.base();
            let look = self.backend.test_pins(self.state.project.clone(), base);
            self.state.pins.looking = Some(look);
            self.state.pins.revision = Some(revision);
        }
    }

    pub(super) fn take_tests(&mut self, look: u64, results: Vec<TestResult>) {
        if self.state.pins.looking == Some(look) {
            self.state.pins.looking = None;
            self.state.pins.results = results;
            self.state.results.version += 1;
        }
    }
}
