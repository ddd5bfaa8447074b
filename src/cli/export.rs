//! `pipewright export`: a bundle in a folder, with its receipt.

use std::path::{Path, PathBuf};

use pipewright_app::bundle::write_bundle;
use pipewright_core::diagnostic::{Diagnostic, did_you_mean};
use pipewright_core::export::schedulers::Scheduler;
use pipewright_core::export::{Target, check_exportable, dbt, target, targets};
use pipewright_core::files::read_text;
use pipewright_core::ir::{Op, Plan};

use super::args::ExportArgs;
use super::output::{print_text, say, tell};
use super::{Failure, Outcome, VerbResult, project, split, usage};

pub fn export(args: &ExportArgs) -> VerbResult {
    let schedulers = schedulers(args)?;
    let target = args.target.as_deref().map(|name| chosen(name, args)).transpose()?;
    let mut opened = project::open_under(&args.project, args.policy.as_deref())?;
    let info = opened.design_info();
    if let Some(flow) = &args.flow {
        opened.keep_flow(flow)?;
    }
    let faults = check_exportable(&opened.plan);
    if !faults.is_empty() {
        return Err(opened.invalid(faults));
    }
    let Some(target) = target else { return split::export(args, &opened, &schedulers) };
    let out = match (&args.into, &args.out) {
        (Some(into), _) => package_folder(into, &info.name)?,
        (None, out) => out.clone().unwrap_or_default(),
    };
    let report = write_bundle(target, &opened.plan, &info, &schedulers, &opened.base, &out, args.force)
        .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Failed })?;
    tell(&report.diagnostics);
    tell(&unwatched(target, &opened.plan));
    for file in &report.files {
        print_text(&format!("{}\n", out.join(file).display()))?;
    }
    if let Some(into) = &args.into {
        to_add(into, &out, &info.name).iter().for_each(|line| say(format_args!("{line}")));
    }
    Ok(Outcome::Done)
}

/// Answers that only Pipewright's own runs watch.
fn unwatched(target: &dyn Target, plan: &Plan) -> Option<Diagnostic> {
    let is_watched = |op: &Op| matches!(op, Op::Write(write) if write.watch.is_some());
    let node = plan.nodes.iter().find(|node| target.name() != "pipeline" && is_watched(&node.op))?;
    let told = Diagnostic::hint("PW0785", "no other target watches this answer for its condition");
    Some(
        told.help("`pipewright run` does, and so does the target `pipeline`")
            .step(&*node.origin.step, &*node.origin.title),
    )
}

fn chosen(named: &str, args: &ExportArgs) -> Result<&'static dyn Target, Failure> {
    let is_dbt = named == "dbt" || named.starts_with("dbt-");
    if !is_dbt && (args.adapter.is_some() || args.into.is_some()) {
        let option = if args.adapter.is_some() { "--adapter" } else { "--into" };
        return Err(usage(
            format!("the target `{named}` takes no {option}"),
            "only `dbt` does: give it with --target dbt, or leave the option out".to_owned(),
        ));
    }
    let name = match args.adapter.as_deref() {
        None => named,
        Some("duckdb") => "dbt",
        Some("postgres" | "postgresql") => "dbt-postgres",
        Some(other) => {
            return Err(usage(
                format!("dbt has no adapter `{other}` here{}", did_you_mean(other, ["duckdb", "postgres"].into_iter())),
                "the adapters are duckdb, postgres".to_owned(),
            ));
        }
    };
    target(name).ok_or_else(|| {
        let names: Vec<&str> = targets().iter().map(|target| target.name()).collect();
        usage(
            format!("there is no target `{named}`{}", did_you_mean(named, names.iter().copied())),
            format!("the targets are {}", names.join(", ")),
        )
    })
}

fn schedulers(args: &ExportArgs) -> Result<Vec<Scheduler>, Failure> {
    let names = || Scheduler::ALL.iter().map(|scheduler| scheduler.name());
    let named = |name: &String| {
        Scheduler::named(name).ok_or_else(|| {
            usage(
                format!("there is no scheduler `{name}`{}", did_you_mean(name, names())),
                format!("the schedulers are {}", names().collect::<Vec<_>>().join(", ")),
            )
        })
    };
    args.with.iter().map(named).collect()
}

/// The folder of a design's own in a dbt project.
fn package_folder(into: &Path, name: &str) -> Result<PathBuf, Failure> {
    if !into.join("dbt_project.yml").is_file() {
        return Err(usage(
            format!("no dbt project is in {}: it has no dbt_project.yml", into.display()),
            "name the folder of one, or write a project of its own with --out".to_owned(),
        ));
    }
    let folder = into.join(format!("pipewright_{}", dbt::project_name(name)));
    // As a folder of results is none: what lies there may be somebody else's.
    if folder.is_symlink() {
        return Err(usage(
            format!("{} is a link", folder.display()),
            "remove it: the package is a folder of its own in the project".to_owned(),
        ));
    }
    let known = read_text(&folder.join("bundle.json")).ok();
    let known = known.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    // Packages of earlier versions name no project.
    match known.as_ref().and_then(|told| told["name"].as_str()).filter(|known| *known != name) {
        Some(known) => Err(usage(
            format!("{} is the package of the project `{known}`", folder.display()),
            "give this project a name that differs by more than signs and capital letters, or remove that package"
                .to_owned(),
        )),
        None => Ok(folder),
    }
}

/// What the files of the dbt project lack, so that it knows the package, line by line.
fn to_add(into: &Path, out: &Path, name: &str) -> Vec<String> {
    let (folder, project) = (out.file_name().unwrap_or_default().to_string_lossy(), dbt::project_name(name));
    let holds = |file: &str, text: &str| read_text(&into.join(file)).is_ok_and(|found| found.contains(text));
    let package = format!("- local: {folder}");
    let mut lines = Vec::new();
    if !["packages.yml", "dependencies.yml"].iter().any(|file| holds(file, &package)) {
        lines.push("add to packages.yml, then run `dbt deps`:".to_owned());
        lines.extend(["  packages:".to_owned(), format!("    {package}")]);
    }
    if !holds("dbt_project.yml", &format!("{project}:")) {
        lines.push("add to dbt_project.yml, so that its models lie in a schema of their own:".to_owned());
        lines.extend(["  models:".to_owned(), format!("    {project}:"), format!("      +schema: {project}")]);
    }
    if lines.is_empty() {
        lines.push(format!("packages.yml and dbt_project.yml know `{folder}` already"));
    }
    lines
}
