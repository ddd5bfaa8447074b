//! The place of a report that a user names: a report takes no place but that of an earlier one. Must not import anything
//! of this crate but `diagnostic`.

use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::regular::open_file;
use crate::diagnostic::Diagnostic;

/// What every report holds, of a run or of a preview, and neither a project nor a stranger's list of steps does.
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "steps")]
    _steps: Vec<IgnoredAny>,
    quarantined_share: Option<f64>,
    left_out: Option<Vec<IgnoredAny>>,
    pipewright: Option<IgnoredAny>,
}

/// Whether a report may take the place of what is there: of nothing, an empty file, another report.
pub(super) fn gives_place(path: &Path) -> bool {
    let Ok(about) = std::fs::metadata(path) else { return true };
    !about.is_file() || about.len() == 0 || is_report(path)
}

/// Whether a file is a report.
pub(super) fn is_report(path: &Path) -> bool {
    let read = |file| serde_json::from_reader::<_, Report>(BufReader::new(file)).ok();
    let is_one = |report: Report| {
        report.pipewright.is_none() && (report.quarantined_share.is_some() || report.left_out.is_some())
    };
    open_file(path).ok().and_then(read).is_some_and(is_one)
}

/// Refuses a place where a file lies that is neither empty nor a report. Devices and pipes are written to as they are.
pub fn check_report_place(path: &Path) -> Result<(), Diagnostic> {
    if gives_place(path) {
        return Ok(());
    }
    Err(Diagnostic::error("PW0973", "the place of the report is taken by a file that is no report")
        .help("choose another place for it, or delete the file")
        .file(path.display().to_string()))
}
