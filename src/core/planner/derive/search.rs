//! Least-cost derivations over an AND-OR graph: one base source, joins, rules, each paid once. Branch and bound,
//! backwards from what is wanted, with bounds that never overestimate. Knows numbers only: no vocabulary, no project.

use std::sync::Arc;

/// The number of a concept.
pub(in crate::planner) type Concept = usize;

/// Something that gives a concept at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::planner) struct Gift {
    pub concept: Concept,
    pub cost: u32,
}

#[derive(Debug, Clone)]
pub(in crate::planner) struct GraphRule {
    pub target: Concept,
    pub inputs: Arc<[Concept]>,
    pub cost: u32,
}

/// Another source that may be joined where `needs` are known; `gives` what it brings along.
#[derive(Debug, Clone)]
pub(in crate::planner) struct GraphJoin {
    pub needs: Arc<[Concept]>,
    pub gives: Vec<Gift>,
    pub cost: u32,
}

/// What is wanted; `local`: not through a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::planner) struct Wanted {
    pub concept: Concept,
    pub local: bool,
}

/// One base source with all that can be done to its rows.
#[derive(Debug, Clone, Default)]
pub(in crate::planner) struct Problem {
    /// How many concepts there are.
    pub concepts: usize,
    pub base_cost: u32,
    pub fields: Vec<Gift>,
    pub rules: Vec<GraphRule>,
    pub joins: Vec<GraphJoin>,
    pub wanted: Vec<Wanted>,
}

/// What gives a concept in a solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::planner) enum Provider {
    /// Number of a field of the base.
    Field(usize),
    Rule(usize),
    /// Number of a join and of what it gives.
    Joined(usize, usize),
}

/// A whole derivation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::planner) struct Solution {
    pub cost: u32,
    /// By concept; those that nothing needs have none.
    pub providers: Vec<Option<Provider>>,
}

/// The best solutions found, cheapest first.
#[derive(Debug, Clone, Default)]
pub(in crate::planner) struct Found {
    pub solutions: Vec<Solution>,
    /// Whether nothing cheaper can exist; false where the search was cut short.
    pub is_proved: bool,
}

/// States that are looked at before the search is cut short.
const MOST_STATES: usize = 20_000;
const NEVER: u32 = u32::MAX / 4;

/// The `count` cheapest solutions that cost less than `limit`.
pub(in crate::planner) fn search(problem: &Problem, count: usize, limit: u32) -> Found {
    let mut search = Search {
        problem,
        count,
        limit,
        options: options_of(problem),
        providers: vec![None; problem.concepts],
        local: vec![false; problem.concepts],
        joined: vec![0; problem.joins.len()],
        found: Vec::new(),
        states: 0,
    };
    let open = once_each(&problem.wanted);
    search.branch(&open, problem.base_cost);
    Found { is_proved: search.states < MOST_STATES, solutions: search.found }
}

/// Each concept once; local where it is wanted local anywhere.
fn once_each(wanted: &[Wanted]) -> Vec<Wanted> {
    let mut open: Vec<Wanted> = Vec::new();
    for wanted in wanted {
        match open.iter_mut().find(|known| known.concept == wanted.concept) {
            Some(known) => known.local |= wanted.local,
            None => open.push(*wanted),
        }
    }
    open
}

struct Search<'a> {
    problem: &'a Problem,
    count: usize,
    limit: u32,
    /// By concept: all that gives it.
    options: Vec<Vec<Provider>>,
    providers: Vec<Option<Provider>>,
    /// By concept: whether its provider may not be a join.
    local: Vec<bool>,
    /// By join: how many concepts come through it.
    joined: Vec<u32>,
    found: Vec<Solution>,
    states: usize,
}

fn options_of(problem: &Problem) -> Vec<Vec<Provider>> {
    let mut options = vec![Vec::new(); problem.concepts];
    for (number, field) in problem.fields.iter().enumerate() {
        options[field.concept].push(Provider::Field(number));
    }
    for (number, rule) in problem.rules.iter().enumerate() {
        options[rule.target].push(Provider::Rule(number));
    }
    for (number, join) in problem.joins.iter().enumerate() {
        for (place, gift) in join.gives.iter().enumerate() {
            options[gift.concept].push(Provider::Joined(number, place));
        }
    }
    options
}

impl Search<'_> {
    /// What a provider itself costs, without the join that carries it.
    fn own_cost(&self, provider: Provider) -> u32 {
        match provider {
            Provider::Field(number) => self.problem.fields[number].cost,
            Provider::Rule(number) => self.problem.rules[number].cost,
            Provider::Joined(number, place) => self.problem.joins[number].gives[place].cost,
        }
    }

    fn needs(&self, provider: Provider) -> &[Concept] {
        match provider {
            Provider::Field(_) => &[],
            Provider::Rule(number) => &self.problem.rules[number].inputs,
            Provider::Joined(number, _) => &self.problem.joins[number].needs,
        }
    }

    /// From here nothing is worth while.
    fn ceiling(&self) -> u32 {
        match self.found.last() {
            Some(worst) if self.found.len() == self.count => worst.cost.min(self.limit),
            _ => self.limit,
        }
    }

    fn branch(&mut self, open: &[Wanted], cost: u32) {
        self.states += 1;
        if self.states >= MOST_STATES {
            return;
        }
        let Some(next) = open.iter().find(|wanted| wanted.local).or(open.first()).copied() else {
            if cost < self.ceiling() {
                let at = self.found.partition_point(|known| known.cost <= cost);
                self.found.insert(at, Solution { cost, providers: self.providers.clone() });
                self.found.truncate(self.count);
            }
            return;
        };
        let room = self.ceiling().saturating_sub(cost);
        if room == 0 || self.bound(open, room) >= room {
            return;
        }
        let rest: Vec<Wanted> = open.iter().filter(|wanted| wanted.concept != next.concept).copied().collect();
        let mut options = self.options[next.concept].clone();
        options.sort_by_key(|option| (self.own_cost(*option) + self.join_cost(*option), *option));
        for option in options {
            // They come in the order of what they cost at once.
            let at_once = self.own_cost(option).saturating_add(self.join_cost(option));
            if cost.saturating_add(at_once) >= self.ceiling() {
                break;
            }
            if next.local && matches!(option, Provider::Joined(..)) {
                continue;
            }
            self.take(next, option, &rest, cost);
        }
    }

    /// What the join of a provider still costs.
    fn join_cost(&self, provider: Provider) -> u32 {
        match provider {
            Provider::Joined(number, _) if self.joined[number] == 0 => self.problem.joins[number].cost,
            _ => 0,
        }
    }

    /// Goes on with one provider, and takes it back.
    fn take(&mut self, wanted: Wanted, option: Provider, rest: &[Wanted], cost: u32) {
        let cost = cost.saturating_add(self.own_cost(option)).saturating_add(self.join_cost(option));
        self.providers[wanted.concept] = Some(option);
        self.local[wanted.concept] = wanted.local;
        if let Provider::Joined(number, _) = option {
            self.joined[number] += 1;
        }
        if !self.is_circular(wanted.concept) {
            let mut open = rest.to_vec();
            for &need in self.needs(option) {
                // A local concept was given a provider in the local phase, which comes first.
                if self.providers[need].is_some() {
                    continue;
                }
                match open.iter_mut().find(|known| known.concept == need) {
                    Some(known) => known.local |= wanted.local,
                    None => open.push(Wanted { concept: need, local: wanted.local }),
                }
            }
            self.branch(&open, cost);
        }
        if let Provider::Joined(number, _) = option {
            self.joined[number] -= 1;
        }
        self.providers[wanted.concept] = None;
        self.local[wanted.concept] = false;
    }

    /// Whether a concept's provider needs the concept itself.
    fn is_circular(&self, concept: Concept) -> bool {
        let mut seen = vec![false; self.problem.concepts];
        let mut open: Vec<Concept> = self.providers[concept].map(|one| self.needs(one).to_vec()).unwrap_or_default();
        while let Some(next) = open.pop() {
            if next == concept {
                return true;
            }
            if !std::mem::replace(&mut seen[next], true)
                && let Some(provider) = self.providers[next]
            {
                open.extend(self.needs(provider));
            }
        }
        false
    }

    /// What the open concepts cost at least: the dearest of them by itself, or the sum of what each pays alone. What
    /// costs as much as `room` is not told apart.
    fn bound(&self, open: &[Wanted], room: u32) -> u32 {
        let problem = self.problem;
        // By concept: through anything, and without joins.
        let (mut any, mut local) = (vec![NEVER; problem.concepts], vec![NEVER; problem.concepts]);
        let mut own = vec![NEVER; problem.concepts];
        for (concept, provider) in self.providers.iter().enumerate() {
            if provider.is_some() {
                any[concept] = 0;
                local[concept] = if self.local[concept] { 0 } else { NEVER };
            }
        }
        for field in &problem.fields {
            any[field.concept] = any[field.concept].min(field.cost);
            local[field.concept] = local[field.concept].min(field.cost);
            own[field.concept] = own[field.concept].min(field.cost);
        }
        for rule in &problem.rules {
            own[rule.target] = own[rule.target].min(rule.cost);
        }
        let paid = |number: usize| if self.joined[number] > 0 { 0 } else { problem.joins[number].cost };
        let joins: Vec<usize> = (0..problem.joins.len()).filter(|number| paid(*number) < room).collect();
        for gift in joins.iter().flat_map(|number| &problem.joins[*number].gives) {
            own[gift.concept] = own[gift.concept].min(gift.cost);
        }
        let dearest = |costs: &[u32], concepts: &[Concept]| concepts.iter().map(|one| costs[*one]).max().unwrap_or(0);
        let mut is_changed = true;
        while is_changed {
            is_changed = false;
            let mut lower = |costs: &mut [u32], concept: Concept, cost: u32| {
                if cost < costs[concept] {
                    costs[concept] = cost;
                    is_changed = true;
                }
            };
            for rule in &problem.rules {
                let cost = rule.cost.saturating_add(dearest(&any, &rule.inputs)).min(NEVER);
                lower(&mut any, rule.target, cost);
                let cost = rule.cost.saturating_add(dearest(&local, &rule.inputs)).min(NEVER);
                lower(&mut local, rule.target, cost);
            }
            for &number in &joins {
                let join = &problem.joins[number];
                let cost = paid(number).saturating_add(dearest(&any, &join.needs)).min(NEVER);
                for gift in &join.gives {
                    lower(&mut any, gift.concept, cost.saturating_add(gift.cost).min(NEVER));
                }
            }
        }
        let alone = |wanted: &Wanted| if wanted.local { local[wanted.concept] } else { any[wanted.concept] };
        let most = open.iter().map(alone).max().unwrap_or(0);
        let sum = open.iter().map(|wanted| own[wanted.concept]).fold(0, u32::saturating_add);
        most.max(sum.min(NEVER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the cheapest solution costs at least: `None` where there is none.
    fn lower_bound(problem: &Problem) -> Option<u32> {
        let search = Search {
            problem,
            count: 1,
            limit: NEVER,
            options: Vec::new(),
            providers: vec![None; problem.concepts],
            local: vec![false; problem.concepts],
            joined: vec![0; problem.joins.len()],
            found: Vec::new(),
            states: 0,
        };
        let bound = search.bound(&once_each(&problem.wanted), u32::MAX);
        (bound < NEVER).then_some(problem.base_cost.saturating_add(bound))
    }

    /// The cheapest set of fields, rules and joins from which everything wanted follows; tries them all.
    fn brute_force(problem: &Problem) -> Option<u32> {
        let (fields, rules, joins) = (problem.fields.len(), problem.rules.len(), problem.joins.len());
        let gifts: Vec<(usize, Gift)> = problem
            .joins
            .iter()
            .enumerate()
            .flat_map(|(join, one)| one.gives.iter().map(move |gift| (join, *gift)))
            .collect();
        let bits = fields + rules + joins + gifts.len();
        let mut best = None;
        for chosen in 0_u32..1 << bits {
            let has = |bit: usize| chosen >> bit & 1 == 1;
            let mut cost = problem.base_cost;
            let (mut any, mut local) = (vec![false; problem.concepts], vec![false; problem.concepts]);
            for (number, field) in problem.fields.iter().enumerate().filter(|(number, _)| has(*number)) {
                let _ = number;
                cost += field.cost;
                (any[field.concept], local[field.concept]) = (true, true);
            }
            cost += (0..rules).filter(|n| has(fields + n)).map(|n| problem.rules[n].cost).sum::<u32>();
            cost += (0..joins).filter(|n| has(fields + rules + n)).map(|n| problem.joins[n].cost).sum::<u32>();
            cost += (0..gifts.len()).filter(|n| has(fields + rules + joins + n)).map(|n| gifts[n].1.cost).sum::<u32>();
            if best.is_some_and(|best| cost >= best) {
                continue;
            }
            for _ in 0..=problem.concepts {
                for (number, rule) in problem.rules.iter().enumerate().filter(|(n, _)| has(fields + n)) {
                    let _ = number;
                    any[rule.target] |= rule.inputs.iter().all(|input| any[*input]);
                    local[rule.target] |= rule.inputs.iter().all(|input| local[*input]);
                }
                for (number, (join, gift)) in gifts.iter().enumerate() {
                    let is_open = has(fields + rules + join) && has(fields + rules + joins + number);
                    any[gift.concept] |= is_open && problem.joins[*join].needs.iter().all(|need| any[*need]);
                }
            }
            let is_met = |wanted: &Wanted| if wanted.local { local[wanted.concept] } else { any[wanted.concept] };
            if problem.wanted.iter().all(is_met) {
                best = Some(cost);
            }
        }
        best
    }

    fn random_problem(random: &mut fastrand::Rng) -> Problem {
        let concepts = random.usize(3..7);
        let gift = |random: &mut fastrand::Rng| Gift { concept: random.usize(..concepts), cost: random.u32(0..5) };
        let fields = (0..random.usize(1..4)).map(|_| gift(random)).collect();
        let joins = (0..random.usize(..3)).map(|_| GraphJoin {
            needs: (0..random.usize(1..3)).map(|_| random.usize(..concepts)).collect(),
            gives: (0..random.usize(1..3)).map(|_| gift(random)).collect(),
            cost: random.u32(1..12),
        });
        let joins = joins.collect();
        let rules = (0..random.usize(..5)).map(|_| GraphRule {
            target: random.usize(..concepts),
            inputs: (0..random.usize(1..3)).map(|_| random.usize(..concepts)).collect(),
            cost: random.u32(0..6),
        });
        let rules = rules.collect();
        let wanted = (0..random.usize(1..4))
            .map(|_| Wanted { concept: random.usize(..concepts), local: random.u8(..3) == 0 })
            .collect();
        Problem { concepts, base_cost: random.u32(5..15), fields, rules, joins, wanted }
    }

    #[test]
    fn the_search_agrees_with_trying_everything() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut solved = 0;
        for number in 0..1000 {
            let problem = random_problem(&mut random);
            let found = search(&problem, 3, u32::MAX);
            let best = found.solutions.first().map(|solution| solution.cost);
            assert_eq!(best, brute_force(&problem), "graph {number}: {problem:?}");
            assert!(found.is_proved);
            assert!(found.solutions.windows(2).all(|pair| pair[0].cost <= pair[1].cost && pair[0] != pair[1]));
            let bound = lower_bound(&problem);
            assert_eq!(bound.is_some(), best.is_some(), "graph {number}: {problem:?}");
            assert!(bound <= best, "graph {number}: the bound {bound:?} is above {best:?}");
            solved += usize::from(best.is_some());
        }
        assert!((300..900).contains(&solved), "{solved} of 1000 graphs have a solution");
    }

    #[test]
    fn what_is_shared_is_paid_once() {
        // Two wanted concepts, both behind one dear join, or each behind a cheap rule of its own.
        let problem = Problem {
            concepts: 4,
            base_cost: 10,
            fields: vec![Gift { concept: 0, cost: 0 }, Gift { concept: 1, cost: 1 }],
            rules: vec![
                GraphRule { target: 2, inputs: [1].into(), cost: 5 },
                GraphRule { target: 3, inputs: [1].into(), cost: 5 },
            ],
            joins: vec![GraphJoin {
                needs: [0].into(),
                gives: vec![Gift { concept: 2, cost: 0 }, Gift { concept: 3, cost: 0 }],
                cost: 8,
            }],
            wanted: vec![Wanted { concept: 2, local: false }, Wanted { concept: 3, local: false }],
        };
        let costs: Vec<u32> = search(&problem, 4, u32::MAX).solutions.iter().map(|solution| solution.cost).collect();
        assert_eq!(costs, [18, 21, 24, 24]);
        let local = Problem { wanted: vec![Wanted { concept: 2, local: true }, problem.wanted[1]], ..problem };
        assert_eq!(search(&local, 1, u32::MAX).solutions[0].cost, 21);
    }
}
