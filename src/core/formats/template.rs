//! Formats that are a short table: lines written as templates with typed captures. A template is walked from left to
//! right without going back, so that a line costs one pass and no regular expression.
//! Must not import single formats.
//!
//! | in a template | is |
//! | --- | --- |
//! | a blank | one or more blanks or tabs |
//! | a line feed | the end of a line, whatever it is written as |
//! | `{name}` or `{name:kind}` | a capture; the kinds stand in `compile` |
//! | `{?` … `?}` | a piece that may be missing |
//! | `{{` and `}}` | braces |
//! | anything else | itself |

mod compile;
mod continuation;
mod matcher;
mod pairs;
mod parser;
mod span;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::declared::with_types;
use super::infer::TextGuess;
use super::keys::{MAX_REPEATS, is_padded, repeated, with_more};
use super::scan::{sample_lines, score};
use super::trailing::{self, FIELDS};
use super::{FormatSpec, OptionSpec, Parser, Recognition, Sample};
use crate::data::day_order;
use crate::data::instants::zone_prefix;
use crate::data::zones::Zone;
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use compile::{Compiled, compile};
use continuation::is_continuation;
use matcher::Capture;
pub use pairs::Pairs;
use pairs::{Escapes, is_escaped, without_escapes};
use parser::TemplateParser;

/// What becomes of lines that no variant reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joins {
    /// Each is kept aside.
    Never,
    /// Those that begin with white space continue the event before them.
    Indented,
    /// Stack traces: indented ones, `Caused by:`, `Traceback`, a line that begins with the name of an exception.
    Traces,
    /// All but those that begin as another log's line does: with a date, a priority, a JSON object.
    Texts,
}

/// A format as a table.
pub struct Table {
    pub name: &'static str,
    pub title: &'static str,
    /// One paragraph; says where the lines are described.
    pub doc: &'static str,
    /// How telling it is that a line fits (see `scan::score`).
    pub weight: u8,
    /// Templates, more exact ones first.
    pub variants: &'static [&'static str],
    /// Templates of lines that stand among the others and tell nothing of the format: what its programs print beside
    /// their log. Read, where no variant fits, and no reason to take a file for the format.
    pub also: &'static [&'static str],
    /// How `{pairs}` are written.
    pub pairs: Pairs,
    /// Keys of pairs that have a common name.
    pub renames: &'static [(&'static str, &'static str)],
    /// What stands before the zone of the line's time, where a pair tells it: ` tz=`; empty: none does.
    pub zone: &'static str,
    /// Texts that mean none, beside an empty one.
    pub nulls: &'static [&'static str],
    pub joins: Joins,
    /// Levels of lines that are a part of the event before them, and the columns of their texts.
    pub folds: &'static [(&'static str, &'static str)],
    /// Whether an event begins with a line, where templates go over all lines of an event.
    pub begins: Option<fn(&str) -> bool>,
    /// Programs whose messages, behind the head of another log, are such lines. No file begins with them: the format is not
    /// recognised by itself.
    pub programs: &'static [&'static str],
    /// Texts of which a sample holds one at least; none: the shape alone tells.
    pub tells: &'static [&'static str],
    /// Beginnings of lines that are no events: headers, banners.
    pub meta: &'static [&'static str],
    /// Lines as the format has them, made up.
    pub examples: &'static [&'static str],
}

impl Table {
    /// What most tables have: no pairs, `-` for none, every line an event.
    pub const PLAIN: Table = Table {
        name: "",
        title: "",
        doc: "",
        weight: 97,
        variants: &[],
        also: &[],
        pairs: Pairs::LOGFMT,
        renames: &[],
        zone: "",
        nulls: &["-"],
        joins: Joins::Never,
        folds: &[],
        begins: None,
        programs: &[],
        tells: &[],
        meta: &[],
        examples: &[],
    };
}

/// A table as a format.
pub struct TemplateFormat {
    table: Table,
    compiled: OnceLock<Compiled>,
}

impl TemplateFormat {
    pub const fn new(table: Table) -> Self {
        Self { table, compiled: OnceLock::new() }
    }

    #[cfg(test)]
    pub fn table(&self) -> &Table {
        &self.table
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| compile(&self.table))
    }
}

/// Whether a word is one for a level.
pub fn is_level(word: &str) -> bool {
    matcher::level_length(word.as_bytes()) == Some(word.len())
}

/// Whether a line tells an hour, a minute and a second.
fn has_clock(line: &str) -> bool {
    let is_clock = |bytes: &[u8]| {
        bytes.iter().enumerate().all(|(at, byte)| match at % 3 {
            2 => *byte == b':',
            _ => byte.is_ascii_digit(),
        })
    };
    line.as_bytes().windows("10:00:01".len()).any(is_clock)
}

/// Lines before the first of a log, as entrypoints of containers and servers print them.
const BANNER: usize = 40;
/// Lines of a sample that a recogniser looks at.
const LINES: usize = 500;
/// Columns of the text that may end with fields; the first one that a table has.
pub const TEXTS: [&str; 2] = ["fields", "message"];
/// Keys beyond which further ones are counted as unknown.
const MAX_KEYS: usize = 1000;

impl super::Format for TemplateFormat {
    fn name(&self) -> &'static str {
        self.table.name
    }

    fn title(&self) -> &'static str {
        self.table.title
    }

    fn doc(&self) -> &'static str {
        self.table.doc
    }

    fn options(&self) -> &'static [OptionSpec] {
        if self.compiled().text.is_some() { &[FIELDS] } else { &[] }
    }

    fn examples(&self) -> &'static [&'static str] {
        self.table.examples
    }

    fn is_closed(&self) -> bool {
        !self.compiled().has_pairs
    }

    fn programs(&self) -> &'static [&'static str] {
        self.table.programs
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        if !self.table.programs.is_empty() {
            return None;
        }
        let compiled = self.compiled();
        let mut is_told = self.table.tells.is_empty();
        let (mut lines, mut events, mut fitting, mut joined, mut open) = (0, 0, 0, 0, false);
        let (mut before, mut timed) = (0, 0);
        let mut captures = Vec::new();
        let mut messages = trailing::Count::default();
        let wholes = wholes_of(&self.table, compiled, sample);
        for line in lines_of(&wholes, sample).take(LINES) {
            lines += 1;
            if compiled.is_meta(line) {
                continue;
            }
            let fits = compiled.read(line, &mut captures).is_some_and(|variant| compiled.is_telling(variant));
            // A dash where the line's time would be is one of a list.
            if fits && !captures.first().is_some_and(|first| first.start == 0 && line.get(..first.end) == Some("-")) {
                is_told = is_told || self.table.tells.iter().any(|text| line.contains(text));
                (events, fitting, open) = (events + 1, fitting + 1, true);
                if let Some(text) = compiled.text_of(line, &captures) {
                    messages.add(text);
                }
            } else if open && is_continuation(line, self.table.joins) {
                joined += 1;
            } else {
                before += usize::from(!open);
                timed += usize::from(!open && has_clock(line));
                events += 1;
            }
        }
        // What a program prints before its log is none of it, where all the rest is: unless it is another log.
        let is_banner = (1..=BANNER).contains(&before)
            && timed * 2 <= before
            && fitting >= 3
            && fitting * 10 >= (events - before) * 9;
        if is_banner {
            events -= before;
        }
        // A trace may be long, but a log is not all traces.
        if !is_told || fitting == 0 || fitting * 20 < lines {
            return None;
        }
        // A format that reads those lines too is more likely.
        let score = score(fitting, events, self.table.weight)?.saturating_sub(if is_banner { 2 } else { 0 });
        let mut reasons = vec![format!("{fitting} of {events} events are lines of {}", self.table.title)];
        if is_banner {
            reasons.push(format!("{before} lines stand before the first"));
        }
        if joined > 0 {
            reasons.push(format!("{joined} lines continue the event before them"));
        }
        let mut format = FormatSpec::new(self.table.name);
        if let Some((written, reason)) = messages.most() {
            format = format.with(FIELDS.name, written.name());
            reasons.push(reason);
        }
        Some(Recognition { format, score, reasons })
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let plain = |spec: &FormatSpec, schema: Option<&Schema>| self.prepare(spec, schema, sample);
        if let Some(parser) = trailing::prepare(spec, schema, sample, &TEXTS, plain)? {
            return Ok(parser);
        }
        let compiled = match day_order::known() {
            Some(_) => &self.compiled().clone().with_numbered_times(),
            None => self.compiled(),
        };
        let mut own = compiled.schema.clone();
        if compiled.has_pairs {
            for field in sampled_pairs(compiled, &self.table, sample) {
                // A declared column says how its key is read.
                if !own.has(&field.name) {
                    own.fields.push(field);
                }
            }
            for field in schema.map(|schema| schema.fields.as_slice()).unwrap_or_default() {
                if !own.has(&field.name) {
                    own.fields.push(field.clone());
                }
            }
            if schema.is_none() {
                own = with_more(own, sample.whole);
            }
        }
        let table = TableFacts::of(&self.table);
        let compiled = compiled.clone();
        with_types(schema, &own, |schema| Ok(Box::new(TemplateParser::new(compiled, table, schema))))
    }
}

/// The events of a sample, where templates go over all lines of one.
fn wholes_of(table: &Table, compiled: &Compiled, sample: &Sample) -> Option<Vec<String>> {
    table.begins.map(|begins| wholes(sample, |line| begins(line) || compiled.is_meta(line)))
}

/// These, or the lines.
fn lines_of<'a>(wholes: &'a Option<Vec<String>>, sample: &'a Sample) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    match wholes {
        Some(wholes) => Box::new(wholes.iter().map(String::as_str)),
        None => Box::new(sample_lines(sample)),
    }
}

/// The events of a sample, each with all its lines.
fn wholes(sample: &Sample, begins: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in sample_lines(sample) {
        match found.last_mut().filter(|_| !begins(line)) {
            Some(event) => {
                event.push('\n');
                event.push_str(line);
            }
            None => found.push(line.to_owned()),
        }
    }
    found
}

/// What of a table its parser needs.
#[derive(Clone, Copy)]
struct TableFacts {
    pairs: Pairs,
    renames: &'static [(&'static str, &'static str)],
    zone: &'static str,
    nulls: &'static [&'static str],
    joins: Joins,
    begins: Option<fn(&str) -> bool>,
}

impl TableFacts {
    fn of(table: &Table) -> Self {
        let Table { pairs, renames, zone, nulls, joins, begins, .. } = *table;
        TableFacts { pairs, renames, zone, nulls, joins, begins }
    }

    /// The zone that the line tells of its time.
    fn zone_in(&self, line: &str) -> Option<Zone> {
        if self.zone.is_empty() {
            return None;
        }
        let at = memchr::memmem::find(line.as_bytes(), self.zone.as_bytes())?;
        let value = line.get(at + self.zone.len()..)?.trim_start_matches('"');
        zone_prefix(value.as_bytes()).map(|(seconds, _)| Zone::Fixed(seconds))
    }

    fn column_of(&self, key: &str) -> Option<&'static str> {
        self.renames.iter().find(|(from, _)| *from == key).map(|(_, to)| *to)
    }

    fn is_null(&self, text: &str) -> bool {
        text.is_empty() || self.nulls.contains(&text)
    }

    /// Whether a capture gives its column a value, so that a pair of the same name needs another.
    fn fills(&self, capture: &Capture, line: &str) -> bool {
        line.get(capture.start..capture.end).is_some_and(|text| !self.is_null(text) && text != "-")
    }
}

/// The keys of a sample's pairs in the order in which they appear, with their types.
fn sampled_pairs(compiled: &Compiled, table: &Table, sample: &Sample) -> Vec<Field> {
    let facts = TableFacts::of(table);
    let mut found: Vec<(String, TextGuess)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let mut captures = Vec::new();
    let wholes = wholes_of(table, compiled, sample);
    for line in lines_of(&wholes, sample) {
        if compiled.read(line, &mut captures).is_none() {
            continue;
        }
        let Some(text) = compiled.pairs_of(line, &captures) else { continue };
        let mut met: BTreeMap<&str, usize> = compiled.typed_names().map(|name| (name, 1)).collect();
        for capture in captures.iter().filter(|capture| facts.fills(capture, line)) {
            let columns = capture.field(compiled).map(|field| field.columns).unwrap_or_default();
            let fields = columns.iter().filter_map(|column| compiled.schema.fields.get(*column));
            met.extend(fields.map(|field| (field.name.as_str(), 1)));
        }
        facts.pairs.each(text, |key, value| {
            // An empty key has what is no pair, which goes to `message`.
            if key.is_empty() || is_padded(key, value) {
                return;
            }
            let name = facts.column_of(key).unwrap_or(key);
            let times = match met.get_mut(name) {
                Some(times) if !facts.is_null(value) => {
                    *times += 1;
                    *times
                }
                _ => 1,
            };
            if times > MAX_REPEATS {
                return;
            }
            let column = repeated(name, times);
            let place = *places.entry(column.clone()).or_insert_with(|| {
                found.push((column, TextGuess::default()));
                found.len() - 1
            });
            if !facts.is_null(value) {
                met.entry(name).or_insert(1);
                found[place].1.add(value);
            }
        });
    }
    let field = |(name, guess): (String, TextGuess)| match common_type(&name) {
        Some(data_type) => Field::new(&name, data_type),
        None => guess.field(&name),
    };
    found.into_iter().take(MAX_KEYS).map(field).collect()
}

/// Names whose type does not hang on what a sample holds.
fn common_type(name: &str) -> Option<DataType> {
    match name {
        "client" | "user" | "method" | "path" | "level" | "host" | "app" | "message" | "request" | "vhost"
        | "user_agent" | "referrer" | "http_version" | "request_id" => Some(DataType::String),
        _ => None,
    }
}
