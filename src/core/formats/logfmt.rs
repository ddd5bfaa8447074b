//! logfmt: `key=value` pairs with blanks between. Imports data.
//!
//! Keys keep the names that the program gave them. A key without `=` is true; an empty value is null, an empty one
//! in quotes is empty text; of a key given twice the last value holds.

use super::cell::{Cell, Fit};
use super::infer::TextGuess;
use super::json::unescape;
use super::keys::{KeyCursor, KeyIndex};
use super::{Change, Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, scan};
use crate::data::{Field, Schema, Value};
use crate::diagnostic::Diagnostic;

/// Columns beyond which further keys are counted as unknown.
const MAX_COLUMNS: usize = 1000;

/// The format `logfmt`.
pub struct Logfmt;

impl Format for Logfmt {
    fn name(&self) -> &'static str {
        "logfmt"
    }

    fn title(&self) -> &'static str {
        "logfmt"
    }

    fn doc(&self) -> &'static str {
        "Lines of `key=value` pairs, as Go services, Grafana, Heroku and many others write them; values with blanks \
         are quoted. Each key of the sample becomes a column, its type found from the values. A line without any \
         pair is kept aside."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["time=2024-03-01T10:00:00Z level=info msg=\"request served\" status=200 took=0.025"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut fitting, mut lines, mut pairs) = (0, 0, 0);
        for line in scan::sample_lines(sample) {
            lines += 1;
            let (mut with_value, mut bare, mut named) = (0, 0, true);
            let read = each_pair(line, |key, value| {
                named &= key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./@".contains(&byte));
                match value {
                    Some(_) => with_value += 1,
                    None => bare += 1,
                }
            });
            if read.is_ok() && named && with_value > bare * 2 {
                fitting += 1;
                pairs += with_value;
            }
        }
        // Settings files have one pair a line.
        let weight = if pairs >= fitting * 2 { 80 } else { 40 };
        scan::recognition(FormatSpec::new("logfmt"), fitting, lines, weight, "line", "are made of key=value pairs")
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let schema = schema.cloned().unwrap_or_else(|| sampled_schema(sample));
        let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
        Ok(Box::new(LogfmtParser { index: KeyIndex::new(&schema), cells, schema }))
    }
}

/// The keys of the sample in the order in which they appear, with their types.
fn sampled_schema(sample: &Sample) -> Schema {
    let mut names: Vec<String> = Vec::new();
    let mut guesses: Vec<TextGuess> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for line in scan::sample_lines(sample) {
        let mut pairs = Vec::new();
        if each_pair(line, |key, value| pairs.push((key, value))).is_err() || !has_value(&pairs) {
            continue;
        }
        for (key, value) in pairs {
            let place = *places.entry(key.to_owned()).or_insert_with(|| {
                names.push(key.to_owned());
                guesses.push(TextGuess::default());
                names.len() - 1
            });
            match value {
                Some(value) if value.raw.is_empty() && !value.quoted => {}
                Some(value) => guesses[place].add(&value.to_text()),
                None => guesses[place].add("true"),
            }
        }
    }
    let fields = names.into_iter().zip(guesses).take(MAX_COLUMNS);
    Schema::new(fields.map(|(name, guess)| Field::new(name, guess.data_type())).collect())
}

fn has_value(pairs: &[(&str, Option<Written>)]) -> bool {
    pairs.iter().any(|(_, value)| value.is_some())
}

/// A value as written, without its quotes.
#[derive(Debug, Clone, Copy)]
struct Written<'a> {
    raw: &'a str,
    quoted: bool,
    escaped: bool,
}

impl Written<'_> {
    fn to_text(self) -> String {
        let mut text = String::new();
        if self.escaped {
            unescape(self.raw, &mut text)
        } else {
            text.push_str(self.raw)
        }
        text
    }
}

/// Calls `visit` with each key and its value (`None`: a bare key); gives how many have a value.
#[inline]
fn each_pair<'a>(line: &'a str, mut visit: impl FnMut(&'a str, Option<Written<'a>>)) -> Result<usize, &'static str> {
    let bytes = line.as_bytes();
    let (mut at, mut values) = (0, 0);
    loop {
        while bytes.get(at).is_some_and(|byte| *byte <= b' ') {
            at += 1;
        }
        if at >= bytes.len() {
            return Ok(values);
        }
        let start = at;
        while bytes.get(at).is_some_and(|byte| *byte > b' ' && *byte != b'=' && *byte != b'"') {
            at += 1;
        }
        let key = &line[start..at];
        match bytes.get(at) {
            Some(b'=') if at == start => return Err("a key is missing before `=`"),
            Some(b'"') => return Err("a quote stands where a key is expected"),
            Some(b'=') => {}
            _ => {
                visit(key, None);
                continue;
            }
        }
        at += 1;
        values += 1;
        if bytes.get(at) == Some(&b'"') {
            let (end, escaped) = closing_quote(bytes, at + 1).ok_or("a quote is not closed")?;
            if bytes.get(end + 1).is_some_and(|byte| *byte > b' ') {
                return Err("text follows a closing quote");
            }
            visit(key, Some(Written { raw: &line[at + 1..end], quoted: true, escaped }));
            at = end + 1;
        } else {
            let start = at;
            while bytes.get(at).is_some_and(|byte| *byte > b' ') {
                at += 1;
            }
            visit(key, Some(Written { raw: &line[start..at], quoted: false, escaped: false }));
        }
    }
}

/// The place of the quote that closes the one before `at`, and whether there are escapes between.
#[inline]
fn closing_quote(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (at, false);
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

struct LogfmtParser {
    schema: Schema,
    index: KeyIndex,
    cells: Vec<Cell>,
}

impl Parser for LogfmtParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let mut keys = KeyCursor::new(&self.index);
        let wanted: Vec<bool> = (0..self.schema.len()).map(|column| out.wants(column)).collect();
        // By column, the unit that set it last.
        let mut set_in = vec![0; self.schema.len()];
        let mut unfit = Unfit::new(&self.schema);
        let mut scratch = String::new();
        for (unit, line) in scan::lines(chunk) {
            tally.read += 1;
            if scan::is_blank(line) {
                tally.blank += 1;
                continue;
            }
            keys.begin_row();
            let read = each_pair(line, |key, value| {
                let Some(column) = keys.find(key).filter(|column| wanted[*column]) else { return };
                if set_in[column] == tally.read {
                    unfit.note_change(column, Change::Repeated);
                }
                let fit = self.read_value(value, column, &mut scratch, out);
                if fit != Fit::Unfit {
                    set_in[column] = tally.read;
                    unfit.note_fit(column, fit);
                    return;
                }
                if set_in[column] == tally.read {
                    out.value(column, Value::Null);
                }
                if value.is_none_or(|value| !value.raw.is_empty()) {
                    unfit.note(column);
                }
            });
            let fault = match read {
                Ok(0) => "there is no key=value pair",
                Ok(_) => {
                    unfit.end_row();
                    out.end_row(unit);
                    tally.accepted += 1;
                    tally.rows += 1;
                    continue;
                }
                Err(fault) => fault,
            };
            unfit.abandon_row();
            out.abandon_row();
            out.quarantine(unit, fault, line.as_bytes());
            tally.quarantined += 1;
        }
        keys.finish(&mut tally);
        unfit.finish(&self.schema, &mut tally);
        tally
    }
}

impl LogfmtParser {
    /// Reads a value into its column.
    #[inline]
    fn read_value(&self, value: Option<Written>, column: usize, scratch: &mut String, out: &mut dyn Columns) -> Fit {
        let text = match value {
            None => "true",
            Some(value) if value.raw.is_empty() && !value.quoted => return Fit::Unfit,
            Some(value) if value.escaped => {
                scratch.clear();
                unescape(value.raw, scratch);
                scratch
            }
            Some(value) => value.raw,
        };
        self.cells[column].read(text, column, &self.schema.fields[column], out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataType;
    use crate::formats::recognise;
    use crate::formats::testing::{read, read_as, samples};

    fn spec() -> FormatSpec {
        FormatSpec::new("logfmt")
    }

    #[test]
    fn pairs_become_typed_columns() {
        let text = "ts=2024-04-16T15:10:44.1Z level=info msg=\"a \\\"b\\\" c:\\\\d\\n\\w\" took=1.5 n=1 ok\r\n\
                    \n\
                    n=2 level= msg=\"\" took=2 ts=bad extra=a=b";
        let reading = read_as(
            &spec(),
            &Schema::of([
                ("ts", DataType::Timestamp),
                ("level", DataType::String),
                ("msg", DataType::String),
                ("took", DataType::Float),
                ("n", DataType::Int),
                ("ok", DataType::Boolean),
            ]),
            text,
        );
        assert_eq!(
            reading.json(),
            [r#"["2024-04-16T15:10:44.100Z","info","a \"b\" c:\\d\n\\w",1.5,1,true]"#, r#"[null,null,"",2.0,2,null]"#]
        );
        assert_eq!(format!("{:?}", reading.tally.unknown_keys), r#"{"extra": 1}"#);
        assert_eq!(format!("{:?}", reading.tally.changes.unfit), r#"{"ts": 1}"#);
        assert_eq!(
            read(&spec(), text).columns(),
            ["ts String", "level String", "msg String", "took Float", "n Int", "ok Boolean", "extra String"]
        );
    }

    #[test]
    fn lines_that_are_no_logfmt_are_kept_aside() {
        let reading = read(&spec(), "a=1\nplain words here\n=x\na=\"open\na=\"b\"c\n\"k\"=1\na=1 a=2 a=\n");
        assert_eq!(reading.json(), ["[1]", "[null]"]);
        let reasons: Vec<_> = reading.quarantined.iter().map(|(line, reason, _)| (*line, reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (2, "there is no key=value pair"),
                (3, "a key is missing before `=`"),
                (4, "a quote is not closed"),
                (5, "text follows a closing quote"),
                (6, "a quote stands where a key is expected"),
            ]
        );
    }

    #[test]
    fn cases_of_another_parser() {
        let Some(folder) = samples() else { return };
        let cases = std::fs::read_to_string(folder.join("logfmt/vrl_parse_key_value.cases.jsonl")).unwrap();
        let mut seen = 0;
        for case in cases.lines().map(|case| serde_json::from_str::<serde_json::Value>(case).unwrap()) {
            if case.get("options").is_some() || case["case"] == "error" {
                continue;
            }
            let expected = case["expected"].as_object().unwrap();
            let schema = Schema::of(expected.keys().map(|key| (key.as_str(), DataType::String)));
            let reading = read_as(&spec(), &schema, case["input"].as_str().unwrap());
            for (name, value) in schema.names().zip(&reading.rows[0]) {
                assert_eq!(value.to_json(), expected[name], "{name}");
            }
            seen += 1;
        }
        assert!(seen >= 2, "{seen}");
    }

    #[test]
    fn real_files() {
        let Some(folder) = samples() else { return };
        for (file, lines, columns) in [
            ("agent-logfmt.txt", 1000, &["ts Timestamp", "caller String", "level String", "msg String"][..]),
            ("lnav_logfmt.0", 5, &["time Timestamp", "level String", "msg String"]),
        ] {
            let text = std::fs::read_to_string(folder.join("logfmt").join(file)).unwrap();
            assert_eq!(recognise(&Sample::whole(file, &text))[0].format, spec(), "{file}");
            let reading = read(&spec(), &text);
            assert_eq!((reading.tally.accepted, reading.tally.quarantined), (lines, 0), "{file}");
            for column in columns {
                assert!(reading.columns().iter().any(|found| found == column), "{file}: {column}");
            }
        }
    }
}
