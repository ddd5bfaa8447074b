//! What several test modules use: the repository's root, the binary, Python with engines, comparison of rows.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pipewright_core::data::Value;

pub use crate::needs::{need, sample, samples};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program under test, with settings of the test's own.
pub fn pipewright() -> Command {
    let test = format!("settings-{}-{:?}", std::process::id(), std::thread::current().id());
    let settings = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test.replace(['(', ')'], "-"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
    command.current_dir(root()).env_remove("PW_DATA").env("PIPEWRIGHT_CONFIG", settings);
    command
}

/// Runs the program; standard output and error as text.
pub fn run(args: &[&str]) -> (i32, String, String) {
    texts(pipewright().args(args).output().unwrap())
}

pub fn texts(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Runs the program, which must succeed.
pub fn run_ok(args: &[&str]) -> String {
    let (code, out, err) = run(args);
    assert_eq!(code, 0, "pipewright {}:\n{err}", args.join(" "));
    out
}

/// Python 3, which may be named by `PIPEWRIGHT_PYTHON`.
pub fn python() -> Option<String> {
    python_that("--version", &[])
}

/// Python that has the package `duckdb`.
pub fn python_with_duckdb() -> Option<String> {
    python_that("-c", &["import duckdb"])
}

/// Python that has the packages `pyspark` and `pyarrow`, with a Java beside it.
pub fn python_with_spark() -> Option<String> {
    let java = std::env::var_os("JAVA_HOME").map_or("java".into(), |home| PathBuf::from(home).join("bin/java"));
    let has_java = Command::new(&java).arg("-version").output().is_ok_and(|output| output.status.success());
    need("`java -version` fails", has_java.then_some(()))?;
    python_that("-c", &["import pyspark, pyarrow"])
}

/// Python that has what a target's bundles need.
pub fn python_for(target: &str) -> Option<String> {
    match target {
        "duckdb" => python_with_duckdb(),
        "spark" => python_with_spark(),
        _ => python(),
    }
}

fn python_that(can: &str, more: &[&str]) -> Option<String> {
    let python = std::env::var("PIPEWRIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let asked = Command::new(&python).arg(can).args(more).output();
    let is_able = asked.is_ok_and(|output| output.status.success());
    need(&format!("`{python} {can} {}` fails", more.join(" ")), is_able.then_some(python))
}

/// What a plan says beside the hints of values that its sources lose.
pub fn beside_lost_values(talk: &str) -> Vec<&str> {
    let hints = ["hint[PW0731] ", "  help: what is planned does not see these values; "];
    talk.lines().filter(|line| !hints.iter().any(|hint| line.starts_with(hint))).collect()
}

pub fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Whether two values are the same, floats to 1e-9 of their size.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-300),
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => *int as f64 == *float,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((name, a), (other, b))| name == other && same(a, b))
        }
        (a, b) => a == b,
    }
}

/// Compares rows: in order, or as sets of rows.
pub fn assert_same_rows(what: &str, mut found: Vec<Vec<Value>>, mut expected: Vec<Vec<Value>>, ordered: bool) {
    if !ordered {
        let key = |row: &Vec<Value>| row.iter().map(sort_text).collect::<Vec<_>>();
        found.sort_by_key(key);
        expected.sort_by_key(key);
    }
    let is_same = found.len() == expected.len()
        && found.iter().zip(&expected).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)));
    assert!(is_same, "{what}\n  found    {found:?}\n  expected {expected:?}");
}

/// Rounded, so that floats that are the same sort the same.
fn sort_text(value: &Value) -> String {
    match value {
        Value::Float(float) => format!("{float:.6e}"),
        other => other.to_json().to_string(),
    }
}
