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
    let mut by_step: BTreeMap<&str, u64> = BTreeMap::new();
    for step in report["steps"].as_array().unwrap() {
        let op = step["op"].as_str().unwrap();
        if ["filter", "project", "sort", "limit", "distinct", "sample", "expect"].contains(&op) {
            let ins: u64 = step["rows_in"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
            let parts = number(step, "rows_out") + number(step, "dropped") + number(step, "quarantined");
            assert_eq!(ins, parts, "{step}");
        }
        by_step.insert(step["title"].as_str().unwrap(), number(step, "rows_out"));
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

/// Everything under a folder, by name, but what a dead run left aside.
fn published(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let entries = entries.map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| !name.starts_with(".pipewright-"))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

#[test]
fn a_run_that_is_killed_leaves_old_or_new_results_and_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    run_ok(&["generate", "shop", "--seed", "5", "--rows", "40000", "--out", path(&data)]);
    let parameter = format!("data={}", path(&data));
    let args = ["run", PROJECT, "--param", &parameter, "--out", path(&out)];
    let whole = folder.path().join("whole");
    let begun = std::time::Instant::now();
    run_ok(&["run", PROJECT, "--param", &parameter, "--out", path(&whole)]);
    let (expected, duration) = (published(&whole), begun.elapsed());
    let mut random = fastrand::Rng::with_seed(3);
    let mut killed = 0;
    for _ in 0..15 {
        let _ = fs::remove_dir_all(&out);
        let mut child = pipewright().args(args).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.u64(0..duration.as_micros() as u64)));
        let _ = child.kill();
        killed += usize::from(!child.wait().unwrap().success());
        for (name, bytes) in published(&out) {
            assert!(expected[&name] == bytes, "{name} is half written");
        }
    }
    assert!(killed > 5, "only {killed} of 15 runs were killed in time");
    run_ok(&args);
    assert!(published(&out) == expected);
    let left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), expected.len(), "what dead runs left is gone: {left:?}");
}
