//! Metrics in Prometheus' text exposition format and in OpenMetrics. Imports data.
//!
//! One sample a row; labels become columns. Times are milliseconds in the one and seconds in the other, told apart by
//! their size: before March 1973 in milliseconds is after the year 5000 in seconds.

use std::collections::{BTreeSet, HashMap};

use super::declared::with_types;
use super::json::unescape;
use super::keys::{KeyCursor, KeyIndex};
use super::time::{Epoch, epoch, is_finer_epoch};
use super::{
    Change, Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, numbers, scan,
};
use crate::data::instants::in_range;
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;

/// The format `prometheus`.
pub struct Prometheus;

/// The columns that every sample has; labels of these names become `label_name` and so on.
const COLUMNS: [(&str, DataType, &str); 4] = [
    ("time", DataType::Timestamp, "label_time"),
    ("name", DataType::String, "label_name"),
    ("type", DataType::String, "label_type"),
    ("value", DataType::Float, "label_value"),
];
/// Endings that samples of a family add to its name.
const ENDINGS: [&str; 8] = ["_total", "_bucket", "_count", "_sum", "_created", "_info", "_gcount", "_gsum"];
/// The column of exemplars.
const EXEMPLAR: &str = "exemplar";
/// Label columns beyond which further labels are counted as unknown.
const MAX_LABELS: usize = 1000;

impl Format for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn title(&self) -> &'static str {
        "Prometheus metrics"
    }

    fn doc(&self) -> &'static str {
        "What a metrics endpoint answers: Prometheus' text format or OpenMetrics. Each sample becomes a row with time \
         (where the text has one), name, type and value, and a column for each label. NaN and infinite values are \
         null and counted, or kept where the value is declared as a String; comments are counted. An exemplar is kept as it is written, in the column \
         `exemplar` where the sample of the file has one."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} 1027 1709287200000"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut fitting, mut lines, mut typed, mut labelled) = (0, 0, false, false);
        for line in scan::sample_lines(sample) {
            lines += 1;
            let line = line.trim_start();
            if line.starts_with('#') {
                let directive = ["# TYPE ", "# HELP ", "# UNIT ", "# EOF"].iter().any(|word| line.starts_with(word));
                typed |= line.starts_with("# TYPE ");
                fitting += usize::from(directive);
            } else if read_sample(line, |_, _| labelled = true).is_ok() {
                fitting += 1;
            }
        }
        // Other texts have lines of a word and a number, too.
        if !typed && !labelled && fitting * 10 < lines * 9 {
            return None;
        }
        let weight = match (typed, labelled) {
            (true, _) => 97,
            (false, true) => 85,
            // A word and a number.
            (false, false) => 30,
        };
        scan::recognition(
            FormatSpec::new("prometheus"),
            fitting,
            lines,
            weight,
            "line",
            "are metrics or their comments",
        )
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let own = schema.map_or_else(|| sampled_schema(sample), own_types);
        let is_text = |field: &Field| field.name == "value" && field.data_type == DataType::String;
        let keeps_all = schema.is_some_and(|schema| schema.fields.iter().any(is_text));
        with_types(schema, &own, |schema| {
            let own = COLUMNS.map(|(name, _, _)| schema.index(name));
            Ok(Box::new(PrometheusParser { index: KeyIndex::new(&schema), own, schema, keeps_all }))
        })
    }
}

/// Declared columns with the types that the format makes of them.
fn own_types(declared: &Schema) -> Schema {
    let own = |name: &str| COLUMNS.iter().find(|(own, _, _)| *own == name).map(|(_, data_type, _)| data_type.clone());
    let fields = declared.fields.iter();
    Schema::new(fields.map(|field| Field::new(&field.name, own(&field.name).unwrap_or(DataType::String))).collect())
}

fn sampled_schema(sample: &Sample) -> Schema {
    let (mut labels, mut has_exemplars) = (BTreeSet::new(), false);
    for line in scan::sample_lines(sample).filter(|line| !line.starts_with('#')) {
        let mut found = Vec::new();
        if let Ok(point) = read_sample(line, |label, _| found.push(label)) {
            labels.extend(found);
            has_exemplars |= point.exemplar.is_some();
        }
    }
    let own = COLUMNS.into_iter().map(|(name, data_type, _)| Field::new(name, data_type));
    let labels = labels.into_iter().take(MAX_LABELS).map(|label| Field::new(column_of(label), DataType::String));
    let mut schema = Schema::new(own.chain(labels).collect());
    if has_exemplars && !schema.has(EXEMPLAR) {
        schema.fields.push(Field::new(EXEMPLAR, DataType::String));
    }
    schema
}

/// The column of a label.
#[inline]
fn column_of(label: &str) -> &str {
    match COLUMNS.iter().find(|(name, _, _)| *name == label) {
        Some((_, _, renamed)) => renamed,
        None => label,
    }
}

/// A sample's parts beside its labels.
struct Point<'a> {
    name: &'a str,
    /// NaN and infinite ones as well.
    value: f64,
    /// As it is written.
    number: &'a str,
    time: Option<Time>,
    /// Labels, value and time of one measurement, as they are written.
    exemplar: Option<&'a str>,
}

/// A time as far as it is held.
#[derive(Clone, Copy)]
struct Time {
    /// Microseconds since 1970; `None`: outside of the years that are held.
    micros: Option<i64>,
    /// It was written finer than a microsecond.
    is_cut: bool,
}

/// Reads a line as a sample, handing over each label with its value as written (escapes unresolved).
#[inline]
fn read_sample<'a>(line: &'a str, mut label: impl FnMut(&'a str, &'a str)) -> Result<Point<'a>, &'static str> {
    let bytes = line.as_bytes();
    let mut at = blanks(bytes, 0);
    let start = at;
    while bytes.get(at).is_some_and(|byte| *byte > b' ' && *byte != b'{') {
        at += 1;
    }
    let mut name = &line[start..at];
    at = blanks(bytes, at);
    if bytes.get(at) == Some(&b'{') {
        at = read_labels(line, at + 1, &mut name, &mut label)?;
    }
    if name.is_empty()
        || !name.bytes().all(|byte| byte >= 0x80 || byte.is_ascii_alphanumeric() || b"_:.-/".contains(&byte))
    {
        return Err("the line does not begin with a metric's name");
    }
    let (text, end) = word(line, at);
    let value = match text {
        "NaN" | "nan" => f64::NAN,
        "+Inf" | "Inf" | "+inf" | "inf" => f64::INFINITY,
        "-Inf" | "-inf" => f64::NEG_INFINITY,
        "" => return Err("a value is missing"),
        _ => numbers::float(text.strip_prefix('+').unwrap_or(text)).ok_or("the value is no number")?,
    };
    let number = text;
    let (text, end) = word(line, end);
    let mut point = Point { name, value, number, time: None, exemplar: None };
    let exemplar = |text: &str, end: usize| {
        let text = line[end - text.len()..].strip_prefix('#')?.trim();
        text.starts_with('{').then_some(text)
    };
    if text.is_empty() || text.starts_with('#') {
        point.exemplar = exemplar(text, end);
        return Ok(point);
    }
    point.time = Some(time(text).ok_or("the time is no number")?);
    match word(line, end) {
        (text, end) if text.is_empty() || text.starts_with('#') => {
            point.exemplar = exemplar(text, end);
            Ok(point)
        }
        _ => Err("text follows the sample"),
    }
}

/// Reads what stands between the braces, from `at`; gives the place behind the closing one.
fn read_labels<'a>(
    line: &'a str,
    mut at: usize,
    name: &mut &'a str,
    label: &mut impl FnMut(&'a str, &'a str),
) -> Result<usize, &'static str> {
    let bytes = line.as_bytes();
    loop {
        at = blanks(bytes, at);
        match bytes.get(at) {
            Some(b'}') => return Ok(at + 1),
            None => return Err("the labels do not end"),
            Some(_) => {}
        }
        let key = if bytes[at] == b'"' {
            // Names beyond ASCII are quoted; the metric's own stands first, without a value.
            let end = closing_quote(bytes, at + 1).ok_or("a quote is not closed")?;
            let key = &line[at + 1..end];
            at = blanks(bytes, end + 1);
            if bytes.get(at) != Some(&b'=') && name.is_empty() {
                *name = key;
                at += usize::from(bytes.get(at) == Some(&b','));
                continue;
            }
            key
        } else {
            let start = at;
            while bytes.get(at).is_some_and(|byte| *byte > b' ' && !matches!(byte, b'=' | b'}' | b',' | b'"')) {
                at += 1;
            }
            let key = &line[start..at];
            at = blanks(bytes, at);
            key
        };
        if key.is_empty() || bytes.get(at) != Some(&b'=') {
            return Err("a label has no name or no value");
        }
        at = blanks(bytes, at + 1);
        if bytes.get(at) != Some(&b'"') {
            return Err("a label's value is not quoted");
        }
        let end = closing_quote(bytes, at + 1).ok_or("a quote is not closed")?;
        label(key, &line[at + 1..end]);
        at = blanks(bytes, end + 1);
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(b'}') => {}
            _ => return Err("a comma or `}` is missing after a label"),
        }
    }
}

#[inline]
fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// The text up to the next blank, and the place behind it.
fn word(line: &str, at: usize) -> (&str, usize) {
    let start = blanks(line.as_bytes(), at);
    let rest = &line[start.min(line.len())..];
    let end = rest.find([' ', '\t']).unwrap_or(rest.len());
    (&rest[..end], start + end)
}

fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Milliseconds or seconds since 1970; `None`: no number.
fn time(text: &str) -> Option<Time> {
    const SMALLEST_IN_MILLIS: f64 = 1e11;
    let number = numbers::float(text)?;
    let (unit, scale) = if number.abs() >= SMALLEST_IN_MILLIS { (Epoch::Millis, 1e3) } else { (Epoch::Seconds, 1e6) };
    // Digit by digit, since a Float does not hold so many; numbers with an exponent by their Float.
    let exact = epoch(text, unit);
    let near = || in_range((number * scale).trunc() as i64).filter(|_| number.abs() < 1e15);
    let is_cut = exact.is_some() && is_finer_epoch(text, unit);
    Some(Time { micros: exact.or_else(near), is_cut })
}

struct PrometheusParser {
    schema: Schema,
    index: KeyIndex,
    /// Where time, name, type and value are.
    own: [Option<usize>; 4],
    /// Whether the value is declared as a text, which holds NaN and infinity too.
    keeps_all: bool,
}

/// The types that the comments have named so far.
struct Types<'a> {
    of_family: HashMap<&'a str, &'a str>,
    last: Option<(&'a str, Option<&'a str>)>,
}

impl<'a> Types<'a> {
    fn note(&mut self, comment: &'a str) {
        let Some(rest) =
            comment.trim_start().strip_prefix('#').map(str::trim_start).and_then(|rest| rest.strip_prefix("TYPE"))
        else {
            return;
        };
        let mut words = rest.split_ascii_whitespace();
        if let (Some(family), Some(kind)) = (words.next(), words.next()) {
            // The first declaration holds, so that a chunk, which begins with those of the file's head, reads as the whole.
            self.of_family.entry(family.trim_matches('"')).or_insert(kind);
            self.last = None;
        }
    }

    fn find(&mut self, name: &'a str) -> Option<&'a str> {
        match self.last {
            Some((last, kind)) if last == name => kind,
            _ => {
                let family = || ENDINGS.iter().find_map(|ending| self.of_family.get(name.strip_suffix(ending)?));
                let kind = self.of_family.get(name).or_else(family).copied();
                self.last = Some((name, kind));
                kind
            }
        }
    }
}

impl Parser for PrometheusParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Comments anywhere before a sample say what it is.
    fn is_divisible(&self) -> bool {
        false
    }

    /// Chunks begin at comments, so that each has the types of its samples.
    fn cut(&self, bytes: &[u8]) -> usize {
        let lines = memchr::memrchr(b'\n', bytes).map_or(0, |last| last + 1);
        let mut before = None;
        // Back over lines; from the last block of comments, to the block's first line.
        let mut end = lines;
        while end > 0 {
            let start = memchr::memrchr(b'\n', &bytes[..end - 1]).map_or(0, |last| last + 1);
            let comment = bytes[start..end].starts_with(b"#");
            if comment {
                before = Some(start);
            } else if before.is_some() {
                break;
            }
            end = start;
        }
        before.filter(|start| *start > 0).unwrap_or(lines)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let mut types = Types { of_family: HashMap::new(), last: None };
        scan::lines(&Chunk::whole(chunk.head)).for_each(|(_, line)| types.note(line));
        let mut keys = KeyCursor::new(&self.index);
        let wanted: Vec<bool> = (0..self.schema.len()).map(|column| out.wants(column)).collect();
        let mut unfit = Unfit::new(&self.schema);
        let mut scratch = String::new();
        // By column, the unit that set it last.
        let mut set_in = vec![0; self.schema.len()];
        for (unit, line) in scan::lines(chunk) {
            tally.read += 1;
            if scan::is_blank(line) {
                tally.blank += 1;
                continue;
            }
            if line.trim_start().starts_with('#') {
                types.note(line);
                tally.meta += 1;
                continue;
            }
            keys.begin_row();
            let read = read_sample(line, |label, value| {
                let Some(column) = keys.find(column_of(label)) else { return };
                // To Prometheus an empty label is an absent one.
                if !wanted[column] || value.is_empty() {
                    return;
                }
                if std::mem::replace(&mut set_in[column], tally.read) == tally.read {
                    unfit.note_change(column, Change::Repeated);
                }
                if memchr::memchr(b'\\', value.as_bytes()).is_none() {
                    out.text(column, value);
                } else {
                    scratch.clear();
                    unescape(value, &mut scratch);
                    out.text(column, &scratch);
                }
            });
            match read {
                Ok(point) => {
                    self.set_point(&point, &mut types, &mut unfit, out);
                    unfit.end_row();
                    out.end_row(unit);
                    tally.accepted += 1;
                    tally.rows += 1;
                }
                Err(fault) => {
                    unfit.abandon_row();
                    out.abandon_row();
                    out.quarantine(unit, fault, line.as_bytes());
                    tally.quarantined += 1;
                }
            }
        }
        keys.finish(&mut tally);
        unfit.finish(&self.schema, &mut tally);
        tally
    }
}

impl PrometheusParser {
    /// Sets the columns beside the labels, and notes what is not held of them.
    fn set_point<'a>(&self, point: &Point<'a>, types: &mut Types<'a>, unfit: &mut Unfit, out: &mut dyn Columns) {
        let [time, name, kind, value] = self.own;
        if let (Some(column), Some(time)) = (time.filter(|column| out.wants(*column)), point.time) {
            match time.micros {
                Some(micros) => out.timestamp(column, micros),
                None => unfit.note(column),
            }
            if time.is_cut && time.micros.is_some() {
                unfit.note_change(column, Change::Cut);
            }
        }
        if let Some(column) = name {
            out.text(column, point.name);
        }
        if let Some((column, text)) = self.index.get(EXEMPLAR).zip(point.exemplar) {
            out.text(column, text);
        }
        if let Some((column, kind)) = kind.and_then(|column| Some((column, types.find(point.name)?))) {
            out.text(column, kind);
        }
        if let Some(column) = value {
            out.float(column, point.value);
            if self.keeps_all || !out.wants(column) {
                return;
            }
            let text = point.number;
            if !point.value.is_finite() {
                unfit.note(column);
            } else if numbers::is_not_held(text) {
                unfit.note_rounded(column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exemplars_are_kept() {
        let text = "# TYPE foo histogram\nfoo_bucket{le=\"0.1\"} 8 # {trace_id=\"abc\"} 0.054 1771322400.5\nfoo_count 17 5 # {} 1\n\
                    foo_sum 3 # a comment\nfoo_sum 4\n";
        let reading = read(&FormatSpec::new("prometheus"), text);
        let column = reading.schema.index("exemplar").unwrap();
        let found: Vec<_> = reading.rows.iter().map(|row| row[column].to_json()).collect();
        assert_eq!(found[..2], ["{trace_id=\"abc\"} 0.054 1771322400.5", "{} 1"]);
        assert!(found[2..].iter().all(serde_json::Value::is_null));
        assert_eq!(read(&FormatSpec::new("prometheus"), "foo 1\n").schema.index("exemplar"), None);
    }

    #[test]
    fn what_is_not_held_of_a_sample_is_counted() {
        let text = "m{x=\"1\",x=\"2\"} 9007199254740993 1772460131.1234569\nm 1 1772460131123.4567\n\
                    m 2 1772460131123456\nm 3 253402300800000\nm 1e-400 -1.5\nm 6 17.25e2\n";
        let reading = read(&FormatSpec::new("prometheus"), text);
        let time = reading.schema.index("time").unwrap();
        let times: Vec<String> = reading.rows.iter().map(|row| row[time].to_json().to_string()).collect();
        let held = ["\"2026-03-02T14:02:11.123456Z\"", "\"2026-03-02T14:02:11.123456Z\"", "null", "null"];
        assert_eq!(times[..4], held);
        assert_eq!(times[4..], ["\"1969-12-31T23:59:58.500Z\"", "\"1970-01-01T00:28:45Z\""]);
        let changes = &reading.tally.changes;
        assert_eq!((changes.unfit["time"], changes.cut["time"]), (2, 2));
        assert_eq!((changes.rounded["value"], changes.repeated["x"]), (2, 1));
    }
    use crate::formats::recognise;
    use crate::formats::testing::{pieces, prepare, read, read_with, samples};

    fn spec() -> FormatSpec {
        FormatSpec::new("prometheus")
    }

    #[test]
    fn samples_become_rows_with_their_labels() {
        let text = "# HELP req Requests.\n# TYPE req counter\nreq_total{method=\"GET\",type=\"a\\\"b\\n\",} 1027 1395066363000\n\
                    req_total { method = \"POST\" } 3 # {trace_id=\"x\"} 1 1.5\n\nup 1 1520879607.789\n\
                    # TYPE lat histogram\nlat_bucket{le=\"+Inf\",method=\"\"} +Inf\nlat_sum NaN\n\
                    {\"my.metric\", \"other label\"=\"v\"} 1e3\n# EOF\n";
        let reading = read(&spec(), text);
        assert_eq!(
            reading.columns(),
            [
                "time Timestamp",
                "name String",
                "type String",
                "value Float",
                "le String",
                "method String",
                "other label String",
                "label_type String",
                "exemplar String"
            ]
            .map(str::to_owned)
        );
        assert_eq!(
            reading.json(),
            [
                r#"["2014-03-17T14:26:03Z","req_total","counter",1027.0,null,"GET",null,"a\"b\n",null]"#,
                r#"[null,"req_total","counter",3.0,null,"POST",null,null,"{trace_id=\"x\"} 1 1.5"]"#,
                r#"["2018-03-12T18:33:27.789Z","up",null,1.0,null,null,null,null,null]"#,
                r#"[null,"lat_bucket","histogram",null,"+Inf",null,null,null,null]"#,
                r#"[null,"lat_sum","histogram",null,null,null,null,null,null]"#,
                r#"[null,"my.metric",null,1000.0,null,null,"v",null,null]"#,
            ]
        );
        assert_eq!((reading.tally.meta, reading.tally.blank), (4, 1));
    }

    #[test]
    fn lines_that_are_no_samples_are_kept_aside() {
        let reading =
            read(&spec(), "up 1\nup\nup x\nup{a=\"b\" 1\nup{a=b} 1\nup 1 2 3\n\"x\" 1\nup{=\"a\"} 1\nup{a=\"b");
        assert_eq!(reading.rows.len(), 1);
        let reasons: Vec<_> = reading.quarantined.iter().map(|(_, reason, _)| reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "a value is missing",
                "the value is no number",
                "a comma or `}` is missing after a label",
                "a label's value is not quoted",
                "text follows the sample",
                "the line does not begin with a metric's name",
                "a label has no name or no value",
                "a quote is not closed",
            ]
        );
    }

    #[test]
    fn chunks_begin_with_the_comments_of_their_samples() {
        let families: Vec<String> = (0..50)
            .map(|family| format!("# HELP m{family} x\n# TYPE m{family} gauge\nm{family}{{a=\"1\"}} 1\nm{family} 2\n"))
            .collect();
        let text = families.concat();
        let parser = prepare(&spec(), None, &text);
        let whole = read_with(parser.as_ref(), &[&text]);
        for size in [30, 100, 1000] {
            let pieces = pieces(parser.as_ref(), &text, size);
            assert!(pieces.len() > 1);
            // Without a head, to see that no chunk needs it.
            for piece in &pieces {
                assert!(piece.starts_with('#') || size == 30, "{piece}");
            }
            assert_eq!(read_with(parser.as_ref(), &pieces).rows, whole.rows);
        }
    }

    #[test]
    fn real_expositions() {
        let Some(folder) = samples() else { return };
        for (file, type_of, kind) in [
            ("prometheus/e2e-output-darwin.txt", "node_buddyinfo_blocks", Some("gauge")),
            ("prometheus/expfmt_text.prom", "http_request_duration_microseconds_sum", Some("summary")),
            ("prometheus/histogram_metrics.prom", "", None),
            ("prometheus/summary_metrics.prom", "", None),
            ("prometheus/different_metric_types_metrics.prom", "", None),
            ("prometheus/benchmark.txt", "", None),
            ("openmetrics/dovecot.txt", "dovecot_auth_success_total", Some("counter")),
            ("openmetrics/valid_stateset.txt", "alarm_system_state", Some("stateset")),
            ("openmetrics/valid_gaugehistogram.txt", "", None),
        ] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let found = recognise(&Sample::whole(file, &text));
            assert_eq!(found[0].format, spec(), "{file}: {found:?}");
            let reading = read(&spec(), &text);
            let expected = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).count();
            assert_eq!((reading.rows.len(), reading.quarantined.len()), (expected, 0), "{file}");
            if let Some(kind) = kind {
                let row = reading.rows.iter().find(|row| row[1].to_json() == type_of).unwrap();
                assert_eq!(row[2].to_json(), kind, "{file}");
            }
        }
    }
}
