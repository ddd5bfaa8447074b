//! Fields with their labels, and ordered schemas.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DataType;

/// How freely a field's values may travel, from free to closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Classification {
    Public,
    Internal,
    Personal,
    Secret,
}

/// What is known of a field beyond its type. Follows lineage.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Labels {
    /// Concept that the field carries, such as `user.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// Where the data may lie, such as `eu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residency: Option<String>,
    /// Teams that may see it; empty: no rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<String>,
}

impl Labels {
    fn is_empty(&self) -> bool {
        *self == Labels::default()
    }

    /// What holds for a column made from both: the closer classification, the rules of each.
    pub fn merge(&self, other: &Labels) -> Labels {
        let mut access = self.access.clone();
        access.extend(other.access.iter().filter(|team| !self.access.contains(team)).cloned());
        Labels {
            meaning: None,
            classification: self.classification.max(other.classification),
            residency: self.residency.clone().or_else(|| other.residency.clone()),
            access,
        }
    }
}

/// A named, typed column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: DataType,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

impl Field {
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, labels: Labels::default() }
    }
}

/// The ordered columns of a step's output. Names are case-sensitive and unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Schema {
    pub fields: Vec<Field>,
    /// There may be columns that no sample has shown yet; they type as `Unknown`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

impl Schema {
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields, open: false }
    }

    /// `Schema::of([("status", DataType::Int)])`.
    pub fn of<'a>(columns: impl IntoIterator<Item = (&'a str, DataType)>) -> Self {
        Self::new(columns.into_iter().map(|(name, data_type)| Field::new(name, data_type)).collect())
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
