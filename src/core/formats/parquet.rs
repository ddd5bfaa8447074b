//! Parquet: recognised here, read by the engine, which also finds the schema. Imports data.

use super::{Chunk, Columns, Format, FormatSpec, Framing, OptionSpec, Parser, Recognition, Sample, Tally, Unit};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;

/// What a Parquet file begins and ends with.
const MAGIC: &[u8] = b"PAR1";

/// The format `parquet`.
pub struct Parquet;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn title(&self) -> &'static str {
        "Parquet"
    }

    fn doc(&self) -> &'static str {
        "Apache Parquet: columns with their types, as written by Pipewright, Spark, Polars, pandas and most engines."
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn is_text(&self) -> bool {
        false
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        sample.head.starts_with(MAGIC).then(|| Recognition {
            format: FormatSpec::new("parquet"),
            score: 100,
            reasons: vec!["the file begins with Parquet's magic bytes `PAR1`".to_owned()],
        })
    }

    fn prepare(&self, spec: &FormatSpec, schema: Option<&Schema>, _: &Sample) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let schema = schema.cloned().unwrap_or(Schema { open: true, ..Schema::default() });
        Ok(Box::new(ParquetParser { schema }))
    }
}

struct ParquetParser {
    schema: Schema,
}

impl Parser for ParquetParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn framing(&self) -> Framing {
        Framing::Native
    }

    /// Parquet is no text: a text that is handed over all the same is kept aside.
    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        if chunk.text.is_empty() {
            return Tally::default();
        }
        let unit = Unit { line: chunk.first_line, offset: chunk.offset };
        out.quarantine(unit, "text is no Parquet file", chunk.text.as_bytes());
        Tally { read: 1, quarantined: 1, ..Tally::default() }
    }
}
