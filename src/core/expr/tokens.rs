//! Text → tokens with byte spans: sqlparser's tokeniser, and before it a scan for what it does not know
//! (`${parameter}`, typographic quotes). Must not import any room.

use std::any::TypeId;
use std::collections::BTreeMap;

use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Location, Token as SqlToken, Tokenizer};

use crate::diagnostic::{Diagnostic, Span};

/// Words that cannot be a column's name unless quoted.
pub(super) const RESERVED: [&str; 20] = [
    "and", "or", "not", "null", "true", "false", "is", "in", "like", "ilike", "between", "case", "when", "then",
    "else", "end", "div", "distinct", "order", "select",
];

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// A keyword or a name; `quoted`: written as `"name"`.
    Word {
        text: String,
        quoted: bool,
    },
    Number(String),
    Text(String),
    Parameter(String),
    /// An operator or a punctuation mark, as written.
    Symbol(String),
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

impl Token {
    pub fn is(&self, symbol: &str) -> bool {
        matches!(&self.kind, TokenKind::Symbol(found) if found == symbol)
    }

    /// The unquoted word in lower case; empty for anything else.
    pub fn keyword(&self) -> String {
        match &self.kind {
            TokenKind::Word { text, quoted: false } => text.to_ascii_lowercase(),
            _ => String::new(),
        }
    }

    /// For messages: `` `500` ``, `the text 'GET'`, `the end`.
    pub fn describe(&self) -> String {
        match &self.kind {
            TokenKind::Word { text, quoted: false } | TokenKind::Number(text) | TokenKind::Symbol(text) => {
                format!("`{text}`")
            }
            TokenKind::Word { text, quoted: true } => format!("the name `\"{text}\"`"),
            TokenKind::Text(text) => format!("the text '{}'", text.chars().take(20).collect::<String>()),
            TokenKind::Parameter(name) => format!("`${{{name}}}`"),
            TokenKind::End => "the end".to_owned(),
        }
    }
}

/// Names as Pipewright has them: letters of any script, digits, `_`; quoted by `"` or a backtick.
#[derive(Debug)]
struct Names;

impl Dialect for Names {
    fn dialect(&self) -> TypeId {
        TypeId::of::<Names>()
    }

    fn is_identifier_start(&self, c: char) -> bool {
        is_name_start(c)
    }

    fn is_identifier_part(&self, c: char) -> bool {
        is_name_part(c)
    }
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

pub(super) fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The tokens of `text`, without white space and comments, closed by `End`.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, Diagnostic> {
    let (masked, mut parameters) = mask_parameters(text)?;
    let places = Places::of(text);
    let read = Tokenizer::new(&Names, &masked)
        .tokenize_with_location()
        .map_err(|error| unreadable(text, places.byte(error.location)))?;
    let mut tokens = Vec::with_capacity(read.len() + 1);
    for token in read {
        let (start, end) = (places.byte(token.span.start), places.byte(token.span.end));
        let span = Span::new(start, end);
        let kind = match token.token {
            SqlToken::Whitespace(_) | SqlToken::EOF => continue,
            SqlToken::Word(word) => match parameters.remove(&start) {
                Some(name) => TokenKind::Parameter(name),
                None => TokenKind::Word { text: word.value, quoted: word.quote_style.is_some() },
            },
            SqlToken::Number(digits, _) => TokenKind::Number(digits),
            SqlToken::SingleQuotedString(text) => TokenKind::Text(text),
            _ => {
                let symbol = text.get(start..end).unwrap_or_default();
                // Spaces that come along when text is pasted from a page.
                if symbol.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}')) {
                    continue;
                }
                TokenKind::Symbol(symbol.to_owned())
            }
        };
        tokens.push(Token { kind, span });
    }
    if let Some((start, name)) = parameters.pop_first() {
        let span = Span::new(start, start + name.len() + 3);
        return Err(Diagnostic::error("PW0108", format!("`${{{name}}}` cannot be read here"))
            .help("leave a space on both sides of a parameter")
            .at(span));
    }
    tokens.push(Token { kind: TokenKind::End, span: Span::new(text.len(), text.len()) });
    Ok(tokens)
}

/// Puts a quoted name of the same length in each parameter's place; returns the names by byte offset.
fn mask_parameters(text: &str) -> Result<(String, BTreeMap<usize, String>), Diagnostic> {
    let mut masked = String::with_capacity(text.len());
    let mut parameters = BTreeMap::new();
    let mut quote: Option<char> = None;
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        match (quote, c) {
            (Some(open), _) => {
                quote = if c == open { None } else { quote };
            }
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '‘' | '’' | '‚' | '“' | '”' | '„' | '«' | '»') => {
                let straight = if matches!(c, '‘' | '’' | '‚') { "'text'" } else { "'text' or \"column name\"" };
                return Err(Diagnostic::error("PW0107", format!("the typographic quote `{c}` is not a quote here"))
                    .help(format!("write straight quotes: {straight}"))
                    .at(Span::new(at, at + c.len_utf8())));
            }
            (None, '-') if text[at..].starts_with("--") => {
                skip_to = text[at..].find('\n').map_or(text.len(), |end| at + end);
                masked.push_str(&text[at..skip_to]);
                continue;
            }
            (None, '/') if text[at..].starts_with("/*") => {
                skip_to = text[at..].find("*/").map_or(text.len(), |end| at + end + 2);
                masked.push_str(&text[at..skip_to]);
                continue;
            }
            (None, '$') => {
                let name = parameter_name(text, at)?;
                masked.push('"');
                masked.extend(std::iter::repeat_n('_', name.chars().count() + 1));
                masked.push('"');
                skip_to = at + name.len() + 3;
                parameters.insert(at, name.to_owned());
                continue;
            }
            _ => {}
        }
        masked.push(c);
    }
    Ok((masked, parameters))
}

/// The name in `${name}` at byte `at`: letters, digits, `_`, `-`, `.`, `:`.
fn parameter_name(text: &str, at: usize) -> Result<&str, Diagnostic> {
    let rest = &text[at + 1..];
    let wrong = |end: usize, message: &str| {
        Err(Diagnostic::error("PW0108", message)
            .help("write a parameter as `${name}`")
            .at(Span::new(at, end.min(text.len()))))
    };
    let Some(inner) = rest.strip_prefix('{') else {
        let word: String = rest.chars().take_while(|c| is_name_part(*c)).collect();
        let message = if word.is_empty() {
            "`$` opens nothing here".to_owned()
        } else {
            format!("`${word}` lacks its braces: `${{{word}}}`")
        };
        return wrong(at + 1 + word.len(), &message);
    };
    let Some(end) = inner.find('}') else {
        return wrong(text.len(), "the parameter is not closed: `}` is missing");
    };
    let name = &inner[..end];
    if name.is_empty() || !name.chars().all(|c| is_name_part(c) || matches!(c, '.' | '-' | ':')) {
        return wrong(at + end + 3, &format!("`{name}` is not a parameter's name"));
    }
    Ok(name)
}

/// What the tokeniser stumbles over: nearly always a quote or comment that is not closed.
fn unreadable(text: &str, at: usize) -> Diagnostic {
    let rest = text.get(at..).unwrap_or_default();
    let span = Span::new(at, text.len());
    match rest.chars().next() {
        Some('\'') => Diagnostic::error("PW0102", "this text is not closed: a `'` is missing")
            .help("text stands between single quotes; a quote inside is doubled: 'it''s'"),
        Some('"' | '`') => Diagnostic::error("PW0102", "this quoted name is not closed: a `\"` is missing")
            .help("a name stands between double quotes; a quote inside is doubled"),
        _ if text.contains("/*") => {
            Diagnostic::error("PW0102", "this comment is not closed: `*/` is missing").help("close it, or remove it")
        }
        _ => Diagnostic::error("PW0101", "this cannot be read").help("check the quotes near here"),
    }
    .at(span)
}

/// From the tokeniser's line and column (both from 1, columns in characters) to byte offsets.
struct Places {
    /// Byte offset of every character, and of the end.
    bytes: Vec<usize>,
    /// Index in `bytes` of every line's first character.
    lines: Vec<usize>,
}

impl Places {
    fn of(text: &str) -> Places {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        let mut lines = vec![0];
        for (index, (at, c)) in text.char_indices().enumerate() {
            bytes.push(at);
            if c == '\n' {
                lines.push(index + 1);
            }
        }
        bytes.push(text.len());
        Places { bytes, lines }
    }

    fn byte(&self, location: Location) -> usize {
        let end = self.bytes.last().copied().unwrap_or(0);
        let line = (location.line as usize).saturating_sub(1);
        let Some(start) = self.lines.get(line) else { return end };
        self.bytes.get(start + (location.column as usize).saturating_sub(1)).copied().unwrap_or(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_bytes_of_the_text() {
        let text = "größe\n  >= ${a.b} -- ${not this}\n and x = 'ü${no}'";
        let tokens = tokenize(text).unwrap();
        let parts: Vec<&str> =
            tokens.iter().map(|token| &text[token.span.start as usize..token.span.end as usize]).collect();
        assert_eq!(parts, ["größe", ">=", "${a.b}", "and", "x", "=", "'ü${no}'", ""]);
        assert_eq!(tokens[2].kind, TokenKind::Parameter("a.b".into()));
    }
}
