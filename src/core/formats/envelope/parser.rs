//! The parser of envelopes: opens a chunk, has the payload read whole, and sets the envelope's columns beside.

use std::collections::{HashMap, VecDeque};

use super::open::{Kind, LABELS, Labels, Payload, Place, lines_of, open_all};
use crate::data::Schema;
use crate::formats::door::{Door, Keeper, NONE, hand_over};
use crate::formats::line_ends::ends_in_returns;
use crate::formats::{Change, Chunk, Columns, Parser, Tally, Unit};

/// Bytes at the end of a chunk in which the border of events is looked for first.
const LAST_BYTES: usize = 256 << 10;
/// Why a line is none of the envelope's.
const REASON: &str = "the line has no such envelope";

pub struct EnvelopeParser {
    pub kind: Kind,
    pub schema: Schema,
    pub inner: Box<dyn Parser>,
    /// By column of the payload, that of `schema`.
    pub map: Vec<usize>,
    /// The columns of the time, and of the labels.
    pub slots: (usize, [usize; LABELS]),
    /// Takes the lines inside that the payload's format does not read; no column: they are turned away.
    pub message: usize,
}

impl Parser for EnvelopeParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn inner(&self) -> Option<&dyn Parser> {
        Some(&*self.inner)
    }

    /// Where the payload's last whole event ends, and no piece waits.
    fn cut(&self, bytes: &[u8]) -> usize {
        let Some(last) = memchr::memrchr(b'\n', bytes) else { return 0 };
        let text = String::from_utf8_lossy(&bytes[..=last]);
        if text.len() != last + 1 {
            // The bytes that are no UTF-8 are replaced before they are parsed: ends are where lines end.
            return 0;
        }
        let mut limit = last + 1;
        for _ in 0..8 {
            let border = self.border(&text[..limit]);
            let whole = self.without_pieces(&text, border);
            if whole == border || whole == 0 {
                return whole;
            }
            limit = whole;
        }
        0
    }

    fn carry(&self, before: &str, bytes: &[u8]) -> Option<String> {
        // Of several containers each would have its own.
        let carried = self.inner.carry(before, b"").filter(|_| !self.kind.has_several())?;
        let text = String::from_utf8_lossy(bytes);
        let inside = open_all(self.kind, &Chunk { head: "", ..Chunk::whole(&text) }, |_, _| {}).text;
        self.inner.carry(&carried, inside.as_bytes())
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut unread = VecDeque::new();
        let payload = open_all(self.kind, chunk, |unit, line| unread.push_back((unit, line)));
        let head = open_all(self.kind, &Chunk { text: chunk.head, offset: 0, ..*chunk }, |_, _| {}).text;
        // Its lines end with a line feed, whatever the first one holds.
        let head = if ends_in_returns(&head) { "" } else { head.as_str() };
        let source = Source { chunk, head };
        let mut tally = match self.kind.has_several() {
            true => self.parse_apart(source, &payload, unread, out),
            false => self.parse_inside(source, &payload.text, &payload.places, unread, out),
        };
        tally.add(&payload.tally);
        tally
    }
}

/// A chunk, and the payload of its file's head.
#[derive(Clone, Copy)]
struct Source<'a> {
    chunk: &'a Chunk<'a>,
    head: &'a str,
}

impl EnvelopeParser {
    /// Reads lines of the payload.
    fn parse_inside<'a>(
        &self,
        source: Source<'a>,
        text: &str,
        places: &'a [Place<'a>],
        unread: VecDeque<(Unit, &'a str)>,
        out: &mut dyn Columns,
    ) -> Tally {
        let inner = Chunk { text, first_line: 1, head: source.head, ..*source.chunk };
        let wanted = |slot: usize| if slot != NONE && out.wants(slot) { slot } else { NONE };
        let slots = (wanted(self.slots.0), self.slots.1.map(wanted));
        let (map, message) = (self.map.as_slice(), self.message);
        let lines = |places: &[Place]| lines_of(self.kind, source.chunk, places);
        let mut door = PlaceDoor { out, map, slots, message, places, lines: &lines, unread, cut: 0, texts: 0 };
        let mut tally = self.inner.parse(&inner, &mut door);
        door.hand_over_unread(u64::MAX);
        let (cut, texts) = (door.cut, door.texts);
        if let Some(field) = self.schema.fields.get(self.slots.0) {
            tally.changes.note(Change::Cut, &field.name, cut);
        }
        tally.quarantined -= texts;
        tally.accepted += texts;
        tally.rows += texts;
        tally
    }

    /// Reads the lines of each container by themselves: none continues an event of another.
    fn parse_apart<'a>(
        &self,
        source: Source<'a>,
        payload: &Payload<'a>,
        unread: VecDeque<(Unit, &'a str)>,
        out: &mut dyn Columns,
    ) -> Tally {
        let mut containers: Vec<(String, Vec<Place>)> = Vec::new();
        let mut numbers: HashMap<Labels, usize> = HashMap::new();
        for (line, place) in payload.text.split_inclusive('\n').zip(&payload.places) {
            let number = *numbers.entry(place.labels).or_insert(containers.len());
            if number == containers.len() {
                containers.push(Default::default());
            }
            containers[number].0.push_str(line);
            containers[number].1.push(*place);
        }
        if let [(text, places)] = containers.as_slice() {
            return self.parse_inside(source, text, places, unread, out);
        }
        let mut tally = Tally::default();
        let columns: Vec<usize> = (0..self.schema.len()).collect();
        let mut kept = Keeper::new(&columns, out);
        for (text, places) in &containers {
            tally.add(&self.parse_inside(source, text, places, VecDeque::new(), &mut kept));
        }
        let (mut rows, mut aside) = (kept.rows, kept.aside);
        rows.sort_by_key(|(unit, _)| unit.offset);
        for (unit, cells) in rows {
            for (column, value) in cells {
                hand_over(out, column, value);
            }
            out.end_row(unit);
        }
        let told = |(unit, line): (Unit, &str)| (unit, REASON.to_owned(), line.as_bytes().to_vec());
        aside.extend(unread.into_iter().map(told));
        aside.sort_by_key(|(unit, ..)| unit.offset);
        for (unit, reason, raw) in aside {
            out.quarantine(unit, &reason, &raw);
        }
        tally
    }

    /// The end of the payload's last whole event, in `text`. Where the lines around tell it, the last ones are enough.
    fn border(&self, text: &str) -> usize {
        if self.inner.is_divisible() && text.len() > 2 * LAST_BYTES {
            let near = memchr::memchr(b'\n', &text.as_bytes()[text.len() - LAST_BYTES..]);
            let from = near.map_or(text.len(), |at| text.len() - LAST_BYTES + at + 1);
            let found = self.border_of(&text[from..]);
            if found > 0 {
                return from + found;
            }
        }
        self.border_of(text)
    }

    fn border_of(&self, text: &str) -> usize {
        // Offsets count from 1, since what begins a file may be a BOM.
        let chunk = Chunk { offset: 1, head: "", ..Chunk::whole(text) };
        let payload = open_all(self.kind, &chunk, |_, _| {});
        let inside = self.inner.cut(payload.text.as_bytes());
        if inside == 0 {
            return 0;
        }
        let lines = memchr::memchr_iter(b'\n', &payload.text.as_bytes()[..inside]).count();
        // The chunk ends before the line from which the next event comes.
        payload.places.get(lines).map_or(text.len(), |place| (place.unit.offset - 1) as usize)
    }

    /// The last border up to `limit` at which no piece waits for its end.
    fn without_pieces(&self, text: &str, limit: usize) -> usize {
        // Lines are opened only where some may be pieces.
        if !self.kind.may_have_pieces(&text[..limit]) {
            return limit;
        }
        let (mut waiting, mut best, mut at): (Vec<Labels>, usize, usize) = (Vec::new(), 0, 0);
        for line in text[..limit].split_inclusive('\n') {
            at += line.len();
            if let Some(opened) = self.kind.open(line.trim_end_matches(['\n', '\r'])) {
                waiting.retain(|labels| *labels != opened.labels);
                if opened.partial {
                    waiting.push(opened.labels);
                }
            }
            if waiting.is_empty() {
                best = at;
            }
        }
        best
    }
}

/// The columns as the payload's parser sees them.
struct PlaceDoor<'a> {
    out: &'a mut dyn Columns,
    map: &'a [usize],
    /// The columns of the time and of the labels that are wanted.
    slots: (usize, [usize; LABELS]),
    message: usize,
    places: &'a [Place<'a>],
    /// Gives the lines of the file from which some come.
    lines: &'a dyn Fn(&[Place]) -> String,
    /// Lines without the envelope, in order.
    unread: VecDeque<(Unit, &'a str)>,
    /// Rows whose time was cut to microseconds.
    cut: u64,
    /// Rows that are a text which the payload's format does not read.
    texts: u64,
}

impl<'a> PlaceDoor<'a> {
    /// Hands over the lines without the envelope that stand before `offset`.
    fn hand_over_unread(&mut self, offset: u64) {
        while let Some((unit, line)) = self.unread.pop_front_if(|(unit, _)| unit.offset < offset) {
            self.out.quarantine(unit, REASON, line.as_bytes());
        }
    }

    /// Ends a row with the envelope's own columns.
    fn end_row_at(&mut self, place: &Place) {
        let (time_slot, label_slots) = self.slots;
        if let Some(time) = place.time.filter(|_| time_slot != NONE) {
            self.out.timestamp(time_slot, time);
            self.cut += u64::from(place.is_cut);
        }
        for (slot, label) in label_slots.into_iter().zip(place.labels) {
            if let Some(label) = label.filter(|_| slot != NONE) {
                self.out.text(slot, label);
            }
        }
        self.out.end_row(place.unit);
    }

    /// Where a line of the payload comes from, and those behind it.
    fn places(&self, unit: Unit) -> &'a [Place<'a>] {
        let first = usize::try_from(unit.line).unwrap_or(0).wrapping_sub(1);
        self.places.get(first..).unwrap_or_default()
    }
}

impl Door for PlaceDoor<'_> {
    fn out(&self) -> &dyn Columns {
        self.out
    }
    fn out_mut(&mut self) -> &mut dyn Columns {
        self.out
    }
    fn map(&self) -> &[usize] {
        self.map
    }
    fn finish_row(&mut self, unit: Unit) {
        match self.places(unit).first() {
            Some(place) => self.end_row_at(place),
            None => self.out.end_row(unit),
        }
    }
    fn turn_away(&mut self, unit: Unit, reason: &str, raw: &[u8]) {
        let places = self.places(unit);
        let Some(place) = places.first() else { return self.out.quarantine(unit, reason, raw) };
        self.hand_over_unread(place.unit.offset);
        if self.message == NONE {
            let count = memchr::memchr_iter(b'\n', raw).count() + 1;
            let whole = (self.lines)(&places[..count.min(places.len())]);
            return self.out.quarantine(place.unit, reason, whole.as_bytes());
        }
        // The envelope is read: what is inside stays a text.
        if self.out.wants(self.message) {
            self.out.text(self.message, &String::from_utf8_lossy(raw));
        }
        self.texts += 1;
        self.end_row_at(place);
    }
}
