//! The path to the records inside a JSON document: its text form, walking along it, and guessing it.
//! Imports data.
//!
//! `data.results` goes through keys, `[*].items` through every item of an array, `["a.b"]` through a key that has
//! a point. Where the path ends at an array, its items are the records; anything else is one record.

use super::json::{Fault, Kind, MAX_DEPTH, Scanner};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Key(String),
    /// Every item of an array.
    Items,
}

/// Where the records lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPath {
    segments: Vec<Segment>,
}

impl RecordPath {
    /// Reads the text form; the fault in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut segments = Vec::new();
        let mut rest = text.trim();
        rest = rest.strip_prefix('$').unwrap_or(rest);
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("[*]") {
                segments.push(Segment::Items);
                rest = after;
            } else if rest.starts_with("[\"") {
                let mut scanner = Scanner::new(&rest[1..]);
                let key = scanner.quoted().map_err(|_| "a quoted key does not end".to_owned())?;
                let after = &rest[1 + scanner.at()..];
                rest = after.strip_prefix(']').ok_or("`]` is missing after a quoted key")?;
                segments.push(Segment::Key(key.to_text()));
            } else {
                let key = rest.strip_prefix('.').unwrap_or(rest);
                let end = key.find(['.', '[']).unwrap_or(key.len());
                if end == 0 {
                    return Err(format!("a key is missing before `{key}`"));
                }
                segments.push(Segment::Key(key[..end].to_owned()));
                rest = &key[end..];
            }
        }
        // The last array is gone through in any case.
        while segments.last() == Some(&Segment::Items) {
            segments.pop();
        }
        Ok(Self { segments })
    }

    /// The paths of what stands beside the records of a text, which may be cut off at its end, with whether it is a list
    /// of objects: each once, without what is null.
    pub fn beside(&self, text: &str) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        let mut scanner = Scanner::new(text);
        while !scanner.is_at_end() && beside(&self.segments, &mut scanner, "", &mut found).is_ok() {}
        found
    }

    /// Visits each record of the value that is next. Gives whether the path led anywhere.
    pub fn each<'a>(&self, scanner: &mut Scanner<'a>, visitor: &mut dyn Visitor<'a>) -> Result<bool, Fault> {
        walk(&self.segments, scanner, visitor)
    }
}

/// What is done with what a path leads to.
pub trait Visitor<'a> {
    /// Reads one record, which is next.
    fn record(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Fault>;

    /// A page of a list of pages in which the path leads nowhere, which is next.
    fn nowhere(&mut self, _: Scanner<'a>) -> Result<(), Fault> {
        Ok(())
    }
}

impl<'a, F: FnMut(&mut Scanner<'a>) -> Result<(), Fault>> Visitor<'a> for F {
    fn record(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Fault> {
        self(scanner)
    }
}

fn walk<'a>(segments: &[Segment], scanner: &mut Scanner<'a>, visitor: &mut dyn Visitor<'a>) -> Result<bool, Fault> {
    let kind = scanner.kind()?;
    let Some((first, rest)) = segments.split_first() else {
        if kind != Kind::List {
            visitor.record(scanner)?;
            return Ok(true);
        }
        let mut more = scanner.enter(b']')?;
        while more {
            // Traces come as arrays of arrays of spans.
            match scanner.kind()? {
                Kind::List if scanner.holds_record() => {
                    walk(segments, scanner, visitor)?;
                }
                _ => visitor.record(scanner)?,
            }
            more = scanner.next(b']')?;
        }
        return Ok(true);
    };
    let mut found = false;
    match (first, kind) {
        (Segment::Items, Kind::List) => {
            let mut more = scanner.enter(b']')?;
            while more {
                let page = scanner.clone();
                if !walk(rest, scanner, visitor)? {
                    visitor.nowhere(page)?;
                }
                found = true;
                more = scanner.next(b']')?;
            }
        }
        (Segment::Key(wanted), Kind::Record) => {
            let mut more = scanner.enter(b'}')?;
            while more {
                let key = scanner.key()?;
                if key.raw == wanted || (key.escaped && key.to_text() == *wanted) {
                    found |= walk(rest, scanner, visitor)?;
                } else {
                    scanner.skip()?;
                }
                more = scanner.next(b'}')?;
            }
        }
        _ => {
            scanner.skip()?;
        }
    }
    Ok(found)
}

fn beside(
    segments: &[Segment],
    scanner: &mut Scanner,
    path: &str,
    found: &mut Vec<(String, bool)>,
) -> Result<(), Fault> {
    match (segments.split_first(), scanner.kind()?) {
        (Some((Segment::Items, rest)), Kind::List) => {
            let mut more = scanner.enter(b']')?;
            while more {
                beside(rest, scanner, &format!("{path}[*]"), found)?;
                more = scanner.next(b']')?;
            }
        }
        (Some((Segment::Key(wanted), rest)), Kind::Record) => {
            let mut more = scanner.enter(b'}')?;
            while more {
                let key = scanner.key()?;
                let is_wanted = key.to_text() == *wanted;
                let name = segment(key);
                let point = if path.is_empty() || name.starts_with('[') { "" } else { "." };
                let name = format!("{path}{point}{name}");
                match scanner.kind()? {
                    _ if is_wanted => beside(rest, scanner, &name, found)?,
                    Kind::Null => scanner.null()?,
                    kind => {
                        let has_records = kind == Kind::List && scanner.holds_record();
                        if found.iter().all(|(known, _)| *known != name) {
                            found.push((name, has_records));
                        }
                        scanner.skip()?;
                    }
                }
                more = scanner.next(b'}')?;
            }
        }
        _ => {
            scanner.skip()?;
        }
    }
    Ok(())
}

/// Keys under which interfaces put the records of a page.
const PAGE_KEYS: [&str; 9] = ["items", "results", "data", "records", "rows", "values", "entries", "hits", "events"];
/// Keys that an envelope has beside its records, on the whole way to them: an object with more is a record itself.
const ENVELOPE_KEYS: usize = 8;
/// The same, of an item that is a page of records.
const PAGE_ENVELOPE_KEYS: usize = 4;

/// The path to the records of a document that may be cut off at its end, with their number: the document's own items,
/// or the array of objects that makes up most of what its envelope holds. `None` where the document is one record: an
/// array of objects inside a record (labels, tags, commits) is a value of it.
pub fn guess(text: &str) -> Option<(String, usize)> {
    let mut scanner = Scanner::new(text);
    match scanner.kind().ok()? {
        Kind::List => {
            let seen = Seen::list(&mut scanner);
            let pages = Scanner::new(seen.first?);
            match in_envelope(pages, PAGE_ENVELOPE_KEYS, 0) {
                Some((path, _)) if PAGE_KEYS.contains(&path.as_str()) => {
                    Some((format!("[*].{path}"), count_on_pages(text, &path)))
                }
                _ => Some((String::new(), seen.objects)),
            }
        }
        Kind::Record => in_envelope(scanner, ENVELOPE_KEYS, 0),
        _ => None,
    }
}

/// An array, as far as the text goes.
struct Seen<'a> {
    /// Items that are objects.
    objects: usize,
    /// The first of them, which may be cut off.
    first: Option<&'a str>,
}

impl<'a> Seen<'a> {
    fn list(scanner: &mut Scanner<'a>) -> Self {
        let mut seen = Self { objects: 0, first: None };
        // A fault is where the sample ends: what was seen until then counts.
        let _ = seen.read(scanner);
        seen
    }

    fn read(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Fault> {
        let mut more = scanner.enter(b']')?;
        while more {
            if scanner.kind()? == Kind::Record {
                self.objects += 1;
                let rest = scanner.rest();
                self.first.get_or_insert(rest);
            }
            scanner.skip()?;
            more = scanner.next(b']')?;
        }
        Ok(())
    }
}

/// The array of objects that makes up at least half of the object that is next (a quarter under a usual key), or of the
/// object inside that does. `depth`: how many objects it lies in.
fn in_envelope(mut scanner: Scanner, keys_left: usize, depth: u32) -> Option<(String, usize)> {
    if depth >= MAX_DEPTH {
        return None;
    }
    let whole = scanner.rest();
    let mut keys = 0;
    let mut largest: Option<(&str, usize, String, Kind)> = None;
    let mut read = || -> Result<(), Fault> {
        let mut more = scanner.enter(b'}')?;
        while more {
            keys += 1;
            let entry = scanner.rest().len();
            let key = scanner.key()?;
            let kind = scanner.kind()?;
            let start = scanner.rest();
            let skipped = scanner.skip();
            let length = if skipped.is_ok() { start.len() - scanner.rest().len() } else { start.len() };
            let value = start.get(..length).unwrap_or(start);
            let entry = entry - start.len() + length;
            if largest.as_ref().is_none_or(|(_, other, ..)| entry > *other) {
                largest = Some((value, entry, segment(key), kind));
            }
            skipped?;
            more = scanner.next(b'}')?;
        }
        Ok(())
    };
    // The object ends where its bracket closes, or where the sample does.
    let is_whole = read().is_ok();
    let length = if is_whole { whole.len() - scanner.rest().len() } else { whole.len() };
    let (value, entry, key, kind) = largest?;
    let keys_left = keys_left.checked_sub(keys - 1)?;
    let least = if PAGE_KEYS.contains(&key.as_str()) { length / 4 } else { length / 2 };
    if entry < least {
        return None;
    }
    match kind {
        Kind::List => {
            let seen = Seen::list(&mut Scanner::new(value));
            (seen.objects > 0).then_some((key, seen.objects))
        }
        Kind::Record => {
            let (path, objects) = in_envelope(Scanner::new(value), keys_left, depth + 1)?;
            let point = if path.starts_with('[') { "" } else { "." };
            Some((format!("{key}{point}{path}"), objects))
        }
        _ => None,
    }
}

/// A key as a path has it.
fn segment(key: super::json::Quoted) -> String {
    let raw = key.raw;
    let is_simple = !key.escaped && !raw.is_empty() && !raw.contains(['.', '[', '"', '$']);
    if is_simple { raw.to_owned() } else { format!("[\"{raw}\"]") }
}

/// How many objects the pages hold together, as far as the text goes.
fn count_on_pages(text: &str, key: &str) -> usize {
    let mut objects = 0;
    let path = RecordPath { segments: vec![Segment::Items, Segment::Key(key.to_owned())] };
    let _ = path.each(&mut Scanner::new(text), &mut |scanner: &mut Scanner| {
        objects += usize::from(scanner.kind()? == Kind::Record);
        scanner.skip().map(|_| ())
    });
    objects
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(path: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let path = RecordPath::parse(path).unwrap();
        path.each(&mut Scanner::new(text), &mut |scanner: &mut Scanner| {
            found.push(scanner.raw()?.to_owned());
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn paths_lead_to_their_records() {
        let pages = r#"[{"page":1,"items":[{"a":1},{"a":2}]},{"page":2,"items":[{"a":3}]},{"page":3}]"#;
        assert_eq!(records("[*].items", pages), [r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#]);
        assert_eq!(records("$[*].items[*]", pages).len(), 3);
        assert_eq!(records("", pages).len(), 3);
        let nested = r#"{"data":{"results":[1,2]},"a.b":{"c":7}}"#;
        assert_eq!(records("data.results", nested), ["1", "2"]);
        assert_eq!(records("[\"a.b\"].c", nested), ["7"]);
        assert!(records("data.nothing", nested).is_empty());
        assert!(RecordPath::parse("a..b").is_err());
        assert!(RecordPath::parse("[\"a").is_err());
    }

    #[test]
    fn the_outermost_array_of_objects_is_guessed_or_the_document_is_one_record() {
        let pages = r#"[{"page":1,"items":[{"a":[{"x":1}]},{},{}]},{"page":2,"items":[{}]}]"#;
        assert_eq!(guess(pages), Some(("[*].items".to_owned(), 4)));
        let orders = r#"[{"a":1,"b":2,"c":3,"d":4,"e":5,"items":[{}]},{"a":1,"items":[{},{}]}]"#;
        assert_eq!(guess(orders), Some((String::new(), 2)));
        assert_eq!(guess(r#"{"kind":"List","items":[{"a":1},{"a":2},{"a":"cut"#), Some(("items".to_owned(), 3)));
        assert_eq!(guess(r#"[{"a":1},{"b":[1,2,3]}]"#), Some((String::new(), 2)));
        assert_eq!(guess(r#"{"a.b":{"c":[{}]}}"#), Some(("[\"a.b\"].c".to_owned(), 1)));
        assert_eq!(guess(r#"{"a":[1,2]}"#), None);
        // Nobody's records lie so deep, and no stack is as deep as a file can be.
        assert_eq!(guess(&r#"{"a":"#.repeat(200_000)), None);
        assert_eq!(guess(&"[".repeat(200_000)), None);
        assert_eq!(RecordPath::parse("[\"a.b\"].c").unwrap().segments.len(), 2);
    }

    #[test]
    fn what_stands_beside_the_records_is_found_once() {
        let beside = |path: &str, text: &str| RecordPath::parse(path).unwrap().beside(text);
        let text = r#"{"host":"a","page":{"next":null,"n":2,"rows":[{"x":1}]},"users":[{"id":1}],"tags":[1]}"#;
        let of =
            |names: &[(&str, bool)]| names.iter().map(|(name, list)| ((*name).to_owned(), *list)).collect::<Vec<_>>();
        assert_eq!(
            beside("page.rows", text),
            of(&[("host", false), ("page.n", false), ("users", true), ("tags", false)])
        );
        assert_eq!(
            beside("[*].a", r#"[{"a":[{}],"b":1},{"b":2,"c.d":3,"a":[{"#),
            of(&[("[*].b", false), ("[*][\"c.d\"]", false)])
        );
        assert!(beside("", text).is_empty());
    }

    #[test]
    fn answers_of_interfaces_are_read_at_their_records() {
        let loki = r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"a"},"values":[["1","x"],["2","y"]]}],"stats":{}}}"#;
        assert_eq!(guess(loki), Some(("data.result".to_owned(), 1)));
        let otlp = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"a"},{"key":"b"},{"key":"c"}]},"scopeLogs":[{"logRecords":[{"body":1}]}]}]}"#;
        assert_eq!(guess(otlp), Some(("resourceLogs".to_owned(), 1)));
        let jaeger = r#"{"data":[{"traceID":"1","spans":[{"tags":[{},{},{},{}]}]}],"total":0,"limit":0,"offset":0,"errors":null}"#;
        assert_eq!(guess(jaeger), Some(("data".to_owned(), 1)));
        let zipkin = r#"[{"traceId":"1","annotations":[{},{},{}]},{"traceId":"2"}]"#;
        assert_eq!(guess(zipkin), Some((String::new(), 2)));
        let push = r#"{"ref":"r","before":"b","after":"a","repository":{"id":1,"name":"a repository with a long name"},"pusher":{"name":"x"},"sender":{"login":"x"},"created":true,"deleted":false,"forced":false,"compare":"u","commits":[{"id":"1"},{"id":"2"}]}"#;
        assert_eq!(guess(push), None);
        assert_eq!(guess(r#"{"name":"a record with a name that is long","labels":[{"a":1},{"a":2}]}"#), None);
        let spans = r#"[[{"id":1},{"id":2}],[{"id":3}]]"#;
        assert_eq!(records("$", spans).len(), 3);
        assert_eq!(records("$", "[[1,2],[3]]").len(), 2);
    }
}
