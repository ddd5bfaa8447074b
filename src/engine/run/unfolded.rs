//! Rows of an aggregate that are gathered as they are: where keys repeat little, folding every chunk costs more than it
//! spares. The first rows wait; how much folding makes of them decides, and is looked at again as they grow. So it
//! depends on the rows alone, never on which thread was faster.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{Expr, ExprKind};
use pipewright_core::ir::Aggregate;
use polars::prelude::{self as pl, DataFrame};

use crate::exchange::{Division, Exchange, Limits, SpillFolder};
use crate::frames::compacted;
use crate::{exprs, ops};

/// Rows that wait until it is looked at what folding makes of them.
const FIRST: usize = 1 << 18;
/// Times as many until it is looked at again.
const AGAIN: usize = 4;

/// How an aggregate's rows are kept, where its keys and values are plain columns.
pub(super) struct Unfolded {
    columns: Vec<String>,
    keys: Vec<pl::Expr>,
    /// From now on chunks are folded by whoever reads them.
    is_folding: AtomicBool,
}

impl Unfolded {
    /// `None` where every chunk is to be folded: without keys, and where values are computed first.
    pub fn new(aggregate: &Aggregate, input: &Schema) -> Option<Unfolded> {
        let mut columns: Vec<String> = Vec::new();
        let mut read = |expr: &Expr| match &expr.kind {
            ExprKind::Literal(_) => true,
            ExprKind::Column(name) => {
                if !columns.contains(name) {
                    columns.push(name.clone());
                }
                true
            }
            _ => false,
        };
        let mut is_plain = aggregate.keys.iter().all(|key| read(&key.expr));
        for measure in &aggregate.measures {
            is_plain &= match &measure.expr.kind {
                ExprKind::Call(call) => call.filter.is_none() && call.args.iter().all(&mut read),
                _ => false,
            };
        }
        let is_key = |expr: &Expr| matches!(expr.kind, ExprKind::Column(_));
        if !is_plain || !aggregate.keys.iter().any(|key| is_key(&key.expr)) {
            return None;
        }
        let keys = aggregate.keys.iter().map(|key| exprs::lower(&key.expr, input).map(|typed| typed.expr));
        Some(Unfolded { columns, keys: keys.collect::<Result<_, _>>().ok()?, is_folding: AtomicBool::new(false) })
    }

    /// What is kept of a chunk; `None` where it is to be folded.
    pub fn kept(&self, rows: &DataFrame) -> Result<Option<DataFrame>, Diagnostic> {
        if self.is_folding.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let kept = rows.select(self.columns.iter().map(String::as_str)).and_then(compacted);
        kept.map(Some).map_err(|error| ops::failed(&error))
    }

    /// Nothing is kept as it is any more.
    pub fn fold(&self) {
        self.is_folding.store(true, Ordering::Relaxed);
    }

    pub fn waiting(&self, limits: Limits, folder: &Arc<SpillFolder>) -> Waiting {
        // Rows of one key that are too many for the memory are folded piece by piece.
        let endless = Limits { whole: usize::MAX, ..limits };
        let exchange = Exchange::new(vec![Division::Keys(self.keys.clone())], endless, folder.clone());
        Waiting { exchange, rows: 0, look: FIRST, whole: limits.whole }
    }
}

/// Rows that are kept as they are.
pub(super) struct Waiting {
    exchange: Exchange,
    rows: usize,
    /// How many there are when it is looked at them next.
    look: usize,
    /// Bytes that may be worked on at once.
    pub whole: usize,
}

impl Waiting {
    pub fn add(&mut self, rows: DataFrame) -> Result<(), Diagnostic> {
        self.rows += rows.height();
        self.exchange.add(0, rows, None)
    }

    /// The rows, if they are so many that it should be looked at them again before `further` ones come.
    pub fn looked_at(&mut self, further: &DataFrame) -> Option<Vec<DataFrame>> {
        let is_time = self.rows >= self.look || !self.exchange.has_room(further);
        if self.rows == 0 || self.exchange.is_spilled() || !is_time {
            return None;
        }
        self.look = self.rows.saturating_mul(AGAIN);
        Some(self.exchange.taken(0))
    }

    /// Whether so few folds came of the rows that folding pays.
    pub fn pays(&self, folds: usize) -> bool {
        folds <= self.rows / 2
    }

    /// Takes rows back that were looked at.
    pub fn put_back(&mut self, rows: Vec<DataFrame>) -> Result<(), Diagnostic> {
        rows.into_iter().try_for_each(|rows| self.exchange.add(0, rows, None))
    }

    pub fn into_exchange(self) -> Exchange {
        self.exchange
    }

    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }
}
