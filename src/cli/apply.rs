//! `pipewright apply PROJECT EDITS.json`: a design made by a script.

use pipewright_app::resolve::resolve_sources;
use pipewright_core::diagnostic::{Diagnostic, io_cause, json_fault, near_file};
use pipewright_core::files;
use pipewright_core::plan::plan;
use pipewright_core::project::{Edit, Project, load, save_file, to_text};

use super::args::ApplyArgs;
use super::output::{counted, tell};
use super::project::{folder_of, read_project};
use super::{Failure, Outcome, VerbResult};

pub fn apply(args: &ApplyArgs) -> VerbResult {
    let invalid = |diagnostic: Diagnostic| Failure { diagnostics: vec![diagnostic], outcome: Outcome::Invalid };
    let (mut project, _) = read_project(&args.project).map_err(invalid)?;
    let shown = args.edits.display().to_string();
    let text = files::read_text(&args.edits).map_err(|error| {
        let help = near_file(&args.edits)
            .unwrap_or_else(|| "give a file with a JSON list of edits; check its rights".to_owned());
        let message = format!("the edits cannot be read: {}", io_cause(&error));
        invalid(Diagnostic::error("PW0705", message).file(&shown).help(help))
    })?;
    let edits: Vec<Edit> = serde_json::from_str(&text).map_err(|error| {
        invalid(json_fault("PW0706", "this is no list of edits", &text, &error).file(&shown).help(
            r#"write [{"edit": "insert", "into": "steps", "item": {…}}, …]; `pipewright schema edits` describes them"#,
        ))
    })?;
    project
        .apply(&edits)
        .map_err(|diagnostic| Failure { diagnostics: vec![diagnostic.file(shown)], outcome: Outcome::Failed })?;
    // What the designer does when a source is added: its format and columns are looked up and kept.
    let (found, warnings) = resolve_sources(&project, folder_of(&args.project));
    project.apply(&found)?;
    save_file(&args.project, &project)?;
    tell(&warnings);
    tell!("{} applied to {}", counted(edits.len() as u64, "edit"), args.project.display());
    say_what_check_finds(&project);
    Ok(Outcome::Done)
}

/// Edits may leave a design unfinished; whoever wrote them by hand wants to know.
fn say_what_check_finds(project: &Project) {
    let in_file = load(&to_text(project)).map(|(_, diagnostics)| diagnostics).unwrap_or_default();
    tell(in_file.iter().filter(|diagnostic| !diagnostic.is_error()));
    let errors = in_file.iter().chain(&plan(project).diagnostics).filter(|diagnostic| diagnostic.is_error()).count();
    if errors > 0 {
        tell!("errors in the design: {errors}; `pipewright check` lists them");
    }
}
