//! `pipewright comments`: what people say of steps, wires and questions.

use pipewright_core::diagnostic::did_you_mean;
use pipewright_core::project::{Project, Thread};
use serde_json::{Value as Json, json};

use super::args::{CommentsArgs, Form};
use super::catalogue::design_of;
use super::output::{print_json, print_text};
use super::{Outcome, VerbResult, usage};

pub fn comments(args: &CommentsArgs) -> VerbResult {
    let design = design_of(&args.project)?;
    let about = args.about.as_deref().map(|name| id_of(&design, name).ok_or_else(|| unknown(&design, name)));
    let about = about.transpose()?;
    let mut threads = design.threads(about.as_deref());
    threads.retain(|thread| args.all || !thread.comment.resolved);
    match args.format {
        Form::Text => print_text(&lines(&design, &threads))?,
        Form::Json => print_json(&threads.iter().map(|thread| json_of(&design, thread)).collect::<Vec<_>>())?,
    }
    Ok(Outcome::Done)
}

/// A step, wire or question by its id, a step or question by its title too.
fn id_of(design: &Project, name: &str) -> Option<String> {
    let is_id = [design.steps.contains_key(name), design.wires.contains_key(name), design.questions.contains_key(name)];
    if is_id.contains(&true) {
        return Some(name.to_owned());
    }
    let steps = design.steps.values().map(|step| (&step.id, &step.title));
    let questions = design.questions.values().map(|question| (&question.id, &question.title));
    steps.chain(questions).find(|(_, title)| *title == name).map(|(id, _)| id.clone())
}

fn unknown(design: &Project, name: &str) -> super::Failure {
    let steps = design.steps.values().flat_map(|step| [step.id.as_str(), step.title.as_str()]);
    let questions = design.questions.values().map(|question| question.title.as_str());
    let near = did_you_mean(name, steps.chain(questions));
    usage(format!("the project has no step, wire or question `{name}`{near}"), "leave --about out to see all comments")
}

fn lines(design: &Project, threads: &[Thread<'_>]) -> String {
    let mut text = String::new();
    for thread in threads {
        let about = design.said_of(thread.comment).unwrap_or_else(|| "what is gone".to_owned());
        let settled = if thread.comment.resolved { ", settled" } else { "" };
        line!(text, "{}  {about}{settled}", thread.comment.id);
        for said in std::iter::once(&thread.comment).chain(&thread.answers) {
            let author = if said.author.is_empty() { "somebody" } else { &said.author };
            let time = if said.time.is_empty() { String::new() } else { format!(", {}", said.time) };
            line!(text, "  {author}{time}: {}", said.text.replace('\n', "\n    "));
        }
    }
    if text.is_empty() { "nothing is said\n".to_owned() } else { text }
}

fn json_of(design: &Project, thread: &Thread<'_>) -> Json {
    let mut json = json!(thread.comment);
    json["said_of"] = json!(design.said_of(thread.comment));
    json["answers"] = json!(thread.answers);
    json
}
