//! Traces as Jaeger's interface and its export answer with them (jaegertracing.io, API).

use super::super::json::Kind;
use super::super::time::{Epoch, epoch};
use super::Folded;
use super::unfold::{Flat, Row, each, fields, get, items, kind, number, text, time, unquoted};
use crate::data::DataType;

/// The format `jaeger_json`.
pub static JAEGER_JSON: Folded = Folded {
    name: "jaeger_json",
    title: "Jaeger traces",
    doc: "Traces as Jaeger answers with them (`/api/traces/…`) and saves them: each span is a row with its times, its ids, its \
          `name` and the `service` of its process. Tags are columns under their own names, those of the process behind \
          `process.`; one that is called as a column of the format begins with `tags.`. `duration` is in seconds; `logs`, \
          and references that lead to no parent, are lists.",
    examples: &[
        "{\"data\":[{\"traceID\":\"a1\",\"spans\":[{\"traceID\":\"a1\",\"spanID\":\"b2\",\"operationName\":\"GET /cart\",\"startTime\":1709287200000000,\"duration\":1500,\"processID\":\"p1\",\"tags\":[{\"key\":\"http.status_code\",\"type\":\"int64\",\"value\":200}]}],\"processes\":{\"p1\":{\"serviceName\":\"cart\"}}}]}",
    ],
    holds: "spans of Jaeger",
    types: &[("time", DataType::Timestamp), ("duration", DataType::Float)],
    unfold,
};

fn unfold(document: &str, flat: &mut Flat) -> bool {
    let outer = fields(document);
    match get(&outer, "data") {
        Some(data) if kind(data) == Some(Kind::List) => each(items(data), |one| trace(&fields(one), flat)),
        _ => trace(&outer, flat),
    }
}

fn trace(trace: &[(&str, &str)], flat: &mut Flat) -> bool {
    let Some(spans) = get(trace, "spans").filter(|_| get(trace, "traceID").is_some()) else { return false };
    let processes = get(trace, "processes").map(fields).unwrap_or_default();
    let envelope = |id: &str| {
        let process =
            processes.iter().find(|(known, _)| *known == id).map(|(_, json)| fields(json)).unwrap_or_default();
        let mut shared = String::new();
        for (key, value) in tags(get(&process, "tags").unwrap_or_default()) {
            shared.push_str(&format!("\"process.{key}\":{value},"));
        }
        (get(&process, "serviceName").map(str::to_owned), shared)
    };
    let mut known: Vec<(String, (Option<String>, String))> = Vec::new();
    for json in items(spans) {
        let Some(mut row) = flat.row(json) else { break };
        let span = fields(json);
        let id = get(&span, "processID").and_then(text).unwrap_or_default();
        let place = known.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            known.push((id.to_string(), envelope(&id)));
            known.len() - 1
        });
        let (service, shared) = &known[place].1;
        put_span(&mut row, &span, service.as_deref());
        row.end(shared);
    }
    true
}

fn put_span(row: &mut Row, span: &[(&str, &str)], service: Option<&str>) {
    let start = get(span, "startTime");
    let micros = start.and_then(number).and_then(|digits| epoch(digits, Epoch::Micros));
    row.put_some("time", micros.map(time).as_deref().or(start));
    let seconds = get(span, "duration").map(|json| match number(json).and_then(|digits| digits.parse::<u64>().ok()) {
        Some(micros) => format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
        None => json.to_owned(),
    });
    row.put_some("duration", seconds.as_deref());
    row.put_some("trace_id", get(span, "traceID"));
    row.put_some("span_id", get(span, "spanID"));
    let references = get(span, "references").map(items).unwrap_or_default();
    let is_parent = |json: &&str| {
        let reference = fields(json);
        get(&reference, "refType").and_then(text).as_deref() == Some("CHILD_OF")
            && get(&reference, "traceID") == get(span, "traceID")
    };
    let parent = references.iter().copied().find(|json| is_parent(json));
    let parent_id = parent.and_then(|json| get(&fields(json), "spanID")).or_else(|| get(span, "parentSpanID"));
    row.put_some("parent_span_id", parent_id);
    row.put_some("name", get(span, "operationName"));
    row.put_some("service", service);
    let others: Vec<&str> = references.into_iter().filter(|json| parent != Some(*json)).collect();
    row.put_some("references", Some(format!("[{}]", others.join(","))).as_deref());
    const KNOWN: [&str; 8] =
        ["startTime", "duration", "traceID", "spanID", "parentSpanID", "references", "operationName", "tags"];
    for (key, value) in span {
        let is_known = KNOWN.contains(key) || *key == "processID" && service.is_some();
        row.put_some(key, Some(*value).filter(|value| !is_known && *value != "0"));
    }
    for (key, value) in tags(get(span, "tags").unwrap_or_default()) {
        row.put_label(key, value, "tags.");
    }
}

/// Tags with their values: numbers may stand as texts.
fn tags(json: &str) -> Vec<(&str, &str)> {
    let pair = |item| {
        let tag = fields(item);
        let key = get(&tag, "key")?.strip_prefix('"')?.strip_suffix('"')?;
        let is_number = get(&tag, "type").and_then(text).is_some_and(|kind| kind.ends_with("64"));
        let value = get(&tag, "value")?;
        Some((key, if is_number { unquoted(value) } else { value }))
    };
    items(json).into_iter().filter_map(pair).collect()
}
