//! Paths and globs → files, sorted. Must not import formats or plans.

use std::path::{Path, PathBuf};

use pipewright_core::diagnostic::{Diagnostic, io_cause, near_file};
use pipewright_core::files::check_reach;

use super::open::unreadable;

/// The files that a path, folder or glob names, sorted; relative ones start at `base`. A folder gives every file below
/// it. Errors: nothing there, a pattern that is none, a folder that may not be read, a place that a project whose paths
/// start at `base` does not reach.
pub fn expand(path: &str, base: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    check_reach(base, &base.join(path.trim()))?;
    let files = files_of(path, base)?;
    // A link leads elsewhere.
    files.iter().try_for_each(|file| check_reach(base, file))?;
    Ok(files)
}

fn files_of(path: &str, base: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let path = path.trim();
    if path.is_empty() {
        return Err(Diagnostic::error("PW0903", "no file is named")
            .help("choose a file, or type its path")
            .field("path"));
    }
    let full = base.join(path);
    if full.is_file() {
        return Ok(vec![full]);
    }
    if full.is_dir() {
        return below(&full);
    }
    // A pipe or a device: who opens it says so.
    if full.exists() {
        return Ok(vec![full]);
    }
    if !path.contains(['*', '?', '[']) {
        return Err(missing(path, &full));
    }
    // Of all parts only a `.` with a wildcard can mean the folder above without saying so.
    let leads_up = |part: &str| {
        part != ".." && part.starts_with('.') && glob::Pattern::new(part).is_ok_and(|pattern| pattern.matches(".."))
    };
    if let Some(part) = path.split('/').find(|part| leads_up(part)) {
        return Err(Diagnostic::error("PW0905", format!("`{part}` in `{path}` fits `..` too, the folder above"))
            .help("write `.[!.]*` for hidden names")
            .field("path"));
    }
    let base = glob::Pattern::escape(&base.to_string_lossy());
    let pattern = if Path::new(path).is_absolute() { path.to_owned() } else { format!("{base}/{path}") };
    let found = glob::glob(&pattern).map_err(|error| {
        Diagnostic::error("PW0905", format!("`{path}` is no pattern of file names: {}", pattern_cause(error.msg)))
            .help("`*` stands for any text, `?` for one character, `[ab]` for one of these, `**` for folders")
            .field("path")
    })?;
    let mut files = Vec::new();
    for entry in found {
        let entry = entry.map_err(|error| unreadable(error.path(), error.error()))?;
        if entry.is_file() {
            files.push(entry);
        }
    }
    if files.is_empty() {
        return Err(Diagnostic::error("PW0904", format!("no file fits `{path}`"))
            .help("see whether the folder is right; `*` does not cross folders, `**` does")
            .field("path"));
    }
    files.sort();
    Ok(files)
}

fn pattern_cause(message: &str) -> &'static str {
    match message {
        "invalid range pattern" => "a `[` is not closed",
        _ => "`**` stands alone between two `/`",
    }
}

fn below(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| {
            Diagnostic::error("PW0906", format!("the folder cannot be read: {}", io_cause(&error)))
                .help("give this user the right to list it")
                .file(folder.display().to_string())
        })?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !hidden => folders.push(entry.path()),
                Ok(_) if !hidden && entry.path().is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    if files.is_empty() {
        return Err(Diagnostic::error("PW0904", "the folder holds no files")
            .help("choose another folder, or a file in it; hidden files are left out")
            .file(folder.display().to_string()));
    }
    files.sort();
    Ok(files)
}

/// A file that is not there, with the nearest name beside it.
pub(crate) fn missing(path: &str, full: &Path) -> Diagnostic {
    let folder = full.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let help = match near_file(full) {
        Some(near) => near,
        None if path == "-" => "standard input is not read: give a file".to_owned(),
        None if !folder.is_dir() => {
            format!("there is no folder `{}` either; see whether the path is right", folder.display())
        }
        None if Path::new(path).is_absolute() => "see whether the path is right".to_owned(),
        None => "see whether the folder is right; paths in a project are relative to its file".to_owned(),
    };
    Diagnostic::error("PW0904", format!("there is no file `{path}`")).help(help).field("path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_folders_and_near_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("logs")).unwrap();
        for name in ["logs/b.log", "logs/a.log", "logs/c.txt"] {
            std::fs::write(at(name), "x").unwrap();
        }
        assert_eq!(expand("logs/*.log", folder.path()).unwrap(), [at("logs/a.log"), at("logs/b.log")]);
        assert_eq!(expand("logs", folder.path()).unwrap().len(), 3);
        assert!(expand("logs/d*.log", folder.path()).unwrap_err().message.contains("no file fits"));
        assert!(expand("logs/a.lgo", folder.path()).unwrap_err().help.unwrap().contains("`a.log`"));
        assert!(expand(" ", folder.path()).is_err());
    }
}
