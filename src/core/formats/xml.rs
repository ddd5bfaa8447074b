//! XML as a stream of records: Windows events, reports of tests, answers of interfaces. Each element of one name is a row;
//! a record is made into a JSON object, from which columns and types come as of JSON lines. Imports data.

mod record;
mod split;

#[cfg(test)]
mod tests;

use super::json::Scanner;
use super::json_rows::{ObjectReader, ObjectShape};
use super::json_shape::Shape;
use super::keys::with_more;
use super::{
    Chunk, Columns, Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unit, scan,
};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;
use record::json_of;
use split::{Piece, outline, pieces};

/// Bytes of a broken record that quarantine keeps.
const KEPT: usize = 4096;

/// The format `xml`.
pub struct Xml;

const RECORD: OptionSpec = OptionSpec {
    name: "record",
    kind: OptionKind::Text,
    default: "auto",
    doc: "the name of the elements that are rows, as it is written: `Event`, `testcase`; `auto`: the outermost ones \
          that are repeated and hold most of the text",
};

impl Format for Xml {
    fn name(&self) -> &'static str {
        "xml"
    }

    fn title(&self) -> &'static str {
        "XML"
    }

    fn doc(&self) -> &'static str {
        "XML (w3.org, Extensible Markup Language 1.0), a document or elements one after the other, such as exported \
         Windows events and reports of tests: each element called as `record` says becomes a row. Its attributes are \
         columns, and so are elements in it, with their path: `System.Computer`. Elements that are named by an \
         attribute (`<Data Name=\"user\">`) are called by it; one that is repeated is a list. Prefixes and \
         declarations of namespaces are left out. What lies around the records is not read."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "<Event id=\"4625\"><System><Computer>web1</Computer></System><EventData><Data Name=\"user\">bob</Data></EventData></Event>",
        ]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[RECORD]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let text = scan::text(&sample.head);
        let outline = outline(text, sample.whole)?;
        let record = outline.record()?;
        let count = pieces(text, &record).filter(|piece| matches!(piece, Piece::Record(_))).count();
        let reason = format!("it begins as XML does; {count} elements `{record}`");
        let spec = FormatSpec::new(self.name()).with(RECORD.name, &record);
        Some(Recognition { format: spec, score: 96, reasons: vec![reason] })
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let text = scan::text(&sample.head);
        let record = match spec.option(RECORD.name).filter(|name| !matches!(*name, "" | "auto")) {
            Some(name) if split::is_name(name) => name.to_owned(),
            Some(name) => {
                return Err(Diagnostic::error("PW1123", format!("`{name}` is no name of an XML element"))
                    .help("give the name without brackets and path: `Event`, `testcase`")
                    .field(RECORD.name));
            }
            None => outline(text, sample.whole).and_then(|outline| outline.record()).unwrap_or_else(|| "record".into()),
        };
        let schema = match schema {
            Some(schema) => schema.clone(),
            None => sampled_schema(sample, &record),
        };
        Ok(Box::new(XmlParser { shape: ObjectShape::new(schema), record }))
    }
}

/// The columns of all records of the sample.
fn sampled_schema(sample: &Sample, record: &str) -> Schema {
    let mut shape = Shape::Record(Vec::new());
    for text in scan::sample_texts(sample) {
        for piece in pieces(text, record) {
            let Piece::Record(range) = piece else { continue };
            let Ok(json) = json_of(&text[range]) else { continue };
            let absorbed = shape.absorb(&mut Scanner::new(&json));
            debug_assert!(absorbed.is_ok(), "what was made is JSON");
        }
    }
    with_more(shape.schema(), sample.whole)
}

/// What is to be told of references to what a document declares: they stay texts, since nothing is opened for them.
pub fn open_references(spec: &FormatSpec, sample: &Sample) -> Option<Diagnostic> {
    if spec.name != "xml" {
        return None;
    }
    let name = record::unknown_reference(scan::text(&sample.head))?;
    let told = format!("references to what the document declares stay as they are written, such as `&{name};`");
    let help = "put their texts in their place (`xmllint --noent FILE`), or take them as they are";
    Some(Diagnostic::hint("PW1132", told).help(help))
}

/// The first record of a text.
#[cfg(test)]
pub fn first_record<'a>(text: &'a str, record: &str) -> &'a str {
    let found = pieces(text, record).find_map(|piece| match piece {
        Piece::Record(range) => Some(range),
        Piece::Open(_) | Piece::Between(_) => None,
    });
    found.and_then(|range| text.get(range)).unwrap_or_default()
}

struct XmlParser {
    shape: ObjectShape,
    /// The name of the elements that are rows.
    record: String,
}

impl Parser for XmlParser {
    fn schema(&self) -> &Schema {
        &self.shape.schema
    }

    /// Whether an element is inside another is told by what is before it.
    fn is_divisible(&self) -> bool {
        false
    }

    /// Behind the last record that is whole.
    fn cut(&self, bytes: &[u8]) -> usize {
        split::cut(bytes, &self.record)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let (text, mark) = scan::without_bom(chunk);
        let mut place = Place { unit: Unit { line: chunk.first_line, offset: chunk.offset + mark as u64 }, at: 0 };
        // Made before the rows, which refer to their keys.
        let found: Vec<_> = pieces(text, &self.record)
            .map(|piece| match piece {
                Piece::Record(range) => {
                    (place.of(text, range.start), &text[range.clone()], Some(json_of(&text[range])))
                }
                Piece::Open(range) => {
                    let fault = Err("the element is not closed");
                    (place.of(text, range.start), &text[range], Some(fault))
                }
                Piece::Between(range) => (place.of(text, range.start), &text[range], None),
            })
            .collect();
        let mut tally = Tally::default();
        let mut rows = ObjectReader::new(&self.shape, out);
        for (unit, raw, json) in &found {
            tally.read += 1;
            let read = match json {
                None if scan::is_blank(raw) => {
                    tally.blank += 1;
                    continue;
                }
                None => {
                    tally.meta += 1;
                    continue;
                }
                Some(Ok(json)) => rows.read(&mut Scanner::new(json), out).map_err(|fault| fault.reason),
                Some(Err(reason)) => Err(*reason),
            };
            match read {
                Ok(()) => {
                    rows.end_row(*unit, out);
                    tally.rows += 1;
                    tally.accepted += 1;
                }
                Err(reason) => {
                    rows.abandon_row(out);
                    let kept = raw.len().min(KEPT);
                    out.quarantine(*unit, reason, &raw.as_bytes()[..kept]);
                    tally.quarantined += 1;
                }
            }
        }
        rows.finish(&mut tally);
        tally
    }
}

/// Where in the chunk the walk is: places only grow.
struct Place {
    unit: Unit,
    at: usize,
}

impl Place {
    fn of(&mut self, text: &str, at: usize) -> Unit {
        let passed = &text.as_bytes()[self.at..at];
        self.unit.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.unit.offset += passed.len() as u64;
        self.at = at;
        self.unit
    }
}
