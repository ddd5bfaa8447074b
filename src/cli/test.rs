//! `pipewright test`: the rows that a project pins to its steps.

use pipewright_app::pinned::run_tests;

use super::args::{Form, TestArgs};
use super::output::{print_json, print_text};
use super::{Outcome, VerbResult, project, usage};

pub fn test(args: &TestArgs) -> VerbResult {
    let opened = project::open(&args.project)?;
    let Some(project) = &opened.project else {
        return Err(usage("a pipeline file holds no tests", "give the project that it was exported from"));
    };
    let results = run_tests(project, &opened.base);
    let failed = results.iter().filter(|result| !result.differences.is_empty()).count();
    if args.format == Form::Json {
        print_json(&results)?;
    } else {
        let mut text = String::new();
        for result in &results {
            let mark = if result.differences.is_empty() { "ok    " } else { "FAILED" };
            line!(text, "{mark} {}: {}", result.step, result.title);
            for difference in result.differences.iter().chain(&result.remarks) {
                difference.lines().for_each(|part| line!(text, "       {part}"));
            }
        }
        print_text(&text)?;
    }
    tell!("{} passed, {failed} failed", results.len() - failed);
    if results.is_empty() {
        tell!("the project pins no tests; a step's rows are pinned in `tests` of the project file");
    } else if failed > 0 {
        tell!("  help: mend the step, or what the test expects of it in `tests` of the project file");
    }
    Ok(if failed == 0 { Outcome::Done } else { Outcome::Failed })
}
