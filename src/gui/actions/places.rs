//! Connections that the user asks to open: a sample of a source, a test. On the workers; a run opens them by itself.

use egui::Context;
use pipewright_app::SampleTaken;
use pipewright_core::diagnostic::Diagnostic;

use crate::gui::app::App;

/// What stands for a sample among the files that are being looked at.
pub fn sample_key(source: &str) -> String {
    format!("sample of {source}")
}

impl App {
    pub(in crate::gui) fn ask_for_sample(&mut self, ctx: &Context, source: &str) {
        if self.state.path.is_none() {
            self.notice(ctx, "save the project first: its samples lie beside it", true);
            return;
        }
        if self.state.sniffing.insert(sample_key(source)) {
            let (project, base) = (self.state.project.clone(), self.state.base());
            self.backend.take_sample(source.to_owned(), project, base, self.state.shown_parameters());
        }
    }

    pub(in crate::gui) fn show_sample(
        &mut self,
        ctx: &Context,
        source: &str,
        result: Result<Box<SampleTaken>, Diagnostic>,
    ) {
        self.state.sniffing.remove(&sample_key(source));
        match result {
            // Whoever removed the source meanwhile wants none of it.
            Ok(_) if !self.state.project.sources.contains_key(source) => {}
            Ok(taken) => {
                self.edit(ctx, "take a sample", &taken.edits, false);
                let told = taken.told.first().map(|told| told.message.clone());
                self.notice(ctx, told.unwrap_or_else(|| format!("the sample lies in {}", taken.path)), false);
                self.state.planning.looked_at = None;
                self.request_preview();
            }
            Err(fault) => self.notice_fault(ctx, "", fault),
        }
    }

    pub(in crate::gui) fn ask_for_test(&mut self, ctx: &Context, connection: &str) {
        let Some(connection) = self.state.project.connections.get(connection).cloned() else { return };
        self.notice(ctx, format!("opening “{}”…", connection.shown()), false);
        let (project, base) = (self.state.project.clone(), self.state.base());
        self.backend.test_connection(connection, project, base, self.state.shown_parameters());
    }
}
