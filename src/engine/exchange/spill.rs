//! Rows put aside on disk: files of Arrow IPC blocks, each of which is read by itself. A file goes when nobody needs it
//! any more; the folder goes with what is published, or on failure and signals.

use std::fs::{File, OpenOptions};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::make_folder;
use polars::prelude::{Column, CompatLevel, DataFrame, IntoColumn, PolarsError, PolarsResult, SchemaExt, Series};
use polars_arrow::io::ipc::read::{StreamReader, StreamState, read_stream_metadata};
use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};

use crate::frames::{gathered, weight};

/// Where a run's rows are put aside.
pub(crate) struct SpillFolder {
    folder: PathBuf,
    files: AtomicU64,
}

impl SpillFolder {
    /// `folder` is made when the first rows go there.
    pub fn new(folder: PathBuf) -> SpillFolder {
        SpillFolder { folder, files: AtomicU64::new(0) }
    }

    pub fn create(&self) -> Result<SpillFile, Diagnostic> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("rows-{number}.arrow"));
        make_folder(&self.folder).map_err(|error| fault(&io_cause(&error), &self.folder))?;
        File::create(&path).map_err(|error| fault(&io_cause(&error), &path))?;
        Ok(SpillFile { path, blocks: Vec::new(), end: 0 })
    }
}

fn fault(reason: &str, path: &Path) -> Diagnostic {
    Diagnostic::error("PW0951", format!("rows that do not fit into memory cannot be put aside: {reason}"))
        .help("free some space there, let the run write elsewhere with --out, or give it more memory with --memory")
        .file(path.display().to_string())
}

/// Some rows of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    offset: u64,
    length: u64,
    pub rows: usize,
    /// In memory.
    pub bytes: usize,
}

/// Rows in a file, in the order in which they came.
pub(crate) struct SpillFile {
    path: PathBuf,
    pub blocks: Vec<Block>,
    end: u64,
}

impl SpillFile {
    /// Appends rows as one block. No file stays open: there may be more than a process may have.
    pub fn append(&mut self, rows: &DataFrame) -> Result<(), Diagnostic> {
        let told = |error: PolarsError| fault(&crate::faults::cause(&error), &self.path);
        let rows = gathered(rows.clone()).map_err(told)?;
        let bytes = encoded(&rows).map_err(told)?;
        let written = OpenOptions::new().append(true).open(&self.path).and_then(|mut file| file.write_all(&bytes));
        written.map_err(|error| fault(&io_cause(&error), &self.path))?;
        let length = bytes.len() as u64;
        self.blocks.push(Block { offset: self.end, length, rows: rows.height(), bytes: weight(&rows) });
        self.end += length;
        Ok(())
    }

    /// A block's rows; by several threads at once.
    pub fn read(&self, block: &Block) -> Result<DataFrame, Diagnostic> {
        let read = || -> PolarsResult<DataFrame> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(block.offset))?;
            let mut bytes = Vec::with_capacity(block.length as usize);
            file.take(block.length).read_to_end(&mut bytes)?;
            decoded(bytes, block.rows)
        };
        read().map_err(|error| fault(&crate::faults::cause(&error), &self.path))
    }

    /// Bytes on disk.
    pub fn size(&self) -> u64 {
        self.end
    }

    /// Bytes in memory of all rows.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.bytes).sum()
    }

    pub fn rows(&self) -> usize {
        self.blocks.iter().map(|block| block.rows).sum()
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        // Whoever ends the run removes the folder with all that is left in it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// One record batch as an Arrow stream of its own. The frame has one chunk.
fn encoded(rows: &DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(weight(rows) + 1024);
    let mut writer = StreamWriter::new(&mut bytes, WriteOptions { compression: None });
    let schema = rows.schema().to_arrow(CompatLevel::newest());
    writer.start(&schema, None)?;
    for batch in rows.iter_chunks(CompatLevel::newest(), false) {
        writer.write(&batch, None)?;
    }
    writer.finish()?;
    Ok(bytes)
}

fn decoded(bytes: Vec<u8>, height: usize) -> PolarsResult<DataFrame> {
    let mut cursor = Cursor::new(bytes);
    let metadata = read_stream_metadata(&mut cursor)?;
    let schema = metadata.schema.clone();
    let mut columns: Vec<Column> = Vec::with_capacity(schema.len());
    for state in StreamReader::new(cursor, metadata, None) {
        let StreamState::Some(batch) = state? else { break };
        for (field, array) in schema.iter_values().zip(batch.into_arrays()) {
            columns.push(Series::try_from((field, array))?.into_column());
        }
    }
    DataFrame::new(height, columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::{DataType, Schema, Value};

    #[test]
    fn rows_of_every_type_come_back_block_by_block_and_the_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let list = DataType::List(Box::new(DataType::Int));
        let record = DataType::Record(vec![("a".into(), DataType::String)]);
        let schema = Schema::of([
            ("n", DataType::Int),
            ("x", DataType::Float),
            ("b", DataType::Boolean),
            ("text", DataType::String),
            ("t", DataType::Timestamp),
            ("d", DataType::Date),
            ("p", DataType::Duration),
            ("items", list),
            ("record", record),
        ]);
        let row = |n: i64| {
            vec![
                Value::Int(n),
                Value::Float(n as f64 / 4.0),
                Value::Boolean(n % 2 == 0),
                Value::text(format!("a text of row {n}")),
                Value::Timestamp(n),
                Value::Date(n as i32),
                Value::Duration(n),
                Value::List(vec![Value::Int(n), Value::Null]),
                Value::Record(vec![("a".into(), Value::text("b"))]),
            ]
        };
        let mut rows: Vec<Vec<Value>> = (0..100).map(row).collect();
        rows.push(vec![Value::Null; 9]);
        let frame = crate::table::ResultTable::from_rows(&schema, &rows).frame().clone();
        let spill = SpillFolder::new(folder.path().join("aside"));
        let mut file = spill.create().unwrap();
        file.append(&frame.slice(0, 40)).unwrap();
        file.append(&frame.slice(40, 61)).unwrap();
        let back = file.read(&file.blocks[1]).unwrap();
        assert!(back.equals_missing(&frame.slice(40, 61)));
        assert_eq!(back.schema(), frame.schema());
        assert_eq!((file.bytes() > 0, file.size() > 0, file.blocks.len()), (true, true, 2));
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path().join("aside")).unwrap().count(), 0);
    }
}
