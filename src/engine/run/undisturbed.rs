//! Outputs of which a run keeps rows: that nobody else has put others in their place since it looked at them. Knows no
//! Polars.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::Publication;

use super::incremental::{FileStamp, state_of};

/// What stood at the places of outputs before any of it was read.
#[derive(Debug, Default)]
pub(super) struct Undisturbed(BTreeMap<PathBuf, Option<FileStamp>>);

impl Undisturbed {
    pub fn of(places: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(places.into_iter().map(|place| (place.clone(), state_of(&place))).collect())
    }

    /// From now on nobody else puts anything in place there; an error where somebody has.
    pub fn claim(&self, publisher: &mut Publication) -> Result<(), Diagnostic> {
        let folders: BTreeSet<&Path> = self.0.keys().filter_map(|place| place.parent()).collect();
        folders.into_iter().try_for_each(|folder| publisher.take_turn(folder))?;
        match self.0.iter().find(|(place, state)| state_of(place) != **state) {
            None => Ok(()),
            Some((place, _)) => {
                let message = "another run has changed the output since this one looked at the rows that stay in it";
                Err(Diagnostic::error("PW0985", message)
                    .help("run it again; nothing of this run was put in place")
                    .file(place.display().to_string()))
            }
        }
    }
}
