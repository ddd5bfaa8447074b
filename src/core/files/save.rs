//! Writing a file so that at any moment either the old or the new one is whole. Must not import anything
//! of this crate but its neighbours.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::aside::undisturbed;
use super::attributes::take_after;
use super::names;

/// Links that lead to links are followed so far.
const LINKS: usize = 40;
/// What was left beside by a process that died is younger than this while another may just be making it.
const SETTLED: Duration = Duration::from_secs(60);

/// Puts `bytes` in the place of the file at `path`: written beside it, synced, renamed. A link stays one, and the file
/// that it names is replaced; mode, owner and the list of who may use it stay as they were. A write-protected file is not replaced.
///
/// # Errors
/// What the system says. The file is as it was, and nothing is left beside it.
pub fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = followed(path)?;
    let before = is_there(&path)?.then_some(&*path);
    undisturbed(|| write_whole(&path, bytes, before))
}

/// Writes a file that is a companion of the one at `main` (a copy of what it was): no more people may read it. A link
/// in its place is replaced, not followed: whoever put it there may have meant a file elsewhere.
pub fn save_beside(main: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let main = followed(main)?;
    write_whole(path, bytes, is_there(&main)?.then_some(&*main))
}

/// The file that a path names in the end: links at its end are followed, also to a file that is not there yet.
pub fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the link leads back to itself"))
}

/// Whether the file that a path names in the end says that it is not to be changed.
pub fn is_write_protected(path: &Path) -> bool {
    followed(path).and_then(fs::metadata).is_ok_and(|about| about.permissions().readonly())
}

/// Whether there is a file to be replaced already; what cannot be replaced is an error.
fn is_there(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "there is a folder of that name"))
        }
        Ok(about) if !about.is_file() => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
        Ok(about) if about.permissions().readonly() => {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected"))
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_whole(path: &Path, bytes: &[u8], like: Option<&Path>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let stem = format!(".{}.saving-", name.to_string_lossy());
    remove_leftovers(folder, &stem);
    let (beside, mut file) = create_beside(folder, &stem, like.is_some())?;
    let mut write = || -> io::Result<()> {
        // Others see by the lock that this is not left over. A file system without locks knows no leftovers.
        let _ = file.try_lock();
        file.write_all(bytes)?;
        if let Some(like) = like {
            take_after(&beside, like, 0o777)?;
        }
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&beside)))?;
    sync_folder(folder)
}

/// A new file that nobody else has; readable by the owner alone where it takes the place of one with rights of its own.
fn create_beside(folder: &Path, stem: &str, is_private: bool) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = folder.join(format!("{stem}{}-{number}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if is_private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        match options.open(&beside) {
            Ok(file) => return Ok((beside, file)),
            // Another machine may have a process of the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Takes away what a process that was killed while it saved has left: its lock went with it.
fn remove_leftovers(folder: &Path, stem: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_beside = entry.file_name().to_string_lossy().starts_with(stem);
        if !is_beside || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > SETTLED)
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The rename is on the disk, too. Where folders cannot be synced there is nothing to wait for: the file is in place.
fn sync_folder(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match names::sync_folder(folder) {
        Err(error) if !matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_link_stays_a_link_and_the_mode_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("real")).unwrap();
        fs::write(at("real/p"), "old").unwrap();
        fs::set_permissions(at("real/p"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("real/p", at("second")).unwrap();
        symlink("second", at("first")).unwrap();
        save(&at("first"), b"new").unwrap();
        assert_eq!(fs::read(at("real/p")).unwrap(), b"new");
        assert_eq!(fs::metadata(at("real/p")).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_link(at("first")).unwrap(), Path::new("second"));
        assert_eq!(
            (names(folder.path()), names(&at("real"))),
            (vec!["first".into(), "real".into(), "second".into()], vec!["p".into()])
        );
        // A link whose file is not there yet.
        symlink("real/q", at("third")).unwrap();
        save(&at("third"), b"q").unwrap();
        assert_eq!(fs::read(at("real/q")).unwrap(), b"q");
        symlink("loop", at("loop")).unwrap();
        assert!(save(&at("loop"), b"").is_err());
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        assert!(save(&at("folder"), b"new").is_err());
        fs::write(at("protected"), "old").unwrap();
        fs::set_permissions(at("protected"), fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(save(&at("protected"), b"new").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read(at("protected")).unwrap(), b"old");
        assert!(save(&at("gone/p"), b"new").is_err());
        // The rename is what fails: a folder took the name meanwhile.
        assert!(write_whole(&at("folder"), b"new", None).is_err());
        assert_eq!(names(folder.path()), ["folder", "protected"]);
    }

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let old = std::time::SystemTime::now() - Duration::from_secs(3600);
        for name in [".p.saving-1-0", ".p.saving-2-0", ".q.saving-1-0"] {
            let file = File::create(at(name)).unwrap();
            file.set_modified(old).unwrap();
        }
        let writing = File::open(at(".p.saving-2-0")).unwrap();
        writing.lock().unwrap();
        save(&at("p"), b"new").unwrap();
        assert_eq!(names(folder.path()), [".p.saving-2-0", ".q.saving-1-0", "p"]);
    }

    #[test]
    fn a_companion_replaces_a_link_and_is_as_private_as_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("p"), "p").unwrap();
        fs::set_permissions(at("p"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(at("victim"), "precious").unwrap();
        symlink("victim", at("p.bak")).unwrap();
        save_beside(&at("p"), &at("p.bak"), b"old").unwrap();
        assert_eq!(fs::read(at("victim")).unwrap(), b"precious");
        assert_eq!(
            (fs::read(at("p.bak")).unwrap(), fs::metadata(at("p.bak")).unwrap().mode() & 0o777),
            (b"old".to_vec(), 0o600)
        );
    }
}
