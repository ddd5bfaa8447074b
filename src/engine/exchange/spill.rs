//! Rows put aside on disk: files of blocks, each of which is read by itself. A file goes when nobody needs it
//! any more; the folder goes with what is published, or on failure and signals.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::make_folder;
use polars::prelude::{DataFrame, PolarsError, PolarsResult, Schema};

use super::block::{Picked, Source, decoded};

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
        Ok(SpillFile { path, blocks: Vec::new(), end: 0, schema: Arc::default() })
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
    /// Of all blocks.
    schema: Arc<Schema>,
}

impl SpillFile {
    /// Appends rows, each of `blocks` by itself. No file stays open: there may be more than a process may have.
    pub fn append<'a>(
        &mut self,
        rows: &Source,
        blocks: impl IntoIterator<Item = Picked<'a>>,
    ) -> Result<(), Diagnostic> {
        let path = self.path.clone();
        let told = |error: PolarsError| fault(&crate::faults::cause(&error), &path);
        let failed = |error: std::io::Error| fault(&io_cause(&error), &path);
        let mut file = OpenOptions::new().append(true).open(&path).map_err(failed)?;
        for picked in blocks {
            let (bytes, weight) = rows.encoded(picked).map_err(told)?;
            file.write_all(&bytes).map_err(failed)?;
            let length = bytes.len() as u64;
            self.blocks.push(Block { offset: self.end, length, rows: picked.len(), bytes: weight });
            self.end += length;
        }
        self.schema = rows.schema();
        Ok(())
    }

    /// The rows of some blocks that follow one another, block by block; by several threads at once.
    pub fn read(&self, blocks: Range<usize>) -> Result<Vec<DataFrame>, Diagnostic> {
        let read = || -> PolarsResult<Vec<DataFrame>> {
            let blocks = &self.blocks[blocks];
            let Some(first) = blocks.first() else { return Ok(Vec::new()) };
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(first.offset))?;
            let mut bytes = Vec::new();
            let mut decode = |block: &Block| {
                bytes.resize(block.length as usize, 0);
                file.read_exact(&mut bytes)?;
                decoded(&bytes, block.rows, &self.schema)
            };
            blocks.iter().map(&mut decode).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::{DataType, Schema, Value};
    use polars::prelude::IdxCa;

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
        let source = Source::new(frame.clone()).unwrap();
        let few: Vec<u32> = vec![100, 3, 3, 0];
        file.append(&source, [Picked::Range(0, 40), Picked::Range(40, 61), Picked::Rows(&few)]).unwrap();
        file.append(&source, [Picked::Rows(&few[..1])]).unwrap();
        let all = file.read(0..4).unwrap();
        let back = file.read(1..2).unwrap().remove(0);
        assert!(back.equals_missing(&frame.slice(40, 61)));
        assert_eq!(back.schema(), frame.schema());
        assert_eq!((file.bytes() > 0, file.size() > 0, file.blocks.len()), (true, true, 4));
        let picked = IdxCa::from_vec("rows".into(), few);
        assert!(all[0].equals_missing(&frame.slice(0, 40)) && all[1].equals_missing(&back));
        assert!(all[2].equals_missing(&frame.take(&picked).unwrap()));
        assert!(all[3].equals_missing(&frame.slice(100, 1)));
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path().join("aside")).unwrap().count(), 0);
    }
    #[test]
    fn numbers_come_back_from_any_range_and_unit() {
        let folder = tempfile::tempdir().unwrap();
        let second = 1_000_000;
        let lists: [Vec<Value>; 8] = [
            vec![Value::Int(i64::MIN), Value::Int(i64::MAX), Value::Int(0)],
            vec![Value::Int(-128), Value::Int(127)],
            vec![Value::Int(40_000), Value::Null, Value::Int(100_000)],
            vec![Value::Int(0), Value::Int(1 << 31)],
            vec![Value::Int(0), Value::Int(1 << 32)],
            vec![Value::Int(5), Value::Int(5 + 7_000 * second), Value::Int(5 + 7_001 * second)],
            vec![Value::Int(-3 * second), Value::Int(i64::MAX / second * second)],
            vec![Value::Null, Value::Null],
        ];
        for values in lists {
            let rows: Vec<Vec<Value>> = values.into_iter().map(|value| vec![value]).collect();
            let schema = Schema::of([("n", DataType::Int)]);
            let frame = crate::table::ResultTable::from_rows(&schema, &rows).frame().clone();
            let mut file = SpillFolder::new(folder.path().to_owned()).create().unwrap();
            file.append(&Source::new(frame.clone()).unwrap(), [Picked::Range(0, rows.len())]).unwrap();
            assert!(file.read(0..1).unwrap()[0].equals_missing(&frame), "{rows:?}");
        }
    }
}
