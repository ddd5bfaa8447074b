//! Verbs that list what the program knows: steps, functions, schemas; and diagrams of a project.

use std::fmt::Write as _;
use std::path::Path;

use pipewright_app::files_read_by;
use pipewright_core::diagnostic::did_you_mean;
use pipewright_core::export::map::map;
use pipewright_core::export::pipeline::Pipeline;
use pipewright_core::expr::{FunctionKind, function, functions};
use pipewright_core::formats::{Format, OptionKind, format as format_of, formats};
use pipewright_core::ir::defaults;
use pipewright_core::plan::plan;
use pipewright_core::policy::json_schema_of_policy;
use pipewright_core::project::{Project, json_schema_of_edits, json_schema_of_project, read_file};
use pipewright_core::quote;
use pipewright_core::steps::{Example, StepKind, kind, kinds};
use serde_json::{Value as Json, json};

use super::answers::{look_of, put_in_place};
use super::args::{Diagram, Form, GraphArgs, NameArgs, SchemaOf};
use super::output::{print_json, print_text};
use super::{Failure, Outcome, VerbResult, usage};
use crate::pictures::{self, PictureKind};

pub fn steps(args: &NameArgs) -> VerbResult {
    let chosen: Vec<&dyn StepKind> = match &args.name {
        None => kinds().to_vec(),
        Some(name) => vec![kind(name).ok_or_else(|| {
            usage(
                format!("there is no step kind `{name}`{}", did_you_mean(name, kinds().iter().map(|kind| kind.name()))),
                "`pipewright steps` lists them",
            )
        })?],
    };
    if args.format == Form::Json {
        print_json(&chosen.iter().map(|kind| step_json(*kind)).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for kind in &chosen {
        if args.name.is_none() {
            let _ = writeln!(text, "{:<16} {:<10} {}", kind.name(), kind.group().title(), kind.title());
            continue;
        }
        let _ = writeln!(
            text,
            "{} ({}, {})\n\n{}\n\nSettings:",
            kind.title(),
            kind.name(),
            kind.group().title(),
            kind.doc()
        );
        for field in kind.form() {
            let required = if field.required { " (required)" } else { "" };
            let _ = writeln!(text, "  {}{required}: {}\n      {}", field.name, field.kind.describe(), field.doc);
        }
        for example in kind.examples() {
            let _ = writeln!(text, "\nExample: {}\n  settings: {}", example.title, settings_json(example));
            for (way, tables) in [("in", example.inputs), ("out", example.outputs)] {
                for (port, table) in tables {
                    let _ = writeln!(text, "  {way}, {port}: {}", table.schema);
                    for row in table.rows.lines() {
                        let _ = writeln!(text, "    {}", row.trim());
                    }
                }
            }
        }
    }
    print_text(&text)?;
    Ok(Outcome::Done)
}

fn settings_json(example: &Example) -> Json {
    serde_json::from_str(example.settings).unwrap_or(Json::Null)
}

fn step_json(kind: &dyn StepKind) -> Json {
    let ports = kind.ports(&kind.defaults());
    json!({
        "name": kind.name(),
        "title": kind.title(),
        "group": kind.group().title(),
        "doc": kind.doc(),
        "inputs": ports.inputs.iter().map(|port| &port.name).collect::<Vec<_>>(),
        "outputs": ports.outputs.iter().map(|port| &port.name).collect::<Vec<_>>(),
        "settings": kind.form().iter().map(|field| json!({
            "name": field.name, "label": field.label, "value": field.kind.describe(), "doc": field.doc,
            "required": field.required,
        })).collect::<Vec<_>>(),
        "examples": kind.examples().iter().map(|example| json!({
            "title": example.title,
            "settings": settings_json(example),
        })).collect::<Vec<_>>(),
    })
}

pub fn functions_of(name: Option<&str>) -> Result<Vec<&'static pipewright_core::expr::Function>, Failure> {
    match name {
        None => Ok(functions().iter().collect()),
        Some(name) => Ok(vec![function(name).ok_or_else(|| {
            usage(
                format!(
                    "there is no function `{name}`{}",
                    did_you_mean(name, functions().iter().map(|function| function.name))
                ),
                "`pipewright functions` lists them",
            )
        })?]),
    }
}

pub fn list_functions(args: &NameArgs) -> VerbResult {
    let chosen = functions_of(args.name.as_deref())?;
    let kind_name = |kind| match kind {
        FunctionKind::Scalar => "scalar",
        FunctionKind::Aggregate => "aggregate",
        FunctionKind::Window => "window",
    };
    if args.format == Form::Json {
        let list: Vec<Json> = chosen
            .iter()
            .map(|function| {
                json!({
                    "name": function.name, "kind": kind_name(function.kind), "group": function.group,
                    "signature": function.signature, "doc": function.doc,
                    "examples": function.examples.iter().map(|example| json!({ "call": example.call, "result": example.result })).collect::<Vec<_>>(),
                })
            })
            .collect();
        print_json(&list)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    let mut group = "";
    for function in chosen {
        if function.group != group && args.name.is_none() {
            group = function.group;
            let _ = writeln!(text, "\n{group}");
        }
        let _ = writeln!(text, "  {}\n      {}", function.signature, function.doc);
        for example in function.examples.iter().take(if args.name.is_some() { usize::MAX } else { 1 }) {
            let over = if example.rows.is_empty() {
                String::new()
            } else {
                format!("   over {}", example.rows.replace('\n', ", "))
            };
            let _ = writeln!(text, "      {} → {}{over}", example.call, example.result);
        }
    }
    print_text(text.trim_start_matches('\n'))?;
    Ok(Outcome::Done)
}

/// The formats, each with its title; one with its documentation, options and sample lines.
pub fn list_formats(args: &NameArgs) -> VerbResult {
    let chosen: Vec<&dyn Format> = match &args.name {
        None => formats().to_vec(),
        Some(name) => vec![format_of(name).ok_or_else(|| {
            usage(
                format!(
                    "there is no format `{name}`{}",
                    did_you_mean(name, formats().iter().map(|format| format.name()))
                ),
                "`pipewright formats` lists them",
            )
        })?],
    };
    if args.format == Form::Json {
        print_json(&chosen.iter().map(|format| format_json(*format)).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for format in chosen {
        let _ = writeln!(text, "{}  {}", format.name(), format.title());
        if args.name.is_none() {
            continue;
        }
        let _ = writeln!(text, "  {}", format.doc());
        for option in format.options() {
            let default = if option.default.is_empty() { String::new() } else { format!(" ({})", option.default) };
            let _ = writeln!(text, "  --set {}={default}  {}", option.name, option.doc);
        }
        for example in format.examples() {
            let _ = writeln!(text, "\n{example}");
        }
    }
    print_text(&text)?;
    Ok(Outcome::Done)
}

fn format_json(format: &dyn Format) -> Json {
    let choices = |kind: OptionKind| match kind {
        OptionKind::Text => Json::Null,
        OptionKind::Boolean => json!(["true", "false"]),
        OptionKind::Choice(choices) => json!(choices),
    };
    json!({
        "name": format.name(), "title": format.title(), "doc": format.doc(), "examples": format.examples(),
        "options": format.options().iter().map(|option| json!({
            "name": option.name, "default": option.default, "doc": option.doc, "choices": choices(option.kind),
        })).collect::<Vec<_>>(),
    })
}

pub fn schema(of: SchemaOf) -> VerbResult {
    let schema = match of {
        SchemaOf::Project => json_schema_of_project(),
        SchemaOf::Pipeline => Pipeline::json_schema_of_file(),
        SchemaOf::Edits => json_schema_of_edits(),
        SchemaOf::Policy => json_schema_of_policy(),
    };
    print_json(&schema)?;
    Ok(Outcome::Done)
}

pub fn graph(args: &GraphArgs) -> VerbResult {
    let invalid = |diagnostic| Failure { diagnostics: vec![diagnostic], outcome: Outcome::Invalid };
    let (project, _) = read_file(&args.project).map_err(invalid)?;
    let picture = |kind: PictureKind| pictures::bytes_of(&map(&project), look_of(args.look), kind);
    let bytes = match args.format {
        Diagram::Mermaid => mermaid(&project).into_bytes(),
        Diagram::Dot => dot(&project).into_bytes(),
        Diagram::Svg => picture(PictureKind::Svg)?,
        Diagram::Png => picture(PictureKind::Png)?,
        Diagram::Pdf => picture(PictureKind::Pdf)?,
    };
    match &args.out {
        Some(path) => {
            let base = args.project.parent().unwrap_or(Path::new(""));
            let mut made_of = files_read_by(&project, base, &defaults(&plan(&project).parameters));
            made_of.push(args.project.clone());
            put_in_place(&[(path.clone(), bytes)], &made_of)?;
        }
        None if matches!(args.format, Diagram::Png | Diagram::Pdf) => {
            return Err(usage("a picture that is no text does not go to standard output", "add --out FILE"));
        }
        None => print_text(&String::from_utf8_lossy(&bytes))?,
    }
    Ok(Outcome::Done)
}

/// Node names are made from positions: ids may hold characters that a diagram language does not take.
fn node_names(project: &Project) -> std::collections::BTreeMap<&str, String> {
    project.steps.keys().enumerate().map(|(index, id)| (id.as_str(), format!("s{index}"))).collect()
}

fn mermaid(project: &Project) -> String {
    let names = node_names(project);
    let mut text = String::from("flowchart LR\n");
    for step in project.steps.values() {
        let title = kind(&step.kind).map_or(step.kind.as_str(), |kind| kind.title());
        let _ = writeln!(
            text,
            "  {}[\"{}<br/><small>{}</small>\"]",
            names[step.id.as_str()],
            quote::mermaid(&step.title),
            quote::mermaid(title)
        );
    }
    for wire in project.wires.values() {
        if let (Some(from), Some(to)) = (names.get(wire.from.as_str()), names.get(wire.to.as_str())) {
            let label =
                if wire.output == "out" { String::new() } else { format!("|\"{}\"|", quote::mermaid(&wire.output)) };
            let _ = writeln!(text, "  {from} -->{label} {to}");
        }
    }
    text
}

fn dot(project: &Project) -> String {
    let names = node_names(project);
    let mut text = String::from("digraph pipeline {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for step in project.steps.values() {
        let title = kind(&step.kind).map_or(step.kind.as_str(), |kind| kind.title());
        let _ = writeln!(
            text,
            "  {} [label=\"{}\\n{}\"];",
            names[step.id.as_str()],
            quote::dot(&step.title),
            quote::dot(title)
        );
    }
    for wire in project.wires.values() {
        if let (Some(from), Some(to)) = (names.get(wire.from.as_str()), names.get(wire.to.as_str())) {
            let _ = writeln!(text, "  {from} -> {to};");
        }
    }
    text.push_str("}\n");
    text
}
