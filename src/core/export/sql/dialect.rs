//! What engines answer differently: small questions with answers in standard SQL. What an engine computes otherwise than
//! the language is a *helper*: a call with the same name and arguments everywhere (`pw_divide(a, b)`), which the
//! dialect's prelude defines, or which the dialect says in its own words where those are shorter.

use std::fmt::Display;

use crate::data::{DataType, Field, Schema, Value, format_date, format_timestamp};
use crate::diagnostic::Diagnostic;
use crate::expr::{PathStep, RegexPattern, ReplacementPart, WindowFrame};
use crate::ir::{NodeId, Plan};
use crate::quote::{sql_identifier, sql_text};

pub type Sql = Result<String, Diagnostic>;

/// An engine's SQL.
pub trait Dialect: Sync {
    /// As messages name it, and the table of functions.
    fn engine(&self) -> Engine;

    /// The fault of what the engine does not carry.
    fn refuse(&self, what: &dyn Display) -> Diagnostic {
        Diagnostic::error("PW0640", format!("{} does not carry {what}", self.engine().title()))
            .help("export to the target `pipeline`, or do this part in another way")
    }

    /// A helper's call; or the same in the engine's own words.
    fn helper(&self, name: &str, args: &[&str]) -> String {
        format!("pw_{name}({})", args.join(", "))
    }

    // Names and types.

    fn identifier(&self, name: &str) -> String {
        sql_identifier(name)
    }

    /// A column as it is selected from a table (`pw_l.`, or nothing), under its own name.
    fn selected(&self, table: &str, name: &str) -> String {
        format!("{table}{}", self.identifier(name))
    }

    fn type_name(&self, data_type: &DataType) -> String;

    /// A list or record, given as it is printed and as it is, of a column's type.
    fn typed_nested(&self, sql: &str, _value: &Value, data_type: &DataType) -> String {
        format!("CAST({sql} AS {})", self.type_name(data_type))
    }

    /// Columns or types that the engine cannot have.
    fn check_schema(&self, schema: &Schema) -> Result<(), Diagnostic>;

    /// A type that an expression gives on its way.
    fn check_type(&self, _data_type: &DataType) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// Names of the nodes' views, as they stand in SQL, each its own.
    fn views(&self, plan: &Plan) -> Vec<String> {
        (0..plan.nodes.len()).map(|index| format!("n{index}")).collect()
    }

    /// What the rows of a Read are selected from.
    fn staged(&self, id: NodeId) -> String;

    /// What names a subquery of a FROM, where one must have a name.
    fn subquery_name(&self) -> &'static str {
        " AS pw_rows"
    }

    // Literals.

    fn text(&self, value: &str) -> String {
        sql_text(value)
    }

    fn int(&self, int: i64) -> String {
        match int {
            // Its digits alone are out of range before the sign.
            i64::MIN => "(CAST(-9223372036854775807 AS BIGINT) - 1)".to_owned(),
            int => format!("CAST({int} AS BIGINT)"),
        }
    }

    fn float(&self, float: f64) -> String {
        format!("CAST({float:e} AS {})", self.type_name(&DataType::Float))
    }

    fn timestamp(&self, micros: i64) -> String {
        let text = format_timestamp(micros);
        format!("TIMESTAMP '{}'", text.trim_end_matches('Z').replace('T', " "))
    }

    fn date(&self, days: i32) -> String {
        format!("DATE '{}'", format_date(days))
    }

    fn list(&self, items: &[String]) -> String {
        format!("ARRAY[{}]", items.join(", "))
    }

    /// A list without items, of a type.
    fn empty_list(&self, item: &DataType) -> String {
        let data_type = DataType::List(Box::new(item.clone()));
        format!("CAST({} AS {})", self.list(&[]), self.type_name(&data_type))
    }

    /// Fields of a record, and its type.
    fn record(&self, fields: &[(&str, String)], data_type: &DataType) -> String;

    /// Values as one, to be counted.
    fn row(&self, values: &[String]) -> String {
        format!("row({})", values.join(", "))
    }

    /// The value of a parameter.
    fn parameter(&self, name: &str, data_type: &DataType) -> String;

    // Expressions.

    /// A literal where a call depends on the types of its arguments.
    fn typed(&self, sql: String, _data_type: &DataType) -> String {
        sql
    }

    /// A computed column, where the engine would give it another type.
    fn made(&self, sql: &str, _data_type: &DataType) -> String {
        sql.to_owned()
    }

    /// Whether what holds nulls only must be written as `NULL`, which fits everywhere.
    fn writes_nulls(&self) -> bool {
        false
    }

    /// Whether a CASE may compare a value itself.
    fn has_case_operand(&self) -> bool {
        true
    }

    fn in_list(&self, sql: &str, items: &[String], negated: bool) -> String {
        format!("({sql} {}IN ({}))", if negated { "NOT " } else { "" }, items.join(", "))
    }

    fn member(&self, record: &str, name: &str) -> String {
        format!("({record}).{}", self.identifier(name))
    }

    fn is_null(&self, sql: &str, _data_type: &DataType, negated: bool) -> String {
        format!("{sql} IS {}NULL", if negated { "NOT " } else { "" })
    }

    /// A backslash in the pattern is a character like any other.
    fn like(&self, sql: &str, pattern: &str, negated: bool, insensitive: bool) -> String {
        let word = if insensitive { "ILIKE" } else { "LIKE" };
        format!("({sql} {}{word} {pattern} ESCAPE '')", if negated { "NOT " } else { "" })
    }

    /// A value whose order matters, texts by their bytes.
    fn ordered(&self, sql: &str, _data_type: &DataType) -> String {
        sql.to_owned()
    }

    /// The key of a RANGE frame: a number that no bound of a frame leads out of range. What has none stands last.
    fn range_key(&self, sql: &str, data_type: &DataType, is_descending: bool) -> String;

    /// Frames of windows that the engine has.
    fn check_frame(&self, _frame: &WindowFrame) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// Between types that the language converts without a helper.
    fn convert(&self, sql: &str, from: &DataType, to: &DataType) -> String {
        match (from, to) {
            (DataType::Int, DataType::Boolean) => format!("({sql} <> 0)"),
            _ => format!("CAST({sql} AS {})", self.type_name(to)),
        }
    }

    /// A Boolean, an Int or a Date as a text.
    fn shown(&self, sql: &str, _from: &DataType) -> String {
        format!("CAST({sql} AS {})", self.type_name(&DataType::String))
    }

    /// A part of a time, as an Int.
    fn extract(&self, part: &str, time: &str) -> String {
        let data_type = self.type_name(&DataType::Int);
        match part {
            // With its fraction, which a cast would round.
            "second" => format!("CAST(floor(extract(second FROM {time})) AS {data_type})"),
            _ => format!("CAST(extract({part} FROM {time}) AS {data_type})"),
        }
    }

    fn date_trunc(&self, unit: &str, time: &str) -> String {
        format!("CAST(date_trunc({}, {time}) AS {})", self.text(unit), self.type_name(&DataType::Timestamp))
    }

    /// `body` with a name for a value, so that it is computed once.
    fn named(&self, value: &str, name: &str, body: &str) -> String {
        format!("(SELECT {body} FROM (SELECT {value} AS {name}) AS pw_value)")
    }

    /// The groups of a pattern that fits a whole text, and one of them (from 0): the text, or empty or null where it takes
    /// no part; all are, where nothing fits.
    fn groups(&self, text: &str, pattern: &str, count: usize) -> Sql;

    fn group(&self, groups: &str, index: usize) -> String;

    /// Whether an engine joins by such a key.
    fn check_key(&self, _key: &str) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// Whether an engine computes this for the items of a list.
    fn check_items(&self, _body: &str) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// A list with `body` for each item `x` of another.
    fn each(&self, list: &str, body: &str) -> String;

    /// Whether `body` holds for an item `x`; the list is there.
    fn any(&self, list: &str, body: &str) -> String;

    /// A path into JSON as an argument of the helpers for JSON.
    fn json_path(&self, path: &[PathStep]) -> Sql;

    /// Texts one after the other, nulls left out.
    fn concat(&self, texts: &[String]) -> String {
        format!("concat({})", texts.join(", "))
    }

    /// `floor`, `ceil` or `trunc` of a Float, zero without a sign.
    fn whole(&self, name: &str, sql: &str) -> String {
        format!("({name}({sql}) + 0)")
    }

    /// Arguments that an engine takes as constants only.
    fn check_arguments(&self, _name: &str, _is_constant: &dyn Fn(usize) -> bool) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// A function on a pattern.
    fn pattern(&self, call: &PatternCall) -> Sql;

    /// A window function that is no aggregate.
    fn window(&self, name: &str, args: &[String]) -> String {
        format!("{name}({})", args.join(", "))
    }

    /// Whether aggregates over a window take a FILTER.
    fn has_window_filters(&self) -> bool {
        true
    }

    /// Whether the frame of a window may end before it begins.
    fn has_empty_frames(&self) -> bool {
        true
    }

    /// The order of a window that needs none.
    fn any_order(&self) -> &'static str {
        ""
    }

    /// The aggregate that says whether a condition holds for all rows, or for any.
    fn all_or_any(&self, is_all: bool) -> &'static str {
        if is_all { "bool_and" } else { "bool_or" }
    }

    /// The variance of a sample, with its filter and window.
    fn variance(&self, value: &str, _data_type: &DataType, clauses: &str) -> String {
        format!("var_samp({value}){clauses}")
    }

    /// An aggregate whose spelling is the engine's own, with its filter and window.
    fn aggregate(&self, call: &AggregateCall) -> Sql;

    // Rows.

    /// All columns, some in their place replaced and one left out: those of the schema, each with what stands for it.
    fn star(&self, schema: &Schema, replaced: &[(&str, String)], left_out: Option<&str>) -> String {
        let column = |field: &Field| {
            let name = self.identifier(&field.name);
            match replaced.iter().find(|(known, _)| *known == field.name) {
                Some((_, sql)) => format!("{sql} AS {name}"),
                None => name,
            }
        };
        let kept = schema.fields.iter().filter(|field| left_out != Some(&field.name));
        kept.map(column).collect::<Vec<_>>().join(", ")
    }

    /// The SELECT of all rows in an order.
    fn sorted(&self, view: &str, _schema: &Schema, order: &str) -> String {
        format!("SELECT * FROM {view} ORDER BY {order}")
    }

    /// The clauses that take so many rows, and leave out others before.
    fn limit(&self, count: u64, offset: u64) -> Sql {
        // Engines count rows in 63 bits.
        let counted = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let offset = if offset > 0 { format!(" OFFSET {}", counted(offset)) } else { String::new() };
        Ok(format!(" LIMIT {}{offset}", counted(count)))
    }

    /// What stands behind a SELECT that computes, so that what takes its rows does not compute it once more for each place
    /// where a column stands.
    fn computed_once(&self) -> &'static str {
        ""
    }

    /// The SELECT of the first row of each key.
    fn first_of_each(&self, from: &str, schema: &Schema, keys: &[String], order: &str) -> String {
        let columns = self.star(schema, &[], None);
        let place = free_name("pw_place", |name| schema.has(name));
        format!(
            "SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {order}) AS {place} FROM {from}){} WHERE {place} = 1",
            keys.join(", "),
            self.subquery_name()
        )
    }

    /// The SELECT of the rows of one side of a join that have a partner, or of those that have none.
    fn partnered(&self, columns: &str, side: &PartnerSide, is_wanted: bool) -> Sql {
        let PartnerSide { view, table, other_view, other_table, on } = side;
        let word = if is_wanted { "" } else { "NOT " };
        Ok(format!(
            "SELECT {columns} FROM {view} AS {table} WHERE {word}EXISTS (SELECT 1 FROM {other_view} AS {other_table} WHERE {on})"
        ))
    }

    /// The join that puts the nearest row of one side beside each row `pw_l`.
    fn nearest(&self, side: &NearestSide) -> String {
        format!(
            "LEFT JOIN LATERAL (SELECT * FROM {} AS {table} WHERE {} ORDER BY {} LIMIT 1) AS {table} ON TRUE",
            side.view,
            side.conditions.join(" AND "),
            side.order,
            table = side.table
        )
    }

    /// The SELECT of a row an item: each column's name, and what it holds.
    fn exploded(&self, view: &str, list: &str, keep_empty: bool, columns: &[(String, Exploded)]) -> String;
}

/// One side of a join, the other one, and what makes their rows partners.
pub struct PartnerSide<'a> {
    pub view: &'a str,
    pub table: &'a str,
    pub other_view: &'a str,
    pub other_table: &'a str,
    pub on: &'a str,
}

/// The right rows that may be nearest on one side of a row's time.
pub struct NearestSide<'a> {
    /// Of the right rows.
    pub view: &'a str,
    pub schema: &'a Schema,
    /// How the nearest row is called.
    pub table: &'a str,
    /// The time of the right rows.
    pub time: String,
    /// What makes right rows one: the keys and the time.
    pub keys: Vec<String>,
    /// Of several at one time the later one by all columns comes first.
    pub ties: String,
    /// The time of the left rows, and whether the right rows lie before it.
    pub left_time: String,
    pub is_backward: bool,
    /// Pairs of equal keys: of the left row, of the right one, and the type of that.
    pub by: Vec<(String, String, DataType)>,
    /// Keys are equal, and the time is on this side.
    pub conditions: Vec<String>,
    /// The nearest row comes first.
    pub order: String,
}

/// What a column of an Explode holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exploded {
    Item,
    Position,
    /// What it held before.
    Other,
}

/// A call of a function on a pattern.
pub struct PatternCall<'a> {
    pub name: &'a str,
    pub text: &'a str,
    pub pattern: &'a RegexPattern,
    pub group: u32,
    /// Of `regexp_replace`.
    pub replacement: &'a [ReplacementPart],
}

/// A call of an aggregate, printed but for its form.
pub struct AggregateCall<'a> {
    /// `sum`, `min`, `max`, `median`, `quantile`, `first`, `last`, `collect` (of what is not null), `string_agg`.
    pub name: &'a str,
    pub args: &'a [String],
    pub types: &'a [DataType],
    /// The total order of the rows, where the aggregate depends on it, and its exact reverse.
    pub order: &'a str,
    pub reversed: &'a str,
    /// The keys of that order.
    pub keys: &'a [OrderKey],
    /// Conditions that rows fulfil.
    pub filter: &'a [String],
    /// ` OVER (…)`, or nothing.
    pub over: &'a str,
    /// A window with the same rows in each frame, in their total order; `None`: rows of equal keys end its frame.
    pub ordered_over: Option<&'a str>,
    /// The window in the total order, from its first row on.
    pub first_over: &'a str,
}

impl AggregateCall<'_> {
    /// ` FILTER (WHERE …)`, or nothing.
    pub fn filter(&self) -> String {
        match self.filter.is_empty() {
            true => String::new(),
            false => format!(" FILTER (WHERE {})", self.filter.join(" AND ")),
        }
    }
}

/// What rows are ordered by; nulls come last, both ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderKey {
    pub sql: String,
    pub data_type: DataType,
    pub is_descending: bool,
}

/// The key of an order as values that are ordered upwards, nulls last: for engines that know no other order inside of an
/// aggregate. `is_null` says whether a value is null, `turned` gives a number, a day or a moment as a number that is the
/// less the more it was.
pub fn sortable(
    key: &OrderKey,
    dialect: &dyn Dialect,
    is_null: &dyn Fn(&str) -> String,
    turned: &dyn Fn(&str, &DataType) -> String,
) -> Result<[String; 2], Diagnostic> {
    let (sql, data_type) = (&key.sql, &key.data_type);
    let ordered = match data_type {
        _ if !key.is_descending => dialect.ordered(sql, data_type),
        DataType::Boolean => format!("(NOT {sql})"),
        DataType::Float => format!("(0 - {sql})"),
        DataType::Int | DataType::Duration | DataType::Timestamp | DataType::Date => turned(sql, data_type),
        // By the complement of each byte; behind the last one comes more than any.
        DataType::String | DataType::Unknown => {
            format!("concat(translate(hex({sql}), '0123456789ABCDEF', 'FEDCBA9876543210'), 'G')")
        }
        DataType::List(_) | DataType::Record(_) => {
            return Err(dialect.refuse(&"a descending order of lists or records inside of an aggregate"));
        }
    };
    Ok([is_null(sql), ordered])
}

/// The engines that SQL is printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    DuckDb,
    PostgreSql,
    Spark,
    ClickHouse,
}

impl Engine {
    pub fn title(self) -> &'static str {
        match self {
            Engine::DuckDb => "DuckDB",
            Engine::PostgreSql => "PostgreSQL",
            Engine::Spark => "Spark",
            Engine::ClickHouse => "ClickHouse",
        }
    }
}

/// A name that is not taken.
pub fn free_name(stem: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let names = std::iter::once(stem.to_owned()).chain((2..).map(|number| format!("{stem}{number}")));
    names.into_iter().find(|name| !is_taken(name)).unwrap_or_default()
}

/// A typed literal.
pub fn literal(dialect: &dyn Dialect, value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Int(int) | Value::Duration(int) => dialect.int(*int),
        Value::Float(float) => dialect.float(*float),
        Value::String(value) => dialect.text(value),
        Value::Timestamp(micros) => dialect.timestamp(*micros),
        Value::Date(days) => dialect.date(*days),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(dialect, item)).collect();
            format!("CAST({} AS {})", dialect.list(&items), dialect.type_name(&value.data_type()))
        }
        Value::Record(fields) => {
            let parts: Vec<(&str, String)> =
                fields.iter().map(|(name, value)| (name.as_str(), literal(dialect, value))).collect();
            dialect.record(&parts, &value.data_type())
        }
    }
}

/// A literal of a column's type (null gets its type too).
pub fn typed_literal(dialect: &dyn Dialect, value: &Value, data_type: &DataType) -> String {
    match (value, data_type) {
        (Value::Null, _) => format!("CAST(NULL AS {})", dialect.type_name(data_type)),
        (Value::List(_) | Value::Record(_), _) => dialect.typed_nested(&literal(dialect, value), value, data_type),
        (Value::Int(int), DataType::Float) => dialect.float(*int as f64),
        _ => literal(dialect, value),
    }
}

/// `try_cast`: null where the value does not fit.
pub fn cast(dialect: &dyn Dialect, sql: &str, from: &DataType, to: &DataType) -> Sql {
    use DataType::*;
    let helper = |name: &str| dialect.helper(name, &[sql]);
    Ok(match (from, to) {
        (from, to) if from == to => sql.to_owned(),
        (Unknown, _) | (_, Unknown) => dialect.convert(sql, from, to),
        (String, Int) => helper("int"),
        (String, Float) => helper("float"),
        (String, Boolean) => helper("boolean"),
        (String, Timestamp) => helper("timestamp"),
        (String, Date) => helper("date"),
        (Timestamp, String) => helper("timestamp_text"),
        (Duration, String) => helper("duration_text"),
        (Float, String) => helper("float_text"),
        (Boolean | Int | Date, String) => dialect.shown(sql, from),
        (Float, Int) => helper("truncated"),
        (Boolean | Int, Int | Float | Boolean) | (Float, Float) | (Timestamp | Date, Timestamp | Date) => {
            dialect.convert(sql, from, to)
        }
        (List(from), List(to)) => {
            let item = cast(dialect, "x", from, to)?;
            dialect.check_items(&item)?;
            dialect.each(sql, &item)
        }
        _ => return Err(dialect.refuse(&format_args!("the cast from {from} to {to}"))),
    })
}

/// `"name", …` lists for selects.
pub fn column_list<'a>(dialect: &dyn Dialect, fields: impl Iterator<Item = &'a Field>, table: &str) -> String {
    fields.map(|field| dialect.selected(table, &field.name)).collect::<Vec<_>>().join(", ")
}

/// Two names that an engine takes for one.
pub fn alike<'a>(names: impl Iterator<Item = &'a str>) -> Option<(String, String)> {
    let mut known: std::collections::BTreeMap<String, &str> = std::collections::BTreeMap::new();
    names.into_iter().find_map(|name| {
        let other = known.insert(name.to_lowercase(), name)?;
        Some((other.to_owned(), name.to_owned()))
    })
}

/// Whether a name of the schema holds a NUL, which no engine takes.
pub fn holds_nul(schema: &Schema) -> bool {
    serde_json::to_string(schema).is_ok_and(|names| names.contains("\\u0000"))
}
