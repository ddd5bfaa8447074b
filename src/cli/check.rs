//! `pipewright check`: everything that is wrong with a project or pipeline.

use pipewright_core::diagnostic::Severity;

use super::args::{CheckArgs, Form};
use super::output::{counted, print_json};
use super::{Outcome, VerbResult, project};

pub fn check(args: &CheckArgs) -> VerbResult {
    let opened = project::open(&args.project)?;
    let diagnostics = opened.all_diagnostics();
    match args.format {
        Form::Json => print_json(&diagnostics)?,
        Form::Text => {
            for diagnostic in &diagnostics {
                println!("{diagnostic}");
            }
            let count =
                |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count() as u64;
            eprintln!(
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
