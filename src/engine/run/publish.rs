//! Whole results or none: outputs are written aside, in the folder they go to, and renamed together at the end. What a
//! killed run left behind is removed by the next.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use pipewright_core::diagnostic::{Diagnostic, io_cause};

/// Names of everything that is not published yet begin so; the process id follows.
const PREFIX: &str = ".pipewright-";

/// Runs of one process keep apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Outputs that wait for the end of the run.
#[derive(Default)]
pub(super) struct Publisher {
    /// (written aside, final place).
    staged: Vec<(PathBuf, PathBuf)>,
    /// Removed when the run ends, well or not.
    scratch: Vec<PathBuf>,
}

fn unpublished(name: &str) -> String {
    format!("{PREFIX}{}-{}-{name}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

fn fault(what: &str, path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error("PW0953", format!("{what}: {}", io_cause(error)))
        .help("see whether the folder exists, may be written to and has space")
        .file(path.display().to_string())
}

impl Publisher {
    /// The place beside `target` where it is written until the run is over; made with its folder.
    pub fn stage(&mut self, target: &Path) -> Result<PathBuf, Diagnostic> {
        let folder = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| fault("the output folder cannot be made", folder, &error))?;
        remove_leftovers(folder);
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let aside = folder.join(unpublished(&name));
        self.staged.push((aside.clone(), target.to_owned()));
        Ok(aside)
    }

    /// A folder for what does not fit into memory; gone when the run ends.
    pub fn scratch(&mut self, folder: &Path) -> PathBuf {
        let place = folder.join(unpublished("rows"));
        self.scratch.push(place.clone());
        place
    }

    /// Renames everything into place. What was not written (no rows turned away) is skipped.
    pub fn publish(mut self) -> Result<(), Diagnostic> {
        for (aside, target) in std::mem::take(&mut self.staged) {
            if !aside.exists() {
                continue;
            }
            let result = sync(&aside).and_then(|()| replace(&aside, &target));
            if let Err(error) = result {
                let _ = remove(&aside);
                return Err(fault("the output cannot be put in place", &target, &error));
            }
        }
        Ok(())
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        for path in self.staged.iter().map(|(aside, _)| aside).chain(&self.scratch) {
            let _ = remove(path);
        }
    }
}

fn sync(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync(&entry?.path())?;
        }
        return Ok(());
    }
    fs::File::open(path)?.sync_all()
}

fn replace(aside: &Path, target: &Path) -> io::Result<()> {
    if !target.is_dir() {
        return fs::rename(aside, target);
    }
    // A folder cannot be renamed over another: the old one steps aside first.
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let old = target.with_file_name(unpublished(&name));
    fs::rename(target, &old)?;
    match fs::rename(aside, target) {
        Ok(()) => remove(&old),
        Err(error) => {
            fs::rename(&old, target)?;
            Err(error)
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

/// Removes what runs that are no more left in a folder.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|process| !is_alive(process)) {
            let _ = remove(&entry.path());
        }
    }
}

fn is_alive(process: u32) -> bool {
    // Where processes cannot be looked up, nothing is known to be dead.
    process == std::process::id()
        || !Path::new("/proc/self").exists()
        || Path::new(&format!("/proc/{process}")).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_appear_together_and_leftovers_go() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at(".pipewright-4294967294-0-a.csv"), "half").unwrap();
        fs::write(at("a.csv"), "old").unwrap();
        let mut publisher = Publisher::default();
        let a = publisher.stage(&at("a.csv")).unwrap();
        let b = publisher.stage(&at("parts")).unwrap();
        fs::write(&a, "new").unwrap();
        fs::create_dir(&b).unwrap();
        fs::write(b.join("x"), "x").unwrap();
        assert_eq!(fs::read_to_string(at("a.csv")).unwrap(), "old");
        publisher.publish().unwrap();
        assert_eq!(fs::read_to_string(at("a.csv")).unwrap(), "new");
        assert!(at("parts/x").exists());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn a_run_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut publisher = Publisher::default();
        let aside = publisher.stage(&folder.path().join("a.csv")).unwrap();
        fs::write(aside, "half").unwrap();
        drop(publisher);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
