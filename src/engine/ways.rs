//! Where a row of a sample goes: the steps that it comes to, and where it is left out, with why. The way forward that
//! belongs to `lines`, which leads back. Costs a pass over the sample for each step; not for the UI thread.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{NodeId, Plan};

use crate::cancel::Cancel;
use crate::preview::preview_all;
use crate::sampling::Sampling;
use crate::table::ResultTable;
use crate::trace::fate_of;

/// Rows that are followed from a node, at most.
const FOLLOWED: usize = 50;

/// Where a row came to, or where it was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Id and title of the step.
    pub step: String,
    pub title: String,
    /// Rows of the step's result that it stands behind, from 0; empty: it was left out.
    pub rows: Vec<usize>,
    /// Why it was left out.
    pub reason: Option<String>,
}

/// Where a row of a node's result goes: the last steps that it comes to, and those that leave it out.
///
/// # Errors
/// What went wrong on the way to the rows.
pub fn ways_of(
    plan: &Plan,
    node: NodeId,
    row: usize,
    sampling: &Sampling,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<Vec<Arrival>, Diagnostic> {
    let after = after(plan, node);
    let mut watch: BTreeSet<NodeId> = after.clone();
    watch.extend(after.iter().flat_map(|id| plan.node(*id).inputs.iter().copied()));
    let watch: Vec<NodeId> = watch.into_iter().collect();
    let (found, faults) = preview_all(plan, &watch, sampling, base, parameters, cancel);
    if found.get(&node).is_none_or(|result| row >= result.table.rows()) {
        let fault = faults.into_iter().next();
        return Err(fault.unwrap_or_else(|| Diagnostic::error("PW0709", "the step gives no rows")));
    }
    let mut at: BTreeMap<NodeId, Vec<usize>> = BTreeMap::from([(node, vec![row])]);
    let mut arrivals: Vec<Arrival> = Vec::new();
    // Each node stands after its inputs.
    for id in after.iter().filter(|id| **id != node) {
        if cancel.is_cancelled() {
            break;
        }
        let now = plan.node(*id);
        let tables = now.inputs.iter().map(|input| found.get(input).map(|input| input.table.clone()));
        let (Some(tables), Some(result)) = (tables.collect::<Option<Vec<Arc<ResultTable>>>>(), found.get(id)) else {
            continue;
        };
        let (mut rows, mut reason) = (BTreeSet::new(), None);
        for (input, before) in now.inputs.iter().enumerate() {
            for row in at.get(before).into_iter().flatten() {
                let fate = fate_of(now, &tables, &result.table, input, *row, parameters);
                rows.extend(fate.rows.into_iter().take(FOLLOWED));
                reason = fate.reason.or(reason);
            }
        }
        let was_there = now.inputs.iter().any(|input| at.get(input).is_some_and(|rows| !rows.is_empty()));
        if was_there && rows.is_empty() {
            arrivals.push(arrival(plan, *id, Vec::new(), reason));
        }
        at.insert(*id, rows.into_iter().take(FOLLOWED).collect());
    }
    let is_end = |id: &NodeId| !after.iter().any(|other| plan.node(*other).inputs.contains(id));
    let ends = at.iter().filter(|(id, rows)| is_end(id) && !rows.is_empty());
    arrivals.extend(ends.map(|(id, rows)| arrival(plan, *id, rows.clone(), None)));
    Ok(arrivals)
}

fn arrival(plan: &Plan, id: NodeId, rows: Vec<usize>, reason: Option<String>) -> Arrival {
    let origin = &plan.node(id).origin;
    Arrival { step: origin.step.clone(), title: origin.title.clone(), rows, reason }
}

/// A node and all that its rows flow into.
fn after(plan: &Plan, node: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::from([node]);
    for (id, now) in plan.iter() {
        if now.inputs.iter().any(|input| found.contains(input)) {
            found.insert(id);
        }
    }
    found
}
