//! `pipewright preview`: the rows that leave a step, as the designer shows them.

use std::io::{self, BufWriter, Write};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::resolve_parameters;
use pipewright_engine::{Sampling, preview_told};

use super::args::{PreviewArgs, RowForm};
use super::output::{counted, tell, write_aligned};
use super::{Failure, Outcome, VerbResult, project, usage};

pub fn preview(args: &PreviewArgs) -> VerbResult {
    if args.output == RowForm::Parquet {
        return Err(usage("a preview is not written as Parquet", "use --output jsonl, csv or table"));
    }
    let opened = project::open(&args.project)?;
    let given = opened.parameters(&args.parameters)?;
    let parameters =
        resolve_parameters(&opened.plan.parameters, &given, &|name| opened.environment_value(name, &|_| None))
            .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Invalid })?;
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
    let (result, remarks) = preview_told(&opened.plan, node, &sampling, &opened.base, &parameters)?;
    let table = result.table.slice(0, usize::try_from(args.rows).unwrap_or(usize::MAX).min(result.table.rows()));
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        RowForm::Jsonl => table.write_jsonl(&mut out)?,
        RowForm::Csv => table.write_csv(&mut out, true)?,
        RowForm::Table | RowForm::Parquet => write_aligned(&table, &mut out)?,
    }
    out.flush()?;
    let exactness = if result.made_up {
        "from made-up rows of planned sources"
    } else if result.whole && remarks.is_empty() {
        "exact"
    } else if result.whole {
        "exact but for what is told below"
    } else {
        "from a sample"
    };
    let method = result.statement.as_ref().map(|statement| format!(" ({})", statement.method)).unwrap_or_default();
    tell!("{}, {exactness}{method}; {} shown", counted(result.rows, "row"), table.rows());
    tell(&remarks);
    if let Some(cut) = result.told_cut() {
        tell([&cut]);
    }
    if result.lost > 0 {
        tell!("{} would be longer than a million characters: null", counted(result.lost, "text"));
    }
    Ok(Outcome::Done)
}
