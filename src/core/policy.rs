//! Policy: which labelled data may go where. The rules of an organisation and of a project, what they allow, and how
//! sensitive fields are. One rule for plans, the planner, exports and runs. Imports diagnostic and data only.
//!
//! What holds without any policy: what is secret goes nowhere; data with a residency stays at that place; only the
//! teams of `access` see what has one; a measure of personal columns is internal in groups of at least
//! `SMALLEST_GROUP` rows. What a destination does not say of itself is taken against it.

mod file;
mod keys_in_text;
mod sensitivity;
mod violation;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use file::{POLICY_VERSION, digest, json_schema_of_policy, loosened, parse_organisation, parse_own};
pub use keys_in_text::{is_named, is_naming, keys_in, names_secret, plain};
pub use sensitivity::{Sensitivities, normal_name};
pub use violation::Violation;

use crate::data::{Classification, Labels};

/// How many rows must stand behind a measure of personal columns where no policy says more or fewer.
pub const SMALLEST_GROUP: u64 = 5;
/// Stands in a limit for all that are not named, and for what does not say.
pub const OTHERS: &str = "*";

/// Where data goes, and who sees it there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Site {
    /// Where it lives: `warehouse`, `bi`. Empty: not said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stack: String,
    /// The place where it lies: `eu`. Empty: not said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub residency: String,
    /// Teams that see it, by id or title. Empty: not said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
}

impl Site {
    pub fn is_empty(&self) -> bool {
        *self == Site::default()
    }

    /// Where data of these labels already is: run in place.
    pub fn in_place(labels: &Labels) -> Site {
        Site {
            stack: labels.stacks.first().cloned().unwrap_or_default(),
            residency: labels.residency.first().cloned().unwrap_or_default(),
            audience: labels.access.clone().unwrap_or_default(),
        }
    }
}

/// The rules of an organisation, or of a project: which only makes those of its organisation tighter.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Version of the file: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<u64>,
    /// As messages name it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub highest: Limits,
    /// By place: the places to which its data may go besides.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub residency: BTreeMap<String, Vec<String>>,
    /// Lists of stacks whose data is not brought together: neither in one step, nor by loading into another of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<Vec<String>>,
    /// Rows that must stand behind a measure of personal columns for it to be internal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_group: Option<u64>,
}

/// The closest classification that may come somewhere. The key `*` stands for all that are not named, and for
/// destinations that do not say. Several limits on one destination all hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stacks: BTreeMap<String, Classification>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, Classification>,
    /// By team (id or title) that sees it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub teams: BTreeMap<String, Classification>,
}

impl Limits {
    fn is_empty(&self) -> bool {
        *self == Limits::default()
    }
}

impl Policy {
    /// As messages name it.
    fn title(&self) -> String {
        if self.name.is_empty() { "the policy".to_owned() } else { format!("“{}”", self.name) }
    }
}

/// All that is in force for a plan. Written into a pipeline, so that a run can refuse without the project.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct InForce {
    /// Policies of the organisation; the built-in rules are their base.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisation: Vec<Policy>,
    /// The project's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Policy>,
    /// Titles of the project's teams by id; a team may go by either.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub teams: BTreeMap<String, String>,
}

/// What limits a destination: the closest classification, and why.
struct Limit {
    highest: Classification,
    /// `the stack `bi``; empty: the built-in rule.
    of: String,
    policy: String,
}

/// Whether two names of a stack, a place or a team are the same: capitals and blanks around make no other one.
fn is_same_name(one: &str, other: &str) -> bool {
    one.trim() == other.trim() || one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// What a map has for a name.
fn named<'a, T>(map: &'a BTreeMap<String, T>, name: &str) -> Option<&'a T> {
    map.get(name).or_else(|| map.iter().find(|(known, _)| is_same_name(known, name)).map(|(_, found)| found))
}

/// A team's id, given by id or title; other names as they are.
pub fn team_id(teams: &BTreeMap<String, String>, name: &str) -> String {
    let name = name.trim();
    let is_exact = teams.contains_key(name);
    let known = teams.iter().filter(|_| !is_exact);
    let known = known
        .clone()
        .find(|(_, title)| *title == name)
        .or_else(|| known.clone().find(|(id, title)| is_same_name(id, name) || is_same_name(title, name)));
    known.map_or_else(|| name.to_owned(), |(id, _)| id.clone())
}

impl InForce {
    pub fn is_empty(&self) -> bool {
        *self == InForce::default()
    }

    /// Whether somebody has written rules: else only the usual ones hold.
    pub fn has_rules(&self) -> bool {
        !self.organisation.is_empty() || self.own.is_some()
    }

    /// A team's id, given by id or title; other names as they are.
    pub fn team(&self, name: &str) -> String {
        team_id(&self.teams, name)
    }

    /// As people call a team.
    fn title(&self, team: &str) -> String {
        self.teams.get(team).filter(|title| !title.is_empty()).cloned().unwrap_or_else(|| team.to_owned())
    }

    /// How many rows must stand behind a measure of personal columns.
    pub fn smallest_group(&self) -> u64 {
        let organisation = self.organisation.iter().map(|policy| policy.smallest_group.unwrap_or(SMALLEST_GROUP));
        let base = organisation.max().unwrap_or(SMALLEST_GROUP);
        let own = self.own.as_ref().and_then(|own| own.smallest_group);
        own.map_or(base, |own| own.max(base))
    }

    /// The closest classification that may come to a site.
    pub fn highest(&self, site: &Site) -> Classification {
        self.limit(site).highest
    }

    fn limit(&self, site: &Site) -> Limit {
        let built_in = || Limit { highest: Classification::Personal, of: String::new(), policy: String::new() };
        let organisation = self.organisation.iter().map(|policy| self.limit_of(policy, site).unwrap_or_else(built_in));
        let base = organisation.min_by_key(|limit| limit.highest).unwrap_or_else(built_in);
        match self.own.as_ref().and_then(|own| self.limit_of(own, site)) {
            Some(own) if own.highest < base.highest => own,
            _ => base,
        }
    }

    /// The tightest of a policy's limits on a site; `None`: it says nothing of it.
    fn limit_of(&self, policy: &Policy, site: &Site) -> Option<Limit> {
        let limits = &policy.highest;
        let others = |limits: &BTreeMap<String, Classification>| limits.get(OTHERS).copied();
        let mut found: Vec<(Classification, String)> = Vec::new();
        for (limits, name, what) in
            [(&limits.stacks, &site.stack, "the stack"), (&limits.places, &site.residency, "the place")]
        {
            let named = named(limits, name).filter(|_| !name.is_empty()).copied();
            let of = if name.is_empty() { format!("a destination without {what}") } else { format!("{what} `{name}`") };
            found.extend(named.or_else(|| others(limits)).map(|highest| (highest, of)));
        }
        for team in &site.audience {
            let team = self.team(team);
            let is_of_team = |name: &str| is_same_name(&self.team(name), &team);
            let named = limits.teams.iter().find(|(name, _)| is_of_team(name)).map(|(_, highest)| *highest);
            let of = self.title(&team);
            found.extend(named.or_else(|| others(&limits.teams)).map(|highest| (highest, of)));
        }
        if site.audience.is_empty() {
            found.extend(others(&limits.teams).map(|highest| (highest, "a destination without audience".to_owned())));
        }
        let (highest, of) = found.into_iter().min_by_key(|(highest, _)| *highest)?;
        Some(Limit { highest, of, policy: policy.title() })
    }

    /// What a column counts as: a measure of smaller groups than wanted is as personal as what it measures.
    pub fn classified(&self, labels: &Labels) -> Classification {
        let is_small = labels.smallest_group.is_some_and(|rows| rows < self.smallest_group());
        let classified = labels.classified();
        if is_small { classified.max(Classification::Personal) } else { classified }
    }

    /// Everything that forbids data of these labels to come to a site; empty: it may.
    pub fn violations(&self, labels: &Labels, site: &Site) -> Vec<Violation> {
        let mut found = Vec::new();
        let classified = self.classified(labels);
        let limit = self.limit(site);
        if classified > limit.highest {
            let small = labels.smallest_group.filter(|_| classified > labels.classified());
            found.push(Violation::TooClose {
                found: classified,
                allowed: limit.highest,
                of: limit.of,
                policy: limit.policy,
                small,
                smallest_group: self.smallest_group(),
            });
        }
        found.extend(labels.residency.iter().filter_map(|place| self.residency_fault(place, &site.residency)));
        if let Some(may) = &labels.access {
            let may_see = |team: &String| may.iter().any(|one| is_same_name(&self.team(one), &self.team(team)));
            let stranger = site.audience.iter().find(|team| !may_see(team));
            if stranger.is_some() || site.audience.is_empty() || may.is_empty() {
                let team = stranger.map(|team| self.title(&self.team(team))).unwrap_or_default();
                found.push(Violation::NotForTeam { may: may.iter().map(|one| self.title(one)).collect(), team });
            }
        }
        if !site.stack.is_empty() {
            found.extend(labels.stacks.iter().find_map(|stack| self.apart([stack.as_str(), &site.stack])));
        }
        found
    }

    fn residency_fault(&self, place: &str, to: &str) -> Option<Violation> {
        let fault = |policy: &str| {
            Some(Violation::NotInPlace { place: place.to_owned(), to: to.to_owned(), policy: policy.to_owned() })
        };
        if to.is_empty() {
            return fault("");
        }
        if is_same_name(to, place) {
            return None;
        }
        let lets = |policy: &Policy| {
            named(&policy.residency, place).is_some_and(|places| places.iter().any(|one| is_same_name(one, to)))
        };
        if self.organisation.is_empty() {
            return fault("");
        }
        if let Some(strict) = self.organisation.iter().find(|policy| !lets(policy)) {
            return fault(&strict.title());
        }
        let own = self.own.as_ref().filter(|own| named(&own.residency, place).is_some() && !lets(own));
        own.and_then(|own| fault(&own.title()))
    }

    /// Whether any stacks are kept apart.
    pub fn keeps_apart(&self) -> bool {
        self.organisation.iter().chain(&self.own).any(|policy| !policy.apart.is_empty())
    }

    /// Two of the stacks that are not to be brought together.
    pub fn apart<'a>(&self, stacks: impl IntoIterator<Item = &'a str>) -> Option<Violation> {
        let stacks: Vec<&str> = stacks.into_iter().collect();
        self.organisation.iter().chain(&self.own).find_map(|policy| {
            policy.apart.iter().find_map(|group| {
                let mut present: Vec<&str> = Vec::new();
                for stack in stacks.iter().filter(|stack| group.iter().any(|one| is_same_name(one, stack))) {
                    if !present.iter().any(|known| is_same_name(known, stack)) {
                        present.push(stack);
                    }
                }
                let [one, other, ..] = present.as_slice() else { return None };
                Some(Violation::Apart { one: (*one).to_owned(), other: (*other).to_owned(), policy: policy.title() })
            })
        })
    }
}

#[cfg(test)]
mod tests;
