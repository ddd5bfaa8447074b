//! Where rows go: files, or what a connection leads to. Plain data; nothing here opens anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::places::{Connection, TablePlace};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Destination {
    /// One file, or a folder of `column=value` folders where `partition` is not empty. Relative to the output folder;
    /// `${parameter}` inside.
    File {
        path: String,
        kind: FileKind,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        partition: Vec<String>,
        when_exists: WhenExists,
    },
    StandardOutput {
        kind: FileKind,
    },
    /// A table of a database.
    Table(Box<TablePlace>),
    /// Objects of a store.
    Objects(Box<ObjectPlace>),
    /// What takes rows over HTTP.
    Endpoint(Box<EndpointPlace>),
    /// The end of a flow that answers a question; kept by the designer, not written.
    Answer {
        question: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Csv,
    Jsonl,
    Parquet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenExists {
    #[default]
    Replace,
    Fail,
}

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

/// What rows are sent to over HTTP, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointPlace {
    pub connection: Connection,
    pub form: PostForm,
    /// Goes behind the address; empty: where the form is usually taken. `${parameter}` inside.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Of Elasticsearch; `${parameter}` inside.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub index: String,
    /// Of Elasticsearch: the column whose value is a document's id; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Of Loki and OTLP: the column of the time; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
    /// Of Loki and OTLP: the column of the text; empty: the whole row as JSON.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Of Loki and OTLP: columns that rows of one stream or resource have in common.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// A request has no more rows.
    pub batch_rows: u64,
    /// About; a row that is longer goes alone.
    pub batch_bytes: u64,
}

/// What a request with rows looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostForm {
    /// A JSON list of rows.
    #[default]
    Webhook,
    /// The bulk API of Elasticsearch and OpenSearch.
    Elasticsearch,
    /// Loki's push API.
    Loki,
    /// Logs of OpenTelemetry, as JSON.
    Otlp,
}

impl EndpointPlace {
    /// Of a request, where nothing else is said.
    pub const ROWS: u64 = 1_000;
    pub const BYTES: u64 = 4_000_000;

    /// Where the form is usually taken.
    pub fn usual_path(&self) -> &'static str {
        match self.form {
            PostForm::Webhook => "",
            PostForm::Elasticsearch => "/_bulk",
            PostForm::Loki => "/loki/api/v1/push",
            PostForm::Otlp => "/v1/logs",
        }
    }

    /// For people: the connection and the path or the index.
    pub fn shown(&self) -> String {
        let path = if self.path.is_empty() { self.usual_path() } else { &self.path };
        match (self.index.as_str(), path.split(['?', '#']).next().unwrap_or_default()) {
            ("", "") => self.connection.shown().to_owned(),
            ("", path) => format!("{}: {path}", self.connection.shown()),
            (index, _) => format!("{}: {index}", self.connection.shown()),
        }
    }
}

impl Destination {
    /// What leads there; `None`: nothing is opened.
    pub fn connection(&self) -> Option<&Connection> {
        match self {
            Destination::Table(place) => Some(&place.connection),
            Destination::Objects(place) => Some(&place.connection),
            Destination::Endpoint(place) => Some(&place.connection),
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => None,
        }
    }

    /// The same, to be changed.
    pub fn connection_mut(&mut self) -> Option<&mut Connection> {
        match self {
            Destination::Table(place) => Some(&mut place.connection),
            Destination::Objects(place) => Some(&mut place.connection),
            Destination::Endpoint(place) => Some(&mut place.connection),
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => None,
        }
    }

    /// For people, where a connection leads there.
    pub fn shown_place(&self) -> Option<String> {
        match self {
            Destination::Table(place) => Some(place.shown()),
            Destination::Objects(place) => Some(place.shown()),
            Destination::Endpoint(place) => Some(place.shown()),
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => None,
        }
    }

    /// The texts in which parameters may stand, with what each is, where a connection leads there.
    pub fn place_texts(&self) -> Vec<(&'static str, &str)> {
        let named = match self {
            Destination::Table(place) => vec![("a table's name", place.table.as_str())],
            Destination::Objects(place) => vec![("a key", place.path.as_str())],
            Destination::Endpoint(place) => vec![("an address", place.path.as_str()), ("an index", &place.index)],
            Destination::File { .. } | Destination::StandardOutput { .. } | Destination::Answer { .. } => {
                return Vec::new();
            }
        };
        self.connection().into_iter().flat_map(Connection::texts).chain(named).collect()
    }

    /// Columns whose values become folders.
    pub fn partition(&self) -> &[String] {
        match self {
            Destination::File { partition, .. } => partition,
            Destination::Objects(place) => &place.partition,
            Destination::Table(_)
            | Destination::Endpoint(_)
            | Destination::StandardOutput { .. }
            | Destination::Answer { .. } => &[],
        }
    }
}
