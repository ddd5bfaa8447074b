//! Where the records of an XML text begin and end, told by tags alone, so that a chunk is cut where the whole would be;
//! and which elements they are.

use std::ops::Range;

/// Elements of a sample that are looked at.
const MAX_ELEMENTS: usize = 20_000;
/// Elements that may lie in each other.
const MAX_DEPTH: usize = 128;

/// A part of a text; all parts together are the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Record(Range<usize>),
    /// A record that is not closed: all that follows.
    Open(Range<usize>),
    /// What lies before, between and behind records.
    Between(Range<usize>),
}

/// Whether a text is a name that an element may have.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.bytes().next().is_some_and(is_no_start) && text.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte) || byte >= 0x80
}

/// Names begin with none of these.
fn is_no_start(byte: u8) -> bool {
    byte.is_ascii_digit() || b"-.".contains(&byte)
}

/// A tag that begins at a `<`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tag<'a> {
    Open(&'a [u8]),
    /// `<a/>`.
    Empty(&'a [u8]),
    Close(&'a [u8]),
    /// A comment, literal text, a declaration.
    Other,
}

/// The tag at `at`, where a `<` stands, and its end; `None`: it does not end, or is none.
fn tag_at(bytes: &[u8], at: usize) -> Option<(Tag<'_>, usize)> {
    let rest = &bytes[at..];
    let until = |end: &[u8], from: usize| {
        let found = memchr::memmem::find(rest.get(from..)?, end)?;
        Some((Tag::Other, at + from + found + end.len()))
    };
    if rest.starts_with(b"<!--") {
        return until(b"-->", 4);
    }
    if rest.starts_with(b"<![CDATA[") {
        return until(b"]]>", 9);
    }
    match rest.get(1)? {
        b'?' => return until(b"?>", 2),
        b'!' => return declaration(rest).map(|length| (Tag::Other, at + length)),
        b'/' => {
            let length = rest[2..].iter().take_while(|byte| is_name_byte(**byte)).count();
            let name = &rest[2..2 + length];
            let blanks = rest[2 + length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let end = 2 + length + blanks;
            return (length > 0 && rest.get(end) == Some(&b'>')).then_some((Tag::Close(name), at + end + 1));
        }
        byte if is_no_start(*byte) => return None,
        _ => {}
    }
    let length = rest[1..].iter().take_while(|byte| is_name_byte(**byte)).count();
    let name = &rest[1..1 + length];
    if length == 0 || !rest.get(1 + length).is_some_and(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte)) {
        return None;
    }
    let mut quote = None;
    for (index, byte) in rest.iter().enumerate().skip(1 + length) {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') if rest[index - 1] == b'/' => return Some((Tag::Empty(name), at + index + 1)),
            (None, b'>') => return Some((Tag::Open(name), at + index + 1)),
            // No tag: it is text from here on.
            (None, b'<') => return None,
            _ => {}
        }
    }
    None
}

/// The length of `<!DOCTYPE …>`, whose brackets may hold further ones.
fn declaration(rest: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if depth == 1 => return Some(index + 1),
            b'>' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The next record from `from`: where it begins, and where it ends if it does.
fn next_record(bytes: &[u8], from: usize, record: &[u8]) -> Option<(usize, Option<usize>)> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'<', bytes.get(at..)?)?;
        match tag_at(bytes, at) {
            Some((Tag::Empty(name), end)) if name == record => return Some((at, Some(end))),
            Some((Tag::Open(name), end)) if name == record => return Some((at, end_of(bytes, end, record))),
            Some((Tag::Other, end)) => at = end,
            // What is literal does not end: nothing behind it is a record.
            None if bytes[at..].starts_with(b"<!--") || bytes[at..].starts_with(b"<![CDATA[") => return None,
            None if is_begun(&bytes[at..], record) => return Some((at, None)),
            _ => at += 1,
        }
    }
}

/// Whether a record's tag begins here, which does not end.
fn is_begun(rest: &[u8], record: &[u8]) -> bool {
    let behind = rest.get(1..).and_then(|rest| rest.strip_prefix(record));
    behind.is_some_and(|rest| rest.first().is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'/'))
}

/// The end of the record that is open at `from`; others of its name may lie in it.
fn end_of(bytes: &[u8], from: usize, record: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (1usize, from);
    loop {
        at += memchr::memchr(b'<', bytes.get(at..)?)?;
        match tag_at(bytes, at) {
            Some((Tag::Open(name), end)) => {
                depth += usize::from(name == record);
                at = end;
            }
            Some((Tag::Close(name), end)) => {
                depth -= usize::from(name == record);
                at = end;
                if depth == 0 {
                    return Some(end);
                }
            }
            Some((_, end)) => at = end,
            None if bytes[at..].starts_with(b"<!--") || bytes[at..].starts_with(b"<![CDATA[") => return None,
            None => at += 1,
        }
    }
}

/// The end of the last whole record; 0: there is none.
pub fn cut(bytes: &[u8], record: &str) -> usize {
    let mut at = 0;
    while let Some((_, Some(end))) = next_record(bytes, at, record.as_bytes()) {
        at = end;
    }
    at
}

/// Walks over a text.
pub fn pieces<'a>(text: &'a str, record: &'a str) -> impl Iterator<Item = Piece> + 'a {
    let mut at = 0;
    let mut next = None;
    std::iter::from_fn(move || {
        if let Some(piece) = next.take() {
            return Some(piece);
        }
        if at >= text.len() {
            return None;
        }
        let (piece, start) = match next_record(text.as_bytes(), at, record.as_bytes()) {
            Some((start, Some(end))) => (Piece::Record(start..end), start),
            Some((start, None)) => (Piece::Open(start..text.len()), start),
            None => {
                let rest = at..text.len();
                at = text.len();
                return Some(Piece::Between(rest));
            }
        };
        let before = at..start;
        at = match &piece {
            Piece::Record(range) | Piece::Open(range) | Piece::Between(range) => range.end,
        };
        match before.is_empty() {
            true => Some(piece),
            false => {
                next = Some(piece);
                Some(Piece::Between(before))
            }
        }
    })
}

/// The elements of a sample.
pub struct Outline<'a> {
    elements: Vec<Element<'a>>,
}

struct Element<'a> {
    name: &'a str,
    parent: Option<usize>,
    start: usize,
    end: usize,
}

/// The elements of a text that is XML, at least as far as it goes; `None`: it is none, or a page of the web.
pub fn outline(text: &str, is_whole: bool) -> Option<Outline<'_>> {
    let bytes = text.as_bytes();
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        // Outside of all elements there is no text.
        if open.is_empty() && !text[at..at + found].trim().is_empty() {
            return None;
        }
        at += found;
        let Some((tag, end)) = tag_at(bytes, at) else {
            // Cut within a tag, or none.
            let is_cut = !is_whole && memchr::memchr(b'>', &bytes[at..]).is_none();
            if is_cut || elements.len() > 100 && open.is_empty() {
                break;
            }
            return None;
        };
        let name_of = |name: &[u8]| &text[at + 1..at + 1 + name.len()];
        match tag {
            Tag::Open(name) | Tag::Empty(name) => {
                let parent = open.last().copied();
                if matches!(tag, Tag::Open(_)) {
                    open.push(elements.len());
                }
                elements.push(Element { name: name_of(name), parent, start: at, end });
            }
            Tag::Close(name) => {
                let last = open.pop()?;
                if elements[last].name.as_bytes() != name {
                    return None;
                }
                elements[last].end = end;
            }
            Tag::Other => {}
        }
        at = end;
        if elements.len() >= MAX_ELEMENTS || open.len() > MAX_DEPTH {
            break;
        }
    }
    for index in &open {
        elements[*index].end = at;
    }
    let is_page = elements.first()?.name.eq_ignore_ascii_case("html");
    let ends = !is_whole || open.is_empty() || at < text.len();
    (!is_page && ends).then_some(Outline { elements })
}

impl Outline<'_> {
    /// The elements that are rows: walking inwards, those that are repeated and hold half of what lies around them; the
    /// innermost one that is alone where there are none. Reports of tests have theirs by name.
    pub fn record(&self) -> Option<String> {
        let root = self.elements.first()?;
        if matches!(root.name, "testsuite" | "testsuites") && self.elements.iter().any(|one| one.name == "testcase") {
            return Some("testcase".to_owned());
        }
        let mut around: Option<usize> = None;
        loop {
            let inside: Vec<usize> =
                (0..self.elements.len()).filter(|index| self.elements[*index].parent == around).collect();
            // By name: how many there are, and their bytes.
            let mut groups: Vec<(&str, usize, usize)> = Vec::new();
            for element in inside.iter().map(|index| &self.elements[*index]) {
                let length = element.end - element.start;
                match groups.iter_mut().find(|(name, ..)| *name == element.name) {
                    Some((_, count, bytes)) => (*count, *bytes) = (*count + 1, *bytes + length),
                    None => groups.push((element.name, 1, length)),
                }
            }
            let all: usize = groups.iter().map(|(.., bytes)| bytes).sum();
            let largest = groups.iter().max_by_key(|(.., bytes)| *bytes);
            if let Some((name, ..)) = largest.filter(|(_, count, bytes)| *count > 1 && bytes * 2 >= all) {
                return Some((*name).to_owned());
            }
            match (inside.as_slice(), around) {
                ([only], _) if self.elements.iter().any(|one| one.parent == Some(*only)) => around = Some(*only),
                (_, Some(around)) => return Some(self.elements[around].name.to_owned()),
                (_, None) => return Some(root.name.to_owned()),
            }
        }
    }
}
