//! `pipewright sources`, `replace` and `requests`: what there is, what is planned, and what is asked for.

use std::fmt::Write as _;
use std::path::Path;

use pipewright_app::evidence::evidence_of;
use pipewright_app::resolve::default_parameters;
use pipewright_app::{count_all, real_source};
use pipewright_core::data::{Classification, Value};
use pipewright_core::diagnostic::{Severity, did_you_mean};
use pipewright_core::files::{self, FolderUpdate};
use pipewright_core::model::{Request, Source};
use pipewright_core::plan::plan;
use pipewright_core::planner::{
    Catalogue, SourceFacts, Vocabulary, contract_texts, find_planned, issue_texts, replace_planned, requests_csv,
    requests_met, source_facts,
};
use pipewright_core::project::{Edit, Project, save_file};
use serde_json::json;

use super::args::{Form, ReplaceArgs, RequestForm, RequestsArgs, SourcesArgs};
use super::output::{counted, print_json, print_text, tell};
use super::project::{self, folder_of};
use super::{Failure, Outcome, VerbResult, usage};

/// The project that a verb changes.
pub fn design_of(path: &Path) -> Result<Project, Failure> {
    let opened = project::open(path)?;
    opened
        .project
        .ok_or_else(|| usage("a pipeline has no sources to plan", "give the project that it was exported from"))
}

/// How a project names a file: relative to its folder where it lies in it.
pub fn path_in_project(project: &Path, file: &Path) -> Result<String, Failure> {
    let (home, file) = (std::path::absolute(folder_of(project))?, std::path::absolute(file)?);
    Ok(files::slashes(file.strip_prefix(&home).unwrap_or(&file)))
}

pub fn sources(args: &SourcesArgs) -> VerbResult {
    let design = design_of(&args.project)?;
    let (vocabulary, mut unclear) = Vocabulary::of(&design);
    let (evidence, unread) =
        evidence_of(&design, folder_of(&args.project), &default_parameters(&design, folder_of(&args.project)));
    unclear.extend(unread);
    tell(&unclear);
    let facts = source_facts(&design, &Catalogue::new(vocabulary, evidence));
    match args.format {
        Form::Json => print_json(&facts)?,
        Form::Text if facts.is_empty() => print_text("there are no sources\n")?,
        Form::Text => print_text(&facts.iter().map(fact_lines).collect::<String>())?,
    }
    Ok(Outcome::Done)
}

fn fact_lines(facts: &SourceFacts) -> String {
    let format = if facts.format.is_empty() { String::new() } else { format!(", {}", facts.format) };
    let mut text = String::new();
    line!(text, "{}  {} ({}{format})", facts.source, facts.title, facts.state);
    let about = if facts.is_exact { "" } else { "about " };
    if facts.rows > 0 {
        let mut amount = format!("  {about}{}, {}", counted(facts.rows, "row"), counted(facts.bytes, "byte"));
        if let Some(span) = &facts.span {
            let shown = |value: &Value| value.to_json().as_str().unwrap_or_default().to_owned();
            let _ = write!(amount, ", {} to {}", shown(&span.first), shown(&span.last));
            if let Some(rows) = span.rows_a_day {
                let places = if rows < 10.0 { 1 } else { 0 };
                let _ = write!(amount, ": {rows:.places$} rows a day");
            }
        }
        line!(text, "{amount}");
    }
    let grain = match facts.grain.is_empty() {
        true => "no field alone identifies a row".to_owned(),
        false => format!("a row is known by {}", facts.grain.join(" and ")),
    };
    line!(text, "  {grain}; {} of {} understood", facts.understood, counted(facts.fields as u64, "field"));
    for (class, columns) in facts.classes.iter().filter(|(class, _)| **class >= Classification::Personal) {
        let class = if *class == Classification::Secret { "secret" } else { "personal" };
        line!(text, "  {class}: {}", columns.join(", "));
    }
    let mut whose = vec![format!("owner {}", if facts.owner.is_empty() { "nobody yet" } else { &facts.owner })];
    let parts = [("lives in", facts.stack.clone()), ("seen by", facts.access.join(", "))];
    let more = [("must stay in", facts.residency.join(", ")), ("declared by", facts.declared_by.clone())];
    let told = parts.into_iter().chain(more).filter(|(_, value)| !value.is_empty());
    whose.extend(told.map(|(what, value)| format!("{what} {value}")));
    line!(text, "  {}", whose.join("; "));
    for difference in facts.drift.iter().filter(|one| one.severity < Severity::Hint) {
        line!(text, "  {}", difference.message);
    }
    text
}

/// The one planned source of that name.
fn planned_source<'a>(design: &'a Project, name: &str) -> Result<&'a Source, Failure> {
    let list = |sources: &[&Source]| {
        let names = sources.iter().map(|source| format!("{} (“{}”)", source.id, source.title));
        names.collect::<Vec<_>>().join(", ")
    };
    match find_planned(design, name).as_slice() {
        [planned] => Ok(*planned),
        [] => {
            let planned: Vec<_> = design.sources.values().filter(|source| source.planned.is_some()).collect();
            let names = planned.iter().flat_map(|source| [source.id.as_str(), source.title.as_str()]);
            let near = did_you_mean(name, names);
            let help = match planned.is_empty() {
                true => "no source is planned; `pipewright plan PROJECT --gaps` tells what is missing".to_owned(),
                false => format!("planned are {}", list(&planned)),
            };
            Err(usage(format!("there is no planned source `{name}`{near}"), help))
        }
        several => Err(usage(
            format!("{} planned sources go by `{name}`", several.len()),
            format!("give an id: {}", list(several)),
        )),
    }
}

pub fn replace(args: &ReplaceArgs) -> VerbResult {
    let mut design = design_of(&args.project)?;
    let planned = planned_source(&design, &args.source)?;
    let (id, title) = (planned.id.clone(), planned.title.clone());
    let base = folder_of(&args.project);
    let shown = path_in_project(&args.project, &args.file)?;
    let (real, mut found) = real_source(&shown, planned.format.as_ref(), base)?;
    let unread = count_all(planned, &real, &mut found, base)?;
    let (edits, mut differences) = replace_planned(&design, &id, &real, &found)?;
    differences.extend(unread);
    design.apply(&edits)?;
    let delivered = close_met(&mut design, base)?;
    save_file(&args.project, &design)?;
    match args.format {
        Form::Json => print_json(&json!({
            "replaced": id, "path": shown, "differences": differences, "delivered": delivered,
        }))?,
        Form::Text if differences.is_empty() => print_text("nothing differs from what was declared\n")?,
        Form::Text => print_text(&differences.iter().map(|one| format!("{one}\n")).collect::<String>())?,
    }
    tell!("“{title}” is read from {shown} now; requests delivered: {}", delivered.len());
    let errors = plan(&design).diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    if errors > 0 {
        tell!("errors in the design: {errors}; `pipewright check` lists them");
    }
    Ok(Outcome::Done)
}

/// Closes the requests that the sources meet by now; gives their ids.
fn close_met(design: &mut Project, base: &Path) -> Result<Vec<String>, Failure> {
    if !design.requests.values().any(|request| request.status.is_open()) {
        return Ok(Vec::new());
    }
    let (vocabulary, _) = Vocabulary::of(design);
    let (sources, unread) = evidence_of(design, base, &default_parameters(design, base));
    tell(&unread);
    let edits = requests_met(design, &Catalogue::new(vocabulary, sources));
    design.apply(&edits)?;
    let ids = edits.into_iter().filter_map(|edit| match edit {
        Edit::Set { id, .. } => Some(id),
        Edit::Insert { .. } | Edit::Remove { .. } | Edit::Move { .. } => None,
    });
    Ok(ids.collect())
}

pub fn requests(args: &RequestsArgs) -> VerbResult {
    let mut design = design_of(&args.project)?;
    if args.close {
        let delivered = close_met(&mut design, folder_of(&args.project))?;
        save_file(&args.project, &design)?;
        tell!("requests delivered: {}", delivered.len());
    }
    let (vocabulary, _) = Vocabulary::of(&design);
    tell(&pipewright_core::planner::check_requests(&design, &vocabulary));
    let team = |request: &Request| design.teams.get(&request.owner).map(|team| team.title.as_str());
    let is_owner = |request: &Request, owner: &str| request.owner == owner || team(request) == Some(owner);
    let all = design.requests.values();
    let mut chosen: Vec<&Request> =
        all.filter(|request| args.owner.as_ref().is_none_or(|owner| is_owner(request, owner))).collect();
    if let Some(owner) = args.owner.as_ref().filter(|_| chosen.is_empty()) {
        let owners = design.requests.values().flat_map(|request| [Some(request.owner.as_str()), team(request)]);
        let near = did_you_mean(owner, owners.flatten());
        return Err(usage(format!("nothing is asked of `{owner}`{near}"), "leave --owner out to see all requests"));
    }
    chosen.sort_by_key(|request| (request.status, request.due.is_empty(), &request.due, &request.id));
    let open: Vec<&Request> = chosen.iter().copied().filter(|request| request.status.is_open()).collect();
    let files: Vec<(String, String)> = match args.format {
        RequestForm::Text => vec![("requests.txt".into(), request_lines(&chosen))],
        RequestForm::Json => vec![("requests.json".into(), format!("{:#}\n", json!(chosen)))],
        RequestForm::Csv => vec![("requests.csv".into(), requests_csv(&design, &chosen))],
        RequestForm::Markdown => named(issue_texts(&design, &vocabulary, &open), ".md"),
        RequestForm::Odcs => named(contract_texts(&design, &vocabulary, &open)?, ".odcs.yaml"),
    };
    let Some(folder) = &args.out else {
        if args.format == RequestForm::Json {
            print_json(&chosen)?;
            return Ok(Outcome::Done);
        }
        // Documents of one stream, as YAML and Markdown part them.
        let texts: Vec<String> = files.into_iter().map(|(_, text)| text).collect();
        print_text(&texts.join("---\n"))?;
        return Ok(Outcome::Done);
    };
    let mut update = FolderUpdate::new(folder, "requests");
    files.iter().try_for_each(|(name, text)| update.write(name, text.as_bytes(), false))?;
    for name in update.publish(args.force)? {
        print_text(&format!("{}\n", folder.join(name).display()))?;
    }
    Ok(Outcome::Done)
}

fn named(texts: Vec<(String, String)>, ending: &str) -> Vec<(String, String)> {
    texts.into_iter().map(|(name, text)| (name + ending, text)).collect()
}

fn request_lines(requests: &[&Request]) -> String {
    let mut text = String::new();
    for request in requests {
        let due = if request.due.is_empty() { String::new() } else { format!(", due {}", request.due) };
        let owner = if request.owner.is_empty() { "nobody yet" } else { &request.owner };
        line!(text, "{}  {}", request.id, request.title);
        line!(text, "  {}{due}; asked of {owner}", request.status.title());
        if !request.unlocks.is_empty() {
            line!(text, "  unlocks {}", request.unlocks.join(", "));
        }
    }
    if text.is_empty() { "nothing is asked for\n".to_owned() } else { text }
}
