//! Top-down: from a question's contract to the cheapest derivations over sources, rules and joins.
//! Of the planner everything up to catalogue and questions.

mod kept;
pub(super) mod policy;
mod search;

use std::collections::BTreeMap;

use super::catalogue::bits::BitSet;
use super::catalogue::{Catalogue, JoinWay, NO_ROW};
use super::evidence::SourceEvidence;
use super::questions::Asked;
use super::vocabulary::ConceptNo;
use super::vocabulary::templates::concepts_of;
use policy::{forbidden, forbidden_join};
use search::{Found, Gift, GraphJoin, GraphRule, Problem, Provider, Solution, Wanted, search};

/// What an optional part may add to the cost before it is left out.
const OPTIONAL_LIMIT: u32 = 40;

/// One way to get at all that a contract needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Derivation {
    /// Number of the source whose rows are counted.
    pub base: usize,
    /// What the required parts cost: sources, joins, rules and doubts, each paid once.
    pub cost: u32,
    /// What the optional parts add to that.
    pub extra_cost: u32,
    /// Whether nothing cheaper exists; false where the search was cut short.
    pub is_proved: bool,
    /// Optional expressions that no source serves.
    pub left_out: Vec<String>,
    pub(super) concepts: BTreeMap<ConceptNo, Origin>,
    /// Numbers of the catalogue's joins, in the order in which they can be made.
    pub(super) joins: Vec<usize>,
}

/// Where a concept comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Number of a field of the base.
    Field(usize),
    Rule(usize),
    /// Number of a join and of a field of its source.
    Joined(usize, usize),
}

/// A problem with the numbers that its rules, fields and joins have in the catalogue.
struct Numbered {
    problem: Problem,
    fields: Vec<usize>,
    rules: Vec<usize>,
    joins: Vec<usize>,
    /// By join: the numbers of the fields that it gives.
    join_fields: Vec<Vec<usize>>,
}

/// The joins that matter for a question, whatever the base.
struct Relevant {
    /// With the fields that matter.
    joins: Vec<(usize, Vec<usize>)>,
    /// By concept: places in `joins`.
    by_concept: Vec<Vec<usize>>,
}

/// The concepts of a contract as numbers; `None`: one is unknown.
pub(super) fn wanted_of(catalogue: &Catalogue, asked: &Asked) -> Option<Vec<Wanted>> {
    let needs = asked.contract.needs();
    let number = |(id, local): (&str, bool)| Some(Wanted { concept: catalogue.vocabulary.number(id)?, local });
    let local = needs.local.into_iter().map(|id| (id, true));
    local.chain(needs.any.into_iter().map(|id| (id, false))).map(number).collect()
}

/// The `count` cheapest derivations, cheapest first; empty where there is none (`gaps` says why). One that asks by what
/// the kept rows do not have is as dear as one by a column without values, and so is one of
/// a source of which no row was left where it was run.
pub fn derive(catalogue: &Catalogue, asked: &Asked, count: usize) -> Vec<Derivation> {
    const EMPTY_COST: u32 = 20;
    const MORE: usize = 4;
    let keeps_none = |one: &Derivation| {
        let source = &catalogue.sources[one.base].source;
        catalogue.tried.get(&(asked.id.clone(), source.clone())).is_some_and(|why| why == NO_ROW)
    };
    let is_lacking = |one: &Derivation| keeps_none(one) || kept::lacks_a_dimension(catalogue, asked, one);
    let found = cheapest(catalogue, asked, count);
    if !found.iter().any(is_lacking) {
        return found;
    }
    let mut found = cheapest(catalogue, asked, count + MORE);
    let all_known = found.len() < count + MORE;
    let last = found.last().map_or(0, |one| one.cost);
    found.iter_mut().filter(|one| is_lacking(one)).for_each(|one| one.cost += EMPTY_COST);
    // Beyond the last one there may be others.
    found.iter_mut().for_each(|one| one.is_proved &= all_known || one.cost <= last);
    found.sort_by_key(|one| one.cost);
    found.truncate(count);
    found
}

/// The cheapest derivations by what their parts cost.
fn cheapest(catalogue: &Catalogue, asked: &Asked, count: usize) -> Vec<Derivation> {
    let Some(wanted) = wanted_of(catalogue, asked) else { return Vec::new() };
    let (local, any): (BitSet, BitSet) = (
        wanted.iter().filter(|one| one.local).map(|one| one.concept).collect(),
        wanted.iter().map(|one| one.concept).collect(),
    );
    let relevant = relevant_joins(catalogue, asked, count);
    let can = |base: &usize| local.is_in(&catalogue.closed[*base]) && any.is_in(&catalogue.reach[*base]);
    let far = far_costs(catalogue, &relevant);
    let prices = relevant.joins.iter().map(|(join, _)| catalogue.joins[*join].cost);
    let cheapest = prices.min().unwrap_or(u32::MAX / 2);
    let mut bases: Vec<(u32, usize)> = (0..catalogue.sources.len())
        .filter(can)
        .filter(|base| forbidden(catalogue, *base, asked).is_none())
        .map(|base| (quick_bound(catalogue, &far, base, &wanted), base))
        .collect();
    bases.sort_unstable();
    let mut best = Best { count, problems: Vec::new(), found: Vec::new() };
    // First without joins, which are dear: what is found so tells where a join can pay.
    for (bound, base) in &bases {
        if *bound >= best.limit() {
            break;
        }
        if any.is_in(&catalogue.closed[*base]) {
            let limit = best.limit();
            best.add(*base, problem_of(catalogue, asked, &relevant, *base, &wanted, 0), limit);
        }
    }
    for (bound, base) in bases {
        // Equal costs are found again.
        let limit = best.limit().saturating_add(1);
        let alone = if any.is_in(&catalogue.closed[base]) { catalogue.base_cost(base) + cheapest } else { 0 };
        if bound < limit && alone < limit {
            best.forget(base);
            best.add(base, problem_of(catalogue, asked, &relevant, base, &wanted, limit), limit);
        }
    }
    let Best { problems, found, .. } = best;
    let derivations = found.into_iter().map(|(place, solution, is_proved)| {
        let (base, numbered) = &problems[place];
        with_optional(catalogue, asked, &relevant, *base, numbered, solution, is_proved)
    });
    derivations.collect()
}

/// The cheapest solutions over all bases.
struct Best {
    count: usize,
    /// With their bases.
    problems: Vec<(usize, Numbered)>,
    /// Place of the problem, solution, whether it is proved; cheapest first.
    found: Vec<(usize, Solution, bool)>,
}

impl Best {
    /// From this cost on nothing is worth while.
    fn limit(&self) -> u32 {
        self.found.get(self.count.wrapping_sub(1)).map_or(u32::MAX, |(_, worst, _)| worst.cost)
    }

    fn add(&mut self, base: usize, numbered: Numbered, limit: u32) {
        let Found { solutions, is_proved } = search(&numbered.problem, self.count, limit);
        if solutions.is_empty() {
            return;
        }
        let place = self.problems.len();
        self.problems.push((base, numbered));
        self.found.extend(solutions.into_iter().map(|solution| (place, solution, is_proved)));
        let problems = &self.problems;
        self.found.sort_by_key(|(place, solution, _)| (solution.cost, problems[*place].0));
        self.found.truncate(self.count);
    }

    fn forget(&mut self, base: usize) {
        let problems = &self.problems;
        self.found.retain(|(place, _, _)| problems[*place].0 != base);
    }
}

/// The cheapest derivation whose rows are those of one source.
pub(super) fn derive_on(catalogue: &Catalogue, asked: &Asked, base: usize) -> Option<Derivation> {
    let wanted = wanted_of(catalogue, asked)?;
    let relevant = relevant_joins(catalogue, asked, 1);
    let numbered = problem_of(catalogue, asked, &relevant, base, &wanted, u32::MAX);
    let found = search(&numbered.problem, 1, u32::MAX);
    let best = found.solutions.into_iter().next()?;
    Some(with_optional(catalogue, asked, &relevant, base, &numbered, best, found.is_proved))
}

/// By concept: what it costs at least where the base cannot give it, and what the cheapest provider costs by itself.
struct FarCosts {
    far: Vec<u32>,
    own: Vec<u32>,
}

fn far_costs(catalogue: &Catalogue, relevant: &Relevant) -> FarCosts {
    let concepts = catalogue.vocabulary.concepts().len();
    let (mut far, mut own) = (vec![u32::MAX; concepts], vec![u32::MAX; concepts]);
    for (number, fields) in &relevant.joins {
        let join = &catalogue.joins[*number];
        for field in fields.iter().map(|field| &catalogue.fields[join.source][*field]) {
            far[field.concept] = far[field.concept].min(join.cost + field.cost);
            own[field.concept] = own[field.concept].min(field.cost);
        }
    }
    let rules = catalogue.vocabulary.numbered_rules().iter().zip(catalogue.vocabulary.rules());
    for (rule, about) in rules.clone() {
        own[rule.target] = own[rule.target].min(about.cost);
    }
    // What a base cannot give has a rule only with an input that it cannot give either.
    let mut is_changed = true;
    while is_changed {
        is_changed = false;
        for (rule, about) in rules.clone() {
            let cheapest = rule.inputs.iter().map(|input| far[*input]).min().unwrap_or(u32::MAX);
            let cost = cheapest.saturating_add(about.cost);
            if cost < far[rule.target] {
                far[rule.target] = cost;
                is_changed = true;
            }
        }
    }
    FarCosts { far, own }
}

/// What a derivation from a base costs at least, told without a search.
fn quick_bound(catalogue: &Catalogue, costs: &FarCosts, base: usize, wanted: &[Wanted]) -> u32 {
    let mut own = 0_u32;
    let mut farthest = 0_u32;
    for one in wanted {
        if !catalogue.closed[base].has(one.concept) {
            farthest = farthest.max(costs.far[one.concept]);
            continue;
        }
        let fields = catalogue.fields[base].iter().filter(|field| field.concept == one.concept);
        let field = fields.map(|field| field.cost).min().unwrap_or(u32::MAX);
        own = own.saturating_add(field.min(costs.own[one.concept]));
    }
    catalogue.base_cost(base).saturating_add(farthest).saturating_add(own)
}

/// The joins that bring anything that the question could be made of, without those that more than `count` others
/// outdo: with the same needs, in the same stack, giving as much for as little.
fn relevant_joins(catalogue: &Catalogue, asked: &Asked, count: usize) -> Relevant {
    let needs = asked.contract.needs();
    let optional = needs.optional.iter().flat_map(|expression| concepts_of(expression));
    let ids = needs.local.iter().chain(&needs.any).copied().chain(optional);
    let mut open: Vec<ConceptNo> = ids.filter_map(|id| catalogue.vocabulary.number(id)).collect();
    let (mut seen, mut joins) = (BitSet::default(), BitSet::default());
    while let Some(concept) = open.pop() {
        if !seen.insert(concept) {
            continue;
        }
        for rule in &catalogue.rules_for[concept] {
            open.extend(catalogue.vocabulary.numbered_rules()[*rule].inputs.iter());
        }
        for number in &catalogue.joins_for[concept] {
            if joins.insert(*number) {
                open.extend(catalogue.joins[*number].needs.iter());
            }
        }
    }
    let mut found: Vec<(usize, Vec<usize>)> = joins
        .iter()
        .filter(|number| forbidden(catalogue, catalogue.joins[*number].source, asked).is_none())
        .map(|number| {
            let join = &catalogue.joins[number];
            let is_relevant = |field: &usize| seen.has(catalogue.fields[join.source][*field].concept);
            (number, join.gives.iter().copied().filter(is_relevant).collect())
        })
        .collect();
    let price = |(number, _): &(usize, Vec<usize>)| catalogue.joins[*number].cost;
    found.sort_by_key(|one| (price(one), std::cmp::Reverse(one.1.len()), one.0));
    let mut kept: Vec<(usize, Vec<usize>)> = Vec::new();
    for one in found {
        let better = kept.iter().filter(|other| outdoes(catalogue, other, &one)).take(count.saturating_add(1)).count();
        if better <= count {
            kept.push(one);
        }
    }
    let mut by_concept = vec![Vec::new(); catalogue.vocabulary.concepts().len()];
    for (place, (number, fields)) in kept.iter().enumerate() {
        for field in fields {
            let places: &mut Vec<usize> =
                &mut by_concept[catalogue.fields[catalogue.joins[*number].source][*field].concept];
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    Relevant { joins: kept, by_concept }
}

/// Whether other rules hold for what two sources bring: for the costs, and for where their rows may go.
fn is_elsewhere(one: &SourceEvidence, other: &SourceEvidence) -> bool {
    one.stack != other.stack || one.residency != other.residency || one.access != other.access
}

/// Whether one join gives all that another does, for no more.
fn outdoes(catalogue: &Catalogue, one: &(usize, Vec<usize>), other: &(usize, Vec<usize>)) -> bool {
    let (first, second) = (&catalogue.joins[one.0], &catalogue.joins[other.0]);
    if first.needs != second.needs
        || first.cost > second.cost
        || is_elsewhere(&catalogue.sources[first.source], &catalogue.sources[second.source])
    {
        return false;
    }
    let (own, others) = (&catalogue.fields[first.source], &catalogue.fields[second.source]);
    other.1.iter().map(|field| &others[*field]).all(|wanted| {
        one.1.iter().map(|field| &own[*field]).any(|has| has.concept == wanted.concept && has.cost <= wanted.cost)
    })
}

/// What matters for the wanted concepts, of one base, with numbers of its own; without joins that reach `limit`.
fn problem_of(
    catalogue: &Catalogue,
    asked: &Asked,
    relevant: &Relevant,
    base: usize,
    wanted: &[Wanted],
    limit: u32,
) -> Numbered {
    let room = limit.saturating_sub(catalogue.base_cost(base));
    let reach = &catalogue.reach[base];
    let mut numbered = Numbered {
        problem: Problem {
            concepts: catalogue.vocabulary.concepts().len(),
            base_cost: catalogue.base_cost(base),
            wanted: wanted.to_vec(),
            ..Problem::default()
        },
        fields: Vec::new(),
        rules: Vec::new(),
        joins: Vec::new(),
        join_fields: Vec::new(),
    };
    let mut open: Vec<ConceptNo> = wanted.iter().map(|one| one.concept).collect();
    let (mut seen, mut joins) = (BitSet::default(), BitSet::default());
    while let Some(concept) = open.pop() {
        if !seen.insert(concept) {
            continue;
        }
        for &number in &catalogue.rules_for[concept] {
            let rule = &catalogue.vocabulary.numbered_rules()[number];
            if !catalogue.rules_on[base].has(number) || !rule.inputs.iter().all(|input| reach.has(*input)) {
                continue;
            }
            let cost = catalogue.vocabulary.rules()[number].cost;
            numbered.rules.push(number);
            numbered.problem.rules.push(GraphRule { target: concept, inputs: rule.inputs.clone(), cost });
            open.extend(rule.inputs.iter());
        }
        for &place in &relevant.by_concept[concept] {
            let join = &catalogue.joins[relevant.joins[place].0];
            let is_open = join.source != base
                && join.cost < room
                && join.needs.iter().all(|need| reach.has(*need))
                && forbidden_join(catalogue, asked, base, join.source).is_none();
            if is_open && joins.insert(place) {
                open.extend(join.needs.iter());
            }
        }
    }
    for (number, field) in catalogue.fields[base].iter().enumerate().filter(|(_, field)| seen.has(field.concept)) {
        numbered.fields.push(number);
        numbered.problem.fields.push(Gift { concept: field.concept, cost: field.cost });
    }
    for place in joins.iter() {
        let (number, fields) = &relevant.joins[place];
        let join = &catalogue.joins[*number];
        let gives = fields.iter().map(|field| {
            let field = &catalogue.fields[join.source][*field];
            Gift { concept: field.concept, cost: field.cost }
        });
        let gives = gives.collect();
        let cost = catalogue.join_cost(join, base);
        numbered.joins.push(*number);
        numbered.join_fields.push(fields.clone());
        numbered.problem.joins.push(GraphJoin { needs: join.needs.clone(), gives, cost });
    }
    numbered
}

/// Adds the optional parts that are worth their cost, and leaves what is chosen as it is.
fn with_optional(
    catalogue: &Catalogue,
    asked: &Asked,
    relevant: &Relevant,
    base: usize,
    numbered: &Numbered,
    mut solution: Solution,
    is_proved: bool,
) -> Derivation {
    let cost = solution.cost;
    let mut wanted = numbered.problem.wanted.clone();
    let mut left_out = Vec::new();
    let mut current: Option<Numbered> = None;
    for expression in asked.contract.needs().optional {
        let concepts: Option<Vec<ConceptNo>> =
            concepts_of(expression).into_iter().map(|id| catalogue.vocabulary.number(id)).collect();
        let concepts = concepts.filter(|all| all.iter().all(|one| catalogue.reach[base].has(*one)));
        let better = concepts.and_then(|concepts| {
            let mut more = wanted.clone();
            more.extend(concepts.into_iter().map(|concept| Wanted { concept, local: false }));
            let mut bigger = problem_of(catalogue, asked, relevant, base, &more, u32::MAX);
            keep_choices(&mut bigger, current.as_ref().unwrap_or(numbered), &solution);
            let limit = solution.cost.saturating_add(OPTIONAL_LIMIT);
            let best = search(&bigger.problem, 1, limit).solutions.into_iter().next()?;
            Some((more, bigger, best))
        });
        match better {
            Some((more, bigger, best)) => (wanted, current, solution) = (more, Some(bigger), best),
            None => left_out.push(expression.to_owned()),
        }
    }
    let derivation = finish(catalogue, base, current.as_ref().unwrap_or(numbered), &solution);
    Derivation { cost, extra_cost: solution.cost - cost, is_proved, left_out, ..derivation }
}

/// Takes away every other way to the concepts that a solution has chosen.
fn keep_choices(bigger: &mut Numbered, smaller: &Numbered, solution: &Solution) {
    let chosen = |concept: ConceptNo| solution.providers[concept];
    let mut keep = Vec::new();
    for (at, field) in bigger.problem.fields.iter().enumerate() {
        let is_kept = chosen(field.concept).is_none_or(|provider| match provider {
            Provider::Field(number) => smaller.fields[number] == bigger.fields[at],
            Provider::Rule(_) | Provider::Joined(..) => false,
        });
        keep.push(is_kept);
    }
    retain(&mut bigger.problem.fields, &mut bigger.fields, &keep);
    keep.clear();
    for (at, rule) in bigger.problem.rules.iter().enumerate() {
        let is_kept = chosen(rule.target).is_none_or(|provider| match provider {
            Provider::Rule(number) => smaller.rules[number] == bigger.rules[at],
            Provider::Field(_) | Provider::Joined(..) => false,
        });
        keep.push(is_kept);
    }
    retain(&mut bigger.problem.rules, &mut bigger.rules, &keep);
    for (at, join) in bigger.problem.joins.iter_mut().enumerate() {
        for (place, gift) in join.gives.iter_mut().enumerate() {
            let is_kept = chosen(gift.concept).is_none_or(|provider| match provider {
                Provider::Joined(number, other) => smaller.joins[number] == bigger.joins[at] && other == place,
                Provider::Field(_) | Provider::Rule(_) => false,
            });
            if !is_kept {
                // Its number must stay, so it is only made too dear.
                gift.cost = gift.cost.saturating_add(OPTIONAL_LIMIT * 100);
            }
        }
    }
}

fn retain<T>(items: &mut Vec<T>, numbers: &mut Vec<usize>, keep: &[bool]) {
    let mut at = 0..;
    items.retain(|_| at.next().is_some_and(|at: usize| keep[at]));
    let mut at = 0..;
    numbers.retain(|_| at.next().is_some_and(|at: usize| keep[at]));
}

fn finish(catalogue: &Catalogue, base: usize, numbered: &Numbered, solution: &Solution) -> Derivation {
    let mut concepts = BTreeMap::new();
    let mut joins: Vec<usize> = Vec::new();
    for (concept, provider) in solution.providers.iter().enumerate() {
        let origin = match provider {
            None => continue,
            Some(Provider::Field(number)) => Origin::Field(numbered.fields[*number]),
            Some(Provider::Rule(number)) => Origin::Rule(numbered.rules[*number]),
            Some(Provider::Joined(number, place)) => {
                let join = numbered.joins[*number];
                if !joins.contains(&join) {
                    joins.push(join);
                }
                Origin::Joined(join, numbered.join_fields[*number][*place])
            }
        };
        concepts.insert(concept, origin);
    }
    let mut derivation =
        Derivation { base, cost: 0, extra_cost: 0, is_proved: false, left_out: Vec::new(), concepts, joins };
    derivation.joins = ordered_joins(catalogue, &derivation);
    derivation
}

/// A join after those that bring what it needs.
fn ordered_joins(catalogue: &Catalogue, derivation: &Derivation) -> Vec<usize> {
    let mut ordered: Vec<usize> = Vec::new();
    while ordered.len() < derivation.joins.len() {
        let next = derivation.joins.iter().find(|join| {
            let needs = &catalogue.joins[**join].needs;
            !ordered.contains(join)
                && needs
                    .iter()
                    .all(|need| derivation.joins_of(catalogue, *need).iter().all(|one| ordered.contains(one)))
        });
        match next {
            Some(next) => ordered.push(*next),
            // The search gives no circles.
            None => break,
        }
    }
    ordered
}

impl Derivation {
    /// The joins without which a concept is not known.
    pub(super) fn joins_of(&self, catalogue: &Catalogue, concept: ConceptNo) -> Vec<usize> {
        let (mut found, mut open, mut seen) = (Vec::new(), vec![concept], BitSet::default());
        while let Some(next) = open.pop() {
            if !seen.insert(next) {
                continue;
            }
            match self.concepts.get(&next) {
                None | Some(Origin::Field(_)) => {}
                Some(Origin::Rule(rule)) => open.extend(catalogue.vocabulary.numbered_rules()[*rule].inputs.iter()),
                Some(Origin::Joined(join, _)) => {
                    if !found.contains(join) {
                        found.push(*join);
                    }
                    open.extend(catalogue.joins[*join].needs.iter());
                }
            }
        }
        found
    }

    /// The sources that it reads, the base first.
    pub fn sources<'a>(&self, catalogue: &'a Catalogue) -> Vec<&'a str> {
        let mut sources = vec![self.base];
        for join in &self.joins {
            let source = catalogue.joins[*join].source;
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources.into_iter().map(|source| catalogue.sources[source].source.as_str()).collect()
    }

    /// The evidence for each join, in the order of the joins.
    pub fn join_reasons(&self, catalogue: &Catalogue) -> Vec<String> {
        self.joins.iter().map(|join| join_reason(catalogue, *join)).collect()
    }
}

/// Why a join multiplies no row.
pub(super) fn join_reason(catalogue: &Catalogue, join: usize) -> String {
    let join = &catalogue.joins[join];
    let source = &catalogue.sources[join.source];
    let name = |field: usize| &source.columns[catalogue.fields[join.source][field].column].name;
    match join.way {
        JoinWay::Lookup { key } => {
            let (name, title, rows) = (name(key), &source.title, source.rows);
            match source.bytes_read < source.bytes {
                true => format!(
                    "each `{name}` stands once in the part of {title} that was looked at ({rows} rows); of others the \
                     first row is taken, so no row is multiplied"
                ),
                false => {
                    format!("each `{name}` stands once in {title} ({rows} of {rows} rows), so no row is multiplied")
                }
            }
        }
        JoinWay::Nearest { time, key } => {
            let same = key.map(|key| format!(" with the same `{}`", name(key))).unwrap_or_default();
            format!("each row gets the last row of {}{same} at or before it (`{}`)", source.title, name(time))
        }
    }
}

#[cfg(test)]
mod tests;
