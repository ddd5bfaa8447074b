//! What the designer remembers between sessions: recent projects, theme, sizes of panels. A small JSON file in the
//! user's configuration folder, read before the window opens and written off the UI thread. Imports no egui.

use std::fs;
use std::path::{Path, PathBuf};

use pipewright_core::files::{read_file, save, save_beside};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The file of the user's configuration folder.
const FILE: &str = "designer.json";
/// How many recent projects are kept.
const RECENT: usize = 12;

/// Dark, light, or as the system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    System,
    #[default]
    Dark,
    Light,
}

/// Steps that somebody keeps to use again, in any project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub name: String,
    /// As the clipboard has them.
    pub steps: String,
}

/// The remembered things. Unknown keys of another version are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub mode: Mode,
    /// Project files, the last opened first.
    pub recent: Vec<PathBuf>,
    /// Width of the panel with questions, sources and steps, where somebody moved its border. Points.
    pub left: Option<f32>,
    /// Width of the inspector, likewise.
    pub right: Option<f32>,
    /// Height of the panel with preview, problems and run, likewise.
    pub bottom: Option<f32>,
    /// Size of the window. Points.
    pub window: [f32; 2],
    /// How much larger than usual everything is drawn.
    pub scale: f32,
    /// Own entries of the palette.
    pub blocks: Vec<Block>,
    /// The name under which comments are written.
    pub author: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            recent: Vec::new(),
            left: None,
            right: None,
            bottom: None,
            window: [1600.0, 1000.0],
            scale: 1.0,
            blocks: Vec::new(),
            author: user_name(),
        }
    }
}

/// What the system calls its user.
fn user_name() -> String {
    ["USER", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}

impl Settings {
    /// Reads the file; what cannot be read is as new, and then the file as it was is kept beside.
    pub fn load(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let Ok(bytes) = read_file(&file) else { return Self::default() };
        let (settings, is_whole) = Self::read(&bytes);
        if !is_whole {
            keep_beside(&file, &bytes);
        }
        settings
    }

    /// What of a file can be read, and whether that is all of it.
    fn read(bytes: &[u8]) -> (Self, bool) {
        if let Ok(settings) = serde_json::from_slice(bytes) {
            return (settings, true);
        }
        let (Ok(Json::Object(found)), Ok(Json::Object(mut known))) =
            (serde_json::from_slice(bytes), serde_json::to_value(Self::default()))
        else {
            return (Self::default(), false);
        };
        let mut may_be = |name: &str, value: Json| {
            let before = known.insert(name.to_owned(), value);
            let settings: Option<Self> = serde_json::from_value(Json::Object(known.clone())).ok();
            if let (None, Some(before)) = (&settings, before) {
                known.insert(name.to_owned(), before);
            }
            settings.is_some()
        };
        for (name, value) in found {
            if may_be(&name, value.clone()) {
                continue;
            }
            // Of a list, each item that can be read.
            let items = value.as_array().into_iter().flatten();
            let items: Vec<Json> = items.filter(|item| may_be(&name, json!([item]))).cloned().collect();
            may_be(&name, Json::Array(items));
        }
        (serde_json::from_value(Json::Object(known)).unwrap_or_default(), false)
    }

    /// Writes the file whole or not at all. A failure costs no work, so it is not told.
    pub fn save(&self, folder: &Path) {
        let Ok(text) = serde_json::to_string_pretty(self) else { return };
        let _ = fs::create_dir_all(folder).and_then(|()| save(&folder.join(FILE), text.as_bytes()));
    }

    /// Keeps steps under a name; what had the name before is replaced.
    pub fn keep_block(&mut self, name: &str, steps: String) {
        self.blocks.retain(|block| block.name != name);
        self.blocks.push(Block { name: name.to_owned(), steps });
        self.blocks.sort_by_key(|block| block.name.to_lowercase());
    }

    /// Puts a project first in the list of recent ones.
    pub fn remember(&mut self, path: &Path) {
        self.recent.retain(|other| other != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }
}

/// Puts a copy beside a file, under a name that is free or holds the same.
fn keep_beside(file: &Path, bytes: &[u8]) {
    let numbered = (2..100).map(|number| format!("{FILE}.before-{number}"));
    for name in std::iter::once(format!("{FILE}.before")).chain(numbered) {
        let place = file.with_file_name(name);
        match place.symlink_metadata() {
            Err(_) => {
                // Whoever cannot write here will not replace the file either.
                let _ = save_beside(file, &place, bytes);
                return;
            }
            Ok(_) if read_file(&place).is_ok_and(|kept| kept == bytes) => return,
            Ok(_) => {}
        }
    }
}

/// The name that journals of projects without a file begin with: each has one of its own.
pub fn untitled_journal(folder: &Path) -> PathBuf {
    folder.join(".untitled.journal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_of_the_settings_takes_nothing_else_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let text = r#"{"mode": "sepia", "author": "ann", "scale": "1.0",
            "blocks": [{"name": "mask", "steps": "{}"}, {"name": 7}], "recent": ["a.json"]}"#;
        fs::write(&file, text).unwrap();
        let settings = Settings::load(folder.path());
        assert_eq!((settings.mode, settings.author.as_str(), settings.scale), (Mode::Dark, "ann", 1.0));
        assert_eq!(settings.blocks.iter().map(|block| block.name.as_str()).collect::<Vec<_>>(), ["mask"]);
        assert_eq!(settings.recent, [PathBuf::from("a.json")]);
        settings.save(folder.path());
        let kept = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(kept("designer.json.before"), text);
        // A file that was cut, twice: each is kept once.
        for _ in 0..2 {
            fs::write(&file, &text[..40]).unwrap();
            assert_eq!(Settings::load(folder.path()), Settings::default());
        }
        assert_eq!(
            (kept("designer.json.before"), kept("designer.json.before-2")),
            (text.to_owned(), text[..40].to_owned())
        );
        assert!(!folder.path().join("designer.json.before-3").exists());
    }
}
