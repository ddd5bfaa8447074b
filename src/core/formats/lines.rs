//! Plain lines: what every text is, and what is proposed where nothing better fits. Imports data.

use super::declared::with_types;
use super::{Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, scan};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;

/// The format `lines`.
pub struct Lines;

impl Format for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn title(&self) -> &'static str {
        "Plain lines"
    }

    fn doc(&self) -> &'static str {
        "Text line by line, unparsed, in the column `line`. Every line fits; blank lines are counted and left out. \
         Parse text takes it from there."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["any text at all"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let lines = scan::sample_lines(sample).count();
        let control = scan::sample_texts(sample).flat_map(str::bytes).filter(|byte| *byte < 9).count();
        let size: usize = scan::sample_texts(sample).map(str::len).sum();
        // Binary files fit least.
        let weight = if control * 50 > size { 1 } else { 5 };
        scan::recognition(FormatSpec::new("lines"), lines, lines, weight, "line", "are text")
    }

    fn prepare(&self, spec: &FormatSpec, schema: Option<&Schema>, _: &Sample) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        with_types(schema, &Schema::of([("line", DataType::String)]), |schema| {
            let column = schema.index("line");
            Ok(Box::new(LinesParser { schema, column }))
        })
    }
}

struct LinesParser {
    schema: Schema,
    column: Option<usize>,
}

impl Parser for LinesParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        for (unit, line) in scan::lines(chunk) {
            tally.read += 1;
            if scan::is_blank(line) {
                tally.blank += 1;
                continue;
            }
            if let Some(column) = self.column {
                out.text(column, line);
            }
            out.end_row(unit);
            tally.accepted += 1;
            tally.rows += 1;
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::FormatSpec;
    use crate::formats::testing::read;

    #[test]
    fn lines_as_they_are_without_blank_ones() {
        let reading = read(&FormatSpec::new("lines"), "\u{feff}a b\r\n\r\n  \n\0\0\0c\0d\nlast");
        assert_eq!(reading.json(), [r#"["a b"]"#, r#"["c\u0000d"]"#, r#"["last"]"#]);
        assert_eq!(reading.places, [(1, 3), (4, 16), (5, 20)]);
        assert_eq!((reading.tally.read, reading.tally.blank), (5, 2));
        assert_eq!(read(&FormatSpec::new("lines"), "").tally.read, 0);
    }
}
