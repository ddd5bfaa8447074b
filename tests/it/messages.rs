//! Mistakes that users make, through the doors that users take: each must say what is wrong, where, and how to mend
//! it, in words that name no internals, and end with the exit code that fits.

mod command_line;
mod edits;
mod expressions;
mod files;
mod runs;
mod settings;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::{pipewright, texts};

/// (what was done, the exit code, what must be said).
type Told = (&'static str, i32, &'static [&'static str]);

/// What a user never reads: words of the language, the libraries and the operating system that Pipewright is made of.
const INTERNALS: [&str; 22] = [
    "panicked",
    "RUST_BACKTRACE",
    "unwrap",
    "serde",
    "olars",
    "os error",
    "Some(",
    "None",
    "Ok(",
    "Err(",
    "NodeId",
    "&str",
    "u64",
    "i64",
    "i32",
    "invalid digit",
    "float literal",
    "missing field",
    "unknown variant",
    "invalid type",
    "EOF",
    "please report",
];

/// What failed, of all mistakes of one group.
#[derive(Default)]
struct Notes {
    failures: Vec<String>,
}

impl Notes {
    /// Checks what was said after a mistake.
    fn check(&mut self, what: &str, said: &str, wanted: &[&str]) {
        let mut fail = |why: String| self.failures.push(format!("{what}: {why}\n{}", indented(said)));
        for part in wanted.iter().filter(|part| !said.contains(**part)) {
            fail(format!("`{part}` is not said"));
        }
        // As a target Polars is no internal.
        let beside_targets = said.replace("postgresql, polars, spark", "");
        for internal in INTERNALS.iter().filter(|internal| beside_targets.contains(**internal)) {
            fail(format!("`{internal}` is an internal"));
        }
        if !["help: ", "tip: ", "--help"].iter().any(|help| said.contains(help)) {
            fail("nothing says how to mend it".to_owned());
        }
        if said.replace("did you mean", "").contains(" you ") || said.contains(" your ") {
            fail("the user is addressed".to_owned());
        }
    }

    fn check_code(&mut self, what: &str, found: (i32, String), code: i32, wanted: &[&str]) {
        if found.0 != code {
            let said = indented(&found.1);
            self.failures.push(format!("{what}: the exit code is {}, not {code}\n{said}", found.0));
        }
        self.check(what, &found.1, wanted);
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.failures.is_empty(), "{}", self.failures.join("\n\n"));
        }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// A folder with a small project and its log.
struct Desk {
    folder: TempDir,
}

const LOG: &str = "time,status,path,duration,user\n\
    2026-03-02T14:00:00Z,200,/a,0.1,ann\n\
    2026-03-02T14:00:01Z,500,/b,3.5,bo\n";

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.write("log.csv", LOG);
        desk.write("good.pipewright.json", design(|_| {}));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs the program in the folder: its exit code, and all that it wrote.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let mut command = pipewright();
        command.current_dir(self.folder.path()).args(args);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "limit", "HASH_KEY", "LOGS"] {
            command.env_remove(name);
        }
        let (code, out, err) = texts(command.output().unwrap());
        (code, out + &err)
    }
}

fn schema() -> Json {
    let fields =
        [("time", "Timestamp"), ("status", "Int"), ("path", "String"), ("duration", "Float"), ("user", "String")];
    let fields: Vec<Json> = fields.iter().map(|(name, data_type)| json!({"name": name, "type": data_type})).collect();
    json!({ "fields": fields })
}

/// A project that is right, but for what `change` does to it: a log, its bad requests, a file.
fn design(change: fn(&mut Json)) -> String {
    let mut project = json!({
        "pipewright": 1,
        "name": "small",
        "parameters": [{"id": "par-limit", "name": "limit", "type": "Int", "default": 500}],
        "sources": [
            {"id": "src-log", "title": "Web log", "path": "log.csv", "format": {"name": "csv"}, "schema": schema()}
        ],
        "steps": [
            {"id": "log", "kind": "file", "title": "Log", "settings": {"source": "src-log"}},
            {"id": "bad", "kind": "filter", "title": "Bad requests", "settings": {"predicate": "status >= 500"}},
            {"id": "load", "kind": "load_file", "title": "Write it", "settings": {"kind": "csv", "path": "out.csv"}}
        ],
        "wires": [
            {"id": "w1", "from": "log", "to": "bad"},
            {"id": "w2", "from": "bad", "to": "load"}
        ]
    });
    change(&mut project);
    serde_json::to_string_pretty(&project).unwrap()
}

/// Adds an item to a list of the project.
fn add(project: &mut Json, list: &str, item: Json) {
    match project[list].as_array_mut() {
        Some(items) => items.push(item),
        None => project[list] = json!([item]),
    }
}

fn exists(path: &Path) -> bool {
    path.exists()
}

#[test]
fn a_hundred_mistakes_and_more_are_tried() {
    let tried = [
        expressions::MISTAKES.len(),
        settings::MISTAKES.len(),
        files::TEXTS.len() + files::DESIGNS.len(),
        edits::MISTAKES.len(),
        sources::MISTAKES.len(),
        runs::MISTAKES.len() + runs::TESTS.len(),
        command_line::MISTAKES.len(),
    ];
    assert!(tried.iter().sum::<usize>() >= 250, "{tried:?}");
}
