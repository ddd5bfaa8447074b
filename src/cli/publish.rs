//! `pipewright publish FROM TO`: what a script of a bundle has made is put in place, whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::{MARKER, Publication, inside, is_foreign, slashes};

use super::args::PublishArgs;
use super::run::say_kept;
use super::{Failure, Outcome, VerbResult, unwritable, usage};

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
    if let (Ok(from), Ok(to)) =
        (args.from.canonicalize(), args.to.canonicalize().or_else(|_| std::path::absolute(&args.to)))
        && to.starts_with(&from)
    {
        return Err(usage(
            format!("`{}` lies in the folder that is to be put there", args.to.display()),
            "name another place; or the folder whose files go there",
        ));
    }
    let mut publication = Publication::default();
    put(&mut publication, args, Path::new("")).map_err(|fault| match fault {
        Fault::Unreadable(error) => unreadable(error),
        Fault::Told(failure) => failure,
    })?;
    let aside = args.to.join(QUARANTINE);
    for entry in fs::read_dir(&aside).into_iter().flatten().flatten() {
        // Lines that an earlier run turned away belong to its rows, and go with them.
        let (place, new) = (entry.path(), args.from.join(QUARANTINE).join(entry.file_name()));
        if entry.file_name() != MARKER && !new.exists() && place.is_file() && !is_foreign(&place) {
            let empty = publication.output(&place)?;
            fs::write(&empty, "").map_err(|error| unwritable(&place, &error))?;
        }
    }
    let kept: Vec<String> = publication.publish()?.into_iter().map(|(_, kept)| kept.display().to_string()).collect();
    say_kept(&kept);
    Ok(Outcome::Done)
}

/// Where bundles put what they turn away.
const QUARANTINE: &str = "quarantine";

enum Fault {
    Unreadable(io::Error),
    Told(Failure),
}

/// Files one by one, so that those of others stay beside them; folders of partitions as a whole.
fn put(publication: &mut Publication, args: &PublishArgs, below: &Path) -> Result<(), Fault> {
    let unreadable = Fault::Unreadable;
    let found = fs::read_dir(args.from.join(below)).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = found.map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (from, name) = (entry.path(), below.join(entry.file_name()));
        let is_folder = entry.file_type().map_err(Fault::Unreadable)?.is_dir();
        if entry.file_name() == MARKER || !is_folder && !from.is_file() {
            continue;
        }
        if is_folder && !has_partitions(&from) {
            put(publication, args, &name)?;
            continue;
        }
        let told = |fault: Diagnostic| Fault::Told(fault.into());
        let without_option = |fault: Diagnostic| fault.help("take the link away, or name the folder that it leads to");
        let to = inside(&args.to, &slashes(&name)).map_err(without_option).map_err(told)?;
        let aside = if is_folder { publication.folder(&to) } else { publication.output(&to) }.map_err(told)?;
        copy(&from, &aside).map_err(|error| Fault::Told(unwritable(&to, &error)))?;
    }
    Ok(())
}

/// Whether a folder has a folder for each value of a column.
fn has_partitions(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().is_dir() && entry.file_name().to_string_lossy().contains('='))
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
