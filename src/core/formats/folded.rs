//! JSON whose rows lie folded: exports of telemetry (OpenTelemetry, Jaeger), answers of Prometheus and Loki, and tables whose
//! names stand apart from their values. Each record is unfolded to one flat object, with what its envelopes say of it, and
//! is read as objects are. Imports data.

mod jaeger;
mod otlp;
mod series;
mod table;
mod unfold;

pub use jaeger::JAEGER_JSON;
pub use otlp::OTLP_JSON;
pub use series::{LOKI_API, PROMETHEUS_API};
pub use table::JSON_TABLE;

use super::json::Scanner;
use super::json_document::{Places, broken, floor, is_hopeless_json};
use super::json_rows::{ObjectReader, ObjectShape};
use super::json_shape::Shape;
use super::keys::with_more;
use super::{
    Chunk, Columns, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, scan,
};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use unfold::{Batch, Flat};

/// Bytes of a document without rows that quarantine keeps.
const KEPT: usize = 4096;
/// How telling a document of one of these kinds is: before JSON lines and documents, which it is as well.
const WEIGHT: u8 = 98;

const DOCUMENTS: OptionSpec = OptionSpec {
    name: "documents",
    kind: OptionKind::Choice(&["lines", "whole"]),
    default: "lines",
    doc: "how documents are written: one a line (`lines`), or over several lines (`whole`), where a file is read as one \
          piece",
};

/// A kind of JSON documents whose rows lie folded.
#[derive(Clone, Copy)]
pub struct Folded {
    name: &'static str,
    title: &'static str,
    doc: &'static str,
    examples: &'static [&'static str],
    /// What documents of the kind hold: `spans of Jaeger`.
    holds: &'static str,
    /// Columns with the types that they have whatever the sample shows of them.
    types: &'static [(&'static str, DataType)],
    /// Takes the rows of a document, which may be cut off; false where it is none of the kind.
    unfold: fn(&str, &mut Flat) -> bool,
}

impl Folded {
    /// Hands the rows of a document, or of a list of documents, over; false where it is none of the kind.
    fn unfold(&self, document: &str, is_cut: bool, sink: &mut dyn FnMut(&Batch)) -> bool {
        let mut flat = Flat::new(document, is_cut, sink);
        let document = document.trim_start();
        let is_found = (self.unfold)(document, &mut flat)
            || document.starts_with('[')
                && unfold::each(unfold::items(document), |item| (self.unfold)(item, &mut flat));
        flat.flush();
        is_found
    }

    /// Whether a document, which may be cut off, is of the kind and has a row.
    fn is_in(&self, document: &str) -> bool {
        let mut has_rows = false;
        self.unfold(document, true, &mut |_| has_rows = true) && has_rows
    }

    fn sampled_schema(&self, documents: &[&str]) -> Schema {
        let mut shape = Shape::Record(Vec::new());
        for document in documents {
            self.unfold(document, true, &mut |batch| {
                for (_, row) in batch.rows() {
                    let absorbed = shape.absorb(&mut Scanner::new(row));
                    debug_assert!(absorbed.is_ok(), "{row}");
                }
            });
        }
        let mut schema = shape.schema();
        for field in &mut schema.fields {
            if let Some((_, data_type)) = self.types.iter().find(|(name, _)| *name == field.name) {
                field.data_type = data_type.clone();
            }
        }
        // Times stand first, where they are missing from the first record, too.
        let place = |field: &Field| ["time", "time_ns"].iter().position(|name| *name == field.name).unwrap_or(2);
        schema.fields.sort_by_key(place);
        schema
    }
}

/// Whether documents are written over several lines.
fn is_whole(spec: &FormatSpec) -> bool {
    spec.option(DOCUMENTS.name) == Some("whole")
}

/// The documents of a sample.
fn sampled<'a>(spec: &FormatSpec, sample: &'a Sample) -> Vec<&'a str> {
    if !is_whole(spec) {
        return scan::sample_lines(sample).collect();
    }
    let mut documents = Vec::new();
    let mut scanner = Scanner::new(scan::text(&sample.head));
    while !scanner.is_at_end() {
        let rest = scanner.rest();
        let Ok(document) = scanner.raw() else {
            documents.push(rest);
            break;
        };
        documents.push(document);
    }
    documents
}

impl Format for Folded {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn examples(&self) -> &'static [&'static str] {
        self.examples
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[DOCUMENTS]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let text = scan::text(&sample.head).trim_start();
        if !text.starts_with(['{', '[']) {
            return None;
        }
        let spec = FormatSpec::new(self.name);
        let first = text.split_once('\n').map_or(text, |(line, _)| line);
        let is_line = first.len() == text.len() || Scanner::new(first).skip().is_ok();
        if !is_line {
            let reason = format!("the document holds {}", self.holds);
            let found =
                Recognition { format: spec.with(DOCUMENTS.name, "whole"), score: WEIGHT, reasons: vec![reason] };
            return self.is_in(text).then_some(found);
        }
        if !self.is_in(first) {
            return None;
        }
        let (mut fitting, mut lines) = (0, 0);
        for line in scan::sample_lines(sample) {
            lines += 1;
            fitting += usize::from(self.is_in(line));
        }
        scan::recognition(spec, fitting, lines, WEIGHT, "line", &format!("hold {}", self.holds))
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let own = || with_more(self.sampled_schema(&sampled(spec, sample)), sample.whole);
        let shape = ObjectShape::new(schema.cloned().unwrap_or_else(own));
        Ok(Box::new(FoldedParser { kind: *self, shape, is_whole: is_whole(spec) }))
    }
}

struct FoldedParser {
    kind: Folded,
    shape: ObjectShape,
    is_whole: bool,
}

impl FoldedParser {
    /// Reads a document; `text` is the chunk's that it stands in.
    fn document(&self, document: &str, places: &mut Places, out: &mut dyn Columns, tally: &mut Tally) {
        let start = document.as_ptr() as usize - places.text.as_ptr() as usize;
        let is_found = self.kind.unfold(document, false, &mut |batch| {
            let mut rows = ObjectReader::new(&self.shape, out);
            for (at, row) in batch.rows() {
                let unit = places.unit(start + at);
                tally.read += 1;
                match rows.read(&mut Scanner::new(row), out) {
                    Ok(()) => {
                        rows.end_row(unit, out);
                        tally.accepted += 1;
                        tally.rows += 1;
                    }
                    Err(fault) => {
                        rows.abandon_row(out);
                        out.quarantine(unit, fault.reason, row.as_bytes());
                        tally.quarantined += 1;
                    }
                }
            }
            rows.finish(tally);
        });
        if !is_found {
            let unit = places.unit(start);
            let kept = &document.as_bytes()[..floor(document, document.len().min(KEPT))];
            out.quarantine(unit, &format!("the document holds no {}", self.kind.holds), kept);
            tally.read += 1;
            tally.quarantined += 1;
        }
    }
}

impl Parser for FoldedParser {
    fn schema(&self) -> &Schema {
        &self.shape.schema
    }

    fn framing(&self) -> Framing {
        if self.is_whole { Framing::Whole } else { Framing::Cut }
    }

    fn is_hopeless(&self, head: &str) -> bool {
        self.is_whole && is_hopeless_json(head)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let (text, bom) = scan::without_bom(chunk);
        let mut places = Places { text, at: 0, line: chunk.first_line, offset: chunk.offset + bom as u64 };
        let mut tally = Tally::default();
        if !self.is_whole {
            for (unit, line) in scan::lines(chunk) {
                if scan::is_blank(line) {
                    tally.read += 1;
                    tally.blank += 1;
                    continue;
                }
                let mut places = Places { text: line, at: 0, line: unit.line, offset: unit.offset };
                let mut check = Scanner::new(line);
                match check.skip() {
                    Ok(_) => self.document(line, &mut places, out, &mut tally),
                    Err(fault) => broken(&mut places, fault, out, &mut tally),
                }
            }
            return tally;
        }
        let mut scanner = Scanner::new(text);
        while !scanner.is_at_end() {
            match scanner.raw() {
                Ok(document) => self.document(document, &mut places, out, &mut tally),
                Err(fault) => {
                    broken(&mut places, fault, out, &mut tally);
                    break;
                }
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests;
