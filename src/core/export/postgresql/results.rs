//! The pipelines around the script, which Pipewright's own runner runs: sources and parameters in, loads and rejected
//! rows out. Files between hold JSON lines.

use super::script::{is_written, staged_file};
use crate::data::Value;
use crate::export::handover::{add_parameters, by_number, numbered, push, written};
use crate::export::staging;
use crate::expr::Expr;
use crate::formats::FormatSpec;
use crate::ir::{Check, Column, FileKind, Node, NodeId, OnFail, Op, Parameter, Plan, Project, Read, Write};

/// A pipeline of the sources, and of a row with the parameters that the script names.
pub(super) fn stage(plan: &Plan) -> Plan {
    let mut staged = stage_lines(plan);
    add_parameters(&mut staged, plan, FileKind::Jsonl);
    staged
}

/// A pipeline of the sources: lines of JSON whose keys are numbers.
pub(in crate::export) fn stage_lines(plan: &Plan) -> Plan {
    numbered(&staging::stage(plan, FileKind::Jsonl, &staged_file), |_| false)
}

/// A pipeline that writes what the script gives of each load, as the design says.
pub(in crate::export) fn loads(plan: &Plan) -> Plan {
    Plan { parameters: path_parameters(plan), ..loads_where(plan, &is_written) }
}

/// The same of some loads, whose paths name no parameter.
pub(in crate::export) fn loads_where(plan: &Plan, is_wanted: &dyn Fn(&Write) -> bool) -> Plan {
    let mut made = Plan::default();
    for (id, node) in plan.iter() {
        let Op::Write(write) = &node.op else { continue };
        if is_wanted(write) {
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
    staging::script_parameters(&only_loads)
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
