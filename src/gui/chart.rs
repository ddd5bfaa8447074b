//! The rows of an answer as a chart: lines over time, bars over names. Imports the plot widgets, the theme and result
//! tables; no project.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use egui_plot::{AxisHints, Line, Plot, PlotPoints};
use pipewright_core::data::{DataType, Value};
use pipewright_core::planner::{Chart, ChartKind};

use super::backend::ResultTable;
use super::forms::shown;
use super::theme::{self, Group};

/// Bars, or points of a line, that are drawn at most.
const MOST_BARS: usize = 12;
const MOST_POINTS: usize = 5000;
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
    let y = fields.iter().find(|field| is_number(&field.data_type))?;
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
    if !is_line {
        bars_ui(ui, name, &bars_of(table, x, y, by), colours[0]);
        if table.rows() > MOST_BARS {
            super::widgets::caption(ui, format!("the first {MOST_BARS} of {} rows", table.rows()));
        }
        return true;
    }
    let series = series_of(table, x, y, by);
    if series.iter().all(|one| one.points.is_empty()) {
        return false;
    }
    let (low, high) = (series.iter().flat_map(|one| &one.points))
        .fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point[0]), high.max(point[0])));
    let is_time = x_type == DataType::Timestamp;
    let highest = series.iter().flat_map(|one| &one.points).map(|point| point[1]).fold(f64::MIN, f64::max);
    let y_name = schema.fields[y].name.clone();
    // Labels are legible as soon as they have room, instead of fading in.
    let room = egui::Rangef::new(8.0, 16.0);
    let below =
        AxisHints::new_x().formatter(move |mark, _| position_text(mark.value, &x_type, high - low)).label_spacing(room);
    let left = AxisHints::new_y().label(y_name).label_spacing(room);
    let plot = Plot::new(name)
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_grid([false, true])
        .include_y(0.0)
        .include_y(if highest > 0.0 { highest } else { 1.0 })
        .x_grid_spacer(time_spacer(is_time, low, high))
        .custom_x_axes(vec![below])
        .custom_y_axes(vec![left]);
    let legend: Vec<String> = series.iter().map(|one| one.name.clone()).collect();
    let for_legend = colours.clone();
    plot.show(ui, |plot| {
        for (number, one) in series.into_iter().enumerate() {
            let colour = colours[number % colours.len()];
            plot.line(Line::new(one.name, PlotPoints::from(one.points)).color(colour).width(2.0));
        }
    });
    if table.rows() > MOST_POINTS {
        super::widgets::caption(ui, format!("the first {MOST_POINTS} of {} rows", table.rows()));
    }
    if legend.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            for (number, name) in legend.iter().enumerate() {
                super::widgets::dot(ui, for_legend[number % for_legend.len()]);
                super::widgets::caption(ui, name);
            }
        });
    }
    true
}

/// At most five marks, at whole hours or days for times.
fn time_spacer(is_time: bool, low: f64, high: f64) -> impl Fn(egui_plot::GridInput) -> Vec<egui_plot::GridMark> {
    const MINUTE: f64 = 60e6;
    const STEPS: [f64; 14] =
        [1.0, 5.0, 15.0, 60.0, 180.0, 360.0, 720.0, 1440.0, 2880.0, 10_080.0, 20_160.0, 43_200.0, 129_600.0, 525_600.0];
    const MOST: f64 = 5.0;
    let span = (high - low).max(1.0);
    let step = match is_time {
        true => STEPS.iter().map(|minutes| minutes * MINUTE).find(|step| span / step <= MOST),
        false => (0..40).map(|power| 10f64.powi(power - 20)).find(|step| span / step <= MOST),
    };
    let step = step.unwrap_or(span / MOST);
    move |_| {
        let first = (low / step).ceil() as i64;
        let marks =
            (first..=first.saturating_add(MOST as i64)).map(|mark| mark as f64 * step).filter(|mark| *mark <= high);
        marks.map(|value| egui_plot::GridMark { value, step_size: step }).collect()
    }
}

/// Names with their numbers, in the order of the rows.
fn bars_of(table: &ResultTable, x: usize, y: usize, by: Option<usize>) -> Vec<(String, f64)> {
    let name_of = |row: usize| match by {
        Some(by) => format!("{} · {}", shown(&table.value(row, by)), shown(&table.value(row, x))),
        None => shown(&table.value(row, x)),
    };
    let rows = (0..table.rows()).filter_map(|row| Some((name_of(row), number(&table.value(row, y))?)));
    rows.take(MOST_BARS).collect()
}

/// A row for each name: the name, its bar, its number.
fn bars_ui(ui: &mut Ui, name: &str, bars: &[(String, f64)], colour: Color32) {
    const HEIGHT: f32 = 18.0;
    let palette = theme::palette(ui.ctx());
    let most = bars.iter().map(|(_, number)| *number).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let width = ui.available_width();
    let (names, numbers) = (width * 0.42, 64.0);
    let (whole, response) = ui.allocate_exact_size(vec2(width, bars.len() as f32 * HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    for (line, (name, number)) in bars.iter().enumerate() {
        let row = Rect::from_min_size(whole.min + vec2(0.0, line as f32 * HEIGHT), vec2(width, HEIGHT));
        let mut job = LayoutJob::simple_singleline(name.clone(), theme::caption(), palette.text);
        job.wrap = TextWrapping::truncate_at_width(names - theme::SPACE_2);
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let place = row.left_center() - vec2(0.0, galley.size().y / 2.0);
        ui.painter().galley(place, galley, palette.text);
        let room = width - names - numbers;
        let long = (room * (number.max(0.0) / most) as f32).max(1.0);
        let bar = Rect::from_min_size(row.min + vec2(names, 4.0), vec2(long, HEIGHT - 8.0));
        ui.painter().rect_filled(bar, 2.0, colour);
        let text = super::state::number_text(*number);
        ui.painter().text(row.right_center(), Align2::RIGHT_CENTER, text, theme::caption(), palette.soft);
    }
}

fn series_of(table: &ResultTable, x: usize, y: usize, by: Option<usize>) -> Vec<Series> {
    let mut found: Vec<Series> = Vec::new();
    for row in 0..table.rows().min(MOST_POINTS) {
        let (at, height) = (position(&table.value(row, x)), number(&table.value(row, y)));
        let (Some(at), Some(height)) = (at, height) else { continue };
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
