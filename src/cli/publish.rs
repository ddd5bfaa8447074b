//! `pipewright publish FROM TO`: what a script of a bundle has made is put in place, whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::{
    MARKER, Publication, TURN, check_report_place, inside, is_foreign, is_record, is_same_place, slashes, there_is_one,
    without_links,
};

use super::args::PublishArgs;
use super::output::tell;
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
    if lies_in(&args.to, &args.from) {
        return Err(usage(
            format!("`{}` lies in the folder that is to be put there", args.to.display()),
            "name another place; or the folder whose files go there",
        ));
    }
    // Links may be turned meanwhile.
    let folders = Folders { from: without_links(&args.from), to: without_links(&args.to) };
    let mut publication = Publication::default();
    let mut only_new = BTreeSet::new();
    for path in &args.new {
        // As the names of a walk are written.
        let plain: PathBuf = Path::new(path).components().filter(|part| *part != Component::CurDir).collect();
        let is_inside = plain.components().all(|part| matches!(part, Component::Normal(_)));
        if plain.as_os_str().is_empty() || !is_inside || args.from.join(&plain).symlink_metadata().is_err() {
            let message = format!("`{path}` of --new is nothing in `{}`", args.from.display());
            return Err(usage(message, "name a file or folder in it, from there on"));
        }
        only_new.insert(plain);
    }
    put(&mut publication, args, &folders, &only_new, Path::new("")).map_err(|fault| match fault {
        Fault::Unreadable(error) => unreadable(error),
        Fault::Told(failure) => failure,
    })?;
    for path in &args.renew {
        publication.renew(&inside(&folders.to, path)?)?;
    }
    if let (Some(report), Some(from)) = (&args.report, &args.report_from) {
        put_report(&mut publication, (report, from), &folders.to, args.only_own)?;
    }
    let kept: Vec<String> = publication.publish()?.into_iter().map(|(_, kept)| kept.display().to_string()).collect();
    say_kept(&kept);
    Ok(Outcome::Done)
}

/// Stages a report. Among the results it is one of them, and no link leads it out of their folder.
fn put_report(
    publication: &mut Publication,
    (report, from): (&Path, &Path),
    to: &Path,
    only_own: bool,
) -> Result<(), Failure> {
    let folder = report.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = match report.file_name().and_then(|name| name.to_str()) {
        Some(name) if is_same_place(folder, to) => {
            let place = inside(to, name)?;
            if only_own {
                check_report_place(&place)?;
            }
            publication.output(&place)?
        }
        _ => publication.report(report)?,
    };
    copy(from, &aside, report).map_err(|fault| match fault {
        Fault::Unreadable(error) => unwritable(report, &error),
        Fault::Told(failure) => failure,
    })
}

/// Whether a place is or will be in a folder, by whatever name or mount either is known.
fn lies_in(place: &Path, folder: &Path) -> bool {
    let Ok(absolute) = std::path::absolute(place) else { return false };
    let mut there = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => drop(there.pop()),
            Component::CurDir => {}
            part => there.push(part),
        }
        if let Ok(real) = there.canonicalize() {
            there = real;
        }
    }
    there.ancestors().any(|part| is_same_place(part, folder))
}

/// Where what is published lies, and where it goes.
struct Folders {
    from: PathBuf,
    to: PathBuf,
}

enum Fault {
    Unreadable(io::Error),
    Told(Failure),
}

/// Files one by one, so that those of others stay beside them; folders of partitions as a whole.
fn put(
    publication: &mut Publication,
    args: &PublishArgs,
    folders: &Folders,
    only_new: &BTreeSet<PathBuf>,
    below: &Path,
) -> Result<(), Fault> {
    let told = |fault: Diagnostic| Fault::Told(fault.into());
    // A run that puts its results there is waited for, and another one waits.
    publication.take_turn(&folders.from.join(below)).map_err(told)?;
    let mut entries = entries_of(&folders.from.join(below)).map_err(Fault::Unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (from, name) = (entry.path(), below.join(entry.file_name()));
        let is_folder = entry.file_type().map_err(Fault::Unreadable)?.is_dir();
        let entry_name = entry.file_name().to_string_lossy().into_owned();
        if is_record(&entry_name) {
            let is_kept = entry_name == MARKER || entry_name == TURN;
            tell((!is_kept).then(|| left_out(&entry_name, &from)).iter());
            continue;
        }
        if name.to_str().is_none() {
            let message = format!("the name of `{}` is no text", from.display());
            return Err(Fault::Told(usage(message, "give it another name; nothing was put in place")));
        }
        if only_new.contains(&name) && folders.to.join(&name).symlink_metadata().is_ok() {
            return Err(Fault::Told(there_is_one(&folders.to.join(&name).display().to_string()).into()));
        }
        if is_folder && !is_result(&from).map_err(Fault::Unreadable)? {
            put(publication, args, folders, only_new, &name)?;
            continue;
        }
        let without_option = |fault: Diagnostic| fault.help("take the link away, or name the folder that it leads to");
        let to = inside(&folders.to, &slashes(&name)).map_err(without_option).map_err(told)?;
        if args.only_own && is_foreign(&to) {
            return Err(Fault::Told(usage(
                format!("`{}` is not Pipewright's, and only what is may be replaced", to.display()),
                "give another folder, or leave out --only-own",
            )));
        }
        let aside = if is_folder { publication.folder(&to) } else { publication.output(&to) }.map_err(told)?;
        if only_new.contains(&name) {
            publication.only_new(&aside);
        }
        copy(&from, &aside, &to)?;
    }
    Ok(())
}

/// Something that has the name of what runs have aside.
fn left_out(name: &str, at: &Path) -> Diagnostic {
    Diagnostic::warning("PW0745", format!("`{name}` is left out: it has a name of Pipewright's own records"))
        .help("give it another name, where it is not what a killed run left")
        .file(at.display().to_string())
}

/// Whether a folder is one result: it holds nothing but a folder for each value of a column, or, without any rows, only
/// the list of its files.
fn is_result(folder: &Path) -> io::Result<bool> {
    let entries = entries_of(folder)?;
    let is_partition = |entry: &fs::DirEntry| {
        entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name().to_string_lossy().contains('=')
    };
    Ok(!entries.is_empty() && entries.iter().all(|entry| is_partition(entry) || entry.file_name() == MARKER))
}

fn entries_of(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    fs::read_dir(folder)?.collect()
}

/// Copies a file or a folder of files to where it waits for its place `to`. What a link leads to may be anybody's, and
/// a pipe never ends: neither is a result.
fn copy(from: &Path, aside: &Path, to: &Path) -> Result<(), Fault> {
    let about = fs::symlink_metadata(from).map_err(Fault::Unreadable)?;
    let written = |done: io::Result<()>| done.map_err(|error| Fault::Told(unwritable(to, &error)));
    if about.is_file() {
        return written(fs::copy(from, aside).map(drop));
    }
    if !about.is_dir() {
        let message = format!("`{}` is a link, a pipe or a device, and no file", from.display());
        return Err(Fault::Told(usage(message, "put the file itself there; nothing was put in place")));
    }
    written(fs::create_dir(aside))?;
    for entry in entries_of(from).map_err(Fault::Unreadable)? {
        // The list of what lies there is made anew.
        if entry.file_name() == MARKER {
            continue;
        }
        copy(&entry.path(), &aside.join(entry.file_name()), &to.join(entry.file_name()))?;
    }
    written(closed_as(&about, aside))
}

/// Lets nobody into a folder who may not look into the one that it is a copy of.
fn closed_as(about: &fs::Metadata, aside: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let wanted = about.permissions().mode() & 0o777 | 0o700;
        if aside.metadata()?.permissions().mode() & 0o777 & !wanted != 0 {
            fs::set_permissions(aside, fs::Permissions::from_mode(wanted))?;
        }
    }
    #[cfg(not(unix))]
    let _ = (about, aside);
    Ok(())
}
