//! Answers of Prometheus and of Loki to queries (prometheus.io, HTTP API; grafana.com, Loki HTTP API), and what is pushed to
//! Loki.

use super::super::json::Kind;
use super::super::time::{Epoch, epoch};
use super::Folded;
use super::unfold::{Flat, Row, fields, get, items, kind, number, text, time, unquoted};
use crate::data::DataType;

/// The format `prometheus_api`.
pub static PROMETHEUS_API: Folded = Folded {
    name: "prometheus_api",
    title: "Prometheus answer",
    doc: "What Prometheus, Thanos or Mimir answer to a query (`/api/v1/query`, `/api/v1/query_range`): each sample of each \
          series is a row with `time`, `name`, `value` and a column for each label; a label that is called as one of these \
          begins with `label_`. NaN and infinite values are null and counted. A histogram is a record.",
    examples: &[
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":\"up\",\"job\":\"node\"},\"values\":[[1709287200,\"1\"],[1709287260,\"0\"]]}]}}",
    ],
    holds: "samples of Prometheus",
    types: &[("time", DataType::Timestamp), ("name", DataType::String), ("value", DataType::Float)],
    unfold: samples,
};

/// The format `loki_api`.
pub static LOKI_API: Folded = Folded {
    name: "loki_api",
    title: "Loki answer",
    doc: "What Loki answers to a query of lines (`/loki/api/v1/query_range`), and what is pushed to it: each line of each \
          stream is a row with `time`, `time_ns` (what a time does not hold of it), `message` and a column for each label; a \
          label that is called as one of these begins with `label_`. Structured metadata are columns, too.",
    examples: &[
        "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"1709287200000000000\",\"GET / 200\"]]}]}}",
    ],
    holds: "lines of Loki",
    types: &[("time", DataType::Timestamp), ("time_ns", DataType::Int), ("message", DataType::String)],
    unfold: streams,
};

/// What names that are taken get before them.
const TAKEN: &str = "label_";

/// The kind and the list of results of an answer.
fn result(document: &str) -> Option<(String, &str)> {
    let outer = fields(document);
    let inner = get(&outer, "data").filter(|data| kind(data) == Some(Kind::Record)).map(fields).unwrap_or(outer);
    Some((get(&inner, "resultType").and_then(text)?.into_owned(), get(&inner, "result")?))
}

fn samples(document: &str, flat: &mut Flat) -> bool {
    let Some((kind, result)) = result(document) else { return false };
    match kind.as_str() {
        "matrix" | "vector" => {}
        "scalar" | "string" => {
            sample(result, &[], flat);
            return true;
        }
        _ => return false,
    }
    for series in items(result) {
        let series = fields(series);
        let labels = get(&series, "metric").map(fields).unwrap_or_default();
        for (name, is_list) in [("value", false), ("values", true), ("histogram", false), ("histograms", true)] {
            let found = get(&series, name);
            let points = if is_list { found.map(items).unwrap_or_default() } else { found.into_iter().collect() };
            points.into_iter().for_each(|json| sample(json, &labels, flat));
        }
    }
    true
}

fn sample(json: &str, labels: &[(&str, &str)], flat: &mut Flat) {
    let point = items(json);
    let [seconds, value] = point[..] else { return };
    let Some(mut row) = flat.row(json) else { return };
    let micros = number(seconds).and_then(|digits| epoch(digits, Epoch::Seconds));
    row.put("time", &micros.map_or_else(|| seconds.to_owned(), time));
    let (names, labels): (Vec<_>, Vec<_>) = labels.iter().partition(|(key, _)| *key == "__name__");
    row.put_some("name", names.first().map(|(_, name)| *name));
    match kind(value) {
        Some(Kind::Record) => row.put("histogram", value),
        _ => row.put("value", unquoted(value)),
    }
    put_labels(&mut row, &labels);
    row.end("");
}

fn put_labels(row: &mut Row, labels: &[(&str, &str)]) {
    labels.iter().for_each(|(key, value)| row.put_label(key, value, TAKEN));
}

fn streams(document: &str, flat: &mut Flat) -> bool {
    let streams = match result(document) {
        Some((kind, result)) => (kind == "streams").then_some(result),
        None => get(&fields(document), "streams"),
    };
    let Some(streams) = streams else { return false };
    for stream in items(streams) {
        let stream = fields(stream);
        let labels = get(&stream, "stream").map(fields).unwrap_or_default();
        for json in get(&stream, "values").map(items).unwrap_or_default() {
            let entry = items(json);
            let [nanos, line, ref more @ ..] = entry[..] else { continue };
            let Some(mut row) = flat.row(json) else { break };
            row.put_nanos("time", Some(nanos), Some("time_ns"));
            row.put("message", line);
            put_labels(&mut row, &labels);
            for (key, value) in more.iter().flat_map(|json| fields(json)) {
                match key {
                    "structuredMetadata" | "parsed" => put_labels(&mut row, &fields(value)),
                    _ => row.put_label(key, value, TAKEN),
                }
            }
            row.end("");
        }
    }
    true
}
