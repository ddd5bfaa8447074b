//! What holds of every project after every edit; swept in tests, and over files that were edited by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::Project;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Everything that does not hold. Empty after any sequence of edits.
pub fn check_invariants(project: &Project) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    for wire in project.wires.values() {
        for (end, id) in [("from", &wire.from), ("to", &wire.to)] {
            if !project.steps.contains_key(id) {
                let near = did_you_mean(id, project.steps.keys().map(String::as_str));
                found.push(
                    Diagnostic::error(
                        "PW0520",
                        format!("the wire `{}` has an end `{end}` at no step: `{id}`{near}", wire.id),
                    )
                    .help("remove the wire, or correct the id"),
                );
            }
        }
        let takes_many = project.steps.get(&wire.to).and_then(|step| {
            let kind = crate::steps::kind(&step.kind)?;
            kind.ports(&step.settings).inputs.into_iter().find(|port| port.name == wire.input).map(|port| port.many)
        });
        if takes_many == Some(false) && !taken.insert((&wire.to, &wire.input)) {
            found.push(
                Diagnostic::error("PW0521", format!("the input `{}` of `{}` has two wires", wire.input, wire.to))
                    .help("remove one, or put a Concatenate step before it"),
            );
        }
    }
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    for step in project.steps.values() {
        let lists = step.settings.iter().filter_map(|(list, value)| Some((list, value.as_array()?)));
        for (list, id) in lists
            .flat_map(|(list, items)| items.iter().map(move |item| (list, item)))
            .filter_map(|(list, item)| Some((list, item.get("id")?.as_str()?)))
        {
            let other = ids.insert(id, &step.title).or_else(|| project.collection_of(id));
            if let Some(other) = other {
                found.push(
                    Diagnostic::error("PW0522", format!("the id `{id}` stands twice: in “{other}” too"))
                        .step(&step.id, &step.title)
                        .field(format!("{list}.{id}"))
                        .help("give one of them another id"),
                );
            }
        }
    }
    for test in project.tests.values() {
        if !project.steps.contains_key(&test.step) {
            let near = did_you_mean(&test.step, project.steps.keys().map(String::as_str));
            found.push(
                Diagnostic::error("PW0523", format!("the test `{}` names no step: `{}`{near}", test.id, test.step))
                    .help("remove the test, or correct the id"),
            );
        }
    }
    for comment in project.comments.values() {
        let said_of = project.said_of(comment);
        if said_of.is_none() {
            found.push(
                Diagnostic::warning("PW0524", format!("the comment `{}` is about nothing in the project", comment.id))
                    .help("remove it, or set `about` to the id of a step, a wire or a question"),
            );
        }
    }
    found
}
