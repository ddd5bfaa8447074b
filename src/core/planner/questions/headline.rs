//! An answer's rows as a sentence with its number. Imports the answer's shape; the rows come through a trait, since their
//! tables belong to the engine.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::{About, AnswerShape, MeasureShape, Most, Unit};
use super::cells::{Cell, cells};
use super::countries::Named;
use super::told::{
    DAY, MOST_ROWS, is_monthly, moment, month_after, month_of, named, part_in_words, position, shown, stretch, words,
};
use crate::data::figures::{grouped, short_count};
use crate::data::{TableRows, Value};

/// An answer in short: `21` · `users at most in an hour` · `3 March 2026, 14:00–15:00 UTC`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// With its unit where that is a sign: `54.5 s`, `12.3 %`.
    pub number: String,
    /// What it counts or measures.
    pub what: String,
    /// Of which row it is; empty: of all.
    pub place: String,
    /// The whole in words.
    pub sentence: String,
}

/// In the place of a number: there is no row, or nothing is as the question asks.
const NONE: &str = "none";
pub(super) const NO: &str = "no";

impl Headline {
    /// Whether it says that there is nothing.
    pub fn is_absence(&self) -> bool {
        match self.number.split(' ').next().unwrap_or_default() {
            "0" | NONE => true,
            // A goal that is missed says how far.
            NO => self.what.is_empty(),
            _ => false,
        }
    }
}

/// A value of a list's rows.
pub(super) struct Frequent {
    pub value: String,
    /// Of what it is, where that is not the same in all rows.
    pub of: Option<String>,
    pub times: u64,
    /// The first time with it, in microseconds.
    pub since: Option<i64>,
    /// Some value, and not none.
    pub is_known: bool,
}

impl Frequent {
    /// `payments · 2.8.0`.
    pub fn name(&self) -> String {
        self.of.iter().chain([&self.value]).map(String::as_str).collect::<Vec<_>>().join(" · ")
    }
}

impl AnswerShape {
    /// `whole`: what `add_whole` gave, where it was worked out.
    pub fn headline(&self, rows: &dyn TableRows, whole: Option<&dyn TableRows>) -> Headline {
        let rows: &dyn TableRows = &Named::of(rows);
        match &self.about {
            About::Rows { row, most } => self.of_rows(rows, row, most.as_ref()),
            About::Measure(measure) => {
                self.of_measure(rows, whole, measure).unwrap_or_else(|| self.of_nothing(measure))
            }
        }
    }

    /// Where no row is left: zero of what is counted, or none of what rows are about.
    fn of_nothing(&self, measure: &MeasureShape) -> Headline {
        let noun = words(&measure.column);
        let about = self.names.first().or(self.time.as_ref().map(|(time, _)| time));
        let about = words(about.unwrap_or(&measure.column));
        let is_counted = measure.unit == Unit::Count && self.names.is_empty() && !self.groups.is_filtered;
        let sentence = match (&self.none, &measure.share_of) {
            (none, _) if !none.is_empty() => none.clone(),
            (_, Some((_, whole))) if !self.groups.is_filtered => format!("no {}", words(whole)),
            _ if is_counted => {
                return Headline {
                    number: "0".to_owned(),
                    sentence: format!("0 {noun}"),
                    what: noun,
                    place: String::new(),
                };
            }
            // There may have been some before.
            _ if self.groups.is_filtered => format!("no {about} is left"),
            _ if self.names.is_empty() => format!("no {noun}"),
            _ => format!("no {about}"),
        };
        Headline { number: NONE.to_owned(), what: String::new(), place: String::new(), sentence }
    }

    /// How many rows, and of one column the value that most of them have.
    fn of_rows(&self, rows: &dyn TableRows, row: &str, most: Option<&Most>) -> Headline {
        let count = rows.rows() as u64;
        let things = things_of(rows, row).filter(|things| *things < count);
        let shown_count = things.unwrap_or(count);
        let noun = if shown_count == 1 || row.ends_with('s') { row.to_owned() } else { format!("{row}s") };
        let mut place = String::new();
        let of_rows = things.map_or(String::new(), |_| format!(" in {} rows", grouped(count)));
        let mut sentence = format!("{} {noun}{of_rows}", grouped(shown_count));
        if let Some((most, found)) = most.and_then(|most| Some((most, self.most_frequent(rows, most)?))) {
            let since = found.since.map_or(String::new(), |since| format!(", since {}", moment(since, None)));
            let times = if found.times == count { "all".to_owned() } else { grouped(found.times) };
            let of = found.of.map_or(String::new(), |of| format!(" of {of}"));
            let told = format!("{times} with {} {}{of}{since}", words(&most.column), found.value);
            sentence = format!("{sentence}: {told}");
            place = told;
        }
        Headline { number: short_count(shown_count), what: noun, place, sentence }
    }

    /// What most rows have.
    pub(super) fn most_frequent(&self, rows: &dyn TableRows, most: &Most) -> Option<Frequent> {
        let found = self.frequencies(rows, most).into_iter();
        found.filter(|one| one.is_known).max_by(|one, other| {
            // Of equal ones the last by its name.
            (one.times, &one.value, &one.of).cmp(&(other.times, &other.value, &other.of))
        })
    }

    /// How many rows have each value; of what it is only where they are of several.
    pub(super) fn frequencies(&self, rows: &dyn TableRows, most: &Most) -> Vec<Frequent> {
        let schema = rows.schema();
        let Some(column) = schema.index(&most.column) else { return Vec::new() };
        let time = self.time.as_ref().and_then(|(name, _)| schema.index(name));
        let owners = most.of.as_ref().and_then(|of| schema.index(of));
        let looked_at = 0..rows.rows().min(MOST_ROWS);
        let owners = owners.filter(|of| looked_at.clone().any(|row| rows.value(row, *of) != rows.value(0, *of)));
        let mut found: BTreeMap<(String, Option<String>), Frequent> = BTreeMap::new();
        for row in looked_at {
            let cell = rows.value(row, column);
            let at = time.and_then(|time| position(&rows.value(row, time)));
            let (value, of) = (shown(&cell), owners.map(|of| shown(&rows.value(row, of))));
            let is_known = cell != Value::Null;
            let new = || Frequent { value: value.clone(), of: of.clone(), times: 0, since: at, is_known };
            let known = found.entry((value.clone(), of.clone())).or_insert_with(new);
            known.times += 1;
            known.since = [known.since, at].into_iter().flatten().min();
        }
        found.into_values().collect()
    }

    /// What has the most, or the least: of equal ones the first, as the answer is read; and how many others are equal.
    pub(super) fn told_cell(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<(Cell, usize)> {
        let cells = cells(self, rows, measure);
        // Where none of those with a name is of enough, those without one may be.
        let is_told: fn(&Cell) -> bool = match cells.iter().any(Cell::is_sound) {
            true => Cell::is_sound,
            false if cells.iter().any(Cell::is_of_enough) => Cell::is_of_enough,
            false => |_| true,
        };
        let told = || cells.iter().filter(|cell| is_told(cell));
        let better = |best, next: &Cell| {
            let Some(best): Option<Cell> = best else { return Some(*next) };
            let is_better = if measure.is_lowest { next.height < best.height } else { next.height > best.height };
            Some(if is_better { *next } else { best })
        };
        let best = told().fold(None, better)?;
        Some((best, told().filter(|cell| cell.height == best.height).count() - 1))
    }

    /// What the row that is told is about: the column along the chart, and its value there.
    pub fn told_key(&self, rows: &dyn TableRows) -> Option<(String, Value)> {
        let (About::Measure(measure), Some(chart)) = (&self.about, &self.chart) else { return None };
        let column = rows.schema().index(&chart.x)?;
        Some((chart.x.clone(), rows.value(self.told_cell(rows, measure)?.0.row, column)))
    }

    /// Whether the chart is over time.
    pub(super) fn is_over_time(&self) -> bool {
        let x = self.chart.as_ref().map(|chart| &chart.x);
        self.time.as_ref().is_some_and(|(time, _)| Some(time) == x)
    }

    /// A row other than the one that is told which is as high.
    pub(super) fn equal_to(&self, rows: &dyn TableRows, measure: &MeasureShape, told: &Cell) -> Option<usize> {
        let cells = cells(self, rows, measure);
        let is_equal = |cell: &&Cell| cell.height == told.height && cell.row != told.row && cell.is_sound();
        cells.iter().find(is_equal).map(|cell| cell.row)
    }

    /// The time of a row, in words.
    pub(super) fn when(&self, rows: &dyn TableRows, row: usize) -> Option<String> {
        let (time, span) = self.time.as_ref()?;
        let column = rows.schema().index(time)?;
        let at = position(&rows.value(row, column))?;
        let told = match span {
            Some(span) => stretch(at, *span),
            None if is_monthly(rows, column) => month_of(at),
            None => moment(at, None),
        };
        Some(told + &self.part_of(rows, at))
    }

    /// Which part of the day, the week or the month that begins at a time there are data of, in words.
    pub(super) fn part_of(&self, rows: &dyn TableRows, at: i64) -> String {
        let end = self.end_of(rows, at).unwrap_or(at);
        part_in_words(end - at, self.cut(at, end))
    }

    /// The end of the day, the week or the month that begins at a time. `None`: rows are for none.
    fn end_of(&self, rows: &dyn TableRows, at: i64) -> Option<i64> {
        let (time, span) = self.time.as_ref()?;
        let column = rows.schema().index(time)?;
        let end = match span {
            Some(span) => at.checked_add(*span),
            None => Some(at).filter(|_| self.grain.is_some() && is_monthly(rows, column)).and_then(month_after),
        };
        end.filter(|end| end - at >= DAY)
    }

    /// Where between a time and its end data begin, or where they end: by more than passes between rows. What is all
    /// within is told as a whole.
    fn cut(&self, at: i64, end: i64) -> [Option<i64>; 2] {
        /// A night without a row is no cut.
        const PART: i64 = 20;
        let least = ((end - at) / PART).saturating_add(self.pace);
        let Some((first, last)) = self.range.filter(|(first, last)| *first < at || *last >= end) else {
            return [None, None];
        };
        let (begins, ends) = (at.saturating_add(least)..end, at..end.saturating_sub(least));
        [Some(first).filter(|first| begins.contains(first)), Some(last).filter(|last| ends.contains(last))]
    }

    /// Whether there are data of all of the first and of the last day, week or month of an answer.
    pub(in crate::planner) fn ends_are_whole(&self, rows: &dyn TableRows) -> [bool; 2] {
        let column = self.time.as_ref().and_then(|(time, _)| rows.schema().index(time));
        let times = column.into_iter().flat_map(|column| {
            (0..rows.rows().min(MOST_ROWS)).filter_map(move |row| position(&rows.value(row, column)))
        });
        let times: Vec<i64> = times.collect();
        let cut = |at: Option<&i64>| at.and_then(|at| Some(self.cut(*at, self.end_of(rows, *at)?)));
        let [first, last] = [cut(times.iter().min()), cut(times.iter().max())];
        [first.is_none_or(|[from, _]| from.is_none()), last.is_none_or(|[_, until]| until.is_none())]
    }

    /// What a row is about, in words: what the chart tells apart, or else the first name; and all other names, where
    /// rows of several do not add up.
    pub(super) fn name_of(
        &self,
        measure: &MeasureShape,
        rows: &dyn TableRows,
        cell: &dyn Fn(&String) -> Option<Value>,
    ) -> Option<String> {
        let is_time = |name: &String| self.time.as_ref().is_some_and(|(time, _)| time == name);
        let charted = self.chart.iter().flat_map(|chart| chart.by.iter().chain([&chart.x]));
        let mut told: Vec<&String> = charted.filter(|name| !is_time(name) && rows.schema().has(name)).collect();
        let others = self.names.iter().filter(|name| !self.sums(measure, rows) && self.keys.contains(name));
        others.for_each(|name| {
            if !told.contains(&name) {
                told.push(name)
            }
        });
        if told.is_empty() {
            told.extend(self.names.first());
        }
        let parts = told.into_iter().filter_map(|name| {
            Some(match cell(name)? {
                Value::Int(hour) if self.hours.as_ref() == Some(name) => format!("{hour:02}:00–{:02}:00 UTC", hour + 1),
                // A number or a yes says nothing by itself.
                value @ (Value::Int(_) | Value::Float(_) | Value::Boolean(_)) => {
                    format!("{} {}", words(name), shown(&value))
                }
                value => named(&value),
            })
        });
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

/// How many different things the rows are about, where a column has their ids: `transaction` of `failed transaction`.
/// `None`: nothing says it, or some have none.
fn things_of(rows: &dyn TableRows, row: &str) -> Option<u64> {
    let column = rows.schema().index(row.rsplit(' ').next()?)?;
    if rows.rows() > MOST_ROWS {
        return None;
    }
    let mut seen = std::collections::BTreeSet::new();
    for row in 0..rows.rows() {
        match rows.value(row, column) {
            Value::Null => return None,
            value => seen.insert(shown(&value)),
        };
    }
    Some(seen.len() as u64)
}

#[cfg(test)]
mod tests;
