//! Tests only: what a test needs beside the repository (sample files, engines, rights), and what happens where it is
//! not there. The one place that skips: aloud, and as a failure where `PIPEWRIGHT_REQUIRE_ENGINES=1`. The tests of the
//! whole include this file too. Must not import anything of the product.

use std::io::Write as _;
use std::path::PathBuf;

/// What was found, or `None` after saying that the test (or a part of it) is skipped and what is missing.
pub fn need<T>(missing: &str, found: Option<T>) -> Option<T> {
    let thread = std::thread::current();
    let skip = skipped(missing, thread.name().unwrap_or("a test"), found.is_some(), is_required());
    if let Some(line) = skip.unwrap_or_else(|fault| panic!("{fault}")) {
        // Past the capture of the test's output: a skip is seen although the test passes.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    found
}

/// The line to say; an error where nothing may be skipped.
fn skipped(missing: &str, test: &str, is_there: bool, is_required: bool) -> Result<Option<String>, String> {
    match (is_there, is_required) {
        (true, _) => Ok(None),
        (false, false) => Ok(Some(format!("skipped {test}: {missing}"))),
        (false, true) => Err(format!("{test} may not be skipped (PIPEWRIGHT_REQUIRE_ENGINES): {missing}")),
    }
}

fn is_required() -> bool {
    std::env::var_os("PIPEWRIGHT_REQUIRE_ENGINES").is_some_and(|value| !value.is_empty() && value != "0")
}

/// The folder of real sample files: `PIPEWRIGHT_SAMPLES`, or beside the repository.
pub fn samples() -> Option<PathBuf> {
    let folder = samples_folder();
    let is_there = folder.is_dir();
    need("there are no sample files (PIPEWRIGHT_SAMPLES names their folder)", is_there.then_some(folder))
}

/// One file or folder among them.
pub fn sample(name: &str) -> Option<PathBuf> {
    let path = samples_folder().join(name);
    let is_there = path.exists();
    need(&format!("there is no sample `{name}`"), is_there.then_some(path))
}

fn samples_folder() -> PathBuf {
    std::env::var_os("PIPEWRIGHT_SAMPLES").map_or_else(
        || {
            let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
            let root = package.ancestors().find(|folder| folder.join("Cargo.lock").exists()).unwrap_or(&package);
            root.join("../shared/samples")
        },
        PathBuf::from,
    )
}

#[test]
fn a_skip_is_said_and_fails_where_nothing_may_be_skipped() {
    assert_eq!(skipped("no python", "t", true, true), Ok(None));
    assert_eq!(skipped("no python", "t", false, false), Ok(Some("skipped t: no python".to_owned())));
    assert!(skipped("no python", "t", false, true).is_err_and(|fault| fault.contains("no python")));
}
