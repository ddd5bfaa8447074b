//! Answers that nothing loads, as files. Imports only the plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Destination, FileKind, NodeId, Op, Plan, WhenExists, node_hash};

/// The plan with a file for each answer whose rows no Load step writes: JSON lines, named after the question, or the
/// step where it has none.
pub fn load_answers(plan: &Plan) -> Plan {
    let mut loaded = plan.clone();
    let mut names = BTreeSet::new();
    for (id, node) in plan.iter() {
        let Op::Write(write) = &node.op else { continue };
        let Destination::Answer { question } = &write.destination else { continue };
        if is_loaded(plan, id) {
            continue;
        }
        let mut name = answer_file_stem(question.as_ref().unwrap_or(&node.origin.step));
        while !names.insert(name.clone()) {
            name = format!("{name}-{}", answer_file_stem(&node.origin.step));
        }
        let path = format!("{name}.jsonl");
        let destination =
            Destination::File { path, kind: FileKind::Jsonl, partition: Vec::new(), when_exists: WhenExists::Replace };
        let target = Arc::make_mut(&mut loaded.nodes[id.0 as usize]);
        if let Op::Write(write) = &mut target.op {
            write.destination = destination;
        }
        let inputs: Vec<u64> = node.inputs.iter().map(|input| plan.node(*input).hash).collect();
        target.hash = node_hash(&target.op, inputs.into_iter());
    }
    loaded
}

/// An id as the name of a file. A file of somebody else may hold any id, also one that would lead elsewhere.
pub fn answer_file_stem(id: &str) -> String {
    let stem: String = id.chars().map(|c| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    if stem.starts_with('.') || stem.trim().is_empty() { format!("_{stem}") } else { stem }
}

/// Whether something behind a node writes a file.
fn is_loaded(plan: &Plan, id: NodeId) -> bool {
    let mut behind = BTreeSet::from([id]);
    plan.iter().any(|(other, node)| {
        if !node.inputs.iter().any(|input| behind.contains(input)) {
            return false;
        }
        behind.insert(other);
        matches!(&node.op, Op::Write(write) if !matches!(write.destination, Destination::Answer { .. }))
    })
}
