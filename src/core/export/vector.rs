//! Target: Vector, a log agent. Pipewright reads the sources and hands their rows to Vector, which takes the steps that
//! look at one row at a time (filter, compute, mask), as far as they come; what it cannot carry stays behind in
//! `rest.json`, which Pipewright's own runner runs on what Vector hands over.

mod functions;
mod printer;
mod scripts;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use self::printer::Printer;
use self::values::refuse;
use super::handover::push;
use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::{Bundle, DesignInfo, Support, Target, by_step, staging};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind};
use crate::formats::FormatSpec;
use crate::ir::{Check, Column, FileKind, Node, NodeId, OnFail, Op, Plan, Read, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};
use crate::quote::comment;

pub(super) struct Vector;

impl Target for Vector {
    fn name(&self) -> &'static str {
        "vector"
    }

    fn title(&self) -> &'static str {
        "Vector"
    }

    fn doc(&self) -> &'static str {
        "A configuration of the log agent Vector for the steps that look at one row at a time; what it cannot carry is \
         done by the Pipewright runner, on the rows that it hands over. Not run here: its programs are compiled and run \
         by VRL's own compiler, the configuration by no Vector."
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let stages = carried(plan);
        by_step(plan, |id, node| match (&node.op, stages.contains_key(&id)) {
            (Op::Read(_), true) => (Support::Rewritten, "read by Pipewright, and fed to Vector row by row".to_owned()),
            (_, true) => (Support::Native, String::new()),
            (_, false) => match not_loaded(node) {
                Some(fault) => (Support::Unsupported, fault.message),
                None => (Support::Behind, format!("stays behind: {}", why_not(plan, id))),
            },
        })
    }

    fn verify_command(&self) -> &'static str {
        "PIPEWRIGHT_STAGE=\"$here/receipt/stage.json\" \"$here/run.sh\" \"$out\" --trust || [ $? -eq 3 ]"
    }

    fn stage(&self, plan: &Plan) -> Option<Plan> {
        Some(fed(plan)).filter(|staged| !staged.nodes.is_empty())
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let plan = prune(plan, &plan.sinks());
        let mut bundle = Bundle { diagnostics: staging::check_paths(&plan), ..Bundle::default() };
        bundle.diagnostics.extend(plan.nodes.iter().filter_map(|node| not_loaded(node)));
        let stages = carried(&plan);
        if stages.is_empty() {
            bundle.diagnostics.extend(not_fed(&plan));
        }
        let staged = fed(&plan);
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
        bundle.text("vector.yaml", configuration(&plan, &stages, &handed));
        bundle.text("rest.json", pipeline("what stays behind", left_behind(&plan, &stages, &handed)).to_text());
        bundle.text("stage.json", pipeline("sources", staged).to_text());
        let fed: Vec<NodeId> = stages.iter().filter(|(_, stage)| **stage == Stage::Feed).map(|(id, _)| *id).collect();
        scripts::write(&mut bundle, &plan, info, (&fed, &handed), keeps_lines);
        bundle
    }
}

/// What the agent does at a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It is fed with rows, one JSON object a line.
    Feed,
    /// A program that makes of an event another.
    Remap(String),
    /// A program whose result says whether the event goes on.
    Filter(String),
}

/// A column of an event, as VRL names it.
fn field(name: &str) -> Result<String, Diagnostic> {
    match name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\' | '$' | '{' | '}' | '\u{2028}' | '\u{2029}')) {
        true => Err(refuse(format_args!("the name of the column `{}`", comment(name)))),
        false => Ok(format!("\"{name}\"")),
    }
}

/// An event of these columns, each as it is computed.
fn event(columns: impl Iterator<Item = Result<(String, String), Diagnostic>>) -> Result<String, Diagnostic> {
    let (mut program, mut fields) = (String::new(), Vec::new());
    for (index, column) in columns.enumerate() {
        let (name, value) = column?;
        if value.starts_with('.') {
            fields.push(format!("{name}: {value}"));
            continue;
        }
        program.push_str(&format!("c{index} = {value}\n"));
        fields.push(format!("{name}: c{index}"));
    }
    Ok(format!("{program}. = {{ {} }}\n", fields.join(", ")))
}

/// What the agent does at a node, all of whose inputs it has.
pub fn stage(plan: &Plan, id: NodeId) -> Result<Stage, Diagnostic> {
    let node = plan.node(id);
    let types = plan.parameter_types();
    let input = |index: usize| &plan.node(node.inputs[index]).schema;
    // What reads rows names every column.
    for schema in node.inputs.iter().map(|input| &plan.node(*input).schema).chain([&node.schema]) {
        schema.names().try_for_each(|name| field(name).map(drop))?;
    }
    match &node.op {
        Op::Read(Read { location: None, planned: None, .. }) => Ok(Stage::Feed),
        Op::Read(_) => Err(refuse("sources that are no files")),
        Op::Filter { predicate } => Ok(Stage::Filter(Printer::new(input(0), &types).holds(predicate)?)),
        Op::Project(project) => {
            let printer = Printer::new(input(0), &types);
            let column = |column: &Column| Ok((field(&column.name)?, printer.column(&column.expr)?.text));
            Ok(Stage::Remap(event(project.columns.iter().map(column))?))
        }
        Op::Check(Check { predicate, on_fail: OnFail::Flag(flag), .. }) => {
            let printer = Printer::new(input(0), &types);
            let kept = input(0)
                .names()
                .filter(|name| name != flag)
                .map(|name| Ok((field(name)?, format!(".{}", field(name)?))));
            let holds = ExprKind::IsBoolean { expr: Box::new(predicate.clone()), value: true, negated: true };
            let failed = printer.print(&Expr::made(holds));
            let flagged = std::iter::once(failed.and_then(|failed| Ok((field(flag)?, failed.text))));
            Ok(Stage::Remap(event(kept.chain(flagged))?))
        }
        Op::Union => {
            let is_alike = |schema: &Schema| {
                schema
                    .fields
                    .iter()
                    .all(|field| node.schema.get(&field.name).is_some_and(|all| all.data_type == field.data_type))
            };
            if !(0..node.inputs.len()).all(|index| is_alike(input(index))) {
                return Err(refuse("a union of columns of different types"));
            }
            let columns = node.schema.names().map(|name| Ok((field(name)?, format!(".{}", field(name)?))));
            Ok(Stage::Remap(event(columns)?))
        }
        Op::Check(_) => Err(refuse("checks that turn rows away")),
        Op::Write(_) => Err(refuse("loads: results are put in place whole")),
        Op::Parse(_) => Err(refuse("Pipewright's formats inside of columns")),
        Op::Explode(_) | Op::Unpivot(_) => Err(refuse("steps that make several rows of one")),
        Op::Rows(_)
        | Op::Aggregate(_)
        | Op::Window(_)
        | Op::Join(_)
        | Op::AsofJoin(_)
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_) => Err(refuse("steps that look at more than one row")),
    }
}

/// What the agent does, by nodes: as far down from the sources as it comes.
fn carried(plan: &Plan) -> BTreeMap<NodeId, Stage> {
    let mut stages: BTreeMap<NodeId, Stage> = BTreeMap::new();
    for (id, node) in plan.iter() {
        if node.inputs.iter().all(|input| stages.contains_key(input))
            && let Ok(stage) = stage(plan, id)
        {
            stages.insert(id, stage);
        }
    }
    stages
}

/// Why a node stays behind.
fn why_not(plan: &Plan, id: NodeId) -> String {
    match stage(plan, id) {
        Err(fault) => fault.message,
        Ok(_) => "a step before it stays behind".to_owned(),
    }
}

/// Why no source of a design is one that the agent can be fed with.
fn not_fed(plan: &Plan) -> Vec<Diagnostic> {
    let help = "export to the target `pipeline`";
    let reads = plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_)));
    let faults = reads.filter_map(|(id, node)| {
        let fault = stage(plan, id).err()?;
        let is_file = matches!(&node.op, Op::Read(Read { location: None, planned: None, .. }));
        let otherwise = if is_file { "give the column another name in the source, or " } else { "" };
        Some(fault.help(format!("{otherwise}{help}")).step(&node.origin.step, &node.origin.title))
    });
    let faults: Vec<Diagnostic> = faults.collect();
    match faults.is_empty() {
        true => vec![refuse("a design that reads no file").help(help)],
        false => faults,
    }
}

/// The fault of a load where a connection leads: a bundle opens none.
fn not_loaded(node: &Node) -> Option<Diagnostic> {
    let Op::Write(write) = &node.op else { return None };
    let fault = refuse(format_args!("the load into {}", write.destination.shown_place()?));
    let fault = fault.help("export to the target `pipeline`, or load a file");
    Some(fault.step(&node.origin.step, &node.origin.title))
}

/// Nodes that the agent has and others want.
fn handovers(plan: &Plan, stages: &BTreeMap<NodeId, Stage>) -> BTreeSet<NodeId> {
    let behind = plan.iter().filter(|(id, _)| !stages.contains_key(id));
    behind.flat_map(|(_, node)| &node.inputs).filter(|input| stages.contains_key(input)).copied().collect()
}

/// A pipeline of the sources alone, each a file of JSON lines.
fn fed(plan: &Plan) -> Plan {
    staging::stage(plan, FileKind::Jsonl, &|id| format!("n{}.jsonl", id.0))
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

/// Everything that the agent does not do, on what it hands over.
fn left_behind(plan: &Plan, stages: &BTreeMap<NodeId, Stage>, handed: &[NodeId]) -> Plan {
    let mut rest = Plan { parameters: plan.parameters.clone(), ..Plan::default() };
    let mut places: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for (id, node) in plan.iter() {
        let is_read = matches!(node.op, Op::Read(_)) && !stages.contains_key(&id);
        let made = match (handed.contains(&id), is_read, stages.contains_key(&id)) {
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

/// The configuration: what feeds the agent, its steps, what it hands over.
fn configuration(plan: &Plan, stages: &BTreeMap<NodeId, Stage>, handed: &[NodeId]) -> String {
    let (mut sources, mut transforms, mut sinks) = (String::new(), String::new(), String::new());
    for (id, stage) in stages {
        let node = plan.node(*id);
        let inputs: Vec<String> = node.inputs.iter().map(|input| format!("n{}", input.0)).collect();
        let (number, inputs) = (id.0, inputs.join(", "));
        // Vector looks for variables in comments, too.
        let title = comment(&node.origin.title).replace('$', "_");
        match stage {
            Stage::Feed => {
                sources.push_str(&FEED.replace("@N@", &number.to_string()).replace("@TITLE@", &title));
                let program = indented(&unpacked(&node.schema));
                transforms.push_str(&format!(
                    "  # {title}\n  n{number}:\n    type: remap\n    inputs: [feed_{number}]\n    drop_on_error: true\n    reroute_dropped: true\n    source: |\n{program}"
                ));
            }
            Stage::Remap(program) => transforms.push_str(&format!(
                "  # {title}\n  n{number}:\n    type: remap\n    inputs: [{inputs}]\n    drop_on_error: true\n    reroute_dropped: true\n    source: |\n{}",
                indented(program)
            )),
            Stage::Filter(program) => transforms.push_str(&format!(
                "  # {title}\n  n{number}:\n    type: filter\n    inputs: [{inputs}]\n    condition:\n      type: vrl\n      source: |\n{}",
                indented(program)
            )),
        }
        if handed.contains(id) {
            sinks.push_str(&SINK.replace("@N@", &number.to_string()));
        }
    }
    // What a program cannot work out is kept, and seen.
    let programs = stages.iter().filter(|(_, stage)| !matches!(stage, Stage::Filter(_)));
    let dropped: Vec<String> = programs.map(|(id, _)| format!("n{}.dropped", id.0)).collect();
    sinks.push_str(
        &SINK
            .replace("n@N@.jsonl", "dropped.jsonl")
            .replace("handover_@N@", "dropped")
            .replace("n@N@", &dropped.join(", ")),
    );
    format!("{HEAD}sources:\n{sources}\ntransforms:\n{transforms}\nsinks:\n{sinks}")
}

/// Of a line the row: numbers are what their columns are.
fn unpacked(schema: &Schema) -> String {
    let floats = schema.fields.iter().filter(|field| field.data_type == DataType::Float);
    let floats = floats.map(|field| {
        let name = format!(".\"{}\"", field.name);
        format!("if is_integer({name}) {{ {name} = to_float!({name}) }}\n")
    });
    format!(". = object!(parse_json!(string!(.message)))\n{}", floats.collect::<String>())
}

fn indented(program: &str) -> String {
    program.lines().map(|line| format!("        {line}\n")).collect()
}

/// What the agent does on the way to one node of a plan, rows of the design being fed to it like those of sources: for
/// tests of parity.
pub fn stages_of(plan: &Plan, wanted: NodeId) -> Result<Vec<(NodeId, Stage)>, Diagnostic> {
    let wanted = prune(plan, &[wanted]);
    let one = |(id, node): (NodeId, &std::sync::Arc<Node>)| match node.op {
        Op::Rows(_) => Ok((id, Stage::Feed)),
        _ => stage(&wanted, id).map(|stage| (id, stage)),
    };
    wanted.iter().map(one).collect()
}

const HEAD: &str = "# Made by Pipewright, for Vector. run.sh starts it once for all rows that are there; as an agent it runs by itself:\n# `vector --config vector.yaml`, in the folder of this file (README.md).\n";

const FEED: &str = r#"  # @TITLE@
  feed_@N@:
    type: exec
    mode: streaming
    command: ["sh", "feed.sh", "n@N@"]
    include_stderr: false
    streaming:
      respawn_on_exit: false
    framing:
      method: newline_delimited
    decoding:
      codec: bytes
"#;

const SINK: &str = r#"  handover_@N@:
    type: file
    inputs: [n@N@]
    path: handover/n@N@.jsonl
    encoding:
      codec: json
"#;

#[cfg(test)]
mod tests;
