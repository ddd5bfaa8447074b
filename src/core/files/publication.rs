//! Whole or none: everything is written aside and synced, in the folder that it goes to; then a manifest of what goes
//! where is synced, then everything is renamed, then the manifest goes. Whatever happens in between, the next one who
//! writes there finishes it or puts it back (`recovery`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::aside::{IS_PUBLISHED, Left, PrivateFolder, aside};
use super::device::{is_device, open_pipe};
use super::entry::{Entry, What, drop_second_names, write_manifest};
use super::lock::{Holder, is_same_place};
use super::made;
use super::marker::{MARKER, Mark, Marker, foreign};
use super::names::{self, exists, fault, inode_of, mounted_below, remove, sync, sync_folder};
use super::recovery::{Kept, finish, put, put_back, recover, relative};
use super::regular::{is_open_elsewhere, open_file};
use super::report::check_report_place;
use super::turn::{Turns, turn};
use super::unended::unended_in;
use crate::diagnostic::{Diagnostic, io_cause};

/// The code of what is told where all is in place, and not tidied up.
const UNTIDY: &str = "PW0747";

/// A set of files and folders that come into place together, or not at all.
pub struct Publication {
    id: String,
    entries: Vec<Entry>,
    /// Where the manifest will be: the first folder that something is staged in.
    home: Option<PathBuf>,
    /// Locks on the folders that hold what is staged; released when the process ends, however.
    held: BTreeMap<PathBuf, File>,
    count: usize,
    /// What stood in the way of what earlier publications left to be put in place.
    kept: Kept,
    /// Folders whose turn this publication has.
    turns: Turns,
    /// Pipes that are written to, open until the end: who reads them would take a first look for all there is.
    pipes: Vec<File>,
    /// Where rows come to when all is in place, for people.
    loads: Vec<String>,
    /// Records of killed runs that are out of date when these rows are there.
    covered: Vec<PathBuf>,
}

impl Default for Publication {
    fn default() -> Self {
        Self {
            id: names::new_id(),
            entries: Vec::new(),
            home: None,
            held: BTreeMap::new(),
            count: 0,
            kept: Kept::new(),
            turns: Turns::new(),
            pipes: Vec::new(),
            loads: Vec::new(),
            covered: Vec::new(),
        }
    }
}

impl Publication {
    /// Finishes what earlier publications left in a folder, before anything else is done there.
    pub fn recover(&mut self, folder: &Path) -> Result<(), Diagnostic> {
        self.kept.extend(recover(folder)?);
        Ok(())
    }

    /// Takes a folder's turn before all else is put in place: nobody changes there what is looked at from now on.
    pub fn take_turn(&mut self, folder: &Path) -> Result<(), Diagnostic> {
        if let Ok(folder) = folder.canonicalize()
            && !self.turns.contains_key(&folder)
        {
            let turn = turn(&folder)?;
            self.turns.insert(folder, turn);
        }
        Ok(())
    }

    /// The place where a file that the user named (`--to`, `--report`) is written until all is published. Where nothing
    /// is to be written after all, `leave_out` says so. A device or a pipe that somebody reads is written to as it is.
    pub fn file(&mut self, target: &Path) -> Result<PathBuf, Diagnostic> {
        if is_device(target) {
            self.pipes.extend(open_pipe(target)?);
            return Ok(target.to_owned());
        }
        check_name(target)?;
        self.stage(target, What::File)
    }

    /// The same for a report, which takes no place but that of an earlier one.
    pub fn report(&mut self, target: &Path) -> Result<PathBuf, Diagnostic> {
        if is_device(target) {
            self.pipes.extend(open_pipe(target)?);
            return Ok(target.to_owned());
        }
        check_name(target)?;
        check_report_place(target)?;
        self.stage(target, What::Report)
    }

    /// The same for a file that a design names. What it replaces is kept beside it, unless a run wrote it.
    pub fn output(&mut self, target: &Path) -> Result<PathBuf, Diagnostic> {
        check_name(target)?;
        if is_device(target) {
            return Err(Diagnostic::error("PW0744", format!("`{}` is a device or a pipe, no file", shown(target)))
                .help("give the output the path of a file")
                .field("path")
                .file(target.display().to_string()));
        }
        self.stage(target, What::Output)
    }

    /// The same for a file that is only to be made where there is none, looked at again at the end.
    pub fn new_output(&mut self, target: &Path) -> Result<PathBuf, Diagnostic> {
        let aside = self.output(target)?;
        self.only_new(&aside);
        Ok(aside)
    }

    /// Rows come to these places, as people call them, when all is in place (`publish_then`). Gives what runs have left
    /// open that were killed while they did so, in the folders that are written to; in `folder` where there are none: of
    /// several loads one may be ended and the next not.
    pub fn loads(&mut self, folder: &Path, places: Vec<String>) -> Vec<Diagnostic> {
        if places.len() > 1 && self.home.is_none() {
            // Rows come to their databases also where no file can be made.
            let _ = self.hold(folder);
        }
        self.loads = places;
        let mut told = Vec::new();
        for unended in self.held.keys().flat_map(|folder| unended_in(folder)) {
            told.push(unended.told(&self.loads));
            if unended.is_covered(&self.loads) {
                self.covered.push(unended.record);
            }
        }
        told
    }

    /// Nothing is written to `aside`: what is at its place stays.
    pub fn leave_out(&mut self, aside: &Path) {
        self.entries.retain(|entry| entry.staged().is_none_or(|staged| staged != aside));
    }

    /// What is written to `aside` is only to be put where there is nothing.
    pub fn only_new(&mut self, aside: &Path) {
        let own = self.entries.iter_mut().filter(|entry| entry.staged().is_some_and(|staged| staged == aside));
        own.for_each(|entry| entry.fresh = true);
    }

    /// The same for a file of a folder that a verb writes as a whole.
    pub(super) fn listed(&mut self, target: &Path) -> Result<PathBuf, Diagnostic> {
        self.stage(target, What::Listed)
    }

    /// What the one who staged a file at a place found there; what is found otherwise at the end is kept beside.
    pub(super) fn found(&mut self, place: &Path, mark: Mark) {
        let own = self.entries.iter_mut().filter(|entry| entry.is_at(place));
        own.for_each(|entry| entry.was = Some(mark.clone()));
    }

    /// The same for the marker of a folder.
    pub(super) fn record(&mut self, folder: &Path) -> Result<PathBuf, Diagnostic> {
        check_marker(folder)?;
        self.stage(&folder.join(MARKER), What::File)
    }

    /// The same for the record of what was read for the outputs of a folder.
    pub fn checkpoint(&mut self, folder: &Path) -> Result<PathBuf, Diagnostic> {
        self.stage(&folder.join(names::CHECKPOINT), What::File)
    }

    /// The same for a folder, which replaces one that holds nothing but what a run wrote.
    pub fn folder(&mut self, target: &Path) -> Result<PathBuf, Diagnostic> {
        check_name(target)?;
        check_folder(target)?;
        self.stage(target, What::Folder)
    }

    /// A folder for what does not fit into memory; gone at the end.
    pub fn scratch(&mut self, folder: &Path) -> Result<PathBuf, Diagnostic> {
        let folder = self.hold(folder)?;
        Ok(self.new_place(&folder).1)
    }

    /// Whatever stands at a place goes when all is published.
    pub(super) fn removal(&mut self, target: &Path) -> Result<(), Diagnostic> {
        self.stage(target, What::File)?;
        self.entries.last_mut().iter_mut().for_each(|entry| entry.staged = None);
        Ok(())
    }

    /// Results of earlier runs in a folder go when all is published, but for those that are written anew and those that
    /// were changed since.
    pub fn renew(&mut self, folder: &Path) -> Result<(), Diagnostic> {
        let known = Marker::of(folder);
        let is_new = |entries: &[Entry], place: &Path| entries.iter().any(|entry| entry.is_at(place));
        for name in known.files.keys().filter(|name| !name.contains('/') && known.has_result(folder, name)) {
            let place = folder.join(name);
            if !is_new(&self.entries, &place) {
                self.removal(&place)?;
            }
        }
        Ok(())
    }

    fn stage(&mut self, target: &Path, what: What) -> Result<PathBuf, Diagnostic> {
        // A link stays one: what it leads to is replaced.
        let target = match target.is_symlink() {
            true => target.canonicalize().map_err(|error| fault("the link leads to nothing", target, &error))?,
            false => target.to_owned(),
        };
        if what != What::Folder && target.is_dir() {
            return Err(Diagnostic::error(
                "PW0968",
                format!("`{}` is a folder, so no file of that name can be written", shown(&target)),
            )
            .help("give the file another name, or move the folder away")
            .field("path")
            .file(target.display().to_string()));
        }
        if what != What::Folder
            && target.metadata().is_ok_and(|about| about.is_file() && about.permissions().readonly())
        {
            return Err(Diagnostic::error("PW0975", format!("`{}` is write-protected, so it stays", shown(&target)))
                .help("let it be written (chmod u+w), or give the file another name")
                .field("path")
                .file(target.display().to_string()));
        }
        let (Some(parent), Some(name)) = (target.parent(), target.file_name().and_then(|name| name.to_str())) else {
            return Err(Diagnostic::error("PW0965", "the file to write has no name that can be read")
                .help("give it a path that ends in a name")
                .file(target.display().to_string()));
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        if what == What::Output {
            check_marker(parent)?;
        }
        let folder = self.hold(parent)?;
        let place = folder.join(name);
        if self.entries.iter().any(|entry| entry.name == name && entry.folder == folder) {
            return Err(Diagnostic::error("PW0966", format!("`{name}` is written twice"))
                .help("give each its own path")
                .field("path")
                .file(place.display().to_string()));
        }
        let (staged, aside) = self.new_place(&folder);
        let (old, swap) = (format!("{staged}.old"), what == What::Folder);
        let (name, staged) = (name.to_owned(), Some(staged));
        self.entries.push(Entry {
            folder,
            name,
            staged,
            old,
            swap,
            keep: false,
            was: None,
            size: None,
            inode: None,
            what,
            fresh: false,
        });
        Ok(aside)
    }

    /// A name that nobody has, to be removed at the end.
    fn new_place(&mut self, folder: &Path) -> (String, PathBuf) {
        let name = names::staged(&self.id, self.count);
        self.count += 1;
        let path = folder.join(&name);
        (name, path)
    }

    /// Makes a folder where there is none, finishes what others left in it, and marks that somebody is at work here.
    fn hold(&mut self, folder: &Path) -> Result<PathBuf, Diagnostic> {
        let unusable = |error: io::Error| fault("the output folder cannot be used", folder, &error);
        // A signal comes before all of this or after it.
        let mut all = aside();
        let made = all.get(&self.id).into_iter().flatten();
        let made: Vec<&Path> =
            made.filter_map(|left| if let Left::Folder(made) = left { Some(&**made) } else { None }).collect();
        if leads_back(folder, &made) {
            return Err(unusable(io::ErrorKind::NotFound.into()));
        }
        let mut goes = |left: Left| all.entry(self.id.clone()).or_default().push(left);
        let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !exists(folder) && **folder != *"").collect();
        for folder in missing.into_iter().rev() {
            if let Some(home) = &self.home
                && let Some(list) = made::note(home, &self.id, folder).map_err(unusable)?
            {
                goes(Left::Staged(list));
            }
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(error)),
                _ => goes(Left::Folder(folder.to_owned())),
            }
        }
        let folder = folder.canonicalize().map_err(unusable)?;
        if self.held.contains_key(&folder) {
            return Ok(folder);
        }
        // One that is mounted at two places is one.
        if let Some(known) = self.held.keys().find(|known| is_same_place(known, &folder)) {
            return Ok(known.clone());
        }
        let kept = recover(&folder)?;
        self.kept.extend(kept);
        let path = folder.join(names::lock(&self.id));
        goes(Left::Staged(path.clone()));
        let home = self.home.clone().unwrap_or_else(|| folder.clone());
        let lock = self.lock(&path, &relative(&folder, &home)).map_err(unusable)?;
        let stage = folder.join(names::stage(&self.id));
        goes(Left::Staged(stage.clone()));
        names::make_private_folder(&stage).map_err(unusable)?;
        self.home = Some(home);
        self.held.insert(folder.clone(), lock);
        Ok(folder)
    }

    /// Somebody who tidies up may take the new file for a dead one: then it is made again.
    fn lock(&self, path: &Path, home: &Path) -> io::Result<File> {
        let manifest = home.join(names::manifest(&self.id));
        for _ in 0..100 {
            let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
            match file.try_lock() {
                Ok(()) if exists(path) => {
                    writeln!(file, "{}", serde_json::json!({ "manifest": manifest }))?;
                    return Ok(file);
                }
                Ok(()) | Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
                // A file system without locks: by the holder's name others see whether it lives.
                Err(TryLockError::Error(_)) => {
                    writeln!(file, "{}", serde_json::json!({ "manifest": manifest, "holder": Holder::this() }))?;
                    return Ok(file);
                }
            }
        }
        Err(io::Error::new(io::ErrorKind::WouldBlock, "others use this folder"))
    }

    /// Puts everything in place, or nothing. Gives the files that were not Pipewright's, with the names that they have
    /// now.
    pub fn publish(self) -> Result<Kept, Diagnostic> {
        self.publish_then(None, || Ok(()))
    }

    /// The same, and ends what belongs to it elsewhere, from rows in a private folder that goes with it: a signal waits
    /// until all of this is over.
    pub fn publish_then(
        mut self,
        private: Option<PrivateFolder>,
        then: impl FnOnce() -> Result<(), Diagnostic>,
    ) -> Result<Kept, Diagnostic> {
        let mut all = aside();
        let mut kept = std::mem::take(&mut self.kept);
        let settled = self.settle()?;
        let mut untidy = None;
        if let Some((home, folders)) = &settled {
            match self.place(home, folders) {
                Ok(found) => kept.extend(found),
                // All is in place: what belongs to it elsewhere is ended all the same.
                Err(fault) if fault.code == UNTIDY => untidy = Some(fault),
                Err(fault) => return Err(fault),
            }
            // What stands in for locks lies in the folders.
            self.turns.clear();
        }
        // The locks stay meanwhile: others see by them that the record of what is loaded is no dead one's.
        let ended = then();
        if let Some((home, _)) = &settled {
            let own = home.join(names::loads(&self.id));
            let covered = self.covered.iter().filter(|_| ended.is_ok());
            covered.chain([&own]).for_each(|record| drop(remove(record)));
            if let Some(untidy) = untidy {
                return ended.and(Err(untidy));
            }
            let left = all.remove(&self.id).unwrap_or_default();
            left.into_iter().rev().for_each(Left::remove);
            made::remove_emptied(&self.entries, home);
            IS_PUBLISHED.store(true, Ordering::SeqCst);
        }
        ended?;
        if let Some(private) = &private {
            private.abandon(&mut all);
            IS_PUBLISHED.store(true, Ordering::SeqCst);
        }
        Ok(kept)
    }

    /// Everything that is done before the manifest; `None` where nothing was written.
    fn settle(&mut self) -> Result<Option<(PathBuf, BTreeSet<PathBuf>)>, Diagnostic> {
        // Of loads into several places one may be ended, and the next not.
        let is_something = !self.entries.is_empty() || self.loads.len() > 1;
        let Some(home) = self.home.clone().filter(|_| is_something) else { return Ok(None) };
        for entry in &self.entries {
            entry.settle().map_err(|error| match entry.staged().is_some_and(|staged| !exists(&staged)) {
                true => taken_away(&entry.target()),
                false => fault("the output cannot be written", &entry.target(), &error),
            })?;
        }
        if let Some((one, other)) = self.taken_for_one() {
            return Err(Diagnostic::error("PW0966", format!("this disk takes `{one}` and `{other}` for one name"))
                .help("give the outputs names that differ in more than large and small letters")
                .field("path"));
        }
        let folders: BTreeSet<PathBuf> =
            self.entries.iter().map(|entry| entry.folder.clone()).chain([home.clone()]).collect();
        folders.iter().try_for_each(|folder| self.take_turn(folder))?;
        for entry in self.entries.iter().filter(|entry| entry.what == What::Folder) {
            check_folder(&entry.target())?;
        }
        if let Some(entry) = self.entries.iter().find(|entry| entry.fresh && exists(&entry.target())) {
            return Err(there_is_one(&shown(&entry.target())));
        }
        if let Some((entry, verb)) = self.entries.iter().find_map(|entry| Some((entry, entry.is_of_other_verb()?))) {
            return Err(Diagnostic::error("PW0755", format!("a result would replace what `{verb}` wrote"))
                .help("give the output another path, or another folder with --out DIR")
                .file(shown(&entry.target())));
        }
        for folder in &folders {
            if self.entries.iter().any(|entry| entry.folder == *folder && entry.what == What::Output) {
                check_marker(folder)?;
            }
            let marked = self.mark(folder);
            marked.map_err(|error| fault("the output folder cannot be written", folder, &error))?;
        }
        Ok(Some((home, folders)))
    }

    /// Two names of a folder that differ in large and small letters only, where its disk does not tell these apart.
    fn taken_for_one(&self) -> Option<(&str, &str)> {
        let mut names: BTreeMap<(&Path, String), &str> = BTreeMap::new();
        for entry in &self.entries {
            let other = names.insert((&entry.folder, entry.name.to_lowercase()), &entry.name);
            let is_told_apart = || !exists(&entry.folder.join(names::stage(&self.id).to_uppercase()));
            if let Some(other) = other.filter(|other| *other != entry.name && !is_told_apart()) {
                return Some((other, &entry.name));
            }
        }
        None
    }

    /// Notes in a folder's marker what a run writes there, and finds what is there without being Pipewright's.
    fn mark(&mut self, folder: &Path) -> io::Result<()> {
        let known = Marker::of(folder);
        if let Some(record) = self.entries.iter().find(|entry| entry.folder == folder && entry.name == MARKER)
            && let Some(staged) = record.staged()
        {
            // Results that came while this was being made are listed by now.
            return Marker::renew(&staged, &known);
        }
        let mut marker = known.clone();
        let gone = self.entries.iter().filter(|entry| entry.folder == folder && entry.staged.is_none());
        gone.for_each(|entry| drop(marker.files.remove(&entry.name)));
        for entry in self.entries.iter_mut().filter(|entry| entry.folder == folder && entry.what == What::Output) {
            entry.keep = exists(&entry.target()) && !known.has_result(folder, &entry.name);
            entry.was = known.files.get(&entry.name).cloned();
            if let Some(staged) = entry.staged() {
                marker.files.insert(entry.name.clone(), Mark::of_result(&staged)?);
            }
        }
        if marker != known {
            let (staged, path) = self.new_place(folder);
            marker.write(&path)?;
            sync(&path)?;
            let (folder, name, old) = (folder.to_owned(), MARKER.to_owned(), format!("{staged}.old"));
            let staged = Some(staged);
            let (swap, keep, was, what, fresh) = (false, false, None, What::File, false);
            let (size, inode) = (None, None);
            self.entries.push(Entry { folder, name, staged, old, swap, keep, was, size, inode, what, fresh });
        }
        Ok(())
    }

    /// Second names for what is replaced, and the manifest: from here on everything will be put in place.
    fn commit(&mut self, home: &Path, manifest: &Path, folders: &BTreeSet<PathBuf>) -> io::Result<()> {
        for entry in &mut self.entries {
            entry.inode = entry.staged().and_then(|staged| inode_of(&staged));
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.staged.is_some() && exists(&entry.target())) {
            // Under a second name the old file can be put back, and its own name is never free.
            let (target, old) = (entry.target(), entry.old());
            if !entry.swap && !target.is_dir() {
                entry.swap = fs::hard_link(&target, &old).is_err();
            }
        }
        let written = write_manifest(manifest, home, &self.entries, &self.loads);
        written.and_then(|()| folders.iter().try_for_each(|folder| sync_folder(folder))).inspect_err(|_| {
            let _ = remove(manifest);
            drop_second_names(&self.entries);
        })
    }

    fn place(&mut self, home: &Path, folders: &BTreeSet<PathBuf>) -> Result<Kept, Diagnostic> {
        let cannot = |error: io::Error| fault("the output cannot be put in place", home, &error);
        let manifest = home.join(names::manifest(&self.id));
        self.commit(home, &manifest, folders).map_err(cannot)?;
        self.put_all(home, &manifest, folders)
    }

    fn put_all(&self, home: &Path, manifest: &Path, folders: &BTreeSet<PathBuf>) -> Result<Kept, Diagnostic> {
        let mut kept = Kept::new();
        for index in 0..self.entries.len() {
            let Err(error) = put(&self.entries[index], &mut kept) else { continue };
            let told = fault("the output cannot be put in place", &self.entries[index].target(), &error);
            // Backwards, until everything is as it was; what cannot be put back now is put in place by the next.
            let mut numbered = self.entries[..=index].iter().enumerate().rev();
            let back = numbered.try_for_each(|(at, entry)| put_back(entry, at < index));
            if back.and_then(|()| remove(manifest)).is_err() {
                return Err(told.help(format!(
                    "some results are in place, and others not yet; what is missing is aside, and is put there by the \
                     next run that writes to {}",
                    home.display()
                )));
            }
            drop_second_names(&self.entries[index + 1..]);
            return Err(told);
        }
        let finished = finish(&self.entries, manifest, folders, &self.loads).map_err(|error| {
            let message = format!("the output is in place, but its folder cannot be tidied up: {}", io_cause(&error));
            Diagnostic::error(UNTIDY, message)
                .help("what was replaced is still aside; the next run that writes there finishes this")
                .file(home.display().to_string())
        })?;
        kept.extend(finished);
        Ok(kept)
    }

    /// Something happens between the manifest and the first rename.
    #[cfg(test)]
    pub(super) fn publish_while(mut self, between: impl FnOnce()) -> Result<Kept, Diagnostic> {
        let (home, folders) = self.settle()?.unwrap();
        let manifest = home.join(names::manifest(&self.id));
        self.commit(&home, &manifest, &folders).unwrap();
        between();
        self.put_all(&home, &manifest, &folders)
    }

    /// Something happens between the last look and the first rename.
    #[cfg(test)]
    pub(super) fn publish_after(mut self, between: impl FnOnce()) -> Result<Kept, Diagnostic> {
        let (home, folders) = self.settle()?.unwrap();
        between();
        self.place(&home, &folders)
    }

    /// Ends as a killed process does: after the manifest (1) and so many renames more.
    #[cfg(test)]
    pub(super) fn die_after(mut self, steps: usize) {
        let (home, folders) = self.settle().unwrap().unwrap();
        let manifest = home.join(names::manifest(&self.id));
        if steps > 0 {
            self.commit(&home, &manifest, &folders).unwrap();
            self.entries.iter().take(steps - 1).for_each(|entry| put(entry, &mut Kept::new()).unwrap());
            if steps > self.entries.len() {
                remove(&manifest).unwrap();
            }
        }
        aside().remove(&self.id);
    }

    /// Removes whatever is still aside.
    fn tidy(&mut self) {
        // A signal that comes now waits: nobody else knows what is left any more.
        let mut all = aside();
        let left = all.remove(&self.id).unwrap_or_default();
        // What could neither be put in place nor put back is kept for the next who writes here.
        let is_open = self.home.as_ref().is_some_and(|home| exists(&home.join(names::manifest(&self.id))));
        if !is_open {
            left.into_iter().rev().for_each(Left::remove);
        }
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        self.tidy();
    }
}

/// Somebody tidies up what is still written.
fn taken_away(target: &Path) -> Diagnostic {
    Diagnostic::error("PW0746", "what was written was taken away before it could be put in place")
        .help("let nothing move or tidy the folder meanwhile, and try again; nothing was put in place")
        .file(target.display().to_string())
}

/// Where a step is not to replace anything.
pub fn there_is_one(path: &str) -> Diagnostic {
    Diagnostic::error("PW0967", format!("`{path}` exists, and the step is not to replace it"))
        .help("remove the file, or let the step replace it")
        .field("path")
}

/// Whether a path goes out again, by `..`, of a folder that is not there, or that was made for the outputs: nobody could
/// tell before where it leads.
fn leads_back(folder: &Path, made: &[&Path]) -> bool {
    let is_unknown = |place: &Path| !exists(place) || made.iter().any(|made| is_same_place(made, place));
    folder
        .ancestors()
        .filter(|place| place.ends_with(".."))
        .filter_map(Path::parent)
        .any(|place| !place.as_os_str().is_empty() && !place.ends_with("..") && is_unknown(place))
}

/// A folder is replaced only where it holds nothing but what a run wrote.
fn check_folder(target: &Path) -> Result<(), Diagnostic> {
    let refused = |message: String, help: &str| Err(Diagnostic::error("PW0968", message).help(help).field("path"));
    if target.is_dir() {
        check_marker(target)?;
        if let Some(mounted) = mounted_below(target) {
            let message =
                format!("another disk is mounted inside the folder `{}`: `{}`", shown(target), shown(&mounted));
            return refused(message, "choose a folder of its own for the rows, or unmount the disk");
        }
        let look = || foreign(target).map_err(|error| fault("the folder to replace cannot be read", target, &error));
        let mut found = look()?;
        // Another run may be replacing it at this moment.
        for _ in 0..3 {
            if found.is_some() {
                std::thread::sleep(Duration::from_millis(20));
                found = look()?;
            }
        }
        return found.map_or(Ok(()), |name| {
            let message =
                format!("the folder `{}` holds what no run wrote, or what was changed since: `{name}`", shown(target));
            refused(message, "choose a folder of its own for the rows, or move these files away")
        });
    }
    match exists(target) {
        true => refused(
            format!("there is a file where a folder is to be written: `{}`", shown(target)),
            "give the folder another name, or move the file away",
        ),
        false => Ok(()),
    }
}

/// A file of the user's that only has the marker's name is not replaced by one.
fn check_marker(folder: &Path) -> Result<(), Diagnostic> {
    match Marker::is_free(folder) {
        true => Ok(()),
        false if let Err(error) = open_file(&folder.join(MARKER)) => Err(Diagnostic::error(
            "PW0748",
            format!("`{MARKER}`, the record of what was written to the folder, cannot be read: {}", io_cause(&error)),
        )
        .help("see whether the file may be read, or write to another folder")
        .file(folder.join(MARKER).display().to_string())),
        false => Err(Diagnostic::error("PW0748", format!("`{MARKER}` in the folder is not Pipewright's record of files"))
            .help("Pipewright keeps a record of that name in the folders that it writes to: give the file another name, or write to another folder")
            .file(folder.join(MARKER).display().to_string())),
    }
}

/// Names that are Pipewright's own stand for no result.
fn check_name(target: &Path) -> Result<(), Diagnostic> {
    let name = shown(target);
    if is_open_elsewhere(target) && !is_device(target) {
        return Err(Diagnostic::error("PW0744", format!("`{}` is a file that a program has open", target.display()))
            .help("give the path of a file of its own")
            .field("path"));
    }
    match names::is_record(&name) {
        true => Err(Diagnostic::error("PW0745", format!("`{name}` is a name of Pipewright's own records"))
            .help("give the file another name")
            .field("path")
            .file(target.display().to_string())),
        false => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
