//! The exchange: rows on their way to an operation that cannot work chunk by chunk. They stay in memory up to a share of
//! the run's budget. What outgrows it is divided, as a cluster would: by hash of the keys, or by ranges of an order,
//! into partitions on disk, each of which the same operation then works on by itself. Must not import plans.

mod block;
mod hashed;
mod ordered;
mod spill;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use pipewright_core::diagnostic::Diagnostic;
use polars::prelude::{self as pl, DataFrame};

pub(crate) use hashed::{Partition, Partitions};
pub(crate) use ordered::{Order, Range, Runs};
pub(crate) use spill::SpillFolder;

use crate::allowance::Allowance;
use crate::frames::{joined, weight};
use crate::guard::guarded;
use crate::parallel::no_thread;
use crate::{ops, size_text};

/// How rows may be divided without changing what the operation gives.
#[derive(Clone)]
pub(crate) enum Division {
    /// By the values of these expressions: rows with equal ones stay together.
    Keys(Vec<pl::Expr>),
    /// By ranges of an order.
    Order(Order),
    /// Not at all.
    Whole,
}

/// Bytes of rows. Working on rows takes about four times their size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// What one exchange keeps in memory.
    pub share: usize,
    /// What is written at once.
    pub batch: usize,
    /// Into how many partitions rows are divided by hash, at most.
    pub fan_out: usize,
    /// What one partition should have at most.
    pub partition: usize,
    /// What cannot be divided may have at most.
    pub whole: usize,
    /// Bytes that the operation needs beside each row, on top of a few times its size.
    pub per_row: usize,
    /// Of the run; for messages.
    pub budget: u64,
}

/// The fewest partitions that rows are divided into by hash.
const FEWEST: usize = 16;
/// The most: how much will come is not known when they are divided first.
const MOST: usize = 384;
/// Bytes of a partition's share of a batch that are worth a block.
const WORTH: usize = 4096;

impl Limits {
    /// `share`, `partition`, `whole` and `budget` as they are; at most `batch` bytes are written at once.
    pub fn new(share: usize, batch: usize, partition: usize, whole: usize, budget: u64) -> Limits {
        let batch = (share / 2).min(batch);
        Limits { share, batch, fan_out: (batch / WORTH).clamp(FEWEST, MOST), partition, whole, per_row: 0, budget }
    }

    /// Bytes that are written at once.
    fn written(&self, division: &Division) -> usize {
        match division {
            // Fewer runs of sorted rows are fewer files that every range is taken from. Others are gathered meanwhile.
            Division::Order(_) => self.share / 2,
            Division::Keys(_) | Division::Whole => self.batch,
        }
    }

    /// Bytes that a frame counts for.
    fn weight(&self, rows: &DataFrame) -> usize {
        weight(rows) + rows.height() * self.per_row
    }
}

/// One input of an operation.
struct Side {
    division: Division,
    buffer: Vec<DataFrame>,
    /// Of the buffer.
    bytes: usize,
    rows: usize,
    /// Rows of the buffer after it was merged last.
    merged: usize,
    /// The last merge left nearly all rows: the next ones would too.
    is_vain: bool,
}

/// Makes fewer rows of the rows of a side, where an operation can.
pub(crate) type Merge<'a> = &'a dyn Fn(usize, Vec<DataFrame>) -> Result<DataFrame, Diagnostic>;

/// Folds are merged when they hold this many rows more than after the last merge.
const MERGE_ROWS: usize = 1 << 18;

pub(crate) struct Exchange {
    sides: Vec<Side>,
    state: State,
    limits: Limits,
    folder: Arc<SpillFolder>,
    spilled: Arc<AtomicU64>,
}

enum State {
    Memory,
    Spilled(Store),
    /// Rows are being written, while others are gathered.
    Writing(Writing),
}

/// Rows on disk.
enum Store {
    Hashed(Partitions),
    Ordered(Runs),
}

/// A thread that writes rows. Whoever gives it up waits for it: nothing is written to a folder that is gone.
struct Writing(Option<JoinHandle<(Store, Result<(), Diagnostic>)>>);

impl Writing {
    fn begin(mut store: Store, side: usize, piece: Vec<DataFrame>) -> Result<Writing, Diagnostic> {
        let allowance = Allowance::current();
        let write = move || {
            let _entered = allowance.enter();
            let written = guarded(|| {
                let rows = joined(piece).map_err(|error| ops::failed(&error))?;
                match &mut store {
                    Store::Hashed(partitions) => partitions.add(side, rows),
                    Store::Ordered(runs) => runs.add(rows),
                }
            });
            (store, written)
        };
        let spawned = std::thread::Builder::new().name("pipewright-spill".to_owned()).spawn(write);
        Ok(Writing(Some(spawned.map_err(|error| no_thread(&error))?)))
    }

    fn end(mut self) -> Result<Store, Diagnostic> {
        let (store, written) = match self.0.take() {
            Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => return Err(crate::internal("rows put aside", &"nobody writes them")),
        };
        written.map(|()| store)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let _ = self.0.take().map(JoinHandle::join);
    }
}

/// What was gathered.
pub(crate) enum Gathered {
    /// By side.
    Memory(Vec<Vec<DataFrame>>),
    Hashed(Partitions),
    Ordered(Runs),
}

impl Exchange {
    pub fn new(sides: Vec<Division>, limits: Limits, folder: Arc<SpillFolder>) -> Exchange {
        let side = |division| Side { division, buffer: Vec::new(), bytes: 0, rows: 0, merged: 0, is_vain: false };
        let sides = sides.into_iter().map(side).collect();
        Exchange { sides, state: State::Memory, limits, folder, spilled: Arc::default() }
    }

    /// Bytes that were written to disk so far; grows while partitions are divided again.
    pub fn spilled(&self) -> Arc<AtomicU64> {
        self.spilled.clone()
    }

    pub fn is_spilled(&self) -> bool {
        !matches!(self.state, State::Memory)
    }

    /// Whether these rows too can stay in memory.
    pub fn has_room(&self, rows: &DataFrame) -> bool {
        let bytes = self.sides.iter().map(|side| side.bytes).sum::<usize>();
        bytes + self.limits.weight(rows) <= self.limits.share
    }

    /// The rows of a side that are in memory, taken out.
    pub fn taken(&mut self, side: usize) -> Vec<DataFrame> {
        let from = &mut self.sides[side];
        (from.bytes, from.rows) = (0, 0);
        std::mem::take(&mut from.buffer)
    }

    /// Takes rows in, in order. They must not keep more alive than about what they use.
    pub fn add(&mut self, side: usize, rows: DataFrame, merge: Option<Merge>) -> Result<(), Diagnostic> {
        if rows.height() == 0 {
            return Ok(());
        }
        let is_spilled = self.is_spilled();
        let into = &mut self.sides[side];
        into.bytes += self.limits.weight(&rows);
        into.rows += rows.height();
        into.buffer.push(rows);
        if is_spilled {
            return if into.bytes > self.limits.written(&into.division) { self.write(side) } else { Ok(()) };
        }
        if let Some(merge) = merge
            && !into.is_vain
            && (into.rows > into.merged * 2 + MERGE_ROWS || into.bytes > self.limits.share)
        {
            let before = into.rows;
            let rows = merge(side, std::mem::take(&mut into.buffer))?;
            // Of the first rows in an order there are only so many, however many come.
            into.is_vain = matches!(into.division, Division::Keys(_)) && rows.height() > before / 4 * 3;
            (into.bytes, into.rows, into.merged) = (self.limits.weight(&rows), rows.height(), rows.height());
            into.buffer.push(rows);
            // Merging again and again what stays large costs more than writing it.
            return if into.bytes * 2 > self.limits.share { self.spill() } else { Ok(()) };
        }
        if self.sides.iter().map(|side| side.bytes).sum::<usize>() > self.limits.share { self.spill() } else { Ok(()) }
    }

    /// From now on rows go to disk, if they can be divided.
    fn spill(&mut self) -> Result<(), Diagnostic> {
        let order = self.sides.iter().find_map(|side| match &side.division {
            Division::Order(order) => Some(order.clone()),
            Division::Keys(_) | Division::Whole => None,
        });
        let keys: Option<Vec<Vec<pl::Expr>>> = self
            .sides
            .iter()
            .map(|side| match &side.division {
                Division::Keys(keys) => Some(keys.clone()),
                Division::Order(_) | Division::Whole => None,
            })
            .collect();
        let (folder, spilled) = (self.folder.clone(), self.spilled.clone());
        self.state = match (order, keys) {
            (Some(order), _) => State::Spilled(Store::Ordered(Runs::new(order, self.limits, folder, spilled))),
            (None, Some(keys)) => State::Spilled(Store::Hashed(Partitions::new(keys, self.limits, folder, spilled))),
            (None, None) => {
                let bytes = self.sides.iter().map(|side| side.bytes).sum::<usize>();
                return if bytes > self.limits.whole { Err(too_large(self.limits)) } else { Ok(()) };
            }
        };
        (0..self.sides.len()).try_for_each(|side| self.write(side))
    }

    fn write(&mut self, side: usize) -> Result<(), Diagnostic> {
        let buffer = self.taken(side);
        // What was kept before the first write is written in pieces.
        let most = self.limits.written(&self.sides[side].division);
        let mut piece = Vec::new();
        let mut size = 0;
        for rows in buffer {
            size += self.limits.weight(&rows);
            piece.push(rows);
            if size > most {
                self.write_piece(side, std::mem::take(&mut piece))?;
                size = 0;
            }
        }
        self.write_piece(side, piece)
    }

    /// Begins to write rows, when those before them are written.
    fn write_piece(&mut self, side: usize, piece: Vec<DataFrame>) -> Result<(), Diagnostic> {
        if piece.is_empty() {
            return Ok(());
        }
        if let Some(store) = self.settled()? {
            self.state = State::Writing(Writing::begin(store, side, piece)?);
        }
        Ok(())
    }

    /// What is on disk, when it is written.
    fn settled(&mut self) -> Result<Option<Store>, Diagnostic> {
        match std::mem::replace(&mut self.state, State::Memory) {
            State::Memory => Ok(None),
            State::Spilled(store) => Ok(Some(store)),
            State::Writing(writing) => writing.end().map(Some),
        }
    }

    /// All rows are in.
    pub fn finish(mut self) -> Result<Gathered, Diagnostic> {
        if self.is_spilled() {
            (0..self.sides.len()).try_for_each(|side| self.write(side))?;
        }
        Ok(match self.settled()? {
            None => Gathered::Memory(self.sides.into_iter().map(|side| side.buffer).collect()),
            Some(Store::Hashed(partitions)) => Gathered::Hashed(partitions),
            Some(Store::Ordered(runs)) => Gathered::Ordered(runs),
        })
    }
}

/// Rows that belong together and do not fit into memory.
pub(crate) fn too_large(limits: Limits) -> Diagnostic {
    let (budget, own) = (size_text(limits.budget), size_text(limits.whole as u64));
    let message =
        format!("rows that the step needs at once take more than {own}, which a memory of {budget} leaves for them");
    Diagnostic::error("PW0819", message).help(
        "give the run more with --memory, keep fewer columns or rows before the step, or let it work on smaller groups",
    )
}

fn note(spilled: &AtomicU64, bytes: u64) {
    spilled.fetch_add(bytes, Ordering::Relaxed);
}
