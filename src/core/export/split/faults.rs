//! What stands against a cut, by name, with what would mend it. Must not import the cut's search.

use std::collections::BTreeMap;

use super::Crossing;
use super::parts::HANDED;
use crate::data::Classification;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::export::targets;
use crate::ir::{Destination, NodeId, Op, Plan, Write};
use crate::model::{Id, StepPlace};
use crate::policy::Violation;

/// Why a column may not go over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// The policy, by what the place that it comes to is.
    Policy(Violation),
    /// The place that it leaves.
    LetsOut { found: Classification, allowed: Classification },
}

/// The columns that may not go over, by what forbids it.
pub fn holds_back<'a>(
    plan: &Plan,
    node: NodeId,
    columns: &'a [String],
    (from, to): (&StepPlace, &StepPlace),
) -> BTreeMap<Held, Vec<&'a str>> {
    let mut found: BTreeMap<Held, Vec<&str>> = BTreeMap::new();
    for column in columns {
        let Some(field) = plan.node(node).schema.get(column) else { continue };
        let classified = plan.policy.classified(&field.labels);
        let let_out = from.lets_out.filter(|allowed| classified > *allowed);
        let let_out = let_out.map(|allowed| Held::LetsOut { found: classified, allowed });
        let forbidden = plan.policy.violations(&field.labels, &to.site()).into_iter().map(Held::Policy);
        for held in forbidden.chain(let_out) {
            found.entry(held).or_default().push(column);
        }
    }
    found
}

pub fn unknown_target(place: &StepPlace) -> Diagnostic {
    let names: Vec<&str> = targets().iter().map(|target| target.name()).collect();
    let near = did_you_mean(&place.target, names.iter().copied());
    Diagnostic::error("PW1203", format!("there is no target `{}`{near}", place.target))
        .help(format!("the targets are {}", names.join(", ")))
        .step(&place.id, &place.title)
        .field("target")
}

/// Folders of the results into which the whole puts what is no result.
const OWN: [&str; 4] = [HANDED, "reports", "quarantine", "report.json"];

/// What a part does by itself, and the whole cannot take back or finish; and what is left out of it.
pub fn not_tied(plan: &Plan) -> Vec<Diagnostic> {
    let one = |write: &Write| match &write.destination {
        Destination::Endpoint(_) => {
            Some(Diagnostic::error("PW1212", "rows are sent over HTTP, which a design that is split does not do").help(
                "a part would send them although another one stops, and what is not taken would be lost: load a \
                     file, and send that by a design of its own",
            ))
        }
        Destination::File { path, .. } if is_own(path) => Some(
            Diagnostic::error(
                "PW0645",
                format!("the load writes where the whole bundle puts what is its own: `{path}`"),
            )
            .help("give it another path, such as `results/rows.csv`")
            .field("path"),
        ),
        _ if write.watch.is_some() => Some(
            Diagnostic::warning("PW1212", "this answer is not watched in a design that is split")
                .help("its history and what is told of it are made by a run of the design, or of its own bundle"),
        ),
        _ => None,
    };
    let all = plan.nodes.iter().filter_map(|node| {
        let Op::Write(write) = &node.op else { return None };
        Some(one(write)?.step(&*node.origin.step, &*node.origin.title))
    });
    all.collect()
}

/// Whether a path, as it is written, leads to one of them. What parameters make of one `run.sh` looks at.
fn is_own(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
    parts.next().is_some_and(|first| OWN.contains(&first))
}

/// What faults are told of.
pub struct Faults<'a> {
    pub plan: &'a Plan,
    pub places: &'a [&'a StepPlace],
}

impl Faults<'_> {
    /// A source of which nothing says where it lies.
    pub fn unplaced(&self, step: &str, title: &str) -> Diagnostic {
        let places: Vec<String> = self.places.iter().map(|place| format!("“{}”", place.title)).collect();
        let help = format!(
            "set the place of the step, of its lane or of its connection ({}), or give one the stack of the source",
            places.join(", ")
        );
        Diagnostic::error("PW1204", format!("nothing says in which place “{title}” is read"))
            .help(help)
            .step(step, title)
            .field("place")
    }

    /// `places`: the title of each that was asked, and what it says.
    pub fn not_carried(&self, step: &str, title: &str, places: &[(&str, &str)]) -> Diagnostic {
        let message = match places {
            [(place, why)] => format!("“{title}” cannot be done in “{place}”: {why}"),
            several => {
                let all: Vec<String> = several.iter().map(|(place, why)| format!("“{place}”: {why}")).collect();
                format!("“{title}” can be done in no place ({})", all.join("; "))
            }
        };
        Diagnostic::error("PW1205", message)
            .help("leave its place open, or add one of the target `pipeline`, which carries every step")
            .step(step, title)
            .field("place")
    }

    /// The columns of a crossing that may not go over.
    pub fn held_back(&self, crossing: &Crossing) -> Vec<Diagnostic> {
        let place = |id: &Id| self.places.iter().find(|place| place.id == *id).copied();
        let (Some(from), Some(to)) = (place(&crossing.from), place(&crossing.to)) else { return Vec::new() };
        let held = holds_back(self.plan, crossing.node, &crossing.columns, (from, to));
        let one = |(held, columns): (Held, Vec<&str>)| {
            let names = columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let is = if columns.len() > 1 { "are" } else { "is" };
            let (why, help) = match held {
                Held::Policy(violation) => {
                    (violation.message(&names, columns.len() > 1), self.owned(&violation, crossing))
                }
                Held::LetsOut { found, allowed } => (
                    format!("{names} {is} {}, and it lets {} data out at most", found.name(), allowed.name()),
                    format!(
                        "hash or mask it, or measure it in groups, before it leaves; drop it; or set what “{}” lets out",
                        from.title
                    ),
                ),
            };
            let message =
                format!("rows of “{}” cannot go from “{}” to “{}”: {why}", crossing.title, from.title, to.title);
            Diagnostic::error("PW1206", message)
                .help(format!("{help}; or do what needs it in “{}”", from.title))
                .step(&crossing.step, &crossing.title)
        };
        held.into_iter().map(one).collect()
    }

    /// What would be allowed, and who is to be asked.
    fn owned(&self, violation: &Violation, crossing: &Crossing) -> String {
        let mut sources: Vec<String> = Vec::new();
        for (node, _) in crossing.columns.iter().flat_map(|column| self.plan.column_sources(crossing.node, column)) {
            let title = format!("“{}”", self.plan.node(node).origin.title);
            if !sources.contains(&title) {
                sources.push(title);
            }
        }
        violation.help(&sources.join(" and "))
    }
}
