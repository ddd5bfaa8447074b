//! `pipewright bench`: the budgets, measured on this machine.

use std::io;
use std::path::Path;
use std::process::Command;

use pipewright_engine::{Better, Measure, bench_blocking, bench_parse, bench_preview, bench_run, bench_task};

use super::args::{BenchArgs, BenchName, Form};
use super::output::{print_json, print_text};
use super::{DesignerBench, Measured, Outcome, VerbResult, usage};

pub fn bench(args: &BenchArgs, designer: Option<DesignerBench>) -> VerbResult {
    let measures: Vec<Measure> = match args.name {
        BenchName::Parse => bench_parse(args.megabytes)?,
        BenchName::Run => bench_run(args.megabytes)?,
        BenchName::Preview => bench_preview(args.megabytes)?,
        BenchName::Blocking => match (&args.task, &args.folder) {
            (Some(task), Some(folder)) => {
                print_json(&bench_task(task, folder, args.memory)?)?;
                return Ok(Outcome::Done);
            }
            (_, folder) => {
                let folder = folder.clone().unwrap_or_else(std::env::temp_dir);
                bench_blocking(args.megabytes, args.memory, &folder, &|task, folder| {
                    one_task(task, folder, args.memory)
                })?
            }
        },
        BenchName::Canvas | BenchName::Table | BenchName::Start => {
            let Some(designer) = designer else {
                return Err(usage("this build has no designer", "build it with the default feature `gui`"));
            };
            let measured: Measured = match args.name {
                BenchName::Table => (designer.table)(),
                BenchName::Start => (designer.start)()?,
                _ => (designer.canvas)(),
            };
            let measure = |(name, value, budget): (String, f64, f64)| {
                Measure::new(&name, value, "ms", Some(budget), Better::Lower)
            };
            measured.into_iter().map(measure).collect()
        }
    };
    if args.format == Form::Json {
        print_json(&measures)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for measure in &measures {
        let budget = measure.budget.map_or(String::new(), |budget| {
            let is_met = match measure.better {
                Better::Lower => measure.value <= budget,
                Better::Higher => measure.value >= budget,
            };
            format!("   budget {budget} {} ({})", measure.unit, if is_met { "met" } else { "MISSED" })
        });
        line!(text, "{:<48} {:>12.3} {}{budget}", measure.name, measure.value, measure.unit);
    }
    print_text(&text)?;
    Ok(Outcome::Done)
}

/// This program, to run one task of `blocking` in a process of its own.
fn one_task(task: &str, folder: &Path, memory: u64) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench", "blocking", "--task", task, "--memory", &format!("{memory}B"), "--folder"]).arg(folder);
    Ok(command)
}
