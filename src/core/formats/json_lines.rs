//! JSON lines (NDJSON): one object a line, or an array of objects. Imports data.

use super::json::{Fault, Kind, Scanner};
use super::json_rows::{ObjectReader, ObjectShape};
use super::json_shape::Shape;
use super::keys::with_more;
use super::nested::{self, PAYLOAD, with_payload};
use super::{Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, scan};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;

/// The format `json_lines`.
pub struct JsonLines;

/// Keys of texts that may be lines of another log.
const TEXTS: [&str; 7] = ["log", "message", "msg", "MESSAGE", "textPayload", "@message", "line"];

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "json_lines"
    }

    fn title(&self) -> &'static str {
        "JSON lines"
    }

    fn doc(&self) -> &'static str {
        "One JSON object a line (NDJSON), each key a column; an array of objects on a line gives as many rows. Types \
         come from a sample: numbers, booleans, ISO times, nested objects and arrays; values of several kinds stay \
         text. A value that does not fit its column is null, a line that is no object is kept aside. Keys that first \
         appear behind the sample come as JSON text in the column `_more`. Where `log`, `message`, `msg`, `MESSAGE`, \
         `textPayload`, `@message` or `line` is a line of another log, it is read by the format that `payload` names."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["{\"time\":\"2024-03-01T10:00:00Z\",\"level\":\"info\",\"message\":\"started\"}"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[PAYLOAD]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut objects, mut lines) = (0, 0);
        for line in scan::sample_lines(sample) {
            lines += 1;
            let mut scanner = Scanner::new(line);
            objects += usize::from(holds_objects(&mut scanner).is_ok());
        }
        let spec = FormatSpec::new("json_lines");
        let found = scan::recognition(spec, objects, lines, 95, "line", "hold a JSON object")?;
        Some(with_payload(self, found, &TEXTS, sample))
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        if let Some(parser) = nested::prepare(self, spec, schema, sample, &TEXTS)? {
            return Ok(parser);
        }
        self.check_options(spec)?;
        let schema = schema.cloned().unwrap_or_else(|| sampled_schema(sample));
        Ok(Box::new(JsonLinesParser { shape: ObjectShape::new(schema) }))
    }
}

/// The columns of all objects of the sample.
fn sampled_schema(sample: &Sample) -> Schema {
    let mut shape = Shape::Record(Vec::new());
    for line in scan::sample_lines(sample) {
        let mut scanner = Scanner::new(line);
        let Ok(kind) = holds_objects(&mut scanner) else { continue };
        let mut scanner = Scanner::new(line);
        let absorbed = match kind {
            Kind::List => each_item(&mut scanner, |scanner| shape.absorb(scanner)),
            _ => shape.absorb(&mut scanner),
        };
        debug_assert!(absorbed.is_ok(), "the line was checked");
    }
    with_more(shape.schema(), sample.whole)
}

/// Checks that a line is one object, or one array of objects, and which.
fn holds_objects(scanner: &mut Scanner) -> Result<Kind, Fault> {
    let kind = scanner.kind()?;
    match kind {
        Kind::Record => {
            scanner.skip()?;
        }
        Kind::List => each_item(scanner, |scanner| match scanner.kind()? {
            Kind::Record => scanner.skip().map(|_| ()),
            other => Err(scanner.fault(not_an_object(other))),
        })?,
        other => return Err(scanner.fault(not_an_object(other))),
    }
    ended(scanner)?;
    Ok(kind)
}

fn each_item<'a>(
    scanner: &mut Scanner<'a>,
    mut visit: impl FnMut(&mut Scanner<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut more = scanner.enter(b']')?;
    while more {
        visit(scanner)?;
        more = scanner.next(b']')?;
    }
    Ok(())
}

/// Lines cut out of an array keep the comma behind them.
fn ended(scanner: &mut Scanner) -> Result<(), Fault> {
    scanner.pass(b',');
    if scanner.is_at_end() { Ok(()) } else { Err(scanner.fault("text follows the object")) }
}

/// Why a value of `kind` is no row.
pub fn not_an_object(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "an object is expected, not null",
        Kind::Boolean => "an object is expected, not a boolean",
        Kind::Number => "an object is expected, not a number",
        Kind::Text => "an object is expected, not a string",
        Kind::List => "an object is expected, not an array",
        Kind::Record => "an object is not expected here",
    }
}

struct JsonLinesParser {
    shape: ObjectShape,
}

impl Parser for JsonLinesParser {
    fn schema(&self) -> &Schema {
        &self.shape.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let mut rows = ObjectReader::new(&self.shape, out);
        for (unit, line) in scan::lines(chunk) {
            tally.read += 1;
            if scan::is_blank(line) {
                tally.blank += 1;
                continue;
            }
            let mut scanner = Scanner::new(line);
            let read = if line.as_bytes()[0] == b'{' || scanner.peek() == b'{' {
                rows.read(&mut scanner, out).and_then(|()| ended(&mut scanner)).map(|()| {
                    rows.end_row(unit, out);
                    tally.rows += 1;
                })
            } else {
                // Checked before the first row, since rows that are handed over stay.
                holds_objects(&mut scanner).and_then(|_| {
                    each_item(&mut Scanner::new(line), |scanner| {
                        scanner.peek();
                        rows.read(scanner, out)?;
                        rows.end_row(unit, out);
                        tally.rows += 1;
                        Ok(())
                    })
                })
            };
            match read {
                Ok(()) => tally.accepted += 1,
                Err(fault) => {
                    rows.abandon_row(out);
                    let column = line[..fault.at].chars().count() + 1;
                    out.quarantine(unit, &format!("{} (at character {column})", fault.reason), line.as_bytes());
                    tally.quarantined += 1;
                }
            }
        }
        rows.finish(&mut tally);
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Value};
    use crate::formats::recognise;
    use crate::formats::testing::{case, read, read_as, read_with, samples};

    fn spec() -> FormatSpec {
        FormatSpec::new("json_lines")
    }

    #[test]
    fn a_key_that_is_called_as_the_column_of_late_keys_is_kept() {
        let text = "{\"a\":1,\"_more\":\"x\"}\n{\"a\":2,\"_more\":\"mine\",\"late\":\"q7\"}\n{\"_more\":{\"k\":1},\"late\":2}\n{\"late\":3}\n";
        for first in ["{\"a\":1,\"_more\":\"x\"}\n", "{\"a\":1}\n"] {
            let sample = Sample { whole: false, ..Sample::whole("sample", first) };
            let parser = JsonLines.prepare(&spec(), None, &sample).unwrap();
            let reading = read_with(parser.as_ref(), &[text]);
            let more: Vec<_> = reading.rows.iter().map(|row| row[1].to_json()).collect();
            let wanted = ["x", r#"{"late":"q7","_more":"mine"}"#, r#"{"late":2,"_more":{"k":1}}"#, r#"{"late":3}"#];
            assert_eq!(more, wanted);
        }
        let open = Schema::of([("a", DataType::Int), ("_more", DataType::String)]);
        let logfmt = read_as(&FormatSpec::new("logfmt"), &open, "a=1 _more=mine late=q7\n");
        assert_eq!(logfmt.rows[0][1].to_json(), r#"{"late":"q7","_more":"mine"}"#);
        let iptables = "Mar  1 10:00:00 fw kernel: IN=eth0 OUT= SRC=192.0.2.7 _more=mine PROTO=TCP\n";
        let iptables = read_as(&FormatSpec::new("iptables"), &Schema::of([("_more", DataType::String)]), iptables);
        let json = iptables.rows[0][0].to_json();
        assert!(json.as_str().unwrap().contains(r#""_more":"mine""#), "{json}");
    }

    #[test]
    fn late_keys_have_the_protection_of_the_fields_that_they_mean() {
        use crate::data::{Classification, Labels};
        let mut schema = Schema::of(["code", "Place", "team", "_more"].map(|name| (name, DataType::String)));
        schema.fields[0].labels.classification = Some(Classification::Secret);
        schema.fields[1].labels.classification = Some(Classification::Personal);
        schema.fields[2].labels = Labels { access: Some(vec!["t".into()]), ..Labels::default() };
        let text = r#"{"Code":"S1","code ":"S2"," CO DE":"S3","code_2":"S4","Code_3":"S5","place":"S6","TEAM":"S7","decode":1,"code_x":2,"code_1":3}"#;
        let reading = read_as(&spec(), &schema, text);
        assert_eq!(reading.rows[0][3].to_json(), r#"{"decode":1,"code_x":2,"code_1":3}"#);
        assert_eq!(reading.tally.unknown_keys.values().sum::<u64>(), 7);
        // A text that is as close takes them.
        schema.fields[3].labels.classification = Some(Classification::Personal);
        let reading = read_as(&spec(), &schema, r#"{"place":"S6","Code":"S1"}"#);
        assert_eq!(reading.rows[0][3].to_json(), r#"{"place":"S6"}"#);
    }

    #[test]
    fn objects_become_rows_and_the_rest_is_kept_aside() {
        let text = "\u{feff}{\"a\":1,\"t\":\"2024-01-01T00:00:00Z\"}\r\n\n[{\"a\":2},{\"a\":3,\"t\":null}]\n17\n\
                    {\"a\":4,}\n{\"a\":5} x\n[{\"a\":6},7]\n{\"a\":8";
        let reading = read(&spec(), text);
        assert_eq!(reading.columns(), ["a Int", "t Timestamp"]);
        assert_eq!(reading.json(), [r#"[1,"2024-01-01T00:00:00Z"]"#, "[2,null]", "[3,null]"]);
        assert_eq!((reading.tally.read, reading.tally.accepted, reading.tally.blank), (8, 2, 1));
        let reasons: Vec<_> = reading.quarantined.iter().map(|(line, reason, _)| (*line, reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (4, "an object is expected, not a number (at character 1)"),
                (5, "a quoted key is missing (at character 8)"),
                (6, "text follows the object (at character 9)"),
                (7, "an object is expected, not a number (at character 10)"),
                (8, "the text ends inside a value (at character 7)"),
            ]
        );
    }

    #[test]
    fn what_is_secret_by_its_key_is_left_out_of_json_text() {
        let texts = DataType::List(Box::new(DataType::String));
        let record = DataType::Record(vec![("a".into(), DataType::String)]);
        let schema = Schema::of([("s", DataType::String), ("l", texts), ("r", record)]);
        let text = r#"{"s":{"user" : "u","password":"hidden","x":[{"apiKey":{"k":"hidden"},"n":1.50}]}}
{"s":"{\"password\":1}","l":[{"pass\u0077ord":"hidden"},{"a":{}}],"r":{"a":[{"db_pwd":"hidden"},2]}}
{"s":{"password_changed":true},"l":[[]],"r":{"a":"no: \"password\": json"}}
"#;
        let reading = read_as(&spec(), &schema, text);
        assert_eq!(
            reading.json(),
            [
                r#"["{\"user\":\"u\",\"x\":[{\"n\":1.50}]}",null,null]"#,
                r#"["{\"password\":1}",["{}","{\"a\":{}}"],{"a":"[{},2]"}]"#,
                r#"["{\"password_changed\":true}",["[]"],{"a":"no: \"password\": json"}]"#,
            ]
        );
        let left_out = [("apiKey", 1), ("db_pwd", 1), ("password", 2)].map(|(key, count)| (key.to_owned(), count));
        assert_eq!(reading.tally.unknown_keys, left_out.into());
        // So is the key of a field that somebody labelled, in any spelling, but for a column that is labelled itself.
        let mut labelled = Schema::of([("user_code", DataType::String), ("s", DataType::String)]);
        labelled.fields[0].labels.classification = Some(crate::data::Classification::Secret);
        let coded = r#"{"user_code":"c","s":{"userCode":"hidden","k":[{"USER_CODE":"hidden"}]}}"#;
        assert_eq!(read_as(&spec(), &labelled, coded).json(), [r#"["c","{\"k\":[{}]}"]"#]);
        labelled.fields[1].labels.classification = Some(crate::data::Classification::Personal);
        assert_eq!(read_as(&spec(), &labelled, coded).json(), [r#"["c","{\"k\":[{}]}"]"#]);
        labelled.fields[0].labels.classification = Some(crate::data::Classification::Personal);
        assert!(read_as(&spec(), &labelled, coded).json()[0].contains("hidden"), "both are personal");
        let mut secret = schema.clone();
        secret.fields[0].labels.classification = Some(crate::data::Classification::Secret);
        assert!(read_as(&spec(), &secret, text).json()[0].contains("hidden"), "the column goes nowhere as it is");
    }

    #[test]
    fn a_value_of_another_type_is_null_and_the_row_stays() {
        let schema = Schema::of([
            ("i", DataType::Int),
            ("f", DataType::Float),
            ("b", DataType::Boolean),
            ("t", DataType::Timestamp),
            ("s", DataType::String),
            ("l", DataType::List(Box::new(DataType::Int))),
        ]);
        let text = r#"{"i":"12","f":"1.5","b":1,"t":17,"s":12,"l":{}}
{"i":3.0,"f":3,"b":true,"t":"2024-01-01 00:00:00.5+01:00","s":{"x": "y\n"},"l":[1,null,"x"]}
{"i":99999999999999999999,"f":1e999,"b":null,"t":"xxx","s":"","l":null}
"#;
        let reading = read_as(&spec(), &schema, text);
        assert_eq!(format!("{:?}", reading.tally.changes.unfit), r#"{"b": 1, "f": 2, "i": 2, "l": 2, "t": 2}"#);
        assert_eq!(
            reading.json(),
            [
                r#"[null,null,null,null,"12",null]"#,
                r#"[3,3.0,true,"2023-12-31T23:00:00.500Z","{\"x\": \"y\\n\"}",[1,null,null]]"#,
                r#"[null,null,null,null,"",null]"#,
            ]
        );
    }

    #[test]
    fn the_last_of_duplicate_keys_holds() {
        let reading = read(&spec(), "{\"a\":1,\"b\":2,\"a\":3}\n{\"a\":1,\"a\":null}\n{\"a\":null,\"a\":7}\n");
        assert_eq!(reading.json(), ["[3,2]", "[null,null]", "[7,null]"]);
    }

    #[test]
    fn keys_that_the_schema_lacks_are_counted() {
        let schema = Schema::of([("a", DataType::Int)]);
        let reading = read_as(&spec(), &schema, "{\"a\":1,\"x\":[{}]}\n{\"\\u0061\":2,\"x\":0,\"y\":0}\n");
        assert_eq!(reading.json(), ["[1]", "[2]"]);
        assert_eq!(format!("{:?}", reading.tally.unknown_keys), r#"{"x": 2, "y": 1}"#);
    }

    #[test]
    fn keys_behind_the_sample_are_kept_in_a_column_of_their_own() {
        let part = "{\"a\":1}\n{\"a\":2}\n";
        let sample = Sample { whole: false, ..Sample::whole("sample", part) };
        let parser = JsonLines.prepare(&spec(), None, &sample).unwrap();
        let text = format!("{part}{{\"a\":3,\"b\":{{\"c\": [1]}},\"\\u00e9\":\"x\"}}\n{{\"b\":1,\n{{\"a\":4}}\n");
        let reading = read_with(parser.as_ref(), &[&text]);
        assert_eq!(reading.columns(), ["a Int", "_more String"]);
        assert_eq!(
            reading.json(),
            ["[1,null]", "[2,null]", r#"[3,"{\"b\":{\"c\": [1]},\"\\u00e9\":\"x\"}"]"#, "[4,null]"]
        );
        assert!(reading.tally.unknown_keys.is_empty() && reading.tally.quarantined == 1);
        let nested = read_as(
            &spec(),
            &Schema::of([("r", DataType::Record(vec![("x".to_owned(), DataType::Int)]))]),
            "{\"r\":{\"x\":1,\"y\":2}}\n",
        );
        assert_eq!(
            format!("{:?}", nested.tally.changes.undeclared),
            r#"{"r": 1}"#,
            "a key inside that has no place is told"
        );
    }

    #[test]
    fn what_is_secret_by_its_key_is_not_kept_behind_the_sample() {
        let part = "{\"a\":1}\n";
        let sample = Sample { whole: false, ..Sample::whole("sample", part) };
        let parser = JsonLines.prepare(&spec(), None, &sample).unwrap();
        let text = format!(
            "{part}{{\"a\":2,\"password\":\"ZZA\",\"b\":1}}\n{{\"a\":3,\"ctx\":{{\"api_key\":\"ZZB\"}}}}\n\
             {{\"a\":4,\"pass\\u0077ord\":\"ZZC\"}}\n"
        );
        let reading = read_with(parser.as_ref(), &[&text]);
        assert_eq!(reading.json(), ["[1,null]", r#"[2,"{\"b\":1}"]"#, "[3,null]", "[4,null]"]);
        assert_eq!(format!("{:?}", reading.tally.unknown_keys), r#"{"ctx": 1, "password": 2}"#);
    }

    #[test]
    fn a_late_key_and_late_kinds_are_those_of_the_case() {
        let Some(path) = case("09-json-late-types/input.jsonl") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        let end = text[..65_536].rfind('\n').unwrap() + 1;
        let head = Sample { whole: false, ..Sample::whole("input.jsonl", &text[..end]) };
        let parser = JsonLines.prepare(&spec(), None, &head).unwrap();
        let reading = read_with(parser.as_ref(), &[&text]);
        assert_eq!(reading.columns(), ["a Int", "_more String"]);
        assert_eq!(reading.rows.iter().filter(|row| !row[1].is_null()).count(), 30);
        assert!(reading.tally.unknown_keys.is_empty());
        let odd = reading.tally.changes.unfit["a"];
        // Looked through to its end, it has columns that take all.
        let reading = read(&spec(), &text);
        assert_eq!(reading.columns()[0], "a String");
        assert!(reading.columns()[1].starts_with("b ") && reading.tally.changes.is_empty());
        assert_eq!(reading.rows.iter().filter(|row| !row[1].is_null()).count(), 30);
        let is_odd = |row: &&Vec<Value>| row[0].to_json().as_str().is_some_and(|text| text.parse::<i64>().is_err());
        assert_eq!(reading.rows.iter().filter(is_odd).count() as u64, odd);
    }

    #[test]
    fn lines_cut_out_of_an_array_are_lines() {
        let text = "{\"a\":1},\n{\"a\":2},\n{\"a\":3}\n";
        assert_eq!(recognise(&Sample::whole("x", text))[0].format, spec());
        assert_eq!(read(&spec(), text).tally.rows, 3);
    }

    #[test]
    fn texts_in_a_sequence_and_bytes_of_a_journal_are_read() {
        let text = "\u{1e}{\"__CURSOR\":\"s=1\",\"MESSAGE\":\"plain\"}\n\u{1e}{\"__CURSOR\":\"s=2\",\"MESSAGE\":[72,105,10,255]}\n";
        assert_eq!(recognise(&Sample::whole("x", text))[0].format, spec());
        let reading = read(&spec(), text);
        assert_eq!(reading.json(), [r#"["s=1","plain"]"#, "[\"s=2\",\"Hi\\n\u{fffd}\"]"]);
        assert_eq!(reading.tally.replaced, 1);
        // Lists of numbers of others stay what they are.
        assert_eq!(read(&spec(), "{\"a\":\"x\"}\n{\"a\":[72,105]}\n").json()[1], r#"["[72,105]"]"#);
    }

    #[test]
    fn escapes_are_resolved_and_control_characters_taken() {
        let reading = read(&spec(), "{\"a\":\"x\\ty\\u00e9\",\"b\":\"raw\ttab\0\"}\n");
        assert_eq!(reading.rows[0], [Value::text("x\tyé"), Value::text("raw\ttab\0")]);
    }

    #[test]
    fn long_lines_and_empty_files() {
        let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(3_000_000));
        assert_eq!(read(&spec(), &long).tally.accepted, 1);
        let reading = read(&spec(), "");
        assert_eq!((reading.tally.read, reading.schema.len()), (0, 0));
    }

    #[test]
    fn real_application_logs() {
        let Some(folder) = samples() else { return };
        for (file, accepted, columns) in [
            ("bunyan.0", 10, &["pid Int", "level Int", "time Timestamp", "msg String"][..]),
            ("ecs_log.json", 5, &["@timestamp Timestamp", "log.level String"]),
            // One of its times is `xxx`.
            ("json.json", 14, &["ts String", "lvl String", "arr List<String>"]),
            ("json3.json", 3, &["started_at Float", "client_ip String"]),
            ("otel_collector.jsonl", 6, &[]),
        ] {
            let text = std::fs::read_to_string(folder.join("ndjson-app").join(file)).unwrap();
            let reading = read(&spec(), &text);
            assert_eq!((reading.tally.accepted, reading.tally.quarantined), (accepted, 0), "{file}");
            for column in columns {
                assert!(reading.columns().iter().any(|found| found == column), "{file}: {column}");
            }
        }
    }
}
