//! What the planner knows of the open project: the meanings of its sources' fields, its questions with what answers
//! them, and the suggestion that is being looked at. Plain data of the designer; imports no egui.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::model::{Id, Source};
use pipewright_core::planner::{
    Asked, Catalogue, Coverage, CoverageState, Dials, FieldAway, Gap, Proposal, SourceEvidence, UnusedField,
};
use pipewright_core::project::Project;

/// What was found when the planner looked last.
#[derive(Debug)]
pub struct Planning {
    pub catalogue: Catalogue,
    /// The project's questions, then the ready-made ones that it has not.
    pub questions: Vec<Asked>,
    pub coverage: Coverage,
    /// By question: whether sources that exist answer it, without those that are planned.
    pub answerable: Vec<bool>,
    pub away: Vec<FieldAway>,
    pub unused: Vec<UnusedField>,
    pub warnings: Vec<Diagnostic>,
    /// By question.
    pub reaches: BTreeMap<Id, Reach>,
    /// By source: how many questions it answers.
    pub answers: BTreeMap<Id, usize>,
}

/// How far the sources answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// A source answers it, perhaps with others beside it.
    Answerable,
    /// Only on data that is planned.
    Planned,
    /// Too many values are missing.
    Partly,
    /// One more field would do.
    OneFieldAway,
    Missing,
    Forbidden,
}

impl Reach {
    pub fn title(self) -> &'static str {
        match self {
            Reach::Answerable => "can be answered now",
            Reach::Planned => "on planned data",
            Reach::Partly => "can be answered in part",
            Reach::OneFieldAway => "one field away",
            Reach::Missing => "data is missing",
            Reach::Forbidden => "not allowed",
        }
    }
}

impl Planning {
    pub fn question(&self, id: &str) -> Option<&Asked> {
        self.questions.iter().find(|asked| asked.id == id)
    }

    /// How far the sources answer a question; `None`: it does not say what its answer shows.
    pub fn reach(&self, id: &str) -> Option<Reach> {
        self.reaches.get(id).copied()
    }

    /// Works out how far each question is answered, once for all frames.
    pub fn with_reaches(mut self) -> Self {
        let ids = self.coverage.questions.clone();
        self.reaches = ids.into_iter().filter_map(|id| Some((id.clone(), self.reach_of(&id)?))).collect();
        self.answers = (0..self.coverage.sources.len())
            .map(|source| (self.coverage.sources[source].clone(), self.coverage.questions_of(source)))
            .collect();
        self
    }

    fn reach_of(&self, id: &str) -> Option<Reach> {
        let number = self.coverage.questions.iter().position(|known| known == id)?;
        let row = self.coverage.row(number);
        let has = |state: CoverageState| row.contains(&state);
        Some(match () {
            () if self.answerable[number] => Reach::Answerable,
            () if row.iter().any(|state| state.answers()) => Reach::Planned,
            () if has(CoverageState::Partial) => Reach::Partly,
            () if has(CoverageState::Forbidden) => Reach::Forbidden,
            () if self.away.iter().any(|away| away.unlocks.iter().any(|unlocked| unlocked == id)) => {
                Reach::OneFieldAway
            }
            () => Reach::Missing,
        })
    }
}

/// Evidence of sources with what it was made of.
pub type KnownEvidence = BTreeMap<Id, (u64, SourceEvidence)>;

/// A question for which a suggestion is being worked out.
#[derive(Debug, Clone)]
pub struct Asking {
    pub question: Id,
    /// Thresholds that differ from its own.
    pub dials: Dials,
    /// Number of the look, once it is under way.
    pub look: Option<u64>,
    /// The suggestion that is shown is worked out anew: nothing else moves.
    pub is_renewed: bool,
}

/// The planner's part of the state.
#[derive(Debug, Default)]
pub struct PlanningState {
    /// Number of the look under way.
    pub looking: Option<u64>,
    pub latest: Option<Arc<Planning>>,
    /// Number of the look that gave it.
    pub look: Option<u64>,
    /// Revision of the project at the latest look, or the one under way, and what it was about.
    pub looked_at: Option<(u64, u64)>,
    /// What samples showed so far: a source that did not change is not read again.
    pub evidence: KnownEvidence,
    pub asking: Option<Asking>,
    /// Requests that were closed since they are met: not closed again where somebody opened them.
    pub closed: BTreeSet<Id>,
    pub suggestion: Option<Suggestion>,
}

/// Flows that would answer a question, shown on the canvas before they are part of the design.
#[derive(Debug)]
pub struct Suggestion {
    pub asked: Asked,
    /// Best first; empty: the sources do not answer it.
    pub proposals: Vec<Proposal>,
    /// What is missing where there is no proposal.
    pub gaps: Vec<Gap>,
    /// Which proposal is shown.
    pub at: usize,
    /// The design with the shown proposal in it, and the revision of the project that it was made from.
    trial: Option<(Project, u64)>,
    /// Grows whenever another trial is shown.
    pub serial: u64,
}

impl PlanningState {
    pub fn is_looking(&self) -> bool {
        self.looking.is_some()
    }
}

impl Suggestion {
    pub fn new(asked: Asked, proposals: Vec<Proposal>, gaps: Vec<Gap>, project: &Project) -> Self {
        let mut suggestion = Self { asked, proposals, gaps, at: 0, trial: None, serial: 0 };
        suggestion.try_on(project);
        suggestion
    }

    pub fn shown(&self) -> Option<&Proposal> {
        self.proposals.get(self.at)
    }

    /// The design as it would be.
    pub fn trial(&self) -> Option<&Project> {
        self.trial.as_ref().map(|(trial, _)| trial)
    }

    /// The next alternative, round and round.
    pub fn next(&mut self, project: &Project) {
        if !self.proposals.is_empty() {
            self.at = (self.at + 1) % self.proposals.len();
            self.try_on(project);
        }
    }

    /// Makes the trial anew where the project changed below it. Says whether the proposal still fits.
    pub fn follow(&mut self, project: &Project) -> bool {
        match &self.trial {
            Some((_, revision)) if *revision == project.revision() => true,
            Some(_) => {
                self.try_on(project);
                self.trial.is_some()
            }
            None => self.proposals.is_empty(),
        }
    }

    fn try_on(&mut self, project: &Project) {
        self.serial += 1;
        self.trial = self.shown().and_then(|proposal| {
            let mut trial = project.clone();
            trial.apply(&proposal.edits).ok()?;
            Some((trial, project.revision()))
        });
    }

    /// Whether a step or wire belongs to the shown proposal.
    pub fn is_ghost(&self, id: &str) -> bool {
        self.shown().is_some_and(|proposal| proposal.steps.iter().chain(&proposal.wires).any(|known| known == id))
    }

    /// Why a step of the proposal is there.
    pub fn reason(&self, step: &str) -> Option<&str> {
        let reasons = &self.shown()?.reasons;
        reasons.iter().find(|reason| reason.step == step).map(|reason| reason.reason.as_str())
    }
}

fn hash_of(value: &impl serde::Serialize) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(value).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// Tells whether anything changed that the planner goes by.
pub fn key_of(project: &Project) -> u64 {
    hash_of(&(
        &project.sources,
        &project.questions,
        &project.teams,
        &project.parameters,
        &project.vocabulary,
        &project.policy,
    ))
}

/// Tells whether a source must be read again.
pub fn key_of_source(project: &Project, source: &Source, base: &Path) -> u64 {
    hash_of(&(base, &source.path, &source.format, &source.schema, &source.planned, &project.parameters))
}
