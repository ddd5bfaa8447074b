//! Tests of pruning.

use super::*;
use crate::expr::{Expr, SortKey};
use crate::formats::FormatSpec;
use crate::ir::ParameterTypes;
use crate::ir::{Aggregate, Column, Destination, Limit, Origin, Project, Read, Write};

fn plan(ops: Vec<(Op, Vec<u32>)>) -> Plan {
    let mut plan = Plan::default();
    for (op, inputs) in ops {
        let inputs: Vec<NodeId> = inputs.into_iter().map(NodeId).collect();
        let schemas: Vec<&Schema> = inputs.iter().map(|id| &plan.node(*id).schema).collect();
        let schema = output_schema(&op, &schemas, &ParameterTypes::new()).unwrap();
        let id = NodeId(plan.nodes.len() as u32);
        plan.nodes.push(Arc::new(Node { op, inputs, schema, origin: Origin::default(), hash: 0 }));
        let step = PlanStep { outputs: [("out".to_owned(), id)].into(), nodes: vec![id], ..PlanStep::default() };
        plan.steps.insert(format!("s{}", id.0), step);
    }
    plan
}

fn read() -> Op {
    Op::Read(Read {
        path: "a.csv".into(),
        format: FormatSpec::new("csv"),
        schema: Schema::of([("a", DataType::String), ("b", DataType::Int), ("c", DataType::Int)]),
        columns: None,
        position: true,
        planned: None,
        location: None,
    })
}

fn write() -> Op {
    Op::Write(Write::new(Destination::Answer { question: None }, Vec::new()))
}

fn project(names: &[&str]) -> Op {
    Op::Project(Project::new(names.iter().map(|name| Column::same(name)).collect()))
}

fn columns_read(plan: &Plan) -> (Option<Vec<String>>, bool) {
    match &plan.nodes[0].op {
        Op::Read(read) => (read.columns.clone(), read.position),
        other => panic!("{other:?}"),
    }
}

#[test]
fn reads_give_only_what_is_needed() {
    let filter = Op::Filter { predicate: Expr::is_null(Expr::column("c"), true) };
    let whole = plan(vec![(read(), vec![]), (filter, vec![0]), (project(&["b"]), vec![1]), (write(), vec![2])]);
    let pruned = prune(&whole, &whole.sinks());
    assert_eq!(columns_read(&pruned), (Some(vec!["b".into(), "c".into()]), false));
    assert_eq!(pruned.nodes[3].schema, whole.nodes[3].schema);
}

#[test]
fn what_no_sink_needs_is_gone() {
    let whole =
        plan(vec![(read(), vec![]), (project(&["b"]), vec![0]), (project(&["a"]), vec![0]), (write(), vec![2])]);
    let pruned = prune(&whole, &whole.sinks());
    assert_eq!(pruned.nodes.len(), 3);
    assert!(!pruned.steps.contains_key("s1"));
    assert_eq!(pruned.output("s3", "out"), Some(NodeId(2)));
    assert_eq!(columns_read(&pruned).0, Some(vec!["a".into()]));
}

#[test]
fn an_order_needs_all_columns_since_they_break_ties() {
    let keys = vec![SortKey { expr: Expr::column("b"), descending: false }];
    let limit = |keys| Op::Limit(Limit { keys, count: 1, offset: 0 });
    let with =
        |keys| plan(vec![(read(), vec![]), (limit(keys), vec![0]), (project(&["b"]), vec![1]), (write(), vec![2])]);
    let ordered = with(keys);
    assert_eq!(columns_read(&prune(&ordered, &ordered.sinks())), (None, true));
    let sample = with(Vec::new());
    assert_eq!(columns_read(&prune(&sample, &sample.sinks())), (Some(vec!["b".into()]), false));
}

#[test]
fn what_collects_rows_without_an_order_needs_all_columns_too() {
    for call in ["collect(c)", "string_agg(try_cast(c as String), ' ')", "collect(c order by a)"] {
        let measures = vec![Column::new("all", crate::expr::parse(call).unwrap())];
        let aggregate = Op::Aggregate(Aggregate { keys: vec![], measures });
        let pruned = plan(vec![(read(), vec![]), (aggregate, vec![0]), (write(), vec![1])]);
        let pruned = prune(&pruned, &pruned.sinks());
        assert_eq!(columns_read(&pruned).0, None, "{call}");
    }
}

#[test]
fn a_node_that_is_watched_keeps_all_its_columns() {
    let whole =
        plan(vec![(read(), vec![]), (project(&["a", "b"]), vec![0]), (project(&["a"]), vec![1]), (write(), vec![2])]);
    let pruned = prune(&whole, &[NodeId(1)]);
    assert_eq!(pruned.nodes[1].schema, whole.nodes[1].schema);
    assert_eq!(pruned.nodes.len(), 2);
}
