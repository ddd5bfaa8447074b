//! The one table of functions. A row is everything that is known of a function: documentation,
//! examples that run as tests, type rule, reference meaning. Back ends look names up here.
//! Must not import any room but `data`.

mod addresses;
mod aggregates;
mod arguments;
mod conditionals;
mod json;
mod lists;
mod numbers;
mod privacy;
mod regex;
mod text;
mod time;
mod units;
mod urls;
mod user_agents;
mod windows;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use aggregates::SUM_PART;
pub(super) use aggregates::compare_nulls_last;
pub use arguments::ArgType;
pub(super) use arguments::number;
pub use privacy::{REDACTED, VARYING, with_stand_ins};
pub use units::bytes_of;
pub use user_agents::{BOTS, BROWSERS, FEED_READERS, SYSTEMS, TABLETS, TOOLS};

use crate::data::{DataType, Value};

/// Bytes of the longest text that joining others (`||`, `concat`) gives, which is as long as an event of a file may be.
/// The reference gives null beyond it; the engine takes it for a fault and says so.
pub const MOST_JOINED: usize = 64 << 20;

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

/// A result type, or a sentence that says what is wrong.
pub(super) type TypeResult = Result<DataType, String>;

/// Looks at the arguments that are constants (`None`: not one); the error is a sentence.
pub type LiteralCheck = fn(&[Option<&Value>]) -> Result<(), String>;

/// An aggregate over the arguments of every row, in order, nulls included.
pub type AggregateEval = fn(&[Vec<Value>]) -> Value;

/// A row of the table.
#[derive(Clone, Copy)]
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
    /// What each argument must be; the last one stands for all that follow.
    pub args: &'static [ArgType],
    pub min_args: usize,
    /// `None`: any number.
    pub max_args: Option<usize>,
    /// Arguments (from 0) that must be written as constants: patterns, formats, units.
    pub literal_args: &'static [usize],
    /// Arguments (from 0) that are meant for a secret: the only places where one may stand.
    pub secret_args: &'static [usize],
    /// What is wrong with the values of constant arguments, in a sentence.
    pub check_literals: Option<LiteralCheck>,
    /// Result type from the arguments' types, or a sentence that says what is wrong.
    pub result: fn(&[DataType]) -> Result<DataType, String>,
    /// Reference meaning for scalars; `None` for the others. Arguments are of the types that `result` accepted.
    pub eval: Option<fn(&[Value]) -> Value>,
    /// Reference meaning for aggregates: over the arguments of every row, in order, nulls included.
    pub aggregate: Option<AggregateEval>,
}

/// An example that runs as a test on every engine.
#[derive(Clone, Copy)]
pub struct Example {
    /// For aggregates and windows over the columns of `rows`.
    pub call: &'static str,
    /// The result as an expression (for windows: the last row's).
    pub result: &'static str,
    /// JSON lines that aggregates and windows run over; empty for scalars.
    pub rows: &'static str,
}

impl Function {
    const fn new(
        kind: FunctionKind,
        group: &'static str,
        signature: &'static str,
        doc: &'static str,
        args: &'static [ArgType],
        result: fn(&[DataType]) -> TypeResult,
        examples: &'static [Example],
    ) -> Function {
        Function {
            name: before_parenthesis(signature),
            kind,
            group,
            signature,
            doc,
            examples,
            args,
            min_args: args.len(),
            max_args: Some(args.len()),
            literal_args: &[],
            secret_args: &[],
            check_literals: None,
            result,
            eval: None,
            aggregate: None,
        }
    }

    /// Arguments from this count on may be left out.
    const fn least(mut self, count: usize) -> Function {
        self.min_args = count;
        self
    }

    /// The last argument may be repeated.
    const fn variadic(mut self) -> Function {
        self.max_args = None;
        self
    }

    const fn literal(mut self, args: &'static [usize]) -> Function {
        self.literal_args = args;
        self
    }

    const fn secret(mut self, args: &'static [usize]) -> Function {
        self.secret_args = args;
        self
    }

    const fn checked(mut self, check: LiteralCheck) -> Function {
        self.check_literals = Some(check);
        self
    }

    /// What the argument at `index` (from 0) must be.
    pub fn arg(&self, index: usize) -> ArgType {
        self.args.get(index).or(self.args.last()).copied().unwrap_or(ArgType::Any)
    }
}

/// A function of one row's values.
const fn scalar(
    group: &'static str,
    signature: &'static str,
    doc: &'static str,
    args: &'static [ArgType],
    result: fn(&[DataType]) -> TypeResult,
    eval: fn(&[Value]) -> Value,
    examples: &'static [Example],
) -> Function {
    let mut function = Function::new(FunctionKind::Scalar, group, signature, doc, args, result, examples);
    function.eval = Some(eval);
    function
}

const fn example(call: &'static str, result: &'static str) -> Example {
    Example { call, result, rows: "" }
}

const fn over_rows(call: &'static str, rows: &'static str, result: &'static str) -> Example {
    Example { call, result, rows }
}

/// The name at the head of a signature.
const fn before_parenthesis(signature: &'static str) -> &'static str {
    let bytes = signature.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b'(' {
        end += 1;
    }
    signature.split_at(end).0
}

static TABLE: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let groups = [
        text::FUNCTIONS,
        regex::FUNCTIONS,
        numbers::FUNCTIONS,
        time::FUNCTIONS,
        conditionals::FUNCTIONS,
        lists::FUNCTIONS,
        json::FUNCTIONS,
        urls::FUNCTIONS,
        addresses::FUNCTIONS,
        user_agents::FUNCTIONS,
        units::FUNCTIONS,
        privacy::FUNCTIONS,
        aggregates::FUNCTIONS,
        windows::FUNCTIONS,
    ];
    groups
        .into_iter()
        .flat_map(|group| {
            let mut rows = group.to_vec();
            rows.sort_by_key(|function| function.name);
            rows
        })
        .collect()
});

static INDEX: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| TABLE.iter().enumerate().map(|(index, function)| (function.name, index)).collect());

/// The table, ordered by group and name.
pub fn functions() -> &'static [Function] {
    &TABLE
}

/// The row of that name (lower case).
pub fn function(name: &str) -> Option<&'static Function> {
    let phase = || aggregates::PHASES.iter().find(|phase| phase.name == name);
    INDEX.get(name).and_then(|index| TABLE.get(*index)).or_else(phase)
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

#[cfg(test)]
mod tests;
