//! What stands around the views: the sources as tasks read them, and what the job knows of the design.

use serde_json::{Value as Json, json};

use super::SPARK;
use super::dialect::parameter_marker;
use crate::data::DataType;
use crate::export::handover::{loads_json, rejected_json};
use crate::ir::{Check, MAX_QUARANTINED, Node, NodeId, OnFail, Op, Plan, Read};
use crate::project::canonical_json;

/// A type as the job makes Arrow's of it.
fn plain_type(data_type: &DataType) -> Json {
    match data_type {
        DataType::List(item) => json!({ "list": plain_type(item) }),
        DataType::Record(fields) => {
            let fields = fields.iter().map(|(name, item)| json!([name, plain_type(item)]));
            json!({ "record": fields.collect::<Vec<_>>() })
        }
        other => json!(other.to_string()),
    }
}

/// `sources.json`: what is declared of each source, as `pipewright read --declared` takes it.
pub fn sources_text(plan: &Plan) -> String {
    let source = |id: NodeId, node: &Node, read: &Read| {
        let fields = node.schema.fields.iter();
        let ddl = fields
            .clone()
            .map(|field| format!("{} {}", SPARK.identifier(&field.name), SPARK.type_name(&field.data_type)));
        json!({
            "view": SPARK.staged(id), "step": node.origin.step, "title": node.origin.title, "path": read.path,
            "position": read.position, "ddl": ddl.collect::<Vec<_>>().join(", "),
            "fields": fields.map(|field| json!([field.name, plain_type(&field.data_type)])).collect::<Vec<_>>(),
            "declared": { "format": read.format, "schema": read.schema, "columns": read.columns },
        })
    };
    let sources = plan.iter().filter_map(|(id, node)| match &node.op {
        Op::Read(read) => Some(source(id, node, read)),
        _ => None,
    });
    canonical_json(&json!(sources.collect::<Vec<_>>()))
}

/// `job.json`: the steps behind the views, what is loaded, what is turned away.
pub fn job_text(plan: &Plan, keeps_lines: bool) -> String {
    let takers = |id: NodeId| plan.nodes.iter().flat_map(|node| &node.inputs).filter(|input| **input == id).count();
    let view = |id: NodeId| format!("n{}", id.0);
    let mut steps = Vec::new();
    for (id, node) in plan.iter() {
        steps.push(json!({
            "view": view(id), "step": node.origin.step, "title": node.origin.title, "op": node.op.name(),
            "inputs": node.inputs.iter().map(|input| view(*input)).collect::<Vec<_>>(),
            "is_shared": takers(id) > 1 && !matches!(node.op, Op::Read(_)),
            "stops": match &node.op {
                Op::Check(Check { on_fail: OnFail::Stop, reason, .. }) => Some(reason),
                _ => None,
            },
        }));
    }
    let markers: serde_json::Map<String, Json> =
        plan.parameter_types().keys().map(|name| (name.clone(), json!(parameter_marker(name)))).collect();
    canonical_json(&json!({
        "steps": steps, "loads": loads_json(plan), "rejected": rejected_json(plan), "markers": markers, "keeps_lines": keeps_lines,
        "most_rejected": MAX_QUARANTINED,
    }))
}
