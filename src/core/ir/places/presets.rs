//! What is asked of well-known APIs, to start from.

use super::{Inquiry, Method, Pages};
use crate::formats::FormatSpec;

/// A request that many ask.
pub struct Preset {
    pub title: &'static str,
    pub inquiry: Inquiry,
    pub format: FormatSpec,
}

/// A format whose documents may be written over several lines.
fn folded(name: &str) -> FormatSpec {
    FormatSpec::new(name).with("documents", "whole")
}

fn pairs(all: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Every preset. Their spans of time are the parameters `from` and `to`.
pub fn presets() -> Vec<Preset> {
    vec![
        Preset {
            title: "Prometheus, a query over a span of time",
            inquiry: Inquiry {
                path: "/api/v1/query_range".into(),
                parameters: pairs(&[("query", "up"), ("start", "${from}"), ("end", "${to}"), ("step", "60s")]),
                ..Inquiry::default()
            },
            format: folded("prometheus_api"),
        },
        Preset {
            title: "Loki, lines of a span of time",
            inquiry: Inquiry {
                path: "/loki/api/v1/query_range".into(),
                parameters: pairs(&[
                    ("query", "{app=\"web\"}"),
                    ("start", "${from}"),
                    ("end", "${to}"),
                    ("limit", "5000"),
                    ("direction", "forward"),
                ]),
                ..Inquiry::default()
            },
            format: folded("loki_api"),
        },
        Preset {
            title: "Elasticsearch, a search",
            inquiry: Inquiry {
                path: "/logs/_search".into(),
                method: Method::Post,
                body: "{\"size\": 1000, \"sort\": [{\"@timestamp\": \"asc\"}, {\"_doc\": \"asc\"}],\n \"query\": \
                       {\"range\": {\"@timestamp\": {\"gte\": \"${from}\", \"lt\": \"${to}\"}}}}"
                    .into(),
                pages: Some(Pages::Cursor { path: "hits.hits[-1].sort".into(), parameter: "search_after".into() }),
                ..Inquiry::default()
            },
            format: FormatSpec::new("json_document").with("records", "hits.hits"),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format;
    use crate::ir::{ConnectionKind, check_inquiry};

    #[test]
    fn presets_are_whole_requests() {
        for preset in presets() {
            let faults = check_inquiry(ConnectionKind::Http, &preset.inquiry);
            assert!(faults.is_empty(), "{}: {faults:?}", preset.title);
            let known = format(&preset.format.name).unwrap();
            assert!(known.check_options(&preset.format).is_ok(), "{}", preset.title);
            let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert!(preset.inquiry.body.is_empty() || is_json(&preset.inquiry.body), "{}", preset.title);
        }
    }
}
