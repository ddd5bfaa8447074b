//! `pipewright plan`: what stands out in the sources, what their fields mean; and `pipewright concepts`.

use std::fmt::Write as _;

use pipewright_core::diagnostic::did_you_mean;
use pipewright_core::ir::resolve_parameters;
use pipewright_core::planner::findings::Finding;
use pipewright_core::planner::{SourceEvidence, SourceMeanings, Vocabulary, check_meanings, meanings};
use pipewright_core::project::{Project, save_file};
use pipewright_engine::Cancel;
use pipewright_engine::evidence::{evidence_of, find};
use serde_json::json;

use super::args::{Form, NameArgs, PlanArgs};
use super::output::{print_json, print_text};
use super::project::Opened;
use super::{Failure, Outcome, VerbResult, project, usage};

pub fn plan(args: &PlanArgs) -> VerbResult {
    let opened = project::open(&args.project)?;
    let Some(design) = opened.project.clone() else {
        return Err(usage("a pipeline has nothing to plan", "give the project that it was exported from"));
    };
    let given = opened.parameters(&args.parameters)?;
    let mut parameters = pipewright_engine::resolve::default_parameters(&design);
    parameters.extend(given);
    resolve_parameters(&opened.plan.parameters, &parameters, &|_| None)
        .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Invalid })?;
    let (vocabulary, mut diagnostics) = Vocabulary::of(&design);
    diagnostics.extend(check_meanings(&design, &vocabulary));
    let (sources, unread) = evidence_of(&design, &opened.base, &parameters);
    diagnostics.extend(unread);
    let known = meanings(&vocabulary, &sources);
    if args.meanings {
        diagnostics.iter().for_each(|diagnostic| eprintln!("{diagnostic}"));
        return print_meanings(args.format, &sources, &known);
    }
    if !args.findings && args.finding.is_none() {
        return Err(usage("nothing says what is to be planned", "add --findings, --finding ID or --meanings"));
    }
    let (findings, unfound) = find(&design, &sources, &known, &opened.base, &parameters, &Cancel::new())?;
    diagnostics.extend(unfound);
    diagnostics.iter().for_each(|diagnostic| eprintln!("{diagnostic}"));
    let Some(id) = &args.finding else { return print_findings(args.format, &findings) };
    let Some(finding) = findings.iter().find(|finding| finding.id == *id) else {
        let near = did_you_mean(id, findings.iter().map(|finding| finding.id.as_str()));
        return Err(usage(
            format!("there is no finding `{id}`{near}"),
            "`pipewright plan PROJECT --findings` lists them",
        ));
    };
    if !args.accept {
        return print_findings(args.format, std::slice::from_ref(finding));
    }
    accept(args, &opened, design, finding)
}

fn accept(args: &PlanArgs, opened: &Opened, mut design: Project, finding: &Finding) -> VerbResult {
    design.apply(&finding.accept)?;
    save_file(&args.project, &design)?;
    eprintln!("{} edits applied to {}: {}", finding.accept.len(), opened.name, finding.title);
    Ok(Outcome::Done)
}

fn print_findings(format: Form, findings: &[Finding]) -> VerbResult {
    if format == Form::Json {
        print_json(&findings)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for finding in findings {
        let _ = writeln!(text, "{}\n  {}", finding.id, finding.title);
        for line in &finding.evidence {
            let _ = writeln!(text, "    {line}");
        }
        let affected: Vec<String> = finding.affected.iter().map(|(what, count)| format!("{count} {what}")).collect();
        if !affected.is_empty() {
            let _ = writeln!(text, "    affected: {}", affected.join(", "));
        }
    }
    if findings.is_empty() {
        text.push_str("nothing stands out\n");
    }
    print_text(&text)?;
    Ok(Outcome::Done)
}

fn print_meanings(format: Form, sources: &[SourceEvidence], known: &[SourceMeanings]) -> VerbResult {
    if format == Form::Json {
        print_json(&known)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for (source, meanings) in sources.iter().zip(known) {
        let _ = writeln!(text, "{} ({})", source.title, source.source);
        for column in &meanings.columns {
            let shown = column.accepted().map_or("–".to_owned(), |meaning| {
                format!("{} {} ({})", meaning.concept, meaning.score, meaning.reasons.join("; "))
            });
            let _ = writeln!(text, "  {:<20} {shown}", column.column);
        }
    }
    print_text(&text)?;
    Ok(Outcome::Done)
}

pub fn concepts(args: &NameArgs) -> VerbResult {
    let vocabulary = Vocabulary::shipped();
    let chosen: Vec<_> = match &args.name {
        None => vocabulary.concepts().iter().collect(),
        Some(name) => vec![vocabulary.concept(name).ok_or_else(|| {
            let near = did_you_mean(name, vocabulary.concepts().iter().map(|concept| concept.id.as_str()));
            usage(format!("there is no concept `{name}`{near}"), "`pipewright concepts` lists them")
        })?],
    };
    if args.format == Form::Json {
        print_json(&chosen)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for concept in chosen {
        let unit = if concept.unit.is_empty() { String::new() } else { format!(", {}", concept.unit) };
        let _ = writeln!(text, "{}  {} ({}{unit})\n    {}", concept.id, concept.title, concept.data_type, concept.doc);
        if args.name.is_some() {
            let _ = writeln!(text, "    also called: {}", concept.synonyms.join(", "));
            let rules = vocabulary.rules().iter().filter(|rule| rule.target == concept.id);
            for rule in rules {
                let _ = writeln!(text, "    {}", json!(rule));
            }
        }
    }
    print_text(&text)?;
    Ok(Outcome::Done)
}
