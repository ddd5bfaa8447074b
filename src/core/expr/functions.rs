//! The one table of functions. A row is everything that is known of a function: documentation,
//! examples that run as tests, type rule, reference meaning. Back ends look names up here.

use crate::data::{DataType, Value};

/// What a function works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// One row's values → a value.
    Scalar,
    /// Many rows → a value.
    Aggregate,
    /// Needs `over`: a value per row from its neighbours.
    Window,
}

/// A row of the table.
pub struct Function {
    pub name: &'static str,
    pub kind: FunctionKind,
    /// Heading in lists: `text`, `time`, …
    pub group: &'static str,
    /// `lower(text) → String`.
    pub signature: &'static str,
    /// One line.
    pub doc: &'static str,
    /// (expression without columns, its result as an expression); for aggregates see `rows`.
    pub examples: &'static [Example],
    pub min_args: usize,
    /// `None`: any number.
    pub max_args: Option<usize>,
    /// Result type from the arguments' types, or a sentence that says what is wrong.
    pub result: fn(&[DataType]) -> Result<DataType, String>,
    /// Reference meaning for scalars; `None` for the others. Arguments are of the types that `result` accepted.
    pub eval: Option<fn(&[Value]) -> Value>,
}

/// An example that runs as a test on every engine.
pub struct Example {
    /// For aggregates and windows over the columns of `rows`.
    pub call: &'static str,
    /// The result as an expression (for windows: the last row's).
    pub result: &'static str,
    /// JSON lines that aggregates and windows run over; empty for scalars.
    pub rows: &'static str,
}

/// The table, ordered by group and name.
pub fn functions() -> &'static [Function] {
    &[]
}

/// The row of that name (lower case).
pub fn function(name: &str) -> Option<&'static Function> {
    functions().iter().find(|function| function.name == name)
}

/// Names that other engines use, read as Pipewright's own.
const ALIASES: [(&str, &str); 30] = [
    ("array_agg", "collect"),
    ("array_length", "list_length"),
    ("average", "avg"),
    ("btrim", "trim"),
    ("cardinality", "list_length"),
    ("ceiling", "ceil"),
    ("char_length", "length"),
    ("character_length", "length"),
    ("countif", "count_if"),
    ("date_part", "extract"),
    ("datetrunc", "date_trunc"),
    ("first_value", "first"),
    ("group_concat", "string_agg"),
    ("ifnull", "coalesce"),
    ("last_value", "last"),
    ("lcase", "lower"),
    ("len", "length"),
    ("listagg", "string_agg"),
    ("ltrim", "trim_start"),
    ("mean", "avg"),
    ("nvl", "coalesce"),
    ("pow", "power"),
    ("quantile_cont", "quantile"),
    ("regexp_like", "regexp_matches"),
    ("rtrim", "trim_end"),
    ("strftime", "format_time"),
    ("string_split", "split"),
    ("strptime", "to_timestamp"),
    ("substr", "substring"),
    ("ucase", "upper"),
];

/// Pipewright's name of a function that other engines call differently.
pub(super) fn canonical_name(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, canonical)| canonical)
}
