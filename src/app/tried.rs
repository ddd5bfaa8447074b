//! Coverage by running: the flows that would answer are run on the samples, and one that gives nothing is no answer.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_core::data::Value;
use pipewright_core::ir::{NodeId, resolve_parameters};
use pipewright_core::plan::plan;
use pipewright_core::planner::{Asked, Catalogue, Tried, says_nothing, trials};
use pipewright_core::project::Project;
use pipewright_engine::{Cancel, SAMPLE_ROWS, Sampling, preview_all};

/// What came of running each flow on a sample. Flows whose rows are made up, or that do not run, tell nothing here.
pub fn tried(
    project: &Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    catalogue: &Catalogue,
    questions: &[Asked],
    cancel: &Cancel,
) -> Tried {
    let trials = trials(project, catalogue, questions);
    let whole = plan(&trials.design);
    let node = |step: &str| whole.steps.get(step).and_then(|planned| planned.nodes.last().copied());
    let watch: Vec<NodeId> = trials.flows.iter().filter_map(|(.., answer)| node(answer)).collect();
    let values = resolve_parameters(&whole.parameters, parameters, &|_| None).unwrap_or_default();
    let sampling = Sampling::Spread { rows: SAMPLE_ROWS };
    let (found, _) = preview_all(&whole, &watch, &sampling, base, &values, cancel);
    let verdict = |(question, source, answer): &(String, String, String)| {
        let asked = questions.iter().find(|asked| asked.id == *question)?;
        let result = found.get(&node(answer)?).filter(|result| !result.made_up)?;
        let why = says_nothing(asked, &*result.table)?;
        Some(((question.clone(), source.clone()), why))
    };
    trials.flows.iter().filter_map(verdict).collect()
}
