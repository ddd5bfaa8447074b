//! `pipewright answers`: the answers of a project as text, as JSON, as one page, as pictures.

use std::fs;
use std::path::{Path, PathBuf};

use pipewright_app::evidence::seen_in_samples;
use pipewright_app::{Answers, answers_of, files_read_by};
use pipewright_core::data::figures::grouped;
use pipewright_core::export::answers::{ALL_IN_IT, AnswerPage};
use pipewright_core::export::drawing::Look;
use pipewright_core::files::FolderUpdate;
use pipewright_core::ir::resolve_parameters;
use pipewright_core::plan::plan;
use pipewright_core::planner::answer_contracts;
use pipewright_core::project::Project;
use pipewright_engine::{RunOptions, offer_standard_input};

use super::args::{AnswersArgs, AnswersForm, Form, PictureLook};
use super::output::{print_json, print_text, tell};
use super::run::{Progress, say_kept};
use super::{Failure, Outcome, VerbResult, project, usage};
use crate::pictures::{self, PictureKind};

pub fn answers(args: &AnswersArgs) -> VerbResult {
    let is_picture = matches!(args.format, AnswersForm::Svg | AnswersForm::Png);
    if is_picture && args.out.is_none() {
        return Err(usage(
            "pictures do not go to standard output",
            "add --out FOLDER: each answer becomes a file there",
        ));
    }
    offer_standard_input();
    let opened = project::open_under(&args.project, args.policy.as_deref())?;
    let Some(design) = &opened.project else {
        return Err(usage("a pipeline has no answers to show", "give the project that it was exported from"));
    };
    let given = opened.parameters(&args.parameters)?;
    let parameters =
        resolve_parameters(&opened.plan.parameters, &given, &|name| opened.environment_value(name, &|_| None))
            .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Invalid })?;
    let only = args.only.as_ref().map(|only| opened.find_step(only)).transpose()?;
    if let Some(id) = only.as_ref().filter(|id| design.steps.get(*id).is_none_or(|step| step.kind != "answer")) {
        let answers = design.steps.values().filter(|step| step.kind == "answer");
        let titles: Vec<String> = answers.map(|step| format!("“{}”", step.title)).collect();
        let help = match titles.is_empty() {
            true => "the project has none yet: end a flow with an Answer step".to_owned(),
            false => format!("the answers are {}", titles.join(", ")),
        };
        return Err(usage(format!("`{id}` is no answer"), help));
    }
    if args.format == AnswersForm::Odcs {
        return contracts(args, &opened.base, design, only.as_deref());
    }
    let progress = Progress::new(Form::Text);
    let options = RunOptions {
        base: opened.base.clone(),
        parameters,
        max_quarantined: Some(args.max_quarantined),
        ..RunOptions::default()
    };
    let result = answers_of(design, &opened.plan, only.as_deref(), &options, &progress);
    progress.finish();
    let Answers { pages, told, over_threshold } =
        result.map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Failed })?;
    tell(&told);
    let mut made_of = files_read_by(design, &opened.base, &options.parameters);
    made_of.extend(args.policy.iter().chain([&args.project]).cloned());
    match args.format {
        AnswersForm::Text => write_text(args, text(&pages), &made_of)?,
        AnswersForm::Json if args.out.is_none() => print_json(&pages)?,
        AnswersForm::Json => {
            let text = serde_json::to_string_pretty(&pages).map_err(std::io::Error::from)?;
            write_text(args, text + "\n", &made_of)?;
        }
        AnswersForm::Html => write_files(args, &opened.name, &pages, None, &made_of)?,
        AnswersForm::Svg => write_files(args, &opened.name, &pages, Some(PictureKind::Svg), &made_of)?,
        AnswersForm::Png => write_files(args, &opened.name, &pages, Some(PictureKind::Png), &made_of)?,
        // They are there before anything is worked out.
        AnswersForm::Odcs => {}
    }
    Ok(if over_threshold { Outcome::Quarantined } else { Outcome::Done })
}

/// A data contract of each answer: what its columns are, without working it out.
fn contracts(args: &AnswersArgs, base: &Path, design: &Project, only: Option<&str>) -> VerbResult {
    // Who reads them sees how close a column is, also where nobody has written rules.
    let mut design = design.clone();
    design.set_seen(seen_in_samples(&design, base));
    let texts = answer_contracts(&design, &plan(&design), only)?;
    let Some(folder) = &args.out else {
        // Documents of one stream, as YAML parts them.
        let texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
        print_text(&texts.join("---\n"))?;
        return Ok(Outcome::Done);
    };
    let mut update = FolderUpdate::new(folder, "answers");
    texts.iter().try_for_each(|(name, text)| update.write(&format!("{name}.odcs.yaml"), text.as_bytes(), false))?;
    for name in update.publish(false)? {
        print_text(&format!("{}\n", folder.join(name).display()))?;
    }
    Ok(Outcome::Done)
}

/// The page of all answers, or a picture of each.
fn write_files(
    args: &AnswersArgs,
    name: &str,
    pages: &[AnswerPage],
    kind: Option<PictureKind>,
    made_of: &[PathBuf],
) -> Result<(), Failure> {
    let out = args.out.clone().unwrap_or_default();
    let kind = kind.map(|kind| (kind, look_of(args.look)));
    let files = pictures::answer_files(name, pages, kind, &out)?;
    match args.out {
        Some(_) => {
            put_in_place(&files, made_of)?;
            files.iter().try_for_each(|(path, _)| print_text(&format!("{}\n", path.display())))?;
        }
        None => files.iter().try_for_each(|(_, bytes)| print_text(&String::from_utf8_lossy(bytes)))?,
    }
    Ok(())
}

pub fn look_of(look: PictureLook) -> Look {
    match look {
        PictureLook::Light => Look::Light,
        PictureLook::Dark => Look::Dark,
    }
}

/// Writes files, all of them or none, and says what was kept of others.
pub fn put_in_place(files: &[(PathBuf, Vec<u8>)], made_of: &[PathBuf]) -> Result<(), Failure> {
    say_kept(&pictures::publish(files, made_of, &|path, bytes| fs::write(path, bytes))?);
    Ok(())
}

fn write_text(args: &AnswersArgs, text: String, made_of: &[PathBuf]) -> Result<(), Failure> {
    match &args.out {
        Some(path) => put_in_place(&[(path.clone(), text.into_bytes())], made_of)?,
        None => print_text(&text)?,
    }
    Ok(())
}

/// The answers for people.
fn text(pages: &[AnswerPage]) -> String {
    let mut text = String::new();
    for page in pages {
        if !text.is_empty() {
            text.push('\n');
        }
        line!(text, "{}", page.heading());
        line!(text, "  {}", page.headline.sentence);
        if !page.time.is_empty() {
            line!(text, "  data of {}", page.time);
        }
        line!(text, "  {}", page.exactness);
        if let Some(chart) = &page.chart {
            line!(text, "  chart: {}", chart.title);
        }
        if !page.definition.is_empty() {
            line!(text, "  what it says: {}", page.definition);
        }
        for other in &page.others {
            line!(text, "  {other}");
        }
        for one in &page.not_in_it {
            let why = if one.as_asked { "left out as asked" } else { "not in it" };
            line!(text, "  {why}: {} {}", grouped(one.count), one.text);
        }
        if page.not_in_it.is_empty() {
            line!(text, "  {ALL_IN_IT}");
        }
    }
    text
}
