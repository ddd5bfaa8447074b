//! How a column of one type serves a concept of another. Imports data and expr; of this room evidence, vocabulary.

use crate::data::{DataType, Value};
use crate::planner::evidence::ColumnEvidence;
use crate::planner::vocabulary::Concept;

/// An expression that gives a column's values in a concept's type.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conversion {
    pub expression: String,
    /// Like a rule's: 0 nothing is done, 1 exact, more: something is lost.
    pub cost: u32,
    /// What is done; empty: nothing.
    pub note: String,
}

/// `None`: no value of the column can be of the concept's type.
pub(super) fn convert(column: &ColumnEvidence, concept: &Concept) -> Option<Conversion> {
    let from = &column.expression;
    let made = |expression: String, cost: u32, note: &str| Some(Conversion { expression, cost, note: note.to_owned() });
    if column.data_type.fits(&concept.data_type) {
        return made(from.clone(), 0, "");
    }
    match (&column.data_type, &concept.data_type) {
        (DataType::Float, DataType::Int) => made(format!("try_cast({from} as int)"), 1, "whole numbers are taken"),
        (DataType::Int | DataType::Float, DataType::Timestamp) => {
            let (unit, _) = epoch_unit(column)?;
            made(format!("from_epoch({from}, '{unit}')"), 1, &format!("the number counts {unit} since 1970"))
        }
        (DataType::Int | DataType::Boolean, DataType::String) => {
            made(format!("try_cast({from} as string)"), 1, "numbers are taken as text")
        }
        (DataType::Int, DataType::Boolean) if is_flag(column) => made(format!("{from} <> 0"), 1, "0 means no"),
        (DataType::Duration, DataType::Float) => match concept.unit.as_str() {
            "s" => made(format!("seconds({from})"), 0, ""),
            "ms" => made(format!("milliseconds({from})"), 0, ""),
            _ => None,
        },
        (DataType::Date, DataType::Timestamp) => {
            made(format!("try_cast({from} as timestamp)"), 6, "only the day is known, not the time")
        }
        (DataType::Timestamp, DataType::Date) => made(format!("try_cast({from} as date)"), 1, "days are those of UTC"),
        (DataType::String, DataType::Int | DataType::Float)
            if all_texts(column, |text| text.parse::<f64>().is_ok()) =>
        {
            let to = if concept.data_type == DataType::Int { "int" } else { "float" };
            made(format!("try_cast({from} as {to})"), 2, "the text is read as a number")
        }
        (DataType::String, DataType::Timestamp) if all_texts(column, is_iso_time) => {
            made(format!("try_cast({from} as timestamp)"), 2, "the text is read as a time")
        }
        (DataType::String, DataType::Date) if all_texts(column, is_iso_time) => {
            made(format!("try_cast({from} as date)"), 2, "the text is read as a day")
        }
        (DataType::String, DataType::Boolean) if all_texts(column, is_truth) => {
            made(format!("try_cast({from} as boolean)"), 2, "the text is read as yes or no")
        }
        _ => None,
    }
}

/// The unit in which a number that is a time counts, told by its size, and how far it is from seconds.
fn epoch_unit(column: &ColumnEvidence) -> Option<(&'static str, f64)> {
    let number = match (&column.min, &column.max) {
        (_, Value::Int(number)) => *number as f64,
        (_, Value::Float(number)) => *number,
        _ => return None,
    };
    // From 2001 to 2128, in each unit.
    const UNITS: [(&str, f64); 4] =
        [("seconds", 1.0), ("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9)];
    UNITS.into_iter().find(|(_, scale)| (1e9..5e9).contains(&(number / scale)))
}

fn is_flag(column: &ColumnEvidence) -> bool {
    column.values().next().is_some() && column.values().all(|value| matches!(value, Value::Int(0 | 1)))
}

/// Whether there are texts, and all are so.
fn all_texts(column: &ColumnEvidence, test: impl Fn(&str) -> bool) -> bool {
    let mut texts = column.values().filter_map(|value| match value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    });
    texts.next().is_some_and(&test) && texts.all(&test)
}

fn is_iso_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn is_truth(text: &str) -> bool {
    ["true", "false"].contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::Vocabulary;

    fn converted(data_type: DataType, values: Vec<Value>, concept: &str) -> Option<String> {
        let vocabulary = Vocabulary::shipped();
        let mut column = ColumnEvidence::new("c", data_type);
        column.max = values.last().cloned().unwrap_or(Value::Null);
        column.samples = values;
        convert(&column, vocabulary.concept(concept)?).map(|conversion| conversion.expression)
    }

    #[test]
    fn columns_serve_concepts_of_other_types() {
        let int = |number| vec![Value::Int(number)];
        let text = |text| vec![Value::text(text)];
        for (data_type, values, concept, wanted) in [
            (DataType::Int, int(7), "event.duration", Some("c")),
            (DataType::Int, int(1_772_460_131_000), "timestamp", Some("from_epoch(c, 'milliseconds')")),
            (DataType::Int, int(12), "timestamp", None),
            (DataType::String, text("2026-03-02 10:00:00"), "timestamp", Some("try_cast(c as timestamp)")),
            (DataType::String, text("yesterday"), "timestamp", None),
            (DataType::String, text("404"), "http.response.status_code", Some("try_cast(c as int)")),
            (DataType::String, text("ok"), "http.response.status_code", None),
            (DataType::Int, int(17), "user.id", Some("try_cast(c as string)")),
            (DataType::Int, int(1), "event.is_error", Some("c <> 0")),
            (DataType::Int, int(3), "event.is_error", None),
            (DataType::Duration, vec![], "event.duration", Some("seconds(c)")),
            (DataType::Timestamp, vec![], "event.duration", None),
        ] {
            assert_eq!(converted(data_type.clone(), values, concept).as_deref(), wanted, "{data_type} {concept}");
            if let Some(expression) = wanted {
                let vocabulary = Vocabulary::shipped();
                let schema = crate::data::Schema::of([("c", data_type)]);
                let expr = crate::expr::parse(expression).unwrap();
                let scope = crate::expr::Scope {
                    schema: &schema,
                    parameters: &Default::default(),
                    place: crate::expr::Place::Row,
                };
                let found = crate::expr::check(&expr, &scope).unwrap();
                assert!(found.fits(&vocabulary.concept(concept).unwrap().data_type), "{expression}");
            }
        }
    }
}
