//! What a design is made of besides steps: plain data with ids. Every item keeps the keys that this version does
//! not know (`extra`), so that nothing is lost on saving. Imports data, policy, formats, ir; nothing above.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::data::{Classification, DataType, Schema};
use crate::formats::FormatSpec;
pub use crate::ir::{Connection, Synthetic};
use crate::ir::{FileKind, Inquiry, Location};
use crate::policy::Site;

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

/// Where steps are done: an engine, where it stands, and what may leave it. A design of several is exported as one bundle
/// for each (`export --split`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StepPlace {
    pub id: Id,
    pub title: String,
    /// Name of the target that the bundle of its steps is for: `postgresql`, `spark`, ….
    pub target: String,
    /// The stack that it is: sources of that stack are read here, where their steps do not say otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stack: String,
    /// Where it lies: `eu`. Empty: not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub residency: String,
    /// Teams that see what comes here, by id or title. Empty: not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// The closest classification that may leave it for another place; `None`: what the policy lets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lets_out: Option<Classification>,
    /// What the rows that leave it are handed over as; `None`: Parquet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<FileKind>,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl StepPlace {
    /// As policy looks at it.
    pub fn site(&self) -> Site {
        Site { stack: self.stack.clone(), residency: self.residency.clone(), audience: self.audience.clone() }
    }
}

/// Where data comes from: files that exist, a place that a connection leads to, or a source that is planned.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    pub id: Id,
    pub title: String,
    /// Path or glob, relative to the project file, `/` as separator, `${parameter}` inside; `<name>` stands for what `*`
    /// does, and becomes a column. Empty for a planned source. With a connection: a sample of its rows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Id of the connection by which a run reaches the rows; empty: they are in files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub connection: Id,
    /// What is asked of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<Inquiry>,
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
    /// What a file such as a table's DDL declares of it; stays when the data is at hand, so that the two can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<Declaration>,
    /// Id of the team, or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Where it lives: `nginx`, `warehouse`, ….
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stack: String,
    /// Teams that may see it, by id or title; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<String>,
    /// The place where its data must stay: `eu`. Empty: anywhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub residency: String,
    /// Days for which its data is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl Source {
    /// Where a run takes its rows from, if that is no file and its connection is there.
    pub fn location(&self, connections: &BTreeMap<Id, Connection>) -> Option<Location> {
        let mut connection = connections.get(&self.connection)?.clone();
        let mut inquiry = self.inquiry.clone().unwrap_or_default();
        // What this version does not know has no effect, and stays with the project.
        connection.extra.clear();
        // Where steps are done is no matter of the run that does them.
        connection.place.clear();
        inquiry.extra.clear();
        Some(Location { connection, inquiry })
    }

    /// Columns that were read again, with what the design knows of those of the same name: labels, and keys that this
    /// version does not know.
    pub fn renewed(&self, read: &Schema) -> Schema {
        let mut schema = read.clone();
        let Some(known) = &self.schema else { return schema };
        schema.extra.clone_from(&known.extra);
        for field in &mut schema.fields {
            // What a person said of a column holds, too, where only its capitals are others.
            if let Some(known) = known.alike(&field.name) {
                field.labels = known.labels.raised(&field.labels);
                field.extra.clone_from(&known.extra);
            }
        }
        schema
    }
}

/// A declared source that nobody records yet; gives synthetic rows to previews.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlannedSource {
    /// `asked`, `agreed`, `in work`; `declared`: it exists, but no data of it is at hand.
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub due: String,
    pub seed: u64,
    pub rows: u64,
    /// By column: what its made-up values look like.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Synthetic>,
    /// Id of the source that this one is, once it records more; empty: a source of its own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stands_for: Id,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl Default for PlannedSource {
    fn default() -> Self {
        Self {
            status: "asked".into(),
            due: String::new(),
            seed: 1,
            rows: 1000,
            values: BTreeMap::new(),
            stands_for: Id::new(),
            extra: Map::new(),
        }
    }
}

/// What somebody else's file says of a source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Declaration {
    /// `ddl`, `json-schema`, `openapi`, `avro`, `dbt`, `odcs`.
    pub kind: String,
    /// Path of the file, relative to the project file.
    pub file: String,
    /// What the source is called in it; with kind and file it says which source an import updates.
    pub name: String,
    /// What it says of the source as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    pub schema: Schema,
    /// Columns that together have other values in each row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Vec<String>>,
    /// Columns that have a value in every row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// By column: what it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub docs: BTreeMap<String, String>,
    /// By column: what its values look like.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Synthetic>,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// A field that somebody is asked to record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    pub id: Id,
    pub title: String,
    /// Id of the source that lacks it; empty: any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: Id,
    /// The concept that is wanted, such as `event.duration`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Name of the field that would carry it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    #[serde(rename = "type", default = "unknown_type")]
    pub data_type: DataType,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Id of the team, or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// A day, `2026-04-30`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub due: String,
    #[serde(default)]
    pub status: RequestStatus,
    /// Why it is wanted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Ids of the questions that can be answered once it is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlocks: Vec<Id>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

fn unknown_type() -> DataType {
    DataType::Unknown
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    #[default]
    Asked,
    Agreed,
    InWork,
    /// The data shows it.
    Delivered,
    Declined,
}

impl RequestStatus {
    pub const ALL: [RequestStatus; 5] = [
        RequestStatus::Asked,
        RequestStatus::Agreed,
        RequestStatus::InWork,
        RequestStatus::Delivered,
        RequestStatus::Declined,
    ];

    /// Whether it is still waited for.
    pub fn is_open(self) -> bool {
        match self {
            RequestStatus::Asked | RequestStatus::Agreed | RequestStatus::InWork => true,
            RequestStatus::Delivered | RequestStatus::Declined => false,
        }
    }

    /// As people say it.
    pub fn title(self) -> &'static str {
        match self {
            RequestStatus::Asked => "asked",
            RequestStatus::Agreed => "agreed",
            RequestStatus::InWork => "in work",
            RequestStatus::Delivered => "delivered",
            RequestStatus::Declined => "declined",
        }
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
