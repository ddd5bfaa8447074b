//! All sources with their meanings, made ready for planning: which concepts each gives by itself, by rules, and
//! through joins that multiply no row. Imports data; of this room everything up to meanings.

pub(super) mod bits;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::evidence::SourceEvidence;
use super::meanings::{Meaning, SourceMeanings, meanings};
use super::vocabulary::values::text_of;
use super::vocabulary::{ConceptNo, Vocabulary};
use crate::data::{Classification, DataType, Value};
use crate::model::Id;
use crate::policy::InForce;
use bits::BitSet;

/// Price of opening a source, of a lookup, of a join in time, of moving rows to another stack. A rule costs 0 to 15.
pub(super) const SOURCE_COST: u32 = 10;
const PLANNED_COST: u32 = 15;
const LOOKUP_COST: u32 = 6;
const NEAREST_COST: u32 = 8;
const MOVE_COST: u32 = 3;
/// Price of rows that are older than those of other sources, at most; it grows by one as the days double.
const STALE_COST: u32 = 6;
const DAY: i64 = 86_400_000_000;

/// From this share of missing values on an answer is partial.
pub(super) const PARTIAL_FROM: f64 = 0.2;

/// By question and source: why a flow gives no answer where it is run, though the fields are there.
pub type Tried = BTreeMap<(Id, Id), String>;

/// Why a flow that leaves no row gives no answer, whatever its columns are made of.
pub(super) const NO_ROW: &str = "no row of the sample is left";

/// Sources, what their fields mean, and what can be made of them.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub vocabulary: Arc<Vocabulary>,
    pub sources: Vec<SourceEvidence>,
    pub meanings: Vec<SourceMeanings>,
    /// The rules on what may be shown to whom (`under`).
    pub policy: InForce,
    /// Joins that were not taken into account, with the reason.
    pub refused: Vec<RefusedJoin>,
    /// What came of the flows that were run on samples.
    pub tried: Tried,
    pub(super) fields: Vec<Vec<CatalogueField>>,
    pub(super) joins: Vec<CatalogueJoin>,
    /// By source: the rules for which its values speak.
    pub(super) rules_on: Vec<BitSet>,
    /// By source: concepts of its fields; what rules make of them; what joins add.
    pub(super) direct: Vec<BitSet>,
    pub(super) closed: Vec<BitSet>,
    pub(super) reach: Vec<BitSet>,
    /// The same from the fields that have a value in most rows: what rules make of them, what joins add.
    pub(super) solid: Vec<BitSet>,
    pub(super) solid_reach: Vec<BitSet>,
    /// By concept: rules that give it, joins that bring it.
    pub(super) rules_for: Vec<Vec<usize>>,
    pub(super) joins_for: Vec<Vec<usize>>,
    /// By source: how many days its newest row is older than the newest of all.
    lags: Vec<u32>,
    bundles: Vec<(Vec<ConceptNo>, BitSet)>,
}

/// A field that carries a concept.
#[derive(Debug, Clone)]
pub(super) struct CatalogueField {
    /// Number of the column in the source.
    pub column: usize,
    /// Number of the candidate among the column's meanings.
    pub concept: ConceptNo,
    pub cost: u32,
    /// The column's values in the concept's type.
    pub expression: String,
    /// Whether some of the values are empty texts.
    pub has_empty: bool,
}

impl CatalogueField {
    /// Its values as `expression` reaches them: an empty text names nobody.
    pub fn said(&self, expression: &str) -> String {
        match self.has_empty {
            true => format!("nullif({expression}, '')"),
            false => expression.to_owned(),
        }
    }
}

/// How rows of another source come beside those at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinWay {
    /// Its key identifies its rows. Number of the key's field.
    Lookup { key: usize },
    /// What held at the time. Numbers of the fields of the time and of the key.
    Nearest { time: usize, key: Option<usize> },
}

/// A source that can be joined.
#[derive(Debug, Clone)]
pub(super) struct CatalogueJoin {
    pub source: usize,
    pub way: JoinWay,
    /// What must be known beforehand.
    pub needs: Arc<[ConceptNo]>,
    /// Numbers of the fields that come along.
    pub gives: Vec<usize>,
    pub cost: u32,
}

/// A join that would multiply rows, or of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedJoin {
    /// Number of the source.
    pub source: usize,
    pub column: String,
    pub concept: String,
    pub reason: String,
}

impl Catalogue {
    /// Looks at all sources together.
    pub fn new(vocabulary: Arc<Vocabulary>, sources: Vec<SourceEvidence>) -> Self {
        let meanings = meanings(&vocabulary, &sources);
        Self::with_meanings(vocabulary, sources, meanings)
    }

    /// For meanings that were worked out before.
    pub fn with_meanings(
        vocabulary: Arc<Vocabulary>,
        sources: Vec<SourceEvidence>,
        meanings: Vec<SourceMeanings>,
    ) -> Self {
        let concepts = vocabulary.concepts().len();
        let mut catalogue = Catalogue {
            policy: InForce::default(),
            refused: Vec::new(),
            tried: Tried::new(),
            fields: Vec::new(),
            joins: Vec::new(),
            rules_on: Vec::new(),
            direct: Vec::new(),
            closed: Vec::new(),
            reach: Vec::new(),
            solid: Vec::new(),
            solid_reach: Vec::new(),
            rules_for: vec![Vec::new(); concepts],
            joins_for: vec![Vec::new(); concepts],
            lags: Vec::new(),
            bundles: Vec::new(),
            vocabulary,
            sources,
            meanings,
        };
        catalogue.lags = catalogue.lags_of_sources();
        for (number, rule) in catalogue.vocabulary.numbered_rules().iter().enumerate() {
            catalogue.rules_for[rule.target].push(number);
        }
        for source in 0..catalogue.sources.len() {
            let fields = catalogue.fields_of(source);
            catalogue.rules_on.push(catalogue.rules_of(source, &fields));
            catalogue.direct.push(fields.iter().map(|field| field.concept).collect());
            catalogue.fields.push(fields);
            catalogue.add_joins(source);
        }
        for (number, join) in catalogue.joins.iter().enumerate() {
            for field in &join.gives {
                let concept = catalogue.fields[join.source][*field].concept;
                if catalogue.joins_for[concept].last() != Some(&number) {
                    catalogue.joins_for[concept].push(number);
                }
            }
        }
        catalogue.bundles = catalogue.bundles_of_joins();
        for source in 0..catalogue.sources.len() {
            let closed = catalogue.close(catalogue.direct[source].clone(), source);
            catalogue.reach.push(catalogue.reach_from(closed.clone(), source));
            catalogue.closed.push(closed);
            let whole = (0..catalogue.fields[source].len()).filter(|field| !catalogue.is_partial(source, *field));
            let whole = whole.map(|field| catalogue.fields[source][field].concept).collect();
            let solid = catalogue.close(whole, source);
            catalogue.solid_reach.push(catalogue.reach_from(solid.clone(), source));
            catalogue.solid.push(solid);
        }
        catalogue
    }

    /// Whether a field lacks its value in so many rows that an answer is only about a part of them.
    pub(super) fn is_partial(&self, source: usize, field: usize) -> bool {
        let field = &self.fields[source][field];
        let column = &self.sources[source].columns[field.column];
        !self.vocabulary.concepts()[field.concept].sparse && self.sources[source].null_share(column) > PARTIAL_FROM
    }

    pub fn source_number(&self, id: &str) -> Option<usize> {
        self.sources.iter().position(|source| source.source == id)
    }

    /// The meaning that a field of the catalogue rests on.
    pub(super) fn meaning(&self, source: usize, field: &CatalogueField) -> Option<&Meaning> {
        self.meanings[source].columns.get(field.column)?.accepted()
    }

    fn fields_of(&self, number: usize) -> Vec<CatalogueField> {
        let source = &self.sources[number];
        let mut fields = Vec::new();
        for (place, column) in source.columns.iter().enumerate() {
            let Some(meaning) = self.meanings[number].columns.get(place).and_then(|one| one.accepted()) else {
                continue;
            };
            let Some(concept) = self.vocabulary.number(&meaning.concept) else { continue };
            let is_secret = column.classification == Some(Classification::Secret)
                || self.vocabulary.concepts()[concept].sensitivity == Classification::Secret;
            if is_secret || matches!(column.data_type, DataType::List(_) | DataType::Record(_)) {
                continue;
            }
            let doubt = u32::from(100 - meaning.score.min(100)) / 10;
            let nulls = match self.vocabulary.concepts()[concept].sparse {
                true => 0,
                false => (source.null_share(column) * 20.0).round() as u32,
            };
            let cost = doubt + nulls + meaning.cost;
            let expression = meaning.expression.clone();
            // Before all other texts.
            let has_empty = column.min == Value::text("") && expression == column.expression;
            fields.push(CatalogueField { column: place, concept, cost, expression, has_empty });
        }
        fields
    }

    /// Rules without demands, and those whose demands the source's values meet.
    fn rules_of(&self, number: usize, fields: &[CatalogueField]) -> BitSet {
        let columns = &self.sources[number].columns;
        let is_met = |concept: &String, pattern: &super::Pattern| {
            let Some(concept) = self.vocabulary.number(concept) else { return false };
            let of_concept = fields.iter().filter(|field| field.concept == concept);
            let mut values = of_concept.flat_map(|field| columns[field.column].values());
            values.any(|value| text_of(value).is_some_and(|text| pattern.matches(&text)))
        };
        let rules = self.vocabulary.rules().iter().enumerate();
        rules
            .filter(|(_, rule)| rule.requires.iter().all(|(id, pattern)| is_met(id, pattern)))
            .map(|(n, _)| n)
            .collect()
    }

    /// The ways to join a source: by a key that identifies its rows, or what held at the time.
    fn add_joins(&mut self, number: usize) {
        let vocabulary = Arc::clone(&self.vocabulary);
        let (source, fields) = (&self.sources[number], &self.fields[number]);
        let is_key = |field: &CatalogueField| vocabulary.concepts()[field.concept].key;
        let opening = SOURCE_COST + if source.planned { PLANNED_COST } else { 0 };
        let mut found = Vec::new();
        for (place, field) in fields.iter().enumerate().filter(|(_, field)| is_key(field)) {
            let column = &source.columns[field.column];
            if source.identifies_rows(column) {
                let others = fields.iter().enumerate().filter(|(_, other)| other.concept != field.concept);
                found.push(CatalogueJoin {
                    source: number,
                    way: JoinWay::Lookup { key: place },
                    needs: [field.concept].into(),
                    gives: others.map(|(other, _)| other).collect(),
                    cost: opening + LOOKUP_COST,
                });
                continue;
            }
            let reason = if source.rows == 0 {
                format!("no row of {} was looked at, so nothing says that `{}` stands once", source.title, column.name)
            } else {
                format!(
                    "`{}` does not stand once in {} ({} values in {} rows): a join would multiply rows",
                    column.name, source.title, column.distinct, source.rows
                )
            };
            let concept = vocabulary.concepts()[field.concept].id.clone();
            self.refused.push(RefusedJoin { source: number, column: column.name.clone(), concept, reason });
        }
        for (place, field) in fields.iter().enumerate() {
            let Some(from) = &vocabulary.concepts()[field.concept].holds_from else { continue };
            let is_time = |concept: &str| {
                let concept = vocabulary.number(concept);
                fields.iter().position(|field| Some(field.concept) == concept)
            };
            let (Some(time), Some(when)) = (is_time(from).or(is_time("timestamp")), vocabulary.number("timestamp"))
            else {
                continue;
            };
            let key = fields.iter().position(is_key);
            found.push(CatalogueJoin {
                source: number,
                way: JoinWay::Nearest { time, key },
                needs: [Some(when), key.map(|key| fields[key].concept)].into_iter().flatten().collect(),
                gives: vec![place],
                cost: opening + NEAREST_COST,
            });
        }
        self.joins.extend(found);
    }

    /// What a join costs from a source: more where rows move to another stack.
    pub(super) fn join_cost(&self, join: &CatalogueJoin, base: usize) -> u32 {
        let (from, to) = (&self.sources[join.source].stack, &self.sources[base].stack);
        join.cost + if !from.is_empty() && !to.is_empty() && from != to { MOVE_COST } else { 0 }
    }

    pub(super) fn base_cost(&self, base: usize) -> u32 {
        let planned = if self.sources[base].planned { PLANNED_COST } else { 0 };
        SOURCE_COST + planned + (self.lags[base] + 1).ilog2().min(STALE_COST)
    }

    /// How many days a source's newest row is older than the newest of all; 0 where its rows have no time.
    pub(super) fn lag(&self, source: usize) -> u32 {
        self.lags[source]
    }

    fn lags_of_sources(&self) -> Vec<u32> {
        let newest = |(source, meanings): (&SourceEvidence, &SourceMeanings)| {
            let columns = source.columns.iter().zip(&meanings.columns);
            let mut times =
                columns.filter(|(_, meaning)| meaning.accepted().is_some_and(|meaning| meaning.concept == "timestamp"));
            times.find_map(|(column, _)| match column.max {
                Value::Timestamp(last) => Some(last),
                _ => None,
            })
        };
        let ends: Vec<Option<i64>> = self.sources.iter().zip(&self.meanings).map(newest).collect();
        let last = ends.iter().flatten().copied().max().unwrap_or_default();
        let days = |end: i64| u32::try_from(last.saturating_sub(end) / DAY).unwrap_or(u32::MAX - 1);
        ends.into_iter().map(|end| end.map_or(0, days)).collect()
    }

    /// All that rules make of a set of concepts, where the values of a source allow them.
    pub(super) fn close(&self, mut set: BitSet, source: usize) -> BitSet {
        let rules = self.vocabulary.numbered_rules();
        loop {
            let mut is_changed = false;
            for number in self.rules_on[source].iter() {
                let rule = &rules[number];
                if !set.has(rule.target) && rule.inputs.iter().all(|input| set.has(*input)) {
                    is_changed |= set.insert(rule.target);
                }
            }
            if !is_changed {
                return set;
            }
        }
    }

    /// What all joins with the same needs give together.
    fn bundles_of_joins(&self) -> Vec<(Vec<ConceptNo>, BitSet)> {
        let mut bundles: Vec<(Vec<ConceptNo>, BitSet)> = Vec::new();
        let mut places: HashMap<&[ConceptNo], usize> = HashMap::new();
        for join in &self.joins {
            let place = *places.entry(&join.needs).or_insert_with(|| {
                bundles.push((join.needs.to_vec(), BitSet::default()));
                bundles.len() - 1
            });
            for field in &join.gives {
                bundles[place].1.insert(self.fields[join.source][*field].concept);
            }
        }
        bundles
    }

    /// All that joins and rules make of a closed set.
    pub(super) fn reach_from(&self, mut set: BitSet, source: usize) -> BitSet {
        loop {
            let mut is_changed = false;
            for (needs, gives) in &self.bundles {
                if needs.iter().all(|need| set.has(*need)) {
                    is_changed |= set.add_all(gives);
                }
            }
            if !is_changed {
                return set;
            }
            set = self.close(set, source);
        }
    }
}
