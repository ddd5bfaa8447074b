//! Where the axes of a chart have their marks, and what stands beside them. The one place for charts that are drawn in
//! the window and for those that are written to files. Imports only its neighbours.

use chrono::{Datelike, NaiveDate};

use super::figures::{number_text, short_number, with_unit};
use super::instants::{day_and_clock, days_of, micros_of, to_calendar};

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

/// From where on marks stand at the beginnings of months.
const MONTHLY: f64 = 30.0 * DAY;

/// Beginnings of months from one time to another, at most five: each, or each second, third, sixth, twelfth.
fn months(low: f64, high: f64) -> Vec<f64> {
    let Some(first) = to_calendar(low as i64) else { return Vec::new() };
    let count = ((high - low) / MONTHLY).ceil().max(1.0);
    let every = [1.0, 2.0, 3.0, 6.0, 12.0].into_iter().find(|every| count / every <= 6.0);
    let every = every.unwrap_or_else(|| (count / 60.0).ceil() * 12.0) as i32;
    let month = first.year() * 12 + first.month0() as i32;
    let begin = |month: i32| {
        let day = NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, 1)?;
        micros_of(days_of(day)?).map(|at| at as f64)
    };
    let next = (month + every - 1).div_euclid(every) * every;
    let marks = (0..8).filter_map(|number| begin(next + number * every));
    marks.filter(|mark| (low..=high).contains(mark)).collect()
}

/// The marks of a time axis, on the steps of clock and calendar.
pub fn time_marks(low: f64, high: f64) -> Vec<f64> {
    if time_step(low, high) >= MONTHLY {
        return months(low, high);
    }
    let step = time_step(low, high);
    let first = (low / step).ceil();
    (0..6).map(|number| (first + f64::from(number)) * step).filter(|mark| *mark <= high).collect()
}

/// A time along the bottom: no more of it than tells the marks apart; a day has no clock.
pub fn time_text(at: f64, span: f64) -> String {
    let (day, clock) = day_and_clock(at as i64);
    match time_step(0.0, span) {
        step if step >= MONTHLY => {
            let year = to_calendar(at as i64).map_or(String::new(), |time| time.year().to_string());
            format!("{} {year}", day.split(' ').next_back().unwrap_or_default())
        }
        step if step >= DAY => day,
        _ if span > 0.7 * DAY => format!("{day} {clock}"),
        _ => clock,
    }
}

/// The marks of an axis of numbers from `low` to at least `high`, both of them covered: round numbers, four to six.
pub fn number_marks(low: f64, high: f64) -> Vec<f64> {
    // What is all of one height stands above zero.
    let (low, high) = if low == high { (low.min(0.0), high.max(0.0)) } else { (low, high) };
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
        assert_eq!(time_text(2.0 * DAY, 3.0 * DAY), "3 Jan", "marks are a day apart: none has a clock");
        assert_eq!(time_text(2.0 * DAY, 2.0 * DAY), "3 Jan 00:00", "marks are twelve hours apart");
    }

    #[test]
    fn months_are_marked_where_they_begin() {
        let at = |text: &str| crate::data::instants::parse_timestamp(text).unwrap() as f64;
        let (low, high) = (at("2025-12-01"), at("2026-03-01"));
        let told = |low: f64, high: f64| -> Vec<String> {
            time_marks(low, high).into_iter().map(|mark| time_text(mark, high - low)).collect()
        };
        assert_eq!(
            told(at("2025-11-20"), at("2026-05-10")),
            ["Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026", "Apr 2026", "May 2026"]
        );
        assert!(told(low, high).len() >= 2, "{:?}", told(low, high));
        assert!(told(at("2020-01-01"), at("2029-01-01")).iter().all(|mark| mark.starts_with("Jan ")));
    }
}
