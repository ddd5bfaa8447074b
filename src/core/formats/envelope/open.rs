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
    Kubernetes,
    Timed,
    Heroku,
    Fly,
    CloudFoundry,
    CloudWatch,
}

/// Texts of an envelope's head, in the order of its columns.
pub type Labels<'a> = [Option<&'a str>; LABELS];
pub const LABELS: usize = 4;

/// The envelope's part of a line, and what is inside.
pub struct Opened<'a> {
    pub time: Option<i64>,
    /// The time is written finer than a microsecond.
    pub is_cut: bool,
    pub labels: Labels<'a>,
    pub text: Cow<'a, str>,
    /// The text goes on in the next line with the same labels.
    pub partial: bool,
}

impl<'a> Opened<'a> {
    fn new(labels: Labels<'a>, text: &'a str) -> Self {
        Opened { time: None, is_cut: false, labels, text: text.into(), partial: false }
    }

    fn at(self, (time, is_cut): (i64, bool)) -> Self {
        Opened { time: Some(time), is_cut, ..self }
    }
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
            Kind::Cri | Kind::DockerJson => &[TIME, ("stream", DataType::String)],
            Kind::Compose => &[("container", DataType::String)],
            Kind::Kubernetes => {
                &[("namespace", DataType::String), ("pod", DataType::String), ("container", DataType::String)]
            }
            Kind::Timed => &[TIME],
            Kind::Heroku => &[TIME, ("app", DataType::String), ("process", DataType::String)],
            Kind::Fly => &[
                TIME,
                ("app", DataType::String),
                ("instance", DataType::String),
                ("region", DataType::String),
                ("level", DataType::String),
            ],
            Kind::CloudFoundry => &[TIME, ("source", DataType::String), ("stream", DataType::String)],
            Kind::CloudWatch => &[TIME, ("log_stream", DataType::String)],
        }
    }

    /// Whether lines of several programs stand side by side, so that no line continues one with other labels.
    pub fn has_several(self) -> bool {
        !matches!(self, Kind::Cri | Kind::DockerJson | Kind::Timed)
    }

    /// Whether it tells whose line it is, and no time.
    pub fn is_of_names(self) -> bool {
        matches!(self, Kind::Compose | Kind::Kubernetes)
    }

    /// Whether a line is what the tool itself says of its sources.
    pub fn is_meta(self, line: &str) -> bool {
        self == Kind::Kubernetes && line.starts_with(['+', '-']) && line.contains(" › ")
    }

    /// Whether a line is certainly one of such an envelope, and no other log's that looks like it.
    pub fn is_telling(self, line: &str, opened: &Opened) -> bool {
        match self {
            Kind::Kubernetes => {
                line.starts_with("[pod/") || opened.labels[1].is_some_and(|pod| is_generated(pod, false))
            }
            _ => true,
        }
    }

    /// Whether a line of a text may go on in another.
    pub fn may_have_pieces(self, text: &str) -> bool {
        match self {
            Kind::Cri => memchr::memmem::find(text.as_bytes(), b" P").is_some(),
            Kind::DockerJson => true,
            _ => false,
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
                let opened = Opened::new([Some(label), None, None, None], text).at((time, is_finer(&line[..used])));
                Some(Opened { partial, ..opened })
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
                Some(Opened { time, is_cut, labels: [found.stream, None, None, None], text, partial })
            }
            Kind::Compose => {
                let line = line.strip_prefix("\u{1b}[2K").unwrap_or(line);
                let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-@".contains(byte);
                let length = line.bytes().take_while(|byte| name(byte)).count();
                let rest = line.get(length..)?.trim_start_matches(' ');
                let text = rest.strip_prefix('|')?;
                if length == 0 || rest.len() == line.len() - length || is_level(&line[..length]) {
                    return None;
                }
                let text = text.strip_prefix(' ').unwrap_or(text);
                Some(Opened::new([line.get(..length), None, None, None], text))
            }
            Kind::Kubernetes => kubernetes(line),
            Kind::Timed => {
                let (time, text) = timed(line)?;
                Some(Opened::new([None; LABELS], text).at(time))
            }
            Kind::Heroku => {
                let (time, rest) = timed(line)?;
                let (app, rest) = rest.split_once('[')?;
                let (process, text) = rest.split_once("]:")?;
                let is_process = process.starts_with(|c: char| c.is_ascii_alphabetic()) && is_word(process);
                if !is_word(app) || !is_process {
                    return None;
                }
                let text = text.strip_prefix(' ').unwrap_or(text);
                Some(Opened::new([Some(app), Some(process), None, None], text).at(time))
            }
            Kind::Fly => {
                let (time, rest) = timed(line)?;
                let (app, rest) = rest.split_once('[')?;
                let (instance, rest) = rest.split_once("] ")?;
                let (region, rest) = rest.split_once(" [")?;
                let (level, text) = rest.split_once(']')?;
                if !is_word(app) || !is_word(instance) || region.len() != 3 || !is_level_of(level) {
                    return None;
                }
                let text = text.strip_prefix(' ').unwrap_or(text);
                Some(Opened::new([Some(app), Some(instance), Some(region), Some(level)], text).at(time))
            }
            Kind::CloudFoundry => {
                let (time, rest) = timed(line.trim_start_matches(' '))?;
                let (source, rest) = rest.strip_prefix('[')?.split_once(']')?;
                let rest = rest.trim_start_matches(' ');
                let stream = rest.get(..3).filter(|stream| matches!(*stream, "OUT" | "ERR"))?;
                if !source.contains('/') || !is_word(source) {
                    return None;
                }
                let text = rest.get(3..)?;
                let text = text.strip_prefix(' ').unwrap_or(text);
                Some(Opened::new([Some(source), Some(stream), None, None], text).at(time))
            }
            Kind::CloudWatch => {
                let (time, rest) = timed(line)?;
                let (stream, text) = rest.split_once(' ')?;
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_./$[]-".contains(&byte);
                let is_stream = stream.contains('/') && !stream.starts_with('/') && stream.bytes().all(is_name);
                is_stream.then(|| Opened::new([Some(stream), None, None, None], text).at(time))
            }
        }
    }
}

const TIME: (&str, DataType) = ("time", DataType::Timestamp);

/// A time with its zone, whether it is finer than a microsecond, and what stands behind it and a blank.
fn timed(line: &str) -> Option<((i64, bool), &str)> {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    // Looked at before it is read: most lines of other logs are told apart here.
    if line.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    let (time, used) = timestamp_prefix(line.as_bytes())?;
    let (stamp, rest) = line.split_at_checked(used)?;
    let has_zone = stamp.ends_with('Z') || stamp.get(19..)?.contains(['+', '-']);
    let text = if rest.is_empty() { rest } else { rest.strip_prefix(' ')? };
    has_zone.then_some(((time, is_finer(stamp)), text))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte))
}

fn is_level_of(word: &str) -> bool {
    matches!(word, "trace" | "debug" | "info" | "warn" | "warning" | "error" | "fatal")
}

/// `[pod/NAME/CONTAINER] …` of kubectl, `NAME CONTAINER …` and `NAMESPACE NAME CONTAINER …` of stern.
fn kubernetes(line: &str) -> Option<Opened<'_>> {
    if let Some(rest) = line.strip_prefix("[pod/") {
        let (name, text) = rest.split_once(']')?;
        let (pod, container) = name.split_once('/')?;
        let text = text.strip_prefix(' ').unwrap_or(text);
        return (is_dns(pod) && is_dns(container)).then(|| Opened::new([None, Some(pod), Some(container), None], text));
    }
    let (first, rest) = line.split_once(' ')?;
    let (second, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if !is_dns(first) || !is_dns(second) {
        return None;
    }
    if is_generated(first, true) {
        return Some(Opened::new([None, Some(first), Some(second), None], rest));
    }
    let (third, text) = rest.split_once(' ').unwrap_or((rest, ""));
    (is_generated(second, true) && is_dns(third))
        .then(|| Opened::new([Some(first), Some(second), Some(third), None], text))
}

/// A name as Kubernetes has it (kubernetes.io, Object Names and IDs).
fn is_dns(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with(['-', '.']) && name.bytes().all(is_part)
}

/// Whether a name ends as a controller makes those of its pods: with five characters of which no word is made
/// (k8s.io/apimachinery, util/rand); `or_numbered`: or with a number, as a StatefulSet does.
fn is_generated(pod: &str, or_numbered: bool) -> bool {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let Some((name, end)) = pod.rsplit_once('-') else { return false };
    let is_random = end.len() == 5 && end.bytes().all(|byte| ALPHABET.contains(&byte));
    let is_number = end.len() <= 3 && !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    !name.is_empty() && (is_random || or_numbered && is_number)
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
    pub labels: Labels<'a>,
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
    // Pieces that wait for their end, by labels.
    let mut waiting: Vec<(Place<'a>, String)> = Vec::new();
    for (unit, line) in lines(chunk) {
        if is_blank(line) {
            payload.tally.read += 1;
            payload.tally.blank += 1;
            continue;
        }
        if kind.is_meta(line) {
            payload.tally.read += 1;
            payload.tally.meta += 1;
            continue;
        }
        let Some(opened) = kind.open(line) else {
            payload.tally.read += 1;
            payload.tally.quarantined += 1;
            unread(unit, line);
            continue;
        };
        let found = waiting.iter().position(|(place, _)| place.labels == opened.labels);
        let (place, text) = match found {
            Some(at) => {
                let (place, mut before) = waiting.remove(at);
                before.push_str(&opened.text);
                payload.tally.read += 1;
                payload.tally.joined += 1;
                (place, Cow::Owned(before))
            }
            None => (Place { unit, time: opened.time, is_cut: opened.is_cut, labels: opened.labels }, opened.text),
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

/// The lines of a chunk from which lines of the payload come, with all pieces of what was joined.
pub fn lines_of(kind: Kind, chunk: &Chunk, places: &[Place]) -> String {
    let mut found: Vec<&str> = Vec::new();
    for place in places {
        let start = place.unit.offset.saturating_sub(chunk.offset) as usize;
        let rest = Chunk { text: chunk.text.get(start..).unwrap_or_default(), ..*chunk };
        for (_, line) in lines(&rest) {
            let Some(opened) = kind.open(line).filter(|opened| opened.labels == place.labels) else { continue };
            found.push(line);
            if !opened.partial {
                break;
            }
        }
    }
    found.join("\n")
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
