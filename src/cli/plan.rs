//! `pipewright plan`: from questions to flows, from sources to questions, what stands out, what fields mean; and the
//! lists of questions and concepts.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_app::evidence::{evidence_of, find};
use pipewright_app::{differences, differences_of_finding, tried, volumes_of};
use pipewright_core::data::{TableRows, Value};
use pipewright_core::diagnostic::{Diagnostic, did_you_mean};
use pipewright_core::ir::resolve_parameters;
use pipewright_core::plan::plan as plan_of;
use pipewright_core::planner::{
    AnswerShape, Asked, Catalogue, Gap, Proposal, Selection, Sentence, Vocabulary, asked_by, cell_evidence,
    check_meanings, check_requests, compare, coverage, forbidden_sources, gaps, in_doubt, not_in_it, one_field_away,
    plan_gaps, propose, ready_question, ready_questions, request_gaps, steps_before, unconfirmed, unused_fields,
};
use pipewright_core::project::{Edit, Project, save_file};
use pipewright_engine::{Cancel, SAMPLE_ROWS, Sampling, preview_now, preview_told};
use serde_json::{Value as Json, json};

use super::args::{Form, NameArgs, PlanArgs, PlanForm};
use super::output::{print_json, print_text, tell};
use super::split::Split;
use super::{Failure, Outcome, VerbResult, plan_text, project, usage};

pub fn plan(args: &PlanArgs) -> VerbResult {
    if matches!(args.format, PlanForm::Markdown | PlanForm::Csv) && !args.coverage {
        return Err(usage("only the coverage is written as Markdown or CSV", "use --format json or text"));
    }
    let opened = project::open(&args.project)?;
    let wants = args.findings || args.finding.is_some() || args.meanings || args.question.is_some() || args.coverage;
    let wants = wants || args.differs.is_some() || args.volume || args.places;
    if !wants && !args.gaps && args.ask.is_none() {
        let help = "add --findings, --finding ID, --question ID, --ask SENTENCE, --gaps, --coverage, --differs STEP, \
                    --volume, --places or --meanings";
        return Err(usage("nothing says what is to be planned", help));
    }
    let Some(mut design) = opened.project.clone() else {
        return Err(usage("a pipeline has nothing to plan", "give the project that it was exported from"));
    };
    let given = opened.parameters(&args.parameters)?;
    let parameters =
        resolve_parameters(&opened.plan.parameters, &given, &|name| opened.environment_value(name, &|_| None))
            .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Invalid })?;
    if let (Some(step), Some(condition)) = (&args.differs, &args.condition) {
        return differs(args, &mut design, &opened.base, &parameters, step, condition);
    }
    if args.places {
        return places(args, &opened, &design, &parameters);
    }
    let (vocabulary, mut diagnostics) = Vocabulary::of(&design);
    diagnostics.extend(check_meanings(&design, &vocabulary));
    diagnostics.extend(check_requests(&design, &vocabulary));
    let (sources, unread) = evidence_of(&design, &opened.base, &parameters);
    diagnostics.extend(unread);
    let mut catalogue = Catalogue::new(vocabulary, sources).under(&design);
    let (mut questions, unclear) = Asked::all(&design);
    diagnostics.extend(unclear);
    let mut wanted = args.question.clone();
    if let Some(text) = &args.ask {
        let own = Sentence::ask(text, &catalogue.vocabulary)?;
        wanted = Some(own.id.clone());
        questions.retain(|known| known.id != own.id);
        questions.push(own);
    }
    if args.findings || args.finding.is_some() {
        let base = &opened.base;
        let found = find(&design, &catalogue.sources, &catalogue.meanings, base, &parameters, &Cancel::new())?;
        diagnostics.extend(found.1);
        tell(&diagnostics);
        return findings(args, &mut design, base, &parameters, &found.0);
    }
    if args.volume {
        let (found, more) = volumes_of(&design, &catalogue, &opened.base, &parameters, args.price);
        diagnostics.extend(more);
        tell(&diagnostics);
        match args.format {
            PlanForm::Json => print_json(&found)?,
            _ => print_text(&plan_text::volumes(&found))?,
        }
        return Ok(if diagnostics.iter().any(Diagnostic::is_error) { Outcome::Failed } else { Outcome::Done });
    }
    tell(&diagnostics);
    if args.gaps {
        return missing(args, &mut design, &catalogue, &questions, wanted.as_deref());
    }
    if let Some(id) = &wanted {
        // Of the ways to answer one that gives nothing is no good one.
        let asked: Vec<Asked> = questions.iter().filter(|asked| asked.id == *id).cloned().collect();
        catalogue.tried = tried(&design, &opened.base, &parameters, &catalogue, &asked, &Cancel::new());
        return question(args, &mut design, &catalogue, &questions, id, (&opened.base, &parameters));
    }
    if args.coverage {
        catalogue.tried = tried(&design, &opened.base, &parameters, &catalogue, &questions, &Cancel::new());
        return print_coverage(args.format, &catalogue, &questions);
    }
    match args.format {
        PlanForm::Json => print_json(&catalogue.meanings)?,
        _ => print_text(&plan_text::meanings(&catalogue))?,
    }
    Ok(Outcome::Done)
}

/// Where the steps are done, and what goes over.
fn places(
    args: &PlanArgs,
    opened: &project::Opened,
    design: &Project,
    parameters: &BTreeMap<String, Value>,
) -> VerbResult {
    let split = Split::of(opened, design, parameters);
    tell(&split.faults);
    match args.format {
        PlanForm::Json => print_json(&split.json())?,
        _ => print_text(&split.text())?,
    }
    Ok(if split.faults.iter().any(Diagnostic::is_error) { Outcome::Failed } else { Outcome::Done })
}

/// What differs between the rows of a step that fulfil a condition and the others.
fn differs(
    args: &PlanArgs,
    design: &mut Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    step: &str,
    condition: &str,
) -> VerbResult {
    let named = design.find_step(step).map_or(step, |step| step.id.as_str()).to_owned();
    let selection = Selection::Where(condition.to_owned());
    if args.accept {
        let edits = compare(design, &plan_of(design), &named, &selection)?.accept;
        return accept(&args.project, design, &edits, "what differs");
    }
    let found = differences(design, base, parameters, &named, &selection, &Cancel::new())?;
    match args.format {
        PlanForm::Json => print_json(&found)?,
        _ => print_text(&plan_text::differences(&found, "these rows"))?,
    }
    Ok(Outcome::Done)
}

fn findings(
    args: &PlanArgs,
    design: &mut Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    findings: &[pipewright_core::planner::findings::Finding],
) -> VerbResult {
    let mut chosen = findings;
    if let Some(id) = &args.finding {
        let Some(at) = findings.iter().position(|finding| finding.id == *id) else {
            let near = did_you_mean(id, findings.iter().map(|finding| finding.id.as_str()));
            let help = "`pipewright plan PROJECT --findings` lists them";
            return Err(usage(format!("there is no finding `{id}`{near}"), help));
        };
        chosen = &findings[at..=at];
        if args.accept {
            return accept(&args.project, design, &chosen[0].accept, &chosen[0].title);
        }
        let differs = differences_of_finding(design, base, parameters, &chosen[0], &Cancel::new())?;
        match args.format {
            PlanForm::Json => {
                let mut told = serde_json::to_value(&chosen[0]).unwrap_or_default();
                told["differences"] = serde_json::to_value(&differs).unwrap_or_default();
                print_json(&[told])?;
            }
            _ => {
                let mut text = plan_text::findings(chosen);
                if chosen[0].selection.is_some() {
                    text.push_str("what differs\n");
                    text.push_str(&plan_text::differences(&differs, "these rows"));
                }
                print_text(&text)?;
            }
        }
        return Ok(Outcome::Done);
    }
    match args.format {
        PlanForm::Json => print_json(&chosen)?,
        _ => print_text(&plan_text::findings(chosen))?,
    }
    Ok(Outcome::Done)
}

fn accept(path: &Path, design: &mut Project, edits: &[Edit], what: &str) -> VerbResult {
    design.apply(edits)?;
    save_file(path, design)?;
    tell!("{} edits applied to {}: {what}", edits.len(), path.display());
    Ok(Outcome::Done)
}

fn find_question<'a>(design: &Project, questions: &'a [Asked], id: &str) -> Result<&'a Asked, Failure> {
    if let Some(asked) = questions.iter().find(|asked| asked.id == *id) {
        return Ok(asked);
    }
    if design.questions.contains_key(id) {
        let help = "give it a contract, or choose a ready-made one (`pipewright questions`)";
        return Err(usage(format!("the question `{id}` does not say what its answer shows"), help));
    }
    let near = did_you_mean(id, questions.iter().map(|asked| asked.id.as_str()));
    Err(usage(format!("there is no question `{id}`{near}"), "`pipewright questions` lists them"))
}

/// What one question, or each, lacks; accepted, it becomes a planned source and data requests.
fn missing(
    args: &PlanArgs,
    design: &mut Project,
    catalogue: &Catalogue,
    questions: &[Asked],
    wanted: Option<&str>,
) -> VerbResult {
    let chosen: Vec<&Asked> = match wanted {
        Some(id) => vec![find_question(design, questions, id)?],
        None => questions.iter().collect(),
    };
    let found = chosen.into_iter().map(|asked| (asked, gaps(catalogue, asked, questions)));
    let found: Vec<(&Asked, Vec<Gap>)> = found.filter(|(_, gaps)| !gaps.is_empty()).collect();
    if args.accept {
        let Some((asked, missing)) = found.first() else {
            let help = "`--question ID --accept` without --gaps puts its flow into the project";
            return Err(usage("the sources answer this question: nothing is missing", help));
        };
        let mut edits = plan_gaps(design, catalogue, missing);
        edits.extend(request_gaps(design, catalogue, missing, &asked.title));
        return accept(&args.project, design, &edits, &asked.title);
    }
    match args.format {
        PlanForm::Json => {
            let told =
                found.iter().map(|(asked, gaps)| json!({"question": asked.id, "title": asked.title, "gaps": gaps}));
            print_json(&told.collect::<Vec<Json>>())?;
        }
        _ if found.is_empty() => print_text("nothing is missing\n")?,
        _ => {
            let told =
                found.iter().map(|(asked, gaps)| format!("{} ({})\n{}", asked.title, asked.id, plan_text::gaps(gaps)));
            print_text(&told.collect::<Vec<String>>().join("\n"))?;
        }
    }
    Ok(Outcome::Done)
}

fn question(
    args: &PlanArgs,
    design: &mut Project,
    catalogue: &Catalogue,
    questions: &[Asked],
    id: &str,
    sample: (&Path, &BTreeMap<String, Value>),
) -> VerbResult {
    let asked = find_question(design, questions, id)?;
    let proposals = propose(design, catalogue, asked, args.alternatives.max(1));
    let missing = gaps(catalogue, asked, questions);
    let forbidden = forbidden_sources(catalogue, asked);
    if args.accept {
        let Some(best) = proposals.first() else {
            print_text(&(plan_text::forbidden(&forbidden) + &plan_text::gaps(&missing)))?;
            let help = match forbidden.as_slice() {
                [] => "the gaps say what is missing; `--gaps --accept` plans a source that records it",
                _ => "the rules say what would be allowed",
            };
            let fault = Diagnostic::error("PW0708", format!("the sources do not answer “{}”", asked.title)).help(help);
            return Err(fault.into());
        };
        // Its answer is part of the design now.
        let running = Edit::Set { id: asked.id.clone(), field: "status".into(), old: None, new: json!("running") };
        let edits: Vec<Edit> = best.edits.iter().cloned().chain([running]).collect();
        return accept(&args.project, design, &edits, &asked.title);
    }
    match args.format {
        PlanForm::Json => {
            let question = json!({"id": asked.id, "title": asked.title, "asker": asked.asker, "dials": asked.dials});
            print_json(&json!({
                "question": question, "contract": asked.contract, "alternatives": proposals, "gaps": missing,
                "forbidden": forbidden,
            }))?;
        }
        _ => {
            let told = proposals.first().map_or(String::new(), |best| first_answer(design, catalogue, best, sample));
            let text = plan_text::question(asked, &proposals, &missing) + &told + &plan_text::forbidden(&forbidden);
            print_text(&text)?;
        }
    }
    Ok(Outcome::Done)
}

/// What the first way to answer gives on a sample, and what is not in it. A flow that gives nothing yet says nothing.
fn first_answer(
    design: &Project,
    catalogue: &Catalogue,
    best: &Proposal,
    (base, parameters): (&Path, &BTreeMap<String, Value>),
) -> String {
    let mut tried = design.clone();
    if tried.apply(&best.edits).is_err() {
        return String::new();
    }
    let plan = plan_of(&tried);
    let answer = tried.steps.get(&best.answer);
    let node = plan.steps.get(&best.answer).and_then(|step| step.nodes.last().copied());
    let (Some(answer), Some(node)) = (answer, node) else { return String::new() };
    let values = resolve_parameters(&plan.parameters, parameters, &|_| None).unwrap_or_default();
    let sampling = Sampling::Spread { rows: SAMPLE_ROWS };
    let Ok(told) = preview_told(&plan, node, &sampling, base, &values) else { return String::new() };
    let shape = AnswerShape::of(asked_by(&tried, answer).as_ref(), &plan, node, &catalogue.vocabulary, &answer.title);
    let left_out = &told.report.left_out;
    let list = not_in_it(left_out, &unconfirmed(catalogue, &steps_before(&tried, &best.answer)));
    let exactness = if told.result.whole { "exact" } else { "from a sample" };
    let mut with_whole = plan.clone();
    let whole = shape.add_whole(&mut with_whole, node);
    let whole = whole.and_then(|whole| preview_now(&with_whole, whole, &sampling, base, &values).ok());
    let whole = whole.as_ref().map(|whole| &*whole.table as &dyn TableRows);
    let headline = in_doubt(shape.headline(&*told.result.table, whole), || left_out.clone());
    plan_text::answer(&headline.sentence, exactness, &list)
}

fn print_coverage(format: PlanForm, catalogue: &Catalogue, questions: &[Asked]) -> VerbResult {
    let matrix = coverage(catalogue, questions);
    match format {
        PlanForm::Json => {
            let mut cells: Vec<Json> = Vec::new();
            for asked in questions {
                for (number, source) in catalogue.sources.iter().enumerate() {
                    let cell = cell_evidence(catalogue, asked, number);
                    cells.push(json!({
                        "question": asked.id, "source": source.source, "state": cell.state, "evidence": cell.text,
                    }));
                }
            }
            print_json(&json!({
                "coverage": cells,
                "unused_fields": unused_fields(catalogue, questions),
                "one_field_away": one_field_away(catalogue, questions),
            }))?;
        }
        PlanForm::Text => print_text(&plan_text::coverage(catalogue, questions, &matrix))?,
        PlanForm::Markdown => print_text(&plan_text::coverage_markdown(catalogue, questions, &matrix))?,
        PlanForm::Csv => print_text(&plan_text::coverage_csv(catalogue, questions, &matrix))?,
    }
    Ok(Outcome::Done)
}

pub fn questions(args: &NameArgs) -> VerbResult {
    let chosen: Vec<_> = match &args.name {
        None => ready_questions().iter().collect(),
        Some(name) => vec![ready_question(name).ok_or_else(|| {
            let near = did_you_mean(name, ready_questions().iter().map(|question| question.id.as_str()));
            usage(format!("there is no question `{name}`{near}"), "`pipewright questions` lists them")
        })?],
    };
    match args.format {
        Form::Json => print_json(&chosen)?,
        Form::Text => print_text(&plan_text::questions(&chosen, args.name.is_some()))?,
    }
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
    match args.format {
        Form::Json => print_json(&chosen)?,
        Form::Text => print_text(&plan_text::concepts(&vocabulary, &chosen, args.name.is_some()))?,
    }
    Ok(Outcome::Done)
}
