//! Whether what a question asks by has values in the rows that it keeps: a reason that only orders have says nothing
//! about errors. Told by sampled rows. Imports what derivations import, and the reference meaning of expressions.

use super::{Derivation, Origin};
use crate::data::Value;
use crate::expr::{Expr, eval, parse};
use crate::planner::catalogue::Catalogue;
use crate::planner::questions::{Asked, number_text};
use crate::planner::vocabulary::ConceptNo;
use crate::planner::vocabulary::templates::{Placeholder, concepts_of, fill};

/// Fewer rows than these tell nothing.
const ENOUGH: usize = 10;
/// From this share of the kept rows without a value on, there is as good as none.
const NEARLY_ALL: f64 = 0.9;

/// Whether a required dimension has next to no value in the rows that the conditions keep. Where joins or too few rows
/// leave it open: no.
pub(super) fn lacks_a_dimension(catalogue: &Catalogue, asked: &Asked, derivation: &Derivation) -> bool {
    let over = Over { catalogue, asked, derivation };
    let sample = &catalogue.sources[derivation.base].sample;
    let conditions = asked.contract.conditions.iter().filter(|one| !one.optional);
    let conditions: Vec<Expr> = conditions.filter_map(|one| over.parsed(&one.expression)).collect();
    let dimensions = asked.contract.dimensions.iter().filter(|part| !part.optional);
    let dimensions: Vec<Expr> = dimensions.filter_map(|part| over.parsed(&part.expression)).collect();
    if sample.rows.len() < ENOUGH || conditions.is_empty() || dimensions.is_empty() {
        return false;
    }
    let value = |expr: &Expr, row: &[Value]| {
        let column = |name: &str| sample.schema.index(name).and_then(|at| row.get(at).cloned()).unwrap_or(Value::Null);
        eval(expr, &column)
    };
    let is_kept = |row: &&Vec<Value>| conditions.iter().all(|one| value(one, row) == Value::Boolean(true));
    let kept: Vec<&Vec<Value>> = sample.rows.iter().filter(is_kept).collect();
    let is_lacking = |expr: &Expr| {
        let empty = kept.iter().filter(|row| value(expr, row) == Value::Null).count();
        empty as f64 > NEARLY_ALL * kept.len() as f64
    };
    kept.len() >= ENOUGH && dimensions.iter().any(is_lacking)
}

/// Expressions of a contract over the columns of a derivation's own source.
struct Over<'a> {
    catalogue: &'a Catalogue,
    asked: &'a Asked,
    derivation: &'a Derivation,
}

impl Over<'_> {
    /// `None`: it needs a join.
    fn parsed(&self, template: &str) -> Option<Expr> {
        // What names no concept is about columns of a stage, which samples do not have.
        concepts_of(template).first()?;
        parse(&self.filled(template)?).ok()
    }

    fn filled(&self, template: &str) -> Option<String> {
        let value_of = &mut |placeholder: &Placeholder| match placeholder {
            Placeholder::Concept(id) => self.concept(self.catalogue.vocabulary.number(id)?),
            Placeholder::Dial(name) => self.asked.dials.get(*name).copied().map(number_text),
        };
        fill(template, value_of).ok()
    }

    fn concept(&self, concept: ConceptNo) -> Option<String> {
        match self.derivation.concepts.get(&concept)? {
            Origin::Field(field) => Some(self.catalogue.fields[self.derivation.base][*field].expression.clone()),
            Origin::Rule(rule) => self.filled(&self.catalogue.vocabulary.rules()[*rule].expression),
            Origin::Joined(..) => None,
        }
    }
}
