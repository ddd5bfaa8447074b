//! Everything that may take time, off the UI thread: files, recognition, previews, runs, exports, native dialogs.
//! The designer sends tasks and drains messages once a frame; each message wakes the window. Threads are named,
//! channels bounded. The only room of the designer that touches files or the engine's workers.

mod files;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{NodeId, Plan};
use pipewright_core::model::Source;
use pipewright_core::planner::findings::Finding;
use pipewright_core::planner::{Asked, Difference, Gap, Imported, Proposal, SourceEvidence, Volume};
use pipewright_core::project::{Edit, OrganisationPolicy, Project, Recovery};

use super::command::Browse;
use super::planning::{KnownEvidence, Planning};
use super::settings::Settings;

pub use pipewright_engine::{ColumnProfile, NodeResult, PreviewReply, RunReport};
pub use pipewright_engine::{ResultTable, SAMPLE_ROWS, Sampling};
pub use work::{ExportTask, RunTask, SniffTask};

use pipewright_engine::{Cancel, PreviewRequest, PreviewWorker};

/// How many messages or tasks may wait.
const WAITING: usize = 4096;

/// Wakes the window: there is a message.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Work for the thread that owns the project's files, done in order.
#[derive(Debug)]
pub enum FileTask {
    /// Reads a project and looks for what a crash left behind.
    Open(PathBuf),
    /// Reads the first of these projects that is there.
    OpenFirst(Vec<PathBuf>),
    /// Looks for edits to a project that never got a file.
    LookForUntitled,
    /// A journal beside `path` for edits to `project`; `None`: the project has no file yet.
    StartJournal {
        path: Option<PathBuf>,
        project: Box<Project>,
    },
    Append(Vec<Edit>),
    /// Closed without a crash: the journal goes.
    CloseJournal,
    Save {
        path: PathBuf,
        project: Box<Project>,
        revision: u64,
    },
    SaveSettings(Box<Settings>),
    /// Answers with `Message::Closed` once everything before it is on the disk.
    Close,
}

/// A project read from a file.
#[derive(Debug)]
pub struct Opened {
    pub project: Project,
    pub diagnostics: Vec<Diagnostic>,
    pub recovery: Option<Recovery>,
}

/// What a data file is.
#[derive(Debug)]
pub struct Found {
    pub format: FormatSpec,
    pub schema: Schema,
    /// In plain words; empty where the format was given.
    pub reason: String,
    pub compression: Option<String>,
}

/// Findings with warnings, or why nothing was looked for.
pub type FindingsOutcome = Result<(Vec<Finding>, Vec<Diagnostic>), Diagnostic>;

/// What came of a task.
#[derive(Debug)]
pub enum Message {
    Opened {
        path: PathBuf,
        result: Result<Box<Opened>, Diagnostic>,
    },
    /// Edits of a project without a file, left behind by a crash.
    Untitled(Recovery),
    Saved {
        path: PathBuf,
        revision: u64,
        result: Result<(), Diagnostic>,
    },
    /// The journal cannot be written: edits are safe only after saving.
    JournalFailed(String),
    /// A data file was looked at; `source`: it is a source already.
    Sniffed {
        path: String,
        source: Option<String>,
        result: Result<Box<Found>, Diagnostic>,
    },
    /// Chosen in a native dialog.
    Chosen {
        browse: Browse,
        paths: Vec<PathBuf>,
    },
    RunStep {
        run: u64,
        text: String,
    },
    RunBytes {
        run: u64,
        done: u64,
        total: u64,
    },
    RunDone {
        run: u64,
        result: Result<Box<RunReport>, Vec<Diagnostic>>,
    },
    /// What stands out in the sources.
    Findings {
        /// Number of the look.
        look: u64,
        outcome: FindingsOutcome,
    },
    /// What the sources answer, and what their samples showed.
    Looked {
        /// Number of the look.
        look: u64,
        planning: Box<Planning>,
        evidence: KnownEvidence,
    },
    /// A folder holds files of several kinds.
    Inside {
        path: String,
        files: Vec<String>,
    },
    /// A file declares sources.
    Declared {
        path: String,
        imported: Box<Imported>,
    },
    /// The file that a planned source waited for, with what a sample of it shows.
    Real {
        source: String,
        path: String,
        result: Result<Box<(Source, SourceEvidence)>, Diagnostic>,
    },
    /// What goes with some rows of a step.
    Differs {
        look: u64,
        result: Result<Vec<Difference>, Diagnostic>,
    },
    /// What goes with the rows that a finding is about.
    FindingDiffers {
        finding: String,
        result: Result<Vec<Difference>, Diagnostic>,
    },
    /// The policy of an organisation was read, to be pinned.
    Policy {
        path: PathBuf,
        result: Result<Box<OrganisationPolicy>, Diagnostic>,
    },
    /// Rows and bytes a day, and what could not be estimated.
    Volume {
        look: u64,
        outcome: (Vec<Volume>, Vec<Diagnostic>),
    },
    /// How a question can be answered, or what is missing.
    Suggested {
        look: u64,
        asked: Box<Asked>,
        proposals: Vec<Proposal>,
        gaps: Vec<Gap>,
    },
    Exported {
        folder: PathBuf,
        /// The names of the files, and warnings.
        result: Result<(Vec<String>, Vec<Diagnostic>), Vec<Diagnostic>>,
    },
    Closed,
}

/// The designer's end of all threads.
pub struct Backend {
    files: SyncSender<FileTask>,
    /// Tasks that found the channel full.
    waiting: VecDeque<FileTask>,
    /// What the thread of files answers.
    from_files: Receiver<Message>,
    /// What is worked out for the open project; late answers for another one find nobody.
    sender: SyncSender<Message>,
    messages: Receiver<Message>,
    preview: PreviewWorker,
    wake: Wake,
    requests: u64,
    runs: u64,
    looks: u64,
    cancel: Option<Cancel>,
}

impl Backend {
    /// Starts the threads that are always there. `home`: the user's configuration folder.
    pub fn start(home: Option<PathBuf>, wake: Wake) -> Self {
        let (to_designer, from_files) = sync_channel(WAITING);
        let files = files::spawn(home, to_designer, wake.clone());
        let (sender, messages) = sync_channel(WAITING);
        let for_preview = wake.clone();
        let preview = PreviewWorker::spawn(move || for_preview());
        Self {
            files,
            waiting: VecDeque::new(),
            from_files,
            sender,
            messages,
            preview,
            wake,
            requests: 0,
            runs: 0,
            looks: 0,
            cancel: None,
        }
    }

    /// Hands a task to the thread of files. Never blocks.
    pub fn file(&mut self, task: FileTask) {
        self.waiting.push_back(task);
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(task) = self.waiting.pop_front() {
            match self.files.try_send(task) {
                Ok(()) => {}
                Err(TrySendError::Full(task)) => {
                    self.waiting.push_front(task);
                    (self.wake)();
                    return;
                }
                // Without the thread nothing is left to wait for when the window closes.
                Err(TrySendError::Disconnected(FileTask::Close)) => drop(self.sender.try_send(Message::Closed)),
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
    }

    /// Everything that came since the last call.
    pub fn drain(&mut self) -> Vec<Message> {
        self.flush();
        self.from_files.try_iter().chain(self.messages.try_iter()).collect()
    }

    /// Another project is opened: what is still being worked out for the one before is not waited for.
    pub fn forget(&mut self) {
        self.cancel_run();
        (self.sender, self.messages) = sync_channel(WAITING);
    }

    /// Asks for the rows of these nodes, the first ones first. Earlier requests are forgotten.
    pub fn request_preview(
        &mut self,
        plan: Arc<Plan>,
        watch: Vec<NodeId>,
        sampling: Sampling,
        base: PathBuf,
        parameters: BTreeMap<String, pipewright_core::data::Value>,
    ) -> u64 {
        self.requests += 1;
        self.preview.request(PreviewRequest { id: self.requests, plan, watch, sampling, base, parameters });
        self.requests
    }

    /// Replies of the preview worker; late ones of earlier requests are dropped here.
    pub fn previews(&mut self) -> Vec<PreviewReply> {
        let mut replies = self.preview.poll();
        replies.retain(|reply| reply.id == self.requests);
        replies
    }

    /// Profiles a result's columns.
    pub fn profile(&self, hash: u64, table: Arc<ResultTable>) {
        self.preview.profile(hash, table);
    }

    /// Profiles that are ready, by the hash that they were asked for with.
    pub fn profiles(&self) -> Vec<(u64, Vec<ColumnProfile>)> {
        self.preview.poll_profiles()
    }

    /// Looks at a data file.
    pub fn sniff(&self, task: SniffTask) {
        work::sniff(task, self.sender.clone(), self.wake.clone());
    }

    /// Runs a plan; a run before it is cancelled. Gives the run's number.
    pub fn run(&mut self, task: RunTask) -> u64 {
        self.cancel_run();
        self.runs += 1;
        let cancel = Cancel::default();
        self.cancel = Some(cancel.clone());
        work::run(self.runs, task, cancel, self.sender.clone(), self.wake.clone());
        self.runs
    }

    pub fn cancel_run(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel.cancel();
        }
    }

    /// Writes an export.
    pub fn export(&self, task: ExportTask) {
        work::export(task, self.sender.clone(), self.wake.clone());
    }

    /// Looks for what stands out in a project's sources. Gives the look's number.
    pub fn find(&mut self, project: Project, base: PathBuf) -> u64 {
        self.looks += 1;
        work::find(self.looks, project, base, self.sender.clone(), self.wake.clone());
        self.looks
    }

    /// Looks at the sources of a project and at what they answer; `known`: what was read before. Gives the look's number.
    pub fn look(&mut self, project: Project, base: PathBuf, known: KnownEvidence) -> u64 {
        self.looks += 1;
        work::look(self.looks, project, base, known, self.sender.clone(), self.wake.clone());
        self.looks
    }

    /// Works out how a question can be answered. Gives the look's number.
    pub fn suggest(&mut self, project: Project, planning: Arc<Planning>, asked: Asked) -> u64 {
        self.looks += 1;
        work::suggest(self.looks, project, planning, asked, self.sender.clone(), self.wake.clone());
        self.looks
    }

    /// Looks at the file that a planned source waited for; `path` is relative to `base`.
    pub fn real(&self, path: String, source: Source, base: PathBuf) {
        work::real(path, source, base, self.sender.clone(), self.wake.clone());
    }

    /// Looks for what goes with the rows of a step that fulfil a condition. Gives the look's number.
    pub fn differs(&mut self, project: Project, base: PathBuf, step: String, condition: String) -> u64 {
        self.looks += 1;
        work::differs(self.looks, project, base, step, condition, self.sender.clone(), self.wake.clone());
        self.looks
    }

    /// Looks for what goes with the rows that a finding is about.
    pub fn differs_of_finding(&self, project: Project, base: PathBuf, finding: Finding) {
        work::differs_of_finding(project, base, finding, self.sender.clone(), self.wake.clone());
    }

    /// Estimates the volume of a project. Gives the look's number.
    pub fn volume(&mut self, project: Project, base: PathBuf, price: Option<f64>) -> u64 {
        self.looks += 1;
        work::volume(self.looks, project, base, price, self.sender.clone(), self.wake.clone());
        self.looks
    }

    /// Reads the policy of an organisation; `path` is relative to `base`.
    pub fn policy(&self, path: PathBuf, base: PathBuf) {
        work::policy(path, base, self.sender.clone(), self.wake.clone());
    }

    /// Opens a native dialog.
    pub fn browse(&self, browse: Browse, start: PathBuf) {
        work::browse(browse, start, self.sender.clone(), self.wake.clone());
    }
}
