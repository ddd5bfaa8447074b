//! What `pipewright export` is given.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub struct ExportArgs {
    pub project: PathBuf,
    /// `pipeline`, `duckdb`, `postgresql`, `polars`, `spark` or `dbt`
    #[arg(long)]
    pub target: String,
    /// What dbt builds on: `duckdb` or `postgres`
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
    /// Folder of the bundle
    #[arg(long, value_name = "DIR", required_unless_present = "into")]
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
