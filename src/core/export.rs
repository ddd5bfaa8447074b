//! Exports: a `Plan` and facts of the design → a bundle of files for an engine, one file (or folder) per target; answers
//! and the map → pictures and a page for people.
//! Must not import anything above; touches no file system.

pub mod agent;
pub mod answers;
pub mod charts;
pub mod clickhouse;
pub mod dbt;
pub mod drawing;
pub mod duckdb;
mod handover;
pub mod map;
pub mod otelcol;
pub mod pipeline;
pub mod postgresql;
pub mod python;
pub mod rsyslog;
mod run_script;
pub mod schedulers;
pub mod spark;
pub mod split;
pub mod sql;
mod staging;
pub mod vector;

use std::collections::BTreeMap;

use crate::data::DataType;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::ir::{Node, NodeId, Parameter, Plan, Planned, check_parameter_names, check_secrets, parameter_variable};
use crate::plan::plan_of_sources;
use crate::project::{Design, Project};
use crate::quote::{markdown_code, markdown_text};

/// What every `run.sh` begins with: the bundle (`here`), and the folder for results (`out`).
const TAKE_OUT: &str = r#"set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
if [ ! "$here/run.sh" -ef "$0" ]; then
  echo "error: run.sh does not find its bundle: call it where it lies, in a folder whose name has no line end" >&2
  exit 2
fi
out=${1:?usage: run.sh OUT}
case $out in
  --* | -h)
    echo "usage: run.sh OUT [--trust] (a folder of that name is ./$out)" >&2
    exit 2
    ;;
esac
shift
case $out in
  *"
"*)
    echo "error: the name of OUT holds a line end" >&2
    exit 2
    ;;
  /*) ;;
  *) out=./$out ;;
esac
"#;

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFile {
    pub text: String,
    pub executable: bool,
}

/// What an export gives: files by path inside the bundle's folder, and what is wrong. With an error among the
/// diagnostics the files are not to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bundle {
    pub files: BTreeMap<String, BundleFile>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Bundle {
    pub fn text(&mut self, path: &str, text: impl Into<String>) {
        self.files.insert(path.to_owned(), BundleFile { text: text.into(), executable: false });
    }

    pub fn script(&mut self, path: &str, text: impl Into<String>) {
        self.files.insert(path.to_owned(), BundleFile { text: text.into(), executable: true });
    }

    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Facts of the design that a plan does not hold.
#[derive(Debug, Clone, Default)]
pub struct DesignInfo {
    /// Name of the project.
    pub name: String,
    /// Owners, questions, tests, in words; empty where only a pipeline is at hand.
    pub design: Design,
    /// Reads every source, also those of flows that are not exported: two may read one file.
    pub sources: Plan,
}

impl DesignInfo {
    pub fn of(project: &Project) -> DesignInfo {
        let design = Design::clone(project);
        DesignInfo { name: project.name.clone(), design, sources: plan_of_sources(project) }
    }
}

/// How a target carries a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    Native,
    /// Carried by rewriting, or by a helper of Pipewright's own.
    Rewritten,
    /// Not by the target: by Pipewright's own runner, on what the target hands over.
    Behind,
    Unsupported,
}

impl Support {
    /// The worst of a step's operations is the step's.
    fn rank(self) -> u8 {
        match self {
            Support::Native => 0,
            Support::Rewritten => 1,
            Support::Behind => 2,
            Support::Unsupported => 3,
        }
    }
}

/// Whether a function compares lists or records with one another, which every engine does in its own way where they hold
/// nulls.
fn compares_nested(function: &str, types: &[DataType]) -> bool {
    let is_nested = |data_type: &DataType| matches!(data_type, DataType::List(_) | DataType::Record(_));
    match (function, types) {
        ("nullif", [value, ..]) => is_nested(value),
        ("list_contains", [_, value]) => is_nested(value),
        ("list_sort" | "list_distinct", [DataType::List(item)]) => is_nested(item),
        _ => false,
    }
}

/// Per step (by id) the worst of its operations, each as `judge` has it.
fn by_step(plan: &Plan, judge: impl Fn(NodeId, &Node) -> (Support, String)) -> BTreeMap<String, (Support, String)> {
    let mut found: BTreeMap<String, (Support, String)> = BTreeMap::new();
    for (id, node) in plan.iter() {
        let (support, reason) = judge(id, node);
        let entry = found.entry(node.origin.step.clone()).or_insert((Support::Native, String::new()));
        if support.rank() > entry.0.rank() {
            *entry = (support, reason);
        }
    }
    found
}

/// An engine that a design can be exported for.
pub trait Target: Sync {
    /// What `--target` takes.
    fn name(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn doc(&self) -> &'static str;
    /// Per step (by id): how it is carried, and a reason where not natively.
    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)>;
    /// Parameters stay parameters; planned sources are refused by `check_exportable` before.
    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle;
    /// The line of `verify.sh` that runs the bundle itself, on the engine that it is for, with the pinned sources of the
    /// receipt: `$here` is the bundle, `$out` the folder for its results, `$pipewright` the runner. There is no way
    /// that suits every target: what would run something else than the bundle verifies nothing.
    fn verify_command(&self) -> &'static str;

    /// What stages the sources, where the engine does not read them itself: it is pinned in the receipt.
    fn stage(&self, _plan: &Plan) -> Option<Plan> {
        None
    }
}

/// The parameters for a README, with the variables that set them. Lines of Markdown.
fn parameter_lines(parameters: &[Parameter]) -> String {
    let one = |parameter: &Parameter| {
        let default = match &parameter.default {
            None => "must be given".to_owned(),
            Some(serde_json::Value::String(text)) if parameter.is_secret() => {
                format!("a secret, else taken from {}", markdown_code(text))
            }
            Some(serde_json::Value::String(text)) if text.is_empty() => "default empty".to_owned(),
            Some(serde_json::Value::String(text)) => format!("default {}", markdown_code(text)),
            Some(default) => format!("default {}", markdown_code(&default.to_string())),
        };
        let (variable, doc) = (parameter_variable(&parameter.name), markdown_text(&parameter.doc));
        format!("- `{variable}` ({}, {default}): {doc}\n", markdown_text(&parameter.data_type.to_string()))
    };
    if parameters.is_empty() { "None.\n".to_owned() } else { parameters.iter().map(one).collect() }
}

/// Every target.
pub fn targets() -> &'static [&'static dyn Target] {
    &[
        &pipeline::PipelineTarget,
        &duckdb::DuckDb,
        &postgresql::PostgreSql,
        &python::Polars,
        &spark::Spark,
        &clickhouse::ClickHouse,
        &dbt::DBT_DUCKDB,
        &dbt::DBT_POSTGRES,
        &agent::OnAgent(vector::Vector),
        &agent::OnAgent(rsyslog::Rsyslog),
        &agent::OnAgent(otelcol::Collector),
    ]
}

pub fn target(name: &str) -> Option<&'static dyn Target> {
    targets().iter().copied().find(|target| target.name() == name)
}

/// What keeps a plan from being run or exported: its errors, flows that its policy forbids, sources that are only
/// planned.
pub fn check_exportable(plan: &Plan) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> =
        plan.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).cloned().collect();
    for (_, node) in plan.iter() {
        if let crate::ir::Op::Read(read) = &node.op
            && let Some(planned) = &read.planned
        {
            let owner =
                if planned.owner.is_empty() { "nobody yet".to_owned() } else { format!("“{}”", planned.owner) };
            if planned.status == Planned::DECLARED {
                let message = format!("no data of the source “{}” is at hand, only its declaration", planned.source);
                let help = "give it a file with `pipewright replace`, or leave this flow out; made-up rows are for previews only";
                let fault = Diagnostic::error("PW0601", message).help(help);
                found.push(fault.step(&node.origin.step, &node.origin.title));
                continue;
            }
            found.push(
                Diagnostic::error("PW0601", format!("the source “{}” does not exist yet: it is planned (status: {}, owner: {owner})", planned.source, planned.status))
                    .help("replace it by a File step when the data is there, or leave this flow out; made-up rows are for previews only")
                    .step(&node.origin.step, &node.origin.title),
            );
        }
    }
    for (id, step) in plan.steps.iter().filter(|(_, step)| crate::steps::kind(&step.kind).is_none()) {
        let near = did_you_mean(&step.kind, crate::steps::kinds().iter().map(|kind| kind.name()));
        found.push(
            Diagnostic::error("PW0603", format!("this version does not know the step kind `{}`{near}", step.kind))
                .help("correct the kind, remove the step, or use a Pipewright that knows it")
                .step(id, &step.title),
        );
    }
    // The plan of a project has told of these already.
    if found.is_empty() {
        found.extend(check_parameter_names(&plan.parameters).into_iter().map(|(_, fault)| fault));
        found.extend(check_secrets(plan));
    }
    if !found.iter().any(|diagnostic| diagnostic.code.starts_with("PW10")) {
        found.extend(crate::plan::check_policy(plan));
    }
    // A fault before the end of a flow has been told.
    if found.is_empty() && plan.sinks().is_empty() {
        found.push(
            Diagnostic::error("PW0602", "nothing is written: the design has no Load or Answer step")
                .help("add a “Load to file” step at the end of a flow"),
        );
    }
    found
}
