//! Reading files that are meant to be files: a pipe would wait for a writer that never comes, a device never ends.
//! Must not import anything of this crate.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file that is read as a whole (a project, a policy, edits): more is none of them.
const LARGEST: u64 = 256 << 20;

/// Opens a file for reading. A folder, a pipe and a device are errors; what the shell hands over (`<(command)`, standard
/// input) is the user's word.
pub fn open_file(path: &Path) -> io::Result<File> {
    let about = fs::metadata(path)?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !about.is_file() && !is_handed_over(path) {
        return Err(no_file());
    }
    File::open(path)
}

fn is_handed_over(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || path.starts_with("/dev/fd")
}

/// Opens a file that stands for a turn, and makes it where there is none.
pub(super) fn open_lock(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|about| !about.is_file()) {
        return Err(no_file());
    }
    File::options().write(true).create(true).truncate(false).open(path)
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "it is a pipe or a device, not a file")
}

/// All bytes of a file that people or programs write as one document.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {} MB", LARGEST >> 20))),
        false => Ok(bytes),
    }
}

/// The same as text.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_file(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Whether it is a name for what a process has open (`/dev/stdout`), which somebody goes on writing to.
#[cfg(unix)]
pub(super) fn is_open_elsewhere(target: &Path) -> bool {
    /// As many as a system follows.
    const MOST_LINKS: usize = 40;
    let mut path = target.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(absolute) = std::path::absolute(&path) else { return false };
        if (absolute.starts_with("/proc") || absolute.starts_with("/dev/fd")) && absolute.symlink_metadata().is_ok() {
            return true;
        }
        let Ok(next) = fs::read_link(&absolute) else { return false };
        path = absolute.parent().unwrap_or(Path::new("/")).join(next);
    }
    false
}

#[cfg(not(unix))]
pub(super) fn is_open_elsewhere(_: &Path) -> bool {
    false
}
