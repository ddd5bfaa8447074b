//! Split by place: where each step of a design is done, and what goes over from one place to another: the cheapest cut by
//! bytes that policy and engines allow. Reads the design's places; every back end sees its own part as a plan of its own.

mod cheapest;
mod faults;
mod parts;
mod phases;
mod scripts;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use self::cheapest::{Choices, Cost};
use self::faults::{Faults, holds_back};
pub use self::parts::{Handover, Part, Parts, parts};
pub use self::scripts::{VERIFY_COMMAND, bundle};
pub use self::ways::Way;
use super::{Support, target};
use crate::diagnostic::Diagnostic;
use crate::ir::{NodeId, Op, Plan, load_answers, needed_columns, prune};
use crate::model::{Id, StepPlace};
use crate::plan::{PlacedBy, place_of};
use crate::project::Design;

/// Estimated bytes that leave a node, by column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sizes {
    pub bytes: BTreeMap<NodeId, BTreeMap<String, f64>>,
    /// They are those of a day; else of the sample, since not all sources tell how much they record.
    pub per_day: bool,
}

impl Sizes {
    /// Of so many columns of a node; `None`: not known.
    fn of(&self, node: NodeId, columns: &[String]) -> Option<u64> {
        let known = self.bytes.get(&node)?;
        Some(columns.iter().filter_map(|column| known.get(column)).sum::<f64>().round() as u64)
    }
}

/// Rows that go over from one place to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    pub node: NodeId,
    /// The step whose rows they are.
    pub step: Id,
    pub title: String,
    pub from: Id,
    pub to: Id,
    /// What is needed there.
    pub columns: Vec<String>,
    /// `None`: not estimated.
    pub bytes: Option<u64>,
}

/// Where the steps of a plan are done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cut {
    /// By step: its place, and what said so; `None`: that the least goes over.
    pub steps: BTreeMap<Id, (Id, Option<PlacedBy>)>,
    /// In the order of the plan.
    pub crossings: Vec<Crossing>,
    /// Estimated bytes of what other steps take, by node, as far as they are known.
    pub bytes: BTreeMap<NodeId, u64>,
    pub per_day: bool,
}

impl Cut {
    pub fn place(&self, step: &str) -> Option<&Id> {
        self.steps.get(step).map(|(place, _)| place)
    }

    /// Why a step is done where it is, as people say it.
    pub fn why(&self, step: &str) -> &'static str {
        let said = self.steps.get(step).and_then(|(_, by)| *by);
        said.map_or("the least goes over", PlacedBy::title)
    }

    /// What estimated bytes are of.
    pub fn per(&self) -> &'static str {
        if self.per_day { "a day" } else { "of the sample" }
    }
}

/// What of a plan is split: all that its loads and answers need.
pub fn divided(plan: &Plan) -> Plan {
    load_answers(&prune(plan, &plan.sinks()))
}

/// The cheapest allowed cut of a plan (`divided`). Where none is allowed: the one that the least stands against, and what
/// does, by name.
pub fn cut(plan: &Plan, design: &Design, sizes: &Sizes) -> (Cut, Vec<Diagnostic>) {
    let asked = Asked::new(plan, design, sizes);
    let mut faults = asked.targets();
    if !faults.is_empty() {
        return (Cut::default(), faults);
    }
    let Some(chosen) = asked.cheapest() else {
        let message = "too many steps hang together for the cheapest cut to be found";
        let help = "set the places of some: of those that many others take rows of, first";
        return (Cut::default(), vec![Diagnostic::error("PW1209", message).help(help)]);
    };
    let cut = asked.cut(&chosen);
    faults.extend(asked.faults(&cut));
    (cut, faults)
}

/// A step in the order of the plan.
struct Asking {
    id: Id,
    title: String,
    reads: bool,
    said: Option<(usize, PlacedBy)>,
}

/// What is asked: which steps, which places, who takes whose rows.
struct Asked<'a> {
    plan: &'a Plan,
    sizes: &'a Sizes,
    places: Vec<&'a StepPlace>,
    steps: Vec<Asking>,
    /// By place: how its target carries the steps.
    carried: Vec<BTreeMap<String, (Support, String)>>,
    /// Nodes of which other steps take rows, with the step's number and theirs, and the columns that they need.
    taken: Vec<(NodeId, usize, BTreeSet<usize>, Vec<String>)>,
}

impl<'a> Asked<'a> {
    fn new(plan: &'a Plan, design: &'a Design, sizes: &'a Sizes) -> Self {
        let places: Vec<&StepPlace> = design.places.values().collect();
        let (mut steps, mut numbers): (Vec<Asking>, BTreeMap<&str, usize>) = (Vec::new(), BTreeMap::new());
        for node in &plan.nodes {
            let id = node.origin.step.as_str();
            let number = *numbers.entry(id).or_insert_with(|| {
                let said = design.steps.get(id).and_then(|step| place_of(design, step));
                let said = said.and_then(|(place, by)| Some((places.iter().position(|one| one.id == place.id)?, by)));
                steps.push(Asking { id: id.to_owned(), title: node.origin.title.clone(), reads: false, said });
                steps.len() - 1
            });
            steps[number].reads |= matches!(node.op, Op::Read(_));
        }
        let mut by_target: BTreeMap<&str, BTreeMap<String, (Support, String)>> = BTreeMap::new();
        for place in &places {
            by_target
                .entry(&place.target)
                .or_insert_with(|| target(&place.target).map(|target| target.support(plan)).unwrap_or_default());
        }
        let carried = places.iter().map(|place| by_target[place.target.as_str()].clone()).collect();
        let step_of = |id: NodeId| numbers[plan.node(id).origin.step.as_str()];
        let mut takers: BTreeMap<NodeId, BTreeSet<usize>> = BTreeMap::new();
        for (id, node) in plan.iter() {
            for input in node.inputs.iter().filter(|input| step_of(**input) != step_of(id)) {
                takers.entry(*input).or_default().insert(step_of(id));
            }
        }
        let needed = needed_columns(plan, &plan.sinks());
        let columns = |id: NodeId| {
            let needed = needed[id.0 as usize].as_ref();
            let is_needed = |name: &&str| needed.is_none_or(|needed| needed.contains(*name));
            let of_node = || plan.node(id).schema.names();
            let columns: Vec<String> = of_node().filter(is_needed).map(str::to_owned).collect();
            // Where only the number of rows is wanted something must go over all the same.
            if columns.is_empty() { of_node().take(1).map(str::to_owned).collect() } else { columns }
        };
        let taken = takers.into_iter().map(|(id, takers)| (id, step_of(id), takers, columns(id))).collect();
        Asked { plan, sizes, places, steps, carried, taken }
    }

    /// Places whose target is none.
    fn targets(&self) -> Vec<Diagnostic> {
        let unknown = self.places.iter().filter(|place| target(&place.target).is_none());
        let mut found: Vec<Diagnostic> = unknown.map(|place| faults::unknown_target(place)).collect();
        if self.places.is_empty() {
            let message = "the design has no places to be split by";
            let help = "add places, each with the target that its steps are exported for, and set those of the sources";
            found.push(Diagnostic::error("PW1202", message).help(help));
        }
        found
    }

    /// Where each step is done, by number of place.
    fn cheapest(&self) -> Option<Vec<usize>> {
        let mut choices = Choices::default();
        for step in &self.steps {
            let cost = |place: usize| {
                let is_said = step.said.is_none_or(|(said, _)| said == place);
                let faults = u64::from(!self.carries(place, &step.id));
                let own = Cost { faults, rank: place as u64, ..Cost::default() };
                if is_said { own } else { own + Cost::NEVER }
            };
            choices.add((0..self.places.len()).map(cost).collect());
        }
        for (node, giver, takers, columns) in &self.taken {
            let goes_over = |from: usize, to: usize| self.goes_over(*node, columns, from, to);
            match takers.iter().collect::<Vec<_>>().as_slice() {
                [taker] => choices.together(*giver, **taker, goes_over),
                // What several take in one place goes there once: the places that have the rows are chosen, too.
                _ => {
                    let sets = 1usize.checked_shl(self.places.len() as u32).filter(|sets| *sets <= 1 << 12)?;
                    let there = choices.add(vec![Cost::default(); sets]);
                    let has = |set: usize, place: usize| set >> place & 1 == 1;
                    choices.together(*giver, there, |from, set| {
                        let to = (0..self.places.len()).filter(|to| has(set, *to) && *to != from);
                        to.map(|to| goes_over(from, to)).fold(Cost::default(), |all, one| all + one)
                    });
                    for taker in takers {
                        choices.together(*taker, there, |place, set| match has(set, place) {
                            true => Cost::default(),
                            false => Cost::NEVER,
                        });
                    }
                }
            }
        }
        choices.cheapest()
    }

    fn carries(&self, place: usize, step: &str) -> bool {
        self.carried[place].get(step).is_none_or(|(support, _)| *support != Support::Unsupported)
    }

    fn goes_over(&self, node: NodeId, columns: &[String], from: usize, to: usize) -> Cost {
        if from == to {
            return Cost::default();
        }
        let held = holds_back(self.plan, node, columns, (self.places[from], self.places[to]));
        let faults = held.values().map(|columns| columns.len() as u64).sum();
        // Where nothing is known, fewer columns are less.
        let bytes = self.sizes.of(node, columns).unwrap_or(columns.len() as u64);
        Cost { faults, bytes, crossings: 1, rank: 0 }
    }

    fn cut(&self, chosen: &[usize]) -> Cut {
        let place = |number: usize| self.places[number].id.clone();
        let steps = self.steps.iter().zip(chosen);
        let steps = steps.map(|(step, at)| (step.id.clone(), (place(*at), step.said.map(|(_, by)| by)))).collect();
        let mut crossings = Vec::new();
        for (node, giver, takers, columns) in &self.taken {
            let from = chosen[*giver];
            let there: BTreeSet<usize> = takers.iter().map(|taker| chosen[*taker]).filter(|to| *to != from).collect();
            crossings.extend(there.into_iter().map(|to| Crossing {
                node: *node,
                step: self.steps[*giver].id.clone(),
                title: self.steps[*giver].title.clone(),
                from: place(from),
                to: place(to),
                columns: columns.clone(),
                bytes: self.sizes.of(*node, columns),
            }));
        }
        let known = self.taken.iter().filter_map(|(node, _, _, columns)| Some((*node, self.sizes.of(*node, columns)?)));
        Cut { steps, crossings, bytes: known.collect(), per_day: self.sizes.per_day }
    }

    /// What stands against a cut.
    fn faults(&self, cut: &Cut) -> Vec<Diagnostic> {
        let faults = Faults { plan: self.plan, places: &self.places };
        let mut found = Vec::new();
        for step in &self.steps {
            if step.reads && step.said.is_none() {
                found.push(faults.unplaced(&step.id, &step.title));
            }
            let at = cut.place(&step.id).and_then(|id| self.places.iter().position(|place| place.id == *id));
            if let Some(at) = at.filter(|at| !self.carries(*at, &step.id)) {
                let why = |place: usize| self.carried[place].get(&step.id).map_or("", |(_, why)| why.as_str());
                let is_free = step.said.is_none();
                let all = (0..self.places.len()).filter(|place| is_free || *place == at);
                let all: Vec<(&str, &str)> = all.map(|place| (self.places[place].title.as_str(), why(place))).collect();
                found.push(faults.not_carried(&step.id, &step.title, &all));
            }
        }
        found.extend(cut.crossings.iter().flat_map(|crossing| faults.held_back(crossing)));
        found
    }
}

#[cfg(test)]
mod tests;
