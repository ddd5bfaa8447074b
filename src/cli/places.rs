//! `pipewright sample` and `pipewright connections`: the only verbs besides `run` that open connections.

use std::collections::BTreeMap;

use pipewright_app::resolve::default_parameters;
use pipewright_app::{take_sample, test_connection};
use pipewright_core::data::Value;
use pipewright_core::diagnostic::{Diagnostic, did_you_mean};
use pipewright_core::ir::{check_connection, parse_parameter};
use pipewright_core::project::{Project, save_file};
use pipewright_engine::Cancel;

use super::args::{ConnectionsArgs, Form, SampleArgs};
use super::output::{print_json, print_text, tell};
use super::project::{folder_of, read_project};
use super::{Failure, Outcome, VerbResult, usage};

pub fn sample(args: &SampleArgs) -> VerbResult {
    let invalid = |diagnostic: Diagnostic| Failure { diagnostics: vec![diagnostic], outcome: Outcome::Invalid };
    let (mut project, _) = read_project(&args.project).map_err(invalid)?;
    let base = folder_of(&args.project);
    let parameters = parameters(&project, args)?;
    let taken = take_sample(&project, base, &args.source, args.rows, &parameters, &Cancel::new())?;
    project.apply(&taken.edits)?;
    save_file(&args.project, &project)?;
    tell(&taken.told);
    tell!("the sample lies in {}", taken.path);
    Ok(Outcome::Done)
}

/// The defaults, and what the command line says instead.
fn parameters(project: &Project, args: &SampleArgs) -> Result<BTreeMap<String, Value>, Failure> {
    let mut values = default_parameters(project, folder_of(&args.project));
    for text in &args.parameters {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| usage("a --param without `=` gives no value", "write --param NAME=VALUE"))?;
        let Some(parameter) = project.parameters.values().find(|parameter| parameter.name == name) else {
            let names: Vec<&str> = project.parameters.values().map(|parameter| parameter.name.as_str()).collect();
            let near = did_you_mean(name, names.iter().copied());
            let help =
                if names.is_empty() { "there are none".into() } else { format!("they are {}", names.join(", ")) };
            return Err(usage(format!("there is no parameter `{name}`{near}"), help));
        };
        let typed = pipewright_core::ir::Parameter {
            name: name.to_owned(),
            data_type: parameter.data_type.clone(),
            default: parameter.default.clone(),
            doc: String::new(),
        };
        let wrong = |diagnostic| Failure { diagnostics: vec![diagnostic], outcome: Outcome::Usage };
        values.insert(name.to_owned(), parse_parameter(&typed, value).map_err(wrong)?);
    }
    Ok(values)
}

pub fn connections(args: &ConnectionsArgs) -> VerbResult {
    let invalid = |diagnostic: Diagnostic| Failure { diagnostics: vec![diagnostic], outcome: Outcome::Invalid };
    let (project, _) = read_project(&args.project).map_err(invalid)?;
    let Some(name) = &args.test else {
        let all: Vec<_> = project.connections.values().collect();
        // What is written where it would be seen is not shown either.
        let faults: Vec<Diagnostic> = all.iter().flat_map(|connection| check_connection(connection)).collect();
        if faults.iter().any(Diagnostic::is_error) {
            return Err(Failure { diagnostics: faults, outcome: Outcome::Failed });
        }
        if args.format == Form::Json {
            print_json(&all)?;
            return Ok(Outcome::Done);
        }
        let mut text = String::new();
        for connection in all {
            line!(text, "{}  {}  {}  {}", connection.id, connection.kind.title(), connection.address, connection.title);
        }
        print_text(&text)?;
        return Ok(Outcome::Done);
    };
    let titled = project.connections.values().find(|connection| connection.title == *name);
    let Some(connection) = project.connections.get(name).or(titled) else {
        let names = project.connections.values().flat_map(|known| [known.id.as_str(), known.title.as_str()]);
        let near = did_you_mean(name, names);
        return Err(usage(
            format!("there is no connection `{name}`{near}"),
            "`pipewright connections PROJECT` lists those of the project",
        ));
    };
    let base = folder_of(&args.project);
    let parameters = default_parameters(&project, base);
    let answer = test_connection(&project, connection, base, &parameters, &Cancel::new())?;
    print_text(&format!("{answer}\n"))?;
    Ok(Outcome::Done)
}
