//! `Project` → `Plan`, in one topological pass: every step is lowered from its settings and its inputs' schemas.
//! A broken step is a hole that does not break its neighbours' reports; its fault is told once. Incremental: after
//! an edit only the steps that it touches are lowered again. Imports everything up to `project`; no export.

mod checks;
mod lost_order;
mod mend;
mod order;
mod placing;
mod planner;
mod policy;

use std::collections::BTreeMap;

pub use mend::{Mend, mend};
pub use placing::{PlacedBy, place_of};
pub use planner::Planner;
pub use policy::{check_kept_lines, check_policy, in_force, is_same_path, secret_field};

use crate::data::{DataType, Field, Schema};
use crate::ir::Plan;
use crate::model::{Id, Source};
use crate::project::{Design, Project, Step};

/// The plan of a project, from nothing. A program that plans again and again keeps a `Planner`.
pub fn plan(project: &Project) -> Plan {
    let plan = Planner::default().plan(project);
    std::sync::Arc::unwrap_or_clone(plan)
}

/// Reads every source of a project, whether a step does so or not: all that is said of their columns, labels included,
/// also of those that are only declared, have a meaning, or are asked for.
pub fn plan_of_sources(project: &Project) -> Plan {
    let sources = project.variation(|design| only_sources(design, project));
    plan(&sources)
}

/// A design whose sources hold all that is said of their columns, with a step that reads each and nothing else.
fn only_sources(design: &mut Design, project: &Project) {
    for (id, source) in &mut design.sources {
        let planned =
            project.sources.values().filter(|other| other.planned.as_ref().is_some_and(|p| p.stands_for == *id));
        let declared = source.declaration.iter().map(|declaration| &declaration.schema);
        let said = declared.chain(planned.filter_map(|other| other.schema.as_ref())).flat_map(|schema| &schema.fields);
        let meant = source.meanings.keys().map(|name| Field::new(name, DataType::String));
        let more: Vec<Field> = said.cloned().chain(meant).collect();
        let schema = source.schema.get_or_insert_default();
        for field in more {
            if !schema.has(&field.name) {
                schema.fields.push(field);
            }
        }
    }
    let step = |id: &Id, source: &Source| Step {
        id: id.clone(),
        kind: "file".to_owned(),
        title: source.title.clone(),
        settings: [("source".to_owned(), id.as_str().into())].into_iter().collect(),
        ..Step::default()
    };
    design.steps = project.sources.iter().map(|(id, source)| (id.clone(), step(id, source))).collect();
    design.wires.clear();
}

/// The columns that arrive at a step, by input port; for ports that take many, those of the first wire. Ports without
/// wire, or whose neighbour is broken, are not listed.
pub fn input_schemas<'a>(project: &Project, plan: &'a Plan, step: &str) -> BTreeMap<String, &'a Schema> {
    let mut found = BTreeMap::new();
    for wire in project.wires_into(step) {
        if let Some(node) = plan.output(&wire.from, &wire.output) {
            found.entry(wire.input.clone()).or_insert(&plan.node(node).schema);
        }
    }
    found
}

#[cfg(test)]
mod tests;
