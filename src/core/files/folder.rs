//! A folder whose files a verb makes (a bundle, generated data, drafts of contracts): put in place whole or not at all.
//! Files that the verb did not write, or that were changed since, are not touched.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::inside::{inside, is_hidden, without_links};
use super::marker::{MARKER, Mark, Marker, digest_of};
use super::names::{exists, fault};
use super::publication::Publication;
use crate::diagnostic::Diagnostic;

/// A folder that is being written anew.
pub struct FolderUpdate {
    root: PathBuf,
    by: &'static str,
    publication: Publication,
    /// (name in the folder, where it is written).
    files: Vec<(String, PathBuf)>,
}

/// Whether both may be run, or neither.
fn has_same_rights(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let runs = |path: &Path| fs::metadata(path).map(|about| about.permissions().mode() & 0o111 != 0).ok();
        runs(one) == runs(other)
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        true
    }
}

impl FolderUpdate {
    /// `by`: the verb. Of what it wrote before, and does not write again, nothing stays.
    pub fn new(root: &Path, by: &'static str) -> FolderUpdate {
        FolderUpdate { root: without_links(root), by, publication: Publication::default(), files: Vec::new() }
    }

    /// Where a file of the folder is written until `publish`.
    pub fn file(&mut self, name: &str) -> Result<PathBuf, Diagnostic> {
        let target = self.root.join(name);
        if !self.is_below(name) {
            return Err(Diagnostic::error("PW0740", format!("`{name}` leads out of the folder that is written to"))
                .help("choose another folder, without links that lead elsewhere")
                .file(self.root.display().to_string()));
        }
        if exists(&target) && !target.is_file() {
            return Err(not_ours(&self.root, name, false));
        }
        let aside = self.publication.listed(&target)?;
        self.files.push((name.to_owned(), aside.clone()));
        Ok(aside)
    }

    /// Whether a name leads to a place in the folder, also by the links that are there.
    fn is_below(&self, name: &str) -> bool {
        let is_plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        is_plain && inside(&self.root, name).is_ok()
    }

    /// A folder for the work; gone at the end.
    pub fn scratch(&mut self) -> Result<PathBuf, Diagnostic> {
        self.publication.scratch(&self.root)
    }

    /// Writes a file.
    pub fn write(&mut self, name: &str, bytes: &[u8], is_executable: bool) -> Result<(), Diagnostic> {
        let path = self.file(name)?;
        let write = || {
            fs::write(&path, bytes)?;
            #[cfg(unix)]
            if is_executable {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            }
            Ok(())
        };
        write().map_err(|error| fault("the file cannot be written", &self.root.join(name), &error))
    }

    /// Puts everything in place; gives the names of the files. With `force` what others wrote is replaced too.
    pub fn publish(mut self, force: bool) -> Result<Vec<String>, Diagnostic> {
        // Of two that come at once the second finds what the first has put there.
        self.publication.take_turn(&self.root)?;
        self.list(force)?;
        self.publication.publish()?;
        Ok(self.files.into_iter().map(|(name, _)| name).collect())
    }

    /// Ends as a killed process does, see `Publication::die_after`.
    #[cfg(test)]
    pub(super) fn die_after(mut self, steps: usize) {
        self.list(false).unwrap();
        self.publication.die_after(steps);
    }

    /// What the folder's marker will list, and what goes; refused where something is not ours.
    fn list(&mut self, force: bool) -> Result<(), Diagnostic> {
        let known = Marker::of(&self.root);
        let mut marker = Marker::new();
        let (mine, others): (Vec<_>, Vec<_>) = known.files.iter().partition(|(_, mark)| mark.by == self.by);
        marker.files.extend(others.into_iter().map(|(name, mark)| (name.clone(), mark.clone())));
        for (name, aside) in &self.files {
            let target = self.root.join(name);
            let read = |path: &Path| digest_of(path).map_err(|error| fault("the file cannot be read", path, &error));
            let digest = read(aside)?;
            let is_known =
                |found: &String| known.files.get(name).is_some_and(|mark| mark.sha256.as_ref() == Some(found));
            let mark = |digest: String| Mark { by: self.by.to_owned(), sha256: Some(digest), state: None };
            if exists(&target) {
                let found = read(&target)?;
                if !force && found != digest && !is_known(&found) {
                    return Err(not_ours(&self.root, name, known.files.contains_key(name)));
                }
                // What stands there already is not put there again: whoever finds it later could not tell by its bytes
                // whether it is in place.
                if found == digest && has_same_rights(aside, &target) {
                    self.publication.leave_out(aside);
                } else {
                    self.publication.found(&target, mark(found));
                }
            }
            marker.files.insert(name.clone(), mark(digest));
        }
        for (name, mark) in mine {
            let target = self.root.join(name);
            let is_there = self.is_below(name) && target.is_file() && !target.is_symlink();
            // A list that came with the folder takes nothing out of what other programs keep there (`.git`).
            let is_ours = is_there && !is_hidden(&self.root, &target);
            if !marker.files.contains_key(name) && is_ours && digest_of(&target).ok() == mark.sha256 {
                self.publication.removal(&target)?;
            }
        }
        let aside = self.publication.record(&self.root)?;
        marker.write(&aside).map_err(|error| fault("the file cannot be written", &self.root.join(MARKER), &error))?;
        Ok(())
    }
}

fn not_ours(root: &Path, name: &str, is_listed: bool) -> Diagnostic {
    let (why, help) = match is_listed {
        true => ("was changed since Pipewright wrote it", "move the changed file away"),
        false => ("was not written by Pipewright", "choose an empty folder, move the file away"),
    };
    Diagnostic::error("PW0743", format!("`{name}` is there, and {why}, so it is not replaced"))
        .help(format!("{help}, or add --force to replace it; nothing was changed"))
        .file(root.display().to_string())
}
