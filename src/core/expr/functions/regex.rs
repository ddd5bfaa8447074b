//! Functions on regular expressions. Patterns are constants.
//! Must not import any room but `data`.

use super::super::patterns::{ReplacementPart, regex_pattern, regex_replacement, with_regex};
use super::ArgType::{Int, String as Text};
use super::arguments::{boolean, int, int_or, some_text, string, strings, text_at, value_or_null};
use super::text::may_grow;
use super::{Function, example, scalar};
use crate::data::Value;

/// Texts of so many bytes are never too long.
const SHORT: usize = 1_000_000;

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "regular expressions",
        "regexp_matches(text, pattern) → Boolean",
        "Whether the pattern matches somewhere in the text.",
        &[Text, Text],
        boolean,
        |a| {
            value_or_null(|| {
                with_regex(text_at(a, 1)?, |regex| text_at(a, 0).map(|text| Value::Boolean(regex.is_match(text))))?
            })
        },
        &[
            example("regexp_matches('GET /api/v2', '^GET /api/v\\d+')", "true"),
            example("regexp_matches('a', '^b')", "false"),
        ],
    )
    .literal(&[1])
    .checked(check_pattern),
    scalar(
        "regular expressions",
        "regexp_extract(text, pattern[, group]) → String",
        "The first match, or its group of that number; null where nothing matches.",
        &[Text, Text, Int],
        string,
        |a| {
            value_or_null(|| {
                let (text, group) = (text_at(a, 0)?, usize::try_from(int_or(a, 2, 0)?).ok()?);
                with_regex(text_at(a, 1)?, |regex| some_text(regex.captures(text)?.get(group)?.as_str()))?
            })
        },
        &[
            example("regexp_extract('took 12 ms', '(\\d+) ms', 1)", "'12'"),
            example("regexp_extract('abc', '\\d')", "null"),
            example("regexp_extract('b', '(a)|(b)', 1)", "null"),
            example("regexp_extract('aab', '(?:a{1}){2}(b*)', 1)", "'b'"),
            example("regexp_extract('a', '[a&&b]')", "null"),
        ],
    )
    .least(2)
    .literal(&[1, 2])
    .checked(check_pattern),
    scalar(
        "regular expressions",
        "regexp_extract_all(text, pattern[, group]) → List<String>",
        "All matches, one after the other, or their group of that number.",
        &[Text, Text, Int],
        strings,
        |a| {
            value_or_null(|| {
                let (text, group) = (text_at(a, 0)?, usize::try_from(int_or(a, 2, 0)?).ok()?);
                with_regex(text_at(a, 1)?, |regex| {
                    let found = regex.captures_iter(text).map(|captures| {
                        captures.get(group).map_or(Value::Null, |matched| Value::text(matched.as_str()))
                    });
                    Value::List(found.collect())
                })
            })
        },
        &[
            example("regexp_extract_all('a1 b22', '\\d+')", "['1', '22']"),
            example("regexp_extract_all('k=v', '(\\w)=', 1)", "['k']"),
        ],
    )
    .least(2)
    .literal(&[1, 2])
    .checked(check_pattern),
    scalar(
        "regular expressions",
        "regexp_replace(text, pattern, replacement) → String",
        "Every match is replaced; `$1` stands for a group, `$0` for the match, `$$` for a dollar sign; null where the text grows to over a million characters.",
        &[Text, Text, Text],
        string,
        |a| {
            value_or_null(|| {
                let (text, parts) = (text_at(a, 0)?, regex_replacement(text_at(a, 2)?).ok()?);
                with_regex(text_at(a, 1)?, |regex| replaced(regex, text, &parts).map(Value::String))?
            })
        },
        &[
            example("regexp_replace('/users/42/posts/7', '\\d+', '{id}')", "'/users/{id}/posts/{id}'"),
            example("regexp_replace('John Smith', '(\\w+) (\\w+)', '$2 $1')", "'Smith John'"),
            example("regexp_replace(repeat('a', 600000), 'a', '$0$0')", "null"),
        ],
    )
    .literal(&[1, 2])
    .checked(check_replacement),
    scalar(
        "regular expressions",
        "regexp_count(text, pattern) → Int",
        "The number of matches that do not overlap.",
        &[Text, Text],
        int,
        |a| {
            value_or_null(|| {
                with_regex(text_at(a, 1)?, |regex| {
                    text_at(a, 0).map(|text| Value::Int(regex.find_iter(text).count() as i64))
                })?
            })
        },
        &[example("regexp_count('a1 b22', '\\d+')", "2")],
    )
    .literal(&[1])
    .checked(check_pattern),
];

/// The text with every match replaced, unless it grows beyond what a text may.
fn replaced(regex: &::regex::Regex, text: &str, parts: &[ReplacementPart]) -> Option<String> {
    let mut made = String::with_capacity(text.len());
    let (mut end, mut grows) = (0, 0);
    for captures in regex.captures_iter(text) {
        let found = captures.get(0)?;
        made.push_str(&text[end..found.start()]);
        end = found.end();
        let before = made.len();
        for part in parts {
            match part {
                ReplacementPart::Text(text) => made.push_str(text),
                ReplacementPart::Group(group) => made.push_str(captures.get(*group).map_or("", |found| found.as_str())),
            }
        }
        grows += made[before..].chars().count() as i64 - found.as_str().chars().count() as i64;
        // What comes yet makes it no shorter; a character has four bytes at most.
        if made.len() / 4 > text.len().max(SHORT) {
            return None;
        }
    }
    made.push_str(&text[end..]);
    (made.len() <= SHORT || may_grow(text.chars().count() as i64, grows)).then_some(made)
}

/// The pattern reads, and has the group that is asked for.
fn check_pattern(args: &[Option<&Value>]) -> Result<(), String> {
    let Some(Some(Value::String(text))) = args.get(1) else { return Ok(()) };
    let pattern = regex_pattern(text).map_err(|error| {
        let help = error.help.unwrap_or_default();
        format!("{}; {help}", error.message)
    })?;
    match args.get(2).copied().flatten() {
        Some(Value::Int(group)) if *group < 0 || *group as usize > pattern.groups.len() => Err(format!(
            "the pattern has no group {group}; it has {}, opened by `(` and counted from 1",
            pattern.groups.len()
        )),
        _ => Ok(()),
    }
}

fn check_replacement(args: &[Option<&Value>]) -> Result<(), String> {
    check_pattern(&args[..args.len().min(2)])?;
    let (Some(Some(Value::String(pattern))), Some(Some(Value::String(replacement)))) = (args.get(1), args.get(2))
    else {
        return Ok(());
    };
    let groups = regex_pattern(pattern).map_or(0, |pattern| pattern.groups.len());
    for part in regex_replacement(replacement)? {
        if let ReplacementPart::Group(group) = part
            && group > groups
        {
            return Err(format!("the replacement asks for `${group}`, but the pattern has {groups} groups"));
        }
    }
    Ok(())
}
