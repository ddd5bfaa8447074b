//! `pipewright preview`: the rows that leave a step, as the designer shows them.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use pipewright_app::evidence::evidence_of;
use pipewright_app::files_read_by;
use pipewright_core::data::{TableRows, Value};
use pipewright_core::diagnostic::{Diagnostic, Severity, io_cause};
use pipewright_core::files;
use pipewright_core::ir::{NodeId, resolve_parameters};
use pipewright_core::planner::{
    AnswerShape, Catalogue, Vocabulary, asked_by, in_doubt, not_in_it, steps_before, unconfirmed,
};
use pipewright_core::quote::{visible, visible_json, visible_lines};
use pipewright_engine::{
    Cancel, NodeResult, PreviewReport, Sampling, SourceLine, ToldPreview, Which, lines_behind, preview_now,
    preview_told,
};

use super::args::{PreviewArgs, RowForm};
use super::output::{counted, say_left_out, tell, write_aligned};
use super::project::Opened;
use super::{Failure, Outcome, VerbResult, project, usage};

pub fn preview(args: &PreviewArgs) -> VerbResult {
    if args.lines && args.output == RowForm::Csv {
        return Err(usage("lines are not written as CSV", "use --output table or jsonl"));
    }
    if matches!(args.output, RowForm::Parquet | RowForm::Arrow) {
        return Err(usage("a preview is not written as Parquet or Arrow", "use --output jsonl, csv or table"));
    }
    let opened = project::open(&args.project)?;
    let given = opened.parameters(&args.parameters)?;
    let parameters =
        resolve_parameters(&opened.plan.parameters, &given, &|name| opened.environment_value(name, &|_| None))
            .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Invalid })?;
    check_report(args, &opened, &parameters)?;
    let step = opened.find_step(&args.step)?;
    let plan_step = &opened.plan.steps[&step];
    let node = match &args.port {
        Some(port) => plan_step.outputs.get(port).copied().ok_or_else(|| {
            let ports: Vec<&str> = plan_step.outputs.keys().map(String::as_str).collect();
            usage(
                format!("“{}” has no output `{port}`", plan_step.title),
                format!("its outputs are {}", ports.join(", ")),
            )
        })?,
        None => match plan_step
            .outputs
            .get("out")
            .or_else(|| plan_step.outputs.values().next())
            .or_else(|| plan_step.nodes.last())
        {
            Some(node) => *node,
            None => {
                let mut diagnostics: Vec<Diagnostic> =
                    opened.plan.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).cloned().collect();
                // The step's own faults first; a fault upstream is told where it is.
                diagnostics.sort_by_key(|diagnostic| diagnostic.location.id.as_deref() != Some(&step));
                if diagnostics.is_empty() {
                    diagnostics
                        .push(Diagnostic::error("PW0710", "the step gives no rows").step(&step, &plan_step.title));
                }
                return Err(Failure { diagnostics, outcome: Outcome::Failed });
            }
        },
    };
    let sampling = if args.sample == 0 { Sampling::Whole } else { Sampling::Head { rows: args.sample } };
    if args.lines {
        return lines(args, &opened, node, &sampling, &parameters);
    }
    let ToldPreview { result, remarks, report } =
        preview_told(&opened.plan, node, &sampling, &opened.base, &parameters)?;
    let table = result.table.slice(0, usize::try_from(args.rows).unwrap_or(usize::MAX).min(result.table.rows()));
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        RowForm::Jsonl => table.write_jsonl(&mut out)?,
        RowForm::Csv => table.write_csv(&mut out, true)?,
        RowForm::Table | RowForm::Parquet | RowForm::Arrow => write_aligned(&table, &mut out)?,
    }
    out.flush()?;
    let exactness = if result.made_up {
        "from made-up rows of planned sources"
    } else if result.whole && remarks.iter().all(|remark| remark.severity == Severity::Hint) {
        "exact"
    } else if result.whole {
        "exact but for what is told below"
    } else {
        "from a sample"
    };
    let method = result.statement.as_ref().map(|statement| format!(" ({})", statement.method)).unwrap_or_default();
    tell!("{}, {exactness}{method}; {} shown", counted(result.rows, "row"), table.rows());
    if plan_step.kind == "answer" {
        let (shape, whole) = told_of(&opened, &step, node, &sampling, &parameters);
        let whole = whole.as_ref().map(|whole| &*whole.table as &dyn TableRows);
        let headline = in_doubt(shape.headline(&*result.table, whole), || report.left_out.clone());
        tell!("answer: {}", headline.sentence);
    }
    say_left_out(&report.left_out);
    if plan_step.kind == "answer" {
        say_unconfirmed(&opened, &step, &parameters);
    }
    tell(&remarks);
    if let Some(path) = &args.report {
        save_report(path, &report)?;
    }
    if let Some(cut) = result.told_cut() {
        tell([&cut]);
    }
    if result.lost > 0 {
        tell!("{} would be longer than a million characters: null", counted(result.lost, "text"));
    }
    Ok(Outcome::Done)
}

/// The lines of the sources behind rows of a step.
fn lines(
    args: &PreviewArgs,
    opened: &Opened,
    node: NodeId,
    sampling: &Sampling,
    parameters: &BTreeMap<String, Value>,
) -> VerbResult {
    let which = match (&args.condition, args.row) {
        (Some(condition), _) => Which::Where(condition.clone()),
        (None, Some(0)) => return Err(usage("rows are counted from 1", "use --row 1 for the first one")),
        (None, Some(row)) => Which::Row(usize::try_from(row - 1).unwrap_or(usize::MAX)),
        (None, None) => Which::First,
    };
    let behind = lines_behind(&opened.plan, node, &which, sampling, &opened.base, parameters, &Cancel::new())?;
    let mut out = BufWriter::new(io::stdout().lock());
    for line in &behind.lines {
        match (args.output, &line.text) {
            (RowForm::Jsonl, _) => {
                let json = serde_json::to_string(line).map_err(io::Error::from)?;
                writeln!(out, "{}", visible_json(&json))?;
            }
            (_, Some(text)) => writeln!(out, "{}: {}", visible(&place(line)), visible_lines(text))?,
            (_, None) => {
                writeln!(out, "{}: (not shown: {})", visible(&place(line)), line.why.as_deref().unwrap_or_default())?;
            }
        }
    }
    out.flush()?;
    let of_what = if behind.whole { "" } else { " of the sample" };
    let more = if behind.is_cut { "; there are more" } else { "" };
    tell!("{} behind {}{of_what}{more}", counted(behind.lines.len() as u64, "line"), counted(behind.rows, "row"));
    for note in &behind.notes {
        tell!("  {note}");
    }
    Ok(Outcome::Done)
}

/// Where a line stands.
fn place(line: &SourceLine) -> String {
    match line.line {
        Some(number) => format!("{}:{number}", line.file),
        None => format!("{} at byte {}", line.file, line.offset),
    }
}

/// What an Answer step is about, and what its rows make all together.
fn told_of(
    opened: &Opened,
    step: &str,
    node: NodeId,
    sampling: &Sampling,
    parameters: &BTreeMap<String, Value>,
) -> (AnswerShape, Option<NodeResult>) {
    let project = opened.project.as_ref();
    let own = project.and_then(|project| project.steps.get(step));
    let asked = own.and_then(|step| asked_by(project?, step));
    let vocabulary = project.map_or_else(Vocabulary::shipped, |project| Vocabulary::of(project).0);
    let title = &opened.plan.node(node).origin.title;
    let shape = AnswerShape::of(asked.as_ref(), &opened.plan, node, &vocabulary, title);
    let mut plan = opened.plan.clone();
    let whole = shape.add_whole(&mut plan, node);
    let whole = whole.and_then(|whole| preview_now(&plan, whole, sampling, &opened.base, parameters).ok());
    (shape, whole)
}

/// Meanings on which an answer rests and that nobody has confirmed.
fn say_unconfirmed(opened: &Opened, step: &str, parameters: &BTreeMap<String, Value>) {
    let Some(project) = &opened.project else { return };
    let (sources, _) = evidence_of(project, &opened.base, parameters);
    let catalogue = Catalogue::new(Vocabulary::of(project).0, sources).under(project);
    for one in not_in_it(&[], &unconfirmed(&catalogue, &steps_before(project, step))) {
        tell!("  not in it: {} {}", one.count, one.text);
    }
}

/// Replaces a file that was named for it.
/// The report takes no place but that of an earlier one, and of none that is read here.
fn check_report(args: &PreviewArgs, opened: &Opened, parameters: &BTreeMap<String, Value>) -> Result<(), Failure> {
    let Some(report) = args.report.as_deref() else { return Ok(()) };
    files::check_report_place(report)?;
    let read = opened.project.as_ref().map(|project| files_read_by(project, &opened.base, parameters));
    if read.into_iter().flatten().any(|file| files::is_same_place(&file, report)) {
        let fault = Diagnostic::error("PW0969", "the report would replace a file that the preview reads");
        return Err(fault.help("choose another place for it").file(report.display().to_string()).into());
    }
    Ok(())
}

fn save_report(path: &Path, report: &PreviewReport) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report).map_err(io::Error::from).map(|text| text + "\n");
    text.and_then(|text| files::save(path, text.as_bytes())).map_err(|error| {
        let fault = Diagnostic::error("PW1081", format!("the report cannot be written: {}", io_cause(&error)))
            .help("choose another place for it")
            .file(path.display().to_string());
        Failure { diagnostics: vec![fault], outcome: Outcome::Failed }
    })
}
