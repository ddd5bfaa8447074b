//! PostgreSQL's SQL. Helpers are functions of the prelude, but for those that PostgreSQL has itself. Records are composite
//! types, named after what they hold; lists are arrays.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::data::{DataType, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::export::sql::dialect::{Sql, holds_nul};
use crate::export::sql::{AggregateCall, Dialect, Engine, Exploded, NearestSide, PatternCall};
use crate::expr::{Captured, GroupPresence, PathStep, ReplacementPart, regex_pattern};
use crate::ir::{AsofJoin, NodeId, Plan};
use crate::quote::{one_line, sql_identifier, sql_text};

pub(in crate::export) struct PostgreSqlSql {
    /// How the value of a parameter is written.
    pub parameter: fn(&str, &DataType) -> String,
}

pub(super) const PLAIN: PostgreSqlSql =
    PostgreSqlSql { parameter: |name, _| format!("(SELECT {} FROM pw_parameters)", identifier(name)) };

/// Bytes of a name; what is longer would be cut.
const LONGEST_NAME: usize = 63;
/// Columns of a table.
const MOST_COLUMNS: usize = 1600;
/// Arguments of a function.
const MOST_ARGUMENTS: usize = 100;
/// Columns that every table has.
const TAKEN: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// A name that PostgreSQL would cut, or has for itself, is told apart by its digest.
fn identifier(name: &str) -> String {
    let is_own = TAKEN.contains(&name) || name.starts_with("pw_");
    if !is_own && !name.is_empty() && name.len() <= LONGEST_NAME {
        return sql_identifier(name);
    }
    sql_identifier(&format!("column {} {:016x}", cut(name, 30), xxh3_64(name.as_bytes())))
}

impl Dialect for PostgreSqlSql {
    fn engine(&self) -> Engine {
        Engine::PostgreSql
    }

    fn helper(&self, name: &str, args: &[&str]) -> String {
        if name == "length" {
            return format!("length({})::bigint", args.join(", "));
        }
        let start = if matches!(name, "reverse" | "starts_with") { "" } else { "pw_" };
        format!("{start}{name}({})", args.join(", "))
    }

    fn identifier(&self, name: &str) -> String {
        identifier(name)
    }

    fn type_name(&self, data_type: &DataType) -> String {
        match data_type {
            DataType::Boolean => "boolean".to_owned(),
            DataType::Int | DataType::Duration => "bigint".to_owned(),
            DataType::Float => "double precision".to_owned(),
            DataType::String | DataType::Unknown => "text".to_owned(),
            DataType::Timestamp => "timestamp".to_owned(),
            DataType::Date => "date".to_owned(),
            DataType::List(item) => format!("{}[]", self.type_name(item)),
            DataType::Record(_) => own_type("record", data_type),
        }
    }

    fn check_schema(&self, schema: &Schema) -> Result<(), Diagnostic> {
        if holds_nul(schema) {
            return Err(self.refuse(&"a column whose name holds a NUL"));
        }
        if schema.len() > MOST_COLUMNS {
            return Err(self.refuse(&format_args!("more than {MOST_COLUMNS} columns")));
        }
        schema.fields.iter().try_for_each(|field| self.check_type(&field.data_type))
    }

    fn check_type(&self, data_type: &DataType) -> Result<(), Diagnostic> {
        match data_type {
            DataType::List(item) if matches!(**item, DataType::List(_)) => Err(self.refuse(&"a list of lists")),
            DataType::List(item) => self.check_type(item),
            DataType::Record(fields) => fields.iter().try_for_each(|(name, item)| {
                check_field_name(name)?;
                self.check_type(item)
            }),
            _ => Ok(()),
        }
    }

    /// Views are called as their steps are.
    fn views(&self, plan: &Plan) -> Vec<String> {
        let mut known = BTreeSet::new();
        plan.nodes.iter().map(|node| sql_identifier(&view_name(&node.origin.title, &mut known))).collect()
    }

    fn staged(&self, id: NodeId) -> String {
        format!("pw_source_{}", id.0)
    }

    fn int(&self, int: i64) -> String {
        match int {
            i64::MIN => "(-9223372036854775807::bigint - 1)".to_owned(),
            int if int < 0 => format!("({int}::bigint)"),
            int => format!("{int}::bigint"),
        }
    }

    fn float(&self, float: f64) -> String {
        let sql = format!("{float:e}::double precision");
        if float.is_sign_negative() { format!("({sql})") } else { sql }
    }

    fn record(&self, fields: &[(&str, String)], _data_type: &DataType) -> String {
        format!("ROW({})", fields.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", "))
    }

    fn empty_list(&self, item: &DataType) -> String {
        format!("CAST('{{}}' AS {}[])", self.type_name(item))
    }

    /// Through JSON, as a source's: lists of records cannot be written otherwise.
    fn typed_nested(&self, sql: &str, value: &Value, data_type: &DataType) -> String {
        match data_type {
            DataType::List(item) if !matches!(**item, DataType::Record(_)) => {
                format!("CAST({sql} AS {})", self.type_name(data_type))
            }
            _ => {
                let json = serde_json::json!({ "v": plain_json(value) }).to_string();
                format!("(json_populate_record(CAST(NULL AS {}), {})).v", box_type(data_type), sql_text(&json))
            }
        }
    }

    fn parameter(&self, name: &str, data_type: &DataType) -> String {
        (self.parameter)(name, data_type)
    }

    fn typed(&self, sql: String, data_type: &DataType) -> String {
        match data_type {
            DataType::String | DataType::Unknown => format!("CAST({sql} AS text)"),
            _ if sql == "NULL" => format!("CAST(NULL AS {})", self.type_name(data_type)),
            _ => sql,
        }
    }

    fn writes_nulls(&self) -> bool {
        true
    }

    /// A record is null as a whole, not where all of its fields are.
    fn is_null(&self, sql: &str, data_type: &DataType, negated: bool) -> String {
        match data_type {
            DataType::Record(_) => format!("{sql} IS {}DISTINCT FROM NULL", if negated { "" } else { "NOT " }),
            _ => format!("{sql} IS {}NULL", if negated { "NOT " } else { "" }),
        }
    }

    fn like(&self, sql: &str, pattern: &str, negated: bool, insensitive: bool) -> String {
        let not = if negated { "NOT " } else { "" };
        match insensitive {
            // ILIKE would go by the language of the database.
            true => format!("(pw_lower({sql}) {not}LIKE pw_lower({pattern}) ESCAPE '')"),
            false => format!("({sql} {not}LIKE {pattern} ESCAPE '')"),
        }
    }

    fn ordered(&self, sql: &str, data_type: &DataType) -> String {
        match data_type {
            DataType::String => format!("{sql} COLLATE \"C\""),
            DataType::List(item) if **item == DataType::String => format!("{sql} COLLATE \"C\""),
            _ => sql.to_owned(),
        }
    }

    fn range_key(&self, sql: &str, data_type: &DataType, _is_descending: bool) -> String {
        match data_type {
            // Bounds may lie beyond 64 bits.
            DataType::Timestamp | DataType::Date => format!("CAST(pw_micros({sql}) AS numeric)"),
            DataType::Int | DataType::Duration => format!("CAST({sql} AS numeric)"),
            _ => sql.to_owned(),
        }
    }

    fn convert(&self, sql: &str, from: &DataType, to: &DataType) -> String {
        match (from, to) {
            (DataType::Int, DataType::Boolean) => format!("({sql} <> 0)"),
            (DataType::Boolean, DataType::Int | DataType::Float) => {
                format!("CAST(CAST({sql} AS integer) AS {})", self.type_name(to))
            }
            _ => format!("CAST({sql} AS {})", self.type_name(to)),
        }
    }

    /// No function takes more arguments than so many.
    fn concat(&self, texts: &[String]) -> String {
        match texts.len() <= MOST_ARGUMENTS {
            true => format!("concat({})", texts.join(", ")),
            false => {
                let parts: Vec<String> = texts.chunks(MOST_ARGUMENTS).map(|part| self.concat(part)).collect();
                self.concat(&parts)
            }
        }
    }

    fn groups(&self, text: &str, pattern: &str, _count: usize) -> Sql {
        let pattern = regex_pattern(pattern)?.are_text(Captured::All).map_err(|what| self.refuse(&what))?;
        Ok(format!("regexp_match({text} COLLATE \"C\", {})", sql_text(&pattern)))
    }

    fn group(&self, groups: &str, index: usize) -> String {
        format!("{groups}[{}]", index + 1)
    }

    fn each(&self, list: &str, body: &str) -> String {
        match body {
            "x" => list.to_owned(),
            _ => format!(
                "CASE WHEN {list} IS NOT NULL THEN ARRAY(SELECT {body} FROM unnest({list}) WITH ORDINALITY AS pw_item(x, pw_place) ORDER BY pw_place) END"
            ),
        }
    }

    fn any(&self, list: &str, body: &str) -> String {
        format!("EXISTS (SELECT 1 FROM unnest({list}) AS pw_item(x) WHERE {body})")
    }

    /// Keys as texts, places in lists as numbers, from 0.
    fn json_path(&self, path: &[PathStep]) -> Sql {
        let steps = path.iter().map(|step| match step {
            PathStep::Key(key) => sql_text(&format!(".{key}")),
            PathStep::Index(index) => sql_text(&index.to_string()),
        });
        Ok(format!("CAST(ARRAY[{}] AS text[])", steps.collect::<Vec<_>>().join(", ")))
    }

    fn pattern(&self, call: &PatternCall) -> Sql {
        let (a, name) = (call.text, call.name);
        let text =
            |captured| call.pattern.are_text(captured).map_err(|what| self.refuse(&what)).map(|text| sql_text(&text));
        if name == "regexp_matches" {
            return Ok(format!("pw_regexp_matches({a}, {})", text(Captured::None)?));
        }
        if !call.pattern.is_settled() {
            let what = format!(
                "`{name}` with a pattern of which it would take another match: where parts overlap, the longest"
            );
            return Err(self.refuse(&what));
        }
        if call.pattern.fits_empty() && name != "regexp_extract" {
            return Err(self.refuse(&format_args!("`{name}` with a pattern that fits the empty text")));
        }
        Ok(match name {
            "regexp_extract" if call.pattern.group(call.group) == GroupPresence::Never => {
                format!("CASE WHEN {a} IS NULL THEN CAST(NULL AS text) END")
            }
            "regexp_extract" | "regexp_extract_all" => format!("pw_{name}({a}, {})", text(Captured::One(call.group))?),
            "regexp_count" => format!("pw_regexp_count({a}, {})", text(Captured::None)?),
            "regexp_replace" => {
                let (pattern, replacement) = (text(Captured::All)?, sql_text(&replacement(call.replacement)));
                format!("pw_regexp_replace({a}, {pattern}, {replacement})")
            }
            other => return Err(self.refuse(&format_args!("the function `{other}`"))),
        })
    }

    /// Counts of rows are small numbers there.
    fn window(&self, name: &str, args: &[String]) -> String {
        match args {
            [value, count, rest @ ..] => {
                let rest: String = rest.iter().map(|arg| format!(", {arg}")).collect();
                format!("{name}({value}, CAST({count} AS integer){rest})")
            }
            _ => format!("{name}({})", args.join(", ")),
        }
    }

    fn variance(&self, value: &str, data_type: &DataType, clauses: &str) -> String {
        match data_type {
            DataType::Float => format!(
                "pw_variance(max(abs({value})){clauses}, var_samp(pw_plain({value})){clauses}, var_samp(pw_small({value})){clauses})"
            ),
            _ => format!("var_samp({value}){clauses}"),
        }
    }

    fn aggregate(&self, call: &AggregateCall) -> Sql {
        let (name, filter, over) = (call.name, call.filter(), call.over);
        let clauses = format!("{filter}{over}");
        let (Some(value), Some(data_type)) = (call.args.first(), call.types.first()) else {
            return Err(self.refuse(&format_args!("`{name}` without a value")));
        };
        let float = || format!("CAST({value} AS double precision)");
        Ok(match (name, data_type) {
            ("count_distinct", _) => {
                format!(
                    "coalesce(cardinality(pw_distinct(array_remove(array_agg({value}){clauses}, NULL))), 0)::bigint"
                )
            }
            // Sums of its own end where they leave the range.
            ("sum", DataType::Float) => format!("pw_sum({value}){clauses}"),
            ("avg", DataType::Float) => format!("pw_divide(pw_sum({value}){clauses}, count({value}){clauses})"),
            ("sum" | "avg", _) => format!("{name}({value}){clauses}"),
            ("min", DataType::Boolean) => format!("bool_and({value}){clauses}"),
            ("max", DataType::Boolean) => format!("bool_or({value}){clauses}"),
            ("min" | "max", DataType::Record(_)) => return Err(self.refuse(&format_args!("`{name}` of records"))),
            ("min" | "max", _) => format!("{name}({}){clauses}", self.ordered(value, data_type)),
            ("median" | "quantile", _) => {
                let share = call.args.get(1).map_or("0.5", String::as_str);
                format!("pw_quantile(array_agg({}){clauses}, {share})", float())
            }
            ("first" | "last" | "collect" | "string_agg", _) if over.is_empty() => {
                self.gathered(call, value, data_type)
            }
            _ => self.gathered_over(call, value, data_type)?,
        })
    }

    /// Without it views are taken apart: a column that is computed from one that stands twice is computed twice, and what is
    /// made of it four times.
    fn computed_once(&self) -> &'static str {
        "\nOFFSET 0"
    }

    /// Found by the index of `nearest_index`.
    fn nearest(&self, side: &NearestSide) -> String {
        let by = side.by.iter().filter(|(_, _, data_type)| is_long(data_type));
        let by = by.map(|(left, right, _)| format!("md5({left}) = md5({right})"));
        let conditions: Vec<String> = by.chain(side.conditions.iter().cloned()).collect();
        format!(
            "LEFT JOIN LATERAL (SELECT * FROM {} AS {table} WHERE {} ORDER BY {} LIMIT 1) AS {table} ON TRUE",
            side.view,
            conditions.join(" AND "),
            side.order,
            table = side.table
        )
    }

    fn exploded(&self, view: &str, list: &str, keep_empty: bool, columns: &[(String, Exploded)]) -> String {
        let column = |(name, held): &(String, Exploded)| match held {
            Exploded::Item => format!("pw_rows.{list}[pw_items.place] AS {name}"),
            Exploded::Position => format!("CAST(pw_items.place AS bigint) AS {name}"),
            Exploded::Other => format!("pw_rows.{name}"),
        };
        let columns: Vec<String> = columns.iter().map(column).collect();
        let join = if keep_empty { "LEFT JOIN" } else { "JOIN" };
        format!(
            "SELECT {}\nFROM {view} AS pw_rows {join} LATERAL generate_series(1, cardinality(pw_rows.{list})) AS pw_items(place) ON TRUE",
            columns.join(", ")
        )
    }
}

/// Texts may be too long for an index; their digests are not.
fn is_long(data_type: &DataType) -> bool {
    *data_type == DataType::String
}

/// The index by which a join finds the nearest rows of a table.
pub(in crate::export) fn nearest_index(table: &str, schema: &Schema, join: &AsofJoin) -> String {
    let key = |(_, name): &(String, String)| {
        let data_type = &schema.get(name)?.data_type;
        let name = PLAIN.identifier(name);
        match data_type {
            data_type if is_long(data_type) => Some(format!("md5({name})")),
            DataType::List(_) | DataType::Record(_) => None,
            _ => Some(name),
        }
    };
    let keys = join.by.iter().filter_map(key).chain([PLAIN.identifier(&join.right_time)]);
    format!("CREATE INDEX ON {table} ({});\n", keys.collect::<Vec<_>>().join(", "))
}

impl PostgreSqlSql {
    /// What stands in the order of a group's rows. Lists are boxed: an array of arrays is one array.
    fn gathered(&self, call: &AggregateCall, value: &str, data_type: &DataType) -> String {
        let filter = call.filter();
        let picked = |order: &str| match data_type {
            DataType::List(_) => {
                let boxed = format!("CAST(ROW({value}) AS {})", box_type(data_type));
                format!("((array_agg({boxed} ORDER BY {order}){filter})[1]).v")
            }
            _ => format!("(array_agg({value} ORDER BY {order}){filter})[1]"),
        };
        match call.name {
            "first" => picked(call.order),
            "last" => picked(call.reversed),
            "collect" => format!("array_agg({value} ORDER BY {}){filter}", call.order),
            _ => format!("string_agg({} ORDER BY {}){filter}", call.args.join(", "), call.order),
        }
    }

    /// The same over a window: aggregates take its rows in its order, which must be total.
    fn gathered_over(&self, call: &AggregateCall, value: &str, data_type: &DataType) -> Sql {
        let (name, filter) = (call.name, call.filter());
        if name == "first" && call.filter.is_empty() && call.ordered_over.is_none() && !call.over.contains("RANGE") {
            return Ok(format!("first_value({value}){}", call.first_over));
        }
        let Some(over) = call.ordered_over else {
            return Err(
                self.refuse(&format_args!("`{name}` over a window whose frame ends with all rows of equal keys"))
            );
        };
        Ok(match name {
            "first" | "last" if call.filter.is_empty() => format!("{name}_value({value}){over}"),
            "first" | "last" if matches!(data_type, DataType::List(_)) => {
                return Err(self.refuse(&format_args!("`{name}` of lists with a filter over a window")));
            }
            "first" | "last" => {
                let place = if name == "first" { "1" } else { "-1" };
                format!("pw_list_get(array_agg({value}){filter}{over}, {place})")
            }
            "string_agg" => {
                let mut conditions = call.filter.to_vec();
                conditions.push(format!("{value} IS NOT NULL"));
                let separator = call.args.get(1).map_or("''", String::as_str);
                format!("pw_join(array_agg({value}) FILTER (WHERE {}){over}, {separator})", conditions.join(" AND "))
            }
            _ => format!("array_agg({value}){filter}{over}"),
        })
    }
}

/// The composite type of a record, or of a box around a list or record.
fn own_type(word: &str, data_type: &DataType) -> String {
    format!("pw_{word}_{:016x}", xxh3_64(data_type.to_string().as_bytes()))
}

/// A type with the one field `v`: what JSON is read as, and what holds a list inside of an array.
pub(super) fn box_type(data_type: &DataType) -> String {
    own_type("box", data_type)
}

/// The statements that make the types of a plan's records, and boxes of its lists and records; each with the type's name.
pub(in crate::export) fn own_types(plan: &Plan) -> Vec<(String, String)> {
    fn walk(data_type: &DataType, known: &mut BTreeSet<String>, made: &mut Vec<(String, String)>) {
        match data_type {
            DataType::List(item) => walk(item, known, made),
            DataType::Record(fields) => fields.iter().for_each(|(_, item)| walk(item, known, made)),
            _ => return,
        }
        let column = |name: &str, item: &DataType| format!("{} {}", sql_identifier(name), declared(item));
        if let DataType::Record(fields) = data_type
            && known.insert(PLAIN.type_name(data_type))
        {
            let fields: Vec<String> = fields.iter().map(|(name, item)| column(name, item)).collect();
            let name = PLAIN.type_name(data_type);
            let sql = format!("CREATE TYPE {name} AS ({});\n", fields.join(", "));
            made.push((name, sql));
        }
        let name = box_type(data_type);
        if known.insert(name.clone()) {
            let sql = format!("CREATE TYPE {name} AS ({});\n", column("v", data_type));
            made.push((name, sql));
        }
    }
    let (mut known, mut made) = (BTreeSet::new(), Vec::new());
    for field in plan.nodes.iter().flat_map(|node| &node.schema.fields) {
        walk(&field.data_type, &mut known, &mut made);
    }
    made
}

/// A type as columns are declared with it: texts are compared by their bytes.
pub(in crate::export) fn declared(data_type: &DataType) -> String {
    match data_type {
        DataType::String | DataType::Unknown => "text COLLATE \"C\"".to_owned(),
        DataType::List(item) if **item == DataType::String => "text[] COLLATE \"C\"".to_owned(),
        other => PLAIN.type_name(other),
    }
}

/// JSON as values of PostgreSQL read it: spans are numbers of microseconds.
fn plain_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Duration(micros) => serde_json::Value::from(*micros),
        Value::List(items) => items.iter().map(plain_json).collect(),
        Value::Record(fields) => fields.iter().map(|(name, value)| (name.clone(), plain_json(value))).collect(),
        other => other.to_json(),
    }
}

/// Fields of records are found in JSON by their names.
fn check_field_name(name: &str) -> Result<(), Diagnostic> {
    match name.len() > LONGEST_NAME || name.is_empty() {
        true => {
            let what = format!("a field whose name has no byte or more than {LONGEST_NAME}: `{name}`");
            Err(PLAIN.refuse(&what))
        }
        false => Ok(()),
    }
}

/// The first bytes of a text, as many as fit.
fn cut(text: &str, most: usize) -> &str {
    let at = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..at].trim_end()
}

/// A step's title as the name of a view: as long as names may be, none twice, none that the system's own would be found
/// instead of.
pub(super) fn view_name(title: &str, known: &mut BTreeSet<String>) -> String {
    let line = one_line(title);
    let title = match line.trim() {
        "" => "step",
        title => title,
    };
    let is_taken = ["pg_", "pw_"].iter().any(|start| title.to_ascii_lowercase().starts_with(start));
    let stem = if is_taken { format!("step {title}") } else { title.to_owned() };
    let cut = |stem: &str, end: &str| format!("{}{end}", cut(stem, LONGEST_NAME - end.len()));
    let names = std::iter::once(cut(&stem, "")).chain((2..).map(|number| cut(&stem, &format!(" {number}"))));
    let free = names.into_iter().find(|name| !known.contains(name)).unwrap_or_default();
    known.insert(free.clone());
    free
}

/// A replacement as PostgreSQL reads it.
fn replacement(parts: &[ReplacementPart]) -> String {
    let part = |part: &ReplacementPart| match part {
        ReplacementPart::Text(text) => text.replace('\\', r"\\"),
        ReplacementPart::Group(0) => r"\&".to_owned(),
        ReplacementPart::Group(group) => format!("\\{group}"),
    };
    parts.iter().map(part).collect()
}
