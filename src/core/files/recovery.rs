//! What a publication left that was ended midway: with a manifest it is finished, without one it is removed. A manifest
//! may come with a stranger's folder: it moves only files of its own folder, and of folders that hold its lock.

use std::collections::BTreeSet;
use std::fs::{self, TryLockError};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::inside::is_hidden;
use super::marker::{MARKER, Marker, digest_of, foreign};
use super::names::{self, exists, remove, sync_folder};
use super::publication::{Entry, turns};
use super::regular::open_file;
use crate::diagnostic::{Diagnostic, io_cause};

#[derive(Deserialize)]
struct Lock {
    manifest: PathBuf,
}

#[derive(Deserialize)]
struct Manifest {
    entries: Vec<Entry>,
}

/// Files that were not Pipewright's: where they stood, and where they are now.
pub type Kept = Vec<(PathBuf, PathBuf)>;

/// Finishes or removes what publications that are no more left in a folder. What others are writing is left alone. Gives
/// what stood in the way.
pub fn recover(folder: &Path) -> Result<Kept, Diagnostic> {
    let mut kept = Kept::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(kept) };
    let found: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let ids: BTreeSet<&str> = found.iter().filter_map(|name| names::id_of(name)).collect();
    for id in ids {
        let lock = folder.join(names::lock(id));
        match open_file(&lock) {
            // Held by one who lives, or nobody can tell.
            Ok(file) if matches!(file.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))) => continue,
            Ok(file) => {
                let text = io::read_to_string((&file).take(1 << 16)).unwrap_or_default();
                let named = serde_json::from_str(&text).map(|lock: Lock| lock.manifest);
                let manifest = folder.join(named.unwrap_or_else(|_| names::manifest(id).into()));
                if manifest.file_name().is_some_and(|name| *name == *names::manifest(id)) {
                    kept.extend(roll_forward(&manifest, id)?);
                }
                tidy(folder, id);
            }
            // Locks are made before, and removed after everything else.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !exists(&lock) => tidy(folder, id),
            Err(_) => {}
        }
    }
    Ok(kept)
}

/// Removes what an id left in a folder, as far as it is of the form that publications give it; its lock last.
fn tidy(folder: &Path, id: &str) {
    let at = |name: String| folder.join(name);
    let is = |path: &Path, of_form: fn(&str) -> bool| {
        let text =
            path.symlink_metadata().ok().filter(|about| about.is_file()).and_then(|_| fs::read_to_string(path).ok());
        text.is_some_and(|text| text.is_empty() || of_form(&text))
    };
    for stage in [at(names::stage(id)), at(names::stage(id) + ".gone")] {
        let inside =
            fs::read_dir(&stage).map(|found| found.flatten().map(|entry| entry.file_name()).collect::<Vec<_>>());
        let is_staged = |name: &std::ffi::OsString| {
            name.to_str().is_some_and(|name| names::is_staged(&format!("{}/{name}", names::stage(id)), id))
        };
        if inside.is_ok_and(|names| names.iter().all(is_staged)) {
            let _ = remove(&stage);
        }
    }
    for manifest in [at(names::manifest(id)), at(names::manifest(id) + "-new")] {
        if is(&manifest, |text| serde_json::from_str::<Manifest>(text).is_ok()) {
            let _ = remove(&manifest);
        }
    }
    let lock = at(names::lock(id));
    if is(&lock, |text| serde_json::from_str::<Lock>(text).is_ok()) {
        let _ = remove(&lock);
    }
}

fn roll_forward(manifest: &Path, id: &str) -> Result<Kept, Diagnostic> {
    let unfinished = |error: io::Error| {
        Diagnostic::error("PW0742", format!("results of an earlier run cannot be put in place: {}", io_cause(&error)))
            .help("mend the cause and try again, or write to another folder; the results are kept aside")
            .file(manifest.display().to_string())
    };
    let Some(home) = manifest.parent() else { return Ok(Kept::new()) };
    let text = match open_file(manifest).and_then(|file| io::read_to_string(file.take(64 << 20))) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::new()),
        Err(error) => return Err(unfinished(error)),
    };
    let Ok(Manifest { mut entries }) = serde_json::from_str(&text) else { return Ok(Kept::new()) };
    for entry in &mut entries {
        entry.folder = home.join(&entry.folder);
    }
    // One that somebody else made up is none.
    if !entries.iter().all(|entry| is_own(entry, id, home)) {
        return Ok(Kept::new());
    }
    let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let folders: BTreeSet<PathBuf> = entries.iter().map(|entry| real(&entry.folder)).chain([real(home)]).collect();
    let _turns = turns(&folders)?;
    if !exists(manifest) {
        return Ok(Kept::new());
    }
    // Whatever a manifest says: what no marker lists is kept, and not removed.
    entries.retain(|entry| entry.staged.is_some() || !exists(&entry.target()) || is_listed(entry));
    entries.iter_mut().for_each(keep_unlisted);
    entries.iter().try_for_each(put).map_err(unfinished)?;
    let kept = finish(&entries, manifest, &folders).map_err(unfinished)?;
    folders.iter().for_each(|folder| tidy(folder, id));
    Ok(kept)
}

/// What stands at the place of something that is still to be put there stays, unless it is Pipewright's.
fn keep_unlisted(entry: &mut Entry) {
    let (target, old) = (entry.target(), entry.old());
    let is_pending = entry.staged().is_some_and(|staged| exists(&staged));
    if is_pending && entry.name != MARKER && exists(&target) && !is_listed(entry) {
        entry.keep = true;
        let _ = remove(&old);
        entry.swap |= target.is_dir() || fs::hard_link(&target, &old).is_err();
    }
}

/// Whether what stands at an entry's place is Pipewright's.
fn is_listed(entry: &Entry) -> bool {
    let (marker, target) = (Marker::of(&entry.folder), entry.target());
    if target.is_dir() {
        return foreign(&target).is_ok_and(|found| found.is_none());
    }
    let digest = marker.files.get(&entry.name).and_then(|mark| mark.sha256.as_ref());
    marker.has_result(&entry.folder, &entry.name)
        || digest.is_some_and(|digest| digest_of(&target).is_ok_and(|found| found == *digest))
}

/// Whether a manifest may say this: names of its own in a folder where its id was at work.
fn is_own(entry: &Entry, id: &str, home: &Path) -> bool {
    let is_name = |name: &str| matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    let has_lock = entry.folder.join(names::lock(id)).symlink_metadata().is_ok_and(|about| about.is_file());
    let of_id = |name: &str| names::is_staged(name, id);
    // A manifest may come with a folder of somebody else's: it puts nothing where programs look for their settings.
    let real = |path: &Path| path.canonicalize().ok();
    let is_below = real(&entry.folder).zip(real(home)).is_some_and(|(folder, home)| folder.starts_with(home));
    let is_hidden = entry.name.starts_with('.') && entry.name != MARKER || is_below && is_hidden(home, &entry.folder);
    has_lock && !is_hidden && is_name(&entry.name) && of_id(&entry.old) && entry.staged.as_deref().is_none_or(of_id)
}

/// Renames one thing into place; nothing where that has been done before.
pub(super) fn put(entry: &Entry) -> io::Result<()> {
    let (target, old, staged) = (entry.target(), entry.old(), entry.staged());
    if staged.as_ref().is_some_and(|staged| !exists(staged)) {
        return Ok(());
    }
    if (entry.swap || staged.is_none()) && exists(&target) && !exists(&old) {
        fs::rename(&target, &old)?;
    }
    staged.map_or(Ok(()), |staged| fs::rename(staged, &target))
}

/// The way back of `put`, from wherever it got to.
pub(super) fn put_back(entry: &Entry) -> io::Result<()> {
    let (target, old, staged) = (entry.target(), entry.old(), entry.staged());
    match staged {
        Some(staged) if !exists(&staged) && (entry.swap || !exists(&old)) => fs::rename(&target, staged)?,
        // Under both names: only the second one goes.
        Some(staged) if exists(&staged) && !entry.swap => return remove(&old),
        _ => {}
    }
    if exists(&old) { fs::rename(&old, &target) } else { Ok(()) }
}

/// After everything is in place: what was not ours gets its new name, the manifest goes, then what was replaced.
/// Gives what was not ours: its place, and where it is now.
pub(super) fn finish(entries: &[Entry], manifest: &Path, folders: &BTreeSet<PathBuf>) -> io::Result<Kept> {
    let sync_all = || folders.iter().try_for_each(|folder| sync_folder(folder));
    let mut kept = Vec::new();
    for entry in entries.iter().filter(|entry| entry.keep && exists(&entry.old())) {
        // Names have at most 255 bytes.
        let short = &entry.name[..entry.name.floor_char_boundary(230)];
        let numbered = (2..).map(|number| format!("{short}.before-{number}"));
        let mut names = std::iter::once(format!("{short}.before")).chain(numbered);
        if let Some(free) = names.find_map(|name| Some(entry.folder.join(name)).filter(|path| !exists(path))) {
            fs::rename(entry.old(), &free)?;
            kept.push((entry.target(), free));
        }
    }
    sync_all()?;
    remove(manifest)?;
    sync_all()?;
    // What cannot be removed now is removed by the next who writes here.
    entries.iter().for_each(|entry| drop(remove(&entry.old())));
    Ok(kept)
}

/// The way from one real folder to another, so that both may be mounted elsewhere; in full where they share nothing.
pub(super) fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from_parts, to_parts): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from_parts.iter().zip(&to_parts).take_while(|(a, b)| a == b).count();
    if shared <= 1 {
        return to.to_owned();
    }
    let up = from_parts[shared..].iter().map(|_| Component::ParentDir);
    up.chain(to_parts[shared..].iter().copied()).collect()
}
