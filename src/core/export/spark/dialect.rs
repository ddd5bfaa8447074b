//! Spark's SQL (Spark 4, ANSI). Helpers that it has words of its own for are said in those; the others are SQL functions
//! of the prelude, which no lambda may call.

use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::export::sql::dialect::{Sql, free_name, holds_nul, sortable};
use crate::export::sql::{AggregateCall, Dialect, Engine, Exploded, NearestSide, PatternCall};
use crate::expr::{GroupPresence, PathStep, ReplacementPart, VARYING, regex_pattern};
use crate::ir::{NodeId, RUN_STARTED_AT};

pub(super) struct SparkSql;

/// Blanks that `trim` takes away.
const BLANKS: &str = r"' \t\n\u000B\u000C\r'";

/// What tells the groups of a pattern apart.
const BETWEEN_GROUPS: &str = "\u{1}";

impl Dialect for SparkSql {
    fn engine(&self) -> Engine {
        Engine::Spark
    }

    fn helper(&self, name: &str, args: &[&str]) -> String {
        if let Some((list, "list_sort" | "without_nulls" | "distinct")) =
            args.first().and_then(|arg| Some((items(arg)?, name)))
        {
            return wrapped(&self.helper(name, &[list]));
        }
        let arg = |index: usize| args.get(index).copied().unwrap_or("NULL");
        let own = item_helper(name, arg(0))
            .or_else(|| lambda_helper(name, arg(0)))
            .or_else(|| number_helper(name, &arg))
            .or_else(|| text_helper(name, &arg, args.len()))
            .or_else(|| time_helper(name, &arg));
        own.unwrap_or_else(|| format!("pw_{name}({})", args.join(", ")))
    }

    fn identifier(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn type_name(&self, data_type: &DataType) -> String {
        match data_type {
            DataType::Boolean => "BOOLEAN".to_owned(),
            DataType::Int | DataType::Duration => "BIGINT".to_owned(),
            DataType::Float => "DOUBLE".to_owned(),
            DataType::String | DataType::Unknown => "STRING".to_owned(),
            DataType::Timestamp => "TIMESTAMP".to_owned(),
            DataType::Date => "DATE".to_owned(),
            DataType::List(item) => format!("ARRAY<{}>", self.type_name(item)),
            DataType::Record(fields) => {
                let part =
                    |(name, item): &(String, DataType)| format!("{}: {}", self.identifier(name), self.type_name(item));
                format!("STRUCT<{}>", fields.iter().map(part).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn check_schema(&self, schema: &Schema) -> Result<(), Diagnostic> {
        if holds_nul(schema) {
            return Err(self.refuse(&"a column whose name holds a NUL"));
        }
        if schema.names().any(str::is_empty) {
            return Err(self.refuse(&"a column without a name"));
        }
        Ok(())
    }

    fn staged(&self, id: NodeId) -> String {
        format!("source_{}", id.0)
    }

    fn text(&self, value: &str) -> String {
        let mut text = String::from("'");
        for c in value.chars() {
            match c {
                '\'' | '\\' => {
                    text.push('\\');
                    text.push(c);
                }
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\0' => text.push_str("\\u0000"),
                c => text.push(c),
            }
        }
        text + "'"
    }

    fn int(&self, int: i64) -> String {
        match int {
            // Its digits alone are out of range before the sign.
            i64::MIN => "(-9223372036854775807L - 1L)".to_owned(),
            int if int < 0 => format!("({int}L)"),
            int => format!("{int}L"),
        }
    }

    fn float(&self, float: f64) -> String {
        if float < 0.0 { format!("({float:e}D)") } else { format!("{float:e}D") }
    }

    fn timestamp(&self, micros: i64) -> String {
        format!("timestamp_micros({})", self.int(micros))
    }

    fn date(&self, days: i32) -> String {
        format!("date_from_unix_date({days})")
    }

    fn list(&self, items: &[String]) -> String {
        format!("array({})", items.join(", "))
    }

    fn record(&self, fields: &[(&str, String)], data_type: &DataType) -> String {
        let parts: Vec<String> = fields.iter().map(|(name, value)| format!("{}, {value}", self.text(name))).collect();
        format!("CAST(named_struct({}) AS {})", parts.join(", "), self.type_name(data_type))
    }

    /// A marker, whose text the job binds.
    fn parameter(&self, name: &str, data_type: &DataType) -> String {
        let marker = format!(":{}", parameter_marker(name));
        match data_type {
            DataType::Timestamp => format!("pw_timestamp({marker})"),
            DataType::Date => format!("pw_date({marker})"),
            DataType::String => marker,
            other => format!("CAST({marker} AS {})", self.type_name(other)),
        }
    }

    /// A backslash in the pattern is a character like any other: Spark takes it from two.
    fn like(&self, sql: &str, pattern: &str, negated: bool, insensitive: bool) -> String {
        let word = if insensitive { "ILIKE" } else { "LIKE" };
        format!(r"({sql} {}{word} replace({pattern}, '\\', '\\\\'))", if negated { "NOT " } else { "" })
    }

    /// Nulls inside come last, too.
    fn ordered(&self, sql: &str, data_type: &DataType) -> String {
        match data_type {
            DataType::List(item) => {
                let item = format!("struct({})", ascending("x", item, self).join(", "));
                format!("transform({sql}, x -> {item})")
            }
            DataType::Record(fields) => {
                let parts = fields.iter().flat_map(|(name, item)| ascending(&self.member(sql, name), item, self));
                format!("CASE WHEN {sql} IS NOT NULL THEN struct({}) END", parts.collect::<Vec<_>>().join(", "))
            }
            _ => sql.to_owned(),
        }
    }

    fn range_key(&self, sql: &str, data_type: &DataType, _is_descending: bool) -> String {
        match data_type {
            // Bounds may lie beyond 64 bits.
            DataType::Timestamp | DataType::Date => {
                format!("CAST(unix_micros(CAST({sql} AS TIMESTAMP)) AS DECIMAL(38, 0))")
            }
            DataType::Int | DataType::Duration => format!("CAST({sql} AS DECIMAL(38, 0))"),
            _ => sql.to_owned(),
        }
    }

    fn extract(&self, part: &str, time: &str) -> String {
        match part {
            "isodow" => format!("CAST(weekday({time}) + 1 AS BIGINT)"),
            "week" => format!("CAST(weekofyear({time}) AS BIGINT)"),
            "doy" => format!("CAST(dayofyear({time}) AS BIGINT)"),
            part => format!("CAST({part}({time}) AS BIGINT)"),
        }
    }

    fn groups(&self, text: &str, pattern: &str, count: usize) -> Sql {
        let pattern = self.text(&regex_pattern(pattern)?.java_text().map_err(|what| self.refuse(&what))?);
        let groups: Vec<String> = (1..=count).map(|group| format!("${group}")).collect();
        let none = vec!["''"; count].join(", ");
        let between = self.text(BETWEEN_GROUPS);
        Ok(format!(
            "CASE WHEN regexp_like({text}, {pattern}) THEN split(regexp_replace({text}, {pattern}, {}), {between}) ELSE array({none}) END",
            self.text(&groups.join(BETWEEN_GROUPS))
        ))
    }

    fn group(&self, groups: &str, index: usize) -> String {
        format!("get({groups}, {index})")
    }

    fn check_key(&self, key: &str) -> Result<(), Diagnostic> {
        match key.contains("(SELECT ") {
            true => Err(self.refuse(&"a join by a key with this computation; compute it in a step before")),
            false => Ok(()),
        }
    }

    fn check_items(&self, body: &str) -> Result<(), Diagnostic> {
        match body.contains("pw_") || body.contains("(SELECT ") {
            true => Err(self.refuse(&"this conversion of the items of a list")),
            false => Ok(()),
        }
    }

    fn each(&self, list: &str, body: &str) -> String {
        match body {
            "x" => list.to_owned(),
            body => wrapped(&format!("transform({}, x -> {body})", items(list).unwrap_or(list))),
        }
    }

    fn any(&self, list: &str, body: &str) -> String {
        wrapped(&format!("coalesce(exists({}, x -> {body}), FALSE)", items(list).unwrap_or(list)))
    }

    fn json_path(&self, _path: &[PathStep]) -> Sql {
        Err(self.refuse(&"paths into JSON"))
    }

    fn concat(&self, texts: &[String]) -> String {
        format!("concat_ws('', {})", texts.join(", "))
    }

    fn whole(&self, name: &str, sql: &str) -> String {
        format!("pw_{name}({sql})")
    }

    fn pattern(&self, call: &PatternCall) -> Sql {
        let (a, group) = (call.text, call.group);
        let pattern = self.text(&call.pattern.java_text().map_err(|what| self.refuse(&what))?);
        Ok(match call.name {
            "regexp_matches" => format!("regexp_like({a}, {pattern})"),
            // A group that takes no part and an empty one look the same to regexp_extract; a match at all does not.
            "regexp_extract" => match call.pattern.group(group) {
                GroupPresence::Always => format!("pw_extract({a}, {pattern}, {group})"),
                GroupPresence::MayBeMissing => format!("nullif(regexp_extract({a}, {pattern}, {group}), '')"),
                GroupPresence::MayBeEmpty => {
                    return Err(self.refuse(&"`regexp_extract` of a group that may be missing, and may be empty"));
                }
                GroupPresence::Never => format!("CASE WHEN {a} IS NULL THEN CAST(NULL AS STRING) END"),
            },
            "regexp_extract_all" if call.pattern.group(group) == GroupPresence::Never => {
                return Err(self.refuse(&"`regexp_extract_all` of a group that is not there"));
            }
            "regexp_extract_all" => format!("regexp_extract_all({a}, {pattern}, {group})"),
            "regexp_count" => format!("CAST(regexp_count({a}, {pattern}) AS BIGINT)"),
            // Java finds the empty text also right behind what was replaced.
            "regexp_replace" if call.pattern.fits_empty() => {
                return Err(self.refuse(&"`regexp_replace` with a pattern that fits the empty text"));
            }
            "regexp_replace" => match call.replacement.is_empty() {
                // What is only taken away makes no text longer.
                true => format!("regexp_replace({a}, {pattern}, '')"),
                false => {
                    let replacement = self.text(&replacement(call.replacement));
                    format!("pw_within({a}, regexp_replace({a}, {pattern}, {replacement}))")
                }
            },
            other => return Err(self.refuse(&format_args!("the function `{other}`"))),
        })
    }

    /// Places are counted in 32 bits, and written where they are used.
    fn window(&self, name: &str, args: &[String]) -> String {
        let place = |(index, arg): (usize, &String)| match (name, index) {
            ("lag" | "lead", 1) => arg.trim_end_matches('L').to_owned(),
            _ => arg.clone(),
        };
        format!("{name}({})", args.iter().enumerate().map(place).collect::<Vec<_>>().join(", "))
    }

    fn has_window_filters(&self) -> bool {
        false
    }

    fn has_empty_frames(&self) -> bool {
        false
    }

    fn any_order(&self) -> &'static str {
        " ORDER BY 1"
    }

    /// Of Ints in whole numbers, as DuckDB is told to.
    fn variance(&self, value: &str, data_type: &DataType, clauses: &str) -> String {
        if *data_type != DataType::Int {
            return format!("var_samp({value}){clauses}");
        }
        let (high, low) = (format!("({value} div 4294967296L)"), format!("({value} % 4294967296L)"));
        let (high_squares, products) = (format!("{high} * {high}"), format!("{high} * {low}"));
        let sums = [&high, &low, &high_squares, &products].map(|sum| format!("CAST({sum} AS DECIMAL(20, 0))"));
        let low_squares = format!("CAST({low} AS DECIMAL(10, 0)) * CAST({low} AS DECIMAL(10, 0))");
        let sums: Vec<String> = sums.iter().chain([&low_squares]).map(|sum| format!("sum({sum}){clauses}")).collect();
        format!("pw_variance(count({value}){clauses}, {})", sums.join(", "))
    }

    fn aggregate(&self, call: &AggregateCall) -> Sql {
        let (name, args, over) = (call.name, call.args, call.over);
        let Some(value) = args.first() else { return Err(self.refuse(&format_args!("`{name}` without a value"))) };
        // Aggregates of windows take no FILTER.
        let picked = |sql: &str| match call.filter.is_empty() {
            true => sql.to_owned(),
            false => format!("CASE WHEN {} THEN {sql} END", call.filter.join(" AND ")),
        };
        let is_whole = matches!(call.types[0], DataType::Int | DataType::Duration);
        // Sums of integers are exact, whatever their size.
        let whole_sum = || format!("sum({}){over}", picked(&format!("CAST({value} AS DECIMAL(20, 0))")));
        let keys = || -> Sql {
            let keys =
                call.keys.iter().map(|key| sortable(key, self, &is_null, &turned)).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("struct({})", keys.concat().join(", ")))
        };
        Ok(match name {
            "sum" if is_whole => whole_sum(),
            "avg" if is_whole => {
                format!("try_divide(CAST({} AS DOUBLE), count({}){over})", whole_sum(), picked(value))
            }
            "count_distinct" => format!("CAST(array_size(collect_set({}){over}) AS BIGINT)", picked(value)),
            "median" => format!("percentile({}, 0.5D){over}", picked(value)),
            "quantile" => {
                let share = args.get(1).map(String::as_str).unwrap_or_default();
                format!("percentile({}, {share}){over}", picked(value))
            }
            "first" => format!("min_by({value}, {}){over}", picked(&keys()?)),
            "last" => format!("max_by({value}, {}){over}", picked(&keys()?)),
            "collect" | "string_agg" => {
                let row = picked(&format!("struct({} AS k, {value} AS v)", keys()?));
                let sorted = format!("transform(array_sort(collect_list({row}){over}), x -> x.v)");
                match args.get(1).filter(|_| name == "string_agg") {
                    None => sorted,
                    Some(between) => {
                        let texts = format!("array_compact({sorted})");
                        format!("CASE WHEN array_size({texts}) > 0 THEN array_join({texts}, {between}) END")
                    }
                }
            }
            name => format!("{name}({}){over}", picked(value)),
        })
    }

    /// ORDER BY calls no function of ours; a window's does.
    fn sorted(&self, view: &str, schema: &Schema, order: &str) -> String {
        if !order.contains("pw_") && !order.contains("(SELECT ") {
            return format!("SELECT * FROM {view} ORDER BY {order}");
        }
        let place = free_name("pw_place", |name| schema.has(name));
        let columns = self.star(schema, &[], None);
        format!(
            "SELECT {columns} FROM (SELECT *, row_number() OVER (ORDER BY {order}) AS {place} FROM {view}) AS pw_rows ORDER BY {place}"
        )
    }

    fn limit(&self, count: u64, offset: u64) -> Sql {
        /// What is counted in 32 bits; beyond 63, there are no rows.
        const MOST: u64 = i32::MAX as u64;
        let is_beyond = |number: u64| number >= i64::MAX as u64;
        if is_beyond(offset) {
            return Ok(" LIMIT 0".to_owned());
        }
        let offset = match offset {
            0 => String::new(),
            1..=MOST => format!(" OFFSET {offset}"),
            _ => return Err(self.refuse(&format_args!("leaving out more than {MOST} rows"))),
        };
        match count {
            count if is_beyond(count) => Ok(offset),
            0..=MOST => Ok(format!(" LIMIT {count}{offset}")),
            _ => Err(self.refuse(&format_args!("a limit of more than {MOST} rows"))),
        }
    }

    /// Each right row is the nearest one up to the next: a join by keys and by the times between them.
    fn nearest(&self, side: &NearestSide) -> String {
        let NearestSide { view, table, time, left_time, .. } = side;
        let next = free_name("pw_next", |name| side.schema.has(name));
        let place = free_name("pw_place", |name| side.schema.has(name));
        let by = side.keys.iter().filter(|key| *key != time).cloned().collect::<Vec<_>>().join(", ");
        let partition = if by.is_empty() { String::new() } else { format!("PARTITION BY {by} ") };
        let (order, sign) = if side.is_backward { ("", "<") } else { (" DESC", ">") };
        format!(
            "LEFT JOIN (SELECT *, lead({time}) OVER ({partition}ORDER BY {time}{order}) AS {next} FROM (\
             SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {}) AS {place} FROM {view} WHERE {time} IS NOT NULL) AS pw_rows\n  \
             WHERE {place} = 1) AS pw_rows) AS {table} ON {} AND ({table}.{next} IS NULL OR {left_time} {sign} {table}.{next})",
            side.keys.join(", "),
            side.ties,
            side.conditions.join(" AND ")
        )
    }

    fn exploded(&self, view: &str, list: &str, keep_empty: bool, columns: &[(String, Exploded)]) -> String {
        let free =
            |stem: &str| free_name(stem, |name| columns.iter().any(|(known, _)| *known == self.identifier(name)));
        let (place, item) = (free("pw_place"), free("pw_item"));
        let column = |(name, held): &(String, Exploded)| match held {
            Exploded::Item => format!("pw_items.{item} AS {name}"),
            Exploded::Position => format!("CAST(pw_items.{place} + 1 AS BIGINT) AS {name}"),
            Exploded::Other => format!("pw_rows.{name}"),
        };
        let columns = columns.iter().map(column).collect::<Vec<_>>().join(", ");
        let word = if keep_empty { "OUTER " } else { "" };
        format!(
            "SELECT {columns}\nFROM {view} AS pw_rows LATERAL VIEW {word}posexplode(pw_rows.{list}) pw_items AS {place}, {item}"
        )
    }
}

/// A computation with a lambda, in a query of its own: a function of the prelude takes it there.
fn wrapped(sql: &str) -> String {
    format!("{WRAP}{sql})")
}

/// What stands inside of that query: no lambda may hold one.
fn items(sql: &str) -> Option<&str> {
    sql.strip_prefix(WRAP)?.strip_suffix(')')
}

const WRAP: &str = "(SELECT ALL ";

/// The marker of a parameter.
pub fn parameter_marker(name: &str) -> String {
    if name == RUN_STARTED_AT { "run_started_at".to_owned() } else { format!("p_{name}") }
}

fn is_null(sql: &str) -> String {
    format!("({sql} IS NULL)")
}

/// Values by which something is ordered, nulls last.
fn ascending(sql: &str, data_type: &DataType, dialect: &dyn Dialect) -> [String; 2] {
    [is_null(sql), dialect.ordered(sql, data_type)]
}

/// A number that is the less the more a value is.
fn turned(sql: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp => format!("(~unix_micros({sql}))"),
        DataType::Date => format!("(~unix_date({sql}))"),
        _ => format!("(~{sql})"),
    }
}

/// A replacement as Java reads it.
fn replacement(parts: &[ReplacementPart]) -> String {
    let mut text = String::new();
    let mut is_behind_group = false;
    for part in parts {
        match part {
            ReplacementPart::Text(plain) => {
                for c in plain.chars() {
                    // A digit behind a group's number would belong to it.
                    if matches!(c, '\\' | '$') || is_behind_group && c.is_ascii_digit() {
                        text.push('\\');
                    }
                    text.push(c);
                    is_behind_group = false;
                }
            }
            ReplacementPart::Group(group) => {
                text.push_str(&format!("${group}"));
                is_behind_group = true;
            }
        }
    }
    text
}

/// Gives a helper's arguments.
type Args<'a> = dyn Fn(usize) -> &'a str + 'a;

/// Conversions of the items `x` of lists, where no function of the prelude can be called.
fn item_helper(name: &str, arg: &str) -> Option<String> {
    if arg != "x" {
        return None;
    }
    let trimmed = r"btrim(x, ' \t\n\u000C\r')";
    Some(match name {
        "int" => {
            format!(r"CASE WHEN regexp_like({trimmed}, '\\A[+-]?[0-9]+\\z') THEN try_cast({trimmed} AS BIGINT) END")
        }
        "boolean" => format!(
            "CASE WHEN lower({trimmed}) IN ('true', 't', 'yes', 'y', 'on', '1') THEN TRUE WHEN lower({trimmed}) IN ('false', 'f', 'no', 'n', 'off', '0') THEN FALSE END"
        ),
        "float" => format!(
            r"CASE WHEN regexp_like({trimmed}, '\\A[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\\z') AND abs(try_cast({trimmed} AS DOUBLE)) <= 1.7976931348623157E308D THEN try_cast({trimmed} AS DOUBLE) + 0 END"
        ),
        "truncated" => {
            "CASE WHEN x >= -9223372036854775808D AND x < 9223372036854775808D THEN CAST(x AS BIGINT) END".to_owned()
        }
        _ => return None,
    })
}

/// What is computed of aggregates whose order needs a lambda, which no argument of a function may hold.
fn lambda_helper(name: &str, arg: &str) -> Option<String> {
    if !arg.contains(" -> ") {
        return None;
    }
    Some(match name {
        "finite" => format!("CASE WHEN abs({arg}) <= 1.7976931348623157E308D THEN {arg} + 0 END"),
        "truncated" => format!(
            "CASE WHEN {arg} >= -9223372036854775808D AND {arg} < 9223372036854775808D THEN CAST({arg} AS BIGINT) END"
        ),
        _ => return None,
    })
}

fn number_helper(name: &str, arg: &Args) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    Some(match name {
        "negate" => format!("try_subtract(0L, {a})"),
        "add" => format!("try_add({a}, {b})"),
        "subtract" => format!("try_subtract({a}, {b})"),
        "multiply" => format!("try_multiply({a}, {b})"),
        "modulo_int" => format!("try_mod({a}, {b})"),
        "float_add" => format!("pw_finite({a} + {b})"),
        "float_subtract" => format!("pw_finite({a} - {b})"),
        "float_multiply" => format!("pw_finite({a} * {b})"),
        "scaled" => format!("pw_rounded({a} * {b})"),
        "share" => format!("pw_rounded(pw_divide({a}, {b}))"),
        "narrow" => format!("try_cast({a} AS BIGINT)"),
        "mean" => format!("(CASE WHEN {b} > 0 THEN {a} div {b} END)"),
        // A quotient of logarithms is not whole for every power.
        "log2" => format!("(CASE WHEN power(2D, rint(log2({a}))) = {a} THEN rint(log2({a})) ELSE log2({a}) END)"),
        "log10" | "ln" => format!("{name}({a})"),
        "exp" => format!("pw_finite(exp({a}))"),
        "power" => format!("pw_finite(power({a}, {b}))"),
        _ => return None,
    })
}

fn text_helper(name: &str, arg: &Args, count: usize) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    Some(match name {
        "length" => format!("CAST(length({a}) AS BIGINT)"),
        "reverse" => format!("reverse({a})"),
        "trim_both" | "trim_start" | "trim_end" => {
            let side = match name {
                "trim_both" => "BOTH",
                "trim_start" => "LEADING",
                _ => "TRAILING",
            };
            format!("trim({side} {} FROM {a})", if count > 1 { b } else { BLANKS })
        }
        "message_template" => {
            let java = |pattern: &str| regex_pattern(pattern).ok()?.java_text().ok();
            VARYING.iter().try_fold(a.to_owned(), |sql, (pattern, word)| {
                let (pattern, word) = (SparkSql.text(&java(pattern)?), SparkSql.text(word));
                Some(format!("regexp_replace({sql}, {pattern}, {word})"))
            })?
        }
        "normalize_space" => format!(r"pw_trim(regexp_replace({a}, '[ \\t\\n\\f\\r]+', ' '))"),
        "replace_within" => format!("replace({a}, {b}, {})", arg(2)),
        "contains" => format!("contains({a}, {b})"),
        "starts_with" => format!("startswith({a}, {b})"),
        "ends_with" => format!("endswith({a}, {b})"),
        "position" => format!("CAST(instr({a}, {b}) AS BIGINT)"),
        "list_length" => format!("CAST(array_size({a}) AS BIGINT)"),
        "list_get" => format!("get({a}, pw_place(array_size({a}), {b}))"),
        "list_contains" => {
            format!("CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN coalesce(array_contains({a}, {b}), FALSE) END")
        }
        "join" => format!(
            "CASE WHEN CAST(array_size({a}) - 1 AS BIGINT) * length({b}) <= 1000000 THEN array_join({a}, {b}) END"
        ),
        "without_nulls" => format!("array_compact({a})"),
        "list_sort" => format!("array_sort({a})"),
        "distinct" => format!("array_distinct({a})"),
        "url_encode" => {
            format!("replace(replace(replace(url_encode({a}), '+', '%20'), '*', '%2A'), '%7E', '~')")
        }
        "hash" => format!("sha2({a}, 256)"),
        "stop" => format!("raise_error({a})"),
        _ => return None,
    })
}

fn time_helper(name: &str, arg: &Args) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    let time = |sql: &str| format!("CAST({sql} AS TIMESTAMP)");
    Some(match name {
        "micros" => format!("unix_micros({})", time(a)),
        "micros_of_time" => format!("unix_micros({a})"),
        "microsecond" => format!("pmod(unix_micros({a}), 1000000L)"),
        "millisecond" => format!("(pmod(unix_micros({a}), 1000000L) div 1000)"),
        "epoch" => format!("(CAST(unix_micros({}) AS DOUBLE) / 1e6D)", time(a)),
        "epoch_micros" => format!("try_add(try_multiply(try_cast({a} AS BIGINT), 1000000L), {b})"),
        "seconds" => format!("({a} / 1e6D)"),
        "milliseconds" => format!("({a} / 1e3D)"),
        "month" => {
            format!("CAST((instr('janfebmaraprmayjunjulaugsepoctnovdec', lower(left({a}, 3))) + 2) div 3 AS BIGINT)")
        }
        "month_name" => format!("date_format({a}, 'MMMM')"),
        "day_name" => format!("date_format({a}, 'EEEE')"),
        "at_timezone" => format!("pw_held(from_utc_timestamp({}, {b}))", time(a)),
        "shift" => format!("pw_shift({}, {b})", time(a)),
        _ => return None,
    })
}
