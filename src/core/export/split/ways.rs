//! The ways that rows of a source take through a design, by the steps that may turn them away: by these the shares of what
//! the parts of a split design turn away are added up. Must not import how a design is cut.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ir::{Check, NodeId, OnFail, Op, Parse, Plan};
use crate::model::Id;

/// A way from a source: the line that several ways turn away is one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Id of the step that reads the source.
    pub source: Id,
    /// Ids of the steps that may turn rows away, in their order.
    pub steps: Vec<Id>,
}

/// The ways of a plan from its sources, as far as they go.
pub fn ways(plan: &Plan) -> Vec<Way> {
    // By node: the way up to it; and whether another one goes on with it.
    let mut known: BTreeMap<NodeId, (Way, bool)> = BTreeMap::new();
    for (id, node) in plan.iter() {
        let before = node.inputs.first().and_then(|input| known.get_mut(input));
        let mut way = match (&node.op, before) {
            (Op::Read(_), _) => Way { source: node.origin.step.clone(), steps: Vec::new() },
            (_, Some((way, goes_on))) => {
                *goes_on = true;
                way.clone()
            }
            (_, None) => continue,
        };
        let step = &node.origin.step;
        if may_turn_away(&node.op) && way.source != *step && way.steps.last() != Some(step) {
            way.steps.push(step.clone());
        }
        known.insert(id, (way, false));
    }
    let mut found: Vec<Way> = known.into_values().filter(|(_, goes_on)| !goes_on).map(|(way, _)| way).collect();
    found.sort_by(|one, other| (&one.source, &one.steps).cmp(&(&other.source, &other.steps)));
    found.dedup();
    found
}

fn may_turn_away(op: &Op) -> bool {
    match op {
        Op::Check(Check { on_fail, .. }) | Op::Parse(Parse { on_fail, .. }) => *on_fail == OnFail::Reject,
        _ => false,
    }
}
