//! The order in which steps are lowered, and circles in it. Imports project.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::project::{Project, Step, Wire};

/// Steps and wires by index: the order of ids in the project.
pub(super) struct Graph<'a> {
    pub steps: Vec<&'a Step>,
    /// Wires into each step as (index of the step before, wire), in order of ids.
    pub into: Vec<Vec<(usize, &'a Wire)>>,
    /// Indices of steps, each after all that it reads; steps in or behind circles are left out.
    pub order: Vec<usize>,
    /// Each circle as indices of its steps.
    pub circles: Vec<Vec<usize>>,
    /// Steps in or behind a circle.
    pub stuck: Vec<usize>,
}

impl<'a> Graph<'a> {
    /// Wires whose ends are no steps are left out; the project's invariants tell of them.
    pub fn new(project: &'a Project) -> Self {
        let steps: Vec<&Step> = project.steps.values().collect();
        let index: HashMap<&str, usize> = steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
        let mut into = vec![Vec::new(); steps.len()];
        let mut next = vec![Vec::new(); steps.len()];
        for wire in project.wires.values() {
            if let (Some(from), Some(to)) = (index.get(wire.from.as_str()), index.get(wire.to.as_str())) {
                into[*to].push((*from, wire));
                next[*from].push(*to);
            }
        }
        let mut waiting: Vec<usize> = into.iter().map(Vec::len).collect();
        let mut ready: BinaryHeap<Reverse<usize>> =
            (0..steps.len()).filter(|at| waiting[*at] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(steps.len());
        while let Some(Reverse(at)) = ready.pop() {
            order.push(at);
            for to in &next[at] {
                waiting[*to] -= 1;
                if waiting[*to] == 0 {
                    ready.push(Reverse(*to));
                }
            }
        }
        let stuck: Vec<usize> = (0..steps.len()).filter(|at| waiting[*at] > 0).collect();
        let circles = circles(&stuck, &into);
        Self { steps, into, order, circles, stuck }
    }
}

/// The circles among steps that wait for one another: from each step, back along wires until one comes again.
fn circles(stuck: &[usize], into: &[Vec<(usize, &Wire)>]) -> Vec<Vec<usize>> {
    let is_stuck: std::collections::HashSet<usize> = stuck.iter().copied().collect();
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for start in stuck {
        let mut path: Vec<usize> = Vec::new();
        let mut at = *start;
        while seen.insert(at) {
            path.push(at);
            // Every stuck step waits for a stuck one.
            match into[at].iter().find(|(from, _)| is_stuck.contains(from)) {
                Some((from, _)) => at = *from,
                None => break,
            }
        }
        if let Some(begin) = path.iter().position(|step| *step == at) {
            let mut circle = path.split_off(begin);
            // Walked against the wires; told along them.
            circle.reverse();
            let smallest = circle.iter().enumerate().min_by_key(|(_, step)| **step).map_or(0, |(place, _)| place);
            circle.rotate_left(smallest);
            found.push(circle);
        }
    }
    found
}
