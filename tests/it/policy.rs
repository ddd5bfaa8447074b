//! The policy through the command line: what is forbidden is told, not exported and not run, with the project and
//! without it; a sample of it may still be looked at.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::support::{path, run, run_ok};

const ROWS: &str = "client,path\n198.51.100.7,/\n198.51.100.8,/a\n";

/// A project that loads a log with a personal column, and a policy that lets a team have no more than what is internal.
fn files(folder: &Path, steps: Json, wires: Json) -> (PathBuf, PathBuf) {
    let fields = json!([{"name": "client", "type": "String", "labels": {"classification": "personal"}},
        {"name": "path", "type": "String"}]);
    let project = json!({"pipewright": 1, "name": "p", "teams": [{"id": "t-bi", "title": "Insight"}],
        "parameters": [{"id": "p1", "name": "key", "type": "String", "default": "${env:POLICY_TEST_KEY}"}],
        "sources": [{"id": "log", "title": "Access log", "path": "a.csv", "format": {"name": "csv"},
            "schema": {"fields": fields}}],
        "steps": steps, "wires": wires});
    let policy = json!({"policy": 1, "name": "Acme", "highest": {"teams": {"Insight": "internal"}}});
    let (project_file, policy_file) = (folder.join("p.pipewright.json"), folder.join("acme.json"));
    fs::write(folder.join("a.csv"), ROWS).unwrap();
    fs::write(&project_file, project.to_string()).unwrap();
    fs::write(&policy_file, policy.to_string()).unwrap();
    (project_file, policy_file)
}

fn load() -> Json {
    json!({"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "out.csv", "audience": "Insight"}})
}

fn read() -> Json {
    json!({"id": "read", "kind": "file", "title": "Log", "settings": {"source": "log"}})
}

#[test]
fn what_a_policy_forbids_is_neither_exported_nor_run() {
    let folder = tempfile::tempdir().unwrap();
    let wires = json!([{"id": "w1", "from": "read", "to": "load"}]);
    let (project, policy) = files(folder.path(), json!([read(), load()]), wires);
    let (project, policy, out) = (path(&project), path(&policy), folder.path().join("out"));
    run_ok(&["check", project]);
    let (code, text, _) = run(&["check", project, "--policy", policy, "--format", "json"]);
    let told: Json = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &told[0]["code"], &told[0]["where"]["wire"]), (1, &json!("PW1001"), &json!("w1")), "{told}");
    assert!(told[0]["message"].as_str().unwrap().contains("“Acme” lets Insight have internal data at most"), "{told}");
    for target in ["pipeline", "duckdb"] {
        let bundle = folder.path().join(target);
        let (code, _, err) = run(&["export", project, "--target", target, "--out", path(&bundle), "--policy", policy]);
        assert!(code == 78 && err.contains("PW1001") && !bundle.exists(), "{target}: {code} {err}");
    }
    let (code, _, err) = run(&["run", project, "--out", path(&out), "--policy", policy, "--param", "key=k"]);
    assert!(code == 78 && err.contains("PW1001") && !out.join("out.csv").exists(), "{code} {err}");
    // A pipeline that was exported before there was a policy is refused without its project.
    let bundle = folder.path().join("bundle");
    run_ok(&["export", project, "--target", "pipeline", "--out", path(&bundle)]);
    fs::remove_file(project).unwrap();
    let pipeline = bundle.join("pipeline.json");
    let (code, _, err) = run(&["run", path(&pipeline), "--out", path(&out), "--policy", policy, "--param", "key=k"]);
    assert!(code == 78 && err.contains("PW1001"), "{code} {err}");
    assert_eq!(run(&["check", path(&pipeline), "--policy", policy]).0, 1);
}

#[test]
fn a_keyed_hash_goes_through_and_its_pipeline_keeps_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let hash = json!({"id": "hash", "kind": "mask_or_hash", "title": "Hash", "settings":
        {"columns": ["client"], "method": "hmac", "key": "key", "reason": "visits are counted"}});
    let wires = json!([{"id": "w1", "from": "read", "to": "hash"}, {"id": "w2", "from": "hash", "to": "load"}]);
    let (project, policy) = files(folder.path(), json!([read(), hash, load()]), wires);
    let (project, policy, out) = (path(&project), path(&policy), folder.path().join("out"));
    run_ok(&["check", project, "--policy", policy, "--deny-warnings"]);
    run_ok(&["run", project, "--out", path(&out), "--policy", policy, "--param", "key=k"]);
    let text = fs::read_to_string(out.join("out.csv")).unwrap();
    assert!(!text.contains("198.51") && text.lines().count() == 3, "{text}");
    let bundle = folder.path().join("bundle");
    run_ok(&["export", project, "--target", "pipeline", "--out", path(&bundle), "--policy", policy]);
    let pipeline = bundle.join("pipeline.json");
    run_ok(&[
        "run",
        path(&pipeline),
        "--out",
        path(&out),
        "--param",
        "key=k",
        "--param",
        &source_folder(folder.path()),
    ]);
    // The policy went along: without the hash's reason the run refuses.
    let mut json: Json = serde_json::from_str(&fs::read_to_string(&pipeline).unwrap()).unwrap();
    let hashed = json["nodes"].as_array_mut().unwrap().iter_mut().find(|node| node["op"] == "project").unwrap();
    hashed["lowered"] = json!([]);
    fs::write(&pipeline, json.to_string()).unwrap();
    let (code, _, err) = run(&["run", path(&pipeline), "--out", path(&out), "--param", "key=k"]);
    assert!(code == 78 && err.contains("PW1001"), "{code} {err}");
}

fn source_folder(folder: &Path) -> String {
    format!("source_folder={}", path(folder))
}

#[test]
fn a_sample_may_be_looked_at_and_the_form_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let wires = json!([{"id": "w1", "from": "read", "to": "load"}]);
    let (project, policy) = files(folder.path(), json!([read(), load()]), wires);
    let own = json!({"highest": {"teams": {"t-bi": "public"}}});
    let mut json: Json = serde_json::from_str(&fs::read_to_string(&project).unwrap()).unwrap();
    json["policy"] = own;
    fs::write(&project, json.to_string()).unwrap();
    assert_eq!(run(&["check", path(&project)]).0, 1);
    assert!(run_ok(&["preview", path(&project), "--step", "read", "--param", "key=k"]).contains("198.51.100.7"));
    // A project that allows more than its organisation names both.
    json["policy"] = json!({"name": "Ours", "highest": {"teams": {"t-bi": "personal"}}});
    fs::write(&project, json.to_string()).unwrap();
    let (_, text, _) = run(&["check", path(&project), "--policy", path(&policy)]);
    assert!(text.contains("PW1006") && text.contains("“Acme”") && text.contains("the project's limit"), "{text}");
    let schema: Json = serde_json::from_str(&run_ok(&["schema", "policy"])).unwrap();
    assert!(schema["properties"]["smallest_group"].is_object());
    let (code, _, err) = run(&["check", path(&project), "--policy", "nowhere.json"]);
    assert!(code == 78 && err.contains("PW1008"), "{code} {err}");
}

#[test]
fn secret_lines_are_kept_in_no_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let hash = json!({"id": "drop", "kind": "select", "title": "Pages", "settings": {"columns": [{"id": "c1", "column": "path"}]}});
    let wires = json!([{"id": "w1", "from": "read", "to": "drop"}, {"id": "w2", "from": "drop", "to": "load"}]);
    let (project, _) = files(folder.path(), json!([read(), hash, load()]), wires);
    let secret = fs::read_to_string(&project).unwrap().replace("\"personal\"", "\"secret\"");
    fs::write(&project, secret).unwrap();
    let (out, aside) = (folder.path().join("out"), folder.path().join("aside"));
    let args = ["run", path(&project), "--out", path(&out), "--param", "key=k"];
    let (code, _, err) = run(&[&args[..], &["--quarantine", path(&aside)]].concat());
    assert!(code == 78 && err.contains("PW1011") && !aside.exists(), "{code} {err}");
    run_ok(&args);
    // Nor does a bundle hold them.
    let bundle = folder.path().join("bundle");
    run_ok(&["export", path(&project), "--target", "pipeline", "--out", path(&bundle)]);
    assert!(!bundle.join("receipt").exists() || !bundle.join("receipt/data").exists());
}

#[test]
fn a_secret_time_is_not_shown_by_the_time_that_is_near_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "id,t\n1,2026-01-01T00:00:01Z\n").unwrap();
    let fields = json!([{"name": "id", "type": "Int"},
        {"name": "t", "type": "Timestamp", "labels": {"classification": "secret"}}]);
    let columns = json!([{"name": "u", "type": "Timestamp"}, {"name": "n", "type": "Int"}]);
    let mut told = Vec::new();
    for (events, rows, time, rows_time, shown) in [
        ("given", "read", "u", "t", "u"),
        ("given", "read", "u", "t", "event_time"),
        ("read", "given", "t", "u", "u"),
        ("given", "read", "u", "t", "n"),
    ] {
        let near = json!({"time": time, "rows_time": rows_time, "before": "1 microsecond", "after": "1 microsecond",
            "columns": if events == "given" { json!(["u", "n"]) } else { json!(["id"]) }});
        let kept = json!({"columns": [{"id": "a", "column": "id"}, {"id": "b", "column": shown}]});
        let project = json!({"pipewright": 1, "name": "p",
            "sources": [{"id": "log", "title": "Log", "path": "a.csv", "format": {"name": "csv"},
                "schema": {"fields": fields}}],
            "steps": [read(), {"id": "given", "kind": "table", "title": "Times",
                    "settings": {"columns": columns, "rows": [["2026-01-01T00:00:01Z", 7]]}},
                {"id": "near", "kind": "surroundings", "title": "Near", "settings": near},
                {"id": "kept", "kind": "select", "title": "Kept", "settings": kept},
                {"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "out.csv"}}],
            "wires": [{"id": "w1", "from": events, "to": "near", "input": "left"}, {"id": "w2", "from": rows, "to": "near", "input": "right"},
                {"id": "w3", "from": "near", "to": "kept"}, {"id": "w4", "from": "kept", "to": "load"}]});
        let file = folder.path().join("p.pipewright.json");
        fs::write(&file, project.to_string()).unwrap();
        let (code, _, talk) = run(&["run", path(&file), "--out", path(&folder.path().join("out"))]);
        told.push((code, talk.contains("PW1001")));
        assert!(code == 0 || talk.contains("PW1001"), "{shown}: {talk}");
    }
    assert_eq!(told, [(78, true), (78, true), (78, true), (0, false)]);
}

#[test]
fn a_key_that_is_empty_or_no_secret_lowers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hash = json!({"id": "hash", "kind": "mask_or_hash", "title": "Hash", "settings":
        {"columns": ["client"], "method": "hmac", "key": "key", "reason": "visits are counted"}});
    let wires = json!([{"id": "w1", "from": "read", "to": "hash"}, {"id": "w2", "from": "hash", "to": "load"}]);
    let (project, policy) = files(folder.path(), json!([read(), hash, load()]), wires);
    let out = folder.path().join("out");
    let arguments = |key| {
        ["run", path(&project), "--out", path(&out), "--policy", path(&policy), "--param", key].map(str::to_owned)
    };
    let run = |key| crate::support::run(&arguments(key).each_ref().map(String::as_str));
    let (code, _, talk) = run("key=");
    assert!(code == 78 && talk.contains("PW0627"), "{code} {talk}");
    assert_eq!(run("key=k").0, 0);
    // Who gives no default may show the value elsewhere.
    let design = fs::read_to_string(&project).unwrap().replace(r#","default":"${env:POLICY_TEST_KEY}""#, "");
    let design = design.replace(r#""default":"${env:POLICY_TEST_KEY}","#, "");
    assert!(!design.contains("POLICY_TEST_KEY"));
    fs::write(&project, design).unwrap();
    let (code, _, talk) = run("key=k");
    assert!(code == 78 && talk.contains("PW1001"), "{code} {talk}");
}

#[test]
fn columns_are_what_their_values_show_where_a_policy_holds() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (10..40).map(|n| format!("ann{n}@example.org,{n},{n}\n")).collect();
    let wires = json!([{"id": "w1", "from": "read", "to": "keep"}, {"id": "w2", "from": "keep", "to": "load"}]);
    let keep = json!({"id": "keep", "kind": "filter", "title": "Keep", "settings": {"predicate": "n < 20"}});
    let (project, policy) = files(folder.path(), json!([read(), keep, load()]), wires);
    fs::write(folder.path().join("a.csv"), format!("whom,n,v\n{rows}")).unwrap();
    let design = |meanings: Json| {
        let mut design: Json = serde_json::from_str(&fs::read_to_string(&project).unwrap()).unwrap();
        design["sources"][0]["schema"] = json!({"fields": [{"name": "whom", "type": "String"},
            {"name": "n", "type": "Int"}, {"name": "v", "type": "Int"}]});
        design["sources"][0]["meanings"] = meanings;
        design["parameters"] = json!([]);
        fs::write(&project, design.to_string()).unwrap();
    };
    design(json!({}));
    let check = || run(&["check", path(&project), "--policy", path(&policy)]);
    let (code, out, err) = check();
    let told = out + &err;
    assert!(code == 1 && told.contains("PW1001") && told.contains("`whom`"), "{told}");
    assert!(told.contains("PW1013") && told.contains("`user.email`"), "{told}");
    let (code, ..) = run(&["run", path(&project), "--policy", path(&policy), "--out", path(&folder.path().join("o"))]);
    assert_eq!(code, 78);
    // Rows that are pinned go into the project, which is sent round.
    run_ok(&["test", path(&project), "--pin", "Keep"]);
    let kept = fs::read_to_string(&project).unwrap();
    assert!(!kept.contains("@example.org") && kept.contains("person 1"), "{kept}");
    // Who says that it means nothing is believed.
    design(json!({"whom": ""}));
    assert_eq!(check().0, 0, "{:?}", check());
}

#[test]
fn the_name_of_a_file_is_as_close_as_the_pieces_of_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let select = json!({"id": "keep", "kind": "select", "title": "Keep",
        "settings": {"columns": [{"id": "c", "column": "_file"}]}});
    let wires = json!([{"id": "w1", "from": "read", "to": "keep"}, {"id": "w2", "from": "keep", "to": "load"}]);
    let read = json!({"id": "read", "kind": "file", "title": "Log", "settings": {"source": "log", "position": true}});
    let (project, policy) = files(folder.path(), json!([read, select, load()]), wires);
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/ann@example.org.csv"), "a\n1\n").unwrap();
    let named = |piece: &str| {
        let mut design: Json = serde_json::from_str(&fs::read_to_string(&project).unwrap()).unwrap();
        design["sources"][0]["path"] = json!(format!("data/<{piece}>.csv"));
        design["sources"][0]["schema"] =
            json!({"fields": [{"name": "a", "type": "Int"}, {"name": piece, "type": "String"}]});
        design["parameters"] = json!([]);
        fs::write(&project, design.to_string()).unwrap();
    };
    named("email");
    let (code, out, err) = run(&["check", path(&project), "--policy", path(&policy)]);
    assert!(code == 1 && (out.clone() + &err).contains("`_file`"), "{out}{err}");
    // What is secret goes nowhere, policy or not.
    named("password");
    let (code, out, err) = run(&["check", path(&project)]);
    assert!(code == 1 && (out.clone() + &err).contains("`_file`"), "{out}{err}");
}
