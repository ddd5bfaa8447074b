//! JSON kept as text. What is no JSON gives null.
//! Must not import any room but `data`.

use std::cell::RefCell;

use super::super::json_paths::{PathStep, json_path};
use super::super::json_text::JsonText;
use super::ArgType::{Any, String as Text};
use super::arguments::{boolean, int, string, strings, text_at, value_or_null};
use super::{Function, example, scalar};
use crate::data::Value;
use crate::expr::cached::{Cached, cached};

pub(super) const FUNCTIONS: &[Function] = &[
    scalar("json", "json_get(text, path) → String",
        "What stands at a path such as '$.user.id' or '$.items[0]': texts without quotes, the rest as JSON, with its fields in their order and all digits of whole numbers; null where nothing is. Of fields with one name it is the first, where what reads whole files of JSON keeps the last, and counts the others.",
        &[Text, Text], string,
        |a| value_or_null(|| plain(&part(a)?)),
        &[example("json_get('{\"user\": {\"id\": 7}}', '$.user.id')", "'7'"),
          example("json_get('{\"tags\": [\"a\", \"b\"]}', '$.tags[1]')", "'b'"),
          example("json_get('{\"a.b\": 1}', '$[\"a.b\"]')", "'1'"),
          example("json_get('{\"a\": null}', '$.a')", "null"),
          example("json_get('{\"a\": [1, 2]}', 'a')", "'[1,2]'"),
          example("json_get('{\"a\": {\"c\": 10000000000000000000000, \"b\": 1}}', '$.a')", "'{\"c\":10000000000000000000000,\"b\":1}'"),
          example("json_get('{\"a\": 1, \"a\": 2}', '$.a')", "'1'"),
          example("json_get('[-0]', '$[0]')", "'0'"),
          example("json_get('not json', '$.a')", "null")])
        .literal(&[1]).checked(check_path),
    scalar("json", "json_list(text, path) → List<String>", "The items of the list at a path, as `json_get` gives each; null where no list is.",
        &[Text, Text], strings,
        |a| value_or_null(|| match part(a)? {
            JsonText::List(items) => Some(Value::List(items.iter().map(|item| plain(item).unwrap_or(Value::Null)).collect())),
            _ => None,
        }),
        &[example("json_list('{\"tags\": [\"a\", 2, null]}', '$.tags')", "['a', '2', null]")])
        .literal(&[1]).checked(check_path),
    scalar("json", "json_keys(text) → List<String>", "The keys of the object, in alphabetical order; null where it is none.", &[Text], strings,
        |a| value_or_null(|| match JsonText::read(text_at(a, 0)?)? {
            JsonText::Object(fields) => {
                let mut keys: Vec<String> = fields.into_iter().map(|(key, _)| key).collect();
                keys.sort();
                Some(Value::List(keys.into_iter().map(Value::String).collect()))
            }
            _ => None,
        }),
        &[example("json_keys('{\"b\": 1, \"a\": 2}')", "['a', 'b']"), example("json_keys('[1]')", "null")]),
    scalar("json", "json_length(text, path) → Int", "The number of items of the list, or of fields of the object, at a path.", &[Text, Text], int,
        |a| value_or_null(|| match part(a)? {
            JsonText::List(items) => Some(Value::Int(items.len() as i64)),
            JsonText::Object(fields) => Some(Value::Int(fields.len() as i64)),
            _ => None,
        }),
        &[example("json_length('[1, 2, 3]', '$')", "3"), example("json_length('{\"a\": 1}', '$.a')", "null")])
        .literal(&[1]).checked(check_path),
    scalar("json", "json_valid(text) → Boolean", "Whether the text is JSON.", &[Text], boolean,
        |a| value_or_null(|| Some(Value::Boolean(JsonText::read(text_at(a, 0)?).is_some()))),
        &[example("json_valid('{\"a\": 1}')", "true"), example("json_valid('{a: 1}')", "false"),
          example("json_valid('[1,]')", "false"), example("json_valid('nan')", "false"), example("json_valid('[1e400]')", "false"),
          example("json_valid('[\"nan\\\\\", 1e300, {\"inf\": -2.5}]')", "true")]),
    scalar("json", "to_json(value) → String", "The value as JSON: times as texts in ISO 8601, null as null.", &[Any], string,
        |a| a.first().map_or(Value::Null, |value| Value::String(value.to_json().to_string())),
        &[example("to_json(['a', null])", "'[\"a\",null]'"), example("to_json('say \"hi\"')", "'\"say \\\"hi\\\"\"'")]),
];

/// What stands at the path in the second argument.
fn part(args: &[Value]) -> Option<JsonText> {
    thread_local! {
        static LAST: Cached<Vec<PathStep>> = const { RefCell::new(None) };
    }
    let path = cached(&LAST, text_at(args, 1)?, |text| json_path(text).ok())?;
    JsonText::read(text_at(args, 0)?)?.follow(&path)
}

fn plain(json: &JsonText) -> Option<Value> {
    match json {
        JsonText::Null => None,
        JsonText::Text(text) => Some(Value::text(text)),
        other => Some(Value::String(other.to_string())),
    }
}

fn check_path(args: &[Option<&Value>]) -> Result<(), String> {
    match args.get(1).copied().flatten() {
        Some(Value::String(path)) => json_path(path).map(drop),
        _ => Ok(()),
    }
}
