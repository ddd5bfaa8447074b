//! Runs that read only what is new, of flows that group by buckets of time: each bucket is made once, when it is closed,
//! whenever runs are killed.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::{pipewright, texts};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// Requests of each hour, from a log.
    fn new() -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.design(&json!({
            "pipewright": 1, "name": "hours",
            "sources": [{"id": "src-a", "title": "Log", "path": "app.log*", "format": {"name": "json_lines"},
                "schema": {"fields": [{"name": "time", "type": "Timestamp"}, {"name": "n", "type": "Int"},
                    {"name": "tags", "type": "List<String>"}]}}],
            "steps": [
                {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src-a"}},
                {"id": "hours", "kind": "time_buckets", "title": "Per hour", "settings": {
                    "time": "time", "span": "1 hour", "name": "hour",
                    "measures": [{"id": "m1", "name": "rows", "expression": "count(*)"},
                        {"id": "m2", "name": "sum", "expression": "sum(n)"},
                        {"id": "m3", "name": "tags", "expression": "sum(list_length(tags))"}]}},
                {"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "hours.jsonl", "kind": "jsonl"}},
            ],
            "wires": [{"id": "w1", "from": "read", "to": "hours"}, {"id": "w2", "from": "hours", "to": "load"}],
        }));
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn design(&self, design: &Json) {
        fs::write(self.at("p.pipewright.json"), design.to_string()).unwrap();
    }

    /// Changes the design at a place.
    fn set(&self, at: &str, value: Json) {
        let mut design: Json = serde_json::from_slice(&fs::read(self.at("p.pipewright.json")).unwrap()).unwrap();
        *design.pointer_mut(at).unwrap() = value;
        self.design(&design);
    }

    fn write(&self, lines: &[(&str, u64)]) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.at("app.log")).unwrap();
        for (time, n) in lines {
            let time = if time.is_empty() { Json::Null } else { json!(format!("2026-03-02T{time}Z")) };
            writeln!(file, "{}", json!({"time": time, "n": n, "tags": ["a", "b"]})).unwrap();
        }
    }

    fn command(&self, more: &[&str]) -> std::process::Command {
        let mut command = pipewright();
        let args = ["run", "p.pipewright.json", "--incremental", "--out", "out", "--quarantine", "out/q.jsonl"];
        command.current_dir(self.folder.path()).args(args).args(["--max-quarantined", "1"]).args(more);
        command
    }

    fn run(&self, more: &[&str]) -> (i32, String) {
        let (code, out, err) = texts(self.command(more).output().unwrap());
        (code, out + &err)
    }

    fn run_ok(&self, more: &[&str]) -> String {
        let (code, said) = self.run(more);
        assert_eq!(code, 0, "{said}");
        said
    }

    /// Each hour with its rows and their sum, in the order in which they were written.
    fn hours(&self) -> Vec<(String, u64, u64)> {
        let text = fs::read_to_string(self.at("out/hours.jsonl")).unwrap_or_default();
        let row = |line: &str| {
            let row: Json = serde_json::from_str(line).unwrap();
            assert_eq!(row["tags"].as_u64().unwrap(), 2 * row["rows"].as_u64().unwrap());
            (
                row["hour"].as_str().unwrap()[11..13].to_owned(),
                row["rows"].as_u64().unwrap(),
                row["sum"].as_u64().unwrap(),
            )
        };
        text.lines().map(row).collect()
    }

    fn quarantine(&self) -> String {
        fs::read_to_string(self.at("out/q.jsonl")).unwrap_or_default()
    }
}

fn hour(hour: &str, rows: u64, sum: u64) -> (String, u64, u64) {
    (hour.to_owned(), rows, sum)
}

#[test]
fn a_bucket_is_made_when_it_is_closed() {
    let desk = Desk::new();
    desk.write(&[("10:05:00", 1), ("10:20:00", 2), ("11:10:00", 4)]);
    let said = desk.run_ok(&[]);
    assert_eq!(desk.hours(), [hour("10", 2, 3)]);
    assert!(said.contains("PW1170") && said.contains("rows of buckets of time that are open: 1"), "{said}");
    assert!(!said.contains("wrote 1 row to out/.pipewright-open"), "{said}");
    desk.run_ok(&[]);
    assert_eq!(desk.hours(), [hour("10", 2, 3)], "nothing is new");
    // Too late, without a time, and in time.
    desk.write(&[("10:50:00", 8), ("", 16), ("11:40:00", 32), ("12:00:00", 64), ("13:30:00", 128)]);
    desk.run_ok(&["--report", "report.json"]);
    assert_eq!(desk.hours(), [hour("10", 2, 3), hour("11", 2, 36), hour("12", 1, 64)]);
    let report: Json = serde_json::from_slice(&fs::read(desk.at("report.json")).unwrap()).unwrap();
    // Those that waited were read before.
    assert_eq!((&report["rows_read"], &report["rows_written"]), (&json!(5), &json!(2)), "{report}");
    let quarantine = desk.quarantine();
    assert!(quarantine.contains("its bucket is closed") && quarantine.contains("it has no time"), "{quarantine}");
    assert_eq!(quarantine.lines().count(), 2, "{quarantine}");
}

/// Of a project that nobody has said to trust, too: the run itself has written them.
#[test]
fn rows_of_open_buckets_are_read_wherever_the_outputs_are() {
    let (desk, elsewhere) = (Desk::new(), tempfile::tempdir().unwrap());
    desk.write(&[("10:00:00", 1), ("11:00:00", 2)]);
    for lines in [&[("12:00:00", 3)][..], &[("11:30:00", 5), ("13:00:00", 8)]] {
        desk.write(lines);
        let mut command = pipewright();
        command.current_dir(elsewhere.path()).arg("run").arg(desk.at("p.pipewright.json"));
        let (code, out, err) = texts(command.args(["--incremental", "--out", "out"]).output().unwrap());
        assert_eq!(code, 0, "{out}{err}");
    }
}

#[test]
fn rows_may_be_late_by_as_much_as_is_said() {
    let desk = Desk::new();
    let late = ["--lateness", "30m"];
    desk.write(&[("10:05:00", 1), ("11:10:00", 2)]);
    desk.run_ok(&late);
    assert!(desk.hours().is_empty());
    desk.write(&[("10:59:59", 4), ("11:29:59", 8)]);
    desk.run_ok(&late);
    assert!(desk.hours().is_empty());
    desk.write(&[("10:01:00", 16), ("11:30:00", 32)]);
    desk.run_ok(&late);
    assert_eq!(desk.hours(), [hour("10", 3, 21)]);
    assert_eq!(desk.quarantine(), "");
    // With another lateness other buckets would be open.
    let (code, said) = desk.run(&["--lateness", "31m"]);
    assert!(code == 1 && said.contains("PW0983") && said.contains("Per hour"), "{said}");
}

#[test]
fn what_is_no_bucket_of_time_or_no_file_is_refused_by_name() {
    let desk = Desk::new();
    desk.write(&[("10:05:00", 1)]);
    desk.set("/steps/1/kind", json!("aggregate"));
    let (code, said) = desk.run(&[]);
    assert!(code == 1 && said.contains("PW0978") && said.contains("“Per hour”"), "{said}");
    let desk = Desk::new();
    desk.write(&[("10:05:00", 1)]);
    desk.set(
        "/steps/2",
        json!({"id": "load", "kind": "load_table", "title": "Load",
        "settings": {"connection": "con-a", "table": "hours", "mode": "append"}}),
    );
    let mut design: Json = serde_json::from_slice(&fs::read(desk.at("p.pipewright.json")).unwrap()).unwrap();
    design["connections"] = json!([{"id": "con-a", "title": "Shop", "kind": "sqlite", "address": "shop.db"}]);
    desk.design(&design);
    let (code, said) = desk.run(&[]);
    assert!(code == 1 && said.contains("PW0980") && said.contains("rows of buckets that are open"), "{said}");
    // What waits is not taken for rows that nobody needs.
    let desk = Desk::new();
    desk.write(&[("10:05:00", 1), ("11:05:00", 1)]);
    desk.run_ok(&[]);
    fs::remove_file(desk.at("out/.pipewright-open-hours.parquet")).unwrap();
    let (code, said) = desk.run(&[]);
    assert!(code == 1 && said.contains("PW0981"), "{said}");
}

/// Rows that are looked up are all there are each time, though they are of buckets.
#[test]
fn buckets_that_are_looked_up_are_made_of_all_rows() {
    let desk = Desk::new();
    let mut design: Json = serde_json::from_slice(&fs::read(desk.at("p.pipewright.json")).unwrap()).unwrap();
    let mut other = design["sources"][0].clone();
    (other["id"], other["path"]) = (json!("src-b"), json!("other.jsonl"));
    design["sources"].as_array_mut().unwrap().push(other);
    design["steps"].as_array_mut().unwrap().extend([
        json!({"id": "other", "kind": "file", "title": "Other", "settings": {"source": "src-b"}}),
        json!({"id": "join", "kind": "join", "title": "With hours", "settings":
            {"kind": "inner", "on": [{"id": "k", "left": "n", "right": "rows"}]}}),
    ]);
    design["wires"] = json!([
        {"id": "w1", "from": "other", "to": "hours"}, {"id": "w2", "from": "read", "to": "join", "input": "left"},
        {"id": "w3", "from": "hours", "to": "join", "input": "right"}, {"id": "w4", "from": "join", "to": "load"},
    ]);
    desk.design(&design);
    // An hour with one row, one with two, and one with three.
    let line =
        |hour: usize| json!({"time": format!("2026-03-02T1{hour}:00:00Z"), "n": hour, "tags": []}).to_string() + "\n";
    fs::write(desk.at("other.jsonl"), (1..=3).flat_map(|hour| vec![line(hour); hour]).collect::<String>()).unwrap();
    let found = || fs::read_to_string(desk.at("out/hours.jsonl")).unwrap().lines().count();
    for n in 1..=3 {
        desk.write(&[("10:05:00", n)]);
        desk.run_ok(&[]);
        assert_eq!(found(), n as usize);
    }
    assert!(!desk.at("out/.pipewright-open-hours.parquet").exists());
    // What is made of the new rows alone is not what is made of all.
    design["wires"][0]["from"] = json!("read");
    desk.design(&design);
    let (code, said) = desk.run(&[]);
    assert!(code == 1 && said.contains("PW0978") && said.contains("“With hours”"), "{said}");
}

#[test]
fn a_parameter_says_how_long_buckets_are() {
    let desk = Desk::new();
    let mut design: Json = serde_json::from_slice(&fs::read(desk.at("p.pipewright.json")).unwrap()).unwrap();
    design["parameters"] = json!([{"id": "p", "name": "width", "type": "Duration", "default": "PT1H"}]);
    let measures = design["steps"][1]["settings"]["measures"].clone();
    design["steps"][1]["kind"] = json!("aggregate");
    design["steps"][1]["settings"] = json!({"measures": measures,
        "keys": [{"id": "k", "name": "hour", "expression": "time_bucket(${width}, time)"}]});
    desk.design(&design);
    desk.write(&[("10:05:00", 1), ("11:10:00", 2)]);
    desk.run_ok(&[]);
    let noted = fs::read_to_string(desk.at("out/.pipewright-checkpoint.json")).unwrap();
    assert!(noted.contains(".pipewright-open-hours.parquet"), "{noted}");
    desk.write(&[("11:20:00", 4), ("12:30:00", 8)]);
    desk.run_ok(&[]);
    assert_eq!(desk.hours(), [hour("10", 1, 1), hour("11", 2, 6)]);
    // Others would be open.
    let (code, said) = desk.run(&["--param", "width=PT2H"]);
    assert!(code == 1 && said.contains("PW0983") && said.contains("Per hour"), "{said}");
}

/// Log lines come, and runs are killed at any moment: in the end each bucket is there once, with all of its rows.
#[test]
fn every_row_is_in_its_bucket_once_whenever_runs_are_killed() {
    let desk = Desk::new();
    let (mut wanted, mut minutes) = (BTreeMap::<u64, (u64, u64)>::new(), 0);
    // A busy machine needs longer for the same: kills come at any moment of a run.
    desk.write(&[]);
    let begun = Instant::now();
    desk.run(&[]);
    let longest = begun.elapsed().as_millis() as u64 * 5 / 4;
    for turn in 0..30_u64 {
        let lines: Vec<(String, u64)> = (0..5)
            .map(|n| {
                minutes += fastrand::u64(1..8);
                let (hour, n) = (minutes / 60, turn * 5 + n);
                let of_hour = wanted.entry(hour).or_default();
                *of_hour = (of_hour.0 + 1, of_hour.1 + n);
                (format!("{hour:02}:{:02}:00", minutes % 60), n)
            })
            .collect();
        desk.write(&lines.iter().map(|(time, n)| (time.as_str(), *n)).collect::<Vec<_>>());
        let mut run = desk.command(&[]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(fastrand::u64(5..longest.max(6))));
        // Some go on to their end, so that there is something to go on with.
        if turn % 3 > 0 {
            run.kill().unwrap();
        }
        run.wait().unwrap();
    }
    desk.run_ok(&[]);
    wanted.pop_last();
    let wanted: Vec<_> =
        wanted.into_iter().map(|(number, (rows, sum))| hour(&format!("{number:02}"), rows, sum)).collect();
    assert_eq!(desk.hours(), wanted);
    assert_eq!(desk.quarantine(), "");
}
