//! Reads lines by the header that stands before them.

use std::collections::BTreeMap;

use super::dialect::{Dialect, Role, Software, WRITER};
use crate::data::Schema;
use crate::data::instants::{MICROS_PER_DAY, ends_finer, is_finer, parse_date, parse_timestamp, zoned_clock_prefix};
use crate::data::zones::from_local;
use crate::formats::cell::Cell;
use crate::formats::columns::Fit;
use crate::formats::keys::{count_unknown, repeated};
use crate::formats::scan::{is_blank, lines};
use crate::formats::time::{self, Epoch};
use crate::formats::{Change, Chunk, Columns, Parser, Tally, Unfit, numbers};

/// The header that holds for the lines behind it.
#[derive(Debug, Clone, Default)]
pub struct Header {
    names: Vec<String>,
    columns: Vec<(String, Role)>,
    software: Software,
}

impl Header {
    /// A header is met.
    pub fn set(&mut self, dialect: Dialect, names: &[&str]) {
        if self.names.len() == names.len() && self.names.iter().zip(names).all(|(one, other)| one == other) {
            return;
        }
        self.names = names.iter().map(|name| (*name).to_owned()).collect();
        self.describe(dialect);
    }

    /// A directive is met.
    pub fn note(&mut self, dialect: Dialect, line: &str) {
        if let Some(software) = line.strip_prefix(WRITER) {
            self.software = if software.contains("Microsoft") { Software::Microsoft } else { Software::Other };
            self.describe(dialect);
        }
    }

    fn describe(&mut self, dialect: Dialect) {
        let column = |name: &String| dialect.column(name, &self.names, self.software);
        let mut taken: BTreeMap<String, Role> = BTreeMap::new();
        let mut free = |(column, role): (String, Role), name: &String| {
            let is_half = match (role, taken.get(&column)) {
                (_, None) => true,
                (Role::Day, Some(other)) => *other == Role::Clock,
                (Role::Clock, Some(other)) => *other == Role::Day,
                (Role::Stem, Some(other)) => *other == Role::Query,
                (Role::Query, Some(other)) => *other == Role::Stem,
                _ => false,
            };
            // Of two fields for one column, the later keeps its own name, numbered where that is taken too.
            let (column, role) = match is_half {
                true => (column, role),
                false => {
                    let own = (1..).map(|times| repeated(name, times)).find(|own| !taken.contains_key(own));
                    (own.unwrap_or(column), Role::Plain)
                }
            };
            // Both halves are whole.
            let is_whole = taken.contains_key(&column);
            taken.insert(column.clone(), if is_whole { Role::Plain } else { role });
            (column, role)
        };
        self.columns = self.names.iter().map(|name| free(column(name), name)).collect();
    }

    /// Each field's column.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Role)> {
        self.columns.iter().map(|(name, role)| (name.as_str(), *role))
    }

    /// The columns of a line that was read by `row`.
    pub fn columns_for(&self, dialect: Dialect, fields: usize) -> Vec<(String, Role)> {
        if fields == self.names.len() {
            return self.columns.clone();
        }
        let mut assumed = Header::default();
        assumed.assume(dialect, dialect.usual(fields).unwrap_or_default());
        assumed.columns
    }

    /// No header is there: the usual one holds.
    fn assume(&mut self, dialect: Dialect, usual: &[&str]) {
        if dialect == Dialect::W3c {
            self.software = Software::Microsoft;
        }
        self.set(dialect, usual);
    }

    /// The fields of a line that fits the header, or the usual one.
    pub fn row<'a>(&self, dialect: Dialect, line: &'a str) -> Result<Vec<&'a str>, String> {
        let mut pieces = Vec::new();
        dialect.split(line, &mut pieces);
        self.check(dialect, &pieces).map(|()| pieces)
    }

    fn check(&self, dialect: Dialect, pieces: &[&str]) -> Result<(), String> {
        if pieces.len() == self.names.len() || self.usual(dialect, pieces).is_some() {
            return Ok(());
        }
        if self.names.is_empty() {
            return Err("no header stands before the line".to_owned());
        }
        Err(format!("the line has {} fields, its header names {}", pieces.len(), self.names.len()))
    }

    /// The usual fields of a line before which no header stands: where one does, a blank inside of a value would put
    /// the values behind it into wrong columns.
    fn usual(&self, dialect: Dialect, pieces: &[&str]) -> Option<&'static [&'static str]> {
        if self.names.is_empty() { usual(dialect, pieces) } else { None }
    }
}

/// The usual fields, where a line has them in number and kind.
fn usual(dialect: Dialect, pieces: &[&str]) -> Option<&'static [&'static str]> {
    let names = dialect.usual(pieces.len())?;
    let fits = match dialect {
        Dialect::W3c => {
            parse_date(pieces[0]).is_some()
                && pieces[1].contains(':')
                && pieces[4].starts_with('/')
                && pieces[9].len() > 3
        }
        Dialect::VpcFlow => pieces[0] == "2" && pieces[2].starts_with("eni-"),
        Dialect::Zeek | Dialect::Exchange | Dialect::OpenVpn => false,
    };
    fits.then_some(names)
}

/// Whether a line begins at a place, as lines are read: also behind a BOM, and behind the NUL bytes of a file that was cut
/// off while it was written.
fn begins_line(bytes: &[u8], at: usize) -> bool {
    let before = bytes[..at].strip_suffix(b"\xef\xbb\xbf").unwrap_or(&bytes[..at]);
    let end = before.iter().rposition(|byte| *byte != 0);
    end.is_none_or(|end| matches!(before[end], b'\n' | b'\r'))
}

pub struct FieldedParser {
    dialect: Dialect,
    schema: Schema,
    cells: Vec<Cell>,
    /// The names of the sample's first header, which holds where none was met.
    first: Option<Vec<String>>,
}

/// A header's fields: their columns in the schema, and how many values had none.
struct Slots {
    slots: Vec<(usize, Role)>,
    lost: Vec<u64>,
}

impl Slots {
    /// Adds to the tally what had no column.
    fn finish(&mut self, header: &Header, tally: &mut Tally) {
        for ((name, _), lost) in header.columns().zip(&mut self.lost) {
            count_unknown(tally, name, std::mem::take(lost));
        }
    }
}

impl FieldedParser {
    pub fn new(dialect: Dialect, schema: Schema, first: Option<Vec<String>>) -> Self {
        let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
        Self { dialect, schema, cells, first }
    }

    /// The columns of the header's fields in the schema.
    fn slots(&self, header: &Header) -> Slots {
        let of = |(name, role): (&str, Role)| (self.schema.index(name).unwrap_or(usize::MAX), role);
        Slots { slots: header.columns().map(of).collect(), lost: vec![0; header.columns.len()] }
    }

    /// The header that holds where a chunk begins: the last one before it, or the sample's.
    fn first_header(&self, chunk: &Chunk) -> Header {
        let mut header = Header::default();
        if let Some(first) = &self.first {
            header.set(self.dialect, &first.iter().map(String::as_str).collect::<Vec<_>>());
        }
        if chunk.offset > 0 && chunk.carried.is_empty() {
            let head = Chunk::whole(chunk.head);
            let directives =
                lines(&head).map(|(_, line)| line).take_while(|line| is_blank(line) || self.dialect.is_meta(line));
            directives.for_each(|line| header.note(self.dialect, line));
        }
        for line in chunk.carried.lines() {
            match self.dialect.header(line) {
                Some(names) => header.set(self.dialect, &names),
                None => header.note(self.dialect, line),
            }
        }
        header
    }

    fn row(&self, pieces: &[&str], slots: &mut Slots, wanted: &[bool], unfit: &mut Unfit, out: &mut dyn Columns) {
        let wants = |slot: usize| wanted.get(slot).copied().unwrap_or(false);
        let (mut day, mut clock, mut stem, mut query) = (None, None, None, None);
        let (mut time_slot, mut path_slot) = (usize::MAX, usize::MAX);
        for ((piece, (slot, role)), lost) in pieces.iter().zip(&slots.slots).zip(&mut slots.lost) {
            let slot = *slot;
            // Of what two fields make, the first is counted.
            if slot == usize::MAX && !self.dialect.is_null(piece) && !matches!(role, Role::Clock | Role::Query) {
                *lost += 1;
            }
            match role {
                Role::Day => (day, time_slot) = (Some(*piece), slot),
                Role::Clock => (clock, time_slot) = (Some(*piece), slot),
                _ if self.dialect.is_null(piece) || !wants(slot) => {}
                Role::Stem => (stem, path_slot) = (Some(*piece), slot),
                Role::Query => (query, path_slot) = (Some(*piece), slot),
                Role::Time => match parse_timestamp(piece) {
                    Some(micros) => {
                        out.timestamp(slot, micros);
                        if is_finer(piece) {
                            unfit.note_change(slot, Change::Cut);
                        }
                    }
                    None => unfit.note(slot),
                },
                Role::Epoch => match time::epoch(piece, Epoch::Seconds) {
                    Some(micros) => {
                        out.timestamp(slot, micros);
                        if time::is_finer_epoch(piece, Epoch::Seconds) {
                            unfit.note_change(slot, Change::Cut);
                        }
                    }
                    None => unfit.note(slot),
                },
                Role::Seconds | Role::Millis => match numbers::float(piece) {
                    Some(number) => out.float(slot, if *role == Role::Millis { number / 1e3 } else { number }),
                    None => unfit.note(slot),
                },
                Role::Version => out.text(slot, piece.strip_prefix("HTTP/").unwrap_or(piece)),
                Role::Plus if piece.contains('+') => out.text(slot, &piece.replace('+', " ")),
                Role::Text | Role::Plain if self.dialect == Dialect::Exchange && piece.contains("\"\"") => {
                    out.text(slot, &piece.replace("\"\"", "\""));
                }
                Role::Text | Role::Plus => out.text(slot, piece),
                Role::Plain | Role::Int => {
                    let fit = self.cells[slot].read(piece, slot, &self.schema.fields[slot], out);
                    if fit != Fit::Kept {
                        unfit.note_fit(slot, fit);
                    }
                }
            }
        }
        if let (Some(day), Some(clock), true) = (day, clock, wants(time_slot)) {
            let micros =
                parse_date(day).zip(zoned_clock_prefix(clock.as_bytes())).and_then(|(day, (clock, _, has_zone))| {
                    let micros = i64::from(day) * MICROS_PER_DAY + clock;
                    if has_zone { Some(micros) } else { from_local(micros) }
                });
            match micros {
                Some(micros) => {
                    out.timestamp(time_slot, micros);
                    if ends_finer(clock) {
                        unfit.note_change(time_slot, Change::Cut);
                    }
                }
                None => unfit.note(time_slot),
            }
        }
        match (stem, query) {
            (Some(stem), Some(query)) => out.text(path_slot, &format!("{stem}?{query}")),
            (Some(stem), None) => out.text(path_slot, stem),
            (None, Some(query)) => out.text(path_slot, &format!("?{query}")),
            (None, None) => {}
        }
    }
}

impl Parser for FieldedParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The last header before a line says what its fields are.
    fn is_divisible(&self) -> bool {
        self.dialect == Dialect::VpcFlow
    }

    /// The last header, and who wrote the log.
    fn carry(&self, before: &str, bytes: &[u8]) -> Option<String> {
        let marks = self.dialect.marks();
        if marks.is_empty() {
            return None;
        }
        let at = marks.iter().flat_map(|mark| memchr::memmem::find_iter(bytes, mark));
        let mut places: Vec<usize> = at.filter(|at| begins_line(bytes, *at)).collect();
        places.sort_unstable();
        let lines = places.into_iter().map(|at| {
            let end = memchr::memchr2(b'\r', b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
            String::from_utf8_lossy(&bytes[at..end]).into_owned()
        });
        let (mut header, mut writer) = (String::new(), String::new());
        for line in before.lines().map(str::to_owned).chain(lines) {
            if self.dialect.header(&line).is_some() {
                header = line + "\n";
            } else if line.starts_with(WRITER) {
                writer = line + "\n";
            }
        }
        Some(writer + &header)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let wanted: Vec<bool> = (0..self.schema.len()).map(|column| out.wants(column)).collect();
        let mut unfit = Unfit::new(&self.schema);
        let mut header = self.first_header(chunk);
        let mut slots = self.slots(&header);
        let mut pieces = Vec::new();
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            if let Some(names) = self.dialect.header(line) {
                slots.finish(&header, &mut tally);
                header.set(self.dialect, &names);
                slots = self.slots(&header);
                tally.meta += 1;
                continue;
            }
            if self.dialect.is_meta(line) {
                slots.finish(&header, &mut tally);
                header.note(self.dialect, line);
                slots = self.slots(&header);
                tally.meta += 1;
                continue;
            }
            self.dialect.split(line, &mut pieces);
            match (header.check(self.dialect, &pieces), header.usual(self.dialect, &pieces)) {
                (Err(reason), _) => {
                    out.quarantine(unit, &reason, line.as_bytes());
                    tally.quarantined += 1;
                    continue;
                }
                (Ok(()), Some(usual)) => {
                    // By each line's own number of fields, so that any chunk reads the same.
                    let mut assumed = Header::default();
                    assumed.assume(self.dialect, usual);
                    let mut slots = self.slots(&assumed);
                    self.row(&pieces, &mut slots, &wanted, &mut unfit, out);
                    slots.finish(&assumed, &mut tally);
                }
                (Ok(()), None) => self.row(&pieces, &mut slots, &wanted, &mut unfit, out),
            }
            unfit.end_row();
            out.end_row(unit);
            tally.accepted += 1;
            tally.rows += 1;
        }
        slots.finish(&header, &mut tally);
        unfit.finish(&self.schema, &mut tally);
        tally
    }
}
