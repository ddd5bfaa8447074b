//! What the formats' tests share: reading a text, whole or in chunks, and the sample files.

use super::{Chunk, Columns, FormatSpec, Framing, Parser, RowCollector, Sample, Tally, format};
use crate::data::{DataType, Schema, Value};
pub use crate::needs::{sample, samples};

/// A file of the cases that lie beside the samples.
pub fn case(name: &str) -> Option<std::path::PathBuf> {
    let path = samples()?.join("../cases").join(name);
    crate::needs::need(&format!("there is no case `{name}`"), path.exists().then_some(path))
}

/// What a text gave.
pub struct Reading {
    pub schema: Schema,
    pub rows: Vec<Vec<Value>>,
    /// Line, reason and raw text.
    pub quarantined: Vec<(u64, String, String)>,
    /// Line and offset of each row.
    pub places: Vec<(u64, u64)>,
    pub tally: Tally,
}

impl Reading {
    /// The rows as JSON, in the order of the schema.
    pub fn json(&self) -> Vec<String> {
        let text = |row: &Vec<Value>| serde_json::to_string(row).unwrap();
        self.rows.iter().map(text).collect()
    }

    /// The columns as `name Type`.
    pub fn columns(&self) -> Vec<String> {
        self.schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect()
    }
}

/// A parser of whole files that begin with `ok`.
pub struct OfWholes(pub Schema);

impl Parser for OfWholes {
    fn schema(&self) -> &Schema {
        &self.0
    }
    fn framing(&self) -> Framing {
        Framing::Whole
    }
    fn cut(&self, _: &[u8]) -> usize {
        3
    }
    fn is_hopeless(&self, head: &str) -> bool {
        !head.starts_with("ok")
    }
    fn parse(&self, _: &Chunk, _: &mut dyn Columns) -> Tally {
        Tally::default()
    }
}

/// Checks that files are cut and judged as `OfWholes` has it, before which the parser stands.
pub fn assert_is_before_wholes(parser: &dyn Parser) {
    assert_eq!((parser.framing(), parser.is_divisible(), parser.cut(b"a\nb\n")), (Framing::Whole, false, 3));
    assert_eq!((parser.is_hopeless("no"), parser.is_hopeless("ok")), (true, false));
}

/// Prepares `spec` from `text` as sample.
pub fn prepare(spec: &FormatSpec, schema: Option<&Schema>, text: &str) -> Box<dyn Parser> {
    super::prepare(format(&spec.name).unwrap(), spec, schema, &Sample::whole("sample", text)).unwrap()
}

/// Reads `text` with its own schema.
pub fn read(spec: &FormatSpec, text: &str) -> Reading {
    read_with(prepare(spec, None, text).as_ref(), &[text])
}

/// Reads `text` with a given schema.
pub fn read_as(spec: &FormatSpec, schema: &Schema, text: &str) -> Reading {
    read_with(prepare(spec, Some(schema), text).as_ref(), &[text])
}

/// Reads the pieces of a file one after the other, and checks what holds for every reading.
pub fn read_with(parser: &dyn Parser, pieces: &[&str]) -> Reading {
    read_at(parser, pieces, 0)
}

/// Like `read_with`, of a file that was last changed at `file_time`, in microseconds since 1970.
pub fn read_at(parser: &dyn Parser, pieces: &[&str], file_time: i64) -> Reading {
    let mut out = RowCollector::new(parser.schema());
    let mut tally = Tally::default();
    let whole = pieces.concat();
    let mut end = whole.len().min(65_536);
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    let (mut first_line, mut offset, mut carried) = (1, 0, String::new());
    for text in pieces {
        let chunk = Chunk { text, first_line, offset, head: &whole[..end], carried: &carried, file_time };
        tally.add(&parser.parse(&chunk, &mut out));
        carried = parser.carry(&carried, text.as_bytes()).unwrap_or_default();
        first_line += text.matches('\n').count() as u64;
        offset += text.len() as u64;
    }
    assert!(tally.is_balanced(), "{tally:?}");
    assert_types(parser.schema(), &out);
    assert_eq!(tally.rows as usize, out.rows.len());
    assert_eq!(tally.quarantined as usize, out.quarantined.len());
    Reading {
        schema: parser.schema().clone(),
        places: out.rows.iter().map(|(unit, _)| (unit.line, unit.offset)).collect(),
        rows: out.rows.into_iter().map(|(_, row)| row).collect(),
        quarantined: out
            .quarantined
            .into_iter()
            .map(|(unit, reason, raw)| (unit.line, reason, String::from_utf8_lossy(&raw).into_owned()))
            .collect(),
        tally,
    }
}

/// A column of another type takes no value, so that what is handed over so is lost.
fn assert_types(schema: &Schema, out: &RowCollector) {
    for (_, row) in &out.rows {
        for (field, value) in schema.fields.iter().zip(row) {
            let is_right = match &field.data_type {
                DataType::List(_) | DataType::Record(_) | DataType::Unknown => true,
                data_type => value.is_null() || value.data_type() == *data_type,
            };
            assert!(is_right, "`{}` is {}, and not {value:?}", field.name, field.data_type);
        }
    }
}

/// The rows as JSON, without what is null.
pub fn named_rows(reading: &Reading) -> Vec<serde_json::Value> {
    let named = |row: &Vec<Value>| {
        let values = reading.schema.names().zip(row).filter(|(_, value)| !value.is_null());
        values.map(|(name, value)| (name.to_owned(), value.to_json())).collect()
    };
    reading.rows.iter().map(named).collect()
}

/// Cuts a text as the engine does: windows of `size` bytes at least, each ending where the parser says.
pub fn pieces<'a>(parser: &dyn Parser, text: &'a str, size: usize) -> Vec<&'a str> {
    if parser.framing() != Framing::Cut {
        return vec![text];
    }
    let mut pieces = Vec::new();
    let (mut start, mut end) = (0, 0);
    while start < text.len() {
        end = (end + size).min(text.len());
        let cut = if end == text.len() { end - start } else { parser.cut(&text.as_bytes()[start..end]) };
        if cut > 0 {
            pieces.push(&text[start..start + cut]);
            start += cut;
            end = start;
        }
    }
    pieces
}
