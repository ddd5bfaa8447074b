//! The rows of an answer as a chart: lines over time, bars over names. Imports the plot widgets, the theme and result
//! tables; no project.

use egui::{Color32, Ui};
use egui_plot::{Bar, BarChart, Legend, Line, Plot, PlotPoints};
use pipewright_core::data::{DataType, Value};
use pipewright_core::planner::{Chart, ChartKind};

use super::backend::ResultTable;
use super::forms::shown;
use super::theme::{self, Group};

/// Bars, or points of a line, that are drawn at most.
const MOST_BARS: usize = 24;
const MOST_POINTS: usize = 2000;
/// Lines, one for each value of a column.
const MOST_SERIES: usize = 7;

/// What is drawn.
struct Series {
    name: String,
    points: Vec<[f64; 2]>,
}

/// The chart that fits a table best: time goes along the bottom, else the first name; up goes the first number.
pub fn guess(table: &ResultTable) -> Option<Chart> {
    let fields = &table.schema().fields;
    let is_time = |data_type: &DataType| matches!(data_type, DataType::Timestamp | DataType::Date);
    let is_number = |data_type: &DataType| matches!(data_type, DataType::Int | DataType::Float);
    let y = fields.iter().rev().find(|field| is_number(&field.data_type))?;
    if let Some(time) = fields.iter().find(|field| is_time(&field.data_type)) {
        let (x, y) = (time.name.clone(), vec![y.name.clone()]);
        return Some(Chart { kind: ChartKind::Line, x, y, by: None });
    }
    let name = fields.iter().find(|field| field.name != y.name)?;
    Some(Chart { kind: ChartKind::Bar, x: name.name.clone(), y: vec![y.name.clone()], by: None })
}

/// Draws it; says `false` where there is nothing to draw.
pub fn chart_ui(ui: &mut Ui, name: &str, table: &ResultTable, chart: &Chart, height: f32) -> bool {
    let schema = table.schema();
    let (Some(x), Some(y)) = (schema.index(&chart.x), chart.y.iter().find_map(|name| schema.index(name))) else {
        return false;
    };
    let by = chart.by.as_ref().and_then(|name| schema.index(name));
    if table.rows() == 0 || chart.kind == ChartKind::Table {
        return false;
    }
    let palette = theme::palette(ui.ctx());
    let hues = [Group::Load, Group::Shape, Group::Extract, Group::Clean, Group::Enrich, Group::Analyse, Group::Check];
    let colours: Vec<Color32> = hues.iter().map(|group| palette.hue(*group)).collect();
    let x_type = schema.fields[x].data_type.clone();
    let is_line = chart.kind == ChartKind::Line && position(&table.value(0, x)).is_some();
    let labels = if is_line { Vec::new() } else { names(table, x) };
    let series = series_of(table, x, y, by, &labels);
    let (low, high) = (series.iter().flat_map(|one| &one.points))
        .fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point[0]), high.max(point[0])));
    let y_name = schema.fields[y].name.clone();
    let for_axis = labels.clone();
    let plot = Plot::new(name)
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_grid([false, true])
        .include_y(0.0)
        .y_axis_label(y_name)
        .x_axis_formatter(move |mark, _| match for_axis.is_empty() {
            true => position_text(mark.value, &x_type, high - low),
            false => label_at(&for_axis, mark.value),
        });
    let plot = if series.len() > 1 { plot.legend(Legend::default()) } else { plot };
    let plot = if labels.is_empty() { plot } else { plot.x_grid_spacer(spacer(labels.len())) };
    plot.show(ui, |plot| {
        let count = series.len();
        for (number, one) in series.into_iter().enumerate() {
            let colour = colours[number % colours.len()];
            if is_line {
                plot.line(Line::new(one.name, PlotPoints::from(one.points)).color(colour).width(2.0));
            } else {
                let width = 0.8 / count as f64;
                let shift = (number as f64 - (count as f64 - 1.0) / 2.0) * width;
                let bars = one.points.iter().map(|[at, height]| {
                    let name = label_at(&labels, *at);
                    Bar::new(at + shift, *height).width(width).name(name)
                });
                plot.bar_chart(BarChart::new(one.name, bars.collect()).color(colour));
            }
        }
    });
    true
}

/// One mark under every bar.
fn spacer(count: usize) -> impl Fn(egui_plot::GridInput) -> Vec<egui_plot::GridMark> {
    move |_| (0..count).map(|at| egui_plot::GridMark { value: at as f64, step_size: 1.0 }).collect()
}

fn label_at(labels: &[String], at: f64) -> String {
    const LONGEST: usize = 14;
    let Some(label) = (at >= 0.0).then(|| labels.get(at.round() as usize)).flatten() else { return String::new() };
    match label.chars().count() > LONGEST {
        true => label.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => label.clone(),
    }
}

/// The different values of a column in the order of the rows.
fn names(table: &ResultTable, column: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for row in 0..table.rows() {
        let name = shown(&table.value(row, column));
        if !found.contains(&name) {
            found.push(name);
        }
        if found.len() == MOST_BARS {
            break;
        }
    }
    found
}

fn series_of(table: &ResultTable, x: usize, y: usize, by: Option<usize>, labels: &[String]) -> Vec<Series> {
    let mut found: Vec<Series> = Vec::new();
    for row in 0..table.rows().min(MOST_POINTS) {
        let value = table.value(row, x);
        let at = match labels.is_empty() {
            true => position(&value),
            false => labels.iter().position(|label| *label == shown(&value)).map(|at| at as f64),
        };
        let (Some(at), Some(height)) = (at, number(&table.value(row, y))) else { continue };
        let name = match by {
            Some(by) => shown(&table.value(row, by)),
            None => table.schema().fields[y].name.clone(),
        };
        match found.iter().position(|series| series.name == name) {
            Some(known) => found[known].points.push([at, height]),
            None if found.len() < MOST_SERIES => found.push(Series { name, points: vec![[at, height]] }),
            None => {}
        }
    }
    for series in &mut found {
        series.points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    }
    found
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Boolean(flag) => Some(f64::from(u8::from(*flag))),
        _ => None,
    }
}

/// Where a value lies along the bottom.
fn position(value: &Value) -> Option<f64> {
    match value {
        Value::Timestamp(micros) => Some(*micros as f64),
        Value::Date(days) => Some(f64::from(*days)),
        other => number(other),
    }
}

/// A place along the bottom as text: no more of a time than tells the marks apart.
fn position_text(at: f64, data_type: &DataType, span: f64) -> String {
    const DAY: f64 = 86_400e6;
    match data_type {
        DataType::Timestamp => {
            let text = shown(&Value::Timestamp(at as i64));
            match span {
                span if span > 3.0 * DAY => text.get(5..10).unwrap_or_default().to_owned(),
                span if span > 0.7 * DAY => text.get(5..16).unwrap_or_default().to_owned(),
                _ => text.get(11..16).unwrap_or_default().to_owned(),
            }
        }
        DataType::Date => shown(&Value::Date(at as i32)),
        _ => format!("{at}"),
    }
}
