//! DuckDB's SQL. Helpers that it has words of its own for are said in those; the others are macros of the prelude.

use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::export::handover::staged_file;
use crate::export::sql::dialect::{Sql, alike, holds_nul};
use crate::export::sql::{AggregateCall, Dialect, Engine, Exploded, NearestSide, PatternCall};
use crate::expr::{GroupPresence, PathStep, ReplacementPart, VARYING};
use crate::ir::NodeId;
use crate::quote::{sql_identifier, sql_text};

pub(in crate::export) struct DuckDbSql {
    /// How the value of a parameter is written.
    pub parameter: fn(&str, &DataType) -> String,
}

/// The value of a parameter, as run.py sets it.
pub(super) fn variable(name: &str, data_type: &DataType) -> String {
    let value = format!("getvariable({})", sql_text(name));
    match data_type {
        DataType::Timestamp => format!("pw_timestamp({value})"),
        DataType::Date => format!("pw_date({value})"),
        other => format!("CAST({value} AS {})", type_name(other)),
    }
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int | DataType::Duration => "BIGINT".to_owned(),
        DataType::Float => "DOUBLE".to_owned(),
        DataType::String | DataType::Unknown => "VARCHAR".to_owned(),
        DataType::Timestamp => "TIMESTAMP".to_owned(),
        DataType::Date => "DATE".to_owned(),
        DataType::List(item) => format!("{}[]", type_name(item)),
        DataType::Record(fields) => {
            let part = |(name, item): &(String, DataType)| format!("{} {}", sql_identifier(name), type_name(item));
            format!("STRUCT({})", fields.iter().map(part).collect::<Vec<_>>().join(", "))
        }
    }
}

impl Dialect for DuckDbSql {
    fn engine(&self) -> Engine {
        Engine::DuckDb
    }

    fn helper(&self, name: &str, args: &[&str]) -> String {
        let arg = |index: usize| args.get(index).copied().unwrap_or("NULL");
        let own = number_helper(name, &arg)
            .or_else(|| text_helper(name, &arg, args.len()))
            .or_else(|| time_helper(name, &arg))
            .or_else(|| domain_helper(name, &arg));
        own.unwrap_or_else(|| format!("pw_{name}({})", args.join(", ")))
    }

    fn type_name(&self, data_type: &DataType) -> String {
        type_name(data_type)
    }

    fn check_schema(&self, schema: &Schema) -> Result<(), Diagnostic> {
        if holds_nul(schema) {
            return Err(self.refuse(&"a column whose name holds a NUL"));
        }
        let differ = |what: &str, (one, other): (String, String)| {
            let what = format!("{what} whose names differ in capital letters alone: `{one}` and `{other}`");
            Err(self.refuse(&what))
        };
        if let Some(names) = alike(schema.fields.iter().map(|field| field.name.as_str())) {
            return differ("columns", names);
        }
        match schema.fields.iter().find_map(|field| alike_inside(&field.data_type)) {
            Some(names) => differ("fields", names),
            None => Ok(()),
        }
    }

    fn staged(&self, id: NodeId) -> String {
        format!("read_parquet({})", sql_text(&format!("stage/{}", staged_file(id))))
    }

    fn subquery_name(&self) -> &'static str {
        ""
    }

    fn int(&self, int: i64) -> String {
        match int {
            i64::MIN => "(-9223372036854775807::BIGINT - 1)".to_owned(),
            int if int < 0 => format!("({int}::BIGINT)"),
            int => format!("{int}::BIGINT"),
        }
    }

    /// With an exponent it is a DOUBLE, not a DECIMAL.
    fn float(&self, float: f64) -> String {
        if float < 0.0 { format!("({float:e})") } else { format!("{float:e}") }
    }

    fn timestamp(&self, micros: i64) -> String {
        format!("make_timestamp({micros})")
    }

    fn list(&self, items: &[String]) -> String {
        format!("[{}]", items.join(", "))
    }

    fn empty_list(&self, _item: &DataType) -> String {
        "[]".to_owned()
    }

    fn record(&self, fields: &[(&str, String)], _data_type: &DataType) -> String {
        let parts: Vec<String> = fields.iter().map(|(name, value)| format!("{}: {value}", sql_text(name))).collect();
        format!("{{{}}}", parts.join(", "))
    }

    fn parameter(&self, name: &str, data_type: &DataType) -> String {
        (self.parameter)(name, data_type)
    }

    fn member(&self, record: &str, name: &str) -> String {
        format!("struct_extract({record}, {})", sql_text(name))
    }

    fn like(&self, sql: &str, pattern: &str, negated: bool, insensitive: bool) -> String {
        let word = if insensitive { "ILIKE" } else { "LIKE" };
        format!("({sql} {}{word} {pattern})", if negated { "NOT " } else { "" })
    }

    fn range_key(&self, sql: &str, data_type: &DataType, _is_descending: bool) -> String {
        match data_type {
            // Bounds may lie beyond 64 bits.
            DataType::Timestamp | DataType::Date => format!("CAST(epoch_us(CAST({sql} AS TIMESTAMP)) AS HUGEINT)"),
            DataType::Int | DataType::Duration => format!("CAST({sql} AS HUGEINT)"),
            _ => sql.to_owned(),
        }
    }

    fn convert(&self, sql: &str, _from: &DataType, to: &DataType) -> String {
        format!("TRY_CAST({sql} AS {})", self.type_name(to))
    }

    fn extract(&self, part: &str, time: &str) -> String {
        format!("extract({part} FROM {time})")
    }

    fn named(&self, value: &str, name: &str, body: &str) -> String {
        format!("list_extract(list_transform([{value}], lambda {name}: {body}), 1)")
    }

    fn groups(&self, text: &str, pattern: &str, count: usize) -> Sql {
        let names: Vec<String> = (0..count).map(|place| format!("'p{place}'")).collect();
        Ok(format!("regexp_extract({text}, {}, [{}])", sql_text(pattern), names.join(", ")))
    }

    /// `t.p0` would be a part of a column `t`, where there is one.
    fn group(&self, groups: &str, index: usize) -> String {
        format!("{groups}['p{index}']")
    }

    fn each(&self, list: &str, body: &str) -> String {
        format!("list_transform({list}, lambda x: {body})")
    }

    fn any(&self, list: &str, body: &str) -> String {
        format!("(len(list_filter({list}, lambda x: {body})) > 0)")
    }

    /// With every key in quotes: DuckDB takes signs in others for its own, `*` for all of them.
    fn json_path(&self, path: &[PathStep]) -> Sql {
        let mut quoted = "$".to_owned();
        for step in path {
            match step {
                PathStep::Key(key) if key.is_empty() || key == "*" => {
                    return Err(self.refuse(&format_args!("a path with the key '{key}'")));
                }
                PathStep::Key(key) => {
                    quoted.push_str(&format!(".\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\"")));
                }
                PathStep::Index(index) => quoted.push_str(&format!("[{index}]")),
            }
        }
        Ok(sql_text(&quoted))
    }

    fn pattern(&self, call: &PatternCall) -> Sql {
        let (a, group) = (call.text, call.group);
        let pattern = sql_text(&call.pattern.re2_text().map_err(|what| self.refuse(&what))?);
        Ok(match call.name {
            "regexp_matches" => format!("regexp_matches({a}, {pattern})"),
            // A group that takes no part and an empty one look the same to regexp_extract; a match at all does not.
            "regexp_extract" => match call.pattern.group(group) {
                GroupPresence::Always => {
                    format!("CASE WHEN regexp_matches({a}, {pattern}) THEN regexp_extract({a}, {pattern}, {group}) END")
                }
                GroupPresence::MayBeMissing => format!("nullif(regexp_extract({a}, {pattern}, {group}), '')"),
                GroupPresence::MayBeEmpty => {
                    let what = "`regexp_extract` of a group that may be missing, and may be empty";
                    return Err(self.refuse(&what));
                }
                GroupPresence::Never => format!("CASE WHEN {a} IS NULL THEN NULL::VARCHAR END"),
            },
            "regexp_extract_all" => format!("regexp_extract_all({a}, {pattern}, {group})"),
            "regexp_count" => format!("CAST(len(regexp_extract_all({a}, {pattern})) AS BIGINT)"),
            "regexp_replace" => match call.replacement.is_empty() {
                // What is only taken away makes no text longer.
                true => format!("regexp_replace({a}, {pattern}, '', 'g')"),
                false => format!("pw_regexp_replace({a}, {pattern}, {})", sql_text(&replacement(call.replacement))),
            },
            other => return Err(self.refuse(&format_args!("the function `{other}`"))),
        })
    }

    /// Of Ints in whole numbers: as Floats those that are large and close together would be one. Sums of squares have no
    /// room, those of halves of the digits do.
    fn variance(&self, value: &str, data_type: &DataType, clauses: &str) -> String {
        if *data_type != DataType::Int {
            return format!("var_samp({value}){clauses}");
        }
        let (high, low) = (format!("pw_high({value})"), format!("pw_low({value})"));
        let sums =
            [&high, &low, &format!("{high} * {high}"), &format!("{high} * {low}"), &format!("pw_wide({low}) * {low}")];
        let sums = sums.map(|sum| format!("sum({sum}){clauses}"));
        format!("pw_variance(count({value}){clauses}, {})", sums.join(", "))
    }

    fn aggregate(&self, call: &AggregateCall) -> Sql {
        let (name, args) = (call.name, call.args);
        let order = if call.order.is_empty() { String::new() } else { format!(" ORDER BY {}", call.order) };
        let clauses = format!("{}{}", call.filter(), call.over);
        let Some(value) = args.first() else { return Err(self.refuse(&format_args!("`{name}` without a value"))) };
        // As window functions they take no FILTER.
        let is_picked = !call.over.is_empty() && !call.filter.is_empty();
        Ok(match name {
            "count_distinct" => format!("count(DISTINCT {value}){clauses}"),
            "median" => match call.types[0] {
                DataType::Int | DataType::Duration => format!("median(CAST({value} AS DOUBLE)){clauses}"),
                _ => format!("median({value}){clauses}"),
            },
            "quantile" => format!("quantile_cont({}){clauses}", args.join(", ")),
            "first" if is_picked => format!("list_extract(list({value}{order}){clauses}, 1)"),
            "last" if is_picked => format!("list_extract(list({value}{order}){clauses}, -1)"),
            "collect" => format!("list({value}{order}){clauses}"),
            "string_agg" => format!("string_agg({}{order}){clauses}", args.join(", ")),
            // DuckDB adds integers in 128 bits, and its means divide such a sum.
            name => format!("{name}({value}{order}){clauses}"),
        })
    }

    // All columns, by the star that knows which ones they are.
    fn star(&self, _schema: &Schema, replaced: &[(&str, String)], left_out: Option<&str>) -> String {
        let mut star = "*".to_owned();
        if let Some(name) = left_out {
            star.push_str(&format!(" EXCLUDE ({})", sql_identifier(name)));
        }
        if !replaced.is_empty() {
            let parts = replaced.iter().map(|(name, sql)| format!("{sql} AS {}", sql_identifier(name)));
            star.push_str(&format!(" REPLACE ({})", parts.collect::<Vec<_>>().join(", ")));
        }
        star
    }

    fn first_of_each(&self, from: &str, _schema: &Schema, keys: &[String], order: &str) -> String {
        format!(
            "SELECT * FROM {from} QUALIFY row_number() OVER (PARTITION BY {} ORDER BY {order}) = 1",
            keys.join(", ")
        )
    }

    /// An ASOF join over right rows made unique by key and time.
    fn nearest(&self, side: &NearestSide) -> String {
        format!(
            "ASOF LEFT JOIN (SELECT * FROM {} WHERE {} IS NOT NULL QUALIFY row_number() OVER (PARTITION BY {} ORDER BY {}) = 1) AS {} ON {}",
            side.view,
            side.time,
            side.keys.join(", "),
            side.ties,
            side.table,
            side.conditions.join(" AND ")
        )
    }

    fn exploded(&self, view: &str, list: &str, keep_empty: bool, columns: &[(String, Exploded)]) -> String {
        let items = match keep_empty {
            true => format!("CASE WHEN len({list}) > 0 THEN {list} ELSE [NULL] END"),
            false => list.to_owned(),
        };
        let places = match keep_empty {
            true => format!("CASE WHEN len({list}) > 0 THEN range(1, len({list}) + 1) ELSE [NULL] END"),
            false => format!("range(1, len({list}) + 1)"),
        };
        let column = |(name, held): &(String, Exploded)| match held {
            Exploded::Item => format!("unnest({items}) AS {name}"),
            Exploded::Position => format!("unnest({places}) AS {name}"),
            Exploded::Other => name.clone(),
        };
        format!("SELECT {}\nFROM {view}", columns.iter().map(column).collect::<Vec<_>>().join(", "))
    }
}

fn alike_inside(data_type: &DataType) -> Option<(String, String)> {
    match data_type {
        DataType::List(items) => alike_inside(items),
        DataType::Record(fields) => alike(fields.iter().map(|(name, _)| name.as_str()))
            .or_else(|| fields.iter().find_map(|(_, data_type)| alike_inside(data_type))),
        _ => None,
    }
}

/// A replacement as RE2 reads it.
fn replacement(parts: &[ReplacementPart]) -> String {
    let part = |part: &ReplacementPart| match part {
        ReplacementPart::Text(text) => text.replace('\\', r"\\"),
        ReplacementPart::Group(group) => format!("\\{group}"),
    };
    parts.iter().map(part).collect()
}

/// Gives a helper's arguments.
type Args<'a> = dyn Fn(usize) -> &'a str + 'a;

fn number_helper(name: &str, arg: &Args) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    Some(match name {
        "negate" => format!("TRY(- {a})"),
        "add" => format!("TRY({a} + {b})"),
        "subtract" => format!("TRY({a} - {b})"),
        "multiply" => format!("TRY({a} * {b})"),
        "integer_divide" => format!("TRY({a} // {b})"),
        "float_add" => format!("pw_finite({a} + {b})"),
        "float_subtract" => format!("pw_finite({a} - {b})"),
        "float_multiply" => format!("pw_finite({a} * {b})"),
        "scaled" => format!("TRY_CAST(round({a} * {b}) AS BIGINT)"),
        "share" => format!("TRY_CAST(round(pw_divide({a}, {b})) AS BIGINT)"),
        "rounded" => format!("TRY_CAST(round({a}) AS BIGINT)"),
        "truncated" => format!("TRY_CAST(trunc({a}) AS BIGINT)"),
        "narrow" => format!("TRY_CAST({a} AS BIGINT)"),
        "mean" => format!("(CASE WHEN {b} > 0 THEN {a} // {b} END)"),
        "abs" => format!("TRY(abs({a}))"),
        "log2" | "log10" | "ln" => format!("{name}({a})"),
        "exp" => format!("pw_finite(TRY(exp({a})))"),
        "power" => format!("pw_finite(TRY(pow({a}, {b})))"),
        "bin" => format!("CASE WHEN {b} > 0 THEN pw_finite(floor(CAST({a} AS DOUBLE) / {b}) * {b}) END"),
        _ => return None,
    })
}

fn text_helper(name: &str, arg: &Args, count: usize) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    Some(match name {
        "lower" | "length" => format!("{name}({a})"),
        // A sharp s has no single capital letter that goes back to it.
        "upper" => {
            format!("CASE WHEN contains({a}::VARCHAR, 'ß') THEN replace(upper({a}), 'ẞ', 'ß') ELSE upper({a}) END")
        }
        // A count below zero is no count; positions before the first character count too.
        "from" => format!("pw_from({a}, pw_count({b}))"),
        "left" | "right" => format!("{name}({a}, pw_count({b}))"),
        "trim_both" | "trim_start" | "trim_end" => {
            let function = match name {
                "trim_both" => "trim",
                "trim_start" => "ltrim",
                _ => "rtrim",
            };
            format!("{function}({a}, {})", if count > 1 { b } else { "pw_blanks()" })
        }
        "message_template" => VARYING.iter().fold(a.to_owned(), |sql, (pattern, word)| {
            format!("regexp_replace({sql}, {}, {}, 'g')", sql_text(pattern), sql_text(word))
        }),
        "normalize_space" => format!("pw_trim(regexp_replace({a}, '[ \\t\\n\\f\\r]+', ' ', 'g'))"),
        "replace_within" => format!("replace({a}, {b}, {})", arg(2)),
        "contains" => format!("contains({a}::VARCHAR, {b}::VARCHAR)"),
        "starts_with" | "ends_with" => format!("{name}({a}, {b})"),
        "position" => format!("strpos({a}, {b})"),
        "split_part" => format!("list_extract(pw_split({a}, {b}), {})", arg(2)),
        "pad_start" | "pad_end" => {
            let function = if name == "pad_start" { "lpad" } else { "rpad" };
            // A longer text stays whole.
            format!(
                "CASE WHEN {fill} IS NULL OR {b} IS NULL OR {b} > 1000000 THEN NULL WHEN length({a}) >= {b} OR {fill} = '' THEN {a} ELSE {function}({a}, pw_length({b}), {fill}) END",
                fill = arg(2)
            )
        }
        "list_length" => format!("len({a})"),
        "list_get" => format!("list_extract({a}, {b})"),
        "list_contains" => format!("list_contains({a}, {b})"),
        "without_nulls" => format!("list_filter({a}, lambda x: x IS NOT NULL)"),
        "list_sort" => format!("list_sort({a}, 'ASC', 'NULLS LAST')"),
        "stop" => format!("error({a})"),
        _ => return None,
    })
}

fn time_helper(name: &str, arg: &Args) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    Some(match name {
        "micros" => format!("epoch_us(CAST({a} AS TIMESTAMP))"),
        "micros_of_time" => format!("epoch_us({a})"),
        "microsecond" => format!("(extract(microsecond FROM {a}) % 1000000)"),
        "millisecond" => format!("(extract(microsecond FROM {a}) % 1000000 // 1000)"),
        "epoch" => format!("(epoch_us(CAST({a} AS TIMESTAMP)) / 1e6)"),
        "epoch_micros" => format!("TRY(TRY_CAST({a} AS BIGINT) * 1000000 + {b})"),
        "seconds" => format!("({a} / 1e6)"),
        "milliseconds" => format!("({a} / 1e3)"),
        "month" => format!("((strpos('janfebmaraprmayjunjulaugsepoctnovdec', lower(left({a}, 3))) + 2) // 3)"),
        "month_name" => format!("monthname({a})"),
        "day_name" => format!("dayname({a})"),
        "at_timezone" => format!("pw_held((CAST({a} AS TIMESTAMP) AT TIME ZONE 'UTC') AT TIME ZONE {b})"),
        _ => return None,
    })
}

fn domain_helper(name: &str, arg: &Args) -> Option<String> {
    let (a, path) = (arg(0), arg(1));
    // Text that is JSON; others are null. DuckDB may look into a text before it comes to a `TRY` around the look.
    let json = || format!("pw_json({a})");
    Some(match name {
        "json_get" => format!(
            "TRY(CASE WHEN json_type({a}, {path}) = 'VARCHAR' THEN json_extract_string({a}, {path}) ELSE pw_json_print(json_extract({a}, {path})) END)",
            a = json()
        ),
        "json_list" => format!(
            "TRY(CASE WHEN json_type({a}, {path}) = 'ARRAY' THEN list_transform(CAST(json_extract({a}, {path}) AS JSON[]), lambda x: CASE WHEN json_type(x) = 'VARCHAR' THEN x ->> '$' ELSE pw_json_print(x) END) END)",
            a = json()
        ),
        "json_keys" => {
            format!("TRY(CASE WHEN json_type({a}) = 'OBJECT' THEN list_sort(json_keys({a})) END)", a = json())
        }
        "json_length" => format!(
            "TRY(CASE json_type({a}, {path}) WHEN 'ARRAY' THEN CAST(json_array_length({a}, {path}) AS BIGINT) WHEN 'OBJECT' THEN CAST(len(json_keys({a}, {path})) AS BIGINT) END)",
            a = json()
        ),
        "json_valid" => format!("pw_is_json({a})"),
        "url_scheme" => part(&format!("pw_url_bare({a})"), "^([A-Za-z][A-Za-z0-9+.-]*)://", "lower"),
        "url_path" => {
            format!(
                "regexp_extract(pw_url_bare({a}), {}, 1)",
                sql_text(r"^(?:(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*)?((?s).*)$")
            )
        }
        "url_query" => part(&format!("pw_url_text({a})"), r"^[^?#]*\?([^#]*)", ""),
        "url_fragment" => part(&format!("pw_url_text({a})"), "^[^#]*#((?s).*)$", ""),
        "url_encode" => format!("url_encode({a})"),
        "hash" => format!("sha256({a})"),
        "mask" => format!("pw_mask({a}, pw_length({path}))"),
        _ => return None,
    })
}

/// The first group of a pattern; null where nothing matches.
fn part(sql: &str, pattern: &str, wrap: &str) -> String {
    let pattern = sql_text(pattern);
    format!("CASE WHEN regexp_matches({sql}, {pattern}) THEN {wrap}(regexp_extract({sql}, {pattern}, 1)) END")
}
