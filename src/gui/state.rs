//! What the designer knows: the project with its history, its plan, the results of previews, what is selected, what
//! runs. Panels read it through `StateRef` and push `Action`s; only `app` and `actions` change it. Imports no widgets.

pub(super) mod arranged;
pub(super) mod counts;
pub(super) mod exact;
pub(super) mod marking;
pub(super) mod patterns;
pub(super) mod placed;
pub(super) mod results;
pub(super) mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use pipewright_app::pinned::TestResult;
use pipewright_app::resolve::referred_variable;
use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::split::Cut;
use pipewright_core::files::{self, Holder};
use pipewright_core::ir::{NodeId, Plan, resolve_parameters, secrets_of};
use pipewright_core::plan::Planner;
use pipewright_core::planner::{AnswerShape, Asked, Difference, Vocabulary};
use pipewright_core::project::{History, Project, Step, check_invariants, to_text};

use super::backend::{FindingsOutcome, Left, RunReport};
use super::canvas::Selection;
use super::command::Chosen;
use super::dialogs::on_disk::{DiskChange, Unsecured};
use super::panels::differs::Differs;
use super::panels::lines::Lines;
use super::panels::volume::VolumeState;
use super::panels::ways::Ways;
use super::present::PresentState;
use super::settings::Settings;
use super::share::ShareState;
use super::suggestion::planning::{PlanningState, Suggestion};
use arranged::{Arranged, Charted, Compared};
use counts::{KeyFit, Shares};
use exact::Exact;
use pipewright_core::model::Id;
use results::Results;

pub use pipewright_core::data::figures::{counted, grouped, percent, short_count};

/// Name of a project that nobody named yet.
pub const UNTITLED: &str = "untitled";

/// Title of a question that nobody put into words yet.
pub const UNTITLED_QUESTION: &str = "New question";

/// What panels see: everything, and nothing that they could change.
pub type StateRef<'a> = &'a AppState;

/// A run from the menu.
#[derive(Debug, Default)]
pub struct RunState {
    /// Number of the run in work.
    pub active: Option<u64>,
    /// What it does, the last line last.
    pub log: Vec<String>,
    pub bytes: (u64, u64),
    pub out: PathBuf,
    /// As they were typed.
    pub parameters: BTreeMap<String, String>,
    /// Only what is new is read.
    pub incremental: bool,
    pub outcome: Option<Result<Box<RunReport>, Vec<Diagnostic>>>,
}

/// What came of an export: names of files, or what is wrong.
pub type Exported = Result<(Vec<String>, Vec<Diagnostic>), Vec<Diagnostic>>;

/// An export from the menu.
#[derive(Debug, Default)]
pub struct ExportState {
    pub busy: bool,
    /// The folder, and the names of the files in it.
    pub outcome: Option<(PathBuf, Exported)>,
}

/// A line that tells what happened; goes by itself unless it is an error.
#[derive(Debug, Clone)]
pub struct Notice {
    pub text: String,
    pub is_error: bool,
    /// Time of the window when it appeared, in seconds.
    pub since: f64,
    /// It tells of a save that failed, which the next one mends.
    pub is_of_save: bool,
}

/// The state.
pub struct AppState {
    pub project: Project,
    pub history: History,
    /// Where the project is saved; `None`: nowhere yet.
    pub path: Option<PathBuf>,
    /// False on the start screen.
    pub is_open: bool,
    /// Text of the project as it is on the disk.
    saved_text: String,
    saved_revision: u64,
    /// A save is under way.
    pub saving: bool,
    /// Found while reading the file.
    pub load_diagnostics: Vec<Diagnostic>,
    pub plan: Arc<Plan>,
    /// The same with what previews work out besides, for answers.
    pub previewed: Arc<Plan>,
    planner: Planner,
    /// Revision of the project, and number of the trial, that the plan was made of.
    planned_revision: Option<(u64, Option<u64>)>,
    /// Revision at which the pinned policy was asked for.
    policy_asked: Option<u64>,
    /// Everything that is wrong, errors first.
    pub problems: Vec<Diagnostic>,
    /// Those of them that the design shows without reading data.
    design_problems: Vec<Diagnostic>,
    pub results: Results,
    pub selection: Selection,
    pub chosen: Chosen,
    pub run: RunState,
    pub export: ExportState,
    pub settings: Settings,
    pub notice: Option<Notice>,
    /// Journals that a crash left, to be decided on one after the other.
    pub left: VecDeque<Left>,
    /// What others made of the open file.
    pub disk_change: Option<DiskChange>,
    /// Who has the project open elsewhere.
    pub holder: Option<Holder>,
    /// What the project wants to read, and may not until it is trusted.
    pub out_of_reach: Vec<String>,
    pub unsecured: Unsecured,
    /// Data files being recognised.
    pub sniffing: BTreeSet<String>,
    pub findings: FindingsState,
    pub planning: PlanningState,
    pub differs: Option<Differs>,
    pub lines: Option<Lines>,
    /// The row that is followed through the flow.
    pub ways: Option<Ways>,
    pub volume: VolumeState,
    /// Where steps are done, by the columns that go over alone.
    pub cut: Cut,
    pub present: PresentState,
    pub share: ShareState,
    /// How the steps do with the rows that are pinned to them.
    pub pins: PinsState,
    /// Rows of the preview in another order, or some of them.
    pub arranged: Option<Arranged>,
    /// The rows of the preview beside those before their step.
    pub compared: Option<Compared>,
    /// The rows of the preview as a chart.
    pub charted: Option<Charted>,
    /// How many rows fulfil the conditions that forms show.
    pub shares: Shares,
    /// Rows on the whole input, counted behind the sample.
    pub exact: Exact,
    /// How the keys of the join that is shown fit.
    pub key_fit: Option<KeyFit>,
    /// The column whose way through the design is lit.
    pub column: Option<FollowedColumn>,
}

/// Pinned rows, and how they were tested last.
#[derive(Debug, Default)]
pub struct PinsState {
    /// Rows are being pinned.
    pub pinning: bool,
    /// Number of the test under way.
    pub looking: Option<u64>,
    /// Revision of the project that was tested, or is.
    pub revision: Option<u64>,
    pub results: Vec<TestResult>,
}

/// A column of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedColumn {
    pub step: Id,
    pub port: String,
    pub column: String,
}

/// What was found in the sources.
#[derive(Debug, Default)]
pub struct FindingsState {
    /// Number of the look under way.
    pub looking: Option<u64>,
    /// `None`: nobody has looked yet.
    pub outcome: Option<FindingsOutcome>,
    /// Ids of those whose flow is in the design.
    pub accepted: BTreeSet<String>,
    /// By id: what goes with the rows that it is about; `None`: being looked for.
    pub differs: BTreeMap<String, Option<Result<Vec<Difference>, Diagnostic>>>,
}

impl AppState {
    /// The start screen.
    pub fn new(settings: Settings) -> Self {
        let project = Project::new(UNTITLED);
        Self {
            saved_text: to_text(&project),
            saved_revision: project.revision(),
            project,
            history: History::default(),
            path: None,
            is_open: false,
            saving: false,
            load_diagnostics: Vec::new(),
            plan: Arc::default(),
            previewed: Arc::default(),
            planner: Planner::default(),
            planned_revision: None,
            policy_asked: None,
            problems: Vec::new(),
            design_problems: Vec::new(),
            results: Results::default(),
            selection: Selection::default(),
            chosen: Chosen::Project,
            run: RunState::default(),
            export: ExportState::default(),
            settings,
            notice: None,
            left: VecDeque::new(),
            disk_change: None,
            holder: None,
            out_of_reach: Vec::new(),
            unsecured: Unsecured::default(),
            sniffing: BTreeSet::new(),
            findings: FindingsState::default(),
            planning: PlanningState::default(),
            differs: None,
            lines: None,
            ways: None,
            volume: VolumeState::default(),
            cut: Cut::default(),
            present: PresentState::default(),
            share: ShareState::default(),
            pins: PinsState::default(),
            arranged: None,
            charted: None,
            compared: None,
            shares: Shares::default(),
            exact: Exact::default(),
            key_fit: None,
            column: None,
        }
    }

    /// Shows another project, as it is on the disk.
    pub fn open(&mut self, project: Project, path: Option<PathBuf>, diagnostics: Vec<Diagnostic>) {
        self.saved_text = to_text(&project);
        self.saved_revision = project.revision();
        self.project = project;
        self.path = path;
        self.is_open = true;
        self.history.clear();
        self.load_diagnostics = diagnostics;
        self.planned_revision = None;
        self.plan = Arc::default();
        self.previewed = Arc::default();
        self.planner = Planner::default();
        self.problems.clear();
        self.design_problems.clear();
        self.results.clear();
        self.selection = Selection::default();
        self.chosen = Chosen::Project;
        self.run = RunState::default();
        self.export = ExportState::default();
        self.left.clear();
        self.disk_change = None;
        self.holder = None;
        self.out_of_reach.clear();
        self.unsecured = Unsecured::default();
        // What was being looked at for the project before is not waited for.
        self.sniffing.clear();
        self.findings = FindingsState::default();
        self.planning = PlanningState::default();
        self.differs = None;
        self.lines = None;
        self.ways = None;
        self.volume = VolumeState::default();
        self.cut = Cut::default();
        self.present = PresentState::default();
        self.share = ShareState::default();
        self.pins = PinsState::default();
        self.arranged = None;
        self.charted = None;
        self.compared = None;
        self.shares = Shares::default();
        self.exact = Exact::default();
        self.key_fit = None;
        self.column = None;
    }

    /// The design as it is shown: with the suggestion in it, where there is one.
    pub fn design(&self) -> &Project {
        self.suggestion().and_then(Suggestion::trial).unwrap_or(&self.project)
    }

    pub fn suggestion(&self) -> Option<&Suggestion> {
        self.planning.suggestion.as_ref()
    }

    /// The plan of the design as it is, without a suggestion: what runs and is exported.
    pub fn plan_of_project(&self) -> Arc<Plan> {
        match self.suggestion().and_then(Suggestion::trial) {
            Some(_) => Planner::default().plan(&self.project),
            None => self.plan.clone(),
        }
    }

    /// Whether a step is only suggested.
    pub fn is_ghost(&self, id: &str) -> bool {
        self.suggestion().is_some_and(|suggestion| suggestion.is_ghost(id))
    }

    /// Whether there are changes that the file does not have.
    pub fn is_dirty(&self) -> bool {
        self.project.revision() != self.saved_revision
    }

    /// The file has the project as it was at `revision`.
    pub fn saved(&mut self, revision: u64) {
        if revision == self.project.revision() {
            self.saved_text = to_text(&self.project);
            self.saved_revision = revision;
        }
    }

    /// The file has something else, whatever was saved.
    pub fn differs_from_file(&mut self) {
        self.saved_text.clear();
        self.saved_revision = u64::MAX;
    }

    /// After undo and redo: the design may be again what the file holds.
    pub fn compare_with_saved(&mut self) {
        if self.is_dirty() && to_text(&self.project) == self.saved_text {
            self.saved_revision = self.project.revision();
        }
    }

    /// The policy that is pinned and was not read: undo and redo bring pins back. Told once for each revision.
    pub fn missing_policy(&mut self) -> Option<(PathBuf, String)> {
        let pin = self.project.policy.get("organisation")?;
        let sha256 = pin.get("sha256")?.as_str()?;
        let is_read = self.project.organisation.iter().any(|known| known.sha256.eq_ignore_ascii_case(sha256));
        if is_read || self.policy_asked == Some(self.project.revision()) {
            return None;
        }
        let missing = (PathBuf::from(pin.get("path")?.as_str()?), sha256.to_owned());
        self.policy_asked = Some(self.project.revision());
        Some(missing)
    }

    /// What the plan rests on changed without an edit.
    pub fn replan(&mut self) {
        self.planned_revision = None;
    }

    /// Rebuilds plan and problems where the project changed. Says whether it did.
    pub fn follow(&mut self) -> bool {
        // A pin that was taken back binds no more.
        if !self.project.policy.contains_key("organisation") {
            self.project.set_organisation(Vec::new());
        }
        let still_fits = match &mut self.planning.suggestion {
            Some(suggestion) => suggestion.follow(&self.project),
            None => true,
        };
        if !still_fits {
            self.planning.suggestion = None;
        }
        let revision = (self.project.revision(), self.planning.suggestion.as_ref().map(|one| one.serial));
        if self.planned_revision == Some(revision) {
            return false;
        }
        self.planned_revision = Some(revision);
        let design = match self.planning.suggestion.as_ref().and_then(Suggestion::trial) {
            Some(trial) => trial,
            None => &self.project,
        };
        self.plan = self.planner.plan(design);
        let mut problems = self.plan.diagnostics.clone();
        let (cut, faults) = placed::placed(design, &self.plan);
        self.cut = cut;
        problems.extend(faults);
        problems.extend(check_invariants(&self.project));
        problems.extend(self.load_diagnostics.iter().filter(|found| !found.is_error()).cloned());
        self.design_problems = problems;
        self.results.retain(|step| design.steps.contains_key(step));
        let (vocabulary, _) = Vocabulary::of(design);
        let plan = &self.plan;
        let shape = |id: &str| {
            let step = design.steps.get(id)?;
            let node = *plan.steps.get(id)?.outputs.get("out")?;
            let question = step.settings.get("question").and_then(|id| design.questions.get(id.as_str()?));
            let asked = question.and_then(|question| Asked::own(question)?.ok());
            Some(AnswerShape::of(asked.as_ref(), plan, node, &vocabulary, &step.title).with_kept(step))
        };
        self.previewed = Arc::new(self.results.follow(plan, shape));
        self.selection.steps.retain(|step| design.steps.contains_key(step));
        self.selection.wires.retain(|wire| design.wires.contains_key(wire));
        let project = &self.project;
        let is_gone = match &self.chosen {
            Chosen::Project => false,
            Chosen::Source(id) => !project.sources.contains_key(id),
            Chosen::Question(id) => !project.questions.contains_key(id),
            Chosen::Request(id) => !project.requests.contains_key(id),
            Chosen::Note(id) => !project.notes.contains_key(id),
            Chosen::Frame(id) => !project.frames.contains_key(id),
            Chosen::Group(id) => !project.groups.contains_key(id),
            Chosen::Ready(_) => false,
        };
        if is_gone {
            self.chosen = Chosen::Project;
        }
        // A ready-made question that is asked in the project is one of its own.
        if let Chosen::Ready(id) = &self.chosen
            && project.questions.contains_key(id)
        {
            self.chosen = Chosen::Question(id.clone());
        }
        self.gather_problems();
        true
    }

    /// All that is wrong: with the design, and with the data that its preview read.
    pub fn gather_problems(&mut self) {
        let mut problems = self.design_problems.clone();
        problems.extend(self.results.faults(&self.plan).cloned());
        problems.extend(self.planning.latest.iter().flat_map(|latest| latest.warnings.iter().cloned()));
        problems.sort_by_key(|problem| problem.severity);
        let mut seen = BTreeSet::new();
        problems.retain(|problem| seen.insert(problem.clone()));
        self.problems = problems;
    }

    /// Nodes to preview: the selected step's first, then all others.
    pub fn watched(&self) -> Vec<NodeId> {
        let is_selected = |step: &String| self.selection.steps.contains(step);
        let (first, rest): (Vec<_>, Vec<_>) = self.plan.steps.iter().partition(|(step, _)| is_selected(step));
        let mut nodes: Vec<NodeId> = rest.iter().flat_map(|(_, step)| step.outputs.values().copied()).collect();
        nodes.sort();
        let mut watched: Vec<NodeId> = first.iter().flat_map(|(_, step)| step.outputs.values().copied()).collect();
        watched.extend(nodes);
        watched.extend(self.results.whole_nodes());
        let mut seen = BTreeSet::new();
        watched.retain(|node| seen.insert(*node));
        watched
    }

    /// Folder that relative paths start from.
    pub fn base(&self) -> PathBuf {
        let folder = self.path.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) => folder.to_owned(),
            None => std::env::current_dir().unwrap_or_default(),
        }
    }

    /// Defaults of the parameters, for previews and runs. One without a default is left out: what needs it says so.
    pub fn parameters(&self) -> BTreeMap<String, Value> {
        let base = self.base();
        let known = self.plan.parameters.iter().filter_map(|parameter| {
            let alone = std::slice::from_ref(parameter);
            resolve_parameters(alone, &BTreeMap::new(), &|name| referred_variable(&base, name)).ok()
        });
        known.flatten().collect()
    }

    /// The same without secrets: for paths, and for values that are shown.
    pub fn shown_parameters(&self) -> BTreeMap<String, Value> {
        let secrets = secrets_of(&self.plan.parameters);
        let mut values = self.parameters();
        values.retain(|name, _| !secrets.contains(name));
        values
    }

    /// Whether rows are shown of a sample which files hold more of. What connections lead to is asked by runs only, and
    /// what is broken cannot be counted.
    pub fn is_of_samples(&self) -> bool {
        let is_elsewhere = self.project.sources.values().any(|source| !source.connection.is_empty());
        let is_sound = !self.problems.iter().any(Diagnostic::is_error);
        is_sound && !is_elsewhere && self.results.all().any(|found| !found.whole && !found.made_up)
    }

    /// The step that is selected alone.
    pub fn selected_step(&self) -> Option<&Step> {
        let mut ids = self.selection.steps.iter();
        let only = ids.next().filter(|_| ids.next().is_none())?;
        self.design().steps.get(only)
    }

    /// What is wrong with a step, a source or a question.
    pub fn problems_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Diagnostic> {
        self.problems.iter().filter(move |problem| problem.location.id.as_deref() == Some(id))
    }

    /// Columns that flow into an input port, as far as the plan knows them; else those last seen there.
    pub fn input_schema(&self, step: &str, input: &str) -> Option<&Schema> {
        let wire = self.design().wires_into(step).find(|wire| wire.input == input)?;
        self.output_schema(&wire.from, &wire.output)
    }

    /// Columns that leave an output port.
    pub fn output_schema(&self, step: &str, output: &str) -> Option<&Schema> {
        if let Some(node) = self.plan.output(step, output) {
            return Some(&self.plan.node(node).schema);
        }
        Some(self.results.rows(step, output)?.table.schema())
    }

    /// Types of the parameters, by name.
    pub fn parameter_types(&self) -> BTreeMap<String, DataType> {
        self.project
            .parameters
            .values()
            .map(|parameter| (parameter.name.clone(), parameter.data_type.clone()))
            .collect()
    }

    /// The title of a step, or its kind's where it has none.
    pub fn step_title<'a>(&'a self, id: &'a str) -> &'a str {
        match self.design().steps.get(id) {
            Some(step) if !step.title.is_empty() => &step.title,
            Some(step) => pipewright_core::steps::kind(&step.kind).map_or(step.kind.as_str(), |kind| kind.title()),
            None => id,
        }
    }

    /// What people call a team; a name that is no team's id stands for itself.
    pub fn team_title<'a>(&'a self, id: &'a str) -> &'a str {
        self.design().teams.get(id).map_or(id, |team| team.title.as_str())
    }
}

/// A path as people read it: relative to `base` where it lies below, with `/`.
pub fn relative_path(path: &Path, base: &Path) -> String {
    let absolute = |path: &Path| without_detours(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let (path, base) = (absolute(path), absolute(base));
    let mut steps_up = 0;
    let mut from = Some(base.as_path());
    while let Some(folder) = from {
        if let Ok(rest) = path.strip_prefix(folder)
            && steps_up <= 2
            && (steps_up == 0 || folder.parent().is_some())
        {
            let up = "../".repeat(steps_up);
            return format!("{up}{}", files::slashes(rest));
        }
        steps_up += 1;
        from = folder.parent();
    }
    files::slashes(&path)
}

/// `a/b/../c` as `a/c`, by the text alone.
fn without_detours(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            Component::CurDir => {}
            _ => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_at_for_another_project_is_not_waited_for() {
        let mut state = AppState::new(Settings::default());
        state.sniffing.insert("a.log".into());
        state.findings.looking = Some(1);
        state.planning.looking = Some(2);
        state.open(Project::new("other"), None, Vec::new());
        assert!(state.sniffing.is_empty() && state.findings.looking.is_none() && !state.planning.is_looking());
    }

    #[test]
    fn counts_are_short_and_exact_where_small() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(short_count(9_312), "9,312");
        assert_eq!(short_count(412_318), "412 k");
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(999, 1000), "> 99 %");
    }

    #[test]
    fn paths_near_the_project_are_relative() {
        let base = Path::new("/data/shop");
        assert_eq!(relative_path(Path::new("/data/shop/samples/a.log"), base), "samples/a.log");
        assert_eq!(relative_path(Path::new("/data/other/a.log"), base), "../other/a.log");
        assert_eq!(relative_path(Path::new("/var/log/a.log"), Path::new("/home/u/p/q")), "/var/log/a.log");
    }
}
