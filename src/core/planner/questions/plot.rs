//! An answer's rows as the points of its chart. Imports the answer's shape.

use std::collections::BTreeMap;

use chrono::Months;
use serde::Serialize;

use super::answer::{About, AnswerShape, MeasureShape, Unit};
use super::cells::{Cell, FEW, cells};
use super::told::{MOST_ROWS, is_monthly, number, position, shown, span_word, words};
use crate::data::TableRows;
use crate::data::figures::{MONEY, grouped, with_unit};
use crate::data::instants::to_calendar;

/// The chart's points.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plotted {
    /// `users per hour`.
    pub title: String,
    /// Name and unit of the measure.
    pub y_title: String,
    pub x_title: String,
    pub unit: String,
    pub lines: Vec<PlottedLine>,
    pub bars: Vec<(String, f64)>,
    /// The value at which the axis of the measure begins.
    pub from: f64,
    /// What is not among the bars or lines, and which of them say little, in words; empty: all is, and does.
    pub left: String,
    /// What a time without rows is, in words; empty: points of time are joined as they come.
    pub gaps: String,
}

/// A line over time; pieces of it are not joined where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PlottedLine {
    pub name: String,
    /// Microseconds and values.
    pub pieces: Vec<Vec<[f64; 2]>>,
}

/// Bars and lines that are drawn, points of a line: at most.
const MOST_BARS: usize = 12;
/// Bars of numbers: the hours of a day, the days of a month.
const MOST_NUMBERED: usize = 31;
const MOST_LINES: usize = 7;
const MOST_POINTS: usize = 20_000;

/// The distance of points in time.
#[derive(Clone, Copy)]
enum Step {
    Micros(i64),
    Month,
}

impl AnswerShape {
    /// The points of the answer's chart; `None`: there is nothing to draw.
    pub fn plotted(&self, rows: &dyn TableRows) -> Option<Plotted> {
        let (About::Measure(measure), Some(chart)) = (&self.about, &self.chart) else { return None };
        let x = rows.schema().index(&chart.x)?;
        if let Some(first) = &self.first {
            return self.delays(rows, first, x);
        }
        let noun = match &measure.share_of {
            Some((part, _)) => format!("{} of {}", words(&measure.column), words(part)),
            None => words(&measure.column),
        };
        let unit = match &measure.unit {
            Unit::Count => String::new(),
            Unit::Measured(unit) => unit.clone(),
        };
        let y_title = match unit.as_str() {
            "" => noun.clone(),
            "share" => format!("{noun} (%)"),
            MONEY => format!("{noun} (no currency is named)"),
            unit => format!("{noun} ({unit})"),
        };
        let mut plotted = Plotted { y_title, unit, ..Plotted::default() };
        let mut cells = cells(self, rows, measure);
        // A share of few is by chance what it is: the eye would take it for the worst.
        let all = cells.len();
        if cells.iter().any(Cell::is_of_enough) {
            cells.retain(Cell::is_of_enough);
        }
        match self.time.as_ref().filter(|(time, _)| *time == chart.x) {
            Some((_, span)) => self.lines(rows, measure, &cells, x, *span, &noun, &mut plotted)?,
            None => self.bars(rows, measure, &cells, x, &noun, &mut plotted),
        }
        let few = if cells.len() < all {
            all - cells.len()
        } else {
            cells.iter().filter(|cell| !cell.is_of_enough()).count()
        };
        if few > 0 {
            let what = if cells.len() < all { "and not drawn" } else { "and by chance what they are" };
            let told = format!("{} of {} are of fewer than {FEW} {what}", grouped(few as u64), grouped(all as u64));
            plotted.left = [std::mem::take(&mut plotted.left), told]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("; ");
        }
        (!plotted.bars.is_empty() || !plotted.lines.is_empty()).then_some(plotted)
    }

    /// How long after the first of all each was first: a time as a length.
    fn delays(&self, rows: &dyn TableRows, first: &str, x: usize) -> Option<Plotted> {
        let column = rows.schema().index(first)?;
        let times = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| Some((row, position(&rows.value(row, column))?)));
        let mut times: Vec<(usize, i64)> = times.collect();
        times.sort_by_key(|(_, at)| *at);
        let begin = times.first()?.1;
        let (shown_times, all) = (times.len().min(MOST_BARS), times.len());
        let bar = |(row, at): &(usize, i64)| (shown(&rows.value(*row, x)), at.saturating_sub(begin) as f64 / 1e6);
        let left = if shown_times < all {
            format!("the first {shown_times} of {}", grouped(all as u64))
        } else {
            String::new()
        };
        let noun = words(first);
        Some(Plotted {
            title: format!("{noun} by {}, after that of the first", words(&rows.schema().fields[x].name)),
            y_title: "later than the first (s)".to_owned(),
            x_title: words(&rows.schema().fields[x].name),
            unit: "s".to_owned(),
            bars: times[..shown_times].iter().map(bar).collect(),
            left,
            ..Plotted::default()
        })
    }

    fn bars(
        &self,
        rows: &dyn TableRows,
        measure: &MeasureShape,
        cells: &[Cell],
        x: usize,
        noun: &str,
        into: &mut Plotted,
    ) {
        let schema = rows.schema();
        let by = self.chart.as_ref().and_then(|chart| schema.index(chart.by.as_ref()?));
        let x_name = &schema.fields[x].name;
        let of_each = by.map_or(String::new(), |by| format!(", by {}", words(&schema.fields[by].name)));
        into.title = format!("{noun} by {}{of_each}", words(x_name));
        into.x_title = words(x_name);
        let others =
            self.names.iter().filter(|name| !self.sums(measure, rows) && self.keys.contains(name) && *name != x_name);
        let others = others.filter_map(|name| schema.index(name)).filter(|column| Some(*column) != by);
        let named: Vec<usize> = by.into_iter().chain([x]).chain(others).collect();
        let name = |row: usize| {
            let names = named.iter().map(|column| shown(&rows.value(row, *column)));
            names.collect::<Vec<_>>().join(" · ")
        };
        let is_numbered = cells.iter().all(|cell| number(&rows.value(cell.row, x)).is_some());
        let most = if is_numbered && cells.len() <= MOST_NUMBERED { MOST_NUMBERED } else { MOST_BARS };
        // Hours and versions stand in their own order.
        let has_order = is_numbered || measure.is_rise;
        let drawn = greatest(cells, most, measure.is_lowest, has_order);
        if drawn.len() < cells.len() {
            let word = if measure.is_lowest { "smallest" } else { "largest" };
            into.left = format!("the {word} {} of {}", drawn.len(), grouped(cells.len() as u64));
        }
        into.bars = drawn.iter().map(|cell| (name(cell.row), cell.height)).collect();
    }

    #[expect(clippy::too_many_arguments, reason = "what the caller has worked out already")]
    fn lines(
        &self,
        rows: &dyn TableRows,
        measure: &MeasureShape,
        cells: &[Cell],
        x: usize,
        span: Option<i64>,
        noun: &str,
        into: &mut Plotted,
    ) -> Option<()> {
        let schema = rows.schema();
        let by = self.chart.as_ref().and_then(|chart| schema.index(chart.by.as_ref()?));
        let x_name = words(&schema.fields[x].name);
        let of_each = by.map_or(String::new(), |by| format!(", by {}", words(&schema.fields[by].name)));
        let per = span.and_then(span_word).map_or(format!(" over {x_name}"), |word| format!(" per {word}"));
        into.title = format!("{noun}{per}{of_each}");
        into.x_title = format!("{x_name} (UTC)");
        let mut series: Vec<(String, BTreeMap<i64, f64>)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for cell in cells {
            let Some(at) = position(&rows.value(cell.row, x)) else { continue };
            let name = by.map_or_else(|| noun.to_owned(), |by| shown(&rows.value(cell.row, by)));
            let place = *places.entry(name.clone()).or_insert(series.len());
            if place == series.len() {
                series.push((name, BTreeMap::new()));
            }
            series[place].1.insert(at, cell.height);
        }
        let all = series.len();
        let series = highest(series, measure.is_lowest);
        if series.len() < all {
            let word = if measure.is_lowest { "smallest" } else { "largest" };
            into.left = format!("the lines with the {word} values, {} of {}", series.len(), grouped(all as u64));
        }
        let first = series.iter().filter_map(|(_, points)| points.keys().next()).min().copied()?;
        let last = series.iter().filter_map(|(_, points)| points.keys().next_back()).max().copied()?;
        let step = match span {
            Some(span) if span > 0 => Some(Step::Micros(span)),
            _ => is_monthly(rows, x).then_some(Step::Month),
        };
        // Where groups are left out afterwards, one that is not there need not have been empty.
        let is_sum = measure.adds_up && measure.share_of.is_none();
        let is_whole = !self.groups.is_filtered && !self.groups.is_cut(rows.rows());
        let has_zeros = (measure.unit == Unit::Count || is_sum) && is_whole;
        let times = step.filter(|_| has_zeros).and_then(|step| times(step, first, last));
        if step.is_some() {
            into.gaps = match (&times, self.groups.is_filtered) {
                (Some(_), _) => "times without rows: zero".to_owned(),
                (None, true) => "times that a condition left out, or without rows: a gap".to_owned(),
                (None, _) => "times without rows: a gap".to_owned(),
            };
        }
        let line = |(name, points)| PlottedLine {
            name,
            pieces: match (&times, step) {
                (Some(times), _) => vec![filled(&points, times)],
                (None, step) => pieces(points, step),
            },
        };
        into.lines = series.into_iter().map(line).collect();
        self.add_goal(rows, [first, last], into);
        Some(())
    }

    /// The goal as a line of its own; the axis begins where both can be told apart.
    fn add_goal(&self, rows: &dyn TableRows, times: [i64; 2], into: &mut Plotted) {
        let Some(at) = self.goal.as_ref().and_then(|goal| rows.schema().index(&goal.at)) else { return };
        let Some(goal) = (0..rows.rows().min(1)).find_map(|row| number(&rows.value(row, at))) else { return };
        let heights = || into.lines.iter().flat_map(|line| line.pieces.iter().flatten().map(|[_, y]| *y)).chain([goal]);
        let (low, high) = heights().fold((f64::MAX, f64::MIN), |(low, high), y| (low.min(y), high.max(y)));
        into.from = (low - (high - low) / 4.0).max(0.0);
        let name = format!("goal {}", with_unit(goal, &into.unit));
        into.lines.push(PlottedLine { name, pieces: vec![times.map(|at| [at as f64, goal]).to_vec()] });
    }
}

/// The greatest, or the least, the most telling first; where they have an order of their own, in that order.
fn greatest(cells: &[Cell], most: usize, is_lowest: bool, has_order: bool) -> Vec<Cell> {
    let mut found = cells.to_vec();
    found.sort_by(|one, other| match is_lowest {
        true => one.height.total_cmp(&other.height),
        false => other.height.total_cmp(&one.height),
    });
    found.truncate(most);
    if has_order {
        found.sort_by_key(|cell| cell.row);
    }
    found
}

/// The lines with the greatest, or the least, value in them, as they come.
fn highest(series: Vec<(String, BTreeMap<i64, f64>)>, is_lowest: bool) -> Vec<(String, BTreeMap<i64, f64>)> {
    if series.len() <= MOST_LINES {
        return series;
    }
    let peak = |points: &BTreeMap<i64, f64>| match is_lowest {
        true => -points.values().copied().fold(f64::INFINITY, f64::min),
        false => points.values().copied().fold(f64::NEG_INFINITY, f64::max),
    };
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_by(|one, other| peak(&series[*other].1).total_cmp(&peak(&series[*one].1)));
    order.truncate(MOST_LINES);
    series.into_iter().enumerate().filter(|(at, _)| order.contains(at)).map(|(_, line)| line).collect()
}

/// All times from the first to the last; `None`: too many to draw.
fn times(step: Step, first: i64, last: i64) -> Option<Vec<i64>> {
    let mut found = Vec::new();
    let mut at = first;
    while at <= last {
        if found.len() > MOST_POINTS {
            return None;
        }
        found.push(at);
        at = after(step, at)?;
    }
    Some(found)
}

fn after(step: Step, at: i64) -> Option<i64> {
    match step {
        Step::Micros(span) => at.checked_add(span),
        Step::Month => Some(to_calendar(at)?.checked_add_months(Months::new(1))?.and_utc().timestamp_micros()),
    }
}

/// A point at each time, zero where there is none.
fn filled(points: &BTreeMap<i64, f64>, times: &[i64]) -> Vec<[f64; 2]> {
    times.iter().map(|at| [*at as f64, points.get(at).copied().unwrap_or(0.0)]).collect()
}

/// Points that are joined: a time without one ends a piece.
fn pieces(points: BTreeMap<i64, f64>, step: Option<Step>) -> Vec<Vec<[f64; 2]>> {
    let mut found: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut next: Option<i64> = None;
    for (at, height) in points {
        let is_joined = step.is_none() || next.is_some_and(|next| at <= next);
        match found.last_mut().filter(|_| is_joined) {
            Some(piece) => piece.push([at as f64, height]),
            None => found.push(vec![[at as f64, height]]),
        }
        next = step.and_then(|step| after(step, at));
    }
    found
}
