//! The rows of one operation over sample frames, within a budget: row-wise operations go piece by piece, joins as pairs
//! are found, the others over fewer rows where all of them are too many. What is cut says by what. Knows no session.

use std::time::Instant;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Changes;
use pipewright_core::ir::{Join, JoinKind, Op};
use polars::prelude::{DataFrame, IntoLazy, PolarsError};

use super::alone::alone_of;
use crate::allowance::{Allowance, TOO_LATE, TOO_MUCH, too_much};
use crate::budget::{Budget, Met};
use crate::cancel::Cancel;
use crate::frames::{in_few_chunks, joined, weight};
use crate::ops::asof::asof_rows;
use crate::ops::join::{JoinBuild, JoinPlan};
use crate::ops::{self, Alone, Context};

/// Rows that are tried first, and at most at once.
const FIRST_PIECE: usize = 2048;
const LARGEST_PIECE: usize = 1 << 16;
/// Rows of a join's leading side that are looked up at once.
const LED_PIECE: usize = 1 << 14;

/// What the steps of one request may take.
pub(super) struct Limits {
    pub budget: Budget,
    pub until: Option<Instant>,
    pub cancel: Cancel,
}

impl Limits {
    pub fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// For one operation, of whose budget pieces take a part.
    fn allowance(&self, part: u64) -> Allowance {
        let at_once = usize::try_from(self.budget.bytes / part).unwrap_or(usize::MAX);
        Allowance::new(&self.cancel, self.until, at_once)
    }
}

/// Where an operation's rows end early.
pub(super) struct Cut {
    /// Rows of the leading input that they were made of, and that there are.
    pub after: usize,
    pub of: usize,
    pub met: Met,
}

/// Rows of an operation.
#[derive(Default)]
pub(super) struct Derived {
    pub rows: DataFrame,
    /// Of a check or a parse: the input rows that it rejects, with the reason.
    pub rejected: Option<(DataFrame, String)>,
    pub cut: Option<Cut>,
    /// Texts that became null because they would have been too long.
    pub lost: u64,
    /// What became of values otherwise.
    pub changes: Changes,
    /// Of a join of which nothing is cut: how the rows of its sides found partners.
    pub matches: Option<[[u64; 3]; 2]>,
    /// Of such a join: keys without a partner.
    pub alone: Alone,
    /// Of an aggregate: rows without a value, for each of what it looks at.
    pub nulls: Vec<u64>,
}

/// The rows of an operation over its inputs; `op` is bound.
pub(super) fn derive(
    op: &Op,
    inputs: Vec<DataFrame>,
    context: &Context,
    limits: &Limits,
) -> Result<Derived, Diagnostic> {
    let mut derived = match op {
        Op::Filter { .. } | Op::Project(_) | Op::Check(_) | Op::Parse(_) | Op::Explode(_) | Op::Unpivot(_) => {
            row_wise(op, &first_of(inputs)?, context, limits)?
        }
        Op::Join(join) => paired(join, inputs, context, limits)?,
        Op::Union => union(op, inputs, context, limits)?,
        Op::Aggregate(_)
        | Op::Window(_)
        | Op::AsofJoin(_)
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Write(_)
        | Op::Read(_)
        | Op::Rows(_) => whole(op, inputs, context, limits)?,
    };
    derived.rows = in_few_chunks(derived.rows);
    Ok(derived)
}

fn first_of(inputs: Vec<DataFrame>) -> Result<DataFrame, Diagnostic> {
    inputs.into_iter().next().ok_or_else(|| Diagnostic::error("PW0409", "the operation lacks an input"))
}

fn fail(error: PolarsError) -> Diagnostic {
    ops::failed(&error)
}

fn too_many(limits: &Limits) -> Diagnostic {
    too_much(&limits.budget.words(Met::Bytes))
}

/// Rows, and of a join how those of its sides found partners.
type Counted = (DataFrame, Option<[[u64; 3]; 2]>);

fn all_at_once(op: &Op, inputs: &[DataFrame], context: &Context) -> Result<Counted, Diagnostic> {
    match (op, inputs) {
        (Op::AsofJoin(join), [left, right]) => {
            let (rows, matches) = asof_rows(left, right.clone(), join, context)?;
            Ok((rows, Some(matches)))
        }
        _ => Ok((collected(op, inputs, context)?, None)),
    }
}

fn collected(op: &Op, inputs: &[DataFrame], context: &Context) -> Result<DataFrame, Diagnostic> {
    let frames = inputs.iter().map(|frame| frame.clone().lazy()).collect();
    let frame = ops::lower_op(op, frames, context)?;
    let frame = match op {
        Op::Aggregate(aggregate) => ops::in_key_order(frame, aggregate),
        _ => frame,
    };
    frame.collect().map_err(fail)
}

/// Piece by piece, each as large as the rows before let expect to be right.
fn row_wise(op: &Op, input: &DataFrame, context: &Context, limits: &Limits) -> Result<Derived, Diagnostic> {
    // A check that would stop a run shows here what it stops at.
    let shown = ops::rejecting(op);
    let shown = shown.as_ref().unwrap_or(op);
    let allowance = limits.allowance(4);
    let (mut pieces, mut rejected, mut reason) = (Vec::new(), Vec::new(), None);
    let (mut at, mut rows, mut bytes, mut lost) = (0, 0, 0, 0);
    let mut changes = Changes::default();
    let (mut step, mut most) = (FIRST_PIECE, LARGEST_PIECE);
    let height = input.height();
    let mut cut = None;
    loop {
        let count = step.min(height - at);
        let piece = input.slice(at as i64, count);
        let own = allowance.fresh();
        let made = {
            let _entered = own.enter();
            of_piece(op, shown, piece, context)
        };
        let made = match made {
            // Constants weigh nothing until they are repeated.
            Ok((frame, _)) if count > 1 && weight(&frame) as u64 > limits.budget.bytes => Err(too_many(limits)),
            made => made,
        };
        let made = match made {
            Ok(made) => made,
            Err(fault) if fault.code == TOO_MUCH && count > 1 => {
                // So many are not tried again.
                most = (count / 2).max(1);
                step = (count / 8).max(1);
                continue;
            }
            Err(fault) if fault.code == TOO_MUCH && at > 0 => {
                cut = Some((at, Met::Bytes));
                break;
            }
            Err(fault) if fault.code == TOO_LATE && at > 0 => {
                cut = Some((at, Met::Time));
                break;
            }
            Err(fault) => return Err(fault),
        };
        lost += own.lost();
        changes.add(&own.changes());
        at += count;
        rows += made.0.height();
        bytes += weight(&made.0);
        pieces.push(made.0);
        if let Some((frame, why)) = made.1 {
            rejected.push(frame);
            reason = Some(why);
        }
        if rows as u64 > limits.budget.rows {
            cut = Some((at, Met::Rows));
        } else if at < height && bytes as u64 >= limits.budget.bytes {
            cut = Some((at, Met::Bytes));
        } else if at < height && limits.is_late() {
            cut = Some((at, Met::Time));
        }
        if at == height || cut.is_some() {
            break;
        }
        limits.cancel.check()?;
        let room = allowance.at_once / (bytes / at).max(1);
        step = (count * 8).min(most).min(room).max(1);
    }
    let rows = joined_pieces(pieces, limits)?;
    let rejected = match reason {
        Some(reason) => Some((joined(rejected).map_err(fail)?, reason)),
        None => None,
    };
    let cut = cut.map(|(after, met)| Cut { after, of: height, met });
    Ok(Derived { rows, rejected, cut, lost, changes, ..Derived::default() })
}

type Piece = (DataFrame, Option<(DataFrame, String)>);

/// Rows that an operation makes of some of its input's, and those that it rejects.
fn of_piece(op: &Op, shown: &Op, piece: DataFrame, context: &Context) -> Result<Piece, Diagnostic> {
    room_for(op, &piece, context)?;
    let rows = collected(shown, std::slice::from_ref(&piece), context)?;
    let rejected = match ops::rejected(op, piece.lazy(), context)? {
        Some((frame, reason)) => Some((frame.collect().map_err(fail)?, reason)),
        None => None,
    };
    Ok((rows, rejected))
}

/// An error where rows are to come to more than may be made at once. What is computed of a single row is counted only.
fn room_for(op: &Op, rows: &DataFrame, context: &Context) -> Result<(), Diagnostic> {
    if rows.height() < 2 && !ops::is_foreseen(op) {
        return Ok(());
    }
    Allowance::current().room_for(ops::grown(op, rows, context)).map_err(fail)
}

/// No more rows than a step may have.
fn joined_pieces(pieces: Vec<DataFrame>, limits: &Limits) -> Result<DataFrame, Diagnostic> {
    let mut pieces = pieces.into_iter();
    let mut all = pieces.next().unwrap_or_default();
    for piece in pieces {
        all.vstack_mut_owned(piece).map_err(fail)?;
    }
    let most = usize::try_from(limits.budget.rows).unwrap_or(usize::MAX);
    Ok(if all.height() > most { all.head(Some(most)) } else { all })
}

/// Why a join's rows end early.
enum Stop {
    Met(Met),
    Failed(PolarsError),
}

impl From<PolarsError> for Stop {
    fn from(error: PolarsError) -> Stop {
        Stop::Failed(error)
    }
}

/// A join, as its pairs are found; of half of its rows, and so on, where its keys take too much.
fn paired(join: &Join, mut inputs: Vec<DataFrame>, context: &Context, limits: &Limits) -> Result<Derived, Diagnostic> {
    let height = inputs.first().map_or(0, DataFrame::height);
    let mut is_halved = false;
    loop {
        match pairs(join, &inputs, context, limits) {
            Err(fault) if fault.code == TOO_MUCH && inputs.iter().any(|input| input.height() > 1) => {
                is_halved = true;
                inputs.iter_mut().for_each(|input| *input = input.head(Some(input.height().div_ceil(2))));
            }
            made => {
                let after = inputs.first().map_or(0, DataFrame::height);
                let halved = is_halved.then_some(Cut { after, of: height, met: Met::Bytes });
                // Of fewer rows nobody knows how they would have found partners.
                return made.map(|made| Derived {
                    cut: made.cut.or(halved),
                    matches: made.matches.filter(|_| !is_halved),
                    alone: if is_halved { Alone::default() } else { made.alone },
                    ..made
                });
            }
        }
    }
}

fn pairs(join: &Join, inputs: &[DataFrame], context: &Context, limits: &Limits) -> Result<Derived, Diagnostic> {
    let allowance = limits.allowance(1);
    let _entered = allowance.enter();
    let plan = std::sync::Arc::new(JoinPlan::new(join, context)?);
    let held = plan.held_side();
    if inputs.len() < 2 {
        return Err(Diagnostic::error("PW0409", "the operation lacks a right input"));
    }
    let (held, led) = (inputs[held].clone(), &inputs[1 - held]);
    let build = JoinBuild::new(plan.clone(), vec![held], &DataFrame::empty()).map_err(fail)?;
    let (mut pieces, mut rows, mut bytes) = (Vec::new(), 0, 0);
    let mut give = |piece: DataFrame| -> Result<(), Stop> {
        rows += piece.height();
        bytes += weight(&piece);
        pieces.push(piece);
        allowance.check()?;
        if rows as u64 > limits.budget.rows {
            return Err(Stop::Met(Met::Rows));
        }
        if bytes as u64 >= limits.budget.bytes {
            return Err(Stop::Met(Met::Bytes));
        }
        Ok(())
    };
    let mut cut = None;
    for at in (0..led.height().max(1)).step_by(LED_PIECE) {
        let some = led.slice(at as i64, LED_PIECE);
        let end = (at + some.height()).min(led.height());
        match build.probe(&some, &mut give) {
            Ok(()) => {}
            Err(Stop::Met(met)) => cut = Some((end, met)),
            Err(Stop::Failed(error)) => match fail(error) {
                fault if fault.code == TOO_LATE => cut = Some((end, Met::Time)),
                fault => return Err(fault),
            },
        }
        if cut.is_some() {
            break;
        }
    }
    if cut.is_none() && join.kind == JoinKind::Full {
        pieces.extend(build.rest(led.schema()).map_err(fail)?);
    }
    let alone = if cut.is_none() { alone_of(&plan, &build, [&inputs[0], &inputs[1]]) } else { Alone::default() };
    drop(build);
    let matches = cut.is_none().then(|| plan.matches());
    let cut = cut.map(|(after, met)| Cut { after, of: led.height(), met });
    let (rows, lost) = (joined_pieces(pieces, limits)?, allowance.lost());
    Ok(Derived { rows, cut, lost, matches, alone, ..Derived::default() })
}

/// The inputs' rows one after the other, up to those that a step may have.
fn union(op: &Op, inputs: Vec<DataFrame>, context: &Context, limits: &Limits) -> Result<Derived, Diagnostic> {
    let mut left = usize::try_from(limits.budget.rows).unwrap_or(usize::MAX);
    let all: usize = inputs.iter().map(DataFrame::height).sum();
    let mut some = Vec::with_capacity(inputs.len());
    for input in inputs {
        let input = if input.height() > left { input.head(Some(left)) } else { input };
        left -= input.height();
        some.push(input);
    }
    let taken: usize = some.iter().map(DataFrame::height).sum();
    let rows = collected(op, &some, context)?;
    let cut = (taken < all).then_some(Cut { after: taken, of: all, met: Met::Rows });
    Ok(Derived { rows, cut, ..Derived::default() })
}

/// All rows at once; half of them, and so on, where they make too much.
fn whole(op: &Op, mut inputs: Vec<DataFrame>, context: &Context, limits: &Limits) -> Result<Derived, Diagnostic> {
    let allowance = limits.allowance(1);
    let height = inputs.first().map_or(0, DataFrame::height);
    let mut cut = None;
    loop {
        let own = allowance.fresh();
        let made = {
            let _entered = own.enter();
            inputs
                .first()
                .map_or(Ok(()), |rows| room_for(op, rows, context))
                .and_then(|()| all_at_once(op, &inputs, context))
        };
        match (made, inputs.first_mut()) {
            (Err(fault), Some(first)) if fault.code == TOO_MUCH && first.height() > 1 => {
                let half = first.height() / 2;
                *first = first.head(Some(half));
                cut = Some(Cut { after: half, of: height, met: Met::Bytes });
            }
            (made, _) => {
                let (rows, matches) = made?;
                let matches = matches.filter(|_| cut.is_none());
                let nulls = match (op, &inputs[..], &context.inputs[..]) {
                    (Op::Aggregate(aggregate), [rows], [schema]) => ops::nulls(aggregate, rows, schema)?,
                    _ => Vec::new(),
                };
                let (lost, changes) = (own.lost(), own.changes());
                return Ok(Derived { rows, cut, lost, changes, matches, nulls, ..Derived::default() });
            }
        }
    }
}
