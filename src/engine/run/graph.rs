//! Which nodes of a plan take rows chunk by chunk, where rows are gathered, and in which order sources are read.
//! Pure: knows no Polars.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_core::ir::{JoinKind, NodeId, Op, Plan};

use super::partial::is_decomposable;

/// How a plan is run.
pub(super) struct Graph {
    /// By node: whether its rows come chunk by chunk.
    pub streams: Vec<bool>,
    /// Sources in the order in which they are read.
    pub reads: Vec<NodeId>,
    /// Per source the chunk-wise nodes that its rows reach, itself first.
    pub reached: BTreeMap<NodeId, Vec<NodeId>>,
    /// Chunk-wise nodes whose rows somebody needs whole.
    pub tables: BTreeSet<NodeId>,
    /// Nodes that are fed by a chunk-wise node and shrink what they get: partial aggregates, the first rows.
    pub reduced: BTreeSet<NodeId>,
}

impl Graph {
    pub fn new(plan: &Plan) -> Graph {
        let mut streams = vec![false; plan.nodes.len()];
        let sources = sources_of(plan);
        // Source → sources that must be read whole before it.
        let mut before: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
        for (id, node) in plan.iter() {
            let is_streamed = |input: usize| node.inputs.get(input).is_some_and(|input| streams[input.0 as usize]);
            let streams_here = match &node.op {
                Op::Read(_) => true,
                Op::Filter { .. } | Op::Project(_) | Op::Check(_) | Op::Parse(_) | Op::Explode(_) | Op::Unpivot(_) => {
                    is_streamed(0)
                }
                Op::Union => (0..node.inputs.len()).all(is_streamed),
                Op::Join(join) => {
                    let is_left_wise = match join.kind {
                        JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti | JoinKind::Cross => true,
                        JoinKind::Right | JoinKind::Full => false,
                    };
                    is_left_wise && is_streamed(0) && comes_first(plan, &sources, id, &mut before)
                }
                Op::AsofJoin(_) => is_streamed(0) && comes_first(plan, &sources, id, &mut before),
                Op::Write(write) => write.order.is_empty() && is_streamed(0),
                Op::Rows(_) | Op::Aggregate(_) | Op::Window(_) | Op::Sort(_) | Op::Limit(_) | Op::Distinct(_) => false,
            };
            streams[id.0 as usize] = streams_here;
        }
        let mut graph = Graph {
            reads: in_order(plan, &before),
            reached: BTreeMap::new(),
            tables: BTreeSet::new(),
            reduced: BTreeSet::new(),
            streams,
        };
        graph.mark_gathered(plan);
        for read in graph.reads.clone() {
            let reached = graph.reached_from(plan, read);
            graph.reached.insert(read, reached);
        }
        graph
    }

    pub fn is_streamed(&self, node: NodeId) -> bool {
        self.streams[node.0 as usize]
    }

    fn mark_gathered(&mut self, plan: &Plan) {
        for (id, node) in plan.iter() {
            for (index, input) in node.inputs.iter().enumerate() {
                if !self.is_streamed(*input) || (self.is_streamed(id) && (index == 0 || matches!(node.op, Op::Union))) {
                    continue;
                }
                let shrinks = match &node.op {
                    Op::Aggregate(aggregate) => is_decomposable(aggregate, &plan.node(*input).schema),
                    Op::Limit(_) | Op::Distinct(_) => true,
                    Op::Read(_)
                    | Op::Rows(_)
                    | Op::Parse(_)
                    | Op::Filter { .. }
                    | Op::Project(_)
                    | Op::Check(_)
                    | Op::Window(_)
                    | Op::Join(_)
                    | Op::AsofJoin(_)
                    | Op::Union
                    | Op::Sort(_)
                    | Op::Explode(_)
                    | Op::Unpivot(_)
                    | Op::Write(_) => false,
                };
                if shrinks {
                    self.reduced.insert(id);
                } else {
                    self.tables.insert(*input);
                }
            }
        }
    }

    fn reached_from(&self, plan: &Plan, read: NodeId) -> Vec<NodeId> {
        let mut reached = vec![read];
        for (id, node) in plan.iter() {
            let from = |input: &NodeId| reached.contains(input);
            let is_fed = match node.op {
                Op::Union => node.inputs.iter().any(from),
                _ => node.inputs.first().is_some_and(from),
            };
            if self.is_streamed(id) && is_fed {
                reached.push(id);
            }
        }
        reached
    }
}

/// Per node the sources that it depends on.
fn sources_of(plan: &Plan) -> Vec<BTreeSet<NodeId>> {
    let mut sources: Vec<BTreeSet<NodeId>> = Vec::with_capacity(plan.nodes.len());
    for (id, node) in plan.iter() {
        let mut own: BTreeSet<NodeId> =
            node.inputs.iter().flat_map(|input| sources[input.0 as usize].iter().copied()).collect();
        if matches!(node.op, Op::Read(_)) {
            own.insert(id);
        }
        sources.push(own);
    }
    sources
}

/// Whether the right side of a join can be had whole before any of the left side's sources is read; then that is noted.
fn comes_first(
    plan: &Plan,
    sources: &[BTreeSet<NodeId>],
    join: NodeId,
    before: &mut BTreeMap<NodeId, BTreeSet<NodeId>>,
) -> bool {
    let [left, right] = plan.node(join).inputs[..] else { return false };
    let (left, right) = (&sources[left.0 as usize], &sources[right.0 as usize]);
    // Everything that must come before the right side's sources.
    let mut needed: BTreeSet<NodeId> = right.clone();
    let mut open: Vec<NodeId> = right.iter().copied().collect();
    while let Some(source) = open.pop() {
        for earlier in before.get(&source).into_iter().flatten() {
            if needed.insert(*earlier) {
                open.push(*earlier);
            }
        }
    }
    if !needed.is_disjoint(left) {
        return false;
    }
    for source in left {
        before.entry(*source).or_default().extend(right);
    }
    true
}

/// All sources, each after those that must come before it.
fn in_order(plan: &Plan, before: &BTreeMap<NodeId, BTreeSet<NodeId>>) -> Vec<NodeId> {
    let mut left: Vec<NodeId> =
        plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_))).map(|(id, _)| id).collect();
    let mut done: Vec<NodeId> = Vec::new();
    while !left.is_empty() {
        let is_ready =
            |read: &NodeId| before.get(read).is_none_or(|earlier| earlier.iter().all(|id| done.contains(id)));
        // `comes_first` allows no cycle, so one is always ready; the first is taken should that ever fail.
        let next = left.iter().position(is_ready).unwrap_or(0);
        done.push(left.remove(next));
    }
    done
}
