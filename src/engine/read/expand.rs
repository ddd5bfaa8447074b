//! Paths and globs → files, sorted. Must not import formats or plans.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::{Diagnostic, Severity, io_cause, near_file};
use pipewright_core::files::{check_reach, is_receipt, place_of};
use pipewright_core::ir::{path_pieces, pattern_of_pieces};

use super::input::{STANDARD_INPUT, handed_over, standard_input};
use super::open::unreadable;
use super::pattern::{Found, NOWHERE, find, is_wild, leads_nowhere};
use super::rotated::in_order;

/// What a path leads to.
#[derive(Debug, Default)]
pub struct Expanded {
    /// Sorted.
    pub files: Vec<PathBuf>,
    /// Folders on the way that cannot be looked into, each with its warning: what is in them is missing.
    pub closed: Vec<Diagnostic>,
}

/// The files that a path, folder or glob names, sorted; relative ones start at `base`. A folder gives every file below
/// it. Errors: nothing there, a pattern that is none, a folder that may not be read, a place that a project whose paths
/// start at `base` does not reach.
pub fn expand(path: &str, base: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    expand_all(path, base).map(|found| found.files)
}

/// The same, with what a pattern had to pass over.
pub fn expand_all(path: &str, base: &Path) -> Result<Expanded, Diagnostic> {
    if path.trim() == STANDARD_INPUT && !base.join(STANDARD_INPUT).exists() {
        return Ok(Expanded { files: vec![standard_input()?], closed: Vec::new() });
    }
    check_reach(base, &base.join(path.trim()))?;
    files_of(path, base)
}

/// The path that makes columns of a folder's folders `name=value`, as partitioned loads write them; `None` where not all
/// of its files lie in such ones.
pub fn partitioned(path: &str, base: &Path) -> Option<String> {
    const DEEPEST: usize = 16;
    let whole = path.trim().trim_end_matches('/');
    let mut folder = base.join(whole);
    check_reach(base, &folder).ok()?;
    let mut pattern = whole.to_owned();
    for _ in 0..DEEPEST {
        let entries = std::fs::read_dir(&folder).ok()?.collect::<Result<Vec<_>, _>>().ok()?;
        let seen = entries.iter().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
        let folders = seen.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let Some(first) = folders.map(std::fs::DirEntry::path).min() else { break };
        let name = first.file_name()?.to_str()?.split_once('=')?.0.to_owned();
        pattern.push_str(&format!("/{name}=<{name}>"));
        folder = first;
    }
    pattern.push_str("/*");
    let files = |path: &str| expand(path, base).ok().map(|files| files.into_iter().collect::<BTreeSet<_>>());
    let (all, fitting) = (files(whole)?, files(&pattern)?);
    (!path_pieces(&pattern).is_empty() && all == fitting).then_some(pattern)
}

/// The path of a source, which makes the columns that are declared of a folder's folders `name=value`.
pub fn path_of_source<'a>(path: &'a str, schema: &Schema, base: &Path) -> Cow<'a, str> {
    if !path_pieces(path).is_empty() || !base.join(path.trim()).is_dir() {
        return path.into();
    }
    let is_wanted = |found: &String| path_pieces(found).iter().any(|name| schema.has(name));
    partitioned(path, base).filter(is_wanted).map_or(path.into(), Cow::Owned)
}

/// Whether two paths, folders or globs name a file in common, by whatever names.
pub fn share_files(one: &str, other: &str, base: &Path) -> bool {
    let files = |path: &str| {
        let files = if path.trim() == STANDARD_INPUT { Vec::new() } else { expand(path, base).unwrap_or_default() };
        files.iter().filter_map(|file| place_of(file)).collect::<BTreeSet<_>>()
    };
    !files(one).is_disjoint(&files(other))
}

fn files_of(path: &str, base: &Path) -> Result<Expanded, Diagnostic> {
    let only = |files: Vec<PathBuf>| Expanded { files, closed: Vec::new() };
    let path = path.trim();
    if path.is_empty() {
        return Err(Diagnostic::error("PW0903", "no file is named")
            .help("choose a file, or type its path")
            .field("path"));
    }
    let full = base.join(path);
    if full.is_dir() {
        let found = below(&full, base)?;
        return Ok(Expanded { files: once(found.files), closed: told(&found.closed) });
    }
    // Another pipe or a device: who opens it says so.
    if full.exists() {
        return Ok(only(vec![handed_over(&full)?.unwrap_or(full)]));
    }
    let pattern = pattern_of_pieces(path);
    if !is_wild(&pattern) {
        return Err(missing(path, &full));
    }
    let Found { mut files, closed } = find(&pattern, base)?;
    let closed = told(&closed);
    if let (true, Some(first)) = (files.is_empty(), closed.first()) {
        return Err(Diagnostic { severity: Severity::Error, ..first.clone() });
    }
    if files.is_empty() {
        return Err(Diagnostic::error("PW0904", format!("no file fits `{path}`"))
            .help("see whether the folder is right; `*` does not cross folders, `**` does")
            .field("path"));
    }
    files.sort();
    Ok(Expanded { files: once(files), closed })
}

/// Each file once, under the first of its own names where it has one here: `current.log` is often a link to one of the
/// others.
fn once(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let is_link = |file: &Path| file.symlink_metadata().is_ok_and(|about| about.is_symlink());
    let (links, own): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|file| is_link(file));
    let mut seen = BTreeSet::new();
    let is_new = |file: &PathBuf| place_of(file).is_none_or(|place| seen.insert(place));
    let found: Vec<PathBuf> = own.into_iter().chain(links).filter(is_new).collect();
    in_order(found)
}

fn told(closed: &BTreeMap<PathBuf, String>) -> Vec<Diagnostic> {
    closed.iter().map(|(place, cause)| left_out(place, cause)).collect()
}

fn left_out(place: &Path, cause: &str) -> Diagnostic {
    if cause == NOWHERE {
        return Diagnostic::warning("PW0497", format!("{cause}, so what it stood for is missing"))
            .help("put back what it names, or remove it")
            .file(place.display().to_string());
    }
    Diagnostic::warning("PW0497", format!("a folder on the way cannot be read, so what is in it is missing: {cause}"))
        .help("give this user the right to read it, or write a path that does not lead there")
        .file(place.display().to_string())
}

/// The files in a folder and below, also behind links; each folder is looked into once, by its own name where it has one
/// here.
fn below(folder: &Path, base: &Path) -> Result<Found, Diagnostic> {
    let (mut files, mut links, mut closed) = (Vec::new(), Vec::new(), BTreeMap::new());
    let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    // With its place without links: that of a folder in it is known from it, however deep they nest.
    let mut folders = vec![(folder.to_owned(), real(folder))];
    let mut seen = BTreeSet::new();
    while let Some((folder, place)) = folders.pop().or_else(|| links.pop()) {
        if !seen.insert(place.clone()) {
            continue;
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| no_folder(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !hidden && !is_receipt(&entry.path()) => {
                    folders.push((entry.path(), place.join(entry.file_name())));
                }
                Ok(kind) if kind.is_symlink() && !hidden && entry.path().is_dir() && !is_receipt(&entry.path()) => {
                    check_reach(base, &entry.path())?;
                    links.push((entry.path(), real(&entry.path())));
                }
                Ok(kind) if !hidden && entry.path().is_file() => {
                    if kind.is_symlink() {
                        check_reach(base, &entry.path())?;
                    }
                    files.push(entry.path());
                }
                Ok(_) if !hidden && leads_nowhere(&entry.path()) => {
                    closed.insert(entry.path(), NOWHERE.to_owned());
                }
                // In a folder that may be listed, and not entered, nothing can be told of what is there.
                Ok(_) if !hidden => {
                    if let Err(error) = entry.path().metadata() {
                        return Err(no_folder(&folder, &error));
                    }
                }
                Ok(_) => {}
                Err(error) => return Err(no_folder(&folder, &error)),
            }
        }
    }
    if files.is_empty() {
        return Err(Diagnostic::error("PW0904", "the folder holds no files")
            .help("choose another folder, or a file in it; hidden files are left out")
            .file(folder.display().to_string()));
    }
    files.sort();
    Ok(Found { files, closed })
}

fn no_folder(folder: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("PW0906", format!("the folder cannot be read: {}", io_cause(error)))
        .help("give this user the right to list and enter it")
        .file(folder.display().to_string())
}

/// A file that is not there, with the nearest name beside it.
pub(crate) fn missing(path: &str, full: &Path) -> Diagnostic {
    let folder = full.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let help = match near_file(full) {
        Some(near) => near,
        None if !folder.is_dir() => {
            format!("there is no folder `{}` either; see whether the path is right", folder.display())
        }
        None if Path::new(path).is_absolute() => "see whether the path is right".to_owned(),
        None => "see whether the folder is right; paths in a project are relative to its file".to_owned(),
    };
    Diagnostic::error("PW0904", format!("there is no file `{path}`")).help(help).field("path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_brackets_in_its_name_is_itself_where_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["run[1]", "run1"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("a.csv"), "x").unwrap();
        }
        let only = |name: &str| vec![folder.path().join(name).join("a.csv")];
        assert_eq!(expand("run[1]/*.csv", folder.path()).unwrap(), only("run[1]"));
        std::fs::remove_dir_all(folder.path().join("run[1]")).unwrap();
        assert_eq!(expand("run[1]/*.csv", folder.path()).unwrap(), only("run1"));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_a_link_beside_it_leads_to_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("in")).unwrap();
        std::fs::write(at("in/app-1.log"), "x").unwrap();
        std::fs::write(at("far.log"), "x").unwrap();
        std::fs::hard_link(at("in/app-1.log"), at("in/app-2.log")).unwrap();
        for (link, leads_to) in [("in/app.log", "app-1.log"), ("in/b.log", "../far.log"), ("in/c.log", "../far.log")] {
            std::os::unix::fs::symlink(leads_to, at(link)).unwrap();
        }
        pipewright_core::files::trust(folder.path());
        for path in ["in", "in/*.log"] {
            assert_eq!(expand(path, folder.path()).unwrap(), [at("in/app-1.log"), at("in/b.log")], "{path}");
        }
        assert_eq!(expand("in/app.log", folder.path()).unwrap(), [at("in/app.log")]);
    }

    #[test]
    #[cfg(unix)]
    fn folders_that_a_pattern_cannot_look_into_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("logs/a")).unwrap();
        std::fs::write(at("logs/a/app.log"), "x").unwrap();
        // Whoever runs the tests may read everything; a link to itself leads nowhere for anybody.
        std::os::unix::fs::symlink("round", at("logs/round")).unwrap();
        pipewright_core::files::trust(folder.path());
        for pattern in ["logs/*/app.log", "logs/*/*.log"] {
            let found = expand_all(pattern, folder.path()).unwrap();
            assert_eq!(found.files, [at("logs/a/app.log")], "{pattern}");
            assert_eq!(found.closed.len(), 1, "{pattern}: {:?}", found.closed);
            assert!(found.closed[0].location.file.as_ref().unwrap().ends_with("logs/round"), "{:?}", found.closed);
        }
        assert_eq!(expand_all("logs/r*/app.log", folder.path()).unwrap_err().code, "PW0497");
        std::fs::remove_file(at("logs/round")).unwrap();
        assert!(expand_all("logs/*/*.log", folder.path()).unwrap().closed.is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn names_that_are_no_text_and_linked_folders_hold_files_too() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        pipewright_core::files::trust(folder.path());
        let at = |name: &[u8]| folder.path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::create_dir_all(at(b"in/M\xe4rz")).unwrap();
        std::fs::create_dir_all(at(b"far/b")).unwrap();
        let files = [at(b"in/M\xe4rz/a.csv"), at(b"in/a.csv"), at(b"in/\xe4.csv"), at(b"far/b/c.csv")];
        files.iter().for_each(|file| std::fs::write(file, "x").unwrap());
        std::os::unix::fs::symlink("../far", at(b"in/y")).unwrap();
        std::os::unix::fs::symlink("..", at(b"in/round")).unwrap();
        let count = |path: &str| expand(path, folder.path()).unwrap().len();
        assert_eq!((count("in/*.csv"), count("in/*/*.csv"), count("in/?.csv")), (2, 1, 2));
        assert_eq!(count("in"), 4, "the link upwards leads to what is known, the other to a file more");
        std::fs::remove_file(at(b"in/round")).unwrap();
        assert_eq!((count("in"), count("in/**/*.csv")), (4, 4));
        // What a link stands for and is not there is missing.
        std::os::unix::fs::symlink("vanished.csv", at(b"in/nowhere.csv")).unwrap();
        for path in ["in", "in/*.csv", "in/**/*.csv"] {
            let closed = expand_all(path, folder.path()).unwrap().closed;
            assert!(closed.len() == 1 && closed[0].message.contains("leads nowhere"), "{path}: {closed:?}");
        }
        std::fs::remove_file(at(b"in/nowhere.csv")).unwrap();
        std::os::unix::fs::symlink(at(b"in/M\xe4rz"), at(b"in/again")).unwrap();
        let found = expand("in", folder.path()).unwrap();
        assert!(found.contains(&files[0]) && found.len() == 4, "once, by its own name: {found:?}");
    }

    #[test]
    fn globs_folders_and_near_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("logs")).unwrap();
        for name in ["logs/b.log", "logs/a.log", "logs/c.txt"] {
            std::fs::write(at(name), "x").unwrap();
        }
        assert_eq!(expand("logs/*.log", folder.path()).unwrap(), [at("logs/a.log"), at("logs/b.log")]);
        assert_eq!(expand("logs", folder.path()).unwrap().len(), 3);
        // Links that lead round end, and every folder is read once.
        #[cfg(unix)]
        for name in ["a", "b", "c"] {
            std::os::unix::fs::symlink(".", at(name)).unwrap();
        }
        std::fs::write(at("top.log"), "x").unwrap();
        let deep = format!("{}b.log", "*/".repeat(12));
        for (pattern, count) in
            [("**/a.log", 1), ("**/top.log", 1), ("**/zzz", 0), ("*/*/b.log", 1), (deep.as_str(), 1)]
        {
            let found = expand(pattern, folder.path()).map_or(0, |files| files.len());
            assert_eq!(found, count, "{pattern}");
        }
        assert!(expand("logs/d*.log", folder.path()).unwrap_err().message.contains("no file fits"));
        assert!(expand("logs/a.lgo", folder.path()).unwrap_err().help.unwrap().contains("`a.log`"));
        assert!(expand(" ", folder.path()).is_err());
    }
}
