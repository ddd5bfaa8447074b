//! The chart that somebody picked for some rows, as an Answer keeps it. Imports the project; draws nothing.

use serde::{Deserialize, Serialize};

use crate::project::Step;

/// How rows are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsChartKind {
    /// Over time.
    Lines,
    Bars,
    /// How many rows there are in each of equal ranges, of numbers or of time.
    Histogram,
    /// Two columns against each other.
    HeatMap,
}

impl RowsChartKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Bars => "bars",
            Self::Histogram => "histogram",
            Self::HeatMap => "heat map",
        }
    }
}

/// What is drawn of some rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RowsChart {
    /// How; `None`, or where `x` cannot be drawn so: as suits the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<RowsChartKind>,
    /// A time: lines over time; a number with many values: a histogram; else a bar for each of its values.
    pub x: String,
    /// The numbers that are added up in each bar, averaged at each point of a line; `None`: rows are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Over time a line for each value of this column; else a heat map of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl RowsChart {
    /// The chart that a step keeps in its settings.
    pub fn kept_by(step: &Step) -> Option<RowsChart> {
        let kept = step.settings.get("chart").filter(|kept| kept.as_object().is_some_and(|kept| !kept.is_empty()))?;
        serde_json::from_value(kept.clone()).ok()
    }

    /// `bars: users along hour`.
    pub fn in_words(&self) -> String {
        let kind = self.kind.map_or(String::new(), |kind| format!("{}: ", kind.name()));
        let by = self.by.as_ref().map_or(String::new(), |by| format!(", for each `{by}`"));
        let of = self.y.as_ref().map_or("rows".to_owned(), |y| format!("`{y}`"));
        format!("{kind}{of} along `{}`{by}", self.x)
    }
}
