//! What a publication left that was ended midway: with a manifest it is finished, without one it is removed. A manifest
//! may come with a stranger's folder: it moves only files of its own folder, and of folders that hold its lock.

use std::collections::BTreeSet;
use std::fs::{self, TryLockError};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::entry::Entry;
use super::lock::Holder;
use super::lock::is_same_file;
use super::made;
use super::marker::{MARKER, Marker, digest_of, foreign};
use super::names::{self, exchange, exists, inode_of, remove, rename_new, slashes, sync_folder};
use super::regular::open_file;
use super::report::is_report;
use super::seal::{is_hidden_place, seal_of};
use super::turn::turns;
use super::unended;
use crate::diagnostic::{Diagnostic, io_cause};

/// On disks without locks: whoever has a manifest as old as this, and it is still there, was killed.
const SETTLED: Duration = Duration::from_secs(300);

#[derive(Deserialize)]
struct Lock {
    manifest: PathBuf,
    /// On a disk without locks.
    #[serde(default)]
    holder: Holder,
}

#[derive(Deserialize)]
struct Manifest {
    entries: Vec<Entry>,
    #[serde(default)]
    loads: Vec<String>,
    /// By the user's own key.
    #[serde(default)]
    seal: Option<String>,
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
            Ok(file) => {
                let is_free = match file.try_lock() {
                    Ok(()) => true,
                    // Held by one who lives.
                    Err(TryLockError::WouldBlock) => continue,
                    Err(TryLockError::Error(_)) => false,
                };
                let text = io::read_to_string((&file).take(1 << 16)).unwrap_or_default();
                let lock: Option<Lock> = serde_json::from_str(&text).ok();
                let is_free = is_free || lock.as_ref().is_some_and(|lock| lock.holder.is_gone());
                let named = lock.map(|lock| lock.manifest);
                let manifest = folder.join(named.unwrap_or_else(|| names::manifest(id).into()));
                let is_named = manifest.file_name().is_some_and(|name| *name == *names::manifest(id));
                if !is_free {
                    match is_named.then(|| age(&manifest)).flatten() {
                        // Nobody can tell whether it is still being written.
                        None => continue,
                        Some(age) if age < SETTLED => return Err(unsettled(&manifest)),
                        Some(_) => {}
                    }
                }
                if is_named {
                    kept.extend(roll_forward(&manifest, id)?);
                }
                tidy(folder, id);
            }
            // Locks are made before, and removed after everything else.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !exists(&lock) => tidy(folder, id),
            // Another user's, who would put older results over what is written here now.
            Err(error) if exists(&folder.join(names::manifest(id))) => return Err(foreign_manifest(&lock, &error)),
            Err(_) => {}
        }
    }
    Ok(kept)
}

/// How long ago a manifest was written; `None`: there is none.
fn age(manifest: &Path) -> Option<Duration> {
    manifest.symlink_metadata().and_then(|about| about.modified()).ok().map(|time| time.elapsed().unwrap_or_default())
}

/// Results that are being put in place, or that a kill left so, on a disk whose locks do not tell which.
fn unsettled(manifest: &Path) -> Diagnostic {
    Diagnostic::error("PW0742", "another run puts its results in place here, or was killed while it did")
        .help("this disk has no locks that could tell: try again in some minutes, then they are put in place first")
        .file(manifest.display().to_string())
}

/// Results that another user has begun to put in place.
fn foreign_manifest(lock: &Path, error: &io::Error) -> Diagnostic {
    let cause = io_cause(error);
    Diagnostic::error(
        "PW0742",
        format!("results of another user's run are not all in place here, and cannot be looked at: {cause}"),
    )
    .help("let that user run again, which finishes them; or write to another folder")
    .file(lock.display().to_string())
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
    made::remove_made(folder, id, &|made| tidy(made, id));
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
    let Ok(Manifest { mut entries, loads, seal }) = serde_json::from_str(&text) else { return Ok(Kept::new()) };
    let said = serde_json::json!({ "entries": entries, "loads": loads });
    let is_own = seal.is_some_and(|seal| seal_of(home, &said).is_some_and(|own| own == seal));
    for entry in &mut entries {
        entry.folder = home.join(&entry.folder);
    }
    // One that somebody else made up is none.
    if !entries.iter().all(|entry| is_well_formed(entry, id)) {
        return Ok(Kept::new());
    }
    // Nor does one put anything where programs look for their settings, which may come with a folder of somebody else's:
    // but what is aside may be the user's own, and is not thrown away. What is sealed is.
    if let Some(entry) = entries.iter().find(|entry| !is_own && is_hidden_place(entry, home)) {
        let message = format!(
            "results of an earlier run are not all in place, and one of them goes to a hidden place: `{}`",
            entry.target().display()
        );
        return Err(Diagnostic::error("PW0742", message)
            .help(
                "take what is wanted out of the folder beside the file named here; then remove that file to give the \
                 rest up, and run again",
            )
            .file(manifest.display().to_string()));
    }
    // Nor is one of somebody who may not replace what lies there: who has more rights lends them to nobody.
    if !entries.iter().all(|entry| may_replace(manifest, &entry.target())) {
        return Ok(Kept::new());
    }
    let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let folders: BTreeSet<PathBuf> = entries.iter().map(|entry| real(&entry.folder)).chain([real(home)]).collect();
    let _turns = turns(&folders)?;
    if !exists(manifest) {
        return Ok(Kept::new());
    }
    // The id is at work wherever its lock is. Where there is none, a disk may be away, or a folder was moved.
    let has_lock = |folder: &Path| folder.join(names::lock(id)).symlink_metadata().is_ok_and(|about| about.is_file());
    if let Some(away) = entries.iter().find(|entry| !has_lock(&entry.folder)) {
        // Of folders that are not below this one nobody but the lock can tell that they are meant.
        if away.folder.components().any(|part| part == Component::ParentDir) || !away.folder.starts_with(home) {
            return Ok(Kept::new());
        }
        let message =
            format!("results of an earlier run cannot be put in place: `{}` is not what it was", away.folder.display());
        return Err(Diagnostic::error("PW0742", message)
            .help(
                "put the folder or its disk back and try again, or remove the file named here to give the results up; \
                 they are kept aside",
            )
            .file(manifest.display().to_string()));
    }
    // A copy of a folder that was written to, or a restored one, may have a part of what is aside.
    if let Some(entry) = entries.iter().find(|entry| !entry.is_whole()) {
        let target = entry.target();
        let message =
            format!("results of an earlier run are not whole, and none was put in place: `{}`", target.display());
        return Err(Diagnostic::error("PW0742", message)
            .help("remove the file named here to give them up, and run again")
            .file(manifest.display().to_string()));
    }
    // Whatever a manifest says: what no marker lists is kept, and not removed.
    entries.retain(|entry| entry.staged.is_some() || !exists(&entry.target()) || is_listed(entry, home));
    entries.iter_mut().for_each(|entry| keep_unlisted(entry, home));
    // What is not aside any more was put in place before.
    let pending = entries.iter().filter(|entry| entry.staged().is_none_or(|staged| exists(&staged)));
    let mut kept = Kept::new();
    pending.into_iter().try_for_each(|entry| put(entry, &mut kept)).map_err(unfinished)?;
    kept.extend(finish(&entries, manifest, &folders, &loads).map_err(unfinished)?);
    folders.iter().for_each(|folder| tidy(folder, id));
    made::remove_emptied(&entries, home);
    Ok(kept)
}

/// Whether whoever wrote a manifest may replace a file: in a folder where everybody may write (sticky, as `/tmp`), only
/// the owner of the file, of the folder, or the administrator may.
#[cfg(unix)]
fn may_replace(manifest: &Path, target: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    let owner = |path: &Path| path.symlink_metadata().ok().map(|about| about.uid());
    let Some(writer) = owner(manifest) else { return false };
    let Some(folder) = target.parent().and_then(|folder| folder.metadata().ok()) else { return true };
    let is_open = folder.mode() & STICKY == 0 || writer == 0 || writer == folder.uid();
    is_open || owner(target).is_none_or(|owner| owner == writer)
}

#[cfg(not(unix))]
fn may_replace(_: &Path, _: &Path) -> bool {
    true
}

/// What stands at the place of something that is still to be put there stays, unless it is Pipewright's.
fn keep_unlisted(entry: &mut Entry, home: &Path) {
    let (target, old) = (entry.target(), entry.old());
    let is_pending = !entry.is_exchanged() && entry.staged().is_some_and(|staged| exists(&staged));
    let is_same = entry.staged().is_some_and(|staged| same_file(&staged, &target));
    let is_record = match entry.name.as_str() {
        MARKER => Marker::is_free(&entry.folder),
        names::CHECKPOINT => is_checkpoint(&target),
        // In no marker, as the user named it; a report takes the place of an earlier one.
        _ => is_report(&target) && entry.staged().is_some_and(|staged| is_report(&staged)),
    };
    if is_pending && !is_same && !is_record && exists(&target) && !is_listed(entry, home) {
        entry.keep = true;
        let _ = remove(&old);
        let has_folder = target.is_dir() || entry.staged().is_some_and(|staged| staged.is_dir());
        entry.swap |= has_folder || fs::hard_link(&target, &old).is_err();
    }
}

/// Whether a file is what an earlier run has noted that it read.
fn is_checkpoint(path: &Path) -> bool {
    let text = open_file(path).and_then(|file| io::read_to_string(file.take(64 << 20))).unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|record| record.get("pipewright_checkpoint").is_some())
}

/// Whether what stands at an entry's place is Pipewright's.
fn is_listed(entry: &Entry, home: &Path) -> bool {
    let target = entry.target();
    if target.is_dir() {
        return foreign(&target).is_ok_and(|found| found.is_none());
    }
    if Marker::of(&entry.folder).has_result(&entry.folder, &entry.name) {
        return true;
    }
    // What a verb wrote as a whole is listed in the marker of its uppermost folder.
    let folders = entry.folder.ancestors().take_while(|folder| folder.starts_with(home));
    let digests = folders.filter_map(|folder| {
        let name = slashes(target.strip_prefix(folder).ok()?);
        Marker::of(folder).files.get(&name)?.sha256.clone()
    });
    let digests: BTreeSet<String> = digests.collect();
    !digests.is_empty() && digest_of(&target).is_ok_and(|found| digests.contains(&found))
}

/// Whether a manifest may say this: names of its own.
fn is_well_formed(entry: &Entry, id: &str) -> bool {
    let is_name = |name: &str| matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    let of_id = |name: &str| names::is_staged(name, id);
    is_name(&entry.name) && of_id(&entry.old) && entry.staged.as_deref().is_none_or(of_id)
}

/// How often somebody else may come in between while one thing is put in place.
const TRIES: usize = 100;

/// Renames one thing into place. What stands there without having a second name gets one first; what somebody else has
/// put there meanwhile, were it in the last instant, is kept beside.
pub(super) fn put(entry: &Entry, kept: &mut Kept) -> io::Result<()> {
    let (target, old) = (entry.target(), entry.old());
    let Some(staged) = entry.staged() else {
        let is_there = exists(&target) && !exists(&old);
        return if is_there { fs::rename(&target, &old) } else { Ok(()) };
    };
    // Before anything moves: its folder may have gone with its disk.
    let is_folder = staged.symlink_metadata()?.is_dir();
    if entry.is_exchanged() {
        return settle_exchanged(entry, &staged, kept);
    }
    if entry.swap && exists(&target) && !exists(&old) {
        fs::rename(&target, &old)?;
    }
    if !exists(&old) {
        match fs::hard_link(&staged, &target) {
            // Of two names of one file the one aside goes.
            Ok(()) => return fs::remove_file(&staged).inspect_err(|_| drop(fs::remove_file(&target))),
            // This came in place before the end came.
            Err(_) if same_file(&staged, &target) => return fs::remove_file(&staged),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && target.is_dir() => {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            // Something came in between; or it is a folder, or a disk on which nothing has two names.
            Err(_) => {}
        }
    }
    for _ in 0..TRIES {
        let result = match exists(&target) {
            false => rename_new(&staged, &target),
            true if is_folder || target.is_dir() => keep_beside(entry, &target).and_then(|found| {
                kept.extend(found);
                rename_new(&staged, &target)
            }),
            true => put_over(entry, &staged, kept),
        };
        match result {
            // It came, or went, since the look.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && exists(&staged) => {}
            result => return result,
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "others write there all the time"))
}

/// Puts one file in the place of another.
fn put_over(entry: &Entry, staged: &Path, kept: &mut Kept) -> io::Result<()> {
    let (target, old) = (entry.target(), entry.old());
    if exchange(staged, &target)? {
        return settle_exchanged(entry, staged, kept);
    }
    if !exists(&old) {
        fs::rename(&target, &old)?;
    } else if !is_old(entry, &target) {
        kept.extend(keep_beside(entry, &target)?);
    }
    fs::rename(staged, target)
}

/// What stood at an entry's place has the name aside now: it goes where it has a second name, and otherwise is
/// somebody else's that came in the last instant.
fn settle_exchanged(entry: &Entry, aside: &Path, kept: &mut Kept) -> io::Result<()> {
    if exists(&entry.old()) && is_old(entry, aside) || entry.name == MARKER && Marker::is_at(aside) {
        return remove(aside);
    }
    kept.extend(keep_beside(entry, aside)?);
    Ok(())
}

/// The way back of `put`, from wherever it got to.
pub(super) fn put_back(entry: &Entry, is_placed: bool) -> io::Result<()> {
    let (target, old) = (entry.target(), entry.old());
    let staged = entry.staged();
    let is_placed = match staged.as_ref().filter(|_| entry.is_exchanged()) {
        Some(staged) => !exchange(staged, &target)?,
        None => is_placed,
    };
    if is_placed && let Some(staged) = staged.filter(|_| entry.swap || !exists(&old)) {
        fs::rename(&target, staged)?;
    }
    match exists(&old) {
        // Under both names: only the second one goes.
        true if !is_placed && exists(&target) => remove(&old),
        true => fs::rename(&old, &target),
        false => Ok(()),
    }
}

/// Whether what stands at an entry's place, or stood there, is what got the second name.
fn is_old(entry: &Entry, path: &Path) -> bool {
    let old = inode_of(&entry.old());
    old.is_some() && old == inode_of(path) || cfg!(not(unix))
}

/// Whether two names are those of one file.
fn same_file(one: &Path, other: &Path) -> bool {
    let opened = fs::symlink_metadata(one).is_ok_and(|about| about.is_file()).then(|| open_file(one));
    opened.and_then(Result::ok).is_some_and(|file| cfg!(unix) && is_same_file(&file, other))
}

/// After everything is in place: what was not ours gets its new name, the manifest goes, or stays as the record of what
/// is loaded now, then what was replaced goes. Gives what was not ours: its place, and where it is now.
pub(super) fn finish(
    entries: &[Entry],
    manifest: &Path,
    folders: &BTreeSet<PathBuf>,
    loads: &[String],
) -> io::Result<Kept> {
    let sync_all = || folders.iter().try_for_each(|folder| sync_folder(folder));
    let mut kept = Vec::new();
    for entry in entries.iter().filter(|entry| exists(&entry.old()) && (entry.keep || entry.is_changed())) {
        kept.extend(keep_beside(entry, &entry.old())?);
    }
    sync_all()?;
    match loads {
        [] => remove(manifest)?,
        // Who is killed now leaves what tells the next one of them.
        _ => fs::rename(manifest, unended::record(manifest))?,
    }
    sync_all()?;
    for entry in entries {
        // What cannot be removed, such as files of another user, stays where it is seen.
        if remove(&entry.old()).is_err() {
            kept.extend(keep_beside(entry, &entry.old())?);
        }
    }
    Ok(kept)
}

/// Gives what stood at an entry's place, and is now at `from`, a name beside it that nobody has.
fn keep_beside(entry: &Entry, from: &Path) -> io::Result<Option<(PathBuf, PathBuf)>> {
    // Names have at most 255 bytes.
    let short = &entry.name[..entry.name.floor_char_boundary(230)];
    let numbered = (2..).map(|number| format!("{short}.before-{number}"));
    let mut names = std::iter::once(format!("{short}.before")).chain(numbered);
    while let Some(free) = names.next().map(|name| entry.folder.join(name)) {
        match rename_new(from, &free) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|()| Some((entry.target(), free))),
        }
    }
    Ok(None)
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
