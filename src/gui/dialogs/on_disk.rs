//! The file on the disk and the window: what others changed, who else has the project open, what is not secured. Draws the
//! lines and dialogs and does what is chosen; no file is touched here.

use std::path::{Path, PathBuf};

use egui::{Context, Frame, Margin, RichText, Ui};
use pipewright_core::ir::interpolate;
use pipewright_core::project::{EXTENSION, ItemChange, OnDisk, ProjectChange, SaveFault, changes};

use super::{buttons_ui, first_button, title_ui};
use crate::gui::app::App;
use crate::gui::backend::{FileTask, Theirs};
use crate::gui::command::{Action, Actions};
use crate::gui::state::view::{Dialog, Then};
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::{grown_list, shown_name, soft};

/// What others made of the open file.
#[derive(Debug)]
pub struct DiskChange {
    pub now: OnDisk,
    pub theirs: Theirs,
}

/// Batches that a crash would lose now.
#[derive(Debug, Default)]
pub struct Unsecured {
    pub count: usize,
    pub reason: String,
}

/// What is to be known before anything is written: a line each, under the top bar.
pub fn lines_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    if let Some(change) = &state.disk_change {
        line_ui(ui, |ui| {
            let told = match &change.theirs {
                Theirs::Project(_) => "The project was changed on the disk.".to_owned(),
                Theirs::Unreadable(fault) => {
                    format!("The file was changed on the disk and cannot be read as a project now ({}).", fault.message)
                }
                Theirs::Gone => "The file of the project is gone from the disk.".to_owned(),
            };
            ui.label(told);
            let is_project = matches!(change.theirs, Theirs::Project(_));
            let kept = "Unsaved changes are kept beside the project and offered when it is opened again.";
            if is_project && ui.button("Reload").on_hover_text(kept).clicked() {
                out.push(Action::Reload);
            }
            if ui
                .button("Keep mine")
                .on_hover_text("The next save writes over it; what is there stays as .NAME.before")
                .clicked()
            {
                out.push(Action::KeepMine);
            }
            if is_project && ui.button("Compare").clicked() {
                out.push(Action::Compare);
            }
        });
    }
    if !state.out_of_reach.is_empty() {
        line_ui(ui, |ui| {
            const SHOWN: usize = 60;
            let shown = |most: usize, length: usize| -> Vec<String> {
                state.out_of_reach.iter().take(most).map(|path| shown_name(path, length)).collect()
            };
            let named = shown(2, SHOWN);
            let more = state.out_of_reach.len() - named.len();
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            ui.label(format!("This project wants to read outside of its folder: {}{more}.", named.join(", ")))
                .on_hover_text(shown(20, 3 * SHOWN).join("\n"));
            let told = "Only where it is known from whom it is: its previews, runs and exports will read these";
            if ui.button("Trust this project").on_hover_text(told).clicked() {
                out.push(Action::Trust);
            }
        });
    }
    if let Some(holder) = &state.holder {
        line_ui(ui, |ui| {
            ui.label(format!(
                "This project is open elsewhere: {holder}. Changes made here are kept apart; saving asks before it replaces theirs."
            ));
        });
    }
    if state.unsecured.count > 0 {
        line_ui(ui, |ui| {
            let (count, reason) = (counted(state.unsecured.count as u64, "change"), &state.unsecured.reason);
            let told =
                format!("Not secured: {count} would be lost in a crash ({reason}). It is tried again all the time.");
            ui.label(RichText::new(told).strong().color(theme::palette(ui.ctx()).bad));
        });
    }
}

fn line_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let fill = theme::palette(ui.ctx()).canvas;
    Frame::new().fill(fill).inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal_wrapped(add);
    });
}

/// Whether `lines_ui` shows anything.
pub fn has_lines(state: StateRef<'_>) -> bool {
    let is_told = state.disk_change.is_some() || state.holder.is_some() || state.unsecured.count > 0;
    state.is_open && (is_told || !state.out_of_reach.is_empty())
}

/// What differs between the project as it is shown and the file.
pub fn compare_ui(ui: &mut Ui, found: &[ProjectChange], out: &mut Actions) -> bool {
    let mut is_done = false;
    title_ui(ui, "How the file differs from what is shown", &mut is_done);
    if found.is_empty() {
        ui.label("Nothing differs in the design; only the text of the file does.");
    }
    grown_list(320.0).show(ui, |ui| {
        for one in found {
            let (word, fields) = match &one.change {
                ItemChange::Added => ("only in the file", String::new()),
                ItemChange::Removed => ("only here", String::new()),
                ItemChange::Changed(fields) => ("different", format!(": {}", fields.join(", "))),
            };
            ui.label(format!("{}, {word}: “{}”{fields}", one.collection, shown_name(&one.title, 80)))
                .on_hover_text(&one.id);
        }
    });
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        if ui.button("Reload").clicked() {
            out.push(Action::Reload);
            is_done = true;
        }
        if ui.button("Keep mine").clicked() {
            out.push(Action::KeepMine);
            is_done = true;
        }
    });
    is_done
}

/// A save that would write over what somebody else did.
pub fn conflict_ui(ui: &mut Ui, path: &Path, fault: &SaveFault, is_new: bool, out: &mut Actions) -> bool {
    let mut is_done = false;
    let (title, told) = match fault {
        SaveFault::Held(holder) => {
            ("The project is open elsewhere", format!("{holder} has it open and may save it, too."))
        }
        SaveFault::Exists(_) => {
            ("There is a file of that name", "It would be replaced; it stays as .NAME.before.".to_owned())
        }
        SaveFault::Changed(now) if !now.is_there() => (
            "The file is gone from its place",
            "It was deleted or moved, or its disk is not there now. Saving would make a new file.".to_owned(),
        ),
        SaveFault::Changed(_) | SaveFault::Failed(_) => (
            "The file has changed on the disk",
            "It is not what this project was read from. What is there would be replaced; it stays as .NAME.before."
                .to_owned(),
        ),
    };
    title_ui(ui, title, &mut is_done);
    ui.label(RichText::new(told));
    soft(ui, path.display().to_string());
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        if ui.button("Save anyway").clicked() {
            out.push(Action::SaveAnyway);
        }
        if first_button(ui, "Save as…", is_new).clicked() {
            out.push(Action::SaveElsewhere);
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

impl App {
    /// The file was changed by others, or is again as it was.
    pub(in crate::gui) fn take_disk_change(&mut self, path: &Path, change: Option<(OnDisk, Theirs)>) {
        if self.state.path.as_deref() == Some(path) {
            if let Some((_, Theirs::Gone | Theirs::Unreadable(_))) = &change {
                // Nowhere but here is the design now.
                self.state.differs_from_file();
            }
            self.state.disk_change = change.map(|(now, theirs)| DiskChange { now, theirs });
        }
    }

    /// Shows the file as it is now. The journal of unsaved changes stays.
    pub(in crate::gui) fn reload(&mut self, ctx: &Context) {
        if let Some(path) = self.state.path.clone() {
            self.view.dialog = None;
            self.proceed(ctx, Then::Open(path));
            // What is not saved was not given up.
            self.view.given_up = None;
        }
    }

    /// What is shown is to be saved over what the file holds.
    pub(in crate::gui) fn keep_mine(&mut self) {
        if let Some(change) = self.state.disk_change.take() {
            self.backend.file(FileTask::KeepMine(change.now));
            self.state.differs_from_file();
        }
    }

    pub(in crate::gui) fn compare_with_file(&mut self) {
        if let Some(DiskChange { theirs: Theirs::Project(theirs), .. }) = &self.state.disk_change {
            let found = changes(&self.state.project, theirs);
            self.view.show_dialog(Dialog::Compare(found));
        }
    }

    /// A save was refused: the user decides.
    pub(in crate::gui) fn ask_about_save(&mut self, path: PathBuf, fault: SaveFault) {
        let then = self.view.after_save.take();
        self.view.show_dialog(Dialog::Conflict { path, fault, then });
    }

    pub(in crate::gui) fn save_anyway(&mut self) {
        let Some(Dialog::Conflict { path, fault, then }) = self.view.dialog.take() else { return };
        self.view.after_save = then;
        match fault {
            SaveFault::Held(_) => self.view.despite_holder = true,
            SaveFault::Changed(now) | SaveFault::Exists(now) => self.view.save_over = Some(now),
            SaveFault::Failed(_) => {}
        }
        self.send_save(path);
    }

    pub(in crate::gui) fn save_elsewhere(&mut self) {
        let Some(Dialog::Conflict { path, then, .. }) = self.view.dialog.take() else { return };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.strip_suffix(EXTENSION).unwrap_or(&name);
        let path = path.with_file_name(format!("{stem}-mine{EXTENSION}")).display().to_string();
        self.view.show_dialog(Dialog::SaveAs { path, then });
    }

    /// Sends the project to be saved; what was chosen about the file holds for this save alone.
    pub(in crate::gui) fn send_save(&mut self, path: PathBuf) {
        self.state.saving = true;
        let (mut project, revision) = (Box::new(self.state.project.clone()), self.state.project.revision());
        let (base, parameters) = (self.state.base(), self.state.shown_parameters());
        let paths = project.sources.values().filter_map(|source| interpolate(&source.path, &parameters).ok());
        let reads = (base.clone(), paths.map(|path| base.join(path)).collect());
        // The project that is shown keeps its paths until it is saved there.
        self.view.moved = self.moved_paths(&path);
        if project.apply(&self.view.moved).is_err() {
            self.view.moved.clear();
        }
        let (over, despite_holder) = (self.view.save_over, self.view.despite_holder);
        self.backend.file(FileTask::Save { path, project, revision, over, despite_holder, reads });
    }
}
