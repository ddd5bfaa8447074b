//! The walls that the compiler does not hold: import directions inside core, who may name which library, who touches
//! files, network, processes and the environment, and house rules of the whole tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::code::{CodeFile, Named, begins, files_of, names_in};
use crate::support::root;

/// The rooms of core, each above those before it.
const ROOMS: [&str; 15] = [
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
    "export",
    "generate",
];

/// The packages: where their root file lies.
const PACKAGES: [&str; 4] = ["src/core/lib.rs", "src/engine/lib.rs", "src/lib.rs", "src/main.rs"];

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
        ],
        &[],
    ),
    (
        "processes",
        &[&["std", "process", "Command"], &["std", "process", "exit"], &["std", "process", "abort"]],
        // The bench measures whole processes, also its own and DuckDB's; a signal ends this one.
        &["engine/bench.rs", "engine/bench/", "cli/bench.rs", "cli/mod.rs"],
    ),
    ("the environment", &[&["std", "env"]], &["core/files/", "engine/", "cli/", "gui/"]),
];

/// Rooms of core that the engine does not know, and its files that do: what designer and command line share of
/// projects, which runs and previews must not need.
const NOT_OF_THE_ENGINE: [&str; 3] = ["project", "model", "planner"];
const SHARED: [&str; 7] = [
    "engine/answers.rs",
    "engine/collected.rs",
    "engine/differences.rs",
    "engine/evidence.rs",
    "engine/pinned.rs",
    "engine/resolve.rs",
    "engine/volume.rs",
];

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
        if is_polars && !place.starts_with("engine/") || is_egui && !place.starts_with("gui/") {
            faults.push(format!("{place} names `{part}`"));
        }
    }
    for (room, other) in [("gui", "cli"), ("cli", "gui")] {
        if place.starts_with(&format!("{room}/")) && named.has(&["crate", other]) {
            faults.push(format!("{place} imports `{other}`"));
        }
    }
    // The engine knows plans, not projects. Why a source is only planned is part of a plan.
    let knows = |room: &str| {
        let of_plans = ["pipewright_core", "model", "PlannedSource"];
        let mut known = named.paths.iter().filter(|path| begins(path, &["pipewright_core", room]));
        known.any(|path| path.iter().ne(of_plans) && !path.starts_with(&of_plans.map(str::to_owned)))
    };
    if place.starts_with("engine/") && !SHARED.contains(&place) {
        let known = NOT_OF_THE_ENGINE.iter().filter(|room| knows(room));
        faults.extend(known.map(|room| format!("{place} imports `{room}`")));
    }
    faults
}

/// What leads out of the program where it must not.
fn outside(place: &str, named: &Named) -> Vec<String> {
    let mut faults = Vec::new();
    for (what, paths, homes) in OUTSIDE {
        if homes.iter().any(|home| place.starts_with(home)) {
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
    if !place.starts_with("gui/") || place == "gui/theme.rs" || place.starts_with("gui/theme/") {
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
    let files: Vec<&CodeFile> = packages().iter().filter(|file| place(file).starts_with("core/")).collect();
    let there: BTreeSet<&str> = files.iter().filter_map(|file| Some(file.module.first()?.as_str())).collect();
    assert_eq!(there, BTreeSet::from(ROOMS), "every room has its place");
    let faults = files.iter().flat_map(|file| {
        let found = above(&file.module, &file.named);
        found.into_iter().map(|fault| format!("{}: {fault}", shown(&file.path)))
    });
    assert_none(&faults.collect::<Vec<_>>());
}

#[test]
fn libraries_stay_in_their_rooms_and_designer_and_command_line_apart() {
    let files = packages();
    for (room, library) in [("engine/", "polars"), ("gui/", "egui"), ("cli/", "clap")] {
        let uses = files.iter().filter(|file| place(file).starts_with(room) && file.named.has(&[library])).count();
        assert!(uses > 0, "no file of {room} uses {library}: the search sees nothing");
    }
    for shared in SHARED {
        let file = files.iter().find(|file| place(file) == shared).unwrap_or_else(|| panic!("there is no {shared}"));
        let is_needed = NOT_OF_THE_ENGINE.iter().any(|room| file.named.has(&["pipewright_core", room]));
        assert!(is_needed, "{shared} needs no leave any more");
    }
    assert_none(&files.iter().flat_map(|file| strangers(&place(file), &file.named)).collect::<Vec<_>>());
}

#[test]
fn only_the_rooms_that_must_reach_outside() {
    let files = packages();
    for (what, paths, homes) in OUTSIDE {
        for home in homes {
            let mut at_home = files.iter().filter(|file| place(file).starts_with(home));
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
        assert_ne!(outside("core/export/mod.rs", &named("export", text)), [""; 0], "{text}");
    }
    let right = "use std::net::IpAddr; use std::io; const X: &str = env!(\"HOME\");\n\
                 #[cfg(test)] mod tests { use std::fs; }";
    assert_eq!(outside("core/export/mod.rs", &named("export", right)), [""; 0]);
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
