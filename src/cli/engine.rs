//! `pipewright run --engine …`: the design is exported into a private folder and run there by its engine, which
//! the bundle's own `run.sh` finds and starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pipewright_core::data::{DataType, Value};
use pipewright_core::diagnostic::{Diagnostic, did_you_mean, io_cause};
use pipewright_core::export::{Bundle, target};
use pipewright_core::files::{PrivateFolder, slashes};
use pipewright_core::ir::{Op, Parameter, Plan, SOURCE_FOLDER, interpolate, parameter_variable, prune};
use pipewright_engine::{Cancel, RunOptions, Visit, server_variables};
use serde::Deserialize;

use super::args::{RunArgs, RunEngine};
use super::output::{print_text, tell};
use super::project::Opened;
use super::{Failure, Outcome, VerbResult, usage};

/// What the engine's own script could tell of a fault.
#[derive(Deserialize)]
struct Fault {
    message: String,
    #[serde(default)]
    help: String,
    #[serde(default)]
    step: String,
    #[serde(default)]
    title: String,
}

/// Options that an engine does not know.
pub fn check_args(args: &RunArgs) -> Result<(), Failure> {
    let is_spark = args.engine == RunEngine::Spark;
    if !is_spark && (args.master.is_some() || !args.settings.is_empty()) {
        return Err(usage("--master and --conf are options of Spark", "add --engine spark"));
    }
    if args.engine != RunEngine::Postgres && args.server.is_some() {
        return Err(usage("--server is an option of PostgreSQL", "add --engine postgres"));
    }
    if args.engine == RunEngine::Native {
        return Ok(());
    }
    let refused = [
        ("--quarantine", args.quarantine.is_some(), "what is turned away goes to the folder `quarantine` of --out"),
        ("--memory", args.memory.is_some(), "for Spark: --conf spark.driver.memory=4g or spark.executor.memory=4g"),
        ("--incremental", args.incremental, "let Pipewright itself run the design: leave out --engine"),
        ("--from", args.from.is_some(), "let Pipewright itself run the design: leave out --engine"),
        ("--allow-outside", args.allow_outside, "results go into the folder that --out names"),
    ];
    match refused.into_iter().find(|(_, is_given, _)| *is_given) {
        Some((option, _, help)) => Err(usage(format!("another engine does not take {option}"), help)),
        None => Ok(()),
    }
}

/// Runs a checked design on the engine.
pub fn run(args: &RunArgs, opened: &Opened, options: &RunOptions) -> VerbResult {
    let parameters = &options.parameters;
    let name = match args.engine {
        RunEngine::Native => "pipeline",
        RunEngine::Spark => "spark",
        RunEngine::Duckdb => "duckdb",
        RunEngine::Postgres => "postgresql",
        RunEngine::Clickhouse => "clickhouse",
    };
    let server = args.server.as_deref().map(|name| server(name, opened, options)).transpose()?.unwrap_or_default();
    let target = target(name).ok_or_else(|| usage(format!("there is no target `{name}`"), "run it natively"))?;
    let plan = prune(&opened.plan, &opened.plan.sinks());
    let plan = with_whole_paths(&plan, parameters, &opened.base, args.engine != RunEngine::Spark)?;
    let bundle = target.export(&plan, &opened.design_info());
    if bundle.has_errors() {
        return Err(Failure { diagnostics: bundle.diagnostics, outcome: Outcome::Failed });
    }
    tell(&bundle.diagnostics);
    if args.dry_run {
        return Ok(Outcome::Done);
    }
    let folder = PrivateFolder::new()?;
    written(&bundle, folder.path())?;
    let outcome = started(args, &plan, parameters, &server, folder.path())?;
    let untold = Diagnostic::hint("PW0634", "another engine does not count values that steps make null, round or cut");
    tell(&[untold.help("run it without --engine to have them told")]);
    Ok(outcome)
}

/// Variables that lead to the server of a connection, given by id or title.
fn server(name: &str, opened: &Opened, options: &RunOptions) -> Result<Vec<(&'static str, String)>, Failure> {
    let known = opened.project.iter().flat_map(|project| project.connections.values());
    let Some(connection) = known.clone().find(|known| known.id == name || known.title == name) else {
        let near = did_you_mean(name, known.flat_map(|known| [known.id.as_str(), known.title.as_str()]));
        return Err(usage(
            format!("there is no connection `{name}`{near}"),
            "`pipewright connections PROJECT` lists those of the project; without --server it is PGHOST that leads to one",
        ));
    };
    let RunOptions { parameters, variables, .. } = options;
    let visit = Visit { base: &opened.base, parameters, variables, cancel: &Cancel::new() };
    Ok(server_variables(connection, visit)?)
}

/// Sources by whole paths, since the bundle lies elsewhere; `is_named`: from the folder of sources on, so that rows name
/// their files as a run does.
fn with_whole_paths(
    plan: &Plan,
    parameters: &BTreeMap<String, Value>,
    base: &Path,
    is_named: bool,
) -> Result<Plan, Diagnostic> {
    let base = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    let mut plan = plan.clone();
    let is_named = is_named && plan.parameters.iter().all(|known| known.name != SOURCE_FOLDER);
    let mut is_used = false;
    for node in &mut plan.nodes {
        if let Op::Read(read) = &mut Arc::make_mut(node).op {
            let path = interpolate(&read.path, parameters)?;
            let path = path.trim();
            read.path = match is_named && !Path::new(path).is_absolute() {
                true => format!("${{{SOURCE_FOLDER}}}/{}", path.replace('$', "$$")),
                false => slashes(&base.join(path)).replace('$', "$$"),
            };
            is_used |= read.path.starts_with("${");
            if let Some(location) = &mut read.location {
                location.connection.move_paths(&slashes(&base).replace('$', "$$"));
            }
        }
    }
    if is_used {
        let (data_type, default) = (DataType::String, Some(slashes(&base).into()));
        plan.parameters.push(Parameter { name: SOURCE_FOLDER.to_owned(), data_type, default, doc: String::new() });
    }
    Ok(plan)
}

/// Writes a bundle into a private folder.
fn written(bundle: &Bundle, folder: &Path) -> Result<(), Failure> {
    let unwritable = |error: std::io::Error| {
        Diagnostic::error("PW0633", format!("the job cannot be written: {}", io_cause(&error)))
            .help("see whether the folder for temporary files (TMPDIR) may be written to")
            .file(folder.display().to_string())
    };
    for (name, file) in &bundle.files {
        let path = folder.join(name);
        fs::write(&path, &file.text).map_err(unwritable)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = if file.executable { 0o700 } else { 0o600 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(unwritable)?;
        }
    }
    Ok(())
}

/// The value of a parameter as its variable takes it.
fn variable_text(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Runs the bundle; says of a fault what its script could tell.
fn started(
    args: &RunArgs,
    plan: &Plan,
    parameters: &BTreeMap<String, Value>,
    server: &[(&str, String)],
    folder: &Path,
) -> VerbResult {
    let fault = folder.join("fault");
    let mut script = Command::new(folder.join("run.sh"));
    // What is read and written was checked for the design itself.
    script.arg(std::path::absolute(&args.out)?).arg("--trust");
    if !server.is_empty() {
        // What would lead elsewhere, or is meant for another server.
        for name in ["PGSERVICE", "PGHOSTADDR", "PGPASSWORD"] {
            script.env_remove(name);
        }
        script.envs(server.iter().map(|(name, value)| (name, value)));
    }
    for parameter in &plan.parameters {
        let given = parameters.get(&parameter.name).map(variable_text);
        let folder = parameter.default.as_ref().filter(|_| parameter.name == SOURCE_FOLDER);
        if let Some(text) = given.or_else(|| Some(folder?.as_str()?.to_owned())) {
            script.env(parameter_variable(&parameter.name), text);
        }
    }
    for setting in &args.settings {
        script.args(["--conf", setting]);
    }
    if let Some(master) = &args.master {
        script.env("SPARK_MASTER_URL", master);
    }
    script.env("PIPEWRIGHT", std::env::current_exe()?).env("PIPEWRIGHT_FAULT", &fault);
    script.env("PIPEWRIGHT_MAX_QUARANTINED", args.max_quarantined.to_string());
    let shown = folder.join("report");
    match &args.report {
        Some(report) if report.as_os_str() == "-" => script.env("PIPEWRIGHT_REPORT", &shown),
        Some(report) => script.env("PIPEWRIGHT_REPORT", std::path::absolute(report)?),
        None => script.env_remove("PIPEWRIGHT_REPORT"),
    };
    let status = script.status().map_err(|error| {
        Diagnostic::error("PW0647", format!("the engine's script cannot be started: {}", io_cause(&error)))
            .help("it is a script of `sh`, which must be there")
    })?;
    if let Ok(report) = fs::read_to_string(&shown) {
        print_text(&report)?;
    }
    match status.code() {
        Some(0) => Ok(Outcome::Done),
        Some(3) => Ok(Outcome::Quarantined),
        code => {
            let found = fs::read(&fault).ok().and_then(|text| serde_json::from_slice::<Fault>(&text).ok());
            let diagnostics = found.into_iter().map(|found| found.diagnostic()).collect();
            let outcome = match code {
                Some(2) => Outcome::Usage,
                Some(78) => Outcome::Invalid,
                _ => Outcome::Failed,
            };
            Err(Failure { diagnostics, outcome })
        }
    }
}

impl Fault {
    fn diagnostic(self) -> Diagnostic {
        let mut fault = Diagnostic::error("PW0646", self.message);
        if !self.help.is_empty() {
            fault = fault.help(self.help);
        }
        if self.step.is_empty() { fault } else { fault.step(&self.step, &self.title) }
    }
}
