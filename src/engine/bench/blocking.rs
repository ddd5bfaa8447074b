//! What `pipewright bench blocking` measures: what blocks, with less memory than data, each task in a process of its own, by
//! us and by DuckDB at the same limit. Rows go from CSV to CSV, and both must write as many.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write};
use std::path::Path;
use std::process::Command;

use pipewright_core::data::{DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{SortKey, parse};
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{
    Aggregate, AsofDirection, AsofJoin, Column, Destination, Distinct, FileKind, Join, JoinKind, Keep, Op, Plan, Read,
    Sort, WhenExists, Window, Write as WriteOp,
};

use serde::{Deserialize, Serialize};

use super::{Better, Measure, PYTHON, add, expr, failed};
use crate::run::{RunOptions, Silent, run};

/// What is measured, in that order.
const TASKS: [&str; 7] = ["sort", "distinct", "group", "join", "as-of join", "window", SMALL];
/// What blocks little: rows are filtered and fall into few groups.
const SMALL: &str = "small flow";
/// The peer's script.
const PEER: &str = include_str!("blocking.py");
/// Bytes of a generated row, about.
const LINE: u64 = 80;
/// Rows of a key, about.
const PER_KEY: u64 = 8;
/// Times the memory that a run keeps to, which its process may take at its peak.
const PEAK: f64 = 1.3;
/// As long as the peer takes, at most.
const RATIO: f64 = 1.5;
/// Rows of the small flow, at most.
const SMALL_ROWS: u64 = 1_000_000;
/// Megabytes that its process may take at its peak.
const SMALL_PEAK: f64 = 100.0;
/// As long as the peer takes for it, at most.
const SMALL_RATIO: f64 = 0.5;

/// What one task took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    pub seconds: f64,
    /// Of the process, in bytes.
    pub peak: u64,
    pub spilled: u64,
}

/// All tasks over about so many megabytes, in a folder of its own within `folder`, which may take four times as much.
/// `start` makes the command that runs one task in a process of its own (`bench_task`) and prints its report as JSON.
pub fn bench_blocking(
    megabytes: u64,
    memory: u64,
    folder: &Path,
    start: &dyn Fn(&str, &Path) -> io::Result<Command>,
) -> Result<Vec<Measure>, Diagnostic> {
    let fail = |error: io::Error| failed(&error);
    let folder = tempfile::tempdir_in(folder).map_err(fail)?;
    generate(folder.path(), megabytes).map_err(fail)?;
    let script = folder.path().join("peer.py");
    std::fs::write(&script, PEER).map_err(fail)?;
    let mut measures = Vec::new();
    for task in TASKS {
        let output = start(task, folder.path()).and_then(|mut command| command.output()).map_err(fail)?;
        let own: TaskReport = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed(&String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("no report")))?;
        let mut measure = |name: &str, value: f64, unit: &str, budget: Option<f64>| {
            measures.push(Measure::new(&format!("{task}: {name}"), value, unit, budget, Better::Lower));
        };
        let (most, ratio) = match task {
            SMALL => (SMALL_PEAK, SMALL_RATIO),
            _ => ((memory as f64 * PEAK / 1e6).round(), RATIO),
        };
        measure("time", own.seconds, "s", None);
        measure("peak memory", own.peak as f64 / 1e6, "MB", Some(most));
        measure("put aside on disk", own.spilled as f64 / 1e6, "MB", None);
        if let Some(peer) = peer(&script, task, folder.path(), memory) {
            measure("DuckDB's peak memory", peer.peak as f64 / 1e6, "MB", None);
            measure("against DuckDB", own.seconds / peer.seconds, "times its time", Some(ratio));
            let counts = [folder.path().join("out/own.csv"), folder.path().join("duckdb.csv")].map(|path| lines(&path));
            if counts[0].as_ref().ok() != counts[1].as_ref().ok() {
                return Err(failed(&format!("{task} gives {:?} lines, and DuckDB {:?}", counts[0], counts[1])));
            }
        }
        // What a task wrote makes room for the next.
        let _ = std::fs::remove_dir_all(folder.path().join("out"));
        let _ = std::fs::remove_file(folder.path().join("duckdb.csv"));
    }
    Ok(measures)
}

#[derive(Deserialize)]
struct PeerReport {
    seconds: f64,
    peak: u64,
}

/// What DuckDB takes; nothing where there is no Python that has it, or where it fails.
fn peer(script: &Path, task: &str, folder: &Path, memory: u64) -> Option<PeerReport> {
    let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).arg(script).args([task]).arg(folder).arg(memory.to_string()).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// Runs one task here.
pub fn bench_task(task: &str, folder: &Path, memory: u64) -> Result<TaskReport, Diagnostic> {
    let options =
        RunOptions { base: folder.to_owned(), out: folder.join("out"), memory: Some(memory), ..RunOptions::default() };
    let report = run(&plan_of(task)?, &options, &Silent).map_err(|mut faults| faults.swap_remove(0))?;
    Ok(TaskReport { seconds: report.seconds, peak: report.peak_memory_bytes, spilled: report.spilled_bytes })
}

fn read(path: &str, columns: &[(&str, DataType)]) -> Op {
    Op::Read(Read {
        path: path.to_owned(),
        format: FormatSpec::new("csv"),
        schema: Schema::of(columns.iter().map(|(name, data_type)| (*name, data_type.clone()))),
        columns: None,
        position: false,
        planned: None,
        location: None,
    })
}

fn plan_of(task: &str) -> Result<Plan, Diagnostic> {
    let column = |name: &str, text: &str| expr(text).map(|expr| Column::new(name, expr));
    let key = |text: &str| parse(text).map(|expr| SortKey { expr, descending: false });
    let mut plan = Plan::default();
    let rows = read(
        "rows.csv",
        &[
            ("id", DataType::Int),
            ("key", DataType::Int),
            ("t", DataType::Timestamp),
            ("n", DataType::Int),
            ("label", DataType::String),
        ],
    );
    let sides =
        read("sides.csv", &[("key", DataType::Int), ("since", DataType::Timestamp), ("name", DataType::String)]);
    if task == SMALL {
        return small_flow();
    }
    let rows = add(&mut plan, rows, &[])?;
    let name = ("name".to_owned(), "name".to_owned());
    let (op, is_joined) = match task {
        "sort" => (Op::Sort(Sort { keys: vec![key("t")?, key("id")?] }), false),
        "distinct" => (Op::Distinct(Distinct { keys: vec![], order: vec![], keep: Keep::First }), false),
        "group" => {
            let measures = vec![
                column("rows", "count(*)")?,
                column("total", "sum(n)")?,
                column("latest", "max(t)")?,
                column("different", "count_distinct(n)")?,
            ];
            (Op::Aggregate(Aggregate { keys: vec![column("key", "key")?], measures }), false)
        }
        "join" => {
            let right = vec![("since".to_owned(), "since".to_owned()), name];
            (Op::Join(Join { kind: JoinKind::Inner, on: vec![(expr("key")?, expr("key")?)], right }), true)
        }
        "as-of join" => {
            let join = AsofJoin {
                left_time: "t".to_owned(),
                right_time: "since".to_owned(),
                by: vec![("key".to_owned(), "key".to_owned())],
                direction: AsofDirection::Backward,
                tolerance: None,
                right: vec![name],
            };
            (Op::AsofJoin(join), true)
        }
        "window" => {
            let columns = vec![
                column("place", "row_number() over (partition by key order by t, id)")?,
                column("total", "sum(n) over (partition by key)")?,
            ];
            (Op::Window(Window { columns }), false)
        }
        other => return Err(failed(&format!("there is no task `{other}`"))),
    };
    let inputs = if is_joined { vec![rows, add(&mut plan, sides, &[])?] } else { vec![rows] };
    let result = add(&mut plan, op, &inputs)?;
    add(&mut plan, to_csv(), &[result])?;
    Ok(plan)
}

fn to_csv() -> Op {
    let destination = Destination::File {
        path: "own.csv".to_owned(),
        kind: FileKind::Csv,
        partition: Vec::new(),
        when_exists: WhenExists::Replace,
    };
    Op::Write(WriteOp::new(destination, Vec::new()))
}

/// CSV → filter → group → CSV.
fn small_flow() -> Result<Plan, Diagnostic> {
    let column = |name: &str, text: &str| expr(text).map(|expr| Column::new(name, expr));
    let mut plan = Plan::default();
    let columns = [
        ("id", DataType::Int),
        ("user", DataType::String),
        ("status", DataType::Int),
        ("duration", DataType::Float),
        ("path", DataType::String),
    ];
    let rows = add(&mut plan, read("small.csv", &columns), &[])?;
    let bad = add(&mut plan, Op::Filter { predicate: expr("status >= 400")? }, &[rows])?;
    let measures =
        vec![column("rows", "count(*)")?, column("slowest", "max(duration)")?, column("mean", "avg(duration)")?];
    let group = Op::Aggregate(Aggregate { keys: vec![column("user", "\"user\"")?], measures });
    let users = add(&mut plan, group, &[bad])?;
    add(&mut plan, to_csv(), &[users])?;
    Ok(plan)
}

/// `rows.csv` of about so many megabytes, one in a hundred rows twice; `sides.csv` with a row for each key; `small.csv`
/// for the small flow.
fn generate(folder: &Path, megabytes: u64) -> io::Result<()> {
    let mut random = fastrand::Rng::with_seed(1);
    let rows = (megabytes * 1_000_000 / LINE).max(100);
    let keys = rows / PER_KEY + 1;
    let time = |random: &mut fastrand::Rng| {
        let (day, hour) = (random.u32(1..29), random.u32(0..24));
        format!("2026-03-{day:02} {hour:02}:{:02}:{:02}", random.u32(0..60), random.u32(0..60))
    };
    let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.join("rows.csv"))?);
    out.write_all(b"id,key,t,n,label\n")?;
    for id in 0..rows {
        let (key, at, n) = (random.u64(0..keys), time(&mut random), random.i32(-500..500));
        let line = format!("{id},{key},{at},{n},a text of some length {:016x}\n", random.u64(..));
        out.write_all(line.as_bytes())?;
        if id % 100 == 0 {
            out.write_all(line.as_bytes())?;
        }
    }
    out.flush()?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.join("sides.csv"))?);
    out.write_all(b"key,since,name\n")?;
    for key in 0..keys {
        writeln!(out, "{key},{},the name of the key {:08x}", time(&mut random), random.u32(..))?;
    }
    out.flush()?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.join("small.csv"))?);
    out.write_all(b"id,user,status,duration,path\n")?;
    for id in 0..rows.min(SMALL_ROWS) {
        let (user, status, item) =
            (random.u32(..5000), [200, 200, 200, 404, 500][random.usize(..5)], random.u32(..100_000));
        writeln!(out, "{id},u{user},{status},{:.3},/api/v1/item/{item}", random.f64() * 10.0)?;
    }
    out.flush()
}

fn lines(path: &Path) -> io::Result<usize> {
    let mut file = BufReader::new(File::open(path)?);
    let (mut bytes, mut count) = (vec![0; 1 << 20], 0);
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(count),
            got => count += memchr::memchr_iter(b'\n', &bytes[..got]).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_on_little_data() {
        let folder = tempfile::tempdir().unwrap();
        generate(folder.path(), 1).unwrap();
        let rows = lines(&folder.path().join("rows.csv")).unwrap();
        for task in TASKS {
            let report = bench_task(task, folder.path(), 256 << 20).unwrap();
            assert!(report.seconds > 0.0 && report.spilled == 0, "{task}");
            let written = lines(&folder.path().join("out/own.csv")).unwrap();
            match task {
                "distinct" => assert!(written < rows && written > rows * 9 / 10),
                "group" => assert!(written < rows / 4),
                SMALL => assert!(written > 1000 && written <= 5001),
                _ => assert_eq!(written, rows, "{task}"),
            }
        }
        assert!(bench_task("nothing", folder.path(), 256 << 20).is_err());
    }
}
