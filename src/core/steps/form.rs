//! Form fields as data: from them come the inspector's forms, `pipewright steps`, the check of unknown settings.

use serde_json::{Map, Value as Json};

use crate::data::DataType;
use crate::expr::Place;
use crate::ir::ConnectionKind;

/// A step's settings as the project file holds them.
pub type Settings = Map<String, Json>;

/// One setting of a step kind.
#[derive(Debug, Clone)]
pub struct FormField {
    /// Key in the settings.
    pub name: &'static str,
    pub label: &'static str,
    /// One sentence, shown on hover.
    pub doc: &'static str,
    pub kind: FieldKind,
    pub required: bool,
    /// Whether only a policy asks for it.
    pub for_policy: bool,
}

/// How a setting is filled in and stored.
#[derive(Debug, Clone)]
pub enum FieldKind {
    /// Text; the placeholder shows what is meant.
    Text {
        placeholder: &'static str,
    },
    /// Text of several lines.
    Lines {
        placeholder: &'static str,
    },
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    Boolean,
    /// (stored value, label).
    Choice(&'static [(&'static str, &'static str)]),
    /// Text of an expression over the columns of an input.
    Expression {
        input: &'static str,
        place: Place,
        result: Option<DataType>,
    },
    /// Name of a column of an input, or the text of an expression over its columns.
    Key {
        input: &'static str,
    },
    /// Name of a column of an input, of one of the types (empty: any).
    Column {
        input: &'static str,
        types: &'static [DataType],
    },
    /// List of such names.
    Columns {
        input: &'static str,
    },
    /// List of order keys as text: `time desc`.
    Order {
        input: &'static str,
    },
    /// A chart of the rows of an input: `{kind, x, y, by}`.
    Chart {
        input: &'static str,
    },
    /// Text of a fixed span: `15 minutes`.
    Span,
    /// Name of a type.
    DataType,
    /// Id of a source of the project.
    Source,
    /// Id of a connection of the project, of one of these kinds; a new one is of the first.
    Connection {
        kinds: &'static [ConnectionKind],
    },
    /// Id of a question of the project.
    Question,
    /// A format with its options (`FormatSpec`).
    Format,
    /// Path of a file or folder to write.
    Path,
    /// A schema: list of `{name, type}`.
    Schema,
    /// Rows typed in by hand: list of lists, by the schema in the field of that name.
    Rows {
        schema: &'static str,
    },
    /// A literal of the expression language: `0`, `'none'`.
    Literal,
    /// An ordered list of items, each an object with an `id` and these fields.
    Items(&'static [FormField]),
}

impl FieldKind {
    /// What is stored, in a few words.
    pub fn describe(&self) -> String {
        match self {
            FieldKind::Text { .. } | FieldKind::Lines { .. } => "text".to_owned(),
            FieldKind::Integer { min, max } if *max == i64::MAX => format!("a whole number from {min}"),
            FieldKind::Integer { min, max } => format!("a whole number from {min} to {max}"),
            FieldKind::Number { min, max } => format!("a number from {min} to {max}"),
            FieldKind::Boolean => "true or false".to_owned(),
            FieldKind::Choice(choices) => {
                let values: Vec<String> = choices.iter().map(|(value, _)| format!("`{value}`")).collect();
                format!("one of {}", values.join(", "))
            }
            FieldKind::Expression { place: Place::Row, .. } => "an expression over the row's columns".to_owned(),
            FieldKind::Expression { place: Place::Aggregate, .. } => "an expression with aggregates".to_owned(),
            FieldKind::Expression { place: Place::Window, .. } => "an expression with window functions".to_owned(),
            FieldKind::Key { .. } => "a column, or an expression over the row's columns".to_owned(),
            FieldKind::Column { .. } => "the name of a column".to_owned(),
            FieldKind::Columns { .. } => "a list of names of columns".to_owned(),
            FieldKind::Order { .. } => "a list of order keys, such as `time desc`".to_owned(),
            FieldKind::Chart { .. } => "a chart, `{kind, x, y, by}`".to_owned(),
            FieldKind::Span => "a span of time, such as `15 minutes`".to_owned(),
            FieldKind::DataType => "the name of a type".to_owned(),
            FieldKind::Source => "the id of a source".to_owned(),
            FieldKind::Connection { .. } => "the id of a connection".to_owned(),
            FieldKind::Question => "the id of a question".to_owned(),
            FieldKind::Format => "a format, `{name, options}`".to_owned(),
            FieldKind::Path => "a path".to_owned(),
            FieldKind::Schema => "a list of `{name, type}`".to_owned(),
            FieldKind::Rows { .. } => "a list of rows, each a list of values".to_owned(),
            FieldKind::Literal => "a literal, such as `0` or `'none'`".to_owned(),
            FieldKind::Items(fields) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                format!("a list of `{{id, {}}}`", names.join(", "))
            }
        }
    }
}

impl FormField {
    pub const fn new(name: &'static str, label: &'static str, kind: FieldKind, doc: &'static str) -> Self {
        Self { name, label, doc, kind, required: false, for_policy: false }
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub const fn for_policy(mut self) -> Self {
        self.for_policy = true;
        self
    }
}
