//! Folders that were made for what is staged, and those that have lost their last file: where nothing is in them at the
//! end, they go. Those below the folder of the manifest are listed beside it, so that the next one knows them where a
//! process was killed.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use super::entry::Entry;
use super::names::{self, remove, slashes};
use super::regular::open_file;

/// Notes a folder before it is made, where it is below that of the manifest. Gives the list that it stands in then.
pub(super) fn note(home: &Path, id: &str, folder: &Path) -> io::Result<Option<PathBuf>> {
    let folder = std::path::absolute(folder)?;
    let Ok(below) = folder.strip_prefix(home) else { return Ok(None) };
    let list = home.join(names::made(id));
    let mut file = OpenOptions::new().create(true).append(true).open(&list)?;
    writeln!(file, "{}", serde_json::json!(slashes(below)))?;
    Ok(Some(list))
}

/// Removes what an id had made below a folder, as far as it is empty once `tidy` has removed what the id left in it; then
/// the list of it.
pub(super) fn remove_made(home: &Path, id: &str, tidy: &dyn Fn(&Path)) {
    let list = home.join(names::made(id));
    let is_list = list.symlink_metadata().is_ok_and(|about| about.is_file());
    let read = || open_file(&list).and_then(|file| io::read_to_string(file.take(64 << 20)));
    let Some(text) = is_list.then(read).and_then(Result::ok) else { return };
    // The last line may have been cut off.
    let names: Vec<PathBuf> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if names.is_empty() && !text.is_empty() && !text.starts_with('"') {
        return;
    }
    let Ok(real) = home.canonicalize() else { return };
    for name in names.iter().rev().filter(|name| is_plain(name)) {
        let folder = real.join(name);
        // Nor does a link lead there.
        if folder.canonicalize().is_ok_and(|real| real == folder) {
            tidy(&folder);
            let _ = fs::remove_dir(&folder);
        }
    }
    let _ = remove(&list);
}

fn is_plain(name: &Path) -> bool {
    !name.as_os_str().is_empty() && name.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Removes the folders below the manifest's that files were taken out of, where these were the last.
pub(super) fn remove_emptied(entries: &[Entry], home: &Path) {
    for entry in entries.iter().filter(|entry| entry.staged.is_none()) {
        let folders = entry.folder.ancestors().take_while(|folder| *folder != home && folder.starts_with(home));
        for folder in folders {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}
