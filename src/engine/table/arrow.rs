//! Tables as an Arrow IPC stream: what other programs take without parsing anything.

use std::io::Write;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use polars::prelude::{
    CompatLevel, DataFrame, DataType as PolarsType, Field as PolarsField, PolarsResult, Schema as PolarsSchema,
    SchemaExt, TimeZone,
};
use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};

use super::ResultTable;
use super::types::polars_type;

/// A stream of batches with one schema: texts as large UTF-8, times as microseconds in UTC, spans of time as
/// microseconds. What leaves it without `finish` is a stream that is cut off.
pub struct ArrowStream<W: Write> {
    writer: StreamWriter<W>,
    types: Vec<PolarsType>,
}

impl<W: Write> ArrowStream<W> {
    /// Writes the schema.
    pub fn new(out: W, schema: &Schema) -> Result<Self, Diagnostic> {
        let types: Vec<PolarsType> = schema.fields.iter().map(|field| zoned(polars_type(&field.data_type))).collect();
        let fields = schema.names().zip(&types).map(|(name, shown)| PolarsField::new(name.into(), shown.clone()));
        let shown: PolarsSchema = fields.collect();
        let mut writer = StreamWriter::new(out, WriteOptions { compression: None });
        writer.start(&shown.to_arrow(CompatLevel::oldest()), None).map_err(|error| unwritten(&error))?;
        Ok(Self { writer, types })
    }

    /// Adds a table's rows; its columns are those of the schema.
    pub fn write(&mut self, table: &ResultTable) -> Result<(), Diagnostic> {
        self.batches(table).map_err(|error| unwritten(&error))
    }

    fn batches(&mut self, table: &ResultTable) -> PolarsResult<()> {
        let columns = table.frame.columns().iter().zip(&self.types);
        let columns = columns.map(|(column, shown)| match column.dtype() == shown {
            true => Ok(column.clone()),
            false => column.cast(shown),
        });
        let mut rows = DataFrame::new(table.rows(), columns.collect::<PolarsResult<Vec<_>>>()?)?;
        rows.rechunk_mut();
        rows.iter_chunks(CompatLevel::oldest(), false).try_for_each(|batch| self.writer.write(&batch, None))
    }

    /// Ends the stream.
    pub fn finish(mut self) -> Result<(), Diagnostic> {
        self.writer.finish().map_err(|error| unwritten(&error))?;
        self.writer.into_inner().flush().map_err(|error| unwritten(&error.into()))
    }
}

fn unwritten(error: &polars::prelude::PolarsError) -> Diagnostic {
    Diagnostic::error("PW0701", format!("the rows cannot be written: {}", crate::faults::cause(error)))
        .help("see whether the program that takes them is still running, and the disk has room")
}

/// The type with the zone in it that our times have.
fn zoned(data_type: PolarsType) -> PolarsType {
    match data_type {
        PolarsType::Datetime(unit, None) => PolarsType::Datetime(unit, Some(TimeZone::UTC)),
        PolarsType::List(item) => PolarsType::List(Box::new(zoned(*item))),
        PolarsType::Struct(fields) => PolarsType::Struct(
            fields.into_iter().map(|field| PolarsField::new(field.name, zoned(field.dtype))).collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use polars_arrow::io::ipc::read::{StreamReader, StreamState, read_stream_metadata};

    use super::super::tests::all_types;
    use super::*;

    #[test]
    fn a_stream_gives_the_rows_and_the_zone_back() {
        let (mut bytes, table) = (Vec::new(), all_types());
        let mut stream = ArrowStream::new(&mut bytes, table.schema()).unwrap();
        stream.write(&table).unwrap();
        stream.write(&table.slice(0, 1)).unwrap();
        stream.finish().unwrap();
        let mut reader = Cursor::new(bytes);
        let metadata = read_stream_metadata(&mut reader).unwrap();
        let shown: Vec<String> =
            metadata.schema.iter_values().map(|field| format!("{}: {:?}", field.name, field.dtype)).collect();
        assert!(shown.iter().any(|field| field.starts_with("time: Timestamp(Microsecond, Some(\"UTC\"")), "{shown:?}");
        assert!(shown.contains(&"text: LargeUtf8".to_owned()), "{shown:?}");
        let batches = StreamReader::new(&mut reader, metadata, None);
        let rows = batches.map(|state| match state.unwrap() {
            StreamState::Some(batch) => batch.len(),
            StreamState::Waiting => panic!("the stream is cut off"),
        });
        assert_eq!(rows.collect::<Vec<_>>(), [table.rows(), 1]);
    }
}
