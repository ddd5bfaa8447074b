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
    let wanted = word.trim_start_matches(['$', '{']).to_lowercase();
    let rank = |name: &str| {
        let name = name.to_lowercase();
        if name.starts_with(&wanted) {
            Some(0)
        } else if name.contains(&wanted) {
            Some(1)
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
        assert_eq!(completions("page", Some(&schema), &BTreeMap::new(), Place::Row)[0].text, "\"page size\"");
    }
}
