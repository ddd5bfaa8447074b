//! The parser of a table: reads lines along the templates, folds in what continues an event, fills columns.

use super::compile::{Compiled, FieldItem, Kind};
use super::matcher::Capture;
use super::span::span;
use super::stamp::UNKNOWN;
use super::{Escapes, Joins, TableFacts, without_escapes};
use crate::data::instants::ends_finer;
use crate::data::zones::times_are_of;
use crate::data::{DataType, Schema};
use crate::formats::cell::Cell;
use crate::formats::columns::Fit;
use crate::formats::dates::Years;
use crate::formats::events::{cut_events, is_indented};
use crate::formats::keys::{KeyCursor, KeyIndex, More, is_padded, repeated};
use crate::formats::layout_parser::{split_port, split_request, unescape_backslashes};
use crate::formats::line_ends::cut_lines;
use crate::formats::scan::{is_blank, lines};
use crate::formats::{Change, Chunk, Columns, Parser, Tally, Unfit, Unit, numbers};

/// No column.
const NONE: usize = usize::MAX;

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
        Kind::Int | Kind::Float | Kind::Ticks | Kind::Seconds(_) | Kind::Time(_) if is_text => Kind::Word,
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

    /// Fills the columns of a line that was read; gives the column of its message, and where that lies.
    fn row<'a>(&self, line: &'a str, row: u64, keys: &mut KeyCursor<'a>, state: &mut State) -> (usize, usize, usize) {
        let captures = std::mem::take(&mut state.captures);
        let met = if keys.has_further() { self.met(line, &captures) } else { Vec::new() };
        let mut rest = (NONE, line.len(), line.len());
        for capture in &captures {
            let Some(field) = self.fields.get(capture.variant).and_then(|fields| fields.get(capture.number)) else {
                continue;
            };
            let text = line.get(capture.start..capture.end).unwrap_or_default();
            if self.compiled.has_pairs && self.facts.fills(capture, line) {
                for column in field.columns.iter().filter(|column| **column != NONE) {
                    (state.set_in[*column], state.held_in[*column]) = (row, row);
                }
            }
            match &field.kind {
                // A message may stand before other fields.
                Kind::Rest if rest.0 == self.message && self.message != NONE && field.columns[0] != self.message => {
                    self.capture(field, text, state);
                }
                Kind::Rest => rest = (field.columns[0], capture.start, capture.end),
                // What continues the event belongs to its message.
                Kind::Text | Kind::UntilLast if field.columns[0] == self.message && self.message != NONE => {
                    rest = (self.message, capture.start, capture.end);
                }
                Kind::Pairs => self.pairs(text, row, &met, keys, state),
                Kind::Time(_) if text == "-" || !state.wants(field.columns[0]) => {}
                Kind::Time(_) if capture.micros == UNKNOWN => state.unfit.note(field.columns[0]),
                Kind::Time(stamp) => {
                    state.guessed += u64::from(!stamp.has_year(text));
                    if ends_finer(text) {
                        state.unfit.note_change(field.columns[0], Change::Cut);
                    }
                    let zoned = self.facts.zone_in(line).and_then(|zone| {
                        let _zone = times_are_of(Some(zone));
                        stamp.prefix(text, state.years)
                    });
                    state.out.timestamp(field.columns[0], zoned.map_or(capture.micros, |(micros, _)| micros));
                }
                _ => self.capture(field, text, state),
            }
        }
        state.captures = captures;
        rest
    }

    fn capture(&self, field: &FieldItem, text: &str, state: &mut State) {
        let [column, second, third, fourth] = field.columns;
        if self.facts.is_null(text) || matches!(field.kind, Kind::Time(_)) {
            return;
        }
        match &field.kind {
            Kind::Int => {
                if state.wants(column) {
                    match numbers::int(text.as_bytes()) {
                        Some(number) => state.out.int(column, number),
                        None => state.unfit.note(column),
                    }
                }
            }
            Kind::Float | Kind::Ticks => state.float(column, text, 1.0),
            // A negative time is one that was not measured.
            Kind::Seconds(_) if text.starts_with('-') => {}
            Kind::Seconds(per_second) => state.float(column, text, *per_second),
            Kind::Span => {
                if state.wants(column) {
                    match span(text) {
                        Some((seconds, _)) => state.out.float(column, seconds),
                        None => state.unfit.note(column),
                    }
                }
            }
            Kind::Addr => {
                let (host, port) = split_port(text);
                let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
                if state.wants(column) && !self.facts.is_null(host) {
                    state.out.text(column, host);
                }
                if let (Some(port), true) = (port, state.wants(second)) {
                    state.out.int(second, port);
                }
            }
            Kind::Request => match split_request(text) {
                Some((method, path, version)) => {
                    state.text(column, method);
                    state.escaped(second, path);
                    version.into_iter().for_each(|version| state.text(third, version));
                }
                None => state.escaped(fourth, text),
            },
            Kind::Quoted => state.escaped(column, text),
            Kind::Piped if text.contains('\\') => {
                state.text(column, &without_escapes(text, "|\\"));
            }
            _ => state.text(column, text.trim_matches([' ', '\t'])),
        }
    }

    /// The names that the template itself has, and those that it fills: no pair is their first value.
    fn met(&self, line: &str, captures: &[Capture]) -> Vec<&str> {
        let filled = captures.iter().filter(|capture| self.facts.fills(capture, line));
        let columns = filled.filter_map(|capture| capture.field(&self.compiled)).flat_map(|field| field.columns);
        let names = columns.filter_map(|column| self.compiled.schema.fields.get(column));
        self.compiled.typed_names().chain(names.map(|field| field.name.as_str())).collect()
    }

    fn pairs<'a>(&self, text: &'a str, row: u64, met: &[&str], keys: &mut KeyCursor<'a>, state: &mut State) {
        keys.begin_row();
        met.iter().for_each(|name| keys.note_first(name));
        self.typed.iter().for_each(|column| state.set_in[*column] = row);
        let mut words: Vec<&str> = Vec::new();
        let mut message = None;
        self.facts.pairs.each(text, |key, value| {
            if key.is_empty() {
                words.push(value);
                return;
            }
            let name = self.facts.column_of(key).unwrap_or(key);
            let is_word = is_padded(key, value);
            let has_value = !(is_word || self.facts.pairs.flags && value == "true");
            let found = keys.find(keys.told(name, has_value));
            if is_word && found.is_none() {
                if state.more.is_taken() {
                    state.more.leave_word();
                }
                return;
            }
            if self.facts.is_null(value) {
                return;
            }
            let plain = if value.contains('\\') { state.plain(value, self.facts.pairs.escapes) } else { None };
            let plain = plain.as_deref().unwrap_or(value);
            let Some(mut column) = found else {
                state.add_more(name, plain);
                return;
            };
            if state.set_in[column] == row {
                match self.index.next_of(name, |next| state.set_in[next] != row) {
                    Some(next) => column = next,
                    None if state.more.is_taken() || self.typed.contains(&column) || state.held_in[column] == row => {
                        // Counted as a key that has no column.
                        let key = repeated(name, 2);
                        keys.find_copied(&key);
                        state.add_more(&key, plain);
                        return;
                    }
                    // The last value holds.
                    None => {}
                }
            }
            let is_repeated = state.set_in[column] == row;
            state.set_in[column] = row;
            if !state.wants(column) {
                return;
            }
            if is_repeated {
                state.unfit.note_change(column, Change::Repeated);
            }
            if state.more.is(column) {
                state.more.keep_own(serde_json::Value::from(plain).to_string());
            }
            if column == self.message {
                message = Some(value);
            }
            let fit = self.cells[column].read(plain, column, &self.schema.fields[column], state.out);
            if fit != Fit::Kept {
                state.unfit.note_fit(column, fit);
            }
        });
        if !words.is_empty() && state.wants(self.message) {
            // Behind what a key says is the message.
            let escapes = self.facts.pairs.escapes;
            let said = message.map(|said| state.plain(said, escapes).unwrap_or_else(|| said.to_owned()));
            let text: Vec<&str> = said.as_deref().into_iter().chain(words).collect();
            state.out.text(self.message, &text.join(" "));
        }
        state.more.end_row(state.out);
    }
}

impl State<'_> {
    #[inline]
    fn wants(&self, column: usize) -> bool {
        self.wanted.get(column).copied().unwrap_or(false)
    }

    #[inline]
    fn text(&mut self, column: usize, text: &str) {
        if self.wants(column) {
            self.out.text(column, text);
        }
    }

    /// Keeps a pair for which there is no column.
    #[cold]
    fn add_more(&mut self, key: &str, value: &str) {
        if self.more.is_taken() {
            let key = serde_json::Value::from(key).to_string();
            let raw = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or_default();
            self.more.add(raw, &serde_json::Value::from(value).to_string());
        }
    }

    /// A text in which quotes and backslashes are escaped.
    fn escaped(&mut self, column: usize, text: &str) {
        if !self.wants(column) {
            return;
        }
        match text.contains('\\').then(|| self.unescaped(text)).flatten() {
            Some(plain) => self.out.text(column, &plain),
            None => self.out.text(column, text),
        }
    }

    /// A pair's value without its escapes; `None`: as it stands.
    fn plain(&mut self, value: &str, escapes: Escapes) -> Option<String> {
        match escapes {
            Escapes::Strings => self.unescaped(value),
            Escapes::Cef => Some(without_escapes(value, "=\\nr")),
            Escapes::None => None,
        }
    }

    fn unescaped(&mut self, text: &str) -> Option<String> {
        unescape_backslashes(text, &mut self.scratch)
            .then(|| std::str::from_utf8(&self.scratch).ok().map(str::to_owned))
            .flatten()
    }

    fn float(&mut self, column: usize, text: &str, per_second: f64) {
        if !self.wants(column) {
            return;
        }
        match numbers::float(text.strip_prefix('+').unwrap_or(text)) {
            Some(number) => self.out.float(column, if per_second == 1.0 { number } else { number / per_second }),
            None => self.unfit.note(column),
        }
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

/// Whether a line that the format cannot read may continue an event.
pub fn is_continuation(line: &str, joins: Joins) -> bool {
    match joins {
        Joins::Never => false,
        Joins::Indented => is_indented(line),
        Joins::Traces => is_indented(line) || is_trace(line),
        Joins::Texts => !begins_event(line),
    }
}

/// Lines of stack traces that are not indented.
fn is_trace(line: &str) -> bool {
    const STARTS: [&str; 9] = [
        "Caused by:",
        "Traceback (most",
        "Suppressed:",
        "During handling",
        "The above exception",
        "...",
        "#",
        "at ",
        "\tat ",
    ];
    if STARTS.iter().any(|start| line.starts_with(start)) || matches!(line.trim_end(), "}" | "]" | ")" | "\"}" | "{}") {
        return true;
    }
    // `java.io.IOException: text`, `ValueError: text`.
    let name = line.split([':', ' ']).next().unwrap_or_default();
    let dotted = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$/".contains(&byte));
    dotted && (name.ends_with("Exception") || name.ends_with("Error") || name.ends_with("Throwable"))
}

/// Whether a line begins with a day and a clock in another order (`03/02/2026 10:00`, `02/Mar/2026:10:00`, `2.3.2026 10:00`),
/// or with seconds or milliseconds since 1970.
fn is_other_time(bytes: &[u8]) -> bool {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first = digits(0);
    if matches!(first, 10 | 13) {
        return matches!(bytes.get(first), Some(b' ' | b'.' | b',' | b'\t'));
    }
    let Some(mark) = bytes.get(first).filter(|mark| (1..=2).contains(&first) && b"/.-".contains(mark)) else {
        return false;
    };
    let month = bytes[first + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let year = first + month + 2;
    if !(1..=3).contains(&month) || bytes.get(year - 1) != Some(mark) || digits(year) != 4 {
        return false;
    }
    let clock = year + 5;
    matches!(bytes.get(year + 4), Some(b' ' | b':' | b'T' | b','))
        && (1..=2).contains(&bytes.get(clock..).map_or(0, |_| digits(clock)))
        && bytes.get(clock + digits(clock)) == Some(&b':')
}

/// Whether a line begins as one of some log does.
fn begins_event(line: &str) -> bool {
    use super::stamp::Stamp;
    if is_address(line) || is_level(line) || is_key(line) {
        return true;
    }
    let text = line.trim_start_matches(['[', '<']);
    let bytes = text.as_bytes();
    let years = Years::of(0);
    match bytes.first() {
        Some(b'0'..=b'9') => {
            let is_clf = bytes.get(2) == Some(&b'/') && Stamp::Clf.prefix(text, years).is_some();
            let is_priority = line.starts_with('<') && text.get(..4).is_some_and(|start| start.contains('>'));
            is_clf || is_priority || Stamp::Iso.prefix(text, years).is_some() || is_other_time(bytes)
        }
        Some(b'A'..=b'Z') => Stamp::Syslog.prefix(text, years).is_some(),
        Some(b'{') => line.ends_with('}') && line.starts_with("{\""),
        _ => false,
    }
}

/// `192.0.2.7 `: a line of an access log.
fn is_address(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    word.len() < line.len() && word.parse::<std::net::IpAddr>().is_ok()
}

/// `ERROR: `, `WARN `, `I0102 15:04:05`: a level in capitals.
fn is_level(line: &str) -> bool {
    let bytes = line.as_bytes();
    let is_klog = matches!(bytes.first(), Some(b'I' | b'W' | b'E' | b'F'))
        && bytes.get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        && bytes.get(5) == Some(&b' ');
    let word = line.split([':', ' ', '\t']).next().unwrap_or_default();
    is_klog || matches!(word, "TRACE" | "DEBUG" | "INFO" | "WARN" | "WARNING" | "ERROR" | "FATAL" | "CRITICAL")
}

/// `level=info msg=…`: logfmt.
fn is_key(line: &str) -> bool {
    ["time=", "ts=", "level=", "lvl=", "t="].iter().any(|key| line.starts_with(key))
}
