//! An answer's rows as the points of its chart. Imports the answer's shape.

use std::collections::BTreeMap;

use chrono::Months;
use serde::Serialize;

use super::answer::{About, AnswerShape, Unit};
use super::cells::{Cell, cells};
use super::told::{is_monthly, number, position, shown, span_word, words};
use crate::data::TableRows;
use crate::data::figures::grouped;
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
    /// What is not among the bars or lines, in words; empty: all is.
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
        let schema = rows.schema();
        let x = schema.index(&chart.x)?;
        let by = chart.by.as_ref().and_then(|name| schema.index(name));
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
            unit => format!("{noun} ({unit})"),
        };
        let mut plotted = Plotted { y_title, unit, ..Plotted::default() };
        let of_each = by.map_or(String::new(), |by| format!(", by {}", words(&schema.fields[by].name)));
        let cells = cells(self, rows, measure);
        let word = if measure.is_lowest { "smallest" } else { "largest" };
        let time = self.time.as_ref().filter(|(time, _)| *time == chart.x);
        let Some((_, span)) = time else {
            plotted.title = format!("{noun} by {}{of_each}", words(&chart.x));
            plotted.x_title = words(&chart.x);
            let others = self.names.iter().filter(|name| !measure.adds_up && self.keys.contains(name));
            let others = others.filter(|name| Some(*name) != chart.by.as_ref() && **name != chart.x);
            let named: Vec<usize> =
                by.into_iter().chain([x]).chain(others.filter_map(|name| schema.index(name))).collect();
            let name = |row: usize| {
                let names = named.iter().map(|column| shown(&rows.value(row, *column)));
                names.collect::<Vec<_>>().join(" · ")
            };
            let is_numbered = cells.iter().all(|cell| number(&rows.value(cell.row, x)).is_some());
            let most = if is_numbered && cells.len() <= MOST_NUMBERED { MOST_NUMBERED } else { MOST_BARS };
            let drawn = greatest(&cells, most, measure.is_lowest);
            if drawn.len() < cells.len() {
                plotted.left = format!("the {word} {} of {}", drawn.len(), grouped(cells.len() as u64));
            }
            plotted.bars = drawn.iter().map(|cell| (name(cell.row), cell.height)).collect();
            return (!plotted.bars.is_empty()).then_some(plotted);
        };
        let per = span.and_then(span_word).map_or(format!(" over {}", words(&chart.x)), |word| format!(" per {word}"));
        plotted.title = format!("{noun}{per}{of_each}");
        plotted.x_title = format!("{} (UTC)", words(&chart.x));
        let mut series: Vec<(String, BTreeMap<i64, f64>)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for cell in &cells {
            let Some(at) = position(&rows.value(cell.row, x)) else { continue };
            let name = by.map_or_else(|| noun.clone(), |by| shown(&rows.value(cell.row, by)));
            let place = *places.entry(name.clone()).or_insert(series.len());
            if place == series.len() {
                series.push((name, BTreeMap::new()));
            }
            series[place].1.insert(at, cell.height);
        }
        let all = series.len();
        let series = highest(series, measure.is_lowest);
        if series.len() < all {
            plotted.left = format!("the lines with the {word} values, {} of {}", series.len(), grouped(all as u64));
        }
        let first = series.iter().filter_map(|(_, points)| points.keys().next()).min().copied()?;
        let last = series.iter().filter_map(|(_, points)| points.keys().next_back()).max().copied()?;
        let step = match span {
            Some(span) if *span > 0 => Some(Step::Micros(*span)),
            _ => is_monthly(rows, x).then_some(Step::Month),
        };
        // Where groups are left out afterwards, one that is not there need not have been empty.
        let is_whole = !matches!(self.left_by, Some((_, true)));
        let has_zeros = measure.unit == Unit::Count && is_whole;
        let times = step.filter(|_| has_zeros).and_then(|step| times(step, first, last));
        if step.is_some() {
            plotted.gaps = format!("times without rows: {}", if times.is_some() { "zero" } else { "a gap" });
        }
        let line = |(name, points)| PlottedLine {
            name,
            pieces: match (&times, step) {
                (Some(times), _) => vec![filled(&points, times)],
                (None, step) => pieces(points, step),
            },
        };
        plotted.lines = series.into_iter().map(line).collect();
        Some(plotted)
    }
}

/// The greatest, or the least, where there are more than can be drawn; else all, as they come.
fn greatest(cells: &[Cell], most: usize, is_lowest: bool) -> Vec<Cell> {
    let mut found = cells.to_vec();
    if found.len() > most {
        found.sort_by(|one, other| match is_lowest {
            true => one.height.total_cmp(&other.height),
            false => other.height.total_cmp(&one.height),
        });
        found.truncate(most);
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
