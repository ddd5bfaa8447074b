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
fn rows_that_stay_stay_as_they_are_whatever_became_of_the_design() {
    for kind in ["jsonl", "parquet"] {
        let load = json!({"id": "load", "kind": "load_file", "title": "Load",
            "settings": {"path": format!("out.{kind}"), "kind": kind}});
        let desk = Desk::new(load, json!([]));
        let lines = (1..=5).map(|day| {
            format!(
                "{{\"t\":\"2026-03-0{day}T10:11:12Z\",\"d\":\"2026-03-0{day}\",\"b\":\"x{day}\",\"n\":{day},\"f\":{day}.5,\
                 \"ok\":true,\"l\":[{day}],\"r\":{{\"x\":{day},\"y\":null}}}}\n"
            )
        });
        fs::write(desk.at("log.jsonl"), lines.collect::<String>()).unwrap();
        let mut design: Json =
            serde_json::from_str(&fs::read_to_string(desk.at("p.pipewright.json")).unwrap()).unwrap();
        let fields =
            [("t", "Timestamp"), ("d", "Date"), ("b", "String"), ("n", "Int"), ("f", "Float"), ("ok", "Boolean")];
        let mut fields: Vec<Json> = fields.map(|(name, of)| json!({"name": name, "type": of})).to_vec();
        fields.push(json!({"name": "l", "type": "List<Int>"}));
        fields.push(json!({"name": "r", "type": "Record{\"x\": Int, \"y\": Int}"}));
        design["sources"][0]["schema"]["fields"] = json!(fields);
        let duration = "t - cast('2026-03-01T00:00:00Z' as Timestamp)";
        let settings = json!({"columns": [{"id": "c-e", "name": "e", "expression": duration}]});
        design["steps"][1] = json!({"id": "hours", "kind": "compute", "title": "Columns", "settings": settings});
        let save = |design: &Json| fs::write(desk.at("p.pipewright.json"), design.to_string()).unwrap();
        save(&design);
        desk.run_ok(&[]);
        let third = ["--from", "2026-03-03", "--to", "2026-03-04", "--time", "t"];
        let rows = || {
            let out = desk.at(&format!("out/out.{kind}"));
            texts(pipewright().args(["read", "--sort", "t"]).arg(out).output().unwrap()).1
        };
        let before = rows();
        assert_eq!(before.lines().count(), 5, "{before}");
        desk.run_ok(&third);
        assert_eq!(rows(), before, "{kind}");
        for (column, of) in
            [("n", json!("Boolean")), ("b", json!("Int")), ("d", json!("String")), ("r", json!("String"))]
        {
            let mut other = design.clone();
            let fields = other["sources"][0]["schema"]["fields"].as_array_mut().unwrap();
            fields.iter_mut().find(|field| field["name"] == column).unwrap()["type"] = of.clone();
            save(&other);
            let (code, said) = desk.run(&third);
            // JSON does not tell a date from a text.
            if (kind, column) == ("jsonl", "d") {
                assert_eq!(code, 0, "{said}");
            } else {
                assert!(code == 1 && said.contains("PW0983") && said.contains(&format!("`{column}`")), "{kind} {said}");
            }
            assert_eq!(rows(), before, "{kind} {column}");
        }
        let mut fewer = design.clone();
        fewer["sources"][0]["schema"]["fields"].as_array_mut().unwrap().retain(|field| field["name"] != "n");
        save(&fewer);
        let (code, said) = desk.run(&third);
        assert!(code == 1 && said.contains("they have `n`, which is in the design no more"), "{kind} {said}");
        assert_eq!(rows(), before);
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
        let (code, said) = desk.run(&["--from", "2026-03-02", "--to", "2026-03-03"]);
        assert!(code == 0 && !said.contains("PW1270"), "{said}");
        assert_eq!(counts(), ["1", "2", "3"], "{title}");
        desk.log(&[7, 8, 9]);
        for _ in 0..2 {
            let (code, said) = desk.run(ELEVEN);
            assert!(code == 0 && said.contains("1 row of the interval, by `hour`, were replaced"), "{title}: {said}");
            assert_eq!(counts(), ["1", "8", "3"], "{title}");
        }
        // Texts that are compared as texts do not tell what is in an interval.
        let other = database.table("spelled");
        database.does(&format!("CREATE TABLE {other} (hour text, requests int)"));
        database.does(&format!("INSERT INTO {other} VALUES ('2026-03-02 01:30', 1)"));
        let settings = json!({"connection": "con-a", "table": other, "mode": "append"});
        let load = json!({"id": "load", "kind": "load_table", "title": "Load", "settings": settings});
        let desk = Desk::new(load, json!([database.connection()]));
        desk.log(&[7, 8, 9]);
        // Nor does a day alone, which is before its first hour.
        for spelled in ["2026-03-02 01:30", "2026-03-02", "2026-03-02T01:30:00+02:00"] {
            database.does(&format!("UPDATE {other} SET hour = '{spelled}'"));
            let (code, said) = desk.run(ELEVEN);
            assert!(code == 1 && said.contains("PW0684") && said.contains("help: "), "{title}: {said}");
            assert_eq!(database.tells(&format!("SELECT hour FROM {other}")), [spelled], "{title}");
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
