//! The scan of the whole input behind the sample: begun where nothing changes for a while, ended by the next change.

use egui::Context;
use pipewright_app::WholeInput;
use pipewright_core::diagnostic::Diagnostic;

use crate::gui::app::App;
use crate::gui::state::exact::Scan;

impl App {
    /// Begins a scan where rows are of a sample, and nothing has changed for a while.
    pub(in crate::gui) fn scan_where_needed(&mut self, ctx: &Context) {
        /// Seconds without a change.
        const QUIET: f64 = 1.5;
        let revision = self.state.project.revision();
        if self.state.exact.scan.as_ref().is_some_and(|scan| scan.revision != revision) {
            self.stop_scan();
        }
        let state = &mut self.state;
        let is_needed = state.is_open
            && !state.results.computing
            && state.exact.scan.is_none()
            && state.exact.done != Some(revision)
            && state.suggestion().is_none()
            && state.run.active.is_none()
            && state.is_of_samples();
        if !is_needed {
            return;
        }
        let now = ctx.input(|input| input.time);
        match state.exact.quiet {
            Some((of, since)) if of == revision && now - since >= QUIET => self.begin_scan(),
            Some((of, since)) if of == revision => ctx.request_repaint_after_secs((QUIET - (now - since)) as f32),
            _ => {
                state.exact.quiet = Some((revision, now));
                ctx.request_repaint_after_secs(QUIET as f32);
            }
        }
    }

    /// Counts the rows of every output on the whole input.
    pub(super) fn begin_scan(&mut self) {
        let (plan, base, parameters) = (self.state.plan.clone(), self.state.base(), self.state.parameters());
        let look = self.backend.scan(plan, base, parameters);
        let exact = &mut self.state.exact;
        let revision = self.state.project.revision();
        exact.scan = Some(Scan { look, revision, bytes: (0, 0) });
        (exact.is_stopped, exact.fault) = (false, None);
    }

    /// Somebody wants no scan of this design, or it is another one by now.
    pub(super) fn stop_scan(&mut self) {
        self.backend.cancel_scan();
        let exact = &mut self.state.exact;
        if let Some(scan) = exact.scan.take() {
            exact.done = Some(scan.revision);
            exact.is_stopped = true;
        }
        self.state.results.version += 1;
    }

    pub(super) fn take_scan(&mut self, look: u64, result: Result<WholeInput, Diagnostic>) {
        let Some(scan) = self.state.exact.scan.take_if(|scan| scan.look == look) else { return };
        self.state.exact.done = Some(scan.revision);
        match result {
            Ok(found) if scan.revision == self.state.project.revision() => {
                let plan = self.state.plan.clone();
                self.state.exact.take(&plan, found);
            }
            Ok(_) => {}
            Err(fault) => self.state.exact.fault = Some(fault),
        }
        self.state.results.version += 1;
    }
}
