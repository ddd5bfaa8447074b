//! An answer's rows as the points of its chart. Imports the answer's shape.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::answer::{About, AnswerShape, MeasureShape, Most, Unit};
use super::cells::{Cell, FEW, cells};
use super::countries::Named;
use super::measured::is_part;
use super::sentence::plural;
use super::told::{
    MOST_ROWS, is_monthly, month_after, month_of, number, one_span, position, shown, span_word, span_words, stretch,
    words,
};
use crate::data::figures::{MONEY, grouped, span_unit, with_unit};
use crate::data::instants::{MICROS_PER_DAY, day_and_clock, to_calendar};
use crate::data::marks::number_marks;
use crate::data::{TableRows, Value};

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
    /// By bar: a row that has its value of the column along which the bars stand. Empty: a bar is of no one value.
    #[serde(skip)]
    pub rows: Vec<usize>,
    /// Two columns against each other, in the place of bars and lines.
    #[serde(skip)]
    pub heat: Option<Heat>,
    /// The value at which the axis of the measure begins.
    pub from: f64,
    /// Microseconds that each point of a line stands for, where rows of several times are put together.
    #[serde(skip)]
    pub span: Option<i64>,
    /// What is not among the bars or lines, and which of them say little, in words; empty: all is, and does.
    pub left: String,
    /// What a time without rows is, in words; empty: points of time are joined as they come.
    pub gaps: String,
    /// What the sentence calls the most, the least or the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Mark>,
}

/// One mark of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Bar(usize),
    Point { line: usize, point: [f64; 2] },
}

/// A line over time; pieces of it are not joined where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PlottedLine {
    pub name: String,
    /// Microseconds and values.
    pub pieces: Vec<Vec<[f64; 2]>>,
}

/// Two columns against each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heat {
    /// The column whose values stand below each other.
    pub by: String,
    pub across: Vec<HeatSide>,
    pub down: Vec<HeatSide>,
    /// By place down, then across; `None`: no row has both.
    pub cells: Vec<Vec<Option<f64>>>,
}

/// A value of one of the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatSide {
    pub name: String,
    /// A row that has it.
    pub row: usize,
}

impl Heat {
    /// The highest cell, at least zero.
    pub fn highest(&self) -> f64 {
        self.cells.iter().flatten().flatten().copied().fold(0.0, f64::max)
    }
}

/// Bars and lines that are drawn, points of a line: at most.
const MOST_BARS: usize = 12;
/// Bars of numbers: the hours of a day, the days of a month.
const MOST_NUMBERED: usize = 31;
const MOST_LINES: usize = 7;
/// Times that are bars: more of them are a line.
pub(super) const FEW_TIMES: usize = 8;
const MOST_POINTS: usize = 20_000;

/// The distance of points in time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Micros(i64),
    Month,
}

impl Plotted {
    /// Whether several bars are all of one height.
    pub fn are_alike(&self) -> bool {
        self.bars.len() > 2 && self.bars.iter().all(|(_, height)| *height == self.bars[0].1)
    }

    fn points(&self) -> impl Iterator<Item = f64> {
        self.lines.iter().flat_map(|line| line.pieces.iter().flatten().map(|[_, y]| *y))
    }

    /// Spans of time at an axis are in the unit in which their highest is told: nobody reads `0.02` of seconds.
    fn suit_unit(&mut self) {
        let highest = self.points().fold(0.0, |high: f64, y| high.max(y.abs()));
        let Some((unit, one)) = span_unit(highest, &self.unit) else { return };
        let points = self.lines.iter_mut().flat_map(|line| line.pieces.iter_mut().flatten());
        points.for_each(|[_, y]| *y /= one);
        self.from /= one;
        self.unit = unit.to_owned();
    }

    /// Says of something that it is not drawn.
    pub fn add_left(&mut self, told: String) {
        let parts = [std::mem::take(&mut self.left), told].into_iter().filter(|text| !text.is_empty());
        self.left = parts.collect::<Vec<_>>().join("; ");
    }
}

impl AnswerShape {
    /// The points of the answer's chart; `None`: there is nothing to draw.
    /// `whole`: what `add_whole` gave, where it was worked out.
    pub fn plotted(&self, rows: &dyn TableRows, whole: Option<&dyn TableRows>) -> Option<Plotted> {
        let rows: &dyn TableRows = &Named::of(rows);
        if let Some(kept) = self.kept.as_ref().and_then(|kept| kept.plotted(rows)) {
            return Some(kept);
        }
        if let About::Rows { row, most: Some(most) } = &self.about {
            return self.rows_by(rows, row, most);
        }
        let (About::Measure(measure), Some(chart)) = (&self.about, &self.chart) else { return None };
        let x = rows.schema().index(&chart.x)?;
        if let Some(first) = &self.first {
            return self.delays(rows, first, x);
        }
        let noun = match &measure.share_of {
            Some((part, whole)) => {
                format!("{} of {} that {}", words(&measure.column), words(whole), is_part(part, whole))
            }
            None => words(&measure.column),
        };
        let unit = match &measure.unit {
            Unit::Count => String::new(),
            Unit::Measured(unit) => unit.clone(),
        };
        let noun = match &measure.most_of {
            Some(_) => measure.in_words(),
            None => noun,
        };
        let mut plotted = Plotted { unit, ..Plotted::default() };
        let cells = cells(self, rows, measure);
        match self.time.as_ref().filter(|(time, _)| *time == chart.x) {
            Some((_, span)) => self.over_time(rows, whole, measure, cells, x, *span, &noun, &mut plotted)?,
            None => {
                let cells = self.of_enough(cells, &mut plotted);
                self.bars(rows, measure, &cells, x, &noun, &mut plotted);
            }
        }
        plotted.suit_unit();
        plotted.y_title = match (plotted.unit.as_str(), plotted.lines.is_empty()) {
            (MONEY, _) => format!("{noun} (currency not recorded)"),
            // What stands at bars, and sizes at an axis, have their units with them.
            ("" | "B", _) | (_, true) => noun,
            ("share", _) => format!("{noun} (%)"),
            (unit, _) => format!("{noun} ({unit})"),
        };
        plotted.told = self.told_mark(rows, whole, measure, &plotted);
        (!plotted.bars.is_empty() || !plotted.lines.is_empty()).then_some(plotted)
    }

    /// A share of few is by chance what it is: the eye would take it for the worst.
    fn of_enough(&self, mut cells: Vec<Cell>, into: &mut Plotted) -> Vec<Cell> {
        let all = cells.len();
        if cells.iter().any(Cell::is_of_enough) {
            cells.retain(Cell::is_of_enough);
        }
        let few = match cells.len() < all {
            true => all - cells.len(),
            false => cells.iter().filter(|cell| !cell.is_of_enough()).count(),
        };
        if few > 0 {
            let what = if cells.len() < all { "and not drawn" } else { "and by chance what they are" };
            into.add_left(format!("{} of {} are of fewer than {FEW} {what}", grouped(few as u64), grouped(all as u64)));
        }
        cells
    }

    /// Lines, or bars where times are few; in spans so long that most of them are of enough.
    #[expect(clippy::too_many_arguments, reason = "what the caller has worked out already")]
    fn over_time(
        &self,
        rows: &dyn TableRows,
        whole: Option<&dyn TableRows>,
        measure: &MeasureShape,
        cells: Vec<Cell>,
        x: usize,
        span: Option<i64>,
        noun: &str,
        into: &mut Plotted,
    ) -> Option<()> {
        if self.has_bars_of_times(rows, measure) {
            let own = self.of_enough(cells, into);
            return self.bars_of_times(rows, measure, &own, x, span, noun, into);
        }
        let drawn = self.in_longer_spans(rows, measure);
        let (shape, rows): (&AnswerShape, &dyn TableRows) =
            drawn.as_ref().map_or((self, rows), |drawn| (&drawn.shape, &drawn.rows));
        let longer = shape.time.as_ref().and_then(|(_, span)| *span);
        if let Some(all) = shape.all_together(rows, whole, measure) {
            let column = all.rows.schema().index(&self.chart.as_ref()?.x)?;
            let cells = all.shape.of_enough(all.cells(measure), into);
            all.shape.lines(&all.rows, measure, &cells, column, longer, noun, into)?;
            let of = measure.share_of.as_ref().map(|(_, whole)| whole).or(measure.counted.as_ref());
            into.lines[0].name = format!("all {}", of.map_or("rows".to_owned(), |of| words(of)));
            into.left.clear();
            shape.add_worst(rows, measure, x, longer, into);
        } else {
            let cells = shape.of_enough(super::cells::cells(shape, rows, measure), into);
            shape.lines(rows, measure, &cells, x, longer, noun, into)?;
        }
        let spans = span.and_then(span_words).zip(longer.and_then(one_span)).filter(|_| span != longer);
        if let Some((own, one)) = spans {
            into.span = longer;
            into.add_left(format!("most {own} have fewer than {FEW}: each point is of {one}"));
        }
        Some(())
    }

    /// Beside the line of all, that of the part which the sentence tells of.
    fn add_worst(&self, rows: &dyn TableRows, measure: &MeasureShape, x: usize, span: Option<i64>, into: &mut Plotted) {
        let by = self.chart.as_ref().and_then(|chart| rows.schema().index(chart.by.as_ref()?));
        let (Some(by), Some((worst, _))) = (by, self.told_cell(rows, measure)) else { return };
        let name = rows.value(worst.row, by);
        let own = cells(self, rows, measure).into_iter().filter(|cell| cell.is_of_enough());
        let own = own.filter(|cell| rows.value(cell.row, by) == name);
        let points = own.filter_map(|cell| Some((position(&rows.value(cell.row, x))?, cell.height)));
        let points: BTreeMap<i64, f64> = points.collect();
        if !points.is_empty() {
            into.add_left(format!("“{}” where it has at least {FEW}", shown(&name)));
            into.lines.push(PlottedLine { name: shown(&name), pieces: pieces(points, span.map(Step::Micros)) });
        }
    }

    /// A bar for each time, in their order, with those without rows; parts of a time are added up. `None`: too many.
    #[expect(clippy::too_many_arguments, reason = "what the caller has worked out already")]
    fn bars_of_times(
        &self,
        rows: &dyn TableRows,
        measure: &MeasureShape,
        cells: &[Cell],
        x: usize,
        span: Option<i64>,
        noun: &str,
        into: &mut Plotted,
    ) -> Option<()> {
        let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
        for cell in cells {
            let Some(at) = position(&rows.value(cell.row, x)) else { continue };
            *sums.entry(at).or_default() += cell.height;
        }
        let step = step_of(rows, x, span);
        let all = self.times_of_bars(rows, measure, x, span)?;
        let name = |at: i64| match (span, step) {
            (_, Some(Step::Month)) => month_of(at),
            (Some(span), _) if span >= MICROS_PER_DAY => day_and_clock(at).0,
            (Some(span), _) => stretch(at, span).replace(" UTC", ""),
            (None, _) => point_of_time(at, &all),
        };
        let per = span.and_then(span_word).map_or_else(
            || {
                if matches!(step, Some(Step::Month)) {
                    "month".to_owned()
                } else {
                    words(&rows.schema().fields[x].name)
                }
            },
            str::to_owned,
        );
        into.title = format!("{noun} per {per}");
        into.x_title = format!("{} (UTC)", words(&rows.schema().fields[x].name));
        let bar = |at: i64| (name(at) + &self.part_of(rows, at), sums.get(&at).copied().unwrap_or(0.0));
        into.bars = all.iter().copied().map(bar).collect();
        Some(())
    }

    /// The times that bars are drawn for; `None`: too many.
    pub(super) fn times_of_bars(
        &self,
        rows: &dyn TableRows,
        measure: &MeasureShape,
        x: usize,
        span: Option<i64>,
    ) -> Option<Vec<i64>> {
        let known: BTreeSet<i64> =
            (0..rows.rows().min(MOST_ROWS)).filter_map(|row| position(&rows.value(row, x))).collect();
        let step = step_of(rows, x, span);
        let (first, last) = self.ends(measure, step, *known.first()?, *known.last()?);
        let all = step.filter(|_| self.has_zeros(rows, measure)).and_then(|step| times(step, first, last));
        let all = all.unwrap_or_else(|| known.into_iter().collect());
        (all.len() <= MOST_NUMBERED).then_some(all)
    }

    /// Whether a time without rows is a zero: what is counted or added up, and all of it there.
    fn has_zeros(&self, rows: &dyn TableRows, measure: &MeasureShape) -> bool {
        // Where groups are left out afterwards, one that is not there need not have been empty.
        let is_sum = measure.adds_up && measure.share_of.is_none();
        let is_whole = !self.groups.is_filtered && !self.groups.is_cut(rows.rows());
        (measure.unit == Unit::Count || is_sum) && is_whole
    }

    /// The first and the last time that are drawn: those of the data, where what is not there is a zero.
    fn ends(&self, measure: &MeasureShape, step: Option<Step>, first: i64, last: i64) -> (i64, i64) {
        let (Some(Step::Micros(span)), Some((begin, end))) = (step, self.range) else { return (first, last) };
        let is_sum = measure.unit == Unit::Count || (measure.adds_up && measure.share_of.is_none());
        if !is_sum || begin > first || end < last {
            return (first, last);
        }
        let before = (first - begin).div_euclid(span) + i64::from((first - begin).rem_euclid(span) > 0);
        (first - before * span, last + (end - last).div_euclid(span) * span)
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
            y_title: "later than the first".to_owned(),
            x_title: words(&rows.schema().fields[x].name),
            unit: "s".to_owned(),
            bars: times[..shown_times].iter().map(bar).collect(),
            rows: times[..shown_times].iter().map(|(row, _)| *row).collect(),
            left,
            told: (all > 1).then_some(Mark::Bar(0)),
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
        let are_alike = cells.len() > 2 && cells.iter().all(|cell| cell.height == cells[0].height);
        let others =
            self.names.iter().filter(|name| !self.sums(measure, rows) && self.keys.contains(name) && *name != x_name);
        let others = others.filter_map(|name| schema.index(name)).filter(|column| Some(*column) != by);
        let named: Vec<usize> = by.into_iter().chain([x]).chain(others).collect();
        // Each bar has the names of all of them.
        into.x_title = named.iter().map(|column| words(&schema.fields[*column].name)).collect::<Vec<_>>().join(" · ");
        let is_hour = self.hours.as_ref() == Some(x_name);
        let name = |row: usize| {
            let names = named.iter().map(|column| match rows.value(row, *column) {
                Value::Int(hour) if is_hour && *column == x => format!("{hour:02}:00"),
                value => shown(&value),
            });
            names.collect::<Vec<_>>().join(" · ")
        };
        let is_numbered = cells.iter().all(|cell| number(&rows.value(cell.row, x)).is_some());
        let most = if is_numbered && cells.len() <= MOST_NUMBERED { MOST_NUMBERED } else { MOST_BARS };
        // Hours and versions stand in their own order.
        let has_order = is_numbered || measure.is_rise;
        // A group of those without a name, of which there are none, is no group.
        let cells: Vec<Cell> = cells.iter().filter(|cell| cell.is_named || cell.height != 0.0).copied().collect();
        let told = self.rise(rows, measure).map_or(Vec::new(), |(before, after)| vec![before.row, after.row]);
        let drawn = greatest(&cells, most, measure.is_lowest, has_order, &told);
        if drawn.len() < cells.len() {
            let word = match (are_alike, measure.is_lowest) {
                (true, _) => "first",
                (false, true) => "smallest",
                (false, false) => "largest",
            };
            into.add_left(format!("the {word} {} of {}", drawn.len(), grouped(cells.len() as u64)));
        }
        into.bars = drawn.iter().map(|cell| (name(cell.row), cell.height)).collect();
        into.rows = drawn.iter().map(|cell| cell.row).collect();
        let row = told.last().copied().or_else(|| Some(self.told_cell(rows, measure)?.0.row));
        into.told = drawn.iter().position(|cell| Some(cell.row) == row).map(Mark::Bar);
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
        if measure.counted.is_some() || measure.share_of.is_some() {
            self.drop_dots(rows, measure, &mut series, by, into);
        }
        let all = series.len();
        let series = highest(series, measure.is_lowest);
        if series.len() < all {
            let word = if measure.is_lowest { "smallest" } else { "largest" };
            into.add_left(format!("the lines with the {word} values, {} of {}", series.len(), grouped(all as u64)));
        }
        let first = series.iter().filter_map(|(_, points)| points.keys().next()).min().copied()?;
        let last = series.iter().filter_map(|(_, points)| points.keys().next_back()).max().copied()?;
        let step = step_of(rows, x, span);
        let (first, last) = self.ends(measure, step, first, last);
        let times = step.filter(|_| self.has_zeros(rows, measure)).and_then(|step| times(step, first, last));
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
                // Of a few days a line would show hours that nobody measured.
                (None, _) if self.goal.is_some() && points.len() <= FEW_TIMES => {
                    points.into_iter().map(|(at, height)| vec![[at as f64, height]]).collect()
                }
                (None, step) => pieces(points, step),
            },
        };
        into.lines = series.into_iter().map(line).collect();
        self.add_goal(rows, [first, last], into);
        Some(())
    }

    /// Lines of a few points among long ones are no lines: of them only the one that the sentence tells of is drawn.
    fn drop_dots(
        &self,
        rows: &dyn TableRows,
        measure: &MeasureShape,
        series: &mut Vec<(String, BTreeMap<i64, f64>)>,
        by: Option<usize>,
        into: &mut Plotted,
    ) {
        let (all, longest) = (series.len(), series.iter().map(|(_, points)| points.len()).max().unwrap_or_default());
        let told = by.zip(self.told_cell(rows, measure)).map(|(by, (cell, _))| shown(&rows.value(cell.row, by)));
        series.retain(|(name, points)| points.len() * 3 >= longest || Some(name) == told.as_ref());
        if series.len() < all {
            let dropped = grouped((all - series.len()) as u64);
            // A line alone has no name beside it.
            into.add_left(match &series[..] {
                [(name, _)] => format!("the line is of “{name}”: the {dropped} others have few points"),
                _ => format!("{dropped} of {} have few points and no line", grouped(all as u64)),
            });
        }
    }

    /// How many rows of a list have each value of the column of which the most frequent one is told.
    fn rows_by(&self, rows: &dyn TableRows, row: &str, most: &Most) -> Option<Plotted> {
        let found = self.frequencies(rows, most);
        let all = found.len();
        let mut bars: Vec<(String, f64)> = found.iter().map(|one| (one.name(), one.times as f64)).collect();
        bars.sort_by(|one, other| other.1.total_cmp(&one.1));
        bars.truncate(MOST_BARS);
        let noun = plural(row);
        let told = self.most_frequent(rows, most).map(|told| told.name());
        let told = told.and_then(|told| bars.iter().position(|(name, _)| *name == told)).map(Mark::Bar);
        let of = most.of.iter().filter(|_| found.iter().any(|one| one.of.is_some()));
        let named: Vec<String> = of.chain([&most.column]).map(|column| words(column)).collect();
        let mut plotted = Plotted {
            told,
            title: format!("{noun} by {}", words(&most.column)),
            y_title: noun,
            x_title: named.join(" · "),
            bars,
            ..Plotted::default()
        };
        if plotted.bars.len() < all {
            plotted.add_left(format!("the largest {} of {}", plotted.bars.len(), grouped(all as u64)));
        }
        (all > 1).then_some(plotted)
    }

    /// The goal as a line of its own; the axis begins where both can be told apart.
    fn add_goal(&self, rows: &dyn TableRows, times: [i64; 2], into: &mut Plotted) {
        let Some(at) = self.goal.as_ref().and_then(|goal| rows.schema().index(&goal.at)) else { return };
        let Some(goal) = (0..rows.rows().min(1)).find_map(|row| number(&rows.value(row, at))) else { return };
        let (low, high) =
            into.points().chain([goal]).fold((f64::MAX, f64::MIN), |(low, high), y| (low.min(y), high.max(y)));
        let from = (low - (high - low) / 4.0).max(0.0);
        into.from = number_marks(from, high).first().copied().unwrap_or_default();
        if into.from > 0.0 {
            into.add_left(format!("the axis begins at {}, not at zero", with_unit(into.from, &into.unit)));
        }
        let name = format!("goal {}", with_unit(goal, &into.unit));
        into.lines.push(PlottedLine { name, pieces: vec![times.map(|at| [at as f64, goal]).to_vec()] });
    }
}

/// The greatest, or the least, the most telling first; where they have an order of their own, in that order.
/// `told`: rows that are drawn in any case.
fn greatest(cells: &[Cell], most: usize, is_lowest: bool, has_order: bool, told: &[usize]) -> Vec<Cell> {
    let mut found = cells.to_vec();
    found.sort_by(|one, other| match is_lowest {
        true => one.height.total_cmp(&other.height),
        false => other.height.total_cmp(&one.height),
    });
    found.sort_by_key(|cell| !told.contains(&cell.row));
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

/// One of several points of time, told apart from the others: by its day, its clock, or both.
fn point_of_time(at: i64, all: &[i64]) -> String {
    let (day, clock) = day_and_clock(at);
    let are_days = all.iter().all(|at| at.rem_euclid(MICROS_PER_DAY) == 0);
    let are_of_one_day = all.iter().all(|other| other.div_euclid(MICROS_PER_DAY) == at.div_euclid(MICROS_PER_DAY));
    let written = |at: i64, form: &str| to_calendar(at).map(|time| time.format(form).to_string()).unwrap_or_default();
    let are_of_one_year = all.iter().all(|other| written(*other, "%Y") == written(at, "%Y"));
    let day = if are_of_one_year { day } else { day + &written(at, " %Y") };
    let are_minutes = all.iter().all(|at| at.rem_euclid(MICROS_PER_DAY / 1440) == 0);
    let clock = if are_minutes { clock } else { clock + &written(at, ":%S") };
    match (are_days, are_of_one_day) {
        (true, _) => day,
        (false, true) => clock,
        (false, false) => format!("{day} {clock}"),
    }
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

fn step_of(rows: &dyn TableRows, x: usize, span: Option<i64>) -> Option<Step> {
    match span {
        Some(span) if span > 0 => Some(Step::Micros(span)),
        _ => is_monthly(rows, x).then_some(Step::Month),
    }
}

fn after(step: Step, at: i64) -> Option<i64> {
    match step {
        Step::Micros(span) => at.checked_add(span),
        Step::Month => month_after(at),
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
