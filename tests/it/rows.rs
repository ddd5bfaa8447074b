//! Row accounting: what the run report says of every operation, against counts that are made here: from the rows that
//! go into it, by the meaning of the operation, one row after the other. Nothing here takes a number from the report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::{Schema, Value};
use pipewright_core::expr::{Expr, bind, eval};
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{
    Check, Destination, FileKind, Join, JoinKind, Node, NodeId, OnFail, Op, Origin, Plan, RUN_STARTED_AT, Read,
    WhenExists, Write, load_answers,
};
use pipewright_core::steps::{Example, kinds, lower_example};
use pipewright_engine::{RunOptions, RunProgress, RunReport, Sampling, preview_now, run};

use serde_json::json;

use crate::support::{path, root, run_ok};

struct Unwatched;

impl RunProgress for Unwatched {
    fn step(&self, _: &str) {}
    fn bytes(&self, _: u64, _: u64) {}
}

/// Rows with the names of their columns.
struct Rows {
    schema: Schema,
    rows: Vec<Vec<Value>>,
}

impl Rows {
    fn cell(&self, row: usize, name: &str) -> Value {
        self.schema.index(name).map_or(Value::Null, |column| self.rows[row][column].clone())
    }

    fn value(&self, row: usize, expr: &Expr) -> Value {
        eval(&bind(expr, &parameters()), &|name| self.cell(row, name))
    }

    /// Rows for which a condition is true.
    fn that(&self, predicate: &Expr) -> u64 {
        (0..self.rows.len()).filter(|row| self.value(*row, predicate) == Value::Boolean(true)).count() as u64
    }

    /// How many different keys the rows have.
    fn different(&self, key: impl Fn(usize) -> Vec<Value>) -> u64 {
        (0..self.rows.len()).map(|row| text_of(&key(row))).collect::<BTreeSet<_>>().len() as u64
    }
}

fn text_of(values: &[Value]) -> String {
    let one = |value: &Value| match value {
        Value::Float(float) if *float == 0.0 => "Float(0.0)".to_owned(),
        value => format!("{value:?}"),
    };
    values.iter().map(one).collect::<Vec<_>>().join("\u{1}")
}

fn parameters() -> BTreeMap<String, Value> {
    [(RUN_STARTED_AT.to_owned(), Value::Timestamp(1_772_409_600_000_000))].into()
}

fn rows_of(plan: &Plan, id: NodeId, base: &Path) -> Rows {
    let result = preview_now(plan, id, &Sampling::Whole, base, &parameters())
        .unwrap_or_else(|fault| panic!("{}: {fault}", plan.node(id).origin.title));
    let table = result.table;
    Rows { schema: table.schema().clone(), rows: (0..table.rows()).map(|row| table.row(row)).collect() }
}

/// What an operation must come to.
#[derive(Debug, Clone, PartialEq, Default)]
struct Account {
    ins: Vec<u64>,
    out: u64,
    dropped: u64,
    quarantined: u64,
}

/// How often each left row meets a right one, and how many right rows meet none.
fn matches(join: &Join, left: &Rows, right: &Rows) -> (Vec<u64>, u64) {
    let keys = |rows: &Rows, row: usize, side: fn(&(Expr, Expr)) -> &Expr| -> Option<String> {
        let values: Vec<Value> = join.on.iter().map(|pair| rows.value(row, side(pair))).collect();
        (!values.contains(&Value::Null)).then(|| text_of(&values))
    };
    let rights: Vec<Option<String>> = (0..right.rows.len()).map(|row| keys(right, row, |pair| &pair.1)).collect();
    let lefts: Vec<Option<String>> = (0..left.rows.len()).map(|row| keys(left, row, |pair| &pair.0)).collect();
    let meets = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    let met = lefts.iter().map(|left| rights.iter().filter(|right| meets(left, right)).count() as u64).collect();
    let lonely = rights.iter().filter(|right| !lefts.iter().any(|left| meets(left, right))).count() as u64;
    (met, lonely)
}

fn joined(join: &Join, left: &Rows, right: &Rows) -> u64 {
    let (met, lonely) = matches(join, left, right);
    let inner: u64 = met.iter().sum();
    let unmatched = met.iter().filter(|count| **count == 0).count() as u64;
    match join.kind {
        JoinKind::Inner => inner,
        JoinKind::Left => inner + unmatched,
        JoinKind::Right => inner + lonely,
        JoinKind::Full => inner + unmatched + lonely,
        JoinKind::Semi => met.len() as u64 - unmatched,
        JoinKind::Anti => unmatched,
        JoinKind::Cross => (left.rows.len() * right.rows.len()) as u64,
    }
}

/// Rows out of an operation, counted from its inputs; `None` where only the operation itself knows (a file's rows, a
/// text's format): an example's expected rows tell those.
fn out_of(op: &Op, inputs: &[Rows]) -> Option<u64> {
    let count = |input: usize| inputs[input].rows.len() as u64;
    Some(match op {
        Op::Read(_) | Op::Parse(_) => return None,
        Op::Rows(rows) => rows.rows.len() as u64,
        Op::Filter { predicate } | Op::Check(Check { predicate, on_fail: OnFail::Reject, .. }) => {
            inputs[0].that(predicate)
        }
        Op::Project(_) | Op::Check(_) | Op::Window(_) | Op::AsofJoin(_) | Op::Sort(_) | Op::Write(_) => count(0),
        Op::Aggregate(aggregate) if aggregate.keys.is_empty() => 1,
        Op::Aggregate(aggregate) => {
            inputs[0].different(|row| aggregate.keys.iter().map(|key| inputs[0].value(row, &key.expr)).collect())
        }
        Op::Join(join) => joined(join, &inputs[0], &inputs[1]),
        Op::Union => (0..inputs.len()).map(count).sum(),
        Op::Limit(limit) => count(0).saturating_sub(limit.offset).min(limit.count),
        Op::Distinct(distinct) => inputs[0].different(|row| {
            let keys = distinct.keys.iter().map(|key| inputs[0].cell(row, key)).collect();
            if distinct.keys.is_empty() { inputs[0].rows[row].clone() } else { keys }
        }),
        Op::Explode(explode) => {
            let items = |row: usize| match inputs[0].cell(row, &explode.column) {
                Value::List(items) if !items.is_empty() => items.len() as u64,
                _ => u64::from(explode.keep_empty),
            };
            (0..inputs[0].rows.len()).map(items).sum()
        }
        Op::Unpivot(unpivot) => count(0) * unpivot.columns.len() as u64,
    })
}

/// What every node must come to; of those that only they know themselves the rows that a preview shows.
fn accounts(plan: &Plan, base: &Path) -> BTreeMap<NodeId, Account> {
    let account = |(id, node): (NodeId, &Node)| {
        let inputs: Vec<Rows> = node.inputs.iter().map(|input| rows_of(plan, *input, base)).collect();
        let ins: Vec<u64> = inputs.iter().map(|rows| rows.rows.len() as u64).collect();
        let out = out_of(&node.op, &inputs).unwrap_or_else(|| rows_of(plan, id, base).rows.len() as u64);
        let lost = ins.iter().sum::<u64>().saturating_sub(out);
        let (dropped, quarantined) = match &node.op {
            Op::Filter { .. } | Op::Limit(_) | Op::Distinct(_) => (lost, 0),
            Op::Check(_) | Op::Parse(_) => (0, lost),
            _ => (0, 0),
        };
        (id, Account { ins, out, dropped, quarantined })
    };
    plan.iter().map(|(id, node)| account((id, node))).collect()
}

/// The plan with every node's number as its step, and a file at every end: the report then tells the nodes apart.
fn told_apart(plan: &Plan) -> Plan {
    let mut plan = load_answers(plan);
    for (index, node) in plan.nodes.iter_mut().enumerate() {
        let node = Arc::make_mut(node);
        node.origin = Origin { step: index.to_string(), title: node.origin.title.clone() };
    }
    let used: BTreeSet<NodeId> = plan.nodes.iter().flat_map(|node| node.inputs.clone()).collect();
    for id in (0..plan.nodes.len() as u32).map(NodeId).filter(|id| !used.contains(id)) {
        let node = plan.node(id).clone();
        if let Op::Write(write) = &node.op {
            // No server is needed to count the rows that go there.
            if write.destination.connection().is_some() {
                let path = format!("{}.table.jsonl", id.0);
                let (partition, when_exists) = (Vec::new(), WhenExists::Replace);
                let file = Destination::File { path, kind: FileKind::Jsonl, partition, when_exists };
                Arc::make_mut(&mut plan.nodes[id.0 as usize]).op = Op::Write(Write::new(file, Vec::new()));
            }
            continue;
        }
        let destination = Destination::File {
            path: format!("{}.jsonl", id.0),
            kind: FileKind::Jsonl,
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        let origin = Origin { step: plan.nodes.len().to_string(), title: "file".to_owned() };
        let op = Op::Write(Write::new(destination, Vec::new()));
        plan.nodes.push(Arc::new(Node { op, inputs: vec![id], schema: node.schema, origin, hash: 0 }));
    }
    plan
}

/// The plan with rows that lie in files, to be read in pieces of a few bytes, instead of in the plan.
fn read_from_files(plan: &Plan, folder: &Path) -> Plan {
    let mut plan = plan.clone();
    for (index, node) in plan.nodes.iter_mut().enumerate() {
        let Op::Rows(rows) = &node.op else { continue };
        let line = |row: &Vec<Value>| {
            let cells = rows.schema.names().zip(row).map(|(name, value)| (name.to_owned(), value.to_json()));
            format!("{}\n", serde_json::Value::Object(cells.collect()))
        };
        let file = folder.join(format!("{index}.jsonl"));
        fs::write(&file, rows.rows.iter().map(line).collect::<String>()).unwrap();
        let read = Read {
            path: file.to_str().unwrap().to_owned(),
            format: FormatSpec::new("json_lines"),
            schema: rows.schema.clone(),
            columns: None,
            position: false,
            planned: None,
            location: None,
        };
        Arc::make_mut(node).op = Op::Read(read);
    }
    plan
}

/// Runs a plan and compares its report, node by node; what differs.
fn compare(plan: &Plan, wanted: &BTreeMap<NodeId, Account>, base: &Path, chunk_size: Option<usize>) -> Vec<String> {
    let out = tempfile::tempdir().unwrap();
    let options = RunOptions {
        base: base.to_owned(),
        out: out.path().to_owned(),
        parameters: parameters(),
        chunk_size,
        ..RunOptions::default()
    };
    pipewright_core::files::trust(base);
    let report = run(plan, &options, &Unwatched).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut faults = Vec::new();
    for (id, account) in wanted {
        let step = report.steps.iter().find(|step| step.step == id.0.to_string());
        let found = step.map(|step| Account {
            ins: step.rows_in.clone(),
            out: step.rows_out,
            dropped: step.dropped,
            quarantined: step.quarantined,
        });
        let mut account = account.clone();
        if matches!(plan.node(*id).op, Op::Union) && account.ins.len() > 2 {
            // The report tells the first input of a union, and all others together.
            account.ins = vec![account.ins[0], account.ins[1..].iter().sum()];
        }
        if found.as_ref() != Some(&account) {
            let name = plan.node(*id).op.name();
            faults.push(format!("{name} ({}): {found:?}, not {account:?}", id.0));
        }
    }
    faults.extend(sums(plan, wanted, &report));
    faults
}

/// The report's sums and sinks.
fn sums(plan: &Plan, wanted: &BTreeMap<NodeId, Account>, report: &RunReport) -> Vec<String> {
    let of = |is_it: fn(&Op) -> bool| {
        let nodes = wanted.iter().filter(|(id, _)| is_it(&plan.node(**id).op));
        nodes.map(|(_, account)| account.clone()).collect::<Vec<_>>()
    };
    let (reads, sinks) = (of(|op| matches!(op, Op::Read(_))), of(|op| matches!(op, Op::Write(_))));
    let mut faults = Vec::new();
    let mut same = |what: &str, found: u64, wanted: u64| {
        if found != wanted {
            faults.push(format!("{what}: {found}, not {wanted}"));
        }
    };
    same("rows read", report.rows_read, reads.iter().map(|read| read.out).sum());
    same("rows written", report.rows_written, sinks.iter().map(|sink| sink.out).sum());
    let units: u64 = report.sources.iter().map(|source| source.tally.quarantined).sum();
    same("quarantined", report.quarantined, units + wanted.values().map(|account| account.quarantined).sum::<u64>());
    same("sinks", report.sinks.len() as u64, sinks.len() as u64);
    for sink in &report.sinks {
        let id = NodeId(sink.step.parse().unwrap());
        same(&format!("rows of the sink {}", sink.step), sink.rows, wanted[&id].out);
        if sink.path.ends_with(".jsonl") {
            let text = fs::read_to_string(&sink.path).unwrap();
            same(&format!("lines of {}", sink.step), text.lines().count() as u64, wanted[&id].out);
            same(&format!("bytes of {}", sink.step), sink.bytes, text.len() as u64);
        }
    }
    faults
}

/// The expected rows of the example, where it names them, are as many as were counted.
fn check_expected(example: &Example, plan: &Plan, wanted: &BTreeMap<NodeId, Account>) -> Vec<String> {
    let step = &plan.steps["example"];
    let outputs = example.outputs.iter().filter_map(|(port, table)| Some((step.outputs.get(*port)?, table)));
    let wrong = outputs.filter_map(|(id, table)| {
        let (rows, found) = (table.read().unwrap().1.len() as u64, wanted[id].out);
        (rows != found).then(|| format!("{rows} rows are expected, {found} are counted"))
    });
    wrong.collect()
}

#[test]
fn the_report_has_the_rows_of_every_example_of_every_step() {
    let (mut faults, mut ops) = (Vec::new(), BTreeSet::new());
    let mut reject = 0;
    for (kind, example) in kinds().iter().flat_map(|kind| kind.examples().iter().map(move |one| (*kind, one))) {
        let name = format!("{}: {}", kind.name(), example.title);
        let lowered = lower_example(kind, example).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        if lowered.nodes.iter().any(|node| matches!(&node.op, Op::Read(read) if read.planned.is_some())) {
            continue;
        }
        let plan = told_apart(&lowered);
        let wanted = accounts(&plan, &root());
        ops.extend(plan.nodes.iter().map(|node| node.op.name()));
        reject += wanted.values().map(|account| account.quarantined).sum::<u64>();
        let folder = tempfile::tempdir().unwrap();
        let files = read_from_files(&plan, folder.path());
        for (how, found) in [
            ("expected", check_expected(example, &plan, &wanted)),
            ("rows in the plan", compare(&plan, &wanted, &root(), None)),
            ("rows in files, in small pieces", compare(&files, &wanted, &root(), Some(40))),
        ] {
            faults.extend(found.into_iter().map(|fault| format!("{name}, {how}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
    // Each operation is met, and some rows are turned away.
    assert_eq!(ops.len(), 17, "{ops:?}");
    assert!(reject > 0);
}

/// A key may be the same for all rows: then all rows match, or none.
#[test]
fn keys_of_a_join_may_be_constants() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "id\n1\n2\n3\n").unwrap();
    let file = folder.path().join("p.pipewright.json");
    for (left, right, kind, count) in [
        ("true", "true", "inner", 9),
        ("'a'", "'b'", "inner", 0),
        ("'a'", "'b'", "left", 3),
        ("id", "1", "inner", 3),
        ("1", "id", "semi", 3),
        ("1", "2", "anti", 3),
        ("1.5", "1.5", "full", 9),
        ("null", "null", "full", 6),
    ] {
        let step = |id: &str, kind: &str, settings: serde_json::Value| json!({"id": id, "kind": kind, "title": id, "settings": settings});
        let on = json!({"kind": kind, "on": [{"id": "k", "left": left, "right": right}]});
        let design = json!({"pipewright": 1, "name": "p",
            "sources": [{"id": "s", "title": "S", "path": "a.csv", "format": {"name": "csv"},
                "schema": {"fields": [{"name": "id", "type": "Int"}]}}],
            "steps": [step("a", "file", json!({"source": "s"})), step("b", "file", json!({"source": "s"})),
                step("j", "join", on), step("o", "load_file", json!({"path": "o.csv", "kind": "csv"}))],
            "wires": [{"id": "1", "from": "a", "to": "j", "input": "left"}, {"id": "2", "from": "b", "to": "j", "input": "right"},
                {"id": "3", "from": "j", "to": "o"}]});
        std::fs::write(&file, design.to_string()).unwrap();
        let out = folder.path().join("out");
        run_ok(&["run", path(&file), "--out", path(&out)]);
        let rows = std::fs::read_to_string(out.join("o.csv")).unwrap().lines().count() - 1;
        assert_eq!(rows, count, "{left} = {right}, {kind}");
    }
}
