//! The project's file on the disk: what it held when it was read, and saving over it without losing what others wrote
//! meanwhile.

use std::io;
use std::path::{Path, PathBuf};

use super::{EXTENSION, OnDisk, Project, to_text};
use crate::diagnostic::{Diagnostic, io_cause};
use crate::files::{Holder, Locked, followed, hold, is_write_protected, leads_out, read_file, save, save_beside};

/// Why a project was not saved.
#[derive(Debug, Clone, PartialEq)]
pub enum SaveFault {
    /// The file holds something else than what the project was read from.
    Changed(OnDisk),
    /// There is a file, and the project was not read from one.
    Exists(OnDisk),
    /// Somebody else has it open.
    Held(Holder),
    Failed(Diagnostic),
}

impl SaveFault {
    pub fn diagnostic(self, path: &Path) -> Diagnostic {
        let fault = match self {
            SaveFault::Changed(_) => {
                Diagnostic::error("PW0780", "the project has changed on the disk since it was read; nothing was saved")
                    .help("do it again, on the project as it is now")
            }
            SaveFault::Exists(_) => Diagnostic::error("PW0782", "there is a project of that name; nothing was saved")
                .help("open that one, or choose another name"),
            SaveFault::Held(holder) => {
                let held = Diagnostic::error("PW0781", format!("{holder} has the project open; nothing was saved"));
                let help = "close it there first, or work on a copy of the file";
                match holder.file {
                    Some(file) => held.help(format!("{help}; if that program runs no more, remove {}", file.display())),
                    None => held.help(help),
                }
            }
            SaveFault::Failed(diagnostic) => return diagnostic,
        };
        fault.file(path.display().to_string())
    }
}

/// Saves a project over the file that it was read from, under a lock: refused where somebody else has it open, or
/// where the file has changed since.
pub fn save_file(path: &Path, project: &Project) -> Result<OnDisk, Diagnostic> {
    let lock = match hold(path, EXTENSION) {
        Locked::Held(holder) => return Err(SaveFault::Held(holder).diagnostic(path)),
        Locked::Mine(lock) => Some(lock),
        // Where there are no locks, the comparison still holds.
        Locked::Unavailable(_) => None,
    };
    let saved = save_over(path, project, project.on_disk).map_err(|fault| fault.diagnostic(path));
    drop(lock);
    saved
}

/// Saves a project over a file that still holds what is known of it; the caller holds the lock, where there is one. At
/// any moment the old or the new file is whole; the one before stays as `.NAME.before`.
pub fn save_over(path: &Path, project: &Project, known: OnDisk) -> Result<OnDisk, SaveFault> {
    let failed_at = |what: &str, path: &Path, error: io::Error| SaveFault::Failed(not_written(what, path, &error));
    let failed = |error| failed_at("the project cannot be saved, and its file is as it was", path, error);
    if leads_out(path) {
        return Err(SaveFault::Failed(out_of_reach(path)));
    }
    let before = match read_file(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    if before.is_none() && known.is_there() {
        // Deleted, or its disk is not there now: whoever saves decides.
        return Err(SaveFault::Changed(OnDisk::default()));
    }
    if is_write_protected(path) {
        return Err(SaveFault::Failed(write_protected(path)));
    }
    let text = to_text(project);
    if let Some(before) = &before {
        let now = OnDisk::of(before);
        if known != now {
            return Err(if known.is_there() { SaveFault::Changed(now) } else { SaveFault::Exists(now) });
        }
        if before != text.as_bytes() {
            let copy = copy_before(path);
            save_beside(path, &copy, before).map_err(|error| {
                failed_at("the copy of the project before cannot be written, so nothing was saved", &copy, error)
            })?;
        }
    }
    let now = OnDisk::of(text.as_bytes());
    save(path, text.as_bytes()).map_err(|error| match OnDisk::at(path) {
        Ok(there) if there == now => failed_at("the project is saved, but may not be on the disk yet", path, error),
        _ => failed(error),
    })?;
    Ok(now)
}

/// Where a folder or a disk is what refuses a file, that is named, and not the file that was to be written first.
fn not_written(what: &str, path: &Path, error: &io::Error) -> Diagnostic {
    let real = followed(path).unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let told = |message: String, file: &Path, help: &str| {
        Diagnostic::error("PW0540", message).file(file.display().to_string()).help(help)
    };
    match error.kind() {
        io::ErrorKind::PermissionDenied => told(
            "no file may be written in the folder of the project, so nothing was saved".to_owned(),
            folder,
            "let the folder be written to (chmod u+w), or save the project in another one",
        ),
        io::ErrorKind::ReadOnlyFilesystem => told(
            "the disk of the project may only be read, so nothing was saved".to_owned(),
            folder,
            "save the project on another disk, or let this one be written to",
        ),
        _ => told(format!("{what}: {}", io_cause(error)), path, "choose another folder, or make room"),
    }
}

/// Whoever protects a file means that it stays as it is.
fn write_protected(path: &Path) -> Diagnostic {
    Diagnostic::error("PW0540", "the project's file is write-protected, so nothing was saved")
        .help("let it be written to (chmod u+w), or save the project under another name")
        .file(path.display().to_string())
}

/// A project from somebody else changes no file elsewhere by a link of its own.
fn out_of_reach(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "PW0754",
        "the project is a link that leads out of its folder, and it is not trusted; nothing was saved",
    )
    .help("save to the file that it leads to, or trust the project: in the designer when it is opened, on the command line with --trust")
    .file(path.display().to_string())
}

/// `.shop.before`, a name that nobody gives a copy of their own.
fn copy_before(path: &Path) -> PathBuf {
    companion(path, "before")
}

/// `.shop.KIND` beside `shop.pipewright.json`.
pub(super) fn companion(project: &Path, kind: &str) -> PathBuf {
    let name = project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(EXTENSION).unwrap_or(&name);
    project.with_file_name(format!(".{}.{kind}", stem.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_refuses_a_file_is_what_is_named() {
        for (kind, named) in [
            (io::ErrorKind::PermissionDenied, "designs"),
            (io::ErrorKind::ReadOnlyFilesystem, "designs"),
            (io::ErrorKind::StorageFull, "designs/.shop.before"),
        ] {
            let fault = not_written("the copy cannot be written", Path::new("designs/.shop.before"), &kind.into());
            assert_eq!(fault.location.file.as_deref(), Some(named), "{}", fault.message);
        }
    }
}
