//! The fields that follow an access log's bytes, as a line has them. Knows nothing of what they mean.

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// `q` in quotes, `[` in brackets, `b` bare, `k` and `K` behind a key, bare and in quotes.
    pub kind: char,
    /// `rt` of `rt=0.100`; empty where there is none.
    pub key: &'a str,
    pub text: &'a str,
    /// The text with its key.
    whole: &'a str,
}

impl<'a> Token<'a> {
    /// The next field and what is left; `Some(None)` at the line's end, `None` where a quote or bracket is not closed.
    pub fn read(rest: &'a str) -> Option<Option<(Token<'a>, &'a str)>> {
        let rest = rest.trim_start();
        let key = key_of(rest);
        let value = if key.is_empty() { rest } else { &rest[key.len() + 1..] };
        let (kind, length, closing) = match value.chars().next() {
            None if rest.is_empty() => return Some(None),
            Some('"') => (if key.is_empty() { 'q' } else { 'K' }, closing_quote(&value[1..])?, 1),
            Some('[') if key.is_empty() => ('[', value[1..].find(']')?, 1),
            _ => (if key.is_empty() { 'b' } else { 'k' }, list_length(value), 0),
        };
        let text = value.get(closing..closing + length)?;
        let left = value.get(closing + length + closing..)?;
        let whole = rest.get(..rest.len() - left.len())?;
        // What follows a closed quote is a blank or the end.
        (left.is_empty() || left.starts_with(' ')).then_some(Some((Token { kind, key, text, whole }, left)))
    }

    /// The bare field that it is where other lines have no such key.
    pub fn without_key(self) -> Token<'a> {
        match self.kind {
            'k' => Token { kind: 'b', key: "", text: self.whole, ..self },
            _ => self,
        }
    }
}

/// The values of a list such as `502, 200 : 201`; one value is a list of itself.
pub fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(", ").flat_map(|entry| entry.split(" : "))
}

/// The key before a `=` that a value follows.
fn key_of(rest: &str) -> &str {
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let begins = rest.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    match rest.as_bytes().get(length..) {
        Some([b'=', value, ..]) if begins && !matches!(value, b' ' | b'=') => &rest[..length],
        _ => "",
    }
}

/// The length of a bare field: up to a blank that no list goes on behind (`10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80`).
fn list_length(text: &str) -> usize {
    let mut end = text.find(' ').unwrap_or(text.len());
    loop {
        let rest = &text[end..];
        let skipped = match (text[..end].ends_with(','), rest.starts_with(" : ")) {
            (_, true) => 3,
            (true, false) if rest.len() > 1 => 1,
            _ => return end,
        };
        let next = &rest[skipped..];
        if matches!(next.bytes().next(), None | Some(b' ' | b'"' | b'[')) || !key_of(next).is_empty() {
            return end;
        }
        end += skipped + next.find(' ').unwrap_or(next.len());
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', text.as_bytes().get(at..)?)?;
        if text.as_bytes()[found] == b'"' {
            return Some(found);
        }
        at = found + 2;
    }
}
