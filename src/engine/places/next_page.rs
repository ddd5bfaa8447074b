//! Pages of an API: what the next one is, found in the answer that is there. Opens nothing.

use std::collections::BTreeSet;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::Pages;
use serde_json::Value as Json;

/// How the next page is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Next {
    /// As the first one.
    First,
    Address(String),
    /// A parameter with this value; a JSON body takes it as it is.
    Parameter(String, Json),
}

/// What is known of a page that is there.
pub(super) struct Page<'a> {
    pub text: &'a [u8],
    /// `Link` headers.
    pub links: Vec<String>,
    pub records: u64,
}

/// Goes from page to page.
pub(super) struct Pager<'a> {
    pages: Option<&'a Pages>,
    /// Records or pages that were asked for.
    position: u64,
    seen: BTreeSet<String>,
}

impl<'a> Pager<'a> {
    pub fn new(pages: Option<&'a Pages>) -> Pager<'a> {
        Pager { pages, position: 0, seen: BTreeSet::new() }
    }

    pub fn first(&mut self) -> Next {
        match self.pages {
            Some(Pages::Number { parameter, first, .. }) => {
                self.position = *first;
                Next::Parameter(parameter.clone(), Json::from(*first))
            }
            Some(Pages::Offset { parameter, .. }) => Next::Parameter(parameter.clone(), Json::from(0)),
            Some(Pages::Link { .. } | Pages::Cursor { .. }) | None => Next::First,
        }
    }

    /// What comes behind a page; `None`: that was the last one. The same again is a circle, and a fault.
    pub fn next(&mut self, page: &Page) -> Result<Option<Next>, Diagnostic> {
        let next = match self.pages {
            None => None,
            Some(Pages::Link { path }) if path.trim().is_empty() => {
                page.links.iter().find_map(|link| next_link(link)).map(Next::Address)
            }
            Some(Pages::Link { path }) => {
                let found = read(page.text, path)?;
                found
                    .and_then(|found| found.as_str().map(str::to_owned))
                    .filter(|link| !link.is_empty())
                    .map(Next::Address)
            }
            Some(Pages::Cursor { path, parameter }) => {
                let mark = read(page.text, path)?.filter(|mark| !is_none(mark));
                mark.map(|mark| Next::Parameter(parameter.clone(), mark))
            }
            Some(Pages::Offset { parameter, size }) => {
                self.position += page.records;
                let is_last = page.records == 0 || page.records < *size;
                (!is_last).then(|| Next::Parameter(parameter.clone(), Json::from(self.position)))
            }
            Some(Pages::Number { parameter, size, .. }) => {
                self.position += 1;
                let is_last = page.records == 0 || page.records < *size;
                (!is_last).then(|| Next::Parameter(parameter.clone(), Json::from(self.position)))
            }
        };
        if let Some(next) = &next
            && !self.seen.insert(format!("{next:?}"))
        {
            return Err(Diagnostic::error(
                "PW0675",
                "the pages go round in a circle: an answer leads to a page that was read",
            )
            .help("see how the API marks its last page, and correct the pages of the source"));
        }
        Ok(next)
    }
}

/// No mark of a next page.
fn is_none(mark: &Json) -> bool {
    match mark {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn read(text: &[u8], path: &str) -> Result<Option<Json>, Diagnostic> {
    let json: Json = serde_json::from_slice(text).map_err(|error| no_json(&error))?;
    Ok(at(&json, path).cloned())
}

pub(super) fn no_json(error: &serde_json::Error) -> Diagnostic {
    let place = format!("line {}, column {}", error.line(), error.column());
    Diagnostic::error("PW0676", format!("the answer is no JSON ({place})"))
        .help("see what the address gives, in a browser; another format may fit, or the answer was cut off")
}

/// The value at a path: `meta.next`, `hits.hits[-1].sort` (from the end).
pub(super) fn at<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    let path = path.trim().trim_start_matches('$');
    let mut found = json;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (key, indexes) = part.split_once('[').map_or((part, ""), |(key, rest)| (key, rest));
        if !key.is_empty() {
            found = found.get(key)?;
        }
        for index in indexes.split('[').map(|index| index.trim_end_matches(']')).filter(|index| !index.is_empty()) {
            let items = found.as_array()?;
            let index: i64 = index.parse().ok()?;
            let index = if index < 0 { items.len() as i64 + index } else { index };
            found = items.get(usize::try_from(index).ok()?)?;
        }
    }
    Some(found)
}

/// The address behind `rel="next"` of a Link header (RFC 8288).
fn next_link(header: &str) -> Option<String> {
    let links = header.split('<').skip(1);
    links.filter_map(|link| link.split_once('>')).find_map(|(address, about)| {
        let about = about.to_ascii_lowercase();
        let is_next = about.split(';').any(|part| {
            let Some((name, value)) = part.split_once('=') else { return false };
            let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
            name.trim() == "rel" && value.split_whitespace().any(|rel| rel == "next")
        });
        is_next.then(|| address.trim().to_owned())
    })
}

/// How many records a page has: those at the path of a JSON document; else its lines.
pub(super) fn records(text: &[u8], path: Option<&str>) -> u64 {
    let Some(path) = path else {
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        return lines.count() as u64;
    };
    let Ok(json) = serde_json::from_slice::<Json>(text) else { return 0 };
    let mut found = vec![&json];
    for part in path.trim().trim_start_matches('$').split("[*]") {
        let inner = found.iter().filter_map(|json| at(json, part));
        found = inner.flat_map(|json| json.as_array().map_or(vec![json], |items| items.iter().collect())).collect();
    }
    found.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page<'_> {
        Page { text: text.as_bytes(), links: Vec::new(), records: records(text.as_bytes(), Some("items")) }
    }

    #[test]
    fn the_next_page_is_found_and_a_circle_told() {
        let cursor = Pages::Cursor { path: "meta.next".into(), parameter: "after".into() };
        let mut pager = Pager::new(Some(&cursor));
        assert_eq!(pager.first(), Next::First);
        let next = pager.next(&page(r#"{"items": [1], "meta": {"next": "b"}}"#)).unwrap();
        assert_eq!(next, Some(Next::Parameter("after".into(), "b".into())));
        assert_eq!(pager.next(&page(r#"{"items": [1], "meta": {"next": "b"}}"#)).unwrap_err().code, "PW0675");
        assert_eq!(pager.next(&page(r#"{"items": [], "meta": {"next": null}}"#)).unwrap(), None);
        assert_eq!(pager.next(&page("{")).unwrap_err().code, "PW0676");

        let offset = Pages::Offset { parameter: "skip".into(), size: 2 };
        let mut pager = Pager::new(Some(&offset));
        assert_eq!(pager.next(&page(r#"{"items": [1, 2]}"#)).unwrap(), Some(Next::Parameter("skip".into(), 2.into())));
        assert_eq!(pager.next(&page(r#"{"items": [1]}"#)).unwrap(), None);
    }

    #[test]
    fn links_and_paths_are_read() {
        let header = r#"<https://a/x?page=1>; rel="prev", <https://a/x?page=3,4>; rel="next last""#;
        assert_eq!(next_link(header).as_deref(), Some("https://a/x?page=3,4"));
        assert_eq!(next_link(r#"<https://a>; rel="last""#), None);
        let json = serde_json::json!({"hits": {"hits": [{"sort": [1, "a"]}, {"sort": [2, "b"]}]}});
        assert_eq!(at(&json, "hits.hits[-1].sort"), Some(&serde_json::json!([2, "b"])));
        assert_eq!(at(&json, "hits.none"), None);
        assert_eq!(records(br#"[{"items": [1, 2]}, {"items": [3]}]"#, Some("[*].items")), 3);
        assert_eq!(records(b"a\nb\n\n", None), 2);
    }
}
