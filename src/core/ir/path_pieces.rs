//! Pieces of a source's path that become columns: `/var/log/pods/<namespace>_<pod>_<uid>/<container>/*.log`. A piece
//! stands for any text within a name, as `*` does.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::data::{DataType, Field, Schema};
use crate::quote::partition_value;

/// Where the pieces of a path lie, `<` and `>` with them, and their names: letters, digits and `_`, no digit first.
fn places(path: &str) -> Vec<(usize, usize, &str)> {
    let is_name = |name: &str| {
        let first = name.chars().next();
        first.is_some_and(|c| c.is_alphabetic() || c == '_') && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let begins = path.match_indices('<').filter_map(|(at, _)| {
        let name = path[at + 1..].split_once('>')?.0;
        is_name(name).then_some((at, at + name.len() + 2, name))
    });
    begins.collect()
}

/// Names of the columns that a path gives, each once.
pub fn path_pieces(path: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, _, name) in places(path) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The pattern that a path with pieces stands for.
pub fn pattern_of_pieces(path: &str) -> Cow<'_, str> {
    let places = places(path);
    if places.is_empty() {
        return path.into();
    }
    let (mut pattern, mut last) = (String::with_capacity(path.len()), 0);
    for (start, end, _) in places {
        pattern.push_str(&path[last..start]);
        pattern.push('*');
        last = end;
    }
    pattern.push_str(&path[last..]);
    pattern.into()
}

/// A schema with the columns of a path's pieces behind its own; one that is there already stays as it is.
pub fn with_path_pieces(mut schema: Schema, path: &str) -> Schema {
    for name in path_pieces(path) {
        if !schema.has(&name) {
            schema.fields.push(Field::new(name, DataType::String));
        }
    }
    schema
}

/// Takes a file's path apart as a source's path with pieces says.
#[derive(Debug, Clone)]
pub struct PathPieces {
    names: Vec<String>,
    /// Those that are the value of a folder `name=value`, as a partitioned load writes it.
    values: BTreeSet<String>,
    from: From,
}

/// Where the texts come from.
#[derive(Debug, Clone)]
enum From {
    Path(Option<Regex>),
    /// Somebody has taken the path apart already.
    Told(Vec<String>),
}

impl PathPieces {
    /// Of a path whose parameters are filled in.
    pub fn of(path: &str) -> Self {
        let names = path_pieces(path);
        let pattern = (!names.is_empty()).then(|| Regex::new(&expression(path)).ok()).flatten();
        let is_value = |(start, end, _): &(usize, usize, &str)| {
            path[..*start].ends_with('=') && (path[*end..].starts_with('/') || path[*end..].is_empty())
        };
        let values = places(path).into_iter().filter(is_value).map(|(.., name)| name.to_owned()).collect();
        Self { names, values, from: From::Path(pattern) }
    }

    /// Of a file of which it is known already.
    pub fn told(texts: &BTreeMap<String, String>) -> Self {
        let (names, values) = (texts.keys().cloned().collect(), BTreeSet::new());
        Self { names, values, from: From::Told(texts.values().cloned().collect()) }
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The texts of a file's path (`/` between its parts), by name; `None` where the path does not fit, or says null.
    pub fn of_file(&self, file: &str) -> Vec<Option<String>> {
        let pattern = match &self.from {
            From::Path(pattern) => pattern,
            From::Told(texts) => return texts.iter().cloned().map(Some).collect(),
        };
        let found = pattern.as_ref().and_then(|pattern| pattern.captures(file));
        let text = |name: &String| {
            let text = found.as_ref()?.name(name)?.as_str();
            if self.values.contains(name) { partition_value(text) } else { Some(text.to_owned()) }
        };
        self.names.iter().map(text).collect()
    }
}

/// A path as a regular expression that fits the end of a file's path. A piece that stands twice is taken where it stands
/// first.
fn expression(path: &str) -> String {
    let (mut expression, mut last, mut seen) = (String::from("(?:^|/)"), 0, Vec::new());
    for (start, end, name) in places(path) {
        expression.push_str(&of_pattern(&path[last..start]));
        if seen.contains(&name) {
            expression.push_str("[^/]*?");
        } else {
            expression.push_str(&format!("(?P<{name}>[^/]*?)"));
            seen.push(name);
        }
        last = end;
    }
    let rest = path[last..].trim_end_matches('/');
    // A folder stands for all that is in it.
    format!("{expression}{}(?:/.*)?$", of_pattern(rest))
}

fn of_pattern(text: &str) -> String {
    let text = text.trim_start_matches("./");
    let (mut expression, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['*', '?', '[']) {
        expression.push_str(&regex::escape(&rest[..at]));
        rest = &rest[at..];
        let (of, length) = if rest.starts_with("**/") {
            ("(?:.*/)?", 3)
        } else if rest.starts_with('*') {
            ("[^/]*", 1)
        } else if let Some(end) = rest.starts_with('[').then(|| rest.find(']')).flatten() {
            ("[^/]", end + 1)
        } else {
            ("[^/]", 1)
        };
        expression.push_str(of);
        rest = &rest[length..];
    }
    expression + &regex::escape(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::{NULL_PARTITION, partition_text};

    #[test]
    fn pieces_of_a_path_are_columns() {
        let path = "/var/log/pods/<namespace>_<pod>_<uid>/<container>/*.log";
        assert_eq!(path_pieces(path), ["namespace", "pod", "uid", "container"]);
        assert_eq!(pattern_of_pieces(path), "/var/log/pods/*_*_*/*/*.log");
        let pieces = PathPieces::of(path);
        let found = pieces.of_file("/var/log/pods/shop_web-5f_0a1b/nginx/0.log");
        assert_eq!(found, ["shop", "web-5f", "0a1b", "nginx"].map(|text| Some(text.to_owned())));
        assert_eq!(pieces.of_file("/elsewhere/0.log"), [None, None, None, None]);
        let told = PathPieces::told(&[("pod".to_owned(), "web".to_owned())].into());
        assert_eq!((told.names(), told.of_file("/x")), (&["pod".to_owned()][..], vec![Some("web".to_owned())]));
        let of = |path: &str, file: &str| PathPieces::of(path).of_file(file).into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(of("logs/day=<day>/**/<app>.jsonl", "logs/day=2026-03-02/a/b/web.jsonl"), ["2026-03-02", "web"]);
        assert_eq!(of("./<app>-<n>.log.gz", "/home/x/web-ui-3.log.gz"), ["web", "ui-3"]);
        assert_eq!(of("<host>", "db1/a/b.log"), ["db1"], "a folder stands for all that is in it");
        assert_eq!(of("<a>/x[12]?.log", "q/x1z.log"), ["q"]);
        // Folders of a partitioned load give back what they were named after.
        for text in ["x/y=%", "a b", "", "null", "..", "żółć", "%41", NULL_PARTITION] {
            let file = format!("rows/day={}/part-0.csv", partition_text(text));
            assert_eq!(of("rows/day=<day>/*.csv", &file), [text], "{file}");
        }
        let null = PathPieces::of("day=<day>/*").of_file(&format!("day={NULL_PARTITION}/part-0.csv"));
        assert_eq!(null, [None]);
        assert_eq!(of("x=<a>.log", "x=%41.log"), ["%41"], "a part of a name is as it stands");
    }

    #[test]
    fn what_is_no_name_is_no_piece() {
        for path in ["a<b.log", "a<>b.log", "<1a>.log", "<a b>.log", "plain/*.log"] {
            assert_eq!((path_pieces(path).len(), pattern_of_pieces(path)), (0, path.into()), "{path}");
        }
        let schema = with_path_pieces(Schema::of([("app", DataType::Int)]), "<app>/<day>/<app>.log");
        assert_eq!(schema.names().collect::<Vec<_>>(), ["app", "day"]);
        assert_eq!(schema.fields[0].data_type, DataType::Int);
    }
}
