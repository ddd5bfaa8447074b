//! Several formats in one file: what the first one does not read is read by the second, and so on. Each row says by which.
//! Must not import single formats.

use serde_json::Value as Json;

use super::declared::with_types;
use super::door::{Keeper, NONE, hand_over};
use super::line_ends::{ends_in_returns, line_end};
use super::payload::from_option;
use super::scan::{is_blank, lines, sample_lines, trial};
use super::{
    Chunk, Columns, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unit,
    format, formats,
};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;

/// The format `mixed`.
pub struct Mixed;

const FORMATS: OptionSpec = OptionSpec {
    name: "formats",
    kind: OptionKind::Text,
    default: "",
    doc: "the formats in the order in which they are tried: names with commas between, or a JSON list of names and of \
          formats with their options; empty: found from the sample",
};

/// The column that says what a row was read as.
const BY: &str = "_format";
/// Formats that may stand in one file.
const MOST: usize = 4;
/// Formats that fit anything, or hold together what is between their lines.
const NEVER: [&str; 7] = ["mixed", "lines", "pattern", "csv", "prometheus", "level_log", "text_table"];
/// The share (in a hundred) of lines that another format must read.
const LEAST: usize = 5;

impl Format for Mixed {
    fn name(&self) -> &'static str {
        "mixed"
    }

    fn title(&self) -> &'static str {
        "Several formats in one file"
    }

    fn doc(&self) -> &'static str {
        "A file into which several programs write: the lines that the first format does not read are read by the second, \
         and so on. The columns of all stand in one table, those of the same name in one column, which is text where \
         their types differ; `_format` says what a row was read as."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "{\"level\":\"info\",\"message\":\"started\"}\n192.0.2.7 - - [01/Mar/2024:10:00:00 +0000] \"GET / HTTP/1.1\" 200 12\n\
           {\"level\":\"warn\",\"message\":\"slow\"}\n192.0.2.7 - - [01/Mar/2024:10:00:01 +0000] \"GET /a HTTP/1.1\" 200 12",
        ]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[FORMATS]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    /// `recognise_mixed` does, from the others' opinions.
    fn recognise(&self, _: &Sample) -> Option<Recognition> {
        None
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let specs = match spec.option(FORMATS.name).map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => specs_of(text)?,
            None => found_in(sample, None).into_iter().map(|(spec, _)| spec).collect(),
        };
        let specs = if specs.is_empty() { vec![FormatSpec::new("lines")] } else { specs };
        let mut parts = Vec::new();
        for spec in &specs {
            let Some(known) = format(&spec.name) else { continue };
            parts.push((known, spec, known.prepare(spec, None, sample)?.schema().clone()));
        }
        let made = united(parts.iter().map(|(.., schema)| schema));
        let mut readers = Vec::new();
        for (known, spec, own) in parts {
            let parser = known.prepare(spec, Some(&columns_of(known, &own, &made, schema)), sample)?;
            if parser.framing() != Framing::Cut || !parser.is_divisible() {
                return Err(Diagnostic::error("PW1124", format!("{} cannot be read line by line", known.title()))
                    .help(
                        "a file of several formats holds those of single lines, such as `json_lines` or `syslog_3164`",
                    )
                    .field(FORMATS.name));
            }
            readers.push((known.name(), parser));
        }
        let made = united(readers.iter().map(|(_, parser)| parser.schema()));
        with_types(schema, &made, |schema| {
            let place = |name: &str| schema.index(name).unwrap_or(NONE);
            let reader = |(name, parser): (&'static str, Box<dyn Parser>)| Reader {
                map: parser.schema().names().map(place).collect(),
                name,
                parser,
            };
            let by = place(BY);
            Ok(Box::new(MixedParser { readers: readers.into_iter().map(reader).collect(), schema, by }))
        })
    }
}

/// The formats that the option names.
fn specs_of(text: &str) -> Result<Vec<FormatSpec>, Diagnostic> {
    let items: Vec<String> = match text.starts_with('[') {
        false => text.split(',').map(|name| name.trim().to_owned()).collect(),
        true => {
            let list: Vec<Json> = serde_json::from_str(text).map_err(|fault| {
                Diagnostic::error("PW1120", format!("the option `formats` is no list of formats: {fault}"))
                    .help("give names with commas between, or `[\"syslog_3164\", {\"name\": …, \"options\": {…}}]`")
                    .field(FORMATS.name)
            })?;
            list.into_iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
        }
    };
    if items.len() > MOST {
        return Err(Diagnostic::error("PW1125", format!("{} formats are more than one file holds", items.len()))
            .help(format!("name at most {MOST}"))
            .field(FORMATS.name));
    }
    let spec = |item: &String| match item.as_str() {
        "mixed" => Err(Diagnostic::error("PW1125", "a file of several formats does not hold itself")
            .help("name the formats of its lines")
            .field(FORMATS.name)),
        item => from_option(item).map_err(|fault| {
            let message = fault.message.replace("`payload`", "`formats`");
            Diagnostic { message, ..fault }.field(FORMATS.name)
        }),
    };
    items.iter().map(spec).collect()
}

/// The columns of several schemas: those of the same name once, text where their types differ.
fn united<'a>(schemas: impl Iterator<Item = &'a Schema>) -> Schema {
    let mut made = Schema::of([(BY, DataType::String)]);
    for field in schemas.flat_map(|schema| &schema.fields) {
        match made.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) if known.data_type != field.data_type => known.data_type = DataType::String,
            Some(_) => {}
            None => made.fields.push(Field::new(&field.name, field.data_type.clone())),
        }
    }
    made
}

/// The columns of one of the formats, as all have them: those that it has itself, and, where its records name theirs, the
/// declared ones that none has.
fn columns_of(known: &dyn Format, own: &Schema, made: &Schema, declared: Option<&Schema>) -> Schema {
    let mut schema = Schema::default();
    for field in &own.fields {
        let found = made.fields.iter().find(|made| made.name == field.name);
        schema.fields.push(Field::new(&field.name, found.map_or(DataType::String, |made| made.data_type.clone())));
    }
    if known.is_keyed() {
        let unknown = declared.into_iter().flat_map(|declared| &declared.fields);
        schema.fields.extend(unknown.filter(|field| !made.has(&field.name)).cloned());
    }
    schema
}

/// The opinion that a sample holds lines of several formats, from those on single ones.
pub fn recognise_mixed(sample: &Sample, found: &[Recognition]) -> Option<Recognition> {
    let best = found.first()?;
    // Where one format reads nearly all, the rest are faults.
    let is_text = NEVER.contains(&best.format.name.as_str());
    if !is_text && (best.score >= 90 || !is_of_lines(&best.format, sample)) || is_text && best.score >= 50 {
        return None;
    }
    let parts = found_in(sample, (!is_text).then_some(&best.format));
    let all = sample_lines(sample).count();
    let read: usize = parts.iter().map(|(_, count)| count).sum();
    if parts.len() < 2 || read * 10 < all * 8 {
        return None;
    }
    let score = (read * 94 / all.max(1)).min(94) as u8;
    let named: Vec<Json> = parts
        .iter()
        .map(|(spec, _)| match spec.options.is_empty() {
            true => Json::from(spec.name.clone()),
            false => serde_json::to_value(spec).unwrap_or_default(),
        })
        .collect();
    let reasons = parts.iter().map(|(spec, count)| {
        let title = format(&spec.name).map_or("", |format| format.title());
        format!("{count} of {all} lines are {title}")
    });
    let spec = FormatSpec::new(Mixed.name()).with(FORMATS.name, &Json::from(named).to_string());
    (score > best.score).then(|| Recognition { format: spec, score, reasons: reasons.collect() })
}

/// Whether a format's lines may stand among others.
fn is_of_lines(spec: &FormatSpec, sample: &Sample) -> bool {
    let parser = format(&spec.name).and_then(|known| known.prepare(spec, None, sample).ok());
    parser.is_some_and(|parser| parser.framing() == Framing::Cut && parser.is_divisible())
}

/// The formats of a sample with the lines that each reads, the first one given where it is known.
fn found_in(sample: &Sample, first: Option<&FormatSpec>) -> Vec<(FormatSpec, usize)> {
    let mut parts: Vec<(FormatSpec, usize)> = Vec::new();
    let mut rest = sample.clone();
    let all = sample_lines(sample).count();
    while parts.len() < MOST {
        let spec = match first.filter(|_| parts.is_empty()) {
            Some(spec) => Some(spec.clone()),
            None => commonest(&rest),
        };
        let Some(spec) = spec.filter(|spec| !parts.iter().any(|(known, _)| known.name == spec.name)) else { break };
        let Some(parser) = format(&spec.name).and_then(|known| known.prepare(&spec, None, sample).ok()) else { break };
        let (tally, found) = trial(&*parser, &rest);
        let read = (tally.accepted + tally.joined) as usize;
        if read * 100 < all * LEAST || tally.accepted < 2 {
            break;
        }
        parts.push((spec, read));
        let unread = found.quarantined.into_iter().flat_map(|(_, _, raw)| [raw, b"\n".to_vec()]).flatten().collect();
        rest = Sample { head: unread, further: Vec::new(), ..sample.clone() };
        if rest.head.is_empty() {
            break;
        }
    }
    parts
}

/// The format of most of some lines, each looked at alone where no format has half of them.
fn commonest(sample: &Sample) -> Option<FormatSpec> {
    /// Lines that are looked at alone.
    const ALONE: usize = 24;
    const SURE: u8 = 75;
    let usable = |found: &Recognition, sample: &Sample| {
        found.score >= SURE && !NEVER.contains(&found.format.name.as_str()) && is_of_lines(&found.format, sample)
    };
    let of = |sample: &Sample| {
        let mut found: Vec<Recognition> = formats().iter().filter_map(|format| format.recognise(sample)).collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.score));
        found.into_iter().find(|found| usable(found, sample))
    };
    if let Some(found) = of(sample) {
        return Some(found.format);
    }
    let mut counts: Vec<(FormatSpec, usize)> = Vec::new();
    let all: Vec<&str> = sample_lines(sample).collect();
    let step = (all.len() / ALONE).max(1);
    for line in all.into_iter().step_by(step).take(ALONE) {
        let Some(found) = of(&Sample { head: line.as_bytes().to_vec(), further: Vec::new(), ..sample.clone() }) else {
            continue;
        };
        match counts.iter_mut().find(|(spec, _)| spec.name == found.format.name) {
            Some((_, count)) => *count += 1,
            None => counts.push((FormatSpec::new(&found.format.name), 1)),
        }
    }
    // Of equal ones the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 1).map(|(spec, _)| spec)
}

struct Reader {
    name: &'static str,
    parser: Box<dyn Parser>,
    /// By column of the parser, that of the table.
    map: Vec<usize>,
}

struct MixedParser {
    schema: Schema,
    readers: Vec<Reader>,
    /// The column that says which reader.
    by: usize,
}

impl Parser for MixedParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The last place at which all of them see an event begin.
    fn cut(&self, bytes: &[u8]) -> usize {
        const TRIES: usize = 200;
        let mut cut = bytes.len();
        for _ in 0..TRIES {
            // With the line behind it.
            let end = match memchr::memchr(line_end(bytes), &bytes[cut..]) {
                Some(length) => cut + length + 1,
                None => bytes.len(),
            };
            let least = self.readers.iter().map(|reader| reader.parser.cut(&bytes[..end])).min().unwrap_or(0);
            if least >= cut || least == 0 {
                return least.min(cut);
            }
            cut = least;
        }
        0
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        // Rows, each with the number of its reader, and what is left, until all have read.
        let (mut rows, mut aside) = (Vec::new(), Vec::new());
        for (number, reader) in self.readers.iter().enumerate() {
            let mut kept = Keeper::new(&reader.map, out);
            if number == 0 {
                tally = reader.parser.parse(chunk, &mut kept);
            }
            for group in groups(chunk, aside) {
                let piece =
                    Chunk { text: group.text, first_line: group.unit.line, offset: group.unit.offset, ..*chunk };
                let (all, blank) =
                    lines(&piece).fold((0, 0), |(all, blank), (_, line)| (all + 1, blank + u64::from(is_blank(line))));
                // What the one before made of these lines does not count.
                tally.read -= all;
                tally.blank -= blank;
                tally.quarantined -= group.units;
                tally.joined -= all - blank - group.units;
                tally.add(&reader.parser.parse(&piece, &mut kept));
            }
            rows.extend(kept.rows.into_iter().map(|(unit, cells)| (unit, number, cells)));
            aside = kept.aside;
        }
        rows.sort_by_key(|(unit, ..)| unit.offset);
        for (unit, number, cells) in rows {
            for (column, value) in cells {
                hand_over(out, column, value);
            }
            if self.by != NONE && out.wants(self.by) {
                out.text(self.by, self.readers[number].name);
            }
            out.end_row(unit);
        }
        aside.sort_by_key(|(unit, ..)| unit.offset);
        for (unit, reason, raw) in aside {
            out.quarantine(unit, &reason, &raw);
        }
        tally
    }
}

/// Lines one after the other that were not read.
struct Group<'a> {
    unit: Unit,
    text: &'a str,
    /// How many units were turned away.
    units: u64,
}

/// What was turned away, as pieces of the chunk.
fn groups<'a>(chunk: &Chunk<'a>, mut aside: Vec<(Unit, String, Vec<u8>)>) -> Vec<Group<'a>> {
    aside.sort_by_key(|(unit, ..)| unit.offset);
    let mark = if ends_in_returns(chunk.head) { b'\r' } else { b'\n' };
    let mut found: Vec<(Unit, usize, usize, u64)> = Vec::new();
    for (unit, _, raw) in aside {
        let start = (unit.offset - chunk.offset) as usize;
        let end = (start + raw.len()).min(chunk.text.len());
        let end =
            memchr::memchr(mark, &chunk.text.as_bytes()[end..]).map_or(chunk.text.len(), |length| end + length + 1);
        match found.last_mut() {
            Some((_, _, last, units)) if *last == start => (*last, *units) = (end, *units + 1),
            _ => found.push((unit, start, end, 1)),
        }
    }
    let group = |(unit, start, end, units)| Some(Group { unit, text: chunk.text.get(start..end)?, units });
    found.into_iter().filter_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{pieces, prepare, read, read_as, read_with};

    const LOG: &str = "192.0.2.7 - bob [01/Mar/2024:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"x\"\n\
        {\"time\":\"2024-03-01T10:00:01Z\",\"status\":\"ok\",\"n\":1}\n\
        192.0.2.8 - - [01/Mar/2024:10:00:02 +0000] \"GET /b HTTP/1.1\" 404 3 \"-\" \"x\"\r\n\
        2024-03-01 10:00:03,100 ERROR [main] a.B - failed\n\
        \tat a.B(B.java:1)\n\
        \n\
        2024-03-01 10:00:04,100 INFO [main] a.B - ok\n\
        {\"time\":\"2024-03-01T10:00:05Z\",\"status\":\"bad\",\"n\":2}\n\
        what nothing reads\n\
        192.0.2.7 - bob [01/Mar/2024:10:00:06 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"x\"\n";

    #[test]
    fn each_line_is_read_as_what_it_is() {
        let spec = FormatSpec::new("mixed").with("formats", "nginx_access, json_lines, application_log");
        let reading = read(&spec, LOG);
        let rows: Vec<String> = reading
            .rows
            .iter()
            .map(|row| {
                let of = |name: &str| row[reading.schema.index(name).unwrap()].to_json();
                format!("{} {} {} {}", of("_format"), of("time"), of("status"), of("message"))
            })
            .collect();
        assert_eq!(
            rows,
            [
                r#""nginx_access" "2024-03-01T10:00:00Z" "200" null"#,
                r#""json_lines" "2024-03-01T10:00:01Z" "ok" null"#,
                r#""nginx_access" "2024-03-01T10:00:02Z" "404" null"#,
                r#""application_log" "2024-03-01T10:00:03.100Z" null "failed\n\tat a.B(B.java:1)""#,
                r#""application_log" "2024-03-01T10:00:04.100Z" null "ok""#,
                r#""json_lines" "2024-03-01T10:00:05Z" "bad" null"#,
                r#""nginx_access" "2024-03-01T10:00:06Z" "200" null"#,
            ]
        );
        let places: Vec<u64> = reading.places.iter().map(|(line, _)| *line).collect();
        assert_eq!(places, [1, 2, 3, 4, 7, 8, 10]);
        assert_eq!(reading.quarantined.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [9]);
        assert_eq!((reading.tally.read, reading.tally.joined, reading.tally.blank), (10, 1, 1));
        let parser = prepare(&spec, None, LOG);
        for size in [1, 90, 200] {
            let again = read_with(parser.as_ref(), &pieces(parser.as_ref(), LOG, size));
            assert_eq!((again.rows, again.tally), (reading.rows.clone(), reading.tally.clone()), "{size}");
        }
        let declared = Schema::of([("n", DataType::Int), ("_format", DataType::String)]);
        assert_eq!(read_as(&spec, &declared, LOG).json()[1], r#"[1,"json_lines"]"#);
    }

    #[test]
    fn several_formats_are_found() {
        let best = |text: &str| recognise(&Sample::whole("a.log", text)).remove(0);
        let found = best(&LOG.repeat(3));
        assert_eq!(found.format.name, "mixed", "{found:?}");
        let names = found.format.option("formats").unwrap();
        assert!(["nginx_access", "json_lines", "application_log"].iter().all(|name| names.contains(name)), "{names}");
        assert!(found.reasons[0].ends_with(" lines are nginx access log"), "{:?}", found.reasons);
        // A few faults are no other format.
        let faulty = format!("{}broken\n", "{\"a\":1}\n".repeat(30));
        assert_eq!(best(&faulty).format.name, "json_lines");
    }

    #[test]
    fn wrong_lists_are_told() {
        let fault = |formats: &str| {
            let spec = FormatSpec::new("mixed").with("formats", formats);
            let fault = format("mixed").unwrap().prepare(&spec, None, &Sample::default()).err();
            fault.map(|fault| (fault.code.to_string(), fault.message))
        };
        assert_eq!(fault("no_such, lines").unwrap().0, "PW1121");
        assert_eq!(fault("[1,").unwrap().0, "PW1120");
        assert_eq!(fault("json_lines, json_document").unwrap().0, "PW1124");
        assert_eq!(fault("mixed").unwrap().0, "PW1125");
        assert_eq!(fault("lines,lines,lines,lines,lines").unwrap().0, "PW1125");
        assert_eq!(fault(r#"["logfmt",{"name":"json_lines"}]"#), None);
        assert_eq!(fault(""), None);
    }
}
