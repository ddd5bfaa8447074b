//! Joins by equal keys. Keys are computed in one type on both sides; null matches nothing. One side leads, row by row or
//! chunk by chunk; the other is held and prepared once.

use std::sync::Arc;

use pipewright_core::data::{Field, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Join, JoinKind};
use polars::prelude::{
    self as pl, BooleanChunked, Column, DataFrame, IdxCa, IdxSize, IntoLazy, LazyFrame, NewChunkedArray, PolarsResult,
};

use super::computed;
use super::matching::{Flags, MatchTally, rows_lacking};
use super::{Context, column, failed, lacking};
use crate::allowance::Allowance;
use crate::exprs;
use crate::frames::{column_weight, gathered, joined};
use crate::keys::KeyTable;

/// Rows of a result that are made at once, at most.
const PIECE: usize = 1 << 18;
/// Cells of a result that are made at once.
const CELLS: usize = 1 << 22;
/// Bytes that a cell counts for: a join behind a join holds its own piece meanwhile.
const CELL: usize = 32;
/// Bytes of a result that are made at once.
const BYTES: usize = 64 << 20;
/// Bytes of a row on one side, on the mean, of which no number of pairs that is made at once is too large.
const SHORT: usize = BYTES / PIECE / 2;

/// What a join computes of its sides.
pub(crate) struct JoinPlan {
    kind: JoinKind,
    left_keys: Vec<pl::Expr>,
    right_keys: Vec<pl::Expr>,
    /// By side: the keys as they are given, which are null where a row has none.
    given: [Vec<pl::Expr>; 2],
    /// What these give.
    given_schemas: [Schema; 2],
    tally: MatchTally,
    /// Of the side that is held: columns as the result names them.
    held: Vec<pl::Expr>,
    /// Of the side that leads, where the result names them differently.
    led: Option<Vec<pl::Expr>>,
    output: Vec<String>,
}

impl JoinPlan {
    pub fn new(join: &Join, context: &Context) -> Result<JoinPlan, Diagnostic> {
        let [left_schema, right_schema] = context.inputs[..] else { return Err(lacking("a right input")) };
        let (mut left_keys, mut right_keys) = (Vec::new(), Vec::new());
        let (mut given, mut given_schemas) = ([Vec::new(), Vec::new()], [Schema::default(), Schema::default()]);
        for (index, (left_key, right_key)) in join.on.iter().enumerate() {
            let left_key = exprs::lower(left_key, left_schema)?;
            let right_key = exprs::lower(right_key, right_schema)?;
            for (side, key) in [&left_key, &right_key].into_iter().enumerate() {
                let name = format!("#key{index}");
                given[side].push(key.expr.clone().alias(name.as_str()));
                given_schemas[side].fields.push(Field::new(name, key.data_type.clone()));
            }
            let Some((left_key, right_key)) = exprs::key_pair(left_key, right_key) else {
                return Err(Diagnostic::error("PW0402", "the join's keys have types that never compare"));
            };
            left_keys.push(left_key.alias(format!("#key{index}")));
            right_keys.push(right_key.alias(format!("#key{index}")));
        }
        let rights: Vec<pl::Expr> = join.right.iter().map(|(from, to)| column(from).alias(to.as_str())).collect();
        let (held, led) = match join.kind {
            JoinKind::Right => (left_schema.names().map(column).collect(), Some(rights)),
            JoinKind::Semi | JoinKind::Anti => (Vec::new(), None),
            JoinKind::Inner | JoinKind::Left | JoinKind::Full | JoinKind::Cross => (rights, None),
        };
        let mut output: Vec<String> = context.output.names().map(str::to_owned).collect();
        if context.ids && matches!(join.kind, JoinKind::Semi | JoinKind::Anti) {
            output.push(crate::table::RESERVED_ROW.to_owned());
        }
        let tally = MatchTally::default();
        Ok(JoinPlan { kind: join.kind, left_keys, right_keys, given, given_schemas, tally, held, led, output })
    }

    /// Keys by which the sides may be divided: left, right. Empty: not at all.
    pub fn keys(&self) -> [&[pl::Expr]; 2] {
        [&self.left_keys, &self.right_keys]
    }

    /// The side that is held: 0 left, 1 right.
    pub fn held_side(&self) -> usize {
        if self.kind == JoinKind::Right { 0 } else { 1 }
    }

    /// How the rows found partners, when all builds of the join are gone.
    pub fn matches(&self) -> [[u64; 3]; 2] {
        self.tally.total()
    }

    /// By side: the keys as they are given, which `JoinBuild::keys_alone` gives.
    pub fn given_schemas(&self) -> &[Schema; 2] {
        &self.given_schemas
    }

    fn is_outer(&self) -> bool {
        matches!(self.kind, JoinKind::Left | JoinKind::Right | JoinKind::Full)
    }
}

/// A join with the side that is held, prepared.
pub(crate) struct JoinBuild {
    plan: Arc<JoinPlan>,
    held: DataFrame,
    table: KeyTable,
    /// Bytes of each row that is held.
    weights: Option<Vec<usize>>,
    /// Groups of held rows that have a partner.
    matched: Flags,
    /// Held rows, and those of them that have a null key.
    height: u64,
    null_keys: u64,
}

impl Drop for JoinBuild {
    /// Nobody looks up any more: what the held rows found is known.
    fn drop(&mut self) {
        let matched = self.matched.found().map(|group| self.table.rows(group as u32).len() as u64).sum();
        self.plan.tally.add(self.plan.held_side(), [matched, self.height - matched, self.null_keys]);
    }
}

impl JoinBuild {
    pub fn new(plan: Arc<JoinPlan>, rows: Vec<DataFrame>, empty: &DataFrame) -> PolarsResult<JoinBuild> {
        let rows = if rows.is_empty() { empty.clone() } else { joined(rows)? };
        let height = rows.height();
        let table = KeyTable::new(&computed(&rows, plan.keys()[plan.held_side()])?, height)?;
        let held = gathered(DataFrame::new(height, computed(&rows, &plan.held)?)?)?;
        let null_keys = rows_lacking(&rows, &plan.given[plan.held_side()])?;
        let matched = Flags::new(table.group_count());
        let weights = row_weights(&held);
        Ok(JoinBuild { plan, held, table, weights, matched, height: height as u64, null_keys })
    }

    /// What the join gives for some rows of the side that leads, in their order, in pieces.
    pub fn probe<E: From<pl::PolarsError>>(
        &self,
        rows: &DataFrame,
        give: &mut dyn FnMut(DataFrame) -> Result<(), E>,
    ) -> Result<(), E> {
        let keys = computed(rows, self.plan.keys()[1 - self.plan.held_side()])?;
        let groups = self.table.groups(&keys, rows.height())?;
        self.count(rows, &groups)?;
        if matches!(self.plan.kind, JoinKind::Semi | JoinKind::Anti) {
            let wanted = self.plan.kind == JoinKind::Semi;
            let has = |group: &Option<u32>| group.is_some_and(|group| !self.table.rows(group).is_empty());
            let keep = BooleanChunked::from_iter_values("keep".into(), groups.iter().map(|group| has(group) == wanted));
            return give(rows.filter(&keep)?.select(self.plan.output.iter().map(String::as_str))?);
        }
        let rows = match &self.plan.led {
            Some(led) => DataFrame::new(rows.height(), computed(rows, led)?)?,
            None => rows.clone(),
        };
        let is_outer = self.plan.is_outer();
        let mut pairs = Pairs::default();
        let weights = row_weights(&rows);
        let bytes = BYTES.min(Allowance::current().at_once / 4);
        let cells = CELLS.min(Allowance::current().at_once / CELL);
        let piece = (cells / self.plan.output.len().max(1)).clamp(1, PIECE);
        for (row, group) in groups.iter().enumerate() {
            let partners = group.map_or(&[][..], |group| self.table.rows(group));
            if partners.is_empty() && is_outer {
                pairs.add(row as IdxSize, None);
            }
            let own = weight_of(&weights, row);
            for partner in partners {
                pairs.add(row as IdxSize, Some(*partner));
                pairs.bytes += own + weight_of(&self.weights, *partner as usize);
                if pairs.rows.len() >= piece || pairs.bytes >= bytes {
                    give(self.paired(&rows, std::mem::take(&mut pairs))?)?;
                }
            }
        }
        give(self.paired(&rows, pairs)?)
    }

    /// Notes which rows have partners.
    fn count(&self, rows: &DataFrame, groups: &[Option<u32>]) -> PolarsResult<()> {
        let mut matched = 0;
        for group in groups.iter().flatten().filter(|group| !self.table.rows(**group).is_empty()) {
            matched += 1;
            self.matched.set(*group as usize);
        }
        let led_side = 1 - self.plan.held_side();
        let null_keys = rows_lacking(rows, &self.plan.given[led_side])?;
        self.plan.tally.add(led_side, [matched, groups.len() as u64 - matched, null_keys]);
        Ok(())
    }

    fn paired(&self, rows: &DataFrame, pairs: Pairs) -> PolarsResult<DataFrame> {
        let height = pairs.rows.len();
        // Each row once and in order, as where keys of the held side are unique: nothing is moved.
        let is_same = height == rows.height() && pairs.rows.iter().enumerate().all(|(at, row)| at == *row as usize);
        let rows = if is_same { rows.clone() } else { rows.take(&IdxCa::from_vec("rows".into(), pairs.rows))? };
        let partners = match pairs.has_none {
            true => IdxCa::from_iter_options(
                "partners".into(),
                pairs.partners.into_iter().map(|row| (row != NONE).then_some(row)),
            ),
            false => IdxCa::from_vec("partners".into(), pairs.partners),
        };
        let held = match self.held.width() {
            0 => Vec::new(),
            _ => self.held.take(&partners)?.into_columns(),
        };
        self.complete(rows.into_columns(), held, height)
    }

    /// Columns of both sides in the order of the result.
    fn complete(&self, mut columns: Vec<Column>, held: Vec<Column>, height: usize) -> PolarsResult<DataFrame> {
        columns.retain(|column| !held.iter().any(|other| other.name() == column.name()));
        columns.extend(held);
        DataFrame::new(height, columns)?.select(self.plan.output.iter().map(String::as_str))
    }

    pub fn has_rest(&self) -> bool {
        self.plan.kind == JoinKind::Full
    }

    /// Which held rows have no partner, when all rows have been probed.
    fn held_alone(&self) -> BooleanChunked {
        let mut alone = vec![true; self.height as usize];
        for row in self.matched.found().flat_map(|group| self.table.rows(group as u32)) {
            alone[*row as usize] = false;
        }
        BooleanChunked::from_iter_values("alone".into(), alone.into_iter())
    }

    /// The keys, as they are given, of the rows of both sides that have no partner, left first. `sides`: all rows that
    /// are held, and all that have been probed.
    pub fn keys_alone(&self, sides: [&DataFrame; 2]) -> PolarsResult<[DataFrame; 2]> {
        let held = self.plan.held_side();
        let led = sides[1 - held];
        let groups = self.table.groups(&computed(led, self.plan.keys()[1 - held])?, led.height())?;
        let is_alone = |group: &Option<u32>| group.is_none_or(|group| self.table.rows(group).is_empty());
        let led_alone = BooleanChunked::from_iter_values("alone".into(), groups.iter().map(is_alone));
        let held_alone = self.held_alone();
        let of = |side: usize| {
            let keys = DataFrame::new(sides[side].height(), computed(sides[side], &self.plan.given[side])?)?;
            keys.filter(if side == held { &held_alone } else { &led_alone })
        };
        Ok([of(0)?, of(1)?])
    }

    /// Of a full join, the held rows without a partner, when all rows have been probed.
    pub fn rest(&self, led: &pl::Schema) -> PolarsResult<Option<DataFrame>> {
        if !self.has_rest() {
            return Ok(None);
        }
        let unmatched = self.held_alone();
        let height = unmatched.sum().unwrap_or(0) as usize;
        let nulls = led.iter().map(|(name, data_type)| Column::full_null(name.clone(), height, data_type)).collect();
        let held = match self.held.width() {
            0 => Vec::new(),
            _ => self.held.filter(&unmatched)?.into_columns(),
        };
        self.complete(nulls, held, height).map(Some)
    }
}

const NONE: IdxSize = IdxSize::MAX;

/// Rows of the leading side with their partners.
#[derive(Default)]
struct Pairs {
    rows: Vec<IdxSize>,
    partners: Vec<IdxSize>,
    has_none: bool,
    /// Of their texts, lists and records.
    bytes: usize,
}

/// Bytes of each row's texts, lists and records; `None` where all rows are short.
fn row_weights(rows: &DataFrame) -> Option<Vec<usize>> {
    let is_long = |column: &Column| column.dtype().is_nested() || *column.dtype() == pl::DataType::String;
    let long: Vec<&Column> = rows.columns().iter().filter(|column| is_long(column)).collect();
    let bytes = long.iter().map(|column| column_weight(column)).fold(0, usize::saturating_add);
    if bytes <= rows.height().saturating_mul(SHORT) && !long.iter().any(|column| column.dtype().is_nested()) {
        return None;
    }
    let mut weights = vec![0; rows.height()];
    long.iter().for_each(|column| super::growth::add_weights(column.as_materialized_series(), &mut weights));
    Some(weights)
}

fn weight_of(weights: &Option<Vec<usize>>, row: usize) -> usize {
    weights.as_ref().map_or(0, |weights| weights[row])
}

impl Pairs {
    fn add(&mut self, row: IdxSize, partner: Option<IdxSize>) {
        self.rows.push(row);
        self.partners.push(partner.unwrap_or(NONE));
        self.has_none |= partner.is_none();
    }
}

pub(super) fn join(left: LazyFrame, right: LazyFrame, join: &Join, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let plan = Arc::new(JoinPlan::new(join, context)?);
    let whole = || -> PolarsResult<DataFrame> {
        let mut sides = [left.collect()?, right.collect()?];
        let held = std::mem::take(&mut sides[plan.held_side()]);
        let led = std::mem::take(&mut sides[1 - plan.held_side()]);
        let build = JoinBuild::new(plan.clone(), vec![held], &DataFrame::empty())?;
        let mut pieces = Vec::new();
        build.probe(&led, &mut |piece| -> PolarsResult<()> {
            pieces.push(piece);
            Ok(())
        })?;
        pieces.extend(build.rest(led.schema())?);
        joined(pieces)
    };
    Ok(whole().map_err(|error| failed(&error))?.lazy())
}
