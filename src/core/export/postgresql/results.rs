//! The pipelines around the script, which Pipewright's own runner runs: sources and parameters in, loads and rejected
//! rows out. Files between hold JSON lines.

use std::sync::Arc;

use super::script::{is_written, parameters, parameters_schema, staged_file};
use crate::data::{DataType, Field, Schema, Value};
use crate::export::staging;
use crate::expr::{Expr, ExprKind};
use crate::formats::FormatSpec;
use crate::ir::{
    Check, Column, Destination, FileKind, Node, NodeId, OnFail, Op, Origin, Parameter, Plan, Project, Read, Rows,
    WhenExists, Write,
};

/// A pipeline of the sources, and of a row with the parameters that the script names.
pub(super) fn stage(plan: &Plan) -> Plan {
    let mut staged = stage_lines(plan);
    let schema = parameters_schema(plan);
    if schema.is_empty() {
        return staged;
    }
    let more: Vec<Parameter> = parameters(plan);
    staged.parameters.extend(more.into_iter().filter(|one| {
        let is_known = plan.parameters.iter().any(|known| known.name == one.name);
        is_known && !staging::source_parameters(plan).contains(one)
    }));
    let row = Rows { schema: Schema::of([("row", DataType::Int)]), rows: vec![vec![Value::Int(1)]] };
    let columns = schema.names().enumerate();
    let columns =
        columns.map(|(index, name)| Column::new(format!("c{index}"), Expr::made(ExprKind::Parameter(name.to_owned()))));
    let project = Op::Project(Project::new(columns.collect()));
    let origin = Origin { step: "parameters".into(), title: "Parameters".into() };
    let input = push(&mut staged, Op::Rows(row.clone()), vec![], row.schema, &origin);
    let schema = by_number(&schema);
    let values = push(&mut staged, project, vec![input], schema.clone(), &origin);
    push(&mut staged, written("parameters.jsonl", FileKind::Jsonl), vec![values], schema, &origin);
    staged
}

/// A pipeline of the sources: lines of JSON whose keys are numbers.
pub(in crate::export) fn stage_lines(plan: &Plan) -> Plan {
    numbered(staging::stage(plan, FileKind::Jsonl, &staged_file))
}

/// The columns with numbers for names.
fn by_number(schema: &Schema) -> Schema {
    let field = |(index, field): (usize, &Field)| Field { name: format!("c{index}"), ..field.clone() };
    Schema::new(schema.fields.iter().enumerate().map(field).collect())
}

/// The same pipeline, whose files have numbers for the names of columns.
fn numbered(staged: Plan) -> Plan {
    let mut made = Plan { parameters: staged.parameters.clone(), ..Plan::default() };
    for node in &staged.nodes {
        let Some(input) = node.inputs.first().map(|input| staged.node(*input)) else { continue };
        let read = push(&mut made, input.op.clone(), vec![], input.schema.clone(), &input.origin);
        let columns = input.schema.names().enumerate();
        let columns = columns.map(|(index, name)| Column::new(format!("c{index}"), Expr::column(name)));
        let project = Op::Project(Project::new(columns.collect()));
        let schema = by_number(&input.schema);
        let rows = push(&mut made, project, vec![read], schema.clone(), &input.origin);
        push(&mut made, node.op.clone(), vec![rows], schema, &node.origin);
    }
    made
}

/// A pipeline that writes what the script gives of each load, as the design says.
pub(in crate::export) fn loads(plan: &Plan) -> Plan {
    let mut made = Plan { parameters: path_parameters(plan), ..Plan::default() };
    for (id, node) in plan.iter() {
        let Op::Write(write) = &node.op else { continue };
        if is_written(write) {
            let rows = read_back(&mut made, &format!("load_{}", id.0), node);
            push(&mut made, Op::Write(write.clone()), vec![rows], node.schema.clone(), &node.origin);
        }
    }
    made
}

/// A pipeline that puts the rows that checks reject into quarantine.
pub(in crate::export) fn rejected(plan: &Plan) -> Plan {
    let mut made = Plan::default();
    for (id, node) in plan.iter() {
        let (Op::Check(check @ Check { on_fail: OnFail::Reject, .. }), Some(input)) = (&node.op, node.inputs.first())
        else {
            continue;
        };
        let before = Node { origin: node.origin.clone(), ..Node::clone(plan.node(*input)) };
        let rows = read_back(&mut made, &format!("rejected_rows_{}", id.0), &before);
        let all = Op::Check(Check { predicate: Expr::literal(Value::Boolean(false)), ..check.clone() });
        let none = push(&mut made, all, vec![rows], before.schema.clone(), &node.origin);
        let file = written(&format!("none_{}.jsonl", id.0), FileKind::Jsonl);
        push(&mut made, file, vec![none], before.schema, &node.origin);
    }
    made
}

/// Only what paths name.
fn path_parameters(plan: &Plan) -> Vec<Parameter> {
    let only_loads = Plan {
        nodes: plan.nodes.iter().filter(|node| matches!(node.op, Op::Write(_))).cloned().collect(),
        parameters: plan.parameters.clone(),
        ..Plan::default()
    };
    parameters(&only_loads)
}

fn written(path: &str, kind: FileKind) -> Op {
    let destination =
        Destination::File { path: path.to_owned(), kind, partition: Vec::new(), when_exists: WhenExists::Replace };
    Op::Write(Write::new(destination, Vec::new()))
}

/// Reads lines of the script and gives their columns the names back.
fn read_back(made: &mut Plan, name: &str, node: &Node) -> NodeId {
    let schema = by_number(&node.schema);
    let read = Read {
        path: format!("rows/{name}.jsonl"),
        format: FormatSpec::new("json_lines"),
        schema: schema.clone(),
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    let columns = node.schema.names().enumerate();
    let columns = columns.map(|(index, name)| Column::new(name, Expr::column(format!("c{index}"))));
    let named = Op::Project(Project::new(columns.collect()));
    let rows = push(made, Op::Read(read), vec![], schema, &node.origin);
    push(made, named, vec![rows], node.schema.clone(), &node.origin)
}

fn push(plan: &mut Plan, op: Op, inputs: Vec<NodeId>, schema: Schema, origin: &Origin) -> NodeId {
    let id = NodeId(plan.nodes.len() as u32);
    plan.nodes.push(Arc::new(Node { op, inputs, schema, origin: origin.clone(), hash: 0 }));
    let step = plan.steps.entry(origin.step.clone()).or_default();
    step.title = origin.title.clone();
    step.kind = "file".to_owned();
    step.nodes.push(id);
    id
}
