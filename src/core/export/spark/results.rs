//! What stands around the views: the sources as tasks read them, and pipelines that put Spark's rows into the design's
//! files, as Pipewright writes them.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::dialect::parameter_marker;
use super::{SPARK, rejected_view};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::export::sql::Dialect;
use crate::expr::Expr;
use crate::formats::FormatSpec;
use crate::ir::{
    Check, Column, Destination, FileKind, MAX_QUARANTINED, Node, NodeId, OnFail, Op, Plan, Project, Read, WhenExists,
    Write,
};
use crate::project::canonical_json;

/// A Duration is an integer on Spark, and inside of a list or a record nothing makes it one again.
pub fn check_types(dialect: &dyn Dialect, schema: &Schema) -> Result<(), Diagnostic> {
    fn is_inside(data_type: &DataType) -> bool {
        match data_type {
            DataType::List(item) => **item == DataType::Duration || is_inside(item),
            DataType::Record(fields) => fields.iter().any(|(_, item)| *item == DataType::Duration || is_inside(item)),
            _ => false,
        }
    }
    match schema.fields.iter().find(|field| is_inside(&field.data_type)) {
        Some(field) => {
            Err(dialect.refuse(&format_args!("Durations inside of a list or a record, as in `{}`", field.name)))
        }
        None => Ok(()),
    }
}

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

/// What a node loads; an answer that is only shown is not loaded.
fn loaded(node: &Node) -> Option<&Write> {
    match &node.op {
        Op::Write(write) if !matches!(write.destination, Destination::Answer { .. }) => Some(write),
        _ => None,
    }
}

/// `job.json`: the steps behind the views, what is loaded, what is turned away.
pub fn job_text(plan: &Plan, keeps_lines: bool) -> String {
    let takers = |id: NodeId| plan.nodes.iter().flat_map(|node| &node.inputs).filter(|input| **input == id).count();
    let view = |id: NodeId| format!("n{}", id.0);
    let (mut steps, mut loads, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
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
        if let Some(write) = loaded(node) {
            let replaces = !matches!(&write.destination, Destination::File { when_exists: WhenExists::Fail, .. });
            loads.push(
                json!({ "view": view(id), "step": node.origin.step, "title": node.origin.title, "replaces": replaces }),
            );
        }
        if let Some(of) = rejected_view(plan, id) {
            let (mut before, mut root) = (Vec::new(), id);
            while let Some(input) = plan.node(root).inputs.first() {
                root = *input;
                before.extend(rejected_view(plan, root));
            }
            rejected.push(json!({
                "view": of, "step": node.origin.step, "title": node.origin.title, "op": node.op.name(),
                "input": node.inputs.first().map(|input| view(*input)), "before": before,
                "source": plan.node(root).origin.step,
            }));
        }
    }
    let markers: serde_json::Map<String, Json> =
        plan.parameter_types().keys().map(|name| (name.clone(), json!(parameter_marker(name)))).collect();
    canonical_json(&json!({
        "steps": steps, "loads": loads, "rejected": rejected, "markers": markers, "keeps_lines": keeps_lines,
        "most_rejected": MAX_QUARANTINED,
    }))
}

/// A plan that is made node by node.
struct Maker {
    plan: Plan,
}

impl Maker {
    fn of(plan: &Plan) -> Maker {
        let parameters = plan.parameters.iter().filter(|parameter| !parameter.is_secret()).cloned().collect();
        Maker { plan: Plan { parameters, ..Plan::default() } }
    }

    fn push(&mut self, op: Op, input: Option<NodeId>, schema: Schema, like: &Node) -> NodeId {
        let id = NodeId(self.plan.nodes.len() as u32);
        let node = Node { op, inputs: input.into_iter().collect(), schema, origin: like.origin.clone(), hash: 0 };
        self.plan.nodes.push(Arc::new(node));
        let step = self.plan.steps.entry(like.origin.step.clone()).or_default();
        step.title = like.origin.title.clone();
        step.kind = "load_file".to_owned();
        step.nodes.push(id);
        id
    }

    /// Rows that Spark has written, as they were: a Duration is one again.
    fn rows(&mut self, view: &str, schema: &Schema, like: &Node) -> NodeId {
        let written = |field: &Field| {
            let data_type = match &field.data_type {
                DataType::Duration => DataType::Int,
                DataType::Unknown => DataType::String,
                other => other.clone(),
            };
            Field { data_type, ..field.clone() }
        };
        let read = Read {
            path: format!("rows/{view}/*.parquet"),
            format: FormatSpec::new("parquet"),
            schema: Schema { fields: schema.fields.iter().map(written).collect(), ..schema.clone() },
            columns: None,
            position: false,
            planned: None,
            location: None,
        };
        let read_schema = read.schema.clone();
        let id = self.push(Op::Read(read), None, read_schema, like);
        if !schema.fields.iter().any(|field| field.data_type == DataType::Duration) {
            return id;
        }
        let column = |field: &Field| {
            let value = Expr::column(field.name.clone());
            let unit = Expr::literal(Value::text("microseconds"));
            let is_span = field.data_type == DataType::Duration;
            let expr = if is_span { Expr::call("to_duration", vec![value, unit]) } else { value };
            Column::new(field.name.clone(), expr)
        };
        let project = Project::new(schema.fields.iter().map(column).collect());
        self.push(Op::Project(project), Some(id), schema.clone(), like)
    }
}

/// The pipeline of all loads, from the rows that Spark has written.
pub fn of_loads(plan: &Plan) -> Plan {
    let mut made = Maker::of(plan);
    for (id, node) in plan.iter().filter(|(_, node)| loaded(node).is_some()) {
        let rows = made.rows(&format!("n{}", id.0), &node.schema, node);
        made.push(node.op.clone(), Some(rows), node.schema.clone(), node);
    }
    made.plan
}

/// The pipeline that turns away the rows of all checks once more, so that they are kept as a run keeps them.
pub fn of_rejected(plan: &Plan) -> Plan {
    let mut made = Maker::of(plan);
    for (id, node) in plan.iter() {
        let (Some(view), Op::Check(check), Some(input)) = (rejected_view(plan, id), &node.op, node.inputs.first())
        else {
            continue;
        };
        let schema = &plan.node(*input).schema;
        let rows = made.rows(&view, schema, node);
        let never = Expr::literal(Value::Boolean(false));
        let check = Check { predicate: never, reason: check.reason.clone(), on_fail: OnFail::Reject };
        let none = made.push(Op::Check(check), Some(rows), schema.clone(), node);
        let destination = Destination::File {
            path: format!("{view}.jsonl"),
            kind: FileKind::Jsonl,
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        // It has no row, whoever may see them.
        let in_place = crate::policy::Site::in_place(&crate::data::Labels::merged(
            schema.fields.iter().map(|field| &field.labels),
        ));
        let write = Write { destination, order: Vec::new(), site: in_place };
        made.push(Op::Write(write), Some(none), schema.clone(), node);
    }
    made.plan
}
