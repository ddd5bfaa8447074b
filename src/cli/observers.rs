//! Who is told of a run besides the one who started it: measures for Prometheus, events as OpenLineage has them. A run does
//! not fail because they cannot be told.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use pipewright_core::diagnostic::{Diagnostic, Severity, io_cause};
use pipewright_core::files;
use pipewright_core::ir::Connection;
use pipewright_engine::{RunOptions, RunProgress, RunReport, Visit};
use serde_json::Value as Json;

use super::args::RunArgs;
use super::metrics::prometheus;
use super::openlineage::{Ended, Told, append, is_event};
use super::output::tell;
use super::project::Opened;
use super::{Failure, usage};

pub struct Observers<'a> {
    args: &'a RunArgs,
    design: &'a str,
    told: Told,
    /// The connection of `--openlineage-to`.
    to: Option<Connection>,
    visit: Visit<'a>,
    has_begun: AtomicBool,
}

/// The progress of a run that others are told of once nothing stands in its way: what is told into a file of its own must
/// not be one of those that the run reads.
pub struct Observed<'a> {
    pub observers: Option<&'a Observers<'a>>,
    pub progress: &'a dyn RunProgress,
}

impl RunProgress for Observed<'_> {
    fn ready(&self) {
        self.observers.into_iter().for_each(Observers::begun);
        self.progress.ready();
    }

    fn step(&self, message: &str) {
        self.progress.step(message);
    }

    fn bytes(&self, done: u64, total: u64) {
        self.progress.bytes(done, total);
    }
}

/// The file that another program's lines are in stays as it is.
type IsOwn = fn(&[u8]) -> bool;

impl<'a> Observers<'a> {
    /// What stands in the way of telling them is found before anything is run.
    pub fn new(args: &'a RunArgs, opened: &'a Opened, options: &'a RunOptions) -> Result<Observers<'a>, Failure> {
        let are_measures: IsOwn = |text| text.starts_with(b"# HELP pipewright_");
        let own = [
            ("--metrics", &args.metrics, are_measures, "holds no measures of a run"),
            ("--openlineage", &args.openlineage, is_event, "holds no events"),
        ];
        for (option, path, is_own, why) in own {
            let Some(path) = path else { continue };
            let text = if path.exists() { files::read_file(path)? } else { Vec::new() };
            if !(text.is_empty() || is_own(&text)) {
                let message = format!("the file of {option} {why}: {}", path.display());
                return Err(usage(message, "it stays as it is: give the path of another file"));
            }
        }
        let to = args.openlineage_to.as_deref().map(|name| connection(opened, name)).transpose()?;
        let (base, parameters) = (&*options.base, &options.parameters);
        let visit = Visit { base, parameters, variables: &options.variables, cancel: &options.cancel };
        let (design, told) = (&opened.name, Told::new(&opened.name));
        Ok(Observers { args, design, told, to, visit, has_begun: AtomicBool::new(false) })
    }

    fn begun(&self) {
        if !self.has_begun.swap(true, Ordering::SeqCst) {
            self.tell_event(&|told| told.begun());
        }
    }

    pub fn ended(&self, result: &Result<RunReport, Vec<Diagnostic>>) {
        // What was to be told of it would go into a file that the run reads, or that something else is written to.
        let is_other =
            |faults: &Vec<Diagnostic>| faults.iter().any(|fault| ["PW0966", "PW0969"].contains(&&*fault.code));
        if result.as_ref().is_err_and(is_other) {
            return;
        }
        self.begun();
        self.tell_event(&|told| {
            told.ended(&match result {
                Ok(report) => Ended::Well(report),
                Err(faults) => Ended::Failed(faults),
            })
        });
        if let Some(path) = &self.args.metrics {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let text = prometheus(self.design, now.as_secs_f64(), result.as_ref().ok());
            untold(files::save(path, text.as_bytes()).map_err(|error| unwritten(path, &error)));
        }
    }

    fn tell_event(&self, event: &dyn Fn(&Told) -> Json) {
        if let Some(path) = &self.args.openlineage {
            untold(append(path, &event(&self.told)));
        }
        if let Some(connection) = &self.to {
            untold(pipewright_engine::post(connection, "", &event(&self.told), self.visit));
        }
    }
}

/// The connection of a project that is named by its id or title.
fn connection(opened: &Opened, name: &str) -> Result<Connection, Failure> {
    let all: Vec<&Connection> = opened.project.iter().flat_map(|project| project.connections.values()).collect();
    let found = all.iter().find(|connection| connection.id == name || connection.title == name);
    let titles: Vec<&str> = all.iter().map(|connection| connection.shown()).collect();
    found.map(|connection| (*connection).clone()).ok_or_else(|| {
        let help = match titles.is_empty() {
            true => "the project has none; --openlineage FILE writes the events to a file".to_owned(),
            false => format!("its connections are {}", titles.join(", ")),
        };
        usage(format!("the project has no connection `{name}`"), help)
    })
}

fn untold(told: Result<(), Diagnostic>) {
    if let Err(fault) = told {
        tell([&Diagnostic { severity: Severity::Warning, ..fault }]);
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("PW0993", format!("the measures of the run cannot be written: {}", io_cause(error)))
        .help("see whether the folder of --metrics exists and may be written to")
        .file(path.display().to_string())
}
