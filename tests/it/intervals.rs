//! Runs for an interval of time: they replace its rows in the outputs, and leave the others.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::places::Database;
use crate::support::{pipewright, texts};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// Requests counted by hour, into what `load` says.
    fn new(load: Json, connections: Json) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        let design = json!({
            "pipewright": 1, "name": "hours", "connections": connections,
            "sources": [{"id": "src-a", "title": "Log", "path": "log.jsonl", "format": {"name": "json_lines"},
                "schema": {"fields": [{"name": "time", "type": "Timestamp"}]}}],
            "steps": [
                {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src-a"}},
                {"id": "hours", "kind": "aggregate", "title": "Hours", "settings": {
                    "keys": [{"id": "k1", "name": "hour", "expression": "date_trunc('hour', time)"}],
                    "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"}]}},
                load,
            ],
            "wires": [{"id": "w1", "from": "read", "to": "hours"}, {"id": "w2", "from": "hours", "to": "load"}],
        });
        fs::write(desk.at("p.pipewright.json"), design.to_string()).unwrap();
        desk
    }

    fn into_file(name: &str, kind: &str) -> Desk {
        let settings = json!({"path": name, "kind": kind});
        Desk::new(json!({"id": "load", "kind": "load_file", "title": "Load", "settings": settings}), json!([]))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// So many requests in each hour from midnight on.
    fn log(&self, hours: &[usize]) {
        let lines = hours.iter().enumerate().flat_map(|(hour, count)| {
            (0..*count).map(move |number| format!("{{\"time\": \"2026-03-02T{hour:02}:{number:02}:00Z\"}}\n"))
        });
        fs::write(self.at("log.jsonl"), lines.collect::<String>()).unwrap();
    }

    /// The exit code and all that was said.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let mut command = pipewright();
        command
            .current_dir(self.folder.path())
            .args(["run", "p.pipewright.json", "--trust", "--out", "out"])
            .args(args);
        let (code, out, err) = texts(command.output().unwrap());
        (code, out + &err)
    }

    fn run_ok(&self, args: &[&str]) {
        let (code, said) = self.run(args);
        assert_eq!(code, 0, "{args:?}: {said}");
    }

    /// The requests by hour, as they stand in the file.
    fn counts(&self) -> Vec<u64> {
        let (code, out, err) = texts(
            pipewright()
                .args(["read", "--sort", "hour", "--where", "true"])
                .arg(
                    fs::read_dir(self.at("out"))
                        .unwrap()
                        .map(|entry| entry.unwrap().path())
                        .find(|path| path.file_stem().is_some_and(|stem| stem == "out"))
                        .unwrap(),
                )
                .output()
                .unwrap(),
        );
        assert_eq!(code, 0, "{err}");
        out.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()["requests"].as_u64().unwrap()).collect()
    }
}

const ELEVEN: &[&str] = &["--from", "2026-03-02T01:00:00Z", "--to", "2026-03-02T02:00:00Z"];

#[test]
fn of_files_the_hours_of_the_interval_are_replaced() {
    for (name, kind) in [("out.jsonl", "jsonl"), ("out.parquet", "parquet")] {
        let desk = Desk::into_file(name, kind);
        desk.log(&[1, 2, 3]);
        desk.run_ok(&[]);
        assert_eq!(desk.counts(), [1, 2, 3], "{kind}");
        desk.log(&[7, 8, 9]);
        for _ in 0..2 {
            desk.run_ok(ELEVEN);
            assert_eq!(desk.counts(), [1, 8, 3], "{kind}");
        }
        desk.run_ok(&[ELEVEN, &["--lookback", "1h", "--time", "hour"]].concat());
        assert_eq!(desk.counts(), [7, 8, 3], "{kind}");
        // Hours of which nothing is left.
        desk.log(&[7, 0, 9]);
        desk.run_ok(ELEVEN);
        assert_eq!(desk.counts(), [7, 3], "{kind}");
        fs::write(desk.at("out").join(name), "mine").unwrap();
        let (code, said) = desk.run(ELEVEN);
        assert!(code == 1 && said.contains("PW0982") && said.contains("help: "), "{said}");
    }
}

#[test]
fn intervals_that_are_replaced_at_the_same_time_lose_none_of_each_other() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    desk.log(&[1, 2, 3, 4]);
    let hour = |hour: usize| format!("2026-03-02T{hour:02}:00:00Z");
    let done: Vec<usize> = std::thread::scope(|scope| {
        let run = |from: usize| {
            let (code, said) = desk.run(&["--from", &hour(from), "--to", &hour(from + 1)]);
            assert!(code == 0 || said.contains("PW0985") || said.contains("PW0914"), "{code} {said}");
            (code == 0).then_some(from)
        };
        let runs: Vec<_> = (0..4).map(|from| scope.spawn(move || run(from))).collect();
        runs.into_iter().filter_map(|run| run.join().unwrap()).collect()
    });
    // Who says that it is done is in the file, whoever came first.
    let counts: Vec<u64> = done.iter().map(|hour| *hour as u64 + 1).collect();
    assert!(!counts.is_empty());
    assert_eq!(desk.counts(), counts);
}

#[test]
fn rows_that_stay_lose_nothing_to_a_design_that_was_changed() {
    for (name, kind) in [("out.jsonl", "jsonl"), ("out.parquet", "parquet")] {
        let desk = Desk::into_file(name, kind);
        desk.log(&[1, 2, 3]);
        desk.run_ok(&[]);
        let design = fs::read_to_string(desk.at("p.pipewright.json")).unwrap();
        let before = fs::read(desk.at("out").join(name)).unwrap();
        let measure = r#"{"expression":"count(*)","id":"m1","name":"requests"}"#;
        for (measures, what) in [
            (measure.replace("requests", "calls"), "have `requests` and no `calls`"),
            (format!(r#"{measure},{{"expression":"count(*)","id":"m2","name":"more"}}"#), "have no `more`"),
            (
                measure.replace("count(*)", "count(*) > 0"),
                if kind == "jsonl" { "do not fit" } else { "have Int in `requests`" },
            ),
        ] {
            let changed = design.replace(measure, &measures);
            assert_ne!(changed, design);
            fs::write(desk.at("p.pipewright.json"), changed).unwrap();
            let (code, said) = desk.run(ELEVEN);
            assert!(code == 1 && said.contains("PW0959") && said.contains(what), "{kind}: {code} {said}");
            assert_eq!(fs::read(desk.at("out").join(name)).unwrap(), before, "{kind}");
        }
        fs::write(desk.at("p.pipewright.json"), &design).unwrap();
        desk.run_ok(ELEVEN);
    }
}

#[test]
fn of_tables_the_hours_of_the_interval_are_replaced() {
    for database in Database::all("intervals") {
        let title = database.title();
        let table = database.table("hours");
        let settings = json!({"connection": "con-a", "table": table, "mode": "append"});
        let load = json!({"id": "load", "kind": "load_table", "title": "Load", "settings": settings});
        let desk = Desk::new(load, json!([database.connection()]));
        let counts = || database.tells(&format!("SELECT cast(requests AS text) FROM {table} ORDER BY hour"));
        desk.log(&[1, 2, 3]);
        desk.run_ok(&["--from", "2026-03-02", "--to", "2026-03-03"]);
        assert_eq!(counts(), ["1", "2", "3"], "{title}");
        desk.log(&[7, 8, 9]);
        for _ in 0..2 {
            desk.run_ok(ELEVEN);
            assert_eq!(counts(), ["1", "8", "3"], "{title}");
        }
    }
}

#[test]
fn intervals_that_cannot_be_replaced_are_refused_by_name() {
    let desk = Desk::into_file("out.csv", "csv");
    desk.log(&[1]);
    let refused = |desk: &Desk, args: &[&str], exit: i32, wanted: &str| {
        let (code, said) = desk.run(args);
        assert!(code == exit && said.contains(wanted) && said.contains("help: "), "{args:?}: {said}");
        assert!(!desk.at("out").join("out.jsonl").exists());
    };
    refused(&desk, ELEVEN, 1, "PW0990");
    let desk = Desk::into_file("out.jsonl", "jsonl");
    desk.log(&[1]);
    refused(&desk, &[ELEVEN, &["--time", "hours"]].concat(), 1, "the rows have no time `hours`; did you mean `hour`?");
    refused(&desk, &["--from", "2026-03-02", "--to", "2026-03-01"], 2, "end before they begin");
    refused(&desk, &["--from", "monday", "--to", "2026-03-01"], 2, "`monday` is no time");
    refused(&desk, &[ELEVEN, &["--lookback", "two"]].concat(), 2, "`two` is no span of time");
}
