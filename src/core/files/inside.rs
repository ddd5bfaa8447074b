//! Whether a path that a project or a pipeline names stays inside the folder that its user gave.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::Diagnostic;

/// How often a path is looked at: more than it has parts.
const MOST_LOOKS: usize = 10_000;

/// `folder` joined with `path`, where that leads to a place in `folder`: neither absolute, nor out of it by `..`, nor
/// by a link on the way. Neither need exist.
pub fn inside(folder: &Path, path: &str) -> Result<PathBuf, Diagnostic> {
    let out = || {
        Diagnostic::error("PW0740", format!("`{path}` leads out of the folder that is written to"))
            .help("give a path below it, without `..`; --allow-outside lets this run write there")
            .field("path")
            .file(folder.display().to_string())
    };
    let mut plain = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => plain.push(name),
            Component::ParentDir if plain.pop() => {}
            _ => return Err(out()),
        }
    }
    let full = folder.join(plain);
    match (real(folder), real(&full)) {
        (Some(root), Some(place)) if place.starts_with(&root) => Ok(full),
        _ => Err(out()),
    }
}

/// Whether a place in `folder` is a hidden one, by its name or by where links lead: programs look there for their settings.
pub fn is_hidden(folder: &Path, place: &Path) -> bool {
    let below = |folder: PathBuf, place: PathBuf| place.strip_prefix(folder).map(Path::to_path_buf).unwrap_or(place);
    let said = below(folder.to_path_buf(), place.to_path_buf());
    let real = real(folder).zip(real(place)).map(|(folder, place)| below(folder, place));
    let has_dot = |path: &Path| {
        path.components()
            .any(|part| matches!(part, Component::Normal(name) if name.as_encoded_bytes().starts_with(b".")))
    };
    // What cannot be followed is not written to either.
    has_dot(&said) || real.is_none_or(|real| has_dot(&real))
}

/// Whether what is left of a path names a file, on one line: scripts and lists of files tell names apart by their lines.
pub fn check_file_name(path: &str) -> Result<(), Diagnostic> {
    if path.split(['/', '\\']).all(|part| matches!(part.trim(), "" | ".")) {
        return Err(Diagnostic::error("PW0965", "the file to write has no name").help("give it a path").field("path"));
    }
    if path.chars().any(char::is_control) {
        return Err(Diagnostic::error(
            "PW0751",
            format!("`{path}` holds a line end or another character that is not seen"),
        )
        .help("name the file with letters, digits and signs that are seen")
        .field("path"));
    }
    Ok(())
}

/// A folder that is written to, by the name that it has now: a link on the way may lead elsewhere before all is written.
/// The name as it is given where there is no link.
pub fn without_links(folder: &Path) -> PathBuf {
    match (real(folder), std::path::absolute(folder)) {
        (Some(real), Ok(given)) if real != given => real,
        _ => folder.to_owned(),
    }
}

/// A path with all links followed, as far as it exists; `None` where a link on it leads to nothing.
pub fn real(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let (mut there, mut rest) = (path.as_path(), Vec::<OsString>::new());
    // Between two looks others may make a folder, or remove it.
    for _ in 0..MOST_LOOKS {
        if let Ok(found) = there.canonicalize() {
            return Some(rest.iter().rev().fold(found, |path, name| path.join(name)));
        }
        match there.symlink_metadata() {
            Ok(about) if about.is_symlink() => return None,
            Ok(_) => {}
            Err(_) => {
                rest.push(there.file_name()?.to_owned());
                there = there.parent()?;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        for path in ["a.csv", "x/y/a.csv", "./a.csv", "x/../a.csv", "…/a", "..a", "a/..b"] {
            assert!(inside(&out, path).is_ok(), "{path}");
        }
        for path in ["../a.csv", "x/../../a.csv", "/etc/x", "..", "a/../.."] {
            assert_eq!(inside(&out, path).unwrap_err().code, "PW0740", "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn hidden_places_are_known_by_name_and_by_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("out/.git/hooks")).unwrap();
        std::fs::create_dir_all(at("out/plain")).unwrap();
        std::fs::write(at("out/.git/config"), "").unwrap();
        std::os::unix::fs::symlink(".git", at("out/link")).unwrap();
        std::os::unix::fs::symlink("../.git/config", at("out/plain/rows.csv")).unwrap();
        for hidden in [".env", ".git/x", "plain/.x", "link", "link/hooks/pre-commit", "link/new/x", "plain/rows.csv"] {
            assert!(is_hidden(&at("out"), &at("out").join(hidden)), "{hidden}");
        }
        for plain in ["x", "plain/x", "new/x", "a.b/c.csv"] {
            assert!(!is_hidden(&at("out"), &at("out").join(plain)), "{plain}");
        }
    }

    #[test]
    fn files_have_names_of_one_line() {
        for path in ["a", "a b.csv", "x/./y", "…"] {
            assert!(check_file_name(path).is_ok(), "{path}");
        }
        for (path, code) in
            [("", "PW0965"), (" ", "PW0965"), ("./.", "PW0965"), ("a\nb", "PW0751"), ("\u{1b}[2J", "PW0751")]
        {
            assert_eq!(check_file_name(path).unwrap_err().code, code, "{path:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("out")).unwrap();
        std::fs::create_dir(at("secret")).unwrap();
        symlink(at("secret"), at("out/link")).unwrap();
        symlink(at("nowhere"), at("out/dangling")).unwrap();
        symlink(at("secret/file"), at("out/file")).unwrap();
        symlink(at("out"), at("results")).unwrap();
        for path in ["link", "link/a.csv", "dangling", "dangling/x", "file"] {
            assert!(inside(&at("out"), path).is_err(), "{path}");
        }
        assert!(inside(&at("results"), "a.csv").is_ok());
    }
}
