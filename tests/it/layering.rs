//! The walls that the compiler does not hold: import directions inside core, who may name which library, who touches
//! files, network, processes and the environment, and house rules of the whole tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::code::{CodeFile, Named, begins, files_of, names_in};
use crate::support::root;

/// The rooms of core, each above those before it.
const ROOMS: [&str; 16] = [
    "quote",
    "diagnostic",
    "files",
    "data",
    "policy",
    "expr",
    "formats",
    "ir",
    "model",
    "steps",
    "project",
    "plan",
    "planner",
    "import",
    "export",
    "generate",
];

/// The packages: where their root file lies.
const PACKAGES: [&str; 5] = ["src/core/lib.rs", "src/engine/lib.rs", "src/app/lib.rs", "src/lib.rs", "src/main.rs"];

/// Paths of what is used, part by part.
type Ways = &'static [&'static [&'static str]];

/// What lets a program out of itself, and the files and folders that may do so (as they are named below `src/`).
const OUTSIDE: [(&str, Ways, &[&str]); 4] = [
    (
        "files",
        &[&["std", "fs"], &["tempfile"], &["glob"], &["walkdir"]],
        &[
            // Of core only who puts things in place and keeps a project, and who looks for a near name.
            "core/files/",
            "core/project/file.rs",
            "core/project/journal.rs",
            "core/diagnostic/causes.rs",
            "engine/",
            "app/",
            "cli/",
            // Of the designer only its workers, its settings and its benchmark: the thread that draws never waits.
            "gui/backend/",
            "gui/settings.rs",
            "gui/canvas/bench.rs",
        ],
    ),
    (
        "the network",
        &[
            &["std", "net", "TcpStream"],
            &["std", "net", "TcpListener"],
            &["std", "net", "UdpSocket"],
            &["std", "net", "ToSocketAddrs"],
            &["std", "net", "self"],
            &["std", "os", "unix", "net"],
            &["ureq"],
            &["rustls"],
            &["postgres_protocol"],
            &["rusqlite"],
            &["hyper"],
            &["hyper_util"],
            &["tokio", "net"],
        ],
        // Connections that a run, a sample or a test asks for; a SQLite file that is a source, of which a copy is opened;
        // the page about runs.
        &["engine/places/", "engine/read/sqlite.rs", "cli/serve.rs"],
    ),
    (
        "processes",
        &[&["std", "process", "Command"], &["std", "process", "exit"], &["std", "process", "abort"]],
        // The bench measures whole processes, also its own and DuckDB's; a signal ends this one; another engine runs a
        // bundle's script.
        &["engine/bench.rs", "engine/bench/", "cli/bench.rs", "cli/engine.rs", "cli.rs"],
    ),
    ("the environment", &[&["std", "env"]], &["core/files/", "engine/", "cli/", "gui/"]),
];

/// Rooms of core that the engine does not know: it is given plans. What knows projects and rows is the application's.
const NOT_OF_THE_ENGINE: [&str; 7] = ["model", "steps", "project", "plan", "planner", "import", "export"];

/// Methods of paths that ask the disk.
const ASKS_DISK: [&str; 8] =
    ["exists", "try_exists", "is_dir", "is_file", "canonicalize", "read_dir", "metadata", "symlink_metadata"];

/// Every file of the product, parsed once.
fn packages() -> &'static [CodeFile] {
    static FILES: LazyLock<Vec<CodeFile>> =
        LazyLock::new(|| PACKAGES.iter().flat_map(|file| files_of(&root().join(file))).collect());
    assert!(FILES.len() > 300, "only {} files are looked at", FILES.len());
    &FILES
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Where a file lies below `src/`.
fn place(file: &CodeFile) -> String {
    shown(&file.path).trim_start_matches("src/").to_owned()
}

/// Whether a file is `home` or lies in that folder, whose own file stands beside it: `gui.rs` is of `gui/`.
fn lies_in(place: &str, home: &str) -> bool {
    let is_root = || home.strip_suffix('/').is_some_and(|folder| place.strip_suffix(".rs") == Some(folder));
    place.starts_with(home) || is_root()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a file of a room of core names that lies above it.
fn above(module: &[String], named: &Named) -> Vec<String> {
    let Some(room) = module.first() else { return Vec::new() };
    let Some(rank) = ROOMS.iter().position(|known| known == room) else {
        return vec![format!("`{room}` has no place among the rooms")];
    };
    let is_above = |above: &&&str| named.has(&["crate", above]);
    let above = ROOMS[rank + 1..].iter().filter(is_above);
    above.map(|above| format!("`{room}` imports `{above}`, which lies above it")).collect()
}

/// Libraries that have one home.
fn strangers(place: &str, named: &Named) -> Vec<String> {
    let mut faults = Vec::new();
    for part in named.paths.iter().map(|path| path[0].as_str()).collect::<BTreeSet<_>>() {
        let is_polars = part.starts_with("polars");
        let is_egui = part.starts_with("egui") || ["eframe", "emath", "epaint", "ecolor", "rfd"].contains(&part);
        if is_polars && !lies_in(place, "engine/") || is_egui && !lies_in(place, "gui/") {
            faults.push(format!("{place} names `{part}`"));
        }
    }
    for (room, other) in [("gui", "cli"), ("cli", "gui")] {
        if lies_in(place, &format!("{room}/")) && named.has(&["crate", other]) {
            faults.push(format!("{place} imports `{other}`"));
        }
    }
    if lies_in(place, "engine/") {
        let known = NOT_OF_THE_ENGINE.iter().filter(|room| named.has(&["pipewright_core", room]));
        faults.extend(known.map(|room| format!("{place} imports `{room}`")));
    }
    faults
}

/// What leads out of the program where it must not.
fn outside(place: &str, named: &Named) -> Vec<String> {
    let mut faults = Vec::new();
    for (what, paths, homes) in OUTSIDE {
        if homes.iter().any(|home| lies_in(place, home)) {
            continue;
        }
        for path in paths.iter().filter(|path| named.has(path)) {
            faults.push(format!("{place} uses {what}: `{}`", path.join("::")));
        }
        if what == "files" {
            let asked = named.methods.iter().filter(|(method, _)| ASKS_DISK.contains(&method.as_str()));
            faults.extend(asked.map(|(method, _)| format!("{place} asks the disk: `.{method}()`")));
        }
    }
    faults
}

/// Colours and fonts that are not the theme's.
fn unthemed(place: &str, named: &Named) -> Vec<String> {
    if !lies_in(place, "gui/") || lies_in(place, "gui/theme/") {
        return Vec::new();
    }
    const MAKERS: [&str; 5] = ["Color32", "Rgba", "Hsva", "HsvaGamma", "FontId"];
    // No colour at all.
    const NONE: [&str; 2] = ["TRANSPARENT", "PLACEHOLDER"];
    let makes = |path: &&Vec<String>| {
        let maker = path.iter().position(|part| MAKERS.contains(&part.as_str()));
        let made = maker.and_then(|at| path.get(at + 1));
        made.is_some_and(|made| !NONE.contains(&made.as_str())) || path.last().is_some_and(|last| last == "hex_color")
    };
    named.paths.iter().filter(makes).map(|path| format!("{place} has a `{}` of its own", path.join("::"))).collect()
}

#[test]
fn rooms_of_core_import_downwards_only() {
    let files: Vec<&CodeFile> = packages().iter().filter(|file| lies_in(&place(file), "core/")).collect();
    let there: BTreeSet<&str> = files.iter().filter_map(|file| Some(file.module.first()?.as_str())).collect();
    assert_eq!(there, BTreeSet::from(ROOMS), "every room has its place");
    let faults = files.iter().flat_map(|file| {
        let found = above(&file.module, &file.named);
        found.into_iter().map(|fault| format!("{}: {fault}", shown(&file.path)))
    });
    assert_none(&faults.collect::<Vec<_>>());
}

/// Rooms whose parts still know each other both ways: each is to be untied, none is to be added.
const CIRCLES: [&str; 7] =
    ["core/export/sql", "core/files", "engine", "engine/read", "gui", "gui/canvas", "gui/panels"];

/// What a file names inside its package, from the package's root on; the parts of its own module may stand bare.
fn inside<'a>(file: &'a CodeFile, modules: &BTreeSet<&[String]>) -> Vec<Vec<String>> {
    let inside = |path: &'a Vec<String>| {
        let own: Vec<String> = file.module.iter().chain(path).cloned().collect();
        match path[0].as_str() {
            "crate" => Some(path[1..].to_vec()),
            _ => modules.contains(&own[..=file.module.len()]).then_some(own),
        }
    };
    file.named.paths.iter().filter_map(inside).collect()
}

/// What stands for something else: `ir::Op` for `ir::op::Op`, as rooms hand on what lies in them.
fn handed_on(files: &[&CodeFile]) -> BTreeMap<Vec<String>, Vec<String>> {
    let modules = files.iter().map(|file| file.module.as_slice()).collect();
    let mut found = BTreeMap::new();
    for file in files {
        for path in inside(file, &modules) {
            let last = path.last().cloned().unwrap_or_default();
            let short: Vec<String> = file.module.iter().cloned().chain([last.clone()]).collect();
            let lies_below = path.starts_with(&file.module) && path.len() > short.len();
            if lies_below && last != "*" && !modules.contains(short.as_slice()) {
                found.insert(short, path);
            }
        }
    }
    found
}

/// The parts of a room that know each other in a circle, by themselves or through others.
fn circle(room: &[String], files: &[&CodeFile], handed_on: &BTreeMap<Vec<String>, Vec<String>>) -> Vec<String> {
    let part = |module: &[String]| module.strip_prefix(room).and_then(|rest| rest.first()).cloned();
    let modules = files.iter().map(|file| file.module.as_slice()).collect();
    let parts: BTreeSet<String> = files.iter().filter_map(|file| part(&file.module)).collect();
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let Some(from) = part(&file.module) else { continue };
        for mut target in inside(file, &modules) {
            for _ in 0..8 {
                let short = (1..=target.len()).find(|end| handed_on.contains_key(&target[..*end]));
                let Some(end) = short else { break };
                target = handed_on[&target[..end]].iter().chain(&target[end..]).cloned().collect();
            }
            if let Some(to) = part(&target).filter(|to| *to != from && parts.contains(to)) {
                known.entry(from.clone()).or_default().insert(to);
            }
        }
    }
    // What knows nothing that is left, or is known by nothing that is left, is in no circle.
    loop {
        let before = known.len();
        let left: BTreeSet<String> = known.keys().cloned().collect();
        known.values_mut().for_each(|to| to.retain(|to| left.contains(to)));
        let reached: BTreeSet<String> = known.values().flatten().cloned().collect();
        known.retain(|from, to| !to.is_empty() && reached.contains(from));
        if known.len() == before {
            return left.into_iter().collect();
        }
    }
}

#[test]
fn parts_of_a_room_do_not_know_each_other_in_circles() {
    let mut found = BTreeMap::new();
    for package in ["core/", "engine/", "app/", "cli/", "gui/"] {
        let files: Vec<&CodeFile> = packages().iter().filter(|file| lies_in(&place(file), package)).collect();
        let handed_on = handed_on(&files);
        let of_files = files.iter().flat_map(|file| (0..file.module.len()).map(|end| file.module[..end].to_vec()));
        let rooms: BTreeSet<Vec<String>> = of_files.collect();
        for room in rooms {
            let is_named = room.first().is_some_and(|first| package.starts_with(first.as_str()));
            let lead = if is_named { Vec::new() } else { vec![package.trim_end_matches('/').to_owned()] };
            let circle = circle(&room, &files, &handed_on);
            if !circle.is_empty() {
                found.insert(lead.into_iter().chain(room).collect::<Vec<_>>().join("/"), circle.join(", "));
            }
        }
    }
    let known: BTreeSet<String> = CIRCLES.iter().map(|room| (*room).to_owned()).collect();
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), known, "{found:#?}");
}

#[test]
fn libraries_stay_in_their_rooms_and_designer_and_command_line_apart() {
    let files = packages();
    for (room, library) in [("engine/", "polars"), ("gui/", "egui"), ("cli/", "clap")] {
        let uses = files.iter().filter(|file| lies_in(&place(file), room) && file.named.has(&[library])).count();
        assert!(uses > 0, "no file of {room} uses {library}: the search sees nothing");
    }
    for room in NOT_OF_THE_ENGINE {
        assert!(ROOMS.contains(&room), "there is no room `{room}`");
    }
    assert_none(&files.iter().flat_map(|file| strangers(&place(file), &file.named)).collect::<Vec<_>>());
}

#[test]
fn only_the_rooms_that_must_reach_outside() {
    let files = packages();
    for (what, paths, homes) in OUTSIDE {
        for home in homes {
            let mut at_home = files.iter().filter(|file| lies_in(&place(file), home));
            let is_used = at_home.any(|file| paths.iter().any(|path| file.named.has(path)));
            assert!(is_used, "{home} does not use {what}: it need not be allowed to");
        }
    }
    assert_none(&files.iter().flat_map(|file| outside(&place(file), &file.named)).collect::<Vec<_>>());
}

#[test]
fn colours_and_fonts_come_from_the_theme() {
    let files = packages();
    assert!(files.iter().any(|file| place(file) == "gui/theme.rs"));
    assert_none(&files.iter().flat_map(|file| unthemed(&place(file), &file.named)).collect::<Vec<_>>());
}

#[test]
fn planted_violations_are_found() {
    let module = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    let named = |at: &str, text: &str| names_in(text, &module(at)).0;
    for text in [
        "use crate::plan::Plan;",
        "use crate::{data::Value, plan::Plan};",
        "use crate::{data::Value, planner::{self, rules}};",
        "pub use crate::export;",
        "use super::super::project::Project;",
        "use crate::*;",
        "fn f(x: &crate::steps::Settings) {}",
        "fn f() { println!(\"{}\", crate::project::load(\"\").is_ok()) }",
        "const X: fn() = super::super::planner::run;",
    ] {
        assert_ne!(above(&module("expr::parse"), &named("expr::parse", text)), [""; 0], "{text}");
    }
    let right = "use crate::{data::Value, diagnostic::*}; use super::plan; fn f() { crate::policy::of() }\n\
                 #[cfg(test)] mod tests { use crate::plan::Plan; }";
    assert_eq!(above(&module("expr::parse"), &named("expr::parse", right)), [""; 0]);
    for (place, text) in [
        ("cli/run.rs", "use polars::prelude::DataFrame;"),
        ("core/data/value.rs", "fn f() -> polars_core::Series { x() }"),
        ("cli/run.rs", "use {std::io, egui::Ui};"),
        ("engine/run.rs", "fn f(x: eframe::Frame) {}"),
        ("cli/run.rs", "use crate::{cli::args, gui::App};"),
        ("gui/app.rs", "use super::cli::args;"),
        ("engine/run.rs", "use pipewright_core::{data::Value, project::Project};"),
        ("engine/run.rs", "use pipewright_core::planner::Catalogue;"),
        ("engine/run.rs", "fn f() { pipewright_core::steps::kinds(); }"),
        ("engine/run.rs", "use pipewright_core::model::PlannedSource;"),
        ("app/evidence.rs", "use polars::prelude::DataFrame;"),
        ("cli.rs", "use polars::prelude::DataFrame;"),
        ("gui.rs", "use crate::cli::args;"),
    ] {
        let at = place.trim_end_matches(".rs").replace('/', "::");
        assert_ne!(strangers(place, &named(at.split("::").next().unwrap(), text)), [""; 0], "{place}: {text}");
    }
    for text in [
        "use std::fs;",
        "use std::{io, fs::File};",
        "use std::*;",
        "fn f() { std::fs::remove_file(\"x\") }",
        "fn f(path: &Path) -> bool { path.exists() }",
        "use std::net::{IpAddr, TcpStream};",
        "use std::process::Command;",
        "use std::env;",
        "fn f() { dbg(format!(\"{:?}\", std::env::var(\"x\"))) }",
    ] {
        assert_ne!(outside("core/export.rs", &named("export", text)), [""; 0], "{text}");
    }
    let right = "use std::net::IpAddr; use std::io; const X: &str = env!(\"HOME\");\n\
                 #[cfg(test)] mod tests { use std::fs; }";
    assert_eq!(outside("core/export.rs", &named("export", right)), [""; 0]);
    for text in [
        "const RED: Color32 = Color32::from_rgb(1, 2, 3);",
        "fn f() { paint(egui::Color32::RED) }",
        "fn f() -> FontId { FontId::proportional(12.0) }",
        "fn f() { paint(hex_color!(\"#fff\")); egui::hex_color!(\"#fff\"); }",
    ] {
        assert_ne!(unthemed("gui/topbar.rs", &named("gui::topbar", text)), [""; 0], "{text}");
    }
    assert_eq!(unthemed("gui/theme.rs", &named("gui::theme", "const RED: Color32 = Color32::RED;")), [""; 0]);
    assert!(begins(&module("std::*"), &["std", "fs"]) && !begins(&module("std::io"), &["std", "fs"]));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let mut faults = Vec::new();
    for folder in ["src", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            if !text.starts_with("//!") {
                faults.push(format!("{} does not open with what it is for", shown(&file)));
            }
            let lines = text.lines().count();
            if lines > 700 {
                faults.push(format!("{} has {lines} lines", shown(&file)));
            }
        }
    }
    assert_none(&faults);
}
