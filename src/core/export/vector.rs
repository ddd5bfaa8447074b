//! Target: Vector, a log agent: a transform a step, in VRL.

mod functions;
mod printer;
mod scripts;
mod values;

use std::collections::BTreeMap;

use self::printer::Printer;
use self::values::refuse;
use super::agent::{self, Agent, Files};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind};
use crate::ir::{Check, Column, Node, NodeId, OnFail, Op, Plan, Read, prune};
use crate::quote::comment;

pub(super) struct Vector;

impl Agent for Vector {
    type Stage = Stage;

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

    fn stage(&self, plan: &Plan, id: NodeId, _: &BTreeMap<NodeId, Stage>) -> Result<Stage, Diagnostic> {
        stage(plan, id)
    }

    fn files(&self, plan: &Plan, stages: &BTreeMap<NodeId, Stage>, handed: &[NodeId]) -> Files {
        let fed: Vec<NodeId> = stages.iter().filter(|(_, stage)| **stage == Stage::Feed).map(|(id, _)| *id).collect();
        let mut files = scripts::feed(plan, &fed);
        files.configuration = ("vector.yaml", configuration(plan, stages, handed));
        files
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
        op => Err(refuse(agent::not_row_wise(op))),
    }
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
