//! Previews keep to their budget whatever a design makes of its rows: texts, lists, joins, unions, wide tables, many
//! files; what they cut they say, and a wish to stop is heard inside an operation.

use std::time::{Duration, Instant};

use pipewright_core::data::{DataType, Schema};
use pipewright_core::expr::parse;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{Aggregate, Column, Explode, Join, JoinKind, Op, Project, Read, Rows, Unpivot, Window};

use super::tests::plan;
use super::*;

const SMALL: Budget = Budget { rows: 20_000, bytes: 8 << 20, time: Some(Duration::from_secs(60)) };

fn rows(count: i64) -> Op {
    let schema = Schema::of([("n", DataType::Int), ("s", DataType::String)]);
    Op::Rows(Rows { schema, rows: (0..count).map(|n| vec![Value::Int(n), Value::text("x")]).collect() })
}

fn project(columns: &[(&str, &str)]) -> Op {
    Op::Project(Project::new(columns.iter().map(|(name, text)| Column::new(*name, parse(text).unwrap())).collect()))
}

fn answer(plan: &Arc<Plan>, budget: Budget, cancel: &Cancel) -> Vec<Result<NodeResult, Diagnostic>> {
    let request = PreviewRequest {
        id: 1,
        plan: plan.clone(),
        watch: vec![NodeId(plan.nodes.len() as u32 - 1)],
        sampling: Sampling::Spread { rows: SAMPLE_ROWS },
        budget,
        base: PathBuf::from("."),
        parameters: BTreeMap::new(),
    };
    let mut replies = Vec::new();
    Session::new(usize::MAX).answer(&request, cancel, &mut |reply| replies.push(reply.result));
    replies
}

fn last(ops: Vec<(Op, Vec<u32>)>, budget: Budget) -> NodeResult {
    answer(&plan(ops), budget, &Cancel::new()).pop().unwrap().unwrap()
}

/// The rows are the first ones of those that there are, and the budget is told.
fn is_cut(found: &NodeResult, words: &str) {
    let cut = found.cut.as_deref().unwrap_or_default();
    assert!(cut.contains(words) && !found.whole && found.rows > 0, "{} rows, {cut}", found.rows);
    assert_eq!(found.rows, found.table.rows() as u64);
    assert!(found.table.size() < 4 * SMALL.bytes as usize, "{}", found.table.size());
    assert_eq!(found.told_cut().unwrap().code, "PW0394");
}

#[test]
fn long_texts_end_at_the_bytes_and_what_follows_knows() {
    let long = project(&[("n", "n"), ("long", "repeat(s, 500000)")]);
    let found = answer(
        &plan(vec![(rows(5000), vec![]), (long, vec![0]), (project(&[("n", "n")]), vec![1])]),
        SMALL,
        &Cancel::new(),
    );
    let cut = found[1].as_ref().unwrap();
    is_cut(cut, "8.4 MB is met");
    assert!(cut.rows < 40 && cut.rows_in == [cut.rows], "{:?}", cut.rows_in);
    let after = found[2].as_ref().unwrap();
    assert_eq!((after.rows, after.whole, after.cut.as_ref()), (cut.rows, false, cut.cut.as_ref()));
    for row in 0..cut.table.rows() {
        assert_eq!(cut.table.value(row, 0), Value::Int(row as i64), "the first rows, in order");
    }
    let all = last(vec![(rows(5000), vec![]), (project(&[("n", "n * 2"), ("t", "s || s")]), vec![0])], SMALL);
    assert_eq!((all.rows, all.whole, all.cut), (5000, true, None));
}

/// Whose expressions make nothing longer, of rows that are long already.
fn copies(count: usize, expr: &str) -> Op {
    let columns: Vec<String> = (0..count).map(|index| format!("c{index}")).collect();
    project(&columns.iter().map(|name| (name.as_str(), expr)).collect::<Vec<_>>())
}

#[test]
fn many_columns_of_long_texts_end_at_the_bytes() {
    let long = project(&[("n", "n"), ("s", "s"), ("long", "repeat(s, 20000)")]);
    for expr in ["upper(long)", "case when n > 3 then long else s end", "coalesce(long, s)", "if(n > 3, long, s)"] {
        let found = last(vec![(rows(300), vec![]), (long.clone(), vec![0]), (copies(20, expr), vec![1])], SMALL);
        is_cut(&found, "8.4 MB is met");
        assert!(found.rows > 3 && found.rows < 60, "{expr}: {}", found.rows);
    }
    // Of one row more than the budget: there is none to show.
    let most = answer(
        &plan(vec![(rows(5), vec![]), (long, vec![0]), (copies(900, "upper(long)"), vec![1])]),
        SMALL,
        &Cancel::new(),
    );
    assert_eq!(most[2].as_ref().unwrap_err().code, "PW0829");
}

#[test]
fn constants_count_before_there_is_a_row() {
    let begun = Instant::now();
    let columns: Vec<(String, String)> =
        (0..300).map(|index| (format!("c{index}"), format!("repeat('x', {})", 999_999 - index))).collect();
    let wide = project(&columns.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
    let found = answer(&plan(vec![(rows(50), vec![]), (wide, vec![0])]), SMALL, &Cancel::new());
    assert_eq!(found[1].as_ref().unwrap_err().code, "PW0829");
    assert!(begun.elapsed() < Duration::from_secs(60));
    // Few are as large as they are in all rows.
    let few = project(&[("n", "n"), ("list", "split(repeat('a,', 2000), ',')")]);
    let found = last(vec![(rows(2000), vec![]), (few, vec![0])], SMALL);
    is_cut(&found, "8.4 MB is met");
}

#[test]
fn lists_beside_lists_end_at_the_bytes() {
    let lists = project(&[("a", "split(repeat(s || ',', 3000), ',')"), ("b", "split(repeat(s || ',', 3000), ',')")]);
    let explode = |column: &str| Op::Explode(Explode { column: column.into(), position: None, keep_empty: false });
    let ops = vec![(rows(100), vec![]), (lists, vec![0]), (explode("a"), vec![1]), (explode("b"), vec![2])];
    let found = answer(&plan(ops), Budget { bytes: 128 << 20, ..SMALL }, &Cancel::new());
    let (first, second) = (found[2].as_ref(), found[3].as_ref());
    // One list of 3,000 beside each of 3,000 items is more than a quarter of that.
    assert_eq!(first.unwrap_err().code, "PW0829", "{:?}", second.err());
    let one = project(&[("n", "n"), ("items", "split(repeat(s || ',', 2000), ',')")]);
    let cross = Op::Join(Join { kind: JoinKind::Cross, on: vec![], right: vec![("n".into(), "m".into())] });
    let pairs = last(vec![(rows(80), vec![]), (one, vec![0]), (cross, vec![1, 1])], SMALL);
    is_cut(&pairs, "8.4 MB is met");
}

#[test]
fn texts_of_all_rows_in_one_end_at_the_bytes() {
    let long = project(&[("n", "n"), ("long", "repeat(s, 2000)")]);
    let measures = (0..40).map(|index| Column::new(format!("m{index}"), parse("string_agg(long, ',')").unwrap()));
    let joined = Op::Aggregate(Aggregate { keys: vec![], measures: measures.collect() });
    let found = last(vec![(rows(2000), vec![]), (long, vec![0]), (joined, vec![1])], SMALL);
    is_cut(&found, "8.4 MB is met");
    let pivoted =
        (0..600).map(|index| Column::new(format!("m{index}"), parse("count(*) filter (where n > 3)").unwrap()));
    let keys = vec![Column::new("n", parse("n").unwrap())];
    let pivoted = Op::Aggregate(Aggregate { keys, measures: pivoted.collect() });
    is_cut(&last(vec![(rows(9000), vec![]), (pivoted, vec![0])], SMALL), "8.4 MB is met");
}

#[test]
fn keys_of_a_join_that_take_too_much_are_made_of_fewer_rows() {
    let key = parse("repeat(s || n, 20000)").unwrap();
    let join =
        Op::Join(Join { kind: JoinKind::Inner, on: vec![(key.clone(), key)], right: vec![("n".into(), "m".into())] });
    is_cut(&last(vec![(rows(5000), vec![]), (join, vec![0, 0])], SMALL), "8.4 MB is met");
}

#[test]
fn rows_that_nobody_takes_any_more_are_not_kept() {
    let ops = (0..4).map(|step| match step {
        0 => (rows(10), vec![]),
        _ => (project(&[("s", "s || s")]), vec![step - 1]),
    });
    let request = PreviewRequest {
        id: 1,
        plan: plan(ops.collect()),
        watch: vec![NodeId(3)],
        sampling: Sampling::Whole,
        budget: SMALL,
        base: PathBuf::from("."),
        parameters: BTreeMap::new(),
    };
    let mut tables = Vec::new();
    let mut alive = 0;
    Session::new(NOTHING).answer(&request, &Cancel::new(), &mut |reply| {
        tables.push(Arc::downgrade(&reply.result.unwrap().table));
        alive = tables.iter().filter(|table| table.upgrade().is_some()).count();
    });
    // The last ones, and not all four.
    assert!(tables.len() == 4 && alive <= 2, "{alive}");
}

#[test]
fn texts_that_double_from_step_to_step_end() {
    let mut ops = vec![(rows(50), vec![])];
    for step in 0..40 {
        ops.push((project(&[("s", "s || s")]), vec![step]));
    }
    let begun = Instant::now();
    let found = answer(&plan(ops), SMALL, &Cancel::new());
    assert!(begun.elapsed() < Duration::from_secs(60));
    let fault = found.iter().find_map(|found| found.as_ref().err()).unwrap();
    assert_eq!(fault.code, "PW0829", "{fault}");
    assert!(fault.help.as_ref().unwrap().contains("`||`"));
    assert!(found.iter().flatten().all(|found| found.table.size() < 4 * SMALL.bytes as usize));
}

#[test]
fn texts_that_are_too_long_are_counted() {
    let op = project(&[("t", "repeat(s, 999999 + n)"), ("r", "replace(repeat(s, n * 1000), 'x', repeat('y', 1000))")]);
    let found = last(vec![(rows(4), vec![]), (op, vec![0])], Budget { bytes: 1 << 30, ..SMALL });
    // Of `repeat` rows 2 and 3; of `replace` rows 2 and 3.
    assert_eq!((found.rows, found.lost), (4, 4));
    assert_eq!((found.table.value(2, 0), found.table.value(2, 1)), (Value::Null, Value::Null));
    assert!(!found.table.value(1, 1).is_null());
}

#[test]
fn pairs_end_at_the_rows() {
    let cross = |kind| Op::Join(Join { kind, on: vec![], right: vec![("n".into(), "m".into())] });
    let begun = Instant::now();
    let found = last(vec![(rows(30_000), vec![]), (rows(30_000), vec![]), (cross(JoinKind::Cross), vec![0, 1])], SMALL);
    is_cut(&found, "20,000 rows is met");
    assert_eq!(found.rows, 20_000);
    let same = Op::Join(Join {
        kind: JoinKind::Full,
        on: vec![(parse("s").unwrap(), parse("s").unwrap())],
        right: vec![("n".into(), "m".into())],
    });
    is_cut(&last(vec![(rows(9000), vec![]), (rows(9000), vec![]), (same, vec![0, 1])], SMALL), "rows is met");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn unions_of_unions_end_at_the_rows() {
    let mut ops = vec![(rows(10), vec![])];
    for step in 0..40 {
        ops.push((Op::Union, vec![step, step]));
    }
    let begun = Instant::now();
    let found = last(ops, SMALL);
    is_cut(&found, "20,000 rows is met");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn lists_and_columns_that_become_rows_end() {
    let lists = project(&[("items", "split(repeat('a,', 2000), ',')"), ("n", "n")]);
    let explode = Op::Explode(Explode { column: "items".into(), position: None, keep_empty: false });
    let found = last(vec![(rows(300), vec![]), (lists, vec![0]), (explode, vec![1])], SMALL);
    is_cut(&found, "is met");
    let columns: Vec<(String, String)> = (0..300).map(|index| (format!("c{index}"), "n".to_owned())).collect();
    let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let wide = project(&columns.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
    let unpivot = Op::Unpivot(Unpivot {
        keep: vec!["c0".into()],
        columns: names,
        name: "name".into(),
        value: "value".into(),
        data_type: DataType::Int,
    });
    let found = last(vec![(rows(500), vec![]), (wide, vec![0]), (unpivot, vec![1])], SMALL);
    is_cut(&found, "20,000 rows is met");
    assert_eq!(found.rows, 20_000);
}

#[test]
fn windows_that_list_all_rows_in_each_row_take_fewer_rows() {
    let window =
        Op::Window(Window { columns: vec![Column::new("all", parse("collect(n) over (partition by s)").unwrap())] });
    let found = last(vec![(rows(20_000), vec![]), (window, vec![0])], SMALL);
    is_cut(&found, "8.4 MB is met");
    assert!(found.rows > 100, "{}", found.rows);
}

#[test]
fn time_ends_a_step_and_those_after_it_say_so() {
    let slow = project(&[("t", "replace(repeat(s, 900000), 'x', 'y')"), ("n", "n")]);
    let budget = Budget { time: Some(Duration::from_millis(300)), bytes: 1 << 40, rows: u64::MAX };
    let begun = Instant::now();
    let few = Op::Project(Project::new(vec![Column::new("n", parse("length(t)").unwrap())]));
    let found = answer(&plan(vec![(rows(50_000), vec![]), (slow, vec![0]), (few, vec![1])]), budget, &Cancel::new());
    assert!(begun.elapsed() < Duration::from_secs(20));
    if let Ok(cut) = &found[1] {
        assert!(cut.cut.as_ref().unwrap().contains("0.3 s is met") && cut.rows < 50_000);
    }
    let late = found.iter().find_map(|found| found.as_ref().err()).unwrap();
    assert!(late.code == "PW0390" || late.code == "PW0710", "{late}");
}

#[test]
fn a_wish_to_stop_is_heard_inside_an_operation() {
    let slow = project(&[("t", "length(replace(repeat(s, 900000), 'x', 'y'))")]);
    let plan = plan(vec![(rows(100_000), vec![]), (slow, vec![0])]);
    let cancel = Cancel::new();
    let request = PreviewRequest {
        id: 1,
        plan: plan.clone(),
        watch: vec![NodeId(1)],
        sampling: Sampling::Whole,
        budget: Budget { rows: u64::MAX, bytes: 1 << 40, time: None },
        base: PathBuf::from("."),
        parameters: BTreeMap::new(),
    };
    let mut answered = 0;
    let mut stopping = None;
    let mut begun = Instant::now();
    Session::new(usize::MAX).answer(&request, &cancel, &mut |_| {
        answered += 1;
        begun = Instant::now();
        let stopper = cancel.clone();
        stopping = Some(std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            stopper.cancel();
        }));
    });
    stopping.unwrap().join().unwrap();
    // All of it would take minutes.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(answered, 1, "only the source was answered");
}

#[test]
fn wide_files_and_many_files_end_at_the_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let header: Vec<String> = (0..200).map(|column| format!("c{column}")).collect();
    let line = vec!["12345"; 200].join(",");
    let mut text = header.join(",") + "\n";
    (0..20_000).for_each(|_| text.push_str(&(line.clone() + "\n")));
    std::fs::write(folder.path().join("wide.csv"), text).unwrap();
    let schema = Schema::of(header.iter().map(|name| (name.as_str(), DataType::Int)));
    let read = |path: &str, schema: &Schema| Read {
        path: path.into(),
        format: FormatSpec::new("csv"),
        schema: schema.clone(),
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    for sampling in [Sampling::Whole, Sampling::Head { rows: 50_000 }, Sampling::Spread { rows: 10_000 }] {
        let found =
            crate::read_sample(&read("wide.csv", &schema), folder.path(), &sampling, &SMALL, &Cancel::new()).unwrap();
        let told = &found.statement;
        assert!(!told.whole && told.method.contains("budget of 8.4 MB"), "{}", told.method);
        assert!(found.table.rows() > 1000 && found.table.size() <= 9 << 20, "{}", found.table.size());
    }
    for number in 0..500 {
        std::fs::write(folder.path().join(format!("small-{number}.csv")), "a,b\n1,some text that is not short\n")
            .unwrap();
    }
    let schema = Schema::of([("a", DataType::Int), ("b", DataType::String)]);
    let all =
        crate::read_sample(&read("small-*.csv", &schema), folder.path(), &Sampling::Whole, &SMALL, &Cancel::new())
            .unwrap();
    assert_eq!((all.table.rows(), all.statement.whole), (500, true));
    // The texts of a file keep the file alive, and not the room of a whole chunk.
    let kept: usize = all.table.frame().columns()[1]
        .as_materialized_series()
        .str()
        .unwrap()
        .downcast_iter()
        .map(|texts| texts.total_buffer_len())
        .sum();
    assert!(kept < 500 * 100, "{kept}");
}
