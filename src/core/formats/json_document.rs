//! JSON documents: records somewhere inside one document, or several one after the other, pretty-printed or not.
//! Imports data.

use super::json::{Fault, Kind, Scanner};
use super::json_lines::not_an_object;
use super::json_path::{RecordPath, Visitor, guess};
use super::json_rows::{ObjectReader, ObjectShape};
use super::json_shape::Shape;
use super::keys::with_more;
use super::{
    Chunk, Columns, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unit, scan,
};
use crate::data::Schema;
use crate::data::figures::counted;
use crate::diagnostic::Diagnostic;

/// Bytes of a broken document that quarantine keeps.
const KEPT: usize = 4096;
/// Items of a document that are no records, and that quarantine keeps one by one: an array of numbers has millions.
const KEPT_ITEMS: u64 = 1000;

/// The format `json_document`.
pub struct JsonDocument;

const OPTIONS: [OptionSpec; 1] = [OptionSpec {
    name: "records",
    kind: OptionKind::Text,
    default: "",
    doc: "path to the records: `items`, `data.results`, `[*].items`; `$`: the document itself, or its items where it \
          is an array; empty: guessed",
}];

/// What is to be told of values that stand around the records of a document: no row has them.
fn told_beside(path: &str, text: &str) -> Option<String> {
    /// Names that are told.
    const MOST: usize = 8;
    let found = RecordPath::parse(path).ok()?.beside(text);
    let names: Vec<String> = found.iter().take(MOST).map(|(name, _)| format!("`{name}`")).collect();
    let names = match found.len().saturating_sub(MOST) {
        0 if names.is_empty() => return None,
        0 => names.join(", "),
        further => format!("{} and {further} more", names.join(", ")),
    };
    let told = format!("what stands around them is in no column: {names}");
    Some(match found.iter().find(|(_, has_records)| *has_records) {
        Some((list, _)) => format!("{told}; `{list}` is a list of objects, too"),
        None => told,
    })
}

impl Format for JsonDocument {
    fn name(&self) -> &'static str {
        "json_document"
    }

    fn title(&self) -> &'static str {
        "JSON document"
    }

    fn doc(&self) -> &'static str {
        "A JSON document, as interfaces answer with: an array of objects, or objects at a path inside, such as \
         `items` or `[*].items` for a list of pages. Each object becomes a row with typed columns, nested ones \
         included. Values around the records are left out, and told by name."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["[\n {\"id\": 1, \"name\": \"a\"},\n {\"id\": 2, \"name\": \"b\"}\n]"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let text = scan::text(&sample.head).trim_start();
        let mut scanner = Scanner::new(text);
        if !matches!(scanner.kind().ok()?, Kind::Record | Kind::List) {
            return None;
        }
        let found = guess(text);
        let whole_lines = text.lines().filter(|line| !scan::is_blank(line)).count();
        // Arrays of anything else than objects are no records: `[12] text`, `[1,2]`.
        if text.starts_with('[') && !scanner.holds_record() && text[1..].trim_start() != "]" {
            return None;
        }
        let mut faults = scanner.clone();
        let weight = match documents(&mut faults) {
            // Another value on the next line: rather JSON lines.
            Ok(2..) => 60,
            // One line that holds one object: JSON lines as well, unless the records lie inside.
            Ok(_) if whole_lines == 1 && !found.as_ref().is_some_and(|found| is_envelope(found, text)) => 85,
            Ok(_) => 96,
            Err((_, fault)) if !sample.whole && fault.at >= text.trim_end().len() => 96,
            // Broken further in: JSON all the same, if most of it goes well. Where whole values stand before the
            // fault, lines of something else lie between them.
            Err((0, fault)) if fault.at > 200 && fault.at * 2 > text.len() => 60,
            Err(_) => return None,
        };
        // The path is written down in any case, so that every file of the source is read the same way.
        let spec = FormatSpec::new("json_document");
        let (format, reason) = match &found {
            Some((path, length)) if !path.is_empty() => (
                spec.with("records", path),
                format!("one JSON document, with {} at `{path}`", counted(*length as u64, "object")),
            ),
            Some((_, length)) => {
                (spec.with("records", "$"), format!("a JSON array of {}", counted(*length as u64, "object")))
            }
            None => (spec.with("records", "$"), "one JSON document".to_owned()),
        };
        let reason = if sample.whole { reason } else { format!("{reason} in the first 64 KiB") };
        let beside = format.option("records").and_then(|path| told_beside(path, text));
        Some(Recognition { format, score: weight, reasons: std::iter::once(reason).chain(beside).collect() })
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let text = scan::text(&sample.head);
        let path = match spec.option("records").filter(|path| !path.is_empty()) {
            Some(written) => RecordPath::parse(written).map_err(|fault| {
                Diagnostic::error("PW0851", format!("the path to the records cannot be read: {fault}"))
                    .help("write keys with points between, `[*]` for every item of an array: `[*].items`")
                    .field("records")
            })?,
            None => RecordPath::parse(&guess(text).map(|(path, _)| path).unwrap_or_default()).unwrap_or_default(),
        };
        let schema = schema.cloned().unwrap_or_else(|| with_more(sampled_schema(&path, text), sample.whole));
        Ok(Box::new(JsonDocumentParser { path, shape: ObjectShape::new(schema) }))
    }
}

/// Whether an object is there for the records inside of it: several, or one beside which nothing stands.
fn is_envelope((path, count): &(String, usize), text: &str) -> bool {
    let holds_nothing_else = || RecordPath::parse(path).is_ok_and(|path| path.beside(text).is_empty());
    *count > 1 || !path.is_empty() && holds_nothing_else()
}

/// How many values stand one after the other; where a fault comes, those before it.
fn documents(scanner: &mut Scanner) -> Result<usize, (usize, Fault)> {
    let mut count = 0;
    while !scanner.is_at_end() {
        match scanner.kind() {
            Ok(Kind::Record | Kind::List) => {}
            Ok(_) => return Err((count, scanner.fault("an object is expected"))),
            Err(fault) => return Err((count, fault)),
        }
        scanner.skip().map_err(|fault| (count, fault))?;
        count += 1;
    }
    Ok(count)
}

/// The columns of the sampled records, as far as the sample goes.
fn sampled_schema(path: &RecordPath, text: &str) -> Schema {
    let mut shape = Shape::Record(Vec::new());
    let mut scanner = Scanner::new(text);
    while !scanner.is_at_end() {
        let read = path.each(&mut scanner, &mut |scanner: &mut Scanner| match scanner.kind()? {
            Kind::Record => shape.absorb(scanner),
            _ => scanner.skip().map(|_| ()),
        });
        if read.is_err() {
            break;
        }
    }
    shape.schema()
}

struct JsonDocumentParser {
    path: RecordPath,
    shape: ObjectShape,
}

impl Parser for JsonDocumentParser {
    fn schema(&self) -> &Schema {
        &self.shape.schema
    }

    fn framing(&self) -> Framing {
        Framing::Whole
    }

    fn is_hopeless(&self, head: &str) -> bool {
        is_hopeless_json(head)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let (text, bom) = scan::without_bom(chunk);
        let mut places = Places { text, at: 0, line: chunk.first_line, offset: chunk.offset + bom as u64 };
        let mut tally = Tally::default();
        let mut rows = ObjectReader::new(&self.shape, out);
        let mut further = Further::default();
        let mut scanner = Scanner::new(text);
        while !scanner.is_at_end() {
            // Checked before the first row, since rows that are handed over stay.
            let mut check = scanner.clone();
            if let Err(fault) = check.skip() {
                broken(&mut places, fault, out, &mut tally);
                break;
            }
            let start = scanner.at();
            let mut records =
                Records { rows: &mut rows, places: &mut places, out, tally: &mut tally, further: &mut further };
            match self.path.each(&mut scanner, &mut records) {
                Ok(true) => {}
                Ok(false) => {
                    let unit = places.unit(start);
                    let end = floor(text, check.at().min(start + KEPT));
                    out.quarantine(unit, NOWHERE, &text.as_bytes()[start..end]);
                    tally.read += 1;
                    tally.quarantined += 1;
                }
                Err(fault) => {
                    broken(&mut places, fault, out, &mut tally);
                    break;
                }
            }
        }
        further.finish(out, &mut tally);
        rows.finish(&mut tally);
        tally
    }
}

/// Whether a file with that beginning can hold no JSON documents.
pub fn is_hopeless_json(head: &str) -> bool {
    let mut scanner = Scanner::new(head.strip_prefix('\u{feff}').unwrap_or(head));
    while !scanner.is_at_end() {
        if let Err(fault) = scanner.skip() {
            return !fault.may_be_mended(head.len());
        }
    }
    false
}

/// Why a page or a document is kept aside.
const NOWHERE: &str = "the path to the records leads nowhere";

/// What a record needs to become a row.
struct Records<'r, 'a> {
    rows: &'r mut ObjectReader<'a>,
    places: &'r mut Places<'a>,
    out: &'r mut dyn Columns,
    tally: &'r mut Tally,
    further: &'r mut Further<'a>,
}

/// Items that are no records beyond those that are kept one by one: together one unit, which shows the first of them.
#[derive(Default)]
struct Further<'a> {
    first: Option<(Unit, &'a str)>,
    count: u64,
}

impl<'a> Further<'a> {
    fn add(&mut self, unit: Unit, raw: &'a str) {
        self.first.get_or_insert((unit, raw));
        self.count += 1;
    }

    fn finish(self, out: &mut dyn Columns, tally: &mut Tally) {
        if let Some((unit, raw)) = self.first {
            tally.read += 1;
            tally.quarantined += 1;
            let reason = format!("an object is expected, from here on in {} more items", self.count);
            out.quarantine(unit, &reason, raw.as_bytes());
        }
    }
}

impl<'a> Visitor<'a> for Records<'_, 'a> {
    fn nowhere(&mut self, mut page: Scanner<'a>) -> Result<(), Fault> {
        let unit = self.places.unit(page.at());
        let raw = page.raw()?;
        self.out.quarantine(unit, NOWHERE, &raw.as_bytes()[..floor(raw, raw.len().min(KEPT))]);
        self.tally.read += 1;
        self.tally.quarantined += 1;
        Ok(())
    }

    fn record(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Fault> {
        let kind = scanner.kind()?;
        let unit = self.places.unit(scanner.at());
        if kind != Kind::Record {
            let raw = scanner.raw()?;
            if self.tally.quarantined < KEPT_ITEMS {
                self.out.quarantine(unit, not_an_object(kind), raw.as_bytes());
                self.tally.read += 1;
                self.tally.quarantined += 1;
            } else {
                self.further.add(unit, raw);
            }
            return Ok(());
        }
        if let Err(fault) = self.rows.read(scanner, self.out) {
            self.rows.abandon_row(self.out);
            return Err(fault);
        }
        self.rows.end_row(unit, self.out);
        self.tally.read += 1;
        self.tally.accepted += 1;
        self.tally.rows += 1;
        Ok(())
    }
}

/// Keeps a document that is no JSON from the line of its fault on.
pub fn broken(places: &mut Places, fault: Fault, out: &mut dyn Columns, tally: &mut Tally) {
    let text = places.text;
    let start = text[..fault.at].rfind('\n').map_or(0, |end| end + 1);
    let unit = places.unit(start);
    let column = text[start..fault.at].chars().count() + 1;
    let reason = format!("the document is no JSON: {} (line {}, character {column})", fault.reason, unit.line);
    let end = floor(text, text.len().min(start + KEPT));
    out.quarantine(unit, &reason, &text.as_bytes()[start..end]);
    tally.read += 1;
    tally.quarantined += 1;
}

/// The character border at or before `at`.
pub fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Line numbers of places in a text, asked for in rising order (or, after a fault, once further back).
pub struct Places<'a> {
    pub text: &'a str,
    pub at: usize,
    pub line: u64,
    /// Of the text's first byte.
    pub offset: u64,
}

impl Places<'_> {
    pub fn unit(&mut self, at: usize) -> Unit {
        let bytes = self.text.as_bytes();
        let breaks = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        match bytes.get(self.at..at) {
            Some(passed) => self.line += breaks(passed),
            None => self.line -= breaks(&bytes[at..self.at]),
        }
        self.at = at;
        Unit { line: self.line, offset: self.offset + at as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{prepare, read, read_with, samples};
    use crate::formats::{format, recognise};

    fn spec() -> FormatSpec {
        FormatSpec::new("json_document")
    }

    const PAGES: &str = "[\n  {\"page\": 1, \"items\": [\n    {\"name\": \"a\", \"port\": 80},\n    {\"name\": \"b\"}\n  ]},\n  {\"page\": 2, \"items\": [{\"name\": \"c\", \"port\": null}]}\n]\n";

    #[test]
    fn records_lie_where_the_path_leads() {
        let found = recognise(&Sample::whole("services.json", PAGES));
        assert_eq!(found[0].format, spec().with("records", "[*].items"));
        let reasons =
            ["one JSON document, with 3 objects at `[*].items`", "what stands around them is in no column: `[*].page`"];
        assert_eq!(found[0].reasons, reasons);
        for spec in [&found[0].format, &spec()] {
            let reading = read(spec, PAGES);
            assert_eq!(reading.columns(), ["name String", "port Int"]);
            assert_eq!(reading.json(), [r#"["a",80]"#, r#"["b",null]"#, r#"["c",null]"#]);
            assert_eq!(reading.places[0], (3, 31));
            assert_eq!(reading.places[2].0, 6);
        }
    }

    #[test]
    fn what_stands_around_the_records_is_told() {
        let told = |text: &str| recognise(&Sample::whole("a.json", text))[0].reasons.get(1).cloned();
        let outer =
            r#"{"host":"web1","date":"2026-02-17","entries":[{"t":"10:00:01","cpu":1.5},{"t":"10:01:01","cpu":2}]}"#;
        assert_eq!(told(outer).as_deref(), Some("what stands around them is in no column: `host`, `date`"));
        let lists = r#"{"users":[{"id":1},{"id":2}],"orders":[{"id":10,"sum":12.5},{"id":11,"sum":1.5}]}"#;
        assert!(told(lists).unwrap().ends_with("no column: `users`; `users` is a list of objects, too"));
        for text in ["[{\"a\":1},{\"a\":2}]", "{\n\"a\": 1\n}", r#"{"items":[{"a":1},{"a":2}],"next":null}"#] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn single_objects_arrays_and_sequences() {
        assert_eq!(read(&spec(), "\u{feff}{\n \"a\": 1\n}").json(), ["[1]"]);
        assert_eq!(read(&spec(), "[{\"a\":1},{\"a\":2}]").json(), ["[1]", "[2]"]);
        assert_eq!(read(&spec(), "{\n\"a\":1\n}\n{\n\"a\":2\n}\n").json(), ["[1]", "[2]"]);
        assert_eq!(read(&spec(), "  \n").tally.read, 0);
        assert_eq!(read(&spec(), "[]").tally.read, 0);
    }

    #[test]
    fn broken_documents_are_kept_with_the_line_of_the_fault() {
        let reading = read(&spec(), "{\"a\":1}\n[\n  {\"a\": 2},\n  {\"a\" 3}\n]");
        assert_eq!(reading.json(), ["[1]"]);
        let (line, reason, raw) = &reading.quarantined[0];
        assert_eq!(*line, 4);
        assert_eq!(reason, "the document is no JSON: a colon is missing after a key (line 4, character 8)");
        assert_eq!(raw, "  {\"a\" 3}\n]");
        let reading = read(&spec(), "[{\"a\":1},7]");
        assert_eq!(reading.quarantined[0].1, "an object is expected, not a number");
        // An answer that says why there is none.
        let pages = r#"[{"items":[{"a":1}]},{"error":"rate limited"},{"items":[{"a":2}]}]"#;
        let reading = read(&spec().with("records", "[*].items"), pages);
        assert_eq!((reading.json(), reading.tally.quarantined), (vec!["[1]".to_owned(), "[2]".to_owned()], 1));
        assert!(reading.quarantined[0].2.contains("rate limited"), "{:?}", reading.quarantined);
        let reading = read(&spec().with("records", "x.y"), "{\"a\":1}");
        assert_eq!(reading.quarantined[0].1, "the path to the records leads nowhere");
        let wrong = format("json_document").unwrap().prepare(&spec().with("records", "a..b"), None, &Sample::default());
        assert_eq!(wrong.err().unwrap().location.field.as_deref(), Some("records"));
    }

    #[test]
    fn items_that_are_no_records_are_counted_and_kept_only_up_to_a_number() {
        let reading = read(&spec(), &format!("[{}{{\"a\":1}}]", "0,".repeat(5000)));
        assert_eq!((reading.tally.quarantined, reading.tally.rows), (KEPT_ITEMS + 1, 1));
        assert!(reading.quarantined.last().unwrap().1.ends_with("in 4000 more items"));
    }

    #[test]
    fn what_cannot_become_a_document_is_known_by_its_beginning() {
        let parser = prepare(&spec(), None, "");
        for (head, hopeless) in [
            ("\0\0\0\0\0\0\0\0\0\0\0\0\0\0", true),
            ("plain words and nothing else", true),
            ("{\"a\":1} and then something else", true),
            ("[1, 2, [3", false),
            ("{\"a\": \"open text that goes on and on", false),
            ("{\"a\": \"open \\u00", false),
            ("{\"a\": tru", false),
            ("{\"a\":1}\n{\"a\":", false),
            ("", false),
        ] {
            assert_eq!(parser.is_hopeless(head), hopeless, "{head}");
        }
    }

    #[test]
    fn recognition_tells_documents_from_lines() {
        let best = |text: &str| recognise(&Sample::whole("x", text))[0].format.name.clone();
        assert_eq!(best("{\"a\":1}\n{\"a\":2}\n"), "json_lines");
        assert_eq!(best("{\"a\":1}\n"), "json_lines");
        assert_eq!(best("{\"items\":[{\"a\":1},{\"a\":1}]}\n"), "json_document");
        assert_eq!(best("{\n\"a\":1}\n"), "json_document");
        let cut = Sample { whole: false, ..Sample::whole("x", "[{\"a\":\n1},{\"a\":\n") };
        assert_eq!(recognise(&cut)[0].format.name, "json_document");
    }

    #[test]
    fn what_is_no_document_is_not_proposed_as_one() {
        for text in [
            "[12] text\n[13] more\n",
            "[1,2]\n[3,4]\n",
            "{\"a\":1}\nplain words\n{\"a\":2}\nmore plain words\nand more\n",
            "[[1,2],[3,4]]\n",
        ] {
            let found = recognise(&Sample::whole("x", text));
            assert!(found.iter().all(|found| found.format.name != "json_document"), "{text}: {found:?}");
        }
    }

    #[test]
    fn conformance_files_are_taken_and_refused_as_they_should() {
        let Some(folder) = samples() else { return };
        let parser = prepare(&spec().with("records", "$"), None, "");
        let (mut seen, mut wrong) = (0, Vec::new());
        for entry in std::fs::read_dir(folder.join("json-conformance")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            // Several documents after each other, control characters in strings and an empty file are taken here.
            let lenient =
                ["n_string_unescaped", "n_structure_double_array", "n_structure_object_with_trailing_garbage"];
            if !name.ends_with(".json") || lenient.iter().any(|lenient| name.starts_with(lenient)) {
                continue;
            }
            let reading = read_with(parser.as_ref(), &[&text]);
            let broken = reading.quarantined.iter().any(|(_, reason, _)| reason.contains("no JSON"));
            if name.starts_with("y_") || name.starts_with("n_") {
                seen += 1;
                if broken != name.starts_with("n_") && !text.trim().is_empty() {
                    wrong.push(name);
                }
            }
        }
        assert!(seen > 50, "{seen}");
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn real_answers_of_interfaces() {
        let Some(folder) = samples() else { return };
        for (file, path, least) in [
            ("api-json/twitter.json", Some("statuses"), 90),
            ("api-json/github_events.json", Some("$"), 25),
            ("k8s-events/eventlist_v1_with_lastTimestamp.json", Some("items"), 1),
            ("github-webhooks/ping__payload.json", Some("$"), 1),
        ] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let found = recognise(&Sample::whole(file, &text));
            assert_eq!(found[0].format.name, "json_document", "{file}: {found:?}");
            assert_eq!(found[0].format.option("records"), path, "{file}");
            let reading = read(&found[0].format, &text);
            assert!(reading.tally.rows >= least && reading.tally.quarantined == 0, "{file}: {:?}", reading.tally);
        }
    }
}
