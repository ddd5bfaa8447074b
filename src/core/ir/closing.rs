//! Runs that read only what is new, of flows that group by buckets of time: a bucket is made when it is closed, which is
//! when a row has come whose time lies behind its end, by as much as rows may be late. Rows of buckets that are open are
//! kept in a file beside the outputs, and are there again the next time. Imports data, diagnostic, expr, files,
//! policy; opens nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Aggregate, Check, Column, Destination, FileKind, Join, JoinKind, Node, NodeId, OnFail, Op, ParameterTypes, Plan,
    PlanStep, Project, Read, WhenExists, Write, node_hash, output_schema,
};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, ExprKind};
use crate::files::OPEN_ROWS;
use crate::formats::FormatSpec;
use crate::policy::Site;

/// A plan that makes only the buckets that are closed.
#[derive(Debug, Clone, Default)]
pub struct Closed {
    pub plan: Plan,
    /// Nodes that make the rows of buckets.
    pub buckets: Vec<NodeId>,
    /// Nodes that read the rows of open buckets, and the sinks that write them; of each bucket's node, in its order.
    pub kept: Vec<NodeId>,
    pub open: Vec<NodeId>,
    /// Nodes that find the newest time of rows.
    newest: Vec<NodeId>,
}

/// The key of an aggregate that is a bucket of a time that comes in, with the name of that time.
fn bucket_of<'a>(aggregate: &'a Aggregate, input: &Schema) -> Option<(&'a Expr, &'a str)> {
    aggregate.keys.iter().find_map(|key| {
        let ExprKind::Call(call) = &key.expr.kind else { return None };
        let [width, time] = &call.args[..] else { return None };
        let (ExprKind::Literal(_), ExprKind::Column(time)) = (&width.kind, &time.kind) else { return None };
        let is_bucket = ["time_bucket", "date_trunc"].contains(&call.function.as_str());
        let is_time = input.get(time).is_some_and(|field| field.data_type == DataType::Timestamp);
        (is_bucket && is_time).then_some((&key.expr, time.as_str()))
    })
}

/// The nodes whose rows come to sinks, each by itself or in what is made of several. What is looked up for them is none.
pub fn rows_of_sinks(plan: &Plan) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    for (id, node) in plan.iter().collect::<Vec<_>>().into_iter().rev() {
        if matches!(node.op, Op::Write(_)) {
            found.insert(id);
        }
        if found.contains(&id) {
            let many = if matches!(node.op, Op::Union) { node.inputs.len() } else { 1 };
            found.extend(node.inputs.iter().take(many));
        }
    }
    found
}

/// The nodes of a plan that group the rows of sinks by a bucket of time, each with the expression that gives it. Buckets
/// that are looked up are made of all rows each time.
pub fn buckets_of_time(plan: &Plan) -> BTreeMap<NodeId, &Expr> {
    let rows = rows_of_sinks(plan);
    let rows = plan.iter().filter(|(id, _)| rows.contains(id));
    let bucket = rows.filter_map(|(id, node)| match (&node.op, &node.inputs[..]) {
        (Op::Aggregate(aggregate), [input]) => Some((id, bucket_of(aggregate, &plan.node(*input).schema)?.0)),
        _ => None,
    });
    bucket.collect()
}

/// The plan that makes each bucket once, when it is closed. `lateness`: microseconds for which rows may come late;
/// `earlier`: the path of the rows of open buckets that an earlier run has put into a file of that name, where there is
/// one.
pub fn closed_buckets(
    plan: &Plan,
    lateness: i64,
    earlier: &dyn Fn(&str) -> Option<String>,
) -> Result<Closed, Diagnostic> {
    let wanted = buckets_of_time(plan);
    let mut made = Closed { plan: Plan { nodes: Vec::new(), ..plan.clone() }, ..Closed::default() };
    let mut moved: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for (id, node) in plan.iter() {
        let mut inputs: Vec<NodeId> = node.inputs.iter().filter_map(|input| moved.get(input).copied()).collect();
        if let (Op::Aggregate(aggregate), true) = (&node.op, wanted.contains_key(&id)) {
            let name = made.file_name(node);
            made.check_wait(node, &made.plan.node(inputs[0]).schema, &sites_behind(plan, id))?;
            let rows = Incoming { like: node, rows: inputs[0], lateness, earlier: earlier(&name) };
            inputs = vec![made.closed(aggregate, rows, name)?];
        }
        let new = made.keep(node, inputs);
        if wanted.contains_key(&id) {
            made.buckets.push(new);
        }
        moved.insert(id, new);
    }
    let of = |id: &NodeId| moved.get(id).copied().unwrap_or(*id);
    let step = |step: &PlanStep| PlanStep {
        outputs: step.outputs.iter().map(|(port, node)| (port.clone(), of(node))).collect(),
        nodes: step.nodes.iter().map(of).collect(),
        ..step.clone()
    };
    made.plan.steps = plan.steps.iter().map(|(id, one)| (id.clone(), step(one))).collect();
    Ok(made)
}

/// Where everything comes to that is made of a node's rows.
fn sites_behind(plan: &Plan, id: NodeId) -> Vec<&Site> {
    let (mut behind, mut sites) = (BTreeSet::from([id]), Vec::new());
    for (next, node) in plan.iter() {
        if node.inputs.iter().any(|input| behind.contains(input)) {
            behind.insert(next);
            sites.extend(if let Op::Write(write) = &node.op { Some(&write.site) } else { None });
        }
    }
    sites
}

/// What comes to a node that makes buckets.
struct Incoming<'a> {
    like: &'a Node,
    rows: NodeId,
    lateness: i64,
    earlier: Option<String>,
}

impl Closed {
    /// Whether a node looks only at the newest time of rows.
    pub fn is_own(&self, join: &Node) -> bool {
        join.inputs.get(1).is_some_and(|newest| self.newest.contains(newest))
    }

    /// Rows that wait lie beside what is made of them: what may not lie there does not wait there either.
    fn check_wait(&self, like: &Node, rows: &Schema, sites: &[&Site]) -> Result<(), Diagnostic> {
        let forbidden = |field: &Field| {
            let found =
                sites.iter().find_map(|site| self.plan.policy.violations(&field.labels, site).into_iter().next())?;
            let columns = format!("`{}`, of which rows wait until their bucket is closed,", field.name);
            let help = format!("run this flow without `--incremental`; or {}", found.help(""));
            Some(Diagnostic::error(found.code(), found.message(&columns, false)).help(help))
        };
        match rows.fields.iter().find_map(forbidden) {
            None => Ok(()),
            Some(fault) => Err(fault.step(&*like.origin.step, &*like.origin.title)),
        }
    }

    /// A node of the step that another one is of.
    fn push(&mut self, like: &Node, op: Op, inputs: Vec<NodeId>) -> Result<NodeId, Diagnostic> {
        let schemas: Vec<&Schema> = inputs.iter().map(|input| &self.plan.node(*input).schema).collect();
        let schema = output_schema(&op, &schemas, &ParameterTypes::new())?;
        Ok(self.keep(&Node { op, schema, ..like.clone() }, inputs))
    }

    /// A node with other inputs.
    fn keep(&mut self, node: &Node, inputs: Vec<NodeId>) -> NodeId {
        let hash = node_hash(&node.op, inputs.iter().map(|input| self.plan.node(*input).hash));
        self.plan.nodes.push(Arc::new(Node { inputs, hash, ..node.clone() }));
        NodeId(self.plan.nodes.len() as u32 - 1)
    }

    /// Where the rows of open buckets of a node lie: by its step.
    fn file_name(&self, node: &Node) -> String {
        let step = &node.origin.step;
        let is_plain =
            step.len() <= 100 && step.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let step = if is_plain { step.clone() } else { format!("{:016x}", xxh3_64(step.as_bytes())) };
        let others = self.buckets.iter().filter(|id| self.plan.node(**id).origin.step == node.origin.step).count();
        // No step is called so.
        let number = if others > 0 { format!(".{}", others + 1) } else { String::new() };
        format!("{OPEN_ROWS}{step}{number}.parquet")
    }

    /// The rows of closed buckets; those of the others go to the file of that name.
    fn closed(&mut self, aggregate: &Aggregate, incoming: Incoming, name: String) -> Result<NodeId, Diagnostic> {
        let Incoming { like, rows, lateness, earlier } = incoming;
        let schema = self.plan.node(rows).schema.clone();
        let Some((bucket, time)) = bucket_of(aggregate, &schema) else { return Ok(rows) };
        let mut newest = "pw_newest".to_owned();
        while schema.has(&newest) {
            newest.push('_');
        }
        let limit = limit_of(bucket, &newest, lateness);
        let reject = |predicate: Expr, reason: &str| {
            Op::Check(Check { predicate, reason: reason.to_owned(), on_fail: OnFail::Reject })
        };
        let timed = reject(Expr::is_null(Expr::column(time), true), "it has no time, and is in no bucket");
        let mut rows = self.push(like, timed, vec![rows])?;
        if let Some(path) = earlier {
            let format = FormatSpec::new("parquet");
            let read = Op::Read(Read { path, format, schema: schema.clone(), ..Read::default() });
            let before = self.push(like, read, Vec::new())?;
            self.kept.push(before);
            let known = self.beside(like, rows, (before, time), &newest)?;
            // Where nothing was kept, nothing was read before either.
            let is_first = Expr::is_null(Expr::column(newest.as_str()), false);
            let is_open = Expr::binary(BinaryOp::GreaterOrEqual, bucket.clone(), limit.clone());
            let is_in_time = Expr::binary(BinaryOp::Or, is_first, is_open);
            let late = reject(is_in_time, "it comes too late: its bucket is closed");
            let known = self.push(like, late, vec![known])?;
            let new = self.without(like, known, &schema)?;
            rows = self.push(like, Op::Union, vec![before, new])?;
        }
        let known = self.beside(like, rows, (rows, time), &newest)?;
        let is_closed = Expr::binary(BinaryOp::Less, bucket.clone(), limit.clone());
        let is_open = Expr::binary(BinaryOp::GreaterOrEqual, bucket.clone(), limit);
        let open = self.push(like, Op::Filter { predicate: is_open }, vec![known])?;
        let open = self.without(like, open, &schema)?;
        let destination = Destination::File {
            path: name,
            kind: FileKind::Parquet,
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        let write = Write { destination, order: Vec::new(), site: Default::default(), watch: None };
        let sink = self.push(like, Op::Write(write), vec![open])?;
        self.open.push(sink);
        let closed = self.push(like, Op::Filter { predicate: is_closed }, vec![known])?;
        self.without(like, closed, &schema)
    }

    /// Rows with the newest time of others beside them.
    fn beside(
        &mut self,
        like: &Node,
        rows: NodeId,
        (others, time): (NodeId, &str),
        newest: &str,
    ) -> Result<NodeId, Diagnostic> {
        let measure = Column::new(newest, Expr::call("max", vec![Expr::column(time)]));
        let aggregate = Aggregate { keys: Vec::new(), measures: vec![measure] };
        let found = self.push(like, Op::Aggregate(aggregate), vec![others])?;
        self.newest.push(found);
        let right = vec![(newest.to_owned(), newest.to_owned())];
        self.push(like, Op::Join(Join { kind: JoinKind::Cross, on: Vec::new(), right }), vec![rows, found])
    }

    /// The columns of a schema alone.
    fn without(&mut self, like: &Node, rows: NodeId, schema: &Schema) -> Result<NodeId, Diagnostic> {
        let columns = schema.names().map(Column::same).collect();
        self.push(like, Op::Project(Project::new(columns)), vec![rows])
    }
}

/// Buckets before this one are closed: it is the one of the newest time, less what rows may be late.
fn limit_of(bucket: &Expr, newest: &str, lateness: i64) -> Expr {
    let newest = match lateness {
        0 => Expr::column(newest),
        _ => {
            let lateness = Expr::literal(Value::Duration(lateness));
            Expr::binary(BinaryOp::Subtract, Expr::column(newest), lateness)
        }
    };
    bucket.clone().rewrite(&mut |part| match part.kind {
        ExprKind::Column(_) => newest.clone(),
        _ => part,
    })
}
