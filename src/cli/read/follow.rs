//! `read --follow`: rows as they are written to a file that grows.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{Change, Tally};
use pipewright_core::ir;
use pipewright_core::plan::plan;
use pipewright_core::planner::Query;
use pipewright_engine::{Cancel, Quarantined, ResultTable, STANDARD_INPUT};
use serde_json::json;

use super::query::design;
use super::{AS_TEXT, left_out};
use crate::cli::args::{ReadArgs, RowForm};
use crate::cli::output::tell;
use crate::cli::{Failure, Outcome, VerbResult, usage};

/// Follows the one file until Ctrl+C, the wanted number of rows, or a closed pipe.
pub(super) fn follow(args: &ReadArgs, query: &Query, reads: &[ir::Read]) -> VerbResult {
    check_options(args)?;
    let load = ("standard_output", json!({"kind": "jsonl"}));
    let project = design(args, query, reads, Path::new("."), load)?;
    let plan = plan(&project);
    let faults: Vec<Diagnostic> = plan.diagnostics.iter().filter(|fault| fault.is_error()).cloned().collect();
    if !faults.is_empty() {
        return Err(Failure { diagnostics: faults, outcome: Outcome::Usage });
    }
    let sink = plan.sinks().first().and_then(|sink| plan.node(*sink).inputs.first().copied());
    let watch = sink.ok_or_else(|| usage("the flow gives no rows", "leave --select out"))?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    let (mut is_first, mut fault) = (true, None);
    let mut take = |table: ResultTable| {
        let table = if table.rows() as u64 > left { table.slice(0, left as usize) } else { table };
        left -= table.rows() as u64;
        match write(args, &table, std::mem::take(&mut is_first)) {
            Ok(()) if left > 0 => ControlFlow::Continue(()),
            Ok(()) => ControlFlow::Break(()),
            Err(error) => {
                fault = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let mut aside = |line: Quarantined| {
        let told = Diagnostic::warning("PW0730", format!("a line did not fit: {}", line.reason));
        tell([&told.help("`pipewright sniff FILE` tells what the file is").file(line.file).line(line.line)]);
    };
    let mut known = Tally::default();
    let mut told = |tally: &Tally| {
        let first = first_of_all(tally, &known);
        known.add(tally);
        tell(first.changed_values().map(|changed| Diagnostic::warning("PW0731", changed).help(AS_TEXT)).iter());
        tell(left_out(&first).iter());
    };
    if args.limit != Some(0) {
        let cancel = Cancel::new();
        pipewright_engine::follow(&plan, watch, Path::new("."), &mut take, &mut aside, &mut told, &cancel)?;
    }
    match fault {
        Some(error) => Err(error.into()),
        None => Ok(Outcome::Done),
    }
}

/// What is met here for the first time of all: a log is followed for days, and each column is told of once.
fn first_of_all(tally: &Tally, known: &Tally) -> Tally {
    let mut first = Tally { replaced: if known.replaced == 0 { tally.replaced } else { 0 }, ..Tally::default() };
    let unknown = tally.unknown_keys.iter().filter(|(name, _)| !known.unknown_keys.contains_key(*name));
    first.unknown_keys = unknown.map(|(name, count)| (name.clone(), *count)).collect();
    for change in Change::ALL {
        let columns = tally.changes.of(change).iter();
        let new = columns.filter(|(column, _)| !known.changes.of(change).contains_key(*column));
        new.for_each(|(column, count)| first.changes.note(change, column, *count));
    }
    first
}

/// Options that have no meaning where there is no last row.
fn check_options(args: &ReadArgs) -> Result<(), Failure> {
    if args.files.iter().any(|file| file == STANDARD_INPUT) {
        return Err(usage("standard input is put aside before it is read", "follow the file that it comes from"));
    }
    let given = [
        ("--by", args.by.is_some()),
        ("--agg", !args.measures.is_empty()),
        ("--sort", args.sort.is_some()),
        ("--top", args.top.is_some()),
        ("--save", args.save.is_some()),
        ("--range", args.range.is_some()),
        ("--to", args.to.is_some()),
        ("--quarantine", args.quarantine.is_some()),
        ("--summary", args.summary.is_some()),
        ("--output table, parquet or arrow", !matches!(args.output, RowForm::Jsonl | RowForm::Csv)),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(usage(
            format!("{option} needs the last row, and a file that is followed has none"),
            "with --follow go --where, --select, --limit, and --output jsonl or csv",
        )),
        None => Ok(()),
    }
}

/// Rows reach whoever waits for them at once.
fn write(args: &ReadArgs, table: &ResultTable, is_first: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match args.output {
        RowForm::Csv => table.write_csv(&mut out, is_first)?,
        RowForm::Jsonl | RowForm::Table | RowForm::Parquet | RowForm::Arrow => table.write_jsonl(&mut out)?,
    }
    out.flush()
}
