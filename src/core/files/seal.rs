//! The seal of what a user himself has begun to put in place: a keyed hash, whose key lies among his settings. A folder that
//! comes from somebody else has none.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::entry::Entry;
use super::inside::is_hidden;
use super::marker::MARKER;
use super::names;
use super::regular::read_text;

/// Letters of a key.
const LENGTH: usize = 64;

/// Whether something goes where programs look for their settings; the records of a folder do not.
pub(super) fn is_hidden_place(entry: &Entry, home: &Path) -> bool {
    let is_record =
        [MARKER, names::CHECKPOINT].contains(&entry.name.as_str()) || entry.name.starts_with(names::OPEN_ROWS);
    let real = |path: &Path| path.canonicalize().ok();
    let is_below = real(&entry.folder).zip(real(home)).is_some_and(|(folder, home)| folder.starts_with(home));
    entry.name.starts_with('.') && !is_record || is_below && is_hidden(home, &entry.folder)
}

/// The seal of what is said in a folder; `None`: the user has no settings, and nothing can be known for his own.
pub(super) fn seal_of(home: &Path, said: &serde_json::Value) -> Option<String> {
    let home = home.canonicalize().ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key()?.as_bytes()).ok()?;
    mac.update(serde_json::json!([home, said]).to_string().as_bytes());
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(not(test))]
fn settings() -> Option<PathBuf> {
    super::reach::settings_folder()
}

/// Tests leave the settings of who runs them alone.
#[cfg(test)]
fn settings() -> Option<PathBuf> {
    Some(std::env::temp_dir().join(format!("pipewright-settings-{}", std::process::id())))
}

/// The user's key, made where there is none.
fn key() -> Option<String> {
    let place = settings()?.join("key");
    let read = |place: &PathBuf| read_text(place).ok().filter(|key| key.len() == LENGTH);
    read(&place).or_else(|| {
        make(&place).ok()?;
        read(&place)
    })
}

/// Whoever is first makes it: it has its name when it is whole.
fn make(place: &Path) -> io::Result<()> {
    let key = format!("{}{}{}{}", names::new_id(), names::new_id(), names::new_id(), names::new_id());
    fs::create_dir_all(place.parent().unwrap_or(Path::new("")))?;
    let aside = place.with_file_name(format!(".key-{}", names::new_id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&aside).and_then(|mut file| {
        file.write_all(key.as_bytes())?;
        file.sync_all()
    });
    // One that is not whole, as a power cut may leave it, is none.
    if fs::metadata(place).is_ok_and(|about| about.len() != LENGTH as u64) {
        fs::remove_file(place)?;
    }
    let linked = written.and_then(|()| fs::hard_link(&aside, place));
    let _ = fs::remove_file(&aside);
    linked
}
