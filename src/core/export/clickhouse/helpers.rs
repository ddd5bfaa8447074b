//! Helpers that ClickHouse has words of its own for, and its quotes.

use crate::expr::{VARYING, regex_pattern};

/// A text or a name between its quotes.
pub(super) fn quoted(text: &str, quote: char) -> String {
    let mut escaped = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\0' => escaped.push_str("\\0"),
            c if c == quote => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped.push(quote);
    escaped
}

/// Gives a helper's arguments.
type Args<'a> = dyn Fn(usize) -> &'a str + 'a;

pub(super) fn number(name: &str, arg: &Args) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    Some(match name {
        "log10" | "log2" | "exp" => format!("pw_finite({name}({a}))"),
        "ln" => format!("log({a})"),
        "power" => format!("pw_finite(pow({a}, {b}))"),
        _ => return None,
    })
}

pub(super) fn text(name: &str, arg: &Args, count: usize) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    Some(match name {
        "length" => format!("toInt64(lengthUTF8({a}))"),
        "reverse" => format!("reverseUTF8({a})"),
        "left" | "right" => format!("{name}UTF8({a}, pw_places({b}))"),
        "trim_both" | "trim_start" | "trim_end" => match count {
            0 | 1 => {
                let side = match name {
                    "trim_both" => "BOTH",
                    "trim_start" => "LEADING",
                    _ => "TRAILING",
                };
                format!(r"trim({side} ' \t\n\v\f\r' FROM {a})")
            }
            _ => format!("pw_{name}({a}, {b})"),
        },
        "message_template" => VARYING.iter().try_fold(a.to_owned(), |sql, (pattern, word)| {
            let pattern = regex_pattern(pattern).ok()?.re2_text().ok()?;
            let [pattern, word] = [pattern.as_str(), word].map(|text| quoted(text, '\''));
            Some(format!("replaceRegexpAll({sql}, {pattern}, {word})"))
        })?,
        "replace_within" => format!("replaceAll({a}, {b}, {})", arg(2)),
        "contains" => format!("(position({a}, {b}) > 0)"),
        "starts_with" => format!("startsWith({a}, {b})"),
        "ends_with" => format!("endsWith({a}, {b})"),
        "position" => format!("toInt64(positionUTF8({a}, {b}))"),
        "split" => format!("pw_split({a}, {b})"),
        "split_part" => format!("pw_list_get(pw_split({a}, {b}), {})", arg(2)),
        "url_encode" => format!("encodeURLComponent({a})"),
        "hash" => format!("lower(hex(SHA256({a})))"),
        // Not at once, where the query is read: when a row comes to it.
        "stop" => format!("throwIf(materialize(1), {a})"),
        _ => return None,
    })
}

pub(super) fn list(name: &str, arg: &Args) -> Option<String> {
    let (a, b) = (arg(0), arg(1));
    let items = format!("tupleElement({a}, 1)");
    let held = |sql: String| format!("if(isNull({a}), NULL, {sql})");
    Some(match name {
        "list_length" => held(format!("toInt64(length({items}))")),
        "list_contains" => format!("if(isNull({a}) OR isNull({b}), NULL, has({items}, {b}))"),
        "without_nulls" => held(format!("tuple(arrayFilter(x -> isNotNull(x), {items}))")),
        "list_sort" => held(format!("tuple(arraySort({items}))")),
        "distinct" => held(format!("tuple(arrayMap(x -> toNullable(x), arrayDistinct({items})))")),
        "join" => format!("pw_join({a}, {b})"),
        _ => return None,
    })
}

pub(super) fn time(name: &str, arg: &Args) -> Option<String> {
    let a = arg(0);
    Some(match name {
        "micros_of_time" => format!("toUnixTimestamp64Micro({a})"),
        "seconds" => format!("({a} / 1e6)"),
        "milliseconds" => format!("({a} / 1e3)"),
        _ => return None,
    })
}
