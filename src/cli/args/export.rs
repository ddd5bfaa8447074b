//! What `pipewright export` is given.

use std::path::PathBuf;

use clap::Args;
use pipewright_core::ir::MAX_QUARANTINED;

use super::share;

#[derive(Args, Debug)]
pub struct ExportArgs {
    pub project: PathBuf,
    /// `pipeline`, `duckdb`, `postgresql`, `polars`, `spark` or `dbt`
    #[arg(long, required_unless_present = "split")]
    pub target: Option<String>,
    /// One bundle for each place of the project, with what ties them, into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["target", "out", "into", "adapter"])]
    pub split: Option<PathBuf>,
    /// What dbt builds on: `duckdb` or `postgres`
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
    /// Folder of the bundle
    #[arg(long, value_name = "DIR", required_unless_present_any = ["into", "split"])]
    pub out: Option<PathBuf>,
    /// A dbt project, which gets the bundle as a package in a folder `pipewright_NAME` of its own
    #[arg(long, value_name = "DBT_PROJECT", conflicts_with = "out")]
    pub into: Option<PathBuf>,
    /// Files beside the bundle by which a scheduler runs it: `airflow`, `dagster`, `systemd`, `cron`, `kubernetes`,
    /// `github-actions`, `dockerfile`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub with: Vec<String>,
    /// Replace files of the folder that no export wrote, or that were changed since
    #[arg(long)]
    pub force: bool,
    /// Only the flow that ends in this step (id or title)
    #[arg(long, value_name = "STEP")]
    pub flow: Option<String>,
    /// Policy of the organisation that is kept to, besides those that the project or pipeline names itself
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct HandoverArgs {
    /// `handovers.json` of a bundle that `export --split` wrote
    pub list: PathBuf,
    /// Name of what is handed over
    #[arg(required_unless_present = "whole")]
    pub name: Option<String>,
    /// Folder in which it lies, in a folder of its name
    #[arg(required_unless_present = "whole")]
    pub folder: Option<PathBuf>,
    /// Report of the part that has taken it: what it read is held against what was handed over
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Folder with the reports of all parts: adds up what they turned away of the sources
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["name", "report"])]
    pub whole: Option<PathBuf>,
    /// Share of the units of all sources that may be turned away (0 to 1); above it the exit code is 3
    #[arg(long, value_name = "SHARE", default_value_t = MAX_QUARANTINED, value_parser = share, requires = "whole")]
    pub max_quarantined: f64,
}
