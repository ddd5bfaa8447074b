//! Form fields as data: from them come the inspector's forms, `pipewright steps`, the check of unknown settings.

use crate::data::DataType;
use crate::expr::Place;

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
    /// Text of a fixed span: `15 minutes`.
    Span,
    /// Name of a type.
    DataType,
    /// Id of a source of the project.
    Source,
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

impl FormField {
    pub const fn new(name: &'static str, label: &'static str, kind: FieldKind, doc: &'static str) -> Self {
        Self { name, label, doc, kind, required: false }
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}
