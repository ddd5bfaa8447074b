//! Ended by a signal: nothing stays that is not whole, and the old results are there.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{path, pipewright, run_ok};

#[test]
fn ctrl_c_and_a_shutdown_leave_the_old_results_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let project = "projects/shop/shop.pipewright.json";
    run_ok(&["generate", "shop", "--seed", "5", "--rows", "60000", "--out", path(&at("data"))]);
    run_ok(&["run", project, "--out", path(&at("out"))]);
    let names = || {
        let mut names: Vec<_> = fs::read_dir(at("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (before, content) = (names(), fs::read(at("out/pages_by_visitors.csv")).unwrap());
    for signal in ["INT", "TERM", "HUP"] {
        let data = format!("data={}", path(&at("data")));
        let mut child = pipewright()
            .args(["run", project, "--param", &data, "--out", path(&at("out"))])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while names() == before && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_ne!(names(), before, "the run writes aside");
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert_eq!(names(), before, "{signal}");
        assert_eq!(fs::read(at("out/pages_by_visitors.csv")).unwrap(), content, "{signal}");
    }
}

/// A pipeline that sorts more rows than 64 MB of memory leave room for.
fn large_sort(folder: &std::path::Path) {
    let mut text = String::from("n,label\n");
    (0..400_000_u32).for_each(|row| text.push_str(&format!("{},a label that takes some space {row}\n", row % 1000)));
    fs::write(folder.join("rows.csv"), text).unwrap();
    let schema = json!({"fields": [{"name": "n", "type": "Int"}, {"name": "label", "type": "String"}]});
    let origin = |step: &str| json!({"step": step, "title": step});
    let pipeline = json!({"pipeline": 1, "name": "p", "parameters": [], "steps": {}, "nodes": [
        {"op": "read", "path": "rows.csv", "format": {"name": "csv"}, "schema": schema, "inputs": [], "output": schema,
            "origin": origin("Rows")},
        {"op": "sort", "keys": ["n desc"], "inputs": [0], "output": schema, "origin": origin("In order")},
        {"op": "write", "destination": {"to": "file", "path": "out.csv", "kind": "csv", "when_exists": "replace"},
            "inputs": [1], "output": schema, "origin": origin("Load")},
    ]});
    fs::write(folder.join("pipeline.json"), pipeline.to_string()).unwrap();
}

#[test]
fn what_is_put_aside_on_disk_goes_with_the_run_that_did() {
    let folder = tempfile::tempdir().unwrap();
    large_sort(folder.path());
    let (pipeline, out) = (folder.path().join("pipeline.json"), folder.path().join("out"));
    let arguments = ["run", path(&pipeline), "--out", path(&out), "--memory", "64MB", "--report", "-"];
    let aside = || -> Vec<std::path::PathBuf> {
        let inside = |folder: std::path::PathBuf| {
            fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
        };
        let files = inside(out.clone()).into_iter().flat_map(inside).flat_map(inside);
        files.filter(|path| path.extension().is_some_and(|end| end == "arrow")).collect()
    };
    for signal in ["INT", "TERM", "KILL"] {
        let mut child = pipewright().args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while aside().is_empty() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!aside().is_empty(), "rows are put aside");
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap();
        // What a killed run could not remove goes with the next one.
        assert!(signal == "KILL" || !out.exists(), "{signal}: {:?}", aside());
    }
    let report: serde_json::Value = serde_json::from_str(&run_ok(&arguments)).unwrap();
    assert!(report["spilled_bytes"].as_u64() > Some(10_000_000), "{report}");
    assert_eq!(report["memory_budget_bytes"], 64_000_000);
    let step = |title: &str| report["steps"].as_array().unwrap().iter().find(|step| step["title"] == title).unwrap();
    assert_eq!(step("In order")["spilled_bytes"], report["spilled_bytes"]);
    let names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name == "out.csv" || name == pipewright_core::files::MARKER), "{names:?}");
    let sorted = fs::read_to_string(out.join("out.csv")).unwrap();
    assert_eq!(sorted.lines().count(), 400_001);
    assert!(sorted.starts_with("n,label\n999,a label that takes some space 100999\n"), "{}", &sorted[..100]);
}

#[test]
fn a_run_says_which_steps_wait_and_what_they_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    large_sort(folder.path());
    let (pipeline, out) = (folder.path().join("pipeline.json"), folder.path().join("out"));
    let run = |more: &[&str]| crate::support::run(&[&["run", path(&pipeline), "--out", path(&out)], more].concat());
    let (code, _, told) = run(&["--dry-run"]);
    assert!(code == 0 && told.contains("In order waits for all rows in order before it gives any"), "{told}");
    let (code, _, told) = run(&["--memory", "64MB"]);
    assert!(code == 0 && told.contains("MB put aside on disk, to keep to 64.0 MB of memory"), "{told}");
    let (code, _, told) = run(&["--memory", "1GB"]);
    assert!(code == 0 && !told.contains("put aside"), "{told}");
    for wrong in ["1MB", "much", "-1"] {
        let (code, _, told) = run(&["--memory", wrong]);
        assert!(code == 2 && told.contains("512MB"), "{wrong}: {told}");
    }
}

#[test]
fn a_bundle_says_how_its_results_ended_and_tidies_up_what_was_interrupted() {
    let Some(python) = crate::support::python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let design = json!({
        "pipewright": 1, "name": "p",
        "steps": [
            {"id": "t", "kind": "table", "title": "T", "settings": {"columns": [{"name": "n", "type": "Int"}], "rows": [[1]]}},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}},
        ],
        "wires": [{"id": "w", "from": "t", "to": "out"}],
    });
    fs::write(at("p.pipewright.json"), design.to_string()).unwrap();
    run_ok(&["export", path(&at("p.pipewright.json")), "--target", "duckdb", "--out", path(&at("bundle"))]);
    let script = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(at("bin")).unwrap();
        fs::write(at("bin").join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(at("bin").join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    let program = env!("CARGO_BIN_EXE_pipewright");
    let run = |out: &str, before: &str| {
        let search = format!("{before}:{}", std::env::var("PATH").unwrap());
        let mut command = Command::new(at("bundle/run.sh"));
        command.arg(at(out)).env("PYTHON", &python).env("PATH", search);
        command.env("PIPEWRIGHT", at("bin/pipewright")).output().unwrap().status.code()
    };
    // The script alone is asked to end while the results are put in place.
    script("pipewright", &format!("kill -s TERM $PPID\nexec {program} \"$@\""));
    assert_eq!(run("one", "/usr/bin"), Some(0));
    assert!(at("one/out.csv").exists());
    // Where what is staged is taken away, the lock goes last: the next run knows what is left.
    script("pipewright", &format!("exec {program} \"$@\""));
    script("rm", "find \"$@\" -name lock -exec /bin/rm {} +\nkill -s KILL $$");
    run("two", path(&at("bin")));
    let left =
        || fs::read_dir(at("two")).unwrap().flatten().filter(|entry| entry.path().join("stage").is_dir()).count();
    assert_eq!(left(), 1, "it was interrupted");
    assert_eq!(run("two", "/usr/bin"), Some(0));
    assert_eq!(left(), 0);
}

#[test]
fn a_signal_that_is_to_be_ignored_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    large_sort(folder.path());
    // As `nohup` starts a program, and the `&` of a script.
    let run = format!("trap '' HUP INT; exec '{}' run pipeline.json --out out", env!("CARGO_BIN_EXE_pipewright"));
    let mut child = Command::new("sh").args(["-c", &run]).current_dir(folder.path()).spawn().unwrap();
    let begun = Instant::now();
    while !at("out").exists() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    for signal in ["HUP", "INT"] {
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(at("out/out.csv").exists());
}
