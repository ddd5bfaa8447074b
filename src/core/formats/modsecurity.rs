//! ModSecurity's audit log in its native form: a transaction is a block of sections, each behind a line with its letter.
//! Imports data.

use super::declared::with_types;
use super::door::NONE;
use super::events::{Event, cut_events, read_events};
use super::layout_parser::split_request;
use super::scan::{recognition, sample_lines};
use super::time::clf;
use super::{Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, numbers};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;

/// The format `modsecurity`.
pub struct ModSecurity;

const COLUMNS: [(&str, DataType); 19] = [
    ("time", DataType::Timestamp),
    ("client", DataType::String),
    ("client_port", DataType::Int),
    ("method", DataType::String),
    ("path", DataType::String),
    ("http_version", DataType::String),
    ("request", DataType::String),
    ("status", DataType::Int),
    ("request_id", DataType::String),
    ("transaction", DataType::String),
    ("server", DataType::String),
    ("server_port", DataType::Int),
    ("request_headers", DataType::String),
    ("request_body", DataType::String),
    ("response_headers", DataType::String),
    ("response_body", DataType::String),
    ("rules", DataType::String),
    ("other_sections", DataType::String),
    ("message", DataType::String),
];

impl Format for ModSecurity {
    fn name(&self) -> &'static str {
        "modsecurity"
    }

    fn title(&self) -> &'static str {
        "ModSecurity audit log"
    }

    fn doc(&self) -> &'static str {
        "ModSecurity's audit log, serial and native (github.com/owasp-modsecurity, Reference Manual, Audit log): a row for each \
         transaction. `transaction` is the mark before the sections' letters; `time`, `request_id`, `client` and `server` with their ports are of section A; `method`, `path` and \
         `http_version` of B, or `request` where it is none; `status` of F. B, C (or I, without the files), F, E and K are \
         `request_headers`, `request_body`, `response_headers`, `response_body` and `rules`; H, which says what was found and \
         done, is `message`; further sections stand in `other_sections`, each behind its letter. The JSON form is read as JSON \
         lines."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "--a1b2c3d4-A--\n[01/Mar/2024:10:00:00 +0000] ZeGz8H8AAQEAAA 192.0.2.7 51234 192.0.2.80 80\n--a1b2c3d4-B--\nGET /orders?id=1%27 HTTP/1.1\nHost: shop.example.org\n\n--a1b2c3d4-F--\nHTTP/1.1 403 Forbidden\n\n--a1b2c3d4-H--\nMessage: Access denied with code 403 (phase 2).\n--a1b2c3d4-Z--",
        ]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut lines, mut fitting, mut id) = (0, 0, "");
        for line in sample_lines(sample) {
            lines += 1;
            if let Some((found, 'A')) = border(line) {
                id = found;
            }
            // Lines inside of sections may be anything.
            fitting += usize::from(!id.is_empty());
        }
        let what = "stand in sections of transactions";
        recognition(FormatSpec::new(self.name()), fitting, lines, 99, "line", what)
    }

    fn prepare(&self, spec: &FormatSpec, schema: Option<&Schema>, _: &Sample) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        with_types(schema, &Schema::of(COLUMNS), |schema| {
            let places = COLUMNS.iter().map(|(name, _)| schema.index(name).unwrap_or(NONE)).collect();
            Ok(Box::new(AuditParser { places, schema }))
        })
    }
}

/// `--a1b2c3d4-B--`: the transaction's mark, and the section's letter.
fn border(line: &str) -> Option<(&str, char)> {
    let (id, letter) = line.trim_end().strip_prefix("--")?.strip_suffix("--")?.rsplit_once('-')?;
    let is_id = id.len() >= 4 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut letters = letter.chars();
    let letter = letters.next().filter(char::is_ascii_uppercase)?;
    (is_id && letters.next().is_none()).then_some((id, letter))
}

fn begins(line: &str) -> bool {
    border(line).is_some_and(|(_, letter)| letter == 'A')
}

/// The first line of a section, and what stands below it.
fn first_line(text: &str) -> (&str, &str) {
    let (first, below) = text.split_once(['\n', '\r']).unwrap_or((text, ""));
    (first, below.trim_start_matches(['\n', '\r']))
}

/// The sections of a transaction, without the line that ends it.
fn sections<'a>(event: &Event<'a>) -> Vec<(char, &'a str)> {
    let Some((id, _)) = border(event.first) else { return Vec::new() };
    // By section, where its text begins and ends.
    let mut found: Vec<(char, usize, usize)> = Vec::new();
    let mut at = 0;
    for line in event.text.split_inclusive(['\n', '\r']) {
        at += line.len();
        match border(line).filter(|(own, _)| *own == id) {
            Some((_, letter)) => found.push((letter, at, at)),
            None => {
                if let Some((.., end)) = found.last_mut() {
                    *end = at;
                }
            }
        }
    }
    let texts = found.into_iter().map(|(letter, from, to)| (letter, event.text[from..to].trim_matches(['\n', '\r'])));
    texts.filter(|(letter, _)| *letter != 'Z').collect()
}

struct AuditParser {
    schema: Schema,
    /// In the order of `COLUMNS`.
    places: Vec<usize>,
}

impl Parser for AuditParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        cut_events(bytes, |line| !begins(line))
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let continues = |line: &str| !begins(line);
        read_events(chunk, out, continues, |event, out| {
            if !begins(event.first) {
                return Err("the line belongs to no transaction".to_owned());
            }
            self.row(event, out).ok_or_else(|| "section A has no time, number and ends".to_owned())
        })
    }
}

impl AuditParser {
    /// The column of a name that is asked for.
    fn place(&self, name: &str, out: &dyn Columns) -> Option<usize> {
        let place = self.places[COLUMNS.iter().position(|(known, _)| *known == name)?];
        Some(place).filter(|place| *place != NONE && out.wants(*place))
    }

    fn text(&self, name: &str, text: &str, out: &mut dyn Columns) {
        if let Some(place) = self.place(name, out).filter(|_| !text.is_empty()) {
            out.text(place, text);
        }
    }

    fn int(&self, name: &str, text: &str, out: &mut dyn Columns) {
        if let Some((place, number)) = self.place(name, out).zip(numbers::int(text.as_bytes())) {
            out.int(place, number);
        }
    }

    fn row(&self, event: &Event, out: &mut dyn Columns) -> Option<()> {
        let (transaction, _) = border(event.first)?;
        self.text("transaction", transaction, out);
        let mut others = String::new();
        for (letter, text) in sections(event) {
            match letter {
                'A' => self.head(text, out)?,
                'B' => {
                    let (first, headers) = first_line(text);
                    match split_request(first) {
                        Some((method, path, version)) => {
                            self.text("method", method, out);
                            self.text("path", path, out);
                            self.text("http_version", version.unwrap_or_default(), out);
                        }
                        None => self.text("request", first, out),
                    }
                    self.text("request_headers", headers, out);
                }
                'C' | 'I' => self.text("request_body", text, out),
                'F' => {
                    self.int("status", first_line(text).0.split_whitespace().nth(1).unwrap_or_default(), out);
                    self.text("response_headers", text, out);
                }
                'E' => self.text("response_body", text, out),
                'H' => self.text("message", text, out),
                'K' => self.text("rules", text, out),
                _ if text.is_empty() => {}
                letter => {
                    others.push_str(if others.is_empty() { "" } else { "\n" });
                    others.push_str(&format!("{letter}: {text}"));
                }
            }
        }
        self.text("other_sections", &others, out);
        Some(())
    }

    /// `[01/Mar/2024:10:00:00 +0000] ID 192.0.2.7 51234 192.0.2.80 80`.
    fn head(&self, text: &str, out: &mut dyn Columns) -> Option<()> {
        let (time, rest) = text.strip_prefix('[')?.split_once(']')?;
        let micros = clf(time)?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [id, client, client_port, server, server_port] = words.as_slice() else { return None };
        if let Some(place) = self.place("time", out) {
            out.timestamp(place, micros);
        }
        self.text("request_id", id, out);
        self.text("client", client, out);
        self.int("client_port", client_port, out);
        self.text("server", server, out);
        self.int("server_port", server_port, out);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{named_rows, pieces, prepare, read_with};

    #[test]
    fn a_transaction_is_a_row_with_its_sections() {
        let text = "--a1b2c3d4-A--\n[01/Mar/2024:10:00:00 +0000] ZeGz 192.0.2.7 51234 192.0.2.80 80\n--a1b2c3d4-B--\nPOST /orders HTTP/1.1\n\
                    Host: shop.example.org\nContent-Type: multipart/form-data; boundary=xyz\n\n--a1b2c3d4-C--\n--wxyz\nnote=x\n\n--a1b2c3d4-F--\n\
                    HTTP/1.1 403 Forbidden\nContent-Length: 199\n\n--a1b2c3d4-J--\n1,2,\"a\"\n--a1b2c3d4-H--\nMessage: Access denied.\nAction: Intercepted (phase 2)\n\n--a1b2c3d4-Z--\n\n\
                    --b1b2c3d4-A--\n[01/Mar/2024:10:00:01 +0000] ZeGA 192.0.2.8 51235 192.0.2.80 80\n--b1b2c3d4-B--\nGET / HTTP/1.1\n\n--b1b2c3d4-Z--\n\n";
        let found = recognise(&Sample::whole("modsec_audit.log", text));
        assert_eq!(found[0].format.name, "modsecurity", "{found:?}");
        let parser = prepare(&found[0].format, None, text);
        let whole = read_with(parser.as_ref(), &[text]);
        let rows = named_rows(&whole);
        assert_eq!((rows.len(), whole.tally.quarantined), (2, 0));
        assert_eq!(
            rows[0],
            serde_json::json!({
                "time": "2024-03-01T10:00:00Z", "client": "192.0.2.7", "client_port": 51234, "method": "POST", "path": "/orders",
                "http_version": "1.1", "status": 403, "request_id": "ZeGz", "transaction": "a1b2c3d4", "server": "192.0.2.80", "server_port": 80,
                "request_headers": "Host: shop.example.org\nContent-Type: multipart/form-data; boundary=xyz",
                "request_body": "--wxyz\nnote=x", "response_headers": "HTTP/1.1 403 Forbidden\nContent-Length: 199", "other_sections": "J: 1,2,\"a\"",
                "message": "Message: Access denied.\nAction: Intercepted (phase 2)"
            })
        );
        assert_eq!((&rows[1]["path"], rows[1].get("status")), (&"/".into(), None));
        for size in (1..text.len()).step_by(11) {
            let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
            assert_eq!((reading.json(), reading.tally), (whole.json(), whole.tally.clone()), "{size}");
        }
        let torn = read_with(parser.as_ref(), &["lost\n--a1b2c3d4-A--\nno time\n--a1b2c3d4-Z--\n"]);
        assert_eq!((torn.rows.len(), torn.tally.quarantined), (0, 2));
    }
}
