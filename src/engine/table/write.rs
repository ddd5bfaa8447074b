//! Tables as JSON lines, CSV and Parquet. Names and values are written as they are; nothing is interpreted.

use std::fs::File;
use std::io;
use std::path::Path;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use polars_io::prelude::{ParquetCompression, ParquetWriter};

use super::cells::text_of;
use super::{Cells, ResultTable};

impl ResultTable {
    /// One JSON object a line: times in ISO 8601 with `Z`, nulls as null, integers exact.
    pub fn write_jsonl(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let names: Vec<String> =
            self.schema.names().map(|name| format!("{}:", serde_json::Value::from(name))).collect();
        self.each_row(|row, columns| {
            out.write_all(b"{")?;
            for (index, (name, cells)) in names.iter().zip(columns).enumerate() {
                if index > 0 {
                    out.write_all(b",")?;
                }
                out.write_all(name.as_bytes())?;
                cells.write_json(row, out)?;
            }
            out.write_all(b"}\n")
        })
    }

    /// RFC 4180 with line feeds: null is empty, an empty text is quoted, lists and records are JSON text.
    pub fn write_csv(&self, out: &mut dyn io::Write, header: bool) -> io::Result<()> {
        if header {
            for (index, name) in self.schema.names().enumerate() {
                if index > 0 {
                    out.write_all(b",")?;
                }
                write_csv_text(out, name)?;
            }
            out.write_all(b"\n")?;
        }
        self.each_row(|row, columns| {
            for (index, cells) in columns.iter().enumerate() {
                if index > 0 {
                    out.write_all(b",")?;
                }
                match cells.text(row) {
                    Some(None) => {}
                    Some(Some(text)) => write_csv_text(out, text)?,
                    None => match cells.value(row) {
                        Value::Null => {}
                        other => write_csv_text(out, &text_of(&other))?,
                    },
                }
            }
            out.write_all(b"\n")
        })
    }

    /// One Parquet file, compressed with zstd. Errors name the file.
    pub fn write_parquet(&self, path: &Path) -> Result<(), Diagnostic> {
        let failed = |reason: String| {
            Diagnostic::error("PW0701", format!("the file cannot be written: {reason}"))
                .help("choose another place, or see whether the folder exists and may be written to")
                .file(path.display().to_string())
        };
        let file = File::create(path).map_err(|error| failed(io_cause(&error)))?;
        let mut frame = self.frame.clone();
        ParquetWriter::new(file)
            .with_compression(ParquetCompression::Zstd(None))
            .finish(&mut frame)
            .map_err(|error| failed(crate::faults::cause(&error)))?;
        Ok(())
    }

    fn each_row(&self, mut write: impl FnMut(usize, &[Cells]) -> io::Result<()>) -> io::Result<()> {
        let series: Vec<_> =
            self.frame.columns().iter().map(|column| column.as_materialized_series().rechunk()).collect();
        let cells: Vec<Cells> = series
            .iter()
            .zip(&self.schema.fields)
            .map(|(series, field)| Cells::new(series, &field.data_type))
            .collect();
        (0..self.rows()).try_for_each(|row| write(row, &cells))
    }
}

fn write_csv_text(out: &mut dyn io::Write, text: &str) -> io::Result<()> {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) || text != text.trim() {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::all_types;
    use crate::ResultTable;
    use pipewright_core::data::{DataType, Schema, Value};

    #[test]
    fn json_lines_are_exact() {
        let mut out = Vec::new();
        all_types().write_jsonl(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let first = text.lines().next().unwrap();
        assert!(first.starts_with(r#"{"flag":true,"count":9223372036854775807,"share":0.5,"text":"a, \"b\"\nc","#));
        assert!(first.contains(r#""time":"2026-03-02T14:02:11Z""#));
        assert!(text.lines().nth(1).unwrap().contains(r#""records":null"#));
    }

    #[test]
    fn csv_is_quoted_where_needed() {
        let schema = Schema::of([("a,b", DataType::String), ("n", DataType::Float)]);
        let rows = [vec![Value::text("x\"y"), Value::Float(1.0)], vec![Value::text(""), Value::Null]];
        let mut out = Vec::new();
        ResultTable::from_rows(&schema, &rows).write_csv(&mut out, true).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"a,b\",n\n\"x\"\"y\",1.0\n\"\",\n");
    }

    #[test]
    fn parquet_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        all_types().write_parquet(&path).unwrap();
        assert!(path.metadata().unwrap().len() > 100);
        let error = all_types().write_parquet(&folder.path().join("no/t.parquet")).unwrap_err();
        assert!(error.message.contains("cannot be written"));
    }
}
