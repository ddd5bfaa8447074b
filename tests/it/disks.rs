//! Disks without file locks, as some network and cloud file systems are: the call fails there, which a library that is
//! loaded before the system's own stands for. Results of several stay whole all the same, and no change is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pipewright_core::project::{Project, to_text};

use crate::needs::need;
use crate::support::{path, pipewright, python_with_duckdb, run_ok, texts};

/// A library by which locks cannot be had; needs a C compiler, as the linker of Rust does.
fn no_locks(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("no_locks.c"), folder.join("no_locks.so"));
    fs::write(&source, "#include <errno.h>\nint flock(int file, int how) { errno = ENOTSUP; return -1; }\n").unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o", path(&library), path(&source)]).output();
    let is_compiled = cfg!(target_os = "linux") && compiled.is_ok_and(|output| output.status.success());
    need("`cc -shared` makes no library to load first", is_compiled.then_some(library))
}

#[test]
fn what_two_put_into_one_folder_at_once_is_of_one_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = no_locks(folder.path()) else { return };
    let names: Vec<String> = (0..30).map(|number| format!("f{number:02}.csv")).collect();
    for by in ["A", "B"] {
        fs::create_dir(folder.path().join(by)).unwrap();
        names.iter().for_each(|name| fs::write(folder.path().join(by).join(name), by).unwrap());
    }
    let out = folder.path().join("out");
    for round in 0..12 {
        let start = |by: &str| {
            let mut publish = pipewright();
            publish.arg("publish").arg(folder.path().join(by)).arg(&out).env("LD_PRELOAD", &library);
            publish.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        for child in [start("A"), start("B")] {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let found: Vec<String> = names.iter().map(|name| fs::read_to_string(out.join(name)).unwrap()).collect();
        assert!(found.iter().all(|by| *by == found[0]), "round {round}: {found:?}");
    }
    let left: Vec<_> = fs::read_dir(&out).unwrap().flatten().map(|entry| entry.file_name()).collect();
    let is_left = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(".pipewright-");
    assert!(!left.iter().any(is_left), "{left:?}");
}

#[test]
fn changes_that_come_at_once_are_made_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = no_locks(folder.path()) else { return };
    let project = folder.path().join("p.pipewright.json");
    fs::write(&project, to_text(&Project::new("P"))).unwrap();
    let start = |number: usize| {
        let edits = folder.path().join(format!("{number}.json"));
        let item = format!(r#"{{"id": "s{number}", "title": "Log {number}", "path": "access{number}.log"}}"#);
        fs::write(&edits, format!(r#"[{{"edit": "insert", "into": "sources", "item": {item}}}]"#)).unwrap();
        let mut apply = pipewright();
        apply.arg("apply").arg(&project).arg(&edits).env("LD_PRELOAD", &library);
        apply.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let started: Vec<_> = (0..12).map(start).collect();
    let mut made = 0;
    for child in started {
        let (code, _, talk) = texts(child.wait_with_output().unwrap());
        assert!(code == 0 || talk.contains("PW0780") || talk.contains("PW0781"), "{code}: {talk}");
        made += usize::from(code == 0);
    }
    let text = fs::read_to_string(&project).unwrap();
    assert_eq!(text.matches("\"title\": \"Log ").count(), made, "{text}");
    assert!(made > 0 && !folder.path().join(".p.lock-held").exists());
}

#[test]
fn a_bundle_of_duckdb_runs() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = no_locks(folder.path()) else { return };
    let Some(python) = python_with_duckdb() else { return };
    let (project, edits, bundle) =
        (folder.path().join("p.pipewright.json"), folder.path().join("edits.json"), folder.path().join("bundle"));
    fs::write(&project, to_text(&Project::new("P"))).unwrap();
    fs::write(folder.path().join("in.csv"), "a,b\n1,x\n2,y\n").unwrap();
    let list = r#"[
      {"edit": "insert", "into": "sources", "item": {"id": "in", "title": "In", "path": "in.csv"}},
      {"edit": "insert", "into": "steps", "item": {"id": "read", "kind": "file", "title": "In", "settings": {"source": "in"}}},
      {"edit": "insert", "into": "steps", "item": {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}}},
      {"edit": "insert", "into": "wires", "item": {"id": "w1", "from": "read", "to": "out"}}
    ]"#;
    fs::write(&edits, list).unwrap();
    run_ok(&["apply", path(&project), path(&edits)]);
    run_ok(&["export", path(&project), "--target", "duckdb", "--out", path(&bundle)]);
    // Sources lie beside the pipeline.
    fs::copy(folder.path().join("in.csv"), bundle.join("in.csv")).unwrap();
    let mut script = Command::new(bundle.join("run.sh"));
    script.arg(folder.path().join("results")).env("LD_PRELOAD", &library);
    script.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", python);
    let (code, _, talk) = texts(script.output().unwrap());
    assert_eq!(code, 0, "{talk}");
    assert!(fs::read_to_string(folder.path().join("results/out.csv")).unwrap().contains("2,y"));
}

#[test]
fn what_a_killed_one_has_left_goes_with_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = no_locks(folder.path()) else { return };
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let space = fs::read_link("/proc/self/ns/pid").unwrap();
    // A process of this machine that has ended: its number is another's by now. And one of another machine.
    let dead = format!("{} {} 1", start.trim(), space.display());
    let out = folder.path().join("out");
    for (id, life) in [("00000000000000aa", dead.as_str()), ("00000000000000bb", "elsewhere 4 1")] {
        fs::create_dir_all(out.join(format!(".pipewright-{id}"))).unwrap();
        fs::write(out.join(format!(".pipewright-{id}/0")), "half").unwrap();
        let lock = serde_json::json!({
            "manifest": format!(".pipewright-{id}.manifest"),
            "holder": {"process": std::process::id(), "life": life},
        });
        fs::write(out.join(format!(".pipewright-{id}.lock")), lock.to_string()).unwrap();
    }
    fs::create_dir(folder.path().join("A")).unwrap();
    fs::write(folder.path().join("A/f"), "A").unwrap();
    let mut publish = pipewright();
    publish.arg("publish").arg(folder.path().join("A")).arg(&out).env("LD_PRELOAD", &library);
    assert!(publish.status().unwrap().success());
    assert!(!out.join(".pipewright-00000000000000aa").exists());
    assert!(out.join(".pipewright-00000000000000bb/0").exists() && out.join("f").exists());
}
