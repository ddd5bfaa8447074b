//! Keeps of a plan what its sinks need: unreachable nodes go, needed columns are pushed down to the `Read`s,
//! columns that nobody reads are not computed. Pure. Imports nothing above `ir`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::rules::{POSITION, node_hash, output_schema};
use super::{Node, NodeId, Op, Plan, PlanStep, lineage};
use crate::data::{DataType, Schema};

/// The part of the plan that gives `sinks`, all their columns, and nothing else. Node ids are renumbered; `steps`
/// and their output ports name the new ones, and steps that no sink needs are gone. A plan that cannot be pruned
/// (it holds errors) comes back whole.
pub fn prune(plan: &Plan, sinks: &[NodeId]) -> Plan {
    let needed = needed_columns(plan, sinks);
    let parameters = plan.parameter_types();
    let mut pruned = Plan {
        parameters: plan.parameters.clone(),
        policy: plan.policy.clone(),
        diagnostics: plan.diagnostics.clone(),
        ..Plan::default()
    };
    // Old id → new id.
    let mut moved: HashMap<NodeId, NodeId> = HashMap::new();
    for (id, node) in plan.iter() {
        let Some(columns) = &needed[id.0 as usize] else { continue };
        let inputs: Vec<NodeId> = node.inputs.iter().filter_map(|input| moved.get(input).copied()).collect();
        if inputs.len() != node.inputs.len() {
            return plan.clone();
        }
        let op = narrowed(&node.op, &node.schema, columns);
        if let Op::Window(window) = &op
            && window.columns.is_empty()
        {
            moved.insert(id, inputs[0]);
            continue;
        }
        let schemas: Vec<&Schema> = inputs.iter().map(|input| &pruned.node(*input).schema).collect();
        let Ok(schema) = output_schema(&op, &schemas, &parameters) else { return plan.clone() };
        let hash = node_hash(&op, inputs.iter().map(|input| pruned.node(*input).hash));
        pruned.nodes.push(Arc::new(Node { op, inputs, schema, origin: node.origin.clone(), hash }));
        moved.insert(id, NodeId(pruned.nodes.len() as u32 - 1));
    }
    for (id, step) in &plan.steps {
        let outputs = step.outputs.iter().filter_map(|(port, node)| Some((port.clone(), *moved.get(node)?)));
        let nodes: Vec<NodeId> = step.nodes.iter().filter_map(|node| moved.get(node).copied()).collect();
        let outputs: BTreeMap<String, NodeId> = outputs.collect();
        if !nodes.is_empty() || !outputs.is_empty() {
            let (title, kind) = (step.title.clone(), step.kind.clone());
            pruned.steps.insert(id.clone(), PlanStep { title, kind, outputs, nodes, stale: step.stale });
        }
    }
    pruned
}

/// For every node the output columns that are needed; `None`: the node is not reachable from a sink.
pub fn needed_columns(plan: &Plan, sinks: &[NodeId]) -> Vec<Option<BTreeSet<String>>> {
    let mut needed: Vec<Option<BTreeSet<String>>> = vec![None; plan.nodes.len()];
    for sink in sinks {
        if let Some(node) = plan.nodes.get(sink.0 as usize) {
            needed[sink.0 as usize] = Some(node.schema.names().map(str::to_owned).collect());
        }
    }
    for (index, node) in plan.nodes.iter().enumerate().rev() {
        let Some(columns) = needed[index].clone() else { continue };
        let inputs: Vec<&Schema> = node.inputs.iter().map(|input| &plan.node(*input).schema).collect();
        let kept = kept_columns(&node.op, &node.schema, &columns);
        let rule = lineage(&node.op, &inputs, &node.schema);
        for input in &node.inputs {
            needed[input.0 as usize].get_or_insert_with(BTreeSet::new);
        }
        let from = rule.columns.into_iter().filter(|entry| kept.contains(&entry.column)).flat_map(|entry| entry.from);
        // A window whose columns nobody reads is left out, and then needs nothing.
        let is_window_gone = matches!(&node.op, Op::Window(window)
            if window.columns.iter().all(|column| !kept.contains(&column.name)));
        let decided_by = if is_window_gone { BTreeSet::new() } else { rule.decided_by };
        for column in from.chain(decided_by) {
            if let Some(columns) = node.inputs.get(column.input).and_then(|id| needed[id.0 as usize].as_mut()) {
                columns.insert(column.column);
            }
        }
    }
    needed
}

/// The needed columns, and those that the operation gives in any case.
fn kept_columns(op: &Op, schema: &Schema, needed: &BTreeSet<String>) -> BTreeSet<String> {
    let mut kept = needed.clone();
    match op {
        Op::Aggregate(aggregate) => {
            kept.extend(aggregate.keys.iter().map(|key| key.name.clone()));
            if aggregate.keys.is_empty() && !aggregate.measures.iter().any(|measure| needed.contains(&measure.name)) {
                kept.extend(aggregate.measures.first().map(|measure| measure.name.clone()));
            }
        }
        Op::Project(project) => {
            if !project.columns.iter().any(|column| needed.contains(&column.name)) {
                kept.extend(cheapest(schema));
            }
        }
        Op::Check(check) => {
            if let super::OnFail::Flag(name) = &check.on_fail {
                kept.insert(name.clone());
            }
        }
        Op::Unpivot(unpivot) => {
            kept.extend(unpivot.keep.iter().cloned());
            kept.insert(unpivot.value.clone());
        }
        Op::Explode(explode) => {
            kept.insert(explode.column.clone());
        }
        Op::Read(_)
        | Op::Rows(_)
        | Op::Parse(_)
        | Op::Filter { .. }
        | Op::Window(_)
        | Op::Join(_)
        | Op::AsofJoin(_)
        | Op::Union
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Write(_) => {}
    }
    kept
}

/// A column that is kept where only the number of rows matters.
fn cheapest(schema: &Schema) -> Option<String> {
    let cost = |data_type: &DataType| match data_type {
        DataType::Boolean => 0,
        DataType::Int | DataType::Float | DataType::Date | DataType::Duration => 1,
        DataType::Timestamp => 2,
        DataType::String | DataType::Unknown => 3,
        DataType::List(_) | DataType::Record(_) => 4,
    };
    schema.fields.iter().min_by_key(|field| cost(&field.data_type)).map(|field| field.name.clone())
}

/// The operation without the columns that nobody needs.
fn narrowed(op: &Op, schema: &Schema, needed: &BTreeSet<String>) -> Op {
    let kept = kept_columns(op, schema, needed);
    match op {
        Op::Read(read) => {
            let mut read = read.clone();
            let mut columns: Vec<String> =
                read.schema.names().filter(|name| needed.contains(*name)).map(str::to_owned).collect();
            read.position &= POSITION.iter().any(|(name, _)| needed.contains(*name));
            if columns.is_empty() && !read.position {
                columns.extend(cheapest(&read.schema));
            }
            let already = |name: &String| read.columns.as_ref().is_none_or(|columns| columns.contains(name));
            columns.retain(already);
            if columns.len() < read.schema.len() || read.columns.is_some() {
                read.columns = Some(columns);
            }
            Op::Read(read)
        }
        Op::Project(project) => {
            let mut project = project.clone();
            project.columns.retain(|column| kept.contains(&column.name));
            project.losses.retain(|loss| kept.contains(&loss.column));
            Op::Project(project)
        }
        Op::Aggregate(aggregate) => {
            let mut aggregate = aggregate.clone();
            aggregate.measures.retain(|measure| kept.contains(&measure.name));
            Op::Aggregate(aggregate)
        }
        Op::Window(window) => {
            let mut window = window.clone();
            window.columns.retain(|column| kept.contains(&column.name));
            Op::Window(window)
        }
        Op::Join(join) => {
            let mut join = join.clone();
            join.right.retain(|(_, to)| kept.contains(to));
            Op::Join(join)
        }
        Op::AsofJoin(join) => {
            let mut join = join.clone();
            join.right.retain(|(_, to)| kept.contains(to));
            Op::AsofJoin(join)
        }
        Op::Rows(_)
        | Op::Parse(_)
        | Op::Filter { .. }
        | Op::Check(_)
        | Op::Union
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => op.clone(),
    }
}

#[cfg(test)]
mod tests;
