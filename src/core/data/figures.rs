//! Numbers as people read them: `1,904`, `0.393`, `12.4 k`, `54.5 s`. The one place that decides how many digits a text,
//! a card, a tile or a chart shows. Imports nothing.

/// `1,904`: whole, with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `1,904 rows`.
pub fn counted(number: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// `412 k`, `12.4 k`, `1.2 M`: short enough for a wire or an axis; exact below ten thousand.
pub fn short_count(number: u64) -> String {
    match number {
        0..=9_999 => grouped(number),
        _ => shortened(number as f64),
    }
}

/// Three digits with a letter for the thousands.
fn shortened(value: f64) -> String {
    let (value, letter) = match value.abs() {
        size if size < 999_500.0 => (value / 1e3, "k"),
        size if size < 999.5e6 => (value / 1e6, "M"),
        size if size < 999.5e9 => (value / 1e9, "G"),
        _ => (value / 1e12, "T"),
    };
    let text = if value.abs() < 99.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    format!("{} {letter}", text.trim_end_matches(".0"))
}

/// `1,904`, `0.393`, `54.5`, `0.00012`: a value as answers show it. Whole numbers are exact; of others three digits are
/// told, or one behind the point.
pub fn number_text(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    if value.fract() == 0.0 && size < 1e15 {
        return format!("{sign}{}", grouped(size as u64));
    }
    if size >= 999.95 {
        return if size < 1e15 { format!("{sign}{}", grouped(size.round() as u64)) } else { format!("{value:e}") };
    }
    if size < 1e-6 {
        return format!("{value:.2e}");
    }
    // Digits behind the point, so that three of the number are seen: of those from ten on one.
    let first = size.log10().floor() as i32;
    let behind = match first {
        1.. => 1,
        _ => usize::try_from(2 - first).unwrap_or(3),
    };
    let text = format!("{size:.behind$}");
    format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A number in a table: as it is where that is short, else six digits of it.
pub fn cell_number(value: f64) -> String {
    const SHORT: usize = 9;
    let exact = value.to_string();
    let size = value.abs();
    if exact.len() <= SHORT || !value.is_finite() || !(1e-4..1e15).contains(&size) {
        return if exact.len() <= 2 * SHORT { exact } else { format!("{value:.5e}") };
    }
    let behind = usize::try_from(5 - size.log10().floor() as i32).unwrap_or(0);
    let text = format!("{value:.behind$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// As `number_text`, and shorter from ten thousand on: for axes, bars and tiles.
pub fn short_number(value: f64) -> String {
    if value.is_finite() && (9_999.5..1e15).contains(&value.abs()) { shortened(value) } else { number_text(value) }
}

/// A number with its unit: `54.5 s`, `39.3 %`, `12 ms`, `3,410 B`. Shares are told in per cent, spans and sizes in what
/// suits them.
pub fn with_unit(value: f64, unit: &str) -> String {
    let size = value.abs();
    if let Some((unit, one)) = span_unit(value, unit) {
        return format!("{} {unit}", number_text(value / one));
    }
    match unit {
        "" => number_text(value),
        "B" | "By" | "byte" | "bytes" if size >= 1e3 => format!("{}B", shortened(value)),
        "B" | "By" | "byte" | "bytes" => format!("{} B", number_text(value)),
        "share" => format!("{} %", number_text(value * 100.0)),
        MONEY => money(value),
        _ => format!("{} {unit}", number_text(value)),
    }
}

/// The unit that a span of time is told in, and how many of its own unit one of it is; `None`: its own unit suits it.
pub fn span_unit(value: f64, unit: &str) -> Option<(&'static str, f64)> {
    let size = value.abs();
    match unit {
        "s" if size > 0.0 && size < 1e-3 => Some(("µs", 1e-6)),
        "s" if size > 0.0 && size < 0.1 => Some(("ms", 1e-3)),
        "s" if size >= 2.0 * 86_400.0 => Some(("days", 86_400.0)),
        "s" if size >= 3.0 * 3600.0 => Some(("h", 3600.0)),
        "s" if size >= 180.0 => Some(("min", 60.0)),
        "ms" if size >= 1e3 => Some(span_unit(value / 1e3, "s").map_or(("s", 1e3), |(unit, one)| (unit, one * 1e3))),
        "us" | "µs" if size >= 1e3 => {
            Some(span_unit(value / 1e3, "ms").map_or(("ms", 1e3), |(unit, one)| (unit, one * 1e3)))
        }
        _ => None,
    }
}

/// Amounts of money whose currency is not known.
pub const MONEY: &str = "money";

/// `3,029.50`.
fn money(value: f64) -> String {
    let cents = (value.abs() * 100.0).round();
    if cents >= 1e15 {
        return number_text(value);
    }
    let cents = cents as u64;
    format!("{}{}.{:02}", if value < 0.0 { "-" } else { "" }, grouped(cents / 100), cents % 100)
}

/// As `percent`, of measured values.
pub fn percent_of(part: f64, whole: f64) -> String {
    const ALL: f64 = 1e6;
    let share = (part / whole * ALL).round();
    match share {
        _ if part == whole => percent(1, 1),
        share if !share.is_finite() || part <= 0.0 => percent(0, 1),
        share => percent(share.clamp(1.0, ALL - 1.0) as u64, ALL as u64),
    }
}

/// `2.3 %`; `0 %` and `100 %` only where they are exact.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".into();
    }
    if part == whole {
        return "100 %".into();
    }
    let share = part as f64 / whole as f64 * 100.0;
    match share {
        share if share < 0.1 => "< 0.1 %".into(),
        share if share < 10.0 => format!("{share:.1} %"),
        share if share > 99.5 => "> 99 %".into(),
        share => format!("{share:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_people_read_them() {
        let shown = [
            (0.393_449_999_999_999_97, "0.393"),
            (54.5, "54.5"),
            (54.46, "54.5"),
            (1904.0, "1,904"),
            (-1904.0, "-1,904"),
            (1904.26, "1,904"),
            (999.96, "1,000"),
            (2.34159, "2.34"),
            (0.000_123_4, "0.000123"),
            (0.5, "0.5"),
            (0.1 + 0.2, "0.3"),
            (-0.25, "-0.25"),
            (0.0, "0"),
            (1e-9, "1.00e-9"),
            (12_345_678.9, "12,345,679"),
        ];
        for (value, text) in shown {
            assert_eq!(number_text(value), text, "{value}");
        }
        let short = [(12_400.0, "12.4 k"), (9_999.0, "9,999"), (412_345.0, "412 k"), (1.25e6, "1.2 M"), (0.4, "0.4")];
        for (value, text) in short {
            assert_eq!(short_number(value), text, "{value}");
        }
        assert_eq!((short_count(9_300), short_count(999_700)), ("9,300".into(), "1 M".into()));
    }

    #[test]
    fn numbers_in_tables_are_short_and_say_no_more_than_they_know() {
        let shown = [
            (0.393_449_999_999_999_97, "0.39345"),
            (0.1 + 0.2, "0.3"),
            (54.46, "54.46"),
            (12_345.678_901, "12345.7"),
            (1_234_567.891_234, "1234568"),
            (3.0, "3"),
            (1e300, "1.00000e300"),
        ];
        for (value, text) in shown {
            assert_eq!(cell_number(value), text, "{value}");
        }
    }

    #[test]
    fn units_suit_their_numbers() {
        let shown = [
            (54.5, "s", "54.5 s"),
            (0.0123, "s", "12.3 ms"),
            (0.4, "s", "0.4 s"),
            (5400.0, "s", "90 min"),
            (54_500.0, "ms", "54.5 s"),
            (0.393_45, "share", "39.3 %"),
            (3_410.0, "B", "3.4 kB"),
            (12.0, "B", "12 B"),
            (21.0, "users", "21 users"),
            (3_029.5, MONEY, "3,029.50"),
            (-957.641, MONEY, "-957.64"),
        ];
        for (value, unit, text) in shown {
            assert_eq!(with_unit(value, unit), text);
        }
    }

    #[test]
    fn a_part_of_a_measure_is_told_in_per_cent() {
        let told = [(507e6, 642e6), (0.0, 5.0), (5.0, 5.0), (1e-9, 1.0)].map(|(part, whole)| percent_of(part, whole));
        assert_eq!(told, ["79 %", "0 %", "100 %", "< 0.1 %"]);
    }

    #[test]
    fn a_share_is_zero_or_whole_only_where_it_is() {
        assert_eq!((percent(16, 100_000), percent(99_999, 100_000)), ("< 0.1 %".into(), "> 99 %".into()));
        assert_eq!((percent(0, 5), percent(5, 5), percent(1, 43)), ("0 %".into(), "100 %".into(), "2.3 %".into()));
    }
}
