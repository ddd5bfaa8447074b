//! Opens envelopes: the line's head, and the text inside, piece by piece.

use std::borrow::Cow;

use serde::Deserialize;

use crate::data::DataType;
use crate::data::instants::{is_finer, parse_timestamp, timestamp_prefix};
use crate::formats::scan::{is_blank, lines};
use crate::formats::{Chunk, Tally, Unit};

/// Which envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cri,
    DockerJson,
    Compose,
}

/// The envelope's part of a line, and what is inside.
pub struct Opened<'a> {
    pub time: Option<i64>,
    /// The time is written finer than a microsecond.
    pub is_cut: bool,
    pub label: Option<&'a str>,
    pub text: Cow<'a, str>,
    /// The text goes on in the next line with the same label.
    pub partial: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DockerLine<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(default)]
    stream: Option<&'a str>,
    #[serde(default)]
    time: Option<&'a str>,
}

impl Kind {
    /// The envelope's own columns.
    pub fn columns(self) -> &'static [(&'static str, DataType)] {
        match self {
            Kind::Cri | Kind::DockerJson => &[("time", DataType::Timestamp), ("stream", DataType::String)],
            Kind::Compose => &[("container", DataType::String)],
        }
    }

    /// Whether a line of a text may go on in another.
    pub fn may_have_pieces(self, text: &str) -> bool {
        match self {
            Kind::Cri => memchr::memmem::find(text.as_bytes(), b" P").is_some(),
            Kind::DockerJson => true,
            Kind::Compose => false,
        }
    }

    /// Opens a line; `None` where it has no such envelope.
    pub fn open(self, line: &str) -> Option<Opened<'_>> {
        match self {
            Kind::Cri => {
                let (time, used) = timestamp_prefix(line.as_bytes())?;
                let rest = line.get(used..)?.strip_prefix(' ')?;
                let label = ["stdout", "stderr"].into_iter().find(|stream| rest.starts_with(stream))?;
                let rest = rest.get(label.len()..)?.strip_prefix(' ')?;
                let (tags, text) = rest.split_once(' ').unwrap_or((rest, ""));
                let partial = match tags.split(':').next() {
                    Some("F") => false,
                    Some("P") => true,
                    _ => return None,
                };
                let is_cut = is_finer(&line[..used]);
                Some(Opened { time: Some(time), is_cut, label: Some(label), text: text.into(), partial })
            }
            Kind::DockerJson => {
                if !line.starts_with("{\"log\":") {
                    return None;
                }
                let found: DockerLine = serde_json::from_str(line).ok()?;
                let is_cut = found.time.is_some_and(is_finer);
                let time = match found.time {
                    Some(text) => Some(parse_timestamp(text)?),
                    None => None,
                };
                let partial = !found.log.ends_with('\n');
                let text = match found.log {
                    Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(['\r', '\n'])),
                    Cow::Owned(mut text) => {
                        text.truncate(text.trim_end_matches(['\r', '\n']).len());
                        Cow::Owned(text)
                    }
                };
                Some(Opened { time, is_cut, label: found.stream, text, partial })
            }
            Kind::Compose => {
                let line = line.strip_prefix("\u{1b}[2K").unwrap_or(line);
                let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
                let length = line.bytes().take_while(|byte| name(byte)).count();
                let rest = line.get(length..)?.trim_start_matches(' ');
                let text = rest.strip_prefix('|')?;
                if length == 0 || rest.len() == line.len() - length || is_level(&line[..length]) {
                    return None;
                }
                let text = text.strip_prefix(' ').unwrap_or(text);
                Some(Opened { time: None, is_cut: false, label: line.get(..length), text: text.into(), partial: false })
            }
        }
    }
}

/// A level in capitals, behind which logs draw bars too, is no container.
fn is_level(word: &str) -> bool {
    matches!(word, "TRACE" | "DEBUG" | "INFO" | "NOTICE" | "WARN" | "WARNING" | "ERROR" | "FATAL" | "CRITICAL")
}

/// Where a line of the payload comes from.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub unit: Unit,
    pub time: Option<i64>,
    /// The time is written finer than a microsecond.
    pub is_cut: bool,
    pub label: Option<&'a str>,
}

/// What was inside of a text, line by line.
#[derive(Default)]
pub struct Payload<'a> {
    pub text: String,
    pub places: Vec<Place<'a>>,
    /// Lines that the envelope took part in without giving one: blank, pieces of another, unread.
    pub tally: Tally,
}

/// Opens the lines of a chunk; `unread` is told of those that have no envelope.
pub fn open_all<'a>(kind: Kind, chunk: &Chunk<'a>, mut unread: impl FnMut(Unit, &'a str)) -> Payload<'a> {
    let mut payload = Payload { text: String::with_capacity(chunk.text.len()), ..Payload::default() };
    // Pieces that wait for their end, by label.
    let mut waiting: Vec<(Place<'a>, String)> = Vec::new();
    for (unit, line) in lines(chunk) {
        if is_blank(line) {
            payload.tally.read += 1;
            payload.tally.blank += 1;
            continue;
        }
        let Some(opened) = kind.open(line) else {
            payload.tally.read += 1;
            payload.tally.quarantined += 1;
            unread(unit, line);
            continue;
        };
        let found = waiting.iter().position(|(place, _)| place.label == opened.label);
        let (place, text) = match found {
            Some(at) => {
                let (place, mut before) = waiting.remove(at);
                before.push_str(&opened.text);
                payload.tally.read += 1;
                payload.tally.joined += 1;
                (place, Cow::Owned(before))
            }
            None => (Place { unit, time: opened.time, is_cut: opened.is_cut, label: opened.label }, opened.text),
        };
        match opened.partial {
            true => waiting.push((place, text.into_owned())),
            false => payload.push(place, &text),
        }
    }
    // The file ends before the last piece does.
    for (place, text) in waiting {
        payload.push(place, &text);
    }
    payload
}

impl<'a> Payload<'a> {
    fn push(&mut self, place: Place<'a>, text: &str) {
        // A line end inside would make two lines of one.
        match text.contains('\n') {
            true => self.text.push_str(&text.replace('\n', " ")),
            false => self.text.push_str(text),
        }
        self.text.push('\n');
        self.places.push(place);
    }
}
