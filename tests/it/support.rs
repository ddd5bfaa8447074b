//! What several test modules use: the repository's root, the binary, Python with engines, comparison of rows.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pipewright_core::data::Value;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Folder of real sample files, where there is one.
pub fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("PIPEWRIGHT_SAMPLES").map_or_else(|| root().join("../shared/samples"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// The program under test.
pub fn pipewright() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
    command.current_dir(root()).env_remove("PW_DATA");
    command
}

/// The program for the scripts of bundles. One that does not know the verb `publish` yet gets it from a script in
/// `folder`, which copies.
pub fn program_for_bundles(folder: &Path) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_pipewright"));
    if run_ok(&["--help"]).lines().any(|line| line.trim_start().starts_with("publish ")) {
        return program;
    }
    let stand_in = folder.join("pipewright");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = publish ]; then cp -R \"$2/.\" \"$3\"; else exec '{}' \"$@\"; fi\n",
        program.display()
    );
    std::fs::write(&stand_in, text).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&stand_in, std::fs::Permissions::from_mode(0o755)).unwrap();
    stand_in
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

/// Python 3; `None`, said aloud, where there is none.
pub fn python(test: &str) -> Option<String> {
    let python = std::env::var("PIPEWRIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        assert!(std::env::var_os("PIPEWRIGHT_REQUIRE_ENGINES").is_none(), "{test}: there is no {python}");
        eprintln!("skipped {test}: there is no {python}");
    }
    found.then_some(python)
}

/// Python that has the package `duckdb`; `None`, said aloud, where there is none.
pub fn python_with_duckdb(test: &str) -> Option<String> {
    let python = std::env::var("PIPEWRIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found =
        Command::new(&python).args(["-c", "import duckdb"]).output().is_ok_and(|output| output.status.success());
    if !found {
        assert!(std::env::var_os("PIPEWRIGHT_REQUIRE_ENGINES").is_none(), "{test}: {python} has no package duckdb");
        eprintln!("skipped {test}: {python} has no package duckdb");
    }
    found.then_some(python)
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
