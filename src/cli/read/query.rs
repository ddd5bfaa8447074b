//! `read` with a question (`--where`, `--by`, …): what is asked becomes a flow, which runs and, where that is wanted, is
//! kept as a project.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::check_exportable;
use pipewright_core::files::{self, PrivateFolder, Publication};
use pipewright_core::formats::{FormatSpec, Tally};
use pipewright_core::ir;
use pipewright_core::model::{Id, Source};
use pipewright_core::plan::plan;
use pipewright_core::planner::Query;
use pipewright_core::project::{EXTENSION, Edit, Project, save_file};
use pipewright_engine::{Cancel, RunOptions, RunProgress, RunReport, Silent, expand, given_name, read_stream};
use serde_json::{Value as Json, json};

use super::sink::RowSink;
use super::{naming, summary_json, summary_text};
use crate::cli::args::{Form, ReadArgs, RowForm};
use crate::cli::output::{counted, say_left_out, tell, tell_json};
use crate::cli::project::trust_own;
use crate::cli::run::Progress;
use crate::cli::{Failure, Outcome, VerbResult, usage};

/// The file of rows that are shown in another form than a run writes.
const ROWS: &str = "rows.parquet";

/// What the options ask; empty: every row as it is.
pub(super) fn query_of(args: &ReadArgs) -> Query {
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    Query {
        filter: text(&args.filter),
        by: text(&args.by),
        measures: args.measures.clone(),
        sort: text(&args.sort),
        top: args.top,
        select: text(&args.select),
    }
}

/// Runs what is asked of the files, and keeps it as a project where `--save` says so.
pub(super) fn answer(args: &ReadArgs, query: &Query, reads: &[ir::Read], spec: &FormatSpec) -> VerbResult {
    if args.range.is_some() {
        return Err(usage("a range is read as it is", "leave --range out, or ask of what it gives"));
    }
    let kept = match &args.save {
        Some(path) => Some(kept_design(args, query, reads, path)?),
        None => None,
    };
    let is_direct = args.to.is_none() && matches!(args.output, RowForm::Jsonl | RowForm::Csv);
    let load = match is_direct {
        true => ("standard_output", json!({"kind": kind_of(args.output)})),
        false => ("load_file", json!({"kind": "parquet", "path": ROWS})),
    };
    let project = design(args, query, reads, Path::new("."), load)?;
    let plan = plan(&project);
    let mut faults = check_exportable(&plan);
    faults.extend(plan.diagnostics.iter().filter(|fault| fault.is_error()).cloned());
    faults.sort();
    faults.dedup();
    if !faults.is_empty() {
        return Err(Failure { diagnostics: faults, outcome: Outcome::Usage });
    }
    let folder = PrivateFolder::new()?;
    let options = RunOptions {
        base: PathBuf::from("."),
        out: folder.path().to_owned(),
        quarantine: args.quarantine.clone(),
        max_quarantined: Some(args.max_quarantined),
        ..RunOptions::default()
    };
    // Nobody but who sits before a terminal wants to know how it gets on.
    let progress = std::io::stderr().is_terminal().then(|| Progress::new(Form::Text));
    let watched: &dyn RunProgress = progress.as_ref().map_or(&Silent, |progress| progress);
    let report = pipewright_engine::run(&plan, &options, watched);
    if let Some(progress) = progress {
        progress.finish();
    }
    let report = report.map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Failed })?;
    if !is_direct {
        let sink = plan.sinks().first().map(|sink| plan.node(*sink).schema.clone()).unwrap_or_default();
        let read = ir::Read {
            path: files::slashes(&folder.path().join(ROWS)),
            format: FormatSpec::new("parquet"),
            schema: sink,
            columns: None,
            position: false,
            planned: None,
            location: None,
        };
        show(args, &read).map_err(|failure| naming(failure, args.to.as_deref()))?;
    }
    if let Some((path, project)) = kept {
        save_file(&path, &project)?;
        trust_own(&path, &project);
        tell!("kept as {}", path.display());
    }
    say(args, spec, &report);
    Ok(if report.over_threshold { Outcome::Quarantined } else { Outcome::Done })
}

/// Writes rows of a file of the run's own in the form that is asked for.
fn show(args: &ReadArgs, read: &ir::Read) -> Result<(), Failure> {
    let mut publication = Publication::default();
    let mut sink = RowSink::new(args, &read.schema, &mut publication)?;
    let mut fault = None;
    let mut take = |table| match sink.write(&table) {
        Ok(()) => ControlFlow::Continue(()),
        Err(failure) => {
            fault = Some(failure);
            ControlFlow::Break(())
        }
    };
    read_stream(read, Path::new("."), &mut take, &mut |_| (), &Cancel::new())?;
    if let Some(failure) = fault {
        return Err(failure);
    }
    sink.finish(&read.schema)?;
    publication.publish()?;
    Ok(())
}

fn say(args: &ReadArgs, spec: &FormatSpec, report: &RunReport) {
    let mut tally = Tally::default();
    report.sources.iter().for_each(|source| tally.add(&source.tally));
    match args.summary {
        Some(Form::Json) => return tell_json(&summary_json(spec, &tally)),
        Some(Form::Text) => tell!("{}", summary_text(spec, &tally)),
        None => {}
    }
    if tally.quarantined > 0 {
        tell!("{} of {} did not fit {}", tally.quarantined, counted(tally.read, "unit"), spec.name);
    }
    if args.summary.is_some() {
        report.sinks.iter().for_each(|sink| say_left_out(&sink.left_out));
    }
    tell(&report.remarks());
}

/// What a run writes, in the words of steps.
fn kind_of(form: RowForm) -> &'static str {
    match form {
        RowForm::Csv => "csv",
        RowForm::Parquet => "parquet",
        RowForm::Jsonl | RowForm::Table | RowForm::Arrow => "jsonl",
    }
}

/// The design that is kept: paths are relative to its own folder, and its result is what the options say.
fn kept_design(args: &ReadArgs, query: &Query, reads: &[ir::Read], path: &Path) -> Result<(PathBuf, Project), Failure> {
    let named = path.to_string_lossy();
    let path = if named.ends_with(EXTENSION) { path.to_owned() } else { PathBuf::from(format!("{named}{EXTENSION}")) };
    // A link counts, wherever it leads.
    if path.symlink_metadata().is_ok() {
        let help = "give another name: what is there stays as it is";
        return Err(usage(format!("there is a project already: {}", path.display()), help));
    }
    let load = match args.to.as_deref().and_then(Path::file_name) {
        Some(name) => ("load_file", json!({"kind": kind_of(args.output), "path": name.to_string_lossy()})),
        None => ("standard_output", json!({"kind": kind_of(args.output)})),
    };
    let home = std::path::absolute(&path)?.parent().map(Path::to_owned).unwrap_or_default();
    let project = design(args, query, reads, &home, load)?;
    Ok((path, project))
}

/// The sources and the flow as a project whose file lies in `home`.
pub(super) fn design(
    args: &ReadArgs,
    query: &Query,
    reads: &[ir::Read],
    home: &Path,
    load: (&str, Json),
) -> Result<Project, Failure> {
    let mut project = Project::new("query");
    let (mut sources, mut edits): (Vec<Id>, Vec<Edit>) = (Vec::new(), Vec::new());
    let first = reads.first().ok_or_else(|| usage("no file was given", "name a file or a glob"))?;
    let paths: Vec<&str> = reads.iter().map(|read| read.path.as_str()).collect();
    let each = || paths.iter().map(|path| (*path).to_owned()).collect();
    for path in common_pattern(&paths).map_or_else(each, |pattern| vec![pattern]) {
        let id = format!("src-{}", sources.len() + 1);
        let source = Source {
            id: id.clone(),
            title: path.rsplit('/').next().unwrap_or(&path).to_owned(),
            path: seen_from(&path, home)?,
            format: Some(first.format.clone()),
            schema: Some(first.schema.clone()),
            ..Source::default()
        };
        edits.push(Edit::Insert { into: "sources".into(), item: json!(source), place: Default::default() });
        sources.push(id);
    }
    project.apply(&edits)?;
    let flow = query.flow(&project, &sources, args.position, load).map_err(as_option)?;
    project.apply(&flow)?;
    Ok(project)
}

/// A fault names the option that it is in.
fn as_option(mut fault: Diagnostic) -> Failure {
    fault.location.field = fault.location.field.map(|field| format!("--{field}"));
    Failure { diagnostics: vec![fault], outcome: Outcome::Usage }
}

/// A path, which starts here, as a project sees it whose file lies in `home`.
fn seen_from(path: &str, home: &Path) -> Result<String, Failure> {
    if home == Path::new(".") {
        return Ok(path.to_owned());
    }
    if given_name(Path::new(path)).is_some() {
        return Err(usage("what comes on standard input is not kept", "write it to a file, and read that"));
    }
    let absolute = std::path::absolute(path)?;
    Ok(files::slashes(absolute.strip_prefix(home).unwrap_or(&absolute)))
}

/// One pattern that leads to these files and no others, such as `logs/*.log`.
fn common_pattern(paths: &[&str]) -> Option<String> {
    let (first, rest) = paths.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let cut = |path: &'_ str| path.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, name) = first.split_at(cut(first));
    if rest.iter().any(|path| path[..cut(path)] != *folder) {
        return None;
    }
    let names: Vec<&str> = paths.iter().map(|path| &path[cut(path)..]).collect();
    let same = |mut one: Box<dyn Iterator<Item = char> + '_>, mut other: Box<dyn Iterator<Item = char> + '_>| {
        std::iter::from_fn(move || one.next().filter(|c| other.next() == Some(*c))).map(char::len_utf8).sum::<usize>()
    };
    let begins = names.iter().map(|other| same(Box::new(name.chars()), Box::new(other.chars()))).min()?;
    let shortest = names.iter().map(|other| other.len()).min()? - begins;
    let ends = names.iter().map(|other| same(Box::new(name.chars().rev()), Box::new(other.chars().rev()))).min()?;
    let end = name.len() - ends.min(shortest);
    let pattern = format!("{folder}{}*{}", &name[..begins], name.get(end..)?);
    let mut found = expand(&pattern, Path::new(".")).ok()?;
    found.sort();
    let mut wanted: Vec<PathBuf> = paths.iter().map(|path| Path::new(".").join(path)).collect();
    wanted.sort();
    (found == wanted && pattern.matches(['*', '?', '[']).count() == 1).then_some(pattern)
}
