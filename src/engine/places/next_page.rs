//! Pages of an API: what the next one is, found in the answer that is there. Opens nothing.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

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

/// How pages end where the server has nothing behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As one would expect.
    Plain,
    /// It is taken for the end, and told.
    Taken,
}

/// Pages that may be the same, byte for byte, one after the other: rows may be alike.
const ALIKE: u32 = 3;

/// Goes from page to page.
pub(super) struct Pager<'a> {
    pages: Option<&'a Pages>,
    /// Records or pages that were asked for.
    position: u64,
    /// Records of the page before.
    before_records: u64,
    /// The text of the page before, as a hash, and how many came like it.
    before: (u64, u32),
    seen: BTreeSet<String>,
}

impl<'a> Pager<'a> {
    pub fn new(pages: Option<&'a Pages>) -> Pager<'a> {
        Pager { pages, position: 0, before_records: 0, before: (0, 0), seen: BTreeSet::new() }
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

    /// What it means that the server has nothing behind the pages that came: for those that are counted it is the end,
    /// a plain one where the last page was not as full as `size`; `None`: it is a fault.
    pub fn end(&self) -> Option<End> {
        let (Some(Pages::Offset { size, .. } | Pages::Number { size, .. }), 1..) = (self.pages, self.before_records)
        else {
            return None;
        };
        Some(if self.before_records < *size { End::Plain } else { End::Taken })
    }

    /// Whether a page is the last of those that are counted: it is empty. Less full than another is no sign: servers
    /// take out what one may not see after they have cut the page.
    fn is_last(&mut self, page: &Page) -> Result<bool, Diagnostic> {
        let mut hasher = std::hash::DefaultHasher::new();
        page.text.hash(&mut hasher);
        let text = hasher.finish();
        self.before = (text, if self.before.0 == text { self.before.1 + 1 } else { 1 });
        if page.records > 0 && self.before.1 > ALIKE {
            let message = format!("{} pages are the same, byte for byte: the server does not turn them", self.before.1);
            return Err(circle(&message));
        }
        self.before_records = page.records;
        Ok(page.records == 0)
    }

    /// What comes behind a page; `None`: that was the last one. The same again is a circle, and a fault.
    pub fn next(&mut self, page: &Page) -> Result<Option<Next>, Diagnostic> {
        let next = match self.pages {
            None => None,
            Some(Pages::Link { path }) if path.trim().is_empty() => {
                page.links.iter().find_map(|link| next_link(link)).map(Next::Address)
            }
            Some(Pages::Link { path }) => {
                let found = read(page.text, path)?.filter(|found| !is_none(found));
                found.map(|found| address_in(&found, path)).transpose()?.map(Next::Address)
            }
            Some(Pages::Cursor { path, parameter }) => {
                let mark = read(page.text, path)?.filter(|mark| !is_none(mark));
                if mark.as_ref().is_some_and(is_rounded) {
                    let message = format!("the number at `{path}` has more digits than can be sent back as they are");
                    return Err(Diagnostic::error("PW0676", message)
                        .help("let the API give its mark as a text, or ask for pages in another way"));
                }
                mark.map(|mark| Next::Parameter(parameter.clone(), mark))
            }
            Some(Pages::Offset { parameter, .. }) => {
                self.position += page.records;
                let is_last = self.is_last(page)?;
                (!is_last).then(|| Next::Parameter(parameter.clone(), Json::from(self.position)))
            }
            Some(Pages::Number { parameter, .. }) => {
                self.position += 1;
                let is_last = self.is_last(page)?;
                (!is_last).then(|| Next::Parameter(parameter.clone(), Json::from(self.position)))
            }
        };
        if let Some(next) = &next
            && !self.seen.insert(format!("{next:?}"))
        {
            return Err(circle("the pages go round in a circle: an answer leads to a page that was read"));
        }
        Ok(next)
    }
}

/// Whether a number in a value has lost digits: a whole one beyond 64 bits.
pub(super) fn is_rounded(json: &Json) -> bool {
    match json {
        Json::Number(number) => number.is_f64() && number.as_f64().is_some_and(|number| number.abs() >= 9.2e18),
        Json::Array(items) => items.iter().any(is_rounded),
        Json::Object(map) => map.values().any(is_rounded),
        _ => false,
    }
}

fn circle(message: &str) -> Diagnostic {
    Diagnostic::error("PW0675", message)
        .help("see how the API marks its last page, and correct the pages of the source")
}

/// The address that an answer gives of its next page: a text, or what such objects call it.
fn address_in(found: &Json, path: &str) -> Result<String, Diagnostic> {
    let inner = ["href", "url", "link"].into_iter().find_map(|key| found.get(key)).unwrap_or(found);
    inner.as_str().map(str::to_owned).ok_or_else(|| {
        Diagnostic::error("PW0676", format!("what stands at `{path}` is no address of a next page"))
            .help("correct the path of the link in the pages of the source")
    })
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
    let json: Json = serde_json::from_slice(without_mark(text)).map_err(|error| no_json(&error))?;
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

/// A text without the byte order mark before it.
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// How many lines a page has that are not blank.
pub(super) fn lines(text: &[u8]) -> u64 {
    text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64
}

/// What answers that are none call their fault.
const FAULTS: [&str; 5] = ["error", "errors", "message", "fault", "exception"];

/// How many records a JSON document has: those at the path; where none is said yet, those of its longest list.
pub(super) fn records(text: &[u8], path: Option<&str>) -> Result<u64, Diagnostic> {
    let json: Json = serde_json::from_slice(without_mark(text)).map_err(|error| no_json(&error))?;
    let Some(path) = path else {
        let lists = json.as_object().into_iter().flat_map(|map| map.values().filter_map(Json::as_array));
        let own = json.as_array().map_or(1, Vec::len);
        return Ok(lists.map(Vec::len).max().unwrap_or(own) as u64);
    };
    let mut found = vec![&json];
    for part in path.trim().trim_start_matches('$').split("[*]") {
        let inner = found.iter().filter_map(|json| at(json, part)).filter(|json| !json.is_null());
        found = inner.flat_map(|json| json.as_array().map_or(vec![json], |items| items.iter().collect())).collect();
    }
    let is_fault = |key: &str| json.get(key).is_some_and(|said| !is_none(said));
    if found.is_empty() && !path.trim().is_empty() && at(&json, path).is_none() && FAULTS.into_iter().any(is_fault) {
        return Err(Diagnostic::error("PW0676", format!("the answer has nothing at `{path}`, and tells of an error"))
            .help("see what the address gives, in a browser; the server says that all is well (200)"));
    }
    Ok(found.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page<'_> {
        Page {
            text: text.as_bytes(),
            links: Vec::new(),
            records: records(text.as_bytes(), Some("items")).unwrap_or_default(),
        }
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
        assert_eq!(pager.end(), Some(End::Taken));
        // A page that is less full than another is not the last one.
        assert_eq!(pager.next(&page(r#"{"items": [3]}"#)).unwrap(), Some(Next::Parameter("skip".into(), 3.into())));
        assert_eq!(pager.end(), Some(End::Plain));
        assert_eq!(pager.next(&page(r#"{"items": null}"#)).unwrap(), None);
        // That there is nothing at all is no end.
        assert_eq!(Pager::new(Some(&offset)).end(), None);
        // Marks go back as they came, or not at all.
        let next = |text: &str| Pager::new(Some(&cursor)).next(&page(text));
        assert_eq!(next(r#"{"meta": {"next": [123456789012345678901]}}"#).unwrap_err().code, "PW0676");
        let mark = Next::Parameter("after".into(), u64::MAX.into());
        assert_eq!(next(r#"{"meta": {"next": 18446744073709551615}}"#).unwrap(), Some(mark));
        // Rows may be alike, but not for ever.
        let mut pager = Pager::new(Some(&offset));
        let mut same = || pager.next(&page(r#"{"items": [1, 2]}"#));
        assert!((0..3).all(|_| same().unwrap().is_some()));
        assert_eq!(same().unwrap_err().code, "PW0675");
    }

    #[test]
    fn a_link_is_a_text_or_an_object_that_holds_one() {
        let link = Pages::Link { path: "next".into() };
        let next = |text: &str| Pager::new(Some(&link)).next(&page(text));
        assert_eq!(next(r#"{"next": {"href": "/b"}}"#).unwrap(), Some(Next::Address("/b".into())));
        assert_eq!(next(r#"{"next": null}"#).unwrap(), None);
        assert_eq!(next(r#"{"next": 7}"#).unwrap_err().code, "PW0676");
    }

    #[test]
    fn links_and_paths_are_read() {
        let header = r#"<https://a/x?page=1>; rel="prev", <https://a/x?page=3,4>; rel="next last""#;
        assert_eq!(next_link(header).as_deref(), Some("https://a/x?page=3,4"));
        assert_eq!(next_link(r#"<https://a>; rel="last""#), None);
        let json = serde_json::json!({"hits": {"hits": [{"sort": [1, "a"]}, {"sort": [2, "b"]}]}});
        assert_eq!(at(&json, "hits.hits[-1].sort"), Some(&serde_json::json!([2, "b"])));
        assert_eq!(at(&json, "hits.none"), None);
        let count = |text: &str, path: Option<&str>| records(text.as_bytes(), path).unwrap();
        assert_eq!(count(r#"[{"items": [1, 2]}, {"items": [3]}]"#, Some("[*].items")), 3);
        assert_eq!(count(r#"{"total": 9, "rows": [1, 2]}"#, None), 2);
        assert_eq!(count("\u{feff}{\"items\": null}", Some("items")), 0);
        // What is no page is none without records.
        assert_eq!(records(br#"{"error": "busy"}"#, Some("items")).unwrap_err().code, "PW0676");
        assert_eq!(records(b"{\"items\": [\"\\ud83d\"]}", Some("items")).unwrap_err().code, "PW0676");
        assert_eq!(lines(b"a\nb\n\n"), 2);
    }
}
