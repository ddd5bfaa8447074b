//! What previews have shown so far, by step and output port, with how far each is to be trusted. Plain data of the
//! designer; imports no egui.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pipewright_core::data::{TableRows, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{LeftOut, Matches, NodeId, Plan, left_out, resolve_parameters};
use pipewright_core::model::Id;
use pipewright_core::planner::{AnswerShape, Headline, Plotted};

use pipewright_engine::ResultTable;

use crate::gui::backend::{ColumnProfile, NodeResult, PreviewReply};

/// How a shown result relates to the design as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Of the design as it is.
    Fresh,
    /// Of an earlier design; a new one is being computed.
    Computing,
    /// Of an earlier design, and the step is broken or waits for a broken one.
    Stale,
}

/// The last result of an output.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Structural hash of the node it was computed for.
    pub hash: u64,
    pub result: Result<NodeResult, Diagnostic>,
    /// What an answer's card tells of its rows.
    pub told: Option<Arc<Told>>,
}

/// An answer's rows in short: its sentence, and the chart of what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub headline: Headline,
    /// What the answer is about.
    pub shape: Arc<AnswerShape>,
    pub chart: Option<Plotted>,
    /// The column and the value that the sentence is about.
    pub key: Option<(String, Value)>,
}

impl Told {
    fn of(shape: &Arc<AnswerShape>, table: &ResultTable, whole: Option<&ResultTable>) -> Arc<Told> {
        let whole = whole.map(|whole| whole as &dyn TableRows);
        let headline = shape.headline(table, whole);
        let (chart, key) = (shape.plotted(table, whole), shape.told_key(table));
        Arc::new(Told { headline, chart, key, shape: shape.clone() })
    }
}

/// A node as part of a step.
#[derive(Debug)]
struct Site {
    step: Id,
    /// What it is about, of an answer.
    shape: Option<Arc<AnswerShape>>,
    /// Among the nodes that the step was lowered to; `None`: it only passes the node on.
    place: Option<usize>,
    ports: Vec<String>,
}

/// What an answer makes all together, as far as it is computed.
#[derive(Debug)]
struct Whole {
    /// The node of the answer's own rows.
    answer: NodeId,
    hash: u64,
    table: Option<Arc<ResultTable>>,
}

/// Results by step and output port.
#[derive(Debug, Default)]
pub struct Results {
    by_port: BTreeMap<(Id, String), Outcome>,
    /// Every node that a step was lowered to, by its place among them: what became of units and rejected rows.
    by_node: BTreeMap<(Id, usize), NodeResult>,
    profiles: BTreeMap<u64, Arc<Vec<ColumnProfile>>>,
    asked_profiles: BTreeSet<u64>,
    /// Where a node of the plan stands: its step, its place among the step's nodes, the ports that it leads to.
    index: HashMap<NodeId, Vec<Site>>,
    /// By the nodes that give them, behind the plan of the design.
    wholes: BTreeMap<NodeId, Whole>,
    /// Nodes that rest on a broken step, whose last good settings stand in, with that step.
    resting: HashMap<NodeId, Id>,
    /// By the hash of a source's node, when its rows were read, in microseconds.
    read_at: HashMap<u64, i64>,
    /// Whether the last request still runs.
    pub computing: bool,
    /// Grows with every change.
    pub version: u64,
}

impl Results {
    pub fn clear(&mut self) {
        *self = Self { version: self.version + 1, ..Self::default() };
    }

    pub fn get(&self, step: &str, port: &str) -> Option<&Outcome> {
        self.by_port.get(&(step.to_owned(), port.to_owned()))
    }

    /// The rows of an output, if it has any.
    pub fn rows(&self, step: &str, port: &str) -> Option<&NodeResult> {
        self.get(step, port)?.result.as_ref().ok()
    }

    /// When the rows of a source were read, by the hash of its node; in microseconds.
    pub fn read_at(&self, hash: u64) -> Option<i64> {
        self.read_at.get(&hash).copied()
    }

    /// The rows of all outputs.
    pub fn all(&self) -> impl Iterator<Item = &NodeResult> {
        self.by_port.values().filter_map(|outcome| outcome.result.as_ref().ok())
    }

    pub fn profile(&self, hash: u64) -> Option<&Arc<Vec<ColumnProfile>>> {
        self.profiles.get(&hash)
    }

    pub fn set_profile(&mut self, hash: u64, profile: Arc<Vec<ColumnProfile>>) {
        self.profiles.insert(hash, profile);
        self.version += 1;
    }

    /// Whether a profile is to be asked for; says so once.
    pub fn wants_profile(&mut self, hash: u64) -> bool {
        self.asked_profiles.insert(hash)
    }

    /// Takes a reply in. The ports that lead to its node have it as their result.
    pub fn take(&mut self, reply: PreviewReply) {
        self.version += 1;
        self.computing = !reply.done;
        if reply.result.as_ref().is_ok_and(|result| !result.from_cache) {
            // The same design over files that have changed.
            self.profiles.remove(&reply.hash);
            self.asked_profiles.remove(&reply.hash);
            if reply.result.as_ref().is_ok_and(|result| result.statement.is_some()) {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.read_at.insert(reply.hash, now.as_micros() as i64);
            }
        }
        if let Some(whole) = self.wholes.get_mut(&reply.node) {
            whole.table = reply.result.as_ref().ok().map(|found| found.table.clone());
            let answer = whole.answer;
            self.tell_again(answer);
            return;
        }
        let whole = self.whole_of(reply.node);
        for site in self.index.get(&reply.node).into_iter().flatten() {
            if let Some(place) = site.place {
                let key = (site.step.clone(), place);
                match &reply.result {
                    Ok(result) => self.by_node.insert(key, result.clone()),
                    Err(_) => self.by_node.remove(&key),
                };
            }
            for port in &site.ports {
                let found = reply.result.as_ref().ok().zip(site.shape.as_ref());
                let told = found.map(|(found, shape)| Told::of(shape, &found.table, whole.as_deref()));
                let outcome = Outcome { hash: reply.hash, result: reply.result.clone(), told };
                self.by_port.insert((site.step.clone(), port.clone()), outcome);
            }
        }
    }

    /// What an answer makes all together.
    fn whole_of(&self, answer: NodeId) -> Option<Arc<ResultTable>> {
        self.wholes.values().find(|whole| whole.answer == answer)?.table.clone()
    }

    /// Tells of an answer again: there is more to tell.
    fn tell_again(&mut self, answer: NodeId) {
        let whole = self.whole_of(answer);
        for site in self.index.get(&answer).into_iter().flatten() {
            let Some(shape) = &site.shape else { continue };
            for port in &site.ports {
                let Some(outcome) = self.by_port.get_mut(&(site.step.clone(), port.clone())) else { continue };
                if let Ok(found) = &outcome.result {
                    outcome.told = Some(Told::of(shape, &found.table, whole.as_deref()));
                }
            }
        }
    }

    /// The nodes that give what answers make all together.
    pub fn whole_nodes(&self) -> impl Iterator<Item = NodeId> {
        self.wholes.keys().copied()
    }

    /// Forgets the steps that are gone.
    pub fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.by_port.retain(|(step, _), _| is_there(step));
        self.by_node.retain(|(step, _), _| is_there(step));
        let shown: BTreeSet<u64> = self.by_port.values().map(|outcome| outcome.hash).collect();
        self.profiles.retain(|hash, _| shown.contains(hash));
        self.asked_profiles.retain(|hash| shown.contains(hash));
    }

    /// The results of all nodes that a step was lowered to.
    pub fn nodes<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a NodeResult> {
        self.by_node.range((step.to_owned(), 0)..).take_while(move |((id, _), _)| id == step).map(|(_, found)| found)
    }

    /// What was computed for a node of the plan.
    pub fn of_node(&self, plan: &Plan, id: NodeId) -> Option<&NodeResult> {
        let step = &plan.node(id).origin.step;
        let place = plan.steps.get(step)?.nodes.iter().position(|node| *node == id)?;
        self.by_node.get(&(step.clone(), place))
    }

    /// What the rows of a step leave out, as far as they are computed.
    pub fn left_out_of(&self, plan: &Plan, step: &str) -> Vec<LeftOut> {
        let Some(node) = plan.steps.get(step).and_then(|step| step.nodes.last()) else { return Vec::new() };
        let fate = |id: NodeId| Some(self.of_node(plan, id)?.fate());
        let values = resolve_parameters(&plan.parameters, &BTreeMap::new(), &|_| None).unwrap_or_default();
        left_out(plan, *node, &values, &fate)
    }

    /// How rows of a step's sides found partners, where it is a join and its result is of the design as it is.
    pub fn matches<'a>(&'a self, step: &'a str) -> Option<&'a Matches> {
        self.nodes(step).find_map(|node| node.matches.as_ref())
    }

    /// There is a new plan: replies belong to its nodes, and nodes that a step no longer has are forgotten. `shape`
    /// gives what the answer of a step is about. Gives the plan that previews are asked of: with what answers make all
    /// together.
    pub fn follow(&mut self, plan: &Plan, shape: impl Fn(&str) -> Option<AnswerShape>) -> Plan {
        let mut asked = plan.clone();
        let before = std::mem::take(&mut self.wholes);
        self.by_node.retain(|(step, place), _| plan.steps.get(step).is_none_or(|step| *place < step.nodes.len()));
        self.resting = resting(plan);
        self.index.clear();
        for (id, step) in &plan.steps {
            let mut sites: BTreeMap<NodeId, Site> = BTreeMap::new();
            let shape = if step.kind == "answer" { shape(id).map(Arc::new) } else { None };
            if let Some((shape, answer)) = shape.as_ref().zip(step.outputs.get("out").copied())
                && let Some(node) = shape.add_whole(&mut asked, answer)
            {
                let hash = asked.node(node).hash;
                let table = before.values().find(|whole| whole.hash == hash).and_then(|whole| whole.table.clone());
                self.wholes.insert(node, Whole { answer, hash, table });
            }
            let site = || Site { step: id.clone(), shape: shape.clone(), place: None, ports: Vec::new() };
            for (place, node) in step.nodes.iter().enumerate() {
                sites.entry(*node).or_insert_with(site).place = Some(place);
            }
            for (port, node) in &step.outputs {
                sites.entry(*node).or_insert_with(site).ports.push(port.clone());
            }
            for (node, site) in sites {
                self.index.entry(node).or_default().push(site);
            }
        }
        asked
    }

    /// What went wrong with the outputs of the design as it is.
    pub fn faults<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a Diagnostic> {
        self.by_port.iter().filter_map(|((step, port), outcome)| {
            let fault = outcome.result.as_ref().err()?;
            (fault.is_error() && self.freshness(plan, step, port) == Freshness::Fresh).then_some(fault)
        })
    }

    /// The broken step that an output waits for.
    pub fn waits_for(&self, plan: &Plan, step: &str, port: &str) -> Option<&Id> {
        self.resting.get(&plan.output(step, port)?).filter(|broken| *broken != step)
    }

    /// How the shown result of an output relates to the plan.
    pub fn freshness(&self, plan: &Plan, step: &str, port: &str) -> Freshness {
        let node = plan.output(step, port);
        if node.is_some_and(|node| self.resting.contains_key(&node)) || plan.steps.get(step).is_some_and(|s| s.stale) {
            return Freshness::Stale;
        }
        match (node.map(|node| plan.node(node).hash), self.get(step, port)) {
            (Some(hash), Some(outcome)) if hash == outcome.hash => Freshness::Fresh,
            (Some(_), _) if self.computing => Freshness::Computing,
            _ => Freshness::Stale,
        }
    }
}

/// Nodes of broken steps, and what comes after them. Inputs stand before the nodes that they feed.
fn resting(plan: &Plan) -> HashMap<NodeId, Id> {
    let mut found: HashMap<NodeId, Id> = HashMap::new();
    for (id, node) in plan.iter() {
        let is_broken = plan.steps.get(&node.origin.step).is_some_and(|step| step.stale);
        let broken = if is_broken {
            Some(node.origin.step.clone())
        } else {
            node.inputs.iter().find_map(|input| found.get(input).cloned())
        };
        if let Some(broken) = broken {
            found.insert(id, broken);
        }
    }
    found
}
