//! A layout: a line as a list of literals and typed captures. Formats whose lines have fixed separators describe
//! themselves so; the tokeniser (`layout_parser`) and the targets' queries are both made from it.
//! Must not import anything above formats.

use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use crate::formats::time::Epoch;

/// Names that mean the same in every format, in the order in which their columns come.
const COMMON_COLUMNS: [&str; 17] = [
    "time",
    "client",
    "client_port",
    "user",
    "method",
    "path",
    "http_version",
    "request",
    "status",
    "bytes",
    "referrer",
    "user_agent",
    "vhost",
    "vhost_port",
    "duration",
    "request_id",
    "upstream",
];

/// A line's description.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub items: Vec<Item>,
    pub escapes: Escapes,
    /// Lines may end at the border after the capture of this column, or after any later one; what is missing is null.
    pub may_end_after: Option<String>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Literal(String),
    Capture(Capture),
}

/// A piece of a line that becomes a column (or a few: a request line).
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// Column name; for a request line and a host with port the names are fixed.
    pub column: String,
    pub kind: Kind,
    /// Whether the text may hold blanks where no quotes stand around it.
    pub blanks: bool,
    /// The column of a list whose one entry is `column`; `None`: that there were others is counted.
    pub list: Option<String>,
}

/// What a capture holds, and so its column's type. `-` is null in all but `Sign`.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text,
    /// A sign of which `-` is one.
    Sign,
    Int,
    Float,
    /// A number of which `per_second` make a second; the column is in seconds.
    Seconds {
        per_second: f64,
    },
    /// What nginx notes of upstream servers: one value, or several where several were asked: `0.001, 0.002 : 0.003`.
    /// The text is kept whole; of numbers, the last one's, and that there were others is counted.
    ListText,
    LastInt,
    LastFloat,
    Time(TimeShape),
    /// `GET /path HTTP/1.1`: columns `method`, `path`, `http_version`, and `request` for a text that is none.
    Request,
    /// An address or a name; of a list of forwarders the first public address, else the first.
    Client,
    /// `example.com:80`: columns `vhost` and `vhost_port`.
    HostPort,
}

/// How a time is written. A line whose time is not one does not fit its layout.
#[derive(Debug, Clone, PartialEq)]
pub enum TimeShape {
    /// `10/Oct/2000:13:55:36 -0700`.
    Clf,
    Iso,
    Epoch(Epoch),
    /// A strftime format; without a zone: UTC.
    Format(String),
}

/// How quotes and control characters inside a text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// They are not: a quoted text ends at the first quote that the next literal follows.
    None,
    /// `\"`, `\\`, `\x22`.
    Backslash,
    /// As in JSON; an empty text is null.
    Json,
}

impl Capture {
    pub fn new(column: &str, kind: Kind) -> Self {
        Self { column: column.to_owned(), kind, blanks: false, list: None }
    }

    /// The text may hold blanks outside quotes too.
    pub fn with_blanks(mut self) -> Self {
        self.blanks = true;
        self
    }

    /// The columns that it fills, with their types.
    pub fn columns(&self) -> Vec<(&str, DataType)> {
        match &self.kind {
            Kind::Request => ["method", "path", "http_version", "request"].map(|name| (name, DataType::String)).into(),
            Kind::HostPort => vec![("vhost", DataType::String), ("vhost_port", DataType::Int)],
            Kind::Text | Kind::Sign | Kind::ListText => vec![(&self.column, DataType::String)],
            Kind::Client => self.with_list(DataType::String),
            Kind::LastInt => self.with_list(DataType::Int),
            Kind::LastFloat => self.with_list(DataType::Float),
            Kind::Int => vec![(&self.column, DataType::Int)],
            Kind::Float | Kind::Seconds { .. } => vec![(&self.column, DataType::Float)],
            Kind::Time(_) => vec![(&self.column, DataType::Timestamp)],
        }
    }

    /// The column of one entry, and that of the list.
    fn with_list(&self, data_type: DataType) -> Vec<(&str, DataType)> {
        let list = self.list.iter().map(|list| (list.as_str(), DataType::String));
        std::iter::once((self.column.as_str(), data_type)).chain(list).collect()
    }
}

impl Layout {
    /// Joins neighbouring literals and gives each column a name of its own (`status`, `status_2`).
    pub fn new(items: Vec<Item>, escapes: Escapes) -> Self {
        let mut joined: Vec<Item> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for mut item in items {
            match (&mut item, joined.last_mut()) {
                (Item::Literal(text), Some(Item::Literal(before))) => {
                    before.push_str(text);
                    continue;
                }
                (Item::Literal(text), _) if text.is_empty() => continue,
                (Item::Literal(_), _) => {}
                (Item::Capture(capture), _) => make_unique(capture, &mut names),
            }
            joined.push(item);
        }
        Self { items: joined, escapes, may_end_after: None }
    }

    pub fn captures(&self) -> impl Iterator<Item = &Capture> {
        self.items.iter().filter_map(|item| match item {
            Item::Capture(capture) => Some(capture),
            Item::Literal(_) => None,
        })
    }

    /// The columns: the common names in their order, then the others as they come in the line.
    pub fn schema(&self) -> Schema {
        let mut columns: Vec<(&str, DataType)> = self.captures().flat_map(Capture::columns).collect();
        let rank =
            |name: &str| COMMON_COLUMNS.iter().position(|common| *common == name).unwrap_or(COMMON_COLUMNS.len());
        columns.sort_by_key(|(name, _)| rank(name));
        Schema::new(columns.into_iter().map(|(name, data_type)| Field::new(name, data_type)).collect())
    }

    /// Gives columns that are one captured text the declared type, where a text can be read as it at once.
    pub fn take_types(&mut self, declared: &Schema) {
        let captures = self.items.iter_mut().filter_map(|item| match item {
            Item::Capture(capture) => Some(capture),
            Item::Literal(_) => None,
        });
        for capture in captures {
            let Some(field) = declared.get(&capture.column) else { continue };
            capture.kind = match (&capture.kind, &field.data_type) {
                (Kind::Request | Kind::HostPort | Kind::Sign, _) => continue,
                // A list ends where it did: the next column begins behind all of it.
                (Kind::LastInt | Kind::LastFloat, DataType::String) => Kind::ListText,
                (Kind::ListText, DataType::Int) => Kind::LastInt,
                (Kind::ListText | Kind::LastInt, DataType::Float) => Kind::LastFloat,
                (Kind::Text | Kind::Client, DataType::Int) => Kind::Int,
                (Kind::Text | Kind::Client | Kind::Int, DataType::Float) => Kind::Float,
                (Kind::Text | Kind::Client, DataType::Timestamp) => Kind::Time(TimeShape::Iso),
                (kind, DataType::String) if !matches!(kind, Kind::Text | Kind::ListText | Kind::Client) => Kind::Text,
                _ => continue,
            };
        }
    }

    /// Gives columns that are one entry of a list another one beside them, `NAME_list`, which holds the lists.
    pub fn keep_lists<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<(), Diagnostic> {
        for name in names {
            let mut captures = self.items.iter_mut().filter_map(|item| match item {
                Item::Capture(capture) => Some(capture),
                Item::Literal(_) => None,
            });
            let is_one = |capture: &Capture| {
                capture.column == name && matches!(capture.kind, Kind::Client | Kind::LastInt | Kind::LastFloat)
            };
            let Some(capture) = captures.find(|capture| is_one(capture)) else {
                return Err(Diagnostic::error(
                    "PW1250",
                    format!("`lists` names `{name}`, which is no entry of a list"),
                )
                .help("lists are those of a client's address and of numbers of upstream servers"));
            };
            capture.list = Some(format!("{name}_list"));
        }
        Ok(())
    }

    /// Gives columns another type than the layout's own, as an option says.
    pub fn set_types(&mut self, types: &Schema) -> Result<(), Diagnostic> {
        for item in &mut self.items {
            let Item::Capture(capture) = item else { continue };
            let Some(field) = types.get(&capture.column) else { continue };
            let own = capture.columns();
            let Some((_, own_type)) = own.iter().find(|(name, _)| *name == field.name) else { continue };
            if *own_type == field.data_type || field.data_type.is_unknown() {
                continue;
            }
            let is_list = matches!(capture.kind, Kind::ListText | Kind::LastInt | Kind::LastFloat);
            capture.kind = match &field.data_type {
                DataType::String if is_list => Kind::ListText,
                DataType::Int if is_list => Kind::LastInt,
                DataType::Float if is_list => Kind::LastFloat,
                DataType::String => Kind::Text,
                DataType::Int => Kind::Int,
                DataType::Float => Kind::Float,
                DataType::Timestamp => Kind::Time(TimeShape::Iso),
                other => {
                    return Err(Diagnostic::error(
                        "PW0410",
                        format!("column `{}` cannot be read as {other}", field.name),
                    )
                    .help("the types that text columns can be read as are String, Int, Float and Timestamp"));
                }
            };
        }
        Ok(())
    }
}

fn make_unique(capture: &mut Capture, names: &mut Vec<String>) {
    if matches!(capture.kind, Kind::Request | Kind::HostPort) {
        let taken = capture.columns().iter().any(|(name, _)| names.iter().any(|other| other == name));
        if taken {
            // Its columns are there already: the whole text is kept instead.
            capture.kind = Kind::Text;
        }
    }
    let mut number = 2;
    let base = capture.column.clone();
    while capture.columns().iter().any(|(name, _)| names.iter().any(|other| other == name)) {
        capture.column = format!("{base}_{number}");
        number += 1;
    }
    let new: Vec<String> = capture.columns().into_iter().map(|(name, _)| name.to_owned()).collect();
    names.extend(new);
}
