//! The place of a report that a user names: a report takes no place but that of an earlier one. Must not import anything
//! of this crate but `diagnostic`.

use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::regular::open_file;
use crate::diagnostic::Diagnostic;

/// What every report holds, and no project does.
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "steps")]
    _steps: Vec<IgnoredAny>,
    pipewright: Option<IgnoredAny>,
}

/// Refuses a place where a file lies that is neither empty nor a report. Devices and pipes are written to as they are.
pub fn check_report_place(path: &Path) -> Result<(), Diagnostic> {
    let Ok(about) = std::fs::metadata(path) else { return Ok(()) };
    let is_report = || {
        let read = |file| serde_json::from_reader::<_, Report>(BufReader::new(file)).ok();
        open_file(path).ok().and_then(read).is_some_and(|report| report.pipewright.is_none())
    };
    if !about.is_file() || about.len() == 0 || is_report() {
        return Ok(());
    }
    Err(Diagnostic::error("PW0973", "the place of the report is taken by a file that is no report")
        .help("choose another place for it, or delete the file")
        .file(path.display().to_string()))
}
