//! What hostile or merely odd designs make of few rows stays within bounds, whatever operations they are made of: a
//! preview ends with rows and a word on what was cut, or with a diagnostic; a run works in pieces, or names the step.
//! The programs may have little address space: what outgrows it ends with a signal.

use std::path::Path;
use std::process::Command;

use crate::support::{path, pipewright, run_ok, texts};

/// Kilobytes of address space, most of which the program maps and never touches.
const SPACE: u64 = 4 << 20;

/// A design of steps in a row over `n,s`, with a load at its end.
fn design(folder: &Path, rows: usize, steps: &[(&str, serde_json::Value)]) -> String {
    let data: String = (0..rows).map(|row| format!("{row},x\n")).collect();
    std::fs::write(folder.join("data.csv"), format!("n,s\n{data}")).unwrap();
    let mut all = vec![("file", serde_json::json!({ "source": "src-1" }))];
    all.extend(steps.iter().cloned());
    all.push(("load_file", serde_json::json!({ "path": "out.jsonl", "kind": "jsonl" })));
    let listed: Vec<serde_json::Value> = all
        .iter()
        .enumerate()
        .map(|(index, (kind, settings))| {
            serde_json::json!({ "id": format!("s{index}"), "kind": kind, "title": format!("S{index}"),
                "x": index * 200, "y": 0, "settings": settings })
        })
        .collect();
    let mut wires = Vec::new();
    for (index, (kind, _)) in all.iter().enumerate().skip(1) {
        // A join takes the step before it on both sides, a concatenation twice.
        let inputs: &[&str] = match *kind {
            "join" => &["left", "right"],
            "concatenate" => &["in", "in"],
            _ => &["in"],
        };
        for input in inputs {
            wires.push(serde_json::json!({ "id": format!("w{}", wires.len()), "from": format!("s{}", index - 1),
                "output": "out", "to": format!("s{index}"), "input": input }));
        }
    }
    let fields = [("n", "Int"), ("s", "String")].map(|(name, kind)| serde_json::json!({ "name": name, "type": kind }));
    let source = serde_json::json!({ "id": "src-1", "title": "Source", "path": "data.csv",
        "format": { "name": "csv" }, "schema": { "fields": fields } });
    let project =
        serde_json::json!({ "pipewright": 1, "name": "bounds", "sources": [source], "steps": listed, "wires": wires });
    let file = folder.join("b.pipewright.json");
    std::fs::write(&file, project.to_string()).unwrap();
    path(&file).to_owned()
}

fn columns(count: usize, expression: &str) -> Vec<serde_json::Value> {
    let column = |index| {
        let expression = expression.replace("{i}", &format!("{index}"));
        serde_json::json!({ "id": format!("c{index}"), "name": format!("c{index}"), "expression": expression })
    };
    (0..count).map(column).collect()
}

fn compute(columns: Vec<serde_json::Value>) -> (&'static str, serde_json::Value) {
    ("compute", serde_json::json!({ "columns": columns }))
}

/// Runs the program with little address space.
fn bounded(args: &[&str]) -> (i32, String, String) {
    let program = pipewright();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {SPACE}; exec \"$0\" \"$@\"")]).arg(program.get_program()).args(args);
    shell.current_dir(program.get_current_dir().unwrap());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    texts(shell.output().unwrap())
}

/// Each step gives the rows of the one before twice.
fn doubled() -> Vec<(&'static str, serde_json::Value)> {
    vec![("concatenate", serde_json::json!({})); 24]
}

/// A design: name, rows of the source, kind and settings of each step.
type Bomb = (&'static str, usize, Vec<(&'static str, serde_json::Value)>);

/// The designs that outgrew the memory.
fn bombs() -> Vec<Bomb> {
    let long = || compute(columns(1, "repeat(s, 100000)"));
    let explode = |column: &str| ("explode_list", serde_json::json!({ "column": column }));
    let cross = || ("join", serde_json::json!({ "kind": "cross", "on": [], "suffix": "_r" }));
    let lists = || compute(columns(2, "split(repeat(s || ',', 5000), ',')"));
    let mut wide = columns(600, "case when n > {i} then a else s end");
    wide.insert(0, serde_json::json!({ "id": "a", "name": "a", "expression": "repeat(s, 100000)" }));
    let joined = serde_json::json!({ "keys": [], "measures": columns(20, "string_agg(c0, ',')") });
    vec![
        ("constants", 1000, vec![compute(columns(900, "repeat('x', 1000000 - {i})"))]),
        ("copies", 2000, vec![compute(wide)]),
        ("lists beside lists", 500, vec![lists(), explode("c0"), explode("c1")]),
        ("pairs of lists", 2000, vec![lists(), cross()]),
        ("pairs of long texts", 3000, vec![long(), cross(), cross()]),
        ("one text of all", 20_000, vec![long(), ("aggregate", joined)]),
        ("doubled rows", 20, doubled()),
    ]
}

#[test]
fn previews_of_what_grows_end_within_bounds() {
    for (name, rows, steps) in bombs() {
        let folder = tempfile::tempdir().unwrap();
        let project = design(folder.path(), rows, &steps);
        let last = format!("s{}", steps.len());
        let (code, _, err) = bounded(&["preview", "--step", &last, "--rows", "0", "--output", "jsonl", &project]);
        let is_told = ["PW0394", "PW0829", "PW0390"].iter().any(|code| err.contains(code));
        assert!(matches!(code, 0 | 1) && is_told, "{name}: {code}\n{err}");
    }
}

#[test]
fn runs_of_what_grows_work_in_pieces_or_name_the_step() {
    for (name, rows, mut steps) in bombs() {
        let folder = tempfile::tempdir().unwrap();
        // Only a few of all the rows are written.
        steps.push(("limit", serde_json::json!({ "count": 3 })));
        let project = design(folder.path(), rows, &steps);
        let out = folder.path().join("out");
        let (code, _, err) = bounded(&["run", "--memory", "256MB", "--out", path(&out), &project]);
        let is_named = err.contains("step “S") && ["PW0829", "PW0819"].iter().any(|code| err.contains(code));
        assert!(code == 0 || (code == 1 && is_named), "{name}: {code}\n{err}");
    }
}

/// Nobody says how much memory: the run sees what it may have.
#[test]
fn rows_that_double_again_and_again_flow_on_in_little_space() {
    let folder = tempfile::tempdir().unwrap();
    let mut steps = doubled();
    steps.push(("limit", serde_json::json!({ "count": 3 })));
    let project = design(folder.path(), 20, &steps);
    let (out, report) = (folder.path().join("out"), folder.path().join("report.json"));
    let (code, _, err) = bounded(&["run", "--out", path(&out), "--report", path(&report), &project]);
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert!(report["memory_budget_bytes"].as_u64().unwrap() <= SPACE * 1024 / 2, "{report}");
    assert!(report["peak_memory_bytes"].as_u64().unwrap() < 1_500_000_000, "{}", report["peak_memory_bytes"]);
}

/// Bytes that a small flow may take at its peak: what the program maps without optimisation is most of them.
const SMALL_PEAK: u64 = 190_000_000;

#[test]
fn a_small_flow_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let keys = serde_json::json!([{ "id": "k", "expression": "s" }]);
    let measures = serde_json::json!([{ "id": "m", "name": "rows", "expression": "count(*)" }]);
    let steps = [
        ("filter", serde_json::json!({ "predicate": "n % 5 >= 2" })),
        ("aggregate", serde_json::json!({ "keys": keys, "measures": measures })),
    ];
    let project = design(folder.path(), 0, &steps);
    let user = |row: u32| row.wrapping_mul(2_654_435_761) % 5000;
    let rows: String = (0..300_000).map(|row| format!("{row},a user of some name {:05}\n", user(row))).collect();
    std::fs::write(folder.path().join("data.csv"), format!("n,s\n{rows}")).unwrap();
    let out = folder.path().join("out");
    let report: serde_json::Value =
        serde_json::from_str(&run_ok(&["run", "--out", path(&out), "--report", "-", &project])).unwrap();
    assert_eq!(
        (&report["rows_read"], report["rows_written"].as_u64() > Some(2000)),
        (&300_000.into(), true),
        "{report}"
    );
    let peak = report["peak_memory_bytes"].as_u64().unwrap();
    assert!(peak < SMALL_PEAK, "{peak} bytes");
}
