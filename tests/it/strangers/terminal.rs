//! What a stranger's names and rows do to who reads about them in a terminal, and what their files do to who opens them:
//! nothing is hidden or forged, nothing hangs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::{path, pipewright, run, texts};

/// Clears the screen, rings, goes to the line's start, turns the direction of writing, ends the line.
const STEERING: &str = "x\u{1b}[2J\u{7}\r\u{9b}2J\u{202e}\u{2066}\nforged: all is well\n";

fn is_steering(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}')
}

/// A project in which every name, title, text and value steers, and the folder that it is in.
fn steering(folder: &Path) -> PathBuf {
    let name = STEERING;
    let data = format!("a{}.csv", STEERING.replace('/', ""));
    fs::write(folder.join(&data), format!("\"{name}\",b\n\"{name}\",1\n\"{name}\",2\n")).unwrap();
    let project = json!({
        "pipewright": 1,
        "name": name,
        "teams": [{"id": "t", "title": name}],
        "sources": [
            {"id": "s", "title": name, "path": data, "owner": name, "stack": name, "access": [name], "residency": name},
            {"id": "gone", "title": name, "path": format!("gone{name}")},
        ],
        "questions": [{"id": "q", "title": name, "text": name, "asker": "t"}],
        "requests": [{"id": "r", "title": name, "owner": name, "unlocks": [name], "text": name}],
        "parameters": [{"id": "p", "name": "p", "type": "String", "default": name, "doc": name}],
        "steps": [
            {"id": "in", "kind": "file", "title": name, "settings": {"source": "s"}},
            {"id": "bad", "kind": "filter", "title": name, "settings": {"predicate": format!("\"{name}\" = nothing")}},
            {"id": "out", "kind": "load_file", "title": name, "settings": {"path": "out.csv", "kind": "csv"}},
            {"id": "tab", "kind": "table", "title": name, "settings": {"columns": [{"name": name, "type": "String"}], "rows": [[name]]}},
            {"id": "kept", "kind": "load_file", "title": name, "settings": {"path": "kept.csv", "kind": "csv"}},
            {"id": "odd", "kind": name, "title": name},
        ],
        "wires": [{"id": "w", "from": "in", "to": "out"}, {"id": "w2", "from": "tab", "to": "kept"}],
        "tests": [{"id": "x", "step": "tab", "title": name, "inputs": {}, "expected": {"out": {"schema": {"fields": [{"name": name, "type": "String"}]}, "rows": [["other"]]}}}],
        name: name,
    });
    let file = folder.join("strange.pipewright.json");
    fs::write(&file, project.to_string()).unwrap();
    file
}

#[test]
fn nothing_of_a_stranger_steers_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = steering(folder.path());
    let data = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let data = data.into_iter().find(|path| path.extension() == Some("csv".as_ref())).unwrap();
    let contract = folder.path().join("contract.json");
    let declared = json!({"title": STEERING, "type": "object", "properties": {STEERING: {"type": "integer"}}});
    fs::write(&contract, declared.to_string()).unwrap();
    // The same project without its faults, so that it runs.
    let mut sound: Json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    sound["steps"].as_array_mut().unwrap().retain(|step| !matches!(step["id"].as_str(), Some("bad" | "odd")));
    sound["sources"].as_array_mut().unwrap().remove(1);
    let source = sound["sources"][0].as_object_mut().unwrap();
    source.retain(|key, _| !matches!(key.as_str(), "stack" | "access" | "residency"));
    let good = folder.path().join("sound.pipewright.json");
    fs::write(&good, sound.to_string()).unwrap();
    let out = folder.path().join("out");
    let (file, good, out) = (path(&file), path(&good), path(&out));
    let said: Vec<Vec<&str>> = vec![
        vec!["check", file],
        vec!["check", good],
        vec!["check", file, "--format", "json"],
        vec!["run", file, "--out", out],
        vec!["run", good, "--out", out],
        vec!["run", good, "--out", out, "--dry-run"],
        vec!["run", good, "--out", out, "--flow", STEERING],
        vec!["run", good, "--out", out, "--param", "p\u{1b}[2J=1"],
        vec!["preview", good, "--step", "in", "--output", "table"],
        vec!["preview", file, "--step", STEERING],
        vec!["sources", file],
        vec!["sources", good, "--format", "json"],
        vec!["requests", good],
        vec!["requests", good, "--format", "csv"],
        vec!["requests", good, "--format", "markdown"],
        vec!["requests", good, "--format", "odcs"],
        vec!["requests", good, "--owner", STEERING],
        vec!["plan", good, "--coverage"],
        vec!["plan", good, "--meanings"],
        vec!["plan", good, "--volume"],
        vec!["plan", good, "--findings"],
        vec!["plan", good, "--gaps"],
        vec!["plan", good, "--question", STEERING],
        vec!["plan", good, "--differs", "in", "--where", "b = '1'"],
        vec!["test", good],
        vec!["graph", good, "--format", "mermaid"],
        vec!["graph", good, "--format", "dot"],
        vec!["export", good, "--target", "duckdb", "--out", out],
        vec!["export", good, "--target", STEERING, "--out", out],
        vec!["sniff", path(&data)],
        vec!["profile", path(&data)],
        vec!["read", path(&data), "--output", "table", "--format", "text"],
        vec!["verify", path(&data), "--contract", path(&contract)],
        vec!["verify", path(&data), "--contract", path(&contract), "--format", "junit"],
        vec!["verify", path(&data), "--contract", path(&contract), "--format", "sarif"],
        vec!["import", good, path(&contract)],
    ];
    let mut told = 0;
    for arguments in said {
        let (code, stdout, stderr) = run(&arguments);
        assert!((0..=78).contains(&code), "{arguments:?}: {code} {stderr}");
        for text in [&stdout, &stderr] {
            let found: Vec<char> = text.chars().filter(|c| is_steering(*c)).collect();
            assert!(found.is_empty(), "{arguments:?} lets through {found:?}: {text:?}");
            // Documents may hold texts of several lines, where their own rules keep them apart.
            let is_document = arguments.contains(&"csv") || arguments.contains(&"odcs");
            let forged = text.lines().any(|line| line.trim_start().starts_with("forged"));
            assert!(is_document || !forged, "{arguments:?} lets a name begin a line: {text}");
            told += usize::from(text.contains("\\u{1b}[2J") || text.contains("\\u001b[2J"));
        }
    }
    assert!(told > 15, "the names are shown: {told}");
}

/// Runs the program, which must end by itself soon.
#[cfg(unix)]
fn ends(arguments: &[&str]) -> (i32, String) {
    let started = Instant::now();
    let mut child = pipewright()
        .args(arguments)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("{arguments:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (code, out, err) = texts(child.wait_with_output().unwrap());
    (code, out + &err)
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_waited_for_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
    assert!(made.success());
    fs::write(at("rows.csv"), "a\n1\n").unwrap();
    let project = |name: &str, source: &str, policy: Json| {
        let project = json!({
            "pipewright": 1, "name": name, "policy": policy,
            "sources": [{"id": "s", "title": "S", "path": source, "format": {"name": "lines"}}],
            "steps": [
                {"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}},
                {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}},
            ],
            "wires": [{"id": "w", "from": "in", "to": "out"}],
        });
        let file = at(&format!("{name}.pipewright.json"));
        fs::write(&file, project.to_string()).unwrap();
        file
    };
    let pinned = json!({"organisation": {"path": "pipe", "sha256": "00"}});
    let (policy, source) = (project("policy", "rows.csv", pinned), project("source", "pipe", json!({})));
    let plain = project("plain", "rows.csv", json!({}));
    let (out, pipe, bundle) = (at("out"), at("pipe"), at("bundle"));
    let (out, pipe, bundle) = (path(&out), path(&pipe), path(&bundle));
    for arguments in [
        vec!["check", path(&policy)],
        vec!["run", path(&policy), "--out", out],
        vec!["run", path(&source), "--out", out],
        vec!["preview", path(&source), "--step", "in"],
        vec!["check", pipe],
        vec!["run", path(&plain), "--out", out, "--policy", pipe],
        vec!["run", path(&plain), "--out", out, "--env-file", pipe],
        vec!["apply", path(&plain), pipe],
        vec!["import", path(&plain), pipe],
        vec!["verify", path(&at("rows.csv")), "--contract", pipe],
        vec!["sniff", pipe],
        vec!["read", pipe, "--as", "lines"],
        vec!["profile", pipe],
    ] {
        let (code, talk) = ends(&arguments);
        assert!(
            code != 0 && talk.contains("it is a pipe or a device") || talk.contains("this is a pipe"),
            "{arguments:?}: {talk}"
        );
    }
    // A bundle is made, and only its receipt is not.
    let (_, talk) = ends(&["export", path(&source), "--target", "pipeline", "--out", bundle]);
    assert!(talk.contains("pipe or a device") || talk.contains("this is a pipe"), "{talk}");
    // In the place of what Pipewright keeps beside its outputs.
    fs::create_dir(at("out")).unwrap();
    fs::rename(at("pipe"), at("out/.pipewright.json")).unwrap();
    let (code, talk) = ends(&["run", path(&plain), "--out", out]);
    assert!(code == 1 && talk.contains("PW0748") && at("out/.pipewright.json").exists(), "{talk}");
}

#[test]
fn a_type_without_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let deep = "List<".repeat(20_000) + "Int" + &">".repeat(20_000);
    let records = "Record{\"a\": ".repeat(20_000) + "Int" + &"}".repeat(20_000);
    for data_type in [deep, records] {
        let project = json!({
            "pipewright": 1, "name": "deep",
            "parameters": [{"id": "p", "name": "p", "type": data_type}],
            "sources": [{"id": "s", "title": "S", "path": "x.csv", "schema": {"fields": [{"name": "a", "type": data_type}]}}],
            "steps": [{"id": "t", "kind": "table", "title": "T", "settings": {"columns": [{"name": "a", "type": data_type}], "rows": []}}],
        });
        let file = folder.path().join("deep.pipewright.json");
        fs::write(&file, project.to_string()).unwrap();
        let (code, stdout, stderr) = run(&["check", path(&file)]);
        let talk = stdout + &stderr;
        assert!(
            matches!(code, 1 | 78) && talk.contains("nested more than 64 deep"),
            "{code}: {}",
            &talk[..talk.len().min(2000)]
        );
    }
}
