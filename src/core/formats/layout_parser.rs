//! The tokeniser made from a layout: walks the literals of each line with byte searches, converts the captures that
//! are wanted, fills columns. No regular expression, no allocation per row. The hottest loop of the product.

mod fields;
mod request;

use super::layout::{Capture, Escapes, Item, Kind, Layout, TimeShape};
use crate::data::Schema;
use crate::data::instants::{ends_finer, timestamp_prefix};
use crate::diagnostic::Diagnostic;
use crate::formats::dates::Years;
use crate::formats::scan::{is_blank, lines};
use crate::formats::{Change, Chunk, Columns, Parser, Tally, Unfit, numbers, time};
use fields::{CLF_LENGTH, ClfCache, unescape};
use request::first_client;
pub use request::{split_last_port, split_port, split_request};

/// Resolves the escapes of servers (`\\"`, `\\x22`) into `out`; `false` where what they stand for is no UTF-8 text.
pub fn unescape_backslashes(text: &str, out: &mut Vec<u8>) -> bool {
    fields::unescape(text, Escapes::Backslash, out)
}

/// No column.
const NONE: usize = usize::MAX;

/// A layout, prepared. One line is one unit and one row.
pub struct LayoutParser {
    layout: Layout,
    schema: Schema,
    /// Literal before the first capture.
    start: Literal,
    steps: Vec<Step>,
}

/// A capture and the literal after it.
struct Step {
    capture: Capture,
    /// Stands in quotes inside which a quote is escaped.
    quoted: bool,
    /// The literal after it; empty: the line ends here.
    end: Literal,
    may_end: bool,
    /// Columns of the capture; `NONE` where the schema has none.
    slots: [usize; 4],
}

/// Text that stands in every line, compared eight bytes at once.
struct Literal {
    bytes: Box<[u8]>,
    /// The first eight bytes, as they lie in memory; those beyond the literal are masked out.
    head: u64,
    mask: u64,
}

impl Literal {
    fn new(text: &str) -> Literal {
        let (mut head, mut mask) = ([0; 8], [0; 8]);
        for (index, byte) in text.bytes().take(8).enumerate() {
            head[index] = byte;
            mask[index] = 0xff;
        }
        Literal { bytes: text.as_bytes().into(), head: u64::from_ne_bytes(head), mask: u64::from_ne_bytes(mask) }
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether `bytes` begin with it.
    #[inline]
    fn begins(&self, bytes: &[u8]) -> bool {
        match bytes.first_chunk() {
            Some(first) if self.bytes.len() <= 8 => u64::from_ne_bytes(*first) & self.mask == self.head,
            _ => bytes.len() >= self.bytes.len() && self.bytes.iter().zip(bytes).all(|(own, other)| own == other),
        }
    }

    /// Where it first stands; the end for an empty literal.
    #[inline]
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let Some(first) = self.bytes.first() else { return Some(bytes.len()) };
        let mut at = 0;
        loop {
            at += memchr::memchr(*first, &bytes[at..])?;
            if self.begins(&bytes[at..]) {
                return Some(at);
            }
            at += 1;
        }
    }

    /// All its places, of which the first is known.
    fn places<'a>(&'a self, bytes: &'a [u8], first: usize) -> impl Iterator<Item = usize> + 'a {
        std::iter::successors(Some(first), move |at| {
            (!self.is_empty()).then(|| self.find(&bytes[at + 1..]).map(|more| at + 1 + more)).flatten()
        })
    }
}

/// Why a line does not fit, by the number of the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Start,
    NoEnd(usize),
    NoQuote(usize),
    AfterQuote(usize),
    Blanks(usize),
    NoTime(usize),
    Trailing,
}

/// What one call of `parse` keeps from line to line.
struct State<'o> {
    out: &'o mut dyn Columns,
    /// By column of the schema.
    wanted: Vec<bool>,
    clf: ClfCache,
    scratch: Vec<u8>,
    escapes: Escapes,
    unfit: Unfit,
}

/// A captured text.
#[derive(Clone, Copy)]
struct Found<'a> {
    text: &'a str,
    /// A backslash was seen.
    escaped: bool,
    /// Where the next capture begins.
    next: usize,
    /// The line may and does end here.
    last: bool,
}

impl LayoutParser {
    /// Prepares a layout. With `schema` the rows have exactly its columns: those that the layout lacks stay null.
    pub fn new(layout: Layout, schema: Option<&Schema>) -> Result<Self, Diagnostic> {
        let schema = schema.cloned().unwrap_or_else(|| layout.schema());
        let mut start = Literal::new("");
        let mut steps: Vec<Step> = Vec::new();
        let mut before = "";
        let may_end_from = layout.may_end_after.as_ref().and_then(|name| {
            layout.captures().position(|capture| capture.columns().iter().any(|(column, _)| column == name))
        });
        if let (Some(name), None) = (&layout.may_end_after, may_end_from) {
            return Err(unknown_end(name, &layout));
        }
        for (index, item) in layout.items.iter().enumerate() {
            let capture = match item {
                Item::Literal(text) => {
                    before = text;
                    if index == 0 {
                        start = Literal::new(text);
                    }
                    continue;
                }
                Item::Capture(capture) => capture,
            };
            let after = match layout.items.get(index + 1) {
                Some(Item::Literal(text)) => text.as_str(),
                Some(Item::Capture(next)) => return Err(adjacent(capture, next)),
                None => "",
            };
            let in_quotes = before.ends_with('"') && after.starts_with('"');
            let in_brackets = before.ends_with('[') && after.starts_with(']');
            let mut slots = [NONE; 4];
            for (slot, (name, _)) in slots.iter_mut().zip(capture.columns()) {
                *slot = schema.index(name).unwrap_or(NONE);
            }
            let quoted = in_quotes && layout.escapes != Escapes::None;
            let mut capture = capture.clone();
            capture.blanks |= in_quotes || in_brackets;
            let may_end = may_end_from.is_some_and(|from| steps.len() >= from);
            steps.push(Step { capture, quoted, end: Literal::new(after), may_end, slots });
            before = "";
        }
        if steps.is_empty() {
            return Err(Diagnostic::error("PW0411", "the line's description names no field")
                .help("add at least one variable, such as `$remote_addr` or `%h`"));
        }
        Ok(Self { layout, schema, start, steps })
    }

    fn line(&self, line: &str, state: &mut State) -> Result<(), Fault> {
        let bytes = line.as_bytes();
        if !self.start.begins(bytes) {
            return Err(Fault::Start);
        }
        let mut at = self.start.len();
        for (number, step) in self.steps.iter().enumerate() {
            if let Some(next) = state.fast(step, bytes, at) {
                at = next;
                continue;
            }
            let found = if step.quoted { step.quoted(line, at, number)? } else { step.plain(line, at, number)? };
            state.field(step, &found).map_err(|fault| fault(number))?;
            at = found.next;
            if found.last {
                return Ok(());
            }
        }
        if bytes[at.min(bytes.len())..].trim_ascii().is_empty() { Ok(()) } else { Err(Fault::Trailing) }
    }

    fn reason(&self, fault: Fault) -> String {
        let name = |number: usize| self.steps[number].capture.column.as_str();
        let literal = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match fault {
            Fault::Start => format!("the line does not begin with `{}`", literal(&self.start.bytes)),
            Fault::NoEnd(number) => format!("no `{}` after `{}`", literal(&self.steps[number].end.bytes), name(number)),
            Fault::NoQuote(number) => format!("no closing quote of `{}`", name(number)),
            Fault::AfterQuote(number) => format!("unexpected text after the closing quote of `{}`", name(number)),
            Fault::Blanks(number) => format!("unexpected blank in `{}`", name(number)),
            Fault::NoTime(number) => format!("`{}` is not a time", name(number)),
            Fault::Trailing => "text after the last field".to_owned(),
        }
    }
}

impl Parser for LayoutParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let wanted = (0..self.schema.len()).map(|column| out.wants(column)).collect();
        let clf = ClfCache::default();
        let unfit = Unfit::new(&self.schema);
        let mut state = State { out, wanted, clf, scratch: Vec::new(), escapes: self.layout.escapes, unfit };
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            match self.line(line, &mut state) {
                Ok(()) => {
                    state.unfit.end_row();
                    state.out.end_row(unit);
                    tally.accepted += 1;
                }
                Err(fault) => {
                    state.unfit.abandon_row();
                    state.out.abandon_row();
                    state.out.quarantine(unit, &self.reason(fault), line.as_bytes());
                    tally.quarantined += 1;
                }
            }
        }
        tally.rows = tally.accepted;
        state.unfit.finish(&self.schema, &mut tally);
        tally
    }
}

impl Step {
    /// The text up to the first quote that is not escaped.
    #[inline]
    fn quoted<'a>(&self, line: &'a str, start: usize, number: usize) -> Result<Found<'a>, Fault> {
        let bytes = line.as_bytes();
        let mut escaped = false;
        let mut at = start;
        let end = loop {
            let rest = bytes.get(at..).ok_or(Fault::NoQuote(number))?;
            let found = at + memchr::memchr2(b'"', b'\\', rest).ok_or(Fault::NoQuote(number))?;
            if bytes[found] == b'"' {
                break found;
            }
            escaped = true;
            at = found + 2;
        };
        let text = line.get(start..end).unwrap_or_default();
        if self.end.begins(&bytes[end..]) {
            return Ok(Found { text, escaped, next: end + self.end.len(), last: false });
        }
        if self.may_end && end + 1 == bytes.len() {
            return Ok(Found { text, escaped, next: bytes.len(), last: true });
        }
        Err(Fault::AfterQuote(number))
    }

    /// The text up to the literal after it.
    #[inline]
    fn plain<'a>(&self, line: &'a str, start: usize, number: usize) -> Result<Found<'a>, Fault> {
        let bytes = line.as_bytes();
        let rest = bytes.get(start..).ok_or(Fault::NoEnd(number))?;
        let (length, next, last) = match self.find_end(rest) {
            Some(length) => (length, start + length + self.end.len(), self.end.is_empty()),
            None if self.may_end => (rest.len(), bytes.len(), true),
            None => return Err(Fault::NoEnd(number)),
        };
        let mut text = line.get(start..start + length).unwrap_or_default();
        if last {
            text = text.trim_end();
        }
        let (blank, escaped) = match memchr::memchr2(b' ', b'\\', text.as_bytes()) {
            None => (false, false),
            Some(_) => (text.contains(' '), text.contains('\\')),
        };
        let is_list = || self.capture.kind == Kind::Client && first_client(text).is_some();
        if blank && !self.capture.blanks && !is_list() {
            return Err(Fault::Blanks(number));
        }
        let escaped = escaped && !matches!(self.capture.kind, Kind::Int | Kind::Time(_) | Kind::Client);
        Ok(Found { text, escaped, next, last })
    }

    /// Where the literal after the capture stands. Lists and some times hold blanks of their own.
    #[inline]
    fn find_end(&self, bytes: &[u8]) -> Option<usize> {
        let first = self.end.find(bytes)?;
        match &self.capture.kind {
            Kind::ListText | Kind::LastInt | Kind::LastFloat => self.end.places(bytes, first).find(|at| {
                !(bytes[..*at].ends_with(b",") || bytes[..*at].ends_with(b" :") || bytes[*at..].starts_with(b" : "))
            }),
            Kind::Client if bytes[..first].ends_with(b",") => {
                self.end.places(bytes, first).find(|at| !bytes[..*at].ends_with(b","))
            }
            Kind::Time(shape @ (TimeShape::Iso | TimeShape::Format(_))) => {
                let is_time =
                    |at: &usize| std::str::from_utf8(&bytes[..*at]).is_ok_and(|text| read_time(text, shape).is_some());
                self.end.places(bytes, first).take(8).find(is_time).or(Some(first))
            }
            _ => Some(first),
        }
    }
}

impl State<'_> {
    fn wants(&self, slot: usize) -> bool {
        self.wanted.get(slot).copied().unwrap_or(false)
    }

    /// The shapes that nearly every line has: `-`, a plain number, a time of the usual length. `None`: take the long
    /// way. Gives where the next capture begins.
    #[inline]
    fn fast(&mut self, step: &Step, bytes: &[u8], at: usize) -> Option<usize> {
        let rest = bytes.get(at..)?;
        let end = &step.end;
        if end.is_empty() {
            return None;
        }
        if rest.first() == Some(&b'-') && end.begins(&rest[1..]) && step.capture.kind != Kind::Sign {
            return Some(at + 1 + end.len());
        }
        match &step.capture.kind {
            Kind::Int => {
                let digits = rest.iter().take(18).take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 || !end.begins(&rest[digits..]) {
                    return None;
                }
                if self.wants(step.slots[0]) {
                    let number = rest[..digits].iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
                    self.out.int(step.slots[0], number);
                }
                Some(at + digits + end.len())
            }
            Kind::Time(TimeShape::Clf) => {
                let (stamp, after) = rest.split_first_chunk::<CLF_LENGTH>()?;
                if !end.begins(after) {
                    return None;
                }
                let micros = self.clf.read(stamp)?;
                if self.wants(step.slots[0]) {
                    self.out.timestamp(step.slots[0], micros);
                }
                Some(at + CLF_LENGTH + end.len())
            }
            _ => None,
        }
    }

    /// Converts a captured text; what is not readable stays null, except a time.
    #[inline]
    fn field(&mut self, step: &Step, found: &Found) -> Result<(), fn(usize) -> Fault> {
        let is_time = matches!(step.capture.kind, Kind::Time(_));
        let is_none = found.text == "-" && step.capture.kind != Kind::Sign;
        if is_none || (!is_time && !step.slots.iter().any(|slot| self.wants(*slot))) {
            return Ok(());
        }
        if found.text.is_empty() && self.escapes == Escapes::Json {
            return Ok(());
        }
        if found.escaped && self.escapes != Escapes::None {
            let mut scratch = std::mem::take(&mut self.scratch);
            let is_text = unescape(found.text, self.escapes, &mut scratch);
            let plain = if is_text { std::str::from_utf8(&scratch).unwrap_or(found.text) } else { found.text };
            let result = self.convert(step, plain);
            self.scratch = scratch;
            return result;
        }
        self.convert(step, found.text)
    }

    fn convert(&mut self, step: &Step, text: &str) -> Result<(), fn(usize) -> Fault> {
        let slot = step.slots[0];
        match &step.capture.kind {
            Kind::Text | Kind::Sign | Kind::ListText => self.out.text(slot, text),
            Kind::Int => self.int(slot, text),
            Kind::Float => self.float(slot, text, 1.0),
            Kind::Seconds { per_second } => self.float(slot, text, *per_second),
            Kind::LastInt => {
                let last = self.last_of_list(step, text);
                self.int(slot, last);
            }
            Kind::LastFloat => {
                let last = self.last_of_list(step, text);
                self.float(slot, last, 1.0);
            }
            Kind::Request => self.request(step, text),
            Kind::Client => self.client(step, text),
            Kind::HostPort => {
                let (host, port) = split_port(text);
                if self.wants(slot) {
                    self.out.text(slot, host);
                }
                if let (Some(port), true) = (port, self.wants(step.slots[1])) {
                    self.out.int(step.slots[1], port);
                }
            }
            Kind::Time(shape) => match read_time(text, shape) {
                Some(micros) if self.wants(slot) => {
                    if ends_finer(text) {
                        self.unfit.note_change(slot, Change::Cut);
                    }
                    self.out.timestamp(slot, micros);
                }
                Some(_) => {}
                None => return Err(Fault::NoTime),
            },
        }
        Ok(())
    }

    /// The last entry of `0.001, 0.002 : 0.003`.
    fn last_of_list<'a>(&mut self, step: &Step, text: &'a str) -> &'a str {
        let Some((_, last)) = text.rsplit_once([',', ' ']) else { return text };
        self.list(step, text, Change::Repeated);
        last
    }

    /// Of a list of addresses the client.
    fn client(&mut self, step: &Step, text: &str) {
        let Some(client) = first_client(text) else { return self.out.text(step.slots[0], text) };
        if text.contains(',') {
            self.list(step, text, Change::Surplus);
        }
        self.out.text(step.slots[0], client);
    }

    /// Keeps a list of which one entry is a value; where it has no column, that there were others is counted.
    #[cold]
    fn list(&mut self, step: &Step, text: &str, change: Change) {
        match &step.capture.list {
            None => self.unfit.note_change(step.slots[0], change),
            Some(_) if self.wants(step.slots[1]) => self.out.text(step.slots[1], text),
            Some(_) => {}
        }
    }

    fn int(&mut self, slot: usize, text: &str) {
        match numbers::int(text.as_bytes()) {
            Some(number) => self.out.int(slot, number),
            None => self.unfit(slot, text),
        }
    }

    fn float(&mut self, slot: usize, text: &str, per_unit: f64) {
        match numbers::float(text) {
            Some(number) => {
                if numbers::is_rounded(text) {
                    self.unfit.note_rounded(slot);
                }
                self.out.float(slot, if per_unit == 1.0 { number } else { number / per_unit });
            }
            None => self.unfit(slot, text),
        }
    }

    /// Counts a value that is there but no number.
    #[cold]
    fn unfit(&mut self, slot: usize, text: &str) {
        if !matches!(text, "" | "-") {
            self.unfit.note(slot);
        }
    }

    fn request(&mut self, step: &Step, text: &str) {
        let [method_slot, path_slot, version_slot, request_slot] = step.slots;
        match split_request(text) {
            Some((method, path, version)) => {
                if self.wants(method_slot) {
                    self.out.text(method_slot, method);
                }
                if self.wants(path_slot) {
                    self.out.text(path_slot, path);
                }
                if let (Some(version), true) = (version, self.wants(version_slot)) {
                    self.out.text(version_slot, version);
                }
            }
            None if self.wants(request_slot) => self.out.text(request_slot, text),
            None => {}
        }
    }
}

fn read_time(text: &str, shape: &TimeShape) -> Option<i64> {
    match shape {
        TimeShape::Clf => time::clf(text).or_else(|| time::clf(&format!("0{text}"))),
        // A day alone is no stamp: its clock may stand behind the blank.
        TimeShape::Iso => {
            timestamp_prefix(text.as_bytes()).filter(|(_, used)| *used == text.len()).map(|(micros, _)| micros)
        }
        TimeShape::Epoch(unit) => time::epoch(text, *unit),
        // A web server's format has the year, or its lines have the year of no file.
        TimeShape::Format(format) => Years::of(0).formatted(text, format),
    }
}

fn adjacent(capture: &Capture, next: &Capture) -> Diagnostic {
    Diagnostic::error("PW0424", format!("nothing separates `{}` from `{}`", capture.column, next.column))
        .help("put a blank or another separator between the two, as the lines have it")
}

fn unknown_end(name: &str, layout: &Layout) -> Diagnostic {
    let schema = layout.schema();
    let near = crate::diagnostic::did_you_mean(name, schema.names());
    Diagnostic::error("PW0413", format!("`may_end_after` names `{name}`, which is no column{near}"))
        .help(format!("the columns are {}", schema.names().collect::<Vec<_>>().join(", ")))
}
