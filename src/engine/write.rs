//! Sinks: frames → CSV, JSON lines and Parquet files, partitioned folders, standard output. Chunks are encoded by the
//! workers where they can be, and written in order. Must not import runs.

mod partitions;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Destination, FileKind};
use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::{DataFrame, PolarsError};
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter};

use crate::frames::{joined, weight};
use crate::table::{ResultTable, polars_schema};

/// Rows of a Parquet row group.
const GROUP_ROWS: usize = 1 << 17;
/// Bytes of one in memory, where its rows are long.
const GROUP_BYTES: usize = 64 << 20;
/// Rows that are encoded as text at once.
const TEXT_ROWS: usize = 1 << 16;

/// Where a sink's rows go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub place: Place,
    pub kind: FileKind,
    /// Columns whose values name folders.
    pub partition: Vec<String>,
    pub schema: Schema,
}

#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Written to `aside`, shown as `target`; behind what an earlier run wrote, if it goes on with that.
    File {
        aside: PathBuf,
        target: PathBuf,
        earlier: Option<PathBuf>,
    },
    /// Written to `aside`, from where a connection takes them at the end: a table of a database lines of JSON.
    Elsewhere {
        aside: PathBuf,
        destination: Destination,
    },
    StandardOutput,
}

/// Rows on their way to a sink.
pub(crate) enum Piece {
    Text { bytes: Vec<u8>, rows: u64 },
    Rows(DataFrame),
}

impl Piece {
    /// In memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Piece::Text { bytes, .. } => bytes.len(),
            Piece::Rows(frame) => weight(frame),
        }
    }
}

impl Target {
    fn table(&self, frame: &DataFrame) -> Result<ResultTable, Diagnostic> {
        ResultTable::from_frame(frame, &self.schema).map_err(|error| self.fault(error))
    }

    fn fault(&self, error: impl Into<PolarsError>) -> Diagnostic {
        let cause = crate::faults::cause(&error.into());
        let diagnostic = Diagnostic::error("PW0954", format!("the output cannot be written: {cause}"))
            .help("see whether the folder may be written to and has space");
        match &self.place {
            Place::File { target, .. } => diagnostic.file(target.display().to_string()),
            Place::Elsewhere { .. } | Place::StandardOutput => diagnostic,
        }
    }

    /// What can be done of the writing in any thread, in any order.
    pub fn encode(&self, frame: &DataFrame) -> Result<Piece, Diagnostic> {
        if self.kind == FileKind::Parquet || !self.partition.is_empty() {
            return Ok(Piece::Rows(frame.clone()));
        }
        let mut bytes = Vec::with_capacity(frame.height() * 64);
        encode_text(self.kind, &self.table(frame)?, false, &mut bytes).map_err(|error| self.fault(error))?;
        Ok(Piece::Text { bytes, rows: frame.height() as u64 })
    }
}

fn encode_text(kind: FileKind, table: &ResultTable, header: bool, out: &mut dyn io::Write) -> io::Result<()> {
    match kind {
        FileKind::Csv => table.write_csv(out, header),
        FileKind::Jsonl => table.write_jsonl(out),
        FileKind::Parquet => Ok(()),
    }
}

/// A file that goes on with an earlier one, which is copied when the first rows come.
pub(crate) struct GoesOn {
    pub aside: PathBuf,
    pub earlier: PathBuf,
    pub out: Option<BufWriter<File>>,
}

impl io::Write for GoesOn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Some(out) => out.write(bytes),
            None => {
                std::fs::copy(&self.earlier, &self.aside)?;
                let file = std::fs::OpenOptions::new().append(true).open(&self.aside)?;
                self.out.insert(BufWriter::with_capacity(1 << 18, file)).write(bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), io::Write::flush)
    }
}

/// A sink that is being written.
pub(crate) struct Sink {
    target: Target,
    out: Output,
    pub rows: u64,
    pub bytes: u64,
}

enum Output {
    Text(Box<dyn io::Write + Send>),
    Parquet(ParquetFile),
    Folders(partitions::Folders),
}

impl Sink {
    pub fn open(target: &Target) -> Result<Sink, Diagnostic> {
        let fault = |error: io::Error| target.fault(error);
        let mut bytes = 0;
        let out = match (&target.place, target.kind) {
            (Place::File { aside, .. } | Place::Elsewhere { aside, .. }, _) if !target.partition.is_empty() => {
                std::fs::create_dir(aside).map_err(fault)?;
                Output::Folders(partitions::Folders::new(aside, target)?)
            }
            (Place::File { aside, .. } | Place::Elsewhere { aside, .. }, FileKind::Parquet) => {
                Output::Parquet(ParquetFile::create(aside, &target.schema).map_err(|error| target.fault(error))?)
            }
            (Place::StandardOutput, FileKind::Parquet) => {
                return Err(Diagnostic::error("PW0955", "Parquet cannot be written to standard output")
                    .help("choose CSV or JSON lines, or load to a file"));
            }
            (place, kind) => {
                let mut out: Box<dyn io::Write + Send> = match place {
                    Place::File { aside, earlier: Some(earlier), .. } => {
                        let goes_on = GoesOn { aside: aside.clone(), earlier: earlier.clone(), out: None };
                        return Ok(Sink {
                            target: target.clone(),
                            out: Output::Text(Box::new(goes_on)),
                            rows: 0,
                            bytes,
                        });
                    }
                    Place::File { aside, .. } | Place::Elsewhere { aside, .. } => {
                        Box::new(BufWriter::with_capacity(1 << 18, File::create(aside).map_err(fault)?))
                    }
                    Place::StandardOutput => Box::new(BufWriter::new(io::stdout())),
                };
                let mut header = Vec::new();
                if kind == FileKind::Csv {
                    encode_text(kind, &ResultTable::empty(&target.schema), true, &mut header).map_err(fault)?;
                }
                bytes += header.len() as u64;
                out.write_all(&header).map_err(fault)?;
                Output::Text(out)
            }
        };
        Ok(Sink { target: target.clone(), out, rows: 0, bytes })
    }

    /// Appends rows.
    pub fn write(&mut self, piece: Piece) -> Result<(), Diagnostic> {
        let frame = match (piece, &mut self.out) {
            (Piece::Text { bytes, rows }, Output::Text(out)) => {
                self.rows += rows;
                self.bytes += bytes.len() as u64;
                return out.write_all(&bytes).map_err(|error| self.target.fault(error));
            }
            (Piece::Rows(frame), _) => frame,
            (Piece::Text { .. }, Output::Parquet(_) | Output::Folders(_)) => return Ok(()),
        };
        match &mut self.out {
            Output::Text(_) => {
                for start in (0..frame.height()).step_by(TEXT_ROWS) {
                    let piece = self.target.encode(&frame.slice(start as i64, TEXT_ROWS))?;
                    self.write(piece)?;
                }
                Ok(())
            }
            Output::Parquet(file) => {
                self.rows += frame.height() as u64;
                file.write(frame).map_err(|error| self.target.fault(error))
            }
            Output::Folders(folders) => {
                self.rows += frame.height() as u64;
                folders.write(&frame)
            }
        }
    }

    /// Completes the file.
    pub fn finish(self) -> Result<(u64, u64), Diagnostic> {
        let target = self.target;
        let bytes = match self.out {
            Output::Text(mut out) => {
                out.flush().map_err(|error| target.fault(error))?;
                self.bytes
            }
            Output::Parquet(file) => file.finish().map_err(|error| target.fault(error))?,
            Output::Folders(folders) => folders.finish()?,
        };
        Ok((self.rows, bytes))
    }
}

/// Row groups of a file that are encoded at once, while the next rows are read.
const ENCODING: usize = 2;

/// A Parquet file under construction: rows are gathered to groups, which are encoded and compressed on threads of their
/// own and written in order.
struct ParquetFile {
    writer: Arc<BatchedWriter<BufWriter<File>>>,
    waiting: Vec<DataFrame>,
    rows: usize,
    /// Of those that wait.
    bytes: usize,
    /// Ends when its group and all groups before it are written.
    last: Option<JoinHandle<Result<(), PolarsError>>>,
    /// Holds a token for each group that is being encoded.
    tokens: (SyncSender<()>, Arc<Mutex<Receiver<()>>>),
}

/// Takes a token back when its group is done, well or not.
struct Token(Arc<Mutex<Receiver<()>>>);

impl Drop for Token {
    fn drop(&mut self) {
        if let Ok(tokens) = self.0.lock() {
            let _ = tokens.try_recv();
        }
    }
}

impl ParquetFile {
    fn create(path: &Path, schema: &Schema) -> Result<ParquetFile, PolarsError> {
        let out = BufWriter::with_capacity(1 << 18, File::create(path)?);
        // The fastest level: files grow by a few percent, and writing takes much less time.
        let compression = ParquetCompression::Zstd(Some(ZstdLevel::try_new(1)?));
        let writer = ParquetWriter::new(out).with_compression(compression).batched(&polars_schema(schema))?;
        let (sender, receiver) = sync_channel(ENCODING);
        let tokens = (sender, Arc::new(Mutex::new(receiver)));
        Ok(ParquetFile { writer: Arc::new(writer), waiting: Vec::new(), rows: 0, bytes: 0, last: None, tokens })
    }

    fn write(&mut self, frame: DataFrame) -> Result<(), PolarsError> {
        // Rows that are long come in parts.
        let step = (frame.height() * GROUP_BYTES / weight(&frame).max(1)).max(1);
        for start in (0..frame.height()).step_by(step) {
            let rows = if step < frame.height() { frame.slice(start as i64, step) } else { frame.clone() };
            self.rows += rows.height();
            self.bytes += weight(&rows);
            self.waiting.push(rows);
            if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Hands the waiting rows on; waits where enough groups are being encoded. A fault of earlier groups is told here
    /// or at the end.
    fn flush(&mut self) -> Result<(), PolarsError> {
        if self.rows == 0 {
            return Ok(());
        }
        (self.rows, self.bytes) = (0, 0);
        let (waiting, writer, before) = (std::mem::take(&mut self.waiting), self.writer.clone(), self.last.take());
        let _ = self.tokens.0.send(());
        let token = Token(self.tokens.1.clone());
        let encode = move || {
            let _token = token;
            let all = joined(waiting)?;
            let groups = (0..all.height()).step_by(GROUP_ROWS * 2).map(|start| all.slice(start as i64, GROUP_ROWS * 2));
            let mut encoded = Vec::new();
            for group in groups {
                encoded.extend(writer.encode_and_compress(&group).collect::<Result<Vec<_>, _>>()?);
            }
            ended(before)?;
            writer.write_row_groups(encoded)
        };
        self.last = Some(std::thread::Builder::new().name("pipewright-encode".to_owned()).spawn(encode)?);
        Ok(())
    }

    fn finish(mut self) -> Result<u64, PolarsError> {
        self.flush()?;
        ended(self.last.take())?;
        self.writer.finish()
    }
}

/// Waits for a group and all before it.
fn ended(group: Option<JoinHandle<Result<(), PolarsError>>>) -> Result<(), PolarsError> {
    let Some(group) = group else { return Ok(()) };
    group.join().unwrap_or_else(|_| Err(PolarsError::ComputeError("a row group could not be encoded".into())))
}
