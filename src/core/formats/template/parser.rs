//! The parser of a table: reads lines along the templates, and folds in what continues an event.

mod row;

use super::compile::{Compiled, FieldItem, Kind};
use super::continuation::is_continuation;
use super::matcher::Capture;
use super::{Joins, TableFacts};
use crate::data::{DataType, Schema};
use crate::formats::cell::Cell;
use crate::formats::dates::Years;
use crate::formats::door::NONE;
use crate::formats::events::cut_events;
use crate::formats::keys::{KeyCursor, KeyIndex, More};
use crate::formats::line_ends::cut_lines;
use crate::formats::scan::{is_blank, lines};
use crate::formats::{Chunk, Columns, Parser, Tally, Unfit, Unit};

pub struct TemplateParser {
    compiled: Compiled,
    /// By variant, the fields in the order of `Capture::number`, with the columns of `schema`.
    fields: Vec<Vec<FieldItem>>,
    facts: TableFacts,
    schema: Schema,
    index: KeyIndex,
    cells: Vec<Cell>,
    /// Takes what stands among pairs and is none.
    message: usize,
    /// The columns that no pair fills.
    typed: Vec<usize>,
    /// By column of the templates, the column of what is folded into a row; empty: nothing is.
    folds: Vec<usize>,
}

/// An event that may go on.
#[derive(Clone, Copy)]
enum Open {
    None,
    /// A row whose text ends the event: its column, and where it begins and ends in the chunk.
    Row {
        unit: Unit,
        column: usize,
        start: usize,
        end: usize,
        /// The lines that continue it, where other fields stand between them and its text; empty: none do.
        tail: (usize, usize),
    },
    /// A line that is none of the format's, with what continues it.
    Unread {
        unit: Unit,
        start: usize,
        end: usize,
    },
}

/// What one call of `parse` keeps from line to line.
struct State<'o> {
    out: &'o mut dyn Columns,
    wanted: Vec<bool>,
    unfit: Unfit,
    scratch: Vec<u8>,
    captures: Vec<Capture>,
    /// By column, the row that set it last.
    set_in: Vec<u64>,
    /// By column, the row whose template has filled it: no pair takes its place.
    held_in: Vec<u64>,
    more: More,
    /// Times without a year.
    guessed: u64,
    years: Years,
    /// What the lines of a report share that are folded into the open row.
    report: String,
    /// What was folded into it.
    folded: Vec<usize>,
}

/// How a capture is handed over: as text where another variant reads its column as another type.
fn kind_in(field: &FieldItem, own: &Schema) -> Kind {
    let is_text = own.fields.get(field.columns[0]).is_some_and(|own| own.data_type == DataType::String);
    match &field.kind {
        Kind::Int | Kind::Size | Kind::Float | Kind::Ticks | Kind::Seconds(_) | Kind::Time(_) if is_text => Kind::Word,
        kind => kind.clone(),
    }
}

impl TemplateParser {
    pub fn new(compiled: Compiled, facts: TableFacts, schema: Schema) -> Self {
        let place = |column: usize| {
            let own = compiled.schema.fields.get(column);
            own.and_then(|own| schema.index(&own.name)).unwrap_or(NONE)
        };
        let of_variant = |variant: usize| {
            let capture = |number| Capture { variant, number, start: 0, end: 0, micros: 0 };
            let fields = (0..).map_while(|number| capture(number).field(&compiled).cloned());
            let kind = |field: &FieldItem| kind_in(field, &compiled.schema);
            fields.map(|field| FieldItem { kind: kind(&field), columns: field.columns.map(place), ..field }).collect()
        };
        let fields = (0..compiled.variants.len()).map(of_variant).collect();
        let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
        let message = schema.index("message").unwrap_or(NONE);
        let typed = compiled.typed_names().filter_map(|name| schema.index(name)).collect();
        let folds = if compiled.has_folds() { (0..compiled.schema.len()).map(place).collect() } else { Vec::new() };
        Self { fields, facts, index: KeyIndex::new(&schema), cells, message, typed, folds, compiled, schema }
    }

    /// Whether a line belongs to the event before it.
    fn continues(&self, line: &str) -> bool {
        let mut captures = Vec::new();
        if !self.folds.is_empty() && self.compiled.read(line, &mut captures).is_some() {
            let level = captured(&self.compiled, &captures, line, "level");
            return level.is_some_and(|level| self.compiled.fold(level).is_some());
        }
        is_continuation(line, self.facts.joins)
            && !self.compiled.is_meta(line)
            && self.compiled.read(line, &mut captures).is_none()
    }

    /// Keeps what a row's report is, into which further lines of it may be folded.
    fn note_report(&self, line: &str, state: &mut State) {
        if !self.folds.is_empty() {
            state.folded.clear();
            state.report = report(&self.compiled, &state.captures, line);
        }
    }

    /// Reads events whose templates go over all their lines.
    fn parse_wholes<'a>(
        &self,
        chunk: &Chunk<'a>,
        begins: fn(&str) -> bool,
        keys: &mut KeyCursor<'a>,
        state: &mut State,
        tally: &mut Tally,
    ) {
        let years = state.years;
        let mut whole: Option<(Unit, usize, usize)> = None;
        let mut end_whole = |whole: (Unit, usize, usize), tally: &mut Tally| {
            let (unit, start, end) = whole;
            let text = chunk.text.get(start..end).unwrap_or_default();
            let open = match self.compiled.read_in(text, years, &mut state.captures) {
                Some(_) => {
                    let (column, from, to) = self.row(text, unit.line, keys, state);
                    Open::Row { unit, column, start: start + from, end: start + to, tail: (0, 0) }
                }
                None => Open::Unread { unit, start, end },
            };
            self.finish(open, chunk, state, tally);
        };
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            let start = line.as_ptr() as usize - chunk.text.as_ptr() as usize;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            if self.compiled.is_meta(line) {
                if let Some(before) = whole.take() {
                    end_whole(before, tally);
                }
                tally.meta += 1;
                continue;
            }
            match whole.as_mut().filter(|_| !begins(line)) {
                Some((_, _, end)) => {
                    *end = start + line.len();
                    tally.joined += 1;
                }
                None => {
                    if let Some(before) = whole.replace((unit, start, start + line.len())) {
                        end_whole(before, tally);
                    }
                }
            }
        }
        if let Some(last) = whole {
            end_whole(last, tally);
        }
    }

    /// The tally of a chunk that was read.
    fn finished(&self, keys: KeyCursor, state: State, mut tally: Tally) -> Tally {
        tally.guessed_years = state.guessed;
        if !state.more.is_taken() {
            keys.finish(&mut tally);
        }
        state.more.finish(&mut tally);
        state.unfit.finish(&self.schema, &mut tally);
        tally
    }

    /// Hands over the event that ends.
    fn finish(&self, open: Open, chunk: &Chunk, state: &mut State, tally: &mut Tally) {
        match open {
            Open::None => {}
            Open::Row { unit, .. } => {
                write_text(open, chunk, state);
                state.unfit.end_row();
                state.out.end_row(unit);
                tally.accepted += 1;
                tally.rows += 1;
            }
            Open::Unread { unit, start, end } => {
                let text = chunk.text.get(start..end).unwrap_or_default();
                state.out.quarantine(unit, "the line has none of the shapes of the format", text.as_bytes());
                tally.quarantined += 1;
            }
        }
    }

    /// The column of the text of a line that belongs to the open row, as its level says, and where the text lies: `DETAIL:`
    /// of the same report.
    fn folded(&self, line: &str, open: &Open, state: &State) -> Option<(usize, usize, usize)> {
        if self.folds.is_empty() || !matches!(open, Open::Row { .. }) {
            return None;
        }
        let text = |name: &str| captured(&self.compiled, &state.captures, line, name);
        let (level, message) = (text("level")?, text("message")?);
        let column = self.compiled.fold(level)?;
        let is_same = report(&self.compiled, &state.captures, line) == state.report;
        let start = message.as_ptr() as usize - line.as_ptr() as usize;
        is_same.then_some((self.folds[column], start, start + message.len()))
    }
}

impl Parser for TemplateParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        match (self.facts.begins, self.facts.joins) {
            (Some(begins), _) => cut_events(bytes, |line| !begins(line)),
            (None, Joins::Never) => cut_lines(bytes),
            (None, _) => cut_events(bytes, |line| self.continues(line)),
        }
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let years = Years::of(chunk.file_time);
        let mut tally = Tally::default();
        let mut keys = KeyCursor::of_text(&self.index);
        let more = More::of(&self.schema, out);
        let mut state = State {
            more,
            wanted: (0..self.schema.len()).map(|column| out.wants(column)).collect(),
            out,
            unfit: Unfit::new(&self.schema),
            scratch: Vec::new(),
            captures: Vec::new(),
            set_in: vec![0; self.schema.len()],
            held_in: vec![0; self.schema.len()],
            guessed: 0,
            years,
            report: String::new(),
            folded: Vec::new(),
        };
        if let Some(begins) = self.facts.begins {
            self.parse_wholes(chunk, begins, &mut keys, &mut state, &mut tally);
            return self.finished(keys, state, tally);
        }
        let mut open = Open::None;
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            let start = line.as_ptr() as usize - chunk.text.as_ptr() as usize;
            if self.compiled.is_meta(line) {
                self.finish(std::mem::replace(&mut open, Open::None), chunk, &mut state, &mut tally);
                tally.meta += 1;
                continue;
            }
            if self.compiled.read_in(line, years, &mut state.captures).is_some() {
                let folded = self.folded(line, &open, &state);
                if let Some((column, from, to)) = folded.filter(|(column, ..)| !state.folded.contains(column)) {
                    write_text(open, chunk, &mut state);
                    state.folded.push(column);
                    if let Open::Row { column: of, start: begin, end, tail, .. } = &mut open {
                        (*of, *begin, *end, *tail) = (column, start + from, start + to, (0, 0));
                    }
                    tally.joined += 1;
                    continue;
                }
                self.finish(open, chunk, &mut state, &mut tally);
                self.note_report(line, &mut state);
                let (column, from, to) = self.row(line, tally.read, &mut keys, &mut state);
                let after = if to < line.len() { start + line.len() } else { 0 };
                open = Open::Row { unit, column, start: start + from, end: start + to, tail: (after, after) };
                continue;
            }
            match &mut open {
                Open::Row { tail, .. } if tail.1 > 0 && is_continuation(line, self.facts.joins) => {
                    // The first line after it: its own line's end is passed.
                    *tail = (if tail.0 == tail.1 { start } else { tail.0 }, start + line.len());
                    tally.joined += 1;
                }
                Open::Row { end, .. } | Open::Unread { end, .. } if is_continuation(line, self.facts.joins) => {
                    *end = start + line.len();
                    tally.joined += 1;
                }
                _ => {
                    self.finish(open, chunk, &mut state, &mut tally);
                    open = Open::Unread { unit, start, end: start + line.len() };
                }
            }
        }
        self.finish(open, chunk, &mut state, &mut tally);
        self.finished(keys, state, tally)
    }
}

/// Hands over the text of the row that is open.
fn write_text(open: Open, chunk: &Chunk, state: &mut State) {
    let Open::Row { column, start, end, tail, .. } = open else { return };
    // A message may begin on the line below.
    let text = chunk.text.get(start..end).unwrap_or_default().trim_start_matches(['\r', '\n']);
    let tail = chunk.text.get(tail.0..tail.1).unwrap_or_default();
    if state.wants(column) && !(text.is_empty() && tail.is_empty()) {
        match tail {
            "" => state.out.text(column, text),
            tail => state.out.text(column, &format!("{}\n{tail}", text.trim_end())),
        }
    }
}

/// What the lines of one report share: the process that wrote them, and the time.
fn report(compiled: &Compiled, captures: &[Capture], line: &str) -> String {
    let text = |name: &str| captured(compiled, captures, line, name);
    let process = text("pid").or_else(|| text("prefix")).unwrap_or_default();
    format!("{process} {}", text("time").unwrap_or_default())
}

/// What the template of a line captured under a name.
fn captured<'a>(compiled: &Compiled, captures: &[Capture], line: &'a str, name: &str) -> Option<&'a str> {
    let column = compiled.schema.index(name)?;
    let capture =
        captures.iter().find(|capture| capture.field(compiled).is_some_and(|field| field.columns[0] == column))?;
    line.get(capture.start..capture.end)
}
