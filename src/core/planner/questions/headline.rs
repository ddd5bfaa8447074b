//! An answer's rows as a sentence with its number, and as the points of its chart. Imports the answer's shape; the rows
//! come through a trait, since their tables belong to the engine.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::{About, AnswerShape, MeasureShape, Unit};
use crate::data::figures::{grouped, number_text, short_count, with_unit};
use crate::data::instants::{MONTHS, micros_of, to_calendar};
use crate::data::{TableRows, Value};

/// An answer in short: `21` · `users` · `in the peak hour, 3 March 14:00`.
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
    /// Names that are not among the bars, or rows not among the points.
    pub more: usize,
    /// Spans without rows count as zero.
    pub has_zeros: bool,
}

/// A line over time; pieces of it are not joined where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PlottedLine {
    pub name: String,
    /// Microseconds and values.
    pub pieces: Vec<Vec<[f64; 2]>>,
}

/// Rows that are looked at, bars and lines that are drawn, points of a line: at most.
const MOST_ROWS: usize = 100_000;
const MOST_BARS: usize = 12;
const MOST_LINES: usize = 7;
const MOST_POINTS: usize = 20_000;

impl AnswerShape {
    pub fn headline(&self, rows: &dyn TableRows) -> Headline {
        match &self.about {
            About::Rows { row, most } => self.of_rows(rows, row, most.as_deref()),
            About::Measure(measure) => self.of_measure(rows, measure).unwrap_or_else(|| Headline {
                number: "0".to_owned(),
                what: words(&measure.column),
                place: String::new(),
                sentence: format!("no {}: no row was left", words(&measure.column)),
            }),
        }
    }

    /// How many rows, and of one column the value that most of them have.
    fn of_rows(&self, rows: &dyn TableRows, row: &str, most: Option<&str>) -> Headline {
        let count = rows.rows() as u64;
        let noun = if count == 1 || row.ends_with('s') { row.to_owned() } else { format!("{row}s") };
        let mut place = String::new();
        let mut sentence = format!("{} {noun}", grouped(count));
        if let Some((value, times, since)) = most.and_then(|column| self.most_frequent(rows, column)) {
            let column = words(most.unwrap_or_default());
            let since = since.map_or(String::new(), |since| format!(", since {since}"));
            let of = if times == count { "all".to_owned() } else { grouped(times) };
            let told = format!("{of} with {column} {value}{since}");
            sentence = format!("{sentence}: {told}");
            place = told;
        }
        Headline { number: short_count(count), what: noun, place, sentence }
    }

    fn most_frequent(&self, rows: &dyn TableRows, column: &str) -> Option<(String, u64, Option<String>)> {
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

    /// The row with the most, or the least, and its number. Of equal ones the first, as the answer is read. A share of
    /// few is by chance what it is, and a group of those without a name is nobody: they are told only where there is
    /// nothing else.
    fn told_row(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<(usize, f64)> {
        const FEW: f64 = 20.0;
        let schema = rows.schema();
        let column = schema.index(&measure.column)?;
        let whole = measure.share_of.as_ref().and_then(|(_, whole)| schema.index(whole));
        let keys = self.chart.iter().flat_map(|chart| chart.by.iter().chain([&chart.x]));
        let keys: Vec<usize> = keys.filter_map(|name| schema.index(name)).collect();
        let is_sound = |row: usize| {
            let of = whole.and_then(|whole| number(&rows.value(row, whole))).unwrap_or(f64::MAX);
            of >= FEW && keys.iter().all(|key| rows.value(row, *key) != Value::Null)
        };
        let numbers =
            || (0..rows.rows().min(MOST_ROWS)).filter_map(|row| Some((row, number(&rows.value(row, column))?)));
        let better = |best: (usize, f64), next: (usize, f64)| {
            let is_better = if measure.is_lowest { next.1 < best.1 } else { next.1 > best.1 };
            if is_better { next } else { best }
        };
        numbers().filter(|(row, _)| is_sound(*row)).reduce(better).or_else(|| numbers().reduce(better))
    }

    /// What the row that is told is about: the column along the chart, and its value there.
    pub fn told_key(&self, rows: &dyn TableRows) -> Option<(String, Value)> {
        let (About::Measure(measure), Some(chart)) = (&self.about, &self.chart) else { return None };
        let column = rows.schema().index(&chart.x)?;
        Some((chart.x.clone(), rows.value(self.told_row(rows, measure)?.0, column)))
    }

    fn of_measure(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Headline> {
        let schema = rows.schema();
        let column = schema.index(&measure.column)?;
        let (row, best) = self.told_row(rows, measure)?;
        let cell = |name: &String| schema.index(name).map(|column| rows.value(row, column));
        let noun = words(&measure.column);
        let whole = measure.whole.as_ref().and_then(|name| Some((words(name), number(&cell(name)?)?)));
        let (figure, what) = match (&measure.unit, &whole) {
            (Unit::Count, Some((all, count))) => {
                let part = noun.strip_suffix(all.as_str()).map(str::trim).filter(|part| !part.is_empty());
                let of = format!("of {} {all}", number_text(*count));
                (number_text(best), if part.is_some() { of } else { format!("{noun} {of}") })
            }
            (Unit::Count, None) => (number_text(best), singular(&noun, best)),
            (Unit::Measured(unit), _) => match &measure.share_of {
                Some((part, whole)) => (with_unit(best, unit), format!("{} of {}", words(part), words(whole))),
                None => (with_unit(best, unit), noun.clone()),
            },
        };
        let name = self.name_of(rows, &cell).filter(|_| rows.rows() > 1 || self.time.is_none());
        let when = self.time.as_ref().filter(|_| rows.rows() > 1).and_then(|(time, span)| {
            let at = position(&cell(time)?)?;
            let word = if measure.is_lowest { "lowest" } else { "peak" };
            Some(match span {
                Some(DAY) => format!("on the {word} day, {}", moment(at, *span)),
                Some(_) => {
                    format!("in the {word} {}, {}", span.and_then(span_word).unwrap_or("span"), moment(at, *span))
                }
                None if is_monthly(rows, schema.index(time)?) => format!("in the {word} month, {}", month_of(at)),
                None => format!("at {}", moment(at, None)),
            })
        });
        let busy = whole.as_ref().and_then(|(all, _)| noun.strip_suffix(all.as_str())).map(str::trim);
        let first = self.first.as_ref().filter(|_| rows.rows() > 1).and_then(|first| self.told_first(rows, first));
        if first.is_some() {
            return first;
        }
        let told = match (&measure.unit, busy.filter(|part| !part.is_empty())) {
            (Unit::Measured(_), _) if measure.share_of.is_some() => {
                let (part, whole) = measure.share_of.as_ref().map_or(("", ""), |(part, whole)| (part, whole));
                let count = schema.index(whole).and_then(|column| number(&rows.value(row, column)));
                let count = count.map_or(String::new(), |count| format!("{} ", number_text(count)));
                format!("{} are {figure} of {count}{}", words(part), words(whole))
            }
            (Unit::Count, Some(part)) => format!("{part} in {figure} {what}"),
            (Unit::Count, None) => format!("{figure} {what}"),
            (Unit::Measured(_), _) => format!("{what} {figure}"),
        };
        let before = name.as_ref().map_or(String::new(), |name| format!("{name}: "));
        let after = when.as_ref().map_or(String::new(), |when| format!(" {when}"));
        let sentence = format!("{before}{told}{after}");
        let what = match busy.filter(|part| !part.is_empty()) {
            Some(part) => format!("{what} {part}"),
            None => what,
        };
        let place = name.into_iter().chain(when).collect::<Vec<_>>().join(" ");
        if measure.is_total && rows.rows() > 1 {
            let numbers = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| number(&rows.value(row, column)));
            let total = match &measure.unit {
                Unit::Count => number_text(numbers.sum()),
                Unit::Measured(unit) => with_unit(numbers.sum(), unit),
            };
            let sentence = format!("{what} {total} in all, the most of it {figure}: {place}");
            return Some(Headline { number: total, what, place, sentence });
        }
        Some(Headline { number: figure, what, place, sentence })
    }

    /// What a row is about, in words: what the chart tells apart, or else the first name.
    fn name_of(&self, rows: &dyn TableRows, cell: &dyn Fn(&String) -> Option<Value>) -> Option<String> {
        let is_time = |name: &String| self.time.as_ref().is_some_and(|(time, _)| time == name);
        let charted = self.chart.iter().flat_map(|chart| chart.by.iter().chain([&chart.x]));
        let mut told: Vec<&String> = charted.filter(|name| !is_time(name) && rows.schema().has(name)).collect();
        if told.is_empty() {
            told.extend(self.names.first());
        }
        let parts = told.into_iter().filter_map(|name| {
            Some(match cell(name)? {
                // A number or a yes says nothing by itself.
                value @ (Value::Int(_) | Value::Float(_) | Value::Boolean(_)) => {
                    format!("{} {}", words(name), shown(&value))
                }
                value => shown(&value),
            })
        });
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    /// The row that is first in time: what it is about, and since when.
    fn told_first(&self, rows: &dyn TableRows, first: &str) -> Option<Headline> {
        let schema = rows.schema();
        let column = schema.index(first)?;
        let times = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| Some((row, position(&rows.value(row, column))?)));
        let (row, at) = times.min_by_key(|(_, at)| *at)?;
        let cell = |name: &String| schema.index(name).map(|column| rows.value(row, column));
        let name = self.name_of(rows, &cell)?;
        let (what, number) = (words(first), moment(at, None));
        let sentence = format!("{name}: {what} {number}");
        Some(Headline { number, what: format!("{what}, {name}"), place: name, sentence })
    }

    /// The points of the answer's chart; `None`: there is nothing to draw.
    pub fn plotted(&self, rows: &dyn TableRows) -> Option<Plotted> {
        let (About::Measure(measure), Some(chart)) = (&self.about, &self.chart) else { return None };
        let schema = rows.schema();
        let (x, y) = (schema.index(&chart.x)?, schema.index(&measure.column)?);
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
        let mut plotted = Plotted { y_title, unit, has_zeros: measure.unit == Unit::Count, ..Plotted::default() };
        let of_each = by.map_or(String::new(), |by| format!(", by {}", words(&schema.fields[by].name)));
        let time = self.time.as_ref().filter(|(time, _)| *time == chart.x);
        let Some((_, span)) = time else {
            plotted.title = format!("{noun} by {}{of_each}", words(&chart.x));
            plotted.x_title = words(&chart.x);
            let name = |row: usize| match by {
                Some(by) => format!("{} · {}", shown(&rows.value(row, by)), shown(&rows.value(row, x))),
                None => shown(&rows.value(row, x)),
            };
            let bars =
                (0..rows.rows().min(MOST_ROWS)).filter_map(|row| Some((name(row), number(&rows.value(row, y))?)));
            plotted.bars = bars.take(MOST_BARS).collect();
            plotted.more = rows.rows().saturating_sub(plotted.bars.len());
            return (!plotted.bars.is_empty()).then_some(plotted);
        };
        let per = span.and_then(span_word).map_or(format!(" over {}", words(&chart.x)), |word| format!(" per {word}"));
        plotted.title = format!("{noun}{per}{of_each}");
        plotted.x_title = format!("{} (UTC)", words(&chart.x));
        let mut series: Vec<(String, BTreeMap<i64, f64>)> = Vec::new();
        for row in 0..rows.rows().min(MOST_ROWS) {
            let (Some(at), Some(height)) = (position(&rows.value(row, x)), number(&rows.value(row, y))) else {
                continue;
            };
            let name = by.map_or_else(|| noun.clone(), |by| shown(&rows.value(row, by)));
            let known = series.iter().position(|(known, _)| *known == name);
            match known {
                Some(known) => {
                    series[known].1.insert(at, height);
                }
                None if series.len() < MOST_LINES => series.push((name, BTreeMap::from([(at, height)]))),
                None => plotted.more += 1,
            }
        }
        let first = series.iter().filter_map(|(_, points)| points.keys().next()).min().copied()?;
        let last = series.iter().filter_map(|(_, points)| points.keys().next_back()).max().copied()?;
        plotted.lines = series
            .into_iter()
            .map(|(name, points)| PlottedLine { name, pieces: pieces(points, *span, plotted.has_zeros, (first, last)) })
            .collect();
        Some(plotted)
    }
}

/// Points that are joined: spans without rows are zero, or else end a piece.
fn pieces(
    points: BTreeMap<i64, f64>,
    span: Option<i64>,
    has_zeros: bool,
    (first, last): (i64, i64),
) -> Vec<Vec<[f64; 2]>> {
    let point = |at: i64, height: f64| [at as f64, height];
    let Some(span) = span.filter(|span| *span > 0) else {
        return vec![points.into_iter().map(|(at, height)| point(at, height)).collect()];
    };
    let spans = (last - first) / span;
    if has_zeros && usize::try_from(spans).is_ok_and(|spans| spans <= MOST_POINTS) {
        let at = |number: i64| first + number * span;
        return vec![
            (0..=spans).map(|number| point(at(number), points.get(&at(number)).copied().unwrap_or(0.0))).collect(),
        ];
    }
    let mut found: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut before: Option<i64> = None;
    for (at, height) in points {
        match found.last_mut().filter(|_| before.is_some_and(|before| at - before <= span)) {
            Some(piece) => piece.push(point(at, height)),
            None => found.push(vec![point(at, height)]),
        }
        before = Some(at);
    }
    found
}

/// `busy_samples` → `busy samples`.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// `1 user`, `2 users`.
fn singular(noun: &str, count: f64) -> String {
    match noun.strip_suffix('s').filter(|_| count == 1.0 && !noun.ends_with("ss")) {
        Some(one) => one.to_owned(),
        None => noun.to_owned(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Float(number) => number_text(*number),
        Value::Timestamp(at) => moment(*at, None),
        Value::Date(_) => position(value).map_or(String::new(), |at| moment(at, Some(DAY))),
        other => match other.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        },
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Microseconds.
fn position(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => micros_of(*days),
        _ => None,
    }
}

/// Whether all times are beginnings of months.
fn is_monthly(rows: &dyn TableRows, column: usize) -> bool {
    use chrono::{Datelike, Timelike};
    let begins = |at: i64| to_calendar(at).is_some_and(|time| time.day() == 1 && time.num_seconds_from_midnight() == 0);
    (0..rows.rows().min(MOST_ROWS)).filter_map(|row| position(&rows.value(row, column))).all(begins)
}

/// `March 2026`.
fn month_of(micros: i64) -> String {
    use chrono::Datelike;
    let Some(time) = to_calendar(micros) else { return String::new() };
    format!("{} {}", MONTHS.get(time.month0() as usize).copied().unwrap_or_default(), time.year())
}

/// What a span of time is called.
fn span_word(span: i64) -> Option<&'static str> {
    Some(match span / 1_000_000 {
        1 => "second",
        60 => "minute",
        300 => "5 minutes",
        600 => "10 minutes",
        900 => "15 minutes",
        1_800 => "half hour",
        3_600 => "hour",
        86_400 => "day",
        604_800 => "week",
        _ => return None,
    })
}

/// In microseconds.
const DAY: i64 = 86_400_000_000;

/// `3 March 14:00`, `3 March 2026`: no finer than the span.
fn moment(micros: i64, span: Option<i64>) -> String {
    use chrono::{Datelike, Timelike};
    let Some(time) = to_calendar(micros) else { return String::new() };
    let month = MONTHS.get(time.month0() as usize).copied().unwrap_or_default();
    let day = format!("{} {month}", time.day());
    match span {
        Some(span) if span >= DAY => format!("{day} {}", time.year()),
        _ if time.second() == 0 => format!("{day} {:02}:{:02}", time.hour(), time.minute()),
        _ => format!("{day} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema};
    use crate::expr::{SortKey, parse};
    use crate::ir::{Aggregate, Column, Destination, Node, NodeId, Op, Origin, Plan, Write};
    use crate::planner::{Asked, Vocabulary, ready_question};

    struct Table(Schema, Vec<Vec<Value>>);

    impl TableRows for Table {
        fn schema(&self) -> &Schema {
            &self.0
        }

        fn rows(&self) -> usize {
            self.1.len()
        }

        fn value(&self, row: usize, column: usize) -> Value {
            self.1[row][column].clone()
        }
    }

    /// A flow that ends in groups by `keys` with `measures`, read in an order.
    fn plan(schema: &Schema, keys: &[(&str, &str)], measures: &[(&str, &str)], order: &[(&str, bool)]) -> Plan {
        let columns = |columns: &[(&str, &str)]| -> Vec<Column> {
            columns.iter().map(|(name, text)| Column::new(*name, parse(text).unwrap())).collect()
        };
        let order: Vec<SortKey> = order
            .iter()
            .map(|(name, descending)| SortKey { expr: parse(name).unwrap(), descending: *descending })
            .collect();
        let aggregate = Op::Aggregate(Aggregate { keys: columns(keys), measures: columns(measures) });
        let rows = Op::Rows(crate::ir::Rows { schema: schema.clone(), rows: Vec::new() });
        let first = if keys.is_empty() { Op::Union } else { aggregate };
        let answer = Op::Write(Write::new(Destination::Answer { question: None }, order));
        let mut plan = Plan::default();
        for (index, op) in [rows, first, answer].into_iter().enumerate() {
            let inputs = (index > 0).then(|| NodeId(index as u32 - 1)).into_iter().collect();
            plan.nodes.push(Node { op, inputs, schema: schema.clone(), origin: Origin::default(), hash: 0 }.into());
        }
        plan
    }

    fn shape(plan: &Plan, asked: Option<&Asked>) -> AnswerShape {
        AnswerShape::of(asked, plan, NodeId(2), &Vocabulary::shipped(), "Failed transactions")
    }

    fn text(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    fn time(text: &str) -> Value {
        Value::Timestamp(crate::data::instants::parse_timestamp(text).unwrap())
    }

    #[test]
    fn the_hour_with_the_most_is_told_and_hours_without_rows_are_zero() {
        let schema = Schema::of([("hour", DataType::Timestamp), ("users", DataType::Int), ("requests", DataType::Int)]);
        let keys = [("hour", "time_bucket(interval '1 hour', time)")];
        let measures = [("users", "count_distinct(sid)"), ("requests", "count(*)")];
        let shape = shape(&plan(&schema, &keys, &measures, &[("hour", false)]), None);
        let row = |hour: &str, users: i64| vec![time(hour), Value::Int(users), Value::Int(900)];
        let rows = Table(
            schema,
            vec![row("2026-03-03T10:00:00Z", 2), row("2026-03-03T14:00:00Z", 21), row("2026-03-03T15:00:00Z", 21)],
        );
        let headline = shape.headline(&rows);
        assert_eq!(headline.sentence, "21 users in the peak hour, 3 March 14:00");
        assert_eq!((headline.number.as_str(), headline.what.as_str()), ("21", "users"));
        let plotted = shape.plotted(&rows).unwrap();
        assert_eq!((plotted.title.as_str(), plotted.y_title.as_str()), ("users per hour", "users"));
        let heights: Vec<f64> = plotted.lines[0].pieces[0].iter().map(|point| point[1]).collect();
        assert_eq!(heights, [2.0, 0.0, 0.0, 0.0, 21.0, 21.0]);
    }

    #[test]
    fn where_nothing_is_measured_the_line_has_a_gap() {
        let schema = Schema::of([("hour", DataType::Timestamp), ("p95", DataType::Float)]);
        let keys = [("hour", "date_trunc('hour', time)")];
        let asked = Asked::ready(ready_question("latency").unwrap());
        let shape = shape(&plan(&schema, &keys, &[("p95", "quantile(d, 0.95)")], &[("hour", false)]), Some(&asked));
        let rows = ["10", "11", "14"].map(|hour| vec![time(&format!("2026-03-03T{hour}:00:00Z")), Value::Float(54.46)]);
        let rows = Table(schema, rows.to_vec());
        assert_eq!(shape.headline(&rows).sentence, "p95 54.5 s in the peak hour, 3 March 10:00");
        let plotted = shape.plotted(&rows).unwrap();
        assert_eq!(plotted.lines[0].pieces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(plotted.y_title, "p95 (s)");
    }

    #[test]
    fn the_measure_of_the_question_is_told_and_drawn_not_the_first_number() {
        let schema = Schema::of([
            ("service", DataType::String),
            ("replicas", DataType::Int),
            ("samples", DataType::Int),
            ("busy_samples", DataType::Int),
        ]);
        let keys = [("service", "service"), ("replicas", "replicas")];
        let measures = [("samples", "count(*)"), ("busy_samples", "count_if(value > 0.8)")];
        let plan = plan(&schema, &keys, &measures, &[("busy_samples", true), ("service", false)]);
        let row = |service: &str, replicas: i64, samples: i64, busy: i64| {
            vec![text(service), Value::Int(replicas), Value::Int(samples), Value::Int(busy)]
        };
        let rows = Table(schema, vec![row("recommendations", 2, 477, 442), row("checkout", 9, 480, 3)]);
        let asked = Asked::ready(ready_question("services-to-expand").unwrap());
        for asked in [None, Some(&asked)] {
            let shape = shape(&plan, asked);
            assert_eq!(shape.headline(&rows).sentence, "recommendations: busy in 442 of 477 samples");
            let plotted = shape.plotted(&rows).unwrap();
            assert_eq!(plotted.title, "busy samples by service");
            assert_eq!(plotted.bars[0], ("recommendations".to_owned(), 442.0));
        }
    }

    #[test]
    fn rows_are_counted_only_where_rows_are_asked() {
        let schema = Schema::of([
            ("time", DataType::Timestamp),
            ("transaction", DataType::String),
            ("version", DataType::String),
            ("amount", DataType::Float),
        ]);
        let row = |at: &str, version: Value| vec![time(at), text("t"), version, Value::Float(0.1)];
        let rows = Table(
            schema.clone(),
            vec![
                row("2026-03-02T09:00:00Z", text("4.1.0")),
                row("2026-03-02T14:02:11Z", text("4.2.0")),
                row("2026-03-02T14:05:00Z", text("4.2.0")),
                row("2026-03-02T15:00:00Z", Value::Null),
            ],
        );
        let plan = plan(&schema, &[], &[], &[("time", false), ("transaction", false)]);
        let asked = Asked::ready(ready_question("transactions-failed").unwrap());
        let headline = shape(&plan, Some(&asked)).headline(&rows);
        assert_eq!(headline.sentence, "4 failed transactions: 2 with version 4.2.0, since 2 March 14:02:11");
        assert_eq!(shape(&plan, Some(&asked)).plotted(&rows), None);
        assert_eq!(shape(&plan, None).headline(&rows).sentence, "4 failed transactions");
    }

    #[test]
    fn shares_say_of_what_and_the_first_in_time_is_told_where_that_is_asked() {
        let schema = Schema::of([
            ("month", DataType::Timestamp),
            ("service", DataType::String),
            ("rows", DataType::Int),
            ("errors", DataType::Int),
            ("share", DataType::Float),
        ]);
        let keys = [("month", "date_trunc('month', time)"), ("service", "service")];
        let measures = [("rows", "count(*)"), ("errors", "count_if(bad)"), ("share", "share_if(bad)")];
        let shape_of = |order: &[(&str, bool)]| shape(&plan(&schema, &keys, &measures, order), None);
        let row = |month: &str, share: f64| {
            vec![time(month), text("web"), Value::Int(10), Value::Int(1), Value::Float(share)]
        };
        let rows = Table(schema.clone(), vec![row("2026-02-01T00:00:00Z", 0.1), row("2026-03-01T00:00:00Z", 0.25)]);
        let shape_by_share = shape_of(&[("share", true)]);
        let headline = shape_by_share.headline(&rows);
        assert_eq!(headline.sentence, "web: errors are 25 % of 10 rows in the peak month, March 2026");
        // One of one is no share to speak of, where others are of many.
        let mut with_few = rows.1.clone();
        with_few[0][2] = Value::Int(400);
        with_few[0][3] = Value::Int(40);
        let headline = shape_by_share.headline(&Table(schema.clone(), with_few));
        assert_eq!(headline.sentence, "web: errors are 10 % of 400 rows in the peak month, February 2026");
        assert_eq!(shape_by_share.plotted(&rows).unwrap().y_title, "share of errors (%)");
        let schema =
            Schema::of([("part", DataType::String), ("first_error", DataType::Timestamp), ("errors", DataType::Int)]);
        let measures = [("first_error", "min(time)"), ("errors", "count(*)")];
        let plan = plan(&schema, &[("part", "service")], &measures, &[("first_error", false)]);
        let row = |part: &str, at: &str, errors: i64| vec![text(part), time(at), Value::Int(errors)];
        let rows = vec![row("cart", "2026-03-02T09:00:00Z", 2), row("web", "2026-03-02T10:00:00Z", 90)];
        let headline = shape(&plan, None).headline(&Table(schema, rows));
        assert_eq!(headline.sentence, "cart: first error 2 March 09:00");
    }

    #[test]
    fn shares_and_single_numbers() {
        let schema = Schema::of([("service", DataType::String), ("share", DataType::Float)]);
        let by = plan(&schema, &[("service", "service")], &[("share", "share_if(failed)")], &[("share", true)]);
        let rows = Table(
            schema,
            vec![vec![text("checkout"), Value::Float(0.393_449_999_999_999_97)], vec![Value::Null, Value::Float(0.1)]],
        );
        assert_eq!(shape(&by, None).headline(&rows).sentence, "checkout: share 39.3 %");
        assert_eq!(shape(&by, None).told_key(&rows), Some(("service".to_owned(), text("checkout"))));
        let behind = crate::planner::rows_behind_key(&by, NodeId(2), "service", &text("it's"));
        assert_eq!(behind.unwrap().1, "service = 'it''s'");
        assert_eq!(shape(&by, None).plotted(&rows).unwrap().bars[1].0, "(none)");
        let none = Table(rows.0.clone(), vec![]);
        assert_eq!(shape(&by, None).headline(&none).sentence, "no share: no row was left");
        assert_eq!(shape(&by, None).plotted(&none), None);
    }
}
