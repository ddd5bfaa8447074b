//! What this process has aside: whoever ends the process removes it. Rows in between have a folder of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::names::{self, remove};
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
pub struct PrivateFolder {
    id: String,
    path: PathBuf,
}

impl PrivateFolder {
    pub fn new() -> Result<PrivateFolder, Diagnostic> {
        let id = names::new_id();
        let path = std::env::temp_dir().join(format!("pipewright-{id}"));
        // A signal comes before this or after it.
        let mut all = aside();
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|error| {
            Diagnostic::error("PW0953", format!("no folder can be made for rows in between: {}", io_cause(&error)))
                .help("let TMPDIR name a folder that exists, may be written to and has space")
                .file(path.display().to_string())
        })?;
        all.insert(id.clone(), vec![Left::Staged(path.clone())]);
        Ok(PrivateFolder { id, path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let mut all = aside();
        all.remove(&self.id).into_iter().flatten().for_each(Left::remove);
    }
}
