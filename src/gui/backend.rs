//! Everything that may take time, off the UI thread: files, recognition, previews, runs, exports, native dialogs.
//! The designer sends tasks and drains messages once a frame; each message wakes the window. Threads are named,
//! channels bounded. The only room of the designer that touches files or the engine's workers.

mod answers;
mod counts;
pub mod desk;
mod example;
mod files;
mod marks;
mod patterns;
mod places;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use pipewright_core::data::patterns::Mined;
use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::split::Cut;
use pipewright_core::files::Holder;
use pipewright_core::formats::{FormatSpec, Learned, Mark};
use pipewright_core::import::Imported;
use pipewright_core::ir::{NodeId, Plan};
use pipewright_core::model::{Connection, Id, Source};
use pipewright_core::planner::findings::Finding;
use pipewright_core::planner::{Asked, Difference, Gap, Proposal, RowsChart, SourceEvidence, Volume};
use pipewright_core::project::{Edit, Fit, LeftBehind, OnDisk, OrganisationPolicy, Project, SaveFault, StepTest};

use super::command::Browse;
use super::settings::Settings;
use super::state::arranged::Drawn;
use super::state::counts::{Fitted, Share};
use super::suggestion::planning::{KnownEvidence, Planning};
use desk::Desk;

pub use answers::{AnswersTask, ShareTask, Shared};
pub use marks::Taken;
pub use pipewright_engine::{Arrangement, Arrival, MinedColumns, Pair, ResultTable, Sampling};
pub use pipewright_engine::{ColumnProfile, NodeResult, PreviewReply, RunReport};
pub use work::{ExportTask, PinTask, RunTask, SniffTask};

use pipewright_app::pinned::TestResult;
use pipewright_app::{Answers, SampleTaken, WholeInput};
use pipewright_engine::{Behind, Budget, Cancel, PreviewRequest, PreviewWorker, SAMPLE_ROWS, Which};

/// What previews read of each source.
pub const SAMPLE: Sampling = Sampling::Spread { rows: SAMPLE_ROWS };
/// How many messages or tasks may wait.
const WAITING: usize = 4096;

/// Wakes the window: there is a message.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Work for the thread that owns the project's files, done in order.
#[derive(Debug)]
pub enum FileTask {
    /// Reads a project and looks for what a crash left behind.
    Open(PathBuf),
    /// Makes the worked example.
    OpenExample,
    /// Looks for edits to a project that never got a file.
    LookForUntitled,
    /// `project` is shown from now on: edits go into a journal beside `path`; `None`: it has no file yet. The journal of
    /// the project before goes, unless `keeps_journal`.
    Begin {
        path: Option<PathBuf>,
        project: Box<Project>,
        keeps_journal: bool,
    },
    Append(Vec<Edit>),
    /// The edits of a journal that was left behind are in the project again: it is gone on with.
    Adopt(Box<LeftBehind>),
    /// Those of one that was made from another text are.
    Settle(Box<LeftBehind>),
    /// Somebody gave it up.
    Discard(Box<LeftBehind>),
    /// Its design is to be a project of its own.
    KeepCopy(Box<LeftBehind>),
    /// Closed without a crash: the journal goes.
    CloseJournal,
    Save {
        path: PathBuf,
        project: Box<Project>,
        revision: u64,
        /// Somebody chose to write over the file as it was then.
        over: Option<OnDisk>,
        /// Somebody chose to save although another has the project open.
        despite_holder: bool,
        /// Where it was before, and the files of its sources: saved elsewhere, it reads what it could read there.
        reads: (PathBuf, Vec<PathBuf>),
    },
    /// Somebody chose what is shown over what the file holds.
    KeepMine(OnDisk),
    /// The user trusts the project of this file, from now on.
    Trust(PathBuf),
    /// Looks at the file now.
    Look,
    SaveSettings(Box<Settings>),
    /// Answers with `Message::Closed` once everything before it is on the disk.
    Close,
}

/// A project read from a file.
#[derive(Debug)]
pub struct Opened {
    pub project: Project,
    pub diagnostics: Vec<Diagnostic>,
    /// What a crash left behind.
    pub left: Vec<Left>,
    /// Who has it open elsewhere.
    pub holder: Option<Holder>,
    /// Why no lock can be held.
    pub unlocked: Option<String>,
    /// What it wants to read, and may not until its user trusts it.
    pub out_of_reach: Vec<String>,
}

/// A journal that a crash left, and how it goes with the project.
#[derive(Debug)]
pub struct Left {
    pub journal: LeftBehind,
    pub fit: Fit,
    /// Whether the file was loaded again over them just now, and no crash left them.
    pub is_put_aside: bool,
}

/// What others made of the file that is open.
#[derive(Debug)]
pub enum Theirs {
    Project(Box<Project>),
    Unreadable(Diagnostic),
    Gone,
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

/// A question, the ways to answer it, and what is missing.
pub type Answered = (Asked, Vec<Proposal>, Vec<Gap>);

/// What came of a task.
#[derive(Debug)]
pub enum Message {
    Opened {
        path: PathBuf,
        result: Result<Box<Opened>, Diagnostic>,
    },
    /// The worked example, with what is to be known of it.
    Example(Result<Box<(Project, Vec<Diagnostic>)>, Diagnostic>),
    /// Edits of projects without a file, left behind by crashes.
    Untitled(Vec<Left>),
    Saved {
        path: PathBuf,
        revision: u64,
        result: Result<(), SaveFault>,
    },
    /// So many batches of edits are not in the journal, and why; 0: all are again.
    Unsecured {
        count: usize,
        reason: String,
    },
    /// Changes over which the file was loaded again: what becomes of them is to be decided.
    PutAside(Vec<Left>),
    /// Nobody else has the project open any more.
    Unheld,
    /// The file that is open was changed by others; `None`: it is again as it was.
    OnDisk {
        path: PathBuf,
        change: Option<(OnDisk, Theirs)>,
    },
    /// The project may read what it names.
    Trusted,
    /// Where the design of a journal is kept.
    Kept(Result<PathBuf, Diagnostic>),
    /// Something that nobody waits for went wrong.
    Failed(Diagnostic),
    /// A data file was looked at; `source`: it is a source already.
    Sniffed {
        path: String,
        source: Option<String>,
        result: Result<Box<Found>, Diagnostic>,
    },
    /// A sample of what a connection leads to.
    SampleTaken {
        source: Id,
        result: Result<Box<SampleTaken>, Diagnostic>,
    },
    /// What answers at a connection.
    Tested(Result<String, Diagnostic>),
    /// The first lines of a source, to be marked.
    FirstLines {
        source: Id,
        lines: Result<Vec<String>, Diagnostic>,
    },
    /// What was learned from marks.
    Learned {
        /// Number of the marks.
        asked: u64,
        learned: Result<Box<(Learned, Taken)>, Diagnostic>,
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
        result: Result<Box<(Planning, KnownEvidence)>, Diagnostic>,
    },
    /// What the sources answer, once each flow that would answer was run on the samples.
    Tried {
        /// Number of the look.
        look: u64,
        planning: Box<Planning>,
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
    /// Rows beside those before their step.
    Paired {
        look: u64,
        pairs: Vec<Pair>,
    },
    /// A chart of a table.
    Charted {
        look: u64,
        drawn: Box<Drawn>,
    },
    /// The patterns of a column's texts.
    Patterns {
        look: u64,
        mined: Result<Box<Mined>, Diagnostic>,
    },
    /// How far a scan of the whole input is.
    ScanBytes {
        look: u64,
        done: u64,
        total: u64,
    },
    /// What a look at the whole input found.
    Scanned {
        look: u64,
        result: Result<WholeInput, Diagnostic>,
    },
    /// How many rows fulfil a condition.
    ShareCounted {
        look: u64,
        share: Share,
    },
    /// How the keys of two tables fit.
    KeysFit {
        look: u64,
        fitted: Fitted,
    },
    /// How the steps do with the rows that are pinned to them.
    PinsTested {
        look: u64,
        results: Vec<TestResult>,
    },
    /// Rows to be pinned; in the place of a test of that id, where there is one.
    Pinned(Result<Box<StepTest>, Vec<Diagnostic>>),
    /// Rows of a table, as they are wanted.
    Arranged {
        look: u64,
        rows: Result<Vec<u32>, Diagnostic>,
    },
    /// The lines behind rows of a step.
    Lines {
        look: u64,
        result: Result<Behind, Diagnostic>,
    },
    /// Where a row goes.
    Ways {
        look: u64,
        result: Result<Vec<Arrival>, Diagnostic>,
    },
    /// What goes with the rows that a finding is about.
    FindingDiffers {
        finding: String,
        result: Result<Vec<Difference>, Diagnostic>,
    },
    /// The policy of an organisation was read: the one that is pinned, or one to be pinned.
    Policy {
        path: PathBuf,
        pinned: Option<String>,
        result: Result<Box<OrganisationPolicy>, Diagnostic>,
    },
    /// Rows and bytes a day, and what could not be estimated.
    Volume {
        look: u64,
        outcome: (Vec<Volume>, Vec<Diagnostic>),
        /// Where the steps are done by it, where the design has places.
        cut: Option<Box<Cut>>,
    },
    /// How a question can be answered, or what is missing.
    Suggested {
        look: u64,
        result: Result<Box<Answered>, Diagnostic>,
    },
    /// The answers of the project.
    Answers {
        look: u64,
        result: Result<Answers, Vec<Diagnostic>>,
    },
    /// Answers or the map, written for others.
    Shared(Shared),
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
    desk: Desk,
    messages: Receiver<Message>,
    preview: PreviewWorker,
    wake: Wake,
    requests: u64,
    runs: u64,
    looks: u64,
    cancel: Option<Cancel>,
    cancel_scan: Option<Cancel>,
}

impl Backend {
    /// Starts the threads that are always there. `home`: the user's configuration folder.
    pub fn start(home: Option<PathBuf>, wake: Wake) -> Self {
        let (to_designer, from_files) = sync_channel(WAITING);
        let files = files::spawn(home, to_designer, wake.clone());
        let (sender, messages) = sync_channel(WAITING);
        let desk = Desk { sender, wake: wake.clone(), cancel: Cancel::new() };
        let for_preview = wake.clone();
        let preview = PreviewWorker::spawn(move || for_preview());
        Self {
            files,
            waiting: VecDeque::new(),
            from_files,
            desk,
            messages,
            preview,
            wake,
            requests: 0,
            runs: 0,
            looks: 0,
            cancel: None,
            cancel_scan: None,
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
                Err(TrySendError::Disconnected(FileTask::Close)) => drop(self.desk.sender.try_send(Message::Closed)),
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
        self.stop_work();
        (self.desk.sender, self.messages) = sync_channel(WAITING);
        self.desk.cancel = Cancel::new();
    }

    /// Stops everything that takes long. What is asked for afterwards is not done: the window closes.
    pub fn stop(&mut self) {
        self.stop_work();
        self.preview.stop();
    }

    fn stop_work(&mut self) {
        self.cancel_run();
        self.cancel_scan();
        self.desk.cancel.cancel();
    }

    /// Asks for the rows of these nodes, the first ones first. Earlier requests are forgotten.
    pub fn request_preview(
        &mut self,
        plan: Arc<Plan>,
        watch: Vec<NodeId>,
        base: PathBuf,
        parameters: BTreeMap<String, pipewright_core::data::Value>,
    ) -> u64 {
        self.requests += 1;
        let (sampling, budget) = (SAMPLE, Budget::GLANCE);
        self.preview.request(PreviewRequest { id: self.requests, plan, watch, sampling, budget, base, parameters });
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
        work::sniff(task, &self.desk);
    }

    /// Takes a sample of a source that a connection leads to.
    pub fn take_sample(&self, source: Id, project: Project, base: PathBuf, parameters: BTreeMap<String, Value>) {
        places::sample(source, project, base, parameters, &self.desk);
    }

    /// Opens a connection, and says what answers.
    pub fn test_connection(
        &self,
        connection: Connection,
        project: Project,
        base: PathBuf,
        parameters: BTreeMap<String, Value>,
    ) {
        places::test(connection, project, base, parameters, &self.desk);
    }

    /// Reads the first lines of a source, to be marked.
    pub fn first_lines(&self, source: Id, path: String, format: FormatSpec, base: PathBuf) {
        marks::first_lines(source, path, format, base, &self.desk);
    }

    /// Learns a pattern from marks.
    pub fn learn(&self, asked: u64, lines: Arc<Vec<String>>, marked: Vec<Mark>) {
        marks::learn(asked, lines, marked, &self.desk);
    }

    /// Runs a plan; a run before it is cancelled. Gives the run's number.
    pub fn run(&mut self, task: RunTask) -> u64 {
        self.cancel_run();
        self.runs += 1;
        let cancel = Cancel::default();
        self.cancel = Some(cancel.clone());
        work::run(self.runs, task, cancel, &self.desk);
        self.runs
    }

    pub fn cancel_run(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel.cancel();
        }
    }

    /// Where workers report.
    #[cfg(test)]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Writes an export.
    pub fn export(&self, task: ExportTask) {
        work::export(task, &self.desk);
    }

    /// Works the answers of a project out. Gives the look's number.
    pub fn answers(&mut self, task: AnswersTask) -> u64 {
        self.looks += 1;
        answers::answers(self.looks, task, &self.desk);
        self.looks
    }

    /// Writes answers or the map for others.
    pub fn share(&self, task: ShareTask) {
        answers::share(task, &self.desk);
    }

    /// Looks for what stands out in a project's sources. Gives the look's number.
    pub fn find(&mut self, project: Project, base: PathBuf) -> u64 {
        self.looks += 1;
        work::find(self.looks, project, base, &self.desk);
        self.looks
    }

    /// Looks at the sources of a project and at what they answer; `known`: what was read before. Gives the look's number.
    pub fn look(&mut self, project: Project, base: PathBuf, known: KnownEvidence) -> u64 {
        self.looks += 1;
        work::look(self.looks, project, base, known, &self.desk);
        self.looks
    }

    /// Works out how a question can be answered. Gives the look's number.
    pub fn suggest(&mut self, project: Project, base: PathBuf, planning: Arc<Planning>, asked: Asked) -> u64 {
        self.looks += 1;
        work::suggest(self.looks, project, base, planning, asked, &self.desk);
        self.looks
    }

    /// Looks at the file that a planned source waited for; `path` is relative to `base`.
    pub fn real(&self, path: String, source: Source, base: PathBuf) {
        work::real(path, source, base, &self.desk);
    }

    /// Looks for what goes with the rows of a step that fulfil a condition. Gives the look's number.
    pub fn differs(&mut self, project: Project, base: PathBuf, step: String, condition: String) -> u64 {
        self.looks += 1;
        work::differs(self.looks, project, base, step, condition, &self.desk);
        self.looks
    }

    /// Puts rows beside those before their step. Gives the look's number.
    pub fn compare_rows(&mut self, table: Arc<ResultTable>, input: Arc<ResultTable>) -> u64 {
        self.looks += 1;
        work::compare_rows(self.looks, table, input, &self.desk);
        self.looks
    }

    /// Works out a chart of a table. Gives the look's number.
    pub fn chart(&mut self, table: Arc<ResultTable>, wanted: Option<RowsChart>) -> u64 {
        self.looks += 1;
        work::chart(self.looks, table, wanted, &self.desk);
        self.looks
    }

    /// Mines the patterns of a column's texts. Gives the look's number.
    pub fn patterns(&mut self, table: Arc<ResultTable>, columns: MinedColumns) -> u64 {
        self.looks += 1;
        patterns::patterns(self.looks, table, columns, &self.desk);
        self.looks
    }

    /// Tests the steps with the rows that are pinned to them. Gives the look's number.
    pub fn test_pins(&mut self, project: Project, base: PathBuf) -> u64 {
        self.looks += 1;
        work::test_pins(self.looks, project, base, &self.desk);
        self.looks
    }

    /// Pins rows of a step's inputs, with what it makes of them.
    pub fn pin(&self, task: PinTask) {
        work::pin(task, &self.desk);
    }

    /// Works out what a step makes of the rows of a test now.
    pub fn repin(&self, project: Project, base: PathBuf, test: StepTest) {
        work::repin(project, base, test, &self.desk);
    }

    /// Looks for the rows of a table that are wanted. Gives the look's number.
    pub fn arrange(&mut self, table: Arc<ResultTable>, arrangement: Arrangement) -> u64 {
        self.looks += 1;
        work::arrange(self.looks, table, arrangement, &self.desk);
        self.looks
    }

    /// Looks for the lines behind rows of a node, by the sample that previews take. Gives the look's number.
    pub fn lines(
        &mut self,
        plan: Arc<Plan>,
        node: NodeId,
        which: Which,
        base: PathBuf,
        parameters: BTreeMap<String, pipewright_core::data::Value>,
    ) -> u64 {
        self.looks += 1;
        work::lines(self.looks, plan, node, which, base, parameters, &self.desk);
        self.looks
    }

    /// Follows a row of a node through the flow, by the sample that previews take. Gives the look's number.
    pub fn ways(
        &mut self,
        plan: Arc<Plan>,
        node: NodeId,
        row: usize,
        base: PathBuf,
        parameters: BTreeMap<String, Value>,
    ) -> u64 {
        self.looks += 1;
        work::ways(self.looks, plan, node, row, base, parameters, &self.desk);
        self.looks
    }

    /// Looks for what goes with the rows that a finding is about.
    pub fn differs_of_finding(&self, project: Project, base: PathBuf, finding: Finding) {
        work::differs_of_finding(project, base, finding, &self.desk);
    }

    /// Estimates the volume of a project. Gives the look's number.
    pub fn volume(&mut self, project: Project, base: PathBuf, price: Option<f64>) -> u64 {
        self.looks += 1;
        work::volume(self.looks, project, base, price, &self.desk);
        self.looks
    }

    /// Reads the policy of an organisation: the one of a digest that is pinned, or whichever is there, to be pinned.
    /// `path` is relative to `base`.
    pub fn policy(&self, path: PathBuf, pinned: Option<String>, base: PathBuf) {
        work::policy(path, pinned, base, &self.desk);
    }

    /// Opens a native dialog.
    pub fn browse(&self, browse: Browse, start: PathBuf) {
        work::browse(browse, start, &self.desk);
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop();
    }
}
