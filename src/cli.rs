//! The command line: arguments (clap), one file per verb. Data goes to stdout, talk to stderr. Must not import `gui`.

/// Says a line to people, as `format!` writes it.
macro_rules! tell {
    ($($argument:tt)*) => {
        $crate::cli::output::say(format_args!($($argument)*))
    };
}

/// Adds one line for people to a text.
macro_rules! line {
    ($text:ident, $($argument:tt)*) => {
        $crate::cli::output::push_line(&mut $text, format_args!($($argument)*))
    };
}

mod answers;
mod apply;
mod args;
mod bench;
mod catalogue;
mod check;
mod comments;
mod engine;
mod export;
mod generate;
mod import;
mod lists;
mod metrics;
mod observers;
mod openlineage;
mod output;
mod pattern;
mod places;
mod plan;
mod plan_text;
mod preview;
mod project;
mod publish;
mod read;
mod run;
mod serve;
mod signals;
mod split;
mod test;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use pipewright_core::diagnostic::{Diagnostic, io_cause, near_file, nearest};
use pipewright_core::project::{EXTENSION, Journal, LeftBehind};

pub use args::Arguments;
use args::Verb;

/// Opens the designer on a project or on data files; the error is one sentence for people.
pub type OpenDesigner = &'static dyn Fn(Vec<PathBuf>) -> Result<(), String>;

/// Measures of the designer: (what, milliseconds, budget).
pub type Measured = Vec<(String, f64, f64)>;

/// Measures the designer.
#[derive(Clone, Copy)]
pub struct DesignerBench {
    pub canvas: &'static dyn Fn() -> Measured,
    pub table: &'static dyn Fn() -> Measured,
    pub start: &'static dyn Fn() -> Result<Measured, Diagnostic>,
}

/// What the designer lends to the command line; absent in a headless build.
#[derive(Clone, Copy)]
pub struct Designer {
    pub open: OpenDesigner,
    pub bench: DesignerBench,
}

/// Exit code of a process that was told to end: 128 and the number of SIGINT, as shells say it.
const INTERRUPTED: i32 = 130;

/// How a verb ended (exit codes of targets.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The run or a check failed.
    Failed,
    Usage,
    /// Done, with more rows in quarantine than allowed, or rows that were not delivered.
    Quarantined,
    /// Done, and a condition that an answer is watched for is met.
    Met,
    /// The configuration is invalid.
    Invalid,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Quarantined => 3,
            Outcome::Met => 4,
            Outcome::Invalid => 78,
        })
    }
}

/// Why a verb could not do its work: diagnostics for people, and the outcome.
#[derive(Debug)]
pub struct Failure {
    pub diagnostics: Vec<Diagnostic>,
    pub outcome: Outcome,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic], outcome: Outcome::Failed }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // A reader that went away (`| head`) is no fault.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { diagnostics: Vec::new(), outcome: Outcome::Done };
        }
        Diagnostic::error("PW0701", format!("reading or writing failed: {}", io_cause(&error)))
            .help("see whether the disk has space and may be written to")
            .into()
    }
}

/// A file or folder that cannot be written.
pub fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Diagnostic::error("PW0701", format!("this cannot be written: {}", io_cause(error)))
        .file(path.display().to_string())
        .help("choose another place, or see whether the folder exists and may be written to")
        .into()
}

/// Wrong use of a verb.
pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Failure {
    Failure { diagnostics: vec![Diagnostic::error("PW0702", message).help(help)], outcome: Outcome::Usage }
}

type VerbResult = Result<Outcome, Failure>;

/// Parses the arguments, runs the verb, says what went wrong.
pub fn main(designer: Option<Designer>) -> ExitCode {
    let arguments = Arguments::parse();
    // Nothing stays that is not whole; where a kill leaves something, the next run tidies up.
    signals::on_end(|| {
        let nothing_new = pipewright_core::files::abandon_all();
        // Who has just put results in place says so and ends as usual: they are not what was there before.
        if nothing_new.is_none() {
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
        std::process::exit(INTERRUPTED);
    });
    // A limit on the size of files is a fault of writing, told as such; the system would end the process.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    run(arguments, designer).into()
}

fn run(arguments: Arguments, designer: Option<Designer>) -> Outcome {
    if let Err(fault) = check_clock() {
        output::tell([&fault]);
        return Outcome::Failed;
    }
    project::set_reach(arguments.trust, arguments.environment);
    let result = match arguments.verb {
        None => open(arguments.files, designer),
        Some(Verb::Designer { files }) => open(files, designer),
        Some(Verb::New(args)) => project::new(&args),
        Some(Verb::Generate(args)) => generate::generate(&args),
        Some(Verb::Sniff(args)) => read::sniff(&args),
        Some(Verb::Read(args)) => read::read(&args),
        Some(Verb::Profile(args)) => read::profile(&args),
        Some(Verb::Patterns(args)) => read::patterns(&args),
        Some(Verb::Pattern(args)) => pattern::pattern(&args),
        Some(Verb::Check(args)) => check::check(&args),
        Some(Verb::Plan(args)) => plan::plan(&args),
        Some(Verb::Questions(args)) => plan::questions(&args),
        Some(Verb::Concepts(args)) => plan::concepts(&args),
        Some(Verb::Sources(args)) => catalogue::sources(&args),
        Some(Verb::Replace(args)) => catalogue::replace(&args),
        Some(Verb::Sample(args)) => places::sample(&args),
        Some(Verb::Connections(args)) => places::connections(&args),
        Some(Verb::Requests(args)) => catalogue::requests(&args),
        Some(Verb::Comments(args)) => comments::comments(&args),
        Some(Verb::Import(args)) => import::import(&args),
        Some(Verb::Verify(args)) => verify::verify(&args),
        Some(Verb::Preview(args)) => preview::preview(&args),
        Some(Verb::Answers(args)) => answers::answers(&args),
        Some(Verb::Apply(args)) => apply::apply(&args),
        Some(Verb::Export(args)) => export::export(&args),
        Some(Verb::Run(args)) => run::run(&args),
        Some(Verb::Publish(args)) => publish::publish(&args),
        Some(Verb::Handover(args)) => split::handover(&args),
        Some(Verb::Serve(args)) => serve::serve(&args),
        Some(Verb::Test(args)) => test::test(&args),
        Some(Verb::Graph(args)) => lists::graph(&args),
        Some(Verb::Steps(args)) => lists::steps(&args),
        Some(Verb::Functions(args)) => lists::list_functions(&args),
        Some(Verb::Formats(args)) => lists::list_formats(&args),
        Some(Verb::Schema { of }) => lists::schema(of),
        Some(Verb::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "pipewright", &mut script);
            output::print_text(&String::from_utf8_lossy(&script)).map(|()| Outcome::Done).map_err(Failure::from)
        }
        Some(Verb::Bench(args)) => bench::bench(&args, designer.map(|designer| designer.bench)),
    };
    match result {
        Ok(outcome) => outcome,
        Err(failure) => {
            output::tell(&failure.diagnostics);
            failure.outcome
        }
    }
}

/// Times are counted from 1970 on: a board without a battery may not know yet that it is over.
fn check_clock() -> Result<(), Diagnostic> {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(_) => Ok(()),
        Err(_) => Err(Diagnostic::error("PW0995", "the clock of this machine is before 1970")
            .help("set it, or wait until it is set from the network")),
    }
}

/// Where the designer's display goes away its window panics: what runs put aside goes all the same.
fn tidy_where_the_window_panics() {
    let window = std::thread::current().id();
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        if std::thread::current().id() == window {
            std::mem::forget(pipewright_core::files::abandon_all());
        }
    }));
}

fn open(mut files: Vec<PathBuf>, designer: Option<Designer>) -> VerbResult {
    // What a crash left of a project that is gone is for the designer to offer.
    let is_there =
        |file: &PathBuf| file.exists() || designer.is_some() && !LeftBehind::find(&Journal::path_for(file)).is_empty();
    if let Some(missing) = files.iter().find(|file| !is_there(file)) {
        let name = missing.display().to_string();
        let verbs: Vec<String> =
            Arguments::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        if verbs.contains(&name) {
            let message = format!("options stand before the verb `{name}`, where files to open are expected");
            return Err(usage(message, format!("put them behind it: `pipewright {name} … --trust`")));
        }
        return Err(match nearest(&name, verbs.iter().map(String::as_str)) {
            Some(verb) => usage(
                format!("there is neither a verb nor a file `{name}`; did you mean `{verb}`?"),
                format!("`pipewright {verb} --help` shows its arguments, `pipewright --help` lists the verbs"),
            ),
            None => usage(
                format!("there is no file `{name}`"),
                near_file(missing).unwrap_or_else(|| {
                    "give a project, data files, or a verb; `pipewright --help` lists the verbs".to_owned()
                }),
            ),
        });
    }
    let Some(designer) = designer else {
        return Err(usage(
            "this build has no designer",
            "build it with the default feature `gui`; `pipewright --help` lists what runs without a display",
        ));
    };
    if files.is_empty() {
        // In the repository the worked example opens; elsewhere the start screen.
        files.extend(Some(PathBuf::from("projects/shop/shop.pipewright.json")).filter(|example| example.exists()));
    }
    // A design without a file may be recovered from another folder.
    let files: Vec<PathBuf> = files.into_iter().map(|file| std::path::absolute(&file).unwrap_or(file)).collect();
    files.iter().filter(|file| file.to_string_lossy().ends_with(EXTENSION)).for_each(|file| project::allow_reach(file));
    tidy_where_the_window_panics();
    (designer.open)(files).map(|()| Outcome::Done).map_err(|message| Diagnostic::error("PW0703", message).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_designer_opens_a_project_with_the_trust_that_the_command_line_gives() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("p{EXTENSION}"));
        std::fs::write(&file, "{}").unwrap();
        let opens = |files: Vec<PathBuf>| match pipewright_core::files::is_trusted(files[0].parent().unwrap()) {
            true => Ok(()),
            false => Err("it is not trusted".to_owned()),
        };
        let opens: OpenDesigner = Box::leak(Box::new(opens));
        let none = || Measured::new();
        let bench: &'static dyn Fn() -> Measured = Box::leak(Box::new(none));
        let bench = DesignerBench { canvas: bench, table: bench, start: &|| Ok(Measured::new()) };
        let arguments = Arguments { verb: None, files: vec![file], trust: true, environment: Vec::new() };
        assert_eq!(run(arguments, Some(Designer { open: opens, bench })), Outcome::Done);
    }
}
