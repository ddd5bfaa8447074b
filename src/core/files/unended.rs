//! What a run leaves that is killed while it ends: its files are in place, and whether the rows are that were to come into
//! databases then nobody knows. Its manifest stays under another name until a run has loaded the same places.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::names::{self, exists};
use super::regular::open_file;
use crate::diagnostic::Diagnostic;

/// What a manifest becomes when all files are in place.
pub(super) fn record(manifest: &Path) -> PathBuf {
    manifest.with_extension("loads")
}

/// Loads of which nobody knows the end.
#[derive(Debug, Deserialize)]
pub(super) struct Unended {
    loads: Vec<String>,
    #[serde(skip)]
    pub record: PathBuf,
}

impl Unended {
    /// Whether rows come to all of its places once more.
    pub fn is_covered(&self, loads: &[String]) -> bool {
        self.loads.iter().all(|load| loads.contains(load))
    }

    pub fn told(&self, loads: &[String]) -> Diagnostic {
        let places = self.loads.join(", ");
        let message = format!(
            "an earlier run was killed while it ended: what it wrote to files is in place, but the rows of {places} may \
             not all be"
        );
        let help = match self.is_covered(loads) {
            true => {
                "this run has loaded the same places: where it adds to a table, see whether the rows of the earlier run \
                 are there"
                    .to_owned()
            }
            false => format!(
                "see whether they are there, or run that design again; then remove `{}`",
                self.record.file_name().unwrap_or_default().to_string_lossy()
            ),
        };
        Diagnostic::warning("PW1140", message).help(help).file(self.record.display().to_string())
    }
}

/// What killed runs have left in a folder; runs that are still at it hold their locks there.
pub(super) fn unended_in(folder: &Path) -> Vec<Unended> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let records = found.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let id = names::id_of(&name)?;
        (name == names::loads(id) && !exists(&folder.join(names::lock(id)))).then(|| entry.path())
    });
    let mut records: Vec<PathBuf> = records.collect();
    records.sort();
    records.into_iter().filter_map(of_record).collect()
}

fn of_record(record: PathBuf) -> Option<Unended> {
    let text = open_file(&record).and_then(|file| io::read_to_string(file.take(64 << 20))).ok()?;
    let found: Unended = serde_json::from_str(&text).ok()?;
    // One that somebody else made up says what it wants.
    let is_plain = |load: &String| load.len() < 1000 && !load.contains(char::is_control);
    let is_ours = !found.loads.is_empty() && found.loads.iter().all(is_plain);
    is_ours.then_some(Unended { record, ..found })
}
