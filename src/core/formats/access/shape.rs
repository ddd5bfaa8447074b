//! Recognises access logs: finds the shape that most lines have and writes the `log_format` that fits it, fields
//! beyond combined included. Knows the servers' habits, not their formats.

use std::collections::BTreeMap;

use super::tokens::{Token, entries};
use crate::data::instants::timestamp_prefix;
use crate::formats::layout::Kind;
use crate::formats::scan::{sample_lines, trial};
use crate::formats::{Format, FormatSpec, Recognition, Sample};

/// Lines of a sample that are looked at.
const LINES: usize = 2000;
/// How the fields that follow combined in ingress-nginx' own format begin; the last five may be lists.
const INGRESS: &str = "qqbb[[";
const INGRESS_TAIL: &str = " $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] \
                            $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id";

/// Who wrote a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Nginx,
    Apache,
}

/// One line's shape.
struct Line<'a> {
    /// `example.com`, `example.com:80` before the client.
    vhost: Option<&'a str>,
    /// The client is a list that proxies made.
    is_list: bool,
    ident: &'a str,
    request: &'a str,
    status: &'a str,
    bytes: &'a str,
    tail: Vec<Token<'a>>,
}

/// A recognition by one of the two servers' formats.
pub fn recognise_access(sample: &Sample, server: Server, format: &dyn Format) -> Option<Recognition> {
    let texts = sample_lines(sample).take(LINES);
    let (mut lines, mut count) = (Vec::new(), 0);
    for text in texts {
        count += 1;
        lines.extend(Line::read(text));
    }
    if lines.is_empty() || lines.len() * 2 < count {
        return None;
    }
    drop_single_keys(&mut lines);
    let shape = Shape::of(&lines)?;
    let spec = shape.spec(server);
    let parser = format.prepare(&spec, None, sample).ok()?;
    let (tally, _) = trial(parser.as_ref(), sample);
    let units = tally.read - tally.blank;
    if tally.accepted * 2 < units {
        return None;
    }
    let (nginx, apache) = habits(&lines, &sample.name);
    let (own, other) = if server == Server::Nginx { (nginx, apache) } else { (apache, nginx) };
    let likely = match server {
        Server::Nginx => own.len() >= other.len(),
        Server::Apache => own.len() > other.len(),
    };
    let base = if likely { 98 } else { 92 };
    let score = (tally.accepted as f64 / units as f64 * f64::from(base)).round() as u8;
    let share = match units {
        1 => "the only line has".to_owned(),
        _ if tally.accepted == units => format!("all {units} lines have"),
        _ => format!("{} of {units} lines have", tally.accepted),
    };
    let mut reasons = vec![format!("{share} the shape {}", shape.describe())];
    if spec.option("may_end_after").is_some() {
        reasons.push("some lines are shorter: they end earlier".to_owned());
    }
    match (own.is_empty(), other.is_empty()) {
        (true, true) => reasons.push("nginx and Apache write it alike; nothing tells them apart here".to_owned()),
        _ => reasons.extend(own.iter().map(|habit| (*habit).to_owned())),
    }
    Some(Recognition { format: spec, score, reasons })
}

impl<'a> Line<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let open = memchr::memchr_iter(b'[', text.as_bytes()).take(8).find(|at| is_clf(&text.as_bytes()[at + 1..]))?;
        let (before, after) = (text.get(..open)?.trim_end(), text.get(open..)?);
        let (_, mut rest) = after.split_once(']')?;
        let (before, _user) = before.rsplit_once(' ')?;
        let (lead, ident) = before.rsplit_once(' ')?;
        let (first, more) = lead.split_once(' ').unwrap_or((lead, ""));
        let has_vhost = !more.is_empty() && !first.ends_with(',') && !first.starts_with('"');
        let client = if has_vhost { more } else { lead };
        // A time before the line is that of who took it.
        let is_time = || timestamp_prefix(first.as_bytes()).is_some_and(|(_, used)| used == first.len());
        if client.contains(' ') && !client.contains(',') || has_vhost && is_time() {
            return None;
        }
        let mut tokens = Vec::new();
        while let Some((token, left)) = Token::read(rest)? {
            tokens.push(token);
            rest = left;
        }
        let (head, tail) = tokens.split_first_chunk::<3>()?;
        let [request, status, bytes] = head;
        let is_number =
            |text: &str| text == "-" || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        if request.kind != 'q' || !is_number(status.text) || status.text.len() > 3 || !is_number(bytes.text) {
            return None;
        }
        Some(Line {
            vhost: has_vhost.then_some(first),
            is_list: client.contains(','),
            ident,
            request: request.text,
            status: status.text,
            bytes: bytes.text,
            tail: tail.to_vec(),
        })
    }

    fn signature(&self) -> Vec<(char, &'a str)> {
        self.tail.iter().map(|token| (token.kind, token.key)).collect()
    }
}

/// `10/Oct/2000:13:55:36 -0700]`, `10/Oct/2000:13:55:36.123 -0700]`; the day may have one digit.
fn is_clf(bytes: &[u8]) -> bool {
    let end = bytes.iter().take(38).position(|byte| *byte == b']');
    end.and_then(|end| std::str::from_utf8(&bytes[..end]).ok()).is_some_and(|text| {
        crate::formats::time::clf(text).or_else(|| crate::formats::time::clf(&format!("0{text}"))).is_some()
    })
}

/// A field has a key where every line that has the field has it: `uid=1f` beside `-` is a text.
fn drop_single_keys(lines: &mut [Line]) {
    let longest = lines.iter().map(|line| line.tail.len()).max().unwrap_or(0);
    for index in 0..longest {
        let mut keys = lines.iter().filter_map(|line| line.tail.get(index)).map(|token| token.key);
        let first = keys.next();
        if keys.all(|key| Some(key) == first) {
            continue;
        }
        lines.iter_mut().filter_map(|line| line.tail.get_mut(index)).for_each(|token| *token = token.without_key());
    }
}

/// The shape of most lines.
struct Shape {
    vhost: bool,
    /// Every virtual host has a port.
    ports: bool,
    /// A client is a list.
    is_list: bool,
    tail: Vec<Field>,
    /// Fields of the tail that the shortest lines have, where some are shorter.
    shortest: Option<usize>,
}

/// What the values of a field beyond `bytes` look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing but dashes was seen.
    Dashes,
    Addresses,
    /// Addresses with a port.
    Servers,
    /// Three digits.
    Status,
    /// Seconds with three decimals.
    Seconds,
    Int,
    Float,
    Id,
    Text,
}

struct Field {
    kind: char,
    key: String,
    look: Look,
    /// A value is a list.
    is_list: bool,
}

impl Shape {
    fn of(lines: &[Line]) -> Option<Self> {
        let vhost = lines.iter().filter(|line| line.vhost.is_some()).count() * 2 > lines.len();
        let fitting: Vec<&Line> = lines.iter().filter(|line| line.vhost.is_some() == vhost).collect();
        let ports = fitting.iter().all(|line| line.vhost.is_some_and(|host| host.contains(':')));
        let mut counts: BTreeMap<Vec<(char, &str)>, usize> = BTreeMap::new();
        for line in &fitting {
            *counts.entry(line.signature()).or_default() += 1;
        }
        let is_common = |count: usize| count * 20 >= fitting.len();
        let (most, _) = counts.iter().max_by_key(|(signature, count)| (**count, signature.len()))?;
        let longest = counts
            .iter()
            .filter(|(signature, count)| signature.starts_with(most) && is_common(**count))
            .map(|(signature, _)| signature)
            .max_by_key(|signature| signature.len())
            .unwrap_or(most);
        let shorter =
            counts.iter().filter(|(signature, _)| signature.len() < longest.len() && longest.starts_with(signature));
        let short_lines: usize = shorter.clone().map(|(_, count)| count).sum();
        let shortest = shorter.map(|(signature, _)| signature.len()).min().filter(|_| is_common(short_lines));
        let tail = longest
            .iter()
            .enumerate()
            .map(|(index, (kind, key))| {
                let values = fitting.iter().filter(|line| longest.starts_with(&line.signature()));
                let values: Vec<&str> =
                    values.filter_map(|line| line.tail.get(index)).map(|token| token.text).collect();
                let is_list = values.iter().any(|value| entries(value).count() > 1);
                Field { kind: *kind, key: (*key).to_owned(), look: Look::of(values.into_iter()), is_list }
            })
            .collect();
        let is_list = fitting.iter().any(|line| line.is_list);
        Some(Self { vhost, ports, is_list, tail, shortest })
    }

    fn is_combined(&self) -> bool {
        self.tail.len() >= 2 && self.tail[..2].iter().all(|field| field.kind == 'q')
    }

    fn is_ingress(&self) -> bool {
        self.tail.len() >= 11
            && self.tail.iter().map(|field| field.kind).zip(INGRESS.chars()).all(|(own, kind)| own == kind)
    }

    /// `combined with 2 more fields`.
    fn describe(&self) -> String {
        if self.is_ingress() {
            return "of ingress-nginx".to_owned();
        }
        let (name, known) = if self.is_combined() { ("combined", 2) } else { ("common", 0) };
        let vhost = if self.vhost { "virtual host, then " } else { "" };
        match self.tail.len() - known {
            0 => format!("{vhost}{name}"),
            1 => format!("{vhost}{name} with 1 more field"),
            more => format!("{vhost}{name} with {more} more fields"),
        }
    }

    fn spec(&self, server: Server) -> FormatSpec {
        let (name, named, lead) = match server {
            Server::Nginx => {
                let vhost = if self.vhost { "$http_host " } else { "" };
                let lead =
                    format!("{vhost}$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent");
                ("nginx_access", &super::named::NGINX[..], lead)
            }
            Server::Apache => {
                let vhost = match (self.vhost, self.ports) {
                    (false, _) => "",
                    (true, true) => "%v:%p ",
                    (true, false) => "%{Host}i ",
                };
                ("apache_access", &super::named::APACHE[..], format!("{vhost}%h %l %u %t \"%r\" %>s %b"))
            }
        };
        let (pieces, types) = self.tail_pieces(server);
        let format: String = std::iter::once(lead).chain(pieces.iter().map(|piece| piece.text.clone())).collect();
        let mut spec = FormatSpec::new(name);
        match named.iter().find(|(_, text)| *text == format) {
            Some(("combined", _)) => {}
            Some((known, _)) => spec = spec.with("log_format", known),
            None => spec = spec.with("log_format", &format),
        }
        if let Some(shortest) = self.shortest.filter(|_| !self.is_ingress()) {
            let column = shortest.checked_sub(1).map_or("bytes", |last| pieces[last].column.as_str());
            spec = spec.with("may_end_after", column);
        }
        if !types.is_empty() {
            spec = spec.with("types", &types.join(", "));
        }
        let lists = self.lists(&pieces);
        if !lists.is_empty() {
            spec = spec.with("lists", &lists.join(", "));
        }
        spec
    }

    /// The columns that are one entry of a list.
    fn lists<'a>(&self, pieces: &'a [Piece]) -> Vec<&'a str> {
        let is_entry =
            |column: &str| matches!(super::variables::variable(column).kind, Kind::LastInt | Kind::LastFloat);
        let tail = self.tail.iter().zip(pieces).filter(|(field, piece)| field.is_list && is_entry(&piece.column));
        self.is_list.then_some("client").into_iter().chain(tail.map(|(_, piece)| piece.column.as_str())).collect()
    }

    /// The server's variable, and its column, that a field of the tail looks like.
    fn known_variable(
        &self,
        server: Server,
        index: usize,
        taken: &dyn Fn(&str) -> bool,
    ) -> Option<(&'static str, &'static str)> {
        let field = &self.tail[index];
        match (server, index, field.look) {
            (Server::Nginx, 0, _) if self.is_combined() => Some(("$http_referer", "referrer")),
            (Server::Nginx, 1, _) if self.is_combined() => Some(("$http_user_agent", "user_agent")),
            (Server::Apache, 0, _) if self.is_combined() => Some(("%{Referer}i", "referrer")),
            (Server::Apache, 1, _) if self.is_combined() => Some(("%{User-Agent}i", "user_agent")),
            (Server::Nginx, _, look) if !field.key.is_empty() => named_by_key(&field.key, look),
            (Server::Nginx, _, Look::Addresses | Look::Dashes) if field.kind == 'q' => {
                Some(("$http_x_forwarded_for", "http_x_forwarded_for"))
            }
            (Server::Nginx, _, Look::Addresses) if field.is_list => {
                Some(("$http_x_forwarded_for", "http_x_forwarded_for"))
            }
            (Server::Apache, _, Look::Addresses) if field.kind == 'q' || field.is_list => {
                Some(("%{X-Forwarded-For}i", "http_x_forwarded_for"))
            }
            (Server::Nginx, _, Look::Servers) => Some(("$upstream_addr", "upstream")),
            (Server::Nginx, _, Look::Status) if field.is_list || taken("upstream") => {
                Some(("$upstream_status", "upstream_status"))
            }
            (Server::Nginx, _, Look::Int) if field.is_list => {
                Some(("$upstream_response_length", "upstream_response_length"))
            }
            (Server::Nginx, _, Look::Seconds) if !taken("duration") && !field.is_list => {
                Some(("$request_time", "duration"))
            }
            (Server::Nginx, _, Look::Seconds) => Some(("$upstream_response_time", "upstream_response_time")),
            (Server::Nginx, _, Look::Id) => Some(("$request_id", "request_id")),
            (Server::Apache, _, Look::Id) => Some(("%{UNIQUE_ID}e", "request_id")),
            _ => None,
        }
    }

    /// The log format's text for each field after `bytes`, and types for those without a known name.
    fn tail_pieces(&self, server: Server) -> (Vec<Piece>, Vec<String>) {
        if server == Server::Nginx && self.is_ingress() {
            return (ingress_pieces(), Vec::new());
        }
        let mut pieces: Vec<Piece> = Vec::new();
        let mut types = Vec::new();
        for (index, field) in self.tail.iter().enumerate() {
            let taken = |column: &str| pieces.iter().any(|piece: &Piece| piece.column == column);
            let known = self.known_variable(server, index, &taken);
            let (variable, column) = match known.filter(|(_, column)| !taken(column)) {
                Some((variable, column)) => (variable.to_owned(), column.to_owned()),
                None => {
                    let column = match field.key.as_str() {
                        // Client, user, time, request, status and bytes are the first six.
                        "" => format!("field_{}", index + 7),
                        key if is_free(key) && !taken(key) => key.to_owned(),
                        key => format!("{key}_2"),
                    };
                    match field.look {
                        Look::Int | Look::Status => types.push(format!("{column}=Int")),
                        Look::Float | Look::Seconds => types.push(format!("{column}=Float")),
                        _ => {}
                    }
                    let variable = match server {
                        Server::Nginx => format!("${column}"),
                        Server::Apache => format!("%{{{column}}}n"),
                    };
                    (variable, column)
                }
            };
            let text = match field.kind {
                'k' => format!(" {}={variable}", field.key),
                'K' => format!(" {}=\"{variable}\"", field.key),
                'q' => format!(" \"{variable}\""),
                '[' => format!(" [{variable}]"),
                _ => format!(" {variable}"),
            };
            pieces.push(Piece { text, column });
        }
        (pieces, types)
    }
}

/// nginx' variable, and its column, of a field behind a key that many configurations have.
fn named_by_key(key: &str, look: Look) -> Option<(&'static str, &'static str)> {
    Some(match (key, look) {
        ("rt" | "request_time", Look::Seconds) => ("$request_time", "duration"),
        ("uct", Look::Seconds | Look::Dashes) => ("$upstream_connect_time", "upstream_connect_time"),
        ("uht", Look::Seconds | Look::Dashes) => ("$upstream_header_time", "upstream_header_time"),
        ("urt" | "upstream_response_time", Look::Seconds | Look::Dashes) => {
            ("$upstream_response_time", "upstream_response_time")
        }
        ("us" | "upstream_status", Look::Status) => ("$upstream_status", "upstream_status"),
        (_, Look::Servers) => ("$upstream_addr", "upstream"),
        ("host" | "vhost" | "server", _) => ("$host", "vhost"),
        (_, Look::Id) => ("$request_id", "request_id"),
        _ => return None,
    })
}

/// Whether a key can name a column: it is none of the line's own, and no variable with another column.
fn is_free(key: &str) -> bool {
    const OWN: [&str; 9] = ["client", "user", "time", "method", "path", "http_version", "request", "status", "bytes"];
    !OWN.contains(&key) && super::variables::variable(key).column == key
}

/// A field of a proposed log format.
struct Piece {
    text: String,
    column: String,
}

fn ingress_pieces() -> Vec<Piece> {
    [" \"$http_referer\"", " \"$http_user_agent\""]
        .into_iter()
        .map(str::to_owned)
        .chain(INGRESS_TAIL.split_whitespace().map(|variable| format!(" {variable}")))
        .map(|text| Piece { column: text.trim_matches([' ', '"', '[', ']', '$']).to_owned(), text })
        .collect()
}

impl Look {
    fn of<'a>(values: impl Iterator<Item = &'a str>) -> Look {
        let values: Vec<&str> = values.filter(|value| *value != "-").collect();
        if values.is_empty() {
            return Look::Dashes;
        }
        // A few dirty values do not change what a field is.
        let most =
            |test: &dyn Fn(&str) -> bool| values.iter().filter(|value| test(value)).count() * 20 >= values.len() * 19;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Of a server that was not reached a list has a dash.
        let each = |text: &str, test: &dyn Fn(&str) -> bool| entries(text).all(|entry| entry == "-" || test(entry));
        let is_address = |text: &str| each(text, &|entry| entry.parse::<std::net::IpAddr>().is_ok());
        let is_server =
            |text: &str| each(text, &|one| one.parse::<std::net::SocketAddr>().is_ok() || one.starts_with("unix:"));
        let is_status = |text: &str| each(text, &|entry| entry.len() == 3 && digits(entry));
        let is_seconds = |text: &str| {
            each(text, &|entry| entry.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b) && b.len() == 3))
        };
        let is_int = |text: &str| each(text, &digits);
        let is_float = |text: &str| digits(text) || text.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b));
        let is_id = |text: &str| {
            let hex = text.bytes().filter(|byte| *byte != b'-').all(|byte| byte.is_ascii_hexdigit());
            hex && (text.len() == 32 || text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4)
        };
        match () {
            () if most(&is_address) => Look::Addresses,
            () if most(&is_server) => Look::Servers,
            () if most(&is_seconds) => Look::Seconds,
            () if most(&is_status) => Look::Status,
            () if most(&is_int) => Look::Int,
            () if most(&is_float) => Look::Float,
            () if most(&is_id) => Look::Id,
            () => Look::Text,
        }
    }
}

/// What speaks for nginx and for Apache.
fn habits(lines: &[Line], file: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let any = |test: &dyn Fn(&Line) -> bool| lines.iter().any(test);
    let in_texts = |line: &Line, wanted: &str| {
        line.request.contains(wanted) || line.tail.iter().any(|token| token.text.contains(wanted))
    };
    let name = file.to_lowercase();
    let nginx = [
        (name.contains("nginx"), "the file's name says nginx"),
        (any(&|line| line.request.is_empty()), "an empty request is written as \"\", as nginx does"),
        (any(&|line| in_texts(line, "\\x22")), "quotes are written as \\x22, as nginx does"),
        (any(&|line| line.status == "499"), "status 499 is nginx' own"),
        (any(&|line| line.is_list), "clients are lists of forwarded addresses, as nginx' realip module writes them"),
        (
            any(&|line| {
                line.tail.get(2).is_some_and(|token| {
                    token.kind == 'q' && (token.text == "-" || Look::of([token.text].into_iter()) == Look::Addresses)
                })
            }),
            "X-Forwarded-For stands after the user agent, as in nginx' main format",
        ),
        (
            any(&|line| {
                line.tail.get(2..).unwrap_or_default().iter().any(|token| {
                    matches!(token.kind, 'b' | 'k' | 'K') && Look::of([token.text].into_iter()) == Look::Seconds
                })
            }),
            "seconds with three decimals are nginx' $request_time",
        ),
    ];
    let apache = [
        (
            ["apache", "httpd", "access_log", "vhosts"].iter().any(|part| name.contains(part)),
            "the file's name is one that Apache uses",
        ),
        (
            lines.iter().all(|line| line.vhost.is_some_and(|host| host.contains(':'))),
            "a virtual host with its port stands first, as in Apache's vhost_combined",
        ),
        (any(&|line| line.ident != "-"), "the second field is not always a dash: Apache's %l"),
        (any(&|line| line.bytes == "-"), "no bytes are written as a dash, as Apache does"),
        (
            any(&|line| line.request == "-" && line.status == "408"),
            "an empty request is written as \"-\", as Apache does",
        ),
        (any(&|line| in_texts(line, "\\\"")), "quotes are written as \\\", as Apache does"),
    ];
    let of = |list: &[(bool, &'static str)]| list.iter().filter(|(holds, _)| *holds).map(|(_, habit)| *habit).collect();
    (of(&nginx), of(&apache))
}
