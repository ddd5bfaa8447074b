//! A chart of an answer as a picture: lines over time, bars over names, both axes named, with their units. The layout for
//! files; the window draws the same points with its own widgets. Imports the picture's shapes and the chart's points.

use std::collections::BTreeSet;

use super::drawing::{Anchor, Drawing, Ink, Move, Shape, shortened, shortened_inside, width_of, wrapped};
use crate::data::figures::number_text;
use crate::data::instants::day_and_clock;
use crate::data::marks::{axis_number, bar_number, number_marks, time_marks, time_text};
use crate::planner::{Heat, Mark, Plotted};

/// Size of the letters, in points: of names, of what stands around them, of the title.
const LETTERS: f32 = 13.0;
const SMALL: f32 = 12.0;
const TITLE: f32 = 15.0;
/// Height of a bar with what is around it, and of the room for lines.
const ROW: f32 = 28.0;
const PLOT: f32 = 250.0;

/// How much wider a number may be than it is in the typeface: in bold, and in another one where a reader lacks it.
const OTHER_TYPE: f32 = 1.3;

/// The colour of the bar that the sentence tells of.
const TOLD_HUE: usize = 1;

/// Lines are told apart by their dashes, too.
const DASHES: [Option<[f32; 2]>; 7] = [
    None,
    Some([7.0, 4.0]),
    Some([2.0, 4.0]),
    Some([10.0, 3.0]),
    Some([4.0, 2.0]),
    Some([1.0, 3.0]),
    Some([12.0, 6.0]),
];

/// The chart, so wide.
pub fn chart(plotted: &Plotted, width: f32) -> Drawing {
    let mut drawing = Drawing { size: [width, 0.0], title: plotted.title.clone(), ..Drawing::default() };
    let mut top = TITLE;
    for line in wrapped(&plotted.title, TITLE, width) {
        drawing.bold([0.0, top], TITLE, Ink::Text, line);
        top += TITLE + 5.0;
    }
    top -= 5.0;
    let bottom = match (&plotted.heat, plotted.lines.is_empty()) {
        (Some(heat), _) => heat_map(&mut drawing, plotted, heat, top),
        (None, true) => bars(&mut drawing, plotted, top),
        (None, false) => lines(&mut drawing, plotted, top),
    };
    drawing.size[1] = bottom.ceil();
    drawing.description = described(plotted);
    drawing
}

/// What a chart shows, in words.
fn described(plotted: &Plotted) -> String {
    let unit = |value: f64| bar_number(value, &plotted.unit);
    if let Some(heat) = &plotted.heat {
        let cells = heat_cells(heat).map(|(name, value)| format!("{name}: {}", unit(value)));
        return format!("{} for each {} and {}. {}", plotted.y_title, plotted.x_title, heat.by, join(cells));
    }
    if plotted.lines.is_empty() {
        let bars = plotted.bars.iter().map(|(name, value)| format!("{name}: {}", unit(*value)));
        return format!("Bars of {} for each {}. {}", plotted.y_title, plotted.x_title, join(bars));
    }
    let told = plotted.lines.iter().filter_map(|line| {
        let mut points = line.pieces.iter().flatten();
        let first = points.next()?;
        let (low, high) = points.fold((first, first), |(low, high), point| {
            (if point[1] < low[1] { point } else { low }, if point[1] > high[1] { point } else { high })
        });
        let at = when_text(plotted, high[0]);
        Some(format!("{}: from {} to {}, the most on {at}", line.name, unit(low[1]), unit(high[1])))
    });
    format!("Lines of {} over {}. {}", plotted.y_title, plotted.x_title, join(told))
}

/// The time of a point: a day has no clock.
fn when_text(plotted: &Plotted, at: f64) -> String {
    const DAY: f64 = 86_400e6;
    let mut points = plotted.lines.iter().flat_map(|line| &line.pieces).flatten();
    let (day, clock) = day_and_clock(at as i64);
    if points.all(|[x, _]| x.rem_euclid(DAY) == 0.0) { day } else { format!("{day} {clock}") }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

fn bars(drawing: &mut Drawing, plotted: &Plotted, top: f32) -> f32 {
    let width = drawing.size[0];
    let longest = |texts: &mut dyn Iterator<Item = f32>| texts.fold(0.0, f32::max);
    // Bars that are all alike say little: most of their room is for the names.
    let most_names = width * if plotted.are_alike() { 0.85 } else { 0.4 };
    let widths = plotted.bars.iter().map(|(name, _)| width_of(name, LETTERS));
    let names = longest(&mut widths.chain([width_of(&plotted.x_title, SMALL)])).min(most_names) + 12.0;
    let told = |value: f64| bar_number(value, &plotted.unit);
    let numbers = longest(&mut plotted.bars.iter().map(|(_, value)| width_of(&told(*value), LETTERS)));
    let numbers = numbers * OTHER_TYPE + 10.0;
    let most = plotted.bars.iter().map(|(_, value)| *value).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut y = top + LETTERS;
    for (left, title, room) in [(0.0, &plotted.x_title, names - 12.0), (names, &plotted.y_title, width - names)] {
        y = y.max(drawing.paragraph([left, top + LETTERS], SMALL, Ink::Soft, title, room));
    }
    let first = y - 7.0;
    let mut y = first;
    for (number, (name, value)) in plotted.bars.iter().enumerate() {
        let is_told = plotted.told == Some(Mark::Bar(number));
        let middle = y + ROW / 2.0;
        let name =
            if is_cut_apart(plotted, names - 12.0) { shortened } else { shortened_inside }(name, LETTERS, names - 12.0);
        drawing.text([0.0, middle + 4.5], LETTERS, Ink::Text, Anchor::Start, name);
        let room = (width - names - numbers).max(1.0);
        let long = if *value > 0.0 { (room * (*value / most) as f32).max(1.5) } else { 0.0 };
        if long > 0.0 {
            let ink = if is_told { Ink::Hue(TOLD_HUE) } else { Ink::Hue(0) };
            drawing.rect([names, y + 5.0], [long, ROW - 10.0], 3.0, ink);
        }
        // What the sentence tells is told apart by its letters, too.
        let at = [names + long + 8.0, middle + 4.5];
        match is_told {
            true => drawing.bold(at, LETTERS, Ink::Text, told(*value)),
            false => drawing.text(at, LETTERS, Ink::Text, Anchor::Start, told(*value)),
        }
        y += ROW;
    }
    drawing.line([names, first], [names, y], Ink::Hairline);
    left(drawing, plotted, y + 18.0)
}

/// The cells that there are, by the names of both sides.
fn heat_cells(heat: &Heat) -> impl Iterator<Item = (String, f64)> {
    let rows = heat.down.iter().zip(&heat.cells);
    rows.flat_map(|(down, cells)| {
        let cells = heat.across.iter().zip(cells);
        cells.filter_map(move |(across, cell)| Some((format!("{}, {}", across.name, down.name), (*cell)?)))
    })
}

/// A field for each pair of values: its number, over a bar that is as long as the number is high.
fn heat_map(drawing: &mut Drawing, plotted: &Plotted, heat: &Heat, top: f32) -> f32 {
    const GAP: f32 = 4.0;
    let width = drawing.size[0];
    let widths = heat.down.iter().map(|side| width_of(&side.name, LETTERS));
    let names = widths.fold(width_of(&heat.by, SMALL), f32::max).min(width * 0.3) + 12.0;
    let wide = (width - names) / heat.across.len().max(1) as f32;
    let titles = format!("{} below each other, {} beside each other", heat.by, plotted.x_title);
    let mut y = drawing.paragraph([0.0, top + LETTERS], SMALL, Ink::Soft, &titles, width) + 4.0;
    for (number, side) in heat.across.iter().enumerate() {
        let name = shortened(&side.name, SMALL, wide - GAP);
        drawing.text([names + number as f32 * wide, y], SMALL, Ink::Soft, Anchor::Start, name);
    }
    y += 8.0;
    let highest = heat.highest().max(f64::MIN_POSITIVE);
    for (side, cells) in heat.down.iter().zip(&heat.cells) {
        let name = shortened_inside(&side.name, LETTERS, names - 12.0);
        drawing.text([0.0, y + ROW / 2.0 + 4.5], LETTERS, Ink::Text, Anchor::Start, name);
        for (number, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let left = names + number as f32 * wide;
            let long = (wide - GAP) * (cell.max(0.0) / highest) as f32;
            drawing.text([left, y + 14.0], SMALL, Ink::Text, Anchor::Start, bar_number(*cell, &plotted.unit));
            drawing.rect([left, y + 18.0], [long.max(1.0), 5.0], 1.0, Ink::Hue(0));
        }
        y += ROW;
    }
    left(drawing, plotted, y + 18.0)
}

/// What is not drawn, where there is such. Gives where the picture ends.
fn left(drawing: &mut Drawing, plotted: &Plotted, y: f32) -> f32 {
    match plotted.left.as_str() {
        "" => y - 14.0,
        left => drawing.paragraph([0.0, y], SMALL, Ink::Soft, left, drawing.size[0]) - 11.0,
    }
}

/// Whether names that are cut at their ends are still different.
fn is_cut_apart(plotted: &Plotted, most: f32) -> bool {
    let cut: BTreeSet<String> = plotted.bars.iter().map(|(name, _)| shortened(name, LETTERS, most)).collect();
    let whole: BTreeSet<&String> = plotted.bars.iter().map(|(name, _)| name).collect();
    cut.len() == whole.len()
}

/// Where points of a line chart are drawn.
struct Frame {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    times: (f64, f64),
    heights: (f64, f64),
}

impl Frame {
    fn at(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        let share = |value: f64, (low, high): (f64, f64)| ((value - low) / (high - low).max(f64::MIN_POSITIVE)) as f32;
        let across = if self.times.1 > self.times.0 { share(x, self.times) } else { 0.5 };
        let up = share(y, self.heights);
        [self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)]
    }
}

fn lines(drawing: &mut Drawing, plotted: &Plotted, top: f32) -> f32 {
    let width = drawing.size[0];
    let points = || plotted.lines.iter().flat_map(|line| &line.pieces).flatten();
    let times = points().fold((f64::MAX, f64::MIN), |(low, high), [x, _]| (low.min(*x), high.max(*x)));
    let heights =
        points().fold((plotted.from, plotted.from), |(low, high): (f64, f64), [_, y]| (low.min(*y), high.max(*y)));
    let marks = number_marks(heights.0, heights.1);
    let told: Vec<String> = marks.iter().map(|mark| axis_number(*mark, &plotted.unit)).collect();
    let gutter = told.iter().map(|text| width_of(text, SMALL)).fold(0.0, f32::max) * OTHER_TYPE + 10.0;
    let first = drawing.paragraph([0.0, top + LETTERS], SMALL, Ink::Soft, &plotted.y_title, width) + 1.0;
    let frame = Frame {
        left: gutter,
        right: width - 8.0,
        top: first,
        bottom: first + PLOT,
        times,
        heights: (marks.first().copied().unwrap_or(0.0), marks.last().copied().unwrap_or(1.0)),
    };
    for (mark, text) in marks.iter().zip(told) {
        let [_, y] = frame.at([times.0, *mark]);
        drawing.line([frame.left, y], [frame.right, y], Ink::Hairline);
        drawing.text([gutter - 8.0, y + 4.0], SMALL, Ink::Soft, Anchor::End, text);
    }
    let mut free = f32::MIN;
    for mark in time_marks(times.0, times.1) {
        let [x, _] = frame.at([mark, 0.0]);
        let text = time_text(mark, times.1 - times.0);
        let half = width_of(&text, SMALL) / 2.0;
        let middle = x.clamp(half, (width - half).max(half));
        drawing.line([x, frame.bottom], [x, frame.bottom + 4.0], Ink::Soft);
        // Marks that have no room are not labelled.
        if middle - half > free {
            drawing.text([middle, frame.bottom + 18.0], SMALL, Ink::Soft, Anchor::Middle, text);
            free = middle + half + 8.0;
        }
    }
    for (number, line) in plotted.lines.iter().enumerate() {
        draw_line(drawing, &frame, &line.pieces, number);
    }
    if let Some(Mark::Point { line, point }) = plotted.told {
        draw_told(drawing, &frame, point, Ink::Hue(line), &bar_number(point[1], &plotted.unit));
    }
    let gaps = if plotted.gaps.is_empty() { String::new() } else { format!(" · {}", plotted.gaps) };
    let below = format!("{}{gaps}", plotted.x_title);
    let mut y = drawing.paragraph([0.0, frame.bottom + 38.0], SMALL, Ink::Soft, &below, width) + 4.0;
    if plotted.lines.len() > 1 {
        y = legend(drawing, plotted, y + 1.0) + 20.0;
    }
    left(drawing, plotted, y)
}

fn draw_line(drawing: &mut Drawing, frame: &Frame, pieces: &[Vec<[f64; 2]>], number: usize) {
    let (ink, dash) = (Ink::Hue(number), DASHES[number % DASHES.len()]);
    for piece in pieces {
        // A point between two gaps is no line.
        if let [only] = piece[..] {
            drawing.shapes.push(Shape::Dot { at: frame.at(only), radius: 2.5, ink });
            continue;
        }
        let moves = piece.iter().enumerate().map(|(index, point)| match index {
            0 => Move::To(frame.at(*point)),
            _ => Move::Line(frame.at(*point)),
        });
        drawing.shapes.push(Shape::Path { moves: moves.collect(), width: 2.0, ink, dash });
    }
}

/// The point that the sentence tells of: larger, with its value.
fn draw_told(drawing: &mut Drawing, frame: &Frame, point: [f64; 2], ink: Ink, told: &str) {
    const RADIUS: f32 = 5.0;
    let at = frame.at(point);
    drawing.shapes.push(Shape::Dot { at, radius: RADIUS, ink });
    let long = width_of(told, LETTERS);
    let is_right = at[0] + RADIUS + 6.0 + long <= frame.right;
    let left = if is_right { at[0] + RADIUS + 6.0 } else { (at[0] - RADIUS - 6.0 - long).max(frame.left) };
    drawing.bold([left, at[1] + 4.5], LETTERS, Ink::Text, told.to_owned());
}

/// Names of the lines, with a piece of each. Gives where the last one stands.
fn legend(drawing: &mut Drawing, plotted: &Plotted, top: f32) -> f32 {
    const PIECE: f32 = 26.0;
    let width = drawing.size[0];
    let (mut x, mut y) = (0.0, top);
    for (number, line) in plotted.lines.iter().enumerate() {
        let name = shortened(&line.name, SMALL, width - PIECE - 6.0);
        let long = PIECE + 6.0 + width_of(&name, SMALL) + 16.0;
        if x > 0.0 && x + long > width {
            (x, y) = (0.0, y + 20.0);
        }
        let (ink, dash) = (Ink::Hue(number), DASHES[number % DASHES.len()]);
        match line.pieces.iter().all(|piece| piece.len() == 1) {
            // Points that no line joins.
            true => drawing.shapes.push(Shape::Dot { at: [x + PIECE / 2.0, y - 4.0], radius: 2.5, ink }),
            false => {
                let moves = vec![Move::To([x + 2.0, y - 4.0]), Move::Line([x + PIECE - 2.0, y - 4.0])];
                drawing.shapes.push(Shape::Path { moves, width: 2.0, ink, dash });
            }
        }
        drawing.text([x + PIECE + 6.0, y], SMALL, Ink::Text, Anchor::Start, name);
        x += long;
    }
    y
}

/// The values of a chart as a table: what each line is about, its heading first.
pub fn values(plotted: &Plotted) -> Vec<[String; 2]> {
    let bars = plotted.bars.iter().map(|(name, value)| [name.clone(), bar_number(*value, &plotted.unit)]);
    let is_alone = plotted.lines.len() == 1;
    let points = plotted.lines.iter().flat_map(|line| line.pieces.iter().flatten().map(move |point| (line, point)));
    let points = points.map(|(line, [x, y])| {
        let at = when_text(plotted, *x);
        let name = if is_alone { at } else { format!("{} · {at}", line.name) };
        [name, if plotted.unit.is_empty() { number_text(*y) } else { bar_number(*y, &plotted.unit) }]
    });
    let fields = plotted.heat.iter().flat_map(heat_cells);
    let fields = fields.map(|(name, value)| [name, bar_number(value, &plotted.unit)]);
    bars.chain(points).chain(fields).collect()
}

#[cfg(test)]
mod tests {
    use super::super::drawing::Look;
    use super::*;
    use crate::planner::{HeatSide, PlottedLine};

    #[test]
    fn a_heat_map_says_its_numbers() {
        let side = |name: &str| HeatSide { name: name.into(), row: 0 };
        let heat = Heat {
            by: "page".into(),
            across: vec![side("200"), side("500")],
            down: vec![side("/cart")],
            cells: vec![vec![Some(12_400.0), None]],
        };
        let plotted =
            Plotted { y_title: "rows".into(), x_title: "status".into(), heat: Some(heat), ..Plotted::default() };
        let drawn = chart(&plotted, 400.0);
        let svg = drawn.svg(Look::Light, "a");
        for text in [">/cart<", ">200<", ">500<", ">12.4 k<", "page below each other, status beside each other"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert_eq!(values(&plotted), [["200, /cart".to_owned(), "12.4 k".to_owned()]]);
        assert_eq!(drawn.description, "rows for each status and page. 200, /cart: 12.4 k");
    }

    fn hours(values: &[f64]) -> Vec<[f64; 2]> {
        values.iter().enumerate().map(|(hour, value)| [hour as f64 * 3600e6, *value]).collect()
    }

    fn over_time() -> Plotted {
        Plotted {
            title: "share of errors per hour, by service".into(),
            y_title: "share of errors (%)".into(),
            x_title: "hour (UTC)".into(),
            unit: "share".into(),
            gaps: "times without rows: a gap".into(),
            lines: vec![
                PlottedLine { name: "checkout".into(), pieces: vec![hours(&[0.1, 0.37]), hours(&[0.2])] },
                PlottedLine { name: "search".into(), pieces: vec![hours(&[0.0, 0.1, 0.0, 0.05])] },
            ],
            ..Plotted::default()
        }
    }

    #[test]
    fn lines_have_axes_with_units_names_and_gaps() {
        let drawing = chart(&over_time(), 760.0);
        let svg = drawing.svg(Look::Light, "a");
        for text in ["share of errors (%)", ">40<", "hour (UTC) · times without rows: a gap", ">checkout<", ">01:00<"]
        {
            assert!(svg.contains(text), "{text}\n{svg}");
        }
        assert!(svg.contains("checkout: from 10 % to 37 %, the most on 1 Jan 01:00"), "{}", drawing.description);
        // A piece, a point alone, the other line; and the two of the legend.
        let curves = |shape: &&Shape| matches!(shape, Shape::Path { width, .. } if *width == 2.0);
        assert_eq!(drawing.shapes.iter().filter(curves).count(), 4);
        assert_eq!(drawing.shapes.iter().filter(|shape| matches!(shape, Shape::Dot { .. })).count(), 1);
    }

    #[test]
    fn nothing_leaves_the_picture_at_any_width_and_no_sentence_is_cut() {
        let bars = (0..12).map(|bar| (format!("/a/rather/long/path/{bar}/that/goes/on/and/on"), f64::from(bar) * 1e5));
        let left = "1,204 of 1,216 are of fewer than 20 and not drawn; the largest 12 of 42".to_owned();
        let y_title = "share of requests that were affected by it in the first five minutes after that".to_owned();
        let title = format!("{y_title}, by page and by what was asked for there");
        let gaps = "times that a condition left out, or without rows: a gap".to_owned();
        let long = |plotted: Plotted| Plotted {
            left: left.clone(),
            y_title: y_title.clone(),
            title: title.clone(),
            gaps: gaps.clone(),
            ..plotted
        };
        let by_name = Plotted { bars: bars.collect(), ..Plotted::default() };
        for (plotted, width) in
            [over_time(), long(over_time()), long(by_name)].iter().flat_map(|one| [(one, 340.0), (one, 760.0)])
        {
            let drawing = chart(plotted, width);
            let [_, height] = drawing.size;
            for shape in &drawing.shapes {
                let Shape::Text { at: [x, y], size, anchor, text, .. } = shape else { continue };
                // A browser without the typeface draws numbers in a wider one.
                let is_number = text.chars().all(|c| c.is_ascii_digit() || c == ',');
                let wide = width_of(text, *size) * if is_number { OTHER_TYPE } else { 1.0 };
                let left = match anchor {
                    Anchor::Start => *x,
                    Anchor::Middle => x - wide / 2.0,
                    Anchor::End => x - wide,
                };
                assert!(left >= -0.5 && left + wide <= width + 0.5 && *y <= height, "{width}: {text} at {x} {y}");
            }
            let texts = drawing.shapes.iter().filter_map(|shape| match shape {
                Shape::Text { text, .. } => Some(text.as_str()),
                _ => None,
            });
            let all = texts.collect::<Vec<_>>().join(" ");
            for told in [&plotted.title, &plotted.y_title, &plotted.left] {
                assert!(all.contains(told.as_str()), "{width}: {told} in {all}");
            }
        }
    }
}
