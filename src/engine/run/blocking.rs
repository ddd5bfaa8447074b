//! Nodes that cannot work chunk by chunk: how each gathers its rows in an exchange, and how its own rows come from what
//! was gathered, whole or partition by partition.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Matches, Needs, Node, NodeId, Op, Plan, Sort};
use polars::prelude::{self as pl, DataFrame};

use super::division::division;
use super::gather::{Reducer, run, some_rows};
use super::partial::Stage;
use super::unfolded::Waiting;
use super::windows::WindowParts;
use crate::exchange::{Division, Exchange, Gathered, Limits, Partition, Range, Runs, SpillFolder};
use crate::frames::{compacted, weight};
use crate::ops::asof::{AsofBuild, AsofPlan};
use crate::ops::join::{JoinBuild, JoinPlan};
use crate::ops::{self, Context};
use crate::parallel::Send;
use crate::table::{ResultTable, polars_schema};

/// Rows of a piece that flows on.
const PIECE: usize = 1 << 16;

/// What a blocking node does.
pub(super) enum Work {
    /// Rows written in the design itself.
    Fixed(DataFrame),
    /// Chunks are shrunk first.
    Reduce(Reducer),
    /// One operation over all rows, or over those that belong together.
    Whole(Stage),
    /// Windows of different keys, one after the other: each divides the rows anew.
    Windows(WindowParts),
    Join(Arc<JoinPlan>, [Schema; 2]),
    Asof(Arc<AsofPlan>, [Schema; 2]),
}

/// The side of a join that is held, prepared once.
pub(super) enum Build {
    Join(JoinBuild),
    Asof(AsofBuild),
}

/// Rows of a blocking node that are still to be computed.
pub(super) enum Task {
    Rows(DataFrame),
    Partition(Partition),
    /// Rows of an aggregate as they came.
    Unfolded(Partition),
    Range(Arc<Runs>, Range),
    Probe(Arc<Build>, DataFrame),
}

/// What is gathered of a chunk.
pub(super) enum Kept {
    /// Rows as they are.
    Rows(DataFrame),
    /// What they were shrunk to: one frame per part.
    Folds(Vec<DataFrame>),
}

impl Kept {
    /// In memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Kept::Rows(rows) => weight(rows),
            Kept::Folds(folds) => folds.iter().map(weight).sum(),
        }
    }
}

/// What was gathered for a node so far.
pub(super) struct Gather {
    exchange: Exchange,
    /// Rows of an aggregate, as long as they are not folded.
    waiting: Option<Waiting>,
    limits: Limits,
    folder: Arc<SpillFolder>,
    /// Of each distinct count: its keys and values. Of windows of different keys: what each but the first one takes.
    pairs: Vec<Exchange>,
    /// Rows that came.
    rows: usize,
}

fn fail(error: pl::PolarsError) -> Diagnostic {
    ops::failed(&error)
}

impl Work {
    /// What a node does that blocks, or that holds one of its sides; with the divisions of its sides.
    pub fn new(plan: &Plan, node: &Node, name: &str) -> Result<Work, Diagnostic> {
        let inputs: Vec<&Schema> = node.inputs.iter().map(|input| &plan.node(*input).schema).collect();
        let both =
            || -> [Schema; 2] { std::array::from_fn(|index| inputs.get(index).copied().cloned().unwrap_or_default()) };
        let context = Context { name, inputs: inputs.clone(), output: &node.schema, ids: false };
        match &node.op {
            Op::Rows(rows) => return Ok(Work::Fixed(ResultTable::from_rows(&rows.schema, &rows.rows).frame().clone())),
            Op::Join(join) => return Ok(Work::Join(Arc::new(JoinPlan::new(join, &context)?), both())),
            Op::AsofJoin(join) => return Ok(Work::Asof(Arc::new(AsofPlan::new(join, &context)?), both())),
            _ => {}
        }
        let input = inputs.first().copied().cloned().unwrap_or_default();
        if let Some(reducer) = Reducer::new(node, &input) {
            return Ok(Work::Reduce(reducer));
        }
        // A sink has its rows sorted, all the same to it what its destination is.
        let op = match &node.op {
            Op::Write(write) => Op::Sort(Sort { keys: write.order.clone() }),
            op => op.clone(),
        };
        if let Op::Window(window) = &op
            && let (Needs::AllRows, Some(parts)) = (op.needs(0, &input), window.parts())
        {
            return Ok(Work::Windows(WindowParts::new(parts, input)?));
        }
        Ok(Work::Whole(Stage { op, input, output: node.schema.clone() }))
    }

    /// Bytes that are needed beside each row: of windows the places of partitions, peers and frames; of joins,
    /// distinct rows and groups the table of keys; of sorted rows their places.
    fn per_row(&self) -> usize {
        match self {
            Work::Whole(Stage { op: Op::Window(_), .. }) | Work::Windows(_) => 64,
            Work::Reduce(Reducer::Aggregate(..)) => 48,
            Work::Reduce(Reducer::Rows { .. }) => 24,
            Work::Join(..) | Work::Asof(..) => 24,
            Work::Whole(_) => 24,
            Work::Fixed(_) | Work::Reduce(Reducer::First { .. }) => 0,
        }
    }

    /// How the sides may be divided.
    fn divisions(&self) -> Result<Vec<Division>, Diagnostic> {
        let by_keys = |keys: &[pl::Expr]| if keys.is_empty() { Division::Whole } else { Division::Keys(keys.to_vec()) };
        Ok(match self {
            Work::Fixed(_) => Vec::new(),
            Work::Join(plan, _) => plan.keys().into_iter().map(by_keys).collect(),
            Work::Asof(plan, _) => plan.keys().into_iter().map(by_keys).collect(),
            Work::Reduce(Reducer::Aggregate(parts, _)) => {
                let keys: Vec<pl::Expr> = parts.keys.iter().map(|key| ops::column(key)).collect();
                vec![by_keys(&keys); parts.distinct.len() + 1]
            }
            Work::Reduce(Reducer::First { .. }) => vec![Division::Whole],
            Work::Reduce(Reducer::Rows { last: stage, .. }) | Work::Whole(stage) => {
                vec![division(&stage.op, &stage.input)?]
            }
            Work::Windows(parts) => vec![parts.division(0)?],
        })
    }

    pub fn gather(&self, limits: Limits, folder: &Arc<SpillFolder>) -> Result<Gather, Diagnostic> {
        let limits = Limits { per_row: self.per_row(), ..limits };
        let waiting = match self {
            Work::Reduce(Reducer::Aggregate(_, Some(unfolded))) => Some(unfolded.waiting(limits, folder)),
            _ => None,
        };
        Ok(Gather { waiting, ..self.gather_folds(limits, folder)? })
    }

    /// As `gather`, of what is shrunk in any case.
    fn gather_folds(&self, limits: Limits, folder: &Arc<SpillFolder>) -> Result<Gather, Diagnostic> {
        let exchange = |divisions| Exchange::new(divisions, limits, folder.clone());
        let pairs = match self {
            Work::Reduce(Reducer::Aggregate(parts, _)) => {
                let all = |schema: &Schema| Division::Keys(schema.names().map(ops::column).collect());
                parts.distinct.iter().map(|distinct| exchange(vec![all(&distinct.pairs.output)])).collect()
            }
            Work::Windows(parts) => (1..parts.len())
                .map(|part| Ok(exchange(vec![parts.division(part)?])))
                .collect::<Result<_, Diagnostic>>()?,
            _ => Vec::new(),
        };
        let exchange = exchange(self.divisions()?);
        Ok(Gather { exchange, waiting: None, limits, folder: folder.clone(), pairs, rows: 0 })
    }

    /// How many gathers are there at the same time.
    pub fn gathers(&self) -> usize {
        match self {
            Work::Windows(_) => 2,
            Work::Reduce(Reducer::Aggregate(parts, _)) => 1 + parts.distinct.len(),
            _ => 1,
        }
    }

    /// What is gathered of a chunk.
    pub fn fold(&self, rows: &DataFrame) -> Result<Kept, Diagnostic> {
        match self {
            Work::Reduce(reducer) => {
                if let Reducer::Aggregate(_, Some(unfolded)) = reducer
                    && let Some(rows) = unfolded.kept(rows)?
                {
                    return Ok(Kept::Rows(rows));
                }
                reducer.fold(rows).map(Kept::Folds)
            }
            Work::Fixed(_) | Work::Whole(_) | Work::Windows(_) | Work::Join(..) | Work::Asof(..) => {
                compacted(rows.clone()).map(Kept::Rows).map_err(fail)
            }
        }
    }

    /// Prepares the side of a join that is held.
    fn build(&self, rows: Vec<DataFrame>) -> Result<Build, Diagnostic> {
        let empty = |schema: &Schema| DataFrame::empty_with_schema(&polars_schema(schema));
        match self {
            Work::Join(plan, schemas) => {
                JoinBuild::new(plan.clone(), rows, &empty(&schemas[plan.held_side()])).map(Build::Join).map_err(fail)
            }
            Work::Asof(plan, schemas) => {
                AsofBuild::new(plan.clone(), rows, &empty(&schemas[1])).map(Build::Asof).map_err(fail)
            }
            Work::Fixed(_) | Work::Reduce(_) | Work::Whole(_) | Work::Windows(_) => {
                Err(Diagnostic::error("PW0409", "the operation lacks a right input"))
            }
        }
    }

    /// Of a join whose rows are all there: how those of its sides found partners.
    pub fn matches(&self, plan: &Plan, id: NodeId) -> Option<Matches> {
        let counts = match self {
            Work::Join(join, _) => join.matches(),
            Work::Asof(join, _) => join.matches(),
            Work::Fixed(_) | Work::Reduce(_) | Work::Whole(_) | Work::Windows(_) => return None,
        };
        Some(Matches::of(plan, id)?.counted(counts))
    }

    fn held_side(&self) -> usize {
        match self {
            Work::Join(plan, _) => plan.held_side(),
            _ => 1,
        }
    }

    /// Gives the tasks that make the node's rows, in their order.
    pub fn make(&self, mut gather: Gather, send: Send<Task>) -> Result<(), Diagnostic> {
        if let Work::Fixed(rows) = self {
            send(Task::Rows(rows.clone()));
            return Ok(());
        }
        if let (Work::Reduce(reducer), Some(waiting)) = (self, gather.waiting.take()) {
            return self.unfolded(reducer, waiting, (gather.limits, &gather.folder), send);
        }
        let gathered = gather.complete(self)?.finish()?;
        if let Work::Join(..) | Work::Asof(..) = self {
            return self.join(gathered, send);
        }
        match gathered {
            Gathered::Memory(sides) => {
                in_pieces(self.finish(sides)?, &mut |rows| send(Task::Rows(rows)));
                Ok(())
            }
            Gathered::Hashed(partitions) => {
                let sides = self.divisions()?.len();
                partitions
                    .for_each(&vec![true; sides], &mut |partition| Ok(send(Task::Partition(partition))))
                    .map(|_| ())
            }
            Gathered::Ordered(runs) => self.ordered(runs, send),
        }
    }

    /// An aggregate's rows, of rows that were kept as they are.
    fn unfolded(
        &self,
        reducer: &Reducer,
        waiting: Waiting,
        (limits, folder): (Limits, &Arc<SpillFolder>),
        send: Send<Task>,
    ) -> Result<(), Diagnostic> {
        let whole = waiting.whole;
        let partitions = match waiting.into_exchange().finish()? {
            Gathered::Hashed(partitions) => partitions,
            Gathered::Memory(mut sides) => {
                let rows = reducer.finish_unfolded(sides.pop().unwrap_or_default())?;
                in_pieces(rows, &mut |rows| send(Task::Rows(rows)));
                return Ok(());
            }
            Gathered::Ordered(_) => return Ok(()),
        };
        let mut is_wanted = true;
        let give = &mut |partition: Partition| {
            if partition.bytes(0) <= whole {
                return Ok(send(Task::Unfolded(partition)));
            }
            // Too many rows of one key: they are folded piece by piece.
            let mut gather = self.gather_folds(limits, folder)?;
            for rows in partition.blocks(0) {
                gather.add(self, 0, Kept::Folds(reducer.folded(&rows?)?))?;
            }
            drop(partition);
            self.make(gather, &mut |task| {
                is_wanted = send(task);
                is_wanted
            })?;
            Ok(is_wanted)
        };
        partitions.for_each(&[true], give).map(|_| ())
    }

    /// The node's rows of all its input, or of that of some keys.
    fn finish(&self, sides: Vec<Vec<DataFrame>>) -> Result<DataFrame, Diagnostic> {
        match self {
            Work::Reduce(reducer) => reducer.finish(sides),
            Work::Whole(stage) => run(stage, some_rows(sides.into_iter().next().unwrap_or_default(), &stage.input)?),
            Work::Windows(parts) => parts.finish(sides),
            Work::Fixed(rows) => Ok(rows.clone()),
            Work::Join(_, schemas) | Work::Asof(_, schemas) => some_rows(Vec::new(), &schemas[0]),
        }
    }

    fn ordered(&self, runs: Runs, send: Send<Task>) -> Result<(), Diagnostic> {
        let runs = Arc::new(runs);
        // Of a limit only the first ranges are read, one after the other.
        let limit = match self {
            Work::Reduce(Reducer::Rows { last: Stage { op: Op::Limit(limit), .. }, .. }) => Some(limit),
            _ => None,
        };
        let mut skip = limit.map_or(0, |limit| usize::try_from(limit.offset).unwrap_or(usize::MAX));
        let mut left = limit.map_or(usize::MAX, |limit| usize::try_from(limit.count).unwrap_or(usize::MAX));
        for range in runs.ranges() {
            if limit.is_none() {
                if !send(Task::Range(runs.clone(), range)) {
                    return Ok(());
                }
                continue;
            }
            let mut is_wanted = true;
            runs.read(&range, &mut |rows| {
                let from = skip.min(rows.height());
                let rows = rows.slice(from as i64, left);
                (skip, left) = (skip - from, left - rows.height());
                is_wanted &= in_pieces(rows, &mut |rows| send(Task::Rows(rows)));
                Ok(())
            })?;
            if left == 0 || !is_wanted {
                return Ok(());
            }
        }
        Ok(())
    }

    fn join(&self, gathered: Gathered, send: Send<Task>) -> Result<(), Diagnostic> {
        let held = self.held_side();
        match gathered {
            Gathered::Memory(mut sides) => {
                let build = self.build(std::mem::take(&mut sides[held]))?;
                let led = std::mem::take(&mut sides[1 - held]);
                self.probes(build, &mut led.into_iter().map(Ok), send).map(|_| ())
            }
            Gathered::Hashed(partitions) => {
                let flags: [bool; 2] = std::array::from_fn(|side| side == held);
                let give = &mut |partition: Partition| {
                    let build = self.build(partition.rows(held)?)?;
                    self.probes(build, &mut partition.blocks(1 - held), send)
                };
                partitions.for_each(&flags, give).map(|_| ())
            }
            Gathered::Ordered(_) => Ok(()),
        }
    }

    /// All rows of the side that leads, in pieces worth the work.
    fn probes(
        &self,
        build: Build,
        led: &mut dyn Iterator<Item = Result<DataFrame, Diagnostic>>,
        send: Send<Task>,
    ) -> Result<bool, Diagnostic> {
        let build = Arc::new(build);
        let is_full = build.has_rest();
        let mut give = |rows: DataFrame| -> Result<bool, Diagnostic> {
            if !is_full {
                return Ok(send(Task::Probe(build.clone(), rows)));
            }
            // What is left over is known when all rows have been looked up.
            let mut is_wanted = true;
            build.probe(&rows, &mut |piece| {
                is_wanted &= send(Task::Rows(piece));
                Ok(())
            })?;
            Ok(is_wanted)
        };
        let mut batch: Vec<DataFrame> = Vec::new();
        let mut height = 0;
        for rows in led {
            let rows = rows?;
            height += rows.height();
            batch.push(rows);
            if height >= PIECE {
                height = 0;
                if !give(some_rows(std::mem::take(&mut batch), &Schema::default())?)? {
                    return Ok(false);
                }
            }
        }
        if !batch.is_empty() && !give(some_rows(batch, &Schema::default())?)? {
            return Ok(false);
        }
        if let (Build::Join(join), Work::Join(_, schemas)) = (&*build, self)
            && let Some(rest) = join.rest(&polars_schema(&schemas[0])).map_err(fail)?
        {
            return Ok(in_pieces(rest, &mut |rows| send(Task::Rows(rows))));
        }
        Ok(true)
    }

    /// Computes a task's rows, in pieces.
    pub fn compute(
        &self,
        task: Task,
        give: &mut dyn FnMut(DataFrame) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let mut cut = |rows: DataFrame| {
            let mut result = Ok(());
            in_pieces(rows, &mut |piece| {
                result = give(piece);
                result.is_ok()
            });
            result
        };
        match task {
            Task::Rows(rows) => cut(rows),
            Task::Partition(partition) => {
                let sides = self.divisions()?.len();
                let sides = (0..sides).map(|side| partition.rows(side)).collect::<Result<Vec<_>, _>>()?;
                drop(partition);
                cut(self.finish(sides)?)
            }
            Task::Unfolded(partition) => {
                let rows = partition.rows(0)?;
                drop(partition);
                match self {
                    Work::Reduce(reducer) => cut(reducer.finish_unfolded(rows)?),
                    _ => cut(self.finish(vec![rows])?),
                }
            }
            Task::Range(runs, range) => runs.read(&range, &mut cut),
            Task::Probe(build, rows) => build.probe(&rows, &mut cut),
        }
    }
}

/// False where no more are wanted. Without rows there is one piece all the same: it says that there are none.
fn in_pieces(rows: DataFrame, send: &mut dyn FnMut(DataFrame) -> bool) -> bool {
    let height = rows.height();
    (0..height.max(1)).step_by(PIECE).all(|start| send(rows.slice(start as i64, PIECE)))
}

impl Gather {
    /// Takes a chunk's share of one input, in order. True: nothing more is needed.
    pub fn add(&mut self, work: &Work, side: usize, kept: Kept) -> Result<bool, Diagnostic> {
        let (reducer, parts) = match (work, kept) {
            (Work::Reduce(reducer), Kept::Folds(parts)) => (reducer, parts),
            (Work::Reduce(reducer), Kept::Rows(rows)) => return self.add_unfolded(reducer, rows).map(|()| false),
            (_, Kept::Rows(rows)) => return self.exchange.add(side, rows, None).map(|()| false),
            (_, Kept::Folds(parts)) => {
                parts.into_iter().try_for_each(|rows| self.exchange.add(side, rows, None))?;
                return Ok(false);
            }
        };
        self.add_folds(reducer, parts)
    }

    /// Rows of an aggregate as they came. When there are many it is looked at what folding makes of them.
    fn add_unfolded(&mut self, reducer: &Reducer, rows: DataFrame) -> Result<(), Diagnostic> {
        let Some(waiting) = &mut self.waiting else {
            return self.add_folds(reducer, reducer.folded(&rows)?).map(|_| ());
        };
        if let Some(before) = waiting.looked_at(&rows) {
            let folds = reducer.folded(&some_rows(before.clone(), &Schema::default())?)?;
            if waiting.pays(folds.first().map_or(0, DataFrame::height)) {
                self.waiting = None;
                if let Reducer::Aggregate(_, Some(unfolded)) = reducer {
                    unfolded.fold();
                }
                self.add_folds(reducer, folds)?;
                return self.add_folds(reducer, reducer.folded(&rows)?).map(|_| ());
            }
            drop(folds);
            waiting.put_back(before)?;
        }
        waiting.add(rows)
    }

    fn add_folds(&mut self, reducer: &Reducer, parts: Vec<DataFrame>) -> Result<bool, Diagnostic> {
        for (index, rows) in parts.into_iter().enumerate() {
            self.rows += rows.height();
            match (index.checked_sub(1), reducer) {
                (None, Reducer::First { .. }) => self.exchange.add(0, rows, None)?,
                (None, _) => self.exchange.add(0, rows, Some(&|side, rows| reducer.merge(side, rows)))?,
                (Some(pair), Reducer::Aggregate(parts, _)) => {
                    let again = &parts.distinct[pair].again;
                    self.pairs[pair].add(0, rows, Some(&|_, rows| run(again, some_rows(rows, &again.input)?)))?;
                }
                (Some(_), _) => {}
            }
        }
        Ok(match reducer {
            Reducer::First { count, offset, .. } => self.rows >= count.saturating_add(*offset),
            Reducer::Aggregate(..) | Reducer::Rows { .. } => false,
        })
    }

    /// Adds the distinct counts to what was folded.
    fn complete(self, work: &Work) -> Result<Exchange, Diagnostic> {
        let Gather { mut exchange, pairs, .. } = self;
        if let Work::Windows(parts) = work {
            return parts.but_the_last(exchange, pairs);
        }
        let Work::Reduce(reducer @ Reducer::Aggregate(parts, _)) = work else { return Ok(exchange) };
        for (index, (pairs, distinct)) in pairs.into_iter().zip(&parts.distinct).enumerate() {
            let mut count = |rows: Vec<DataFrame>| {
                let rows = run(&distinct.again, some_rows(rows, &distinct.again.input)?)?;
                let counts = run(&distinct.count, rows)?;
                exchange.add(index + 1, counts, Some(&|side, rows| reducer.merge(side, rows)))
            };
            match pairs.finish()? {
                Gathered::Memory(mut sides) => count(sides.pop().unwrap_or_default())?,
                Gathered::Hashed(partitions) => {
                    partitions.for_each(&[true], &mut |partition| count(partition.rows(0)?).map(|()| true))?;
                }
                Gathered::Ordered(_) => {}
            }
        }
        Ok(exchange)
    }

    pub fn is_spilled(&self) -> bool {
        self.exchange.is_spilled()
    }

    /// Bytes on disk, as they grow.
    pub fn spilled(&self) -> Vec<Arc<AtomicU64>> {
        let waiting = self.waiting.iter().map(Waiting::exchange);
        self.pairs.iter().chain([&self.exchange]).chain(waiting).map(Exchange::spilled).collect()
    }

    /// The side that is held, of a join that takes the other one chunk by chunk.
    pub fn build(self, work: &Work) -> Result<Build, Diagnostic> {
        match self.exchange.finish()? {
            Gathered::Memory(mut sides) => work.build(sides.pop().unwrap_or_default()),
            Gathered::Hashed(_) | Gathered::Ordered(_) => work.build(Vec::new()),
        }
    }
}

/// The sum of what was spilled.
pub(super) fn spilled_bytes(parts: &[Arc<AtomicU64>]) -> u64 {
    parts.iter().map(|bytes| bytes.load(Ordering::Relaxed)).sum()
}

impl Build {
    pub fn probe(
        &self,
        rows: &DataFrame,
        give: &mut dyn FnMut(DataFrame) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        match self {
            Build::Join(join) => {
                join.probe(rows, &mut |piece| give(piece).map_err(Stopped::Told)).map_err(Stopped::told)
            }
            Build::Asof(join) => give(join.probe(rows).map_err(fail)?),
        }
    }

    fn has_rest(&self) -> bool {
        match self {
            Build::Join(join) => join.has_rest(),
            Build::Asof(_) => false,
        }
    }
}

/// A fault of the engine's, or one that is told already.
enum Stopped {
    Told(Diagnostic),
    Failed(pl::PolarsError),
}

impl From<pl::PolarsError> for Stopped {
    fn from(error: pl::PolarsError) -> Stopped {
        Stopped::Failed(error)
    }
}

impl Stopped {
    fn told(self) -> Diagnostic {
        match self {
            Stopped::Told(fault) => fault,
            Stopped::Failed(error) => fail(error),
        }
    }
}
