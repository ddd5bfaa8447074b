//! Where rows that are read go: text and Arrow as they come, tables for eyes and Parquet whole.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use pipewright_core::data::Schema;
use pipewright_core::files::Publication;
use pipewright_engine::{ArrowStream, ResultTable};

use crate::cli::args::{ReadArgs, RowForm};
use crate::cli::output::write_aligned;
use crate::cli::{Failure, unwritable};

/// Where `read` writes its rows.
pub(super) enum RowSink {
    Text {
        out: Box<dyn Write>,
        form: RowForm,
        first: bool,
    },
    Arrow(Box<ArrowStream<Box<dyn Write>>>),
    /// Tables for eyes and Parquet files are written whole.
    Whole {
        tables: Vec<ResultTable>,
        to: Option<PathBuf>,
        form: RowForm,
    },
}

impl RowSink {
    pub fn new(args: &ReadArgs, schema: &Schema, publication: &mut Publication) -> Result<Self, Failure> {
        let mut out = || -> Result<Box<dyn Write>, Failure> {
            Ok(match &args.to {
                Some(path) => Box::new(BufWriter::new(created(path, publication)?.1)),
                None => Box::new(BufWriter::with_capacity(1 << 16, io::stdout().lock())),
            })
        };
        Ok(match args.output {
            RowForm::Arrow => RowSink::Arrow(Box::new(ArrowStream::new(out()?, schema)?)),
            RowForm::Jsonl | RowForm::Csv => RowSink::Text { out: out()?, form: args.output, first: true },
            RowForm::Table | RowForm::Parquet => {
                let to = match &args.to {
                    Some(path) => Some(created(path, publication)?.0),
                    None => None,
                };
                RowSink::Whole { tables: Vec::new(), to, form: args.output }
            }
        })
    }

    pub fn write(&mut self, table: &ResultTable) -> Result<(), Failure> {
        match self {
            RowSink::Text { out, form, first } => {
                let written = match form {
                    RowForm::Csv => table.write_csv(out, std::mem::take(first)),
                    _ => table.write_jsonl(out),
                };
                written.map_err(Failure::from)
            }
            RowSink::Arrow(stream) => stream.write(table).map_err(Failure::from),
            RowSink::Whole { tables, .. } => {
                tables.push(table.clone());
                Ok(())
            }
        }
    }

    pub fn finish(self, schema: &Schema) -> Result<(), Failure> {
        match self {
            RowSink::Text { mut out, form, first } => {
                if form == RowForm::Csv && first {
                    ResultTable::from_rows(schema, &[]).write_csv(&mut out, true)?;
                }
                out.flush()?;
            }
            RowSink::Arrow(stream) => stream.finish()?,
            RowSink::Whole { tables, to, form } => {
                let table = ResultTable::concatenate(&tables).unwrap_or_else(|| ResultTable::from_rows(schema, &[]));
                match (to, form) {
                    (Some(path), RowForm::Parquet) => table.write_parquet(&path)?,
                    (Some(path), _) => {
                        let mut out = BufWriter::new(File::create(path)?);
                        write_aligned(&table, &mut out)?;
                        out.flush()?;
                    }
                    (None, _) => {
                        let mut out = BufWriter::new(io::stdout().lock());
                        write_aligned(&table, &mut out)?;
                        out.flush()?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A file that takes its place when everything is done; with the name that it has until then.
pub(super) fn created(path: &Path, publication: &mut Publication) -> Result<(PathBuf, File), Failure> {
    let aside = publication.file(path)?;
    let file = File::create(&aside).map_err(|error| unwritable(path, &error))?;
    Ok((aside, file))
}
