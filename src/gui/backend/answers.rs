//! The answers of a project, worked out on the whole input; and what is written of them, or of the map, for people without
//! the designer. Must not import egui.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipewright_app::{Answers, answers_of, files_read_by};
use pipewright_core::data::Value;
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::export::drawing::Look;
use pipewright_core::export::map::map;
use pipewright_core::ir::Plan;
use pipewright_core::project::Project;
use pipewright_engine::{Cancel, RunOptions, Silent};

use super::Message;
use super::desk::Desk;
use crate::gui::share::Share;
use crate::pictures::{self, PictureKind};

/// A project whose answers are wanted.
#[derive(Debug)]
pub struct AnswersTask {
    pub project: Project,
    pub plan: Arc<Plan>,
    /// Folder that relative paths start from.
    pub base: PathBuf,
    pub parameters: BTreeMap<String, Value>,
}

impl AnswersTask {
    fn answers(&self, cancel: &Cancel) -> Result<Answers, Vec<Diagnostic>> {
        let options = RunOptions {
            base: self.base.clone(),
            parameters: self.parameters.clone(),
            cancel: cancel.clone(),
            ..RunOptions::default()
        };
        answers_of(&self.project, &self.plan, None, &options, &Silent)
    }
}

/// What is to be written, and where.
#[derive(Debug)]
pub struct ShareTask {
    pub answers: AnswersTask,
    /// The project's, which is not written over.
    pub file: Option<PathBuf>,
    pub share: Share,
    pub path: PathBuf,
    /// Of pictures.
    pub look: Look,
}

/// The files, and warnings; or why nothing was written.
pub type Shared = Result<(Vec<PathBuf>, Vec<Diagnostic>), Vec<Diagnostic>>;

pub fn answers(look: u64, task: AnswersTask, desk: &Desk) {
    let failed = move |fault| Message::Answers { look, result: Err(vec![fault]) };
    desk.spawn("pipewright-answers", failed, move |desk| {
        Some(Message::Answers { look, result: task.answers(&desk.cancel) })
    });
}

pub fn share(task: ShareTask, desk: &Desk) {
    let failed = |fault| Message::Shared(Err(vec![fault]));
    desk.spawn("pipewright-share", failed, move |desk| Some(Message::Shared(written(&task, &desk.cancel))));
}

fn written(task: &ShareTask, cancel: &Cancel) -> Shared {
    let project = &task.answers.project;
    let (files, told) = match task.share {
        Share::MapSvg | Share::MapPdf => {
            let kind = if task.share == Share::MapSvg { PictureKind::Svg } else { PictureKind::Pdf };
            let bytes = pictures::bytes_of(&map(project), task.look, kind).map_err(|fault| vec![fault])?;
            (vec![(task.path.clone(), bytes)], Vec::new())
        }
        Share::Page | Share::AnswersSvg | Share::AnswersPng => {
            let Answers { pages, mut told, .. } = task.answers.answers(cancel)?;
            // What is no more than a hint stands on the answers themselves.
            told.retain(|told| told.severity != Severity::Hint);
            let kind = match task.share {
                Share::AnswersSvg => Some((PictureKind::Svg, task.look)),
                Share::AnswersPng => Some((PictureKind::Png, task.look)),
                _ => None,
            };
            let files = pictures::answer_files(&project.name, &pages, kind, &task.path).map_err(|fault| vec![fault])?;
            (files, told)
        }
    };
    let AnswersTask { base, parameters, .. } = &task.answers;
    let sources = files_read_by(project, base, parameters).into_iter();
    let made_of: Vec<PathBuf> = sources.chain(task.file.clone()).collect();
    let write = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes);
    let kept = pictures::publish(&files, &made_of, &write).map_err(|fault| vec![fault])?;
    let kept = kept.into_iter().map(|path| {
        Diagnostic::warning("PW0724", "what stood in the place of a file was kept: the program had not written it")
            .help("remove it, or choose another place")
            .file(path)
    });
    Ok((files.into_iter().map(|(path, _)| path).collect(), told.into_iter().chain(kept).collect()))
}
