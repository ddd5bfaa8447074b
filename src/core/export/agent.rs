//! Targets that are log agents. Pipewright reads the sources and hands their rows to the agent, which takes the steps that
//! look at one row at a time, as far as they come; what it cannot carry stays behind in `rest.json`, which Pipewright's
//! own runner runs on what the agent hands over. What agents differ in is how they are fed, told and started.

pub mod conditions;
pub mod packed;
mod scripts;

use std::collections::{BTreeMap, BTreeSet};

pub use self::scripts::feed;

use super::handover::push;
use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::{Bundle, DesignInfo, Support, Target, by_step, staging};
use crate::diagnostic::Diagnostic;
use crate::formats::FormatSpec;
use crate::ir::{Check, FileKind, Node, NodeId, OnFail, Op, Plan, Read, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};

/// What an agent is told, and how it is started.
#[derive(Default)]
pub struct Files {
    /// Its configuration: a name and a text.
    pub configuration: (&'static str, String),
    /// Files and programs beside it.
    pub texts: BTreeMap<String, String>,
    pub programs: BTreeMap<String, String>,
    /// Lines of `run.sh` that run the agent once over the rows in `$work/stage`, in `$work`: it writes `handover/`.
    pub once: &'static str,
    pub readme: &'static str,
}

/// A log agent.
pub trait Agent: Sync {
    /// What it does at a node.
    type Stage;

    fn name(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn doc(&self) -> &'static str;
    /// What it does at a node; `before`: at those before it.
    fn stage(&self, plan: &Plan, id: NodeId, before: &BTreeMap<NodeId, Self::Stage>)
    -> Result<Self::Stage, Diagnostic>;
    fn files(&self, plan: &Plan, stages: &BTreeMap<NodeId, Self::Stage>, handed: &[NodeId]) -> Files;

    /// Rows go to it and come back as `packed` has them.
    fn is_packed(&self) -> bool {
        false
    }
}

/// The fault of what an agent of that title does not carry.
pub fn refuse(title: &str, what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("PW0640", format!("{title} does not carry {what}"))
        .help("the step stays behind, in `rest.json`; to have it in the agent, do this part in another way")
}

/// Why no agent takes what is not row by row.
pub fn not_row_wise(op: &Op) -> &'static str {
    match op {
        Op::Check(Check { on_fail: OnFail::Flag(_), .. }) | Op::Filter { .. } | Op::Project(_) => "this step",
        Op::Check(_) => "checks that turn rows away",
        Op::Write(_) => "loads: results are put in place whole",
        Op::Parse(_) => "Pipewright's formats inside of columns",
        Op::Explode(_) | Op::Unpivot(_) => "steps that make several rows of one",
        Op::Union => "steps that take several inputs",
        Op::Read(_) => "sources that are no files",
        Op::Rows(_)
        | Op::Aggregate(_)
        | Op::Window(_)
        | Op::Join(_)
        | Op::AsofJoin(_)
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_) => "steps that look at more than one row",
    }
}

/// A log agent as a target.
pub struct OnAgent<A>(pub A);

impl<A: Agent> Target for OnAgent<A> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn title(&self) -> &'static str {
        self.0.title()
    }

    fn doc(&self) -> &'static str {
        self.0.doc()
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let stages = carried(&self.0, plan);
        by_step(plan, |id, node| match (&node.op, stages.contains_key(&id)) {
            (Op::Read(_), true) => {
                (Support::Rewritten, format!("read by Pipewright, and fed to {} row by row", self.title()))
            }
            (_, true) => (Support::Native, String::new()),
            (_, false) => match self.not_loaded(node) {
                Some(fault) => (Support::Unsupported, fault.message),
                None => (Support::Behind, format!("stays behind: {}", self.why_not(plan, id, &stages))),
            },
        })
    }

    fn verify_command(&self) -> &'static str {
        "PIPEWRIGHT_STAGE=\"$here/receipt/stage.json\" \"$here/run.sh\" \"$out\" --trust || [ $? -eq 3 ]"
    }

    fn stage(&self, plan: &Plan) -> Option<Plan> {
        Some(self.fed(plan, &carried(&self.0, plan))).filter(|staged| !staged.nodes.is_empty())
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let plan = prune(plan, &plan.sinks());
        let mut bundle = Bundle { diagnostics: staging::check_paths(&plan), ..Bundle::default() };
        bundle.diagnostics.extend(plan.nodes.iter().filter_map(|node| self.not_loaded(node)));
        let stages = carried(&self.0, &plan);
        if stages.is_empty() {
            bundle.diagnostics.extend(self.not_fed(&plan, &stages));
        }
        let staged = self.fed(&plan, &stages);
        // What is secret is not written down, not even for a while.
        bundle.diagnostics.extend(check_policy(&staged));
        if bundle.has_errors() {
            return bundle;
        }
        let keeps_lines = check_kept_lines(&staged, &info.sources, &is_same_path).is_empty();
        let handed: Vec<NodeId> = handovers(&plan, &stages).into_iter().collect();
        let pipeline = |what: &str, plan: Plan| Pipeline {
            pipeline: PIPELINE_VERSION,
            name: format!("{}: {what}", info.name),
            plan,
        };
        bundle.text("rest.json", pipeline("what stays behind", self.left_behind(&plan, &stages, &handed)).to_text());
        bundle.text("stage.json", pipeline("sources", staged).to_text());
        let files = self.0.files(&plan, &stages, &handed);
        scripts::write(&mut bundle, self.title(), &plan, info, files, &handed, keeps_lines);
        bundle
    }
}

impl<A: Agent> OnAgent<A> {
    /// Why a node stays behind.
    fn why_not(&self, plan: &Plan, id: NodeId, stages: &BTreeMap<NodeId, A::Stage>) -> String {
        match self.0.stage(plan, id, stages) {
            Err(fault) => fault.message,
            Ok(_) => "a step before it stays behind".to_owned(),
        }
    }

    /// Why no source of a design is one that the agent can be fed with.
    fn not_fed(&self, plan: &Plan, stages: &BTreeMap<NodeId, A::Stage>) -> Vec<Diagnostic> {
        let help = "export to the target `pipeline`";
        let reads = plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_)));
        let faults = reads.filter_map(|(id, node)| {
            let fault = self.0.stage(plan, id, stages).err()?;
            let is_file = matches!(&node.op, Op::Read(Read { location: None, planned: None, .. }));
            let otherwise = if is_file { "give the column another name in the source, or " } else { "" };
            Some(fault.help(format!("{otherwise}{help}")).step(&node.origin.step, &node.origin.title))
        });
        let faults: Vec<Diagnostic> = faults.collect();
        match faults.is_empty() {
            true => vec![refuse(self.title(), "a design that reads no file").help(help)],
            false => faults,
        }
    }

    /// The fault of a load where a connection leads: a bundle opens none.
    fn not_loaded(&self, node: &Node) -> Option<Diagnostic> {
        let Op::Write(write) = &node.op else { return None };
        let fault = refuse(self.title(), format_args!("the load into {}", write.destination.shown_place()?));
        let fault = fault.help("export to the target `pipeline`, or load a file");
        Some(fault.step(&node.origin.step, &node.origin.title))
    }

    /// A pipeline of the sources alone, each a file of JSON lines.
    fn fed(&self, plan: &Plan, stages: &BTreeMap<NodeId, A::Stage>) -> Plan {
        let staged = staging::stage(plan, FileKind::Jsonl, &|id| format!("n{}.jsonl", id.0));
        let reads = plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_)));
        let is_fed: Vec<bool> = reads.map(|(id, _)| stages.contains_key(&id)).collect();
        if self.0.is_packed() { packed::fed(&staged, &is_fed) } else { staged }
    }

    /// Everything that the agent does not do, on what it hands over.
    fn left_behind(&self, plan: &Plan, stages: &BTreeMap<NodeId, A::Stage>, handed: &[NodeId]) -> Plan {
        let mut rest = Plan { parameters: plan.parameters.clone(), ..Plan::default() };
        let mut places: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for (id, node) in plan.iter() {
            let is_read = matches!(node.op, Op::Read(_)) && !stages.contains_key(&id);
            let made = match (handed.contains(&id), is_read, stages.contains_key(&id)) {
                (true, ..) if self.0.is_packed() => packed::handed(&mut rest, rows_in("handover", id, node), node),
                (true, ..) => push(&mut rest, rows_in("handover", id, node), vec![], node.schema.clone(), &node.origin),
                (_, true, _) => push(&mut rest, rows_in("stage", id, node), vec![], node.schema.clone(), &node.origin),
                (.., true) => continue,
                _ => {
                    let inputs = node.inputs.iter().filter_map(|input| places.get(input)).copied().collect();
                    push(&mut rest, node.op.clone(), inputs, node.schema.clone(), &node.origin)
                }
            };
            places.insert(id, made);
        }
        rest
    }
}

/// What the agent does, by nodes: as far down from the sources as it comes.
fn carried<A: Agent>(agent: &A, plan: &Plan) -> BTreeMap<NodeId, A::Stage> {
    let mut stages: BTreeMap<NodeId, A::Stage> = BTreeMap::new();
    for (id, node) in plan.iter() {
        if node.inputs.iter().all(|input| stages.contains_key(input))
            && let Ok(stage) = agent.stage(plan, id, &stages)
        {
            stages.insert(id, stage);
        }
    }
    stages
}

/// Nodes that the agent has and others want.
fn handovers<S>(plan: &Plan, stages: &BTreeMap<NodeId, S>) -> BTreeSet<NodeId> {
    let behind = plan.iter().filter(|(id, _)| !stages.contains_key(id));
    behind.flat_map(|(_, node)| &node.inputs).filter(|input| stages.contains_key(input)).copied().collect()
}

/// Rows that lie in a folder of the run.
fn rows_in(folder: &str, id: NodeId, node: &Node) -> Op {
    Op::Read(Read {
        path: format!("{folder}/n{}.jsonl", id.0),
        format: FormatSpec::new("json_lines"),
        schema: node.schema.clone(),
        columns: None,
        position: false,
        planned: None,
        location: None,
    })
}
