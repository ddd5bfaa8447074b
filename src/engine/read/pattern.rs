//! Patterns of file names, followed part by part: `*`, `?`, `[ab]` within a name, `**` for folders. Every folder is looked
//! into once, so that links which lead round end; and only where the project reaches. Must not import formats or plans.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use glob::Pattern;
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::{is_receipt, is_trusted, may_read, may_read_real, out_of_reach, real};

/// What a pattern leads to: files, in the order of the walk, and folders that cannot be looked into, with the cause.
#[derive(Debug, Default)]
pub struct Found {
    pub files: Vec<PathBuf>,
    pub closed: BTreeMap<PathBuf, String>,
}

/// The cause where a link is all that is left of a file.
pub(super) const NOWHERE: &str = "the link leads nowhere";

/// Whether there is a link to what is not there.
pub(super) fn leads_nowhere(place: &Path) -> bool {
    let is_link = fs::symlink_metadata(place).is_ok_and(|about| about.is_symlink());
    is_link && fs::metadata(place).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Of each `**` all folders are gone through anew.
const MOST_FOLDERS: usize = 8;

/// One part of a pattern.
enum Part {
    /// A name, or `..`.
    Plain(String),
    Wild(Pattern),
    /// `**`: this folder, and all that are below it, but for hidden ones and receipts of bundles.
    Folders,
}

/// Names that no pattern means which does not begin with a dot itself: also of what Pipewright has aside while it writes.
fn is_hidden_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether a part of a path stands for several names.
pub fn is_wild(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// The files that fit a pattern; relative ones start at `base`. Errors: it is none, or it leads to where a project whose
/// paths start there may not look; what is there is not told then.
pub fn find(path: &str, base: &Path) -> Result<Found, Diagnostic> {
    let (mut start, mut parts) = (base.to_owned(), Vec::new());
    for component in Path::new(path).components() {
        match component {
            Component::Prefix(_) | Component::RootDir => start.push(component),
            Component::CurDir => {}
            Component::ParentDir => parts.push(Part::Plain("..".to_owned())),
            // Folders below folders are the folders below.
            Component::Normal(name) if name == "**" && matches!(parts.last(), Some(Part::Folders)) => {}
            Component::Normal(name) => parts.push(part(&name.to_string_lossy(), path)?),
        }
    }
    if parts.iter().filter(|part| matches!(part, Part::Folders)).count() > MOST_FOLDERS {
        return Err(no_pattern(path, &format!("`**` stands in it more than {MOST_FOLDERS} times")));
    }
    let refused = out_of_reach(&base.join(path));
    let is_guest = !is_trusted(base);
    let mut from_wild = parts.iter().skip_while(|part| matches!(part, Part::Plain(_)));
    // Above a folder that only a pattern names lies whatever.
    if is_guest && from_wild.any(|part| matches!(part, Part::Plain(name) if name == "..")) {
        return Err(refused);
    }
    let mut walk = Walk { base, refused, is_guest, seen: BTreeSet::new(), found: Found::default() };
    let real = real(&start).unwrap_or_else(|| start.clone());
    walk.follow(Place { path: start, real }, &parts)?;
    Ok(walk.found)
}

fn part(name: &str, path: &str) -> Result<Part, Diagnostic> {
    match name {
        "**" => Ok(Part::Folders),
        _ if !is_wild(name) => Ok(Part::Plain(name.to_owned())),
        _ => Pattern::new(name).map(Part::Wild).map_err(|error| {
            let cause = match error.msg {
                "invalid range pattern" => "a `[` is not closed",
                _ => "`**` stands alone between two `/`",
            };
            no_pattern(path, cause)
        }),
    }
}

fn no_pattern(path: &str, cause: &str) -> Diagnostic {
    Diagnostic::error("PW0905", format!("`{path}` is no pattern of file names: {cause}"))
        .help("`*` stands for any text, `?` for one character, `[ab]` for one of these, `**` for folders")
        .field("path")
}

/// Where a walk is.
struct Place {
    path: PathBuf,
    /// The same without links: known from the folder before, since following the whole way anew for each folder takes
    /// ever longer where they nest.
    real: PathBuf,
}

impl Place {
    fn below(&self, name: impl AsRef<Path>) -> Place {
        Place { path: self.path.join(&name), real: self.real.join(name) }
    }
}

struct Walk<'a> {
    base: &'a Path,
    /// What is told where the pattern leads out of the project's reach.
    refused: Diagnostic,
    is_guest: bool,
    /// Folders that were looked into, each with the number of parts that were left.
    seen: BTreeSet<(usize, PathBuf)>,
    found: Found,
}

impl Walk<'_> {
    fn follow(&mut self, start: Place, parts: &[Part]) -> Result<(), Diagnostic> {
        let mut open = vec![(start, parts)];
        while let Some((place, parts)) = open.pop() {
            let Some((first, rest)) = parts.split_first() else {
                self.take(place)?;
                continue;
            };
            match first {
                Part::Plain(name) => open.push((self.settled(place.below(name))?, rest)),
                Part::Wild(pattern) => {
                    let Some(names) = self.names(&place, parts.len())? else { continue };
                    // `run[1]` is the folder of that name where there is one, not `run1`.
                    if pattern.as_str().contains('[') && names.iter().any(|name| name == pattern.as_str()) {
                        open.push((self.settled(place.below(pattern.as_str()))?, rest));
                        continue;
                    }
                    let may_be_hidden = pattern.as_str().starts_with('.');
                    let names = names.into_iter().rev().filter(|name| may_be_hidden || !is_hidden_name(name));
                    // A name that is no UTF-8 is as it is shown.
                    let fits = names.filter(|name| pattern.matches(&name.to_string_lossy()));
                    for name in fits {
                        open.push((self.settled(place.below(name))?, rest));
                    }
                }
                Part::Folders => {
                    let Some(names) = self.names(&place, parts.len())? else { continue };
                    let names = names.into_iter().rev().filter(|name| !is_hidden_name(name));
                    for below in names.map(|name| place.below(name)) {
                        let below = self.settled(below)?;
                        if self.is_folder(&below.path) && !is_receipt(&below.path) {
                            open.push((below, parts));
                        }
                    }
                    open.push((place, rest));
                }
            }
        }
        Ok(())
    }

    /// With the place that a link leads to, where it is one: whether that may be looked into is asked where it is.
    fn settled(&self, place: Place) -> Result<Place, Diagnostic> {
        let is_link = |place: &Place| fs::symlink_metadata(&place.path).is_ok_and(|about| about.is_symlink());
        if !place.path.ends_with("..") && !is_link(&place) {
            return Ok(place);
        }
        match place.path.canonicalize() {
            Ok(real) => Ok(Place { path: place.path, real }),
            // That nothing is there would be told of it.
            Err(_) if self.is_guest && !may_read(self.base, &place.path) => Err(self.refused.clone()),
            Err(_) => Ok(place),
        }
    }

    fn take(&mut self, Place { path: file, real }: Place) -> Result<(), Diagnostic> {
        self.check(&real)?;
        match fs::metadata(&file) {
            Ok(about) if about.is_file() => self.found.files.push(file),
            Ok(_) => {}
            Err(error) if !leads_nowhere(&file) => self.note_closed(file.parent().unwrap_or(&file), &error),
            Err(_) => drop(self.found.closed.insert(file, NOWHERE.to_owned())),
        }
        Ok(())
    }

    /// Whether something is there is told of no place that is out of reach.
    fn check(&self, real: &Path) -> Result<(), Diagnostic> {
        match self.is_guest && !may_read_real(self.base, real) {
            true => Err(self.refused.clone()),
            false => Ok(()),
        }
    }

    /// The names in a folder, sorted; none where it is no folder. `None`: it was looked into before.
    fn names(&mut self, place: &Place, left: usize) -> Result<Option<Vec<OsString>>, Diagnostic> {
        self.check(&place.real)?;
        if !self.seen.insert((left, place.real.clone())) {
            return Ok(None);
        }
        let folder = &place.path;
        let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut names: Vec<OsString> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.file_name()).collect(),
            Err(error) => {
                self.note_closed(folder, &error);
                Vec::new()
            }
        };
        names.sort();
        Ok(Some(names))
    }

    fn is_folder(&mut self, place: &Path) -> bool {
        fs::metadata(place).map(|about| about.is_dir()).unwrap_or_else(|error| {
            self.note_closed(place, &error);
            false
        })
    }

    /// What is not there is no fault.
    fn note_closed(&mut self, place: &Path, error: &io::Error) {
        if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
            self.found.closed.entry(place.to_owned()).or_insert_with(|| io_cause(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that no way is followed anew for each folder: that takes ever longer where they nest.
    #[test]
    #[cfg(unix)]
    fn a_place_below_folders_that_nest_is_known_from_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("in/a/b")).unwrap();
        fs::create_dir_all(at("far/c")).unwrap();
        fs::write(at("in/a/b/x.csv"), "x").unwrap();
        fs::write(at("far/c/y.csv"), "x").unwrap();
        std::os::unix::fs::symlink("../../far", at("in/a/link")).unwrap();
        let parts = [Part::Folders, Part::Wild(Pattern::new("*.csv").unwrap())];
        let base = at("in");
        let walk = |is_guest: bool| {
            let refused = out_of_reach(&base);
            let mut walk = Walk { base: &base, refused, is_guest, seen: BTreeSet::new(), found: Found::default() };
            walk.follow(Place { path: base.clone(), real: base.clone() }, &parts)
                .map(|()| (walk.seen, walk.found.files))
        };
        let (seen, mut files) = walk(false).unwrap();
        files.sort();
        assert_eq!(files, [at("in/a/b/x.csv"), at("in/a/link/c/y.csv")]);
        let real: BTreeSet<PathBuf> = seen.into_iter().map(|(_, place)| place).collect();
        let folders = ["far", "far/c", "in", "in/a", "in/a/b"].map(at);
        assert_eq!(real, BTreeSet::from(folders));
        assert_eq!(walk(true).unwrap_err().code, "PW0750", "a link out of the project");
    }
}
