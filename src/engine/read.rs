//! Files → rows: found, opened, cut into chunks, parsed in parallel, delivered in order. Must not import plans beyond
//! `Read`, and no other part of the engine but columns and tables.

mod chunks;
mod expand;
mod follow;
mod input;
mod job;
mod long_numbers;
mod open;
mod packed;
pub(crate) mod parquet;
mod pattern;
mod range;
mod resume;
mod rotated;
mod sniff;
mod sqlite;
mod workbook;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use pipewright_core::data::{Field, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Tally;
use pipewright_core::ir::{PathPieces, Read};

pub(crate) use chunks::{Chunker, EVENT_LIMIT};
pub use expand::{expand, expand_all, partitioned, path_of_source, share_files};
pub(crate) use follow::Follower;
pub(crate) use input::{Origin, name_file, origin_of};
pub use input::{STANDARD_INPUT, given_name, offer_standard_input};
pub(crate) use job::{Parsed, ReadJob};
pub(crate) use open::unreadable;
pub use packed::{PACKED_ENDINGS, open_unpacked};
pub(crate) use pattern::is_wild;
pub use range::ByteRange;
pub(crate) use resume::{FileState, Resume};
use rotated::in_order;
pub use sniff::{Settled, Sniff, schema_as, settle, sniff};

use crate::cancel::Cancel;
use crate::columns::{POSITION, Quarantined};
use crate::table::ResultTable;

/// The columns that reading gives: those needed, in the source's order, then the positions where they are asked for.
pub fn read_schema(read: &Read) -> Schema {
    let is_kept = |name: &str| read.columns.as_ref().is_none_or(|columns| columns.iter().any(|have| have == name));
    let mut fields: Vec<Field> = read.schema.fields.iter().filter(|field| is_kept(&field.name)).cloned().collect();
    if read.position {
        fields.extend(POSITION.map(|(name, data_type)| Field::new(name, data_type)));
    }
    Schema { open: read.schema.open, ..Schema::new(fields) }
}

/// The job that reads a `Read`'s files. Its path holds no parameters any more.
pub(crate) fn job_of(read: &Read, base: &Path, cancel: &Cancel) -> Result<ReadJob, Diagnostic> {
    let found = expand_all(&read.path, base)?;
    let mut job = job_of_files(read, found.files, base, cancel);
    job.pieces = PathPieces::of(&path_of_source(&read.path, &read.schema, base));
    job.closed = found.closed;
    job.closed.extend(job.repeated());
    Ok(job)
}

/// Of a source of which nothing is new.
pub(crate) fn job_of_none(read: &Read, base: &Path, cancel: &Cancel) -> ReadJob {
    job_of_files(read, Vec::new(), base, cancel)
}

fn job_of_files(read: &Read, files: Vec<PathBuf>, base: &Path, cancel: &Cancel) -> ReadJob {
    let mut job = ReadJob::new(files, base, read.format.clone(), read.schema.clone());
    job.columns.clone_from(&read.columns);
    job.position = read.position;
    job.cancel = cancel.clone();
    job
}

/// Reads everything in bounded memory: `sink` gets the rows in the files' order, `quarantine` what did not fit.
/// Ends early where `sink` breaks. The tally covers what was read.
pub fn read_stream(
    read: &Read,
    base: &Path,
    sink: &mut dyn FnMut(ResultTable) -> ControlFlow<()>,
    quarantine: &mut dyn FnMut(Quarantined),
    cancel: &Cancel,
) -> Result<Tally, Diagnostic> {
    stream(&job_of(read, base, cancel)?, read, sink, quarantine)
}

/// What one of several processes reads of a source, and what is known of its file.
#[derive(Debug, Default)]
pub struct Share {
    /// The events alone that begin in these bytes. A file that cannot be divided (compressed, of another encoding, with
    /// quotes over line ends) belongs whole to the range with its first byte.
    pub range: Option<ByteRange>,
    /// Columns that the file's path gives.
    pub told: BTreeMap<String, String>,
    /// Bytes at its beginning that an earlier piece of the log holds as well.
    pub skip: u64,
}

/// As `read_stream`, of one file, a share.
pub fn read_share(
    read: &Read,
    file: PathBuf,
    share: &Share,
    sink: &mut dyn FnMut(ResultTable) -> ControlFlow<()>,
    quarantine: &mut dyn FnMut(Quarantined),
    cancel: &Cancel,
) -> Result<Tally, Diagnostic> {
    let mut job = job_of_files(read, vec![file], Path::new("."), cancel);
    job.range = share.range;
    job.pieces = PathPieces::told(&share.told);
    job.skip(share.skip);
    stream(&job, read, sink, quarantine)
}

/// As `read_stream`, of files that were found already instead of those of the read's path. Also tells of lines that stand
/// in two of them.
pub fn read_files(
    read: &Read,
    files: Vec<PathBuf>,
    sink: &mut dyn FnMut(ResultTable) -> ControlFlow<()>,
    quarantine: &mut dyn FnMut(Quarantined),
    cancel: &Cancel,
) -> Result<(Tally, Vec<Diagnostic>), Diagnostic> {
    let job = job_of_files(read, in_order(files), Path::new("."), cancel);
    Ok((stream(&job, read, sink, quarantine)?, job.repeated()))
}

fn stream(
    job: &ReadJob,
    read: &Read,
    sink: &mut dyn FnMut(ResultTable) -> ControlFlow<()>,
    quarantine: &mut dyn FnMut(Quarantined),
) -> Result<Tally, Diagnostic> {
    let schema = read_schema(read);
    let (mut tally, mut taken) = (Tally::default(), 0);
    job.for_each(&Ok, &mut |parsed: Parsed| {
        tally.add(&parsed.tally);
        taken += parsed.taken;
        parsed.quarantined.into_iter().for_each(&mut *quarantine);
        let table = ResultTable::from_frame(&parsed.frame, &schema)
            .map_err(|error| crate::internal("a chunk of rows", &error))?;
        let goes_on = sink(table);
        tally.stopped = goes_on.is_break();
        Ok(goes_on)
    })?;
    tally.stopped &= job.has_more(taken, 0);
    Ok(tally)
}

#[cfg(test)]
mod tests;
