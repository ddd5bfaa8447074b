//! Runs with little memory give what runs with much give, for every operation that blocks: skewed keys, null keys, ties,
//! partitions that must be divided again.

use std::path::Path;

use pipewright_core::data::DataType;
use pipewright_core::expr::SortKey;
use pipewright_core::ir::{AsofDirection, AsofJoin, Distinct, Join, JoinKind, Keep, Limit, NodeId, Op, Sort, Window};

use super::tests::{Design, aggregate, column, count_of, expr, options, output};
use super::*;

const ROWS: usize = 50_000;

/// `rows.csv`: a skewed key with nulls, a key with few rows each, a time with ties, numbers, texts of various length;
/// `sides.csv`: rows to join, some keys twice, some null, some that nobody has.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(9);
    let mut text = String::from("id,hot,rare,t,n,label\n");
    for id in 0..ROWS {
        let hot = match random.u32(0..10) {
            0 => String::new(),
            1..=5 => "h".to_owned(),
            _ => format!("key {}", random.u32(0..3000)),
        };
        let rare = if random.u32(0..50) == 0 { String::new() } else { random.u32(0..15_000).to_string() };
        let time = format!("2026-03-{:02}T{:02}:00:{:02}Z", random.u32(1..29), random.u32(0..24), random.u32(0..60));
        let label = "x".repeat(random.usize(0..40));
        text.push_str(&format!("{id},{hot},{rare},{time},{},{label}\n", random.i32(-500..500)));
    }
    std::fs::write(folder.path().join("rows.csv"), text).unwrap();
    let mut text = String::from("key,since,name\n");
    for row in 0..30_000 {
        let key = if row % 40 == 0 { String::new() } else { random.u32(0..18_000).to_string() };
        let since = format!("2026-03-{:02}T{:02}:{:02}:00Z", random.u32(1..29), random.u32(0..24), random.u32(0..60));
        text.push_str(&format!("{key},{since},the name of row {row}\n"));
    }
    std::fs::write(folder.path().join("sides.csv"), text).unwrap();
    folder
}

fn rows(design: &mut Design) -> NodeId {
    let columns = [
        ("id", DataType::Int),
        ("hot", DataType::String),
        ("rare", DataType::Int),
        ("t", DataType::Timestamp),
        ("n", DataType::Int),
        ("label", DataType::String),
    ];
    design.read("rows.csv", &columns)
}

fn sides(design: &mut Design) -> NodeId {
    let columns = [("key", DataType::Int), ("since", DataType::Timestamp), ("name", DataType::String)];
    design.read("sides.csv", &columns)
}

fn key(text: &str, descending: bool) -> SortKey {
    SortKey { expr: expr(text), descending }
}

/// The lines that a run writes, with its report. A memory of `None` is more than enough.
fn lines(folder: &Path, design: &Design, memory: Option<u64>) -> (Vec<String>, RunReport) {
    let mut options = options(folder, 1 << 18);
    options.memory = Some(memory.unwrap_or(4 << 30));
    let report = run(&design.0, &options, &Silent).unwrap_or_else(|faults| panic!("{}", faults[0]));
    (output(folder, "out.csv").lines().map(str::to_owned).collect(), report)
}

/// The same lines with much memory and with little. With much nothing is put aside; with little the step puts rows
/// aside.
fn same(folder: &Path, op: Op, memory: u64, is_ordered: bool) {
    let mut design = Design::default();
    let rows = rows(&mut design);
    let inputs = match &op {
        Op::Join(_) | Op::AsofJoin(_) => vec![rows, sides(&mut design)],
        _ => vec![rows],
    };
    let name = format!("{op:?}");
    let node = design.add("Step", op, &inputs);
    design.write("out.csv", node, &[]);
    let (mut much, report) = lines(folder, &design, None);
    assert_eq!(report.spilled_bytes, 0, "{name}");
    let counts = count_of(&report, "Step").clone();
    let (mut little, report) = lines(folder, &design, Some(memory));
    assert!(count_of(&report, "Step").spilled_bytes > 0, "{name}");
    assert_eq!(StepReport { spilled_bytes: 0, ..count_of(&report, "Step").clone() }, counts);
    assert!(much.len() > 100, "{name}: {} rows", much.len());
    if !is_ordered {
        much.sort();
        little.sort();
    }
    let differs = much.iter().zip(&little).position(|(a, b)| a != b);
    assert_eq!(differs.map(|row| (&much[row], &little[row])), None, "{name}");
    assert_eq!(much.len(), little.len(), "{name}");
}

/// Enough for every group, not for the rows.
const LITTLE: u64 = 8 << 20;
/// So little that partitions are divided again.
const LEAST: u64 = 2 << 20;

#[test]
fn sorts_and_limits_by_ranges_of_their_order() {
    let folder = folder();
    for memory in [LITTLE, LEAST] {
        same(folder.path(), Op::Sort(Sort { keys: vec![key("hot", false), key("t", true)] }), memory, true);
        same(folder.path(), Op::Sort(Sort { keys: vec![key("n", true)] }), memory, true);
        let limit = Limit { keys: vec![key("hot", true)], count: 20_000, offset: 15_001 };
        same(folder.path(), Op::Limit(limit), memory, true);
    }
}

#[test]
fn rows_that_stand_many_times_are_sorted_in_little_memory() {
    let folder = folder();
    // Of few different rows a block holds one alone, of many it ends within those that are alike.
    for different in [2, 45, 300, 1500, 9000] {
        let mut design = Design::default();
        let rows = rows(&mut design);
        let few = Op::Project(pipewright_core::ir::Project::new(vec![
            column("a", "case when id % 3 = 0 then 'a text that is not short' end"),
            column("b", &format!("id % {different}")),
        ]));
        let few = design.add("Few", few, &[rows]);
        let sorted = design.add("Step", Op::Sort(Sort { keys: vec![key("b", false)] }), &[few]);
        design.write("out.csv", sorted, &[]);
        let (much, _) = lines(folder.path(), &design, None);
        for memory in [LITTLE, LEAST] {
            let (little, report) = lines(folder.path(), &design, Some(memory));
            assert!(report.spilled_bytes > 0 || memory == LITTLE, "{different}");
            assert_eq!((little.len(), much.len()), (ROWS + 1, ROWS + 1), "{different} in {memory}");
            assert!(much == little, "{different} in {memory}");
        }
    }
}

#[test]
fn distinct_rows_and_groups_by_hash_of_their_keys() {
    let folder = folder();
    let distinct = |keys: &[&str], order: Vec<SortKey>, keep: Keep| {
        Op::Distinct(Distinct { keys: keys.iter().map(|key| (*key).to_owned()).collect(), order, keep })
    };
    same(folder.path(), distinct(&[], vec![], Keep::First), LEAST, true);
    same(folder.path(), distinct(&["rare"], vec![key("t", false)], Keep::Last), LITTLE, true);
    let measures = [
        ("rows", "count(*)"),
        ("total", "sum(n)"),
        ("mean", "avg(n)"),
        ("hots", "count_distinct(hot)"),
        ("labels", "count_distinct(label) filter (where n > 0)"),
        ("last", "max(t)"),
    ];
    same(folder.path(), aggregate(&["rare"], &measures), LEAST, true);
    same(folder.path(), aggregate(&["rare", "hot"], &[("least", "min(label)")]), LITTLE, true);
    // Few groups, one of them with most of the values.
    same(folder.path(), aggregate(&["hot"], &[("ids", "count_distinct(id)"), ("rows", "count(*)")]), LEAST, true);
    let whole = [("middle", "median(n)"), ("first", "first(label order by t)")];
    same(folder.path(), aggregate(&["rare"], &whole), LEAST, true);
}

#[test]
fn groups_of_which_one_outgrows_the_memory_are_counted_whatever_came_first() {
    let folder = folder();
    // First every key stands once, so that rows are kept as they are; then nearly all rows have one key.
    let mut design = Design::default();
    let rows = rows(&mut design);
    let skewed = Op::Project(pipewright_core::ir::Project::new(vec![
        column("id", "id"),
        column("n", "n"),
        column("k", "case when id < 5000 or id % 100 = 0 then id else 1 end"),
    ]));
    let skewed = design.add("Skewed", skewed, &[rows]);
    let measures = [("rows", "count(*)"), ("ids", "count_distinct(id)"), ("total", "sum(n)"), ("least", "min(id)")];
    let groups = design.add("Step", aggregate(&["k"], &measures), &[skewed]);
    design.write("out.csv", groups, &[]);
    let (much, _) = lines(folder.path(), &design, None);
    let (little, report) = lines(folder.path(), &design, Some(LEAST));
    assert!(count_of(&report, "Step").spilled_bytes > 100_000, "{}", count_of(&report, "Step").spilled_bytes);
    assert!(much.iter().any(|line| line.starts_with("1,44551,44551,")), "{:?}", &much[..3]);
    assert_eq!((much.len(), much == little), (5000 + 450 + 1, true));
}

#[test]
fn narrow_rows_count_with_what_working_on_them_takes() {
    // A few bytes a row, of which the table of groups takes many times as much.
    let folder = folder();
    for op in [
        aggregate(&["id"], &[("d", "count_distinct(n)"), ("c", "count(*)")]),
        Op::Distinct(Distinct { keys: vec!["id".to_owned()], order: vec![], keep: Keep::First }),
    ] {
        let mut design = Design::default();
        let rows = rows(&mut design);
        let narrow = Op::Project(pipewright_core::ir::Project::new(vec![column("id", "id"), column("n", "n")]));
        let narrow = design.add("Narrow", narrow, &[rows]);
        let node = design.add("Step", op, &[narrow]);
        design.write("out.csv", node, &[]);
        let (little, report) = lines(folder.path(), &design, Some(32 << 20));
        assert!(report.spilled_bytes > 0, "{} rows of 16 bytes", little.len());
        assert_eq!(little.len(), ROWS + 1);
    }
}

#[test]
fn a_count_of_distinct_values_of_all_rows_needs_no_keys() {
    let folder = folder();
    let mut design = Design::default();
    let rows = rows(&mut design);
    let all = design.add("Step", aggregate(&[], &[("ids", "count_distinct(id)"), ("sum", "sum(n)")]), &[rows]);
    design.write("out.csv", all, &[]);
    let (much, _) = lines(folder.path(), &design, None);
    let (little, report) = lines(folder.path(), &design, Some(LEAST));
    assert!(count_of(&report, "Step").spilled_bytes > 0);
    assert_eq!(much, little);
    assert!(much[1].starts_with("50000,"));
}

#[test]
fn joins_by_hash_of_their_keys() {
    let folder = folder();
    for kind in [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti] {
        let right = match kind {
            JoinKind::Semi | JoinKind::Anti => vec![],
            _ => vec![("since".into(), "since".into()), ("name".into(), "name".into())],
        };
        // Some partitions are divided again, and some are not.
        let memory = if kind == JoinKind::Inner { LEAST } else { LITTLE };
        let join = Join { kind, on: vec![(expr("rare"), expr("key"))], right };
        same(folder.path(), Op::Join(join), memory, false);
    }
}

#[test]
fn the_nearest_rows_in_time_by_hash_of_their_keys() {
    let folder = folder();
    for direction in [AsofDirection::Backward, AsofDirection::Forward, AsofDirection::Nearest] {
        for (memory, tolerance) in [(LITTLE, None), (LEAST, Some(86_400_000_000))] {
            let join = AsofJoin {
                left_time: "t".into(),
                right_time: "since".into(),
                by: vec![("rare".into(), "key".into())],
                direction,
                tolerance,
                right: vec![("name".into(), "name".into())],
            };
            same(folder.path(), Op::AsofJoin(join), memory, false);
        }
    }
}

#[test]
fn windows_by_hash_of_what_all_of_them_are_partitioned_by() {
    let folder = folder();
    let columns = vec![
        column("place", "row_number() over (partition by rare order by t)"),
        column("before", "lag(n) over (partition by rare, hot order by t)"),
        column("total", "sum(n) over (partition by rare)"),
        column(
            "near",
            "count(*) over (partition by rare order by t range between interval '1 day' preceding and current row)",
        ),
    ];
    same(folder.path(), Op::Window(Window { columns }), LITTLE, true);
}

#[test]
fn windows_of_different_keys_divide_the_rows_one_after_the_other() {
    let folder = folder();
    let columns = vec![
        column("place", "row_number() over (partition by rare order by t)"),
        column("total", "sum(n) over (partition by hot, n)"),
        column("last", "lead(id) over (partition by t order by n desc, hot)"),
    ];
    same(folder.path(), Op::Window(Window { columns }), LITTLE, false);
    // Rows of which some are alike, so that their order decides which of them gets what.
    let mut design = Design::default();
    let rows = rows(&mut design);
    let few = design.add("Few", project(&[("a", "id % 70"), ("b", "id % 70 * 2"), ("c", "id % 35")]), &[rows]);
    let columns = vec![
        column("before", "lag(b) over (partition by a order by c desc)"),
        column("place", "row_number() over (partition by b order by c)"),
        column("after", "lead(a) over (partition by c order by b)"),
    ];
    let step = design.add("Step", Op::Window(Window { columns }), &[few]);
    design.write("out.csv", step, &[]);
    let (mut much, _) = lines(folder.path(), &design, None);
    let (mut little, report) = lines(folder.path(), &design, Some(LITTLE));
    assert!(count_of(&report, "Step").spilled_bytes > 0);
    much.sort();
    little.sort();
    assert!(much == little && much.len() == ROWS + 1);
}

#[test]
fn a_group_that_does_not_fit_stops_the_run_with_the_step_and_the_limit() {
    let folder = folder();
    let mut design = Design::default();
    let rows = rows(&mut design);
    let middle = design.add("Step", aggregate(&["hot"], &[("middle", "median(n)"), ("l", "max(label)")]), &[rows]);
    design.write("out.csv", middle, &[]);
    let mut options = options(folder.path(), 1 << 18);
    options.memory = Some(LEAST);
    let fault = run(&design.0, &options, &Silent).unwrap_err().remove(0);
    assert_eq!((&*fault.code, fault.location.step.as_deref()), ("PW0819", Some("Step")));
    assert!(fault.message.contains("2.1 MB"), "{fault}");
    assert!(fault.help.unwrap().contains("--memory"));
    // Nothing that was put aside is left.
    assert!(!folder.path().join("out").exists());
}

#[test]
fn rows_of_one_blocking_step_flow_into_the_next() {
    let folder = folder();
    let mut design = Design::default();
    let rows = rows(&mut design);
    let counts = design.add("Counts", aggregate(&["rare"], &[("rows", "count(*)")]), &[rows]);
    // The source feeds both sides: neither can come first.
    let join = Join {
        kind: JoinKind::Left,
        on: vec![(expr("rare"), expr("rare"))],
        right: vec![("rows".into(), "rows".into())],
    };
    let joined = design.add("Joined", Op::Join(join), &[rows, counts]);
    let kept = design.add("Kept", Op::Filter { predicate: expr("rows > 2") }, &[joined]);
    let sorted = design.add("Step", Op::Sort(Sort { keys: vec![key("rows", true), key("id", false)] }), &[kept]);
    let all = design.add("All", Op::Union, &[sorted, kept]);
    let few = design.add("Few", Op::Limit(Limit { keys: vec![key("id", false)], count: 10_000, offset: 0 }), &[all]);
    design.write("out.csv", few, &[]);
    let (much, _) = lines(folder.path(), &design, None);
    let (little, report) = lines(folder.path(), &design, Some(2 << 20));
    for step in ["Joined", "Step", "Few"] {
        assert!(count_of(&report, step).spilled_bytes > 0, "{step}");
    }
    assert!(much == little && much.len() == 10_001);
    // Each side of a union is counted by itself.
    let all = count_of(&report, "All");
    assert!(
        all.rows_in.len() == 2 && all.rows_in[0] == all.rows_in[1] && all.rows_out == 2 * all.rows_in[0],
        "{all:?}"
    );
}

/// `few.csv`: numbers from 0 beside a letter.
fn few(folder: &Path, count: usize) -> Design {
    let text: String = (0..count).map(|n| format!("{n},x\n")).collect();
    std::fs::write(folder.join("few.csv"), format!("n,s\n{text}")).unwrap();
    Design::default()
}

fn few_rows(design: &mut Design) -> NodeId {
    design.read("few.csv", &[("n", DataType::Int), ("s", DataType::String)])
}

fn project(columns: &[(&str, &str)]) -> Op {
    Op::Project(pipewright_core::ir::Project::new(columns.iter().map(|(name, text)| column(name, text)).collect()))
}

#[test]
fn pairs_of_a_cross_join_flow_on_in_order_and_are_never_all_held() {
    let folder = tempfile::tempdir().unwrap();
    let mut design = few(folder.path(), 800);
    let (left, right) = (few_rows(&mut design), few_rows(&mut design));
    let join = Join { kind: JoinKind::Cross, on: vec![], right: vec![("n".into(), "m".into())] };
    let pairs = design.add("Pairs", Op::Join(join), &[left, right]);
    let both = design.add("Both", project(&[("n", "n"), ("m", "m"), ("t", "s || '-'")]), &[pairs]);
    design.write("out.csv", both, &[]);
    let kept = design.add("Kept", Op::Filter { predicate: expr("n = m") }, &[both]);
    let all = design.add("All", aggregate(&[], &[("rows", "count(*)"), ("sum", "sum(n)")]), &[kept]);
    design.write("all.csv", all, &[]);
    let (found, report) = lines(folder.path(), &design, Some(64 << 20));
    assert_eq!(count_of(&report, "Pairs").rows_out, 640_000);
    assert_eq!(count_of(&report, "Both").rows_in, [640_000]);
    assert_eq!(count_of(&report, "Kept").dropped, 639_200);
    let wanted = (0..800).flat_map(|n| (0..800).map(move |m| format!("{n},{m},x-")));
    assert!(found.iter().skip(1).cloned().eq(wanted), "{} lines", found.len());
    assert_eq!(output(folder.path(), "all.csv"), "rows,sum\n800,319600\n");
}

#[test]
fn texts_that_are_much_at_once_are_made_of_fewer_rows_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut design = few(folder.path(), 1000);
    let rows = few_rows(&mut design);
    let long = design.add("Long", project(&[("n", "n"), ("t", "repeat(s, 600000 + n * 500)")]), &[rows]);
    let short = design.add("Short", project(&[("n", "n"), ("length", "length(t)")]), &[long]);
    design.write("out.csv", short, &[]);
    let (found, report) = lines(folder.path(), &design, Some(64 << 20));
    let wanted = |n: usize| if n <= 800 { format!("{n},{}", 600_000 + n * 500) } else { format!("{n},") };
    assert!(found.iter().skip(1).cloned().eq((0..1000).map(wanted)));
    // What became null is told.
    assert_eq!((count_of(&report, "Long").lost_texts, count_of(&report, "Short").lost_texts), (199, 0));
    assert_eq!(count_of(&report, "Long").rows_in, [1000]);
}

#[test]
fn a_text_that_doubles_without_end_stops_the_run_with_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut design = few(folder.path(), 3);
    let mut last = few_rows(&mut design);
    for step in 0..40 {
        last = design.add(&format!("Step {step}"), project(&[("s", "s || s")]), &[last]);
    }
    design.write("out.csv", last, &[]);
    let fault = run(&design.0, &options(folder.path(), 1 << 18), &Silent).unwrap_err().remove(0);
    assert_eq!((&*fault.code, fault.location.step.as_deref()), ("PW0391", Some("Step 26")), "{fault}");
    assert!(!folder.path().join("out/out.csv").exists());
}

#[test]
fn what_grows_is_made_and_goes_on_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let mut design = few(folder.path(), 600);
    let rows = few_rows(&mut design);
    let long =
        project(&[("n", "n"), ("s", "s"), ("a", "split(repeat(s || ',', 300), ',')"), ("t", "repeat(s, 20000)")]);
    let long = design.add("Long", long, &[rows]);
    let explode = pipewright_core::ir::Explode { column: "a".into(), position: None, keep_empty: false };
    let each = design.add("Each", Op::Explode(explode), &[long]);
    // Of long texts many that are as long, and all of them short again.
    let names: Vec<String> = (0..60).map(|index| format!("c{index}")).collect();
    let mut columns = vec![("n", "n"), ("s", "s")];
    columns.extend(names.iter().map(|name| (name.as_str(), "upper(t)")));
    let wide = design.add("Wide", project(&columns), &[long]);
    let lengths: Vec<&str> = names.iter().map(String::as_str).collect();
    let sum = lengths.iter().map(|name| format!("length({name})")).collect::<Vec<_>>().join(" + ");
    let short = design.add("Short", project(&[("n", "n"), ("length", &sum)]), &[wide]);
    design.write("out.csv", short, &[]);
    let count = design.add("Count", aggregate(&["n"], &[("rows", "count(*)")]), &[each]);
    design.write("count.csv", count, &[]);
    let (found, report) = lines(folder.path(), &design, Some(64 << 20));
    assert!(found.iter().skip(1).cloned().eq((0..600).map(|n| format!("{n},1200000"))), "{:?}", found.last());
    assert_eq!(count_of(&report, "Each").rows_out, 600 * 301);
    assert_eq!((count_of(&report, "Wide").rows_in.as_slice(), count_of(&report, "Wide").rows_out), (&[600][..], 600));
    assert!(output(folder.path(), "count.csv").lines().skip(1).all(|line| line.ends_with(",301")));
}

#[test]
fn keys_that_are_out_of_measure_stop_the_run_with_their_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut design = few(folder.path(), 2000);
    let rows = few_rows(&mut design);
    let key = expr("repeat(s || n, 200000)");
    let join =
        Join { kind: JoinKind::Inner, on: vec![(key.clone(), key.clone())], right: vec![("n".into(), "m".into())] };
    let step = design.add("Step", Op::Join(join), &[rows, rows]);
    design.write("out.csv", step, &[]);
    let mut options = options(folder.path(), 1 << 18);
    options.memory = Some(64 << 20);
    let fault = run(&design.0, &options, &Silent).unwrap_err().remove(0);
    assert_eq!((&*fault.code, fault.location.step.as_deref()), ("PW0829", Some("Step")), "{fault}");
}
