//! Functions on patterns, times, JSON, URLs, units and privacy → DuckDB SQL.

use super::expr::unsupported;
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, GroupPresence, PathStep, ReplacementPart, json_path, regex_pattern, regex_replacement};
use crate::quote::sql_text;

/// SQL of a call; `None`: the function is not of these groups, or DuckDB does not carry it.
pub fn call(
    name: &str,
    args: &[String],
    types: &[DataType],
    exprs: &[Expr],
    constant: fn(&Expr) -> Option<&str>,
) -> Result<Option<String>, Diagnostic> {
    let word = |index: usize| match exprs.get(index) {
        None => Ok(""),
        Some(expr) => constant(expr).ok_or_else(|| {
            unsupported(format!("`{name}` with a parameter or a computed text as its argument {}", index + 1))
        }),
    };
    if name.starts_with("regexp_") {
        return pattern_function(name, args, &word).map(Some);
    }
    if let Some(sql) = time_function(name, args, types, &word)? {
        return Ok(Some(sql));
    }
    let a = args.first().map(String::as_str).unwrap_or("NULL");
    let b = args.get(1).map(String::as_str).unwrap_or("NULL");
    Ok(Some(match name {
        "json_get" => {
            let (a, path) = (json(a), quoted_path(word(1)?)?);
            format!(
                "TRY(CASE WHEN json_type({a}, {path}) = 'VARCHAR' THEN json_extract_string({a}, {path}) ELSE nullif(CAST(json_extract({a}, {path}) AS VARCHAR), 'null') END)"
            )
        }
        "json_list" => {
            let (a, path) = (json(a), quoted_path(word(1)?)?);
            format!(
                "TRY(CASE WHEN json_type({a}, {path}) = 'ARRAY' THEN list_transform(CAST(json_extract({a}, {path}) AS JSON[]), lambda x: x ->> '$') END)"
            )
        }
        "json_keys" => {
            let a = json(a);
            format!("TRY(CASE WHEN json_type({a}) = 'OBJECT' THEN list_sort(json_keys({a})) END)")
        }
        "json_length" => {
            let (a, path) = (json(a), quoted_path(word(1)?)?);
            format!(
                "TRY(CASE json_type({a}, {path}) WHEN 'ARRAY' THEN CAST(json_array_length({a}, {path}) AS BIGINT) WHEN 'OBJECT' THEN CAST(len(json_keys({a}, {path})) AS BIGINT) END)"
            )
        }
        "json_valid" => format!("pw_is_json({a})"),
        "url_scheme" => part(&format!("pw_url_bare({a})"), "^([A-Za-z][A-Za-z0-9+.-]*)://", "lower"),
        "url_host" => format!("pw_url_host({a})"),
        "url_port" => format!("pw_url_port({a})"),
        "url_path" => {
            format!(
                "regexp_extract(pw_url_bare({a}), {}, 1)",
                sql_text(r"^(?:(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*)?((?s).*)$")
            )
        }
        "url_query" => part(&format!("pw_url_text({a})"), r"^[^?#]*\?([^#]*)", ""),
        "url_fragment" => part(&format!("pw_url_text({a})"), "^[^#]*#((?s).*)$", ""),
        "url_decode" => format!("pw_url_decode({a})"),
        "url_encode" => format!("url_encode({a})"),
        "to_duration" => match micros_of(word(1)?) {
            Some(micros) if types.first() == Some(&DataType::Int) => format!("TRY({a} * {micros})"),
            Some(micros) => format!("TRY_CAST(round({a} * {micros}) AS BIGINT)"),
            None => return Ok(None),
        },
        "seconds" => format!("({a} / 1e6)"),
        "milliseconds" => format!("({a} / 1e3)"),
        "hash" => format!("sha256({a})"),
        "mask" => {
            let keep = if args.len() > 1 { b } else { "0" };
            format!("pw_mask({a}, pw_length({keep}))")
        }
        _ => return Ok(None),
    }))
}

/// The first group of a pattern; null where nothing matches.
fn part(sql: &str, pattern: &str, wrap: &str) -> String {
    let pattern = sql_text(pattern);
    format!("CASE WHEN regexp_matches({sql}, {pattern}) THEN {wrap}(regexp_extract({sql}, {pattern}, 1)) END")
}

/// Text that is JSON; others are null. DuckDB may look into a text before it comes to a `TRY` around the look.
fn json(text: &str) -> String {
    format!("pw_json({text})")
}

/// A path with every key in quotes: DuckDB takes signs in others for its own, `*` for all of them.
fn quoted_path(path: &str) -> Result<String, Diagnostic> {
    let mut quoted = "$".to_owned();
    for step in json_path(path).map_err(unsupported)? {
        match step {
            PathStep::Key(key) if key.is_empty() || key == "*" => {
                return Err(unsupported(format!("a path with the key '{key}'")));
            }
            PathStep::Key(key) => quoted.push_str(&format!(".\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))),
            PathStep::Index(index) => quoted.push_str(&format!("[{index}]")),
        }
    }
    Ok(sql_text(&quoted))
}

/// Gives the text of an argument that must be written where the function is called.
type Word<'a> = dyn Fn(usize) -> Result<&'a str, Diagnostic> + 'a;

fn pattern_function<'a>(name: &str, args: &[String], word: &Word<'a>) -> Result<String, Diagnostic> {
    let a = args.first().map(String::as_str).unwrap_or("NULL");
    let known = regex_pattern(word(1)?)?;
    let pattern = sql_text(&known.re2_text().map_err(unsupported)?);
    let group = args.get(2).map_or("0", |group| group.trim_end_matches("::BIGINT"));
    let is_number = !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    if name.starts_with("regexp_extract") && !is_number {
        return Err(unsupported(format!("`{name}` with a parameter or a computed number as its group")));
    }
    if matches!(name, "regexp_count" | "regexp_extract_all") && known.fits_empty() {
        return Err(unsupported(format!("`{name}` with a pattern that fits the empty text")));
    }
    Ok(match name {
        "regexp_matches" => format!("regexp_matches({a}, {pattern})"),
        // A group that takes no part and an empty one look the same to regexp_extract; a match at all does not.
        "regexp_extract" => match known.group(group.parse().unwrap_or(u32::MAX)) {
            GroupPresence::Always => {
                format!("CASE WHEN regexp_matches({a}, {pattern}) THEN regexp_extract({a}, {pattern}, {group}) END")
            }
            GroupPresence::MayBeMissing => format!("nullif(regexp_extract({a}, {pattern}, {group}), '')"),
            GroupPresence::MayBeEmpty => {
                return Err(unsupported("`regexp_extract` of a group that may be missing, and may be empty"));
            }
            GroupPresence::Never => format!("CASE WHEN {a} IS NULL THEN NULL::VARCHAR END"),
        },
        "regexp_extract_all" => format!("regexp_extract_all({a}, {pattern}, {group})"),
        "regexp_count" => format!("CAST(len(regexp_extract_all({a}, {pattern})) AS BIGINT)"),
        "regexp_replace" => {
            let parts = regex_replacement(word(2)?).map_err(unsupported)?;
            let rewritten: String = parts
                .iter()
                .map(|part| match part {
                    ReplacementPart::Text(text) => text.replace('\\', r"\\"),
                    ReplacementPart::Group(group) => format!("\\{group}"),
                })
                .collect();
            // What is only taken away makes no text longer.
            match parts.is_empty() {
                true => format!("regexp_replace({a}, {pattern}, '', 'g')"),
                false => format!("pw_regexp_replace({a}, {pattern}, {})", sql_text(&rewritten)),
            }
        }
        other => return Err(unsupported(format!("the function `{other}`"))),
    })
}

fn time_function<'a>(
    name: &str,
    args: &[String],
    types: &[DataType],
    word: &Word<'a>,
) -> Result<Option<String>, Diagnostic> {
    let arg = |index: usize| args.get(index).map(String::as_str).unwrap_or("NULL");
    let (a, b) = (arg(0), arg(1));
    Ok(Some(match name {
        "date_trunc" => {
            format!("pw_held(CAST(date_trunc({}, CAST({b} AS TIMESTAMP)) AS TIMESTAMP))", sql_text(word(0)?))
        }
        "time_bucket" => format!("pw_bucket({a}, CAST({b} AS TIMESTAMP))"),
        "extract" => {
            let time = format!("CAST({b} AS TIMESTAMP)");
            match word(0)? {
                "dow" => format!("extract(isodow FROM {time})"),
                "millisecond" => format!("(extract(microsecond FROM {time}) % 1000000 // 1000)"),
                "microsecond" => format!("(extract(microsecond FROM {time}) % 1000000)"),
                "epoch" => format!("pw_floor_div(epoch_us({time}), 1000000)"),
                field => format!("extract({field} FROM {time})"),
            }
        }
        "epoch" => format!("(epoch_us(CAST({a} AS TIMESTAMP)) / 1e6)"),
        "epoch_ms" => format!("pw_floor_div(epoch_us(CAST({a} AS TIMESTAMP)), 1000)"),
        "from_epoch" => {
            let unit = if args.len() > 1 { word(1)? } else { "seconds" };
            let is_int = types.first().is_some_and(|data_type| *data_type == DataType::Int);
            let micros = match (unit, is_int) {
                ("seconds", true) => format!("TRY({a} * 1000000)"),
                ("milliseconds", true) => format!("TRY({a} * 1000)"),
                ("microseconds", true) => a.to_owned(),
                ("nanoseconds", true) => format!("pw_floor_div({a}, 1000)"),
                ("seconds", false) => format!("TRY_CAST(round({a} * 1e6) AS BIGINT)"),
                ("milliseconds", false) => format!("TRY_CAST(round({a} * 1e3) AS BIGINT)"),
                ("microseconds", false) => format!("TRY_CAST(round({a}) AS BIGINT)"),
                ("nanoseconds", false) => format!("TRY_CAST(round({a} / 1e3) AS BIGINT)"),
                _ => return Err(unsupported(format!("the unit `{unit}`"))),
            };
            format!("pw_time({micros})")
        }
        "make_timestamp" => {
            let parts: Vec<String> =
                (0..6).map(|index| args.get(index).cloned().unwrap_or_else(|| "0".into())).collect();
            let [year, month, day, hour, minute, second] = &parts[..] else { return Ok(None) };
            // A leap second is no part that a clock is set to.
            format!(
                "pw_time(pw_day({year}, {month}, {day}) + CASE WHEN {second} < 60 THEN pw_clock({hour}, {minute}, {second}) END)"
            )
        }
        "at_timezone" => {
            format!("pw_held((CAST({a} AS TIMESTAMP) AT TIME ZONE 'UTC') AT TIME ZONE {})", sql_text(word(1)?))
        }
        "is_weekend" => format!("(extract(isodow FROM CAST({a} AS TIMESTAMP)) >= 6)"),
        "format_time" => super::time_formats::printed(&format!("CAST({a} AS TIMESTAMP)"), word(1)?)?,
        "to_timestamp" if args.len() == 2 => super::time_formats::read(a, word(1)?)?,
        _ => return Ok(None),
    }))
}

fn micros_of(unit: &str) -> Option<i64> {
    Some(match unit {
        "microseconds" => 1,
        "milliseconds" => 1000,
        "seconds" => 1_000_000,
        "minutes" => 60_000_000,
        "hours" => 3_600_000_000,
        "days" => 86_400_000_000,
        "weeks" => 604_800_000_000,
        _ => return None,
    })
}
