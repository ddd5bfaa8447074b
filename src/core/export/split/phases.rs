//! When the steps of a split plan are done: in as few turns of the places as may be, so that little waits for a later turn
//! of its own place, each step as late as its turn allows. Knows places by number. Must not import the cut.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{NodeId, Plan};

/// So many ways through the places are kept at a time: those that have come farthest.
const MOST_WAYS: usize = 64;

/// The turns that the places take, and in which of them each step is done.
pub struct Phases<'a> {
    /// By turn: the number of the place.
    pub places: Vec<usize>,
    /// By step: the number of the turn.
    pub part_of: BTreeMap<&'a str, usize>,
}

/// A step with its place, and the steps that it takes rows of, by number.
struct Doing<'a> {
    step: &'a str,
    place: usize,
    before: BTreeSet<usize>,
    /// How much leaves it.
    bytes: u64,
}

impl<'a> Phases<'a> {
    /// `count`: how many places there are; `bytes`: how much leaves a node.
    pub fn of(plan: &'a Plan, count: usize, place_of: &dyn Fn(&str) -> usize, bytes: &BTreeMap<NodeId, u64>) -> Self {
        let steps = steps_of(plan, place_of, bytes);
        let ways = fewest_turns(&steps, count).into_iter();
        let ways = ways.map(|turns| (latest(&steps, &turns), turns));
        let waits = |turn_of: &[usize]| -> u64 {
            let stays = |(number, doing): (usize, &Doing)| {
                let taken = steps.iter().zip(turn_of).filter(|(other, _)| other.before.contains(&number));
                let is_later = |(other, turn): (&Doing, &usize)| other.place == doing.place && *turn != turn_of[number];
                if taken.into_iter().any(is_later) { doing.bytes } else { 0 }
            };
            steps.iter().enumerate().map(stays).sum()
        };
        let best = ways.min_by_key(|(turn_of, _)| waits(turn_of));
        let (turn_of, turns) = best.unwrap_or_default();
        let used: BTreeSet<usize> = turn_of.iter().copied().collect();
        let used: Vec<usize> = used.into_iter().collect();
        let part = |turn: usize| used.iter().position(|one| *one == turn).unwrap_or(0);
        let part_of = steps.iter().zip(&turn_of).map(|(doing, turn)| (doing.step, part(*turn))).collect();
        Phases { places: used.iter().filter_map(|turn| turns.get(*turn).copied()).collect(), part_of }
    }
}

/// By step the turn in which it is done: as late as what takes its rows allows.
fn latest(steps: &[Doing], turns: &[usize]) -> Vec<usize> {
    let mut latest: Vec<usize> = vec![turns.len().saturating_sub(1); steps.len()];
    for number in (0..steps.len()).rev() {
        let place = steps[number].place;
        let turn = (0..=latest[number]).rev().find(|turn| turns.get(*turn) == Some(&place)).unwrap_or(0);
        latest[number] = turn;
        for before in &steps[number].before {
            let most = if steps[*before].place == place { turn } else { turn.saturating_sub(1) };
            latest[*before] = latest[*before].min(most);
        }
    }
    latest
}

/// The steps in the order of the plan, in which each comes after those that it takes rows of.
fn steps_of<'a>(plan: &'a Plan, place_of: &dyn Fn(&str) -> usize, bytes: &BTreeMap<NodeId, u64>) -> Vec<Doing<'a>> {
    let (mut steps, mut numbers): (Vec<Doing>, BTreeMap<&str, usize>) = (Vec::new(), BTreeMap::new());
    for (id, node) in plan.iter() {
        let step = node.origin.step.as_str();
        let number = *numbers.entry(step).or_insert_with(|| {
            steps.push(Doing { step, place: place_of(step), before: BTreeSet::new(), bytes: 0 });
            steps.len() - 1
        });
        steps[number].bytes += bytes.get(&id).copied().unwrap_or_default();
        let before = node.inputs.iter().filter_map(|input| numbers.get(plan.node(*input).origin.step.as_str()));
        steps[number].before.extend(before.copied().filter(|before| *before != number));
    }
    steps
}

/// The shortest lists of places by which all is done, when each does at its turn all that it can.
fn fewest_turns(steps: &[Doing], count: usize) -> Vec<Vec<usize>> {
    let mut ways: Vec<(Vec<usize>, Vec<bool>)> = vec![(Vec::new(), vec![false; steps.len()])];
    loop {
        let is_done = |(_, done): &&(Vec<usize>, Vec<bool>)| done.iter().all(|done| *done);
        let found: Vec<Vec<usize>> = ways.iter().filter(is_done).map(|(turns, _)| turns.clone()).collect();
        if !found.is_empty() {
            return found;
        }
        let mut next: Vec<(Vec<usize>, Vec<bool>)> = Vec::new();
        for (turns, done) in &ways {
            for place in (0..count).filter(|place| turns.last() != Some(place)) {
                let mut now = done.clone();
                for (number, doing) in steps.iter().enumerate().filter(|(_, doing)| doing.place == place) {
                    now[number] = now[number] || doing.before.iter().all(|before| now[*before]);
                }
                let is_done = now.iter().all(|done| *done);
                // Of ways that have come equally far one is enough, until they end.
                if now != *done && (is_done || !next.iter().any(|(_, known)| *known == now)) {
                    next.push(([turns.as_slice(), &[place]].concat(), now));
                }
            }
        }
        // Some place can always go on: each step comes after those that it takes rows of.
        if next.is_empty() {
            return Vec::new();
        }
        next.sort_by_key(|(_, done)| done.iter().filter(|done| !**done).count());
        next.truncate(MOST_WAYS);
        ways = next;
    }
}
