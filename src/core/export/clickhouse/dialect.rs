//! ClickHouse's SQL. No array is null there, so a list is the one element of a tuple. Helpers that ClickHouse has words of
//! its own for are said in those; the others are functions of the prelude, which are put into a query as they stand.

use super::helpers;
use crate::data::Value;
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::export::sql::dialect::{Sql, free_name, holds_nul, sortable};
use crate::export::sql::{AggregateCall, Dialect, Engine, Exploded, NearestSide, PartnerSide, PatternCall};
use crate::expr::{FrameBound, FrameUnit, GroupPresence, PathStep, ReplacementPart, WindowFrame};
use crate::ir::NodeId;

pub(super) struct ClickHouseSql;

/// The name of the element that holds a list.
const LIST: &str = "pw_list";

/// The largest bound of a frame by values.
const WIDEST_FRAME: i64 = i32::MAX as i64;
/// Further than any number of 64 bits and the widest frame are.
const FAR_AWAY: &str = "1000000000000000000000000000000";

impl Dialect for ClickHouseSql {
    fn engine(&self) -> Engine {
        Engine::ClickHouse
    }

    fn helper(&self, name: &str, args: &[&str]) -> String {
        let arg = |index: usize| args.get(index).copied().unwrap_or("NULL");
        let own = helpers::number(name, &arg)
            .or_else(|| helpers::text(name, &arg, args.len()))
            .or_else(|| helpers::list(name, &arg))
            .or_else(|| helpers::time(name, &arg));
        own.unwrap_or_else(|| format!("pw_{name}({})", args.join(", ")))
    }

    fn identifier(&self, name: &str) -> String {
        helpers::quoted(name, '`')
    }

    /// What is selected from one side of a join bears no name of that side.
    fn selected(&self, table: &str, name: &str) -> String {
        let name = self.identifier(name);
        if table.is_empty() { name } else { format!("{table}{name} AS {name}") }
    }

    fn type_name(&self, data_type: &DataType) -> String {
        let plain = match data_type {
            DataType::Boolean => "Bool".to_owned(),
            DataType::Int | DataType::Duration => "Int64".to_owned(),
            DataType::Float => "Float64".to_owned(),
            DataType::String | DataType::Unknown => "String".to_owned(),
            DataType::Timestamp => "DateTime64(6, 'UTC')".to_owned(),
            DataType::Date => "Date32".to_owned(),
            DataType::List(item) => format!("Tuple({LIST} Array({}))", self.type_name(item)),
            DataType::Record(fields) => {
                let part =
                    |(name, item): &(String, DataType)| format!("{} {}", self.identifier(name), self.type_name(item));
                format!("Tuple({})", fields.iter().map(part).collect::<Vec<_>>().join(", "))
            }
        };
        format!("Nullable({plain})")
    }

    fn check_schema(&self, schema: &Schema) -> Result<(), Diagnostic> {
        if holds_nul(schema) {
            return Err(self.refuse(&"a column whose name holds a NUL"));
        }
        if schema.names().any(str::is_empty) {
            return Err(self.refuse(&"a column without a name"));
        }
        schema.fields.iter().try_for_each(|field| self.check_type(&field.data_type))
    }

    fn check_type(&self, data_type: &DataType) -> Result<(), Diagnostic> {
        match data_type {
            DataType::List(item) => self.check_type(item),
            DataType::Record(fields) if fields.is_empty() => Err(self.refuse(&"a record without fields")),
            DataType::Record(fields) if fields.iter().any(|(name, _)| name.is_empty()) => {
                Err(self.refuse(&"a field without a name"))
            }
            DataType::Record(fields) => fields.iter().try_for_each(|(_, item)| self.check_type(item)),
            _ => Ok(()),
        }
    }

    fn staged(&self, id: NodeId) -> String {
        format!("staged_{}", id.0)
    }

    fn text(&self, value: &str) -> String {
        helpers::quoted(value, '\'')
    }

    fn int(&self, int: i64) -> String {
        format!("toInt64('{int}')")
    }

    fn float(&self, float: f64) -> String {
        format!("toFloat64('{float:e}')")
    }

    fn timestamp(&self, micros: i64) -> String {
        format!("fromUnixTimestamp64Micro({}, 'UTC')", self.int(micros))
    }

    fn date(&self, days: i32) -> String {
        format!("CAST({days} AS Date32)")
    }

    fn list(&self, items: &[String]) -> String {
        format!("tuple([{}])", items.join(", "))
    }

    fn record(&self, fields: &[(&str, String)], data_type: &DataType) -> String {
        let parts: Vec<&str> = fields.iter().map(|(_, value)| value.as_str()).collect();
        format!("CAST(tuple({}) AS {})", parts.join(", "), self.type_name(data_type))
    }

    fn row(&self, values: &[String]) -> String {
        format!("tuple({})", values.join(", "))
    }

    fn parameter(&self, name: &str, data_type: &DataType) -> String {
        format!("CAST((SELECT {} FROM pw_parameters) AS {})", self.identifier(name), self.type_name(data_type))
    }

    fn typed(&self, sql: String, data_type: &DataType) -> String {
        match sql == "NULL" {
            true => format!("CAST(NULL AS {})", self.type_name(data_type)),
            // Else an aggregate of no rows would be zero or empty.
            false => format!("{NULLABLE}{sql})"),
        }
    }

    fn made(&self, sql: &str, data_type: &DataType) -> String {
        format!("CAST({sql} AS {})", self.type_name(data_type))
    }

    fn writes_nulls(&self) -> bool {
        true
    }

    /// ClickHouse finds nulls in a CASE by a value equal to NULL.
    fn has_case_operand(&self) -> bool {
        false
    }

    fn member(&self, record: &str, name: &str) -> String {
        format!("tupleElement({record}, {})", self.text(name))
    }

    fn like(&self, sql: &str, pattern: &str, negated: bool, insensitive: bool) -> String {
        let word = if insensitive { "ILIKE" } else { "LIKE" };
        let not = if negated { "NOT " } else { "" };
        format!(r"({sql} {not}{word} replaceAll({pattern}, '\\', '\\\\'))")
    }

    /// ClickHouse passes over a null in the list.
    fn in_list(&self, sql: &str, items: &[String], negated: bool) -> String {
        let any: Vec<String> = items.iter().map(|item| format!("{sql} = {item}")).collect();
        format!("({}({}))", if negated { "NOT " } else { "" }, any.join(" OR "))
    }

    /// Nulls inside come last, too.
    fn ordered(&self, sql: &str, data_type: &DataType) -> String {
        match data_type {
            DataType::List(item) => {
                let item = format!("tuple({})", ascending("x", item, self).join(", "));
                format!("if(isNull({sql}), NULL, tuple(arrayMap(x -> {item}, tupleElement({sql}, 1))))")
            }
            DataType::Record(fields) => {
                let parts = fields.iter().flat_map(|(name, item)| ascending(&self.member(sql, name), item, self));
                format!("if(isNull({sql}), NULL, tuple({}))", parts.collect::<Vec<_>>().join(", "))
            }
            _ => sql.to_owned(),
        }
    }

    /// A null is as far away as no value is: frames of others would reach into the nulls beside them, and theirs out of
    /// them.
    fn range_key(&self, sql: &str, data_type: &DataType, is_descending: bool) -> String {
        let sign = if is_descending { "-" } else { "" };
        let whole = |number: String| format!("ifNull({number}, toInt128('{sign}{FAR_AWAY}'))");
        match data_type {
            DataType::Timestamp | DataType::Date => whole(format!("toInt128({})", self.helper("micros", &[sql]))),
            DataType::Int | DataType::Duration => whole(format!("toInt128({sql})")),
            DataType::Float => format!("ifNull({sql}, {sign}inf)"),
            _ => sql.to_owned(),
        }
    }

    fn check_frame(&self, frame: &WindowFrame) -> Result<(), Diagnostic> {
        let is_known = |bound: &FrameBound| match bound {
            FrameBound::Unbounded | FrameBound::Current => true,
            FrameBound::Preceding(Value::Int(wide) | Value::Duration(wide))
            | FrameBound::Following(Value::Int(wide) | Value::Duration(wide)) => (0..=WIDEST_FRAME).contains(wide),
            FrameBound::Preceding(_) | FrameBound::Following(_) => false,
        };
        match frame.unit == FrameUnit::Rows || is_known(&frame.start) && is_known(&frame.end) {
            true => Ok(()),
            false => Err(self.refuse(&format_args!(
                "a window by values whose bound is a fraction or more than {WIDEST_FRAME} (of times, microseconds)"
            ))),
        }
    }

    /// A comparison is a number.
    fn shown(&self, sql: &str, from: &DataType) -> String {
        match from {
            DataType::Boolean => format!("toString(CAST({sql} AS Nullable(Bool)))"),
            _ => format!("toString({sql})"),
        }
    }

    fn extract(&self, part: &str, time: &str) -> String {
        let function = match part {
            "isodow" => "toDayOfWeek",
            "week" => "toISOWeek",
            "doy" => "toDayOfYear",
            "year" => "toYear",
            "quarter" => "toQuarter",
            "month" => "toMonth",
            "day" => "toDayOfMonth",
            "hour" => "toHour",
            "minute" => "toMinute",
            _ => "toSecond",
        };
        format!("CAST({function}({time}) AS Nullable(Int64))")
    }

    /// ClickHouse's own gives dates, or cuts what lies before 1900.
    fn date_trunc(&self, unit: &str, time: &str) -> String {
        format!("pw_trunc_{unit}({time})")
    }

    fn named(&self, value: &str, name: &str, body: &str) -> String {
        format!("arrayMap({name} -> {body}, [{value}])[1]")
    }

    fn groups(&self, text: &str, pattern: &str, count: usize) -> Sql {
        let (pattern, none) = (self.text(pattern), vec!["''"; count].join(", "));
        Ok(format!(
            "if(match(ifNull({text}, ''), {pattern}) AND isNotNull({text}), extractGroups(ifNull({text}, ''), {pattern}), [{none}])"
        ))
    }

    fn group(&self, groups: &str, index: usize) -> String {
        format!("{groups}[{}]", index + 1)
    }

    fn each(&self, list: &str, body: &str) -> String {
        match body {
            "x" => list.to_owned(),
            body => format!("if(isNull({list}), NULL, tuple(arrayMap(x -> {body}, tupleElement({list}, 1))))"),
        }
    }

    fn any(&self, list: &str, body: &str) -> String {
        format!("arrayExists(x -> ifNull({body}, 0), tupleElement({list}, 1))")
    }

    fn json_path(&self, _path: &[PathStep]) -> Sql {
        Err(self.refuse(&"paths into JSON"))
    }

    fn concat(&self, texts: &[String]) -> String {
        let texts: Vec<String> = texts.iter().map(|text| format!("ifNull({text}, '')")).collect();
        format!("concat('', {})", texts.join(", "))
    }

    fn check_arguments(&self, name: &str, is_constant: &dyn Fn(usize) -> bool) -> Result<(), Diagnostic> {
        let place = match name {
            "split" | "split_part" | "list_join" | "string_agg" => 1,
            "pad_start" | "pad_end" => 2,
            _ => return Ok(()),
        };
        match is_constant(place) {
            true => Ok(()),
            false => Err(self
                .refuse(&format_args!("`{name}` with a parameter or a computed text as its argument {}", place + 1))),
        }
    }

    fn pattern(&self, call: &PatternCall) -> Sql {
        let (a, group) = (call.text, call.group);
        let plain = call.pattern.re2_text().map_err(|what| self.refuse(&what))?;
        // A point fits line ends otherwise.
        let pattern = self.text(&plain);
        let found = format!("regexpExtract({a}, {pattern}, {group})");
        Ok(match call.name {
            "regexp_matches" => format!("match({a}, {pattern})"),
            // A group that takes no part and an empty one look the same; a match at all does not.
            "regexp_extract" => match call.pattern.group(group) {
                GroupPresence::Always => format!("if(match({a}, {pattern}), {found}, NULL)"),
                GroupPresence::MayBeMissing => format!("nullIf({found}, '')"),
                GroupPresence::MayBeEmpty => {
                    return Err(self.refuse(&"`regexp_extract` of a group that may be missing, and may be empty"));
                }
                GroupPresence::Never => "CAST(NULL AS Nullable(String))".to_owned(),
            },
            "regexp_extract_all" if call.pattern.group(group) == GroupPresence::Never => {
                return Err(self.refuse(&"`regexp_extract_all` of a group that is not there"));
            }
            "regexp_extract_all" => format!(
                "if(isNull({a}), NULL, tuple(arrayMap(x -> toNullable(x[{}]), extractAllGroupsVertical(ifNull({a}, ''), {}))))",
                group + 1,
                self.text(&format!("({plain})"))
            ),
            "regexp_count" => {
                format!("if(isNull({a}), NULL, toInt64(countMatches(ifNull({a}, ''), {pattern})))")
            }
            "regexp_replace" if call.pattern.fits_empty() => {
                return Err(self.refuse(&"`regexp_replace` with a pattern that fits the empty text"));
            }
            "regexp_replace" => {
                let part = |part: &ReplacementPart| match part {
                    ReplacementPart::Text(text) => text.replace('\\', r"\\"),
                    ReplacementPart::Group(group) => format!("\\{group}"),
                };
                let new = self.text(&call.replacement.iter().map(part).collect::<String>());
                // A pattern that is a plain text would be replaced by the plain replacement.
                let pattern = self.text(&format!("(?:{plain})"));
                format!("pw_grown({a}, replaceRegexpAll({a}, {pattern}, {new}))")
            }
            other => return Err(self.refuse(&format_args!("the function `{other}`"))),
        })
    }

    /// Places are written as they are.
    fn window(&self, name: &str, args: &[String]) -> String {
        let place = |(index, arg): (usize, &String)| match (name, index) {
            ("lag" | "lead", 1) => constant(arg).trim_start_matches("toInt64('").trim_end_matches("')").to_owned(),
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

    fn all_or_any(&self, is_all: bool) -> &'static str {
        if is_all { "min" } else { "max" }
    }

    /// Of Ints in whole numbers, which have room for squares.
    fn variance(&self, value: &str, data_type: &DataType, clauses: &str) -> String {
        match data_type {
            DataType::Int => format!(
                "pw_variance(count({value}){clauses}, sum(toInt256({value})){clauses}, sum(toInt256({value}) * toInt256({value})){clauses})"
            ),
            _ => format!("varSampStable({value}){clauses}"),
        }
    }

    fn aggregate(&self, call: &AggregateCall) -> Sql {
        let (name, args, over) = (call.name, call.args, call.over);
        let Some(value) = args.first() else { return Err(self.refuse(&format_args!("`{name}` without a value"))) };
        let picked = |sql: &str| match call.filter.is_empty() {
            true => sql.to_owned(),
            false => format!("CASE WHEN {} THEN {sql} END", call.filter.join(" AND ")),
        };
        let is_whole = matches!(call.types[0], DataType::Int | DataType::Duration);
        // Sums of integers are exact, whatever their size.
        let whole_sum = || format!("sum(toInt128({})){over}", picked(value));
        let keys = || -> Sql {
            let keys =
                call.keys.iter().map(|key| sortable(key, self, &is_null, &turned)).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("tuple({})", keys.concat().join(", ")))
        };
        let filter = match call.filter.is_empty() {
            true => "1".to_owned(),
            false => format!("ifNull({}, 0)", call.filter.join(" AND ")),
        };
        Ok(match name {
            "sum" if is_whole => whole_sum(),
            "avg" if is_whole => format!("pw_divide({}, count({}){over})", whole_sum(), picked(value)),
            "count_distinct" => format!("uniqExact({}){over}", picked(value)),
            "median" => format!("quantileExactInclusive(0.5)({}){over}", picked(value)),
            "quantile" => {
                let share = args.get(1).map(|arg| constant(arg)).unwrap_or_default();
                format!("quantileExactInclusive({share})({}){over}", picked(value))
            }
            "first" | "last" => {
                let function = if name == "first" { "argMinIf" } else { "argMaxIf" };
                format!("tupleElement({function}(tuple({value}), {}, {filter}){over}, 1)", keys()?)
            }
            "collect" | "string_agg" => {
                let rows = format!("groupArrayIf(tuple({}, {value}), {filter}){over}", keys()?);
                let sorted = format!("arrayMap(x -> tupleElement(x, 2), arraySort(x -> tupleElement(x, 1), {rows}))");
                match args.get(1).filter(|_| name == "string_agg") {
                    None => format!("tuple({sorted})"),
                    Some(between) => format!("pw_texts({sorted}, {})", constant(between)),
                }
            }
            name => format!("{name}({}){over}", picked(value)),
        })
    }

    fn partnered(&self, columns: &str, side: &PartnerSide, is_wanted: bool) -> Sql {
        if side.on == "TRUE" {
            return Err(self.refuse(&"rows that are kept for any row of another table"));
        }
        let kind = if is_wanted { "SEMI" } else { "ANTI" };
        let PartnerSide { view, table, other_view, other_table, on } = side;
        Ok(format!("SELECT {columns} FROM {view} AS {table} LEFT {kind} JOIN {other_view} AS {other_table} ON {on}"))
    }

    /// An ASOF join over right rows made unique by key and time; it needs a key.
    fn nearest(&self, side: &NearestSide) -> String {
        let NearestSide { view, table, time, left_time, .. } = side;
        let conditions = side.conditions.join(" AND ");
        let any = match side.by.is_empty() {
            true => format!("isNotNull({left_time}) = isNotNull({table}.{time}) AND "),
            false => String::new(),
        };
        format!(
            "ASOF LEFT JOIN (SELECT * FROM {view} WHERE {time} IS NOT NULL QUALIFY row_number() OVER (PARTITION BY {} ORDER BY {}) = 1) AS {table} ON {any}{conditions}",
            side.keys.join(", "),
            side.ties
        )
    }

    fn exploded(&self, view: &str, list: &str, keep_empty: bool, columns: &[(String, Exploded)]) -> String {
        let free =
            |stem: &str| free_name(stem, |name| columns.iter().any(|(known, _)| *known == self.identifier(name)));
        let (place, item) = (free("pw_place"), free("pw_item"));
        let column = |(name, held): &(String, Exploded)| match held {
            Exploded::Item => format!("{item} AS {name}"),
            // An empty list has no place.
            Exploded::Position => format!("CAST(nullIf({place}, 0) AS Nullable(Int64)) AS {name}"),
            Exploded::Other => format!("pw_rows.{name} AS {name}"),
        };
        let columns = columns.iter().map(column).collect::<Vec<_>>().join(", ");
        let word = if keep_empty { "LEFT " } else { "" };
        let items = format!("tupleElement(pw_rows.{list}, 1)");
        format!(
            "SELECT {columns}\nFROM {view} AS pw_rows {word}ARRAY JOIN {items} AS {item}, arrayEnumerate({items}) AS {place}"
        )
    }
}

/// Begins a constant that is typed.
const NULLABLE: &str = "toNullable(";

/// A typed constant as it is.
fn constant(sql: &str) -> &str {
    sql.strip_prefix(NULLABLE).and_then(|sql| sql.strip_suffix(')')).unwrap_or(sql)
}

fn is_null(sql: &str) -> String {
    format!("isNull({sql})")
}

/// Values by which something is ordered, nulls last.
fn ascending(sql: &str, data_type: &DataType, dialect: &dyn Dialect) -> [String; 2] {
    [is_null(sql), dialect.ordered(sql, data_type)]
}

/// A number that is the less the more a value is.
fn turned(sql: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp => format!("bitNot(toUnixTimestamp64Micro({sql}))"),
        DataType::Date => format!("bitNot(toInt32({sql}))"),
        _ => format!("bitNot({sql})"),
    }
}
