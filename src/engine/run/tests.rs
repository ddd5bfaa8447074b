//! Runs: rows, accounting, publishing, memory. Must not import previews.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::expr::{Expr, SortKey, parse};
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{
    Aggregate, Check, Column, Destination, FileKind, Join, JoinKind, Limit, Node, NodeId, OnFail, Op, Origin,
    Parameter, Plan, Planned, Project, Read, WhenExists, Write, output_schema,
};

use super::*;

/// A plan under construction; each node's schema comes from its rule.
#[derive(Default)]
pub(super) struct Design(pub Plan);

impl Design {
    pub fn add(&mut self, title: &str, op: Op, inputs: &[NodeId]) -> NodeId {
        let schemas: Vec<&Schema> = inputs.iter().map(|input| &self.0.node(*input).schema).collect();
        let types = self.0.parameters.iter().map(|p| (p.name.clone(), p.data_type.clone())).collect();
        let schema = output_schema(&op, &schemas, &types).unwrap();
        let origin = Origin { step: title.to_lowercase(), title: title.to_owned() };
        self.0.nodes.push(Arc::new(Node { op, inputs: inputs.to_vec(), schema, origin, hash: 0 }));
        NodeId(self.0.nodes.len() as u32 - 1)
    }

    pub fn read(&mut self, path: &str, columns: &[(&str, DataType)]) -> NodeId {
        let read = Read {
            path: path.to_owned(),
            format: FormatSpec::new("csv"),
            schema: Schema::of(columns.iter().cloned()),
            columns: None,
            position: false,
            planned: None,
            location: None,
        };
        self.add("Source", Op::Read(read), &[])
    }

    pub fn orders(&mut self) -> NodeId {
        self.read(
            "orders.csv",
            &[
                ("id", DataType::Int),
                ("user", DataType::String),
                ("amount", DataType::Float),
                ("paid", DataType::Boolean),
            ],
        )
    }

    pub fn write(&mut self, path: &str, input: NodeId, order: &[&str]) -> NodeId {
        let kind = match Path::new(path).extension().and_then(|end| end.to_str()) {
            Some("jsonl") => FileKind::Jsonl,
            Some("parquet") => FileKind::Parquet,
            _ => FileKind::Csv,
        };
        let destination =
            Destination::File { path: path.into(), kind, partition: vec![], when_exists: WhenExists::Replace };
        let order = order.iter().map(|key| SortKey { expr: Expr::column(*key), descending: false }).collect();
        self.add(path, Op::Write(Write::new(destination, order)), &[input])
    }
}

pub(super) fn expr(text: &str) -> Expr {
    parse(text).unwrap()
}

pub(super) fn column(name: &str, text: &str) -> Column {
    Column::new(name, expr(text))
}

pub(super) fn aggregate(keys: &[&str], measures: &[(&str, &str)]) -> Op {
    Op::Aggregate(Aggregate {
        keys: keys.iter().map(|key| Column::same(key)).collect(),
        measures: measures.iter().map(|(name, text)| column(name, text)).collect(),
    })
}

/// `rows` orders of 7 users; every tenth is unpaid, every 50th has no amount.
fn folder(rows: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("id,user,amount,paid\n");
    for id in 0..rows {
        let amount = if id % 50 == 0 { String::new() } else { format!("{}.5", id % 13) };
        text.push_str(&format!("{id},a user with a long name {},{amount},{}\n", id % 7, id % 10 != 0));
    }
    std::fs::write(folder.path().join("orders.csv"), text).unwrap();
    folder
}

pub(super) fn options(folder: &Path, chunk_size: usize) -> RunOptions {
    RunOptions {
        base: folder.to_owned(),
        out: folder.join("out"),
        chunk_size: Some(chunk_size),
        ..RunOptions::default()
    }
}

pub(super) fn output(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("out").join(name)).unwrap()
}

pub(super) fn count_of<'a>(report: &'a RunReport, title: &str) -> &'a StepReport {
    report.steps.iter().find(|step| step.title == title).unwrap()
}

#[test]
fn sums_and_means_are_exact_however_the_rows_are_cut() {
    let mut design = Design::default();
    let source = design.read("orders.csv", &[("id", DataType::Int), ("group", DataType::Int)]);
    let measures =
        [("total", "sum(id)"), ("mean", "avg(id)"), ("none", "sum(id) filter (where id = 1)"), ("more", "sum(id) + 1")];
    let all = design.add("All", aggregate(&[], &measures[..3]), &[source]);
    design.write("all.csv", all, &[]);
    let whole = design.add("Whole", aggregate(&[], &measures), &[source]);
    design.write("whole.csv", whole, &[]);
    let by = design.add("By group", aggregate(&["group"], &measures[..1]), &[source]);
    design.write("by.csv", by, &["group"]);
    let folder = tempfile::tempdir().unwrap();
    let rows = |value: i64, group: usize| format!("{value},{group}\n").repeat(2000);
    let text = format!("id,group\n{}{}5,0\n{}", rows(i64::MAX, 0), rows(-i64::MAX, 0), rows(i64::MIN, 1));
    std::fs::write(folder.path().join("orders.csv"), text + &rows(i64::MAX, 1)).unwrap();
    for chunk_size in [1 << 20, 1500, 7000] {
        run(&design.0, &options(folder.path(), chunk_size), &Silent).unwrap();
        let mean = -1995.0 / 8001.0;
        assert_eq!(output(folder.path(), "all.csv"), format!("total,mean,none\n-1995,{mean:?},\n"));
        assert_eq!(output(folder.path(), "whole.csv"), format!("total,mean,none,more\n-1995,{mean:?},,-1994\n"));
        assert_eq!(output(folder.path(), "by.csv"), "group,total\n0,5\n1,-2000\n");
    }
}

#[test]
fn results_of_an_earlier_run_that_a_pattern_takes_in_are_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.csv"), "id\n1\n").unwrap();
    let told = |pattern: &str, name: &str| {
        let mut design = Design::default();
        let rows = design.read(pattern, &[("id", DataType::Int)]);
        design.write(name, rows, &[]);
        let options = RunOptions { out: folder.path().to_owned(), ..options(folder.path(), 1 << 20) };
        let report = run(&design.0, &options, &Silent).unwrap_or_else(|faults| panic!("{}", faults[0]));
        let earlier = report.remarks().into_iter().find(|remark| remark.code == "PW0499");
        earlier.map(|remark| remark.message)
    };
    assert_eq!(told("*.csv", "first.csv"), None);
    let message = told("*.csv", "second.csv").unwrap();
    assert_eq!(message, "`*.csv` takes in what an earlier run wrote here: `first.csv`");
    assert_eq!(told("in.csv", "third.csv"), None);
    assert_eq!(told("first.csv", "fourth.csv"), None, "who names it means it");
}

#[test]
fn one_run_fills_all_sinks_and_any_chunk_size_gives_the_same_bytes() {
    let mut design = Design::default();
    let orders = design.orders();
    let paid = design.add("Paid", Op::Filter { predicate: expr("paid") }, &[orders]);
    design.write("paid.jsonl", paid, &[]);
    let measures = [
        ("orders", "count(*)"),
        ("with_amount", "count(amount)"),
        ("big", "count_if(amount > 6)"),
        ("total", "sum(amount)"),
        ("mean", "avg(amount)"),
        ("least", "min(amount)"),
        ("most", "max(id)"),
        ("share", "share_if(amount > 6)"),
        ("amounts", "count_distinct(amount)"),
        ("few", "count_distinct(amount) filter (where amount < 3)"),
        ("ids", "sum(id) filter (where amount > 6)"),
    ];
    let by_user = design.add("By user", aggregate(&["user"], &measures), &[paid]);
    design.write("by_user.csv", by_user, &["user"]);
    let all = design.add("All", aggregate(&[], &measures), &[orders]);
    design.write("all.csv", all, &[]);
    let middle = design.add("Middle", aggregate(&["user"], &[("middle", "median(amount)")]), &[paid]);
    design.write("middle.csv", middle, &["user"]);
    let top = SortKey { expr: expr("amount"), descending: true };
    let top = design.add("Top", Op::Limit(Limit { keys: vec![top], count: 5, offset: 1 }), &[paid]);
    design.write("top.csv", top, &[]);
    design.write("all.parquet", orders, &[]);

    let folder = folder(1000);
    let mut expected: Option<Vec<String>> = None;
    for chunk_size in [1 << 20, 1500, 7000] {
        let report = run(&design.0, &options(folder.path(), chunk_size), &Silent).unwrap();
        assert_eq!(count_of(&report, "Source").rows_out, 1000);
        assert_eq!((count_of(&report, "Paid").dropped, count_of(&report, "Paid").rows_out), (100, 900));
        assert_eq!((&count_of(&report, "By user").rows_in[..], count_of(&report, "By user").rows_out), (&[900][..], 7));
        assert!(report.sources[0].tally.is_balanced());
        let names = ["paid.jsonl", "by_user.csv", "all.csv", "middle.csv", "top.csv"];
        let found: Vec<String> = names.iter().map(|name| output(folder.path(), name)).collect();
        assert_eq!(found[0].lines().count(), 900);
        let written = expected.get_or_insert(found.clone());
        for (name, (found, expected)) in names.iter().zip(found.iter().zip(written.iter())) {
            assert_eq!(found, expected, "{name} with chunks of {chunk_size}");
        }
        let parquet = crate::read::parquet::count_rows(&folder.path().join("out/all.parquet")).unwrap();
        assert_eq!(parquet, 1000);
    }
    let all = output(folder.path(), "all.csv");
    assert_eq!(all.lines().next().unwrap(), "orders,with_amount,big,total,mean,least,most,share,amounts,few,ids");
    let row: Vec<&str> = all.lines().nth(1).unwrap().split(',').collect();
    let amounts: Vec<f64> = (0..1000).filter(|id| id % 50 != 0).map(|id| (id % 13) as f64 + 0.5).collect();
    assert_eq!(row[0], "1000");
    assert_eq!(row[1], "980");
    assert_eq!(row[2], amounts.iter().filter(|amount| **amount > 6.0).count().to_string());
    assert_eq!(row[3].parse::<f64>().unwrap(), amounts.iter().sum::<f64>());
    assert_eq!(row[6], "999");
    assert_eq!((row[8], row[9]), ("13", "3"));
}

#[test]
fn a_source_without_rows_counts_zero() {
    let mut design = Design::default();
    let orders = design.orders();
    let all = design.add(
        "All",
        aggregate(&[], &[("n", "count(*)"), ("s", "sum(id)"), ("u", "count_distinct(user)")]),
        &[orders],
    );
    design.write("all.csv", all, &[]);
    let folder = folder(0);
    run(&design.0, &options(folder.path(), 100), &Silent).unwrap();
    assert_eq!(output(folder.path(), "all.csv"), "n,s,u\n0,,0\n");
}

#[test]
fn a_limit_without_an_order_stops_reading() {
    let mut design = Design::default();
    let orders = design.orders();
    let few = design.add("Few", Op::Limit(Limit { keys: vec![], count: 3, offset: 1 }), &[orders]);
    design.write("few.csv", few, &[]);
    let folder = folder(20_000);
    let report = run(&design.0, &options(folder.path(), 500), &Silent).unwrap();
    assert!(output(folder.path(), "few.csv").contains("\n1,a user with a long name 1,1.5,true\n"));
    assert_eq!(report.sinks[0].rows, 3);
    assert!(report.rows_read < 5000, "{}", report.rows_read);
}

#[test]
fn joins_take_the_right_side_whole_and_first() {
    let mut design = Design::default();
    let orders = design.orders();
    let users = design.read("users.csv", &[("name", DataType::String), ("country", DataType::String)]);
    let join = Join {
        kind: JoinKind::Left,
        on: vec![(expr("user"), expr("name"))],
        right: vec![("country".into(), "country".into())],
    };
    let joined = design.add("Join", Op::Join(join), &[orders, users]);
    let by = design.add("By country", aggregate(&["country"], &[("n", "count(*)")]), &[joined]);
    design.write("by.csv", by, &["country"]);
    let folder = folder(70);
    let names = (0..5).map(|n| format!("a user with a long name {n},{}\n", if n < 2 { "de" } else { "pl" }));
    std::fs::write(folder.path().join("users.csv"), format!("name,country\n{}", names.collect::<String>())).unwrap();
    let report = run(&design.0, &options(folder.path(), 100), &Silent).unwrap();
    assert_eq!(output(folder.path(), "by.csv"), "country,n\nde,20\npl,30\n,20\n");
    assert_eq!(count_of(&report, "Join").rows_in, [70, 5]);
    assert_eq!(count_of(&report, "Join").rows_out, 70);
}

#[test]
fn rejected_rows_and_broken_lines_are_told_with_their_place() {
    let mut design = Design::default();
    let orders = design.orders();
    let check =
        Check { predicate: expr("amount >= 0"), reason: "the amount is negative".into(), on_fail: OnFail::Reject };
    let checked = design.add("Sane", Op::Check(check), &[orders]);
    design.write("out.csv", checked, &[]);
    let folder = folder(0);
    let text = "id,user,amount,paid\n1,a,1.5,true\n2,b,-1,true\n3,c,2,\"broken\n";
    std::fs::write(folder.path().join("orders.csv"), text).unwrap();
    let mut options = options(folder.path(), 1000);
    options.quarantine = Some(folder.path().join("bad"));
    options.max_quarantined = Some(0.1);
    let report = run(&design.0, &options, &Silent).unwrap();
    let lines = std::fs::read_to_string(folder.path().join("bad/quarantine.jsonl")).unwrap();
    let found: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let negative = found.iter().find(|line| line["step"] == "Sane").unwrap();
    assert_eq!(negative["reason"], "the amount is negative");
    assert!(negative["raw"].as_str().unwrap().contains("\"id\":2"));
    assert_eq!(count_of(&report, "Sane").quarantined, 1);
    assert_eq!(report.quarantined, found.len() as u64);
    assert!(report.over_threshold);
    assert_eq!(output(folder.path(), "out.csv").lines().next().unwrap(), "id,user,amount,paid");
}

#[test]
fn a_failing_run_publishes_nothing_and_names_the_step() {
    let mut design = Design::default();
    let orders = design.orders();
    let check = Check { predicate: expr("id < 500"), reason: "the id is too large".into(), on_fail: OnFail::Stop };
    let checked = design.add("Small ids", Op::Check(check), &[orders]);
    design.write("out.csv", checked, &[]);
    let folder = folder(1000);
    let faults = run(&design.0, &options(folder.path(), 200), &Silent).unwrap_err();
    assert_eq!(faults[0].location.step.as_deref(), Some("Small ids"));
    assert!(faults[0].message.contains("the id is too large"), "{}", faults[0]);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn parameters_fill_paths_and_expressions() {
    let mut design = Design::default();
    let parameter =
        |name: &str, data_type, default| Parameter { name: name.into(), data_type, default, doc: String::new() };
    design.0.parameters.push(parameter("data", DataType::String, None));
    design.0.parameters.push(parameter("least", DataType::Int, Some(serde_json::json!(990))));
    let orders = design.orders();
    let kept = design.add("Kept", Op::Filter { predicate: expr("id >= ${least}") }, &[orders]);
    design.write("${data}.csv", kept, &[]);
    let folder = folder(1000);
    let mut options = options(folder.path(), 1000);
    let faults = run(&design.0, &options, &Silent).unwrap_err();
    assert!(faults[0].message.contains("`data` has no value"), "{}", faults[0]);
    options.parameters.insert("data".into(), Value::text("named"));
    run(&design.0, &options, &Silent).unwrap();
    assert_eq!(output(folder.path(), "named.csv").lines().count(), 11);
    options.parameters.insert("lest".into(), Value::Int(1));
    assert!(run(&design.0, &options, &Silent).unwrap_err()[0].message.contains("did you mean `least`"));
}

#[test]
fn planned_sources_missing_files_and_missing_sinks_are_refused() {
    let folder = folder(1);
    let mut design = Design::default();
    let orders = design.orders();
    assert!(
        run(&design.0, &options(folder.path(), 100), &Silent).unwrap_err()[0].message.contains("nothing is written")
    );
    design.write("a.csv", orders, &[]);
    let Op::Read(read) = &mut Arc::make_mut(&mut design.0.nodes[0]).op else { panic!() };
    read.path = "order.csv".into();
    let fault = run(&design.0, &options(folder.path(), 100), &Silent).unwrap_err().remove(0);
    assert!(fault.to_string().contains("`orders.csv`"), "{fault}");
    let Op::Read(read) = &mut Arc::make_mut(&mut design.0.nodes[0]).op else { panic!() };
    read.planned = Some(Planned {
        source: "billing".into(),
        owner: "Ada".into(),
        status: "requested".into(),
        seed: 1,
        rows: 10,
        values: Default::default(),
    });
    let fault = run(&design.0, &options(folder.path(), 100), &Silent).unwrap_err().remove(0);
    assert!(fault.message.contains("billing") && fault.help.unwrap().contains("Ada"));
}

#[test]
fn partitions_make_folders_and_a_second_run_replaces_them() {
    let mut design = Design::default();
    let orders = design.orders();
    let day = Op::Project(Project::new(vec![Column::same("id"), column("kind", "case when id < 3 then 'a/b' end")]));
    let day = design.add("Day", day, &[orders]);
    let destination = Destination::File {
        path: "parts".into(),
        kind: FileKind::Csv,
        partition: vec!["kind".into()],
        when_exists: WhenExists::Replace,
    };
    design.add("Load", Op::Write(Write::new(destination, vec![])), &[day]);
    let folder = folder(5);
    for _ in 0..2 {
        let report = run(&design.0, &options(folder.path(), 30), &Silent).unwrap();
        assert_eq!(report.sinks[0].rows, 5);
        assert_eq!(output(folder.path(), "parts/kind=a%2Fb/part-0.csv"), "id\n0\n1\n2\n");
        assert_eq!(output(folder.path(), "parts/kind=__HIVE_DEFAULT_PARTITION__/part-0.csv"), "id\n3\n4\n");
    }
    let names: BTreeMap<_, _> =
        std::fs::read_dir(folder.path().join("out")).unwrap().map(|e| (e.unwrap().file_name(), ())).collect();
    assert_eq!(names.keys().collect::<Vec<_>>(), ["parts"]);
}
