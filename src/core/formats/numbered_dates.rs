//! Columns of dates that are numbers alone, and whether their values tell which number is the day. Must not import single
//! formats.

use std::sync::LazyLock;

use regex::Regex;

use super::scan::{sample_texts, trial};
use super::spec::DATES;
use super::{FormatSpec, Parser, Sample};
use crate::data::day_order::DayOrder;
use crate::data::instants::orders_of;
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;

/// Columns of dates that are numbers alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedDates {
    pub columns: Vec<String>,
    /// Which number is the day, as one value at least tells; `None`: day and month can be exchanged in all.
    pub order: Option<DayOrder>,
    /// A value that tells, or one of the others.
    pub example: String,
}

/// Whether a sample holds such a date anywhere: most files do not, and need no second look.
pub fn may_have_numbered_dates(sample: &Sample) -> bool {
    static LOOK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?-u:\b)[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}(?-u:\b)").ok());
    LOOK.as_ref().is_some_and(|look| sample_texts(sample).any(|text| look.is_match(text)))
}

/// The columns of text that hold nothing but such dates, as a sample shows them. Values of one file are written the same
/// way: one that tells the order tells it of all. None where two contradict each other.
pub fn numbered_dates(parser: &dyn Parser, sample: &Sample) -> Option<NumberedDates> {
    let rows = trial(parser, sample).1.rows;
    let mut found = NumberedDates { columns: Vec::new(), order: None, example: String::new() };
    let texts = parser.schema().fields.iter().enumerate().filter(|(_, field)| field.data_type == DataType::String);
    for (column, field) in texts {
        let values = rows.iter().filter_map(|(_, row)| match row.get(column) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        });
        let Some((order, telling)) = order_of_dates(values) else { continue };
        match (found.order, order) {
            (Some(known), Some(other)) if known != other => return None,
            (None, Some(order)) => (found.order, found.example) = (Some(order), telling.to_owned()),
            _ if found.example.is_empty() => found.example = telling.to_owned(),
            _ => {}
        }
        found.columns.push(field.name.clone());
    }
    (!found.columns.is_empty()).then_some(found)
}

/// Which number is the day in texts that are all such dates, and one of them: one that tells it, or else any. `None`:
/// they are no such dates, or contradict each other.
pub fn order_of_dates<'a>(texts: impl Iterator<Item = &'a str>) -> Option<(Option<DayOrder>, &'a str)> {
    let mut orders = (true, true);
    let mut telling = None;
    for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
        let (day, month) = orders_of(text);
        orders = (orders.0 && day, orders.1 && month);
        if day != month || telling.is_none() {
            telling = Some(text);
        }
        if orders == (false, false) {
            return None;
        }
    }
    let order = match orders {
        (true, true) => None,
        (true, false) => Some(DayOrder::DayFirst),
        (false, _) => Some(DayOrder::MonthFirst),
    };
    Some((order, telling?))
}

impl NumberedDates {
    fn names(&self) -> String {
        let names: Vec<String> = self.columns.iter().take(3).map(|name| format!("`{name}`")).collect();
        let more = if self.columns.len() > 3 { ", …" } else { "" };
        format!("{}{more}", names.join(", "))
    }

    /// Sets the option of a format as the values tell; gives why.
    pub fn settle(&self, spec: &mut FormatSpec) -> Option<String> {
        let (value, which) = match self.order? {
            DayOrder::DayFirst => ("day", "first"),
            DayOrder::MonthFirst => ("month", "second"),
        };
        spec.options.insert(DATES.name.to_owned(), value.to_owned());
        Some(format!("the day is the {which} number in {}: {}", self.names(), self.example))
    }

    /// What is to be told where no value tells.
    pub fn doubt(&self) -> Option<Diagnostic> {
        if self.order.is_some() {
            return None;
        }
        let message = format!(
            "day and month can be exchanged in {}, which stays text: no value such as {} tells which is which",
            self.names(),
            self.example
        );
        let help = "set the option `dates` to `day` where the first number is the day, or to `month`";
        Some(Diagnostic::warning("PW1127", message).help(help).field(DATES.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{prepare, read_with};

    fn found(spec: &FormatSpec, text: &str) -> Option<NumberedDates> {
        numbered_dates(prepare(spec, None, text).as_ref(), &Sample::whole("a", text))
    }

    #[test]
    fn one_value_tells_the_order_of_all() {
        let csv = FormatSpec::new("csv");
        let text = "at,due,n\n03/04/2026 10:00,01/02/2026,1\n05/06/2026 9:30,31/01/2026,2\n";
        let dates = found(&csv, text).unwrap();
        assert_eq!((dates.order, dates.columns.join(" ")), (Some(DayOrder::DayFirst), "at due".to_owned()));
        assert_eq!(dates.doubt(), None);
        let mut spec = csv.clone();
        assert_eq!(dates.settle(&mut spec).unwrap(), "the day is the first number in `at`, `due`: 31/01/2026");
        let _times = spec.times();
        let reading = read_with(prepare(&spec, None, text).as_ref(), &[text]);
        assert_eq!(reading.columns(), ["at Timestamp", "due Date", "n Int"]);
        assert_eq!(reading.json()[1], r#"["2026-06-05T09:30:00Z","2026-01-31",2]"#);
    }

    #[test]
    fn where_no_value_tells_there_is_a_doubt() {
        let text = "{\"day\":\"03/04/2026\",\"x\":\"a\"}\n{\"day\":\"12/11/2026\",\"x\":\"3/4/2026\"}\n";
        let dates = found(&FormatSpec::new("json_lines"), text).unwrap();
        let doubt = dates.doubt().unwrap();
        assert_eq!((doubt.code.as_str(), dates.columns.join(" ")), ("PW1127", "day".to_owned()));
        assert!(doubt.message.contains("`day`") && doubt.message.contains("03/04/2026"), "{doubt}");
        assert_eq!(dates.settle(&mut FormatSpec::new("json_lines")), None);
    }

    #[test]
    fn what_contradicts_itself_or_is_no_date_is_left_alone() {
        let csv = FormatSpec::new("csv");
        for text in [
            "a,b\n13/01/2026,01/13/2026\n14/01/2026,01/14/2026\n",
            "a,b\n13/01/2026,x\n01/13/2026,y\n",
            "a,b\n13/13/2026,x\n1/1/2026,y\n",
            "a,b\nsince 13/01/2026,2026-01-13\nx,2026-01-14\n",
        ] {
            assert_eq!(found(&csv, text), None, "{text}");
        }
    }
}
