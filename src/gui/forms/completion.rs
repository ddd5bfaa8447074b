//! What an expression may go on with: columns, functions, parameters. Finds and ranks; draws nothing.

use std::collections::BTreeMap;

use pipewright_core::data::{DataType, Schema};
use pipewright_core::expr::{FunctionKind, Place, functions, print_name};

/// How many are shown.
const MOST: usize = 40;

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is written in place of the word at the cursor.
    pub text: String,
    /// How far back from the end of `text` the cursor then stands: inside the brackets of a call.
    pub back: usize,
    pub label: String,
    /// A type or a signature.
    pub detail: String,
    pub doc: String,
}

/// The word that ends at byte `cursor`: where it starts, and its text. `None` inside text and quoted names.
pub fn word_at(text: &str, cursor: usize) -> Option<(usize, &str)> {
    let before = text.get(..cursor)?;
    for (range, piece) in super::highlight::pieces(before) {
        if piece == super::highlight::Piece::Text && range.end == before.len() && !is_closed(&before[range]) {
            return None;
        }
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '{' || c == '.';
    let start = before.char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(cursor, |(at, _)| at);
    let word = &before[start..];
    let is_number = word.starts_with(|c: char| c.is_ascii_digit());
    (!is_number).then_some((start, word))
}

/// The call around byte `cursor` that is open there: the function's name, and the number of the argument from 0.
pub fn call_at(text: &str, cursor: usize) -> Option<(String, usize)> {
    let before = text.get(..cursor)?;
    let mut open: Vec<(Option<&str>, usize)> = Vec::new();
    let mut name = None;
    for (range, piece) in super::highlight::pieces(before) {
        let found = &before[range];
        match piece {
            super::highlight::Piece::Function => name = Some(found),
            // Before its bracket is written, a function is a word.
            super::highlight::Piece::Other => {
                for c in found.chars() {
                    match c {
                        '(' => open.push((name.take(), 0)),
                        ')' => drop(open.pop()),
                        ',' => {
                            if let Some((_, argument)) = open.last_mut() {
                                *argument += 1;
                            }
                        }
                        _ => {}
                    }
                }
            }
            _ => name = None,
        }
    }
    let (name, argument) = open.into_iter().rev().find(|(name, _)| name.is_some())?;
    name.map(|name| (name.to_lowercase(), argument))
}

/// Where the arguments stand in a signature such as `lag(value[, rows[, default]]) over (…) → T`.
pub fn arguments_of(signature: &str) -> Vec<std::ops::Range<usize>> {
    let Some(start) = signature.find('(').map(|at| at + 1) else { return Vec::new() };
    let Some(end) = signature[start..].find(')').map(|at| start + at) else { return Vec::new() };
    let mut found = Vec::new();
    let mut from = start;
    for part in signature[start..end].split(',') {
        let range = from..from + part.len();
        from = range.end + 1;
        let is_edge = |c: char| matches!(c, ' ' | '[' | ']');
        let (left, right) = (part.len() - part.trim_start_matches(is_edge).len(), part.trim_end_matches(is_edge).len());
        if left < right {
            found.push(range.start + left..range.start + right);
        }
    }
    found
}

fn is_closed(text: &str) -> bool {
    text.len() > 1 && text.ends_with('\'')
}

/// What fits a word, the best first.
pub fn completions(
    word: &str,
    schema: Option<&Schema>,
    parameters: &BTreeMap<String, DataType>,
    place: Place,
) -> Vec<Completion> {
    // Words of the language are whole: `is null` does not go on as `nullif`.
    let is_column = || schema.is_some_and(|schema| schema.names().any(|name| name.eq_ignore_ascii_case(word)));
    let is_function = || pipewright_core::expr::function(&word.to_lowercase()).is_some();
    if super::highlight::KEYWORDS.contains(&word.to_lowercase().as_str()) && !is_column() && !is_function() {
        return Vec::new();
    }
    let wanted = word.trim_start_matches(['$', '{']).to_lowercase();
    let rank = |name: &str| {
        let name = name.to_lowercase();
        if name == wanted {
            Some(0)
        } else if name.starts_with(&wanted) {
            Some(1)
        } else if name.contains(&wanted) {
            Some(2)
        } else {
            None
        }
    };
    let mut found: Vec<(u32, usize, Completion)> = Vec::new();
    if !word.starts_with('$') {
        for field in schema.into_iter().flat_map(|schema| &schema.fields) {
            let Some(rank) = rank(&field.name) else { continue };
            let completion = Completion {
                text: print_name(&field.name),
                back: 0,
                label: field.name.clone(),
                detail: field.data_type.to_string(),
                doc: field.labels.meaning.clone().unwrap_or_default(),
            };
            found.push((rank * 2, found.len(), completion));
        }
        for function in functions().iter().filter(|function| fits(function.kind, place)) {
            let Some(rank) = rank(function.name) else { continue };
            let has_arguments = function.max_args != Some(0);
            let completion = Completion {
                text: format!("{}()", function.name),
                back: usize::from(has_arguments),
                label: function.signature.to_owned(),
                detail: function.group.to_owned(),
                doc: function.doc.to_owned(),
            };
            found.push((rank * 2 + 1, found.len(), completion));
        }
    }
    for (name, data_type) in parameters {
        let Some(rank) = rank(name) else { continue };
        let completion = Completion {
            text: format!("${{{name}}}"),
            back: 0,
            label: format!("${{{name}}}"),
            detail: data_type.to_string(),
            doc: "a parameter of the run".into(),
        };
        found.push((rank * 2 + 1, found.len(), completion));
    }
    found.sort_by_key(|(rank, index, _)| (*rank, *index));
    found.truncate(MOST);
    // A word that is whole already offers nothing new.
    if let [(_, _, only)] = found.as_slice()
        && only.text == word
    {
        return Vec::new();
    }
    found.into_iter().map(|(_, _, completion)| completion).collect()
}

fn fits(kind: FunctionKind, place: Place) -> bool {
    match (kind, place) {
        (FunctionKind::Scalar, _) => true,
        (FunctionKind::Aggregate, Place::Aggregate | Place::Window) => true,
        (FunctionKind::Window, Place::Window) => true,
        (FunctionKind::Aggregate, Place::Row) | (FunctionKind::Window, Place::Row | Place::Aggregate) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_outside_texts() {
        assert_eq!(word_at("status >= req", 13), Some((10, "req")));
        assert_eq!(word_at("path like '/ap", 14), None);
        assert_eq!(word_at("x = 'a' and sta", 15), Some((12, "sta")));
        assert_eq!(word_at("status >= 50", 12), None);
        let schema = Schema::of([("status", DataType::Int), ("page size", DataType::Int)]);
        let found = completions("sta", Some(&schema), &BTreeMap::new(), Place::Row);
        assert_eq!(found[0].text, "status");
        // Words of the language are whole, but columns may be called so.
        let mail = Schema::of([("from", DataType::String)]);
        let of = |word: &str| completions(word, Some(&mail), &BTreeMap::new(), Place::Row);
        assert_eq!((of("from")[0].text.as_str(), of("null").len()), ("\"from\"", 0));
        let call = |text: &str| call_at(text, text.len());
        assert_eq!(call("sum(bytes"), Some(("sum".into(), 0)));
        assert_eq!(call("coalesce(a, lower(b), (c + "), Some(("coalesce".into(), 2)));
        assert_eq!(call("replace(page, ',(', "), Some(("replace".into(), 2)));
        assert_eq!((call("sum(bytes)"), call("(a + b"), call("status")), (None, None, None));
        let signature = "lag(value[, rows[, default]]) over (… order by …) → T";
        let parts: Vec<&str> = arguments_of(signature).into_iter().map(|range| &signature[range]).collect();
        assert_eq!(parts, ["value", "rows", "default"]);
        let names = |word: &str, columns: [&str; 2]| -> Vec<String> {
            let schema = Schema::of(columns.map(|name| (name, DataType::Int)));
            completions(word, Some(&schema), &BTreeMap::new(), Place::Row).into_iter().map(|found| found.text).collect()
        };
        assert_eq!(
            names("status", ["status_text", "status"])[..2],
            ["status", "status_text"],
            "what is written is first"
        );
        assert_eq!(names("null", ["nulls", "status"]), Vec::<String>::new());
        assert!(arguments_of("row_number() over (… order by …) → Int").is_empty());
        assert_eq!(completions("page", Some(&schema), &BTreeMap::new(), Place::Row)[0].text, "\"page size\"");
    }
}
