//! The worked example: checked, tested, run as a project, as a pipeline and on DuckDB, and compared with an oracle that
//! shares no code with the product.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{path, pipewright, python_with_duckdb, root, run, run_ok, texts};

const PROJECT: &str = "projects/shop/shop.pipewright.json";
const ANSWERS: [&str; 4] =
    ["bad_experience_per_hour.parquet", "pages_by_visitors.csv", "services_to_expand.csv", "failed_transactions.jsonl"];

/// Other data than the committed: same shape, other numbers.
fn other_data(folder: &Path) -> PathBuf {
    let data = folder.join("other data");
    run_ok(&["generate", "shop", "--seed", "9", "--rows", "6000", "--out", path(&data)]);
    data
}

/// Compares the answers in a folder with what the oracle computes from the raw files.
fn assert_equals_oracle(python: &str, data: &Path, out: &Path) {
    let oracle = root().join("tests/oracle/shop.py");
    let result = Command::new(python).args([path(&oracle), path(data), path(out)]).output().unwrap();
    let (code, stdout, stderr) = texts(result);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert_eq!(stdout.matches("equal").count(), ANSWERS.len(), "{stdout}");
}

#[test]
fn it_is_free_of_warnings_and_its_pinned_rows_hold() {
    let (code, _, talk) = run(&["check", PROJECT, "--deny-warnings"]);
    assert_eq!(code, 0, "{talk}");
    let (code, out, talk) = run(&["test", PROJECT, "--format", "json"]);
    let results: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0, "{talk}");
    assert!(results.as_array().unwrap().len() >= 2, "{out}");
}

#[test]
fn its_file_is_canonical() {
    let text = fs::read_to_string(root().join(PROJECT)).unwrap();
    let (project, diagnostics) = pipewright_core::project::load(&text).unwrap();
    assert_eq!(diagnostics, []);
    assert_eq!(pipewright_core::project::to_text(&project), text);
}

#[test]
fn its_samples_are_those_of_the_generator() {
    let folder = tempfile::tempdir().unwrap();
    run_ok(&["generate", "shop", "--seed", "1", "--out", path(folder.path())]);
    for entry in fs::read_dir(root().join("projects/shop/samples")).unwrap() {
        let name = entry.unwrap().file_name();
        let committed = fs::read(root().join("projects/shop/samples").join(&name)).unwrap();
        assert!(fs::read(folder.path().join(&name)).unwrap() == committed, "{name:?} differs");
    }
}

#[test]
fn project_pipeline_and_duckdb_give_what_the_oracle_computes() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_pipewright");
    for target in ["pipeline", "duckdb"] {
        run_ok(&["export", PROJECT, "--target", target, "--out", path(&folder.path().join(target))]);
    }
    for data in [root().join("projects/shop/samples"), other_data(folder.path())] {
        let out = folder.path().join("out");
        let parameter = format!("data={}", path(&data));
        run_ok(&["run", PROJECT, "--param", &parameter, "--out", path(&out)]);
        assert_equals_oracle(&python, &data, &out);
        fs::remove_dir_all(&out).unwrap();
        for target in ["pipeline", "duckdb"] {
            let mut script = Command::new(folder.path().join(target).join("run.sh"));
            script.arg(&out).env("PW_DATA", &data).env("PIPEWRIGHT", program).env("PYTHON", &python);
            let (code, stdout, stderr) = texts(script.output().unwrap());
            assert_eq!(code, 0, "{target}: {stdout}{stderr}");
            assert_equals_oracle(&python, &data, &out);
            fs::remove_dir_all(&out).unwrap();
        }
    }
}

#[test]
fn one_flow_runs_alone() {
    let out = tempfile::tempdir().unwrap();
    run_ok(&["run", PROJECT, "--flow", "pages_by_visitors", "--out", path(out.path())]);
    let names: Vec<_> = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let names: Vec<_> = names.into_iter().filter(|name| name != ".pipewright.json").collect();
    assert_eq!(names, ["pages_by_visitors.csv"]);
}

#[test]
fn preview_and_run_agree_on_the_same_rows() {
    let out = tempfile::tempdir().unwrap();
    run_ok(&["run", PROJECT, "--out", path(out.path())]);
    for (step, file) in [("Bad experience per hour", ANSWERS[0]), ("Failed transactions", ANSWERS[3])] {
        let shown =
            run_ok(&["preview", PROJECT, "--step", step, "--sample", "0", "--rows", "100000", "--output", "jsonl"]);
        let written = run_ok(&["read", path(&out.path().join(file))]);
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&shown), sorted(&written), "{step}");
    }
}

#[test]
fn a_pipeline_moved_elsewhere_says_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    run_ok(&["export", PROJECT, "--target", "pipeline", "--out", path(folder.path())]);
    let pipeline = folder.path().join("pipeline.json");
    let mut command = pipewright();
    command.args(["run", path(&pipeline), "--out", path(&folder.path().join("out"))]);
    let (code, _, talk) = texts(command.output().unwrap());
    assert_eq!(code, 1, "{talk}");
    assert!(talk.contains("access.log") && talk.contains("Access log"), "{talk}");
    assert!(!folder.path().join("out").join(ANSWERS[1]).exists());
}
