//! An answer's rows as a sentence with its number. Imports the answer's shape; the rows come through a trait, since their
//! tables belong to the engine.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::{About, AnswerShape, MeasureShape, Unit};
use super::cells::{Cell, cells, share_of_all};
use super::told::{DAY, MOST_ROWS, is_monthly, moment, month_of, number, position, shown, singular, span_word, words};
use crate::data::figures::{counted, grouped, number_text, short_count, with_unit};
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

impl AnswerShape {
    pub fn headline(&self, rows: &dyn TableRows) -> Headline {
        match &self.about {
            About::Rows { row, most } => self.of_rows(rows, row, most.as_deref()),
            About::Measure(measure) => self.of_measure(rows, measure).unwrap_or_else(|| {
                // Not `no users`: there may have been some before.
                let by = self.left_by.as_ref().map_or(String::new(), |(title, _)| format!(" after “{title}”"));
                Headline {
                    number: "none".to_owned(),
                    what: format!("left{by}"),
                    place: String::new(),
                    sentence: format!("none is left{by}"),
                }
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

    /// What has the most, or the least: of equal ones the first, as the answer is read; and how many others are equal.
    fn told_cell(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<(Cell, usize)> {
        let cells = cells(self, rows, measure);
        let is_any_sound = cells.iter().any(Cell::is_sound);
        let told = || cells.iter().filter(|cell| !is_any_sound || cell.is_sound());
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

    fn of_measure(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Headline> {
        if let Some(first) = self.first.as_ref().and_then(|first| self.told_first(measure, rows, first)) {
            return Some(first);
        }
        let schema = rows.schema();
        let column = schema.index(&measure.column)?;
        let (cell, equal) = self.told_cell(rows, measure)?;
        let (row, best) = (cell.row, cell.height);
        let is_one = rows.rows() == 1;
        let value = |name: &String| schema.index(name).map(|column| rows.value(row, column));
        let noun = words(&measure.column);
        let name = self.name_of(measure, rows, &value);
        let when = self.when(measure, rows, row);
        let place = name.iter().cloned().chain(when.clone()).collect::<Vec<_>>().join(" ");
        let before = name.as_ref().map_or(String::new(), |name| format!("{name}: "));
        let high = if measure.is_lowest { "low" } else { "high" };
        let equals = match equal {
            0 => String::new(),
            equal => format!(" ({} as {high})", counted(equal as u64, "other")),
        };
        let after = format!("{}{equals}", when.as_ref().map_or(String::new(), |when| format!(" {when}")));
        if let (Unit::Measured(unit), Some((part, whole))) = (&measure.unit, &measure.share_of) {
            let what = format!("{} of {}", words(part), words(whole));
            let of = |count: f64| format!("{} {}", number_text(count), singular(&words(whole), count));
            let all = share_of_all(rows, measure).filter(|_| !is_one && self.is_over_time() && !measure.is_lowest);
            let (number, place, sentence) = match all {
                None => {
                    let figure = with_unit(best, unit);
                    let of = cell.of.map_or_else(|| words(whole), of);
                    let sentence = format!("{before}{} are {figure} of {of}{after}", words(part));
                    (figure, place, sentence)
                }
                Some((share, count)) => {
                    let figure = with_unit(share, unit);
                    // The most of few says nothing.
                    let most = cell.of.filter(|_| cell.is_sound()).map_or(String::new(), |count| {
                        format!("; the most is {} of {}: {place}{equals}", with_unit(best, unit), number_text(count))
                    });
                    let sentence = format!("{} are {figure} of {}{most}", words(part), of(count));
                    (figure, "in all".to_owned(), sentence)
                }
            };
            return Some(Headline { number, what, place, sentence });
        }
        let figure = match &measure.unit {
            Unit::Count => number_text(best),
            Unit::Measured(unit) => with_unit(best, unit),
        };
        if measure.is_total && !is_one {
            let numbers = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| number(&rows.value(row, column)));
            let total = match &measure.unit {
                Unit::Count => number_text(numbers.sum()),
                Unit::Measured(unit) => with_unit(numbers.sum(), unit),
            };
            let sentence = format!("{noun} {total} in all; the most is {figure}: {place}{equals}");
            return Some(Headline { number: total, what: noun, place, sentence });
        }
        let whole = measure.whole.as_ref().map(|name| words(name)).zip(cell.whole);
        let (what, told) = match (&measure.unit, whole) {
            (Unit::Count, Some((all, count))) => {
                let of = format!("of {} {}", number_text(count), singular(&all, count));
                match noun.strip_suffix(all.as_str()).map(str::trim).filter(|part| !part.is_empty()) {
                    Some(part) => (format!("{of} {part}"), format!("{part} in {figure} {of}")),
                    None => (format!("{noun} {of}"), format!("{figure} {noun} {of}")),
                }
            }
            (Unit::Count, None) => {
                let what = singular(&noun, best);
                (what.clone(), format!("{figure} {what}"))
            }
            (Unit::Measured(_), _) => (noun.clone(), format!("{noun} {figure}")),
        };
        Some(Headline { number: figure, what, place, sentence: format!("{before}{told}{after}") })
    }

    /// Whether the chart is over time.
    fn is_over_time(&self) -> bool {
        let x = self.chart.as_ref().map(|chart| &chart.x);
        self.time.as_ref().is_some_and(|(time, _)| Some(time) == x)
    }

    /// The time of a row, in words.
    fn when(&self, measure: &MeasureShape, rows: &dyn TableRows, row: usize) -> Option<String> {
        let (time, span) = self.time.as_ref()?;
        let column = rows.schema().index(time)?;
        let at = position(&rows.value(row, column))?;
        let word = match (rows.rows(), measure.is_lowest) {
            (1, _) => "",
            (_, true) => "lowest ",
            (_, false) => "peak ",
        };
        Some(match span {
            Some(DAY) if word.is_empty() => format!("on {}", moment(at, *span)),
            Some(DAY) => format!("on the {word}day, {}", moment(at, *span)),
            Some(_) => format!("in the {word}{}, {}", span.and_then(span_word).unwrap_or("span"), moment(at, *span)),
            None if is_monthly(rows, column) && word.is_empty() => format!("in {}", month_of(at)),
            None if is_monthly(rows, column) => format!("in the {word}month, {}", month_of(at)),
            None => format!("at {}", moment(at, None)),
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
        let others = self.names.iter().filter(|name| !measure.adds_up && self.keys.contains(name));
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
    fn told_first(&self, measure: &MeasureShape, rows: &dyn TableRows, first: &str) -> Option<Headline> {
        let schema = rows.schema();
        let column = schema.index(first)?;
        let times = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| Some((row, position(&rows.value(row, column))?)));
        let (row, at) = times.min_by_key(|(_, at)| *at)?;
        let cell = |name: &String| schema.index(name).map(|column| rows.value(row, column));
        let name = self.name_of(measure, rows, &cell)?;
        let (what, number) = (words(first), moment(at, None));
        let sentence = format!("{name}: {what} {number}");
        Some(Headline { number, what: format!("{what}, {name}"), place: name, sentence })
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
        assert_eq!(headline.sentence, "21 users in the peak hour, 3 March 14:00 (1 other as high)");
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
        assert_eq!(shape.headline(&rows).sentence, "p95 54.5 s in the peak hour, 3 March 10:00 (2 others as high)");
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
        assert_eq!(headline.sentence, "errors are 10 % of 20 rows");
        // One of one is no share to speak of, where others are of many.
        let mut with_few = rows.1.clone();
        with_few[0][2] = Value::Int(400);
        with_few[0][3] = Value::Int(40);
        let headline = shape_by_share.headline(&Table(schema.clone(), with_few));
        let told = "errors are 10 % of 410 rows; the most is 10 % of 400: web in the peak month, February 2026";
        assert_eq!(headline.sentence, told);
        let headline = shape_by_share.headline(&Table(schema.clone(), vec![row("2026-03-01T00:00:00Z", 0.1)]));
        assert_eq!(headline.sentence, "web: errors are 10 % of 10 rows in March 2026");
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
    fn what_further_keys_divide_adds_up_or_is_named_with_them() {
        let schema = Schema::of([("error", DataType::String), ("part", DataType::String), ("errors", DataType::Int)]);
        let keys = [("error", "error"), ("part", "part")];
        let row = |error: &str, part: &str, errors: i64| vec![text(error), text(part), Value::Int(errors)];
        let rows = vec![row("500", "cart", 40), row("502", "cart", 38), row("502", "web", 44), row("503", "web", 40)];
        let rows = Table(schema.clone(), rows);
        let added = shape(&plan(&schema, &keys, &[("errors", "count(*)")], &[("errors", true)]), None);
        assert_eq!(added.headline(&rows).sentence, "502: 82 errors");
        let bars = added.plotted(&rows).unwrap().bars;
        assert_eq!(
            bars.iter().map(|(name, height)| (&**name, *height)).collect::<Vec<_>>(),
            [("500", 40.0), ("502", 82.0), ("503", 40.0)]
        );
        let distinct = shape(&plan(&schema, &keys, &[("errors", "count_distinct(id)")], &[("errors", true)]), None);
        assert_eq!(distinct.headline(&rows).sentence, "502 · web: 44 errors");
        assert_eq!(distinct.plotted(&rows).unwrap().bars[1].0, "502 · cart");
    }

    #[test]
    fn the_chart_shows_the_largest_and_all_hours_of_a_day() {
        let bars = |key: &dyn Fn(i64) -> Value, data_type: DataType| {
            let schema = Schema::of([("key", data_type), ("requests", DataType::Int)]);
            let plan = plan(&schema, &[("key", "key")], &[("requests", "count(*)")], &[("key", false)]);
            let rows = Table(schema, (0..24).map(|n| vec![key(n), Value::Int(n * n)]).collect());
            let mut of = shape(&plan, None);
            of.chart = Some(crate::planner::Chart {
                kind: crate::planner::ChartKind::Bar,
                x: "key".to_owned(),
                y: vec!["requests".to_owned()],
                by: None,
            });
            of.about = About::Measure(MeasureShape {
                column: "requests".to_owned(),
                unit: Unit::Count,
                whole: None,
                share_of: None,
                is_lowest: false,
                is_total: false,
                adds_up: true,
            });
            of.plotted(&rows).unwrap()
        };
        let hours = bars(&Value::Int, DataType::Int);
        assert_eq!((hours.bars.len(), hours.left.as_str()), (24, ""));
        let names = bars(&|n| text(&format!("{n:02}")), DataType::String);
        assert_eq!((names.bars.len(), names.left.as_str()), (12, "the largest 12 of 24"));
        assert_eq!(names.bars[0], ("23".to_owned(), 529.0));
    }

    #[test]
    fn months_without_rows_are_zero_and_what_was_left_out_is_a_gap() {
        let schema = Schema::of([("month", DataType::Timestamp), ("releases", DataType::Int)]);
        let rows = ["2026-01-01", "2026-02-01", "2026-04-01"];
        let rows = rows.map(|month| vec![time(&format!("{month}T00:00:00Z")), Value::Int(1)]).to_vec();
        let rows = Table(schema.clone(), rows);
        let mut plan =
            plan(&schema, &[("month", "date_trunc('month', time)")], &[("releases", "count(*)")], &[("month", false)]);
        let plotted = shape(&plan, None).plotted(&rows).unwrap();
        assert_eq!(plotted.gaps, "times without rows: zero");
        assert_eq!(plotted.lines[0].pieces[0].iter().map(|point| point[1]).collect::<Vec<_>>(), [1.0, 1.0, 0.0, 1.0]);
        // Groups that are not there may have been left out.
        let filter = Op::Filter { predicate: parse("releases > 0").unwrap() };
        let origin = Origin { title: "Large enough".to_owned(), ..Origin::default() };
        let answer = std::mem::replace(
            &mut plan.nodes[2],
            Node { op: filter, inputs: vec![NodeId(1)], schema: schema.clone(), origin, hash: 0 }.into(),
        );
        plan.nodes.push(Node { inputs: vec![NodeId(2)], ..(*answer).clone() }.into());
        let of = AnswerShape::of(None, &plan, NodeId(3), &Vocabulary::shipped(), "Releases");
        let plotted = of.plotted(&rows).unwrap();
        assert_eq!(plotted.gaps, "times without rows: a gap");
        assert_eq!(plotted.lines[0].pieces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(of.headline(&Table(schema, vec![])).sentence, "none is left after “Large enough”");
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
        assert_eq!(shape(&by, None).headline(&none).sentence, "none is left");
        assert_eq!(shape(&by, None).plotted(&none), None);
    }
}
