//! Keys with values behind a head: `key=value key="a b"`, in the ways in which devices and daemons write them.
//! Must not import the parser.

/// How pairs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairs {
    /// Between key and value.
    pub equals: u8,
    /// Between pairs; white space ends an unquoted value where it is a blank.
    pub separator: u8,
    /// A value goes on to the next ` key=`, blanks and all, as CEF has it.
    pub blanks: bool,
    /// What stands in `'…'` is more pairs.
    pub nested: bool,
    /// A word without a value is true: `DF`, `SYN`; what stands in `[…]` is the packet that is answered.
    pub flags: bool,
    /// What is between pairs may be told before the first one: `^|`, `x7C|`.
    pub told: bool,
    pub escapes: Escapes,
}

/// What a backslash is inside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// The escape of strings: `\"`, `\\`, `\t`, `\x22`.
    Strings,
    /// `\=`, `\\`, `\n`, `\r`, and no other: a path keeps its backslashes (CEF implementation standard, character
    /// encoding).
    Cef,
    /// A backslash.
    None,
}

/// A text in which a backslash escapes these characters; others keep theirs. `n` and `r` are line ends.
pub fn without_escapes(text: &str, escaped: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let next = rest.clone().next().filter(|next| c == '\\' && escaped.contains(*next));
        plain.push(match next {
            Some('n') => '\n',
            Some('r') => '\r',
            Some(next) => next,
            None => c,
        });
        if next.is_some() {
            rest.next();
        }
    }
    plain
}

impl Pairs {
    /// `key=value key="a b"`.
    pub const LOGFMT: Pairs = Pairs {
        equals: b'=',
        separator: b' ',
        blanks: false,
        nested: false,
        flags: false,
        told: false,
        escapes: Escapes::Strings,
    };
    /// `key=value with blanks key=value`.
    pub const CEF: Pairs = Pairs { blanks: true, escapes: Escapes::Cef, ..Pairs::LOGFMT };
    /// `key=value<tab>key=value`.
    pub const TABS: Pairs = Pairs { separator: b'\t', escapes: Escapes::None, ..Pairs::LOGFMT };
    /// `^|key=value^key=value`.
    pub const LEEF: Pairs = Pairs { told: true, ..Pairs::TABS };
    /// `key=value msg='key=value …'`.
    pub const NESTED: Pairs = Pairs { nested: true, ..Pairs::LOGFMT };
    /// `SRC=1.2.3.4 DF SYN`.
    pub const FLAGS: Pairs = Pairs { flags: true, ..Pairs::LOGFMT };
    /// `key:value key:"a b"`.
    pub const QUOTED_LABELS: Pairs = Pairs { equals: b':', ..Pairs::LOGFMT };
    /// `Key: value, Key: value`.
    pub const COLONS: Pairs = Pairs { equals: b':', separator: b',', ..Pairs::LOGFMT };

    /// Calls `visit` with each key and its value; an empty key has what is no pair.
    pub fn each<'a>(&self, text: &'a str, mut visit: impl FnMut(&'a str, &'a str)) {
        match (self.blanks, self.separator) {
            (true, _) => each_spaced(text, &mut visit),
            (false, b' ') => self.each_blank(text, &mut visit),
            (false, separator) => {
                let told = if self.told { told_separator(text) } else { None };
                let (separator, text) = told.unwrap_or((char::from(separator), text));
                for piece in text.split(separator) {
                    match piece.split_once(char::from(self.equals)) {
                        Some((key, value)) => visit(key.trim(), value.trim()),
                        None if piece.trim().is_empty() => {}
                        None => visit("", piece.trim()),
                    }
                }
            }
        }
    }

    fn each_blank<'a>(&self, text: &'a str, visit: &mut impl FnMut(&'a str, &'a str)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        loop {
            at += bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b',' | 0x1d)).count();
            if at >= bytes.len() {
                return;
            }
            if let Some(inner) = text[at..].strip_prefix('[').filter(|_| self.flags) {
                let length = inner.find(']').unwrap_or(inner.len());
                visit(INNER, inner[..length].trim());
                at += (length + 2).min(text.len() - at);
                continue;
            }
            let start = at;
            at += bytes[at..].iter().take_while(|byte| !matches!(byte, b' ' | b'\t') && **byte != self.equals).count();
            // `old auid=1 new auid=2`: keys of two words.
            if self.nested && matches!(&text[start..at], "old" | "new") && bytes.get(at) == Some(&b' ') {
                let second =
                    bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                let end = at + 1 + second;
                at = if second > 0 && bytes.get(end) == Some(&self.equals) { end } else { at };
            }
            let key = &text[start..at];
            if bytes.get(at) != Some(&self.equals) || key.is_empty() {
                at = at.max(start + 1);
                while !text.is_char_boundary(at) {
                    at += 1;
                }
                visit(if self.flags { key } else { "" }, if self.flags { "true" } else { &text[start..at] });
                continue;
            }
            at += 1;
            let (value, next) = match bytes.get(at) {
                Some(b'"') => quoted(text, at, b'"'),
                Some(b'\'') if self.nested => {
                    let (inner, next) = quoted(text, at, b'\'');
                    self.each_blank(inner, visit);
                    at = next;
                    continue;
                }
                Some(b'\'') => quoted(text, at, b'\''),
                _ => {
                    let length = bytes[at..].iter().take_while(|byte| !matches!(byte, b' ' | b'\t' | 0x1d)).count();
                    (&text[at..at + length], at + length)
                }
            };
            visit(key, value.trim_end_matches(','));
            at = next;
        }
    }
}

/// The key of the packet within a packet.
const INNER: &str = "inner_packet";

/// What is between pairs, as a text tells it at its start, and the pairs: the character itself or its number, nothing for a
/// tab.
fn told_separator(text: &str) -> Option<(char, &str)> {
    let (told, pairs) = text.split_once('|').filter(|(told, _)| !told.contains('='))?;
    let number = told.strip_prefix("0x").or_else(|| told.strip_prefix('x'));
    let mut characters = told.chars();
    let separator = match (number.filter(|digits| !digits.is_empty()), characters.next()) {
        (Some(digits), _) => char::from_u32(u32::from_str_radix(digits, 16).ok()?)?,
        (None, None) => '\t',
        (None, Some(separator)) => Some(separator).filter(|_| characters.next().is_none())?,
    };
    Some((separator, pairs))
}

/// The text in quotes at `at`, and where the line goes on. Without a closing quote: to the end.
fn quoted(text: &str, at: usize, quote: u8) -> (&str, usize) {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    loop {
        match bytes.get(end) {
            None => return (text.get(at + 1..).unwrap_or_default(), bytes.len()),
            Some(b'\\') if quote == b'"' => end += 2,
            Some(byte) if *byte == quote => return (text.get(at + 1..end).unwrap_or_default(), end + 1),
            Some(_) => end += 1,
        }
    }
}

/// `key=value with blanks key=value`: a value ends where a blank, a word and `=` follow.
fn each_spaced<'a>(text: &'a str, visit: &mut impl FnMut(&'a str, &'a str)) {
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-[]:".contains(byte);
    let bytes = text.as_bytes();
    // Where each key begins, and its `=` stands.
    let mut keys: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'=', &bytes[at..]) {
        let equals = at + found;
        at = equals + 1;
        if is_escaped(bytes, equals) {
            continue;
        }
        let length = bytes[..equals].iter().rev().take_while(|byte| is_key(byte)).count();
        let start = equals - length;
        let is_first = start == 0 || matches!(bytes[start - 1], b' ' | b'\t');
        if length > 0 && is_first && keys.last().is_none_or(|(_, before)| start > *before) {
            keys.push((start, equals));
        }
    }
    let before = text[..keys.first().map_or(text.len(), |(start, _)| *start)].trim();
    if !before.is_empty() {
        visit("", before);
    }
    for (number, (start, equals)) in keys.iter().enumerate() {
        let end = keys.get(number + 1).map_or(text.len(), |(next, _)| *next);
        visit(&text[*start..*equals], text[equals + 1..end].trim_matches([' ', '\t']));
    }
}

/// Whether a backslash stands before a byte that is not escaped itself.
pub fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: Pairs, text: &str) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        pairs.each(text, |key, value| found.push((key, value)));
        found
    }

    #[test]
    fn pairs_of_all_kinds() {
        let plain = found(Pairs::LOGFMT, r#"a=1 b="x y" c= d word e="open"#);
        assert_eq!(plain, [("a", "1"), ("b", "x y"), ("c", ""), ("", "d"), ("", "word"), ("e", "open")]);
        assert_eq!(
            found(Pairs::FLAGS, "SRC=1.2.3.4 DF OUT= SYN"),
            [("SRC", "1.2.3.4"), ("DF", "true"), ("OUT", ""), ("SYN", "true")]
        );
        assert_eq!(
            found(Pairs::FLAGS, "CODE=3 [SRC=10.0.0.4 TTL=64 ] MARK=1"),
            [("CODE", "3"), ("inner_packet", "SRC=10.0.0.4 TTL=64"), ("MARK", "1")]
        );
        assert_eq!(found(Pairs::FLAGS, "CODE=3 [SRC=10"), [("CODE", "3"), ("inner_packet", "SRC=10")]);
        for text in ["^|a=1 2^b=x=y", "x5E|a=1 2^b=x=y", "0x5e|a=1 2^b=x=y", "|a=1 2\tb=x=y", "a=1 2\tb=x=y"] {
            assert_eq!(found(Pairs::LEEF, text), [("a", "1 2"), ("b", "x=y")], "{text}");
        }
        assert_eq!(found(Pairs::LEEF, "a=1|2\tb=3"), [("a", "1|2"), ("b", "3")]);
        let cef = found(Pairs::CEF, r"msg=two words, a\=b src=1.2.3.4 cs1Label=x y ");
        assert_eq!(cef, [("msg", r"two words, a\=b"), ("src", "1.2.3.4"), ("cs1Label", "x y")]);
        assert_eq!(found(Pairs::TABS, "a=1 2\tb=\tc"), [("a", "1 2"), ("b", ""), ("", "c")]);
        assert_eq!(
            found(Pairs::NESTED, "pid=1 msg='op=x acct=\"root\"'"),
            [("pid", "1"), ("op", "x"), ("acct", "root")]
        );
        assert_eq!(
            found(Pairs::NESTED, "old ses=1 new ses=2 old x"),
            [("old ses", "1"), ("new ses", "2"), ("", "old"), ("", "x")]
        );
        assert_eq!(found(Pairs::COLONS, "SrcIP: 10.0.0.1, User: No One"), [("SrcIP", "10.0.0.1"), ("User", "No One")]);
        assert_eq!(
            found(Pairs::QUOTED_LABELS, r#"a:0.5 b:"x: y, z" c:-"#),
            [("a", "0.5"), ("b", "x: y, z"), ("c", "-")]
        );
        assert_eq!(found(Pairs::LOGFMT, "=x é=1"), [("", "="), ("", "x"), ("é", "1")]);
    }
}
