//! An answer's chart: lines over time, bars over names, a heat map of two columns, with its measure named and both axes
//! with their units; what is clicked on is picked. Imports the plot widgets and the theme; no project, no tables.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Id, Rect, Role, Sense, TextStyle, Ui, WidgetInfo, vec2};
use egui_plot::{AxisHints, Line, Plot, PlotPoints, Points, VLine};
use pipewright_core::data::marks::{axis_number, bar_number, time_marks, time_step, time_text};
use pipewright_core::planner::{Mark, Plotted};

use super::heat::heat_ui;
use super::{caption, dot, focus_ring};
use crate::gui::theme::{self, Group};

/// What somebody picked of a chart: one of its bars, or a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Picked {
    Bar(usize),
    /// Microseconds.
    Time(i64),
    /// A field of a heat map, by its places.
    Field {
        across: usize,
        down: usize,
    },
}

impl Picked {
    /// What it is called in a chart; `None`: it is not there.
    fn name(&self, chart: &Plotted) -> Option<String> {
        match self {
            Picked::Bar(bar) => chart.bars.get(*bar).map(|(name, _)| name.clone()),
            Picked::Field { across, down } => {
                let heat = chart.heat.as_ref()?;
                Some(format!("{}\n{}", heat.across.get(*across)?.name, heat.down.get(*down)?.name))
            }
            Picked::Time(at) => times(chart).any(|time| time == *at).then(String::new),
        }
    }
}

fn kept_at(ui: &Ui, name: &str) -> Id {
    ui.scope_id().with(("picked", name))
}

/// What was picked last of the chart of that name, which is drawn in the same place, and is still in it.
pub fn picked_of(ui: &Ui, name: &str, chart: &Plotted) -> Option<Picked> {
    let kept: Option<(Picked, String)> = ui.data(|data| data.get_temp(kept_at(ui, name)));
    // Where another stands in its place by now, nothing is picked.
    kept.filter(|(picked, name)| picked.name(chart).as_ref() == Some(name)).map(|(picked, _)| picked)
}

/// Draws it. Gives what is picked of it.
pub fn chart_ui(ui: &mut Ui, name: &str, chart: &Plotted, height: f32) -> Option<Picked> {
    let id = kept_at(ui, name);
    let mut picked = picked_of(ui, name, chart);
    if let Some(clicked) = drawn_ui(ui, name, chart, height, picked.as_ref()) {
        picked = Some(clicked).filter(|clicked| picked.as_ref() != Some(clicked));
        match picked.clone().zip(picked.as_ref().and_then(|picked| picked.name(chart))) {
            Some(kept) => {
                ui.data_mut(|data| data.insert_temp(id, kept));
            }
            None => ui.data_mut(|data| data.remove::<(Picked, String)>(id)),
        }
    }
    picked
}

/// Times that have a point.
fn times(chart: &Plotted) -> impl Iterator<Item = i64> {
    chart.lines.iter().flat_map(|line| line.pieces.iter().flatten()).map(|[x, _]| *x as i64)
}

/// Gives what was clicked on.
fn drawn_ui(ui: &mut Ui, name: &str, chart: &Plotted, height: f32, picked: Option<&Picked>) -> Option<Picked> {
    let palette = theme::palette(ui.ctx());
    let hues = [Group::Load, Group::Shape, Group::Extract, Group::Clean, Group::Enrich, Group::Analyse, Group::Check];
    let colours: Vec<Color32> = hues.iter().map(|group| palette.hue(*group)).collect();
    ui.label(theme::semibold(&chart.title));
    if let Some(heat) = &chart.heat {
        let place = picked.and_then(|picked| match picked {
            Picked::Field { across, down } => Some([*across, *down]),
            Picked::Bar(_) | Picked::Time(_) => None,
        });
        // More beside each other than a card is wide.
        let clicked = egui::ScrollArea::horizontal()
            .id_salt(name)
            .show(ui, |ui| heat_ui(ui, name, heat, &chart.x_title, place))
            .inner;
        left_ui(ui, chart);
        return clicked.map(|[across, down]| Picked::Field { across, down });
    }
    if chart.lines.is_empty() {
        let clicked = bars_ui(ui, name, chart, [colours[0], colours[1]], picked);
        left_ui(ui, chart);
        return clicked;
    }
    ui.add_space(theme::SPACE_1);
    let clicked = lines_ui(ui, name, chart, &colours, height, picked);
    if !chart.gaps.is_empty() {
        caption(ui, &chart.gaps);
    }
    if chart.lines.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            for (line, colour) in chart.lines.iter().zip(colours.iter().cycle()) {
                dot(ui, *colour);
                caption(ui, &line.name);
            }
        });
    }
    left_ui(ui, chart);
    clicked
}

/// What is not drawn.
fn left_ui(ui: &mut Ui, chart: &Plotted) {
    if !chart.left.is_empty() {
        caption(ui, &chart.left);
    }
}

/// The name at the axis of the measure. One that is longer than the axis would run into the chart's, which says the same.
fn axis_title(title: &str, long: f32, height: f32) -> &str {
    /// What stands below the axis.
    const BELOW: f32 = 40.0;
    if long <= height - BELOW { title } else { "" }
}

fn lines_ui(
    ui: &mut Ui,
    name: &str,
    chart: &Plotted,
    colours: &[Color32],
    height: f32,
    picked: Option<&Picked>,
) -> Option<Picked> {
    let marked = theme::palette(ui.ctx()).accent;
    let points = || chart.lines.iter().flat_map(|line| &line.pieces).flatten();
    let (low, high) = points().fold((f64::MAX, f64::MIN), |(low, high), [x, _]| (low.min(*x), high.max(*x)));
    let highest = points().map(|[_, y]| *y).fold(f64::MIN, f64::max);
    // Labels are legible as soon as they have room, instead of fading in.
    let room = egui::Rangef::new(8.0, 16.0);
    let unit = chart.unit.clone();
    let below = AxisHints::new_x()
        .label(&chart.x_title)
        .formatter(move |mark, _| time_text(mark.value, high - low))
        .label_spacing(room);
    let long = ui.painter().layout_no_wrap(chart.y_title.clone(), theme::caption(), marked).size().x;
    let y_title = axis_title(&chart.y_title, long, height);
    let left =
        AxisHints::new_y().label(y_title).formatter(move |mark, _| axis_number(mark.value, &unit)).label_spacing(room);
    let plot = Plot::new(name)
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_grid([false, true])
        .include_y(chart.from)
        .include_y(if highest > 0.0 { highest } else { 1.0 })
        .x_grid_spacer(time_spacer(low, high))
        .custom_x_axes(vec![below])
        .custom_y_axes(vec![left]);
    // What stands at the axes is a caption.
    let shown = ui.scope(|ui| {
        ui.style_mut().text_styles.insert(TextStyle::Body, theme::caption());
        plot.show(ui, |plot| {
            if let Some(Picked::Time(at)) = picked {
                plot.vline(VLine::new("picked", *at as f64).color(marked).width(1.5));
            }
            for (line, colour) in chart.lines.iter().zip(colours.iter().cycle()) {
                for piece in &line.pieces {
                    let points = PlotPoints::from(piece.clone());
                    // A point between two gaps is no line.
                    if piece.len() == 1 {
                        plot.points(Points::new(&line.name, points).color(*colour).radius(2.0));
                    } else {
                        plot.line(Line::new(&line.name, points).color(*colour).width(2.0));
                    }
                }
            }
            if let Some(Mark::Point { line, point }) = chart.told {
                let points = PlotPoints::from(vec![point]);
                plot.points(
                    Points::new(&chart.lines[line].name, points).color(colours[line % colours.len()]).radius(5.0),
                );
            }
        })
    });
    let shown = shown.inner;
    // A click picks the time of the nearest point.
    let pointer = shown.response.clicked().then(|| shown.response.interact_pointer_pos()).flatten()?;
    let at = shown.transform.value_from_position(pointer).x;
    times(chart).min_by_key(|time| (*time as f64 - at).abs() as u64).map(Picked::Time)
}

/// At most five marks, at whole hours or days.
fn time_spacer(low: f64, high: f64) -> impl Fn(egui_plot::GridInput) -> Vec<egui_plot::GridMark> {
    let step_size = time_step(low, high);
    move |_| time_marks(low, high).into_iter().map(|value| egui_plot::GridMark { value, step_size }).collect()
}

/// A row for each name: the name, its bar, its number. `colours`: of a bar, and of that which the sentence tells of.
fn bars_ui(ui: &mut Ui, name: &str, chart: &Plotted, colours: [Color32; 2], picked: Option<&Picked>) -> Option<Picked> {
    let mut clicked = None;
    const HEIGHT: f32 = 18.0;
    let palette = theme::palette(ui.ctx());
    let most = chart.bars.iter().map(|(_, number)| *number).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let width = ui.available_width();
    let name_width = |name: &str| ui.painter().layout_no_wrap(name.to_owned(), theme::caption(), palette.text).size().x;
    let titles = chart.bars.iter().map(|(name, _)| name_width(name));
    let names = room_for_names(titles.fold(0.0, f32::max), width, chart.are_alike());
    let numbers = 64.0;
    ui.horizontal(|ui| {
        caption(ui, &chart.x_title);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| caption(ui, &chart.y_title));
    });
    let size = vec2(width, chart.bars.len() as f32 * HEIGHT);
    let (whole, response) = ui.allocate_exact_size(size, Sense::hover());
    let id = response.id;
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    for (line, (name, number)) in chart.bars.iter().enumerate() {
        let row = Rect::from_min_size(whole.min + vec2(0.0, line as f32 * HEIGHT), vec2(width, HEIGHT));
        let text = bar_number(*number, &chart.unit);
        if chart.rows.len() > line {
            let is_picked = picked == Some(&Picked::Bar(line));
            let bar = ui.interact(row, id.with(line), Sense::click());
            bar.widget_info(|| WidgetInfo::selected(Role::Button, true, is_picked, format!("{name}: {text}")));
            if is_picked || bar.hovered() {
                let ground = if is_picked { palette.selected_ground() } else { palette.hovered_ground() };
                ui.painter().rect_filled(row, 3.0, ground);
            }
            focus_ring(ui, &bar, row);
            if bar.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
                clicked = Some(Picked::Bar(line));
            }
        }
        let mut job = LayoutJob::simple_singleline(name.clone(), theme::caption(), palette.text);
        job.wrap = TextWrapping::truncate_at_width(names - theme::SPACE_2);
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let place = row.left_center() - vec2(0.0, galley.size().y / 2.0);
        ui.painter().galley(place, galley, palette.text);
        let room = width - names - numbers;
        let is_told = chart.told == Some(Mark::Bar(line));
        if *number > 0.0 {
            let long = (room * (number / most) as f32).max(1.0);
            let bar = Rect::from_min_size(row.min + vec2(names, 4.0), vec2(long, HEIGHT - 8.0));
            ui.painter().rect_filled(bar, 2.0, colours[usize::from(is_told)]);
        }
        let ink = if is_told { palette.text } else { palette.soft };
        ui.painter().text(row.right_center(), Align2::RIGHT_CENTER, text, theme::caption(), ink);
    }
    clicked
}

/// How wide the names of bars stand: as the longest of them, and so wide at most.
fn room_for_names(longest: f32, width: f32, are_alike: bool) -> f32 {
    // Bars that are all alike say little: most of their room is for the names.
    (longest + theme::SPACE_3).min(width * if are_alike { 0.7 } else { 0.42 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_longer_than_its_axis_is_left_out() {
        assert_eq!(axis_title("users", 28.0, 120.0), "users");
        assert_eq!(axis_title("average of requests", 105.0, 120.0), "");
    }

    #[test]
    fn bars_begin_beside_their_names() {
        assert_eq!(room_for_names(60.0, 1000.0, false), 60.0 + theme::SPACE_3);
        assert_eq!(room_for_names(900.0, 1000.0, false), 420.0);
        assert_eq!(room_for_names(900.0, 1000.0, true), 700.0);
    }
}
