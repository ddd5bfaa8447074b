//! Numbers with units in everyday words, and the conditions that they and negations make. Imports data; of this room
//! vocabulary, phrases and the sentence.

use super::Only;
use super::phrases::Said;
use crate::data::DataType;
use crate::planner::vocabulary::Concept;

/// What a number is in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    Plain,
    Percent,
    /// So many seconds are one of it.
    Seconds(f64),
}

impl Unit {
    pub fn of(word: &str) -> Option<Unit> {
        match word {
            "%" | "percent" => Some(Unit::Percent),
            "ms" | "msec" | "millisecond" | "milliseconds" => Some(Unit::Seconds(0.001)),
            "s" | "sec" | "secs" | "second" | "seconds" => Some(Unit::Seconds(1.0)),
            "min" | "mins" | "minute" | "minutes" => Some(Unit::Seconds(60.0)),
            "h" | "hour" | "hours" => Some(Unit::Seconds(3600.0)),
            _ => None,
        }
    }
}

/// The condition that holds where another does not.
pub(super) fn negated(only: Only) -> Only {
    match only {
        Only::Errors => Only::Is { concept: "event.is_error".into(), value: "no".into() },
        Only::SlowerThan { seconds } => Only::Below { concept: "event.duration".into(), limit: seconds },
        Only::Above { concept, limit } => Only::Below { concept, limit },
        Only::Below { concept, limit } => Only::Above { concept, limit },
        Only::Is { concept, value } if value == "yes" => Only::Is { concept, value: "no".into() },
        Only::Is { concept, value } => Only::IsNot { concept, value },
        Only::IsNot { concept, value } => Only::Is { concept, value },
    }
}

/// `at least 400` is above 399 where numbers are whole; other numbers have no such neighbour.
pub(super) fn limited(said: Said, concept: &Concept, limit: f64) -> Option<Only> {
    let id = concept.id.clone();
    Some(match said {
        Said::Below => Only::Below { concept: id, limit },
        Said::AtLeast if concept.data_type == DataType::Int => Only::Above { concept: id, limit: limit - 1.0 },
        Said::AtLeast => return None,
        _ if id == "event.duration" => Only::SlowerThan { seconds: limit },
        _ => Only::Above { concept: id, limit },
    })
}
