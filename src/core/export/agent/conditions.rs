//! Steps of agents whose languages know no null, but whether something is there: each value goes with the condition under
//! which there is one, each condition is printed twice, as what makes it true and what makes it false, and what branches
//! becomes a variable that is set under conditions.

mod printer;

use std::collections::BTreeMap;

pub use self::printer::Printer;
use super::{not_row_wise, packed, refuse};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::expr::{ExprKind, RegexPattern};
use crate::ir::{Check, Column, NodeId, OnFail, Op, Plan, Read};

/// When something is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cond {
    Always,
    Never,
    When(String),
}

impl Cond {
    pub fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::Never, _) | (_, Cond::Never) => Cond::Never,
            (Cond::Always, other) | (other, Cond::Always) => other,
            (Cond::When(a), Cond::When(b)) => Cond::When(format!("({a} and {b})")),
        }
    }

    pub fn or(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::Always, _) | (_, Cond::Always) => Cond::Always,
            (Cond::Never, other) | (other, Cond::Never) => other,
            (Cond::When(a), Cond::When(b)) => Cond::When(format!("({a} or {b})")),
        }
    }

    pub fn negated(self) -> Cond {
        match self {
            Cond::Always => Cond::Never,
            Cond::Never => Cond::Always,
            Cond::When(a) => Cond::When(format!("not ({a})")),
        }
    }
}

/// How a language says things. `and`, `or`, `not`, `==`, `!=`, and `+`, `-`, `*`, whose results wrap around, are the same
/// in all of them.
pub trait Words {
    fn title(&self) -> &'static str;
    /// A column of the rows that the agent is fed with.
    fn column(&self, number: usize) -> String;
    fn variable(&self, name: &str) -> String;
    fn is_there(&self, place: &str) -> String;
    /// What a place holds as a whole number.
    fn number(&self, place: &str) -> String;
    fn int(&self, int: i64) -> String;
    fn text(&self, text: &str) -> Result<String, String>;
    fn set(&self, place: &str, value: &str, when: &Cond) -> String;
    /// Whether a whole number is less than another.
    fn less(&self, a: &str, b: &str) -> String;
    /// What is left of a division of whole numbers, with the sign of the first.
    fn modulo(&self, a: &str, b: &str) -> String;
    fn joined(&self, parts: &[String]) -> String;
    fn int_as_text(&self, int: &str) -> String;
    fn contains(&self, text: &str, part: &str) -> Result<String, String>;
    fn starts_with(&self, text: &str, part: &str) -> String;
    fn ends_with(&self, text: &str, part: &str) -> Result<String, String>;
    fn matches(&self, text: &str, pattern: &RegexPattern) -> Result<String, String>;
    /// The first match of a pattern that is there, or a group of it.
    fn extract(&self, text: &str, pattern: &RegexPattern, group: u32) -> Result<String, String>;
}

/// A value: where it is held, what it is in a calculation, when there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub known: Cond,
    pub place: String,
    pub text: String,
}

/// What an agent does at a node: what it sets, whether the row goes on, where the columns are after that.
#[derive(Debug, Clone)]
pub struct Stage {
    pub statements: Vec<String>,
    pub keeps: Cond,
    pub columns: Vec<Held>,
}

/// The columns of rows that the agent is fed with.
fn fed(words: &impl Words, schema: &Schema) -> Vec<Held> {
    let column = |(number, field): (usize, &crate::data::Field)| {
        let place = words.column(number);
        let text = if packed::is_number(&field.data_type) { words.number(&place) } else { place.clone() };
        Held { known: Cond::When(words.is_there(&place)), place, text }
    };
    schema.fields.iter().enumerate().map(column).collect()
}

/// What the agent does at a node.
pub fn stage(
    words: &impl Words,
    plan: &Plan,
    id: NodeId,
    before: &BTreeMap<NodeId, Stage>,
) -> Result<Stage, Diagnostic> {
    let node = plan.node(id);
    if node.schema.open {
        return Err(refuse(words.title(), "columns that no sample has shown yet"));
    }
    if node.schema.fields.iter().any(|field| packed::has_inner_float(&field.data_type)) {
        return Err(refuse(words.title(), "fractions inside of lists or records"));
    }
    let input = match (&node.op, node.inputs.first()) {
        (Op::Read(Read { location: None, planned: None, .. }), _) => {
            return Ok(Stage { statements: Vec::new(), keeps: Cond::Always, columns: fed(words, &node.schema) });
        }
        (Op::Filter { .. } | Op::Project(_) | Op::Check(Check { on_fail: OnFail::Flag(_), .. }), Some(input)) => *input,
        (op, _) => return Err(refuse(words.title(), not_row_wise(op))),
    };
    let (schema, types) = (&plan.node(input).schema, plan.parameter_types());
    let columns = before.get(&input).map_or_else(|| fed(words, schema), |stage| stage.columns.clone());
    let printer = Printer::new(words, schema, &types, &columns, id);
    let (mut keeps, mut after) = (Cond::Always, columns.clone());
    match &node.op {
        Op::Filter { predicate } => keeps = printer.truth_of(predicate)?.0,
        Op::Project(project) => {
            let column = |column: &Column| match &column.expr.kind {
                ExprKind::Column(name) => printer.held(name).cloned(),
                _ => printer.column(&column.expr),
            };
            after = project.columns.iter().map(column).collect::<Result<_, _>>()?;
        }
        Op::Check(Check { predicate, on_fail: OnFail::Flag(flag), .. }) => {
            let failed = printer.flag(printer.truth_of(predicate)?.0.negated());
            let kept = schema.names().zip(columns.iter()).filter(|(name, _)| name != flag);
            after = kept.map(|(_, held)| held.clone()).chain([failed]).collect();
        }
        op => return Err(refuse(words.title(), not_row_wise(op))),
    }
    Ok(Stage { statements: printer.into_statements(), keeps, columns: after })
}

/// Whether a computed column can be handed over.
fn is_carried(data_type: &DataType) -> bool {
    packed::is_number(data_type) || matches!(data_type, DataType::String | DataType::Unknown)
}
