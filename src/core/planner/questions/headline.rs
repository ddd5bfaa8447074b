//! An answer's rows as a sentence with its number. Imports the answer's shape; the rows come through a trait, since their
//! tables belong to the engine.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::{About, AnswerShape, MeasureShape, Unit};
use super::cells::{Cell, cells};
use super::countries::Named;
use super::told::{MOST_ROWS, is_monthly, moment, month_of, named, position, shown, stretch, words};
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

impl AnswerShape {
    /// `whole`: what `add_whole` gave, where it was worked out.
    pub fn headline(&self, rows: &dyn TableRows, whole: Option<&dyn TableRows>) -> Headline {
        let rows: &dyn TableRows = &Named::of(rows);
        match &self.about {
            About::Rows { row, most } => self.of_rows(rows, row, most.as_deref()),
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
        Headline { number: "none".to_owned(), what: String::new(), place: String::new(), sentence }
    }

    /// How many rows, and of one column the value that most of them have.
    fn of_rows(&self, rows: &dyn TableRows, row: &str, most: Option<&str>) -> Headline {
        let count = rows.rows() as u64;
        let things = things_of(rows, row).filter(|things| *things < count);
        let shown_count = things.unwrap_or(count);
        let noun = if shown_count == 1 || row.ends_with('s') { row.to_owned() } else { format!("{row}s") };
        let mut place = String::new();
        let of_rows = things.map_or(String::new(), |_| format!(" in {} rows", grouped(count)));
        let mut sentence = format!("{} {noun}{of_rows}", grouped(shown_count));
        if let Some((value, times, since)) = most.and_then(|column| self.most_frequent(rows, column)) {
            let column = words(most.unwrap_or_default());
            let since = since.map_or(String::new(), |since| format!(", since {since}"));
            let of = if times == count { "all".to_owned() } else { grouped(times) };
            let told = format!("{of} with {column} {value}{since}");
            sentence = format!("{sentence}: {told}");
            place = told;
        }
        Headline { number: short_count(shown_count), what: noun, place, sentence }
    }

    pub(super) fn most_frequent(&self, rows: &dyn TableRows, column: &str) -> Option<(String, u64, Option<String>)> {
        let schema = rows.schema();
        let column = schema.index(column)?;
        let time = self.time.as_ref().and_then(|(name, _)| schema.index(name));
        let mut found: BTreeMap<String, (u64, Option<i64>)> = BTreeMap::new();
        for row in 0..rows.rows().min(MOST_ROWS) {
            let value = rows.value(row, column);
            if value == Value::Null {
                continue;
            }
            let at = time.and_then(|time| position(&rows.value(row, time)));
            let known = found.entry(shown(&value)).or_insert((0, at));
            known.0 += 1;
            known.1 = [known.1, at].into_iter().flatten().min();
        }
        let (value, (times, since)) = found.into_iter().max_by_key(|(_, (times, _))| *times)?;
        Some((value, times, since.map(|since| moment(since, None))))
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
        Some(match span {
            Some(span) => stretch(at, *span),
            None if is_monthly(rows, column) => month_of(at),
            None => moment(at, None),
        })
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
