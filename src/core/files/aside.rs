//! What this process has aside: whoever ends the process removes it. Rows in between have a folder of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use super::names::{self, remove};
use super::regular::open_file;
use crate::diagnostic::{Diagnostic, io_cause};

/// What all publications of this process have aside, by id: whoever ends the process removes it.
static ASIDE: Mutex<Aside> = Mutex::new(Aside::new());

/// By id; files and folders that go at the end, and folders that go if they are empty then.
pub type Aside = BTreeMap<String, Vec<Left>>;

/// What goes at the end, well or not.
#[derive(Debug)]
pub enum Left {
    Staged(PathBuf),
    /// A folder that was made for what is staged.
    Folder(PathBuf),
}

impl Left {
    pub(super) fn remove(self) {
        let _ = match self {
            // Under another name first: what is still being written finds no folder any more.
            Left::Staged(path) => {
                let gone = path.with_extension("gone");
                let is_renamed = path.is_dir() && fs::rename(&path, &gone).is_ok();
                remove(if is_renamed { &gone } else { &path })
            }
            Left::Folder(path) => fs::remove_dir(path),
        };
    }
}

pub(super) fn aside() -> MutexGuard<'static, Aside> {
    ASIDE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a publication of this process was put in place.
pub(super) static IS_PUBLISHED: AtomicBool = AtomicBool::new(false);

/// Puts a single file in place: a signal waits until this is over, and what is done is done.
pub(super) fn undisturbed(put: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let _turn = aside();
    put()?;
    IS_PUBLISHED.store(true, Ordering::SeqCst);
    Ok(())
}

/// Removes everything that is written aside, for a process that is about to end; while the guard lives nothing new is
/// begun. What is being put in place is waited for. Where something was put in place and nothing more is aside, nothing
/// is given: what the process was to do is done.
pub fn abandon_all() -> Option<MutexGuard<'static, Aside>> {
    let mut all = aside();
    if IS_PUBLISHED.load(Ordering::SeqCst) && all.is_empty() {
        return None;
    }
    std::mem::take(&mut *all).into_values().flat_map(|left| left.into_iter().rev()).for_each(Left::remove);
    Some(all)
}

/// A folder in the system's place for temporary files that nobody else may look into; gone at the end, also by a signal.
/// What a killed process left is removed by the next one.
pub struct PrivateFolder {
    id: String,
    path: PathBuf,
    /// Held while the process lives.
    _lock: fs::File,
}

/// Held while the process lives that made a private folder.
const LIFE: &str = ".in-use";
/// A folder that is younger may be one whose lock is not taken yet.
const YOUNG: Duration = Duration::from_secs(60);

impl PrivateFolder {
    pub fn new() -> Result<PrivateFolder, Diagnostic> {
        let id = names::new_id();
        let place = std::env::temp_dir();
        // A look for findings makes many such folders.
        static TIDIED: Once = Once::new();
        TIDIED.call_once(|| remove_abandoned(&place));
        let path = place.join(format!("{PRIVATE}{id}"));
        // A signal comes before this or after it.
        let mut all = aside();
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let failed = |error: io::Error| {
            Diagnostic::error("PW0953", format!("no folder can be made for rows in between: {}", io_cause(&error)))
                .help("let TMPDIR name a folder that exists, may be written to and has space")
                .file(path.display().to_string())
        };
        builder.create(&path).map_err(failed)?;
        all.insert(id.clone(), vec![Left::Staged(path.clone())]);
        let lock = fs::File::create_new(path.join(LIFE)).map_err(failed)?;
        // On a disk without locks what is left over stays.
        let _ = lock.try_lock();
        Ok(PrivateFolder { id, path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn abandon(&self, all: &mut Aside) {
        all.remove(&self.id).into_iter().flatten().for_each(Left::remove);
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        self.abandon(&mut aside());
    }
}

/// Begins the names of private folders.
const PRIVATE: &str = "pipewright-";

/// Removes the private folders of processes that live no more, as far as one may.
fn remove_abandoned(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().and_then(|name| name.strip_prefix(PRIVATE)).is_some_and(names::is_id);
        // A link is no folder here.
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let life = entry.path().join(LIFE);
        let Ok(lock) = open_file(&life) else { continue };
        let age = lock.metadata().and_then(|about| about.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > YOUNG) && lock.try_lock().is_ok() {
            let _ = remove(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_lives_stays() {
        let place = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - YOUNG * 2;
        let folder = |name: &str, time: SystemTime| {
            let path = place.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("rows.parquet"), "rows").unwrap();
            let life = fs::File::create(path.join(LIFE)).unwrap();
            life.set_modified(time).unwrap();
            life
        };
        let alive = folder("pipewright-0123456789abcdef", old);
        alive.try_lock().unwrap();
        folder("pipewright-0123456789abcdee", old);
        folder("pipewright-0123456789abcded", SystemTime::now());
        folder("pipewright-notes", old);
        fs::create_dir(place.path().join("pipewright-0123456789abcdec")).unwrap();
        remove_abandoned(place.path());
        let mut left: Vec<_> = fs::read_dir(place.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let ids = ["0123456789abcdec", "0123456789abcded", "0123456789abcdef", "notes"];
        assert_eq!(left, ids.map(|id| format!("pipewright-{id}")));
    }
}
