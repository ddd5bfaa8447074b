//! Places that are no files: connections to where data lives, what is asked of them, and how rows are put there. Plain
//! data; nothing here opens anything. Secrets stand here by reference only.

mod presets;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::quote::sql_identifier;

pub use presets::{Preset, presets};

/// How to reach a place where data lives. Named once in a project; sources and loads refer to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    pub id: String,
    pub title: String,
    pub kind: ConnectionKind,
    /// `https://api.example.com/v1`; `host:5432/database`; the path of an SQLite file, relative to the project file; the
    /// address of an object store. `${parameter}` inside.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// By name, as the kind knows them (`ConnectionKind::settings`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// By name: where the secret is, `env:NAME` or `file:PATH`; never the secret itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// The place where its data lies: `eu`. Empty: not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub residency: String,
    /// Id of the place in which what uses it is done, where a step does not say. No part of a pipeline.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    #[default]
    Http,
    Postgresql,
    Sqlite,
    S3,
    Gcs,
    Azure,
}

/// A setting or a secret of a kind of connection.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub name: &'static str,
    pub label: &'static str,
    /// What may stand there.
    pub placeholder: &'static str,
    /// One sentence, shown on hover.
    pub doc: &'static str,
}

const fn known(name: &'static str, label: &'static str, placeholder: &'static str, doc: &'static str) -> Known {
    Known { name, label, placeholder, doc }
}

const HTTP: &[Known] = &[
    known("user", "User", "reader", "Name for the secret `password`."),
    WAIT,
    TRIES,
    known("requests_per_second", "Requests a second", "5", "No more than so many; not limited where empty."),
];
const POSTGRESQL: &[Known] = &[
    known("user", "User", "reader", "Name of the role that logs in."),
    known("timeout", "Seconds for a statement", "300", "After so many seconds the server gives up a statement."),
    known("tls", "TLS", "require", "`require` or `off`; where empty, it is required but for this machine itself."),
    known(
        "certificate",
        "Certificate",
        "server-ca.pem",
        "File with the certificate that has signed the server's; where empty, one that browsers trust.",
    ),
    TRIES,
];
const TIMEOUT: &[Known] =
    &[known("timeout", "Seconds to wait", "30", "How long to wait while somebody else writes to the file.")];
const PLAIN: Known = known(
    "plain",
    "Plain HTTP",
    "allow",
    "`allow` lets an address begin with `http://` that is not this machine itself.",
);
const WAIT: Known = known(
    "timeout",
    "Seconds for an answer",
    "30",
    "After so many seconds without an answer a request is tried again.",
);
const TRIES: Known = known(
    "retries",
    "Tries again",
    "4",
    "How often what failed for a while is tried again, each time after a longer wait.",
);
const BUCKET: Known = known("bucket", "Bucket", "shop-logs", "The bucket in which the objects lie.");
const S3: &[Known] = &[
    BUCKET,
    known("region", "Region", "eu-central-1", "Where the bucket is; `us-east-1` where empty."),
    known(
        "style",
        "Bucket in",
        "path",
        "`host` puts the bucket before the host's name, `path` behind it; where empty, `host` at amazonaws.com alone.",
    ),
    PLAIN,
    WAIT,
    TRIES,
];
const GCS: &[Known] = &[BUCKET, PLAIN, WAIT, TRIES];
const AZURE: &[Known] = &[
    known("container", "Container", "shop-logs", "The container in which the blobs lie."),
    known("account", "Account", "shop", "The storage account; what the address begins with where empty."),
    PLAIN,
    WAIT,
    TRIES,
];

impl ConnectionKind {
    pub const ALL: [ConnectionKind; 6] = [
        ConnectionKind::Http,
        ConnectionKind::Postgresql,
        ConnectionKind::Sqlite,
        ConnectionKind::S3,
        ConnectionKind::Gcs,
        ConnectionKind::Azure,
    ];
    pub const DATABASES: [ConnectionKind; 2] = [ConnectionKind::Postgresql, ConnectionKind::Sqlite];
    pub const STORES: [ConnectionKind; 3] = [ConnectionKind::S3, ConnectionKind::Gcs, ConnectionKind::Azure];
    /// Each name with its title.
    pub const CHOICES: [(&str, &str); Self::ALL.len()] = {
        let (mut choices, mut at) = ([("", ""); Self::ALL.len()], 0);
        while at < choices.len() {
            choices[at] = (Self::ALL[at].name(), Self::ALL[at].title());
            at += 1;
        }
        choices
    };

    pub fn is_store(self) -> bool {
        Self::STORES.contains(&self)
    }

    /// Of an object store: the secrets that let somebody in, those of one way together.
    pub fn ways_in(self) -> &'static [&'static [&'static str]] {
        const KEYS: &[&str] = &["access_key", "secret_key"];
        match self {
            ConnectionKind::S3 => &[KEYS],
            ConnectionKind::Gcs => &[&["service_account"], KEYS, &["token"]],
            ConnectionKind::Azure => &[&["account_key"], &["sas"], &["token"]],
            ConnectionKind::Http | ConnectionKind::Postgresql | ConnectionKind::Sqlite => &[],
        }
    }

    /// As files name it.
    pub const fn name(self) -> &'static str {
        match self {
            ConnectionKind::Http => "http",
            ConnectionKind::Postgresql => "postgresql",
            ConnectionKind::Sqlite => "sqlite",
            ConnectionKind::S3 => "s3",
            ConnectionKind::Gcs => "gcs",
            ConnectionKind::Azure => "azure",
        }
    }

    /// As people say it.
    pub const fn title(self) -> &'static str {
        match self {
            ConnectionKind::Http => "HTTP API",
            ConnectionKind::Postgresql => "PostgreSQL",
            ConnectionKind::Sqlite => "SQLite",
            ConnectionKind::S3 => "Object store (S3)",
            ConnectionKind::Gcs => "Google Cloud Storage",
            ConnectionKind::Azure => "Azure Blob Storage",
        }
    }

    /// What an address of this kind looks like.
    pub fn address_example(self) -> &'static str {
        match self {
            ConnectionKind::Http => "https://api.example.com/v1",
            ConnectionKind::Postgresql => "db.example.com:5432/shop",
            ConnectionKind::Sqlite => "shop.db",
            ConnectionKind::S3 => "https://s3.eu-central-1.amazonaws.com",
            ConnectionKind::Gcs => "https://storage.googleapis.com",
            ConnectionKind::Azure => "https://shop.blob.core.windows.net",
        }
    }

    pub fn settings(self) -> &'static [Known] {
        match self {
            ConnectionKind::Http => HTTP,
            ConnectionKind::Postgresql => POSTGRESQL,
            ConnectionKind::Sqlite => TIMEOUT,
            ConnectionKind::S3 => S3,
            ConnectionKind::Gcs => GCS,
            ConnectionKind::Azure => AZURE,
        }
    }

    /// Names of secrets; a name that ends in `.` is the beginning of one.
    pub fn secrets(self) -> &'static [Known] {
        const PASSWORD: Known = known("password", "Password", "env:DB_PASSWORD", "Where the user's password is.");
        const DATABASE: &[Known] = &[PASSWORD];
        const OF_HTTP: &[Known] = &[
            known("token", "Token", "env:API_TOKEN", "Goes along as `Authorization: Bearer …`."),
            PASSWORD,
            known("header.", "Header", "env:API_KEY", "`header.X-Api-Key`: goes along as that header."),
            known(
                "parameter.",
                "Parameter",
                "env:API_KEY",
                "`parameter.key`: goes along as that parameter of the address.",
            ),
        ];
        const SECRET_KEY: Known =
            known("secret_key", "Secret key", "env:AWS_SECRET_ACCESS_KEY", "The key that signs; it is sent nowhere.");
        const TOKEN: Known = known("token", "Token", "env:ACCESS_TOKEN", "A token that was given for a while.");
        const OF_S3: &[Known] = &[
            known("access_key", "Access key", "env:AWS_ACCESS_KEY_ID", "The id of the key that signs."),
            SECRET_KEY,
            known("session_token", "Session", "env:AWS_SESSION_TOKEN", "Of keys that are given for a while."),
        ];
        const OF_GCS: &[Known] = &[
            known(
                "service_account",
                "Service account",
                "file:service-account.json",
                "The key of a service account, as JSON: with it a token is asked for, of one hour.",
            ),
            known("access_key", "Access key", "env:GCS_ACCESS_KEY", "The id of an HMAC key that signs."),
            SECRET_KEY,
            TOKEN,
        ];
        const OF_AZURE: &[Known] = &[
            known(
                "account_key",
                "Account key",
                "env:AZURE_STORAGE_KEY",
                "A key of the storage account, which signs; it is sent nowhere.",
            ),
            known("sas", "Shared access", "env:AZURE_STORAGE_SAS", "A shared access signature: `sv=…&sig=…`."),
            TOKEN,
        ];
        match self {
            ConnectionKind::Http => OF_HTTP,
            ConnectionKind::Postgresql => DATABASE,
            ConnectionKind::Sqlite => &[],
            ConnectionKind::S3 => OF_S3,
            ConnectionKind::Gcs => OF_GCS,
            ConnectionKind::Azure => OF_AZURE,
        }
    }
}

impl Connection {
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map(|value| value.trim()).unwrap_or_default()
    }

    /// Its name for people.
    pub fn shown(&self) -> &str {
        if self.title.trim().is_empty() { &self.id } else { &self.title }
    }

    /// The texts in which parameters may stand; with what each is.
    pub(super) fn texts(&self) -> Vec<(&'static str, &str)> {
        let settings = self.settings.values().chain(self.secrets.values()).map(String::as_str);
        let settings = settings.map(|text| ("a setting of a connection", text));
        std::iter::once(("an address", self.address.as_str())).chain(settings).collect()
    }

    /// Puts something before every path of the connection that is relative: it is to be opened from elsewhere. Gives
    /// whether there was one.
    pub fn move_paths(&mut self, before: &str) -> bool {
        let certificate = self.settings.get_mut("certificate").filter(|path| !path.trim().is_empty());
        let file = Some(&mut self.address).filter(|_| self.kind == ConnectionKind::Sqlite);
        let mut is_moved = false;
        for path in file.into_iter().chain(certificate) {
            if is_relative(path) {
                *path = format!("{before}/{path}");
                is_moved = true;
            }
        }
        for reference in self.secrets.values_mut() {
            if let Some(path) = reference.trim().strip_prefix("file:").filter(|path| is_relative(path)) {
                *reference = format!("file:{before}/{}", path.trim());
                is_moved = true;
            }
        }
        is_moved
    }
}

fn is_relative(path: &str) -> bool {
    let path = path.trim();
    let is_rooted = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
    !(is_rooted || path.starts_with("${"))
}

/// What is asked of a connection: a table or a query of a database, a request to an API, objects of a store.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Inquiry {
    /// A table or view, `schema.name`, read whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub table: String,
    /// A SELECT instead of a table. `${parameter}` stands for its value, as a literal.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// A column that only grows, such as a number that the database counts up: `run --incremental` takes the rows whose
    /// value is larger than any before.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub newer: String,
    /// Goes behind the address: `/api/v1/query_range`. Of an object store a key, a pattern of keys, or all below a key
    /// that ends in `/`; `<name>` becomes a column, as in the paths of files.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    #[serde(skip_serializing_if = "Method::is_get")]
    pub method: Method,
    /// Parameters of the address, by name; `${parameter}` inside.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What a POST sends; `${parameter}` inside.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// How the next page is found; `None`: there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<Pages>,
    /// More than so many pages end the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_pages: Option<u64>,
    /// More than so many bytes end the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_bytes: Option<u64>,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    #[default]
    Get,
    Post,
}

impl Method {
    fn is_get(&self) -> bool {
        *self == Method::Get
    }
}

/// How an API gives its answer in pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Pages {
    /// A `Link` header with `rel="next"`, or a path in the answer where its address stands.
    Link {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        path: String,
    },
    /// A value at `path` of the answer becomes `parameter` of the next request; without a value that was the last.
    Cursor { path: String, parameter: String },
    /// `parameter` grows by the number of records, until a page has none, or the server has nothing there (404).
    Offset {
        parameter: String,
        #[serde(default, skip_serializing_if = "is_zero")]
        size: u64,
    },
    /// `parameter` counts pages from `first`, until a page has no record, or the server has nothing there (404).
    Number {
        parameter: String,
        #[serde(default)]
        first: u64,
        #[serde(default, skip_serializing_if = "is_zero")]
        size: u64,
    },
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Pages {
    /// Pages that are taken where nothing else is said.
    pub const MOST: u64 = 10_000;
    /// Bytes.
    pub const MOST_BYTES: u64 = 16 << 30;
}

impl Inquiry {
    /// The texts in which parameters may stand; with what each is.
    fn texts(&self) -> Vec<(&'static str, &str)> {
        let alone = [("a table's name", &self.table), ("a query", &self.query), ("an address", &self.path)];
        let alone = alone.into_iter().chain([("a request", &self.body)]);
        let named = self.parameters.values().chain(self.headers.values()).map(|text| ("a request", text));
        alone.chain(named).map(|(what, text)| (what, text.as_str())).collect()
    }

    /// In a few words, without what may be long.
    pub fn shown(&self) -> String {
        match (self.table.is_empty(), self.query.is_empty()) {
            (false, _) => self.table.clone(),
            (true, false) => "query".to_owned(),
            (true, true) => self.path.split(['?', '#']).next().unwrap_or_default().to_owned(),
        }
    }
}

/// Where a run takes the rows of a source from; the path of its `Read` is a sample of them, which plans and previews
/// read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    pub connection: Connection,
    #[serde(default)]
    pub inquiry: Inquiry,
}

impl Location {
    /// For people: the connection and what is asked of it.
    pub fn shown(&self) -> String {
        let asked = self.inquiry.shown();
        match asked.is_empty() {
            true => self.connection.shown().to_owned(),
            false => format!("{}: {asked}", self.connection.shown()),
        }
    }

    /// The texts in which parameters may stand; with what each is.
    pub fn texts(&self) -> Vec<(&'static str, &str)> {
        [self.connection.texts(), self.inquiry.texts()].concat()
    }
}

/// A table's name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    pub schema: Option<String>,
    pub name: String,
}

impl TableName {
    /// `name`, `schema.name`; a part with a point stands in double quotes, which are doubled inside of it.
    pub fn parse(text: &str) -> Option<TableName> {
        let mut parts = vec![String::new()];
        let (mut is_quoted, mut characters) = (false, text.trim().chars().peekable());
        while let Some(character) = characters.next() {
            let last = parts.last_mut()?;
            match character {
                '"' if is_quoted && characters.next_if_eq(&'"').is_some() => last.push('"'),
                '"' if is_quoted => {
                    // Behind it comes the next part, or nothing.
                    while characters.next_if(|next| next.is_whitespace()).is_some() {}
                    if characters.peek().is_some_and(|next| *next != '.') {
                        return None;
                    }
                    is_quoted = false;
                }
                '"' if last.trim().is_empty() => {
                    last.clear();
                    is_quoted = true;
                }
                '.' if !is_quoted => parts.push(String::new()),
                control if control.is_control() => return None,
                other => last.push(other),
            }
        }
        let mut parts: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
        if is_quoted || parts.len() > 2 || parts.iter().any(String::is_empty) {
            return None;
        }
        let name = parts.pop()?;
        Some(TableName { schema: parts.pop(), name })
    }

    /// In double quotes, as SQL has it.
    pub fn quoted(&self) -> String {
        let schema = self.schema.iter().map(|schema| sql_identifier(schema) + ".");
        schema.collect::<String>() + &sql_identifier(&self.name)
    }
}

/// A table of a database that rows are loaded into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TablePlace {
    pub connection: Connection,
    /// `schema.name`, or a name alone.
    pub table: String,
    #[serde(default)]
    pub mode: LoadMode,
    /// Columns that tell rows apart, for `upsert`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

impl TablePlace {
    /// For people: the connection and the table.
    pub fn shown(&self) -> String {
        format!("{}: {}", self.connection.shown(), self.table)
    }
}

/// What becomes of the rows that a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadMode {
    /// They stay, and the new ones come beside them.
    Append,
    /// They go.
    #[default]
    Replace,
    /// Those with the same keys are put in their place.
    Upsert,
}
