//! How rows may be divided, by what an operation needs of them. Imports the exchange's terms.

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Needs, Op};

use crate::exchange::{Division, Order};
use crate::{exprs, ops};

/// What an operation needs of its one input, in the engine's terms.
pub(super) fn division(op: &Op, input: &Schema) -> Result<Division, Diagnostic> {
    Ok(match op.needs(0, input) {
        Needs::AnyRows | Needs::AllRows => Division::Whole,
        Needs::EqualKeys(keys) => {
            let keys = keys.iter().map(|key| exprs::lower(key, input).map(|typed| typed.expr));
            Division::Keys(keys.collect::<Result<_, _>>()?)
        }
        Needs::Order(keys) => {
            let (by, options) = ops::total_order(&keys, input)?;
            match by.is_empty() {
                true => Division::Whole,
                false => Division::Order(Order { by, descending: options.descending }),
            }
        }
    })
}
