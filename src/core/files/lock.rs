//! Who has a project open: a lock on a file beside it that goes with the process, with the holder's name in it. Must not
//! import anything of this crate but `diagnostic`.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::followed;
use super::regular::open_file;
use super::stand_in::StandIn;
use crate::diagnostic::io_cause;

/// A holder's name is no longer than this; what is longer was not written by this program.
pub(super) const LONGEST: u64 = 4096;

/// Who has a project open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    pub user: String,
    pub host: String,
    pub process: u32,
    /// When it was opened, in universal time.
    pub since: String,
    /// The machine as it is since it was started, the space of process numbers, and when the process began; empty where
    /// the system does not tell.
    pub life: String,
    /// The file to remove by hand where the process is known to have ended: on a disk without locks, or another user's.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

impl Holder {
    /// This process, now.
    pub(super) fn this() -> Self {
        let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
        Self {
            user: variable(&["USER", "LOGNAME", "USERNAME"]),
            host: host.map_or_else(|_| variable(&["HOSTNAME", "COMPUTERNAME"]), |host| host.trim().to_owned()),
            process: std::process::id(),
            since: chrono::Utc::now().format("%Y-%m-%d %H:%M UTC").to_string(),
            life: Self::life_of(std::process::id()),
            file: None,
        }
    }

    /// What tells a process from all others that have had its number; empty: it does not run, or nothing is known.
    pub(super) fn life_of(process: u32) -> String {
        let Some(here) = here() else { return String::new() };
        let about = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name, in brackets, may hold anything; the time is the twentieth field after it (proc_pid_stat(5)).
        let began = about.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19));
        began.map_or(String::new(), |began| format!("{here} {began}"))
    }

    /// Whether its process is known to have ended: it ran on this machine, among these numbers.
    pub(super) fn is_gone(&self) -> bool {
        let place = self.life.rsplit_once(' ').map(|(place, _)| place);
        place.is_some() && place == here().as_deref() && Self::life_of(self.process) != self.life
    }

    /// What the file says; it may come from anybody, so what could deceive on a terminal goes.
    fn read(file: &File) -> Self {
        let mut text = String::new();
        // Where the holder cannot be read, that somebody is there is still known.
        let _ = file.take(LONGEST).read_to_string(&mut text);
        Self::of(&text)
    }

    pub(super) fn of(text: &str) -> Self {
        let holder: Holder = serde_json::from_str(text).unwrap_or_default();
        let plain = |text: String| text.chars().filter(|c| !c.is_control()).take(100).collect();
        Self { user: plain(holder.user), host: plain(holder.host), since: plain(holder.since), ..holder }
    }
}

/// This machine since it was started, and the space of its process numbers: containers have their own.
fn here() -> Option<String> {
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", start.trim(), space.display()))
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.user.is_empty() { "somebody" } else { &self.user })?;
        if !self.host.is_empty() {
            write!(f, " on {}", self.host)?;
        }
        match (self.process, self.since.as_str()) {
            (0, _) => Ok(()),
            (process, "") => write!(f, " (process {process})"),
            (process, since) => write!(f, " (process {process}, since {since})"),
        }
    }
}

/// A held lock. It goes when it is dropped, and when the process ends in whatever way; on a disk without locks it stays
/// then, and is taken over.
#[derive(Debug)]
pub struct Lock {
    /// Holds the lock of the system while it is open.
    system: Option<(PathBuf, File)>,
    /// Where the system's cannot be had.
    _stand_in: Option<StandIn>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((path, file)) = &self.system {
            // Taken away while it is held: whoever waits for it sees that it is not the one that has the name.
            let _ = fs::remove_file(path);
            let _ = file.unlock();
        }
    }
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum Locked {
    Mine(Lock),
    /// Somebody else has it.
    Held(Holder),
    /// There can be none here: the folder cannot be written. Why, in plain words.
    Unavailable(String),
}

/// Takes the lock of the project at `path`, on `.<name>.lock` beside the file that the path names in the end.
pub fn hold(path: &Path, ending: &str) -> Locked {
    let unavailable = |error: io::Error| Locked::Unavailable(io_cause(&error));
    let path = match followed(path) {
        Ok(path) => lock_path(&path, ending),
        Err(error) => return unavailable(error),
    };
    /// Each time another process gave the lock up in between.
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        // A foreign project may bring a link of that name: nothing is written through it.
        if fs::symlink_metadata(&path).is_ok_and(|about| !about.is_file()) || !is_lock(&path) {
            return stand_in(&path);
        }
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        // A lock file of another user's may only be read; that is enough to see whether it is held.
        let (file, is_written) = match opened {
            Ok(file) => (file, true),
            Err(_) => match File::open(&path) {
                Ok(file) => (file, false),
                // Another user's, of whom nobody can tell whether the project is open.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.is_file() => {
                    return Locked::Held(Holder { file: Some(path), ..Holder::default() });
                }
                Err(_) => return stand_in(&path),
            },
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Locked::Held(Holder::read(&file)),
            Err(TryLockError::Error(_)) => {
                // Made by the look.
                if is_written && file.metadata().is_ok_and(|about| about.len() == 0) {
                    let _ = fs::remove_file(&path);
                }
                return stand_in(&path);
            }
        }
        if !is_same_file(&file, &path) {
            continue;
        }
        if is_written {
            write_holder(&file);
        }
        return Locked::Mine(Lock { system: Some((path, file)), _stand_in: None });
    }
    Locked::Unavailable("others take and leave the lock all the time".to_owned())
}

/// `.shop.lock-held`, on a disk without locks, and where something else has the lock's name or it cannot be opened.
fn stand_in(path: &Path) -> Locked {
    let mut held = path.file_name().unwrap_or_default().to_owned();
    held.push("-held");
    let held = path.with_file_name(held);
    match StandIn::take(&held) {
        Ok(Ok(stand_in)) => Locked::Mine(Lock { system: None, _stand_in: Some(stand_in) }),
        Ok(Err(holder)) => Locked::Held(Holder { file: Some(held), ..holder }),
        Err(error) => Locked::Unavailable(io_cause(&error)),
    }
}

/// Whether a file of that name is a lock, or there is none: others have something else in it, or another name for it.
fn is_lock(path: &Path) -> bool {
    #[cfg(unix)]
    if fs::symlink_metadata(path).is_ok_and(|about| std::os::unix::fs::MetadataExt::nlink(&about) > 1) {
        return false;
    }
    let mut text = String::new();
    match open_file(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text)) {
        Ok(_) => text.is_empty() || serde_json::from_str::<Holder>(&text).is_ok(),
        // Others' locks need not be readable.
        Err(error) => error.kind() != io::ErrorKind::InvalidData,
    }
}

/// `.shop.lock` beside `shop.pipewright.json`.
fn lock_path(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{}.lock", name.strip_suffix(ending).unwrap_or(&name)))
}

/// The name is for people; without it the lock still holds.
fn write_holder(mut file: &File) {
    let text = serde_json::to_string(&Holder::this()).unwrap_or_default();
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
}

/// Whether an open file is what a path leads to now. Links are followed.
#[cfg(unix)]
pub fn is_at_place(file: &File, place: &Place) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|about| (about.dev(), about.ino()) == *place)
}

/// Nobody can tell here.
#[cfg(not(unix))]
pub fn is_at_place(_: &File, _: &Place) -> bool {
    true
}

/// Whether an open file is still the one of that name: whoever held it before may have taken it away.
#[cfg(unix)]
pub fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |about: fs::Metadata| (about.dev(), about.ino());
    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    identity(open) == identity(named)
}

/// A file or folder, the same by whatever name, link or mount: its disk and its number there.
#[cfg(unix)]
pub type Place = (u64, u64);
/// A file or folder, the same by whatever name.
#[cfg(not(unix))]
pub type Place = PathBuf;

/// What a path leads to; `None`: nothing that can be looked at.
#[cfg(unix)]
pub fn place_of(path: &Path) -> Option<Place> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}

/// What a path leads to; `None`: nothing that can be looked at.
#[cfg(not(unix))]
pub fn place_of(path: &Path) -> Option<Place> {
    path.canonicalize().ok()
}

/// Whether two paths lead to one file or folder.
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    place_of(one).is_some_and(|one| Some(one) == place_of(other))
}

/// Whether an open file is still the one of that name; here an open one cannot be taken away.
#[cfg(not(unix))]
pub fn is_same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mine(path: &Path) -> Lock {
        match hold(path, ".json") {
            Locked::Mine(lock) => lock,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_of_the_users_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.json");
        fs::write(folder.path().join(".p.lock"), "MINE").unwrap();
        // Two do not have the project all the same.
        let first = mine(&path);
        assert!(matches!(hold(&path, ".json"), Locked::Held(_)));
        drop(first);
        drop(mine(&path));
        assert_eq!(fs::read_to_string(folder.path().join(".p.lock")).unwrap(), "MINE");
        assert!(!folder.path().join(".p.lock-held").exists());
    }

    #[test]
    fn one_has_it_the_other_sees_who_and_it_goes_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.json");
        let lock = mine(&path);
        let Locked::Held(holder) = hold(&path, ".json") else { panic!("held twice") };
        assert_eq!(holder.process, std::process::id());
        assert!(holder.to_string().contains("(process "), "{holder}");
        drop(lock);
        assert!(!folder.path().join(".p.lock").exists());
        mine(&path);
        // What a process that died has left is no lock.
        fs::write(folder.path().join(".p.lock"), "{}").unwrap();
        mine(&path);
    }

    #[test]
    fn a_foreign_holder_cannot_speak_to_the_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".p.lock");
        fs::write(&path, r#"{"user": "\u001b[2Jroot\n", "process": 7}"#).unwrap();
        let file = File::open(&path).unwrap();
        file.lock().unwrap();
        let Locked::Held(holder) = hold(&folder.path().join("p.json"), ".json") else { panic!("not held") };
        assert_eq!(holder.to_string(), "[2Jroot (process 7)");
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_one_lock_and_a_planted_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("real")).unwrap();
        std::os::unix::fs::symlink("real/p.json", at("link.json")).unwrap();
        let lock = mine(&at("link.json"));
        assert!(matches!(hold(&at("real/p.json"), ".json"), Locked::Held(_)));
        drop(lock);
        fs::write(at("victim"), "precious").unwrap();
        std::os::unix::fs::symlink("../victim", at("real/.p.lock")).unwrap();
        drop(mine(&at("real/p.json")));
        assert_eq!(fs::read(at("victim")).unwrap(), b"precious");
        assert!(matches!(hold(&at("gone/p.json"), ".json"), Locked::Unavailable(_)));
    }

    #[test]
    fn of_many_that_want_it_at_once_one_at_a_time_has_it() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.json");
        let (inside, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Locked::Mine(lock) = hold(&path, ".json") {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            taken.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(lock);
                        }
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }
}
