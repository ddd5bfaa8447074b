//! Records of a table that are no rows, though they have its fields: units below the header, sums below the rows.
//! Imports nothing.

/// Units as instruments and exports write them below names, in small letters.
const UNITS: [&str; 62] = [
    "%", "‰", "°", "°c", "°f", "c", "k", "f", "ns", "us", "µs", "ms", "s", "sec", "min", "h", "d", "hz", "khz", "mhz",
    "ghz", "b", "byte", "bytes", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "bit", "bit/s", "kbit/s", "mbit/s",
    "b/s", "kb/s", "mb/s", "v", "mv", "a", "ma", "w", "kw", "kwh", "wh", "m", "mm", "cm", "km", "m/s", "km/h", "g",
    "kg", "pa", "hpa", "mbar", "bar", "rpm", "1/s", "req/s", "ops/s",
];

/// What the first field of a sum says, in small letters.
const SUMS: [&str; 12] = [
    "total",
    "totals",
    "total:",
    "grand total",
    "sum",
    "summe",
    "gesamt",
    "somme",
    "totale",
    "totaal",
    "total général",
    "suma",
];

/// Whether a text is a unit: a known one, or a short one in brackets.
fn is_unit(text: &str) -> bool {
    let inner = |open, close| text.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
    match inner('[', ']').or_else(|| inner('(', ')')) {
        Some(unit) => unit.len() <= 16 && unit.chars().any(|c| c.is_alphabetic() || "%‰°-".contains(c)),
        None => UNITS.contains(&text.to_lowercase().as_str()),
    }
}

/// Whether the fields of a record are units, or empty, and one at least is a unit of a column of numbers.
pub fn are_units<'a>(fields: impl Iterator<Item = &'a str>, is_number: impl Fn(usize) -> bool) -> bool {
    let mut has_number = false;
    for (place, field) in fields.enumerate().map(|(place, field)| (place, field.trim())) {
        if field.is_empty() || field == "-" {
            continue;
        }
        if !is_unit(field) {
            return false;
        }
        has_number |= is_number(place);
    }
    has_number
}

/// Whether the first field of a record says that it sums up others.
#[inline]
pub fn is_sum(first: &str) -> bool {
    let is_likely = matches!(first.as_bytes().first(), Some(b'T' | b't' | b'S' | b's' | b'G' | b'g'));
    is_likely && SUMS.contains(&first.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_sums_are_known() {
        let units = |fields: &[&str]| are_units(fields.iter().copied(), |place| place > 0);
        assert!(units(&["", "°C", "[bytes]"]) && units(&["-", "%", ""]));
        assert!(!units(&["ms", "", ""]) && !units(&["", "12", "ms"]) && !units(&["", "web1", "ms"]));
        assert!(is_sum("Total") && is_sum("Summe") && !is_sum("Tom") && !is_sum("12"));
    }
}
