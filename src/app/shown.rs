//! What views of a data file tell of its values, where they are no rows: profiles of columns, examples of patterns. Must
//! not import the command line or the designer.

use std::collections::BTreeMap;

use pipewright_core::data::{Classification, Schema, Value};
use pipewright_core::planner::{ColumnEvidence, SourceEvidence, Vocabulary, meanings};
use pipewright_core::policy::{Sensitivities, names_secret};
use pipewright_engine::ColumnProfile;

use crate::open_rows::{Hidden, OpenRows};

/// Whose view it is. What is secret nobody sees.
pub enum Viewer {
    /// Somebody looks at his own files on his own screen: what is personal is told.
    Owner,
    /// What is told goes on to others.
    Others(Box<OpenRows>),
}

impl Viewer {
    pub fn others() -> Viewer {
        Viewer::Others(Box::new(OpenRows::numbered()))
    }

    /// Whether nothing is told of the values of a column, and what they are then.
    pub fn keeps_back(&self, class: Classification) -> Option<Classification> {
        let most = if matches!(self, Viewer::Owner) { Classification::Personal } else { Classification::Internal };
        Some(class).filter(|class| *class > most)
    }

    /// Takes out of a profile what is not told of a column of that class.
    pub fn profile(&mut self, profile: &mut ColumnProfile, class: Classification) {
        if self.keeps_back(class).is_some() {
            (profile.min, profile.max) = (Value::Null, Value::Null);
            profile.top.clear();
            profile.histogram.clear();
            return;
        }
        for end in [&mut profile.min, &mut profile.max] {
            *end = self.value(std::mem::replace(end, Value::Null));
        }
        let top = std::mem::take(&mut profile.top).into_iter();
        let told = top.map(|(value, count)| (self.value(value), count));
        profile.top = told.filter(|(value, _)| !value.is_null()).collect();
    }

    /// A value without what is not told; null: it names or holds something secret.
    pub fn value(&mut self, value: Value) -> Value {
        match (self, value) {
            (_, Value::String(text)) if names_secret(&text) => Value::Null,
            (Viewer::Others(open), value) => open.open(value, &Hidden::default()),
            (Viewer::Owner, value) => value,
        }
    }
}

/// How close the columns of a file are, by their names and by what their values look like.
pub fn classes_of(schema: &Schema, profiles: &[ColumnProfile], rows: u64) -> Vec<Classification> {
    let column = |(field, profile): (&pipewright_core::data::Field, &ColumnProfile)| ColumnEvidence {
        nulls: profile.nulls,
        distinct: profile.distinct,
        min: profile.min.clone(),
        max: profile.max.clone(),
        top: profile.top.clone(),
        ..ColumnEvidence::new(&*field.name, field.data_type.clone())
    };
    let columns = schema.fields.iter().zip(profiles).map(column).collect();
    let evidence = SourceEvidence { rows, columns, ..SourceEvidence::default() };
    let known = meanings(&Vocabulary::shipped(), std::slice::from_ref(&evidence));
    let sensitivities = Sensitivities::shipped();
    let class = |column: &ColumnEvidence| {
        let accepted = known.iter().flat_map(|source| &source.columns).find(|known| known.column == column.name);
        let seen = accepted.and_then(|known| sensitivities.of_concept(&known.accepted()?.concept));
        let named = sensitivities.classify(&column.name, &column.data_type, None, &BTreeMap::new());
        seen.max(named).unwrap_or(Classification::Internal)
    };
    evidence.columns.iter().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sees_what_is_secret_and_others_nothing_personal() {
        let (owner, others) = (Viewer::Owner, Viewer::others());
        let kept = |viewer: &Viewer| {
            let classes = [Classification::Internal, Classification::Personal, Classification::Secret];
            classes.map(|class| viewer.keeps_back(class).is_some())
        };
        assert_eq!((kept(&owner), kept(&others)), ([false, false, true], [false, true, true]));
    }
}
