//! Destinations that are no files: what they have in common, whatever leads there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::op::{Destination, FileKind, WhenExists};
use super::places::Connection;

/// Objects of a store that rows are written to: one, or one for each combination of the partition columns' values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectPlace {
    pub connection: Connection,
    /// The key of the one, or what those of all begin with, without a `/` at its end; `${parameter}` inside.
    pub path: String,
    pub kind: FileKind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition: Vec<String>,
    #[serde(default)]
    pub when_exists: WhenExists,
}

impl ObjectPlace {
    /// For people: the connection and the key.
    pub fn shown(&self) -> String {
        format!("{}: {}", self.connection.shown(), self.path)
    }
}

impl Destination {
    /// What leads there; `None`: nothing is opened.
    pub fn connection(&self) -> Option<&Connection> {
        match self {
            Destination::Table(place) => Some(&place.connection),
            Destination::Objects(place) => Some(&place.connection),
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => None,
        }
    }

    /// The same, to be changed.
    pub fn connection_mut(&mut self) -> Option<&mut Connection> {
        match self {
            Destination::Table(place) => Some(&mut place.connection),
            Destination::Objects(place) => Some(&mut place.connection),
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => None,
        }
    }

    /// For people, where a connection leads there.
    pub fn shown_place(&self) -> Option<String> {
        match self {
            Destination::Table(place) => Some(place.shown()),
            Destination::Objects(place) => Some(place.shown()),
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => None,
        }
    }

    /// The texts in which parameters may stand, with what each is, where a connection leads there.
    pub fn place_texts(&self) -> Vec<(&'static str, &str)> {
        let named = match self {
            Destination::Table(place) => ("a table's name", place.table.as_str()),
            Destination::Objects(place) => ("a key", place.path.as_str()),
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => {
                return Vec::new();
            }
        };
        self.connection().into_iter().flat_map(Connection::texts).chain([named]).collect()
    }

    /// Columns whose values become folders.
    pub fn partition(&self) -> &[String] {
        match self {
            Destination::File { partition, .. } => partition,
            Destination::Objects(place) => &place.partition,
            Destination::Table(_) | Destination::StandardOutput { .. } | Destination::Answer { .. } => &[],
        }
    }
}
