//! Standard input as a file: a file is looked at before it is read, so what a pipe hands over is put aside first, once
//! for the whole program. Must not import formats or plans.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use pipewright_core::diagnostic::{Diagnostic, io_cause};

use super::open::unreadable;

/// The path that means standard input.
pub const STANDARD_INPUT: &str = "-";
/// Bytes of standard input that are put aside at most.
const LIMIT: u64 = 16 << 30;
/// What standard input is when it is a file that can be opened again.
const ITSELF: &str = "/dev/stdin";

static IS_OFFERED: AtomicBool = AtomicBool::new(false);
static TAKEN: OnceLock<Result<Taken, Diagnostic>> = OnceLock::new();
/// By the path under which it was handed over.
static HANDED: Mutex<BTreeMap<PathBuf, Taken>> = Mutex::new(BTreeMap::new());

/// Where standard input can be read from, as often as needed.
struct Taken {
    path: PathBuf,
    /// Without a name, so that nothing is left of it whatever ends the program.
    _aside: Option<File>,
}

/// Lets `-` stand for standard input. Said by the verbs that read it; for others a project's `-` is a fault, and does not
/// wait for a terminal.
pub fn offer_standard_input() {
    IS_OFFERED.store(true, Ordering::Relaxed);
}

/// The file to read for `-`.
pub(crate) fn standard_input() -> Result<PathBuf, Diagnostic> {
    if !IS_OFFERED.load(Ordering::Relaxed) {
        return Err(Diagnostic::error(
            "PW0492",
            "standard input is not read here, only by `read`, `sniff`, `profile` and `run`",
        )
        .help("give a file; `./-` is a file of that name")
        .field("path"));
    }
    match TAKEN.get_or_init(|| take(LIMIT)) {
        Ok(taken) => Ok(taken.path.clone()),
        Err(fault) => Err(fault.clone()),
    }
}

/// The file to read for what the shell hands over as a pipe: `/dev/stdin`, or `<(command)`. `None`: it is none.
pub(crate) fn handed_over(path: &Path) -> Result<Option<PathBuf>, Diagnostic> {
    let is_handed = path == Path::new(ITSELF) || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd");
    let is_pipe = || path.metadata().is_ok_and(|about| !about.is_file() && !about.is_dir());
    if !is_handed || !is_pipe() || !IS_OFFERED.load(Ordering::Relaxed) {
        return Ok(None);
    }
    // A pipe gives each byte once, by whichever of its names.
    if [ITSELF, "/dev/fd/0", "/proc/self/fd/0"].iter().any(|name| path == Path::new(name)) {
        return standard_input().map(Some);
    }
    let mut handed = HANDED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(taken) = handed.get(path) {
        return Ok(Some(taken.path.clone()));
    }
    let mut pipe = File::open(path).map_err(|error| unreadable(path, &error))?;
    let taken = put_aside(&mut pipe, LIMIT)?;
    let aside = taken.path.clone();
    handed.insert(path.to_owned(), taken);
    Ok(Some(aside))
}

/// What a file that was put aside came from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub name: String,
    /// What its place tells it apart from others by.
    pub version: Option<String>,
}

/// By the path where they lie.
static NAMED: Mutex<BTreeMap<PathBuf, Origin>> = Mutex::new(BTreeMap::new());

/// Says what a file that was put aside came from.
pub(crate) fn name_file(path: &Path, origin: Origin) {
    NAMED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), origin);
}

/// What a file came from, where that was said.
pub(crate) fn origin_of(path: &Path) -> Option<Origin> {
    NAMED.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
}

/// The name of a file for people and rows, where it was put aside: standard input is `-`.
pub fn given_name(path: &Path) -> Option<String> {
    let taken = TAKEN.get().and_then(|taken| taken.as_ref().ok());
    if taken.is_some_and(|taken| taken.path == path) {
        return Some(STANDARD_INPUT.to_owned());
    }
    if let Some(origin) = origin_of(path) {
        return Some(origin.name);
    }
    let handed = HANDED.lock().unwrap_or_else(PoisonError::into_inner);
    handed.iter().find(|(_, taken)| taken.path == path).map(|(given, _)| given.display().to_string())
}

fn take(limit: u64) -> Result<Taken, Diagnostic> {
    let input = io::stdin();
    if input.is_terminal() {
        return Err(Diagnostic::error("PW0493", "nothing is handed over on standard input")
            .help("put a command and `|` before, or `<FILE` behind; or give a file"));
    }
    if !cfg!(unix) {
        return Err(Diagnostic::error("PW0493", "standard input cannot be read on this system")
            .help("write it to a file, and read that"));
    }
    if is_whole_file() {
        return Ok(Taken { path: PathBuf::from(ITSELF), _aside: None });
    }
    put_aside(&mut input.lock(), limit)
}

/// Whether standard input is a file, of which nothing has been read.
#[cfg(unix)]
fn is_whole_file() -> bool {
    use std::os::fd::AsFd;
    let file = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    file.is_ok_and(|mut file| {
        file.metadata().is_ok_and(|about| about.is_file()) && file.stream_position().is_ok_and(|place| place == 0)
    })
}

#[cfg(not(unix))]
fn is_whole_file() -> bool {
    false
}

fn put_aside(input: &mut dyn Read, limit: u64) -> Result<Taken, Diagnostic> {
    let failed = |error: io::Error| {
        Diagnostic::error("PW0494", format!("standard input cannot be put aside: {}", io_cause(&error)))
            .help("TMPDIR names another folder for it; or write it to a file, and read that")
    };
    let mut aside = tempfile::tempfile().map_err(failed)?;
    let bytes = io::copy(&mut input.take(limit + 1), &mut aside).map_err(failed)?;
    if bytes > limit {
        return Err(Diagnostic::error(
            "PW0494",
            format!("standard input has more than {} GiB, the limit", limit >> 30),
        )
        .help("write it to a file, and read that: files may have any size"));
    }
    Ok(Taken { path: path_of(&aside), _aside: Some(aside) })
}

#[cfg(unix)]
fn path_of(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    PathBuf::from(format!("/dev/fd/{}", file.as_raw_fd()))
}

#[cfg(not(unix))]
fn path_of(_: &File) -> PathBuf {
    PathBuf::new()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_can_be_read_over_and_over_up_to_the_limit() {
        let taken = put_aside(&mut &b"a,b\n1,2\n"[..], 100).unwrap();
        for _ in 0..2 {
            assert_eq!(std::fs::read(&taken.path).unwrap(), b"a,b\n1,2\n");
        }
        assert_eq!(put_aside(&mut io::repeat(0), 1000).err().unwrap().code, "PW0494");
    }
}
