//! What requests with rows look like, and what answers to them say.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime};
use pipewright_core::ir::{EndpointPlace, PostForm};
use pipewright_core::quote::visible_start;
use serde_json::{Map, Value as Json, json};

type Labels = BTreeMap<String, String>;
/// As it is, and its fields.
type Row = (String, Map<String, Json>);

/// What a server makes of a batch.
pub(super) enum Verdict {
    Taken,
    /// All but so many, and why.
    TakenInPart(u64, String),
    /// None of it, and why.
    Refused(String),
    /// For each row; `None`: it is taken.
    Each(Vec<Option<Item>>),
}

/// Why one row is not taken.
pub(super) struct Item {
    pub reason: String,
    /// It may be taken later.
    pub is_passing: bool,
}

pub(super) fn kind_of(place: &EndpointPlace) -> &'static str {
    match place.form {
        PostForm::Elasticsearch => "application/x-ndjson",
        PostForm::Webhook | PostForm::Loki | PostForm::Otlp => "application/json",
    }
}

/// Rows that have the time that a form needs, and those that do not.
pub(super) fn without_time(place: &EndpointPlace, rows: Vec<String>) -> (Vec<String>, Vec<String>) {
    let is_timed = |row: &String| time_of(place, &fields_of(row)).is_some();
    if place.form == PostForm::Loki { rows.into_iter().partition(is_timed) } else { (rows, Vec::new()) }
}

fn fields_of(row: &str) -> Map<String, Json> {
    match serde_json::from_str(row) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Nanoseconds since 1970.
fn time_of(place: &EndpointPlace, fields: &Map<String, Json>) -> Option<i64> {
    let text = fields.get(&place.time)?.as_str()?;
    let zoned = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let plain = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc());
    zoned.or_else(plain)?.timestamp_nanos_opt()
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The line of a row: its column, or all of it.
fn message_of(place: &EndpointPlace, row: &str, fields: &Map<String, Json>) -> String {
    match fields.get(&place.message) {
        Some(Json::Null) => String::new(),
        Some(value) => text_of(value),
        None => row.to_owned(),
    }
}

/// What rows of one stream have in common.
fn labels_of(place: &EndpointPlace, fields: &Map<String, Json>) -> Labels {
    let labels = place.labels.iter().filter_map(|name| {
        let value = fields.get(name).filter(|value| !value.is_null())?;
        Some((name.clone(), text_of(value)))
    });
    labels.collect()
}

/// Rows by what they have in common, in their order.
fn streams(place: &EndpointPlace, rows: &[String]) -> BTreeMap<Labels, Vec<Row>> {
    let mut streams: BTreeMap<Labels, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let fields = fields_of(row);
        streams.entry(labels_of(place, &fields)).or_default().push((row.clone(), fields));
    }
    streams
}

/// A request's body.
pub(super) fn body_of(place: &EndpointPlace, index: &str, rows: &[String]) -> Result<Vec<u8>, serde_json::Error> {
    match place.form {
        PostForm::Webhook => Ok(format!("[{}]", rows.join(",\n")).into_bytes()),
        PostForm::Elasticsearch => {
            let mut body = Vec::new();
            for row in rows {
                let mut action = json!({"_index": index});
                if let Some(id) = fields_of(row).get(&place.key).filter(|id| !id.is_null()) {
                    action["_id"] = text_of(id).into();
                }
                // With an id a row that comes twice stays one; a data stream takes new documents alone.
                let what = if action.get("_id").is_some() { "index" } else { "create" };
                serde_json::to_writer(&mut body, &json!({what: action}))?;
                body.extend_from_slice(format!("\n{row}\n").as_bytes());
            }
            Ok(body)
        }
        PostForm::Loki => {
            let stream = |(labels, rows): (Labels, Vec<Row>)| {
                let mut named: Labels = labels.into_iter().map(|(name, value)| (label_name(&name), value)).collect();
                if named.is_empty() {
                    // A stream has one at least.
                    named.insert("source".to_owned(), "pipewright".to_owned());
                }
                let values = rows.iter().map(|(row, fields)| {
                    let time = time_of(place, fields).unwrap_or_default();
                    json!([time.to_string(), message_of(place, row, fields)])
                });
                json!({"stream": named, "values": values.collect::<Vec<Json>>()})
            };
            serde_json::to_vec(&json!({"streams": streams(place, rows).into_iter().map(stream).collect::<Vec<Json>>()}))
        }
        PostForm::Otlp => {
            let resource = |(labels, rows): (Labels, Vec<Row>)| {
                let of_all = labels.iter().map(|(name, value)| json!({"key": name, "value": {"stringValue": value}}));
                let records = rows.iter().map(|(row, fields)| record_of(place, row, fields));
                json!({
                    "resource": {"attributes": of_all.collect::<Vec<Json>>()},
                    "scopeLogs": [{"scope": {"name": "pipewright"}, "logRecords": records.collect::<Vec<Json>>()}],
                })
            };
            let all: Vec<Json> = streams(place, rows).into_iter().map(resource).collect();
            serde_json::to_vec(&json!({"resourceLogs": all}))
        }
    }
}

/// Letters, digits and `_`, no digit first.
fn label_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain }
}

fn record_of(place: &EndpointPlace, row: &str, fields: &Map<String, Json>) -> Json {
    let is_said = |name: &String| *name == place.time || *name == place.message || place.labels.contains(name);
    let others = fields.iter().filter(|(name, value)| !place.message.is_empty() && !is_said(name) && !value.is_null());
    let attributes = others.map(|(name, value)| {
        let value = match value {
            Json::Bool(value) => json!({"boolValue": value}),
            // Whole numbers go as texts, so that none is rounded.
            Json::Number(number) if number.is_f64() => json!({"doubleValue": number}),
            Json::Number(number) => json!({"intValue": number.to_string()}),
            other => json!({"stringValue": text_of(other)}),
        };
        json!({"key": name, "value": value})
    });
    let mut record = json!({
        "body": {"stringValue": message_of(place, row, fields)},
        "attributes": attributes.collect::<Vec<Json>>(),
    });
    if let Some(time) = time_of(place, fields) {
        record["timeUnixNano"] = time.to_string().into();
    }
    record
}

/// What an answer says that is well by its status; `None`: it is not of that form.
pub(super) fn verdict(form: PostForm, rows: usize, text: &str) -> Option<Verdict> {
    match form {
        PostForm::Webhook => Some(Verdict::Taken),
        // It answers with nothing; a page of somebody who stands before it is no answer of its own.
        PostForm::Loki => {
            let is_its_own = text.trim().is_empty() || serde_json::from_str::<Json>(text).is_ok();
            is_its_own.then_some(Verdict::Taken)
        }
        PostForm::Otlp => {
            let answer: Json = if text.trim().is_empty() { json!({}) } else { serde_json::from_str(text).ok()? };
            let part = &answer["partialSuccess"];
            let count = &part["rejectedLogRecords"];
            let lost = count.as_u64().or_else(|| count.as_str()?.parse().ok()).unwrap_or(0);
            let why = part["errorMessage"].as_str().unwrap_or("no reason is given");
            match lost {
                0 => Some(Verdict::Taken),
                lost if lost >= rows as u64 => Some(Verdict::Refused(visible_start(why, 300).to_string())),
                _ => Some(Verdict::TakenInPart(lost, visible_start(why, 160).to_string())),
            }
        }
        PostForm::Elasticsearch => {
            let answer: Json = serde_json::from_str(text).ok()?;
            let items = answer["items"].as_array().filter(|items| items.len() == rows)?;
            Some(Verdict::Each(items.iter().map(item_of).collect::<Option<Vec<_>>>()?))
        }
    }
}

/// Of a bulk answer; inside: why the row is not taken.
fn item_of(item: &Json) -> Option<Option<Item>> {
    let said = item.as_object()?.values().next()?;
    let status = said["status"].as_u64()?;
    if (200..300).contains(&status) {
        return Some(None);
    }
    let kind = said["error"]["type"].as_str().unwrap_or("refused");
    let why = said["error"]["reason"].as_str().unwrap_or_default();
    let reason = format!("{status}: {kind}: {}", visible_start(why, 300));
    Some(Some(Item { reason, is_passing: status == 429 || status >= 500 }))
}
