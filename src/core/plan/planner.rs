//! Plans again and again: each step's lowering is kept and taken again while its settings, its inputs and what it
//! looks up are the same. Imports project.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::checks::{Parameters, check_connections, check_paths, report_circles, report_same_files};
use super::lost_order::check_orders;
use super::order::Graph;
use super::placing::check_places;
use super::policy::{check_project, data_rules, in_force};
use crate::data::{DataType, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::Expr;
use crate::ir::{Node, NodeId, Op, Origin, Plan, PlanStep, check_secrets_of, secret_in_text};
use crate::model::{Connection, Id, Source};
use crate::project::{Project, Step};
use crate::steps::{
    DataRules, FieldKind, Lowered, Lowering, PlanBuilder, Ports, Settings, StepContext, StepKind, check_settings, kind,
    kinds,
};

/// Makes plans of a project as it changes.
#[derive(Default)]
pub struct Planner {
    steps: HashMap<Id, Kept>,
    types: BTreeMap<String, DataType>,
    rules: DataRules,
    lowered: usize,
}

/// What arrives at an input port, by its name.
type PortInputs = (String, Vec<Input>);

/// A step's last lowering, and all that it was made from.
struct Kept {
    ports: Arc<Ports>,
    kind: String,
    title: String,
    settings: Settings,
    bypassed: bool,
    found: Found,
    inputs: Vec<PortInputs>,
    broken_inputs: HashSet<String>,
    /// Id of its first node in the plan that it was made for.
    first: u32,
    nodes: Vec<Arc<Node>>,
    outputs: BTreeMap<String, NodeId>,
    own_nodes: Vec<NodeId>,
    diagnostics: Vec<Diagnostic>,
    is_stale: bool,
    /// Settings with which it gave all its outputs; used while the present ones are broken.
    last_good: Option<Settings>,
}

/// What arrives through one wire.
#[derive(Clone, Copy, PartialEq)]
struct Input {
    node: NodeId,
    hash: u64,
}

/// What a step looked up in the project.
#[derive(PartialEq, Clone, Default)]
struct Found {
    source: Option<Source>,
    /// The source's, or that of a load.
    connection: Option<Connection>,
    /// Its id and who asks it.
    question: Option<(Id, String)>,
}

impl Planner {
    /// The plan of the project as it is now. Equal to a plan made from nothing, but for steps that broke since: these
    /// go on with the rows of their last good settings, marked `stale`.
    pub fn plan(&mut self, project: &Project) -> Arc<Plan> {
        let parameters = Parameters::new(project);
        let rules = data_rules(project);
        if parameters.types != self.types || rules != self.rules {
            self.steps.clear();
            self.types.clone_from(&parameters.types);
            self.rules = rules;
        }
        self.lowered = 0;
        let graph = Graph::new(project);
        let (policy, faults) = in_force(project);
        let mut pass = Pass {
            project,
            rules: &self.rules,
            builder: PlanBuilder { nodes: Vec::new(), parameters: parameters.types },
            plan: Plan {
                parameters: parameters.declared,
                policy,
                diagnostics: [parameters.diagnostics, faults, check_connections(project), check_places(project)]
                    .concat(),
                ..Plan::default()
            },
            ports: HashMap::new(),
            kept: HashMap::with_capacity(graph.steps.len()),
            lowered: 0,
        };
        for at in &graph.order {
            let step = graph.steps[*at];
            let before = self.steps.remove_entry(&step.id);
            pass.take(step, &graph.into[*at], &graph, before);
        }
        report_circles(&graph, &mut pass.plan.diagnostics);
        for at in &graph.stuck {
            let step = graph.steps[*at];
            let hole = PlanStep { title: step.title.clone(), kind: step.kind.clone(), ..PlanStep::default() };
            pass.plan.steps.insert(step.id.clone(), hole);
        }
        let Pass { builder, mut plan, kept, lowered, .. } = pass;
        self.steps = kept;
        self.lowered = lowered;
        plan.nodes = builder.nodes;
        let nodes = plan.nodes.iter().map(|node| &**node);
        report_same_files(nodes, &mut plan.diagnostics);
        let lost = check_orders(&plan);
        plan.diagnostics.extend(lost);
        let forbidden = check_project(&plan, project);
        plan.diagnostics.extend(forbidden);
        Arc::new(plan)
    }

    /// How many steps the last plan lowered anew.
    pub fn lowered_steps(&self) -> usize {
        self.lowered
    }
}

/// One pass over the steps.
struct Pass<'a> {
    project: &'a Project,
    rules: &'a DataRules,
    builder: PlanBuilder,
    plan: Plan,
    /// Ports of steps that wires name.
    ports: HashMap<&'a str, Arc<Ports>>,
    kept: HashMap<Id, Kept>,
    lowered: usize,
}

impl<'a> Pass<'a> {
    /// Adds a step: its last lowering where nothing changed, else a new one.
    fn take(
        &mut self,
        step: &'a Step,
        wires: &[(usize, &'a crate::project::Wire)],
        graph: &Graph<'a>,
        before: Option<(Id, Kept)>,
    ) {
        let Some(kind) = kind(&step.kind) else {
            self.add_opaque(step);
            return;
        };
        let title = if step.title.is_empty() { kind.title() } else { &step.title };
        let before = before.filter(|(_, kept)| kept.kind == step.kind && kept.bypassed == step.bypassed);
        let is_unchanged =
            before.as_ref().is_some_and(|(_, kept)| kept.title == title && kept.settings == step.settings);
        let (ports, last_good, before) = match before {
            Some((id, kept)) if is_unchanged => (kept.ports.clone(), None, Some((id, kept))),
            other => (Arc::new(kind.ports(&step.settings)), other.and_then(|(_, kept)| kept.last_good), None),
        };
        self.ports.insert(&step.id, ports.clone());
        let (inputs, broken_inputs, faults) = self.arriving(step, &ports, title, wires, graph);
        let found = self.look_up(kind, &step.settings);
        let last_good = match before {
            Some((id, mut kept))
                if kept.found == found && kept.broken_inputs == broken_inputs && is_same(&kept.inputs, &inputs) =>
            {
                kept.move_to(self.builder.nodes.len() as u32, inputs);
                self.add(id, kept, faults);
                return;
            }
            Some((_, kept)) => kept.last_good,
            None => last_good,
        };
        self.lowered += 1;
        let first = self.builder.nodes.len() as u32;
        if step.bypassed {
            let nothing = ports.outputs.len() > 1;
            let nothing = nothing.then(|| self.nothing_of(step, title, &ports, &inputs)).flatten();
            let nodes = self.builder.nodes.split_off(first as usize);
            let passed = Passed { step, title, nothing, first, nodes };
            let kept = passed.kept(ports, found, inputs, broken_inputs);
            self.add(step.id.clone(), kept, faults);
            return;
        }
        let by_port: BTreeMap<String, Vec<NodeId>> = inputs
            .iter()
            .map(|(port, inputs)| (port.clone(), inputs.iter().map(|input| input.node).collect()))
            .collect();
        let job = Job { step, kind, title, inputs: &by_port, broken_inputs: &broken_inputs };
        let (mut lowered, mut is_good) = self.lower(&job, &step.settings, true);
        if let Some(fault) = self.shown_secret(&step.settings, first) {
            // A hole: no preview, run or export comes to see the value.
            lowered.diagnostics.push(fault.step(&step.id, title));
            lowered.outputs.clear();
            is_good = false;
        }
        let mut is_stale = false;
        let mut good = is_good.then(|| step.settings.clone());
        if !is_good && lowered.outputs.is_empty() {
            // The rows of the last good settings stand in, so that neighbours go on.
            self.builder.nodes.truncate(first as usize);
            lowered.nodes.clear();
            if let Some(settings) = last_good {
                let (stand_in, is_good) = self.lower(&job, &settings, false);
                if is_good {
                    (lowered.outputs, lowered.nodes, is_stale) = (stand_in.outputs, stand_in.nodes, true);
                } else {
                    self.builder.nodes.truncate(first as usize);
                }
                good = Some(settings);
            }
        }
        let nodes = self.builder.nodes.split_off(first as usize);
        for node in &nodes {
            let diagnostic = check_paths(node, &self.builder.parameters);
            lowered.diagnostics.extend(diagnostic.map(|found| found.step(&step.id, title)));
        }
        let kept = Kept {
            ports,
            kind: step.kind.clone(),
            title: title.to_owned(),
            settings: step.settings.clone(),
            bypassed: false,
            found,
            inputs,
            broken_inputs,
            first,
            nodes,
            outputs: lowered.outputs,
            own_nodes: lowered.nodes,
            diagnostics: lowered.diagnostics,
            is_stale,
            last_good: good,
        };
        self.add(step.id.clone(), kept, faults);
    }

    /// A secret that one of the nodes from `first` on would show, told at the setting that names it.
    fn shown_secret(&self, settings: &Settings, first: u32) -> Option<Diagnostic> {
        let secrets = &self.rules.secrets;
        let fault = self.builder.nodes[first as usize..].iter().find_map(|node| check_secrets_of(node, secrets))?;
        let names_it = |setting: &&String| secret_in_text(&settings[*setting].to_string(), secrets).is_some();
        let field = settings.keys().find(names_it).map_or("source", String::as_str);
        Some(fault.field(field))
    }

    /// None of the rows that arrive at a bypassed step: for all of its outputs but one, so that no row is there twice
    /// where they come together.
    fn nothing_of(&mut self, step: &Step, title: &str, ports: &Ports, inputs: &[PortInputs]) -> Option<NodeId> {
        let arriving = arriving_first(ports, inputs)?;
        let origin = Origin { step: step.id.clone(), title: title.to_owned() };
        let predicate = Expr::literal(Value::Boolean(false));
        self.builder.push(Op::Filter { predicate }, vec![arriving], &origin).ok()
    }

    fn add(&mut self, id: Id, kept: Kept, faults: Vec<Diagnostic>) {
        self.builder.nodes.extend(kept.nodes.iter().cloned());
        self.plan.diagnostics.extend(faults);
        self.plan.diagnostics.extend(kept.diagnostics.iter().cloned());
        let planned = PlanStep {
            title: kept.title.clone(),
            kind: kept.kind.clone(),
            outputs: kept.outputs.clone(),
            nodes: kept.own_nodes.clone(),
            stale: kept.is_stale,
        };
        self.plan.steps.insert(id.clone(), planned);
        self.kept.insert(id, kept);
    }

    /// A kind that this version does not know: kept, without rows.
    fn add_opaque(&mut self, step: &Step) {
        let near = did_you_mean(&step.kind, kinds().iter().map(|kind| kind.name()));
        self.plan.diagnostics.push(
            Diagnostic::warning("PW0554", format!("this version does not know the step kind `{}`{near}", step.kind))
                .help("the step is kept as it is and gives no rows; a newer version may know it")
                .step(&step.id, &step.title),
        );
        let opaque = PlanStep { title: step.title.clone(), kind: step.kind.clone(), ..PlanStep::default() };
        self.plan.steps.insert(step.id.clone(), opaque);
    }

    /// Lowers a step with some settings; good where it reports no error.
    fn lower(&mut self, job: &Job, settings: &Settings, is_present: bool) -> (Lowered, bool) {
        let checked = check_settings(job.kind, settings);
        let is_readable = !checked.iter().any(Diagnostic::is_error);
        let parameters = self.builder.parameters.clone();
        let mut lowering = Lowering {
            context: StepContext {
                sources: &self.project.sources,
                connections: &self.project.connections,
                questions: &self.project.questions,
                parameters: &parameters,
                rules: self.rules,
            },
            settings,
            origin: Origin { step: job.step.id.clone(), title: job.title.to_owned() },
            inputs: job.inputs,
            broken_inputs: job.broken_inputs,
            builder: &mut self.builder,
            lowered: Lowered::default(),
        };
        for diagnostic in checked {
            lowering.report(diagnostic);
        }
        if is_readable {
            job.kind.lower(&mut lowering);
        } else if is_present {
            // Missing wires are told together with missing settings.
            for port in job.kind.ports(settings).inputs {
                lowering.input(&port.name);
            }
        }
        let lowered = lowering.lowered;
        let is_good =
            is_readable && !lowered.outputs.is_empty() && !lowered.diagnostics.iter().any(Diagnostic::is_error);
        (lowered, is_good)
    }

    /// What arrives at the input ports, which neighbours are broken, and wires that fit no port.
    fn arriving(
        &mut self,
        step: &'a Step,
        ports: &Ports,
        title: &str,
        wires: &[(usize, &'a crate::project::Wire)],
        graph: &Graph<'a>,
    ) -> (Vec<PortInputs>, HashSet<String>, Vec<Diagnostic>) {
        let mut inputs: Vec<PortInputs> = Vec::new();
        let (mut broken, mut faults) = (HashSet::new(), Vec::new());
        for (from, wire) in wires {
            let Some(port) = ports.inputs.iter().find(|port| port.name == wire.input) else {
                faults.push(unknown_input(&wire.input, title, ports).step(&step.id, title));
                continue;
            };
            let neighbour = graph.steps[*from];
            let Some(node) = self.plan.output(&wire.from, &wire.output) else {
                broken.insert(wire.input.clone());
                if let Some(fault) = self.unknown_output(neighbour, &wire.output) {
                    faults.push(fault.step(&step.id, title).field(format!("input.{}", wire.input)));
                }
                continue;
            };
            let input = Input { node, hash: self.builder.nodes[node.0 as usize].hash };
            match inputs.iter_mut().find(|(name, _)| *name == wire.input) {
                Some((_, arriving)) if port.many => arriving.push(input),
                Some(_) => faults.push(
                    Diagnostic::error("PW0555", format!("two wires end at the input `{}`", wire.input))
                        .help("remove one, or put the rows together with a Concatenate step")
                        .step(&step.id, title)
                        .field(format!("input.{}", wire.input)),
                ),
                None => inputs.push((wire.input.clone(), vec![input])),
            }
        }
        (inputs, broken, faults)
    }

    /// Tells of an output port that a step does not have; nothing where the step is merely broken.
    fn unknown_output(&self, step: &'a Step, output: &str) -> Option<Diagnostic> {
        let kind = kind(&step.kind)?;
        let ports = self.ports.get(step.id.as_str())?;
        if ports.outputs.iter().any(|port| port.name == output) {
            return None;
        }
        let title = if step.title.is_empty() { kind.title() } else { &step.title };
        let names: Vec<String> = ports.outputs.iter().map(|port| format!("`{}`", port.name)).collect();
        let help = if names.is_empty() {
            format!("nothing comes out of “{title}”; wire the step before it")
        } else {
            format!("its outputs are {}", names.join(", "))
        };
        Some(
            Diagnostic::error(
                "PW0556",
                format!("the wire begins at the output `{output}` of “{title}”, which has none of that name"),
            )
            .help(help),
        )
    }

    /// The source and question that the settings name.
    fn look_up(&self, kind: &dyn StepKind, settings: &Settings) -> Found {
        let (mut found, connections) = (Found::default(), &self.project.connections);
        for field in kind.form() {
            let id = || settings.get(field.name).and_then(|value| value.as_str());
            match &field.kind {
                FieldKind::Source => {
                    found.source = id().and_then(|id| self.project.sources.get(id)).cloned();
                    let named = found.source.as_ref().and_then(|source| connections.get(&source.connection));
                    found.connection = named.cloned();
                }
                FieldKind::Connection { .. } => found.connection = id().and_then(|id| connections.get(id)).cloned(),
                FieldKind::Question => {
                    found.question = id()
                        .and_then(|id| self.project.questions.get(id))
                        .map(|found| (found.id.clone(), found.asker.clone()));
                }
                _ => {}
            }
        }
        found
    }
}

/// What arrives at the first input.
fn arriving_first(ports: &Ports, inputs: &[PortInputs]) -> Option<NodeId> {
    let main = ports.inputs.first()?;
    let (_, arriving) = inputs.iter().find(|(port, _)| *port == main.name)?;
    Some(arriving.first()?.node)
}

/// A step that is left out: what arrives at its first input passes. Of several outputs the last one has the rows, which
/// takes what no other takes, and the others have none.
struct Passed<'a> {
    step: &'a Step,
    title: &'a str,
    nothing: Option<NodeId>,
    first: u32,
    nodes: Vec<Arc<Node>>,
}

impl Passed<'_> {
    fn told(&self, ports: &Ports) -> Diagnostic {
        let warning = |message: String| Diagnostic::warning("PW0563", message);
        let (title, in_earnest) = (self.title, "take the bypass off before the design is run in earnest");
        match &ports.outputs[..] {
            _ if ports.inputs.is_empty() => {
                warning(format!("“{title}” reads data, and gives none while it is bypassed"))
                    .help("take the bypass off, or delete the step")
            }
            [] => warning(format!("“{title}” is bypassed: nothing is written there")).help(in_earnest),
            [_] => warning(format!("“{title}” is bypassed: its rows pass as they come")).help(in_earnest),
            [.., last] => {
                let message =
                    format!("“{title}” is bypassed: all its rows pass to “{}”, none to other outputs", last.label);
                warning(message).help(in_earnest)
            }
        }
    }

    fn kept(self, ports: Arc<Ports>, found: Found, inputs: Vec<PortInputs>, broken_inputs: HashSet<String>) -> Kept {
        let arriving = arriving_first(&ports, &inputs);
        let last = ports.outputs.len().saturating_sub(1);
        let outputs = ports.outputs.iter().enumerate().filter_map(|(index, port)| {
            let node = if index == last { arriving } else { self.nothing };
            Some((port.name.clone(), node?))
        });
        Kept {
            outputs: outputs.collect(),
            kind: self.step.kind.clone(),
            title: self.title.to_owned(),
            settings: self.step.settings.clone(),
            bypassed: true,
            diagnostics: vec![self.told(&ports).step(&self.step.id, self.title).field("bypassed")],
            found,
            inputs,
            broken_inputs,
            first: self.first,
            nodes: self.nodes,
            own_nodes: self.nothing.into_iter().collect(),
            is_stale: false,
            last_good: None,
            ports,
        }
    }
}

/// A step to lower.
struct Job<'a> {
    step: &'a Step,
    kind: &'static dyn StepKind,
    title: &'a str,
    inputs: &'a BTreeMap<String, Vec<NodeId>>,
    broken_inputs: &'a HashSet<String>,
}

fn unknown_input(input: &str, title: &str, ports: &Ports) -> Diagnostic {
    let names: Vec<String> = ports.inputs.iter().map(|port| format!("`{}`", port.name)).collect();
    let help = if names.is_empty() {
        "it takes none: remove the wire".to_owned()
    } else {
        format!("its inputs are {}", names.join(", "))
    };
    Diagnostic::error("PW0557", format!("a wire ends at the input `{input}`, which “{title}” does not have")).help(help)
}

/// Whether the same rows arrive, wherever their nodes stand.
fn is_same(before: &[(String, Vec<Input>)], now: &[(String, Vec<Input>)]) -> bool {
    before.len() == now.len()
        && before.iter().zip(now).all(|((port, old), (other, new))| {
            port == other && old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.hash == new.hash)
        })
}

impl Kept {
    /// Puts the nodes at another place in the plan, reading inputs that may have moved.
    fn move_to(&mut self, first: u32, inputs: Vec<PortInputs>) {
        if first == self.first && inputs == self.inputs {
            return;
        }
        let pairs = self.inputs.iter().zip(&inputs).flat_map(|((_, old), (_, new))| old.iter().zip(new));
        let moved: HashMap<NodeId, NodeId> = pairs.map(|(old, new)| (old.node, new.node)).collect();
        let (old_first, count) = (self.first, self.nodes.len() as u32);
        let place = |id: NodeId| {
            if (old_first..old_first + count).contains(&id.0) {
                NodeId(id.0 - old_first + first)
            } else {
                moved.get(&id).copied().unwrap_or(id)
            }
        };
        for node in &mut self.nodes {
            if node.inputs.iter().any(|id| place(*id) != *id) {
                let inputs = node.inputs.iter().map(|id| place(*id)).collect();
                Arc::make_mut(node).inputs = inputs;
            }
        }
        self.outputs.values_mut().for_each(|id| *id = place(*id));
        self.own_nodes.iter_mut().for_each(|id| *id = place(*id));
        self.first = first;
        self.inputs = inputs;
    }
}
