//! Exports: hostile names are quoted, planned sources are refused, what a target does not carry is named.

use std::fs;
use std::process::Command;

use pipewright_core::project::{Edit, Project, save_file};
use serde_json::json;

use crate::support::{path, python_with_duckdb, run, run_ok, texts};

fn insert(into: &str, item: serde_json::Value) -> Edit {
    Edit::Insert { into: into.into(), item, place: Default::default() }
}

fn wires(ids: &[&str]) -> Vec<Edit> {
    let pairs = ids.windows(2).enumerate();
    pairs.map(|(n, pair)| insert("wires", json!({"id": format!("w{n}"), "from": pair[0], "to": pair[1]}))).collect()
}

fn saved(folder: &std::path::Path, edits: &[Edit]) -> String {
    let mut project = Project::new("hostile");
    project.apply(edits).unwrap();
    let file = folder.join("hostile.pipewright.json");
    save_file(&file, &project).unwrap();
    path(&file).to_owned()
}

#[test]
fn hostile_names_and_texts_are_quoted() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let name = "a\"; drop table x; --";
    let value = "it's'); drop table x; --";
    fs::write(folder.path().join("in.csv"), format!("\"{}\",n\n\"{value}\",1\nother,2\n", name.replace('"', "\"\"")))
        .unwrap();
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    let mut edits = vec![
        insert("sources", json!({"id": "s", "title": "S", "path": "in.csv"})),
        insert(
            "steps",
            json!({"id": "in", "kind": "file", "title": "'; $(touch hacked) `x`", "settings": {"source": "s"}}),
        ),
        insert(
            "steps",
            json!({"id": "keep", "kind": "filter", "title": "--\n*/", "settings": {
            "predicate": format!("{quoted} = '{}'", value.replace('\'', "''"))}}),
        ),
        insert(
            "steps",
            json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {
            "path": "it's \"out\" $HOME.csv", "kind": "csv"}}),
        ),
    ];
    edits.extend(wires(&["in", "keep", "out"]));
    let project = saved(folder.path(), &edits);
    let native = folder.path().join("native");
    run_ok(&["run", &project, "--out", path(&native)]);
    let expected = fs::read_to_string(native.join("it's \"out\" $HOME.csv")).unwrap();
    assert_eq!(expected.lines().count(), 2, "{expected}");
    for target in ["pipeline", "duckdb"] {
        let bundle = folder.path().join(target);
        run_ok(&["export", &project, "--target", target, "--out", path(&bundle)]);
        let out = folder.path().join("out of it");
        let mut script = Command::new(bundle.join("run.sh"));
        script
            .arg(&out)
            .env("PW_SOURCE_FOLDER", folder.path())
            .env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"))
            .env("PYTHON", &python);
        let (code, stdout, stderr) = texts(script.current_dir(folder.path()).output().unwrap());
        assert_eq!(code, 0, "{target}: {stdout}{stderr}");
        assert_eq!(fs::read_to_string(out.join("it's \"out\" $HOME.csv")).unwrap(), expected, "{target}");
        assert!(!folder.path().join("hacked").exists());
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn planned_sources_are_refused_with_their_owner() {
    let folder = tempfile::tempdir().unwrap();
    let mut edits = vec![
        insert("teams", json!({"id": "t", "title": "Payments"})),
        insert(
            "sources",
            json!({"id": "s", "title": "Refunds", "owner": "t", "planned": {"status": "asked"},
            "schema": {"fields": [{"name": "amount", "type": "Float"}]}}),
        ),
        insert("steps", json!({"id": "in", "kind": "planned_source", "title": "Refunds", "settings": {"source": "s"}})),
        insert(
            "steps",
            json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.csv", "kind": "csv"}}),
        ),
    ];
    edits.extend(wires(&["in", "out"]));
    let project = saved(folder.path(), &edits);
    let out = folder.path().join("out");
    for args in [
        vec!["run", &project, "--out", path(&out)],
        vec!["export", &project, "--target", "pipeline", "--out", path(&out)],
    ] {
        let (code, _, talk) = run(&args);
        assert_eq!(code, 78, "{talk}");
        assert!(talk.contains("Refunds") && talk.contains("planned"), "{talk}");
    }
    assert!(!out.exists());
    let (code, rows, talk) = run(&["preview", &project, "--step", "Refunds", "--output", "jsonl"]);
    assert_eq!(code, 0, "{talk}");
    assert!(rows.lines().count() == 20 && talk.contains("made-up"), "{talk}");
}

#[test]
fn what_duckdb_does_not_carry_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), "agent,n\nMozilla/5.0,1\n").unwrap();
    let mut edits = vec![
        insert("sources", json!({"id": "s", "title": "S", "path": "in.csv"})),
        insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
        insert(
            "steps",
            json!({"id": "c", "kind": "compute", "title": "Browser", "settings": {
            "columns": [{"id": "c1", "name": "browser", "expression": "ua_browser(agent)"}]}}),
        ),
        insert(
            "steps",
            json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.csv", "kind": "csv"}}),
        ),
    ];
    edits.extend(wires(&["in", "c", "out"]));
    let project = saved(folder.path(), &edits);
    let out = folder.path().join("bundle");
    let (code, _, talk) = run(&["export", &project, "--target", "duckdb", "--out", path(&out)]);
    assert_ne!(code, 0);
    assert!(talk.contains("“Browser”") && talk.contains("ua_browser") && talk.contains("help:"), "{talk}");
    assert!(!out.join("pipeline.sql").exists());
    run_ok(&["export", &project, "--target", "pipeline", "--out", path(&out)]);
}
