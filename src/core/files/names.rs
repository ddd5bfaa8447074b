//! Names of what is not in place yet: `.pipewright-ID/N` (staged), `.pipewright-ID/N.old` (what it replaces),
//! `.pipewright-ID.manifest`, `.pipewright-ID.lock`, `.pipewright-ID.loads`, `.pipewright-ID.made`. Without the folder nothing more can be staged. The id is random: whoever writes holds the lock of the file
//! system on the lock file, so that others tell what is left over from what is under way, from any host or container.

use std::fs::{self, File};
use std::hash::BuildHasher as _;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use rustix::{
    fs::{CWD, RenameFlags},
    io::Errno,
};

use super::marker::MARKER;
use crate::diagnostic::{Diagnostic, io_cause};

const PREFIX: &str = ".pipewright-";
/// Stands in for the lock on a folder while things are put into it, on disks without locks.
pub const TURN: &str = ".pipewright-turn";
/// What `run --incremental` has read, beside its outputs.
pub const CHECKPOINT: &str = ".pipewright-checkpoint.json";
/// What files of rows begin with that an incremental run keeps for the next one.
pub const OPEN_ROWS: &str = ".pipewright-open-";
/// Where scripts of bundles work.
const WORK: &str = ".pipewright-work-";
/// Hexadecimal digits of an id.
const DIGITS: usize = 16;

pub(super) fn new_id() -> String {
    // Processes that begin at the same time draw the same numbers: the hash is the operating system's chance.
    let chance = std::hash::RandomState::new().hash_one(std::process::id());
    format!("{:016x}", fastrand::u64(..) ^ chance)
}

/// The folder of what is staged.
pub(super) fn stage(id: &str) -> String {
    format!("{PREFIX}{id}")
}

pub(super) fn staged(id: &str, number: usize) -> String {
    format!("{PREFIX}{id}/{number}")
}

/// Whether a name is that of something staged, or of what that replaces.
pub(super) fn is_staged(name: &str, id: &str) -> bool {
    let number = name.strip_prefix(&stage(id)).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
    let number = number.strip_suffix(".old").unwrap_or(number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn manifest(id: &str) -> String {
    format!("{PREFIX}{id}.manifest")
}

pub(super) fn lock(id: &str) -> String {
    format!("{PREFIX}{id}.lock")
}

/// What a manifest is called while rows are to come into databases, and all files are in place.
pub(super) fn loads(id: &str) -> String {
    format!("{PREFIX}{id}.loads")
}

/// The folders that were made for what is staged.
pub(super) fn made(id: &str) -> String {
    format!("{PREFIX}{id}.made")
}

/// Whether a name is that of the record of a folder, of what stands in for its lock, or of what is not in place yet.
pub fn is_record(name: &str) -> bool {
    name == MARKER || name == CHECKPOINT || name.starts_with(TURN) || name.starts_with(WORK) || id_of(name).is_some()
}

/// The id in such a name.
pub(super) fn id_of(name: &str) -> Option<&str> {
    let id = name.strip_prefix(PREFIX)?.get(..DIGITS)?;
    let rest = &name[PREFIX.len() + DIGITS..];
    let is_ours = rest.is_empty() || rest.starts_with('.');
    (is_ours && is_id(id)).then_some(id)
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Makes one folder, where it is not there, but none above it: what was told to end finds its place gone, and does not
/// make it again.
pub fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// Makes a folder for what is not in place yet: nobody else may look into it, but for a group that works here together.
pub(super) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o770);
    builder.create(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o020 == 0 && mode & 0o077 != 0 {
            // A disk without rights has them for everybody.
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
        }
    }
    Ok(())
}

/// Renames to a name that nobody has. What has it, were it since an instant, is an error (`AlreadyExists`).
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A disk that cannot do it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        result => return Ok(result?),
    }
    match exists(to) {
        true => Err(io::ErrorKind::AlreadyExists.into()),
        false => fs::rename(from, to),
    }
}

/// Gives two files each other's names, at one moment; whether this can be done here.
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    return match rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        result => Ok(result.map(|()| true)?),
    };
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (one, other);
        Ok(false)
    }
}

/// Number that a file, or a link itself, has on its disk as long as it is there, whatever its name.
pub(super) fn inode_of(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    return path.symlink_metadata().ok().map(|about| std::os::unix::fs::MetadataExt::ino(&about));
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether something is there; a link counts, wherever it leads.
pub(super) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Removes a file, a link or a whole folder; what is not there is fine.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let result = match path.symlink_metadata() {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path).or_else(|error| match error.kind() {
            // What is ours to remove may have taken over that nobody may write there.
            io::ErrorKind::PermissionDenied => {
                open_up(path);
                fs::remove_dir_all(path)
            }
            _ => Err(error),
        }),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Lets the owner into a folder and all below, as far as that can be done.
fn open_up(folder: &Path) {
    #[cfg(unix)]
    if let Ok(about) = folder.symlink_metadata() {
        use std::os::unix::fs::PermissionsExt;
        let mode = about.permissions().mode() | 0o700;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(mode));
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

/// Waits until a file, or a folder and all in it, is on the disk.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync(&entry?.path())?;
        }
        return sync_folder(path);
    }
    File::open(path)?.sync_all()
}

/// Waits until a folder's names are on the disk, where folders can be opened.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

pub(super) fn fault(what: &str, path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error("PW0953", format!("{what}: {}", io_cause(error)))
        .help("see whether the folder exists, may be written to and has space; nothing was changed")
        .file(path.display().to_string())
}

/// A path as projects write it: parts are divided by `/`. Where `\\` is a sign of names like others it stays one.
pub fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// A place below a folder at which something else is mounted: what lies there does not move with the folder.
pub(super) fn mounted_below(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let places = table.lines().filter_map(|line| line.split(' ').nth(4)).map(unescaped);
    places.into_iter().find(|place| place.starts_with(&folder) && *place != folder)
}

/// A path of the table of mounts: blanks, tabs, line ends and `\\` stand there as `\\` and three octal digits.
fn unescaped(text: &str) -> PathBuf {
    let signs = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    signs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_names_of_ours_have_an_id() {
        let id = super::new_id();
        assert_eq!(super::id_of(&super::stage(&id)), Some(&*id));
        assert!(
            super::is_staged(&super::staged(&id, 3), &id) && super::is_staged(&(super::staged(&id, 3) + ".old"), &id)
        );
        for name in ["x", "../3", "3/..", "", ".old"] {
            assert!(!super::is_staged(&format!("{}/{name}", super::stage(&id)), &id), "{name}");
        }
        assert_eq!(super::id_of(&super::lock(&id)), Some(&*id));
        for name in [
            ".pipewright.json",
            ".pipewright-notes",
            ".pipewright-0123456789abcdef-1",
            ".pipewright-0123456789abcdefg",
            "é",
            ".pipewright-é123456789abcdef-1",
        ] {
            assert_eq!(super::id_of(name), None, "{name}");
        }
    }
}
