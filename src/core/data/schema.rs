//! Fields with their labels, and ordered schemas.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{DataType, Value};

/// How freely a field's values may travel, from free to closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Classification {
    Public,
    Internal,
    Personal,
    Secret,
}

impl Classification {
    /// As files and messages write it.
    pub fn name(self) -> &'static str {
        match self {
            Classification::Public => "public",
            Classification::Internal => "internal",
            Classification::Personal => "personal",
            Classification::Secret => "secret",
        }
    }
}

/// What is known of a field beyond its type. Follows lineage: a column made from others carries the rules of each.
/// What decides which rows there are (a filter's condition, join and group keys) without being in them is not followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Labels {
    /// Concept that the field carries, such as `user.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// `None`: nobody has said; it counts as internal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// Made from personal columns, and internal since groups of at least so many rows stand behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_group: Option<u64>,
    /// Places where the data must lie, such as `eu`; several where it is made from data of several. Sorted.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    #[schemars(with = "OneOrMany")]
    pub residency: Vec<String>,
    /// Stacks that it comes from, such as `nginx`. Sorted.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    #[schemars(with = "OneOrMany")]
    pub stacks: Vec<String>,
    /// Teams that may see it; `None`: no rule; empty: nobody, since no team may see all that it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Vec<String>>,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// A text, or a list of texts.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
}

impl Labels {
    fn is_empty(&self) -> bool {
        *self == Labels::default()
    }

    /// What holds for a column made from both: the closer classification, all places and stacks, and only the teams
    /// that may see both.
    pub fn merge(&self, other: &Labels) -> Labels {
        let access = match (&self.access, &other.access) {
            (Some(one), Some(other)) => Some(one.iter().filter(|team| other.contains(team)).cloned().collect()),
            (Some(only), None) | (None, Some(only)) => Some(only.clone()),
            (None, None) => None,
        };
        Labels {
            meaning: None,
            classification: closer(self.classification, other.classification),
            smallest_group: [self.smallest_group, other.smallest_group].into_iter().flatten().min(),
            residency: union(&self.residency, &other.residency),
            stacks: union(&self.stacks, &other.stacks),
            access,
            extra: Map::new(),
        }
    }

    /// The labels of a column made from several; those of one alone but for its meaning.
    pub fn merged<'a>(all: impl IntoIterator<Item = &'a Labels>) -> Labels {
        let merged = all.into_iter().cloned().reduce(|sum, labels| sum.merge(&labels));
        Labels { meaning: None, ..merged.unwrap_or_default() }
    }

    /// Those of the same field as two designs know it: the closer of what they say, with meaning and unknown keys of
    /// this one, else of the other.
    pub fn raised(&self, other: &Labels) -> Labels {
        let classification = self.classification.max(other.classification);
        let meaning = self.meaning.clone().or_else(|| other.meaning.clone());
        let mut extra = other.extra.clone();
        extra.extend(self.extra.clone());
        Labels { meaning, classification, extra, ..self.merge(other) }
    }

    /// Where it comes from and who may see it, whatever it says: for what is told of rows as a whole, such as how many
    /// there are. Of rows that are all public that is public too.
    pub fn of_rows(self) -> Labels {
        let classification = self.classification.filter(|found| *found == Classification::Public);
        let Labels { residency, stacks, access, .. } = self;
        Labels { classification, residency, stacks, access, ..Labels::default() }
    }

    /// Whether they keep values from going where those of `other` may go.
    pub fn are_closer_than(&self, other: &Labels) -> bool {
        let is_kept = |own: &[String], other: &[String]| !own.is_empty() && own != other;
        self.classified() > other.classified().max(Classification::Internal)
            || self.access.is_some() && self.access != other.access
            || is_kept(&self.residency, &other.residency)
    }

    /// What it counts as.
    pub fn classified(&self) -> Classification {
        self.classification.unwrap_or(Classification::Internal)
    }
}

/// What nobody has classified counts as internal, also beside what is public.
fn closer(one: Option<Classification>, other: Option<Classification>) -> Option<Classification> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (Some(only), None) | (None, Some(only)) => Some(only).filter(|only| *only > Classification::Internal),
        (None, None) => None,
    }
}

fn union(one: &[String], other: &[String]) -> Vec<String> {
    let mut all: Vec<String> = one.iter().chain(other).cloned().collect();
    all.sort();
    all.dedup();
    all
}

/// A named, typed column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: DataType,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl Field {
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, labels: Labels::default(), extra: Map::new() }
    }
}

/// Rows with their columns, whoever holds them.
pub trait TableRows {
    fn schema(&self) -> &Schema;
    fn rows(&self) -> usize;
    fn value(&self, row: usize, column: usize) -> Value;
}

/// The ordered columns of a step's output. Names are case-sensitive and unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Schema {
    pub fields: Vec<Field>,
    /// There may be columns that no sample has shown yet; they type as `Unknown`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// Where the rows come from and who may see that they are there, whichever of their columns are left: for how many
    /// there are, and for what is the same in all of them.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub rows: Labels,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl Schema {
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// `Schema::of([("status", DataType::Int)])`.
    pub fn of<'a>(columns: impl IntoIterator<Item = (&'a str, DataType)>) -> Self {
        Self::new(columns.into_iter().map(|(name, data_type)| Field::new(name, data_type)).collect())
    }

    /// The field of a name, else one whose name differs in capitals alone.
    pub fn alike(&self, name: &str) -> Option<&Field> {
        let is_alike = |field: &&Field| field.name.to_lowercase() == name.to_lowercase();
        self.get(name).or_else(|| self.fields.iter().find(is_alike))
    }

    /// The field of which `name` is a further value in the same row: `code` of `code_2`.
    pub fn first_of(&self, name: &str) -> Option<&Field> {
        let (first, number) = name.rsplit_once('_')?;
        let is_number = number.len() < 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && number.parse::<u8>().is_ok_and(|number| number > 1) { self.alike(first) } else { None }
    }

    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A name that the schema does not have yet: `name`, `name_2`, `name_3` …
    pub fn free_name(&self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut number = 2;
        while self.has(&free) {
            free = format!("{name}_{number}");
            number += 1;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(json: serde_json::Value) -> Labels {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn merged_labels_lose_no_rule() {
        let one = labels(serde_json::json!({"classification": "personal", "residency": "eu", "access": ["a", "b"]}));
        let other = labels(serde_json::json!({"residency": ["us"], "stacks": "web", "access": ["b", "c"]}));
        let both = one.merge(&other);
        assert_eq!(both, other.merge(&one));
        assert_eq!((both.classified(), both.residency.len()), (Classification::Personal, 2));
        assert_eq!(
            (both.stacks.as_slice(), both.access.clone()),
            (&["web".to_owned()][..], Some(vec!["b".to_owned()]))
        );
        let third = labels(serde_json::json!({"access": ["c"]}));
        assert_eq!(both.merge(&third).access, Some(Vec::new()), "nobody may see all three");
        assert_eq!(labels(serde_json::to_value(&both).unwrap()), both);
    }

    #[test]
    fn what_nobody_classified_is_internal_also_beside_public() {
        let public = Labels { classification: Some(Classification::Public), ..Labels::default() };
        assert_eq!(public.merge(&public).classified(), Classification::Public);
        assert_eq!(public.merge(&Labels::default()).classified(), Classification::Internal);
        assert_eq!(Labels::merged([&public]).classified(), Classification::Public);
    }
}
