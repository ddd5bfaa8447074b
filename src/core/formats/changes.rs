//! What became of values whose rows went on: the one place that counts them, of sources and of steps, and the words in
//! which every summary tells it. Imports how numbers are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::figures::grouped;

/// Values that are not as they were, by column; of wanted columns only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// Could not be read as their column's type and are null therefore, whole or in part.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unfit: BTreeMap<String, u64>,
    /// Whole numbers that a Float column holds only as a neighbour.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rounded: BTreeMap<String, u64>,
    /// Times and durations whose fraction of a microsecond was cut off.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cut: BTreeMap<String, u64>,
    /// Numbers whose fraction an Int column does not hold.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fractions: BTreeMap<String, u64>,
    /// Times whose clock a Date column does not hold.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub clocks: BTreeMap<String, u64>,
    /// Given again in the same row: only the last one is kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub repeated: BTreeMap<String, u64>,
    /// Records with names that their type does not have: those are left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub undeclared: BTreeMap<String, u64>,
    /// Texts with half of a surrogate pair, which is no character and was replaced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub halved: BTreeMap<String, u64>,
    /// Texts that have more pieces than there are columns for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub surplus: BTreeMap<String, u64>,
    /// Texts such as `007` that a column of numbers holds as `7`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub zeros: BTreeMap<String, u64>,
    /// Results that no value of their type is, and are null therefore: sums out of range, divisions by zero.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub beyond: BTreeMap<String, u64>,
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Unfit,
    Rounded,
    Cut,
    Fraction,
    Clock,
    Repeated,
    Undeclared,
    Halved,
    Surplus,
    Zeros,
    Beyond,
}

/// Kinds of change that one value met, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeSet(u16);

impl From<Change> for ChangeSet {
    fn from(change: Change) -> Self {
        let mut set = ChangeSet::default();
        set.insert(change);
        set
    }
}

impl ChangeSet {
    pub fn insert(&mut self, change: Change) {
        self.0 |= 1 << change as u16;
    }

    pub fn insert_if(&mut self, is_so: bool, change: Change) {
        self.0 |= u16::from(is_so) << change as u16;
    }

    pub fn without(self, change: Change) -> ChangeSet {
        ChangeSet(self.0 & !(1 << change as u16))
    }

    pub fn has(self, change: Change) -> bool {
        self.0 & 1 << change as u16 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order in which they are told.
    pub fn iter(self) -> impl Iterator<Item = Change> {
        Change::ALL.into_iter().filter(move |change| self.has(*change))
    }
}

/// Columns that are named in a message.
const NAMED: usize = 8;

impl Change {
    /// In the order in which they are told.
    pub const ALL: [Change; 11] = [
        Change::Unfit,
        Change::Rounded,
        Change::Cut,
        Change::Fraction,
        Change::Clock,
        Change::Repeated,
        Change::Undeclared,
        Change::Halved,
        Change::Surplus,
        Change::Zeros,
        Change::Beyond,
    ];

    fn words(self) -> &'static str {
        match self {
            Change::Unfit => "values that do not fit the type of their column became null",
            Change::Rounded => {
                "whole numbers beyond what a Float holds were rounded, so that different ones may be the same now"
            }
            Change::Cut => "times and durations finer than a microsecond were cut off",
            Change::Fraction => "fractions of numbers were cut off, since an Int has none",
            Change::Clock => "clocks of times were cut off, since a Date has none",
            Change::Repeated => "values given twice in a row were left out for the last one",
            Change::Undeclared => "records have names that their type does not, which were left out",
            Change::Halved => "texts have half of a surrogate pair, which is no character: replaced with U+FFFD",
            Change::Surplus => "texts have more pieces than columns, and lost the further ones",
            Change::Zeros => {
                "texts such as 007 became numbers without their zeros in front, so that different ones may be the same now"
            }
            Change::Beyond => "results beyond the range of their type, or of a division by zero, are null",
        }
    }
}

impl Changes {
    pub fn of(&self, change: Change) -> &BTreeMap<String, u64> {
        match change {
            Change::Unfit => &self.unfit,
            Change::Rounded => &self.rounded,
            Change::Cut => &self.cut,
            Change::Fraction => &self.fractions,
            Change::Clock => &self.clocks,
            Change::Repeated => &self.repeated,
            Change::Undeclared => &self.undeclared,
            Change::Halved => &self.halved,
            Change::Surplus => &self.surplus,
            Change::Zeros => &self.zeros,
            Change::Beyond => &self.beyond,
        }
    }

    /// Counts values of a column.
    pub fn note(&mut self, change: Change, column: &str, count: u64) {
        let counts = match change {
            Change::Unfit => &mut self.unfit,
            Change::Rounded => &mut self.rounded,
            Change::Cut => &mut self.cut,
            Change::Fraction => &mut self.fractions,
            Change::Clock => &mut self.clocks,
            Change::Repeated => &mut self.repeated,
            Change::Undeclared => &mut self.undeclared,
            Change::Halved => &mut self.halved,
            Change::Surplus => &mut self.surplus,
            Change::Zeros => &mut self.zeros,
            Change::Beyond => &mut self.beyond,
        };
        if count > 0 {
            *counts.entry(column.to_owned()).or_default() += count;
        }
    }

    pub fn add(&mut self, other: &Changes) {
        for change in Change::ALL {
            other.of(change).iter().for_each(|(column, count)| self.note(change, column, *count));
        }
    }

    /// Those of columns that `is_there`.
    pub fn of_columns(&self, is_there: impl Fn(&str) -> bool) -> Changes {
        let mut kept = Changes::default();
        for change in Change::ALL {
            let columns = self.of(change).iter().filter(|(column, _)| is_there(column));
            columns.for_each(|(column, count)| kept.note(change, column, *count));
        }
        kept
    }

    /// The same, told of other columns.
    pub fn renamed(&self, names: impl Fn(&str) -> Vec<String>) -> Changes {
        let mut told = Changes::default();
        for change in Change::ALL {
            let all = self
                .of(change)
                .iter()
                .flat_map(|(column, count)| names(column).into_iter().map(move |name| (name, *count)));
            all.for_each(|(column, count)| told.note(change, &column, count));
        }
        told
    }

    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// All values that are not as they were.
    pub fn count(&self) -> u64 {
        Change::ALL.iter().flat_map(|change| self.of(*change).values()).sum()
    }

    /// How many of which columns: `3 of `a`, 1 of `b``; `None`: of none.
    pub fn columns(&self, change: Change) -> Option<String> {
        let counts = self.of(change);
        (!counts.is_empty()).then(|| by_column(counts))
    }

    /// In words; `None` where every value is as it was.
    pub fn told(&self) -> Option<String> {
        let told = Change::ALL.iter().filter(|change| !self.of(**change).is_empty());
        let parts: Vec<String> =
            told.map(|change| format!("{}: {}", change.words(), by_column(self.of(*change)))).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// Characters of a name in a message: keys of a source may be of any length.
const NAME_LENGTH: usize = 80;

/// `3 of `a`, 1 of `b``.
pub(super) fn by_column(counts: &BTreeMap<String, u64>) -> String {
    let named = |(column, count): (&String, &u64)| {
        let name: String = column.chars().take(NAME_LENGTH).collect();
        let more = if name.len() < column.len() { "…" } else { "" };
        format!("{} of `{name}{more}`", grouped(*count))
    };
    let columns: Vec<String> = counts.iter().map(named).take(NAMED).collect();
    let more = counts.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and of {more} more columns") } else { String::new() };
    format!("{}{more}", columns.join(", "))
}
