//! What goes to one place: what is staged for it, what stands there, and how the list of files knows that.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::attributes::{masked, set_permissions, take_after};
use super::marker::{MARKER, Mark, Marker, foreign};
use super::names::{exists, inode_of, remove, slashes, sync};
use super::recovery::relative;
use super::report::gives_place;
use super::seal::{is_hidden_place, seal_of};

/// What goes to one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// In the manifest: from the manifest's own folder.
    pub folder: PathBuf,
    pub name: String,
    /// `None`: what is there goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<String>,
    /// Name that what is there gets until the end.
    pub old: String,
    /// Whether what is there must step aside first: a folder, or a file that cannot have two names.
    #[serde(default)]
    pub swap: bool,
    /// Whether what is there stays beside, under another name: it was not Pipewright's.
    #[serde(default)]
    pub keep: bool,
    /// How the folder's marker knew what is there: what was changed since stays beside too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Mark>,
    /// Bytes of what is staged, with all that is in it: less of it is not put in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// By which what is staged is known wherever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
    #[serde(skip)]
    pub what: What,
    /// Nothing may be there at the end.
    #[serde(skip)]
    pub fresh: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum What {
    /// A file that its user named: it is replaced.
    #[default]
    File,
    /// A report: it replaces another one; what else came to its place meanwhile is kept beside.
    Report,
    /// A file of a run: what it replaces without being Pipewright's is kept beside.
    Output,
    /// A folder of a run: replaced only where it holds nothing else.
    Folder,
    /// A file of a verb that makes a whole folder, which looks at what it replaces itself.
    Listed,
}

impl Entry {
    pub fn target(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Whether a path, by whatever name of its folder, is this place.
    pub fn is_at(&self, place: &Path) -> bool {
        let parent = place.parent().and_then(|parent| parent.canonicalize().ok());
        place.ends_with(&self.name) && parent.is_some_and(|parent| parent == self.folder)
    }

    pub fn old(&self) -> PathBuf {
        self.folder.join(&self.old)
    }

    pub fn staged(&self) -> Option<PathBuf> {
        self.staged.as_ref().map(|staged| self.folder.join(staged))
    }

    /// Whether what was staged stands in its place, and what stood there has its name aside.
    pub fn is_exchanged(&self) -> bool {
        let aside = self.staged().and_then(|staged| inode_of(&staged));
        self.inode.is_some()
            && inode_of(&self.target()) == self.inode
            && aside.is_some_and(|aside| Some(aside) != self.inode)
    }

    /// Whether what was staged is there and whole, or was put in its place already.
    pub fn is_whole(&self) -> bool {
        let (Some(staged), Some(size)) = (self.staged(), self.size) else { return true };
        if self.is_exchanged() {
            return true;
        }
        let target = self.target();
        match exists(&staged) {
            true => size_of(&staged).is_ok_and(|found| found == size),
            // What stands in its place is still what it was to replace.
            false => !exists(&target) || !self.was.as_ref().is_some_and(|was| was.is_unchanged(&target)),
        }
    }

    /// Whether what was replaced is not what Pipewright wrote there: somebody was quicker than the last look.
    pub fn is_changed(&self) -> bool {
        let old = self.old();
        match &self.was {
            _ if old.is_dir() => foreign(&old).map_or(true, |found| found.is_some()),
            _ if self.name == MARKER => !Marker::is_at(&old),
            Some(was) => !was.is_unchanged(&old),
            None if self.what == What::Report => !gives_place(&old),
            None => self.what != What::File,
        }
    }

    /// The verb whose files have this result's place: scripts of a bundle, or made-up data, are no results.
    pub fn is_of_other_verb(&self) -> Option<String> {
        let target = self.target();
        let mut folders = self.folder.ancestors().filter(|_| self.what == What::Output && exists(&target));
        folders.find_map(|folder| {
            let name = slashes(target.strip_prefix(folder).ok()?);
            Marker::of(folder).files.remove(&name).filter(|mark| mark.state.is_none()).map(|mark| mark.by)
        })
    }

    /// Brings what is staged to its last state, on the disk: mode of what it replaces, marker of a folder.
    pub fn settle(&self) -> io::Result<()> {
        let Some(staged) = self.staged() else { return Ok(()) };
        match self.what {
            What::Folder => {
                Marker::of_all(&staged)?.write(&staged.join(MARKER))?;
                // Who may not look into the folder, or a part of it, may not look into the next one either.
                if self.target().is_dir() {
                    keep_permissions(&staged, &self.target())?;
                }
            }
            What::File | What::Report | What::Output | What::Listed => {
                // Rows are never run, whatever they replace; and nothing is ever run as its owner.
                let kept = if self.what == What::Output { 0o666 } else { 0o777 };
                match self.target().metadata() {
                    Ok(_) if !is_executable(&staged)? => take_after(&staged, &self.target(), kept)?,
                    _ => set_permissions(&staged, masked(staged.metadata()?.permissions(), 0o777))?,
                }
            }
        }
        sync(&staged)
    }
}

/// Bytes of a file, or of all files in a folder and one more for each.
fn size_of(path: &Path) -> io::Result<u64> {
    let about = path.symlink_metadata()?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    fs::read_dir(path)?.map(|entry| Ok(size_of(&entry?.path())? + 1)).sum()
}

/// Gives a folder, and all in it, the rights of what stands at the same place of another one.
fn keep_permissions(folder: &Path, before: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (now, was) = (entry.file_type()?, before.join(entry.file_name()));
        match was.symlink_metadata() {
            Ok(was_there) if now.is_dir() && was_there.is_dir() => keep_permissions(&entry.path(), &was)?,
            Ok(was_there) if now.is_file() && was_there.is_file() => take_after(&entry.path(), &was, 0o666)?,
            _ => {}
        }
    }
    take_after(folder, before, 0o7777)
}

/// Whether a file was made to be executed: then it says itself what its mode is.
fn is_executable(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    return Ok(std::os::unix::fs::PermissionsExt::mode(&path.metadata()?.permissions()) & 0o111 != 0);
    #[cfg(not(unix))]
    return path.metadata().map(|_| false);
}

/// What was to be replaced keeps its one name.
pub(super) fn drop_second_names(entries: &[Entry]) {
    let linked = entries.iter().filter(|entry| entry.staged.is_some() && !entry.swap);
    linked.for_each(|entry| drop(remove(&entry.old())));
}

/// Writes what goes where, from the manifest's own folder, and what is to be loaded then; whole or not at all.
/// What goes to hidden places is signed: only what this user himself began is finished there.
pub(super) fn write_manifest(manifest: &Path, home: &Path, entries: &[Entry], loads: &[String]) -> io::Result<()> {
    let from_home = |entry: &Entry| -> io::Result<Entry> {
        let size = entry.staged().map(|staged| size_of(&staged)).transpose()?;
        Ok(Entry { folder: relative(home, &entry.folder), size, ..entry.clone() })
    };
    let entries = entries.iter().map(from_home).collect::<io::Result<Vec<Entry>>>()?;
    let is_hidden = |entry: &Entry| is_hidden_place(&Entry { folder: home.join(&entry.folder), ..entry.clone() }, home);
    let said = serde_json::json!({ "entries": entries, "loads": loads });
    let seal = entries.iter().any(is_hidden).then(|| seal_of(home, &said)).flatten();
    let said = match seal {
        Some(seal) => serde_json::json!({ "entries": entries, "loads": loads, "seal": seal }),
        None => said,
    };
    let beside = manifest.with_extension("manifest-new");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(said.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, manifest)
    };
    write().inspect_err(|_| drop(remove(&beside)))
}
