//! `pipewright publish FROM TO`: what a script of a bundle has made is put in place, whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use pipewright_core::files::{MARKER, Publication};

use super::args::PublishArgs;
use super::run::say_kept;
use super::{Outcome, VerbResult, unwritable, usage};

pub fn publish(args: &PublishArgs) -> VerbResult {
    let unreadable = |error: io::Error| {
        usage(
            format!(
                "the folder `{}` cannot be read: {}",
                args.from.display(),
                pipewright_core::diagnostic::io_cause(&error)
            ),
            "give the folder that holds what is to be put in place",
        )
    };
    if let (Ok(from), Ok(to)) = (args.from.canonicalize(), std::path::absolute(&args.to))
        && to.starts_with(&from)
    {
        return Err(usage(
            format!("`{}` lies in the folder that is to be put there", args.to.display()),
            "name another place; or the folder whose files go there",
        ));
    }
    let mut publication = Publication::default();
    let mut entries = fs::read_dir(&args.from).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (from, to) = (entry.path(), args.to.join(entry.file_name()));
        let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
        if !is_folder && !from.is_file() || entry.file_name() == MARKER {
            continue;
        }
        let aside = if is_folder { publication.folder(&to)? } else { publication.output(&to)? };
        copy(&from, &aside).map_err(|error| unwritable(&to, &error))?;
    }
    let kept: Vec<String> = publication.publish()?.into_iter().map(|(_, kept)| kept.display().to_string()).collect();
    say_kept(&kept);
    Ok(Outcome::Done)
}

fn copy(from: &Path, to: &Path) -> Result<(), io::Error> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
