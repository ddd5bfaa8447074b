//! The sources as a list for people: how much there is and of what time, what identifies a row, whose it is, and how
//! freely it may travel. Imports project and below; of this room catalogue, what it rests on, and planned.

pub(super) mod volume;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::catalogue::Catalogue;
use super::evidence::{ColumnEvidence, SourceEvidence};
use super::planned::drift;
use crate::data::{Classification, DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::model::Id;
use crate::project::Project;

const MICROSECONDS_A_DAY: f64 = 86_400e6;
/// A shorter time says nothing about a day: one hour, in microseconds.
const SHORTEST: i64 = 3_600_000_000;

/// What is known of one source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceFacts {
    pub source: Id,
    pub title: String,
    /// `at hand`, or why not: `asked`, `declared`, …; `unread` where its files cannot be read.
    pub state: String,
    pub format: String,
    /// Rows of the whole source, estimated where a part was looked at; 0: not known.
    pub rows: u64,
    /// Every row was looked at.
    pub is_exact: bool,
    /// Size of its files as they lie, compressed or not.
    pub bytes: u64,
    /// What one row is: the fewest columns that have another value in each row; empty: not known.
    pub grain: Vec<String>,
    /// When its rows are from, by the column that says so.
    pub span: Option<TimeSpan>,
    /// Id of the team, or a name.
    pub owner: String,
    pub stack: String,
    /// Teams that may see it; empty: all.
    pub access: Vec<String>,
    /// Places where some of its data must lie.
    pub residency: Vec<String>,
    /// Columns by how freely they may travel, as labelled, else as their meaning has it.
    pub classes: BTreeMap<Classification, Vec<String>>,
    /// The file that declares it, with its kind; empty: none.
    pub declared_by: String,
    /// How what is at hand differs from that.
    pub drift: Vec<Diagnostic>,
    /// Fields with a known meaning, and all.
    pub understood: usize,
    pub fields: usize,
}

/// First and last time of rows, and how many come a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeSpan {
    pub column: String,
    pub first: Value,
    pub last: Value,
    /// `None`: the span is too short to tell.
    pub rows_a_day: Option<f64>,
    pub bytes_a_day: Option<f64>,
}

/// All sources, in the catalogue's order.
pub fn source_facts(project: &Project, catalogue: &Catalogue) -> Vec<SourceFacts> {
    (0..catalogue.sources.len()).map(|number| facts_of(project, catalogue, number)).collect()
}

fn facts_of(project: &Project, catalogue: &Catalogue, number: usize) -> SourceFacts {
    let (evidence, meanings) = (&catalogue.sources[number], &catalogue.meanings[number]);
    let source = project.sources.get(&evidence.source);
    let planned = source.and_then(|source| source.planned.as_ref());
    let concept_of = |place: usize| {
        let meaning = meanings.columns.get(place)?.accepted()?;
        catalogue.vocabulary.concept(&meaning.concept)
    };
    let mut classes: BTreeMap<Classification, Vec<String>> = BTreeMap::new();
    for (place, column) in evidence.columns.iter().enumerate() {
        let class = column.classification.or(concept_of(place).map(|concept| concept.sensitivity));
        if let Some(class) = class {
            classes.entry(class).or_default().push(column.name.clone());
        }
    }
    let fields = source.and_then(|source| source.schema.as_ref()).map_or(&[][..], |schema| &schema.fields);
    let residency: BTreeSet<&String> = fields.iter().flat_map(|field| &field.labels.residency).collect();
    let declaration = source.and_then(|source| source.declaration.as_ref());
    SourceFacts {
        source: evidence.source.clone(),
        title: evidence.title.clone(),
        state: match planned {
            Some(planned) => planned.status.clone(),
            None if evidence.rows == 0 => "unread".to_owned(),
            None => "at hand".to_owned(),
        },
        format: evidence.format.clone(),
        rows: evidence.whole_rows(),
        is_exact: evidence.rows > 0 && evidence.whole_rows() == evidence.rows,
        bytes: evidence.bytes,
        grain: grain_of(catalogue, number, declaration.map_or(&[][..], |declaration| &declaration.keys)),
        span: span_of(catalogue, number),
        owner: evidence.owner.clone(),
        stack: evidence.stack.clone(),
        access: evidence.access.clone(),
        residency: residency.into_iter().cloned().collect(),
        classes,
        declared_by: declaration.map_or(String::new(), |one| format!("{} ({})", one.file, one.kind)),
        drift: source
            .filter(|_| declaration.is_some() && evidence.rows > 0)
            .map_or(Vec::new(), |one| drift(one, evidence)),
        understood: (0..evidence.columns.len()).filter(|place| concept_of(*place).is_some()).count(),
        fields: evidence.columns.len(),
    }
}

/// One column that identifies rows: one that other sources know too, then a text, then a number; else what is declared.
fn grain_of(catalogue: &Catalogue, number: usize, declared: &[Vec<String>]) -> Vec<String> {
    let evidence = &catalogue.sources[number];
    let is_key = |place: usize| {
        let meaning = catalogue.meanings[number].columns.get(place).and_then(|column| column.accepted());
        meaning.and_then(|meaning| catalogue.vocabulary.concept(&meaning.concept)).is_some_and(|concept| concept.key)
    };
    // Times and measures may all differ, and are still no name of a row.
    let rank = |place: usize, column: &ColumnEvidence| match column.data_type {
        _ if is_key(place) => Some(0),
        DataType::String => Some(1),
        DataType::Int => Some(2),
        _ => None,
    };
    let unique = evidence.columns.iter().enumerate().filter(|(_, column)| evidence.identifies_rows(column));
    // Of a single row every column is different: that says nothing.
    let unique = unique.filter(|_| evidence.rows != 1);
    let ranked = unique.filter_map(|(place, column)| Some((rank(place, column)?, place, column)));
    match ranked.min_by_key(|(rank, place, _)| (*rank, *place)) {
        Some((_, _, column)) => vec![column.name.clone()],
        None => declared.iter().filter(|_| evidence.rows == 0).min_by_key(|key| key.len()).cloned().unwrap_or_default(),
    }
}

/// The time of the rows: the column that means it, else the first with times.
fn span_of(catalogue: &Catalogue, number: usize) -> Option<TimeSpan> {
    let evidence = &catalogue.sources[number];
    let times = |column: &&ColumnEvidence| match (&column.min, &column.max) {
        (Value::Timestamp(first), Value::Timestamp(last)) => Some((*first, *last)),
        _ => None,
    };
    let with_times = || evidence.columns.iter().enumerate().filter(|(_, column)| times(column).is_some());
    let means_time = |place: usize| {
        let meaning = catalogue.meanings[number].columns.get(place).and_then(|column| column.accepted());
        meaning.is_some_and(|meaning| meaning.concept == "timestamp")
    };
    let (_, column) = with_times().find(|(place, _)| means_time(*place)).or_else(|| with_times().next())?;
    let (first, last) = times(&column)?;
    let long = last.checked_sub(first).filter(|long| *long >= SHORTEST);
    let days = long.map(|long| long as f64 / MICROSECONDS_A_DAY);
    Some(TimeSpan {
        column: column.name.clone(),
        first: column.min.clone(),
        last: column.max.clone(),
        rows_a_day: days.map(|days| evidence.whole_rows() as f64 / days),
        bytes_a_day: days.filter(|_| evidence.bytes > 0).map(|days| evidence.bytes as f64 / days),
    })
}

impl SourceEvidence {
    /// Rows of the whole source, estimated from the share of its bytes that was read.
    pub fn whole_rows(&self) -> u64 {
        match self.bytes_read {
            0 => self.rows,
            read if read >= self.bytes => self.rows,
            read => (self.rows as f64 * self.bytes as f64 / read as f64).round() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::Vocabulary;
    use crate::planner::testing::{shop_evidence, shop_sources};

    #[test]
    fn sources_are_told_with_grain_time_and_classes() {
        let project = shop_sources();
        let mut evidence = shop_evidence(&project);
        (evidence[0].bytes, evidence[0].bytes_read) = (2_000_000, 1_000_000);
        let time = evidence[0].columns.iter_mut().find(|column| column.name == "time").unwrap();
        (time.min, time.max) = (Value::Timestamp(0), Value::Timestamp(2 * 86_400_000_000));
        let facts = source_facts(&project, &Catalogue::new(Vocabulary::shipped(), evidence));
        let of = |id: &str| facts.iter().find(|one| one.source == id).unwrap();
        let access = of("src-access");
        assert_eq!((access.rows, access.is_exact, access.state.as_str()), (27_644, false, "at hand"));
        let span = access.span.as_ref().unwrap();
        assert_eq!((span.column.as_str(), span.rows_a_day, span.bytes_a_day), ("time", Some(13_822.0), Some(1e6)));
        assert!(access.grain.is_empty(), "an address and a page say nothing about a row");
        assert!(access.classes[&Classification::Personal].contains(&"client".to_owned()), "{:?}", access.classes);
        assert_eq!(
            (of("src-users").grain.as_slice(), of("src-services").grain.as_slice()),
            (&["user_id".to_owned()][..], &["name".to_owned()][..])
        );
        assert_eq!(of("src-users").span, None);
        assert!(access.understood > 8 && access.understood <= access.fields);
    }
}
