//! What the chart of an answer over time draws: bars of all parts of a time, the line of all beside that of one part, or
//! spans so long that most of them are of enough. The sentence tells the most of the same, so that neither contradicts
//! the other. Imports the answer's shape.

use std::collections::BTreeSet;

use super::ChartKind;
use super::answer::{AnswerShape, MeasureShape};
use super::cells::{Cell, cells, is_common};
use super::plot::{FEW_TIMES, Mark, Plotted};
use super::told::{MOST_ROWS, position, shown};
use super::whole::each_time;
use crate::data::instants::MICROS_PER_DAY;
use crate::data::{Schema, TableRows, Value};

/// An answer as it is drawn.
pub(super) struct Drawn<'a> {
    pub shape: AnswerShape,
    pub rows: Picked<'a>,
}

impl Drawn<'_> {
    pub fn cells(&self, measure: &MeasureShape) -> Vec<Cell> {
        cells(&self.shape, &self.rows, measure)
    }
}

/// Rows of others, some of them alone or with the times of longer spans in the place of their own.
pub(super) struct Picked<'a> {
    rows: &'a dyn TableRows,
    /// `None`: all.
    pub places: Option<Vec<usize>>,
    /// The column of times, and the length of the spans.
    span: Option<(usize, i64)>,
}

impl<'a> Picked<'a> {
    pub fn all(rows: &'a dyn TableRows) -> Self {
        Self { rows, places: None, span: None }
    }
}

impl TableRows for Picked<'_> {
    fn schema(&self) -> &Schema {
        self.rows.schema()
    }

    fn rows(&self) -> usize {
        self.places.as_ref().map_or(self.rows.rows(), Vec::len)
    }

    fn value(&self, row: usize, column: usize) -> Value {
        let row = self.places.as_ref().map_or(row, |places| places[row]);
        match (self.rows.value(row, column), self.span) {
            (Value::Timestamp(at), Some((times, span))) if column == times => {
                Value::Timestamp(at.div_euclid(span) * span)
            }
            (value, _) => value,
        }
    }
}

impl AnswerShape {
    /// The same without its parts, which therefore have no names.
    fn without_parts(&self) -> Option<AnswerShape> {
        let mut shape = self.clone();
        shape.names.clear();
        shape.chart.as_mut()?.by.take().map(|_| shape)
    }

    fn has_parts(&self) -> bool {
        self.chart.as_ref().is_some_and(|chart| chart.by.is_some())
    }

    /// The answer as its chart draws it, where that is other than by its own rows: what a sentence calls the most has to
    /// be there to be seen.
    pub(super) fn as_drawn<'a>(&self, rows: &'a dyn TableRows, measure: &MeasureShape) -> Option<Drawn<'a>> {
        if !self.is_over_time() {
            return None;
        }
        if self.has_bars_of_times(rows, measure) {
            return self.without_parts().map(|shape| Drawn { shape, rows: Picked::all(rows) });
        }
        self.in_longer_spans(rows, measure)
    }

    /// Whether there is a bar for each time: few of them, or the chart is of bars, and no part stands by itself.
    pub(super) fn has_bars_of_times(&self, rows: &dyn TableRows, measure: &MeasureShape) -> bool {
        let Some((time, span)) = self.time.as_ref().filter(|_| self.is_over_time()) else { return false };
        let Some(x) = rows.schema().index(time) else { return false };
        let times: BTreeSet<i64> =
            (0..rows.rows().min(MOST_ROWS)).filter_map(|row| position(&rows.value(row, x))).collect();
        let is_bar = self.chart.as_ref().is_some_and(|chart| chart.kind == ChartKind::Bar);
        let is_added = self.sums(measure, rows) && measure.share_of.is_none();
        // Parts that somebody asked for are told apart, unless their sum is what is asked, or there is but one time.
        let is_alone = !self.has_parts() || measure.is_total || (is_added && times.len() == 1);
        let is_wanted = self.goal.is_none() && is_alone && (is_bar || times.len() <= FEW_TIMES);
        is_wanted && self.times_of_bars(rows, measure, x, *span).is_some()
    }

    /// Where most spans are of too few: the shortest spans of which most are of enough, all parts together.
    pub(super) fn in_longer_spans<'a>(&self, rows: &'a dyn TableRows, measure: &MeasureShape) -> Option<Drawn<'a>> {
        const HOUR: i64 = MICROS_PER_DAY / 24;
        let (time, span) = self.time.as_ref()?;
        let (span, column) = ((*span)?, rows.schema().index(time)?);
        if measure.share_of.is_none() || !self.sums(measure, rows) || self.are_of_enough(rows, measure) {
            return None;
        }
        let longer = [HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, MICROS_PER_DAY, 7 * MICROS_PER_DAY];
        let spans = [span].into_iter().chain(longer.into_iter().filter(|longer| *longer > span && longer % span == 0));
        let together = self.without_parts().unwrap_or_else(|| self.clone());
        let picked = |span: i64| Picked { rows, places: None, span: Some((column, span)) };
        let found = spans.into_iter().find(|span| together.are_of_enough(&picked(*span), measure))?;
        let mut shape = self.clone();
        shape.time = Some((time.clone(), Some(found)));
        (found != span).then(|| Drawn { shape, rows: picked(found) })
    }

    /// Whether most of what is told apart is of enough.
    fn are_of_enough(&self, rows: &dyn TableRows, measure: &MeasureShape) -> bool {
        let cells = cells(self, rows, measure);
        cells.iter().filter(|cell| cell.is_of_enough()).count() * 2 > cells.len()
    }

    /// All parts of each time together, of which a line is drawn beside that of the worst part: where single parts are
    /// mostly of few, or where theirs do not make that of all.
    pub(super) fn all_together<'a>(
        &self,
        rows: &'a dyn TableRows,
        whole: Option<&'a dyn TableRows>,
        measure: &MeasureShape,
    ) -> Option<Drawn<'a>> {
        if !self.is_over_time() || self.has_bars_of_times(rows, measure) {
            return None;
        }
        let shape = self.without_parts()?;
        match measure.share_of {
            Some(_) if !self.sums(measure, rows) || self.are_of_enough(rows, measure) => None,
            Some(_) => Some(Drawn { shape, rows: Picked::all(rows) }),
            None => {
                let whole = whole.filter(|_| measure.counted.is_some())?;
                let places = each_time(whole, &self.time.as_ref()?.0)?;
                Some(Drawn { shape, rows: Picked { rows: whole, places: Some(places), span: None } })
            }
        }
    }

    /// The mark of what the sentence calls the most; `None`: it calls nothing so, or there is one mark alone.
    pub(super) fn told_mark(
        &self,
        rows: &dyn TableRows,
        whole: Option<&dyn TableRows>,
        measure: &MeasureShape,
        plotted: &Plotted,
    ) -> Option<Mark> {
        let points = plotted.lines.iter().flat_map(|line| line.pieces.iter().flatten()).count();
        if plotted.bars.len() + points < 2 || plotted.are_alike() || !self.is_over_time() {
            return plotted.told.filter(|_| plotted.bars.len() > 1 && !plotted.are_alike());
        }
        let drawn = self.as_drawn(rows, measure);
        let (shape, rows): (&AnswerShape, &dyn TableRows) =
            drawn.as_ref().map_or((self, rows), |drawn| (&drawn.shape, &drawn.rows));
        let all = shape.all_together(rows, whole, measure);
        let (cell, equal) = shape.told_cell(rows, measure)?;
        let of_all = all.as_ref().and_then(|all| Some((all, all.told_above(measure, &cell)?)));
        let (shape, rows, cell): (_, &dyn TableRows, _) = match &of_all {
            Some((all, cell)) => (&all.shape, &all.rows, *cell),
            None => (shape, rows, cell),
        };
        if (cell.height == 0.0 && !measure.is_lowest) || is_common(equal, cells(shape, rows, measure).len()) {
            return None;
        }
        let chart = shape.chart.as_ref()?;
        let at = position(&rows.value(cell.row, rows.schema().index(&chart.x)?))?;
        if plotted.lines.is_empty() {
            let span = shape.time.as_ref().and_then(|(_, span)| *span);
            let own = self.times_of_bars(rows, measure, rows.schema().index(&chart.x)?, span)?;
            return own.iter().position(|known| *known == at).map(Mark::Bar);
        }
        let by = chart.by.as_ref().and_then(|by| rows.schema().index(by));
        let name = by.map(|by| shown(&rows.value(cell.row, by)));
        let line = plotted.lines.iter().position(|line| name.as_ref().is_none_or(|name| line.name == *name))?;
        let mut points = plotted.lines[line].pieces.iter().flatten();
        points.find(|[x, _]| *x == at as f64).map(|point| Mark::Point { line, point: *point })
    }
}

impl Drawn<'_> {
    /// The most of all parts together, where no single part that is told is above it.
    pub fn told_above(&self, measure: &MeasureShape, part: &Cell) -> Option<Cell> {
        let (cell, _) = self.shape.told_cell(&self.rows, measure)?;
        let is_above = if measure.is_lowest { cell.height < part.height } else { cell.height > part.height };
        (cell.is_of_enough() && (is_above || !part.is_of_enough())).then_some(cell)
    }
}
