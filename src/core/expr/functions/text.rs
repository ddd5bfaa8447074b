//! Text: case, pieces, padding, search. Lengths and positions count characters, from 1.
//! Must not import any room but `data`.

use super::ArgType::{Any, Int, String as Text};
use super::arguments::{boolean, index_of, int, int_at, some_text, string, strings, text_at, value_or_null};
use super::{Function, MOST_JOINED, example, scalar};
use crate::data::Value;

/// Longer results of `repeat` and `pad_*` are null; of what replaces, where they are longer than the text itself, too.
const MAX_CHARACTERS: i64 = 1_000_000;

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "text",
        "lower(text) → String",
        "Small letters, character by character.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(text_at(a, 0)?.chars().map(lower_char).collect::<String>())),
        &[example("lower('GET /Über')", "'get /über'")],
    ),
    scalar(
        "text",
        "upper(text) → String",
        "Capital letters, character by character.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(text_at(a, 0)?.chars().map(upper_char).collect::<String>())),
        &[example("upper('get é')", "'GET É'"), example("upper('straße')", "'STRAßE'")],
    ),
    scalar(
        "text",
        "length(text) → Int",
        "The number of characters.",
        &[Text],
        int,
        |a| value_or_null(|| Some(Value::Int(text_at(a, 0)?.chars().count() as i64))),
        &[example("length('größe')", "5"), example("length('')", "0"), example("length(null)", "null")],
    ),
    scalar(
        "text",
        "substring(text, start[, count]) → String",
        "The characters from position `start` (from 1) on, at most `count` of them.",
        &[Text, Int, Int],
        string,
        |a| value_or_null(|| substring(text_at(a, 0)?, int_at(a, 1)?, a.get(2).map(|_| int_at(a, 2)))),
        &[
            example("substring('/api/users', 2, 3)", "'api'"),
            example("substring('größe', 3)", "'öße'"),
            example("substring('abc', -9223372036854775807)", "'abc'"),
            example("substring('abc', 0, 2)", "'a'"),
            example("substring('abc', 2, -1)", "null"),
            example("substring('abc', -9007199254740993, 9223372036854775807)", "'abc'"),
            example("substring('abc', 9223372036854775807, 9223372036854775807)", "''"),
        ],
    )
    .least(2),
    scalar(
        "text",
        "left(text, count) → String",
        "The first `count` characters; a negative count leaves out that many at the end.",
        &[Text, Int],
        string,
        |a| value_or_null(|| side(text_at(a, 0)?, int_at(a, 1)?, true)),
        &[example("left('abcdef', 2)", "'ab'"), example("left('abcdef', -2)", "'abcd'")],
    ),
    scalar(
        "text",
        "right(text, count) → String",
        "The last `count` characters; a negative count leaves out that many at the start.",
        &[Text, Int],
        string,
        |a| value_or_null(|| side(text_at(a, 0)?, int_at(a, 1)?, false)),
        &[example("right('abcdef', 2)", "'ef'"), example("right('abcdef', -2)", "'cdef'")],
    ),
    scalar(
        "text",
        "trim(text[, characters]) → String",
        "Without the spaces (or the given characters) at both ends.",
        &[Text, Text],
        string,
        |a| trim(a, true, true),
        &[example("trim('  a b ')", "'a b'"), example("trim('[x]', '[]')", "'x'")],
    )
    .least(1),
    scalar(
        "text",
        "trim_start(text[, characters]) → String",
        "Without the spaces (or the given characters) at the start.",
        &[Text, Text],
        string,
        |a| trim(a, true, false),
        &[example("trim_start('  a ')", "'a '")],
    )
    .least(1),
    scalar(
        "text",
        "trim_end(text[, characters]) → String",
        "Without the spaces (or the given characters) at the end.",
        &[Text, Text],
        string,
        |a| trim(a, false, true),
        &[example("trim_end('/path/', '/')", "'/path'")],
    )
    .least(1),
    scalar(
        "text",
        "normalize_space(text) → String",
        "Runs of spaces, tabs and line breaks become one space each; none at the ends.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(text_at(a, 0)?.split_ascii_whitespace().collect::<Vec<_>>().join(" "))),
        &[example("normalize_space('  a \t b ')", "'a b'")],
    ),
    scalar(
        "text",
        "replace(text, from, to) → String",
        "Every `from` becomes `to`; an empty `from` changes nothing; null where the text grows to over a million characters.",
        &[Text, Text, Text],
        string,
        |a| value_or_null(|| replaced(text_at(a, 0)?, text_at(a, 1)?, text_at(a, 2)?)),
        &[
            example("replace('a-b-c', '-', '')", "'abc'"),
            example("replace('abc', '', 'x')", "'abc'"),
            example("replace(repeat('a', 1000), 'a', repeat('b', 1001))", "null"),
            example("length(replace(repeat('a', 1000), 'a', repeat('b', 1000)))", "1000000"),
        ],
    ),
    scalar(
        "text",
        "contains(text, part) → Boolean",
        "Whether the text has the part in it, capitals told apart.",
        &[Text, Text],
        boolean,
        |a| value_or_null(|| Some(Value::Boolean(text_at(a, 0)?.contains(text_at(a, 1)?)))),
        &[example("contains('GET /api', '/api')", "true"), example("contains('a', null)", "null")],
    ),
    scalar(
        "text",
        "starts_with(text, part) → Boolean",
        "Whether the text starts with the part.",
        &[Text, Text],
        boolean,
        |a| value_or_null(|| Some(Value::Boolean(text_at(a, 0)?.starts_with(text_at(a, 1)?)))),
        &[example("starts_with('/api/users', '/api')", "true")],
    ),
    scalar(
        "text",
        "ends_with(text, part) → Boolean",
        "Whether the text ends with the part.",
        &[Text, Text],
        boolean,
        |a| value_or_null(|| Some(Value::Boolean(text_at(a, 0)?.ends_with(text_at(a, 1)?)))),
        &[example("ends_with('image.png', '.png')", "true")],
    ),
    scalar(
        "text",
        "position(text, part) → Int",
        "Where the part first stands, from 1; 0 where it does not.",
        &[Text, Text],
        int,
        |a| {
            value_or_null(|| {
                let text = text_at(a, 0)?;
                let found = text.find(text_at(a, 1)?).map_or(0, |at| text[..at].chars().count() as i64 + 1);
                Some(Value::Int(found))
            })
        },
        &[example("position('größe', 'ß')", "4"), example("position('abc', 'x')", "0")],
    ),
    scalar(
        "text",
        "concat(value, …) → String",
        "The values one after the other as text; nulls are left out.",
        &[Any],
        string,
        |a| joined(a.iter().filter_map(super::super::cast::to_text)),
        &[example("concat('a', null, 1)", "'a1'"), example("concat(null)", "''")],
    )
    .variadic(),
    scalar(
        "text",
        "split(text, separator) → List<String>",
        "The pieces between separators; an empty separator parts characters.",
        &[Text, Text],
        strings,
        |a| {
            value_or_null(|| {
                Some(Value::List(pieces(text_at(a, 0)?, text_at(a, 1)?).into_iter().map(Value::text).collect()))
            })
        },
        &[example("split('a,b,,c', ',')", "['a', 'b', '', 'c']"), example("split('', ',')", "['']")],
    ),
    scalar(
        "text",
        "split_part(text, separator, index) → String",
        "The piece at `index` (from 1; negative: from the end); null where there is none.",
        &[Text, Text, Int],
        string,
        |a| {
            value_or_null(|| {
                let pieces = pieces(text_at(a, 0)?, text_at(a, 1)?);
                some_text(*pieces.get(index_of(int_at(a, 2)?, pieces.len())?)?)
            })
        },
        &[
            example("split_part('a/b/c', '/', 2)", "'b'"),
            example("split_part('a/b/c', '/', -1)", "'c'"),
            example("split_part('a/b', '/', 9)", "null"),
        ],
    ),
    scalar(
        "text",
        "repeat(text, count) → String",
        "The text `count` times; null where that is over a million characters.",
        &[Text, Int],
        string,
        |a| {
            value_or_null(|| {
                let (text, count) = (text_at(a, 0)?, int_at(a, 1)?.max(0));
                let characters = (text.chars().count() as i64).checked_mul(count)?;
                (characters <= MAX_CHARACTERS)
                    .then(|| Value::String(if text.is_empty() { String::new() } else { text.repeat(count as usize) }))
            })
        },
        &[example("repeat('ab', 3)", "'ababab'"), example("repeat('ab', -1)", "''")],
    ),
    scalar(
        "text",
        "reverse(text) → String",
        "The characters in reverse.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(text_at(a, 0)?.chars().rev().collect::<String>())),
        &[
            example("reverse('abc')", "'cba'"),
            example("reverse('e\u{301}\r\n🇩🇪')", "'🇪🇩\n\r\u{301}e'"),
            example("reverse('')", "''"),
        ],
    ),
    scalar(
        "text",
        "pad_start(text, length[, fill]) → String",
        "Filled up at the start to `length` characters, with spaces or `fill`; a longer text stays.",
        &[Text, Int, Text],
        string,
        |a| {
            value_or_null(|| {
                let (text, fill) = (text_at(a, 0)?, padding(a)?);
                some_text(fill + text)
            })
        },
        &[example("pad_start('7', 3, '0')", "'007'"), example("pad_start('1234', 3)", "'1234'")],
    )
    .least(2),
    scalar(
        "text",
        "pad_end(text, length[, fill]) → String",
        "Filled up at the end to `length` characters, with spaces or `fill`; a longer text stays.",
        &[Text, Int, Text],
        string,
        |a| {
            value_or_null(|| {
                let (text, fill) = (text_at(a, 0)?, padding(a)?);
                some_text(text.to_owned() + &fill)
            })
        },
        &[example("pad_end('ab', 4, '.')", "'ab..'")],
    )
    .least(2),
];

/// Unicode's simple mapping: one character to one.
fn lower_char(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Unicode's simple mapping: characters whose capital form has several characters stay, but for the
/// Greek letters with iota below, which have a single one.
fn upper_char(c: char) -> char {
    match c {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
            char::from_u32(c as u32 + 8).unwrap_or(c)
        }
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => char::from_u32(c as u32 + 9).unwrap_or(c),
        _ => {
            let mut capitals = c.to_uppercase();
            match (capitals.next(), capitals.next()) {
                (Some(capital), None) => capital,
                _ => c,
            }
        }
    }
}

/// As in SQL: positions before the first character count, but hold nothing.
/// `count`: not given, or what it is.
fn substring(text: &str, start: i64, count: Option<Option<i64>>) -> Option<Value> {
    let from = start.max(1);
    let take = match count {
        None => i64::MAX,
        Some(count) => {
            let count = count.filter(|count| *count >= 0)?;
            start.saturating_add(count).saturating_sub(from).max(0)
        }
    };
    some_text(text.chars().skip((from - 1) as usize).take(take as usize).collect::<String>())
}

fn side(text: &str, count: i64, start: bool) -> Option<Value> {
    let length = text.chars().count();
    let wanted = count.unsigned_abs() as usize;
    let kept = if count < 0 { length.saturating_sub(wanted) } else { length.min(wanted) };
    let skipped = if start { 0 } else { length - kept };
    some_text(text.chars().skip(skipped).take(kept).collect::<String>())
}

fn trim(args: &[Value], start: bool, end: bool) -> Value {
    value_or_null(|| {
        let text = text_at(args, 0)?;
        let characters = if args.len() > 1 { text_at(args, 1)? } else { " \t\n\r\u{b}\u{c}" };
        let text = if start { text.trim_start_matches(|c| characters.contains(c)) } else { text };
        some_text(if end { text.trim_end_matches(|c| characters.contains(c)) } else { text })
    })
}

fn pieces<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    match separator {
        "" => text.split("").filter(|piece| !piece.is_empty()).collect(),
        _ => text.split(separator).collect(),
    }
}

/// Every `from` becomes `to`, unless the text grows beyond what a text may.
fn replaced(text: &str, from: &str, to: &str) -> Option<Value> {
    // Shorter ones cannot grow beyond it.
    let is_short = text.len().saturating_mul(to.len().max(1)) as i64 <= MAX_CHARACTERS;
    if from.is_empty() {
        return some_text(text);
    }
    if !is_short {
        let characters = |text: &str| text.chars().count() as i64;
        let grows = text.matches(from).count() as i64 * (characters(to) - characters(from));
        if !may_grow(characters(text), grows) {
            return None;
        }
    }
    some_text(text.replace(from, to))
}

/// Whether a text of so many characters may get so many more: a text that is long already may stay as long.
pub(super) fn may_grow(characters: i64, more: i64) -> bool {
    more <= 0 || characters.saturating_add(more) <= MAX_CHARACTERS
}

/// Texts one after the other; null where that is longer than `MOST_JOINED`: the engine takes it for a fault.
fn joined(texts: impl Iterator<Item = String>) -> Value {
    let mut all = String::new();
    for text in texts {
        if all.len() + text.len() > MOST_JOINED {
            return Value::Null;
        }
        all.push_str(&text);
    }
    Value::String(all)
}

/// What fills the first argument up to the length in the second.
fn padding(args: &[Value]) -> Option<String> {
    let length = int_at(args, 1)?;
    let fill = if args.len() > 2 { text_at(args, 2)? } else { " " };
    if length > MAX_CHARACTERS {
        return None;
    }
    let missing = length.saturating_sub(text_at(args, 0)?.chars().count() as i64);
    Some(fill.chars().cycle().take(missing.max(0) as usize).collect())
}
