//! `pipewright check`: everything that is wrong with a project or pipeline.

use std::collections::BTreeMap;

use pipewright_app::resolve::{doubts, missing_files};
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::ir::resolve_parameters;
use pipewright_core::project::Project;
use pipewright_core::quote::one_line;
use serde_json::Value as Json;

use super::args::{CheckArgs, Form};
use super::output::{counted, print_json, print_text};
use super::split::Split;
use super::{Outcome, VerbResult, project};

pub fn check(args: &CheckArgs) -> VerbResult {
    let opened = project::open_under(&args.project, args.policy.as_deref())?;
    let mut diagnostics = opened.all_diagnostics();
    if let Some(project) = &opened.project {
        diagnostics.extend(missing_files(project, &opened.base));
        diagnostics.extend(doubts(project, &opened.base));
    }
    diagnostics.extend(opened.plan.undivided());
    let parameters = resolve_parameters(&opened.plan.parameters, &BTreeMap::new(), &|_| None).unwrap_or_default();
    let placed = opened.project.as_ref().filter(|project| !project.places.is_empty() && !opened.plan.has_errors());
    let split = placed.map(|project| Split::of(&opened, project, &parameters));
    diagnostics.extend(split.iter().flat_map(|split| split.faults.clone()));
    match args.format {
        Form::Json => print_json(&diagnostics)?,
        Form::Text => {
            for diagnostic in &diagnostics {
                let lines = opened.project.iter().flat_map(|project| excerpt(project, diagnostic));
                let lines: String = lines.map(|line| format!("  | {line}\n")).collect();
                print_text(&format!("{diagnostic}\n{lines}"))?;
            }
            if let Some(split) = &split {
                print_text(&split.text())?;
            }
            let count =
                |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count() as u64;
            tell!(
                "{}, {}, {}",
                counted(opened.plan.steps.len() as u64, "step"),
                counted(count(Severity::Error), "error"),
                counted(count(Severity::Warning), "warning")
            );
        }
    }
    let worst = if args.deny_warnings { Severity::Warning } else { Severity::Error };
    Ok(if diagnostics.iter().any(|diagnostic| diagnostic.severity <= worst) { Outcome::Failed } else { Outcome::Done })
}

/// The line of an expression that a diagnostic points into, and marks below its place.
fn excerpt(project: &Project, diagnostic: &Diagnostic) -> Vec<String> {
    let location = &diagnostic.location;
    let (Some(id), Some(field), Some(span)) = (&location.id, &location.field, location.span) else { return Vec::new() };
    let text = project.steps.get(id).and_then(|step| setting_text(&step.settings, field)).unwrap_or_default();
    let (start, end) = (span.start as usize, span.end as usize);
    let (Some(before), Some(marked)) = (text.get(..start), text.get(start..end)) else { return Vec::new() };
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let blanks = text[line_start..start].chars().map(|_| ' ').collect::<String>();
    let marks = marked.lines().next().unwrap_or_default().chars().count().max(1);
    vec![one_line(line), blanks + &"^".repeat(marks)]
}

/// The text at a path such as `predicate` or `columns.c1.expression`; items are named by id, or by number from 1.
fn setting_text<'a>(settings: &'a serde_json::Map<String, Json>, path: &str) -> Option<&'a str> {
    let mut parts = path.split('.');
    let mut found = settings.get(parts.next()?)?;
    for part in parts {
        found = match found {
            Json::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
                let is_it = item.get("id").map_or(part == (index + 1).to_string(), |id| id == part);
                is_it.then_some(item)
            })?,
            other => other.get(part)?,
        };
    }
    found.as_str()
}
