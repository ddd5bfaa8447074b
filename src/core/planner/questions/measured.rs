//! The sentence of an answer that is about a measure: the most, the least, the whole, a share of all, what is above the
//! one before it, or whether a goal is met. Imports the answer's shape.

use super::Goal;
use super::answer::{AnswerShape, MeasureShape, Unit};
use super::cells::{Cell, FEW, cells, share_of_all};
use super::headline::Headline;
use super::sentence::plural;
use super::told::{MOST_ROWS, moment, number, position, shown, singular, span_words, words};
use crate::data::figures::{MONEY, counted, grouped, number_text, percent_of, with_unit};
use crate::data::{TableRows, Value};

/// The row that is told, in words.
struct Told {
    cell: Cell,
    /// It is zero, and everything else with it.
    is_nothing: bool,
    /// `checkout: `, or nothing.
    before: String,
    /// ` in the peak hour, 3 March 2026 14:00 UTC (1 other as high)`.
    after: String,
    /// What it is about, and when.
    place: String,
    equals: String,
    /// Which rows were not looked at, because they are of few: `, among hours with at least 20 requests`.
    rule: String,
}

impl AnswerShape {
    pub(super) fn of_measure(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Headline> {
        if let Some(first) = self.first.as_ref().and_then(|first| self.told_first(measure, rows, first)) {
            return Some(first);
        }
        let told = self.told(rows, measure)?;
        if let Some(goal) = self.goal.as_ref().and_then(|goal| self.told_goal(rows, measure, goal, &told)) {
            return Some(goal);
        }
        if let Some(rise) = Some(()).filter(|()| measure.is_rise).and_then(|()| self.told_rise(rows, measure)) {
            return Some(rise);
        }
        match &measure.unit {
            Unit::Measured(unit) if measure.share_of.is_some() => self.told_share(rows, measure, unit, &told),
            _ if measure.is_total && rows.rows() > 1 && !self.groups.is_cut(rows.rows()) => {
                Some(total(rows, measure, &told))
            }
            _ => Some(self.told_alike(rows, measure).unwrap_or_else(|| self.told_most(rows, measure, &told))),
        }
    }

    fn told(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Told> {
        let (cell, equal) = self.told_cell(rows, measure)?;
        let name = self.name_of(measure, rows, &|name| value(rows, cell.row, name));
        // Where the most is nothing, no hour is the peak.
        let is_nothing = cell.height == 0.0 && !measure.is_lowest && rows.rows() > 1;
        let when = match self.many() {
            _ if is_nothing && !self.is_over_time() => Some(format!("for all {}", self.all_in_words(rows, measure))),
            "days" if is_nothing => Some("on all days".to_owned()),
            many if is_nothing => Some(format!("in all {many}")),
            _ => self.when(measure, rows, cell.row),
        };
        let high = if measure.is_lowest { "low" } else { "high" };
        let equals = match equal {
            0 => String::new(),
            _ if is_nothing => String::new(),
            equal => format!(" ({} as {high})", counted(equal as u64, "other")),
        };
        Some(Told {
            cell,
            is_nothing,
            before: name.as_ref().filter(|_| !is_nothing).map_or(String::new(), |name| format!("{name}: ")),
            after: format!("{}{equals}", when.as_ref().map_or(String::new(), |when| format!(" {when}"))),
            place: name.filter(|_| !is_nothing).into_iter().chain(when).collect::<Vec<_>>().join(" "),
            equals,
            rule: self.rule(rows, measure, &cell),
        })
    }

    /// Which cells are not told of, in words, where there are such.
    fn rule(&self, rows: &dyn TableRows, measure: &MeasureShape, told: &Cell) -> String {
        if !told.is_of_enough() || cells(self, rows, measure).iter().all(Cell::is_of_enough) {
            return String::new();
        }
        let whole = measure.share_of.as_ref().map(|(_, whole)| whole).or(measure.counted.as_ref());
        let of = whole.map_or(String::new(), |whole| format!(" {}", words(whole)));
        format!(", among {} with at least {FEW}{of}", self.many())
    }

    /// All that rows are about: `25 pages`.
    fn all_in_words(&self, rows: &dyn TableRows, measure: &MeasureShape) -> String {
        let many = match self.is_over_time() {
            true => self.many().to_owned(),
            false => plural(&words(self.names.first().map_or("row", String::as_str))),
        };
        let more = if self.groups.is_cut(rows.rows()) { " or more" } else { "" };
        let count = cells(self, rows, measure).iter().filter(|cell| cell.is_named).count();
        format!("{}{more} {many}", grouped(count as u64))
    }

    /// What several rows are: `hours`, `days`.
    fn many(&self) -> &'static str {
        let span = self.time.as_ref().filter(|_| self.is_over_time()).and_then(|(_, span)| *span);
        span.and_then(span_words).unwrap_or("those")
    }

    fn told_share(&self, rows: &dyn TableRows, measure: &MeasureShape, unit: &str, told: &Told) -> Option<Headline> {
        let (part, whole) = measure.share_of.as_ref()?;
        let (part, whole) = (words(part), words(whole));
        let of = |count: f64| format!("{} {}", number_text(count), singular(&whole, count));
        let cell = &told.cell;
        let all =
            share_of_all(self, rows, measure).filter(|_| rows.rows() > 1 && self.is_over_time() && !measure.is_lowest);
        let figure = with_unit(cell.height, unit);
        let Some((share, count)) = all else {
            let of = cell.of.filter(|_| !told.is_nothing).map_or_else(|| whole.clone(), of);
            let (before, after, rule) = (&told.before, &told.after, &told.rule);
            let most = if rule.is_empty() { String::new() } else { format!("{} the most{rule}", rule_start(after)) };
            let sentence = format!("{before}{part} are {figure} of {of}{after}{most}");
            return Some(Headline {
                number: figure,
                what: format!("{part} of {whole}"),
                place: told.place.clone(),
                sentence,
            });
        };
        // The most of few says nothing; and where all are alike, no hour is worse than the whole.
        let is_told = |cell: &Cell| cell.is_sound() && cell.height > share;
        let most = cell.of.filter(|_| is_told(cell)).map_or(String::new(), |count| {
            let is = if told.rule.is_empty() { " is" } else { ", is" };
            format!("; the most{}{is} {figure} of {}: {}{}", told.rule, number_text(count), told.place, told.equals)
        });
        let number = with_unit(share, unit);
        let sentence = format!("{part} are {number} of {}{most}", of(count));
        Some(Headline { number, what: format!("{part} of {whole}"), place: "in all".to_owned(), sentence })
    }

    /// Where all are alike none is the most: how many there are in all.
    fn told_alike(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Headline> {
        let cells = cells(self, rows, measure);
        let height = cells.first()?.height;
        let is_whole = self.sums(measure, rows) && !self.groups.is_filtered && rows.rows() <= MOST_ROWS;
        let is_count = measure.unit == Unit::Count && measure.whole.is_none() && !measure.is_lowest;
        let are_alike = cells.len() > 2 && height > 0.0 && cells.iter().all(|cell| cell.height == height);
        if !(is_whole && is_count && are_alike) || self.is_over_time() {
            return None;
        }
        let all = sum(rows, &measure.column);
        let noun = singular(&words(&measure.column), all);
        let (number, each) = (number_text(all), number_text(height));
        let sentence = format!("{number} {noun} in all, {each} for each of {}", grouped(cells.len() as u64));
        Some(Headline { number, what: noun, place: String::new(), sentence })
    }

    fn told_most(&self, rows: &dyn TableRows, measure: &MeasureShape, told: &Told) -> Headline {
        let noun = words(&measure.column);
        let figure = figure(told.cell.height, measure);
        let whole = measure.whole.as_ref().map(|name| words(name)).zip(told.cell.whole);
        let (what, says) = match (&measure.unit, whole) {
            (Unit::Count, Some((all, count))) => {
                let of = format!("of {} {}", number_text(count), singular(&all, count));
                match noun.strip_suffix(all.as_str()).map(str::trim).filter(|part| !part.is_empty()) {
                    Some(part) => (format!("{of} {part}"), format!("{part} in {figure} {of}")),
                    None => (format!("{noun} {of}"), format!("{figure} {noun} {of}")),
                }
            }
            (Unit::Count, None) => {
                let what = singular(&noun, told.cell.height);
                (what.clone(), format!("{figure} {what}"))
            }
            (Unit::Measured(_), _) => (noun.clone(), format!("{noun} {figure}")),
        };
        if let (Some(name), Some(count)) = (&measure.counted, told.cell.of.filter(|of| *of < FEW && rows.rows() > 1)) {
            let (name, of) = (words(name), number_text(count));
            let what = format!("{name} to tell {noun}");
            let most = format!("none of {} has {FEW} of them", self.all_in_words(rows, measure));
            let sentence = format!("too few {what}: {most}; the most is {figure}, of {of} {}", singular(&name, count));
            return Headline { number: "too few".to_owned(), what, place: String::new(), sentence };
        }
        let of = match (&measure.counted, told.cell.of) {
            (Some(name), Some(count)) if told.rule.is_empty() => {
                format!(", of {} {}", number_text(count), singular(&words(name), count))
            }
            (Some(name), Some(count)) => {
                let (of, many) = (number_text(count), self.many());
                format!(", of {of} {}; {many} with fewer than {FEW} are not told", singular(&words(name), count))
            }
            _ => String::new(),
        };
        let all = self.in_all(rows, measure, &told.cell);
        let sentence = format!("{}{says}{}{of}{all}", told.before, told.after);
        Headline { number: figure, what, place: told.place.clone(), sentence }
    }

    /// The whole beside its greatest part, where all parts are there: `; 804 in all`.
    fn in_all(&self, rows: &dyn TableRows, measure: &MeasureShape, told: &Cell) -> String {
        // What a condition left is a list; how long it is belongs to the answer.
        if self.groups.is_filtered && rows.rows() > 1 {
            return format!("; one of {}", self.all_in_words(rows, measure));
        }
        let is_whole = !self.groups.is_filtered && !self.groups.is_cut(rows.rows()) && rows.rows() <= MOST_ROWS;
        let is_part = measure.adds_up && measure.share_of.is_none() && measure.whole.is_none() && rows.rows() > 1;
        if !is_whole || !is_part {
            return String::new();
        }
        let all = sum(rows, &measure.column);
        if told.height >= all {
            return String::new();
        }
        let share = match self.is_over_time() {
            true => String::new(),
            false => format!("{} of ", percent_of(told.height, all)),
        };
        format!("; {share}{} in all", figure(all, measure))
    }

    /// Whether the goal is met, and where it is missed the most.
    fn told_goal(&self, rows: &dyn TableRows, measure: &MeasureShape, goal: &Goal, told: &Told) -> Option<Headline> {
        let (met, at) = (rows.schema().index(&goal.met)?, rows.schema().index(&goal.at)?);
        let count = rows.rows().min(MOST_ROWS);
        let kept = (0..count).filter(|row| rows.value(*row, met) == Value::Boolean(true)).count();
        let target = number(&rows.value(told.cell.row, at))?;
        let says = match (kept == count, count) {
            (_, 1) => format!("the goal is {}", figure(target, measure)),
            (true, count) => format!("all {count} {} meet {}", self.many(), figure(target, measure)),
            (false, count) => format!("{kept} of {count} {} meet {}", self.many(), figure(target, measure)),
        };
        let answer = if kept == count { "yes" } else { "no" };
        let value = beside(told.cell.height, target, measure);
        let noun = words(&measure.column);
        let sentence = format!("{answer}: {says}; {}{noun} {value}{}", told.before, told.after);
        Some(Headline { number: answer.to_owned(), what: says, place: told.place.clone(), sentence })
    }

    /// What is the most above the one before it, as rows come, of those with the same name.
    fn told_rise(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Headline> {
        let chart = self.chart.as_ref()?;
        let (x, by) = (rows.schema().index(&chart.x)?, rows.schema().index(chart.by.as_ref()?)?);
        let cells: Vec<Cell> = cells(self, rows, measure).into_iter().filter(Cell::is_sound).collect();
        let is_same = |pair: &&[Cell]| rows.value(pair[0].row, by) == rows.value(pair[1].row, by);
        let pairs: Vec<&[Cell]> = cells.windows(2).filter(is_same).collect();
        let rise = |pair: &[Cell]| pair[1].height - pair[0].height;
        let worst = pairs.iter().max_by(|one, other| rise(one).total_cmp(&rise(other)))?;
        let (before, after) = (&worst[0], &worst[1]);
        let name = |cell: &Cell| shown(&rows.value(cell.row, x));
        let noun = words(&chart.x);
        if rise(worst) <= 0.0 || !is_beyond_chance(before, after, measure) {
            let clearly = if rise(worst) > 0.0 { "clearly " } else { "" };
            let changes = counted(pairs.len() as u64, "change");
            let sentence = format!("no {noun} is {clearly}above the one before it, of {changes}");
            return Some(Headline { number: "no".to_owned(), what: String::new(), place: String::new(), sentence });
        }
        let place = format!("{} {}", shown(&rows.value(after.row, by)), name(after));
        let (number, then) = (figure(after.height, measure), figure(before.height, measure));
        let of = |cell: &Cell| cell.of.map_or(String::new(), |count| format!(" of {}", number_text(count)));
        let whole = measure.share_of.as_ref().map(|(_, whole)| whole).or(measure.counted.as_ref());
        let whole = whole.filter(|_| after.of.is_some()).map_or(String::new(), |name| format!(" {}", words(name)));
        let what = match &measure.share_of {
            Some((part, _)) => format!("{} are", words(part)),
            None => words(&measure.column),
        };
        let sentence =
            format!("{place}: {what} {number}{}{whole}, {then}{} with {} before", of(after), of(before), name(before));
        let what = format!("{place}, {then} before");
        Some(Headline { number, what, place, sentence })
    }

    /// The row that is first in time: what it is about, and since when.
    fn told_first(&self, measure: &MeasureShape, rows: &dyn TableRows, first: &str) -> Option<Headline> {
        let (row, at) = first_of(rows, first)?;
        let name = self.name_of(measure, rows, &|name| value(rows, row, name))?;
        /// A longer name has no room in large type.
        const SHORT: usize = 20;
        let (what, when) = (words(first), moment(at, None));
        let sentence = format!("{name}: {what} {when}");
        let (number, what) = match name.chars().count() <= SHORT {
            true => (name.clone(), format!("{what} {when}")),
            false => (when, format!("{what}, {name}")),
        };
        Some(Headline { number, what, place: name, sentence })
    }

    /// The time of what is first, in microseconds, where that is what the question looks for.
    pub fn first_time(&self, rows: &dyn TableRows) -> Option<i64> {
        first_of(rows, self.first.as_ref()?).map(|(_, at)| at)
    }
}

/// Whether two shares differ by more than what chance makes of as many: twice the standard error of the difference.
/// What is no share has none that is known.
fn is_beyond_chance(before: &Cell, after: &Cell, measure: &MeasureShape) -> bool {
    let (Some(of_before), Some(of_after), Some(_)) = (before.of, after.of, &measure.share_of) else { return true };
    let all = (before.height * of_before + after.height * of_after) / (of_before + of_after);
    let error = (all * (1.0 - all) * (1.0 / of_before + 1.0 / of_after)).sqrt();
    (after.height - before.height).abs() > 2.0 * error
}

fn first_of(rows: &dyn TableRows, first: &str) -> Option<(usize, i64)> {
    let column = rows.schema().index(first)?;
    let times = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| Some((row, position(&rows.value(row, column))?)));
    times.min_by_key(|(_, at)| *at)
}

fn value(rows: &dyn TableRows, row: usize, name: &str) -> Option<Value> {
    rows.schema().index(name).map(|column| rows.value(row, column))
}

/// A clause that follows a time or a name.
fn rule_start(before: &str) -> &'static str {
    if before.is_empty() { "," } else { ";" }
}

fn figure(value: f64, measure: &MeasureShape) -> String {
    match &measure.unit {
        Unit::Count => number_text(value),
        Unit::Measured(unit) => with_unit(value, unit),
    }
}

/// A value beside its goal: with as many digits as tell the two apart.
fn beside(value: f64, goal: f64, measure: &MeasureShape) -> String {
    let told = figure(value, measure);
    match &measure.unit {
        Unit::Measured(unit) if unit == "%" && value != goal && told == figure(goal, measure) => {
            format!("{value:.3} %")
        }
        _ => told,
    }
}

fn sum(rows: &dyn TableRows, column: &str) -> f64 {
    let Some(column) = rows.schema().index(column) else { return 0.0 };
    (0..rows.rows().min(MOST_ROWS)).filter_map(|row| number(&rows.value(row, column))).sum()
}

fn total(rows: &dyn TableRows, measure: &MeasureShape, told: &Told) -> Headline {
    let noun = words(&measure.column);
    let total = figure(sum(rows, &measure.column), measure);
    // Nothing says in which money it is.
    let unnamed = if measure.unit == Unit::Measured(MONEY.to_owned()) { " (no currency is named)" } else { "" };
    let most = figure(told.cell.height, measure);
    let sentence = format!("{noun} {total} in all{unnamed}; the most is {most}: {}{}", told.place, told.equals);
    Headline { number: total, what: format!("{noun}{unnamed}"), place: String::new(), sentence }
}
