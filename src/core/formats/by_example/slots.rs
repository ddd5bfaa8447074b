//! What may stand for the pieces of a line and for what is between them, from the narrowest to the widest expression.

use super::Marked;

/// A gap or a piece.
pub(super) struct Slot {
    pub is_piece: bool,
    /// From the narrowest to the widest; never empty.
    pub expressions: Vec<String>,
    /// The number of the one that is most often right.
    pub usual: usize,
    /// Whether something begins, or ends, here that lines may lack: a gap with the piece behind it.
    pub begins_optional: bool,
    pub ends_optional: bool,
}

/// The slots of marked lines: a gap before each piece, and one behind the last.
pub(super) fn of(marked: &[Marked], names: &[String]) -> Vec<Slot> {
    let mut slots = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let is_lacking = marked.iter().any(|line| !has(line, name));
        let gaps = marked.iter().filter_map(|line| gap_before(line, name)).collect::<Vec<_>>();
        let expressions = gap(&gaps);
        let usual = expressions.len().saturating_sub(2);
        slots.push(Slot { is_piece: false, expressions, usual, begins_optional: is_lacking, ends_optional: false });
        let pieces: Vec<&str> = marked.iter().filter_map(|line| piece(line, name)).collect();
        let next = names.get(number + 1);
        let behind = |line: &Marked| match next.and_then(|next| line.marks.iter().find(|mark| mark.name == *next)) {
            Some(mark) => line.text[end_of(line, name)?..mark.start].chars().next(),
            None => line.text[end_of(line, name)?..].chars().next(),
        };
        let ends: Vec<Option<char>> = marked.iter().filter(|line| has(line, name)).map(behind).collect();
        let expressions = piece_expressions(&pieces, &ends);
        let is_usual = |one: &String| one.starts_with("[^") || one == r"\S+" || one == ".+?";
        let usual = expressions.iter().position(is_usual).unwrap_or_default();
        slots.push(Slot { is_piece: true, expressions, usual, begins_optional: false, ends_optional: is_lacking });
    }
    let rests: Vec<&str> = marked.iter().filter_map(|line| Some(&line.text[line.marks.last()?.end..])).collect();
    let expressions = rest(&rests);
    slots.push(Slot { is_piece: false, expressions, usual: 0, begins_optional: false, ends_optional: false });
    slots
}

fn has(line: &Marked, name: &str) -> bool {
    line.marks.iter().any(|mark| mark.name == name)
}

fn piece<'a>(line: &Marked<'a>, name: &str) -> Option<&'a str> {
    let mark = line.marks.iter().find(|mark| mark.name == name)?;
    line.text.get(mark.start..mark.end)
}

fn end_of(line: &Marked, name: &str) -> Option<usize> {
    line.marks.iter().find(|mark| mark.name == name).map(|mark| mark.end)
}

/// What stands before a piece, from the end of the one before it.
fn gap_before<'a>(line: &Marked<'a>, name: &str) -> Option<&'a str> {
    let at = line.marks.iter().position(|mark| mark.name == name)?;
    let start = at.checked_sub(1).map_or(0, |before| line.marks[before].end);
    line.text.get(start..line.marks[at].start)
}

/// Expressions for what stands between pieces.
fn gap(texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    // The same; with more or fewer blanks; with other numbers; with other words.
    for of in [literal as fn(&str) -> String, loose, digits, words] {
        let shapes: Vec<String> = texts.iter().map(|text| of(text)).collect();
        if shapes.iter().all(|shape| *shape == shapes[0]) {
            found.push(shapes[0].clone());
        }
    }
    found.push(bounded(texts));
    found.push(wide(texts));
    distinct(found)
}

/// Expressions for what stands behind the last piece: nothing, the same, anything.
fn rest(texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    if texts.iter().all(|text| text.is_empty()) {
        found.push(r"\s*".to_owned());
    } else {
        found.extend(gap(texts));
    }
    found.push(".*".to_owned());
    distinct(found)
}

/// Expressions for a piece; `ends`: the sign behind it, in each line. A word is no reason to take words alone: what is a
/// number or a time is written by its digits, everything else goes up to the sign behind it.
fn piece_expressions(texts: &[&str], ends: &[Option<char>]) -> Vec<String> {
    let all = |is: &dyn Fn(char) -> bool| texts.iter().all(|text| text.chars().all(is));
    let mut found = Vec::new();
    if all(&|c| c.is_ascii_digit()) {
        found.push(r"\d+".to_owned());
    }
    if texts.iter().all(|text| text.parse::<f64>().is_ok() && !text.contains(['e', 'E', 'n', 'N', '+'])) {
        found.push(r"-?\d+(?:\.\d+)?".to_owned());
    }
    let shapes: Vec<String> = texts.iter().map(|text| digits(text)).collect();
    let has_words = all(&|c| !c.is_alphabetic() || matches!(c, 'T' | 'Z'));
    if shapes.iter().all(|shape| *shape == shapes[0]) && has_words && shapes[0].contains(r"\d+") {
        found.push(shapes[0].clone());
    }
    let is_blank = |c: &char| c.is_whitespace();
    // Up to the sign behind it, where no piece holds that.
    let end =
        ends.first().copied().flatten().filter(|end| {
            ends.iter().all(|other| *other == Some(*end)) && !texts.iter().any(|text| text.contains(*end))
        });
    if let Some(end) = end.filter(|end| !is_blank(end)) {
        found.push(format!("[^{}]+", escaped(end, true)));
    }
    if all(&|c| !c.is_whitespace()) {
        found.push(r"\S+".to_owned());
    }
    if let Some(end) = end.filter(|end| !is_blank(end)) {
        found.push(format!("[^{}]*", escaped(end, true)));
    }
    found.push(".+?".to_owned());
    found.push(".*?".to_owned());
    distinct(found)
}

/// A text itself.
fn literal(text: &str) -> String {
    shaped(text, |_| false, "", " ")
}

/// A text with any blanks where it has some.
fn loose(text: &str) -> String {
    shaped(text, |_| false, "", r"\s+")
}

/// A text with any digits in the place of its own.
fn digits(text: &str) -> String {
    shaped(text, |c| c.is_ascii_digit(), r"\d+", " ")
}

/// A text with any words in the place of its own.
fn words(text: &str) -> String {
    shaped(text, |c| c.is_alphanumeric() || c == '_', r"\w+", r"\s+")
}

/// A text as an expression: runs of what is free become `free`, single blanks `blank`, and several as many as there are.
fn shaped(text: &str, is_free: impl Fn(char) -> bool, free: &str, blank: &str) -> String {
    let mut shape = String::new();
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if is_free(c) {
            while letters.next_if(|next| is_free(*next)).is_some() {}
            shape.push_str(free);
        } else if c.is_whitespace() {
            let mut count = 1;
            while letters.next_if(|next| next.is_whitespace()).is_some() {
                count += 1;
            }
            shape.push_str(if count == 1 && c == ' ' { blank } else { r"\s+" });
        } else {
            shape.push_str(&escaped(c, false));
        }
    }
    shape
}

/// A sign as it stands for itself, in a set of signs or outside of one.
fn escaped(c: char, is_in_set: bool) -> String {
    let special = if is_in_set { r"\]^-[&~" } else { r"\.+*?()|[]{}^$" };
    if special.contains(c) { format!("\\{c}") } else { c.to_string() }
}

/// The signs that all texts begin and end with, and anything between them.
fn bounded(texts: &[&str]) -> String {
    let (begin, end) = (common(texts, false), common(texts, true));
    let shortest = texts.iter().map(|text| text.len()).min().unwrap_or_default();
    if begin.len() + end.len() > shortest {
        return wide(texts);
    }
    let is_whole = texts.iter().all(|text| text.len() == begin.len() + end.len());
    let end: String = end.chars().rev().collect();
    format!("{}{}{}", literal(&begin), if is_whole { "" } else { ".*?" }, literal(&end))
}

/// What all texts begin with; `from_behind`: end with, the last sign first.
fn common(texts: &[&str], from_behind: bool) -> String {
    let letters =
        |text: &str| -> Vec<char> { if from_behind { text.chars().rev().collect() } else { text.chars().collect() } };
    let first = texts.first().map(|text| letters(text)).unwrap_or_default();
    let is_shared = |at: usize| texts.iter().all(|text| letters(text).get(at) == first.get(at));
    let shared: String = first.iter().enumerate().take_while(|(at, _)| is_shared(*at)).map(|(_, c)| *c).collect();
    // Of one example everything is shared: only what is no word is taken for a border.
    if texts.len() < 2 { shared.chars().take_while(|c| !c.is_alphanumeric()).collect() } else { shared }
}

/// Anything; blanks, where there is nothing else.
fn wide(texts: &[&str]) -> String {
    match texts.iter().all(|text| text.trim().is_empty()) {
        true if texts.iter().all(|text| text.is_empty()) => String::new(),
        true if texts.iter().any(|text| text.is_empty()) => r"\s*".to_owned(),
        true => r"\s+".to_owned(),
        false => ".*?".to_owned(),
    }
}

fn distinct(found: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in found {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}
