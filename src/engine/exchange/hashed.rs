//! Partitions by the hash of keys: rows with equal keys are in the same one, whichever side they come from.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use pipewright_core::diagnostic::Diagnostic;
use polars::prelude::{self as pl, DataFrame, IdxSize};

use super::block::{Picked, Source};
use super::spill::{SpillFile, SpillFolder};
use super::{Limits, note, too_large};
use crate::frames::joined;
use crate::guard::guarded;
use crate::keys::row_hashes;
use crate::ops;

/// Divisions after which rows that stayed together all the same are taken for rows of one key.
const TRIES: u32 = 3;
/// Threads that write partitions.
const WRITERS: usize = 2;

/// Rows of all sides, divided.
pub(crate) struct Partitions {
    keys: Vec<Vec<pl::Expr>>,
    limits: Limits,
    folder: Arc<SpillFolder>,
    spilled: Arc<AtomicU64>,
    /// By partition and side.
    files: Vec<Vec<Option<SpillFile>>>,
    /// How often these rows were divided before.
    depth: u64,
    /// How often all of them stayed together.
    together: u32,
}

/// Rows of some partitions, small enough to be worked on, by side.
pub(crate) struct Partition {
    sides: Vec<Vec<SpillFile>>,
}

impl Partitions {
    pub fn new(
        keys: Vec<Vec<pl::Expr>>,
        limits: Limits,
        folder: Arc<SpillFolder>,
        spilled: Arc<AtomicU64>,
    ) -> Partitions {
        let files = slots(limits.fan_out, keys.len());
        Partitions { files, keys, limits, folder, spilled, depth: 0, together: 0 }
    }

    pub fn add(&mut self, side: usize, rows: DataFrame) -> Result<(), Diagnostic> {
        let (order, starts) = self.scattered(side, &rows, self.files.len())?;
        let source = Source::new(rows).map_err(|error| ops::failed(&error))?;
        let (folder, spilled) = (&self.folder, &self.spilled);
        let write = |part: &[IdxSize], file: &mut Option<SpillFile>| -> Result<(), Diagnostic> {
            let file = match file {
                Some(file) => file,
                none => none.insert(folder.create()?),
            };
            let before = file.size();
            file.append(&source, [Picked::Rows(part)])?;
            note(spilled, file.size() - before);
            Ok(())
        };
        let parts: Vec<&[IdxSize]> = starts.windows(2).map(|ends| &order[ends[0]..ends[1]]).collect();
        // Encoding takes longer than the disk does.
        let share = parts.len().div_ceil(WRITERS).max(1);
        std::thread::scope(|scope| {
            let threads: Vec<_> = parts
                .chunks(share)
                .zip(self.files.chunks_mut(share))
                .map(|(parts, files)| {
                    scope.spawn(move || {
                        parts
                            .iter()
                            .zip(files)
                            .filter(|(part, _)| !part.is_empty())
                            .try_for_each(|(part, files)| write(part, &mut files[side]))
                    })
                })
                .collect();
            threads
                .into_iter()
                .try_for_each(|thread| guarded(|| thread.join().unwrap_or_else(|panic| resume_unwind(panic))))
        })
    }

    /// The rows by partition, and where each partition begins.
    fn scattered(&self, side: usize, rows: &DataFrame, count: usize) -> Result<(Vec<IdxSize>, Vec<usize>), Diagnostic> {
        let fail = |error| ops::failed(&error);
        let keys: Vec<pl::Expr> =
            self.keys[side].iter().enumerate().map(|(index, key)| key.clone().alias(format!("#key{index}"))).collect();
        let keys = ops::computed(rows, &keys).map_err(fail)?;
        let hashes = row_hashes(&keys, rows.height(), self.depth + 1).map_err(fail)?;
        // The upper half of the product is as even as the rest of a division, and faster.
        let part = |hash: u64| ((u128::from(hash) * count as u128) >> 64) as usize;
        let mut places = vec![0_usize; count + 1];
        hashes.iter().for_each(|hash| places[part(*hash) + 1] += 1);
        (0..count).for_each(|index| places[index + 1] += places[index]);
        let starts = places.clone();
        let mut order = vec![0 as IdxSize; rows.height()];
        for (row, hash) in hashes.iter().enumerate() {
            let place = &mut places[part(*hash)];
            order[*place] = row as IdxSize;
            *place += 1;
        }
        Ok((order, starts))
    }

    /// Gives partitions that are small enough, one after the other; small ones together. `held`: the sides that must
    /// be in memory, of which the sizes count. Stops where `give` says false.
    pub fn for_each(
        self,
        held: &[bool],
        give: &mut dyn FnMut(Partition) -> Result<bool, Diagnostic>,
    ) -> Result<bool, Diagnostic> {
        let Partitions { keys, limits, folder, spilled, files, depth, together } = self;
        let weight = |sides: &[Option<SpillFile>]| -> usize {
            let sizes = sides.iter().zip(held).filter(|(_, held)| **held).flat_map(|(file, _)| file);
            sizes.map(|file| file.bytes() + file.rows() * limits.per_row).sum()
        };
        let whole: usize = files.iter().map(|sides| weight(sides)).sum();
        let none = || Partition { sides: keys.iter().map(|_| Vec::new()).collect() };
        let (mut small, mut size) = (none(), 0);
        for sides in files {
            let own = weight(&sides);
            let together = if own == whole && depth > 0 { together + 1 } else { 0 };
            if own > limits.partition && together < TRIES {
                let count = (own * 2 / limits.partition.max(1)).clamp(super::FEWEST, limits.fan_out);
                let mut again = Partitions {
                    files: slots(count, keys.len()),
                    keys: keys.clone(),
                    limits,
                    folder: folder.clone(),
                    spilled: spilled.clone(),
                    depth: depth + 1,
                    together,
                };
                for (side, file) in sides.into_iter().enumerate() {
                    file.map_or(Ok(()), |file| again.take_in(side, file))?;
                }
                if !again.for_each(held, give)? {
                    return Ok(false);
                }
                continue;
            }
            if own > limits.whole {
                // They stayed together however they were divided: they have one key.
                return Err(too_large(limits));
            }
            if size > 0 && size + own > limits.partition {
                size = 0;
                if !give(std::mem::replace(&mut small, none()))? {
                    return Ok(false);
                }
            }
            size += own;
            for (side, file) in sides.into_iter().enumerate() {
                small.sides[side].extend(file);
            }
        }
        if small.sides.iter().any(|side| !side.is_empty()) { give(small) } else { Ok(true) }
    }

    /// All rows of a file, divided; the file goes.
    fn take_in(&mut self, side: usize, file: SpillFile) -> Result<(), Diagnostic> {
        let mut batch = Vec::new();
        let mut size = 0;
        for (index, block) in file.blocks.iter().enumerate() {
            batch.extend(file.read(index..index + 1)?);
            size += block.bytes;
            if size > self.limits.batch {
                self.add(side, joined(std::mem::take(&mut batch)).map_err(|error| ops::failed(&error))?)?;
                size = 0;
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.add(side, joined(batch).map_err(|error| ops::failed(&error))?)
    }
}

fn slots(partitions: usize, sides: usize) -> Vec<Vec<Option<SpillFile>>> {
    (0..partitions).map(|_| (0..sides).map(|_| None).collect()).collect()
}

impl Partition {
    /// A side's rows, block by block, in the order in which they came for each key.
    pub fn blocks(&self, side: usize) -> impl Iterator<Item = Result<DataFrame, Diagnostic>> {
        let of_file = |file: &'_ SpillFile, index: usize| {
            file.read(index..index + 1).map(|mut rows| rows.pop().unwrap_or_default())
        };
        self.sides[side].iter().flat_map(move |file| (0..file.blocks.len()).map(move |index| of_file(file, index)))
    }

    pub fn rows(&self, side: usize) -> Result<Vec<DataFrame>, Diagnostic> {
        let mut rows = Vec::new();
        for file in &self.sides[side] {
            rows.extend(file.read(0..file.blocks.len())?);
        }
        Ok(rows)
    }

    /// Of a side in memory.
    pub fn bytes(&self, side: usize) -> usize {
        self.sides[side].iter().map(SpillFile::bytes).sum()
    }
}
