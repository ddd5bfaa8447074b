//! The format `nginx_access`: combined, or whatever a `log_format` directive says.
//! Must not import the Apache format.

use super::named::NGINX;
use super::shape::{Server, recognise_access};
use super::variables::variable;
use crate::data::Schema;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::formats::layout::{Escapes, Item, Layout};
use crate::formats::{Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample};

/// The format `nginx_access`.
pub struct NginxAccess;

impl Format for NginxAccess {
    fn name(&self) -> &'static str {
        "nginx_access"
    }

    fn title(&self) -> &'static str {
        "nginx access log"
    }

    fn doc(&self) -> &'static str {
        "Requests as nginx logs them. `log_format` takes a name (`combined`, `main`), or the directive pasted from \
         nginx.conf; each variable becomes a typed column. A request line that is none keeps its text in `request`. \
         Of a list of forwarded addresses the first public one is the client. Of a list of tries (`502, 200`) a number \
         is that of the last one; a String column takes the list whole. `lists` names columns beside which the lists are kept; of others it is counted \
         that a list had more."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "192.0.2.7 - bob [01/Mar/2024:10:00:00 +0000] \"GET /x?a=1 HTTP/1.1\" 200 1234 \"https://example.org/\" \"curl/8.0\"",
        ]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[
            OptionSpec {
                name: "log_format",
                kind: OptionKind::Text,
                default: "combined",
                doc: "A name (combined, main), a pasted log_format directive, or just its text with $variables.",
            },
            super::MAY_END_AFTER,
            super::TYPES,
            super::LISTS,
        ]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        recognise_access(sample, Server::Nginx, self)
    }

    fn prepare(&self, spec: &FormatSpec, schema: Option<&Schema>, _: &Sample) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let layout =
            layout(spec.option("log_format").unwrap_or("combined")).map_err(|fault| fault.field("log_format"))?;
        super::parser(super::with_options(layout, spec)?, schema)
    }
}

/// The layout of a `log_format`: a name, a directive, its quoted pieces, or the bare text.
pub fn layout(text: &str) -> Result<Layout, Diagnostic> {
    let trimmed = text.trim();
    if let Some((_, named)) = NGINX.iter().find(|(name, _)| *name == trimmed) {
        return text_layout(named, Escapes::Backslash);
    }
    if !trimmed.contains('$') {
        let near = did_you_mean(trimmed, NGINX.iter().map(|(name, _)| *name));
        return Err(Diagnostic::error(
            "PW0414",
            format!("`{trimmed}` is no known log format and holds no $variable{near}"),
        )
        .help("give `combined`, `main`, or paste the log_format directive from nginx.conf"));
    }
    if trimmed.starts_with("log_format") || trimmed.starts_with('\'') {
        let (joined, escapes) = directive(text)?;
        return text_layout(&joined, escapes);
    }
    text_layout(trimmed, Escapes::Backslash)
}

/// Reads `log_format NAME [escape=…] 'piece' "piece" …;` with its quotes and comments as nginx.conf has them.
fn directive(text: &str) -> Result<(String, Escapes), Diagnostic> {
    let mut escapes = Escapes::Backslash;
    let mut joined = String::new();
    let mut words = 0;
    let is_named = text.trim_start().starts_with("log_format");
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        match c {
            c if c.is_whitespace() => {}
            ';' => break,
            '#' => while rest.next_if(|(_, c)| *c != '\n').is_some() {},
            quote @ ('\'' | '"') => {
                let mut closed = false;
                while let Some((_, c)) = rest.next() {
                    match c {
                        '\\' => match rest.next() {
                            Some((_, 't')) => joined.push('\t'),
                            Some((_, 'n')) => joined.push('\n'),
                            Some((_, 'r')) => joined.push('\r'),
                            Some((_, c @ ('\'' | '"' | '\\'))) => joined.push(c),
                            Some((_, c)) => joined.extend(['\\', c]),
                            None => {}
                        },
                        c if c == quote => {
                            closed = true;
                            break;
                        }
                        c => joined.push(c),
                    }
                }
                if !closed {
                    return Err(Diagnostic::error(
                        "PW0415",
                        format!("the piece that begins here has no closing {quote}"),
                    )
                    .at(Span::new(start, text.len()))
                    .help("paste the directive whole, up to its semicolon"));
                }
            }
            first => {
                let mut word = String::from(first);
                while let Some((_, c)) = rest.next_if(|(_, c)| !c.is_whitespace() && *c != ';') {
                    word.push(c);
                }
                words += 1;
                match word.as_str() {
                    // The directive's name, and the format's.
                    _ if is_named && words <= 2 => {}
                    "escape=json" => escapes = Escapes::Json,
                    "escape=none" => escapes = Escapes::None,
                    "escape=default" => {}
                    piece => joined.push_str(piece),
                }
            }
        }
    }
    Ok((joined, escapes))
}

/// Splits the text at its `$variables`.
fn text_layout(text: &str, escapes: Escapes) -> Result<Layout, Diagnostic> {
    let mut items = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('$') {
        items.push(Item::Literal(literal.to_owned()));
        let (name, left) = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').unwrap_or((braced, "")),
            None => after.split_at(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())),
        };
        if name.is_empty() {
            let at = text.len() - after.len() - 1;
            return Err(Diagnostic::error("PW0416", "a `$` without the name of a variable")
                .at(Span::new(at, at + 1))
                .help("write a variable such as `$status`"));
        }
        super::check_length(taken.len())?;
        let mut capture = variable(name);
        if taken.contains(&capture.column) {
            capture.column = name.to_owned();
        }
        taken.push(capture.column.clone());
        items.push(Item::Capture(capture));
        rest = left;
    }
    items.push(Item::Literal(rest.to_owned()));
    Ok(Layout::new(items, escapes))
}
