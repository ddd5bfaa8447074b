//! What previews have shown so far, by step and output port, with how far each is to be trusted. Plain data of the
//! designer; imports no egui.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use pipewright_core::data::{DataType, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{NodeId, Plan};
use pipewright_core::model::Id;

use super::backend::{ColumnProfile, NodeResult, PreviewReply, ResultTable};

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
    pub digest: Option<Digest>,
}

/// The number column that an answer's chart shows, in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    pub column: String,
    pub min: f64,
    pub max: f64,
    /// Points for a small chart, in the order of the rows; at most 64.
    pub points: Vec<f32>,
}

/// A node as part of a step.
#[derive(Debug)]
struct Site {
    step: Id,
    is_answer: bool,
    /// The column that an answer's chart shows; none: the first number.
    charted: Option<String>,
    /// Among the nodes that the step was lowered to; `None`: it only passes the node on.
    place: Option<usize>,
    ports: Vec<String>,
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
    /// Nodes that rest on a broken step, whose last good settings stand in, with that step.
    resting: HashMap<NodeId, Id>,
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
        }
        for site in self.index.get(&reply.node).into_iter().flatten() {
            if let Some(place) = site.place {
                let key = (site.step.clone(), place);
                match &reply.result {
                    Ok(result) => self.by_node.insert(key, result.clone()),
                    Err(_) => self.by_node.remove(&key),
                };
            }
            for port in &site.ports {
                let found = reply.result.as_ref().ok().filter(|_| site.is_answer);
                let digest = found.and_then(|found| digest(&found.table, site.charted.as_deref()));
                let outcome = Outcome { hash: reply.hash, result: reply.result.clone(), digest };
                self.by_port.insert((site.step.clone(), port.clone()), outcome);
            }
        }
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

    /// There is a new plan: replies belong to its nodes, and nodes that a step no longer has are forgotten. `charted`
    /// gives the column that an answer's chart shows.
    pub fn follow(&mut self, plan: &Plan, charted: impl Fn(&str) -> Option<String>) {
        self.by_node.retain(|(step, place), _| plan.steps.get(step).is_none_or(|step| *place < step.nodes.len()));
        self.resting = resting(plan);
        self.index.clear();
        for (id, step) in &plan.steps {
            let mut sites: BTreeMap<NodeId, Site> = BTreeMap::new();
            let is_answer = step.kind == "answer";
            let charted = if is_answer { charted(id) } else { None };
            let site =
                || Site { step: id.clone(), is_answer, charted: charted.clone(), place: None, ports: Vec::new() };
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

/// The wanted column, or else the first number column; `None` where there is none, or no number in it.
fn digest(table: &ResultTable, wanted: Option<&str>) -> Option<Digest> {
    const POINTS: usize = 64;
    /// Rows that are looked at: an answer is small, and a large one is told from its beginning.
    const ROWS: usize = 10_000;
    let is_number = |data_type: &DataType| matches!(data_type, DataType::Int | DataType::Float);
    let fields = &table.schema().fields;
    let column = fields.iter().position(|field| is_number(&field.data_type) && Some(field.name.as_str()) == wanted);
    let column = column.or_else(|| fields.iter().position(|field| is_number(&field.data_type)))?;
    let number = |row: usize| match table.value(row, column) {
        Value::Int(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    };
    let rows = table.rows().min(ROWS);
    let numbers: Vec<f64> = (0..rows).filter_map(number).collect();
    let points = rows.min(POINTS);
    Some(Digest {
        column: table.schema().fields.get(column)?.name.clone(),
        min: numbers.iter().copied().reduce(f64::min)?,
        max: numbers.iter().copied().reduce(f64::max)?,
        points: (0..points).map(|point| number(point * rows / points).unwrap_or_default() as f32).collect(),
    })
}
