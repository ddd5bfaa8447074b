//! The format `apache_access`: common, combined, or whatever a `LogFormat` directive says.
//! Must not import the nginx format.

use super::named::APACHE;
use super::shape::{Server, recognise_access};
use crate::data::Schema;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::formats::layout::{Capture, Escapes, Item, Kind, Layout, TimeShape};
use crate::formats::time::Epoch;
use crate::formats::{Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample};

/// The format `apache_access`.
pub struct ApacheAccess;

impl Format for ApacheAccess {
    fn name(&self) -> &'static str {
        "apache_access"
    }

    fn title(&self) -> &'static str {
        "Apache access log"
    }

    fn doc(&self) -> &'static str {
        "Requests as the Apache HTTP server logs them. `log_format` takes a name (`common`, `combined`, \
         `vhost_combined`, `combinedio`), or the LogFormat directive pasted from the configuration; each `%` becomes a \
         typed column. A request line that is none keeps its text in `request`. Of a list of forwarded addresses the first \
         public one is the client; that it had more is counted, or the list kept beside it where `lists` names it."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["192.0.2.7 - bob [01/Mar/2024:10:00:00 +0000] \"GET /x?a=1 HTTP/1.1\" 200 1234"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[
            OptionSpec {
                name: "log_format",
                kind: OptionKind::Text,
                default: "combined",
                doc: "A name (common, combined, vhost_combined, combinedio), a pasted LogFormat directive, or its text.",
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
        recognise_access(sample, Server::Apache, self)
    }

    fn prepare(&self, spec: &FormatSpec, schema: Option<&Schema>, _: &Sample) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let layout =
            layout(spec.option("log_format").unwrap_or("combined")).map_err(|fault| fault.field("log_format"))?;
        super::parser(super::with_options(layout, spec)?, schema)
    }
}

/// The layout of a `LogFormat`: a name, a directive, or the text, with or without the quotes around it.
pub fn layout(text: &str) -> Result<Layout, Diagnostic> {
    let trimmed = text.trim();
    if let Some((_, named)) = APACHE.iter().find(|(name, _)| *name == trimmed) {
        return text_layout(named);
    }
    if !trimmed.contains('%') {
        let near = did_you_mean(trimmed, APACHE.iter().map(|(name, _)| *name));
        return Err(Diagnostic::error(
            "PW0417",
            format!("`{trimmed}` is no known log format and holds no % directive{near}"),
        )
        .help("give `common`, `combined`, `vhost_combined`, or paste the LogFormat directive"));
    }
    let directive = trimmed.strip_prefix("LogFormat").or_else(|| trimmed.strip_prefix("CustomLog"));
    if let Some(rest) = directive {
        return text_layout(&configuration_string(rest.find('"').map_or(rest, |quote| &rest[quote..]))?);
    }
    // Quotes around the whole: what is inside is escaped. `"%{Referer}i" %h` begins with a quote too, but has no escapes.
    let quoted = trimmed.starts_with('"') && trimmed.contains("\\\"");
    if quoted { text_layout(&configuration_string(trimmed)?) } else { text_layout(&trimmed.replace("\\\"", "\"")) }
}

/// The content of `"… \"%r\" …" name`.
fn configuration_string(text: &str) -> Result<String, Diagnostic> {
    let mut content = String::new();
    let mut rest = text.chars().skip(1);
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(content),
            '\\' => match rest.next() {
                Some('t') => content.push('\t'),
                Some('n') => content.push('\n'),
                Some(c @ ('"' | '\\')) => content.push(c),
                Some(c) => content.extend(['\\', c]),
                None => {}
            },
            c => content.push(c),
        }
    }
    Err(Diagnostic::error("PW0415", "the LogFormat text has no closing quote").help("paste the directive whole"))
}

/// Splits the text at its `%` directives.
fn text_layout(text: &str) -> Result<Layout, Diagnostic> {
    let mut items: Vec<Item> = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('%') {
        if found > 0 {
            items.push(Item::Literal(text[at..at + found].to_owned()));
        }
        let start = at + found;
        let directive = Directive::read(&text[start + 1..])
            .ok_or_else(|| unknown(text, start, text[start..].chars().take(2).map(char::len_utf8).sum()))?;
        at = start + 1 + directive.length;
        if directive.code == "%" {
            items.push(Item::Literal("%".to_owned()));
            continue;
        }
        let (mut piece, own) = directive.capture().ok_or_else(|| unknown(text, start, 1 + directive.length))?;
        super::check_length(taken.len())?;
        if taken.contains(&piece.column) {
            piece.column = own;
        }
        // `%U%q` is the path with its query, as sent.
        if directive.code == "q" && matches!(items.last(), Some(Item::Capture(before)) if before.column == "path") {
            continue;
        }
        taken.push(piece.column.clone());
        if directive.code == "t" && directive.argument.is_none() {
            items.extend([Item::Literal("[".to_owned()), Item::Capture(piece), Item::Literal("]".to_owned())]);
        } else {
            items.push(Item::Capture(piece));
        }
    }
    items.push(Item::Literal(text[at..].to_owned()));
    Ok(Layout::new(items, Escapes::Backslash))
}

fn unknown(text: &str, start: usize, length: usize) -> Diagnostic {
    let end = (start + length).min(text.len());
    Diagnostic::error("PW0418", format!("`{}` is no LogFormat directive", &text[start..end]))
        .at(Span::new(start, end))
        .help("directives look like `%h`, `%>s`, `%{Referer}i`; `%%` stands for a percent sign")
}

/// `%>s`, `%{Referer}i`, `%400,501{User-agent}i`.
struct Directive<'a> {
    argument: Option<&'a str>,
    code: &'a str,
    /// Bytes after the `%`.
    length: usize,
}

impl<'a> Directive<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let modifiers = text.find(|c: char| !matches!(c, '<' | '>' | '!' | ',' | '0'..='9')).unwrap_or(text.len());
        let mut rest = &text[modifiers..];
        let mut argument = None;
        if let Some(braced) = rest.strip_prefix('{') {
            let (name, after) = braced.split_once('}')?;
            argument = Some(name);
            rest = after;
        }
        let code = match rest.chars().next()? {
            '^' => rest.get(..3)?,
            first => &rest[..first.len_utf8()],
        };
        Some(Self { argument, code, length: text.len() - rest.len() + code.len() })
    }

    /// Its column and type; and the name it takes where another column has that one already.
    fn capture(&self) -> Option<(Capture, String)> {
        let seconds = |per_second| Kind::Seconds { per_second };
        let (column, kind, own) = match (self.code, self.argument) {
            ("h", _) => ("client", Kind::Client, "remote_host"),
            ("a", None) => ("client", Kind::Client, "remote_ip"),
            ("a", Some(_)) => ("peer", Kind::Text, "peer"),
            ("A", _) => ("local_ip", Kind::Text, "local_ip"),
            ("l", _) => ("ident", Kind::Text, "ident"),
            ("u", _) => ("user", Kind::Text, "remote_user"),
            ("t", argument) => return Some(time_capture(argument)),
            ("r", _) => ("request", Kind::Request, "request"),
            ("m", _) => ("method", Kind::Text, "request_method"),
            ("U", _) => ("path", Kind::Text, "url_path"),
            ("q", _) => ("query", Kind::Text, "query"),
            ("H", _) => ("protocol", Kind::Text, "protocol"),
            ("s", _) => ("status", Kind::Int, "first_status"),
            ("b" | "B", _) => ("bytes", Kind::Int, "bytes_body"),
            ("I", _) => ("bytes_received", Kind::Int, "bytes_received"),
            ("O", _) => ("bytes_sent", Kind::Int, "bytes_sent"),
            ("S", _) => ("bytes_transferred", Kind::Int, "bytes_transferred"),
            ("D", _) => ("duration", seconds(1e6), "duration_micros"),
            ("T", None | Some("s")) => ("duration", seconds(1.0), "duration_seconds"),
            ("T", Some("ms")) => ("duration", seconds(1e3), "duration_millis"),
            ("T", Some("us")) => ("duration", seconds(1e6), "duration_micros"),
            ("v", _) => ("vhost", Kind::Text, "server_name"),
            ("V", _) => ("vhost", Kind::Text, "requested_host"),
            ("p", Some("remote")) => ("client_port", Kind::Int, "remote_port"),
            ("p", _) => ("vhost_port", Kind::Int, "port"),
            ("P", _) => ("pid", Kind::Int, "process_id"),
            ("k", _) => ("keepalive_requests", Kind::Int, "keepalive_requests"),
            ("X", _) => ("connection_status", Kind::Sign, "connection_status"),
            ("L", _) => ("log_id", Kind::Text, "log_id"),
            ("f", _) => ("file", Kind::Text, "file"),
            ("R", _) => ("handler", Kind::Text, "handler"),
            ("i", Some(header)) => return Some(header_capture(header)),
            ("o", Some(name)) => return Some(named("sent_http_", name)),
            ("C", Some(name)) => return Some(named("cookie_", name)),
            ("e" | "n", Some(name)) if name.eq_ignore_ascii_case("UNIQUE_ID") => {
                ("request_id", Kind::Text, "unique_id")
            }
            ("e" | "n" | "c" | "x", Some(name)) => return Some(named("", name)),
            ("^ti" | "^to", Some(name)) => return Some(named("trailer_", name)),
            ("^FB", _) => ("first_byte", seconds(1e6), "first_byte"),
            _ => return None,
        };
        let blanks = matches!(self.code, "r" | "u" | "U" | "f");
        Some((Capture { blanks, ..Capture::new(column, kind) }, own.to_owned()))
    }
}

/// `%{…}t`: a strftime format, or the number since 1970.
fn time_capture(argument: Option<&str>) -> (Capture, String) {
    let shape = match argument.map(|text| text.trim_start_matches("begin:").trim_start_matches("end:")) {
        None => TimeShape::Clf,
        Some("sec") => TimeShape::Epoch(Epoch::Seconds),
        Some("msec") => TimeShape::Epoch(Epoch::Millis),
        Some("usec") => TimeShape::Epoch(Epoch::Micros),
        Some(part @ ("msec_frac" | "usec_frac")) => return (Capture::new(part, Kind::Int), part.to_owned()),
        Some("%d/%b/%Y:%H:%M:%S %z" | "%d/%b/%Y:%T %z") => TimeShape::Clf,
        Some("%Y-%m-%dT%H:%M:%S%z" | "%FT%T%z" | "%Y-%m-%d %H:%M:%S" | "%F %T") => TimeShape::Iso,
        Some(format) => TimeShape::Format(format.to_owned()),
    };
    (Capture::new("time", Kind::Time(shape)).with_blanks(), "time_2".to_owned())
}

fn header_capture(header: &str) -> (Capture, String) {
    let own = format!("http_{}", snake(header));
    let column = match header.to_ascii_lowercase().as_str() {
        "referer" | "referrer" => "referrer",
        "user-agent" => "user_agent",
        "x-request-id" => "request_id",
        "host" => return (Capture::new("vhost", Kind::HostPort), own),
        "x-forwarded-for" => return (Capture::new(&own, Kind::ListText).with_blanks(), own),
        _ => &own,
    };
    (Capture::new(column, Kind::Text).with_blanks(), own)
}

fn named(prefix: &str, name: &str) -> (Capture, String) {
    let own = format!("{prefix}{}", snake(name));
    (Capture::new(&own, Kind::Text), own)
}

/// `X-Forwarded-For` as `x_forwarded_for`; a name without capitals and dashes stays.
fn snake(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}
