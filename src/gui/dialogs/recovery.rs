//! What a crash left behind: offered, and put back, kept or given up, only by the user's choice. Draws the dialog and does
//! what is chosen; no file is touched here.

use egui::{Align, Context, Id, Key, Layout, Modal, Modifiers, RichText, Ui};
use pipewright_core::project::Fit;

use super::{WIDTH, dialog_frame_of};
use crate::gui::app::App;
use crate::gui::backend::{FileTask, Left};
use crate::gui::command::{Action, Actions};
use crate::gui::state::{StateRef, UNTITLED, counted};
use crate::gui::theme;
use crate::gui::widgets::{primary_button, shown_name, soft};

/// What becomes of a journal that was left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoverAnswer {
    /// Its edits go into the design, those that fit.
    Apply,
    /// Its design becomes a project of its own.
    Copy,
    Discard,
    /// It stays where it is, for another time.
    Later,
}

/// The first of the journals that are offered.
pub fn recovery_ui(ctx: &Context, state: StateRef<'_>, out: &mut Actions) {
    let Some(left) = state.left.front() else { return };
    Modal::new(Id::unique("recovery")).frame(dialog_frame_of(ctx)).show(ctx, |ui| {
        ui.set_width(WIDTH.min(ctx.content_rect().width() - 80.0));
        let title = if left.is_put_aside { "What becomes of the unsaved changes?" } else { "Recover unsaved work?" };
        ui.label(RichText::new(title).font(theme::title()));
        ui.add_space(theme::SPACE_2);
        told_ui(ui, left, state.path.is_some(), &state.project.name);
        ui.add_space(theme::SPACE_3);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| answers_ui(ui, left, out));
    });
}

fn told_ui(ui: &mut Ui, left: &Left, has_file: bool, open: &str) {
    let changes = counted(left.journal.batches.len() as u64, "change");
    let (is, belong) = if left.journal.batches.len() == 1 { ("is", "belongs") } else { ("are", "belong") };
    let name = left.journal.design().map(|design| design.name.clone()).filter(|name| name != UNTITLED);
    let name = name.unwrap_or_else(|| if has_file { open.to_owned() } else { "a design without a name".to_owned() });
    let time = left.journal.changed_at().map_or(String::new(), |time| format!(" · last changed {time}"));
    ui.label(theme::semibold(format!("{}{time}", shown_name(&name, 80))));
    soft(
        ui,
        match (left.is_put_aside, left.fit) {
            (true, _) => format!(
                "The file is shown as it is on the disk now. {changes} that had not been saved {belong} to it as it was before."
            ),
            _ if left.journal.batches.is_empty() => "What was not saved cannot be read.".to_owned(),
            (false, Fit::Whole) if has_file => format!("{changes} since the last save {is} not in the file yet."),
            (false, Fit::Whole) => format!("{changes} of a design that was never saved can be recovered."),
            (false, Fit::Partly | Fit::Nothing) => {
                format!("Not saved: {changes}, made to another state of the project than the one that is open.")
            }
        },
    );
    if left.journal.is_damaged() {
        soft(ui, "A part of the journal cannot be read; it is kept beside the project:");
        soft(ui, shown_name(&left.journal.path.display().to_string(), 300));
    }
}

fn answers_ui(ui: &mut Ui, left: &Left, out: &mut Actions) {
    let has_edits = !left.journal.batches.is_empty();
    if has_edits {
        let name = if left.fit == Fit::Whole { "Recover" } else { "Apply what still fits" };
        // With the focus on another answer Enter is that answer.
        let is_free = ui.memory(|memory| memory.focused().is_none());
        let is_entered = is_free && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter));
        if primary_button(ui, name).clicked() || is_entered {
            out.push(Action::Recover(RecoverAnswer::Apply));
        }
    }
    if left.fit != Fit::Whole && ui.button("Keep as a copy").clicked() {
        out.push(Action::Recover(RecoverAnswer::Copy));
    }
    if ui
        .button("Later")
        .on_hover_text("They stay beside the project, and are offered when it is opened again")
        .clicked()
    {
        out.push(Action::Recover(RecoverAnswer::Later));
    }
    if ui.button("Give up the changes").on_hover_text("They are deleted").clicked() {
        out.push(Action::Recover(RecoverAnswer::Discard));
    }
}

impl App {
    /// The answer to “a crash left edits behind”.
    pub(in crate::gui) fn recover(&mut self, ctx: &Context, answer: RecoverAnswer) {
        let Some(Left { journal, fit, .. }) = self.state.left.pop_front() else { return };
        match answer {
            RecoverAnswer::Discard => {
                self.backend.file(FileTask::Discard(Box::new(journal)));
                self.notice(ctx, "the changes are given up", false);
            }
            RecoverAnswer::Later => {}
            RecoverAnswer::Copy => self.backend.file(FileTask::KeepCopy(Box::new(journal))),
            RecoverAnswer::Apply => {
                let others = std::mem::take(&mut self.state.left);
                let was_open = self.state.is_open;
                match (was_open, journal.beginning()) {
                    (true, _) => {}
                    // A copy of the worked example begins with more than nothing.
                    (false, Some(project)) if fit == Fit::Whole => self.show_unsaved(project, Vec::new()),
                    (false, _) => self.show_new_project(),
                }
                match fit {
                    Fit::Whole => self.put_back(ctx, journal),
                    Fit::Partly | Fit::Nothing => self.put_back_what_fits(ctx, journal),
                }
                // The others are of another text by now; those of other new projects are offered at the next start.
                if was_open {
                    self.state.left = others.into_iter().map(|left| Left { fit: Fit::Partly, ..left }).collect();
                } else if !others.is_empty() {
                    let others = counted(others.len() as u64, "more unsaved design");
                    self.notice(ctx, format!("{others} can be recovered at the next start"), false);
                }
            }
        }
    }

    /// Every edit goes in again, and the journal is gone on with.
    fn put_back(&mut self, ctx: &Context, journal: pipewright_core::project::LeftBehind) {
        for batch in &journal.batches {
            // They are in the journal already.
            if let Err(fault) = self.state.history.apply(&mut self.state.project, "recovered change", batch, false) {
                self.notice_fault(ctx, "", fault);
                return;
            }
        }
        let count = counted(journal.batches.len() as u64, "change");
        self.backend.file(FileTask::Adopt(Box::new(journal)));
        let were = if count.starts_with("1 ") { "was" } else { "were" };
        self.notice(ctx, format!("{count} {were} recovered"), false);
    }

    /// Edits that fit the project as it is now go in; the journal goes only when all did.
    fn put_back_what_fits(&mut self, ctx: &Context, journal: pipewright_core::project::LeftBehind) {
        let all = journal.batches.len();
        let mut done = 0;
        for batch in &journal.batches {
            if self.state.history.apply(&mut self.state.project, "recovered change", batch, false).is_ok() {
                self.backend.file(FileTask::Append(batch.clone()));
                done += 1;
            }
        }
        if done == all {
            self.backend.file(FileTask::Settle(Box::new(journal)));
            self.notice(ctx, format!("all {} fit and were recovered", counted(all as u64, "change")), false);
        } else {
            let path = journal.path.display();
            let told =
                format!("{done} of {} fit and were recovered; all are kept in {path}", counted(all as u64, "change"));
            self.notice(ctx, told, true);
        }
    }
}
