//! Reading settings by the form: unknown keys, missing ones, values of the wrong JSON type. Also the short texts
//! that summaries are made of. Imports nothing above `model`.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{FieldKind, FormField, Settings, StepKind};
use crate::data::DataType;
use crate::diagnostic::{Diagnostic, UNFILLED, did_you_mean};

/// What is wrong with settings before any lowering: unknown keys (a warning with the nearest name), missing required
/// ones, values of another shape than the form's.
pub fn check_settings(kind: &dyn StepKind, settings: &Settings) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    check_object(kind.form(), settings, "", &mut found);
    found
}

fn check_object(form: &[FormField], settings: &Settings, path: &str, found: &mut Vec<Diagnostic>) {
    for key in settings.keys() {
        let is_item_id = key == "id" && !path.is_empty();
        if !is_item_id && form.iter().all(|field| field.name != key) {
            let names = form.iter().map(|field| field.name);
            found.push(
                Diagnostic::warning(
                    "PW0315",
                    format!("unknown setting `{path}{key}`{}", did_you_mean(key, names.clone())),
                )
                .help(format!("it has no effect; the settings are {}", quoted_list(names)))
                .field(format!("{path}{key}")),
            );
        }
    }
    for field in form {
        let at = format!("{path}{}", field.name);
        match settings.get(field.name) {
            None | Some(Json::Null) if field.required => found.push(missing(field, at)),
            None | Some(Json::Null) => {}
            Some(value) if is_blank(value) => {
                if field.required {
                    found.push(missing(field, at));
                } else if !shape_fits(&field.kind, value) {
                    found.push(wrong_shape(field, at, value));
                }
            }
            Some(value) => check_value(field, at, value, found),
        }
    }
}

fn check_value(field: &FormField, at: String, value: &Json, found: &mut Vec<Diagnostic>) {
    if !shape_fits(&field.kind, value) {
        found.push(wrong_shape(field, at, value));
        return;
    }
    match (&field.kind, value) {
        (FieldKind::Items(form), Json::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let Json::Object(item) = item else { continue };
                let id = item.get("id").and_then(Json::as_str).map_or_else(|| (index + 1).to_string(), str::to_owned);
                check_object(form, item, &format!("{at}.{id}."), found);
            }
        }
        (FieldKind::Choice(choices), Json::String(text)) if choices.iter().all(|(value, _)| value != text) => {
            let values = choices.iter().map(|(value, _)| *value);
            found.push(
                Diagnostic::error("PW0316", format!("`{at}` cannot be `{text}`{}", did_you_mean(text, values.clone())))
                    .help(format!("choose one of {}", quoted_list(values)))
                    .field(at),
            );
        }
        (FieldKind::Integer { min, max }, Json::Number(number))
            if number.as_i64().is_some_and(|number| number < *min || number > *max) =>
        {
            found.push(outside(&at, number, min, max));
        }
        (FieldKind::Number { min, max }, Json::Number(number))
            if number.as_f64().is_some_and(|number| number < *min || number > *max) =>
        {
            found.push(outside(&at, number, min, max));
        }
        (FieldKind::DataType, Json::String(text)) => found.extend(unknown_type(text, at)),
        (FieldKind::Schema, Json::Array(columns)) => check_columns(columns, &at, found),
        (FieldKind::Format, Json::Object(format)) if format.get("name").and_then(Json::as_str).is_none() => {
            found.push(missing(field, format!("{at}.name")));
        }
        _ => {}
    }
}

fn unknown_type(text: &str, at: String) -> Option<Diagnostic> {
    text.parse::<DataType>().is_err().then(|| {
        let near = did_you_mean(text, DataType::NAMES);
        Diagnostic::error("PW0317", format!("`{text}` is no type{near}"))
            .help(format!("choose one of {}", quoted_list(DataType::NAMES.into_iter())))
            .field(at)
    })
}

/// A list of columns: each has a name of its own and a type.
fn check_columns(columns: &[Json], at: &str, found: &mut Vec<Diagnostic>) {
    const HELP: &str = "write each column as {\"name\": \"status\", \"type\": \"Int\"}";
    let mut names = BTreeSet::new();
    for (index, column) in columns.iter().enumerate() {
        let place = |key: &str| format!("{at}.{}.{key}", index + 1);
        match column.get("name").and_then(Json::as_str) {
            None | Some("") => found.push(
                Diagnostic::error("PW0361", format!("column {} has no `name`", index + 1))
                    .help(HELP)
                    .field(place("name")),
            ),
            Some(name) if !names.insert(name) => found.push(
                Diagnostic::error("PW0320", format!("two columns are named `{name}`"))
                    .help("give one of them another name, or remove it")
                    .field(place("name")),
            ),
            Some(_) => {}
        }
        match column.get("type").and_then(Json::as_str) {
            None => found.push(
                Diagnostic::error("PW0361", format!("column {} has no `type`", index + 1))
                    .help(HELP)
                    .field(place("type")),
            ),
            Some(text) => found.extend(unknown_type(text, place("type"))),
        }
    }
}

fn missing(field: &FormField, at: String) -> Diagnostic {
    let name = field.label;
    Diagnostic::error(UNFILLED, format!("“{name}” is not set")).help(field.doc).field(at)
}

fn outside(
    at: &str,
    number: &serde_json::Number,
    min: impl std::fmt::Display,
    max: impl std::fmt::Display,
) -> Diagnostic {
    let (min, max) = (min.to_string(), max.to_string());
    let help = if max == i64::MAX.to_string() {
        format!("choose a number of at least {min}")
    } else {
        format!("choose a number from {min} to {max}")
    };
    Diagnostic::error("PW0318", format!("`{at}` is {number}, which is out of bounds")).help(help).field(at)
}

fn wrong_shape(field: &FormField, at: String, value: &Json) -> Diagnostic {
    let found = match value {
        Json::Null => "nothing",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    };
    Diagnostic::error("PW0307", format!("`{at}` is {found}, but {} is wanted", shape_name(&field.kind)))
        .help(shape_help(field, value))
        .field(at)
}

/// How a setting of another shape is written.
fn shape_help(field: &FormField, value: &Json) -> String {
    let text = value.as_str().unwrap_or_default();
    let example = match &field.kind {
        FieldKind::Integer { .. } | FieldKind::Number { .. } if text.parse::<f64>().is_ok() => {
            format!("write {text} without quotes")
        }
        FieldKind::Boolean if ["true", "false"].contains(&text) => format!("write {text} without quotes"),
        FieldKind::Columns { .. } => "write [\"status\", \"path\"]".to_owned(),
        FieldKind::Order { .. } => "write [\"time desc\", \"path\"]".to_owned(),
        FieldKind::Schema => "write [{\"name\": \"status\", \"type\": \"Int\"}]".to_owned(),
        FieldKind::Rows { .. } => "write [[200, \"/\"], [404, null]]".to_owned(),
        FieldKind::Items(form) => {
            let keys = form.iter().take(2).map(|field| format!(", \"{}\": …", field.name)).collect::<String>();
            format!("write [{{\"id\": \"x1\"{keys}}}]")
        }
        FieldKind::Text { .. }
        | FieldKind::Lines { .. }
        | FieldKind::Choice(_)
        | FieldKind::Expression { .. }
        | FieldKind::Key { .. }
        | FieldKind::Column { .. }
        | FieldKind::Span
        | FieldKind::DataType
        | FieldKind::Source
        | FieldKind::Connection { .. }
        | FieldKind::Question
        | FieldKind::Path
        | FieldKind::Literal
            if value.is_number() || value.is_boolean() =>
        {
            format!("write \"{value}\" in double quotes")
        }
        _ => return field.doc.to_owned(),
    };
    format!(
        "{example}: {}",
        field.doc.chars().take(1).flat_map(char::to_lowercase).chain(field.doc.chars().skip(1)).collect::<String>()
    )
}

fn is_blank(value: &Json) -> bool {
    match value {
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn shape_fits(kind: &FieldKind, value: &Json) -> bool {
    let all = |test: fn(&Json) -> bool| value.as_array().is_some_and(|items| items.iter().all(test));
    match kind {
        FieldKind::Text { .. }
        | FieldKind::Lines { .. }
        | FieldKind::Choice(_)
        | FieldKind::Expression { .. }
        | FieldKind::Key { .. }
        | FieldKind::Column { .. }
        | FieldKind::Span
        | FieldKind::DataType
        | FieldKind::Source
        | FieldKind::Connection { .. }
        | FieldKind::Question
        | FieldKind::Path
        | FieldKind::Literal => value.is_string(),
        FieldKind::Integer { .. } => value.is_i64() || value.is_u64(),
        FieldKind::Number { .. } => value.is_number(),
        FieldKind::Boolean => value.is_boolean(),
        FieldKind::Columns { .. } | FieldKind::Order { .. } => all(Json::is_string),
        FieldKind::Format | FieldKind::Chart { .. } => value.is_object(),
        FieldKind::Schema | FieldKind::Items(_) => all(Json::is_object),
        FieldKind::Rows { .. } => all(Json::is_array),
    }
}

fn shape_name(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } | FieldKind::Lines { .. } => "a text",
        FieldKind::Choice(_) => "one of its choices as text",
        FieldKind::Expression { .. } | FieldKind::Key { .. } => "the text of an expression",
        FieldKind::Column { .. } => "the name of a column",
        FieldKind::Span => "a span such as \"15 minutes\"",
        FieldKind::DataType => "the name of a type",
        FieldKind::Source => "the id of a source",
        FieldKind::Connection { .. } => "the id of a connection",
        FieldKind::Question => "the id of a question",
        FieldKind::Path => "a path",
        FieldKind::Literal => "the text of a literal, such as \"0\" or \"'none'\",",
        FieldKind::Integer { .. } => "a whole number",
        FieldKind::Number { .. } => "a number",
        FieldKind::Boolean => "true or false",
        FieldKind::Columns { .. } => "a list of column names",
        FieldKind::Order { .. } => "a list of order keys such as \"time desc\"",
        FieldKind::Format => "a format, such as {\"name\": \"csv\"},",
        FieldKind::Chart { .. } => "a chart, such as {\"x\": \"hour\"},",
        FieldKind::Schema => "a list of {\"name\", \"type\"}",
        FieldKind::Rows { .. } => "a list of rows, each a list of values,",
        FieldKind::Items(_) => "a list of items, each an object,",
    }
}

fn quoted_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A text setting; empty where there is none.
pub(super) fn text_of<'a>(settings: &'a Settings, key: &str) -> &'a str {
    settings.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// A list of texts, joined by commas.
pub(super) fn names_of(settings: &Settings, key: &str) -> String {
    let names = settings.get(key).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    names.collect::<Vec<_>>().join(", ")
}

/// A field of every item of a list, joined by commas; the first of `keys` that an item has.
pub(super) fn items_of(settings: &Settings, list: &str, keys: &[&str]) -> String {
    let items = settings.get(list).and_then(Json::as_array).into_iter().flatten();
    let text = |item: &Json| {
        let texts = keys.iter().filter_map(|key| item.get(key).and_then(Json::as_str)).map(str::to_owned);
        let mut texts = texts.filter(|text| !text.is_empty());
        texts.next()
    };
    items.filter_map(text).collect::<Vec<_>>().join(", ")
}

/// Settings of a new step from a JSON object.
pub(super) fn defaults(json: Json) -> Settings {
    match json {
        Json::Object(map) => map,
        _ => Settings::new(),
    }
}
