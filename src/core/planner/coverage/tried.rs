//! What fields and rules promise is held against what a run gives: the flow of each cell that would answer, put into a
//! design of its own, and the verdict on its rows. Others run it. Imports what coverage imports, and propose.

use super::{CoverageState, needed, state_of};
use crate::data::{TableRows, Value};
use crate::model::Id;
use crate::planner::catalogue::{Catalogue, NO_ROW};
use crate::planner::derive::derive_on;
use crate::planner::propose::proposal;
use crate::planner::questions::{Asked, Part};
use crate::project::Project;

/// Flows to be run on samples.
#[derive(Debug)]
pub struct Trials {
    /// The sources with all flows.
    pub design: Project,
    /// Question, source, and the step whose rows are the answer.
    pub flows: Vec<(Id, Id, Id)>,
}

/// The flow of each cell that would answer from a source that exists.
pub fn trials(project: &Project, catalogue: &Catalogue, questions: &[Asked]) -> Trials {
    let mut design = project.variation(|design| {
        design.wires.clear();
        design.steps.clear();
        design.frames.clear();
    });
    let mut flows = Vec::new();
    for asked in questions {
        let needed = needed(catalogue, asked);
        for (number, source) in catalogue.sources.iter().enumerate() {
            if source.planned || !state_of(catalogue, asked, &needed, number).answers() {
                continue;
            }
            let flow = derive_on(catalogue, asked, number).and_then(|one| proposal(&design, catalogue, asked, &one));
            // One that cannot be put in is told where it is proposed.
            if let Some(flow) = flow.filter(|flow| design.apply(&flow.edits).is_ok()) {
                flows.push((asked.id.clone(), source.source.clone(), flow.answer));
            }
        }
    }
    Trials { design, flows }
}

/// Why the rows of a flow answer nothing; `None`: they do. No row at all is an answer where the question says what it means.
pub fn says_nothing(asked: &Asked, rows: &dyn TableRows) -> Option<String> {
    let contract = &asked.contract;
    let values = |name: &str| {
        let column = rows.schema().index(name)?;
        Some((0..rows.rows()).map(move |row| rows.value(row, column)))
    };
    // What is told in one row is told of no row, too.
    let is_nought = |part: &Part| {
        let nought = [Value::Null, Value::Int(0), Value::Float(0.0)];
        values(&part.name).is_some_and(|mut all| all.all(|one| nought.contains(&one)))
    };
    let is_one_row = contract.time.is_none() && contract.dimensions.is_empty() && !contract.measures.is_empty();
    if rows.rows() == 0 || is_one_row && contract.measures.iter().all(is_nought) {
        let is_told = !contract.none.is_empty() || !contract.having.is_empty();
        return (!is_told).then(|| NO_ROW.to_owned());
    }
    let parts = || contract.dimensions.iter().chain(&contract.measures).chain(&contract.columns);
    let is_empty =
        |part: &&Part| !part.optional && values(&part.name).is_some_and(|mut all| all.all(|one| one.is_null()));
    if let Some(part) = parts().find(is_empty) {
        return Some(format!("`{}` is null in every row of the answer", part.name));
    }
    // What is the same whatever happened says something of few rows only.
    const ENOUGH: f64 = 20.0;
    let number = |value: Value| match value {
        Value::Int(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    };
    let counted = contract.measures.iter().find(|part| part.expression.starts_with("count("));
    let behind: f64 = counted.and_then(|part| values(&part.name)).map_or(0.0, |all| all.filter_map(number).sum());
    if behind < ENOUGH {
        return None;
    }
    let always = |part: &Part, wanted: f64| {
        values(&part.name).is_some_and(|mut all| all.all(|one| number(one).is_some_and(|one| one == wanted)))
    };
    for part in &contract.measures {
        let is_share = part.expression.starts_with("share_if(");
        if is_share && always(part, 1.0) {
            return Some(format!("`{}` is 100 % of all {behind} rows, which tells none apart", part.name));
        }
    }
    let first = contract.measures.first()?;
    let is_people = first.expression.starts_with("count_distinct(");
    (is_people && always(first, 1.0))
        .then(|| format!("`{}` is 1 in every row of the answer, of {behind} rows: one value for all", first.name))
}

/// The state of a cell after its flow was run.
pub(super) fn after_trial(catalogue: &Catalogue, asked: &Asked, source: usize, state: CoverageState) -> CoverageState {
    match failure(catalogue, asked, source) {
        Some(_) if state.answers() => CoverageState::Partial,
        _ => state,
    }
}

/// Why a flow gave no answer.
pub(super) fn failure<'a>(catalogue: &'a Catalogue, asked: &Asked, source: usize) -> Option<&'a String> {
    // The whole matrix asks.
    if catalogue.tried.is_empty() {
        return None;
    }
    catalogue.tried.get(&(asked.id.clone(), catalogue.sources[source].source.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema};
    use crate::planner::questions::ready_question;
    use crate::planner::testing::Table;

    fn verdict(question: &str, columns: &[(&str, DataType)], rows: &[&[Value]]) -> Option<String> {
        let asked = Asked::ready(ready_question(question).unwrap());
        let schema = Schema::of(columns.iter().cloned());
        says_nothing(&asked, &Table(schema, rows.iter().map(|row| row.to_vec()).collect()))
    }

    #[test]
    fn an_answer_has_values_that_say_something() {
        use DataType::{Float, Int};
        let rate =
            |rows: &[&[Value]]| verdict("error-rate", &[("requests", Int), ("errors", Int), ("share", Float)], rows);
        let row =
            |requests: i64, errors: i64, share: f64| [Value::Int(requests), Value::Int(errors), Value::Float(share)];
        assert_eq!(rate(&[&row(900, 9, 0.01)]), None);
        assert_eq!(rate(&[&row(900, 0, 0.0)]), None, "no error is an answer");
        assert_eq!(rate(&[&row(3, 3, 1.0)]), None, "three rows may well all be errors");
        let all = rate(&[&row(900, 900, 1.0), &row(80, 80, 1.0)]).unwrap();
        assert_eq!(all, "`share` is 100 % of all 980 rows, which tells none apart");
        let unread = rate(&[&[Value::Int(900), Value::Int(0), Value::Null]]).unwrap();
        assert_eq!(unread, "`share` is null in every row of the answer");
        let active = |users: i64| {
            verdict("users-active", &[("users", Int), ("rows", Int)], &[&[Value::Int(users), Value::Int(1000)]])
        };
        assert!(active(1).unwrap().starts_with("`users` is 1 in every row"));
        assert_eq!(active(7), None);
    }

    #[test]
    fn no_row_answers_where_the_question_says_what_that_means() {
        assert_eq!(verdict("errors-most-frequent", &[("errors", DataType::Int)], &[]), None);
        assert_eq!(
            verdict("users-active", &[("users", DataType::Int)], &[]).as_deref(),
            Some("no row of the sample is left")
        );
    }
}
