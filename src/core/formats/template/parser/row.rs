//! Fills the columns of a row from what was captured of its line.

use super::{State, TemplateParser};
use crate::data::instants::ends_finer;
use crate::data::zones::times_are_of;
use crate::formats::door::NONE;
use crate::formats::keys::{KeyCursor, is_padded, repeated};
use crate::formats::layout_parser::{split_last_port, split_port, split_request, unescape_backslashes};
use crate::formats::stamp::UNKNOWN;
use crate::formats::template::compile::{FieldItem, Kind};
use crate::formats::template::matcher::Capture;
use crate::formats::template::span::{size, span};
use crate::formats::template::{Escapes, without_escapes};
use crate::formats::{Change, numbers};

impl TemplateParser {
    /// Fills the columns of a line that was read; gives the column of its message, and where that lies.
    pub(super) fn row<'a>(
        &self,
        line: &'a str,
        row: u64,
        keys: &mut KeyCursor<'a>,
        state: &mut State,
    ) -> (usize, usize, usize) {
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
            Kind::Size => {
                if let (Some((bytes, _)), true) = (size(text), state.wants(column)) {
                    state.out.int(column, bytes);
                }
            }
            Kind::Addr(_) | Kind::Dotted => {
                let (host, port) = match field.kind {
                    Kind::Addr(true) => split_last_port(text),
                    Kind::Dotted => split_dotted_port(text),
                    _ => split_port(text),
                };
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
            Kind::Cell if text.contains("\"\"") => state.text(column, &text.replace("\"\"", "\"")),
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
            state.unfit.note_fit(column, fit);
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

/// `192.0.2.7.80`, `2001:db8::1.80`, `web1.example.org.https` of which the last part may be a name: the address, and a port
/// that is a number.
fn split_dotted_port(text: &str) -> (&str, Option<i64>) {
    let is_address = text.parse::<std::net::IpAddr>().is_ok();
    let found = text.rsplit_once('.').filter(|_| !is_address);
    let port = found.and_then(|(host, port)| Some((host, numbers::int(port.as_bytes())?)));
    port.map_or((text, None), |(host, port)| (host, Some(port)))
}

impl State<'_> {
    #[inline]
    pub fn wants(&self, column: usize) -> bool {
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
            self.more.add_text(key, value);
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
