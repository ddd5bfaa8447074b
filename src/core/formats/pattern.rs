//! The format `pattern`: a grok expression or a regular expression with named groups and types; events of several
//! lines by a pattern for their first line. Must not import other formats.

mod application_logs;
mod captures;
mod grok;
mod library;

#[cfg(test)]
mod tests;

use regex::CaptureLocations;

use super::cell::Cell;
use super::columns::Fit;
use super::dates::{Years, names_year};
use super::events::{Event, cut_events, read_events};
use super::line_ends::cut_lines;
use super::scan::sample_lines;
use super::stamp::iso_prefix;
use super::{
    Change, Chunk, Columns, Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unfit,
    named_types, numbers, time,
};
use crate::data::instants::{ends_finer, parse_timestamp};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};
pub use captures::{Captures, captures};
use grok::{Compiled, Group, compile};

/// The format `pattern`.
pub struct Pattern;

impl Format for Pattern {
    fn name(&self) -> &'static str {
        "pattern"
    }

    fn title(&self) -> &'static str {
        "Pattern"
    }

    fn doc(&self) -> &'static str {
        "Lines read by a grok expression (`%{IP:client} %{WORD:method} %{NUMBER:duration:float}`) or a regular expression \
         with named groups (`(?P<status>\\d+)`). The pattern may match anywhere in the line; `^` and `$` tie it to its \
         ends. Lines that it does not match go to quarantine. With `event_start`, lines that do not match that are joined \
         to the event before them, as stack traces need it."
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[
            OptionSpec {
                name: "pattern",
                kind: OptionKind::Text,
                default: "",
                doc: "Grok or regular expression. Each named piece becomes a column.",
            },
            OptionSpec {
                name: "types",
                kind: OptionKind::Text,
                default: "",
                doc: "Types of columns: `status=Int, time=Timestamp`.",
            },
            OptionSpec {
                name: "time_format",
                kind: OptionKind::Text,
                default: "",
                doc: "How times are written, as strftime has it: `%d.%m.%Y %H:%M:%S`. Without it, the usual ways are tried.",
            },
            OptionSpec {
                name: "event_start",
                kind: OptionKind::Text,
                default: "",
                doc: "Pattern of an event's first line, such as `^%{TIMESTAMP_ISO8601}`; other lines belong to the event before.",
            },
        ]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        application_logs::recognise(sample)
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        Ok(Box::new(PatternParser::new(spec, schema, sample)?))
    }
}

struct PatternParser {
    schema: Schema,
    compiled: Compiled,
    /// What each named group fills.
    targets: Vec<Target>,
    start: Option<Compiled>,
    time_format: Option<String>,
}

/// What one call of `parse` keeps from event to event.
struct State {
    places: CaptureLocations,
    wanted: Vec<bool>,
    years: Years,
    unfit: Unfit,
}

/// A group and its column.
struct Target {
    group: usize,
    column: usize,
    cell: Cell,
}

impl PatternParser {
    fn new(spec: &FormatSpec, schema: Option<&Schema>, sample: &Sample) -> Result<Self, Diagnostic> {
        let option = |name: &str| spec.option(name).filter(|text| !text.trim().is_empty());
        let pattern = option("pattern").ok_or_else(|| {
            Diagnostic::error("PW0435", "no pattern is given").field("pattern").help(
                "write a grok expression such as `%{TIMESTAMP_ISO8601:time} %{LOGLEVEL:level} %{GREEDYDATA:message}`",
            )
        })?;
        let start = option("event_start").map(|text| compile(text, false).map_err(|fault| fault.field("event_start")));
        let start = start.transpose()?;
        let compiled = compile(pattern, start.is_some()).map_err(|fault| fault.field("pattern"))?;
        if compiled.groups.is_empty() {
            return Err(Diagnostic::error("PW0436", "the pattern names no field")
                .field("pattern")
                .help("name the pieces that become columns: `%{NUMBER:duration}` or `(?P<duration>[0-9.]+)`"));
        }
        check_names(pattern, &compiled)?;
        let time_format = option("time_format").map(str::to_owned);
        check_time_format(time_format.as_deref())?;
        let schema = match schema {
            Some(schema) => schema.clone(),
            None => own_schema(&compiled, option("types").unwrap_or_default(), time_format.is_some(), sample)?,
        };
        let targets = compiled
            .groups
            .iter()
            .filter_map(|group| {
                let column = schema.index(&group.name)?;
                Some(Target { group: group.index, column, cell: Cell::of(&schema.fields[column].data_type) })
            })
            .collect();
        Ok(Self { schema, compiled, targets, start, time_format })
    }

    /// Whether a line belongs to the event before it.
    fn continues(&self, line: &str) -> bool {
        self.start.as_ref().is_some_and(|start| !start.regex.is_match(line))
    }

    fn event(&self, event: &Event, state: &mut State, out: &mut dyn Columns) -> Result<(), String> {
        if self.compiled.regex.captures_read(&mut state.places, event.text).is_none() {
            return Err("the pattern does not match".to_owned());
        }
        for (number, target) in self.targets.iter().enumerate().filter(|(_, target)| state.wanted[target.column]) {
            let text = state.places.get(target.group).and_then(|(start, end)| event.text.get(start..end));
            let Some(text) = text.filter(|text| *text != "-") else { continue };
            // Of two groups of one name, the later one holds.
            let mut before = self.targets[..number].iter().filter(|before| before.column == target.column);
            if before.any(|before| state.places.get(before.group).is_some()) {
                state.unfit.note_change(target.column, Change::Repeated);
            }
            let fit = if target.cell == Cell::Timestamp {
                let time = self.time(text, state.years).map(|micros| out.timestamp(target.column, micros));
                let fit = if ends_finer(text) { Fit::Cut } else { Fit::Kept };
                time.map_or(Fit::Unfit, |()| fit)
            } else {
                target.cell.read(text, target.column, &self.schema.fields[target.column], out)
            };
            if !text.is_empty() {
                state.unfit.note_fit(target.column, fit);
            }
        }
        state.unfit.end_row();
        Ok(())
    }

    fn time(&self, text: &str, years: Years) -> Option<i64> {
        match &self.time_format {
            Some(format) => years.formatted(text, format),
            None => any_time(text, years),
        }
    }
}

impl Parser for PatternParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        if self.start.is_none() {
            return cut_lines(bytes);
        }
        cut_events(bytes, |line| self.continues(line))
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut state = State {
            places: self.compiled.regex.capture_locations(),
            wanted: (0..self.schema.len()).map(|column| out.wants(column)).collect(),
            years: Years::in_file(chunk, None),
            unfit: Unfit::new(&self.schema),
        };
        let read = |event: &Event, out: &mut dyn Columns| self.event(event, &mut state, out);
        let mut tally = read_events(chunk, out, |line| self.continues(line), read);
        state.unfit.finish(&self.schema, &mut tally);
        if self.time_format.as_deref().is_some_and(|format| !names_year(format)) {
            tally.guessed_years = tally.rows;
        }
        tally
    }
}

/// The times that logs write most: ISO 8601 and what programs add to it, that of access logs, that of syslog, a number
/// since 1970.
fn any_time(text: &str, years: Years) -> Option<i64> {
    parse_timestamp(text)
        .or_else(|| iso_prefix(text.as_bytes()).filter(|(_, used)| *used == text.len()).map(|(time, _)| time))
        .or_else(|| time::clf(text))
        .or_else(|| years.rfc3164_prefix(text.as_bytes()).filter(|(_, used)| *used == text.len()).map(|(time, _)| time))
        .or_else(|| {
            let whole = text.split('.').next().unwrap_or(text);
            let unit = time::epoch_unit(numbers::int(whole.as_bytes())?)?;
            time::epoch(text, unit)
        })
}

/// The columns in the order of their groups, with the types written, asked for, or given by the piece.
fn own_schema(compiled: &Compiled, types: &str, has_time_format: bool, sample: &Sample) -> Result<Schema, Diagnostic> {
    let mut schema = Schema::default();
    for group in &compiled.groups {
        if !schema.has(&group.name) {
            schema.fields.push(Field::new(&group.name, DataType::String));
        }
    }
    let asked = named_types::read(types, &schema).map_err(|fault| fault.field("types"))?;
    let is_time = |name: &str| has_time_format && ["time", "timestamp", "@timestamp", "date"].contains(&name);
    for field in &mut schema.fields {
        let mut groups = compiled.groups.iter().filter(|group| group.name == field.name);
        field.data_type = match (asked.get(&field.name), groups.clone().find_map(|group| group.data_type.clone())) {
            (Some(asked), _) => asked.data_type.clone(),
            (None, Some(written)) => written,
            (None, None) if is_time(&field.name) => DataType::Timestamp,
            (None, None) => groups.next().map_or(DataType::String, |group| type_of(group, compiled, sample)),
        };
    }
    Ok(schema)
}

/// The type that a grok piece has by itself; of a number, whether all in the sample are whole.
fn type_of(group: &Group, compiled: &Compiled, sample: &Sample) -> DataType {
    match group.piece.as_str() {
        "INT" | "POSINT" | "NONNEGINT" => DataType::Int,
        "TIMESTAMP_ISO8601" | "HTTPDATE" | "SYSLOGTIMESTAMP" => DataType::Timestamp,
        "BOOL" => DataType::Boolean,
        "NUMBER" | "BASE10NUM" => {
            let mut places = compiled.regex.capture_locations();
            let mut values = 0;
            for line in sample_lines(sample).take(1000) {
                if compiled.regex.captures_read(&mut places, line).is_none() {
                    continue;
                }
                let Some((start, end)) = places.get(group.index) else { continue };
                values += 1;
                if numbers::int(&line.as_bytes()[start..end]).is_none() {
                    return DataType::Float;
                }
            }
            if values == 0 { DataType::Float } else { DataType::Int }
        }
        _ => DataType::String,
    }
}

/// Refuses a name that two pieces have which both match: the value of the first would be lost in every line.
fn check_names(pattern: &str, compiled: &Compiled) -> Result<(), Diagnostic> {
    // Pieces that stand in a piece of the library may be alternatives.
    let written = |name: &str| {
        let times = |end: char| pattern.matches(&format!(":{name}{end}")).count();
        times('}') + times(':')
    };
    let twice = compiled.groups.iter().find(|group| written(&group.name) > 1);
    let Some(group) = twice.filter(|_| !may_leave_out(pattern)) else { return Ok(()) };
    let piece = if group.piece.is_empty() { "WORD" } else { &group.piece };
    Err(Diagnostic::error("PW0438", format!("the pattern gives the name `{}` twice", group.name))
        .help(format!("name the second piece differently: `%{{{piece}:{}_2}}`", group.name))
        .field("pattern"))
}

/// Whether a pattern has pieces of which not all match: alternatives, and what may be missing.
fn may_leave_out(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some((before, piece)) = rest.split_once("%{") {
        if before.replace("(?", "(").contains(['|', '?', '*', '{']) {
            return true;
        }
        rest = piece.split_once('}').map_or("", |(_, after)| after);
    }
    rest.replace("(?", "(").contains(['|', '?', '*', '{'])
}

fn check_time_format(format: Option<&str>) -> Result<(), Diagnostic> {
    use chrono::format::{Item, StrftimeItems};
    let Some(format) = format else { return Ok(()) };
    if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
        let known = ["%Y-%m-%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S %z", "%m/%d/%Y %I:%M:%S %p"];
        let near = did_you_mean(format, known);
        return Err(Diagnostic::error("PW0437", format!("`{format}` is no time format{near}"))
            .field("time_format")
            .help("write it as strftime does: `%d.%m.%Y %H:%M:%S`"));
    }
    Ok(())
}
