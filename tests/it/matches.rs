//! How rows of joins' sides find partners is counted alike by a run, a preview and a DuckDB bundle, and told; and what is
//! not in a number is listed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::{path, python_with_duckdb, run, texts};

struct Bench {
    folder: TempDir,
    project: Json,
}

impl Bench {
    fn new(sources: Json, steps: &[Json], wires: &[(&str, &str, &str)]) -> Bench {
        let wires: Vec<Json> = wires
            .iter()
            .enumerate()
            .map(|(number, (from, to, input))| {
                json!({"id": format!("w{number}"), "from": from, "output": "out", "to": to, "input": input})
            })
            .collect();
        let project = json!({"pipewright": 1, "name": "matches", "sources": sources, "steps": steps, "wires": wires});
        let bench = Bench { folder: tempfile::tempdir().unwrap(), project };
        fs::write(bench.file("p.pipewright.json"), bench.project.to_string()).unwrap();
        bench
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn json(&self, name: &str) -> Json {
        serde_json::from_str(&fs::read_to_string(self.file(name)).unwrap()).unwrap()
    }

    /// What a run says, and its report.
    fn run(&self) -> (String, Json) {
        let (project, out, report) = (self.file("p.pipewright.json"), self.file("out"), self.file("report.json"));
        let (code, _, talk) = run(&["run", path(&project), "--out", path(&out), "--report", path(&report)]);
        assert_eq!(code, 0, "{talk}");
        (talk, self.json("report.json"))
    }

    fn preview(&self, step: &str) -> (String, Json) {
        let (project, report) = (self.file("p.pipewright.json"), self.file("preview.json"));
        let (code, _, talk) =
            run(&["preview", path(&project), "--step", step, "--sample", "0", "--report", path(&report)]);
        assert_eq!(code, 0, "{talk}");
        (talk, self.json("preview.json"))
    }

    fn duckdb(&self, python: &str) -> (String, Json) {
        let bundle = self.file("duckdb");
        let project = self.file("p.pipewright.json");
        let (code, _, talk) = run(&["export", path(&project), "--target", "duckdb", "--out", path(&bundle)]);
        assert_eq!(code, 0, "{talk}");
        let mut script = Command::new(bundle.join("run.sh"));
        script.arg(self.file("results")).arg("--trust").env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
        script.env("PYTHON", python).env("PIPEWRIGHT_CONFIG", self.file("settings"));
        let (code, out, talk) = texts(script.env("PIPEWRIGHT_REPORT", self.file("duckdb.json")).output().unwrap());
        assert_eq!(code, 0, "{out}{talk}");
        (talk, self.json("duckdb.json"))
    }
}

/// By step: how rows found partners.
fn matches(report: &Json) -> BTreeMap<String, Json> {
    let steps = report["steps"].as_array().unwrap().iter().filter(|step| step.get("matches").is_some());
    steps.map(|step| (step["step"].as_str().unwrap().to_owned(), step["matches"].clone())).collect()
}

fn table(id: &str, columns: &[(&str, &str)], rows: Vec<Json>) -> Json {
    let columns: Vec<Json> = columns.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
    json!({"id": id, "kind": "table", "title": id, "settings": {"columns": columns, "rows": rows}})
}

fn load(from: &str) -> Json {
    let path = format!("{from}.jsonl");
    json!({"id": format!("load_{from}"), "kind": "load_file", "title": from, "settings": {"path": path, "kind": "jsonl"}})
}

#[test]
fn partners_are_counted_by_side_and_told_where_they_are_missing() {
    let steps = [
        table(
            "orders",
            &[("user", "String"), ("amount", "Int")],
            vec![
                json!(["ann", 1]),
                json!(["ann", 2]),
                json!(["bo", 3]),
                json!([null, 4]),
                json!([null, 5]),
                json!(["zoe", 6]),
            ],
        ),
        table(
            "users",
            &[("id", "String"), ("plan", "String")],
            vec![json!(["ann", "team"]), json!(["bo", "free"]), json!(["cy", "free"]), json!([null, "none"])],
        ),
        json!({"id": "both", "kind": "join", "title": "With plan", "settings":
            {"kind": "inner", "columns": ["plan"], "on": [{"id": "k", "left": "user", "right": "id"}]}}),
        json!({"id": "all", "kind": "join", "title": "Matching all", "settings":
            {"kind": "semi", "on": [{"id": "k", "left": "user", "right": "id"}]}}),
        load("both"),
        json!({"id": "big", "kind": "filter", "title": "Big", "settings": {"predicate": "amount > 1"}}),
        load("big"),
    ];
    let wires = [
        ("orders", "both", "left"),
        ("users", "both", "right"),
        ("both", "load_both", "in"),
        ("both", "big", "in"),
        ("big", "load_big", "in"),
        ("orders", "all", "left"),
        ("users", "all", "right"),
    ];
    let bench = Bench::new(json!([]), &steps, &wires);
    let (talk, report) = bench.run();
    let wanted = json!({
        "left": {"of": "orders", "goes_on": "matched", "matched": 3, "unmatched": 3, "null_keys": 2},
        "right": {"of": "users", "goes_on": "matched", "matched": 2, "unmatched": 2, "null_keys": 1},
    });
    assert_eq!(matches(&report)["both"], wanted);
    let left = "3 of 6 rows of “orders” have no match in “users”: left out; 2 of them have an empty key";
    let right = "2 of 4 rows of “users” have no match in “orders”: left out; 1 of them have an empty key";
    for line in [left, right] {
        assert!(talk.contains(&format!("hint[PW1080] step “With plan”: {line}")), "{talk}");
    }
    // What a load leaves out is listed from the sources on: of this one not what comes after it.
    let texts = |sink: &str| -> Vec<String> {
        let sinks = report["sinks"].as_array().unwrap();
        let list = sinks.iter().find(|one| one["step"] == sink).unwrap()["left_out"].as_array().unwrap().clone();
        list.iter().map(|one| format!("{} {}", one["count"], one["text"].as_str().unwrap())).collect()
    };
    assert_eq!(texts("load_both"), [left, right]);
    assert_eq!(texts("load_big")[2], "1 of 3 rows are not among “Big”: `amount` above 1");
    assert!(talk.contains("not in it: 1 of 3 rows are not among “Big”: `amount` above 1"), "{talk}");
    // Of those that a semi join asks only, nothing is expected.
    let (talk, previewed) = bench.preview("both");
    assert_eq!(matches(&previewed)["both"], wanted);
    assert!(talk.contains(left) && talk.contains(right), "{talk}");
    // A preview says which keys these are; the report of a run holds no values.
    assert!(talk.contains("the most frequent keys are null (2), zoe (1)"), "{talk}");
    assert!(talk.contains("the most frequent keys are cy (1), null (1)"), "{talk}");
    assert!(talk.contains("3 rows, exact"), "hints make no number inexact: {talk}");
    let (talk, previewed) = bench.preview("all");
    assert_eq!(matches(&previewed)["all"]["right"]["goes_on"], "none");
    assert!(talk.contains(left) && !talk.contains("of “users” have"), "{talk}");
    let Some(python) = python_with_duckdb() else { return };
    let (talk, bundled) = bench.duckdb(&python);
    assert_eq!(matches(&bundled)["both"], wanted);
    assert!(talk.contains(&format!("With plan: {left}")) && talk.contains(&format!("With plan: {right}")), "{talk}");
}

/// Rows `[key, other key, time]`, with nulls, doubles, and numbers that are no keys of the other side.
fn random_rows(random: &mut fastrand::Rng, count: usize, has_fractions: bool) -> Vec<Json> {
    let null = |random: &mut fastrand::Rng, value: Json| if random.u8(0..7) == 0 { Json::Null } else { value };
    let rows = (0..count).map(|_| {
        let number = random.i64(0..40);
        let large = (1i64 << 53) + number;
        let key = match (has_fractions, random.u8(0..4)) {
            (true, 0) => json!(number as f64 + 0.5),
            (true, _) => json!(number as f64),
            (false, 0) => json!(large),
            (false, _) => json!(number),
        };
        let (key, name) = (null(random, key), json!(["a", "b", "c"][random.usize(0..3)]));
        let time = json!(format!("2026-03-02T10:{:02}:{:02}Z", random.u8(0..60), random.u8(0..3) * 20));
        let (name, time) = (null(random, name), null(random, time));
        json!([key, name, time])
    });
    rows.collect()
}

#[test]
fn every_join_counts_natively_as_in_duckdb_and_in_a_preview() {
    let mut random = fastrand::Rng::with_seed(31);
    let mut steps = vec![
        table("left", &[("k", "Int"), ("s", "String"), ("t", "Timestamp")], random_rows(&mut random, 150, false)),
        table("right", &[("f", "Float"), ("r", "String"), ("u", "Timestamp")], random_rows(&mut random, 90, true)),
        table("none", &[("f", "Float"), ("r", "String"), ("u", "Timestamp")], vec![]),
    ];
    let mut wires: Vec<(String, String, &str)> = Vec::new();
    let mut add = |id: &str, kind: &str, settings: Json, right: &str| {
        steps.push(json!({"id": id, "kind": kind, "title": id, "settings": settings}));
        steps.push(load(id));
        wires.push(("left".into(), id.into(), "left"));
        wires.push((right.into(), id.into(), "right"));
        wires.push((id.into(), format!("load_{id}"), "in"));
    };
    for kind in ["inner", "left", "right", "full", "semi", "anti"] {
        let by = |keys: &[(&str, &str)]| -> Json {
            let keys = keys.iter().enumerate();
            let keys = keys.map(|(n, (left, right))| json!({"id": format!("k{n}"), "left": left, "right": right}));
            json!({"kind": kind, "on": keys.collect::<Vec<_>>()})
        };
        add(&format!("{kind}_number"), "join", by(&[("k", "f")]), "right");
        add(&format!("{kind}_both"), "join", by(&[("k", "f"), ("upper(s)", "upper(r)")]), "right");
        add(&format!("{kind}_empty"), "join", by(&[("s", "r")]), "none");
    }
    add("cross", "join", json!({"kind": "cross"}), "right");
    add("cross_empty", "join", json!({"kind": "cross"}), "none");
    add("lookup", "lookup", json!({"on": [{"id": "k", "left": "s", "right": "r"}]}), "right");
    for direction in ["backward", "forward", "nearest"] {
        let near = |within: &str, by: Json| json!({"left_time": "t", "right_time": "u", "direction": direction, "within": within, "by": by});
        let by = json!([{"id": "k", "left": "s", "right": "r"}]);
        add(&format!("{direction}_any"), "nearest_in_time", near("", json!([])), "right");
        add(&format!("{direction}_by"), "nearest_in_time", near("40 seconds", by.clone()), "right");
        add(
            &format!("{direction}_number"),
            "nearest_in_time",
            near("", json!([{"id": "k", "left": "k", "right": "f"}])),
            "right",
        );
        add(&format!("{direction}_empty"), "nearest_in_time", near("", by), "none");
    }
    let wires: Vec<(&str, &str, &str)> = wires.iter().map(|(a, b, input)| (a.as_str(), b.as_str(), *input)).collect();
    let bench = Bench::new(json!([]), &steps, &wires);
    let native = matches(&bench.run().1);
    assert_eq!(native.len(), 6 * 3 + 3 + 3 * 4);
    for (step, found) in &native {
        let sum = |side: &str| found[side]["matched"].as_u64().unwrap() + found[side]["unmatched"].as_u64().unwrap();
        assert_eq!(sum("left"), 150, "{step}: {found}");
        assert!(found["left"]["null_keys"].as_u64() <= found["left"]["unmatched"].as_u64(), "{step}: {found}");
    }
    // Something of everything, or the comparison says nothing.
    let inner = &native["inner_number"];
    for side in ["left", "right"] {
        assert!(["matched", "unmatched", "null_keys"].iter().all(|count| inner[side][count] != 0), "{inner}");
    }
    for step in ["inner_number", "full_both", "nearest_by", "lookup", "cross_empty", "anti_both"] {
        assert_eq!(matches(&bench.preview(step).1)[step], native[step], "{step}");
    }
    let Some(python) = python_with_duckdb() else { return };
    let (_, report) = bench.duckdb(&python);
    for (step, found) in matches(&report) {
        assert_eq!(found, native[&step], "{step}");
    }
}

#[test]
fn records_with_the_names_of_tables_are_no_tables() {
    let Some(python) = python_with_duckdb() else { return };
    for name in ["l", "r", "b", "f"] {
        let record = "Record{\"d\": Int}";
        let steps = [
            table("left", &[("d", "Int"), (name, record)], vec![json!([1, {"d": 2}]), json!([3, {"d": 1}])]),
            table("right", &[("d", "Int"), ("n", "Int")], vec![json!([1, 10]), json!([2, 20])]),
            json!({"id": "both", "kind": "join", "title": "both", "settings":
                {"kind": "left", "columns": ["n"], "on": [{"id": "k", "left": "d", "right": "d"}]}}),
            load("both"),
        ];
        let wires = [("left", "both", "left"), ("right", "both", "right"), ("both", "load_both", "in")];
        let bench = Bench::new(json!([]), &steps, &wires);
        let native = matches(&bench.run().1);
        assert_eq!(native["both"]["right"]["unmatched"], 1, "{native:?}");
        assert_eq!(matches(&bench.duckdb(&python).1), native, "{name}");
    }
}
