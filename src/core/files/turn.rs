//! Turns: things are put into a folder by one after the other, whoever does it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::names::{self, fault};
use super::stand_in::StandIn;
use crate::diagnostic::Diagnostic;

/// How long others may be putting things into the same folder.
const PATIENCE: Duration = Duration::from_secs(60);

/// Locks on folders that things are put into, or what stands in for one; neither where there can be none.
pub(super) type Turns = BTreeMap<PathBuf, (Option<File>, Option<StandIn>)>;

/// The folders' turns, always in the same order.
pub(super) fn turns(folders: &BTreeSet<PathBuf>) -> Result<Turns, Diagnostic> {
    folders.iter().map(|folder| Ok((folder.clone(), turn(folder)?))).collect()
}

/// Puts things into a folder one after the other, whoever does it: locks the folder itself, where that can be done.
pub(super) fn turn(folder: &Path) -> Result<(Option<File>, Option<StandIn>), Diagnostic> {
    let none = (None, None);
    if !folder.is_dir() {
        return Ok(none);
    }
    let Ok(opened) = File::open(folder) else { return Ok(none) };
    let begun = Instant::now();
    let is_patient = || begun.elapsed() < PATIENCE;
    let held = |holder: &str, help: &str, file: &Path| {
        Diagnostic::error("PW0741", format!("{holder} holds the folder locked"))
            .help(format!("wait until it is done, or write to another folder{help}; nothing was changed"))
            .file(file.display().to_string())
    };
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok((Some(opened), None)),
            Err(TryLockError::WouldBlock) if is_patient() => {}
            Err(TryLockError::WouldBlock) => return Err(held("another program", "", folder)),
            Err(TryLockError::Error(_)) => {
                let file = folder.join(names::TURN);
                match StandIn::take(&file) {
                    Ok(Ok(stand_in)) => return Ok((None, Some(stand_in))),
                    Ok(Err(_)) if is_patient() => {}
                    Ok(Err(by)) => {
                        let help = ", or remove the file if that program runs no more (this disk has no locks)";
                        return Err(held(&by.to_string(), help, &file));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_patient() => {}
                    // Where no file can be made nothing can be put in place.
                    Err(error)
                        if matches!(
                            error.kind(),
                            io::ErrorKind::PermissionDenied
                                | io::ErrorKind::ReadOnlyFilesystem
                                | io::ErrorKind::NotFound
                        ) =>
                    {
                        return Ok(none);
                    }
                    Err(error) => return Err(fault("the output folder cannot be used", folder, &error)),
                }
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
