//! What the designer remembers between sessions: recent projects, theme, sizes of panels. A small JSON file in the
//! user's configuration folder, read before the window opens and written off the UI thread. Imports no egui.

use std::fs;
use std::path::{Path, PathBuf};

use pipewright_core::files::save;
use serde::{Deserialize, Serialize};

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
    /// Width of the panel with questions, sources and steps. Points.
    pub left: f32,
    /// Width of the inspector. Points.
    pub right: f32,
    /// Height of the panel with preview, problems and run. Points.
    pub bottom: f32,
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
            left: 300.0,
            right: 324.0,
            bottom: 360.0,
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
    /// Reads the file; what cannot be read is as new.
    pub fn load(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("designer.json")).ok();
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Writes the file whole or not at all. A failure costs no work, so it is not told.
    pub fn save(&self, folder: &Path) {
        let Ok(text) = serde_json::to_string_pretty(self) else { return };
        let _ = fs::create_dir_all(folder).and_then(|()| save(&folder.join("designer.json"), text.as_bytes()));
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

/// The name that journals of projects without a file begin with: each has one of its own.
pub fn untitled_journal(folder: &Path) -> PathBuf {
    folder.join(".untitled.journal")
}
