//! The policy file of an organisation: read from beside the project, and held against the digest that the project pins.

use std::path::Path;

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

/// Reads the policy file that a project in `folder` pins by its digest, and no other.
pub fn read_pinned(folder: &Path, path: &str, sha256: &str) -> Result<OrganisationPolicy, Diagnostic> {
    check_reach(folder, &folder.join(path))?;
    let read = read_policy(&folder.join(path))?;
    if read.sha256.eq_ignore_ascii_case(sha256) {
        return Ok(read);
    }
    let message = format!("the organisation's policy `{path}` is another than the one that is pinned");
    let help = format!("restore the pinned file, or look at what changed and pin {}", read.sha256);
    Err(Diagnostic::error("PW1008", message).help(help).file(path))
}

impl Project {
    /// The path of the policy file that the project pins, relative to its folder.
    pub fn organisation_path(&self) -> Option<&str> {
        self.pin("path")
    }

    fn pin(&self, key: &str) -> Option<&str> {
        let text = self.policy.get("organisation")?.get(key)?.as_str();
        text.filter(|text| !text.is_empty())
    }

    /// Reads the policy file that the project pins, relative to `folder`; to be called again when the pin changes.
    /// A file that is not there, or is another than the one pinned, is not taken: the plan then reports the pin, and
    /// nothing may leave.
    pub fn read_organisation(&mut self, folder: &Path) -> Vec<Diagnostic> {
        self.design.organisation.clear();
        let pinned = self.organisation_path().zip(self.pin("sha256"));
        let Some((path, sha256)) = pinned.map(|(path, sha256)| (path.to_owned(), sha256.to_owned())) else {
            return Vec::new();
        };
        match read_pinned(folder, &path, &sha256) {
            Ok(read) => {
                self.design.organisation.push(read);
                Vec::new()
            }
            Err(diagnostic) => vec![diagnostic],
        }
    }
}
