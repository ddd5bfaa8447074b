//! The policy file of an organisation: read from beside the project, and held against the digest that the project pins.

use std::path::Path;

use serde_json::Value as Json;

use super::{OrganisationPolicy, Project};
use crate::diagnostic::{Diagnostic, io_cause, near_file};
use crate::files::{check_reach, read_file};
use crate::policy::{digest, parse_organisation};

/// Reads a policy file.
pub fn read_policy(path: &Path) -> Result<OrganisationPolicy, Diagnostic> {
    let shown = path.display().to_string();
    let bytes = read_file(path).map_err(|error| {
        let help = near_file(path).unwrap_or_else(|| "check the path and the rights of the file".to_owned());
        Diagnostic::error("PW1008", format!("the policy cannot be read: {}", io_cause(&error))).help(help).file(&shown)
    })?;
    let policy = parse_organisation(&String::from_utf8_lossy(&bytes)).map_err(|fault| fault.file(shown))?;
    Ok(OrganisationPolicy { sha256: digest(&bytes), policy })
}

impl Project {
    /// Reads the policy file that the project pins, relative to `folder`; to be called again when the pin changes.
    /// A file that is not there, or is another than the one pinned, is not taken: the plan then reports the pin, and
    /// nothing may leave.
    pub fn read_organisation(&mut self, folder: &Path) -> Vec<Diagnostic> {
        self.design.organisation.clear();
        let pin = self.design.policy.get("organisation");
        let text = |key: &str| pin.and_then(|pin| pin.get(key)).and_then(Json::as_str).unwrap_or_default();
        let (path, sha256) = (text("path"), text("sha256"));
        if path.is_empty() || sha256.is_empty() {
            return Vec::new();
        }
        let read = check_reach(folder, &folder.join(path)).and_then(|()| read_policy(&folder.join(path)));
        match read {
            Ok(read) if read.sha256.eq_ignore_ascii_case(sha256) => {
                self.design.organisation.push(read);
                Vec::new()
            }
            Ok(read) => {
                let message = format!("the organisation's policy `{path}` is another than the one that is pinned");
                let help = format!("restore the pinned file, or look at what changed and pin {}", read.sha256);
                vec![Diagnostic::error("PW1008", message).help(help).file(path)]
            }
            Err(diagnostic) => vec![diagnostic],
        }
    }
}
