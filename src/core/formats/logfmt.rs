//! logfmt: `key=value` pairs with blanks between. Imports data.
//!
//! Keys keep the names that the program gave them. A key without `=` is true; an empty value is null, an empty one
//! in quotes is empty text. The second value of a key in a line goes to `key_2`, and so on; where the schema lacks that
//! column the last value holds, and the loss is counted. Colours of terminals are no part of a line.

use super::columns::Fit;
use super::json::unescape;
use super::keyed::{KeyedColumns, SampledNames};
use super::keys::{KeyCursor, More, SecretWords};
use super::{
    Change, Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, Unit, scan,
};
use crate::data::{Schema, Value};
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
         are quoted. Each key of the sample becomes a column, its type found from the values; of a key that comes \
         twice in a line the second value is in `key_2`, and keys that first appear behind the sample come as JSON \
         text in the column `_more`. A line without any pair is kept aside."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["time=2024-03-01T10:00:00Z level=info msg=\"request served\" status=200 took=0.025"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut fitting, mut lines, mut pairs) = (0, 0, 0);
        for line in scan::sample_lines(sample) {
            lines += 1;
            let (mut with_value, mut bare, mut named) = (0, 0, true);
            let read = each_pair(&scan::without_colours(line), |key, value| {
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
        Ok(Box::new(LogfmtParser { columns: KeyedColumns::of(schema, sample, sampled_schema) }))
    }
}

/// The keys of the sample in the order in which they appear, with their types.
fn sampled_schema(sample: &Sample) -> Schema {
    let mut found = SampledNames::default();
    let mut words = SecretWords::default();
    for line in scan::sample_lines(sample) {
        let line = scan::without_colours(line);
        let mut pairs = Vec::new();
        if each_pair(&line, |key, value| pairs.push((key, value))).is_err() || !has_value(&pairs) {
            continue;
        }
        found.begin_row();
        words.begin_row();
        for (key, value) in pairs {
            if words.takes(key, value.map(Written::shown)) {
                continue;
            }
            let Some(guess) = found.guess_of(key) else { continue };
            match value {
                Some(value) if value.raw.is_empty() && !value.quoted => {}
                Some(value) => guess.add(&value.to_text()),
                None => guess.add("true"),
            }
        }
    }
    Schema::new(found.fields(MAX_COLUMNS).collect())
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

impl<'a> Written<'a> {
    /// Its text; of one in quotes not less than a sign, since quotes are a value.
    fn shown(self) -> &'a str {
        if self.quoted { "\"" } else { self.raw }
    }

    fn to_text(self) -> String {
        let mut text = String::new();
        if self.escaped {
            unescape(self.raw, &mut text);
        } else {
            text.push_str(self.raw)
        }
        text
    }
}

fn json_of(value: Option<Written>) -> String {
    match value {
        Some(value) => serde_json::Value::String(value.to_text()).to_string(),
        None => "true".to_owned(),
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
        if let Some(end) = single_quoted(bytes, at) {
            visit(key, Some(Written { raw: &line[at + 1..end], quoted: true, escaped: false }));
            at = end + 1;
        } else if bytes.get(at) == Some(&b'"') {
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

/// The place of the single quote that closes the one at `at`: a blank or the end follows it. An apostrophe is none.
#[inline]
fn single_quoted(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'\'') {
        return None;
    }
    let closes = |end: &usize| bytes.get(end + 1).is_none_or(|byte| *byte <= b' ');
    memchr::memchr_iter(b'\'', &bytes[at + 1..]).map(|found| at + 1 + found).find(closes)
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
    columns: KeyedColumns,
}

impl Parser for LogfmtParser {
    fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut keys = KeyCursor::of_text(&self.columns.index);
        let mut rows = Rows::new(self, out);
        for (unit, line) in scan::lines(chunk) {
            rows.tally.read += 1;
            if scan::is_blank(line) {
                rows.tally.blank += 1;
                continue;
            }
            keys.begin_row();
            rows.words.begin_row();
            let read = if memchr::memchr(0x1b, line.as_bytes()).is_none() {
                each_pair(line, |key, value| {
                    let is_word = rows.words.takes(key, value.map(Written::shown));
                    rows.pair(keys.find(keys.told(key, value.is_some() && !is_word)), key, value, is_word, out)
                })
            } else {
                let plain = scan::without_colours(line);
                each_pair(&plain, |key, value| {
                    let is_word = rows.words.takes(key, value.map(Written::shown));
                    rows.pair(keys.find_copied(keys.told(key, value.is_some() && !is_word)), key, value, is_word, out)
                })
            };
            rows.end(read, unit, line, out);
        }
        if !rows.more.is_taken() {
            keys.finish(&mut rows.tally);
        }
        rows.more.finish(&mut rows.tally);
        rows.unfit.finish(&self.columns.schema, &mut rows.tally);
        rows.tally
    }
}

/// The rows of a chunk as they come to be.
struct Rows<'a> {
    parser: &'a LogfmtParser,
    tally: Tally,
    wanted: Vec<bool>,
    /// By column, the unit that set it last.
    set_in: Vec<u64>,
    unfit: Unfit,
    more: More,
    words: SecretWords,
    scratch: String,
}

impl<'a> Rows<'a> {
    fn new(parser: &'a LogfmtParser, out: &dyn Columns) -> Self {
        let schema = &parser.columns.schema;
        Self {
            parser,
            tally: Tally::default(),
            wanted: (0..schema.len()).map(|column| out.wants(column)).collect(),
            set_in: vec![0; schema.len()],
            unfit: Unfit::new(schema),
            more: More::of(schema, out),
            words: SecretWords::default(),
            scratch: String::new(),
        }
    }

    /// Takes one pair of the row; `is_word`: it is none where it has no column.
    #[inline]
    fn pair(&mut self, column: Option<usize>, key: &str, value: Option<Written>, is_word: bool, out: &mut dyn Columns) {
        let column = match column {
            Some(column) if self.set_in[column] == self.tally.read => {
                self.parser.columns.index.next_of(key, |next| self.set_in[next] != self.tally.read).unwrap_or(column)
            }
            Some(column) => column,
            None if is_word && self.more.is_taken() => return self.more.leave_word(),
            None if self.more.is_taken() => return self.add_more(key, value),
            None => return,
        };
        if !self.wanted[column] {
            self.set_in[column] = self.tally.read;
            return;
        }
        if self.more.is(column) {
            self.more.keep_own(json_of(value));
        }
        let is_repeated = self.set_in[column] == self.tally.read;
        if is_repeated {
            self.unfit.note_change(column, Change::Repeated);
        }
        let fit = self.parser.read_value(value, column, &mut self.scratch, out);
        if fit != Fit::Unfit {
            self.set_in[column] = self.tally.read;
            self.unfit.note_fit(column, fit);
            return;
        }
        if is_repeated {
            out.value(column, Value::Null);
        }
        if value.is_none_or(|value| !value.raw.is_empty()) {
            self.unfit.note(column);
        }
    }

    #[cold]
    fn add_more(&mut self, key: &str, value: Option<Written>) {
        let json = json_of(value);
        let key = serde_json::Value::from(key).to_string();
        self.more.add(key.trim_start_matches('"').trim_end_matches('"'), &json);
    }

    /// Ends the row, or turns the line away.
    fn end(&mut self, read: Result<usize, &'static str>, unit: Unit, line: &str, out: &mut dyn Columns) {
        let fault = match read {
            Ok(0) => "there is no key=value pair",
            Ok(_) => {
                self.unfit.end_row();
                self.more.end_row(out);
                out.end_row(unit);
                self.tally.accepted += 1;
                self.tally.rows += 1;
                return;
            }
            Err(fault) => fault,
        };
        self.unfit.abandon_row();
        self.more.abandon_row();
        out.abandon_row();
        out.quarantine(unit, fault, line.as_bytes());
        self.tally.quarantined += 1;
    }
}

impl LogfmtParser {
    /// Reads a value into its column.
    #[inline]
    fn read_value(&self, value: Option<Written>, column: usize, scratch: &mut String, out: &mut dyn Columns) -> Fit {
        let mut is_whole = true;
        let text = match value {
            None => "true",
            Some(value) if value.raw.is_empty() && !value.quoted => return Fit::Unfit,
            Some(value) if value.escaped => {
                scratch.clear();
                is_whole = unescape(value.raw, scratch);
                scratch
            }
            Some(value) => value.raw,
        };
        let KeyedColumns { schema, cells, .. } = &self.columns;
        let fit = cells[column].read_written(text, column, &schema.fields[column], out);
        if fit == Fit::Kept && !is_whole { Fit::Inside(Change::Halved.into()) } else { fit }
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
        assert_eq!(reading.json(), ["[1,null,null]", "[1,2,null]"]);
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
    fn repeated_keys_single_quotes_and_colours_are_kept() {
        let text = "\u{1b}[32mlevel\u{1b}[0m=info tag=x tag=y msg='two words' name=it's tag=z\n\
                    level=warn tag=q msg=\"b\" name=o\n";
        let reading = read(&spec(), text);
        assert_eq!(
            reading.columns(),
            ["level String", "tag String", "tag_2 String", "msg String", "name String", "tag_3 String"]
        );
        assert_eq!(reading.json(), [r#"["info","x","y","two words","it's","z"]"#, r#"["warn","q",null,"b","o",null]"#]);
        assert_eq!(recognise(&Sample::whole("x", text))[0].format, spec());
        let narrow = read_as(&spec(), &Schema::of([("tag", DataType::String)]), "tag=x tag=y\n");
        assert_eq!(narrow.json(), [r#"["y"]"#]);
        assert_eq!(format!("{:?}", narrow.tally.changes.repeated), r#"{"tag": 1}"#);
    }

    #[test]
    fn a_credential_is_no_key() {
        const TEXT: &str = "level=info Authorization: Basic dXNlcjU6SHVudFBhc3M=\n\
                            level=info token: dXNlcjM6SHVudFBhc3M= n=1\n\
                            level=info password: hunter2\n\
                            level=info user_password HUNTER2= ok\n\
                            level=info password= HUNTER2 n=2\n\
                            level=info YWRtaW46cGFzc3dvcmQxMg==\n";
        let columns = ["level String", "Authorization: Boolean", "token: Boolean", "n Int", "password: Boolean"];
        let more = ["user_password Boolean", "password String"];
        assert_eq!(read(&spec(), TEXT).columns(), columns.into_iter().chain(more).collect::<Vec<_>>());
        let narrow = Schema::of([("level", DataType::String)]);
        let told = read_as(&spec(), &narrow, &format!("{TEXT}level=info a\\b=1\n")).tally.unknown_keys;
        assert_eq!(format!("{told:?}"), r#"{"(other keys)": 1, "(words without a value)": 12, "n": 2, "password": 1}"#);
        let open = Schema::of([("level", DataType::String), ("_more", DataType::String)]);
        let reading = read_as(&spec(), &open, TEXT);
        let more: Vec<String> = reading.rows.iter().map(|row| row[1].to_json().to_string()).collect();
        assert!(!more.concat().contains("HUNT") && !more.concat().contains("dXNl"), "{more:?}");
        assert_eq!(reading.tally.unknown_keys.get("(words without a value)"), Some(&8));
        // A declared column is one whatever its name.
        let own = Schema::of([("dXNlcjM6SHVudFBhc3M", DataType::String), ("b", DataType::Boolean)]);
        assert_eq!(read_as(&spec(), &own, "dXNlcjM6SHVudFBhc3M=x token: b\n").json(), [r#"["x",true]"#]);
    }

    #[test]
    fn keys_behind_the_sample_are_kept() {
        let sample = Sample { whole: false, ..Sample::whole("sample", "a=1\n") };
        let parser = Logfmt.prepare(&spec(), None, &sample).unwrap();
        let reading = crate::formats::testing::read_with(parser.as_ref(), &["a=1\na=2 b=\"x \\\"y\" c\n"]);
        assert_eq!(reading.json(), ["[1,null]", r#"[2,"{\"b\":\"x \\\"y\",\"c\":true}"]"#]);
        assert!(reading.tally.unknown_keys.is_empty());
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
