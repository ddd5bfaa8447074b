//! OpenTelemetry's protocol as JSON (opentelemetry.io, OTLP and its JSON encoding): logs, metrics and traces, in files of the
//! collector's file exporter and in requests.

use super::super::json::Kind;
use super::Folded;
use super::unfold::{Flat, Row, fields, get, is_called, items, kind, number, quoted, text, unquoted};
use crate::data::DataType;

/// The format `otlp_json`.
pub static OTLP_JSON: Folded = Folded {
    name: "otlp_json",
    title: "OpenTelemetry JSON",
    doc: "Logs, metrics and traces as OpenTelemetry sends them and the collector's file exporter writes them (OTLP/JSON): \
          each log record, each point of a metric, each span is a row. `time` is when it happened (of a log record without, \
          when it was observed; of a span, when it began), `time_ns` what a time does not hold of it. Attributes are columns \
          under their own names, those of the resource behind `resource.`, those of the scope behind `scope.`; one that is \
          called as a column of the format begins with `attributes.`. A text body is `message`, any other one `body`; \
          `level` is the severity's text or the name of its number. `duration` of a span is in seconds.",
    examples: &[
        "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"cart\"}}]},\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"1709287200000000000\",\"severityNumber\":17,\"body\":{\"stringValue\":\"no stock\"}}]}]}]}",
    ],
    holds: "records of OpenTelemetry",
    types: &[
        ("time", DataType::Timestamp),
        ("time_ns", DataType::Int),
        ("observed_time", DataType::Timestamp),
        ("start_time", DataType::Timestamp),
        ("end_time", DataType::Timestamp),
        ("duration", DataType::Float),
        ("value", DataType::Float),
        ("count", DataType::Int),
        ("sum", DataType::Float),
        ("min", DataType::Float),
        ("max", DataType::Float),
    ],
    unfold,
};

/// What names that are taken get before them.
const TAKEN: &str = "attributes.";

type Fields<'a> = Vec<(&'a str, &'a str)>;
/// Writes the rows of a record, with the fields that they share.
type Write = fn(&str, &str, &mut Flat);

fn unfold(document: &str, flat: &mut Flat) -> bool {
    let mut is_found = false;
    for (key, resources) in fields(document) {
        let (scopes, records, write): (&[&str], &str, Write) = match key {
            key if is_called(key, "resourceLogs") => (&["scopeLogs", "instrumentationLibraryLogs"], "logRecords", log),
            key if is_called(key, "resourceMetrics") => {
                (&["scopeMetrics", "instrumentationLibraryMetrics"], "metrics", metric)
            }
            key if is_called(key, "resourceSpans") => (&["scopeSpans", "instrumentationLibrarySpans"], "spans", span),
            _ => continue,
        };
        is_found |= kind(resources) == Some(Kind::List);
        for resource in items(resources) {
            let resource = fields(resource);
            let mut shared = String::new();
            push_envelope(&resource, &["resource"], "resource.", &mut shared);
            let length = shared.len();
            for scope in scopes.iter().filter_map(|name| get(&resource, name)).flat_map(items) {
                let scope = fields(scope);
                push_envelope(&scope, &["scope", "instrumentationLibrary"], "scope.", &mut shared);
                get(&scope, records).into_iter().flat_map(items).for_each(|record| write(record, &shared, flat));
                shared.truncate(length);
            }
        }
    }
    is_found
}

/// Writes what a resource or a scope says of all that lies in it.
fn push_envelope(outer: &Fields, names: &[&str], prefix: &str, shared: &mut String) {
    let mut push = |key: &str, json: &str| shared.push_str(&format!("\"{prefix}{key}\":{json},"));
    for (key, value) in names.iter().find_map(|name| get(outer, name)).map(fields).unwrap_or_default() {
        match is_called(key, "attributes") {
            true => attributes(value).into_iter().for_each(|(key, json)| push(key, &json)),
            false if is_called(key, "droppedAttributesCount") && value == "0" || value == "\"\"" => {}
            false => push(key, value),
        }
    }
    if let Some(address) = get(outer, "schemaUrl").filter(|address| *address != "\"\"") {
        push("schema_url", address);
    }
}

/// Attributes with their values as plain JSON.
fn attributes(json: &str) -> Vec<(&str, String)> {
    if kind(json) == Some(Kind::Record) {
        return fields(json).into_iter().map(|(key, value)| (key, value.to_owned())).collect();
    }
    let pair = |item| {
        let pair = fields(item);
        let key = get(&pair, "key")?.strip_prefix('"')?.strip_suffix('"')?;
        Some((key, get(&pair, "value").map_or("null".to_owned(), plain)))
    };
    items(json).into_iter().filter_map(pair).collect()
}

/// A value of the protocol as plain JSON.
fn plain(json: &str) -> String {
    if kind(json) != Some(Kind::Record) {
        return json.to_owned();
    }
    let Some((key, value)) = fields(json).into_iter().next() else { return "null".to_owned() };
    if is_called(key, "arrayValue") {
        let values = get(&fields(value), "values").map(items).unwrap_or_default();
        return format!("[{}]", values.into_iter().map(plain).collect::<Vec<_>>().join(","));
    }
    if is_called(key, "kvlistValue") {
        let values = get(&fields(value), "values").map(attributes).unwrap_or_default();
        return object(values);
    }
    let is_number = is_called(key, "intValue") || is_called(key, "doubleValue");
    if is_number { unquoted(value) } else { value }.to_owned()
}

fn object(pairs: Vec<(&str, String)>) -> String {
    let pairs: Vec<String> = pairs.into_iter().map(|(key, json)| format!("\"{key}\":{json}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// Puts what a record has beside its known fields: its attributes, and others as they are called.
fn put_rest(row: &mut Row, record: &Fields, known: &[&str]) {
    for (key, value) in record {
        if is_called(key, "attributes") {
            attributes(value).into_iter().for_each(|(key, json)| row.put_label(key, &json, TAKEN));
        } else if !(known.iter().any(|name| is_called(key, name)) || matches!(*value, "0" | "\"\"" | "[]" | "null")) {
            row.put_label(key, value, TAKEN);
        }
    }
}

fn log(json: &str, shared: &str, flat: &mut Flat) {
    let Some(mut row) = flat.row(json) else { return };
    let record = fields(json);
    let [time, observed] = ["timeUnixNano", "observedTimeUnixNano"].map(|name| get(&record, name));
    let is_set = |time: &&str| number(time) != Some("0");
    row.put_nanos("time", time.filter(is_set).or(observed), Some("time_ns"));
    row.put_nanos("observed_time", observed, None);
    let [level, number] = ["severityText", "severityNumber"].map(|name| get(&record, name));
    let level = level.filter(|level| *level != "\"\"").map(str::to_owned).or_else(|| number.and_then(level_of));
    row.put_some("level", level.as_deref());
    row.put_some("severity_number", number.filter(|number| *number != "0"));
    if let Some(body) = get(&record, "body").map(plain).filter(|body| body != "null") {
        let name = if body.starts_with('"') { "message" } else { "body" };
        row.put(name, &body);
    }
    put_ids(&mut row, &record);
    let known = ["timeUnixNano", "observedTimeUnixNano", "severityText", "severityNumber", "body", "traceId", "spanId"];
    put_rest(&mut row, &record, &known);
    row.end(shared);
}

fn put_ids(row: &mut Row, record: &Fields) {
    row.put_some("trace_id", get(record, "traceId"));
    row.put_some("span_id", get(record, "spanId"));
}

/// The name of a severity, which is a number or one of the protocol's own names.
fn level_of(number: &str) -> Option<String> {
    const NAMES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    if let Some(name) = text(number) {
        let name = name.strip_prefix("SEVERITY_NUMBER_")?.trim_end_matches(|letter: char| letter.is_ascii_digit());
        return Some(quoted(name));
    }
    let number: usize = number.parse().ok()?;
    Some(quoted(NAMES.get(number.checked_sub(1)? / 4)?))
}

/// The end of one of the protocol's names, in small letters; numbers by their place.
fn named(json: &str, prefix: &str, names: &[&str]) -> Option<String> {
    match text(json) {
        Some(name) => Some(quoted(&name.strip_prefix(prefix).unwrap_or(&name).to_lowercase())),
        None => json.parse().ok().and_then(|number: usize| names.get(number)).map(|name| quoted(name)),
    }
}

fn metric(json: &str, shared: &str, flat: &mut Flat) {
    const KINDS: [(&str, &str); 5] = [
        ("gauge", "gauge"),
        ("sum", "sum"),
        ("histogram", "histogram"),
        ("exponentialHistogram", "exponential_histogram"),
        ("summary", "summary"),
    ];
    let metric = fields(json);
    for (name, kind) in KINDS {
        let Some(data) = get(&metric, name).map(fields) else { continue };
        for json in get(&data, "dataPoints").map(items).unwrap_or_default() {
            let Some(mut row) = flat.row(json) else { return };
            let point = fields(json);
            row.put_nanos("time", get(&point, "timeUnixNano"), Some("time_ns"));
            row.put_nanos("start_time", get(&point, "startTimeUnixNano"), None);
            row.put_some("name", get(&metric, "name"));
            row.put_text("type", kind);
            let value = get(&point, "asDouble").or_else(|| get(&point, "asInt"));
            row.put_some("value", value.map(unquoted));
            row.put_some("unit", get(&metric, "unit"));
            row.put_some("description", get(&metric, "description"));
            for name in ["count", "sum", "min", "max"] {
                row.put_some(name, get(&point, name).map(unquoted));
            }
            for (name, known) in [("bucket_counts", "bucketCounts"), ("explicit_bounds", "explicitBounds")] {
                let numbers = get(&point, known).map(|json| items(json).into_iter().map(unquoted).collect::<Vec<_>>());
                row.put_some(name, numbers.map(|numbers| format!("[{}]", numbers.join(","))).as_deref());
            }
            const TEMPORALITIES: [&str; 3] = ["unspecified", "delta", "cumulative"];
            let temporality = get(&data, "aggregationTemporality")
                .and_then(|json| named(json, "AGGREGATION_TEMPORALITY_", &TEMPORALITIES));
            row.put_some("temporality", temporality.as_deref());
            row.put_some("is_monotonic", get(&data, "isMonotonic"));
            let known = [
                "timeUnixNano",
                "startTimeUnixNano",
                "asDouble",
                "asInt",
                "count",
                "sum",
                "min",
                "max",
                "bucketCounts",
                "explicitBounds",
            ];
            put_rest(&mut row, &point, &known);
            row.end(shared);
        }
    }
}

fn span(json: &str, shared: &str, flat: &mut Flat) {
    const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
    const STATES: [&str; 3] = ["unset", "ok", "error"];
    let Some(mut row) = flat.row(json) else { return };
    let record = fields(json);
    let [start, end] = ["startTimeUnixNano", "endTimeUnixNano"].map(|name| get(&record, name));
    row.put_nanos("time", start, Some("time_ns"));
    row.put_nanos("end_time", end, None);
    if let (Some(start), Some(end)) = (start.and_then(nanos), end.and_then(nanos)) {
        row.put("duration", &seconds(end - start));
    }
    put_ids(&mut row, &record);
    row.put_some("parent_span_id", get(&record, "parentSpanId"));
    row.put_some("name", get(&record, "name"));
    row.put_some("kind", get(&record, "kind").and_then(|json| named(json, "SPAN_KIND_", &KINDS)).as_deref());
    let status = get(&record, "status").map(fields).unwrap_or_default();
    row.put_some("status", get(&status, "code").and_then(|json| named(json, "STATUS_CODE_", &STATES)).as_deref());
    row.put_some("status_message", get(&status, "message"));
    for name in ["events", "links"] {
        let records = get(&record, name).map(|json| items(json).into_iter().map(inner).collect::<Vec<_>>());
        row.put_some(name, records.map(|records| format!("[{}]", records.join(","))).as_deref());
    }
    let known = [
        "startTimeUnixNano",
        "endTimeUnixNano",
        "traceId",
        "spanId",
        "parentSpanId",
        "name",
        "kind",
        "status",
        "events",
        "links",
    ];
    put_rest(&mut row, &record, &known);
    row.end(shared);
}

/// An event or a link of a span, with plain attributes.
fn inner(json: &str) -> String {
    let pairs = fields(json).into_iter().map(|(key, value)| match key {
        key if is_called(key, "timeUnixNano") => ("time_ns", unquoted(value).to_owned()),
        key if is_called(key, "attributes") => (key, object(attributes(value))),
        key => (key, value.to_owned()),
    });
    object(pairs.collect())
}

fn nanos(json: &str) -> Option<i128> {
    number(json)?.parse().ok().filter(|nanos| *nanos != 0)
}

/// Nanoseconds in seconds, to the last digit.
fn seconds(nanos: i128) -> String {
    const SECOND: u128 = 1_000_000_000;
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    format!("{sign}{}.{:09}", nanos / SECOND, nanos % SECOND)
}
