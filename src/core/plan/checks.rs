//! Checks over a whole design that no single step can make: parameters, circles, two loads of one file, names in
//! paths. Imports project.

use std::collections::BTreeMap;

use super::order::Graph;
use crate::data::{Classification, DataType, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::ir::{self, Destination, Node, Op, RUN_STARTED_AT, Write, built_in_parameters};
use crate::model::Parameter;
use crate::policy::Sensitivities;
use crate::project::Project;

/// The declared parameters, and the types of all that expressions may name.
pub(super) struct Parameters {
    pub declared: Vec<ir::Parameter>,
    pub types: BTreeMap<String, DataType>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Parameters {
    pub fn new(project: &Project) -> Self {
        let mut found = Self { declared: Vec::new(), types: built_in_parameters(), diagnostics: Vec::new() };
        for parameter in project.parameters.values() {
            let name = &parameter.name;
            let mut report = |message: String, help: &str| {
                let mut diagnostic = Diagnostic::error("PW0550", message).help(help);
                diagnostic.location.id = Some(parameter.id.clone());
                found.diagnostics.push(diagnostic);
            };
            if name == RUN_STARTED_AT {
                report(format!("the parameter `{name}` is set by every run"), "give the parameter another name");
                continue;
            }
            // What has no name of a parameter stands for none: `env:TOKEN` would be a variable's.
            if ir::is_parameter_name(name) {
                found.types.insert(name.clone(), parameter.data_type.clone());
            }
            if let Some(default) = &parameter.default
                && !is_value(default, parameter)
            {
                let message = format!("the default of the parameter `{name}` is no {}: {default}", parameter.data_type);
                report(message, "change the default, or the parameter's type");
            }
            found.declared.push(ir::Parameter {
                name: name.clone(),
                data_type: parameter.data_type.clone(),
                default: parameter.default.clone(),
                doc: parameter.doc.clone(),
            });
        }
        found.check_names(project);
        found
    }

    /// Names that a run could not set, and secrets in what is written for people.
    fn check_names(&mut self, project: &Project) {
        let mut ids: Vec<&str> = Vec::new();
        let declared = project.parameters.values().filter(|parameter| parameter.name != RUN_STARTED_AT);
        for (parameter, known) in declared.zip(&self.declared) {
            debug_assert_eq!(parameter.name, known.name);
            ids.push(&parameter.id);
        }
        let faults = ir::check_parameter_names(&self.declared);
        let mut faults: Vec<(String, Diagnostic)> =
            faults.into_iter().map(|(index, fault)| (ids[index].to_owned(), fault.field("name"))).collect();
        let known = Sensitivities::of(&project.vocabulary);
        let written = ids.iter().zip(&self.declared).filter(|(_, parameter)| holds_secret(parameter, &known));
        faults.extend(written.map(|(id, parameter)| ((*id).to_owned(), written_secret(&parameter.name))));
        let secrets = ir::secrets_of(&self.declared);
        let docs = project.parameters.values().map(|parameter| (&parameter.id, "doc", &parameter.doc));
        let paths = project.sources.values().map(|source| (&source.id, "path", &source.path));
        for (id, field, text) in docs.chain(paths) {
            if let Some(name) = ir::secret_in_text(text, &secrets) {
                let what = if field == "doc" { "a description" } else { "a path" };
                faults.push((id.clone(), ir::misused(name, what).field(field)));
            }
        }
        for (id, mut fault) in faults {
            fault.location.id = Some(id);
            self.diagnostics.push(fault);
        }
    }
}

/// Whether a parameter's name says that it is a secret, and the secret itself stands in the design.
fn holds_secret(parameter: &ir::Parameter, known: &Sensitivities) -> bool {
    let text = parameter.default.as_ref().filter(|default| ir::environment_reference(default).is_none());
    let is_written = text.and_then(serde_json::Value::as_str).is_some_and(|text| !text.trim().is_empty());
    is_written
        && parameter.data_type == DataType::String
        && known.of_name(&parameter.name) == Some(Classification::Secret)
}

fn written_secret(name: &str) -> Diagnostic {
    let message = format!(
        "the parameter `{name}` is a secret by its name, and its default stands in the project for all to read"
    );
    let variable = name.to_uppercase();
    Diagnostic::warning("PW0560", message)
        .help(format!(
            "let the default say where it is, `${{env:{variable}}}`, or have none, so that each run gives it"
        ))
        .field("default")
}

/// What is wrong with the connections, each told once, however many steps use it.
pub(super) fn check_connections(project: &Project) -> Vec<Diagnostic> {
    let faults = project.connections.values().flat_map(|connection| {
        ir::check_connection(connection).into_iter().map(|mut fault| {
            fault.location.id = Some(connection.id.clone());
            fault
        })
    });
    faults.collect()
}

/// Whether a default is of the parameter's type, or a text that can be read as it.
fn is_value(default: &serde_json::Value, parameter: &Parameter) -> bool {
    match default {
        default if ir::environment_reference(default).is_some() => true,
        serde_json::Value::String(text) if parameter.data_type != DataType::String => {
            let typed = ir::Parameter {
                name: String::new(),
                data_type: parameter.data_type.clone(),
                default: None,
                doc: String::new(),
            };
            ir::parse_parameter(&typed, text).is_ok()
        }
        json => Value::from_json(json, &parameter.data_type).is_some(),
    }
}

/// One report a circle, naming its steps in order.
pub(super) fn report_circles(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) {
    for circle in &graph.circles {
        let Some(first) = circle.first().map(|at| graph.steps[*at]) else { continue };
        let names = circle.iter().chain(circle.first()).map(|at| format!("“{}”", graph.steps[*at].title));
        let path = names.collect::<Vec<_>>().join(" → ");
        diagnostics.push(
            Diagnostic::error("PW0551", format!("rows would flow in a circle: {path}"))
                .help("remove one of these wires; rows flow one way")
                .step(&first.id, &first.title),
        );
    }
}

/// Names in the paths of a step's nodes, and in what is asked of places, that no parameter has.
pub(super) fn check_paths(node: &Node, types: &BTreeMap<String, DataType>) -> Option<Diagnostic> {
    match &node.op {
        Op::Read(read) if read.planned.is_some() => None,
        Op::Read(read) => {
            let texts = read.location.iter().flat_map(|location| location.texts());
            let texts = texts.map(|(_, text)| text).chain([read.path.as_str()]);
            texts.filter_map(|text| check_text(text, "source", types)).next()
        }
        Op::Write(Write { destination, .. }) if destination.connection().is_some() => {
            let field = if matches!(destination, Destination::Table(_)) { "table" } else { "path" };
            destination.place_texts().into_iter().find_map(|(_, text)| check_text(text, field, types))
        }
        written => check_text(written.path()?, "path", types),
    }
}

/// One text of a node, at the field that leads to it.
fn check_text(path: &str, field: &str, types: &BTreeMap<String, DataType>) -> Option<Diagnostic> {
    if let Some(at) = path.find("${")
        && !path[at..].contains('}')
    {
        return Some(
            Diagnostic::error("PW0558", format!("the path `{path}` has a `${{` that is not closed"))
                .help("close it with `}`; `$$` stands for a dollar sign")
                .field(field),
        );
    }
    let name = names_in(path).find(|name| !types.contains_key(*name))?;
    if let Some(variable) = name.strip_prefix("env:") {
        let message = format!("the path `{path}` takes `{variable}` from the environment by itself");
        let help =
            format!("add a parameter, name it in the path, and set its variable, such as PW_{variable}, for a run");
        return Some(Diagnostic::error("PW0559", message).help(help).field(field));
    }
    let near = did_you_mean(name, types.keys().map(String::as_str));
    Some(
        Diagnostic::error("PW0552", format!("the path `{path}` names the unknown parameter `{name}`{near}"))
            .help("add the parameter to the project, or correct the name")
            .field(field),
    )
}

/// `${name}`, `${name:?message}`; names with a default need no parameter. `$$` is a dollar sign.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find('$')?;
            let after = &rest[at + 1..];
            let Some(body) = after.strip_prefix('{') else {
                rest = after.strip_prefix('$').unwrap_or(after);
                continue;
            };
            let (inside, tail) = body.split_once('}')?;
            rest = tail;
            match inside.split_once(":-") {
                Some(_) => {}
                None => return Some(inside.split_once(":?").map_or(inside, |(name, _)| name)),
            }
        }
    })
}

/// Two loads that write one file or one table.
pub(super) fn report_same_files<'a>(nodes: impl Iterator<Item = &'a Node>, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, (&Node, &str)> = BTreeMap::new();
    for node in nodes {
        let Op::Write(write) = &node.op else { continue };
        let (place, path) = match &write.destination {
            // `./a.csv` is `a.csv`.
            Destination::File { path, .. } => {
                let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
                (parts.join("/"), path)
            }
            Destination::Table(place) => (format!("{}\n{}", place.connection.id, place.table), &place.table),
            Destination::Objects(place) => (format!("{}\n{}", place.connection.id, place.path), &place.path),
            // What is sent twice stands beside each other.
            Destination::Endpoint(_) | Destination::StandardOutput { .. } | Destination::Answer { .. } => continue,
        };
        match seen.get(&place) {
            Some((first, _)) => diagnostics.push(
                Diagnostic::error("PW0553", format!("“{}” writes `{path}` too", first.origin.title))
                    .help("give one of them another path, or put the rows together with a Concatenate step")
                    .step(&node.origin.step, &node.origin.title)
                    .field("path"),
            ),
            None => {
                seen.insert(place, (node, path));
            }
        }
    }
    report_nested(&seen, diagnostics);
}

/// A load that writes among the partitions of another one, by place.
fn report_nested(places: &BTreeMap<String, (&Node, &str)>, diagnostics: &mut Vec<Diagnostic>) {
    let is_folder = |node: &Node| match &node.op {
        Op::Write(write) => !write.destination.partition().is_empty(),
        _ => false,
    };
    for (place, (folder, path)) in places.iter().filter(|(_, (node, _))| is_folder(node)) {
        let inside = format!("{place}/");
        for (_, (node, _)) in places.range(inside.clone()..).take_while(|(other, _)| other.starts_with(&inside)) {
            let message = format!("“{}” writes the folder `{path}`, in which this would lie", folder.origin.title);
            diagnostics.push(
                Diagnostic::error("PW0553", message)
                    .help("give one of them a path outside of the other's")
                    .step(&node.origin.step, &node.origin.title)
                    .field("path"),
            );
        }
    }
}
