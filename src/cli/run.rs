//! `pipewright run`: a project or an exported pipeline, without a display.

use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pipewright_app::evidence::{Seen, seen_in_samples};
use pipewright_app::headliners_of;
use pipewright_core::data::{DataType, Value};
use pipewright_core::diagnostic::{Diagnostic, io_cause, near_file};
use pipewright_core::export::check_exportable;
use pipewright_core::expr::cast_value;
use pipewright_core::files;
use pipewright_core::ir::load_answers;
use pipewright_core::ir::{Interval, Parameter, Read, interpolate, parameter_variable, resolve_parameters};
use pipewright_core::plan::{check_kept_lines, is_same_path};
use pipewright_core::quote::visible;
use pipewright_engine::{RunOptions, RunProgress, RunReport, Silent, offer_standard_input, share_files};

use super::args::{Form, RunArgs, RunEngine};
use super::observers::{Observed, Observers};
use super::output::{counted, print_json, say_left_out, tell, tell_json};
use super::project::Opened;
use super::{Failure, Outcome, VerbResult, engine, project, unwritable, usage};

pub fn run(args: &RunArgs) -> VerbResult {
    engine::check_args(args)?;
    offer_standard_input();
    let mut opened = project::open_under(&args.pipeline, args.policy.as_deref())?;
    if let Some(sources) = &args.sources {
        opened.take_sources(sources)?;
    }
    if let Some(flow) = &args.flow {
        opened.keep_flow(flow)?;
    }
    let (parameters, variables) = parameters(args, &opened)?;
    let headliners = opened.project.as_ref().map(|project| {
        let has_answers = project.steps.values().any(|step| step.kind == "answer");
        let seen = if has_answers { seen_in_samples(project, &opened.base) } else { Seen::new() };
        headliners_of(project, &opened.plan, seen)
    });
    opened.plan = load_answers(&opened.plan);
    let mut faults = check_exportable(&opened.plan);
    if args.quarantine.is_some() {
        let is_same = |one: &Read, other: &Read| {
            let path = |read: &Read| interpolate(&read.path, &parameters).unwrap_or_default();
            is_same_path(one, other) || share_files(&path(one), &path(other), &opened.base)
        };
        faults.extend(check_kept_lines(&opened.plan, &opened.design_info().sources, &is_same));
    }
    if !faults.is_empty() {
        return Err(opened.invalid(faults));
    }
    tell(opened.all_diagnostics().iter().filter(|diagnostic| !diagnostic.is_error()));
    if args.dry_run && args.report.as_ref().is_some_and(|path| path.as_os_str() != "-") {
        return Err(usage("a dry run writes no report", "`--report -` shows it on standard output"));
    }
    let pinned = opened.project.as_ref().and_then(|project| project.organisation_path());
    let options = RunOptions {
        base: opened.base.clone(),
        out: args.out.clone(),
        parameters,
        variables,
        quarantine: args.quarantine.clone(),
        // What another engine is to run is checked here.
        opens_places: true,
        incremental: args.incremental,
        lateness: args.lateness.as_deref().map_or(Ok(0), span)?,
        interval: interval(args)?,
        design: args.pipeline.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        dry_run: args.dry_run || args.engine != RunEngine::Native,
        max_quarantined: Some(args.max_quarantined),
        allow_outside: args.allow_outside,
        // The rows of a receipt go to a folder that is made for them.
        is_guest: !(args.allow_outside
            || args.sources.is_some() && is_new(&args.out)
            || files::is_trusted(&opened.base)),
        inputs: [Some(&args.pipeline), args.env_file.as_ref(), args.policy.as_ref(), args.sources.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .chain(pinned.map(|path| opened.base.join(path)))
            .collect(),
        memory: args.memory,
        headliners: headliners.unwrap_or_default(),
        report: args.report.clone().filter(|path| path.as_os_str() != "-"),
        not_over: args.not_over.iter().chain(&args.metrics).chain(&args.openlineage).cloned().collect(),
        ..RunOptions::default()
    };
    match args.follow.filter(|_| !options.dry_run) {
        Some(seconds) => follow(args, &opened, &options, Duration::from_secs(seconds.max(1).into())),
        None => go(args, &opened, &options),
    }
}

/// Runs again and again, until something is wrong that does not pass, or a signal ends it. A run that is ended in between
/// has put in place what was new, or nothing of it.
fn follow(args: &RunArgs, opened: &Opened, options: &RunOptions, pause: Duration) -> VerbResult {
    // Files that are rotated while they are looked at, somebody else who writes there, servers that are not there.
    const PASSING: [&str; 5] = ["PW0901", "PW0914", "PW0985", "PW0668", "PW0669"];
    loop {
        match go(args, opened, options) {
            Ok(_) => {}
            Err(failure) if failure.diagnostics.iter().all(|fault| PASSING.contains(&&*fault.code)) => {
                tell(&failure.diagnostics);
            }
            Err(failure) => return Err(failure),
        }
        std::thread::sleep(pause);
    }
}

/// Adds the names, from the folder of the results on, of outputs that replace nothing.
fn list_new(list: &Path, report: &RunReport, out: &Path) -> std::io::Result<()> {
    let out = out.canonicalize()?;
    let mut names = String::new();
    for sink in report.sinks.iter().filter(|sink| sink.only_new) {
        let place = Path::new(&sink.path).canonicalize()?;
        names.push_str(&place.strip_prefix(&out).unwrap_or(&place).display().to_string());
        names.push('\n');
    }
    let mut file = std::fs::File::options().create(true).append(true).open(list)?;
    file.write_all(names.as_bytes())
}

/// One run, and what is said of it.
fn go(args: &RunArgs, opened: &Opened, options: &RunOptions) -> VerbResult {
    let progress = Progress::new(args.log_format);
    let watcher: &dyn RunProgress = if args.follow.is_some() { &Silent } else { &progress };
    let observers = if options.dry_run { None } else { Some(Observers::new(args, opened, options)?) };
    let watched = Observed { observers: observers.as_ref(), progress: watcher };
    let result = pipewright_engine::run(&opened.plan, options, &watched);
    progress.finish();
    observers.iter().for_each(|observers| observers.ended(&result));
    let mut report = result.map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Failed })?;
    if args.dry_run {
        report.parameters = told_parameters(&opened.plan.parameters, &options.parameters);
    }
    if args.engine != RunEngine::Native {
        return engine::run(args, opened, options);
    }
    if let Some(list) = &args.list_new {
        list_new(list, &report, &options.out).map_err(|error| unwritable(list, &error))?;
    }
    if args.report.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        print_json(&report).map_err(|failure| report_failed(failure.into()))?;
    }
    let is_news = report.sources.iter().any(|source| source.unchanged_files.is_none() || !source.files.is_empty());
    if is_news || args.follow.is_none() {
        say(&report, args);
    }
    Ok(outcome(&report))
}

/// What the exit code says of a run whose outputs are in place.
fn outcome(report: &RunReport) -> Outcome {
    match () {
        () if !report.untold.is_empty() => Outcome::Failed,
        () if report.over_threshold || report.sinks.iter().any(|sink| sink.undelivered + sink.lost > 0) => {
            Outcome::Quarantined
        }
        () if report.answers.iter().any(|answer| answer.watch.as_ref().is_some_and(|watch| watch.is_met)) => {
            Outcome::Met
        }
        () => Outcome::Done,
    }
}

/// Values of parameters as a report tells them.
fn told_parameters(parameters: &[Parameter], values: &BTreeMap<String, Value>) -> BTreeMap<String, serde_json::Value> {
    let told = |value: &Value| match value {
        Value::Duration(micros) => serde_json::json!(micros),
        other => other.to_json(),
    };
    let open = parameters.iter().filter(|parameter| !parameter.is_secret());
    open.filter_map(|parameter| Some((parameter.name.clone(), told(values.get(&parameter.name)?)))).collect()
}

/// What was run stays: only its report is lost.
fn report_failed(mut failure: Failure) -> Failure {
    let said = Diagnostic::hint("PW0974", "the outputs are in place; only the report is not whole")
        .help("give --report a file, which is put in place together with the outputs");
    failure.diagnostics.push(said);
    failure
}

/// Values of parameters, and all that the env-file holds, by name.
type Given = (BTreeMap<String, Value>, BTreeMap<String, String>);

/// Command line before environment (`PW_NAME`) before env-file (`PW_NAME` or `NAME`) before default.
/// With what the env-file holds, for the secrets of connections.
fn parameters(args: &RunArgs, opened: &Opened) -> Result<Given, Failure> {
    let given = opened.parameters(&args.parameters)?;
    let mut file = BTreeMap::new();
    if let Some(path) = &args.env_file {
        let invalid = |error: dotenvy::Error| Failure {
            diagnostics: vec![env_file_fault(&error, path)],
            outcome: Outcome::Invalid,
        };
        let text = files::read_file(path).map_err(dotenvy::Error::Io).map_err(invalid)?;
        let text = String::from_utf8(text).map_err(|error| {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
            invalid(dotenvy::Error::Io(error))
        })?;
        let (text, dollar) = without_variables(text.trim_start_matches('\u{feff}'));
        for pair in dotenvy::from_read_iter(text.as_bytes()) {
            let (name, value) = pair.map_err(invalid)?;
            file.insert(name, value.replace(dollar, "$"));
        }
    }
    let in_file = |name: &str| match name.strip_prefix("env:") {
        Some(name) => file.get(name).cloned(),
        None => file.get(&parameter_variable(name)).or_else(|| file.get(name)).cloned(),
    };
    let look_up = |name: &str| opened.environment_value(name, &in_file);
    let values = resolve_parameters(&opened.plan.parameters, &given, &look_up)
        .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Invalid })?;
    Ok((values, file))
}

/// The times whose rows are replaced.
fn interval(args: &RunArgs) -> Result<Option<Interval>, Failure> {
    let (Some(from), Some(to)) = (&args.from, &args.to) else { return Ok(None) };
    let moment = |text: &str| {
        let unknown = || usage(format!("`{text}` is no time"), "write it as 2026-03-02 or 2026-03-02T10:00:00Z");
        match cast_value(&Value::String(text.trim().to_owned()), &DataType::Timestamp) {
            Value::Timestamp(moment) => Ok(moment),
            _ => Err(unknown()),
        }
    };
    let (from, to) = (moment(from)?, moment(to)?);
    let lookback = args.lookback.as_deref().map_or(Ok(0), span)?;
    if from >= to {
        return Err(usage("the times end before they begin", "give --from an earlier time than --to"));
    }
    if (from % 1_000_000, to % 1_000_000, lookback % 1_000_000) != (0, 0, 0) {
        return Err(usage("the times do not begin and end with a second", "leave out what is finer than seconds"));
    }
    Ok(Some(Interval { from: from - lookback, to, column: args.time.clone() }))
}

/// Microseconds of a text such as `90m`.
fn span(text: &str) -> Result<i64, Failure> {
    const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];
    let unit = UNITS.iter().find_map(|(unit, seconds)| Some((text.trim().strip_suffix(*unit)?, *seconds)));
    let micros = unit.and_then(|(number, seconds)| {
        let number = number.trim().parse::<u32>().ok()?;
        i64::from(number).checked_mul(seconds * 1_000_000)
    });
    micros.ok_or_else(|| usage(format!("`{text}` is no span of time"), "write it as 90m, 6h or 2d"))
}

/// Whether nothing is in a folder yet.
fn is_new(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(!folder.exists(), |mut entries| entries.next().is_none())
}

/// The text with another sign for every `$`, and that sign: the reader of env-files would put variables of the
/// environment in the place of `$NAME`, and a value is what is written there. `\$` it takes for a `$` itself.
fn without_variables(text: &str) -> (String, char) {
    let dollar = ('\u{e000}'..='\u{f8ff}').find(|sign| !text.contains(*sign)).unwrap_or('\u{e000}');
    let mut is_escaped = false;
    let kept = text.chars().map(|c| {
        let sign = if c == '$' && !is_escaped { dollar } else { c };
        is_escaped = c == '\\' && !is_escaped;
        sign
    });
    (kept.collect(), dollar)
}

fn env_file_fault(error: &dotenvy::Error, path: &Path) -> Diagnostic {
    const FORM: &str = "write one NAME=VALUE a line, in quotes where the value holds spaces; `#` begins a remark";
    let (cause, help, line) = match error {
        dotenvy::Error::LineParse(text, _) => {
            let first = text.lines().next().unwrap_or_default().trim();
            let lines = fs::read_to_string(path).unwrap_or_default();
            let line = lines.lines().position(|line| line.contains(first));
            // The line may hold a secret: it is named, not shown.
            ("a line is not of the form NAME=VALUE".to_owned(), FORM.to_owned(), line)
        }
        dotenvy::Error::Io(error) => {
            let help = near_file(path).unwrap_or_else(|| "check the path and the rights of the file".to_owned());
            (io_cause(error), help, None)
        }
        _ => ("it holds no lines NAME=VALUE".to_owned(), FORM.to_owned(), None),
    };
    let fault = Diagnostic::error("PW0721", format!("the env-file cannot be read: {cause}"))
        .help(help)
        .file(path.display().to_string());
    if let Some(line) = line { fault.line(line as u64 + 1) } else { fault }
}

fn say(report: &RunReport, args: &RunArgs) {
    for sink in &report.sinks {
        // What is sent may not all have been taken.
        let is_sent = sink.delivered + sink.refused + sink.undelivered > 0;
        match args.dry_run {
            true => tell!("would write {}", sink.path),
            false if is_sent => tell!("sent {} to {}", counted(sink.delivered, "row"), sink.path),
            false => tell!("wrote {} to {}", counted(sink.rows, "row"), sink.path),
        }
        say_left_out(&sink.left_out);
    }
    say_read(report);
    for answer in &report.answers {
        if !answer.told.sentence.is_empty() {
            tell!("answer: {}: {}", answer.title, answer.told.sentence);
        }
        if let Some(watch) = &answer.watch {
            let rows = counted(watch.rows as u64, "row");
            tell!("watched: {}: {} is true of {rows}", answer.title, watch.condition);
        }
    }
    tell(&report.untold);
    say_kept(&report.kept);
    for source in report.sources.iter().filter(|source| source.tally.quarantined > 0) {
        tell!("{}: {} of {} units in quarantine", source.title, source.tally.quarantined, source.tally.read);
    }
    for step in report.steps.iter().filter(|step| step.quarantined > 0) {
        tell!("{}: {} of {} rows in quarantine", step.title, step.quarantined, step.rows_in.first().unwrap_or(&0));
    }
    tell(&report.remarks());
    say_memory(report);
    tell!("done in {:.1} s, peak memory {} MB", report.seconds, report.peak_memory_bytes / 1_000_000);
}

/// Of a run that goes on: what was new.
fn say_read(report: &RunReport) {
    for source in &report.sources {
        let Some(unchanged) = source.unchanged_files else { continue };
        if source.files.is_empty() {
            tell!("{}: nothing new in {}", source.title, counted(unchanged as u64, "file"));
        }
        for file in &source.files {
            let from =
                if file.read_before > 0 { format!("from byte {}", file.read_before) } else { "whole".to_owned() };
            tell!("{}: {} read {from}", source.title, file.path);
        }
    }
}

/// Before a run the steps that block; after it those that outgrew their share of the memory.
fn say_memory(report: &RunReport) {
    if report.dry_run {
        for step in &report.blocking {
            tell!("{} waits for {} before it gives any; what outgrows the memory goes to disk", step.title, step.needs);
        }
        return;
    }
    for step in report.steps.iter().filter(|step| step.spilled_bytes > 0) {
        tell!(
            "{}: {} put aside on disk, to keep to {} of memory",
            step.title,
            size(step.spilled_bytes),
            size(report.memory_budget_bytes)
        );
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Files that stood in the way and were nobody's but the user's.
pub fn say_kept(kept: &[String]) {
    for path in kept {
        let message = "what stood in the place of an output was kept: no run had written it, or it cannot be removed";
        tell([&Diagnostic::warning("PW0724", message).help("remove it, or give the output another path").file(path)]);
    }
}

/// A bar on a terminal, lines otherwise.
pub struct Progress {
    bar: ProgressBar,
    json: bool,
    lines: bool,
}

impl Progress {
    pub fn new(form: Form) -> Self {
        let is_terminal = std::io::stderr().is_terminal() && form == Form::Text;
        let bar = if is_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
        {
            bar.set_style(style);
        }
        Self { bar, json: form == Form::Json, lines: !is_terminal }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl RunProgress for Progress {
    fn step(&self, message: &str) {
        if self.json {
            tell_json(&serde_json::json!({ "message": message }));
        } else if self.lines {
            tell!("{message}");
        } else {
            self.bar.set_message(visible(message).into_owned());
        }
    }

    fn bytes(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
}
