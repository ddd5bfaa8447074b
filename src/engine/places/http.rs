//! HTTP APIs: an answer, page by page, into files. Patient with servers that are busy; gives credentials to nobody but
//! the host that the connection names.

mod post;

use std::fs::File;
use std::io::BufRead as _;
use std::path::Path;
use std::time::Instant;

use base64::Engine as _;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{Inquiry, Method, Pages, encoded, filled_text, interpolate, json_escaped};
use pipewright_core::quote::visible_start;
use serde_json::Value as Json;
use ureq::http::{Request, Response, header};
use ureq::{Agent, Body};

pub(super) use post::post;

use super::next_page::{End, Next, Page, Pager, is_rounded, lines, no_json, records, without_mark};
use super::patience::{Trouble, agent, patiently, receive, said, seconds, shown_address, unreached, wait};
use super::{Amount, Opened, Taken, TakenFile, not_put_aside, units};
use crate::cancel::Cancel;

/// Of an answer in a sample.
const SAMPLE_BYTES: u64 = 64 << 20;
const REDIRECTS: usize = 5;
pub(super) fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Where a request goes, and what it sends.
#[derive(Debug, Clone)]
struct Target {
    address: String,
    body: Option<String>,
}

/// A page that lies in its file.
struct Fetched {
    bytes: u64,
    links: Vec<String>,
    kind: String,
}

struct Client<'a> {
    agent: Agent,
    opened: &'a Opened<'a>,
    inquiry: &'a Inquiry,
    first: Target,
    /// Where the last answer came from: relative addresses in it begin there.
    at: String,
    /// The last answer was that there is nothing.
    is_nothing_there: bool,
    last_sent: Option<Instant>,
}

/// Takes the pages of an answer into files.
pub(super) fn take(
    opened: &Opened,
    inquiry: &Inquiry,
    format: Option<&FormatSpec>,
    amount: Amount,
    folder: &Path,
) -> Result<Taken, Diagnostic> {
    let mut client = Client::new(opened, inquiry)?;
    let mut pager = Pager::new(inquiry.pages.as_ref());
    let most_pages = inquiry.most_pages.unwrap_or(Pages::MOST);
    let mut left = inquiry.most_bytes.unwrap_or(Pages::MOST_BYTES);
    let mut taken = Taken::default();
    let mut ending = ending_of(format);
    let (mut next, mut number, mut rows, mut said_back) = (Some(pager.first()), 0, 0, 0);
    while let Some(asked) = next {
        number += 1;
        if number > most_pages {
            let message = format!("there are more than {most_pages} pages");
            return Err(opened
                .fault("PW0674", &message)
                .help("ask for less, such as for a span of time; or let the source take more (`inquiry.most_pages`)"));
        }
        let aside = folder.join(format!("page-{number:05}"));
        let fetched = match client.fetch(&asked, &aside, left.min(amount.most_bytes())) {
            Ok(fetched) => fetched,
            Err(fault) => match pager.end().filter(|_| fault.code == "PW0672" && client.is_nothing_there) {
                // The page before was the last, and the server says so in its way.
                Some(end) => {
                    taken.told.extend((end == End::Taken).then(|| over(opened, number)));
                    break;
                }
                None => return Err(on_page(fault, number)),
            },
        };
        left -= fetched.bytes.min(left);
        let ending = *ending.get_or_insert_with(|| ending_of_kind(&fetched.kind));
        let page = read_page(&aside, &fetched, format, inquiry, amount, opened.visit.cancel)
            .map_err(|fault| opened.secrets.hidden(on_page(fault, number)))?;
        said_back += opened.secrets.hide_in_file(&aside).map_err(|error| not_put_aside(&error))?;
        if matches!(amount, Amount::Rows(_)) && said_back > 0 {
            let message = "the answer says a secret of the connection back";
            return Err(opened
                .fault("PW0694", message)
                .help("a sample lies beside the project, where no secret may lie"));
        }
        rows += page.1;
        let path = aside.with_extension(ending);
        std::fs::rename(&aside, &path).map_err(|error| not_put_aside(&error))?;
        taken.files.push(TakenFile { path, ..TakenFile::default() });
        let is_enough = matches!(amount, Amount::Rows(wanted) if rows >= wanted);
        let page = Page { text: &page.0, links: fetched.links, records: page.1 };
        next = if is_enough { None } else { pager.next(&page)? };
    }
    if said_back > 0 {
        let times = if said_back == 1 { "once".to_owned() } else { format!("{said_back} times") };
        let message = format!("the answer says a secret of the connection back, {times}: it is taken out (•••)");
        let hint = opened.hint("PW0694", &message);
        taken.told.push(hint.help("let the API leave it out, or the flow the column in which it stands"));
    }
    taken.pattern = pattern_of(ending.unwrap_or("txt")).to_owned();
    Ok(taken)
}

/// That there is nothing behind a full page is taken for the end.
fn over(opened: &Opened, number: u64) -> Diagnostic {
    let message = format!("the server has no page {number} (404): the one before is taken for the last");
    opened.hint("PW0698", &message).help("look whether rows lack at the end")
}

/// Asks for the address alone; gives what answered.
pub(super) fn test(opened: &Opened) -> Result<String, Diagnostic> {
    let inquiry = Inquiry::default();
    let mut client = Client::new(opened, &inquiry)?;
    let target = client.first.clone();
    let answer = client.send(&target, false).map_err(Trouble::fault)?;
    let status = answer.status();
    match status.as_u16() {
        401 | 403 => Err(client.refused(status.as_u16(), "")),
        code if code >= 500 => Err(client.refused(code, "")),
        code => Ok(format!("{} answers with {code}", shown_address(&target.address))),
    }
}

impl Amount<'_> {
    fn most_bytes(self) -> u64 {
        match self {
            Amount::Rows(_) => SAMPLE_BYTES,
            Amount::All | Amount::Newer(_) | Amount::Unseen(_) => u64::MAX,
        }
    }
}

/// A fault of a page that is not the first says so.
fn on_page(fault: Diagnostic, number: u64) -> Diagnostic {
    let message = match number {
        1 => fault.message,
        _ => format!("page {number}: {}", fault.message),
    };
    Diagnostic { message, ..fault }
}

const ENDINGS: [(&str, &str); 4] =
    [("json", "page-*.json"), ("jsonl", "page-*.jsonl"), ("csv", "page-*.csv"), ("txt", "page-*.txt")];

fn pattern_of(ending: &str) -> &'static str {
    ENDINGS.iter().find(|(known, _)| *known == ending).map_or("page-*.txt", |(_, pattern)| pattern)
}

/// How files of a format end, so that it is recognised again.
fn ending_of(format: Option<&FormatSpec>) -> Option<&'static str> {
    match format?.name.as_str() {
        _ if format?.is_json_document() => Some("json"),
        "json_lines" => Some("jsonl"),
        "csv" => Some("csv"),
        _ => Some("txt"),
    }
}

fn ending_of_kind(kind: &str) -> &'static str {
    let kind = kind.to_ascii_lowercase();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-ndjson" | "application/jsonl" | "application/x-jsonlines" => "jsonl",
        "text/csv" => "csv",
        kind if kind.ends_with("json") => "json",
        _ => "txt",
    }
}

/// The text of a page, as far as the next one depends on it, and how many records it has.
fn read_page(
    path: &Path,
    fetched: &Fetched,
    format: Option<&FormatSpec>,
    inquiry: &Inquiry,
    amount: Amount,
    cancel: &Cancel,
) -> Result<(Vec<u8>, u64), Diagnostic> {
    let is_document = format.is_some_and(FormatSpec::is_json_document);
    let is_counted =
        matches!(inquiry.pages, Some(Pages::Offset { .. } | Pages::Number { .. })) || matches!(amount, Amount::Rows(_));
    let is_read = match &inquiry.pages {
        Some(Pages::Link { path }) => !path.trim().is_empty(),
        Some(Pages::Cursor { .. }) => true,
        _ => false,
    };
    if fetched.bytes == 0 || !(is_counted || is_read || is_document) {
        return Ok((Vec::new(), 0));
    }
    let failed = |error: std::io::Error| not_put_aside(&error);
    if !(is_counted || is_read) {
        // However large it is, it is only looked through.
        let mut reader = std::io::BufReader::new(File::open(path).map_err(failed)?);
        if reader.fill_buf().map_err(failed)?.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        serde_json::from_reader::<_, serde::de::IgnoredAny>(reader).map_err(|error| no_json(&error))?;
        return Ok((Vec::new(), 0));
    }
    let text = std::fs::read(path).map_err(failed)?;
    let is_json = |text: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(without_mark(text)).is_ok();
    if is_document && !is_counted {
        serde_json::from_slice::<serde::de::IgnoredAny>(without_mark(&text)).map_err(|error| no_json(&error))?;
    }
    if !is_counted {
        return Ok((text, 0));
    }
    let is_walked = format.is_some_and(|format| format.name == "json_document");
    let found = if is_walked {
        records(&text, Some(format.and_then(|format| format.option("records")).unwrap_or_default()))?
    } else if format.is_none() && is_json(&text) {
        records(&text, None)?
    } else {
        match format {
            Some(format) => units(path, format, cancel)?,
            None => lines(&text),
        }
    };
    Ok((text, found))
}

impl<'a> Client<'a> {
    fn new(opened: &'a Opened, inquiry: &'a Inquiry) -> Result<Client<'a>, Diagnostic> {
        let parameters = opened.visit.parameters;
        let path = filled_text(inquiry.path.trim(), parameters, &encoded)?;
        let mut address = opened.address.clone();
        if !path.is_empty() && !path.starts_with('?') {
            address = format!("{}/{}", address.trim_end_matches('/'), path.trim_start_matches('/'));
        } else {
            address.push_str(&path);
        }
        for (name, value) in &inquiry.parameters {
            let value = interpolate(value, parameters)?;
            if !value.is_empty() {
                address = with_parameter(&address, name, &value);
            }
        }
        let is_json = inquiry.body.trim_start().starts_with(['{', '[']);
        let fit: &dyn Fn(&str) -> String = if is_json { &json_escaped } else { &encoded };
        let body = match inquiry.method {
            Method::Get => None,
            Method::Post => Some(filled_text(&inquiry.body, parameters, fit)?),
        };
        let (agent, at) = (agent(opened), address.clone());
        let first = Target { address, body };
        Ok(Client { agent, opened, inquiry, first, at, is_nothing_there: false, last_sent: None })
    }

    /// What asks for a page.
    fn target(&self, next: &Next) -> Result<Target, Diagnostic> {
        Ok(match next {
            Next::First => self.first.clone(),
            Next::Address(address) => {
                let address = resolved(&self.at, address);
                if self.first.body.is_some() && origin(&address) != origin(&self.first.address) {
                    return Err(self.to_another_host(&address));
                }
                Target { address, body: self.first.body.clone() }
            }
            Next::Parameter(name, value) => {
                let json = self.first.body.as_deref().and_then(|body| serde_json::from_str::<Json>(body).ok());
                if let Some(Json::Object(mut body)) = json {
                    if body.values().any(is_rounded) {
                        let message = "the body of the request holds a number of more than 64 bits, which would change \
                                       when the next page is asked for";
                        let fault = self.opened.fault("PW0679", message);
                        return Err(fault.help("write the number as a text, or let the API page in another way"));
                    }
                    body.insert(name.clone(), value.clone());
                    return Ok(Target { body: Some(Json::Object(body).to_string()), ..self.first.clone() });
                }
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Target { address: with_parameter(&self.first.address, name, &text), ..self.first.clone() }
            }
        })
    }

    fn to_another_host(&self, address: &str) -> Diagnostic {
        let message = format!("it leads on to another host, {}, which is sent nothing", self.shown(address));
        self.opened.fault("PW0677", &message).help("give the connection that address, if it is right")
    }

    /// An address as it may be shown: a secret in it is taken out before it is cut.
    fn shown(&self, address: &str) -> String {
        shown_address(&self.opened.secrets.hide(address))
    }

    /// One page into a file; tried again where the server is busy or the line breaks.
    fn fetch(&mut self, next: &Next, path: &Path, most: u64) -> Result<Fetched, Diagnostic> {
        let target = self.target(next)?;
        patiently(self.opened, || self.send(&target, true).and_then(|answer| self.receive(answer, path, most)))
    }

    /// Sends a request and follows where it leads; `checked`: an answer that is none is a fault.
    fn send(&mut self, target: &Target, checked: bool) -> Result<Response<Body>, Trouble> {
        let mut target = target.clone();
        for _ in 0..=REDIRECTS {
            let rate = self.opened.number("requests_per_second", 0.0);
            if let Some(last) = self.last_sent.filter(|_| rate > 0.0) {
                let pause = seconds(1.0 / rate).saturating_sub(last.elapsed());
                wait(self.opened, pause).map_err(Trouble::Lasting)?;
            }
            self.last_sent = Some(Instant::now());
            let answer = self.send_once(&target)?;
            let place = answer.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
            let Some(place) = place.filter(|_| answer.status().is_redirection()) else {
                self.is_nothing_there = matches!(answer.status().as_u16(), 404 | 410 | 416);
                self.at = target.address;
                return if checked { self.checked(answer) } else { Ok(answer) };
            };
            let address = resolved(&target.address, place);
            if target.address.starts_with("https://") && !address.starts_with("https://") {
                return Err(Trouble::Lasting(
                    self.opened
                        .fault("PW0677", &format!("it leads on to {}, which is not encrypted", self.shown(&address)))
                        .help("correct the address of the connection"),
                ));
            }
            if target.body.is_some() && origin(&address) != origin(&self.first.address) {
                return Err(Trouble::Lasting(self.to_another_host(&address)));
            }
            target.address = address;
        }
        Err(Trouble::Lasting(
            self.opened
                .fault("PW0677", &format!("it leads on and on, more than {REDIRECTS} times"))
                .help("correct the address of the connection, or the path of the request"),
        ))
    }

    fn send_once(&self, target: &Target) -> Result<Response<Body>, Trouble> {
        let is_own = origin(&target.address) == origin(&self.opened.address);
        let secrets = &self.opened.secrets;
        let mut address = target.address.clone();
        let method = if target.body.is_some() { "POST" } else { "GET" };
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.inquiry.headers {
            let value = interpolate(value, self.opened.visit.parameters).map_err(Trouble::Lasting)?;
            headers.push((name.clone(), value));
        }
        if is_own {
            with_credentials(self.opened, &mut address, &mut headers);
        }
        if !is_own && secrets.stands_in(&address) {
            let message =
                format!("it leads on to another host, {}, with a secret in the address", self.shown(&address));
            let help =
                "give the connection that address, if it is right, or send the secret as a header (`header.NAME`)";
            return Err(Trouble::Lasting(self.opened.fault("PW0677", &message).help(help)));
        }
        let is_json = target.body.as_deref().is_some_and(|body| body.trim_start().starts_with(['{', '[']));
        let kind = if is_json { "application/json" } else { "application/x-www-form-urlencoded" };
        if target.body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".into(), kind.into()));
        }
        let mut request = Request::builder().method(method).uri(&address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let sent = match &target.body {
            Some(body) => request.body(body.clone()).map(|request| self.agent.run(request)),
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        match sent {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(unreached(self.opened, &error, &self.shown(&target.address))),
            // What it was made of may hold a secret, and is not shown.
            Err(_) => Err(Trouble::Lasting(
                self.opened
                    .fault("PW0679", "the request cannot be made: its address or a header holds what none may hold")
                    .help("look for line ends and blanks in the address, the headers and the secrets"),
            )),
        }
    }

    /// An answer with a page, or why there is none.
    fn checked(&self, mut answer: Response<Body>) -> Result<Response<Body>, Trouble> {
        let status = answer.status().as_u16();
        // What is only accepted (202), or a part (206), is no answer.
        if matches!(status, 200 | 203 | 204) {
            return Ok(answer);
        }
        let text = said(self.opened, &mut answer);
        Err(Trouble::of_status(status, self.refused(status, &text), answer.headers()))
    }

    fn refused(&self, status: u16, text: &str) -> Diagnostic {
        let said = if text.is_empty() { String::new() } else { format!(": {}", visible_start(text, 160)) };
        let shown = shown_address(&self.first.address);
        let (code, what, help) = match status {
            401 | 403 => (
                "PW0671",
                "does not let the user in",
                "see whether the connection's secrets are right, and may read this",
            ),
            404 | 410 => {
                ("PW0672", "has nothing there", "correct the path of the request, or the connection's address")
            }
            429 => ("PW0673", "wants fewer requests", "give the connection fewer `requests_per_second`"),
            400..500 => ("PW0672", "does not take the request", "correct the request: its parameters, or its body"),
            500.. => ("PW0672", "has a fault of its own", "try again later, or ask for less at once"),
            _ => ("PW0672", "gives no page", "correct the request"),
        };
        self.opened.fault(code, &format!("{shown} {what} ({status}){said}")).help(help)
    }

    /// The body of an answer into a file, whole.
    fn receive(&self, mut answer: Response<Body>, path: &Path, most: u64) -> Result<Fetched, Trouble> {
        let headers = answer.headers();
        let text = |name: header::HeaderName| {
            let all = headers.get_all(name).into_iter();
            all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect::<Vec<String>>()
        };
        let (links, kind) = (text(header::LINK), text(header::CONTENT_TYPE).into_iter().next().unwrap_or_default());
        let bytes = receive(self.opened, &mut answer, path, most, &shown_address(&self.first.address))?;
        Ok(Fetched { bytes, links, kind })
    }
}

/// Scheme, host and port, which credentials belong to.
fn origin(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(usual).unwrap_or(&host))
}

/// Where an address leads from another one (RFC 3986).
fn resolved(from: &str, to: &str) -> String {
    let scheme = from.split_once("://").map_or("https", |(scheme, _)| scheme);
    let path = from.split(['?', '#']).next().unwrap_or_default();
    match to.trim() {
        to if to.starts_with("http://") || to.starts_with("https://") => to.to_owned(),
        to if to.starts_with("//") => format!("{scheme}:{to}"),
        to if to.starts_with('/') => format!("{}{to}", origin(from)),
        to if to.starts_with('?') => format!("{path}{to}"),
        to => {
            let folder = path.rfind('/').filter(|at| *at > scheme.len() + 2).map_or(path, |at| &path[..at]);
            format!("{folder}/{to}")
        }
    }
}

/// Lets a request in that goes to the connection's own host.
pub(super) fn with_credentials(opened: &Opened, address: &mut String, headers: &mut Vec<(String, String)>) {
    let secrets = &opened.secrets;
    for (name, value) in secrets.beginning("parameter.") {
        *address = with_parameter(address, name, value);
    }
    headers.extend(secrets.beginning("header.").map(|(name, value)| (name.to_owned(), value.to_owned())));
    let user = opened.connection.setting("user");
    if let Some(token) = secrets.get("token") {
        headers.push(("Authorization".into(), format!("Bearer {token}")));
    } else if let Some(password) = secrets.get("password") {
        headers.push(("Authorization".into(), format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))));
    }
}

/// An address with a parameter, in the place of one of that name.
fn with_parameter(address: &str, name: &str, value: &str) -> String {
    let (plain, parameters) = address.split_once('?').unwrap_or((address, ""));
    let parameters = parameters.split('#').next().unwrap_or_default();
    let name = encoded(name);
    let others = parameters.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(&name));
    let own = format!("{name}={}", encoded(value));
    let all: Vec<&str> = others.chain([own.as_str()]).collect();
    format!("{plain}?{}", all.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_put_together() {
        assert_eq!(with_parameter("https://a/x?b=1&c=2", "b", "ä&b=c"), "https://a/x?c=2&b=%C3%A4%26b%3Dc");
        assert_eq!(origin("HTTPS://A:443/x"), origin("https://a?y"));
        assert_ne!(origin("https://a:8443/"), origin("https://a/"));
        for (to, wanted) in [
            ("https://b/y", "https://b/y"),
            ("//b/y", "https://b/y"),
            ("/y?z=1", "https://a:1/y?z=1"),
            ("?page=2", "https://a:1/v1/x?page=2"),
            ("y", "https://a:1/v1/y"),
        ] {
            assert_eq!(resolved("https://a:1/v1/x?page=1", to), wanted);
        }
    }
}
