//! What `pipewright run` is given.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pipewright_core::ir::MAX_QUARANTINED;

use super::{Form, memory_size, share};

#[derive(Args, Debug)]
pub struct RunArgs {
    /// A `.pipewright.json` project or an exported `pipeline.json`
    pub pipeline: PathBuf,
    /// Value of a parameter; before the environment, the env-file and the default
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// File of NAME=VALUE lines
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Check and say what would be read and written; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// File for the run report (JSON); `-`: standard output
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// File that a bundle writes to afterwards, so that it may be no source
    #[arg(long, hide = true, value_name = "FILE")]
    pub not_over: Vec<PathBuf>,
    /// File to which the names of outputs are added that replace nothing, for a script that puts them in place
    #[arg(long, hide = true, value_name = "FILE")]
    pub list_new: Option<PathBuf>,
    /// Folder (or a `.jsonl` file) for the lines and rows that did not fit
    #[arg(long, value_name = "DIR")]
    pub quarantine: Option<PathBuf>,
    /// Folder that results are written to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
    /// Let results be written outside of that folder, where the design says so
    #[arg(long)]
    pub allow_outside: bool,
    /// Read only what is new since the last such run, and add to the outputs: lines of logs, also of rotated ones, new
    /// files, rows of tables with a larger value of the source's “Newer by”. For flows that work row by row, or group by
    /// buckets of time: these are made when they are closed
    #[arg(long)]
    pub incremental: bool,
    /// How late rows may come to a bucket of time: it is closed when one has come that is so much behind its end: 90m,
    /// 6h, 2d (0s where not said)
    #[arg(long, value_name = "SPAN", requires = "incremental")]
    pub lateness: Option<String>,
    /// Goes on so until it is ended: looks for what is new again after so many seconds (5 where none are given)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", requires = "incremental")]
    pub follow: Option<u32>,
    /// Replace only the rows of the outputs whose time is this one or later, such as 2026-03-02 or 2026-03-02T10:00:00Z;
    /// the others stay as they are
    #[arg(long, value_name = "TIME", requires = "to", conflicts_with = "incremental")]
    pub from: Option<String>,
    /// The end of these times, which is none of them
    #[arg(long, value_name = "TIME", requires = "from")]
    pub to: Option<String>,
    /// So much before `--from` is replaced as well, for rows that came late: 90m, 6h, 2d
    #[arg(long, value_name = "SPAN", requires = "from")]
    pub lookback: Option<String>,
    /// Column of the outputs that holds these times, where there are several
    #[arg(long, value_name = "COLUMN", requires = "from")]
    pub time: Option<String>,
    /// Only the flow that ends in this step (id or title)
    #[arg(long, value_name = "STEP")]
    pub flow: Option<String>,
    /// Read the sources of this exported pipeline instead, with its values of parameters: the pinned rows of a receipt
    #[arg(long, value_name = "PIPELINE")]
    pub sources: Option<PathBuf>,
    /// Policy of the organisation that is kept to, besides those that the project or pipeline names itself
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Largest share of units in quarantine, 0 to 1, of each source and of all; more: exit code 3
    #[arg(long, value_name = "SHARE", default_value_t = MAX_QUARANTINED, value_parser = share, allow_negative_numbers = true)]
    pub max_quarantined: f64,
    /// Memory that the run keeps to, such as 1GB or 512MB; what outgrows it is put aside on disk, in the folder for
    /// results. Default: half of the machine's
    #[arg(long, value_name = "SIZE", value_parser = memory_size, allow_negative_numbers = true)]
    pub memory: Option<u64>,
    /// File for measures of the run, as Prometheus reads them; also of one that fails
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// File that events of the run are added to, as OpenLineage has them, one a line
    #[arg(long, value_name = "FILE")]
    pub openlineage: Option<PathBuf>,
    /// HTTP connection of the project that these events are posted to
    #[arg(long, value_name = "CONNECTION")]
    pub openlineage_to: Option<String>,
    /// How progress is told
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub log_format: Form,
    /// What computes the rows: Pipewright itself, Spark, DuckDB, ClickHouse, or a PostgreSQL server
    #[arg(long, value_enum, default_value_t = RunEngine::Native)]
    pub engine: RunEngine,
    /// Master of a Spark cluster, such as spark://HOST:7077; otherwise that of SPARK_MASTER_URL, or this machine
    #[arg(long, value_name = "URL")]
    pub master: Option<String>,
    /// Connection of the project to the PostgreSQL server; otherwise the one that PGHOST and the like lead to
    #[arg(long, value_name = "CONNECTION")]
    pub server: Option<String>,
    /// Setting of Spark, such as spark.executor.memory=4g
    #[arg(long = "conf", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
}

/// What computes the rows of a run.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEngine {
    Native,
    Spark,
    Duckdb,
    Postgres,
    Clickhouse,
}
