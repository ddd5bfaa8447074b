//! What all rows of an answer make together, where the numbers of its groups do not add up to it: a user who comes on
//! two days is one user. The same measures once more, without groups. Imports the answer's shape and the plan.

use std::sync::Arc;

use super::answer::{About, AnswerShape, MeasureShape, Unit};
use crate::data::Value;
use crate::expr::{Expr, ExprKind};
use crate::ir::{Aggregate, Column, Node, NodeId, Op, Plan, Project, node_hash, output_schema};

/// The key of the one group, which no column of a design has for a name.
const WHOLE: &str = "_whole";

impl AnswerShape {
    /// Puts behind the plan what makes the whole of an answer at a node, as one row; `None`: the answer's rows tell it
    /// already, or nobody asks.
    pub fn add_whole(&self, plan: &mut Plan, node: NodeId) -> Option<NodeId> {
        let About::Measure(measure) = &self.about else { return None };
        if !self.wants_whole(measure) {
            return None;
        }
        let (mut at, mut made) = (node, Vec::new());
        let (input, measures) = loop {
            let before = plan.node(at);
            match &before.op {
                Op::Aggregate(groups) if groups.keys.is_empty() => return None,
                Op::Aggregate(groups) => break (*before.inputs.first()?, groups.measures.clone()),
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
        let add = |plan: &mut Plan, op: Op, input: NodeId| -> Option<NodeId> {
            let schema = output_schema(&op, &[&plan.node(input).schema], &plan.parameter_types()).ok()?;
            let hash = node_hash(&op, std::iter::once(plan.node(input).hash));
            plan.nodes.push(Arc::new(Node { op, inputs: vec![input], schema, origin: origin.clone(), hash }));
            Some(NodeId(u32::try_from(plan.nodes.len()).ok()? - 1))
        };
        // One group of all: without rows there is none, and nothing to tell.
        let keys = vec![Column::new(WHOLE, Expr::literal(Value::Int(1)))];
        let mut last = add(plan, Op::Aggregate(Aggregate { keys, measures }), input)?;
        for project in made.into_iter().rev() {
            let schema = &plan.node(last).schema;
            let is_there = |column: &&Column| column.expr.columns().iter().all(|name| schema.has(name));
            let columns = project.columns.iter().filter(is_there).cloned().collect();
            let (lowered, raised, losses) = (Vec::new(), Vec::new(), Vec::new());
            last = add(plan, Op::Project(Project { columns, lowered, raised, losses }), last)?;
        }
        plan.node(last).schema.has(&measure.column).then_some(last)
    }

    fn wants_whole(&self, measure: &MeasureShape) -> bool {
        let is_told = measure.unit == Unit::Count || measure.share_of.is_some() || measure.most_of.is_some();
        let is_other = measure.adds_up || measure.whole.is_some() || measure.is_lowest || measure.is_rise;
        let is_filtered = self.groups.is_filtered && measure.unit != Unit::Count;
        is_told && !is_other && !is_filtered && self.first.is_none() && self.goal.is_none()
    }
}
