//! Tables as JSON lines, CSV and Parquet. Names and values are written as they are; nothing is interpreted.

use std::fs::File;
use std::io;
use std::path::Path;

use pipewright_core::data::{Value, format_timestamp};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use polars::prelude::Series;
use polars_arrow::array::{PrimitiveArray, StaticArray, Utf8ViewArray};
use polars_io::prelude::{ParquetCompression, ParquetWriter};

use super::cells::text_of;
use super::{Cells, ResultTable};

/// Bytes of lines that are handed on at once.
const LINES: usize = 64 << 10;

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
            let mut line = Vec::new();
            for (index, name) in self.schema.names().enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                put_csv_text(name, &mut line);
            }
            line.push(b'\n');
            out.write_all(&line)?;
        }
        let series = self.in_one_piece();
        let columns: Vec<CsvCells> = series
            .iter()
            .zip(&self.schema.fields)
            .map(|(series, field)| CsvCells::new(Cells::new(series, &field.data_type)))
            .collect();
        let mut lines = Vec::with_capacity(LINES + LINES / 8);
        let mut days = Days::default();
        for row in 0..self.rows() {
            for (index, cells) in columns.iter().enumerate() {
                if index > 0 {
                    lines.push(b',');
                }
                cells.put(row, &mut days, &mut lines);
            }
            lines.push(b'\n');
            if lines.len() > LINES {
                out.write_all(&lines)?;
                lines.clear();
            }
        }
        out.write_all(&lines)
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
        let series = self.in_one_piece();
        let cells: Vec<Cells> = series
            .iter()
            .zip(&self.schema.fields)
            .map(|(series, field)| Cells::new(series, &field.data_type))
            .collect();
        (0..self.rows()).try_for_each(|row| write(row, &cells))
    }

    fn in_one_piece(&self) -> Vec<Series> {
        self.frame.columns().iter().map(|column| column.as_materialized_series().rechunk()).collect()
    }
}

/// A column opened for writing it as CSV: what most columns are is written without making a value of each cell.
enum CsvCells<'a> {
    Int(&'a PrimitiveArray<i64>),
    Timestamp(&'a PrimitiveArray<i64>),
    Text(&'a Utf8ViewArray),
    Other(Cells<'a>),
}

impl<'a> CsvCells<'a> {
    /// Of a column in one piece.
    fn new(cells: Cells<'a>) -> CsvCells<'a> {
        match &cells {
            Cells::Int(numbers) => numbers.downcast_iter().next().map(CsvCells::Int),
            Cells::Timestamp(times) => times.downcast_iter().next().map(CsvCells::Timestamp),
            Cells::Text(texts) => texts.downcast_iter().next().map(CsvCells::Text),
            _ => None,
        }
        .unwrap_or(CsvCells::Other(cells))
    }

    fn put(&self, row: usize, days: &mut Days, line: &mut Vec<u8>) {
        match self {
            CsvCells::Int(numbers) => numbers.get(row).into_iter().for_each(|number| put_int(number, line)),
            CsvCells::Timestamp(times) => times.get(row).into_iter().for_each(|time| days.put_time(time, line)),
            CsvCells::Text(texts) => texts.get(row).into_iter().for_each(|text| put_csv_text(text, line)),
            CsvCells::Other(cells) => match cells.value(row) {
                Value::Null => {}
                other => put_csv_text(&text_of(&other), line),
            },
        }
    }
}

fn put_csv_text(text: &str, line: &mut Vec<u8>) {
    let is_special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    let has_blanks = || text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    if text.is_empty() || text.as_bytes().iter().any(is_special) || has_blanks() {
        line.push(b'"');
        line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
}

fn put_int(number: i64, line: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let (mut rest, mut place) = (number.unsigned_abs(), digits.len());
    loop {
        place -= 1;
        digits[place] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        line.push(b'-');
    }
    line.extend_from_slice(&digits[place..]);
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Texts of the days met last: rows have few of them, and writing rows is mostly writing times.
struct Days {
    known: Vec<Option<(i64, [u8; 10])>>,
}

impl Default for Days {
    fn default() -> Days {
        Days { known: vec![None; 64] }
    }
}

impl Days {
    /// As `format_timestamp`.
    fn put_time(&mut self, micros: i64, line: &mut Vec<u8>) {
        let (day, rest) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
        let slot = &mut self.known[day.rem_euclid(64) as usize];
        let date = match slot {
            Some((known, date)) if *known == day => *date,
            _ => {
                let text = format_timestamp(micros);
                let date: Option<[u8; 10]> = text.split_once('T').and_then(|(date, _)| date.as_bytes().try_into().ok());
                let Some(date) = date else {
                    line.extend_from_slice(text.as_bytes());
                    return;
                };
                *slot = Some((day, date));
                date
            }
        };
        let (seconds, fraction) = ((rest / 1_000_000) as u32, (rest % 1_000_000) as u32);
        let digit = |number: u32| b'0' + (number % 10) as u8;
        let two = |number: u32| [digit(number / 10), digit(number)];
        line.extend_from_slice(&date);
        for (before, number) in [(b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
            let [tens, ones] = two(number);
            line.extend_from_slice(&[before, tens, ones]);
        }
        if fraction > 0 {
            let (thousands, rest) = (fraction / 1000, fraction % 1000);
            line.extend_from_slice(&[b'.', digit(thousands / 100), digit(thousands / 10), digit(thousands)]);
            if rest > 0 {
                line.extend_from_slice(&[digit(rest / 100), digit(rest / 10), digit(rest)]);
            }
        }
        line.push(b'Z');
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
    fn csv_writes_numbers_and_times_as_their_texts() {
        let numbers = [0, 7, -7, 10, -1234567890, i64::MAX, i64::MIN];
        let days =
            [0, 1, 63, 64, 65, -1, -64, 20_514, -719_528, 2_932_896, -719_529, 2_932_897, 106_751_990, -106_751_990];
        let within = [0, 1, 999, 1_000, 999_999, 1_000_000, 45_296_789_000, 86_399_999_999];
        let mut times: Vec<i64> = days.iter().flat_map(|day| within.map(|rest| day * 86_400_000_000 + rest)).collect();
        times.extend([i64::MIN, i64::MAX]);
        let schema = Schema::of([("n", DataType::Int), ("t", DataType::Timestamp)]);
        let row = |(index, time): (usize, &i64)| vec![Value::Int(numbers[index % 7]), Value::Timestamp(*time)];
        let rows: Vec<Vec<Value>> = times.iter().enumerate().map(row).collect();
        let mut out = Vec::new();
        ResultTable::from_rows(&schema, &rows).write_csv(&mut out, false).unwrap();
        let wanted: String = rows
            .iter()
            .map(|row| match &row[..] {
                [Value::Int(number), Value::Timestamp(time)] => {
                    format!("{number},{}\n", super::format_timestamp(*time))
                }
                _ => String::new(),
            })
            .collect();
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
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
