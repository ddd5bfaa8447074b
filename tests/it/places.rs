//! Sources and loads that are not files: what leads to them is opened when the user asks for it and never else, what comes
//! is whole or nothing, and what is secret stands nowhere.

mod blobs;
mod databases;
mod http;
mod kills;
mod loads;
mod object_loads;
mod objects;
mod proxy;
mod retries;
mod sends;
mod watching;
mod worked;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

pub(crate) use self::databases::Database;
pub(crate) use self::http::{Api, ok, status};
use crate::support::{path, pipewright, texts};

/// A folder with a project.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(design: Json) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        let mut all = json!({"pipewright": 1, "name": "places"});
        all.as_object_mut().unwrap().extend(design.as_object().unwrap().clone());
        fs::write(desk.project(), all.to_string()).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn project(&self) -> PathBuf {
        self.at("p.pipewright.json")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = pipewright();
        command.current_dir(self.folder.path()).args(args).env("API_TOKEN", MARKER).env("DB_PASSWORD", MARKER);
        command
    }

    /// The exit code, and all that was said.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let (code, out, err) = texts(self.command(args).output().unwrap());
        for internal in ["panicked", "os error", "Some(", "Err(", "Ok(", "please report"] {
            assert!(!err.contains(internal), "{args:?}: {err}");
        }
        let said = out + &err;
        assert!(!holds_marker(said.as_bytes()), "{args:?}: {said}");
        (code, said)
    }

    fn run_ok(&self, args: &[&str]) -> String {
        let (code, said) = self.run(args);
        assert_eq!(code, 0, "{args:?}: {said}");
        said
    }

    fn sample(&self, source: &str) -> String {
        self.run_ok(&["sample", "p.pipewright.json", source, "--trust"])
    }

    /// Runs the project as its user does.
    fn go(&self) -> (i32, String) {
        self.run(&["run", "p.pipewright.json", "--trust", "--out", "out", "--report", "report.json"])
    }

    fn rows(&self, name: &str) -> Vec<Json> {
        let text = fs::read_to_string(self.at("out").join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The secret, wherever it stands in a file of the folder.
    fn leaks(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.path() {
                    place if place.is_dir() => folders.push(place),
                    place if holds_marker(&fs::read(&place).unwrap()) => found.push(path(&place).to_owned()),
                    _ => {}
                }
            }
        }
        found
    }
}

/// What no text and no file may hold.
pub(crate) const MARKER: &str = "m4rk3r+of/a s3cret";

pub(crate) fn holds_marker(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    ["m4rk3r", "bTRyazNy", "bTRyazN"].iter().any(|spelt| text.contains(spelt))
}

/// Whether the secret stands among the arguments of a process, which everybody may see.
fn is_in_processes() -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok()).any(|line| holds_marker(&line))
}

/// A flow from one source into a file.
fn flow(connection: Json, source: Json) -> Json {
    let mut whole = json!({"id": "src-a", "title": "A", "connection": "con-a"});
    whole.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
    json!({
        "connections": [connection],
        "sources": [whole],
        "steps": [
            {"id": "read", "kind": "file", "title": "Read A", "settings": {"source": "src-a"}},
            {"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "out.jsonl", "kind": "jsonl"}},
        ],
        "wires": [{"id": "w1", "from": "read", "to": "load"}],
    })
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
