//! The parts of a plan that is split by place: a plan for each place (for several where rows come back to it), what goes
//! over between them, and in which order they are run. Must not import the cut's search.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Cut;
use super::phases::Phases;
use crate::data::{DataType, Labels, Schema};
use crate::diagnostic::Diagnostic;
use crate::export::handover;
use crate::formats::FormatSpec;
use crate::ir::{
    Column, Destination, FileKind, Node, NodeId, Op, Origin, Parameter, Plan, PlanStep, Project, Read, WhenExists,
    Write, node_hash, output_schema, parameter_variable,
};
use crate::model::{Id, StepPlace};
use crate::policy::Site;
use crate::project::Design;
use crate::quote::own_word;

/// The folder, in the results of a part, for what it hands over.
pub const HANDED: &str = "pipewright_handover";
/// The parameter of a part that names the folder with what is handed over to it.
const FOLDER: &str = "handover_folder";

/// Rows that one part hands over to parts of another place, or to later ones of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// A folder of that name holds them.
    pub name: String,
    /// Id of the step that reads them, in the reports of the parts that take them.
    pub step: Id,
    pub title: String,
    /// Titles of the places.
    pub from: String,
    pub to: String,
    /// Path of the file in the folder of what is handed over.
    pub path: String,
    pub format: FormatSpec,
    pub schema: Schema,
}

impl Handover {
    /// The columns as the file has them.
    pub fn file_schema(&self) -> Schema {
        if self.format.name == "parquet" { handover::held(&self.schema) } else { self.schema.clone() }
    }

    /// Reads the file, in the folder of what is handed over.
    pub fn plan(&self) -> Plan {
        let origin = Origin { step: self.step.clone(), title: self.title.clone() };
        let schema = self.file_schema();
        let (path, format) = (self.path.clone(), self.format.clone());
        let read = Op::Read(Read { path, format, schema: schema.clone(), ..Read::default() });
        let mut plan = Plan::default();
        let id = handover::push(&mut plan, read, vec![], schema, &origin);
        if let Some(step) = plan.steps.get_mut(&self.step) {
            step.outputs.insert("out".to_owned(), id);
        }
        plan
    }
}

/// What is done in one place at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Name of its bundle's folder.
    pub name: String,
    pub place: Id,
    pub plan: Plan,
    /// Names of what it takes, and of what it hands over.
    pub takes: Vec<String>,
    pub gives: Vec<String>,
}

/// The parts in the order in which they are run, and what goes over between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    pub parts: Vec<Part>,
    pub handovers: Vec<Handover>,
    /// The variable that leads the parts to what is handed over to them.
    pub variable: String,
}

/// The parts of a plan by a cut of it: of the same plan, whatever its paths are.
pub fn parts(plan: &Plan, cut: &Cut, design: &Design) -> Result<Parts, Vec<Diagnostic>> {
    let layout = Layout::new(plan, cut, design);
    let names: BTreeSet<String> = plan.parameters.iter().map(|known| parameter_variable(&known.name)).collect();
    let mut free = std::iter::once(FOLDER.to_owned()).chain((2..).map(|n| format!("{FOLDER}_{n}")));
    let parameter = free.find(|name| !names.contains(&parameter_variable(name))).unwrap_or_default();
    let mut found = Parts { variable: parameter_variable(&parameter), ..Parts::default() };
    let mut faults = Vec::new();
    for transfer in &layout.transfers {
        match layout.handover(transfer) {
            Ok(handover) => found.handovers.push(handover),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    for (number, name) in layout.names.iter().enumerate() {
        let mut making = Making {
            layout: &layout,
            number,
            parameter: &parameter,
            handovers: &found.handovers,
            made: Plan::default(),
            moved: BTreeMap::new(),
        };
        let (takes, gives) = making.fill().map_err(|fault| vec![fault])?;
        let place = layout.places[layout.parts[number]].id.clone();
        found.parts.push(Part { name: name.clone(), place, plan: making.made, takes, gives });
    }
    Ok(found)
}

/// A node whose rows go to parts of a place.
struct Transfer {
    node: NodeId,
    from: usize,
    /// Number of the place, and of the parts.
    to: usize,
    takers: BTreeSet<usize>,
    columns: BTreeSet<String>,
    name: String,
}

/// Which node is in which part.
struct Layout<'a> {
    plan: &'a Plan,
    places: Vec<&'a StepPlace>,
    /// By part: the number of its place.
    parts: Vec<usize>,
    names: Vec<String>,
    /// By node: the number of its part.
    part_of: Vec<usize>,
    transfers: Vec<Transfer>,
}

impl<'a> Layout<'a> {
    fn new(plan: &'a Plan, cut: &Cut, design: &'a Design) -> Self {
        let places: Vec<&StepPlace> = design.places.values().collect();
        let place_of =
            |id: &str| cut.place(id).and_then(|id| places.iter().position(|place| place.id == *id)).unwrap_or(0);
        let phases = Phases::of(plan, places.len(), &place_of, &cut.bytes);
        let part_of = plan.nodes.iter().map(|node| phases.part_of[node.origin.step.as_str()]).collect();
        let parts = phases.places;
        let mut words = Words::default();
        let names = parts.iter().map(|place| words.free(&places[*place].title, "place")).collect();
        let mut layout = Layout { plan, places, parts, names, part_of, transfers: Vec::new() };
        layout.transfers = layout.find(cut);
        layout
    }

    fn find(&self, cut: &Cut) -> Vec<Transfer> {
        let mut found: BTreeMap<(NodeId, usize), Transfer> = BTreeMap::new();
        let part = |id: NodeId| self.part_of[id.0 as usize];
        let needed = crate::ir::needed_columns(self.plan, &self.plan.sinks());
        let mut words = Words::default();
        for (id, node) in self.plan.iter() {
            for input in node.inputs.iter().filter(|input| part(**input) != part(id)) {
                let to = self.parts[part(id)];
                let known = found.entry((*input, to)).or_insert_with(|| {
                    let giver = self.plan.node(*input);
                    let crossing = cut.crossings.iter().find(|crossing| crossing.node == *input);
                    let all = || giver.schema.names().map(str::to_owned);
                    let needed = needed[input.0 as usize].as_ref();
                    let columns = match crossing {
                        Some(crossing) => crossing.columns.iter().cloned().collect(),
                        None => all().filter(|name| needed.is_none_or(|needed| needed.contains(name))).collect(),
                    };
                    let name = words.free(&giver.origin.title, "rows");
                    Transfer { node: *input, from: part(*input), to, takers: BTreeSet::new(), columns, name }
                });
                known.takers.insert(part(id));
            }
        }
        found.into_values().collect()
    }

    /// The columns that go over, as they are there.
    fn schema(&self, transfer: &Transfer) -> Schema {
        let schema = &self.plan.node(transfer.node).schema;
        let fields = schema.fields.iter().filter(|field| transfer.columns.contains(&field.name)).cloned().collect();
        Schema { fields, ..schema.clone() }
    }

    fn kind(&self, transfer: &Transfer) -> FileKind {
        self.places[self.parts[transfer.from]].handover.unwrap_or(FileKind::Parquet)
    }

    fn handover(&self, transfer: &Transfer) -> Result<Handover, Diagnostic> {
        let origin = &self.plan.node(transfer.node).origin;
        let (schema, kind) = (self.schema(transfer), self.kind(transfer));
        let refuse = |what: &str| {
            Diagnostic::error("PW1207", format!("what is handed over cannot hold {what}"))
                .help("take the column away before it leaves, or make text of it")
                .step(&origin.step, &origin.title)
        };
        handover::check_spans(&schema, &refuse)?;
        let is_nested = |data_type: &DataType| matches!(data_type, DataType::List(_) | DataType::Record(_));
        if let Some(field) = schema.fields.iter().find(|field| kind == FileKind::Csv && is_nested(&field.data_type)) {
            return Err(refuse(&format!("lists and records as CSV, as in `{}`", field.name)));
        }
        let (ending, mut format) = match kind {
            FileKind::Csv => ("csv", FormatSpec::new("csv")),
            FileKind::Jsonl => ("jsonl", FormatSpec::new("json_lines")),
            FileKind::Parquet => ("parquet", FormatSpec::new("parquet")),
        };
        if kind == FileKind::Csv {
            format.options.insert("separator".into(), ",".into());
            format.options.insert("header".into(), "yes".into());
        }
        let place = |part: usize| self.places[part].title.clone();
        Ok(Handover {
            name: transfer.name.clone(),
            step: taken_step(&transfer.name),
            title: origin.title.clone(),
            from: place(self.parts[transfer.from]),
            to: place(transfer.to),
            path: format!("{}/rows.{ending}", transfer.name),
            format,
            schema,
        })
    }
}

/// Id of the step that reads what is handed over under a name.
fn taken_step(name: &str) -> Id {
    format!("handover-{name}")
}

/// Names of folders, none twice.
#[derive(Default)]
struct Words(BTreeSet<String>);

impl Words {
    fn free(&mut self, title: &str, without: &str) -> String {
        let word = own_word(title, without);
        let names = std::iter::once(word.clone()).chain((2..).map(|number| format!("{word}_{number}")));
        // Names that the whole bundle has itself.
        let is_free = |name: &String| !self.0.contains(name) && !["receipt", "schedulers"].contains(&name.as_str());
        let free = names.into_iter().find(is_free).unwrap_or_default();
        self.0.insert(free.clone());
        free
    }
}

/// The plan of one part as it is made.
struct Making<'a> {
    layout: &'a Layout<'a>,
    number: usize,
    parameter: &'a str,
    handovers: &'a [Handover],
    made: Plan,
    moved: BTreeMap<NodeId, NodeId>,
}

impl Making<'_> {
    /// Gives the names of what the part takes and hands over.
    fn fill(&mut self) -> Result<(Vec<String>, Vec<String>), Diagnostic> {
        let plan = self.layout.plan;
        self.made.parameters.clone_from(&plan.parameters);
        self.made.policy.clone_from(&plan.policy);
        let (mut takes, mut gives) = (Vec::new(), Vec::new());
        for (transfer, handover) in self.layout.transfers.iter().zip(self.handovers) {
            if transfer.takers.contains(&self.number) {
                self.take(transfer, handover);
                takes.push(transfer.name.clone());
            }
        }
        if !takes.is_empty() {
            self.made.parameters.push(Parameter {
                name: self.parameter.to_owned(),
                data_type: DataType::String,
                default: None,
                doc: "the folder with what is handed over from other places".to_owned(),
            });
        }
        let types = plan.parameter_types();
        let (layout, number) = (self.layout, self.number);
        for (id, node) in plan.iter().filter(|(id, _)| layout.part_of[id.0 as usize] == number) {
            let inputs: Vec<NodeId> = node.inputs.iter().filter_map(|input| self.moved.get(input).copied()).collect();
            let schemas: Vec<&Schema> = inputs.iter().map(|input| &self.made.node(*input).schema).collect();
            let schema = output_schema(&node.op, &schemas, &types)
                .map_err(|fault| fault.step(&node.origin.step, &node.origin.title))?;
            let mut op = node.op.clone();
            // Its history lies beside the results, which a part does not see.
            if let Op::Write(write) = &mut op {
                write.watch = None;
            }
            let made = self.push(op, inputs, schema, &node.origin);
            self.moved.insert(id, made);
        }
        for (transfer, handover) in self.layout.transfers.iter().zip(self.handovers) {
            if transfer.from == self.number {
                self.give(transfer, handover)?;
                gives.push(transfer.name.clone());
            }
        }
        self.name_steps();
        Ok((takes, gives))
    }

    /// Reads what is handed over.
    fn take(&mut self, transfer: &Transfer, handover: &Handover) {
        let origin = Origin { step: handover.step.clone(), title: handover.title.clone() };
        let path = format!("${{{}}}/{}", self.parameter, handover.path);
        let taken = match self.layout.kind(transfer) {
            FileKind::Parquet => handover::rows_at(&mut self.made, path, &handover.schema, &origin),
            FileKind::Csv | FileKind::Jsonl => {
                let read =
                    Read { path, format: handover.format.clone(), schema: handover.schema.clone(), ..Read::default() };
                handover::push(&mut self.made, Op::Read(read), vec![], handover.schema.clone(), &origin)
            }
        };
        self.moved.insert(transfer.node, taken);
    }

    /// Writes what is handed over, for the place that it goes to: by which a run knows who sees it.
    fn give(&mut self, transfer: &Transfer, handover: &Handover) -> Result<(), Diagnostic> {
        let title = format!("{} to {}", handover.title, handover.to);
        let origin = Origin { step: handover.step.clone(), title };
        let Some(from) = self.moved.get(&transfer.node).copied() else { return Ok(()) };
        let columns = handover.schema.names().map(Column::same).collect();
        let (project, types) = (Op::Project(Project::new(columns)), self.made.parameter_types());
        let schema = output_schema(&project, &[&self.made.node(from).schema], &types)?;
        let rows = self.push(project, vec![from], schema.clone(), &origin);
        let is_own = self.layout.parts[self.number] == transfer.to;
        let site = match is_own {
            true => Site::in_place(&Labels::merged(schema.fields.iter().map(|field| &field.labels))),
            false => self.layout.places[transfer.to].site(),
        };
        let destination = Destination::File {
            path: format!("{HANDED}/{}", handover.path),
            kind: self.layout.kind(transfer),
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        let write = Op::Write(Write { destination, order: Vec::new(), site, watch: None });
        self.push(write, vec![rows], schema, &origin);
        Ok(())
    }

    fn push(&mut self, op: Op, inputs: Vec<NodeId>, schema: Schema, origin: &Origin) -> NodeId {
        let hash = node_hash(&op, inputs.iter().map(|input| self.made.node(*input).hash));
        self.made.nodes.push(Arc::new(Node { op, inputs, schema, origin: origin.clone(), hash }));
        NodeId(self.made.nodes.len() as u32 - 1)
    }

    /// What became of each step.
    fn name_steps(&mut self) {
        let mut steps: BTreeMap<Id, PlanStep> = BTreeMap::new();
        for (id, node) in self.made.iter() {
            let origin = &node.origin;
            let step = steps.entry(origin.step.clone()).or_insert_with(|| {
                let known = self.layout.plan.steps.get(&origin.step);
                let own = if matches!(node.op, Op::Read(_)) { "file" } else { "load_file" };
                let kind = known.map_or_else(|| own.to_owned(), |step| step.kind.clone());
                PlanStep { title: origin.title.clone(), kind, ..PlanStep::default() }
            });
            step.nodes.push(id);
        }
        for (id, known) in &self.layout.plan.steps {
            let outputs = known.outputs.iter().filter(|(_, node)| self.layout.part_of[node.0 as usize] == self.number);
            let outputs = outputs.filter_map(|(port, node)| Some((port.clone(), *self.moved.get(node)?)));
            if let Some(step) = steps.get_mut(id) {
                step.outputs = outputs.collect();
            }
        }
        self.made.steps = steps;
    }
}
