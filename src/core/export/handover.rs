//! What goes between Pipewright's own runner and an engine that computes rows in between, as Parquet: sources and
//! parameters in, rows of loads and rejected rows out. Must not import any target.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::{Bundle, staging};
use crate::data::{DataType, Field, Labels, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind};
use crate::formats::FormatSpec;
use crate::ir::{
    Check, Column, Destination, FileKind, MAX_QUARANTINED, Matches, Node, NodeId, OnFail, Op, Origin, Parameter, Plan,
    Project, RUN_STARTED_AT, Read, Rows, SideMatches, WhenExists, Write,
};
use crate::policy::Site;
use crate::project::canonical_json;

/// `report.py`: sums up a run of which an engine counted the rows.
const REPORT: &str = include_str!("report.py");

/// The first column with Durations inside of a list or a record: in Parquet they are integers, and nothing makes them
/// Durations again.
pub fn nested_span(schema: &Schema) -> Option<&Field> {
    fn is_inside(data_type: &DataType) -> bool {
        match data_type {
            DataType::List(item) => **item == DataType::Duration || is_inside(item),
            DataType::Record(fields) => fields.iter().any(|(_, item)| *item == DataType::Duration || is_inside(item)),
            _ => false,
        }
    }
    schema.fields.iter().find(|field| is_inside(&field.data_type))
}

/// As the fault of an engine, by what refuses for it.
pub fn check_spans(schema: &Schema, refuse: &dyn Fn(&str) -> Diagnostic) -> Result<(), Diagnostic> {
    match nested_span(schema) {
        Some(field) => Err(refuse(&format!("Durations inside of a list or a record, as in `{}`", field.name))),
        None => Ok(()),
    }
}

/// What a node loads; an answer that is only shown is not loaded.
pub fn loaded(node: &Node) -> Option<&Write> {
    match &node.op {
        Op::Write(write) if !matches!(write.destination, Destination::Answer { .. }) => Some(write),
        _ => None,
    }
}

/// The name of the rows that a check rejects; `None`: the node rejects none.
pub fn rejected_view(plan: &Plan, id: NodeId) -> Option<String> {
    let is_rejecting = matches!(&plan.node(id).op, Op::Check(Check { on_fail: OnFail::Reject, .. }));
    is_rejecting.then(|| format!("rejected_{}", id.0))
}

/// The name of what is counted of a join.
pub fn matches_view(id: NodeId) -> String {
    format!("matches_{}", id.0)
}

/// The loads as a job knows them.
pub fn loads_json(plan: &Plan) -> Vec<Json> {
    let one = |(id, node): (NodeId, &Arc<Node>)| {
        let write = loaded(node)?;
        let replaces = !matches!(&write.destination, Destination::File { when_exists: WhenExists::Fail, .. });
        let view = format!("n{}", id.0);
        Some(json!({ "view": view, "step": node.origin.step, "title": node.origin.title, "replaces": replaces }))
    };
    plan.iter().filter_map(one).collect()
}

/// The checks that reject rows, with those before them on the way from the source.
pub fn rejected_json(plan: &Plan) -> Vec<Json> {
    let one = |(id, node): (NodeId, &Arc<Node>)| {
        let of = rejected_view(plan, id)?;
        let (mut before, mut root) = (Vec::new(), id);
        while let Some(input) = plan.node(root).inputs.first() {
            root = *input;
            before.extend(rejected_view(plan, root));
        }
        Some(json!({
            "view": of, "step": node.origin.step, "title": node.origin.title, "op": node.op.name(),
            "input": node.inputs.first().map(|input| format!("n{}", input.0)), "before": before,
            "source": plan.node(root).origin.step,
        }))
    };
    plan.iter().filter_map(one).collect()
}

/// `job.json`, as `report.py` reads it: what is loaded, what is turned away, what is joined.
pub fn job_text(plan: &Plan) -> String {
    let side = |name: &str, side: &SideMatches, other: &SideMatches| {
        // Told only where a partner is expected.
        let is_told = SideMatches { unmatched: 1, ..side.clone() }.is_told();
        let [told, keys] = if is_told { side.template(&other.of) } else { Default::default() };
        json!({ "side": name, "of": side.of, "goes_on": side.goes_on.word(), "told": told, "keys": keys })
    };
    let joined = |(id, node): (NodeId, &Arc<Node>)| {
        let found = Matches::of(plan, id)?;
        Some(json!({
            "view": matches_view(id), "step": node.origin.step, "title": node.origin.title, "op": node.op.name(),
            "sides": [side("left", &found.left, &found.right), side("right", &found.right, &found.left)],
        }))
    };
    let matches: Vec<Json> = plan.iter().filter_map(joined).collect();
    canonical_json(&json!({
        "loads": loads_json(plan), "rejected": rejected_json(plan), "matches": matches, "most_rejected": MAX_QUARANTINED,
    }))
}

/// The parameters that the script names, and when the run began.
pub fn parameters_schema(plan: &Plan) -> Schema {
    let known = staging::script_parameters(plan);
    let known = known.into_iter().map(|parameter| Field::new(parameter.name, parameter.data_type));
    let started = staging::names_started(plan).then(|| Field::new(RUN_STARTED_AT.to_owned(), DataType::Timestamp));
    Schema::new(known.chain(started).collect())
}

/// The columns with numbers for names.
pub fn by_number(schema: &Schema) -> Schema {
    let field = |(index, field): (usize, &Field)| Field { name: format!("c{index}"), ..field.clone() };
    Schema::new(schema.fields.iter().enumerate().map(field).collect())
}

/// The columns with numbers for names, and the flags `n0`, `n1`, … of those that bear one.
pub fn by_number_with_flags(schema: &Schema, is_flagged: fn(&DataType) -> bool) -> Schema {
    let flags = schema.fields.iter().enumerate().filter(|(_, field)| is_flagged(&field.data_type));
    let flags = flags.map(|(index, _)| Field::new(format!("n{index}"), DataType::Boolean));
    Schema::new(by_number(schema).fields.into_iter().chain(flags).collect())
}

/// The same pipeline of sources, whose files have numbers for the names of columns. A flag tells that a column is null
/// where an engine would not see it.
pub fn numbered(staged: &Plan, is_flagged: fn(&DataType) -> bool) -> Plan {
    let mut made = Plan { parameters: staged.parameters.clone(), ..Plan::default() };
    for node in &staged.nodes {
        let Some(input) = node.inputs.first().map(|input| staged.node(*input)) else { continue };
        let read = push(&mut made, input.op.clone(), vec![], input.schema.clone(), &input.origin);
        let fields = || input.schema.fields.iter().enumerate();
        let held = |(index, field): (usize, &Field)| Column::new(format!("c{index}"), Expr::column(field.name.clone()));
        let flag = |(index, field): (usize, &Field)| {
            let expr = Box::new(Expr::column(field.name.clone()));
            Column::new(format!("n{index}"), Expr::made(ExprKind::IsNull { expr, negated: false }))
        };
        let flags = fields().filter(|(_, field)| is_flagged(&field.data_type)).map(flag);
        let columns = Project::new(fields().map(held).chain(flags).collect());
        let schema = by_number_with_flags(&input.schema, is_flagged);
        let rows = push(&mut made, Op::Project(columns), vec![read], schema.clone(), &input.origin);
        push(&mut made, node.op.clone(), vec![rows], schema, &node.origin);
    }
    made
}

/// Adds a row with the parameters that the script names to a pipeline of sources: the columns `c0`, `c1`, … of the file
/// `parameters` of that kind.
pub fn add_parameters(staged: &mut Plan, plan: &Plan, kind: FileKind) {
    let schema = parameters_schema(plan);
    if schema.is_empty() {
        return;
    }
    let more: Vec<Parameter> = staging::script_parameters(plan);
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
    let input = push(staged, Op::Rows(row.clone()), vec![], row.schema, &origin);
    let schema = by_number(&schema);
    let values = push(staged, project, vec![input], schema.clone(), &origin);
    let ending = match kind {
        FileKind::Csv => "csv",
        FileKind::Jsonl => "jsonl",
        FileKind::Parquet => "parquet",
    };
    push(staged, written(&format!("parameters.{ending}"), kind), vec![values], schema, &origin);
}

/// A load into a file of a run's own folder.
pub fn written(path: &str, kind: FileKind) -> Op {
    let destination =
        Destination::File { path: path.to_owned(), kind, partition: Vec::new(), when_exists: WhenExists::Replace };
    Op::Write(Write::new(destination, Vec::new()))
}

/// Adds a node to a plan that is made node by node.
pub fn push(plan: &mut Plan, op: Op, inputs: Vec<NodeId>, schema: Schema, origin: &Origin) -> NodeId {
    let id = NodeId(plan.nodes.len() as u32);
    plan.nodes.push(Arc::new(Node { op, inputs, schema, origin: origin.clone(), hash: 0 }));
    let step = plan.steps.entry(origin.step.clone()).or_default();
    step.title = origin.title.clone();
    step.kind = "file".to_owned();
    step.nodes.push(id);
    id
}

/// The file that a Read is staged in.
pub fn staged_file(id: NodeId) -> String {
    format!("source_{}.parquet", id.0)
}

/// A pipeline of the sources and the parameters alone.
pub fn stage(plan: &Plan) -> Plan {
    let mut staged = staging::stage(plan, FileKind::Parquet, &staged_file);
    add_parameters(&mut staged, plan, FileKind::Parquet);
    staged
}

/// Reads rows that an engine has written into `rows/VIEW`.
pub type ReadBack = fn(&mut Plan, &str, &Schema, &Origin) -> NodeId;

/// Rows that an engine has written as they were: a Duration is one again.
pub fn rows(made: &mut Plan, view: &str, schema: &Schema, origin: &Origin) -> NodeId {
    rows_at(made, format!("rows/{view}/*.parquet"), schema, origin)
}

/// The columns as they are in Parquet.
pub fn held(schema: &Schema) -> Schema {
    let one = |field: &Field| {
        let data_type = match &field.data_type {
            DataType::Duration => DataType::Int,
            DataType::Unknown => DataType::String,
            other => other.clone(),
        };
        Field { data_type, ..field.clone() }
    };
    Schema { fields: schema.fields.iter().map(one).collect(), ..schema.clone() }
}

/// The same, of Parquet files at any place.
pub fn rows_at(made: &mut Plan, path: String, schema: &Schema, origin: &Origin) -> NodeId {
    let read = Read {
        path,
        format: FormatSpec::new("parquet"),
        schema: held(schema),
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    let read_schema = read.schema.clone();
    let id = push(made, Op::Read(read), vec![], read_schema, origin);
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
    push(made, Op::Project(project), vec![id], schema.clone(), origin)
}

/// A plan without nodes yet; no secret is among its parameters.
fn empty(plan: &Plan) -> Plan {
    let parameters = plan.parameters.iter().filter(|parameter| !parameter.is_secret()).cloned().collect();
    Plan { parameters, ..Plan::default() }
}

/// The pipeline of all loads, from the rows that an engine has written.
pub fn of_loads(plan: &Plan, rows: ReadBack) -> Plan {
    let mut made = empty(plan);
    for (id, node) in plan.iter().filter(|(_, node)| loaded(node).is_some()) {
        let rows = rows(&mut made, &format!("n{}", id.0), &node.schema, &node.origin);
        push(&mut made, node.op.clone(), vec![rows], node.schema.clone(), &node.origin);
    }
    made
}

/// The pipeline that turns away the rows of all checks once more, so that they are kept as a run keeps them.
pub fn of_rejected(plan: &Plan, rows: ReadBack) -> Plan {
    let mut made = empty(plan);
    for (id, node) in plan.iter() {
        let (Some(view), Op::Check(check), Some(input)) = (rejected_view(plan, id), &node.op, node.inputs.first())
        else {
            continue;
        };
        let schema = &plan.node(*input).schema;
        let rows = rows(&mut made, &view, schema, &node.origin);
        let never = Expr::literal(Value::Boolean(false));
        let check = Check { predicate: never, reason: check.reason.clone(), on_fail: OnFail::Reject };
        let none = push(&mut made, Op::Check(check), vec![rows], schema.clone(), &node.origin);
        let destination = Destination::File {
            path: format!("{view}.jsonl"),
            kind: FileKind::Jsonl,
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        // It has no row, whoever may see them.
        let in_place = Site::in_place(&Labels::merged(schema.fields.iter().map(|field| &field.labels)));
        let write = Op::Write(Write { destination, order: Vec::new(), site: in_place, watch: None });
        push(&mut made, write, vec![none], schema.clone(), &node.origin);
    }
    made
}

/// Writes the pipelines around an engine's part, `job.json` and `report.py`; gives whether there is something to stage.
pub fn write(bundle: &mut Bundle, plan: &Plan, staged: Plan, name: &str, rows: ReadBack) -> bool {
    let mut pipeline = |file: &str, what: &str, plan: Plan| {
        let is_there = !plan.nodes.is_empty();
        if is_there {
            let name = format!("{name}: {what}");
            bundle.text(file, Pipeline { pipeline: PIPELINE_VERSION, name, plan }.to_text());
        }
        is_there
    };
    let is_staged = pipeline("stage.json", "sources", staged);
    pipeline("results.json", "results", of_loads(plan, rows));
    pipeline("rejected.json", "rejected rows", of_rejected(plan, rows));
    bundle.text("job.json", job_text(plan));
    bundle.text("report.py", REPORT);
    is_staged
}

/// What follows the engine's part in a `run.sh`: its rows become the design's files, rejected rows a file of the
/// quarantine, counts the report; a source is never replaced by what is made of it.
pub const FINISH: &str = r#"fail() {
  cat -- "$work/said" >&2
  exit 1
}
# What is read here is what the engine wrote.
cp -- "$here/results.json" "$work/results.json"
"${PIPEWRIGHT:-pipewright}" run "$work/results.json" --out "$work/out" --max-quarantined 1 --report "$work/placed.json" "$@" 2>"$work/said" || fail
if [ -f "$here/rejected.json" ]; then
  cp -- "$here/rejected.json" "$work/rejected.json"
  "${PIPEWRIGHT:-pipewright}" run "$work/rejected.json" --out "$work/none" --quarantine "$work/rejected" --max-quarantined 1 "$@" 2>"$work/said" || [ $? -eq 3 ] || fail
  if [ -s "$work/rejected/quarantine.jsonl" ]; then
    mkdir -p -- "$work/out/quarantine"
    mv -- "$work/rejected/quarantine.jsonl" "$work/out/quarantine/rejected.jsonl"
  fi
fi
@EARLIER@
@SOURCES@
(cd -- "$work" && "${PYTHON:-python3}" -I "$here/report.py" "$here/job.json") || code=$?
"#;
