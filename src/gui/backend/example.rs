//! The worked example: it is in the program, and opens as a copy that nobody saved yet. Its data are made by the same
//! generator as those of the repository, in a folder of the user's settings, where a saved copy still finds them. Must not
//! import egui.

use std::fs::File;
use std::path::{Path, PathBuf};

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::{FolderUpdate, allow_place, slashes};
use pipewright_core::generate::{ShopOptions, shop};
use pipewright_core::project::{Edit, Project, load};
use serde_json::Value as Json;

/// The project, as it is in the repository.
const EXAMPLE: &str = include_str!("../../../projects/shop/shop.pipewright.json");
/// The parameter that names the folder of its data.
const FOLDER: &str = "data";

/// Where its data are: beside the settings, else in the system's folder for what is temporary.
pub fn folder(home: Option<&Path>) -> PathBuf {
    match home {
        Some(home) => home.join("example"),
        None => std::env::temp_dir().join("pipewright-example"),
    }
}

/// Lets projects without a file read its data: the program has made them.
pub fn allow(home: Option<&Path>) {
    allow_place(&std::env::current_dir().unwrap_or_default(), &folder(home));
}

/// Makes the data, and gives the project that reads them.
pub fn example(home: Option<&Path>) -> Result<(Project, Vec<Diagnostic>), Diagnostic> {
    let folder = folder(home);
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    make_data(&folder)?;
    allow(home);
    let (mut project, diagnostics) = load(EXAMPLE)?;
    let parameter = project.parameters.values().find(|parameter| parameter.name == FOLDER);
    if let Some(id) = parameter.map(|parameter| parameter.id.clone()) {
        let new = Json::from(slashes(&folder));
        project.apply(&[Edit::Set { id, field: "default".into(), old: None, new }])?;
    }
    Ok((project, diagnostics))
}

fn make_data(folder: &Path) -> Result<(), Diagnostic> {
    let mut update = FolderUpdate::new(folder, "example");
    let mut refused = None;
    let mut create = |name: &str| {
        let aside = update.file(name).map_err(|fault| {
            let message = fault.message.clone();
            refused = Some(fault);
            std::io::Error::other(message)
        })?;
        Ok(Box::new(File::create(aside)?) as Box<dyn std::io::Write>)
    };
    let made = shop(&ShopOptions::default(), &mut create);
    made.map_err(|error| {
        refused.unwrap_or_else(|| {
            Diagnostic::error("PW1094", format!("the example's data cannot be written: {}", io_cause(&error)))
                .help("see whether the disk has space; `pipewright generate shop --out DIR` writes them elsewhere")
                .file(folder.display().to_string())
        })
    })?;
    // The folder is the program's own: what stands there otherwise was changed by hand, and is made anew.
    update.publish(true).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_needs_nothing_but_the_program() {
        let home = tempfile::tempdir().unwrap();
        let (project, diagnostics) = example(Some(home.path())).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let data = project.parameters.values().find(|parameter| parameter.name == "data").unwrap();
        assert_eq!(data.default, Some(Json::from(slashes(&home.path().join("example")))));
        for source in project.sources.values() {
            let name = source.path.strip_prefix("${data}/").unwrap();
            assert!(home.path().join("example").join(name).is_file(), "{name}");
        }
        // Again, over what is there.
        example(Some(home.path())).unwrap();
    }
}
