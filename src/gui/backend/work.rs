//! Work on threads of its own: runs, exports, native dialogs. Must not import egui.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipewright_app::pinned::{run_tests, thresholds_of};
use pipewright_app::resolve::{default_parameters, doubts, sample_files};
use pipewright_app::split::cut_of;
use pipewright_app::{InputRows, real_source};
use pipewright_app::{bundle, differences, differences_of_finding, evidence, tried, volumes_until};
use pipewright_core::data::Value;
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::export::{self, DesignInfo};
use pipewright_core::files::is_trusted;
use pipewright_core::formats::FormatSpec;
use pipewright_core::import::{Imported, read_declarations};
use pipewright_core::ir::{NodeId, Plan, with_path_pieces};
use pipewright_core::model::Source;
use pipewright_core::planner::findings::Finding;
use pipewright_core::planner::{
    Asked, Catalogue, RowsChart, Selection, SourceEvidence, Tried, Vocabulary, check_meanings, coverage, drift, gaps,
    one_field_away, propose, unused_fields,
};
use pipewright_core::project::{EXTENSION, Project, StepTest, read_pinned, read_policy};
use pipewright_engine::{Arrangement, Cancel, Headliners, RunOptions, RunProgress, Which, lines_behind, ways_of};

use super::desk::Desk;
use super::{Found, Message, ResultTable, SAMPLE};
use crate::gui::command::Browse;
use crate::gui::state::arranged::Charted;
use crate::gui::suggestion::planning::{KnownEvidence, Planning, key_of_source};

/// A data file to be looked at.
#[derive(Debug)]
pub struct SniffTask {
    /// A path, folder or glob, its parameters bound.
    pub path: String,
    /// Folder that relative paths start from.
    pub base: PathBuf,
    /// The source that it belongs to; `None`: it becomes one.
    pub source: Option<String>,
    /// How it is to be read; `None`: its format is recognised.
    pub format: Option<FormatSpec>,
    /// The user named the path himself, so it may be read wherever it lies.
    pub is_chosen: bool,
}

impl SniffTask {
    fn look(&self) -> Result<Found, Diagnostic> {
        if self.is_chosen {
            pipewright_core::files::allow_place(&self.base, Path::new(&self.path));
        }
        let files = pipewright_engine::expand(&self.path, &self.base)?;
        let file = files.into_iter().next().unwrap_or_else(|| self.base.join(&self.path));
        if let Some(format) = &self.format {
            let mut format = format.clone();
            pipewright_engine::settle(&file, &mut format, None)?;
            let schema = with_path_pieces(pipewright_engine::schema_as(&file, &format)?, &self.path);
            return Ok(Found { format, schema, reason: String::new(), compression: None });
        }
        let sniff = pipewright_engine::sniff(&file)?;
        let reason = sniff.reasons.into_iter().next().unwrap_or_default();
        Ok(Found {
            format: sniff.format,
            schema: with_path_pieces(sniff.schema, &self.path),
            reason,
            compression: sniff.compression,
        })
    }
}

/// What a file declares, where it is a declaration: tables in SQL, a schema, an API, a contract.
fn declarations(task: &SniffTask) -> Option<Imported> {
    /// Declarations are written by people: larger files are data.
    const LARGEST: u64 = 8 << 20;
    const ENDINGS: [&str; 6] = ["sql", "ddl", "json", "avsc", "yaml", "yml"];
    let path = task.base.join(&task.path);
    let ending = path.extension()?.to_str()?.to_lowercase();
    let is_small = std::fs::metadata(&path).is_ok_and(|about| about.is_file() && about.len() <= LARGEST);
    if task.source.is_some() || !is_small || !ENDINGS.contains(&ending.as_str()) {
        return None;
    }
    read_declarations(&std::fs::read_to_string(&path).ok()?, None).ok()
}

/// The files of a folder that holds data of several kinds; a folder of one kind is one source.
fn files_inside(task: &SniffTask, cancel: &Cancel) -> Option<Vec<String>> {
    let folder = task.base.join(&task.path);
    if task.source.is_some() || !folder.is_dir() {
        return None;
    }
    let files = sample_files(&folder).ok()?;
    // There may be thousands, and their project closed meanwhile.
    let files_looked_at = files.iter().take_while(|_| !cancel.is_cancelled());
    let formats = files_looked_at.map(|path| pipewright_engine::sniff(path).ok().map(|found| found.format.name));
    let kinds: BTreeSet<Option<String>> = formats.collect();
    (kinds.len() > 1).then(|| files.iter().map(|path| path.to_string_lossy().into_owned()).collect())
}

pub fn sniff(task: SniffTask, desk: &Desk) {
    let (path, source) = (task.path.clone(), task.source.clone());
    let failed = move |fault| Message::Sniffed { path: path.clone(), source: source.clone(), result: Err(fault) };
    desk.spawn("pipewright-sniff", failed, move |desk| {
        if let Some(files) = files_inside(&task, &desk.cancel) {
            return Some(Message::Inside { path: task.path, files });
        }
        if let Some(imported) = declarations(&task) {
            return Some(Message::Declared { path: task.path, imported: Box::new(imported) });
        }
        let result = task.look().map(Box::new);
        Some(Message::Sniffed { path: task.path, source: task.source, result })
    });
}

pub fn find(look: u64, project: Project, base: PathBuf, desk: &Desk) {
    let failed = move |fault| Message::Findings { look, outcome: Err(fault) };
    desk.spawn("pipewright-find", failed, move |desk| {
        let parameters = default_parameters(&project, &base);
        let outcome = evidence::look(&project, &base, &parameters, &desk.cancel);
        Some(Message::Findings { look, outcome })
    });
}

/// Looks at all sources, as far as they are not known yet, and at what they answer.
pub fn look(look: u64, project: Project, base: PathBuf, known: KnownEvidence, desk: &Desk) {
    let failed = move |fault| Message::Looked { look, result: Err(fault) };
    desk.spawn("pipewright-plan", failed, move |desk| {
        let parameters = default_parameters(&project, &base);
        let (planning, evidence) = planning_of(&project, &base, known, Tried::new(), &desk.cancel);
        let (catalogue, questions, again) = (planning.catalogue.clone(), planning.questions.clone(), evidence.clone());
        desk.send(Message::Looked { look, result: Ok(Box::new((planning, evidence))) });
        // What fields promise is there at once; whether a run keeps it comes behind.
        let tried = tried(&project, &base, &parameters, &catalogue, &questions, &desk.cancel);
        if tried.is_empty() {
            return None;
        }
        let (planning, _) = planning_of(&project, &base, again, tried, &desk.cancel);
        Some(Message::Tried { look, planning: Box::new(planning) })
    });
}

fn planning_of(
    project: &Project,
    base: &Path,
    known: KnownEvidence,
    tried: Tried,
    cancel: &Cancel,
) -> (Planning, KnownEvidence) {
    let parameters = default_parameters(project, base);
    let is_known =
        |source: &Source| known.get(&source.id).is_some_and(|(key, _)| *key == key_of_source(project, source, base));
    let unknown = project.variation(|design| design.sources.retain(|_, source| !is_known(source)));
    let (found, mut warnings) = evidence::evidence_until(&unknown, base, &parameters, cancel);
    // What became of values is told on the step, of the rows that are shown.
    warnings.retain(|warning| warning.severity != Severity::Hint);
    let mut evidence = KnownEvidence::new();
    for source in project.sources.values() {
        let read = found.iter().find(|one| one.source == source.id).or(known.get(&source.id).map(|(_, one)| one));
        let declared = SourceEvidence::declared(source);
        // Who owns it and what its columns mean may have changed without its rows.
        let one = match read {
            Some(read) => SourceEvidence {
                title: declared.title,
                owner: declared.owner,
                stack: declared.stack,
                access: declared.access,
                confirmed: declared.confirmed,
                ..read.clone()
            },
            None => declared,
        };
        let key = key_of_source(project, source, base);
        evidence.insert(source.id.clone(), (key, one));
    }
    for (id, source) in project.sources.iter().filter(|(_, source)| source.planned.is_none()) {
        if let Some((_, found)) = evidence.get(id).filter(|(_, found)| found.rows > 0) {
            warnings.extend(drift(source, found));
        }
    }
    warnings.extend(doubts(project, base));
    let (vocabulary, unclear) = Vocabulary::of(project);
    warnings.extend(unclear);
    warnings.extend(check_meanings(project, &vocabulary));
    let (questions, unclear) = Asked::all(project);
    warnings.extend(unclear);
    let all = || evidence.values().map(|(_, one)| one.clone());
    let mut catalogue = Catalogue::new(vocabulary.clone(), all().collect()).under(project);
    catalogue.tried = tried;
    let mut existing = Catalogue::new(vocabulary, all().filter(|source| !source.planned).collect()).under(project);
    existing.tried = catalogue.tried.clone();
    let existing = coverage(&existing, &questions);
    let planning = Planning {
        answerable: (0..questions.len()).map(|row| existing.sources_for(row) > 0).collect(),
        coverage: coverage(&catalogue, &questions),
        away: one_field_away(&catalogue, &questions),
        unused: unused_fields(&catalogue, &questions),
        catalogue,
        questions,
        warnings,
        reaches: BTreeMap::new(),
        answers: BTreeMap::new(),
    };
    let planning = planning.with_reaches();
    // What could not be read is tried again next time.
    evidence.retain(|_, (_, one)| one.planned || one.rows > 0);
    (planning, evidence)
}

/// Works out how a question can be answered, best first; else what is missing.
pub fn suggest(look: u64, project: Project, base: PathBuf, planning: Arc<Planning>, asked: Asked, desk: &Desk) {
    /// More alternatives than these nobody looks at.
    const ALTERNATIVES: usize = 4;
    let failed = move |fault| Message::Suggested { look, result: Err(fault) };
    desk.spawn("pipewright-suggest", failed, move |desk| {
        let mut proposals = propose(&project, &planning.catalogue, &asked, ALTERNATIVES);
        let first = proposals.first().and_then(|one| one.sources.first());
        let has_others = proposals.iter().any(|one| one.sources.first() != first);
        // Of several ways one that gives nothing is no good one; whether it does may not have come yet.
        if has_others && planning.catalogue.tried.is_empty() {
            let (mut catalogue, parameters) = (planning.catalogue.clone(), default_parameters(&project, &base));
            let one = std::slice::from_ref(&asked);
            catalogue.tried = tried(&project, &base, &parameters, &catalogue, one, &desk.cancel);
            proposals = propose(&project, &catalogue, &asked, ALTERNATIVES);
        }
        let gaps = gaps(&planning.catalogue, &asked, &planning.questions);
        Some(Message::Suggested { look, result: Ok(Box::new((asked, proposals, gaps))) })
    });
}

/// Looks at the file that a planned source waited for.
pub fn real(path: String, source: Source, base: PathBuf, desk: &Desk) {
    let (shown, id) = (path.clone(), source.id.clone());
    let failed = move |fault| Message::Real { source: id.clone(), path: shown.clone(), result: Err(fault) };
    desk.spawn("pipewright-real", failed, move |_| {
        let result = real_source(&path, source.format.as_ref(), &base).map(Box::new);
        Some(Message::Real { source: source.id, path, result })
    });
}

/// Looks for what goes with the rows of a step that fulfil a condition, over the whole input.
pub fn differs(look: u64, project: Project, base: PathBuf, step: String, condition: String, desk: &Desk) {
    let failed = move |fault| Message::Differs { look, result: Err(fault) };
    desk.spawn("pipewright-differs", failed, move |desk| {
        let parameters = default_parameters(&project, &base);
        let selection = Selection::Where(condition);
        let result = differences(&project, &base, &parameters, &step, &selection, &desk.cancel);
        Some(Message::Differs { look, result })
    });
}

/// Puts rows beside those before their step.
pub fn compare_rows(look: u64, table: Arc<ResultTable>, input: Arc<ResultTable>, desk: &Desk) {
    let failed = move |_| Message::Paired { look, pairs: Vec::new() };
    desk.spawn("pipewright-compare", failed, move |_| Some(Message::Paired { look, pairs: table.paired(&input) }));
}

/// Works out a chart of a table.
pub fn chart(look: u64, table: Arc<ResultTable>, wanted: Option<RowsChart>, desk: &Desk) {
    let failed = move |_| Message::Charted { look, drawn: Box::default() };
    desk.spawn("pipewright-chart", failed, move |_| {
        Some(Message::Charted { look, drawn: Box::new(Charted::of(&table, wanted.as_ref())) })
    });
}

/// Rows to be pinned to a step.
pub struct PinTask {
    pub project: Project,
    pub base: PathBuf,
    pub plan: Arc<Plan>,
    pub step: String,
    /// By input port.
    pub inputs: InputRows,
    /// What the step makes of them, where it is known.
    pub output: Option<(NodeId, Arc<ResultTable>)>,
}

pub fn pin(task: PinTask, desk: &Desk) {
    let failed = move |fault| Message::Pinned(Err(vec![fault]));
    desk.spawn("pipewright-pin", failed, move |_| {
        let PinTask { project, base, plan, step, inputs, output } = task;
        let test = pipewright_app::pin(&project, &base, &plan, &step, &inputs, output);
        Some(Message::Pinned(test.map(Box::new)))
    });
}

pub fn repin(project: Project, base: PathBuf, mut test: StepTest, desk: &Desk) {
    let failed = move |fault| Message::Pinned(Err(vec![fault]));
    desk.spawn("pipewright-pin", failed, move |_| {
        test.parameters = thresholds_of(&project, &test.step);
        let expected = pipewright_app::expected_of(&project, &base, &test);
        Some(Message::Pinned(expected.map(|expected| {
            test.expected = expected;
            Box::new(test)
        })))
    });
}

/// Tests the steps with the rows that are pinned to them.
pub fn test_pins(look: u64, project: Project, base: PathBuf, desk: &Desk) {
    let failed = move |_| Message::PinsTested { look, results: Vec::new() };
    desk.spawn("pipewright-tests", failed, move |_| {
        Some(Message::PinsTested { look, results: run_tests(&project, &base) })
    });
}

/// Looks for the rows of a table that are wanted.
pub fn arrange(look: u64, table: Arc<ResultTable>, arrangement: Arrangement, desk: &Desk) {
    let failed = move |fault| Message::Arranged { look, rows: Err(fault) };
    desk.spawn("pipewright-arrange", failed, move |_| {
        Some(Message::Arranged { look, rows: table.arranged(&arrangement) })
    });
}

/// Looks for the lines behind rows of a node, by the sample that previews take.
pub fn lines(
    look: u64,
    plan: Arc<Plan>,
    node: NodeId,
    which: Which,
    base: PathBuf,
    parameters: BTreeMap<String, Value>,
    desk: &Desk,
) {
    let failed = move |fault| Message::Lines { look, result: Err(fault) };
    desk.spawn("pipewright-lines", failed, move |desk| {
        let result = lines_behind(&plan, node, &which, &SAMPLE, &base, &parameters, &desk.cancel);
        Some(Message::Lines { look, result })
    });
}

/// Follows a row of a node through the flow.
pub fn ways(
    look: u64,
    plan: Arc<Plan>,
    node: NodeId,
    row: usize,
    base: PathBuf,
    parameters: BTreeMap<String, Value>,
    desk: &Desk,
) {
    let failed = move |fault| Message::Ways { look, result: Err(fault) };
    desk.spawn("pipewright-ways", failed, move |desk| {
        let result = ways_of(&plan, node, row, &SAMPLE, &base, &parameters, &desk.cancel);
        Some(Message::Ways { look, result })
    });
}

/// Looks for what goes with the rows that a finding is about.
pub fn differs_of_finding(project: Project, base: PathBuf, finding: Finding, desk: &Desk) {
    let id = finding.id.clone();
    let failed = move |fault| Message::FindingDiffers { finding: id.clone(), result: Err(fault) };
    desk.spawn("pipewright-differs", failed, move |desk| {
        let parameters = default_parameters(&project, &base);
        let result = differences_of_finding(&project, &base, &parameters, &finding, &desk.cancel);
        Some(Message::FindingDiffers { finding: finding.id, result })
    });
}

/// Estimates rows and bytes a day of every source, wire and destination.
pub fn volume(look: u64, project: Project, base: PathBuf, price: Option<f64>, desk: &Desk) {
    let failed = move |fault| Message::Volume { look, outcome: (Vec::new(), vec![fault]), cut: None };
    desk.spawn("pipewright-volume", failed, move |desk| {
        let parameters = default_parameters(&project, &base);
        let (sources, _) = evidence::evidence_until(&project, &base, &parameters, &desk.cancel);
        let (vocabulary, _) = Vocabulary::of(&project);
        let catalogue = Catalogue::new(vocabulary, sources);
        let outcome = volumes_until(&project, &catalogue, &base, &parameters, price, &desk.cancel);
        let cut = (!project.places.is_empty())
            .then(|| cut_of(&project, &pipewright_core::plan::plan(&project), &base, &parameters, &desk.cancel))
            .map(|(_, cut, _)| Box::new(cut));
        Some(Message::Volume { look, outcome, cut })
    });
}

/// Reads the policy of an organisation.
pub fn policy(path: PathBuf, pinned: Option<String>, base: PathBuf, desk: &Desk) {
    let known = (path.clone(), pinned.clone());
    let failed = move |fault| Message::Policy { path: known.0.clone(), pinned: known.1.clone(), result: Err(fault) };
    desk.spawn("pipewright-policy", failed, move |_| {
        let result = match &pinned {
            Some(sha256) => read_pinned(&base, &path.to_string_lossy(), sha256),
            None => read_policy(&base.join(&path)),
        };
        Some(Message::Policy { path, pinned, result: result.map(Box::new) })
    });
}

/// A run of the whole design.
#[derive(Debug)]
pub struct RunTask {
    pub plan: Arc<Plan>,
    /// Make sentences of its answers.
    pub headliners: Headliners,
    /// Folder that relative paths start from.
    pub base: PathBuf,
    pub out: PathBuf,
    pub parameters: BTreeMap<String, Value>,
    /// Only what is new is read.
    pub incremental: bool,
    /// Name of the design's file.
    pub design: String,
}

/// An export of the design.
#[derive(Debug)]
pub struct ExportTask {
    pub plan: Arc<Plan>,
    pub info: DesignInfo,
    /// Where relative paths of the design start.
    pub base: PathBuf,
    pub target: String,
    pub folder: PathBuf,
}

struct Progress {
    run: u64,
    desk: Desk,
    /// Megabyte that was told last, so that the window is not woken for every chunk.
    told: AtomicU64,
}

impl RunProgress for Progress {
    fn step(&self, message: &str) {
        let _ = self.desk.sender.try_send(Message::RunStep { run: self.run, text: message.to_owned() });
        (self.desk.wake)();
    }

    fn bytes(&self, done: u64, total: u64) {
        let hundredth = done.saturating_mul(200).checked_div(total).unwrap_or(done >> 24);
        if self.told.swap(hundredth, Ordering::Relaxed) != hundredth {
            let _ = self.desk.sender.try_send(Message::RunBytes { run: self.run, done, total });
            (self.desk.wake)();
        }
    }
}

pub fn run(run: u64, task: RunTask, cancel: Cancel, desk: &Desk) {
    let failed = move |fault| Message::RunDone { run, result: Err(vec![fault]) };
    desk.spawn("pipewright-run", failed, move |desk| {
        let progress = Progress { run, desk: desk.clone(), told: AtomicU64::new(u64::MAX) };
        let options = RunOptions {
            is_guest: !is_trusted(&task.base),
            opens_places: true,
            base: task.base,
            out: task.out,
            parameters: task.parameters,
            headliners: task.headliners,
            incremental: task.incremental,
            design: task.design,
            cancel,
            ..RunOptions::default()
        };
        let result = pipewright_engine::run(&task.plan, &options, &progress).map(Box::new);
        Some(Message::RunDone { run, result })
    });
}

pub fn export(task: ExportTask, desk: &Desk) {
    let folder = task.folder.clone();
    let failed = move |fault| Message::Exported { folder: folder.clone(), result: Err(vec![fault]) };
    desk.spawn("pipewright-export", failed, move |_| {
        let result = write_bundle(&task);
        Some(Message::Exported { folder: task.folder, result })
    });
}

/// Writes a bundle with its receipt; gives the names of its files and what is to be known of it.
fn write_bundle(task: &ExportTask) -> Result<(Vec<String>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let Some(target) = export::target(&task.target) else {
        return Err(vec![Diagnostic::error("PW0801", format!("there is no target `{}`", task.target))]);
    };
    let report = bundle::write_bundle(target, &task.plan, &task.info, &[], &task.base, &task.folder, false)?;
    Ok((report.files, report.diagnostics))
}

/// Opens a native dialog and reports what was chosen; where there is none, the typed path stays the way.
pub fn browse(browse: Browse, start: PathBuf, desk: &Desk) {
    desk.spawn("pipewright-dialog", Message::Failed, move |_| {
        let dialog = rfd::FileDialog::new().set_directory(&start);
        let paths = match &browse {
            Browse::Open => dialog.set_title("Open projects or data files").pick_files().unwrap_or_default(),
            Browse::SaveAs => {
                let name = format!("project{EXTENSION}");
                dialog.set_title("Save the project").set_file_name(name).save_file().into_iter().collect()
            }
            Browse::ExportFolder => dialog.set_title("Folder for the export").pick_folder().into_iter().collect(),
            Browse::ShareFile => dialog.set_title("File to write").save_file().into_iter().collect(),
            Browse::ShareFolder => dialog.set_title("Folder to write into").pick_folder().into_iter().collect(),
            Browse::RunFolder => dialog.set_title("Folder for the output").pick_folder().into_iter().collect(),
            Browse::Real(_) => dialog.set_title("The file with the data").pick_file().into_iter().collect(),
            Browse::Field { folder: true, .. } => dialog.pick_folder().into_iter().collect(),
            Browse::Field { folder: false, .. } => dialog.pick_file().into_iter().collect(),
        };
        (!paths.is_empty()).then_some(Message::Chosen { browse, paths })
    });
}
