//! A DAG of operations, topologically ordered, with schemas, origins and structural hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Op;
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::policy::InForce;

/// Index into `Plan::nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// The step and output port whose lowering made a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Id of the step.
    pub step: String,
    /// Its title.
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    #[serde(flatten)]
    pub op: Op,
    /// All smaller than this node's own id.
    pub inputs: Vec<NodeId>,
    /// Of the rows that leave it; not called `schema` in files, since some operations have a schema of their own.
    #[serde(rename = "output")]
    pub schema: Schema,
    pub origin: Origin,
    /// Changes with anything that changes this node's rows: its op, its schema, its inputs' hashes.
    #[serde(default, skip)]
    pub hash: u64,
}

/// A value that a run may set. Referred to as `${name}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Used where a run gives none; `None`: must be given. A JSON value of the type, or `${env:NAME}`: then the parameter
    /// is a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
}

/// When the run began (Timestamp); set by every run and preview, so that a run can be repeated.
pub const RUN_STARTED_AT: &str = "run.started_at";

/// The parameter of an exported design that relative paths of its sources start from; where the design has one of that
/// name, a number follows.
pub const SOURCE_FOLDER: &str = "source_folder";

/// What that parameter, and none of a design's own, is for.
pub const SOURCE_FOLDER_DOC: &str = "the folder that relative paths of sources start from";

/// Parameters that exist without being declared, with their types.
pub fn built_in_parameters() -> BTreeMap<String, DataType> {
    [(RUN_STARTED_AT.to_owned(), DataType::Timestamp)].into()
}

/// What became of one step: output port → node, and the nodes it was lowered to. In a hole (a broken step)
/// `outputs` keeps no entry for the port.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PlanStep {
    pub title: String,
    pub kind: String,
    pub outputs: BTreeMap<String, NodeId>,
    pub nodes: Vec<NodeId>,
    /// The step is broken; its rows are those of its last good settings, so that neighbours go on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// The meaning of a design. Back ends read this and nothing else.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// In topological order. Shared, since the next plan after an edit holds most of them again.
    pub nodes: Vec<Arc<Node>>,
    /// By step id.
    pub steps: BTreeMap<String, PlanStep>,
    pub parameters: Vec<Parameter>,
    /// The rules on where labelled data may go; a run keeps to them without the project.
    #[serde(default, skip_serializing_if = "InForce::is_empty")]
    pub policy: InForce,
    /// Found while lowering; not part of a pipeline file.
    #[serde(skip)]
    pub diagnostics: Vec<Diagnostic>,
}

impl Plan {
    /// # Panics
    /// Never for ids that this plan gave out.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The node behind a step's output port; `None` where the step is broken or has no such port.
    pub fn output(&self, step: &str, port: &str) -> Option<NodeId> {
        self.steps.get(step)?.outputs.get(port).copied()
    }

    /// Ids in topological order with their nodes.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Arc<Node>)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId(index as u32), node))
    }

    /// Types of all parameters that expressions may name, built-in ones included.
    pub fn parameter_types(&self) -> BTreeMap<String, DataType> {
        let mut types = built_in_parameters();
        types.extend(self.parameters.iter().map(|parameter| (parameter.name.clone(), parameter.data_type.clone())));
        types
    }

    /// All sinks, in order.
    pub fn sinks(&self) -> Vec<NodeId> {
        self.iter().filter(|(_, node)| matches!(node.op, Op::Write(_))).map(|(id, _)| id).collect()
    }

    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}
