//! The thread that owns the project's files: reads and saves projects, writes the journal and the settings, in the
//! order in which the designer asks. Must not import egui.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use pipewright_core::project::{Edit, Journal, Project, Recovery, read_file, save_file, to_text};

use super::{FileTask, Message, Opened, WAITING, Wake, work};
use crate::gui::settings;

/// Starts the thread.
pub fn spawn(home: Option<PathBuf>, sender: SyncSender<Message>, wake: Wake) -> SyncSender<FileTask> {
    let (tasks, receiver) = sync_channel(WAITING);
    work::spawn("pipewright-files", move || {
        FileThread { home, sender, wake, journal: None, failed: false }.work(receiver)
    });
    tasks
}

struct FileThread {
    /// The user's configuration folder.
    home: Option<PathBuf>,
    sender: SyncSender<Message>,
    wake: Wake,
    journal: Option<Journal>,
    /// It was said already that the journal cannot be written.
    failed: bool,
}

impl FileThread {
    fn work(mut self, tasks: Receiver<FileTask>) {
        for task in tasks {
            match task {
                FileTask::Open(path) => self.open(path),
                FileTask::OpenFirst(paths) => {
                    let found = paths.iter().find(|path| path.exists()).or(paths.first()).cloned();
                    found.into_iter().for_each(|path| self.open(path));
                }
                FileTask::LookForUntitled => self.look_for_untitled(),
                FileTask::StartJournal { path, project } => self.start_journal(path.as_deref(), &project),
                FileTask::Append(edits) => self.append(&edits),
                FileTask::CloseJournal => self.close_journal(),
                FileTask::Save { path, project, revision } => self.save(path, &project, revision),
                FileTask::SaveSettings(settings) => {
                    if let Some(home) = &self.home {
                        settings.save(home);
                    }
                }
                FileTask::Close => self.send(Message::Closed),
            }
        }
    }

    fn send(&self, message: Message) {
        // A closed channel means that the window is gone.
        let _ = self.sender.send(message);
        (self.wake)();
    }

    fn open(&self, path: PathBuf) {
        let result = read_file(&path).map(|(project, diagnostics)| {
            let recovery = Journal::recover(&Journal::path_for(&path), &project).ok().flatten();
            let recovery = recovery.filter(|recovery| !changes_nothing(recovery, &project));
            Box::new(Opened { project, diagnostics, recovery })
        });
        self.send(Message::Opened { path, result });
    }

    fn look_for_untitled(&self) {
        let Some(path) = self.home.as_deref().map(settings::untitled_journal) else { return };
        let empty = Project::new(super::super::state::UNTITLED);
        let left = Journal::recover(&path, &empty).ok().flatten();
        if let Some(recovery) = left.filter(|recovery| !changes_nothing(recovery, &empty)) {
            self.send(Message::Untitled(recovery));
        }
    }

    fn start_journal(&mut self, project_path: Option<&Path>, project: &Project) {
        self.failed = false;
        self.journal = match project_path {
            Some(path) => Some(Journal::new(Journal::path_for(path), project)),
            None => self.home.as_deref().map(settings::untitled_journal).map(|path| {
                // A folder that cannot be made shows when the first edit is written.
                let _ = path.parent().map(std::fs::create_dir_all);
                Journal::new(path, project)
            }),
        };
    }

    fn append(&mut self, edits: &[Edit]) {
        let Some(journal) = &mut self.journal else { return };
        if let Err(error) = journal.append(edits)
            && !self.failed
        {
            self.failed = true;
            self.send(Message::JournalFailed(plain(&error)));
        }
    }

    fn close_journal(&mut self) {
        if let Some(journal) = self.journal.take() {
            let _ = journal.close();
        }
    }

    fn save(&mut self, path: PathBuf, project: &Project, revision: u64) {
        let result = save_file(&path, project);
        if result.is_ok() {
            self.close_journal();
            self.start_journal(Some(&path), project);
        }
        self.send(Message::Saved { path, revision, result });
    }
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "access is denied".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::NotFound => "the folder is gone".into(),
        _ => error.to_string(),
    }
}

/// Edits that were all undone leave the project as its file has it: there is nothing to recover.
fn changes_nothing(recovery: &Recovery, project: &Project) -> bool {
    let mut recovered = project.clone();
    recovery.batches.iter().all(|batch| recovered.apply(batch).is_ok()) && to_text(&recovered) == to_text(project)
}
