//! Top-down: from a question's contract to the cheapest derivations over sources, rules and joins.
//! Of this room everything up to catalogue, questions and search.

use std::collections::BTreeMap;

use super::bits::BitSet;
use super::catalogue::{Catalogue, JoinWay};
use super::questions::Asked;
use super::search::{Found, Gift, GraphJoin, GraphRule, Problem, Provider, Solution, Wanted, lower_bound, search};
use super::templates::concepts_of;
use super::vocabulary::ConceptNo;

/// What an optional part may add to the cost before it is left out.
const OPTIONAL_LIMIT: u32 = 40;
/// Fields of one source that carry the same concept and are tried.
const SAME_CONCEPT: usize = 3;

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
}

/// The concepts of a contract as numbers; `None`: one is unknown.
pub(super) fn wanted_of(catalogue: &Catalogue, asked: &Asked) -> Option<Vec<Wanted>> {
    let needs = asked.contract.needs();
    let number = |(id, local): (&str, bool)| Some(Wanted { concept: catalogue.vocabulary.number(id)?, local });
    let local = needs.local.into_iter().map(|id| (id, true));
    local.chain(needs.any.into_iter().map(|id| (id, false))).map(number).collect()
}

/// Why the asker may not see a source; `None`: nothing stands in the way.
pub(super) fn forbidden(catalogue: &Catalogue, source: usize, asked: &Asked) -> Option<String> {
    let source = &catalogue.sources[source];
    let is_in = source.access.is_empty() || asked.asker.is_empty() || source.access.contains(&asked.asker);
    (asked.is_own && !is_in)
        .then(|| format!("{} may be seen by {} only, and {} asks", source.title, source.access.join(", "), asked.asker))
}

/// The `count` cheapest derivations, cheapest first; empty where there is none (`gaps` says why).
pub fn derive(catalogue: &Catalogue, asked: &Asked, count: usize) -> Vec<Derivation> {
    let Some(wanted) = wanted_of(catalogue, asked) else { return Vec::new() };
    let (local, any): (BitSet, BitSet) = (
        wanted.iter().filter(|one| one.local).map(|one| one.concept).collect(),
        wanted.iter().map(|one| one.concept).collect(),
    );
    let can = |base: &usize| local.is_in(&catalogue.closed[*base]) && any.is_in(&catalogue.reach[*base]);
    let mut bases: Vec<(u32, usize, Numbered)> = (0..catalogue.sources.len())
        .filter(can)
        .filter(|base| forbidden(catalogue, *base, asked).is_none())
        .filter_map(|base| {
            let numbered = problem_of(catalogue, asked, base, &wanted);
            Some((lower_bound(&numbered.problem)?, base, numbered))
        })
        .collect();
    bases.sort_by_key(|(bound, base, _)| (*bound, *base));
    let mut found: Vec<(usize, Solution, bool)> = Vec::new();
    for (place, (bound, _, numbered)) in bases.iter().enumerate() {
        let limit = match found.get(count.wrapping_sub(1)) {
            Some((_, worst, _)) => worst.cost,
            None => u32::MAX,
        };
        if *bound >= limit {
            break;
        }
        let Found { solutions, is_proved } = search(&numbered.problem, count, limit);
        found.extend(solutions.into_iter().map(|solution| (place, solution, is_proved)));
        found.sort_by_key(|(place, solution, _)| (solution.cost, *place));
        found.truncate(count);
    }
    let derivations = found.into_iter().map(|(place, solution, is_proved)| {
        let (_, base, numbered) = &bases[place];
        with_optional(catalogue, asked, *base, numbered, solution, is_proved)
    });
    derivations.collect()
}

/// What matters for the wanted concepts, of one base, with numbers of its own.
fn problem_of(catalogue: &Catalogue, asked: &Asked, base: usize, wanted: &[Wanted]) -> Numbered {
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
    };
    let mut open: Vec<ConceptNo> = wanted.iter().map(|one| one.concept).collect();
    let (mut seen, mut joins) = (BitSet::default(), BitSet::default());
    while let Some(concept) = open.pop() {
        if !seen.insert(concept) {
            continue;
        }
        let of_concept = catalogue.fields[base].iter().enumerate().filter(|(_, field)| field.concept == concept);
        let mut fields: Vec<(usize, u32)> = of_concept.map(|(number, field)| (number, field.cost)).collect();
        fields.sort_by_key(|(number, cost)| (*cost, *number));
        for (number, cost) in fields.into_iter().take(SAME_CONCEPT) {
            numbered.fields.push(number);
            numbered.problem.fields.push(Gift { concept, cost });
        }
        for &number in &catalogue.rules_for[concept] {
            let rule = &catalogue.vocabulary.numbered_rules()[number];
            if !catalogue.rules_on[base].has(number) || !rule.inputs.iter().all(|input| reach.has(*input)) {
                continue;
            }
            let cost = catalogue.vocabulary.rules()[number].cost;
            numbered.rules.push(number);
            numbered.problem.rules.push(GraphRule { target: concept, inputs: rule.inputs.clone(), cost });
            open.extend(&rule.inputs);
        }
        for &number in &catalogue.joins_for[concept] {
            let join = &catalogue.joins[number];
            let is_open = join.source != base
                && join.needs.iter().all(|need| reach.has(*need))
                && forbidden(catalogue, join.source, asked).is_none();
            if is_open && joins.insert(number) {
                open.extend(&join.needs);
            }
        }
    }
    for number in joins.iter() {
        let join = &catalogue.joins[number];
        // What nothing asks for need not come along.
        let gives = join.gives.iter().map(|field| {
            let field = &catalogue.fields[join.source][*field];
            Gift { concept: field.concept, cost: field.cost }
        });
        let gives = gives.collect();
        let cost = catalogue.join_cost(join, base);
        numbered.joins.push(number);
        numbered.problem.joins.push(GraphJoin { needs: join.needs.clone(), gives, cost });
    }
    numbered
}

/// Adds the optional parts that are worth their cost, and leaves what is chosen as it is.
fn with_optional(
    catalogue: &Catalogue,
    asked: &Asked,
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
            let mut bigger = problem_of(catalogue, asked, base, &more);
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
                Origin::Joined(join, catalogue.joins[join].gives[*place])
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
                Some(Origin::Rule(rule)) => open.extend(&catalogue.vocabulary.numbered_rules()[*rule].inputs),
                Some(Origin::Joined(join, _)) => {
                    if !found.contains(join) {
                        found.push(*join);
                    }
                    open.extend(&catalogue.joins[*join].needs);
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
        JoinWay::Lookup { key } => format!(
            "each `{}` stands once in {} ({} of {} rows), so no row is multiplied",
            name(key),
            source.title,
            source.rows,
            source.rows
        ),
        JoinWay::Nearest { time, key } => {
            let same = key.map(|key| format!(" with the same `{}`", name(key))).unwrap_or_default();
            format!("each row gets the last row of {}{same} at or before it (`{}`)", source.title, name(time))
        }
    }
}

#[cfg(test)]
mod tests;
