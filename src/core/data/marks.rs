//! Where the axes of a chart have their marks, and what stands beside them. The one place for charts that are drawn in
//! the window and for those that are written to files. Imports only its neighbours.

use super::figures::{number_text, short_number, with_unit};
use super::instants::day_and_clock;

/// In microseconds.
const MINUTE: f64 = 60e6;
const DAY: f64 = 1_440.0 * MINUTE;

/// How far the marks of a time axis are apart, in microseconds: at most five marks, at whole minutes, hours or days.
pub fn time_step(low: f64, high: f64) -> f64 {
    const STEPS: [f64; 14] =
        [1.0, 5.0, 15.0, 60.0, 180.0, 360.0, 720.0, 1440.0, 2880.0, 10_080.0, 20_160.0, 43_200.0, 129_600.0, 525_600.0];
    const MOST: f64 = 5.0;
    let span = (high - low).max(1.0);
    STEPS.iter().map(|minutes| minutes * MINUTE).find(|step| span / step <= MOST).unwrap_or(span / MOST)
}

/// The marks of a time axis.
pub fn time_marks(low: f64, high: f64) -> Vec<f64> {
    let step = time_step(low, high);
    let first = (low / step).ceil();
    (0..6).map(|number| (first + f64::from(number)) * step).filter(|mark| *mark <= high).collect()
}

/// A time along the bottom: no more of it than tells the marks apart.
pub fn time_text(at: f64, span: f64) -> String {
    let (day, clock) = day_and_clock(at as i64);
    match span {
        span if span > 3.0 * DAY => day,
        span if span > 0.7 * DAY => format!("{day} {clock}"),
        _ => clock,
    }
}

/// The marks of an axis of numbers from `low` to at least `high`, both of them covered: round numbers, four to six.
pub fn number_marks(low: f64, high: f64) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return vec![0.0, 1.0];
    }
    let rough = span / 4.0;
    let size = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|part| part * size).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    (first..=last).map(|mark| mark as f64 * step).collect()
}

/// A number at an axis, in the unit that the axis is titled with.
pub fn axis_number(value: f64, unit: &str) -> String {
    match unit {
        "share" => number_text(value * 100.0),
        "B" => with_unit(value, unit),
        _ => short_number(value),
    }
}

/// A number beside a bar.
pub fn bar_number(value: f64, unit: &str) -> String {
    if unit.is_empty() { short_number(value) } else { with_unit(value, unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_cover_what_is_drawn() {
        assert_eq!(number_marks(0.0, 21.0), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(number_marks(0.0, 0.0), [0.0, 1.0]);
        assert_eq!(number_marks(-3.0, 9.0).first(), Some(&-5.0));
        let shares: Vec<String> = number_marks(0.0, 0.37).into_iter().map(|mark| axis_number(mark, "share")).collect();
        assert_eq!(shares, ["0", "10", "20", "30", "40"]);
        for high in [1e-6, 0.3, 7.0, 99.0, 12_345.0, 1e12] {
            let marks = number_marks(0.0, high);
            assert!((3..=6).contains(&marks.len()) && marks.last().unwrap() >= &high, "{high}: {marks:?}");
        }
    }

    #[test]
    fn times_are_marked_at_whole_hours_and_days() {
        let hour = 60.0 * MINUTE;
        let marks = time_marks(0.5 * hour, 9.0 * hour);
        assert_eq!(marks, [3.0 * hour, 6.0 * hour, 9.0 * hour]);
        assert_eq!(time_text(marks[0], 8.5 * hour), "03:00");
        assert_eq!(time_text(2.0 * DAY, 5.0 * DAY), "3 Jan");
    }
}
