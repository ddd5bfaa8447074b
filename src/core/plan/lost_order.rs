//! Orders that do not reach what is written: rows have none of their own in a plan, and a preview, which takes them as
//! they come, shows one all the same. Imports ir.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::ir::{Destination, Node, NodeId, Op, Plan, Write};

/// What becomes of the order of an operation's first input.
enum Order {
    Kept,
    /// Rows come out in any order.
    Lost,
    /// Nobody looks at it: there is another one, or fewer rows of their own.
    Past,
}

fn order_behind(op: &Op) -> Order {
    match op {
        Op::Filter { .. }
        | Op::Project(_)
        | Op::Check(_)
        | Op::Parse(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => Order::Kept,
        Op::Limit(limit) if limit.keys.is_empty() => Order::Kept,
        Op::Join(_) | Op::AsofJoin(_) | Op::Union | Op::Window(_) | Op::Distinct(_) => Order::Lost,
        Op::Read(_) | Op::Rows(_) | Op::Aggregate(_) | Op::Sort(_) | Op::Limit(_) => Order::Past,
    }
}

/// Whether rows are written as they come, for somebody who reads them one after the other.
fn is_written_as_they_come(node: &Node) -> bool {
    let Op::Write(Write { destination, order, .. }) = &node.op else { return false };
    let is_read_in_order = match destination {
        Destination::File { .. } | Destination::Objects(_) | Destination::StandardOutput { .. } => true,
        Destination::Table(_) | Destination::Endpoint(_) | Destination::Answer { .. } => false,
    };
    is_read_in_order && order.is_empty()
}

/// Each **Sort** whose order is lost on the way to where it would be seen.
pub(super) fn check_orders(plan: &Plan) -> Vec<Diagnostic> {
    // What is written of a node's rows without another order: the load. Inputs stand before what they feed.
    let mut written: Vec<Option<NodeId>> = vec![None; plan.nodes.len()];
    for (at, node) in plan.nodes.iter().enumerate().rev() {
        let found = if is_written_as_they_come(node) { Some(NodeId(at as u32)) } else { written[at] };
        if let (Order::Kept | Order::Lost, Some(load)) = (order_behind(&node.op), found) {
            node.inputs.iter().for_each(|input| written[input.0 as usize] = Some(load));
        }
    }
    let mut sorted: Vec<Option<NodeId>> = vec![None; plan.nodes.len()];
    let (mut told, mut found) = (BTreeSet::new(), Vec::new());
    for (id, node) in plan.iter() {
        let is_step = || plan.steps.get(&node.origin.step).is_some_and(|step| step.kind == "sort");
        // Of several inputs the first one leads, but rows that are put together come one after the other.
        let led =
            if matches!(node.op, Op::Union) { &node.inputs[..] } else { node.inputs.get(..1).unwrap_or_default() };
        let sort = led.iter().find_map(|input| sorted[input.0 as usize]);
        sorted[id.0 as usize] = match order_behind(&node.op) {
            Order::Kept => sort,
            Order::Past if matches!(node.op, Op::Sort(_)) && is_step() => Some(id),
            Order::Past => None,
            Order::Lost => {
                if let (Some(sort), Some(load)) = (sort, written[id.0 as usize])
                    && told.insert(sort)
                {
                    found.push(lost(plan.node(sort), node, plan.node(load)));
                }
                None
            }
        };
    }
    found
}

fn lost(sort: &Node, at: &Node, load: &Node) -> Diagnostic {
    let (sort, at, load) = (&sort.origin, &at.origin.title, &load.origin.title);
    Diagnostic::hint("PW0564", format!("its order is lost in “{at}”: “{load}” writes the rows in any order"))
        .help(format!("name the order in “{load}” (“In order of”), or sort behind “{at}”"))
        .step(&sort.step, &sort.title)
}
