//! A chart of any rows: bars over names, lines over time, a histogram of numbers, a heat map of two columns. What is
//! drawn is guessed from the columns' types, or is what an answer tells of, and can be changed. Runs over rows that are
//! at hand; imports the answer's shape and the vocabulary of plots only.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{About, AnswerShape, Heat, HeatSide, Plotted, PlottedLine, RowsChart, RowsChartKind, Vocabulary};
use crate::data::figures::{cell_number, counted, grouped};
use crate::data::marks::time_text;
use crate::data::{DataType, Field, Schema, TableRows, Value, format_timestamp};

/// Bars, lines, points of a line and bins that are drawn, at most.
const BARS: usize = 20;
const LINES: usize = 6;
const POINTS: i64 = 240;
const BINS: usize = 20;
/// Values of a side of a heat map.
const TILES: usize = 20;
/// Names that tell something: a column with more is no guess.
const NAMES: usize = 200;
/// Columns of a result: a name or a time, what it is counted by, its numbers.
const RESULT: usize = 3;
/// Rows that a guess looks at.
const LOOKED_AT: usize = 2000;

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp | DataType::Date)
}

/// Whether a column's values are numbers that can be added up.
pub fn is_number(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int | DataType::Float | DataType::Duration)
}

fn is_name(data_type: &DataType) -> bool {
    matches!(data_type, DataType::String | DataType::Boolean | DataType::Int)
}

impl RowsChart {
    /// A chart that probably says something: over the first time, else over the column whose few values repeat most.
    /// `None`: no column can be drawn.
    pub fn guess(rows: &dyn TableRows) -> Option<RowsChart> {
        let fields = &rows.schema().fields;
        let looked = rows.rows().min(LOOKED_AT);
        let distinct = |column: usize| {
            let values: HashSet<String> = (0..looked).map(|row| text(&rows.value(row, column))).collect();
            values.len()
        };
        let measure = |x: usize| {
            // Rows of few columns that stand for one name or time each carry their number themselves.
            let is_unique = fields.len() <= RESULT && distinct(x) == looked;
            let vocabulary = Vocabulary::shipped();
            let is_measure = |field: &Field| is_number(&field.data_type) && !vocabulary.is_id(&field.name);
            let mut numbers = fields.iter().enumerate().filter(|(at, field)| *at != x && is_measure(field));
            numbers.next_back().filter(|_| is_unique).map(|(_, field)| field.name.clone())
        };
        let time = fields.iter().position(|field| is_time(&field.data_type)).filter(|x| distinct(*x) > 2);
        let names = || {
            let columns = (0..fields.len()).filter(|column| is_name(&fields[*column].data_type));
            let counted =
                columns.map(|column| (distinct(column), column)).filter(|(count, _)| (2..=NAMES).contains(count));
            counted.min_by_key(|(count, column)| (count.abs_diff(8), *column)).map(|(_, column)| column)
        };
        let results = || {
            let is_key = |column: &usize| fields[*column].data_type == DataType::String && distinct(*column) == looked;
            (0..fields.len()).find(is_key).filter(|_| fields.len() <= RESULT && looked > 1)
        };
        let number = || fields.iter().position(|field| is_number(&field.data_type));
        let x = time.or_else(results).or_else(names).or_else(number)?;
        Some(RowsChart { kind: None, x: fields[x].name.clone(), y: measure(x), by: None })
    }

    /// What an answer tells of, as its rows have it: their chart says the same as the answer's own. `None`: that is no
    /// column of numbers.
    pub fn of_answer(shape: &AnswerShape) -> Option<RowsChart> {
        let (About::Measure(measure), Some(chart)) = (&shape.about, &shape.chart) else { return None };
        let is_over_time = shape.time.as_ref().is_some_and(|(time, _)| *time == chart.x);
        let by = chart.by.clone().filter(|_| is_over_time);
        Some(RowsChart { kind: None, x: chart.x.clone(), y: Some(measure.column.clone()), by })
    }

    /// How these rows can be drawn along the chart's column.
    pub fn kinds(&self, rows: &dyn TableRows) -> Vec<RowsChartKind> {
        let Some(x) = rows.schema().get(&self.x) else { return Vec::new() };
        let mut kinds = match &x.data_type {
            data_type if is_time(data_type) => return vec![RowsChartKind::Lines, RowsChartKind::Histogram],
            data_type if is_number(data_type) => vec![RowsChartKind::Histogram, RowsChartKind::Bars],
            _ => vec![RowsChartKind::Bars],
        };
        if self.by.is_some() || self.other(rows).is_some() {
            kinds.push(RowsChartKind::HeatMap);
        }
        kinds
    }

    /// How the rows are drawn.
    pub fn drawn_as(&self, rows: &dyn TableRows) -> RowsChartKind {
        let schema = rows.schema();
        let has_by = self.by.as_ref().is_some_and(|by| schema.has(by) && *by != self.x);
        let can_be =
            |kind: &RowsChartKind| self.kinds(rows).contains(kind) && (*kind != RowsChartKind::HeatMap || has_by);
        if let Some(kind) = self.kind.filter(can_be) {
            return kind;
        }
        let x = schema.index(&self.x);
        let data_type = x.map(|x| &schema.fields[x].data_type);
        match (data_type, x) {
            (Some(data_type), _) if is_time(data_type) => RowsChartKind::Lines,
            _ if has_by => RowsChartKind::HeatMap,
            (Some(data_type), Some(x))
                if is_number(data_type) && self.y.is_none() && has_more_values(rows, x, BARS) =>
            {
                RowsChartKind::Histogram
            }
            _ => RowsChartKind::Bars,
        }
    }

    /// The same drawn in another way: with the column that a heat map wants, without those that the others do not draw.
    pub fn drawn(self, kind: RowsChartKind, rows: &dyn TableRows) -> Self {
        let (y, by) = match kind {
            RowsChartKind::Lines => (self.y, self.by),
            RowsChartKind::Bars => (self.y, None),
            RowsChartKind::Histogram => (None, None),
            RowsChartKind::HeatMap => {
                let other = self.by.clone().or_else(|| self.other(rows));
                (self.y, other)
            }
        };
        Self { kind: Some(kind), x: self.x, y, by }
    }

    /// A column with few values, to be drawn against the chart's own.
    fn other(&self, rows: &dyn TableRows) -> Option<String> {
        let fields = rows.schema().fields.iter().enumerate();
        let mut others = fields.filter(|(_, field)| is_name(&field.data_type) && field.name != self.x);
        others.find(|(column, _)| !has_more_values(rows, *column, TILES)).map(|(_, field)| field.name.clone())
    }

    /// The points; `None`: nothing can be drawn of these rows.
    pub fn plotted(&self, rows: &dyn TableRows) -> Option<Plotted> {
        let schema = rows.schema();
        let x = schema.index(&self.x)?;
        let y = self.y.as_ref().and_then(|y| schema.index(y));
        let by = self.by.as_ref().and_then(|by| schema.index(by)).filter(|by| *by != x);
        let drawn = match (self.drawn_as(rows), by) {
            (RowsChartKind::Lines, by) => self.over_time(rows, x, y, by),
            (RowsChartKind::HeatMap, Some(by)) => Some(self.heat(rows, x, y, by)),
            (RowsChartKind::Histogram, _) if is_time(&schema.fields[x].data_type) => self.time_histogram(rows, x),
            (RowsChartKind::Histogram, _) => self.histogram(rows, x),
            (RowsChartKind::Bars | RowsChartKind::HeatMap, _) => self.bars(rows, schema, x, y),
        };
        drawn.filter(|plotted| !plotted.bars.is_empty() || !plotted.lines.is_empty() || plotted.heat.is_some())
    }

    fn heat(&self, rows: &dyn TableRows, x: usize, y: Option<usize>, by: usize) -> Plotted {
        let (heat, left) = heat_of(rows, [x, by], y);
        let what = y.map_or("rows".to_owned(), |y| format!("sum of {}", rows.schema().fields[y].name));
        Plotted {
            title: format!("{what} by {} and {}", self.x, heat.by),
            y_title: what,
            x_title: self.x.clone(),
            heat: Some(heat),
            left,
            ..Plotted::default()
        }
    }

    fn bars(&self, rows: &dyn TableRows, schema: &Schema, x: usize, y: Option<usize>) -> Option<Plotted> {
        // By name: the height, and the first row that has it.
        let mut sums: HashMap<String, (f64, usize)> = HashMap::new();
        for row in 0..rows.rows() {
            let height = match y {
                None => Some(1.0),
                Some(y) => number(&rows.value(row, y)),
            };
            let entry = sums.entry(text(&rows.value(row, x))).or_insert((0.0, row));
            entry.0 += height.unwrap_or_default();
        }
        let all = sums.len();
        let mut bars: Vec<(String, f64, usize)> = sums.into_iter().map(|(name, (sum, row))| (name, sum, row)).collect();
        bars.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.2.cmp(&other.2)));
        bars.truncate(BARS);
        if is_number(&schema.fields[x].data_type) {
            // Hours and codes stand in their own order.
            bars.sort_by(|one, other| as_number(&one.0).total_cmp(&as_number(&other.0)));
        }
        let left = if bars.len() < all {
            format!("the largest {} of {}", bars.len(), grouped(all as u64))
        } else {
            String::new()
        };
        let what = measured("sum", y.map(|y| &schema.fields[y]), all == rows.rows());
        Some(Plotted {
            title: format!("{what} by {}", self.x),
            y_title: what,
            x_title: self.x.clone(),
            rows: bars.iter().map(|(.., row)| *row).collect(),
            bars: bars.into_iter().map(|(name, sum, _)| (name, sum)).collect(),
            left,
            ..Plotted::default()
        })
    }

    fn histogram(&self, rows: &dyn TableRows, x: usize) -> Option<Plotted> {
        let values: Vec<f64> = (0..rows.rows()).filter_map(|row| number(&rows.value(row, x))).collect();
        let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
        if values.is_empty() || low >= high {
            return None;
        }
        let width = (high - low) / BINS as f64;
        let mut counts = [0_u64; BINS];
        for value in &values {
            counts[(((value - low) / width) as usize).min(BINS - 1)] += 1;
        }
        let bar = |(bin, count): (usize, &u64)| {
            let from = low + bin as f64 * width;
            (
                format!("{} to {}", cell_number(round(from, width)), cell_number(round(from + width, width))),
                *count as f64,
            )
        };
        Some(Plotted {
            title: format!("rows by {}", self.x),
            y_title: "rows".to_owned(),
            x_title: self.x.clone(),
            bars: counts.iter().enumerate().map(bar).collect(),
            left: without_text(rows.rows() - values.len(), "number"),
            ..Plotted::default()
        })
    }

    /// A bar for each span of time, those without rows too.
    fn time_histogram(&self, rows: &dyn TableRows, x: usize) -> Option<Plotted> {
        let times: Vec<i64> = (0..rows.rows()).filter_map(|row| micros(&rows.value(row, x))).collect();
        let (first, last) = (*times.iter().min()?, *times.iter().max()?);
        let step = span_of(last - first, BINS as i64 - 1);
        let begin = first.div_euclid(step) * step;
        let mut bins = vec![0_u64; ((last - begin) / step + 1) as usize];
        times.iter().for_each(|at| bins[((at - begin) / step) as usize] += 1);
        let range = (last - begin).max(step) as f64;
        let bar = |(bin, count): (usize, &u64)| {
            (time_text((begin + bin as i64 * step) as f64, range.min(step as f64 * 5.0)), *count as f64)
        };
        Some(Plotted {
            title: format!("rows per {}", span_name(step)),
            y_title: "rows".to_owned(),
            x_title: format!("{} (UTC)", self.x),
            bars: bins.iter().enumerate().map(bar).collect(),
            left: without_text(rows.rows() - times.len(), "time"),
            ..Plotted::default()
        })
    }

    fn over_time(&self, rows: &dyn TableRows, x: usize, y: Option<usize>, by: Option<usize>) -> Option<Plotted> {
        let times: Vec<Option<i64>> = (0..rows.rows()).map(|row| micros(&rows.value(row, x))).collect();
        let known = || times.iter().flatten().copied();
        let (first, last) = (known().min()?, known().max()?);
        let step = span_of(last - first, POINTS);
        let mut lines: BTreeMap<String, BTreeMap<i64, (f64, u64)>> = BTreeMap::new();
        for (row, at) in times.iter().enumerate() {
            let Some(at) = at else { continue };
            let height = match y {
                None => 1.0,
                Some(y) => match number(&rows.value(row, y)) {
                    Some(height) => height,
                    None => continue,
                },
            };
            let name = by.map_or(String::new(), |by| text(&rows.value(row, by)));
            let point = lines.entry(name).or_default().entry(at.div_euclid(step) * step).or_default();
            *point = (point.0 + height, point.1 + 1);
        }
        let all = lines.len();
        let mut lines: Vec<_> = lines.into_iter().collect();
        let size = |points: &BTreeMap<i64, (f64, u64)>| points.values().map(|(_, count)| *count).sum::<u64>();
        lines.sort_by_key(|(_, points)| std::cmp::Reverse(size(points)));
        lines.truncate(LINES);
        let per = span_name(step);
        let are_single = lines.iter().all(|(_, points)| points.values().all(|(_, count)| *count == 1));
        let what = measured("average", y.map(|y| &rows.schema().fields[y]), are_single);
        let of_each = self.by.as_ref().filter(|_| by.is_some()).map_or(String::new(), |by| format!(", by {by}"));
        let begin = first.div_euclid(step) * step;
        let line = |(name, points): (String, BTreeMap<i64, (f64, u64)>)| PlottedLine {
            name: if name.is_empty() { what.clone() } else { name },
            pieces: if y.is_none() { vec![counts(&points, begin, last, step)] } else { averages(&points, step) },
        };
        Some(Plotted {
            title: format!("{what} per {per}{of_each}"),
            y_title: what.clone(),
            x_title: format!("{} (UTC)", self.x),
            span: Some(step),
            gaps: if y.is_none() { "times without rows: zero" } else { "times without rows: a gap" }.to_owned(),
            left: if all > LINES {
                format!("the {LINES} with the most rows, of {}", grouped(all as u64))
            } else {
                String::new()
            },
            lines: lines.into_iter().map(line).collect(),
            ..Plotted::default()
        })
    }
}

/// What a chart shows of its rows: how many they are, or a column of them; one of a single row is what it is.
fn measured(how: &str, column: Option<&Field>, are_single: bool) -> String {
    match column {
        None => "rows".to_owned(),
        Some(column) if are_single => column.name.clone(),
        Some(column) => format!("{how} of {}", column.name),
    }
}

/// Of two columns, and of the column of numbers that are added up; without one rows are counted. Also says what is
/// not drawn, in words.
fn heat_of(rows: &dyn TableRows, [x, by]: [usize; 2], y: Option<usize>) -> (Heat, String) {
    let mut sides = [HashMap::<String, (f64, usize)>::new(), HashMap::new()];
    let mut sums: HashMap<(String, String), f64> = HashMap::new();
    for row in 0..rows.rows() {
        let names = [x, by].map(|column| text(&rows.value(row, column)));
        let height = y.map_or(Some(1.0), |y| number(&rows.value(row, y))).unwrap_or_default();
        for (side, name) in sides.iter_mut().zip(&names) {
            side.entry(name.clone()).or_insert((0.0, row)).0 += height;
        }
        let [across, down] = names;
        *sums.entry((across, down)).or_default() += height;
    }
    let schema = rows.schema();
    let mut left = Vec::new();
    let drawn = [x, by].into_iter().zip(sides).map(|(column, side)| {
        let (all, name) = (side.len(), &schema.fields[column].name);
        let mut values: Vec<(String, (f64, usize))> = side.into_iter().collect();
        values.sort_by(|(_, one), (_, other)| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        values.truncate(TILES);
        if is_number(&schema.fields[column].data_type) {
            values.sort_by(|(one, _), (other, _)| as_number(one).total_cmp(&as_number(other)));
        }
        if values.len() < all {
            left.push(format!("of {name} the largest {} of {}", values.len(), grouped(all as u64)));
        }
        values.into_iter().map(|(name, (_, row))| HeatSide { name, row }).collect::<Vec<_>>()
    });
    let mut drawn = drawn.collect::<Vec<_>>().into_iter();
    let (across, down) = (drawn.next().unwrap_or_default(), drawn.next().unwrap_or_default());
    let cell = |down: &HeatSide, across: &HeatSide| sums.get(&(across.name.clone(), down.name.clone())).copied();
    let cells = down.iter().map(|down| across.iter().map(|across| cell(down, across)).collect()).collect();
    (Heat { by: schema.fields[by].name.clone(), across, down, cells }, left.join("; "))
}

/// A count at each time from the first to the last.
fn counts(points: &BTreeMap<i64, (f64, u64)>, begin: i64, last: i64, step: i64) -> Vec<[f64; 2]> {
    let mut found = Vec::new();
    let mut at = begin;
    while at <= last {
        found.push([at as f64, points.get(&at).map_or(0.0, |(sum, _)| *sum)]);
        at += step;
    }
    found
}

/// An average at each time that has one; a time without rows ends a piece.
fn averages(points: &BTreeMap<i64, (f64, u64)>, step: i64) -> Vec<Vec<[f64; 2]>> {
    let mut found: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut next = None;
    for (at, (sum, count)) in points {
        let point = [*at as f64, sum / *count as f64];
        match found.last_mut().filter(|_| next == Some(*at)) {
            Some(piece) => piece.push(point),
            None => found.push(vec![point]),
        }
        next = Some(at + step);
    }
    found
}

const SECOND: i64 = 1_000_000;
/// Spans that times are put together by, with their names.
const SPANS: [(i64, &str); 12] = [
    (SECOND, "second"),
    (10 * SECOND, "10 seconds"),
    (60 * SECOND, "minute"),
    (300 * SECOND, "5 minutes"),
    (900 * SECOND, "15 minutes"),
    (3600 * SECOND, "hour"),
    (6 * 3600 * SECOND, "6 hours"),
    (86_400 * SECOND, "day"),
    (7 * 86_400 * SECOND, "7 days"),
    (30 * 86_400 * SECOND, "30 days"),
    (365 * 86_400 * SECOND, "365 days"),
    (3650 * 86_400 * SECOND, "10 years"),
];

/// What of some rows cannot be drawn, in words.
fn without_text(rows: usize, what: &str) -> String {
    match rows {
        0 => String::new(),
        rows => format!("{} {} no {what} there", counted(rows as u64, "row"), if rows == 1 { "has" } else { "have" }),
    }
}

/// The shortest span by which so long a time has no more points than may be drawn.
fn span_of(length: i64, most: i64) -> i64 {
    let fits = SPANS.iter().find(|(span, _)| length / span <= most);
    fits.map_or(SPANS[SPANS.len() - 1].0, |(span, _)| *span)
}

fn span_name(span: i64) -> &'static str {
    SPANS.iter().find(|(known, _)| *known == span).map_or("time", |(_, name)| name)
}

fn has_more_values(rows: &dyn TableRows, column: usize, most: usize) -> bool {
    let mut seen = HashSet::new();
    (0..rows.rows()).any(|row| {
        seen.insert(text(&rows.value(row, column)));
        seen.len() > most
    })
}

/// A number in as many digits as tell bins of this width apart.
fn round(value: f64, width: f64) -> f64 {
    let digits = (2.0 - width.abs().log10().floor()).clamp(0.0, 12.0);
    let scale = 10_f64.powf(digits);
    (value * scale).round() / scale
}

fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => i64::from(*days).checked_mul(86_400 * SECOND),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Duration(micros) => Some(*micros as f64 / SECOND as f64),
        _ => None,
    }
}

fn as_number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::INFINITY)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => text.chars().take(80).collect(),
        Value::Timestamp(micros) => format_timestamp(*micros),
        other => match other.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Field;
    use crate::planner::testing::Table;

    fn log() -> Table {
        let fields = [
            ("time", DataType::Timestamp),
            ("status", DataType::Int),
            ("path", DataType::String),
            ("seconds", DataType::Float),
        ];
        let schema = Schema::new(fields.map(|(name, data_type)| Field::new(name, data_type)).to_vec());
        let row = |n: i64| {
            let status = if n % 10 == 0 { 500 } else { 200 };
            // Nothing happens in the third minute.
            let minute = if n < 20 { n / 10 } else { n / 10 + 1 };
            let time = Value::Timestamp((minute * 60 + n % 10) * SECOND);
            vec![time, Value::Int(status), Value::String(format!("/p/{}", n % 40)), Value::Float(n as f64 / 100.0)]
        };
        Table(schema, (0..60).map(row).collect())
    }

    #[test]
    fn a_log_is_guessed_over_time_and_counted_with_its_silence() {
        let rows = log();
        let chart = RowsChart::guess(&rows).unwrap();
        assert_eq!(chart, RowsChart { x: "time".into(), ..RowsChart::default() });
        let drawn = chart.plotted(&rows).unwrap();
        assert_eq!((drawn.title.as_str(), drawn.lines.len()), ("rows per 10 seconds", 1));
        let heights: Vec<f64> = drawn.lines[0].pieces[0].iter().map(|[_, y]| *y).collect();
        assert_eq!(heights.iter().sum::<f64>(), 60.0);
        assert_eq!(heights[12..18], [0.0; 6], "the third minute");
        let by = RowsChart { y: Some("seconds".into()), by: Some("status".into()), ..chart };
        let drawn = by.plotted(&rows).unwrap();
        assert_eq!(drawn.title, "average of seconds per 10 seconds, by status");
        assert_eq!(drawn.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["200", "500"]);
        // A time without rows is a gap in an average.
        assert!(drawn.lines[0].pieces.len() > 1);
    }

    #[test]
    fn names_have_bars_and_many_numbers_a_histogram() {
        let rows = log();
        let bars = |x: &str, y: Option<&str>| {
            RowsChart { x: x.into(), y: y.map(Into::into), ..RowsChart::default() }.plotted(&rows).unwrap()
        };
        let status = bars("status", None);
        assert_eq!(status.bars, [("200".to_owned(), 54.0), ("500".to_owned(), 6.0)]);
        let paths = bars("path", None);
        assert_eq!((paths.bars.len(), paths.left.as_str()), (20, "the largest 20 of 40"));
        assert_eq!(paths.bars[0].1, 2.0);
        let seconds = bars("seconds", None);
        assert_eq!((seconds.bars.len(), seconds.bars.iter().map(|bar| bar.1).sum::<f64>()), (20, 60.0));
        assert_eq!(bars("status", Some("seconds")).title, "sum of seconds by status");
        assert_eq!(RowsChart { x: "gone".into(), ..RowsChart::default() }.plotted(&rows), None);
    }

    #[test]
    fn two_columns_against_each_other_are_a_heat_map() {
        let rows = log();
        let chart = RowsChart { x: "status".into(), by: Some("path".into()), ..RowsChart::default() };
        let drawn = chart.plotted(&rows).unwrap();
        assert_eq!(
            (drawn.title.as_str(), drawn.left.as_str()),
            ("rows by status and path", "of path the largest 20 of 40")
        );
        let heat = drawn.heat.unwrap();
        assert_eq!(heat.across.iter().map(|side| side.name.as_str()).collect::<Vec<_>>(), ["200", "500"]);
        // Every tenth row fails: each of its paths does so in all of its rows.
        let down = heat.down.iter().position(|side| side.name == "/p/0").unwrap();
        assert_eq!(heat.cells[down], [None, Some(2.0)]);
        assert_eq!(rows.value(heat.down[down].row, 2), Value::String("/p/0".into()));
        assert_eq!(heat.highest(), 2.0);
    }

    #[test]
    fn how_it_is_drawn_can_be_picked() {
        use RowsChartKind::*;
        let rows = log();
        let of = |x: &str| RowsChart { x: x.into(), ..RowsChart::default() };
        assert_eq!(of("time").kinds(&rows), [Lines, Histogram]);
        assert_eq!(of("status").kinds(&rows), [Histogram, Bars]);
        assert_eq!(of("path").kinds(&rows), [Bars, HeatMap], "against the few values of the status");
        assert_eq!(of("gone").kinds(&rows), []);
        let drawn = |x: &str, kind| of(x).drawn(kind, &rows).plotted(&rows).unwrap();
        let times = drawn("time", Histogram);
        assert_eq!((times.title.as_str(), times.bars.len()), ("rows per minute", 7));
        assert_eq!(times.bars.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [10., 10., 0., 10., 10., 10., 10.]);
        assert_eq!(times.bars[3].0, "00:03");
        let heat = drawn("path", HeatMap).heat.unwrap();
        assert_eq!((heat.by.as_str(), heat.across.len()), ("status", 20));
        assert_eq!(drawn("status", Histogram).bars.len(), 20, "of few values, too");
        // What cannot be drawn of a column is drawn as suits it.
        let bars = RowsChart { kind: Some(Lines), ..of("path") };
        assert_eq!((bars.drawn_as(&rows), bars.plotted(&rows).unwrap().bars.len()), (Bars, 20));
    }

    #[test]
    fn rows_that_are_counted_already_show_their_counts() {
        let fields = [("page", DataType::String), ("visitors", DataType::Int)];
        let schema = Schema::new(fields.map(|(name, data_type)| Field::new(name, data_type)).to_vec());
        let rows = (0..500).map(|n| vec![Value::String(format!("/{n}")), Value::Int(1000 - n)]).collect();
        let rows = Table(schema, rows);
        let chart = RowsChart::guess(&rows).unwrap();
        assert_eq!(chart, RowsChart { x: "page".into(), y: Some("visitors".into()), ..RowsChart::default() });
        assert_eq!(chart.plotted(&rows).unwrap().title, "visitors by page", "each is of one row");
    }
}
