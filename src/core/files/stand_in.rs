//! What stands in for a lock on a disk that has none (some network and cloud file systems): a file that only one can make,
//! with the holder's name in it. Unlike a lock it stays where its process is killed. Then whoever comes next on the same
//! machine sees that the process is gone, and takes it away; to others it is told who has it, and which file it is.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock::{Holder, LONGEST};
use super::regular::open_file;

/// Nobody takes this long to take away a file.
const SETTLED: Duration = Duration::from_secs(300);

/// A file that this process made, and takes away when it is dropped.
#[derive(Debug)]
pub(super) struct StandIn {
    path: PathBuf,
    text: String,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // Somebody may have taken it away by hand, and another made it anew.
        if text_of(&self.path).is_some_and(|text| text == self.text) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl StandIn {
    /// Makes the file, or gives whoever has made it before and lives.
    pub(super) fn take(path: &Path) -> io::Result<Result<Self, Holder>> {
        let text = serde_json::to_string(&Holder::this())?;
        /// Each time another process gave it up in between.
        const TRIES: usize = 100;
        for _ in 0..TRIES {
            match OpenOptions::new().write(true).create_new(true).open(path) {
                Ok(mut file) => {
                    let made = Self { path: path.to_owned(), text: text.clone() };
                    // Without the name it holds just as well, but nobody could see that its process is gone.
                    return match file.write_all(text.as_bytes()) {
                        // Stopped for long before it was written, it may have been taken for a dead one's.
                        Ok(()) if text_of(path).is_none_or(|found| found != text) => continue,
                        Ok(()) => Ok(Ok(made)),
                        Err(error) => {
                            fs::remove_file(path)?;
                            Err(error)
                        }
                    };
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let found = text_of(path).unwrap_or_default();
                    let holder = Holder::of(&found);
                    let is_gone = holder.is_gone() || found.is_empty() && is_left_unwritten(path);
                    if !(is_gone && is_taken_away(path, &found)?) {
                        return Ok(Err(holder));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::WouldBlock, "others take and leave it all the time"))
    }
}

fn text_of(path: &Path) -> Option<String> {
    // What a link leads to is nobody's name.
    path.symlink_metadata().ok().filter(|about| about.is_file())?;
    let mut text = String::new();
    open_file(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text)).ok().map(|_| text)
}

/// Whether the file is one whose maker was killed before its name was in it: that takes an instant.
fn is_left_unwritten(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_file() && about.len() == 0) && age_of(path) > SETTLED
}

/// How long ago a file was changed; none where that is not known.
fn age_of(path: &Path) -> Duration {
    let time = path.symlink_metadata().and_then(|about| about.modified());
    time.ok().and_then(|time| time.elapsed().ok()).unwrap_or_default()
}

/// Takes away what a process that is gone has left. Only one does so at a time, and looks again: otherwise the second
/// would take away what the first has made anew. Where one is killed in between, others wait some minutes.
fn is_taken_away(path: &Path, known: &str) -> io::Result<bool> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push("-gone");
    let own = path.with_file_name(name);
    match OpenOptions::new().write(true).create_new(true).open(&own) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // It is there for an instant; one that is old was left by a kill just then.
            if age_of(&own) > SETTLED {
                // A folder of that name is no program's, and goes where nothing is in it.
                let _ = fs::remove_file(&own).or_else(|_| fs::remove_dir(&own));
            }
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    let is_known = text_of(path).is_some_and(|text| text == known);
    // In a folder whose files only their owners may remove it stays theirs.
    let is_removed = !is_known || fs::remove_file(path).is_ok();
    fs::remove_file(&own)?;
    Ok(is_removed)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_one_has_it_and_what_a_killed_process_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".turn");
        let mine = StandIn::take(&path).unwrap().unwrap();
        let by = StandIn::take(&path).unwrap().unwrap_err();
        assert_eq!(by.process, std::process::id());
        drop(mine);
        assert!(!path.exists());

        let left = |holder: &Holder| fs::write(&path, serde_json::to_string(holder).unwrap()).unwrap();
        // A process of this machine that runs no more: its number is free, or another's by now.
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let life = Holder::life_of(child.id());
        child.wait().unwrap();
        left(&Holder { process: child.id(), life, ..Holder::this() });
        let _mine = StandIn::take(&path).unwrap().unwrap();
        left(&Holder { life: format!("{}9", Holder::this().life), ..Holder::this() });
        let _mine = StandIn::take(&path).unwrap().unwrap();
        // Of a process elsewhere nothing is known.
        left(&Holder { life: "another machine 1".to_owned(), ..Holder::this() });
        assert!(StandIn::take(&path).unwrap().is_err());
        fs::write(&path, "").unwrap();
        assert!(StandIn::take(&path).unwrap().is_err());
        // Who was killed before the name was in it wrote nothing any more.
        let old = std::time::SystemTime::now() - 2 * SETTLED;
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        let _mine = StandIn::take(&path).unwrap().unwrap();
    }

    #[test]
    fn nothing_of_anothers_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".turn");
        let mine = StandIn::take(&path).unwrap().unwrap();
        fs::write(&path, "another's").unwrap();
        drop(mine);
        assert_eq!(fs::read_to_string(&path).unwrap(), "another's");
    }

    #[test]
    fn of_many_at_once_one_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".turn");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _mine = loop {
                            if let Ok(Ok(mine)) = StandIn::take(&path) {
                                break mine;
                            }
                            std::thread::yield_now();
                        };
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
        });
    }
}
