//! What is read for a project. A project from somebody else is data: until its user trusts it, only what lies in its own
//! folder is read, and what the user names himself; and no variable of the environment, but those that he names.
//! Asked where files are opened and variables are read, by the folder that the project's paths start from: a folder
//! that nobody has spoken of reaches nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::inside::real;
use super::names::fault;
use super::publication::Publication;
use super::regular::{open_lock, read_text};
use crate::diagnostic::Diagnostic;

/// Code of what a project may not read until it is trusted.
pub const OUT_OF_REACH: &str = "PW0750";

#[derive(Debug, Clone, Default)]
struct Reach {
    is_trusted: bool,
    places: BTreeSet<PathBuf>,
    variables: BTreeSet<String>,
}

static REACHES: Mutex<BTreeMap<PathBuf, Reach>> = Mutex::new(BTreeMap::new());

fn reaches() -> MutexGuard<'static, BTreeMap<PathBuf, Reach>> {
    REACHES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(base: &Path) -> PathBuf {
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    real(base).unwrap_or_else(|| base.to_owned())
}

/// The user trusts the project whose paths start at `base`, as long as the process lives.
pub fn trust(base: &Path) {
    reaches().entry(key(base)).or_default().is_trusted = true;
}

/// Whether the user trusts it.
pub fn is_trusted(base: &Path) -> bool {
    reaches().get(&key(base)).is_some_and(|reach| reach.is_trusted)
}

/// The user named a file, a folder or a glob himself: what lies there may be read.
pub fn allow_place(base: &Path, place: &Path) {
    let place = before_glob(base, place);
    let place = if place.is_absolute() { place } else { base.join(place) };
    // Whoever gives `/` as a value does not mean the whole machine.
    if place.parent().is_none() {
        return;
    }
    reaches().entry(key(base)).or_default().places.extend(real(&place));
}

/// The user named a variable of the environment himself.
pub fn allow_variable(base: &Path, name: &str) {
    reaches().entry(key(base)).or_default().variables.insert(name.to_owned());
}

/// A variable of the environment, for a project that may read it.
pub fn variable(base: &Path, name: &str) -> Option<String> {
    let may = reaches().get(&key(base)).is_some_and(|reach| reach.is_trusted || reach.variables.contains(name));
    may.then(|| std::env::var(name).ok()).flatten()
}

/// Whether a path (of a file, a folder or a glob) may be read for the project at `base`; links are followed.
pub fn may_read(base: &Path, path: &Path) -> bool {
    is_trusted(base) || real(&before_glob(base, path)).is_some_and(|place| may_read_real(base, &place))
}

/// The same of a place on whose way no link lies: for many places of one folder, whose own way need not be followed for
/// each of them.
pub fn may_read_real(base: &Path, place: &Path) -> bool {
    let base = key(base);
    let reach = reaches().get(&base).cloned().unwrap_or_default();
    reach.is_trusted || place.starts_with(&base) || reach.places.iter().any(|allowed| place.starts_with(allowed))
}

/// The same, as what to tell.
pub fn check_reach(base: &Path, path: &Path) -> Result<(), Diagnostic> {
    if may_read(base, path) {
        return Ok(());
    }
    Err(out_of_reach(path))
}

/// What is told of a path that leads out.
pub fn out_of_reach(path: &Path) -> Diagnostic {
    Diagnostic::error(OUT_OF_REACH, "this lies outside of the project's folder, and the project is not trusted")
        .help("trust the project if it is known where it comes from: in the designer when it is opened, on the command line with --trust")
        .field("path")
        .file(path.display().to_string())
}

/// Whether a project's file is a link to where the project may read nothing: what is saved would go elsewhere.
pub fn leads_out(project: &Path) -> bool {
    let is_link = fs::symlink_metadata(project).is_ok_and(|about| about.is_symlink());
    is_link && !may_read(project.parent().unwrap_or(Path::new("")), project)
}

/// A path below a base up to the first part that stands for several names, unless something of exactly that name is there.
fn before_glob(base: &Path, path: &Path) -> PathBuf {
    if path.symlink_metadata().is_ok() {
        return path.to_owned();
    }
    // The base's own name is a name, whatever signs it has.
    if let Ok(below) = path.strip_prefix(base)
        && !base.as_os_str().is_empty()
    {
        return base.join(before_glob(Path::new(""), below));
    }
    let is_plain = |part: &std::path::Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    path.components().take_while(is_plain).collect()
}

/// The user's file of trusted projects and folders: one path a line, `#` begins a remark.
pub fn trusted_list(settings: &Path) -> PathBuf {
    settings.join("trusted")
}

/// Where a project's file lies: a link counts as itself, since paths in the project start where it lies.
fn place_of(project: &Path) -> Option<PathBuf> {
    Some(key(project.parent()?).join(project.file_name()?))
}

/// Whether the user's file names a project's file, or a folder that holds it.
pub fn is_remembered(settings: &Path, project: &Path) -> bool {
    let Some(project) = place_of(project) else { return false };
    let text = read_text(&trusted_list(settings)).unwrap_or_default();
    // What is not said in full would mean another place in every folder.
    let paths = text.lines().map(str::trim).filter(|line| Path::new(line).is_absolute());
    let trusted = |line: &str| {
        let line = Path::new(line);
        if line.is_dir() { line.canonicalize().ok() } else { place_of(line) }
    };
    paths.filter_map(trusted).any(|trusted| project.starts_with(trusted))
}

/// Adds a project's file to the user's file.
pub fn remember(settings: &Path, project: &Path) -> Result<(), Diagnostic> {
    let list = trusted_list(settings);
    let cannot = |error: std::io::Error| fault("the file of trusted projects cannot be written", &list, &error);
    // One at a time: what another one adds meanwhile is not lost.
    fs::create_dir_all(settings).map_err(cannot)?;
    let turn = open_lock(&settings.join(".trusted.lock")).map_err(cannot)?;
    let _ = turn.lock();
    if is_remembered(settings, project) {
        return Ok(());
    }
    let project = place_of(project).unwrap_or_else(|| project.to_owned());
    // The list has one path a line, as text.
    let line = project.to_str().filter(|line| !line.contains(char::is_control) && line.trim() == *line);
    let Some(line) = line.filter(|line| !line.starts_with('#')) else {
        return Err(Diagnostic::error("PW0753", "the project's path cannot be noted in the file of trusted projects")
            .help(
                "give its folders names without line ends and blanks at their ends, or trust it each time with --trust",
            )
            .file(project.display().to_string()));
    };
    let mut text = match read_text(&list) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "# Projects, or folders of projects, that may read files outside of their folder and the environment.\n"
                .to_owned()
        }
        Err(error) => return Err(cannot(error)),
    };
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    text.push_str(&format!("{end}{line}\n"));
    let mut publication = Publication::default();
    fs::write(publication.file(&list)?, text).map_err(cannot)?;
    publication.publish().map(drop)
}

/// The user's folder of settings for Pipewright; `PIPEWRIGHT_CONFIG` names another.
pub fn settings_folder() -> Option<PathBuf> {
    // A relative one would be of whatever folder the program is started in.
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    if let Some(folder) = variable("PIPEWRIGHT_CONFIG") {
        return Some(folder);
    }
    let base = if cfg!(windows) {
        variable("APPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")))
    };
    base.map(|base| base.join("pipewright"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_reads_its_own_folder_until_it_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("project/data")).unwrap();
        fs::create_dir_all(at("logs")).unwrap();
        let base = at("project");
        let odd = at("odd [x] *");
        fs::create_dir_all(odd.join("data")).unwrap();
        assert!(may_read(&odd, &odd.join("data/*")) && !may_read(&odd, &odd.join("../project/*")));
        let inside = ["data", "data/a.log", "data/*.log", "data/../data", "*", "**/*.log"];
        let outside =
            ["..", "../logs", "../logs/*.log", "../*/a.log", "/etc/passwd", "/*/passwd", "/", "data/../../logs/a"];
        assert!(inside.iter().all(|path| may_read(&base, &base.join(path))));
        for path in outside {
            assert_eq!(check_reach(&base, &base.join(path)).unwrap_err().code, "PW0750", "{path}");
        }
        allow_place(&base, &at("logs/*.log"));
        assert!(may_read(&base, &base.join("../logs/a.log")) && !may_read(&base, &base.join("../logs2/a.log")));
        assert!(!may_read(&base, &base.join("../logs/../x")));
        trust(&base);
        assert!(is_trusted(&base) && outside.iter().all(|path| may_read(&base, &base.join(path))));
        assert!(!may_read(&at("project/data"), &at("project/x")), "trust is for the project's own folder");
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_folder_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("project");
        fs::create_dir(&base).unwrap();
        std::os::unix::fs::symlink("/etc", base.join("link")).unwrap();
        assert!(!may_read(&base, &base.join("link/passwd")) && !may_read(&base, &base.join("link")));
        assert!(!may_read(&base, &base.join("link/*")));
    }

    #[test]
    fn variables_are_read_by_name_or_trust() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(variable(folder.path(), "PATH"), None);
        allow_variable(folder.path(), "PATH");
        assert!(variable(folder.path(), "PATH").is_some());
        assert_eq!(variable(folder.path(), "HOME"), None);
        trust(folder.path());
        assert_eq!(variable(folder.path(), "HOME"), std::env::var("HOME").ok());
    }

    /// Whoever reads a pipe waits for somebody who writes.
    #[test]
    #[cfg(unix)]
    fn a_pipe_in_the_place_of_the_list_is_no_list() {
        let folder = tempfile::tempdir().unwrap();
        let list = trusted_list(folder.path());
        assert!(std::process::Command::new("mkfifo").arg(&list).status().unwrap().success());
        fs::write(folder.path().join("a.json"), "{}").unwrap();
        assert!(!is_remembered(folder.path(), &folder.path().join("a.json")));
        assert!(remember(folder.path(), &folder.path().join("a.json")).is_err());
        fs::rename(&list, folder.path().join(".trusted.lock")).unwrap();
        assert!(remember(folder.path(), &folder.path().join("a.json")).is_err());
        assert!(!list.exists());
    }

    #[test]
    #[cfg(unix)]
    fn trust_is_for_the_place_and_a_name_cannot_add_lines() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("mine")).unwrap();
        fs::create_dir_all(at("theirs/\n/\n")).unwrap();
        for name in ["mine/a.json", "theirs/\n/\n/b.json", "theirs/ c.json "] {
            fs::write(at(name), "{}").unwrap();
        }
        remember(&at("settings"), &at("mine/a.json")).unwrap();
        // A link to a trusted project reads what lies beside the link.
        std::os::unix::fs::symlink(at("mine/a.json"), at("theirs/a.json")).unwrap();
        assert!(!is_remembered(&at("settings"), &at("theirs/a.json")));
        let before = fs::read_to_string(trusted_list(&at("settings"))).unwrap();
        for name in ["theirs/\n/\n/b.json", "theirs/ c.json "] {
            assert_eq!(remember(&at("settings"), &at(name)).unwrap_err().code, "PW0753", "{name:?}");
        }
        assert_eq!(fs::read_to_string(trusted_list(&at("settings"))).unwrap(), before);
    }

    #[test]
    fn trust_is_remembered_for_a_file_or_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["a.json", "b.json"] {
            fs::write(at(name), "{}").unwrap();
        }
        assert!(!is_remembered(&at("settings"), &at("a.json")));
        remember(&at("settings"), &at("a.json")).unwrap();
        assert!(is_remembered(&at("settings"), &at("a.json")) && !is_remembered(&at("settings"), &at("b.json")));
        let files: Vec<_> = (0..20).map(|number| at(&format!("{number}.json"))).collect();
        std::thread::scope(|scope| {
            for file in &files {
                fs::write(file, "{}").unwrap();
                scope.spawn(|| remember(&at("settings"), file).unwrap());
            }
        });
        assert!(files.iter().all(|file| is_remembered(&at("settings"), file)), "nobody's trust is lost");
        fs::write(trusted_list(&at("settings")), format!("# mine\n{}\n", folder.path().display())).unwrap();
        assert!(is_remembered(&at("settings"), &at("b.json")));
    }
}
