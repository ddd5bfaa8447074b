//! Runs through the command line: accounting, quarantine, atomic publishing, being killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{path, pipewright, root, run, run_ok, texts};

const PROJECT: &str = "projects/shop/shop.pipewright.json";

fn report_of(args: &[&str]) -> Json {
    let mut all = vec!["run", PROJECT, "--report", "-"];
    all.extend(args);
    serde_json::from_str(&run_ok(&all)).unwrap()
}

fn number(json: &Json, key: &str) -> u64 {
    json[key].as_u64().unwrap_or_else(|| panic!("no `{key}` in {json}"))
}

#[test]
fn every_unit_and_row_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let (out, aside) = (folder.path().join("out"), folder.path().join("aside.jsonl"));
    let report = report_of(&["--out", path(&out), "--quarantine", path(&aside)]);
    let mut units = 0;
    for source in report["sources"].as_array().unwrap() {
        let tally = &source["tally"];
        let parts = ["accepted", "quarantined", "joined", "blank", "meta"].map(|key| number(tally, key));
        assert_eq!(number(tally, "read"), parts.iter().sum::<u64>(), "{source}");
        units += number(tally, "quarantined");
    }
    assert!(units > 20, "the samples have dirty lines: {units}");
    let kept = fs::read_to_string(&aside).unwrap();
    assert_eq!(kept.lines().count() as u64, units);
    for line in kept.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        assert!(["file", "reason", "raw"].iter().all(|key| line[key].is_string()), "{line}");
        // The unit stands where the quarantine says.
        let text = fs::read(root().join("projects/shop").join(line["file"].as_str().unwrap())).unwrap();
        let (at, raw) = (number(&line, "offset") as usize, line["raw"].as_str().unwrap());
        let there = String::from_utf8_lossy(&text[at..]).into_owned();
        assert!(there.starts_with(raw.trim_end_matches(['\r', '\n'])), "{line}");
        let before = text[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(number(&line, "line"), before + 1, "{line}");
    }
    // Each line of a log is a unit.
    for (step, file) in [("access", "access.log"), ("app", "app.jsonl"), ("metrics", "metrics.prom")] {
        let text = fs::read(root().join("projects/shop/samples").join(file)).unwrap();
        let lines = text.iter().filter(|byte| **byte == b'\n').count() as u64;
        let source = report["sources"].as_array().unwrap().iter().find(|source| source["step"] == step).unwrap();
        assert_eq!(number(&source["tally"], "read"), lines, "{source}");
    }
    // What leaves a step is what comes in at the other end of its wires.
    let project: Json = serde_json::from_str(&fs::read_to_string(root().join(PROJECT)).unwrap()).unwrap();
    let steps = report["steps"].as_array().unwrap();
    // A step may be several operations, one after the other.
    let of = |id: &Json| steps.iter().rfind(|step| step["step"] == *id).unwrap_or_else(|| panic!("no step {id}"));
    let wires = project["wires"].as_array().unwrap();
    assert!(wires.len() > 20);
    for (index, step) in steps.iter().enumerate() {
        let mut ins: Vec<u64> = step["rows_in"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        if let Some(before) = steps[..index].iter().rfind(|other| other["step"] == step["step"]) {
            assert_eq!(ins, [number(before, "rows_out")], "{step}");
            continue;
        }
        let wired = wires.iter().filter(|wire| wire["to"] == step["step"]);
        let mut outs: Vec<u64> = wired.map(|wire| number(of(&wire["from"]), "rows_out")).collect();
        ins.sort();
        outs.sort();
        assert_eq!(ins, outs, "{step}");
    }
    for sink in report["sinks"].as_array().unwrap() {
        let written = run_ok(&["read", sink["path"].as_str().unwrap()]);
        assert_eq!(number(sink, "rows"), written.lines().count() as u64, "{sink}");
    }
}

#[test]
fn too_much_quarantine_is_exit_code_3_and_results_stay() {
    let out = tempfile::tempdir().unwrap();
    let (code, _, talk) = run(&["run", PROJECT, "--out", path(out.path()), "--max-quarantined", "0.0001"]);
    assert_eq!(code, 3, "{talk}");
    assert!(out.path().join("pages_by_visitors.csv").exists());
    let (code, _, talk) = run(&["run", PROJECT, "--out", path(out.path()), "--max-quarantined", "0.5"]);
    assert_eq!(code, 0, "{talk}");
}

#[test]
fn a_dry_run_says_what_it_would_do_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (code, _, talk) = run(&["run", PROJECT, "--dry-run", "--out", path(&out)]);
    assert_eq!(code, 0, "{talk}");
    assert!(talk.contains("would write") && talk.contains("services_to_expand.csv"), "{talk}");
    assert!(!out.exists());
}

#[test]
fn parameters_come_from_the_command_line_then_the_environment_then_the_env_file() {
    let folder = tempfile::tempdir().unwrap();
    let samples = path(&root().join("projects/shop/samples")).to_owned();
    let file = folder.path().join("run.env");
    fs::write(&file, format!("data={samples}\n")).unwrap();
    let out = folder.path().join("out");
    let run_with = |environment: Option<&str>, extra: &[&str]| {
        let mut command = pipewright();
        command.args(["run", PROJECT, "--flow", "pages_by_visitors", "--env-file", path(&file), "--out", path(&out)]);
        environment.map(|value| command.env("PW_DATA", value));
        texts(command.args(extra).output().unwrap())
    };
    assert_eq!(run_with(None, &[]).0, 0);
    let (code, _, talk) = run_with(Some("/nowhere"), &[]);
    assert!(code == 1 && talk.contains("/nowhere"), "{talk}");
    assert_eq!(run_with(Some("/nowhere"), &["--param", &format!("data={samples}")]).0, 0);
}

/// Everything in a folder, by path, but what a dead run left aside.
fn published(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below).into_iter().flatten().map(|entry| entry.unwrap()) {
            let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                // A quarantine that a killed run replaced is kept by the one that finishes it.
                false if name.contains(".pipewright") || name.starts_with("aside.jsonl.before") => {}
                false => drop(found.insert(name, fs::read(entry.path()).unwrap())),
            }
        }
    }
    found
}

/// Kills so many runs at random moments, over results that exist before, and judges the outputs as a set: all old or
/// all new, once the next one who writes there has looked. `long` mode: 1,000 times (`PIPEWRIGHT_LONG=1`).
#[test]
fn runs_that_are_killed_leave_all_old_or_all_new_results() {
    let kills = if std::env::var_os("PIPEWRIGHT_LONG").is_some() { 1000 } else { 60 };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (seed, name) in [("5", "first"), ("6", "second")] {
        run_ok(&["generate", "shop", "--seed", seed, "--rows", "3000", "--out", path(&at(name))]);
    }
    let arguments = |data: &str, out: &str| {
        let (data, aside) = (format!("data={}", path(&at(data))), format!("{}/aside.jsonl", path(&at(out))));
        ["run", PROJECT, "--param", &data, "--out", path(&at(out)), "--quarantine", &aside].map(str::to_owned)
    };
    let mut expected = BTreeMap::new();
    let mut duration = Duration::ZERO;
    for name in ["first", "second"] {
        let begun = std::time::Instant::now();
        assert!(pipewright().args(arguments(name, &format!("{name}-out"))).status().unwrap().success());
        duration = begun.elapsed();
        expected.insert(name, published(&at(&format!("{name}-out"))));
    }
    assert!(expected["first"].len() >= 5 && expected["first"] != expected["second"]);
    assert!(pipewright().args(arguments("first", "out")).status().unwrap().success());
    let (mut random, mut before) = (fastrand::Rng::with_seed(3), "first");
    let (mut killed, mut turned, mut mixed) = (0, 0, 0);
    for number in 0..kills {
        let next = if before == "first" { "second" } else { "first" };
        let mut child = pipewright().args(arguments(next, "out")).stderr(std::process::Stdio::null()).spawn().unwrap();
        // The end of a run is where files are put in place: most kills go there.
        let least = if number % 4 == 0 { 0 } else { duration.as_micros() as u64 * 7 / 10 };
        std::thread::sleep(Duration::from_micros(random.u64(least..duration.as_micros() as u64 * 11 / 10)));
        let _ = child.kill();
        let is_late = child.wait().unwrap().success();
        killed += usize::from(!is_late);
        // A machine that is busier, or less busy, than before.
        duration = if is_late { duration * 4 / 5 } else { duration * 21 / 20 };
        let is_whole = |found: &BTreeMap<String, Vec<u8>>| expected.values().any(|whole| whole == found);
        mixed += usize::from(!is_whole(&published(&at("out"))));
        pipewright_core::files::Publication::default().recover(&at("out")).unwrap();
        let found = published(&at("out"));
        let names: Vec<&String> = found.keys().collect();
        assert!(is_whole(&found), "kill {number}: neither all old nor all new: {names:?}");
        if found == expected[next] {
            (before, turned) = (next, turned + 1);
        }
    }
    let left: Vec<_> = fs::read_dir(at("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let staged = left.iter().filter(|name| name.to_string_lossy().starts_with(".pipewright-")).count();
    assert_eq!(staged, 0, "what dead runs left is gone: {left:?}");
    println!("{kills} runs: {killed} killed in time, {turned} had published, {mixed} were finished by the next");
    assert!(killed > kills / 4, "only {killed} of {kills} runs were killed in time");
    assert!(turned < kills, "no run was killed before it published");
}

#[test]
fn a_source_of_which_most_is_turned_away_does_not_end_as_if_well() {
    let folder = tempfile::tempdir().unwrap();
    let ragged = folder.path().join("ragged.csv");
    fs::write(&ragged, "a,b\n1,2\n3\n4\n5\n").unwrap();
    let (code, out, talk) = run(&["read", path(&ragged), "--as", "csv"]);
    assert_eq!((code, out.lines().count()), (3, 1), "{talk}");
    assert!(talk.contains("PW0723") && talk.contains("3 of 4 units"), "{talk}");
    assert_eq!(run(&["read", path(&ragged), "--as", "csv", "--max-quarantined", "0.75"]).0, 0);
    // Of all that is read it is little: the source is judged by itself.
    let good = folder.path().join("good.csv");
    fs::write(&good, "a,b\n".to_owned() + &"1,2\n".repeat(1000)).unwrap();
    let project = folder.path().join("p.pipewright.json");
    let source = |id: &str, file: &str| {
        let field = |name: &str| serde_json::json!({"name": name, "type": "Int"});
        serde_json::json!({"id": id, "title": id, "path": file, "format": {"name": "csv"},
            "schema": {"fields": [field("a"), field("b")]}})
    };
    let step = |id: &str, kind: &str, settings: Json| serde_json::json!({"id": id, "kind": kind, "title": id, "x": 0, "y": 0, "settings": settings});
    let text = serde_json::json!({
        "pipewright": 1, "name": "p", "sources": [source("src-r", "ragged.csv"), source("src-g", "good.csv")],
        "steps": [
            step("in-r", "file", serde_json::json!({"source": "src-r"})),
            step("in-g", "file", serde_json::json!({"source": "src-g"})),
            step("out-r", "load_file", serde_json::json!({"kind": "csv", "path": "r.csv"})),
            step("out-g", "load_file", serde_json::json!({"kind": "csv", "path": "g.csv"})),
        ],
        "wires": [{"id": "w1", "from": "in-r", "to": "out-r"}, {"id": "w2", "from": "in-g", "to": "out-g"}],
    });
    fs::write(&project, text.to_string()).unwrap();
    let out = folder.path().join("out");
    let (code, _, talk) = run(&["run", path(&project), "--out", path(&out)]);
    assert_eq!(code, 3, "{talk}");
    assert!(talk.contains("PW0723") && out.join("g.csv").exists(), "{talk}");
}
