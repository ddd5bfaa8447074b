//! Which nodes of a plan take rows chunk by chunk, where chunks begin, and in which order those places are run. Chunks
//! begin at sources and at nodes that block: these gather their inputs first. Pure: knows no Polars.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_core::ir::{JoinKind, NodeId, Op, Plan};

/// How a plan is run.
pub(super) struct Graph {
    /// By node: whether it takes rows chunk by chunk. The others are roots: chunks begin there.
    streams: Vec<bool>,
    /// By node: whether its rows come as its sources are read.
    follows_sources: Vec<bool>,
    /// Root → roots that must be done before it.
    before: BTreeMap<NodeId, BTreeSet<NodeId>>,
    /// Per root the chunk-wise nodes that its rows reach, itself first.
    pub reached: BTreeMap<NodeId, Vec<NodeId>>,
    /// Node → those who gather its rows, with the number of their input.
    pub takers: BTreeMap<NodeId, Vec<(NodeId, usize)>>,
    /// Node → the last one that takes its rows chunk by chunk.
    last_takers: BTreeMap<NodeId, NodeId>,
}

impl Graph {
    /// `held`: joins that must gather both of their sides.
    pub fn new(plan: &Plan, held: &BTreeSet<NodeId>) -> Graph {
        let mut graph = Graph {
            streams: Vec::with_capacity(plan.nodes.len()),
            follows_sources: Vec::with_capacity(plan.nodes.len()),
            before: BTreeMap::new(),
            reached: BTreeMap::new(),
            takers: BTreeMap::new(),
            last_takers: BTreeMap::new(),
        };
        // By node: the roots whose chunks come through it.
        let mut roots: Vec<BTreeSet<NodeId>> = Vec::with_capacity(plan.nodes.len());
        for (id, node) in plan.iter() {
            let roots_of = |input: &NodeId| roots[input.0 as usize].clone();
            let streams = match &node.op {
                Op::Filter { .. }
                | Op::Project(_)
                | Op::Check(_)
                | Op::Parse(_)
                | Op::Explode(_)
                | Op::Unpivot(_)
                | Op::Union => true,
                Op::Join(join) => {
                    let is_left_wise = match join.kind {
                        JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti | JoinKind::Cross => true,
                        JoinKind::Right | JoinKind::Full => false,
                    };
                    is_left_wise && !held.contains(&id) && graph.comes_first(&roots, &node.inputs)
                }
                Op::AsofJoin(_) => !held.contains(&id) && graph.comes_first(&roots, &node.inputs),
                Op::Write(_) => !graph.is_sorted_sink(plan, id),
                Op::Read(_)
                | Op::Rows(_)
                | Op::Aggregate(_)
                | Op::Window(_)
                | Op::Sort(_)
                | Op::Limit(_)
                | Op::Distinct(_) => false,
            };
            let own = match (&node.op, streams) {
                (Op::Union, _) => node.inputs.iter().flat_map(roots_of).collect(),
                (_, true) => node.inputs.first().map(roots_of).unwrap_or_default(),
                (_, false) => {
                    graph.before.entry(id).or_default().extend(node.inputs.iter().flat_map(roots_of));
                    BTreeSet::from([id])
                }
            };
            let follows = |input: &NodeId| graph.follows_sources[input.0 as usize];
            let follows_sources = match &node.op {
                Op::Read(_) => true,
                Op::Union => node.inputs.iter().all(follows),
                // Whether a join's sides fit into memory changes no sink.
                _ => (streams || held.contains(&id)) && node.inputs.first().is_some_and(follows),
            };
            for (index, input) in node.inputs.iter().enumerate() {
                if !streams || (index > 0 && !matches!(node.op, Op::Union)) {
                    graph.takers.entry(*input).or_default().push((id, index));
                } else {
                    graph.last_takers.insert(*input, id);
                }
            }
            roots.push(own);
            graph.streams.push(streams);
            graph.follows_sources.push(follows_sources);
        }
        let all: Vec<NodeId> = plan.iter().map(|(id, _)| id).filter(|id| !graph.is_streamed(*id)).collect();
        for root in all {
            let reached = graph.reached_from(plan, root);
            graph.reached.insert(root, reached);
        }
        graph
    }

    pub fn is_streamed(&self, node: NodeId) -> bool {
        self.streams[node.0 as usize]
    }

    /// The last node, in the plan's order, that takes a node's rows chunk by chunk; `None`: all who take them gather them.
    pub fn last_taker(&self, node: NodeId) -> Option<NodeId> {
        self.last_takers.get(&node).copied()
    }

    /// The next root to run, where any is left.
    pub fn next(&self, done: &BTreeSet<NodeId>) -> Option<NodeId> {
        let is_ready = |root: &&NodeId| {
            !done.contains(*root) && self.before.get(*root).is_none_or(|earlier| earlier.is_subset(done))
        };
        self.reached.keys().find(is_ready).copied()
    }

    /// Whether a sink's rows must be sorted first: in its order or, where rows have none, in that of all columns.
    fn is_sorted_sink(&self, plan: &Plan, id: NodeId) -> bool {
        let node = plan.node(id);
        let Op::Write(write) = &node.op else { return false };
        let follows = |input: &NodeId| self.follows_sources[input.0 as usize] || has_order(plan, *input);
        !write.order.is_empty() || !node.inputs.first().is_some_and(follows)
    }

    fn reached_from(&self, plan: &Plan, root: NodeId) -> Vec<NodeId> {
        let mut reached = vec![root];
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

    /// Whether the right side of a join can be had whole before any chunk of its left side; then that is noted.
    fn comes_first(&mut self, roots: &[BTreeSet<NodeId>], inputs: &[NodeId]) -> bool {
        let [left, right] = inputs[..] else { return false };
        let (left, right) = (&roots[left.0 as usize], &roots[right.0 as usize]);
        // Everything that must come before the right side.
        let mut needed: BTreeSet<NodeId> = right.clone();
        let mut open: Vec<NodeId> = right.iter().copied().collect();
        while let Some(root) = open.pop() {
            for earlier in self.before.get(&root).into_iter().flatten() {
                if needed.insert(*earlier) {
                    open.push(*earlier);
                }
            }
        }
        if !needed.is_disjoint(left) {
            return false;
        }
        for root in left {
            self.before.entry(*root).or_default().extend(right);
        }
        true
    }
}

/// Whether a node's rows come in an order that a reader of the design expects: that of a sort, or of a file.
fn has_order(plan: &Plan, id: NodeId) -> bool {
    let node = plan.node(id);
    let input = |index: usize| node.inputs.get(index).is_some_and(|input| has_order(plan, *input));
    match &node.op {
        Op::Read(_) | Op::Rows(_) | Op::Sort(_) => true,
        Op::Limit(limit) => !limit.keys.is_empty() || input(0),
        Op::Filter { .. }
        | Op::Project(_)
        | Op::Check(_)
        | Op::Parse(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => input(0),
        Op::Aggregate(_) | Op::Window(_) | Op::Join(_) | Op::AsofJoin(_) | Op::Union | Op::Distinct(_) => false,
    }
}
