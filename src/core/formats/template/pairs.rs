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
    /// A word without a value is true: `DF`, `SYN`.
    pub flags: bool,
    /// What stands between pairs may be told before the first one and a bar, as a character or in hexadecimal digits: `^|`,
    /// `x09|`.
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

/// The key of pairs in brackets, which are of something else than those around them.
const INNER: &str = "inner";

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
    /// `key=value<tab>key=value`, or `^|key=value^key=value`.
    pub const LEEF: Pairs = Pairs { separator: b'\t', told: true, escapes: Escapes::None, ..Pairs::LOGFMT };
    /// `key=value msg='key=value …'`.
    pub const NESTED: Pairs = Pairs { nested: true, ..Pairs::LOGFMT };
    /// `SRC=1.2.3.4 DF SYN`.
    pub const FLAGS: Pairs = Pairs { flags: true, ..Pairs::LOGFMT };
    /// `key:value key:"a b"`.
    pub const QUOTED_LABELS: Pairs = Pairs { equals: b':', ..Pairs::LOGFMT };
    /// `Key: value, Key: value`.
    pub const COLONS: Pairs = Pairs { equals: b':', separator: b',', ..Pairs::LOGFMT };

    /// The same without escapes.
    pub const SPACED: Pairs = Pairs { blanks: true, escapes: Escapes::None, ..Pairs::LOGFMT };
    /// `key=value, key=value with blanks, and commas`.
    pub const LISTED: Pairs = Pairs { separator: b',', escapes: Escapes::None, ..Pairs::LOGFMT };
    /// `key:"value"; key:"value"`.
    pub const SEMICOLONS: Pairs = Pairs { equals: b':', separator: b';', ..Pairs::LOGFMT };
    /// `key = value` in lines of their own.
    pub const LINES: Pairs = Pairs { separator: b'\n', ..Pairs::LOGFMT };
    /// `KEY : value   KEY: value`, several in a line, with lines between that go on with a value.
    pub const COLUMNS: Pairs = Pairs { equals: b':', separator: b'\n', escapes: Escapes::None, ..Pairs::LOGFMT };

    /// Calls `visit` with each key and its value; an empty key has what is no pair.
    pub fn each<'a>(&self, text: &'a str, mut visit: impl FnMut(&'a str, &'a str)) {
        match (self.blanks, self.separator) {
            (true, _) => each_spaced(text, &mut visit),
            (false, b',') if self.equals == b'=' => each_listed(text, &mut visit),
            (false, b';') => each_quoted(text, &mut visit),
            (false, b'\n') if self.equals == b':' => each_in_columns(text, &mut visit),
            (false, b' ') => self.each_blank(text, &mut visit),
            (false, separator) => {
                let (separator, text) = told_separator(text).filter(|_| self.told).unwrap_or((separator.into(), text));
                // Lines may end with returns.
                let ends = |c: char| c == separator || separator == '\n' && c == '\r';
                for piece in text.split(ends) {
                    match piece.split_once(char::from(self.equals)) {
                        Some((key, value)) => visit(key.trim(), unquoted(value.trim())),
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
            let start = at;
            // The head of the packet that an ICMP error is about.
            if self.flags && bytes[at] == b'[' {
                let end = memchr::memchr(b']', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                visit(INNER, text[at + 1..end].trim());
                at = (end + 1).min(bytes.len());
                continue;
            }
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

/// The character that is told to stand between pairs, and the pairs.
fn told_separator(text: &str) -> Option<(char, &str)> {
    let (told, pairs) = text.split_once('|')?;
    let digits = told.strip_prefix("0x").or_else(|| told.strip_prefix('x')).filter(|digits| !digits.is_empty());
    let coded = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
    let mut characters = told.chars();
    let single = characters.next().filter(|c| characters.next().is_none() && !c.is_alphanumeric());
    // None is a tab.
    let none = told.is_empty().then_some('\t');
    Some((coded.or(single).or(none)?, pairs))
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

/// A value without the quotes around all of it.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// `key=value, key=value`: a value ends where a comma, a blank and another key follow, and has commas of its own else. A
/// word between two pairs is none.
fn each_listed<'a>(text: &'a str, visit: &mut impl FnMut(&'a str, &'a str)) {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(is_key);
    let key_of = |piece: &'a str| piece.split_once('=').map(|(key, _)| key).filter(|key| is_word(key));
    let place = |piece: &str| piece.as_ptr() as usize - text.as_ptr() as usize;
    let pieces: Vec<&str> = text.split(", ").collect();
    // The key, and where its value begins and ends.
    let mut open: Option<(&str, usize, usize)> = None;
    let close = |open: Option<(&'a str, usize, usize)>, visit: &mut dyn FnMut(&'a str, &'a str)| {
        if let Some((key, start, end)) = open {
            let value = text[start..end].trim();
            visit(key, value.strip_prefix('<').and_then(|value| value.strip_suffix('>')).unwrap_or(value));
        }
    };
    for (number, piece) in pieces.iter().enumerate() {
        let is_between = || is_word(piece) && pieces.get(number + 1).is_some_and(|next| key_of(next).is_some());
        match (key_of(piece), &mut open) {
            (Some(key), _) => {
                let start = place(piece) + key.len() + 1;
                close(open.replace((key, start, place(piece) + piece.len())), visit);
            }
            (None, Some((_, _, end))) if !is_between() => *end = place(piece) + piece.len(),
            (None, _) => {
                close(open.take(), visit);
                visit("", piece);
            }
        }
    }
    close(open, visit);
}

/// `key:"value"; key:"value"`: a semicolon in quotes is a part of the value.
fn each_quoted<'a>(text: &'a str, visit: &mut impl FnMut(&'a str, &'a str)) {
    let mut at = 0;
    while let Some(length) = text[at..].find(':') {
        let key = text[at..at + length].trim_matches([' ', ';']);
        at += length + 1;
        let (value, next) = match text.as_bytes().get(at) {
            Some(b'"') => quoted(text, at, b'"'),
            _ => {
                let end = text[at..].find(';').map_or(text.len(), |length| at + length);
                (text[at..end].trim(), end)
            }
        };
        visit(key, value);
        at = next;
    }
    let rest = text[at..].trim_matches([' ', ';', ']']);
    if !rest.is_empty() {
        visit("", rest);
    }
}

/// Keys in capitals with a colon behind, at the start of a line or behind two blanks.
fn each_in_columns<'a>(text: &'a str, visit: &mut impl FnMut(&'a str, &'a str)) {
    let is_key = |text: &str| {
        let mut words = text.split(' ');
        let name = words.next().unwrap_or_default();
        name.len() > 1
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && words.all(|word| word.starts_with('#'))
    };
    // The key, where it begins, and where its value does.
    let mut keys: Vec<(&str, usize, usize)> = Vec::new();
    for colon in memchr::memchr_iter(b':', text.as_bytes()) {
        let line = text[..colon].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let before = text[line..colon].trim_end();
        let start = before.rfind("  ").map_or(0, |at| at + 2);
        let is_apart = matches!(text.as_bytes().get(colon + 1), None | Some(b' ' | b'\n' | b'\r'));
        if is_apart && is_key(&before[start..]) {
            keys.push((&before[start..], line + start, colon + 1));
        }
    }
    let first = keys.first().map_or(text.len(), |(_, start, _)| *start);
    if !text[..first].trim().is_empty() {
        visit("", text[..first].trim());
    }
    for (number, (key, _, value)) in keys.iter().enumerate() {
        let end = keys.get(number + 1).map_or(text.len(), |(_, next, _)| *next);
        visit(key, text[*value..end].trim());
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
            found(Pairs::FLAGS, "TTL=52 DF [SRC=1.2.3.4 TTL=64 ] MARK=0x1 [open"),
            [("TTL", "52"), ("DF", "true"), ("inner", "SRC=1.2.3.4 TTL=64"), ("MARK", "0x1"), ("inner", "open")]
        );
        let cef = found(Pairs::CEF, r"msg=two words, a\=b src=1.2.3.4 cs1Label=x y ");
        assert_eq!(cef, [("msg", r"two words, a\=b"), ("src", "1.2.3.4"), ("cs1Label", "x y")]);
        assert_eq!(found(Pairs::LEEF, "a=1 2\tb=\tc"), [("a", "1 2"), ("b", ""), ("", "c")]);
        for told in ["^|a=1^b=2|3", "x5E|a=1^b=2|3", "0x5e|a=1^b=2|3", "|a=1\tb=2|3", "x09|a=1\tb=2|3", "a=1\tb=2|3"] {
            assert_eq!(found(Pairs::LEEF, told), [("a", "1"), ("b", "2|3")], "{told}");
        }
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
        assert_eq!(
            found(Pairs::LISTED, "a word, to=<bob@x>, relay=mx[1.2.3.4]:25, TLS, status=sent (250 Ok: a, b=c, d)"),
            [
                ("", "a word"),
                ("to", "bob@x"),
                ("relay", "mx[1.2.3.4]:25"),
                ("", "TLS"),
                ("status", "sent (250 Ok: a"),
                ("b", "c, d)")
            ]
        );
        assert_eq!(
            found(Pairs::SEMICOLONS, r#"a:"x; y"; b:"\"z\""; c:1; d"#),
            [("a", "x; y"), ("b", r#"\"z\""#), ("c", "1"), ("", "d")]
        );
        assert_eq!(found(Pairs::LINES, "\ta = \"x y\"\n\tb = 1"), [("a", "x y"), ("b", "1")]);
        assert_eq!(
            found(
                Pairs::COLUMNS,
                "PID     : 811      TID : 14   PROC : db2 0\nDATA #1 : text: x,\n  y\nMSG: a, probe:1"
            ),
            [("PID", "811"), ("TID", "14"), ("PROC", "db2 0"), ("DATA #1", "text: x,\n  y"), ("MSG", "a, probe:1")]
        );
        assert_eq!(found(Pairs::LOGFMT, "=x é=1"), [("", "="), ("", "x"), ("é", "1")]);
    }
}
