//! What `pipewright bench parse|run|preview|blocking` measures: reading, running and previewing generated data, beside hand-written peers where
//! Python has them (`polars`, `duckdb`). Each figure comes with its budget; ratios are of one run on one machine.

mod blocking;
mod logs;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{Expr, SortKey, parse};
use pipewright_core::formats::FormatSpec;
use pipewright_core::generate::shop::LOG_FORMAT;
use pipewright_core::generate::{ShopOptions, shop};
use pipewright_core::ir::{
    Aggregate, Column, Destination, FileKind, Node, NodeId, Op, Origin, Plan, Read, WhenExists, Write as WriteOp,
    node_hash, output_schema,
};
use serde::Serialize;

pub use blocking::{TaskReport, bench_blocking, bench_task};

use crate::budget::Budget;
use crate::cancel::Cancel;
use crate::preview::{PreviewRequest, PreviewWorker};
use crate::profile::profile;
use crate::read::{Parsed, job_of, schema_as, sniff};
use crate::run::{RunOptions, Silent, peak_memory, run};
use crate::sample::read_sample;
use crate::sampling::Sampling;

/// Which way a figure gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    Higher,
    Lower,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    pub name: String,
    pub value: f64,
    pub unit: String,
    /// What it should reach; `None`: only to know.
    pub budget: Option<f64>,
    pub better: Better,
}

impl Measure {
    pub fn new(name: &str, value: f64, unit: &str, budget: Option<f64>, better: Better) -> Measure {
        Measure { name: name.to_owned(), value, unit: unit.to_owned(), budget, better }
    }
}

/// The peers' script; prints one JSON object of seconds by task.
const PEERS: &str = include_str!("bench/peers.py");
/// Bytes of a generated line, about.
const LINE: u64 = 250;
/// Python with `polars` and `duckdb`; set to another interpreter where they live in an environment of their own.
const PYTHON: &str = "PIPEWRIGHT_BENCH_PYTHON";

/// Reading: megabytes a second of an access log into ten typed columns, of JSON lines, logfmt, syslog, CRI and log4j lines,
/// of their patterns and their profile; `megabytes` of each.
pub fn bench_parse(megabytes: u64) -> Result<Vec<Measure>, Diagnostic> {
    let data = Data::generate(megabytes)?;
    let spread = best_of(3, || data.read("access.log", access_format()))?;
    let json = best_of(3, || data.read("app.jsonl", FormatSpec::new("json_lines")))?;
    let access_rate = rate(data.size("access.log"), spread);
    let json_rate = rate(data.size("app.jsonl"), json);
    let mut measures = vec![
        Measure::new("access log to ten columns", access_rate, "MB/s", Some(1000.0), Better::Higher),
        Measure::new("JSON lines to columns", json_rate, "MB/s", None, Better::Higher),
    ];
    let whole = best_of(2, || data.run_to_parquet())?;
    measures.push(Measure::new(
        "access log to Parquet",
        rate(data.size("access.log"), whole),
        "MB/s",
        None,
        Better::Higher,
    ));
    let peers = data.peers("parse");
    let mut against = |name: &str, task: &str, own: f64, budget: f64| {
        if let Some(seconds) = peers.get(task).and_then(serde_json::Value::as_f64) {
            measures.push(Measure::new(name, seconds / own, "times", Some(budget), Better::Higher));
        }
    };
    against("access log: against Polars str.extract_groups", "polars_access", spread, 3.0);
    against("access log: against DuckDB regexp_extract", "duckdb_access", spread, 6.0);
    against("access log to Parquet: against Polars", "polars_parquet", whole, 2.0);
    against("JSON lines: against Polars' NDJSON reader", "polars_json", json, 1.0);
    drop(data);
    measures.extend(logs::measures(megabytes)?);
    Ok(measures)
}

/// A whole run: access log → filter → aggregate → Parquet, with its memory on a tenth and on all of the data.
pub fn bench_run(megabytes: u64) -> Result<Vec<Measure>, Diagnostic> {
    let small = Data::generate((megabytes / 10).max(1))?;
    let (_, small_peak) = small.run_answer()?;
    drop(small);
    let data = Data::generate(megabytes)?;
    let (first, peak) = data.run_answer()?;
    let (second, _) = data.run_answer()?;
    let seconds = first.min(second);
    let megabyte = |bytes: u64| bytes as f64 / 1e6;
    let mut measures = vec![
        Measure::new("filter and aggregate", rate(data.size("access.log"), seconds), "MB/s", None, Better::Higher),
        Measure::new("peak memory", megabyte(peak), "MB", Some(500.0), Better::Lower),
        Measure::new(
            "peak memory: ten times the data",
            peak as f64 / small_peak.max(1) as f64,
            "times",
            Some(1.5),
            Better::Lower,
        ),
    ];
    let peers = data.peers("run");
    for (name, task) in [("against Polars", "polars_run"), ("against DuckDB", "duckdb_run")] {
        if let Some(theirs) = peers.get(task).and_then(serde_json::Value::as_f64) {
            let name = format!("filter and aggregate: {name}");
            measures.push(Measure::new(&name, theirs / seconds, "times", Some(1.0), Better::Higher));
        }
    }
    Ok(measures)
}

/// Previews: from dropping a large log to its first rows, and from an edit to its new rows over 100,000 rows.
pub fn bench_preview(megabytes: u64) -> Result<Vec<Measure>, Diagnostic> {
    let data = Data::generate(megabytes)?;
    let sampling = Sampling::Spread { rows: 10_000 };
    let dropped = best_of(3, || {
        let found = sniff(&data.path("access.log"))?;
        let (format, schema) = (found.format, found.schema);
        let read = Read {
            path: "access.log".into(),
            format,
            schema,
            columns: None,
            position: false,
            planned: None,
            location: None,
        };
        let sample = read_sample(&read, data.folder.path(), &sampling, &Budget::GLANCE, &Cancel::new())?;
        std::hint::black_box(profile(&sample.table));
        Ok(())
    })?;
    let worker = PreviewWorker::spawn(|| {});
    let mut times = Vec::new();
    for edit in 0..40 {
        let (plan, watched) = data.edited_plan(edit)?;
        let begun = Instant::now();
        worker.request(PreviewRequest {
            id: edit + 1,
            plan: Arc::new(plan),
            watch: vec![watched],
            sampling: Sampling::Head { rows: 100_000 },
            budget: Budget::GLANCE,
            base: data.folder.path().to_owned(),
            parameters: BTreeMap::new(),
        });
        wait_for(&worker, edit + 1)?;
        // The first one reads the sample; the others find it in the cache.
        if edit > 0 {
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    let p95 = times[(times.len() * 95).div_ceil(100).min(times.len()) - 1];
    Ok(vec![
        Measure::new(
            "a dropped log: recognised, sampled, profiled",
            dropped * 1000.0,
            "ms",
            Some(300.0),
            Better::Lower,
        ),
        Measure::new("an edit to new rows, 95 of 100", p95, "ms", Some(100.0), Better::Lower),
    ])
}

fn wait_for(worker: &PreviewWorker, id: u64) -> Result<(), Diagnostic> {
    let begun = Instant::now();
    while begun.elapsed().as_secs() < 60 {
        for reply in worker.poll() {
            if reply.id == id && reply.done {
                return reply.result.map(|_| ());
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    Err(Diagnostic::error("PW0971", "the preview did not answer within a minute"))
}

fn rate(bytes: u64, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds.max(1e-9)
}

fn best_of(times: usize, mut work: impl FnMut() -> Result<(), Diagnostic>) -> Result<f64, Diagnostic> {
    let mut best = f64::MAX;
    for _ in 0..times {
        let begun = Instant::now();
        work()?;
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn access_format() -> FormatSpec {
    FormatSpec::new("nginx_access").with("log_format", LOG_FORMAT)
}

fn failed(error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("PW0970", format!("the benchmark's data cannot be made: {error}"))
        .help("see whether the folder for temporary files, or that of --folder, is there and has space")
}

/// Generated files in a folder of their own.
struct Data {
    folder: tempfile::TempDir,
}

impl Data {
    /// An access log of about that many megabytes, and what belongs to it.
    fn generate(megabytes: u64) -> Result<Data, Diagnostic> {
        let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
        let options = ShopOptions { seed: 1, rows: megabytes * 1_000_000 / LINE };
        let mut open = |name: &str| -> io::Result<Box<dyn Write>> {
            let file = File::create(folder.path().join(name))?;
            Ok(Box::new(BufWriter::with_capacity(1 << 20, file)))
        };
        shop(&options, &mut open).map_err(|error| failed(&error))?;
        Ok(Data { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn size(&self, name: &str) -> u64 {
        self.path(name).metadata().map_or(0, |metadata| metadata.len())
    }

    fn source(&self, name: &str, format: FormatSpec) -> Result<Read, Diagnostic> {
        source_in(self.folder.path(), name, format)
    }

    /// All columns of all rows.
    fn read(&self, name: &str, format: FormatSpec) -> Result<(), Diagnostic> {
        all_columns(&self.source(name, format)?, self.folder.path())
    }

    fn run_to_parquet(&self) -> Result<(), Diagnostic> {
        let mut plan = Plan::default();
        let read = add(&mut plan, Op::Read(self.source("access.log", access_format())?), &[])?;
        add(&mut plan, load("all.parquet", &[]), &[read])?;
        self.run(&plan).map(|_| ())
    }

    /// Seconds and peak memory of the answer `bad_experience_per_hour`.
    fn run_answer(&self) -> Result<(f64, u64), Diagnostic> {
        let mut plan = Plan::default();
        let read = add(&mut plan, Op::Read(self.source("access.log", access_format())?), &[])?;
        let bad = Op::Filter { predicate: expr("status >= 500 or duration > 3")? };
        let bad = add(&mut plan, bad, &[read])?;
        let column = |name: &str, text: &str| expr(text).map(|expr| Column::new(name, expr));
        let aggregate = Op::Aggregate(Aggregate {
            keys: vec![column("hour", "date_trunc('hour', time)")?],
            measures: vec![column("requests", "count(*)")?, column("clients", "count_distinct(client)")?],
        });
        let answer = add(&mut plan, aggregate, &[bad])?;
        add(&mut plan, load("answer.parquet", &["hour"]), &[answer])?;
        reset_peak();
        let begun = Instant::now();
        self.run(&plan)?;
        Ok((begun.elapsed().as_secs_f64(), peak_memory()))
    }

    /// A filter with another limit each time, and an aggregate over it.
    fn edited_plan(&self, edit: u64) -> Result<(Plan, NodeId), Diagnostic> {
        let mut plan = Plan::default();
        let read = add(&mut plan, Op::Read(self.source("access.log", access_format())?), &[])?;
        let slow = Op::Filter { predicate: expr(&format!("duration > 0.0{edit:02}"))? };
        let slow = add(&mut plan, slow, &[read])?;
        let aggregate = Op::Aggregate(Aggregate {
            keys: vec![Column::new("hour", expr("date_trunc('hour', time)")?)],
            measures: vec![Column::new("requests", expr("count(*)")?), Column::new("mean", expr("avg(duration)")?)],
        });
        let watched = add(&mut plan, aggregate, &[slow])?;
        Ok((plan, watched))
    }

    fn run(&self, plan: &Plan) -> Result<(), Diagnostic> {
        let options = RunOptions {
            base: self.folder.path().to_owned(),
            out: self.folder.path().join("out"),
            ..RunOptions::default()
        };
        run(plan, &options, &Silent).map(|_| ()).map_err(|mut faults| faults.remove(0))
    }

    /// Seconds of the peers' tasks; empty where there is no Python that has them.
    fn peers(&self, group: &str) -> serde_json::Value {
        let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
        let script = self.path("peers.py");
        let output = std::fs::write(&script, PEERS)
            .and_then(|()| Command::new(python).arg(&script).arg(group).arg(self.folder.path()).output());
        output.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok()).unwrap_or_default()
    }
}

/// A file of a folder as it is read.
fn source_in(folder: &Path, name: &str, format: FormatSpec) -> Result<Read, Diagnostic> {
    let schema = schema_as(&folder.join(name), &format)?;
    let path = name.to_owned();
    Ok(Read { path, format, schema, columns: None, position: false, planned: None, location: None })
}

fn all_columns(read: &Read, base: &Path) -> Result<(), Diagnostic> {
    let mut rows = 0;
    job_of(read, base, &Cancel::new())?.for_each(&Ok, &mut |parsed: Parsed| {
        rows += parsed.frame.height();
        Ok(ControlFlow::Continue(()))
    })?;
    std::hint::black_box(rows);
    Ok(())
}

fn expr(text: &str) -> Result<Expr, Diagnostic> {
    parse(text)
}

fn load(path: &str, order: &[&str]) -> Op {
    let order = order.iter().map(|key| SortKey { expr: Expr::column(*key), descending: false }).collect();
    let destination = Destination::File {
        path: path.to_owned(),
        kind: FileKind::Parquet,
        partition: Vec::new(),
        when_exists: WhenExists::Replace,
    };
    Op::Write(WriteOp::new(destination, order))
}

fn add(plan: &mut Plan, op: Op, inputs: &[NodeId]) -> Result<NodeId, Diagnostic> {
    let schemas: Vec<&Schema> = inputs.iter().map(|input| &plan.node(*input).schema).collect();
    let schema = output_schema(&op, &schemas, &Default::default())?;
    let origin = Origin { step: format!("s{}", plan.nodes.len()), title: op.name().to_owned() };
    let hash = node_hash(&op, inputs.iter().map(|input| plan.node(*input).hash));
    plan.nodes.push(Arc::new(Node { op, inputs: inputs.to_vec(), schema, origin, hash }));
    Ok(NodeId(plan.nodes.len() as u32 - 1))
}

/// Forgets the peak of this process's memory, where the system lets it.
fn reset_peak() {
    let place = Path::new("/proc/self/clear_refs");
    let _ = std::fs::write(place, "5");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmarks_run_on_little_data() {
        let data = Data::generate(1).unwrap();
        assert!(data.size("access.log") > 500_000);
        data.read("access.log", access_format()).unwrap();
        data.run_to_parquet().unwrap();
        data.run_answer().unwrap();
        data.edited_plan(3).unwrap();
        assert!(data.path("out/answer.parquet").exists());
    }
}
