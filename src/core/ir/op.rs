//! The closed list of operations. Rows have no order in a plan: an Op that needs one carries it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::destinations::Destination;
use super::places::{Connection, Location};
use crate::data::{Classification, DataType, Schema, Value};
use crate::expr::{Expr, SortKey};
use crate::formats::FormatSpec;
use crate::policy::Site;

/// One operation. Matches on it are exhaustive, without `_` arms: a new one breaks each back end at compile time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    Read(Read),
    Rows(Rows),
    Parse(Parse),
    Filter {
        predicate: Expr,
    },
    Project(Project),
    Check(Check),
    Aggregate(Aggregate),
    Window(Window),
    Join(Join),
    AsofJoin(AsofJoin),
    /// Rows of all inputs, columns matched by name; a column that an input lacks is null there.
    Union,
    Sort(Sort),
    Limit(Limit),
    Distinct(Distinct),
    Explode(Explode),
    Unpivot(Unpivot),
    Write(Write),
}

/// A named expression: one output column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    pub name: String,
    pub expr: Expr,
}

impl Column {
    pub fn new(name: impl Into<String>, expr: Expr) -> Self {
        Self { name: name.into(), expr }
    }

    /// The input column of that name, unchanged.
    pub fn same(name: &str) -> Self {
        Self::new(name, Expr::column(name))
    }
}

/// Files → rows. What does not fit the format goes to quarantine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Read {
    /// A path or glob; `${parameter}` inside; relative to the project file, `/` as separator.
    pub path: String,
    pub format: FormatSpec,
    /// All columns that the source declares.
    pub schema: Schema,
    /// Those needed, in schema order; `None`: all. Set by pruning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Adds `_file` (String), `_line` (Int, 1-based) and `_offset` (Int, bytes) after the columns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub position: bool,
    /// The rows are made up from a declared schema (a planned source): preview only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Planned>,
    /// Where a run takes the rows from, if that is no file: then the path is a sample of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Box<Location>>,
}

/// Why and by whom a planned source is awaited; carries its synthetic rows' seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    pub source: String,
    pub owner: String,
    pub status: String,
    pub seed: u64,
    pub rows: u64,
    /// By column: what its made-up values look like.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Synthetic>,
}

impl Planned {
    /// The status of a source that is known by its declaration only.
    pub const DECLARED: &str = "declared";
}

/// Bounds on made-up values; all optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Synthetic {
    /// Numbers; or ISO 8601 text for times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Json>,
    /// Values are drawn from these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vocabulary: Vec<Json>,
    /// No value twice.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// Share of nulls, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nulls: Option<f64>,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// Rows written in the design itself. Each row has one value a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "UntypedRows")]
pub struct Rows {
    pub schema: Schema,
    #[schemars(with = "Vec<Vec<serde_json::Value>>")]
    pub rows: Vec<Vec<Value>>,
}

/// As read: JSON alone cannot tell a timestamp from a text.
#[derive(Deserialize, JsonSchema)]
struct UntypedRows {
    schema: Schema,
    rows: Vec<Vec<serde_json::Value>>,
}

impl From<UntypedRows> for Rows {
    fn from(read: UntypedRows) -> Self {
        let typed = |row: &Vec<serde_json::Value>| {
            let cells = read.schema.fields.iter().enumerate();
            cells
                .map(|(index, field)| {
                    row.get(index).and_then(|json| Value::from_json(json, &field.data_type)).unwrap_or(Value::Null)
                })
                .collect()
        };
        let rows = read.rows.iter().map(typed).collect();
        Rows { schema: read.schema, rows }
    }
}

/// A text column → typed columns by a format; rows whose text does not fit go to quarantine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parse {
    pub column: String,
    pub format: FormatSpec,
    /// Columns that parsing adds, in order (a column of the same name is replaced in its place).
    pub schema: Schema,
    /// Whether the text column stays.
    pub keep_input: bool,
    pub on_fail: OnFail,
    /// When the run or the preview began, in microseconds since 1970: a date without a year is the latest one before.
    /// Set as parameters are; 0: not yet.
    #[serde(skip)]
    pub started: i64,
}

/// Output columns, in order, each computed from the input row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    pub columns: Vec<Column>,
    /// Columns that a step makes less close than what they are made from, with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lowered: Vec<LoweredColumn>,
    /// Columns that are closer than what they are made from: an address that stood in a message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raised: Vec<RaisedColumn>,
    /// What columns may lose of the values that they are made from: counted, and told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
}

impl Project {
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, lowered: Vec::new(), raised: Vec::new(), losses: Vec::new() }
    }
}

/// A value that is lost where a column is computed, though the row goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// The column that is computed; `given` needs no other columns than it.
    pub column: String,
    pub kind: LossKind,
    /// Of the input row. Of `Null`: there is a value to be lost; of `Part` and `Surplus`: and it is lost; of `Cast` and
    /// `Finer`: the value itself, null where there is none; of `Beyond`: where the column is null, whether that is why.
    pub given: Expr,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// The column is null.
    Null,
    /// A part of the list or record is null.
    Part,
    /// There is more than the columns take.
    Surplus,
    /// The value becomes another of this type, which may hold less of it (`losses`).
    Cast(DataType),
    /// The text becomes a time, of which no more than microseconds are held.
    Finer,
    /// The column is null because a result is none of its type: out of range, a division by zero.
    Beyond,
}

/// A column that is internal although it is made from personal ones. Access and residency stay, and what is secret
/// stays secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoweredColumn {
    pub column: String,
    pub by: LoweredBy,
    /// Why this may be, in the words of whoever made the step.
    pub reason: String,
}

/// A column that is of this class at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaisedColumn {
    pub column: String,
    pub classification: Classification,
}

/// What makes a personal value internal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoweredBy {
    /// HMAC with a secret that is no part of the design. A hash without key does not count: addresses and numbers can
    /// be tried one after another.
    KeyedHash,
    /// Only the number of characters is left.
    Mask,
    /// A measure of groups of at least so many rows; a filter before takes the smaller ones out.
    SmallestGroup(u64),
}

/// Share of the units that may be turned away where nothing else is said: a source of which more does not fit is read
/// as something that it is not.
pub const MAX_QUARANTINED: f64 = 0.5;

/// What happens to rows for which the predicate is not true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    pub predicate: Expr,
    /// Shown with each rejected row.
    pub reason: String,
    pub on_fail: OnFail,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFail {
    /// The row stays; a Boolean column of that name says whether it failed. For `Parse`: columns are null, no flag.
    Flag(String),
    /// The row goes to quarantine with its reason.
    Reject,
    /// The run stops with an error.
    Stop,
}

/// One row per distinct keys (null is a key value); without keys, one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Aggregate {
    pub keys: Vec<Column>,
    /// Each expression is a single aggregate call over row-wise expressions (with `filter`, `distinct`, `order`).
    pub measures: Vec<Column>,
}

/// Adds columns; rows stay. Each expression is a single call with `over`, or one aggregate over a frame.
/// Order keys are completed by all columns, so that ties are broken the same way everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    pub columns: Vec<Column>,
}

/// Input 0 is left, input 1 right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Join {
    pub kind: JoinKind,
    /// Pairs of (left, right) key expressions; null matches nothing. Empty for cross.
    pub on: Vec<(Expr, Expr)>,
    /// Right columns that come along, as (input name, output name), in order; empty for semi and anti.
    pub right: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
    Cross,
}

/// For each left row the right row nearest in time among those with equal `by` keys; unmatched left rows stay, with nulls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AsofJoin {
    /// Timestamp columns.
    pub left_time: String,
    pub right_time: String,
    pub by: Vec<(String, String)>,
    pub direction: AsofDirection,
    /// Microseconds; `None`: any distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<i64>,
    pub right: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AsofDirection {
    /// Last at or before.
    Backward,
    /// First at or after.
    Forward,
    /// The nearer of both; the earlier on a tie.
    Nearest,
}

/// Total order: the keys, ties broken by all columns. Nulls last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sort {
    pub keys: Vec<SortKey>,
}

/// The first rows of the order; without keys a sample of that size (outside parity).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<SortKey>,
    pub count: u64,
    #[serde(default)]
    pub offset: u64,
}

/// One row for each distinct key: the first or last in `order`, ties broken by all columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distinct {
    /// Empty: all columns.
    pub keys: Vec<String>,
    pub order: Vec<SortKey>,
    pub keep: Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    First,
    Last,
}

/// A row per item of a list column. `position` names an Int column (from 1) to add.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explode {
    pub column: String,
    /// Rows whose list is empty or null stay, with a null item.
    pub keep_empty: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// Columns → rows: `keep` stay, each of `columns` gives a row with its name and value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unpivot {
    pub keep: Vec<String>,
    pub columns: Vec<String>,
    pub name: String,
    pub value: String,
    /// Type that all values take.
    pub data_type: DataType,
}

/// A sink. Passes its rows through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Write {
    pub destination: Destination,
    /// Rows are written in this order where it is not empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<SortKey>,
    /// Where the rows come to lie, and who sees them there.
    #[serde(default, skip_serializing_if = "Site::is_empty")]
    pub site: Site,
    /// What the rows are watched for at each run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Box<Watch>>,
}

/// A condition that the rows of an answer are watched for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Watch {
    /// Met where it is true of a row.
    pub condition: Expr,
    /// An HTTP address that is told when it is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells: Option<Connection>,
}

impl Write {
    pub fn new(destination: Destination, order: Vec<SortKey>) -> Self {
        Self { destination, order, site: Site::default(), watch: None }
    }
}

impl Op {
    /// How many inputs it has.
    pub fn input_counts(&self) -> RangeInclusive<usize> {
        match self {
            Op::Read(_) | Op::Rows(_) => 0..=0,
            Op::Join(_) | Op::AsofJoin(_) => 2..=2,
            Op::Union => 1..=usize::MAX,
            Op::Parse(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Check(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Explode(_)
            | Op::Unpivot(_)
            | Op::Write(_) => 1..=1,
        }
    }

    /// Term used in messages and documentation.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Read(_) => "read",
            Op::Rows(_) => "rows",
            Op::Parse(_) => "parse",
            Op::Filter { .. } => "filter",
            Op::Project(_) => "project",
            Op::Check(_) => "check",
            Op::Aggregate(_) => "aggregate",
            Op::Window(_) => "window",
            Op::Join(_) => "join",
            Op::AsofJoin(_) => "asof_join",
            Op::Union => "union",
            Op::Sort(_) => "sort",
            Op::Limit(_) => "limit",
            Op::Distinct(_) => "distinct",
            Op::Explode(_) => "explode",
            Op::Unpivot(_) => "unpivot",
            Op::Write(_) => "write",
        }
    }

    /// Every expression that the operation computes.
    pub fn expressions(&self) -> Vec<&Expr> {
        fn of_columns(columns: &[Column]) -> Vec<&Expr> {
            columns.iter().map(|column| &column.expr).collect()
        }
        fn of_keys(keys: &[SortKey]) -> Vec<&Expr> {
            keys.iter().map(|key| &key.expr).collect()
        }
        match self {
            Op::Filter { predicate } => vec![predicate],
            Op::Project(project) => of_columns(&project.columns),
            Op::Check(check) => vec![&check.predicate],
            Op::Aggregate(aggregate) => [of_columns(&aggregate.keys), of_columns(&aggregate.measures)].concat(),
            Op::Window(window) => of_columns(&window.columns),
            Op::Join(join) => join.on.iter().flat_map(|(left, right)| [left, right]).collect(),
            Op::Sort(sort) => of_keys(&sort.keys),
            Op::Limit(limit) => of_keys(&limit.keys),
            Op::Distinct(distinct) => of_keys(&distinct.order),
            Op::Write(write) => {
                of_keys(&write.order).into_iter().chain(write.watch.iter().map(|watch| &watch.condition)).collect()
            }
            Op::Read(_)
            | Op::Rows(_)
            | Op::Parse(_)
            | Op::AsofJoin(_)
            | Op::Union
            | Op::Explode(_)
            | Op::Unpivot(_) => Vec::new(),
        }
    }
}
