//! The walls that the compiler does not hold: import directions inside core, and house rules of the whole tree.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

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

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The code of a file without its test module and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]\nmod"));
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn rooms_of_core_import_downwards_only() {
    const ROOMS: [&str; 13] = [
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
    ];
    let core = root().join("src/core");
    let mut faults = Vec::new();
    for (rank, room) in ROOMS.iter().enumerate() {
        let folder = core.join(room);
        let files = if folder.is_dir() { rust_files(&folder) } else { vec![core.join(format!("{room}.rs"))] };
        for file in files {
            let code = code(&file);
            for above in &ROOMS[rank + 1..] {
                if code.contains(&format!("crate::{above}::")) || code.contains(&format!("crate::{above};")) {
                    faults.push(format!("{} imports `{above}`, which lies above `{room}`", shown(&file)));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn polars_stays_in_the_engine_and_egui_in_the_designer() {
    let mut faults = Vec::new();
    for file in rust_files(&root().join("src")) {
        let (name, code) = (shown(&file), code(&file));
        if code.contains("polars::") && !name.starts_with("src/engine/") {
            faults.push(format!("{name} names polars"));
        }
        let is_gui = name.starts_with("src/gui/");
        if ["egui::", "eframe::", "rfd::"].iter().any(|part| code.contains(part)) && !is_gui {
            faults.push(format!("{name} names egui"));
        }
        if name.starts_with("src/cli/") && code.contains("crate::gui") || is_gui && code.contains("crate::cli") {
            faults.push(format!("{name}: `cli` and `gui` do not know each other"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn colours_sizes_and_fonts_come_from_the_theme() {
    let mut faults = Vec::new();
    for file in rust_files(&root().join("src/gui")) {
        let name = shown(&file);
        if name.ends_with("gui/theme.rs") || name.contains("gui/theme/") {
            continue;
        }
        let code = code(&file);
        for part in [
            "Color32::from_",
            "Color32::WHITE",
            "Color32::BLACK",
            "Color32::RED",
            "FontId::new",
            "FontId::proportional",
            "FontId::monospace",
        ] {
            if code.contains(part) {
                faults.push(format!("{name} has a `{part}` of its own"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
