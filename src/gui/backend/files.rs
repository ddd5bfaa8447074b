//! The thread that owns the project's files: reads and saves projects, holds their locks, writes the journal and the
//! settings, in the order in which the designer asks; and looks every few seconds whether others changed the file. A task
//! that panics is answered with a fault, and the thread goes on. Must not import egui.

use std::fs::{self, Metadata};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, SystemTime};

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::{
    self, Lock, Locked, allow_place, followed, hold, is_remembered, may_read, remember, trust,
};
use pipewright_core::project::{
    EXTENSION, Edit, Fit, Journal, LeftBehind, OnDisk, Project, SaveFault, load, read_file, save_file, save_over,
};

use pipewright_app::resolve::out_of_reach;
use pipewright_core::quote::visible_start;

use super::desk::{self, fault};
use super::example;
use super::{FileTask, Left, Message, Opened, Theirs, WAITING, Wake};
use crate::gui::settings;
use crate::gui::state::UNTITLED;

/// So often the file on the disk is looked at, and a journal that could not be written is tried again.
const LOOK: Duration = Duration::from_secs(2);

/// Starts the thread.
pub fn spawn(home: Option<PathBuf>, sender: SyncSender<Message>, wake: Wake) -> SyncSender<FileTask> {
    let (tasks, receiver) = sync_channel(WAITING);
    // Without the thread the channel is closed, which the backend sees.
    let _ = std::thread::Builder::new().name("pipewright-files".to_owned()).spawn(move || {
        FileThread { home, sender, wake, session: Session::default(), opening: None, told: 0 }.work(receiver);
    });
    tasks
}

/// What is open.
#[derive(Default)]
struct Session {
    /// `None`: no file yet.
    path: Option<PathBuf>,
    lock: Option<Lock>,
    /// What the file held when it was read or saved, or when somebody chose to write over it.
    known: OnDisk,
    /// Time and length of the file when its text was compared last.
    seen: Option<(SystemTime, u64)>,
    /// Who may read and write the file, as long as it was there.
    rights: Option<fs::Permissions>,
    /// The state of the file that was told last.
    told: Option<OnDisk>,
    journal: Option<Journal>,
}

struct FileThread {
    /// The user's configuration folder.
    home: Option<PathBuf>,
    sender: SyncSender<Message>,
    wake: Wake,
    session: Session,
    /// The lock of a project that was read and is not shown yet.
    opening: Option<(PathBuf, Lock)>,
    /// So many batches were told to be not in the journal.
    told: usize,
}

impl FileThread {
    fn work(mut self, tasks: Receiver<FileTask>) {
        loop {
            let task = match tasks.recv_timeout(LOOK) {
                Ok(task) => Some(task),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let answer = task.as_ref().and_then(answer_of_fault);
            let done = catch_unwind(AssertUnwindSafe(|| match task {
                Some(task) => self.task(task),
                None => self.look_again(),
            }));
            if done.is_err() {
                self.send(answer.unwrap_or_else(|| Message::Failed(fault())));
            }
        }
    }

    fn task(&mut self, task: FileTask) {
        desk::fail_if_wanted("pipewright-files");
        match task {
            FileTask::Open(path) => self.open(path),
            FileTask::OpenExample => {
                let made = example::example(self.home.as_deref()).map(Box::new);
                self.send(Message::Example(made));
            }
            FileTask::LookForUntitled => self.look_for_untitled(),
            FileTask::Begin { path, project, keeps_journal } => self.begin(path, &project, keeps_journal),
            FileTask::Append(edits) => self.append(&edits),
            FileTask::Adopt(left) => self.adopt(&left),
            FileTask::Settle(left) => self.settle(&left),
            FileTask::Discard(left) => drop(left.discard()),
            FileTask::KeepCopy(left) => self.keep_copy(&left),
            FileTask::CloseJournal => self.close_journal(),
            FileTask::Save { path, project, revision, over, despite_holder, reads: (from, files) } => {
                let result = self.save(&path, &project, over, despite_holder);
                let base = path.parent().unwrap_or(Path::new(""));
                if result.is_ok() && from != base {
                    files.iter().filter(|file| may_read(&from, file)).for_each(|file| allow_place(base, file));
                }
                self.send(Message::Saved { path, revision, result });
            }
            FileTask::KeepMine(now) => (self.session.known, self.session.told) = (now, None),
            FileTask::Trust(path) => {
                trust(path.parent().unwrap_or(Path::new("")));
                if let Some(Err(fault)) = self.home.as_deref().map(|home| remember(home, &path)) {
                    self.send(Message::Failed(fault));
                }
                self.send(Message::Trusted);
            }
            FileTask::Look => self.look_again(),
            FileTask::SaveSettings(settings) => {
                if let Some(home) = &self.home {
                    settings.save(home);
                }
            }
            FileTask::Close => {
                // Others may have the project as soon as the window says that it goes.
                self.session.lock = None;
                self.send(Message::Closed);
            }
        }
    }

    fn send(&self, message: Message) {
        // A closed channel means that the window is gone.
        let _ = self.sender.send(message);
        (self.wake)();
    }

    fn is_open(&self, path: &Path) -> bool {
        self.session.path.as_deref().is_some_and(|open| is_same(open, path))
    }

    fn open(&mut self, path: PathBuf) {
        let (mut holder, mut unlocked) = (None, None);
        if !self.is_open(&path) || self.session.lock.is_none() {
            self.opening = None;
            match hold(&path, EXTENSION) {
                Locked::Mine(lock) => self.opening = Some((path.clone(), lock)),
                Locked::Held(by) => holder = Some(by),
                Locked::Unavailable(reason) => unlocked = Some(reason),
            }
        }
        let base = path.parent().unwrap_or(Path::new(""));
        if self.home.as_deref().is_some_and(|home| is_remembered(home, &path)) {
            trust(base);
        }
        let result = read_file(&path).map(|(project, diagnostics)| {
            let out_of_reach = out_of_reach(&project, base);
            // What lies beside a project that is open elsewhere is decided on there.
            let left = match holder {
                Some(_) => Vec::new(),
                None => left_behind(&Journal::path_for(&path), &project),
            };
            Box::new(Opened { project, diagnostics, left, holder, unlocked, out_of_reach })
        });
        let is_mine = self.opening.is_some();
        let result = result.map_err(|fault| {
            self.opening = None;
            if is_mine { with_rescued(&path, fault) } else { fault }
        });
        self.send(Message::Opened { path, result });
    }

    fn look_for_untitled(&mut self) {
        let Some(path) = self.home.as_deref().map(settings::untitled_journal) else { return };
        // A copy of the worked example that was not saved reads its data again.
        example::allow(self.home.as_deref());
        let mut left = left_behind(&path, &Project::new(UNTITLED));
        // The journal holds the design that it began with: there is no other that it could fail to fit.
        for left in left.iter_mut().filter(|left| left.journal.design().is_some()) {
            left.fit = Fit::Whole;
        }
        if !left.is_empty() {
            self.send(Message::Untitled(left));
        }
    }

    /// `project` is shown from now on.
    fn begin(&mut self, path: Option<PathBuf>, project: &Project, keeps_journal: bool) {
        match self.session.journal.take() {
            // Left as after a crash.
            Some(journal) if keeps_journal => drop(journal),
            Some(journal) => drop(journal.close()),
            None => {}
        }
        let is_again = keeps_journal && path.is_some() && path == self.session.path;
        let before = std::mem::take(&mut self.session);
        let lock = path.as_deref().and_then(|path| match self.opening.take() {
            Some((opened, lock)) if is_same(&opened, path) => Some(lock),
            _ if before.path.as_deref().is_some_and(|open| is_same(open, path)) => before.lock,
            _ => None,
        });
        let journal = self.journal(path.as_deref(), project);
        let rights = path.as_deref().and_then(rights_of);
        self.session = Session { path, lock, known: project.on_disk, seen: None, rights, told: None, journal };
        self.tell_unsecured(None);
        if let Some(path) = self.session.path.as_deref().filter(|_| is_again) {
            // The changes over which the file was loaded again: what becomes of them is asked at once.
            let mut left = left_behind(&Journal::path_for(path), project);
            left.iter_mut().for_each(|left| left.is_put_aside = true);
            self.send(Message::PutAside(left));
        }
    }

    /// A journal of edits to `project` from here on.
    fn journal(&self, path: Option<&Path>, project: &Project) -> Option<Journal> {
        match path {
            Some(path) => Some(Journal::new(Journal::path_for(path), project)),
            None => self.home.as_deref().map(settings::untitled_journal).map(|path| {
                // A folder that cannot be made shows when the first edit is written.
                let _ = path.parent().map(fs::create_dir_all);
                Journal::new(path, project)
            }),
        }
    }

    fn append(&mut self, edits: &[Edit]) {
        let done = self.session.journal.as_mut().map_or(Ok(()), |journal| journal.append(edits));
        self.tell_unsecured(done.err());
    }

    /// Tells how many batches a crash would lose now, where that changed.
    fn tell_unsecured(&mut self, error: Option<io::Error>) {
        let count = self.session.journal.as_ref().map_or(0, Journal::unsecured);
        if count != self.told {
            self.told = count;
            let reason = error.map(|error| io_cause(&error)).unwrap_or_default();
            self.send(Message::Unsecured { count, reason });
        }
    }

    /// The edits of a journal that was left behind are in the project again.
    fn adopt(&mut self, left: &LeftBehind) {
        match Journal::adopt(left) {
            Some(journal) => self.session.journal = Some(journal),
            // It is gone on with elsewhere: here its edits begin a journal of their own.
            None => left.batches.iter().for_each(|batch| self.append(batch)),
        }
    }

    /// All edits of a journal are in the project's own: it goes, unless that one could not be written.
    fn settle(&mut self, left: &LeftBehind) {
        if self.session.journal.as_ref().is_some_and(|journal| journal.unsecured() == 0) {
            let _ = left.settle();
        }
    }

    /// Saves the design of a journal as a project of its own. One that gives no design stays as it is.
    fn keep_copy(&mut self, left: &LeftBehind) {
        let folder = self.session.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let Some(design) = left.design() else {
            self.send(Message::Kept(Ok(left.path.clone())));
            return;
        };
        let path = self.session.path.clone().unwrap_or_else(|| PathBuf::from(format!("{UNTITLED}{EXTENSION}")));
        let kept = save_beside(&folder.join(path.file_name().unwrap_or_default()), &design).inspect(|_| {
            let _ = left.settle();
        });
        self.send(Message::Kept(kept));
    }

    fn close_journal(&mut self) {
        if let Some(journal) = self.session.journal.take() {
            let _ = journal.close();
        }
        self.tell_unsecured(None);
    }

    fn save(
        &mut self,
        path: &Path,
        project: &Project,
        over: Option<OnDisk>,
        despite_holder: bool,
    ) -> Result<(), SaveFault> {
        let is_open = self.is_open(path);
        let mut lock = None;
        if !is_open || self.session.lock.is_none() {
            match hold(path, EXTENSION) {
                Locked::Mine(mine) => lock = Some(mine),
                Locked::Held(holder) if !despite_holder => return Err(SaveFault::Held(holder)),
                Locked::Held(_) | Locked::Unavailable(_) => {}
            }
        }
        let known = if is_open { self.session.known } else { OnDisk::default() };
        // A file that somebody deleted comes back as it was, and no more open to others.
        let before = if is_open { self.session.rights.clone() } else { None };
        let before = before.filter(|_| rights_of(path).is_none());
        let known = save_over(path, project, over.unwrap_or(known)).map_err(|fault| match fault {
            SaveFault::Failed(diagnostic) => SaveFault::Failed(self.with_what_is_secured(diagnostic)),
            other => other,
        })?;
        if let Some(before) = before {
            let _ = fs::set_permissions(path, before);
        }
        self.close_journal();
        if is_open {
            lock = lock.or(self.session.lock.take());
        }
        if lock.is_some() {
            self.send(Message::Unheld);
        }
        let journal = self.journal(Some(path), project);
        let rights = rights_of(path);
        self.session = Session { path: Some(path.to_owned()), lock, known, seen: None, rights, told: None, journal };
        Ok(())
    }

    /// What became of the edits that could not be saved.
    fn with_what_is_secured(&self, diagnostic: Diagnostic) -> Diagnostic {
        let told = match self.session.journal.as_ref().map(Journal::unsecured) {
            Some(0) => "the changes are in the journal, safe against a crash".to_owned(),
            Some(count) => format!("{count} of the changes are in no file yet: a crash would lose them"),
            None => "the changes are in no file yet: a crash would lose them".to_owned(),
        };
        let help = match &diagnostic.help {
            Some(help) if diagnostic.code != "PW0540" => help.clone(),
            _ => "choose another folder with “Save as”, or make room".to_owned(),
        };
        diagnostic.help(format!("{help}; {told}"))
    }

    /// What is done every few seconds.
    fn look_again(&mut self) {
        let done = self.session.journal.as_mut().map_or(Ok(()), Journal::secure);
        self.tell_unsecured(done.err());
        self.look_at_holder();
        self.look_at_file();
    }

    /// Takes the lock that somebody else had, once it is free.
    fn look_at_holder(&mut self) {
        let Some(path) = self.session.path.as_deref().filter(|_| self.session.lock.is_none()) else { return };
        if let Locked::Mine(lock) = hold(path, EXTENSION) {
            self.session.lock = Some(lock);
            self.send(Message::Unheld);
        }
    }

    /// Tells where the file is another one by now: by time and length, then by its text.
    fn look_at_file(&mut self) {
        let Some(path) = self.session.path.clone() else { return };
        let seen = fs::metadata(&path).ok().and_then(|about: Metadata| Some((about.modified().ok()?, about.len())));
        if seen.is_some() && seen == self.session.seen {
            return;
        }
        let bytes = match files::read_file(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            // Unreadable for a while, as on a network: nothing is known that could be told.
            Err(_) => return,
        };
        self.session.seen = seen;
        let now = bytes.as_deref().map(OnDisk::of).unwrap_or_default();
        if now == self.session.known {
            if self.session.told.take().is_some() {
                self.send(Message::OnDisk { path, change: None });
            }
            return;
        }
        if self.session.told != Some(now) {
            self.session.told = Some(now);
            let theirs = match &bytes {
                None => Theirs::Gone,
                Some(bytes) => match load(&String::from_utf8_lossy(bytes)) {
                    Ok((project, _)) => Theirs::Project(Box::new(project)),
                    Err(fault) => Theirs::Unreadable(fault),
                },
            };
            self.send(Message::OnDisk { path, change: Some((now, theirs)) });
        }
    }
}

fn rights_of(path: &Path) -> Option<fs::Permissions> {
    fs::metadata(path).ok().map(|about| about.permissions())
}

/// What is awaited of a task, should it panic.
fn answer_of_fault(task: &FileTask) -> Option<Message> {
    match task {
        FileTask::Open(path) => Some(Message::Opened { path: path.clone(), result: Err(fault()) }),
        FileTask::OpenExample => Some(Message::Example(Err(fault()))),
        FileTask::Save { path, revision, .. } => {
            Some(Message::Saved { path: path.clone(), revision: *revision, result: Err(SaveFault::Failed(fault())) })
        }
        FileTask::Close => Some(Message::Closed),
        _ => None,
    }
}

/// Saves a design that was recovered under a name of its own, beside the project's file.
fn save_beside(project: &Path, design: &Project) -> Result<PathBuf, Diagnostic> {
    let name = project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(EXTENSION).unwrap_or(&name);
    let free = (1..).map(|number| project.with_file_name(format!("{stem}-recovered-{number}{EXTENSION}")));
    let path = free.into_iter().find(|path| path.symlink_metadata().is_err()).unwrap_or_default();
    save_file(&path, design)?;
    // It is no more open to others than what it comes from; a journal is its owner's alone.
    let _ = match project.metadata() {
        Ok(about) => std::fs::set_permissions(&path, about.permissions()),
        Err(_) => make_private(&path),
    };
    Ok(path)
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Where a project is gone or cannot be read, what a crash left of it is saved as a copy: the journal holds the text
/// that it began with.
fn with_rescued(path: &Path, fault: Diagnostic) -> Diagnostic {
    let copy = |left: LeftBehind| {
        let kept = save_beside(path, &left.design()?).ok()?;
        let _ = left.settle();
        Some(format!("“{}”", visible_start(&kept.file_name()?.to_string_lossy(), 80)))
    };
    let kept: Vec<String> = LeftBehind::find(&Journal::path_for(path)).into_iter().filter_map(copy).collect();
    match kept.is_empty() {
        true => fault,
        false => fault.help(format!("open {} beside it: the design with what a crash had left", kept.join(", "))),
    }
}

/// The journals that a crash left, but for those in which the project has everything.
fn left_behind(common: &Path, project: &Project) -> Vec<Left> {
    let mut found = Vec::new();
    for mut journal in LeftBehind::find(common) {
        let fit = journal.fit(project);
        match fit {
            Fit::Nothing => {
                let _ = journal.settle();
                continue;
            }
            // It keeps its name where it cannot be given another: no journal overwrites it.
            Fit::Partly => drop(journal.put_aside(common)),
            Fit::Whole => {}
        }
        found.push(Left { journal, fit, is_put_aside: false });
    }
    found
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let plain = |path: &Path| {
        let path = followed(path).unwrap_or_else(|_| path.to_path_buf());
        fs::canonicalize(&path).or_else(|_| std::path::absolute(&path)).unwrap_or(path)
    };
    one == other || plain(one) == plain(other)
}
