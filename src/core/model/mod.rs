//! What a design is made of besides steps: plain data with ids. Every item keeps the keys that this version does
//! not know (`extra`), so that nothing is lost on saving. Imports data, formats, ir; nothing above.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::data::{DataType, Schema};
use crate::formats::FormatSpec;
pub use crate::ir::Synthetic;

/// Short, stable, random (`flt-7k2m`); never an index, never reused.
pub type Id = String;

/// A new id that begins with `prefix`; `taken` says which exist.
pub fn new_id(prefix: &str, taken: impl Fn(&str) -> bool) -> Id {
    const LETTERS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
    loop {
        let tail: String = (0..4).map(|_| LETTERS[fastrand::usize(..LETTERS.len())] as char).collect();
        let id = format!("{prefix}-{tail}");
        if !taken(&id) {
            return id;
        }
    }
}

/// People who own or may see data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Team {
    pub id: Id,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contact: String,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// Where data comes from: files that exist, or a source that is planned.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    pub id: Id,
    pub title: String,
    /// Path or glob, relative to the project file, `/` as separator, `${parameter}` inside. Empty for a planned source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// `None`: recognised on reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatSpec>,
    /// As declared, or as the sample showed; `None`: not read yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// By field: the concept that somebody confirmed or corrected; empty text: none. What is not listed is guessed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meanings: BTreeMap<String, String>,
    /// Set where the source does not exist yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<PlannedSource>,
    /// Id of the team, or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Where it lives: `nginx`, `warehouse`, ….
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stack: String,
    /// Teams that may see it, by id or name; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// A declared source that nobody records yet; gives synthetic rows to previews.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlannedSource {
    /// `asked`, `agreed`, `in work`.
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub due: String,
    pub seed: u64,
    pub rows: u64,
    /// By column: what its made-up values look like.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Synthetic>,
}

impl Default for PlannedSource {
    fn default() -> Self {
        Self { status: "asked".into(), due: String::new(), seed: 1, rows: 1000, values: BTreeMap::new() }
    }
}

/// What somebody wants to know.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    pub id: Id,
    /// In the asker's words.
    pub title: String,
    /// Id of the team, or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asker: String,
    #[serde(default)]
    pub status: QuestionStatus,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// What the answer shows, over concepts (`planner::Contract`); none where a ready-made question has the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Json>,
    /// Thresholds that differ from the contract's own, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub dials: Map<String, Json>,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionStatus {
    #[default]
    Asked,
    Agreed,
    DataAvailable,
    Running,
}

/// A remark on the canvas.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    pub id: Id,
    pub text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    pub x: i32,
    pub y: i32,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// A value that a run may set, referred to as `${name}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    pub id: Id,
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// `None`: a run must give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}
