//! Previews over plans: rows, accounting, cache, faults that do not spread, the latest request winning.

use std::time::{Duration, Instant};

use pipewright_core::data::{DataType, Schema};
use pipewright_core::expr::parse;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{Aggregate, Check, Column, Node, OnFail, Op, Origin, Planned, Read, Rows, output_schema};

use super::*;

/// A plan of operations with the indexes of their inputs; schemas follow the rules.
pub(crate) fn plan(ops: Vec<(Op, Vec<u32>)>) -> Arc<Plan> {
    let mut plan = Plan::default();
    for (index, (op, inputs)) in ops.into_iter().enumerate() {
        let inputs: Vec<NodeId> = inputs.into_iter().map(NodeId).collect();
        let schemas: Vec<&Schema> = inputs.iter().map(|input| &plan.node(*input).schema).collect();
        let schema = output_schema(&op, &schemas, &BTreeMap::new()).unwrap_or_default();
        let origin = Origin { step: format!("s{index}"), title: format!("Step {index}") };
        plan.nodes.push(Node { op, inputs, schema, origin, hash: index as u64 }.into());
    }
    Arc::new(plan)
}

fn numbers(count: i64) -> Op {
    let schema = Schema::of([("n", DataType::Int)]);
    Op::Rows(Rows { schema, rows: (0..count).map(|n| vec![Value::Int(n)]).collect() })
}

fn filter(text: &str) -> Op {
    Op::Filter { predicate: parse(text).unwrap() }
}

fn request(id: u64, plan: &Arc<Plan>, watch: u32) -> PreviewRequest {
    PreviewRequest {
        id,
        plan: plan.clone(),
        watch: vec![NodeId(watch)],
        sampling: Sampling::Spread { rows: SAMPLE_ROWS },
        budget: Budget::GLANCE,
        base: PathBuf::from("."),
        parameters: BTreeMap::from([("limit".to_owned(), Value::Int(7))]),
    }
}

fn answers(session: &mut Session, request: &PreviewRequest) -> Vec<PreviewReply> {
    let mut replies = Vec::new();
    session.answer(request, &Cancel::new(), &mut |reply| replies.push(reply));
    replies
}

#[test]
fn every_step_up_to_the_watched_one_is_answered_with_its_rows() {
    let count = Op::Aggregate(Aggregate {
        keys: vec![Column::new("odd", parse("n % 2 = 1").unwrap())],
        measures: vec![Column::new("rows", parse("count(*)").unwrap())],
    });
    let plan = plan(vec![(numbers(10), vec![]), (filter("n >= 7"), vec![0]), (count, vec![1])]);
    let replies = answers(&mut Session::new(usize::MAX), &request(1, &plan, 2));
    let rows: Vec<u64> = replies.iter().map(|reply| reply.result.as_ref().unwrap().rows).collect();
    assert_eq!(rows, [10, 3, 2]);
    assert_eq!(replies.iter().map(|reply| reply.done).collect::<Vec<_>>(), [false, false, true]);
    let filtered = replies[1].result.as_ref().unwrap();
    assert_eq!((filtered.rows_in.as_slice(), filtered.table.row_id(0)), (&[10][..], Some(7)));
    let counted = replies[2].result.as_ref().unwrap();
    assert!(counted.whole && !counted.made_up);
    assert_eq!(counted.table.row(1), [Value::Boolean(true), Value::Int(2)]);
}

#[test]
fn only_what_an_edit_changes_is_computed_again() {
    let mut session = Session::new(usize::MAX);
    let ops = |limit: &str| vec![(numbers(10), vec![]), (filter("n > 1"), vec![0]), (filter(limit), vec![1])];
    answers(&mut session, &request(1, &plan(ops("n < 5")), 2));
    let replies = answers(&mut session, &request(2, &plan(ops("n < 4")), 2));
    let cached: Vec<bool> = replies.iter().map(|reply| reply.result.as_ref().unwrap().from_cache).collect();
    assert_eq!(cached, [true, true, false]);
    let mut small = Session::new(1);
    answers(&mut small, &request(1, &plan(ops("n < 5")), 2));
    let replies = answers(&mut small, &request(2, &plan(ops("n < 5")), 2));
    assert!(!replies[0].result.as_ref().unwrap().from_cache, "memory is bounded");
}

#[test]
fn a_fault_is_told_once_and_what_follows_waits() {
    let mut ops = plan(vec![(numbers(3), vec![]), (filter("n > 1"), vec![0]), (filter("n > 1"), vec![1])]);
    let plan = Arc::make_mut(&mut ops);
    Arc::make_mut(&mut plan.nodes[1]).op = filter("n > ${nothing}");
    let replies = answers(&mut Session::new(usize::MAX), &request(1, &ops, 2));
    let fault = replies[1].result.as_ref().unwrap_err();
    assert!(fault.is_error() && fault.message.contains("`nothing`"));
    assert_eq!(fault.location.id.as_deref(), Some("s1"));
    let waiting = replies[2].result.as_ref().unwrap_err();
    assert!(!waiting.is_error() && waiting.message.contains("Step 1"), "{waiting}");
    let fault = preview_now(&ops, NodeId(2), &Sampling::Whole, Path::new("."), &BTreeMap::new()).unwrap_err();
    assert!(fault.is_error());
}

#[test]
fn rejected_rows_are_shown_with_their_reason() {
    for on_fail in [OnFail::Reject, OnFail::Stop] {
        let check = Check { predicate: parse("n < 2").unwrap(), reason: "too large".into(), on_fail };
        let plan = plan(vec![(numbers(5), vec![]), (Op::Check(check), vec![0])]);
        let found = preview_now(&plan, NodeId(1), &Sampling::Whole, Path::new("."), &BTreeMap::new()).unwrap();
        let (rejected, reason) = found.rejected.unwrap();
        assert_eq!((found.rows, rejected.rows(), reason.as_str()), (2, 3, "too large"));
    }
}

#[test]
fn files_are_read_again_when_they_change_and_planned_sources_are_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    std::fs::write(&path, "one\ntwo\n").unwrap();
    let read = |planned| Read {
        path: "a.log".into(),
        format: FormatSpec::new("lines"),
        schema: Schema::of([("line", DataType::String)]),
        columns: None,
        position: false,
        planned,
        location: None,
    };
    let mut session = Session::new(usize::MAX);
    let from_file = plan(vec![(Op::Read(read(None)), vec![])]);
    let mut ask = || {
        let request = PreviewRequest { base: folder.path().to_path_buf(), ..request(1, &from_file, 0) };
        answers(&mut session, &request).remove(0).result.unwrap()
    };
    let first = ask();
    assert_eq!((first.rows, first.whole, first.tally.unwrap().read), (2, true, 2));
    assert!(ask().from_cache);
    std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
    assert_eq!(ask().rows, 3);
    let planned = Planned {
        source: "web".into(),
        owner: "Ops".into(),
        status: "asked".into(),
        seed: 3,
        rows: 50,
        values: BTreeMap::new(),
    };
    let plan = plan(vec![(Op::Read(read(Some(planned))), vec![]), (filter("line is not null"), vec![0])]);
    let found = preview_now(&plan, NodeId(1), &Sampling::Whole, Path::new("."), &BTreeMap::new()).unwrap();
    assert!(found.made_up && !found.whole);
    assert_eq!(found.rows, 50);
}

#[test]
fn the_latest_request_wins() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let worker = PreviewWorker::spawn(move || {
        let _ = sender.send(());
    });
    let plan = plan(vec![(numbers(1000), vec![]), (filter("n > 1"), vec![0])]);
    for id in 1..=50 {
        worker.request(request(id, &plan, 1));
    }
    let started = Instant::now();
    let mut replies = Vec::new();
    while !replies.iter().any(|reply: &PreviewReply| reply.id == 50 && reply.done) {
        assert!(started.elapsed() < Duration::from_secs(20), "no answer");
        let _ = receiver.recv_timeout(Duration::from_millis(200));
        replies.extend(worker.poll());
    }
    let last = replies.last().unwrap().result.as_ref().unwrap();
    assert_eq!(last.rows, 998);
    worker.profile(5, last.table.clone());
    let mut profiles = Vec::new();
    while profiles.is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "no profile");
        let _ = receiver.recv_timeout(Duration::from_millis(200));
        profiles = worker.poll_profiles();
    }
    assert_eq!((profiles[0].0, profiles[0].1[0].distinct), (5, 998));
}
