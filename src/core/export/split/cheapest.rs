//! The cheapest choice for things of which each two may cost something together: exact, by taking one after another out of
//! the question (bucket elimination), which flows, whose steps hang together by few wires, make quick. Knows nothing of
//! designs. Must not import anything of this crate.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;

/// Of two costs the one with fewer faults is less, then the one with fewer bytes, then with fewer crossings; `rank` makes
/// the choice the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cost {
    pub faults: u64,
    pub bytes: u64,
    pub crossings: u64,
    pub rank: u64,
}

impl Cost {
    /// More faults than anything else has.
    pub const NEVER: Cost = Cost { faults: 1 << 40, bytes: 0, crossings: 0, rank: 0 };
}

impl Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        Cost {
            faults: self.faults.saturating_add(other.faults),
            bytes: self.bytes.saturating_add(other.bytes),
            crossings: self.crossings.saturating_add(other.crossings),
            rank: self.rank.saturating_add(other.rank),
        }
    }
}

/// So many combinations are looked at at once, at most.
const MOST_COMBINED: usize = 1 << 22;

/// What choices cost together: for each combination of `of` (the last one changing fastest) a cost.
struct Table {
    of: Vec<usize>,
    costs: Vec<Cost>,
}

/// What is to be chosen.
#[derive(Default)]
pub struct Choices {
    counts: Vec<usize>,
    tables: Vec<Table>,
}

/// What was best for one, given the choices of others.
struct Best {
    one: usize,
    given: Vec<usize>,
    choice: Vec<usize>,
}

impl Choices {
    /// One more thing to choose, with what each choice costs by itself; gives its number.
    pub fn add(&mut self, costs: Vec<Cost>) -> usize {
        let number = self.counts.len();
        self.counts.push(costs.len());
        self.tables.push(Table { of: vec![number], costs });
        number
    }

    /// What the choices of two cost together.
    pub fn together(&mut self, one: usize, other: usize, cost: impl Fn(usize, usize) -> Cost) {
        let (rows, columns) = (self.counts[one], self.counts[other]);
        let costs = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let costs = costs.map(|(row, column)| cost(row, column)).collect();
        self.tables.push(Table { of: vec![one, other], costs });
    }

    /// The cheapest choice of all; `None`: too many hang together.
    pub fn cheapest(mut self) -> Option<Vec<usize>> {
        let mut left: BTreeSet<usize> = (0..self.counts.len()).collect();
        let mut found: Vec<Best> = Vec::new();
        while let Some((one, given)) = self.next(&left) {
            let combined = given.iter().try_fold(self.counts[one], |size, other| size.checked_mul(self.counts[*other]));
            combined.filter(|size| *size <= MOST_COMBINED)?;
            found.push(self.take_out(one, given));
            left.remove(&one);
        }
        let mut chosen = vec![0; self.counts.len()];
        for best in found.iter().rev() {
            let at = best.given.iter().fold(0, |at, other| at * self.counts[*other] + chosen[*other]);
            chosen[best.one] = best.choice[at];
        }
        Some(chosen)
    }

    /// The one that is tied to the fewest combinations of others, and these.
    fn next(&self, left: &BTreeSet<usize>) -> Option<(usize, Vec<usize>)> {
        let mut tied: BTreeMap<usize, BTreeSet<usize>> = left.iter().map(|one| (*one, BTreeSet::new())).collect();
        for table in &self.tables {
            for one in &table.of {
                if let Some(others) = tied.get_mut(one) {
                    others.extend(table.of.iter().filter(|other| *other != one));
                }
            }
        }
        let size = |others: &BTreeSet<usize>| others.iter().map(|other| self.counts[*other] as f64).product::<f64>();
        let next = tied.into_iter().min_by(|(_, a), (_, b)| size(a).total_cmp(&size(b)))?;
        Some((next.0, next.1.into_iter().collect()))
    }

    /// Puts in the place of all tables of one a table of what is left to pay once it is chosen best.
    fn take_out(&mut self, one: usize, given: Vec<usize>) -> Best {
        let (own, rest): (Vec<Table>, Vec<Table>) =
            std::mem::take(&mut self.tables).into_iter().partition(|table| table.of.contains(&one));
        self.tables = rest;
        let combined: usize = given.iter().map(|other| self.counts[*other]).product();
        let (mut costs, mut choice) = (Vec::with_capacity(combined), Vec::with_capacity(combined));
        let mut chosen = vec![0; self.counts.len()];
        for at in 0..combined {
            let mut rest = at;
            for other in given.iter().rev() {
                chosen[*other] = rest % self.counts[*other];
                rest /= self.counts[*other];
            }
            let mut best = (Cost { faults: u64::MAX, ..Cost::default() }, 0);
            for own_choice in 0..self.counts[one] {
                chosen[one] = own_choice;
                let cost = own.iter().map(|table| self.cost(table, &chosen)).fold(Cost::default(), Cost::add);
                if cost < best.0 {
                    best = (cost, own_choice);
                }
            }
            costs.push(best.0);
            choice.push(best.1);
        }
        self.tables.push(Table { of: given.clone(), costs });
        Best { one, given, choice }
    }

    fn cost(&self, table: &Table, chosen: &[usize]) -> Cost {
        let at = table.of.iter().fold(0, |at, one| at * self.counts[*one] + chosen[*one]);
        table.costs[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(bytes: u64) -> Cost {
        Cost { bytes, ..Cost::default() }
    }

    /// All that is said of one question, so that every answer can be tried.
    struct Asked {
        own: Vec<Vec<Cost>>,
        pairs: Vec<(usize, usize, Vec<Cost>)>,
    }

    impl Asked {
        fn new(seed: u64) -> Self {
            let mut random = fastrand::Rng::with_seed(seed);
            let count = random.usize(1..8);
            let costs = |random: &mut fastrand::Rng, count: usize| -> Vec<Cost> {
                let one = |random: &mut fastrand::Rng| Cost { faults: random.u64(..2), ..bytes(random.u64(..9)) };
                (0..count).map(|_| one(random)).collect()
            };
            let own: Vec<Vec<Cost>> = (0..count)
                .map(|_| {
                    let choices = random.usize(1..4);
                    costs(&mut random, choices)
                })
                .collect();
            let pairs = (0..random.usize(..10)).filter_map(|_| {
                let (one, other) = (random.usize(..count), random.usize(..count));
                let table = costs(&mut random, own[one].len() * own[other].len());
                (one != other).then_some((one, other, table))
            });
            let pairs = pairs.collect();
            Asked { own, pairs }
        }

        fn cost(&self, chosen: &[usize]) -> Cost {
            let own = self.own.iter().zip(chosen).map(|(costs, choice)| costs[*choice]);
            let pairs = self
                .pairs
                .iter()
                .map(|(one, other, costs)| costs[chosen[*one] * self.own[*other].len() + chosen[*other]]);
            own.chain(pairs).fold(Cost::default(), Cost::add)
        }

        fn least(&self) -> Cost {
            let mut all: Vec<Vec<usize>> = vec![vec![]];
            for costs in &self.own {
                all = all
                    .iter()
                    .flat_map(|so_far| (0..costs.len()).map(move |one| [so_far.clone(), vec![one]].concat()))
                    .collect();
            }
            all.iter().map(|chosen| self.cost(chosen)).min().unwrap()
        }
    }

    #[test]
    fn nothing_is_cheaper_than_what_is_found() {
        for seed in 0..500 {
            let asked = Asked::new(seed);
            let mut choices = Choices::default();
            for costs in &asked.own {
                choices.add(costs.clone());
            }
            for (one, other, costs) in &asked.pairs {
                let columns = asked.own[*other].len();
                choices.together(*one, *other, |row, column| costs[row * columns + column]);
            }
            let chosen = choices.cheapest().unwrap();
            assert_eq!(asked.cost(&chosen), asked.least(), "seed {seed}");
        }
    }

    #[test]
    fn a_long_flow_is_no_matter_and_what_hangs_together_too_much_is_given_up() {
        let mut chain = Choices::default();
        let steps: Vec<usize> = (0..2000).map(|_| chain.add(vec![bytes(1), bytes(1), bytes(1)])).collect();
        for pair in steps.windows(2) {
            chain.together(pair[0], pair[1], |a, b| bytes(u64::from(a != b)));
        }
        let chosen = chain.cheapest().unwrap();
        assert!(chosen.windows(2).all(|pair| pair[0] == pair[1]));
        let mut knot = Choices::default();
        let all: Vec<usize> = (0..40).map(|_| knot.add(vec![bytes(1); 4])).collect();
        for (at, one) in all.iter().enumerate() {
            all[..at].iter().for_each(|other| knot.together(*one, *other, |a, b| bytes((a * b) as u64)));
        }
        assert!(knot.cheapest().is_none());
    }
}
