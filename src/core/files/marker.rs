//! The marker: `.pipewright.json` in a folder lists what Pipewright wrote there. Only what is listed is replaced or
//! removed; what is not is the user's.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::regular::open_file;

/// Name of the file.
pub const MARKER: &str = ".pipewright.json";
/// Where a bundle keeps the rows that prove it.
const RECEIPT: &str = "receipt";
/// Bytes that a marker may have: what is larger is none.
const LARGEST: u64 = 64 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    /// Version: 1.
    pipewright_files: u64,
    /// By path inside the folder, with `/`.
    pub files: BTreeMap<String, Mark>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The verb that wrote it.
    pub by: String,
    /// Of files that are made to be looked at and changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Of results, which may be large: bytes, and the time of the last change in nanoseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<(u64, u128)>,
}

impl Mark {
    /// Of a result as it is now.
    pub fn of_result(path: &Path) -> io::Result<Mark> {
        Ok(Mark { by: "run".to_owned(), sha256: None, state: Some(state_of(path)?) })
    }

    /// Whether a result is still what was written.
    pub fn is_unchanged(&self, path: &Path) -> bool {
        if let Some(digest) = &self.sha256 {
            return digest_of(path).is_ok_and(|found| found == *digest);
        }
        self.state.is_some() && state_of(path).ok() == self.state
    }
}

/// Whether a folder is the receipt of an exported bundle: its rows are samples of sources, and no source.
pub fn is_receipt(folder: &Path) -> bool {
    let is_named_so = folder.file_name().is_some_and(|name| name == RECEIPT);
    is_named_so && folder.parent().is_some_and(Marker::is_of_export)
}

fn state_of(path: &Path) -> io::Result<(u64, u128)> {
    let about = path.symlink_metadata()?;
    let changed = about.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ok((about.len(), changed.as_nanos()))
}

impl Marker {
    /// What a folder's marker lists; nothing where there is none, or one that cannot be read.
    pub fn of(folder: &Path) -> Marker {
        Marker::read_file(&folder.join(MARKER)).unwrap_or_else(Marker::new)
    }

    /// Whether `export` wrote to a folder.
    pub fn is_of_export(folder: &Path) -> bool {
        Marker::of(folder).files.values().any(|mark| mark.by == "export")
    }

    /// Whether a marker may be written there: there is none, or one that Pipewright wrote.
    pub fn is_free(folder: &Path) -> bool {
        let path = folder.join(MARKER);
        path.symlink_metadata().is_err() || Marker::is_at(&path)
    }

    /// Whether a file is a marker; one that is just being made is empty.
    pub fn is_at(path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|about| about.len() == 0 && about.is_file())
            || Marker::read_file(path).is_some()
    }

    fn read_file(path: &Path) -> Option<Marker> {
        let mut text = String::new();
        let read = open_file(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        let marker: Option<Marker> = read.ok().and_then(|_| serde_json::from_str(&text).ok());
        marker.filter(|marker| marker.pipewright_files == 1)
    }

    pub fn new() -> Marker {
        Marker { pipewright_files: 1, files: BTreeMap::new() }
    }

    /// Of a folder of results that was written as a whole.
    pub fn of_all(folder: &Path) -> io::Result<Marker> {
        let mut marker = Marker::new();
        for name in files_below(folder)? {
            let mark = Mark::of_result(&folder.join(&name))?;
            marker.files.insert(name, mark);
        }
        Ok(marker)
    }

    /// Whether a file of the folder is a result, as it was written.
    pub fn has_result(&self, folder: &Path, name: &str) -> bool {
        self.files.get(name).is_some_and(|mark| mark.state.is_some() && mark.is_unchanged(&folder.join(name)))
    }

    /// Adds to a marker that is written aside the results that another one lists.
    pub fn renew(aside: &Path, known: &Marker) -> io::Result<()> {
        let mut marker: Marker = serde_json::from_slice(&fs::read(aside)?)?;
        for (name, mark) in known.files.iter().filter(|(_, mark)| mark.state.is_some()) {
            let is_own = marker.files.get(name).is_some_and(|own| own.sha256.is_some());
            if !is_own {
                marker.files.insert(name.clone(), mark.clone());
            }
        }
        marker.write(aside)?;
        fs::File::open(aside)?.sync_all()
    }

    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, serde_json::to_string_pretty(self)? + "\n")
    }
}

/// Whether a file is a result of a run, as it was written.
pub fn is_result(file: &Path) -> bool {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
        return false;
    };
    Marker::of(folder).has_result(folder, name)
}

/// Whether something stands at a place that no run wrote, or that was changed since.
pub fn is_foreign(target: &Path) -> bool {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = target.parent().unwrap_or(Path::new("."));
    let is_there = target.symlink_metadata().is_ok();
    is_there && !target.is_dir() && !Marker::of(folder).has_result(folder, &name)
}

/// The first thing in a folder that its marker does not list: not ours to replace.
pub(super) fn foreign(folder: &Path) -> io::Result<Option<String>> {
    let marker = Marker::of(folder);
    // What a run wrote beside partitions was another load's.
    let is_of_partitions = |name: &str| name.split_once('/').is_some_and(|(first, _)| first.contains('='));
    let is_own = |name: &str| name == MARKER || is_of_partitions(name) && marker.has_result(folder, name);
    Ok(files_below(folder)?.into_iter().find(|name| !is_own(name)))
}

/// Everything in a folder but folders, by path with `/`, sorted. Links are not followed.
fn files_below(folder: &Path) -> io::Result<Vec<String>> {
    let (mut found, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = if below.is_empty() { name } else { format!("{below}/{name}") };
            match entry.file_type()?.is_dir() {
                true => folders.push(name),
                false => found.push(name),
            }
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn digest_of(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut digest)?;
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_marker_does_not_list_is_foreign() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("day=1")).unwrap();
        fs::write(at("day=1/part-0.csv"), "x").unwrap();
        assert_eq!(foreign(folder.path()).unwrap().as_deref(), Some("day=1/part-0.csv"));
        Marker::of_all(folder.path()).unwrap().write(&at(MARKER)).unwrap();
        assert_eq!(foreign(folder.path()).unwrap(), None);
        // Something else under the same name.
        fs::write(at("day=1/part-0.csv"), "mine").unwrap();
        assert_eq!(foreign(folder.path()).unwrap().as_deref(), Some("day=1/part-0.csv"));
        fs::remove_file(at(MARKER)).unwrap();
        Marker::of_all(folder.path()).unwrap().write(&at(MARKER)).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        fs::write(at(".git/HEAD"), "x").unwrap();
        assert_eq!(foreign(folder.path()).unwrap().as_deref(), Some(".git/HEAD"));
    }

    #[test]
    fn a_marker_that_is_none_lists_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "{}", "[1]", "{\"pipewright_files\": 2, \"files\": {\"a\": {\"by\": \"run\"}}}"] {
            fs::write(folder.path().join(MARKER), text).unwrap();
            assert_eq!(Marker::of(folder.path()), Marker::new(), "{text}");
        }
    }
}
