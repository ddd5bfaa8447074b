//! The path to the records inside a JSON document: its text form, walking along it, and guessing it.
//! Imports data.
//!
//! `data.results` goes through keys, `[*].items` through every item of an array, `["a.b"]` through a key that has
//! a point. Where the path ends at an array, its items are the records; anything else is one record.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::json::{Fault, Kind, Scanner};

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

    /// Calls `visit` with each record of the value that is next. Gives whether the path led anywhere.
    pub fn each<'a>(&self, scanner: &mut Scanner<'a>, visit: &mut Visit<'a, '_>) -> Result<bool, Fault> {
        walk(&self.segments, scanner, visit)
    }
}

/// Reads one record, which is next.
type Visit<'a, 'v> = dyn FnMut(&mut Scanner<'a>) -> Result<(), Fault> + 'v;

fn walk<'a>(segments: &[Segment], scanner: &mut Scanner<'a>, visit: &mut Visit<'a, '_>) -> Result<bool, Fault> {
    let kind = scanner.kind()?;
    let Some((first, rest)) = segments.split_first() else {
        if kind != Kind::List {
            visit(scanner)?;
            return Ok(true);
        }
        let mut more = scanner.enter(b']')?;
        while more {
            visit(scanner)?;
            more = scanner.next(b']')?;
        }
        return Ok(true);
    };
    let mut found = false;
    match (first, kind) {
        (Segment::Items, Kind::List) => {
            let mut more = scanner.enter(b']')?;
            while more {
                found |= walk(rest, scanner, visit)?;
                more = scanner.next(b']')?;
            }
        }
        (Segment::Key(wanted), Kind::Record) => {
            let mut more = scanner.enter(b'}')?;
            while more {
                let key = scanner.key()?;
                if key.raw == wanted || (key.escaped && key.to_text() == *wanted) {
                    found |= walk(rest, scanner, visit)?;
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

/// What was seen of the arrays of objects at one path.
#[derive(Debug, Default)]
struct Seen {
    /// Objects in the longest of them.
    longest: usize,
    /// Objects in all of them.
    total: usize,
    depth: u32,
    /// Keys of the widest object that holds one.
    keys_around: usize,
}

/// Keys under which interfaces put the records of a page.
const PAGE_KEYS: [&str; 9] = ["items", "results", "data", "records", "rows", "values", "entries", "hits", "events"];

impl Seen {
    /// A page holds its records under a usual key and little beside: then all pages count together.
    fn size(&self, path: &str) -> usize {
        let key = path.rsplit(['.', ']']).next().unwrap_or_default();
        if self.keys_around <= 4 && PAGE_KEYS.contains(&key) { self.total } else { self.longest }
    }
}

/// The path to the largest array of objects in a document that may be cut off at its end, with its length; the
/// outer one where two are equally long. `None` where there is no array of objects.
pub fn guess(text: &str) -> Option<(String, usize)> {
    let mut arrays = BTreeMap::new();
    // A fault is where the sample ends: what was seen until then counts.
    let _ = survey(&mut Scanner::new(text), "", 0, &mut arrays);
    arrays
        .into_iter()
        .filter(|(_, seen)| seen.longest > 0)
        .max_by_key(|(path, seen)| (seen.size(path), u32::MAX - seen.depth))
        .map(|(path, seen)| (path.clone(), seen.size(&path)))
}

type Arrays = BTreeMap<String, Seen>;

/// Notes the arrays of objects of the value that is next.
fn survey(scanner: &mut Scanner, path: &str, depth: u32, arrays: &mut Arrays) -> Result<(), Fault> {
    match scanner.kind()? {
        Kind::Record => {
            let mut keys = 0;
            let mut lists = Vec::new();
            let read = survey_record(scanner, path, depth, arrays, &mut keys, &mut lists);
            for list in lists {
                if let Some(seen) = arrays.get_mut(&list) {
                    seen.keys_around = seen.keys_around.max(keys);
                }
            }
            read
        }
        Kind::List => {
            let inner = format!("{path}[*]");
            let mut objects = 0;
            let mut more = scanner.enter(b']')?;
            while more {
                if scanner.kind()? == Kind::Record {
                    // Noted before the item, which may be where the sample ends.
                    objects += 1;
                    let seen = arrays.entry(path.to_owned()).or_default();
                    seen.depth = depth;
                    seen.total += 1;
                    seen.longest = seen.longest.max(objects);
                }
                survey(scanner, &inner, depth + 1, arrays)?;
                more = scanner.next(b']')?;
            }
            Ok(())
        }
        _ => scanner.skip().map(|_| ()),
    }
}

fn survey_record(
    scanner: &mut Scanner,
    path: &str,
    depth: u32,
    arrays: &mut Arrays,
    keys: &mut usize,
    lists: &mut Vec<String>,
) -> Result<(), Fault> {
    let mut more = scanner.enter(b'}')?;
    while more {
        *keys += 1;
        let key = scanner.key()?;
        let raw = key.raw;
        let kind = scanner.kind()?;
        if matches!(kind, Kind::Record | Kind::List) {
            let simple = !key.escaped && !raw.is_empty() && !raw.contains(['.', '[', '"', '$']);
            let mut inner = path.to_owned();
            let _ = match simple {
                true if path.is_empty() => write!(inner, "{raw}"),
                true => write!(inner, ".{raw}"),
                false => write!(inner, "[\"{raw}\"]"),
            };
            if kind == Kind::List {
                lists.push(inner.clone());
            }
            survey(scanner, &inner, depth + 1, arrays)?;
        } else {
            scanner.skip()?;
        }
        more = scanner.next(b'}')?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(path: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let path = RecordPath::parse(path).unwrap();
        path.each(&mut Scanner::new(text), &mut |scanner| {
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
    fn the_largest_array_of_objects_is_guessed() {
        let pages = r#"[{"page":1,"items":[{"a":[{"x":1}]},{},{}]},{"page":2,"items":[{}]}]"#;
        assert_eq!(guess(pages), Some(("[*].items".to_owned(), 4)));
        let orders = r#"[{"a":1,"b":2,"c":3,"d":4,"items":[{}]},{"a":1,"items":[{},{}]}]"#;
        assert_eq!(guess(orders), Some((String::new(), 2)));
        assert_eq!(guess(r#"{"kind":"List","items":[{"a":1},{"a":2},{"a":"cut"#), Some(("items".to_owned(), 3)));
        assert_eq!(guess(r#"[{"a":1},{"b":[1,2,3]}]"#), Some((String::new(), 2)));
        assert_eq!(guess(r#"{"a.b":{"c":[{}]}}"#), Some(("[\"a.b\"].c".to_owned(), 1)));
        assert_eq!(guess(r#"{"a":[1,2]}"#), None);
        assert_eq!(RecordPath::parse("[\"a.b\"].c").unwrap().segments.len(), 2);
    }
}
