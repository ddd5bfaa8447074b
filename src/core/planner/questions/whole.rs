//! What all rows of an answer make together, where the numbers of its groups do not add up to it: a user who comes on
//! two days is one user. The same measures once more, without groups; and, where the chart draws a line of all beside
//! that of a part whose numbers do not make it, by time alone. Imports the answer's shape and the plan.

use std::sync::Arc;

use super::answer::{About, AnswerShape, MeasureShape, Unit};
use crate::data::{TableRows, Value};
use crate::expr::{Expr, ExprKind};
use crate::ir::{Aggregate, Column, Node, NodeId, Op, Plan, Project, node_hash, output_schema};

/// The key of what is made, which no column of a design has for a name; what it is of all, and of each time.
const WHOLE: &str = "_whole";
const OF_ALL: i64 = 1;
const OF_TIMES: i64 = 2;

/// The row of the whole.
pub(super) fn of_all(whole: &dyn TableRows) -> usize {
    let Some(kind) = whole.schema().index(WHOLE) else { return 0 };
    (0..whole.rows()).find(|row| whole.value(*row, kind) == Value::Int(OF_ALL)).unwrap_or(0)
}

/// The rows of single times, in their order; `None`: nobody asked for them.
pub(super) fn each_time(whole: &dyn TableRows, time: &str) -> Option<Vec<usize>> {
    let (kind, time) = (whole.schema().index(WHOLE)?, whole.schema().index(time)?);
    let is_one = |row: &usize| whole.value(*row, kind) == Value::Int(OF_TIMES);
    let mut places: Vec<(i64, usize)> = (0..whole.rows())
        .filter(is_one)
        .filter_map(|row| Some((super::told::position(&whole.value(row, time))?, row)))
        .collect();
    places.sort_unstable();
    (!places.is_empty()).then(|| places.into_iter().map(|(_, row)| row).collect())
}

impl AnswerShape {
    /// Puts behind the plan what makes the whole of an answer at a node, as one row, and where the chart needs them
    /// further ones of single times; `None`: the answer's rows tell it already, or nobody asks.
    pub fn add_whole(&self, plan: &mut Plan, node: NodeId) -> Option<NodeId> {
        let About::Measure(measure) = &self.about else { return None };
        if !self.wants_whole(measure) {
            return None;
        }
        let (mut at, mut made) = (node, Vec::new());
        let (input, keys, measures) = loop {
            let before = plan.node(at);
            match &before.op {
                Op::Aggregate(groups) if groups.keys.is_empty() => return None,
                Op::Aggregate(groups) => {
                    break (*before.inputs.first()?, groups.keys.clone(), groups.measures.clone());
                }
                Op::Project(project) => made.push(project.clone()),
                Op::Filter { .. } | Op::Sort(_) | Op::Limit(_) | Op::Write(_) => {}
                _ => return None,
            }
            at = *before.inputs.first()?;
        };
        let is_counted =
            |column: &Column| matches!(&column.expr.kind, ExprKind::Call(call) if call.function == "count_distinct");
        let own = measures.iter().find(|column| column.name == measure.column);
        if measure.unit == Unit::Count && !own.is_some_and(is_counted) {
            return None;
        }
        let origin = plan.node(node).origin.clone();
        let add = |plan: &mut Plan, op: Op, inputs: Vec<NodeId>| -> Option<NodeId> {
            let schemas: Vec<_> = inputs.iter().map(|input| &plan.node(*input).schema).collect();
            let schema = output_schema(&op, &schemas, &plan.parameter_types()).ok()?;
            let hash = node_hash(&op, inputs.iter().map(|input| plan.node(*input).hash));
            plan.nodes.push(Arc::new(Node { op, inputs, schema, origin: origin.clone(), hash }));
            Some(NodeId(u32::try_from(plan.nodes.len()).ok()? - 1))
        };
        // One group of all: without rows there is none, and nothing to tell.
        let kind = |of: i64| Column::new(WHOLE, Expr::literal(Value::Int(of)));
        let time = self.wants_times(measure).and_then(|time| keys.into_iter().find(|key| key.name == time));
        let mut all = vec![kind(OF_ALL)];
        all.extend(time.as_ref().map(|time| Column::new(&time.name, no_time(time))));
        let groups = |keys: Vec<Column>| Op::Aggregate(Aggregate { keys, measures: measures.clone() });
        let mut last = add(plan, groups(all), vec![input])?;
        if let Some(time) = time {
            let times = add(plan, groups(vec![kind(OF_TIMES), time]), vec![input])?;
            last = add(plan, Op::Union, vec![last, times])?;
        }
        for project in made.into_iter().rev() {
            let schema = &plan.node(last).schema;
            let is_there = |column: &&Column| column.expr.columns().iter().all(|name| schema.has(name));
            let kind = std::iter::once(Column::new(WHOLE, Expr::column(WHOLE)));
            let columns = project.columns.iter().filter(is_there).cloned().chain(kind).collect();
            let (lowered, raised, losses) = (Vec::new(), Vec::new(), Vec::new());
            last = add(plan, Op::Project(Project { columns, lowered, raised, losses }), vec![last])?;
        }
        plan.node(last).schema.has(&measure.column).then_some(last)
    }

    /// The column of times, where the chart draws a line of all beside that of a part.
    fn wants_times(&self, measure: &MeasureShape) -> Option<&str> {
        let has_parts = self.chart.as_ref().is_some_and(|chart| chart.by.is_some());
        let is_wanted = measure.counted.is_some() && has_parts && self.is_over_time();
        self.time.as_ref().filter(|_| is_wanted).map(|(time, _)| time.as_str())
    }

    fn wants_whole(&self, measure: &MeasureShape) -> bool {
        let is_told = measure.unit == Unit::Count || measure.share_of.is_some() || measure.most_of.is_some();
        let is_other = measure.adds_up || measure.whole.is_some() || measure.is_lowest || measure.is_rise;
        let is_filtered = self.groups.is_filtered && measure.unit != Unit::Count;
        is_told && !is_other && !is_filtered && self.first.is_none() && self.goal.is_none()
    }
}

/// No time of the same type as a key's.
fn no_time(key: &Column) -> Expr {
    let args = vec![key.expr.clone(), key.expr.clone()];
    Expr::call("nullif", args)
}
