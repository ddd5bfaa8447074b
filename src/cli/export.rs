//! `pipewright export`: a bundle in a folder, with its receipt.

use pipewright_app::bundle::write_bundle;
use pipewright_core::diagnostic::did_you_mean;
use pipewright_core::export::{check_exportable, target, targets};

use super::args::ExportArgs;
use super::output::{print_text, tell};
use super::{Failure, Outcome, VerbResult, project, usage};

pub fn export(args: &ExportArgs) -> VerbResult {
    let Some(target) = target(&args.target) else {
        let names: Vec<&str> = targets().iter().map(|target| target.name()).collect();
        return Err(usage(
            format!("there is no target `{}`{}", args.target, did_you_mean(&args.target, names.iter().copied())),
            format!("the targets are {}", names.join(", ")),
        ));
    };
    let mut opened = project::open_under(&args.project, args.policy.as_deref())?;
    let info = opened.design_info();
    if let Some(flow) = &args.flow {
        opened.keep_flow(flow)?;
    }
    let faults = check_exportable(&opened.plan);
    if !faults.is_empty() {
        return Err(opened.invalid(faults));
    }
    let report = write_bundle(target, &opened.plan, &info, &opened.base, &args.out, args.force)
        .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Failed })?;
    tell(&report.diagnostics);
    for file in &report.files {
        print_text(&format!("{}\n", args.out.join(file).display()))?;
    }
    Ok(Outcome::Done)
}
